"""Which of many records of one finding wins: the latest, within doubt the more dangerous; and no dropped danger sign is silent."""

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from random import Random
from typing import Any

import attrs
import pytest

from charts_fhir import OWN, Resource, bundle, coded
from mps_rules import evaluate
from mps_rules.errors import FindingError
from mps_rules.knowledge.dangers import dangers_of, readings_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT
from mps_rules.language.conditions import Interval
from mps_rules.patient.addresses import Address
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.records.claims import Moment, Settled, Statement, settled
from mps_rules.records.fhir_in import read_bundle
from random_packs import seeded

BUNDLES = int(os.environ.get("MPS_RULES_BUNDLES", "200"))
MORNING, EVENING = datetime(2026, 1, 15, 8, tzinfo=UTC), datetime(2026, 1, 15, 20, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 1, 15), date(2026, 1, 14)
UNTOLD = Moment()


def claim(term: str, value: bool | float | str | Interval | None, when: Moment | date | None = None, **more: Any) -> Statement:  # noqa: FBT001 - a value
    moment = when if isinstance(when, Moment) else Moment.of(when)
    return Statement(Address("patient", PATIENT, term), "", value, moment, 0, f"Observation[{term}]", "", **more)


def pain(value: bool, when: date | None = None, **more: Any) -> Statement:  # noqa: FBT001 - whether it hurts
    return Statement(Address("pain", "calf", side="left"), "", value, Moment.of(when), 0, "Observation[0]", "", **more)


def in_every_order(claims: Sequence[Statement], kb: KnowledgeBase, **more: Any) -> Settled:
    """What is settled of claims, the same in whatever order they are given."""
    told = [settled(order, kb, **more) for order in itertools.permutations(claims)]
    assert {str(sorted(map(str, one.standing))) + str(one.in_doubt) for one in told} == {
        str(sorted(map(str, told[0].standing))) + str(told[0].in_doubt)
    }
    return told[0]


def stood(claims: Sequence[Statement], kb: KnowledgeBase, **more: Any) -> Mapping[str, Any]:
    return in_every_order(claims, kb, **more).findings(kb)


# --- the latest wins --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (MORNING, EVENING),
        (YESTERDAY, TODAY),
        (datetime(2026, 1, 14, 23, 30, tzinfo=timezone(timedelta(hours=9))), datetime(2026, 1, 14, 14, 30, 1, tzinfo=UTC)),
        (Moment(date(2025, 12, 1), date(2025, 12, 31)), TODAY),
        (datetime(2026, 1, 12, 8, tzinfo=UTC), TODAY),
        (YESTERDAY, datetime(2026, 1, 16, 8, tzinfo=UTC)),
    ],
    ids=["hours", "days", "offsets", "a month", "an instant, then a day", "a day, then an instant"],
)
@pytest.mark.parametrize("value", [True, False])
def test_the_later_reading_wins_whatever_it_says(kb: KnowledgeBase, earlier: Any, later: Any, value: bool) -> None:  # noqa: FBT001
    told = stood([claim("saddle_anaesthesia", not value, earlier), claim("saddle_anaesthesia", value, later)], kb)

    assert told == {"saddle_anaesthesia": value}


# --- within doubt the danger wins -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MORNING, MORNING),
        (TODAY, TODAY),
        (TODAY, EVENING),
        (None, EVENING),
        (None, None),
        (Moment(date(2026, 1, 1), date(2026, 1, 31)), TODAY),
        (Moment(MORNING, None), EVENING),
        (YESTERDAY, MORNING),
    ],
    ids=[
        "one instant",
        "one day",
        "a day and an instant of it",
        "undated",
        "both undated",
        "its month",
        "goes on",
        "a day that may end then",
    ],
)
def test_within_doubt_the_reading_wins_that_leaves_more_red_flags(kb: KnowledgeBase, one: Any, other: Any) -> None:
    told = in_every_order([claim("saddle_anaesthesia", True, one), claim("saddle_anaesthesia", False, other)], kb)

    assert told.findings(kb) == {"saddle_anaesthesia": True}
    assert len(told.doubted) == 2


