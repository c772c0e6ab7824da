"""What a caller says of a patient: read as said, completed by what follows from it, or refused with every fault."""

import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import mps_rules as mps
from executors import QUICK, differences
from mps_rules import evaluate
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.conditions import Compare, Interval, Truth, describe, judge
from mps_rules.patient.addresses import as_mapping
from mps_rules.patient.facts import Facts, Terrain, terrain_of
from mps_rules.patient.findings import CARRIED, read_findings
from mps_rules.patient.values import Exam, Finding, Findings, GivenLabel, Pain
from strategies import plain_data

FactsOf = Callable[[Mapping[str, Any]], Facts]
FindingsOf = Callable[[Mapping[str, Any]], Findings]


@pytest.fixture
def faults_of(terrain: Terrain) -> Callable[[Any], list[str]]:
    """What is said against a mapping."""

    def faults(data: Any) -> list[str]:
        with pytest.raises(FindingError) as refused:
            read_findings(data, terrain)
        return [str(fault) for fault in refused.value.faults]

    return faults


FaultsOf = Callable[[Any], list[str]]


# --- what is read -----------------------------------------------------------------------------------------------------


def test_nothing_said_is_nothing_known(findings_of: FindingsOf) -> None:
    expected = Findings()

    assert expected == findings_of({})


def test_what_is_said_of_the_patient_is_kept_in_order_of_its_name(findings_of: FindingsOf) -> None:
    expected = (Finding("age_years", 46.0), Finding("pain_sharp_on_movement", True), Finding("urinary_retention_new", False))

    assert expected == findings_of({"urinary_retention_new": False, "pain_sharp_on_movement": True, "age_years": 46}).patient


@pytest.mark.parametrize("key", ["age_years", "fever", "pain_quality", "onset_mode", "pain", "labels", "exam", "pain_map_complete"])
def test_null_is_the_same_as_left_out(key: str, findings_of: FindingsOf) -> None:
    expected = findings_of({})

    assert expected == findings_of({key: None})


def test_words_given_leave_the_other_words_of_a_list_open(facts_of: FactsOf) -> None:
    view = facts_of({"pain_quality": ["dull", "deep_ache"]}).view()
    expected = [True, True, None]

    assert expected == [view.word("pain_quality", word) for word in ("dull", "deep_ache", "burning")]


def test_words_can_be_denied_one_by_one(facts_of: FactsOf) -> None:
    view = facts_of({"pain_quality": {"dull": True, "burning": False, "sharp": None}}).view()
    expected = [True, False, None]

    assert expected == [view.word("pain_quality", word) for word in ("dull", "burning", "sharp")]


def test_one_word_of_several_denies_the_rest_where_only_one_can_hold(facts_of: FactsOf) -> None:
    view = facts_of({"onset_mode": "sudden"}).view()
    expected = [True, False, False]

    assert expected == [view.word("onset_mode", word) for word in ("sudden", "insidious", "after_trauma")]


def test_a_denied_word_leaves_the_others_open_where_only_one_can_hold(facts_of: FactsOf) -> None:
    view = facts_of({"onset_mode": {"sudden": False}}).view()
    expected = [False, None]

    assert expected == [view.word("onset_mode", word) for word in ("sudden", "insidious")]


def test_pain_is_written_short_or_long(findings_of: FindingsOf) -> None:
    long = [{"region": "low_back", "side": "left"}, {"region": "sacrum"}]

    assert findings_of({"pain": long}) == findings_of({"pain": ["low_back.left", "sacrum"]})


def test_pain_on_both_sides_is_two_entries(findings_of: FindingsOf) -> None:
    expected = (Pain("calf", "left"), Pain("calf", "right"))

    assert expected == findings_of({"pain": ["calf.bilateral"]}).pain


def test_a_region_without_sides_takes_midline_as_no_side(findings_of: FindingsOf) -> None:
    expected = (Pain("sacrum", None),)

    assert expected == findings_of({"pain": ["sacrum.midline"]}).pain


def test_a_side_left_out_is_not_known(findings_of: FindingsOf) -> None:
    expected = (Pain("low_back", None),)

    assert expected == findings_of({"pain": ["low_back"]}).pain


def test_the_same_pain_twice_is_one_pain_with_what_both_say(findings_of: FindingsOf) -> None:
    expected = (Pain("low_back", "left", True, 6.0),)

    assert expected == findings_of({"pain": ["low_back.left", {"region": "low_back", "side": "left", "intensity": 6}]}).pain


def test_an_examination_of_both_sides_is_two_entries(findings_of: FindingsOf) -> None:
    found = (Finding("taut_band", True),)
    expected = (Exam("soleus", "left", found), Exam("soleus", "right", found))

    assert expected == findings_of({"exam": [{"muscle": "soleus", "side": "bilateral", "taut_band": True}]}).exam


def test_entries_for_one_muscle_are_one_examination(findings_of: FindingsOf) -> None:
    expected = (Exam("soleus", "left", (Finding("hypersensitive_spot", True), Finding("taut_band", False))),)
    entries = [{"muscle": "soleus", "side": "left", "taut_band": False}, {"muscle": "soleus", "side": "left", "hypersensitive_spot": True}]

    assert expected == findings_of({"exam": entries}).exam


def test_a_group_of_muscles_is_examined_as_a_group(facts_of: FactsOf) -> None:
    facts = facts_of({"exam": [{"muscle": "quadratus_lumborum", "side": "left", "taut_band": True}]})

    assert ("quadratus_lumborum", "left") in facts.muscles
    assert facts.view("quadratus_lumborum.left").present("taut_band") is True
    assert facts.view("quadratus_lumborum_deep.left").present("taut_band") is None
    assert facts.view("quadratus_lumborum_deep.left").present("examined") is False


