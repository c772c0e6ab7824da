"""
Causes: what may be behind the pain, each with points for and against, and the scale on which they stand.

A cause collects points from its cues; ``conditions.score`` says how they are counted. This module holds the values, and turns a written
profile into one that is counted: with its place, the step of asking of each cue, and what an ordinary cause loses for pain that it does not explain.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal, TypeAlias

import attrs

from mps_rules.language import conditions as c

Grade: TypeAlias = Literal["emergency", "urgent", "soon", "none"]
"""What a suspicion calls for."""
GRADES: tuple[Grade, ...] = ("emergency", "urgent", "soon", "none")


@attrs.frozen
class Sign:
    """
    One cue of a cause as it is written: a condition, what it is worth, and what that rests on.

    ``lr`` is a published likelihood ratio, ``odds_ratio`` a published odds ratio, ``lr_recall`` a ratio from memory; ``key`` marks what to ask first.
    """

    when: c.Condition
    points: int
    lr: float | None = None
    odds_ratio: float | None = None
    lr_recall: float | None = None
    refs: tuple[str, ...] = ()
    basis: str = ""
    key: bool = False


@attrs.frozen
class Picture:
    """
    One profile of a cause: where it is felt, how common it is there, and its cues in groups of which the strongest counts.

    ``counted`` is the profile as it is scored; its first groups are those of ``cues``.
    """

    prior: int
    cues: tuple[tuple[Sign, ...], ...]
    kind: str
    urgency: Grade
    where: tuple[str, ...] = ()
    only_if: c.Condition | None = None
    action: str = ""
    refs: tuple[str, ...] = ()
    counted: c.Profile = attrs.field(default=c.Profile(0, ()), eq=False, repr=False)


@attrs.frozen
class Cause:
    """
    Something that may be behind the pain: its profiles, and what a suspicion calls for.

    Where ``probable_if`` is given and not established, it is at most possible, whatever its points. ``care`` is what may go on beside what
    a suspicion calls for, of the kinds ``offers``.
    """

    id: str
    label: str
    kind: str
    urgency: Grade
    title: str
    summary: str
    profiles: tuple[Picture, ...]
    action: str
    confirm: str
    limits: str
    basis: str
    nonspecific: bool = False
    probable_if: c.Condition | None = None
    synonyms: tuple[str, ...] = ()
    care: str = ""
    offers: tuple[str, ...] = ()
    address: str = attrs.field(default="", eq=False)
    reviewed_on: str = ""
    reviewed_by: str = ""
    source: str = attrs.field(default="", eq=False)

    @cached_property
    def references(self) -> tuple[str, ...]:
        """Everything that the cause or a cue of it cites, each once."""
        own = [ref for picture in self.profiles for ref in picture.refs]
        return tuple(dict.fromkeys([*own, *(ref for sign in self.signs for ref in sign.refs)]))

    @cached_property
    def signs(self) -> tuple[Sign, ...]:
        """Every cue of every profile."""
        return tuple(sign for picture in self.profiles for group in picture.cues for sign in group)

    @cached_property
    def counted(self) -> tuple[c.Profile, ...]:
        """The profiles as they are scored."""
        return tuple(picture.counted for picture in self.profiles)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Where the cause is felt; empty where a profile can be anywhere."""
        if any(not picture.where for picture in self.profiles):
            return ()
        return tuple(dict.fromkeys(region for picture in self.profiles for region in picture.where))

    def action_of(self, urgency: Grade) -> str:
        """What to do where a profile of that urgency is suspected."""
        own = (picture.action for picture in self.profiles if picture.urgency == urgency and picture.action)
        return self.action if urgency == self.urgency else next(own, self.action)

    def of_urgency(self, urgency: Grade) -> tuple[c.Profile, ...]:
        """The profiles that call for this urgency."""
        return tuple(picture.counted for picture in self.profiles if picture.urgency == urgency)

    @cached_property
    def urgencies(self) -> tuple[Grade, ...]:
        """What its profiles call for, the most urgent first; ordinary ones call for nothing."""
        return tuple(grade for grade in GRADES if grade != "none" and any(picture.urgency == grade for picture in self.profiles))


@attrs.frozen
class Worth:
    """What conclusions of rules add to the score of what they are about."""

    criterion: int = 0
    confirm: int = 0
    exclude: int = 0
    support: Mapping[str, int] = attrs.Factory(dict)
    oppose: Mapping[str, int] = attrs.Factory(dict)


@attrs.frozen
class Spoken:
    """What an alert of an urgency says: its label, within what time to act, what not to do meanwhile, and the kinds of care that it forbids."""

    label: str
    act_within: str
    meanwhile: str = ""
    forbids: tuple[str, ...] = ()


