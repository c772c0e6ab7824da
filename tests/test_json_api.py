"""The page's questions: as their description says, for whatever is sent."""

import asyncio
import json
import os
import re
import threading
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, get_args, get_type_hints

import httpx
import pytest
import schemathesis
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.applications import Starlette

import mps_rules as mps
from charts import chart, vignettes
from charts_fhir import sample
from mps_rules.answer.values import Assessment
from mps_rules.command.cli import main
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, RECOMMENDATIONS
from mps_rules.knowledge.vocabulary import COSTS
from mps_rules.service import json_api
from mps_rules.service.json_api import OPERATIONS, answered, body, vocabulary
from mps_rules.service.page import AT_ONCE, FILES, LARGEST, POLICY, routes
from random_packs import seeded

DESCRIBED = json.loads((FILES / "openapi.json").read_text(encoding="utf-8"))
HOSTILE = int(os.environ.get("HOSTILE", "400"))
"""How many spoilt questions are asked; 10,000 were, once."""


@pytest.fixture(scope="module")
def app(kb: KnowledgeBase) -> Starlette:
    return Starlette(routes=routes(kb, per_minute=10**6))


class Client:
    """Asks an application without a port between."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://page") as client:
                return await client.request(method, path, **how)

        return asyncio.run(asked())

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.ask("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        return self.ask("POST", path, **how)


@pytest.fixture(scope="module")
def client(app: Starlette) -> Client:
    return Client(app)


def good(kb: KnowledgeBase, operation: str, **more: Any) -> Any:
    status, answer = answered(operation, more, kb)
    assert status == 200, answer
    return answer


# --- what each question answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", vignettes()[::12], ids=lambda one: one.vignette)
def test_an_answer_is_that_of_evaluate_and_its_findings_read_back(kb: KnowledgeBase, one: Any) -> None:
    answer = good(kb, "evaluate", findings=chart(one))
    assessment = mps.evaluate(chart(one), kb)

    told = json.loads(assessment.to_json())
    del told["trace"]
    assert json.loads(json.dumps(answer["assessment"])) == told
    assert mps.evaluate(answer["findings"], kb) == assessment


def test_the_screened_share_counts_what_is_left_of_the_flags_that_matter(kb: KnowledgeBase) -> None:
    nothing = good(kb, "evaluate", findings={"pain": ["low_back.left"]})["screened"]
    asked = good(kb, "evaluate", findings={"pain": ["low_back.left"], "trauma_severe": False, "cancer_history": False})["screened"]

    assert nothing["flags"] == asked["flags"]
    assert nothing["open"] > asked["open"] > 0


@pytest.mark.parametrize("one", [{"pain": ["low_back.left"], "fever": True}, *(chart(one) for one in vignettes()[::5])])
def test_no_more_flags_are_left_than_matter(kb: KnowledgeBase, one: Any) -> None:
    screened = good(kb, "evaluate", findings=one)["screened"]

    assert 0 <= screened["open"] <= screened["flags"]


def test_the_difference_is_to_the_answer_before(kb: KnowledgeBase) -> None:
    answer = good(kb, "evaluate", findings={"saddle_anaesthesia": True}, before={})

    assert answer["difference"][0] == "Urgency: none before, emergency now."
    assert good(kb, "evaluate", findings={"saddle_anaesthesia": True})["difference"] == []


def test_pain_is_shaded_and_the_muscles_that_rank_first_say_where_they_reach(kb: KnowledgeBase) -> None:
    answer = good(
        kb,
        "evaluate",
        findings={"pain": [{"region": "low_back", "side": "left", "intensity": 9}, {"region": "calf", "side": "left", "present": False}]},
    )

    shaded = {(one["region"], one["side"]): one for one in answer["shading"]}
    assert (shaded["low_back", "left"]["pain"], shaded["calf", "left"]["free"]) == (5, True)
    assert answer["reach"][0]["muscle"] == answer["assessment"]["muscles"][0]["muscle"]
    assert {"region": "low_back", "side": "left"} in [{k: zone[k] for k in ("region", "side")} for zone in answer["reach"][0]["zones"]]


def test_the_reasons_the_flips_and_the_note_are_those_of_the_assessment(kb: KnowledgeBase) -> None:
    findings = {"pain": ["low_back.left"]}
    assessment = mps.evaluate(findings, kb)

    assert good(kb, "why", findings=findings, id="myofascial_pain")["proof"] == assessment.why("myofascial_pain").to_dict()
    assert good(kb, "why_not", findings=findings, id="fibromyalgia")["text"] == str(assessment.why_not("fibromyalgia"))
    assert good(kb, "flip", findings=findings, id="rf_cauda_equina")["flips"] == assessment.flip("rf_cauda_equina").to_dict()
    assert good(kb, "note", findings=findings)["text"] == assessment.note()


@pytest.mark.parametrize(
    ("text", "kind", "first"),
    [
        ("pins and needles", "finding", "paresthesia"),
        ("sciatica", "diagnosis", "lumbar_radiculopathy"),
        ("piriformis", "muscle", "piriformis"),
        ("calf", "place", "calf"),
        ("scalenes", "muscle", "scalene_anterior"),
        ("traps", "muscle", "trapezius_upper"),
        ("disc", "finding", "imaging_disc_bulge"),
        ("taut band", "sign", "taut_band"),
        ("tinnitus", "finding", "tinnitus"),
        ("clenching", "finding", "pf_bruxism"),
        ("grinding", "finding", "pf_bruxism"),
        ("clicking jaw", "finding", "jaw_clicks_or_locks"),
        ("overload", "finding", "onset_mode"),
        ("cannot stand on toes", "finding", "single_heel_raise_impossible"),
        ("lower back", "place", "low_back"),
        ("lateral forearm right", "place", "forearm_radial"),
        ("right side of the neck", "place", "neck_lateral"),
        ("QL", "muscle", "quadratus_lumborum_superficial"),
        ("hamstrings", "muscle", "biceps_femoris"),
        ("leg", "place", "lower_limb"),
        ("sex", "finding", "sex_at_birth"),
        ("M54.16", "diagnosis", "lumbar_radiculopathy"),
        ("m54.16", "diagnosis", "lumbar_radiculopathy"),
        ("I71.4", "finding", "abdominal_aortic_aneurysm_known"),
    ],
)
def test_a_search_gives_the_closest_word_first_whatever_it_names(kb: KnowledgeBase, text: str, kind: str, first: str) -> None:
    found = good(kb, "search", text=text)["found"]

    assert (kind, first) in [(one["kind"], one["id"]) for one in found[:2]]


def test_where_nothing_holds_every_word_the_nearest_is_given_and_said_to_be_no_more(kb: KnowledgeBase) -> None:
    assert good(kb, "search", text="saddle numbness")["all_words"] is True
    near = good(kb, "search", text="strain to pass urine")
    assert (near["all_words"], near["found"][0]["id"]) == (False, "urinary_retention_new")
    assert good(kb, "search", text="tingling between the legs")["found"][0]["id"] == "saddle_anaesthesia"
    assert good(kb, "search", text="xyzzy of it") == {"found": [], "all_words": False}


def test_a_file_and_a_bundle_are_read_and_a_bundle_is_written(kb: KnowledgeBase) -> None:
    findings = good(kb, "read", text="pain: [low_back.left]\nfever: true\n")["findings"]
    written = good(kb, "write_fhir", findings=findings, written="2026-01-31T09:00:00Z")["bundle"]
    read = good(kb, "read_fhir", bundle=written, on="2026-02-01")

    assert findings == {"pain": [{"region": "low_back", "side": "left"}], "fever": True}
    assert read["findings"] == findings
    assert read["report"]["used"]


def test_a_published_chart_is_read_with_its_report(kb: KnowledgeBase) -> None:
    answer = good(kb, "read_fhir", bundle=sample("ahrq_brenda_jackson_r4.json"), on="2023-08-01")

    assert answer["findings"]["labels"]["fibromyalgia"] in (True, {})
    assert answer["report"]["skipped"]


def test_the_examples_are_patients_that_can_be_evaluated(kb: KnowledgeBase) -> None:
    examples = json_api.examples()["examples"]

    assert len(examples) == 5
    for one in examples:
        good(kb, "evaluate", findings=one["findings"])
        assert "invented" in one["about"].lower() or one["about"]


# --- what is wrong ----------------------------------------------------------------------------------------------------


def test_every_fault_is_told_with_its_field_and_the_closest_word(kb: KnowledgeBase) -> None:
    status, answer = answered("evaluate", {"findings": {"feverr": True, "age_years": 400, "pain": [{"region": "lowback"}]}}, kb)

    assert status == 422
    told = {one["where"]: one for one in answer["faults"]}
    assert told["findings.feverr"]["closest"] == "fever"
    assert told["findings.pain[0].region"]["closest"] == "low_back"
    assert "findings.age_years" in told


@pytest.mark.parametrize(
    ("operation", "asked", "where"),
    [
        ("evaluate", {}, "findings"),
        ("evaluate", {"findings": {}, "before": 3}, "before"),
        ("why", {"findings": {}}, "id"),
        ("picture", {"muscle": "soleus", "side": "lefft"}, "side"),
        ("flip", {"findings": {}, "id": "fibromyalgia", "through": "x"}, "through"),
        ("read_fhir", {"bundle": {"resourceType": "Patient"}, "on": "yesterday"}, "on"),
        ("read_fhir", {"bundle": 3}, ""),
        ("write_fhir", {"findings": {}, "written": "now"}, "written"),
        ("write_fhir", {"findings": {}, "written": "2026-01-31T09:00:00"}, "written"),
        ("search", {"text": " "}, "text"),
        ("evaluate", [], ""),
    ],
)
def test_a_question_that_is_not_in_order_names_the_field(kb: KnowledgeBase, operation: str, asked: Any, where: str) -> None:
    status, answer = answered(operation, asked, kb)

    assert status == 422
    assert answer["faults"][0]["where"] == where


def test_an_unknown_question_is_not_found_and_the_closest_is_named(kb: KnowledgeBase) -> None:
    status, answer = answered("evalute", {}, kb)

    assert (status, answer["faults"][0]["closest"]) == (404, "evaluate")


# --- over HTTP --------------------------------------------------------------------------------------------------------


def test_the_description_names_every_question_and_no_other() -> None:
    assert {path.removeprefix("/") for path, of in DESCRIBED["paths"].items() if "post" in of} == set(OPERATIONS)


def test_the_description_says_the_limit_that_holds() -> None:
    assert f"{LARGEST:,}" in DESCRIBED["paths"]["/evaluate"]["post"]["responses"]["413"]["description"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"findings": {}, "findings": {}}', "application/json", 400),
        (b'{"findings": ' + b"[" * 200 + b"]" * 200 + b"}", "application/json", 400),
        (b'{"findings": {"age_years": NaN}}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * (LARGEST + 1), "application/json", 413),
    ],
    ids=["no JSON", "no UTF-8", "a key twice", "too deep", "not a number", "another kind", "too long"],
)
def test_a_body_that_cannot_be_taken_is_refused_in_json(client: Client, content: bytes, kind: str, status: int) -> None:
    answer = client.post("/page/api/evaluate", content=content, headers={"content-type": kind})

    assert answer.status_code == status
    assert answer.json()["faults"][0]["what"]


def test_who_asks_too_often_is_told_to_wait(kb: KnowledgeBase) -> None:
    now = [0.0]
    hurried = Client(Starlette(routes=routes(kb, per_minute=3, clock=lambda: now[0])))

    def ask() -> httpx.Response:
        return hurried.post("/page/api/search", json={"text": "fever"})

    assert [ask().status_code for _ in range(4)] == [200, 200, 200, 429]
    now[0] = 61
    assert ask().status_code == 200


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_question_has_a_time_limit_and_one_that_is_over_it_is_refused_in_json(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    go = threading.Event()
    monkeypatch.setattr(json_api, "answered", lambda *_: (200, {"let go": go.wait(20)}))

    async def asked() -> list[httpx.Response]:
        desk = httpx.ASGITransport(Starlette(routes=routes(kb, answer_seconds=0.2)))
        async with httpx.AsyncClient(transport=desk, base_url="http://page") as client:
            answers = await asyncio.gather(*(client.post(f"/page/api/{operation}", json={}) for _ in range(AT_ONCE + 2)))
            go.set()  # those that were begun end, and their places are free again
            await asyncio.sleep(0.2)
            return [*answers, *await asyncio.gather(*(client.post(f"/page/api/{operation}", json={}) for _ in range(AT_ONCE)))]

    found = asyncio.run(asked())

    assert [one.status_code for one in found] == [503] * (AT_ONCE + 2) + [200] * AT_ONCE
    assert found[0].headers["retry-after"] == "1"
    assert found[0].json() == {"faults": [{"where": "", "what": "not answered within 0.2 seconds, and given up"}]}


def test_the_description_knows_every_refusal() -> None:
    codes = {frozenset(of["post"]["responses"]) for of in DESCRIBED["paths"].values() if "post" in of}

    assert codes == {frozenset({"200", "400", "413", "415", "422", "429", "503"})}


def test_the_vocabulary_holds_the_kinds_of_which_an_answer_is_made(kb: KnowledgeBase) -> None:
    words = vocabulary(kb)

    assert [one["id"] for one in words["advice"]] == list(RECOMMENDATIONS)
    assert {one["id"] for one in words["advice"] if one["waits"]} == {"examine", "self_care"}
    assert words["pressing"] == list(PRESSING)
    assert set(words["screening"]) == set(get_args(get_type_hints(Assessment)["screening"]))
    assert {one.status for one in mps.evaluate({}, kb).criteria} <= set(words["criteria"])
    assert words["costs"] == list(COSTS)


def test_what_stays_the_same_is_not_sent_twice(client: Client, kb: KnowledgeBase) -> None:
    first = client.get("/page/api/vocabulary")

    assert first.headers["etag"] != client.get("/page/api/body").headers["etag"]
    assert client.get("/page/api/vocabulary", headers={"if-none-match": first.headers["etag"]}).status_code == 304


def test_every_file_comes_with_the_policy_and_none_of_them_names_an_address(client: Client) -> None:
    assert list(FILES.iterdir())
    for path in sorted(FILES.iterdir()):
        answer = client.get(f"/page/{'' if path.name == 'index.html' else path.name}")
        assert (answer.status_code, answer.headers["content-security-policy"]) == (200, POLICY)
        assert set(re.findall(r"https?://[^\s\"'`)]+", path.read_text(encoding="utf-8"))) <= {"http://www.w3.org/2000/svg"}


def test_the_page_holds_no_script_or_style_in_its_markup_and_no_markup_in_its_script() -> None:
    markup = (FILES / "index.html").read_text(encoding="utf-8")

    assert not re.search(r"\son\w+=|style=|<style|<script(?! type=\"module\" src=)", markup)
    for path in FILES.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text(encoding="utf-8")), path.name


def test_the_page_has_no_clinical_word_of_its_own(kb: KnowledgeBase) -> None:
    words = kb.vocabulary
    ids = {*words.terms, *words.muscles, *words.diagnoses, *words.suspects} - {"examined", "fatigue"}
    assert list(FILES.glob("*.js"))
    for path in FILES.glob("*.js"):
        quoted = set(re.findall(r"[\"'`]([a-z]+_[a-z_]+)[\"'`]", path.read_text(encoding="utf-8")))
        assert quoted & ids == set(), path.name


# --- whatever is sent -------------------------------------------------------------------------------------------------


def described(app: Starlette) -> Any:
    return schemathesis.openapi.from_asgi("/page/openapi.json", app)


def spoilt(random: Random, value: Any, depth: int = 0) -> Any:
    """A question with one or more of its parts turned into something else."""
    strange: tuple[Any, ...] = (
        None,
        True,
        -1,
        1e308,
        "",
        "\0",
        "<script>",
        "\ud83d\ude00" * 50,
        [],
        {},
        [[]],
        {"": None},
        "x" * 5000,
        10**30,
    )
    if random.random() < 0.25 or depth > 6:
        return random.choice(strange)
    if isinstance(value, dict):
        made = {key: spoilt(random, part, depth + 1) if random.random() < 0.4 else part for key, part in value.items()}
        if random.random() < 0.3:
            made[random.choice(("pain", "exam", "labels", "__proto__", "age_years", "\u202e"))] = random.choice(strange)
        return made
    if isinstance(value, list):
        return [spoilt(random, part, depth + 1) for part in value] * random.choice((0, 1, 2))
    return random.choice((value, *strange))


def test_no_spoilt_question_breaks_anything(client: Client) -> None:
    random = seeded(7)
    examples = {
        path.removeprefix("/"): of["post"]["requestBody"]["content"]["application/json"]["example"]
        for path, of in DESCRIBED["paths"].items()
        if "post" in of
    }
    whole = [chart(one) for one in vignettes()]
    for _ in range(HOSTILE):
        operation = random.choice(sorted(examples))
        asked = dict(examples[operation])
        if "findings" in asked and random.random() < 0.5:
            asked["findings"] = random.choice(whole)
        answer = client.post(
            f"/page/api/{operation}", content=json.dumps(spoilt(random, asked)), headers={"content-type": "application/json"}
        )
        assert answer.status_code in (200, 400, 413, 422), answer.text[:200]
        if answer.status_code != 200:
            assert all(len(one["what"]) < 400 for one in answer.json()["faults"])


@given(st.text(max_size=40))
def test_any_search_is_answered(kb: KnowledgeBase, text: str) -> None:
    status, _ = answered("search", {"text": text}, kb)

    assert status == (200 if text.strip() else 422)


@pytest.mark.parametrize("path", sorted(DESCRIBED["paths"]))
def test_schemathesis_finds_nothing_that_is_not_as_described(app: Starlette, path: str) -> None:

    operation = described(app)[path]
    assert operation
    for method in operation:
        case_of = operation[method].as_strategy()

        @settings(max_examples=15, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=case_of)
        def holds(case: Any) -> None:
            case.call_and_validate(excluded_checks=[positive_data_acceptance])  # which words are known, the description leaves to the rules

        holds()


def test_the_day_of_a_chart_is_the_one_that_is_given(kb: KnowledgeBase) -> None:
    patient = {"resourceType": "Patient", "birthDate": "1961-01-25"}

    assert good(kb, "read_fhir", bundle=patient, on=str(date(2023, 9, 1)))["findings"] == {"age_years": 62}
    assert good(kb, "read_fhir", bundle=patient)["findings"] == {}


def test_the_files_of_the_page_ship_with_the_package() -> None:
    assert {path.name for path in FILES.iterdir()} >= {"index.html", "page.css", "main.js", "openapi.json"}
    assert Path(json_api.__file__).parent == FILES.parent


def test_a_side_that_is_named_is_the_side_of_the_place(kb: KnowledgeBase) -> None:
    first = good(kb, "search", text="low back, left")["found"][0]

    assert first == {"kind": "place", "id": "low_back", "label": "Low back (lumbar)", "side": "left"}


@pytest.mark.parametrize("text", ["tinnitus", "lower back", "QL", "M54.16", "leg", "sciatica", "taut band"])
def test_the_command_and_the_page_look_up_alike(kb: KnowledgeBase, text: str) -> None:
    said = CliRunner().invoke(main, ["terms", *text.split()]).output
    found = good(kb, "search", text=text)["found"]

    assert [one["id"] for one in found if one["id"] not in said] == []


def test_a_picture_of_a_muscle_is_that_of_the_library_and_its_bellies_are_those_of_the_figure(kb: KnowledgeBase) -> None:
    drawn = body(kb)["muscles"]
    views = body(kb)["views"]

    assert good(kb, "picture", muscle="soleus", side="right")["svg"] == mps.muscle_picture("soleus", "right", kb)
    assert good(kb, "charts", findings={"pain": ["calf.left"]})["svg"] == mps.evaluate({"pain": ["calf.left"]}, kb).muscle_charts()
    assert set(drawn) == set(kb.vocabulary.muscles)
    assert {belly["on"] for bellies in drawn.values() for belly in bellies} <= {view["drawing"] for view in views}
    assert {side for view in views for side in view["turned"]} == {"left", "right"}
