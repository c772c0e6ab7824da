"""The linter eats its own examples: of every check, one bad pack with exactly one issue, and one good pack with none."""

import re
from pathlib import Path

import pytest

import mps_rules as mps
from mps_rules.authoring.cases import Case, Outcome
from mps_rules.authoring.lint import CHECKS
from mps_rules.chaining.circuit import circuit_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

FOLDER = Path(__file__).parent / "lint"
BASE = FOLDER / "base"
LOADING = {
    "active-without-evidence": "demo/cough.yaml line 1: an active rule needs evidence",
    "active-without-limits": "demo/cough.yaml line 1: an active rule needs limits",
    "active-without-review": "demo/cough.yaml line 1: an active rule needs reviewed",
    "alert-without-reference": "demo/infection.yaml line 6, evidence: names no reference",
    "cycle": "demo/cough.yaml: rules go round in a circle: demo.cough -> demo.hot -> demo.cough",
    "derived-that-nothing-concludes": "demo/cough.yaml: no active rule concludes 'hot'",
    "id-not-path": "demo/cough.yaml line 1, id: id 'demo.coughing' is not its path; closest is 'demo.cough'",
    "reference-missing": "demo/cough.yaml line 6, evidence: no reference 'BOK'; closest is 'BOOK'",
    "two-subjects": "demo/cough.yaml: 'tight' is about a patient here and about a muscle in demo/band.yaml",
    "unknown-placeholder": "demo/cough.yaml line 9, then[0].caution: no placeholder {muscle} in a rule about patient",
    "unknown-word": "demo/cough.yaml line 7, when: no finding 'cuogh' in the vocabulary; closest is 'cough'",
    "value-outside-range": "demo/cough.yaml line 7, when.temperature.at_least: 50 is outside 30 to 45 Cel",
}
"""What stops the loading itself, and what is said of it."""
FOUND = {
    "adjacency-one-way": "vocabulary/regions.yaml: coccyx does not name sacrum as its neighbour",
    "age-triggers": "demo/infection.yaml: age alone triggers demo.infection",
    "alert-without-region": "demo/infection.yaml: rf_infection names no region",
    "case-fails": "demo/hot_back.cases.yaml line 1, [0]: 'A cough only: warned': fires: expected true, but it is silent",
    "date-impossible": "demo/cough.yaml: demo.cough: '2026-02-30' is no day; write it as 2026-11-30",
    "text-empty": "demo/cough.yaml: demo.cough: then[0].text is empty",
    "case-title-twice": "demo.hot_back: 'Back pain without fever: silent' stands 2 times",
    "claim-without-home": "evidence/claims.yaml: A01 (Fever is warm) lives nowhere",
    "muscle-nowhere": "referral: soleus sends pain to no region",
    "never-fires": "demo/cough.yaml: no case makes demo.cough fire",
    "never-silent": "demo/cough.yaml: no case keeps demo.cough silent",
    "never-undecided": "demo/cough.yaml: no case leaves demo.cough undecided",
    "promises-cure": "demo/cough.yaml: demo.cough says 'cure'",
    "region-astray": "vocabulary/regions.yaml: calf has no parent, and body is the root",
    "region-unreached": "referral: no muscle sends pain to calf or lies there",
    "same-condition": "demo/hot_back.yaml: demo.hot_back has the same condition as demo.cough",
    "serious-without-keys": "causes/demo/infection.yaml: profile 1 of infection has no key question (key: true)",
    "side-impossible": "referral: erector -> calf: that region has no midline",
    "unused-reference": "evidence/references.yaml: nothing cites LEAFLET",
}
"""What the checks find in packs that load."""
EXAMPLES = sorted({*LOADING, *FOUND, "alert-without-urgency"})


def _issues(check: str, kind: str) -> list[str]:
    return [_in_its_folder(str(issue)) for issue in mps.lint([BASE, FOLDER / check / kind])]


def _in_its_folder(text: str) -> str:
    """A text in which the folders of the examples are left out."""
    return re.sub(rf"{re.escape(FOLDER.as_posix())}/(base|[a-z-]+/(bad|good))/", "", text)