def test_a_muscle_may_be_examined_without_saying_on_which_side(facts_of: FactsOf) -> None:
    facts = facts_of({"exam": [{"muscle": "soleus", "taut_band": True}]})

    assert facts.view("soleus").present("taut_band") is True
    assert facts.view("soleus.left").present("taut_band") is None


@pytest.mark.parametrize("labels", ["facet_syndrome", ["facet_syndrome"], {"facet_syndrome": True}, {"facet_syndrome": {}}])
def test_a_diagnosis_is_given_by_name_in_a_list_or_with_what_is_known_of_it(labels: Any, findings_of: FindingsOf) -> None:
    expected = (GivenLabel("facet_syndrome", True),)

    assert expected == findings_of({"labels": labels}).labels


def test_a_diagnosis_is_given_denied_or_neither(facts_of: FactsOf) -> None:
    view = facts_of({"labels": {"facet_syndrome": True, "disc_herniation": False, "coccydynia": None}}).view()
    expected = [True, False, None, None]

    assert expected == [view.label(label) for label in ("facet_syndrome", "disc_herniation", "coccydynia", "lumbar_strain")]


def test_what_is_known_about_a_diagnosis_stands_under_it(facts_of: FactsOf) -> None:
    facts = facts_of({"labels": {"facet_syndrome": {"label_treated_without_relief": True, "prior_label_basis": "imaging_only"}}})
    view = facts.view("facet_syndrome")

    assert view.present("label_treated_without_relief") is True
    assert view.word("prior_label_basis", "imaging_only") is True
    assert view.word("prior_label_basis", "clinical_exam") is False
    assert facts.subjects("label") == ("facet_syndrome",)


def test_a_denied_diagnosis_is_nobody_to_ask_about(facts_of: FactsOf) -> None:
    expected: tuple[str, ...] = ()

    assert expected == facts_of({"labels": {"facet_syndrome": False}}).subjects("label")


# --- units ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "written", "expected"),
    [
        ("symptom_duration", 16, 16),
        ("symptom_duration", "16", 16),
        ("symptom_duration", "16 wk", 16),
        ("symptom_duration", "16wk", 16),
        ("symptom_duration", " 16  weeks ", 16),
        ("symptom_duration", "1 week", 1),
        ("symptom_duration", "14 d", 2),
        ("symptom_duration", "21 days", 3),
        ("symptom_duration", "3 mo", 90 / 7),
        ("symptom_duration", "3 months", 90 / 7),
        ("symptom_duration", "1 a", 365.25 / 7),
        ("symptom_duration", "84 h", 0.5),
        ("age_years", "6 mo", 180 / 365.25),
        ("age_years", 0, 0),
        ("age_years", 120, 120),
        ("body_temperature", 38.5, 38.5),
        ("body_temperature", "38.5 Cel", 38.5),
        ("body_temperature", "38.5 °C", 38.5),
        ("body_temperature", "101.3 [degF]", 38.5),
        ("body_temperature", "101.3 °F", 38.5),
        ("body_temperature", "101.3 F", 38.5),
        ("crp", "5 mg/dL", 50),
        ("crp", "50 mg/L", 50),
        ("crp", "0.05 g/L", 50),
        ("haemoglobin", "130 g/L", 13),
        ("leg_length_difference_mm", "1.2 cm", 12),
        ("morning_stiffness_min", "1 h", 60),
        ("morning_stiffness_min", "90 s", 1.5),
        ("heart_rate", "72 bpm", 72),
        ("systolic_bp", "16 kPa", 16 * 7.500616827),
        ("pain_detect_score", "-1", -1),
        ("wpi", "7", 7),
    ],
)
def test_a_quantity_is_kept_in_the_unit_of_its_finding(term: str, written: Any, expected: float, findings_of: FindingsOf) -> None:
    (found,) = (finding for finding in findings_of({term: written}).patient if finding.term == term)

    assert expected == pytest.approx(found.value, abs=1e-9)


def test_thirteen_weeks_are_three_months_but_twelve_are_not(findings_of: FindingsOf) -> None:
    months, weeks, fewer = (findings_of({"symptom_duration": written}).patient[0].value for written in ("3 months", "13 weeks", "12 weeks"))
    assert isinstance(months, float)
    assert isinstance(weeks, float)
    assert isinstance(fewer, float)

    assert fewer < months < weeks


@pytest.mark.parametrize("told", ["90 d", "13 wk", "3 months", "91 d"])
def test_three_months_are_reached_and_not_passed_in_days_weeks_and_months(told: str, kb: KnowledgeBase) -> None:
    words = kb.vocabulary
    term = words.terms["symptom_duration"]
    limits = {bound: words.limit(bound, "3 mo", term)[0] for bound in ("at_least", "above", "at_most", "below")}
    lasted = words.quantity(told, term)

    assert lasted >= limits["at_least"]
    assert lasted <= limits["at_most"]
    assert not lasted > limits["above"]
    assert not lasted < limits["below"]


@pytest.mark.parametrize(
    ("told", "expected"),
    [("12 wk", "not_met"), ("89 d", "not_met"), ("90 d", "met"), ("13 wk", "met"), ("3 months", "met"), ("1 a", "met")],
)
def test_a_criterion_of_three_months_is_met_alike_in_days_weeks_and_months(told: str, expected: str, kb: KnowledgeBase) -> None:
    assessment = mps.evaluate({"symptom_duration": told, "aapt_sites": 7, "sss_fatigue": 3, "fatigue_moderate_severe": True}, kb)
    item = next(item for one in assessment.criteria if one.id == "fm_aapt_2019" for item in one.items if item.id == "c")

    assert expected == item.status
    assert "3 months" in item.label


def test_a_bound_in_months_is_told_in_months(kb: KnowledgeBase) -> None:
    told = describe(kb.by_id["article.chronic_back_pain"].when, kb.vocabulary.name)

    assert "Time since this pain began at least 3 months" in told


