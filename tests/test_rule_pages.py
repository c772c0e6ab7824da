"""A rule's page is the rule: what it concludes, when, why, an example, and what it does not mean; every link leads somewhere."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mps_rules.authoring import docgen
from mps_rules.authoring.cases import Case, read_cases
from mps_rules.authoring.manifest import written_id, written_rules
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.reading import read_yaml
from packs import rule

HEADINGS = ("What it concludes", "When", "Why", "Example", "What it does not mean", "Reviewed")


@pytest.fixture(scope="module")
def pages(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all pages."""
    folder = tmp_path_factory.mktemp("docs")
    docgen.write(folder, kb)
    return folder


def anchors(path: Path) -> list[str]:
    """The anchors of the headings of a page."""
    return [docgen.anchor(line.lstrip("#").strip()) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]


def test_every_written_rule_has_a_page_and_no_other_is_there(pages: Path, kb: KnowledgeBase) -> None:
    written = {path.relative_to(pages / "rules").as_posix() for path in (pages / "rules").rglob("*.md")}

    assert {f"{id_.replace('.', '/')}.md" for id_ in written_rules(kb)} == written - {"index.md", "by_finding.md", "by_reference.md"}


def test_every_link_leads_to_a_page_and_every_anchor_to_a_heading(pages: Path) -> None:
    headings = {path: set(anchors(path)) for path in pages.rglob("*.md")}
    broken = []
    for path in headings:
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            name, _, anchor = target.partition("#")
            to = (path.parent / name).resolve()
            if not to.is_file() or (anchor and anchor not in headings[to]):
                broken.append(f"{path.relative_to(pages)}: {target}")

    assert [] == broken


@pytest.mark.parametrize("name", ["by_finding.md", "by_reference.md"])
def test_no_two_headings_of_an_index_share_an_anchor(name: str, pages: Path) -> None:
    found = anchors(pages / "rules" / name)

    assert len(set(found)) == len(found)


def test_every_page_says_all_that_a_rule_is(pages: Path, kb: KnowledgeBase) -> None:
    assert written_rules(kb)
    for id_ in written_rules(kb):
        text = (pages / "rules" / f"{id_.replace('.', '/')}.md").read_text(encoding="utf-8")

        assert [heading for heading in HEADINGS if f"\n## {heading}\n" not in text] == [], id_
        assert "No case shows it." not in text, id_


def test_the_example_is_the_first_case_in_which_the_rule_fires(pages: Path, kb: KnowledgeBase) -> None:
    first: dict[str, Case] = {}
    for case in read_cases(kb):
        if case.expect.fires is True:
            first.setdefault(written_id(kb.by_id[case.rule]), case)
    assert first
    for id_, case in first.items():
        text = (pages / "rules" / f"{id_.replace('.', '/')}.md").read_text(encoding="utf-8")
        block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)

        assert block, id_
        assert case.findings == read_yaml(block[1], id_).data, id_
        assert case.case in text, id_


def test_a_rule_over_a_table_shows_its_rows(pages: Path, kb: KnowledgeBase) -> None:
    assert written_rules(kb)
    for id_, rules in written_rules(kb).items():
        if rules[0].written:
            text = (pages / "rules" / f"{id_.replace('.', '/')}.md").read_text(encoding="utf-8")

            assert [one.id for one in rules if f"| `{one.id.removeprefix(f'{id_}.')}` |" not in text] == []


def test_the_two_steps_of_a_red_flag_are_told_apart(load: Callable[..., KnowledgeBase]) -> None:
    alert = "[alert: {id: hot, label: Hot, urgency: soon, condition: infection, act_within: days, action: Look., regions: [back]}]"
    base = load(rule("shelf.one", when="{trigger: rash, qualifier: cough}", then=alert))
    text = docgen.rule_pages(base)["rules/shelf/one.md"]

    assert "Noticed:\n\n- [Rash](../by_finding.md#rash)\n\nIt matters when:\n\n- [Cough](../by_finding.md#cough)\n" in text


def test_a_conclusion_that_one_rule_reaches_leads_to_it(load: Callable[..., KnowledgeBase]) -> None:
    base = load(
        rule("shelf.one", when="rash", then="[derive: ill]"), rule("shelf.two", when="{not: {derived: ill}}", then="[derive: well]")
    )

    assert "- absent: [ill](../shelf/one.md)\n" in docgen.rule_pages(base)["rules/shelf/two.md"]
