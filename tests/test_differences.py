"""In what two answers differ, and for whom two versions of the rules say different things, because of which rule."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import mps_rules as mps
from charts import chart, sample
from mps_rules.answer.differences import RulesDiff, diff_rules, difference, named
from mps_rules.command.cli import main
from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.pack import KnowledgeBase
from packs import SMALL, Layer, rule, written

Two = Callable[[list[Layer], list[Layer]], tuple[KnowledgeBase, KnowledgeBase]]
LEADS = "[support: {hypothesis: muscle_pain, strength: strong}]"
ALERT = "[alert: {id: rf_x, label: X, urgency: urgent, condition: infection, act_within: now, action: Go., regions: [low_back]}]"


@pytest.fixture
def two(tmp_path: Path) -> Two:
    """Two versions of the small pack."""

    def made(before: list[Layer], after: list[Layer]) -> tuple[KnowledgeBase, KnowledgeBase]:
        version = {"pack.yaml": str(SMALL["pack.yaml"]).replace('version: "1"', 'version: "2"')}
        return (
            load_folders([written(tmp_path / "before", SMALL, *before)]),
            load_folders([written(tmp_path / "after", SMALL, version, *after)]),
        )

    return made


# --- two assessments --------------------------------------------------------------------------------------------------


def test_two_equal_assessments_do_not_differ(kb: KnowledgeBase) -> None:
    for one in sample(61, 8):
        first, second = (mps.evaluate(chart(one), kb) for _ in range(2))

        assert not difference(first, second)
        assert "Nothing changes." == str(difference(first, second))


def test_the_difference_backwards_speaks_of_the_same_things(kb: KnowledgeBase) -> None:
    patients = [mps.evaluate(chart(one), kb) for one in sample(62, 8)]
    assert len(patients) > 1
    for before, after in pairwise(patients):
        there, back = difference(before, after), difference(after, before)

        assert len(there.lines) == len(back.lines)
        assert sorted(there.rules) == sorted(back.rules)


def test_an_assessment_that_was_read_back_can_be_compared(kb: KnowledgeBase) -> None:
    before, after = (mps.evaluate(said, kb) for said in ({"pain": ["low_back.left"]}, {"saddle_anaesthesia": True}))
    stored = mps.Assessment.from_dict(before.to_dict())

    assert mps.diff(before, after) == mps.diff(stored, after) == difference(before, after)
    assert "Urgency: none before, emergency now." == mps.diff(before, after).lines[0]


def test_the_lines_come_most_urgent_first(kb: KnowledgeBase) -> None:
    before = mps.evaluate({"age_years": 40, "pain": ["low_back.left"]}, kb)
    after = mps.evaluate({"age_years": 40, "pain": ["low_back.left"], "saddle_anaesthesia": True, "pain_dull_deep_ache": True}, kb)
    kinds = ["Urgency", "Red flag", "Leading", "New advice"]
    places = [next(number for number, line in enumerate(difference(before, after).lines) if line.startswith(kind)) for kind in kinds]

    assert sorted(places) == places


# --- two versions of the rules ----------------------------------------------------------------------------------------


def test_a_rule_that_changed_names_the_patients_and_itself(two: Two) -> None:
    before, after = two(
        [rule("shelf.one", when="fever", then=LEADS), rule("shelf.same", when="rash", then="[derive: red]")],
        [rule("shelf.one", when="{all: [fever, cough]}", then=LEADS), rule("shelf.same", when="rash", then="[derive: red]")],
    )
    patients = {"hot": {"fever": True}, "hot and coughing": {"fever": True, "cough": True}, "well": {"fever": False}, "unknown": {}}
    found = diff_rules(before, after, patients)

    assert ((), (), ("shelf.one",)) == (found.added, found.removed, found.rewritten)
    assert ["hot"] == [one.patient for one in found.changed]
    assert ("Leading: nothing; before: Muscle pain.", "Muscle pain: without arguments, probable before.") == found.changed[
        0
    ].difference.lines
    assert ("", "shelf.one") == found.changed[0].difference.rules
    assert (4, ()) == (found.patients, found.unread)


def test_a_rule_that_came_or_went_names_the_patients(two: Two) -> None:
    before, after = two(
        [rule("shelf.gone", when="fever", then="[caution: {id: warm, text: Warm.}]")],
        [
            rule("shelf.new", when="{trigger: rash}", then=ALERT),
            rule("shelf.care", when="cough", then="[recommend: {kind: examine, text: Look.}]"),
        ],
    )
    found = diff_rules(before, after, {"warm": {"fever": True}, "red": {"rash": True}, "coughing": {"cough": True}})
    told = {one.patient: dict(zip(one.difference.lines, one.difference.rules, strict=True)) for one in found.changed}

    assert {"shelf.care", "shelf.new"} <= set(found.added)
    assert ("shelf.gone",) == found.removed
    assert {"Caution gone: Warm": "shelf.gone"} == told["warm"]
    assert "shelf.new" == told["red"]["Red flag raised: X (urgent)."]
    assert "Urgency: none before, urgent now." in told["red"]
    assert {"New advice: Look": "shelf.care"} == told["coughing"]


def test_a_rule_whose_words_alone_changed_answers_nobody_differently(two: Two) -> None:
    one = rule("shelf.one", when="fever", then=LEADS)
    before, after = two([one], [{name: text.replace("limits: None.", "limits: Some.") for name, text in one.items()}])
    found = diff_rules(before, after, {"hot": {"fever": True}})

    assert (("shelf.one",), ()) == (found.rewritten, found.changed)


def test_a_rule_that_only_moved_to_another_stratum_is_not_rewritten(two: Two) -> None:
    reads = rule("shelf.reads", when="{established: {derived: ill}}", then="[derive: worse]")
    deeper = [
        rule("shelf.base", when="cough", then="[derive: base]"),
        rule("shelf.one", when="{any: [fever, {established: {derived: base}}]}"),
    ]
    before, after = two([rule("shelf.one"), reads], [*deeper, reads])
    found = diff_rules(before, after, {})

    assert before.by_id["shelf.reads"].stratum != after.by_id["shelf.reads"].stratum
    assert (("shelf.base",), ("shelf.one",)) == (found.added, found.rewritten)


def test_patients_that_one_version_cannot_read_are_listed(two: Two) -> None:
    more = {"vocabulary/findings/more.yaml": "category: more\nfindings:\n  - {id: pallor, label: Pallor, cost: examined}\n"}
    before, after = two([rule("shelf.one")], [more, rule("shelf.one")])
    found = diff_rules(before, after, {"pale": {"pallor": True}, "odd": {"fevr": True}, "hot": {"fever": True}, "nobody": None})

    assert 4 == found.patients
    assert ["nobody", "odd"] == sorted(line.partition(":")[0] for line in found.unread)
    assert any("no finding 'fevr'" in line for line in found.unread)


def test_the_same_rules_say_the_same(kb: KnowledgeBase) -> None:
    found = diff_rules(kb, kb, {one.vignette: chart(one) for one in sample(63, 6)})

    assert ((), (), (), (), ()) == (found.added, found.removed, found.rewritten, found.changed, found.unread)
    assert found.before == found.after
    assert "0 of 6 patients are answered differently." in str(found)


def test_the_text_tells_patients_lines_and_rules(two: Two) -> None:
    before, after = two(
        [rule("shelf.one", then="[caution: {id: warm, text: Warm.}]")], [rule("shelf.two", then="[caution: {id: hot, text: Hot.}]")]
    )
    found = str(diff_rules(before, after, {"warm": {"fever": True}, "odd": {"fevr": True}})).splitlines()

    assert found[0].startswith("Rules 1 (")
    assert found[0].endswith("): 1 added, 1 removed, 0 rewritten.")
    assert [
        "1 of 2 patients are answered differently.",
        "  warm",
        "    New caution: Hot [shelf.two]",
        "    Caution gone: Warm [shelf.one]",
    ] == found[1:5]
    assert found[5].startswith("  not read: odd: fevr: no finding 'fevr'")


def test_patients_of_one_name_are_numbered() -> None:
    expected = {"a": 1, "a (2)": 2, "b": 3, "a (3)": 4}

    assert expected == named([("a", 1), ("a", 2), ("b", 3), ("a", 4)])


# --- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Rules before, rules after, and a folder of patients: one file of vignettes, one of a single patient."""
    patients = {
        "many.yaml": "- {vignette: Hot, findings: {fever: true}}\n- {case: Cold, findings: {fever: false}}\n- {findings: {fevr: true}}\n",
        "deep/one.json": '{"fever": true, "cough": true}',
    }
    return (
        written(tmp_path / "before", SMALL, rule("shelf.one", then=LEADS)),
        written(tmp_path / "after", SMALL, rule("shelf.one", then=LEADS, when="{all: [fever, cough]}")),
        written(tmp_path / "patients", patients),
    )


