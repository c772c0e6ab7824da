"""Every fact of the article is at work: as a rule with its proof, an edge, a word, the order of candidates, or a stated scope."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mps_rules as mps
from mps_rules.authoring import docgen
from mps_rules.authoring.cases import read_cases
from mps_rules.authoring.lint import Subject, claim_without_home
from mps_rules.authoring.manifest import written_id, written_rules
from mps_rules.knowledge.pack import KnowledgeBase, Referral
from mps_rules.knowledge.rules import Recommend
from mps_rules.knowledge.vocabulary import SIDES, Term
from mps_rules.patient import forms
from mps_rules.patient.facts import Facts

PAGES = Path(__file__).parents[1] / "docs"
CLAIMED = [edge for edge in mps.load().referrals if edge.claims]
"""The referral edges that encode a fact of the article."""


def _named(edge: Referral) -> str:
    return f"{edge.muscle}-{edge.region}"


# --- each fact has a home ---------------------------------------------------------------------------------------------


def test_the_facts_are_numbered_without_a_gap(kb: KnowledgeBase) -> None:
    assert [f"A{number:02}" for number in range(1, 66)] == list(kb.claims)


def _homes(base: KnowledgeBase) -> Iterator[str]:
    words = base.vocabulary
    yield from (claim.id for claim in base.claims.values() if claim.home)
    encoding: tuple[Any, ...] = (*base.referrals, *base.clues, *words.terms.values(), *words.suspects.values())
    yield from (claim for one in encoding for claim in one.claims)
    yield from (claim for rule in base.rules for claim in rule.evidence.claims)


def test_every_fact_has_a_home(kb: KnowledgeBase) -> None:
    assert set(kb.claims) - set(_homes(kb)) == set()
    assert list(claim_without_home(Subject(kb))) == []


def test_every_rule_that_encodes_a_fact_is_proven_by_a_case_in_which_it_fires(kb: KnowledgeBase) -> None:
    firing = {written_id(kb.by_id[case.rule]) for case in read_cases(kb) if case.expect.fires is True}
    encoding = {id_ for id_, rules in written_rules(kb).items() if any(rule.evidence.claims for rule in rules)}

    assert set() == encoding - firing


def test_every_rule_that_encodes_a_fact_cites_the_article(kb: KnowledgeBase) -> None:
    assert [rule.id for rule in kb.rules if rule.evidence.claims and "ART" not in rule.evidence.references] == []


@pytest.mark.parametrize("page", ["article.md"])
def test_a_page_written_from_the_rules_is_up_to_date(page: str, kb: KnowledgeBase) -> None:
    written = (PAGES / page).read_text(encoding="utf-8")

    assert docgen.PAGES[page](kb) == written, f"docs/{page} is behind the rules: make docs"


def test_the_page_of_the_article_shows_a_home_and_a_proof_of_every_fact(kb: KnowledgeBase) -> None:
    page = docgen.article_page(kb)
    rows = [line for line in page.splitlines() if line.startswith("| A")]

    assert len(rows) == 65
    assert all(len(row.replace("\\|", "").split("|")) == 6 for row in rows)
    assert "**nowhere**" not in page
    assert "**no case**" not in page


def test_the_pages_are_written_into_a_folder(kb: KnowledgeBase, tmp_path: Path) -> None:
    docgen.write(tmp_path / "docs", kb)
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "docs").iterdir() if path.is_file()}

    assert {page: make(kb) for page, make in docgen.PAGES.items()} == {page: written[page] for page in docgen.PAGES}
    assert {*docgen.PAGES, "manifest.md"} == set(written)


# --- edges ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", CLAIMED, ids=_named)
def test_pain_where_the_article_says_makes_the_muscle_a_candidate(
    edge: Referral, facts_of: Callable[[dict[str, Any]], Facts], kb: KnowledgeBase
) -> None:
    side = "left" if kb.vocabulary.regions[edge.region].sides else None
    findings = {"pain": [{"region": edge.region, "side": side}]}
    facts = facts_of(findings)
    other = [each for each in SIDES if each != side and facts.relation(edge.muscle, each).refers_to_pain is True]
    candidates = {(muscle.muscle, muscle.side) for muscle in mps.evaluate(findings, kb).muscles}

    assert facts.relation(edge.muscle, "left").refers_to_pain is True
    assert (edge.muscle, "left") in candidates
    assert bool(other) is (side is None or edge.laterality == "bilateral")


@pytest.mark.parametrize("region", ["arm_lateral", "hand_dorsum", "thumb", "fingers_radial"])
def test_the_scalenes_are_candidates_for_arm_and_hand_pain(region: str, kb: KnowledgeBase) -> None:
    found = {muscle.muscle: muscle for muscle in mps.evaluate({"pain": [f"{region}.left"]}, kb).muscles if muscle.side == "left"}
    scalenes = kb.vocabulary.groups["scalenes"]

    assert {"scalene_anterior", "scalene_medius", "scalene_posterior"} <= set(scalenes) & set(found)
    assert found["scalene_anterior"].path[0].startswith("pain in the ")
    assert "neck" in found["scalene_anterior"].path[0].partition(" <- ")[2]


@pytest.mark.parametrize("claim", [f"A{number}" for number in range(21, 31)])
def test_the_muscles_of_the_table_are_candidates_for_low_back_pain(claim: str, kb: KnowledgeBase) -> None:
    muscles = {edge.muscle for edge in kb.referrals if claim in edge.claims and edge.region == "low_back"}
    pain = {"pain": [{"region": "low_back", "side": "bilateral"}]}
    candidates = {muscle.muscle for muscle in mps.evaluate(pain, kb).muscles}

    assert muscles
    assert muscles <= candidates


# --- words and order --------------------------------------------------------------------------------------------------


def test_a_finding_that_encodes_a_fact_is_found_by_each_of_its_names(kb: KnowledgeBase) -> None:
    claimed = [term for term in kb.vocabulary.terms.values() if term.claims]

    assert claimed
    for term in claimed:
        assert term.synonyms
        for name in (term.label, *term.synonyms):
            assert next(hit.entry for hit in forms.look_up(kb, name).hits if isinstance(hit.entry, Term)) == term


def test_the_other_names_of_myofascial_pain_are_known(kb: KnowledgeBase) -> None:
    names = {"soft tissue pain syndrome", "myofascitis", "lumbar myofascial pain", "muscle knots", "diffuse pain syndrome"}

    assert names <= set(kb.vocabulary.suspects["myofascial_pain"].synonyms)


def test_a_muscle_that_is_to_be_examined_is_named_with_its_place(kb: KnowledgeBase) -> None:
    advised = [advice.text for advice in mps.evaluate({"pain": ["low_back.left"]}, kb).recommendations if advice.kind == "examine"]

    assert advised
    assert [text for text in advised if "(lies in: " not in text] == []


def test_diffuse_pain_is_no_evidence_of_a_trigger_point(kb: KnowledgeBase) -> None:
    known = {"pain": ["hand.left"], "pain_dull_deep_ache": True}
    expected = mps.evaluate(known, kb).hypotheses

    assert expected == mps.evaluate({**known, "pain_diffuse_hard_to_localise": True}, kb).hypotheses


def test_no_text_of_a_rule_gives_advice_on_diet(kb: KnowledgeBase) -> None:
    texts = {rule.id: " ".join(str(getattr(one, "text", "")) for one in rule.then).lower() for rule in kb.rules}
    asking = {rule.id for rule in kb.rules for one in rule.then if isinstance(one, Recommend) and one.kind == "investigate"}
    lacking = {id_ for id_, text in texts.items() if "vitamin" in text}

    assert [id_ for id_, text in texts.items() if re.search(r"\b(diet|nutrition|supplement|magnesium|food|eat)", text)] == []
    assert lacking <= asking
    assert [id_ for id_ in lacking if "asking a clinician" not in texts[id_]] == []
