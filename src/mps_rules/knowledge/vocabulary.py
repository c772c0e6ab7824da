"""
The words of a pack, all frozen: findings, measures, regions, muscles, diagnoses, units.

Nothing here knows a patient, or computes an opinion.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, TypeAlias

import attrs

from mps_rules.errors import Misfit, closest, shown
from mps_rules.language.conditions import Condition, Not, PainAt, pain_places

Subject: TypeAlias = Literal["patient", "muscle", "label"]
COSTS = ("asked", "examined", "tested", "imaged")
"""From the cheapest to the dearest way to obtain a finding."""
SIDES = ("left", "right")
KINDS_OF_HYPOTHESIS = ("myofascial", "widespread", "structural", "neural", "inflammatory", "serious", "visceral")
PATIENT = "patient"
"""The subject of everything that is not about one muscle or one diagnosis."""


NAMES = (
    *("Achilles", "Beighton", "Crohn", "Finkelstein", "Gaenslen", "Guillain", "Hoffmann", "Kienboeck", "Lemierre", "Lyme"),
    *("Marfan", "McMurray", "Murphy", "Osgood", "Oswestry", "Parkinson", "Raynaud", "Romberg", "Spurling", "Tinel", "Trendelenburg"),
)
"""Names of people and places with which a label may begin."""


def muscle_subject(muscle: str, side: str | None) -> str:
    """
    The subject of a muscle and side.

    >>> muscle_subject("soleus", "left"), muscle_subject("soleus", None)
    ('soleus.left', 'soleus')
    """
    return f"{muscle}.{side}" if side else muscle


def lowered(label: str) -> str:
    """
    A label as it stands inside a sentence; the names of people and places keep their capital.

    >>> lowered("Mid back (about T5-T9)"), lowered("SIJ compression painful"), lowered("Guillain-Barré syndrome")
    ('mid back (about T5-T9)', 'SIJ compression painful', 'Guillain-Barré syndrome')
    """
    ordinary = label[1:2].islower() or label[1:2] == " "
    return label[:1].lower() + label[1:] if ordinary and not label.startswith(NAMES) else label


_PREPOSITIONS = ("over", "between", "around", "behind", "inside", "deep")


def placed(region: str) -> str:
    """
    A region's name as a place inside a sentence.

    >>> placed("low back (lumbar)"), placed("over the shoulder blade")
    ('in the low back (lumbar)', 'over the shoulder blade')
    """
    return region if region.startswith(_PREPOSITIONS) else f"in the {region}"


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
    def area(self) -> PainAt | None:
        """The places of which the finding says that it hurts in one of them, no more and no less, where it stands for no region."""
        source = self.implied_by
        return source if self.stands_for is None and isinstance(source, PainAt) and self.denied_by == Not(source) else None

    @cached_property
    def draws(self) -> bool:
        """Whether the finding is an entry of the pain map."""
        return self.stands_for is not None or self.area is not None

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
class Called:
    """What a muscle, a group of muscles or a place is called beside its label: ``plain`` to a patient, ``also`` by those who look for it."""

    id: str
    plain: str = ""
    also: tuple[str, ...] = ()


@attrs.frozen
class Plainly:
    """
    What a sheet for the patient says of an advice, a row of care, a state of a muscle or a hypothesis, whose id it has.

    ``back``: when to come back, after the beginning ``text``; ``stretch`` and ``release`` are how, of a row of care.
    """

    id: str
    text: str = ""
    back: tuple[str, ...] = ()
    stretch: str = ""
    release: str = ""


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


_QUANTITY = re.compile(r"\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*(\S(?:.*\S)?)?\s*\Z")
_REMARK = re.compile(r"\{[^{}]*\}")
_FRACTION = re.compile(r"\s*(?:([0-9]{1,4})\s+)?([0-9]{1,4})\s*/\s*([1-9][0-9]{0,3})\s*(\S(?:.*\S)?)?\s*\Z")
"""1/2 year, 1 1/2 years; or 7/10, seven points of ten."""
_VAGUE = re.compile(r"\s*(?:a couple of|a few|a|an|some|several|few|about an?|almost an?|more than an?)\s+([A-Za-z]+)\s*\Z", re.IGNORECASE)


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
    called: Mapping[str, Called] = attrs.Factory(dict)
    handout: Mapping[str, Plainly] = attrs.Factory(dict)

    def __repr__(self) -> str:
        told = (len(self.terms), len(self.regions), len(self.muscles), len(self.diagnoses))
        return "<Vocabulary: {} findings, {} regions, {} muscles, {} diagnoses>".format(*told)

    def unit(self, written: str) -> Unit | None:
        """The unit of that code or spelling; what stands in braces within one is a remark in UCUM, and changes nothing."""
        if written in self.units:
            return self.units[written]
        found = next((unit for unit in self.units.values() if written in unit.also), None)
        bare = _REMARK.sub("", written)
        return self.unit(bare) if found is None and bare and bare != written else found

    def quantity(self, value: Any, term: Term) -> float:
        """
        A number, or text with a unit, as a number in the term's own unit.

        Raises:
            Misfit: not a quantity, an unknown unit, a unit of another dimension, or outside the term's range.

        """
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise Misfit(f"expected a number{self._in_unit(term)}, got {shown(value)}")
        number = self._written(value, term) if isinstance(value, str) else float(value) if abs(value) < 1e300 else float("inf")
        if not float("-inf") < number < float("inf"):
            raise Misfit(f"{shown(value)} is not a number")
        if term.range and not term.range[0] <= number <= term.range[1]:
            raise Misfit(f"{number:g} is outside {term.range[0]:g} to {term.range[1]:g}{self.shown_unit(term.id)}")
        return number

    def _written(self, text: str, term: Term) -> float:
        """A number as people write it: with a unit or without, a fraction of a time, points of so many."""
        short = text if len(text) <= 100 else ""
        if fraction := _FRACTION.match(short):
            return self._fraction(fraction, text, term)
        if match := _QUANTITY.match(short):
            return self._converted(float(match[1]), match[2], term) if match[2] else float(match[1])
        told = f"expected a number{self._in_unit(term)}, got {shown(text)}"
        if vague := _VAGUE.match(short):
            raise Misfit(f"{told}; say how many {vague[1].lower()}, or between what: {{at_least: ..., at_most: ...}}")
        raise Misfit(told)

    def _fraction(self, match: "re.Match[str]", text: str, term: Term) -> float:
        """A half of a year; seven points of ten where ten is the most that there can be. Nothing else is read with a stroke."""
        whole, over, under, unit = int(match[1] or 0), int(match[2]), int(match[3]), match[4]
        own = self.units.get(term.unit or "1")
        if unit and own is not None and own.dimension == "time":
            return self._converted(whole + over / under, unit, term)
        lowest, highest = term.range or (None, None)
        if not (unit or match[1] or (own and own.named)) and lowest == 0 and highest == under:
            return float(over)
        ends = f" from {term.range[0]:g} to {term.range[1]:g}" if term.range else ""
        raise Misfit(f"expected a number{self._in_unit(term)}, got {shown(text)}; write one number{ends}")

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
            how = f"write it in {own.named}" if own.named else "write a bare number"
            raise Misfit(f"{written!r} does not measure {term.label.lower()!r}; {how}")
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

    def other_names(self, id: str) -> tuple[str, ...]:
        """What a muscle or a place is called beside its label, by those who look for it; a muscle, as its group too."""
        ids = (id, self.muscles[id].group) if id in self.muscles else (id,)
        rows = [self.called[one] for one in dict.fromkeys(ids) if one in self.called]
        return tuple(name for row in rows for name in (row.plain, *row.also) if name)

    @cached_property
    def possible_sides(self) -> dict[str, tuple[str, ...]]:
        """Each region's sides; a group without sides of its own has left and right where some part of it has: pain somewhere in that half."""
        found = {region.id: region.sides for region in self.regions.values()}
        for region in self.regions.values():
            above = region.parent if region.sides else None
            while above:
                found[above] = found[above] or SIDES
                above = self.regions[above].parent
        return found

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
                    return f"{whole} {one.named.removesuffix('s') if whole == 1 else one.named}"
        return f"{amount:g}{self.shown_unit(term)}"

    def subject_label(self, subject: str) -> str:
        """The name of a subject: the patient, a muscle and side, or a diagnosis."""
        if subject == PATIENT:
            return "the patient"
        if subject in self.diagnoses:
            return self.diagnoses[subject].label
        muscle, _, side = subject.partition(".")
        return self.muscle_label(muscle) + (f" ({side})" if side else "")
