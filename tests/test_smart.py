"""The page opened by a record, in a real browser: leave is asked for and checked, the chart is read there, and neither token nor name reaches the service."""

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import attrs
import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from charts_fhir import ICD, SAMPLES, coded, sample
from mps_rules.errors import SettingsError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.records.fhir_in import read_bundle
from mps_rules.service import cds_hooks, page, smart
from mps_rules.service.settings import Settings, Smart, read_settings, settings_faults
from running import ALARM, Running, call, hurts, running, seen
from smart_record import CLIENT, LAUNCH, USER, SmartRecord, smart_record

CHROMIUM = shutil.which("chromium")
browsed = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("browser"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
pytestmark = browsed
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip

CANARIES = ("Peregrine", "Canary", "4 Privet", "0161 496", "MRN-99", "Dr Strange", "told at the bus stop", "12345-internal")
PERSON: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "12345-internal",
    "name": [{"use": "official", "family": "Canary", "given": ["Peregrine"]}],
    "address": [{"line": ["4 Privet Drive"]}],
    "telecom": [{"system": "phone", "value": "0161 496 0000"}],
    "identifier": [{"system": "urn:hospital", "value": "MRN-99"}],
    "text": {"status": "generated", "div": "<div>Peregrine Canary</div>"},
    "birthDate": "1979-04-02",
    "gender": "female",
}
OWN = {"subject": {"reference": "Patient/12345-internal", "display": "Peregrine Canary"}}
NUMB = seen("saddle_anaesthesia") | OWN | {"note": [{"text": "told at the bus stop"}], "performer": [{"display": "Dr Strange"}], "id": "o1"}
NUMB["category"] = [{"coding": [{"code": "exam"}]}]
ACHE = hurts("low_back.left") | OWN | {"id": "o2", "category": [{"coding": [{"code": "exam"}]}]}
GOUT = {"resourceType": "Condition", "id": "c1", "code": coded(ICD, "M54.50"), "clinicalStatus": coded("c", "active")} | OWN
CHART = (PERSON, NUMB, ACHE, GOUT)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@attrs.define
class Opened:
    """A record, the service that it opens, and a browser tab whose every request is kept."""

    record: SmartRecord
    service: Running
    tab: Page
    sent: list[Request]
    complaints: list[str]

    def launch(self, iss: str = "", launch: str = LAUNCH) -> None:
        self.tab.goto(f"{self.service.address}/smart/launch?iss={quote(iss or self.record.iss, safe='')}&launch={launch}")

    def reports(self) -> str:
        self.tab.wait_for_selector("#go-on")
        return self.tab.locator("#sheet").inner_text()

    def says(self) -> str:
        self.tab.wait_for_selector("#whose:not(:text-is('The chart is being read.'))")
        return self.tab.locator("#whose").inner_text()

    def answers(self) -> str:
        self.tab.locator("#go-on").click()
        self.tab.wait_for_selector("body:not(.asking) #result:not(:empty)")
        return self.tab.locator("#answer").inner_text()

    def to_service(self) -> str:
        """All that the service was sent: addresses, headers and bodies; the record's code passes through an address, as the launch does."""
        own = [one for one in self.sent if one.url.startswith(self.service.address)]
        return "\n".join(f"{one.url} {json.dumps(one.headers)} {one.post_data or ''}" for one in own)


Opens = Callable[..., Opened]


@pytest.fixture
def opens(browser: Browser, kb: KnowledgeBase, tmp_path: Path) -> Iterator[Opens]:
    undo: list[Callable[[], Any]] = []

    def entered(manager: Any) -> Any:
        value = manager.__enter__()
        undo.append(lambda: manager.__exit__(None, None, None))
        return value

    def opened(how: dict[str, Any] | None = None, **settings: Any) -> Opened:
        record = entered(smart_record(SmartRecord(**{"resources": CHART, "patient": "12345-internal"} | (how or {}))))
        given = {name: value(record) if callable(value) else value for name, value in settings.items()}
        client = Smart(**{"client_id": CLIENT, "iss": (record.iss,)} | given)
        kept = Settings(store=f"sqlite:///{tmp_path}/kept.sqlite", smart=client)
        service = entered(running(kept, kb, routes=smart.routes(kb, client)))
        record.redirects = (f"{service.address}/smart/app",)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        undo.append(context.close)
        tab, sent, complaints = context.new_page(), list[Request](), list[str]()
        tab.set_default_timeout(60_000)
        context.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - playwright marks what it is handed
        tab.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        return Opened(record, service, tab, sent, complaints)

    yield opened
    for one in reversed(undo):
        one()


