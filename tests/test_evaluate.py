"""A patient goes in, an assessment comes out: a value, the same every time, in which everything has its reasons."""

import json
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mps_rules as mps
from mps_rules.answer.scores import GROUPS, Fired, is_definition, stand
from mps_rules.answer.values import STATUSES, Assessment
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, STRENGTHS
from mps_rules.knowledge.vocabulary import SIDES, Term, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.language.reading import read_text
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import CARRIED, read_findings

EXAMPLES = ("facet_label", "cauda_equina", "widespread_pain")
CONTRADICTION = re.compile(
    r"is said to hurt and to be free of pain|has two intensities|contradicts|but the opposite follows from"
    r"|cannot be present together with|is said to hurt, but every part of it is said to be free of pain"
)


def example(name: str) -> dict[str, Any]:
    """The findings of a packaged example."""
    path = Path(__file__).parents[1] / "examples" / f"{name}.yaml"
    found: dict[str, Any] = read_text(path.read_text(encoding="utf-8"), path.name).data
    return found


# --- random patients --------------------------------------------------------------------------------------------------


def words() -> Vocabulary:
    """The vocabulary of the packaged rules."""
    return mps.load().vocabulary


def values(term: Term) -> st.SearchStrategy[Any]:
    """Any value that a finding may take, not known among them."""
    match term.kind:
        case "boolean":
            return st.sampled_from((True, True, False, None))
        case "one_of":
            return st.sampled_from((*term.values, None))
        case "many_of":
            some = st.lists(st.sampled_from(term.values), unique=True, max_size=3)
            return some | st.dictionaries(st.sampled_from(term.values), st.booleans(), max_size=3)
    lowest, highest = term.range or (0, 100)
    return st.integers(int(lowest), int(highest)) | st.floats(lowest, highest, allow_nan=False)


def patient_terms() -> list[Term]:
    """Every finding of the patient that is written as such."""
    return [term for term in words().terms.values() if term.subject == "patient" and term.id not in CARRIED]


@st.composite
def answers(draw: st.DrawFn, terms: list[Term], most: int = 14) -> dict[str, Any]:
    """What is known of some of these findings."""
    chosen = draw(st.lists(st.sampled_from(terms), max_size=most, unique_by=lambda term: term.id))
    return {term.id: draw(values(term)) for term in chosen}


@st.composite
def pain_entries(draw: st.DrawFn) -> Any:
    """One entry of a pain map, in its short or its long form."""
    region = draw(st.sampled_from(list(words().regions.values())))
    side = draw(st.sampled_from((None, "bilateral", *region.sides) if region.sides else (None, "midline")))
    if draw(st.booleans()):
        return f"{region.id}.{side}" if side else region.id
    entry = {"region": region.id, "side": side}
    match draw(st.sampled_from(("plain", "free", "how much"))):
        case "free":
            return {**entry, "present": False}
        case "how much":
            return {**entry, "intensity": draw(st.integers(1, 10))}
    return entry


@st.composite
def exams(draw: st.DrawFn) -> dict[str, Any]:
    """What was found in one muscle, or in one group of muscles."""
    terms = [term for term in words().terms.values() if term.subject == "muscle" and not term.fact]
    muscle = draw(st.sampled_from(sorted({*words().muscles, *words().groups})))
    return {"muscle": muscle, "side": draw(st.sampled_from((None, "bilateral", *SIDES))), **draw(answers(terms, most=5))}


def labels() -> st.SearchStrategy[dict[str, Any]]:
    """Diagnoses given, denied, or given with what is known about them."""
    terms = [term for term in words().terms.values() if term.subject == "label"]
    given_or_not = st.booleans() | st.none() | answers(terms, most=3)
    return st.dictionaries(st.sampled_from(list(words().diagnoses)), given_or_not, max_size=2)


def pain_maps() -> st.SearchStrategy[list[Any]]:
    """A pain map of a few entries."""
    return st.lists(pain_entries(), max_size=4)


@lru_cache(maxsize=1)
def terms_read() -> list[Term]:
    """The findings of the patient that some rule reads."""
    leaves = [leaf for rule in mps.load().rules for leaf in c.walk(rule.when)]
    read = dict.fromkeys(leaf.term for leaf in leaves if isinstance(leaf, c.Present | c.Words | c.Compare))
    return [term for term in patient_terms() if term.id in read]


