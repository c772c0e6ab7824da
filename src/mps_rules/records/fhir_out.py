"""
Findings and an assessment become FHIR R4 resources.

Plain dicts, the same for the same input: an id is worked out of what a resource says, and every date is the caller's. What was
asked and stayed unknown is written as such; what was never asked is not written.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import attrs

from mps_rules.answer.values import Alert, Assessment, Question
from mps_rules.chaining.chains import Premise
from mps_rules.errors import Fault, FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import Term, muscle_subject
from mps_rules.patient.addresses import Address, address, of_finding
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Finding, Findings
from mps_rules.records.codes import Own, code_book, own_system

NAMESPACE = UUID("6f0f7a2e-6d0c-5c0a-9a51-0d6b1a5f2c11")
HL7 = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"
ASKED = 12
"""How many open questions a guidance response asks for, the most useful first."""
CATEGORIES = {"asked": "survey", "examined": "exam", "imaged": "imaging", "tested": "laboratory"}
SEVERITY = {"emergency": "high", "urgent": "high", "soon": "moderate"}
STANDING = ("confirmed", "probable", "possible")

Resource = dict[str, Any]


def findings_to_fhir(
    findings: Mapping[str, Any], kb: KnowledgeBase, *, patient: str, written: datetime, unanswered: Sequence[str] = ()
) -> Resource:
    """
    The findings of a patient as a Bundle: an Observation for each, a Condition for each diagnosis given or denied.

    >>> from datetime import UTC
    >>> from mps_rules import load
    >>> bundle = findings_to_fhir({"fever": False}, load(), patient="Patient/1", written=datetime(2026, 1, 1, tzinfo=UTC))
    >>> bundle["entry"][0]["resource"]["valueBoolean"]
    False

    Args:
        findings: as ``evaluate`` takes them.
        kb: the rules whose words they are.
        patient: the reference of the patient.
        written: when they were recorded, with a time zone.
        unanswered: addresses of what was asked or looked for and stayed unknown.

    Raises:
        FindingError: the findings, or an address, cannot be read; the time has no zone.

    """
    writer = _Writer(kb, patient, written)
    writer.findings(read_findings(findings, terrain_of(kb)), unanswered)
    return writer.bundle()


def to_fhir(assessment: Assessment, kb: KnowledgeBase, *, patient: str, written: datetime, unanswered: Sequence[str] = ()) -> Resource:
    """
    An assessment as a Bundle: its findings, a GuidanceResponse, a ClinicalImpression, a DetectedIssue for each alert, and a Provenance.

    >>> from datetime import UTC
    >>> from mps_rules import evaluate, load
    >>> assessment = evaluate({"saddle_anaesthesia": True})
    >>> bundle = to_fhir(assessment, load(), patient="Patient/1", written=datetime(2026, 1, 1, tzinfo=UTC))
    >>> sorted({entry["resource"]["resourceType"] for entry in bundle["entry"]})
    ['ClinicalImpression', 'DetectedIssue', 'GuidanceResponse', 'Observation', 'Provenance']

    Raises:
        FindingError: these are not the rules that gave the assessment; an address names nothing; the time has no zone.

    """
    if assessment.knowledge.digest != kb.digest:
        raise FindingError([Fault("knowledge.digest", "these rules did not give this assessment")])
    writer = _Writer(kb, patient, written)
    writer.findings(assessment.findings, unanswered)
    writer.assessment(assessment)
    return writer.bundle()


@attrs.frozen
class _Value:
    """How a finding is written: the value of an Observation, or its components, one for each word."""

    value: Mapping[str, Any] = attrs.Factory(dict)
    components: tuple[Resource, ...] = ()


class _Writer:
    """Holds the resources written so far and where each finding stands; used once."""

    def __init__(self, base: KnowledgeBase, patient: str, written: datetime) -> None:
        if written.tzinfo is None:
            raise FindingError([Fault("written", "needs a time zone")])
        self.base, self.words = base, base.vocabulary
        self.patient, self.written = {"reference": patient}, written.isoformat(timespec="seconds")
        self.uris = {system.id: system.uri for system in reversed(base.codes.systems)}
        self.resources: list[Resource] = []
        self.places: dict[str, str] = {}

    def bundle(self) -> Resource:
        entries = [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in self.resources]
        return {"resourceType": "Bundle", "type": "collection", **({"entry": entries} if entries else {})}

    def _keep(self, resource: Resource) -> str:
        """Keep a resource under an id made of what it says; its reference."""
        text = json.dumps(resource, sort_keys=True, ensure_ascii=False)
        name = str(uuid5(NAMESPACE, text))
        self.resources.append({"resourceType": resource["resourceType"], "id": name, **resource})
        return f"urn:uuid:{name}"

    # --- findings

    def findings(self, findings: Findings, unanswered: Sequence[str]) -> None:
        known = [(Address("patient", "patient", one.term), one) for one in findings.patient if not one.follows_from]
        for at, finding in known:
            self._finding(at, finding)
        for pain in findings.pain:
            self._pain(Address("pain", pain.region, side=pain.side), present=pain.present, intensity=pain.intensity)
        if findings.pain_map_complete is not None:
            self._write(
                "pain_map_complete", Address("patient", "patient", "pain_map_complete"), {"valueBoolean": findings.pain_map_complete}
            )
        for given in findings.labels:
            reference = self._condition(given.label, present=given.present)
            for finding in given.findings:
                self._finding(Address("label", given.label, finding.term), finding, {"focus": [{"reference": reference}]})
        for exam in findings.exam:
            site = {"bodySite": self._muscle(exam.muscle, exam.side)}
            at = Address("muscle", exam.muscle, "examined", exam.side)
            self._write("examined", at, {**site, "valueBoolean": True}, "exam")
            for finding in exam.findings:
                self._finding(Address("muscle", exam.muscle, finding.term, exam.side), finding, site)
        for one in findings.somewhere:
            site = {"bodySite": self._region(one.region, one.side)}
            for finding in one.findings:
                self._finding(Address("muscle", one.region, finding.term, one.side), finding, site)
        for text in unanswered:
            at = address(text, self.words)
            if str(at) not in self.places:
                self._unanswered(at)

    def _finding(self, at: Address, finding: Finding, more: Mapping[str, Any] | None = None) -> None:
        term = self.words.terms[finding.term]
        value = self._value(term, finding)
        parts = {"component": list(value.components)} if value.components else value.value
        self._write(term.id, at, {**(more or {}), **parts}, CATEGORIES.get(term.cost))

    def _unanswered(self, at: Address) -> None:
        """What was asked, or looked for, and stayed unknown."""
        term = self.words.terms.get(at.term)
        asked = term is None or term.cost == "asked"
        reason = _concept(f"{HL7}/data-absent-reason", "asked-unknown" if asked else "not-performed")
        more: dict[str, Any] = {"dataAbsentReason": reason}
        if at.kind == "muscle":
            more["bodySite"] = self._muscle(at.name, at.side)
        if at.kind == "pain":
            more["bodySite"] = self._region(at.name, at.side)
        if at.kind in ("label", "given"):
            more["focus"] = [{"display": self.words.diagnoses[at.name].label}]
        self._write("pain" if at.kind == "pain" else at.term or "label", at, more, CATEGORIES.get(term.cost) if term else "survey")

    def _pain(self, at: Address, *, present: bool, intensity: float | None) -> None:
        more: dict[str, Any] = {"bodySite": self._region(at.name, at.side), "valueBoolean": present}
        if intensity is not None:
            term = self.words.terms["pain_intensity"]
            more["component"] = [{"code": self._code(term), "valueQuantity": self._quantity(term, intensity)}]
        self._write("pain", at, more, "survey")

    def _write(self, own: str, at: Address, more: Mapping[str, Any], category: str | None = "survey") -> None:
        term = self.words.terms.get(own)
        code = self._code(term) if term else {"coding": [self.own("finding", own, own.replace("_", " ").capitalize())]}
        self.places[str(at)] = self._keep(
            {
                "resourceType": "Observation",
                "status": "final",
                **({"category": [_concept(f"{HL7}/observation-category", category)]} if category else {}),
                "code": code,
                "subject": self.patient,
                "effectiveDateTime": self.written,
                **more,
            }
        )

    def _condition(self, label: str, *, present: bool) -> str:
        diagnosis = self.words.diagnoses[label]
        codings = [self.own("diagnosis", label, diagnosis.label)]
        for system, codes in sorted(diagnosis.codes.items()):
            exact = code_book(self.base).exact.get((system, codes[0].replace(".", "").upper()), ())
            if system in self.uris and len(codes) == 1 and [one.label for one in exact] == [label] and not exact[0].unread:
                codings.append({"system": self.uris[system], "code": codes[0]})
        reference = self._keep(
            {
                "resourceType": "Condition",
                **({"clinicalStatus": _concept(f"{HL7}/condition-clinical", "active")} if present else {}),
                "verificationStatus": _concept(f"{HL7}/condition-ver-status", "confirmed" if present else "refuted"),
                "code": {"coding": codings, "text": diagnosis.label},
                "subject": self.patient,
                "recordedDate": self.written,
            }
        )
        self.places[f"labels.{label}"] = reference
        return reference

    def _value(self, term: Term, finding: Finding) -> _Value:
        if isinstance(finding.value, bool):
            return _Value({"valueBoolean": finding.value})
        if finding.value is not None:
            return _Value({"valueQuantity": self._quantity(term, finding.value)})
        if finding.between is not None:
            low, high = (self._quantity(term, end) for end in finding.between)
            return _Value({"valueRange": {"low": low, "high": high}})
        if term.kind == "one_of" and finding.words:
            word = finding.words[0]
            return _Value({"valueCodeableConcept": {"coding": [self.word(term, word)]}})
        return _Value(
            components=tuple(
                {"code": {"coding": [self.word(term, word)]}, "valueBoolean": word in finding.words}
                for word in term.values
                if word in (*finding.words, *finding.denied)
            )
        )

    def _quantity(self, term: Term, value: float) -> Resource:
        unit = term.unit or "1"
        shown = self.words.shown_unit(term.id).strip()
        return {"value": value, **({"unit": shown} if shown else {}), "system": UCUM, "code": unit}

    # --- codes

    def own(self, kind: Own, code: str, display: str) -> Resource:
        """One of this pack's own codes."""
        return {"system": own_system(self.base, kind), "code": code, "display": display}

    def word(self, term: Term, word: str) -> Resource:
        """The own code of a word that a finding takes."""
        return self.own("value", f"{term.id}.{word}", word.replace("_", " "))

    def _code(self, term: Term) -> Resource:
        """A finding's own code, and the codes that the vocabulary gives it in systems made for observations."""
        more = [
            {"system": self.uris[name], "code": term.codes[name]}
            for name in ("loinc", "snomed_ct")
            if name in term.codes and name in self.uris
        ]
        return {"coding": [self.own("finding", term.id, term.label), *more], "text": term.label}

    def _muscle(self, muscle: str, side: str | None) -> Resource:
        subject = muscle_subject(muscle, side)
        label = self.words.subject_label(subject)
        return {"coding": [self.own("muscle", subject, label)], "text": label}

    def _region(self, region: str, side: str | None) -> Resource:
        """A place of the pain map; the public code of a region names no side, so that it stands only where none is given."""
        known = self.words.regions[region]
        label = known.label + (f", {side}" if side else "")
        codings = [self.own("region", muscle_subject(region, side), label)]
        if not side and known.snomed_match == "exact" and "snomed_ct" in known.codes and "snomed_ct" in self.uris:
            codings.append({"system": self.uris["snomed_ct"], "code": known.codes["snomed_ct"]})
        return {"coding": codings, "text": label}

    # --- the assessment

    def assessment(self, assessment: Assessment) -> None:
        issues = [self._issue(alert) for alert in assessment.alerts]
        impression = self._impression(assessment)
        guidance = self._guidance(assessment)
        self._provenance([*issues, impression, guidance])

    def _issue(self, alert: Alert) -> str:
        """A red flag; one that is only open is registered, not found."""
        details = [{"reference": reference} for reference in dict.fromkeys(self._evidence(alert.because))]
        said = [{"text": text} for text in dict.fromkeys(premise.text for premise in alert.because)]
        evidence = {**({"code": said} if said else {}), **({"detail": details} if details else {})}
        start = "" if alert.status == "raised" else "Open, not raised: too little is known to clear it. "
        return self._keep(
            {
                "resourceType": "DetectedIssue",
                "status": "preliminary" if alert.status == "raised" else "registered",
                "code": {"coding": [self.own("alert", alert.id, alert.label)], "text": alert.label},
                "severity": SEVERITY[alert.urgency],
                "patient": self.patient,
                "identifiedDateTime": self.written,
                **({"implicated": details} if details else {}),
                **({"evidence": [evidence]} if evidence else {}),
                "detail": f"{start}{alert.condition_label}. {alert.action} ({alert.act_within})",
            }
        )

    def _evidence(self, premises: Iterable[Premise]) -> Iterator[str]:
        for premise in premises:
            names = {
                "finding": str(of_finding(premise.subject, premise.id, self.words)),
                "pain": f"pain.{premise.id}",
                "label": f"labels.{premise.id}",
            }
            if (reference := self.places.get(names.get(premise.kind, ""))) is not None:
                yield reference

    def _impression(self, assessment: Assessment) -> str:
        """What the rules hold for possible; in progress until a clinician has judged it."""
        standing = [hypothesis for hypothesis in assessment.hypotheses if hypothesis.status in STANDING]
        found = [
            {
                "itemCodeableConcept": {"coding": [self.own("hypothesis", one.id, one.label)], "text": f"{one.label}: {one.status}"},
                "basis": "rules " + ", ".join(dict.fromkeys(argument.rule for argument in one.supports)),
            }
            for one in standing
        ]
        looked_at = [{"reference": reference} for reference in self.places.values()]
        leading = f"{standing[0].label}: {standing[0].status}. " if standing else "Nothing is held for possible. "
        return self._keep(
            {
                "resourceType": "ClinicalImpression",
                "status": "in-progress",
                "description": f"Computed by rules ({self.base.pack.status}); for a clinician to judge.",
                "subject": self.patient,
                "date": self.written,
                **({"investigation": [{"code": {"text": "Findings recorded"}, "item": looked_at}]} if looked_at else {}),
                "protocol": [self._module().partition("|")[0]],
                "summary": f"{leading}Urgency: {assessment.urgency}. Red flags asked: {assessment.screening.replace('_', ' ')}.",
                **({"finding": found} if found else {}),
            }
        )

    def _module(self) -> str:
        return f"{self.base.codes.canonical}:pack:{self.base.pack.id}|{self.base.pack.version}"

    def _guidance(self, assessment: Assessment) -> str:
        open_ = [] if assessment.should_stop else [self._requirement(question) for question in assessment.questions[:ASKED]]
        told = [hypothesis for hypothesis in assessment.hypotheses if hypothesis.supports or hypothesis.opposes]
        conclusions = [
            {"name": "urgency", "valueCode": assessment.urgency},
            {"name": "screening", "valueCode": assessment.screening},
            *(
                {"name": "hypothesis", "part": [{"name": "id", "valueCode": one.id}, {"name": "status", "valueCode": one.status}]}
                for one in told
            ),
        ]
        issues = [
            {"severity": "information", "code": "incomplete", "details": {"text": f"Not asked: {one.label} ({one.urgency})"}}
            for one in assessment.unscreened
        ]
        contained: list[Resource] = [{"resourceType": "Parameters", "id": "conclusions", "parameter": conclusions}]
        if issues:
            contained.append({"resourceType": "OperationOutcome", "id": "unscreened", "issue": issues})
        return self._keep(
            {
                "resourceType": "GuidanceResponse",
                "contained": contained,
                "moduleCanonical": self._module(),
                "status": "data-required" if open_ else "success",
                "subject": self.patient,
                "occurrenceDateTime": self.written,
                **({"evaluationMessage": [{"reference": "#unscreened"}]} if issues else {}),
                "outputParameters": {"reference": "#conclusions"},
                **({"dataRequirement": open_} if open_ else {}),
            }
        )

    def _requirement(self, question: Question) -> Resource:
        """The findings that one question asks for, and of which muscle."""
        codes = [self.own("finding", id_, self.words.terms[id_].label) for id_ in question.terms if id_ in self.words.terms]
        filters = [{"path": "code", "code": codes}]
        muscle, _, side = question.subject.partition(".")
        if muscle in {*self.words.muscles, *self.words.groups}:
            filters.append({"path": "bodySite", "code": self._muscle(muscle, side or None)["coding"]})
        return {"type": "Observation", "codeFilter": filters}

    def _provenance(self, targets: Sequence[str]) -> None:
        pack = self.base.pack
        digest = {"system": f"{self.base.codes.canonical}:digest", "value": self.base.digest}
        self._keep(
            {
                "resourceType": "Provenance",
                "target": [{"reference": target} for target in targets],
                "recorded": self.written,
                "agent": [
                    {"type": _concept(f"{HL7}/provenance-participant-type", "assembler"), "who": {"display": f"{pack.id} {pack.version}"}}
                ],
                "entity": [{"role": "source", "what": {"identifier": digest, "display": f"rules {pack.id} {pack.version}, {pack.status}"}}],
            }
        )


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}
