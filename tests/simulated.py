"""Interviews without a patient: everything but age, sex and pain map of a chart is hidden, and the questions are answered from it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from mps_rules.answer.values import Assessment
from mps_rules.api import evaluate
from mps_rules.errors import FindingError
from mps_rules.knowledge.causes import GRADES
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import SIDES, Term
from mps_rules.patient.addresses import address, as_mapping, changed
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Finding
from mps_rules.turns import Turn, interview

SHOWN = ("age_years", "sex_at_birth", "pain", "pain_map_complete")
"""What is known before the first question."""


def shown(chart: Mapping[str, Any]) -> dict[str, Any]:
    """What the interview begins with."""
    return {key: value for key, value in chart.items() if key in SHOWN}


def truth(facts: Facts, at: str) -> Any:
    """What the full chart says at an address; None for don't know."""
    try:
        found = address(at, facts.vocabulary)
    except FindingError:
        return None
    match found.kind:
        case "patient":
            return _said(facts.given.get(found.term))
        case "pain":
            return facts.pain_map.at(found.name, found.side if found.side in SIDES else None)
        case "given":
            return facts.labels.get(found.name)
        case "label":
            return _said(facts.label_findings.get(found.name, {}).get(found.term))
    return _said(facts.exams.get((found.name, found.side), {}).get(found.term))


def _said(finding: Finding | None) -> Any:
    if finding is None:
        return None
    if finding.value is not None:
        return finding.value
    return {**dict.fromkeys(finding.words, True), **dict.fromkeys(finding.denied, False)}


def leading(assessment: Assessment) -> str:
    """The hypothesis at the top, if anything speaks for it."""
    return next((one.id for one in assessment.hypotheses if one.supports), "")


@attrs.frozen(eq=False)
class Simulated:
    """
    An interview: what was asked, in order, and after how many questions the full chart's answer was reached.

    ``urgency`` and ``both`` (urgency and leading hypothesis) are None where that never happened; 0 where the pain map alone was enough.
    ``alarm`` is the same for an urgency that is at least that of the full chart.
    """

    steps: tuple[tuple[str, str], ...]
    urgency: int | None
    both: int | None
    alarm: int | None
    stopped: bool
    last: Assessment


def read(chart: Mapping[str, Any], base: KnowledgeBase) -> Facts:
    """The full chart."""
    terrain = terrain_of(base)
    return Facts(terrain, read_findings(chart, terrain))


def guided(chart: Mapping[str, Any], base: KnowledgeBase, most: int) -> Simulated:
    """The interview of the library, answered truthfully, until both are reached, nothing is left to ask, or so many questions were asked."""
    facts, goals = read(chart, base), _Goals(evaluate(chart, base))
    steps: list[tuple[str, str]] = []
    talk = interview(base, shown(chart), to_the_end=True)
    try:
        turn = next(talk)
        while not goals.seen(turn.assessment, len(steps)) and len(steps) < most:
            steps.append((turn.question.step, turn.question.subject))
            turn = talk.send({at: truth(facts, at) for at in turn.addresses})
    except StopIteration as end:
        goals.seen(end.value, len(steps))
        return goals.simulated(steps, end.value)
    return goals.simulated(steps, turn.assessment)


def ended(chart: Mapping[str, Any], base: KnowledgeBase, most: int) -> Simulated:
    """The same until the interview ends by itself; what the chart does not say is denied, as far as that contradicts nothing."""
    facts, goals = read(chart, base), _Goals(evaluate(chart, base))
    steps: list[tuple[str, str]] = []
    talk = interview(base, shown(chart))
    try:
        turn = next(talk)
        while len(steps) < most:
            goals.seen(turn.assessment, len(steps))
            steps.append((turn.question.step, turn.question.subject))
            turn = talk.send(answered(turn, facts))
    except StopIteration as end:
        goals.seen(end.value, len(steps))
        return goals.simulated(steps, end.value)
    return goals.simulated(steps, turn.assessment)


