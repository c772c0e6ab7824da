"""
Published scores: each equals what was published, stated a second time in ``published/scores.py``, where every item is known; and where some
are not it is decided exactly when no answer to them could change it.
"""

from collections.abc import Mapping
from itertools import product
from random import Random
from typing import Any

import attrs
import pytest

import mps_rules as mps
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import CriterionMet
from mps_rules.language.conditions import judge
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from published.scores import SCORES, Items, Score

EVERY = pytest.mark.parametrize("score", SCORES, ids=[score.rule.partition(".")[2] for score in SCORES])
MOST = 1024
"""More combinations than these are drawn, not counted through."""


def charted(score: Score, has: Mapping[str, bool | None]) -> dict[str, Any]:
    """The chart on which these items are present, absent or not said."""
    chart = dict(score.applies)
    for item, there in has.items():
        for term, value in score.said[item][there].items() if there is not None else ():
            if term == "pain":
                chart["pain"] = [*chart["pain"], *value]
            elif term == "age_years" and "age_years" in chart:
                chart[term] = max(chart[term], value) if there else min(chart[term], value)
            else:
                chart[term] = value
    return chart


def judged(base: KnowledgeBase, score: Score, has: Mapping[str, bool | None]) -> bool | None:
    terrain = terrain_of(base)
    return judge(base.by_id[score.rule].when, Facts(terrain, read_findings(charted(score, has), terrain)).view())


def possible(score: Score, has: Items) -> bool:
    """Whether these items can stand together: who is 65 is 55."""
    return not has.get("over_65") or bool(has["over_55"])


def combinations(score: Score) -> list[dict[str, bool]]:
    items = list(score.said)
    if 2 ** len(items) <= MOST:
        every = [dict(zip(items, one, strict=True)) for one in product((False, True), repeat=len(items))]
    else:
        random = Random(20)  # noqa: S311 - nothing secret is drawn
        every = [{item: random.random() < 0.3 for item in items} for _ in range(2000)]
    return [one for one in every if possible(score, one)]


@EVERY
def test_a_score_is_the_published_one_where_every_item_is_known(kb: KnowledgeBase, score: Score) -> None:
    differ = [has for has in combinations(score) if judged(kb, score, has) is not score.published(has)]

    assert [] == differ


@EVERY
def test_a_score_is_decided_exactly_where_no_answer_could_change_it(kb: KnowledgeBase, score: Score) -> None:
    random = Random(21)  # noqa: S311 - nothing secret is drawn
    differ = []
    for known in random.choices(combinations(score), k=300):
        asked = random.sample([item for item in known if item not in score.told], k=random.randint(1, 4))
        ends = {score.published({**known, **dict(zip(asked, one, strict=True))}) for one in product((False, True), repeat=len(asked))}
        expected = ends.pop() if len(ends) == 1 else None
        has = {**known, **dict.fromkeys(asked)}
        if judged(kb, score, has) is not expected:
            differ.append(has)

    assert [] == differ


@EVERY
def test_a_score_says_that_it_is_met_and_nothing_else(kb: KnowledgeBase, score: Score) -> None:
    assert [CriterionMet] == [type(one) for one in kb.by_id[score.rule].then]


@EVERY
def test_no_rule_and_no_cause_reads_a_score(kb: KnowledgeBase, score: Score) -> None:
    name = score.rule.partition(".")[2]
    read = [rule.id for rule in kb.rules if rule.id != score.rule and f"'{name}'" in repr(rule.when)]

    assert [] == read


@pytest.fixture(scope="module")
def without(kb: KnowledgeBase) -> KnowledgeBase:
    """The rules without the scores."""
    named = {score.rule for score in SCORES}
    return attrs.evolve(kb, rules=tuple(rule for rule in kb.rules if rule.id not in named), digest="without the scores")


@EVERY
@pytest.mark.parametrize("there", [True, False])
def test_a_score_changes_no_alert_whether_it_is_met_or_not(kb: KnowledgeBase, without: KnowledgeBase, score: Score, *, there: bool) -> None:
    chart = charted(score, {item: there for item in score.said if item != "pressure_reproduces_pain_unnamed"})
    expected = [(one.id, one.status, one.points) for one in mps.evaluate(chart, without).alerts]

    assert expected == [(one.id, one.status, one.points) for one in mps.evaluate(chart, kb).alerts]
