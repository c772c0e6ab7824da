"""What is asked next: what could change most, in whole steps, never what is known; and nothing more once nothing could change the answer."""

from collections.abc import Iterator
from typing import Any

import pytest

import mps_rules as mps
from charts import chart, facts_of, sample, vignettes
from mps_rules.answer.values import Assessment, Question
from mps_rules.authoring.vignettes import Vignette
from mps_rules.chaining.reference import chain
from mps_rules.errors import FindingError, KnowledgeError
from mps_rules.knowledge.causes import Picture, holding, terms_read
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING
from mps_rules.knowledge.vocabulary import COSTS, PATIENT
from mps_rules.language import conditions as c
from mps_rules.patient.addresses import address, changed, of_finding
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import CARRIED, read_findings
from mps_rules.service.json_api import examples
from packs import SMALL, rule, written
from random_packs import seeded
from simulated import ended

BACK: dict[str, Any] = {"age_years": 45, "pain": ["low_back.left"]}


ASKED: dict[str, tuple[Question, ...]] = {}


def asked_of(one: Vignette) -> tuple[Question, ...]:
    """What is asked of a vignette, worked out once."""
    if one.vignette not in ASKED:
        ASKED[one.vignette] = mps.evaluate(chart(one)).questions
    return ASKED[one.vignette]


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_same_patient_is_asked_the_same(kb: KnowledgeBase) -> None:
    for one in sample(81, 5):
        first, second = (mps.evaluate(chart(one), base).questions for base in (kb, mps.load()))

        assert first == second, one.vignette


def test_the_order_in_which_findings_are_given_does_not_matter(kb: KnowledgeBase) -> None:
    for one in sample(82, 3):
        said = chart(one)

        assert mps.evaluate(said, kb).questions == mps.evaluate(dict(reversed(said.items())), kb).questions, one.vignette


def test_after_what_an_open_emergency_waits_for_questions_come_by_what_they_could_change_for_their_cost(kb: KnowledgeBase) -> None:
    for one in sample(83, 24):
        assessment = mps.evaluate(chart(one), kb)
        pressing = sum(alert.status == "open" and alert.urgency == "emergency" and not alert.graded for alert in assessment.alerts)
        gains = [question.gain for question in assessment.questions]

        assert any(
            sorted(part, reverse=True) == part and sorted(rest, reverse=True) == rest
            for part, rest in ((gains[:first], gains[first:]) for first in range(pressing + 1))
        ), one.vignette
        assert all(question.gain > 0 and question.terms and question.text and question.why for question in assessment.questions), (
            one.vignette
        )


def test_what_is_known_is_never_asked(kb: KnowledgeBase) -> None:
    asked = 0
    for one in sample(83, 24):
        facts = facts_of(chart(one))
        for question in asked_of(one):
            asked += len(question.terms)

            assert [] == [term for term in question.terms if _known(facts, question, term, kb)], (one.vignette, question)

    assert asked > 3000


def _known(facts: Facts, question: Question, term: str, kb: KnowledgeBase) -> bool:
    if term == "pain":
        return facts.findings.pain_map_complete is True
    at = address(str(of_finding(question.subject, term, kb.vocabulary)), kb.vocabulary)
    match at.kind:
        case "patient":
            return term in facts.given
        case "pain":
            return facts.pain_map.at(at.name, None) is not None
        case "given":
            return at.name in facts.labels
        case "label":
            return term in facts.label_findings[at.name]
    return term in facts.exams.get((at.name, at.side), {})


def test_every_finding_of_a_question_has_an_address(kb: KnowledgeBase) -> None:
    assert any(map(asked_of, sample(83, 24)))
    for one in sample(83, 24):
        for question in asked_of(one):
            for term in question.terms:
                assert address(str(of_finding(question.subject, term, kb.vocabulary)), kb.vocabulary).words(kb.vocabulary), (
                    one.vignette,
                    question,
                )


def test_one_step_of_one_subject_is_one_question(kb: KnowledgeBase) -> None:
    steps = {term: step.id for step in kb.asking.steps for term in step.terms}
    for one in sample(83, 24):
        questions = asked_of(one)
        keys = [(question.step, question.subject) for question in questions]

        assert len(set(keys)) == len(keys), one.vignette
        assert all({question.step} == {steps.get(term, term) for term in question.terms} for question in questions), one.vignette


def test_palpating_one_muscle_is_one_question(kb: KnowledgeBase) -> None:
    terms = kb.vocabulary.terms
    palpated = [
        question
        for question in mps.evaluate(BACK, kb).questions
        if question.subject != PATIENT and all(terms[term].subject == "muscle" for term in question.terms)
    ]
    palpation = [question for question in palpated if question.step == "muscle_palpation"]

    assert palpation
    assert len({question.subject for question in palpation}) == len(palpation)
    assert all(len(question.terms) > 3 and "examined" == question.cost for question in palpation)
    assert all(question.text.startswith("Palpate the muscle (") for question in palpation)


