"""The kernel works out what the expressions of the same formulas say, row by row, however the rows come in batches."""

import math
import pickle
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import ibis
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import mps_rules as mps
from charts import chart, vignettes
from executors import on_spark
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.conditions import Interval
from mps_rules.patient.addresses import as_row
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.population import cohort, kernel
from mps_rules.population.cohort import Cohort, laid
from mps_rules.population.formulas import Amount, Formula, Kind, Sheet
from mps_rules.population.kernel import Found, Kernel, gathered
from mps_rules.population.steps import Projections
from mps_rules.population.tables import connected, kinds_of, opened
from mps_rules.population.workers import Work
from random_packs import few_muscles, random_pack, random_patient, seeded
from test_cohort import by_circuit, charts_of, differences, frame, some_columns, some_rows, wide

# --- any formula over cells of any kind -------------------------------------------------------------------------------

KINDS: Mapping[str, Kind] = {
    "truth": "boolean",
    "count": "integer",
    "amount": "number",
    "said": "written truth",
    "told": "written number",
    "word": "text",
    "words": "words",
}
WORDS = ("dull", "sharp", "Straße")
BOUNDS = [("at_least", 3.0), ("above", 0.5), ("at_most", 3.0), ("below", 9.0)]
LOWEST, HIGHEST = -2.0, 9.0
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "truth": st.booleans(),
    "count": st.integers(-1, 3) | st.just(2**60 + 1),
    "amount": st.sampled_from((LOWEST, 0.0, 0.5, 1.0, 3.0, HIGHEST, math.nan)),
    "said": st.sampled_from(("yes", " ABSENT ", "unknown", "", "perhaps")),
    "told": st.sampled_from(("3", " 0.5 ", "1e0", "-2.", "nan", "inf", "16 wk", "", "1_0", "9")),
    "word": st.sampled_from((*WORDS, "woolly")),
    "words": st.lists(st.sampled_from((*WORDS, "woolly", None)), max_size=3),
}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), min_size=1, max_size=70)
SCHEMA: dict[str, Any] = {"truth": pl.Boolean, "count": pl.Int64, "amount": pl.Float32, "said": pl.String, "told": pl.String, "word": pl.String, "words": pl.List(pl.String)}  # fmt: skip


def _cells(sheet: Sheet) -> list[Formula]:
    """A formula of every kind of cell."""
    found = [sheet.cell("column", "truth"), sheet.cell("said", "said"), sheet.cell("one", "count"), sheet.cell("one", "amount")]
    found += [sheet.cell("bound", name, bound) for name in ("count", "amount", "told") for bound in BOUNDS]
    found += [sheet.cell(op, name, word) for op, name in (("is_word", "word"), ("has_word", "words")) for word in WORDS]
    found += [sheet.cell("given", name, two_valued=True) for name in KINDS]
    found += [sheet.cell("unreadable", name, two_valued=True) for name in ("said", "told")]
    found += [sheet.cell("not_a_truth", name, two_valued=True) for name in ("count", "amount")]
    found += [sheet.cell("outside", name, (0.0, 3.0), two_valued=True) for name in ("count", "amount", "told")]
    found += [sheet.cell("unlisted", name, WORDS, two_valued=True) for name in ("word", "words")]
    return [*found, sheet.cell("vacant", "word", two_valued=True)]


def _written(sheet: Sheet, draw: Random) -> tuple[list[Formula], list[Amount]]:
    """Formulas and amounts, each written of those before it."""
    truths, allowed = _cells(sheet), Interval(LOWEST, HIGHEST)
    amounts = [sheet.amount(draw.randint(-9, 9)) for _ in range(3)]
    amounts += [sheet.amount(0.5), sheet.cell_or("amount", LOWEST, allowed), sheet.cell_or("count", HIGHEST, allowed)]

    def some(of: list[int], least: int = 1, most: int = 6) -> list[int]:
        return draw.choices(of, k=draw.randint(least, most))

    def two() -> list[Amount]:
        return draw.choices(amounts, k=2)

    def plain() -> Formula:
        return sheet.established(draw.choice(truths))

    of_truth: list[Callable[[], Formula]] = [
        lambda: sheet.negation(draw.choice(truths)),
        lambda: sheet.every(some(truths)),
        lambda: sheet.some(some(truths)),
        plain,
        lambda: sheet.negation(sheet.established(sheet.negation(draw.choice(truths)))),
        lambda: sheet.settled(draw.choice(truths)),
        lambda: sheet.either(plain(), plain()),
        lambda: sheet.at_least(draw.randint(1, 5), some(truths, 2, 9)),
        lambda: sheet.reaches(*two()),
        lambda: sheet.exceeds(*two()),
    ]
    of_amount: list[Callable[[], Amount]] = [
        lambda: sheet.counted(draw.choice(truths), draw.choice((1, 1, 3, 0.5))),
        lambda: sheet.countable(draw.choice(truths)),
        lambda: sheet.total(some(amounts)),
        lambda: sheet.minus(*two()),
        lambda: sheet.larger(*two()),
        lambda: sheet.smaller(*two()),
        lambda: sheet.where(plain(), *two()),
        lambda: sheet.where(plain(), sheet.amount(draw.randint(-9, 9)), sheet.amount(draw.randint(-9, 9))),
    ]
    for _ in range(40):
        truths.append(draw.choice(of_truth)())
        amounts.append(draw.choice(of_amount)())
    return truths, amounts


