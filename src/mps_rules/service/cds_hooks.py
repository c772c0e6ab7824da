"""
CDS Hooks 2.0.1 as functions of a request: what a chart raises, what is still to ask, what a new label may hide.

No clock, no network, no store: the day is given, ``fhirServer`` is never followed, ``fhirAuthorization`` is never kept. A prefetch key that is
missing, null, empty, in error or only a first page leaves things unknown, never absent; an error is said, in one card. Where nothing is worth
an interruption there are no cards. No message repeats a value of the request.
"""

import hashlib
import html
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias

import attrs

from mps_rules.answer.values import Alert, Assessment, Caution, Question, Recommendation
from mps_rules.api import evaluate, load
from mps_rules.errors import Fault, FindingError, closest, listed
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING
from mps_rules.knowledge.vocabulary import Diagnosis
from mps_rules.records import fhir_json as f
from mps_rules.records.codes import code_book
from mps_rules.records.fhir_in import is_record_of, read_resources
from mps_rules.records.orders import Order, read_orders

Response: TypeAlias = dict[str, Any]
Indicator: TypeAlias = Literal["info", "warning", "critical"]
State: TypeAlias = Literal["absent", "none recorded", "error", "incomplete", "complete"]

LONGEST_SUMMARY = 139
"""UTF-16 units of a card's summary: the specification asks for fewer than 140 characters."""
QUESTIONS_SHOWN = 3
"""How many questions one card lists."""
MUSCLES_SHOWN = 6
"""How many muscles one card names for a diagnosis."""
ITEMS_SHOWN = 5
"""How many findings one open flag asks for; the others are counted."""
OPEN_SHOWN = 6
"""How many open flags one card describes; the others are named."""
RULES_HANDED_OVER = 12
"""How many of the rules behind a card it hands over to the app that it opens."""


@attrs.frozen
class Service:
    """One service: its hook, what it says of itself, the queries it asks to be filled in, and the context it cannot do without."""

    id: str
    hook: str
    title: str
    description: str
    prefetch: Mapping[str, str]
    context: tuple[str, ...] = ("userId", "patientId")


_PATIENT = "patient={{context.patientId}}"
_CHART = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": f"Condition?{_PATIENT}&clinical-status=active,recurrence,relapse",
    "past": f"Condition?{_PATIENT}&clinical-status=inactive,remission,resolved",
    "exam": f"Observation?{_PATIENT}&category=exam&_sort=-date&_count=100",
    "survey": f"Observation?{_PATIENT}&category=survey&_sort=-date&_count=100",
    "imaging": f"Observation?{_PATIENT}&category=imaging&_sort=-date&_count=50",
    "laboratory": f"Observation?{_PATIENT}&category=laboratory&code=[tested]&_sort=-date&_count=100",
    "vitals": f"Observation?{_PATIENT}&category=vital-signs&code=[measured]&_sort=-date&_count=50",
    "social": f"Observation?{_PATIENT}&category=social-history&code=[measured]&_sort=-date&_count=50",
    "forms": f"QuestionnaireResponse?{_PATIENT}&status=completed&_sort=-authored&_count=20",
    "medications": f"MedicationRequest?{_PATIENT}&_sort=-authoredon&_count=100",
    "statements": f"MedicationStatement?{_PATIENT}&_sort=-effective&_count=100",
    "procedures": f"Procedure?{_PATIENT}&_sort=-date&_count=100",
}
"""What is asked for; where a chart may hold much, the newest first, and of tests and measures only those that the rules read."""
_ORDERED = "When imaging, an opioid or an injection is ordered for muscle or back pain: red flags not yet asked about, and what a guideline advises."
_OPEN = "Red flags that the chart raises or leaves open for muscle and back pain, and what to ask or examine next. Silent without pain."
SERVICES = {
    service.id: service
    for service in (
        Service("mps-patient-view", "patient-view", "Muscle pain: what is still to examine", _OPEN, _CHART),
        Service(
            "mps-encounter-start",
            "encounter-start",
            "Muscle pain: what is still to examine",
            _OPEN,
            _CHART,
            ("userId", "patientId", "encounterId"),
        ),
        Service(
            "mps-problem-list",
            "problem-list-item-create",
            "Muscle pain: what a label may hide",
            "When a pain diagnosis is added: what to check before the label closes the question, and red flags that stay open.",
            _CHART,
            ("userId", "patientId", "conditions"),
        ),
        Service(
            "mps-order-select",
            "order-select",
            "Muscle pain: before an order",
            _ORDERED,
            _CHART,
            ("userId", "patientId", "selections", "draftOrders"),
        ),
        Service("mps-order-sign", "order-sign", "Muscle pain: before an order", _ORDERED, _CHART, ("userId", "patientId", "draftOrders")),
    )
}
OVERRIDE_REASONS = {
    "already-done": "Already asked or examined",
    "not-applicable": "Does not apply to this patient",
    "not-reproducible": "Finding not reproducible on examination",
    "need-more-info": "More information is needed first",
    "disagree": "Clinician disagrees",
}


