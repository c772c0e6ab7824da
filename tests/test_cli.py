"""The command: every option, every exit code, and every mistake answered by a list of faults instead of a traceback."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
from click import Group
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import mps_rules as mps
from mps_rules.command.cli import main
from mps_rules.command.printed import fitted, in_one_line, printable
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.language.reading import read_yaml
from mps_rules.patient import forms
from mps_rules.patient.facts import Terrain
from mps_rules.patient.findings import read_findings
from mps_rules.records.fhir_in import read_bundle
from mps_rules.service import serving
from mps_rules.service.settings import Settings
from test_evaluate import EXAMPLES, example

ROOT = Path(__file__).parents[1]
FILES = {name: str(ROOT / "examples" / f"{name}.yaml") for name in EXAMPLES}
PROGRAM = Path(sys.executable).with_name("mps-rules")

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """The command in this process."""

    def invoke(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the packaged rules to spoil."""
    return shutil.copytree(packaged_rules(), tmp_path / "rules")


def faults(result: Result) -> list[str]:
    """The faults on standard error, each on a line of its own."""
    lines: list[str] = result.stderr.splitlines()
    assert all(line.startswith("error: ") for line in lines), result.stderr
    return [line.removeprefix("error: ") for line in lines]


# --- what it is -------------------------------------------------------------------------------------------------------


def _commands(group: Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        yield from _commands(command, (*path, name)) if isinstance(command, Group) else [(*path, name)]


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("path", list(_commands(main)), ids=" ".join)
def test_every_command_says_what_it_does(path: tuple[str, ...], option: str, run: Run) -> None:
    result = run(*path, option)

    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert result.stderr == ""


def test_the_version_shows_program_and_rules_with_their_digest(run: Run, kb: KnowledgeBase) -> None:
    result = run("--version")
    expected = f"mps-rules {mps.__version__}\nrules {kb.pack.id} {kb.pack.version}, {kb.pack.status}, digest {kb.digest}\n"

    assert (0, expected) == (result.exit_code, result.stdout)


@pytest.mark.parametrize("arguments", [["nonsense"], ["evaluate"], ["evaluate", "a", "--nonsense"], ["terms"], ["new", "rule"]])
def test_a_wrong_call_is_explained(arguments: list[str], run: Run) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")


# --- evaluate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_evaluate_prints_the_brief_text(name: str, run: Run) -> None:
    result = run("evaluate", FILES[name])

    assert (result.exit_code, result.stderr) == (0, "")
    assert mps.evaluate(example(name)).text() == result.stdout


@pytest.mark.parametrize("name", EXAMPLES)
def test_evaluate_with_full_prints_everything(name: str, run: Run) -> None:
    assert mps.evaluate(example(name)).text(full=True) == run("evaluate", "--full", FILES[name]).stdout


@pytest.mark.parametrize("name", EXAMPLES)
def test_evaluate_with_note_prints_what_goes_into_the_chart(name: str, run: Run) -> None:
    assert mps.evaluate(example(name)).note() == run("evaluate", "--note", FILES[name]).stdout


@pytest.mark.parametrize("name", EXAMPLES)
def test_evaluate_with_json_prints_the_whole_assessment(name: str, run: Run) -> None:
    result = run("evaluate", "--json", FILES[name])

    assert result.exit_code == 0
    assert mps.evaluate(example(name)).to_json() + "\n" == result.stdout
    assert mps.evaluate(example(name)).to_dict() == json.loads(result.stdout)


@pytest.mark.parametrize(
    "text", ["fever: true\npain: [low_back.left]\n", '{"fever": true, "pain": ["low_back.left"]}', "{fever: true, pain: [low_back.left]}"]
)
def test_evaluate_reads_yaml_and_json_from_standard_input(text: str, run: Run) -> None:
    result = run("evaluate", "-", stdin=text)

    assert result.exit_code == 0
    assert mps.evaluate({"fever": True, "pain": ["low_back.left"]}).text() == result.stdout


def test_evaluate_reads_a_json_file(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "patient.json"
    file.write_text(json.dumps(example("facet_label")), encoding="utf-8")

    assert run("evaluate", FILES["facet_label"]).stdout == run("evaluate", file).stdout


def test_an_empty_file_is_a_patient_of_whom_nothing_is_known(run: Run) -> None:
    result = run("evaluate", "-", stdin="# nothing yet\n")

    assert (0, mps.evaluate({}).text()) == (result.exit_code, result.stdout)


def test_evaluate_takes_other_rules(run: Run) -> None:
    base = ROOT / "tests" / "lint" / "base"
    result = run("evaluate", "--full", "-", "--rules", base, stdin="{fever: true, back_pain: true}")

    assert result.exit_code == 0
    assert "! Back pain with fever. [BOOK]" in result.stdout
    assert "Rules lint 1, not clinically reviewed" in result.stdout


def test_rules_are_laid_on_top_of_each_other(run: Run) -> None:
    base, cough = ROOT / "tests" / "lint" / "base", ROOT / "tests" / "lint" / "never-fires" / "good"
    result = run("evaluate", "--full", "-", "--rules", base, "--rules", cough, stdin="{fever: true, back_pain: true, cough: true}")

    assert result.exit_code == 0
    assert {"! A cough. [BOOK]", "! Back pain with fever. [BOOK]"} <= {line.strip() for line in result.stdout.splitlines()}


# --- fhir -------------------------------------------------------------------------------------------------------------

CHART = ROOT / "examples" / "fhir_bundle.json"


def test_fhir_prints_what_was_read_and_then_the_text(run: Run, kb: KnowledgeBase) -> None:
    findings, report = read_bundle(json.loads(CHART.read_text(encoding="utf-8")), kb, on=date(2026, 1, 15))

    result = run("fhir", CHART, "--on", "2026-01-15")

    assert (result.exit_code, result.stderr) == (0, "")
    assert f"{report}\n\n{mps.evaluate(findings).text()}" == result.stdout


def test_fhir_with_full_prints_everything_of_the_patient(run: Run, kb: KnowledgeBase) -> None:
    findings, report = read_bundle(json.loads(CHART.read_text(encoding="utf-8")), kb, on=date(2026, 1, 15))

    assert f"{report}\n\n{mps.evaluate(findings).text(full=True)}" == run("fhir", CHART, "--on", "2026-01-15", "--full").stdout


def test_fhir_with_json_prints_findings_report_and_assessment(run: Run) -> None:
    told = json.loads(run("fhir", CHART, "--on", "2026-01-15", "--json").stdout)

    assert list(told) == ["findings", "report", "assessment"]
    assert told["report"]["on"] == "2026-01-15"
    assert mps.evaluate(told["findings"]).to_dict() == told["assessment"]


def test_fhir_reads_standard_input_as_of_today(run: Run) -> None:
    result = run("fhir", "-", stdin='{"resourceType": "Patient", "gender": "male", "birthDate": "1900-01-01"}')

    assert result.exit_code == 0
    assert result.stdout.startswith("1 resources: ")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ('{"name": "Canary"', "standard input line 1: is not JSON"),
        ("Canary", "standard input line 1: is not JSON"),
        ("[" * 200_000, "standard input: is nested too deep"),
        (b"\xff\xfe\x00", "standard input: is not UTF-8 text"),
        ("[1]", "expected a FHIR resource: a mapping with a resourceType"),
        ('{"resourceType": "MedicationOrder"}', "this is FHIR DSTU2 or STU3, not R4: ask the source for R4 (fhirVersion 4.0.1)"),
    ],
)
def test_fhir_refuses_what_is_none_and_repeats_nothing_of_it(given: str | bytes, fault: str, run: Run) -> None:
    result = run("fhir", "-", stdin=given)

    assert (result.exit_code, result.stdout) == (2, "")
    assert faults(result) == [fault]