# --- a launch that goes well ------------------------------------------------------------------------------------------


def test_a_record_opens_the_page_on_its_patient_and_the_report_is_shown_first(opens: Opens) -> None:
    there = opens()
    there.launch()
    report = there.reports()

    assert "4 resources read." in report
    assert "Used: " in report
    assert "Peregrine Canary, born 1979-04-02, female" in there.says()
    assert "Possible cauda equina syndrome" in there.answers()
    assert [] == there.record.faults
    assert there.record.scopes[0].split()[:3] == ["launch", "openid", "fhirUser"]
    assert [] == there.complaints


def test_neither_token_nor_name_nor_number_of_the_patient_is_sent_to_the_service(opens: Opens) -> None:
    there = opens()
    there.launch()
    there.reports()
    there.answers()
    sent, logged = there.to_service(), there.service.written.getvalue()

    assert [] == [word for word in (*there.record.tokens, *CANARIES) if word in sent or word in logged]
    assert '"birthDate":"1979-04-02"' in sent
    asked = {one.url.split("?")[0] for one in there.sent}
    assert all(url.startswith((there.service.address, there.record.origin)) for url in asked)


def test_addresses_within_a_query_are_encoded_so_that_no_proxy_takes_them_for_a_path(opens: Opens, kb: KnowledgeBase) -> None:
    there = opens()
    there.launch()
    there.reports()
    asked = [urlsplit(one.url) for one in there.sent if one.url.startswith(f"{there.record.iss}/Observation")]

    assert [] == [one.query for one in asked if "//" in one.query or "|" in one.query]
    assert {parse_qs(urlsplit(query).query)["code"][0] for query in smart.queries(kb).values() if "code=" in query} == {
        found["code"][0] for one in asked if "code" in (found := parse_qs(one.query))
    }


def test_after_the_launch_nothing_of_it_is_kept_in_the_tab(opens: Opens) -> None:
    there = opens()
    there.launch()
    there.reports()

    assert there.tab.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])") == '[{},{},""]'
    assert there.tab.url == f"{there.service.address}/smart/app"
    there.tab.reload()
    assert "not opened by a record" in there.says()


def test_without_a_record_before_it_the_app_asks_for_a_patient_itself(opens: Opens) -> None:
    there = opens()
    there.tab.goto(f"{there.service.address}/smart/launch")
    there.reports()

    assert there.record.scopes[0].split()[0] == "launch/patient"
    assert [] == there.record.faults


def test_where_several_records_are_allowed_the_user_chooses(opens: Opens) -> None:
    there = opens(iss=lambda record: ("https://other.example/fhir", record.iss))
    there.tab.goto(f"{there.service.address}/smart/launch")
    there.tab.get_by_role("button", name=there.record.iss).click()

    assert "4 resources read." in there.reports()


def test_what_a_card_handed_over_is_shown_as_text(opens: Opens) -> None:
    summary = "Consider and exclude: <img src=x onerror=alert(1)>"
    there = opens({"context": json.dumps({"hookInstance": "h", "summary": summary, "rules": ["red_flags.rf_1"]})})
    there.launch()

    assert f"Opened from a card: {summary}" in there.reports()
    assert "red_flags.rf_1" in there.says()
    assert there.tab.locator("img").count() == 0


@pytest.mark.parametrize("context", ["not JSON", "[]", '"text"', "null", '{"summary": 1}'])
def test_a_context_of_another_shape_is_passed_over(opens: Opens, context: str) -> None:
    there = opens({"context": context})
    there.launch()

    assert "4 resources read." in there.reports()
    assert there.tab.locator(".context").count() == 0


def test_a_chart_of_several_pages_is_read_page_by_page(opens: Opens) -> None:
    there = opens({"page": 1})
    there.launch()
    report = there.reports()

    assert "4 resources read." in report
    assert "More exist" not in report


def test_what_lies_behind_the_last_page_is_told_to_be_missing(opens: Opens) -> None:
    more = [ACHE | {"id": f"p{number}"} for number in range(12)]
    there = opens({"page": 2, "resources": (PERSON, *more)})
    there.launch()

    assert "More exist than were given" in there.reports()


