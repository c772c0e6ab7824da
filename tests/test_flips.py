"""Every set that is named turns the conclusion and no part of it does; what one or two answers would turn is named; cheapest first."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import attrs
import pytest

import mps_rules as mps
from charts import chart, facts_of, vignettes
from mps_rules.answer.assess import Assessor
from mps_rules.answer.flips import LARGEST, REACHED, SHOWN, Target, Through
from mps_rules.answer.values import Assessment, Flip, Flips
from mps_rules.chaining.circuit import State, circuit_of
from mps_rules.chaining.engine import chain
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import COSTS, PATIENT
from mps_rules.language import conditions as c
from mps_rules.patient.addresses import as_mapping, changed
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import CARRIED, read_findings
from packs import Layer, rule
from random_packs import random_patient, seeded, words_read
from test_evaluate import example

Load = Callable[..., KnowledgeBase]
TRIED = 48
"""How many pairs of a vignette and a conclusion are tried."""
PATIENTS = int(os.environ.get("FLIPS", "4"))
"""How many random patients have every set proved; ``FLIPS=200`` for the long proof."""
DEAR = "myofascial_pain"
"""The hypothesis of most arguments takes a second to turn; it has a test of its own."""
SETS_EACH = 1
"""How many of the sets of each are evaluated in full."""


@attrs.frozen(eq=False)
class Asked:
    """A patient, a conclusion, and what would turn it."""

    name: str
    id: str
    facts: Facts
    found: Flips


@pytest.fixture(scope="module")
def asked(kb: KnowledgeBase) -> list[Asked]:
    """Random patients and conclusions, of which some set would turn the conclusion."""
    random = seeded(26)
    hypotheses = [id_ for id_ in kb.arguments if kb.vocabulary.suspects[id_].kind != "prompt"]
    others = [*(one.alert.id for one in kb.rules if one.alert), *(id_ for id_ in kb.concluding if not id_.startswith("alert."))]
    found: list[Asked] = []
    while len(found) < TRIED:
        one = random.choice(vignettes())
        assessment = mps.evaluate(chart(one), kb)
        first = [raised.id for raised in assessment.alerts] + [likely.id for likely in assessment.hypotheses[:4] if likely.id != DEAR]
        ids = (random.choice(first), random.choice(hypotheses), *random.sample(others, 2))
        through: Through = "any" if len(found) % 8 else "unknown"
        facts = facts_of(chart(one))
        found += [Asked(one.vignette, id_, facts, assessment.flip(id_, through)) for id_ in ids]
    return found[:TRIED]


def state_of(facts: Facts, kb: KnowledgeBase) -> State:
    return circuit_of(kb).read(facts, Assessor(kb, facts, chain(kb, facts)).focus)


def with_set(facts: Facts, changes: Iterable[Any], kb: KnowledgeBase) -> dict[str, Any]:
    """The mapping of a patient with the changes of a set made."""
    return changed(facts.findings, {one.address: one.value for one in changes}, kb.vocabulary)


def concluded(assessment: Assessment, id_: str, kb: KnowledgeBase) -> bool:
    """Whether an assessment says it, looked up where a reader would look; of a cause, that its points reach its line, or that a test confirms it."""
    if id_ in kb.causes:
        reaching = {rule.id for rule, effect, _ in kb.arguments.get(id_, ()) if rule.cause == id_ or effect == "confirm"}
        return any(one.rule in reaching for one in assessment.trace)
    if id_ in kb.arguments:
        return any(one.id == id_ and one.status in REACHED for one in assessment.hypotheses)
    return any(id_ in (one.rule, *kb.by_id[one.rule].derives()) for one in assessment.trace)


# --- on the packaged rules --------------------------------------------------------------------------------------------


def test_what_is_asked_is_worth_asking(asked: list[Asked]) -> None:
    """The sample holds conclusions to reach and to undo, with sets and without."""
    assert {(True, True), (False, True), (False, False)} <= {(one.found.reached, bool(one.found.sets)) for one in asked}
    assert {1, 2, 3} == {len(flip.changes) for one in asked for flip in one.found.sets}


def test_a_conclusion_counts_as_reached_where_the_assessment_says_it(asked: list[Asked], kb: KnowledgeBase) -> None:
    assert asked
    for one in asked[::8]:
        assert concluded(mps.evaluate(chart_of(one), kb), one.id, kb) is one.found.reached, (one.name, one.id)


def chart_of(one: Asked) -> dict[str, Any]:
    return changed(one.facts.findings, {}, one.facts.vocabulary)


def test_every_set_turns_the_conclusion_when_evaluated_in_full(asked: list[Asked], kb: KnowledgeBase) -> None:
    random = seeded(22)
    assert asked
    for one in asked:
        for flip in random.sample(one.found.sets, min(SETS_EACH, len(one.found.sets))):
            after = mps.evaluate(with_set(one.facts, flip.changes, kb), kb)

            assert concluded(after, one.id, kb) is not one.found.reached, (one.name, one.id, flip)


def test_no_part_of_a_set_turns_it(asked: list[Asked], kb: KnowledgeBase) -> None:
    random = seeded(23)
    assert asked
    for one in asked:
        several = [flip for flip in one.found.sets if len(flip.changes) > 1]
        for flip in random.sample(several, min(SETS_EACH, len(several))):
            for part in _parts(flip):
                try:
                    facts = facts_of(with_set(one.facts, part, kb))
                except FindingError:
                    continue
                holds = Target.named(kb, one.id).holds(circuit_of(kb).read(facts))

                assert holds is one.found.reached, (one.name, one.id, part)


def _parts(flip: Flip) -> Iterator[tuple[Any, ...]]:
    return (part for size in range(1, len(flip.changes)) for part in combinations(flip.changes, size))


def test_sets_come_cheapest_first_and_hold_no_other_set(asked: list[Asked]) -> None:
    assert any(one.found.complete for one in asked)
    for one in asked:
        prices = [sum(COSTS.index(change.cost) + 1 for change in flip.changes) for flip in one.found.sets]
        sets = [{(change.address, str(change.value)) for change in flip.changes} for flip in one.found.sets]

        assert sorted(prices) == prices, (one.name, one.id)
        assert not any(a < b for a in sets for b in sets), (one.name, one.id)
        assert all(COSTS.index(flip.cost) == max(COSTS.index(change.cost) for change in flip.changes) for flip in one.found.sets)
        assert all(1 <= len(flip.changes) <= LARGEST for flip in one.found.sets)
        cut_short = any(line.startswith("what would take more than") for line in one.found.untried)
        assert one.found.complete is (len(one.found.sets) < SHOWN and not cut_short)


def test_only_what_is_not_known_is_changed_unless_anything_may_be(asked: list[Asked]) -> None:
    assert asked
    for one in asked:
        known = set(one.facts.given)
        changes = [change.address for flip in one.found.sets for change in flip.changes]

        assert one.found.through == "any" or not known & set(changes), (one.name, one.id)


def test_findings_that_exclude_each_other_are_never_combined(asked: list[Asked], kb: KnowledgeBase) -> None:
    terms = kb.vocabulary.terms
    assert asked
    for one in asked:
        for flip in one.found.sets:
            present = {change.address for change in flip.changes if change.value is True} | {
                id_ for id_, known in one.facts.booleans.items() if known and id_ not in {change.address for change in flip.changes}
            }
            clashes = [(id_, other) for id_ in present if id_ in terms for other in terms[id_].excludes if other in present]

            assert [] == clashes, (one.name, one.id, flip)


def test_nothing_that_one_answer_or_two_would_turn_is_missing(asked: list[Asked], kb: KnowledgeBase) -> None:
    random = seeded(24)
    hits = 0
    for one in asked:
        if one.found.through != "unknown" or not one.found.complete:
            continue
        state = state_of(one.facts, kb)
        target = Target.named(kb, one.id)
        open_ = [id_ for id_ in _yes_no(kb) if id_ not in one.facts.given]
        near = sorted(_read_by(target, kb) & set(open_))
        singles = [{id_: value} for id_ in open_ for value in (True, False)]
        few = random.sample(near, min(5, len(near))) + random.sample(open_, 1)
        doubles = [{a: x, b: y} for a, b in combinations(dict.fromkeys(few), 2) for x in (True, False) for y in (True, False)]
        named = [{(change.address, change.value) for change in flip.changes if isinstance(change.value, bool)} for flip in one.found.sets]
        whole = [said for said, flip in zip(named, one.found.sets, strict=True) if len(said) == len(flip.changes)]
        for answers in (*singles, *doubles):
            with state.supposing([(PATIENT, id_, value) for id_, value in answers.items()]):
                turned = target.holds(state) is not one.found.reached
            if turned and _readable(one.facts, answers, kb):
                hits += 1

                assert any(said <= set(answers.items()) for said in whole), (one.name, one.id, answers)

    assert hits > 20


def _yes_no(kb: KnowledgeBase) -> list[str]:
    """The patient's yes/no findings, those that stand for a place left out: they move the pain map, which supposing does not."""
    return [
        term.id
        for term in kb.vocabulary.terms.values()
        if term.subject == "patient" and term.kind == "boolean" and not (term.fact or term.stands_for or term.id in CARRIED)
    ]


