"""A folder becomes a knowledge base, or a list of everything wrong with it: where, what, and what instead."""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from mps_rules.errors import KnowledgeError
from mps_rules.knowledge.digest import digest
from mps_rules.knowledge.loading import load_folders, placeholders
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.knowledge.rules import (
    Ask,
    Conclusion,
    Confirm,
    CriterionMet,
    Derive,
    Evidence,
    Exclude,
    GiveCaution,
    Oppose,
    Recommend,
    Review,
    Rule,
    Support,
)
from mps_rules.language import conditions as c
from mps_rules.language.conditions import level
from packs import SMALL, Layer, rule, written

Load = Callable[..., KnowledgeBase]
FaultsOf = Callable[..., list[str]]


@pytest.fixture
def faults_of(load: Load) -> FaultsOf:
    """What is said against the small pack with these files laid over it."""

    def faults(*layers: Layer) -> list[str]:
        with pytest.raises(KnowledgeError) as refused:
            load(*layers)
        return [str(fault) for fault in refused.value.faults]

    return faults


def _changed(name: str, old: str, new: str) -> dict[str, str]:
    """One file of the small pack with a piece of its text exchanged."""
    assert SMALL[name].count(old) == 1
    return {name: SMALL[name].replace(old, new)}


def _line(name: str, piece: str) -> int:
    """The line of a file of the small pack on which a piece of text stands."""
    return SMALL[name][: SMALL[name].index(piece)].count("\n") + 1


# --- what is loaded ---------------------------------------------------------------------------------------------------


def test_a_pack_needs_no_more_than_to_say_what_it_is(tmp_path: Path) -> None:
    base = load_folders([written(tmp_path, {"pack.yaml": SMALL["pack.yaml"]})])

    assert base.pack.id == "small"
    assert base.rules == ()


def test_every_part_of_a_pack_arrives(load: Load) -> None:
    base = load(rule("shelf.first"))
    words = base.vocabulary
    expected = {"units": 4, "terms": 19, "measures": 1, "regions": 10, "muscles": 4, "diagnoses": 2, "suspects": 2}

    assert expected == {name: len(getattr(words, name)) for name in expected}
    assert [len(base.referrals), len(base.references), len(base.claims), len(base.rules)] == [9, 1, 1, 1]


def test_a_rule_arrives_as_it_was_written(load: Load) -> None:
    expected = Rule(
        id="shelf.first",
        title="A rule",
        status="active",
        about="patient",
        summary="A summary.",
        evidence=Evidence("textbook", ("BOOK",), ("C1",)),
        when=c.Present("fever"),
        then=(Derive("ill"),),
        limits="None.",
        reviewed=Review("2026-11-22", "authors"),
    )

    assert (expected,) == load(rule("shelf.first")).rules


def test_files_that_are_no_yaml_and_cases_are_left_alone(load: Load) -> None:
    base = load(rule("shelf.first"), {"README.md": "# no: [yaml", "shelf/first.cases.yaml": "- case: [", "shelf/notes.txt": "&&&"})

    assert len(base.rules) == 1


def test_drafts_and_retired_rules_are_kept_apart(load: Load) -> None:
    base = load(rule("shelf.b", status="retired"), rule("shelf.a", status="draft"), rule("shelf.c"))

    assert [one.id for one in base.rules] == ["shelf.c"]
    assert [one.id for one in base.shelved] == ["shelf.a", "shelf.b"]


def test_a_draft_may_leave_out_what_a_live_rule_owes(load: Load) -> None:
    text = "id: shelf.a\ntitle: A\nstatus: draft\nabout: patient\nwhen: fever\nthen: [derive: ill]\n"

    assert [one.id for one in load({"shelf/a.yaml": text}).shelved] == ["shelf.a"]


@pytest.mark.parametrize(
    ("written_", "expected"),
    [
        ("fever", c.Present("fever")),
        ("{not: fever}", c.Not(c.Present("fever"))),
        ("{all: [fever, rash]}", c.All((c.Present("fever"), c.Present("rash")))),
        ("{any: [fever]}", c.Any((c.Present("fever"),))),
        ("{at_least: {n: 2, of: [fever, rash, cough]}}", c.AtLeast(2, (c.Present("fever"), c.Present("rash"), c.Present("cough")))),
        ("{quality: [dull, sharp]}", c.Words("quality", ("dull", "sharp"))),
        ("{onset: [sudden]}", c.Words("onset", ("sudden",))),
        ("{temperature: {at_least: 38}}", c.Compare("temperature", at_least=38.0)),
        ('{duration: {above: "14 days", below: "3 wk"}}', c.Compare("duration", above=2.0, below=3.0)),
        ("{score: {at_most: 1}}", c.Compare("score", at_most=1.0)),
        ("{pain_at: [calf, leg]}", c.PainAt(("calf", "leg"))),
        ("{pain_at: {regions: [calf], side: left}}", c.PainAt(("calf",), "left")),
        ("{label: [strain]}", c.Label(("strain",))),
        ("{established: fever}", c.Established(c.Present("fever"))),
        ("{known: fever}", c.Known(c.Present("fever"))),
        ("{item: {id: a, label: Line, is: fever}}", c.Item("a", "Line", c.Present("fever"))),
        (
            "{any_muscle: {where: examined, has: taut_band}}",
            c.CountMuscles(c.All((c.Present("examined"), c.Present("taut_band"))), 1),
        ),
        (
            "{count_muscles: {where: {muscle: [beta]}, has: taut_band, at_least: 2}}",
            c.CountMuscles(c.All((c.MuscleIs(("beta",)), c.Present("taut_band"))), 2),
        ),
    ],
)
def test_each_form_of_a_condition_is_read(load: Load, written_: str, expected: c.Condition) -> None:
    assert expected == load(rule("shelf.a", when=written_)).rules[0].when


@pytest.mark.parametrize(
    ("about", "written_", "expected"),
    [
        ("muscle", "{muscle: [alpha, beta]}", c.MuscleIs(("alpha", "beta"))),
        ("muscle", "{all: [taut_band, fever]}", c.All((c.Present("taut_band"), c.Present("fever")))),
        ("label", "{label_is: {kind: [article]}}", c.LabelIs("kind", ("article",))),
        ("label", "{label_muscle: refers_to_pain}", c.LabelMuscle(c.Present("refers_to_pain"))),
        ("label", "{basis: [imaging]}", c.Words("basis", ("imaging",))),
    ],
)
def test_forms_about_one_muscle_or_diagnosis_stand_in_their_rules(load: Load, about: str, written_: str, expected: c.Condition) -> None:
    assert expected == load(rule("shelf.a", about=about, when=written_)).rules[0].when