def test_fhir_names_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    result = run("fhir", tmp_path / "none.json")

    assert result.exit_code == 2
    assert "cannot be read: No such file or directory" in result.stderr


# --- for programs -----------------------------------------------------------------------------------------------------

SPEAKS_JSON = {("mcp",)}
"""What tells nothing to a reader: all that it says is JSON as it stands."""


@pytest.mark.parametrize("path", [path for path in _commands(main) if path not in {(), ("new",), *SPEAKS_JSON}], ids=" ".join)
def test_every_command_takes_json(path: tuple[str, ...], run: Run) -> None:
    found: Any = main
    for name in path:
        found = found.commands[name]

    assert any("--json" in parameter.opts for parameter in found.params)


SMALL = str(ROOT / "tests" / "lint" / "base")
ILL = '{"fever": true, "back_pain": true}'
TOLD: dict[str, tuple[list[str], set[str]]] = {
    "evaluate": (["evaluate", "-"], {"findings", "urgency"}),
    "explain": (["explain", "-", "hot_back"], {"statement", "because"}),
    "why-not": (["why-not", "-", "hot_back"], {"id", "rules"}),
    "flip": (["flip", "-", "hot_back"], {"id", "sets"}),
    "what-if": (["what-if", "-", "fever=false"], {"difference", "assessment"}),
    "graph": (["graph", "-"], {"nodes", "edges"}),
    "cases": (["cases"], {"cases", "failed"}),
    "lint": (["lint"], {"issues"}),
    "manifest": (["manifest"], {"inputs"}),
    "schema": (["schema"], {"properties"}),
    "terms": (["terms", "fever"], {"found"}),
    "form": (["form"], {"fever", "pain", "exam"}),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_command_with_json_prints_json_and_nothing_else(name: str, run: Run) -> None:
    arguments, keys = TOLD[name]
    result = run("--rules", SMALL, *arguments, "--json", stdin="{}" if name == "why-not" else ILL)

    assert (0, "") == (result.exit_code, result.stderr)
    assert keys <= set(json.loads(result.stdout))


def test_the_graph_as_json_leads_from_findings_to_what_follows(run: Run) -> None:
    told = json.loads(run("--rules", SMALL, "graph", "-", "--json", stdin=ILL).stdout)
    edges = {(told["nodes"][edge["from"]]["id"], told["nodes"][edge["to"]]["id"]) for edge in told["edges"]}

    assert ("demo.hot_back", "hot_back") in edges


def test_what_fails_is_told_as_json_too(run: Run) -> None:
    folder = ROOT / "tests" / "lint"
    result = run("lint", folder / "base", folder / "never-fires" / "bad", "--json")
    (issue,) = json.loads(result.stdout)["issues"]

    assert (1, "never_fires") == (result.exit_code, issue["check"])


def test_an_interview_with_json_talks_on_standard_error(run: Run) -> None:
    result = run("--rules", SMALL, "ask", "--json", stdin="q\n")

    assert json.loads(result.stdout)["knowledge"]["id"] == "lint"


def test_a_blank_form_as_json_says_nothing_of_anybody(run: Run, kb: KnowledgeBase) -> None:
    told = json.loads(run("form", "--json").stdout)

    assert mps.evaluate({}, kb).to_dict() == mps.evaluate(told, kb).to_dict()


def test_a_cohort_is_summed_up_as_json(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "people.csv"
    file.write_text("person,fever\n1,true\n2,\n", encoding="utf-8")
    told = json.loads(run("--rules", SMALL, "cohort", file, "--out", tmp_path / "out.parquet", "--json").stdout)

    assert told["summary"]["people"] == 2


@pytest.mark.parametrize(
    ("arguments", "begun", "expected"),
    [
        (["explain", "x"], "hot_", "hot_back"),
        (["why-not", "x"], "demo.", "demo.hot_back"),
        (["what-if", "x"], "fev", "fever="),
        (["cases"], "demo.h", "demo.hot_back"),
        (["lint", "--only"], "de", "demo"),
    ],
)
def test_the_shell_completes_words_of_the_rules(arguments: list[str], begun: str, expected: str) -> None:
    completed = ShellComplete(main, {}, "mps-rules", "_MPS_RULES_COMPLETE").get_completions(["--rules", SMALL, *arguments], begun)

    assert expected in [one.value for one in completed]


def test_rules_that_cannot_be_read_complete_nothing(tmp_path: Path) -> None:
    shell = ShellComplete(main, {}, "mps-rules", "_MPS_RULES_COMPLETE")

    assert shell.get_completions(["--rules", str(tmp_path), "explain", "x"], "") == []


@pytest.mark.parametrize("arguments", [["terms", "pain"], ["schema"]])
def test_a_reader_who_has_read_enough_is_no_error(arguments: list[str]) -> None:
    script = f"set -o pipefail; {PROGRAM} {' '.join(arguments)} | head -1 > /dev/null"

    assert subprocess.run(["bash", "-c", script], check=False, timeout=120, capture_output=True).returncode == 0


@pytest.mark.parametrize("width", [40, 64])
def test_what_is_read_at_a_terminal_is_as_wide_as_it(width: int) -> None:
    text = str(mps.evaluate({"pain": ["low_back.left"]}).why_not("fm_acr_2010"))

    assert max(map(len, fitted(text, width).splitlines())) <= width
    assert text.split() == fitted(text, width).split()


# --- wrong input ------------------------------------------------------------------------------------------------------

DEEP = "[" * 5000 + "]" * 5000
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
WRONG: dict[str, tuple[str, list[str]]] = {
    "unknown term": ("fevr: true", ["fevr: no finding 'fevr' in the vocabulary; closest is 'fever'"]),
    "unknown region": ("pain: [lowback.left]", ["pain[0].region: no region 'lowback'; closest is 'low_back'"]),
    "unknown diagnosis": ("labels: [facet]", ["labels.facet: no diagnosis 'facet'; closest is 'facet_syndrome'"]),
    "unknown muscle": (
        "exam: [{muscle: gluteus_medus, taut_band: true}]",
        ["exam[0].muscle: no muscle 'gluteus_medus'; closest is 'gluteus_medius'"],
    ),
    "wrong type": ("fever: high", ["fever: expected true or false, got 'high'"]),
    "wrong word": ("pain_quality: [dulll]", ["pain_quality: no value 'dulll' of 'pain_quality'; closest is 'dull'"]),
    "wrong unit": (
        "symptom_duration: 3 kg/m2",
        ["symptom_duration: 'kg/m2' does not measure 'time since this pain began'; write it in weeks"],
    ),
    "unknown unit": ("symptom_duration: 3 fortnights", ["symptom_duration: no unit 'fortnights'"]),
    "out of range": ("age_years: 200", ["age_years: 200 is outside 0 to 120 years"]),
    "impossible side": ("pain: [sacrum.left]", ["pain[0].side: 'left' is impossible: sacrum has no sides"]),
    "no side at all": ("pain: [low_back.above]", ["pain[0].side: no side 'above'"]),
    "contradicting pain": (
        "pain: [low_back.left, {region: low_back, side: left, present: false}]",
        ["pain: low_back (left) is said to hurt and to be free of pain"],
    ),
    "contradicting exam": (
        "exam: [{muscle: soleus, side: left, taut_band: true}, {muscle: soleus, side: left, taut_band: false}]",
        ["exam[1].taut_band: contradicts an earlier entry for the same muscle, soleus"],
    ),
    "contradicting what follows": (
        "{body_temperature: 39, fever: false}",
        ["fever: is given as absent, but the opposite follows from: Temperature at least 38 °C"],
    ),
    "malformed YAML": ("pain: [low_back", ["standard input line 2: not YAML: did not find expected ',' or ']'"]),
    "malformed JSON": ('{"pain": [}', ["standard input line 1: not YAML: did not find expected node content"]),
    "list": ("- fever", ["findings are one mapping of finding to value, got ['fever']"]),
    "word": ("fever", ["findings are one mapping of finding to value, got 'fever'"]),
    "number": ("42", ["findings are one mapping of finding to value, got 42"]),
    "NaN in YAML": ("age_years: .nan", ["standard input line 1: .nan is not a number"]),
    "infinity in YAML": ("age_years: .inf", ["standard input line 1: .inf is not a number"]),
    "treacherous word": (
        "fever: no",
        ["standard input line 1: a bare no is read differently by different programs: write true or false, or quote it"],
    ),
    "key twice": ("fever: true\nfever: false\n", ["standard input line 2: key 'fever' is given twice"]),
    "tag": (
        "fever: !!python/object:os.system x",
        ["standard input line 1: tags (tag:yaml.org,2002:python/object:os.system) are not allowed"],
    ),
    "anchor bomb": (BOMB, ["standard input line 1: anchors (&name) are not allowed; write the value out"]),
    "two documents": ("fever: true\n---\nfever: false\n", ["standard input line 2: one document a file, please"]),
    "deep YAML": (f"pain: {DEEP}", ["standard input line 1: nested more than 64 deep"]),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_input_is_a_list_of_faults_and_exit_code_2(mistake: str, run: Run) -> None:
    text, expected = WRONG[mistake]
    result = run("evaluate", "-", stdin=text)

    assert (result.exit_code, result.stdout) == (2, "")
    assert expected == faults(result)


def test_standard_input_without_end_is_not_read_to_its_end(run: Run) -> None:
    result = run("evaluate", "-", stdin="fever: true\n" + "#" * 5_000_000)

    assert result.exit_code == 2
    assert faults(result)[0].startswith("standard input: longer than 1,000,000 characters")


def test_every_fault_is_listed_at_once(run: Run) -> None:
    texts = ("fevr: true", "age_years: 200", "labels: [facet]", "pain: [lowback.left]")
    expected = sorted(fault for text, found in WRONG.values() if text in texts for fault in found)
    result = run("evaluate", "-", stdin="\n".join(texts))

    assert (2, expected) == (result.exit_code, sorted(faults(result)))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.json", b'{"age_years": NaN}', "p.json: NaN is not a number"),
        ("p.json", b'{"age_years": -Infinity}', "p.json: -Infinity is not a number"),
        ("p.json", b'{"fever": true, "fever": false}', "p.json: key 'fever' is given twice"),
        ("p.json", b"{'fever': true}", "p.json line 1: not JSON: Expecting property name enclosed in double quotes"),
        ("p.json", DEEP.encode(), "p.json: nested more than 64 deep"),
        ("p.yaml", b"fever: \xff\xfe", "p.yaml: is not UTF-8 text"),
        ("p.yaml", b"fever: \0", "p.yaml: not text"),
        ("p.yaml", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "p.yaml: is not UTF-8 text"),
        ("p.yaml", b"x" * 5_000_000, "p.yaml: holds more than 4,000,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(name: str, content: bytes, expected: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / name).write_bytes(content)
    result = run("evaluate", tmp_path / name)

    assert (2, [f"{tmp_path}/{expected}"]) == (result.exit_code, faults(result))


@pytest.mark.parametrize(("path", "expected"), [("nowhere.yaml", "No such file or directory"), ("", "a folder, not a file")])
@pytest.mark.parametrize("command", [["evaluate"], ["explain"]])
def test_what_is_no_file_is_named(command: list[str], path: str, expected: str, tmp_path: Path, run: Run) -> None:
    file = str(tmp_path / path)
    result = run(*command, file, *(["myofascial_pain"] if command == ["explain"] else []))

    assert (2, [f"{file}: cannot be read: {expected}"]) == (result.exit_code, faults(result))


# --- wrong rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["evaluate", FILES["facet_label"]], ["explain", FILES["facet_label"], "x"], ["cases"], ["schema"], ["form"], ["terms", "x"]]
)
def test_rules_that_are_nowhere_are_exit_code_2(command: list[str], tmp_path: Path, run: Run) -> None:
    nowhere = tmp_path / "nowhere"
    result = run(*command, "--rules", nowhere)

    assert (2, [f"{nowhere}: is not a folder"]) == (result.exit_code, faults(result))


def test_every_fault_of_the_rules_is_listed_with_file_and_line(rules: Path, run: Run) -> None:
    for name, before, after in (
        ("article/sharp_on_movement.yaml", "- pain_sharp_on_movement", "- pain_sharp_on_movemnt"),
        ("safety/rf_aaa.yaml", "urgency: emergency", "urgency: emergency\n      colour: red"),
    ):
        path = rules / name
        path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    result = run("evaluate", FILES["facet_label"], "--rules", rules)

    expected = [
        "article/sharp_on_movement.yaml line 10, when.all[0]: no finding 'pain_sharp_on_movemnt' in the vocabulary; closest is 'pain_sharp_on_movement'",
        "safety/rf_aaa.yaml line 24, then[0].alert.colour: no such key 'colour' here",
    ]

    assert result.exit_code == 1
    assert set(expected) <= set(faults(result))


# --- explain ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", ["myofascial_pain", "joint_anchoring", "trp_delphi_2018", "article.local_source", "gluteus_medius.left"])
def test_explain_prints_the_proof(id_: str, run: Run) -> None:
    proof = mps.evaluate(example("facet_label")).why(id_)
    text, data = run("explain", FILES["facet_label"], id_), run("explain", FILES["facet_label"], id_, "--json")

    assert (0, f"{proof}\n") == (text.exit_code, text.stdout)
    assert (0, proof.to_dict()) == (data.exit_code, json.loads(data.stdout))


def test_explain_names_the_closest_thing_that_was_concluded(run: Run) -> None:
    result = run("explain", FILES["facet_label"], "myofascial")
    expected = ["myofascial: was not concluded for this patient; closest is 'myofascial_pain'"]

    assert (2, expected, "") == (result.exit_code, faults(result), result.stdout)


# --- graph ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", [None, "myofascial_pain", "joint_anchoring"])
def test_graph_draws_how_it_was_concluded(id_: str | None, run: Run) -> None:
    assessment = mps.evaluate(example("facet_label"))
    arguments = ["graph", FILES["facet_label"], *([id_] if id_ else [])]

    assert assessment.derivation_svg(id_) == run(*arguments).stdout == run(*arguments, "--svg").stdout
    assert assessment.derivation_mermaid(id_) == run(*arguments, "--mermaid").stdout


def test_graph_draws_where_it_hurts(run: Run) -> None:
    result = run("graph", FILES["facet_label"], "--body")

    assert result.exit_code == 0
    assert mps.evaluate(example("facet_label")).body_map() == result.stdout


@pytest.mark.parametrize("form_", ["--svg", "--mermaid"])
def test_graph_of_what_was_not_concluded_is_exit_code_2(form_: str, run: Run) -> None:
    result = run("graph", FILES["facet_label"], "myofascial", form_)

    assert (result.exit_code, result.stdout) == (2, "")
    assert faults(result)[0].startswith("myofascial: was not concluded for this patient")


# --- cases and lint ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("article.sharp_on_movement", r"\d+ of \d+ cases passed, of 1 rules"), ("factors", r"\d+ of \d+ cases passed, of 17 rules")],
)
def test_cases_runs_one_rule_or_one_shelf(chosen: str, expected: str, run: Run) -> None:
    result = run("cases", chosen)

    assert result.exit_code == 0
    assert re.fullmatch(expected + "\n", result.stdout)


def test_cases_that_fail_are_listed_with_their_place_and_exit_code_1(rules: Path, run: Run) -> None:
    path = rules / "article" / "sharp_on_movement.cases.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("fires: true", "fires: false", 1), encoding="utf-8")
    result = run("cases", "article.sharp_on_movement", "--rules", rules)

    assert result.exit_code == 1
    assert result.stdout.splitlines()[0].startswith("article/sharp_on_movement.cases.yaml line 1, [0]: ")
    assert "    fires: expected false, but it fires" in result.stdout


def test_cases_of_a_rule_that_is_none_are_exit_code_2(run: Run) -> None:
    result = run("cases", "article.sharp")

    assert (result.exit_code, faults(result)) == (2, ["article.sharp: no rule or shelf of that name has cases"])


def test_lint_without_a_folder_checks_the_packaged_rules(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    small = mps.load(ROOT / "tests" / "lint" / "base")
    monkeypatch.setattr("mps_rules.api.load", lambda: small)
    monkeypatch.setattr("mps_rules.authoring.lint.lint", lambda asked: (mps.Issue("asked", "rules", repr(asked)),))
    result = run("lint")

    assert (result.exit_code, result.stdout) == (1, f"rules: {small!r} [asked]\n1 issue\n")


def test_lint_without_an_issue_ends_well(run: Run) -> None:
    result = run("lint", ROOT / "tests" / "lint" / "base")

    assert (result.exit_code, result.stdout) == (0, "0 issues\n")


def test_lint_takes_folders_laid_on_top_of_each_other(run: Run) -> None:
    folder = ROOT / "tests" / "lint"
    good = run("lint", folder / "base", folder / "never-fires" / "good")
    bad = run("lint", folder / "base", folder / "never-fires" / "bad")

    assert (good.exit_code, good.stdout) == (0, "0 issues\n")
    place = folder / "never-fires" / "bad" / "demo" / "cough.yaml"
    assert (bad.exit_code, bad.stdout) == (1, f"{place}: no case makes demo.cough fire [never_fires]\n1 issue\n")


def test_lint_of_what_cannot_be_loaded_is_exit_code_1(tmp_path: Path, run: Run) -> None:
    result = run("lint", tmp_path)

    assert (1, f"{tmp_path}: has no pack.yaml [loads]\n1 issue\n") == (result.exit_code, result.stdout)


# --- schema -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """The schema that the command prints, at work."""
    schema = json.loads(CliRunner().invoke(main, ["schema"]).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_fit_the_schema(name: str, validator: jsonschema.Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(example(name))] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"fevr": True},
        {"fever": "high"},
        {"age_years": 200},
        {"pain": ["lowback"]},
        {"pain": ["sacrum.left"]},
        {"pain": [{"side": "left"}]},
        {"pain_quality": ["dulll"]},
        {"onset_mode": ["sudden", "insidious"]},
        {"labels": ["facet"]},
        {"labels": {"facet_syndrome": {"fever": True}}},
        {"exam": [{"side": "left"}]},
        {"exam": [{"muscle": "soleus", "examined": True}]},
        [],
    ],
)
def test_what_evaluate_refuses_does_not_fit_the_schema(wrong: Any, validator: jsonschema.Draft202012Validator) -> None:
    assert list(validator.iter_errors(wrong))
    with pytest.raises(mps.FindingError):
        mps.evaluate(wrong)


def test_the_schema_names_the_rules_it_belongs_to(validator: jsonschema.Draft202012Validator, kb: KnowledgeBase) -> None:
    assert isinstance(validator.schema, dict)
    assert kb.digest in validator.schema["description"]


# --- form -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def form() -> list[str]:
    """The lines of a blank form."""
    result = CliRunner().invoke(main, ["form"])
    assert result.exit_code == 0
    lines: list[str] = result.stdout.splitlines()
    return lines


def test_a_blank_form_is_a_patient_of_whom_nothing_is_known(form: list[str], run: Run) -> None:
    result = run("evaluate", "-", stdin="\n".join(form))

    assert (0, mps.evaluate({}).text()) == (result.exit_code, result.stdout)


def test_the_sample_lines_of_a_form_evaluate_once_uncommented(form: list[str], run: Run) -> None:
    samples = [re.sub(r"^  # (?=- |\w+: )", "  ", line) for line in form]
    result = run("evaluate", "-", "--json", stdin="\n".join(samples))
    findings = json.loads(result.stdout)["findings"]

    assert result.exit_code == 0
    assert len(findings["pain"]) == 3
    assert len(findings["labels"]) == 1
    assert len(findings["exam"]) == 1


def test_every_line_of_a_form_is_read_once_uncommented(form: list[str], kb: KnowledgeBase, terrain: Terrain) -> None:
    section, read = "", []
    for line in form:
        section = line.rstrip(":") if re.fullmatch(r"\w+:", line) else "" if line.startswith("# ---") else section
        term = re.match(r"(?:#|  #  ) (\w+): ", line)
        if term and term[1] in kb.vocabulary.terms:
            findings = read_yaml(line.lstrip(" #"), "form").data
            patient = {"labels": {"labels": {"facet_syndrome": findings}}, "exam": {"exam": [{"muscle": "soleus", **findings}]}}
            read_findings(patient.get(section, findings), terrain)
            read.append(term[1])

    assert set(read) == {term.id for term in kb.vocabulary.terms.values() if not (term.fact or term.of_record)}


# --- terms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("pins and needles", "paresthesia"),
        ("knot", "tender_nodule_in_band"),
        ("numb saddle", "saddle_anaesthesia"),
        ("LUMBAGO", "pain_low_back"),
    ],
)
def test_terms_finds_a_finding_by_name_or_synonym(search: str, expected: str, run: Run) -> None:
    result = run("terms", *search.split())

    assert result.exit_code == 0
    assert expected == result.stdout.splitlines()[1].split()[0]