def _read_by(target: Target, kb: KnowledgeBase) -> set[str]:
    """The yes/no findings that the rules behind a conclusion read, through what they conclude."""
    waiting, seen, found = [one.when for one in target.rules], set[str](), set[str]()
    while waiting:
        for part in c.walk(waiting.pop()):
            if isinstance(part, c.Present):
                found.add(part.term)
            elif isinstance(part, c.Derived) and part.id not in seen:
                seen.add(part.id)
                waiting += [one.when for one in kb.concluding[part.id]]
    return found


def _readable(facts: Facts, answers: Mapping[str, bool], kb: KnowledgeBase) -> bool:
    try:
        read_findings(changed(facts.findings, answers, kb.vocabulary), facts.terrain)
    except FindingError:
        return False
    return True


# --- on random patients: every set, every part of it, and every one or two answers ------------------------------------


def test_on_random_patients_every_set_turns_it_no_part_does_and_no_cheaper_answers_are_missing(kb: KnowledgeBase) -> None:
    count: Counter[str] = Counter()
    for number in range(PATIENTS):
        one = random_asked(kb, number)
        count += proved(one, kb) + brute_force(one, kb)

    assert count["sets"] > PATIENTS
    assert count["parts"] > PATIENTS
    assert count["answers that turn it"] > PATIENTS, count


