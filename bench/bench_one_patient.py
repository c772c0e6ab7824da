"""How long one patient takes: evaluated whole, and the chaining alone beside experta's own Rete matcher and plain judging."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import mps_rules as mps
import rete
from mps_rules.chaining import engine, reference
from mps_rules.language.reading import read_text
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ("facet_label", "widespread_pain", "cauda_equina")
EXECUTORS = {"experta, the program its matcher": engine.chain, "experta's Rete": rete.chain, "judge, rule by rule": reference.chain}


def findings(name: str) -> Any:
    """An example patient as plain data."""
    path = EXAMPLES / f"{name}.yaml"
    return read_text(path.read_text(encoding="utf-8"), path.name).data


@pytest.mark.parametrize("example", NAMES)
@pytest.mark.benchmark(group="evaluate, whole")
def bench_evaluate(benchmark: Any, example: str) -> None:
    """A mapping goes in, an assessment comes out."""
    data = findings(example)

    assert benchmark.pedantic(mps.evaluate, args=(data,), rounds=400, warmup_rounds=20).trace


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.benchmark(group="chaining alone, facet_label")
def bench_chaining(benchmark: Any, executor: str) -> None:
    """The same network and patient by each executor; all conclude the same."""
    base = mps.load()
    terrain = terrain_of(base)
    known = read_findings(findings("facet_label"), terrain)
    expected = reference.chain(base, Facts(terrain, known)).derivations
    chain = EXECUTORS[executor]
    rounds = 400 if chain is engine.chain else 15

    result = benchmark.pedantic(lambda: chain(base, Facts(terrain, known)), rounds=rounds, warmup_rounds=3)

    assert expected == result.derivations


@pytest.mark.benchmark(group="loading the packaged rules")
def bench_load(benchmark: Any) -> None:
    """The folder of YAML becomes a knowledge base."""
    from mps_rules.knowledge.loading import load_folders
    from mps_rules.knowledge.packaged import packaged_rules

    assert benchmark.pedantic(load_folders, args=([packaged_rules()],), rounds=10, warmup_rounds=1).rules


@pytest.mark.benchmark(group="loading the packaged rules")
def bench_load_from_the_cache(benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same knowledge base from the user's cache folder."""
    from mps_rules.knowledge.packaged import load_packaged, packaged_rules

    monkeypatch.setenv("MPS_RULES_CACHE", str(tmp_path))
    expected = load_packaged(packaged_rules())

    assert benchmark.pedantic(load_packaged, args=(packaged_rules(),), rounds=10, warmup_rounds=1) == expected
