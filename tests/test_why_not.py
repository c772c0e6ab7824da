"""Why not: the rules that could have, the nearest first; what stands, what is recorded against, what nobody has asked."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

import mps_rules as mps
from charts import chart, sample
from mps_rules.answer.values import Assessment, NearMiss, Shortfall
from mps_rules.command.cli import main
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import COSTS, PATIENT
from mps_rules.language import conditions as c
from packs import rule

Load = Callable[..., KnowledgeBase]


def misses(shortfall: Shortfall) -> dict[str, NearMiss]:
    return {one.rule: one for one in shortfall.rules}


# --- fibromyalgia, half asked -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def areas(kb: KnowledgeBase) -> list[str]:
    return [item for item in kb.vocabulary.measures["wpi"].sum if kb.vocabulary.terms[item].kind == "boolean"]


@pytest.fixture(scope="module")
def between(kb: KnowledgeBase, areas: list[str]) -> Assessment:
    """Five painful areas, ten free, four that nobody asked about: a WPI between 5 and 9."""
    said: dict[str, Any] = {"age_years": 50, "symptom_duration": "2 a", "symptoms_similar_3_months": True}
    said |= dict.fromkeys(areas[:5], True) | dict.fromkeys(areas[5:15], False)
    return mps.evaluate({key: value for key, value in said.items() if key in kb.vocabulary.terms}, kb)


def test_a_measure_that_is_half_known_names_the_areas_not_asked(between: Assessment, kb: KnowledgeBase, areas: list[str]) -> None:
    found = misses(between.why_not("fm_acr_2010"))["criteria.fm_acr_2010"]
    labels = [kb.vocabulary.terms[area].label for area in areas]
    told = {ask.lower() for ask in found.ask}

    assert {label.lower() for label in labels[15:]} <= told
    assert not {label.lower() for label in labels[:15]} & told


def test_an_item_of_many_points_counts_as_one_finding(kb: KnowledgeBase, areas: list[str]) -> None:
    said: dict[str, Any] = {**dict.fromkeys(areas[:7], True), "symptoms_similar_3_months": True, "other_disorder_explains_pain": False}
    scores = kb.vocabulary.measures["sss_2010"].sum
    one, two = ({**said, scores[0]: 3} if score else said for score in (True, False))

    assert 1 == misses(mps.evaluate(one, kb).why_not("fm_acr_2010"))["criteria.fm_acr_2010"].missing
    assert 2 == misses(mps.evaluate(two, kb).why_not("fm_acr_2010"))["criteria.fm_acr_2010"].missing


def test_many_findings_are_told_as_a_list_to_tick_off(kb: KnowledgeBase) -> None:
    lines = str(mps.evaluate({"pain": ["low_back.left"]}, kb).why_not("fm_acr_2010")).splitlines()

    assert "    ask:" in lines
    assert any(line.startswith("      - WPI: ") and "upper arm, left and right; " in line for line in lines)
    assert max(map(len, lines)) <= 120


def test_a_measure_that_is_half_known_is_shown_with_its_range(between: Assessment) -> None:
    found = misses(between.why_not("fm_acr_2010"))["criteria.fm_acr_2010"]

    assert any("Widespread Pain Index is 5 to 9 so far" in part for part in found.unknown)
    assert "Widespread Pain Index is 5 to 9 so far" in str(between.why_not("fm_acr_2010"))


def test_what_is_no_longer_possible_is_ruled_out_by_what_is_recorded(kb: KnowledgeBase, areas: list[str]) -> None:
    said = {**dict.fromkeys(areas, False), "symptom_duration": "2 a"}
    found = misses(mps.evaluate(said, kb).why_not("fm_acr_2010"))["criteria.fm_acr_2010"]

    assert found.missing is None
    assert any("widespread pain index" in line.lower() for line in found.against)
    assert "ruled out by what is recorded" in str(mps.evaluate(said, kb).why_not("fm_acr_2010"))


# --- any conclusion ---------------------------------------------------------------------------------------------------


def test_the_nearest_rule_comes_first_and_those_ruled_out_last(kb: KnowledgeBase) -> None:
    told = 0
    for one in sample(41, 24):
        assessment = mps.evaluate(chart(one), kb)
        for id_ in _open(assessment, kb)[:6]:
            far = [miss.missing for miss in assessment.why_not(id_).rules]
            told += len(far)
            known = [missing for missing in far if missing is not None]

            assert sorted(known) == far[: len(known)], (one.vignette, id_)
            assert all(missing > 0 for missing in known), (one.vignette, id_)

    assert told > 100


def _open(assessment: Assessment, kb: KnowledgeBase) -> list[str]:
    """Conclusions that were not reached, of every kind."""
    held = {id_ for one in assessment.trace for id_ in (one.rule, *kb.by_id[one.rule].derives())}
    hypotheses = [one.id for one in assessment.hypotheses if one.status in ("undecided", "unlikely")]
    alerts = [one.id for one in assessment.unscreened if one.id not in held]
    return [one for pair in zip(hypotheses, alerts, strict=False) for one in pair]


def test_a_rule_is_told_by_what_stands_what_is_not_known_and_what_is_against(kb: KnowledgeBase) -> None:
    assert any(_open(mps.evaluate(chart(one), kb), kb) for one in sample(42, 10))
    for one in sample(42, 10):
        assessment = mps.evaluate(chart(one), kb)
        for id_ in _open(assessment, kb)[:6]:
            for miss in assessment.why_not(id_).rules:
                verdict = {True: "unknown", False: "against"}[miss.missing is not None or not miss.against]

                assert getattr(miss, verdict), (one.vignette, miss)
                assert kb.by_id[miss.rule].title == miss.title
                assert kb.by_id[miss.rule].evidence.references == miss.references
                assert miss.subject == PATIENT or kb.by_id[miss.rule].about != "patient"


def test_a_rule_that_is_one_finding_short_is_reached_by_one_finding(kb: KnowledgeBase) -> None:
    tried = 0
    for one in sample(43, 10):
        assessment = mps.evaluate(chart(one), kb)
        for id_ in _open(assessment, kb)[:6]:
            for miss in assessment.why_not(id_).rules[:2]:
                if miss.missing == 1 and miss.subject == PATIENT and not _clashes(assessment, miss, kb):
                    tried += 1
                    found = assessment.flip(miss.rule)

                    assert found.sets, (one.vignette, miss)
                    assert 1 == min(len(flip.changes) for flip in found.sets), (one.vignette, miss)

    assert tried > 20


def _clashes(assessment: Assessment, miss: NearMiss, kb: KnowledgeBase) -> bool:
    """Whether a rule reads what cannot be present together with something recorded."""
    present = {finding.term for finding in assessment.findings.patient if finding.value is True}
    excluded = {other for id_ in present for other in kb.vocabulary.terms[id_].excludes}
    return any(isinstance(part, c.Present) and part.term in excluded for part in c.walk(kb.by_id[miss.rule].when))


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ({"saddle_anaesthesia": True, "pain": ["low_back.left"]}, "rf_cauda_equina"),
        ({"saddle_anaesthesia": True, "pain": ["low_back.left"]}, "safety.rf_cauda_equina"),
        ({"saddle_anaesthesia": True, "pain": ["low_back.left"]}, "alert.emergency"),
    ],
)
def test_what_was_concluded_is_asked_why_and_not_why_not(said: dict[str, Any], id_: str, kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError) as raised:
        mps.evaluate(said, kb).why_not(id_)

    assert [f"{id_}: was concluded: ask why"] == [str(fault) for fault in raised.value.faults]
    assert mps.evaluate(said, kb).why(id_).statement


@pytest.mark.parametrize(
    ("id_", "closest"), [("fibromyalgja", "fibromyalgia"), ("rf_cauda_equin", "rf_cauda_equina"), ("joint_anchorin", "joint_anchoring")]
)
def test_an_unknown_id_is_told_the_closest(id_: str, closest: str, kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError) as raised:
        mps.evaluate({}, kb).why_not(id_)

    (fault,) = raised.value.faults
    assert (id_, closest) == (fault.where, fault.closest)


def test_every_kind_of_id_can_be_asked_about(kb: KnowledgeBase) -> None:
    empty = mps.evaluate({}, kb)
    asked = ("fibromyalgia", "rf_cauda_equina", "fm_acr_2016", "nerve_root_signs", "joint_anchoring", "article.label_unexamined")
    for id_ in asked:
        found = empty.why_not(id_)

        assert id_ == found.id
        assert found.label
        assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


def test_what_a_recorded_finding_excludes_is_told_as_against(kb: KnowledgeBase) -> None:
    said = {"age_years": 45, "pain": ["low_back.left"], "neuro_exam_normal": True}
    (miss,) = mps.evaluate(said, kb).why_not("rf_cord_level").rules

    assert miss.missing is None
    assert "sensory level on the trunk: cannot be present beside neurological examination normal" in miss.against
    assert not any("sensory level" in line for line in miss.ask)


# --- on a small pack --------------------------------------------------------------------------------------------------


def test_each_rule_says_of_each_line_where_it_stands(load: Load) -> None:
    base = load(
        rule("shelf.far", when="{all: [cough, {not: rash}, {quality: [dull]}]}"),
        rule("shelf.near", when="{all: [fever, cough]}"),
        rule("shelf.out", when="{all: [rash, {onset: [slow]}]}"),
    )
    found = mps.evaluate({"fever": True, "rash": False, "onset": "sudden"}, base).why_not("ill")

    assert ["shelf.near", "shelf.far", "shelf.out"] == [miss.rule for miss in found.rules]
    assert [1, 2, None] == [miss.missing for miss in found.rules]
    assert ("fever",) == found.rules[0].holds
    assert ("cough",) == found.rules[0].unknown == found.rules[0].ask
    assert ("cough", "words") == found.rules[1].ask
    assert 2 == len(found.rules[2].against)
    assert str(found).splitlines()[1:4] == ["  A rule (1 finding short)", "    stands: fever", "    not known: cough"]
    assert "  A rule (about 2 findings short)" in str(found).splitlines()


def test_a_rule_that_speaks_against_is_not_one_that_could_have(load: Load) -> None:
    base = load(
        rule("shelf.for", then="[support: {hypothesis: muscle_pain, strength: strong}]"),
        rule("shelf.against", when="cough", then="[oppose: {hypothesis: muscle_pain, strength: strong}]"),
    )
    found = mps.evaluate({}, base).why_not("muscle_pain")

    assert ["shelf.for"] == [miss.rule for miss in found.rules]


def test_what_only_has_weak_arguments_left_says_so(load: Load) -> None:
    base = load(rule("shelf.for", then="[support: {hypothesis: muscle_pain, strength: weak}]"))
    found = mps.evaluate({"fever": True}, base).why_not("muscle_pain")

    assert ("possible", ()) == (found.status, found.rules)
    assert "Muscle pain: possible." == str(found)


def test_the_command_tells_it_and_its_mistakes(tmp_path: Any) -> None:
    path = tmp_path / "patient.yaml"
    path.write_text("pain: [low_back.left]\nfever: false\n", encoding="utf-8")
    told = CliRunner().invoke(main, ["why-not", str(path), "rf_cauda_equina"])
    data = CliRunner().invoke(main, ["why-not", str(path), "rf_cauda_equina", "--json"])
    wrong = CliRunner().invoke(main, ["why-not", str(path), "rf_cauda"])

    assert told.stdout.startswith("Possible cauda equina syndrome: not concluded.\n")
    assert "rf_cauda_equina" == json.loads(data.stdout)["id"]
    assert (2, "error: rf_cauda: is nothing that these rules conclude") == (wrong.exit_code, wrong.stderr.partition(";")[0].strip())


# --- causes: points ---------------------------------------------------------------------------------------------------

STIFF = {"age_years": 26, "symptom_duration": "6 wk", "pain": ["low_back.left", "buttock.left"], "relief_exercise": True}


def test_a_cause_says_how_many_points_it_is_short_and_what_counts(kb: KnowledgeBase) -> None:
    (miss,) = mps.evaluate(STIFF, kb).why_not("axial_spondyloarthritis").rules
    points = miss.points

    assert points is not None
    assert (-2, 0, 2) == (points.score, points.line, points.short)
    assert ("uncommon here (-4)", "age: 26 years +1", "eases with exercise +1") == points.counted
    assert "2 points short: -2, its line is 0" in str(mps.evaluate(STIFF, kb).why_not("axial_spondyloarthritis"))


def test_what_would_close_a_gap_is_told_cheapest_first_and_closes_it(kb: KnowledgeBase) -> None:
    points = mps.evaluate(STIFF, kb).why_not("axial_spondyloarthritis").rules[0].points
    assert points is not None
    costs = [COSTS.index(one.cost) for one in points.closing]

    assert sorted(costs) == costs
    assert all(sum(one.points) >= points.short > sum(one.points) - min(one.points) for one in points.closing)
    assert ("uveitis",) in [one.findings for one in points.closing]
    assert [h.status for h in mps.evaluate({**STIFF, "uveitis": True}, kb).hypotheses if h.id == "axial_spondyloarthritis"] == ["possible"]


def test_what_counts_against_a_cause_is_told_with_its_points(kb: KnowledgeBase) -> None:
    points = mps.evaluate({**STIFF, "hla_b27_positive": False}, kb).why_not("axial_spondyloarthritis").rules[0].points

    assert points is not None
    assert ("HLA-B27 positive: recorded absent -2",) == points.against
    assert 4 == points.short


def test_a_cause_that_is_not_considered_says_why(kb: KnowledgeBase) -> None:
    (miss,) = mps.evaluate(STIFF, kb).why_not("polymyalgia_rheumatica").rules

    assert miss.points is None
    assert "considered only with: age at least 50 years" in miss.against
    assert any(line.startswith("no pain is recorded where it is felt: shoulder girdle") for line in miss.against)
