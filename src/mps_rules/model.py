"""
The values that travel through the library, all frozen: knowledge, what is known of a patient, what is concluded.

Nothing here computes an opinion. Data flows one way: findings, facts, derivations, assessment, views.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar, get_args

import attrs

if TYPE_CHECKING:
    import networkx as nx

from mps_rules.causes import Cause, Scale
from mps_rules.conditions import Condition, Not, PainAt, is_cluster, pain_places
from mps_rules.errors import Fault, FindingError, Misfit, closest, dotted, shown

Subject: TypeAlias = Literal["patient", "muscle", "label"]
Strength: TypeAlias = Literal["strong", "moderate", "weak"]
Urgency: TypeAlias = Literal["emergency", "urgent", "soon"]
Effect: TypeAlias = Literal["support", "oppose", "confirm", "exclude"]
Status: TypeAlias = Literal["confirmed", "probable", "possible", "undecided", "unlikely", "excluded"]
"""Of a hypothesis, in the order in which an assessment ranks them."""

STRENGTHS: tuple[Strength, ...] = ("strong", "moderate", "weak")
URGENCIES: tuple[Urgency, ...] = ("emergency", "urgent", "soon")
PRESSING: tuple[Urgency, ...] = ("emergency", "urgent")
"""What goes before everything else."""
STATUSES: tuple[Status, ...] = get_args(Status)
"""Of a hypothesis, the surest first."""
RECOMMENDATIONS = ("refer", "investigate", "examine", "avoid", "self_care")
"""Kinds of recommendation, in the order in which an assessment lists them."""
KINDS_OF_CARE = ("muscle_care", "stretching", "pressure", "exercise", "reassurance")
"""What a red flag may forbid until it is cleared, and what other words of an answer may offer."""
GENERAL = "general clinical knowledge"
"""What is cited where there is no source."""
COSTS = ("asked", "examined", "tested", "imaged")
"""From the cheapest to the dearest way to obtain a finding."""
FLIP_WORK = 400_000
"""How many steps of work one question about what would turn a conclusion may take, unless said otherwise."""
SIDES = ("left", "right")
KINDS_OF_HYPOTHESIS = ("myofascial", "widespread", "structural", "neural", "inflammatory", "serious", "visceral")
PATIENT = "patient"
"""The subject of everything that is not about one muscle or one diagnosis."""


def muscle_subject(muscle: str, side: str | None) -> str:
    """
    The subject of a muscle and side.

    >>> muscle_subject("soleus", "left"), muscle_subject("soleus", None)
    ('soleus.left', 'soleus')
    """
    return f"{muscle}.{side}" if side else muscle


def lowered(label: str) -> str:
    """
    A label as it stands inside a sentence.

    >>> lowered("Mid back (about T5-T9)"), lowered("SIJ compression painful")
    ('mid back (about T5-T9)', 'SIJ compression painful')
    """
    return label[:1].lower() + label[1:] if label[1:2].islower() or label[1:2] == " " else label


_PREPOSITIONS = ("over", "between", "around", "behind", "inside", "deep")


def placed(region: str) -> str:
    """
    A region's name as a place inside a sentence.

    >>> placed("low back (lumbar)"), placed("over the shoulder blade")
    ('in the low back (lumbar)', 'over the shoulder blade')
    """
    return region if region.startswith(_PREPOSITIONS) else f"in the {region}"


def plain(value: Any) -> Any:
    """A frozen value as plain data (dict, list, text, number, bool, None), field by field, in order."""
    kind: Any = type(value)
    if kind in _AS_IT_IS:
        return value
    if (fields := _fields(kind)) is not None:
        return {key: plain(getattr(value, name)) for name, key in fields}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


@cache
def _fields(kind: type) -> tuple[tuple[str, str], ...] | None:
    """The fields of a kind of frozen value, each with the name under which it is told."""
    return tuple((a.name, a.name.rstrip("_")) for a in attrs.fields(kind) if not a.name.startswith("_")) if attrs.has(kind) else None


# --- the vocabulary ---------------------------------------------------------------------------------------------------


@attrs.frozen
class Unit:
    """
    A unit of the closed UCUM table: ``base = value * factor + offset``.

    ``longest`` is the factor of a unit of no fixed length (a month) at its longest.
    """

    id: str
    dimension: str
    factor: float
    offset: float = 0.0
    longest: float | None = None
    shown: str | None = None
    also: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """The unit as people write it; empty for scores and counts."""
        return self.id if self.shown is None else self.shown


@attrs.frozen
class Agreement:
    """How well examiners agree on a sign, as published: kappa, and the range that a review found."""

    references: tuple[str, ...]
    kappa: float | None = None
    lowest: float | None = None
    highest: float | None = None

    @property
    def poor(self) -> bool:
        """Whether some study found no more agreement than chance gives, and no pooled figure says otherwise."""
        return self.kappa is None and self.lowest is not None and self.lowest <= 0

    def __str__(self) -> str:
        found = [f"kappa {self.kappa:g}"] if self.kappa is not None else []
        if self.lowest is not None and self.highest is not None:
            found.append(f"kappa from {self.lowest:g} to {self.highest:g} between studies")
        return "; ".join(found)


@attrs.frozen
class Term:
    """
    A finding: what it is called, which values it takes, how it is obtained, and what it follows from.

    A finding that names pain in a place ``stands_for`` pain in that region; ``regions``: each of its words is such a region.
    ``of_record``: whoever reads a record says it, and nobody is asked for it. ``denial_lasts`` is for how many days a denial holds; None: for good.
    """

    id: str
    label: str
    category: str
    kind: str
    subject: str
    cost: str
    unit: str | None = None
    range: tuple[float, float] | None = None
    values: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    codes: Mapping[str, str] = attrs.Factory(dict)
    implied_by: Condition | None = None
    denied_by: Condition | None = None
    stands_for: str | None = None
    excludes: tuple[str, ...] = ()
    fact: bool = False
    background: bool = False
    claims: tuple[str, ...] = ()
    agreement: Agreement | None = None
    note: str = ""
    of_record: bool = False
    denial_lasts: float | None = None

    @cached_property
    def drawn_as(self) -> frozenset[str]:
        """The regions in which pain on the map is the pain that this finding names."""
        regions = pain_places(self.implied_by) if self.implied_by is not None else ()
        return frozenset((*regions, self.stands_for)) if self.stands_for else frozenset()

    @cached_property
    def means_its_region(self) -> bool:
        """Whether the finding is pain in its region, no more and no less: only then its absence is freedom from pain there."""
        return self.stands_for is not None and self.implied_by == PainAt((self.stands_for,)) and self.denied_by == Not(self.implied_by)


@attrs.frozen
class Measure:
    """A sum or count over findings; an interval while items are unknown."""

    id: str
    sum: tuple[str, ...] = ()
    count: tuple[Condition, ...] = ()
    also_total: str | None = None
    references: tuple[str, ...] = ()


@attrs.frozen
class Region:
    """A place of the pain map; without parts it is a leaf, without sides it lies on the midline or spans both."""

    id: str
    label: str
    parent: str | None = None
    sides: tuple[str, ...] = ()
    adjacent: tuple[str, ...] = ()
    surface: str = ""
    codes: Mapping[str, str] = attrs.Factory(dict)
    snomed_match: str = "exact"
    article_term: str = ""


@attrs.frozen
class Muscle:
    """A muscle, or a part of one, with a pain pattern of its own."""

    id: str
    label: str
    group: str
    area: str
    lies_in: tuple[str, ...]
    access: str
    latin: str = ""
    nerve: str = ""
    roots: str = ""
    action: str = ""
    aggravating: str = ""
    mimics: tuple[str, ...] = ()
    safety: str = ""
    references: tuple[str, ...] = ()


@attrs.frozen
class Referral:
    """An edge of the referral graph: this muscle can send pain to this region."""

    muscle: str
    region: str
    zone: str
    confidence: str
    laterality: str = "ipsilateral"
    checked: bool = True
    references: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    note: str = ""


@attrs.frozen
class FindingWeight:
    """What a finding of a muscle adds to its score when present, and when recorded absent."""

    finding: str
    present: float
    absent: float


@attrs.frozen
class Ranking:
    """
    The weights by which muscles are put in order; conventions, not probabilities.

    ``beyond_zones`` are the states in which a muscle counts as a source though none of its charted zones reaches the pain.
    ``cue``, ``prevalence`` and ``lies_there`` are what a point of a cue, a point of prevalence, and lying in the pain add; the first two times
    the weight of the best zone that reaches the pain, ``lying_zone`` where only the muscle itself lies in it.
    """

    zones: Mapping[str, float]
    confidences: Mapping[str, float]
    within_group: float
    predicted_free: float
    findings: tuple[FindingWeight, ...]
    clue: float
    references: tuple[str, ...]
    beyond_zones: tuple[str, ...] = ()
    cue: float = 0.0
    prevalence: float = 0.0
    lies_there: float = 0.0
    lying_zone: float = 0.0


@attrs.frozen
class Step:
    """Findings that are asked for together: one question of the history, or one step of the examination."""

    id: str
    label: str
    terms: tuple[str, ...]


@attrs.frozen
class AskingWeights:
    """By how much an answer counts for what it could change, and what it costs to obtain; conventions, not probabilities."""

    flag: Mapping[str, float]
    open: float
    anywhere: float
    argument: Mapping[str, float]
    status: float
    leading: float
    rule_asks: float
    muscle: float
    cost: Mapping[str, float]


@attrs.frozen
class Asking:
    """
    In which steps, and in what order, findings are asked for; those ``at_hand`` are told of anybody, and a form keeps them in view.

    ``denial_lasts`` is how long a denied danger sign stays denied before it is asked for again; what has once been does not age.
    """

    steps: tuple[Step, ...] = ()
    at_hand: tuple[str, ...] = ()
    weights: AskingWeights | None = None
    denial_lasts: str = ""


@attrs.frozen
class Clue:
    """A finding that points to muscles when they also reach the pain."""

    finding: str
    muscles: tuple[str, ...]
    references: tuple[str, ...]
    claims: tuple[str, ...] = ()
    note: str = ""


@attrs.frozen
class MuscleCue:
    """A condition that points to a muscle, or away from it, where it reaches the pain or lies in it, with its points."""

    when: Condition
    points: int
    references: tuple[str, ...]


@attrs.frozen
class MuscleCues:
    """What points to one muscle, or to all of a group; ``prevalence`` says on the same scale how common a source of pain it is."""

    muscle: str
    cues: tuple[MuscleCue, ...] = ()
    prevalence: int = 0
    references: tuple[str, ...] = ()


@attrs.frozen
class Prevalence:
    """Muscles that carry active trigger points most often with pain in a region, as published; breaks ties only."""

    region: str
    muscles: tuple[str, ...]
    finding: str
    references: tuple[str, ...]


@attrs.frozen
class Diagnosis:
    """A diagnosis that may have been given, and the muscles that mimic it or take part."""

    id: str
    label: str
    kind: str
    codes: Mapping[str, tuple[str, ...]] = attrs.Factory(dict)
    code_note: str = ""
    muscles: tuple[str, ...] = ()
    why_masks: str = ""
    supports: tuple[Condition, ...] = ()
    against: tuple[Condition, ...] = ()
    criteria: tuple[str, ...] = ()
    examine: str = ""
    caution: str = ""
    references: tuple[str, ...] = ()


@attrs.frozen
class Care:
    """Conservative care of some muscles: a stretch, a way to press them, and what bars both."""

    id: str
    muscles: tuple[str, ...]
    stretch: str
    release: str
    avoid: tuple[Condition, ...] = ()
    references: tuple[str, ...] = ()


@attrs.frozen
class Suspect:
    """What an assessment may rank or an alert may suspect; shares its id and its label with a diagnosis where one exists."""

    id: str
    kind: str
    label: str = ""
    synonyms: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


@attrs.frozen
class Reference:
    """One entry of the bibliography."""

    id: str
    class_: str
    text: str
    checked: str
    identifier: str = ""


@attrs.frozen
class Home:
    """Where a claim lives that is neither rule nor edge: a wording, the vocabulary, the ranking, or a stated scope."""

    kind: str
    where: str


@attrs.frozen
class Claim:
    """One fact of the article, in own words, and what it lets a rule conclude."""

    id: str
    topic: str
    claim: str
    conclusion: str
    home: Home | None = None


@attrs.frozen
class MuscleState:
    """A word for what is known of a muscle, given when that conclusion was reached about it."""

    state: str
    derived: str
    label: str


SOURCE_ATTRIBUTES: Mapping[str, str] = {
    "race": "Race",
    "ethnicity": "Ethnicity",
    "language": "Language",
    "sexual_orientation": "Sexual orientation",
    "gender_identity": "Gender identity",
    "sex": "Sex",
    "date_of_birth": "Date of birth",
    "social_determinants": "Social determinants of health",
    "health_status_assessments": "Health-status assessments",
}
"""The sensitive facts of which a pack must say whether its rules use them (45 CFR 170.315(b)(11))."""


@attrs.frozen
class Pack:
    """
    What a folder of rules says of itself.

    ``source_attributes`` says which findings tell a sensitive fact, not whether a rule reads them: that is computed.
    """

    id: str
    title: str
    version: str
    status: str
    licence: str
    owners: tuple[str, ...]
    intended_users: str
    intended_use: str
    not_for: tuple[str, ...] = ()
    screens: tuple[str, ...] = ()
    muscle_states: tuple[MuscleState, ...] = ()
    developer: str = ""
    funding: str = ""
    released: str = ""
    revised: str = ""
    population: str = ""
    exclusions: tuple[str, ...] = ()
    known_limitations: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    source_attributes: Mapping[str, tuple[str, ...]] = attrs.Factory(dict)


_QUANTITY = re.compile(r"\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*(\S(?:.*\S)?)?\s*\Z")


@attrs.frozen
class Vocabulary:
    """All words of a pack, by id."""

    units: Mapping[str, Unit]
    terms: Mapping[str, Term]
    measures: Mapping[str, Measure]
    regions: Mapping[str, Region]
    muscles: Mapping[str, Muscle]
    diagnoses: Mapping[str, Diagnosis]
    suspects: Mapping[str, Suspect]
    care: Mapping[str, Care] = attrs.Factory(dict)

    def unit(self, written: str) -> Unit | None:
        """The unit of that code or spelling."""
        if written in self.units:
            return self.units[written]
        return next((unit for unit in self.units.values() if written in unit.also), None)

    def quantity(self, value: Any, term: Term) -> float:
        """
        A number, or text with a unit, as a number in the term's own unit.

        Raises:
            Misfit: not a quantity, an unknown unit, a unit of another dimension, or outside the term's range.

        """
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise Misfit(f"expected a number{self._in_unit(term)}, got {shown(value)}")
        if isinstance(value, str):
            match = _QUANTITY.match(value) if len(value) <= 100 else None
            if not match:
                raise Misfit(f"expected a number{self._in_unit(term)}, got {shown(value)}")
            number = float(match[1])
            if match[2]:
                number = self._converted(number, match[2], term)
        else:
            number = float(value) if abs(value) < 1e300 else float("inf")
        if not float("-inf") < number < float("inf"):
            raise Misfit(f"{shown(value)} is not a number")
        if term.range and not term.range[0] <= number <= term.range[1]:
            raise Misfit(f"{number:g} is outside {term.range[0]:g} to {term.range[1]:g}{self.shown_unit(term.id)}")
        return number

    def limit(self, bound: str, value: Any, term: Term) -> tuple[float, str]:
        """
        A bound of a number as a rule writes it, and how to tell it where the number alone does not (3 months).

        A unit of no fixed length counts at its shortest where the bound is to be reached (``at_least``, ``below``), at its longest where it is
        to be passed (``above``, ``at_most``): 90 days, 13 weeks and 3 months all reach three months, and none of them is above three months.

        Raises:
            Misfit: as ``quantity``.

        """
        number = self.quantity(value, term)
        match = _QUANTITY.match(value) if isinstance(value, str) else None
        unit = self.unit(match[2]) if match and match[2] else None
        if match is None or unit is None or unit.longest is None:
            return number, ""
        told = f"{float(match[1]):g} {unit.named or unit.id}"
        own = self.units[term.unit or "1"]
        return (number if bound in ("at_least", "below") else round(float(match[1]) * unit.longest / own.factor, 9)), told

    def _converted(self, number: float, written: str, term: Term) -> float:
        unit, own = self.unit(written), self.units.get(term.unit or "1")
        if own is None:
            raise Misfit(f"the unit of {term.id!r} is not known; write a bare number")
        if unit is None:
            raise Misfit(f"no unit {written!r}", closest(written, [u for x in self.units.values() for u in (x.id, *x.also)]))
        if unit.dimension != own.dimension:
            raise Misfit(f"{written!r} does not measure {term.label.lower()!r}; write it in {own.named or own.id}")
        return round((number * unit.factor + unit.offset - own.offset) / own.factor, 9)

    def _in_unit(self, term: Term) -> str:
        """In which unit a number is to be written, in words; nothing where it has none to name."""
        named = self.shown_unit(term.id) if term.unit and not term.unit.startswith(("{", "1")) else ""
        return f" in{named}" if named else ""

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Muscle groups: id to the ids of their parts."""
        found: dict[str, list[str]] = {}
        for muscle in self.muscles.values():
            found.setdefault(muscle.group, []).append(muscle.id)
        return {group: tuple(parts) for group, parts in found.items()}

    def muscle_label(self, id: str) -> str:
        """The name of a muscle or of a group of muscles."""
        return self.muscles[id].label if id in self.muscles else id.replace("_", " ").capitalize()

    def name(self, kind: str, id: str) -> str:
        """
        The words for a term, unit of a term, region, label or muscle; other ids in plain words.
        """
        match kind:
            case "term" if id in self.terms:
                return self.terms[id].label
            case "unit":
                return self.shown_unit(id)
            case "region":
                return lowered(self.regions[id].label)
            case "label":
                return self.diagnoses[id].label
            case "muscle":
                return self.muscle_label(id)
        return id.replace("_", " ")

    def shown_unit(self, term: str) -> str:
        """The unit of a number as people write it, with a space before it; empty for scores and counts."""
        unit = self.units[self.terms[term].unit or "1"]
        return f" {unit.named}" if unit.named else ""

    def told(self, amount: float, term: str) -> str:
        """A number with its unit; a duration in the largest unit in which it is whole: 4 days and not 0.57 weeks."""
        unit = self.units[self.terms[term].unit or "1"]
        if self.terms[term].kind == "duration":
            alike = sorted((one for one in self.units.values() if one.dimension == unit.dimension), key=lambda one: -one.factor)
            for one in alike:
                whole = round(amount * unit.factor / one.factor)
                if whole and abs(amount * unit.factor / one.factor - whole) < 1e-5:
                    return f"{whole} {one.named}"
        return f"{amount:g}{self.shown_unit(term)}"

    def subject_label(self, subject: str) -> str:
        """The name of a subject: the patient, a muscle and side, or a diagnosis."""
        if subject == PATIENT:
            return "the patient"
        if subject in self.diagnoses:
            return self.diagnoses[subject].label
        muscle, _, side = subject.partition(".")
        return self.muscle_label(muscle) + (f" ({side})" if side else "")


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
        said = {one.key for one in later.codes} | {one.key for one in later.apart}
        return Omop(
            systems=tuple({one.vocabulary: one for one in (*self.systems, *later.systems)}.values()),
            person=OmopPerson(later.person.age or self.person.age, later.person.sex or self.person.sex),
            sex=tuple({one.concept: one for one in (*self.sex, *later.sex)}.values()),
            present=later.present or self.present,
            absent=later.absent or self.absent,
            kinds=tuple({one.kind: one for one in (*self.kinds, *later.kinds)}.values()),
            windows=(*self.windows, *later.windows),
            codes=(*(one for one in self.codes if one.key not in said), *later.codes),
            apart=(*(one for one in self.apart if one.key not in said), *later.apart),
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


# --- rules ------------------------------------------------------------------------------------------------------------


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


@attrs.frozen(eq=False)
class KnowledgeBase:
    """
    Everything loaded from one or several folders; two are equal when their digests are.

    ``rules`` are the live ones in order of stratum and id; ``shelved`` are drafts and retired rules. ``unread_dangers`` are the
    danger signs of the vocabulary that no rule reads, or only causes felt at these places: a pack may not know what they mean, but says so.
    """

    pack: Pack
    vocabulary: Vocabulary
    referrals: tuple[Referral, ...]
    ranking: Ranking
    clues: tuple[Clue, ...]
    prevalence: tuple[Prevalence, ...]
    asking: Asking
    references: Mapping[str, Reference]
    claims: Mapping[str, Claim]
    rules: tuple[Rule, ...]
    shelved: tuple[Rule, ...]
    digest: str
    folders: tuple[str, ...] = ()
    unread_dangers: Mapping[str, tuple[str, ...]] = attrs.Factory(dict)
    muscle_cues: tuple[MuscleCues, ...] = ()
    omop: Omop = Omop()
    codes: CodeMap = CodeMap()
    causes: Mapping[str, Cause] = attrs.Factory(dict)
    scale: Scale = attrs.Factory(Scale)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnowledgeBase) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """The live rules by id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def concluding(self) -> dict[str, tuple[Rule, ...]]:
        """The live rules that conclude each derived id."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for id_ in rule.derives():
                found.setdefault(id_, []).append(rule)
        return {id_: tuple(rules) for id_, rules in found.items()}

    @cached_property
    def arguments(self) -> "dict[str, tuple[tuple[Rule, Effect, Strength | None], ...]]":
        """For each hypothesis the live rules that argue about it, each with its effect and strength; a red flag argues for its suspect."""
        found: dict[str, list[tuple[Rule, Effect, Strength | None]]] = {}
        for rule in self.rules:
            for conclusion in rule.then:
                match conclusion:
                    case Support(hypothesis, strength):
                        found.setdefault(hypothesis, []).append((rule, "support", strength))
                    case Oppose(hypothesis, strength):
                        found.setdefault(hypothesis, []).append((rule, "oppose", strength))
                    case Confirm(hypothesis):
                        found.setdefault(hypothesis, []).append((rule, "confirm", None))
                    case Exclude(hypothesis):
                        found.setdefault(hypothesis, []).append((rule, "exclude", None))
                    case RaiseAlert(condition=hypothesis):
                        found.setdefault(hypothesis, []).append((rule, "support", "moderate"))
        return {id_: tuple(arguments) for id_, arguments in found.items()}

    @cached_property
    def _told(self) -> dict[type, tuple[tuple[Rule, Any], ...]]:
        every = [(rule, conclusion) for rule in sorted(self.rules, key=lambda one: one.id) for conclusion in rule.then]
        return {kind: tuple(pair for pair in every if isinstance(pair[1], kind)) for kind in get_args(Conclusion)}

    def cited(self, references: Iterable[str]) -> tuple[str, ...]:
        """
        References as an answer cites them: first what a reader can look up, last the article; what is general knowledge is called so.

        >>> from mps_rules import load
        >>> load().cited(["ART", "RECALL", "TS1", "FDP2018"])
        ('FDP2018', 'TS1', 'general clinical knowledge', 'ART')
        """
        every = tuple(dict.fromkeys(references))
        own = [id_ for id_ in every if id_ not in self.scale.judged]
        article = [id_ for id_ in own if self.references[id_].class_ == "article"]
        there = sorted((id_ for id_ in own if id_ not in article), key=lambda id_: not self.references[id_].identifier)
        return (*there, *([GENERAL] if len(own) < len(every) else []), *article)

    def told(self, kind: type[Told]) -> tuple[tuple[Rule, Told], ...]:
        """The conclusions of a kind, each with its live rule, in the order of the rules' ids."""
        return self._told[kind]

    @cached_property
    def flag_places(self) -> dict[str, frozenset[str]]:
        """For each red flag's rule, where it belongs, and where pain takes part in raising it."""
        return {rule.id: frozenset((*pain_places(rule.when), *flag.regions)) for rule, flag in self.told(RaiseAlert)}

    def __repr__(self) -> str:
        return f"<KnowledgeBase {self.pack.id} {self.pack.version}, {len(self.rules)} rules, {self.digest[:12]}>"


