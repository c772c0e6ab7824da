"""Every packaged case passes through every executor, and a case that expects something else fails and says so."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import attrs
import pytest

import mps_rules as mps
import rete
from executors import Executor, of_rules
from executors import differences as differences_of
from mps_rules.authoring.cases import Case, Expectation, Outcome, read_cases, run_case, run_cases
from mps_rules.chaining import circuit, engine, reference
from mps_rules.chaining.chains import Chain
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.structure import structure
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from packs import closed, part_of
from random_packs import seeded

AREAS = ("arm", "back", "general", "head", "leg", "neck", "trunk")
SHELVES = ("article", "criteria", "factors", "labels", "management", "safety", *(f"causes.{area}" for area in AREAS))
ALL = os.environ.get("CASES") == "all"
"""Whether every case goes through the slow executors whole, which takes an evening."""
BEARABLE = 60
"""Up to how many rules experta's own matcher is asked about a case."""
SHARE = {"safety": 3, "criteria": 2, "management": 2, **{f"causes.{area}": 5 for area in AREAS}}
"""Of the cases of the large shelves one in so many; the linter puts all of them through the engine."""


# --- the packaged cases -----------------------------------------------------------------------------------------------


def _always(found: Chain) -> Executor:
    """Who gives this answer, whoever asks."""
    return lambda _base, _facts: found


@lru_cache(maxsize=4)
def _behind(base: KnowledgeBase, rule: str) -> KnowledgeBase:
    """The part of a base that decides a rule: the rule, and all that it reads."""
    return part_of(base, closed(base, [rule]))


def _failures(base: KnowledgeBase, case: Case) -> Iterator[str]:
    """In what a case fails by the engine, and in what the circuit and the definition say something else of its rule."""
    facts = Facts(terrain_of(base), read_findings(case.findings, terrain_of(base)))
    found, other = engine.chain(base, facts), circuit.chain(base, facts)
    part = base if ALL else _behind(base, case.rule)
    expected = reference.chain(part, facts)
    yield from run_case(base, case, _always(found)).differences
    yield from (f"engine: {line}" for line in of_rules(part, facts, expected, found))
    yield from (f"circuit: {line}" for line in of_rules(part, facts, expected, other))
    yield from (f"circuit, by the engine: {line}" for line in differences_of(base, facts, found, other))