def test_terms_that_are_not_found_say_so(run: Run) -> None:
    result = run("terms", "flying", "saucer")

    assert (result.exit_code, result.stdout) == (0, "nothing found; try one word of it\n")


def test_what_is_called_exactly_so_comes_before_what_only_holds_the_word(kb: KnowledgeBase) -> None:
    assert forms.look_up(kb, "fever").hits[0].entry.id == "fever"


# --- new rule ---------------------------------------------------------------------------------------------------------


def test_new_rule_writes_a_rule_and_its_cases(rules: Path, run: Run) -> None:
    files = [rules / "article" / "my_rule.yaml", rules / "article" / "my_rule.cases.yaml"]
    result = run("new", "rule", "article/my_rule", "--into", rules)

    assert (0, "".join(f"wrote {file}\n" for file in files)) == (result.exit_code, result.stdout)
    assert all(file.is_file() for file in files)


def test_new_rule_does_not_overwrite(rules: Path, run: Run) -> None:
    run("new", "rule", "article/my_rule", "--into", rules)
    file = rules / "article" / "my_rule.yaml"
    file.write_text("mine", encoding="utf-8")
    result = run("new", "rule", "article/my_rule", "--into", rules)

    assert result.exit_code == 2
    assert faults(result) == [f"{file}: is already there", f"{file.with_name('my_rule.cases.yaml')}: is already there"]
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "id_", ["my_rule", "Article/my_rule", "article/my-rule", "article/", "/my_rule", "../article/my_rule", "article/a/b"]
)
def test_new_rule_wants_a_shelf_and_a_name(id_: str, rules: Path, run: Run) -> None:
    result = run("new", "rule", id_, "--into", rules)

    assert (2, [f"{id_}: expected shelf/name in small letters, digits and underscores"]) == (result.exit_code, faults(result))


