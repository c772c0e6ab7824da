"""
How many questions an interview needs: everything but age, sex and pain map of each vignette is hidden and answered truthfully.

Counted until the urgency of the full chart is reached, and until its leading hypothesis is too; against the same steps in random
order and in the order of the vocabulary. ``python bench/interview.py [every nth vignette] [most questions]`` prints a table.
"""

import sys
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import click

import mps_rules as mps
from charts import chart, vignettes
from mps_rules.authoring.vignettes import Vignette
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import URGENCIES
from simulated import Simulated, all_steps, guided, in_order

MOST = 200
Ask = Callable[[Vignette, KnowledgeBase, int], Simulated]


def by_use(one: Vignette, base: KnowledgeBase, most: int) -> Simulated:
    """As the library asks."""
    return guided(chart(one), base, most)


def by_chance(one: Vignette, base: KnowledgeBase, most: int) -> Simulated:
    """The same steps in an order drawn by lot, the same lot every time."""
    order = list(all_steps(chart(one), base))
    Random(one.vignette).shuffle(order)  # noqa: S311 - nothing secret is drawn
    return in_order(chart(one), base, order[:most])


def by_vocabulary(one: Vignette, base: KnowledgeBase, most: int) -> Simulated:
    """The same steps in the order in which the vocabulary lists their findings."""
    place = {term: number for number, term in enumerate(base.vocabulary.terms)}
    order = sorted(all_steps(chart(one), base), key=lambda step: min(place[at.rpartition(".")[2]] for at in step[1]))
    return in_order(chart(one), base, order[:most])


ORDERS: dict[str, Ask] = {"as the library asks": by_use, "random order": by_chance, "vocabulary order": by_vocabulary}

GOALS: dict[str, Callable[[Simulated], int | None]] = {
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
    within = sum(count <= 8 for count in reached)
    numbers = (quantile(reached, 0.5), quantile(reached, 0.9), max(reached))
    return f"  {name:<22}{len(counts):>6}{len(reached):>9}" + "".join(f"{number:>8}" for number in numbers) + f"{within:>12}"


def main(step: int = 1, most: int = MOST) -> None:
    """The table, and the emergencies that the library takes more than eight questions to find."""
    base = mps.load()
    some = vignettes()[::step]
    urgency = {one.vignette: mps.evaluate(chart(one), base).urgency for one in some}
    found = {name: {one.vignette: ask(one, base, most) for one in some} for name, ask in ORDERS.items()}
    click.echo(f"{len(some)} vignettes, at most {most} questions")
    for title, pick in GOALS.items():
        click.echo(f"\n{title:<24}{'of':>6}{'reached':>9}{'median':>8}{'90 %':>8}{'most':>8}{'within 8':>12}")
        for level in (*URGENCIES, "none", "any"):
            names = [name for name, is_ in urgency.items() if level in (is_, "any")]
            click.echo(f" {level}")
            for order, of in found.items():
                click.echo(row(order, [pick(of[name]) for name in names]))
    click.echo("\nemergencies found after more than eight questions, or not:")
    for name, one in found["as the library asks"].items():
        if urgency[name] == "emergency" and (one.urgency is None or one.urgency > 8):
            click.echo(f"  {one.urgency if one.urgency is not None else 'never'}: {name}")
    repeated = sum(len(set(one.steps)) < len(one.steps) for one in found["as the library asks"].values())
    stopped = sum(one.both is None for one in found["as the library asks"].values())
    click.echo(f"\na step asked more than once in {repeated} interviews; answer of the full chart not reached in {stopped}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
