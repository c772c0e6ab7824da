"""What is told as resources of a chart and what is told as rows of a long table stand alike: one law of what wins, whichever door."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

import attrs
import polars as pl
import pytest

from charts_fhir import OWN, coded
from mps_rules.fhir_in import read_resources
from mps_rules.model import KnowledgeBase
from mps_rules.tables import opened, pivoted
from random_packs import seeded

HOME = timezone(timedelta(hours=1), "home")
NOW = datetime(2026, 3, 20, 23, 59, 59, tzinfo=HOME)
# fever stands in a chart for some days only (a window of the pack); a long table has no windows
SIGNS = (
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
DRAWS = 150


@attrs.frozen
class Told:
    """One reading: of what, whether it is present, and its time as a chart and as a table write it."""

    term: str
    present: bool
    in_chart: str | None
    in_table: str | None

    def resource(self) -> dict[str, Any]:
        times = {} if self.in_chart is None else {"effectiveDateTime": self.in_chart}
        about = {"subject": {"reference": "Patient/p1"}, "status": "final", "code": coded(f"{OWN}:finding", self.term)}
        return {"resourceType": "Observation", "valueBoolean": self.present, **about, **times}

    def row(self, person: int) -> tuple[int, str, str, str | None]:
        return person, self.term, "yes" if self.present else "no", self.in_table


def reading(random: Random, *, offsets: bool) -> Told:
    """A random reading: of a day or an instant of the place, or of an instant with any offset; undated, unreadable, or too old."""
    term, present = random.choice(SIGNS), random.random() < 0.5
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
