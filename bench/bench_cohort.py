"""How long a table of patients takes, beside a plain loop of ``evaluate``; what is answered is held against the loop before it is timed."""

from functools import lru_cache
from importlib.util import find_spec
from shutil import which
from typing import Any

import numpy as np
import polars as pl
import pytest

import mps_rules as mps
from mps_rules.population.cohort import Cohort
from mps_rules.population.kernel import ROWS, WORD
from mps_rules.population.tables import kinds_of, opened
from population import mapping, population

SPARK = bool(find_spec("pyspark") and which("java"))
MILLION = 1_000_000
LOOP = 200
SAMPLE = 50
ASKED: dict[str, tuple[str, ...] | None] = {
    "spinal red flags and fibromyalgia": (
        "rf_cauda_equina",
        "rf_cauda_equina_early",
        "rf_bilateral_sciatica",
        "rf_progressive_motor",
        "rf_cord_compression_metastatic",
        "rf_cord_level",
        "rf_epidural_abscess",
        "rf_fever_with_spinal_pain",
        "rf_myelopathy",
        "rf_malignancy_cluster",
        "rf_malignancy_history",
        "fm_acr_2010",
        "fm_acr_2016",
    ),
    "everything": None,
}


@lru_cache(maxsize=1)
def patients(size: int) -> pl.DataFrame:
    """So many patients; the same for the same size."""
    return population(mps.load(), size)


def mappings(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """The same patients as ``evaluate`` takes them."""
    return [mapping(row, mps.load().vocabulary) for row in rows.iter_rows(named=True)]


def concluded_as_by_the_loop(rows: pl.DataFrame, asked: tuple[str, ...] | None, backend: Any) -> pl.DataFrame:
    """Patients from all over the table, held against ``evaluate``: red flags and criteria, and, of everything, statuses and urgency."""
    few = rows.gather_every(len(rows) // SAMPLE).head(SAMPLE)
    found: pl.DataFrame = mps.evaluate_cohort(few, conclusions=asked, backend=backend).sort("person")
    told = 0
    for row, patient in zip(found.iter_rows(named=True), mappings(few), strict=True):
        alone = mps.evaluate(patient)
        met = {alert.id for alert in alone.alerts if alert.status == "raised"} | {one.id for one in alone.criteria if one.status == "met"}
        told += bool(met)
        assert not row["rejected"]
        assert {id_ for id_ in asked or met if row[id_]} == (met & set(asked) if asked else met)
        if asked is None:
            assert alone.urgency == row["urgency"]
            assert {one.id: one.status for one in alone.hypotheses} == {one.id: row[one.id] for one in alone.hypotheses}
    assert told
    return found


@pytest.mark.benchmark(group="patients, one by one")
def bench_loop(benchmark: Any) -> None:
    """A plain loop of ``evaluate``."""
    some = mappings(patients(LOOP))

    assert len(benchmark.pedantic(lambda: [mps.evaluate(one) for one in some], rounds=3)) == LOOP


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.benchmark(group="the rules laid over the columns of a table, and compiled")
def bench_laying(benchmark: Any, asked: str) -> None:
    """What a question of a table with other columns costs before its first row."""
    kinds = kinds_of(opened(patients(SAMPLE))[0])

    made = benchmark.pedantic(lambda: Cohort(mps.load(), kinds, "person", ()).compiled(ASKED[asked], explain=False), rounds=2)

    benchmark.extra_info["steps"] = len(made[1].steps)
    assert made[1].steps


@pytest.mark.benchmark(group="patients, as a table")
def bench_floor(benchmark: Any) -> None:
    """
    What numpy alone needs for everything, of a million patients: one *and* of two rows of bits for each step of the kernel, and nothing else.

    No cell is read, no truth has its second row, no point is added and nothing is handed back.
    """
    kinds = kinds_of(opened(patients(SAMPLE))[0])
    steps = len(Cohort(mps.load(), kinds, "person", ()).compiled(None, explain=False)[1].steps)
    a, b, out = (np.zeros(ROWS // WORD, np.uint64) for _ in range(3))

    def all_of_them() -> None:
        for _ in range(steps * -(-MILLION // ROWS)):
            np.bitwise_and(a, b, out)

    benchmark.pedantic(all_of_them, rounds=3)

    benchmark.extra_info["steps"] = steps
    benchmark.extra_info["patients per second"] = round(MILLION / benchmark.stats.stats.median)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    ("backend", "size"),
    [("polars", 50), ("polars", 50_000), ("polars", MILLION), ("duckdb", 50), ("duckdb", 50_000), ("spark", 50_000)],
)
@pytest.mark.benchmark(group="patients, as a table")
def bench_cohort(benchmark: Any, backend: Any, size: int, asked: str) -> None:
    """
    A table from the frame that goes in to the frame that comes out, after a first small one, by which the rules are laid and compiled.

    Of the narrow question two red flags rest on findings that no generated patient has: they are undecided of everyone.
    """
    if backend == "spark" and not SPARK:
        pytest.skip("PySpark or Java is not installed")
    rows = patients(size)
    sample = concluded_as_by_the_loop(rows, ASKED[asked], backend)

    found = benchmark.pedantic(
        mps.evaluate_cohort, args=(rows,), kwargs={"conclusions": ASKED[asked], "backend": backend}, rounds=1 if size > 100_000 else 3
    )

    benchmark.extra_info["patients per second"] = round(size / benchmark.stats.stats.median)
    assert len(found) == size
    assert sample.equals(found.filter(pl.col("person").is_in(sample["person"].implode())).sort("person"))
