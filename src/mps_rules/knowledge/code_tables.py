"""
What codes of charts, and tables of the OMOP model, mean to a pack: values only, read with the pack and used by
``records`` and ``population``.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

# --- tables of the OMOP Common Data Model ------------------------------------------------------------------------------

Within: TypeAlias = int | Literal["ever"] | None
"""How many days before the index date a row is looked for; None where that is said elsewhere."""
WithoutEnd: TypeAlias = Literal["once", "continues"]
"""Whether what has a beginning and no end is over at once, or goes on."""


@attrs.frozen
class OmopSystem:
    """What OMOP calls a code system of the vocabulary; ``asks`` where its codes name questions and tests, not answers."""

    vocabulary: str
    system: str | None = None
    asks: bool = False


@attrs.frozen
class OmopPerson:
    """The findings that the person table fills."""

    age: str | None = None
    sex: str | None = None


@attrs.frozen
class OmopSex:
    """What a ``gender_concept_id`` says."""

    concept: int
    value: str


@attrs.frozen
class OmopKind:
    """How rows that speak of one kind of thing are read, where nothing narrower is said; ``categories`` of findings belong to it."""

    kind: Literal["finding", "number", "diagnosis", "treatment"]
    within: Within = None
    without_end: WithoutEnd = "once"
    exactly: bool = False
    categories: tuple[str, ...] = ()
    doubt: str = ""


@attrs.frozen
class OmopWindow:
    """How far back some findings are looked for."""

    terms: tuple[str, ...]
    within: Within = None
    without_end: WithoutEnd | None = None
    doubt: str = ""


@attrs.frozen
class OmopCode:
    """
    What a code, or a concept by its number, says: a finding, a diagnosis, or pain in a region.

    ``value`` is the word that the code itself states, ``answers`` what the answers to it mean, ``unit`` the one meant where a row names none.
    ``exactly``: not what lies below it in ``concept_ancestor``.
    """

    vocabulary: str | None = None
    code: str | None = None
    concept: int | None = None
    term: str | None = None
    diagnosis: str | None = None
    region: str | None = None
    side: str | None = None
    value: str | None = None
    answers: Mapping[str, str] = attrs.Factory(dict)
    unit: str | None = None
    within: Within = None
    without_end: WithoutEnd | None = None
    exactly: bool | None = None
    doubt: str = ""

    @property
    def key(self) -> tuple[str | None, str | int | None]:
        """The vocabulary and the code, or the number of the concept."""
        return (None, self.concept) if self.code is None else (self.vocabulary, self.code)


@attrs.frozen
class OmopApart:
    """A code of the vocabulary that is not read from tables, and why."""

    vocabulary: str
    code: str
    why: str

    @property
    def key(self) -> tuple[str | None, str | int | None]:
        """The vocabulary and the code."""
        return self.vocabulary, self.code


@attrs.frozen
class Omop:
    """How tables of the OMOP Common Data Model become findings, beyond the codes that the vocabulary carries."""

    systems: tuple[OmopSystem, ...] = ()
    person: OmopPerson = OmopPerson()
    sex: tuple[OmopSex, ...] = ()
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    kinds: tuple[OmopKind, ...] = ()
    windows: tuple[OmopWindow, ...] = ()
    codes: tuple[OmopCode, ...] = ()
    apart: tuple[OmopApart, ...] = ()

    def under(self, later: "Omop") -> "Omop":
        """This with another laid on top: what the later one says of a system, a kind or a code holds."""
        said = {code.key for code in later.codes} | {unread.key for unread in later.apart}
        return Omop(
            systems=tuple({system.vocabulary: system for system in (*self.systems, *later.systems)}.values()),
            person=OmopPerson(later.person.age or self.person.age, later.person.sex or self.person.sex),
            sex=tuple({one.concept: one for one in (*self.sex, *later.sex)}.values()),
            present=later.present or self.present,
            absent=later.absent or self.absent,
            kinds=tuple({kind.kind: kind for kind in (*self.kinds, *later.kinds)}.values()),
            windows=(*self.windows, *later.windows),
            codes=(*(code for code in self.codes if code.key not in said), *later.codes),
            apart=(*(unread for unread in self.apart if unread.key not in said), *later.apart),
        )


# --- codes of other systems -------------------------------------------------------------------------------------------


@attrs.frozen
class CodeSystem:
    """
    A system of codes: the addresses by which charts name it, and what a code of it looks like.

    ``like`` is a system in which the first four characters of a code mean the same, where this one has no row of its own for it.
    """

    id: str
    uri: str
    also: tuple[str, ...] = ()
    pattern: str = ""
    like: str = ""


@attrs.frozen
class CodeMeaning:
    """
    What a code, or every code that begins with a prefix, says of a patient.

    ``encounter``: only of whole codes that end in one of these figures. ``answers`` are the coded answers that make it so where the code is a
    question ("*": any); ``period``: "history" where it counts as well when it is over; ``doubt`` is why it is said only in doubt; ``denies``:
    where the code is refuted, so is the finding, for it means just that. ``sided``: the last figure is the side, which ``side`` says
    otherwise; by themselves ``side`` and ``truth`` are of codes that say just that; ``unread`` is why a code says nothing.
    """

    system: str = ""
    code: str = ""
    prefix: str = ""
    encounter: str = ""
    label: str = ""
    finding: str = ""
    word: str = ""
    region: str = ""
    answers: tuple[str, ...] = ()
    period: Literal["active", "history"] = "active"
    doubt: str = ""
    denies: bool = False
    sided: bool = False
    side: str = ""
    truth: bool | None = None
    unread: str = ""
    note: str = ""


@attrs.frozen
class BodyWords:
    """Words that name one part of the body in a label."""

    id: str
    words: tuple[str, ...]


@attrs.frozen
class OrderCode:
    """A code, or the beginning of codes, by which an order is known."""

    system: str
    code: str = ""
    prefix: str = ""


@attrs.frozen
class OrderKind:
    """A kind of order that is worth a look at what is still open, and the rules that speak about such orders."""

    id: str
    label: str
    codes: tuple[OrderCode, ...] = ()
    rules: tuple[str, ...] = ()


@attrs.frozen
class CodeMap:
    """
    What the codes of charts mean to these rules, beside the codes of the vocabulary; ``canonical`` begins the addresses of their own codes.

    ``system`` is that of the meanings which name none: in a pack each file is of one system.
    """

    canonical: str = ""
    system: str = ""
    look_back_days: Mapping[str, float] = attrs.Factory(dict)
    systems: tuple[CodeSystem, ...] = ()
    places: tuple[BodyWords, ...] = ()
    meanings: tuple[CodeMeaning, ...] = ()
    orders: tuple[OrderKind, ...] = ()