@attrs.frozen
class Config:
    """
    What a deployment decides: how it is named as a source, where its rules are described, and which services it offers.

    ``page``, where there is one, is the address of a page for asking and examining; cards link to it. Nothing of the patient is put into a link.
    ``smart`` is the address at which a record opens that page on its patient; a card hands over which call and which card it was, and no finding.
    """

    label: str = "mps_rules (not clinically reviewed)"
    url: str = ""
    page: str = ""
    services: tuple[str, ...] = tuple(SERVICES)
    smart: str = ""


@attrs.frozen
class Shown:
    """One card as it was shown: by which rules."""

    uuid: str
    topic: str
    indicator: Indicator
    rules: tuple[str, ...]


@attrs.frozen
class Record:
    """
    What may be kept of an answer: digests, ids of conclusions and of rules; nothing that says who.

    ``unread`` is how many codes of each system these rules do not know.
    """

    service: str
    hook: str
    hook_instance: str
    input_digest: str
    rules_id: str
    rules_version: str
    rules_digest: str
    urgency: str
    screening: str
    conclusions: tuple[str, ...]
    cards: tuple[Shown, ...]
    prefetch: tuple[tuple[str, State], ...]
    unread: tuple[tuple[str, int], ...] = ()


@attrs.frozen
class Answer:
    """The HTTP status, the JSON object, and what may be kept of it where something was concluded."""

    status: int
    response: Response
    record: Record | None = None


@attrs.frozen
class Feedback:
    """What became of one card; ``comment`` is free text and may name a person."""

    card: str
    outcome: Literal["accepted", "overridden"]
    at: str
    suggestions: tuple[str, ...] = ()
    reason: str = ""
    comment: str = attrs.field(default="", repr=False)


def discovery(config: Config, kb: KnowledgeBase | None = None) -> Response:
    """
    The services offered, as ``GET /cds-services`` answers; the codes that they ask for are those of the rules, left out the packaged ones.

    >>> [service["hook"] for service in discovery(Config())["services"]]
    ['patient-view', 'encounter-start', 'problem-list-item-create', 'order-select', 'order-sign']
    """
    book = code_book(kb or load())
    codes = {"[tested]": ",".join(book.tokens(tested=True)), "[measured]": ",".join(book.tokens(tested=False))}

    def filled(query: str) -> str:
        for place, tokens in codes.items():
            query = query.replace(place, tokens)
        return query

    return {
        "services": [
            {
                "hook": one.hook,
                "id": one.id,
                "title": one.title,
                "description": one.description,
                "prefetch": {key: filled(query) for key, query in one.prefetch.items()},
            }
            for one in map(SERVICES.__getitem__, config.services)
        ]
    }


