"""
Which muscles may be the source of the pain: each scored in the open, and the smallest sets that explain it together.

Parsimonious covering (Peng and Reggia 1990): few muscles, much pain explained, main zones before lesser ones, less where a muscle
predicts pain and the patient is free, more or less for what an examination found. A zone counts once, however many painful
entries lie in it. Every weight stands in ``referral/ranking.yaml``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, groupby
from typing import TypeAlias

from mps_rules.conditions import Ground, Present, judge
from mps_rules.facts import Facts
from mps_rules.model import (
    SIDES,
    Chain,
    Covering,
    KnowledgeBase,
    MuscleCandidate,
    Pain,
    ScorePart,
    lowered,
    muscle_subject,
    placed,
)
from mps_rules.premises import premise
from mps_rules.referral import CONFIDENCES, Match, Relation

LARGEST_COVERING = 3
COVERINGS_SHOWN = 5
REACHES_TRIED = 60
"""Sets of painful entries that some muscle explains; beyond so many, the best-scored are tried (a chart has far fewer)."""

Source: TypeAlias = tuple[MuscleCandidate, ...]
"""What a covering counts as one muscle: a muscle on one side, or on the left and the right."""

Reach: TypeAlias = tuple[int, ...]
"""The painful entries that each side of a source explains, as bits."""


def candidates(base: KnowledgeBase, facts: Facts, chain: Chain) -> tuple[MuscleCandidate, ...]:
    """
    The muscles, each with its side, that reach the pain or were examined: those found to carry a trigger point first, then by score.

    A state of ``beyond_zones`` counts without a zone that reaches the pain, after muscles of that state with one. Ties are broken by
    published prevalence, then by fewer main zones elsewhere, then confidence, nearness, and name.
    """
    found = [
        (muscle, side)
        for muscle, side in facts.muscles
        if (muscle, side) in facts.exams or (relation := facts.relation(muscle, side)).matches or relation.possible
    ]
    made = [_Scorer(base, facts, chain, muscle, side) for muscle, side in found]
    return tuple(one.candidate for one in sorted(made, key=lambda one: one.rank))


class _Scorer:
    """One muscle on one side."""

    def __init__(self, base: KnowledgeBase, facts: Facts, chain: Chain, muscle: str, side: str | None) -> None:
        self.base, self.facts, self.chain = base, facts, chain
        self.muscle, self.side = muscle, side
        self.weights = base.ranking
        self.words = facts.vocabulary
        self.relation: Relation = facts.relation(muscle, side)
        self.edges = facts.terrain.referral.edges(muscle)
        self.reaches = bool(self.relation.matches or self.relation.possible)
        self.status = self._state()
        self.beyond_zones = not self.reaches and self.status in self.weights.beyond_zones
        self.candidate = self._candidate()

    @property
    def rank(self) -> tuple[object, ...]:
        """Its place in the order."""
        one = self.candidate
        states = [state.state for state in self.base.pack.muscle_states]
        return (
            not (self.reaches or self.beyond_zones),
            states.index(one.status) if one.status in states else len(states),
            not self.reaches,
            -one.score,
            not self._prevalent(),
            self._main_zones_elsewhere(),
            CONFIDENCES.index(one.confidence) if one.confidence else len(CONFIDENCES),
            self._steps(),
            one.muscle,
            one.side or "",
        )

    def _weight(self, match: Match) -> float:
        return self.weights.zones[match.edge.zone] * self.weights.confidences[match.edge.confidence]

    def _candidate(self) -> MuscleCandidate:
        relation, words = self.relation, self.words
        matches = (*relation.matches, *relation.possible)
        row = words.muscles.get(self.muscle)
        best = max(matches, key=self._weight, default=None)
        terms = tuple(self._terms())
        return MuscleCandidate(
            muscle=self.muscle,
            label=words.muscle_label(self.muscle),
            group=row.group if row else self.muscle,
            side=self.side,
            status=self.status,
            score=round(sum((term.value for term in terms), 0.0), 6),
            terms=terms,
            explains=tuple(dict.fromkeys(match.edge.region for match in relation.matches)),
            might_explain=tuple(dict.fromkeys(match.edge.region for match in relation.possible)),
            path=tuple(dict.fromkeys(self._paths(matches))),
            confidence=best.edge.confidence if best else "",
            side_assumed=any(match.side_assumed for match in matches),
            access=row.access if row else "",
            safety=row.safety if row else "",
            because=tuple(premise(ground, self.facts) for ground in self._grounds()),
            references=tuple(dict.fromkeys(ref for match in matches for ref in match.edge.references)),
        )

    def _paths(self, matches: Iterable[Match]) -> Iterator[str]:
        referral = self.facts.terrain.referral
        yield from (referral.path(self.muscle, match) for match in matches)
        if self.beyond_zones and self.facts.pain_map.painful:
            lies = placed(", ".join(self.words.name("region", place) for place in referral.places(self.muscle)))
            label = lowered(self.words.muscle_label(self.muscle))
            yield f"the charted zones of {label}, which lies {lies}, do not reach the pain that is listed"

    # --- the score

    def _terms(self) -> Iterator[ScorePart]:
        yield from self._explained()
        yield from self._predicted_free()
        if self.reaches or self.beyond_zones:
            yield from self._examined()
        if self.reaches:
            yield from self._clues()

    def _explained(self) -> Iterator[ScorePart]:
        """Each zone in which pain lies, once: pain on both sides of a zone that crosses is the pain of one zone."""
        zones: dict[str, list[Match]] = {}
        for _, of_pain in groupby(self.relation.matches, key=lambda match: match.pain):
            best = max(of_pain, key=self._weight)
            zones.setdefault(best.edge.region, []).append(best)
        for matches in zones.values():
            best = max(matches, key=self._weight)
            zone = "main zone" if best.edge.zone == "essential" else "lesser zone"
            where = " and the ".join(self._place(match.pain) for match in matches)
            yield ScorePart("explains", self._weight(best), f"pain in the {where} lies in its {zone} (confidence {best.edge.confidence})")
        yield from self._explained_in_part(zones)

    def _explained_in_part(self, explained: Iterable[str]) -> Iterator[ScorePart]:
        """What it reaches of a whole part of the body that hurts, narrowest first; a zone already counted adds nothing."""
        if not self.relation.possible:
            return
        counted, leaves = set(explained), self.facts.terrain.tree.leaves
        for pain in sorted(self.facts.pain_map.painful, key=lambda one: len(leaves[one.region])):
            possible = [match for match in self.relation.possible if match.pain == pain and match.edge.region not in counted]
            if possible:
                counted |= {match.edge.region for match in possible}
                share = sum(self._weight(match) for match in possible) / len(leaves[pain.region])
                text = f"it reaches part of the {self._place(pain)}, where pain was given as a whole"
                yield ScorePart("might_explain", round(self.weights.within_group * share, 6), text)

    def _predicted_free(self) -> Iterator[ScorePart]:
        for edge in self.edges if self.facts.pain_map.free else ():
            if self.facts.pain_map.is_free(edge.region, self.side if edge.laterality != "bilateral" else None):
                weight = self.weights.zones[edge.zone] * self.weights.confidences[edge.confidence]
                where = self.words.name("region", edge.region)
                yield ScorePart(
                    "predicted_free", -round(self.weights.predicted_free * weight, 6), f"it would send pain to the {where}, which is free"
                )

    def _examined(self) -> Iterator[ScorePart]:
        view = self.facts.view(muscle_subject(self.muscle, self.side))
        for weight in self.weights.findings if (self.muscle, self.side) in self.facts.exams else ():
            verdict = judge(Present(weight.finding), view)
            added = {True: weight.present, False: weight.absent, None: 0.0}[verdict]
            if added:
                label = lowered(self.words.terms[weight.finding].label)
                yield ScorePart("examination", added, label if verdict else f"{label}: recorded absent")

    def _clues(self) -> Iterator[ScorePart]:
        own = {self.muscle, *self.words.groups.get(self.muscle, ())}
        for clue in self.base.clues:
            if own & set(clue.muscles) and self.facts.booleans.get(clue.finding):
                yield ScorePart("clue", self.weights.clue, lowered(self.words.terms[clue.finding].label))

    def _place(self, pain: Pain) -> str:
        return self.words.name("region", pain.region) + (f", {pain.side}" if pain.side else "")

    # --- what breaks ties

    def _prevalent(self) -> bool:
        around = self.facts.terrain.tree.around
        return any(
            self.muscle in common.muscles and any(common.region in around[pain.region] for pain in self.facts.pain_map.painful)
            for common in self.base.prevalence
        )

    def _main_zones_elsewhere(self) -> int:
        explained = {match.edge.region for match in (*self.relation.matches, *self.relation.possible)}
        return len({edge.region for edge in self.edges if edge.zone == "essential"} - explained)

    def _steps(self) -> int:
        """How far the muscle lies from the nearest painful place, in neighbouring regions."""
        found = (self.facts.terrain.referral.steps(self.muscle, pain.region) for pain in self.facts.pain_map.painful)
        return min((n for n in found if n is not None), default=len(self.words.regions))

    # --- what is known of it

    def _state(self) -> str:
        subject = muscle_subject(self.muscle, self.side)
        verdicts = {s.state: self.chain.concluded(s.derived, subject) for s in self.base.pack.muscle_states}
        reached = next((state for state, verdict in verdicts.items() if verdict), None)
        if reached:
            return reached
        if (self.muscle, self.side) not in self.facts.exams:
            return "not_examined"
        return "no_trigger_point" if verdicts and all(verdict is False for verdict in verdicts.values()) else "examined"

    def _grounds(self) -> Iterator[Ground]:
        subject = muscle_subject(self.muscle, self.side)
        if self.relation.matches:
            yield Ground(subject, Present("refers_to_pain"), verdict=True)
        for finding in self.facts.exams.get((self.muscle, self.side), {}).values():
            if isinstance(finding.value, bool):
                yield Ground(subject, Present(finding.term), finding.value)


def coverings(facts: Facts, ranked: Sequence[MuscleCandidate]) -> tuple[Covering, ...]:
    """
    The smallest sets of up to three muscles that explain all of the listed pain, best first; if none does, those that explain most.

    The two sides of a muscle count as one where a place hurts on both that it explains. Muscles that explain the same entries stand
    for each other: the best is named, the others are alternatives. A muscle whose reach another with no lower score exceeds is left
    to it. Exact while no more than sixty different reaches remain.
    """
    pains = facts.pain_map.painful
    bits = {pain: 1 << number for number, pain in enumerate(pains)}
    sources: dict[Reach, list[Source]] = {}
    for source, explained in _sources(facts, ranked):
        sources.setdefault(tuple(sum(bits[pain] for pain in own) for own in explained), []).append(source)
    useful = [reach for reach in sources if not _dominated(reach, sources)][:REACHES_TRIED]
    sets: list[tuple[Reach, ...]] = []
    most = 0
    for size in range(1, LARGEST_COVERING + 1):
        for chosen in combinations(useful, size):
            count = _union(chosen).bit_count()
            if count < max(most, 1) or _could_do_with_fewer(chosen):
                continue
            if count > most:
                most, sets = count, []
            if not sets or len(sets[0]) == size:
                sets.append(chosen)
        if most == len(pains):
            break
    made = [_covering(chosen, sources, bits) for chosen in sets]
    return tuple(sorted(made, key=lambda one: (-one.score, one.muscles))[:COVERINGS_SHOWN])


def _sources(facts: Facts, ranked: Sequence[MuscleCandidate]) -> Iterator[tuple[Source, tuple[frozenset[Pain], ...]]]:
    """The sources in the order of their best side, and what each of their sides explains."""
    explained = {(one.muscle, one.side): frozenset(match.pain for match in facts.relation(one.muscle, one.side).matches) for one in ranked}
    sided = {(one.muscle, one.side): one for one in ranked if explained[one.muscle, one.side]}
    paired: set[str] = set()
    for one in sided.values():
        yield (one,), (explained[one.muscle, one.side],)
        both = tuple(sided[one.muscle, side] for side in SIDES if (one.muscle, side) in sided)
        if one in both and len(both) == len(SIDES) and one.muscle not in paired:
            paired.add(one.muscle)
            left, right = (explained[part.muscle, part.side] for part in both)
            if left - right and right - left and _on_the(SIDES[0], left) & _on_the(SIDES[1], right):
                yield both, (left, right)


def _on_the(side: str, pains: Iterable[Pain]) -> set[str]:
    return {pain.region for pain in pains if pain.side == side}


def _union(chosen: Iterable[Reach]) -> int:
    union = 0
    for reach in chosen:
        for side in reach:
            union |= side
    return union


def _score(source: Source) -> float:
    return sum(one.score for one in source)


def _dominated(reach: Reach, sources: Mapping[Reach, Sequence[Source]]) -> bool:
    """Whether a source of no more sides explains all of this reach and more, with no lower score: it can always take its place."""
    explained, own = _union([reach]), _score(sources[reach][0])
    return any(
        len(other) <= len(reach) and (union := _union([other])) != explained and union & explained == explained and _score(group[0]) >= own
        for other, group in sources.items()
    )


def _could_do_with_fewer(chosen: Sequence[Reach]) -> bool:
    """Whether some side of some muscle explains nothing that the others do not."""
    sides = [(side,) for reach in chosen for side in reach]
    return any(_union(sides[:number] + sides[number + 1 :]) == _union(sides) for number in range(len(sides)))


def _covering(chosen: Sequence[Reach], sources: Mapping[Reach, Sequence[Source]], bits: Mapping[Pain, int]) -> Covering:
    stand_ins = [like for reach in chosen for like in zip(*sources[reach], strict=True)]
    members = sorted(stand_ins, key=lambda like: (-like[0].score, like[0].muscle, like[0].side or ""))
    explained = _union(chosen)
    named = {muscle_subject(pain.region, pain.side): bool(explained & bit) for pain, bit in bits.items()}
    return Covering(
        muscles=tuple(muscle_subject(like[0].muscle, like[0].side) for like in members),
        alternatives=tuple(tuple(muscle_subject(one.muscle, one.side) for one in like[1:]) for like in members),
        explains=tuple(place for place, held in named.items() if held),
        unexplained=tuple(place for place, held in named.items() if not held),
        score=round(sum((like[0].score for like in members), 0.0), 6),
    )