def test_a_finding_of_a_muscle_takes_units_too(facts_of: FactsOf) -> None:
    facts = facts_of({"exam": [{"muscle": "soleus", "side": "left", "palpation_force": "4 kg/cm2"}]})
    expected = Interval(4, 4)

    assert expected == facts.view("soleus.left").interval("palpation_force")


# --- what is refused: words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"fevre": True}, "fevre: no finding 'fevre' in the vocabulary; closest is 'fever'"),
        ({"exams": []}, "exams: no finding 'exams' in the vocabulary; closest is 'exam'"),
        ({"painn": []}, "painn: no finding 'painn' in the vocabulary; closest is 'pain'"),
        ({"zzzzzz": True}, "zzzzzz: no finding 'zzzzzz' in the vocabulary"),
        ({"": True}, "no finding '' in the vocabulary"),
        ({"pain": ["lowback"]}, "pain[0].region: no region 'lowback'; closest is 'low_back'"),
        ({"pain": ["sacrum", "calfs.left"]}, "pain[1].region: no region 'calfs'; closest is 'calf'"),
        ({"pain": [{"region": 3}]}, "pain[0].region: no region 3"),
        ({"pain": [{"region": None}]}, "pain[0].region: no region None"),
        ({"exam": [{"muscle": "gluteus_medus"}]}, "exam[0].muscle: no muscle 'gluteus_medus'; closest is 'gluteus_medius'"),
        ({"labels": ["facet_sindrome"]}, "labels.facet_sindrome: no diagnosis 'facet_sindrome'; closest is 'facet_syndrome'"),
        ({"labels": {"facet": True}}, "labels.facet: no diagnosis 'facet'; closest is 'facet_syndrome'"),
        ({"pain_quality": ["dul"]}, "pain_quality: no value 'dul' of 'pain_quality'; closest is 'dull'"),
        ({"onset_mode": "suddenly"}, "onset_mode: no value 'suddenly' of 'onset_mode'; closest is 'sudden'"),
        (
            {"exam": [{"muscle": "soleus", "taut_bnd": True}]},
            "exam[0].taut_bnd: no finding 'taut_bnd' in the vocabulary; closest is 'taut_band'",
        ),
        (
            {"labels": {"facet_syndrome": {"prior_basis": "both"}}},
            "labels.facet_syndrome.prior_basis: no finding 'prior_basis' in the vocabulary; closest is 'prior_label_basis'",
        ),
        ({"pain": [{"region": "low_back", "sides": "left"}]}, "pain[0]: no such key 'sides' here; closest is 'side'"),
        ({"pain": ["low_back.lft"]}, "pain[0].side: no side 'lft'; closest is 'left'"),
        ({"pain": ["low_back."]}, "pain[0].side: no side ''"),
        ({"exam": [{"muscle": "soleus", "side": "rigth"}]}, "exam[0].side: no side 'rigth' of a muscle; closest is 'right'"),
        ({"exam": [{"muscle": "soleus", "side": "midline"}]}, "exam[0].side: no side 'midline' of a muscle"),
    ],
)
def test_an_unknown_word_is_named_with_the_closest_known_one(data: Any, expected: str, faults_of: FaultsOf) -> None:
    assert [expected] == faults_of(data)


@pytest.mark.parametrize(
    ("synonym", "term"),
    [
        ("lumbago", "pain_low_back"),
        ("Lasegue", "slr_positive"),
        ("lasegue", "slr_positive"),
        ("how_long", "symptom_duration"),
        ("how long", "symptom_duration"),
        ("perineal numbness", "saddle_anaesthesia"),
        ("numb saddle area", "saddle_anaesthesia"),
        ("Fibro Fog", "cognitive_fog"),
    ],
)
def test_a_synonym_is_no_key_but_names_the_finding_that_is_meant(synonym: str, term: str, faults_of: FaultsOf) -> None:
    expected = [f"{synonym}: no finding {synonym!r} in the vocabulary; closest is {term!r}"]

    assert expected == faults_of({synonym: True})


@pytest.mark.parametrize(("key", "place"), sorted(CARRIED.items()))
def test_what_a_structured_key_carries_is_sent_there(key: str, place: str, faults_of: FaultsOf) -> None:
    expected = [f"{key}: is written under {place!r}; closest is {place!r}"]

    assert expected == faults_of({key: "low_back"})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"taut_band": True}, "taut_band: is a finding of one muscle; write it in an entry of 'exam'"),
        ({"imaging_done": True}, "imaging_done: is a finding of one label; write it under its diagnosis in 'labels'"),
        (
            {"exam": [{"muscle": "soleus", "fever": True}]},
            "exam[0].fever: is not a finding of one muscle; write it beside 'exam' and 'labels'",
        ),
        (
            {"exam": [{"muscle": "soleus", "imaging_done": True}]},
            "exam[0].imaging_done: is not a finding of one muscle; write it in 'labels'",
        ),
        (
            {"labels": {"facet_syndrome": {"taut_band": True}}},
            "labels.facet_syndrome.taut_band: is not a finding of one label; write it in 'exam'",
        ),
        (
            {"labels": {"facet_syndrome": {"fever": True}}},
            "labels.facet_syndrome.fever: is not a finding of one label; write it beside 'exam' and 'labels'",
        ),
        (
            {"exam": [{"muscle": "soleus", "refers_to_pain": True}]},
            "exam[0].refers_to_pain: is worked out from the pain map and the examination, not given",
        ),
        (
            {"exam": [{"muscle": "soleus", "examined": True}]},
            "exam[0].examined: is worked out from the pain map and the examination, not given",
        ),
    ],
)
def test_a_finding_in_the_wrong_place_is_sent_to_the_right_one(data: Any, expected: str, faults_of: FaultsOf) -> None:
    assert [expected] == faults_of(data)


