"""A record calls the service as a hospital's would: over HTTP, with tokens, from discovery to what became of the cards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mini_ehr import MiniEhr, fhir_server, shown
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.service.settings import Settings
from mps_rules.service.store import Report, Store
from mps_rules.service.tokens import Issuer
from running import Running, hurts, running, seen
from signing import BASE, ISSUER, ec_key, public


def _category(code: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": code}]}]


CHARTS: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1970-01-01"},
    {"resourceType": "Patient", "id": "2", "gender": "male", "birthDate": "1980-01-01"},
    hurts("low_back.left") | {"category": _category("exam")},
    seen("saddle_anaesthesia") | {"category": _category("exam")},
    seen("fever", value=False) | {"category": _category("survey")},
]


@pytest.fixture
def service(tmp_path: Path, kb: KnowledgeBase) -> Iterator[Running]:
    issuer = Issuer(ISSUER, keys=(public(ec_key("ehr"), "k1"),))
    with running(Settings(store=f"sqlite:///{tmp_path / 'kept.sqlite'}", base_url=BASE, issuers=(issuer,)), kb) as one:
        yield one


@pytest.fixture
def ehr(service: Running) -> Iterator[MiniEhr]:
    with fhir_server(CHARTS) as fhir:
        one = MiniEhr(service.address, BASE, fhir, ISSUER)
        one.discover()
        yield one


def _report(tmp_path: Path) -> Report:
    store = Store(f"sqlite:///{tmp_path / 'kept.sqlite'}")
    report = store.report()
    store.close()
    return report


def test_a_chart_with_an_alarm_is_opened_the_card_is_read_and_overridden(ehr: MiniEhr, service: Running, tmp_path: Path) -> None:
    cards = ehr.open_chart("1")
    first = shown(cards[0])

    assert first.startswith("(!!) Consider and exclude: Cauda equina syndrome")
    assert "because: Numb saddle area" in first
    assert "For clinicians, beside their own judgement; no diagnosis." in first
    assert [200, 200] == [ehr.override(cards[0], "already-done"), ehr.override(cards[0], "disagree")]

    report = _report(tmp_path)
    row = next(row for row in report.rows if row.rule == "safety.rf_cauda_equina")
    assert (1, 0, 2, (("already-done", 1), ("disagree", 1))) == (row.shown, row.accepted, row.overridden, row.reasons)
    states = next(line["prefetch"] for line in service.log() if line.get("route") == "service")
    assert {
        "patient": "complete",
        "conditions": "none recorded",
        "exam": "complete",
        "survey": "complete",
        "imaging": "none recorded",
        "laboratory": "none recorded",
        "forms": "none recorded",
        **dict.fromkeys(("past", "vitals", "social", "medications", "statements", "procedures"), "none recorded"),
    } == states


def test_a_card_that_is_accepted_is_counted(ehr: MiniEhr, tmp_path: Path) -> None:
    card = ehr.open_chart("1")[-1]
    (suggestion,) = card["suggestions"]

    assert suggestion["actions"][0]["resource"]["intent"] == "proposal"
    assert ehr.accept(card, suggestion["uuid"]) == 200
    assert (1, 0) == (_report(tmp_path).accepted, _report(tmp_path).overridden)


def test_a_chart_without_pain_is_answered_with_silence(ehr: MiniEhr, tmp_path: Path) -> None:
    assert ehr.open_chart("2") == []
    assert (1, 1, 0) == (_report(tmp_path).answers, _report(tmp_path).silent, _report(tmp_path).untold)


def test_a_patient_that_the_fhir_server_does_not_know_breaks_nothing(ehr: MiniEhr) -> None:
    assert ehr.open_chart("99") == []


def test_a_new_problem_is_looked_at_before_it_closes_the_question(ehr: MiniEhr) -> None:
    code = {"coding": [{"system": "urn:mps-rules:diagnosis", "code": "facet_syndrome"}], "text": "Facet syndrome"}
    cards = ehr.add_problem("1", {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "code": code})

    assert cards[0]["indicator"] == "critical"
    assert any("muscles to examine" in shown(card) for card in cards[1:])


def test_a_record_with_another_key_is_not_answered(service: Running) -> None:
    with fhir_server(CHARTS) as fhir:
        stranger = MiniEhr(service.address, "https://elsewhere.example", fhir, ISSUER)
        answer = stranger._asked("GET", "/cds-services")

    assert (401, b"") == (answer.status_code, answer.content)
    with pytest.raises(httpx.HTTPStatusError):
        answer.raise_for_status()
