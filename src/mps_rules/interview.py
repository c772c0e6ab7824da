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
from mps_rules.api import evaluate, load
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


def interview(
    kb: KnowledgeBase | None = None, findings: Mapping[str, Any] | None = None, *, to_the_end: bool = False
) -> Generator[Turn, Answers | None, Assessment]:
    """
    Asks, turn by turn, what could change the answer most, until enough has been asked; returns the assessment.

    >>> talk = interview(findings={"age_years": 45, "pain": ["low_back.left"]})
    >>> turn = next(talk)
    >>> turn = talk.send({address: False for address in turn.addresses})

    Args:
        kb: the rules; left out, the packaged ones.
        findings: what is known beforehand (an interview that was left is resumed with the findings of its last assessment).
        to_the_end: go on while anything is open, even where enough has been asked.

    Raises:
        FindingError: the findings, or an answer, cannot be taken as said. The interview ends; begin again with the findings so far.

    """
    base = kb or load()
    assessment = evaluate(findings or {}, base)
    passed: set[tuple[str, str]] = set()
    put: set[str] = set()
    while to_the_end or not is_enough(assessment, put):
        question = next_question(assessment.questions, passed)
        if question is None:
            break
        addresses = tuple(str(of_finding(question.subject, term, base.vocabulary)) for term in question.terms)
        answers = yield Turn(assessment, question, addresses)
        passed |= {(question.subject, term) for term in question.terms}
        put.update(addresses)
        known = {address: value for address, value in (answers or {}).items() if value is not None}
        if known:
            assessment = evaluate(changed(assessment.findings, known, base.vocabulary), base)
    return assessment


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