def test_the_token_follows_no_page_to_another_server(opens: Opens) -> None:
    there = opens({"page": 1, "elsewhere": "https://elsewhere.example/fhir"})
    there.launch()

    report = there.reports()
    assert ("More exist than were given" in report, "did not answer" in report) == (True, False)
    assert [] == there.complaints


def test_a_chart_that_is_too_large_for_a_question_is_cut_and_said_to_be(opens: Opens) -> None:
    many = [ACHE | {"id": f"p{number}"} for number in range(4_000)]
    there = opens({"resources": (*CHART, *many)})
    there.launch()
    report = there.reports()

    assert "More exist than were given" in report
    assert 1_000 < int(re.findall(r"(\d+) resources read", report)[0]) < 4_000


# --- a launch that does not -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("iss", ["https://evil.example/fhir", "http://127.0.0.1:1/fhir", "javascript:alert(1)"])
def test_a_record_that_the_settings_do_not_name_opens_nothing(opens: Opens, iss: str) -> None:
    there = opens()
    there.launch(iss)
    there.tab.get_by_text("not one of those that may open the app").wait_for()

    assert [] == [one.url for one in there.sent if not one.url.startswith(there.service.address)]


def test_what_else_stands_in_the_address_of_a_launch_is_not_obeyed(opens: Opens) -> None:
    there = opens()
    more = "&clientId=other&patientId=2&fhirServiceUrl=https%3A%2F%2Fevil.example"
    there.tab.goto(f"{there.service.address}/smart/launch?iss={quote(there.record.iss, safe='')}&launch={LAUNCH}{more}")

    assert "Peregrine" in there.reports() + there.says()
    assert [] == there.record.faults


def test_an_answer_with_another_state_is_not_believed(opens: Opens) -> None:
    there = opens({"forges": "somebody-elses-state"})
    there.launch()

    assert "does not belong to a launch of this tab" in there.says()
    assert {} == there.record.tokens


@pytest.mark.parametrize("answer", ["code=stolen", "state=SMART_KEY&code=stolen", "code=stolen&state=", "error=access_denied", "state=x"])
def test_an_answer_to_no_launch_of_this_tab_is_not_believed(opens: Opens, answer: str) -> None:
    there = opens()
    there.tab.goto(f"{there.service.address}/smart/app?{answer}")

    assert "does not belong to a launch of this tab" in there.says()
    assert [] == [one.url for one in there.sent if "/auth/token" in one.url]


def test_a_code_without_its_state_is_not_believed_though_a_launch_was_begun(opens: Opens) -> None:
    there = opens()
    there.tab.goto(f"{there.service.address}/smart/app")
    kept = {
        "serverUrl": there.record.iss,
        "codeVerifier": "v",
        "tokenUri": f"{there.record.origin}/auth/token",
        "redirectUri": "r",
        "clientId": CLIENT,
    }
    there.tab.evaluate("kept => { sessionStorage.SMART_KEY = '\"abc\"'; sessionStorage.abc = JSON.stringify(kept); }", kept)
    there.tab.goto(f"{there.service.address}/smart/app?code=stolen")

    assert "does not belong to a launch of this tab" in there.says()
    assert [] == [one.url for one in there.sent if "/auth/token" in one.url]


def test_a_code_whose_verifier_is_another_gives_no_token(opens: Opens) -> None:
    there = opens()
    there.tab.goto(f"{there.service.address}/smart/app")
    there.record.codes["stolen"] = {"code_challenge": "x" * 43, "redirect_uri": "r", "scope": "launch"}
    kept = {
        "serverUrl": there.record.iss,
        "codeVerifier": "v",
        "tokenUri": f"{there.record.origin}/auth/token",
        "redirectUri": "r",
        "clientId": CLIENT,
    }
    there.tab.evaluate("kept => { sessionStorage.SMART_KEY = '\"abc\"'; sessionStorage.abc = JSON.stringify(kept); }", kept)
    there.tab.goto(f"{there.service.address}/smart/app?code=stolen&state=abc")

    assert "gave no token" in there.says()
    assert ["code_verifier"] == there.record.faults


def test_a_record_without_pkce_is_not_asked_for_leave(opens: Opens) -> None:
    there = opens({"pkce": False})
    there.launch()
    there.tab.get_by_text("could not be asked for leave").wait_for()

    assert [] == there.record.scopes


