"""Patients for tests of explanation: the vignettes, read once, and random changes of what is known of one."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import mps_rules as mps
from mps_rules.authoring.vignettes import Vignette, read_vignettes
from mps_rules.chaining.circuit import Value
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, Term
from mps_rules.patient.addresses import Address, changed
from mps_rules.patient.facts import Facts, Terrain, terrain_of
from mps_rules.patient.findings import CARRIED, read_findings
from mps_rules.patient.values import Finding
from random_packs import seeded, some_number

FOLDER = Path(__file__).parent / "vignettes"

Change = tuple[str, str, Value | None]
"""Of whom, which finding, and its new value; None for not known: as ``State.supposing`` takes it."""


@lru_cache(maxsize=1)
def vignettes() -> tuple[Vignette, ...]:
    """All vignettes."""
    return read_vignettes(FOLDER, mps.load())


def sample(seed: int, size: int) -> list[Vignette]:
    """Some vignettes, the same for the same seed."""
    return seeded(seed).sample(vignettes(), size)


def chart(one: Vignette) -> dict[str, Any]:
    """The findings of a vignette."""
    assert isinstance(one.findings, dict)
    return one.findings


def facts_of(findings: Any, terrain: Terrain | None = None) -> Facts:
    """What is known, read."""
    known = terrain or terrain_of(mps.load())
    return Facts(known, read_findings(findings, known))


# --- changes ----------------------------------------------------------------------------------------------------------


def drawn(term: Term, random: Random) -> Value:
    """Some value of a finding, as ``supposing`` takes it."""
    if term.kind == "boolean":
        return random.random() < 0.5
    if term.kind in ("number", "duration"):
        return some_number(term, random)
    word = random.choice(term.values)
    if term.kind == "one_of":
        return tuple((value, value == word) for value in term.values)
    return ((word, random.random() < 0.6),)


def may_change(facts: Facts, apart: Iterable[str]) -> list[tuple[str, Term]]:
    """Every finding of the patient, of the muscles ``apart`` and of the diagnoses given that could become known, or another."""
    words = facts.vocabulary
    of: Mapping[str, Iterable[str]] = {"patient": (PATIENT,), "muscle": tuple(apart), "label": facts.subjects("label")}
    return [(subject, term) for term in words.terms.values() if not term.fact and term.id not in CARRIED for subject in of[term.subject]]


def address_of(facts: Facts, subject: str, term: str) -> Address:
    """The address of a finding of a subject."""
    if subject == PATIENT:
        return Address("patient", PATIENT, term)
    if subject in facts.label_findings:
        return Address("label", subject, term)
    muscle, _, side = subject.partition(".")
    return Address("muscle", muscle, term, side if side in SIDES else None)


def said(value: Value | None) -> Any:
    """A value as a caller writes it."""
    return dict(value) if isinstance(value, tuple) else value


def with_changes(facts: Facts, changes: Iterable[Change]) -> Facts:
    """
    The same patient, the changed findings read anew.

    Raises:
        FindingError: the changes contradict each other, or what is recorded.

    """
    addressed = {str(address_of(facts, subject, term)): said(value) for subject, term, value in changes}
    return facts_of(changed(facts.findings, addressed, facts.vocabulary), facts.terrain)


def stated(facts: Facts) -> Iterator[tuple[str, Finding]]:
    """Every finding that was given, with its address."""
    for finding in facts.findings.patient:
        if not finding.follows_from:
            yield finding.term, finding
    for exam in facts.findings.exam:
        yield from ((str(Address("muscle", exam.muscle, one.term, exam.side)), one) for one in exam.findings)
    for label in facts.findings.labels:
        yield from ((str(Address("label", label.label, one.term)), one) for one in label.findings)