def test_what_may_begin_and_end_anywhere_is_told_apart_in_the_zone_of_the_place(kb: KnowledgeBase) -> None:
    claims = [claim("saddle_anaesthesia", True, YESTERDAY), claim("saddle_anaesthesia", False, MORNING)]

    assert stood(claims, kb) == {"saddle_anaesthesia": True}
    assert stood(claims, kb, zone=timezone(timedelta(hours=1), "here")) == {"saddle_anaesthesia": False}
    assert stood(claims, kb, zone=UTC) == {"saddle_anaesthesia": True}


def test_of_two_numbers_in_doubt_the_more_dangerous_counts(kb: KnowledgeBase) -> None:
    assert stood([claim("body_temperature", value, TODAY) for value in (36.5, 38.9, 39.2)], kb) == {"body_temperature": 39.2}


@pytest.mark.parametrize("term", ["body_temperature", "systolic_bp", "crp", "age_years"])
def test_of_many_numbers_in_doubt_that_one_counts_that_beats_each_other(term: str, kb: KnowledgeBase) -> None:
    read, random = dangers_of(kb), seeded(5)
    low, high = kb.vocabulary.terms[term].range or (0, 100)
    values = [round(random.uniform(low, high), 1) for _ in range(40)]
    best = [one for one in values if all(read.beats(read.of_term[term], one, other) for other in values)]

    told = settled([claim(term, value, TODAY) for value in values], kb).findings(kb)

    assert (told.get(term) in best) == bool(best and read.helps(read.of_term[term], best[0]))
    assert ("in_doubt" in told) == (term not in told)


def test_a_chart_of_thousands_of_values_of_one_day_is_read(kb: KnowledgeBase) -> None:
    values = [36 + number / 1000 for number in range(3_000)]

    assert settled([claim("body_temperature", value, TODAY) for value in values], kb).findings(kb) == {"body_temperature": 38.999}


def test_where_neither_reading_brings_a_flag_nearer_the_finding_is_unknown(kb: KnowledgeBase) -> None:
    told = in_every_order([claim("pf_poor_sleep", value, TODAY) for value in (True, False)], kb)

    assert told.findings(kb) == {}
    assert len(told.doubted) == 2


def test_where_each_reading_brings_another_flag_nearer_both_are_opened(kb: KnowledgeBase) -> None:
    assert stood([claim("sex_at_birth", value, TODAY) for value in ("male", "female")], kb) == {"in_doubt": ["sex_at_birth"]}


def test_a_place_in_doubt_hurts(kb: KnowledgeBase) -> None:
    for claims in ([pain(True, TODAY), pain(False, TODAY)], [pain(True, doubt="its date cannot be read"), pain(False, TODAY)]):
        assert stood(claims, kb) == {"pain": [{"region": "calf", "side": "left", "present": True}]}


# --- what clears is no older than what it clears ----------------------------------------------------------------------


def test_an_old_normal_examination_does_not_cancel_a_sign_of_today(kb: KnowledgeBase) -> None:
    told = in_every_order([claim("neuro_exam_normal", True, YESTERDAY), claim("babinski_positive", True, TODAY)], kb)

    assert told.findings(kb) == {"babinski_positive": True}
    assert told.doubted == ()


def test_a_later_normal_examination_cancels_a_sign(kb: KnowledgeBase) -> None:
    told = in_every_order([claim("neuro_exam_normal", True, TODAY), claim("babinski_positive", True, YESTERDAY)], kb)

    assert told.findings(kb) == {"neuro_exam_normal": True}
    assert "cannot hold together with what was recorded later" in str(told.superseded)


@pytest.mark.parametrize("when", [TODAY, None])
def test_a_normal_examination_in_doubt_does_not_cancel_a_sign(kb: KnowledgeBase, when: date | None) -> None:
    claims = [claim("neuro_exam_normal", True, when), claim("babinski_positive", True, TODAY), claim("fever", False, EVENING)]

    assert stood(claims, kb) == {"babinski_positive": True, "fever": False}