# --- what is refused: types, units, ranges ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"fever": "yes"}, "fever: expected true or false, got 'yes'"),
        ({"fever": "unknown"}, "fever: expected true or false, got 'unknown' (not known: leave it out)"),
        ({"fever": 2}, "fever: expected true or false, got 2"),
        ({"fever": []}, "fever: expected true or false, got []"),
        ({"age_years": True}, "age_years: expected a number in years, got True"),
        ({"age_years": [46]}, "age_years: expected a number in years, got [46]"),
        ({"age_years": "old"}, "age_years: expected a number in years, got 'old'"),
        ({"age_years": ""}, "age_years: expected a number in years, got ''"),
        ({"age_years": "46 47"}, "age_years: no unit '47'"),
        ({"age_years": float("inf")}, "age_years: inf is not a number"),
        ({"age_years": float("-inf")}, "age_years: -inf is not a number"),
        ({"wpi": {}}, "wpi: expected a number, got {}"),
        ({"pain_quality": True}, "pain_quality: expected words of 'pain_quality', got True"),
        ({"pain_quality": 3}, "pain_quality: expected words of 'pain_quality', got 3"),
        ({"pain_quality": ["dull", 3]}, "pain_quality: expected words of 'pain_quality', got ['dull', 3]"),
        ({"pain_quality": {"dull": "yes"}}, "pain_quality.dull: expected true or false, got 'yes'"),
        ({"onset_mode": ["sudden", "insidious"]}, "onset_mode: takes one value, got insidious, sudden"),
        ({"pain_map_complete": "true"}, "pain_map_complete: expected true or false, got 'true'"),
        ({"pain_map_complete": 2}, "pain_map_complete: expected true or false, got 2"),
        ({"pain": 3}, "pain: expected a list of painful regions, got 3"),
        ({"pain": {"region": "low_back"}}, "pain: expected a list of painful regions, got {'region': 'low_back'}"),
        ({"pain": [3]}, "pain[0]: expected a region, region.side, or a mapping with region, got 3"),
        ({"pain": [{"side": "left"}]}, "pain[0]: expected a region, region.side, or a mapping with region, got {'side': 'left'}"),
        ({"pain": [{"region": "low_back", "present": "no"}]}, "pain[0].present: expected true or false, got 'no'"),
        ({"pain": [{"region": "low_back", "side": 3}]}, "pain[0].side: no side 3"),
        ({"pain": [{"region": "low_back", "intensity": "bad"}]}, "pain[0].intensity: expected a number, got 'bad'"),
        ({"pain": [{"region": "low_back", "intensity": 11}]}, "pain[0].intensity: 11 is outside 0 to 10"),
        ({"exam": {"muscle": "soleus"}}, "exam: expected a list of muscles examined, got {'muscle': 'soleus'}"),
        ({"exam": ["soleus"]}, "exam[0]: expected a mapping with muscle (or, where no muscle is named, with region), got 'soleus'"),
        (
            {"exam": [{"side": "left"}]},
            "exam[0]: expected a mapping with muscle (or, where no muscle is named, with region), got {'side': 'left'}",
        ),
        ({"exam": [{"muscle": "soleus", "taut_band": "yes"}]}, "exam[0].taut_band: expected true or false, got 'yes'"),
        ({"labels": 3}, "labels: expected diagnoses, got 3"),
        ({"labels": ["facet_syndrome", 3]}, "labels: expected diagnoses, got ['facet_syndrome', 3]"),
        ({"labels": {3: True}}, "labels.3: no diagnosis 3"),
        ({"labels": {"facet_syndrome": "yes"}}, "labels.facet_syndrome: expected true, false, or findings about this diagnosis, got 'yes'"),
        ({3: True}, "a finding's name must be a word, got 3"),
        ({None: True}, "a finding's name must be a word, got None"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(data: Any, expected: str, faults_of: FaultsOf) -> None:
    assert [expected] == faults_of(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"age_years": 121}, "age_years: 121 is outside 0 to 120 years"),
        ({"age_years": -1}, "age_years: -1 is outside 0 to 120 years"),
        ({"age_years": "1500 months"}, "age_years: 123.203 is outside 0 to 120 years"),
        ({"wpi": 20}, "wpi: 20 is outside 0 to 19"),
        ({"body_temperature": 101.3}, "body_temperature: 101.3 is outside 30 to 45 °C"),
        ({"age_years": "46 yaers"}, "age_years: no unit 'yaers'; closest is 'years'"),
        ({"age_years": "46 kg"}, "age_years: no unit 'kg'"),
        ({"symptom_duration": "16 Cel"}, "symptom_duration: 'Cel' does not measure 'time since this pain began'; write it in weeks"),
        ({"crp": "5 mm/h"}, "crp: 'mm/h' does not measure 'c-reactive protein'; write it in mg/L"),
    ],
)
def test_a_wrong_unit_or_a_value_outside_its_range_is_refused(data: Any, expected: str, faults_of: FaultsOf) -> None:
    assert [expected] == faults_of(data)


@pytest.mark.parametrize("data", [None, [], "fever", 3, True, [("fever", True)]])
def test_findings_are_one_mapping(data: Any, faults_of: FaultsOf) -> None:
    expected = [f"findings are one mapping of finding to value, got {data!r}"]

    assert expected == faults_of(data)


@pytest.mark.parametrize(
    ("region", "side", "expected"),
    [
        ("sacrum", "left", "pain[0].side: 'left' is impossible: sacrum has no sides"),
        ("sacrum", "bilateral", "pain[0].side: 'bilateral' is impossible: sacrum has no sides"),
        ("calf", "midline", "pain[0].side: 'midline' is impossible: calf has left and right"),
        ("abdomen", "middle", "pain[0].side: no side 'middle'; closest is 'midline'"),
    ],
)
def test_an_impossible_side_is_refused(region: str, side: str, expected: str, faults_of: FaultsOf) -> None:
    assert [expected] == faults_of({"pain": [{"region": region, "side": side}]})


