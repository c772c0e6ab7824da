"""
Which muscles may be the source of the pain: each scored in the open, and the smallest sets that explain it together.

Parsimonious covering (Peng and Reggia 1990): few muscles, much pain explained, main zones before lesser ones, less where a muscle
predicts pain and the patient is free, more or less for what an examination found, for what points to it and for how common a source it
is. A zone counts once, however many painful entries lie in it; a muscle that lies in the pain is a candidate without a zone that reaches
it. Every weight stands in ``referral/ranking.yaml``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, combinations
from typing import TypeAlias

import attrs

from mps_rules.answer.values import Covering, MuscleCandidate, ScorePart
from mps_rules.chaining.chains import Premise
from mps_rules.chaining.premises import premise
from mps_rules.chaining.values import Values, slots_of
from mps_rules.knowledge.pack import FindingWeight, KnowledgeBase, MuscleCue, Referral
from mps_rules.knowledge.referral import CONFIDENCES, Match
from mps_rules.knowledge.regions import Spot
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, lowered, muscle_subject, placed
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Ground, Present
from mps_rules.patient.facts import Facts
from mps_rules.patient.values import Findings, Pain

LARGEST_COVERING = 3
COVERINGS_SHOWN = 5
REACHES_TRIED = 60
"""Sets of painful entries that some muscle explains; beyond so many, the best-scored are tried (a chart has far fewer)."""

Source: TypeAlias = tuple[MuscleCandidate, ...]
"""What a covering counts as one muscle: a muscle on one side, or on the left and the right."""

FOUND_NOTHING = "no_trigger_point"
"""The state of a muscle that was examined and holds none."""

PainBits: TypeAlias = tuple[int, ...]
"""The painful entries that each side of a source explains, as bits."""


def candidates(values: Values) -> tuple[MuscleCandidate, ...]:
    """
    The muscles, each with its side, that reach the pain, lie in it or were examined: those found to carry a trigger point first, then by
    score, then those examined and found without.

    A state of ``beyond_zones`` counts without a zone that reaches the pain, after muscles of that state with one. Ties are broken by
    published prevalence, then by fewer main zones elsewhere, then confidence, nearness, and name.
    """
    scorer = _Scorer(values)
    bits = values.refers | values.possible | values.lies
    for who in (*values.exams, *scorer.somewhere):
        bits |= 1 << values.program.bits[who]
    made = []
    while bits:
        low = bits & -bits
        bits ^= low
        made.append(scorer.scored(low.bit_length() - 1))
    made.sort(key=_by_rank)
    return tuple(one for _, one in made)


def _by_rank(scored: "tuple[Rank, MuscleCandidate]") -> "Rank":
    return scored[0]


Rank: TypeAlias = tuple[object, ...]


@attrs.frozen(eq=False)
class _Reached:
    """What a muscle on a side reaches of one painful place, before any patient."""

    certain: bool
    edges: tuple[tuple[Referral, float], ...]
    best: Referral
    weight: float
    part: ScorePart
    """What the muscle gains where it explains the pain in this place alone."""
    place: str
    paths: tuple[str, ...]
    regions: tuple[str, ...]
    references: tuple[str, ...]
    side_assumed: bool


@attrs.frozen(eq=False)
class _Pointers:
    """What points to a muscle wherever it is considered."""

    cues: tuple[MuscleCue, ...]
    prevalence: int


class _Atlas:
    """The muscles of a pack before any patient: what each reaches of each place, its clues and what it would gain or lose by them."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base, self.words, self.weights = base, base.vocabulary, base.ranking
        self.slots = slots_of(base)
        self.referral = self.slots.terrain.referral
        self.who = list(self.slots.program.bits)
        self.states = [(state.state, self.slots.program.concluded.get(state.derived)) for state in base.pack.muscle_states]
        self.place_of_state = {state.state: place for place, state in enumerate(base.pack.muscle_states)}
        self.unsettled = len(self.place_of_state)
        self.place_of_state[FOUND_NOTHING] = self.unsettled + 1
        self._reached: dict[tuple[int, Spot], _Reached | None] = {}
        self._free: dict[int, tuple[tuple[int, ScorePart], ...]] = {}
        self._refers: dict[int, tuple[Premise, ...]] = {}
        self._clues: dict[str, tuple[tuple[str, ScorePart], ...]] = {}
        self._pointers: dict[str, _Pointers] = {}
        self._main: dict[str, frozenset[str]] = {}
        self._examined: dict[tuple[str, bool], ScorePart] = {}

    def weight(self, edge: Referral) -> float:
        """How much an edge of the referral graph counts."""
        return self.weights.zones[edge.zone] * self.weights.confidences[edge.confidence]

    def place(self, place: Spot) -> str:
        """A painful place in words."""
        return self.words.name("region", place[0]) + (f", {place[1]}" if place[1] else "")

    def reached(self, bit: int, place: Spot) -> _Reached | None:
        """What a muscle reaches of a painful place, if anything."""
        key = (bit, place)
        if key not in self._reached:
            self._reached[key] = self._reach(bit, place)
        return self._reached[key]

    def _reach(self, bit: int, place: Spot) -> _Reached | None:
        muscle, side = self.who[bit]
        near = self.referral.near(*place).get((muscle, side))
        if near is None or not near.reached:
            return None
        edges = tuple((edge, self.weight(edge)) for edge, _ in near.reached)
        best, weight = max(edges, key=lambda one: one[1])
        matches = [Match(Pain(*place), edge, assumed, near.certain) for edge, assumed in near.reached]
        return _Reached(
            certain=near.certain,
            edges=edges,
            best=best,
            weight=weight,
            part=self._explains(best, weight, self.place(place)),
            place=self.place(place),
            paths=tuple(dict.fromkeys(self.referral.path(muscle, match) for match in matches)),
            regions=tuple(dict.fromkeys(edge.region for edge, _ in edges)),
            references=tuple(dict.fromkeys(reference for edge, _ in edges for reference in edge.references)),
            side_assumed=any(assumed for _, assumed in near.reached),
        )

    def _explains(self, best: Referral, weight: float, where: str) -> ScorePart:
        zone = "main zone" if best.zone == "essential" else "lesser zone"
        return ScorePart("explains", weight, f"pain in the {where} lies in its {zone} (confidence {best.confidence})")

    def explained(self, of_zone: Sequence[_Reached]) -> ScorePart:
        """What a muscle gains for one zone in which pain lies: on both sides of a zone that crosses, it is the pain of one zone."""
        if len(of_zone) == 1:
            return of_zone[0].part
        best = max(of_zone, key=lambda one: one.weight)
        return self._explains(best.best, best.weight, " and the ".join(one.place for one in of_zone))

    def free(self, bit: int) -> tuple[tuple[int, ScorePart], ...]:
        """What a muscle loses for each zone, where these places are free."""
        found = self._free.get(bit)
        if found is None:
            muscle, side = self.who[bit]
            needed, made = self.slots.places.needed, []
            for edge in self.referral.edges(muscle):
                loss = -round(self.weights.predicted_free * self.weight(edge), 6)
                text = f"it would send pain to the {self.words.name('region', edge.region)}, which is free"
                place = (edge.region, side if edge.laterality != "bilateral" else None)
                made.append((needed[place], ScorePart("predicted_free", loss, text)))
            found = self._free[bit] = tuple(made)
        return found

    def refers(self, bit: int) -> tuple[Premise, ...]:
        """That a muscle refers to the pain, in words."""
        found = self._refers.get(bit)
        if found is None:
            ground = Ground(muscle_subject(*self.who[bit]), Present("refers_to_pain"), verdict=True)
            found = self._refers[bit] = (premise(ground, Facts(self.slots.terrain, Findings())),)
        return found

    def clues(self, muscle: str) -> tuple[tuple[str, ScorePart], ...]:
        """The findings that point to a muscle where it also reaches the pain; not those that a cue of its own reads."""
        found = self._clues.get(muscle)
        if found is None:
            own = {muscle, *self.words.groups.get(muscle, ())}
            read = {leaf.term for cue in self.pointers(muscle).cues for leaf in c.walk(cue.when) if isinstance(leaf, Present)}
            found = self._clues[muscle] = tuple(
                (clue.finding, ScorePart("clue", self.weights.clue, lowered(self.words.terms[clue.finding].label)))
                for clue in self.base.clues
                if own & set(clue.muscles) and clue.finding not in read
            )
        return found

    def pointers(self, muscle: str) -> "_Pointers":
        """The cues of a muscle and how common a source it is: its own, those of its group, and of a group those of its parts."""
        found = self._pointers.get(muscle)
        if found is None:
            row, by_muscle = self.words.muscles.get(muscle), {one.muscle: one for one in self.base.muscle_cues}
            names = (muscle, *((row.group,) if row else self.words.groups.get(muscle, ())))
            rows = [by_muscle[name] for name in dict.fromkeys(names) if name in by_muscle]
            cues = tuple(dict.fromkeys(cue for one in rows for cue in one.cues))
            common = next((one.prevalence for one in rows if one.prevalence), 0)
            found = self._pointers[muscle] = _Pointers(cues, common)
        return found

    def main_zones(self, muscle: str) -> frozenset[str]:
        """The main zones of a muscle."""
        found = self._main.get(muscle)
        if found is None:
            found = self._main[muscle] = frozenset(edge.region for edge in self.referral.edges(muscle) if edge.zone == "essential")
        return found

    def examined(self, weight: FindingWeight, *, present: bool) -> ScorePart:
        """What a finding of the examination adds."""
        found = self._examined.get((weight.finding, present))
        if found is None:
            label = lowered(self.words.terms[weight.finding].label)
            text = label if present else f"{label}: recorded absent"
            found = ScorePart("examination", weight.present if present else weight.absent, text)
            self._examined[weight.finding, present] = found
        return found

    @cached_property
    def prevalent(self) -> dict[str, frozenset[str]]:
        """By painful region, the muscles that carry active trigger points most often there."""
        around = self.slots.terrain.tree.around
        return {
            region: frozenset(muscle for common in self.base.prevalence if common.region in around[region] for muscle in common.muscles)
            for region in self.words.regions
        }


