"""What each kind of FHIR resource says, each by a method of its own; what is not read is reported."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal, TypeAlias

import attrs

from mps_rules.errors import Fault, FindingError
from mps_rules.knowledge.code_tables import CodeMeaning
from mps_rules.language.conditions import Interval
from mps_rules.records import fhir_json as f
from mps_rules.records.claims import Moment
from mps_rules.records.codes import Entry
from mps_rules.records.fhir_forms import Forms
from mps_rules.records.fhir_values import OVER, PAIN, Record

OTHER_TYPES = frozenset((
    "AllergyIntolerance", "Appointment", "BodyStructure", "CarePlan", "CareTeam", "ClinicalImpression", "Communication", "Coverage",
    "DetectedIssue", "Device", "DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare", "FamilyMemberHistory", "Flag",
    "Goal", "GuidanceResponse", "ImagingStudy", "Immunization", "List", "Location", "Media", "Medication", "MedicationAdministration",
    "MedicationDispense", "OperationOutcome", "Organization", "Parameters", "Practitioner", "PractitionerRole", "Provenance",
    "Questionnaire", "RelatedPerson", "RequestGroup", "RiskAssessment", "ServiceRequest", "Specimen", "Task",
))  # fmt: skip
"""Kinds that a report may name though nothing is read from them; any other word there is not repeated."""
VERIFIED = ("confirmed", "unconfirmed", "provisional", "differential", "refuted", "entered-in-error")
PRESENT = ("active", "recurrence", "relapse")
CLINICAL = (*PRESENT, "inactive", "remission", "resolved")
ONSET = "tells when it began, which may be an older episode: not read as how long this pain has lasted; ask how long"
MERGED = ("replaced-by", "replaces")
"""Links of a Patient to another record of the same person."""
ANOTHER = "is about another patient"
Whose: TypeAlias = Literal["own", "other", "unclear"]


class Reader(Forms):
    """Holds what has been said so far, and the report; used once."""

    @cached_property
    def readers(self) -> dict[str, Callable[[Mapping[str, Any], str], None]]:
        """How each kind of resource is read."""
        return {
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
        """Take in the resources of one patient, in order."""
        resources = list(self._resources(given))
        if given and not resources and not any(f.mapping(one).get("resourceType") == "Bundle" for one in given):
            raise FindingError([Fault("", "expected FHIR resources: mappings with a resourceType")])
        self.count = len(resources)
        if self._is_older_version([one for one, _, _ in resources]):
            raise FindingError([Fault("", "this is FHIR DSTU2 or STU3, not R4: ask the source for R4 (fhirVersion 4.0.1)")])
        self.addresses = {url for _, _, url in resources if url}
        self.several = sum(one["resourceType"] == "Patient" for one, _, _ in resources) > 1
        self.servers |= {base for one, _, url in resources if (base := server_of(url, one))}
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
        old = [resource for resource in resources if f.is_older(resource)]
        if not old or any(map(f.is_newer, resources)):
            return False
        others = [
            resource
            for resource in resources
            if resource["resourceType"] in self.readers and resource["resourceType"] != "Patient" and resource not in old
        ]
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
        while same := [entry for entry in waiting if self.patients & names_of(*entry)]:
            for entry in same:
                waiting.remove(entry)
                self._know(*entry)
        if self.patients:
            return not [entry for entry in waiting if not self.asked_for]
        about = [reference(one) for one, _, _ in resources if one["resourceType"] in self.readers]
        told = [one for one in about if one.id and one.kind == "Patient"]
        self.patients = {one.id for one in told}
        if told and all(one.server for one in told) and len({one.server for one in told}) == 1:
            self.servers.add(told[0].server)
        return len(self.patients) <= 1

    def _know(self, patient: Mapping[str, Any], url: str) -> None:
        """The names of a Patient, and of the records that were merged with it."""
        self.patients |= names_of(patient, url)
        numbers = f.mappings(patient.get("identifier"))
        self.numbers |= {(f.text(number.get("system")), value) for number in numbers if (value := f.text(number.get("value")))}

    def _whose(self, resource: Mapping[str, Any]) -> Whose:
        """Of whom a resource speaks; unclear where what it names cannot be told apart from the patient, nor found to be the same."""
        subject = f.mapping(resource.get("subject") or resource.get("patient"))
        about = reference(resource)
        if about.kind not in ("Patient", "") or (about.kind == "" and f.text(subject.get("type")) not in ("Patient", "")):
            return "other"
        if about.inside:
            inside = [mapping for mapping in f.mappings(resource.get("contained")) if f.text(mapping.get("id")) == about.id]
            numbers = [mapping for patient in inside for mapping in f.mappings(patient.get("identifier"))]
            return "own" if not self.patients or self._is_number(numbers) else "other"
        if not about.id:
            numbers = f.mappings(subject.get("identifier"))
            if not any(f.text(number.get("value")) for number in numbers) or not self.patients or self._is_number(numbers):
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
        return any((f.text(number.get("system")), f.text(number.get("value"))) in self.numbers for number in numbers)

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
        if not self.patients & names_of(resource, url) and self.patients:
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
            about = reference({"subject": focus})
            if not (about.kind == "Condition" or about.whole in self.conditions or {about.id, about.whole} & self.patients):
                return True
        return False

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
            self._say_age(Record(f"{where}.birthDate", Moment.of(self.at or self.on)), years(last, self.on), years(first, self.on))
        record = Record(f"{where}.gender")
        stated = [
            (url, f.text(mapping.get("valueCode")))
            for mapping in f.mappings(resource.get("extension"))
            if (url := f.text(mapping.get("url")))
        ]
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
        over = clinical in OVER or self._has_ended(resource)
        entry = self._named(record, resource.get("code"))
        since = not over and clinical in PRESENT and any(f.text(name).startswith("onset") for name in resource)
        for meaning in entry.meanings:
            told_of = self._sited(record, resource)
            if since and resource.get("recordedDate") is None and self._is_of_this_pain(meaning):
                told_of = attrs.evolve(
                    told_of, when=Moment(record.when.first, None)
                )  # it began then and is said to go on; when, is not told
            self._held(told_of, entry.shown, meaning, verified, over=over)
        if since and verified != "refuted" and any(map(self._is_of_this_pain, entry.meanings)):
            self._skip(where, entry.shown, ONSET)

    def _named(self, record: Record, concept: Any) -> Entry:
        """What the code of a condition means: a diagnosis or a finding of this pack, else what its codes say."""
        if (own := self._own(concept, "diagnosis")) in self.words.diagnoses:
            return Entry(f"own {own}", (CodeMeaning("own", own, label=own),))
        if (own := self._own(concept, "finding")) in self.words.terms:
            return Entry(f"own {own}", (CodeMeaning("own", own, finding=own),))
        return self._entry(record, concept)

    def _is_of_this_pain(self, meaning: CodeMeaning) -> bool:
        """Whether a condition is a pain itself, or a diagnosis that was given for it."""
        return bool(meaning.region or meaning.label) or (meaning.finding in self.words.terms and self.words.terms[meaning.finding].draws)

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

    def _procedure(self, resource: Mapping[str, Any], where: str) -> None:
        if self._is_live(resource, where, "completed", "in-progress"):
            when = f.when(resource, "performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod")
            self._done(self._record(where, "Procedure", when), resource.get("code"), over=False)

    def _say_age(self, record: Record, lowest: int, highest: int) -> None:
        """An age in years, or, where the birth date is not whole, the range in which it lies."""
        allowed = self.words.terms["age_years"].range
        if allowed and not allowed[0] <= lowest <= highest <= allowed[1]:
            self._doubt(record.where, "", "an age that cannot be")
            return
        age = float(lowest) if lowest == highest else Interval(lowest, highest)
        self._say(record, "", self._patient_at("age_years"), "", age)


@attrs.frozen
class _About:
    """What a reference names: its kind, id and server, without a version; ``inside`` where it stands in the resource itself."""

    whole: str = ""
    kind: str = ""
    id: str = ""
    server: str = ""
    inside: bool = False


_REFERENCE = re.compile(r"(?:(https?://.+)/)?([A-Z][A-Za-z]+)/([^/?]+)")


def reference(resource: Mapping[str, Any]) -> _About:
    """Whom a resource is about."""
    text = f.text(f.mapping(resource.get("subject") or resource.get("patient")).get("reference")).partition("/_history/")[0].strip()
    if text.startswith("#"):
        return _About(text, "", text[1:], inside=True)
    if match := _REFERENCE.fullmatch(text):
        return _About(text, match[2], match[3], match[1] or "")
    return _About(text, "", text.rpartition("/")[2].rpartition(":")[2]) if text else _About()


def names_of(patient: Mapping[str, Any], url: str) -> set[str]:
    """The names by which others refer to a Patient, and to the records that were merged with it."""
    links = [reference({"subject": link.get("other")}) for link in f.mappings(patient.get("link")) if f.text(link.get("type")) in MERGED]
    own = (f.text(patient.get("id")), url, url.rpartition("/")[2].rpartition(":")[2])
    return {name for name in (*own, *(name for link in links for name in (link.id, link.whole))) if name}


def server_of(url: str, resource: Mapping[str, Any]) -> str:
    """The address of the server in the full address of a resource."""
    match = _REFERENCE.fullmatch(url)
    return match[1] or "" if match and match[2] == resource["resourceType"] else ""


def years(born: date, on: date) -> int:
    """An age in whole years."""
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))
