"""
What the red flags of a pack read, and which reading of a finding brings a flag nearer.

A red flag is raised or open where its trigger is true and its qualifier is not false. Kleene's gates never lose truth when a part gains
some, ``not`` turns the order round, and a finding that follows from others, a measure and a conclusion keep it or turn it; so each place
where a flag reads a finding has one direction, computed once from the pack and right whatever else is known. What is read in no
direction alone (``known``) is held to be read in both.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from math import inf
from operator import ge
from typing import TypeAlias, assert_never

import attrs

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import Term, Vocabulary
from mps_rules.language import conditions as c

FAR = 1e12
"""Further than any limit of a rule."""
IN_DOUBT = "red_flags"
"""``values_from`` of the finding whose words are the findings that red flags read."""
Value: TypeAlias = bool | float | str | c.Interval


@attrs.frozen(cache_hash=True)
class Reading:
    """One place where a flag reads a finding; ``nearer`` is the truth that brings the flag nearer, ``amount`` that a sum reads the number."""

    leaf: c.Condition
    nearer: bool
    amount: bool = False

    def weight(self, value: Value, word: str = "") -> float:
        """How near a value of the finding brings the flag: 0 where this does not read it."""
        match self.leaf:
            case c.Words(_, values) if isinstance(value, str):
                weight = 1.0 if value in values else -1.0
            case c.Words(_, values):
                weight = 0.0 if word not in values else 1.0 if value is True else -1.0
            case c.Compare() if isinstance(value, bool | str):
                weight = 0.0
            case c.Compare() if self.amount:
                weight = value.lowest if isinstance(value, c.Interval) else float(value)
            case c.Compare():
                given = value if isinstance(value, c.Interval) else c.Interval(float(value), float(value))
                weight = {True: 1.0, None: 0.0, False: -1.0}[given.satisfies(**self.leaf.bounds())]
            case _:
                weight = 1.0 if value is True else -1.0 if value is False else 0.0
        return weight if self.nearer else -weight

    @property
    def rises(self) -> bool:
        """Whether a higher number brings the flag nearer."""
        return isinstance(self.leaf, c.Compare) and self.nearer is any(name in ("at_least", "above") for name in self.leaf.bounds())


HURTS = (Reading(c.PainAt(()), nearer=True),)
"""How pain in a place is read, whatever the flags: that it hurts is the danger."""


@attrs.frozen(eq=False)
class Dangers:
    """The readings of every finding, diagnosis and place that the red flags of a pack read."""

    of_term: Mapping[str, tuple[Reading, ...]]
    of_label: Mapping[str, tuple[Reading, ...]]

    def beats(self, readings: Sequence[Reading], value: Value, other: Value, word: str = "") -> bool:
        """Whether a value leaves every flag at least as near as another does, whatever else is known."""
        return all(map(ge, self.weights(readings, value, word), self.weights(readings, other, word)))

    def weights(self, readings: Sequence[Reading], value: Value, word: str = "") -> tuple[float, ...]:
        """How near a value brings each flag; of two values, one that is nowhere lower beats the other."""
        return tuple(reading.weight(value, word) for reading in readings)

    def helps(self, readings: Sequence[Reading], value: Value, word: str = "") -> bool:
        """Whether a value can bring some flag nearer than if it were unknown."""
        return any(reading.weight(value, word) > 0 for reading in readings)

    def decides(self, readings: Sequence[Reading], value: c.Interval) -> bool:
        """Whether a range says to every flag what each number in it would say."""
        return all(not reading.amount and reading.weight(value) for reading in readings)

    def harmless(self, readings: Sequence[Reading]) -> c.Interval | None:
        """The open range of the numbers that bring no flag nearer; None where they make no single range."""
        bounds = [reading.leaf.bounds() for reading in readings if isinstance(reading.leaf, c.Compare) and not reading.amount]
        if len(bounds) < len(readings):
            return None
        edges = [-inf, *sorted({limit for bound in bounds for limit in bound.values()}), inf]
        calm = [(low, high) for low, high in pairwise(edges) if not self.helps(readings, (max(low, -FAR) + min(high, FAR)) / 2)]
        if not calm or any(one[1] != other[0] or self.helps(readings, one[1]) for one, other in pairwise(calm)):
            return None
        return c.Interval(calm[0][0], calm[-1][1])

    def only_clears(self, term: str) -> bool:
        """Whether the presence of a yes/no finding can bring no flag nearer, and its absence can."""
        return bool(self.of_term.get(term)) and not self.helps(self.of_term[term], value=True)


@lru_cache(maxsize=8)
def dangers_of(base: KnowledgeBase) -> Dangers:
    """
    What the red flags of a knowledge base read, computed once.

    >>> from mps_rules import load
    >>> read = dangers_of(load())
    >>> read.helps(read.of_term["saddle_anaesthesia"], True), read.only_clears("neuro_exam_normal")
    (True, True)
    """
    return dangers(base.rules, base.vocabulary)


class Readings:
    """What rules read in one vocabulary, and what stands behind it: each place is followed once."""

    def __init__(self, words: Vocabulary, concluding: Mapping[str, Sequence[Rule]]) -> None:
        self.words, self.concluding = words, concluding
        self._behind: dict[Reading, tuple[Reading, ...]] = {}

    def by(self, rule: Rule) -> frozenset[Reading]:
        """
        Everything that a red flag reads: itself, through what findings follow from, through measures, and through conclusions.

        >>> from mps_rules import load
        >>> kb = load()
        >>> read = readings_of(kb).by(kb.by_id["safety.rf_cauda_equina"])
        >>> {"saddle_anaesthesia", "sensory_symptom_regions"} <= terms_read(read, kb.vocabulary)
        True
        """
        return self._all([part for part in (rule.trigger or rule.when, rule.qualifier) if part], nearer=True)

    def ending(self, condition: c.Condition) -> frozenset[str]:
        """The yes/no findings whose presence can make that a condition no longer holds, whatever else is known."""
        read = self._all([condition], nearer=True)
        held, barring = ({one.leaf.term for one in read if isinstance(one.leaf, c.Present) and one.nearer is way} for way in (True, False))
        return frozenset(barring | {other for term in self.words.terms.values() for one, other in _excluding(term) if one in held})

    def _all(self, conditions: Iterable[c.Condition], *, nearer: bool) -> frozenset[Reading]:
        found: set[Reading] = set()
        waiting = [reading for part in conditions for reading in _leaves(part, nearer=nearer)]
        while waiting:
            reading = waiting.pop()
            if reading not in found:
                found.add(reading)
                behind = self._behind.get(reading)
                if behind is None:
                    behind = self._behind[reading] = tuple(self._follow(reading))
                waiting += behind
        return frozenset(found)

    def _follow(self, reading: Reading) -> Iterator[Reading]:
        """What stands behind what a flag reads."""
        words = self.words
        match reading.leaf:
            case c.Present(id_) if term := words.terms.get(id_):
                if term.implied_by:
                    yield from _leaves(term.implied_by, nearer=reading.nearer)
                if term.denied_by:
                    yield from _leaves(term.denied_by, nearer=not reading.nearer)
            case c.PainAt(regions):
                near = {other for region in regions for other in self._around.get(region, ())}
                for term in words.terms.values():
                    if term.stands_for in near or (term.area and not near.isdisjoint(term.area.regions)):
                        yield Reading(c.Present(term.id), reading.nearer)
            case c.Derived(id_):
                for rule in self.concluding.get(id_, ()):
                    yield from _leaves(rule.when, nearer=reading.nearer)
            case c.Compare(id_) if measure := words.measures.get(id_):
                bounds = reading.leaf.bounds()
                for more in {name in ("at_least", "above") for name in bounds}:
                    nearer = reading.nearer is more
                    for condition in measure.count:
                        yield from _leaves(condition, nearer=nearer)
                    for item in (*measure.sum, *([measure.also_total] if measure.also_total else [])):
                        yield _summed(words.terms[item], nearer=nearer)

    @cached_property
    def _around(self) -> Mapping[str, frozenset[str]]:
        """Each region with those it lies in and those that lie in it."""
        found: dict[str, set[str]] = {region: set() for region in self.words.regions}
        for region in self.words.regions:
            at: str | None = region
            while at and at in self.words.regions:
                found[region].add(at)
                found[at].add(region)
                at = self.words.regions[at].parent
        return {region: frozenset(others) for region, others in found.items()}


@lru_cache(maxsize=8)
def readings_of(base: KnowledgeBase) -> Readings:
    """What the rules of a knowledge base read."""
    return Readings(base.vocabulary, base.concluding)


def terms_read(readings: Iterable[Reading], words: Vocabulary) -> frozenset[str]:
    """The findings of the patient in these readings, and those that cannot be present beside them."""
    read = {reading.leaf.term for reading in readings if isinstance(reading.leaf, c.Present | c.Words | c.Compare)}
    read |= {other for term in words.terms.values() for one, other in _excluding(term) if one in read}
    return frozenset(id_ for id_ in read if id_ in words.terms and words.terms[id_].subject == "patient" and not words.terms[id_].of_record)


def dangers(rules: Iterable[Rule], words: Vocabulary) -> Dangers:
    """
    What all red flags among the live rules read.

    Points of causes read nearly everything, for one cause and against another; they are asked only of what no written flag reads.
    """
    concluding: dict[str, list[Rule]] = {}
    every = tuple(rules)
    for rule in every:
        for id_ in rule.derives():
            concluding.setdefault(id_, []).append(rule)
    readings = Readings(words, concluding)
    terms: dict[str, dict[Reading, None]] = {}
    labels: dict[str, dict[Reading, None]] = {}
    for graded in (False, True):
        read = {one for rule in every if rule.alert and rule.alert.graded is graded for one in readings.by(rule)}
        settled, given = frozenset(terms), frozenset(labels)
        for reading in sorted(read, key=repr):
            match reading.leaf:
                case c.Present(term) | c.Words(term) | c.Compare(term) if term not in settled:
                    terms.setdefault(term, {})[reading] = None
                case c.Label(ids):
                    for id_ in (id_ for id_ in ids if id_ not in given):
                        labels.setdefault(id_, {})[reading] = None
    return Dangers({id_: tuple(told) for id_, told in terms.items()}, {id_: tuple(told) for id_, told in labels.items()})


def _excluding(term: Term) -> Iterator[tuple[str, str]]:
    for other in term.excludes:
        yield term.id, other
        yield other, term.id


def _leaves(condition: c.Condition, *, nearer: bool) -> Iterator[Reading]:
    match condition:
        case c.Not(of):
            yield from _leaves(of, nearer=not nearer)
        case c.Known(of):
            yield from _leaves(of, nearer=True)
            yield from _leaves(of, nearer=False)
        case c.All() | c.Any() | c.AtLeast() | c.Item() | c.Established() | c.CountMuscles() | c.LabelMuscle() | c.AnyLabel():
            for part in c.parts(condition):
                yield from _leaves(part, nearer=nearer)
        case c.Suspicion(_, _, profiles):
            for profile in (
                profiles if nearer else ()
            ):  # a flag that gives way to a more urgent one is not brought nearer by what clears that one
                for gate in (profile.place, profile.only_if):
                    yield from _leaves(gate, nearer=nearer) if gate is not None else ()
                for cue in (cue for group in profile.cues for cue in group):
                    yield from _leaves(cue.when, nearer=nearer is (cue.points > 0))
        case c.InReach():
            for part in c.parts(condition):
                yield from _leaves(part, nearer=True)
                yield from _leaves(part, nearer=False)
        case c.Present() | c.Words() | c.Compare() | c.PainAt() | c.Label() | c.Derived():
            yield Reading(condition, nearer)
        case c.PainNamed() | c.PainApart() | c.MuscleIs() | c.LabelIs():
            return
        case _:
            assert_never(condition)


def _summed(term: Term, *, nearer: bool) -> Reading:
    if term.kind == "boolean":
        return Reading(c.Present(term.id), nearer)
    return Reading(c.Compare(term.id, at_least=0), nearer, amount=True)
