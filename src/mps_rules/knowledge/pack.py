"""A knowledge base: all that was loaded of one or several folders, frozen; two are equal when their digests are."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, get_args

import attrs

from mps_rules.knowledge.causes import Cause, Scale
from mps_rules.knowledge.code_tables import CodeMap, Omop
from mps_rules.knowledge.rules import GENERAL, Conclusion, Confirm, Effect, Exclude, Oppose, RaiseAlert, Rule, Strength, Support, Told
from mps_rules.knowledge.vocabulary import Vocabulary
from mps_rules.language.conditions import Condition, pain_places


@attrs.frozen
class Referral:
    """An edge of the referral graph: this muscle can send pain to this region."""

    muscle: str
    region: str
    zone: str
    confidence: str
    laterality: str = "ipsilateral"
    checked: bool = True
    references: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    note: str = ""


@attrs.frozen
class FindingWeight:
    """What a finding of a muscle adds to its score when present, and when recorded absent."""

    finding: str
    present: float
    absent: float


@attrs.frozen
class Ranking:
    """
    The weights by which muscles are put in order; conventions, not probabilities.

    ``beyond_zones`` are the states in which a muscle counts as a source though none of its charted zones reaches the pain.
    ``cue``, ``prevalence`` and ``lies_there`` are what a point of a cue, a point of prevalence, and lying in the pain add; the first two times
    the weight of the best zone that reaches the pain, ``lying_zone`` where only the muscle itself lies in it.
    """

    zones: Mapping[str, float]
    confidences: Mapping[str, float]
    within_group: float
    predicted_free: float
    findings: tuple[FindingWeight, ...]
    clue: float
    references: tuple[str, ...]
    beyond_zones: tuple[str, ...] = ()
    cue: float = 0.0
    prevalence: float = 0.0
    lies_there: float = 0.0
    lying_zone: float = 0.0


@attrs.frozen
class Step:
    """Findings that are asked for together: one question of the history, or one step of the examination."""

    id: str
    label: str
    terms: tuple[str, ...]


@attrs.frozen
class AskingWeights:
    """By how much an answer counts for what it could change, and what it costs to obtain; conventions, not probabilities."""

    flag: Mapping[str, float]
    open: float
    anywhere: float
    argument: Mapping[str, float]
    status: float
    leading: float
    rule_asks: float
    muscle: float
    cost: Mapping[str, float]
    first: float = 0.0
    due: float = 0.0
    raising: float = 0.0
    overtake: float = 0.0
    near: float = 1.0
    unasked: float = 1.0


@attrs.frozen
class First:
    """The causes that every clinician excludes first where it hurts at one of these places."""

    where: tuple[str, ...]
    causes: tuple[str, ...]
    references: tuple[str, ...]


@attrs.frozen
class Asking:
    """
    In which steps, and in what order, findings are asked for; those ``at_hand`` are told of anybody, and a form keeps them in view.

    ``first``: of which causes the key questions come before everything, by where it hurts.
    ``denial_lasts`` is how long a denied danger sign stays denied before it is asked for again; what has once been does not age.
    """

    steps: tuple[Step, ...] = ()
    at_hand: tuple[str, ...] = ()
    weights: AskingWeights | None = None
    denial_lasts: str = ""
    first: tuple[First, ...] = ()


@attrs.frozen
class Clue:
    """A finding that points to muscles when they also reach the pain."""

    finding: str
    muscles: tuple[str, ...]
    references: tuple[str, ...]
    claims: tuple[str, ...] = ()
    note: str = ""


@attrs.frozen
class MuscleCue:
    """A condition that points to a muscle, or away from it, where it reaches the pain or lies in it, with its points."""

    when: Condition
    points: int
    references: tuple[str, ...]


@attrs.frozen
class MuscleCues:
    """What points to one muscle, or to all of a group; ``prevalence`` says on the same scale how common a source of pain it is."""

    muscle: str
    cues: tuple[MuscleCue, ...] = ()
    prevalence: int = 0
    references: tuple[str, ...] = ()


@attrs.frozen
class Prevalence:
    """Muscles that carry active trigger points most often with pain in a region, as published; breaks ties only."""

    region: str
    muscles: tuple[str, ...]
    finding: str
    references: tuple[str, ...]


@attrs.frozen
class Reference:
    """One entry of the bibliography."""

    id: str
    class_: str
    text: str
    checked: str
    identifier: str = ""


@attrs.frozen
class Home:
    """Where a claim lives that is neither rule nor edge: a wording, the vocabulary, the ranking, or a stated scope."""

    kind: str
    where: str


@attrs.frozen
class Claim:
    """One fact of the article, in own words, and what it lets a rule conclude."""

    id: str
    topic: str
    claim: str
    conclusion: str
    home: Home | None = None


@attrs.frozen
class Exempt:
    """
    A finding, rule or hypothesis for which an invariant is known not to hold, and why that is right.

    ``only``: the findings, or the red flags, by which it fails; with all others it is proved to hold. ``taken_over_by``: the red flags of
    which one stands wherever it fails.
    """

    of: str
    reason: str
    only: tuple[str, ...] = ()
    taken_over_by: tuple[str, ...] = ()


@attrs.frozen
class Invariant:
    """
    What must hold for every patient: in words, and as a law of ``authoring.prove`` with what it is about.

    ``care`` are kinds of care, ``urgencies`` those of red flags, ``shelf`` the rules that are looked at (all where empty), ``categories`` the
    findings; ``never`` is a condition of the patient that must never hold.
    """

    id: str
    says: str
    law: str
    care: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    shelf: str = ""
    categories: tuple[str, ...] = ()
    never: Condition | None = None
    exceptions: tuple[Exempt, ...] = ()


@attrs.frozen
class MuscleState:
    """A word for what is known of a muscle, given when that conclusion was reached about it."""

    state: str
    derived: str
    label: str


SOURCE_ATTRIBUTES: Mapping[str, str] = {
    "race": "Race",
    "ethnicity": "Ethnicity",
    "language": "Language",
    "sexual_orientation": "Sexual orientation",
    "gender_identity": "Gender identity",
    "sex": "Sex",
    "date_of_birth": "Date of birth",
    "social_determinants": "Social determinants of health",
    "health_status_assessments": "Health-status assessments",
}
"""The sensitive facts of which a pack must say whether its rules use them (45 CFR 170.315(b)(11))."""


@attrs.frozen
class Pack:
    """
    What a folder of rules says of itself.

    ``source_attributes`` says which findings tell a sensitive fact, not whether a rule reads them: that is computed.
    """

    id: str
    title: str
    version: str
    status: str
    licence: str
    owners: tuple[str, ...]
    intended_users: str
    intended_use: str
    not_for: tuple[str, ...] = ()
    screens: tuple[str, ...] = ()
    muscle_states: tuple[MuscleState, ...] = ()
    developer: str = ""
    funding: str = ""
    released: str = ""
    revised: str = ""
    population: str = ""
    exclusions: tuple[str, ...] = ()
    known_limitations: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    source_attributes: Mapping[str, tuple[str, ...]] = attrs.Factory(dict)

    def under(self, laid: "Pack") -> "Pack":
        """
        This pack with another laid on top: what it screens and warns of stays, what the other says is added, and both are named.

        A hospital's own pack says nothing of the states of muscles or of the places that red flags screen; it must not lose them.
        """
        both = attrs.asdict(self, recurse=False)
        for name in ("owners", "not_for", "screens", "exclusions", "known_limitations", "contacts"):
            both[name] = tuple(dict.fromkeys((*getattr(self, name), *getattr(laid, name))))
        states = {state.state: state for state in (*self.muscle_states, *laid.muscle_states)}
        both["muscle_states"] = tuple(states.values())
        names = dict.fromkeys((*self.source_attributes, *laid.source_attributes))
        both["source_attributes"] = {
            name: tuple(dict.fromkeys((*self.source_attributes.get(name, ()), *laid.source_attributes.get(name, ())))) for name in names
        }
        both["version"] = f"{self.version} + {laid.id} {laid.version}"
        both["status"] = self.status if laid.status == self.status else f"{self.status}; {laid.id}: {laid.status}"
        return Pack(**both)


@attrs.frozen(eq=False)
class KnowledgeBase:
    """
    Everything loaded from one or several folders; two are equal when their digests are.

    ``rules`` are the live ones in order of stratum and id; ``shelved`` are drafts and retired rules. ``unread_dangers`` are the
    danger signs of the vocabulary that no rule reads, or only causes felt at these places: a pack may not know what they mean, but says so.
    """

    pack: Pack
    vocabulary: Vocabulary
    referrals: tuple[Referral, ...]
    ranking: Ranking
    clues: tuple[Clue, ...]
    prevalence: tuple[Prevalence, ...]
    asking: Asking
    references: Mapping[str, Reference]
    claims: Mapping[str, Claim]
    rules: tuple[Rule, ...]
    shelved: tuple[Rule, ...]
    digest: str
    folders: tuple[str, ...] = ()
    unread_dangers: Mapping[str, tuple[str, ...]] = attrs.Factory(dict)
    muscle_cues: tuple[MuscleCues, ...] = ()
    omop: Omop = attrs.Factory(Omop)
    codes: CodeMap = attrs.Factory(CodeMap)
    causes: Mapping[str, Cause] = attrs.Factory(dict)
    scale: Scale = attrs.Factory(Scale)
    shown_as: tuple[str, ...] = ()
    """What stands before the path of a file of each folder in a fault: nothing where there is one folder, else its name and a slash."""
    invariants: tuple[Invariant, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnowledgeBase) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """The live rules by id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def concluding(self) -> dict[str, tuple[Rule, ...]]:
        """The live rules that conclude each derived id."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for id_ in rule.derives():
                found.setdefault(id_, []).append(rule)
        return {id_: tuple(rules) for id_, rules in found.items()}

    @cached_property
    def arguments(self) -> "dict[str, tuple[tuple[Rule, Effect, Strength | None], ...]]":
        """For each hypothesis the live rules that argue about it, each with its effect and strength; a red flag argues for its suspect."""
        found: dict[str, list[tuple[Rule, Effect, Strength | None]]] = {}
        for rule in self.rules:
            for conclusion in rule.then:
                match conclusion:
                    case Support(hypothesis, strength):
                        found.setdefault(hypothesis, []).append((rule, "support", strength))
                    case Oppose(hypothesis, strength):
                        found.setdefault(hypothesis, []).append((rule, "oppose", strength))
                    case Confirm(hypothesis):
                        found.setdefault(hypothesis, []).append((rule, "confirm", None))
                    case Exclude(hypothesis):
                        found.setdefault(hypothesis, []).append((rule, "exclude", None))
                    case RaiseAlert(condition=hypothesis):
                        found.setdefault(hypothesis, []).append((rule, "support", "moderate"))
        return {id_: tuple(arguments) for id_, arguments in found.items()}

    @cached_property
    def _told(self) -> dict[type, tuple[tuple[Rule, Any], ...]]:
        every = [(rule, conclusion) for rule in sorted(self.rules, key=lambda one: one.id) for conclusion in rule.then]
        return {kind: tuple(pair for pair in every if isinstance(pair[1], kind)) for kind in get_args(Conclusion)}

    def cited(self, references: Iterable[str]) -> tuple[str, ...]:
        """
        References as an answer cites them: first what a reader can look up, last the article; what is general knowledge is called so.

        >>> from mps_rules import load
        >>> load().cited(["ART", "RECALL", "TS1", "FDP2018"])
        ('FDP2018', 'TS1', 'general clinical knowledge', 'ART')
        """
        every = tuple(dict.fromkeys(references))
        own = [id_ for id_ in every if id_ not in self.scale.judged]
        article = [id_ for id_ in own if self.references[id_].class_ == "article"]
        there = sorted((id_ for id_ in own if id_ not in article), key=lambda id_: not self.references[id_].identifier)
        return (*there, *([GENERAL] if len(own) < len(every) else []), *article)

    def told(self, kind: type[Told]) -> tuple[tuple[Rule, Told], ...]:
        """The conclusions of a kind, each with its live rule, in the order of the rules' ids."""
        return self._told[kind]

    @cached_property
    def flag_places(self) -> dict[str, frozenset[str]]:
        """For each red flag's rule, where it belongs, and where pain takes part in raising it."""
        return {rule.id: frozenset((*pain_places(rule.when), *flag.regions)) for rule, flag in self.told(RaiseAlert)}

    def __repr__(self) -> str:
        return f"<KnowledgeBase {self.pack.id} {self.pack.version}, {len(self.rules)} rules, {self.digest[:12]}>"