def handle(service_id: str, request: Any, config: Config, on: date | datetime, kb: KnowledgeBase | None = None) -> tuple[int, Response]:
    """
    The status and the answer to a call of a service.

    >>> context = {"userId": "Practitioner/1", "patientId": "1"}
    >>> request = {"hook": "patient-view", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": context}
    >>> handle("mps-patient-view", {**request, "prefetch": {"conditions": None}}, Config(), date(2026, 1, 1))
    (200, {'cards': []})
    >>> handle("mps-patient-view", request, Config(), date(2026, 1, 1))[0]
    412

    Args:
        service_id: the id in the address that was called.
        request: the JSON object of the request, read.
        config: what the deployment decides.
        on: the day as of which the chart is read, or an instant with the zone of the place.
        kb: the rules; left out, the packaged ones.

    """
    answered = answer(service_id, request, config, on, kb)
    return answered.status, answered.response


def answer(service_id: str, request: Any, config: Config, on: date | datetime, kb: KnowledgeBase | None = None) -> Answer:
    """As ``handle``, with what may be kept of the answer."""
    if service_id not in config.services:
        return _failed(404, [Fault("", "no such service", closest(service_id, config.services))])
    service = SERVICES[service_id]
    faults = list(_faults(service, request))
    if faults:
        return _failed(400, faults)
    given, context, base = request.get("prefetch", {}), request["context"], kb or load()
    states = {key: _state(given, key) for key in service.prefetch}
    if all(state in ("absent", "error") for key, state in states.items() if key != "patient"):
        return _failed(412, [Fault("prefetch", "no query about findings was answered")])
    patient = given.get("patient")
    if isinstance(patient, Mapping) and not is_record_of(patient, context["patientId"]):
        return _failed(412, [Fault("prefetch.patient", "is another patient than the one of the context")])
    selected = context["selections"] if "selections" in service.context else None
    orders = read_orders(context["draftOrders"], base, selected=selected) if "draftOrders" in service.context else ()
    added: list[Any] = [context["conditions"]] if "conditions" in service.context else []
    added += [{"resourceType": "Condition", "code": reason} for order in orders for reason in order.reasons]
    whose = {"patient": context["patientId"], "server": request["fhirServer"] if _words(request.get("fhirServer")) else ""}
    try:
        read = [given[key] for key, state in states.items() if state in ("complete", "incomplete")]
        findings, report = read_resources([*read, *added], base, on=on, **whose)
        labels = tuple(read_resources(added, base, on=on, **whose)[0].get("labels", ())) if added else ()
        assessment = evaluate(findings, base)
    except FindingError as error:
        return _failed(412, [Fault("prefetch", fault.what) for fault in error.faults])
    failed = [key for key in service.prefetch if key != "patient" and _has_failed(given.get(key))]
    cards, shown = _Cards(base, config, assessment, context["patientId"], request["hookInstance"]).made(service, labels, orders, failed)
    record = Record(
        service=service.id,
        hook=service.hook,
        hook_instance=request["hookInstance"],
        input_digest=hashlib.sha256(_canonical(findings).encode()).hexdigest(),
        rules_id=base.pack.id,
        rules_version=base.pack.version,
        rules_digest=base.digest,
        urgency=assessment.urgency,
        screening=assessment.screening,
        conclusions=(
            *(f"{alert.id}:{alert.status}" for alert in assessment.alerts),
            *(f"{hypothesis.id}:{hypothesis.status}" for hypothesis in assessment.hypotheses if hypothesis.supports or hypothesis.opposes),
        ),
        cards=shown,
        prefetch=tuple(states.items()),
        unread=report.unknown_codes,
    )
    return Answer(200, {"cards": cards}, record)


