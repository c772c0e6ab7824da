"""
How far the emergencies and urgent causes that can present where the pain is have been asked for: enough, or not yet.

A cause is *due* while answers to its own key questions that are not known could together bring it to its line; one that belongs to no part
of the body only once something points to it. Nothing that was not asked is called absent: what is not due and was not asked is listed as such.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import attrs

from mps_rules.answer.values import Asked
from mps_rules.chaining.program import TRUE, UNKNOWN
from mps_rules.chaining.values import Part, Parts, Values
from mps_rules.knowledge.causes import terms_read
from mps_rules.knowledge.dangers import Reading, readings_of
from mps_rules.knowledge.rules import PRESSING, Rule, Urgency
from mps_rules.knowledge.vocabulary import COSTS, PATIENT, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.patient.values import Finding

BASIC = COSTS.index("examined")
"""The dearest findings that a history and a basic examination obtain."""


@attrs.frozen(eq=False)
class Key:
    """A key question of a profile: what it adds where it holds, where it is read, and the findings that it reads."""

    points: int
    part: Part
    terms: frozenset[str]

    def is_open(self, values: Values) -> bool:
        """Whether it is not known, and could still hold beside what is recorded."""
        return values.part(self.part, PATIENT) == UNKNOWN and not (self.terms and self.terms <= values.facts.excluded.keys())


@attrs.frozen(eq=False)
class Screen:
    """A profile that calls for an emergency or urgent suspicion: its keys in groups, and its telling cues."""

    number: int
    cause: str
    urgency: Urgency
    line: int
    anywhere: bool
    keys: tuple[tuple[Key, ...], ...]
    cues: tuple[tuple[tuple[int, Part], ...], ...]
    """Of each group of ``keys`` every cue that adds: the strongest that holds counts."""
    telling: tuple[Part, ...]

    def points_to(self, values: Values) -> bool:
        """Whether a telling cue holds."""
        return any(values.part(part, PATIENT) == TRUE for part in self.telling)

    def look(self, values: Values) -> "Look":
        """How far it has been asked for of a patient."""
        low, _, speaks = values.scores[self.number]
        open_: list[tuple[int, Part]] = []
        could = asked = 0
        for keys, cues in zip(self.keys, self.cues, strict=True):
            sure = max([points for points, part in cues if values.part(part, PATIENT) == TRUE], default=0)
            own = [key for key in keys if key.is_open(values)]
            asked += len(keys) - len(own)
            group = [(key.points - sure, key.part) for key in own if key.points > sure]
            if group:
                open_ += group
                could += max(points for points, _ in group)
        state: Asked = "asked" if asked else "not_asked"
        if low >= self.line and speaks == TRUE:
            state = "raised"
        elif low + could >= self.line and not (self.anywhere and not self.points_to(values)):
            state = "due"
        return Look(self, state, self.line - low, could, tuple(open_))


@attrs.frozen(eq=False)
class Look:
    """A profile of one patient: how far it has been asked for, by how many points it is short, and what its open keys could add."""

    screen: Screen
    state: Asked
    short: int
    could: int
    keys: tuple[tuple[int, Part], ...]
    """The keys that are not known, each with what it would add; of a group only those that add more than what holds."""


@attrs.frozen(eq=False)
class Pointer:
    """A red flag that somebody wrote, and the readings in which a finding brings it nearer by being there; who the patient is and where it hurts left out."""

    rule: Rule
    readings: Mapping[str, tuple[Reading, ...]]

    def points(self, given: Mapping[str, Finding]) -> bool:
        """Whether something that is recorded points to it."""
        return any(_brings(reading, given[term]) for term in self.readings.keys() & given.keys() for reading in self.readings[term])


def _brings(reading: Reading, finding: Finding) -> bool:
    if finding.value is not None:
        return reading.weight(finding.value) > 0
    if finding.between is not None:
        return reading.weight(c.Interval(*finding.between)) > 0
    return any(reading.weight(True, word) > 0 for word in finding.words)


class Screens:
    """What there is to screen by a pack's rules, before any patient."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.base = parts, parts.base
        base = self.base
        self.profiles = tuple(self._profiles())
        self.causes = frozenset(profile.cause for profile in self.profiles)
        of_anybody = {*base.asking.at_hand, *(term.id for term in base.vocabulary.terms.values() if term.background or term.draws)}
        self.pointers = {
            parts.program.number_of[rule.id]: self._pointer(rule, of_anybody)
            for rule in base.rules
            if rule.alert and not rule.alert.graded and not rule.open_alert and rule.alert.urgency in PRESSING
        }

    def _profiles(self) -> Iterator[Screen]:
        base, parts = self.base, self.parts
        for cause in base.causes.values():
            for number, picture in zip(parts.program.causes[cause.id][0], cause.profiles, strict=True):
                if picture.urgency not in PRESSING:
                    continue
                keys, held, telling = [], [], []
                cues = parts.cues(number)
                for group, signs, counted in zip(cues, picture.cues, picture.counted.cues, strict=False):
                    telling += [part for (_, part), cue in zip(group, counted, strict=True) if cue.telling]
                    own = tuple(
                        Key(points, part, frozenset(terms_read(sign.when)))
                        for (points, part), sign in zip(group, signs, strict=True)
                        if sign.key and points > 0 and is_basic(sign.when, base.vocabulary)
                    )
                    if own:
                        keys.append(own)
                        held.append(tuple(pair for pair in group if pair[0] > 0))
                line = base.scale.line(picture.urgency)
                yield Screen(
                    number, cause.id, picture.urgency, line, picture.counted.place is None, tuple(keys), tuple(held), tuple(telling)
                )  # fmt: skip

    def _pointer(self, rule: Rule, of_anybody: set[str]) -> Pointer:
        found: dict[str, tuple[Reading, ...]] = {}
        for reading in readings_of(self.base).by(rule):
            match reading.leaf:
                case c.Present(term) | c.Words(term) | c.Compare(term) if reading.nearer and term not in of_anybody:
                    found[term] = (*found.get(term, ()), reading)
        return Pointer(rule, found)


def is_basic(condition: c.Condition, words: Vocabulary) -> bool:
    """Whether a history or a basic examination obtains every finding that a condition reads."""
    return all(COSTS.index(words.terms[term].cost) <= BASIC for term in terms_read(condition) if term in words.terms)


@lru_cache(maxsize=8)
def screens_of(parts: Parts) -> Screens:
    """The screens of a pack's rules."""
    return Screens(parts)
