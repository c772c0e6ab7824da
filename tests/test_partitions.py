"""Files of patients are evaluated part by part, go on where they were cut off, and lose nothing."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from mps_rules import evaluate_cohort
from mps_rules.command.cli import main
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.population.partitions import Asked, evaluate_files, rejects_beside
from mps_rules.population.tally import summarised, text

FLAG = "rf_cauda_equina"
ASKED = Asked(conclusions=(FLAG, "fibromyalgia"), rows=3)


class CutOffError(Exception):
    """The power fails."""


def people(first: int, count: int) -> pl.DataFrame:
    """People of whom every second has numbness of the saddle, every third was not asked, and every fifth has an impossible age."""
    numbers = range(first, first + count)
    return pl.DataFrame(
        {
            "person": list(numbers),
            "saddle_anaesthesia": [None if n % 3 == 0 else n % 2 == 0 for n in numbers],
            "pain.low_back": [True] * count,
            "age_years": [460.0 if n % 5 == 0 else 46.0 for n in numbers],
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    people(1, 7).write_parquet(folder / "a.parquet")
    people(8, 4).write_parquet(folder / "b.parquet")
    return folder


def _rows(path: Path) -> list[tuple[object, ...]]:
    return pl.read_parquet(path).rows()


def test_the_parts_together_say_what_the_whole_table_says(folder: Path, tmp_path: Path, kb: KnowledgeBase) -> None:
    ran = evaluate_files([folder], tmp_path / "out.parquet", kb, ASKED)

    assert ran.people == 11
    assert ran.faults == 2
    assert _rows(ran.out) == evaluate_cohort(people(1, 11), kb, conclusions=ASKED.conclusions).rows()
    assert {row[:2] for row in _rows(ran.rejects)} == {("5", "age_years"), ("10", "age_years")}
    assert not (tmp_path / "out.parquet.parts").exists()


def test_a_run_that_was_cut_off_goes_on_and_ends_in_the_same_bytes(folder: Path, tmp_path: Path, kb: KnowledgeBase) -> None:
    whole = evaluate_files([folder], tmp_path / "whole.parquet", kb, ASKED)
    out = tmp_path / "out.parquet"

    def cut_off(done: int, _of: int) -> None:
        if done == 2:
            raise CutOffError

    with pytest.raises(CutOffError):
        evaluate_files([folder], out, kb, ASKED, cut_off)

    assert not out.exists()
    ran = evaluate_files([folder], out, kb, ASKED)
    assert ran.found_done == 2
    assert out.read_bytes() == whole.out.read_bytes()
    assert ran.rejects.read_bytes() == whole.rejects.read_bytes()


@pytest.mark.parametrize("other", [Asked(conclusions=(FLAG,), rows=3), Asked(conclusions=ASKED.conclusions, rows=2)])
def test_parts_of_another_run_are_not_mixed_in(folder: Path, tmp_path: Path, kb: KnowledgeBase, other: Asked) -> None:
    def cut_off(done: int, _of: int) -> None:
        if done == 1:
            raise CutOffError

    with pytest.raises(CutOffError):
        evaluate_files([folder], tmp_path / "out.parquet", kb, ASKED, cut_off)

    with pytest.raises(FindingError, match="parts of another run"):
        evaluate_files([folder], tmp_path / "out.parquet", kb, other)


def test_a_damaged_file_is_named_and_the_others_are_evaluated(folder: Path, tmp_path: Path, kb: KnowledgeBase) -> None:
    whole = (folder / "b.parquet").read_bytes()
    (folder / "c.parquet").write_bytes(whole[: len(whole) // 2])

    ran = evaluate_files([folder], tmp_path / "out.parquet", kb, ASKED)

    assert [Path(part.file).name for part in ran.unopened] == ["c.parquet"]
    assert ran.people == 11


def test_a_file_whose_middle_is_damaged_loses_only_the_parts_that_lie_there(folder: Path, tmp_path: Path, kb: KnowledgeBase) -> None:
    path = folder / "a.parquet"
    whole = bytearray(path.read_bytes())
    whole[8:40] = bytes(32)
    path.write_bytes(whole)

    ran = evaluate_files([folder], tmp_path / "out.parquet", kb, ASKED)

    assert {Path(part.file).name for part in ran.unopened} == {"a.parquet"}
    assert [row[0] for row in _rows(ran.out)] == [8, 9, 10, 11]


def test_a_csv_file_is_read_as_text_and_a_cell_that_is_no_number_sets_its_row_aside(tmp_path: Path, kb: KnowledgeBase) -> None:
    path = tmp_path / "in.csv"
    path.write_text("person,saddle_anaesthesia,age_years\n1,true,46\n2,no,\n3,unknown,old\n4,perhaps,50\n")

    ran = evaluate_files([path], tmp_path / "out.parquet", kb, Asked(conclusions=(FLAG,)))

    assert _rows(ran.out)[0] == ("1", False, True)
    assert [row[1] for row in _rows(ran.out)] == [False, False, True, True]
    assert _rows(ran.rejects) == [
        ("3", "age_years", "cannot be read as a number"),
        ("4", "saddle_anaesthesia", "cannot be read as a truth"),
    ]


def test_a_long_file_is_not_torn_apart(tmp_path: Path, kb: KnowledgeBase) -> None:
    said = [(n, term, "true") for term in ("saddle_anaesthesia", "fever") for n in (1, 2, 3)]
    pl.DataFrame(said, schema=["person", "term", "value"], orient="row").write_parquet(tmp_path / "in.parquet")

    ran = evaluate_files([tmp_path / "in.parquet"], tmp_path / "out.parquet", kb, Asked(conclusions=(FLAG,), rows=2))

    assert sorted(_rows(ran.out)) == [(1, False, True), (2, False, True), (3, False, True)]


def test_nothing_to_read_is_said_and_every_wrong_path_is_named(tmp_path: Path, kb: KnowledgeBase) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(FindingError) as caught:
        evaluate_files([tmp_path / "none.parquet", tmp_path / "notes.txt"], tmp_path / "out.parquet", kb, ASKED)
    assert len(caught.value.faults) == 2
    with pytest.raises(FindingError, match="holds no file"):
        evaluate_files([tmp_path], tmp_path / "out.parquet", kb, ASKED)


def test_the_numbers_of_a_result_count_whom_they_could_not_read(kb: KnowledgeBase) -> None:
    summary = summarised(evaluate_cohort(people(1, 11), kb), kb)
    flag = next(one for one in summary.flags if one.id == FLAG)

    assert (summary.people, summary.rejected) == (11, 2)
    assert sum(count for _, count in summary.urgencies) == 9
    assert (flag.raised, flag.undecided) == (3, 6)
    assert "11 people, 2 of them set aside" in text(summary, kb)


def _run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    return result.exit_code, result.output


def test_the_command_writes_both_files_and_says_what_it_found(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    code, said = _run("cohort", folder, "--out", out, "--conclusions", f"{FLAG},fibromyalgia")

    assert code == 0
    assert "11 people, 2 of them set aside" in said
    assert "Possible cauda equina syndrome" in said
    assert pl.read_parquet(rejects_beside(out)).height == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--conclusions", "rf_cauda_equine"], "closest is 'rf_cauda_equina'"),
        (["--person", "who"], "who: no such column"),
        (["--keep", "ward"], "ward: no such column"),
    ],
)
def test_what_is_misspelt_is_named_with_the_closest_word(folder: Path, tmp_path: Path, arguments: Sequence[str], expected: str) -> None:
    code, said = _run("cohort", folder, "--out", tmp_path / "out.parquet", *arguments)

    assert code == 2
    assert expected in said


def test_a_damaged_file_gives_a_result_and_a_code_that_says_it_is_not_whole(folder: Path, tmp_path: Path) -> None:
    (folder / "c.parquet").write_bytes(b"PAR1 and no more")
    code, said = _run("cohort", folder, "--out", tmp_path / "out.parquet", "--conclusions", FLAG)

    assert code == 2
    assert "c.parquet, from row 0: cannot be opened" in said
    assert pl.read_parquet(tmp_path / "out.parquet").height == 11
