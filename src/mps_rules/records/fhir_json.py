"""
A tolerant look into FHIR R4 JSON: what is not of the shape that is asked for is as good as empty, and nothing raises.
"""

import re
from calendar import monthrange
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

import attrs

OLD_TYPES = frozenset((
    "MedicationOrder", "DiagnosticOrder", "ProcedureRequest", "ReferralRequest", "DeviceUseRequest", "BodySite", "EligibilityRequest",
))  # fmt: skip
"""Kinds that DSTU2 and STU3 have and R4 has not."""


Bound: TypeAlias = Literal["at_least", "above", "at_most", "below"]
BOUNDS: Mapping[str, Bound] = {">": "above", ">=": "at_least", "<": "below", "<=": "at_most"}
"""The comparators of FHIR that leave a number between a bound and the end of its range."""


@attrs.frozen
class Value:
    """
    A value as FHIR writes it; ``highest`` is the end of a range that begins with the number, ``why`` why there is none to read.

    ``bound`` is a number that the value reaches or does not pass, where no more is told; ``is_told`` is false where none was recorded, or that it is not known.
    """

    truth: bool | None = None
    number: float | None = None
    unit: str = ""
    codings: tuple[Mapping[str, Any], ...] = ()
    why: str = ""
    highest: float | None = None
    bound: tuple[Bound, float] | None = None
    is_told: bool = True


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """The value where it is a list, else a list of it: one where R4 asks for several is common."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list."""
    return [one for one in listed(value) if isinstance(one, Mapping)]


def text(value: Any) -> str:
    """The value where it is text, else ""."""
    return value if isinstance(value, str) else ""


def codings(concept: Any) -> list[Mapping[str, Any]]:
    """The codings of a concept, or of several."""
    return [one for part in mappings(concept) for one in mappings(part.get("coding"))]


def has_failed(outcome: Mapping[str, Any]) -> bool:
    """Whether an OperationOutcome says more than information and warnings."""
    issues = mappings(outcome.get("issue"))
    return not issues or any(text(issue.get("severity")) not in ("information", "warning") for issue in issues)


def has_next_page(bundle: Mapping[str, Any]) -> bool:
    """Whether a Bundle says itself that it is only a part."""
    return any(text(link.get("relation")) == "next" for link in mappings(bundle.get("link")))


UNCLEAR = "unclear"
"""A status that says none of the words it can say, or several."""


def status(concept: Any, known: Collection[str]) -> str:
    """
    Which of the words that a status can say it says, by a code, a label or its text; "" where there is none.

    >>> status({"coding": [{"code": "INACT"}, {"code": "resolved"}]}, ("active", "resolved")), status({"text": "Entered in Error"}, ("entered-in-error",))
    ('resolved', 'entered-in-error')
    >>> status({"text": "?"}, ("active",)), status(None, ("active",))
    ('unclear', '')
    """
    if concept is None:
        return ""
    told = [concept] if isinstance(concept, str) else [coding.get(name) for coding in codings(concept) for name in ("code", "display")]
    told += [one.get("text") for one in mappings(concept)]
    found = {word for one in told if (word := "-".join(text(one).lower().split())) in known}
    return found.pop() if len(found) == 1 else UNCLEAR


_TIME = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
Span: TypeAlias = tuple[datetime | date | None, datetime | date | None]
"""The first and the last instant or day that something may mean; None where it is not told."""
UNTOLD: Span = (None, None)


def span(value: Any) -> Span | None:
    """
    The instant of a time to the second, or the first and last day of a date; of a period, both ends. None where it cannot be read.

    A time without its zone is as good as its day.

    >>> span("2026-02"), span("2026-02-30")
    ((datetime.date(2026, 2, 1), datetime.date(2026, 2, 28)), None)
    """
    if isinstance(value, Mapping):
        ends = [span(value[name]) if value.get(name) is not None else UNTOLD for name in ("start", "end")]
        return (ends[0][0], ends[1][1]) if ends[0] and ends[1] and ends != [UNTOLD, UNTOLD] else None
    match = _TIME.fullmatch(text(value).strip())
    if not match:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        if zone:
            at = f"{year}-{month}-{day}T{hour}:{minute}:{min(int(second or 0), 59):02}{zone.replace('Z', '+00:00')}"
            return (found := datetime.fromisoformat(at), found)
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if day:
        return first, first
    return first, date(first.year, first.month, monthrange(first.year, first.month)[1]) if month else date(first.year, 12, 31)


