"""CDS Hooks 2.0.1, point by point (the ids J, D, P, R, C, F are those of the requirements), and what a chart makes of it."""

import html
import json
import re
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import mps_rules as mps
from cds_hooks_judge import DISCOVERY, TEMPLATE, empties, faults, judged
from charts import chart, vignettes
from charts_fhir import ICD, ON, SNOMED, WRITTEN, Resource, bundle, coded, condition, observation, patient, sample
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.records.fhir_out import findings_to_fhir
from mps_rules.service.cds_hooks import (
    ITEMS_SHOWN,
    OPEN_SHOWN,
    OVERRIDE_REASONS,
    SERVICES,
    Answer,
    Config,
    answer,
    discovery,
    feedback,
    handle,
)

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
NONE: Resource = {"resourceType": "Bundle", "type": "searchset", "total": 0}
BACK_PAIN = condition(coded(ICD, "M54.50"))
CONFIG = Config(url="https://hospital.example/rules", page="https://hospital.example/page")
CONTEXT = {"userId": "Practitioner/7", "patientId": "p1", "encounterId": "e1"}


def own(finding: str, value: Any) -> Resource:
    """An observation in the pack's own codes."""
    return observation(coded("urn:mps-rules:finding", finding), valueBoolean=value)


def asked(hook: str = "patient-view", prefetch: Any = None, **context: Any) -> dict[str, Any]:
    """A request; the chart has nothing but what is given."""
    empty: dict[str, Any] = dict.fromkeys([key for key in SERVICES["mps-patient-view"].prefetch if key != "patient"], NONE)
    return {"hook": hook, "hookInstance": INSTANCE, "context": {**CONTEXT, **context}, "prefetch": {**empty, **(prefetch or {})}}


def service_of(hook: str) -> str:
    return next(id_ for id_, service in SERVICES.items() if service.hook == hook)


def answered(request: Any, config: Config = CONFIG, kb: KnowledgeBase | None = None) -> Answer:
    """What the service of a request's hook answers, found in order by the judge."""
    hook = (
        request["hook"] if isinstance(request, dict) and request.get("hook") in {one.hook for one in SERVICES.values()} else "patient-view"
    )
    found = answer(service_of(hook), request, config, ON, kb)
    assert judged(found.status, found.response) == []
    return found


def cards(request: Any, config: Config = CONFIG) -> dict[str, Any]:
    """The cards of an answer by their topic."""
    found = answered(request, config)
    assert found.status == 200, found.response
    return {card["source"]["topic"]["code"]: card for card in found.response["cards"]}


def prefetched(findings: Any, kb: KnowledgeBase) -> dict[str, Any]:
    """What the queries find of a chart that holds just these findings."""
    made = findings_to_fhir(findings, kb, patient="Patient/p1", written=WRITTEN).get("entry", [])

    def found(query: str) -> Resource:
        return {"resourceType": "Bundle", "type": "searchset", "entry": [one for one in made if query in category_of(one["resource"])]}

    return {query: found(query) for query in ("conditions", "exam", "survey", "imaging", "laboratory")}


def category_of(resource: Resource) -> list[str]:
    """The queries that find a resource."""
    if resource["resourceType"] == "Condition":
        return ["conditions"]
    return [coding["code"] for concept in resource["category"] for coding in concept["coding"]]


# --- J: JSON ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", vignettes()[::6], ids=lambda one: one.vignette)
def test_j2_no_answer_holds_null_or_anything_empty(kb: KnowledgeBase, one: Any) -> None:
    answered(asked(prefetch=prefetched(chart(one), kb)), kb=kb)


def test_j2_the_judge_sees_what_is_null_or_empty() -> None:
    assert list(empties({"cards": [], "a": [None, {"b": ""}], "c": {}})) == [".a[0]", ".a[1].b", ".c"]


def test_j4_extensions_and_fields_that_nobody_knows_change_nothing() -> None:
    request = asked(prefetch={"conditions": bundle(BACK_PAIN)})
    more = {**request, "extension": {"org.example.x": {"deep": [1]}}, "unheard_of": True, "context": {**request["context"], "more": "x"}}

    assert answered(more).response == answered(request).response


# --- D: discovery -----------------------------------------------------------------------------------------------------


