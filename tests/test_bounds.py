"""However much is wrong, large or hostile, the work stays bounded, and what leaves is an error that says where."""

import difflib
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import mps_rules as mps
from charts import chart, vignettes
from executors import EXECUTORS, Executor, differences
from mps_rules.answer.flips import Target
from mps_rules.authoring.lint import can_be_unknown
from mps_rules.chaining import premises, program, subjects
from mps_rules.chaining.circuit import Circuit
from mps_rules.chaining.program import leaf_names
from mps_rules.command.cli import main
from mps_rules.errors import ALIKE, COMPARED, LISTED, SUGGESTED, Fault, FindingError, KnowledgeError, Misfit, closest
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language import conditions as c
from mps_rules.language.reading import LONGEST, Unreadable, bytes_of, pattern_of
from mps_rules.patient.addresses import changed
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import CARRIED, read_findings
from mps_rules.population.unread import Formulas
from mps_rules.records.fhir_in import read_bundle
from packs import SMALL, rule, written
from random_packs import seeded
from rete import Network

Load = Callable[..., KnowledgeBase]

# --- the closest known word -------------------------------------------------------------------------------------------

KNOWN = sorted(mps.load().vocabulary.terms)
LETTERS = "abcdefghijklmnopqrstuvwxyz_"


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    """A known word after one, two or three slips of the pen."""
    word = draw(st.sampled_from(KNOWN))
    for _ in range(draw(st.integers(1, 3))):
        at, letter = draw(st.integers(0, len(word))), draw(st.sampled_from(LETTERS))
        left, right = word[:at], word[at:]
        word = draw(
            st.sampled_from((left + letter + right, left + right[1:], left + letter + right[1:], left + right[1:2] + right[:1] + right[2:]))
        )
    return word