@pytest.mark.parametrize(
    ("written_", "expected"),
    [
        ("derive: ill", Derive("ill")),
        ("support: {hypothesis: muscle_pain, strength: weak}", Support("muscle_pain", "weak")),
        ("oppose: {hypothesis: muscle_pain, strength: strong}", Oppose("muscle_pain", "strong")),
        ("confirm: {hypothesis: infection}", Confirm("infection")),
        ("exclude: {hypothesis: infection}", Exclude("infection")),
        ("criterion: {id: x_2016, name: X, hypothesis: infection}", CriterionMet("x_2016", "X", "infection")),
        ("caution: {id: careful, text: Mind.}", GiveCaution("careful", "Mind.")),
        ("recommend: {kind: examine, text: Look.}", Recommend("examine", "Look.")),
        ("ask: {terms: [rash], text: Why.}", Ask(("rash",), "Why.")),
    ],
)
def test_each_form_of_a_conclusion_is_read(load: Load, written_: str, expected: Conclusion) -> None:
    assert (expected,) == load(rule("shelf.a", then=f"[{written_}]")).rules[0].then


def test_the_packaged_rules_load_and_belong_to_this_checkout() -> None:
    base = load_folders([packaged_rules()])

    assert len(base.rules) > 50
    assert (packaged_rules() / "README.md").is_file()


def test_two_loads_of_one_folder_are_equal(load: Load) -> None:
    one, other = load(rule("shelf.a")), load()

    assert one == other
    assert hash(one) == hash(other)
    assert one != load(rule("shelf.b"))
    assert one != "small"


# --- files that cannot be read ----------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    with pytest.raises(KnowledgeError, match="is not a folder") as refused:
        load_folders([missing])

    assert str(missing) in str(refused.value)


def test_a_folder_without_a_pack_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"has no pack\.yaml"):
        load_folders([written(tmp_path, {"vocabulary/units.yaml": SMALL["vocabulary/units.yaml"]})])


def test_nothing_to_load_is_a_fault() -> None:
    with pytest.raises(KnowledgeError, match=r"has no pack\.yaml"):
        load_folders([])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("when: [fever", "shelf/a.yaml line 2: not YAML: did not find expected ',' or ']'"),
        (b"title: \xff\xfe", "shelf/a.yaml: is not UTF-8 text"),
        ("a: 1\na: 2", "shelf/a.yaml line 2: key 'a' is given twice"),
        ("a: &x 1", "shelf/a.yaml line 1: anchors (&name) are not allowed; write the value out"),
        ("a: !!python/name:os.system x", "shelf/a.yaml line 1: tags (tag:yaml.org,2002:python/name:os.system) are not allowed"),
        ("[" * 100_000, "shelf/a.yaml line 1: nested more than 64 deep"),
        ("", "shelf/a.yaml line 1: expected a mapping, got None"),
        ("- fever", "shelf/a.yaml line 1: expected a mapping, got ['fever']"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(faults_of: FaultsOf, content: str | bytes, expected: str) -> None:
    faults = faults_of({"shelf/a.yaml": content})

    assert [expected.replace(" line 1: expected", ": expected")] == [fault.replace(" line 1: expected", ": expected") for fault in faults]


def test_every_unreadable_file_is_listed(faults_of: FaultsOf) -> None:
    faults = faults_of({"shelf/a.yaml": "a: [", "shelf/b.yaml": "b: yes", "vocabulary/units.yaml": "units: {"})
    expected = ["shelf/a.yaml", "shelf/b.yaml", "vocabulary/units.yaml"]

    assert expected == [fault.split(" line")[0] for fault in faults]


# --- structure --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (_changed("pack.yaml", "title:", "titel:"), "pack.yaml line 2, titel: no such key 'titel' here; closest is 'title'"),
        (_changed("pack.yaml", 'version: "1"', "version: 1"), "pack.yaml line 3, version: expected text, got 1"),
        (_changed("pack.yaml", "owners: [nobody]", "owners: nobody"), "pack.yaml line 6, owners: expected a list, got 'nobody'"),
        (
            _changed("vocabulary/units.yaml", "factor: 86400,", "factor: many,"),
            "vocabulary/units.yaml line 2, units[0].factor: expected a number, got 'many'",
        ),
        (
            _changed("vocabulary/units.yaml", "factor: 86400,", "factor: true,"),
            "vocabulary/units.yaml line 2, units[0].factor: expected a number, got True",
        ),
        (
            _changed("vocabulary/findings/few.yaml", "{id: rash, label: Rash, cost", "{id: rash, lable: Rash, cost"),
            "vocabulary/findings/few.yaml line 4, findings[1].lable: no such key 'lable' here; closest is 'label'",
        ),
        (
            _changed("vocabulary/findings/few.yaml", "{id: rash, label: Rash, cost", "{id: 7, label: Rash, cost"),
            "vocabulary/findings/few.yaml line 4, findings[1].id: expected text, got 7",
        ),
        (
            _changed("vocabulary/findings/few.yaml", "synonyms: [hot]", "synonyms: hot"),
            "vocabulary/findings/few.yaml line 3, findings[0].synonyms: expected a list, got 'hot'",
        ),
        (
            _changed("vocabulary/muscles/few.yaml", "muscles:", "mussels:"),
            "vocabulary/muscles/few.yaml: begins with 'mussels'; closest is 'muscles'",
        ),
        ({"vocabulary/more.yaml": ""}, "vocabulary/more.yaml: begins with None"),
        ({"evidence/more.yaml": "- a"}, "evidence/more.yaml: begins with None"),
        (rule("shelf.a", more="wehn: fever\n"), "shelf/a.yaml line 11, wehn: no such key 'wehn' here; closest is 'when'"),
        (rule("shelf.a", more="replaces: 3\n"), "shelf/a.yaml line 11, replaces: expected text, got 3"),
        (rule("shelf.a", then="ill"), "shelf/a.yaml line 8, then: expected a list, got 'ill'"),
    ],
)
def test_a_value_that_does_not_fit_its_place_is_named(faults_of: FaultsOf, layer: Layer, expected: str) -> None:
    assert expected in faults_of(layer)


def test_a_missing_key_is_named_where_it_is_missed(faults_of: FaultsOf) -> None:
    faults = faults_of(_changed("vocabulary/muscles/few.yaml", "label: Alpha, ", ""))
    expected = ["vocabulary/muscles/few.yaml line 2, muscles[0].label: is missing"]

    assert expected == faults


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (
            {"vocabulary/findings/more.yaml": "category: more\nfindings:\n  - {id: rash, label: Again, cost: asked}\n"},
            r"'rash' is given twice \(first: vocabulary/findings/few.yaml line 4",
        ),
        (
            {"referral/more.yaml": "referrals:\n  - {muscle: alpha, region: calf, zone: essential, confidence: high}\n"},
            r"'alpha -> calf' is given twice \(first: referral/few.yaml line 3",
        ),
        ({"evidence/zz.yaml": SMALL["evidence/references.yaml"]}, r"'BOOK' is given twice \(first: evidence/references.yaml line 2"),
    ],
)
def test_a_word_given_twice_is_named_with_both_places(faults_of: FaultsOf, layer: Layer, expected: str) -> None:
    (fault,) = faults_of(layer)
    (name,) = layer

    assert fault.startswith(name)
    assert re.search(expected, fault)