def test_of_two_harmless_findings_that_exclude_each_other_the_later_counts_and_none_where_none_is_later(kb: KnowledgeBase) -> None:
    for when in ((TODAY, TODAY), (MORNING, MORNING), (None, EVENING), (None, None)):
        told = in_every_order([claim("ear_exam_normal", True, when[0]), claim("tragus_tender", True, when[1])], kb)

        assert told.findings(kb) == {}
        assert sorted(one.where for one in told.doubted) == ["Observation[ear_exam_normal]", "Observation[tragus_tender]"]
    assert stood([claim("ear_exam_normal", True, TODAY), claim("tragus_tender", True, YESTERDAY)], kb) == {"ear_exam_normal": True}
    assert stood([claim("ear_exam_normal", True, YESTERDAY), claim("tragus_tender", True, TODAY)], kb) == {"tragus_tender": True}


# --- a denial ages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "known"), [(28, True), (29, False)])
def test_a_denied_danger_sign_is_unknown_again_after_a_time(kb: KnowledgeBase, age: int, known: bool) -> None:  # noqa: FBT001
    denied = [
        claim("saddle_anaesthesia", False, TODAY - timedelta(days=age)),
        claim("saddle_anaesthesia", True, TODAY - timedelta(days=60)),
    ]

    assert stood(denied, kb, on=TODAY) == ({"saddle_anaesthesia": False} if known else {})


def test_a_normal_examination_ages_as_a_denial_does(kb: KnowledgeBase) -> None:
    assert stood([claim("neuro_exam_normal", True, TODAY - timedelta(days=29))], kb, on=TODAY) == {}


def test_an_aged_denial_does_not_speak_against_what_goes_on(kb: KnowledgeBase) -> None:
    denied = claim("saddle_anaesthesia", False, TODAY - timedelta(days=40))
    going_on = claim("saddle_anaesthesia", True, TODAY - timedelta(days=60), goes_on=True)

    assert stood([denied, going_on], kb, on=TODAY) == {"saddle_anaesthesia": True}


@pytest.mark.parametrize("term", ["cancer_history", "dvt_previous", "ana_positive"])
def test_what_has_once_been_and_what_was_tested_do_not_age(kb: KnowledgeBase, term: str) -> None:
    assert stood([claim(term, False, date(2025, 3, 1))], kb, on=TODAY) == {term: False}


def test_how_long_a_denial_lasts_is_data(kb: KnowledgeBase) -> None:
    terms = kb.vocabulary.terms

    assert kb.asking.denial_lasts == "28 d"
    assert {terms[id_].denial_lasts for id_ in ("saddle_anaesthesia", "neuro_exam_normal", "cancer_history", "pf_poor_sleep")} == {28, None}


# --- what is dropped in doubt opens -----------------------------------------------------------------------------------


def test_a_danger_sign_whose_record_is_in_doubt_opens_what_reads_it(kb: KnowledgeBase) -> None:
    told = in_every_order([claim("saddle_anaesthesia", True, doubt="its date cannot be read")], kb)
    assessment = evaluate(told.findings(kb), kb)

    assert told.findings(kb) == {"in_doubt": ["saddle_anaesthesia"]}
    assert ("rf_cauda_equina", "open") in {(one.id, one.status) for one in assessment.alerts}
    assert "Recorded in doubt: Numb saddle area" in {premise.text for one in assessment.alerts for premise in one.because}
    assert not any(one.kind == "self_care" for one in assessment.recommendations)


def test_a_denial_does_not_stand_beside_a_danger_sign_in_doubt_unless_it_is_later(kb: KnowledgeBase) -> None:
    denied = claim("saddle_anaesthesia", False, TODAY)

    assert stood([denied, claim("saddle_anaesthesia", True, doubt="x")], kb) == {"in_doubt": ["saddle_anaesthesia"]}
    assert stood([denied, claim("saddle_anaesthesia", True, YESTERDAY, doubt="x")], kb) == {"saddle_anaesthesia": False}