@pytest.mark.parametrize("error", ["access_denied", "invalid_scope"])
def test_a_record_that_refuses_is_quoted_and_the_page_works_without_it(opens: Opens, error: str) -> None:
    there = opens({"refuses": error})
    there.launch()

    assert f"The record gave no leave: {error}: not for this app." in there.says()
    there.tab.wait_for_selector("body[data-answered]")
    assert there.tab.locator("#example").is_visible()
    assert there.tab.evaluate("sessionStorage.length") == 0


def test_a_token_that_has_expired_is_said_and_nothing_is_shown_of_half_a_chart(opens: Opens) -> None:
    there = opens({"expires": True})
    there.launch()

    assert "leave has expired" in there.says()
    assert there.tab.locator("#go-on").count() == 0


def test_what_a_record_gives_no_leave_for_is_not_asked_and_said(opens: Opens) -> None:
    there = opens({"granted": "patient/Patient.rs patient/Condition.rs"})
    there.launch()
    report = there.reports()

    assert "gave no leave: Observation, QuestionnaireResponse, MedicationRequest, MedicationStatement, Procedure." in report
    assert {"Patient/12345-internal", "Condition"} == set(there.record.asked)


def test_a_query_that_fails_is_said_and_the_rest_is_read(opens: Opens) -> None:
    there = opens({"fails": ("Procedure",)})
    there.launch()
    report = there.reports()

    assert "The record did not answer: procedures." in report
    assert "More exist than were given" in report
    assert "4 resources read." in report


def test_a_record_that_names_no_patient_opens_nothing(opens: Opens) -> None:
    there = opens({"patient": ""})
    there.launch()

    assert "did not say which patient" in there.says()


def test_another_patients_resources_are_left_out(opens: Opens) -> None:
    other = seen("fever") | {"subject": {"reference": "Patient/2"}, "id": "o9", "category": [{"coding": [{"code": "exam"}]}]}
    there = opens({"resources": (*CHART, other)})
    there.tab.goto(f"{there.service.address}/smart/app")
    found = there.tab.evaluate(
        """async ([resources, iss]) => {
            const { anonymous } = await import("/smart/smart/chart.js");
            return { resourceType: "Bundle", type: "collection", entry: anonymous(resources, iss) };
        }""",
        [[*CHART, other], there.record.iss],
    )

    assert ["Patient/1"] * 3 == [one["resource"]["subject"]["reference"] for one in found["entry"][1:4]]
    assert "Patient/1" != found["entry"][4]["resource"]["subject"]["reference"]


# --- what leaves the browser says the same ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.json")) or ["none"])
def test_a_chart_without_names_is_read_as_the_whole_chart_is(opens: Opens, kb: KnowledgeBase, name: str) -> None:
    whole = sample(name)
    if whole["resourceType"] != "Bundle":
        pytest.skip("no chart")
    resources = [entry["resource"] for entry in whole["entry"]]
    there = opens()
    there.tab.goto(f"{there.service.address}/smart/app")
    entries = there.tab.evaluate(
        'async ([all, iss]) => (await import("/smart/smart/chart.js")).anonymous(all, iss)', [resources, "https://x.example"]
    )

    def read(entry: list[dict[str, Any]]) -> Any:
        try:
            findings, report = read_bundle({"resourceType": "Bundle", "entry": entry}, kb)
        except Exception as error:  # noqa: BLE001 - what is refused is to be refused in the same words
            return str(error)
        return findings, report.used, report.skipped, report.suspicious

    assert read([{"resource": one} for one in resources]) == read(entries)
    names = [one.get("family") for one in resources[0].get("name", ()) if isinstance(one.get("family"), str)]
    assert [] == [word for word in names if word in json.dumps(entries)]


# --- writing ----------------------------------------------------------------------------------------------------------

BOTH = ("DocumentReference", "QuestionnaireResponse")