def test_a_long_value_is_cut_short_in_its_fault(faults_of: FaultsOf) -> None:
    (fault,) = faults_of({"fever": "x" * 10_000})

    assert len(fault) < 120


# --- what is refused: contradictions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"pain": ["low_back.left", {"region": "low_back", "side": "left", "present": False}]},
            "pain: low_back (left) is said to hurt and to be free of pain",
        ),
        (
            {"pain": ["sacrum", {"region": "sacrum", "present": False}]},
            "pain: sacrum (side not given) is said to hurt and to be free of pain",
        ),
        (
            {"pain": [{"region": "calf", "side": "left", "intensity": 3}, {"region": "calf", "side": "bilateral", "intensity": 5}]},
            "pain: calf (left) has two intensities: 3 and 5",
        ),
        ({"pain": [{"region": "calf", "intensity": 0}]}, "pain[0]: an intensity of 0 contradicts present: true"),
        ({"pain": [{"region": "calf", "present": False, "intensity": 2}]}, "pain[0]: an intensity of 2 contradicts present: false"),
        (
            {"pain": ["calf.left", {"region": "lower_leg", "side": "left", "present": False}]},
            "pain: calf is said to hurt, but every part of it is said to be free of pain",
        ),
        (
            {"pain": ["calf.left", {"region": "calf", "present": False}]},
            "pain: calf is said to hurt, but every part of it is said to be free of pain",
        ),
        (
            {
                "pain": [
                    "buttock.left",
                    *({"region": f"buttock_{part}", "side": "left", "present": False} for part in ("upper", "mid", "lower")),
                ]
            },
            "pain: buttock is said to hurt, but every part of it is said to be free of pain",
        ),
        (
            {"pain_low_back": False, "pain": ["low_back.left"]},
            "pain_low_back: is given as absent, but the opposite follows from: pain in low back (lumbar)",
        ),
        (
            {"pain_low_back": True, "pain": [{"region": "trunk_posterior", "present": False}]},
            "pain: low_back is said to hurt, but every part of it is said to be free of pain",
        ),
        (
            {
                "exam": [
                    {"muscle": "soleus", "side": "left", "taut_band": True},
                    {"muscle": "soleus", "side": "bilateral", "taut_band": False},
                ]
            },
            "exam[1].taut_band: contradicts an earlier entry for the same muscle, soleus",
        ),
        ({"pain_constant": True, "pain_intermittent": True}, "pain_constant: cannot be present together with pain_intermittent"),
        ({"pain_regional": True, "pain_widespread": True}, "pain_regional: cannot be present together with pain_widespread"),
        (
            {"neuro_exam_normal": True, "reflex_reduced": True},
            "reflex_reduced: is given as present, but the opposite follows from: Neurological examination normal",
        ),
        ({"fever": False, "body_temperature": 39}, "fever: is given as absent, but the opposite follows from: Temperature at least 38 °C"),
        (
            {"wpi_neck": True, "wpi_jaw_left": True, "wpi": {"at_least": 0, "at_most": 1}},
            "wpi: a total of 0 to 1 contradicts its items, which allow 2 to 19 (wpi)",
        ),
        ({"wpi_neck": True, "wpi": 0}, "wpi: a total of 0 contradicts its items, which allow 1 to 19 (wpi)"),
        ({"sss_fatigue": 3, "sss_2016": 2}, "sss_2016: a total of 2 contradicts its items, which allow 3 to 12 (sss_2016)"),
        ({"wpi": 7, "sss_2016": 5, "fs_score": 13}, "fs_score: a total of 13 contradicts its items, which allow 12 (fs_score)"),
        (
            {"generalised_pain_regions": 0, "pain": ["low_back.left"]},
            "generalised_pain_regions: a total of 0 contradicts its items, which allow 1 to 5 (generalised_pain_regions)",
        ),
    ],
)
def test_what_cannot_both_be_so_is_refused(data: Any, expected: str, faults_of: FaultsOf) -> None:
    assert expected in faults_of(data)


def test_every_fault_is_listed_at_once(faults_of: FaultsOf) -> None:
    expected = [
        "pain_map_complete: expected true or false, got 'no'",
        "fevre: no finding 'fevre' in the vocabulary; closest is 'fever'",
        "age_years: 460 is outside 0 to 120 years",
        "taut_band: is a finding of one muscle; write it in an entry of 'exam'",
        "pain[0].region: no region 'lowback'; closest is 'low_back'",
        "pain[1].side: 'left' is impossible: sacrum has no sides",
        "labels.facet: no diagnosis 'facet'; closest is 'facet_syndrome'",
        "exam[0].muscle: no muscle 'solus'; closest is 'soleus'",
        "exam[1].side: no side 'up' of a muscle",
        "exam[2].taut_band: expected true or false, got 2",
        "exam[2].jump: no finding 'jump' in the vocabulary; closest is 'jump_sign'",
    ]
    data = {
        "fevre": True,
        "age_years": 460,
        "taut_band": True,
        "pain": ["lowback", "sacrum.left"],
        "pain_map_complete": "no",
        "labels": ["facet"],
        "exam": [{"muscle": "solus"}, {"muscle": "soleus", "side": "up"}, {"muscle": "soleus", "taut_band": 2, "jump": True}],
    }

    assert expected == faults_of(data)


def test_every_contradiction_is_listed_at_once(faults_of: FaultsOf) -> None:
    faults = faults_of(
        {"fever": False, "body_temperature": 39, "pain_constant": True, "pain_intermittent": True, "wpi_neck": True, "wpi": 0}
    )
    expected = ["fever", "pain_constant", "wpi"]

    assert expected == [fault.split(":")[0] for fault in faults]


def test_a_refusal_survives_pickling_with_all_its_faults(findings_of: FindingsOf) -> None:
    with pytest.raises(FindingError) as refused:
        findings_of({"fevre": True, "age_years": 460})
    expected = refused.value
    actual = pickle.loads(pickle.dumps(expected))

    assert len(expected.faults) == 2
    assert (type(expected), expected.faults, str(expected)) == (type(actual), actual.faults, str(actual))


