"""An address names one thing that can be known, in one way; a change through it changes that thing and nothing else."""

from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mps_rules as mps
from charts import chart, sample, stated
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT, SIDES
from mps_rules.patient.addresses import Address, address, as_mapping, changed
from mps_rules.patient.facts import Terrain, terrain_of
from mps_rules.patient.findings import CARRIED, read_findings
from mps_rules.patient.values import Findings
from test_evaluate import consistent, patients

CHART: Mapping[str, Any] = {
    "age_years": 46,
    "fever": False,
    "pain_quality": {"dull": True, "burning": False},
    "body_temperature": 36.8,
    "pain": [
        {"region": "low_back", "side": "left", "intensity": 6},
        "buttock.left",
        {"region": "thigh_posterior", "side": "left", "present": False},
    ],
    "pain_map_complete": False,
    "labels": {
        "facet_syndrome": {"label_treated_without_relief": True, "prior_label_basis": "imaging_only"},
        "disc_herniation": False,
        "piriformis_deep_gluteal_syndrome": True,
    },
    "exam": [
        {"muscle": "gluteus_medius", "side": "left", "taut_band": True, "pain_recognition": True},
        {"muscle": "piriformis", "taut_band": False},
    ],
}


def read(mapping: Mapping[str, Any]) -> Findings:
    return read_findings(mapping, terrain_of(mps.load()))


def after(changes: Mapping[str, Any], mapping: Mapping[str, Any] = CHART) -> Findings:
    """The findings of a chart with changes made in it."""
    return read(changed(read(mapping), changes, mps.load().vocabulary))


# --- what an address names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("fever", Address("patient", PATIENT, "fever"), "fever"),
        ("low_back.left", Address("pain", "low_back", side="left"), "pain in the low back (lumbar), left"),
        ("pain.low_back.left", Address("pain", "low_back", side="left"), "pain in the low back (lumbar), left"),
        ("pain.low_back", Address("pain", "low_back"), "pain in the low back (lumbar)"),
        ("low_back.midline", Address("pain", "low_back", side="midline"), "pain in the low back (lumbar), midline"),
        (
            "gluteus_medius.left.taut_band",
            Address("muscle", "gluteus_medius", "taut_band", "left"),
            "gluteus medius (left): taut band felt",
        ),
        ("gluteus_medius.taut_band", Address("muscle", "gluteus_medius", "taut_band"), "gluteus medius: taut band felt"),
        ("quadratus_lumborum.right.taut_band", Address("muscle", "quadratus_lumborum", "taut_band", "right"), None),
        ("facet_syndrome.label_treated_without_relief", Address("label", "facet_syndrome", "label_treated_without_relief"), None),
        ("labels.facet_syndrome", Address("given", "facet_syndrome"), "diagnosis given: facet (zygapophyseal) syndrome"),
    ],
)
def test_an_address_names_one_thing(text: str, expected: Address, words: str | None, kb: KnowledgeBase) -> None:
    found = address(text, kb.vocabulary)

    assert expected == found
    assert words in (None, found.words(kb.vocabulary))


def test_everything_that_can_be_known_has_an_address_that_reads_back(kb: KnowledgeBase) -> None:
    words = kb.vocabulary
    patient = [Address("patient", PATIENT, term.id) for term in words.terms.values() if term.subject == "patient" and not term.fact]
    own = [term.id for term in words.terms.values() if term.subject == "muscle"]
    muscles = [
        Address("muscle", one, term, side)
        for one in dict.fromkeys((*words.muscles, *words.groups))
        for term in own
        for side in (*SIDES, None)
    ]
    about = [term.id for term in words.terms.values() if term.subject == "label"]
    labels = [Address("label", one, term) for one in words.diagnoses for term in about]
    given_ = [Address("given", one) for one in words.diagnoses]
    pain = [Address("pain", region.id, side=side) for region in words.regions.values() for side in (*region.sides, None)]
    every = [*patient, *muscles, *labels, *given_, *pain]
    misread = [str(one) for one in every if address(str(one), words) != one]

    assert [] == misread
    assert len(every) == len({str(one) for one in every})
    assert len(every) > 10_000
    assert all(one.words(words) for one in every)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("fever", PATIENT),
        ("low_back.left", PATIENT),
        ("labels.facet_syndrome", PATIENT),
        ("gluteus_medius.left.taut_band", "gluteus_medius.left"),
        ("facet_syndrome.imaging_done", "facet_syndrome"),
    ],
)
def test_an_address_says_of_whom_the_finding_is(text: str, subject: str, kb: KnowledgeBase) -> None:
    assert subject == address(text, kb.vocabulary).subject


