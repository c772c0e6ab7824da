"""The program behind an answer: no value is shared between patients who differ in what it rests on, and nothing of it is worked out in vain."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import Barrier
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mps_rules as mps
from charts import chart, facts_of, sample
from executors import differences
from mps_rules.answer.values import Assessment
from mps_rules.chaining import engine, program, reference
from mps_rules.chaining.program import ALWAYS, CODES, VERDICTS, Program, program_of
from mps_rules.chaining.values import Values, parts_of, straight
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import load_packaged, packaged_rules
from mps_rules.language.conditions import count_at_least
from mps_rules.patient.addresses import as_mapping
from mps_rules.patient.facts import Facts, terrain_of
from random_packs import few_muscles, in_ranges, random_pack, random_patient, seeded, words_read

FIELDS = tuple(a.name for a in attrs.fields(Assessment) if not a.name.startswith("_"))


def _charts(kb: KnowledgeBase, seed: int, size: int) -> list[dict[str, Any]]:
    """Some vignettes, and as many random charts in the words of the rules."""
    random = seeded(seed)
    drawn = [random_patient(words_read(kb, random), terrain_of(kb), random).findings for _ in range(size)]
    return [*(chart(one) for one in sample(seed, size)), *(as_mapping(one) for one in drawn)]


def _told(said: dict[str, Any], base: KnowledgeBase) -> str:
    return mps.evaluate(said, base).to_json().replace(base.digest, "")


# --- one patient after another ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_a_patient_is_answered_the_same_by_rules_that_nobody_has_asked_and_by_rules_that_many_have(kb: KnowledgeBase, seed: int) -> None:
    charts = _charts(kb, seed, 3)
    many = seeded(seed + 100)
    asked = [_told(said, kb) for said in charts]
    for said in many.sample(_charts(kb, seed + 50, 12), 24):
        mps.evaluate(said, kb).to_dict()
    fresh = [_told(said, attrs.evolve(kb, digest=f"nobody has asked {seed} {number}")) for number, said in enumerate(charts)]
    order = many.sample(range(len(charts)), len(charts))
    again = {number: _told(charts[number], kb) for number in order}

    assert fresh == asked
    assert fresh == [again[number] for number in range(len(charts))]


@pytest.mark.parametrize("seed", range(12))
def test_random_packs_answer_the_same_whoever_came_before(kb: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few_muscles(kb), seed, counts_within_muscles=seed % 3 == 0)
    random = seeded(seed)
    charts = [as_mapping(random_patient(words, terrain_of(base), random).findings) for _ in range(4)]
    forwards = [_told(said, base) for said in charts]
    backwards = [_told(said, attrs.evolve(base, digest=f"{base.digest}, backwards")) for said in reversed(charts)]

    assert forwards == backwards[::-1]


def test_what_nobody_touched_is_the_same_object_for_every_patient(kb: KnowledgeBase) -> None:
    one, other = (mps.evaluate(said, kb) for said in ({"age_years": 40}, {"age_years": 70, "pain": ["calf.left"]}))
    there, here = ({(h.id, a.rule): a for h in of.hypotheses for a in h.undecided} for of in (one, other))
    flags = {flag.id: flag for flag in one.unscreened}

    assert sum(argument is there.get(key) for key, argument in here.items()) > 20
    assert sum(flag is flags.get(flag.id) for flag in other.unscreened) > 2


def test_what_is_shared_holds_no_patient(kb: KnowledgeBase) -> None:
    base = attrs.evolve(kb, digest="shared with nobody yet")
    assessment = mps.evaluate(chart(sample(3, 1)[0]), base)
    assessment.to_dict()
    assert assessment._tools is not None
    traces = [weakref.ref(one) for one in (assessment, assessment._tools.assessor, assessment._tools.assessor.values)]  # type: ignore[attr-defined]
    del assessment
    gc.collect()

    assert [trace() for trace in traces] == [None, None, None]


# --- looked at later --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_fields_are_the_same_in_whatever_order_they_are_looked_at(seed: int) -> None:
    said = chart(sample(seed, 1)[0])
    expected = mps.evaluate(said)
    random, found = seeded(seed), mps.evaluate(said)
    for name in random.sample(FIELDS, len(FIELDS)):
        assert getattr(expected, name) == getattr(found, name)

    assert expected.to_json() == found.to_json()
    assert hash(expected) == hash(found)


def test_threads_that_look_at_one_assessment_see_the_same_objects() -> None:
    said = chart(sample(5, 1)[0])
    for _ in range(5):
        assessment, start = mps.evaluate(said), Barrier(4)

        def look(first: int, assessment: Assessment = assessment, start: Barrier = start) -> list[Any]:
            start.wait()
            found = {name: getattr(assessment, name) for name in (*FIELDS[first:], *FIELDS[:first])}
            return [found[name] for name in FIELDS] + [a.because for h in assessment.hypotheses for a in (*h.supports, *h.opposes)]

        with ThreadPoolExecutor(4) as pool:
            one, *others = pool.map(look, range(0, 12, 3))

        assert [[id(own) for own in one]] * 3 == [[id(theirs) for theirs in other] for other in others]


def test_what_an_argument_rests_on_outlives_its_assessment() -> None:
    expected = mps.evaluate(chart(sample(6, 1)[0]))
    arguments = [a for h in mps.evaluate(chart(sample(6, 1)[0])).hypotheses for a in (*h.supports, *h.opposes, *h.undecided)]
    gc.collect()

    assert [a for h in expected.hypotheses for a in (*h.supports, *h.opposes, *h.undecided)] == arguments


# --- the program ------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.sampled_from((-2, -1, 1, 2, 3)), st.sampled_from((True, False, None))), min_size=1, max_size=6),
    st.integers(-3, 6),
)
@settings(max_examples=200)
def test_a_weighted_count_is_certain_of_what_is_known_and_open_to_what_may_come(parts: list[tuple[int, Any]], need: int) -> None:
    lines = program._counted("found", [(weight, f"V[{number}]") for number, (weight, _) in enumerate(parts)], need)
    space: dict[str, Any] = {"V": [CODES[truth] for _, truth in parts]}
    exec("\n".join(lines), space)  # noqa: S102 - the lines under test
    lowest = sum(weight for weight, truth in parts if truth)
    highest = lowest + sum(weight for weight, truth in parts if truth is None and weight > 0)
    expected = True if lowest >= need else None if highest >= need else False

    assert VERDICTS[space["found"]] is expected


def test_a_count_is_that_of_the_definition() -> None:
    for truths in product((True, False, None), repeat=3):
        for need in (1, 2, 3):
            space: dict[str, Any] = {"V": [CODES[truth] for truth in truths]}
            exec("\n".join(program._counted("x", [(1, f"V[{n}]") for n in range(3)], need)), space)  # noqa: S102 - the lines under test

            assert VERDICTS[space["x"]] is count_at_least(need, truths)


class Mark(int):
    """A value that stays what it is only where nobody works it out."""


def test_what_nobody_touched_is_not_worked_out(kb: KnowledgeBase) -> None:
    values = Values(kb, facts_of({"fever": True}))
    nodes = values.program.nodes["patient"]
    untouched = [
        number for number, (_, _, inputs) in enumerate(nodes) if inputs and not values.program.cone("patient", number) & values.touched
    ]
    for number in untouched:
        values.patient[number] = Mark(values.patient[number])
    while values.stratum <= values.program.depth + 1:
        values.stage()

    assert len(untouched) > len(nodes) // 4
    assert sum(isinstance(values.patient[number], Mark) for number in untouched) > len(untouched) // 2


def test_a_cone_holds_every_finding_that_changes_a_node(kb: KnowledgeBase) -> None:
    for seed in range(6):
        random = seeded(seed)
        facts = random_patient(words_read(kb, random), terrain_of(kb), random)
        values, nobody = straight(kb, facts), straight(kb, facts_of({}))
        touched = values.touched | ALWAYS
        changed = [n for n, (one, other) in enumerate(zip(values.patient, nobody.patient, strict=True)) if one != other]

        assert changed
        assert all(values.program.cone("patient", number) & touched for number in changed)


@pytest.mark.parametrize("seed", range(10))
def test_a_number_of_which_only_the_range_is_known_is_read_as_by_the_definition(kb: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few_muscles(kb), seed)
    random = seeded(seed)
    for _ in range(3):
        facts = facts_of(in_ranges(as_mapping(random_patient(words, terrain_of(base), random).findings), base, random), terrain_of(base))

        assert list(differences(base, facts, reference.chain(base, facts), straight(base, facts))) == []


def test_the_engine_concludes_what_the_program_alone_concludes(kb: KnowledgeBase) -> None:
    for one in sample(8, 5):
        facts = facts_of(chart(one))
        chained, alone = engine.chain(kb, facts), straight(kb, Facts(facts.terrain, facts.findings))

        assert (alone.fired, alone.patient, alone.muscle, alone.label) == (chained.fired, chained.patient, chained.muscle, chained.label)


# --- kept beside the rules --------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MPS_RULES_CACHE", str(tmp_path))
    monkeypatch.setattr("mps_rules.knowledge.packaged._AT", {})
    program_of.cache_clear()
    return tmp_path


def test_the_program_of_the_packaged_rules_is_compiled_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = load_packaged(packaged_rules())
    expected = program_of(base).nodes

    def never(_base: KnowledgeBase) -> bytes:
        raise AssertionError

    program_of.cache_clear()
    monkeypatch.setattr(program, "compiled", never)

    assert expected == program_of(base).nodes
    assert len(list(cache.glob("*.program"))) == 1


def test_a_program_that_was_kept_and_damaged_is_compiled_again(cache: Path) -> None:
    base = load_packaged(packaged_rules())
    expected = program_of(base).nodes
    (path,) = cache.glob("*.program")
    for content in (b"", b"x" * 100, path.read_bytes()[:-1], path.read_bytes()[:40] + b"y" + path.read_bytes()[41:]):
        path.write_bytes(content)
        program_of.cache_clear()

        assert expected == program_of(base).nodes


def test_rules_that_are_not_the_packaged_ones_leave_nothing_in_the_cache(cache: Path, kb: KnowledgeBase) -> None:
    program_of(attrs.evolve(kb, digest="somebody's own"))

    assert list(cache.glob("*.program")) == []


def test_a_program_holds_plain_data(kb: KnowledgeBase) -> None:
    made = Program(kb, program._Compiler(kb).plain())

    assert made.nodes == program_of(kb).nodes
    assert made.nobody == program_of(kb).nobody


def test_what_is_kept_between_patients_outlives_no_part_of_a_rule(kb: KnowledgeBase) -> None:
    charts: list[dict[str, Any]] = [{"pain": ["low_back.left"], "fever": False}, {"pain": ["neck"], "weight_loss_unexplained": False}]
    before = [mps.evaluate(told, kb).to_json() for told in charts]
    parts_of.cache_clear()

    assert before[::-1] == [mps.evaluate(told, kb).to_json() for told in charts[::-1]]
