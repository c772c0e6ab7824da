"""The regions of a vocabulary as a tree: parts, leaves, sides, and what lies around."""

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache

import attrs

from mps_rules.knowledge.vocabulary import SIDES, Vocabulary
from mps_rules.language.conditions import WHOLE

Place = tuple[str, str | None]
"""A leaf region and a side; the side is None where the region has no sides."""


@attrs.frozen(eq=False, repr=False)
class RegionTree:
    """The regions of a vocabulary as a tree."""

    vocabulary: Vocabulary

    @cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Each region's direct parts."""
        found: dict[str, list[str]] = {id_: [] for id_ in self.vocabulary.regions}
        for region in self.vocabulary.regions.values():
            if region.parent:
                found[region.parent].append(region.id)
        return {id_: tuple(parts) for id_, parts in found.items()}

    @cached_property
    def leaves(self) -> dict[str, tuple[str, ...]]:
        """Each region's leaves; a leaf's only leaf is itself."""
        return {id_: tuple(self._leaves(id_)) for id_ in self.vocabulary.regions}

    def _leaves(self, region: str) -> Iterator[str]:
        if not self.parts[region]:
            yield region
        for part in self.parts[region]:
            yield from self._leaves(part)

    @cached_property
    def around(self) -> dict[str, frozenset[str]]:
        """Each region with every region that contains it, itself included."""
        found: dict[str, frozenset[str]] = {}
        for id_ in self.vocabulary.regions:
            chain, region = [id_], self.vocabulary.regions[id_].parent
            while region:
                chain.append(region)
                region = self.vocabulary.regions[region].parent
            found[id_] = frozenset(chain)
        return found

    def holding(self, regions: Iterable[str]) -> str:
        """The smallest region that holds all of these."""
        held = frozenset.intersection(*(self.around[region] for region in regions))
        return min(sorted(held), key=lambda region: len(self.leaves[region]))

    def sides(self, leaf: str) -> tuple[str | None, ...]:
        """Left and right for a region with sides, else None."""
        return SIDES if self.vocabulary.regions[leaf].sides else (None,)


Spot = tuple[str, str | None]
"""A region and a side, or, where that is None, whatever side; ``WHOLE``: the region drawn as a whole."""
ANY_SIDE = (None, *SIDES, "midline")
"""Every side that may be asked about a region."""


class Atlas:
    """
    The places of a region tree as bits.

    ``needed``: which must be free for a spot to be free; ``freed`` and ``covered``: of which an entry there says that they are free, and that
    a complete map names them; ``standing``: the findings that stand for pain in a region; ``areas``: those that are pain in one of several
    places, with these places and the smallest region that holds them.
    """

    def __init__(self, tree: RegionTree) -> None:
        leaves = [(leaf, side) for leaf, parts in tree.parts.items() if not parts for side in tree.sides(leaf)]
        bits = {place: 1 << number for number, place in enumerate(leaves)}
        self.everywhere = (1 << len(leaves)) - 1
        self.needed: dict[Spot, int] = {}
        self.freed: dict[Spot, int] = {}
        self.covered: dict[Spot, int] = {}
        self.around = {region: tuple(around) for region, around in tree.around.items()}
        self.standing = tuple(term for term in tree.vocabulary.terms.values() if term.stands_for)
        self.areas = tuple((term, term.area, tree.holding(term.area.regions)) for term in tree.vocabulary.terms.values() if term.area)
        for region, parts in tree.leaves.items():
            for side in ANY_SIDE:
                needed = freed = covered = 0
                for leaf in parts:
                    for own in tree.sides(leaf):
                        bit = bits[leaf, own]
                        needed |= bit if side is None or own is None or own == side else 0
                        freed |= bit if side in (None, own) or (own is None and side == "midline") else 0
                        covered |= bit if own is None or side not in SIDES or side == own else 0
                self.needed[region, side] = needed
                self.freed[region, side] = freed
                self.covered[region, side] = covered
            self.needed[region, WHOLE] = self.needed[region, None]

    def is_free(self, spot: Spot, free: int) -> bool:
        """Whether a region, on a side, is known to be free where these places are."""
        return bool(free) and not self.needed[spot] & ~free


@lru_cache(maxsize=8)
def atlas_of(tree: RegionTree) -> Atlas:
    """The places of a region tree as bits, built once."""
    return Atlas(tree)


def uncovered_regions(words: Vocabulary, screens: Iterable[str]) -> tuple[str, ...]:
    """The regions, groups too, no part of which lies in a region that the pack's red flags screen."""
    parts: dict[str, set[str]] = {id_: {id_} for id_ in words.regions}
    for id_, region in words.regions.items():
        above = region.parent
        while above:
            parts[above].add(id_)
            above = words.regions[above].parent
    covered = set().union(*(parts[region] for region in screens))
    return tuple(id_ for id_ in words.regions if not parts[id_] & covered)