@pytest.mark.parametrize(
    ("text", "closest"),
    [
        ("fevr", "fever"),
        ("low_bck.left", "low_back"),
        ("low_back.lft", "left"),
        ("gluteus_medus.left.taut_band", "gluteus_medius"),
        ("gluteus_medius.left.taut_bnd", "taut_band"),
        ("gluteus_medius.lft.taut_band", "left"),
        ("facet_syndrom.imaging_done", "facet_syndrome"),
        ("facet_syndrome.imaging_don", "imaging_done"),
        ("labels.facet_syndrom", "facet_syndrome"),
        ("pain.low_bck", "low_back"),
    ],
)
def test_what_names_nothing_is_told_the_closest_word(text: str, closest: str, kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError) as raised:
        address(text, kb.vocabulary)

    (fault,) = raised.value.faults
    assert (text, closest) == (fault.where, fault.closest)


@pytest.mark.parametrize(
    "text",
    ["", ".", "taut_band", "label_treated_without_relief", "facet_syndrome", "gluteus_medius", "gluteus_medius.left", "fever.left",
     "low_back.left.taut_band", "facet_syndrome.fever", "pain", "labels", "examined", "low_back.bilateral", "a.b.c.d", "x" * 500],
)  # fmt: skip
def test_half_an_address_names_nothing(text: str, kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError) as raised:
        address(text, kb.vocabulary)

    (fault,) = raised.value.faults
    assert len(fault.where) <= 120
    assert fault.closest != text


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(("pain", "labels", "fever", "left", "low_back", "soleus", "")), max_size=4).map(".".join)
)
@settings(max_examples=300)
def test_any_text_is_an_address_or_a_finding_error(text: str) -> None:
    with suppress(FindingError):
        found = address(text, mps.load().vocabulary)

        assert found == address(str(found), mps.load().vocabulary)


# --- as a mapping -----------------------------------------------------------------------------------------------------


@given(patients())
@settings(max_examples=120)
def test_findings_written_as_a_mapping_read_back_equal(findings: dict[str, Any]) -> None:
    known = read(consistent(findings))

    assert known == read(as_mapping(known))


def test_what_only_follows_is_not_written(terrain: Terrain) -> None:
    known = read({"body_temperature": 39})

    assert {"body_temperature": 39} == as_mapping(known)
    assert "fever" in {finding.term for finding in known.patient}


def test_the_mapping_of_a_vignette_is_a_copy_of_its_own() -> None:
    for one in sample(11, 20):
        known = read(chart(one))
        first, second = as_mapping(known), as_mapping(known)
        _spoil(first)

        assert second == as_mapping(known)


def _spoil(data: Any) -> None:
    """Empties everything inside."""
    for part in list(data.values() if isinstance(data, dict) else data):
        if isinstance(part, dict | list):
            _spoil(part)
    data.clear()


# --- changes ----------------------------------------------------------------------------------------------------------


def test_each_kind_of_address_changes_what_it_names() -> None:
    data = changed(
        read(CHART),
        {
            "fever": True,
            "pain_quality": ["sharp"],
            "age_years": None,
            "low_back.left": False,
            "buttock.left": None,
            "calf.right": True,
            "gluteus_medius.left.taut_band": False,
            "gluteus_medius.left.pain_recognition": None,
            "soleus.right.taut_band": True,
            "facet_syndrome.label_treated_without_relief": False,
            "labels.disc_herniation": True,
            "labels.piriformis_deep_gluteal_syndrome": None,
            "labels.frozen_shoulder": True,
        },
        mps.load().vocabulary,
    )
    expected = {
        **CHART,
        "fever": True,
        "pain_quality": ["sharp"],
        "age_years": None,
        "pain": [
            {"region": "low_back", "side": "left", "present": False},
            {"region": "thigh_posterior", "side": "left", "present": False},
            "calf.right",
        ],
        "labels": {
            "facet_syndrome": {"label_treated_without_relief": False, "prior_label_basis": "imaging_only"},
            "disc_herniation": True,
            "frozen_shoulder": True,
        },
        "exam": [
            {"muscle": "gluteus_medius", "side": "left", "taut_band": False},
            {"muscle": "piriformis", "taut_band": False},
            {"muscle": "soleus", "side": "right", "taut_band": True},
        ],
    }

    assert read(expected) == read(data)