@attrs.frozen
class Scale:
    """
    The lines of the scale, and what is the same for every cause; conventions, not probabilities.

    ``against`` is the cause against which all others are measured: it is on the table wherever there is pain. ``areas`` are the parts
    of the body by which pain is counted that a cause leaves unexplained. ``judged`` is what a cue without a source of its own rests on.
    """

    lines: Mapping[str, int] = attrs.Factory(lambda: {"emergency": -1, "urgent": -1, "soon": 0, "none": 0})
    probable: int = 2
    unlikely: int = -6
    telling: int = 2
    nonspecific: int = 0
    whole_part: int = 0
    unexplained: int = 0
    unexplained_areas: int = 0
    areas: tuple[str, ...] = ()
    against: str = ""
    judged: tuple[str, ...] = ()
    worth: Worth = Worth()
    spoken: Mapping[str, Spoken] = attrs.Factory(dict)

    def line(self, urgency: str) -> int:
        """The score from which a cause of that urgency is suspected, or an ordinary one possible."""
        return self.lines.get(urgency, 0)


def common_here(prior: int) -> str:
    """
    How common a cause is at the place, in words and points.

    >>> common_here(0), common_here(-4), common_here(-8)
    ('as common here as muscle pain', 'uncommon here (-4)', 'very rare here (-8)')
    """
    if prior >= 0:
        return "as common here as muscle pain"
    word = "fairly common" if prior >= -2 else "uncommon" if prior >= -4 else "rare" if prior >= -6 else "very rare"
    return f"{word} here ({c.points_told(prior)})"


# --- counting -----------------------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Ground:
    """What the regions and steps of a pack say of every profile."""

    around: Mapping[str, frozenset[str]]
    """Each region with every region that contains it, itself included."""
    leaves: Mapping[str, Sequence[str]]
    step_of: Mapping[str, str]
    scale: Scale
    told_of_anybody: frozenset[str] = frozenset()
    """Findings that only say who the patient is: age, sex, how long, the history."""

    @cached_property
    def area_of(self) -> dict[str, str]:
        """The area that a region belongs to: the smallest that holds all of it, else itself."""
        found = {}
        for region in self.around:
            holding = [area for area in self.scale.areas if area in self.around[region]]
            found[region] = min(holding, key=lambda area: len(self.leaves[area]), default=region)
        return found

    @cached_property
    def nowhere(self) -> c.Condition:
        """No pain is recorded anywhere."""
        return c.Not(c.PainNamed(tuple(self.around)))

    def counted(self, picture: Picture, *, nonspecific: bool) -> c.Profile:
        """A profile as it is scored."""
        groups = [tuple(self.cue(sign) for sign in group) for group in picture.cues]
        prior = picture.prior + (self.scale.nonspecific if nonspecific else 0)
        if not picture.where:
            return c.Profile(prior, tuple(groups), None, picture.only_if)
        inside = tuple(region for region, holding in self.around.items() if not holding.isdisjoint(picture.where))
        whole = tuple(dict.fromkeys(g for region in picture.where for g in sorted(self.around[region]) if g not in inside))
        place = c.Any((c.PainAt(picture.where), c.PainNamed(whole), self.nowhere))
        if picture.urgency == "none":
            groups += [(cue,) for cue in self._losses(inside, whole)]
        return c.Profile(prior, tuple(groups), place, picture.only_if)

    def _losses(self, inside: tuple[str, ...], whole: tuple[str, ...]) -> Iterator[c.Cue]:
        """What an ordinary cause loses: pain is only given for a whole part that contains its place; painful areas are left unexplained."""
        scale = self.scale
        if scale.whole_part and whole:
            yield c.Cue(scale.whole_part, c.All((c.PainNamed(whole), c.Not(c.PainNamed(inside)))))
        rest: dict[str, list[str]] = {}
        for region, area in self.area_of.items():
            if region not in inside and region not in whole:
                rest.setdefault(area, []).append(region)
        areas = tuple(tuple(regions) for regions in rest.values())
        for n in range(1, scale.unexplained_areas + 1):
            yield c.Cue(scale.unexplained, c.PainApart(areas, n))

    def cue(self, sign: Sign) -> c.Cue:
        """A cue as it is scored."""
        telling = sign.points >= self.scale.telling and any(term not in self.told_of_anybody for term in terms_read(sign.when))
        return c.Cue(sign.points, sign.when, self.step(sign.when), telling)

    def step(self, condition: c.Condition) -> str:
        """The step of asking that holds every finding that a condition reads, empty where there is none."""
        steps = {self.step_of.get(term, "") for term in terms_read(condition)}
        return steps.pop() if len(steps) == 1 else ""


def terms_read(condition: c.Condition) -> Iterator[str]:
    """Every finding that a condition names."""
    yield from (leaf.term for leaf in c.walk(condition) if isinstance(leaf, c.Present | c.Words | c.Compare))


def holding(groups: Iterable[Sequence[c.Cue]], truth: Callable[[c.Condition], c.Truth]) -> Iterator[tuple[int, int, c.Cue]]:
    """
    The cues that count: of each group the strongest that holds, with the numbers of the group and of the cue.
    """
    for number, group in enumerate(groups):
        true = [(index, cue) for index, cue in enumerate(group) if truth(cue.when) is True]
        for_ = [pair for pair in true if pair[1].points > 0]
        against = [pair for pair in true if pair[1].points < 0]
        chosen = max(for_, key=lambda pair: pair[1].points) if for_ else min(against, key=lambda pair: pair[1].points, default=None)
        if chosen is not None:
            yield number, *chosen
