"""A table of patients says of each what the rules say of that patient alone, and lists what it cannot read."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import attrs
import ibis
import polars as pl
import pyarrow as pa
import pytest

import mps_rules as mps
from charts import chart, vignettes
from executors import SPARK, on_spark
from mps_rules.answer.assess import Assessor, unknown_terms
from mps_rules.answer.scores import considered, scored, stand
from mps_rules.answer.values import STATUSES
from mps_rules.authoring.cases import read_cases
from mps_rules.chaining import circuit, reference
from mps_rules.chaining.chains import Chain
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, STRENGTHS, URGENCIES, Conclusion, Confirm, Derive, Exclude, GiveCaution, Oppose, Support
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, Term, Vocabulary, muscle_subject
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Truth
from mps_rules.patient.addresses import Address, as_row, changed
from mps_rules.patient.addresses import as_mapping as mapping_of
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import CARRIED, read_findings
from mps_rules.patient.values import Findings
from mps_rules.population import cohort, tables
from mps_rules.population.cohort import FIRST, Cohort, laid
from mps_rules.population.kernel import Kernel
from mps_rules.population.tables import connected, kinds_of, opened
from mps_rules.population.unread import Formulas
from random_packs import _rule, few_muscles, in_ranges, random_pack, random_patient, seeded, some_number, with_rules

PACKS = int(os.environ.get("PACKS", "12"))
PATIENTS_EACH = int(os.environ.get("PATIENTS", "20"))
ROWS = int(os.environ.get("ROWS", "150"))
"""How many random rows are drawn in all."""
ROWS_EACH = 150
"""How many of them stand in one table."""
NARROW = (
    "rf_cauda_equina",
    "rf_hip_fracture",
    "fm_acr_2016",
    "fibromyalgia",
    "active_trigger_point",
    "joint_anchoring",
    "criteria.trp_delphi_2018",
)

# --- tables, and what is expected of them -----------------------------------------------------------------------------


def frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """One table, a row for each mapping of column to value, numbered from 0."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns: dict[str, Any] = {"person": range(len(rows))}
    for name in names:
        values = [row.get(name) for row in rows]
        number = any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        columns[name] = pl.Series([None if value is None else float(value) for value in values] if number else values)
    return pl.DataFrame(columns)


def expected(
    base: KnowledgeBase, truths: Mapping[str, Truth], chain: Chain | None = None, facts: Facts | None = None, *, ranked: bool = True
) -> dict[str, Any]:
    """What a cohort's columns should say of one patient, by the truths of the rules; the leading hypothesis, where it was chained."""
    said: dict[str, Any] = {id_: c.some(truths[rule.id] for rule in rules) for id_, rules in base.concluding.items()}
    said |= {id_: c.some(truths[rule] for rule in rules) for id_, rules in _cautions(base).items()}
    if chain and facts:
        assessor = Assessor(base, facts, chain)
        for id_, arguments in base.arguments.items():
            if base.vocabulary.suspects[id_].kind != "prompt":
                fired = [one for one in arguments if one[0].cause is None and truths[one[0].id]]
                cause = base.causes.get(id_)
                several = scored(assessor.values, cause, considered(assessor.values, id_)) if cause else ()
                said[id_] = stand(base, id_, several, fired, firm=assessor.firm(id_)).status
    raised = {rule.alert.urgency for rule in base.rules if rule.alert and truths[rule.id]}
    said |= {**truths, "urgency": next((urgency for urgency in URGENCIES if urgency in raised), "none")}
    if chain and facts and ranked:
        assessment = assessor.assessment()
        assert said.items() >= {"urgency": assessment.urgency, **{one.id: one.status for one in assessment.hypotheses}}.items()
        pressing = {alert.condition for alert in assessment.alerts if alert.status == "raised" and alert.urgency in PRESSING}
        spoken_for = [one.id for one in assessment.hypotheses if one.id in pressing or one.status in ("confirmed", "probable", "possible")]
        said |= dict(zip(FIRST, (*spoken_for, None, None, None), strict=False))
    return said


def _cautions(base: KnowledgeBase) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule in base.rules:
        for conclusion in rule.then:
            if isinstance(conclusion, GiveCaution):
                found.setdefault(conclusion.id, []).append(rule.id)
    return found


def by_definition(base: KnowledgeBase, facts: Facts) -> dict[str, Any]:
    """What is concluded of one patient by definition; of muscles and diagnoses, whether of any."""
    chain = reference.chain(base, facts)
    truths = {rule.id: c.some(chain.verdict(rule.id, one) for one in facts.subjects(rule.about)) for rule in base.rules}
    found = expected(base, truths, chain, facts)
    for id_, rules in base.concluding.items():
        assert found[id_] is c.some(chain.concluded(id_, one) for one in facts.subjects(rules[0].about))
    return found


def by_circuit(base: KnowledgeBase, findings: Findings, *, ranked: bool = True) -> dict[str, Any]:
    """What the circuit concludes of one patient; muscles that no rule can tell apart are asked once."""
    facts = Facts(terrain_of(base), findings)
    state = circuit.circuit_of(base).read(facts)
    truths = {rule.id: c.some(state.verdict(rule.id, one) for one in state.subjects.of_kind(rule.about)) for rule in base.rules}
    return expected(base, truths, circuit.chain_of(state), facts, ranked=ranked)


