"""Where it hurts: three-valued in every region and side, and never more than was said."""

from collections.abc import Callable, Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.regions import ANY_SIDE, Place, RegionTree, atlas_of
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.language.conditions import WHOLE, Truth
from mps_rules.patient.facts import Facts, Terrain, terrain_of
from mps_rules.patient.painmap import Hurting, PainMap
from mps_rules.patient.values import Finding, Findings, Pain
from random_packs import seeded
from strategies import BODIES, LEAVES, PLACES, REGIONS, WITHIN, lies_within, pain_maps, possible_bodies, true_entries


@pytest.fixture(scope="module")
def tree(small: KnowledgeBase) -> RegionTree:
    return terrain_of(small).tree


MapOf = Callable[[Iterable[Pain], bool], PainMap]


@pytest.fixture(scope="module")
def map_of(tree: RegionTree) -> MapOf:
    def made(entries: Iterable[Pain], complete: bool) -> PainMap:  # noqa: FBT001 - as PainMap itself
        return PainMap(tree, tuple(entries), complete)

    return made


def _map(tree: RegionTree, *entries: str, complete: bool = False) -> PainMap:
    """A pain map of ``region.side``, with ``not`` before what is free of pain."""
    made = []
    for entry in entries:
        region, _, side = entry.removeprefix("not ").partition(".")
        made.append(Pain(region, side or None, not entry.startswith("not ")))
    return PainMap(tree, tuple(made), complete)


# --- the tree ---------------------------------------------------------------------------------------------------------


def test_a_region_is_the_leaves_under_it(tree: RegionTree) -> None:
    expected = {"body": tuple(LEAVES), "leg": ("calf", "foot"), "chest": ("sternum", "ribs"), "calf": ("calf",)}

    assert expected == {region: tree.leaves[region] for region in expected}


def test_a_region_lies_in_itself_and_in_all_that_contains_it(tree: RegionTree) -> None:
    expected = frozenset(("calf", "leg", "body"))

    assert expected == tree.around["calf"]


def test_only_a_region_with_sides_has_a_left_and_a_right(tree: RegionTree) -> None:
    assert tree.sides("low_back") == ("left", "right")
    assert tree.sides("sacrum") == (None,)


def test_the_packaged_body_is_one_tree(terrain: Terrain) -> None:
    leaves = terrain.tree.leaves["body"]

    assert len(leaves) == len(set(leaves))
    assert set(leaves) == {region for region, parts in terrain.tree.parts.items() if not parts}
    assert all("body" in around for around in terrain.tree.around.values())


# --- one entry at a time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "asked", "expected"),
    [
        ([], "low_back", None),
        ([], "body", None),
        (["low_back.left"], "low_back", True),
        (["low_back.left"], "low_back.left", True),
        (["low_back.left"], "low_back.right", None),
        (["low_back.left"], "back", True),
        (["low_back.left"], "body", True),
        (["low_back.left"], "sacrum", None),
        (["low_back"], "low_back.left", None),
        (["low_back"], "low_back", True),
        (["leg.left"], "leg.left", True),
        (["leg.left"], "calf.left", None),
        (["leg.left"], "body", True),
        (["sacrum"], "sacrum", True),
        (["sacrum"], "back", True),
        (["sacrum"], "back.left", None),
        (["not low_back.left"], "low_back.left", False),
        (["not low_back.left"], "low_back", None),
        (["not low_back.left", "not low_back.right"], "low_back", False),
        (["not low_back"], "low_back.right", False),
        (["not back"], "sacrum", False),
        (["not back"], "low_back.left", False),
        (["not back"], "body", None),
        (["not low_back", "not sacrum"], "back", False),
        (["not leg.left"], "calf.left", False),
        (["not leg.left"], "calf.right", None),
        (["not calf.left", "not foot.left"], "leg.left", False),
        (["not ribs.left"], "chest.left", None),
        (["not ribs.left", "not sternum"], "chest.left", False),
        (["not chest.left"], "sternum", None),
        (["not chest.midline"], "sternum", False),
        (["not chest.midline"], "ribs.left", None),
        (["low_back.left", "not low_back.right"], "low_back", True),
        (["low_back.left", "not low_back.right"], "low_back.right", False),
    ],
)
def test_an_incomplete_map_says_what_was_said_and_no_more(tree: RegionTree, entries: list[str], asked: str, expected: Truth) -> None:
    region, _, side = asked.partition(".")

    assert expected is _map(tree, *entries).at(region, side or None)