def random_asked(kb: KnowledgeBase, number: int) -> Asked:
    """A random patient, and the first conclusion drawn that something would turn; of every other patient one that is reached."""
    random = seeded(25_000 + number)
    facts = random_patient(words_read(kb, random), terrain_of(kb), random)
    assessment = mps.evaluate(as_mapping(facts.findings), kb)
    through: Through = random.choice(("unknown", "any"))
    hypotheses = [one.id for one in assessment.hypotheses if one.id in kb.arguments and (number % 8 == 0 or one.id != DEAR)]
    held = list(dict.fromkeys(id_ for one in assessment.trace for id_ in kb.by_id[one.rule].derives()))
    every = [*random.sample(hypotheses, min(len(hypotheses), 6)), *random.sample([*kb.concluding], 4)]
    random.shuffle(every)
    if number % 2:
        through, every = "any", [*random.sample([*held, *hypotheses[:3]], min(len(held), 4)), *every]
    asked = (Asked(f"patient {number}", id_, facts, assessment.flip(id_, through)) for id_ in every)
    return next(one for one in asked if one.found.sets)


def proved(one: Asked, kb: KnowledgeBase) -> Counter[str]:
    """Every set and every part of one, evaluated in full."""
    count: Counter[str] = Counter(patients=1)
    for flip in one.found.sets:
        count["sets"] += 1

        assert concluded(mps.evaluate(with_set(one.facts, flip.changes, kb), kb), one.id, kb) is not one.found.reached, (one, flip)
        for part in _parts(flip):
            try:
                after = mps.evaluate(with_set(one.facts, part, kb), kb)
            except FindingError:
                continue
            count["parts"] += 1

            assert concluded(after, one.id, kb) is one.found.reached, (one, part)
    return count


