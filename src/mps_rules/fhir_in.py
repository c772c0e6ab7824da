"""
FHIR R4 resources (and R5, where it differs in what is read) become the mapping of findings that ``evaluate`` takes, and a report of what was read, what was not, and why.

Resource by resource and tolerantly: what is malformed, of another patient, too old, in doubt or not known here is reported and left unknown. Silence
stays unknown: only what a chart records as refuted or answered with no is denied. No name, no address, no free text and no
identifier leaves this module; a report names the kind of resource, its number and its code.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from math import inf, nextafter
from typing import Any, Literal, TypeAlias

import attrs

from mps_rules import fhir_json as f
from mps_rules.addresses import Address, meant
from mps_rules.claims import EXAMINED, Claim, Moment, Noted, settled
from mps_rules.codes import UNKNOWN_CODE, UNKNOWN_SYSTEM, CodeBook, Entry, Own, code_book, own_system
from mps_rules.conditions import Interval
from mps_rules.dangers import dangers_of
from mps_rules.errors import Fault, FindingError, Misfit
from mps_rules.model import PATIENT, SIDES, CodeMeaning, KnowledgeBase, Term, plain

DEEPEST = 20
"""Levels of items in a form; deeper ones are not read."""
OTHER_TYPES = frozenset((
    "AllergyIntolerance", "Appointment", "BodyStructure", "CarePlan", "CareTeam", "ClinicalImpression", "Communication", "Coverage",
    "DetectedIssue", "Device", "DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare", "FamilyMemberHistory", "Flag",
    "Goal", "GuidanceResponse", "ImagingStudy", "Immunization", "List", "Location", "Media", "Medication", "MedicationAdministration",
    "MedicationDispense", "OperationOutcome", "Organization", "Parameters", "Practitioner", "PractitionerRole", "Provenance",
    "Questionnaire", "RelatedPerson", "RequestGroup", "RiskAssessment", "ServiceRequest", "Specimen", "Task",
))  # fmt: skip
"""Kinds that a report may name though nothing is read from them; any other word there is not repeated."""
UNITLESS = ("{score}", "{count}", "1")
UNTOLD = Moment()
NOTHING = f.Value(is_told=False)
PAIN, MAP_COMPLETE = "pain", "pain_map_complete"
VERIFIED = ("confirmed", "unconfirmed", "provisional", "differential", "refuted", "entered-in-error")
CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
OVER = ("inactive", "remission", "resolved")
DEAD = ("entered-in-error", "cancelled", "not-done", "draft", "not-taken", "intended", "preparation", "on-hold", "stopped")
"""Statuses of what says nothing of the patient, where a kind of resource does not read them."""
TAKEN_NO_MORE = ("completed", "stopped")
"""Statuses of a medicine that was given and is no more."""
MERGED = ("replaced-by", "replaces")
"""Links of a Patient to another record of the same person."""
ANOTHER = "is about another patient"
Said: TypeAlias = bool | float | str | Interval | None
UNKNOWN = (UNKNOWN_CODE, UNKNOWN_SYSTEM)
Whose: TypeAlias = Literal["own", "other", "unclear"]


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


def read_bundle(bundle: Any, kb: KnowledgeBase, *, on: date | None = None) -> tuple[dict[str, Any], ImportReport]:
    """
    The findings in a Bundle, or in a single resource, and a report.

    >>> from mps_rules import load
    >>> snomed = {"system": "http://snomed.info/sct", "code": "203082005"}
    >>> findings, report = read_bundle({"resourceType": "Condition", "code": {"coding": [snomed]}}, load())
    >>> findings
    {'labels': {'fibromyalgia': True}}

    Raises:
        FindingError: it is no FHIR resource, or of another version than R4.

    """
    if not isinstance(bundle, Mapping) or not isinstance(bundle.get("resourceType"), str):
        raise FindingError([Fault("", "expected a FHIR resource: a mapping with a resourceType")])
    return read_resources([bundle], kb, on=on)


def read_resources(
    resources: Iterable[Any], kb: KnowledgeBase, *, on: date | None = None, patient: str = "", server: str = ""
) -> tuple[dict[str, Any], ImportReport]:
    """
    The findings in resources of one patient, Bundles among them, and a report.

    ``on`` is the day as of which they are read, or an instant with its zone, which is then that of the place: for ages, for what lies ahead,
    and for what is too old. There is no clock here. ``patient`` and ``server`` are whose resources they are and where from, if that is known.

    >>> from mps_rules import load
    >>> patient = {"resourceType": "Patient", "gender": "female", "birthDate": "1961-01-25"}
    >>> read_resources([patient], load(), on=date(2023, 9, 1))[0]
    {'age_years': 62, 'sex_at_birth': 'female'}

    Raises:
        FindingError: these are no FHIR resources, or they are of another version than R4; or ``on`` is no day.

    """
    if isinstance(resources, Mapping | str | bytes) or not isinstance(resources, Iterable):
        raise FindingError([Fault("", "expected FHIR resources: a list of mappings with a resourceType")])
    reader = _Reader(kb, _day(on), on if isinstance(on, datetime) and on.utcoffset() is not None else None)
    if patient:
        reader.patients.add(patient)
        reader.asked_for = True
    if server:
        reader.servers.add(server.rstrip("/"))
    reader.read(list(resources))
    return reader.result()


def is_record_of(patient: Mapping[str, Any], id: str) -> bool:
    """
    Whether a Patient is the record of that id, or one that was merged with it.

    >>> merged = {"id": "9", "link": [{"type": "replaced-by", "other": {"reference": "Patient/1"}}]}
    >>> is_record_of(merged, "1"), is_record_of({"id": "9"}, "1")
    (True, False)
    """
    return patient.get("id") is None or id in _names(patient, "")


def _day(on: object) -> date | None:
    if isinstance(on, datetime):
        return on.date()
    if on is None or isinstance(on, date):
        return on
    raise FindingError([Fault("on", f"expected a day, as date(2023, 9, 1), got {on!r}")])


# --- what one record says ---------------------------------------------------------------------------------------------


@attrs.frozen
class _Record:
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

    def within(self, part: str) -> "_Record":
        return attrs.evolve(self, where=f"{self.where}.{part}")


class _Reader:
    """Holds what has been said so far, and the report; used once."""

    def __init__(self, base: KnowledgeBase, on: date | None, at: datetime | None) -> None:
        self.base, self.on, self.at = base, on, at
        self.words = base.vocabulary
        self.book: CodeBook = code_book(base)
        self.windows = {id_: one.within for one in base.omop.windows for id_ in one.terms}
        self.claims: list[Claim] = []
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
        self.readers: dict[str, Callable[[Mapping[str, Any], str], None]] = {
            "Patient": self._patient,
            "Condition": self._condition,
            "Observation": self._observation,
            "QuestionnaireResponse": self._answers,
            "MedicationRequest": self._medication_request,
            "MedicationStatement": self._medication_statement,
            "Procedure": self._procedure,
        }

    # --- the resources

    def read(self, given: list[Any]) -> None:
        resources = list(self._resources(given))
        if given and not resources and not any(f.mapping(one).get("resourceType") == "Bundle" for one in given):
            raise FindingError([Fault("", "expected FHIR resources: mappings with a resourceType")])
        self.count = len(resources)
        if self._is_older_version([one for one, _, _ in resources]):
            raise FindingError([Fault("", "this is FHIR DSTU2 or STU3, not R4: ask the source for R4 (fhirVersion 4.0.1)")])
        self.addresses = {url for _, _, url in resources if url}
        self.several = sum(one["resourceType"] == "Patient" for one, _, _ in resources) > 1
        self.servers |= {base for one, _, url in resources if (base := _server(url, one))}
        if not self._is_of_one_patient(resources):
            for _, where, _ in resources:
                self._skip(where, "", "the resources are of several patients: none is read")
            return
        for resource, _, full_url in resources:
            self._index(resource, full_url)
        for resource, where, full_url in resources:
            self._take(resource, where, full_url)

    def _is_older_version(self, resources: list[Mapping[str, Any]]) -> bool:
        """Whether this is no R4: what shows its version has an older shape; one broken resource among others does not make it so."""
        old = [one for one in resources if f.is_older(one)]
        if not old or any(map(f.is_newer, resources)):
            return False
        others = [one for one in resources if one["resourceType"] in self.readers and one["resourceType"] != "Patient" and one not in old]
        return not others or any(one["resourceType"] in f.OLD_TYPES for one in old) or len(old) > len(others)

    def _resources(self, given: list[Any]) -> Iterator[tuple[Mapping[str, Any], str, str]]:
        """Every resource with its place and its full address; Bundles are opened, one inside the other not."""
        number = 0
        for one in given:
            entries = [{"resource": one}]
            if f.mapping(one).get("resourceType") == "Bundle":
                if f.has_next_page(one):
                    self.complete = False
                entries = one.get("entry") if isinstance(one.get("entry"), list) else []
                if "entry" in one and not isinstance(one["entry"], list):
                    self._skip("Bundle", "", "its entries are no list")
            for entry in entries:
                resource, where = f.mapping(entry).get("resource"), f"resource[{number}]"
                number += 1
                if not isinstance(resource, Mapping) or not isinstance(resource.get("resourceType"), str):
                    self._skip(where, "", "is no resource")
                    continue
                kind = resource["resourceType"]
                named = kind if kind in self.readers or kind in OTHER_TYPES or kind in f.OLD_TYPES else "resource"
                if kind == "OperationOutcome" and f.has_failed(resource):
                    self.complete = False
                yield resource, f"{named}[{number - 1}]", f.text(f.mapping(entry).get("fullUrl"))

    def _is_of_one_patient(self, resources: list[tuple[Mapping[str, Any], str, str]]) -> bool:
        """Whose resources these are is settled here: by who is asked for, by the Patient, or by whom the others are about."""
        waiting = [(one, url) for one, _, url in resources if one["resourceType"] == "Patient"]
        if waiting and not self.patients:
            self._know(*waiting.pop(0))
        while same := [entry for entry in waiting if self.patients & _names(*entry)]:
            for entry in same:
                waiting.remove(entry)
                self._know(*entry)
        if self.patients:
            return not [entry for entry in waiting if not self.asked_for]
        about = [_reference(one) for one, _, _ in resources if one["resourceType"] in self.readers]
        told = [one for one in about if one.id and one.kind == "Patient"]
        self.patients = {one.id for one in told}
        if told and all(one.server for one in told) and len({one.server for one in told}) == 1:
            self.servers.add(told[0].server)
        return len(self.patients) <= 1

    def _know(self, patient: Mapping[str, Any], url: str) -> None:
        """The names of a Patient, and of the records that were merged with it."""
        self.patients |= _names(patient, url)
        numbers = f.mappings(patient.get("identifier"))
        self.numbers |= {(f.text(one.get("system")), value) for one in numbers if (value := f.text(one.get("value")))}

    def _whose(self, resource: Mapping[str, Any]) -> Whose:
        """Of whom a resource speaks; unclear where what it names cannot be told apart from the patient, nor found to be the same."""
        subject = f.mapping(resource.get("subject") or resource.get("patient"))
        about = _reference(resource)
        if about.kind not in ("Patient", "") or (about.kind == "" and f.text(subject.get("type")) not in ("Patient", "")):
            return "other"
        if about.inside:
            inside = [one for one in f.mappings(resource.get("contained")) if f.text(one.get("id")) == about.id]
            numbers = [one for patient in inside for one in f.mappings(patient.get("identifier"))]
            return "own" if not self.patients or self._is_number(numbers) else "other"
        if not about.id:
            numbers = f.mappings(subject.get("identifier"))
            if not any(f.text(one.get("value")) for one in numbers) or not self.patients or self._is_number(numbers):
                return "own"
            return "other" if self.numbers and numbers else "unclear"
        if about.whole in self.patients or about.id in self.patients:
            return (
                "own"
                if not about.server or about.whole in self.patients or about.server in self.servers
                else "other"
                if self.servers
                else "unclear"
            )
        return "other" if about.kind == "Patient" or about.whole in self.addresses else "unclear"

    def _is_number(self, numbers: list[Mapping[str, Any]]) -> bool:
        """Whether one of these is a number of the patient."""
        return any((f.text(one.get("system")), f.text(one.get("value"))) in self.numbers for one in numbers)

    def _index(self, resource: Mapping[str, Any], url: str) -> None:
        names = [name for name in (f.text(resource.get("id")), url) if name]
        match resource["resourceType"]:
            case "Condition":
                own = self._own(resource.get("code"), "diagnosis")
                self.conditions |= dict.fromkeys(names, own) if own in self.words.diagnoses else {}
            case "Questionnaire":
                for name in (*names, f.text(resource.get("url"))):
                    self.forms[name] = resource
            case "Medication":
                self.medications |= dict.fromkeys(names, resource)

    def _take(self, resource: Mapping[str, Any], where: str, url: str) -> None:
        kind = resource["resourceType"]
        reader = self.readers.get(kind)
        if reader is None:
            self._skip(where, "", "no kind of resource that these rules read")
        elif kind == "Patient":
            self._take_patient(resource, where, url)
        elif (whose := self._whose(resource)) == "other" or self._is_focused_elsewhere(resource):
            self._skip(where, "", ANOTHER if whose == "other" else "is about something else than the patient")
        else:
            self.doubt = (
                "it cannot be told whether it is about this patient"
                if whose == "unclear"
                else "it has the shape of an older FHIR version"
                if f.is_older(resource)
                else "it holds a modifier that is not known here"
                if resource.get("modifierExtension")
                else ""
            )
            reader(resource, where)

    def _take_patient(self, resource: Mapping[str, Any], where: str, url: str) -> None:
        """A Patient; where it was merged into another that is here too, that one tells."""
        merged = any(f.text(link.get("type")) == "replaced-by" for link in f.mappings(resource.get("link")))
        self.doubt = ""
        if not self.patients & _names(resource, url) and self.patients:
            self._skip(where, "", ANOTHER)
        elif merged and self.several:
            self._skip(where, "", "was merged into another record of the patient")
        elif resource.get("modifierExtension"):
            self._skip(where, "", "holds a modifier that is not known here")
        else:
            self._patient(resource, where)

    def _is_focused_elsewhere(self, resource: Mapping[str, Any]) -> bool:
        """Whether an observation looks at somebody or something else than the patient and the patient's conditions."""
        for focus in f.mappings(resource.get("focus")):
            about = _reference({"subject": focus})
            if not (about.kind == "Condition" or about.whole in self.conditions or {about.id, about.whole} & self.patients):
                return True
        return False

    def _skip(self, where: str, code: str, why: str) -> None:
        self.skipped.append(Noted(where, code, why))

    def _doubt(self, where: str, code: str, why: str) -> None:
        self.suspicious.append(Noted(where, code, why))

    def _record(self, where: str, kind: str, when: f.Span | None, doubt: str = "") -> _Record:
        """A record on its way; a date that cannot be read is as good as none, and puts it in doubt."""
        unread = "" if when else "its date cannot be read"
        return _Record(where, Moment(*(when or f.UNTOLD)), kind, self.doubt or doubt or unread)

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

    def _is_fresh(self, record: _Record, target: Address) -> bool:
        """Whether a record is young enough to say something of the day on which it is read."""
        ends = record.when.ends
        if self.on is None or ends is None or not record.kind:
            return True
        days = self.windows.get(target.term) or self.base.codes.look_back_days.get(record.kind)
        return not isinstance(days, int | float) or (self.on - ends).days <= days

    # --- kinds of resources

    def _patient(self, resource: Mapping[str, Any], where: str) -> None:
        born = f.text(resource.get("birthDate"))
        span = f.span(born) if born else None
        first, last = span or f.UNTOLD
        if not isinstance(first, date) or not isinstance(last, date) or isinstance(first, datetime):
            self._skip(f"{where}.birthDate", "", "no birth date that can be read" if born else "no birth date")
        elif self.on is None:
            self._skip(f"{where}.birthDate", "", "no day was given as of which to work out the age")
        elif first > self.on + timedelta(days=1):
            self._doubt(f"{where}.birthDate", "", "born after the day on which it is read")
        else:
            self._say_age(_Record(f"{where}.birthDate", Moment.of(self.at or self.on)), _years(last, self.on), _years(first, self.on))
        record = _Record(f"{where}.gender")
        stated = [(url, f.text(one.get("valueCode"))) for one in f.mappings(resource.get("extension")) if (url := f.text(one.get("url")))]
        birth = [(url, code) for url, code in stated if code and self.book.look_up(url, code).meanings]
        url, code = birth[0] if birth else ("http://hl7.org/fhir/administrative-gender", f.text(resource.get("gender")))
        if code:
            entry = self.book.look_up(url, code)
            for meaning in entry.meanings:
                self._say(record, entry.shown, self._patient_at(meaning.finding), "", meaning.word, rank=0 if birth else 1)
            if not entry.meanings:
                self._skip(f"{where}.gender", "", "says neither male nor female")

    def _condition(self, resource: Mapping[str, Any], where: str) -> None:
        verified = f.status(resource.get("verificationStatus"), VERIFIED)
        clinical = f.status(resource.get("clinicalStatus"), CLINICAL)
        unclear = f.UNCLEAR in (verified, clinical)
        told = f.when(resource, "recordedDate", "onsetDateTime", "onsetPeriod")
        doubt = "its status is not known here" if unclear else "" if verified in ("confirmed", "refuted", "") else "it is not confirmed"
        record = self._record(where, "" if clinical else "Condition", told, doubt)
        if verified == "entered-in-error":
            self._skip(where, "", "its status is entered-in-error")
            return
        if not self._is_past(record.when, where):
            return
        own = self._own(resource.get("code"), "diagnosis")
        if own in self.words.diagnoses:
            self._held(record, f"own {own}", CodeMeaning("own", own, label=own), verified, over=clinical in OVER)
            return
        own = self._own(resource.get("code"), "finding")
        entry = (
            Entry(f"own {own}", (CodeMeaning("own", own, finding=own),))
            if own in self.words.terms
            else self._entry(record, resource.get("code"))
        )
        over = clinical in OVER or self._has_ended(resource)
        for meaning in entry.meanings:
            self._held(self._sited(record, resource), entry.shown, meaning, verified, over=over)

    def _held(self, record: _Record, code: str, meaning: CodeMeaning, verified: str, *, over: bool) -> None:
        """A condition that a chart holds as so, as refuted, as over or as one of several possible."""
        if verified == "refuted":
            self._mean(record, code, meaning, f.Value(truth=False))
        elif over and meaning.period != "history":
            self._skip(record.where, code, "is over: history, not present")
        else:
            self._mean(record, code, meaning, f.Value(truth=True))

    def _has_ended(self, resource: Mapping[str, Any]) -> bool:
        """Whether a condition has an end, told in whatever way, that does not lie ahead."""
        ended = f.when(resource, "abatementDateTime", "abatementPeriod") or f.UNTOLD
        if (ends := Moment(*ended).ends) is not None:
            return self.on is None or ends <= self.on
        return resource.get("abatementBoolean") is True or any(
            resource.get(name) for name in ("abatementAge", "abatementRange", "abatementString")
        )

    def _observation(self, resource: Mapping[str, Any], where: str) -> None:
        if not self._is_live(resource, where, "final", "amended", "corrected", "preliminary"):
            return
        when = f.when(resource, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued")
        record = self._sited(self._record(where, "Observation", when), resource)
        if not self._is_past(record.when, where):
            return
        record = attrs.evolve(record, label=self._label_in_focus(resource), signs=self._signs(resource))
        components = f.mappings(resource.get("component"))
        own = self._own(resource.get("code"), "finding")
        value = f.value_of(resource)
        if value.why != "holds no value" or not components or (record.signs and not own):
            self._observed(record, resource.get("code"), value)
        for number, component in enumerate(components):
            modified = "it holds a modifier that is not known here" if component.get("modifierExtension") else ""
            part = record.within(f"component[{number}]")
            part = attrs.evolve(part, signs=self._signs(component), doubt=record.doubt or modified)
            if own and own != PAIN and self._own(component.get("code"), "value"):
                self._own_word(part, own, component)
            else:
                self._observed(part, component.get("code"), f.value_of(component))

    def _label_in_focus(self, resource: Mapping[str, Any]) -> str:
        for focus in f.mappings(resource.get("focus")):
            name = f.text(focus.get("reference"))
            found = self.conditions.get(name) or self.conditions.get(name.rpartition("/")[2])
            if found:
                return found
        return ""

    def _signs(self, resource: Mapping[str, Any]) -> tuple[bool, ...]:
        """What an interpretation says: positive or negative."""
        found = [self._truth(coding) for concept in f.mappings(resource.get("interpretation")) for coding in f.codings(concept)]
        return tuple(one for one in found if one is not None)

    def _medication_request(self, resource: Mapping[str, Any], where: str) -> None:
        if resource.get("doNotPerform") is True:
            self._skip(where, "", "says that it is not to be given")
        elif f.text(resource.get("intent")) in ("proposal", "plan", "option"):
            self._skip(where, "", "is a plan, no order")
        elif self._is_live(resource, where, "active", "completed", "stopped", "on-hold"):
            self._medication(resource, self._record(where, "MedicationRequest", f.when(resource, "authoredOn")))

    def _medication_statement(self, resource: Mapping[str, Any], where: str) -> None:
        if self._is_live(resource, where, "active", "completed", "stopped", "on-hold", "recorded"):
            when = f.when(resource, "effectiveDateTime", "effectivePeriod", "dateAsserted")
            self._medication(resource, self._record(where, "MedicationStatement", when))

    def _medication(self, resource: Mapping[str, Any], record: _Record) -> None:
        named = f.mapping(resource.get("medication"))  # of R5
        name = f.text(f.mapping(resource.get("medicationReference") or named.get("reference")).get("reference"))
        inside = {f"#{f.text(one.get('id'))}": one for one in f.mappings(resource.get("contained"))}
        found = inside.get(name) or self.medications.get(name) or self.medications.get(name.rpartition("/")[2])
        concept = resource.get("medicationCodeableConcept") or named.get("concept") or f.mapping(found).get("code")
        self._done(record, concept, over=resource.get("status") in TAKEN_NO_MORE)

    def _procedure(self, resource: Mapping[str, Any], where: str) -> None:
        if self._is_live(resource, where, "completed", "in-progress"):
            when = f.when(resource, "performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod")
            self._done(self._record(where, "Procedure", when), resource.get("code"), over=False)

    def _done(self, record: _Record, concept: Any, *, over: bool) -> None:
        if not self._is_past(record.when, record.where):
            return
        entry = self._entry(record, concept)
        for meaning in entry.meanings:
            self._held(record, entry.shown, meaning, "", over=over)

    # --- forms

    def _answers(self, resource: Mapping[str, Any], where: str) -> None:
        if resource.get("status") == "stopped":
            self.doubt = self.doubt or "its status is stopped"
        if not self._is_live(resource, where, "completed", "amended", "in-progress", "stopped"):
            return
        record = self._record(where, "QuestionnaireResponse", f.when(resource, "authored"))
        if not self._is_past(record.when, where):
            return
        form = f.text(resource.get("questionnaire")).partition("|")[0]
        if form.startswith(f"{self.base.codes.canonical}:questionnaire"):
            for item, at in self._items(resource, record):
                self._own_item(item, at)
            return
        links = _codes_by_link(self.forms.get(form) or self.forms.get(form.rpartition("/")[2]) or {})
        for item, at in self._items(resource, record):
            link = f.text(item.get("linkId"))
            concept = {"coding": links.get(link) or [{"system": form, "code": link}]}
            answers = f.mappings(item.get("answer"))
            if not answers and not item.get("item"):
                self._skip(at.where, "", "holds no answer")
            for answer in answers:
                self._observed(at, concept, f.value_of(answer))

    def _items(self, resource: Mapping[str, Any], record: _Record) -> Iterator[tuple[Mapping[str, Any], _Record]]:
        """Every item of a form, those within items and answers too."""
        waiting = deque((item, record.within(f"item[{number}]"), 1) for number, item in enumerate(f.listed(resource.get("item"))))
        while waiting:
            item, at, depth = waiting.popleft()
            if not isinstance(item, Mapping):
                self._skip(at.where, "", "is no item")
                continue
            if item.get("modifierExtension"):
                at = attrs.evolve(at, doubt=at.doubt or "it holds a modifier that is not known here")
            yield item, at
            inner = [
                *f.listed(item.get("item")),
                *(one for answer in f.mappings(item.get("answer")) for one in f.listed(answer.get("item"))),
            ]
            if inner and depth >= DEEPEST:
                self._skip(at.where, "", "its items are nested too deep")
            elif not self._is_structured(item):
                waiting.extend((one, at.within(f"item[{number}]"), depth + 1) for number, one in enumerate(inner))

    def _is_structured(self, item: Mapping[str, Any]) -> bool:
        return f.text(item.get("linkId")) in ("pain", "exam", "labels")

    def _own_item(self, item: Mapping[str, Any], at: _Record) -> None:
        """An item of a form that was made from this vocabulary."""
        link = f.text(item.get("linkId"))
        values = [f.value_of(answer) for answer in f.mappings(item.get("answer"))]
        if self._is_structured(item):
            self._own_group(link, f.mappings(item.get("item")), at)
        elif link == MAP_COMPLETE:
            for value in values:
                self._say_truth(at, "", self._patient_at(MAP_COMPLETE), self._truth_of(value, at))
        elif values:
            name, _, word = link.rpartition(".")
            term = self.words.terms.get(name.rpartition(".")[2])
            target = meant(name if term and word in term.values else link, self.words)
            if target is None:
                self._skip(at.where, "", "no question of these rules")
                return
            for value in values:
                if term and word in term.values:
                    self._say_word(at, "", target, word, self._truth_of(value, at), value=value)
                else:
                    self._tell(at, "", target, self._in_own_unit(value, target.term))

    def _in_own_unit(self, value: f.Value, term: str) -> f.Value:
        """A number of a form of our own is in the finding's unit."""
        known = self.words.terms.get(term)
        return attrs.evolve(value, unit=known.unit or "1") if known and value.number is not None and not value.unit else value

    def _own_group(self, kind: str, items: list[Mapping[str, Any]], at: _Record) -> None:
        """One painful place, one muscle examined, or one diagnosis given: which, and what is said of it."""
        said = {
            f.text(item.get("linkId")).partition(".")[2]: [f.value_of(answer) for answer in f.mappings(item.get("answer"))]
            for item in _flattened(items)
        }

        def named(own: Own, known: Collection[str]) -> tuple[str, str | None]:
            concept = {"coding": [coding for value in said.get(own, ()) for coding in value.codings]}
            sides = {"coding": [coding for value in said.get("side", ()) for coding in value.codings]}
            name, _, side = self._own(concept, own).partition(".")
            if name not in known:
                self._skip(at.where, "", f"names no {own} of these rules")
                return "", None
            return name, _known_side(side or self._own(sides, "answer"))

        if kind == "pain":
            name, side = named("region", self.words.regions)
            if name:
                self._own_pain(attrs.evolve(at, region=name, side=side), said)
        elif kind == "exam":
            name, side = named("muscle", {*self.words.muscles, *self.words.groups})
            if name:
                self._say(at, "", Address("muscle", name, EXAMINED, side), "", True)
                self._own_parts(at, lambda term: Address("muscle", name, term, side), "muscle", said)
        else:
            name, _ = named("diagnosis", self.words.diagnoses)
            told = next((self._truth_of(value, at) for value in said.get("given", ())), None)
            if name:
                self._say_truth(at, "", Address("given", name), told)
            if name and told is not None:
                self._own_parts(at, lambda term: Address("label", name, term), "label", said)

    def _own_pain(self, at: _Record, said: Mapping[str, list[f.Value]]) -> None:
        told = next((self._truth_of(value, at) for value in said.get("present", ())), None)
        levels = [value for value in said.get("intensity", ()) if value.number is not None]
        if told is not None or not levels:
            self._say_truth(at, "", Address("pain", at.region, side=at.side), told)
        if told is False and levels:
            self._skip(at.where, "", "how strong a pain is that is said to be absent")
            return
        for level in levels:
            self._pain_level(at, "", level)

    def _own_parts(self, at: _Record, about: Callable[[str], Address], subject: str, said: Mapping[str, list[f.Value]]) -> None:
        """What is said of a muscle or a diagnosis, finding by finding."""
        for key, values in said.items():
            name, _, word = key.partition(".")
            term = self.words.terms.get(name)
            if term is None or term.subject != subject or term.fact:
                continue
            for value in values:
                if word in term.values:
                    self._say_word(at, "", about(name), word, self._truth_of(value, at))
                else:
                    self._tell(at, "", about(name), self._in_own_unit(value, name))

    # --- codes

    def _own(self, concept: Any, kind: Own) -> str:
        """The first of this pack's own codes of a kind in a concept."""
        system = own_system(self.base, kind)
        return next((f.text(one.get("code")).strip() for one in f.codings(concept) if one.get("system") == system), "")

    def _entry(self, record: _Record, concept: Any) -> Entry:
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
        return next((one.truth for one in entry.meanings if one.truth is not None), None)

    def _truth_of(self, value: f.Value, record: _Record) -> bool | None:
        """Whether a value says yes or no, or, where it does not, an interpretation."""
        if value.truth is not None:
            return value.truth
        for coding in value.codings:
            if (told := self._truth(coding)) is not None:
                return told
        return record.signs[0] if len(set(record.signs)) == 1 else None

    def _sited(self, record: _Record, resource: Mapping[str, Any]) -> _Record:
        """The record with the muscle or region that a body site names, and its side."""
        sites = f.listed(resource.get("bodySite"))
        name, _, own_side = self._own(sites, "muscle").partition(".")
        if name in self.words.muscles or name in self.words.groups:
            return attrs.evolve(record, muscle=name, side=_known_side(own_side), sited=True)
        name, _, own_side = self._own(sites, "region").partition(".")
        if name in self.words.regions:
            return attrs.evolve(record, region=name, side=_known_side(own_side), sited=True)
        found = (self.book.site(f.text(one.get("system")), f.text(one.get("code"))) for one in f.codings(sites))
        return attrs.evolve(record, region=next(filter(None, found), ""), side=self._side(sites), sited=bool(sites))

    def _side(self, sites: list[Any]) -> str | None:
        """The side that a body site names: by a code of the map, or by the word left, right or bilateral in a label."""
        more = [extension.get("valueCodeableConcept") for site in f.mappings(sites) for extension in f.mappings(site.get("extension"))]
        codings = [*f.codings(sites), *f.codings(more)]
        labels = [f.text(one.get("display"))[:200] for one in codings] + [f.text(one.get("text"))[:200] for one in f.mappings(sites)]
        told = {side for side in (*SIDES, "bilateral") if any(re.search(rf"\b{side}\b", label, re.IGNORECASE) for label in labels)}
        for one in codings:
            told |= {
                meaning.side for meaning in self.book.look_up(f.text(one.get("system")), f.text(one.get("code"))).meanings if meaning.side
            }
        if told in ({*SIDES}, {"bilateral"}):
            return "bilateral"
        return told.pop() if len(told) == 1 else None

    # --- what is said

    def _patient_at(self, term: str) -> Address:
        return Address("patient", PATIENT, term)

    def _observed(self, record: _Record, concept: Any, value: f.Value) -> None:
        """An observation, a component or an answer: a code, and a value."""
        own = self._own(concept, "finding")
        if own:
            self._own_observed(record, own, value)
            return
        entry = self._entry(record, concept)
        for meaning in entry.meanings:
            self._mean(record, entry.shown, meaning, value)

    def _own_observed(self, record: _Record, own: str, value: f.Value) -> None:
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

    def _own_target(self, record: _Record, term: Term) -> Address | None:
        if term.subject == "muscle":
            return Address("muscle", record.muscle, term.id, record.side) if record.muscle else None
        if term.subject == "label":
            return Address("label", record.label, term.id) if record.label else None
        return self._patient_at(term.id)

    def _own_word(self, record: _Record, own: str, component: Mapping[str, Any]) -> None:
        """A component that says of one word of a list whether it holds."""
        term_id, _, word = self._own(component.get("code"), "value").partition(".")
        term = self.words.terms.get(own)
        target = self._own_target(record, term) if term is not None and not term.fact else None
        if term is None or target is None or term_id != own or word not in term.values:
            self._skip(record.where, "own code", "no word of this finding")
        else:
            value = f.value_of(component)
            self._say_word(record, f"own {own}", target, word, self._truth_of(value, record), value=value)

    def _mean(self, record: _Record, code: str, meaning: CodeMeaning, value: f.Value) -> None:
        """What a code of another system says with this value."""
        answered = bool(value.codings) and (
            "*" in meaning.answers or any(f.text(one.get("code")) in meaning.answers for one in value.codings)
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

    def _pain(self, record: _Record, code: str, meaning: CodeMeaning, value: f.Value, told: bool | None) -> None:  # noqa: FBT001
        side: str | None = meaning.side or record.side
        if meaning.sided and code[-1:] in "12":
            side = SIDES[0] if code.endswith("2") else SIDES[1]
        record = attrs.evolve(record, region=meaning.region, side=side, sited=True)
        if value.number is not None and told is None:
            self._pain_level(record, code, value)
            return
        for target in self._places(record):
            self._say_truth(record, code, target, told, value=value)
        if told and value.codings and meaning.answers:
            for coding in value.codings:
                entry = self.book.look_up(f.text(coding.get("system")), f.text(coding.get("code")))
                for word in (one for one in entry.meanings if one.word and one.finding):
                    self._say_word(record, entry.shown, self._patient_at(word.finding), word.word, True)

    def _places(self, record: _Record) -> list[Address]:
        """The painful places that a record means: both sides of a region, or the side not known where the region has no such side."""
        possible = self.words.regions[record.region].sides
        if record.side == "bilateral" and set(SIDES) <= set(possible):
            return [Address("pain", record.region, side=side) for side in SIDES]
        return [Address("pain", record.region, side=record.side if record.side in possible else None)]

    def _pain_level(self, record: _Record, code: str, value: f.Value) -> None:
        if not record.region:
            self._skip(record.where, code, "its body site is not known here")
            return
        level = self._quantity(record, code, self.words.terms["pain_intensity"], value)
        if level is None:
            return
        for target in self._places(record):
            self._say_truth(record, code, target, level > 0)
            self._say(record, code, target, "intensity", level)

    def _tell(self, record: _Record, code: str, target: Address, value: f.Value) -> None:
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

    def _say_number(self, record: _Record, code: str, target: Address, term: Term, value: f.Value) -> None:
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

    def _ends(self, record: _Record, code: str, term: Term, value: f.Value) -> tuple[float, float] | None:
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
        return next((one.word for one in entry.meanings if one.finding == term.id and one.word), "")

    def _quantity(self, record: _Record, code: str, term: Term, value: f.Value) -> float | None:
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

    def _say_age(self, record: _Record, lowest: int, highest: int) -> None:
        """An age in years, or, where the birth date is not whole, the range in which it lies."""
        allowed = self.words.terms["age_years"].range
        if allowed and not allowed[0] <= lowest <= highest <= allowed[1]:
            self._doubt(record.where, "", "an age that cannot be")
            return
        age = float(lowest) if lowest == highest else Interval(lowest, highest)
        self._say(record, "", self._patient_at("age_years"), "", age)

    def _say_truth(self, record: _Record, code: str, target: Address, told: bool | None, *, value: f.Value = NOTHING) -> None:  # noqa: FBT001
        if told is None:
            self._skip(record.where, code, value.why or "the answer is neither yes nor no")
            self._say_unread(record, code, target, "", value)
        else:
            self._say(record, code, target, "", told)

    def _say_unread(self, record: _Record, code: str, target: Address, part: str, value: f.Value) -> None:
        """That something is recorded of a finding of the patient which cannot be read; a coded answer that is not known here is no such thing."""
        if value.is_told and not value.codings and target.kind == "patient":
            self._say(attrs.evolve(record, doubt=record.doubt or "what is recorded cannot be read"), code, target, part, None)

    def _say_word(
        self,
        record: _Record,
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

    def _say(self, record: _Record, code: str, target: Address, part: str, value: Said, *, rank: int = 0) -> None:
        stale = "" if self._is_fresh(record, target) else "is too old to say something of that day"
        goes_on = record.where.startswith("Condition") and not record.kind
        self.claims.append(Claim(target, part, value, record.when, rank, record.where, code, record.doubt, stale, goes_on))

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


def _known_side(word: str) -> str | None:
    return word if word in (*SIDES, "midline") else None


@attrs.frozen
class _About:
    """What a reference names: its kind, id and server, without a version; ``inside`` where it stands in the resource itself."""

    whole: str = ""
    kind: str = ""
    id: str = ""
    server: str = ""
    inside: bool = False


_REFERENCE = re.compile(r"(?:(https?://.+)/)?([A-Z][A-Za-z]+)/([^/?]+)")


def _reference(resource: Mapping[str, Any]) -> _About:
    """Whom a resource is about."""
    text = f.text(f.mapping(resource.get("subject") or resource.get("patient")).get("reference")).partition("/_history/")[0].strip()
    if text.startswith("#"):
        return _About(text, "", text[1:], inside=True)
    if match := _REFERENCE.fullmatch(text):
        return _About(text, match[2], match[3], match[1] or "")
    return _About(text, "", text.rpartition("/")[2].rpartition(":")[2]) if text else _About()


def _names(patient: Mapping[str, Any], url: str) -> set[str]:
    """The names by which others refer to a Patient, and to the records that were merged with it."""
    links = [_reference({"subject": link.get("other")}) for link in f.mappings(patient.get("link")) if f.text(link.get("type")) in MERGED]
    own = (f.text(patient.get("id")), url, url.rpartition("/")[2].rpartition(":")[2])
    return {name for name in (*own, *(name for link in links for name in (link.id, link.whole))) if name}


def _server(url: str, resource: Mapping[str, Any]) -> str:
    """The address of the server in the full address of a resource."""
    match = _REFERENCE.fullmatch(url)
    return match[1] or "" if match and match[2] == resource["resourceType"] else ""


def _years(born: date, on: date) -> int:
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


def _flattened(items: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Items and the items within them."""
    waiting = [(item, 1) for item in items]
    while waiting:
        item, depth = waiting.pop()
        yield item
        if depth < DEEPEST:
            waiting += [(one, depth + 1) for one in f.mappings(item.get("item"))]


def _codes_by_link(form: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The codes of a Questionnaire's items by their link."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    waiting = [(item, 1) for item in f.mappings(form.get("item"))]
    while waiting:
        item, depth = waiting.pop()
        if codes := f.mappings(item.get("code")):
            found[f.text(item.get("linkId"))] = codes
        if depth < DEEPEST:
            waiting += [(one, depth + 1) for one in f.mappings(item.get("item"))]
    return found
