"""
A tolerant look into FHIR R4 JSON: what is not of the shape that is asked for is as good as empty, and nothing raises.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs

OLD_TYPES = frozenset((
    "MedicationOrder", "DiagnosticOrder", "ProcedureRequest", "ReferralRequest", "DeviceUseRequest", "BodySite", "EligibilityRequest",
))  # fmt: skip
"""Kinds that DSTU2 and STU3 have and R4 has not."""


@attrs.frozen
class Value:
    """A value as FHIR writes it; ``why`` is why there is none to read."""

    truth: bool | None = None
    number: float | None = None
    unit: str = ""
    codings: tuple[Mapping[str, Any], ...] = ()
    why: str = ""


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


def has_next_page(bundle: Mapping[str, Any]) -> bool:
    """Whether a Bundle says itself that it is only a part."""
    return any(text(link.get("relation")) == "next" for link in mappings(bundle.get("link")))


def status_code(concept: Any) -> str:
    """The code of a status that R4 writes as a concept."""
    return next((text(coding.get("code")) for coding in codings(concept)), "")


_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


def day(value: Any) -> date | None:
    """The first day that a date, or the date of an instant, may mean."""
    match = _DATE.match(text(value))
    if not match:
        return None
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None


def when(resource: Mapping[str, Any], *names: str) -> date | None:
    """The first of the named dates that can be read; of a period its end, else its start."""
    for name in names:
        value = resource.get(name)
        if isinstance(value, Mapping):
            value = value.get("end") or value.get("start")
        if found := day(value):
            return found
    return None


def number(value: Any) -> float | None:
    """The value where it is a number that can be reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 else None


def value_of(holder: Mapping[str, Any]) -> Value:
    """What the value of an Observation, a component or an answer says."""
    if isinstance(holder.get("valueBoolean"), bool):
        return Value(truth=holder["valueBoolean"])
    if isinstance(quantity := holder.get("valueQuantity"), Mapping):
        amount = number(quantity.get("value"))
        if amount is None:
            return Value(why="the quantity holds no number")
        if quantity.get("comparator"):
            return Value(why="only a bound is given, no number")
        return Value(number=amount, unit=text(quantity.get("code")) or text(quantity.get("unit")))
    for name in ("valueInteger", "valueDecimal"):
        if (amount := number(holder.get(name))) is not None:
            return Value(number=amount)
    if coded := codings(holder.get("valueCodeableConcept")) or mappings(holder.get("valueCoding")):
        return Value(codings=tuple(coded))
    if holder.get("dataAbsentReason"):
        return Value(why="recorded as not known")
    if any(name.startswith("value") for name in holder):
        return Value(why="free text or a value of a kind that is not read")
    return Value(why="holds no value")


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