def brute_force(one: Asked, kb: KnowledgeBase) -> Counter[str]:
    """Every answer, and every two answers of findings that the conclusion depends on: those that turn it hold a set that is named, or cost no less."""
    circuit = circuit_of(kb)
    focus = Assessor(kb, one.facts, chain(kb, one.facts)).focus
    target = Target.named(kb, one.id)
    reach = circuit.reaching(rule.id for rule in target.rules)
    answers = [(id_, value) for id_ in _yes_no(kb) for value in (True, False) if _may_be_said(one, id_, value=value)]
    counting = [answer for answer in answers if c.Present(answer[0]) in reach.leaves]
    within, everywhere = circuit.read(one.facts, focus, reach), circuit.read(one.facts, focus)
    named = [frozenset((change.address, change.value) for change in flip.changes) for flip in one.found.sets if _all_yes_no(flip)]
    last = price(kb, [change.address for change in one.found.sets[-1].changes])
    count: Counter[str] = Counter()
    for state, sets in ((everywhere, [(answer,) for answer in answers]), (within, combinations(counting, 2))):
        holds = target.watched(state)
        for said in sets:
            count["answers tried"] += 1
            with state.supposing([(PATIENT, id_, value) for id_, value in said]):
                turned = len({id_ for id_, _ in said}) == len(said) and holds() is not one.found.reached
            if turned and not any(some.issubset(said) for some in named) and _readable(one.facts, dict(said), kb):
                assert not one.found.complete, (one, said)
                assert price(kb, [id_ for id_, _ in said]) >= last, (one, said)
            count["answers that turn it"] += turned
    return count


def _may_be_said(one: Asked, id_: str, *, value: bool) -> bool:
    return id_ not in one.facts.given or (one.found.through == "any" and one.facts.booleans.get(id_) is not value)


def _all_yes_no(flip: Flip) -> bool:
    return all(isinstance(change.value, bool) for change in flip.changes)


def price(kb: KnowledgeBase, terms: Sequence[str]) -> int:
    """What findings cost together; a place or a diagnosis is asked."""
    of = [kb.vocabulary.terms.get(term.rpartition(".")[2]) for term in terms]
    return sum(1 + (COSTS.index(term.cost) if term else 0) for term in of)


STANDING_FOR_A_PLACE = (
    ({"age_years": 50}, "spinal_malignancy"),
    ({"age_years": 50}, "rf_malignancy_one_strong"),
    ({"age_years": 30, "morning_stiffness_min": 45, "symptom_duration": "1 a"}, "axial_spondyloarthritis"),
)


@pytest.mark.parametrize(("said", "id_"), STANDING_FOR_A_PLACE)
def test_a_finding_that_stands_for_a_place_moves_the_pain_map(said: dict[str, Any], id_: str, kb: KnowledgeBase) -> None:
    facts = facts_of(said)
    found = mps.evaluate(said, kb).flip(id_)
    standing = {term.id for term in kb.vocabulary.terms.values() if term.stands_for and term.kind == "boolean"}
    tried = 0
    for flip in found.sets:
        if any(change.address in standing for change in flip.changes):
            tried += 1

            assert concluded(mps.evaluate(with_set(facts, flip.changes, kb), kb), id_, kb), flip
            for part in _parts(flip):
                assert not concluded(mps.evaluate(with_set(facts, part, kb), kb), id_, kb), part

    assert tried or not any(_reaches(facts, term, id_, kb) for term in standing)


def _reaches(facts: Facts, term: str, id_: str, kb: KnowledgeBase) -> bool:
    return concluded(mps.evaluate(changed(facts.findings, {term: True}, kb.vocabulary), kb), id_, kb)


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("facet_label", "trp_delphi_2018"),
        ("facet_label", "joint_anchoring"),
        ("cauda_equina", "rf_cauda_equina"),
        ("widespread_pain", "fm_acr_2016"),
    ],
)
def test_through_anything_a_conclusion_is_undone(name: str, id_: str, kb: KnowledgeBase) -> None:
    said = example(name)
    found = mps.evaluate(said, kb).flip(id_, "any")

    assert found.reached
    assert found.sets
    for flip in found.sets[:2]:
        after = mps.evaluate(said, kb).what_if({change.address: change.value for change in flip.changes}).assessment
        cautions = {caution.id for caution in after.cautions}

        assert not concluded(after, id_, kb), flip
        assert id_ not in cautions, flip