def _verdict(base: KnowledgeBase, case: Case) -> Outcome:
    """The verdict of a case, without what it expects besides: whether it passes is tested with the cases."""
    terrain = terrain_of(base)
    state = circuit_of(base).read(Facts(terrain, read_findings(case.findings, terrain)))
    rule = base.by_id[case.rule]
    verdicts = {state.verdict(rule.id, one) for one in ([case.expect.for_] if case.expect.for_ else state.facts.subjects(rule.about))}
    return Outcome(case, next((truth for truth in (True, None) if truth in verdicts), False), ())


def test_the_packaged_rules_have_no_issue(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mps_rules.authoring.lint.run_case", _verdict)

    assert [str(issue) for issue in mps.lint(kb)] == []


def test_the_base_of_the_examples_has_no_issue() -> None:
    assert mps.lint(BASE) == ()


@pytest.mark.parametrize("check", FOUND)
def test_a_bad_example_has_the_one_issue_of_its_check(check: str) -> None:
    expected = [f"{FOUND[check]} [{check.replace('-', '_')}]"]

    assert expected == _issues(check, "bad")


@pytest.mark.parametrize("check", LOADING)
def test_what_cannot_be_loaded_is_one_issue_that_says_why(check: str) -> None:
    expected = [f"{LOADING[check]} [loads]"]

    assert expected == _issues(check, "bad")


def test_an_alert_without_urgency_cannot_be_loaded() -> None:
    assert _issues("alert-without-urgency", "bad")[0] == "demo/infection.yaml line 9, then[0].alert.urgency: is missing [loads]"


@pytest.mark.parametrize("check", EXAMPLES)
def test_a_good_example_has_no_issue(check: str) -> None:
    assert _issues(check, "good") == []


def test_every_check_has_its_examples_and_every_example_its_check() -> None:
    checks = {check.__name__.replace("_", "-") for check in CHECKS}

    assert checks == set(FOUND)
    assert {*EXAMPLES, "base"} == {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_says_what_it_looks_for(check: object) -> None:
    assert (check.__doc__ or "").strip()


def test_all_faults_of_all_files_are_issues_at_once() -> None:
    folders = [BASE, FOLDER / "unknown-word" / "bad", FOLDER / "alert-without-reference" / "bad"]
    expected = [LOADING["unknown-word"], LOADING["alert-without-reference"]]

    assert [f"{text} [loads]" for text in expected] == [_in_its_folder(str(issue)) for issue in mps.lint(folders)]


@pytest.mark.parametrize("check", ["unknown-word", "never-fires", "case-fails", "serious-without-keys"])
def test_of_several_folders_an_issue_names_its_own(check: str) -> None:
    folder = FOLDER / check / "bad"
    (issue,) = mps.lint([BASE, folder])

    assert issue.where.startswith((f"{folder}/", f"{BASE}/")), issue
    assert (Path(issue.where.split(" line ")[0])).is_file()


def test_a_faulty_file_of_cases_is_an_issue_of_loading(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "hot_back.cases.yaml").write_text("- {findings: {}, expect: {}}\n", encoding="utf-8")
    issues = mps.lint([BASE, tmp_path])

    assert [str(issue) for issue in issues] == [f"{tmp_path}/demo/hot_back.cases.yaml line 1, [0].case: is missing [loads]"]


@pytest.mark.parametrize("as_given", [str, Path])
def test_a_folder_that_is_none_is_an_issue(as_given: type, tmp_path: Path) -> None:
    issues = mps.lint(as_given(tmp_path / "nothing"))

    assert [issue.what for issue in issues] == ["is not a folder", "has no pack.yaml"]
    assert {"loads"} == {issue.check for issue in issues}


def test_an_issue_holds_its_check_its_place_and_its_text() -> None:
    issue = mps.Issue("never_fires", "demo/cough.yaml", "no case makes demo.cough fire")

    assert str(issue) == "demo/cough.yaml: no case makes demo.cough fire [never_fires]"