# --- what follows from what -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "term", "expected"),
    [
        ({"body_temperature": 38}, "fever", True),
        ({"body_temperature": "100.4 °F"}, "fever", True),
        ({"body_temperature": 37.9}, "fever", None),
        ({"neuro_exam_normal": True}, "motor_deficit", False),
        ({"neuro_exam_normal": True}, "sensory_deficit_dermatomal", False),
        ({"neuro_exam_normal": True}, "reflex_reduced", False),
        ({"neuro_exam_normal": False}, "reflex_reduced", None),
        ({"weak_root_levels": ["L5"]}, "motor_deficit", True),
        ({"onset_mode": "insidious"}, "onset_insidious", True),
        ({"onset_mode": "sudden"}, "onset_insidious", False),
        ({"onset_mode": {"sudden": False}}, "onset_insidious", None),
        ({"morning_stiffness_min": 0}, "morning_stiffness_present", False),
        ({"morning_stiffness_min": 45}, "morning_stiffness_present", True),
        ({"crp": 10}, "crp_raised", None),
        ({"crp": 10.1}, "crp_raised", True),
        ({"smoking_status": "former"}, "vascular_risk_factors", True),
        ({"smoking_status": "never"}, "vascular_risk_factors", None),
        ({"haemoglobin": 12.5}, "pallor_or_anaemia", None),
        ({"haemoglobin": 12.5, "sex_at_birth": "male"}, "pallor_or_anaemia", True),
        ({"haemoglobin": "119 g/L"}, "pallor_or_anaemia", True),
        ({"syncope": True}, "collapse_or_hypotension", True),
        ({"pain": ["low_back.left"]}, "pain_low_back", True),
        ({"pain": ["calf.left"]}, "pain_low_back", None),
        ({"pain": ["calf.left"], "pain_map_complete": True}, "pain_low_back", False),
        ({"pain": [{"region": "trunk_posterior", "present": False}]}, "pain_low_back", False),
        ({"pain": [{"region": "low_back", "side": "left", "present": False}]}, "pain_low_back", None),
        ({"pain": ["neck_posterior"]}, "wpi_neck", True),
        ({"pain": ["buttock.left"]}, "wpi_hip_left", True),
        ({"pain": ["buttock.left"]}, "wpi_hip_right", None),
        ({"pain": ["buttock.left"], "pain_map_complete": True}, "wpi_hip_right", False),
        ({"pain": ["buttock"]}, "wpi_hip_left", None),
        ({"pain": ["lower_limb.left"]}, "wpi_lower_leg_left", None),
        ({"pain": ["sacrum"]}, "wpi_lower_back", True),
        ({"sensory_symptom_regions": ["perineum"], "pain_low_back": True}, "saddle_anaesthesia", True),
        ({"sensory_symptom_regions": ["perineum"], "pain": ["calf.left"]}, "saddle_anaesthesia", True),
        ({"sensory_symptom_regions": ["perineum"]}, "saddle_anaesthesia", None),
    ],
)
def test_what_follows_is_filled_in_and_nothing_more(data: Any, term: str, expected: Truth, facts_of: FactsOf) -> None:
    assert expected is facts_of(data).view().present(term)


def test_what_follows_says_what_it_follows_from(findings_of: FindingsOf) -> None:
    expected = Finding("fever", True, follows_from="Temperature at least 38 °C")

    assert expected in findings_of({"body_temperature": 39}).patient


def test_what_was_said_is_kept_as_said_even_if_it_would_follow(findings_of: FindingsOf) -> None:
    expected = Finding("fever", True)

    assert expected in findings_of({"body_temperature": 39, "fever": True}).patient


def test_what_follows_leads_on_to_what_follows_from_that(facts_of: FactsOf) -> None:
    facts = facts_of({"pain": ["low_back.left"], "pain_constant": True, "pain_progressive": True, "pain_unrelated_to_movement": True})

    assert facts.view().present("pain_constant_progressive") is True


def test_reading_what_was_read_adds_nothing(findings_of: FindingsOf, terrain: Terrain) -> None:
    first = findings_of({"pain": ["low_back.left", "calf.left"], "pain_map_complete": True, "body_temperature": 39})
    again: dict[str, Any] = {finding.term: finding.value for finding in first.patient}
    again |= {"pain": [{"region": entry.region, "side": entry.side} for entry in first.pain], "pain_map_complete": True}
    second = read_findings(again, terrain)

    assert [(f.term, f.value) for f in first.patient] == [(f.term, f.value) for f in second.patient]


def test_a_finding_that_stands_for_pain_is_an_entry_of_the_pain_map(facts_of: FactsOf) -> None:
    facts = facts_of({"pain_neck": True})

    assert facts.pain_map.at("neck") is True
    assert facts.pain_map.at("body") is True
    assert facts.pain_map.at("neck_posterior") is None


def test_a_denied_pain_frees_its_region(facts_of: FactsOf) -> None:
    facts = facts_of({"pain_low_back": False})

    assert facts.pain_map.at("low_back") is False
    assert facts.pain_map.at("low_back", "left") is False
    assert facts.pain_map.at("trunk_posterior") is None


def test_a_finding_that_only_repeats_the_pain_map_adds_no_second_entry(facts_of: FactsOf) -> None:
    facts = facts_of({"pain_low_back": True, "pain": ["low_back.left"]})
    expected = (Pain("low_back", "left"),)

    assert expected == facts.pain_map.painful


def test_pain_is_not_widespread_where_it_was_not_asked(facts_of: FactsOf) -> None:
    facts = facts_of({"pain": ["low_back.left"]})

    assert facts.view().present("pain_widespread") is None
    assert facts.view().present("pain_regional") is None