def test_the_command_tells_who_is_answered_differently(folders: tuple[Path, Path, Path]) -> None:
    told = run("diff", *folders)

    assert 0 == told.exit_code
    assert "1 of 4 patients are answered differently.\n  Hot\n" in told.stdout
    assert "Muscle pain: without arguments, probable before. [shelf.one]" in told.stdout
    assert "  not read: many.yaml: fevr: no finding 'fevr' in the vocabulary; closest is 'fever'" in told.stdout


def test_the_command_takes_one_file_too(folders: tuple[Path, Path, Path]) -> None:
    before, after, patients = folders

    assert "0 of 1 patients are answered differently." in run("diff", before, after, patients / "deep" / "one.json").stdout


@pytest.mark.parametrize(("place", "code"), [(0, 2), (1, 2), (2, 2)])
def test_a_folder_that_is_none_is_a_fault(place: int, code: int, folders: tuple[Path, Path, Path]) -> None:
    arguments: list[Any] = list(folders)
    arguments[place] = Path("/nowhere")
    told = run("diff", *arguments)

    assert code == told.exit_code
    assert told.stderr.startswith("error: /nowhere")


def test_a_diff_of_rules_is_a_value(kb: KnowledgeBase) -> None:
    first, second = (diff_rules(kb, kb, {"one": {"fever": True}}) for _ in range(2))

    assert isinstance(first, RulesDiff)
    assert first == second