def test_a_question_costs_what_its_dearest_finding_costs(kb: KnowledgeBase) -> None:
    terms = kb.vocabulary.terms
    assert any(map(asked_of, sample(83, 24)))
    for one in sample(83, 24):
        for question in asked_of(one):
            costs = [COSTS.index(terms[term].cost) if term in terms else 0 for term in question.terms]

            assert COSTS[max(costs)] == question.cost, (one.vignette, question)


# --- what comes first -------------------------------------------------------------------------------------------------


def test_on_a_bare_back_pain_chart_emergencies_are_asked_first(kb: KnowledgeBase) -> None:
    assessment = mps.evaluate(BACK, kb)

    assert "bladder_bowel_saddle" == assessment.questions[0].step
    for question in assessment.questions[:4]:
        assert "emergency" in _raised(assessment, question, kb), question.text


def _raised(assessment: Assessment, question: Question, kb: KnowledgeBase) -> set[str]:
    """The urgencies of the red flags, raised or open, that a yes to one finding of a question would bring."""
    found: set[str] = set()
    held = {(alert.id, alert.status) for alert in assessment.alerts}
    for term in question.terms:
        if kb.vocabulary.terms[term].kind == "boolean":
            try:
                after = assessment.what_if({str(of_finding(question.subject, term, kb.vocabulary)): True}).assessment
            except FindingError:
                continue
            found |= {alert.urgency for alert in after.alerts if (alert.id, alert.status) not in held}
    return found


def test_the_findings_that_an_open_emergency_waits_for_come_first(kb: KnowledgeBase) -> None:
    tried = 0
    for flagged in kb.rules:
        if flagged.alert is None or flagged.alert.urgency != "emergency" or f"{flagged.id}.open" not in kb.by_id:
            continue
        if flagged.asks_for_a_cluster:  # its cause is asked for instead
            continue
        region = flagged.alert.regions[0]
        bare = mps.evaluate({"age_years": 55, **({"pain": [region]} if kb.vocabulary.regions[region].parent else {})}, kb)
        found = bare.flip(f"{flagged.id}.open")
        if found.reached or not found.sets:
            continue
        opened = bare.what_if({change.address: change.value for change in found.sets[0].changes}).assessment
        waits = {term for alert in opened.alerts if alert.id == flagged.alert.id for term in alert.unknown}
        places = [
            next((number for number, question in enumerate(one.questions, 1) if waits & set(question.terms)), 999) for one in (opened, bare)
        ]
        tried += 1

        assert places[0] <= 2, flagged.id
        assert places[0] <= max(places[1], 2), flagged.id

    assert tried > 15


def test_the_reasons_name_the_red_flag(kb: KnowledgeBase) -> None:
    first = mps.evaluate(BACK, kb).questions[0]

    assert "could raise or help to clear: cauda equina syndrome" in first.why


# --- a small pack -----------------------------------------------------------------------------------------------------

ASKING = """\
asking:
  weights:
    flag: {emergency: 8.0, urgent: 3.0, soon: 0.5}
    open: 2.0
    anywhere: 0.25
    argument: {strong: 2.0, moderate: 1.0, weak: 0.25}
    status: 1.0
    leading: 3.0
    rule_asks: 2.0
    muscle: 2.0
    cost: {asked: 1.0, examined: 1.5, tested: 4.0, imaged: 6.0}
  steps:
    - {id: skin, label: Skin, terms: [rash]}
    - {id: chest, label: "Chest and heat", terms: [cough, fever]}
"""
ALERT = "[alert: {id: rf_x, label: X, urgency: emergency, condition: infection, act_within: now, action: Go., regions: [low_back]}]"


def test_findings_of_one_step_are_asked_together_in_their_order(tmp_path: Any) -> None:
    base = mps.load(
        written(tmp_path, SMALL, {"asking.yaml": ASKING}, rule("shelf.flag", when="{trigger: {any: [fever, cough]}}", then=ALERT))
    )
    (question,) = mps.evaluate({"pain": ["low_back"]}, base).questions

    assert (("cough", "fever"), PATIENT, "chest", "asked") == (question.terms, question.subject, question.step, question.cost)
    assert "Chest and heat: cough; fever" == question.text
    assert () == mps.evaluate({"pain": ["low_back"], "fever": False, "cough": False}, base).questions
    assert ("fever",) == mps.evaluate({"pain": ["low_back"], "cough": False}, base).questions[0].terms