# --- what is known of a patient ---------------------------------------------------------------------------------------


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
class Findings:
    """Everything known of one patient, checked and normalised; what is not here is unknown."""

    patient: tuple[Finding, ...] = ()
    pain: tuple[Pain, ...] = ()
    pain_map_complete: bool | None = None
    labels: tuple[GivenLabel, ...] = ()
    exam: tuple[Exam, ...] = ()


# --- what is concluded ------------------------------------------------------------------------------------------------


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


class Source(Protocol):
    """Where a value has those of its fields from that are worked out when they are first looked at; the same object each time."""

    def field(self, name: str) -> Any:
        """The field of that name."""
        ...


_put = object.__setattr__


@attrs.frozen
class Alert:
    """
    A red flag that is raised, or open because too little is known to clear it.

    ``graded``: by the ``points`` of a cause, where no rule that somebody wrote is met. ``forbids``: the kinds of care that the answer
    does not offer while it is raised, or open and pressing.
    """

    id: str
    label: str
    status: Literal["raised", "open"]
    urgency: Urgency
    condition: str
    condition_label: str
    act_within: str
    action: str
    meanwhile: str
    rule: str
    because: tuple[Premise, ...]
    unknown: tuple[str, ...]
    limits: str
    references: tuple[str, ...]
    graded: bool = False
    points: int | None = None
    forbids: tuple[str, ...] = ()


