"""
One generated pack of rules, run by this library's executors and by other rule engines, each used as well as it can be.

Rules of one to four yes/no conditions over half as many findings, one condition in five recorded absent, in five strata of which each reads
the one below. Every engine must conclude the same of every patient before anything is timed.
"""

import json
import random
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from mps_rules.chaining import circuit, engine, reference
from mps_rules.chaining.chains import Chain
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Derive, Evidence, Rule
from mps_rules.knowledge.vocabulary import Term
from mps_rules.language import conditions as c
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Findings
from packs import SMALL, written
from random_packs import with_rules

STRATA = 5
KNOWN = 25
"""How many findings are known of a patient."""

Patient = Mapping[str, bool]
Condition = tuple[str, bool]
"""A finding or conclusion, and whether it must be present or absent."""


@attrs.frozen
class Engine:
    """An engine: how a patient is handed to it, and what it concludes; reading and checking what was said is not chaining."""

    prepared: Callable[[Patient], Any]
    run: Callable[[Any], frozenset[str]]


def _as_it_is(patient: Patient) -> Patient:
    return patient


@attrs.frozen
class Pack:
    """Rules by conclusion: their conditions; and the findings that they may read."""

    rules: tuple[tuple[str, tuple[Condition, ...]], ...]
    findings: tuple[str, ...]


