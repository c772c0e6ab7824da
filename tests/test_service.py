"""The hooks over HTTP: who may call (A1 to A9), from which pages, and what happens when something goes wrong."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from mps_rules.errors import SettingsError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.records.zones import moment
from mps_rules.service import app as services
from mps_rules.service import cds_hooks
from mps_rules.service.app import HEADERS, Line, close, create_app
from mps_rules.service.settings import Settings
from mps_rules.service.store import Store
from mps_rules.service.tokens import Issuer
from running import ALARM, VIEW, Running, bundle, call, hurts, running, seen
from signing import BASE, ISSUER, claims, ec_key, public, signed

ENDPOINTS: list[tuple[str, str, Any]] = [
    ("GET", "/cds-services", None),
    ("POST", VIEW, call()),
    ("POST", f"{VIEW}/feedback", {"feedback": []}),
]


def token(path: str, **said: Any) -> dict[str, str]:
    """A header with a good token for a path, used once."""
    now = time.time()
    return {"authorization": f"Bearer {signed(claims(path, now, jti=f'{now}{path}') | said)}"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=f"sqlite:///{tmp_path / 'kept.sqlite'}")


@pytest.fixture
def guarded(settings: Settings) -> Settings:
    return attrs.evolve(settings, base_url=BASE, issuers=(Issuer(ISSUER, keys=(public(ec_key("ehr"), "k1"),)),))


@pytest.fixture
def strict(guarded: Settings, kb: KnowledgeBase) -> Iterator[Running]:
    with running(guarded, kb) as service:
        yield service


@pytest.fixture
def open_(settings: Settings, kb: KnowledgeBase) -> Iterator[Running]:
    with running(attrs.evolve(settings, metrics=True), kb) as service:
        yield service


# --- A1, A3, A6, A7 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "body"), ENDPOINTS)
def test_a1_every_endpoint_wants_a_token_of_its_own(strict: Running, method: str, path: str, body: Any) -> None:
    with strict.client() as client:
        assert client.request(method, path, json=body).status_code == 401
        assert client.request(method, path, json=body, headers=token("/cds-services/other")).status_code == 401
        assert client.request(method, path, json=body, headers=token(path)).status_code == 200


def test_a1_whether_it_lives_may_be_asked_without_one(strict: Running) -> None:
    with strict.client() as client:
        assert [200, 200] == [client.get(path).status_code for path in ("/health", "/ready")]


def test_a3_the_address_is_that_of_the_settings_whatever_the_headers_say(strict: Running) -> None:
    lies = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http", "forwarded": "host=evil.example"}
    with strict.client() as client:
        assert client.get("/cds-services", headers=lies | token("/cds-services")).status_code == 200
        other = token("/cds-services", aud="https://evil.example/cds-services")
        assert client.get("/cds-services", headers=lies | other).status_code == 401


def test_a6_a_token_is_used_once_even_where_two_workers_share_a_store(guarded: Settings, kb: KnowledgeBase) -> None:
    with running(guarded, kb) as one, running(guarded, kb) as two, one.client() as first, two.client() as second:
        header = token("/cds-services")

        assert [200, 401, 401] == [client.get("/cds-services", headers=header).status_code for client in (first, second, first)]


def test_a7_every_refusal_is_the_same_bare_401_and_the_reason_is_in_the_log(strict: Running) -> None:
    now = time.time()
    wrong = {
        "no token": {},
        "malformed": {"authorization": "Bearer x"},
        "issuer": token("/cds-services", iss="https://evil.example"),
        "audience": token("/cds-services", aud="x"),
        "expired": token("/cds-services", iat=1, exp=2),
        "signature": {"authorization": f"Bearer {signed(claims(now=now), ec_key('evil'))}"},
        "key": {"authorization": f"Bearer {signed(claims(now=now), kid='other')}"},
    }
    answers = []
    with strict.client() as client:
        for header in wrong.values():
            answer = client.get("/cds-services", headers=header)
            kept = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
            answers.append((answer.status_code, answer.content, kept))

    assert answers == [answers[0]] * len(answers)
    assert (401, b"") == answers[0][:2]
    assert answers[0][2]["www-authenticate"] == "Bearer"
    assert list(wrong) == [line["why"] for line in strict.log() if line.get("outcome") == "refused"]


def test_a7_a_call_of_an_unknown_service_is_told_only_to_who_may_call(strict: Running) -> None:
    with strict.client() as client:
        assert client.post("/cds-services/none", json={}).status_code == 401
        answer = client.post("/cds-services/none", json={}, headers=token("/cds-services/none"))

    assert (404, "OperationOutcome") == (answer.status_code, answer.json()["resourceType"])


# --- A9 ------------------------------------------------------------------------------------------------------------------


def _preflight(origin: str, method: str = "POST", headers: str = "authorization,content-type") -> dict[str, str]:
    return {"origin": origin, "access-control-request-method": method, "access-control-request-headers": headers}


@pytest.fixture
def pages(guarded: Settings, kb: KnowledgeBase) -> Iterator[Running]:
    with running(attrs.evolve(guarded, origins=("https://ehr.example",)), kb) as service:
        yield service


def test_a9_a_page_of_a_configured_origin_may_call_and_asks_first_without_a_token(pages: Running) -> None:
    with pages.client() as client:
        asked = client.options(VIEW, headers=_preflight("https://ehr.example"))
        answered = client.post(VIEW, json=call(), headers={"origin": "https://ehr.example"} | token(VIEW))

    assert (200, "https://ehr.example") == (asked.status_code, asked.headers["access-control-allow-origin"])
    assert {"Authorization", "Content-Type", "Accept"} <= set(asked.headers["access-control-allow-headers"].split(", "))
    assert {"GET", "POST"} == set(asked.headers["access-control-allow-methods"].split(", "))
    assert "access-control-allow-credentials" not in asked.headers
    assert (200, "https://ehr.example") == (answered.status_code, answered.headers["access-control-allow-origin"])
    assert "origin" in answered.headers["vary"].lower()


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://ehr.example.evil.example", "http://ehr.example", "https://EHR.example", "null", "*"]
)
def test_a9_no_other_origin_is_named(pages: Running, origin: str) -> None:
    with pages.client() as client:
        asked = client.options(VIEW, headers=_preflight(origin))
        answered = client.post(VIEW, json=call(), headers={"origin": origin} | token(VIEW))

    assert asked.status_code == 400
    assert "access-control-allow-origin" not in {*asked.headers, *answered.headers}


@pytest.mark.parametrize(("method", "headers"), [("DELETE", "authorization"), ("POST", "x-anything")])
def test_a9_other_methods_and_headers_are_not_allowed(pages: Running, method: str, headers: str) -> None:
    with pages.client() as client:
        assert client.options(VIEW, headers=_preflight("https://ehr.example", method, headers)).status_code == 400


def test_a9_without_origins_no_page_may_call(open_: Running) -> None:
    with open_.client() as client:
        asked = client.options(VIEW, headers=_preflight("https://ehr.example"))

    assert (405, False) == (asked.status_code, "access-control-allow-origin" in asked.headers)


# --- an answer ------------------------------------------------------------------------------------------------------------


def test_a_call_is_answered_kept_and_logged_by_what_the_rules_say(open_: Running, settings: Settings) -> None:
    asked = call(exam=ALARM)
    with open_.client() as client:
        answer = client.post(VIEW, json=asked)
    cards = answer.json()["cards"]
    line = next(line for line in open_.log() if line.get("route") == "service")

    assert (200, "critical") == (answer.status_code, cards[0]["indicator"])
    assert _rows(settings, "SELECT hook_instance, urgency FROM mps_assessments") == [(asked["hookInstance"], "emergency")]
    assert _rows(settings, "SELECT card FROM mps_shown ORDER BY id") == [(card["uuid"],) for card in cards]
    assert ("answered", "emergency", "complete") == (line["outcome"], line["urgency"], line["prefetch"]["exam"])
    assert "safety.rf_cauda_equina" in line["fired"]
    assert set(line) <= {"time", "level", "from"} | {one.name for one in attrs.fields(Line)}


def test_the_same_question_again_gets_the_same_answer_and_a_record_of_its_own(settings: Settings, kb: KnowledgeBase) -> None:
    asked = [call(exam=ALARM) for _ in range(3)]
    asked[2] |= {"fhirServer": "https://fhir.example", "fhirAuthorization": {"access_token": "abc", "token_type": "Bearer"}}
    answers = []
    for remembered in (0, 256):
        with running(attrs.evolve(settings, remembered=remembered), kb) as service, service.client() as client:
            answers += [client.post(VIEW, json=one).content for one in asked]
    kept = [instance for (instance,) in _rows(settings, "SELECT hook_instance FROM mps_assessments ORDER BY id")]

    assert answers == [answers[0]] * 6
    assert kept == [one["hookInstance"] for one in asked] * 2


def test_an_answer_that_is_remembered_is_not_worked_out_again(
    settings: Settings, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[Any] = []
    real = cds_hooks.answer

    def counted(*given: Any) -> Any:
        worked.append(given[1])
        return real(*given)

    monkeypatch.setattr(cds_hooks, "answer", counted)
    secret = {"fhirServer": "https://fhir.example", "fhirAuthorization": {"access_token": "abc"}}
    with running(attrs.evolve(settings, remembered=1), kb) as service, service.client() as client:
        for one in (call(exam=ALARM), call(exam=ALARM) | secret, call(exam=ALARM) | secret, call(), call(exam=ALARM)):
            assert client.post(VIEW, json=one).status_code == 200
        for wrong in (call(exam=ALARM) | {"hookInstance": "no"}, call(exam=ALARM) | {"hookInstance": "no"}):
            assert client.post(VIEW, json=wrong).status_code == 400

    assert len(worked) == 6
    assert not any("abc" in str(one) for one in worked)


def test_feedback_told_twice_is_counted_once_and_strangers_are_not_kept(open_: Running, settings: Settings) -> None:
    with open_.client() as client:
        card = client.post(VIEW, json=call(exam=ALARM)).json()["cards"][0]
        reason = {"reason": {"code": "already-done", "system": card["overrideReasons"][0]["system"]}, "userComment": "seen by Dr Canary"}
        told = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-01-15T09:00:00Z", "overrideReason": reason}
        for _ in range(2):
            assert client.post(f"{VIEW}/feedback", json={"feedback": [told, told | {"card": "Mrs Canary"}]}).status_code == 200
        assert client.post(f"{VIEW}/feedback", json={"feedback": [told | {"outcome": "ignored"}]}).status_code == 400

    assert _rows(settings, "SELECT card, reason, comment FROM mps_feedback") == [(card["uuid"], "already-done", None)]
    lines = [line for line in open_.log() if line.get("route") == "feedback"]
    assert [("heard", 2, 1), ("heard", 2, 1), ("invalid", 0, 0)] == [
        (one["outcome"], one.get("items", 0), one.get("strangers", 0)) for one in lines
    ]


def test_every_answer_carries_the_headers_of_safety_and_a_request_id(open_: Running) -> None:
    given = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
    with open_.client() as client:
        for path in ("/cds-services", "/none", "/health", "/metrics", VIEW):
            answer = client.get(path, headers={"x-request-id": given})
            assert dict(answer.headers).items() >= HEADERS.items()
            assert answer.headers["x-request-id"] == given
            assert "server" not in answer.headers
        for strange in ("Mrs Canary", "1", "x" * 5_000):
            assert len(client.get("/health", headers={"x-request-id": strange}).headers["x-request-id"]) == 36


def test_metrics_have_labels_of_the_settings_only(open_: Running) -> None:
    with open_.client() as client:
        client.post(VIEW, json=call(exam=ALARM))
        client.post("/cds-services/Canary", json=call())
        text = client.get("/metrics").text

    assert 'mps_cards_total{hook="patient-view",indicator="critical",service="mps-patient-view"} 1.0' in text
    assert 'mps_request_seconds_bucket{le="0.5",service="mps-patient-view"}' in text
    assert "Canary" not in text


def test_metrics_count_codes_that_are_not_known_by_system_and_how_queries_were_answered(open_: Running) -> None:
    unknown = [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Q00.0"}, {"system": "http://hospital.example", "code": "Canary"}]
    chart = {
        "conditions": bundle(
            *({"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "code": {"coding": [one]}} for one in unknown)
        )
    }
    with open_.client() as client:
        assert client.post(VIEW, json=call(**chart)).status_code == 200
        text = client.get("/metrics").text

    assert 'mps_unread_codes_total{system="icd10cm"} 1.0' in text
    assert 'mps_unread_codes_total{system="other"} 1.0' in text
    assert 'mps_queries_total{query="conditions",state="complete"} 1.0' in text
    assert 'mps_queries_total{query="exam",state="absent"} 1.0' in text
    assert "Canary" not in text


def test_without_metrics_there_is_no_such_page(strict: Running) -> None:
    with strict.client() as client:
        assert client.get("/metrics").status_code == 404


# --- when something goes wrong ---------------------------------------------------------------------------------------------


def test_what_goes_wrong_inside_is_a_500_without_a_word(open_: Running, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("Mrs Canary, born 1950")

    monkeypatch.setattr(cds_hooks, "answer", broken)
    with open_.client() as client:
        answer = client.post(VIEW, json=call())
        assert client.get("/health").status_code == 200

    assert answer.json() == {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal", "code": "exception"}]}
    assert answer.status_code == 500
    line = next(line for line in open_.log() if line.get("outcome") == "failed")
    assert ("error", "ZeroDivisionError") == (line["level"], line["error"])
    assert line["place"].startswith("test_service.py:")
    assert "Canary" not in open_.written.getvalue() + answer.text
    assert _rows(settings, "SELECT * FROM mps_assessments") == []


def test_no_answer_leaves_where_its_record_cannot_be_kept(open_: Running, settings: Settings) -> None:
    with sqlite3.connect(settings.store.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TABLE mps_shown")
    connection.close()
    with open_.client() as client:
        answer = client.post(VIEW, json=call(exam=ALARM))

    assert (500, False) == (answer.status_code, "cards" in answer.json())


def test_a_store_that_fails_makes_the_service_not_ready_but_alive(
    open_: Running, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PROBE_S", 0)
    with open_.client() as client:
        assert client.get("/ready").json()["store"] == "ok"
        with sqlite3.connect(settings.store.removeprefix("sqlite:///")) as connection:
            connection.execute("DROP TABLE mps_tokens")
        connection.close()

        assert [503, 200] == [client.get(path).status_code for path in ("/ready", "/health")]


def test_however_often_readiness_is_asked_the_store_is_tried_once_a_second(open_: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[None] = []

    def is_writable(_: Store) -> bool:
        tried.append(None)
        return True

    monkeypatch.setattr(Store, "is_writable", is_writable)
    monkeypatch.setattr(services, "PROBE_S", 3600)
    with open_.client() as client, ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda _: client.get("/ready").status_code, range(40)))

    assert ([200] * 40, 1) == (asked, len(tried))


def test_a_store_that_never_answers_makes_the_service_not_ready(
    settings: Settings, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(Store, "is_writable", lambda _: go.wait(20))
    with running(attrs.evolve(settings, answer_seconds=0.2), kb) as stuck, stuck.client() as client:
        answer = client.get("/ready")
        go.set()

    assert (503, "failed") == (answer.status_code, answer.json()["store"])


@pytest.mark.parametrize("kind", ["deleted", "replaced by a copy", "without its log"])
def test_a_store_whose_file_is_another_by_now_acknowledges_nothing_and_is_not_ready(open_: Running, settings: Settings, kind: str) -> None:
    path = Path(settings.store.removeprefix("sqlite:///"))
    with open_.client() as client:
        before = client.post(VIEW, json=call(exam=ALARM)).status_code, client.get("/ready").status_code
        content = path.read_bytes()
        path.with_name(f"{path.name}-wal" if kind == "without its log" else path.name).unlink()
        if kind == "replaced by a copy":
            path.write_bytes(content)
        after = client.post(VIEW, json=call(exam=ALARM)).status_code, client.get("/ready").status_code

    assert ((200, 200), (500, 503)) == (before, after)
    assert "StoreGoneError" in {line.get("error") for line in open_.log()}


ZONES = [
    ("Europe/Berlin", "2026-01-16T00:30:00+01:00"),
    ("Asia/Kolkata", "2026-01-16T05:00:00+05:30"),
    ("Asia/Tokyo", "2026-01-16T08:30:00+09:00"),
    ("Australia/Sydney", "2026-01-16T10:30:00+11:00"),
    ("America/New_York", "2026-01-16T20:30:00-05:00"),
    ("Pacific/Kiritimati", "2026-01-16T13:59:00+14:00"),
]


@pytest.mark.parametrize(("zone", "local"), ZONES)
def test_a_danger_sign_recorded_ten_minutes_ago_gives_its_card_wherever_the_chart_is_kept(
    settings: Settings, kb: KnowledgeBase, zone: str, local: str
) -> None:
    now = datetime.fromisoformat(local)
    recorded = (now - timedelta(minutes=10)).isoformat()
    chart = bundle(hurts("low_back.left") | {"effectiveDateTime": recorded}, seen("saddle_anaesthesia", effectiveDateTime=recorded))
    with running(attrs.evolve(settings, time_zone=zone), kb, clock=now.timestamp) as there, there.client() as client:
        cards = client.post(VIEW, json=call(exam=chart)).json()["cards"]

    assert "critical" in {card["indicator"] for card in cards}


@pytest.mark.parametrize(("zone", "local"), ZONES)
def test_the_day_on_which_a_chart_is_read_is_that_of_the_time_zone(
    settings: Settings, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, zone: str, local: str
) -> None:
    handed: list[Any] = []
    real = cds_hooks.answer

    def seen_by(*given: Any) -> Any:
        handed.append(given[3])
        return real(*given)

    monkeypatch.setattr(cds_hooks, "answer", seen_by)
    now = datetime.fromisoformat(local)
    with running(attrs.evolve(settings, time_zone=zone), kb, clock=now.timestamp) as there, there.client() as client:
        client.post(VIEW, json=call(exam=ALARM))

    assert [now.date().isoformat()] == [one.isoformat()[:10] for one in handed]


def test_without_a_time_zone_the_machines_own_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Australia/Sydney")
    time.tzset()
    try:
        there = moment(1_772_398_800, "")
    finally:
        monkeypatch.undo()
        time.tzset()

    assert "2026-03-02T08:00:00+11:00" == there.isoformat()


class Slow:
    """An answer that waits to be let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.go, real = threading.Event(), threading.Event(), cds_hooks.answer

        def slow(*given: Any) -> Any:
            self.began.set()
            self.go.wait(20)
            return real(*given)

        monkeypatch.setattr(cds_hooks, "answer", slow)


