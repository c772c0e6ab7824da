"""Faults that were found and mended, so that they stay away."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from executors import EXECUTORS, QUICK
from mps_rules.chaining import reference
from mps_rules.errors import FindingError, KnowledgeError, closest
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT
from mps_rules.language.reading import Unreadable, read_json, read_yaml
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from packs import SMALL, rule

Load = Callable[..., KnowledgeBase]
FindingsOf = Callable[[Mapping[str, Any]], Any]
FINDINGS = SMALL["vocabulary/findings/few.yaml"]


# the engine


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_rule_about_one_muscle_that_counts_muscles_rests_on_all_it_counted(load: Load, executor: str) -> None:
    base = load(rule("shelf.a", about="muscle", when="{all: [examined, {count_muscles: {where: examined, has: taut_band, at_least: 2}}]}"))
    terrain = terrain_of(base)
    exam = [{"muscle": muscle, "side": "left", "taut_band": True} for muscle in ("alpha", "gamma")]
    facts = Facts(terrain, read_findings({"exam": exam}, terrain))
    expected = reference.chain(base, facts).derivations

    assert expected == EXECUTORS[executor](base, facts).derivations


@pytest.mark.parametrize("executor", QUICK)
def test_muscles_that_stand_together_are_named_in_their_own_order(kb: KnowledgeBase, executor: str) -> None:
    terrain = terrain_of(kb)
    facts = Facts(terrain, read_findings({"pain": ["arm_lateral.left", "mid_back.left"]}, terrain))
    own = [f"{muscle}.{side}" for muscle, side in facts.muscles]
    named = [
        [premise.subject for premise in derivation.because if premise.id == "refers_to_pain"]
        for derivation in QUICK[executor](kb, facts).derivations
        if derivation.subject == PATIENT
    ]

    assert max(map(len, named)) > 4
    assert named == [sorted(muscles, key=own.index) for muscles in named]


# findings


@pytest.mark.parametrize("key", ["age_years", "symptom_duration"])
def test_a_number_too_large_for_any_unit_is_refused(findings_of: FindingsOf, key: str) -> None:
    with pytest.raises(FindingError):
        findings_of(json.loads(f'{{"{key}": 1{"0" * 400}}}'))


@pytest.mark.parametrize(
    "data",
    [{"exam": [{"muscle": ["soleus"]}]}, {"exam": [{"muscle": {"id": "soleus"}}]}, {"pain": [{"region": ["low_back"]}]}],
)
def test_a_list_where_a_word_stands_is_refused(findings_of: FindingsOf, data: Any) -> None:
    with pytest.raises(FindingError):
        findings_of(data)


def test_data_nested_too_deep_to_be_shown_is_refused(findings_of: FindingsOf) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(FindingError):
        findings_of({"age_years": deep})


def test_no_part_of_a_quantity_is_dropped(findings_of: FindingsOf) -> None:
    with pytest.raises(FindingError):
        findings_of({"symptom_duration": "5" + " " * 120 + "mo of something"})


def test_pain_in_the_midline_alone_can_be_said(findings_of: FindingsOf) -> None:
    said = [{"region": "low_back", "side": "midline"}, *({"region": "low_back", "side": s, "present": False} for s in ("left", "right"))]

    assert len(findings_of({"pain": said}).pain) == 3


def test_a_bare_total_fits_if_either_form_of_the_scale_allows_it(findings_of: FindingsOf) -> None:
    assert findings_of({"sss": 12, "sss_headache": False})


def test_a_long_name_is_cut_short_in_its_fault(findings_of: FindingsOf) -> None:
    with pytest.raises(FindingError) as refused:
        findings_of({"x" * 10_000: True})

    assert len(str(refused.value)) < 300


# reading


def test_half_a_character_is_not_text() -> None:
    with pytest.raises(Unreadable):
        read_yaml("a: \ud800", "x.yaml")


def test_half_a_character_in_json_is_not_text() -> None:
    with pytest.raises(Unreadable):
        read_json('"\\ud800"', "x.json")


# knowledge


@pytest.mark.parametrize(
    ("about", "when"),
    [
        ("patient", "{pain_at: [[calf]]}"),
        ("patient", "{label: [{a: b}]}"),
        ("muscle", "{muscle: [[alpha]]}"),
    ],
)
def test_a_list_where_an_id_stands_is_a_fault(load: Load, about: str, when: str) -> None:
    with pytest.raises(KnowledgeError):
        load(rule("shelf.a", about=about, when=when))


@pytest.mark.parametrize(("old", "new"), [("unit: wk", "unit: wkk"), (", unit: wk", "")])
def test_a_missing_unit_is_a_fault_even_if_a_rule_converts_to_it(load: Load, old: str, new: str) -> None:
    with pytest.raises(KnowledgeError):
        load({"vocabulary/findings/few.yaml": FINDINGS.replace(old, new)}, rule("shelf.a", when='{duration: {at_least: "3 wk"}}'))


@pytest.mark.parametrize("measure", ["sum: [score]", "count: [{score: {at_least: 1}}]"])
def test_a_measure_that_counts_itself_is_a_fault(load: Load, measure: str) -> None:
    with pytest.raises(KnowledgeError):
        load({"vocabulary/measures.yaml": f"measures:\n  - {{id: score, {measure}}}\n"})


@pytest.mark.parametrize("measure", ["{id: score, sum: [onset]}", "{id: score, sum: [taut_band]}", "{id: rash, sum: [fever]}"])
def test_a_measure_is_a_number_of_the_patient_made_of_numbers_and_yes_or_no(load: Load, measure: str) -> None:
    with pytest.raises(KnowledgeError):
        load({"vocabulary/measures.yaml": f"measures:\n  - {measure}\n"})


def test_a_vocabulary_without_pain_intensity_still_takes_one_as_a_fault(load: Load) -> None:
    without = "\n".join(line for line in FINDINGS.splitlines() if "pain_intensity" not in line) + "\n"
    terrain = terrain_of(load({"vocabulary/findings/few.yaml": without}))
    with pytest.raises(FindingError):
        read_findings({"pain": [{"region": "calf", "intensity": 3}]}, terrain)


def test_weights_for_every_zone_and_confidence_are_asked_for(load: Load) -> None:
    with pytest.raises(KnowledgeError):
        load({"referral/ranking.yaml": SMALL["referral/ranking.yaml"].replace(", spillover: 0.5", "")})


def test_a_finding_cannot_follow_from_a_conclusion(load: Load) -> None:
    with pytest.raises(KnowledgeError):
        load(
            {"vocabulary/findings/few.yaml": FINDINGS.replace("label: Rash, cost", "label: Rash, implied_by: {derived: ill}, cost")},
            rule("shelf.a"),
        )


def test_a_side_of_a_region_is_left_right_or_midline(load: Load) -> None:
    with pytest.raises(KnowledgeError):
        load(
            {
                "vocabulary/regions.yaml": SMALL["vocabulary/regions.yaml"].replace(
                    "parent: leg, sides: [left, right]", "parent: leg, sides: [lefft]"
                )
            }
        )


def test_n_is_a_number_and_no_yes(load: Load) -> None:
    with pytest.raises(KnowledgeError):
        load(rule("shelf.a", when="{at_least: {n: true, of: [fever]}}"))


def test_a_file_with_the_other_ending_of_yaml_is_not_passed_over(load: Load) -> None:
    with pytest.raises(KnowledgeError):
        load({"shelf/a.yml": "not: [a rule"})


def test_the_closest_word_is_found_whatever_its_letters() -> None:
    assert closest("BOKO", ["BOOK"]) == "BOOK"
    assert closest("Cell", ["Cel"]) == "Cel"


@pytest.mark.parametrize(("word", "near"), [("week", "weak"), ("stronk", "strong")])
def test_a_wrong_strength_is_named_with_the_closest_one(load: Load, word: str, near: str) -> None:
    with pytest.raises(KnowledgeError, match=f"closest is '{near}'"):
        load(rule("shelf.a", then=f"[support: {{hypothesis: muscle_pain, strength: {word}}}]"))


def test_a_faulty_alert_is_not_followed_by_faults_that_are_none(load: Load) -> None:
    then = "[alert: {id: a, label: A, urgency: emergent, condition: infection, act_within: now, action: Go., regions: []}]"
    with pytest.raises(KnowledgeError) as refused:
        load(rule("shelf.a", when="{trigger: fever}", then=then))

    assert len(refused.value.faults) == 1


# referral


def test_a_midline_pattern_that_keeps_to_its_side_assumes_a_side_that_was_not_given(small: KnowledgeBase) -> None:
    from mps_rules.patient.painmap import PainMap
    from mps_rules.patient.values import Pain

    terrain = terrain_of(small)
    right = terrain.referral.explain("beta_long", "left", PainMap(terrain.tree, (Pain("low_back", "right"),), complete=False))
    unsaid = terrain.referral.explain("beta_long", "left", PainMap(terrain.tree, (Pain("low_back"),), complete=False))

    assert right.matches == ()
    assert [match.side_assumed for match in unsaid.matches] == [True]
