"""
Where it hurts, three-valued: for every region and side, pain, no pain, or not known.

Pain in a group means pain somewhere in it, never all over it; pain somewhere in a part is pain in the whole. Freedom from
pain must be recorded, for the region, for a region around it, or by a map that is declared complete.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from mps_rules.knowledge.regions import Atlas, Place, RegionTree, Spot
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.language.conditions import WHOLE, PainAt, Truth
from mps_rules.patient.values import Finding, Findings, Pain


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


def entries_of(findings: Findings, given: Mapping[str, Finding], atlas: Atlas) -> list[Pain]:
    """
    What is said of the places of pain; a finding that stands for pain in a region counts as an entry.

    Its absence counts as freedom from pain only where the finding means the region itself, no more and no less. Where what it
    names is drawn already, it adds nothing. A finding that is pain in one of several places is pain somewhere in the region that holds
    them; its absence is freedom from pain in each of them.
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
    for term, area, holding in atlas.areas:
        finding = given.get(term.id)
        if finding is None or finding.follows_from:
            continue
        if finding.value is False:
            entries += [Pain(region, area.side, False) for region in area.regions]
        elif not any(drawn_in(area, entry, around) for entry in entries if entry.present):
            entries.append(Pain(holding, area.side, True))
    return entries


def drawn_in(area: PainAt, pain: Pain, around: Mapping[str, Iterable[str]]) -> bool:
    """Whether a painful entry lies in one of the places of an area, on its side."""
    return area.side in (None, pain.side) and not set(area.regions).isdisjoint(around[pain.region])


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
