"""
Where it hurts, three-valued: for every region and side, pain, no pain, or not known.

Pain in a group means pain somewhere in it, never all over it; pain somewhere in a part is pain in the whole. Freedom from
pain must be recorded, for the region, for a region around it, or by a map that is declared complete.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

import attrs

from mps_rules.conditions import WHOLE, Truth
from mps_rules.model import SIDES, Pain, Vocabulary

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

    def sides(self, leaf: str) -> tuple[str | None, ...]:
        """Left and right for a region with sides, else None."""
        return SIDES if self.vocabulary.regions[leaf].sides else (None,)


@attrs.frozen(eq=False)
class PainMap:
    """The pain map of one patient."""

    tree: RegionTree
    entries: tuple[Pain, ...]
    complete: bool

    @cached_property
    def painful(self) -> tuple[Pain, ...]:
        """The entries that say pain."""
        return tuple(entry for entry in self.entries if entry.present)

    @cached_property
    def free(self) -> frozenset[Place]:
        """The places known to be free of pain."""
        free = {
            (leaf, side)
            for entry in self.entries
            if not entry.present
            for leaf in self.tree.leaves[entry.region]
            for side in self.tree.sides(leaf)
            if entry.side in (None, side) or (side is None and entry.side == "midline")
        }
        if self.complete:
            covered = {
                (leaf, side)
                for entry in self.painful
                for leaf in self.tree.leaves[entry.region]
                for side in self.tree.sides(leaf)
                if side is None or entry.side not in SIDES or entry.side == side
            }
            everywhere = {(leaf, side) for leaf, parts in self.tree.parts.items() if not parts for side in self.tree.sides(leaf)}
            free |= everywhere - covered
        return frozenset(free)

    def at(self, region: str, side: str | None = None) -> Truth:
        """Whether there is pain in the region (on that side): in itself, in a part of it, in a group wholly inside it; or, as a whole, in itself."""
        if side == WHOLE:
            return True if any(entry.region == region for entry in self.painful) else False if self.is_free(region) else None
        for entry in self.painful:
            if region in self.tree.around[entry.region] and (side is None or entry.side == side):
                return True
        return False if self.is_free(region, side) else None

    def is_free(self, region: str, side: str | None = None) -> bool:
        """Whether every place of the region (on that side, and where there are no sides) is known to be free."""
        if not self.free:
            return False
        return all(
            (leaf, own) in self.free
            for leaf in self.tree.leaves[region]
            for own in self.tree.sides(leaf)
            if side is None or own is None or own == side
        )


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
