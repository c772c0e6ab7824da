"""However findings are written, the same is known; what says nothing is not known, and what could mean two things is refused."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mps_rules as mps
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.addresses import as_mapping, as_row
from mps_rules.patient.facts import Facts, Terrain, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Findings, Pain
from test_evaluate import patients

ABOUT = "labels.facet_syndrome.label_treated_without_relief"


@pytest.fixture
def read(terrain: Terrain) -> Callable[..., Findings]:
    return lambda data, on=None: read_findings(data, terrain, on)


@pytest.fixture
def fault(terrain: Terrain) -> Callable[[Any], str]:
    """The only fault of a mapping."""

    def only(data: Any) -> str:
        with pytest.raises(FindingError) as refused:
            read_findings(data, terrain)
        (found,) = refused.value.faults
        return str(found)

    return only


Read = Callable[..., Findings]
FaultOf = Callable[[Any], str]


class Sex(Enum):
    FEMALE = "female"


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [None, pd.NA, pd.NaT, math.nan, np.nan, np.float32("nan"), Decimal("nan")])
@pytest.mark.parametrize(
    "key", ["fever", "age_years", "pain_quality", "pain.low_back.left", "labels.facet_syndrome", "soleus.left.taut_band"]
)
def test_a_missing_cell_is_not_known(key: str, missing: Any, read: Read) -> None:
    assert read({}) == read({key: missing})


@pytest.mark.parametrize("yes", [True, 1, 1.0, np.bool_(True), np.int64(1), np.float64(1), Decimal(1)])
@pytest.mark.parametrize("key", ["fever", "pain.low_back.left", "labels.facet_syndrome", "soleus.left.taut_band", ABOUT])
def test_one_says_yes_and_nought_says_no(key: str, yes: Any, read: Read) -> None:
    assert read({key: True}) == read({key: yes})
    if key != ABOUT:
        assert read({key: False}) == read({key: yes - yes if not isinstance(yes, bool | np.bool_) else False})


@pytest.mark.parametrize("number", [38.5, np.float64(38.5), np.float32(38.5), Decimal("38.5"), Fraction(77, 2), "38.5"])
def test_a_number_is_one_of_whatever_kind(number: Any, read: Read) -> None:
    assert read({"body_temperature": 38.5}) == read({"body_temperature": number})


@pytest.mark.parametrize("odd", [1j, object(), {1, 2}, b"x", np.zeros((2, 2))])
def test_what_is_no_plain_data_is_refused(odd: Any, fault: FaultOf) -> None:
    assert fault({"fever": odd}).startswith("fever: expected plain data")


def test_a_list_of_words_may_be_an_array(read: Read) -> None:
    assert read({"pain_quality": ["dull"]}) == read({"pain_quality": np.array(["dull"], dtype=object)})


def test_a_value_with_fields_is_read_by_its_fields(read: Read) -> None:
    expected = read({"fever": True, "age_years": 44, "sex_at_birth": "female"})
    patient = {"fever": True, "age_years": 44, "sex_at_birth": Sex.FEMALE, "pain": None}
    made = [attrs.make_class("Chart", list(patient))(**patient), dataclasses.make_dataclass("Chart", list(patient))(**patient)]

    assert [expected, expected] == [read(one) for one in made]


def test_a_pydantic_model_is_read_by_its_fields(read: Read) -> None:
    pydantic = pytest.importorskip("pydantic")
    chart = pydantic.create_model("Chart", fever=(bool | None, None), age_years=(float | None, None), labels=(list[str], []))

    assert read({"fever": True, "labels": ["facet_syndrome"]}) == read(chart(fever=True, labels=["facet_syndrome"]))


@given(data=patients())
def test_findings_that_were_read_are_read_again(data: dict[str, Any], terrain: Terrain) -> None:
    try:
        found = read_findings(data, terrain)
    except FindingError:
        return
    assert found == read_findings(found, terrain)


def test_the_records_of_a_frame_are_read_as_they_are() -> None:
    frame = pd.DataFrame({"fever": [True, None], "age_years": [44, None], "pain.low_back.left": [1, 0]})

    found = mps.evaluate_many(frame.to_dict("records"))

    assert [{"fever", "age_years"}, set()] == [
        {f.term for f in a.findings.patient if not f.follows_from} & {"fever", "age_years"} for a in found
    ]
    assert [True, False] == [a.findings.pain[0].present for a in found]


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"pain.low_back.left": True}, {"pain": ["low_back.left"]}),
        ({"low_back": False}, {"pain": [{"region": "low_back", "present": False}]}),
        ({"low_back.bilateral": True}, {"pain": ["low_back.bilateral"]}),
        ({"pain": "low_back.left"}, {"pain": ["low_back.left"]}),
        ({"gluteus_medius.left.taut_band": True}, {"exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True}]}),
        ({"soleus.examined": True}, {"exam": [{"muscle": "soleus"}]}),
        ({ABOUT: True}, {"labels": {"facet_syndrome": {"label_treated_without_relief": True}}}),
        ({ABOUT.removeprefix("labels."): True}, {"labels": {"facet_syndrome": {"label_treated_without_relief": True}}}),
        ({"labels.facet_syndrome": False}, {"labels": {"facet_syndrome": False}}),
        ({"pain_quality.dull": True, "pain_quality.burning": False}, {"pain_quality": {"dull": True, "burning": False}}),
        ({"pain_quality": ["dull"], "pain_quality.burning": False}, {"pain_quality": {"dull": True, "burning": False}}),
        ({"age_years.at_least": 40, "age_years.at_most": 50}, {"age_years": {"at_least": 40, "at_most": 50}}),
        ({"age_years.at_least": 40}, {"age_years": {"at_least": 40, "at_most": 120}}),
        ({"labels": {"facet_syndrome": {"imaging_done": True}}, ABOUT: True},
         {"labels": {"facet_syndrome": {"imaging_done": True, "label_treated_without_relief": True}}}),
    ],
)  # fmt: skip
def test_an_address_says_what_its_structured_key_says(said: Any, meant: Any, read: Read) -> None:
    assert read(meant) == read(said)


@given(data=patients())
def test_a_row_of_a_table_reads_as_the_findings_it_came_from(data: dict[str, Any], terrain: Terrain) -> None:
    try:
        found = read_findings(data, terrain)
    except FindingError:
        return
    without = attrs.evolve(found, pain=tuple(attrs.evolve(entry, intensity=None) for entry in found.pain))
    expected = read_findings(as_mapping(without), terrain)

    assert expected == read_findings(as_row(found, terrain.vocabulary), terrain)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"pain": ["low_back.left"], "pain.low_back.left": False}, "pain: low_back (left) is said to hurt and to be free of pain"),
        ({"pain_quality": "dull", "pain_quality.dull": False}, "pain_quality.dull: contradicts what 'pain_quality' says: 'dull'"),
        ({"labels": {"facet_syndrome": False}, ABOUT: True}, f"{ABOUT}: contradicts what is said of facet_syndrome elsewhere"),
        ({"labels.facet_syndrome": False, ABOUT: True}, f"{ABOUT}: contradicts what is said of facet_syndrome elsewhere"),
        ({"pain.low_back.left": 7}, "pain.low_back.left: expected true or false, got 7"),
        ({"pain.sacrum.left": True}, "pain.sacrum.left.side: 'left' is impossible: sacrum has no sides"),
        ({"soleus.left.taut_band": "x"}, "soleus.left.taut_band: expected true or false, got 'x'"),
    ],
)
def test_what_an_address_contradicts_or_cannot_hold_is_refused(data: Any, expected: str, fault: FaultOf) -> None:
    assert expected == fault(data)


def test_a_finding_of_the_only_diagnosis_needs_no_address(read: Read) -> None:
    expected = read({ABOUT: True, "labels.disc_herniation": False})

    assert expected == read({"labels": {"facet_syndrome": True, "disc_herniation": False}, "label_treated_without_relief": True})


def test_a_finding_of_one_of_several_diagnoses_names_their_addresses(fault: FaultOf) -> None:
    found = fault({"labels": ["facet_syndrome", "disc_herniation"], "imaging_done": True})

    assert "labels.disc_herniation.imaging_done or labels.facet_syndrome.imaging_done" in found


def test_what_if_and_tables_take_the_same_addresses() -> None:
    before = mps.evaluate({"labels": ["facet_syndrome"]})
    expected = mps.evaluate({ABOUT: True})
    row = pl.DataFrame({"person": [1], ABOUT: [True], "pain.neck.left": [True]})

    assert expected == before.what_if({ABOUT: True}).assessment
    assert [(False,)] == mps.evaluate_cohort(row).select("rejected").rows()


# --- places -----------------------------------------------------------------------------------------------------------


def test_a_side_of_a_group_is_pain_somewhere_in_that_half(kb: KnowledgeBase, read: Read) -> None:
    found = read({"pain": ["neck.left"]})
    pain_map = Facts(terrain_of(kb), found).pain_map

    assert (Pain("neck", "left"),) == found.pain
    assert [True, True, None, None] == [
        pain_map.at(*at) for at in (("neck", None), ("neck", "left"), ("neck", "right"), ("neck_lateral", "left"))
    ]


def test_freedom_of_one_half_leaves_the_other_open(kb: KnowledgeBase, read: Read) -> None:
    pain_map = Facts(terrain_of(kb), read({"neck.left": False})).pain_map

    assert [False, None, None] == [pain_map.at(*at) for at in (("neck_lateral", "left"), ("neck_lateral", "right"), ("neck", None))]


def test_every_region_with_sided_parts_takes_a_side(kb: KnowledgeBase, read: Read) -> None:
    sided = [
        r.id for r in kb.vocabulary.regions.values() if any(kb.vocabulary.regions[leaf].sides for leaf in terrain_of(kb).tree.leaves[r.id])
    ]

    assert [Pain(region, "right") for region in sorted(sided)] == list(read({"pain": [f"{region}.right" for region in sided]}).pain)
    assert len(sided) > 90


# --- amounts and times ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "weeks"),
    [("1/2 year", 365.25 / 14), ("1 1/2 years", 365.25 * 1.5 / 7), ("6 weeks", 6), ("3 months", 90 / 7), (" 1 / 2  a ", 365.25 / 14)],
)
def test_a_time_may_be_a_fraction_of_a_unit(written: str, weeks: float, read: Read) -> None:
    (found,) = (f for f in read({"symptom_duration": written}).patient if f.term == "symptom_duration")

    assert found.value == pytest.approx(weeks)


@pytest.mark.parametrize(("written", "level"), [("7/10", 7), ("0/10", 0), ("10 / 10", 10)])
def test_points_of_ten_are_points(written: str, level: float, read: Read) -> None:
    (entry,) = read({"pain": [{"region": "low_back", "intensity": written, "present": level > 0}]}).pain

    assert level == entry.intensity


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"systolic_bp": "120/80"}, "write one number from 40 to 300"),
        ({"systolic_bp": "120/80 mmHg"}, "write one number"),
        ({"wpi": "7/10"}, "write one number from 0 to 19"),
        ({"symptom_duration": "1/2"}, "write one number"),
        ({"symptom_duration": "a couple of weeks"}, "say how many weeks, or between what"),
        ({"symptom_duration": "a few months"}, "say how many months"),
        ({"symptom_duration": "some"}, "expected a number in weeks"),
        ({"symptom_duration": "since 2021-05"}, "evaluate(findings, on=date)"),
    ],
)
def test_what_could_mean_several_amounts_is_refused_with_advice(data: Any, words: str, fault: FaultOf) -> None:
    assert words in fault(data)


@pytest.mark.parametrize(
    ("written", "days"),
    [("since 2021-05-03", (7, 7)), ("since 2021-05", (0, 9)), ("Since 2020", (130, 495)), (" since  2021-4 ", (10, 39))],
)
def test_a_time_since_a_day_is_counted_from_the_day_it_is_read(written: str, days: tuple[int, int], read: Read) -> None:
    expected = read({"symptom_duration": {"at_least": f"{days[0]} d", "at_most": f"{days[1]} d"}})

    assert expected == read({"symptom_duration": written}, date(2021, 5, 10))


@pytest.mark.parametrize("written", ["since 2021-06", "since 2021-13", "since 2021-02-30", "since last year"])
def test_a_time_since_no_day_or_a_later_one_is_refused(written: str, terrain: Terrain) -> None:
    with pytest.raises(FindingError):
        read_findings({"symptom_duration": written}, terrain, date(2021, 5, 10))


@given(text=st.text(max_size=12), term=st.sampled_from(["symptom_duration", "wpi", "age_years", "crp", "systolic_bp", "pack_years"]))
def test_no_message_says_a_number_in_a(text: str, term: str, terrain: Terrain) -> None:
    if term not in terrain.vocabulary.terms:
        return
    message = ""
    try:
        read_findings({term: text}, terrain)
    except FindingError as refused:
        message = str(refused)
    assert "expected a number in a," not in message


# --- what was meant ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"sex": "female"}, "closest is 'sex_at_birth'"),
        ({"M54.16": True}, "closest is 'labels.lumbar_radiculopathy'"),
        ({"m54.16": True}, "closest is 'labels.lumbar_radiculopathy'"),
        ({"sciatica": True}, "labels.lumbar_radiculopathy is called so too"),
        ({"QL": True}, "quadratus_lumborum is a muscle, write it in an entry of 'exam'"),
        ({"leg": True}, "closest is 'lower_limb'"),
        ({"facet_syndrome": True}, "closest is 'labels.facet_syndrome'"),
        ({"pain": ["leg"]}, "closest is 'lower_limb'"),
        ({"labels": ["sciatica"]}, "closest is 'lumbar_radiculopathy'"),
        ({"labels": ["M54.16"]}, "closest is 'lumbar_radiculopathy'"),
        ({"exam": [{"muscle": "QL"}]}, "closest is 'quadratus_lumborum'"),
    ],
)
def test_another_name_points_to_the_word_that_is_meant(data: Mapping[str, Any], expected: str, fault: FaultOf) -> None:
    assert expected in fault(data)