def test_a_normal_examination_does_not_clear_a_sign_in_doubt_unless_it_is_later(kb: KnowledgeBase) -> None:
    normal = claim("neuro_exam_normal", True, TODAY)

    assert stood([normal, claim("motor_deficit", True, doubt="x")], kb) == {"in_doubt": ["motor_deficit"]}
    assert stood([normal, claim("motor_deficit", True, YESTERDAY, doubt="x")], kb)["neuro_exam_normal"] is True


def test_a_sign_in_doubt_is_not_outweighed_with_an_older_one_that_says_the_same(kb: KnowledgeBase) -> None:
    normal, older = claim("neuro_exam_normal", True, MORNING), claim("motor_deficit", True, datetime(2026, 1, 13, 8, tzinfo=UTC))

    assert stood([normal, older], kb) == {"neuro_exam_normal": True}
    assert stood([normal, older, claim("motor_deficit", True, EVENING, doubt="x")], kb) == {"in_doubt": ["motor_deficit"]}


def test_a_sign_that_only_what_is_in_doubt_itself_would_clear_stands(kb: KnowledgeBase) -> None:
    normal, old = claim("neuro_exam_normal", True, YESTERDAY), claim("babinski_positive", True, TODAY - timedelta(days=9))

    assert stood([normal, old], kb) == {"neuro_exam_normal": True}
    assert stood([normal, old, claim("motor_deficit", True, doubt="x")], kb) == {"babinski_positive": True, "in_doubt": ["motor_deficit"]}


def test_a_denial_in_doubt_says_nothing(kb: KnowledgeBase) -> None:
    assert stood([claim("saddle_anaesthesia", False, doubt="x")], kb) == {}
    assert stood([claim("saddle_anaesthesia", True, TODAY), claim("saddle_anaesthesia", False, doubt="x")], kb) == {
        "saddle_anaesthesia": True
    }


def test_what_cannot_be_read_may_be_the_danger(kb: KnowledgeBase) -> None:
    normal, denied = claim("neuro_exam_normal", True, TODAY), claim("saddle_anaesthesia", False, YESTERDAY)
    unread = [
        claim(term, None, TODAY, doubt="free text") for term in ("motor_deficit", "saddle_anaesthesia", "pf_poor_sleep", "chest_pain")
    ]

    assert stood([normal, denied, *unread], kb) == {"in_doubt": ["chest_pain", "motor_deficit", "saddle_anaesthesia"]}
    assert stood([claim("saddle_anaesthesia", True, YESTERDAY), unread[1]], kb) == {"saddle_anaesthesia": True}


def test_what_is_in_doubt_is_never_asked_for(kb: KnowledgeBase) -> None:
    doubted = evaluate({"pain": ["low_back"], "in_doubt": ["fever", "saddle_anaesthesia"]}, kb)

    asked = {term for question in doubted.questions for term in question.terms} | {at for one in doubted.alerts for at in one.unknown}
    assert asked
    assert not any("in_doubt" in one for one in asked)


def test_a_chart_without_doubts_is_not_touched_by_them(kb: KnowledgeBase) -> None:
    assert not [one for one in evaluate({"pain": ["low_back"], "age_years": 40}, kb).alerts if one.status == "open"]
    assert all(word in kb.vocabulary.terms for word in kb.vocabulary.terms["in_doubt"].values)


# --- which reading is the more dangerous, is computed rightly ----------------------------------------------------------

STANDING = ("raised", "open")


def flags(findings: Mapping[str, Any], kb: KnowledgeBase) -> set[str]:
    """The red flags that are raised or open; of a cause only that it is, since its less urgent step ends where a more urgent one begins."""
    return {one.condition if one.graded else one.id for one in evaluate(findings, kb).alerts if one.status in STANDING}