def to_call(answered: Answer, instance: str) -> Answer:
    """
    The same answer, to another call: what a record keeps and what a card hands over name that one.

    >>> answered = Answer(200, {"cards": [{"links": [{"type": "smart", "appContext": '{"hookInstance":"a"}'}]}]})
    >>> to_call(answered, "b").response["cards"][0]["links"][0]["appContext"]
    '{"hookInstance":"b"}'
    """

    def handed(link: Response) -> Response:
        if "appContext" not in link:
            return link
        return link | {"appContext": _canonical(json.loads(link["appContext"]) | {"hookInstance": instance})}

    cards = [
        card | {"links": [handed(link) for link in card["links"]]} if "links" in card else card
        for card in answered.response.get("cards", ())
    ]
    response = answered.response | {"cards": cards} if "cards" in answered.response else answered.response
    return Answer(answered.status, response, attrs.evolve(answered.record, hook_instance=instance) if answered.record else None)


def feedback(service_id: str, body: Any, config: Config) -> tuple[int, Response, tuple[Feedback, ...]]:
    """
    The status, the answer, and what became of which cards.

    >>> told = {"card": "c1", "outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}], "outcomeTimestamp": "2026-01-01T09:00:00Z"}
    >>> feedback("mps-patient-view", {"feedback": [told]}, Config())[2][0].suggestions
    ('s1',)
    """
    if service_id not in config.services:
        failed = _failed(404, [Fault("", "no such service", closest(service_id, config.services))])
        return failed.status, failed.response, ()
    items = body.get("feedback") if isinstance(body, Mapping) else None
    if not isinstance(items, list):
        failed = _failed(400, [Fault("feedback", "expected a list")])
        return failed.status, failed.response, ()
    faults = [fault for number, item in enumerate(items) for fault in _feedback_faults(item, f"feedback[{number}]")]
    if faults:
        failed = _failed(400, faults)
        return failed.status, failed.response, ()
    return 200, {}, tuple(map(_feedback, items))


# --- what is asked ----------------------------------------------------------------------------------------------------

_USER = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9.-]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _faults(service: Service, request: Any) -> Iterator[Fault]:
    if not isinstance(request, Mapping):
        yield Fault("", "expected a JSON object")
        return
    if request.get("hook") != service.hook:
        yield Fault("hook", f"this service answers {service.hook}")
    if not is_uuid(request.get("hookInstance")):
        yield Fault("hookInstance", "expected a UUID")
    if "prefetch" in request and not isinstance(request["prefetch"], Mapping):
        yield Fault("prefetch", "expected an object")
    if "fhirAuthorization" in request and not _words(request.get("fhirServer")):
        yield Fault("fhirServer", "is needed beside fhirAuthorization")
    context = request.get("context")
    if not isinstance(context, Mapping):
        yield Fault("context", "expected an object")
        return
    for field in service.context:
        value = context.get(field)
        if field == "userId" and not (isinstance(value, str) and _USER.fullmatch(value)):
            yield Fault("context.userId", "expected Practitioner, PractitionerRole, Patient or RelatedPerson, a slash and an id")
        elif field == "conditions" and not (isinstance(value, Mapping) and value.get("resourceType") == "Bundle"):
            yield Fault("context.conditions", "expected a Bundle")
        elif field == "draftOrders" and not (isinstance(value, Mapping) and value.get("resourceType") == "Bundle"):
            yield Fault("context.draftOrders", "expected a Bundle")
        elif field == "selections" and not (isinstance(value, list) and all(map(_words, value))):
            yield Fault("context.selections", "expected a list of references")
        elif field in ("patientId", "encounterId") and not _words(value):
            yield Fault(f"context.{field}", "expected an id")