def differences(found: pl.DataFrame, said: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    """Every cell of a cohort that says something else of a person than was said of that person alone."""
    for row in found.iter_rows(named=True):
        person = row.pop("person")
        if row.pop("rejected"):
            yield from (f"{person}: {name} is {value} though rejected" for name, value in row.items() if value is not None)
            continue
        of = {**{place: row.get(place) for place in FIRST}, **said[person]}
        yield from (f"{person}: {name} is {value}, {of[name]} alone" for name, value in row.items() if value != of[name])


def everything(base: KnowledgeBase, table: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """All that a cohort concludes of a table, and then the rules themselves."""
    yield mps.evaluate_cohort(table, base)
    yield rules_of(base, table)


def rules_of(base: KnowledgeBase, table: pl.DataFrame) -> pl.DataFrame:
    """The verdict of every rule."""
    found: pl.DataFrame = mps.evaluate_cohort(table, base, conclusions=[rule.id for rule in base.rules])
    return found


@lru_cache(maxsize=2)
def charts_of(kind: str) -> tuple[Findings, ...]:
    """The findings of all vignettes, or of all cases of the rules."""
    base = mps.load()
    return tuple(read_findings(one.findings, terrain_of(base)) for one in (vignettes() if kind == "vignettes" else read_cases(base)))


@lru_cache(maxsize=1)
def laid_over_the_vignettes() -> Cohort:
    """The rules laid over the columns of the vignettes, kept for all that is asked of these."""
    return laid(mps.load(), kinds_of(opened(wide(charts_of("vignettes")))[0]), "person", ())


@lru_cache(maxsize=1)
def all_of_the_vignettes() -> pl.DataFrame:
    """Everything that a cohort concludes of the vignettes but the rules."""
    laid_over_the_vignettes()
    found: pl.DataFrame = mps.evaluate_cohort(wide(charts_of("vignettes")))
    return found


def wide(findings: Iterable[Findings]) -> pl.DataFrame:
    return frame([as_row(one, mps.load().vocabulary) for one in findings])


# --- the same as one patient alone ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["vignettes", "cases"])
def test_a_table_of_charts_concludes_what_the_circuit_concludes_of_each(kind: str, kb: KnowledgeBase) -> None:
    charts = charts_of(kind)[:: 1 if kind == "vignettes" else 4]
    said = {number: by_circuit(kb, one, ranked=kind == "vignettes" or number % 8 == 0) for number, one in enumerate(charts)}

    assert charts
    for found in (all_of_the_vignettes(), rules_of(kb, wide(charts))) if kind == "vignettes" else everything(kb, wide(charts)):
        assert len(charts) == len(found)
        assert not found["rejected"].any()
        assert [] == list(differences(found, said))


def test_a_table_says_of_vignettes_what_evaluate_says(kb: KnowledgeBase) -> None:
    assert vignettes()
    for one, row in list(zip(vignettes(), all_of_the_vignettes().iter_rows(named=True), strict=True))[::10]:
        alone = mps.evaluate(chart(one))
        assert alone.urgency == row["urgency"]
        assert {h.id: h.status for h in alone.hypotheses} == {h.id: row[h.id] for h in alone.hypotheses}
        fired = [kb.by_id[one.rule] for one in alone.trace]
        assert {rule.alert.id for rule in fired if rule.alert and not rule.open_alert} == {
            id_ for id_ in kb.concluding if id_.startswith(("rf_", "suspected_")) and not id_.endswith(".open") and row[id_]
        }


def test_every_urgency_and_many_hypotheses_lead_in_the_vignettes() -> None:
    found = all_of_the_vignettes()

    assert {"emergency", "urgent", "soon", "none"} == set(found["urgency"])
    assert len(set(found["leading"].drop_nulls())) > 10


@pytest.fixture(scope="module")
def few(kb: KnowledgeBase) -> KnowledgeBase:
    return few_muscles(kb)


@pytest.mark.parametrize("seed", range(40_000, 40_000 + PACKS))
def test_a_table_concludes_of_a_random_pack_what_the_definition_does(few: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few, seed, counts_within_muscles=bool(seed % 4 == 0))
    random = seeded(seed)
    patients = [random_patient(words, terrain_of(few), random) for _ in range(PATIENTS_EACH)]
    said = {number: by_definition(base, facts) for number, facts in enumerate(patients)}
    table = frame([as_row(facts.findings, base.vocabulary) for facts in patients])

    for found in everything(base, table):
        assert not found["rejected"].any()
        assert [] == list(differences(found, said))


@pytest.mark.parametrize("seed", range(40_100, 40_100 + PACKS))
def test_a_number_of_which_only_the_range_is_known_concludes_in_a_table_what_the_definition_does(few: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few, seed)
    random, terrain = seeded(seed), terrain_of(few)
    drawn = [mapping_of(random_patient(words, terrain, random).findings) for _ in range(PATIENTS_EACH)]
    read = [one for said in drawn if (one := read_or_refused(in_ranges(said, base, random), base))]
    patients = [Facts(terrain_of(base), one) for one in read]
    said = {number: by_definition(base, facts) for number, facts in enumerate(patients)}
    table = frame([as_row(facts.findings, base.vocabulary) for facts in patients])

    assert [name for name in table.columns if name.endswith(".at_most")]
    for found in everything(base, table):
        assert not found["rejected"].any()
        assert [] == list(differences(found, said))


def test_hypotheses_are_weighed_and_ranked_as_one_patient_alone_has_them(few: KnowledgeBase) -> None:
    truths = [term.id for term in few.vocabulary.terms.values() if term.kind == "boolean" and term.subject == "patient"]
    plain = [id_ for id_ in truths if not _follows(few.vocabulary.terms[id_])]
    suspects = [one.id for one in few.vocabulary.suspects.values() if one.kind not in ("prompt", "serious")][:3]
    strengths = [strength for strength in STRENGTHS for _ in range(2)]
    ends: list[Conclusion] = [end(one) for one in suspects for end in (Confirm, Exclude)]
    ends += [weight(one, strength) for one in suspects for weight in (Support, Oppose) for strength in strengths]
    rules = [_rule(f"random.r{n:02d}", "patient", c.Present(plain[n]), (end,)) for n, end in enumerate(ends)]
    base = with_rules(few, rules, "arguments of every strength")
    random = seeded(45_000)
    rows = [{plain[n]: True for n in range(len(ends)) if random.random() < often} for often in random.choices((0.05, 0.3, 0.7), k=300)]
    rows.append({plain[n]: True for n, end in enumerate(ends) if isinstance(end, Oppose)})
    said = {n: by_definition(base, Facts(terrain_of(base), read_findings(row, terrain_of(base)))) for n, row in enumerate(rows)}

    assert [] == list(differences(mps.evaluate_cohort(frame(rows), base), said))
    assert set(STATUSES) == {found[one] for found in said.values() for one in suspects}
    assert {*suspects, None} == {found["leading"] for found in said.values()}


def _follows(term: Term) -> bool:
    return bool(term.implied_by or term.denied_by or term.stands_for or term.excludes)


def test_a_group_of_muscles_counts_only_where_it_was_examined(few: KnowledgeBase) -> None:
    refers = c.Present("refers_to_pain")
    rules = [_rule(f"random.r{n:02d}", "patient", c.CountMuscles(refers, n), (Derive(f"d{n}"),)) for n in range(1, 20)]
    base = with_rules(few, rules, "counts of muscles")
    group = next(id_ for id_, parts in base.vocabulary.groups.items() if len(parts) > 1 and id_ not in base.vocabulary.muscles)
    charts: list[dict[str, Any]] = [{"pain": ["buttock", "low_back"]}, {"pain": ["buttock_lower.left", "low_back.left"]}]
    charts += [{**one, "exam": [{"muscle": group, "side": side, "taut_band": False}]} for one in charts for side in (*SIDES, None)]
    patients = [Facts(terrain_of(base), read_findings(one, terrain_of(base))) for one in charts]
    said = {n: by_definition(base, facts) for n, facts in enumerate(patients)}

    assert [] == list(differences(mps.evaluate_cohort(frame([as_row(one.findings, base.vocabulary) for one in patients]), base), said))
    assert said[1] != said[5]


def test_where_it_hurts_and_which_muscles_send_pain_there_is_what_the_pain_map_says(kb: KnowledgeBase) -> None:
    words, random = kb.vocabulary, seeded(46_000)
    places = [
        Cells(str(at), at) for one in words.regions.values() for side in {None, *one.sides} for at in [Address("pain", one.id, side=side)]
    ]
    stands = [
        Cells(term.id, Address("patient", PATIENT, term.id), term) for term in words.terms.values() if term.draws and term.kind == "boolean"
    ]
    rows: list[dict[str, Any]] = []
    while len(rows) < 150:
        row = {one.name: random.random() < 0.4 for one in random.sample([*places, *stands], random.choice((1, 2, 4, 8)))}
        row |= {"pain_map_complete": True} if random.random() < 0.3 else {}
        if read_or_refused(as_mapping(row, [*places, *stands], words) | _complete(row), kb):
            rows.append(row)
    rows += [{"pain.whole_body": False}, {"pain_map_complete": True}] if "whole_body" in words.regions else [{"pain_map_complete": True}]
    table = frame(rows)
    formulas = Formulas(kb, {name: "boolean" for name in table.columns if name != "person"})
    asked: dict[tuple[str, str, str | None], int] = {
        ("at", id_, side): formulas.pain_at(id_, side) for id_ in words.regions for side in (None, *SIDES)
    }
    some = random.sample([*words.muscles, *words.groups], 40)
    relations = ("refers_to_pain", "lies_in_pain", "remote_from_pain", "explains_all")
    asked |= {(r, one, s): formulas.present(r, muscle_subject(one, s)) for r in relations for one in some for s in (*SIDES, None)}
    found = Kernel(formulas.sheet, asked.values(), formulas.columns).over(table.to_arrow().combine_chunks().to_batches()[0])
    told = [found.told(found.holds(one), found.holds(one) | found.opposite(found.may(one))).to_pylist() for one in asked.values()]
    assert rows
    for answers, mapping in zip(zip(*told, strict=True), rows, strict=True):
        facts = Facts(terrain_of(kb), read_findings(as_mapping(mapping, [*places, *stands], words) | _complete(mapping), terrain_of(kb)))
        expected_of = {
            key: facts.pain_map.at(*key[1:]) if key[0] == "at" else facts.view(muscle_subject(*key[1:])).present(key[0]) for key in asked
        }
        assert expected_of == dict(zip(asked, answers, strict=True)), mapping


def _complete(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name == "pain_map_complete"}


# --- random rows ------------------------------------------------------------------------------------------------------

GAPS = {
    "pain_intensity of a place": "no column: no rule reads how much a single place hurts, and as_row leaves it out",
    "text with a unit": "a column of numbers is in the finding's own unit; a column of text is refused whole, never guessed at",
    "a denied diagnosis of which something is said": "a mapping cannot say both; a row can, and is rejected",
}
"""In what a row and the mapping of the same findings differ, and why."""


@attrs.frozen
class Cells:
    """A column of a random table: its name, what it speaks of, and whether one word has the column to itself."""

    name: str
    at: Address
    term: Term | None = None
    word: str | None = None
    many: bool = False

    def drawn(self, random: Random) -> Any:
        """Some value; now and then one that cannot be."""
        if self.term is None or self.word or self.term.kind == "boolean":
            return random.random() < 0.4
        strange = random.random() < 0.004
        if self.term.kind in ("number", "duration"):
            return 1e7 if strange else some_number(self.term, random)
        value = "no such word" if strange else random.choice(self.term.values)
        return [value, random.choice(self.term.values)] if self.many else value


def some_columns(words: Vocabulary, random: Random) -> list[Cells]:
    """Columns of every kind: many of the patient's, and some places, muscles and diagnoses with what may be said of them."""
    own = [term for term in words.terms.values() if not term.fact and term.id not in CARRIED]

    def of(subject: str) -> list[Term]:
        return [term for term in own if term.subject == subject]

    def about(make: Any, terms: Iterable[Term]) -> Iterator[Cells]:
        for term in terms:
            at = make(term.id)
            if term.values and random.random() < 0.5:
                yield from (Cells(f"{at}.{word}", at, term, word) for word in term.values)
            else:
                yield Cells(str(at), at, term, many=term.kind == "many_of" and random.random() < 0.5)

    patient = of("patient")
    found = list(about(lambda id_: Address("patient", PATIENT, id_), random.sample(patient, len(patient) // 3)))
    for region in random.sample(list(words.regions.values()), 12):
        found += [
            Cells(str(at), at) for side in {None, *region.sides} for at in [Address("pain", region.id, side=side)] if random.random() < 0.7
        ]
    for label in random.sample(list(words.diagnoses), 6):
        found.append(Cells(f"labels.{label}", Address("given", label)))
        found += about(lambda id_, label=label: Address("label", label, id_), random.sample(of("label"), 2))
    for muscle in random.sample([*words.muscles, *words.groups], 6):
        side = random.choice((*SIDES, None))
        found += about(lambda id_, m=muscle, s=side: Address("muscle", m, id_, s), random.sample(of("muscle"), 6))
        found.append(Cells(str(at := Address("muscle", muscle, "examined", side)), at))
    return [*{one.name: one for one in found}.values()]


def some_rows(columns: Sequence[Cells], random: Random, size: int) -> list[dict[str, Any]]:
    """Rows from nearly empty to half full."""
    rows = []
    for _ in range(size):
        share = random.choice((0.01, 0.03, 0.06, 0.12, 0.5))
        often = {"pain": 3, "given": 3, "muscle": 3, "label": 3}
        rows.append({one.name: one.drawn(random) for one in columns if random.random() < share * often.get(one.at.kind, 1)})
    return rows


def as_mapping(row: Mapping[str, Any], columns: Iterable[Cells], words: Vocabulary) -> dict[str, Any]:
    """The same findings as ``evaluate`` takes them."""
    changes: dict[str, Any] = {}
    examined: list[Address] = []
    for one in columns:
        if one.name not in row:
            continue
        if one.word:
            changes.setdefault(str(one.at), {})[one.word] = row[one.name]
        elif one.at.term != "examined":
            changes[str(one.at)] = row[one.name]
        elif row[one.name]:
            examined.append(one.at)
    data = changed(Findings(), dict(sorted(changes.items(), key=lambda item: item[0].startswith("labels."), reverse=True)), words)
    data.setdefault("exam", []).extend({"muscle": at.name, "side": at.side} for at in examined)
    return data


def said_of_a_denied_diagnosis(row: Mapping[str, Any], columns: Iterable[Cells]) -> bool:
    """Whether a row denies a diagnosis and says something about it."""
    about = {one.at.name for one in columns if one.at.kind == "label" and one.name in row}
    return any(row.get(f"labels.{label}") is False for label in about)


def read_or_refused(mapping: Mapping[str, Any], base: KnowledgeBase) -> Findings | None:
    try:
        return read_findings(mapping, terrain_of(base))
    except FindingError:
        return None


@pytest.mark.parametrize("seed", range(50_000, 50_000 + -(-ROWS // ROWS_EACH)))
def test_a_random_row_is_rejected_where_its_findings_are_refused_and_else_concludes_the_same(seed: int, kb: KnowledgeBase) -> None:
    random = seeded(seed)
    columns = some_columns(kb.vocabulary, random)
    rows = some_rows(columns, random, min(ROWS, ROWS_EACH))
    read = [read_or_refused(as_mapping(row, columns, kb.vocabulary), kb) for row in rows]
    refused = {n for n, row in enumerate(rows) if read[n] is None or said_of_a_denied_diagnosis(row, columns)}
    said = {n: by_circuit(kb, one) for n, one in enumerate(read) if one is not None}
    found = mps.evaluate_cohort(frame(rows))

    assert refused == set(found.filter(pl.col("rejected"))["person"])
    assert [] == list(differences(found, said))
    assert len(rows) // 20 < len(refused) < len(rows) * 9 // 10
    assert len(set(found["leading"].drop_nulls())) > 1


def test_every_row_that_is_rejected_is_told_why_and_no_other(kb: KnowledgeBase) -> None:
    random = seeded(60_000)
    table = frame(some_rows(some_columns(kb.vocabulary, random), random, 100))
    found = mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"])
    faults = cohort.rejects(table, kb)

    assert {str(person) for person in found.filter(pl.col("rejected"))["person"]} == set(faults["person"])
    assert len(set(faults["fault"])) > 3


def test_what_a_row_cannot_say_is_declared(kb: KnowledgeBase) -> None:
    findings = read_findings({"pain": [{"region": "low_back", "intensity": 6}], "symptom_duration": "16 wk"}, terrain_of(kb))

    assert {"pain.low_back": True, "symptom_duration": 16.0} == as_row(findings, kb.vocabulary)
    written = pl.DataFrame({"person": [1, 2], "symptom_duration": ["16 wk", "16"]})
    assert cohort.rejects(written, kb).rows() == [("1", "symptom_duration", "cannot be read as a number")]
    assert len(GAPS) == 3


# --- other backends ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed(kb: KnowledgeBase) -> pl.DataFrame:
    """Random rows with columns of every kind."""
    random = seeded(70_000)
    return frame(some_rows(some_columns(kb.vocabulary, random), random, 60))


@pytest.mark.parametrize("table", ["vignettes", "mixed"])
def test_duckdb_gives_the_rows_that_polars_gives(table: str, mixed: pl.DataFrame) -> None:
    rows = mixed if table == "mixed" else wide(charts_of("vignettes"))
    there = mps.evaluate_cohort(rows, conclusions=NARROW, explain=True)
    here = mps.evaluate_cohort(rows, conclusions=NARROW, explain=True, backend="duckdb")

    assert there.equals(here.sort("person"))
    assert there["rejected"].any() == (table == "mixed")


def test_duckdb_lists_the_faults_that_polars_lists(kb: KnowledgeBase, mixed: pl.DataFrame) -> None:
    there, here = (cohort.rejects(mixed, kb, backend=backend) for backend in ("polars", "duckdb"))

    assert len(there) > 10
    assert there.rows() == here.rows()


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
@pytest.mark.parametrize("backend", ["polars", "duckdb", pytest.param("spark", marks=SPARK)])
def test_a_frame_is_computed_where_it_is_asked_for(backend: Any, kind: str) -> None:
    rows = pl.DataFrame({"person": [1, 2], "fever": [True, None]})
    source, _ = tables.opened({"polars": rows, "pandas": rows.to_pandas(), "arrow": rows.to_arrow()}[kind], backend)

    assert source.get_backend().name == {"spark": "pyspark"}.get(backend, backend)
    assert source.fever.isnull().sum().to_pyarrow().as_py() == 1


@on_spark
def test_spark_gives_the_rows_that_polars_gives(kb: KnowledgeBase, mixed: pl.DataFrame) -> None:
    few = mixed.head(60)
    whole = [mps.evaluate_cohort(few, backend=backend) for backend in ("polars", "spark")]
    there = mps.evaluate_cohort(mixed, conclusions=NARROW, explain=True)
    here = mps.evaluate_cohort(mixed, conclusions=NARROW, explain=True, backend="spark")
    faults = [cohort.rejects(VISITS, kb, backend=backend).rows() for backend in ("polars", "spark")]
    long = [mps.evaluate_cohort(VISITS, conclusions=LONG_CONCLUSIONS, backend=backend).rows() for backend in ("polars", "spark")]

    assert whole[0].rows() == whole[1].sort("person").rows()
    assert there.rows() == here.sort("person").rows()
    assert faults[0] == faults[1]
    assert long[0] == long[1]


@on_spark
def test_spark_computes_the_rows_of_a_frame_on_its_workers_and_not_while_it_plans() -> None:
    source, _ = tables.opened(pl.DataFrame({"person": [1, 2], "fever": [True, None]}), "spark")
    connection = source.get_backend()

    planned = connection.raw_sql(f"EXPLAIN {connection.compile(source.mutate(no_fever=~source.fever))}").collect()[0][0]

    assert "ExistingRDD" in planned
    assert "LocalTableScan" not in planned


@on_spark
def test_on_a_cluster_the_rows_of_a_wide_table_never_move(kb: KnowledgeBase, mixed: pl.DataFrame, tmp_path: Path) -> None:
    mixed.write_parquet(tmp_path / "patients.parquet")
    connection = tables.connected("spark")
    made = mps.evaluate_cohort(connection.read_parquet(str(tmp_path / "patients.parquet")), kb)

    planned = connection.raw_sql(f"EXPLAIN {connection.compile(made)}").collect()[0][0]

    assert "FileScan parquet" in planned
    assert "Exchange" not in planned


# --- the long form ----------------------------------------------------------------------------------------------------

LONG_CONCLUSIONS = ("rf_cauda_equina", "rf_hip_fracture", "active_trigger_point", "article.sharp_on_movement")
VISITS = pl.DataFrame(
    [
        ("ann", "saddle_anaesthesia", "yes", None, None, None, "2026-01-02"),
        ("ann", "pain", "present", "low_back", None, "bilateral", "2026-01-02"),
        ("ann", "taut_band", "1", None, "gluteus_medius", "bilateral", "2026-01-02"),
        ("ann", "fever", "TRUE", None, None, None, "2026-01-02"),
        ("ann", "fever", "no", None, None, None, "2026-02-02"),
        ("bob", "fever", "true", None, None, None, "2026-01-02"),
        ("bob", "fever", "false", None, None, None, "2026-01-02"),
        ("bob", "saddle_anaesthesia", "true", None, None, None, "2026-01-02"),
        ("cec", "fevr", "true", None, None, None, None),
        ("dan", "body_temperature", "warm", None, None, None, None),
        ("dan", "pain_quality", "dull", None, None, None, None),
        ("dan", "pain_quality", "woolly", None, None, None, None),
        ("dan", "sex_at_birth", "unsaid", None, None, None, None),
        ("dan", "age_years", "46", None, None, None, None),
        ("eve", "fever", "unknown", None, None, None, None),
        ("eve", None, "true", None, None, None, None),
    ],
    schema=["person", "term", "value", "region", "muscle", "side", "date"],
    orient="row",
)  # fmt: skip


def said(rows: Iterable[tuple[Any, ...]], *names: str) -> pl.DataFrame:
    """A long table: the person, the term, the value, and other columns by name."""
    return pl.DataFrame([(1, *row) for row in rows], schema=["person", "term", "value", *names], orient="row", strict=False)


def known(table: pl.DataFrame, dates: Any = "ISO") -> dict[str, Any]:
    """What a long table of one person comes to say, as the wide row that it becomes."""
    from mps_rules.population.tables import opened, pivoted

    made, _ = pivoted(opened(table)[0], mps.load(), "person", dates)
    (row,) = made.to_polars().rows(named=True)
    return {name: value for name, value in row.items() if value is not None and name != "person"}


def melted(rows: pl.DataFrame) -> pl.DataFrame:
    """The same in the long form, a whole address in each row."""
    cells = [
        (row["person"], name, str(value))
        for row in rows.iter_rows(named=True)
        for name, value in row.items()
        if value is not None and name != "person"
    ]
    return pl.DataFrame(cells, schema=["person", "term", "value"], orient="row")


def test_a_long_table_concludes_what_the_wide_one_does() -> None:
    rows = wide(charts_of("vignettes"))
    conclusions = [*NARROW, "rf_malignancy_history", "myofascial_pain"]
    there = mps.evaluate_cohort(rows, conclusions=conclusions)
    here = mps.evaluate_cohort(melted(rows), conclusions=conclusions)

    assert there.filter(pl.col("person").is_in(here["person"].implode())).rows() == here.rows()
    assert len(here) > 150


def test_a_long_table_says_where_and_of_what_in_columns_of_their_own() -> None:
    table = said(
        [
            ("pain", "true", "low_back", None, None, "left"),
            ("pain", "no", "sacrum", None, None, "midline"),
            ("taut_band", "true", None, "gluteus_medius", None, "right"),
            ("label", "true", None, None, "disc_herniation", None),
            ("label_treated_without_relief", "false", None, None, "facet_syndrome", None),
            ("pain_map_complete", "true", None, None, None, None),
            ("low_back.right", "0", None, None, None, None),
            ("pain_quality.burning", "no", None, None, None, None),
            ("pain_quality", "dull", None, None, None, None),
            ("age_years", "46", None, None, None, None),
        ],
        "region", "muscle", "label", "side",
    )  # fmt: skip

    assert {
        "pain.low_back.left": True,
        "pain.sacrum": False,
        "gluteus_medius.right.taut_band": True,
        "labels.disc_herniation": True,
        "facet_syndrome.label_treated_without_relief": False,
        "pain_map_complete": True,
        "pain.low_back.right": False,
        "pain_quality.burning": False,
        "pain_quality.dull": True,
        "age_years": 46.0,
    } == known(table)


def test_a_word_keeps_its_capitals_in_a_long_table(kb: KnowledgeBase) -> None:
    capital = [(term, value) for term in kb.vocabulary.terms.values() for value in term.values if value != value.lower()]

    assert capital
    for term, value in capital:
        expected_of = {f"{term.id}.{value}": True} if term.kind == "many_of" else {term.id: value}
        assert expected_of.items() <= known(said([(term.id, value)])).items(), (term.id, value)


def test_both_sides_are_said_of_each(kb: KnowledgeBase) -> None:
    table = said(
        [("pain", "true", "low_back", None, "bilateral"), ("taut_band", "no", None, "soleus", "bilateral")], "region", "muscle", "side"
    )

    assert {
        "pain.low_back.left": True,
        "pain.low_back.right": True,
        "soleus.left.taut_band": False,
        "soleus.right.taut_band": False,
    } == known(table)


def test_of_several_dates_the_latest_holds() -> None:
    visits = [
        ("fever", "true", "2026-01-01"),
        ("fever", "false", "2026-03-01"),
        ("body_temperature", "38.5", "2026-03-01"),
        ("body_temperature", "37", "2026-03-02"),
        ("pain_quality", "dull", "2026-01-01"),
        ("pain_quality", "burning", "2026-02-01"),
        ("low_back.left", "true", "2026-01-01"),
        ("pain.low_back.left", "false", "2026-01-02"),
    ]
    latest = {
        "fever": False,
        "body_temperature": 37.0,
        "pain_quality.dull": True,
        "pain_quality.burning": True,
        "pain.low_back.left": False,
    }

    for order in (visits, visits[::-1]):
        assert latest == known(said(order, "date"))


def test_of_two_values_of_one_date_the_dangerous_one_stands_and_both_are_a_fault(kb: KnowledgeBase) -> None:
    table = said(
        [("fever", "true", "2026-01-01"), ("fever", "no", "2026-01-01"), ("body_temperature", "38.9", "2026-01-01"),
         ("body_temperature", "39.2", "2026-01-01"), ("sex_at_birth", "male", None), ("sex_at_birth", "female", None),
         ("saddle_anaesthesia", "true", "2026-01-01"), ("saddle_anaesthesia", "yes", "2026-01-01"), ("age_years", "46", None),
         ("age_years", "46.0", None), ("haemoglobin", "11", "2026-01-01"), ("haemoglobin", "14", "2026-01-01")],
        "date",
    )  # fmt: skip

    assert {"fever": True, "body_temperature": 39.2, "saddle_anaesthesia": True, "age_years": 46.0, "haemoglobin": 11.0,
            "in_doubt.sex_at_birth": True} == known(table)  # fmt: skip
    assert [
        ("1", at, "is said to have different values") for at in ("body_temperature", "fever", "haemoglobin", "sex_at_birth")
    ] == cohort.rejects(table, kb).rows()


def test_of_two_harmless_values_of_one_date_none_is_known() -> None:
    table = said([("body_temperature", "36.5", "2026-01-01"), ("body_temperature", "36.9", "2026-01-01")], "date")

    assert {} == known(table)


READINGS = [
    ("31.12.2020", "01.02.2021", "day-first", True),
    ("01.02.2021", "31.12.2020", "day-first", False),
    ("12/31/2020", "02/01/2021", "month-first", True),
    ("02/01/2021", "12/31/2020", "month-first", False),
    ("2021-9-30", "2021-10-01", "ISO", True),
    ("2021-10-01", "2021-9-30", "ISO", False),
    ("2021-10-01T08:00", "2021-10-01T17:00", "ISO", True),
    ("2021-10-01T17:00", "2021-10-01T08:00", "ISO", False),
    ("2021-10-01T08:00", "2021-10-01", "ISO", True),
    ("2021-10-01", "2021-10-01T08:00", "ISO", True),
    ("2021-10-01T08:00+09:00", "2021-09-30T23:30:00Z", "ISO", True),
    ("2021-10-01", "2021-10-01T08:30+09:00", "ISO", True),
    ("01.02.2021", "31.12.2020", "ISO", True),
    ("2021-02-29", "2020-12-31", "ISO", True),
    ("2024-02-29", "2020-12-31", "ISO", False),
    ("2021-10-01", None, "ISO", True),
]
"""When a danger sign was denied, when it was said to be present, how dates are written, and whether it stands."""


@pytest.mark.parametrize("backend", ["polars", "duckdb"])
def test_the_latest_instant_wins_and_within_doubt_the_danger(backend: Any) -> None:
    for dates in ("ISO", "day-first", "month-first"):
        asked = [(str(n), *one) for n, one in enumerate(READINGS) if one[2] == dates]
        rows = [(n, "saddle_anaesthesia", v, d) for n, denied, present, _, _ in asked for v, d in (("no", denied), ("yes", present))]
        for order in (rows, rows[::-1]):
            table = pl.DataFrame(order, schema=["person", "term", "value", "date"], orient="row")
            found = mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"], dates=dates, backend=backend)
            flagged = {person: flag is True for person, _, flag in found.rows()}

            assert asked
            assert {n: stands for n, _, _, _, stands in asked} == flagged


def test_where_all_times_have_an_offset_instants_are_compared_with_it() -> None:
    rows = [("saddle_anaesthesia", "no", "2021-09-30T23:30:00Z"), ("saddle_anaesthesia", "yes", "2021-10-01T08:00:00+09:00")]

    assert {"saddle_anaesthesia": False} == known(said(rows, "date"))


def test_typed_dates_and_times_are_compared_as_written_ones() -> None:
    rows = {"person": [1, 1], "term": ["saddle_anaesthesia"] * 2, "value": ["no", "yes"]}
    day, noon = date(2026, 1, 2), datetime(2026, 1, 2, 12)  # noqa: DTZ001 - a table without zones

    assert [(1, False, True)] == _cauda(pl.DataFrame(rows | {"date": [day, day]}))
    assert [(1, False, True)] == _cauda(pl.DataFrame(rows | {"date": [date(2026, 1, 1), day]}))
    assert [(1, False, None)] == _cauda(pl.DataFrame(rows | {"date": [day, date(2026, 1, 1)]}))
    assert [(1, False, None)] == _cauda(pl.DataFrame(rows | {"date": [noon, noon - timedelta(hours=1)]}))


def _cauda(table: pl.DataFrame) -> list[tuple[Any, ...]]:
    return list(mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"]).rows())


def test_a_date_that_cannot_be_read_is_listed_with_its_place_and_clears_nothing(kb: KnowledgeBase) -> None:
    table = said([("saddle_anaesthesia", "no", "2026-02-30"), ("fever", "yes", "soon"), ("age_years", "46", "1.2.2026")], "date")

    assert {"in_doubt.fever": True, "in_doubt.age_years": True} == known(table)
    assert [
        ("1", "age_years", "no date that can be read, so it may be of any: 1.2.2026"),
        ("1", "fever", "no date that can be read, so it may be of any: soon"),
        ("1", "saddle_anaesthesia", "no date that can be read, so it may be of any: 2026-02-30"),
    ] == cohort.rejects(table, kb).rows()


def test_a_value_that_cannot_be_read_does_not_leave_a_denial_standing() -> None:
    denied = [("fever", "no", "2026-01-01")]

    assert {"in_doubt.fever": True} == known(said([*denied, ("fever", "perhaps", "2026-01-02")], "date"))
    assert {"fever": False} == known(said([("fever", "perhaps", "2025-12-31"), *denied], "date"))
    assert {"fever": True} == known(said([("fever", "yes", "2026-01-01"), ("fever", "perhaps", "2026-01-02")], "date"))


@pytest.mark.parametrize(
    ("normal", "sign", "expected"),
    [
        ("2026-04-01", "2026-04-20", {"babinski_positive": True}),
        ("2026-04-20", "2026-04-20", {"babinski_positive": True}),
        ("2026-04-20", None, {"babinski_positive": True}),
        ("2026-04-21", "2026-04-20", {"neuro_exam_normal": True}),
    ],
)
def test_what_would_clear_a_danger_sign_counts_only_if_it_is_later(normal: str, sign: str | None, expected: dict[str, bool]) -> None:
    rows = [("neuro_exam_normal", "yes", normal), ("babinski_positive", "yes", sign)]

    for order in (rows, rows[::-1]):
        assert expected == known(said(order, "date"))


def test_an_exclusion_that_does_not_count_against_one_sign_does_not_remove_another() -> None:
    rows = [("babinski_positive", "yes", "2026-03-01"), ("neuro_exam_normal", "yes", "2026-04-01"), ("motor_deficit", "yes", "2026-04-02")]

    assert {"babinski_positive": True, "motor_deficit": True} == known(said(rows, "date"))


def test_a_denial_gives_way_to_a_later_number_that_contradicts_it_and_no_row_is_refused(kb: KnowledgeBase) -> None:
    table = said([("fever", "no", "2026-01-01"), ("body_temperature", "39", "2026-01-02")], "date")

    assert {"body_temperature": 39.0} == known(table)
    assert [] == cohort.rejects(table, kb).rows()


def test_a_denial_of_a_danger_sign_ages_and_what_has_once_been_does_not() -> None:
    rows = [
        ("saddle_anaesthesia", "no", "2026-01-01"),
        ("cancer_history", "no", "2026-01-01"),
        ("neuro_exam_normal", "yes", "2026-01-01"),
        ("night_sweats", "yes", "2026-01-01"),
    ]
    kept = {"cancer_history": False, "night_sweats": True, "pain_quality.dull": True}
    recent = kept | {"saddle_anaesthesia": False, "neuro_exam_normal": True}

    assert recent == known(said([*rows, ("pain_quality", "dull", "2026-01-29")], "date"))
    assert kept == known(said([*rows, ("pain_quality", "dull", "2026-01-30")], "date"))


@pytest.mark.parametrize(
    ("doubtful", "expected"),
    [
        ([("saddle_anaesthesia", "yes", "2026-02-30")], True),
        ([("saddle_anaesthesia", "yes", "2026-02-30"), ("saddle_anaesthesia", "no", "2026-01-01")], True),
        ([("saddle_anaesthesia", "perhaps", "2026-01-01")], True),
        ([("saddle_anaesthesia", "no", "2026-02-30")], False),
    ],
    ids=["no date that can be read", "beside a denial", "no value that can be read", "a denial"],
)
def test_a_danger_sign_that_is_dropped_in_doubt_opens_what_reads_it(doubtful: list[tuple[str, str, str]], expected: Truth) -> None:
    table = said([*doubtful, ("fever", "no", "2026-01-01")], "date")
    found = mps.evaluate_cohort(table, conclusions=["rf_cauda_equina", "safety.rf_cauda_equina.open"])

    assert {"fever": False} | ({"in_doubt.saddle_anaesthesia": True} if expected else {}) == known(table)
    assert [(1, False, None, expected)] == found.rows()


def test_a_number_that_brings_one_flag_nearer_and_another_that_brings_another_are_in_doubt() -> None:
    rows = [("body_temperature", value, "2026-01-01") for value in ("34", "36.5", "39")]

    assert {"in_doubt.body_temperature": True} == known(said(rows, "date"))


def test_an_examination_that_is_no_later_than_a_sign_in_doubt_does_not_clear_it() -> None:
    rows = [("neuro_exam_normal", "yes", "2026-01-02"), ("motor_deficit", "yes", "soon")]

    assert {"in_doubt.motor_deficit": True} == known(said(rows, "date"))


CELLS = {
    "categories": pl.Series(["true", "false"], dtype=pl.Categorical),
    "an enumeration": pl.Series(["true", "false"], dtype=pl.Enum(["true", "false"])),
    "dates": pl.Series([date(2026, 1, 1)] * 2),
    "times": pl.Series([datetime(2026, 1, 1)] * 2),  # noqa: DTZ001 - the same
    "structures": pl.Series([{"a": 1}] * 2),
    "bytes": pl.Series([b"true", b"false"]),
    "durations": pl.Series([timedelta(1)] * 2),
}


@pytest.mark.parametrize("backend", ["polars", "duckdb"])
@pytest.mark.parametrize("kind", CELLS)
def test_columns_of_every_kind_are_read_or_are_a_fault_with_their_name(kind: str, backend: Any) -> None:
    table = pl.DataFrame({"person": [1, 2], "saddle_anaesthesia": CELLS[kind]})
    if kind in ("categories", "an enumeration"):
        found = mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"], backend=backend)
        assert [(1, True), (2, None)] == found.select("person", "rf_cauda_equina").rows()
        return
    with pytest.raises(FindingError, match="saddle_anaesthesia: expected a column of boolean"):
        mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"], backend=backend)


def test_dictionaries_of_arrow_and_categories_of_pandas_are_texts() -> None:
    pd = pytest.importorskip("pandas")

    tables = (
        pa.table({"person": [1], "saddle_anaesthesia": pa.array(["true"]).dictionary_encode()}),
        pd.DataFrame({"person": [1], "saddle_anaesthesia": pd.Categorical(["true"])}),
    )
    for table in tables:
        found = pl.DataFrame(mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"]))
        assert [True] == found["rf_cauda_equina"].to_list()


FILES = {
    "ragged.csv": (b"person,saddle_anaesthesia\n1,true,9\n2,true\n", "line 2: has 3 fields, the first line 2"),
    "latin.csv": ("person,saddle_anaesthesia\n1,tr\xfce\n".encode("latin-1"), r"line 2: is no UTF-8 text \(byte 5\)"),
    "open.csv": (b'person,saddle_anaesthesia\n"1,true\n2,true\n', "line 2: has a quotation mark that is not closed"),
    "empty.csv": (b"", "empty.csv: cannot be read"),
    "empty.parquet": (b"", "empty.parquet: cannot be read"),
    "cut.parquet": (b"PAR1" + b"x" * 40, "cut.parquet: cannot be read"),
    "book.xlsx": (b"PK", "book.xlsx: cannot be read"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_a_fault_with_its_place(name: str, tmp_path: Path) -> None:
    content, fault = FILES[name]
    (tmp_path / name).write_bytes(content)

    with pytest.raises(FindingError, match=fault):
        mps.evaluate_cohort(tmp_path / name, conclusions=["rf_cauda_equina"])


def test_a_file_that_is_not_there_and_frames_that_make_no_table_are_faults(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")

    with pytest.raises(FindingError, match=r"nowhere\.parquet: no such file"):
        mps.evaluate_cohort(tmp_path / "nowhere.parquet")
    with pytest.raises(FindingError, match="saddle_anaesthesia: stands twice"):
        mps.evaluate_cohort(pd.DataFrame([[1, True, False]], columns=["person", "saddle_anaesthesia", "saddle_anaesthesia"]))
    with pytest.raises(FindingError, match="cannot be read: Could not convert 'yes'"):
        mps.evaluate_cohort(pd.DataFrame({"person": [1, 2], "saddle_anaesthesia": [True, "yes"]}))
    with pytest.raises(FindingError, match="dates: expected one of ISO, day-first, month-first, got 'day first'; closest is 'day-first'"):
        mps.evaluate_cohort(said([("fever", "yes", "1.2.2026")], "date"), dates="day first")  # type: ignore[arg-type]


def test_of_many_columns_that_name_nothing_the_first_are_named_and_the_rest_counted() -> None:
    with pytest.raises(FindingError) as caught:
        mps.evaluate_cohort(pl.DataFrame({"person": [1], **{f"pain_on_movement_{n}": [True] for n in range(500)}}))

    assert [f"pain_on_movement_{n}" for n in range(20)] == [fault.where for fault in caught.value.faults[:-1]]
    assert caught.value.faults[-1].what == "and 480 more columns were not looked at"


def test_what_cannot_be_read_in_a_long_table_is_listed_and_nothing_else_is_lost(kb: KnowledgeBase) -> None:
    faults = cohort.rejects(VISITS, kb)
    found = mps.evaluate_cohort(VISITS, conclusions=LONG_CONCLUSIONS)

    assert [
        ("ann", "fever", "is too old to say something of the last date of that person"),
        ("bob", "fever", "is said to have different values"),
        ("cec", "fevr", "names no finding, painful place, muscle's finding or diagnosis; closest is 'fever'"),
        ("dan", "body_temperature", "cannot be read: warm"),
        ("dan", "pain_quality", "cannot be read: woolly"),
        ("dan", "sex_at_birth", "cannot be read: unsaid"),
        ("eve", "term", "names nothing"),
    ] == faults.rows()
    assert [("ann", True), ("bob", True), ("cec", None), ("dan", None), ("eve", None)] == found.select("person", "rf_cauda_equina").rows()
    assert not found["rejected"].any()
    doubts = {"in_doubt.body_temperature": True, "in_doubt.sex_at_birth": True}
    assert doubts | {"pain_quality.dull": True, "age_years": 46.0} == known(VISITS.filter(pl.col("person") == "dan"))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (("pain", "true", "sacrum", None, "left"), "pain.sacrum.left"),
        (("pain", "true", "low_back", None, "sideways"), "pain.low_back.sideways"),
        (("pain", "true", "nowhere", None, None), "pain.nowhere"),
        (("fever", "true", "low_back", None, None), "low_back.fever"),
        (("fever", "true", None, None, "left"), "fever.left"),
        (("pain", "true", None, None, None), "pain"),
        (("refers_to_pain", "true", None, "soleus", "left"), "soleus.left.refers_to_pain"),
        (("taut_band", "true", None, "solus", "left"), "solus.left.taut_band"),
        (("prior_label", "facet_syndrome", None, None, None), "prior_label"),
    ],
)
def test_a_row_that_says_what_cannot_be_said_is_listed_and_the_table_goes_on(row: Any, column: str, kb: KnowledgeBase) -> None:
    table = said([row, ("saddle_anaesthesia", "true", None, None, None)], "region", "muscle", "side")

    assert [("1", column)] == cohort.rejects(table, kb).select("person", "column").rows()
    assert [(1, False, True)] == mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"]).rows()


def test_a_person_with_nothing_but_bad_rows_still_has_a_row() -> None:
    assert [(1, False, None)] == mps.evaluate_cohort(said([("fevr", "true")]), conclusions=["rf_cauda_equina"]).rows()


def test_what_contradicts_itself_in_a_long_table_is_rejected_with_its_person(kb: KnowledgeBase) -> None:
    table = pl.DataFrame({"person": [1, 1, 2], "term": ["pain_low_back", "low_back.left", "fever"], "value": ["no", "yes", "no"]})

    assert [(1, True, None), (2, False, None)] == mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"]).rows()
    assert [("1", "pain"), ("1", "pain_low_back")] == cohort.rejects(table, kb).select("person", "column").rows()


@pytest.mark.parametrize("value", [[1.0, 0.0], [1, 0], [True, False], ["Yes", "ABSENT"], [" present ", "no"]])
def test_present_and_absent_are_written_in_several_ways(value: list[Any]) -> None:
    table = pl.DataFrame({"person": [1, 1], "term": ["fever", "saddle_anaesthesia"], "value": value})

    assert {"fever": True, "saddle_anaesthesia": False} == known(table)


def test_an_old_intensity_makes_no_pain_that_was_later_denied(kb: KnowledgeBase) -> None:
    rows = [
        (1, "pain_intensity", "7", "low_back", "2021-01-01"),
        (1, "pain", "yes", "low_back", "2021-01-01"),
        (1, "pain", "no", "low_back", "2021-02-01"),
        (1, "pain_intensity", "7", None, "2021-01-01"),
    ]
    table = pl.DataFrame(rows, schema=["person", "term", "value", "region", "date"], orient="row")

    assert {"pain.low_back": False} == known(table)
    assert ("1", "pain_intensity", "is too old to say something of the last date of that person") in cohort.rejects(table, kb).rows()


@pytest.mark.parametrize(("day", "stands"), [("2021-01-25", True), ("2021-01-24", None)])
def test_what_was_said_longer_ago_than_its_window_says_nothing(day: str, stands: bool | None) -> None:  # noqa: FBT001 - a cell
    rows = [(1, "fever", "yes", day), (1, "pf_poor_sleep", "yes", "2021-02-01")]

    said = known(pl.DataFrame(rows, schema=["person", "term", "value", "date"], orient="row"))
    assert stands is said.get("fever")


def test_a_long_table_with_a_column_that_means_nothing_is_refused() -> None:
    with pytest.raises(FindingError) as raised:
        mps.evaluate_cohort(pl.DataFrame({"who": [1], "term": ["fever"], "value": ["true"], "sid": ["left"]}))

    assert [("person", None), ("who", None), ("sid", "side")] == [(fault.where, fault.closest) for fault in raised.value.faults]


# --- rows that cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "column", "fault"),
    [
        ({"age_years": [46, 460]}, "age_years", "lies outside 0 to 120 years"),
        ({"age_years": [46.0, float("inf")]}, "age_years", "lies outside 0 to 120 years"),
        ({"age_years.at_least": [46, 46], "age_years.at_most": [47, 121]}, "age_years.at_most", "lies outside 0 to 120 years"),
        ({"age_years.at_least": [46, 48], "age_years.at_most": [47, 47]}, "age_years", "at_least is more than at_most"),
        ({"age_years.at_least": [46, 46], "age_years.at_most": [47, None]}, "age_years", "expected at_least and at_most"),
        (
            {"age_years": [None, 46], "age_years.at_least": [46, 46], "age_years.at_most": [47, 47]},
            "age_years",
            "is told as a number and as a range",
        ),
        ({"sex_at_birth": ["male", "mail"]}, "sex_at_birth", "no such value of 'sex_at_birth'"),
        ({"pain_quality": ["dull", "dul"]}, "pain_quality", "no such value of 'pain_quality'"),
        ({"pain_quality": [["dull"], ["dull", "dul"]]}, "pain_quality", "no such value of 'pain_quality'"),
        ({"fever": [1, 2]}, "fever", "expected true or false"),
        ({"fever": [1.0, 0.5]}, "fever", "expected true or false"),
        ({"pain.low_back": [0, -1]}, "pain.low_back", "expected true or false"),
        ({"pain_quality.dull": [0, 3]}, "pain_quality.dull", "expected true or false"),
        ({"pain_map_complete": [0, 3]}, "pain_map_complete", "expected true or false"),
        ({"fever": [True, False], "body_temperature": [39.5, 39.5]}, "fever", "what is given contradicts what follows from other findings"),
        ({"pain.low_back": [True, False], "pain_low_back": [True, True]}, "pain", None),
        ({"pain.lower_limb": [False, False], "pain.calf.left": [None, True]}, "pain", None),
        ({"labels.facet_syndrome": [True, False], "facet_syndrome.label_treated_without_relief": [True, True]}, "labels.facet_syndrome", None),
        ({"sex_at_birth.male": [True, True], "sex_at_birth.female": [False, True]}, "sex_at_birth", "takes one value"),
        ({"sex_at_birth": ["male", "male"], "sex_at_birth.female": [False, True]}, "sex_at_birth", "takes one value"),
        ({"sex_at_birth": ["male", "male"], "sex_at_birth.male": [True, False]}, "sex_at_birth.male", "is said to hold and not to hold"),
        ({"pain_quality": ["dull", "dull"], "pain_quality.dull": [True, False]}, "pain_quality.dull", "is said to hold and not to hold"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_kept_marked_and_concludes_nothing(
    cells: dict[str, Any], column: str, fault: str | None, kb: KnowledgeBase
) -> None:
    table = pl.DataFrame({"person": [1, 2], **cells, "saddle_anaesthesia": [True, True]})
    found = mps.evaluate_cohort(table, conclusions=["rf_cauda_equina", "cauda_equina_syndrome"], explain=True)
    faults = cohort.rejects(table, kb).rows()

    assert [1, 2] == found["person"].to_list()
    assert (False, True) == (found["rejected"][0], found["rf_cauda_equina"][0])
    assert [True, *[None] * 4] == list(found.row(1))[1:]
    assert ("2", column) in [(person, at) for person, at, _ in faults]
    assert {"2"} == {person for person, _, _ in faults}
    assert fault is None or ("2", column, fault) in faults


def test_a_total_that_its_items_do_not_allow_is_rejected(kb: KnowledgeBase) -> None:
    areas = {item: [False, False] for item in kb.vocabulary.measures["wpi"].sum}
    table = pl.DataFrame({"person": [1, 2], **areas, "wpi": [0, 3]})

    assert [("2", "wpi", "a total that its items do not allow")] == cohort.rejects(table, kb).rows()


def test_a_row_of_nobody_is_rejected(kb: KnowledgeBase) -> None:
    table = pl.DataFrame({"person": [1, None], "saddle_anaesthesia": [True, True]})

    assert [(1, False, True), (None, True, None)] == mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"]).rows()
    assert [(None, "person", "nobody is named")] == cohort.rejects(table, kb).rows()


def test_all_columns_that_name_nothing_are_told_at_once_with_the_closest_word() -> None:
    table = pl.DataFrame(
        {"person": [1], "fevr": [True], "pain.low_bck": [True], "fever": [["hot"]], "pain.sacrum.left": [True], "pain_quality.dul": [True],
         "low_back.left": [True], "pain.low_back.left": [True], "soleus.left.refers_to_pain": [True], "age_years": [True]}
    )  # fmt: skip
    with pytest.raises(FindingError) as raised:
        mps.evaluate_cohort(table)

    assert [
        ("fevr", "fever"),
        ("pain.low_bck", "low_back"),
        ("fever", None),
        ("pain.sacrum.left", None),
        ("pain_quality.dul", None),
        ("pain.low_back.left", None),
        ("soleus.left.refers_to_pain", None),
        ("age_years", None),
    ] == [(fault.where, fault.closest if fault.where in ("fevr", "pain.low_bck") else None) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("asked", "where", "closest"),
    [
        ({"conclusions": ["rf_cauda_equine", "fibromyalgia"]}, "rf_cauda_equine", "rf_cauda_equina"),
        ({"person": "persn"}, "persn", "person"),
        ({"keep": ["site"]}, "site", None),
        ({"backend": "polar"}, "backend", "polars"),
        ({"keep": ["fibromyalgia"]}, "fibromyalgia", None),
    ],
)
def test_what_is_asked_for_and_cannot_be_given_is_refused(asked: Any, where: str, closest: str | None) -> None:
    table = pl.DataFrame({"person": [1], "fever": [True], "fibromyalgia": [True]})
    with pytest.raises(FindingError) as raised:
        mps.evaluate_cohort(table.drop("fibromyalgia") if "fibromyalgia" not in asked.get("keep", ()) else table, **asked)

    (fault,) = raised.value.faults
    assert (where, closest) == (fault.where, fault.closest)


# --- what is missing, why, and as a list -------------------------------------------------------------------------------


def _of_the_patient(base: KnowledgeBase, condition: c.Condition) -> bool:
    """Whether a condition, with all that it reads, speaks of the patient's own findings, and of no measure."""
    for leaf in c.walk(condition):
        match leaf:
            case c.CountMuscles() | c.LabelMuscle() | c.MuscleIs() | c.LabelIs():
                return False
            case c.Compare(term) if term in base.vocabulary.measures:
                return False
            case c.Derived(id) if not all(rule.about == "patient" and _of_the_patient(base, rule.when) for rule in base.concluding[id]):
                return False
    return True


def test_what_is_missing_is_what_each_undecided_patient_waits_for(kb: KnowledgeBase) -> None:
    random = seeded(80_000)
    every = [rule for rule in kb.rules if rule.about == "patient" and _of_the_patient(kb, rule.when)]
    rules = [kb.by_id["article.arthritis_anchoring"], *random.sample(every, 30)]
    named = ("osteoarthritis", "hip_osteoarthritis")
    columns = [*some_columns(kb.vocabulary, random), *(Cells(f"labels.{one}", Address("given", one)) for one in named)]
    rows = [*some_rows(columns, random, 60), {"labels.osteoarthritis": False}]
    counts: Counter[tuple[str, str]] = Counter()
    undecided: Counter[str] = Counter()
    for row in rows:
        findings = read_or_refused(as_mapping(row, columns, kb.vocabulary), kb)
        if findings is None or said_of_a_denied_diagnosis(row, columns):
            continue
        facts = Facts(terrain_of(kb), findings)
        chain = circuit.chain(kb, facts)
        for rule in rules:
            if chain.verdict(rule.id) is None:
                undecided[rule.id] += 1
                waits = unknown_terms(kb, facts, chain, rule)
                counts.update((rule.id, one) for one in {"pain" if term.startswith("pain.") else term for term in waits})
    found = cohort.missing(frame(rows), kb, [rule.id for rule in rules])

    assert len(counts) > 60
    assert dict(counts) == {(one.conclusion, one.finding): one.people for one in found}
    assert {one.conclusion: undecided[one.conclusion] for one in found} == {one.conclusion: one.undecided for one in found}
    assert list(found) == sorted(found, key=lambda one: (one.conclusion, -one.people, one.finding))


def test_items_of_a_measure_that_nobody_asked_for_are_missing_each_by_name(kb: KnowledgeBase) -> None:
    measure = kb.vocabulary.measures["sss_2016"]
    item = next(item for item in measure.sum if kb.vocabulary.terms[item].kind != "boolean")
    rows = [{item: 2.0}, {}]
    found = {one.finding: one.people for one in cohort.missing(frame(rows), kb, ["fm_acr_2016"])}

    assert {item: 1} == {finding: people for finding, people in found.items() if finding == item}
    assert {2} == {found[other] for other in measure.sum if other != item}
    assert "sss_2016" not in found


def test_explain_names_exactly_the_rules_that_fired(kb: KnowledgeBase) -> None:
    charts = charts_of("vignettes")[::4]
    conclusions = ["myofascial_pain", "fibromyalgia", "nerve_root_signs", "rf_malignancy_history", "joint_anchoring"]
    found = mps.evaluate_cohort(wide(charts), conclusions=conclusions, explain=True)
    of = {one.id: [rule.id for rule in one.rules] for one in cohort.answers(kb, conclusions)}
    named = 0
    for row, findings in zip(found.iter_rows(named=True), charts, strict=True):
        facts = Facts(terrain_of(kb), findings)
        fired = {one.rule for one in circuit.chain(kb, facts).derivations}
        for id_ in conclusions:
            rules = row[f"rules.{id_}"].split()
            assert [rule for rule in of[id_] if rule in fired] == rules
            named += len(rules)

    assert named > 50


def test_what_was_concluded_is_listed_a_row_for_each(kb: KnowledgeBase) -> None:
    table = pl.DataFrame(
        {"person": [1, 2, 3], "saddle_anaesthesia": [True, None, True], "age_years": [40, 40, 400], "site": ["x", "y", "z"]}
    )
    found = mps.evaluate_cohort(table, conclusions=["rf_cauda_equina", "cauda_equina_syndrome"], explain=True, keep=["site"])

    assert [
        (1, "x", "cauda_equina_syndrome", "possible"),
        (1, "x", "rf_cauda_equina", "true"),
        (2, "y", "cauda_equina_syndrome", "undecided"),
        (2, "y", "rf_cauda_equina", "unknown"),
    ] == sorted(cohort.listed(found, keep=["site"]).rows())


def test_a_status_is_listed_of_everything_that_was_concluded() -> None:
    found = mps.evaluate_cohort(pl.DataFrame({"person": [1, 2], "saddle_anaesthesia": [True, None]}))
    listed = cohort.listed(found)

    assert 2 * (len(found.columns) - 2) == len(listed)
    assert 0 == listed["status"].null_count()
    assert {"emergency", "none"} == set(listed.filter(pl.col("conclusion") == "urgency")["status"])


# --- what goes in comes out -------------------------------------------------------------------------------------------

TWO = {"person": [1, 2], "saddle_anaesthesia": [True, None], "pain.low_back": [1, 0], "site": ["a", "b"]}


def test_a_frame_of_pandas_comes_back_as_one() -> None:
    pandas = pytest.importorskip("pandas")
    for table in (pandas.DataFrame(TWO), pandas.DataFrame({**TWO, "saddle_anaesthesia": [1, None]})):
        found = mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"], keep=["site"])

        assert isinstance(found, pandas.DataFrame)
        assert ["person", "site", "rejected", "rf_cauda_equina"] == list(found.columns)
        assert "boolean" == str(found["rf_cauda_equina"].dtype)
        assert [True, False] == found["rf_cauda_equina"].fillna(value=False).tolist()
        assert [False, True] == found["rf_cauda_equina"].isna().tolist()


def test_an_arrow_table_comes_back_as_one() -> None:
    found = mps.evaluate_cohort(pa.table(TWO), conclusions=["rf_cauda_equina"], keep=["site"])

    assert isinstance(found, pa.Table)
    assert [{"person": 1, "site": "a", "rejected": False, "rf_cauda_equina": True},
            {"person": 2, "site": "b", "rejected": False, "rf_cauda_equina": None}] == found.to_pylist()  # fmt: skip


@pytest.mark.parametrize("backend", ["polars", "duckdb"])
def test_a_table_of_ibis_stays_where_it_lives_and_is_not_computed(backend: Any) -> None:
    connection = connected(backend)
    table = connection.create_table("patients", pa.table(TWO))
    found = mps.evaluate_cohort(table, conclusions=["rf_cauda_equina"], keep=["site"])

    assert isinstance(found, ibis.Table)
    assert connection is found.get_backend()
    assert [True, None] == found.order_by("person").to_pyarrow()["rf_cauda_equina"].to_pylist()


@pytest.mark.parametrize("backend", ["polars", "duckdb"])
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_file_is_read_from_its_path(tmp_path: Path, ending: str, backend: Any) -> None:
    path = tmp_path / f"patients{ending}"
    frame_of = pl.DataFrame(TWO)
    (frame_of.write_csv if ending == ".csv" else frame_of.write_parquet)(path)
    for given in (path, str(path)):
        found = mps.evaluate_cohort(given, conclusions=["rf_cauda_equina"], keep=["site"], backend=backend)

        who = ("1", "2") if ending == ".csv" else (1, 2)
        assert [(who[0], "a", False, True), (who[1], "b", False, None)] == sorted(found.rows())


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(FindingError, match="expected an ibis table, a frame, an Arrow table or a path, got dict"):
        mps.evaluate_cohort({"person": [1]})


def test_a_column_of_nothing_says_nothing() -> None:
    nothing = [None, None]
    table = pl.DataFrame({**TWO, "fever": nothing, "pain_quality": nothing, "pain_quality.dull": nothing, "soleus.left.taut_band": nothing,
                          "labels.disc_herniation": nothing, "age_years": nothing, "pain_map_complete": nothing})  # fmt: skip
    there, here = (mps.evaluate_cohort(one, keep=["site"]) for one in (table, pl.DataFrame(TWO)))

    assert here.equals(there)


def test_columns_that_the_result_uses_can_be_carried_under_their_own_names() -> None:
    table = pl.DataFrame(TWO).with_columns(pl.Series("_3", ["p", "q"]), pl.Series("_40", [7, 8]))
    found = mps.evaluate_cohort(table, keep=["site", "_3", "_40", "person"])

    assert [(1, "a", "p", 7), (2, "b", "q", 8)] == found.select("person", "site", "_3", "_40").rows()


# --- only what is asked, and always the same --------------------------------------------------------------------------


def test_one_red_flag_needs_far_fewer_nodes_than_everything(kb: KnowledgeBase) -> None:
    formulas = laid_over_the_vignettes().formulas

    def size(*rules: str) -> int:
        roots = [formulas.verdict(kb.by_id[rule]) for rule in rules]
        return len(Kernel(formulas.sheet, roots, formulas.columns).steps)

    one, every = size("safety.rf_cauda_equina"), size(*kb.by_id)

    assert 0 < 20 * one < every


def test_the_order_of_columns_and_rows_changes_nothing(mixed: pl.DataFrame) -> None:
    names = [name for name in mixed.columns if name != "person"]
    seeded(90_000).shuffle(names)
    turned = mixed.select(*names, "person").sort("person", descending=True)
    there, here = (mps.evaluate_cohort(one, conclusions=NARROW, explain=True) for one in (mixed, turned))

    assert there["person"].to_list() == here["person"].to_list()[::-1]
    assert there.equals(here.sort("person"))
    assert cohort.rejects(mixed, mps.load()).rows() == sorted(cohort.rejects(turned, mps.load()).rows())
