"""Where pain may come from: which muscles refer to it, on which side, and how surely."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mps_rules.knowledge.pack import KnowledgeBase, Referral
from mps_rules.knowledge.referral import UNRELATED, ReferralMap, Relation
from mps_rules.knowledge.regions import Place
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.language.conditions import Truth
from mps_rules.patient.facts import Facts, Terrain, terrain_of
from mps_rules.patient.painmap import PainMap
from mps_rules.patient.values import Pain
from strategies import BODIES, PLACES, lies_within, pain_maps, possible_bodies, true_entries

FactsOf = Callable[[Mapping[str, Any]], Facts]
MIRROR = {"left": "right", "right": "left"}


@pytest.fixture(scope="module")
def tiny(small: KnowledgeBase) -> Terrain:
    return terrain_of(small)


Relate = Callable[[str, str | None, Iterable[Pain], bool], Relation]
EdgesOf = Callable[[str], tuple[Referral, ...]]


@pytest.fixture(scope="module")
def relate(tiny: Terrain) -> Relate:
    def relation(muscle: str, side: str | None, entries: Iterable[Pain], complete: bool) -> Relation:  # noqa: FBT001 - as PainMap
        return tiny.referral.explain(muscle, side, PainMap(tiny.tree, tuple(entries), complete))

    return relation


@pytest.fixture(scope="module")
def edges_of(tiny: Terrain) -> EdgesOf:
    def edges(muscle: str) -> tuple[Referral, ...]:
        return tiny.referral.edges(muscle)

    return edges


def _relation(terrain: Terrain, muscle: str, *entries: str, complete: bool = False) -> Relation:
    """How ``muscle.side`` stands to pain in each ``region.side``; ``not`` stands before what is free of pain."""
    made = []
    for entry in entries:
        region, _, side = entry.removeprefix("not ").partition(".")
        made.append(Pain(region, side or None, not entry.startswith("not ")))
    id_, _, side = muscle.partition(".")
    return terrain.referral.explain(id_, side or None, PainMap(terrain.tree, tuple(made), complete))


# --- which side -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("muscle", "pain", "expected"),
    [
        ("alpha.left", "low_back.left", True),
        ("alpha.left", "low_back.right", None),
        ("alpha.left", "low_back.midline", True),
        ("alpha.left", "low_back", True),
        ("alpha", "low_back.left", True),
        ("alpha.left", "calf.left", True),
        ("alpha.right", "calf.left", None),
        ("alpha.left", "sacrum", True),
        ("alpha.right", "sacrum", True),
        ("alpha.left", "foot.left", None),
        ("beta_long.left", "low_back.right", None),
        ("beta_long.right", "low_back.right", True),
        ("beta_long.left", "low_back.midline", True),
        ("gamma.left", "ribs.right", True),
        ("gamma.left", "sternum", True),
        ("beta.left", "calf.left", True),
        ("beta.left", "low_back.right", None),
        ("beta.right", "calf.left", None),
    ],
)
def test_an_edge_reaches_its_own_side_the_midline_and_regions_without_sides(tiny: Terrain, muscle: str, pain: str, expected: Truth) -> None:
    assert expected is _relation(tiny, muscle, pain).refers_to_pain


@pytest.mark.parametrize(
    ("muscle", "pain", "expected"),
    [
        ("alpha.left", "low_back.left", [False]),
        ("alpha.left", "low_back", [True]),
        ("alpha", "low_back.left", [True]),
        ("alpha", "low_back", [True]),
        ("alpha.left", "low_back.midline", [False]),
        ("alpha.left", "sacrum", [False]),
        ("alpha", "sacrum", [False]),
        ("beta_long", "low_back", [True]),
        ("gamma", "ribs", [False]),
        ("beta_deep.left", "leg", [True, True]),
        ("beta_deep.left", "leg.left", [False, False]),
    ],
)
def test_a_side_is_marked_assumed_only_where_one_was_needed_and_not_given(
    tiny: Terrain, muscle: str, pain: str, expected: list[bool]
) -> None:
    assert expected == [match.side_assumed for match in _relation(tiny, muscle, pain).matches]


# --- pain in a group --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("muscle", "pain", "expected"),
    [
        ("beta_deep.left", "leg.left", True),
        ("beta_long.left", "leg.left", None),
        ("beta.left", "leg.left", True),
        ("alpha.left", "leg.left", None),
        ("alpha.left", "back", True),
        ("gamma.left", "chest.right", True),
        ("gamma.left", "body", None),
        ("beta_deep.right", "leg.left", None),
    ],
)
def test_pain_somewhere_in_a_group_is_claimed_only_by_a_muscle_that_refers_to_all_of_it(
    tiny: Terrain, muscle: str, pain: str, expected: Truth
) -> None:
    assert expected is _relation(tiny, muscle, pain).refers_to_pain


def test_pain_in_a_group_is_matched_by_every_edge_into_it(tiny: Terrain) -> None:
    matches = _relation(tiny, "beta_deep.left", "leg.left").matches
    expected = {"calf", "foot"}

    assert expected == {match.edge.region for match in matches}
    assert {Pain("leg", "left")} == {match.pain for match in matches}


def test_a_muscle_that_reaches_part_of_a_painful_group_is_possible_and_no_more(tiny: Terrain) -> None:
    relation = _relation(tiny, "beta_long.left", "leg.left")
    expected = ["foot"]

    assert expected == [match.edge.region for match in relation.possible]
    assert relation.matches == ()
    assert relation.explains_all is False


# --- no pain ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("muscle", "entries", "expected"),
    [
        ("beta_deep.left", ["not calf.left", "not foot.left"], False),
        ("beta_deep.left", ["not leg.left"], False),
        ("beta_deep.left", ["not calf.left"], None),
        ("beta_deep.left", ["not leg.right"], None),
        ("beta_deep", ["not leg.left"], None),
        ("beta_deep", ["not leg"], False),
        ("beta_deep.left", ["not leg.left", "low_back.left"], False),
        ("alpha.left", ["not low_back.left", "not calf.left", "not sacrum"], False),
        ("alpha.left", ["not low_back.left", "not calf.left"], None),
        ("beta_long.left", ["not foot.left", "not low_back.left"], False),
        ("beta_long.left", ["not foot.left", "not low_back.right"], None),
        ("beta_long.left", ["not foot.left", "not low_back"], False),
        ("gamma.left", ["not sternum", "not ribs.left"], None),
        ("gamma.left", ["not chest"], False),
        ("beta.left", ["not leg.left"], None),
        ("beta.left", ["not leg.left", "not low_back"], False),
        ("alpha.left", ["not low_back", "not sacrum", "calf.left"], True),
    ],
)
def test_a_muscle_does_not_refer_to_the_pain_only_when_all_its_zones_are_free(
    tiny: Terrain, muscle: str, entries: list[str], expected: Truth
) -> None:
    assert expected is _relation(tiny, muscle, *entries).refers_to_pain


def test_a_complete_map_decides_every_muscle(tiny: Terrain) -> None:
    verdicts = {
        f"{muscle}.{side}": _relation(tiny, f"{muscle}.{side}", "calf.left", complete=True).refers_to_pain
        for muscle in tiny.vocabulary.muscles
        for side in SIDES
    }
    expected = {"alpha.left", "beta_deep.left"}

    assert expected == {muscle for muscle, verdict in verdicts.items() if verdict}
    assert None not in verdicts.values()


def test_a_muscle_far_from_the_listed_pain_is_unrelated(tiny: Terrain) -> None:
    assert _relation(tiny, "gamma.left", "calf.left") == UNRELATED
    assert _relation(tiny, "gamma.left") == UNRELATED


# --- near and far -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("muscle", "pain", "lies", "remote"),
    [
        ("alpha.left", "low_back.left", True, False),
        ("alpha.left", "low_back.right", False, False),
        ("alpha.left", "low_back.midline", True, False),
        ("alpha.left", "low_back", True, False),
        ("alpha", "low_back.right", True, False),
        ("alpha.left", "back", True, False),
        ("alpha.left", "calf.left", False, True),
        ("alpha.left", "sacrum", False, True),
        ("beta_deep.left", "calf.left", False, True),
        ("beta_deep.left", "leg.left", True, False),
        ("beta_deep.left", "leg.right", False, False),
        ("beta_long.left", "low_back.left", False, True),
        ("beta.left", "calf.left", True, False),
    ],
)
def test_a_muscle_is_remote_when_it_refers_to_the_pain_but_lies_elsewhere(
    tiny: Terrain,
    muscle: str,
    pain: str,
    lies: Truth,
    remote: Truth,
) -> None:
    relation = _relation(tiny, muscle, pain)

    assert lies is relation.lies_in_pain
    assert remote is relation.remote_from_pain


def test_one_muscle_explains_all_only_if_every_listed_pain_is_matched(tiny: Terrain) -> None:
    assert _relation(tiny, "alpha.left", "low_back.left", "calf.left").explains_all is True
    assert _relation(tiny, "alpha.left", "low_back.left", "foot.left").explains_all is False
    assert _relation(tiny, "alpha.left", "low_back.left", "not foot.left").explains_all is True
    assert _relation(tiny, "alpha.left").explains_all is False


def test_gluteus_medius_is_remote_from_the_low_back_it_refers_to(facts_of: FactsOf) -> None:
    facts = facts_of({"pain": ["low_back.left"]})
    relation = facts.relation("gluteus_medius", "left")

    assert relation.refers_to_pain is True
    assert relation.lies_in_pain is False
    assert relation.remote_from_pain is True
    assert facts.view("gluteus_medius.left").present("remote_from_pain") is True
    assert facts.view("gluteus_medius.right").present("remote_from_pain") is False
    assert facts.view("quadratus_lumborum_deep.left").present("remote_from_pain") is False


def test_the_other_side_of_gluteus_medius_is_neither_claimed_nor_cleared(facts_of: FactsOf) -> None:
    right = facts_of({"pain": ["low_back.left"]}).relation("gluteus_medius", "right")
    on_a_complete_map = facts_of({"pain": ["low_back.left"], "pain_map_complete": True}).relation("gluteus_medius", "right")

    assert right.refers_to_pain is None
    assert on_a_complete_map.refers_to_pain is False


# --- groups of muscles ------------------------------------------------------------------------------------------------


def test_a_group_has_the_edges_of_all_its_parts(terrain: Terrain) -> None:
    referral = terrain.referral
    assert terrain.vocabulary.groups
    for group, parts in terrain.vocabulary.groups.items():
        if group not in terrain.vocabulary.muscles:
            assert [edge for part in parts for edge in referral.edges(part)] == list(referral.edges(group))
            assert {place for part in parts for place in referral.places(part)} == set(referral.places(group))


def test_a_muscle_that_shares_the_name_of_its_group_keeps_its_own_edges(terrain: Terrain) -> None:
    named = [id_ for id_ in terrain.vocabulary.groups if id_ in terrain.vocabulary.muscles]

    assert named
    for muscle in named:
        assert {muscle} == {edge.muscle for edge in terrain.referral.edges(muscle)}


# --- the graph --------------------------------------------------------------------------------------------------------


def test_every_edge_of_the_packaged_map_ends_in_a_leaf(terrain: Terrain) -> None:
    inner = [(edge.muscle, edge.region) for edge in terrain.referral.referrals if terrain.tree.parts[edge.region]]
    inner += [(muscle.id, place) for muscle in terrain.vocabulary.muscles.values() for place in muscle.lies_in if terrain.tree.parts[place]]
    expected: list[tuple[str, str]] = []

    assert expected == inner


def test_what_an_assessment_reads_is_what_the_graph_holds(terrain: Terrain) -> None:
    referral = terrain.referral
    for muscle in terrain.vocabulary.muscles:
        edges = referral.graph.out_edges(("muscle", muscle), keys=True, data=True)
        assert list(referral.edges(muscle)) == [data["referral"] for *_, key, data in edges if key == "refers_to"], muscle

    lengths = dict(nx.all_pairs_shortest_path_length(referral._neighbours))
    assert len(lengths) > 100
    assert referral._steps == lengths


def test_an_assessment_needs_no_networkx() -> None:
    asked = "import sys, mps_rules as m; m.evaluate({'pain': ['low_back.left']}).to_json(); print('networkx' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_the_graph_cannot_be_changed(tiny: Terrain) -> None:
    with pytest.raises(nx.NetworkXError, match="Frozen"):
        tiny.referral.graph.add_node(("region", "one more"))


def test_the_graph_holds_every_kind_of_edge(tiny: Terrain) -> None:
    found: dict[str, int] = {}
    for _, _, kind in tiny.referral.graph.edges(keys=True):
        found[kind] = found.get(kind, 0) + 1
    expected = {"refers_to": 9, "lies_in": 5, "part_of": 9 + 4, "adjacent_to": 6}

    assert expected == found


def test_muscles_that_refer_to_a_region_are_found_from_the_region(tiny: Terrain) -> None:
    referral = tiny.referral
    expected = {"low_back": ["alpha", "beta_long"], "leg": ["alpha", "beta_deep", "beta_long"], "sternum": ["gamma"]}

    assert expected == {region: list(dict.fromkeys(muscle for muscle, _ in referral.muscles_referring_to(region))) for region in expected}


def test_a_muscle_refers_to_its_own_side_unless_its_pattern_crosses(tiny: Terrain) -> None:
    referral = tiny.referral

    assert referral.muscles_referring_to("calf", "left") == (("alpha", "left"), ("beta_deep", "left"))
    assert referral.muscles_referring_to("low_back", "left") == (("alpha", "left"), ("beta_long", "left"))
    assert referral.muscles_referring_to("sternum") == (("gamma", "left"), ("gamma", "right"))


def test_the_zones_of_a_muscle_are_listed_main_ones_first(tiny: Terrain) -> None:
    expected = (("low_back", "left", "essential"), ("calf", "left", "spillover"), ("sacrum", None, "spillover"))

    assert expected == tiny.referral.regions_of("alpha", "left")


def test_the_ways_from_a_muscle_to_a_region_lead_over_neighbours(tiny: Terrain) -> None:
    referral = tiny.referral

    assert referral.paths("alpha", "low_back") == (("low_back",),)
    assert referral.paths("alpha", "sacrum") == (("low_back", "sacrum"),)
    assert referral.paths("beta_deep", "leg") == (("foot",),)
    assert referral.paths("alpha", "foot") == ()


def test_from_the_region_and_from_the_muscle_the_edges_are_the_same(terrain: Terrain) -> None:
    referral = terrain.referral
    found = {(muscle, leaf) for leaf in terrain.tree.leaves["body"] for muscle, _ in referral.muscles_referring_to(leaf)}

    assert {(edge.muscle, edge.region) for edge in referral.referrals} == found


@pytest.mark.parametrize(
    ("muscle", "region", "expected"),
    [
        ("alpha", "low_back", 0),
        ("alpha", "sacrum", 1),
        ("alpha", "calf", None),
        ("beta_deep", "calf", 1),
        ("beta_long", "calf", 0),
        ("beta", "leg", 0),
        ("gamma", "chest", 0),
    ],
)
def test_steps_count_neighbours_between_a_muscle_and_a_region(tiny: Terrain, muscle: str, region: str, expected: int | None) -> None:
    assert expected == tiny.referral.steps(muscle, region)


def _in_order(text: str, *pieces: str) -> bool:
    places = [text.find(piece) for piece in pieces]
    return -1 not in places and places == sorted(places)


def test_a_path_says_where_it_hurts_and_where_the_muscle_lies(facts_of: FactsOf) -> None:
    facts = facts_of({"pain": ["low_back.left"]})
    (match,) = facts.relation("gluteus_medius", "left").matches
    text = facts.terrain.referral.path("gluteus_medius", match)

    assert _in_order(text, "low back", "gluteus medius", "lies in", "upper buttock", "iliac crest")


def test_a_path_of_a_group_names_all_its_places(tiny: Terrain) -> None:
    match = _relation(tiny, "beta.left", "calf.left").matches[0]

    _, _, places = tiny.referral.path("beta", match).partition("lies in")
    expected = {"foot", "calf"}

    assert expected == {place for place in ("foot", "calf", "back", "ribs") if place in places}


# --- laws -------------------------------------------------------------------------------------------------------------

MUSCLES = st.tuples(st.sampled_from(("alpha", "beta_deep", "beta_long", "gamma", "beta")), st.sampled_from((None, "left", "right")))
Drawn = tuple[tuple[Pain, ...], bool]
Muscle = tuple[str, str | None]


@given(pain_maps(), MUSCLES)
def test_a_mirrored_patient_has_mirrored_muscles(relate: Relate, drawn: Drawn, muscle: Muscle) -> None:
    (entries, complete), (id_, side) = drawn, muscle

    def mirrored(pain: Pain) -> Pain:
        return attrs.evolve(pain, side=MIRROR.get(pain.side or "", pain.side))

    there = relate(id_, side, entries, complete)
    back = relate(id_, MIRROR.get(side or "", side), [mirrored(entry) for entry in entries], complete)
    expected = attrs.evolve(
        there,
        matches=tuple(attrs.evolve(match, pain=mirrored(match.pain)) for match in there.matches),
        possible=tuple(attrs.evolve(match, pain=mirrored(match.pain)) for match in there.possible),
    )

    assert expected == back


@given(pain_maps(), st.sampled_from(("alpha", "beta_deep", "beta_long", "gamma", "beta")))
def test_a_muscle_of_unknown_side_is_related_as_either_side_would_be(relate: Relate, drawn: Drawn, muscle: str) -> None:
    either = relate(muscle, None, *drawn)
    sided = [relate(muscle, side, *drawn) for side in SIDES]

    assert {(match.pain, match.edge.region) for match in either.matches} >= {
        (match.pain, match.edge.region) for relation in sided for match in relation.matches
    }
    assert (either.refers_to_pain is False) is all(relation.refers_to_pain is False for relation in sided)
    assert either.lies_in_pain is any(relation.lies_in_pain for relation in sided)


@given(pain_maps(), MUSCLES)
def test_a_muscle_refers_to_pain_exactly_when_it_matches_some(relate: Relate, drawn: Drawn, muscle: Muscle) -> None:
    relation = relate(*muscle, *drawn)

    assert bool(relation.matches) is (relation.refers_to_pain is True)
    assert not (relation.explains_all and relation.refers_to_pain is not True)


@given(pain_maps(), MUSCLES)
def test_a_zone_is_claimed_or_cleared_only_if_it_hurts_or_is_free_in_everything_that_might_be_so(
    relate: Relate, edges_of: EdgesOf, drawn: Drawn, muscle: Muscle
) -> None:
    (entries, complete), (id_, side) = drawn, muscle
    relation = relate(id_, side, entries, complete)
    zones = {
        place
        for edge in edges_of(id_)
        for place in PLACES
        if lies_within(place, edge.region, side if edge.laterality == "ipsilateral" else None)
    }
    possible = {not zones.isdisjoint(body) for body in possible_bodies(entries, complete=complete)}
    assumed = {match.pain for match in relation.matches if match.side_assumed}

    assert {match.pain for match in relation.matches} <= assumed or possible == {True}
    assert relation.refers_to_pain is not False or possible == {False}
    assert relation.refers_to_pain is not True or True in possible


@given(BODIES, MUSCLES, st.data())
def test_more_pain_never_clears_a_muscle_and_more_freedom_never_accuses_one(
    relate: Relate, body: frozenset[Place], muscle: Muscle, data: st.DataObject
) -> None:
    said, more = data.draw(true_entries(body)), data.draw(true_entries(body))
    before = relate(*muscle, said, False).refers_to_pain
    after = relate(*muscle, (*said, *more), False).refers_to_pain

    assert before is None or before is after


def test_every_packaged_muscle_refers_to_pain_in_each_of_its_zones(terrain: Terrain) -> None:
    referral: ReferralMap = terrain.referral
    assert referral.referrals
    for edge in referral.referrals:
        for side in terrain.tree.sides(edge.region):
            relation = referral.explain(edge.muscle, side, PainMap(terrain.tree, (Pain(edge.region, side),), complete=True))

            assert relation.refers_to_pain is True
            assert relation.explains_all is True
            assert edge in [match.edge for match in relation.matches]
