"""
Everything that decides whether a condition holds is in this file.

A condition is a tree of frozen values; ``judge`` gives its truth for one subject: True, False, or None for unknown
(Kleene's strong three-valued logic). It knows no YAML, no experta, no SQL: what is known of a patient comes through a ``View``.
Every executor is compared with ``judge``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias, assert_never

import attrs

Truth: TypeAlias = bool | None
"""Present, absent, or not known."""


@attrs.frozen
class Interval:
    """
    The range in which a number or measure must lie.

    >>> Interval(5, 9).satisfies(at_least=5), Interval(5, 9).satisfies(at_least=10), Interval(5, 9).satisfies(at_least=7)
    (True, False, None)
    """

    lowest: float
    highest: float

    def satisfies(
        self,
        *,
        at_least: float | None = None,
        above: float | None = None,
        at_most: float | None = None,
        below: float | None = None,
    ) -> Truth:
        """True when the whole interval satisfies every bound, False when none of it can, else None."""
        low, high = self.lowest, self.highest
        verdicts = []
        if at_least is not None:
            verdicts.append(_between(low >= at_least, high >= at_least))
        if above is not None:
            verdicts.append(_between(low > above, high > above))
        if at_most is not None:
            verdicts.append(_between(high <= at_most, low <= at_most))
        if below is not None:
            verdicts.append(_between(high < below, low < below))
        return every(verdicts)

    def __and__(self, other: "Interval") -> "Interval | None":
        low, high = max(self.lowest, other.lowest), min(self.highest, other.highest)
        return Interval(low, high) if low <= high else None

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.lowest + other.lowest, self.highest + other.highest)

    def __str__(self) -> str:
        if self.lowest == self.highest:
            return f"{self.lowest:g}"
        return f"{self.lowest:g} to {self.highest:g}"


def _between(certain: bool, possible: bool) -> Truth:  # noqa: FBT001 - two verdicts, not flags
    return True if certain else None if possible else False


BOUND_WORDS = {"at_least": "at least", "above": "above", "at_most": "at most", "below": "below"}


# --- leaves: what a subject itself says ------------------------------------------------------------------------------


@attrs.frozen(cache_hash=True)
class Present:
    """A yes/no finding is present."""

    term: str


@attrs.frozen(cache_hash=True)
class Words:
    """One of these words of a finding is present."""

    term: str
    values: tuple[str, ...]


@attrs.frozen(cache_hash=True)
class Compare:
    """
    A number, duration or measure satisfies its bounds, given in the finding's own unit.

    ``told`` are the bounds as the author wrote them, where the number alone would not say it (12.857 weeks for 3 months).
    """

    term: str
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    told: str = attrs.field(default="", eq=False)

    def bounds(self) -> dict[str, float]:
        """The bounds that are set, by name."""
        named = {"at_least": self.at_least, "above": self.above, "at_most": self.at_most, "below": self.below}
        return {name: bound for name, bound in named.items() if bound is not None}


WHOLE = "whole"


@attrs.frozen(cache_hash=True)
class PainAt:
    """Pain in one of these regions, perhaps on one side; ``WHOLE`` as its side: drawn as a whole, whichever parts are drawn beside it."""

    regions: tuple[str, ...]
    side: str | None = None


@attrs.frozen(cache_hash=True)
class Label:
    """One of these diagnoses has been given."""

    ids: tuple[str, ...]


@attrs.frozen(cache_hash=True)
class Derived:
    """Some active rule concluded this."""

    id: str


@attrs.frozen(cache_hash=True)
class MuscleIs:
    """This muscle is one of these muscles or groups."""

    ids: tuple[str, ...]


@attrs.frozen(cache_hash=True)
class LabelIs:
    """This diagnosis has one of these values in a field of its row: ``kind`` or ``id``."""

    field: str
    values: tuple[str, ...]


# --- gates: Kleene's logic -------------------------------------------------------------------------------------------


@attrs.frozen(cache_hash=True)
class All:
    """Every part holds."""

    of: "tuple[Condition, ...]"


@attrs.frozen(cache_hash=True)
class Any:
    """Some part holds."""

    of: "tuple[Condition, ...]"


@attrs.frozen(cache_hash=True)
class Not:
    """The part is recorded absent."""

    of: "Condition"


@attrs.frozen(cache_hash=True)
class AtLeast:
    """At least so many parts hold."""

    n: int
    of: "tuple[Condition, ...]"


@attrs.frozen(cache_hash=True)
class Item:
    """As its part; names one line of a published criterion."""

    id: str
    label: str
    of: "Condition"


# --- closings: what can be said only when everything below has been said ----------------------------------------------


@attrs.frozen(cache_hash=True)
class Established:
    """The part is true; silence counts as not established."""

    of: "Condition"


@attrs.frozen(cache_hash=True)
class Known:
    """The part is true or false, not unknown."""

    of: "Condition"


@attrs.frozen(cache_hash=True)
class CountMuscles:
    """At least so many muscles and sides make the part true."""

    of: "Condition"
    at_least: int = 1


@attrs.frozen(cache_hash=True)
class LabelMuscle:
    """Some muscle of the diagnosis' row makes the part true."""

    of: "Condition"


