"""
How many questions an interview needs: everything but age, sex and pain map of each chart is hidden and answered truthfully.

Counted until the urgency of the full chart is reached, and until its leading hypothesis is too; and, what the chart does not say being denied,
until the interview ends by itself, with what it had not found by then. ``--against`` asks the same steps in random order and in
the order of the vocabulary. The charts are the vignettes, and those of the folders that are named.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import click

import mps_rules as mps
from charts import chart, vignettes
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import URGENCIES
from mps_rules.language.reading import read_text
from simulated import Simulated, all_steps, ended, guided, in_order

MOST = 200
WITHIN = 8
Findings: TypeAlias = Mapping[str, Any]
Ask: TypeAlias = Callable[[Findings, KnowledgeBase, int], Simulated]
Count: TypeAlias = Callable[[Simulated], int | None]


def by_use(findings: Findings, base: KnowledgeBase, most: int) -> Simulated:
    """As the library asks."""
    return guided(findings, base, most)


def by_chance(findings: Findings, base: KnowledgeBase, most: int) -> Simulated:
    """The same steps in an order drawn by lot, the same lot every time."""
    order = list(all_steps(findings, base))
    Random(repr(findings)).shuffle(order)  # noqa: S311 - nothing secret is drawn
    return in_order(findings, base, order[:most])


def by_vocabulary(findings: Findings, base: KnowledgeBase, most: int) -> Simulated:
    """The same steps in the order in which the vocabulary lists their findings."""
    place = {term: number for number, term in enumerate(base.vocabulary.terms)}
    order = sorted(all_steps(findings, base), key=lambda step: min(place[at.rpartition(".")[2]] for at in step[1]))
    return in_order(findings, base, order[:most])


USED = "as the library asks"
ORDERS: dict[str, Ask] = {USED: by_use, "random order": by_chance, "vocabulary order": by_vocabulary}

GOALS: dict[str, Count] = {
    "urgency reached": attrgetter("urgency"),
    "urgency and leading": attrgetter("both"),
}


def quantile(counts: Sequence[int], share: float) -> int:
    """The count that so large a share does not exceed."""
    return sorted(counts)[min(len(counts) - 1, int(share * len(counts)))]


def row(name: str, counts: Sequence[int | None]) -> str:
    """One line: of how many, how many reached it, and after how many questions."""
    reached = [count for count in counts if count is not None]
    if not reached:
        return f"  {name:<22}{len(counts):>6}{0:>9}"
    within = sum(count <= WITHIN for count in reached)
    numbers = (quantile(reached, 0.5), quantile(reached, 0.9), max(reached))
    return f"  {name:<22}{len(counts):>6}{len(reached):>9}" + "".join(f"{number:>8}" for number in numbers) + f"{within:>12}"


def charts_in(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The charts of a folder: files with a list of charts, each with its findings."""
    for path in sorted(folder.glob("*.yaml")):
        for number, one in enumerate(read_text(path.read_text(encoding="utf-8"), path.name).data):
            yield f"{path.stem}: {one.get('id', number)}", one["findings"]


@click.command()
@click.option("--every", default=1, help="Only every nth chart.")
@click.option("--most", default=MOST, help="So many questions at most.")
@click.option("--against", is_flag=True, help="Other orders of the same steps too.")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(every: int, most: int, *, against: bool, folders: tuple[Path, ...]) -> None:
    """Prints the tables, and the emergencies that take more than eight questions to find."""
    base = mps.load()
    charts = [(one.vignette, chart(one)) for one in vignettes()] + [pair for folder in folders for pair in charts_in(folder)]
    charts = charts[::every]
    urgency = {name: mps.evaluate(findings, base).urgency for name, findings in charts}
    orders = ORDERS if against else {USED: by_use}
    found = {order: {name: ask(findings, base, most) for name, findings in charts} for order, ask in orders.items()}
    click.echo(f"{len(charts)} charts, at most {most} questions")
    for title, pick in GOALS.items():
        table(title, found, urgency, pick)
    used = found[USED]
    click.echo("\nemergencies found after more than eight questions, or not:")
    for name, one in used.items():
        if urgency[name] == "emergency" and (one.urgency is None or one.urgency > WITHIN):
            click.echo(f"  {one.urgency if one.urgency is not None else 'never'}: {name}")
    repeated = sum(len(set(one.steps)) < len(one.steps) for one in used.values())
    click.echo(f"\na step asked more than once in {repeated} interviews; answer of the full chart not reached in {unreached(used)}")
    ends = {name: ended(findings, base, most) for name, findings in charts}
    table("until it ends", {"the rest denied": ends}, urgency, lambda one: len(one.steps))
    click.echo("\nended with less urgency than the full chart has:")
    for name, one in ends.items():
        if one.alarm is None:
            click.echo(f"  {urgency[name]}, not {one.last.urgency}, after {len(one.steps)}{'' if one.stopped else ' (not enough)'}: {name}")
    click.echo(f"\nended without enough known: {sum(not one.stopped for one in ends.values())}")


def table(title: str, found: Mapping[str, Mapping[str, Simulated]], urgency: Mapping[str, str], pick: Count) -> None:
    """After how many questions something was reached, by the urgency of the full chart."""
    click.echo(f"\n{title:<24}{'of':>6}{'reached':>9}{'median':>8}{'90 %':>8}{'most':>8}{'within 8':>12}")
    for level in (*URGENCIES, "none", "any"):
        names = [name for name, is_ in urgency.items() if level in (is_, "any")]
        click.echo(f" {level}")
        for order, of in found.items():
            click.echo(row(order, [pick(of[name]) for name in names]))


def unreached(found: Mapping[str, Simulated]) -> int:
    """How many interviews never gave the answer of the full chart."""
    return sum(one.both is None for one in found.values())


if __name__ == "__main__":
    main()