@pytest.mark.parametrize("shelf", SHELVES)
def test_every_packaged_case_passes_through_engine_circuit_and_definition(shelf: str, kb: KnowledgeBase) -> None:
    cases = [case for case in read_cases(kb) if case.rule.startswith(f"{shelf}.")]
    if not ALL:
        cases = seeded(11).sample(cases, len(cases) // SHARE.get(shelf, 1))

    assert cases
    assert [f"{case.place}: {case.case}: {line}" for case in cases for line in _failures(kb, case)] == []


@pytest.fixture(scope="module")
def some_cases(kb: KnowledgeBase) -> list[Case]:
    """Twenty cases, whose rules rest on few others."""
    cases = read_cases(kb)
    return list(cases) if ALL else seeded(7).sample([case for case in cases if len(closed(kb, [case.rule])) <= BEARABLE], 20)


def test_what_is_so_of_a_case_is_so_by_rete(kb: KnowledgeBase, some_cases: list[Case]) -> None:
    assert some_cases
    for case in some_cases:
        base = _behind(kb, case.rule)
        facts = Facts(terrain_of(kb), read_findings(case.findings, terrain_of(kb)))
        found = of_rules(base, facts, reference.chain(base, facts), rete.chain(base, facts))

        assert (case.place, []) == (case.place, list(found))


def test_no_shelf_is_left_out(kb: KnowledgeBase) -> None:
    assert [] == [case.rule for case in read_cases(kb) if not case.rule.startswith(tuple(f"{shelf}." for shelf in SHELVES))]


def test_the_cases_of_one_rule_or_of_one_shelf_can_be_run_alone(kb: KnowledgeBase) -> None:
    one, shelf = run_cases(kb, "article.sharp_on_movement"), run_cases(kb, "labels")

    assert {"article.sharp_on_movement"} == {outcome.case.rule for outcome in one}
    assert {"labels"} == {outcome.case.rule.partition(".")[0] for outcome in shelf}
    assert run_cases(kb, "label") == ()


def test_a_case_knows_its_file_its_line_and_its_rule(kb: KnowledgeBase) -> None:
    case = next(case for case in read_cases(kb) if case.rule == "safety.rf_cauda_equina")

    assert case.place == "safety/rf_cauda_equina.cases.yaml line 1, [0]"


# --- what a case can find ---------------------------------------------------------------------------------------------

FACET: dict[str, Any] = {
    "pain": ["low_back.left"],
    "pain_dull_deep_ache": True,
    "pain_sharp_on_movement": True,
    "neuro_exam_normal": True,
    "labels": {"facet_syndrome": {"label_treated_without_relief": True}},
    "exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True, "hypersensitive_spot": True, "pain_recognition": True}],
}
ALARM: dict[str, Any] = {**FACET, "saddle_anaesthesia": True, "cancer_in_remission": True}


@pytest.fixture
def differences(kb: KnowledgeBase) -> Callable[[str, Any, Mapping[str, Any]], tuple[str, ...]]:
    """What a case of a rule would say if it expected this."""

    def run(rule: str, findings: Any, expect: Mapping[str, Any]) -> tuple[str, ...]:
        expectation, faults = structure(expect, Expectation, str)
        assert expectation
        assert not faults
        return run_case(kb, Case("a case", findings, expectation, rule)).differences

    return run


Differences = Callable[[str, Any, Mapping[str, Any]], tuple[str, ...]]

HOLDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("article.sharp_on_movement", FACET, {"fires": True, "cautions": ["joint_anchoring"], "urgency": "none"}),
    ("article.sharp_on_movement", {**FACET, "pain_sharp_on_movement": False}, {"fires": False, "not": {"cautions": ["joint_anchoring"]}}),
    ("article.sharp_on_movement", {"pain_dull_deep_ache": True}, {"fires": "unknown", "asks": ["pain_sharp_on_movement", "motor_deficit"]}),
    ("article.label_treated_without_relief", FACET, {"fires": True, "for": "facet_syndrome"}),
    ("criteria.trp_delphi_2018", FACET, {"fires": True, "for": "gluteus_medius.left", "criteria": ["trp_delphi_2018"]}),
    ("criteria.active_trigger_point", FACET, {"derived": ["active_trigger_point"], "hypotheses": {"myofascial_pain": "probable"}}),
    ("safety.rf_cauda_equina", ALARM, {"urgency": "emergency", "alerts": {"rf_cauda_equina": "raised", "rf_malignancy_history": "open"}}),
    ("safety.rf_cauda_equina", ALARM, {"not": {"recommends": ["self_care"], "urgency": "none", "alerts": ["rf_aaa"]}}),
    ("article.injection_and_surgery", FACET, {"recommends": ["avoid", "examine"], "not": {"hypotheses": {"fibromyalgia": "probable"}}}),
]


@pytest.mark.parametrize(("rule", "findings", "expect"), HOLDS)
def test_a_case_that_expects_what_is_so_passes(rule: str, findings: Any, expect: Mapping[str, Any], differences: Differences) -> None:
    assert differences(rule, findings, expect) == ()


