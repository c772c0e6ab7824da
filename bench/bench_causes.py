"""
How an answer slows when the network grows five times: hundreds of made-up causes, of which a patient touches few.

``python bench/bench_causes.py``: prints the nodes, and the milliseconds of ``evaluate``, of every field, and of the questions, for the packaged
rules alone and with the causes, over the vignettes in turn.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import attrs

import mps_rules as mps
from mps_rules.answer.values import Assessment
from mps_rules.authoring.vignettes import read_vignettes
from mps_rules.chaining.program import program_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Conclusion, Evidence, Oppose, Rule, Support
from mps_rules.knowledge.vocabulary import Suspect
from mps_rules.language import conditions as c

FOLDER = Path(__file__).parents[1] / "tests" / "vignettes"
TIMES = 5
"""How many times larger the network becomes."""
CUES = 9
"""How many findings a cause counts."""
FIELDS = tuple(a.name for a in attrs.fields(Assessment) if not a.name.startswith("_"))


def with_causes(base: KnowledgeBase, times: int = TIMES, seed: int = 1) -> KnowledgeBase:
    """The rules, and so many made-up causes that the network is so many times larger: each counts findings, where it hurts in its places."""
    draw = Random(seed)  # noqa: S311 - drawn alike each time
    terms = [
        term.id for term in base.vocabulary.terms.values() if term.kind == "boolean" and term.subject == "patient" and not term.stands_for
    ]
    regions = [id_ for id_, region in base.vocabulary.regions.items() if region.parent]
    wanted = times * len(program_of(base).nodes["patient"])
    suspects, rules, nodes = dict(base.vocabulary.suspects), list(base.rules), len(program_of(base).nodes["patient"])
    while nodes < wanted:
        id_ = f"cause_{len(suspects)}"
        suspects[id_] = Suspect(id_, "serious", f"Cause {len(suspects)}")
        made = list(_cause(id_, draw, terms, regions))
        rules += made
        nodes += sum(len(c.parts(part)) > 1 for rule in made for part in c.walk(rule.when))
    rules.sort(key=lambda rule: (rule.stratum, rule.id))
    words = attrs.evolve(base.vocabulary, suspects=suspects)
    return attrs.evolve(base, vocabulary=words, rules=tuple(rules), digest=f"{base.digest}, {times} times")


def _cause(id_: str, draw: Random, terms: Sequence[str], regions: Sequence[str]) -> Iterator[Rule]:
    cues: list[c.Condition] = [c.Present(term) for term in draw.sample(terms, CUES)]
    strongest = c.Any(tuple(cues[:3]))
    where = c.PainAt((draw.choice(regions),))
    graded: tuple[tuple[int, Conclusion], ...] = (
        (2, Support(id_, "weak")),
        (3, Support(id_, "moderate")),
        (4, Support(id_, "strong")),
    )
    for need, conclusion in graded:
        yield _rule(f"causes.{id_}_{need}", c.All((where, c.AtLeast(need, (strongest, *cues[3:])))), conclusion)
    yield _rule(f"causes.{id_}_against", c.All((where, c.Not(c.Any(tuple(cues[:6]))))), Oppose(id_, "moderate"))


def _rule(id_: str, when: c.Condition, conclusion: Conclusion) -> Rule:
    return Rule(id_, id_, "active", "patient", "", Evidence("textbook", ()), when, (conclusion,), "", None)


def _whole(assessment: Assessment) -> None:
    for name in FIELDS:
        getattr(assessment, name)


def measured(base: KnowledgeBase, charts: Sequence[Any], rounds: int) -> list[float]:
    """The median milliseconds of an answer, of every field of it, and of its questions."""
    steps: tuple[Callable[[Assessment], object], ...] = (lambda one: one.urgency, _whole, lambda one: one.questions)
    for chart in charts:
        _ = mps.evaluate(chart, base).questions
    times: list[list[float]] = [[] for _ in steps]
    for chart in [*charts] * rounds:
        begun = time.thread_time()
        assessment = mps.evaluate(chart, base)
        for number, step in enumerate(steps):
            step(assessment)
            times[number].append(1000 * (time.thread_time() - begun))
    return [statistics.median(one) for one in times]


def main(rounds: int) -> None:
    base = mps.load()
    charts = [one.findings for one in read_vignettes(FOLDER, base)]
    for name, pack in (("the packaged rules", base), ("with made-up causes", with_causes(base))):
        took = ", ".join(
            f"{what} {ms:.2f}"
            for what, ms in zip(("evaluate", "every field", "and questions"), measured(pack, charts, rounds), strict=True)
        )
        print(f"{name}: {len(pack.rules):,} rules, {len(program_of(pack).nodes['patient']):,} nodes of the patient; {took}")  # noqa: T201 - a command


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
