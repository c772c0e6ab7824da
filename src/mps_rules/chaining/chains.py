"""What chaining the rules over one patient gives, whoever does it: which rules fired, for whom, and on what they rest."""

from collections.abc import Mapping
from typing import Protocol

import attrs

from mps_rules.knowledge.vocabulary import PATIENT


@attrs.frozen(cache_hash=True)
class Premise:
    """
    One thing that a conclusion rests on, in words.

    ``kind``: finding, pain, label, measure, muscle, conclusion (then ``id`` is the derived id) or silence.
    """

    kind: str
    id: str
    subject: str
    text: str


@attrs.frozen
class Derivation:
    """A rule that fired, for whom, and why."""

    rule: str
    subject: str
    stratum: int
    concludes: tuple[str, ...]
    because: tuple[Premise, ...] = ()

    def __repr__(self) -> str:
        return f"<Derivation {self.rule}, of {self.subject}: {'; '.join(self.concludes)[:100]}>"


class Chain(Protocol):
    """What chaining the rules over one patient's facts gave, whoever did it."""

    def verdict(self, rule: str, subject: str = PATIENT) -> bool | None:
        """Whether a rule holds of a subject."""
        ...

    def concluded(self, id: str, subject: str = PATIENT) -> bool | None:
        """Whether something was concluded of a subject (or of the patient), is ruled out, or stays open."""
        ...

    @property
    def derivations(self) -> tuple[Derivation, ...]:
        """Every rule that fired, of whom, and why, by stratum, rule and subject."""
        ...


@attrs.frozen(eq=False)
class Chained:
    """
    A chain written down.

    ``decided`` holds, by subject and rule, the rules found true or false, and ``conclusions`` the same of what they conclude; what is
    missing is unknown. Subjects that no rule can tell apart share one entry: ``alike`` names the one that stands for each of them.
    """

    decided: Mapping[str, Mapping[str, bool]]
    conclusions: Mapping[str, Mapping[str, bool]]
    alike: Mapping[str, str]
    derivations: tuple[Derivation, ...]

    def verdict(self, rule: str, subject: str = PATIENT) -> bool | None:
        """Whether a rule holds of a subject."""
        return self.decided.get(self.alike.get(subject, subject), {}).get(rule)

    def concluded(self, id: str, subject: str = PATIENT) -> bool | None:
        """Whether something was concluded of a subject (or of the patient), is ruled out, or stays open."""
        found = self.conclusions.get(self.alike.get(subject, subject), {}).get(id)
        return self.conclusions.get(PATIENT, {}).get(id) if found is None else found
