"""
The scores of one patient as the program counted them, with the cues that count; and the status that a score gives.

Nothing is counted here that the program has not counted: what holds is read off the values.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import attrs

from mps_rules.answer.values import Status
from mps_rules.chaining.program import TRUE
from mps_rules.chaining.values import Part, Values
from mps_rules.knowledge.causes import Cause, Picture, Scale, Sign
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import CriterionMet, Effect, Rule, Strength
from mps_rules.knowledge.vocabulary import PATIENT
from mps_rules.language import conditions as c


@attrs.frozen
class Held:
    """A cue that counts: what it adds, where it is read, and how it is written (None: a loss that is the same for every ordinary cause)."""

    points: int
    part: Part | None
    sign: Sign | None


@attrs.frozen
class Scored:
    """A profile of a cause as it stands: the range of its score, and the cues that count."""

    cause: Cause
    picture: Picture
    low: int
    high: int
    held: tuple[Held, ...]

    @property
    def speaks(self) -> bool:
        """Whether a cue for it holds."""
        return any(one.points > 0 for one in self.held)


def considered(values: Values, cause: str) -> list[tuple[int, int]]:
    """The profiles of a cause that are considered, the best first: the place of each among its profiles, and its number in the program."""
    numbers = values.program.causes[cause][0]
    found = [(place, number) for place, number in enumerate(numbers) if values.considered(number) == TRUE]
    if len(found) > 1:
        found.sort(key=lambda one: -values.scores[one[1]][0])
    return found


def scored(values: Values, cause: Cause, profiles: Sequence[tuple[int, int]]) -> tuple[Scored, ...]:
    """These profiles of a cause with the cues that count."""
    return tuple(_scored(values, cause, cause.profiles[place], number) for place, number in profiles)


def _scored(values: Values, cause: Cause, picture: Picture, number: int) -> Scored:
    low, high, _ = values.scores[number]
    held = []
    for place, group in enumerate(values.parts.cues(number)):
        chosen = _strongest([(points, index) for index, (points, part) in enumerate(group) if values.part(part, PATIENT) == TRUE])
        if chosen is not None:
            points, index = chosen
            held.append(Held(points, group[index][1], picture.cues[place][index] if place < len(picture.cues) else None))
    held.sort(key=lambda one: -abs(one.points))
    return Scored(cause, picture, low, high, tuple(held))


def _strongest(true: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Of cues that hold the one of most points for, else of most against, the first of equals."""
    if len(true) < 2:
        return true[0] if true else None
    most = max(points for points, _ in true)
    worth = most if most > 0 else min(points for points, _ in true)
    return next(pair for pair in true if pair[0] == worth)


# --- what a score says ---------------------------------------------------------------------------------------------------

GROUPS: Mapping[str, int] = {"confirmed": 0, "excluded": 2}
"""What rules settle stands before and behind what is ranked by its score."""

Fired: TypeAlias = tuple[Rule, Effect, Strength | None]
"""A rule that argues about a hypothesis and holds, with its effect and strength."""


@attrs.frozen
class Standing:
    """The score of a hypothesis, the status that it gives, and whether rules conflict outright."""

    score: int
    status: Status
    conflict: bool


def is_definition(rule: Rule) -> bool:
    """Whether a rule says that a published definition is met."""
    return any(isinstance(conclusion, CriterionMet) for conclusion in rule.then)


@lru_cache(maxsize=8)
def definitions_read(base: KnowledgeBase) -> dict[str, frozenset[str]]:
    """For each cause the rules whose conclusions a cue of it reads: they count there, and not twice."""
    read = {
        id_: {leaf.id for sign in cause.signs for leaf in c.walk(sign.when) if isinstance(leaf, c.Derived)}
        for id_, cause in base.causes.items()
    }
    return {id_: frozenset(rule.id for one in ids for rule in base.concluding.get(one, ())) for id_, ids in read.items()}


def worth_of(base: KnowledgeBase, id_: str, fired: Sequence[Fired]) -> int:
    """
    What rules that hold add to the score of a hypothesis.

    Definitions that are met count once, however many, and not where a cue reads them; an argument that a rule gives counts only for a
    hypothesis that is no cause, since a cue says the same.
    """
    worth, read = base.scale.worth, definitions_read(base).get(id_, frozenset())
    effects = {effect for _, effect, _ in fired}
    met = any(is_definition(rule) and effect == "support" and rule.id not in read for rule, effect, _ in fired)
    total = worth.criterion * met + worth.confirm * ("confirm" in effects) + worth.exclude * ("exclude" in effects)
    if id_ not in base.causes:
        given = {"support": worth.support, "oppose": worth.oppose}
        total += sum(
            given[effect].get(strength or "", 0) for rule, effect, strength in fired if effect in given and not is_definition(rule)
        )
    return total


def stand(base: KnowledgeBase, id_: str, several: Sequence[Scored], fired: Sequence[Fired], *, firm: bool) -> Standing:
    """
    How a hypothesis stands by the profiles of its cause and the rules that hold.

    ``firm``: it may be more than possible.
    """
    scale, cause = base.scale, base.causes.get(id_)
    score = (several[0].low if several else 0) + worth_of(base, id_, fired)
    effects = [effect for _, effect, _ in fired]
    speaks = any(one.speaks for one in several) or "support" in effects
    against = any(held.points < 0 for one in several for held in one.held) or "oppose" in effects
    return Standing(
        score, *_status(scale, score, scale.line(cause.urgency if cause else "none"), effects, speaks=speaks, against=against, firm=firm)
    )


def _status(
    scale: Scale, score: int, line: int, effects: Sequence[Effect], *, speaks: bool, against: bool, firm: bool
) -> tuple[Status, bool]:
    if "confirm" in effects and "exclude" in effects:
        return "undecided", True
    if "exclude" in effects:
        return "excluded", False
    if "confirm" in effects:
        return "confirmed", False
    if speaks and score >= line:
        return ("probable" if score >= scale.probable and firm else "possible"), False
    return ("unlikely" if against and score <= scale.unlikely else "undecided"), False
