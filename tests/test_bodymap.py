"""The body map: a picture is data, so what it shows can be counted."""

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import attrs
import pytest

from mps_rules.answer.values import Assessment
from mps_rules.api import evaluate
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.language.reading import read_yaml
from mps_rules.patient.facts import terrain_of
from mps_rules.views import figure as figure_module
from mps_rules.views.bellies import bellies, seen_on, sites
from mps_rules.views.figure import MIDLINE, Curve, Shape, View, figure
from mps_rules.views.pictures import blank_map, body_map, muscle_picture
from mps_rules.views.places import GROUPS_SHOWN, places
from mps_rules.views.posters import FIRST, candidates, poster

SVG = "{http://www.w3.org/2000/svg}"
PATIENTS: Mapping[str, dict[str, Any]] = {
    "nothing known": {},
    "low back": {
        "pain": [{"region": "low_back", "side": "left", "intensity": 6}, {"region": "buttock_mid", "side": "left", "present": False}]
    },
    "arm and hand": {"pain": ["arm_posterior.right", "forearm_radial.right", "thumb.right"]},
    "widespread": {"pain": [f"{r}.{s}" for r in ("neck_posterior", "low_back", "thigh_lateral", "calf", "forearm_dorsal") for s in SIDES]},
    "head, map complete": {"pain": ["temple.left", "jaw.left", "occiput.midline"], "pain_map_complete": True},
    "a limb, side not known": {"pain": ["lower_limb"]},
}
MUSCLES = Path(figure_module.__file__).with_name("muscles.yaml")
OPEN_DRAWINGS = ("pelvis", "perineum")
"""Where only some of what is drawn is a region."""
VIEWS = tuple(figure().views.values())


@pytest.fixture(scope="module", params=PATIENTS)
def assessment(request: pytest.FixtureRequest, kb: KnowledgeBase) -> Assessment:
    return evaluate(PATIENTS[request.param], kb)


OWN = re.compile(r"mps-[0-9a-f]{10}-")
"""What stands before every id of a picture, and in no other."""


def parsed(svg: str) -> ET.Element:
    """The picture, its ids without what only it has."""
    return ET.fromstring(OWN.sub("", svg))  # noqa: S314 - our own picture


def seen_at(path: ET.Element) -> str:
    """In which view a region is drawn, which it is, and on which side."""
    return "-".join(path.get(f"data-{name}") or "" for name in ("view", "region", "side"))


def shapes(view: View) -> dict[tuple[str, str], Shape]:
    return {(shape.region, shape.side): shape for shape in view.shapes}


def area(shape: Shape) -> float:
    return sum(abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(p, (*p[1:], p[0]), strict=True)) / 2) for p in shape.path.polygons)


def text_of(svg: str) -> str:
    return " ".join("".join(element.itertext()) for element in parsed(svg).iter(f"{SVG}text"))


# --- the figure


def test_every_leaf_region_has_a_place_on_each_of_its_sides(kb: KnowledgeBase) -> None:
    assert [place for place, views in places(kb).items() if not views] == []
    assert len({region for region, _ in places(kb)}) == 101


def test_every_muscle_has_a_place_on_both_sides(kb: KnowledgeBase) -> None:
    drawn, referral = places(kb), terrain_of(kb).referral
    assert kb.vocabulary.muscles
    for muscle in (*kb.vocabulary.muscles, *kb.vocabulary.groups):
        for side in SIDES:
            assert any(drawn.get((region, side)) or drawn.get((region, None)) for region in referral.places(muscle)), muscle


def test_nothing_is_drawn_that_the_vocabulary_does_not_know(kb: KnowledgeBase) -> None:
    leaves = {leaf for leaf, _ in places(kb)}
    assert {shape.region for view in VIEWS for shape in view.shapes} <= leaves


def test_a_region_is_seen_where_its_surface_says(kb: KnowledgeBase) -> None:
    where = {"front": {"front", "face", "sole_left", "perineum", "palm_left"}, "back": {"back", "perineum"}, "lateral": {"left"}}
    assert places(kb)
    for (region, side), views in places(kb).items():
        surface = kb.vocabulary.regions[region].surface
        if side != "right" and surface in where:
            assert where[surface] & set(views), region


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.id)
def test_every_region_is_a_closed_path_with_some_area(view: View) -> None:
    assert view.shapes
    for shape in view.shapes:
        assert shape.path.text().endswith("z")
        assert area(shape) > 8, (shape.region, shape.side)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.id)
