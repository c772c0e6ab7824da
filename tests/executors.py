"""Whoever chains: the definition, experta with the program as its matcher, the program alone, the circuit, and experta with its own matcher; and in what two chains differ."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import pytest

import rete
from mps_rules.chaining import circuit, engine, reference, values
from mps_rules.chaining.chains import Chain
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.facts import Facts

Executor = Callable[[KnowledgeBase, Facts], Chain]

QUICK: Mapping[str, Executor] = {"judge": reference.chain, "engine": engine.chain, "program": values.straight, "circuit": circuit.chain}
"""Those that answer on the packaged rules in less than a second."""
EXECUTORS: Mapping[str, Executor] = {**QUICK, "rete": rete.chain}
"""All; experta's own matcher is for packs of a few dozen rules: its time grows with the square of their number."""

SPARK = [
    pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is an extra of its own and not installed"),
    pytest.mark.skipif(shutil.which("java") is None, reason="pyspark needs Java"),
    pytest.mark.filterwarnings("default"),
]
"""What a test needs that runs on PySpark."""


def on_spark(test: Any) -> Any:
    """Marks a test that needs PySpark and Java."""
    for mark in SPARK:
        test = mark(test)
    return test


def differences(base: KnowledgeBase, facts: Facts, expected: Chain, actual: Chain) -> Iterator[str]:
    """Every rule, conclusion and derivation of which two chains say different things."""
    yield from of_rules(base, facts, expected, actual)
    for id_, rules in base.concluding.items():
        for subject in facts.subjects(rules[0].about):
            there, here = expected.concluded(id_, subject), actual.concluded(id_, subject)
            if there is not here:
                yield f"conclusion {id_} of {subject}: {there} by definition, {here} here"
    if len(expected.derivations) != len(actual.derivations):
        yield f"{len(expected.derivations)} derivations by definition, {len(actual.derivations)} here"


def of_rules(base: KnowledgeBase, facts: Facts, expected: Chain, actual: Chain) -> Iterator[str]:
    """Every rule of a base of which two chains say different things, and every derivation by such a rule; each chain may hold more."""
    for one in base.rules:
        for subject in facts.subjects(one.about):
            there, here = expected.verdict(one.id, subject), actual.verdict(one.id, subject)
            if there is not here:
                yield f"{one.id} of {subject}: {there} by definition, {here} here"
    derived = [{(one.rule, one.subject): one for one in chain.derivations if one.rule in base.by_id} for chain in (expected, actual)]
    for key in sorted({*derived[0], *derived[1]}):
        if derived[0].get(key) != derived[1].get(key):
            yield f"derivation of {key}: {derived[0].get(key)} by definition, {derived[1].get(key)} here"
