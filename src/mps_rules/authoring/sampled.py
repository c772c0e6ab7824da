"""
What no formula speaks of, looked at over many drawn charts: who leads, what is offered beside a suspicion, when the screening ends.

A sample finds faults and proves nothing: it says how many charts were drawn and by which seed, and is never called a proof.
"""

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Final

from mps_rules.answer.assess import assess
from mps_rules.answer.candidates import FOUND_NOTHING
from mps_rules.answer.values import Assessment, MuscleCandidate
from mps_rules.authoring.proved import Sampled
from mps_rules.chaining.engine import chain
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, Term
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

CHARTS: Final = 10_000
SEED: Final = 25


Law = Callable[[Assessment, Facts], "bool | None"]


def _leads_by_right(assessment: Assessment, facts: Facts) -> bool | None:
    """The muscle that leads reaches the pain, lies in it or holds an active trigger point; one that was examined and holds none leads only where no other reaches it."""
    if not assessment.muscles or not facts.pain_map.painful:
        return None
    first, *others = assessment.muscles
    if first.status == FOUND_NOTHING:
        return all(other.status == FOUND_NOTHING or not _reaches(other, facts) for other in others)
    return _reaches(first, facts) or first.status == "active"


def _reaches(muscle: MuscleCandidate, facts: Facts) -> bool:
    relation = facts.relation(muscle.muscle, muscle.side)
    return bool(muscle.explains or muscle.might_explain or relation.lies_in_pain)


def _no_care_beside_a_suspicion(assessment: Assessment, facts: Facts) -> bool | None:  # noqa: ARG001 - one shape for all laws
    """While something urgent is raised or open, nothing that it forbids is offered by any other part of the answer."""
    forbidden = {care for alert in assessment.alerts if alert.urgency in PRESSING for care in alert.forbids}
    if not forbidden:
        return None
    offers = [one.offers for one in assessment.recommendations] + [one.offers for one in assessment.cautions]
    return all(map(forbidden.isdisjoint, offers))


def _ends_by_right(assessment: Assessment, facts: Facts) -> bool | None:  # noqa: ARG001 - one shape for all laws
    """Where nothing is raised and the screening is complete, no emergency or urgent cause is suspected or open."""
    if (assessment.urgency, assessment.screening) != ("none", "complete"):
        return None
    return all(alert.urgency not in PRESSING for alert in assessment.alerts)


LAWS: Mapping[str, Law] = {
    "The muscle that leads reaches the pain, lies in it or holds an active trigger point; one that was examined and holds none leads only where no other reaches it.": _leads_by_right,
    "While something urgent is suspected or open, by rules or by points, nothing that it forbids is offered.": _no_care_beside_a_suspicion,
    "Where the answer says that nothing alarming was found and enough was asked, no emergency or urgent cause is suspected or open.": _ends_by_right,
}


def sample(base: KnowledgeBase, charts: int = CHARTS) -> tuple[Sampled, ...]:
    """
    What no formula speaks of, over drawn charts; the same charts for the same rules.

    >>> from mps_rules import load
    >>> [law.holds for law in sample(load(), 20)]
    [True, True, True]
    """
    terrain = terrain_of(base)
    spoken = dict.fromkeys(LAWS, 0)
    broken: dict[str, list[Mapping[str, Any]]] = {says: [] for says in LAWS}
    for chart in _drawn(base, charts):
        facts = Facts(terrain, read_findings(chart, terrain))
        assessment = assess(base, facts, chain(base, facts))
        for says, law in LAWS.items():
            kept = law(assessment, facts)
            spoken[says] += kept is not None
            if kept is False:
                broken[says].append(chart)
    return tuple(Sampled(says, charts, spoken[says], SEED, tuple(broken[says][:3])) for says in LAWS)


def _drawn(base: KnowledgeBase, charts: int) -> Iterator[dict[str, Any]]:
    """Charts of every fullness, from a word or two to most of what can be said; one that contradicts itself is drawn again."""
    random, terrain, made = Random(SEED), terrain_of(base), 0  # noqa: S311 - nothing secret is drawn
    draw = _Draw(base, random)
    while made < charts:
        chart = draw.chart()
        try:
            read_findings(chart, terrain)
        except FindingError:
            continue
        made += 1
        yield chart


class _Draw:
    def __init__(self, base: KnowledgeBase, random: Random) -> None:
        self.random, words = random, base.vocabulary
        self.signs = [term for term in words.terms.values() if term.kind == "boolean" and term.subject == "muscle" and not term.fact]
        self.findings = [term for term in words.terms.values() if term.kind == "boolean" and term.subject == PATIENT and not term.fact]
        self.known = {"age_years", "sex_at_birth"} <= words.terms.keys()
        self.places = [(region.id, side) for region in words.regions.values() for side in (region.sides or (None,))]
        self.muscles = sorted(words.muscles)

    def chart(self) -> dict[str, Any]:
        """One chart: complaints are mostly present, other findings mostly denied, as in a real one."""
        random = self.random
        chart: dict[str, Any] = (
            {"age_years": random.randint(8, 90), "sex_at_birth": random.choice(("female", "male"))} if self.known else {}
        )
        chart["pain"] = [
            {"region": region, "side": side, "present": random.random() < 0.9}
            for region, side in random.sample(self.places, min(random.randint(1, 3), len(self.places)))
        ]
        if random.random() < 0.3:
            chart["pain_map_complete"] = True
        present = random.choice((0.0, 0.01, 0.1, 0.5))
        for term in random.sample(self.findings, min(random.choice((2, 8, 30, len(self.findings))), len(self.findings))):
            chart[term.id] = random.random() < present
        chart["exam"] = [self._examined(muscle) for muscle in random.sample(self.muscles, min(random.randint(0, 4), len(self.muscles)))]
        return chart

    def _examined(self, muscle: str) -> dict[str, Any]:
        random = self.random
        signs: list[Term] = random.sample(self.signs, random.randint(0, len(self.signs)))
        held = random.choice((0.0, 0.5, 0.9))
        return {"muscle": muscle, "side": random.choice(SIDES), **{term.id: random.random() < held for term in signs}}