def test_no_region_covers_the_point_where_another_is_marked(view: View) -> None:
    assert view.shapes
    for one in view.shapes:
        assert one.path.contains(one.at), (one.region, one.side)
        for other in view.shapes:
            assert other is one or not other.path.contains(one.at), (one.region, other.region)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.id)
def test_regions_do_not_overlap_anywhere(view: View) -> None:
    x, y, wide, high = view.box
    for column in range(60):
        for row in range(100):
            point = (x + (column + 0.37) * wide / 60, y + (row + 0.41) * high / 100)
            covering = [shape.region for shape in view.shapes if shape.path.contains(point)]
            assert len(covering) < 2, (point, covering)


def test_the_figure_has_no_holes() -> None:
    """Inside the front outline every point of a grid belongs to a region, but for hairlines between curves."""
    source = Path(figure_module.__file__).with_name("body.yaml")
    drawings = read_yaml(source.read_text(encoding="utf-8"), "body.yaml").data["drawings"]
    for name in ("front", "back"):
        outline, view = Curve.read(drawings[name]["outline"]).whole(), figure().views[name]
        inside = [(x + 0.3, y + 0.4) for x in range(-182, 182, 5) for y in range(0, 770, 5) if outline.contains((x + 0.3, y + 0.4))]
        bare = [point for point in inside if not any(shape.path.contains(point) for shape in view.shapes)]
        assert len(inside) > 3000
        assert len(bare) < len(inside) / 200


def test_left_and_right_are_mirror_images() -> None:
    def mirrored(one: View, other: View) -> None:
        there = shapes(other)
        for (region, side), shape in shapes(one).items():
            opposite = there[region, {"left": "right", "right": "left"}.get(side, MIDLINE)]
            if side in SIDES:
                assert shape.path.mirrored() == opposite.path
                assert (-shape.at[0], shape.at[1]) == opposite.at
            else:
                assert shape.at[0] == 0

    views = figure().views
    for name in ("front", "back", "face", "perineum", "pelvis"):
        mirrored(views[name], views[name])
    mirrored(views["left"], views["right"])
    for name in ("palm", "hand", "foot", "sole", "inner"):
        mirrored(views[f"{name}_left"], views[f"{name}_right"])


def test_the_patients_left_is_on_the_right_from_the_front_and_on_the_left_from_behind() -> None:
    assert figure().views["front"].by_place["thumb", "left"].at[0] > 100
    assert figure().views["back"].by_place["thumb", "left"].at[0] < -100
    assert {shape.side for shape in figure().views["left"].shapes} == {"left"}
    nose, occiput = (figure().views["left"].by_place[region, "left"].at[0] for region in ("nose", "occiput"))
    assert nose < occiput


def test_neighbours_in_the_vocabulary_touch_on_the_drawing(kb: KnowledgeBase) -> None:
    """Shared borders are the same curves: most neighbours have points in common in some view."""
    points = [
        {(shape.region, shape.side): {point for sub in shape.path.subpaths for step in sub for point in step} for shape in view.shapes}
        for view in VIEWS
    ]
    pairs = [(r.id, n) for r in kb.vocabulary.regions.values() for n in r.adjacent if r.id < n]
    touching = [
        (one, other)
        for one, other in pairs
        if any(a[0] == one and b[0] == other and view[a] & view[b] for view in points for a in view for b in view)
    ]
    assert len(touching) / len(pairs) > 0.8


# --- the picture of one patient