WRONG: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("article.sharp_on_movement", FACET, {"fires": False}, "fires: expected false, but it fires"),
    ("article.sharp_on_movement", FACET, {"fires": "unknown"}, "fires: expected unknown, but it fires"),
    ("article.sharp_on_movement", {"pain_sharp_on_movement": False}, {"fires": True}, "fires: expected true, but it is silent"),
    ("article.sharp_on_movement", {}, {"fires": False}, "fires: expected false, but it is undecided"),
    (
        "criteria.active_trigger_point",
        FACET,
        {"fires": True, "for": "gluteus_medius.right"},
        "fires: expected true, but it is undecided",
    ),
    (
        "article.sharp_on_movement",
        {"pain_dull_deep_ache": True, "neuro_exam_normal": True},
        {"fires": "unknown", "asks": ["fever"]},
        "asks: fever would not help to decide it; these would: pain_sharp_on_movement",
    ),
    ("article.sharp_on_movement", FACET, {"cautions": ["arthritis_anchoring"]}, "cautions: arthritis_anchoring is missing"),
    ("article.sharp_on_movement", FACET, {"criteria": ["fm_acr_2016"]}, "criteria: fm_acr_2016 is missing"),
    ("article.sharp_on_movement", FACET, {"derived": ["nerve_root_signs"]}, "derived: nerve_root_signs is missing"),
    ("article.sharp_on_movement", FACET, {"recommends": ["investigate"]}, "recommends: investigate is missing"),
    (
        "article.sharp_on_movement",
        FACET,
        {"alerts": {"rf_cauda_equina": "raised"}},
        "alerts: rf_cauda_equina is not there, expected raised",
    ),
    ("safety.rf_cauda_equina", ALARM, {"alerts": {"rf_cauda_equina": "open"}}, "alerts: rf_cauda_equina is raised, expected open"),
    (
        "article.sharp_on_movement",
        FACET,
        {"hypotheses": {"myofascial_pain": "possible"}},
        "hypotheses: myofascial_pain is probable, expected possible",
    ),
    (
        "article.sharp_on_movement",
        FACET,
        {"hypotheses": {"spinal_infection": "possible"}},
        "hypotheses: spinal_infection is not there, expected possible",
    ),
    ("article.sharp_on_movement", FACET, {"urgency": "soon"}, "urgency: none, expected soon"),
    ("article.sharp_on_movement", FACET, {"not": {"cautions": ["joint_anchoring"]}}, "not cautions: joint_anchoring is there"),
    ("article.sharp_on_movement", FACET, {"not": {"criteria": ["trp_delphi_2018"]}}, "not criteria: trp_delphi_2018 is there"),
    ("article.sharp_on_movement", FACET, {"not": {"derived": ["active_trigger_point"]}}, "not derived: active_trigger_point is there"),
    ("article.sharp_on_movement", FACET, {"not": {"recommends": ["examine"]}}, "not recommends: examine is there"),
    ("safety.rf_cauda_equina", ALARM, {"not": {"alerts": {"rf_cauda_equina": "raised"}}}, "not alerts: rf_cauda_equina is raised"),
    (
        "article.sharp_on_movement",
        FACET,
        {"not": {"hypotheses": {"myofascial_pain": "probable"}}},
        "not hypotheses: myofascial_pain is probable",
    ),
    ("safety.rf_cauda_equina", ALARM, {"not": {"urgency": "emergency"}}, "not urgency: it is emergency"),
]


@pytest.mark.parametrize(("rule", "findings", "expect", "expected"), WRONG)
def test_a_case_that_expects_something_else_fails_and_says_what(
    rule: str, findings: Any, expect: Mapping[str, Any], expected: str, differences: Differences
) -> None:
    assert (expected,) == differences(rule, findings, expect)


@pytest.mark.parametrize("alert", ["rf_cauda_equina", "rf_malignancy_history"])
def test_an_alert_that_is_denied_by_its_name_alone_may_be_neither_raised_nor_open(alert: str, differences: Differences) -> None:
    (found,) = differences("safety.rf_cauda_equina", ALARM, {"not": {"alerts": [alert]}})

    assert found.startswith(f"not alerts: {alert} is ")


def test_every_key_of_an_expectation_is_found_wrong_by_some_case_above() -> None:
    keys = {attribute.name.rstrip("_") for attribute in attrs.fields(Expectation)}
    denied = {key for _, _, expect, _ in WRONG for key in expect.get("not", {})}

    assert keys == {key for _, _, expect, _ in WRONG for key in expect}
    assert keys - {"fires", "for", "asks", "not"} == denied


SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"cautions": ["joint_anchorin"]}, "cautions: no rule gives 'joint_anchorin'; closest is 'joint_anchoring'"),
    ({"criteria": ["fm_acr_2015"]}, "criteria: no rule gives 'fm_acr_2015'; closest is 'fm_acr_2016'"),
    ({"derived": ["nerve_root_sign"]}, "derived: no rule gives 'nerve_root_sign'; closest is 'nerve_root_signs'"),
    ({"recommends": ["selfcare"]}, "recommends: no rule gives 'selfcare'; closest is 'self_care'"),
    ({"alerts": {"rf_cauda_equin": "raised"}}, "alerts: no rule gives 'rf_cauda_equin'; closest is 'rf_cauda_equina'"),
    ({"alerts": {"rf_cauda_equina": "risen"}}, "alerts: no status 'risen'"),
    ({"hypotheses": {"myofascial": "possible"}}, "hypotheses: no rule gives 'myofascial'; closest is 'myofascial_pain'"),
    ({"hypotheses": {"fibromyalgia": "likely"}}, "hypotheses: no status 'likely'"),
    ({"urgency": "high"}, "urgency: no urgency 'high'"),
]


@pytest.mark.parametrize(("expect", "expected"), SENSELESS)
def test_a_word_that_no_rule_can_give_is_reported(expect: Mapping[str, Any], expected: str, differences: Differences) -> None:
    assert expected in differences("article.sharp_on_movement", FACET, expect)


