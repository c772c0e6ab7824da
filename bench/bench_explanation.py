"""How long an explanation takes: the circuit read, one what-if in it, the questions of a sparse chart, a flip, and why not."""

from pathlib import Path
from typing import Any

import pytest

import mps_rules as mps
from mps_rules.chaining.circuit import Circuit, circuit_of
from mps_rules.knowledge.vocabulary import PATIENT
from mps_rules.language.reading import read_text
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

LABEL = Path(__file__).parents[1] / "examples" / "facet_label.yaml"
SPARSE = {"age_years": 45, "pain": ["low_back.left"]}


def labelled() -> Any:
    """An example patient as plain data."""
    return read_text(LABEL.read_text(encoding="utf-8"), LABEL.name).data


def facts(said: Any) -> Facts:
    """What is known, read."""
    terrain = terrain_of(mps.load())
    return Facts(terrain, read_findings(said, terrain))


@pytest.mark.benchmark(group="circuit")
def bench_compile(benchmark: Any) -> None:
    """The packaged rules become a circuit."""
    assert benchmark.pedantic(Circuit, args=(mps.load(),), rounds=10, warmup_rounds=1).rules


@pytest.mark.benchmark(group="circuit")
def bench_read(benchmark: Any) -> None:
    """One patient is read into it."""
    circuit = circuit_of(mps.load())
    known = read_findings(labelled(), terrain_of(mps.load()))

    assert benchmark.pedantic(lambda: circuit.read(Facts(terrain_of(mps.load()), known)), rounds=200, warmup_rounds=10).truths


@pytest.mark.parametrize("example", ["pain_dull_deep_ache", "saddle_anaesthesia"])
@pytest.mark.benchmark(group="circuit, one supposing")
def bench_supposing(benchmark: Any, example: str) -> None:
    """One finding is supposed, every rule that hangs on it decided, and everything taken back; a red flag withholds all self-care."""
    state = circuit_of(mps.load()).read(facts(SPARSE))

    def suppose() -> int:
        with state.supposing([(PATIENT, example, True)]):
            return len(list(state.touched()))

    assert benchmark.pedantic(suppose, rounds=500, warmup_rounds=20)


@pytest.mark.benchmark(group="explanation")
def bench_questions(benchmark: Any) -> None:
    """What to ask next of a sparse chart, worked out anew each time."""

    def fresh() -> tuple[tuple[mps.Assessment], dict[str, Any]]:
        return (mps.evaluate(SPARSE),), {}

    assert benchmark.pedantic(lambda assessment: assessment.questions, setup=fresh, rounds=60)


@pytest.mark.parametrize("through", ["unknown", "any"])
@pytest.mark.benchmark(group="explanation")
def bench_flip(benchmark: Any, through: str) -> None:
    """The sets that would reach fibromyalgia."""
    assessment = mps.evaluate(labelled())

    assert not benchmark.pedantic(assessment.flip, args=("fibromyalgia", through), rounds=30, warmup_rounds=2).reached


@pytest.mark.benchmark(group="explanation")
def bench_why_not(benchmark: Any) -> None:
    """How far the rules fell short of fibromyalgia."""
    assessment = mps.evaluate(labelled())

    assert benchmark.pedantic(assessment.why_not, args=("fibromyalgia",), rounds=60, warmup_rounds=2).rules


@pytest.mark.benchmark(group="explanation")
def bench_what_if(benchmark: Any) -> None:
    """A whole second assessment, and the difference in words."""
    assessment = mps.evaluate(labelled())

    assert benchmark.pedantic(assessment.what_if, args=({"saddle_anaesthesia": True},), rounds=60, warmup_rounds=2).difference