def test_a_body_map_is_well_formed_and_small(assessment: Assessment, kb: KnowledgeBase) -> None:
    svg = body_map(assessment, kb)
    root = parsed(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert len(svg.encode()) < 250_000


def test_ids_are_unique_and_every_region_names_itself(assessment: Assessment, kb: KnowledgeBase) -> None:
    root = parsed(body_map(assessment, kb))
    ids = [id_ for element in root.iter() if (id_ := element.get("id"))]
    assert len(ids) == len(set(ids))
    regions = [element for element in root.iter(f"{SVG}path") if element.get("data-region")]
    assert len(regions) == sum(len(view.shapes) for view in VIEWS)
    for path in regions:
        region = path.get("data-region")
        assert path.get("data-side") in (*SIDES, "midline")
        assert path.get("data-view") in figure().views
        title = path.find(f"{SVG}title")
        assert title is not None
        assert (title.text or "").startswith(kb.vocabulary.regions[region or ""].label)


def test_no_two_pictures_share_an_id_and_each_refers_to_its_own(kb: KnowledgeBase) -> None:
    pictures = [
        blank_map(kb),
        *(body_map(evaluate(findings, kb), kb) for findings in PATIENTS.values()),
        muscle_picture(kb, "piriformis"),
        muscle_picture(kb, "gluteus_medius"),
    ]
    ids = [set(re.findall(r'\sid="([^"]+)"', picture)) for picture in pictures]
    for own, picture in zip(ids, pictures, strict=True):
        assert {OWN.match(one) is not None for one in own} == {True}
        assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= own
        assert set((ET.fromstring(picture).get("aria-labelledby") or "").split()) <= own  # noqa: S314 - our own picture
    for one, other in combinations(ids, 2):
        assert not one & other


def test_the_same_assessment_gives_the_same_bytes(assessment: Assessment, kb: KnowledgeBase) -> None:
    assert body_map(assessment, kb) == body_map(Assessment.from_dict(assessment.to_dict()), kb)


def test_painful_regions_and_the_muscles_shown_are_named_in_the_description(kb: KnowledgeBase) -> None:
    a = evaluate(PATIENTS["low back"], kb)
    desc = parsed(body_map(a, kb)).findtext(f"{SVG}desc") or ""
    assert "low back (lumbar) (left, 6 of 10)" in desc
    assert a.muscles[0].label in desc
    assert "buttock" not in desc.split("Muscles shown")[0]


def test_the_legend_names_at_most_three_groups(assessment: Assessment, kb: KnowledgeBase) -> None:
    numbers = re.findall(r">(\d)  ", body_map(assessment, kb))
    assert numbers == sorted(numbers)
    assert len(set(numbers)) <= GROUPS_SHOWN


def test_stronger_pain_is_shaded_deeper(kb: KnowledgeBase) -> None:
    def fill(intensity: int) -> str | None:
        a = evaluate({"pain": [{"region": "calf", "side": "left", "intensity": intensity}]}, kb)
        root = parsed(body_map(a, kb))
        return next(p.get("fill") for p in root.iter(f"{SVG}path") if seen_at(p) == "back-calf-left")

    shades = [fill(n) for n in (1, 3, 5, 7, 9)]
    assert len(set(shades)) == 5
    light = [sum(int((shade or "")[i : i + 2], 16) for i in (1, 3, 5)) for shade in shades]
    assert light == sorted(light, reverse=True)


def test_pain_in_a_group_on_an_unknown_side_is_striped_on_both_and_said(kb: KnowledgeBase) -> None:
    svg = body_map(evaluate({"pain": ["lower_limb"]}, kb), kb)
    root = parsed(svg)
    striped = {seen_at(p) for p in root.iter(f"{SVG}path") if p.get("fill") == "url(#some)" and p.get("data-region")}
    assert {"back-calf-left", "back-calf-right", "front-thigh_anterior-left"} <= striped
    assert "? Side not given" in text_of(svg)


def test_pain_on_one_side_leaves_the_other_side_alone(kb: KnowledgeBase) -> None:
    root = parsed(body_map(evaluate({"pain": ["calf.left"]}, kb), kb))
    said = {seen_at(p): p.findtext(f"{SVG}title") for p in root.iter(f"{SVG}path") if p.get("data-region") == "calf"}
    assert said["back-calf-left"] == "Calf, left: pain"
    assert said["back-calf-right"] == "Calf, right"


def test_a_place_known_to_be_free_is_marked_as_such(kb: KnowledgeBase) -> None:
    root = parsed(body_map(evaluate(PATIENTS["low back"], kb), kb))
    free = next(p for p in root.iter(f"{SVG}path") if seen_at(p) == "back-buttock_mid-left")
    assert free.findtext(f"{SVG}title") == "Mid buttock, left: free of pain"


def test_remote_muscles_have_a_cross_and_an_arrow(kb: KnowledgeBase) -> None:
    svg = body_map(evaluate(PATIENTS["arm and hand"], kb), kb)
    assert svg.count('class="mps-cross"') >= 2
    assert svg.count("marker-end=") >= 2


def test_hostile_text_is_escaped(kb: KnowledgeBase) -> None:
    evil = '"><script>alert(1)</script>&'
    a = evaluate(PATIENTS["low back"], kb)
    muscles = tuple(attrs.evolve(m, label=evil, side=evil if i else m.side) for i, m in enumerate(a.muscles))
    a = attrs.evolve(a, muscles=muscles, knowledge=attrs.evolve(a.knowledge, id=evil, status=evil, digest=evil))
    regions = {id_: attrs.evolve(region, label=evil) for id_, region in kb.vocabulary.regions.items()}
    base = attrs.evolve(kb, vocabulary=attrs.evolve(kb.vocabulary, regions=regions), digest="hostile")
    for svg in (body_map(a, base), blank_map(base), muscle_picture(base, "soleus")):
        assert "<script" not in svg
        parsed(svg)


def test_light_dark_and_plain_renderers_are_served(kb: KnowledgeBase) -> None:
    svg = blank_map(kb)
    assert "prefers-color-scheme:dark" in svg
    assert "@supports" in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_a_small_pack_with_other_regions_is_drawn_too(small: KnowledgeBase) -> None:
    svg = body_map(evaluate({"pain": ["calf.left", "ribs"]}, small), small)
    parsed(svg)
    assert 'data-view="back" data-region="calf" data-side="left"' in svg
    assert "Not on the drawing: ribs" in text_of(svg)


# --- the picture of one muscle


def test_every_muscle_has_a_picture_with_its_belly_zones_and_sources(kb: KnowledgeBase) -> None:
    assert kb.vocabulary.muscles
    for muscle in kb.vocabulary.muscles:
        svg = muscle_picture(kb, muscle, "right")
        root = parsed(svg)
        assert 'class="mps-belly' in svg, muscle
        assert len(svg.encode()) < 60_000, muscle
        assert svg == muscle_picture(kb, muscle, "right")
        assert kb.vocabulary.muscles[muscle].label in (root.findtext(f"{SVG}title") or "")
        assert "Sources: " in text_of(svg)
        edges = terrain_of(kb).referral.edges(muscle)
        drawn = {p.get("data-region") for p in root.iter(f"{SVG}path") if p.get("data-region")}
        assert {edge.region for edge in edges} <= drawn, muscle


def test_pictures_of_the_two_sides_differ_and_ids_stay_unique(kb: KnowledgeBase) -> None:
    left, right = muscle_picture(kb, "gluteus_medius"), muscle_picture(kb, "gluteus_medius", "right")
    assert left != right
    for svg in (left, right, blank_map(kb)):
        ids = [id_ for element in parsed(svg).iter() if (id_ := element.get("id"))]
        assert not [a for a, b in combinations(sorted(ids), 2) if a == b]


# --- the muscles on the figure


def test_every_muscle_of_the_rules_is_drawn_and_no_other(kb: KnowledgeBase) -> None:
    drawn = read_yaml(MUSCLES.read_text(encoding="utf-8"), MUSCLES.name).data

    assert set(drawn["muscles"]) == set(kb.vocabulary.muscles)
    assert set(drawn["sites"]) <= set(kb.vocabulary.muscles)
    assert {row["source"] for row in drawn["sites"].values()} == set(drawn["sources"])


@pytest.mark.parametrize("side", SIDES)
def test_a_muscle_lies_within_the_figure_of_its_view(kb: KnowledgeBase, side: str) -> None:
    outside: list[tuple[str, str]] = []
    for muscle in kb.vocabulary.muscles:
        shown = {view.id: found for view in VIEWS if (found := bellies(muscle, side, view))}
        assert shown, muscle
        for name, found in shown.items():
            if name in OPEN_DRAWINGS:
                continue
            covers = [shape.path for shape in figure().views[name].shapes]
            points = [point for belly in found for polygon in belly.border.polygons for point in polygon]
            bare = [point for point in points if not any(path.contains(point) for path in covers)]
            outside += [(muscle, name)] * (len(bare) > len(points) * 0.3)

    assert outside == []


def test_a_muscle_lies_on_its_own_side(kb: KnowledgeBase) -> None:
    drawn = [
        (muscle, name, belly.middle[0] * sign)
        for muscle in kb.vocabulary.muscles
        for name, sign in (("front", 1), ("back", -1))
        for belly in bellies(muscle, "left", figure().views[name])
    ]

    assert drawn
    assert [] == [(muscle, name) for muscle, name, outwards in drawn if outwards <= 0]
    assert [] == [(muscle, name) for muscle, name, _ in drawn if not bellies(muscle, "right", figure().views[name])]


def test_most_muscles_are_drawn_in_or_beside_the_regions_where_they_lie(kb: KnowledgeBase) -> None:
    """A muscle named for a region touches it, or a neighbour of it, in some view."""
    referral, words = terrain_of(kb).referral, kb.vocabulary
    astray = []
    for muscle in words.muscles:
        near = {r for place in referral.places(muscle) for r in (place, *words.regions[place].adjacent)}
        touched = {
            shape.region
            for view in VIEWS
            for belly in bellies(muscle, "left", view)
            for shape in view.shapes
            if any(shape.path.contains(point) for polygon in (*belly.fibres.polygons, (belly.middle,)) for point in polygon)
        }
        astray += [] if near & touched else [muscle]

    assert astray == []


def test_a_trigger_point_site_lies_in_its_muscle_and_says_whose_it_is(kb: KnowledgeBase) -> None:
    charted = [
        (muscle, side, view, found)
        for muscle in kb.vocabulary.muscles
        for side in SIDES
        for view in VIEWS
        if (found := sites(muscle, side, view))
    ]
    assert {"trapezius_upper", "infraspinatus", "supraspinatus"} <= {muscle for muscle, *_ in charted}
    for muscle, side, view, found in charted:
        assert found.told
        assert found.source
        for point in found.at:
            assert any(belly.border.contains(point) for belly in bellies(muscle, side, view)), (muscle, point)


def test_a_site_is_marked_with_its_source_and_where_there_is_none_no_cross_is_drawn(kb: KnowledgeBase) -> None:
    upper, middle = muscle_picture(kb, "trapezius_upper"), muscle_picture(kb, "trapezius_middle")

    assert upper.count('class="mps-cross"') == 2
    assert "as commonly charted" in text_of(upper)
    assert "Barbero" in text_of(upper)
    assert 'class="mps-cross"' not in middle


def test_what_lies_deep_is_drawn_with_a_broken_border(kb: KnowledgeBase) -> None:
    assert "stroke-dasharray" in muscle_picture(kb, "piriformis")
    assert "it lies deep" in text_of(muscle_picture(kb, "piriformis"))
    assert "stroke-dasharray" not in muscle_picture(kb, "gluteus_maximus")


def test_every_view_of_a_picture_says_which_side_is_which(kb: KnowledgeBase) -> None:
    letters = sorted(
        (float(element.get("x") or 0), element.text)
        for element in parsed(muscle_picture(kb, "infraspinatus")).iter(f"{SVG}text")
        if element.text in {"R", "L"}
    )

    assert [letter for _, letter in letters] == ["R", "L", "L", "R"]


def test_a_muscle_that_the_figure_does_not_know_has_a_cross_where_it_lies(small: KnowledgeBase) -> None:
    unknown = next(muscle for muscle in small.vocabulary.muscles if not seen_on(muscle))

    assert 'class="mps-belly' not in muscle_picture(small, unknown)
    assert "where the muscle lies" in text_of(muscle_picture(small, unknown))


def test_a_group_is_drawn_with_all_its_parts(kb: KnowledgeBase) -> None:
    whole, back = muscle_picture(kb, "hamstrings"), figure().views["back"]

    for part in ("biceps_femoris", "semitendinosus", "semimembranosus"):
        assert [belly.border.text() in whole for belly in bellies(part, "left", back)] == [True]


# --- many muscles on one sheet


def test_a_poster_shows_every_muscle_that_sends_pain_to_the_place_and_no_other(kb: KnowledgeBase) -> None:
    sheet = poster(kb, "low_back")
    desc = parsed(sheet).findtext(f"{SVG}desc") or ""
    referral = terrain_of(kb).referral

    senders = [muscle for muscle in kb.vocabulary.muscles if any(edge.region == "low_back" for edge in referral.edges(muscle))]
    others = [muscle for muscle in kb.vocabulary.muscles if muscle not in senders]
    drawn = {muscle for muscle in kb.vocabulary.muscles if kb.vocabulary.muscle_label(muscle) in text_of(sheet)}
    assert all(kb.vocabulary.muscle_label(muscle) in desc for muscle in senders)
    assert not {muscle for muscle in others if f" {kb.vocabulary.muscle_label(muscle)}," in desc}
    assert len(drawn) >= len(senders) / 2
    assert sheet == poster(kb, "low_back")


def test_a_poster_of_a_part_of_the_body_gathers_its_places(kb: KnowledgeBase) -> None:
    leaf, part = (parsed(poster(kb, region)).findtext(f"{SVG}desc") or "" for region in ("thumb", "upper_limb"))

    assert "Scalene, anterior" in leaf
    assert len(part) > len(leaf)


def test_the_first_candidates_stand_side_by_side_each_small(assessment: Assessment, kb: KnowledgeBase) -> None:
    sheet = candidates(assessment, kb)
    first = list(dict.fromkeys(one.muscle for one in assessment.muscles if one.explains))[:FIRST]

    told = parsed(sheet).findtext(f"{SVG}desc") or ""
    assert [muscle for muscle in first if kb.vocabulary.muscle_label(muscle) not in told] == []
    assert ("No muscle" in text_of(sheet)) == (not first)
    assert len(sheet.encode()) < 100_000