def test_new_rule_does_not_begin_a_pack_among_other_files(tmp_path: Path, run: Run) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    result = run("new", "rule", "article/my_rule", "--into", tmp_path)
    expected = [f"{tmp_path}: is not a folder of rules (it has no pack.yaml); name one, or a new one, with --into"]

    assert (2, expected) == (result.exit_code, faults(result))
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("shelf", ["vocabulary", "causes", "codes"])
def test_new_rule_goes_on_no_shelf_of_other_things(shelf: str, tmp_path: Path, run: Run) -> None:
    result = run("new", "rule", f"{shelf}/my_rule", "--into", tmp_path / "ours")

    assert (2, [f"{shelf}/my_rule: {shelf} holds no rules: choose a shelf of another name"]) == (result.exit_code, faults(result))


def test_new_rule_into_a_new_folder_begins_a_pack_that_lies_on_top_without_an_issue(tmp_path: Path, run: Run) -> None:
    ours = tmp_path / "ours"
    made = run("new", "rule", "ours/my_rule", "--into", ours)
    linted = run("--rules", "packaged", "--rules", ours, "lint", "--only", "ours/my_rule")
    again = run("new", "rule", "ours/second", "--into", ours)

    assert (made.exit_code, made.stdout.splitlines()[-1]) == (
        0,
        f"next: mps-rules --rules packaged --rules {ours} lint --only ours/my_rule",
    )
    assert (0, "0 issues\n") == (linted.exit_code, linted.stdout)
    assert again.stdout.splitlines() == [f"wrote {ours}/ours/second.yaml", f"wrote {ours}/ours/second.cases.yaml"]
    assert mps.load(["packaged", ours]).pack.version.endswith(" + ours 0.1")