@attrs.frozen
class Unscreened:
    """A red flag that matters for where the pain is and that too little has been asked to clear; ``terms`` are still to ask."""

    id: str
    label: str
    urgency: Urgency
    terms: tuple[str, ...]


@attrs.frozen
class Argument:
    """
    What a rule or a cue of a cause says for or against a hypothesis, and what it adds to its score.

    ``ratio`` is the published ratio that a cue rests on, in words.
    ``subjects`` are the muscles or diagnoses that a rule says it of.
    """

    rule: str
    title: str
    effect: Effect
    strength: Strength | None
    subjects: tuple[str, ...]
    because: tuple[Premise, ...]
    unknown: tuple[str, ...]
    grade: str
    references: tuple[str, ...]
    points: int | None = None
    ratio: str = ""
    _source: Source | None = attrs.field(default=None, init=False, eq=False, repr=False)

    @classmethod
    def later(
        cls,
        rule: str,
        title: str | Source,
        effect: Effect,
        strength: Strength | None,
        subjects: tuple[str, ...],
        because: tuple[Premise, ...] | Source,
        unknown: tuple[str, ...] | Source,
        grade: str,
        references: tuple[str, ...],
        points: int | None = None,
        ratio: str = "",
    ) -> "Argument":
        """An argument of which the title, ``because`` or ``unknown`` is worked out when it is first looked at."""
        made = cls.__new__(cls)
        _put(made, "rule", rule)
        _put(made, "effect", effect)
        _put(made, "strength", strength)
        _put(made, "subjects", subjects)
        for name, value in (("title", title), ("because", because), ("unknown", unknown)):
            if isinstance(value, tuple | str):
                _put(made, name, value)
            else:
                _put(made, "_source", value)
        _put(made, "grade", grade)
        _put(made, "references", references)
        _put(made, "points", points)
        _put(made, "ratio", ratio)
        return made

    def __getattr__(self, name: str) -> Any:
        """A field that nobody has looked at yet."""
        if name not in ("title", "because", "unknown"):
            raise AttributeError(name)
        value = self._source.field(name)  # type: ignore[union-attr]
        _put(self, name, value)
        return value

    def __getstate__(self) -> dict[str, Any]:
        return {a.name: getattr(self, a.name) for a in attrs.fields(type(self)) if a.name != "_source"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            _put(self, name, value)
        _put(self, "_source", None)


@attrs.frozen
class Hypothesis:
    """A possible explanation with its arguments and its score; ``could_be`` is the worst and best status still possible."""

    id: str
    label: str
    kind: str
    status: Status
    conflict: bool
    supports: tuple[Argument, ...]
    opposes: tuple[Argument, ...]
    undecided: tuple[Argument, ...]
    could_be: tuple[Status, Status]
    score: int | None = None
    prior: int | None = None

    @property
    def stands(self) -> bool:
        """Whether something speaks for it and it is at least possible."""
        return bool(self.supports) and self.status in ("confirmed", "probable", "possible")


@attrs.frozen
class ScorePart:
    """One term of a muscle's score: its name, what it adds, and why in words."""

    name: str
    value: float
    text: str


@attrs.frozen
class MuscleCandidate:
    """A muscle that may be a source of the pain, and how it would explain it."""

    muscle: str
    label: str
    group: str
    side: str | None
    status: str
    score: float
    terms: tuple[ScorePart, ...]
    explains: tuple[str, ...]
    might_explain: tuple[str, ...]
    path: tuple[str, ...]
    confidence: str
    side_assumed: bool
    access: str
    safety: str
    because: tuple[Premise, ...]
    references: tuple[str, ...]


@attrs.frozen
class Covering:
    """
    A small set of muscles that together explain the pain; both sides of a muscle may count as one.

    ``muscles`` are subjects (``muscle.side``); ``alternatives`` holds, for each, others of the same reach; ``unexplained`` are
    painful entries (``region.side``) that no muscle of the set explains.
    """

    muscles: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...]
    explains: tuple[str, ...]
    unexplained: tuple[str, ...]
    score: float


