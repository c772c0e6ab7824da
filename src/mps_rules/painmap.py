"""
Where it hurts, three-valued: for every region and side, pain, no pain, or not known.

Pain in a group means pain somewhere in it, never all over it; pain somewhere in a part is pain in the whole. Freedom from
pain must be recorded, for the region, for a region around it, or by a map that is declared complete.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

import attrs

from mps_rules.conditions import WHOLE, Truth
from mps_rules.model import SIDES, Finding, Findings, Pain, Vocabulary

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


Spot = tuple[str, str | None]
"""A region and a side, or, where that is None, whatever side; ``WHOLE``: the region drawn as a whole."""
ANY_SIDE = (None, *SIDES, "midline")
"""Every side that may be asked about a region."""


class Atlas:
    """
    The places of a region tree as bits.

    ``needed``: which must be free for a spot to be free; ``freed`` and ``covered``: of which an entry there says that they are free, and that
    a complete map names them; ``standing``: the findings that stand for pain in a region.
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


def entries_of(findings: Findings, given: Mapping[str, Finding], atlas: Atlas) -> list[Pain]:
    """
    What is said of the places of pain; a finding that stands for pain in a region counts as an entry.

    Its absence counts as freedom from pain only where the finding means the region itself, no more and no less. Where what it
    names is drawn already, it adds nothing.
    """
    entries, around = list(findings.pain), atlas.around
    for term in atlas.standing:
        finding = given.get(term.id)
        if finding is None or finding.follows_from:
            continue
        for region in finding.places(term):
            drawn = term.drawn_as if term.stands_for == region else {region}
            if all(drawn.isdisjoint(around[entry.region]) for entry in entries if entry.present):
                entries.append(Pain(region, None, True))
        if finding.value is False and term.means_its_region and term.stands_for:
            entries.append(Pain(term.stands_for, None, False))
    return entries


class Hurting:
    """Where one patient hurts, and which places are known to be free, as bits: what ``PainMap`` says, told faster."""

    __slots__ = ("atlas", "entries", "free", "spots")

    def __init__(self, atlas: Atlas, findings: Findings, given: Mapping[str, Finding]) -> None:
        self.atlas = atlas
        said = entries_of(findings, given, atlas)
        entries = [entry for entry in said if entry.present]
        free = 0
        if len(entries) != len(said):
            for entry in said:
                if not entry.present:
                    free |= atlas.freed[entry.region, entry.side]
        if findings.pain_map_complete:
            covered = 0
            for entry in entries:
                covered |= atlas.covered[entry.region, entry.side]
            free |= atlas.everywhere & ~covered
        self.entries, self.free = tuple(entries), free
        self.spots: set[Spot] = set()
        for entry in entries:
            self.spots.add((entry.region, WHOLE))
            for region in atlas.around[entry.region]:
                self.spots.add((region, None))
                self.spots.add((region, entry.side))

    def at(self, region: str, side: str | None = None) -> Truth:
        """Whether there is pain in a region, on a side, or in it as a whole."""
        if (region, side) in self.spots:
            return True
        return False if self.atlas.is_free((region, side), self.free) else None


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