def test_a_flip_is_plain_data_and_the_same_every_time(kb: KnowledgeBase) -> None:
    first, second = (mps.evaluate(example("facet_label"), kb).flip("fibromyalgia") for _ in range(2))

    assert first == second
    assert first.to_dict() == json.loads(json.dumps(first.to_dict()))


def test_what_can_never_be_concluded_is_told_the_closest_id(kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError) as raised:
        mps.evaluate({}, kb).flip("fibromyalgja")

    (fault,) = raised.value.faults
    assert ("fibromyalgja", "fibromyalgia") == (fault.where, fault.closest)


# --- on a small pack --------------------------------------------------------------------------------------------------

MORE = {
    "vocabulary/findings/more.yaml": "category: more\nfindings:\n  - {id: well, label: Well, cost: asked, excludes: [fever]}\n",
}


def _sets(found: Flips) -> list[dict[str, Any]]:
    return [{change.address: change.value for change in flip.changes} for flip in found.sets]


@pytest.mark.parametrize(
    ("when", "said", "expected"),
    [
        ("fever", {}, [{"fever": True}, {"temperature": 38.0}]),
        ("cough", {}, [{"cough": True}]),
        ("{not: cough}", {}, [{"cough": False}]),
        ("{all: [cough, rash]}", {}, [{"cough": True, "rash": True}]),
        ("{all: [cough, rash]}", {"cough": True}, [{"rash": True}]),
        ("{all: [cough, rash]}", {"cough": False}, []),
        ("{any: [rash, cough]}", {}, [{"cough": True}, {"rash": True}]),
        ("{any: [rash, {all: [cough, {onset: [sudden]}]}]}", {}, [{"rash": True}, {"cough": True, "onset": {"sudden": True, "slow": False}}]),
        ("{at_least: {n: 2, of: [cough, rash, {quality: [dull]}]}}", {"rash": True}, [{"cough": True}, {"quality": {"dull": True}}]),
        ("{score: {at_least: 2}}", {}, [{"score": 2.0}, {"cough": True, "fever": True}]),
        ("{score: {at_least: 2}}", {"fever": True}, [{"cough": True}, {"score": 2.0}]),
        ("{duration: {above: 12}}", {"duration": "3 wk"}, []),
        ("{known: cough}", {}, [{"cough": False}, {"cough": True}]),
        ("{pain_at: [calf]}", {}, [{"pain.calf": True}]),
        ("{pain_at: [calf]}", {"pain": [{"region": "calf", "present": False}]}, []),
        ("{label: [strain]}", {}, []),
        ("{all: [{quality: [dull]}, {quality: [sharp]}]}", {}, [{"quality": {"dull": True, "sharp": True}}]),
        ("{all: [{quality: [dull, burning]}, {not: {quality: [sharp]}}]}", {}, [{"quality": {"burning": True, "sharp": False}}, {"quality": {"dull": True, "sharp": False}}]),
        ("{not: {quality: [dull, sharp]}}", {}, [{"quality": {"dull": False, "sharp": False}}]),
        ("{all: [{onset: [sudden]}, {onset: [slow]}]}", {}, []),
        ("{any: [{quality: [dull]}, {all: [{quality: [dull]}, {quality: [sharp]}]}]}", {}, [{"quality": {"dull": True}}]),
        ("{any_muscle: {where: examined, has: taut_band}}", {"exam": [{"muscle": "gamma", "side": "left", "sore_spot": True}]}, [{"gamma.left.taut_band": True}]),
    ],
)  # fmt: skip
def test_each_form_of_a_rule_says_what_would_reach_it(when: str, said: dict[str, Any], expected: list[dict[str, Any]], load: Load) -> None:
    found = mps.evaluate(said, load(rule("shelf.a", when=when))).flip("ill")

    assert not found.reached
    assert expected == _sets(found)
    assert found.complete


