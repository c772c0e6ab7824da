"""What is told as resources of a chart and what is told as rows of a table stand alike: one law of what wins, whichever door."""

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Any

import attrs
import ibis
import polars as pl
import pytest

from charts_fhir import OWN, coded
from mps_rules import evaluate, evaluate_cohort
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.population.omop import KEEP, read_omop
from mps_rules.population.tables import opened, pivoted
from mps_rules.records.fhir_in import read_resources
from random_packs import seeded

HOME = timezone(timedelta(hours=1), "home")
NOW = datetime(2026, 3, 20, 23, 59, 59, tzinfo=HOME)
SIGNS = (
    "fever",
    "pain_regional",
    "pain_widespread",
    "saddle_anaesthesia",
    "motor_deficit",
    "babinski_positive",
    "urinary_retention_new",
    "urinary_incontinence_new",
    "neuro_exam_normal",
    "cancer_history",
)
LAST = "pf_poor_sleep"
"""What is said last of everybody, so that both doors look back from one day."""
DRAWS = int(os.environ.get("DRAWS", "150"))


@attrs.frozen
class Told:
    """One reading: of what, whether it is present (None: that cannot be read), and its time as a chart and as a table write it."""

    term: str
    present: bool | None
    in_chart: str | None
    in_table: str | None

    def resource(self) -> dict[str, Any]:
        times = {} if self.in_chart is None else {"effectiveDateTime": self.in_chart}
        about = {"subject": {"reference": "Patient/p1"}, "status": "final", "code": coded(f"{OWN}:finding", self.term)}
        value = {"valueString": "somewhat"} if self.present is None else {"valueBoolean": self.present}
        return {"resourceType": "Observation", **value, **about, **times}

    def row(self, person: int) -> tuple[int, str, str, str | None]:
        return person, self.term, {True: "yes", False: "no", None: "somewhat"}[self.present], self.in_table


def reading(random: Random, *, offsets: bool) -> Told:
    """A random reading: of a day or an instant of the place, or of an instant with any offset; undated, unreadable, or too old."""
    term, present = random.choice(SIGNS), random.choice((True, True, True, False, False, False, None))
    form = random.choice(("recent", "recent", "recent", "recent", "same", "old", "none", "unreadable"))
    if form == "none":
        return Told(term, present, None, None)
    if form == "unreadable":
        return Told(term, present, "2026-02-30", "2026-02-30")
    at = NOW - timedelta(days=40 if form == "old" else 1, hours=0 if form == "same" else random.randrange(72))
    if offsets:
        told = at.astimezone(timezone(timedelta(minutes=random.choice((-570, 0, 345, 720))))).isoformat()
        return Told(term, present, told, told)
    if random.random() < 0.5:
        return Told(term, present, at.date().isoformat(), at.date().isoformat())
    return Told(term, present, at.isoformat(), at.replace(tzinfo=None).isoformat())


def drawn(seed: int, *, offsets: bool) -> list[Told]:
    random = seeded(seed)
    last = NOW.isoformat()
    return [
        Told(LAST, True, last, last if offsets else last[:19]),
        *(reading(random, offsets=offsets) for _ in range(random.choice((1, 2, 3, 4, 6)))),
    ]


def by_resources(told: list[Told], kb: KnowledgeBase) -> dict[str, Any]:
    found, _ = read_resources([one.resource() for one in told], kb, on=NOW)
    return {key: value for key, value in found.items() if key != "in_doubt"} | {f"in_doubt.{at}": True for at in found.get("in_doubt", ())}


def by_table(everybody: list[list[Told]], kb: KnowledgeBase) -> Iterator[dict[str, Any]]:
    rows = [one.row(person) for person, told in enumerate(everybody) for one in told]
    made, _ = pivoted(opened(pl.DataFrame(rows, schema=["person", "term", "value", "date"], orient="row"))[0], kb, "person")
    for row in made.to_polars().sort("person").rows(named=True):
        yield {name: value for name, value in row.items() if value is not None and name != "person"}


@pytest.mark.parametrize("offsets", [False, True], ids=["days and times of the place", "instants with offsets"])
def test_random_readings_stand_alike_as_resources_and_as_rows(kb: KnowledgeBase, offsets: bool) -> None:  # noqa: FBT001 - a way to write
    everybody = [drawn(seed, offsets=offsets) for seed in range(DRAWS)]
    charts = [by_resources(told, kb) for told in everybody]
    rows = list(by_table(everybody, kb))

    assert any(at.startswith("in_doubt") for chart in charts for at in chart)
    assert {n: chart for n, chart in enumerate(charts) if chart != rows[n]} == {n: row for n, row in enumerate(rows) if row != charts[n]}


# --- how old somebody is ----------------------------------------------------------------------------------------------

ON = date(2021, 2, 28)
BORN = [
    *((year, month, day) for year in (1920, 2020) for month in (2, 12) for day in (None, 28)),
    *((year, None, None) for year in (1900, 1956, 1971, 2020, 2021)),
    *((1956, month, None) for month in range(1, 13)),
    (1956, 2, 29),
    (1971, 3, 1),
]


def test_a_birth_that_is_not_told_to_the_day_gives_the_same_range_whichever_door(kb: KnowledgeBase) -> None:
    cdm = ibis.duckdb.connect()
    cdm.raw_sql("CREATE TABLE person (person_id INT, gender_concept_id INT, year_of_birth INT, month_of_birth INT, day_of_birth INT)")
    rows = ", ".join(f"({n}, 8532, {y}, {m or 'NULL'}, {d or 'NULL'})" for n, (y, m, d) in enumerate(BORN))
    cdm.raw_sql(f"INSERT INTO person VALUES {rows}")  # noqa: S608 - numbers of this file
    read = read_omop(cdm, kb, index=ON)[0]
    table = {row["person"]: row for row in read.to_polars().iter_rows(named=True)}
    found = evaluate_cohort(read.mutate(pain_low_back=True, chest_pain=True), kb, keep=KEEP).to_polars()
    ranged = 0
    for n, parts in enumerate(BORN):
        born = "-".join(f"{part:02}" for part in parts if part)
        patient = {"resourceType": "Patient", "gender": "female", "birthDate": born}
        findings, _ = read_resources([patient], kb, on=ON)
        age = findings.get("age_years")
        ranged += isinstance(age, dict)
        told = {name: table[n][f"age_years{name}"] for name in ("", ".at_least", ".at_most")}
        ends = {f".{end}": age[end] for end in ("at_least", "at_most")} if isinstance(age, dict) else {"": age}
        row = found.row(by_predicate=pl.col("person") == n, named=True)
        alone = evaluate({**findings, "pain_low_back": True, "chest_pain": True}, kb)

        assert {**dict.fromkeys(("", ".at_least", ".at_most")), **ends} == told, born
        assert {one.id: one.status for one in alone.hypotheses} == {one.id: row[one.id] for one in alone.hypotheses}
        assert alone.urgency == row["urgency"]

    assert ranged > 5
