"""A rule over a table becomes one rule for each row that it says something of, and every one of them can be reached."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mps_rules import evaluate
from mps_rules.answer.questions import FAR, Distance
from mps_rules.chaining.program import TRUE, program_of
from mps_rules.chaining.values import straight
from mps_rules.errors import KnowledgeError
from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.language import conditions as c
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from packs import SMALL, rule, written

Load = Callable[..., KnowledgeBase]


def _over(each: str, when: str, then: str = "[derive: seen]", about: str = "label") -> dict[str, Any]:
    layer = rule("shelf.a", when=when, then=then, about=about)
    return {name: text.replace("\nwhen:", f"\nfor_each: {each}\nwhen:", 1) for name, text in layer.items()}


def test_a_rule_over_a_table_becomes_one_rule_for_each_row(load: Load) -> None:
    base = load(_over("diagnoses", '{label_is: {id: ["{row:id}"]}}'))
    expected = {f"shelf.a.{id_}" for id_ in base.vocabulary.diagnoses}

    assert expected == {one.id for one in base.rules}
    assert {"shelf.a"} == {one.written for one in base.rules}


@pytest.mark.parametrize(
    ("each", "what"),
    [
        ("diagnosis", "no table 'diagnosis'; the tables are diagnoses, care; closest is 'diagnoses'"),
        ("care", "says nothing of any row of 'care'"),
    ],
)
def test_a_table_that_is_not_there_or_is_empty_is_named(tmp_path: Path, each: str, what: str) -> None:
    folder = written(tmp_path / "pack", SMALL, _over(each, "fever", about="patient"))

    with pytest.raises(KnowledgeError) as caught:
        load_folders([folder])

    assert [what] == [str(fault).split(": ", 1)[1] for fault in caught.value.faults]


def test_a_field_that_no_row_has_is_named_with_the_closest(tmp_path: Path) -> None:
    folder = written(tmp_path / "pack", SMALL, _over("diagnoses", "{all: [fever, {row: suports}]}"))

    with pytest.raises(KnowledgeError, match="no field 'suports' in a row of this table; closest is 'supports'"):
        load_folders([folder])


def _charts(one: Rule, base: KnowledgeBase) -> Iterator[dict[str, Any]]:
    """Patients of whom a rule over a table could speak: the diagnosis given, or the muscle examined, and pain in one of the places where it sends pain."""
    words = base.vocabulary
    labels = [id_ for part in c.walk(one.when) if isinstance(part, c.LabelIs) and part.field == "id" for id_ in part.values]
    muscles = [m for part in c.walk(one.when) if isinstance(part, c.MuscleIs) for m in part.ids if m in words.muscles]
    muscles += [m for label in labels for m in words.diagnoses[label].muscles]
    exam = [{"muscle": muscle, "side": "left", "trp_status": "active"} for muscle in muscles[:1]]
    zones = [edge.region for edge in base.referrals if edge.muscle in muscles[:1]]
    places = [[f"{zone}.left" if "left" in words.regions[zone].sides else zone] for zone in zones]
    yield from ({"labels": labels, "exam": exam, "pain": pain} for pain in places or [[]])


def _cleared(chart: dict[str, Any], base: KnowledgeBase) -> dict[str, Any]:
    """The same patient, with everything denied that an open red flag waits for."""
    terms = base.vocabulary.terms
    waits = {term for alert in evaluate(chart, base).alerts if alert.status == "open" for term in alert.unknown}
    return chart | {term: False for term in sorted(waits) if term in terms and terms[term].kind == "boolean"}


def test_every_rule_over_a_table_can_be_reached_by_some_findings(kb: KnowledgeBase) -> None:
    terrain, number_of = terrain_of(kb), program_of(kb).number_of
    rows = [one for one in kb.rules if one.written and one.cause is None]
    unreached = []
    for one in rows:
        nearest = FAR
        for told in (told for chart in _charts(one, kb) for told in (chart, _cleared(chart, kb))):
            facts = Facts(terrain, read_findings(told, terrain))
            distance = Distance(straight(kb, facts), ())
            nearest = min([nearest, *(distance.of_rule(number_of[one.id], subject, TRUE) for subject in facts.subjects(one.about))])
        if nearest >= FAR:
            unreached.append(one.id)

    assert len(rows) > 300
    assert [] == unreached