# --- words that hang in the air ---------------------------------------------------------------------------------------

FINDINGS, MUSCLES, REGIONS = "vocabulary/findings/few.yaml", "vocabulary/muscles/few.yaml", "vocabulary/regions.yaml"
DIAGNOSES, REFERRALS, MEASURES = "vocabulary/diagnoses.yaml", "referral/few.yaml", "vocabulary/measures.yaml"


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (FINDINGS, "unit: wk", "unit: wkk", "no unit 'wkk'; closest is 'wk'"),
        (FINDINGS, "range: [30, 45], ", "", "a number needs a unit and a range of two numbers"),
        (FINDINGS, "range: [30, 45]", "range: [30]", "a number needs a unit and a range of two numbers"),
        (
            FINDINGS,
            "label: Rash, cost: examined",
            "label: Rash, cost: exmined",
            "'exmined' is none of asked, examined, tested, imaged; closest is 'examined'",
        ),
        (FINDINGS, "kind: many_of", "kind: manyof", "'manyof' is none of boolean, number, duration, one_of, many_of; closest is 'many_of'"),
        (
            FINDINGS,
            "label: Taut band, subject: muscle",
            "label: Taut band, subject: mussel",
            "'mussel' is none of patient, muscle, label; closest is 'muscle'",
        ),
        (FINDINGS, "stands_for: low_back", "stands_for: lowback", "no region 'lowback'; closest is 'low_back'"),
        (FINDINGS, "label: Rash, cost: examined", "label: Rash, cost: examined, excludes: [coff]", "no finding 'coff'"),
        (
            FINDINGS,
            "label: Rash, cost: examined",
            "label: Rash, cost: examined, excludes: [couhg]",
            "no finding 'couhg'; closest is 'cough'",
        ),
        (FINDINGS, "label: Rash, cost: examined", "label: Rash, cost: examined, claims: [C2]", "no claim 'C2'"),
        (
            FINDINGS,
            "temperature: {at_least: 38}",
            "tempreture: {at_least: 38}",
            "no finding 'tempreture' in the vocabulary; closest is 'temperature'",
        ),
        (
            FINDINGS,
            "label: Taut band, subject: muscle",
            "label: Taut band, from: fever, subject: muscle",
            "only a yes/no finding of the patient can follow from others",
        ),
        (MUSCLES, "lies_in: [low_back]", "lies_in: [lowback]", "no region 'lowback'; closest is 'low_back'"),
        (MUSCLES, "lies_in: [low_back]", "lies_in: [low_back], mimics: [strane]", "no diagnosis 'strane'; closest is 'strain'"),
        (MUSCLES, "lies_in: [low_back]", "lies_in: [low_back], references: [x]", "no reference 'x'"),
        (REGIONS, "label: Calf, parent: leg", "label: Calf, parent: lge", "no region 'lge'; closest is 'leg'"),
        (REGIONS, "adjacent: [foot]", "adjacent: [fot]", "no region 'fot'; closest is 'foot'"),
        (DIAGNOSES, "muscles: [alpha, beta_deep]", "muscles: [alfa]", "no muscle 'alfa'; closest is 'alpha'"),
        (DIAGNOSES, "kind: other", "kind: other, supports: [feever]", "no finding 'feever' in the vocabulary; closest is 'fever'"),
        (MEASURES, "sum: [fever, cough]", "sum: [fever, cof]", "no finding 'cof'"),
        (MEASURES, "id: score", "id: scores", "no finding 'scores'; closest is 'score'"),
        (REFERRALS, "{muscle: alpha, region: calf, zone", "{muscle: alfa, region: calf, zone", "no muscle 'alfa'; closest is 'alpha'"),
        (REFERRALS, "{muscle: alpha, region: calf, zone", "{muscle: alpha, region: claf, zone", "no region 'claf'; closest is 'calf'"),
        (REFERRALS, "region: calf, zone: spillover", "region: calf, zone: spilover", "no zone 'spilover'; closest is 'spillover'"),
        (REFERRALS, "confidence: moderate", "confidence: middling", "no confidence 'middling'"),
        (REFERRALS, "laterality: midline", "laterality: middle", "no laterality 'middle'; closest is 'midline'"),
        (REFERRALS, "references: [BOOK]", "references: [x]", "no reference 'x'"),
    ],
)
def test_a_word_nobody_defined_is_named_with_the_closest_one_and_its_line(
    faults_of: FaultsOf, name: str, old: str, new: str, expected: str
) -> None:
    faults = faults_of(_changed(name, old, new))

    assert [expected] == [fault.split(": ", 1)[1] for fault in faults]
    assert [f"{name} line {_line(name, old)}"] == [fault.split(",")[0].split(": ")[0] for fault in faults]


def test_a_state_of_a_muscle_that_the_pack_does_not_know_is_named(faults_of: FaultsOf) -> None:
    faults = faults_of(_changed("referral/ranking.yaml", "clue: 0.25", "clue: 0.25\n  beyond_zones: [active]"))

    assert faults == ["referral/ranking.yaml: no state of a muscle 'active'"]


def test_a_region_that_lies_within_itself_is_named_with_its_circle(faults_of: FaultsOf) -> None:
    faults = faults_of(_changed(REGIONS, "label: Leg, parent: body", "label: Leg, parent: calf"))
    expected = {"a region lies within itself: leg -> calf -> leg", "a region lies within itself: calf -> leg -> calf"}

    assert expected == {fault.split(": ", 1)[1] for fault in faults}