# --- as a program of its own ------------------------------------------------------------------------------------------


def _program(*arguments: str, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, check=False, timeout=60)


def test_the_program_prints_what_the_library_says() -> None:
    done = _program("evaluate", FILES["facet_label"])

    assert (done.returncode, done.stderr) == (0, b"")
    assert mps.evaluate(example("facet_label")).text() == done.stdout.decode()


def test_the_program_reads_standard_input() -> None:
    done = _program("evaluate", "-", "--json", stdin=Path(FILES["cauda_equina"]).read_bytes())

    assert done.returncode == 0
    assert mps.evaluate(example("cauda_equina")).to_dict() == json.loads(done.stdout)


def test_the_program_ends_with_the_code_and_without_a_traceback() -> None:
    done = _program("lint", "nowhere")

    assert (2, b"", b"error: nowhere: is not a folder\n") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(("arguments", "code"), [(["evaluate", "nowhere.yaml"], 2), (["lint", "nowhere"], 2), (["cases", "nowhere"], 2)])
def test_what_is_nowhere_is_exit_code_2(arguments: list[str], code: int, run: Run) -> None:
    assert code == run(*arguments).exit_code


@pytest.mark.parametrize("stdin", [b"\xff\xfe\0\0", b"&a [*a]", DEEP.encode(), b"{" * 100_000, b"[" * 3_000_000])
def test_hostile_bytes_are_refused(stdin: bytes, run: Run) -> None:
    result = run("evaluate", "-", stdin=stdin)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: standard input")