def test_what_a_form_keeps_in_view_is_a_finding_of_the_patient(tmp_path: Any) -> None:
    asking = ASKING.replace("  steps:", "  at_hand: [fever, taut_band, couhg]\n  steps:")
    with pytest.raises(KnowledgeError) as caught:
        mps.load(written(tmp_path, SMALL, {"asking.yaml": asking}))

    assert [str(fault) for fault in caught.value.faults] == [
        "asking.yaml, at_hand: no finding of the patient 'taut_band'",
        "asking.yaml, at_hand: no finding of the patient 'couhg'; closest is 'cough'",
    ]


def test_a_step_is_asked_whole_so_that_nobody_comes_back_to_it(tmp_path: Any) -> None:
    """The cough is wanted only once there is fever; both are obtained in one step."""
    base = mps.load(
        written(tmp_path, SMALL, {"asking.yaml": ASKING}, rule("shelf.flag", when="{trigger: fever, qualifier: cough}", then=ALERT))
    )

    assert ("cough", "fever") == mps.evaluate({"pain": ["low_back"]}, base).questions[0].terms


def test_rules_without_weights_ask_nothing(tmp_path: Any) -> None:
    base = mps.load(written(tmp_path, SMALL, rule("shelf.flag", when="{trigger: fever}", then=ALERT)))

    assert () == mps.evaluate({}, base).questions


# --- when to stop -----------------------------------------------------------------------------------------------------


def test_a_bare_chart_is_no_place_to_stop(kb: KnowledgeBase) -> None:
    assert not mps.evaluate(BACK, kb).should_stop
    assert not mps.evaluate({}, kb).should_stop


ENDED = (3, 24, 36, 60, 114, 140)
"""Vignettes whose interviews are led to their end, the rest denied."""


@pytest.mark.parametrize("number", ENDED)
def test_where_to_stop_every_emergency_and_urgent_cause_is_out_of_reach_or_asked_for(number: int, kb: KnowledgeBase) -> None:
    last = ended(chart(vignettes()[number]), kb, 60).last
    random, tried = seeded(number), 0
    facts = facts_of(changed(last.findings, {}, kb.vocabulary))
    every = list(_single_answers(last, facts, kb))
    for changes in ({}, *({at: value} for at, value in random.sample(every, min(20, len(every))))):
        try:
            one = last.what_if(changes).assessment if changes else last
        except FindingError:
            continue
        tried += one.should_stop

        assert one.screening != "complete" or _left(one, kb) == set(), changes
        assert one.should_stop == (one.screening == "complete" or one.urgency == "emergency"), changes
    assert tried or not last.should_stop


def test_a_bare_chart_of_any_place_leaves_something_due(kb: KnowledgeBase) -> None:
    for region in ("low_back", "heel", "temple", "jaw", "chest_upper", "calf"):
        one = mps.evaluate({"age_years": 50, "sex_at_birth": "female", "pain": [region]}, kb)

        assert _left(one, kb), region
        assert one.screening in {"partial", "not_done"}
        assert "" == one.stop_reason


def _left(assessment: Assessment, kb: KnowledgeBase) -> set[str]:
    """What forbids to stop, worked out anew by the definition: causes that their own open key questions could bring to their line, open flags."""
    facts = facts_of(changed(assessment.findings, {}, kb.vocabulary))
    view = facts.view(PATIENT, chain(kb, facts).concluded)
    found = {alert.id for alert in assessment.alerts if alert.status == "open" and alert.urgency in PRESSING}
    for cause in kb.causes.values():
        for picture in cause.profiles:
            if picture.urgency in PRESSING and _is_here(picture.counted, view) and _in_reach(picture, view, facts, kb):
                found.add(cause.id)
    return found


def _is_here(profile: c.Profile, view: c.View) -> bool:
    at = profile.place is None or c.judge(profile.place, view) is True
    return at and (profile.only_if is None or c.judge(profile.only_if, view) is not False)


def _in_reach(picture: Picture, view: c.View, facts: Facts, kb: KnowledgeBase) -> bool:
    held = list(holding(picture.counted.cues, lambda condition: c.judge(condition, view)))
    low, line = picture.counted.prior + sum(cue.points for _, _, cue in held), kb.scale.line(picture.urgency)
    speaks = any(cue.points > 0 for _, _, cue in held)
    if (low >= line and speaks) or (picture.counted.place is None and not any(cue.telling for _, _, cue in held)):
        return False
    could = 0
    for number, group in enumerate(picture.cues):
        sure = max((cue.points for place, _, cue in held if place == number and cue.points > 0), default=0)
        open_ = [
            sign.points - sure
            for sign in group
            if sign.key and c.judge(sign.when, view) is None and _can_be_asked(frozenset(terms_read(sign.when)), facts)
        ]
        could += max([0, *open_])
    return low + could >= line