def test_the_note_and_the_answers_are_written_when_the_user_asks(opens: Opens, kb: KnowledgeBase) -> None:
    there = opens(writes=BOTH)
    there.launch()
    there.reports()
    there.answers()
    assert [] == there.record.written
    there.tab.locator("#write").click()
    for kind in BOTH:
        there.tab.locator(f"[data-writes={kind}]").click()
        there.tab.get_by_text(f"Written into the record: {kind}/").wait_for()
    note, answers = there.record.written

    text = base64.b64decode(note["content"][0]["attachment"]["data"]).decode()
    assert "cauda equina" in text.lower()
    assert {"current", "preliminary"} == {note["status"], note["docStatus"]}
    assert ["Patient/12345-internal"] * 2 == [one["subject"]["reference"] for one in (note, answers)]
    assert (USER, USER) == (note["author"][0]["reference"], answers["author"]["reference"])
    assert "Encounter/e1" == note["context"]["encounter"][0]["reference"] == answers["encounter"]["reference"]
    found, _ = read_bundle(answers, kb)
    assert (True, [{"region": "low_back", "side": "left", "present": True}]) == (found["saddle_anaesthesia"], found["pain"])
    assert [] == [word for word in CANARIES if word in there.to_service()]


def test_what_the_record_gives_no_leave_to_write_is_not_offered(opens: Opens) -> None:
    there = opens({"granted": "patient/Patient.rs patient/Observation.rs patient/DocumentReference.c"}, writes=BOTH)
    there.launch()
    there.reports()
    there.answers()
    there.tab.locator("#write").click()
    there.tab.locator("[data-writes=DocumentReference]").wait_for()

    assert there.tab.locator("[data-writes]").count() == 1


def test_without_a_setting_nothing_is_asked_for_or_offered_to_be_written(opens: Opens) -> None:
    there = opens()
    there.launch()
    there.reports()

    assert (0, False) == (there.tab.locator("#write").count(), "DocumentReference" in there.record.scopes[0])


def test_no_other_patient_can_be_opened_over_the_records_own(opens: Opens) -> None:
    there = opens(writes=BOTH)
    there.launch()
    there.reports()
    there.answers()

    assert [False] * 3 == [there.tab.locator(f"#{id}").is_visible() for id in ("example", "open", "clear")]


def test_a_token_that_expires_before_writing_is_said_and_the_note_can_still_be_copied(opens: Opens) -> None:
    there = opens(writes=("DocumentReference",))
    there.launch()
    there.reports()
    there.answers()
    there.record.expires = True
    there.tab.locator("#write").click()
    there.tab.locator("[data-writes=DocumentReference]").click()
    there.tab.get_by_text(re.compile("Not written: .+ leave has expired")).wait_for()

    assert [] == there.record.written
    assert "cauda equina" in there.tab.locator("#sheet textarea").input_value().lower()


# --- what the browser is told -----------------------------------------------------------------------------------------


def test_tokens_of_another_origin_need_the_setting(opens: Opens) -> None:
    there = opens()
    there.record.token_origin = there.record.origin.replace("127.0.0.1", "localhost")
    there.launch()
    assert "gave no token" in there.says()
    assert any("Content Security Policy" in text for text in there.complaints)

    there = opens(connect=lambda record: (record.origin.replace("127.0.0.1", "localhost"),))
    there.record.token_origin = there.record.origin.replace("127.0.0.1", "localhost")
    there.launch()
    assert "4 resources read." in there.reports()


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
def test_only_who_is_named_may_show_the_app_in_a_frame(opens: Opens, named: bool) -> None:  # noqa: FBT001 - both worlds
    there = opens(frame_ancestors=lambda record: (record.origin,) if named else ())
    address = f"{there.service.address}/smart/launch?iss={quote(there.record.iss, safe='')}&launch={LAUNCH}"
    there.tab.goto(f"{there.record.origin}/frame?src={quote(address, safe='')}")
    if named:
        there.tab.frame_locator("iframe").locator("#go-on").wait_for()
    else:
        there.tab.wait_for_timeout(1_000)

    assert named == bool(there.record.scopes)


def test_the_policy_is_as_strict_as_the_pages_but_for_the_record(opens: Opens) -> None:
    there = opens(frame_ancestors=("https://ehr.example",))
    with there.service.client() as client:
        told = [client.get(f"/smart/{name}").headers["content-security-policy"] for name in ("launch", "app")]
        others = client.get("/smart/main.js").headers["content-security-policy"]

    expected = page.POLICY.replace("connect-src 'self'", f"connect-src 'self' {there.record.origin}")
    assert [expected.replace("frame-ancestors 'none'", "frame-ancestors https://ehr.example")] * 2 == told
    assert page.POLICY == others


