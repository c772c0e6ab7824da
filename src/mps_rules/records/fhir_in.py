"""
FHIR R4 resources (and R5, where it differs in what is read) become the mapping of findings that ``evaluate`` takes, and a report of what was read, what was not, and why.

Resource by resource and tolerantly: what is malformed, of another patient, too old, in doubt or not known here is reported and left unknown. Silence
stays unknown: only what a chart records as refuted or answered with no is denied. No name, no address, no free text and no
identifier leaves this module; a report names the kind of resource, its number and its code.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from mps_rules.errors import Fault, FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.records.fhir_resources import Reader, names_of
from mps_rules.records.fhir_values import ImportReport


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
    reader = Reader(kb, _day(on), on if isinstance(on, datetime) and on.utcoffset() is not None else None)
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
    return patient.get("id") is None or id in names_of(patient, "")


def _day(on: object) -> date | None:
    if isinstance(on, datetime):
        return on.date()
    if on is None or isinstance(on, date):
        return on
    raise FindingError([Fault("on", f"expected a day, as date(2023, 9, 1), got {on!r}")])
