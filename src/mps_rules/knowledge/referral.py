"""
Where muscles send pain: one networkx graph, frozen after loading, and the questions that rules and assessments ask of it.

Nodes are muscles, their groups, and regions. Edges: ``refers_to`` (with its Referral), ``lies_in``, ``part_of``, ``adjacent_to``.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from mps_rules.errors import Fault, FindingError, closest, shown
from mps_rules.knowledge.pack import Referral
from mps_rules.knowledge.regions import RegionTree
from mps_rules.knowledge.vocabulary import SIDES, Vocabulary, lowered, placed
from mps_rules.language.conditions import Truth

if TYPE_CHECKING:
    import networkx as nx

    from mps_rules.patient.painmap import PainMap
    from mps_rules.patient.values import Pain

CONFIDENCES = ("high", "moderate", "low")


@attrs.frozen
class Match:
    """
    One painful entry that one referral edge would explain; ``side_assumed`` where a side was not given.

    ``certain`` is False where pain was given for a group of regions and the muscle reaches only some of them.
    """

    pain: "Pain"
    edge: Referral
    side_assumed: bool
    certain: bool


@attrs.frozen
class Relation:
    """
    How one muscle (on one side) stands to a patient's pain.

    ``refers_to_pain`` is three-valued; the others speak of the listed pain and are two-valued.
    """

    refers_to_pain: Truth
    lies_in_pain: bool
    matches: tuple[Match, ...]
    possible: tuple[Match, ...]
    explains_all: bool

    @property
    def remote_from_pain(self) -> bool:
        """It refers to the pain but lies elsewhere."""
        return self.refers_to_pain is True and not self.lies_in_pain


@attrs.frozen
class _Spot:
    """A region and a side of which is asked as if it hurt there."""

    region: str
    side: str | None


@attrs.frozen
class _Near:
    """What a muscle on a side has to do with one place: whether it lies there, and the edges that reach some of it, or all (``certain``)."""

    lies_there: bool
    reached: tuple[tuple[Referral, bool], ...]
    certain: bool


UNRELATED = Relation(None, lies_in_pain=False, matches=(), possible=(), explains_all=False)
"""A muscle that has nothing to do with the listed pain, on a map that says nowhere that a region is free."""


def _distances(start: str, beside: Mapping[str, Sequence[str]]) -> dict[str, int]:
    found, front = {start: 0}, [start]
    while front:
        front = list(dict.fromkeys(other for one in front for other in beside[one] if other not in found))
        found |= dict.fromkeys(front, max(found.values()) + 1)
    return found


@attrs.frozen(eq=False, repr=False)
class ReferralMap:
    """The referral graph of a vocabulary; muscle groups have the edges of all their parts."""

    vocabulary: Vocabulary
    referrals: tuple[Referral, ...]
    tree: RegionTree

    def __repr__(self) -> str:
        return f"<ReferralMap: {len(self.vocabulary.muscles)} muscles, {len(self.tree.leaves)} regions, {len(self.referrals)} ways that pain is sent>"

    @cached_property
    def graph(self) -> "nx.MultiDiGraph[tuple[str, str]]":
        """The graph itself: nodes ``(kind, id)``, edges keyed by kind."""
        import networkx as nx

        graph: nx.MultiDiGraph[tuple[str, str]] = nx.MultiDiGraph()
        for region in self.vocabulary.regions.values():
            graph.add_node(("region", region.id), label=region.label)
            if region.parent:
                graph.add_edge(("region", region.id), ("region", region.parent), key="part_of")
            for neighbour in region.adjacent:
                graph.add_edge(("region", region.id), ("region", neighbour), key="adjacent_to")
        for muscle in self.vocabulary.muscles.values():
            graph.add_node(("muscle", muscle.id), label=muscle.label)
            graph.add_edge(("muscle", muscle.id), ("group", muscle.group), key="part_of")
            for place in muscle.lies_in:
                graph.add_edge(("muscle", muscle.id), ("region", place), key="lies_in")
        for edge in self.referrals:
            graph.add_edge(("muscle", edge.muscle), ("region", edge.region), key="refers_to", referral=edge)
        nx.freeze(graph)
        return graph

    @cached_property
    def _neighbours(self) -> "nx.Graph[str]":
        import networkx as nx

        neighbours: nx.Graph[str] = nx.Graph()
        neighbours.add_nodes_from(self.vocabulary.regions)
        neighbours.add_edges_from((r.id, n) for r in self.vocabulary.regions.values() for n in r.adjacent)
        return neighbours

    @cached_property
    def _steps(self) -> dict[str, dict[str, int]]:
        """How far each region is from each; by hand, for networkx takes longer to import than an assessment takes."""
        beside: dict[str, list[str]] = {id_: [] for id_ in self.vocabulary.regions}
        for region in self.vocabulary.regions.values():
            for neighbour in region.adjacent:
                beside[region.id].append(neighbour)
                beside[neighbour].append(region.id)
        return {start: _distances(start, beside) for start in beside}

    def steps(self, muscle: str, region: str) -> int | None:
        """How many neighbouring regions lie between a muscle and a region; 0: it lies there; None: no way known."""
        if (muscle, region) not in self._steps_to:
            found = [
                self._steps[place][leaf] for place in self.places(muscle) for leaf in self.tree.leaves[region] if leaf in self._steps[place]
            ]
            self._steps_to[muscle, region] = min(found, default=None)
        return self._steps_to[muscle, region]

    @cached_property
    def _steps_to(self) -> dict[tuple[str, str], int | None]:
        return {}

    @cached_property
    def _edges(self) -> dict[str, tuple[Referral, ...]]:
        reached: dict[str, dict[str, Referral | None]] = {one.id: dict.fromkeys(one.lies_in) for one in self.vocabulary.muscles.values()}
        for edge in self.referrals:
            reached[edge.muscle][edge.region] = edge
        found = {muscle: tuple(edge for edge in edges.values() if edge is not None) for muscle, edges in reached.items()}
        for group, parts in self.vocabulary.groups.items():
            if group not in found:
                found[group] = tuple(edge for part in parts for edge in found[part])
        return found

    def edges(self, muscle: str) -> tuple[Referral, ...]:
        """Where a muscle, or a group of muscles, sends pain."""
        return self._edges[muscle]

    def places(self, muscle: str) -> tuple[str, ...]:
        """The regions in which a muscle, or a group of muscles, lies."""
        if muscle in self.vocabulary.muscles:
            return self.vocabulary.muscles[muscle].lies_in
        parts = self.vocabulary.groups[muscle]
        return tuple(dict.fromkeys(place for part in parts for place in self.vocabulary.muscles[part].lies_in))

    def muscles_referring_to(self, region: str, side: str | None = None) -> tuple[tuple[str, str], ...]:
        """
        The muscles, each with its side, that can send pain to a leaf region, or to a leaf of a group, on a side.

        A side left out, or a region without sides, asks for both sides. In vocabulary order.

        Raises:
            FindingError: no region of that id, or no such side; names the closest.

        """
        self._must_know("side", side, (None, *SIDES, "midline", "bilateral"))
        self._must_know("region", region, self.tree.leaves)
        leaves = self.tree.leaves[region]
        found = {
            (muscle[1], own)
            for leaf in leaves
            for muscle, _, key, data in self.graph.in_edges(("region", leaf), keys=True, data=True)
            if key == "refers_to"
            for own in SIDES
            if self._same_side(data["referral"], own, _Spot(leaf, side))
        }
        return tuple((muscle, own) for muscle in self.vocabulary.muscles for own in SIDES if (muscle, own) in found)

    def regions_of(self, muscle: str, side: str) -> tuple[tuple[str, str | None, str], ...]:
        """
        Where a muscle (or group) on a side sends pain: region, side and zone, main zones first.

        The side is None for a region without sides, and for a pattern that crosses or lies on the midline.

        Raises:
            FindingError: no muscle or group of that id, or no such side; names the closest.

        """
        self._must_know("muscle", muscle, self._edges)
        self._must_know("side", side, SIDES)
        found = {
            (
                edge.region,
                side if edge.laterality == "ipsilateral" and self.vocabulary.regions[edge.region].sides else None,
                edge.zone,
            ): None
            for edge in sorted(self.edges(muscle), key=lambda e: e.zone)
        }
        return tuple(found)

    def paths(self, muscle: str, region: str) -> tuple[tuple[str, ...], ...]:
        """
        The shortest ways over neighbouring regions from where a muscle lies to where the pain is felt.

        Each way is a tuple of leaf regions, the muscle's own place first; a single region: the muscle lies there.

        Raises:
            FindingError: no muscle or group, or no region, of that id; names the closest.

        """
        self._must_know("muscle", muscle, self._edges)
        self._must_know("region", region, self.tree.leaves)
        import networkx as nx

        goals = set(self.tree.leaves[region])
        found = []
        for place in self.places(muscle):
            lengths = self._steps[place]
            near = min((lengths[goal] for goal in goals if goal in lengths), default=None)
            for goal in sorted(goals):
                if near is not None and lengths.get(goal) == near:
                    found += [tuple(way) for way in nx.all_shortest_paths(self._neighbours, place, goal)]
        shortest = min(map(len, found), default=0)
        return tuple(sorted(way for way in found if len(way) == shortest))

    @cached_property
    def _reach(self) -> dict[str, frozenset[str]]:
        """For each muscle and group, every leaf region it sends pain to or lies in."""
        names = (*self.vocabulary.muscles, *self.vocabulary.groups)
        return {m: frozenset((*(edge.region for edge in self.edges(m)), *self.places(m))) for m in names}

    @cached_property
    def _near(self) -> dict[tuple[str, str | None], dict[tuple[str, str | None], "_Near"]]:
        return {}

    def near(self, region: str, side: str | None) -> "dict[tuple[str, str | None], _Near]":
        """The muscles and groups, each with its side, that send pain to some of a region on a side, or lie there."""
        found = self._near.get((region, side))
        if found is None:
            pain = _Spot(region, side)
            muscles = [muscle for muscle, reach in self._reach.items() if not reach.isdisjoint(self.tree.leaves[region])]
            every = {(muscle, own): self._nearness(muscle, own, pain) for muscle in muscles for own in (*SIDES, None)}
            found = self._near[region, side] = {who: near for who, near in every.items() if near.lies_there or near.reached}
        return found

    def near_pain(self, pain_map: "PainMap") -> frozenset[tuple[str, str | None]]:
        """The muscles and groups, each with its side, that have to do with some of the pain."""
        return frozenset().union(*(self.near(pain.region, pain.side) for pain in pain_map.painful))

    def _nearness(self, muscle: str, side: str | None, pain: "Pain | _Spot") -> "_Near":
        leaves = self.tree.leaves[pain.region]
        fitting = [edge for edge in self.edges(muscle) if edge.region in leaves and self._same_side(edge, side, pain)]
        return _Near(
            lies_there=self.lies_in(muscle, side, pain),
            reached=tuple((edge, self._side_assumed(edge, side, pain)) for edge in fitting),
            certain={edge.region for edge in fitting} >= set(leaves),
        )

    @staticmethod
    def _must_know(kind: str, word: str | None, known: Collection[str | None]) -> None:
        if word not in known:
            raise FindingError([Fault(kind, f"no {kind} {shown(word)}", closest(word, [one for one in known if one]))])

    def explain(self, muscle: str, side: str | None, pain_map: "PainMap") -> Relation:
        """How a muscle on a side stands to the pain."""
        who = (muscle, side)
        found = [(pain, near) for pain in pain_map.painful if (near := self.near(pain.region, pain.side).get(who))]
        if not found and not pain_map.free:
            return UNRELATED
        matches = tuple(Match(pain, edge, assumed, True) for pain, near in found if near.certain for edge, assumed in near.reached)
        explained = {match.pain for match in matches}
        refers: Truth = True
        if not matches:
            edges = self.edges(muscle)
            refers = False if edges and all(self._is_free(edge, side, pain_map) for edge in edges) else None
        return Relation(
            refers_to_pain=refers,
            lies_in_pain=any(near.lies_there for _, near in found),
            matches=matches,
            possible=tuple(Match(pain, edge, assumed, False) for pain, near in found if not near.certain for edge, assumed in near.reached),
            explains_all=bool(pain_map.painful) and explained == set(pain_map.painful),
        )

    def _side_assumed(self, edge: Referral, side: str | None, pain: "Pain | _Spot") -> bool:
        sided = self.vocabulary.regions[edge.region].sides and edge.laterality != "bilateral"
        return bool(sided) and (pain.side is None or side is None)

    def _same_side(self, edge: Referral, side: str | None, pain: "Pain | _Spot") -> bool:
        if edge.laterality == "bilateral" or not self.vocabulary.regions[edge.region].sides:
            return True
        return side is None or pain.side not in SIDES or pain.side == side

    def _is_free(self, edge: Referral, side: str | None, pain_map: "PainMap") -> bool:
        return pain_map.is_free(edge.region, side if edge.laterality != "bilateral" else None)

    def explains(self, muscle: str, side: str | None, pain: "Pain | _Spot") -> bool:
        """Whether a muscle on a side sends pain all over a painful place."""
        near = self.near(pain.region, pain.side).get((muscle, side))
        return near is not None and near.certain

    def lies_in(self, muscle: str, side: str | None, pain: "Pain | _Spot") -> bool:
        """Whether a muscle on a side lies where it hurts."""
        beside = side in SIDES and pain.side in SIDES and pain.side != side
        return any(
            pain.region in self.tree.around[place] and not (beside and self.vocabulary.regions[place].sides)
            for place in self.places(muscle)
        )

    def lying_in(self, region: str, side: str | None) -> tuple[tuple[str, str], ...]:
        """The single muscles, each with its side, that lie in a region; a side left out asks for both."""
        spot = _Spot(region, side)
        return tuple((muscle, own) for muscle in self.vocabulary.muscles for own in SIDES if self.lies_in(muscle, own, spot))

    def path(self, muscle: str, match: Match) -> str:
        """Why a muscle is thought of, in words: where it hurts, and where the muscle lies."""
        key = (muscle, match.edge.region, match.certain)
        if key not in self._paths:
            words = self.vocabulary
            lies = ", ".join(words.name("region", place) for place in self.places(muscle))
            where = words.name("region", match.edge.region)
            somewhere = "perhaps " if not match.certain else ""
            self._paths[key] = f"{somewhere}pain {placed(where)} <- {lowered(words.muscle_label(muscle))}, which lies {placed(lies)}"
        return self._paths[key]

    @cached_property
    def _paths(self) -> dict[tuple[str, str, bool], str]:
        return {}