# --- rules that are wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "path", "expected"),
    [
        ("fevre", "when", "no finding 'fevre' in the vocabulary; closest is 'fever'"),
        ("{al: [fever]}", "when.al", "no finding 'al' in the vocabulary; closest is 'all'"),
        ("{anny: [fever]}", "when.anny", "no finding 'anny' in the vocabulary; closest is 'any'"),
        ("{all: fever}", "when.all", "expected a list of conditions, got 'fever'"),
        ("{all: []}", "when.all", "expected a list of conditions, got []"),
        ("{all: [fever], any: [rash]}", "when", "a condition has exactly one form, got {'all': ['fever'], 'any': ['rash']}"),
        ("{}", "when", "a condition has exactly one form, got {}"),
        ("[fever]", "when", "a condition has exactly one form, got ['fever']; of a list say whether all: [...] or any: [...] of it holds"),
        ("3", "when", "a condition has exactly one form, got 3"),
        ("", "when", "a condition has exactly one form, got None"),
        ("{fever: true}", "when.fever", "'fever' is a yes/no finding: write it alone, or under not"),
        ("{not: {all: [fever, rush]}}", "when.not.all[1]", "no finding 'rush' in the vocabulary; closest is 'rash'"),
        ("{at_least: {n: 3, of: [fever, rash]}}", "when.at_least.n", "n must be a number from 1 to 2, got 3"),
        ("{at_least: {n: 0, of: [fever]}}", "when.at_least.n", "n must be a number from 1 to 1, got 0"),
        ("{at_least: {n: two, of: [fever]}}", "when.at_least.n", "n must be a number from 1 to 1, got 'two'"),
        ("{at_least: {m: 1, of: [fever]}}", "when.at_least", "expected the keys n, of, got ['m', 'of']"),
        ("{at_least: 2}", "when.at_least", "expected the keys n, of, got 2"),
        ("quality", "when", "expected a list of ids, got None"),
        ("{quality: dull}", "when.quality", "expected a list of ids, got 'dull'"),
        ("{quality: [dul]}", "when.quality[0]", "no value of 'quality' 'dul'; closest is 'dull'"),
        ("temperature", "when", "expected bounds (at_least, above, at_most, below), got None"),
        ("{temperature: 38}", "when.temperature", "expected bounds (at_least, above, at_most, below), got 38"),
        ("{temperature: {atleast: 38}}", "when.temperature.atleast", "no bound 'atleast'; closest is 'at_least'"),
        ("{temperature: {at_least: high}}", "when.temperature.at_least", "expected a number in Cel, got 'high'"),
        ("{temperature: {at_least: 99}}", "when.temperature.at_least", "99 is outside 30 to 45 Cel"),
        ('{temperature: {at_least: "38 wk"}}', "when.temperature.at_least", "'wk' does not measure 'temperature'; write it in Cel"),
        ('{duration: {at_least: "3 weaks"}}', "when.duration.at_least", "no unit 'weaks'; closest is 'weeks'"),
        ("{pain_at: calf}", "when.pain_at", "expected a list of ids, got 'calf'"),
        ("{pain_at: [claf]}", "when.pain_at[0]", "no region 'claf'; closest is 'calf'"),
        ("{pain_at: {regions: [calf], side: lefft}}", "when.pain_at.side", "no side 'lefft'; closest is 'left'"),
        ("{pain_at: {regions: [calf]}}", "when.pain_at", "expected the keys regions, side, got ['regions']"),
        ("{label: [strane]}", "when.label[0]", "no diagnosis 'strane'; closest is 'strain'"),
        ("{derived: [ill]}", "when.derived", "expected an id, got ['ill']"),
        ("{muscle: [alpha]}", "when.muscle", "stands only in a rule about a muscle"),
        ("taut_band", "when", "'taut_band' is a finding of a muscle; it stands only in any_muscle or a rule about a muscle"),
        ("failed", "when", "'failed' is a finding of a label; it stands only in a rule about a label"),
        ("{label_is: {kind: [article]}}", "when.label_is", "stands only in a rule about a label"),
        ("{label_muscle: taut_band}", "when.label_muscle", "stands only in a rule about a label"),
        ("{any_muscle: {has: taut_band}}", "when.any_muscle", "expected the keys where, has, got ['has']"),
        (
            "{any_muscle: {where: examined, has: tautband}}",
            "when.any_muscle.has",
            "no finding 'tautband' in the vocabulary; closest is 'taut_band'",
        ),
        (
            "{any_muscle: {where: {muscle: [betta]}, has: taut_band}}",
            "when.any_muscle.where.muscle[0]",
            "no muscle 'betta'; closest is 'beta'",
        ),
        (
            "{count_muscles: {where: examined, has: taut_band, at_least: 0}}",
            "when.count_muscles.at_least",
            "expected a whole number from 1, got 0",
        ),
        (
            "{count_muscles: {where: examined, has: taut_band, at_least: true}}",
            "when.count_muscles.at_least",
            "expected a whole number from 1, got True",
        ),
        (
            "{any_muscle: {where: examined, has: failed}}",
            "when.any_muscle.has",
            "'failed' is a finding of a label; it stands only in a rule about a label",
        ),
        ("{item: {id: a, is: fever}}", "when.item", "expected the keys id, label, is, got ['id', 'is']"),
        ("{trigger: fever}", "when.trigger", "a trigger belongs to a rule that raises an alert"),
    ],
)
def test_a_faulty_condition_is_named_with_line_and_path(faults_of: FaultsOf, when: str, path: str, expected: str) -> None:
    assert [f"shelf/a.yaml line 7, {path}: {expected}"] == faults_of(rule("shelf.a", when=when))


def test_the_line_is_that_of_the_part_that_is_wrong(faults_of: FaultsOf) -> None:
    when = "\n  all:\n    - fever\n    - any:\n        - rash\n        - coff: [x]\n"
    expected = ["shelf/a.yaml line 12, when.all[1].any[1].coff: no finding 'coff' in the vocabulary"]

    assert expected == faults_of(rule("shelf.a", when=when))


@pytest.mark.parametrize(
    ("then", "path", "expected"),
    [
        ("[]", "then", "concludes nothing"),
        ("[ill]", "then[0]", "expected one conclusion, got 'ill'"),
        (
            "[{derive: a, caution: {id: b, text: c}}]",
            "then[0]",
            "expected one conclusion, got {'derive': 'a', 'caution': {'id': 'b', 'text': 'c'}}",
        ),
        ("[derives: ill]", "then[0]", "no conclusion 'derives'; closest is 'derive'"),
        ("[derive: [ill]]", "then[0].derive", "expected an id, got ['ill']"),
        (
            "[support: {hypothesis: mussle_pain, strength: weak}]",
            "then[0].support",
            "no hypothesis 'mussle_pain'; closest is 'muscle_pain'",
        ),
        ("[support: {hypothesis: muscle_pain}]", "then[0].support.strength", "is missing"),
        ("[oppose: {hypothesis: x, strength: weak}]", "then[0].oppose", "no hypothesis 'x'"),
        ("[confirm: {hypothesis: infektion}]", "then[0].confirm", "no hypothesis 'infektion'; closest is 'infection'"),
        ("[exclude: infection]", "then[0].exclude", "expected a mapping, got 'infection'"),
        ("[criterion: {id: a, name: b, hypothesis: c}]", "then[0].criterion", "no hypothesis 'c'"),
        ("[recommend: {kind: exmine, text: a}]", "then[0].recommend", "no kind of recommendation 'exmine'; closest is 'examine'"),
        ("[recommend: {kind: examine, text: a, why: b}]", "then[0].recommend.why", "no such key 'why' here"),
        ("[ask: {terms: [rush], text: a}]", "then[0].ask", "no finding 'rush'; closest is 'rash'"),
        ("[ask: {terms: rash, text: a}]", "then[0].ask.terms", "expected a list, got 'rash'"),
    ],
)
def test_a_faulty_conclusion_is_named_with_line_and_path(faults_of: FaultsOf, then: str, path: str, expected: str) -> None:
    assert [f"shelf/a.yaml line 8, {path}: {expected}"] == faults_of(rule("shelf.a", then=then))


