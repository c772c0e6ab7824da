"""Where things lie on the figure: the views of a place, what is marked there, where a muscle lies and sends pain; plain data for a page."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from mps_rules.answer.values import Assessment, MuscleCandidate
from mps_rules.knowledge.pack import KnowledgeBase, Referral
from mps_rules.knowledge.regions import Place
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.values import Pain
from mps_rules.views.bellies import bellies, seen_on, sites
from mps_rules.views.figure import MIDLINE, Shape, View, figure

GROUPS_SHOWN = 3
"""How many muscle groups one body map shows."""


# --- places -----------------------------------------------------------------------------------------------------------


def places(base: KnowledgeBase) -> dict[Place, tuple[str, ...]]:
    """
    For every leaf region and side, the views in which it is drawn.

    >>> from mps_rules.api import load
    >>> places(load())["sacroiliac", "left"], places(load())["pelvis_deep", None]
    (('back',), ('pelvis',))
    """
    tree = terrain_of(base).tree
    return {
        (leaf, side): tuple(dict.fromkeys(view.id for view, _ in shapes_of((leaf, side))))
        for leaf in base.vocabulary.regions
        if tree.leaves[leaf] == (leaf,)
        for side in tree.sides(leaf)
    }


def shapes_of(place: Place, within: Iterable[str] | None = None) -> Iterator[tuple[View, Shape]]:
    """Every shape that shows a place; a region without sides may be drawn as two halves or in several side views."""
    region, side = place
    for view in figure().views.values():
        if within is None or view.id in within:
            for shape in view.shapes:
                if shape.region == region and (side is None or shape.side in (side, MIDLINE)):
                    yield view, shape


def place_of(base: KnowledgeBase, shape: Shape) -> Place | None:
    """What a shape is called in a vocabulary; None if it has no such region."""
    region = base.vocabulary.regions.get(shape.region)
    if region is None:
        return None
    return shape.region, shape.side if region.sides and shape.side in SIDES else None


def drawing(base: KnowledgeBase) -> list[dict[str, Any]]:
    """
    The figure as plain data, for a page that draws it itself: each view with its frame, outlines, lines, and the path of each place.

    >>> from mps_rules.api import load
    >>> front = drawing(load())[0]
    >>> front["caption"], front["shapes"][0]["region"], front["shapes"][0]["side"]
    ('Front', 'abdomen_lower_lateral', 'left')
    """
    return [
        {
            "id": view.id,
            "caption": view.caption,
            "box": view.box,
            "drawing": view.drawing,
            "turned": dict(view.turned),
            "outline": view.outline,
            "lines": view.lines,
            "shapes": [
                {"region": place[0], "side": place[1], "d": shape.path.text(), "at": shape.at}
                for shape in view.shapes
                if (place := place_of(base, shape))
            ],
        }
        for view in figure().views.values()
    ]


def muscles_drawn(base: KnowledgeBase) -> dict[str, list[dict[str, Any]]]:
    """
    The muscles of a pack as plain data: on each drawing the border and the fibres of each belly, and where trigger points are commonly charted.

    >>> from mps_rules.api import load
    >>> muscles_drawn(load())["piriformis"][0]["on"], muscles_drawn(load())["piriformis"][0]["deep"]
    ('back', True)
    """
    return {muscle: list(_bellies(muscle)) for muscle in base.vocabulary.muscles if seen_on(muscle)}


def _bellies(muscle: str) -> Iterator[dict[str, Any]]:
    for drawn in seen_on(muscle):
        view, side = next(
            (view, side) for view in figure().views.values() if view.drawing == drawn for side, turned in view.turned.items() if not turned
        )
        charted = sites(muscle, side, view)
        for number, belly in enumerate(bellies(muscle, side, view)):
            yield {
                "on": drawn,
                "deep": belly.deep,
                "border": belly.border.text(),
                "fibres": belly.fibres.text(closed=False),
                "sites": charted.at if charted and not number else (),
            }


def shading(base: KnowledgeBase, facts: Facts) -> list[dict[str, Any]]:
    """
    How each place that was spoken of is shown, as plain data: ``pain`` 1 to 5, ``somewhere`` in a larger part, or ``free``.

    >>> from mps_rules.api import load
    >>> from mps_rules.patient.findings import read_findings
    >>> base = load()
    >>> facts = Facts(terrain_of(base), read_findings({"pain": [{"region": "low_back", "side": "left", "intensity": 7}]}, terrain_of(base)))
    >>> shading(base, facts)
    [{'region': 'low_back', 'side': 'left', 'pain': 4, 'somewhere': False, 'free': False}]
    """
    return [
        {"region": region, "side": side, "pain": max(mark.pain, mark.midline), "somewhere": mark.somewhere, "free": mark.free}
        for (region, side), mark in sorted(marks_of(base, facts).items(), key=lambda one: (one[0][0], one[0][1] or ""))
    ]


def muscle_zones(base: KnowledgeBase, muscle: str, side: str | None) -> dict[str, Any]:
    """
    Where a muscle lies and where it sends pain, as plain data.

    >>> from mps_rules.api import load
    >>> muscle_zones(load(), "gluteus_medius", "left")["zones"][0]
    {'region': 'iliac_crest', 'side': 'left', 'zone': 'essential'}
    """
    source = source_of(base, 0, muscle, side)
    return {
        "lies": [{"region": region, "side": own} for region, own in source.lies],
        "zones": [{"region": region, "side": own, "zone": zone} for (region, own), zone, _ in source.zones],
    }


# --- what is to be shown ----------------------------------------------------------------------------------------------


@attrs.frozen
class Mark:
    """How one place is drawn: ``pain`` 1 to 5, pain ``somewhere`` in a group or on a side not known, pain on the ``midline``, ``free``."""

    pain: int = 0
    somewhere: bool = False
    midline: int = 0
    free: bool = False


@attrs.frozen
class Source:
    """A muscle shown as a possible source: its number in the legend, where it lies, and the zones it sends pain to."""

    number: int
    muscle: str
    side: str | None
    lies: tuple[Place, ...]
    zones: tuple[tuple[Place, str, bool], ...]
    """Place, zone, and whether the zone is on the midline."""


def _shade(intensity: float | None) -> int:
    """
    The shade of a painful region, 1 (faint) to 5.

    >>> [_shade(n) for n in (0, 2, 5, 10, None)]
    [1, 1, 3, 5, 3]
    """
    return 3 if intensity is None else min(5, max(1, math.ceil(intensity / 2)))


def marks_of(base: KnowledgeBase, facts: Facts) -> dict[Place, Mark]:
    """What is marked at each place that was spoken of."""
    marks: dict[Place, Mark] = {place: Mark(free=True) for place in facts.pain_map.free}
    for pain in facts.pain_map.painful:
        for place, mark in _marked(base, pain):
            old = marks.get(place, Mark())
            marks[place] = Mark(max(old.pain, mark.pain), old.somewhere or mark.somewhere, max(old.midline, mark.midline))
    return marks


def _marked(base: KnowledgeBase, pain: Pain) -> Iterator[tuple[Place, Mark]]:
    tree = terrain_of(base).tree
    shade = _shade(pain.intensity)
    for leaf in tree.leaves[pain.region]:
        for side in tree.sides(leaf):
            if leaf != pain.region:
                if side is None or pain.side not in SIDES or pain.side == side:
                    yield (leaf, side), Mark(somewhere=True)
            elif side is None or pain.side in (side, "bilateral"):
                yield (leaf, side), Mark(pain=shade)
            elif pain.side == MIDLINE:
                yield (leaf, side), Mark(midline=shade)
            elif pain.side is None:
                yield (leaf, side), Mark(somewhere=True)


def _zone(base: KnowledgeBase, edge: Referral, side: str | None) -> Iterator[tuple[Place, str, bool]]:
    for own in terrain_of(base).tree.sides(edge.region):
        if own is None or edge.laterality != "ipsilateral" or side is None or own == side:
            yield (edge.region, own), edge.zone, edge.laterality == MIDLINE and own is not None


def source_of(base: KnowledgeBase, number: int, muscle: str, side: str | None) -> Source:
    """Where a muscle lies, and its zones."""
    terrain = terrain_of(base)
    return Source(
        number=number,
        muscle=muscle,
        side=side,
        lies=tuple(
            (place, own) for place in terrain.referral.places(muscle) for own in terrain.tree.sides(place) if own is None or own == side
        ),
        zones=tuple(zone for edge in terrain.referral.edges(muscle) for zone in _zone(base, edge, side)),
    )


def grouped_candidates(assessment: Assessment) -> list[list[MuscleCandidate]]:
    """The first groups of muscles that explain some pain, in the order of the assessment, parts of one state together."""
    grouped: dict[str, list[MuscleCandidate]] = {}
    for muscle in assessment.muscles:
        if muscle.explains and (muscle.group in grouped or len(grouped) < GROUPS_SHOWN):
            parts = grouped.setdefault(muscle.group, [])
            if not parts or muscle.status == parts[0].status:
                parts.append(muscle)
    return list(grouped.values())


def sources_of(base: KnowledgeBase, assessment: Assessment, hurting: Iterable[Pain]) -> list[Source]:
    """The best part of each group shown, on each side on which it hurts."""
    sides = {pain.side for pain in hurting if pain.side in SIDES}
    found = []
    for number, parts in enumerate(grouped_candidates(assessment), 1):
        best = parts[0]
        for part in parts:
            if part.muscle == best.muscle and (part is best or part.side in sides):
                found += [source_of(base, number, part.muscle, side) for side in ((part.side,) if part.side in SIDES else SIDES)]
    return found


def place_name(base: KnowledgeBase, place: Place) -> str:
    """A place in words: region and side."""
    region, side = place
    return base.vocabulary.regions[region].label + (f", {side}" if side else "")


def targets_of(marks: Mapping[Place, Mark], candidate: MuscleCandidate) -> list[Place]:
    """The marked places that a muscle may explain."""
    return [place for place, mark in marks.items() if place[0] in candidate.explains and not mark.free]


def shown_sides(best: MuscleCandidate, number: int, sources: Sequence[Source]) -> str:
    """The sides on which a muscle is shown."""
    if best.side not in SIDES:
        return "side not given"
    shown = {source.side for source in sources if source.number == number}
    return " and ".join(side for side in SIDES if side in shown)
