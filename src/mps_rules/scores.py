"""
The scores of one patient: every cause of which something is known, with the cues that count, and the status that a score gives.

It gives no other score than ``conditions.score``; only groups of cues that read something that is known are judged.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import attrs

from mps_rules import conditions as c
from mps_rules.causes import Cause, Picture, Scale, Sign
from mps_rules.facts import Facts, terrain_of
from mps_rules.model import PATIENT, CriterionMet, Effect, Findings, KnowledgeBase, Rule, Status, Strength

EVERYBODY, PAIN, LABELS, EXAM = "", "pain", "labels", "exam"
"""What a cue may wait for beside a finding: nothing in particular, the pain map, the diagnoses given, the examination of muscles."""


@attrs.frozen
class Held:
    """A cue that counts: what it adds, its condition, and how it is written (None: a loss that is the same for every ordinary cause)."""

    points: int
    when: c.Condition
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


class Index:
    """Which groups of cues of which profiles read what."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self._nobody = Facts(terrain_of(base), Findings()).view()
        self.readers: dict[str, set[tuple[str, int, int]]] = {}
        self.most: dict[tuple[str, int], int] = {}
        self.argued = tuple(id_ for id_ in base.causes if any(rule.cause is None for rule, _, _ in base.arguments.get(id_, ())))
        for cause in base.causes.values():
            for number, picture in enumerate(cause.profiles):
                groups = picture.counted.cues
                self.most[cause.id, number] = picture.counted.prior + sum(max([0, *(cue.points for cue in group)]) for group in groups)
                for place, group in enumerate(groups):
                    for name in dict.fromkeys(name for cue in group for name in self._read(cue.when)):
                        self.readers.setdefault(name, set()).add((cause.id, number, place))

    def _read(self, condition: c.Condition) -> Iterator[str]:
        if c.judge(condition, self._nobody) is not None:
            yield EVERYBODY
        for leaf in c.walk(condition):
            match leaf:
                case c.Compare(term) if term in self.base.vocabulary.measures:
                    yield EVERYBODY
                case c.Present(term) | c.Words(term) | c.Compare(term):
                    known = self.base.vocabulary.terms[term]
                    yield {"muscle": EXAM, "label": LABELS}.get(known.subject, term)
                    if known.fact:
                        yield PAIN
                case c.PainAt() | c.PainNamed() | c.PainApart():
                    yield PAIN
                case c.Label() | c.LabelIs():
                    yield LABELS
                case c.Derived() | c.Established() | c.Known() | c.Suspicion():
                    yield EVERYBODY

    def touched(self, facts: Facts) -> dict[tuple[str, int], list[int]]:
        """By cause and profile the groups that read something that is known of a patient."""
        names = {EVERYBODY, *facts.given}
        names |= {PAIN} if facts.pain_map.painful or facts.pain_map.free else set()
        names |= {LABELS} if facts.labels else set()
        names |= {EXAM} if facts.exams else set()
        found: dict[tuple[str, int], list[int]] = {}
        for cause, number, place in sorted(set().union(*(self.readers.get(name, ()) for name in names))):
            found.setdefault((cause, number), []).append(place)
        return found


@lru_cache(maxsize=8)
def index_of(base: KnowledgeBase) -> Index:
    """The index of a knowledge base, built once."""
    return Index(base)


def scored(base: KnowledgeBase, facts: Facts, truth: Callable[[c.Condition, str], c.Truth]) -> dict[str, tuple[Scored, ...]]:
    """The profiles that are considered of every cause of which a cue is known, or about which rules argue; the best first."""
    index = index_of(base)

    def of(condition: c.Condition) -> c.Truth:
        return truth(condition, PATIENT)

    found: dict[str, list[Scored]] = {}
    touched = index.touched(facts)
    for id_ in dict.fromkeys((*(cause for cause, _ in touched), *index.argued)):
        cause = base.causes[id_]
        for number, picture in enumerate(cause.profiles):
            if c.considered(picture.counted, of):
                found.setdefault(id_, []).append(_of(cause, picture, index.most[id_, number], touched.get((id_, number), ()), of))
    return {id_: tuple(sorted(several, key=lambda one: -one.low)) for id_, several in found.items()}


def _of(cause: Cause, picture: Picture, most: int, groups: Sequence[int], truth: Callable[[c.Condition], c.Truth]) -> Scored:
    low, high, held = picture.counted.prior, most, []
    for place in groups:
        group = picture.counted.cues[place]
        if len(group) == 1:
            (cue,) = group
            holds = truth(cue.when)
            if holds:
                low, high = low + cue.points, high + min(cue.points, 0)
                held.append(Held(cue.points, cue.when, picture.cues[place][0] if place < len(picture.cues) else None))
            elif holds is False:
                high -= max(cue.points, 0)
            continue
        known = [(cue, truth(cue.when)) for cue in group]
        worth = c.worth(group, {cue.when: holds for cue, holds in known}.get)
        low, high = low + int(worth.lowest), high + int(worth.highest) - max([0, *(cue.points for cue in group)])
        if worth.lowest:
            number = next(n for n, (cue, holds) in enumerate(known) if holds and cue.points == worth.lowest)
            signs = picture.cues[place] if place < len(picture.cues) else ()
            held.append(Held(int(worth.lowest), group[number].when, signs[number] if signs else None))
    return Scored(cause, picture, low, high, tuple(sorted(held, key=lambda one: -abs(one.points))))


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
    return any(isinstance(one, CriterionMet) for one in rule.then)


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