@st.composite
def patients(draw: st.DrawFn) -> dict[str, Any]:
    """The findings of any patient; they may contradict each other."""
    findings: dict[str, Any] = {**draw(answers(patient_terms(), most=6)), **draw(answers(terms_read(), most=10))}
    for key, drawn in (
        ("pain", pain_maps()),
        ("pain_map_complete", st.booleans() | st.none()),
        ("labels", labels()),
        ("exam", st.lists(exams(), max_size=2)),
    ):
        if draw(st.booleans()):
            findings[key] = draw(drawn)
    return findings


def consistent(findings: Mapping[str, Any]) -> dict[str, Any]:
    """The findings of a patient, without those that contradict others."""
    kept = dict(findings)
    while True:
        try:
            read_findings(kept, terrain_of(mps.load()))
        except mps.FindingError as error:
            named = {re.split(r"[.\[]", fault.where)[0] for fault in error.faults} & set(kept)
            for key in named or [next(iter(kept))]:
                del kept[key]
        else:
            return kept


def assessed(findings: Mapping[str, Any]) -> Assessment:
    """The assessment of a patient, without the findings that contradict others."""
    return mps.evaluate(consistent(findings))


# --- a value ----------------------------------------------------------------------------------------------------------


def test_the_same_patient_gives_equal_assessments() -> None:
    first, second = (mps.evaluate(example("facet_label")) for _ in range(2))

    assert first == second
    assert hash(first) == hash(second)
    assert {first} == {first, second}


def test_patients_who_differ_in_one_finding_differ() -> None:
    assert mps.evaluate({"fever": False}) != mps.evaluate({})


def test_the_rules_left_out_are_the_packaged_ones(kb: KnowledgeBase) -> None:
    findings = example("facet_label")
    expected = mps.evaluate(findings, kb)

    assert expected == mps.evaluate(findings)


def test_the_assessment_names_the_rules_that_gave_it(kb: KnowledgeBase) -> None:
    used = mps.evaluate({}).knowledge

    assert (kb.pack.id, kb.pack.version, kb.pack.status, kb.digest) == (used.id, used.version, used.status, used.digest)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_assessment_pickles_without_its_tools(name: str) -> None:
    assessment = mps.evaluate(example(name))

    read_back = pickle.loads(pickle.dumps(assessment))

    assert assessment == read_back
    assert hash(assessment) == hash(read_back)
    with pytest.raises(ValueError, match="attach"):
        read_back.why("myofascial_pain")


def test_a_pickle_holds_no_rules() -> None:
    pickled = pickle.dumps(mps.evaluate({"pain": ["low_back.left"]}))

    assert not [name for name in (b"KnowledgeBase", b"Vocabulary", b"Terrain", b"Chain") if name in pickled]


def test_an_assessment_cannot_be_changed() -> None:
    assessment = mps.evaluate({})

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        assessment.urgency = "none"  # type: ignore[misc]


@pytest.mark.parametrize("name", EXAMPLES)
def test_evaluating_leaves_the_findings_as_they_were(name: str) -> None:
    findings = example(name)
    expected = deepcopy(findings)

    mps.evaluate(findings)

    assert expected == findings


def test_findings_that_cannot_be_changed_are_read_as_well() -> None:
    expected = mps.evaluate({"pain": ["low_back.left"], "labels": {"facet_syndrome": {"prior_label_basis": "both"}}})
    label = MappingProxyType({"facet_syndrome": MappingProxyType({"prior_label_basis": "both"})})

    assert expected == mps.evaluate(MappingProxyType({"pain": ("low_back.left",), "labels": label}))


# --- as data ----------------------------------------------------------------------------------------------------------


def test_the_data_has_the_format_and_one_key_for_each_field() -> None:
    expected = ["format", *(a.alias for a in attrs.fields(Assessment) if a.name not in ("_tools", "_source"))]

    data = mps.evaluate({}).to_dict()

    assert expected == list(data)
    assert data["format"] == "mps_rules.assessment/1"


@pytest.mark.parametrize("name", EXAMPLES)
def test_json_is_the_data_as_text_and_is_read_back_to_an_equal_value(name: str) -> None:
    assessment = mps.evaluate(example(name))

    data = json.loads(assessment.to_json())

    assert assessment.to_dict() == data
    assert assessment == Assessment.from_dict(data)


@settings(max_examples=50)
@given(patients())
def test_every_assessment_is_read_back_from_its_json(findings: dict[str, Any]) -> None:
    assessment = assessed(findings)

    read_back = Assessment.from_dict(json.loads(assessment.to_json()))

    assert assessment == read_back
    assert assessment.to_json() == read_back.to_json()