@pytest.mark.parametrize(("expect", "expected"), SENSELESS)
def test_a_denial_of_a_word_that_no_rule_can_give_proves_nothing(
    expect: Mapping[str, Any], expected: str, differences: Differences
) -> None:
    assert (expected,) == differences("article.sharp_on_movement", FACET, {"not": expect})


MISUSED: list[tuple[str, dict[str, Any], str]] = [
    ("article.sharp_on_movement", {"fires": "maybe"}, "fires: expected true, false or unknown, got 'maybe'"),
    ("article.sharp_on_movement", {"asks": ["fever"]}, "asks needs fires: unknown"),
    ("article.sharp_on_movement", {"not": {"fires": True, "nothing": 1}}, "not nothing: no such key 'nothing' here"),
    ("criteria.active_trigger_point", {"fires": True}, "a rule about a muscle needs for: which one"),
    ("article.label_unexamined", {"fires": True}, "a rule about a label needs for: which one"),
]


@pytest.mark.parametrize(("rule", "expect", "expected"), MISUSED)
def test_a_case_that_does_not_say_what_it_means_is_told(
    rule: str, expect: Mapping[str, Any], expected: str, differences: Differences
) -> None:
    assert any(difference.startswith(expected) for difference in differences(rule, FACET, expect))


def test_a_case_whose_findings_are_faulty_fails_with_every_fault(differences: Differences) -> None:
    expected = (
        "its findings: feverish: no finding 'feverish' in the vocabulary; closest is 'fever'",
        "its findings: pain[0].region: no region 'lowback'; closest is 'low_back'",
    )

    assert expected == differences("article.sharp_on_movement", {"feverish": True, "pain": ["lowback"]}, {"fires": True})


def test_an_outcome_passes_when_nothing_differs(kb: KnowledgeBase) -> None:
    case = read_cases(kb)[0]

    assert Outcome(case, verdict=True, differences=()).passed
    assert not Outcome(case, verdict=True, differences=("something",)).passed


# --- files of cases ---------------------------------------------------------------------------------------------------

BASE = Path(__file__).parent / "lint" / "base"


@pytest.fixture
def faults_of(tmp_path: Path) -> Callable[[str, str], list[str]]:
    """What is said against a file of cases laid on the linter's small pack."""

    def faults(name: str, text: str) -> list[str]:
        folder = shutil.copytree(BASE, tmp_path / "rules")
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        with pytest.raises(mps.KnowledgeError) as refused:
            read_cases(mps.load(folder))
        return [str(fault) for fault in refused.value.faults]

    return faults


FILES: list[tuple[str, str, list[str]]] = [
    (
        "demo/hot_ache.cases.yaml",
        '- {case: "Nothing known", findings: {}, expect: {fires: unknown}}\n',
        ["demo/hot_ache.cases.yaml: no rule 'demo.hot_ache' beside these cases; closest is 'demo.hot_back'"],
    ),
    (
        "demo/hot_back.cases.yaml",
        '- {case: "A", findings: {}, expect: {firs: true}}\n- {findings: {}, expect: {}}\n',
        [
            "demo/hot_back.cases.yaml line 1, [0].expect.firs: no such key 'firs' here; closest is 'fires'",
            "demo/hot_back.cases.yaml line 2, [1].case: is missing",
        ],
    ),
    ("demo/hot_back.cases.yaml", "case: A\n", ["demo/hot_back.cases.yaml line 1: expected a list, got {'case': 'A'}"]),
    ("demo/hot_back.cases.yaml", "- *a\n", ["demo/hot_back.cases.yaml line 1: aliases (*name) are not allowed; write the value out"]),
]


@pytest.mark.parametrize(("name", "text", "expected"), FILES)
def test_a_faulty_file_of_cases_is_refused_with_every_fault(
    name: str, text: str, expected: list[str], faults_of: Callable[[str, str], list[str]]
) -> None:
    assert expected == faults_of(name, text)


def test_a_file_of_cases_that_is_not_text_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(BASE, tmp_path / "rules")
    (folder / "demo" / "hot_back.cases.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(mps.KnowledgeError, match=r"demo/hot_back\.cases\.yaml: is not UTF-8 text"):
        read_cases(mps.load(folder))


def test_cases_of_a_draft_wait_until_it_is_active(tmp_path: Path) -> None:
    folder = shutil.copytree(BASE, tmp_path / "rules")
    rule = folder / "demo" / "hot_back.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("status: active", "status: draft"), encoding="utf-8")
    base = mps.load(folder)

    assert read_cases(base)
    assert run_cases(base) == ()