@pytest.mark.parametrize(
    ("entries", "asked", "expected"),
    [
        ([], "body", False),
        (["low_back.left"], "low_back.left", True),
        (["low_back.left"], "low_back.right", False),
        (["low_back.left"], "sacrum", False),
        (["low_back.left"], "leg", False),
        (["low_back"], "low_back.left", None),
        (["low_back"], "low_back.right", None),
        (["low_back"], "low_back", True),
        (["low_back.midline"], "low_back", True),
        (["low_back.midline"], "low_back.left", None),
        (["low_back.midline"], "sacrum", False),
        (["leg.left"], "leg.left", True),
        (["leg.left"], "leg.right", False),
        (["leg.left"], "calf.left", None),
        (["leg.left"], "calf.right", False),
        (["leg.left", "calf.left"], "foot.left", None),
        (["back"], "sacrum", None),
        (["back"], "calf", False),
        (["chest.left"], "sternum", None),
        (["chest.left"], "ribs.right", False),
        (["not calf.left"], "calf.right", False),
    ],
)
def test_a_complete_map_frees_what_no_pain_covers(tree: RegionTree, entries: list[str], asked: str, expected: Truth) -> None:
    region, _, side = asked.partition(".")

    assert expected is _map(tree, *entries, complete=True).at(region, side or None)


def test_pain_in_a_group_leaves_its_parts_open_even_on_a_complete_map(tree: RegionTree) -> None:
    pain_map = _map(tree, "leg.left", complete=True)
    expected = [None, None]

    assert expected == [pain_map.at(part, "left") for part in ("calf", "foot")]


def test_freedom_of_a_group_is_freedom_of_all_of_it(tree: RegionTree) -> None:
    expected = frozenset((leaf, side) for leaf in ("calf", "foot") for side in SIDES)

    assert expected == _map(tree, "not leg").free


def test_no_map_frees_nothing_and_an_empty_complete_map_frees_all(tree: RegionTree) -> None:
    assert frozenset() == _map(tree).free
    assert frozenset(PLACES) == _map(tree, complete=True).free


# --- all that might be so ---------------------------------------------------------------------------------------------

ASKED = st.tuples(st.sampled_from(REGIONS), st.sampled_from((None, "left", "right")))
MIRROR = {"left": "right", "right": "left"}
Drawn = tuple[tuple[Pain, ...], bool]


def test_the_table_of_these_tests_is_the_tree(tree: RegionTree) -> None:
    assert {region: WITHIN.get(region, (region,)) for region in REGIONS} == tree.leaves
    assert all(tree.sides(leaf) == sides for leaf, sides in LEAVES.items())


@given(pain_maps(), ASKED)
def test_an_answer_holds_in_everything_that_might_be_so(map_of: MapOf, drawn: Drawn, asked: Place) -> None:
    entries, complete = drawn
    possible = {any(lies_within(place, *asked) for place in body) for body in possible_bodies(entries, complete=complete)}
    verdict = map_of(entries, complete).at(*asked)

    assert verdict is None or {verdict} == possible


@given(pain_maps())
def test_exactly_what_can_only_be_free_is_said_to_be_free(map_of: MapOf, drawn: Drawn) -> None:
    entries, complete = drawn
    might_hurt = frozenset[Place]().union(*possible_bodies(entries, complete=complete))
    expected = frozenset(PLACES) - might_hurt

    assert expected == map_of(entries, complete).free


@given(BODIES, ASKED, st.data())
def test_saying_more_never_overturns_an_answer(map_of: MapOf, body: frozenset[Place], asked: Place, data: st.DataObject) -> None:
    said, more = data.draw(true_entries(body)), data.draw(true_entries(body))
    before = map_of(said, False).at(*asked)
    after = map_of((*said, *more), False).at(*asked)

    assert before is None or before is after


@given(pain_maps(), ASKED)
def test_a_mirrored_patient_has_mirrored_pain(map_of: MapOf, drawn: Drawn, asked: Place) -> None:
    (entries, complete), (region, side) = drawn, asked
    mirrored = tuple(Pain(entry.region, MIRROR.get(entry.side or "", entry.side), entry.present) for entry in entries)
    expected = map_of(entries, complete).at(region, side)

    assert expected is map_of(mirrored, complete).at(region, MIRROR.get(side or "", side))


@given(pain_maps(), st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(map_of: MapOf, drawn: Drawn, random: Random) -> None:
    entries, complete = drawn
    one = map_of(entries, complete)
    other = map_of(random.sample(entries, len(entries)), complete)

    assert one.free == other.free
    assert [one.at(*place) for place in PLACES] == [other.at(*place) for place in PLACES]


# --- told faster ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_places_as_bits_say_what_the_map_says(kb: KnowledgeBase, seed: int) -> None:
    random, words, tree = seeded(seed), kb.vocabulary, terrain_of(kb).tree
    entries = [
        Pain(region, random.choice((*words.regions[region].sides, None)), random.random() < 0.7)
        for region in random.sample(sorted(words.regions), random.randint(0, 6))
    ]
    standing = [term for term in words.terms.values() if term.stands_for and random.random() < 0.3]
    said = tuple(
        Finding(term.id, random.random() < 0.6) if term.kind == "boolean" else Finding(term.id, words=(random.choice(term.values),))
        for term in standing
    )
    findings = Findings(patient=said, pain=tuple(entries), pain_map_complete=random.choice((True, None)))
    facts = Facts(terrain_of(kb), findings)
    there, here = facts.pain_map, Hurting(atlas_of(tree), findings, facts.given)

    assert there.painful == here.entries
    for region in words.regions:
        for side in (*ANY_SIDE, WHOLE):
            assert (region, side, there.at(region, side)) == (region, side, here.at(region, side))