@pytest.mark.parametrize(
    ("when", "said", "through", "expected"),
    [
        ("{all: [cough, {not: {established: rash}}]}", {"cough": True}, "unknown", [{"rash": True}]),
        ("{all: [cough, {not: {established: rash}}]}", {"cough": True}, "any", [{"cough": False}, {"rash": True}]),
        ("{any: [cough, rash]}", {"cough": True, "rash": True}, "any", [{"cough": False, "rash": False}]),
        ("{any: [cough, rash]}", {"cough": True, "rash": True}, "unknown", []),
        ("{quality: [dull, sharp]}", {"quality": ["dull"]}, "any", [{"quality": {"dull": False}}]),
        ("{any: [cough, rash]}", {"cough": True}, "any", [{"cough": False}]),
        (
            "{any: [cough, rash, {quality: [dull]}, {onset: [slow]}]}",
            {"cough": True, "rash": True},
            "any",
            [{"cough": False, "rash": False}],
        ),
        ("{not: {established: {any: [cough, rash]}}}", {"cough": False}, "unknown", [{"rash": True}]),
        ("{established: {any: [cough, rash]}}", {"cough": True}, "any", [{"cough": False}]),
        ("fever", {"temperature": 39}, "any", [{"temperature": 37.9}]),
        (
            "{not: {quality: [dull, sharp]}}",
            {"quality": {"dull": False, "sharp": False}},
            "any",
            [{"quality": {"dull": True, "sharp": False}}, {"quality": {"dull": False, "sharp": True}}],
        ),
        ("{temperature: {at_least: 38}}", {"temperature": 39}, "any", [{"temperature": 37.9}]),
    ],
)
def test_each_form_of_a_rule_says_what_would_undo_it(
    when: str, said: dict[str, Any], through: Through, expected: list[dict[str, Any]], load: Load
) -> None:
    found = mps.evaluate(said, load(rule("shelf.a", when=when))).flip("ill", through)

    assert found.reached
    assert expected == _sets(found)


def test_what_turns_one_rule_off_and_another_on_is_mended(load: Load) -> None:
    off = rule("shelf.a", when="{all: [cough, {not: {known: rash}}]}")
    on = rule("shelf.b", when="{all: [rash, {not: {known: {quality: [dull]}}}]}")
    found = mps.evaluate({"cough": True}, load(off, on)).flip("ill")

    assert [{"rash": False}, {"rash": True, "quality": {"dull": False}}, {"rash": True, "quality": {"dull": True}}] == _sets(found)


def test_an_argument_against_that_comes_with_one_for_is_answered(load: Load) -> None:
    layers = [
        rule("shelf.for", when="rash", then="[support: {hypothesis: muscle_pain, strength: strong}]"),
        rule("shelf.against", when="{all: [rash, {not: {known: cough}}]}", then="[oppose: {hypothesis: muscle_pain, strength: strong}]"),
    ]
    found = mps.evaluate({}, load(*layers)).flip("muscle_pain")

    assert [{"rash": True, "cough": False}, {"rash": True, "cough": True}] == _sets(found)


def test_two_findings_that_exclude_each_other_are_not_asked_for_together(load: Load) -> None:
    base = load(MORE, rule("shelf.a", when="{all: [well, {any: [fever, rash]}]}"))

    assert [{"rash": True, "well": True}] == _sets(mps.evaluate({}, base).flip("ill"))


def test_the_cheaper_set_comes_first_even_where_it_is_named_last(load: Load) -> None:
    layers: list[Layer] = [
        rule("shelf.a", when="{all: [rash, {temperature: {at_least: 38}}]}"),
        rule("shelf.b", when="{all: [cough, rash]}"),
        rule("shelf.c", when="{all: [cough, {quality: [dull]}, {onset: [slow]}]}"),
    ]
    found = mps.evaluate({}, load(*layers)).flip("ill")

    assert [["asked", "examined"], ["asked"] * 3, ["examined", "examined"]] == [
        [change.cost for change in one.changes] for one in found.sets
    ]
    assert ["examined", "asked", "examined"] == [one.cost for one in found.sets]


FOUR = "{all: [cough, rash, {quality: [dull]}, {onset: [slow]}]}"