@pytest.mark.parametrize(
    ("word", "then"),
    [
        ("week", "[support: {hypothesis: muscle_pain, strength: week}]"),
        ("stronk", "[oppose: {hypothesis: muscle_pain, strength: stronk}]"),
        ("emergent", "[alert: {id: a, label: A, urgency: emergent, condition: infection, act_within: now, action: Go., regions: []}]"),
    ],
)
def test_a_strength_or_urgency_that_does_not_exist_is_named(faults_of: FaultsOf, word: str, then: str) -> None:
    faults = faults_of(rule("shelf.a", then=then))

    assert any(fault.startswith("shelf/a.yaml line 8, then[0].") and word in fault for fault in faults)


@pytest.mark.parametrize(
    ("about", "text", "expected"),
    [
        ("patient", "Look at {muscle}.", "no placeholder {muscle} in a rule about patient"),
        ("muscle", "Look at {muscel}.", "no placeholder {muscel} in a rule about muscle; closest is 'muscle'"),
        ("muscle", "Look at {label}.", "no placeholder {label} in a rule about muscle"),
        ("label", "Look at {side}.", "no placeholder {side} in a rule about label"),
        ("patient", "It is {value:tempreture}.", "no finding 'tempreture'; closest is 'temperature'"),
        ("patient", "It is {}.", "no placeholder {} in a rule about patient"),
    ],
)
@pytest.mark.parametrize("form", ["caution: {id: x, text: ", "recommend: {kind: examine, text: ", "ask: {terms: [rash], text: "])
def test_a_placeholder_that_nothing_fills_is_named(faults_of: FaultsOf, about: str, text: str, expected: str, form: str) -> None:
    (fault,) = faults_of(rule("shelf.a", about=about, then=f'[{form}"{text}"}}]'))

    assert fault.endswith(expected)


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ("muscle", "Look at {muscle} ({side})."),
        ("label", "Look at {label}."),
        ("patient", "It is {value:temperature}, and {value:fever}."),
        ("patient", "No placeholder at all."),
    ],
)
def test_a_placeholder_that_its_rule_can_fill_is_taken(load: Load, about: str, text: str) -> None:
    expected = (GiveCaution("x", text),)

    assert expected == load(rule("shelf.a", about=about, then=f'[caution: {{id: x, text: "{text}"}}]')).rules[0].then


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title: A rule", 'title: ""', "shelf/a.yaml line 1: an active rule needs title"),
        ("summary: A summary.\n", "", "shelf/a.yaml line 1: an active rule needs summary"),
        ("limits: None.\n", "", "shelf/a.yaml line 1: an active rule needs limits"),
        ("reviewed: {on: 2026-11-22, by: authors}\n", "", "shelf/a.yaml line 1: an active rule needs reviewed"),
        ("evidence: {grade: textbook, references: [BOOK], claims: [C1]}\n", "", "shelf/a.yaml line 1: an active rule needs evidence"),
        ("grade: textbook", "grade: textbok", "shelf/a.yaml line 6, evidence: no grade 'textbok'; closest is 'textbook'"),
        ("references: [BOOK]", "references: []", "shelf/a.yaml line 6, evidence: names no reference"),
        ("references: [BOOK]", "references: [x]", "shelf/a.yaml line 6, evidence: no reference 'x'"),
        ("claims: [C1]", "claims: [x]", "shelf/a.yaml line 6, evidence: no claim 'x'"),
        ("claims: [C1]", "claim: [C1]", "shelf/a.yaml line 6, evidence.claim: no such key 'claim' here; closest is 'claims'"),
        ("status: active", "status: activ", "shelf/a.yaml line 3, status: 'activ' is none of draft, active, retired; closest is 'active'"),
        (
            "about: patient",
            "about: pateint",
            "shelf/a.yaml line 4, about: 'pateint' is none of patient, muscle, label; closest is 'patient'",
        ),
        ("by: authors", "who: authors", "shelf/a.yaml line 10, reviewed.who: no such key 'who' here"),
        ("on: 2026-11-22", "on: 20261122", "shelf/a.yaml line 10, reviewed.on: expected text, got 20261122"),
        ("id: shelf.a", "id: shelf.b", "shelf/a.yaml line 1, id: id 'shelf.b' is not its path; closest is 'shelf.a'"),
        ("id: shelf.a", "id: a", "shelf/a.yaml line 1, id: id 'a' is not its path; closest is 'shelf.a'"),
    ],
)
def test_what_a_live_rule_owes_is_asked_for(faults_of: FaultsOf, old: str, new: str, expected: str) -> None:
    ((name, text),) = rule("shelf.a").items()

    assert old in text
    assert expected in faults_of({name: text.replace(old, new)})


ALERT = "{alert: {id: rf_x, label: X, urgency: emergency, condition: infection, act_within: now, action: Go., regions: [low_back]}}"
TWO_STEPS = "{trigger: fever, qualifier: rash}"


@pytest.mark.parametrize(
    ("when", "then", "expected"),
    [
        ("fever", f"[{ALERT}]", "shelf/a.yaml line 7, when: a rule that raises an alert needs a trigger"),
        (TWO_STEPS, "[derive: ill]", "shelf/a.yaml line 7, when.trigger: a trigger belongs to a rule that raises an alert"),
        (TWO_STEPS, f"[{ALERT}, {ALERT}]", "shelf/a.yaml line 8, then: one rule raises one alert"),
        (
            "{trigger: fever, qualifer: rash}",
            f"[{ALERT}]",
            "shelf/a.yaml line 7, when.qualifer: no such key 'qualifer' beside trigger; closest is 'qualifier'",
        ),
        ("{trigger: fevre}", f"[{ALERT}]", "shelf/a.yaml line 7, when.trigger: no finding 'fevre' in the vocabulary; closest is 'fever'"),
        (
            TWO_STEPS,
            f"[{ALERT.replace('infection', 'infektion')}]",
            "shelf/a.yaml line 8, then[0].alert: no hypothesis 'infektion'; closest is 'infection'",
        ),
        (
            TWO_STEPS,
            f"[{ALERT.replace('low_back', 'lowback')}]",
            "shelf/a.yaml line 8, then[0].alert: no region 'lowback'; closest is 'low_back'",
        ),
        (TWO_STEPS, f"[{ALERT.replace('act_within: now, ', '')}]", "shelf/a.yaml line 8, then[0].alert.act_within: is missing"),
        (
            "fever",
            "[recommend: {kind: self_care, text: Rest.}, derive: ill]",
            "shelf/a.yaml line 8, then: a rule that recommends self_care concludes nothing else",
        ),
    ],
)
def test_red_flags_and_self_care_keep_to_their_form(faults_of: FaultsOf, when: str, then: str, expected: str) -> None:
    assert expected in faults_of(rule("shelf.a", when=when, then=then))


