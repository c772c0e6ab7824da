"""Vignettes judge the rules: what differs is a finding about the rules; what cannot be read is a fault of the caller or the author."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mps_rules.authoring import docgen, vignettes
from mps_rules.authoring.presented import Validation
from mps_rules.command.cli import main
from mps_rules.knowledge.pack import KnowledgeBase

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "vignettes"
CHART = ROOT / "examples" / "simple_back_pain.yaml"


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_page_of_the_validation_is_up_to_date(kb: KnowledgeBase) -> None:
    judged = vignettes.judge(kb, vignettes.read_vignettes(FOLDER, kb))
    written = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")

    assert docgen.validation_page(kb, judged, CHART) == written, "docs/validation.md is behind the rules: make docs"


# --- the command ------------------------------------------------------------------------------------------------------


def test_what_is_right_is_shown_as_shares(rules_and_vignettes: tuple[Path, Path]) -> None:
    rules, folder = rules_and_vignettes
    result = run("validate", folder, "--rules", rules)

    assert 0 == result.exit_code
    assert "one of the right hypotheses leads                1 of 1 (100 %, 21 to 100)" in result.stdout
    assert "0 of 1 vignettes differ" in result.stdout


def test_a_vignette_that_differs_is_named_and_is_no_error(rules_and_vignettes: tuple[Path, Path]) -> None:
    rules, folder = rules_and_vignettes
    one = folder / "few.yaml"
    one.write_text(one.read_text(encoding="utf-8").replace("urgency: [none]", "urgency: [emergency]"), encoding="utf-8")
    result = run("validate", folder, "--rules", rules)

    assert 0 == result.exit_code
    assert "1 of 1 vignettes differ" in result.stdout
    assert "Hot and sore\n    urgency is none, not emergency\n" in result.stdout


def test_the_page_is_written_with_one_finding_at_a_time(rules_and_vignettes: tuple[Path, Path], tmp_path: Path) -> None:
    rules, folder = rules_and_vignettes
    chart, out = tmp_path / "chart.yaml", tmp_path / "page.md"
    chart.write_text("rash: true\n", encoding="utf-8")
    result = run("validate", folder, "--rules", rules, "--chart", chart, "--out", out)
    page = out.read_text(encoding="utf-8")

    assert 0 == result.exit_code
    assert "0 of 3 findings, added singly" in result.stdout
    assert page.startswith("# Validation\n")
    assert "(rash True), to whom each yes/no finding is added singly: 0 of 3 findings" in page


@pytest.mark.parametrize(
    ("name", "content", "expected", "code"),
    [
        (
            "few.yaml",
            "- {vignette: One, kind: k, findings: {fevr: true}, expect: {leading: [muscle_pain], urgency: [none]}, why: w}\n",
            "closest is 'fever'",
            2,
        ),
        (
            "few.yaml",
            "- {vignette: One, kind: k, findings: {}, expect: {leading: [muscle_pian], urgency: [none]}, why: w}\n",
            "closest is 'muscle_pain'",
            1,
        ),
        ("few.yaml", "- {vignette: One}\n", "is missing", 1),
        ("few.yaml", b"\xff\xfe", "is not UTF-8 text", 1),
        ("few.txt", "nothing", "holds no vignettes", 1),
    ],
)
def test_what_is_no_vignette_is_a_list_of_faults(
    name: str, content: str | bytes, expected: str, code: int, rules_and_vignettes: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "spoilt"
    folder.mkdir()
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    result = run("validate", folder, "--rules", rules_and_vignettes[0])

    assert code == result.exit_code
    assert result.stderr.startswith("error: ")
    assert expected in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--chart", "nowhere.yaml", "nowhere.yaml: cannot be read"),
        ("--chart", "wrong.yaml", "no finding 'fevr'"),
        ("--out", "nowhere/page.md", "nowhere/page.md: cannot be written"),
    ],
)
def test_what_cannot_be_read_or_written_is_exit_code_2(
    option: str, value: str, expected: str, rules_and_vignettes: tuple[Path, Path], tmp_path: Path
) -> None:
    rules, folder = rules_and_vignettes
    (tmp_path / "wrong.yaml").write_text("fevr: true\n", encoding="utf-8")
    result = run("validate", folder, "--rules", rules, option, tmp_path / value)

    assert 2 == result.exit_code
    assert expected in result.stderr


def test_a_folder_that_is_none_is_exit_code_2() -> None:
    result = run("validate", "/nowhere")

    assert (2, "error: /nowhere: is not a folder\n") == (result.exit_code, result.stderr)


def test_of_strangers_most_serious_ones_are_seen_and_few_others_are_called_urgent(kb: KnowledgeBase) -> None:
    strangers = Validation(kb, Path(__file__).parent / "strangers")
    serious = [chart for chart in strangers.presented if "none" not in chart.urgency and "soon" not in chart.urgency]
    others = [chart for chart in strangers.presented if "none" in chart.urgency]
    unseen = [chart.id for chart in serious if strangers.under(chart)]
    called = [chart.id for chart in others if strangers.over(chart)]

    assert (len(serious), len(others)) == (73, 77)
    assert len(unseen) / len(serious) <= 0.2, unseen
    assert len(called) / len(others) <= 0.05, called
