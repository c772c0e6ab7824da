"""
Everything that decides whether a condition holds is in this file.

A condition is a tree of frozen values; ``judge`` gives its truth for one subject: True, False, or None for unknown
(Kleene's strong three-valued logic). It knows no YAML, no experta, no SQL: what is known of a patient comes through a ``View``.
Every executor is compared with ``judge``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
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
class PainNamed:
    """Pain is recorded for one of these regions itself, not for a part of it; never unknown: what is not recorded is not named."""

    regions: tuple[str, ...]


@attrs.frozen(cache_hash=True)
class PainApart:
    """Pain is recorded in so many of these areas, each given by the regions that count for it; never unknown."""

    areas: tuple[tuple[str, ...], ...]
    at_least: int


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


@attrs.frozen(cache_hash=True)
class AnyLabel:
    """Some diagnosis that was given makes the part true."""

    of: "Condition"


# --- causes: points for and against ------------------------------------------------------------------------------------


@attrs.frozen(cache_hash=True)
class Cue:
    """
    A condition and what it is worth where it holds, in points for a cause (above 0) or against it.

    ``step`` is the one step of asking that holds every finding it reads, empty where there is none; ``telling``: it weighs enough, and says
    more than who the patient is, for a cause to stand open.
    """

    points: int
    when: "Condition"
    step: str = ""
    telling: bool = False


@attrs.frozen(cache_hash=True)
class Profile:
    """
    One picture of a cause: how common it is, and its cues in groups of which the strongest counts.

    It is considered where its place is true and its gate (``only_if``) is not false.
    """

    prior: int
    cues: tuple[tuple[Cue, ...], ...]
    place: "Condition | None" = None
    only_if: "Condition | None" = None


@attrs.frozen(cache_hash=True)
class Suspicion:
    """The score of a cause reaches so many points."""

    of: str
    at_least: int
    profiles: tuple[Profile, ...]


@attrs.frozen(cache_hash=True)
class InReach:
    """The score of a cause is short of so many points, the findings of one step could reach them, and a telling cue holds; never unknown."""

    of: str
    at_least: int
    profiles: tuple[Profile, ...]


Leaf: TypeAlias = Present | Words | Compare | PainAt | PainNamed | PainApart | Label | Derived | MuscleIs | LabelIs
Gate: TypeAlias = All | Any | Not | AtLeast | Item
Closing: TypeAlias = Established | Known | CountMuscles | LabelMuscle | AnyLabel | Suspicion | InReach
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

    def pain_named(self, regions: Sequence[str]) -> bool:
        """Whether pain is recorded for one of these regions itself."""
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

    def labels(self) -> "Iterable[View]":
        """Every diagnosis that was given."""
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
        case PainNamed(regions):
            return view.pain_named(regions)
        case PainApart(areas, n):
            return sum(view.pain_named(regions) for regions in areas) >= n
        case Label(ids):
            return some(view.label(id) for id in ids)
        case Derived(id):
            return view.derived(id)
        case MuscleIs(ids):
            return view.is_muscle(ids)
        case LabelIs(field, values):
            return view.is_label(field, values)
        case CountMuscles(of, n):
            return count_at_least(n, [judge(of, muscle) for muscle in view.muscles()])
        case LabelMuscle(of):
            return some(judge(of, muscle) for muscle in view.label_muscles())
        case AnyLabel(of):
            return some(judge(of, label) for label in view.labels())
    return composed(condition, lambda part: judge(part, view))


def composed(condition: Condition, truth: "Callable[[Condition], Truth]") -> Truth:
    """
    The truth of a condition made of others about the same subject, from theirs.

    >>> composed(Any((Present("fever"), Present("chills"))), {Present("fever"): None, Present("chills"): True}.get)
    True

    Raises:
        TypeError: it is a leaf, or asks of muscles or diagnoses.

    """
    match condition:
        case All(of):
            return every(truth(part) for part in of)
        case Any(of):
            return some(truth(part) for part in of)
        case Not(of):
            verdict = truth(of)
            return None if verdict is None else not verdict
        case AtLeast(n, of):
            return count_at_least(n, [truth(part) for part in of])
        case Item(_, _, of):
            return truth(of)
        case Established(of):
            return truth(of) is True
        case Known(of):
            return truth(of) is not None
        case Suspicion(_, n, profiles):
            return reaches(n, profiles, truth)
        case InReach(_, n, profiles):
            return in_reach(n, profiles, truth)
        case Present() | Words() | Compare() | PainAt() | PainNamed() | PainApart() | Label() | Derived() | MuscleIs() | LabelIs():
            raise TypeError(f"not a condition made of others: {condition!r}")
        case CountMuscles() | LabelMuscle() | AnyLabel():
            raise TypeError(f"not a condition made of others: {condition!r}")
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


# --- scores -----------------------------------------------------------------------------------------------------------

NEVER = Interval(float("-inf"), float("-inf"))
"""The score of what is not considered."""
OPEN = Interval(float("-inf"), float("inf"))
"""The score of what cannot be told."""


def worth(group: Sequence[Cue], truth: "Callable[[Condition], Truth]") -> Interval:
    """
    What a group of cues adds: of those that hold the most points for, else the most against; at most what may yet hold.

    >>> worth([Cue(3, Present("fever")), Cue(1, Present("chills"))], {Present("fever"): None, Present("chills"): True}.get)
    Interval(lowest=1, highest=3)
    """
    known = [(cue.points, truth(cue.when)) for cue in group]
    true = [points for points, holds in known if holds is True]
    sure = max(true, default=0) if max(true, default=0) > 0 else min(true, default=0)
    return Interval(sure, max((points for points, holds in known if holds is not False and points > 0), default=sure))


def considered(profile: Profile, truth: "Callable[[Condition], Truth]") -> Truth:
    """Whether a profile is considered: its place must be known to hurt, and what it is only for must not be ruled out."""
    if profile.only_if is not None and truth(profile.only_if) is False:
        return False
    return True if profile.place is None else truth(profile.place)


def profile_score(profile: Profile, truth: "Callable[[Condition], Truth]") -> Interval:
    """The score of one profile: its prior and what its groups of cues add."""
    match considered(profile, truth):
        case True:
            total = Interval(profile.prior, profile.prior)
            for group in profile.cues:
                total += worth(group, truth)
            return total
        case None:
            return OPEN
    return NEVER


def score(profiles: Iterable[Profile], truth: "Callable[[Condition], Truth]") -> Interval:
    """The score of a cause: that of its best profile."""
    found = [profile_score(profile, truth) for profile in profiles]
    return Interval(max((one.lowest for one in found), default=NEVER.lowest), max((one.highest for one in found), default=NEVER.lowest))


def reaches(n: int, profiles: Iterable[Profile], truth: "Callable[[Condition], Truth]") -> Truth:
    """Whether the score of a cause is at least n, with a cue for it that holds: true whatever is still unknown, false where it cannot be."""
    found = [(profile_score(profile, truth), speaks(profile, truth)) for profile in profiles]
    if any(one.lowest >= n and cue is True for one, cue in found):
        return True
    return None if any(one.highest >= n and cue is not False for one, cue in found) else False


def speaks(profile: Profile, truth: "Callable[[Condition], Truth]") -> Truth:
    """Whether a cue for a profile holds; unknown where its place is."""
    if (held := considered(profile, truth)) is not True:
        return held
    return some(truth(cue.when) for group in profile.cues for cue in group if cue.points > 0)


def in_reach(n: int, profiles: Iterable[Profile], truth: "Callable[[Condition], Truth]") -> bool:
    """Whether a cause is short of n, and a profile with a telling cue would reach it if every cue of some one step held that is not known."""
    profiles = [profile for profile in profiles if considered(profile, truth)]
    if score(profiles, truth).lowest >= n:
        return False
    return any(_telling(profile, truth) and profile_score(profile, truth).lowest + _gain(profile, truth) >= n for profile in profiles)


def _telling(profile: Profile, truth: "Callable[[Condition], Truth]") -> bool:
    return any(cue.telling and truth(cue.when) for group in profile.cues for cue in group)


def _gain(profile: Profile, truth: "Callable[[Condition], Truth]") -> float:
    """The most points that the unknown cues of one step would add."""
    gains: dict[str, float] = {}
    for group in profile.cues:
        sure = worth(group, truth).lowest
        best: dict[str, float] = {}
        for cue in group:
            if cue.step and cue.points > sure and cue.points > 0 and truth(cue.when) is None:
                best[cue.step] = max(best.get(cue.step, 0), cue.points - sure)
        for step, more in best.items():
            gains[step] = gains.get(step, 0) + more
    return max(gains.values(), default=0)


# --- walking ----------------------------------------------------------------------------------------------------------


def parts(condition: Condition) -> tuple[Condition, ...]:
    """The conditions directly under this one."""
    match condition:
        case All(of) | Any(of) | AtLeast(_, of):
            return of
        case Not(of) | Item(_, _, of) | Established(of) | Known(of) | CountMuscles(of, _) | LabelMuscle(of) | AnyLabel(of):
            return (of,)
        case Suspicion(_, _, profiles) | InReach(_, _, profiles):
            return _parts_of(profiles)
        case Present() | Words() | Compare() | PainAt() | PainNamed() | PainApart() | Label() | Derived() | MuscleIs() | LabelIs():
            return ()
        case _:
            assert_never(condition)


@lru_cache(maxsize=4096)
def _parts_of(profiles: tuple[Profile, ...]) -> tuple[Condition, ...]:
    return tuple(dict.fromkeys(part for profile in profiles for part in parts_of(profile)))


def parts_of(profile: Profile) -> Iterator[Condition]:
    """The conditions that a profile reads: its place, its gate, its cues."""
    yield from (part for part in (profile.place, profile.only_if) if part is not None)
    yield from (cue.when for group in profile.cues for cue in group)


def is_cluster(condition: "Condition") -> bool:
    """
    Whether a condition holds only by several findings together.

    >>> is_cluster(All((Present("fever"), Present("rash")))), is_cluster(Any((Present("fever"), Present("rash"))))
    (True, False)
    """
    match condition:
        case Any(parts):
            return all(is_cluster(part) for part in parts)
        case AtLeast(n, _):
            return n > 1
        case _:
            return isinstance(condition, All)


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
        case Suspicion(_, _, profiles) | InReach(_, _, profiles):
            for profile in profiles if raising else ():
                yield from pain_places(profile.place) if profile.place is not None else ()
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
        case AnyLabel(of):
            return AnyLabel(normalise(of))
        case Suspicion(_, _, profiles) | InReach(_, _, profiles):
            return attrs.evolve(condition, profiles=tuple(_normal_profile(profile) for profile in profiles))
        case Present() | Compare() | Derived() | MuscleIs() | LabelIs() | PainNamed() | PainApart():
            return condition
        case _:
            assert_never(condition)


@lru_cache(maxsize=4096)
def _normal_profile(profile: Profile) -> Profile:
    return Profile(
        profile.prior,
        tuple(tuple(attrs.evolve(cue, when=normalise(cue.when)) for cue in group) for group in profile.cues),
        normalise(profile.place) if profile.place is not None else None,
        normalise(profile.only_if) if profile.only_if is not None else None,
    )


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
        case AnyLabel(of) if verdict is not False:
            for label in view.labels():
                if truth(of, label) is verdict:
                    yield from _grounds(of, label, verdict, truth, muscles)
        case Suspicion(_, _, profiles) | InReach(_, _, profiles):
            for cue in _that_count(profiles, verdict, lambda part: truth(part, view)):
                yield from _grounds(cue.when, view, truth(cue.when, view), truth, muscles)
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
        case Established() | Known() | CountMuscles() | LabelMuscle() | AnyLabel() | Present() | Compare() | Derived():
            yield Ground(view.subject, condition, verdict)
        case MuscleIs() | LabelIs() | PainNamed() | PainApart():
            yield Ground(view.subject, condition, verdict)
        case _:
            assert_never(condition)


def _that_count(profiles: Iterable[Profile], verdict: Truth, truth: "Callable[[Condition], Truth]") -> Iterator[Cue]:
    """
    The cues on which the verdict over a score rests.

    Where it is reached those that hold for the best profile for which any does; where it cannot be, those against any; where it is open, those for it not yet known.
    """
    in_play = [profile for profile in profiles if considered(profile, truth)]
    best = max(in_play, key=lambda profile: (speaks(profile, truth) is True, profile_score(profile, truth).lowest), default=None)
    for profile in ([best] if best is not None else []) if verdict else in_play:
        for cue in (cue for group in profile.cues for cue in group):
            holds = truth(cue.when)
            if (holds is None and cue.points > 0) if verdict is None else (holds is True and (cue.points > 0) is verdict):
                yield cue


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
        case PainNamed(regions):
            return f"pain drawn in {_shortly([name('region', region) for region in regions])}"
        case PainApart(_, n):
            return f"pain in {n} or more other area{'s' if n > 1 else ''} of the body"
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
        case AnyLabel(of):
            return f"of a diagnosis given: {_nested(of, name)}"
        case Suspicion(of_, n, _):
            return f"{name('cause', of_)}: {points_told(n)} or more"
        case InReach(of_, n, _):
            return f"{name('cause', of_)}: one step short of {points_told(n)}"
        case _:
            assert_never(condition)


def points_told(points: float) -> str:
    """
    Points as they are written: with their sign.

    >>> points_told(2), points_told(0), points_told(-4)
    ('+2', '0', '-4')
    """
    return f"{points:+g}" if points else "0"


def _shortly(names: Sequence[str]) -> str:
    return " or ".join(names[:3]) + (f" or {len(names) - 3} more" if len(names) > 3 else "")


def _nested(condition: Condition, name: Callable[[str, str], str]) -> str:
    text = describe(condition, name)
    return f"({text})" if isinstance(condition, All | Any | AtLeast) else text


def level(condition: Condition, of_derived: Callable[[str], int]) -> int:
    """
    The stratum at which a condition can be decided.

    >>> level(Established(Present("fever")), lambda id: 1)
    1
    """
    if isinstance(condition, Derived):
        return of_derived(condition.id)
    below = max((level(part, of_derived) for part in parts(condition)), default=0)
    return below + isinstance(condition, Closing)
