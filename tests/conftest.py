"""What every test may ask for: the packaged rules, their terrain, and a patient's facts."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.patient.facts import Facts, Terrain, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Findings
from packs import SMALL, Layer, rule, written

os.environ.setdefault("MPS_RULES_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "mps-rules"))

# "steady" draws the same examples on every run; "explore" draws new ones, and more of them, for an idle evening.
settings.register_profile("steady", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", max_examples=2000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def kb() -> KnowledgeBase:
    return load_folders([packaged_rules()])


@pytest.fixture(scope="session")
def terrain(kb: KnowledgeBase) -> Terrain:
    return terrain_of(kb)


@pytest.fixture(scope="session")
def findings_of(terrain: Terrain) -> Callable[[Mapping[str, Any]], Findings]:
    def read(mapping: Mapping[str, Any]) -> Findings:
        return read_findings(mapping, terrain)

    return read


@pytest.fixture(scope="session")
def facts_of(terrain: Terrain) -> Callable[[Mapping[str, Any]], Facts]:
    def read(mapping: Mapping[str, Any]) -> Facts:
        return Facts(terrain, read_findings(mapping, terrain))

    return read


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The small pack: ten places, four muscles, no rules."""
    return load_folders([written(tmp_path_factory.mktemp("small"), SMALL)])


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., KnowledgeBase]:
    """The small pack with these files laid over it."""

    def loaded(*layers: Layer) -> KnowledgeBase:
        return load_folders([written(tmp_path / "pack", SMALL, *layers)])

    return loaded


@pytest.fixture
def rules_and_vignettes(tmp_path: Path) -> tuple[Path, Path]:
    """The folder of the small pack with one rule, and a folder with one vignette that the rule gets right."""
    rules = written(tmp_path / "rules", SMALL, rule("shelf.one", then="[support: {hypothesis: muscle_pain, strength: strong}]"))
    one = (
        "- {vignette: Hot and sore, kind: myofascial, findings: {fever: true}, expect: {leading: [muscle_pain], urgency: [none]}, why: w}\n"
    )
    return rules, written(tmp_path / "vignettes", {"few.yaml": one})
