"""Canaries: names, ids, dates and free text through every path of the service, looked for everywhere they must not be."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.service import cds_hooks, page
from mps_rules.service.settings import Settings
from mps_rules.service.tokens import Issuer
from running import VIEW, Running, bundle, call, hurts, running, seen
from signing import BASE, ISSUER, claims, ec_key, part, public, signed

CANARIES = ("Kanarienvogel", "MRN8675309", "1951-03-07", "canary@example.org", "555-0199", "seekrit")
NAME, NUMBER, BORN, MAIL, PHONE, SECRET = CANARIES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture(params=[True, False], ids=["with tokens", "without"])
def service(request: pytest.FixtureRequest, folder: Path, kb: KnowledgeBase) -> Iterator[Running]:
    folder.mkdir()
    settings = Settings(store=f"sqlite:///{folder / 'kept.sqlite'}", metrics=True, origins=("https://ehr.example",), body_seconds=0.5)
    if request.param:
        issuer = Issuer(ISSUER, keys=(public(ec_key("ehr"), "k1"),), tenants=("north",))
        settings = attrs.evolve(settings, base_url=BASE, issuers=(issuer,))
    with running(settings, kb) as one:
        yield one


def token(path: str, **said: Any) -> dict[str, str]:
    now = time.time()
    return {"authorization": f"Bearer {signed(claims(path, now, jti=f'{NAME}{now}{path}', tenant='north', sub=NAME) | said, x5u=NAME)}"}


def chart() -> dict[str, Any]:
    """A request that names somebody wherever FHIR has room for it."""
    patient = {
        "resourceType": "Patient",
        "id": NUMBER,
        "name": [{"family": NAME}],
        "birthDate": BORN,
        "gender": "female",
        "telecom": [{"value": MAIL}, {"value": PHONE}],
        "text": {"status": "generated", "div": f"<div>{NAME}</div>"},
    }
    named = {"subject": {"reference": f"Patient/{NUMBER}", "display": NAME}, "note": [{"text": f"{NAME} {PHONE}"}], "id": NUMBER}
    odd = {"resourceType": "Condition", "code": {"text": NAME, "coding": [{"system": NAME, "code": NUMBER, "display": NAME}]}} | named
    form = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [{"linkId": NAME, "answer": [{"valueString": NAME}]}]}
    request = call(
        patient=patient,
        conditions=bundle(odd),
        exam=bundle(hurts("low_back.left") | named, seen("saddle_anaesthesia") | named, seen("fever", valueString=NAME)),
        survey=bundle(seen(NAME), {"resourceType": NAME}),
        forms=bundle(form | {"subject": named["subject"]}),
    )
    context = {"userId": f"Practitioner/{NUMBER}", "patientId": NUMBER, "encounterId": NUMBER, NAME: NAME}
    access = {"access_token": SECRET, "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": NAME}
    return request | {"context": context, "fhirServer": f"https://{NAME}.example", "fhirAuthorization": access, NAME: BORN}


def requests(card: str) -> Iterator[tuple[str, str, Any, dict[str, str]]]:
    """Method, path, body and headers of everything that can be wrong with somebody's name in it."""
    good = chart()
    yield "POST", VIEW, good, token(VIEW)
    for change in (
        {"hookInstance": NAME},
        {"hook": NAME},
        {"context": {"userId": NAME, "patientId": [NAME]}},
        {"context": NAME},
        {"prefetch": NAME},
        {"prefetch": {NAME: {"resourceType": NAME}}},
        {"prefetch": {"patient": {"resourceType": "Patient", "id": NAME}}},
        {"prefetch": {"exam": {"resourceType": "OperationOutcome", "issue": [{"diagnostics": NAME}]}}},
        {"prefetch": {"exam": {"resourceType": "Bundle", "entry": NAME}}},
        {"prefetch": {"exam": bundle({"resourceType": "Observation", "code": NAME, "valueQuantity": NAME})}},
        {"prefetch": {"exam": bundle(seen("pain", bodySite={"text": NAME, "coding": [{"code": NAME}]}))}},
        {"prefetch": {"conditions": {"resourceType": "Bundle", "link": [{"relation": "next", "url": f"https://x/{NAME}"}]}}},
        {"fhirServer": NAME, "fhirAuthorization": NAME},
    ):
        yield "POST", VIEW, good | change, token(VIEW)
    for raw in (
        f'{{"{NAME}": ',
        f'{{"{NAME}": 1, "{NAME}": 2}}',
        f'{{"a": NaN, "b": "{NAME}"}}',
        f'"{NAME}',
        f"[{'[' * 70}{NAME}",
        f"{NAME}",
    ):
        yield "POST", VIEW, raw, token(VIEW)
        yield "POST", f"{VIEW}/feedback", raw, token(f"{VIEW}/feedback")
    for path in (f"/{NAME}", f"/cds-services/{NAME}", f"/cds-services/{NAME}/feedback", f"{VIEW}/{NAME}"):
        yield "POST", f"{path}?patient={NUMBER}&name={NAME}", good, token(path)
        yield "GET", f"{path}?patient={NUMBER}", None, token(path)
        yield "DELETE", path, None, token(path)
    yield "GET", f"/cds-services?{NAME}={BORN}", None, token("/cds-services")
    named = {"user-agent": NAME, "referer": f"https://x/{NUMBER}", "cookie": f"name={NAME}", "x-forwarded-for": NAME, "traceparent": NAME}
    yield "POST", VIEW, good, token(VIEW) | named | {"x-request-id": NAME, "origin": f"https://{NAME}.example"}
    yield "OPTIONS", VIEW, None, {"origin": f"https://{NAME}.example", "access-control-request-method": NAME}
    yield "POST", VIEW, good, token(VIEW) | {"content-type": f"text/{NAME}"}
    for bad in (
        f"Bearer {NAME}",
        f"Bearer {NAME}.{NAME}.{NAME}",
        f"{NAME} {SECRET}",
        f"Bearer {part({'alg': NAME, 'typ': 'JWT', 'kid': NAME})}.{part({'iss': NAME})}.{part(NAME.encode())}",
        f"Bearer {part({'alg': 'ES384', 'typ': NAME, 'kid': NAME, 'jku': NAME})}.{part(claims(VIEW))}.{part(b'x')}",
        token(VIEW, iss=f"https://{NAME}.example")["authorization"],
        token(VIEW, aud=NAME)["authorization"],
        token(VIEW, tenant=NAME)["authorization"],
        token(VIEW, exp=NAME)["authorization"],
        token(VIEW, jti=[NAME])["authorization"],
    ):
        yield "POST", VIEW, good, {"authorization": bad}
    told = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-01-15T09:00:00Z"}
    reason = {"reason": {"code": NAME, "system": NAME, "display": NAME}, "userComment": f"{NAME} {PHONE} {MAIL}"}
    wrong: tuple[dict[str, Any], ...] = (
        {"overrideReason": reason},
        {"overrideReason": {"userComment": NAME}},
        {"card": NAME, "overrideReason": reason},
        {"outcome": NAME},
        {"outcomeTimestamp": NAME},
        {"outcome": "accepted", "acceptedSuggestions": [{"id": NAME}]},
        {"outcome": "accepted", "acceptedSuggestions": [{"id": NAME}, NAME]},
        {"overrideReason": NAME, NAME: NAME},
    )
    for what in wrong:
        yield "POST", f"{VIEW}/feedback", {"feedback": [told | what]}, token(f"{VIEW}/feedback")


