"""Two versions of the rules over every patient that there can be: what stays the same is said to, and what changes is shown with somebody."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mps_rules.api import evaluate, load
from mps_rules.authoring.compared import Compared, compare
from mps_rules.command.cli import main
from packs import SMALL, Layer, rule, written

DERIVED = rule("criteria.ill", "{all: [rash, cough]}", "[derive: ill]")


def flag(when: str, urgency: str = "urgent") -> Layer:
    alert = f"id: fa, label: A, urgency: {urgency}, condition: infection, act_within: now, action: Go., regions: [body]"
    return rule("safety.fa", f"{{trigger: {when}}}", f"[alert: {{{alert}}}]")


def compared(folder: Path, before: Layer, after: Layer) -> Compared:
    return compare(*(load(written(folder / name, SMALL, DERIVED, one)) for name, one in (("old", before), ("new", after))))


def test_a_rule_that_is_written_otherwise_and_says_the_same_changes_nothing_for_anybody(tmp_path: Path) -> None:
    found = compared(tmp_path, flag("{any: [rash, {all: [cough, rash]}]}"), flag("{not: {not: rash}}"))

    assert ((), (), ()) == (found.apart, found.milder, found.undecided)
    assert {"ill", "fa", "alert.urgent"} <= set(found.same)
    assert "Nobody is judged less urgent than before." in str(found)


def test_a_flag_that_asks_for_more_is_shown_with_somebody_who_loses_it_and_is_judged_less_urgent(tmp_path: Path) -> None:
    found = compared(tmp_path, flag("rash"), flag("{all: [rash, {temperature: {at_least: 38.5}}]}"))
    lost = next(one for one in found.apart if one.conclusion == "fa")
    (milder,) = found.milder

    assert {("fa", True), ("alert.urgent", True)} == {(one.conclusion, one.before) for one in found.apart}
    assert ["urgent", "none"] == [evaluate(lost.findings, load(tmp_path / name)).urgency for name in ("old", "new")]
    assert "safety.fa" == milder.conclusion
    assert ["urgent", "none"] == [evaluate(milder.findings, load(tmp_path / name)).urgency for name in ("old", "new")]


def test_a_flag_that_asks_for_less_is_shown_with_somebody_who_has_it_now_and_nobody_is_judged_less_urgent(tmp_path: Path) -> None:
    found = compared(tmp_path, flag("{temperature: {at_least: 39}}"), flag("{temperature: {at_least: 38.5}}"))
    shown = next(one for one in found.apart if one.conclusion == "fa")

    assert {False} == {one.before for one in found.apart}
    assert () == found.milder
    assert ["none", "urgent"] == [evaluate(shown.findings, load(tmp_path / name)).urgency for name in ("old", "new")]


def test_a_flag_whose_urgency_falls_is_told_though_it_is_still_raised(tmp_path: Path) -> None:
    found = compared(tmp_path, flag("rash", "emergency"), flag("rash", "soon"))

    assert "fa" in found.same
    assert ["safety.fa"] == [one.conclusion for one in found.milder]


@pytest.mark.parametrize(("options", "code", "says"), [(["--prove"], 0, "are the same for every patient"), ([], 2, "Name patients")])
def test_the_command_compares_two_folders_for_everybody_or_asks_for_patients(
    tmp_path: Path, options: list[str], code: int, says: str
) -> None:
    for name in ("old", "new"):
        written(tmp_path / name, SMALL, DERIVED, flag("rash"))
    result = CliRunner().invoke(main, ["diff", str(tmp_path / "old"), str(tmp_path / "new"), *options])

    assert (code, True) == (result.exit_code, says in result.output)
