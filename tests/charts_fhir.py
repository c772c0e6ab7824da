"""Small FHIR R4 look-alikes of our own, and the published samples where they are at hand."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[2] / "shared" / "data" / "fhir"
ON = date(2024, 6, 1)
WRITTEN = datetime(2024, 6, 1, 9, 30, tzinfo=UTC)
ICD, SNOMED, LOINC = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct", "http://loinc.org"
OWN = "urn:mps-rules"

Resource = dict[str, Any]


def coded(system: str, code: str, display: str = "") -> Resource:
    """A CodeableConcept of one code."""
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


def bundle(*resources: Resource) -> Resource:
    """A Bundle of resources."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def patient(**more: Any) -> Resource:
    """A patient with a name that nothing may repeat."""
    return {"resourceType": "Patient", "id": "p1", "name": [{"family": "Canary", "given": ["Peregrine"]}], **more}


def condition(code: Resource, *, clinical: str = "active", verified: str = "confirmed", **more: Any) -> Resource:
    """A condition."""
    statuses = {"clinicalStatus": coded("c", clinical)} if clinical else {}
    statuses |= {"verificationStatus": coded("v", verified)} if verified else {}
    return {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, "code": code, **statuses, **more}


def observation(code: Resource, on: str = "2024-05-01", **more: Any) -> Resource:
    """An observation."""
    about = {"subject": {"reference": "Patient/p1"}, "effectiveDateTime": on}
    return {"resourceType": "Observation", "status": "final", "code": code, **about, **more}


def quantity(value: float, unit: str = "") -> Resource:
    """A quantity."""
    return {"value": value, **({"code": unit, "system": "http://unitsofmeasure.org"} if unit else {})}


def sample(name: str) -> Any:
    """A published sample, or the test is skipped."""
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip("the published samples are not beside the project")
    return json.loads(path.read_text(encoding="utf-8"))