def test_a_hostile_pipe_is_refused() -> None:
    done = _program("evaluate", "-", stdin=b"{" * 100_000)

    assert (2, b"") == (done.returncode, done.stdout)
    assert done.stderr.startswith(b"error: standard input")
    assert b"Traceback" not in done.stderr


# --- what is printed ------------------------------------------------------------------------------------------------------

RED, CSI, BREAK, TURNED = "\x1b[31m", "\x9b2J", "\nUrgency:  NONE", "\u202e"
EVIL = f"a{RED}b{CSI}c{BREAK}d{TURNED}\x00\r\x7fe"
SHOWN = r"a\u001b[31mb\u009b2Jc\u000aUrgency:  NONEd\u202e\u0000\u000d\u007fe"
REPEATED = {
    "resourceType": "Bundle",
    "type": "searchset",
    "entry": [
        {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "subject": {"reference": "Patient/1"},
                "code": {"coding": [{"system": "urn:mps-rules:finding", "code": EVIL, "display": EVIL}], "text": EVIL},
                "valueString": EVIL,
            }
        }
    ],
}


def obeys(text: str) -> list[str]:
    """The characters that a terminal would obey instead of showing them; the ends of lines are not meant."""
    return [one for one in text if (unicodedata.category(one) in ("Cc", "Zl", "Zp") or one == TURNED) and one != "\n"]


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["evaluate", EVIL.replace("\x00", "")], None),
        (["evaluate", "-", "--rules", EVIL.replace("\x00", "")], "{}"),
        (["evaluate", "-"], json.dumps({EVIL: True})),
        (["evaluate", "-"], json.dumps({"fever": EVIL})),
        (["evaluate", "-"], json.dumps({"pain": [EVIL], "labels": [EVIL], "exam": [{"muscle": EVIL}]})),
        (["explain", "-", EVIL], "{}"),
        (["why-not", "-", EVIL], "{}"),
        (["flip", "-", EVIL], "{}"),
        (["what-if", "-", f"{EVIL}=true"], "{}"),
        (["what-if", "-", EVIL], "{}"),
        (["graph", "-", EVIL], "{}"),
        (["terms", EVIL], None),
        (["cases", EVIL], None),
        (["new", "rule", EVIL], None),
        (["validate", EVIL.replace("\x00", "")], None),
        (["serve", "--config", EVIL.replace("\x00", "")], None),
        (["fhir", "-"], json.dumps(REPEATED)),
        (["fhir", "-", "--json"], json.dumps(REPEATED)),
        (["fhir", "-", "--time-zone", EVIL], "{}"),
        (["evaluate", "a", EVIL], None),
        ([EVIL], None),
        (["evaluate", f"--{EVIL}"], None),
    ],
)
def test_no_control_character_reaches_the_terminal(arguments: list[str], stdin: str | None, run: Run) -> None:
    said = run(*arguments, stdin=stdin)

    assert said.output.strip()
    assert obeys(said.output) == []
    assert "Traceback" not in said.output