def test_an_empty_chart_can_be_changed_in_every_way() -> None:
    changes = {
        "fever": True,
        "calf.left": True,
        "soleus.left.taut_band": True,
        "labels.facet_syndrome": True,
        "disc_herniation.imaging_done": True,
    }
    expected = {
        "fever": True,
        "pain": ["calf.left"],
        "exam": [{"muscle": "soleus", "side": "left", "taut_band": True}],
        "labels": {"facet_syndrome": True, "disc_herniation": {"imaging_done": True}},
    }

    assert read(expected) == after(changes, {})


def test_the_order_of_changes_does_not_matter() -> None:
    changes = {"labels.disc_herniation": True, "disc_herniation.imaging_done": True, "fever": True, "calf.left": True}

    assert after(changes) == after(dict(reversed(changes.items())))


@pytest.mark.parametrize("mapping", [CHART, {}])
@pytest.mark.parametrize(
    "text",
    ["saddle_anaesthesia", "calf.left", "soleus.left.taut_band", "labels.frozen_shoulder", "frozen_shoulder.imaging_done", "gluteus_medius.left.jump_sign",
     "facet_syndrome.imaging_done"],
)  # fmt: skip
def test_what_was_not_known_stays_so_when_it_is_made_unknown(text: str, mapping: Mapping[str, Any]) -> None:
    assert read(mapping) == after({text: None}, mapping)


def test_saying_again_what_is_known_changes_nothing() -> None:
    for one in sample(12, 30):
        known = read(chart(one))
        facts = mps.load().vocabulary
        said = {at: as_said.value if as_said.value is not None else _words(as_said) for at, as_said in stated_of(known)}
        said |= {f"labels.{label.label}": label.present for label in known.labels}
        said |= {str(Address("pain", entry.region, side=entry.side)): entry.present for entry in known.pain}

        assert known == read(changed(known, said, facts)), one.vignette
        for at, value in said.items():
            assert known == read(changed(known, {at: value}, facts)), (one.vignette, at)


def stated_of(known: Findings) -> Any:
    from mps_rules.patient.facts import Facts

    return stated(Facts(terrain_of(mps.load()), known))


def _words(finding: Any) -> dict[str, bool]:
    return {**dict.fromkeys(finding.words, True), **dict.fromkeys(finding.denied, False)}


def test_a_change_never_touches_what_it_is_made_in() -> None:
    known = read(CHART)
    before, again = deepcopy(known), read(CHART)
    changes: dict[str, Any] = {
        "fever": True,
        "pain_quality": {"dull": False},
        "low_back.left": None,
        "gluteus_medius.left.taut_band": False,
        "facet_syndrome.imaging_done": True,
        "labels.disc_herniation": None,
    }
    said = deepcopy(changes)
    first = changed(known, changes, mps.load().vocabulary)
    second = changed(known, changes, mps.load().vocabulary)

    assert first == second
    assert said == changes
    assert before == again == known


@given(patients(), st.data())
@settings(max_examples=60)
def test_no_change_touches_the_findings_of_any_patient(findings: dict[str, Any], data: st.DataObject) -> None:
    known = read(consistent(findings))
    before = deepcopy(known)
    terms = [term.id for term in mps.load().vocabulary.terms.values() if term.subject == "patient" and term.id not in CARRIED]
    chosen = data.draw(
        st.lists(st.sampled_from((*terms[:80], "low_back.left", "soleus.left.taut_band", "labels.facet_syndrome")), max_size=4)
    )
    changed(known, dict.fromkeys(chosen, True), mps.load().vocabulary)

    assert before == known


def test_every_address_that_names_nothing_is_told_at_once() -> None:
    with pytest.raises(FindingError) as raised:
        changed(read(CHART), {"fevr": True, "fever": True, "low_bck.left": True, "soleus.left.taut_bnd": True}, mps.load().vocabulary)
    expected = ["fevr", "low_bck.left", "soleus.left.taut_bnd"]

    assert expected == [fault.where for fault in raised.value.faults]


@pytest.mark.parametrize("at", [3, None, ("low_back", "left")])
def test_an_address_that_is_no_text_is_a_finding_error(at: Any) -> None:
    with pytest.raises(FindingError):
        changed(read(CHART), {at: True}, mps.load().vocabulary)


@pytest.mark.parametrize("value", ["yes", 3, [], {"a": 1}])
@pytest.mark.parametrize(
    "text", ["fever", "low_back.left", "gluteus_medius.left.taut_band", "facet_syndrome.imaging_done", "labels.facet_syndrome"]
)
def test_a_value_that_does_not_fit_is_a_finding_error(text: str, value: Any) -> None:
    if text == "labels.facet_syndrome" and value == {"a": 1}:
        value = {"no_such_finding": True}
    with pytest.raises(FindingError):
        after({text: value})
