"""The circuit concludes what the definition concludes, and what is supposed in it is what the changed findings would give."""

import os
import sys
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from random import Random
from typing import Any

import attrs
import pytest

from charts import Change, chart, drawn, facts_of, may_change, sample, with_changes
from executors import differences
from mps_rules.chaining import circuit, engine, reference
from mps_rules.chaining.chains import Chain, Chained
from mps_rules.chaining.circuit import Circuit, State, circuit_of
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import PATIENT, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Truth
from mps_rules.patient.facts import Facts, terrain_of
from random_packs import Words, few_muscles, random_pack, random_patient, seeded

PACKS = int(os.environ.get("PACKS", "32"))
PATIENTS_EACH = int(os.environ.get("PATIENTS", "3"))
VIGNETTES = 20
CHANGES = 8
"""How many changes are supposed of each vignette."""


@pytest.fixture(scope="module")
def few(kb: KnowledgeBase) -> KnowledgeBase:
    return few_muscles(kb)


# --- the same as the definition ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30_000, 30_000 + PACKS))
def test_the_circuit_concludes_of_a_random_pack_what_the_definition_does(few: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few, seed, counts_within_muscles=False)
    random = seeded(seed)
    for _ in range(PATIENTS_EACH):
        facts = random_patient(words, terrain_of(few), random)

        assert [] == list(differences(base, facts, reference.chain(base, facts), circuit.chain(base, facts)))


