"""Every patient at once: what the clauses say of one patient is what the rules say of that patient."""

from bisect import bisect_left
from collections.abc import Iterator
from random import Random

import pytest
from pysat.solvers import Solver

import mps_rules as mps
from mps_rules.authoring.encoding import SOLVER, Encoding, Literal
from mps_rules.chaining import circuit, reference
from mps_rules.chaining.chains import Chain
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.conditions import some
from mps_rules.patient.addresses import as_row
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.population.formulas import column_of
from random_packs import random_patient, words_read

PATIENTS, JUDGED = 500, 12
"""How many random patients are walked through the clauses, and how many of them rule by rule through the definition as well."""


@pytest.fixture(scope="module")
def encoding() -> Encoding:
    return Encoding(mps.load())


@pytest.fixture(scope="module")
def solver(encoding: Encoding) -> Iterator[Solver]:
    for rule in encoding.base.rules:
        encoding.anybody.fires(rule)
    assert encoding.anybody.sound
    with Solver(SOLVER, bootstrap_with=encoding.clauses.clauses) as found:
        yield found


def literals(encoding: Encoding, facts: Facts) -> list[Literal]:
    """A patient as literals: of every column what is said of it."""
    words = encoding.base.vocabulary
    said: dict[str, object] = {}
    for name, value in as_row(facts.findings, words).items():
        term = words.terms.get(name.rpartition(".")[2])
        if term is not None and term.kind == "one_of" and isinstance(value, str):
            said[f"{name}.{value}"] = True
        elif isinstance(value, float | int) and not isinstance(value, bool) and column_of(name, words).end is None:
            said |= {f"{name}.at_least": value, f"{name}.at_most": value}
        else:
            said[name] = value
    assert set(said) <= set(encoding.formulas.columns)
    found: list[Literal] = []
    for column, cell in encoding.cells.items():
        value = said.get(column)
        if not cell.values:
            found += [cell.known.holds if value is True else -cell.known.holds, cell.known.fails if value is False else -cell.known.fails]
        elif value is None:
            found.append(cell.known.fails)
        else:
            found.append(cell.known.holds)
            number = float(value)  # type: ignore[arg-type]
            at = bisect_left(cell.values, number)
            number = number if number in cell.values else cell.values[at - (at + 1) % 2]
            found += [one if number >= least else -one for least, one in zip(cell.values[1:], cell.reached[1:], strict=True)]
    return found


def said_of(base: KnowledgeBase, facts: Facts, chain: Chain) -> dict[str, bool | None]:
    """What each rule says of a patient: of the patient, of some muscle, or of some diagnosis given."""
    return {rule.id: some(chain.verdict(rule.id, subject) for subject in facts.subjects(rule.about)) for rule in base.rules}


def test_the_clauses_say_of_five_hundred_random_patients_what_the_rules_say(encoding: Encoding, solver: Solver) -> None:
    base = encoding.base
    truths = {rule.id: encoding.anybody.truth(encoding.formulas.verdict(rule)) for rule in base.rules}
    apart = []
    for number in range(PATIENTS):
        random = Random(number)
        facts = random_patient(words_read(base, random), terrain_of(base), random)
        assert solver.solve(assumptions=[encoding.anybody.sound, *literals(encoding, facts)])
        model = set(solver.get_model())
        expected = said_of(base, facts, circuit.chain(base, facts))
        if number < JUDGED:
            assert said_of(base, facts, reference.chain(base, facts)) == expected
        actual = {id_: True if one.holds in model else False if one.fails in model else None for id_, one in truths.items()}
        apart += [(number, id_) for id_, verdict in expected.items() if actual[id_] is not verdict]

    assert [] == apart