@attrs.frozen
class CriterionItem:
    """One line of a published definition; status met, not_met or undecided."""

    id: str
    label: str
    status: str


@attrs.frozen
class CriterionResult:
    """A published definition, line by line, for the patient or for one muscle."""

    id: str
    label: str
    hypothesis: str
    subject: str
    status: str
    items: tuple[CriterionItem, ...]
    references: tuple[str, ...]


@attrs.frozen
class Caution:
    """A warning about reasoning, and why it is given here; ``short``: what a brief answer says of it."""

    id: str
    text: str
    rule: str
    subjects: tuple[str, ...]
    because: tuple[Premise, ...]
    limits: str
    references: tuple[str, ...]
    short: str = ""
    offers: tuple[str, ...] = ()


@attrs.frozen
class Recommendation:
    """Something to consider doing, and why; ``short``: what a brief answer says of it."""

    kind: str
    text: str
    rule: str
    subjects: tuple[str, ...]
    because: tuple[Premise, ...]
    limits: str
    references: tuple[str, ...]
    short: str = ""
    offers: tuple[str, ...] = ()


@attrs.frozen
class Question:
    """
    One step to ask or examine next; ``subject`` names the muscle or diagnosis it is about, ``gain`` what it could change for its cost.
    """

    terms: tuple[str, ...]
    subject: str
    text: str
    why: str
    cost: str
    step: str = ""
    gain: float = 0.0