def _spoil(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    *way, last = (int(step) if step.isdecimal() else step for step in path.split("/"))

    def spoil(data: Any) -> None:
        for step in way:
            data = data[step]
        data[last] = value

    return spoil


SPOILED: Mapping[str, tuple[Callable[[dict[str, Any]], Any], set[str]]] = {
    "a field left out": (lambda data: data.pop("urgency"), {"urgency"}),
    "a field too many": (_spoil("extra", 1), {"extra"}),
    "a word that is no urgency": (_spoil("urgency", "dire"), {"urgency"}),
    "nothing where a word belongs": (_spoil("screening", None), {"screening"}),
    "text where a list belongs": (_spoil("cautions", "none"), {"cautions"}),
    "a number where a list belongs": (_spoil("trace/0/because", 3), {"trace[0].because"}),
    "text where a mapping belongs": (_spoil("knowledge", "digest"), {"knowledge"}),
    "a status that is none": (_spoil("hypotheses/0/status", "sure"), {"hypotheses[0].status"}),
    "text where a truth belongs": (_spoil("hypotheses/0/conflict", "no"), {"hypotheses[0].conflict"}),
    "text where a number belongs": (_spoil("muscles/1/score", "high"), {"muscles[1].score"}),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_faulty_data_is_refused_with_its_place(fault: str) -> None:
    data = json.loads(mps.evaluate(example("facet_label")).to_json())
    spoil, expected = SPOILED[fault]
    spoil(data)

    with pytest.raises(mps.FindingError) as refused:
        Assessment.from_dict(data)

    assert expected == {one.where for one in refused.value.faults}


def test_faulty_data_is_refused_with_every_fault_at_once() -> None:
    data = json.loads(mps.evaluate(example("facet_label")).to_json())
    expected = set()
    for spoil, places in SPOILED.values():
        if places != {"urgency"}:
            spoil(data)
            expected |= places

    with pytest.raises(mps.FindingError) as refused:
        Assessment.from_dict(data)

    assert expected == {one.where for one in refused.value.faults}


@pytest.mark.parametrize("given_format", [None, "mps_rules.assessment/0", 1])
def test_data_of_another_format_is_no_assessment(given_format: object) -> None:
    data = {**mps.evaluate({}).to_dict(), "format": given_format}

    with pytest.raises(mps.FindingError, match=r"mps_rules\.assessment/1"):
        Assessment.from_dict(data)


# --- given its rules again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_assessment_that_was_read_back_explains_itself_once_it_has_its_rules(name: str, kb: KnowledgeBase) -> None:
    assessment = mps.evaluate(example(name))
    bare = Assessment.from_dict(assessment.to_dict())

    attached = mps.attach(bare, kb)

    assert assessment.text() == attached.text()
    assert str(assessment.why("myofascial_pain")) == str(attached.why("myofascial_pain"))
    assert assessment == attached


@settings(max_examples=50)
@given(patients())
def test_what_follows_from_findings_does_not_get_in_the_way_of_attaching(findings: dict[str, Any]) -> None:
    assessment = assessed(findings)

    assert assessment.text() == mps.attach(Assessment.from_dict(assessment.to_dict())).text()


def test_rules_that_did_not_give_an_assessment_are_not_attached(kb: KnowledgeBase) -> None:
    other = attrs.evolve(kb, digest="0" * 64)

    with pytest.raises(mps.FindingError, match="did not give this assessment"):
        mps.attach(mps.evaluate({}), other)


# --- several patients -------------------------------------------------------------------------------------------------

ROWS: list[dict[str, Any]] = [
    {"age_years": 46, "fever": None, "saddle_anaesthesia": True},
    {"age_years": float("nan"), "fever": True, "saddle_anaesthesia": float("nan")},
]
KNOWN: list[dict[str, Any]] = [{"age_years": 46, "saddle_anaesthesia": True}, {"fever": True}]


class PandasLike:
    """As much of a pandas frame as is read."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows, self.index = rows, range(len(rows))

    def itertuples(self) -> Iterator[tuple[Any, ...]]:
        return (tuple(row.values()) for row in self.rows)

    def to_dict(self, orient: str) -> list[dict[str, Any]]:
        return {"records": self.rows}[orient]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows[0])


class PolarsLike:
    """As much of a Polars frame as is read."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def iter_rows(self, *, named: bool = False) -> Iterator[Any]:
        return iter(self.rows) if named else (tuple(row.values()) for row in self.rows)

    def to_dict(self) -> dict[str, list[Any]]:
        return {key: [row[key] for row in self.rows] for key in self.rows[0]}

    def __iter__(self) -> Iterator[list[Any]]:
        return iter(self.to_dict().values())


@pytest.mark.parametrize("frame", [PandasLike, PolarsLike])
def test_the_rows_of_a_frame_are_patients_and_a_missing_cell_is_not_known(frame: Callable[[list[dict[str, Any]]], Any]) -> None:
    expected = [mps.evaluate(known) for known in KNOWN]

    assert expected == mps.evaluate_many(frame(ROWS))


@pytest.mark.parametrize("several", [list, tuple, iter])
def test_several_patients_are_evaluated_in_order(several: Callable[[list[dict[str, Any]]], Any], kb: KnowledgeBase) -> None:
    expected = [mps.evaluate(known) for known in KNOWN]

    assert expected == mps.evaluate_many(several(KNOWN), kb)


def test_no_patients_give_no_assessments() -> None:
    expected: list[Assessment] = []

    assert expected == mps.evaluate_many([])


@pytest.mark.parametrize("make", [list, PandasLike, PolarsLike])
def test_the_faults_of_all_rows_carry_the_number_of_their_row(make: Callable[[list[dict[str, Any]]], Any]) -> None:
    rows: list[dict[str, Any]] = [{"fever": "high"}, {"fever": True}, {"pain": ["lowback"], "feverish": True}]
    expected = [
        "row 0, fever: expected true or false, got 'high'",
        "row 2, feverish: no finding 'feverish' in the vocabulary; closest is 'fever'",
        "row 2, pain[0].region: no region 'lowback'; closest is 'low_back'",
    ]

    with pytest.raises(mps.FindingError) as refused:
        mps.evaluate_many(make(rows))

    assert expected == [str(fault) for fault in refused.value.faults]


def test_a_row_that_is_no_mapping_is_named_by_its_number() -> None:
    with pytest.raises(mps.FindingError, match=r"row 1: findings are one mapping"):
        mps.evaluate_many([{}, ["fever"]])


@pytest.mark.parametrize("one", [{"fever": True}, 3, None])
def test_one_patient_is_not_several(one: object) -> None:
    with pytest.raises(mps.FindingError, match="several patients"):
        mps.evaluate_many(one)


@pytest.mark.parametrize("data", [None, [], ["fever"], "fever", 3, True])
def test_findings_that_are_no_mapping_are_refused(data: Any) -> None:
    with pytest.raises(mps.FindingError, match="one mapping"):
        mps.evaluate(data)


# --- what is said, and what is not ------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(patients(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_said_does_not_matter(findings: dict[str, Any], chance: Any) -> None:
    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: mixed(value[key]) for key in chance.sample(list(value), len(value))}
        return [mixed(part) for part in chance.sample(value, len(value))] if isinstance(value, list) else value

    expected = _outcome(findings)

    assert expected == _outcome(mixed(findings))


def _outcome(findings: Mapping[str, Any]) -> str | set[str]:
    """The whole assessment as text, or the places of the faults without the numbers of their entries."""
    try:
        return mps.evaluate(findings).to_json()
    except mps.FindingError as error:
        return {re.sub(r"\[\d+\]", "", fault.where) for fault in error.faults}


def test_a_denied_red_flag_is_cleared_and_one_that_nobody_asked_about_is_not() -> None:
    denied = {"saddle_anaesthesia": False, "urinary_retention_new": False, "faecal_incontinence_new": False, "anal_tone_reduced": False}
    unasked, asked = mps.evaluate({"pain": ["low_back.left"]}), mps.evaluate({"pain": ["low_back.left"], **denied})

    assert "rf_cauda_equina" in {flag.id for flag in unasked.unscreened}
    assert "rf_cauda_equina" not in {flag.id for flag in asked.unscreened}


def test_a_finding_that_was_denied_is_not_asked_about_again() -> None:
    def asks(**findings: Any) -> bool:
        return any(
            "weight_loss_unexplained" in question.terms for question in mps.evaluate({"pain": ["low_back.left"], **findings}).questions
        )

    assert asks()
    assert asks(weight_loss_unexplained=None)
    assert not asks(weight_loss_unexplained=False)


@given(patients())
def test_a_patient_is_refused_for_a_contradiction_only(findings: dict[str, Any]) -> None:
    faults: tuple[mps.Fault, ...] = ()
    try:
        mps.evaluate(findings)
    except mps.FindingError as error:
        faults = error.faults

    assert [fault for fault in faults if not CONTRADICTION.search(fault.what)] == []


# --- what holds of every assessment -----------------------------------------------------------------------------------


@settings(max_examples=60)
@given(patients())
def test_hypotheses_stand_in_the_order_of_their_score_and_arguments_of_their_strength(findings: dict[str, Any]) -> None:
    assessment = assessed(findings)
    pressing = {one.condition for one in assessment.alerts if one.status == "raised" and one.urgency in PRESSING}
    hypotheses = assessment.hypotheses
    ranks = [
        (hypothesis.id not in pressing, GROUPS.get(hypothesis.status, 1), hypothesis.score is None, -(hypothesis.score or 0))
        for hypothesis in hypotheses
    ]

    assert [one[0] for one in ranks] == sorted(one[0] for one in ranks)
    assert [one[1:] for one in ranks if one[0]] == sorted(one[1:] for one in ranks if one[0])
    for arguments in (arguments for h in hypotheses for arguments in (h.supports, h.opposes, h.undecided)):
        strengths = [argument.strength for argument in arguments]

        assert sorted(strengths, key=(None, *STRENGTHS).index) == strengths


@settings(max_examples=60)
@given(patients())
def test_everything_concluded_names_its_references_and_rests_on_something(findings: dict[str, Any]) -> None:
    assessment, known = assessed(findings), mps.load().references
    arguments = [argument for h in assessment.hypotheses for argument in (*h.supports, *h.opposes)]
    concluded: tuple[Any, ...] = (*assessment.alerts, *assessment.cautions, *assessment.recommendations, *arguments)
    for conclusion in concluded:
        assert conclusion.references
        assert set(conclusion.references) <= set(known)
        assert conclusion.because, conclusion.rule
    assert [] == [argument.rule for h in assessment.hypotheses for argument in h.undecided if not argument.references]


@settings(max_examples=60)
@given(patients())
def test_everything_undecided_says_what_it_waits_for(findings: dict[str, Any]) -> None:
    assert [] == [argument.rule for h in assessed(findings).hypotheses for argument in h.undecided if not argument.unknown]


@settings(max_examples=60)
@given(patients())
def test_what_a_hypothesis_could_be_lies_around_what_it_is(findings: dict[str, Any]) -> None:
    hypotheses = assessed(findings).hypotheses
    assert hypotheses
    for hypothesis in hypotheses:
        worst, best = (STATUSES.index(status) for status in hypothesis.could_be)

        assert best <= STATUSES.index(hypothesis.status) <= worst
        assert hypothesis.undecided or best == worst or hypothesis.id in mps.load().causes


RULE = """\
id: {id}
title: A rule
status: active
about: patient
summary: A rule.
evidence: {{grade: textbook, references: [BOOK]}}
when: {when}
then: {then}
limits: None.
reviewed: {{on: 2026-11-22, by: authors}}
"""
LAID_ON = {
    "causes/scale.yaml": "scale: {lines: {none: 0}, probable: 2, unlikely: -6, worth: {support: {strong: 2, moderate: 1}, oppose: {strong: -2}}}",
    "vocabulary/more.yaml": """\
hypotheses:
  - {id: strain, label: Strain, kind: structural}
  - {id: sprain, label: Sprain, kind: structural}
""",
    "demo/one.yaml": ("back_pain", "[support: {hypothesis: strain, strength: strong}, oppose: {hypothesis: strain, strength: strong}]"),
    "demo/two.yaml": ("cough", "[support: {hypothesis: sprain, strength: moderate}]"),
    "demo/three.yaml": ("{all: [cough, back_pain]}", "[support: {hypothesis: sprain, strength: moderate}]"),
}


def test_a_probable_hypothesis_stands_before_a_possible_one_whatever_argues_for_them(tmp_path: Path) -> None:
    for name, rule in LAID_ON.items():
        text = rule if isinstance(rule, str) else RULE.format(id=name.removesuffix(".yaml").replace("/", "."), when=rule[0], then=rule[1])
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    base = mps.load([Path(__file__).parent / "lint" / "base", tmp_path])
    hypotheses = mps.evaluate({"cough": True, "back_pain": True}, base).hypotheses

    assert [(hypothesis.id, hypothesis.status) for hypothesis in hypotheses] == [("sprain", "probable"), ("strain", "possible")]


KB = mps.load()
A_RULE = next(rule for rule in KB.rules if not is_definition(rule))


def _arguing(effect: Any, strength: Any) -> Fired:
    return A_RULE, effect, strength


FOR = st.builds(_arguing, st.just("support"), st.sampled_from(STRENGTHS)) | st.just(_arguing("confirm", None))
AGAINST = st.builds(_arguing, st.just("oppose"), st.sampled_from(STRENGTHS)) | st.just(_arguing("exclude", None))


def _status(arguments: Sequence[Fired]) -> tuple[str, bool]:
    standing = stand(KB, "a hypothesis that is no cause", (), arguments, firm=True)
    return standing.status, standing.conflict


@given(st.lists(FOR | AGAINST, max_size=5), FOR, AGAINST)
def test_an_argument_for_never_lowers_and_one_against_never_raises(arguments: list[Fired], more: Fired, less: Fired) -> None:
    status = STATUSES.index(_status(arguments)[0])

    assert STATUSES.index(_status([*arguments, more])[0]) <= status
    assert STATUSES.index(_status([*arguments, less])[0]) >= status


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "undecided"),
        ("support weak", "possible"),
        ("support moderate", "possible"),
        ("support moderate, support moderate", "probable"),
        ("support strong", "probable"),
        ("support strong, oppose strong", "possible"),
        ("support weak, oppose moderate", "undecided"),
        ("support moderate, oppose weak", "possible"),
        ("support moderate, support moderate, oppose strong", "possible"),
        ("support strong, oppose moderate, oppose moderate", "possible"),
        ("oppose strong, oppose strong, oppose moderate", "undecided"),
        ("oppose strong, oppose strong, oppose strong", "unlikely"),
        ("confirm, oppose strong", "confirmed"),
        ("exclude, support strong", "excluded"),
        ("confirm, exclude", "undecided"),
    ],
)
def test_points_of_arguments_are_summed_and_a_test_that_settles_goes_before_them(arguments: str, expected: str) -> None:
    given_ = [_arguing(*[*one.split(), None][:2]) for one in arguments.split(", ") if one]

    assert (expected, arguments == "confirm, exclude") == _status(given_)


