"""
The scores of one patient: every cause of which something is known, with the cues that count, and the status that a score gives.

It gives no other score than ``conditions.score``; only groups of cues that read something that is known are judged.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import attrs

from mps_rules import conditions as c
from mps_rules.causes import Cause, Picture, Scale, Sign
from mps_rules.facts import Facts
from mps_rules.model import PATIENT, Effect, KnowledgeBase, Status

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
    """A cause as it stands: its best profile, the range of its score, and the cues that count in that profile."""

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
        self.readers: dict[str, set[tuple[str, int, int]]] = {}
        self.most: dict[tuple[str, int], int] = {}
        for cause in base.causes.values():
            for number, picture in enumerate(cause.profiles):
                groups = picture.counted.cues
                self.most[cause.id, number] = picture.counted.prior + sum(max([0, *(cue.points for cue in group)]) for group in groups)
                for place, group in enumerate(groups):
                    for name in {name for cue in group for name in self._read(cue.when)}:
                        self.readers.setdefault(name, set()).add((cause.id, number, place))

    def _read(self, condition: c.Condition) -> Iterator[str]:
        for leaf in c.walk(condition):
            match leaf:
                case c.Compare(term) if term in self.base.vocabulary.measures:
                    yield EVERYBODY
                case c.Present(term) | c.Words(term) | c.Compare(term):
                    subject = self.base.vocabulary.terms[term].subject
                    yield {"muscle": EXAM, "label": LABELS}.get(subject, term)
                case c.PainAt() | c.PainNamed() | c.PainApart():
                    yield PAIN
                case c.Label():
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


def scored(base: KnowledgeBase, facts: Facts, truth: Callable[[c.Condition, str], c.Truth]) -> dict[str, Scored]:
    """Every cause of which a cue is known, and that with which all others are compared, as it stands."""
    index = index_of(base)

    def of(condition: c.Condition) -> c.Truth:
        return truth(condition, PATIENT)

    found: dict[str, list[Scored]] = {}
    touched = index.touched(facts)
    for id_ in dict.fromkeys(cause for cause, _ in touched):
        cause = base.causes[id_]
        for number, picture in enumerate(cause.profiles):
            if c.considered(picture.counted, of):
                found.setdefault(id_, []).append(_of(cause, picture, index.most[id_, number], touched.get((id_, number), ()), of))
    return {id_: max(several, key=lambda one: _order(one, base.scale)) for id_, several in found.items()}


def _order(one: Scored, scale: Scale) -> tuple[int, int, int]:
    """Of profiles at their line the most urgent speaks, else that of most points."""
    urgency = one.picture.urgency
    raised = urgency != "none" and one.low >= scale.line(urgency)
    return (3 - ("emergency", "urgent", "soon").index(urgency) if raised else 0, one.low, one.high)


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
        worth = c.worth(group, dict([(cue.when, holds) for cue, holds in known]).get)
        low, high = low + int(worth.lowest), high + int(worth.highest) - max([0, *(cue.points for cue in group)])
        if worth.lowest:
            number = next(n for n, (cue, holds) in enumerate(known) if holds and cue.points == worth.lowest)
            signs = picture.cues[place] if place < len(picture.cues) else ()
            held.append(Held(int(worth.lowest), group[number].when, signs[number] if signs else None))
    return Scored(cause, picture, low, high, tuple(sorted(held, key=lambda one: -abs(one.points))))


# --- what a score says ---------------------------------------------------------------------------------------------------


def worth_of(scale: Scale, effects: "Sequence[tuple[Effect, str | None, bool]]", *, cause: bool) -> int:
    """
    What the conclusions of rules add to a score: (effect, strength, whether it is a published definition).

    Definitions that are met count once, however many; an argument that a rule gives counts only where no cue could say the same.
    """
    worth = scale.worth
    total = worth.criterion if any(definition for _, _, definition in effects) else 0
    total += worth.confirm if any(effect == "confirm" for effect, _, _ in effects) else 0
    total += worth.exclude if any(effect == "exclude" for effect, _, _ in effects) else 0
    if not cause:
        given = {"support": worth.support, "oppose": worth.oppose}
        total += sum(given[effect].get(strength or "", 0) for effect, strength, definition in effects if effect in given and not definition)
    return total


def standing(scale: Scale, score: int, line: int, effects: "Sequence[Effect]", *, speaks: bool, against: bool, firm: bool) -> tuple[Status, bool]:
    """
    The status that a score gives, and whether rules conflict outright.

    ``speaks``: something for it holds; ``against``: something is recorded against it; ``firm``: it may be more than possible.
    """
    if "confirm" in effects and "exclude" in effects:
        return "undecided", True
    if "exclude" in effects:
        return "excluded", False
    if "confirm" in effects:
        return "confirmed", False
    if speaks and score >= line:
        return ("probable" if score >= scale.probable and firm else "possible"), False
    return ("unlikely" if against and score <= scale.unlikely else "undecided"), False
