"""
An interview: what to ask next, given what has been answered so far, until enough has been asked.

Enough is what ``assessment.should_stop`` says; where something was left unanswered, everything that it waits for has been put once.

It holds no terminal: whoever talks to the clinician (a prompt, a page, a test) sends the answers in and reads the assessment.
"""

from collections.abc import Generator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

import attrs

from mps_rules.answer.values import Assessment, Question
from mps_rules.api import evaluate, rules_of
from mps_rules.errors import Fault, FindingError, shown
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.addresses import as_mapping, changed, of_finding

Answers: TypeAlias = Mapping[str, Any]
"""Address to value; what is left out is not known, and is not asked for again."""


@attrs.frozen
class Turn:
    """One turn of an interview: the assessment so far, and what to ask; ``addresses`` of the question's findings, in its order."""

    assessment: Assessment
    question: Question
    addresses: tuple[str, ...]


def interview(kb: KnowledgeBase | None = None, findings: Mapping[str, Any] | None = None, *, to_the_end: bool = False) -> "Interview":
    """
    Asks, turn by turn, what could change the answer most, until enough has been asked; returns the assessment.

    >>> talk = interview(findings={"age_years": 45, "pain": ["low_back.left"]})
    >>> turn = next(talk)
    >>> turn = talk.send({address: False for address in turn.addresses})

    It is used as a generator is: ``next`` begins it, ``send`` answers, and ``StopIteration`` holds the assessment that ends it.

    Args:
        kb: the rules; left out, the packaged ones.
        findings: what is known beforehand (an interview that was left is resumed with the findings of its last assessment).
        to_the_end: go on while anything is open, even where enough has been asked.

    Raises:
        FindingError: the findings, or an answer, cannot be taken as said. Of such an answer nothing is taken: send another one.

    """
    base = rules_of(kb, "findings are the second argument: interview(findings={...})")
    return Interview(base, evaluate(findings or {}, base), to_the_end=to_the_end)


class Interview(Generator[Turn, Answers | None, Assessment]):
    """An interview under way; ``turn`` is what it waits for an answer to, ``assessment`` what is known so far."""

    def __init__(self, base: KnowledgeBase, assessment: Assessment, *, to_the_end: bool) -> None:
        self.assessment = assessment
        self.turn: Turn | None = None
        self._base, self._to_the_end = base, to_the_end
        self._passed: set[tuple[str, str]] = set()
        self._put: set[str] = set()

    def __repr__(self) -> str:
        asked = f"asks {self.turn.question.text[:60]!r}" if self.turn else "not begun, or at its end"
        return f"<Interview: {len(self._put)} findings put; {asked}>"

    def send(self, answers: Answers | None) -> Turn:
        """
        Takes the answers to the turn that waits, and gives the next one.

        Raises:
            FindingError: an answer cannot be taken as said; the same turn still waits.
            StopIteration: enough has been asked; it holds the assessment.

        """
        if self.turn is not None:
            self._take(self.turn, answers)
        elif answers is not None:
            raise FindingError([Fault("", "nothing has been asked yet, or nothing any more: an interview begins with next()")])
        question = None if self._ends() else next_question(self.assessment.questions, self._passed)
        if question is None:
            self.turn = None
            raise StopIteration(self.assessment)
        addresses = tuple(str(of_finding(question.subject, term, self._base.vocabulary)) for term in question.terms)
        self.turn = Turn(self.assessment, question, addresses)
        return self.turn

    def _take(self, turn: Turn, answers: Answers | None) -> None:
        if answers is not None and not isinstance(answers, Mapping):
            raise FindingError([Fault("", f"expected answers by their addresses, got {shown(answers)}")])
        known = {address: value for address, value in (answers or {}).items() if value is not None}
        if known:
            self.assessment = evaluate(changed(self.assessment.findings, known, self._base.vocabulary), self._base)
        self._passed |= {(turn.question.subject, term) for term in turn.question.terms}
        self._put.update(turn.addresses)

    def _ends(self) -> bool:
        return not self._to_the_end and is_enough(self.assessment, self._put)

    def throw(self, kind: Any, error: Any = None, trace: Any = None, /) -> Turn:  # noqa: ARG002 - a generator's
        """As a generator that does not catch it."""
        self.turn = None
        raise kind if error is None else error


def is_enough(assessment: Assessment, put: AbstractSet[str]) -> bool:
    """Whether enough has been asked, or everything that it still waits for has been put already, by the addresses of what was."""
    return assessment.should_stop or (bool(assessment.outstanding) and put >= set(assessment.outstanding))


def next_question(questions: Iterable[Question], passed: set[tuple[str, str]]) -> Question | None:
    """The first question of which some finding has not been asked for yet, with those findings only."""
    for question in questions:
        terms = tuple(term for term in question.terms if (question.subject, term) not in passed)
        if terms:
            return attrs.evolve(question, terms=terms)
    return None


def so_far(assessment: Assessment) -> dict[str, Any]:
    """What is known, as a mapping to keep in a file and to resume from."""
    return as_mapping(assessment.findings)
