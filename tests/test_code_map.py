"""The map of codes against lists that nobody here wrote: how much is read, that every code exists, and that a code opens but never clears."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from charts_fhir import ICD, LOINC, ON, Resource, bundle, coded, condition, observation, quantity, sample
from code_coverage import ADDRESSES, SYNTHEA, lines, spread, written
from mps_rules.api import evaluate
from mps_rules.knowledge.code_tables import CodeMeaning
from mps_rules.knowledge.dangers import dangers_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language import conditions as c
from mps_rules.records.codes import UNKNOWN_CODE, CodeBook, code_book
from mps_rules.records.fhir_in import read_bundle
from mps_rules.records.fhir_values import ImportReport
from mps_rules.service.cds_hooks import Config, discovery, handle

WHO = "http://hl7.org/fhir/sid/icd-10"
RXNORM = ADDRESSES["rxnorm"]
# Of the published samples (AHRQ and cds4cpm), which use RxNorm codes that Synthea's modules have not.
OF_SAMPLES = {"1049557", "1049563", "1049584", "1049593", "1049717", "197806", "199789", "828348", "104474", "596930", "876193", "905505"}


def read(kb: KnowledgeBase, *resources: Resource) -> tuple[dict[str, Any], ImportReport]:
    return read_bundle(bundle(*resources), kb, on=ON)


def asked(hook: str, chart: Resource | None, **context: Any) -> dict[str, Any]:
    """A request of a hook with the conditions of the chart."""
    whole = {"userId": "Practitioner/1", "patientId": "p1", **context}
    return {"hook": hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": whole, "prefetch": {"conditions": chart}}


@pytest.fixture(scope="module")
def book(kb: KnowledgeBase) -> CodeBook:
    return code_book(kb)


def rows(kb: KnowledgeBase, system: str) -> list[CodeMeaning]:
    return [one for one in kb.codes.meanings if one.system == system]


def has_check_digit(code: str) -> bool:
    """By Luhn (mod 10), as LOINC writes it."""
    body, _, last = code.partition("-")
    total = 0
    for place, figure in enumerate(reversed(body)):
        value = int(figure) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return (10 - total % 10) % 10 == int(last)


TIMES = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
]
TURNS = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
while len(TURNS) < 8:
    TURNS.append([TURNS[1][figure] for figure in TURNS[-1]])


def is_verhoeff(code: str) -> bool:
    """By Verhoeff, as SNOMED CT writes it."""
    check = 0
    for place, figure in enumerate(reversed(code)):
        check = TIMES[check][TURNS[place % 8][int(figure)]]
    return check == 0


# --- how much is read -------------------------------------------------------------------------------------------------


def test_of_the_chapters_that_matter_at_least_85_of_100_codes_are_read_and_the_others_have_their_reason(book: CodeBook) -> None:
    entries = {code: book.look_up(ICD, code) for code in spread("icd10cm_billable")}
    unread = {code: entry for code, entry in entries.items() if not entry.meanings}

    assert len(entries) > 4700
    assert 1 - len(unread) / len(entries) >= 0.85
    assert [code for code, entry in unread.items() if entry.unread in ("", UNKNOWN_CODE)] == []


@pytest.mark.parametrize("code", ["C61", "G83.4", "S32.010A", "M80.08XA", "M79.604", "M79.18", "I71.43", "M46.26", "M31.6", "Z79.52"])
def test_a_code_of_each_kind_is_read(book: CodeBook, code: str) -> None:
    assert book.look_up(ICD, code).meanings


def test_of_the_codes_of_synthetic_patients_at_least_90_of_100_are_read_and_the_others_have_their_reason(book: CodeBook) -> None:
    entries = [book.look_up(ADDRESSES[system], code) for name in SYNTHEA for system, code in lines(f"synthea_{name}")]
    unread = [entry for entry in entries if not entry.meanings]

    assert 1 - len(unread) / len(entries) >= 0.9
    assert [entry.shown for entry in unread if entry.unread in ("", UNKNOWN_CODE)] == []


def test_the_table_of_what_is_read_is_as_the_map_has_it(book: CodeBook) -> None:
    page = (Path(__file__).parents[1] / "docs" / "fhir.md").read_text(encoding="utf-8")

    assert written(page, book) == page, "docs/fhir.md is behind: python tests/code_coverage.py docs/fhir.md"


# --- that every code is one -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("system", "lists"), [("icd10cm", ("icd10cm_headings", "icd10cm_billable")), ("icd10", ("icd10_who",))])
def test_every_code_and_prefix_of_the_map_is_in_the_list_of_its_classification(
    kb: KnowledgeBase, system: str, lists: tuple[str, ...]
) -> None:
    known = {code for name in lists for code in spread(name)}

    assert [one.code for one in rows(kb, system) if one.code and one.code not in known] == []
    assert [one.prefix for one in rows(kb, system) if one.prefix and not any(code.startswith(one.prefix) for code in known)] == []


def test_every_medicine_of_the_map_is_in_a_list_or_in_a_published_sample(kb: KnowledgeBase) -> None:
    known = {code for (code,) in lines("synthea_rxnorm")} | OF_SAMPLES

    assert [one.code for one in rows(kb, "rxnorm") if one.code not in known] == []


def test_every_code_of_snomed_ct_has_its_check_digit_and_longer_ones_say_where_they_are_from(kb: KnowledgeBase) -> None:
    of_modules = {code for (code,) in lines("synthea_snomed_ct")}

    for one in rows(kb, "snomed_ct"):
        assert is_verhoeff(one.code), one.code
        assert one.code in of_modules or not one.code.endswith(("105", "109")), one.code
    extended = [one for one in rows(kb, "snomed_ct") if re.search(r"10\d$", one.code) and len(one.code) > 10 and not one.unread]
    assert [one.code for one in extended if "extension" not in one.note] == []


def test_every_code_of_loinc_has_its_check_digit(kb: KnowledgeBase) -> None:
    tests = [one.code for one in rows(kb, "loinc") if not one.code.startswith("LA")]

    assert len(tests) > 10
    assert [code for code in tests if not has_check_digit(code)] == []


# --- what a code may do -----------------------------------------------------------------------------------------------


def read_terms(kb: KnowledgeBase) -> Iterator[str]:
    """Every finding that a rule or a cause reads, those that a measure counts and those that imply another among them."""
    for rule in kb.rules:
        yield from (leaf.term for leaf in c.walk(rule.when) if hasattr(leaf, "term"))
    for measure in kb.vocabulary.measures.values():
        yield from measure.sum


def test_what_the_map_says_some_rule_reads(kb: KnowledgeBase) -> None:
    terms, used = kb.vocabulary.terms, set(read_terms(kb))
    used |= {id_ for id_, term in terms.items() if term.stands_for or term.implied_by or term.category == "treatment_tried"}
    used |= {clue.finding for clue in kb.clues}
    told = {one.finding for one in kb.codes.meanings if one.finding}

    assert sorted(told - used) == []


def test_no_code_of_the_map_clears_a_red_flag(kb: KnowledgeBase) -> None:
    dangers = dangers_of(kb)

    present = {one.finding for one in kb.codes.meanings if one.finding and kb.vocabulary.terms[one.finding].kind == "boolean"}
    words = {(one.finding, one.word) for one in kb.codes.meanings if one.finding == "serious_disease_recorded"}

    assert sorted(id_ for id_ in present if dangers.only_clears(id_)) == []
    assert [word for id_, word in sorted(words) if not dangers.helps(dangers.of_term[id_], value=True, word=word)] == []


def raised(kb: KnowledgeBase, *codes: str) -> dict[str, str]:
    findings, _ = read_bundle(bundle(*(condition(coded(ICD, code)) for code in codes)), kb, on=ON)
    return {alert.id: alert.status for alert in evaluate(findings, kb).alerts}


@pytest.mark.parametrize("cancer", ["C61", "C50.911", "C34.90", "C90.00", "C79.51"])
def test_an_active_cancer_with_back_pain_is_never_silent(kb: KnowledgeBase, cancer: str) -> None:
    past, present = raised(kb, "Z85.46", "M54.50"), raised(kb, cancer, "M54.50")

    assert "rf_malignancy_history" in past
    assert set(past) <= set(present)
    assert [id_ for id_, status in past.items() if status == "raised" and present[id_] != "raised"] == []


def test_a_cancer_that_is_over_counts_as_history_and_no_longer_as_active(kb: KnowledgeBase) -> None:
    assert read(kb, condition(coded(ICD, "C61")))[0] == {"cancer_history": True, "cancer_active": True}
    for over in ("resolved", "remission", "inactive"):
        assert read(kb, condition(coded(ICD, "C61"), clinical=over))[0] == {"cancer_history": True}


def test_a_cancer_of_the_skin_is_left_with_its_reason(kb: KnowledgeBase) -> None:
    findings, report = read(kb, condition(coded(ICD, "C44.91")), condition(coded(ICD, "Z85.828")))

    assert findings == {}
    assert {one.what.partition(":")[0] for one in report.skipped} == {"cancer of the skin other than melanoma and Merkel cell"}


def test_a_fracture_is_one_while_it_heals_and_an_older_injury_afterwards(kb: KnowledgeBase) -> None:
    assert read(kb, condition(coded(ICD, "S32.010A")))[0] == {"serious_disease_recorded": {"spinal_fracture": True}}
    assert read(kb, condition(coded(ICD, "S32.010K")))[0] == {"serious_disease_recorded": {"spinal_fracture": True}}
    for after in ("D", "S"):
        assert read(kb, condition(coded(ICD, f"S32.010{after}")))[0] == {"injury_previous": True}


def test_a_serious_disease_on_record_is_said_with_pain(kb: KnowledgeBase) -> None:
    assert raised(kb, "M46.26", "M54.50")["rf_recorded_urgent"] == "raised"
    assert raised(kb, "G83.4", "M54.50")["rf_recorded_emergency"] == "open"


def test_that_a_narrower_code_is_refuted_denies_nothing_wider(kb: KnowledgeBase) -> None:
    assert read(kb, condition(coded(ICD, "C61"), verified="refuted"))[0] == {}
    assert read(kb, condition(coded(ICD, "M54.50"), verified="refuted"))[0]["pain_low_back"] is False


def test_what_a_code_says_only_in_doubt_opens_what_reads_it(kb: KnowledgeBase) -> None:
    order = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/p1"}}
    findings, report = read(kb, {**order, "medicationCodeableConcept": coded(RXNORM, "312615"), "authoredOn": "2024-05-02"})

    assert findings == {"in_doubt": ["corticosteroid_prolonged"]}
    assert "for how long it is taken is not told" in str(report)


def test_a_medicine_that_is_taken_no_more_counts_only_as_tried(kb: KnowledgeBase) -> None:
    order = {"resourceType": "MedicationRequest", "intent": "order", "subject": {"reference": "Patient/p1"}, "authoredOn": "2024-05-02"}
    warfarin, ibuprofen = ({**order, "medicationCodeableConcept": coded(RXNORM, code)} for code in ("855332", "310965"))

    assert read(kb, {**warfarin, "status": "active"})[0] == {"anticoagulant_or_bleeding_disorder": True}
    assert read(kb, {**warfarin, "status": "stopped"})[0] == {}
    assert read(kb, {**ibuprofen, "status": "stopped"})[0] == {"tried_medication": True}


def test_the_classification_of_the_who_reads_by_its_first_four_characters_but_where_it_differs(kb: KnowledgeBase) -> None:
    assert read(kb, condition(coded(WHO, "C61")))[0] == {"cancer_history": True, "cancer_active": True}
    assert read(kb, condition(coded(WHO, "M54.5")))[0] == {"labels": {"nonspecific_low_back_pain": True}, "pain_low_back": True}
    assert read(kb, condition(coded(WHO, "S32.01")))[0] == {"serious_disease_recorded": {"spinal_fracture": True}}
    assert read(kb, condition(coded("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "M79.18")))[0] == {"labels": {"myofascial_pain": True}}
    assert read(kb, condition(coded(WHO, "M84.0")))[0] == {}


def labelled(kb: KnowledgeBase) -> list[tuple[str, str]]:
    """One code for each diagnosis that a code gives."""
    book = code_book(kb)
    uris = {system.id: system.uri for system in kb.codes.systems}
    found: dict[str, tuple[str, str]] = {}
    for diagnosis in kb.vocabulary.diagnoses.values():
        for system, codes in diagnosis.codes.items():
            for code in codes:
                if any(one.label == diagnosis.id for one in book.look_up(uris[system], code).meanings):
                    found.setdefault(diagnosis.id, (uris[system], code))
    return list(found.values())


def test_every_diagnosis_that_a_code_gives_speaks_when_the_chart_is_opened_and_when_it_is_added(kb: KnowledgeBase) -> None:
    given = labelled(kb)
    silent = []
    for system, code in [*given, (ICD, "M79.18")]:
        problem = bundle(condition(coded(system, code)))
        opened = handle("mps-patient-view", asked("patient-view", problem), Config(), ON, kb)
        added = handle("mps-problem-list", asked("problem-list-item-create", None, conditions=problem), Config(), ON, kb)
        topics = [card["source"]["topic"]["code"] for card in added[1].get("cards", ())]
        if not opened[1].get("cards") or "label" not in topics:
            silent.append(code)

    assert len(given) > 60
    assert silent == []


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("ahrq_brenda_jackson_r4", 6),
        ("cds4cpm_mr_delta", 3),
        ("cds4cpm_mr_ford", 3),
        ("cds4cpm_ms_bravo", 1),
        ("cds4cpm_ms_echo", 1),
        ("cds4cpm_ms_ellis", 2),
        ("cds4cpm_tommy_jones", 2),
    ],
)
def test_the_published_samples_keep_what_is_read_of_them(kb: KnowledgeBase, name: str, used: int) -> None:
    _, report = read_bundle(sample(f"{name}.json"), kb, on=date(2021, 1, 1))

    assert len(report.used) >= used


# --- what is asked for ------------------------------------------------------------------------------------------------


def brings(query: str, kind: str, system: str, code: str, category: str = "", status: str = "") -> bool:
    """Whether a search brings a resource of that kind with that code, category and clinical status."""
    asked_kind, _, parts = query.partition("?")
    said = dict(part.split("=", 1) for part in parts.split("&")) if parts else {}
    return (
        asked_kind == kind
        and ("code" not in said or any(one in said["code"].split(",") for one in (f"{system}|{code}", f"{system}|")))
        and said.get("category", category) == category
        and (not status or status in said.get("clinical-status", status).split(","))
    )


def test_what_the_reader_understands_some_query_brings(kb: KnowledgeBase) -> None:
    queries = discovery(Config(), kb)["services"][0]["prefetch"].values()
    uris = {system.id: system.uri for system in kb.codes.systems}
    terms, missing = kb.vocabulary.terms, []

    def missed(kind: str, system: str, code: str, **more: str) -> None:
        if not any(brings(query, kind, uris[system], code, **more) for query in queries):
            missing.append(f"{kind} {system} {code} {more}")

    rows = [one for one in kb.codes.meanings if not one.unread]
    for one in rows:
        if one.system in ("icd10cm", "icd10", "snomed_ct"):
            for status in ("active", "recurrence", "relapse") + (("inactive", "remission", "resolved") if one.period == "history" else ()):
                missed("Condition", one.system, one.code or one.prefix, status=status)
        if one.system in ("rxnorm", "atc"):
            for kind in ("MedicationRequest", "MedicationStatement"):
                missed(kind, one.system, one.code or one.prefix)
        if one.finding.startswith("tried_"):
            missed("Procedure", one.system, one.code or one.prefix)
    carried = [("loinc", term.codes["loinc"], term) for term in terms.values() if "loinc" in term.codes and term.subject == "patient"]
    for system, code, term in (
        *carried,
        *((one.system, one.code, terms[one.finding]) for one in rows if one.system == "loinc" and one.finding),
    ):
        if code_book(kb).look_up(uris[system], code).unread or any(one.word for one in code_book(kb).look_up(uris[system], code).meanings):
            continue
        for category in ("laboratory",) if term.cost == "tested" else ("vital-signs", "survey", "social-history"):
            missed("Observation", system, code, category=category)
    filed = ("exam", "survey", "imaging", "laboratory", "vital-signs", "social-history")
    own = "urn:mps-rules:finding"
    missing += [one for one in filed if not any(brings(query, "Observation", own, "fever", category=one) for query in queries)]

    assert len(carried) > 20
    assert missing == []


def test_a_fever_of_the_ward_and_a_cancer_of_the_past_arrive(kb: KnowledgeBase) -> None:
    warm = observation(coded(LOINC, "8331-1"), on=ON.isoformat(), valueQuantity=quantity(39.2, "Cel"))
    chart = {
        "conditions": bundle(condition(coded(ICD, "M54.50"))),
        "past": bundle(condition(coded(ICD, "C61"), clinical="resolved")),
        "vitals": bundle(warm),
    }
    status, response = handle("mps-patient-view", {**asked("patient-view", None), "prefetch": chart}, Config(), ON, kb)

    assert status == 200
    assert "alignancy" in str(response)
    assert "pinal infection" in response["cards"][0]["summary"]