def test_d1_d2_discovery_names_every_service_with_what_it_needs() -> None:
    found = discovery(CONFIG)

    assert faults(DISCOVERY, found) == []
    assert list(empties(found)) == []
    assert {one["hook"] for one in found["services"]} == {
        "patient-view", "encounter-start", "problem-list-item-create", "order-select", "order-sign",
    }  # fmt: skip


def test_d1_a_deployment_that_offers_nothing_says_so() -> None:
    assert discovery(Config(services=())) == {"services": []}


def test_d5_every_id_and_hook_is_listed_once() -> None:
    listed = [(one["id"], one["hook"]) for one in discovery(CONFIG)["services"]]

    assert len({id_ for id_, _ in listed}) == len({hook for _, hook in listed}) == len(listed)


# --- P: prefetch ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda one: one.id)
def test_p1_p2_queries_keep_to_what_every_client_can_be_asked_for(service: Any) -> None:
    offered = next(one["prefetch"] for one in discovery(CONFIG)["services"] if one["id"] == service.id)
    assert set(offered) == set(service.prefetch)
    for query in offered.values():
        match = TEMPLATE.fullmatch(query)
        assert match, query
        assert set(re.findall(r"\{\{(.*?)\}\}", query)) == {"context.patientId"}
        for part in (match["query"] or "").split("&") if match["query"] else ():
            assert re.fullmatch(
                r"patient=\{\{context\.patientId\}\}|(category|status)=[a-z-]+|clinical-status=[a-z,]+|_sort=-[a-z]+|_count=[0-9]+"
                r"|code=[^|,&]+\|[^|,&]*(,[^|,&]+\|[^|,&]+)*",
                part,
            ), part
            assert len(query) < 1500


@pytest.mark.parametrize(
    ("state", "value", "kept"),
    [
        ("left out", ..., "absent"),
        ("nothing to read", None, "none recorded"),
        ("no entries", NONE, "none recorded"),
        ("an error within", bundle({"resourceType": "OperationOutcome"}), "error"),
        ("an error", {"resourceType": "OperationOutcome", "issue": []}, "error"),
        ("no resource", "x", "error"),
        ("entries", bundle(own("fever", value=False)), "complete"),
        ("a first page", {**bundle(own("fever", value=False)), "link": [{"relation": "next", "url": "x"}]}, "incomplete"),
    ],
)
def test_p4_p6_however_a_query_was_answered_silence_is_never_absence(state: str, value: Any, kept: str) -> None:
    request = asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": value})
    if value is ...:
        del request["prefetch"]["exam"]

    found = answered(request)

    assert found.record is not None, state
    assert dict(found.record.prefetch)["exam"] == kept
    assert found.record.screening != "complete"
    assert "next-questions" in {one.topic for one in found.record.cards}


@pytest.mark.parametrize(
    "prefetch",
    [{}, {"patient": patient()}, {"conditions": {"resourceType": "OperationOutcome"}, "exam": 3}],
    ids=["nothing", "only who", "only errors"],
)
def test_p5_without_any_findings_the_precondition_fails(prefetch: Any) -> None:
    found = answered({**asked(), "prefetch": prefetch})

    assert found.status == 412
    assert "no query about findings was answered" in json.dumps(found.response)


def test_p5_a_chart_of_an_older_version_or_of_another_patient_fails_the_precondition() -> None:
    older = answered(asked(prefetch={"conditions": sample("ahrq_ben_jackson_dstu2.json")}))
    other = answered(asked(prefetch={"patient": {"resourceType": "Patient", "id": "p2"}}))

    assert (older.status, other.status) == (412, 412)
    assert "not R4" in json.dumps(older.response)


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}
FAILURE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


