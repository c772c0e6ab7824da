"""Interviews without a patient: everything but age, sex and pain map of a chart is hidden, and the questions are answered from it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from mps_rules.answer.values import Assessment
from mps_rules.api import evaluate
from mps_rules.errors import FindingError
from mps_rules.interview import Turn, interview
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.patient.addresses import address, as_mapping, changed
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Finding

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
    """

    steps: tuple[tuple[str, str], ...]
    urgency: int | None
    both: int | None
    stopped: bool
    last: Assessment


def read(chart: Mapping[str, Any], base: KnowledgeBase) -> Facts:
    """The full chart."""
    terrain = terrain_of(base)
    return Facts(terrain, read_findings(chart, terrain))


def guided(chart: Mapping[str, Any], base: KnowledgeBase, most: int) -> Simulated:
    """The interview of the library, answered truthfully, until both are reached, it ends, or so many questions were asked."""
    facts, full = read(chart, base), evaluate(chart, base)
    goals = _Goals(full)
    steps: list[tuple[str, str]] = []
    talk = interview(base, shown(chart))
    turn: Turn | None = None
    try:
        turn = next(talk)
        while not goals.seen(turn.assessment, len(steps)) and len(steps) < most:
            steps.append((turn.question.step, turn.question.subject))
            turn = talk.send({at: truth(facts, at) for at in turn.addresses})
    except StopIteration as end:
        goals.seen(end.value, len(steps))
        return Simulated(tuple(steps), goals.urgency, goals.both, end.value.should_stop, end.value)
    return Simulated(tuple(steps), goals.urgency, goals.both, stopped=False, last=turn.assessment)


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
    return Simulated(tuple(steps), goals.urgency, goals.both, stopped=False, last=assessment)


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

    def seen(self, assessment: Assessment, asked: int) -> bool:
        """Notes what is reached after so many questions; whether everything is."""
        if assessment.urgency == self.full.urgency:
            self.urgency = asked if self.urgency is None else self.urgency
            if leading(assessment) == leading(self.full):
                self.both = asked if self.both is None else self.both
        return self.both is not None


def known_of(assessment: Assessment) -> dict[str, Any]:
    """What an interview has found out."""
    return as_mapping(assessment.findings)