@attrs.frozen
class KnowledgeUsed:
    """Which rules gave an answer."""

    id: str
    version: str
    status: str
    digest: str


class Tools(Protocol):
    """What can be asked of an assessment when the rules that made it are at hand."""

    def why(self, assessment: "Assessment", id: str) -> "Proof":
        """The proof of a conclusion."""
        ...

    def why_not(self, assessment: "Assessment", id: str) -> "Shortfall":
        """Why something was not concluded."""
        ...

    def flip(self, assessment: "Assessment", id: str, through: Literal["unknown", "any"], work: int) -> "Flips":
        """The smallest changes that would reach or undo a conclusion."""
        ...

    def what_if(self, assessment: "Assessment", changes: Mapping[str, Any]) -> "WhatIf":
        """The assessment with findings changed, and the difference."""
        ...

    def robustness(self, assessment: "Assessment", id: str | None) -> "tuple[Fragile, ...]":
        """What rests on a single sign of poor agreement."""
        ...

    def questions(self, assessment: "Assessment") -> tuple[Question, ...]:
        """What to ask or examine next."""
        ...

    def text(self, assessment: "Assessment", full: bool) -> str:  # noqa: FBT001 - the only reader passes it on
        """The assessment as a clinician reads it, in brief or in full."""
        ...

    def note(self, assessment: "Assessment") -> str:
        """What goes into the chart."""
        ...

    def html(self, assessment: "Assessment") -> str:
        """The assessment as a block of HTML."""
        ...

    def body_map(self, assessment: "Assessment") -> str:
        """Where it hurts and which muscles could send the pain, as SVG."""
        ...

    def derivation_graph(self, assessment: "Assessment") -> "nx.DiGraph[tuple[str, str]]":
        """How it was concluded, as a graph."""
        ...

    def derivation_svg(self, assessment: "Assessment", id: str | None) -> str:
        """How it was concluded, drawn."""
        ...

    def derivation_mermaid(self, assessment: "Assessment", id: str | None) -> str:
        """How it was concluded, for Mermaid."""
        ...