def _by_kernel(sheet: Sheet, truths: list[Formula], amounts: list[Amount], batch: Any) -> dict[str, list[Any]]:
    found = Kernel(sheet, (*truths, *amounts), KINDS).over(batch)
    told = {f"t{one}": found.told(found.holds(one), found.holds(one) | found.opposite(found.may(one))).to_pylist() for one in truths}
    return told | {f"a{one}": [float(n) for n in _numbers(found, one)] for one in amounts}


def _numbers(found: Found, one: Amount) -> Any:
    value = found.values[one]
    return found.integers(value) if isinstance(value, tuple) else value


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(rows=ROWS, seed=st.integers(0, 10**6), cut=st.integers(0, 9))
def test_any_formula_over_any_cells_comes_to_what_its_expression_says(rows: list[dict[str, Any]], seed: int, cut: int) -> None:
    sheet = Sheet()
    truths, amounts = _written(sheet, seeded(seed))
    table = pl.DataFrame(rows, schema=SCHEMA)
    made, of = Projections(sheet, (*truths, *amounts), KINDS).columns(connected("polars").create_table("t", table), [])
    said = made.select(**{f"t{one}": of(one) for one in truths}, **{f"a{one}": of(one) for one in amounts}).to_polars()
    cut = min(cut, table.height)

    batch = table.to_arrow().combine_chunks().slice(cut).to_batches()[0] if cut < table.height else None

    assert said.to_dict(as_series=False) == _by_kernel(sheet, truths, amounts, table.to_arrow().combine_chunks().to_batches()[0])
    assert batch is None or said[cut:].to_dict(as_series=False) == _by_kernel(sheet, truths, amounts, batch)


# --- the rules --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def few(kb: KnowledgeBase) -> KnowledgeBase:
    return few_muscles(kb)


