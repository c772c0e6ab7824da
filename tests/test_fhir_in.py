"""FHIR in: what is recorded is read, what is in doubt is said, silence stays unknown, and nothing that names a patient comes through."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from math import nextafter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charts_fhir import (
    ICD,
    LOINC,
    ON,
    OWN,
    SAMPLES,
    SNOMED,
    WRITTEN,
    Resource,
    bundle,
    coded,
    condition,
    observation,
    patient,
    quantity,
    sample,
)  # fmt: skip
from mps_rules import evaluate
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.records.fhir_in import read_bundle, read_resources
from mps_rules.records.fhir_out import findings_to_fhir
from mps_rules.records.fhir_resources import ONSET
from mps_rules.records.fhir_values import ImportReport
from strategies import plain_data

FIBROMYALGIA = coded(SNOMED, "203082005", "Fibromyalgia (disorder)")
BACK_PAIN = coded(ICD, "M54.5", "Low back pain")
FEVER = coded(SNOMED, "386661006")
CRP = coded(LOINC, "1988-5")
PAIN = coded(LOINC, "72514-3")


def read(kb: KnowledgeBase, *resources: Resource) -> tuple[dict[str, Any], ImportReport]:
    return read_bundle(bundle(*resources), kb, on=ON)


def reasons(report: ImportReport) -> list[str]:
    return [one.what for one in report.skipped]


def doubts(report: ImportReport) -> list[str]:
    return [one.what for one in report.suspicious]


# --- the patient ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("born", "age"), [("1964-06-01", 60), ("1964-06-02", 59), ("2024-06-01", 0)])
def test_the_age_is_that_on_the_day_of_reading(kb: KnowledgeBase, born: str, age: int) -> None:
    assert read(kb, patient(birthDate=born))[0] == {"age_years": age}


@pytest.mark.parametrize(
    ("born", "age"),
    [("1964", {"at_least": 59, "at_most": 60}), ("1964-06", {"at_least": 59, "at_most": 60}), ("1964-05", 60), ("2024", 0)],
)
def test_a_birth_date_that_is_not_whole_gives_the_range_of_the_age(kb: KnowledgeBase, born: str, age: Any) -> None:
    findings, _ = read(kb, patient(birthDate=born))

    assert findings == {"age_years": age}
    assert evaluate(findings, kb).findings.patient


@pytest.mark.parametrize("born", ["", "06/01/1964", "1964-13-01", "1964-02-30", None, 1964, "2030-01-01"])
def test_a_birth_date_that_cannot_be_read_or_is_not_possible_gives_no_age(kb: KnowledgeBase, born: Any) -> None:
    findings, report = read(kb, patient(birthDate=born))

    assert findings == {}
    assert report.skipped or report.suspicious


def test_a_day_may_be_a_time_of_that_day_and_nothing_else(kb: KnowledgeBase) -> None:
    born = {"resourceType": "Patient", "birthDate": "1961-01-25"}

    assert read_bundle(born, kb, on=datetime(2023, 1, 24, 23, tzinfo=UTC))[0] == {"age_years": 61}
    with pytest.raises(FindingError, match=r"on: expected a day, as date\(2023, 9, 1\), got '2023-09-01'"):
        read_bundle(born, kb, on="2023-09-01")  # type: ignore[arg-type]


def test_without_a_day_there_is_no_age(kb: KnowledgeBase) -> None:
    findings, report = read_bundle(patient(birthDate="1964-06-01"), kb)

    assert findings == {}
    assert "No day was given" in str(report)


def test_the_sex_at_birth_goes_before_the_administrative_gender(kb: KnowledgeBase) -> None:
    birth = {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": "F"}

    assert read(kb, patient(gender="male"))[0] == {"sex_at_birth": "male"}
    assert read(kb, patient(gender="male", extension=[birth]))[0] == {"sex_at_birth": "female"}
    assert read(kb, patient(gender="other"))[0] == {}


def test_resources_of_several_patients_are_not_mixed(kb: KnowledgeBase) -> None:
    findings, report = read(kb, patient(gender="male"), patient(id="p2", gender="female"), condition(FIBROMYALGIA))

    assert findings == {}
    assert set(reasons(report)) == {"the resources are of several patients: none is read"}


def test_a_resource_about_another_patient_is_not_read(kb: KnowledgeBase) -> None:
    findings, report = read(kb, patient(), condition(FIBROMYALGIA, subject={"reference": "Patient/p2"}))

    assert findings == {}
    assert "is about another patient" in reasons(report)


def test_two_subjects_without_a_patient_are_not_mixed_either(kb: KnowledgeBase) -> None:
    findings, _ = read(kb, condition(FIBROMYALGIA), condition(BACK_PAIN, subject={"reference": "Patient/p2"}))

    assert findings == {}


def test_a_patient_is_known_by_the_full_address_too(kb: KnowledgeBase) -> None:
    whole = bundle(patient(), condition(FIBROMYALGIA, subject={"reference": "urn:uuid:abc"}))
    whole["entry"][0]["fullUrl"] = "urn:uuid:abc"

    assert read_bundle(whole, kb)[0] == {"labels": {"fibromyalgia": True}}


# --- conditions -------------------------------------------------------------------------------------------------------


def test_a_diagnosis_becomes_a_label_and_a_symptom_a_finding(kb: KnowledgeBase) -> None:
    findings, report = read(kb, patient(), condition(FIBROMYALGIA), condition(FEVER))

    assert findings == {"fever": True, "labels": {"fibromyalgia": True}}
    assert [str(one) for one in report.used] == [
        "Condition[1] (snomed_ct 203082005): labels.fibromyalgia = true",
        "Condition[2] (snomed_ct 386661006): fever = true",
    ]


@pytest.mark.parametrize("statuses", [{"clinical": "", "verified": ""}, {"clinical": "recurrence"}, {"clinical": "relapse"}])
def test_a_condition_without_a_status_or_come_back_is_present(kb: KnowledgeBase, statuses: dict[str, str]) -> None:
    assert read(kb, condition(FEVER, **statuses))[0] == {"fever": True}


def test_a_refuted_condition_is_denied(kb: KnowledgeBase) -> None:
    findings, _ = read(kb, condition(FIBROMYALGIA, verified="refuted"), condition(FEVER, verified="refuted"))

    assert findings == {"fever": False, "labels": {"fibromyalgia": False}}


@pytest.mark.parametrize("verified", ["entered-in-error", "unconfirmed", "provisional", "differential"])
def test_a_condition_that_is_not_confirmed_is_neither_present_nor_denied(kb: KnowledgeBase, verified: str) -> None:
    findings, report = read(kb, condition(FIBROMYALGIA, verified=verified))

    assert findings == {}
    assert len(report.skipped) + len(report.suspicious) == 1


@pytest.mark.parametrize("verified", ["unconfirmed", "provisional", "differential", "nonsense"])
def test_a_danger_sign_that_is_not_confirmed_is_in_doubt(kb: KnowledgeBase, verified: str) -> None:
    assert read(kb, condition(FEVER, verified=verified))[0] == {"in_doubt": ["fever"]}


SECOND = {"coding": [{"system": "urn:local", "code": "INACT"}, {"code": "resolved"}]}


@pytest.mark.parametrize("said", [SECOND, {"text": "Resolved"}, {"coding": [{"code": "7", "display": "resolved"}]}, {"text": " RESOLVED "}])
def test_a_status_is_understood_by_any_of_its_codes_by_its_label_and_by_its_text(kb: KnowledgeBase, said: Resource) -> None:
    findings, report = read(kb, condition(FEVER, clinical="", clinicalStatus=said))

    assert findings == {}
    assert reasons(report) == ["is over: history, not present"]


def test_refuted_and_entered_in_error_are_understood_in_words(kb: KnowledgeBase) -> None:
    assert read(kb, condition(FEVER, verified="", verificationStatus={"text": "Refuted"}))[0] == {"fever": False}
    assert read(kb, condition(FEVER, verified="", verificationStatus={"text": "Entered in Error"}))[0] == {}


@pytest.mark.parametrize(
    "ended", [{"abatementString": "long ago"}, {"abatementAge": {"value": 30, "code": "a"}}, {"abatementBoolean": True}]
)
def test_an_end_told_in_whatever_way_is_an_end(kb: KnowledgeBase, ended: Resource) -> None:
    assert read(kb, condition(FEVER, **ended))[0] == {}


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_what_is_over_is_history_and_not_present(kb: KnowledgeBase, clinical: str) -> None:
    findings, report = read(kb, condition(FEVER, clinical=clinical))

    assert findings == {}
    assert reasons(report) == ["is over: history, not present"]


def test_what_ended_before_the_day_is_over_whatever_its_status(kb: KnowledgeBase) -> None:
    assert read(kb, condition(FEVER, abatementDateTime="2024-05-01"))[0] == {}
    assert read(kb, condition(FEVER, abatementDateTime="2024-07-01"))[0] == {"fever": True}


def test_a_cancer_that_is_over_is_a_history_of_cancer(kb: KnowledgeBase) -> None:
    assert read(kb, condition(coded(ICD, "Z85.3"), clinical="resolved"))[0] == {"cancer_history": True}


ONSETS: tuple[Resource, ...] = (
    {"onsetDateTime": "2024-05-30"},
    {"onsetDateTime": "2009"},
    {"onsetPeriod": {"start": "2014-01-01"}},
    {"onsetAge": {"value": 30, "code": "a"}},
    {"onsetRange": {"low": {"value": 30, "code": "a"}}},
    {"onsetString": "since the fall"},
)
"""When something began, in whatever way it may be told."""


@pytest.mark.parametrize("onset", ONSETS)
@pytest.mark.parametrize(
    "code",
    [
        BACK_PAIN,
        coded(ICD, "M79.18"),
        coded(ICD, "M79.604"),
        coded(SNOMED, "279039007"),
        coded(f"{OWN}:diagnosis", "nonspecific_low_back_pain"),
    ],
)
def test_when_a_pain_began_is_not_how_long_it_has_lasted_and_the_report_says_so(code: Resource, onset: Resource, kb: KnowledgeBase) -> None:
    findings, report = read(kb, condition(code, **onset))

    assert findings == read(kb, condition(code))[0]
    assert [one for one in reasons(report) if one.endswith("ask how long")] == [ONSET]


@pytest.mark.parametrize(
    "other",
    [
        condition(FEVER, onsetDateTime="2024-05-30"),
        condition(BACK_PAIN, clinical="resolved", onsetDateTime="2024-05-30"),
        condition(BACK_PAIN, verified="refuted", onsetDateTime="2024-05-30"),
        condition(BACK_PAIN, onsetDateTime="2024-05-01", abatementDateTime="2024-05-20"),
        condition(BACK_PAIN, recordedDate="2024-05-30"),
    ],
)
def test_nothing_is_said_of_when_something_began_that_is_no_pain_of_today(other: Resource, kb: KnowledgeBase) -> None:
    assert ONSET not in reasons(read(kb, other)[1])


def test_what_began_long_ago_and_is_said_to_go_on_is_not_taken_back_by_what_may_be_older(kb: KnowledgeBase) -> None:
    free = observation(coded(f"{OWN}:finding", "pain_low_back"), "2024-05-30", valueBoolean=False)

    for more in ({}, {"onsetDateTime": "2014-01-01"}):
        assert hurting(read(kb, condition(BACK_PAIN, **more), free)[0]) == hurting(read(kb, condition(BACK_PAIN))[0])


def hurting(findings: Mapping[str, Any]) -> Any:
    """Whether a chart says that it hurts, and where."""
    return findings.get("pain_low_back"), findings.get("pain")


def began_charts() -> st.SearchStrategy[tuple[list[Resource], list[Resource]]]:
    """A chart, and the same where some conditions of pain tell when they began."""
    days = st.dates(date(2023, 1, 1), date(2024, 6, 1)).map(date.isoformat)
    codes = st.sampled_from(["M54.50", "M54.2", "M79.18", "M79.604", "M25.511", "R07.89", "M54.16", "R51.9", "M80.08XA", "C61"])
    onsets = (
        st.none()
        | st.sampled_from(ONSETS)
        | st.dates(date(2004, 1, 1), date(2024, 6, 1)).map(lambda day: {"onsetDateTime": day.isoformat()})
    )
    statuses = st.fixed_dictionaries(
        {
            "clinical": st.sampled_from(["active", "active", "recurrence", "resolved"]),
            "verified": st.sampled_from(["confirmed", "confirmed", "", "refuted"]),
        }
    )
    recorded = st.none() | days
    signs = st.sampled_from(
        [
            "saddle_anaesthesia",
            "fever",
            "neuro_exam_normal",
            "night_sweats",
            "motor_deficit",
            "pain_low_back",
            "chest_pain",
            "pain_exertional",
        ]
    )
    seen = st.tuples(signs, st.booleans(), days).map(lambda one: observation(coded(f"{OWN}:finding", one[0]), one[2], valueBoolean=one[1]))
    held = st.tuples(codes, statuses, recorded, onsets)

    def chart(held: list[Any], seen: list[Resource]) -> tuple[list[Resource], list[Resource]]:
        plain = [condition(coded(ICD, code), **status, **({"recordedDate": day} if day else {})) for code, status, day, _ in held]
        pains = ("M54", "M79", "M25", "R07", "R51")
        told = [
            one | (onset or {}) if code.startswith(pains) and status["clinical"] != "resolved" and status["verified"] != "refuted" else one
            for one, (code, status, _, onset) in zip(plain, held, strict=True)
        ]
        born = patient(birthDate="1961-01-25", gender="female")
        return [born, *plain, *seen], [born, *told, *seen]

    return st.builds(chart, st.lists(held, min_size=1, max_size=4), st.lists(seen, max_size=4))


@given(began_charts())
@settings(max_examples=25)
def test_to_tell_when_a_pain_began_lowers_no_alert(kb: KnowledgeBase, charts: tuple[list[Resource], list[Resource]]) -> None:
    level = {"open": 1, "raised": 2}
    without, told = (
        {one.condition if one.graded else one.id: level[one.status] for one in reversed(evaluate(read(kb, *chart)[0], kb).alerts)}
        for chart in charts
    )

    assert [] == [id_ for id_ in without if told.get(id_, 0) < without[id_]]


def test_a_condition_recorded_more_than_a_day_ahead_is_not_read(kb: KnowledgeBase) -> None:
    findings, report = read(kb, condition(FEVER, recordedDate="2024-06-03"))

    assert read(kb, condition(FEVER, recordedDate="2024-06-02"))[0] == {"fever": True}
    assert findings == {}
    assert reasons(report) == ["is dated after the day on which it is read"]


def test_the_side_of_a_code_is_the_side_of_the_pain(kb: KnowledgeBase) -> None:
    for code, side in (("M25.511", "right"), ("M25.512", "left"), ("M25.519", None)):
        (entry,) = read(kb, condition(coded(ICD, code)))[0]["pain"]
        assert entry.get("side") == side


def test_a_code_filed_under_the_wrong_system_is_read_and_said(kb: KnowledgeBase) -> None:
    findings, report = read(kb, condition(coded(ICD, "278860009", "Chronic Lower Back Pain")))

    assert findings["pain_low_back"] is True
    assert doubts(report) == ["no code of icd10cm; read as snomed_ct"]


def test_a_code_whose_label_disagrees_is_not_read(kb: KnowledgeBase) -> None:
    findings, report = read(kb, condition(coded(ICD, "M54.5", "Chronic Hip Pain")))

    assert findings == {}
    assert doubts(report) == ["the label names another part of the body than the code"]


# --- observations -----------------------------------------------------------------------------------------------------


def test_a_number_is_read_in_its_unit_and_converted(kb: KnowledgeBase) -> None:
    assert read(kb, observation(CRP, valueQuantity=quantity(12, "mg/L")))[0] == {"crp": 12}
    assert read(kb, observation(CRP, valueQuantity=quantity(1.2, "mg/dL")))[0] == {"crp": 12}


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (quantity(12), "no unit; crp is measured in mg/L"),
        (quantity(12, "stone"), "a unit that is not known here; crp is measured in mg/L"),
        (quantity(12, "mm/h"), "wrong unit; crp is measured in mg/L"),
        (quantity(-3, "mg/L"), "outside of what crp can be"),
    ],
)
def test_a_number_that_cannot_be_trusted_is_in_doubt(kb: KnowledgeBase, value: Resource, what: str) -> None:
    findings, report = read(kb, observation(CRP, valueQuantity=value))

    assert findings == {"in_doubt": ["crp"]}
    assert doubts(report) == [what]


@pytest.mark.parametrize(
    ("more", "opens"),
    [
        ({"valueString": "twelve"}, True),
        ({"valueQuantity": {"value": "12", "unit": "mg/L"}}, True),
        ({"valueQuantity": {"value": True, "unit": "mg/L"}}, True),
        ({"valueQuantity": {**quantity(5, "mg/L"), "comparator": "ad"}}, True),
        ({"dataAbsentReason": coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "asked-unknown")}, False),
        ({}, False),
    ],
)
def test_what_cannot_be_read_of_a_danger_sign_opens_and_what_was_never_told_does_not(
    kb: KnowledgeBase,
    more: Resource,
    opens: bool,  # noqa: FBT001 - whether it opens
) -> None:
    findings, report = read(kb, observation(CRP, **more))

    assert findings == ({"in_doubt": ["crp"]} if opens else {})
    assert len(report.skipped) == 1


TEMPERATURE = coded(LOINC, "8310-5")


@pytest.mark.parametrize(
    ("comparator", "degrees", "read_as"),
    [
        (">=", 39, {"body_temperature": {"at_least": 39, "at_most": 45}}),
        (">", 38.4, {"body_temperature": {"at_least": nextafter(38.4, 99), "at_most": 45}}),
        (">", 37, {"in_doubt": ["body_temperature"]}),
        ("<", 37, {"in_doubt": ["body_temperature"]}),
        ("<", 20, {"in_doubt": ["body_temperature"]}),
        ("~", 39, {"in_doubt": ["body_temperature"]}),
    ],
)
def test_a_bound_is_a_range_where_it_decides_and_else_opens(kb: KnowledgeBase, comparator: str, degrees: float, read_as: Any) -> None:
    findings, report = read(
        kb, observation(TEMPERATURE, ON.isoformat(), valueQuantity={**quantity(degrees, "Cel"), "comparator": comparator})
    )

    assert findings == read_as
    assert [*report.skipped, *report.suspicious]


def test_a_bound_that_no_flag_can_be_reached_from_clears_as_a_number_does(kb: KnowledgeBase) -> None:
    findings, _ = read(kb, observation(CRP, valueQuantity={**quantity(5, "mg/L"), "comparator": "<"}))

    assert findings == {"crp": {"at_least": 0, "at_most": nextafter(5, 0)}}


@pytest.mark.parametrize(("hour", "stands"), [("07", {"body_temperature": 36.6}), ("08", None), ("09", None)])
def test_what_cannot_be_read_is_outweighed_by_what_is_recorded_later(kb: KnowledgeBase, hour: str, stands: Any) -> None:
    text = observation(TEMPERATURE, f"{ON}T{hour}:00:00Z", valueString="39,5")
    number = observation(TEMPERATURE, f"{ON}T08:00:00Z", valueQuantity=quantity(36.6, "Cel"))

    for order in ((text, number), (number, text)):
        assert read(kb, *order)[0] == (stands or {"in_doubt": ["body_temperature"]})


def test_what_cannot_be_read_opens_nothing_beside_a_danger_sign_that_is_read(kb: KnowledgeBase) -> None:
    text = observation(TEMPERATURE, ON.isoformat(), valueString="hot")
    number = observation(TEMPERATURE, ON.isoformat(), valueQuantity=quantity(39, "Cel"))

    assert read(kb, text, number)[0] == {"body_temperature": 39}


def test_the_parts_of_a_blood_pressure_and_the_pulse_are_read(kb: KnowledgeBase) -> None:
    systolic = {"code": coded(LOINC, "8480-6"), "valueQuantity": quantity(60, "mm[Hg]")}
    pressure = observation(coded(LOINC, "85354-9"), ON.isoformat(), component=[systolic])
    pulse = observation(coded(LOINC, "8867-4"), ON.isoformat(), valueQuantity=quantity(150, "/min"))

    assert read(kb, pressure, pulse)[0] == {"systolic_bp": 60, "heart_rate": 150}
    assert read(kb, *({**one, "effectiveDateTime": "2024-05-01"} for one in (pressure, pulse)))[0] == {}


def test_an_own_code_is_read_without_the_blanks_around_it(kb: KnowledgeBase) -> None:
    assert read(kb, observation(coded(f"{OWN}:finding", " saddle_anaesthesia "), valueBoolean=True))[0] == {"saddle_anaesthesia": True}


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_an_observation_that_does_not_stand_is_not_read(kb: KnowledgeBase, status: Any) -> None:
    assert read(kb, observation(CRP, valueQuantity=quantity(12, "mg/L"), status=status))[0] == {}


@pytest.mark.parametrize("status", ["unknown", "registered", "nonsense", 7])
def test_an_observation_whose_status_nobody_knows_is_in_doubt(kb: KnowledgeBase, status: Any) -> None:
    dangerous, harmless = (observation(CRP, valueQuantity=quantity(value, "mg/L"), status=status) for value in (90, 1))

    assert read(kb, dangerous)[0] == {"in_doubt": ["crp"]}
    assert read(kb, harmless)[0] == {}
    assert doubts(read(kb, harmless)[1]) == ["crp: its status is not known here"]


def test_an_old_observation_is_not_read(kb: KnowledgeBase) -> None:
    findings, report = read(kb, observation(CRP, "2022-01-01", valueQuantity=quantity(12, "mg/L")))

    assert findings == {}
    assert reasons(report) == ["is too old to say something of that day"]


def test_a_finding_that_passes_quickly_is_too_old_sooner(kb: KnowledgeBase) -> None:
    fever = observation(FEVER, "2024-05-20", valueBoolean=True)

    assert read(kb, fever)[0] == {}
    assert read_bundle(fever, kb, on=date(2024, 5, 25))[0] == {"fever": True}
    assert read_bundle(fever, kb)[0] == {"fever": True}


def test_what_has_once_been_is_never_too_old(kb: KnowledgeBase) -> None:
    assert read(kb, observation(coded(SNOMED, "266987004"), "2004-01-01", valueBoolean=True))[0] == {"cancer_history": True}


def test_a_condition_grows_old_only_where_nobody_says_that_it_is_active(kb: KnowledgeBase) -> None:
    assert read(kb, condition(FEVER, recordedDate="2024-05-01"))[0] == {"fever": True}
    assert read(kb, condition(FEVER, clinical="", recordedDate="2024-05-01"))[0] == {}


def test_a_code_that_is_set_apart_for_tables_is_not_read_here_either(kb: KnowledgeBase) -> None:
    findings, report = read(kb, condition(coded(ICD, "R32")), condition(coded(ICD, "K25.9")))

    assert findings == {}
    assert reasons(report) == ["the code does not say that it is new", "the disease mimicked, not the label"]


def test_the_latest_of_several_counts_wherever_it_stands(kb: KnowledgeBase) -> None:
    older, newer = (observation(CRP, on, valueQuantity=quantity(value, "mg/L")) for on, value in (("2024-01-05", 90), ("2024-03-05", 4)))

    assert read(kb, older, newer)[0] == read(kb, newer, older)[0] == {"crp": 4}


def test_of_different_values_of_one_day_the_more_dangerous_counts_and_none_where_neither_is(kb: KnowledgeBase) -> None:
    findings, report = read(kb, *(observation(CRP, valueQuantity=quantity(value, "mg/L")) for value in (4, 90)))

    assert findings == {"crp": 90}
    assert len(doubts(report)) == 2
    assert read(kb, *(observation(CRP, valueQuantity=quantity(value, "mg/L")) for value in (1, 2)))[0] == {}


def test_an_interpretation_says_yes_or_no_where_the_value_does_not(kb: KnowledgeBase) -> None:
    said = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    ana = coded(LOINC, "8061-4")

    assert read(kb, observation(ana, interpretation=[coded(said, "POS")]))[0] == {"ana_positive": True}
    assert read(kb, observation(ana, interpretation=[coded(said, "NEG")]))[0] == {"ana_positive": False}
    assert read(kb, observation(ana, valueString="1:160"))[0] == {"in_doubt": ["ana_positive"]}


def test_pain_at_a_body_site_is_a_place_of_the_pain_map(kb: KnowledgeBase) -> None:
    knee = {**coded(SNOMED, "72696002"), "text": "Left knee"}

    findings, _ = read(kb, observation(PAIN, valueQuantity=quantity(6), bodySite=knee))

    assert findings == {"pain": [{"region": "knee", "side": "left", "present": True, "intensity": 6}]}


def test_no_pain_at_a_body_site_is_freedom_from_pain_there(kb: KnowledgeBase) -> None:
    findings, _ = read(kb, observation(PAIN, valueQuantity=quantity(0), bodySite=coded(SNOMED, "72696002")))

    assert findings == {"pain": [{"region": "knee", "present": False, "intensity": 0}]}


def test_pain_at_a_site_that_nobody_knows_is_not_taken_for_pain_in_general(kb: KnowledgeBase) -> None:
    findings, report = read(kb, observation(PAIN, valueQuantity=quantity(6), bodySite={"text": "antlers"}))

    assert findings == {}
    assert reasons(report) == ["its body site is not known here"]


def test_pain_that_was_gone_later_is_gone(kb: KnowledgeBase) -> None:
    site = coded(SNOMED, "72696002")
    levels = [observation(PAIN, on, valueQuantity=quantity(level), bodySite=site) for on, level in (("2024-02-01", 6), ("2024-04-01", 0))]

    assert read(kb, *levels)[0] == {"pain": [{"region": "knee", "present": False, "intensity": 0}]}


def test_components_are_read_one_by_one(kb: KnowledgeBase) -> None:
    parts = [{"code": CRP, "valueQuantity": quantity(12, "mg/L")}, {"code": coded(LOINC, "4537-7"), "valueQuantity": quantity(30, "mm/h")}]

    assert read(kb, observation({"text": "panel"}, component=parts))[0] == {"crp": 12, "esr": 30}


def test_what_contradicts_the_rest_is_left_unknown_and_what_is_present_stays(kb: KnowledgeBase) -> None:
    hot = observation(coded(LOINC, "8310-5"), "2024-05-30", valueQuantity=quantity(39.2, "Cel"))

    findings, report = read(kb, condition(FEVER, verified="refuted"), hot)

    assert findings == {"body_temperature": 39.2}
    assert doubts(report) == ["fever contradicts what else is recorded, or cannot be: left unknown"]


def test_the_latest_counts_in_whichever_codes_it_is_written(kb: KnowledgeBase) -> None:
    own = observation(coded(f"{OWN}:finding", "fever"), "2024-05-28", valueBoolean=False)

    assert read(kb, own, condition(FEVER, recordedDate="2024-05-30"))[0] == {"fever": True}
    assert read(kb, own, condition(FEVER, recordedDate="2024-05-27"))[0] == {"fever": False}


def test_a_muscle_that_was_not_examined_is_not_examined(kb: KnowledgeBase) -> None:
    site = coded(f"{OWN}:muscle", "soleus.left")

    assert read(kb, observation(coded(f"{OWN}:finding", "examined"), valueBoolean=False, bodySite=site))[0] == {}
    assert read(kb, observation(coded(f"{OWN}:finding", "examined"), valueBoolean=True, bodySite=site))[0] == {
        "exam": [{"muscle": "soleus", "side": "left"}]
    }


# --- medicines, procedures, forms -------------------------------------------------------------------------------------

OXYCODONE = coded("http://www.nlm.nih.gov/research/umls/rxnorm", "1049717")


@pytest.mark.parametrize(
    "more",
    [{"status": "active", "intent": "order"}, {"status": "completed", "intent": "order"}, {"status": "stopped", "intent": "order"}],
)
def test_a_medicine_for_pain_that_was_ordered_has_been_tried(kb: KnowledgeBase, more: Resource) -> None:
    assert read(kb, {"resourceType": "MedicationRequest", "medicationCodeableConcept": OXYCODONE, **more})[0] == {"tried_medication": True}


@pytest.mark.parametrize(
    "more",
    [{"status": "draft"}, {"status": "cancelled"}, {"status": "active", "intent": "proposal"}, {"status": "active", "doNotPerform": True}],
)
def test_a_medicine_that_was_not_ordered_has_not_been_tried(kb: KnowledgeBase, more: Resource) -> None:
    assert read(kb, {"resourceType": "MedicationRequest", "medicationCodeableConcept": OXYCODONE, **more})[0] == {}


def test_a_medicine_may_stand_in_a_resource_of_its_own(kb: KnowledgeBase) -> None:
    drug = {"resourceType": "Medication", "id": "m", "code": OXYCODONE}
    statement = {"resourceType": "MedicationStatement", "status": "active", "medicationReference": {"reference": "Medication/m"}}
    inside = {**statement, "contained": [drug], "medicationReference": {"reference": "#m"}}

    assert read(kb, drug, statement)[0] == read(kb, inside)[0] == {"tried_medication": True}


def test_a_treatment_that_was_done_has_been_tried_and_a_referral_has_not(kb: KnowledgeBase) -> None:
    def procedure(code: str, status: str = "completed") -> Resource:
        return {"resourceType": "Procedure", "status": status, "code": coded(SNOMED, code)}

    assert read(kb, procedure("182548004"))[0] == {"tried_manual_therapy": True}
    assert read(kb, procedure("182548004", "not-done"))[0] == {}
    assert read(kb, procedure("308449000"))[0] == {}


MYPAIN = "http://fhir.org/guides/cqf/cds4cpm/CodeSystem/mypain-questionnaire-codes"
FORM = {
    "resourceType": "Questionnaire",
    "url": "http://forms/one",
    "item": [{"linkId": "1", "item": [{"linkId": "1.2", "code": [{"system": MYPAIN, "code": "mpq-1039"}]}]}],
}


def test_the_answers_of_a_form_are_read_by_the_codes_of_its_questions(kb: KnowledgeBase) -> None:
    answer = {"linkId": "1.2", "answer": [{"valueCoding": {"system": SNOMED, "code": "36349006"}}]}
    told = {"resourceType": "QuestionnaireResponse", "questionnaire": "http://forms/one|1", "item": [{"linkId": "1", "item": [answer]}]}

    assert read(kb, FORM, told)[0] == {"pain": [{"region": "neck", "present": True}], "pain_quality": {"burning": True}}
    assert read(kb, told)[0] == {}


def test_a_form_that_holds_options_instead_of_answers_says_nothing(kb: KnowledgeBase) -> None:
    item = {"linkId": "2", "type": "choice", "answerOption": [{"valueCoding": {"code": "x"}}]}

    findings, report = read(kb, {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]})

    assert findings == {}
    assert reasons(report) == ["holds no answer"]


def test_items_nested_without_end_are_said_and_not_read(kb: KnowledgeBase) -> None:
    item: Resource = {"linkId": "deep"}
    for _ in range(5000):
        item = {"linkId": "deep", "item": [item]}

    _, report = read(kb, {"resourceType": "QuestionnaireResponse", "item": [item]})

    assert "its items are nested too deep" in reasons(report)


# --- versions, shapes, privacy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, 3, "{}", [], {}, {"entry": []}, {"resourceType": 7}])
def test_what_is_no_resource_is_refused_and_not_repeated(kb: KnowledgeBase, given: Any) -> None:
    with pytest.raises(FindingError, match="expected a FHIR resource"):
        read_bundle(given, kb)


@pytest.mark.parametrize("given", [None, "Bundle", {"resourceType": "Patient"}, ["Canary"], [{"name": "Canary"}]])
def test_a_list_without_resources_is_refused_and_not_repeated(kb: KnowledgeBase, given: Any) -> None:
    with pytest.raises(FindingError) as error:
        read_resources(given, kb)

    assert "Canary" not in str(error.value)


@pytest.mark.parametrize(
    "old",
    [
        {"resourceType": "MedicationOrder"},
        {"resourceType": "Condition", "clinicalStatus": "active"},
        {"resourceType": "Condition", "dateRecorded": "2015-01-01"},
        {"resourceType": "MedicationStatement", "taken": "y"},
        {"resourceType": "QuestionnaireResponse", "group": {}},
    ],
)
def test_an_older_version_is_refused(kb: KnowledgeBase, old: Resource) -> None:
    with pytest.raises(FindingError, match="DSTU2 or STU3, not R4"):
        read(kb, patient(), old)


def test_one_resource_of_an_older_shape_among_others_is_only_in_doubt(kb: KnowledgeBase) -> None:
    findings, report = read(kb, condition(FIBROMYALGIA), {"resourceType": "Condition", "clinicalStatus": "active", "code": FEVER})

    assert findings == {"labels": {"fibromyalgia": True}, "in_doubt": ["fever"]}
    assert doubts(report) == ["fever: it has the shape of an older FHIR version"]


def test_a_page_of_a_search_is_said_to_be_a_part(kb: KnowledgeBase) -> None:
    page = {**bundle(), "link": [{"relation": "next", "url": "http://more"}]}

    _, report = read_bundle(page, kb)

    assert not report.complete
    assert "what is not here is not absent" in str(report)


def test_bundles_and_resources_may_be_given_together(kb: KnowledgeBase) -> None:
    findings, report = read_resources([bundle(condition(FEVER)), condition(FIBROMYALGIA)], kb)

    assert findings == {"fever": True, "labels": {"fibromyalgia": True}}
    assert report.resources == 2


NAMES = ("Canary", "Peregrine", "Wren Street", "555-0199", "MRN-77")
"""What must not come through."""


def everything_named() -> Resource:
    """A chart with a name, an address, a number and a text wherever FHIR allows one, and where it does not."""
    text: dict[str, Any] = {
        "text": {"div": "Canary"},
        "note": [{"text": "Peregrine said so"}],
        "id": "MRN-77",
        "identifier": [{"value": "MRN-77"}],
    }
    return bundle(
        patient(address=[{"line": ["Wren Street"]}], telecom=[{"value": "555-0199"}], gender="Canary", birthDate="Canary"),
        condition(coded(ICD, "Canary", "Peregrine"), **text),
        condition({"text": "Canary"}, **text),
        condition(coded("http://Canary", "Peregrine", "Wren Street"), clinical="Canary", verified="Peregrine"),
        observation(coded(f"{OWN}:finding", "Canary"), valueString="Wren Street", status="Canary"),
        observation(coded(f"{OWN}:finding", "Canary"), "Canary", valueBoolean=True, **text),
        observation(PAIN, valueQuantity={"value": 4, "unit": "Canary"}, bodySite={"text": "Peregrine"}),
        observation(coded(f"{OWN}:finding", "pain"), valueBoolean=True, bodySite=coded(f"{OWN}:region", "knee.Canary")),
        observation(coded("http://cds.ahrq.gov/cdsconnect/pms", "CANARY"), valueBoolean=True),
        observation(CRP, valueQuantity={"value": 4, "unit": "Canary"}, interpretation=[{"text": "MRN-77"}]),
        observation(coded(f"{OWN}:finding", "pain_quality"), component=[{"code": coded(f"{OWN}:value", "Canary.Peregrine")}]),
        {"resourceType": "Canary", "id": "MRN-77"},
        {"resourceType": "QuestionnaireResponse", "item": [{"linkId": "Canary", "answer": [{"valueString": "Wren Street"}]}]},
        {"resourceType": "QuestionnaireResponse", "questionnaire": f"{OWN}:questionnaire:whole",
         "item": [{"linkId": "Canary", "answer": [{"valueString": "Canary"}]}, {"linkId": "pain", "item": [{"linkId": "Canary"}]}]},
        {"resourceType": "MedicationRequest", "status": "Canary", "intent": "Canary"},
        {"resourceType": "Procedure", "status": "completed", "code": {"text": "Peregrine"}},
    )  # fmt: skip


def test_no_name_no_address_and_no_text_comes_through(kb: KnowledgeBase) -> None:
    findings, report = read_bundle(everything_named(), kb, on=ON)

    told = f"{json.dumps(findings)} {json.dumps(report.to_dict())} {report}"
    assert report.resources == 16
    assert [name for name in NAMES if name.lower() in told.lower()] == []


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in _places(part, (*path, key)))]


WHOLE = bundle(
    patient(gender="female", birthDate="1961-01-25"),
    condition(FIBROMYALGIA, recordedDate="2023-01-01"),
    observation(PAIN, valueQuantity=quantity(6), bodySite=coded(SNOMED, "72696002"), component=[{"code": CRP, "valueQuantity": quantity(1)}]),
    {"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": OXYCODONE},
    {"resourceType": "Procedure", "status": "completed", "code": coded(SNOMED, "182548004")},
    FORM,
    {"resourceType": "QuestionnaireResponse", "questionnaire": "http://forms/one", "item": [{"linkId": "1.2", "answer": [{"valueBoolean": True}]}]},
    {"resourceType": "QuestionnaireResponse", "questionnaire": f"{OWN}:questionnaire:whole", "item": [
        {"linkId": "pain", "item": [{"linkId": "pain.region", "answer": [{"valueCoding": {"system": f"{OWN}:region", "code": "knee"}}]}]},
        {"linkId": "fever", "answer": [{"valueCoding": {"system": f"{OWN}:answer", "code": "absent"}}]}]},
)  # fmt: skip
PLACES = [path for path in _places(WHOLE) if path]


@given(st.sampled_from(PLACES), plain_data())
def test_whatever_is_malformed_is_reported_and_nothing_raises(kb: KnowledgeBase, path: tuple[Any, ...], junk: Any) -> None:
    spoilt = copy.deepcopy(WHOLE)
    place = spoilt
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = junk

    try:
        findings, report = read_bundle(spoilt, kb, on=ON)
    except FindingError as error:
        assert path == ("resourceType",) or "DSTU2" in str(error)  # noqa: PT017 - some junk is rightly refused
        return
    evaluate(findings, kb)
    assert report.to_dict()["resources"] == report.resources


# --- published samples ------------------------------------------------------------------------------------------------

KNOWN: dict[str, list[str]] = {
    "ahrq_brenda_jackson_r4.json": ["fibromyalgia", "nonspecific_low_back_pain", "failed_back_surgery_syndrome"],
    "cds4cpm_mr_delta.json": ["nonspecific_low_back_pain"],
    "cds4cpm_mr_ford.json": ["nonspecific_low_back_pain"],
    "cds4cpm_ms_bravo.json": [],
    "cds4cpm_ms_echo.json": [],
    "cds4cpm_ms_ellis.json": ["fibromyalgia"],
    "cds4cpm_tommy_jones.json": ["nonspecific_low_back_pain"],
    "cds4cpm_mypain_questionnaire.json": [],
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_published_sample_is_read_and_its_diagnoses_found(kb: KnowledgeBase, name: str) -> None:
    findings, report = read_bundle(sample(name), kb, on=date(2023, 11, 1))

    assert sorted(findings.get("labels", {})) == sorted(KNOWN[name])
    assert evaluate(findings, kb).findings.labels or not KNOWN[name]
    assert report.resources >= 1


def test_no_published_sample_is_passed_over() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the published samples are not beside the project")

    assert {path.name for path in SAMPLES.glob("*.json")} == {*KNOWN, "ahrq_ben_jackson_dstu2.json"}


def test_the_published_dstu2_sample_is_refused(kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError, match="not R4"):
        read_bundle(sample("ahrq_ben_jackson_dstu2.json"), kb)


def test_the_scores_of_a_published_sample_are_recognised_though_no_rule_reads_them(kb: KnowledgeBase) -> None:
    findings, report = read_bundle(sample("ahrq_brenda_jackson_r4.json"), kb, on=date(2023, 11, 1))

    told = {one.code: one.what for one in report.skipped}
    assert "PEG" in told["loinc 91147-9"]
    assert "STarT Back" in told["loinc 91351-7"]
    assert findings["phq9_score"] == 8


def test_a_published_label_that_disagrees_and_a_code_under_the_wrong_system_are_in_doubt(kb: KnowledgeBase) -> None:
    for name in ("cds4cpm_ms_bravo.json", "cds4cpm_mr_delta.json"):
        assert len(read_bundle(sample(name), kb)[1].suspicious) == 1


def test_the_answers_of_a_published_form_give_places_and_words(kb: KnowledgeBase) -> None:
    findings, _ = read_bundle(sample("cds4cpm_tommy_jones.json"), kb, on=date(2023, 6, 1))

    assert {entry["region"] for entry in findings["pain"]} == {"shoulder", "trunk_posterior"}
    assert findings["pain_quality"] == {"stabbing": True}


# --- whose, when, and in which words ----------------------------------------------------------------------------------

NUMB = coded(f"{OWN}:finding", "saddle_anaesthesia")
SHOWN, OPENED = {"saddle_anaesthesia": True}, {"in_doubt": ["saddle_anaesthesia"]}
SOMEBODY = {"resourceType": "Patient", "id": "q", "name": [{"text": "Other"}]}


def numb(when: Any = "2024-06-01T08:00:00Z", **more: Any) -> Resource:
    return observation(NUMB, when, **{"valueBoolean": True, **more})


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("Patient/p1", SHOWN), ("Patient/p1/_history/2", SHOWN), ("https://ehr.example/fhir/Patient/p1", SHOWN), ("https://ehr.example/fhir/Patient/p1/_history/2", SHOWN),
        ("https://other.example/fhir/Patient/p1", {}), ("Patient/p2", {}), ("Group/p1", {}), ("Device/p1", {}), ("#q", {}), ("#p1", {}),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", OPENED), ("Patient?identifier=urn:mrn|1", OPENED),
    ],
)  # fmt: skip
def test_only_what_is_about_the_patient_is_read_and_what_may_be_is_in_doubt(kb: KnowledgeBase, reference: str, found: Resource) -> None:
    whole = bundle(patient(), numb(subject={"reference": reference}, contained=[SOMEBODY]))
    whole["entry"][0]["fullUrl"] = "https://ehr.example/fhir/Patient/p1"

    assert read_bundle(whole, kb, on=ON)[0] == found


def test_a_patient_named_by_a_number_alone_is_known_by_it(kb: KnowledgeBase) -> None:
    number = {"system": "urn:mrn", "value": "1"}
    sign = numb(subject={"identifier": number})

    assert read(kb, patient(identifier=[number]), sign)[0] == SHOWN
    assert read(kb, patient(identifier=[{**number, "value": "2"}]), sign)[0] == {}
    assert read(kb, patient(), sign)[0] == OPENED


def test_a_server_that_nobody_named_is_in_doubt_beside_the_patient(kb: KnowledgeBase) -> None:
    sign = numb(subject={"reference": "https://ehr.example/fhir/Patient/p1"})

    assert read(kb, patient(), sign)[0] == OPENED
    assert read(kb, sign)[0] == SHOWN
    assert read_resources([patient(), sign], kb, on=ON, server="https://ehr.example/fhir")[0] == SHOWN
    assert read_resources([patient(), sign], kb, on=ON, server="https://other.example/fhir")[0] == {}


def test_a_merged_record_is_the_same_patient(kb: KnowledgeBase) -> None:
    merged = patient(id="p9", gender="male", link=[{"type": "replaced-by", "other": {"reference": "Patient/p1"}}])
    signs = [numb(subject={"reference": f"Patient/{id_}"}) for id_ in ("p1", "p9")]

    for sign in signs:
        assert read(kb, patient(gender="female"), merged, sign)[0] == {"sex_at_birth": "female", **SHOWN}
        assert read(kb, merged, sign)[0] == {"sex_at_birth": "male", **SHOWN}


def test_resources_of_somebody_else_do_not_silence_those_of_the_patient_who_is_asked_for(kb: KnowledgeBase) -> None:
    given = [numb(), numb(valueBoolean=False, subject={"reference": "Patient/p2"})]

    assert read_resources(given, kb, on=ON)[0] == {}
    assert read_resources([*given, patient(id="p2")], kb, on=ON, patient="p1")[0] == SHOWN
    assert read_resources(given, kb, on=ON, patient="p1")[0] == SHOWN


@pytest.mark.parametrize("focus", ["RelatedPerson/mother", "Device/1", "Group/1", "Patient/p2", "#fetus"])
def test_what_looks_at_somebody_else_is_not_the_patients_own(kb: KnowledgeBase, focus: str) -> None:
    assert read(kb, patient(), numb(focus=[{"reference": focus}]))[0] == {}
    assert read(kb, patient(), numb(focus=[{"reference": "Patient/p1"}]))[0] == SHOWN


@pytest.mark.parametrize(
    "sign",
    [
        numb(modifierExtension=[{"url": "http://x/negated", "valueBoolean": True}]),
        numb("15.01.2009"), numb("2009-02-30"), numb(None, effectiveTiming={"event": ["2024-06-01"]}),
        numb(None, effectivePeriod={"start": "yesterday"}), numb(status="unknown"),
        observation({"text": "panel"}, component=[{"code": NUMB, "valueBoolean": True, "modifierExtension": [{"url": "x"}]}]),
        {"resourceType": "QuestionnaireResponse", "status": "stopped", "questionnaire": f"{OWN}:questionnaire:whole",
         "item": [{"linkId": "saddle_anaesthesia", "answer": [{"valueBoolean": True}]}]},
    ],
    ids=["modifier", "day first", "no such day", "timing", "period", "status", "component", "stopped form"],
)  # fmt: skip
def test_a_danger_sign_that_cannot_be_trusted_opens_what_reads_it(kb: KnowledgeBase, sign: Resource) -> None:
    findings, report = read(kb, patient(), sign)

    assert findings == OPENED
    assert len(doubts(report)) == 1
    assert ("rf_cauda_equina", "open") in [(one.id, one.status) for one in evaluate(findings, kb).alerts]


@pytest.mark.parametrize(
    ("system", "code", "told"),
    [(SNOMED, "373066001", True), (SNOMED, "373067005", False), (LOINC, "LA33-6", True), (LOINC, "LA32-8", False)],
)
def test_yes_and_no_are_understood_in_public_codes(kb: KnowledgeBase, system: str, code: str, told: bool) -> None:  # noqa: FBT001
    answer = observation(NUMB, "2024-06-01", valueCodeableConcept=coded(system, code))

    assert read(kb, answer)[0] == {"saddle_anaesthesia": told}


def test_a_value_is_read_beside_components_that_say_something_else(kb: KnowledgeBase) -> None:
    assert read(kb, numb(component=[{"code": {"text": "since"}, "valueString": "this morning"}]))[0] == SHOWN


@pytest.mark.parametrize("hour", range(0, 24, 3))
@pytest.mark.parametrize("offset", [-11, -8, -5, 0, 1, 5.5, 9, 13])
def test_no_sign_of_this_morning_is_lost_east_or_west_of_greenwich(kb: KnowledgeBase, hour: int, offset: float) -> None:
    now = datetime(2024, 6, 1, hour, 30, tzinfo=timezone(timedelta(hours=offset)))
    recorded = now - timedelta(minutes=10)
    forms = (recorded.isoformat(), recorded.astimezone(UTC).isoformat(), recorded.date().isoformat())

    for form in forms:
        for on in (now, now.date(), now.astimezone(UTC), now.astimezone(UTC).date()):
            assert read_bundle(numb(form), kb, on=on)[0] == SHOWN, (form, on)


def test_an_age_that_cannot_be_is_in_doubt_and_opens_nothing(kb: KnowledgeBase) -> None:
    findings, report = read(kb, patient(birthDate="1850-01-01"))

    assert findings == {}
    assert doubts(report) == ["an age that cannot be"]


def test_a_range_of_ages_reads_back_as_it_was_written(kb: KnowledgeBase) -> None:
    known, _ = read(kb, patient(birthDate="1964"), observation(FEVER, "2024-05-31", valueBoolean=True))

    written = findings_to_fhir(known, kb, patient="Patient/p1", written=WRITTEN)

    assert read_bundle(written, kb, on=ON)[0] == {"age_years": {"at_least": 59, "at_most": 60}, "fever": True}


@pytest.mark.parametrize(
    ("code", "value", "finding"),
    [
        ("1988-5", quantity(12, "mg/l"), ("crp", 12)),
        ("1988-5", quantity(1.2, "mg/dl"), ("crp", 12)),
        ("30341-2", quantity(48, "mm/h"), ("esr", 48)),
        ("6690-2", quantity(14, "10*3/mm3"), ("white_cell_count", 14)),
        ("6690-2", quantity(14, "10*9/l"), ("white_cell_count", 14)),
        ("2157-6", quantity(900, "U/l"), ("creatine_kinase", 900)),
        ("718-7", quantity(131, "g/l"), ("haemoglobin", 13.1)),
        ("8331-1", quantity(39.2, "Cel"), ("body_temperature", 39.2)),
        ("8867-4", quantity(130, "{beats}/min"), ("heart_rate", 130)),
        ("6690-2", quantity(14, "10*3{cells}/uL"), ("white_cell_count", 14)),
    ],
)
def test_a_unit_is_read_in_each_of_its_valid_letters(kb: KnowledgeBase, code: str, value: Resource, finding: tuple[str, float]) -> None:
    findings, report = read(kb, observation(coded(LOINC, code), on=ON.isoformat(), valueQuantity=value))

    assert findings == {finding[0]: pytest.approx(finding[1])}
    assert report.suspicious == ()


def test_an_answer_from_a_list_is_the_number_that_it_stands_for(kb: KnowledgeBase) -> None:
    weight = {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 7}
    for answer in ({"code": "x", "display": "7"}, {"code": "x", "display": "severe", "extension": [weight]}):
        at = coded(SNOMED, "45048000")
        told = observation(coded(LOINC, "72514-3"), on=ON.isoformat(), bodySite=at, valueCodeableConcept={"coding": [answer]})
        assert read(kb, told)[0]["pain"][0]["intensity"] == 7
    words = observation(coded(LOINC, "72514-3"), on=ON.isoformat(), valueCodeableConcept={"coding": [{"code": "x", "display": "severe"}]})
    assert read(kb, words)[0] == {}


def test_where_r5_writes_a_medicine_or_a_procedure_otherwise_it_is_read(kb: KnowledgeBase) -> None:
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    about = {"subject": {"reference": "Patient/p1"}}
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        **about,
        "medication": {"concept": coded(rxnorm, "855332")},
    }
    told = {"resourceType": "MedicationStatement", "status": "recorded", **about, "medication": {"concept": coded(rxnorm, "310965")}}
    done = {
        "resourceType": "Procedure",
        "status": "completed",
        **about,
        "code": coded(SNOMED, "182548004"),
        "occurrenceDateTime": "2024-05-20",
    }

    findings, _ = read(kb, order, told, done)

    assert findings == {
        "anticoagulant_or_bleeding_disorder": True,
        "tried_medication": True,
        "nsaid_or_aspirin_use": True,
        "tried_manual_therapy": True,
    }