@cache
def signs(kb: KnowledgeBase) -> dict[str, frozenset[str]]:
    """The danger signs that alone raise or open some red flag, with those flags."""
    told = [term.id for term in kb.vocabulary.terms.values() if term.kind == "boolean" and term.subject == "patient" and not term.fact]
    found = {id_: frozenset(flags({id_: True}, kb)) for id_ in told if kb.vocabulary.terms[id_].category in ("red_flag", "neuro")}
    return {id_: those for id_, those in found.items() if those and not kb.vocabulary.terms[id_].draws}


def test_a_reading_that_beats_another_leaves_every_flag_at_least_as_near_in_any_chart(kb: KnowledgeBase) -> None:
    random, read, tried = seeded(18), dangers_of(kb), 0
    written = {rule.alert.id for rule in kb.rules if rule.alert and not rule.alert.graded}
    terms = [id_ for id_ in read.of_term if kb.vocabulary.terms[id_].kind == "boolean" and kb.vocabulary.terms[id_].subject == "patient"]
    ordered = []
    while tried < 150:
        term = random.choice(terms)
        rest = {id_: random.random() < 0.6 for id_ in random.sample(terms, 12) if id_ != term} | {"pain": ["low_back", "neck"]}
        try:
            present, absent, unknown = (flags({**rest, **own}, kb) & written for own in ({term: True}, {term: False}, {}))
        except FindingError:
            continue
        tried += 1
        if read.beats(read.of_term[term], True, False):
            ordered.append((present >= unknown >= absent, term, rest))
        if read.beats(read.of_term[term], False, True):
            ordered.append((absent >= unknown >= present, term, rest))

    assert len(ordered) > 100
    assert [] == [case for case in ordered if not case[0]]


@pytest.mark.parametrize(("term", "ends"), [("crp", (float("-inf"), 10)), ("body_temperature", (35, 38)), ("age_years", None)])
def test_between_which_numbers_no_flag_comes_nearer_is_computed(kb: KnowledgeBase, term: str, ends: tuple[float, float] | None) -> None:
    read = dangers_of(kb)

    assert read.harmless(read.of_term[term]) == (ends and Interval(*ends))


def test_what_a_flag_reads_is_followed_through_findings_measures_and_conclusions(kb: KnowledgeBase) -> None:
    read = {
        reading.leaf.term for reading in readings_of(kb).by(kb.by_id["safety.rf_fever_with_spinal_pain"]) if hasattr(reading.leaf, "term")
    }

    assert {"fever", "body_temperature"} <= read


# --- no dropped danger sign is silent ---------------------------------------------------------------------------------


@attrs.frozen
class Written:
    """A resource of a random chart, what it says, and between which instants that was in truth."""

    resource: Resource
    term: str
    present: bool
    valid: bool
    sure: bool
    first: datetime
    last: datetime


ERRED, SOUND, BROKEN = "entered-in-error", ("final", "amended", None), ("unknown", "nonsense", 7)
AGES, AGO = datetime(1, 1, 2, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)


