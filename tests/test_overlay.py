"""A hospital's own pack lies on top of the packaged one: both are named, and what is screened and warned of stays."""

from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

import mps_rules as mps
from mps_rules.command.cli import main
from mps_rules.knowledge.pack import KnowledgeBase


def test_a_pack_laid_on_top_takes_nothing_away(kb: KnowledgeBase) -> None:
    ours = attrs.evolve(
        kb.pack, id="ours", version="0.1", owners=("us",), screens=(), muscle_states=(), not_for=("children",), source_attributes={}
    )

    both = kb.pack.under(ours)

    assert (kb.pack.id, f"{kb.pack.version} + ours 0.1") == (both.id, both.version)
    assert (kb.pack.screens, kb.pack.muscle_states, kb.pack.source_attributes) == (both.screens, both.muscle_states, both.source_attributes)
    assert {"us", *kb.pack.owners} == set(both.owners)
    assert "children" in both.not_for
    assert kb.pack.status == both.status


def test_another_status_is_told_beside_the_first(kb: KnowledgeBase) -> None:
    ours = attrs.evolve(kb.pack, id="ours", status="clinically reviewed")

    assert kb.pack.under(ours).status == f"{kb.pack.status}; ours: clinically reviewed"


def test_packaged_is_a_name_among_folders(kb: KnowledgeBase) -> None:
    assert kb == mps.load(["packaged"])


@pytest.mark.parametrize("command", [["lint", "/nonexistent"], ["schema", "--rules", "/nonexistent"]])
def test_a_folder_that_is_not_there_is_wrong_input(command: list[str]) -> None:
    found = CliRunner().invoke(main, command)

    assert (2, "error: /nonexistent: is not a folder") == (found.exit_code, found.output.strip())


@pytest.mark.parametrize(
    ("words", "expected"), [("QL", "quadratus_lumborum"), ("M54.16", "lumbar_radiculopathy"), ("soleus", "soleus"), ("calf", "calf")]
)
def test_terms_finds_muscles_places_and_codes(words: str, expected: str) -> None:
    assert expected in CliRunner().invoke(main, ["terms", words]).output


def test_what_if_is_told_as_json(tmp_path: Path) -> None:
    chart = tmp_path / "chart.yaml"
    chart.write_text("pain: [low_back.left]\n", encoding="utf-8")

    found = CliRunner().invoke(main, ["what-if", str(chart), "saddle_anaesthesia=true", "--json"])

    assert '"urgency": "emergency"' in found.output
