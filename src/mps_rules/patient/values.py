"""What is known of one patient, checked and frozen; what is not here is unknown."""

import math
from typing import Any

import attrs

from mps_rules.knowledge.vocabulary import Term


@attrs.frozen
class Finding:
    """
    One finding: present or absent, a number in the term's own unit, or words that were given and words that were denied.

    ``follows_from`` names what it follows from where it was not given itself; ``between`` is the range in which a number lies that is not known better.

    >>> Finding("fever", False), Finding("pain_quality", words=("dull",), denied=("burning",))  # doctest: +ELLIPSIS
    (Finding(term='fever', value=False, ...), Finding(term='pain_quality', value=None, words=('dull',), ...))
    """

    term: str
    value: bool | float | None = None
    words: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    follows_from: str = ""
    between: tuple[float, float] | None = None

    def places(self, term: Term) -> tuple[str, ...]:
        """The regions in which this finding, which is one of that term, says that there is pain."""
        if term.stands_for == "regions":
            return self.words
        return (term.stands_for,) if term.stands_for and self.value is True else ()


@attrs.frozen
class Pain:
    """One entry of the pain map; ``side`` None means not known which."""

    region: str
    side: str | None = None
    present: bool = True
    intensity: float | None = None


@attrs.frozen
class GivenLabel:
    """A diagnosis already given (or denied), with what is known about it."""

    label: str
    present: bool = True
    findings: tuple[Finding, ...] = ()


@attrs.frozen
class Exam:
    """What was found in one muscle, or muscle group, on one side."""

    muscle: str
    side: str | None = None
    findings: tuple[Finding, ...] = ()


@attrs.frozen
class RegionExam:
    """What was found in some muscle of a region on one side, and nobody says in which."""

    region: str
    side: str | None = None
    findings: tuple[Finding, ...] = ()


@attrs.frozen
class Findings:
    """
    Everything known of one patient, checked and normalised; what is not here is unknown.

    ``somewhere`` is what an examination found without naming the muscle: possible of each that lies there, found in none.
    """

    patient: tuple[Finding, ...] = ()
    pain: tuple[Pain, ...] = ()
    pain_map_complete: bool | None = None
    labels: tuple[GivenLabel, ...] = ()
    exam: tuple[Exam, ...] = ()
    somewhere: tuple[RegionExam, ...] = ()

    def __repr__(self) -> str:
        painful = sum(entry.present for entry in self.pain)
        return f"<Findings: {len(self.patient)} of the patient, {painful} painful places, {len(self.labels)} diagnoses, {len(self.exam)} muscles>"


def is_missing(value: Any) -> bool:
    """
    Whether a value is what a frame, an array or a file puts where nothing is known.

    >>> is_missing(float("nan")), is_missing(None), is_missing(0), is_missing(False)
    (True, True, False, False)
    """
    return value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in ("NAType", "NaTType")