@pytest.mark.parametrize("seed", range(31_000, 31_000 + max(1, PACKS // 4)))
def test_it_decides_alike_where_a_rule_about_one_muscle_counts_muscles(few: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few, seed, counts_within_muscles=True)
    facts = random_patient(words, terrain_of(few), seeded(seed))
    found = differences(base, facts, reference.chain(base, facts), circuit.chain(base, facts))

    assert [] == [line for line in found if not line.startswith("derivation")]


def test_the_circuit_concludes_of_vignettes_what_the_engine_does(kb: KnowledgeBase) -> None:
    random = seeded(1)
    for one in sample(1, 2 * VIGNETTES):
        facts = facts_of(chart(one))
        expected, actual = engine.chain(kb, facts), circuit.chain(kb, facts)
        muscles = [*facts.examined, *random.sample(facts.subjects("muscle"), 10)]

        assert _of(kb, facts, expected, muscles) == _of(kb, facts, actual, muscles), one.vignette
        assert expected.derivations == actual.derivations, one.vignette


def _of(base: KnowledgeBase, facts: Facts, found: Chain | State, muscles: Sequence[str] | None = None) -> dict[tuple[str, str], Truth]:
    """The verdict of every rule on every subject, and whether anything was concluded of it; some muscles only, where they are named."""
    of = {about: facts.subjects(about) for about in ("patient", "muscle", "label")} | ({"muscle": tuple(muscles)} if muscles else {})
    verdicts = {(one.id, subject): found.verdict(one.id, subject) for one in base.rules for subject in of[one.about]}
    concluded = {(id_, subject): found.concluded(id_, subject) for id_, rules in base.concluding.items() for subject in of[rules[0].about]}
    return verdicts | concluded


def test_muscles_read_apart_change_nothing(kb: KnowledgeBase) -> None:
    for one in sample(2, 4):
        facts = facts_of(chart(one))
        together, apart = circuit_of(kb).read(facts), circuit_of(kb).read(facts, [f"{muscle}.left" for muscle in kb.vocabulary.muscles])

        assert len(together.subjects.muscles) < len(apart.subjects.muscles)
        assert _of(kb, facts, together) == _of(kb, facts, apart)


def test_a_circuit_is_compiled_once_and_holds_no_patient(few: KnowledgeBase) -> None:
    base, words = random_pack(few, 32_000)
    made = circuit_of(base)
    random = seeded(32_000)
    before = deepcopy([(table.truth, table.true, table.unknown) for table in made.tables.values()])
    for _ in range(5):
        circuit.chain(base, random_patient(words, terrain_of(few), random))

    assert made is circuit_of(attrs.evolve(base))
    assert before == [(table.truth, table.true, table.unknown) for table in made.tables.values()]


def test_nothing_known_leaves_open_what_the_definition_leaves_open(kb: KnowledgeBase) -> None:
    facts = facts_of({})

    assert [] == list(differences(kb, facts, reference.chain(kb, facts), circuit.chain(kb, facts)))


# --- supposing --------------------------------------------------------------------------------------------------------


def _snapshot(state: State) -> Any:
    """Everything that supposing may touch."""
    held = (state.truths, state.true, state.unknown, state.journal, state.noted, state.events)
    return [*(list(one) for one in held), dict(state.given), dict(state.numbers), dict(state.worded)]


def _apart(facts: Facts, random: Random) -> list[str]:
    muscles = [f"{muscle}.{side}" for muscle, side in facts.muscles if side]
    return [*random.sample(muscles, 4), *facts.examined]


def _changes(facts: Facts, pool: Iterable[tuple[str, Any]], random: Random) -> list[Change]:
    """One change or two, of different findings; sometimes a finding is no longer known."""
    chosen = random.sample(list(pool), random.choice((1, 1, 2)))
    return [(subject, term.id, None if random.random() < 0.2 else drawn(term, random)) for subject, term in chosen]


def _supposed_as_read(base: KnowledgeBase, state: State, changes: list[Change], expected: Chain, after: Facts) -> None:
    before = _snapshot(state)
    with state.supposing(changes):
        supposed = _of(base, after, state)

    assert _of(base, after, expected) == supposed, changes
    assert before == _snapshot(state), changes


@pytest.mark.parametrize("seed", range(33_000, 33_000 + PACKS))
def test_what_is_supposed_of_a_random_pack_is_what_the_changed_findings_give(few: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few, seed)
    random = seeded(seed)
    facts = random_patient(words, terrain_of(few), random)
    apart = _apart(facts, random)
    state = circuit_of(base).read(facts, apart)
    pool = [(subject, term) for subject, term in may_change(facts, apart) if term.id in _spoken(words, base.vocabulary)]
    tried = 0
    while tried < 6:
        changes = _changes(facts, pool, random)
        try:
            after = with_changes(facts, changes)
        except FindingError:
            continue
        tried += 1
        _supposed_as_read(base, state, changes, reference.chain(base, after), after)


def _spoken(words: Words, vocabulary: Vocabulary) -> set[str]:
    """The findings that a pack's rules read, those that narrow its measures included; not those that stand for a place that hurts."""
    named = {*words.booleans, *words.muscle_booleans, *words.label_booleans}
    named |= {term.id for term in (*words.lists, *words.numbers, *words.muscle_others, *words.label_others)}
    for id_ in named & set(vocabulary.measures):
        named |= set(vocabulary.measures[id_].sum)
    return {id_ for id_ in named if not vocabulary.terms[id_].draws}


def test_what_is_supposed_of_vignettes_is_what_the_changed_findings_give(kb: KnowledgeBase) -> None:
    random = seeded(34_000)
    kinds: set[str] = set()
    for one in sample(3, VIGNETTES):
        facts = facts_of(chart(one))
        apart = _apart(facts, random)
        state = circuit_of(kb).read(facts, apart)
        pool = _evenly([(subject, term) for subject, term in may_change(facts, apart) if not term.draws], random)
        for _ in range(CHANGES):
            changes = _changes(facts, pool, random)
            try:
                after = with_changes(facts, changes)
            except FindingError:
                continue
            kinds |= {kb.vocabulary.terms[term].subject for _, term, _ in changes}
            again = circuit_of(kb).read(after, apart)
            before = _snapshot(state)
            with state.supposing(changes):
                assert _verdicts(state) == _verdicts(again), (one.vignette, changes)
                assert state.truths == again.truths, (one.vignette, changes)
                assert (state.true, state.unknown) == (again.true, again.unknown), (one.vignette, changes)

            assert before == _snapshot(state), (one.vignette, changes)

    assert {"patient", "muscle", "label"} == kinds


def _evenly(pool: list[tuple[str, Any]], random: Random) -> list[tuple[str, Any]]:
    """As many findings of muscles and of diagnoses as of the patient, as far as there are."""
    by_subject = [[one for one in pool if one[1].subject == subject] for subject in ("patient", "muscle", "label")]
    return [one for some in by_subject for one in random.sample(some, min(len(some), 30))]


def _verdicts(state: State) -> dict[tuple[str, str], Truth]:
    return {
        (one.id, subject): state.verdict(one.id, subject)
        for one in state.circuit.base.rules
        for subject in state.subjects.of_kind(one.about)
    }


def test_within_the_reach_of_a_rule_it_is_decided_as_everywhere(kb: KnowledgeBase) -> None:
    random = seeded(35_000)
    circuit = circuit_of(kb)
    decided: set[Truth] = set()
    for one in sample(4, VIGNETTES):
        facts = facts_of(chart(one))
        apart = _apart(facts, random)
        everywhere = circuit.read(facts, apart)
        pool = _evenly([(subject, term) for subject, term in may_change(facts, apart) if not term.draws], random)
        for rule in random.sample(kb.rules, 16):
            within = circuit.read(facts, apart, circuit.reaching([rule.id]))
            for changes in ([], *(_changes(facts, pool, random) for _ in range(4))):
                with everywhere.supposing(changes), within.supposing(changes):
                    expected = _of_each(everywhere, rule)
                    decided |= set(expected.values())

                    assert expected == _of_each(within, rule), (one.vignette, rule.id, changes)

    assert {True, None, False} == decided


def _of_each(state: State, rule: Rule) -> dict[str, Truth]:
    """The verdicts of a rule, of every subject that it is asked of."""
    subjects = state.subjects.alike if rule.about == "muscle" else state.subjects.of_kind(rule.about)
    return {subject: state.verdict(rule.id, subject) for subject in subjects}


def test_suppositions_within_suppositions_are_taken_back_one_by_one(kb: KnowledgeBase) -> None:
    state = circuit_of(kb).read(facts_of({"age_years": 50, "pain": ["low_back.left"]}))
    first = _snapshot(state)
    with state.supposing([(PATIENT, "saddle_anaesthesia", True)]):
        second = _snapshot(state)
        with state.supposing([(PATIENT, "saddle_anaesthesia", False), (PATIENT, "fever", True)]):
            assert second != _snapshot(state)
            assert state.truth(_present("saddle_anaesthesia")) is False
        assert second == _snapshot(state)
        assert state.truth(_present("saddle_anaesthesia")) is True
        assert state.truth(_present("fever")) is None

    assert first == _snapshot(state)
    assert state.truth(_present("saddle_anaesthesia")) is None


def _present(term: str) -> c.Present:
    return c.Present(term)


def test_a_supposition_is_taken_back_when_whoever_supposes_fails(kb: KnowledgeBase) -> None:
    state = circuit_of(kb).read(facts_of({"pain": ["low_back.left"]}))
    before = _snapshot(state)
    message = "the pen broke"
    with pytest.raises(RuntimeError, match=message), state.supposing([(PATIENT, "saddle_anaesthesia", True)]):
        raise RuntimeError(message)
    with pytest.raises(KeyError), state.supposing([(PATIENT, "saddle_anaesthesia", True), ("no_such_muscle.left", "taut_band", True)]):
        pass

    assert before == _snapshot(state)


def test_supposing_what_is_known_touches_nothing(kb: KnowledgeBase) -> None:
    state = circuit_of(kb).read(facts_of({"saddle_anaesthesia": True, "body_temperature": 36.8, "pain": ["low_back.left"]}))
    with state.supposing([(PATIENT, "saddle_anaesthesia", True), (PATIENT, "body_temperature", 36.8)]):
        assert [] == list(state.touched())


def test_the_rules_touched_are_those_with_another_verdict(kb: KnowledgeBase) -> None:
    for one in sample(4, 6):
        state = circuit_of(kb).read(facts_of(chart(one)))
        for term in ("saddle_anaesthesia", "fever", "body_temperature", "neuro_exam_normal"):
            before = _verdicts(state)
            with state.supposing([(PATIENT, term, 39.5 if term == "body_temperature" else True)]):
                expected = {key for key, verdict in _verdicts(state).items() if verdict is not before[key]}

                assert expected == set(state.touched())


# --- what follows, and measures ---------------------------------------------------------------------------------------


def test_what_follows_from_a_number_follows_in_the_circuit(kb: KnowledgeBase) -> None:
    state = circuit_of(kb).read(facts_of({}))
    with state.supposing([(PATIENT, "body_temperature", 39.0)]):
        assert state.truth(_present("fever")) is True
        with state.supposing([(PATIENT, "body_temperature", None)]):
            assert state.truth(_present("fever")) is None
    with state.supposing([(PATIENT, "fever", False)]):
        assert state.truth(_present("fever")) is False

    assert state.truth(_present("fever")) is None


def test_a_measure_narrows_with_each_of_its_items(kb: KnowledgeBase) -> None:
    areas = [item for item in kb.vocabulary.measures["wpi"].sum if kb.vocabulary.terms[item].kind == "boolean"]
    state = circuit_of(kb).read(facts_of({}))
    total = len(areas)
    changes: list[Change] = []
    for number, area in enumerate(areas, 1):
        changes.append((PATIENT, area, number % 2 == 0))
        with state.supposing(changes):
            interval = state.interval("wpi")

            assert (number // 2, total - (number - number // 2)) == (interval.lowest, interval.highest)

    assert (0, total) == (state.interval("wpi").lowest, state.interval("wpi").highest)


def test_a_measure_is_bounded_as_the_facts_bound_it(kb: KnowledgeBase) -> None:
    assert kb.vocabulary.measures
    for one in sample(5, 20):
        facts = facts_of(chart(one))
        state = circuit_of(kb).read(facts)
        for measure in kb.vocabulary.measures:
            assert facts.interval(measure) == state.interval(measure), (one.vignette, measure)


# --- threads ----------------------------------------------------------------------------------------------------------


def test_two_threads_share_a_circuit(few: KnowledgeBase) -> None:
    pack, words = random_pack(few, 35_000)
    base = attrs.evolve(pack, digest="a circuit that no thread has compiled before")
    random = seeded(35_000)
    patients = [random_patient(words, terrain_of(few), random) for _ in range(16)]
    expected = [reference.chain(base, facts) for facts in patients]
    start = threading.Barrier(2)
    pace = sys.getswitchinterval()

    def shift(first: int) -> list[tuple[int, Chained, bool]]:
        start.wait()
        done = []
        for number in (*range(first, 16), *range(first)):
            state = circuit_of(base).read(patients[number])
            before = _snapshot(state)
            for term in words.booleans:
                with state.supposing([(PATIENT, term, True)]):
                    pass
            done.append((number, circuit.chain_of(state), before == _snapshot(state)))
        return done

    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(2) as pool:
            shifts = list(pool.map(shift, (0, 8)))
    finally:
        sys.setswitchinterval(pace)

    assert all(shifts)
    for number, found, restored in (answer for one in shifts for answer in one):
        assert restored
        assert [] == list(differences(base, patients[number], expected[number], found))


def test_a_circuit_of_its_own_is_equal_to_the_shared_one(few: KnowledgeBase) -> None:
    base, words = random_pack(few, 36_000)
    facts = random_patient(words, terrain_of(few), seeded(36_000))
    shared, own = circuit_of(base).read(facts), Circuit(base).read(facts)

    assert _verdicts(shared) == _verdicts(own)
