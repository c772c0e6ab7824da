"""Forms made from the vocabulary: whole, for a place, for what is open; an answer reads back as what it says and no more."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mps_rules as mps
from charts import chart, vignettes
from charts_fhir import OWN, WRITTEN, Resource
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.addresses import as_mapping
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.records.fhir_in import read_bundle
from mps_rules.records.questionnaire import answers, form_for_questions, form_for_region, whole_form
from random_packs import few_muscles, random_patient, seeded, words_of
from test_fhir_out import by_fhir_resources, by_fhirkit


def every(items: Iterable[Resource]) -> Iterator[Resource]:
    for item in items:
        yield item
        yield from every(item.get("item", ()))


def forms(kb: KnowledgeBase) -> dict[str, Resource]:
    assessment = mps.evaluate({"pain": ["low_back.left"], "exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True}]}, kb)
    return {
        "whole": whole_form(kb),
        "low back": form_for_region(kb, "low_back"),
        "forehead": form_for_region(kb, "forehead"),
        "questions": form_for_questions(assessment, kb),
    }


def filled(form: Resource, findings: Any, kb: KnowledgeBase) -> Resource:
    made = answers(form, findings, kb, patient="Patient/1", written=WRITTEN)
    loaded: Resource = json.loads(json.dumps(made))
    return loaded


def words_of_record(kb: KnowledgeBase) -> set[str]:
    """What only the reader of a record says: no form asks for it."""
    return {term.id for term in kb.vocabulary.terms.values() if term.of_record}


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", vignettes()[::4], ids=lambda one: one.vignette)
def test_a_vignette_told_on_the_whole_form_reads_back_the_same(kb: KnowledgeBase, one: Any) -> None:
    told, report = read_bundle(filled(whole_form(kb), chart(one), kb), kb)

    assert read_findings(told, terrain_of(kb)) == read_findings(chart(one), terrain_of(kb))
    assert (report.skipped, report.suspicious) == ((), ())


@given(st.integers(0, 10**6))
def test_any_patient_told_on_the_whole_form_reads_back_the_same(kb: KnowledgeBase, seed: int) -> None:
    few, random = few_muscles(kb), seeded(seed)
    findings = random_patient(words_of(few.vocabulary, random, share=2), terrain_of(few), random).findings

    asked = {term: value for term, value in as_mapping(findings).items() if term not in words_of_record(few)}
    told, _ = read_bundle(filled(whole_form(few), asked, few), few)

    assert read_findings(told, terrain_of(few)) == read_findings(asked, terrain_of(few))


def every_answer(item: Resource) -> list[Resource]:
    """Every answer that a question can have; of a number the least and the most."""
    if item["type"] == "decimal":
        return [{"valueDecimal": one["valueDecimal"]} for one in item["extension"] if "valueDecimal" in one]
    options: list[Resource] = item["answerOption"]
    return [*options[:6], *options[6::40]]


@pytest.mark.parametrize("name", ["whole", "questions"])
def test_every_answer_to_every_question_says_just_that_or_nothing(kb: KnowledgeBase, name: str) -> None:
    form = forms_of(kb)[name]
    flat = [
        item
        for item in every(form["item"])
        if item["type"] != "group" and item["linkId"].partition(".")[0] not in ("pain", "exam", "labels")
    ]
    assert any(every_answer(one) for one in flat)
    for item, answer in ((one, answer) for one in flat for answer in every_answer(one)):
        told, report = read_bundle(
            {
                "resourceType": "QuestionnaireResponse",
                "questionnaire": form["url"],
                "item": [{"linkId": item["linkId"], "answer": [answer]}],
            },
            kb,
        )

        said = [str(one).partition(": ")[2] for one in report.used]
        if answer.get("valueCoding", {}).get("code") == "unknown":
            assert told == {}
        elif "valueDecimal" in answer:
            assert said == [f"{item['linkId']} = {answer['valueDecimal']:g}"]
        else:
            code = answer["valueCoding"]["code"]
            word = {"present": "true", "absent": "false"}.get(code, code.rpartition(".")[2])
            assert said in ([f"{item['linkId']} = {word}"], [f"{item['linkId']}.{word} = true"])


_FORMS: dict[str, dict[str, Resource]] = {}


def forms_of(kb: KnowledgeBase) -> dict[str, Resource]:
    """The forms, made once."""
    if kb.digest not in _FORMS:
        _FORMS[kb.digest] = forms(kb)
    return _FORMS[kb.digest]


def test_a_form_that_nobody_filled_in_says_nothing(kb: KnowledgeBase) -> None:
    assert read_bundle(filled(whole_form(kb), {}, kb), kb)[0] == {}


def test_a_diagnosis_that_was_chosen_and_not_said_to_be_given_is_unknown(kb: KnowledgeBase) -> None:
    chosen = {"linkId": "labels.diagnosis", "answer": [{"valueCoding": {"system": f"{OWN}:diagnosis", "code": "facet_syndrome"}}]}
    basis = {"linkId": "labels.label_treated_without_relief", "answer": [{"valueCoding": {"system": f"{OWN}:answer", "code": "present"}}]}
    group = {"linkId": "labels", "item": [chosen, basis]}

    told, _ = read_bundle({"resourceType": "QuestionnaireResponse", "questionnaire": f"{OWN}:questionnaire:whole", "item": [group]}, kb)

    assert told == {}


# --- what the forms hold ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["whole", "low back", "forehead", "questions"])
@pytest.mark.parametrize("judge", [by_fhir_resources, by_fhirkit])
def test_every_form_and_its_answers_are_valid(kb: KnowledgeBase, name: str, judge: Any) -> None:
    form = forms_of(kb)[name]

    assert judge(form) == []
    assert judge(filled(form, chart(vignettes()[3]), kb)) == []


@pytest.mark.parametrize("name", ["whole", "low back", "forehead", "questions"])
def test_every_link_of_a_form_is_its_own_and_every_condition_points_to_a_question(kb: KnowledgeBase, name: str) -> None:
    items = list(every(forms_of(kb)[name]["item"]))
    links = [item["linkId"] for item in items]

    assert len(links) == len(set(links))
    assert {one["question"] for item in items for one in item.get("enableWhen", ())} <= set(links)


def test_the_whole_form_asks_for_every_finding(kb: KnowledgeBase) -> None:
    links = {item["linkId"] for item in every(whole_form(kb)["item"])}
    prefix = {"patient": "", "muscle": "exam.", "label": "labels."}

    assert {f"{prefix[term.subject]}{term.id}" for term in kb.vocabulary.terms.values() if not (term.fact or term.of_record)} <= links


def test_a_yes_or_no_finding_can_be_present_absent_or_not_known(kb: KnowledgeBase) -> None:
    items = {item["linkId"]: item for item in every(whole_form(kb)["item"])}

    assert [one["valueCoding"]["display"] for one in items["fever"]["answerOption"]] == ["present", "absent", "not known"]
    assert items["exam.taut_band"]["answerOption"][2]["valueCoding"]["display"] == "not examined"


def test_a_question_carries_its_codes_its_unit_and_its_limits(kb: KnowledgeBase) -> None:
    crp = next(item for item in every(whole_form(kb)["item"]) if item["linkId"] == "crp")

    assert {"system": "http://loinc.org", "code": "1988-5"} in crp["code"]
    assert crp["extension"][0]["valueCoding"]["code"] == "mg/L"
    assert [one["valueDecimal"] for one in crp["extension"][1:]] == [0, 500]


def test_what_a_sex_rules_out_is_not_asked_of_it(kb: KnowledgeBase) -> None:
    pregnant = next(item for item in every(whole_form(kb)["item"]) if item["linkId"] == "pregnant")

    assert {one["operator"] for one in pregnant["enableWhen"]} == {"exists", "!="}
    assert pregnant["enableBehavior"] == "any"


def test_a_form_for_a_place_leaves_out_the_red_flags_and_muscles_of_others(kb: KnowledgeBase) -> None:
    items = {item["linkId"]: item for item in every(form_for_region(kb, "forehead")["item"])}
    muscles = {one["valueCoding"]["code"] for one in items["exam.muscle"]["answerOption"]}

    assert "leg_short_external_rotated" not in items
    assert "thunderclap_headache" in items
    assert "body_temperature" in items, "a fever follows from it"
    assert "soleus" not in muscles
    assert "scm_sternal" in muscles


def test_a_place_that_does_not_exist_is_refused_with_the_closest(kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError, match="closest is 'low_back'"):
        form_for_region(kb, "lowback")


def test_the_open_questions_come_in_their_order_and_each_finding_once(kb: KnowledgeBase) -> None:
    assessment = mps.evaluate({"pain": ["low_back.left"]}, kb)
    form = form_for_questions(assessment, kb)

    assert [group["text"] for group in form["item"]][:3] == [question.text for question in assessment.questions][:3]
    assert form["item"][0]["item"][0]["linkId"] == assessment.questions[0].terms[0]
