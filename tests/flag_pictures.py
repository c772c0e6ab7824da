"""
The second part of the published red flags, each drawn as the charts that its own condition asks for, and what the rules say of them.

A picture makes the condition of a flag true and says nothing else. Of choices each is taken in one picture; of ``n`` out of several so many neighbours.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any, TypeAlias

import attrs

from mps_rules.chaining.engine import chain
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import URGENCIES, Rule
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

Findings: TypeAlias = dict[str, Any]
ORDER = ("none", *reversed(URGENCIES))
STEP = {">=": 0.0, "<=": 0.0, ">": 1.0, "<": -1.0}
UNITS = {"symptom_duration": "wk"}
TEST = re.compile(r"(\w+) (>=|<=|>|<|=) (\S+)(?: (\w+))?")


@attrs.frozen
class Judged:
    """A flag with the urgency it wants, its pictures, and for each the rules that raise at least that urgency."""

    id: str
    target: str
    wanted: str
    pictures: tuple[Findings, ...]
    raised: tuple[tuple[Rule, ...], ...]

    @property
    def covered(self) -> int:
        """How many of its pictures are judged at least as urgent as it wants."""
        return sum(bool(rules) for rules in self.raised)

    @property
    def by(self) -> Rule | None:
        """Who speaks for it: the rule that covers most pictures, first of all for what the flag suspects, and a written one before points."""
        every = {rule.id: rule for rules in self.raised for rule in rules}.values()
        covering = {rule.id: sum(rule in rules for rules in self.raised) for rule in every}
        return min(every, key=lambda one: (-covering[one.id], _condition(one) != self.target, one.cause is not None, one.id), default=None)


def _condition(rule: Rule) -> str:
    return rule.alert.condition if rule.alert else ""


def judged(base: KnowledgeBase, flags: Iterable[Mapping[str, Any]]) -> Iterator[Judged]:
    """What the rules say of the pictures of each flag; a picture that no chart can hold is left out."""
    terrain = terrain_of(base)
    for flag in flags:
        wanted = ORDER.index(flag["urgency"])
        pictures, raised = [], []
        for picture in pictures_of(flag):
            try:
                facts = Facts(terrain, read_findings(picture, terrain))
            except FindingError:
                continue
            rules = [base.by_id[one.rule] for one in chain(base, facts).derivations]
            pictures.append(picture)
            raised.append(tuple(rule for rule in rules if rule.alert and ORDER.index(rule.alert.urgency) >= wanted))
        yield Judged(flag["id"], flag["target"], flag["urgency"], tuple(pictures), tuple(raised))


# --- pictures ---------------------------------------------------------------------------------------------------------


def pictures_of(flag: Mapping[str, Any]) -> Iterator[Findings]:
    """The charts that a flag asks for: its condition with what it wants beside it, and each of its alternatives."""
    main = [flag[key] for key in ("when", "plus") if key in flag]
    if "plus_region" in flag:
        main.append({"pain": flag["plus_region"]})
    given = flag.get("alternative", [])
    for condition in ({"all": main}, *(given if isinstance(given, list) else [given])):
        yield from ({"pain": _somewhere(flag["region"]), **drawn} for drawn in _drawn(condition))


def _somewhere(region: str | list[str]) -> list[str]:
    """Pain where a flag belongs that asks for no place; one of the whole body asks for none."""
    return [] if region == "body" else [region] if isinstance(region, str) else region[:1]


def _drawn(condition: Any) -> list[Findings]:
    """One chart for each choice that a condition leaves."""
    if isinstance(condition, str):
        return [_said(condition)]
    (form, value), *_ = condition.items()
    match form:
        case "any":
            return [drawn for part in value for drawn in _drawn(part)]
        case "all":
            return _together([_drawn(part) for part in value])
        case "n_of":
            parts = [_drawn(part) for part in value["of"]]
            return [drawn for first in range(len(parts) - value["n"] + 1) for drawn in _together(parts[first : first + value["n"]])]
        case "pain":
            return [{"pain": [region]} for region in value]
        case "pain_both":
            return [{"pain": [f"{region}.{side}" for side in ("left", "right")]} for region in value]
        case "absent":
            return [{value: False}]
    raise ValueError(form)


def _together(parts: list[list[Findings]]) -> list[Findings]:
    """Charts that hold one choice of each part; every choice of every part is in one of them."""
    return [reduce(_joined, (part[number % len(part)] for part in parts), {}) for number in range(max(map(len, parts)))]


def _joined(one: Findings, other: Findings) -> Findings:
    pain = [*one.get("pain", ()), *(place for place in other.get("pain", ()) if place not in one.get("pain", ()))]
    return {**one, **other, **({"pain": pain} if pain else {})}


def _said(test: str) -> Findings:
    """The finding of a test ("fever", "age_years >= 50", "onset_mode = sudden")."""
    found = TEST.fullmatch(test)
    if found is None:
        return {test: True}
    term, sign, value, unit = found.groups()
    if sign == "=":
        return {term: [value] if term == "pain_quality" else value}
    number = float(value) + STEP[sign] * (0.1 if float(value) < 3 else 1)
    unit = unit or UNITS.get(term, "")
    return {term: f"{number:g} {unit}" if unit else number}