@attrs.frozen
class Proof:
    """
    Why a conclusion holds: a statement, the rule that gave it, and the proofs of what it rests on.

    ``str(proof)`` is indented text down to findings and references.
    """

    statement: str
    kind: str
    id: str
    subject: str
    rule: str = ""
    title: str = ""
    references: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    limits: str = ""
    because: "tuple[Proof, ...]" = ()

    def to_dict(self) -> dict[str, Any]:
        """The proof as plain data."""
        data: dict[str, Any] = plain(self)
        return data

    @property
    def short(self) -> str:
        """The proof in one sentence: what holds, and the nearest reasons, each once."""
        reasons = list(dict.fromkeys(lowered(proof.statement.rstrip(".")) for proof in self.because))
        more = f"; and {len(reasons) - 4} more" if len(reasons) > 4 else ""
        return f"{self.statement.rstrip('.')}" + (f", because {'; '.join(reasons[:4])}{more}." if reasons else ".")

    def __str__(self) -> str:
        return "\n".join(self._lines(0, set(), set()))

    def _lines(self, depth: int, told: set[tuple[str, str]], cited: set[str]) -> Iterable[str]:
        """This proof, indented; a rule already told of the same subject is named only, a source already cited too."""
        pad = "  " * depth
        again = bool(self.rule) and (self.rule, self.subject) in told
        yield f"{pad}{self.statement}" + (" (as above)" if again else "")
        if again:
            return
        told.add((self.rule, self.subject))
        if self.rule:
            yield f"{pad}  rule {self.rule}: {self.title}"
        for source in self.sources:
            yield f"{pad}  source: {source.partition(':')[0] if source in cited else source}"
            cited.add(source)
        if self.limits:
            yield f"{pad}  limits: {self.limits}"
        for proof in self.because:
            yield from proof._lines(depth + 1, told, cited)  # noqa: SLF001 - its own class


@attrs.frozen
class NearMiss:
    """
    A rule that could have concluded something and did not.

    ``missing`` is about how many findings it still needs (one that it reads twice is counted twice), None where what is recorded
    rules it out; ``holds``, ``unknown`` and ``against`` say of its parts which stand, which are not known, and which are recorded
    against it; ``ask`` are the open findings in words.
    """

    rule: str
    title: str
    subject: str
    missing: int | None
    holds: tuple[str, ...]
    unknown: tuple[str, ...]
    against: tuple[str, ...]
    ask: tuple[str, ...]
    references: tuple[str, ...]


@attrs.frozen
class Shortfall:
    """Why something was not concluded: the rules that could have, nearest first."""

    id: str
    label: str
    status: str
    rules: tuple[NearMiss, ...]

    def to_dict(self) -> dict[str, Any]:
        """The shortfall as plain data."""
        data: dict[str, Any] = plain(self)
        return data

    def __str__(self) -> str:
        lines = [f"{self.label}: {self.status}."]
        for miss in self.rules:
            if miss.missing is None:
                far = "ruled out by what is recorded"
            else:
                far = "1 finding short" if miss.missing == 1 else f"about {miss.missing} findings short"
            lines.append(f"  {miss.title} ({far})")
            for name, parts in (
                ("stands", miss.holds),
                ("recorded against it", miss.against),
                ("not known", miss.unknown),
                ("ask", _gathered(miss.ask)),
            ):
                if len("; ".join(parts)) <= _ONE_LINE:
                    lines += [f"    {name}: {'; '.join(parts)}"] if parts else []
                else:
                    lines.append(f"    {name}:")
                    lines += [
                        line
                        for part in parts
                        for line in textwrap.wrap(part, _ONE_LINE, initial_indent="      - ", subsequent_indent="        ")
                    ]
        return "\n".join(lines)


