"""FHIR out: what is written reads back the same, is valid by other people's validators, and is the same every time."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mps_rules as mps
from charts import chart, sample, vignettes
from charts_fhir import WRITTEN, Resource
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.addresses import as_mapping
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.records.fhir_in import read_bundle
from mps_rules.records.fhir_out import findings_to_fhir, to_fhir
from random_packs import few_muscles, random_patient, seeded, words_of

CAUDA = {"saddle_anaesthesia": True, "pain": ["low_back.left"], "pain_quality": ["dull"], "age_years": 50}


def written(kb: KnowledgeBase, findings: Any, unanswered: tuple[str, ...] = ()) -> Resource:
    made = findings_to_fhir(findings, kb, patient="Patient/1", written=WRITTEN, unanswered=unanswered)
    loaded: Resource = json.loads(json.dumps(made))
    return loaded


def resources(bundle: Resource, kind: str) -> list[Resource]:
    return [one["resource"] for one in bundle.get("entry", ()) if one["resource"]["resourceType"] == kind]


def assessed(kb: KnowledgeBase, findings: Any) -> Resource:
    return to_fhir(mps.evaluate(findings, kb), kb, patient="Patient/1", written=WRITTEN)


# --- there and back ---------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
def test_the_findings_of_any_patient_read_back_the_same(kb: KnowledgeBase, seed: int) -> None:
    few, random = few_muscles(kb), seeded(seed)
    findings = random_patient(words_of(few.vocabulary, random, share=2), terrain_of(few), random).findings

    told, report = read_bundle(written(few, as_mapping(findings)), few)

    assert read_findings(told, terrain_of(few)) == findings
    assert (report.skipped, report.suspicious) == ((), ())


@pytest.mark.parametrize("one", vignettes()[::4], ids=lambda one: one.vignette)
def test_the_findings_of_a_vignette_read_back_the_same(kb: KnowledgeBase, one: Any) -> None:
    told, report = read_bundle(written(kb, chart(one)), kb, on=WRITTEN.date())

    assert read_findings(told, terrain_of(kb)) == read_findings(chart(one), terrain_of(kb))
    assert (report.skipped, report.suspicious) == ((), ())


def test_a_whole_assessment_reads_back_as_its_findings(kb: KnowledgeBase) -> None:
    told, _ = read_bundle(assessed(kb, CAUDA), kb)

    assert read_findings(told, terrain_of(kb)) == read_findings(CAUDA, terrain_of(kb))


def test_the_same_findings_give_the_same_bytes_and_others_give_other_ids(kb: KnowledgeBase) -> None:
    assert written(kb, CAUDA) == written(kb, CAUDA)
    first, second = (resources(written(kb, {"fever": value}), "Observation")[0]["id"] for value in (True, False))
    assert first != second


def test_what_was_asked_and_stayed_unknown_is_written_so_and_stays_unknown(kb: KnowledgeBase) -> None:
    addresses = ("fever", "low_back.left", "gluteus_medius.left.taut_band", "labels.fibromyalgia")
    bundle = written(kb, {"cancer_history": False}, addresses)

    found = {one["code"]["coding"][0]["code"]: one for one in resources(bundle, "Observation") if "dataAbsentReason" in one}
    assert set(found) == {"fever", "pain", "taut_band", "label"}
    assert found["fever"]["dataAbsentReason"]["coding"][0]["code"] == "asked-unknown"
    assert found["taut_band"]["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    assert read_bundle(bundle, kb)[0] == {"cancer_history": False}


def test_what_is_known_is_not_written_as_unanswered(kb: KnowledgeBase) -> None:
    assert len(resources(written(kb, {"fever": True}, ("fever",)), "Observation")) == 1


def test_what_only_follows_from_others_is_not_written(kb: KnowledgeBase) -> None:
    codes = {one["code"]["coding"][0]["code"] for one in resources(written(kb, {"body_temperature": 39}), "Observation")}

    assert codes == {"body_temperature"}


def test_a_finding_carries_its_public_code_and_its_unit(kb: KnowledgeBase) -> None:
    (one,) = resources(written(kb, {"crp": 12}), "Observation")

    assert {"system": "http://loinc.org", "code": "1988-5"} in one["code"]["coding"]
    assert one["valueQuantity"] == {"value": 12.0, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"}


def test_a_time_without_a_zone_and_findings_that_cannot_be_read_are_refused(kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError, match="needs a time zone"):
        findings_to_fhir({}, kb, patient="Patient/1", written=datetime(2024, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(FindingError, match="no finding 'fevr'"):
        written(kb, {"fevr": True})
    with pytest.raises(FindingError, match="names no finding"):
        written(kb, {}, ("fevr",))


# --- the assessment ---------------------------------------------------------------------------------------------------


def test_an_assessment_that_still_asks_requires_data(kb: KnowledgeBase) -> None:
    (guidance,) = resources(assessed(kb, {"pain": ["low_back.left"]}), "GuidanceResponse")

    assert guidance["status"] == "data-required"
    codes = [coding["code"] for coding in guidance["dataRequirement"][0]["codeFilter"][0]["code"]]
    assert "saddle_anaesthesia" in codes
    assert guidance["moduleCanonical"] == "urn:mps-rules:pack:mps_rules|0.2.0"


def test_an_assessment_that_asks_nothing_more_has_succeeded(small: KnowledgeBase) -> None:
    (guidance,) = resources(assessed(small, {"fever": True}), "GuidanceResponse")

    assert guidance["status"] == "success"
    assert "dataRequirement" not in guidance


def test_an_alert_is_an_issue_that_points_to_its_findings(kb: KnowledgeBase) -> None:
    bundle = assessed(kb, CAUDA)

    issue = next(one for one in resources(bundle, "DetectedIssue") if one["code"]["coding"][0]["code"] == "rf_cauda_equina")
    (saddle,) = [
        f"urn:uuid:{one['id']}" for one in resources(bundle, "Observation") if one["code"]["coding"][0]["code"] == "saddle_anaesthesia"
    ]
    assert (issue["status"], issue["severity"]) == ("preliminary", "high")
    assert {"reference": saddle} in issue["evidence"][0]["detail"]


def test_an_open_alert_is_registered_and_not_found(kb: KnowledgeBase) -> None:
    findings = {**CAUDA, "fever": True}
    issues = {alert.id: alert.status for alert in mps.evaluate(findings, kb).alerts}

    assert {"raised", "open"} == set(issues.values())
    for one in resources(assessed(kb, findings), "DetectedIssue"):
        raised = issues[one["code"]["coding"][0]["code"]] == "raised"
        assert one["status"] == ("preliminary" if raised else "registered")
        assert one["detail"].startswith("Open, not raised") is not raised


def test_an_impression_stays_in_progress_and_names_the_rules_it_rests_on(kb: KnowledgeBase) -> None:
    (impression,) = resources(assessed(kb, CAUDA), "ClinicalImpression")

    assert impression["status"] == "in-progress"
    assert "not clinically reviewed" in impression["description"]
    assert all(one["basis"].startswith("rules ") for one in impression["finding"])


def test_the_provenance_binds_every_conclusion_to_the_digest_of_the_rules(kb: KnowledgeBase) -> None:
    bundle = assessed(kb, CAUDA)

    (provenance,) = resources(bundle, "Provenance")
    concluded = {
        f"urn:uuid:{one['id']}" for kind in ("DetectedIssue", "ClinicalImpression", "GuidanceResponse") for one in resources(bundle, kind)
    }
    assert {target["reference"] for target in provenance["target"]} == concluded
    assert provenance["entity"][0]["what"]["identifier"]["value"] == kb.digest


def test_rules_that_did_not_give_the_assessment_are_refused(kb: KnowledgeBase, small: KnowledgeBase) -> None:
    with pytest.raises(FindingError, match="did not give this assessment"):
        to_fhir(mps.evaluate({}, kb), small, patient="Patient/1", written=WRITTEN)


# --- valid by other people's word -------------------------------------------------------------------------------------


def by_fhir_resources(resource: Resource) -> list[str]:
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    try:
        models.get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValueError as error:
        return [str(error)]
    return []


def by_fhirkit(resource: Resource) -> list[str]:
    fhirkit = pytest.importorskip("fhirkit", reason="fhirkit-rs is not installed")
    return [f"{issue.path}: {issue.message}" for issue in fhirkit.validate(resource)]


@pytest.fixture(params=[by_fhir_resources, by_fhirkit])
def faults(request: pytest.FixtureRequest) -> Callable[[Resource], list[str]]:
    """A validator that others wrote."""
    judge: Callable[[Resource], list[str]] = request.param
    return judge


def test_a_validator_finds_what_is_wrong(faults: Callable[[Resource], list[str]]) -> None:
    assert faults({"resourceType": "Observation", "status": "final", "antlers": 2})


@pytest.mark.parametrize("one", sample(5, 6), ids=lambda one: one.vignette)
def test_everything_written_of_a_vignette_is_valid(kb: KnowledgeBase, faults: Callable[[Resource], list[str]], one: Any) -> None:
    unanswered = ("fever", "low_back.left", "gluteus_medius.left.taut_band")
    bundle = to_fhir(mps.evaluate(chart(one), kb), kb, patient="Patient/1", written=WRITTEN, unanswered=unanswered)

    assert faults(bundle) == []


def test_nothing_at_all_is_a_valid_bundle(kb: KnowledgeBase, faults: Callable[[Resource], list[str]]) -> None:
    assert faults(written(kb, {})) == []
    assert faults(assessed(kb, {})) == []


def _empty(value: Any) -> bool:
    if isinstance(value, dict | list):
        return not value or any(map(_empty, value.values() if isinstance(value, dict) else value))
    return value is None or value == ""


@pytest.mark.parametrize("findings", [{}, CAUDA, {"exam": [{"muscle": "soleus", "side": "left"}]}])
def test_nothing_written_is_empty(kb: KnowledgeBase, findings: Any) -> None:
    assert not _empty(assessed(kb, findings))