def written(term: str, random: Random, now: datetime) -> Written:
    """One reading of a finding at a random time, written in one of the ways in which charts write."""
    present, at = random.random() < 0.6, now - timedelta(seconds=random.randrange(5 * 86400))
    form = random.choice(("instant", "instant", "other zone", "utc", "day", "day", "none", "unreadable", "period"))
    first = last = at.replace(microsecond=0)
    times: Resource = {}
    match form:
        case "instant":
            times = {"effectiveDateTime": first.isoformat()}
        case "other zone":
            times = {"effectiveDateTime": first.astimezone(timezone(timedelta(minutes=random.choice((-570, 60, 345, 720))))).isoformat()}
        case "utc":
            times = {"effectiveDateTime": first.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        case "day":
            first = first.replace(hour=0, minute=0, second=0)
            last = first + timedelta(days=1, seconds=-1)
            times = {"effectiveDateTime": first.date().isoformat()}
        case "period":
            first = first - timedelta(hours=5)
            times = {"effectivePeriod": {"start": first.isoformat(), "end": last.isoformat()}}
        case "unreadable":
            times = {"effectiveDateTime": random.choice(("15.01.2009", "2009-02-30", "yesterday"))}
        case _:
            times = {}
    if form in ("none", "unreadable"):
        first, last = AGES, AGO
    status = random.choice((*SOUND, *SOUND, *BROKEN, ERRED))
    resource = {
        "resourceType": "Observation",
        "subject": {"reference": random.choice(("Patient/p1", "Patient/p1/_history/3"))},
        "code": coded(f"{OWN}:finding", term),
        "valueBoolean": present,
        **times,
        **({"status": status} if status else {}),
    }
    return Written(resource, term, present, status != ERRED, status in SOUND and form != "unreadable", first, last)


def chart(random: Random, kb: KnowledgeBase) -> tuple[list[Written], date]:
    """A random chart with some danger signs, other findings, duplicates, and the time at which it is read."""
    home = timezone(timedelta(hours=random.choice((-11, -8, -5, 0, 1, 5, 9, 13))), "home")
    now = datetime(2026, 3, 1, random.randrange(24), random.randrange(60), tzinfo=home)
    chosen = random.sample(sorted(signs(kb)), random.choice((1, 1, 2, 3)))
    others = random.sample(["neuro_exam_normal", "pain_low_back", *kb.vocabulary.terms["neuro_exam_normal"].excludes], 2)
    told = [written(term, random, now) for term in (*chosen, *others) for _ in range(random.choice((1, 1, 2, 3)))]
    told += random.sample(told, random.choice((0, 0, 1)))
    random.shuffle(told)
    return told, random.choice((now, now, now.date(), now.astimezone(UTC)))


@cache
def contrary(kb: KnowledgeBase, sign: str, other: str, present: bool) -> bool:  # noqa: FBT001 - a reading
    """Whether a reading of a finding cannot be beside the presence of a sign."""
    if other == sign:
        return not present
    try:
        read_findings({sign: True, other: present}, terrain_of(kb))
    except FindingError:
        return True
    return False


def outweighed(sign: Written, told: Sequence[Written], kb: KnowledgeBase) -> bool:
    """Whether something that is certainly later says what cannot be beside a sign."""
    return any(one.sure and one.first > sign.last and contrary(kb, sign.term, one.term, one.present) for one in told)


def would_stand(findings: Mapping[str, Any], sign: str, kb: KnowledgeBase) -> set[str]:
    """The flags that would stand with a sign beside what was read; all of the sign's own where that cannot be."""
    try:
        return flags({**{key: value for key, value in findings.items() if key != "in_doubt"}, sign: True}, kb)
    except FindingError:
        return set(signs(kb)[sign])


def silent(told: Sequence[Written], on: date, kb: KnowledgeBase) -> Iterator[str]:
    """The danger signs of a chart that stand, and of which a red flag is neither raised nor open though the sign alone would have it."""
    findings, _ = read_bundle(bundle(*(one.resource for one in told)), kb, on=on)
    standing = flags(findings, kb)
    for sign in told:
        if sign.present and sign.valid and sign.term in signs(kb) and not outweighed(sign, told, kb):
            missing = signs(kb)[sign.term] - standing
            if missing and missing & would_stand(findings, sign.term, kb):
                yield f"{sign.term}: {sorted(missing)} of {findings}"


def test_no_dropped_danger_sign_is_silent(kb: KnowledgeBase) -> None:
    assert len(signs(kb)) > 40
    for seed in range(BUNDLES):
        told, on = chart(seeded(seed), kb)
        assert list(silent(told, on, kb)) == [], (seed, on, [one.resource for one in told])


def test_the_order_of_a_chart_changes_nothing(kb: KnowledgeBase) -> None:
    for seed in range(0, BUNDLES, 4):
        told, on = chart(seeded(seed), kb)
        resources = [one.resource for one in told]
        assert read_bundle(bundle(*resources), kb, on=on)[0] == read_bundle(bundle(*resources[::-1]), kb, on=on)[0], seed