def test_every_fault_of_every_rule_is_listed_at_once(faults_of: FaultsOf) -> None:
    faults = faults_of(
        rule(
            "shelf.a", when="{all: [fevre, {temperature: {at_least: 99}}]}", then="[derive: ill, recommend: {kind: rest, text: '{muscle}'}]"
        ),
        rule("shelf.b", when="{pain_at: [claf]}", about="mussel"),
        _changed(MUSCLES, "lies_in: [low_back]", "lies_in: [lowback]"),
    )
    expected = [
        "shelf/a.yaml line 7, when.all[0]: no finding 'fevre' in the vocabulary; closest is 'fever'",
        "shelf/a.yaml line 7, when.all[1].temperature.at_least: 99 is outside 30 to 45 Cel",
        "shelf/a.yaml line 8, then[1].recommend: no kind of recommendation 'rest'",
        "shelf/a.yaml line 8, then[1].recommend: no placeholder {muscle} in a rule about patient",
        "shelf/b.yaml line 4, about: 'mussel' is none of patient, muscle, label; closest is 'muscle'",
        "shelf/b.yaml line 7, when.pain_at[0]: no region 'claf'; closest is 'calf'",
        "vocabulary/muscles/few.yaml line 2, muscles[0]: no region 'lowback'; closest is 'low_back'",
    ]

    assert expected == sorted(fault.replace("line 2: no region", "line 2, muscles[0]: no region") for fault in faults)


# --- rules that read each other ---------------------------------------------------------------------------------------


def test_a_conclusion_nobody_draws_is_named(faults_of: FaultsOf) -> None:
    expected = ["shelf/b.yaml: no active rule concludes 'il'; closest is 'ill'"]

    assert expected == faults_of(rule("shelf.a"), rule("shelf.b", when="{derived: il}", then="[derive: worse]"))


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_conclusion_only_a_sleeping_rule_draws_is_named(faults_of: FaultsOf, status: str) -> None:
    expected = ["shelf/b.yaml: no active rule concludes 'ill'"]

    assert expected == faults_of(rule("shelf.a", status=status), rule("shelf.b", when="{derived: ill}", then="[derive: worse]"))


def test_a_conclusion_about_a_muscle_needs_a_quantifier_in_a_rule_about_the_patient(faults_of: FaultsOf) -> None:
    faults = faults_of(rule("shelf.a", when="taut_band", about="muscle"), rule("shelf.b", when="{derived: ill}", then="[derive: worse]"))
    expected = ["shelf/b.yaml: 'ill' is a conclusion about a muscle; here it needs any_muscle, count_muscles or label_muscle"]

    assert expected == faults


@pytest.mark.parametrize(
    ("about", "when"),
    [
        ("patient", "{any_muscle: {where: examined, has: {derived: ill}}}"),
        ("label", "{label_muscle: {derived: ill}}"),
        ("muscle", "{derived: ill}"),
    ],
)
def test_a_conclusion_about_a_muscle_is_read_where_a_muscle_is_at_hand(load: Load, about: str, when: str) -> None:
    base = load(rule("shelf.a", when="taut_band", about="muscle"), rule("shelf.b", when=when, about=about, then="[derive: worse]"))

    assert [one.stratum for one in base.rules] == [0, 1 if about == "muscle" else 2]


@pytest.mark.parametrize("about", ["patient", "muscle", "label"])
def test_a_conclusion_about_the_patient_is_read_everywhere(load: Load, about: str) -> None:
    base = load(rule("shelf.a"), rule("shelf.b", when="{derived: ill}", about=about, then="[derive: worse]"))

    assert [one.id for one in base.rules] == ["shelf.a", "shelf.b"]


def test_a_conclusion_about_a_diagnosis_is_not_read_of_a_muscle(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(
        rule("shelf.a", when="failed", about="label"), rule("shelf.b", when="{derived: ill}", about="muscle", then="[derive: worse]")
    )

    assert fault.startswith("shelf/b.yaml: 'ill' is a conclusion about a label")


def test_one_conclusion_has_one_kind_of_subject(faults_of: FaultsOf) -> None:
    expected = ["shelf/b.yaml: 'ill' is about a muscle here and about a patient in shelf/a.yaml"]

    assert expected == faults_of(rule("shelf.a"), rule("shelf.b", when="taut_band", about="muscle"))


def test_rules_that_go_round_in_a_circle_are_named_in_order(faults_of: FaultsOf) -> None:
    faults = faults_of(
        rule("shelf.a", when="{derived: three}", then="[derive: one]"),
        rule("shelf.b", when="{derived: one}", then="[derive: two]"),
        rule("shelf.c", when="{all: [fever, {derived: two}]}", then="[derive: three]"),
    )
    (fault,) = faults
    circle = fault.split("rules go round in a circle: ")[1].split(" -> ")

    assert circle[0] == circle[-1]
    assert {"shelf.a", "shelf.b", "shelf.c"} == set(circle)
    assert " -> ".join(circle) in "shelf.a -> shelf.b -> shelf.c -> " * 2 or " -> ".join(circle) in "shelf.c -> shelf.b -> shelf.a -> " * 2


def test_a_rule_that_reads_itself_is_a_circle(faults_of: FaultsOf) -> None:
    expected = ["shelf/a.yaml: rules go round in a circle: shelf.a -> shelf.a"]

    assert expected == faults_of(rule("shelf.a", when="{any: [fever, {not: {derived: ill}}]}"))


def test_a_circle_through_an_alert_is_a_circle_too(faults_of: FaultsOf) -> None:
    (fault,) = faults_of(
        rule("shelf.a", when="{trigger: {any: [fever, {derived: ill}]}}", then=f"[{ALERT}]"),
        rule("shelf.b", when="{derived: alert.emergency}"),
    )

    assert "rules go round in a circle" in fault


# --- strata -----------------------------------------------------------------------------------------------------------


def test_a_rule_stands_above_all_that_conclude_what_it_reads(load: Load) -> None:
    base = load(
        rule("shelf.z", then="[derive: one]"),
        rule("shelf.y", when="{derived: one}", then="[derive: two]"),
        rule("shelf.x", when="rash", then="[derive: two]"),
        rule("shelf.w", when="{not: {derived: two}}", then="[derive: three]"),
        rule("shelf.a", when="{established: {derived: two}}", then="[derive: four]"),
    )
    expected = {"shelf.z": 0, "shelf.x": 0, "shelf.y": 1, "shelf.w": 2, "shelf.a": 3}

    assert expected == {one.id: one.stratum for one in base.rules}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (c.Present("a"), 0),
        (c.Not(c.Present("a")), 0),
        (c.Derived("d"), 5),
        (c.Established(c.Present("a")), 1),
        (c.Known(c.Established(c.Present("a"))), 2),
        (c.CountMuscles(c.Present("a")), 1),
        (c.LabelMuscle(c.Derived("d")), 6),
        (c.All((c.Derived("d"), c.Established(c.Present("a")))), 5),
        (c.Any((c.Present("a"), c.Not(c.Established(c.Derived("d"))))), 6),
        (c.Item("i", "l", c.AtLeast(1, (c.Known(c.Present("a")),))), 1),
    ],
)
def test_reading_silence_or_counting_muscles_takes_a_step(condition: c.Condition, expected: int) -> None:
    assert expected == level(condition, lambda _: 5)