NORMAL = {
    "systolic_bp": 125, "heart_rate": 72, "oxygen_saturation": 98, "respiratory_rate": 14, "body_temperature": 36.8, "phq9_score": 2,
    "hip_flexion_deg": 120, "hip_internal_rotation_deg": 40,
}  # fmt: skip
"""What an ordinary patient shows where a number is asked for; other numbers stay unknown."""


def denial(term: Term | None) -> Any:
    """A finding that is not there; of an examination that may be normal, that it is."""
    if term is None:
        return False
    if term.kind == "boolean" and term.id.endswith("_normal"):
        return True if term.cost in ("asked", "examined") else None  # nobody imaged it
    if term.kind == "boolean":
        return False
    return dict.fromkeys(term.values, False) if term.values else NORMAL.get(term.id)


def answered(turn: Turn, facts: Facts) -> dict[str, Any]:
    """What the chart says, and else a denial, where that contradicts nothing that is known."""
    words = facts.vocabulary
    found: dict[str, Any] = {at: said for at in turn.addresses if (said := truth(facts, at)) is not None}
    for at in (at for at in turn.addresses if at not in found):
        said = denial(words.terms.get(at.rpartition(".")[2]))
        if said is None:
            continue
        try:
            read_findings(changed(turn.assessment.findings, {**found, at: said}, words), facts.terrain)
            read_findings(
                changed(facts.findings, {at: said}, words), facts.terrain
            )  # a normal examination beside a sign of the chart is no denial
        except FindingError:
            continue
        found[at] = said
    return found


def in_order(chart: Mapping[str, Any], base: KnowledgeBase, order: Sequence[tuple[str, Sequence[str]]]) -> Simulated:
    """The same questions in an order that was fixed beforehand: step, and the addresses of its findings."""
    facts, full = read(chart, base), evaluate(chart, base)
    goals = _Goals(full)
    assessment = evaluate(shown(chart), base)
    steps: list[tuple[str, str]] = []
    for step, addresses in order:
        if goals.seen(assessment, len(steps)):
            break
        steps.append((step, ""))
        known = {at: said for at in addresses if (said := truth(facts, at)) is not None}
        if known:
            assessment = evaluate(changed(assessment.findings, known, base.vocabulary), base)
    goals.seen(assessment, len(steps))
    return goals.simulated(steps, assessment)


def all_steps(chart: Mapping[str, Any], base: KnowledgeBase, muscles: int = 5) -> Iterator[tuple[str, list[str]]]:
    """Every step that can be asked of a patient: those of the patient, and those of the muscles that explain the pain best."""
    terms = base.vocabulary.terms
    first = [f"{one.muscle}.{one.side}" if one.side else one.muscle for one in evaluate(shown(chart), base).muscles[:muscles]]
    for step in base.asking.steps:
        subject = terms[step.terms[0]].subject
        if subject == "patient":
            yield step.id, list(step.terms)
        elif subject == "muscle":
            yield from ((step.id, [f"{muscle}.{term}" for term in step.terms]) for muscle in first)
        else:
            yield from ((step.id, [f"{label}.{term}" for term in step.terms]) for label in read(chart, base).label_findings)


class _Goals:
    """When the answer of the full chart was first given."""

    def __init__(self, full: Assessment) -> None:
        self.full = full
        self.urgency: int | None = None
        self.both: int | None = None
        self.alarm: int | None = None

    def simulated(self, steps: Sequence[tuple[str, str]], last: Assessment) -> Simulated:
        """What came of it."""
        return Simulated(tuple(steps), self.urgency, self.both, self.alarm, last.should_stop, last)

    def seen(self, assessment: Assessment, asked: int) -> bool:
        """Notes what is reached after so many questions; whether everything is."""
        if GRADES.index(assessment.urgency) <= GRADES.index(self.full.urgency):
            self.alarm = asked if self.alarm is None else self.alarm
        if assessment.urgency == self.full.urgency:
            self.urgency = asked if self.urgency is None else self.urgency
            if leading(assessment) == leading(self.full):
                self.both = asked if self.both is None else self.both
        return self.both is not None


def known_of(assessment: Assessment) -> dict[str, Any]:
    """What an interview has found out."""
    return as_mapping(assessment.findings)