@lru_cache(maxsize=8)
def _atlas_of(base: KnowledgeBase) -> _Atlas:
    return _Atlas(base)


def _each_once(found: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    if len(found) == 1:
        return found[0]
    return tuple(dict.fromkeys(chain.from_iterable(found)))


def _weight(reached: _Reached) -> float:
    return reached.weight


class _Scorer:
    """The muscles of one patient."""

    def __init__(self, values: Values) -> None:
        self.values, self.facts = values, values.facts
        self.atlas = _atlas_of(values.base)
        self.words, self.weights, self.referral = self.atlas.words, self.atlas.weights, self.atlas.referral
        self.pains = [(entry.region, entry.side) for entry in values.pain.entries]
        self.prevalent: frozenset[str] = frozenset().union(*(self.atlas.prevalent[region] for region, _ in self.pains))
        self.patient = self.facts.view(PATIENT)
        self.judged: dict[c.Condition, c.Truth] = {}
        self.somewhere = self._somewhere()
        self.planes = [(state, None if node is None else values.muscle[node[1]]) for state, node in self.atlas.states]

    def _somewhere(self) -> dict[tuple[str, str | None], tuple[ScorePart, ...]]:
        """
        What an examination found in some muscle of a region, for each muscle that lies there and was not examined itself.

        It is possible of each, and found in none: it adds what a finding that points to a muscle adds, by the share of a part of the body.
        That it was not found there says nothing of one muscle.
        """
        found: dict[tuple[str, str | None], list[ScorePart]] = {}
        worth = round(self.weights.within_group * self.weights.clue, 6)
        for exam in self.facts.findings.somewhere:
            place = self.atlas.place((exam.region, exam.side))
            parts = [
                ScorePart("might_examination", worth, f"{lowered(self.words.terms[one.term].label)}, in some muscle {placed(place)}")
                for one in exam.findings
                if one.value is True
            ]
            for who in self.referral.lying_in(exam.region, exam.side) if parts else ():
                if who in self.values.program.bits and who not in self.values.exams:
                    found.setdefault(who, []).extend(parts)
        return {who: tuple(parts) for who, parts in found.items()}

    def scored(self, bit: int) -> tuple[Rank, MuscleCandidate]:
        """A muscle, with its place in the order."""
        atlas, words = self.atlas, self.words
        muscle, side = atlas.who[bit]
        reached = [found for place in self.pains if (found := atlas.reached(bit, place))]
        lying = bool(self.values.lies >> bit & 1)
        reaches = bool(reached) or lying
        status = self._state(bit)
        beyond_zones = not reaches and status in self.weights.beyond_zones
        certain = [one for one in reached if one.certain]
        possible = [one for one in reached if not one.certain]
        ordered = certain + possible
        paths = _each_once([one.paths for one in ordered])
        if beyond_zones and self.pains:
            lies = placed(", ".join(words.name("region", place) for place in self.referral.places(muscle)))
            label = lowered(words.muscle_label(muscle))
            paths = (*paths, f"the charted zones of {label}, which lies {lies}, do not reach the pain that is listed")
        if lying and not reached:
            paths = (f"{lowered(words.muscle_label(muscle))} lies where it hurts",)
        best = max(ordered, key=_weight, default=None)
        terms = tuple(self._terms(bit, certain, possible, counts=reaches or beyond_zones))
        terms += self.somewhere.get((muscle, side), ())
        if reaches:
            terms += tuple(self._pointing(muscle, best.weight if best else self.weights.lying_zone, lies=lying))
        row = words.muscles.get(muscle)
        one = MuscleCandidate(
            muscle=muscle,
            label=words.muscle_label(muscle),
            group=row.group if row else muscle,
            side=side,
            status=status,
            score=round(sum((term.value for term in terms), 0.0), 6),
            terms=terms,
            explains=_each_once([one.regions for one in certain]),
            might_explain=_each_once([one.regions for one in possible]),
            path=paths,
            confidence=best.best.confidence if best else "",
            side_assumed=any(one.side_assumed for one in reached),
            access=row.access if row else "",
            safety=row.safety if row else "",
            because=self._because(bit),
            references=_each_once([one.references for one in ordered]),
        )
        rank = (
            not (reaches or beyond_zones),
            atlas.place_of_state.get(status, atlas.unsettled),
            not reaches,
            -one.score,
            muscle not in self.prevalent,
            len(atlas.main_zones(muscle).difference(one.explains, one.might_explain)),
            CONFIDENCES.index(one.confidence) if one.confidence else len(CONFIDENCES),
            min((n for region, _ in self.pains if (n := self.referral.steps(muscle, region)) is not None), default=len(words.regions)),
            muscle,
            side or "",
        )
        return rank, one

    def _state(self, bit: int) -> str:
        """What is known of a muscle, in a word."""
        width, none = self.values.program.width, bool(self.planes)
        for state, plane in self.planes:
            if plane is not None and plane >> bit & 1:
                return state
            none = none and plane is not None and not plane >> (bit + width) & 1
        if self.atlas.who[bit] not in self.values.exams:
            return "not_examined"
        return FOUND_NOTHING if none else "examined"

    # --- the score

    def _terms(self, bit: int, certain: Sequence[_Reached], possible: Sequence[_Reached], *, counts: bool) -> Iterator[ScorePart]:
        muscle, side = self.atlas.who[bit]
        zones: dict[str, list[_Reached]] = {}
        for one in certain:
            zones.setdefault(one.best.region, []).append(one)
        yield from (self.atlas.explained(of_zone) for of_zone in zones.values())
        if possible:
            yield from self._explained_in_part(bit, set(zones))
        free = self.values.pain.free
        if free:
            yield from (part for needed, part in self.atlas.free(bit) if not needed & ~free)
        if counts and (muscle, side) in self.values.exams:
            yield from self._examined(muscle, side)
        if certain or possible:
            booleans = self.values.booleans
            yield from (part for finding, part in self.atlas.clues(muscle) if booleans.get(finding))

    def _pointing(self, muscle: str, near: float, *, lies: bool) -> Iterator[ScorePart]:
        """What points to a muscle that reaches the pain, as far as its zone counts, or lies in it."""
        pointers = self.atlas.pointers(muscle)
        if lies and self.weights.lies_there:
            yield ScorePart("lies_there", self.weights.lies_there, "it lies where it hurts")
        if pointers.prevalence and self.weights.prevalence:
            worth = round(self.weights.prevalence * near * pointers.prevalence, 6)
            yield ScorePart("prevalence", worth, f"{'a common' if worth > 0 else 'an uncommon'} source of pain")
        for cue in pointers.cues:
            if self._holds(cue.when):
                text = lowered("; ".join(dict.fromkeys(p.text for p in self._premises(cue.when))))
                yield ScorePart("clue", round(self.weights.cue * near * cue.points, 6), text)

    def _holds(self, condition: c.Condition) -> bool:
        if condition not in self.judged:
            self.judged[condition] = c.judge(condition, self.patient)
        return self.judged[condition] is True

    def _premises(self, condition: c.Condition) -> list[Premise]:
        """What a condition that holds rests on, in words."""
        return [premise(ground, self.facts) for ground in c.grounds(condition, self.patient)]

    def _explained_in_part(self, bit: int, counted: set[str]) -> Iterator[ScorePart]:
        """What it reaches of a whole part of the body that hurts, narrowest first; a zone already counted adds nothing."""
        leaves = self.atlas.slots.terrain.tree.leaves
        for place in sorted(self.pains, key=lambda pain: len(leaves[pain[0]])):
            found = self.atlas.reached(bit, place)
            if found is None or found.certain:
                continue
            new = [(edge.region, weight) for edge, weight in found.edges if edge.region not in counted]
            if new:
                counted |= {region for region, _ in new}
                share = sum(weight for _, weight in new) / len(leaves[place[0]])
                text = f"it reaches part of the {found.place}, where pain was given as a whole"
                yield ScorePart("might_explain", round(self.weights.within_group * share, 6), text)

    def _examined(self, muscle: str, side: str | None) -> Iterator[ScorePart]:
        view = self.facts.view(muscle_subject(muscle, side))
        for weight in self.weights.findings:
            verdict = view.present(weight.finding)
            if verdict is not None and (weight.present if verdict else weight.absent):
                yield self.atlas.examined(weight, present=verdict)

    def _because(self, bit: int) -> tuple[Premise, ...]:
        """What is known of it: that it refers to the pain, and what was found in it."""
        refers = self.atlas.refers(bit) if self.values.refers >> bit & 1 else ()
        exam = self.values.exams.get(self.atlas.who[bit])
        if exam is None:
            return refers
        subject = muscle_subject(exam.muscle, exam.side)
        grounds = (Ground(subject, Present(f.term), f.value) for f in exam.findings if isinstance(f.value, bool))
        return (*refers, *(premise(ground, self.facts) for ground in grounds))


def coverings(values: Values, ranked: Sequence[MuscleCandidate]) -> tuple[Covering, ...]:
    """
    The smallest sets of up to three muscles that explain all of the listed pain, best first; if none does, those that explain most.

    The two sides of a muscle count as one where a place hurts on both that it explains. Muscles that explain the same entries stand
    for each other: the best is named, the others are alternatives. A muscle whose reach another with no lower score exceeds is left
    to it. Exact while no more than sixty different reaches remain.
    """
    pains = values.pain.entries
    sources: dict[PainBits, list[Source]] = {}
    for source, reach in _sources(values, ranked):
        sources.setdefault(reach, []).append(source)
    unions = {reach: _union([reach]) for reach in sources}
    useful = [reach for reach in sources if not _dominated(reach, sources, unions)][:REACHES_TRIED]
    sets: list[tuple[PainBits, ...]] = []
    most = 0
    for size in range(1, LARGEST_COVERING + 1):
        for chosen in combinations(useful, size):
            union = 0
            for reach in chosen:
                union |= unions[reach]
            count = union.bit_count()
            if count < max(most, 1) or _could_do_with_fewer(chosen, union):
                continue
            if count > most:
                most, sets = count, []
            if not sets or len(sets[0]) == size:
                sets.append(chosen)
        if most == len(pains):
            break
    named = [muscle_subject(pain.region, pain.side) for pain in pains]
    made = [_covering(chosen, sources, named) for chosen in sets]
    return tuple(sorted(made, key=lambda one: (-one.score, one.muscles))[:COVERINGS_SHOWN])


def _sources(values: Values, ranked: Sequence[MuscleCandidate]) -> Iterator[tuple[Source, PainBits]]:
    """The sources in the order of their best side, and which of the painful entries each of their sides explains, as bits."""
    pains, bits = values.pain.entries, values.program.bits
    all_over = [values.slots.near((pain.region, pain.side))[0] for pain in pains]
    explained: dict[tuple[str, str | None], int] = {}
    for candidate in ranked:
        bit, own = bits[candidate.muscle, candidate.side], 0
        for number, muscles in enumerate(all_over):
            own |= (muscles >> bit & 1) << number
        explained[candidate.muscle, candidate.side] = own
    sided = {(candidate.muscle, candidate.side): candidate for candidate in ranked if explained[candidate.muscle, candidate.side]}
    paired: set[str] = set()
    for one in sided.values():
        yield (one,), (explained[one.muscle, one.side],)
        both = tuple(sided[one.muscle, side] for side in SIDES if (one.muscle, side) in sided)
        if one in both and len(both) == len(SIDES) and one.muscle not in paired:
            paired.add(one.muscle)
            left, right = (explained[part.muscle, part.side] for part in both)
            if left & ~right and right & ~left and _on_the(SIDES[0], left, pains) & _on_the(SIDES[1], right, pains):
                yield both, (left, right)


def _on_the(side: str, explained: int, pains: Sequence[Pain]) -> set[str]:
    return {pain.region for number, pain in enumerate(pains) if explained >> number & 1 and pain.side == side}


def _union(chosen: Iterable[PainBits]) -> int:
    union = 0
    for reach in chosen:
        for side in reach:
            union |= side
    return union


def _score(source: Source) -> float:
    return sum(one.score for one in source)


def _dominated(reach: PainBits, sources: Mapping[PainBits, Sequence[Source]], unions: Mapping[PainBits, int]) -> bool:
    """Whether a source of no more sides explains all of this reach and more, with no lower score: it can always take its place."""
    explained, own = unions[reach], _score(sources[reach][0])
    return any(
        len(other) <= len(reach) and (union := unions[other]) != explained and union & explained == explained and _score(group[0]) >= own
        for other, group in sources.items()
    )


def _could_do_with_fewer(chosen: Sequence[PainBits], union: int) -> bool:
    """Whether some side of some muscle explains nothing that the others do not."""
    sides = [side for reach in chosen for side in reach]
    return any(_union([tuple(sides[:number] + sides[number + 1 :])]) == union for number in range(len(sides)))


def _covering(chosen: Sequence[PainBits], sources: Mapping[PainBits, Sequence[Source]], named: Sequence[str]) -> Covering:
    stand_ins = [like for reach in chosen for like in zip(*sources[reach], strict=True)]
    members = sorted(stand_ins, key=lambda like: (-like[0].score, like[0].muscle, like[0].side or ""))
    explained = _union(chosen)
    held = {place: bool(explained >> number & 1) for number, place in enumerate(named)}
    return Covering(
        muscles=tuple(muscle_subject(like[0].muscle, like[0].side) for like in members),
        alternatives=tuple(tuple(muscle_subject(one.muscle, one.side) for one in like[1:]) for like in members),
        explains=tuple(place for place, explains in held.items() if explains),
        unexplained=tuple(place for place, explains in held.items() if not explains),
        score=round(sum((like[0].score for like in members), 0.0), 6),
    )