@pytest.mark.parametrize("severity", ["information", "warning", "error", "fatal"])
def test_p4_an_outcome_beside_what_was_found_hides_none_of_it(severity: str) -> None:
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": severity}]}, "search": {"mode": "outcome"}}
    exam = bundle(own("saddle_anaesthesia", value=True))
    exam["entry"].append(outcome)

    found = answered(asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": exam}))

    assert found.record is not None
    failed = severity in ("error", "fatal")
    assert dict(found.record.prefetch)["exam"] == ("incomplete" if failed else "complete")
    topics = [one.topic for one in found.record.cards if one.topic != "red-flags-open"]
    assert topics == ["red-flags-raised", *(["query-failed"] if failed else []), "next-questions"]


@pytest.mark.parametrize("conditions", [bundle(BACK_PAIN), NONE], ids=["pain", "no pain"])
def test_p4_a_query_that_failed_is_one_card_that_names_it_and_what_could_not_be_screened(conditions: Resource) -> None:
    found = cards(asked(prefetch={"conditions": conditions, "exam": FAILURE, "survey": FAILURE}))

    card = found["query-failed"]
    count = int(re.search(r"(\d+) red flags could not be screened", card["summary"])[1])  # type: ignore[index]
    assert card["indicator"] == "warning"
    assert "exam, survey" in card["detail"]
    assert count > 30
    assert "red-flags-open" not in found


def test_p4_only_information_and_nothing_found_is_nothing_recorded() -> None:
    found = answered(asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": bundle(OUTCOME)}))

    assert found.record is not None
    assert dict(found.record.prefetch)["exam"] == "none recorded"
    assert "query-failed" not in {one.topic for one in found.record.cards}


def test_p5_the_record_of_a_patient_merged_into_the_one_of_the_context_is_that_patient() -> None:
    merged = {"resourceType": "Patient", "id": "p9", "link": [{"type": "replaced-by", "other": {"reference": "Patient/p1"}}]}
    exam = bundle({**own("saddle_anaesthesia", value=True), "subject": {"reference": "Patient/p9"}})

    assert "red-flags-raised" in cards(asked(prefetch={"patient": merged, "exam": exam}))


def test_p5_an_entry_about_somebody_else_silences_nothing() -> None:
    exam = bundle(own("saddle_anaesthesia", value=True), {**own("fever", value=True), "subject": {"reference": "Patient/p2"}})

    found = cards(asked(prefetch={"exam": exam}))

    assert "red-flags-raised" in found
    assert "Fever" not in json.dumps(found["red-flags-raised"])
    assert "because: Fever" not in json.dumps(found)


# --- R: requests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"hook": "order-sign"}, "hook"),
        ({"hookInstance": "1"}, "hookInstance"),
        ({"context": None}, "context"),
        ({"prefetch": []}, "prefetch"),
        ({"fhirAuthorization": {"access_token": "x"}}, "fhirServer"),
        ({"context": {"userId": "Doctor/1", "patientId": "p1"}}, "context.userId"),
        ({"context": {"userId": "Practitioner/1", "patientId": " "}}, "context.patientId"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_r1_r4_a_request_that_is_not_in_order_is_told_what_is_wrong(change: Any, named: str) -> None:
    found = answer("mps-patient-view", {**asked(), **change}, CONFIG, ON)

    assert found.status == 400
    assert judged(found.status, found.response) == []
    assert [issue["diagnostics"].partition(":")[0] for issue in found.response["issue"]] == [named]


def test_r4_every_fault_is_named_at_once() -> None:
    found = answer("mps-patient-view", {"hook": "x", "hookInstance": 3, "context": {}}, CONFIG, ON)

    assert len(found.response["issue"]) == 4


def test_r4_an_unknown_service_is_not_found_and_the_closest_is_named() -> None:
    status, found = handle("mps-patient-veiw", asked(), CONFIG, ON)

    assert (status, judged(status, found)) == (404, [])
    assert "mps-patient-view" in found["issue"][0]["diagnostics"]


def test_r4_a_service_that_is_not_offered_is_not_found() -> None:
    assert handle("mps-order-sign", asked("order-sign"), Config(services=("mps-patient-view",)), ON)[0] == 404


def test_r3_r5_a_token_and_a_server_are_neither_used_nor_kept() -> None:
    secret = {"access_token": "canary-token", "token_type": "Bearer", "expires_in": 300, "scope": "user/*.read", "subject": "canary"}
    request = asked(prefetch={"conditions": bundle(BACK_PAIN), "patient": patient(id="p1")})

    found = answered({**request, "fhirServer": "https://canary.example/fhir", "fhirAuthorization": secret})

    assert found.response == answered(request).response
    assert "canary" not in (json.dumps(found.response) + repr(found.record)).lower()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("hook", "hookInstance", "context", "prefetch", "userId", "patientId", "conditions", "entry", "resource", "resourceType")), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_r4_nothing_that_is_sent_raises(request: Any) -> None:
    for id_ in SERVICES:
        found = answer(id_, request, CONFIG, ON)
        assert judged(found.status, found.response) == []


@given(st.data())
def test_r4_no_part_of_a_request_turned_into_something_else_raises(data: st.DataObject) -> None:
    hook = data.draw(st.sampled_from([one.hook for one in SERVICES.values()]))
    request = deepcopy(asked(hook, {"conditions": bundle(BACK_PAIN), "exam": bundle(own("fever", value=True))}, **EVERY_CONTEXT))
    place: Any = request
    for _ in range(data.draw(st.integers(0, 6))):
        inside = list(place) if isinstance(place, dict) else list(range(len(place))) if isinstance(place, list) else []
        if not inside:
            break
        key = data.draw(st.sampled_from(inside))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(st.sampled_from((None, [], {}, "", "x", 0, True, [None], {"": ""}, 1e400)))
            break
        place = place[key]

    found = answer(service_of(hook), request, CONFIG, ON)

    assert judged(found.status, found.response) == []


# --- C: cards ---------------------------------------------------------------------------------------------------------

IMAGING = coded(SNOMED, "363679005")
ORDER = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft", "intent": "order", "category": [IMAGING]}
OPIOID = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": coded("http://www.whocc.no/atc", "N02AA05"),
}
EVERY_CONTEXT = {"conditions": bundle(BACK_PAIN), "draftOrders": bundle(ORDER, OPIOID), "selections": ["ServiceRequest/s1"]}


@pytest.mark.parametrize("one", vignettes()[::3], ids=lambda one: one.vignette)
def test_c1_c10_what_a_chart_raises_is_what_the_rules_say_of_it(kb: KnowledgeBase, one: Any) -> None:
    assessment = mps.evaluate(chart(one), kb)

    found = answered(asked(prefetch=prefetched(chart(one), kb)), kb=kb)

    assert found.record is not None
    assert found.record.urgency == assessment.urgency
    raised = [alert for alert in assessment.alerts if alert.status == "raised"]
    topics = {shown.topic: shown for shown in found.record.cards}
    assert ("red-flags-raised" in topics) == bool(raised)
    if raised:
        assert topics["red-flags-raised"].indicator == ("critical" if assessment.urgency == "emergency" else "warning")
        assert set(topics["red-flags-raised"].rules) == {alert.rule for alert in raised}
        assert found.response["cards"][0]["source"]["topic"]["code"] == "red-flags-raised"


def test_c1_a_chart_without_pain_is_answered_with_silence() -> None:
    assert answered(asked(prefetch={"conditions": bundle(condition(coded(ICD, "I10")))})).response == {"cards": []}


def test_c1_pain_that_is_over_or_refuted_is_no_pain() -> None:
    over = condition(coded(ICD, "M54.50"), clinical="resolved")
    refuted = condition(coded(ICD, "M54.50"), verified="refuted")

    assert answered(asked(prefetch={"conditions": bundle(over, refuted)})).response == {"cards": []}


def test_c1_back_pain_without_more_is_told_what_to_ask_first_and_no_alarm_is_raised() -> None:
    found = cards(asked(prefetch={"conditions": bundle(BACK_PAIN)}))

    assert list(found) == ["next-questions"]
    assert found["next-questions"]["indicator"] == "info"
    assert "Bladder, bowel and saddle" in found["next-questions"]["summary"]


def test_c2_an_emergency_is_critical_and_says_what_to_consider_and_why() -> None:
    found = cards(asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": bundle(own("saddle_anaesthesia", value=True))}))

    card = found["red-flags-raised"]
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Consider and exclude: ")
    assert "cauda equina" in card["summary"].lower()
    assert "- because: numb saddle area" in card["detail"].lower()
    assert "you have" not in card["detail"].lower()


def test_c2_a_danger_sign_dropped_in_doubt_is_a_card_even_where_the_chart_speaks_of_no_pain() -> None:
    unclear = {**own("saddle_anaesthesia", value=True), "status": "unknown"}

    card = cards(asked(prefetch={"exam": bundle(unclear)}))["red-flags-open"]

    assert "- because: Recorded in doubt: Numb saddle area" in card["detail"]


def test_c2_alerts_of_one_card_stand_apart_and_name_their_sources_by_title(kb: KnowledgeBase) -> None:
    signs = bundle(own("saddle_anaesthesia", value=True), {**own("fever", value=True), "effectiveDateTime": "2024-05-31"})

    detail = cards(asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": signs}))["red-flags-raised"]["detail"]

    lines = detail.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("**")]
    assert len(heads) > 1
    assert [lines[number - 1] for number in heads[1:]] == [""] * (len(heads) - 1)
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(detail)
    assert rendered.count("<p><strong>") == rendered.count("<strong>") == len(heads)
    assert not re.search(r"<li>(?:(?!</li>).)*<strong>", rendered, re.DOTALL)
    assert not [id_ for id_ in kb.references if id_ in detail and id_ not in " ".join(one.text for one in kb.references.values())]
    titles = [kb.references[id_].text[:30] for id_ in kb.by_id["safety.rf_cauda_equina"].evidence.references]
    assert [title for title in titles if title not in detail] == []


def test_c2_a_card_of_open_flags_is_bounded_the_most_telling_first_and_every_flag_named(kb: KnowledgeBase) -> None:
    unitless = {
        **own("age_years", value=True),
        "valueBoolean": None,
        "valueQuantity": {"value": 60},
    }  # in doubt, and so is every flag that asks for it
    answer_ = answered(asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": bundle(unitless)}), kb=kb)
    card, shown = next(
        (card, one)
        for card, one in zip(answer_.response["cards"], answer_.record.cards if answer_.record else (), strict=True)
        if one.topic == "red-flags-open"
    )
    described = card["detail"].split("**Not enough is known to clear these either")[0]
    items = re.findall(r"- still to ask or examine: (.+)", described)

    assert len(shown.rules) > OPEN_SHOWN == described.count("not enough is known to clear it.")
    assert max(len(line.split("; ")) for line in items) == ITEMS_SHOWN
    assert any(re.search(r", and \d+ more$", line) for line in items)
    assert [
        rule
        for rule in shown.rules
        if (alert := kb.by_id[rule].alert) and alert.label.split("(")[0].strip() not in html.unescape(card["detail"])
    ] == []
    assert len(card["detail"]) < 12_000


def test_c2_an_open_flag_says_what_could_clear_it_and_gives_no_order_as_if_it_were_raised(kb: KnowledgeBase) -> None:
    seen = 0
    for one in vignettes():
        answer_ = answered(asked(prefetch=prefetched(chart(one), kb)), kb=kb) if seen < 3 else None
        for card in answer_.response["cards"] if answer_ else ():
            if card["source"]["topic"]["code"] == "red-flags-open":
                actions = [rule.alert.action for rule in kb.rules if rule.alert]
                assert not any(action in card["detail"] for action in actions)
                assert "not enough is known to clear it" in card["detail"]
                seen += 1
    assert seen == 3


def test_c2_an_emergency_says_what_not_to_do_meanwhile() -> None:
    card = cards(asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": bundle(own("saddle_anaesthesia", value=True))}))[
        "red-flags-raised"
    ]

    assert "- meanwhile: No stretching, pressure, exercise or reassurance" in card["detail"]


def test_c2_a_summary_of_any_length_is_cut_between_words(kb: KnowledgeBase) -> None:
    many = {"saddle_anaesthesia": True, "fever": True, "cancer_history": True, "weight_loss_unexplained": True, "pain": ["low_back", "chest", "neck"],
            "trauma_major": True, "pulsatile_abdominal_mass": True, "age_years": 80}  # fmt: skip
    known = {key: value for key, value in many.items() if key == "pain" or key in kb.vocabulary.terms}

    summaries = [card["summary"] for card in answered(asked(prefetch=prefetched(known, kb)), kb=kb).response["cards"]]

    assert any(summary.endswith("…") for summary in summaries)


def test_c3_the_same_answer_has_the_same_uuid_and_another_answer_another() -> None:
    with_pain, with_flag = (
        asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": exam}) for exam in (NONE, bundle(own("saddle_anaesthesia", value=True)))
    )
    again = {**with_pain, "hookInstance": "00000000-0000-4000-8000-000000000000"}

    assert cards(with_pain)["next-questions"]["uuid"] == cards(again)["next-questions"]["uuid"]
    assert {one["uuid"] for one in cards(with_pain).values()}.isdisjoint(one["uuid"] for one in cards(with_flag).values())


def test_c3_nothing_that_a_chart_says_in_words_is_repeated() -> None:
    spiked = {
        **BACK_PAIN,
        "code": {**coded(ICD, "M54.50", "<img src=x onerror=alert(1)>"), "text": "[canary](http://x)"},
        "note": [{"text": "canary"}],
    }

    found = json.dumps(answered(asked(prefetch={"conditions": bundle(spiked), "patient": patient()})).response)

    assert "canary" not in found.lower()
    assert "<" not in found


def test_c4_the_source_is_named_with_its_address_and_topic() -> None:
    card = cards(asked(prefetch={"conditions": bundle(BACK_PAIN)}))["next-questions"]

    assert card["source"]["url"] == "https://hospital.example/rules"
    assert card["source"]["topic"]["code"] == "next-questions"
    assert "not clinically reviewed" in card["source"]["label"]


def test_c5_c7_a_suggestion_only_proposes_and_names_the_patient_of_the_context() -> None:
    card = cards(asked(prefetch={"conditions": bundle(BACK_PAIN)}))["next-questions"]
    (suggestion,) = card["suggestions"]
    (action,) = suggestion["actions"]

    assert card["selectionBehavior"] == "any"
    assert action["type"] == "create"
    assert (action["resource"]["status"], action["resource"]["intent"]) == ("draft", "proposal")
    assert action["resource"]["for"] == {"reference": "Patient/p1"}
    assert "isRecommended" not in suggestion


def test_c7_what_is_proposed_is_valid_fhir() -> None:
    from fhir.resources.R4B.task import Task

    card = cards(asked(prefetch={"conditions": bundle(BACK_PAIN)}))["next-questions"]

    Task.model_validate(card["suggestions"][0]["actions"][0]["resource"])


def test_c8_a_card_can_be_overridden_for_a_reason_that_has_a_name() -> None:
    card = cards(asked(prefetch={"conditions": bundle(BACK_PAIN)}))["next-questions"]

    assert {one["code"] for one in card["overrideReasons"]} == set(OVERRIDE_REASONS)


def test_c9_a_link_leads_to_the_page_and_carries_nothing_of_the_patient() -> None:
    request = asked(prefetch={"conditions": bundle(BACK_PAIN)})

    assert cards(request)["next-questions"]["links"][0]["url"] == "https://hospital.example/page"
    assert "links" not in cards(request, Config())["next-questions"]


def test_the_judge_refuses_cards_that_are_out_of_order() -> None:
    good = answered(asked(prefetch={"conditions": bundle(BACK_PAIN)})).response
    changes: tuple[Resource, ...] = (
        {"summary": "x" * 140}, {"summary": ""}, {"indicator": "hard-stop"}, {"source": {}}, {"uuid": "1"}, {"suggestions": [{}]},
        {"links": [{"label": "x", "url": "/x", "type": "absolute"}]}, {"overrideReasons": [{"code": "x", "system": "y"}]}, {"detail": None},
    )  # fmt: skip
    for change in changes:
        assert judged(200, {"cards": [{**good["cards"][0], **change}]}), change


# --- the hooks --------------------------------------------------------------------------------------------------------


def test_an_encounter_needs_its_id() -> None:
    request = asked("encounter-start", {"conditions": bundle(BACK_PAIN)})

    assert "next-questions" in cards(request)
    del request["context"]["encounterId"]
    assert answered(request).status == 400


def test_adding_a_facet_label_says_what_it_may_hide_and_what_to_ask() -> None:
    facet = condition(coded("urn:mps-rules:diagnosis", "facet_syndrome"), category=coded("c", "problem-list-item"))

    found = cards(asked("problem-list-item-create", conditions=bundle(facet)))

    assert "label" in found
    assert "muscles to examine" in found["label"]["detail"]
    assert "gluteus medius copy facet pain" in found["label"]["detail"]


def test_adding_a_problem_that_is_no_pain_is_answered_with_silence() -> None:
    request = asked("problem-list-item-create", {"conditions": bundle(BACK_PAIN)}, conditions=bundle(condition(coded(ICD, "I10"))))

    assert answered(request).response == {"cards": []}


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_imaging_ordered_for_back_pain_before_screening_is_held_up_with_what_to_ask(hook: str) -> None:
    card = cards(asked(hook, {"conditions": bundle(BACK_PAIN)}, **EVERY_CONTEXT))["order"]

    assert card["indicator"] == "warning"
    assert "Imaging" in card["summary"]
    assert ("An opioid" in card["summary"]) == (hook == "order-sign")
    assert "cauda equina" in card["detail"]


def test_an_order_may_say_itself_that_it_is_for_back_pain() -> None:
    drafts = bundle({**ORDER, "reasonCode": [coded(ICD, "M54.50")]})

    assert "order" in cards(asked("order-sign", draftOrders=drafts))
    assert answered(asked("order-sign", draftOrders=bundle(ORDER))).response == {"cards": []}


@pytest.mark.parametrize(
    "draft",
    [
        {**ORDER, "category": [coded(SNOMED, "108252007")]},
        {**ORDER, "doNotPerform": True},
        {**ORDER, "status": "revoked"},
        {**OPIOID, "medicationCodeableConcept": coded("http://www.whocc.no/atc", "N02BE01")},
    ],
    ids=["laboratory", "not to be done", "revoked", "paracetamol"],
)
def test_other_orders_are_answered_with_silence(draft: Any) -> None:
    assert answered(asked("order-sign", {"conditions": bundle(BACK_PAIN)}, draftOrders=bundle(draft))).response == {"cards": []}


def test_a_hospital_adds_the_codes_of_its_own_orders(tmp_path: Path) -> None:
    (tmp_path / "codes.yaml").write_text(
        'codes:\n  systems: [{id: house, uri: "https://hospital.example/orders", pattern: "[A-Z]{3}[0-9]{4}"}]\n'
        "  orders: [{id: imaging, label: Imaging, rules: [management.ev_ng59], codes: [{system: house, code: MRL0001}]}]\n"
    )
    house = mps.load([packaged_rules(), tmp_path])
    draft = {**ORDER, "category": [], "code": coded("https://hospital.example/orders", "MRL0001")}
    request = asked("order-sign", {"conditions": bundle(BACK_PAIN)}, draftOrders=bundle(draft))

    assert answered(request).response == {"cards": []}
    assert answered(request, kb=house).response["cards"]


def test_a_drug_is_known_wherever_its_order_names_it() -> None:
    code = coded("http://www.whocc.no/atc", "N02AA05")
    bare = {key: value for key, value in OPIOID.items() if key != "medicationCodeableConcept"}
    contained = {**bare, "contained": [{"resourceType": "Medication", "id": "d", "code": code}], "medicationReference": {"reference": "#d"}}
    beside = {**bare, "medicationReference": {"reference": "Medication/d"}}
    drug = {"resourceType": "Medication", "id": "d", "code": code}

    for drafts in (bundle(contained), bundle(beside, drug)):
        assert "order" in cards(asked("order-sign", {"conditions": bundle(BACK_PAIN)}, draftOrders=drafts))


def test_once_the_red_flags_are_answered_imaging_of_plain_back_pain_is_advised_against_with_its_source(kb: KnowledgeBase) -> None:
    findings: dict[str, Any] = {"pain": ["low_back.left"], "pain_map_complete": True, "neuro_exam_normal": True, "age_years": 40}
    terms = kb.vocabulary.terms
    while unasked := {
        term
        for flag in mps.evaluate(findings, kb).unscreened
        for term in flag.terms
        if term not in findings and term in terms and terms[term].kind == "boolean"
    }:
        findings |= dict.fromkeys(unasked, False)

    card = cards(asked("order-sign", prefetched(findings, kb), draftOrders=bundle(ORDER)))["order"]

    assert (card["indicator"], card["summary"]) == (
        "info",
        "Imaging ordered, consider: What a guideline advises against in plain low back pain",
    )
    assert "Avoid routine imaging for plain low back pain" in card["detail"]
    assert "NG59" in card["detail"]


@pytest.mark.parametrize(
    "name", ["ahrq_brenda_jackson_r4", "cds4cpm_mr_delta", "cds4cpm_mr_ford", "cds4cpm_ms_bravo", "cds4cpm_ms_ellis", "cds4cpm_tommy_jones"]
)
def test_published_charts_are_answered_and_raise_no_alarm_of_their_own(name: str) -> None:
    whole = sample(f"{name}.json")
    id_ = next(one["resource"]["id"] for one in whole["entry"] if one["resource"]["resourceType"] == "Patient")

    found = answered(asked(prefetch={"conditions": whole}, patientId=id_))

    assert found.status == 200
    assert all(card["indicator"] == "info" for card in found.response["cards"])


def test_what_may_be_kept_says_which_rules_gave_which_answer_and_not_of_whom(kb: KnowledgeBase) -> None:
    found = answered(asked(prefetch={"conditions": bundle(BACK_PAIN), "patient": patient(birthDate="1961-01-25")}))

    assert found.record is not None
    assert (found.record.rules_digest, found.record.hook_instance) == (kb.digest, INSTANCE)
    assert re.fullmatch("[0-9a-f]{64}", found.record.input_digest)
    for private in ("p1", "Canary", "Peregrine", "1961", "Practitioner"):
        assert private not in repr(found.record)


# --- F: feedback ------------------------------------------------------------------------------------------------------

TOLD = {"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-01-01T09:00:00Z"}


def test_f2_feedback_is_read_whole() -> None:
    reason = {"reason": {"code": "already-done", "system": "urn:mps-rules:override-reason"}, "userComment": "asked by the nurse"}
    accepted = {**TOLD, "card": "c2", "outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}]}

    status, answer_, (first, second) = feedback("mps-patient-view", {"feedback": [{**TOLD, "overrideReason": reason}, accepted]}, CONFIG)

    assert (status, answer_) == (200, {})
    assert (first.card, first.outcome, first.reason) == ("c1", "overridden", "already-done")
    assert (second.outcome, second.suggestions) == ("accepted", ("s1",))


@pytest.mark.parametrize(
    "coding", [{"code": "already-done", "system": "http://other"}, {"code": "made-up", "system": "urn:mps-rules:override-reason"}]
)
def test_f2_a_reason_that_is_not_ours_is_another_reason(coding: Any) -> None:
    assert feedback("mps-patient-view", {"feedback": [{**TOLD, "overrideReason": {"reason": coding}}]}, CONFIG)[2][0].reason == "other"


def test_f3_a_comment_is_kept_out_of_what_is_printed() -> None:
    (item,) = feedback("mps-patient-view", {"feedback": [{**TOLD, "overrideReason": {"userComment": "Mrs Canary"}}]}, CONFIG)[2]

    assert item.comment == "Mrs Canary"
    assert "Canary" not in repr(item)


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ({**TOLD, "card": ""}, "card"),
        ({**TOLD, "outcome": "ignored"}, "outcome"),
        ({**TOLD, "outcomeTimestamp": "2026-01-01"}, "outcomeTimestamp"),
        ({**TOLD, "outcomeTimestamp": "2026-13-01T09:00:00Z"}, "outcomeTimestamp"),
        ({**TOLD, "outcome": "accepted"}, "acceptedSuggestions"),
        ({**TOLD, "overrideReason": {}}, "overrideReason"),
        ("x", "feedback[0]"),
    ],
)  # fmt: skip
def test_f2_feedback_that_is_not_in_order_is_told_what_is_wrong(item: Any, named: str) -> None:
    status, found, items = feedback("mps-patient-view", {"feedback": [item]}, CONFIG)

    assert (status, judged(status, found), items) == (400, [], ())
    assert named in found["issue"][0]["diagnostics"].partition(":")[0]


@pytest.mark.parametrize("body", [None, [], {}, {"feedback": {}}, "x"])
def test_f1_a_body_without_a_list_is_refused(body: Any) -> None:
    assert feedback("mps-patient-view", body, CONFIG)[0] == 400


def test_f1_feedback_about_a_service_that_is_not_there_is_not_found() -> None:
    assert feedback("mps-nothing", {"feedback": []}, CONFIG)[0] == 404


def test_the_day_is_given_and_decides_what_is_too_old() -> None:
    request = asked(prefetch={"conditions": bundle(BACK_PAIN), "exam": bundle(own("saddle_anaesthesia", value=True))})

    topics = [
        [card["source"]["topic"]["code"] for card in handle("mps-patient-view", request, CONFIG, on)[1]["cards"]]
        for on in (ON, date(2030, 1, 1))
    ]

    assert "red-flags-raised" in topics[0]
    assert "red-flags-raised" not in topics[1]