def test_a_name_with_line_breaks_cannot_pass_for_a_line_of_the_answer(run: Run) -> None:
    said = [
        run("evaluate", EVIL.replace("\x00", "")).output,
        run("fhir", "-", stdin=json.dumps(REPEATED)).output,
        run("evaluate", "-", stdin=json.dumps({EVIL: 1})).output,
    ]

    assert [line for text in said for line in text.splitlines() if line.startswith("Urgency:  NONEd")] == []
    assert SHOWN.replace(r"\u0000", "") in said[0]


def test_words_of_rules_are_shown_and_not_obeyed(run: Run, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    fever = attrs.evolve(kb.vocabulary.terms["fever"], label=f"Fever [bold]{RED}:warning:")
    words = attrs.evolve(kb.vocabulary, terms={**kb.vocabulary.terms, "fever": fever})
    monkeypatch.setattr("mps_rules.api.load", lambda: attrs.evolve(kb, vocabulary=words))

    assert r"Fever [bold]\u001b[31m:warning:" in run("terms", "fever").output


def test_a_cohort_is_summed_up_without_orders_to_the_terminal(tmp_path: Path, run: Run) -> None:
    file = tmp_path / f"people{RED}.csv"
    file.write_text(f'person,fever,"{RED}{BREAK}"\n"{RED}1",true,1\n2,"{RED}",1\n3,false,1\n', encoding="utf-8")
    said = run("cohort", file, "--out", tmp_path / f"out{RED}.parquet")

    assert obeys(said.output) == []
    assert r"\u001b[31m" in said.output


@given(st.text())
def test_whatever_is_printed_holds_no_order_and_loses_no_letter(text: str) -> None:
    assert obeys(in_one_line(text).replace("\n", "\t")) == []
    assert obeys(printable(text).replace("\t", "")) == []
    assert json.loads(printable(json.dumps(text, ensure_ascii=False))) == text


def test_the_day_on_which_a_chart_is_read_is_that_of_the_zone_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_772_398_800)
    days = [
        json.loads(run("fhir", "-", "--json", "--time-zone", zone, stdin=json.dumps(REPEATED)).output)["report"]["on"]
        for zone in ("Australia/Sydney", "America/New_York")
    ]

    assert days == ["2026-03-02", "2026-03-01"]


def test_a_zone_that_is_none_is_told_with_the_closest(run: Run) -> None:
    said = run("fhir", "-", "--time-zone", "Europe/Londn", stdin="{}")

    assert (said.exit_code, said.output) == (2, "error: --time-zone: no time zone 'Europe/Londn'; closest is 'Europe/London'\n")


def test_the_service_is_served_with_the_rules_named_before_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr("mps_rules.service.serving.serve", lambda *given: said.append((given[0], given[2])))

    assert run("--rules", "packaged", "serve", "--rules", SMALL).exit_code == 0
    assert [(None, ("packaged", SMALL))] == said


def test_folders_named_for_the_service_go_before_those_of_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []
    monkeypatch.setattr(serving, "application", served.append)
    monkeypatch.setenv(serving.CONFIG, "")
    monkeypatch.setenv(serving.FOLDERS, os.pathsep.join(("packaged", SMALL)))
    monkeypatch.setattr(serving, "read_settings", lambda _: Settings(rules=("elsewhere",)))
    serving.from_environment()

    assert [("packaged", SMALL)] == [settings.rules for settings in served]
