"""A hospital's own pack lies on top of the packaged one: both are named, and what is screened and warned of stays."""

import re
import shutil
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

import mps_rules as mps
from mps_rules.authoring.lint import lint_only
from mps_rules.command.cli import main
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.patient.forms import look_up


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


# --- the example of rules/README.md, run as it stands ------------------------------------------------------------------

README = packaged_rules() / "README.md"
PATIENT = "pain: [low_back.left]\nbegan_moving_a_patient: true\n"


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pack of the example, in a folder beside a patient."""
    for name, text in re.findall(r"`(ours/[\w/.]+)`\n\n```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "patient.yaml").write_text(PATIENT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "ours"


def test_the_commands_of_the_example_do_what_the_page_says(ours: Path) -> None:
    block = re.search(r"```sh\n(mps-rules --rules packaged --rules ours lint.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    said = {command: CliRunner().invoke(main, command.split()[1:]) for command in block[1].splitlines()}

    assert [0] * 4 == [one.exit_code for one in said.values()], [one.output for one in said.values()]
    linted, cases, evaluated, differing = (" ".join(one.output.split()) for one in said.values())
    assert linted == "0 issues"
    assert cases == "3 of 3 cases passed, of 1 rules"
    assert f"{mps.load().pack.version} + ours 0.1" in evaluated
    assert "2 added, 0 removed, 0 rewritten" in differing
    assert "New caution: Consider telling occupational health: the pain began while moving a patient [staff.moved_a_patient]" in differing


def test_the_cause_of_the_example_has_no_issue_and_ranks(ours: Path) -> None:
    base = mps.load(["packaged", "ours"])
    found = mps.evaluate({"pain": ["low_back.left"], "began_moving_a_patient": True}, base)

    assert lint_only(base, "causes/back/strain_at_work") == ()
    assert [("possible", 0)] == [(one.status, one.score) for one in found.hypotheses if one.id == "strain_at_work"]
    assert "began_moving_a_patient" in {hit.entry.id for hit in look_up(base, "patient transfer").hits}


def test_a_fault_of_an_own_rule_names_its_folder_and_line(ours: Path) -> None:
    rule = ours / "staff" / "moved_a_patient.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("began_moving", "begun_moving"), encoding="utf-8")
    found = CliRunner().invoke(main, ["--rules", "packaged", "--rules", "ours", "evaluate", "patient.yaml"])

    assert found.exit_code == 1
    assert found.output.startswith("error: ours/staff/moved_a_patient.yaml line 8, when.all[1]: no finding 'begun_moving_a_patient'")


def test_rules_named_before_a_command_and_behind_it_are_laid_in_that_order(ours: Path) -> None:
    before = CliRunner().invoke(main, ["--rules", "packaged", "evaluate", "patient.yaml", "--rules", "ours"])
    behind = CliRunner().invoke(main, ["evaluate", "patient.yaml", "--rules", "packaged", "--rules", "ours"])

    assert (0, before.output) == (behind.exit_code, behind.output)


def test_a_command_that_reads_no_rules_says_so() -> None:
    found = CliRunner().invoke(main, ["--rules", "packaged", "diff", "packaged", "packaged", "nowhere"])

    assert found.exit_code == 2
    assert "diff reads no --rules" in found.output


def test_what_lies_on_the_packaged_rules_is_kept_until_a_file_changes(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPS_RULES_CACHE", str(ours.parent / "cache"))
    first = mps.load(["packaged", "ours"])
    monkeypatch.setattr("mps_rules.knowledge.loading.load_folders", lambda *_: pytest.fail("read again"))
    again = mps.load(["packaged", "ours"])

    assert first == again
    assert [one.id for one in first.rules] == [one.id for one in again.rules]


def test_one_rule_is_looked_for_by_its_path_or_id(kb: KnowledgeBase) -> None:
    with pytest.raises(mps.FindingError, match=r"closest is 'article\.sharp_on_movement'"):
        lint_only(kb, "article/sharp_on_movment")
    assert lint_only(kb, "article/sharp_on_movement") == lint_only(kb, "article.sharp_on_movement") == ()


BELOW = Path(__file__).parent / "lint" / "base"
COUGH = Path(__file__).parent / "lint" / "never-fires" / "good"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", set()),
        ("when: cough", "when: {derived: hot}", {"loads"}),
        ("when: cough", "when: cuogh", {"loads"}),
        ("when: cough", "when: {all: [back_pain, fever]}", {"case_fails", "never_fires", "never_silent", "same_condition"}),
        ("limits: An example.", "limits: You have a cough.", {"promises_cure"}),
        ("id: demo.cough", "id: demo.hot_back", {"loads"}),
    ],
)
def test_a_rule_checked_alone_has_the_issues_that_it_has_among_all(before: str, after: str, expected: set[str], tmp_path: Path) -> None:
    folder = shutil.copytree(COUGH, tmp_path / "ours")
    rule = folder / "demo" / "cough.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    alone, among = lint_only([BELOW, folder], "demo/cough"), mps.lint([BELOW, folder])

    assert expected == {issue.check for issue in alone} == {issue.check for issue in among}
    assert [one for one in alone if one.check != "same_condition"] == [one for one in among if one.check != "same_condition"]


def test_what_asks_for_more_than_one_rule_is_checked_among_all(tmp_path: Path) -> None:
    folder = shutil.copytree(COUGH, tmp_path / "ours")
    cases = folder / "demo" / "cough.cases.yaml"
    cases.write_text(cases.read_text(encoding="utf-8").replace("fires: true", "fires: true, urgency: urgent"), encoding="utf-8")

    assert ["case_fails"] == [issue.check for issue in lint_only([BELOW, folder], "demo/cough")]


def test_a_rule_that_takes_the_place_of_another_is_checked_alone_too(tmp_path: Path) -> None:
    folder = shutil.copytree(BELOW / "demo", tmp_path / "ours" / "demo").parent
    rule = folder / "demo" / "hot_back.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("status: active", "status: active\nreplaces: demo.hot_back"), encoding="utf-8")

    assert lint_only([BELOW, folder], "demo.hot_back") == mps.lint([BELOW, folder]) == ()