def test_without_the_setting_there_is_no_such_address(kb: KnowledgeBase, tmp_path: Path) -> None:
    with running(Settings(store=f"sqlite:///{tmp_path}/kept.sqlite"), kb) as service, service.client() as client:
        assert [404, 404] == [client.get(f"/smart/{name}").status_code for name in ("launch", "app")]


# --- settings, client, cards ------------------------------------------------------------------------------------------


def test_the_client_is_the_published_file_and_its_licence_lies_beside_it() -> None:
    readme = smart.CLIENT.with_name("README.md").read_text(encoding="utf-8")

    assert hashlib.sha256(smart.CLIENT.read_bytes()).hexdigest() in readme
    assert "Apache" in smart.CLIENT.with_name("LICENSE").read_text(encoding="utf-8")


def test_the_page_that_is_opened_loads_the_records_script_in_place_of_its_own() -> None:
    assert 1 == (page.FILES / "index.html").read_text(encoding="utf-8").count(smart.SCRIPT)


def test_faults_of_the_setting_are_told_together_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "service.yaml"
    path.write_text("smart:\n  client_id: ''\n  iss: ['http://ehr.example/fhir', x]\n  connect: ['*']\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings(path)

    assert [
        "line 2, smart.client_id: is empty",
        "line 3, smart.iss[0]: expected https: charts do not travel in the open",
        "line 3, smart.iss[1]: expected the address of a FHIR server, such as https://ehr.example/fhir",
        "line 4, smart.connect[0]: expected an origin such as https://ehr.example, to the letter",
    ] == [str(fault).removeprefix(f"{path} ") for fault in caught.value.faults]


def test_scopes_of_the_older_manner_ask_for_writing_in_the_older_manner() -> None:
    older = Smart("c", ("https://ehr.example/fhir",), scopes=("patient/*.read",), writes=("DocumentReference",))

    assert ("launch patient/*.read patient/DocumentReference.write", []) == (
        older.scope("launch"),
        list(settings_faults(Settings(smart=older))),
    )


def test_a_card_opens_the_app_with_what_was_found_and_its_own_call(kb: KnowledgeBase, tmp_path: Path) -> None:
    client = Smart(CLIENT, ("https://ehr.example/fhir",))
    settings = Settings(store=f"sqlite:///{tmp_path}/kept.sqlite", smart=client, base_url="https://cds.example/mps")
    asked = [call(exam=ALARM), call(exam=ALARM)]
    with running(settings, kb) as service, service.client() as http:
        first, second = (http.post("/cds-services/mps-patient-view", json=one).json()["cards"][0] for one in asked)

    for card, one in ((first, asked[0]), (second, asked[1])):
        link = next(link for link in card["links"] if link["type"] == "smart")
        context = json.loads(link["appContext"])
        assert "https://cds.example/mps/smart/launch" == link["url"]
        assert (one["hookInstance"], card["summary"]) == (context["hookInstance"], context["summary"])
        assert context["rules"]
    assert first["uuid"] == second["uuid"]


def test_without_the_app_no_card_hands_anything_over() -> None:
    _, response = cds_hooks.handle("mps-patient-view", call(exam=ALARM), cds_hooks.Config(), date.today())  # noqa: DTZ011 - the chart is of today

    assert [] == [link for card in response["cards"] for link in card.get("links", ())]


def test_the_settings_that_the_page_shows_can_be_read(tmp_path: Path) -> None:
    told = (Path(__file__).parents[1] / "docs" / "smart.md").read_text(encoding="utf-8")
    (tmp_path / "service.yaml").write_text(told.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    client = read_settings(tmp_path / "service.yaml").smart

    assert client is not None
    assert {*client.scopes, *(f"patient/{kind}.c" for kind in BOTH), "launch", "launch/patient"} == {
        scope for words in re.findall(r"`([^`]+)`", told.partition("| scopes |")[2].partition("\n")[0]) for scope in words.split()
    }


def test_the_apps_own_files_hold_no_markup_in_script_and_no_script_in_markup() -> None:
    assert {"app.js", "chart.js", "launch.html", "launch.js", "record.js", "smart.css", "writing.js"} == {
        path.name for path in smart.FILES.iterdir()
    }
    assert not re.search(r"\son\w+=|style=|<style|<script(?![^>]* src=)", (smart.FILES / "launch.html").read_text(encoding="utf-8"))
    for path in smart.FILES.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text(encoding="utf-8")), path.name
