"""
What was concluded of many patients, in numbers: urgencies, leading hypotheses, and which red flags nobody has asked about.

A share is always of the people whose rows could be read; the others are counted first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import URGENCIES
from mps_rules.population.tables import opened

BAR = 24
"""The width of the longest bar."""
SHOWN = 12
"""How many hypotheses, and how many red flags, are shown before the text says how many more there are."""


@attrs.frozen
class Flagged:
    """A red flag in a cohort: how many people it is raised of, and of how many too little is known to tell."""

    id: str
    label: str
    urgency: str
    raised: int
    undecided: int


@attrs.frozen
class Summary:
    """What was concluded of a cohort in numbers: urgencies and leading hypotheses most serious and most frequent first, then the red flags."""

    people: int
    rejected: int
    urgencies: tuple[tuple[str, int], ...] = ()
    leading: tuple[tuple[str | None, int], ...] = ()
    flags: tuple[Flagged, ...] = ()


def summarised(result: Any, base: KnowledgeBase) -> Summary:
    """
    The numbers of a result of ``evaluate_cohort``, rejected rows counted and then left out.

    >>> import polars as pl
    >>> from mps_rules import evaluate_cohort, load
    >>> found = evaluate_cohort(pl.DataFrame({"person": [1, 2], "saddle_anaesthesia": [True, None]}))
    >>> summarised(found, load()).urgencies
    (('emergency', 1), ('urgent', 0), ('soon', 0), ('none', 1))
    """
    source, _ = opened(result)

    def counts(column: str) -> dict[Any, int]:
        good = source.filter(~source["rejected"])
        found = good.group_by(column).aggregate(people=good.count()).to_pyarrow().to_pydict()
        return dict(zip(found[column], found["people"], strict=True))

    flags = [rule.alert for rule in base.rules if rule.alert and rule.alert.id in source.columns]
    sums = {"people": source.count(), "rejected": source["rejected"].sum()}
    for flag in flags:
        sums[f"raised.{flag.id}"] = source[flag.id].sum()
        sums[f"undecided.{flag.id}"] = (source[flag.id].isnull() & ~source["rejected"]).sum()
    total = {name: int(value or 0) for name, value in source.aggregate(**sums).to_pyarrow().to_pylist()[0].items()}
    whole = "urgency" in source.columns
    urgencies, leading = (counts("urgency"), counts("leading")) if whole else ({}, {})
    return Summary(
        people=total["people"],
        rejected=total["rejected"],
        urgencies=tuple((urgency, urgencies.get(urgency, 0)) for urgency in (*URGENCIES, "none")) if whole else (),
        leading=tuple(sorted(leading.items(), key=lambda one: (-one[1], one[0] or ""))),
        flags=tuple(
            Flagged(flag.id, flag.label, flag.urgency, total[f"raised.{flag.id}"], total[f"undecided.{flag.id}"])
            for flag in sorted(flags, key=lambda flag: (URGENCIES.index(flag.urgency), flag.id))
        ),
    )


def text(summary: Summary, base: KnowledgeBase) -> str:
    """The numbers as lines with small bars, for a terminal or a log."""
    return "\n".join(_lines(summary, base)) + "\n"


def _lines(summary: Summary, base: KnowledgeBase) -> Iterator[str]:
    read = summary.people - summary.rejected
    yield f"{summary.people:,} people" + (
        f", {summary.rejected:,} of them set aside: their rows cannot be read" if summary.rejected else ""
    )
    if summary.urgencies:
        yield from ("", "Urgency of the red flags raised")
        yield from _bars([("no red flag raised" if name == "none" else name, count) for name, count in summary.urgencies], read)
    if summary.leading:
        suspects = base.vocabulary.suspects
        yield from ("", "Leading hypothesis")
        yield from _bars([(suspects[name].label if name else "nothing speaks for any", count) for name, count in summary.leading], read)
    if raised := [flag for flag in summary.flags if flag.raised]:
        yield from ("", "Red flags raised, most urgent first")
        yield from _bars([(f"{flag.urgency}: {flag.label}", flag.raised) for flag in raised], read)
    if asked := sorted((flag for flag in summary.flags if flag.undecided), key=lambda flag: (-flag.undecided, flag.id)):
        yield from ("", "Red flags not settled, for want of findings (wherever the pain is)")
        yield from _bars([(f"{flag.urgency}: {flag.label}", flag.undecided) for flag in asked], read)


def _bars(rows: Sequence[tuple[str, int]], whole: int) -> Iterator[str]:
    longest = max((count for _, count in rows), default=0)
    for label, count in rows[:SHOWN]:
        bar = "#" * (round(BAR * count / longest) if longest else 0)
        share = 100 * count / whole if whole else 0
        yield f"  {label[:56]:<56} {count:>11,} {share:>5.1f} %  {bar}".rstrip()
    if len(rows) > SHOWN:
        yield f"  and {len(rows) - SHOWN} more"
