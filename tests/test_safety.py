"""Red flags come first: they are raised when they must be, silence clears none, and no self-care stands beside them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mps_rules as mps
from executors import QUICK
from mps_rules.answer.assess import assess
from mps_rules.answer.values import Assessment
from mps_rules.authoring.cases import Case, read_cases
from mps_rules.chaining.chains import Chain
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.regions import uncovered_regions
from mps_rules.knowledge.rules import Recommend, Rule
from mps_rules.knowledge.vocabulary import PATIENT, Term
from mps_rules.language import conditions as c
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Finding
from packs import SMALL
from packs import rule as rule_file
from test_evaluate import answers, assessed, consistent, exams, labels, pain_maps, patients

SERIOUS = ("emergency", "urgent")
CARED_FOR: Mapping[str, Any] = {
    "pf_prolonged_sitting": True,
    "motor_deficit": False,
    "sensory_deficit_dermatomal": False,
    "reflex_reduced": False,
    "saddle_anaesthesia": False,
    "urinary_retention_new": False,
    "exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True, "hypersensitive_spot": True, "pain_recognition": True}],
}
"""What makes rules hold that recommend self-care, once there is pain and unless a red flag stands."""


def flags(base: KnowledgeBase, *urgencies: str) -> tuple[Rule, ...]:
    """The rules that raise red flags of these urgencies, or of any."""
    return tuple(rule for rule in base.rules if rule.alert and (not urgencies or rule.alert.urgency in urgencies))


def read_by(condition: c.Condition, base: KnowledgeBase) -> Iterator[str]:
    """Every finding of the patient that a condition reads, through the conclusions it reads."""
    for part in c.walk(condition):
        match part:
            case c.Present(term) | c.Words(term) | c.Compare(term) if base.vocabulary.terms[term].subject == "patient":
                yield term
            case c.Derived(id):
                for rule in base.concluding[id]:
                    yield from read_by(rule.when, base)


def flag_terms(base: KnowledgeBase) -> list[Term]:
    """Every finding that bears on a red flag."""
    ids = dict.fromkeys(term for rule in flags(base) for term in read_by(rule.when, base))
    return [base.vocabulary.terms[id_] for id_ in ids]


@st.composite
def alarming_patients(draw: st.DrawFn) -> dict[str, Any]:
    """A patient to whom self-care would be recommended, with findings that bear on red flags."""
    findings = {**CARED_FOR, **draw(answers(flag_terms(mps.load()), most=10))}
    return {**findings, "pf_prolonged_sitting": True, "pain": draw(pain_maps()) or ["low_back.left"]}


def hurts(facts: Facts) -> bool:
    """Whether pain is recorded anywhere: without it there is nothing to care for."""
    return facts.pain_map.at("body") is True


def places(condition: c.Condition, *, raising: bool = True) -> Iterator[str]:
    """Every place where pain can help to make a condition true."""
    match condition:
        case c.Not(of):
            yield from places(of, raising=not raising)
        case c.PainAt(regions) if raising:
            yield from regions
        case _:
            for part in c.parts(condition):
                yield from places(part, raising=raising)


def facts_in(assessment: Assessment) -> Facts:
    """The facts that gave an assessment."""
    return Facts(terrain_of(mps.load()), assessment.findings)


def standing(base: KnowledgeBase, facts: Facts, chain: Chain) -> set[str]:
    """The serious red flags that are raised, or open for want of a qualifier, judged by their definition alone."""
    view = facts.view(PATIENT, chain.concluded)

    def stands(rule: Rule) -> bool:
        if rule.cause is not None:
            return any(c.judge(one.when, view) is True for one in (rule, base.by_id.get(f"{rule.id}.open")) if one)
        if rule.trigger is None:
            return False
        return c.judge(rule.trigger, view) is True and (rule.qualifier is None or c.judge(rule.qualifier, view) is not False)

    return {rule.id for rule in flags(base, *SERIOUS) if stands(rule)}


def cares(base: KnowledgeBase, chain: Chain) -> set[str]:
    """The self-care rules that fired."""
    caring = {rule.id for rule in base.rules for one in rule.then if isinstance(one, Recommend) and one.kind == "self_care"}
    return {derivation.rule for derivation in chain.derivations if derivation.rule in caring}


def recommends_self_care(assessment: Assessment) -> bool:
    """Whether self-care is among what is recommended."""
    return any(advice.kind == "self_care" for advice in assessment.recommendations)


# --- the law ----------------------------------------------------------------------------------------------------------


def test_self_care_is_recommended_where_no_red_flag_stands() -> None:
    expected = {
        "article.conservative_first",
        "factors.pf_prolonged_sitting",
        "management.exercise_low_back",
        "management.home_programme",
        "management.release.mc_glut_med_min",
        "management.stretch.mc_glut_med_min",
    }
    assessment = mps.evaluate({**CARED_FOR, "pain": ["low_back.left"]})

    assert expected == {advice.rule for advice in assessment.recommendations if advice.kind == "self_care"}


@settings(max_examples=60)
@given(alarming_patients())
def test_no_self_care_is_recommended_while_a_red_flag_stands(findings: dict[str, Any]) -> None:
    assessment = assessed(findings)
    stands = [alert for alert in assessment.alerts if alert.urgency in SERIOUS]

    assert recommends_self_care(assessment) is (hurts(facts_in(assessment)) and not stands and not assessment.beyond)


@settings(max_examples=40)
@pytest.mark.parametrize("executor", QUICK)
@given(findings=alarming_patients())
def test_every_executor_withholds_self_care_for_raised_and_for_open_red_flags(executor: str, findings: dict[str, Any]) -> None:
    base = mps.load()
    facts = Facts(terrain_of(base), read_findings(consistent(findings), terrain_of(base)))

    chain = QUICK[executor](base, facts)

    stands = standing(base, facts, chain)
    fired = {derivation.rule.removesuffix(".open") for derivation in chain.derivations}
    assert stands == fired & {rule.id for rule in flags(base, *SERIOUS)}
    assert bool(cares(base, chain)) is (hurts(facts) and not stands and not assess(base, facts, chain).beyond)


def test_an_open_red_flag_alone_withholds_self_care() -> None:
    known = {**CARED_FOR, "pain": ["low_back.left"], "cancer_in_remission": True}
    assessment = mps.evaluate(known)

    assert {"open"} == {alert.status for alert in assessment.alerts}
    assert assessment.urgency == "none"
    assert not recommends_self_care(assessment)


def test_a_red_flag_that_can_wait_withholds_nothing() -> None:
    assessment = mps.evaluate({**CARED_FOR, "pain": ["low_back.left"], "not_improving_over_1_month": True})

    assert assessment.urgency == "soon"
    assert recommends_self_care(assessment)


def test_the_red_flags_of_the_packaged_rules_cover_the_whole_body(kb: KnowledgeBase) -> None:
    assert set(uncovered_regions(kb.vocabulary, kb.pack.screens)) == set()


def test_pain_that_a_pack_does_not_screen_is_said_and_withholds_self_care(load: Callable[..., KnowledgeBase]) -> None:
    care = rule_file("shelf.care", when="{pain_at: [body]}", then="[recommend: {kind: self_care, text: Rest.}]")
    base = load({"pack.yaml": SMALL["pack.yaml"] + "screens: [back]\n"}, care)
    screened, beyond = mps.evaluate({"pain": ["low_back.left"]}, base), mps.evaluate({"pain": ["low_back.left", "calf.left"]}, base)

    assert ((), True) == (screened.beyond, recommends_self_care(screened))
    assert (("Pain in the calf",), False) == (beyond.beyond, recommends_self_care(beyond))
    assert beyond.screening != "complete"
    assert "beyond the red flags of these rules: pain in the calf" in " ".join(beyond.text(full=True).split())


def test_a_danger_sign_that_no_rule_reads_is_said_and_withholds_self_care(kb: KnowledgeBase) -> None:
    signs = {id_: places for id_, places in kb.unread_dangers.items() if kb.vocabulary.terms[id_].kind == "boolean"}
    assert "leg_paralysed_or_cast" in signs
    for term, places in signs.items():
        where = "hand.left" if "low_back" in places or "trunk_posterior" in places else "low_back.left"
        assessment = mps.evaluate({**CARED_FOR, "pain": [where], term: True})

        assert assessment.beyond == (kb.vocabulary.terms[term].label,)
        assert not recommends_self_care(assessment)


def test_a_number_that_no_rule_reads_is_said_and_withholds_self_care(load: Callable[..., KnowledgeBase]) -> None:
    laboratory = (
        "category: laboratory\nfindings:\n  - {id: enzyme, label: Enzyme, kind: number, unit: '{score}', range: [0, 900], cost: tested}\n"
    )
    care = rule_file("shelf.care", when="{pain_at: [body]}", then="[recommend: {kind: self_care, text: Rest.}]")
    base = load({"vocabulary/findings/laboratory.yaml": laboratory}, care)
    expected = {None: ((), True), 310: (("Enzyme 310",), False)}
    said = {number: mps.evaluate({"pain": ["low_back.left"], "enzyme": number}, base) for number in expected}

    assert expected == {number: (one.beyond, recommends_self_care(one)) for number, one in said.items()}


def test_a_number_that_rules_read_is_not_beyond_them() -> None:
    assessment = mps.evaluate({**CARED_FOR, "pain": ["low_back.left"], "haemoglobin": 13.5, "systolic_bp": 130, "heart_rate": 70, "esr": 8})

    assert ((), True) == (assessment.beyond, recommends_self_care(assessment))


DANGER_NUMBERS = [
    ({"systolic_bp": 60, "heart_rate": 150}, "emergency"),
    ({"systolic_bp": 89}, "emergency"),
    ({"heart_rate": 38}, "emergency"),
    ({"oxygen_saturation": 91}, "emergency"),
    ({"respiratory_rate": 25}, "emergency"),
    ({"body_temperature": 31}, "emergency"),
    ({"body_temperature": 40.2}, "emergency"),
    ({"creatine_kinase": 100_000}, "emergency"),
    ({"haemoglobin": 3}, "emergency"),
    ({"white_cell_count": 300}, "emergency"),
    ({"white_cell_count": 0.6}, "emergency"),
    ({"platelet_count": 12}, "emergency"),
    ({"serum_potassium": 7}, "emergency"),
    ({"serum_sodium": 112}, "emergency"),
    ({"serum_calcium": 15}, "emergency"),
    ({"serum_creatinine": 7}, "emergency"),
    ({"serum_creatinine": 5, "chronic_kidney_disease": False}, "emergency"),
    ({"heart_rate": 115, "oxygen_saturation": 93}, "emergency"),
    ({"heart_rate": 125}, "urgent"),
    ({"oxygen_saturation": 93}, "urgent"),
    ({"creatine_kinase": 7000}, "urgent"),
    ({"haemoglobin": 7.5}, "urgent"),
    ({"esr": 140}, "urgent"),
]


@pytest.mark.parametrize(("numbers", "expected"), DANGER_NUMBERS)
def test_a_dangerous_number_is_raised_whatever_hurts_and_withholds_self_care(numbers: dict[str, float], expected: str) -> None:
    assessment = mps.evaluate({**CARED_FOR, "age_years": 70, "pain": ["low_back.left"], **numbers})

    assert expected == assessment.urgency
    assert not recommends_self_care(assessment)


@pytest.mark.parametrize(
    "numbers",
    [
        {"systolic_bp": 135},
        {"heart_rate": 64},
        {"oxygen_saturation": 97},
        {"body_temperature": 36.6},
        {"creatine_kinase": 150},
        {"haemoglobin": 14},
        {"esr": 12},
    ],
)
def test_an_ordinary_number_raises_and_opens_nothing(numbers: dict[str, float]) -> None:
    assert () == mps.evaluate({"age_years": 46, "pain": ["low_back.left"], **numbers}).alerts


def test_a_creatinine_that_kidney_disease_may_explain_is_open_until_that_is_asked() -> None:
    chart: dict[str, Any] = {"age_years": 46, "pain": ["low_back.left"], "serum_creatinine": 4.6}
    stands = {
        known: {alert.id: alert.status for alert in mps.evaluate({**chart, "chronic_kidney_disease": known}).alerts}.get(
            "rf_physiological_danger"
        )
        for known in (None, True, False)
    }

    assert {None: "open", True: None, False: "raised"} == stands


def test_every_number_that_is_asked_for_is_read_by_a_rule(kb: KnowledgeBase, first_case: Callable[[str], Case]) -> None:
    read = {term for rule in kb.rules for term in read_by(rule.when, kb)}
    sources = [
        source for term in kb.vocabulary.terms.values() for source in (term.implied_by, term.denied_by) if source and term.id in read
    ]
    read |= {leaf.term for source in sources for leaf in c.walk(source) if isinstance(leaf, c.Present | c.Words | c.Compare)}
    read |= {item for measure in kb.vocabulary.measures.values() for item in (*measure.sum, measure.also_total or "")}
    numbers = {term.id for term in kb.vocabulary.terms.values() if term.kind in ("number", "duration") and term.subject == "patient"}
    asked = {
        term
        for rule in ("safety.rf_systemic", "safety.rf_myeloma", "safety.rf_gca", "safety.rf_cauda_equina")
        for question in _evaluated(first_case(rule)).questions
        for term in question.terms
        if term in numbers
    }

    assert asked
    assert asked - read == set()


# --- drawn pain is the symptom ----------------------------------------------------------------------------------------

DRAWN = [
    ("chest_pain", "chest.left"),
    ("chest_pain", "chest_upper.right"),
    ("chest_pain", "sternum_region"),
    ("pain_neck", "neck_posterior.left"),
    ("pain_low_back", "low_back.left"),
    ("pain_thoracic_spine", "interscapular.midline"),
    ("pain_into_foot", "heel.left"),
    ("pain_below_knee", "calf.left"),
]


@pytest.mark.parametrize(("term", "place"), DRAWN)
def test_pain_drawn_on_the_map_is_the_symptom(term: str, place: str) -> None:
    assert facts_in(mps.evaluate({"pain": [place]})).booleans[term] is True


@pytest.mark.parametrize(("term", "place"), DRAWN)
def test_drawn_pain_that_is_denied_is_a_contradiction_that_names_both(term: str, place: str, kb: KnowledgeBase) -> None:
    with pytest.raises(mps.FindingError) as refused:
        mps.evaluate({"pain": [place], term: False})
    said = next(str(fault) for fault in refused.value.faults if fault.where == term)

    assert "given as absent, but the opposite follows from: pain in" in said
    assert any(
        kb.vocabulary.name("region", region) in said
        for region in facts_in(mps.evaluate({"pain": [place]})).terrain.tree.around[place.partition(".")[0]]
    )


@pytest.mark.parametrize(
    ("said", "region"),
    [
        ({"chest_pain": True}, "chest"),
        ({"pain_neck": True}, "neck"),
        ({"pain_into_foot": True}, "foot"),
        ({"thunderclap_headache": True}, "head"),
        ({"groin_pain_deep": True}, "groin"),
        ({"vascular_claudication": True}, "calf"),
        ({"bilateral_leg_pain": True}, "lower_limb"),
        ({"pain_main_region": "knee_medial"}, "knee"),
    ],
)
def test_a_symptom_that_names_a_place_is_pain_there(said: dict[str, Any], region: str) -> None:
    assert facts_in(mps.evaluate(said)).pain_map.at(region) is True


def test_pain_of_the_rib_margin_alone_is_neither_chest_pain_nor_its_absence() -> None:
    facts = facts_in(mps.evaluate({"pain": ["chest_lower.left"]}))
    denied = facts_in(mps.evaluate({"pain": ["chest_lower.left"], "chest_pain": False}))

    assert "chest_pain" not in facts.booleans
    assert denied.pain_map.at("chest") is True


@pytest.mark.parametrize("place", ["chest.left", "chest", "sternum_region", "chest_lateral.left"])
def test_drawn_chest_pain_on_exertion_with_sweating_is_an_emergency(place: str) -> None:
    chart = {"pain": [place], "pain_exertional": True, "sweating_nausea_with_pain": True, "dyspnoea": True, "age_years": 60}

    assert mps.evaluate(chart).urgency == "emergency"


@pytest.mark.parametrize("asked", ["anal_tone_reduced", "saddle_anaesthesia", "urinary_retention_new"])
def test_a_half_asked_red_flag_stays_listed_and_is_asked_to_the_end(asked: str) -> None:
    assessment = mps.evaluate({"pain": ["low_back.left"], asked: False})
    left = next(flag.terms for flag in assessment.unscreened if flag.id == "rf_cauda_equina")

    assert asked not in left
    assert {"saddle_anaesthesia", "urinary_retention_new", "faecal_incontinence_new", "anal_tone_reduced"} - {asked} == set(left)
    assert set(left) <= {term for question in assessment.questions for term in question.terms}


def test_age_alone_is_no_screening() -> None:
    assessment = mps.evaluate({"age_years": 46, "pain": ["low_back.left"]})

    assert assessment.screening == "not_done"


# --- raised when it must be -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first_case(kb: KnowledgeBase) -> Callable[[str], Case]:
    """The first case of a rule."""
    cases = read_cases(kb)
    return lambda rule: next(case for case in cases if case.rule == rule)


def _evaluated(case: Case) -> Assessment:
    assert isinstance(case.findings, Mapping)
    return mps.evaluate(case.findings)


def test_every_red_flag_is_raised_by_its_own_first_case(kb: KnowledgeBase, first_case: Callable[[str], Case]) -> None:
    written = [rule for rule in flags(kb) if rule.cause is None]
    expected = {rule.alert.id: "raised" for rule in written if rule.alert}
    raised = {
        rule.alert.id: alert.status
        for rule in written
        for alert in _evaluated(first_case(rule.id)).alerts
        if rule.alert and rule.alert.id == alert.id
    }

    assert expected == raised


def test_every_emergency_makes_the_whole_assessment_one(kb: KnowledgeBase, first_case: Callable[[str], Case]) -> None:
    pictures = {rule.id: _evaluated(first_case(rule.id)) for rule in flags(kb, "emergency")}

    assert len(pictures) >= 10
    assert [rule for rule, assessment in pictures.items() if assessment.urgency != "emergency"] == []
    assert [rule for rule, assessment in pictures.items() if assessment.alerts[0].urgency != "emergency"] == []
    assert [rule for rule, assessment in pictures.items() if recommends_self_care(assessment)] == []


def test_the_text_of_an_emergency_leads_with_it(kb: KnowledgeBase, first_case: Callable[[str], Case]) -> None:
    assert flags(kb, "emergency")
    for rule in flags(kb, "emergency"):
        lines = _evaluated(first_case(rule.id)).text(full=True).splitlines()
        headings = [line.partition(":")[0] for line in lines if line and not line.startswith(" ")]

        assert lines[0].startswith("Urgency:  EMERGENCY: ")
        assert headings.index("EMERGENCY") < headings.index("Red flags") < headings.index("SOURCES")
        assert next(i for i, line in enumerate(lines) if line.startswith("EMERGENCY: ")) < lines.index("HYPOTHESES")


def test_age_alone_raises_nothing_and_opens_nothing() -> None:
    expected: dict[int, set[str]] = {}

    assert expected == {age: ids for age in range(121) if (ids := {alert.id for alert in mps.evaluate({"age_years": age}).alerts})}


@settings(max_examples=60)
@given(st.integers(0, 120), pain_maps(), st.sampled_from((True, False, None)))
def test_age_and_a_pain_map_open_nothing_but_for_a_small_childs_back_both_legs_below_the_knee_and_the_chest(
    age: int, pain: list[Any], complete: object
) -> None:
    assessment = assessed({"age_years": age, "pain": pain, "pain_map_complete": complete})
    expected: set[str] = set()
    if age < 10 and facts_in(assessment).booleans.get("pain_low_back"):
        expected.add("rf_young_back_pain")
    facts = facts_in(assessment)
    known = {term for term, value in facts.booleans.items() if value}
    root = ("low_back", "sacrum", "sacroiliac", "buttock", "thigh_posterior")
    if {"bilateral_leg_pain", "pain_below_knee"} <= known and not all(facts.pain_map.is_free(region) for region in root):
        expected.add("rf_bilateral_sciatica")
    if facts.pain_map.at("chest"):
        expected.add("rf_acute_coronary")
    if "chest_pain" in known:
        expected.add("rf_chest_pain_with_risk")

    assert expected == {alert.id for alert in assessment.alerts if not alert.graded}
    assert [] == [alert.id for alert in assessment.alerts if alert.graded and alert.status == "raised"]


# --- silence clears nothing -------------------------------------------------------------------------------------------


def denied(base: KnowledgeBase) -> dict[str, Any]:
    """Low back pain of two weeks at 45, every screening question asked and denied."""
    no = {term.id: False for term in flag_terms(base) if term.kind == "boolean" and term.stands_for != "low_back"}
    measured = {"age_years": 45, "symptom_duration": "2 wk", "body_temperature": 36.8, "bladder_volume_ml": 20, "esr": 5}
    return {**no, **measured, "onset_mode": {"sudden": False}, "pain": ["low_back.left"]}


def test_an_ordinary_back_raises_nothing_once_everything_was_asked(kb: KnowledgeBase) -> None:
    assessment = mps.evaluate(denied(kb))

    assert assessment.urgency == "none"
    assert assessment.alerts == ()
    assert assessment.unscreened == ()
    assert assessment.screening == "complete"
    assert "Nothing alarming found; asked for " in assessment.text()


def test_one_red_flag_left_unasked_stays_listed_as_unasked(kb: KnowledgeBase) -> None:
    assessment = mps.evaluate({**denied(kb), "not_improving_over_1_month": None})

    assert assessment.screening == "complete"
    assert [flag.id for flag in assessment.unscreened] == ["rf_failed_to_improve"]


def test_pain_without_any_question_asked_is_not_screened() -> None:
    assessment = mps.evaluate({"pain": ["low_back.left"]})

    assert assessment.screening == "not_done"
    assert "Red flags: not asked about. Nothing below clears them." in assessment.text(full=True)


def test_nothing_known_is_not_screened() -> None:
    assert mps.evaluate({}).screening == "not_done"


def _lineage(region: str, base: KnowledgeBase) -> set[str]:
    found, at = set(), base.vocabulary.regions.get(region)
    while at:
        found.add(at.id)
        at = base.vocabulary.regions.get(at.parent or "")
    return found


@settings(max_examples=60)
@given(patients())
def test_only_red_flags_that_concern_the_painful_place_are_called_unasked(findings: dict[str, Any]) -> None:
    assessment, base = assessed(findings), mps.load()
    painful = [entry.region for entry in facts_in(assessment).pain_map.painful]
    own = {rule.alert.id: {*rule.alert.regions, *places(rule.when)} for rule in flags(base) if rule.alert}
    if not painful:
        return

    def is_near(region: str) -> bool:
        return any(region in _lineage(pain, base) or pain in _lineage(region, base) for pain in painful)

    assert [] == [flag.id for flag in assessment.unscreened if not any(map(is_near, own[flag.id]))]


def test_pain_in_the_hand_alone_calls_for_no_spinal_question(kb: KnowledgeBase) -> None:
    trunk, arm = {"low_back", "neck", "trunk_posterior", "mid_back"}, _lineage("hand", kb)
    spinal = {rule.alert.id for rule in flags(kb) if rule.alert and trunk & set(rule.alert.regions) and not arm & set(rule.alert.regions)}
    unasked = {flag.id for flag in mps.evaluate({"pain": ["hand.left"]}).unscreened}

    assert spinal
    assert unasked
    assert spinal & unasked == set()


@settings(max_examples=50)
@given(patients())
def test_a_red_flag_is_called_unasked_only_while_it_is_undecided(findings: dict[str, Any]) -> None:
    assessment = assessed(findings)
    unasked = {flag.id for flag in assessment.unscreened}

    assert unasked & {alert.id for alert in assessment.alerts} == set()
    assert assessment.screening != "complete" or not assessment.outstanding
    for flag in assessment.unscreened:
        assert flag.terms


@settings(max_examples=50)
@given(patients() | alarming_patients())
def test_the_text_never_says_that_there_are_no_red_flags_unless_all_were_asked_about(findings: dict[str, Any]) -> None:
    assessment = assessed(findings)
    text = " ".join(assessment.text(full=True).split())
    brief = " ".join(assessment.text().split())
    first = brief[: brief.index(" Leading: ")]

    assert "no red flags" not in text.lower()
    if assessment.screening != "complete":
        assert "can present here have been asked" not in text
        assert "Nothing alarming" not in text
        assert "Nothing alarming" not in brief
    if assessment.screening != "complete" and assessment.urgency == "none":
        assert first.startswith("Urgency: NOT KNOWN;")
        assert "not asked about" in first or "only partly asked about" in first


# --- muscle last ------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(patients(), labels(), pain_maps())
def test_without_an_examined_muscle_myofascial_pain_is_never_more_than_possible(
    findings: dict[str, Any], given_: Any, pain: list[Any]
) -> None:
    history = {**findings, "labels": given_, "pain": pain, "pain_dull_deep_ache": True}
    assessment = assessed({key: value for key, value in history.items() if key != "exam"})

    assert {h.status for h in assessment.hypotheses if h.id == "myofascial_pain"} <= {"possible", "undecided", "unlikely", "excluded"}


NERVE_SIGNS = ("motor_deficit", "sensory_deficit_dermatomal", "reflex_reduced")
ACTIVE = {"muscle": "gluteus_medius", "side": "left", "taut_band": True, "hypersensitive_spot": True, "pain_recognition": True}


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from((*NERVE_SIGNS, "neuro_exam_normal")), st.sampled_from((True, False, None))),
    st.lists(exams(), max_size=2),
)
def test_a_muscle_answers_for_all_the_pain_only_after_a_clear_nerve_screen(signs: dict[str, Any], more: list[Any]) -> None:
    assessment = assessed({**signs, "pain": ["low_back.left"], "exam": [ACTIVE, *more]})
    found = {finding.term: finding for finding in assessment.findings.patient}
    clear = all(found.get(sign, Finding(sign)).value is False for sign in NERVE_SIGNS)
    fired = any(derivation.rule == "article.muscle_answer_after_nerve_screen" for derivation in assessment.trace)

    assert clear or not fired


def test_a_clear_nerve_screen_lets_one_muscle_answer_for_all_the_pain() -> None:
    assessment = mps.evaluate({**dict.fromkeys(NERVE_SIGNS, False), "pain": ["low_back.left"], "exam": [ACTIVE]})

    assert "article.muscle_answer_after_nerve_screen" in {derivation.rule for derivation in assessment.trace}


# --- clusters and scores ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["photophobia", "seizure_new", "bp_difference_arms", "leg_swelling_whole", "leg_veins_collateral"])
def test_a_sign_that_only_a_cluster_or_a_score_reads_still_withholds_care(kb: KnowledgeBase, sign: str) -> None:
    chart: dict[str, Any] = {"age_years": 30, "pain": ["low_back.left"], "pf_prolonged_sitting": True, "exam": [ACTIVE]}
    kinds = {one.kind for one in mps.evaluate({**chart, sign: True}).recommendations}

    assert sign in kb.unread_dangers
    assert "self_care" not in kinds


def test_a_strict_cluster_beside_the_points_is_no_second_stake_of_a_question(kb: KnowledgeBase) -> None:
    rule = kb.by_id["safety.rf_meningitis_cluster"]
    without = attrs.evolve(kb, rules=tuple(one for one in kb.rules if not one.id.startswith(rule.id)), digest="without the cluster")
    chart = {"pain": ["forehead"], "age_years": 30}

    assert rule.asks_for_a_cluster
    assert [(one.step, one.gain) for one in mps.evaluate(chart, without).questions] == [
        (one.step, one.gain) for one in mps.evaluate(chart, kb).questions
    ]