def both(base: KnowledgeBase, table: pl.DataFrame, conclusions: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the expressions say of a table, and what the kernel does; with the rules that fired."""
    source, give_back = opened(table)
    of = laid(base, kinds_of(source), "person", ())
    return tuple(give_back(told(source, conclusions, explain=True)) for told in (of.expressed, of.told))


@pytest.mark.parametrize("seed", range(41_000, 41_004))
def test_of_a_random_pack_the_kernel_says_what_the_expressions_say(few: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few, seed)
    random = seeded(seed)
    patients = [random_patient(words, terrain_of(few), random) for _ in range(80)]
    table = frame([as_row(facts.findings, base.vocabulary) for facts in patients])

    there, here = both(base, table, None)

    assert there.schema == here.schema
    assert there.equals(here)


def test_of_rows_with_columns_of_every_kind_the_kernel_says_what_the_expressions_say(kb: KnowledgeBase) -> None:
    random = seeded(71_000)
    table = frame(some_rows(some_columns(kb.vocabulary, random), random, 200))
    asked = ["fm_acr_2016", "rf_cauda_equina", "active_trigger_point", "fibromyalgia", *seeded(71_001).sample(sorted(kb.causes), 6)]

    there, here = both(kb, table, asked)

    assert there.schema == here.schema
    assert there.equals(here)
    assert there["rejected"].any()


def test_the_kernel_says_of_charts_what_the_circuit_says(kb: KnowledgeBase) -> None:
    charts = charts_of("vignettes")[::12]

    found = mps.evaluate_cohort(wide(charts))

    assert [] == list(differences(found, {number: by_circuit(kb, one) for number, one in enumerate(charts)}))


def test_the_kernel_scores_the_hypotheses_of_charts_as_evaluate_does(kb: KnowledgeBase) -> None:
    charts = vignettes()[::24]
    source, _ = opened(wide(read_findings(one.findings, terrain_of(kb)) for one in charts))
    asked, compiled = laid(kb, kinds_of(source), "person", ()).compiled(None, explain=False)
    found = compiled.over(source.to_pyarrow().combine_chunks().to_batches()[0])
    scores = {name: found.amount(of.score, slice(None)).tolist() for name, of in asked.weighed.items()}

    alone = [{one.id: one.score for one in mps.evaluate(chart(one)).hypotheses if one.score is not None} for one in charts]

    assert alone == [{name: scores[name][number] for name in of} for number, of in enumerate(alone)]
    assert len({score for of in alone for score in of.values()}) > 5


def test_the_faults_of_rows_are_those_of_the_expressions(kb: KnowledgeBase) -> None:
    random = seeded(72_000)
    table = frame(some_rows(some_columns(kb.vocabulary, random), random, 60))
    source, give_back = opened(table)
    of = laid(kb, kinds_of(source), "person", ())

    there, here = give_back(of.rejects(source)), give_back(of.faults(source))

    assert len(there) > 10
    assert there.equals(here)


# --- batches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 64, 100])
def test_in_how_many_batches_rows_are_worked_out_changes_nothing(size: int, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    random = seeded(73_000)
    table = frame(some_rows(some_columns(kb.vocabulary, random), random, 150))
    asked = ["rf_cauda_equina", "fm_acr_2016", "fibromyalgia"]
    whole = mps.evaluate_cohort(table, conclusions=asked, explain=True)

    monkeypatch.setattr(kernel, "ROWS", size)

    assert whole.equals(mps.evaluate_cohort(table, conclusions=asked, explain=True))


def test_batches_of_any_size_are_gathered_and_of_no_rows_there_is_one() -> None:
    table = pa.table({"person": list(range(300_000))})
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=7_777))

    assert [131_072, 131_072, 37_856] == [batch.num_rows for batch in gathered(reader, reader.schema)]
    assert [0] == [batch.num_rows for batch in gathered([], table.schema)]


def test_a_table_without_rows_concludes_nothing_and_has_every_column(kb: KnowledgeBase) -> None:
    table = pl.DataFrame({"person": [1], "fever": [True], "pain_quality": ["dull"]})
    one, none = mps.evaluate_cohort(table), mps.evaluate_cohort(table.head(0))

    assert one.schema == none.schema
    assert none.is_empty()


def test_the_rules_are_laid_over_the_same_columns_once_and_compiled_once_for_a_question(kb: KnowledgeBase) -> None:
    columns: dict[str, Kind] = {"person": "integer", "fever": "boolean"}
    once = laid(kb, columns, "person", ())

    assert once is laid(kb, columns, "person", ())
    assert once.compiled(["rf_cauda_equina"], explain=False)[1] is once.compiled(("rf_cauda_equina",), explain=False)[1]
    assert once is not laid(kb, {**columns, "fever": "text"}, "person", ())


def test_only_the_columns_that_a_question_and_its_faults_rest_on_are_read(kb: KnowledgeBase) -> None:
    free = next(term.id for term in kb.vocabulary.terms.values() if term.kind == "boolean" and term.subject == "label" and not term.fact)
    columns: dict[str, Kind] = {"person": "integer", "saddle_anaesthesia": "boolean", f"disc_herniation.{free}": "boolean"}
    _, narrow = Cohort(kb, columns, "person", ()).compiled(["rf_cauda_equina"], explain=False)

    assert ("person", "saddle_anaesthesia") == narrow.columns


def test_a_long_table_of_ibis_stays_one_and_says_what_a_frame_does(kb: KnowledgeBase) -> None:
    rows = {"person": ["b", "a", "b"], "term": ["saddle_anaesthesia", "fever", "fever"], "value": ["yes", "yes", "warm"]}
    table = connected("duckdb").create_table("said", pa.table(rows))
    asked = ["rf_cauda_equina"]

    made, faults = mps.evaluate_cohort(table, conclusions=asked), cohort.rejects(table, kb)

    assert isinstance(made, ibis.Table)
    assert isinstance(faults, ibis.Table)
    assert made.to_pyarrow().to_pylist() == mps.evaluate_cohort(pa.table(rows), conclusions=asked, backend="duckdb").to_pylist()
    assert ["a", "b"] == mps.evaluate_cohort(pl.DataFrame(rows), conclusions=asked, backend="duckdb")["person"].to_list()
    assert faults.to_pyarrow().to_pylist() == cohort.rejects(pa.table(rows), kb, backend="duckdb").to_pylist()


# --- Spark ------------------------------------------------------------------------------------------------------------


def test_what_a_worker_is_sent_tells_the_same_and_of_no_rows_nothing(kb: KnowledgeBase) -> None:
    random = seeded(74_000)
    source, _ = opened(frame(some_rows(random.sample(some_columns(kb.vocabulary, random), 30), random, 90)))
    of = laid(kb, kinds_of(source), "person", ())
    asked, compiled = of.compiled(None, explain=True)
    table = source.select("person", *(name for name in compiled.columns if name != "person")).to_pyarrow()

    work = pickle.loads(pickle.dumps(Work(compiled, asked, tuple(table.column_names))))

    told = list(work(iter(table.rename_columns([f"c{n}" for n in range(table.num_columns)]).to_batches(max_chunksize=17))))
    assert of.told(source, None, explain=True).to_pylist() == pa.Table.from_batches(told).to_pylist()
    assert not [field for field in told[0].schema if pa.types.is_dictionary(field.type)]
    assert [] == list(work(iter(())))
    assert [] == list(work(iter(table.slice(0, 0).to_batches())))


def test_a_worker_hands_back_so_many_rows_at_a_time(kb: KnowledgeBase) -> None:
    columns: dict[str, Kind] = {"person": "integer", "saddle_anaesthesia": "boolean"}
    asked, compiled = laid(kb, columns, "person", ()).compiled(["rf_cauda_equina"], explain=False)
    rows = pa.record_batch({"person": list(range(25_000)), "saddle_anaesthesia": [True, None] * 12_500})

    told = list(Work(compiled, asked, ("person", "saddle_anaesthesia"))([rows]))

    assert [10_000, 10_000, 5_000] == [batch.num_rows for batch in told]
    assert list(range(25_000)) == pa.Table.from_batches(told)["person"].to_pylist()


@on_spark
def test_on_spark_only_the_columns_that_are_asked_for_are_read_and_no_row_comes_here(
    kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pl.DataFrame(
        {
            "person": range(60),
            "saddle_anaesthesia": [True, None, False] * 20,
            "age_years": [*[46] * 50, *[460] * 10],
            "disc_herniation.imaging_done": [True, False] * 30,
            "soleus.left.taut_band": [True, None] * 30,
        }
    )
    rows.write_parquet(tmp_path / "patients.parquet")
    asked, connection = ["rf_cauda_equina"], connected("spark")
    source = connection.read_parquet(str(tmp_path / "patients.parquet"))
    for name in ("execute", "to_pyarrow", "to_pyarrow_batches"):
        monkeypatch.setattr(type(connection), name, lambda *_, **__: pytest.fail("rows are read"))

    made, faults, lacking = mps.evaluate_cohort(source, conclusions=asked), cohort.rejects(source, kb), cohort.missing(source, kb, asked)

    monkeypatch.undo()
    plan = connection.raw_sql(f"EXPLAIN {connection.compile(made)}").collect()[0][0]
    read = laid(kb, kinds_of(source), "person", ()).compiled(asked, explain=False)[1].columns
    assert "MapInArrow" in plan
    assert set(read) == set(re.findall(r"[^,\[ ][^,]*?(?=#\d)", re.search(r"FileScan parquet \[(.*?)\]", plan)[1]))  # type: ignore[index]
    assert ("age_years", "person", "saddle_anaesthesia") == read
    assert mps.evaluate_cohort(rows, conclusions=asked).rows() == made.order_by("person").to_polars().rows()
    assert cohort.rejects(rows, kb).rows() == faults.to_polars().rows()
    assert cohort.missing(rows, kb, asked) == lacking != ()


@on_spark
def test_what_is_carried_along_is_what_it_was_on_spark_too(kb: KnowledgeBase) -> None:
    carried: dict[str, Any] = {
        "seen": [datetime(2026, 1, 2, 3, tzinfo=UTC), None],
        "day": [date(2026, 1, 2), None],
        "tags": [["a", None], None],
        "cost": [Decimal("1.50"), None],
        "site": ["north", None],
    }
    rows = pl.DataFrame({"person": [1, 2], "saddle_anaesthesia": [True, None], **carried})

    found = mps.evaluate_cohort(rows, conclusions=["rf_cauda_equina"], keep=[*carried], explain=True, backend="spark")

    assert carried == found.sort("person").select(*carried).to_dict(as_series=False)
    alone = mps.evaluate_cohort(rows.drop(*carried), conclusions=["rf_cauda_equina"], explain=True)
    assert alone.rows() == found.sort("person").drop(*carried).rows()