Leaf: TypeAlias = Present | Words | Compare | PainAt | Label | Derived | MuscleIs | LabelIs
Gate: TypeAlias = All | Any | Not | AtLeast | Item
Closing: TypeAlias = Established | Known | CountMuscles | LabelMuscle
Condition: TypeAlias = Leaf | Gate | Closing
"""All forms that there are: who tells them apart names each of them, so that a new one cannot be taken for another in silence."""


class View(Protocol):
    """What is known of one subject (the patient, a muscle and side, a diagnosis), as conditions ask it."""

    @property
    def subject(self) -> str:
        """``patient``, ``muscle.side``, or the id of a diagnosis."""
        ...

    def present(self, term: str) -> Truth:
        """Whether a yes/no finding is present."""
        ...

    def word(self, term: str, value: str) -> Truth:
        """Whether a finding takes this word."""
        ...

    def interval(self, term: str) -> Interval:
        """The range in which a number must lie."""
        ...

    def pain_at(self, region: str, side: str | None) -> Truth:
        """Whether there is pain in a region."""
        ...

    def label(self, label: str) -> Truth:
        """Whether a diagnosis has been given."""
        ...

    def derived(self, id: str) -> Truth:
        """Whether a conclusion was reached."""
        ...

    def is_muscle(self, ids: Sequence[str]) -> bool:
        """Whether this muscle is one of these."""
        ...

    def is_label(self, field: str, values: Sequence[str]) -> bool:
        """Whether this diagnosis has one of these values in that field of its row."""
        ...

    def muscles(self) -> "Iterable[View]":
        """Every muscle and side."""
        ...

    def label_muscles(self) -> "Iterable[View]":
        """Every muscle and side of this diagnosis' row."""
        ...


def judge(condition: Condition, view: View) -> Truth:
    """The truth of a condition for one subject: True, False, or None when too little is known."""
    match condition:
        case Present(term):
            return view.present(term)
        case Words(term, values):
            return some(view.word(term, value) for value in values)
        case Compare(term):
            return view.interval(term).satisfies(**condition.bounds())
        case PainAt(regions, side):
            return some(view.pain_at(region, side) for region in regions)
        case Label(ids):
            return some(view.label(id) for id in ids)
        case Derived(id):
            return view.derived(id)
        case MuscleIs(ids):
            return view.is_muscle(ids)
        case LabelIs(field, values):
            return view.is_label(field, values)
        case All(of):
            return every(judge(part, view) for part in of)
        case Any(of):
            return some(judge(part, view) for part in of)
        case Not(of):
            verdict = judge(of, view)
            return None if verdict is None else not verdict
        case AtLeast(n, of):
            return count_at_least(n, [judge(part, view) for part in of])
        case Item(_, _, of):
            return judge(of, view)
        case Established(of):
            return judge(of, view) is True
        case Known(of):
            return judge(of, view) is not None
        case CountMuscles(of, n):
            return count_at_least(n, [judge(of, muscle) for muscle in view.muscles()])
        case LabelMuscle(of):
            return some(judge(of, muscle) for muscle in view.label_muscles())
        case _:
            assert_never(condition)


def every(verdicts: Iterable[Truth]) -> Truth:
    """
    Kleene's conjunction.

    >>> every([True, None]), every([None, False]), every([])
    (None, False, True)
    """
    result: Truth = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            result = None
    return result


def some(verdicts: Iterable[Truth]) -> Truth:
    """
    Kleene's disjunction.

    >>> some([False, None]), some([None, True]), some([])
    (None, True, False)
    """
    result: Truth = False
    for verdict in verdicts:
        if verdict is True:
            return True
        if verdict is None:
            result = None
    return result


