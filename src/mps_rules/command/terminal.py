"""
The interview at a terminal: one step at a time, numbers to answer with, "don't know" always possible.

It prints and reads through a console and decides nothing; what is asked, and when to stop, comes from ``interview``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from mps_rules.answer.values import DUE, Assessment
from mps_rules.command.printed import in_one_line
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import Term, Vocabulary, lowered
from mps_rules.patient.addresses import address, as_mapping, changed
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.turns import Turn, interview, so_far

SHOWN = 3
"""How many hypotheses are shown while answers come in."""


class Left(Exception):  # noqa: N818 - no error: whoever answers leaves, and takes what was said so far along
    """The interview was left; ``findings`` is what is known."""

    def __init__(self, findings: dict[str, Any]) -> None:
        self.findings = findings
        super().__init__("left")


def run(
    base: KnowledgeBase, findings: Mapping[str, Any], console: Console, read: Callable[[str], str], *, to_the_end: bool = False
) -> Assessment:
    """
    An interview with whoever sits at the terminal, until enough has been asked, or to the end.

    Raises:
        FindingError: the findings to begin with cannot be read.
        Left: ``q`` was answered, or the input ended.

    """
    talk = interview(base, findings, to_the_end=to_the_end)
    try:
        turn = next(talk)
        while True:
            _show(turn, console)
            turn = talk.send(_taken(turn, base, console, read))
    except StopIteration as end:
        assessment: Assessment = end.value
        return assessment


def _taken(turn: Turn, base: KnowledgeBase, console: Console, read: Callable[[str], str]) -> dict[str, Any]:
    """Answers that fit with what is known; a step whose answers do not is asked again."""
    while True:
        answers: dict[str, Any] = {}
        try:
            answers.update(_answers(turn, base.vocabulary, console, read))  # one by one: what came before leaving is kept
        except (EOFError, KeyboardInterrupt):
            raise Left(_kept(turn, answers, base)) from None
        try:
            read_findings(changed(turn.assessment.findings, answers, base.vocabulary), terrain_of(base))
        except FindingError as error:
            for fault in error.faults:
                _say(console, f"That cannot be taken: {fault}", "red")
        else:
            return answers


def _kept(turn: Turn, answers: Mapping[str, Any], base: KnowledgeBase) -> dict[str, Any]:
    """What is known when somebody leaves, the step just begun included as far as it can be taken."""
    try:
        known = read_findings(changed(turn.assessment.findings, answers, base.vocabulary), terrain_of(base))
    except FindingError:
        return so_far(turn.assessment)
    return as_mapping(known)


def _show(turn: Turn, console: Console) -> None:
    a = turn.assessment
    leading = "; ".join(f"{h.label} {h.status}" for h in a.hypotheses[:SHOWN] if h.supports) or "nothing yet"
    console.print()
    for alert in a.alerts:
        style = "bold red" if alert.status == "raised" else "red"
        _say(console, f"{alert.status.upper()}, {alert.urgency}: {alert.label}", style)
    _say(console, f"So far: {leading}.", "dim")
    _say(console, turn.question.text.partition(": ")[0] if len(turn.addresses) > 1 else turn.question.text, "bold")
    _say(console, f"Why: {turn.question.why}.", "italic")


def _say(console: Console, line: str, style: str) -> None:
    console.print(Text(in_one_line(line), style))


def _answers(turn: Turn, words: Vocabulary, console: Console, read: Callable[[str], str]) -> Iterator[tuple[str, Any]]:
    """
    The answers to one step; an empty line leaves a finding not known, ``s`` the rest of the step.

    Raises:
        EOFError: ``q``, or the input ended.

    """
    for at, term in zip(turn.addresses, turn.question.terms, strict=True):
        while True:
            line = read(in_one_line(_prompt(at, term, words))).strip().lower()
            if line == "q":
                raise EOFError
            if line == "s":
                return
            try:
                value = _value(line, words.terms.get(term))
            except ValueError as error:
                _say(console, str(error), "red")
            else:
                break
        if value is not None:
            yield at, value


def _prompt(at: str, term: str, words: Vocabulary) -> str:
    known = words.terms.get(term)
    label = address(at, words).words(words) if at != "pain" else "the rest of the pain map"
    if known is None or known.kind == "boolean":
        return f"  {label} [1 present, 2 absent, Enter don't know] "
    if known.values:
        listed = ", ".join(f"{number} {value.replace('_', ' ')}" for number, value in enumerate(known.values, 1))
        return f"  {label} [{listed}, Enter don't know] "
    return f"  {label}, in {words.shown_unit(term).strip() or 'points'} [Enter don't know] "


def _value(line: str, term: Term | None) -> Any:
    """
    What a line says of a finding; None for not known.

    Raises:
        ValueError: it says nothing that fits, in words for whoever typed it.

    """
    if line in ("", "?", "3") and (term is None or not term.values):
        return None
    if term is None or term.kind == "boolean":
        if line in ("1", "y", "yes", "present", "p"):
            return True
        if line in ("2", "n", "no", "absent", "a"):
            return False
        message = "1 for present, 2 for absent, Enter for don't know, s to skip the step, q to leave"
        raise ValueError(message)
    if term.values:
        if line in ("", "?"):
            return None
        chosen = [one.strip() for one in line.split(",")]
        if all(one.isdigit() and 1 <= int(one) <= len(term.values) for one in chosen):
            return [term.values[int(one) - 1] for one in chosen]
        message = f"a number from 1 to {len(term.values)}" + (", or several with commas" if term.kind == "many_of" else "")
        raise ValueError(message)
    return float(line) if line.replace(".", "", 1).isdigit() else line


def closing(assessment: Assessment) -> str:
    """The line that ends an interview: why it is enough, or what was left unanswered."""
    if assessment.should_stop:
        return assessment.stop_reason
    left = [lowered(one.label) for one in assessment.screened if one.state in DUE]
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    waits = f": not cleared are {', '.join(left[:SHOWN])}{more}" if left else ""
    return f"Nothing more to ask that has not been put; what was left unanswered could still change the answer{waits}."
