"""The files of a pack as they are written: what may stand in each, before any word is looked up."""

from typing import Any

import attrs

from mps_rules.knowledge.code_tables import CodeMap, Omop
from mps_rules.knowledge.pack import Asking, Claim, Clue, Exempt, Prevalence, Ranking, Reference, Referral
from mps_rules.knowledge.rules import Ask, Confirm, CriterionMet, Exclude, GiveCaution, Oppose, RaiseAlert, Recommend, Support
from mps_rules.knowledge.vocabulary import Agreement, Called, Muscle, Plainly, Subject, Suspect, Unit

GRADES = ("guideline", "systematic_review", "diagnostic_study", "cohort", "case_series", "consensus", "textbook", "expert_opinion")
STATUSES = ("draft", "active", "retired")
ABOUT: tuple[Subject, ...] = ("patient", "muscle", "label")
KINDS = ("boolean", "number", "duration", "one_of", "many_of")
SHELF_FOLDERS_APART = ("vocabulary", "referral", "evidence")
TABLES = ("diagnoses", "care")
"""What a rule may be written over, once for each row."""


@attrs.frozen
class FindingShape:
    """A finding as it is written."""

    id: str
    label: str
    cost: str
    kind: str = "boolean"
    subject: str = "patient"
    unit: str | None = None
    range: tuple[float, ...] | None = None
    values: tuple[str, ...] = ()
    values_from: str | None = None
    synonyms: tuple[str, ...] = ()
    codes: dict[str, str] = attrs.Factory(dict)
    from_: object = None
    implied_by: object = None
    denied_by: object = None
    stands_for: str | None = None
    excludes: tuple[str, ...] = ()
    fact: bool = False
    background: bool = False
    claims: tuple[str, ...] = ()
    agreement: Agreement | None = None
    note: str = ""
    denial_lasts: str | None = None


@attrs.frozen
class FindingsFile:
    """A file of findings of one category."""

    category: str
    findings: tuple[FindingShape, ...]


@attrs.frozen
class _Measure:
    id: str
    sum: tuple[str, ...] = ()
    count: tuple[object, ...] = ()
    also_total: str | None = None
    references: tuple[str, ...] = ()


@attrs.frozen
class _Diagnosis:
    id: str
    label: str
    kind: str
    codes: dict[str, tuple[str, ...]] = attrs.Factory(dict)
    code_note: str = ""
    muscles: tuple[str, ...] = ()
    why_masks: str = ""
    supports: tuple[object, ...] = ()
    against: tuple[object, ...] = ()
    criteria: tuple[str, ...] = ()
    examine: str = ""
    caution: str = ""
    references: tuple[str, ...] = ()


@attrs.frozen
class _Care:
    id: str
    muscles: tuple[str, ...]
    stretch: str
    release: str
    avoid: tuple[object, ...] = ()
    references: tuple[str, ...] = ()


@attrs.frozen
class _Region:
    id: str
    label: str
    parent: str | None = None
    sides: tuple[str, ...] = ()
    adjacent: tuple[str, ...] = ()
    surface: str = ""
    codes: dict[str, str] = attrs.Factory(dict)
    snomed_match: str = "exact"
    article_term: str = ""


@attrs.frozen
class RuleShape:
    """A rule as it is written."""

    id: str
    title: str
    status: str
    about: str
    when: object
    then: tuple[object, ...]
    summary: str = ""
    evidence: object = None
    limits: str = ""
    reviewed: object = None
    replaces: str | None = None
    for_each: str | None = None


@attrs.frozen
class RankingFile:
    """The file of the weights by which muscles are ranked."""

    ranking: Ranking


@attrs.frozen
class AskingFile:
    """The file of the steps in which findings are asked for."""

    asking: Asking


LAWS = (
    "never",
    "no_care_beside_a_flag",
    "no_forbidden_care",
    "danger_never_lowers",
    "denial_never_raises",
    "forgetting_never_clears",
    "settled_once",
)
"""The kinds of invariant that can be proved."""
NARROWED = ("danger_never_lowers", "denial_never_raises", "forgetting_never_clears")
"""Those of which an exception can say by what alone it fails."""


@attrs.frozen
class InvariantShape:
    """An invariant as it is written."""

    id: str
    says: str
    law: str
    care: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    shelf: str = ""
    categories: tuple[str, ...] = ()
    never: object = None
    exceptions: tuple[Exempt, ...] = ()


@attrs.frozen
class InvariantsFile:
    """The file of what must hold for every patient."""

    invariants: tuple[InvariantShape, ...]


@attrs.frozen
class OmopFile:
    """The file of what tables of OMOP mean."""

    omop: Omop


@attrs.frozen
class CodesFile:
    """The file of what codes of charts mean."""

    codes: CodeMap


@attrs.frozen
class _MuscleCue:
    """A cue of a muscle as it is written."""

    when: Any
    points: int
    references: tuple[str, ...]


@attrs.frozen
class MuscleCues:
    """The cues of a muscle as they are written."""

    muscle: str
    cues: tuple[_MuscleCue, ...] = ()
    prevalence: int = 0
    references: tuple[str, ...] = ()


def identity(key: str, entry: Any) -> str:
    """The id of an entry: its own, or what it is about."""
    match key:
        case "cues":
            return str(entry.muscle)
        case "referrals":
            return f"{entry.muscle} -> {entry.region}"
        case "clues":
            return str(entry.finding)
        case "prevalence":
            return str(entry.region)
    return str(entry.id)


def _many(name: str, part: type) -> type[Any]:
    return attrs.make_class(f"_{name}", {name: attrs.field(type=tuple[part, ...])}, frozen=True)  # type: ignore[valid-type]


FILES: dict[str, type[Any]] = {
    "units": _many("units", Unit),
    "measures": _many("measures", _Measure),
    "regions": _many("regions", _Region),
    "muscles": _many("muscles", Muscle),
    "called": _many("called", Called),
    "handout": _many("handout", Plainly),
    "diagnoses": _many("diagnoses", _Diagnosis),
    "care": _many("care", _Care),
    "hypotheses": _many("hypotheses", Suspect),
    "referrals": _many("referrals", Referral),
    "clues": _many("clues", Clue),
    "prevalence": _many("prevalence", Prevalence),
    "cues": _many("cues", MuscleCues),
    "references": _many("references", Reference),
    "claims": _many("claims", Claim),
}

CONCLUSIONS: dict[str, type[Any]] = {
    "support": Support,
    "oppose": Oppose,
    "confirm": Confirm,
    "exclude": Exclude,
    "criterion": CriterionMet,
    "alert": RaiseAlert,
    "caution": GiveCaution,
    "recommend": Recommend,
    "ask": Ask,
}