def count_at_least(n: int, verdicts: Sequence[Truth]) -> Truth:
    """
    Whether at least n of the verdicts are true.

    >>> count_at_least(2, [True, None, True]), count_at_least(2, [True, None, False]), count_at_least(2, [False, None])
    (True, None, False)
    """
    true = sum(verdict is True for verdict in verdicts)
    unknown = sum(verdict is None for verdict in verdicts)
    return _between(true >= n, true + unknown >= n)


# --- walking ----------------------------------------------------------------------------------------------------------


def parts(condition: Condition) -> tuple[Condition, ...]:
    """The conditions directly under this one."""
    match condition:
        case All(of) | Any(of) | AtLeast(_, of):
            return of
        case Not(of) | Item(_, _, of) | Established(of) | Known(of) | CountMuscles(of, _) | LabelMuscle(of):
            return (of,)
        case Present() | Words() | Compare() | PainAt() | Label() | Derived() | MuscleIs() | LabelIs():
            return ()
        case _:
            assert_never(condition)


def walk(condition: Condition) -> Iterator[Condition]:
    """This condition and everything under it, top down, left to right."""
    yield condition
    for part in parts(condition):
        yield from walk(part)


def pain_places(condition: Condition, *, raising: bool = True) -> Iterator[str]:
    """Every place where pain can help to make a condition true; pain at a place that is denied speaks against it."""
    match condition:
        case Not(of):
            yield from pain_places(of, raising=not raising)
        case PainAt(regions) if raising:
            yield from regions
        case _:
            for part in parts(condition):
                yield from pain_places(part, raising=raising)


def normalise(condition: Condition) -> Condition:
    """
    The same condition in fewer forms, for executors: single words, regions and diagnoses; counts only where they count; no items.

    What is left: Present, Words/PainAt/Label of one id, Compare, Derived, MuscleIs, LabelIs; All, Any, Not, AtLeast some but not all; the closings.

    >>> normalise(AtLeast(2, (Present("a"), Present("b"))))
    All(of=(Present(term='a'), Present(term='b')))
    """
    match condition:
        case Words(term, values):
            return _any([Words(term, (value,)) for value in values])
        case PainAt(regions, side):
            return _any([PainAt((region,), side) for region in regions])
        case Label(ids):
            return _any([Label((id,)) for id in ids])
        case All(of):
            return _all([normalise(part) for part in of])
        case Any(of):
            return _any([normalise(part) for part in of])
        case Not(of):
            return Not(normalise(of))
        case AtLeast(n, of):
            parts = tuple(normalise(part) for part in of)
            return _any(parts) if n == 1 else _all(parts) if n == len(parts) else AtLeast(n, parts)
        case Item(_, _, of):
            return normalise(of)
        case Established(of):
            return Established(normalise(of))
        case Known(of):
            return Known(normalise(of))
        case CountMuscles(of, n):
            return CountMuscles(normalise(of), n)
        case LabelMuscle(of):
            return LabelMuscle(normalise(of))
        case Present() | Compare() | Derived() | MuscleIs() | LabelIs():
            return condition
        case _:
            assert_never(condition)


def _all(of: Sequence[Condition]) -> Condition:
    distinct = tuple(dict.fromkeys(of))
    return distinct[0] if len(distinct) == 1 else All(distinct)


def _any(of: Sequence[Condition]) -> Condition:
    distinct = tuple(dict.fromkeys(of))
    return distinct[0] if len(distinct) == 1 else Any(distinct)


@attrs.frozen
class Ground:
    """One leaf (or closing read as silence) that a verdict rests on: of whom, which, and how it stood."""

    subject: str
    condition: Condition
    verdict: Truth


Seeker: TypeAlias = Callable[[CountMuscles | LabelMuscle, "View", Truth], Iterable["View"]]
"""Finds the muscles that give a count its verdict."""


def grounds(
    condition: Condition, view: View, truth: Callable[[Condition, View], Truth] = judge, muscles: Seeker | None = None
) -> Iterator[Ground]:
    """
    The leaves on which the verdict rests.

    For a true or false condition: all leaves that make it so, alternatives included. For an unknown one: the unknown
    leaves that could decide it. In reading order; a leaf may be repeated. ``truth`` and ``muscles`` are asked where given:
    whoever has chained the rules knows the answers.
    """
    yield from _grounds(condition, view, truth(condition, view), truth, muscles)


