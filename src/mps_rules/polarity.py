"""
Which of two readings of a finding is the dangerous one: the one that leaves more red flags raised or open.

It is read from the rules once: a finding on which a flag rests, directly or through conclusions, measures and what follows from findings, is
dangerous when ``present`` or ``absent``, a number when ``higher`` or ``lower``; ``either`` where flags read it both ways. What no flag reads is
not named. Between readings of which nobody can say which came last, the dangerous one holds; pain in a place that any flag reads is ``present``.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal, TypeAlias, assert_never

import attrs

from mps_rules import conditions as c
from mps_rules.model import KnowledgeBase, Vocabulary

Danger: TypeAlias = Literal["present", "absent", "higher", "lower", "either"]
"""How a finding must stand to raise a flag, or to leave it open."""


@lru_cache(maxsize=8)
def dangerous(base: KnowledgeBase) -> Mapping[str, Danger]:
    """
    Of every finding that a red flag reads, the reading that raises it: by term, ``term.word``, ``pain.region`` or ``labels.diagnosis``.

    >>> from mps_rules import load
    >>> danger = dangerous(load())
    >>> danger["saddle_anaesthesia"], danger["neuro_exam_normal"], danger["crp"]
    ('present', 'absent', 'higher')
    """
    found: dict[str, set[bool]] = {}
    numbers = _numbers(base.vocabulary)
    for condition, raising in _walked(base):
        for key, way in _here(condition, raising, base.vocabulary):
            found.setdefault(key, set()).add(way)
    for term in base.vocabulary.terms.values():
        for other in term.excludes:
            for one, barred in ((term.id, other), (other, term.id)):
                if found.get(barred) == {True} and one not in found:
                    found[one] = {False}
    painful = {term.id for term in base.vocabulary.terms.values() if term.stands_for}
    for key in found:
        if key.startswith("pain.") or key in painful:
            found[key] = {True}
    return {key: "either" if len(ways) > 1 else _name(key in numbers, *ways) for key, ways in sorted(found.items())}


@lru_cache(maxsize=8)
def bounds(base: KnowledgeBase) -> Mapping[str, tuple[tuple[c.Compare, bool], ...]]:
    """
    The bounds that red flags set to each number, each with whether reaching it raises a flag: they settle a number that is dangerous either way.

    >>> from mps_rules import load
    >>> (c.Compare("crp", above=10.0), True) in bounds(load())["crp"]
    True
    """
    found: dict[str, dict[tuple[c.Compare, bool], None]] = {}
    for condition, raising in _walked(base):
        if isinstance(condition, c.Compare):
            found.setdefault(condition.term, {})[condition, raising] = None
    return {key: tuple(sorted(of, key=repr)) for key, of in sorted(found.items())}


def _name(number: bool, raising: bool) -> Danger:  # noqa: FBT001 - a kind and a verdict, not flags
    if number:
        return "higher" if raising else "lower"
    return "present" if raising else "absent"


def _numbers(words: Vocabulary) -> frozenset[str]:
    return frozenset(words.measures) | {term.id for term in words.terms.values() if term.kind in ("number", "duration")}


def _walked(base: KnowledgeBase) -> Iterator[tuple[c.Condition, bool]]:
    """Every condition on which a flag rests, each with whether its truth raises."""
    ways: list[tuple[c.Condition, bool]] = [(rule.when, True) for rule in base.rules if rule.alert and not rule.open_alert]
    seen: set[tuple[c.Condition, bool]] = set()
    while ways:
        way = ways.pop()
        if way not in seen:
            seen.add(way)
            yield way
            ways += _under(*way, base)


def _here(condition: c.Condition, raising: bool, words: Vocabulary) -> Iterator[tuple[str, bool]]:  # noqa: FBT001 - a verdict, not a flag
    """What a leaf itself reads, each with whether more of it raises."""
    match condition:
        case c.Present(term):
            yield term, raising
        case c.Words(term, values):
            yield from ((f"{term}.{value}", raising) for value in values)
        case c.Compare(term):
            items = words.measures[term].sum if term in words.measures else ()
            for way in _ways(condition, raising=raising):
                yield term, way
                yield from ((item, way) for item in items)
        case c.PainAt(regions):
            yield from ((f"pain.{place}", raising) for region in regions for place in _around(region, words))
        case c.Label(ids):
            yield from ((f"labels.{one}", raising) for one in ids)


def _ways(condition: c.Compare, *, raising: bool) -> Iterator[bool]:
    """Whether a higher number raises, for each end that is bound."""
    if condition.at_least is not None or condition.above is not None:
        yield raising
    if condition.at_most is not None or condition.below is not None:
        yield not raising


def _around(region: str, words: Vocabulary) -> Iterator[str]:
    """The region, what it is part of, and its parts."""
    above: str | None = region
    while above is not None:
        yield above
        above = words.regions[above].parent
    below = [region]
    while below:
        here = below.pop()
        parts = [one.id for one in words.regions.values() if one.parent == here]
        yield from parts
        below += parts


def _under(condition: c.Condition, raising: bool, base: KnowledgeBase) -> Iterator[tuple[c.Condition, bool]]:  # noqa: FBT001
    """What a condition rests on, each with whether its truth raises."""
    words = base.vocabulary
    match condition:
        case c.Present(term):
            one = words.terms[term]
            yield from ((source, way) for source, way in ((one.implied_by, raising), (one.denied_by, not raising)) if source is not None)
        case c.Compare(term):
            if measure := words.measures.get(term):
                yield from ((part, way) for way in _ways(condition, raising=raising) for part in measure.count)
                yield from (
                    (c.Present(i), way) for way in _ways(condition, raising=raising) for i in measure.sum if i not in _numbers(words)
                )
                if measure.also_total:
                    yield attrs.evolve(condition, term=measure.also_total), raising
        case c.PainAt(regions):
            places = {place for region in regions for place in _around(region, words)}
            yield from ((c.Present(one.id), raising) for one in words.terms.values() if one.stands_for in places)
        case c.Derived(id):
            yield from ((rule.when, raising) for rule in base.concluding.get(id, ()))
        case c.Not(of):
            yield of, not raising
        case c.Known(of):
            yield from ((of, True), (of, False))
        case c.All(of) | c.Any(of) | c.AtLeast(_, of):
            yield from ((part, raising) for part in of)
        case c.Item(_, _, of) | c.Established(of) | c.CountMuscles(of, _) | c.LabelMuscle(of) | c.AnyLabel(of):
            yield of, raising
        case c.Suspicion(_, _, profiles):
            for profile in profiles:
                yield from ((part, raising) for part in (profile.place, profile.only_if) if part is not None)
                yield from ((cue.when, raising is (cue.points > 0)) for group in profile.cues for cue in group)
        case c.InReach():
            yield from ((part, way) for part in c.parts(condition) for way in (True, False))
        case c.Words() | c.Label() | c.MuscleIs() | c.LabelIs() | c.PainNamed() | c.PainApart():
            pass
        case _:
            assert_never(condition)