@settings(max_examples=150)
@given(misspelt())
def test_a_misspelt_word_is_told_the_word_that_is_nearest_of_all(word: str) -> None:
    nearest = difflib.get_close_matches(word, KNOWN, n=1, cutoff=ALIKE)

    assert nearest == [one for one in [closest(word, KNOWN)] if one]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How alike words are that are compared in full."""
    found: list[float] = []

    class Counting(difflib.SequenceMatcher):  # type: ignore[type-arg]
        def ratio(self) -> float:
            found.append(super().ratio())
            return found[-1]

    monkeypatch.setattr("mps_rules.errors.difflib.SequenceMatcher", Counting)
    return found


def test_one_reading_looks_up_the_closest_word_for_so_many_and_lists_so_many(compared: list[float]) -> None:
    with pytest.raises(FindingError) as raised:
        mps.evaluate({f"pain_on_movement_{number}": True for number in range(1000)})
    lines = str(raised.value).splitlines()

    assert len(raised.value.faults) == 1000
    assert [bool(fault.closest) for fault in raised.value.faults] == [True] * SUGGESTED + [False] * (1000 - SUGGESTED)
    assert (len(lines), lines[-1]) == (LISTED + 1, "and 900 more faults")
    assert 0 < len(compared) <= SUGGESTED * COMPARED


def test_a_form_of_unknown_questions_compares_no_words(kb: KnowledgeBase, compared: list[float]) -> None:
    items = [{"linkId": f"my_own_item_{number}", "answer": [{"valueBoolean": True}]} for number in range(500)]
    form = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "urn:mps-rules:questionnaire", "item": items}
    findings, report = read_bundle(form, kb, on=date(2026, 1, 1))

    assert ({}, 500, []) == (findings, len(report.skipped), compared)


def test_a_pack_with_a_thousand_faults_lists_a_hundred(load: Load) -> None:
    wrong = "\n".join(f"k{number}: 1" for number in range(1000))
    with pytest.raises(KnowledgeError) as raised:
        load({"shelf/one.yaml": wrong})

    assert str(raised.value).endswith(f"and {len(raised.value.faults) - LISTED:,} more faults")


# --- counts -----------------------------------------------------------------------------------------------------------


def counting(load: Load, n: int, of: int, about: str = "patient", more: str = "") -> KnowledgeBase:
    """A pack with one rule: at least so many of so many findings."""
    terms = "".join(f"  - {{id: f{number:02d}, label: F{number}, cost: asked}}\n" for number in range(of))
    when = f"{{at_least: {{n: {n}, of: [{', '.join(f'f{number:02d}' for number in range(of))}{more}]}}}}"
    return load({"vocabulary/findings/many.yaml": f"category: many\nfindings:\n{terms}"}, rule("shelf.one", when=when, about=about))


@pytest.fixture(params=EXECUTORS)
def run(request: pytest.FixtureRequest) -> Executor:
    return EXECUTORS[request.param]


def some_of(of: int, number: int) -> dict[str, bool]:
    """Some of the findings present, some absent, the others not known: around what counts."""
    random = seeded(number)
    present = random.choice((0.4, 0.5, 0.6))
    return {f"f{one:02d}": random.random() < present for one in range(of) if random.random() < random.choice((0.6, 1))}


@pytest.mark.parametrize(("n", "of"), [(12, 24), (30, 60)])
def test_a_count_of_many_says_what_the_definition_says_in_every_executor(load: Load, run: Executor, n: int, of: int) -> None:
    base = counting(load, n, of)
    terrain = terrain_of(base)
    patients = [Facts(terrain, read_findings(some_of(of, number), terrain)) for number in range(12)]
    expected = [EXECUTORS["judge"](base, facts) for facts in patients]

    assert {True, False, None} == {chain.verdict("shelf.one") for chain in expected}
    assert [] == [one for facts, there in zip(patients, expected, strict=True) for one in differences(base, facts, there, run(base, facts))]


def test_a_count_over_a_muscle_and_the_patient_counts_a_finding_as_often_as_it_stands(load: Load, run: Executor) -> None:
    base = counting(load, 3, 2, "muscle", ", taut_band, taut_band, sore_spot, {not: f00}")
    terrain = terrain_of(base)
    exams = [{"muscle": "alpha", "side": "left", "taut_band": True}, {"muscle": "gamma", "taut_band": False, "sore_spot": True}]
    charts: list[dict[str, Any]] = [{"exam": exams}, {"exam": exams, "f00": True}, {"exam": exams, "f00": False, "f01": True}]
    patients = [Facts(terrain, read_findings(one, terrain)) for one in charts]
    expected = [EXECUTORS["judge"](base, facts) for facts in patients]

    assert [None, True, True] == [chain.verdict("shelf.one", "alpha.left") for chain in expected]
    assert [] == [one for facts, there in zip(patients, expected, strict=True) for one in differences(base, facts, there, run(base, facts))]


def test_a_count_of_many_in_a_table_says_what_the_definition_says(load: Load) -> None:
    base = counting(load, 30, 60)
    terrain = terrain_of(base)
    rows = [some_of(60, number) for number in range(24)]
    expected = [EXECUTORS["judge"](base, Facts(terrain, read_findings(row, terrain))).verdict("shelf.one") for row in rows]
    table = pl.DataFrame(
        [{"person": number, **{f"f{one:02d}": row.get(f"f{one:02d}") for one in range(60)}} for number, row in enumerate(rows)]
    )

    assert {True, False, None} == set(expected)
    assert expected == mps.evaluate_cohort(table, base, conclusions=["ill"])["ill"].to_list()


def test_what_a_count_of_many_waits_for_is_told(load: Load) -> None:
    base = counting(load, 30, 60)
    assessment = mps.evaluate({f"f{number:02d}": True for number in range(28)}, base)
    found = assessment.flip("ill")

    assert [2] * len(found.sets) == [len(flip.changes) for flip in found.sets]
    assert found.sets


# --- what would turn a conclusion -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def charted(kb: KnowledgeBase) -> mps.Assessment:
    """A patient of whom nearly everything is recorded, fifty muscles on both sides among it."""
    random, terrain = seeded(3), terrain_of(kb)
    terms = [term for term in kb.vocabulary.terms.values() if not term.fact and term.kind == "boolean"]
    data = dict(chart(vignettes()[3]))
    for term in terms:
        if term.subject == "patient" and not (
            term.stands_for or term.id in CARRIED or term.id in data or term.excludes or term.implied_by or term.denied_by
        ):
            data[term.id] = random.random() < 0.1
    own = [term.id for term in terms if term.subject == "muscle"]
    known = {exam["muscle"] for exam in data.get("exam", [])}
    muscles = [one for one in list(kb.vocabulary.muscles)[:50] if one not in known]
    exams = [{"muscle": one, "side": side, **{id_: random.random() < 0.3 for id_ in own}} for one in muscles for side in ("left", "right")]
    for exam in exams:
        try:
            read_findings({"exam": [exam]}, terrain)
        except FindingError:
            continue
        data["exam"] = [*data.get("exam", []), exam]
    return mps.evaluate(data, kb)


def test_a_question_of_a_full_chart_ends_and_says_what_it_did_not_get_to(charted: mps.Assessment, kb: KnowledgeBase) -> None:
    found = charted.flip("myofascial_pain", "any", work=20_000)

    assert len(charted.findings.exam) > 40
    assert not found.complete
    assert "what would take more than 20,000 steps of work to find" in found.untried
    assert "that was tried" in str(found) or found.sets


@pytest.mark.parametrize("work", [60_000, 150_000])
def test_every_set_found_within_little_work_turns_the_conclusion_and_no_part_of_it_does(
    charted: mps.Assessment, kb: KnowledgeBase, work: int
) -> None:
    found = charted.flip("rf_cauda_equina", "any", work=work)
    target, state = Target.named(kb, found.id), Circuit(kb)
    words = kb.vocabulary

    def holds(changes: Any) -> bool:
        terrain = terrain_of(kb)
        after = changed(charted.findings, {one.address: one.value for one in changes}, words)
        return target.holds(state.read(Facts(terrain, read_findings(after, terrain))))

    assert found.sets
    assert [not found.reached] * len(found.sets[:3]) == [holds(flip.changes) for flip in found.sets[:3]]
    several = [flip for flip in found.sets if len(flip.changes) > 1][:2]
    assert [] == [one for flip in several for one in flip.changes if holds([one]) is not found.reached]


def test_more_work_finds_all_that_less_work_found(charted: mps.Assessment) -> None:
    little, more = (charted.flip("rf_cauda_equina", "any", work=work).sets for work in (20_000, 60_000))

    assert [] == [one for one in little if one not in more]
    assert len(little) < len(more)


# --- files ------------------------------------------------------------------------------------------------------------


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_folder(path: Path) -> None:
    path.mkdir()


def too_much(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(4 * LONGEST + 1)


def no_text(path: Path) -> None:
    path.write_bytes(b"a: \xff")


def nothing(path: Path) -> None:
    path.symlink_to("nowhere")


MADE = {
    a_pipe: "cannot be read: a pipe, not a file",
    a_device: "cannot be read: a device or socket, not a file",
    a_folder: "cannot be read: a folder, not a file",
    too_much: "holds more than 4,000,000 bytes",
    no_text: "is not UTF-8 text",
    nothing: "cannot be read: No such file or directory",
}


@pytest.mark.parametrize(("make", "expected"), MADE.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_no_readable_file_of_a_pack_is_refused_by_its_name(tmp_path: Path, make: Callable[[Path], None], expected: str) -> None:
    written(tmp_path, SMALL, rule("shelf.one"))
    make(tmp_path / "shelf" / "two.yaml")
    with pytest.raises(KnowledgeError) as raised:
        mps.load(tmp_path)

    assert raised.value.faults == (Fault("shelf/two.yaml", expected),)


@pytest.mark.parametrize("command", ["evaluate", "fhir"])
@pytest.mark.parametrize(("make", "expected"), MADE.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_no_readable_file_of_a_patient_is_refused_by_its_name(
    tmp_path: Path, make: Callable[[Path], None], expected: str, command: str
) -> None:
    make(tmp_path / "patient.json")
    told = CliRunner().invoke(main, [command, str(tmp_path / "patient.json")])
    expected = expected if command == "evaluate" or make not in (too_much, no_text) else "is not"

    assert told.exit_code == 2
    assert f"error: {tmp_path / 'patient.json'}" in told.stderr
    assert expected in told.stderr


def test_a_file_is_read_up_to_what_may_be_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")

    assert bytes_of(tmp_path / "a", "a", 5) == b"12345"
    with pytest.raises(Unreadable, match="a: holds more than 4 bytes"):
        bytes_of(tmp_path / "a", "a", 4)
    with pytest.raises(Unreadable, match="a: is no name of a file"):
        bytes_of(tmp_path / "a\0", "a", 4)


def test_a_folder_of_too_many_files_is_no_folder_of_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, SMALL)
    monkeypatch.setattr("mps_rules.language.reading.MOST_FILES", 5)

    with pytest.raises(KnowledgeError, match="holds more than 5 files and folders"):
        mps.load(tmp_path)


BOMBS = {
    "aliases": "a: &a [x, x]\nb: [*a, *a]\n",
    "depth": "[" * 100_000,
    "keys": "".join(f"k{number}: 1\n" for number in range(20_000)),
    "no text": "a: \0",
    "a list for a key": "{[a]: b}\n",
    "a tag": "a: !!python/object/apply:os.system [ls]\n",
    "treacherous words": "[" + "no," * 20_000 + "]",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_a_pack_is_refused_by_the_name_of_its_file(load: Load, bomb: str) -> None:
    with pytest.raises(KnowledgeError) as raised:
        load({"shelf/one.yaml": BOMBS[bomb]})

    assert {"shelf/one.yaml"} == {fault.where.partition(" ")[0] for fault in raised.value.faults}
    assert len(str(raised.value).splitlines()) <= LISTED + 1


# --- patterns and texts of a pack -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|a)*b", "(?:a?){30}a{30}", "a?" * 30 + "a" * 30, "(a*)*", "(?=a)b", r"(a)\1", "[a-z]+[a-z]+x", "a{1,999}b{1,999}", "(", "[", "a" * 201],
)  # fmt: skip
def test_a_pattern_that_could_be_tried_for_ever_is_refused_with_its_place(load: Load, pattern: str) -> None:
    with pytest.raises(Misfit):
        pattern_of(pattern)
    with pytest.raises(KnowledgeError, match=r"codes\.yaml line 3, codes\.systems\[0\]: the pattern"):
        load({"codes.yaml": f"codes:\n  systems:\n    - {{id: s, uri: u, pattern: '{pattern}'}}\n"})


def test_the_patterns_of_the_packaged_rules_are_plain(kb: KnowledgeBase) -> None:
    patterns = [system.pattern for system in kb.codes.systems if system.pattern]

    assert patterns == [pattern_of(pattern).pattern for pattern in patterns]
    assert patterns


def test_what_fills_a_text_is_not_filled_again(load: Load) -> None:
    shown = {
        "vocabulary/units.yaml": SMALL["vocabulary/units.yaml"].replace(
            "dimension: temperature, factor: 1", 'dimension: temperature, factor: 1, shown: "{value:temperature} {0.id}"'
        )
    }
    base = load(shown, rule("shelf.one", then='[caution: {id: hot, text: "Hot: {value:temperature}, and so on."}]'))
    (caution,) = mps.evaluate({"temperature": 39}, base).cautions

    assert "Hot: 39 {value:temperature} {0.id}, and so on." == caution.text


# --- what is no plain data --------------------------------------------------------------------------------------------


class Hostile:
    """Raises whatever it is asked."""

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        raise ZeroDivisionError

    __hash__ = object.__hash__
    __str__ = __repr__


class Unfolding(dict[str, Any]):
    def items(self) -> Any:
        raise ZeroDivisionError


def endless() -> Iterator[str]:
    while True:
        yield "low_back"


def within_itself() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def deep() -> Any:
    made: Any = True
    for _ in range(50_000):
        made = [made]
    return made


VALUES: tuple[Callable[[], Any], ...] = (
    Hostile,
    Unfolding,
    endless,
    within_itself,
    deep,
    lambda: "x" * 5_000_000,
    lambda: b"x",
    lambda: {"low_back"},
)
PLACES: tuple[Callable[[Any], Any], ...] = (
    lambda value: value,
    lambda value: {"fever": value},
    lambda value: {"age_years": value},
    lambda value: {"pain_quality": value},
    lambda value: {"pain_quality": [value]},
    lambda value: {"pain": value},
    lambda value: {"pain": [value]},
    lambda value: {"pain": [{"region": "low_back", "side": value}]},
    lambda value: {"labels": [value]},
    lambda value: {"labels": {"fibromyalgia": value}},
    lambda value: {"exam": [{"muscle": "soleus", "side": value}]},
    lambda value: {"exam": [{"muscle": "soleus", "taut_band": value}]},
)


@pytest.mark.parametrize("place", range(len(PLACES)))
@pytest.mark.parametrize("value", range(len(VALUES)))
def test_what_is_no_plain_data_is_a_fault_of_findings_and_nothing_else(place: int, value: int) -> None:
    given_ = PLACES[place](VALUES[value]())
    if place == 0 and VALUES[value] is Unfolding:
        given_["fever"] = True
    try:
        said: str = mps.evaluate(given_).urgency
    except FindingError as error:
        said = str(error)

    assert len(said) < 400
    assert " at 0x" not in said


# --- forms of conditions ----------------------------------------------------------------------------------------------


@attrs.frozen(cache_hash=True)
class Perhaps:
    """A form that nobody knows."""

    of: c.Condition


NEW: Any = Perhaps(c.Present("fever"))


@pytest.mark.parametrize(
    "told_apart",
    [
        lambda base: c.judge(NEW, Facts(terrain_of(base), read_findings({}, terrain_of(base))).view()),
        lambda _: c.parts(NEW),
        lambda _: c.normalise(c.All((NEW, NEW, c.Present("rash")))),
        lambda _: c.describe(NEW, lambda _, id_: id_),
        lambda base: Circuit(base).ref(NEW),
        lambda base: Network(base)._add(NEW),
        lambda base: list(leaf_names(NEW, base)),
        lambda _: program._leaf(NEW),
        lambda base: subjects.subject_kind(NEW, base, {}),
        lambda base: can_be_unknown(NEW, base),
        lambda base: Formulas(base, {}).of(NEW),
        lambda base: premises.premise(c.Ground("patient", NEW, None), Facts(terrain_of(base), read_findings({}, terrain_of(base)))),
    ],
    ids=["judge", "parts", "normalise", "describe", "circuit", "network", "names of the program", "leaf of the program", "whose", "lint", "formulas", "premise"],
)  # fmt: skip
def test_a_form_of_condition_that_nobody_knows_is_taken_for_no_other(
    small: KnowledgeBase, told_apart: Callable[[KnowledgeBase], Any]
) -> None:
    with pytest.raises(AssertionError, match="unreachable"):
        told_apart(small)