_ONE_LINE = 100


def _gathered(labels: Iterable[str]) -> list[str]:
    """
    Labels as a list to tick off: those that begin alike are one entry, and left and right of one thing are said once.

    >>> _gathered(["WPI: jaw, left", "WPI: jaw, right", "WPI: neck", "fever", "pain in the calf"])
    ['WPI: jaw, left and right; neck', 'fever', 'pain in the calf']
    """
    of: dict[str, dict[str, list[str]]] = {}
    for label in labels:
        start, colon, rest = label.rpartition(": ")
        what, comma, side = rest.rpartition(", ") if rest.endswith((", left", ", right")) else (rest, "", "")
        of.setdefault(start + colon or what, {}).setdefault(what, []).extend([side] if comma else [])
    return [
        (start if start.endswith(": ") else "")
        + "; ".join(what + (f", {' and '.join(sides)}" if sides else "") for what, sides in entries.items())
        for start, entries in of.items()
    ]


@attrs.frozen
class Difference:
    """In what two assessments differ, in words; ``rules`` names, for each line, the rule behind it where one is."""

    lines: tuple[str, ...]
    rules: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self.lines) if self.lines else "Nothing changes."

    def __bool__(self) -> bool:
        return bool(self.lines)


@attrs.frozen
class WhatIf:
    """An assessment under changed findings, and in what it differs."""

    assessment: "Assessment"
    difference: Difference

    def __str__(self) -> str:
        return str(self.difference)


@attrs.frozen
class Fragile:
    """Something concluded that would change if one sign was misjudged: the sign, how well examiners agree on it, and what would change."""

    sign: str
    text: str
    agreement: str
    change: Difference


@attrs.frozen
class FlipChange:
    """One finding that would have to change: its address, the value it would take, both in words, and what it costs to obtain."""

    address: str
    value: Any
    text: str
    cost: str


@attrs.frozen
class Flip:
    """A smallest set of changes that turns a conclusion; ``cost`` is that of its dearest finding."""

    changes: tuple[FlipChange, ...]
    cost: str