def _grounds(
    condition: Condition, view: View, verdict: Truth, truth: Callable[[Condition, View], Truth], muscles: Seeker | None
) -> Iterator[Ground]:
    match condition:
        case Not(of):
            yield from _grounds(of, view, None if verdict is None else not verdict, truth, muscles)
        case Item(_, _, of):
            yield from _grounds(of, view, verdict, truth, muscles)
        case All(of) | Any(of) | AtLeast(_, of):
            for part in of:
                if truth(part, view) is verdict:
                    yield from _grounds(part, view, verdict, truth, muscles)
        case Established(of) | Known(of) if (known := truth(of, view)) is not None:
            yield from _grounds(of, view, known, truth, muscles)
        case CountMuscles(of, _) | LabelMuscle(of) if verdict is not False:
            for muscle in muscles(condition, view, verdict) if muscles else _muscles(condition, view, verdict):
                yield from _grounds(of, muscle, verdict, truth, muscles)
        case Words(term, values):
            for value in values:
                if view.word(term, value) is verdict:
                    yield Ground(view.subject, Words(term, (value,)), verdict)
        case PainAt(regions, side):
            for region in regions:
                if view.pain_at(region, side) is verdict:
                    yield Ground(view.subject, PainAt((region,), side), verdict)
        case Label(ids):
            for id_ in ids:
                if view.label(id_) is verdict:
                    yield Ground(view.subject, Label((id_,)), verdict)
        case Established() | Known() | CountMuscles() | LabelMuscle() | Present() | Compare() | Derived() | MuscleIs() | LabelIs():
            yield Ground(view.subject, condition, verdict)
        case _:
            assert_never(condition)


def _muscles(condition: CountMuscles | LabelMuscle, view: View, verdict: Truth) -> Iterator[View]:
    every_one = view.label_muscles() if isinstance(condition, LabelMuscle) else view.muscles()
    return (muscle for muscle in every_one if judge(condition.of, muscle) is verdict)


# --- printing ---------------------------------------------------------------------------------------------------------


def describe(condition: Condition, name: Callable[[str, str], str]) -> str:
    """
    The condition in words; ``name(kind, id)`` gives the label of a term, word, region, label, muscle or conclusion.

    >>> describe(All((Present("fever"), Not(Present("rash")))), lambda kind, id: id)
    'all of: fever; absent: rash'
    """
    match condition:
        case Present(term):
            return name("term", term)
        case Words(term, values):
            return f"{name('term', term)}: {' or '.join(name('word', value) for value in values)}"
        case Compare(term):
            if condition.told:
                return f"{name('term', term)} {condition.told}"
            bounds = " and ".join(f"{BOUND_WORDS[key]} {bound:g}" for key, bound in condition.bounds().items())
            return f"{name('term', term)} {bounds}{name('unit', term)}"
        case PainAt(regions, side):
            where = " or ".join(name("region", region) for region in regions)
            return f"pain in {where}" + (", as a whole" if side == WHOLE else f", {side}" if side else "")
        case Label(ids):
            return f"diagnosis given: {' or '.join(name('label', id) for id in ids)}"
        case Derived(id):
            return name("derived", id)
        case MuscleIs(ids):
            return f"the muscle is {' or '.join(name('muscle', id) for id in ids)}"
        case LabelIs("id", values):
            return f"the diagnosis is {' or '.join(name('label', id) for id in values)}"
        case LabelIs(field, values):
            return f"the diagnosis is of {field} {' or '.join(values)}"
        case All(of):
            return "all of: " + "; ".join(_nested(part, name) for part in of)
        case Any(of):
            return "any of: " + "; ".join(_nested(part, name) for part in of)
        case AtLeast(n, of):
            return f"at least {n} of: " + "; ".join(_nested(part, name) for part in of)
        case Not(of):
            return f"absent: {_nested(of, name)}"
        case Item(_, label, _):
            return label
        case Established(of):
            return f"established: {_nested(of, name)}"
        case Known(of):
            return f"known either way: {_nested(of, name)}"
        case CountMuscles(of, n):
            return f"in at least {n} muscle{'s' if n > 1 else ''}: {_nested(of, name)}"
        case LabelMuscle(of):
            return f"in a muscle linked to the diagnosis: {_nested(of, name)}"
        case _:
            assert_never(condition)


def _nested(condition: Condition, name: Callable[[str, str], str]) -> str:
    text = describe(condition, name)
    return f"({text})" if isinstance(condition, All | Any | AtLeast) else text
