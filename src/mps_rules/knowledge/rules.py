"""A rule and its conclusions as frozen values: when a condition holds of its subject, these conclusions follow."""

from functools import cached_property
from typing import Literal, TypeAlias, TypeVar

import attrs

from mps_rules.knowledge.vocabulary import Subject
from mps_rules.language.conditions import Condition, is_cluster

Strength: TypeAlias = Literal["strong", "moderate", "weak"]
Urgency: TypeAlias = Literal["emergency", "urgent", "soon"]
Effect: TypeAlias = Literal["support", "oppose", "confirm", "exclude"]

STRENGTHS: tuple[Strength, ...] = ("strong", "moderate", "weak")
URGENCIES: tuple[Urgency, ...] = ("emergency", "urgent", "soon")
PRESSING: tuple[Urgency, ...] = ("emergency", "urgent")
"""The urgencies that withhold self-care and stand before every hypothesis."""
RECOMMENDATIONS = ("refer", "investigate", "examine", "avoid", "self_care")
"""Kinds of recommendation, in the order in which an assessment lists them."""
KINDS_OF_CARE = ("muscle_care", "stretching", "pressure", "exercise", "reassurance")
"""What a red flag may forbid until it is cleared, and what other words of an answer may offer."""
GENERAL = "general clinical knowledge"
"""What is cited where there is no source."""


@attrs.frozen
class Evidence:
    """What a rule rests on: a grade, references, and the claims of the article that it encodes."""

    grade: str
    references: tuple[str, ...]
    claims: tuple[str, ...] = ()


@attrs.frozen
class Review:
    """When a rule was last reviewed, and by whom."""

    on: str
    by: str


@attrs.frozen
class Derive:
    """An intermediate conclusion that other rules may read."""

    id: str


@attrs.frozen
class Support:
    """An argument for a hypothesis."""

    hypothesis: str
    strength: Strength


@attrs.frozen
class Oppose:
    """An argument against a hypothesis."""

    hypothesis: str
    strength: Strength


@attrs.frozen
class Confirm:
    """Settles a hypothesis as true."""

    hypothesis: str


@attrs.frozen
class Exclude:
    """Settles a hypothesis as false."""

    hypothesis: str


@attrs.frozen
class CriterionMet:
    """A published definition is met."""

    id: str
    name: str
    hypothesis: str


@attrs.frozen
class RaiseAlert:
    """
    A red flag: what is suspected, how urgent it is, what to do, and what not to do meanwhile.

    ``forbids``: the kinds of care that nothing in the same answer may offer; ``beside``: what may go on beside it, of the kinds ``offers``,
    said unless another red flag forbids one of them. ``graded``: it is raised by the points of a cause, not by a rule that somebody wrote.
    """

    id: str
    label: str
    urgency: Urgency
    condition: str
    act_within: str
    action: str
    regions: tuple[str, ...]
    meanwhile: str = ""
    graded: bool = False
    forbids: tuple[str, ...] = ()
    beside: str = ""
    offers: tuple[str, ...] = ()


@attrs.frozen
class GiveCaution:
    """A warning about reasoning; ``short`` is what a brief answer says of it, ``offers`` the kinds of care that it speaks for."""

    id: str
    text: str
    short: str = ""
    offers: tuple[str, ...] = ()


@attrs.frozen
class Recommend:
    """
    Something to do: examine, refer, investigate, self_care, or avoid; ``short`` and ``offers`` as those of a caution.

    ``instead``: what to prefer to what is avoided; where it is given, it alone is what ``offers`` speaks of, and left unsaid where forbidden.
    """

    kind: str
    text: str
    short: str = ""
    offers: tuple[str, ...] = ()
    instead: str = ""


@attrs.frozen
class Ask:
    """Findings worth asking about next, and why."""

    terms: tuple[str, ...]
    text: str


Told = TypeVar("Told", bound="Conclusion")
Conclusion: TypeAlias = Derive | Support | Oppose | Confirm | Exclude | CriterionMet | RaiseAlert | GiveCaution | Recommend | Ask


@attrs.frozen
class Rule:
    """
    When a condition holds of its subject, these conclusions follow.

    ``trigger`` and ``qualifier`` are the two steps of a red flag; ``when`` is their conjunction. ``open_alert`` names the
    alert that this rule, made by the loader, reports as open. ``written`` is the id under which it was written, where the loader
    made one rule for each row of a table, ``cause`` the cause whose points a rule of the loader reads. ``stratum`` is computed.
    """

    id: str
    title: str
    status: str
    about: Subject
    summary: str
    evidence: Evidence
    when: Condition
    then: tuple[Conclusion, ...]
    limits: str
    reviewed: Review | None
    trigger: Condition | None = None
    qualifier: Condition | None = None
    open_alert: str | None = None
    written: str | None = None
    cause: str | None = None
    stratum: int = 0
    source: str = attrs.field(default="", eq=False)

    def __repr__(self) -> str:
        return f"<Rule {self.id}: {self.title}>"

    @cached_property
    def alert(self) -> RaiseAlert | None:
        """The red flag this rule raises, if it raises one."""
        return next((c for c in self.then if isinstance(c, RaiseAlert)), None)

    @property
    def asks_for_a_cluster(self) -> bool:
        """Whether somebody wrote it in one step, and it holds only by several findings together: of one alone it says nothing."""
        return self.qualifier is None and self.cause is None and is_cluster(self.when)

    def concludes(self) -> tuple[str, ...]:
        """Every conclusion in a few words, for a trace."""
        return tuple(
            f"{type(x).__name__}: {getattr(x, 'hypothesis', '') or getattr(x, 'id', '') or getattr(x, 'kind', '') or ', '.join(getattr(x, 'terms', ()))}"
            for x in self.then
        )

    def derives(self) -> tuple[str, ...]:
        """The ids under which other rules may read this rule's conclusions."""
        found: list[str] = []
        for conclusion in self.then:
            match conclusion:
                case Derive(id):
                    found.append(id)
                case CriterionMet(id=id):
                    found.append(id)
                case RaiseAlert(id=id, urgency=urgency, forbids=forbids):
                    found += [id, f"alert.{urgency}", *(f"forbidden.{kind}" for kind in forbids)]
        return tuple(found)