@pytest.mark.parametrize(
    ("when", "said", "through", "expected"),
    [
        (FOUR, {}, "unknown", "Concluded would be reached by no change of up to 3 findings that are not known yet."),
        (FOUR, {}, "any", "Concluded would be reached by no change of up to 3 findings."),
        ("cough", {"cough": True}, "unknown", "Concluded would no longer hold by no change of up to 3 findings that are not known yet."),
    ],
)
def test_where_nothing_would_turn_it_the_text_says_so(when: str, said: dict[str, Any], through: Through, expected: str, load: Load) -> None:
    found = mps.evaluate(said, load(rule("shelf.a", when=when))).flip("ill", through)

    assert () == found.sets
    assert found.complete
    assert LARGEST == found.largest
    assert expected == str(found).replace(found.label, "Concluded")


def test_the_text_lists_the_sets_with_what_they_cost(load: Load) -> None:
    found = mps.evaluate({}, load(rule("shelf.a", when="{any: [cough, {all: [rash, {duration: {above: 12}}]}]}"))).flip("ill")
    lines = str(found).splitlines()

    assert "would be reached with:" in lines[0]
    assert "  1. cough: present (asked)" == lines[1]
    assert lines[2].startswith("  2. since when: ")
    assert lines[2].endswith(" wk; rash: present (examined)")


def test_a_text_of_more_sets_than_are_shown_says_so(load: Load) -> None:
    muscles = [
        {"muscle": muscle, "side": side, "sore_spot": True}
        for muscle in ("alpha", "beta_deep", "beta_long", "gamma")
        for side in ("left", "right")
    ]
    when = "{count_muscles: {where: examined, has: taut_band, at_least: 2}}"
    found = mps.evaluate({"exam": muscles[:8]}, load(rule("shelf.a", when=when))).flip("ill")
    three = mps.evaluate({"exam": muscles}, load(rule("shelf.a", when=when.replace("at_least: 2", "at_least: 3")))).flip("ill")

    assert (28, True) == (len(found.sets), found.complete)
    assert (SHOWN, False) == (len(three.sets), three.complete)
    assert str(three).splitlines()[-2] == "  and more"


@pytest.mark.parametrize(
    ("when", "said", "through", "expected"),
    [
        ("{any: [cough, rash]}", {}, "any", ()),
        ("{temperature: {at_least: 38}}", {}, "unknown", ("other numbers that would do the same",)),
        ("{pain_at: [calf]}", {}, "unknown", ()),
        ("{pain_at: [calf]}", {"pain": ["calf.left"]}, "any", ("other pain than is recorded",)),
        ("{any: [cough, {label: [strain]}]}", {}, "unknown", ("other diagnoses given",)),
        (
            "{any_muscle: {where: refers_to_pain, has: taut_band}}",
            {},
            "unknown",
            (
                "pain elsewhere that would only bring other muscles into question",
                "muscles that were not examined and are not among the first to explain the pain",
            ),
        ),
    ],
)
def test_what_no_set_changes_is_said(when: str, said: dict[str, Any], through: Through, expected: tuple[str, ...], load: Load) -> None:
    found = mps.evaluate(said, load(rule("shelf.a", when=when))).flip("ill", through)

    assert expected == found.untried
    assert list(expected) == found.to_dict()["untried"]
    assert str(found).endswith(f"  not tried: {'; '.join(expected)}") or not expected


def test_a_word_that_is_added_leaves_the_words_recorded(load: Load) -> None:
    base = load(rule("shelf.a", when="{all: [{quality: [dull]}, {quality: [burning]}]}"))
    found = mps.evaluate({"quality": ["dull"]}, base).flip("ill", "any")

    assert [{"quality": {"dull": True, "burning": True}}] == _sets(found)
    assert ["words: also burning"] == [change.text for flip in found.sets for change in flip.changes]


def test_a_base_that_concludes_nothing_has_nothing_to_flip(small: KnowledgeBase) -> None:
    with pytest.raises(FindingError, match="is nothing that these rules conclude"):
        mps.evaluate({}, small).flip("ill")

    assert terrain_of(small).vocabulary.suspects
