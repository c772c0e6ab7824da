"""
Many records of one patient, some of the same finding, become one mapping of findings.

The latest record of a finding holds; two of one day that differ settle nothing; what cannot hold together with the rest is left unknown. Whatever
is left out is said, with its reason.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import attrs

from mps_rules.addresses import Address
from mps_rules.errors import FindingError
from mps_rules.facts import Terrain
from mps_rules.findings import read_findings

EXAMINED = "examined"
"""What is said of a muscle that was examined, whatever was found."""
LATER = "the same finding was recorded later, or under its own code"


@attrs.frozen
class Noted:
    """One thing that a report says: of which resource and code, and what."""

    where: str
    code: str
    what: str

    def __str__(self) -> str:
        return f"{self.where} ({self.code}): {self.what}" if self.code else f"{self.where}: {self.what}"


@attrs.frozen
class Claim:
    """
    One thing that a record says of the patient: of what, its value, when, and where it stands.

    ``part`` is a word of a list, or "intensity" of a pain; a lower ``rank`` goes before a higher one, whatever the dates.
    """

    at: Address
    part: str
    value: bool | float | str
    when: date | None
    rank: int
    where: str
    code: str

    @property
    def key(self) -> tuple[str, str]:
        """Claims of one key speak of the same finding."""
        return str(self.at), self.part

    def __str__(self) -> str:
        value = (
            str(self.value).lower() if isinstance(self.value, bool) else f"{self.value:g}" if isinstance(self.value, float) else self.value
        )
        return f"{self.at}{'.' if self.part else ''}{self.part} = {value}"


@attrs.frozen
class Settled:
    """The claims that stand, and why the others do not: another one holds, or they are in doubt."""

    standing: tuple[Claim, ...]
    superseded: tuple[Noted, ...]
    doubted: tuple[Noted, ...]


def settled(claims: Iterable[Claim], terrain: Terrain) -> Settled:
    """
    One claim for each finding, all of which can hold together; what is present goes before what is absent.
    """
    settler = _Settler(terrain)
    standing = settler.fitting(settler.of_present_pain(settler.latest(claims)))
    return Settled(tuple(standing), tuple(settler.superseded), tuple(settler.doubted))


class _Settler:
    def __init__(self, terrain: Terrain) -> None:
        self.terrain = terrain
        self.superseded: list[Noted] = []
        self.doubted: list[Noted] = []

    def latest(self, claims: Iterable[Claim]) -> list[Claim]:
        """Of several claims of one finding the latest of the lowest rank, unless others of that day differ."""
        groups: dict[tuple[str, str], list[Claim]] = {}
        for claim in claims:
            groups.setdefault(claim.key, []).append(claim)
        standing = []
        for group in groups.values():
            ordered = sorted(group, key=lambda one: (one.rank, -(one.when or date.min).toordinal()))
            first = ordered[0]
            equal = [one for one in ordered if (one.rank, one.when) == (first.rank, first.when)]
            if len({one.value for one in equal}) == 1:
                standing.append(first)
                resource = first.where.partition(".")[0]
                passed = [one for one in ordered[1:] if one.value != first.value or one.where.partition(".")[0] != resource]
            else:
                self.doubted += [
                    Noted(one.where, one.code, f"{one.at} is recorded differently elsewhere, of the same day or undated: left unknown")
                    for one in equal
                ]
                passed = [one for one in ordered if one not in equal]
            self.superseded += [Noted(one.where, one.code, LATER) for one in passed]
        return standing

    def of_present_pain(self, claims: list[Claim]) -> list[Claim]:
        """Without the intensity of a pain that was recorded otherwise later."""
        present = {str(one.at): one.value for one in claims if one.at.kind == "pain" and not one.part}
        held = [one for one in claims if one.part != "intensity" or (one.value != 0) == present.get(str(one.at), True)]
        self.superseded += [Noted(one.where, one.code, LATER) for one in claims if one not in held]
        return held

    def fitting(self, claims: list[Claim]) -> list[Claim]:
        """The claims that can hold together."""
        return self._accepted([], sorted(claims, key=lambda one: one.value is False))

    def _accepted(self, held: list[Claim], more: list[Claim]) -> list[Claim]:
        if not more or self._fits([*held, *more]):
            return [*held, *more]
        if len(more) == 1:
            one = more[0]
            self.doubted.append(Noted(one.where, one.code, f"{one.at} contradicts what else is recorded, or cannot be: left unknown"))
            return held
        half = len(more) // 2
        return self._accepted(self._accepted(held, more[:half]), more[half:])

    def _fits(self, claims: Sequence[Claim]) -> bool:
        try:
            read_findings(as_findings(claims), self.terrain)
        except FindingError:
            return False
        return True


def as_findings(claims: Iterable[Claim]) -> dict[str, Any]:
    """The claims as the mapping that a caller writes."""
    data: dict[str, Any] = {}
    pain: dict[tuple[str, str | None], dict[str, Any]] = {}
    labels: dict[str, Any] = {}
    exam: dict[tuple[str, str | None], dict[str, Any]] = {}
    for claim in sorted(claims, key=lambda one: (one.key, one.where)):
        at, value = claim.at, int(claim.value) if isinstance(claim.value, float) and claim.value.is_integer() else claim.value
        match at.kind:
            case "patient":
                _put(data, at.term, claim.part, value)
            case "pain":
                entry = pain.setdefault((at.name, at.side), {"region": at.name, **({"side": at.side} if at.side else {})})
                entry["intensity" if claim.part else "present"] = value
            case "given":
                labels[at.name] = False if value is False else (labels.get(at.name) or True)
            case "label" if labels.get(at.name) is not False:
                about = labels[at.name] if isinstance(labels.get(at.name), dict) else {}
                _put(about, at.term, claim.part, value)
                labels[at.name] = about
            case "muscle":
                entry = exam.setdefault((at.name, at.side), {"muscle": at.name, **({"side": at.side} if at.side else {})})
                if at.term != EXAMINED:
                    _put(entry, at.term, claim.part, value)
    return data | {key: part for key, part in (("pain", [*pain.values()]), ("labels", labels), ("exam", [*exam.values()])) if part}


def _put(data: dict[str, Any], term: str, word: str, value: Any) -> None:
    """A value of a finding, or, of a word of a list, whether it holds; a value that denies the rest makes single denials idle."""
    if not word:
        data[term] = value
    elif not isinstance(data.get(term), str):
        data[term] = {**data.get(term, {}), word: value}