def leaks(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary.lower() in text.lower()]


def test_no_canary_reaches_the_log_an_error_a_metric_or_the_store(service: Running, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    statuses, card = set(), ""
    with service.client() as client:
        for method, path, body, headers in requests("-"):
            content = body if isinstance(body, str) else None if body is None else json.dumps(body)
            kind = {} if content is None else {"content-type": "application/json"}
            answer = client.request(method, path, content=content, headers=kind | headers)
            statuses.add(answer.status_code)
            told = answer.text.replace(
                f'"for":{{"reference":"Patient/{NUMBER}"}}', ""
            )  # a task that is proposed says for whom, as the caller does
            assert leaks(told + str(answer.headers)) == [], (method, path, answer.text)
            if answer.status_code == 200 and path == VIEW and not card:
                card = answer.json()["cards"][0]["uuid"]
        for method, path, body, headers in requests(card):
            if "/feedback" in path and isinstance(body, dict) and "feedback" in body:
                statuses.add(client.request(method, path, json=body, headers=headers).status_code)
        metrics = client.get("/metrics").text
    with service.raw() as connection:
        connection.sendall(f"POST {VIEW}?{NAME} HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n".encode())
        connection.sendall(f'Authorization: Bearer {NAME}\r\nContent-Length: 99\r\n\r\n{{"{NAME}'.encode())
        assert leaks(connection.recv(65_536).decode()) == []
    with service.raw() as connection:
        connection.sendall(f"{NAME} {NUMBER}\r\n\r\n".encode())
        assert leaks(connection.recv(65_536).decode()) == []
    written = [path.read_bytes().decode("latin-1") for path in folder.iterdir()]

    assert statuses >= {200, 400, 404, 405, 412, 415}
    assert leaks(str(service.log()) + service.written.getvalue()) == []
    assert leaks("".join(record.getMessage() for record in caplog.records if record.name.startswith(("mps_rules", "sqlalchemy")))) == []
    assert leaks(metrics) == []
    assert leaks("".join(written)) == []
    assert any("rf_cauda_equina" in one for one in written)
    assert any("already-done" in one or "other" in one for one in written)


def test_no_canary_in_an_exception_reaches_the_log(
    service: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError(f"{NAME} {NUMBER}") from KeyError(NAME)

    for name in ("answer", "feedback", "discovery"):
        monkeypatch.setattr(cds_hooks, name, broken)
    with service.client() as client:
        paths = ("/cds-services", VIEW, f"{VIEW}/feedback")
        answers = [client.request("POST" if "mps" in path else "GET", path, json={}, headers=token(path)) for path in paths]
    shown = capfd.readouterr()

    assert [500] * 3 == [one.status_code for one in answers]
    assert leaks("".join(one.text for one in answers) + service.written.getvalue() + shown.out + shown.err) == []
    assert [one["error"] for one in service.log() if one.get("outcome") == "failed"] == ["RuntimeError"] * 3


def test_a_canary_is_found_where_it_is(folder: Path, kb: KnowledgeBase) -> None:
    folder.mkdir()
    settings = Settings(store=f"sqlite:///{folder / 'kept.sqlite'}", comments=True)
    with running(settings, kb) as service, service.client() as client:
        card = client.post(VIEW, json=chart()).json()["cards"][0]["uuid"]
        told = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-01-15T09:00:00Z", "overrideReason": {"userComment": NAME}}
        client.post(f"{VIEW}/feedback", json={"feedback": [told]})

        assert leaks("".join(path.read_bytes().decode("latin-1") for path in folder.iterdir())) == [NAME]


def test_what_the_page_is_asked_stays_out_of_the_log_and_the_store(folder: Path, kb: KnowledgeBase) -> None:
    folder.mkdir()
    named = {"findings": {NAME: NUMBER, "pain": [{"region": NAME, "side": MAIL}]}}
    with running(Settings(store=f"sqlite:///{folder / 'kept.sqlite'}"), kb, routes=page.routes(kb)) as service, service.client() as client:
        for operation in ("evaluate", "why", "search", "read", "read_fhir", "write_fhir", NAME):
            for body in ({**named, "id": NAME, "text": NAME, "bundle": chart(), "written": BORN, "patient": NAME}, NAME, f"{{{NAME}"):
                client.post(
                    f"/page/api/{operation}?{NAME}",
                    content=body if isinstance(body, str) else json.dumps(body),
                    headers={"content-type": "application/json"},
                )
        written = str(service.log()) + service.written.getvalue()

    assert "request" in written
    assert leaks(written) == []
    assert leaks("".join(path.read_bytes().decode("latin-1") for path in folder.iterdir())) == []