def when(resource: Mapping[str, Any], *names: str) -> Span | None:
    """When something was, by the first of the named fields that is there; None where that cannot be read."""
    value = next((resource[name] for name in names if resource.get(name) is not None), None)
    return UNTOLD if value is None else span(value)


def number(value: Any) -> float | None:
    """The value where it is a number that can be reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 else None


WEIGHTS = ("http://hl7.org/fhir/StructureDefinition/ordinalValue", "http://hl7.org/fhir/StructureDefinition/itemWeight")
"""Extensions that say which number an answer from a list stands for."""


def _amount(coding: Mapping[str, Any]) -> float | None:
    """The number that a coded answer is: by its extension, or because nothing but a number is its label."""
    told = [number(one.get("valueDecimal")) for one in mappings(coding.get("extension")) if one.get("url") in WEIGHTS]
    if told:
        return told[0]
    label = text(coding.get("display")).strip()
    return float(label) if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", label) else None


def value_of(holder: Mapping[str, Any]) -> Value:
    """What the value of an Observation, a component or an answer says."""
    if isinstance(holder.get("valueBoolean"), bool):
        return Value(truth=holder["valueBoolean"])
    if isinstance(quantity := holder.get("valueQuantity"), Mapping):
        amount = number(quantity.get("value"))
        if amount is None:
            return Value(why="the quantity holds no number")
        unit = text(quantity.get("code")) or text(quantity.get("unit"))
        if quantity.get("comparator"):
            compared = BOUNDS.get(text(quantity["comparator"]))
            return Value(why="only a bound is given, no number", unit=unit, bound=(compared, amount) if compared else None)
        return Value(number=amount, unit=unit)
    if isinstance(between := holder.get("valueRange"), Mapping):
        ends = [value_of({"valueQuantity": between[name]}) for name in ("low", "high") if isinstance(between.get(name), Mapping)]
        whole = len(ends) == 2 and None not in (ends[0].number, ends[1].number) and ends[0].unit == ends[1].unit
        if whole:
            return attrs.evolve(ends[0], highest=ends[1].number)
        end: Bound = "at_least" if isinstance(between.get("low"), Mapping) else "at_most"
        told = (end, ends[0].number) if len(ends) == 1 and ends[0].number is not None else None
        return Value(why="only a bound is given, no number", unit=ends[0].unit if ends else "", bound=told)
    for name in ("valueInteger", "valueDecimal"):
        if (amount := number(holder.get(name))) is not None:
            return Value(number=amount)
    if coded := codings(holder.get("valueCodeableConcept")) or mappings(holder.get("valueCoding")):
        amounts = {amount for one in coded if (amount := _amount(one)) is not None}
        return Value(codings=tuple(coded), number=amounts.pop() if len(amounts) == 1 else None)
    if holder.get("dataAbsentReason"):
        return Value(why="recorded as not known", is_told=False)
    if any(name.startswith("value") for name in holder):
        return Value(why="free text or a value of a kind that is not read")
    return Value(why="holds no value", is_told=False)


def is_older(resource: Mapping[str, Any]) -> bool:
    """Whether a resource has the shape of DSTU2 or STU3, which R4 has not."""
    kind = resource["resourceType"]
    return kind in OLD_TYPES or {
        "Condition": isinstance(resource.get("clinicalStatus"), str)
        or isinstance(resource.get("verificationStatus"), str)
        or "dateRecorded" in resource
        or "assertedDate" in resource,
        "Procedure": "notPerformed" in resource or "notDone" in resource,
        "MedicationStatement": "taken" in resource or "wasNotTaken" in resource,
        "QuestionnaireResponse": "group" in resource,
        "Questionnaire": "group" in resource,
    }.get(kind, False)


def is_newer(resource: Mapping[str, Any]) -> bool:
    """Whether a resource has a shape that came with R4."""
    return resource["resourceType"] == "Condition" and isinstance(resource.get("clinicalStatus"), Mapping)
