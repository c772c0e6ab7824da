"""No row of the knowledge files is lost without a reason, and no reason outlives its row."""

from pathlib import Path

import attrs
import pytest

import knowledge_rows as account
from mps_rules.knowledge.pack import KnowledgeBase

ROOT = Path(__file__).parents[1]
FOLDER = ROOT.parent / "shared" / "knowledge"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the knowledge files are kept apart from this repository")


@pytest.fixture(scope="module")
def told(kb: KnowledgeBase) -> account.Account:
    return account.account(FOLDER, kb)


def test_every_row_is_used_or_explained_and_nothing_else_is_listed(told: account.Account) -> None:
    assert () == told.faults


def test_every_file_has_its_rows(told: account.Account) -> None:
    assert set(account.READERS) == {row.file for row in told.rows}


def test_a_row_that_loses_its_rule_is_missed(kb: KnowledgeBase) -> None:
    spoilt = attrs.evolve(kb, rules=tuple(rule for rule in kb.rules if rule.id != "safety.rf_gca"), digest="without rf_gca")

    assert "red_flags.rf_gca is neither used nor explained" in account.account(FOLDER, spoilt).faults


def test_the_page_is_up_to_date(told: account.Account) -> None:
    written = (ROOT / "docs" / "knowledge.md").read_text(encoding="utf-8")

    assert account.page(told) == written, (
        "docs/knowledge.md is behind: python tests/knowledge_rows.py ../shared/knowledge > docs/knowledge.md"
    )
