"""How long the referral graph takes: built, and asked for candidates with 1, 5 and 20 painful regions."""

from typing import Any

import pytest

import mps_rules as mps
from mps_rules.answer.candidates import candidates, coverings
from mps_rules.chaining import engine
from mps_rules.knowledge.referral import ReferralMap
from mps_rules.knowledge.regions import RegionTree
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

PAINS = ("low_back", "buttock_mid", "thigh_posterior", "calf", "neck_posterior", "shoulder_top", "arm_lateral", "forearm_radial", "thumb",
         "upper_back", "mid_back", "scapula", "hip_lateral", "thigh_lateral", "knee_lateral", "leg_lateral", "heel", "temple", "jaw", "groin")  # fmt: skip


@pytest.mark.benchmark(group="referral graph")
def bench_build(benchmark: Any) -> None:
    """All muscles, regions and edges into one graph, with its distances."""
    base = mps.load()

    def build() -> int:
        referral = ReferralMap(base.vocabulary, base.referrals, RegionTree(base.vocabulary))
        referral.steps("soleus", "low_back")
        return referral.graph.number_of_edges()

    assert benchmark.pedantic(build, rounds=20, warmup_rounds=2) > len(base.referrals)


@pytest.mark.parametrize("regions", [1, 5, 20])
@pytest.mark.benchmark(group="candidates and coverings")
def bench_candidates(benchmark: Any, regions: int) -> None:
    """Every muscle scored, and the smallest explaining sets found."""
    base = mps.load()
    terrain = terrain_of(base)
    known = read_findings({"pain": [f"{region}.left" for region in PAINS[:regions]]}, terrain)
    values = engine.chain(base, Facts(terrain, known))

    def ask() -> int:
        return len(coverings(values, candidates(values)))

    assert benchmark.pedantic(ask, rounds=60, warmup_rounds=3)