@attrs.frozen
class Flips:
    """
    What would reach a conclusion (``reached`` false) or undo it (true): the sets of changes, cheapest first.

    ``largest`` is the size up to which sets are exact; ``complete`` says that none of what was tried was left out, and ``untried``, in words,
    what else the conclusion depends on that no set changes.
    """

    id: str
    label: str
    reached: bool
    through: str
    sets: tuple[Flip, ...]
    complete: bool
    largest: int
    untried: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The sets as plain data."""
        data: dict[str, Any] = plain(self)
        return data

    def __str__(self) -> str:
        verb = "would no longer hold" if self.reached else "would be reached"
        untried = [f"  not tried: {'; '.join(self.untried)}"] if self.untried else []
        if not self.sets:
            what = " that are not known yet" if self.through == "unknown" else ""
            tried = "" if self.complete else " that was tried"
            return "\n".join([f"{self.label} {verb} by no change of up to {self.largest} findings{what}{tried}.", *untried])
        lines = [f"{self.label} {verb} with:"]
        lines += [f"  {number}. {'; '.join(change.text for change in one.changes)} ({one.cost})" for number, one in enumerate(self.sets, 1)]
        if not self.complete:
            lines.append("  and more")
        return "\n".join([*lines, *untried])


def _settled(hypotheses: tuple[Hypothesis, ...]) -> bool:
    """Whether no hypothesis could still overtake the first, whatever the arguments that are not decided turn out to be."""
    if not hypotheses or not hypotheses[0].supports:
        return not any(h.could_be[1] in ("confirmed", "probable", "possible") for h in hypotheses)
    worst = STATUSES.index(hypotheses[0].could_be[0])
    return all(STATUSES.index(other.could_be[1]) > worst or not other.undecided for other in hypotheses[1:])


@attrs.frozen
class Assessment:
    """
    What the rules say of one patient: plain data, ranked and explained.

    ``beyond`` lists, in words, pain and danger signs recorded that the red flags of these rules do not cover.

    Equality, hash, JSON and pickle ignore the tools; after ``from_dict`` or unpickling the methods that need the rules
    raise until ``with_tools`` has been called.
    """

    urgency: Literal["none", "soon", "urgent", "emergency"]
    screening: Literal["complete", "partial", "not_done"]
    alerts: tuple[Alert, ...]
    unscreened: tuple[Unscreened, ...]
    beyond: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    muscles: tuple[MuscleCandidate, ...]
    coverings: tuple[Covering, ...]
    criteria: tuple[CriterionResult, ...]
    cautions: tuple[Caution, ...]
    recommendations: tuple[Recommendation, ...]
    trace: tuple[Derivation, ...]
    findings: Findings
    knowledge: KnowledgeUsed
    _questions: tuple[Question, ...] | None = attrs.field(default=None, eq=False, repr=False, alias="questions")
    _tools: Tools | None = attrs.field(default=None, eq=False, repr=False, alias="tools")
    _source: Source | None = attrs.field(default=None, init=False, eq=False, repr=False)

    @classmethod
    def later(
        cls, source: Source, urgency: Literal["none", "soon", "urgent", "emergency"], findings: Findings, knowledge: KnowledgeUsed
    ) -> "Assessment":
        """An assessment of which everything else is worked out when it is first looked at."""
        made = cls.__new__(cls)
        _put(made, "urgency", urgency)
        _put(made, "findings", findings)
        _put(made, "knowledge", knowledge)
        _put(made, "_questions", None)
        _put(made, "_tools", None)
        _put(made, "_source", source)
        return made

    def __getattr__(self, name: str) -> Any:
        """A field that nobody has looked at yet."""
        if name not in _LATER:
            raise AttributeError(name)
        value = self._source.field(name)  # type: ignore[union-attr]
        _put(self, name, value)
        return value

    FORMAT: ClassVar[str] = "mps_rules.assessment/1"

    def with_tools(self, tools: Tools | None) -> "Assessment":
        """The same assessment, able to explain itself."""
        if self._source is None:
            return attrs.evolve(self, tools=tools)
        made = Assessment.later(self._source, self.urgency, self.findings, self.knowledge)
        _put(made, "_tools", tools)
        return made

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What to ask or examine next, most useful first; worked out when first asked for."""
        return self._need_tools().questions(self) if self._questions is None else self._questions

    @property
    def should_stop(self) -> bool:
        """Whether nothing that is unknown could raise the urgency or put another hypothesis first."""
        higher = URGENCIES[: URGENCIES.index(self.urgency)] if self.urgency != "none" else URGENCIES
        if any(flag.urgency in higher for flag in self.unscreened) or any(a.status == "open" and a.urgency in higher for a in self.alerts):
            return False
        return _settled(self.hypotheses)

    def why(self, id: str) -> Proof:
        """
        The proof of a hypothesis, alert, caution, criterion, derived id, muscle or rule, down to findings and sources.

        Raises:
            FindingError: nothing of that id was concluded.

        """
        return self._need_tools().why(self, id)

    def why_not(self, id: str) -> "Shortfall":
        """
        Why something was not concluded: the rules that could have, what is recorded against them and what is not known, nearest first.

        Raises:
            FindingError: it was concluded, or nothing of that id can be.

        """
        return self._need_tools().why_not(self, id)

    def flip(self, id: str, through: Literal["unknown", "any"] = "unknown", *, work: int = FLIP_WORK) -> "Flips":
        """
        The smallest sets of findings, up to three, whose change would reach or undo a conclusion; cheapest first.

        Args:
            id: a hypothesis (reached from ``probable`` on; a cause where its points reach its line), alert, criterion, derived id, caution or rule.
            through: ``unknown``: only what is not known, that is, what to ask or examine; ``any``: also what is recorded, that is, on
                what the conclusion hangs.
            work: how many steps the search may take, a second or two as it stands; what it did not get to is named in ``untried``, and
                ``complete`` is false.

        Raises:
            FindingError: nothing of that id can be concluded.

        """
        return self._need_tools().flip(self, id, through, work)

    def what_if(self, changes: Mapping[str, Any]) -> "WhatIf":
        """
        A new assessment with findings changed, and the difference in words; this one stays as it is.

        Args:
            changes: address to value, None for not known: ``fever``, ``low_back.left``, ``gluteus_medius.left.taut_band``,
                ``facet_syndrome.label_treated_without_relief``, ``labels.facet_syndrome``.

        Raises:
            FindingError: an address names nothing, or a value does not fit or contradicts; all faults.

        """
        return self._need_tools().what_if(self, changes)

    def robustness(self, id: str | None = None) -> "tuple[Fragile, ...]":
        """
        What would change if a single palpation sign, on which examiners agree no better than chance in some study, was misjudged.

        Raises:
            FindingError: nothing of that id can be concluded.

        """
        return self._need_tools().robustness(self, id)

    def text(self, *, full: bool = False) -> str:
        """
        The assessment as plain text.

        Args:
            full: everything that is said, with reasons and sources; left out, what matters, in at most fifteen lines of 88 columns.

        """
        return self._need_tools().text(self, full)

    def note(self) -> str:
        """A note for the record as plain text, a paragraph each for what was told, what was found, what the rules say of it, and the plan."""
        return self._need_tools().note(self)

    def body_map(self) -> str:
        """Where it hurts and which muscles could send the pain, as SVG text."""
        return self._need_tools().body_map(self)

    def derivation_graph(self) -> "nx.DiGraph[tuple[str, str]]":
        """How everything was concluded: findings, rules, conclusions and references as nodes ``(kind, id)`` with a ``label``."""
        return self._need_tools().derivation_graph(self)

    def derivation_svg(self, id: str | None = None) -> str:
        """
        What led to a conclusion, drawn in layers as SVG text; left out, the alerts and the leading hypothesis.

        Raises:
            FindingError: nothing of that id was concluded.

        """
        return self._need_tools().derivation_svg(self, id)

    def derivation_mermaid(self, id: str | None = None) -> str:
        """
        The same as Mermaid flowchart text.

        Raises:
            FindingError: nothing of that id was concluded.

        """
        return self._need_tools().derivation_mermaid(self, id)

    def _repr_html_(self) -> str | None:
        """What a notebook shows."""
        return self._tools.html(self) if self._tools else None

    def _need_tools(self) -> Tools:
        if self._tools is None:
            message = "this assessment was read back or unpickled; give it the rules again: mps.attach(assessment, kb)"
            raise ValueError(message)
        return self._tools

    def to_dict(self) -> dict[str, Any]:
        """The assessment as plain data, the names of its fields as keys."""
        return {"format": self.FORMAT, **plain(self), "questions": plain(self.questions)}

    def to_json(self) -> str:
        """The assessment as JSON text; the same input gives the same bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    @classmethod
    def from_dict(cls, data: Any) -> "Assessment":
        """
        The assessment that ``to_dict`` wrote.

        Raises:
            FindingError: the data is not that of an assessment; every fault is listed.

        """
        from mps_rules.structure import structure

        if not isinstance(data, Mapping) or data.get("format") != cls.FORMAT:
            raise FindingError([Fault("format", f"not an assessment of format {cls.FORMAT}")])
        value, faults = structure({key: part for key, part in data.items() if key != "format"}, cls, dotted)
        if value is None:
            raise FindingError(faults)
        return value

    def __getstate__(self) -> dict[str, Any]:
        state = {a.name: getattr(self, a.name) for a in attrs.fields(type(self)) if a.name not in ("_tools", "_source")}
        return {**state, "_questions": self.questions if self._tools else self._questions}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            _put(self, name, value)
        _put(self, "_tools", None)
        _put(self, "_source", None)


_LATER = frozenset(a.name for a in attrs.fields(Assessment) if not a.name.startswith("_"))