def test_more_than_can_be_worked_on_is_told_to_come_again(settings: Settings, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    with running(attrs.evolve(settings, threads=1, waiting=1), kb) as service, service.client() as client:
        first: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: first.append(httpx.post(service.address + VIEW, json=call(), timeout=20)))
        thread.start()
        slow.began.wait(20)
        second = client.post(VIEW, json=call())
        assert client.get("/health").status_code == 200
        slow.go.set()
        thread.join(20)
        third = client.post(VIEW, json=call())

    assert (503, "1", "transient") == (second.status_code, second.headers["retry-after"], second.json()["issue"][0]["code"])
    assert [200, 200] == [first[0].status_code, third.status_code]
    assert [line["outcome"] for line in service.log() if line.get("route") == "service"] == ["busy", "answered", "answered"]


def test_an_answer_that_takes_too_long_is_given_up_and_not_kept_as_shown(
    settings: Settings, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    with running(attrs.evolve(settings, answer_seconds=1.0), kb) as service, service.client() as client:
        answer = client.post(VIEW, json=call(exam=ALARM))
        slow.go.set()
        later = [client.post(VIEW, json=call()).status_code]
        while later[-1] == 503 and len(later) < 30:  # a second is little for a machine with other work
            later.append(client.post(VIEW, json=call()).status_code)

    assert (503, "1", 200) == (answer.status_code, answer.headers["retry-after"], later[-1])
    outcomes = [line["outcome"] for line in service.log() if line.get("route") == "service"]
    assert ["late"] * len(later) + ["answered"] == outcomes
    assert _rows(settings, "SELECT urgency FROM mps_assessments") == [("none",)]


def test_stopping_lets_a_running_request_finish(settings: Settings, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, answers = Slow(monkeypatch), []
    with running(settings, kb) as service:
        thread = threading.Thread(target=lambda: answers.append(httpx.post(service.address + VIEW, json=call(), timeout=20)))
        thread.start()
        slow.began.wait(20)
        service.server.should_exit = True
        time.sleep(0.3)
        slow.go.set()
        thread.join(20)

    assert [200] == [one.status_code for one in answers]
    assert len(_rows(settings, "SELECT id FROM mps_assessments")) == 1


# --- within another application ----------------------------------------------------------------------------------------------


def test_it_can_be_mounted_in_another_application(guarded: Settings, kb: KnowledgeBase) -> None:
    mounted = create_app(attrs.evolve(guarded, base_url=f"{BASE}/cds"), kb)
    outer = Starlette(routes=[Mount("/cds", mounted)])
    here = {"aud": f"{BASE}/cds{VIEW}"}
    with running(guarded, kb, app=outer) as service, service.client() as client:
        assert client.post(f"/cds{VIEW}", json=call(), headers=token(VIEW, **here)).status_code == 200
        assert client.post(f"/cds{VIEW}", json=call(), headers=token(VIEW)).status_code == 401
        assert client.get("/cds/ready").status_code == 200
    close(mounted)


def test_further_routes_stand_under_the_same_limits(settings: Settings, kb: KnowledgeBase) -> None:
    async def length(request: Any) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())), headers={"content-security-policy": "default-src 'self'"})

    small = attrs.evolve(settings, largest_body=1_000)
    with running(small, kb, routes=[Route("/length", length, methods=["POST"])]) as service, service.client() as client:
        fits, over = client.post("/length", content=b"x" * 1_000), client.post("/length", content=b"x" * 1_001)

    assert (200, "1000", 413) == (fits.status_code, fits.text, over.status_code)
    assert over.json()["issue"][0]["diagnostics"] == "longer than 1000 bytes, which is largest_body in the settings of this service"
    assert ("default-src 'self'", "nosniff") == (fits.headers["content-security-policy"], fits.headers["x-content-type-options"])


def test_wrong_settings_are_told_before_anything_starts(settings: Settings, kb: KnowledgeBase) -> None:
    with pytest.raises(SettingsError) as caught:
        create_app(attrs.evolve(settings, threads=0, services=("mps-patient-vew",)), kb)

    assert [str(fault) for fault in caught.value.faults] == [
        "threads: expected 1 to 64",
        "services[0]: no service 'mps-patient-vew'; closest is 'mps-patient-view'",
    ]


def test_the_library_alone_loads_nothing_of_the_service() -> None:
    program = "import sys, mps_rules, mps_rules.command.cli; print([m for m in ('starlette', 'jwt', 'sqlalchemy', 'uvicorn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_missing_extra_is_named_with_its_install_line() -> None:
    program = "import sys; sys.modules['starlette'] = None\nimport mps_rules.service.app"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "pip install 'mps-rules[service]'" in done.stderr


def _rows(settings: Settings, query: str) -> list[Any]:
    connection = sqlite3.connect(settings.store.removeprefix("sqlite:///"))
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
