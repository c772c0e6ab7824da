"""
The sheet for the patient: what was found, what to do at home, and when to come back, in plain words.

There is none while an emergency or urgent red flag stands, raised or open. Every sentence is that of the pack (``handout`` and ``called`` in
its vocabulary); what has none there is left out, and said to be. Nothing is on it that the answer does not give.
"""

import re
from collections.abc import Iterator

import attrs

from mps_rules.answer.values import Assessment, MuscleCandidate, Recommendation
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING
from mps_rules.knowledge.vocabulary import Plainly, lowered
from mps_rules.views.wording import each_once

WHERE = {"left": "on the left", "right": "on the right", "midline": "in the middle", "bilateral": "on both sides"}
WORSE = ("Come back if", ("the pain does not get better", "it gets worse", "something new worries you"))
"""When anybody comes back."""


@attrs.frozen
class Doing:
    """Something to do at home, and the muscle that it is for."""

    text: str
    muscle: str = ""
    side: str = ""


@attrs.frozen
class Returning:
    """When to come back: a beginning, and what may end it."""

    begins: str
    when: tuple[str, ...]


@attrs.frozen
class Handout:
    """A sheet for the patient; ``withheld``: the red flags for which there is none; ``unsaid``: advice without plain words, left out."""

    withheld: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    care: tuple[Doing, ...] = ()
    back: tuple[Returning, ...] = ()
    unsaid: tuple[str, ...] = ()


def handout(assessment: Assessment, base: KnowledgeBase) -> Handout:
    """
    The sheet for one patient.

    >>> from mps_rules import evaluate, load
    >>> handout(evaluate({"pain": ["low_back.left"]}), load()).found
    ('It hurts here: low back, on the left.', 'Your pain may come from a muscle.')
    """
    pressing = tuple(alert.label for alert in assessment.alerts if alert.urgency in PRESSING)
    return Handout(withheld=pressing) if pressing else _Sheet(assessment, base).made()


class _Sheet:
    def __init__(self, assessment: Assessment, base: KnowledgeBase) -> None:
        self.a, self.base, self.words = assessment, base, base.vocabulary
        self.unsaid: list[str] = []

    def made(self) -> Handout:
        back = tuple(self._back())
        care = tuple(self._care())
        return Handout(found=tuple(self._found()), care=care, back=(*back, Returning(*WORSE)), unsaid=each_once(self.unsaid))

    def _found(self) -> Iterator[str]:
        pains = [one for one in self.a.findings.pain if one.present]
        sides: dict[str, list[str]] = {}
        for one in pains:
            sides.setdefault(self._place(one.region), []).extend([one.side] if one.side else [])
        if sides:
            yield f"It hurts here: {'; '.join(name + self._sided(tuple(on)) for name, on in sides.items())}."
        lines = [line for muscle in self.a.muscles if (line := self._state(muscle))]
        leading = next((one for one in self.a.hypotheses if one.stands), None)
        if not lines and leading is not None and leading.id in self.words.handout:
            yield self.words.handout[leading.id].text
        yield from each_once(lines)

    def _state(self, muscle: MuscleCandidate) -> str:
        """What was found in a muscle, if it is for a sheet."""
        derived = next((state.derived for state in self.base.pack.muscle_states if state.state == muscle.status), "")
        said = self.words.handout.get(derived)
        return said.text.format(muscle=self._muscle(muscle.muscle, muscle.side or "")) if said else ""

    def _care(self) -> Iterator[Doing]:
        for one in self.a.recommendations:
            if one.kind == "self_care":
                yield from self._doing(one)

    def _doing(self, one: Recommendation) -> Iterator[Doing]:
        general, row = self._rows(one.rule)
        how = (row.stretch if "stretching" in one.offers else row.release) if row else ""
        if general is None or (row is None and "{how}" in general.text) or ("{how}" in general.text and not how):
            self.unsaid.append(one.text)
            return
        if "{muscle}" not in general.text:
            yield Doing(general.text)
            return
        for subject in one.subjects:
            muscle, _, side = subject.partition(".")
            yield Doing(general.text.format(muscle=self._muscle(muscle, side), how=how), muscle, side)

    def _rows(self, rule: str) -> tuple[Plainly | None, Plainly | None]:
        """What is said of a rule; of one for a row of a table, what is said of the table and of the row."""
        told = self.words.handout
        table, _, row = rule.rpartition(".")
        return (told[rule], None) if rule in told else (told.get(table), told.get(row))

    def _back(self) -> Iterator[Returning]:
        """When to come back, by its beginning, each reason once."""
        found: dict[str, list[str]] = {}
        for one in self.a.recommendations:
            said = self.words.handout.get(one.rule)
            if said is not None and said.back:
                found.setdefault(said.text, []).extend(said.back)
        yield from (Returning(begins, each_once(when)) for begins, when in found.items())

    def _muscle(self, muscle: str, side: str) -> str:
        """A muscle in plain words, its side, and its own name behind them."""
        ids = (muscle, self.words.muscles[muscle].group) if muscle in self.words.muscles else (muscle,)
        plain = next((self.words.called[one].plain for one in ids if one in self.words.called and self.words.called[one].plain), "")
        label = lowered(self.words.muscle_label(muscle))
        return f"{plain or 'a muscle'}{self._sided((side,) if side else ())} ({label})"

    def _place(self, region: str) -> str:
        called = self.words.called.get(region)
        return called.plain if called and called.plain else lowered(re.sub(r" \(.*\)$", "", self.words.name("region", region)))

    @staticmethod
    def _sided(sides: tuple[str, ...]) -> str:
        both = {"left", "right"} <= set(sides)
        return f", {WHERE['bilateral']}" if both else "".join(f", {WHERE[side]}" for side in sides if side in WHERE)