@settings(max_examples=50)
@given(patients())
def test_every_rule_of_the_trace_is_explained_by_its_id(findings: dict[str, Any]) -> None:
    assessment = assessed(findings)
    proofs = [assessment.why(derivation.rule) for derivation in assessment.trace]

    assert [derivation.rule for derivation in assessment.trace] == [proof.id for proof in proofs]
    for derivation, proof in zip(assessment.trace, proofs, strict=True):
        told = (proof, *proof.because) if proof.kind == "rule" else (proof,)

        assert derivation.subject in {one.subject for one in told if one.kind == "derivation"}


class Hostile(dict[str, Any]):
    """A mapping that does not let itself be read."""

    def items(self) -> Any:
        raise OSError


CYCLE: dict[str, Any] = {}
CYCLE["fever"] = CYCLE
ODD = [pl.Series([True]), 10**5000, Hostile(a=1), CYCLE, b"x", {1, 2}, object, complex(1), [[]], {(1, 2): True}, range(3)]
ODD += [np.array([1, 2]), np.array([[1]]), np.datetime64("2020-01-01"), float("inf"), [{"region": "low_back", "side": np.array([1, 2])}]]


@pytest.mark.parametrize("value", ODD, ids=[type(value).__name__ for value in ODD])
def test_whatever_stands_in_the_place_of_a_finding_is_a_fault_and_no_other_error(value: Any) -> None:
    for place in ("fever", "age_years", "pain_quality", "sex_at_birth", "pain", "labels", "exam", "pain_map_complete"):
        with pytest.raises(mps.FindingError) as caught:
            mps.evaluate({place: value})
        assert place in str(caught.value)
    with pytest.raises(mps.FindingError):
        mps.evaluate_many([{}, value])


def test_scalars_of_numpy_are_the_numbers_and_truths_that_they_are() -> None:
    scalars = {"fever": np.bool_(True), "age_years": np.int64(50), "body_temperature": np.float32(39)}

    assert mps.evaluate({"fever": True, "age_years": 50, "body_temperature": 39.0}) == mps.evaluate(scalars)