def _feedback_faults(item: Any, where: str) -> Iterator[Fault]:
    if not isinstance(item, Mapping):
        yield Fault(where, "expected an object")
        return
    if not _words(item.get("card")):
        yield Fault(f"{where}.card", "expected the uuid of a card")
    if item.get("outcome") not in ("accepted", "overridden"):
        yield Fault(f"{where}.outcome", "expected accepted or overridden")
    if not (isinstance(item.get("outcomeTimestamp"), str) and _is_time(item["outcomeTimestamp"])):
        yield Fault(f"{where}.outcomeTimestamp", "expected a time with its zone")
    accepted = item.get("acceptedSuggestions")
    if item.get("outcome") == "accepted" and not (
        isinstance(accepted, list) and accepted and all(isinstance(one, Mapping) and _words(one.get("id")) for one in accepted)
    ):
        yield Fault(f"{where}.acceptedSuggestions", "expected suggestions, each with its id")
    reason = item.get("overrideReason")
    if reason is not None and not (
        isinstance(reason, Mapping)
        and (_words(reason.get("userComment")) or (isinstance(reason.get("reason"), Mapping) and _words(reason["reason"].get("code"))))
    ):
        yield Fault(f"{where}.overrideReason", "expected a coded reason or a comment")


def _feedback(item: Mapping[str, Any]) -> Feedback:
    reason = item.get("overrideReason") or {}
    coding = reason.get("reason") or {}
    code = coding.get("code") if isinstance(coding, Mapping) and coding.get("system") == _system("override-reason") else None
    comment = reason.get("userComment")
    return Feedback(
        card=item["card"],
        outcome=item["outcome"],
        at=item["outcomeTimestamp"],
        suggestions=tuple(one["id"] for one in item["acceptedSuggestions"]) if item["outcome"] == "accepted" else (),
        reason=(code if code in OVERRIDE_REASONS else "other") if coding else "",
        comment=comment if isinstance(comment, str) and _words(comment) else "",
    )