def test_rules_stand_in_order_of_stratum_and_id(kb: KnowledgeBase) -> None:
    keys = [(one.stratum, one.id) for one in kb.rules]

    assert sorted(keys) == keys


def test_every_packaged_rule_stands_above_what_it_reads(kb: KnowledgeBase) -> None:
    assert kb.rules
    for one in kb.rules:
        for part in c.walk(one.when):
            if isinstance(part, c.Derived):
                assert all(other.stratum < one.stratum for other in kb.concluding[part.id])


# --- what the loader adds ---------------------------------------------------------------------------------------------


def test_a_red_flag_in_two_steps_brings_the_rule_that_leaves_it_open(load: Load) -> None:
    base = load(rule("shelf.a", when=TWO_STEPS, then=f"[{ALERT}]"))
    raised, open_ = base.by_id["shelf.a"], base.by_id["shelf.a.open"]
    fever, rash = c.Present("fever"), c.Present("rash")

    assert raised.when == c.All((fever, rash))
    assert (raised.trigger, raised.qualifier) == (fever, rash)
    assert raised.derives() == ("rf_x", "alert.emergency")
    assert open_.when == c.All((fever, c.Not(c.Known(rash))))
    assert open_.derives() == ("alert.emergency.open",)
    assert open_.open_alert == "rf_x"
    assert open_.alert is None


def test_a_red_flag_in_one_step_is_never_open(load: Load) -> None:
    base = load(rule("shelf.a", when="{trigger: fever}", then=f"[{ALERT}]"))
    expected = ["shelf.a"]

    assert expected == [one.id for one in base.rules]
    assert base.rules[0].when == c.Present("fever")


SELF_CARE = "[recommend: {kind: self_care, text: Rest.}]"


@pytest.mark.parametrize(
    ("urgency", "expected"),
    [
        ("emergency", ("alert.emergency", "alert.emergency.open")),
        ("urgent", ("alert.urgent", "alert.urgent.open")),
    ],
)
def test_self_care_is_withheld_while_a_grave_red_flag_stands_raised_or_open(load: Load, urgency: str, expected: tuple[str, ...]) -> None:
    base = load(
        rule("shelf.a", when=TWO_STEPS, then=f"[{ALERT.replace('emergency', urgency)}]"),
        rule("shelf.b", when="cough", then=SELF_CARE),
    )
    law = c.Not(c.Established(c.Any(tuple(c.Derived(id_) for id_ in expected))))

    assert c.All((c.Present("cough"), law)) == base.by_id["shelf.b"].when


def test_the_law_names_every_urgency_that_some_rule_can_raise(load: Load) -> None:
    base = load(
        rule("shelf.a", when=TWO_STEPS, then=f"[{ALERT}]"),
        rule("shelf.c", when="{trigger: fever}", then=f"[{ALERT.replace('emergency', 'urgent').replace('rf_x', 'rf_y')}]"),
        rule("shelf.b", when="cough", then=SELF_CARE),
    )
    expected = {"alert.emergency", "alert.emergency.open", "alert.urgent"}

    assert expected == {part.id for part in c.walk(base.by_id["shelf.b"].when) if isinstance(part, c.Derived)}


@pytest.mark.parametrize("layers", [[], [rule("shelf.a", when=TWO_STEPS, then=f"[{ALERT.replace('emergency', 'soon')}]")]])
def test_without_a_grave_red_flag_self_care_is_as_it_was_written(load: Load, layers: list[Layer]) -> None:
    expected = c.Present("cough")

    assert expected == load(*layers, rule("shelf.b", when="cough", then=SELF_CARE)).by_id["shelf.b"].when


def test_the_law_touches_no_other_rule(load: Load) -> None:
    base = load(
        rule("shelf.a", when=TWO_STEPS, then=f"[{ALERT}]"),
        rule("shelf.b", when="cough", then="[recommend: {kind: refer, text: Go.}]"),
    )
    expected = c.Present("cough")

    assert expected == base.by_id["shelf.b"].when


def test_every_packaged_self_care_rule_obeys_the_law(kb: KnowledgeBase) -> None:
    care = [one for one in kb.rules if any(isinstance(x, Recommend) and x.kind == "self_care" for x in one.then)]
    standing = {"alert.emergency", "alert.emergency.open", "alert.urgent", "alert.urgent.open"}

    assert care
    for one in care:
        assert isinstance(one.when, c.All)
        law = one.when.of[-1]
        assert isinstance(law, c.Not)
        assert isinstance(law.of, c.Established)
        offered = {f"forbidden.{kind}" for x in one.then if isinstance(x, Recommend) for kind in x.offers}
        assert standing | offered == {part.id for part in c.walk(law) if isinstance(part, c.Derived)}


# --- one folder on top of another -------------------------------------------------------------------------------------


def test_a_folder_on_top_adds_rules_and_words(tmp_path: Path) -> None:
    below = written(tmp_path / "below", SMALL, rule("shelf.a"))
    above = written(
        tmp_path / "above",
        rule("own.b", when="{all: [itch, {derived: ill}]}", then="[derive: worse]"),
        {"vocabulary/findings/own.yaml": "category: own\nfindings:\n  - {id: itch, label: Itch, cost: asked}\n"},
    )
    base = load_folders([below, above])

    assert [one.id for one in base.rules] == ["shelf.a", "own.b"]
    assert "itch" in base.vocabulary.terms
    assert base.folders == (str(below), str(above))


