"""
What is still to be asked of many people: the red flags that matter for where their pain is, and the findings that nobody recorded.

It counts what ``cohort`` concludes and concludes nothing itself. A share is always of the people for whom the question arises.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import URGENCIES, Rule
from mps_rules.knowledge.vocabulary import Vocabulary, lowered
from mps_rules.patient.addresses import address
from mps_rules.patient.facts import terrain_of
from mps_rules.population import tally
from mps_rules.population.cohort import evaluate_cohort, missing
from mps_rules.population.tables import Backend, Table, opened

STRUCTURED = {"pain": "Where it hurts", "exam": "Examination of muscles"}
"""What is said of findings that are no single term."""
_HURTS = "hurts "
"""Begins the name of a column that only serves to count."""


@attrs.frozen
class Unasked:
    """A red flag: of how many people it matters for where the pain is, and in how many of them too little is known to tell."""

    id: str
    label: str
    urgency: str
    relevant: int
    undecided: int


@attrs.frozen
class Wanted:
    """A finding not known of at least so many people in whom it leaves so many red flags undecided."""

    finding: str
    label: str
    people: int
    flags: int


@attrs.frozen
class Overview:
    """What is to be said of a whole table of people: the numbers of ``tally``, and what is still to be asked."""

    summary: tally.Summary
    unasked: tuple[Unasked, ...]
    wanted: tuple[Wanted, ...]


def overview(
    table: Any, base: KnowledgeBase, *, person: str = "person", keep: Sequence[str] = (), backend: Backend = "polars"
) -> tuple[Any, Overview]:
    """
    What ``evaluate_cohort`` concludes of every row, and the sum of it.

    >>> import polars as pl
    >>> from mps_rules import load
    >>> rows = pl.DataFrame({"person": [1, 2], "saddle_anaesthesia": [True, None], "pain.low_back": [True, True]})
    >>> _, found = overview(rows, load())
    >>> [(flag.undecided, flag.relevant) for flag in found.unasked if flag.id == "rf_cauda_equina"]
    [(1, 2)]

    Args:
        table: as ``evaluate_cohort`` takes it, a row for each person.
        base: the rules.
        person: the column that says who.
        keep: other columns to carry along unread.
        backend: where frames and files are computed.

    Raises:
        FindingError: as ``evaluate_cohort``.

    """
    source, give_back = opened(table, backend)
    painful = _painful(source, base.vocabulary, (person, *keep))
    marked = source.mutate(**{f"{_HURTS}{region}": expression for region, expression in painful.items()})
    marks = tuple(f"{_HURTS}{region}" for region in painful)
    concluded = give_back(evaluate_cohort(marked, base, person=person, keep=(*keep, *marks)))
    rows, _ = opened(concluded, backend)
    flags = {rule.alert.id: rule for rule in base.rules if rule.alert and not (rule.open_alert or rule.alert.graded)}
    found = Overview(
        summary=tally.summarised(concluded, base),
        unasked=tuple(_unasked(flags, _counts(rows, base, flags, tuple(painful)))),
        wanted=tuple(_wanted(table, base, tuple(flags), person, keep, backend)),
    )
    return give_back(rows.drop(*marks)) if marks else concluded, found


def _painful(source: Table, words: Vocabulary, ungrouped: Sequence[str]) -> dict[str, Any]:
    """For each region of which a column speaks, whether it says that it hurts there."""
    found: dict[str, list[Any]] = {}
    for name in source.columns:
        if name in ungrouped:
            continue
        try:
            at = address(name, words)
        except FindingError:
            continue
        region = at.name if at.kind == "pain" else words.terms[at.term].stands_for if at.kind == "patient" else None
        if region and region in words.regions:
            found.setdefault(region, []).append(source[name].cast("boolean").fill_null(False))
    return {region: _any(columns) for region, columns in found.items()}


def _any(columns: Sequence[Any]) -> Any:
    first, *rest = columns
    for one in rest:
        first |= one
    return first


def _counts(rows: Table, base: KnowledgeBase, flags: dict[str, Rule], painful: Sequence[str]) -> dict[str, int]:
    """Everything that is counted row by row, in one pass."""
    good = ~rows["rejected"]
    sums: dict[str, Any] = {}
    hurts = {region: rows[f"{_HURTS}{region}"] for region in painful}
    around = terrain_of(base).tree.around
    for id_, rule in flags.items():
        here = [hurts[r] for r in hurts if any(place in around[r] or r in around[place] for place in base.flag_places[rule.id])]
        matters = good
        if hurts:
            nowhere = ~_any(list(hurts.values()))
            matters = good & (_any([*here, nowhere]))
        sums[f"{id_} relevant"] = matters.cast("int64").sum()
        sums[f"{id_} undecided"] = (matters & rows[id_].isnull()).cast("int64").sum()
    counted: dict[str, Any] = rows.aggregate(**sums).to_pyarrow().to_pylist()[0]
    return {name: int(value or 0) for name, value in counted.items()}


def _unasked(flags: dict[str, Rule], counts: dict[str, int]) -> Iterator[Unasked]:
    """The most urgent first, then those that most people were not asked about."""
    found = [
        Unasked(id_, rule.alert.label, rule.alert.urgency, counts[f"{id_} relevant"], counts[f"{id_} undecided"])
        for id_, rule in flags.items()
        if rule.alert
    ]
    yield from sorted(found, key=lambda one: (URGENCIES.index(one.urgency), -one.undecided, one.id))


def _wanted(table: Any, base: KnowledgeBase, flags: Sequence[str], person: str, keep: Sequence[str], backend: Backend) -> Iterator[Wanted]:
    """Findings by the number of people in whom their absence leaves a red flag undecided."""
    people: dict[str, int] = {}
    of: dict[str, int] = {}
    for one in missing(table, base, flags, person=person, keep=keep, backend=backend):
        people[one.finding] = max(people.get(one.finding, 0), one.people)
        of[one.finding] = of.get(one.finding, 0) + 1
    for finding in sorted(people, key=lambda one: (-people[one], -of[one], one)):
        label = STRUCTURED.get(finding) or base.vocabulary.name("term", finding)
        yield Wanted(finding, label, people[finding], of[finding])


def lines(found: Overview, base: KnowledgeBase, most: int = 10) -> Iterator[str]:
    """The sum as people read it: shares as bars, at most so many lines of what is still to be asked."""
    settled = tuple(attrs.evolve(flag, undecided=0) for flag in found.summary.flags)
    yield from tally.text(attrs.evolve(found.summary, flags=settled), base).splitlines()
    if not any(flag.raised for flag in settled):
        yield from ("", "No red flag is raised; what follows says how little that means")
    open_ = [one for one in found.unasked if one.undecided]
    yield from ("", "Red flags not settled, of the people for whom they matter, most urgent first")
    for one in open_[:most]:
        share = one.undecided / one.relevant
        label = f"{one.urgency}: {one.label}"
        yield f"  {label[:56]:<56} {one.undecided:>7,} of {one.relevant:,} {share:>6.1%}  {'#' * round(tally.BAR * share)}"
    if len(open_) > most:
        yield f"  and {len(open_) - most} more"
    yield from ("", "What nobody recorded, and leaves most people undecided about a red flag")
    yield from (f"  {lowered(one.label)[:56]:<56} {one.people:>7,} people, {one.flags} red flags" for one in found.wanted[:most])
