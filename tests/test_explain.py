"""Why: every conclusion has a proof, down to what was found and to the sources, and says nothing twice."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings

import mps_rules as mps
from mps_rules.answer.values import Assessment, Proof
from mps_rules.authoring.cases import read_cases
from mps_rules.authoring.manifest import written_id
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT
from test_evaluate import assessed, example, patients

Of = Callable[[str], Assessment]
LEAVES = {"finding", "pain", "label", "measure", "muscle", "silence", "path"}
ASKED = [
    ("facet_label", "myofascial_pain", "hypothesis"),
    ("facet_label", "joint_anchoring", "caution"),
    ("facet_label", "trp_delphi_2018", "criterion"),
    ("facet_label", "active_trigger_point", "conclusion"),
    ("facet_label", "article.label_unexamined", "derivation"),
    ("facet_label", "article.remote_source", "rule"),
    ("facet_label", "gluteus_medius.left", "muscle"),
    ("facet_label", "multifidus_lumbar", "muscle"),
    ("cauda_equina", "cauda_equina_syndrome", "hypothesis"),
    ("cauda_equina", "rf_cauda_equina", "alert"),
    ("cauda_equina", "rf_epidural_abscess", "alert"),
    ("cauda_equina", "alert.emergency", "conclusion"),
    ("cauda_equina", "alert.emergency.open", "conclusion"),
    ("cauda_equina", "nerve_root_signs", "conclusion"),
    ("cauda_equina", "safety.rf_cauda_equina", "derivation"),
    ("cauda_equina", "safety.rf_epidural_abscess.open", "derivation"),
    ("widespread_pain", "fm_acr_2016", "criterion"),
    ("widespread_pain", "fibromyalgia", "hypothesis"),
]
"""Of whom, what, and what kind of thing that is: every kind of id that can be asked about."""


@pytest.fixture(scope="module")
def of() -> Of:
    """The assessment of an example."""
    made: dict[str, Assessment] = {}

    def assessment(name: str) -> Assessment:
        if name not in made:
            made[name] = mps.evaluate(example(name))
        return made[name]

    return assessment


def tree(proof: Proof) -> Iterator[Proof]:
    """A proof and everything under it."""
    yield proof
    for part in proof.because:
        yield from tree(part)


@pytest.mark.parametrize(("name", "id_", "kind"), ASKED)
def test_everything_that_can_be_asked_about_has_a_proof_of_its_kind(name: str, id_: str, kind: str, of: Of) -> None:
    proof = of(name).why(id_)

    assert (kind, id_.partition(".")[0] if kind == "muscle" else id_) == (proof.kind, proof.id)


@pytest.mark.parametrize(("name", "id_", "kind"), ASKED)
def test_a_proof_ends_in_findings_and_names_its_references(name: str, id_: str, kind: str, of: Of, kb: KnowledgeBase) -> None:
    parts = list(tree(of(name).why(id_)))
    cited = {reference for part in parts for reference in part.references}

    assert {part.kind for part in parts if not part.because} <= LEAVES
    assert cited
    assert cited <= set(kb.references)


@pytest.mark.parametrize(("name", "id_", "kind"), ASKED)
def test_every_rule_in_a_proof_says_what_it_means_its_sources_and_its_limits(
    name: str, id_: str, kind: str, of: Of, kb: KnowledgeBase
) -> None:
    derivations = [part for part in tree(of(name).why(id_)) if part.kind == "derivation"]

    assert derivations
    for part in derivations:
        rule = kb.by_id[part.rule]

        assert (rule.summary, rule.limits, rule.evidence.references) == (part.title, part.limits, part.references)
        told = tuple(f"{one}: {kb.references[one].text}" if one in kb.references else one for one in kb.cited(rule.evidence.references))
        assert told == part.sources
        assert part.statement.startswith(rule.title)


@pytest.mark.parametrize(("name", "id_", "kind"), ASKED)
def test_a_proof_is_plain_data(name: str, id_: str, kind: str, of: Of) -> None:
    data = of(name).why(id_).to_dict()

    assert data == json.loads(json.dumps(data))
    assert data["because"]


@pytest.mark.parametrize(("name", "id_", "kind"), ASKED)
def test_the_text_tells_each_rule_once_for_each_subject(name: str, id_: str, kind: str, of: Of) -> None:
    proof = of(name).why(id_)
    lines = [line.strip() for line in str(proof).splitlines()]
    told = {(part.rule, part.subject) for part in tree(proof) if part.kind == "derivation"}

    assert len(told) == sum(line.startswith("rule ") for line in lines)


def test_what_was_told_is_named_as_above(of: Of) -> None:
    lines = str(of("facet_label").why("myofascial_pain")).splitlines()
    point = "A trigger point is active when pressure brings the pain the patient knows (Gluteus medius (left))"
    told = [line.strip() for line in lines if line.strip().startswith(point)]

    assert told[0] == point
    assert {f"{point} (as above)"} == set(told[1:])


def test_a_source_is_written_out_once_and_then_named(of: Of) -> None:
    lines = [line.strip() for line in str(of("facet_label").why("myofascial_pain")).splitlines()]
    article = [line for line in lines if line.startswith("source: ART")]

    assert article[0].startswith("source: ART: The article")
    assert set(article[1:]) == {"source: ART"}


def test_what_rests_on_more_stands_further_in(of: Of) -> None:
    lines = str(of("cauda_equina").why("rf_cauda_equina")).splitlines()

    assert lines[0] == "Possible cauda equina syndrome: raised, emergency"
    assert lines[1].startswith("  New saddle numbness")
    assert lines[-2:] == ["    Numb saddle area", "    New trouble passing or feeling urine"]


def test_an_open_red_flag_says_what_pulled_it_and_what_is_missing(of: Of) -> None:
    proof = of("cauda_equina").why("rf_epidural_abscess")
    leaves = [part.statement for part in tree(proof) if not part.because]

    assert proof.statement == "Suspected spinal epidural abscess: open, emergency"
    assert leaves[0] == "New trouble passing or feeling urine"
    assert leaves[1].startswith("Not established: ")


def test_a_muscle_without_a_side_is_proven_on_both(of: Of) -> None:
    proof = of("cauda_equina").why("multifidus_lumbar")

    assert [part.subject for part in proof.because] == ["multifidus_lumbar.left", "multifidus_lumbar.right"]


def test_an_examined_muscle_is_proven_by_its_path_and_by_what_was_found(of: Of) -> None:
    proof = of("facet_label").why("gluteus_medius.left")
    kinds = [part.kind for part in proof.because]

    assert proof.statement == "Gluteus medius (left): active"
    assert kinds.count("path") == 1
    assert kinds.count("finding") == 3
    assert "derivation" in kinds


@pytest.mark.parametrize(
    ("id_", "closest"),
    [
        ("myofascial", "myofascial_pain"),
        ("rf_cauda_equin", "rf_cauda_equina"),
        ("gluteus_medus", "gluteus_medius"),
        ("nerve_root_sign", "nerve_root_signs"),
        ("safety.rf_cauda", "safety.rf_cauda_equina"),
    ],
)
def test_what_was_not_concluded_is_refused_with_the_closest_id(id_: str, closest: str, of: Of) -> None:
    with pytest.raises(mps.FindingError) as refused:
        of("cauda_equina").why(id_)

    assert [(id_, closest)] == [(fault.where, fault.closest) for fault in refused.value.faults]


@pytest.mark.parametrize("id_", ["", "nonsense", "fm_acr_2016", "article.label_unexamined", "soleus.middle", "x" * 10_000])
def test_what_was_not_concluded_of_this_patient_has_no_proof(id_: str, of: Of) -> None:
    with pytest.raises(mps.FindingError, match="was not concluded for this patient"):
        of("cauda_equina").why(id_)


def test_a_conclusion_that_is_ruled_out_says_by_what(of: Of) -> None:
    ruled_out = next(part for part in tree(of("facet_label").why("joint_anchoring")) if part.id == "nerve_root_signs")
    (denied,) = ruled_out.because

    assert ruled_out.statement == "Ruled out by what is recorded: nerve root signs"
    assert (denied.kind, denied.statement) == ("ruled_out", "Does not hold: Signs of nerve root loss")
    assert [part.id for part in denied.because] == ["motor_deficit", "sensory_deficit_dermatomal", "reflex_reduced"]
    assert all("recorded absent" in part.statement for part in denied.because)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("disc_herniation", {("ruled_out", "Does not hold: Lumbar disc herniation meets a published definition of its own")}),
        ("osteoarthritis", {("no_rule", "No rule concludes it of: osteoarthritis (spine or joint, unspecified)")}),
    ],
)
def test_a_proof_tells_of_the_diagnosis_given_and_of_no_other(label: str, expected: set[tuple[str, str]]) -> None:
    about = {"prior_label_basis": "imaging_only", "label_treated_without_relief": True, "imaging_matches_side_level": False}
    said = {"labels": {label: about}, "pain": ["low_back.left"], "leg_pain_worse_than_back": False, "pain_dermatomal": False}
    proof = mps.evaluate(said | {"neuro_exam_normal": True}).why(f"labels.rests_on_little.{label}")
    criteria = next(part for part in tree(proof) if part.id == "label_criteria_met")

    assert expected == {(part.kind, part.statement) for part in criteria.because}


def _unproven(assessment: Assessment) -> list[str]:
    proofs = (assessment.why(rule) for rule in dict.fromkeys(derivation.rule for derivation in assessment.trace))
    return [part.statement for proof in proofs for part in tree(proof) if part.kind in ("conclusion", "ruled_out") and not part.because]


def test_in_no_case_does_a_proof_stop_at_a_conclusion(kb: KnowledgeBase) -> None:
    expected: list[str] = []
    firing = {written_id(kb.by_id[case.rule]): case.findings for case in read_cases(kb) if case.expect.fires is True}
    patients = [findings for findings in firing.values() if isinstance(findings, dict)][::4]
    found = [statement for findings in patients for statement in _unproven(mps.evaluate(findings))]

    assert expected == found


@settings(max_examples=50)
@given(patients())
def test_everything_listed_can_be_asked_about(findings: dict[str, object]) -> None:
    assessment = assessed(findings)
    with_id: tuple[Any, ...] = (*assessment.hypotheses, *assessment.alerts, *assessment.cautions)
    listed = [one.id for one in with_id]
    listed += [f"{muscle.muscle}.{muscle.side}" if muscle.side else muscle.muscle for muscle in assessment.muscles]
    assert listed
    for id_ in listed:
        proof = assessment.why(id_)

        assert proof.statement
        assert proof.subject == PATIENT or proof.kind == "muscle"