def _words(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_uuid(value: object) -> bool:
    """
    Whether a value is a UUID as it is written, and so no name.

    >>> [is_uuid(one) for one in ("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "{d1577c69dfbe44adba6d3e05e953b2ea}", None)]
    [True, False, False]
    """
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def _is_time(value: str) -> bool:
    try:
        return bool(_TIME.fullmatch(value)) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


def _state(given: Mapping[str, Any], key: str) -> State:
    """How a query was answered: the four states of the specification, and what was read."""
    if key not in given:
        return "absent"
    value = given[key]
    if value is None:
        return "none recorded"
    if not isinstance(value, Mapping) or not isinstance(value.get("resourceType"), str) or value["resourceType"] == "OperationOutcome":
        return "error"
    entries = [mapping.get("resource") for mapping in f.mappings(value.get("entry"))] if value["resourceType"] == "Bundle" else [value]
    found = [entry for entry in entries if f.mapping(entry).get("resourceType") != "OperationOutcome"]
    if _has_failed(value):
        return "incomplete" if found else "error"
    if not found:
        return "none recorded"
    return "incomplete" if f.has_next_page(value) else "complete"


def _has_failed(value: Any) -> bool:
    """Whether the answer to a query is an error, or holds one; information and warnings beside what was found are none."""
    if value is None or not isinstance(value, Mapping) or value.get("resourceType") == "OperationOutcome":
        return value is not None
    outcomes = [f.mapping(mapping.get("resource")) for mapping in f.mappings(value.get("entry"))]
    return any(outcome.get("resourceType") == "OperationOutcome" and f.has_failed(outcome) for outcome in outcomes)


def _failed(status: int, faults: Sequence[Fault]) -> Answer:
    """An OperationOutcome with every fault."""
    code = {404: "not-found", 412: "required"}.get(status, "invalid")
    issues = [{"severity": "error", "code": code, "diagnostics": str(fault)} for fault in listed(faults)]
    return Answer(status, {"resourceType": "OperationOutcome", "issue": issues})


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


# --- what is said -----------------------------------------------------------------------------------------------------


def _system(kind: str) -> str:
    return f"urn:mps-rules:{kind}"


@attrs.frozen
class _Cards:
    """The cards of one assessment, red flags first; at most one for each topic."""

    base: KnowledgeBase
    config: Config
    assessment: Assessment
    patient: str
    instance: str

    def made(
        self, service: Service, labels: Sequence[str], orders: Sequence[Order], failed: Sequence[str]
    ) -> tuple[list[Response], tuple[Shown, ...]]:
        """
        The cards, and what may be kept of them.

        ``labels`` are the diagnoses being added, ``orders`` what is being ordered, ``failed`` the queries that were answered with an error.
        """
        about = {"conditions": bool(labels), "draftOrders": bool(orders)}
        found = [*self._failed(failed)]
        if self._hurts() and all(about.get(field, True) for field in service.context):
            found = [*self._alerts(), *found, *(self._orders(orders) if orders else [*self._labels(labels), *self._questions()])]
        return [card for card, _ in found], tuple(shown for _, shown in found)

    def _hurts(self) -> bool:
        """Whether the chart speaks of pain: where, or as a diagnosis; an alert that is raised speaks for itself, and so does a danger sign in doubt."""
        findings, terms = self.assessment.findings, self.base.vocabulary.terms
        return (
            any(pain.present for pain in findings.pain)
            or any(label.present for label in findings.labels)
            or any(finding.places(terms[finding.term]) for finding in findings.patient)
            or any(alert.status == "raised" for alert in self.assessment.alerts)
            or any(terms[finding.term].of_record for finding in findings.patient)
        )

    def _alerts(self) -> Iterator[tuple[Response, Shown]]:
        for status in ("raised", "open"):
            alerts = [
                alert for alert in self.assessment.alerts if alert.status == status and (status == "raised" or self._is_pressing(alert))
            ]
            if not alerts:
                continue
            pressing = status == "raised" and alerts[0].urgency == "emergency"
            named = "; ".join(dict.fromkeys(alert.condition_label for alert in alerts))
            summary = f"Consider and exclude: {named}" if status == "raised" else f"Not yet excluded: {named}"
            described = alerts if status == "raised" else alerts[:OPEN_SHOWN]
            details = [line for alert in described for line in (*self._alert(alert), "")][:-1]
            if others := list(dict.fromkeys(alert.label for alert in alerts[len(described) :])):
                details += ["", f"**Not enough is known to clear these either ({len(others)}):** {_escaped('; '.join(others))}"]
            yield self._card(
                f"red-flags-{status}", "critical" if pressing else "warning", summary, details, [alert.rule for alert in alerts]
            )

    def _is_pressing(self, alert: Alert) -> bool:
        """Whether an open alert is worth an interruption: by its urgency, or because something that it reads was dropped in doubt."""
        terms = self.base.vocabulary.terms
        return alert.urgency in PRESSING or any(one.id in terms and terms[one.id].of_record for one in alert.because)

    def _alert(self, alert: Alert) -> Iterator[str]:
        """An alert that is raised says what to do, and what not to meanwhile; one that is open only what could clear it."""
        if alert.status == "raised":
            yield f"**{_escaped(alert.label)}** ({_escaped(alert.urgency)}, {_escaped(alert.act_within)}): {_escaped(alert.action)}"
            if alert.meanwhile:
                yield f"- meanwhile: {_escaped(alert.meanwhile)}"
        else:
            yield f"**{_escaped(alert.label)}** ({_escaped(alert.urgency)}): not enough is known to clear it."
            wanted = list(dict.fromkeys(map(self._name, sorted(alert.unknown, key=self._turn))))
            more = f", and {len(wanted) - ITEMS_SHOWN} more" if len(wanted) > ITEMS_SHOWN else ""
            yield f"- still to ask or examine: {_escaped('; '.join(wanted[:ITEMS_SHOWN]))}{more}"
        yield from (f"- because: {_escaped(premise.text)}" for premise in alert.because)
        yield f"- sources: {self._sources(alert.references)}"

    @cached_property
    def _turns(self) -> Mapping[str, int]:
        """When each finding is asked for: the questions come by what their answers could change, for what they cost."""
        asked = dict.fromkeys(term for question in self.assessment.questions for term in question.terms)
        return {term: turn for turn, term in enumerate(asked)}

    def _turn(self, at: str) -> int:
        return self._turns.get(at.rpartition(".")[2], len(self._turns))

    def _failed(self, queries: Sequence[str]) -> Iterator[tuple[Response, Shown]]:
        """That a query was answered with an error, and how many red flags could not be screened for it."""
        if queries:
            open_ones = {alert.id for alert in self.assessment.alerts if alert.status == "open"}
            count = len(open_ones | {one.id for one in self.assessment.unscreened})
            named = ", ".join(queries)
            summary = f"Chart read only in part ({named}): {count} red flags could not be screened"
            lines = [
                f"- the record system answered with an error to: {_escaped(named)}",
                f"- {count} red flags could not be screened; what is not here is not absent",
            ]
            yield self._card("query-failed", "warning", summary, lines, [])

    def _sources(self, references: Sequence[str]) -> str:
        """The titles of references."""
        known = self.base.references
        return _escaped("; ".join(known[id_].text if id_ in known else id_ for id_ in self.base.cited(references)))

    def _labels(self, labels: Sequence[str]) -> Iterator[tuple[Response, Shown]]:
        """What the diagnoses being added may hide, and which muscles to examine before they close the question."""
        named = [self.base.vocabulary.diagnoses[label] for label in labels]
        told = [caution for caution in self.assessment.cautions if set(caution.subjects) & set(labels)]
        lines = [line for diagnosis in named for line in self._hidden(diagnosis)]
        lines += [f"- {_escaped(one.text)} (sources: {self._sources(one.references)})" for one in told]
        if lines:
            summary = f"{'; '.join(diagnosis.label for diagnosis in named)}: consider muscles that can give the same pain"
            yield self._card("label", "info", summary, lines, [one.rule for one in told])

    def _hidden(self, diagnosis: Diagnosis) -> Iterator[str]:
        """How muscles can pass for a diagnosis, and which, those that explain this patient's pain best before the others."""
        if diagnosis.why_masks:
            yield f"- {_escaped(diagnosis.why_masks)}"
        ranked = [one.muscle for one in self.assessment.muscles]
        order = sorted(diagnosis.muscles, key=lambda muscle: ranked.index(muscle) if muscle in ranked else len(ranked))
        if order:
            muscles = [self.base.vocabulary.muscles[muscle].label for muscle in order]
            more = f", and {len(muscles) - MUSCLES_SHOWN} more" if len(muscles) > MUSCLES_SHOWN else ""
            yield f"- muscles to examine: {_escaped(', '.join(muscles[:MUSCLES_SHOWN]))}{more}"

    def _orders(self, orders: Sequence[Order]) -> Iterator[tuple[Response, Shown]]:
        """What the rules say of such orders, and what should be asked before; nothing where neither is left."""
        kinds = list({kind.id: kind for order in orders for kind in order.kinds}.values())
        rules = {rule for kind in kinds for rule in kind.rules}
        said: tuple[Recommendation | Caution, ...] = (*self.assessment.recommendations, *self.assessment.cautions)
        told = [one for one in said if one.rule in rules]
        unasked = [one for one in self.assessment.unscreened if one.urgency in PRESSING and any(map(self._can_be_asked, one.terms))]
        lines = [f"- {_escaped(one.text)} (sources: {self._sources(one.references)})" for one in told]
        if unasked:
            lines.append(f"- red flags not yet asked about: {_escaped('; '.join(dict.fromkeys(one.label for one in unasked)))}")
            lines += self._asked()
        if unasked or told:
            ordered = f"{' and '.join(kind.label for kind in kinds)} ordered"
            title = self.base.by_id[told[0].rule].title if told else ""
            summary = f"{ordered} with red flags not yet asked about" if unasked else f"{ordered}, consider: {title}"
            yield self._card("order", "warning" if unasked else "info", summary, lines, [one.rule for one in told])

    def _can_be_asked(self, term: str) -> bool:
        return term in self.base.vocabulary.terms and self.base.vocabulary.terms[term].cost == "asked"

    def _questions(self) -> Iterator[tuple[Response, Shown]]:
        """What to ask next, where an answer could still change what matters."""
        if self.assessment.questions and self.assessment.screening != "complete":
            summary = f"Next to ask or examine: {'; '.join(map(self._step, self.assessment.questions[:QUESTIONS_SHOWN]))}"
            yield self._card("next-questions", "info", summary, self._asked(), [], self._task())

    def _step(self, question: Question) -> str:
        """A question in few words: what its step is called."""
        return next((step.label for step in self.base.asking.steps if step.id == question.step), question.text)

    def _asked(self) -> list[str]:
        return [f"- {_escaped(question.text)}: {_escaped(question.why)}" for question in self.assessment.questions[:QUESTIONS_SHOWN]]

    def _task(self) -> Response:
        """A suggestion that proposes to put the questions on the list of things to do."""
        steps = "; ".join(question.text for question in self.assessment.questions[:QUESTIONS_SHOWN])
        task = {
            "resourceType": "Task",
            "status": "draft",
            "intent": "proposal",
            "description": f"Ask or examine: {steps}",
            "for": {"reference": f"Patient/{self.patient}"},
        }
        action = {"type": "create", "description": "Propose a task to ask and examine this", "resource": task}
        return {"label": "Add to the tasks", "uuid": self._uuid(steps), "actions": [action]}

    def _name(self, at: str) -> str:
        return self.base.vocabulary.name("term", at.rpartition(".")[2])

    def _card(
        self,
        topic: str,
        indicator: Indicator,
        summary: str,
        details: Iterable[str],
        rules: Iterable[str],
        suggestion: Response | None = None,
    ) -> tuple[Response, Shown]:
        topics = {"code": topic, "system": _system("card"), "display": topic.replace("-", " ")}
        card: Response = {
            "summary": _shortened(summary),
            "indicator": indicator,
            "source": {"label": self.config.label, **({"url": self.config.url} if self.config.url else {}), "topic": topics},
            "detail": "\n".join(
                [*details, "", f"For clinicians, beside their own judgement; no diagnosis. Rules {self.base.pack.status}."]
            ),
            "overrideReasons": [
                {"code": code, "system": _system("override-reason"), "display": display} for code, display in OVERRIDE_REASONS.items()
            ],
        }
        card["uuid"] = self._uuid(_canonical(card))
        if suggestion:
            card |= {"suggestions": [suggestion], "selectionBehavior": "any"}
        shown = Shown(card["uuid"], topic, indicator, tuple(dict.fromkeys(rules)))
        if links := [*self._links(card["summary"], shown)]:
            card["links"] = links
        return card, shown

    def _links(self, summary: str, shown: Shown) -> Iterator[Response]:
        """To the page on this patient, where records may open it; else to the page as it stands."""
        if self.config.smart:
            found = {"topic": shown.topic, "summary": summary, "rules": shown.rules[:RULES_HANDED_OVER]}
            context = _canonical({"hookInstance": self.instance, **found})
            yield {"label": "Ask and examine this patient step by step", "url": self.config.smart, "type": "smart", "appContext": context}
        if self.config.page:
            yield {"label": "Ask and examine step by step", "url": self.config.page, "type": "absolute"}

    def _uuid(self, said: str) -> str:
        """The same for the same answer by the same rules, whoever it is about."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.base.digest} {said}"))


def _shortened(text: str) -> str:
    """A sentence of at most ``LONGEST_SUMMARY`` UTF-16 units, cut between words."""
    units = len(text.encode("utf-16-le")) // 2
    while units > LONGEST_SUMMARY:
        text = text.removesuffix("…").rpartition(" ")[0].rstrip(" ,;:") + "…"
        units = len(text.encode("utf-16-le")) // 2
    return text


def _escaped(text: str) -> str:
    """Text that neither Markdown nor HTML reads as anything but text; it does not begin a line."""
    return re.sub(r"([\\`*_\[\]#|~])", r"\\\1", html.escape(" ".join(text.split()), quote=False))