def _can_be_asked(terms: frozenset[str], facts: Facts) -> bool:
    words = facts.vocabulary.terms
    return not (terms and terms <= facts.excluded.keys()) and all(words[term].cost in ("asked", "examined") for term in terms)


def _single_answers(assessment: Assessment, facts: Facts, kb: KnowledgeBase) -> Iterator[tuple[str, Any]]:
    """Every answer to every finding that is still asked for, and to those yes/no findings that nobody asks for any more."""
    open_ = {str(of_finding(question.subject, term, kb.vocabulary)): term for question in assessment.questions for term in question.terms}
    open_ |= {
        term.id: term.id
        for term in kb.vocabulary.terms.values()
        if term.subject == "patient" and term.kind == "boolean" and not term.fact and term.id not in {*facts.given, *CARRIED}
    }
    for at, id_ in open_.items():
        term = kb.vocabulary.terms.get(id_)
        if term is None or term.kind == "boolean":
            yield from ((at, value) for value in (True, False))
        elif term.values:
            yield from ((at, [value]) for value in term.values)
        else:
            low, high = term.range or (0, 10)
            yield from ((at, value) for value in (low, (low + high) / 2, high))


def test_what_a_recorded_finding_excludes_is_not_asked(kb: KnowledgeBase) -> None:
    signs = {"babinski_positive", "sensory_level_trunk", "cord_signs_summary", "romberg_positive", "gait_unsteady"}
    said = {"age_years": 45, "pain": ["low_back.left"]}
    before, after = (
        {term for question in mps.evaluate(known, kb).questions for term in question.terms}
        for known in (said, {**said, "neuro_exam_normal": True})
    )

    assert signs <= before
    assert not signs & after
    assert "neuro_exam_normal" not in {t for q in mps.evaluate({**said, "babinski_positive": True}, kb).questions for t in q.terms}


def test_pain_somewhere_is_asked_for_in_plain_words(kb: KnowledgeBase) -> None:
    texts = [question.text for question in mps.evaluate({"age_years": 40}, kb).questions]

    assert "Pain in the low back (lumbar)" in texts


def test_a_step_asked_for_one_red_flag_asks_what_triggers_another(kb: KnowledgeBase) -> None:
    groin = mps.evaluate({"age_years": 35, "sex_at_birth": "male", "pain": ["groin.left"]}, kb)
    (terms,) = [question.terms for question in groin.questions if question.step == "urine"]

    assert "rf_testicular_lump" not in {flag.id for flag in groin.unscreened}
    assert ("acute_testicular_pain", "testicular_pain_or_lump") == terms[:2]


def test_what_is_the_patients_is_asked_of_the_patient(kb: KnowledgeBase) -> None:
    terms = kb.vocabulary.terms
    asked = [
        (question.subject, term) for one in vignettes()[::4] for question in mps.evaluate(chart(one)).questions for term in question.terms
    ]
    of_muscles = {term for subject, term in asked if subject != PATIENT and subject not in kb.vocabulary.diagnoses}

    assert of_muscles
    assert {"muscle"} == {terms[term].subject for term in of_muscles}
    assert [term for subject, term in asked if subject != PATIENT and terms[term].subject == "patient"] == []


# --- every address can be answered ------------------------------------------------------------------------------------


def test_every_address_that_a_question_offers_is_taken_with_every_value_that_it_offers(kb: KnowledgeBase) -> None:
    terrain, words, offered = terrain_of(kb), kb.vocabulary, dict[str, str]()
    charts = [chart(one) for one in vignettes()] + [one["findings"] for one in examples()["examples"]]
    for said in (*charts, {}, {"pain": ["thigh.left"]}):
        for question in mps.evaluate(said, kb).questions:
            offered |= {str(of_finding(question.subject, term, words)): term for term in question.terms}
    for at, id_ in offered.items():
        term = words.terms.get(id_)
        values: list[Any] = [True, False]
        if term is not None and term.kind != "boolean":
            low, high = term.range or (0, 10)
            values = [[value] for value in term.values] or [low, high]
        for value in values:
            assert read_findings({at: value}, terrain) is not None, at

    assert {"pain"} < {at.partition(".")[0] for at in offered}
    assert True is mps.evaluate({"pain.hip_lateral": True}, kb).findings.pain[0].present


def test_a_question_names_its_place_in_words(kb: KnowledgeBase) -> None:
    asked = [question for one in vignettes()[::8] for question in mps.evaluate(chart(one), kb).questions]
    places = [question.text for question in asked if question.terms[0].startswith("pain.")]

    assert places
    assert [text for text in places if "_" in text or "pain." in text.lower()] == []