def generated(rules: int, findings: int, seed: int = 1) -> Pack:
    """A pack of so many rules over so many findings."""
    draw = random.Random(seed)  # noqa: S311 - drawn alike each time
    names = tuple(f"t{n}" for n in range(findings))
    made: list[tuple[str, tuple[Condition, ...]]] = []
    below: list[str] = []
    for stratum in range(STRATA):
        own = []
        for n in range(rules // STRATA):
            chosen = draw.sample(names, draw.choice((1, 1, 2, 2, 3, 4)))
            conditions = [(name, draw.random() > 0.18) for name in chosen]
            if below and draw.random() < 0.5:
                conditions[0] = (draw.choice(below), True)
            own.append(f"d{stratum}_{n}")
            made.append((own[-1], tuple(dict(conditions).items())))
        below = own
    return Pack(tuple(made), names)


def patients(pack: Pack, count: int, seed: int = 2) -> list[Patient]:
    """So many patients, of each of whom so many findings are known."""
    draw = random.Random(seed)  # noqa: S311 - as above
    return [{name: draw.random() < 0.5 for name in draw.sample(pack.findings, min(KNOWN, len(pack.findings)))} for _ in range(count)]


# --- this library ------------------------------------------------------------------------------------------------------


def knowledge(pack: Pack, folder: Path) -> KnowledgeBase:
    """The pack as a knowledge base."""
    from mps_rules.knowledge.loading import load_folders

    base = load_folders([written(folder, SMALL)])
    terms = {name: Term(name, name, "history", "boolean", "patient", "asked") for name in pack.findings}
    base = attrs.evolve(base, vocabulary=attrs.evolve(base.vocabulary, terms={**base.vocabulary.terms, **terms}))
    known = set(pack.findings)

    def leaf(name: str, present: bool) -> c.Condition:  # noqa: FBT001 - a value
        one: c.Condition = c.Present(name) if name in known else c.Derived(name)
        return one if present else c.Not(one)

    def rule(id_: str, conditions: Sequence[Condition]) -> Rule:
        when = c.All(tuple(leaf(*one) for one in conditions))
        evidence, then = Evidence("textbook", ()), (Derive(id_),)
        return Rule(f"bench.{id_}", id_, "active", "patient", "", evidence, when, then, "", None)

    return with_rules(base, [rule(*one) for one in pack.rules], f"bench-{len(pack.rules)}-{len(pack.findings)}")


def _chained(base: KnowledgeBase, chain: Callable[[KnowledgeBase, Facts], Chain]) -> Engine:
    terrain = terrain_of(base)

    def run(findings: Findings) -> frozenset[str]:
        found = chain(base, Facts(terrain, findings))
        return frozenset(one.rule.removeprefix("bench.") for one in found.derivations)

    return Engine(lambda patient: read_findings(patient, terrain), run)


def _forward(base: KnowledgeBase) -> Engine:
    """Experta with the program as its matcher: what was concluded, as the others say it; premises are worked out when they are looked at."""
    terrain = terrain_of(base)
    names = [rule.id.removeprefix("bench.") for rule in base.rules]

    def run(findings: Findings) -> frozenset[str]:
        return frozenset(names[number] for number in engine.chain(base, Facts(terrain, findings)).fired)

    return Engine(lambda patient: read_findings(patient, terrain), run)


def _circuit(base: KnowledgeBase) -> Engine:
    terrain, compiled = terrain_of(base), circuit.circuit_of(base)
    refs = [(rule.id.removeprefix("bench."), rule.id) for rule in base.rules]

    def run(findings: Findings) -> frozenset[str]:
        state = compiled.read(Facts(terrain, findings))
        return frozenset(id_ for id_, rule in refs if state.verdict(rule) is True)

    return Engine(lambda patient: read_findings(patient, terrain), run)


# --- the others --------------------------------------------------------------------------------------------------------


def _experta(pack: Pack) -> Engine:
    """Stock experta, written as its documentation shows it."""
    from mps_rules.chaining.engine import experta

    class Said(experta.Fact):  # type: ignore[misc]
        pass

    def concluding(id_: str) -> Callable[[Any], None]:
        def act(self: Any) -> None:
            self.declare(Said(id=id_, present=True))

        act.__name__ = id_
        return act

    rules = {id_: experta.Rule(*(Said(id=name, present=present) for name, present in of))(concluding(id_)) for id_, of in pack.rules}
    runner = type("Rules", (experta.KnowledgeEngine,), rules)()
    ids = frozenset(rules)

    def run(patient: Patient) -> frozenset[str]:
        runner.reset()
        for name, present in patient.items():
            runner.declare(Said(id=name, present=present))
        runner.run()
        return frozenset(fact["id"] for fact in runner.facts.values() if fact.get("id") in ids)

    return Engine(_as_it_is, run)


def _clips(pack: Pack) -> Engine:
    """
    CLIPS through clipspy: facts of a template, made from symbols that are there already, and conclusions read from their own template.

    Its facts call for their release with an argument too many and so are never let go; that is mended here, lest it slow down as it runs.
    """
    import clips
    from clips._clips import lib

    def released(fact: Any) -> None:
        lib.ReleaseFact(fact._fact)  # noqa: SLF001 - so does the method it replaces

    clips.facts.Fact.__del__ = released
    environment = clips.Environment()
    environment.build("(deftemplate finding (slot name) (slot present))")
    environment.build("(deftemplate conclusion (slot name))")
    known = set(pack.findings)
    for id_, of in pack.rules:
        left = " ".join(
            f"(finding (name {name}) (present {'yes' if present else 'no'}))" if name in known else f"(conclusion (name {name}))"
            for name, present in of
        )
        environment.build(f"(defrule {id_} {left} => (assert (conclusion (name {id_}))))")
    finding, conclusion = environment.find_template("finding"), environment.find_template("conclusion")
    symbols = {name: clips.Symbol(name) for name in pack.findings}
    yes, no = clips.Symbol("yes"), clips.Symbol("no")

    def run(patient: Patient) -> frozenset[str]:
        environment.reset()
        for name, present in patient.items():
            finding.assert_fact(name=symbols[name], present=yes if present else no)
        environment.run()
        return frozenset(str(fact["name"]) for fact in conclusion.facts())

    return Engine(_as_it_is, run)


def _zen(pack: Pack) -> Engine:
    """
    GoRules' zen-engine: a node of expressions for each stratum, for it does not chain by itself.

    What is not known is null to it, and null is neither true nor false: that is enough here, where no rule reads what was not concluded.
    """
    import zen

    strata: dict[str, list[tuple[str, tuple[Condition, ...]]]] = {}
    for id_, of in pack.rules:
        strata.setdefault(id_.partition("_")[0], []).append((id_, of))
    nodes: list[dict[str, Any]] = [{"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}}]
    for stratum, rules in strata.items():
        said = [
            {"id": id_, "key": id_, "value": " and ".join(f"{name} == {'true' if yes else 'false'}" for name, yes in of)}
            for id_, of in rules
        ]
        content = {"expressions": said, "passThrough": True, "inputField": None, "outputPath": None, "executionMode": "single"}
        nodes.append({"id": stratum, "name": stratum, "type": "expressionNode", "position": {"x": 0, "y": 0}, "content": content})
    nodes.append({"id": "out", "name": "out", "type": "outputNode", "position": {"x": 0, "y": 0}})
    edges = [
        {"id": f"to_{after['id']}", "sourceId": before["id"], "targetId": after["id"], "type": "edge"} for before, after in pairwise(nodes)
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    ids = [id_ for id_, _ in pack.rules]

    def run(patient: Patient) -> frozenset[str]:
        found = decision.evaluate(dict(patient))["result"]
        return frozenset(id_ for id_ in ids if found[id_])

    return Engine(_as_it_is, run)


def engines(pack: Pack, folder: Path) -> dict[str, Engine]:
    """Every engine, ready to run."""
    base = knowledge(pack, folder)
    return {
        "stock experta": _experta(pack),
        "clipspy": _clips(pack),
        "zen-engine": _zen(pack),
        "mps_rules, chaining (experta, the program its matcher)": _forward(base),
        "mps_rules, circuit": _circuit(base),
        "mps_rules, judge rule by rule": _chained(base, reference.chain),
    }


def decided(pack: Pack, folder: Path, of: Sequence[Patient]) -> float:
    """Of how many rules it is decided that they hold, or that they do not: the median of these patients."""
    base = knowledge(pack, folder)
    terrain = terrain_of(base)
    chains = (engine.chain(base, Facts(terrain, read_findings(patient, terrain))) for patient in of)
    return statistics.median(sum(chain.verdict(rule.id) is not None for rule in base.rules) for chain in chains)


def agreed(found: Mapping[str, Engine], of: Iterable[Patient]) -> None:
    """Every engine concludes the same of every patient."""
    for patient in of:
        said = {name: one.run(one.prepared(patient)) for name, one in found.items()}
        assert len(set(said.values())) == 1, {name: sorted(one)[:10] for name, one in said.items()}


def table(pack: Pack, size: int, seed: int = 3) -> pl.DataFrame:
    """So many patients as columns."""
    draw = np.random.default_rng(seed)
    share = min(1.0, KNOWN / len(pack.findings))
    columns: dict[str, Any] = {"person": np.arange(size)}
    for name in pack.findings:
        columns[name] = pl.Series(draw.random(size) < 0.5).set(pl.Series(draw.random(size) >= share), None)
    return pl.DataFrame(columns)
