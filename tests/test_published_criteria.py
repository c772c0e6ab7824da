"""Published definitions: the solver finds nobody of whom the rule and its second statement (``published/criteria.py``) say different things."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import mps_rules as mps
from mps_rules.authoring.prove import Prover
from mps_rules.authoring.proved import in_words
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import CriterionMet
from packs import SMALL
from published.criteria import RESTATED, Condition, Restated, absent, every, known, one_of
from published.scores import SCORES

GRADED = {"disc_herniation_clinical", "radiculopathy_lumbar"}
"""Definitions in words without a number, which leave nothing to be stated a second time."""

SPOILT = Restated("ibp_spoilt", every({"derived": "ibp_asas_2009"}, "uveitis"))


def unlike(one: Condition, other: Condition) -> Condition:
    """That one of two is settled otherwise than the other: met, failed or undecided."""
    met, failed = (known(one), known(other)), (known(absent(one)), known(absent(other)))
    return one_of(*(every(a, absent(b)) for pair in (met, failed) for a, b in (pair, pair[::-1])))


def beside(folder: Path, restated: tuple[Restated, ...]) -> KnowledgeBase:
    """The packaged rules, and for each definition a rule that fires where the two statements differ."""
    (folder / "published").mkdir()
    (folder / "pack.yaml").write_text(SMALL["pack.yaml"], encoding="utf-8")
    for one in restated:
        rule = {
            "id": f"published.{one.id}",
            "title": f"{one.id}, where the two statements differ",
            "status": "active",
            "about": one.about,
            "summary": "They differ.",
            "evidence": {"grade": "consensus", "references": ["RECALL"]},
            "when": unlike({"derived": one.id.removesuffix("_spoilt") + "_asas_2009" * one.id.endswith("_spoilt")}, one.when),
            "then": [{"derive": f"differs_{one.id}"}],
            "limits": "None.",
            "reviewed": {"on": "2026-12-01", "by": "authors"},
        }
        (folder / "published" / f"{one.id}.yaml").write_text(json.dumps(rule), encoding="utf-8")
    return mps.load(["packaged", folder])


@pytest.fixture(scope="module")
def prover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prover]:
    with Prover(beside(tmp_path_factory.mktemp("published"), (*RESTATED, SPOILT))) as found:
        yield found


def differing(prover: Prover, one: Restated) -> str | None:
    """A patient of whom the two statements say different things, in words; None where there is none."""
    anybody = prover.encoding.anybody
    wanted = [anybody.sound, anybody.fires(prover.base.by_id[f"published.{one.id}"])]
    found = prover.solve(wanted)
    assert found is not None, "the solver gave up"
    return in_words(prover.encoding.mapping(prover.smaller(wanted), anybody), prover.base) if found else None


def test_a_definition_is_what_was_published_for_every_patient(prover: Prover) -> None:
    assert {} == {one.id: told for one in RESTATED if (told := differing(prover, one)) is not None}


def test_a_definition_that_is_not_the_same_is_told_by_a_patient(prover: Prover) -> None:
    told = differing(prover, SPOILT)

    assert told is not None
    assert "uveitis" in told


def test_every_published_definition_of_the_pack_is_stated_a_second_time(kb: KnowledgeBase) -> None:
    concluded = {one.id for rule in kb.rules if rule.id.startswith("criteria.") for one in rule.then if isinstance(one, CriterionMet)}

    assert concluded - GRADED == {one.id for one in RESTATED} | {score.rule.partition(".")[2] for score in SCORES}