def test_one_of_five_regions_on_a_complete_map_is_regional_and_not_widespread(facts_of: FactsOf) -> None:
    view = facts_of({"pain": ["low_back.left"], "pain_map_complete": True}).view()

    assert view.present("pain_regional") is True
    assert view.present("pain_widespread") is False


# --- silence and totals -----------------------------------------------------------------------------------------------


def test_silence_stays_unknown(facts_of: FactsOf, kb: KnowledgeBase) -> None:
    view = facts_of({}).view()
    booleans = [term for term in kb.vocabulary.terms.values() if term.subject == "patient" and term.kind == "boolean"]

    assert {None} == {view.present(term.id) for term in booleans}
    assert {None} == {view.label(label) for label in kb.vocabulary.diagnoses}
    assert {None} == {view.pain_at(region, None) for region in kb.vocabulary.regions}


def test_a_muscle_that_was_not_examined_has_unknown_findings(facts_of: FactsOf, kb: KnowledgeBase) -> None:
    view = facts_of({"pain": ["low_back.left"]}).view("soleus.left")
    own = [term.id for term in kb.vocabulary.terms.values() if term.subject == "muscle" and term.kind == "boolean" and not term.fact]

    assert {None} == {view.present(term) for term in own}
    assert view.present("examined") is False


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, Interval(0, 19)),
        ({"wpi_neck": True}, Interval(1, 19)),
        ({"wpi_neck": False}, Interval(0, 18)),
        ({"wpi": 7}, Interval(7, 7)),
        ({"wpi": 7, "wpi_neck": True}, Interval(7, 7)),
        ({"pain": ["low_back.left", "neck_posterior"]}, Interval(2, 19)),
        ({"pain": ["low_back.left", "neck_posterior"], "pain_map_complete": True}, Interval(2, 2)),
    ],
)
def test_a_total_lies_where_its_items_and_what_was_said_of_it_allow(data: Any, expected: Interval, facts_of: FactsOf) -> None:
    assert expected == facts_of(data).interval("wpi")


def test_five_areas_painful_ten_free_and_four_unasked_give_five_to_nine(facts_of: FactsOf, kb: KnowledgeBase) -> None:
    areas = kb.vocabulary.measures["wpi"].sum
    facts = facts_of({**dict.fromkeys(areas[:5], True), **dict.fromkeys(areas[5:15], False)})
    expected = Interval(5, 9)

    assert expected == facts.interval("wpi")


def test_a_total_never_decides_an_item(facts_of: FactsOf, kb: KnowledgeBase) -> None:
    view = facts_of({"wpi": 19}).view()
    expected = {None}

    assert expected == {view.present(item) for item in kb.vocabulary.measures["wpi"].sum}


def test_a_bare_total_narrows_both_forms_of_the_scale(facts_of: FactsOf) -> None:
    facts = facts_of({"sss": 9})
    expected = Interval(9, 9)

    assert expected == facts.interval("sss_2010")
    assert expected == facts.interval("sss_2016")


def test_a_sum_of_sums_is_narrowed_from_below(facts_of: FactsOf) -> None:
    facts = facts_of({"wpi": 7, "sss_2016": 5})
    expected = Interval(12, 12)

    assert expected == facts.interval("fs_score")


def test_a_number_nobody_gave_lies_anywhere_in_its_range(facts_of: FactsOf) -> None:
    expected = Interval(0, 120)

    assert expected == facts_of({}).interval("age_years")


def test_a_group_of_painful_areas_counts_once_and_only_where_it_lies_wholly_inside(facts_of: FactsOf) -> None:
    arm = facts_of({"pain": ["upper_arm.left"]}).view()
    limb = facts_of({"pain": ["upper_limb.left"]}).view()

    assert [arm.present("wpi_upper_arm_left"), arm.present("wpi_lower_arm_left")] == [True, None]
    assert [limb.present("wpi_upper_arm_left"), limb.present("wpi_lower_arm_left")] == [None, None]
    assert Interval(1, 5) == facts_of({"pain": ["upper_limb.left"]}).interval("generalised_pain_regions")


# --- whatever comes ---------------------------------------------------------------------------------------------------

WORDS_OF_THE_LANGUAGE = st.sampled_from(
    ["fever", "age_years", "pain_quality", "onset_mode", "symptom_duration", "wpi", "sss", "pain", "labels", "exam", "pain_map_complete",
     "region", "side", "present", "intensity", "muscle", "low_back", "low_back.left", "buttock", "sacrum", "left", "right", "bilateral", "midline",
     "gluteus_medius", "quadratus_lumborum", "taut_band", "examined", "facet_syndrome", "prior_label_basis", "imaging_only", "dull", "sudden",
     "16 wk", "3 months", "38 °C", "pain_low_back", "neuro_exam_normal", "reflex_reduced", "unknown"]
)  # fmt: skip


def _outcome(data: Any, read: FindingsOf) -> Findings | FindingError:
    try:
        return read(data)
    except FindingError as refusal:
        return refusal


