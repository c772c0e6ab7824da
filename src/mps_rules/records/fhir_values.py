"""What a coded value of a chart says of a finding, a place or a diagnosis: the floor on which resources and forms are read."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import inf, nextafter
from typing import Any, TypeAlias

import attrs

from mps_rules.errors import Misfit
from mps_rules.knowledge.code_tables import CodeMeaning
from mps_rules.knowledge.dangers import dangers_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, Term
from mps_rules.language.conditions import Interval
from mps_rules.language.plain import plain
from mps_rules.patient.addresses import Address
from mps_rules.records import fhir_json as f
from mps_rules.records.claims import EXAMINED, Moment, Noted, Statement, settled
from mps_rules.records.codes import UNKNOWN_CODE, UNKNOWN_SYSTEM, CodeBook, Entry, Own, code_book, own_system

UNITLESS = ("{score}", "{count}", "1")
UNTOLD = Moment()
NOTHING = f.Value(is_told=False)
PAIN, MAP_COMPLETE = "pain", "pain_map_complete"
OVER = ("inactive", "remission", "resolved")
DEAD = ("entered-in-error", "cancelled", "not-done", "draft", "not-taken", "intended", "preparation", "on-hold", "stopped")
"""Statuses of what says nothing of the patient, where a kind of resource does not read them."""
TAKEN_NO_MORE = ("completed", "stopped")
"""Statuses of a medicine that was given and is no more."""
Said: TypeAlias = bool | float | str | Interval | None
UNKNOWN = (UNKNOWN_CODE, UNKNOWN_SYSTEM)


@attrs.frozen
class ImportReport:
    """
    What was made of the resources of a patient; ``on`` is the day on which they were read, "" where none was given.

    ``complete`` is false where the resources say themselves that they are only a part.
    """

    on: str
    resources: int
    used: tuple[Noted, ...]
    skipped: tuple[Noted, ...]
    suspicious: tuple[Noted, ...]
    complete: bool = True

    @property
    def unknown_codes(self) -> tuple[tuple[str, int], ...]:
        """How many codes of each system are not known here; "other" is any system that is not."""
        told = Counter("other" if one.what == UNKNOWN_SYSTEM else one.code.split()[0] for one in self.skipped if one.what in UNKNOWN)
        return tuple(sorted(told.items()))

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        data: dict[str, Any] = plain(self)
        return data

    def __str__(self) -> str:
        lines = [
            f"{self.resources} resources: {len(self.used)} findings used, {len(self.skipped)} entries not, {len(self.suspicious)} in doubt."
        ]
        lines += [] if self.complete else ["More resources exist than were given: what is not here is not absent."]
        lines += [] if self.on else ["No day was given: ages and how old a record is were not worked out."]
        lines += [f"  used: {one}" for one in self.used] + [f"  in doubt: {one}" for one in self.suspicious]
        reasons: dict[str, int] = {}
        for one in self.skipped:
            reasons[one.what] = reasons.get(one.what, 0) + 1
        return "\n".join(
            [*lines, *(f"  not read: {what} ({count})" for what, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0])))]
        )


@attrs.frozen
class Record:
    """
    A resource, or a part of one, on its way: where it stands, when it was made, which part of the body it is about.

    ``kind`` is the kind of resource where what it says grows old; a condition that is said to be active does not. ``doubt`` is why it is in doubt.
    """

    where: str
    when: Moment = UNTOLD
    kind: str = ""
    doubt: str = ""
    muscle: str = ""
    region: str = ""
    side: str | None = None
    label: str = ""
    sited: bool = False
    signs: tuple[bool, ...] = ()

    def within(self, part: str) -> "Record":
        """A part of this record."""
        return attrs.evolve(self, where=f"{self.where}.{part}")


class Values:
    """What has been said so far, and the report; what a value says of a finding."""

    def __init__(self, base: KnowledgeBase, on: date | None, at: datetime | None) -> None:
        self.base, self.on, self.at = base, on, at
        self.words = base.vocabulary
        self.book: CodeBook = code_book(base)
        self.windows = {id_: window.within for window in base.omop.windows for id_ in window.terms}
        self.claims: list[Statement] = []
        self.skipped: list[Noted] = []
        self.suspicious: list[Noted] = []
        self.doubt = ""
        self.several = False
        self.complete = True
        self.count = 0
        self.patients: set[str] = set()
        self.asked_for = False
        self.servers: set[str] = set()
        self.addresses: set[str] = set()
        self.numbers: set[tuple[str, str]] = set()
        self.conditions: dict[str, str] = {}
        self.forms: dict[str, Mapping[str, Any]] = {}
        self.medications: dict[str, Mapping[str, Any]] = {}

    def _skip(self, where: str, code: str, why: str) -> None:
        self.skipped.append(Noted(where, code, why))

    def _doubt(self, where: str, code: str, why: str) -> None:
        self.suspicious.append(Noted(where, code, why))

    def _is_live(self, resource: Mapping[str, Any], where: str, *accepted: str) -> bool:
        """Whether the status of a resource lets it be read, if only in doubt; a missing one does."""
        status = resource.get("status")
        if status in DEAD and status not in accepted:
            self._skip(where, "", f"its status is {status}")
            return False
        if status is not None and status not in accepted:
            self.doubt = self.doubt or "its status is not known here"
        return True

    def _is_past(self, when: Moment, where: str) -> bool:
        """Whether a record is not of more than a day after the time at which it is read."""
        begins = when.begins
        ahead = begins is not None and self.on is not None and begins > self.on + timedelta(days=1)
        if self.at is not None and isinstance(when.first, datetime):
            ahead = when.first > self.at + timedelta(days=1)
        if ahead:
            self._skip(where, "", "is dated after the day on which it is read")
        return not ahead

    def _is_fresh(self, record: Record, target: Address) -> bool:
        """Whether a record is young enough to say something of the day on which it is read."""
        ends = record.when.ends
        if self.on is None or ends is None or not record.kind:
            return True
        days = self.windows.get(target.term) or self.base.codes.look_back_days.get(record.kind)
        return not isinstance(days, int | float) or (self.on - ends).days <= days

    def _held(self, record: Record, code: str, meaning: CodeMeaning, verified: str, *, over: bool) -> None:
        """A condition that a chart holds as so, as refuted, as over or as one of several possible."""
        if verified == "refuted":
            self._mean(record, code, meaning, f.Value(truth=False))
        elif over and meaning.period != "history":
            self._skip(record.where, code, "is over: history, not present")
        else:
            self._mean(record, code, meaning, f.Value(truth=True))

    def _medication(self, resource: Mapping[str, Any], record: Record) -> None:
        named = f.mapping(resource.get("medication"))  # of R5
        name = f.text(f.mapping(resource.get("medicationReference") or named.get("reference")).get("reference"))
        inside = {f"#{f.text(mapping.get('id'))}": mapping for mapping in f.mappings(resource.get("contained"))}
        found = inside.get(name) or self.medications.get(name) or self.medications.get(name.rpartition("/")[2])
        concept = resource.get("medicationCodeableConcept") or named.get("concept") or f.mapping(found).get("code")
        self._done(record, concept, over=resource.get("status") in TAKEN_NO_MORE)

    def _done(self, record: Record, concept: Any, *, over: bool) -> None:
        if not self._is_past(record.when, record.where):
            return
        entry = self._entry(record, concept)
        for meaning in entry.meanings:
            self._held(record, entry.shown, meaning, "", over=over)

    def _in_own_unit(self, value: f.Value, term: str) -> f.Value:
        """A number of a form of our own is in the finding's unit."""
        known = self.words.terms.get(term)
        return attrs.evolve(value, unit=known.unit or "1") if known and value.number is not None and not value.unit else value

    # --- codes

    def _own(self, concept: Any, kind: Own) -> str:
        """The first of this pack's own codes of a kind in a concept."""
        system = own_system(self.base, kind)
        return next((f.text(coding.get("code")).strip() for coding in f.codings(concept) if coding.get("system") == system), "")

    def _entry(self, record: Record, concept: Any) -> Entry:
        """What the first known code of a concept means; why not is reported."""
        entries = []
        for coding in f.codings(concept):
            code = coding.get("code")
            if isinstance(code, str) and code.strip():
                label = f.text(coding.get("display")) or f.text(f.mapping(concept).get("text"))
                entries.append(self.book.look_up(f.text(coding.get("system")), code.strip(), label))
        for entry in entries:
            if entry.doubt:
                self._doubt(record.where, entry.shown, entry.doubt)
        found = next((entry for entry in entries if entry.meanings), None)
        if found:
            return found
        told = next((entry for entry in entries if entry.unread), None)
        if told:
            self._skip(record.where, told.shown, told.unread)
        elif not entries:
            self._skip(record.where, "", "holds no code")
        return Entry("")

    def _truth(self, coding: Mapping[str, Any]) -> bool | None:
        """What a code that says just yes or no says."""
        if coding.get("system") == own_system(self.base, "answer"):
            return {"present": True, "absent": False}.get(f.text(coding.get("code")))
        entry = self.book.look_up(f.text(coding.get("system")), f.text(coding.get("code")))
        return next((meaning.truth for meaning in entry.meanings if meaning.truth is not None), None)

    def _truth_of(self, value: f.Value, record: Record) -> bool | None:
        """Whether a value says yes or no, or, where it does not, an interpretation."""
        if value.truth is not None:
            return value.truth
        for coding in value.codings:
            if (told := self._truth(coding)) is not None:
                return told
        return record.signs[0] if len(set(record.signs)) == 1 else None

    def _sited(self, record: Record, resource: Mapping[str, Any]) -> Record:
        """The record with the muscle or region that a body site names, and its side."""
        sites = f.listed(resource.get("bodySite"))
        name, _, own_side = self._own(sites, "muscle").partition(".")
        if name in self.words.muscles or name in self.words.groups:
            return attrs.evolve(record, muscle=name, side=known_side(own_side), sited=True)
        name, _, own_side = self._own(sites, "region").partition(".")
        if name in self.words.regions:
            return attrs.evolve(record, region=name, side=known_side(own_side), sited=True)
        found = (self.book.site(f.text(coding.get("system")), f.text(coding.get("code"))) for coding in f.codings(sites))
        return attrs.evolve(record, region=next(filter(None, found), ""), side=self._side(sites), sited=bool(sites))

    def _side(self, sites: list[Any]) -> str | None:
        """The side that a body site names: by a code of the map, or by the word left, right or bilateral in a label."""
        more = [extension.get("valueCodeableConcept") for site in f.mappings(sites) for extension in f.mappings(site.get("extension"))]
        codings = [*f.codings(sites), *f.codings(more)]
        labels = [f.text(coding.get("display"))[:200] for coding in codings] + [
            f.text(mapping.get("text"))[:200] for mapping in f.mappings(sites)
        ]
        told = {side for side in (*SIDES, "bilateral") if any(re.search(rf"\b{side}\b", label, re.IGNORECASE) for label in labels)}
        for coding in codings:
            told |= {
                meaning.side
                for meaning in self.book.look_up(f.text(coding.get("system")), f.text(coding.get("code"))).meanings
                if meaning.side
            }
        if told in ({*SIDES}, {"bilateral"}):
            return "bilateral"
        return told.pop() if len(told) == 1 else None

    # --- what is said

    def _patient_at(self, term: str) -> Address:
        return Address("patient", PATIENT, term)

    def _observed(self, record: Record, concept: Any, value: f.Value) -> None:
        """An observation, a component or an answer: a code, and a value."""
        own = self._own(concept, "finding")
        if own:
            self._own_observed(record, own, value)
            return
        entry = self._entry(record, concept)
        for meaning in entry.meanings:
            self._mean(record, entry.shown, meaning, value)

    def _own_observed(self, record: Record, own: str, value: f.Value) -> None:
        term, shown = self.words.terms.get(own), f"own {own}"
        if own in (PAIN, EXAMINED, MAP_COMPLETE):
            target = {
                PAIN: Address("pain", record.region, side=record.side) if record.region else None,
                EXAMINED: Address("muscle", record.muscle, EXAMINED, record.side) if record.muscle else None,
                MAP_COMPLETE: self._patient_at(MAP_COMPLETE),
            }[own]
            if target is None:
                self._skip(record.where, shown, "names no place of the body")
            elif own == EXAMINED and self._truth_of(value, record) is False:
                self._skip(record.where, shown, "says that it was not examined")
            else:
                self._say_truth(record, shown, target, self._truth_of(value, record), value=value)
        elif own == "pain_intensity" and record.region:
            self._pain_level(record, shown, value)
        elif term is None or term.fact:
            self._skip(record.where, "own code", "no finding of these rules")
        elif (target := self._own_target(record, term)) is None:
            self._skip(record.where, shown, f"names no {'muscle' if term.subject == 'muscle' else 'diagnosis'} that it is about")
        else:
            self._tell(record, shown, target, value)

    def _own_target(self, record: Record, term: Term) -> Address | None:
        if term.subject == "muscle":
            return Address("muscle", record.muscle, term.id, record.side) if record.muscle else None
        if term.subject == "label":
            return Address("label", record.label, term.id) if record.label else None
        return self._patient_at(term.id)

    def _own_word(self, record: Record, own: str, component: Mapping[str, Any]) -> None:
        """A component that says of one word of a list whether it holds."""
        term_id, _, word = self._own(component.get("code"), "value").partition(".")
        term = self.words.terms.get(own)
        target = self._own_target(record, term) if term is not None and not term.fact else None
        if term is None or target is None or term_id != own or word not in term.values:
            self._skip(record.where, "own code", "no word of this finding")
        else:
            value = f.value_of(component)
            self._say_word(record, f"own {own}", target, word, self._truth_of(value, record), value=value)

    def _mean(self, record: Record, code: str, meaning: CodeMeaning, value: f.Value) -> None:
        """What a code of another system says with this value."""
        answered = bool(value.codings) and (
            "*" in meaning.answers or any(f.text(coding.get("code")) in meaning.answers for coding in value.codings)
        )
        told = True if answered else self._truth_of(value, record)
        if told is False and meaning.finding and not meaning.denies:
            self._skip(record.where, code, "a code that means less than the finding is denied: the finding is not")
            return
        record = attrs.evolve(record, doubt=record.doubt or meaning.doubt)
        if meaning.label:
            self._say_truth(record, code, Address("given", meaning.label), told, value=value)
        if meaning.region:
            self._pain(record, code, meaning, value, told)
        if meaning.finding:
            term = self.words.terms[meaning.finding]
            if term.id == "pain_intensity" and record.sited:
                self._pain_level(record, code, value)
            elif meaning.word and told is not None:
                self._say_word(record, code, self._patient_at(term.id), meaning.word, told)
            elif term.kind == "boolean":
                self._say_truth(record, code, self._patient_at(term.id), told, value=value)
            else:
                self._tell(record, code, self._patient_at(term.id), value)
        if not (meaning.label or meaning.region or meaning.finding):
            self._skip(record.where, code, "says nothing by itself")

    def _pain(self, record: Record, code: str, meaning: CodeMeaning, value: f.Value, truth: bool | None) -> None:  # noqa: FBT001
        side: str | None = meaning.side or record.side
        if meaning.sided and code[-1:] in "12":
            side = SIDES[0] if code.endswith("2") else SIDES[1]
        record = attrs.evolve(record, region=meaning.region, side=side, sited=True)
        if value.number is not None and truth is None:
            self._pain_level(record, code, value)
            return
        for target in self._places(record):
            self._say_truth(record, code, target, truth, value=value)
        if truth and value.codings and meaning.answers:
            for coding in value.codings:
                entry = self.book.look_up(f.text(coding.get("system")), f.text(coding.get("code")))
                for word in (one for one in entry.meanings if one.word and one.finding):
                    self._say_word(record, entry.shown, self._patient_at(word.finding), word.word, True)

    def _places(self, record: Record) -> list[Address]:
        """The painful places that a record means: both sides of a region, or the side not known where the region has no such side."""
        possible = self.words.regions[record.region].sides
        if record.side == "bilateral" and set(SIDES) <= set(possible):
            return [Address("pain", record.region, side=side) for side in SIDES]
        return [Address("pain", record.region, side=record.side if record.side in possible else None)]

    def _pain_level(self, record: Record, code: str, value: f.Value) -> None:
        if not record.region:
            self._skip(record.where, code, "its body site is not known here")
            return
        level = self._quantity(record, code, self.words.terms["pain_intensity"], value)
        if level is None:
            return
        for target in self._places(record):
            self._say_truth(record, code, target, level > 0)
            self._say(record, code, target, "intensity", level)

    def _tell(self, record: Record, code: str, target: Address, value: f.Value) -> None:
        """A value of a finding, by what kind of finding it is."""
        if target.kind in ("pain", "given"):
            self._say_truth(record, code, target, self._truth_of(value, record), value=value)
            return
        term = self.words.terms[target.term]
        if term.kind == "boolean":
            self._say_truth(record, code, target, self._truth_of(value, record), value=value)
        elif term.kind in ("number", "duration"):
            self._say_number(record, code, target, term, value)
        else:
            words = [word for coding in value.codings if (word := self._word(coding, term))]
            for word in words:
                self._say_word(record, code, target, word, True)
            if not words:
                self._skip(record.where, code, value.why or "no word of this finding")
                self._say_unread(record, code, target, "", value)

    def _say_number(self, record: Record, code: str, target: Address, term: Term, value: f.Value) -> None:
        """A number, a range in which it lies, or a bound, as far as that decides what red flags ask of it."""
        ends = self._ends(record, code, term, value)
        if ends is None:
            self._say_unread(record, code, target, "", value)
            return
        number = ends[0] if ends[0] == ends[1] else Interval(*ends)
        read, readings = dangers_of(self.base), dangers_of(self.base).of_term.get(target.term, ())
        decides = not value.bound or not isinstance(number, Interval) or read.decides(readings, number)
        if decides or read.helps(readings, number):
            self._say(record, code, target, "", number)
        if not decides:
            self._skip(record.where, code, f"{value.why}, and it does not decide what is asked of {term.id}")
            self._say_unread(record, code, target, "", value)

    def _ends(self, record: Record, code: str, term: Term, value: f.Value) -> tuple[float, float] | None:
        """Between what a number lies, in the term's own unit; of a bound, up to where such a number can lie at all."""
        if value.bound and term.range:
            bound, amount = value.bound
            limit = self._quantity(record, code, term, attrs.evolve(value, number=amount))
            past = None if limit is None else {"above": nextafter(limit, inf), "below": nextafter(limit, -inf)}.get(bound, limit)
            low, high = (past, term.range[1]) if bound in ("at_least", "above") else (term.range[0], past)
        else:
            low = self._quantity(record, code, term, value)
            high = low if value.highest is None else self._quantity(record, code, term, attrs.evolve(value, number=value.highest))
        if low is None or high is None:
            return None
        if low > high:
            self._doubt(record.where, code, "a range that ends before it begins")
            return None
        return low, high

    def _word(self, coding: Mapping[str, Any], term: Term) -> str:
        if coding.get("system") == own_system(self.base, "value"):
            term_id, _, word = f.text(coding.get("code")).partition(".")
            return word if term_id == term.id and word in term.values else ""
        entry = self.book.look_up(f.text(coding.get("system")), f.text(coding.get("code")))
        return next((meaning.word for meaning in entry.meanings if meaning.finding == term.id and meaning.word), "")

    def _quantity(self, record: Record, code: str, term: Term, value: f.Value) -> float | None:
        """A number in the term's own unit; a wrong or missing unit is in doubt, not read."""
        if value.number is None:
            self._skip(record.where, code, value.why or "the answer is no number")
            return None
        own = self.words.unit(term.unit or "1")
        measured = own.named if own else term.unit
        given = self.words.unit(value.unit) if value.unit else None
        if not value.unit and term.unit not in UNITLESS:
            self._doubt(record.where, code, f"no unit; {term.id} is measured in {measured}")
            return None
        if value.unit and given is None:
            self._doubt(record.where, code, f"a unit that is not known here; {term.id} is measured in {measured}")
            return None
        try:
            same = given is None or own is None or given.id == own.id
            return self.words.quantity(value.number if same else f"{value.number:f} {value.unit}", term)
        except Misfit:
            wrong = given is not None and own is not None and given.dimension != own.dimension
            what = f"wrong unit; {term.id} is measured in {measured}" if wrong else f"outside of what {term.id} can be"
            self._doubt(record.where, code, what)
            return None

    def _say_truth(self, record: Record, code: str, target: Address, told: bool | None, *, value: f.Value = NOTHING) -> None:  # noqa: FBT001
        if told is None:
            self._skip(record.where, code, value.why or "the answer is neither yes nor no")
            self._say_unread(record, code, target, "", value)
        else:
            self._say(record, code, target, "", told)

    def _say_unread(self, record: Record, code: str, target: Address, part: str, value: f.Value) -> None:
        """That something is recorded of a finding of the patient which cannot be read; a coded answer that is not known here is no such thing."""
        if value.is_told and not value.codings and target.kind == "patient":
            self._say(attrs.evolve(record, doubt=record.doubt or "what is recorded cannot be read"), code, target, part, None)

    def _say_word(
        self,
        record: Record,
        code: str,
        target: Address,
        word: str,
        told: bool | None,  # noqa: FBT001
        *,
        value: f.Value = NOTHING,
    ) -> None:
        """That a word of a list holds, or not; where only one can hold, it is the value."""
        if told is None:
            self._skip(record.where, code, "the answer is neither yes nor no")
            self._say_unread(record, code, target, "" if self.words.terms[target.term].kind == "one_of" else word, value)
        elif told and self.words.terms[target.term].kind == "one_of":
            self._say(record, code, target, "", word)
        else:
            self._say(record, code, target, word, told)

    def _say(self, record: Record, code: str, target: Address, part: str, value: Said, *, rank: int = 0) -> None:
        stale = "" if self._is_fresh(record, target) else "is too old to say something of that day"
        goes_on = record.where.startswith("Condition") and not record.kind
        self.claims.append(Statement(target, part, value, record.when, rank, record.where, code, record.doubt, stale, goes_on))

    # --- what stands in the end

    def result(self) -> tuple[dict[str, Any], ImportReport]:
        """The mapping of what stands, and the report."""
        stood = settled(self.claims, self.base, self.on, self.at.tzinfo if self.at else None)
        report = ImportReport(
            on=self.on.isoformat() if self.on else "",
            resources=self.count,
            used=tuple(Noted(claim.where, claim.code, str(claim)) for claim in stood.standing),
            skipped=(*self.skipped, *stood.superseded),
            suspicious=(*self.suspicious, *stood.doubted),
            complete=self.complete,
        )
        return stood.findings(self.base), report


def known_side(word: str) -> str | None:
    """The side, if it is one of a muscle."""
    return word if word in (*SIDES, "midline") else None