def test_the_same_rule_in_a_folder_on_top_is_refused_unless_it_says_that_it_replaces(tmp_path: Path) -> None:
    below = written(tmp_path / "below", SMALL, rule("shelf.a"))
    above = written(tmp_path / "above", rule("shelf.a", when="rash"))

    with pytest.raises(KnowledgeError, match=r"rule 'shelf.a' is already in .*/below/shelf/a.yaml; to replace it write replaces: shelf.a"):
        load_folders([below, above])


def test_a_rule_that_says_so_replaces_the_one_below(tmp_path: Path) -> None:
    below = written(tmp_path / "below", SMALL, rule("shelf.a"), rule("shelf.b", when="{derived: ill}", then="[derive: worse]"))
    above = written(tmp_path / "above", rule("shelf.a", when="rash", more="replaces: shelf.a\n"))
    base = load_folders([below, above])

    assert [one.id for one in base.rules] == ["shelf.a", "shelf.b"]
    assert base.by_id["shelf.a"].when == c.Present("rash")


def test_a_rule_may_replace_one_of_another_name(tmp_path: Path) -> None:
    below = written(tmp_path / "below", SMALL, rule("shelf.a"))
    above = written(tmp_path / "above", rule("own.a", when="rash", more="replaces: shelf.a\n"))
    expected = ["own.a"]

    assert expected == [one.id for one in load_folders([below, above]).rules]


def test_a_rule_that_replaces_nothing_is_refused_with_the_closest_one(tmp_path: Path) -> None:
    below = written(tmp_path / "below", SMALL, rule("shelf.first"))
    above = written(tmp_path / "above", rule("own.a", more="replaces: shelf.frist\n"))

    with pytest.raises(KnowledgeError, match=r"no rule 'shelf.frist' to replace; closest is 'shelf.first'"):
        load_folders([below, above])


def test_a_replaced_conclusion_that_others_read_is_missed(tmp_path: Path) -> None:
    below = written(tmp_path / "below", SMALL, rule("shelf.a"), rule("shelf.b", when="{derived: ill}", then="[derive: worse]"))
    above = written(tmp_path / "above", rule("shelf.a", then="[derive: well]", more="replaces: shelf.a\n"))

    with pytest.raises(KnowledgeError, match="no active rule concludes 'ill'"):
        load_folders([below, above])


def test_a_retired_replacement_takes_the_rule_away(tmp_path: Path) -> None:
    below = written(tmp_path / "below", SMALL, rule("shelf.a"))
    above = written(tmp_path / "above", rule("shelf.a", status="retired", more="replaces: shelf.a\n"))

    assert load_folders([below, above]).rules == ()


# --- the digest -------------------------------------------------------------------------------------------------------


def test_the_digest_is_a_sha_256(load: Load) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", load().digest)


def test_comments_and_layout_do_not_change_the_digest(load: Load) -> None:
    expected = load(rule("shelf.a", when="{all: [fever, rash]}")).digest
    ((name, text),) = rule("shelf.a", when="\n  all:\n    - fever   # a comment\n\n    - 'rash'").items()
    units = "# first\n\nunits:\n" + "".join(f"  {line.strip()}  # comment\n" for line in SMALL["vocabulary/units.yaml"].splitlines()[1:])

    assert expected == load({name: f"# a comment\n\n{text}\n\n", "vocabulary/units.yaml": units}).digest


def test_the_order_of_keys_does_not_change_the_digest(load: Load) -> None:
    expected = load(rule("shelf.a")).digest
    ((name, text),) = rule("shelf.a").items()

    assert expected == load({name: "".join(reversed(text.splitlines(keepends=True)))}).digest


def test_where_the_folder_stands_does_not_change_the_digest(tmp_path: Path) -> None:
    one, other = (load_folders([written(tmp_path / name, SMALL, rule("shelf.a"))]) for name in ("one", "other"))

    assert one.folders != other.folders
    assert one.digest == other.digest


def test_the_way_letters_are_composed_does_not_change_the_digest(load: Load) -> None:
    composed = unicodedata.normalize("NFC", "Prüfung é")
    decomposed = unicodedata.normalize("NFD", composed)

    assert composed != decomposed
    assert load({"pack.yaml": SMALL["pack.yaml"].replace("A small pack", composed)}).digest == (
        load({"pack.yaml": SMALL["pack.yaml"].replace("A small pack", decomposed)}).digest
    )


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pack.yaml", "A small pack", "A small Pack"),
        ("vocabulary/units.yaml", "factor: 86400,", "factor: 86401,"),
        (FINDINGS, "label: Rash", "label: A rash"),
        (FINDINGS, "temperature: {at_least: 38}", "temperature: {above: 38}"),
        (MEASURES, "[fever, cough]", "[fever, rash]"),
        (REGIONS, "label: Calf", "label: The calf"),
        (MUSCLES, "access: deep", "access: palpable"),
        (DIAGNOSES, "kind: other", "kind: article"),
        ("vocabulary/hypotheses.yaml", "label: Infection", "label: An infection"),
        (REFERRALS, "laterality: midline", "laterality: bilateral"),
        ("evidence/references.yaml", "A book.", "The book."),
        ("evidence/claims.yaml", "conclusion: ill", "conclusion: well"),
        ("shelf/a.yaml", "A summary.", "Another summary."),
        ("shelf/a.yaml", "limits: None.", "limits: Some."),
        ("shelf/a.yaml", "when: fever", "when: rash"),
        ("shelf/a.yaml", "derive: ill", "derive: well"),
        ("shelf/a.yaml", "status: active", "status: draft"),
        ("shelf/a.yaml", "2026-11-22", "2026-11-23"),
    ],
)
def test_every_word_counts_in_the_digest(load: Load, name: str, old: str, new: str) -> None:
    files = {**SMALL, **rule("shelf.a")}
    before = load(files).digest

    assert old in files[name]
    assert before != load({name: files[name].replace(old, new, 1)}).digest


def test_the_digest_is_that_of_the_loaded_values(kb: KnowledgeBase) -> None:
    expected = kb.digest

    assert expected == digest(kb)
    assert expected != digest(attrs.evolve(kb, rules=kb.rules[1:]))


# --- small parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", []), ("plain", []), ("{a}", ["a"]), ("a {b} c {value:d}", ["b", "value:d"]), ("open {a", ["a"]), ("}{a}{", ["a", ""])],
)
def test_placeholders_are_what_stands_in_braces(text: str, expected: list[str]) -> None:
    assert expected == list(placeholders(text))


def test_a_knowledge_error_keeps_its_faults(faults_of: FaultsOf, load: Load) -> None:
    with pytest.raises(KnowledgeError) as refused:
        load(rule("shelf.a", when="fevre"))
    (fault,) = refused.value.faults
    expected: list[Any] = ["shelf/a.yaml line 7, when", "no finding 'fevre' in the vocabulary", "fever"]

    assert expected == [fault.where, fault.what, fault.closest]