@given(plain_data(WORDS_OF_THE_LANGUAGE))
def test_any_data_gives_findings_or_faults(findings_of: FindingsOf, data: Any) -> None:
    found = _outcome(data, findings_of)

    assert isinstance(found, Findings) or found.faults


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 500), st.floats(), WORDS_OF_THE_LANGUAGE, st.text(max_size=5))
WORD_OR_ODD = st.one_of(WORDS_OF_THE_LANGUAGE, SCALARS)
PAIN = st.one_of(
    WORD_OR_ODD,
    st.fixed_dictionaries(
        {"region": WORD_OR_ODD}, optional={"side": WORD_OR_ODD, "present": SCALARS, "intensity": SCALARS, "more": SCALARS}
    ),
)
EXAM = st.one_of(
    WORD_OR_ODD,
    st.fixed_dictionaries(
        {"muscle": WORD_OR_ODD}, optional={"side": WORD_OR_ODD, "taut_band": SCALARS, "fever": SCALARS, "palpation_force": SCALARS}
    ),
)
LABELS = st.one_of(
    SCALARS,
    st.lists(WORD_OR_ODD, max_size=3),
    st.dictionaries(
        WORDS_OF_THE_LANGUAGE, st.one_of(SCALARS, st.dictionaries(WORDS_OF_THE_LANGUAGE, plain_data(), max_size=3)), max_size=3
    ),
)
ALMOST_RIGHT = st.fixed_dictionaries(
    {},
    optional={
        "pain": st.one_of(SCALARS, st.lists(PAIN, max_size=4)),
        "exam": st.one_of(SCALARS, st.lists(EXAM, max_size=3)),
        "labels": LABELS,
        "pain_map_complete": SCALARS,
        "age_years": plain_data(),
        "fever": plain_data(),
        "pain_quality": plain_data(st.sampled_from(("dull", "burning"))),
        "onset_mode": plain_data(st.sampled_from(("sudden", "insidious"))),
        "wpi": SCALARS,
        "sss": SCALARS,
        "wpi_neck": SCALARS,
        "pain_low_back": SCALARS,
        "neuro_exam_normal": SCALARS,
        "reflex_reduced": SCALARS,
    },
)


@given(ALMOST_RIGHT)
def test_data_that_is_almost_right_gives_findings_or_faults(findings_of: FindingsOf, data: Any) -> None:
    found = _outcome(data, findings_of)

    assert isinstance(found, Findings) or all(fault.what for fault in found.faults)


RIGHT = st.fixed_dictionaries(
    {},
    optional={
        "pain": st.lists(
            st.fixed_dictionaries(
                {"region": st.sampled_from(("low_back", "buttock", "calf", "neck_posterior", "thigh_posterior"))},
                optional={"side": st.sampled_from(("left", "right", "bilateral")), "present": st.booleans()},
            ),
            max_size=4,
        ),
        "exam": st.lists(
            st.fixed_dictionaries(
                {"muscle": st.sampled_from(("soleus", "gluteus_medius", "quadratus_lumborum"))},
                optional={
                    "side": st.sampled_from(("left", "right", "bilateral")),
                    "taut_band": st.booleans(),
                    "pain_recognition": st.none(),
                },
            ),
            max_size=3,
        ),
        "labels": st.dictionaries(st.sampled_from(("facet_syndrome", "lumbar_strain")), st.one_of(st.booleans(), st.none()), max_size=2),
        "pain_map_complete": st.booleans(),
        "fever": st.booleans(),
        "body_temperature": st.integers(35, 40),
        "pain_quality": st.lists(st.sampled_from(("dull", "burning"))),
        "wpi": st.integers(0, 19),
    },
)


@given(RIGHT, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_said_does_not_matter(findings_of: FindingsOf, data: dict[str, Any], random: Any) -> None:
    keys = list(data)
    random.shuffle(keys)
    mixed = {key: random.sample(data[key], len(data[key])) if key in ("pain", "pain_quality") else data[key] for key in keys}
    one, other = _outcome(data, findings_of), _outcome(mixed, findings_of)

    assert type(one) is type(other)
    assert one == other or not isinstance(one, Findings)


@given(RIGHT)
def test_findings_survive_the_way_through_json(findings_of: FindingsOf, data: dict[str, Any]) -> None:
    one, other = _outcome(data, findings_of), _outcome(json.loads(json.dumps(data)), findings_of)

    assert type(one) is type(other)
    assert one == other or not isinstance(one, Findings)


@given(RIGHT, st.sampled_from(("motor_deficit", "pain_sharp_on_movement", "saddle_anaesthesia")), st.booleans())
def test_saying_one_thing_more_changes_nothing_that_was_known(
    findings_of: FindingsOf, data: dict[str, Any], term: str, value: Truth
) -> None:
    before, after = _outcome(data, findings_of), _outcome({**data, term: value}, findings_of)

    assume(isinstance(before, Findings))
    assert isinstance(before, Findings)
    assert isinstance(after, Findings)
    assert set(before.patient) <= set(after.patient)
    assert (before.pain, before.exam, before.labels) == (after.pain, after.exam, after.labels)


# --- a number of which only the range is known -------------------------------------------------------------------------


def test_a_range_of_a_number_is_judged_by_all_of_it(facts_of: FactsOf) -> None:
    facts = facts_of({"age_years": {"at_least": 49, "at_most": 50}})

    found = [judge(Compare("age_years", at_least=bound), facts.view()) for bound in (49, 50, 51)]

    assert found == [True, None, False]


def test_a_range_of_one_number_is_that_number(findings_of: FindingsOf) -> None:
    assert findings_of({"age_years": {"at_least": 49, "at_most": 49}}) == findings_of({"age_years": 49})


def test_a_range_reads_back_and_every_executor_concludes_the_same_of_it(kb: KnowledgeBase, findings_of: FindingsOf) -> None:
    chart = {"age_years": {"at_least": "49 a", "at_most": 50}, "pain": ["low_back"], "fever": True, "in_doubt": ["saddle_anaesthesia"]}
    findings = findings_of(chart)
    facts = Facts(terrain_of(kb), findings)

    assert findings_of(as_mapping(findings)) == findings
    judged, *others = (chain(kb, facts) for chain in QUICK.values())
    assert [list(differences(kb, facts, judged, other)) for other in others] == [[] for _ in others]
    assert "49 years to 50 years" in evaluate(chart, kb).note()


@pytest.mark.parametrize(
    "value", [{"at_least": 49}, {"at_least": 50, "at_most": 49}, {"at_least": "x", "at_most": 50}, {"above": 4, "at_most": 9}]
)
def test_a_range_that_is_none_is_refused(findings_of: FindingsOf, value: Any) -> None:
    with pytest.raises(FindingError, match="age_years"):
        findings_of({"age_years": value})
