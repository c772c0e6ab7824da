"""
What was found and what was derived become one ranked ``Assessment``.

Nothing is concluded here that no rule concluded: arguments are counted, compared and put in order; what nobody has asked is
listed as such. Everything is read off the values of one patient, and worked out when it is looked at; what rests on nothing that is known
of the patient is worked out once and is the same object for every patient.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import Any, Literal, TypeAlias, assert_never

import attrs

from mps_rules.answer.candidates import candidates, coverings
from mps_rules.answer.scores import GROUPS, Fired, Held, Scored, considered, scored, stand
from mps_rules.answer.screening import BASIC, Look, Screens, screens_of
from mps_rules.answer.values import (
    DUE,
    LISTED,
    STATUSES,
    Alert,
    Argument,
    Asked,
    Assessment,
    Caution,
    CriterionItem,
    CriterionResult,
    Hypothesis,
    KnowledgeUsed,
    MuscleCandidate,
    Recommendation,
    Screened,
    Status,
    Unscreened,
    counted,
)
from mps_rules.chaining.chains import Chain, Premise
from mps_rules.chaining.program import FALSE, TRUE, UNKNOWN, VERDICTS
from mps_rules.chaining.values import Part, Parts, Values, lent
from mps_rules.knowledge.causes import Cause, Picture, Sign
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.regions import uncovered_regions
from mps_rules.knowledge.rules import (
    PRESSING,
    RECOMMENDATIONS,
    STRENGTHS,
    URGENCIES,
    CriterionMet,
    Effect,
    GiveCaution,
    RaiseAlert,
    Recommend,
    Rule,
    Strength,
)
from mps_rules.knowledge.vocabulary import COSTS, PATIENT, Suspect, Term, lowered, muscle_subject, placed
from mps_rules.language import conditions as c
from mps_rules.language.listing import Listed
from mps_rules.patient.addresses import of_finding
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.values import Finding, Findings

MUSCLES_IN_FOCUS = 5
"""How many of the best-ranked muscles are asked about beside those examined."""
MUSCLES_NAMED = 4
"""How many muscles one recommendation names before it says how many more there are."""
WAITS_KEPT = 8192
"""Of how many parts of rules it is kept what they wait for while nobody has touched them."""

_FIRST: dict[Strength | None, int] = {strength: place for place, strength in enumerate((None, *STRENGTHS))}
"""The place of a strength among arguments: what settles a hypothesis first."""
AGAINST: tuple[Effect, ...] = ("oppose", "exclude")
ORDER: tuple[Asked, ...] = ("open", "due", "raised", "asked", "not_asked")
"""What is told of one thing with several pictures: what is still to ask before what was settled."""
MET: dict[c.Truth, str] = {True: "met", False: "not_met", None: "undecided"}

Need: TypeAlias = tuple[str, str]
"""A finding still open: of whom, and which."""


def assess(base: KnowledgeBase, facts: Facts, chain: Chain) -> Assessment:
    """The assessment of one patient: what the rules concluded, ranked."""
    return Assessor(base, facts, chain).assessment()


def unknown_terms(base: KnowledgeBase, facts: Facts, chain: Chain, rule: Rule, subject: str = PATIENT) -> tuple[str, ...]:
    """The unknown findings that could decide a rule about a subject, without the subject's name."""
    return tuple(dict.fromkeys(term for _, term in Assessor(base, facts, chain).unknown(rule.when, subject)))


def concerns_the_pain(base: KnowledgeBase, facts: Facts, rule: Rule) -> bool:
    """Whether a red flag matters for where the pain is: it belongs there, or pain there takes part in raising it."""
    around = facts.terrain.tree.around
    if not facts.pain_map.painful:
        return True
    return any(
        region in around[pain.region] or pain.region in around[region]
        for pain in facts.pain_map.painful
        for region in base.flag_places[rule.id]
    )


# --- what is the same for every patient -------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class _Flag:
    """A red flag before any patient: its rules by number, its place among those not cleared, and what is asked for it at all."""

    rule: Rule
    number: int
    opened: int | None
    place: tuple[int, int, str]
    asked: frozenset[str]
    """The findings that it reads; age left out."""
    regions: frozenset[str]
    """The painful regions for which it matters."""


@attrs.define(eq=False)
class _Arguing:
    """
    A rule that argues about a hypothesis.

    ``silent``: a red flag for what it suspects, listed among the flags instead while undecided. ``untouched``: the argument that it may yet
    give, of everybody of whom nothing is known that it reads; ``asked`` once that was worked out. ``node``: where the verdict of a rule
    about the patient is held.
    """

    rule: Rule
    number: int
    effect: Effect
    strength: Strength | None
    silent: bool
    cone: int
    node: int | None
    asked: bool = False
    untouched: Argument | None = None

    @property
    def said(self) -> Fired:
        """The rule with its effect and strength."""
        return self.rule, self.effect, self.strength


@attrs.frozen(eq=False)
class _Suspected:
    """
    A hypothesis, the rules that argue about it, the strongest first, and what they rest on; the cause that it is, and what its cues rest on.

    What the points of a cause conclude is no argument of its own: the cues are.
    """

    suspect: Suspect
    arguing: tuple[_Arguing, ...]
    cone: int
    cause: Cause | None
    cues: int


@attrs.frozen(eq=False)
class _Line:
    """A line of a criterion, how it reads by its truth, and whether it reads findings of a muscle or a diagnosis alone."""

    part: Part
    by_truth: dict[c.Truth, CriterionItem]
    own: bool


class Book:
    """What there is to say of a pack's rules before any patient, and what is said of everybody of whom nothing of it is known."""

    def __init__(self, parts: Parts) -> None:
        self.parts, base = parts, parts.base
        self.base, self.words = base, base.vocabulary
        self.program = self.parts.program
        self.cones = [self._cone(number) for number in range(len(base.rules))]
        number_of = self.program.number_of
        self.alerts = {
            number: (rule, closed, flag)
            for number, rule in enumerate(base.rules)
            for closed in (base.by_id[rule.id.removesuffix(".open")],)
            if (flag := closed.alert if rule.open_alert else rule.alert) is not None
        }
        self.urgent = {
            urgency: frozenset(n for n, (rule, _, flag) in self.alerts.items() if not rule.open_alert and flag.urgency == urgency)
            for urgency in URGENCIES
        }
        self.suspects = tuple(self._suspected())
        self.criteria = [
            (rule, number_of[rule.id], criterion, tuple(self._items(number_of[rule.id]))) for rule, criterion in base.told(CriterionMet)
        ]
        self.cautions = [(rule, number_of[rule.id], given) for rule, given in base.told(GiveCaution)]
        self.advice = [(rule, number_of[rule.id], advice) for rule, advice in base.told(Recommend)]
        self.standing = tuple(term for term in self.words.terms.values() if term.draws)
        self.used = KnowledgeUsed(base.pack.id, base.pack.version, base.pack.status, base.digest)
        self.waits: dict[Part, tuple[Need, ...]] = {}
        self.addresses: dict[Need, str] = {}
        self.unknown: dict[int, tuple[str, ...]] = {}
        self.hypotheses: dict[tuple[str, tuple[int, ...]], tuple[tuple[Any, ...], Hypothesis] | None] = {}
        self.unscreened: dict[int, Unscreened] = {}
        self.of_nobody: dict[_Line, c.Truth] = {}

    def _cone(self, number: int) -> int:
        """What the verdicts of a rule rest on; of a rule about diagnoses, whether one is given of which it can hold."""
        rule, (about, node, _, _) = self.base.rules[number], self.program.rules[number]
        if rule.about == "muscle":
            return self.program.cone("muscle", node)
        if rule.about == "patient":
            return self.program.cone(about, node)
        labels = set(self.words.diagnoses)
        for part in rule.when.of if isinstance(rule.when, c.All) else (rule.when,):
            if isinstance(part, c.LabelIs):
                labels &= {id_ for id_, row in self.words.diagnoses.items() if getattr(row, part.field) in part.values}
        cone = 0
        for label in labels:
            cone |= self.program.names[f"given.{label}"]
        return cone

    def _items(self, number: int) -> Iterator[_Line]:
        waiting = [self.parts.rules[number]]
        while waiting:
            part = waiting.pop()
            waiting += reversed(part.parts)
            if isinstance(part.condition, c.Item):
                item = part.condition
                lines = {verdict: CriterionItem(item.id, item.label, met) for verdict, met in MET.items()}
                own = all(isinstance(leaf, c.Present | c.Words | c.Compare) for leaf in c.walk(item) if not c.parts(leaf))
                own = own and not any(self._of_patient(leaf) for leaf in c.walk(item))
                yield _Line(part, lines, own)

    def _of_patient(self, leaf: c.Condition) -> bool:
        return isinstance(leaf, c.Present | c.Words | c.Compare) and self.words.terms[leaf.term].subject not in ("muscle", "label")

    def _suspected(self) -> Iterator[_Suspected]:
        for suspect in self.words.suspects.values():
            rules = self.base.arguments.get(suspect.id, ()) if suspect.kind != "prompt" else ()
            arguing = tuple(
                _Arguing(
                    rule,
                    number,
                    effect,
                    strength,
                    bool(rule.alert and effect == "support"),
                    self.cones[number],
                    self.program.rules[number][1] if rule.about == "patient" else None,
                )
                for rule, effect, strength in sorted(rules, key=lambda one: (_FIRST[one[2]], one[0].id))
                if rule.cause is None
                for number in (self.program.number_of[rule.id],)
            )
            cone = 0
            for one in arguing:
                cone |= self.cones[one.number]
            cause = self.base.causes.get(suspect.id)
            if arguing or cause:
                yield _Suspected(suspect, arguing, cone, cause, self.program.causes[cause.id][1] if cause else 0)

    @cached_property
    def flags(self) -> tuple[_Flag, ...]:
        """The red flags that somebody wrote; the points of a cause are no screening."""
        return tuple(self._flag(rule) for rule, flag in self.base.told(RaiseAlert) if not flag.graded)

    def _flag(self, rule: Rule) -> _Flag:
        words, tree = self.words, terrain_of(self.base).tree
        flag = rule.alert
        assert flag is not None  # noqa: S101 - of a rule that raises one
        asked: set[str] = set()
        for leaf in c.walk(rule.when):
            match leaf:
                case c.Present(term) | c.Words(term):
                    asked.add(term)
                case c.Compare(term) if words.terms[term].unit != "a":
                    asked.add(term)
        breadth = sum(len(tree.leaves[region]) for region in flag.regions)
        matters = {
            region
            for region in words.regions
            for place in self.base.flag_places[rule.id]
            if place in tree.around[region] or region in tree.around[place]
        }
        return _Flag(
            rule,
            self.program.number_of[rule.id],
            self.program.number_of.get(f"{rule.id}.open"),
            (URGENCIES.index(flag.urgency), breadth, flag.id),
            frozenset(asked),
            frozenset(matters),
        )

    @cached_property
    def uncovered(self) -> frozenset[str]:
        """The regions that no red flag of the pack screens."""
        return frozenset(uncovered_regions(self.words, self.base.pack.screens)) if self.base.pack.screens else frozenset()


@lru_cache(maxsize=8)
def book_of(parts: Parts) -> Book:
    """The book of a pack's rules; what is kept in it by their parts lives no longer than they do."""
    return Book(parts)


# --- one patient ------------------------------------------------------------------------------------------------------


class Assessor:
    """One patient's values, and what an assessment asks of them; safe to be asked by several threads."""

    def __init__(self, base: KnowledgeBase, facts: Facts, chain: Chain) -> None:
        self.base, self.facts, self.chain = base, facts, chain
        self.values = chain if isinstance(chain, Values) else lent(base, facts, chain)
        self.words = facts.vocabulary
        self.book = book_of(self.values.parts)
        self._waits: dict[tuple[int, str], tuple[Need, ...]] = {}
        self._because: dict[int, tuple[Premise, ...]] = {}
        self._undecided: dict[int, str | None] = {}
        self._fields: dict[str, Any] = {}
        self._turn = threading.RLock()

    def assessment(self) -> Assessment:
        """Everything that can be said of the patient, ranked; what is not looked at is not worked out."""
        return Assessment.later(self, self._urgency(), self.facts.findings, self.book.used)

    def field(self, name: str) -> Any:
        """A field of the assessment, worked out once."""
        with self._turn:
            if name not in self._fields:
                made = FIELDS[name](self)
                self._fields[name] = Listed(made) if name in LISTED else made
            return self._fields[name]

    # --- the muscles

    @cached_property
    def muscles(self) -> tuple[MuscleCandidate, ...]:
        """The muscles that may be a source, ranked."""
        return candidates(self.values)

    @cached_property
    def order(self) -> dict[str, int]:
        """Their places in the order, by subject."""
        return {muscle_subject(one.muscle, one.side): rank for rank, one in enumerate(self.muscles)}

    @cached_property
    def focus(self) -> tuple[str, ...]:
        """The muscles of which rules are told: those examined, and the best ranked."""
        return tuple(dict.fromkeys([*self.facts.examined, *islice(self.order, MUSCLES_IN_FOCUS)]))

    # --- red flags

    def _urgency(self) -> Literal["none", "soon", "urgent", "emergency"]:
        fired = self.values.fired
        return next((urgency for urgency, numbers in self.book.urgent.items() if not numbers.isdisjoint(fired)), "none")

    def _alerts(self) -> tuple[Alert, ...]:
        """Raised ones first; what points suspect is left out where a rule that somebody wrote raises the same, no less urgently."""
        found = [self._alert(number, *self.book.alerts[number]) for number in self.values.fired if number in self.book.alerts]
        strict: dict[str, int] = {}
        for alert in found:
            if alert.status == "raised" and not alert.graded:
                strict[alert.condition] = min(URGENCIES.index(alert.urgency), strict.get(alert.condition, len(URGENCIES)))
        told = [a for a in found if not (a.graded and URGENCIES.index(a.urgency) >= strict.get(a.condition, len(URGENCIES)))]
        return tuple(sorted(told, key=lambda a: (a.status == "open", URGENCIES.index(a.urgency), a.graded, a.id)))

    def _alert(self, number: int, rule: Rule, closed: Rule, flag: RaiseAlert) -> Alert:
        raising = self._raising(closed, flag) if flag.graded else None
        return Alert(
            id=flag.id,
            label=flag.label,
            status="open" if rule.open_alert else "raised",
            urgency=flag.urgency,
            condition=flag.condition,
            condition_label=self.words.suspects[flag.condition].label,
            act_within=flag.act_within,
            action=(raising[1].action if raising else "") or flag.action,
            meanwhile=" ".join(filter(None, (flag.meanwhile, "" if self.forbidden & {*flag.offers} else flag.beside))),
            rule=closed.id,
            because=tuple(p for p in self.values.because(number, PATIENT) if p.kind != "silence"),
            unknown=self._unknown_of(closed, PATIENT) if rule.open_alert else (),
            limits=rule.limits,
            references=rule.evidence.references,
            graded=flag.graded,
            points=raising[0] if raising else None,
            forbids=flag.forbids,
        )

    @cached_property
    def forbidden(self) -> frozenset[str]:
        """The kinds of care that red flags forbid: those raised, and the pressing ones that are open."""
        flags = [
            (rule, flag) for number in self.values.fired if number in self.book.alerts for rule, _, flag in (self.book.alerts[number],)
        ]
        return frozenset(kind for rule, flag in flags if not rule.open_alert or flag.urgency in PRESSING for kind in flag.forbids)

    def _raising(self, rule: Rule, flag: RaiseAlert) -> tuple[int, Picture] | None:
        """The score of the profile that a graded red flag speaks for, the best of its urgency, and the profile."""
        cause = self.base.causes[rule.cause or ""]
        several = ((number, cause.profiles[place]) for place, number in considered(self.values, cause.id))
        return next(((self.values.scores[number][0], picture) for number, picture in several if picture.urgency == flag.urgency), None)

    @cached_property
    def relevant(self) -> tuple[_Flag, ...]:
        """The red flags that matter for where the pain is."""
        painful = {entry.region for entry in self.values.pain.entries}
        return tuple(flag for flag in self.book.flags if not painful or not flag.regions.isdisjoint(painful))

    def is_undecided(self, number: int) -> bool:
        """Whether a rule about the patient is undecided."""
        about, node, _, _ = self.book.program.rules[number]
        return about == "patient" and self.values.patient[node] == UNKNOWN

    def _unscreened(self) -> tuple[Unscreened, ...]:
        """
        The flags that too little is known to clear, half-asked ones too; open ones are alerts already.

        Most urgent first, then those that belong most narrowly to where the pain is.
        """
        found = []
        for flag in self.relevant:
            if flag.opened in self.values.fired or not self.is_undecided(flag.number):
                continue
            kept = None if self.book.cones[flag.number] & self.values.touched else self.book.unscreened
            one = kept.get(flag.number) if kept is not None else None
            if one is None:
                one = self._open_flag(flag)
                if kept is not None:
                    kept[flag.number] = one
            found.append((flag.place, one))
        found.sort(key=_by_place)
        return tuple(one for _, one in found)

    def _open_flag(self, flag: _Flag) -> Unscreened:
        rule, alert = flag.rule, flag.rule.alert
        assert alert is not None  # noqa: S101 - of a rule that raises one
        terms = tuple(dict.fromkeys(term for _, term in self.unknown(rule.trigger or rule.when, PATIENT)))
        return Unscreened(alert.id, alert.label, alert.urgency, terms or self._unknown_of(rule, PATIENT))

    def _beyond(self) -> tuple[str, ...]:
        """What is recorded that no red flag of this pack covers: pain elsewhere, and danger signs that no rule reads."""
        uncovered = self.book.uncovered
        regions = dict.fromkeys(pain.region for pain in self.values.pain.entries if pain.region in uncovered)
        return (*(f"Pain {placed(self.words.name('region', region))}" for region in regions), *self._unread())

    def _unread(self) -> Iterator[str]:
        for id_, places in self.base.unread_dangers.items():
            if any(self.values.pain.at(region) for region in places):
                continue
            term, finding = self.words.terms[id_], self.values.given.get(id_)
            if finding is not None and finding.value is True:
                yield term.label
            elif finding is not None and finding.value is not False and finding.value is not None:
                yield f"{term.label} {self.words.told(finding.value, id_)}"

    def _screened(self) -> tuple[Screened, ...]:
        """
        The emergencies and urgent causes that can present where the pain is, and how far each has been asked for; what is still to ask first.

        A red flag that somebody wrote adds its condition: where it is open or something recorded points to it, and, where its condition is
        no cause with key questions of its own, while a history or a basic examination could raise it.
        """
        found: dict[str, Screened] = {}
        for cause, looks in self.looks.items():
            first = min(looks, key=_first_to_ask)
            keys = [part for look in looks for _, part in look.keys]
            unasked = self._addressed(_each_once([self.waits(part, PATIENT) for part in keys]))
            found[cause] = Screened(cause, self.words.suspects[cause].label, first.screen.urgency, first.state, unasked)
        for one in self.flagged:
            other = found.get(one.id)
            if other is None:
                found[one.id] = one
            elif one.state in DUE or other.state not in DUE:
                unasked = tuple(dict.fromkeys((*one.unasked, *other.unasked)))
                state = min(one.state, other.state, key=ORDER.index)
                found[one.id] = attrs.evolve(other, state=state, unasked=unasked)
        for alert in self.field("alerts"):
            if alert.status == "open" and alert.urgency in PRESSING:
                other = found.get(alert.condition)
                unasked = tuple(dict.fromkeys((*alert.unknown, *(other.unasked if other else ()))))
                found[alert.condition] = Screened(alert.condition, alert.condition_label, alert.urgency, "open", unasked)
        return tuple(sorted(found.values(), key=lambda one: (ORDER.index(one.state), URGENCIES.index(one.urgency), one.id)))

    @cached_property
    def screens(self) -> Screens:
        """What there is to screen by the rules."""
        return screens_of(self.values.parts)

    @cached_property
    def looks(self) -> dict[str, list[Look]]:
        """By cause, the profiles that call for haste and that can present where the pain is; the red flags that they open come later."""
        found: dict[str, list[Look]] = {}
        for profile in self.screens.profiles:
            if self.values.considered(profile.number) == TRUE:
                found.setdefault(profile.cause, []).append(profile.look(self.values))
        return found

    @cached_property
    def flagged(self) -> tuple[Screened, ...]:
        """The conditions of the red flags that somebody wrote, as far as they say more than the keys of a cause."""
        return tuple(self._flagged())

    def _flagged(self) -> Iterator[Screened]:
        fired, given = self.values.fired, self.values.given
        for flag in self.relevant:
            alert, number = flag.rule.alert, flag.number
            pointer = self.screens.pointers.get(number)
            if alert is None or pointer is None:
                continue
            state: Asked | None = None
            needs: tuple[Need, ...] = ()
            if number in fired:
                state = "raised"
            elif self.is_undecided(number):
                needs = self.unknown(flag.rule.trigger or flag.rule.when, PATIENT) or self.unknown(flag.rule.when, PATIENT)
                open_ = tuple(need for need in needs if need[1] not in self.facts.excluded)
                needs = tuple(need for need in open_ if not need[1].startswith("pain."))
                if not needs:  # whether it hurts elsewhere too is for whoever draws the pain map
                    state = "not_asked" if open_ else "asked"
                elif flag.opened in fired or pointer.points(given):
                    state = "open"
                elif alert.condition not in self.screens.causes:
                    state = "due" if self._is_due(alert, needs) else "not_asked"
            elif alert.condition not in self.screens.causes:
                state = "asked"
            if state is not None:
                label = self.words.suspects[alert.condition].label
                yield Screened(alert.condition, label, alert.urgency, state, self._addressed(needs))

    def _is_due(self, alert: RaiseAlert, needs: Iterable[Need]) -> bool:
        """Whether a red flag that belongs to a part of the body could be raised by a history or a basic examination."""
        somewhere = any(self.words.regions[region].parent is not None for region in alert.regions)
        basic = (term not in self.words.terms or COSTS.index(self.words.terms[term].cost) <= BASIC for _, term in needs)
        return somewhere and any(basic)

    def _screening(self) -> Literal["complete", "partial", "not_done"]:
        """Age and the pain map alone are no screening, nor is a finding that says no more than where the pain is."""
        given = self.values.given
        asked = given.keys() - {term.id for term in self.book.standing if term.id in given and self._is_drawn(term, given[term.id])}
        if all(flag.asked.isdisjoint(asked) for flag in self.relevant):
            return "partial" if self.field("alerts") else "not_done"
        due = any(one.state in DUE for one in self.field("screened"))
        return "partial" if due or self.field("beyond") else "complete"

    @staticmethod
    def _is_drawn(term: Term, finding: Finding) -> bool:
        """Whether a finding says no more than where the pain is."""
        return bool(finding.follows_from or finding.places(term) or term.area)

    # --- hypotheses

    def _hypotheses(self) -> tuple[Hypothesis, ...]:
        """
        Ranked by score; what rules settle comes before and behind.

        Before everything comes what a raised emergency or urgent red flag suspects; then what a raised flag of less urgency, written as a rule,
        names and points or rules hold for at least probable: a muscle found tender beside it does not go first.
        """
        raised = [alert for alert in reversed(self.field("alerts")) if alert.status == "raised"]
        pressing = {alert.condition: URGENCIES.index(alert.urgency) for alert in raised if alert.urgency in PRESSING}
        named = {alert.condition for alert in raised if not alert.graded}
        late, found = len(URGENCIES), []
        for suspect in self.book.suspects:
            ranked = self._ranked(suspect)
            if ranked is not None:
                id_, probable = suspect.suspect.id, ranked[1].status in ("probable", "confirmed")
                found.append((pressing.get(id_, late - 1 if id_ in named and probable else late), *ranked))
        found.sort(key=_by_rank)
        return tuple(hypothesis for _, _, hypothesis in found)

    def _ranked(self, suspected: _Suspected) -> "tuple[tuple[Any, ...], Hypothesis] | None":
        """A hypothesis with the key by which it is ranked, if it is listed; what nobody has touched is the same for everybody."""
        touched, id_, kept = self.values.touched, suspected.suspect.id, self.book.hypotheses
        is_measure = id_ == self.base.scale.against and bool(self.values.pain.entries)
        if suspected.cause is None:
            several: list[tuple[int, int]] = []
        elif suspected.cues & touched:
            several = considered(self.values, id_)
            if not suspected.arguing and not is_measure and (not several or self.values.scores[several[0][1]][2] != TRUE):
                return None
        elif suspected.arguing:
            several = considered(self.values, id_)
        elif is_measure:
            several = []
        else:
            return None
        if (suspected.cone | suspected.cues) & touched or is_measure:
            return self._hypothesis(suspected, several, is_measure=is_measure)
        key = (id_, tuple([number for _, number in several]))
        if key not in kept:
            kept[key] = self._hypothesis(suspected, several, is_measure=False)
        return kept[key]

    def _hypothesis(
        self, suspected: _Suspected, profiles: Sequence[tuple[int, int]], *, is_measure: bool
    ) -> "tuple[tuple[Any, ...], Hypothesis] | None":
        """
        A hypothesis with the key by which it is ranked: where something for it holds, a rule argues about it or may.

        The cause against which all others are measured is listed wherever there is pain.
        """
        fired, suspect = self.values.fired, suspected.suspect
        several = scored(self.values, suspected.cause, profiles) if suspected.cause else ()
        cues = [self._cue(several[0], held) for held in several[0].held] if several else []
        holding = [arguing for arguing in suspected.arguing if arguing.number in fired]
        arguments = [*cues, *(self._argument(arguing, suspected.cone) for arguing in holding)]
        if suspect.kind == "serious" and not any(a.effect == "support" for a in arguments):
            return None
        open_, undecided = self._open_arguments(suspected)
        on_the_table = is_measure or any(a.effect == "support" for a in cues) if suspected.cause else False
        if not (on_the_table or holding or undecided):
            return None
        true, may = [arguing.said for arguing in holding], [arguing.said for arguing in open_]
        standing = stand(self.base, suspect.id, several, true, firm=self.firm(suspect.id))
        made = Hypothesis(
            id=suspect.id,
            label=suspect.label,
            kind=suspect.kind,
            status=standing.status,
            conflict=standing.conflict,
            supports=_strongest_first(a for a in arguments if a.effect not in AGAINST),
            opposes=_strongest_first(a for a in arguments if a.effect in AGAINST),
            undecided=_strongest_first(undecided),
            could_be=self._could_be(suspect.id, several, true, may),
            score=standing.score if several or holding else None,
            prior=several[0].picture.counted.prior if several else None,
        )
        group, none = GROUPS.get(standing.status, 1), made.score is None
        return (group, none, -(made.score or 0), STATUSES.index(standing.status), suspect.id), made

    def _open_arguments(self, suspected: _Suspected) -> tuple[list[_Arguing], list[Argument]]:
        """The rules that may yet argue about a hypothesis, and what they would say."""
        fired, touched, patient = self.values.fired, self.values.touched, self.values.patient
        open_, undecided = [], []
        for arguing in suspected.arguing:
            if arguing.silent or (arguing.node is not None and patient[arguing.node] != UNKNOWN) or arguing.number in fired:
                continue
            argument = self._open_argument(arguing) if arguing.cone & touched else self._untouched(arguing)
            if argument is not None:
                open_.append(arguing)
                undecided.append(argument)
        return open_, undecided

    def _cue(self, known: Scored, held: Held) -> Argument:
        """A cue that counts, as an argument; what it says is worked out when it is looked at."""
        sign, told = held.sign, _Told(self, held)
        grade = (sign.basis if sign else "") or ("published" if sign and sign.lr else "convention" if sign is None else "expert_opinion")
        effect: Effect = "support" if held.points > 0 else "oppose"
        refs = (sign.refs if sign else ()) or self.base.scale.judged
        ratio = _ratio(sign) if sign else ""
        return Argument.later(
            known.cause.address, told, effect, _strength(held.points), (), told, (), grade, refs, points=held.points, ratio=ratio
        )

    def told(self, held: Held, name: str, said: dict[str, Any]) -> Any:
        """What a cue that counts says: its title, or the premises it rests on; kept in ``said``."""
        part = held.part
        assert part is not None  # noqa: S101 - of a cue that holds
        with self._turn:
            if not said:
                because = tuple(p for p in self.values.grounds(part, PATIENT, TRUE) if p.kind != "silence")
                telling = [p for p in because if p.kind != "muscle"] or because
                title = "; ".join(dict.fromkeys(p.text for p in telling[:2])) or c.describe(part.condition, self.facts.terrain.name)
                said |= {"because": because, "title": title}
            return said[name]

    def told_of(self, held: Held) -> str:
        """What a cue that counts says."""
        if held.part is None:
            return "pain elsewhere, or given for a whole part of the body"
        title: str = self.told(held, "title", {})
        return lowered(title)

    def firm(self, id_: str) -> bool:
        """Whether a hypothesis may be more than possible."""
        cause = self.base.causes.get(id_)
        return cause is None or cause.probable_if is None or self.truth(cause.probable_if, PATIENT) is True

    def status_with(self, id_: str, more: Iterable[Fired]) -> Status:
        """The status that a hypothesis would have if some more rules held."""
        fired = [one for one in self.base.arguments.get(id_, ()) if one[0].cause is None and self.number(one[0]) in self.values.fired]
        cause = self.base.causes.get(id_)
        several = scored(self.values, cause, considered(self.values, id_)) if cause else ()
        return stand(self.base, id_, several, [*fired, *more], firm=self.firm(id_)).status

    def number(self, rule: Rule) -> int:
        """The number of a rule in the program."""
        return self.book.program.number_of[rule.id]

    def _could_be(self, id_: str, several: Sequence[Scored], fired: Sequence[Fired], undecided: Sequence[Fired]) -> tuple[Status, Status]:
        """The worst and the best status that what is unknown could make of a hypothesis."""
        against = [one for one in undecided if one[1] in ("oppose", "exclude")]
        better = [one for one in undecided if one[1] in ("support", "confirm")]
        highest = [attrs.evolve(one, low=one.high, held=(*one.held, *_MORE[one.high > one.low])) for one in several]
        highest.sort(key=lambda one: -one.low)
        worst = stand(self.base, id_, several, [*fired, *against], firm=self.firm(id_)).status
        return worst, stand(self.base, id_, highest, [*fired, *better], firm=True).status

    def _argument(self, arguing: _Arguing, cone: int) -> Argument:
        """An argument that holds: why is worked out when it is looked at, unless everybody shares it."""
        rule, subjects = arguing.rule, self._subjects(arguing.rule, arguing.number)
        about = () if rule.about == "patient" else subjects
        evidence = rule.evidence
        if cone & self.values.touched:
            because = _Later(self, "because", arguing.number, subjects)
            return Argument.later(
                rule.id, rule.title, arguing.effect, arguing.strength, about, because, (), evidence.grade, evidence.references
            )
        found = self._because_of(arguing.number, subjects)
        return Argument(rule.id, rule.title, arguing.effect, arguing.strength, about, found, (), evidence.grade, evidence.references)

    def _open_argument(self, arguing: _Arguing) -> Argument | None:
        """An argument that may yet hold."""
        subject = self.undecided_subject(arguing.rule)
        if subject is None:
            return None
        rule, evidence = arguing.rule, arguing.rule.evidence
        unknown = _Later(self, "unknown", arguing.number, (subject,))
        return Argument.later(rule.id, rule.title, arguing.effect, arguing.strength, (), (), unknown, evidence.grade, evidence.references)

    def _untouched(self, arguing: _Arguing) -> Argument | None:
        """An argument that may yet hold, where nothing is known that it reads: the same for everybody, and none of a diagnosis not given."""
        if not arguing.asked:
            rule, evidence = arguing.rule, arguing.rule.evidence
            if rule.about == "patient" and self.undecided_subject(rule):
                unknown = self._unknown_of(rule, PATIENT)
                arguing.untouched = Argument(
                    rule.id, rule.title, arguing.effect, arguing.strength, (), (), unknown, evidence.grade, evidence.references
                )
            arguing.asked = True
        return arguing.untouched

    def later(self, what: str, number: int, subjects: tuple[str, ...]) -> Any:
        """Why an argument holds, or what it waits for."""
        with self._turn:
            return self._because_of(number, subjects) if what == "because" else self._unknown_of(self.base.rules[number], subjects[0])

    def in_focus(self, rule: Rule) -> tuple[str, ...]:
        """Of whom a rule is told: the patient, the muscles in focus, or the diagnoses given."""
        return self.focus if rule.about == "muscle" else self.facts.subjects(rule.about)

    def undecided_subject(self, rule: Rule) -> str | None:
        """The first subject in focus of whom a rule is undecided."""
        number = self.book.program.number_of[rule.id]
        if rule.about == "patient":
            return PATIENT if self.is_undecided(number) else None
        if number not in self._undecided:
            part, subjects = self.values.parts.rules[number], self.focus if rule.about == "muscle" else self.values.given_labels
            self._undecided[number] = next((subject for subject in subjects if self.values.part(part, subject) == UNKNOWN), None)
        return self._undecided[number]

    def _subjects(self, rule: Rule, number: int) -> tuple[str, ...]:
        """Of whom a rule fired, muscles in the order of their rank."""
        if rule.about == "patient":
            return (PATIENT,)
        order = self.order
        return tuple(sorted(self.values.subjects_of(number), key=lambda s: (order.get(s, len(order)), s)))

    def _because_of(self, number: int, subjects: Sequence[str]) -> tuple[Premise, ...]:
        found = self._because.get(number)
        if found is None:
            premises = (p for subject in subjects[:MUSCLES_IN_FOCUS] for p in self.values.because(number, subject))
            found = self._because[number] = tuple(dict.fromkeys(premises))
        return found

    # --- what is not known

    def truth(self, condition: c.Condition, subject: str) -> c.Truth:
        """The truth of a condition that stands in a rule, of a subject."""
        return self.values.truth(condition, subject)

    def grounds_against(self, condition: c.Condition, subject: str) -> Iterator[Premise]:
        """What is recorded that keeps a condition from being true."""
        yield from self._against(self.values.parts.of(condition), subject)

    def _against(self, part: Part, subject: str) -> Iterator[Premise]:
        match part.condition:
            case c.All():
                for one in part.parts:
                    if self.values.part(one, subject) == FALSE:
                        yield from self._against(one, subject)
            case c.Any() | c.AtLeast():
                for one in part.parts if self.values.part(part, subject) == FALSE else ():
                    yield from self._against(one, subject)
            case c.Item():
                yield from self._against(part.parts[0], subject)
            case _ if self.values.part(part, subject) == FALSE:
                yield from self.values.grounds(part, subject, FALSE)

    def _unknown_of(self, rule: Rule, subject: str) -> tuple[str, ...]:
        """The findings, by address, that could decide an undecided rule."""
        number = self.book.program.number_of[rule.id]
        part = self.values.parts.rules[number]
        if part.cone & self.values.touched:
            return self._addressed(self.waits(part, subject))
        found = self.book.unknown.get(number)
        if found is None:
            found = self.book.unknown[number] = self._addressed(self.waits(part, subject))
        return found

    def _addressed(self, needs: Iterable[Need]) -> tuple[str, ...]:
        kept = self.book.addresses
        found: dict[str, None] = {}
        for need in needs:
            address = kept.get(need)
            if address is None:
                if len(kept) >= WAITS_KEPT:
                    kept.clear()
                address = kept[need] = str(of_finding(*need, self.words))
            found[address] = None
        return tuple(found)

    def unknown(self, condition: c.Condition, subject: str) -> tuple[Need, ...]:
        """The unknown findings on which an undecided condition waits, each with its subject."""
        return self.waits(self.values.parts.of(condition), subject)

    def waits(self, part: Part, subject: str) -> tuple[Need, ...]:
        """As ``unknown``, of a part of a rule; what nobody has touched waits for the same of everybody."""
        untouched = not part.cone & self.values.touched and subject == PATIENT
        found = self.book.waits.get(part) if untouched else self._waits.get((part.key, subject))
        if found is None:
            found = self._waits_for(part, subject)
            if not untouched:
                self._waits[part.key, subject] = found
            else:
                if len(self.book.waits) >= WAITS_KEPT:
                    self.book.waits.clear()
                self.book.waits[part] = found
        return found

    def _waits_for(self, part: Part, subject: str) -> tuple[Need, ...]:
        values = self.values
        match part.condition:
            case c.All() | c.Any() | c.AtLeast() | c.Not() | c.Item() | c.Established() | c.Known():
                return _each_once([self.waits(one, subject) for one in part.parts if values.part(one, subject) == UNKNOWN])
            case c.Present(term) | c.Words(term):
                return ((self._whose(term, subject), "pain" if self.words.terms[term].fact else term),)
            case c.Compare(term):
                return tuple(dict.fromkeys(self._unknown_items(term, self._whose(term, subject))))
            case c.Derived(id):
                rules = ((values.parts.rules[self.book.program.number_of[rule.id]], rule) for rule in self.base.concluding[id])
                asked = ((when, subject if rule.about != "patient" else PATIENT) for when, rule in rules)
                return _each_once([self.waits(when, whom) for when, whom in asked if values.part(when, whom) == UNKNOWN])
            case c.CountMuscles() | c.LabelMuscle():
                (of,) = part.parts
                undecided = [muscle for muscle in self.focus if values.part(of, muscle) == UNKNOWN]
                return _each_once([self.waits(of, muscle) for muscle in undecided or self._others_undecided(of)])
            case c.PainAt(regions):
                return tuple((PATIENT, f"pain.{region}") for region in dict.fromkeys(regions) if values.pain.at(region) is None)
            case c.Label(ids):
                return tuple((PATIENT, f"labels.{label}") for label in dict.fromkeys(ids) if label not in values.labels)
            case c.AnyLabel():
                (of,) = part.parts
                return _each_once([self.waits(of, label) for label in values.given_labels if values.part(of, label) == UNKNOWN])
            case c.Suspicion() | c.InReach():
                return _each_once([self.waits(cue, PATIENT) for cue in self._open_cues(part)])
            case c.MuscleIs() | c.LabelIs() | c.PainNamed() | c.PainApart():
                return ()
            case _:
                assert_never(part.condition)

    def _whose(self, term: str, subject: str) -> str:
        """Of whom a finding is that a rule about a subject waits for: a rule about one muscle may read what is the patient's."""
        return subject if self.words.terms[term].subject in ("muscle", "label") else PATIENT

    def _open_cues(self, part: Part) -> list[Part]:
        """The cues not yet known that could raise a score, of the profiles that are considered, those of most points first."""
        values = self.values
        numbers = [number for number in values.program.scored[part.number] if values.considered(number) == TRUE]
        cues = [pair for number in numbers for group in values.parts.cues(number) for pair in group if pair[0] > 0]
        cues = [pair for pair in cues if pair[0] >= self.base.scale.telling] or cues
        cues.sort(key=lambda pair: -pair[0])
        return [cue for _, cue in cues if values.part(cue, PATIENT) == UNKNOWN]

    def _others_undecided(self, condition: Part) -> Iterator[str]:
        """Muscles out of focus on which a count waits: those ranked first, or the first of the body."""
        every = dict.fromkeys((*self.order, *self.values.in_order(self.values.full)))
        return islice((muscle for muscle in every if self.values.part(condition, muscle) == UNKNOWN), MUSCLES_IN_FOCUS)

    def _unknown_items(self, term: str, subject: str) -> Iterator[tuple[str, str]]:
        measure = self.words.measures.get(term)
        if measure is None or not measure.sum:
            yield subject, term
            return
        for item in measure.sum:
            known = item in self.values.given
            if not known and item in self.words.measures:
                interval = self.facts.interval(item)
                known = interval.lowest == interval.highest
            if not known:
                yield from self._unknown_items(item, subject)

    # --- criteria, cautions, recommendations

    def _criteria(self) -> tuple[CriterionResult, ...]:
        of = {"patient": (PATIENT,), "muscle": self.facts.examined, "label": self.values.given_labels}
        return tuple(
            self._criterion(rule, number, criterion, items, subject)
            for rule, number, criterion, items in self.book.criteria
            for subject in of[rule.about] or (PATIENT,)
        )

    def _criterion(self, rule: Rule, number: int, criterion: CriterionMet, lines: Iterable[_Line], subject: str) -> CriterionResult:
        """A criterion of muscles or diagnoses is told of the patient where there are none of which it could be asked."""
        values, of_nobody = self.values, rule.about != "patient" and subject == PATIENT
        met = UNKNOWN if of_nobody else values.part(values.parts.rules[number], subject)
        found = tuple(line.by_truth[self._of_nobody(line) if of_nobody else VERDICTS[values.part(line.part, subject)]] for line in lines)
        references = rule.evidence.references
        return CriterionResult(criterion.id, criterion.name, criterion.hypothesis, subject, MET[VERDICTS[met]], found, references)

    def _of_nobody(self, line: _Line) -> c.Truth:
        if not line.own:
            return c.judge(line.part.condition, self.facts.view(PATIENT, self.chain.concluded))
        if line not in self.book.of_nobody:
            self.book.of_nobody[line] = c.judge(line.part.condition, Facts(self.facts.terrain, Findings()).view())
        return self.book.of_nobody[line]

    def _cautions(self) -> tuple[Caution, ...]:
        found = []
        for rule, number, given in self.book.cautions:
            if number in self.values.fired:
                subjects = self._subjects(rule, number)
                text = self.filled(given.text, rule, subjects)
                about = () if rule.about == "patient" else subjects
                because = self._because_of(number, subjects)
                made = Caution(given.id, text, rule.id, about, because, rule.limits, rule.evidence.references)
                found.append(attrs.evolve(made, short=self.briefly(given.short, rule, subjects), offers=given.offers))
        return tuple(found)

    def _recommendations(self) -> tuple[Recommendation, ...]:
        found = []
        for rule, number, advice in self.book.advice:
            if number in self.values.fired:
                subjects = self._subjects(rule, number)
                kept = "" if self.forbidden & {*advice.offers} else advice.instead
                text = self.filled(" ".join(filter(None, (advice.text, kept))), rule, subjects)
                about = () if rule.about == "patient" else subjects
                because = self._because_of(number, subjects)
                offers = advice.offers if kept or not advice.instead else ()
                made = Recommendation(advice.kind, text, rule.id, about, because, rule.limits, rule.evidence.references)
                found.append(attrs.evolve(made, short=self.briefly(advice.short, rule, subjects), offers=offers))
        return tuple(sorted(found, key=lambda r: (RECOMMENDATIONS.index(r.kind), r.rule)))

    def filled(self, text: str, rule: Rule, subjects: Sequence[str]) -> str:
        """A rule's text with its placeholders filled in."""
        return self._filled(text, rule, subjects, self._muscle_list)

    def briefly(self, text: str, rule: Rule, subjects: Sequence[str]) -> str:
        """The same, muscles by name and side alone."""
        return self._filled(text, rule, subjects, self._named)

    def _filled(self, text: str, rule: Rule, subjects: Sequence[str], listed: Callable[[Sequence[str]], str]) -> str:
        if rule.about == "muscle":
            text = text.replace("{muscle}", listed(subjects))
            sides = dict.fromkeys(subject.partition(".")[2] or "side not given" for subject in subjects)
            text = text.replace("{side}", " and ".join(sides))
        elif rule.about == "label":
            text = text.replace("{label}", " and ".join(self.words.diagnoses[label].label for label in subjects))
        said, *pieces = text.split("{value:")
        for piece in pieces:
            term, _, after = piece.partition("}")
            said += f"{self.facts.interval(term)}{self.words.shown_unit(term)}{after}"
        return said

    def _named(self, subjects: Sequence[str]) -> str:
        """Muscles by name and side, best first."""
        sides: dict[str, list[str]] = {}
        for subject in subjects:
            muscle, _, side = subject.partition(".")
            name, _, part = lowered(self.words.muscle_label(muscle)).partition(", ")
            sides.setdefault(f"{name} ({part})" if part else name, []).append(side)
        named = [f"{label} on both sides" if len(own) > 1 else f"{own[0]} {label}".lstrip() for label, own in sides.items()]
        others = len(named) - MUSCLES_NAMED
        return ", ".join(named[:MUSCLES_NAMED]) + (f" and {counted(others, 'other')}" if others > 0 else "")

    def _muscle_list(self, subjects: Sequence[str]) -> str:
        """Muscles by name, side and place, best first: the place is what a reader can find without knowing the name."""
        sides: dict[str, list[str]] = {}
        for subject in subjects:
            muscle, _, side = subject.partition(".")
            sides.setdefault(muscle, []).append(side)
        named = []
        for muscle, found in list(sides.items())[:MUSCLES_NAMED]:
            places = ", ".join(self.words.name("region", place) for place in self.facts.terrain.referral.places(muscle))
            side = "both sides" if len(found) > 1 else found[0]
            named.append(f"{self.words.muscle_label(muscle)}{', ' + side if side else ''} (lies in: {places})")
        more = len(sides) - len(named)
        return "; ".join(named) + (f"; and {more} more" if more else "")

    def _coverings(self) -> tuple[Any, ...]:
        return coverings(self.values, self.muscles)


FIELDS: dict[str, Callable[[Assessor], Any]] = {
    "screening": Assessor._screening,  # noqa: SLF001 - its own class
    "alerts": Assessor._alerts,  # noqa: SLF001
    "unscreened": Assessor._unscreened,  # noqa: SLF001
    "screened": Assessor._screened,  # noqa: SLF001
    "beyond": Assessor._beyond,  # noqa: SLF001
    "hypotheses": Assessor._hypotheses,  # noqa: SLF001
    "muscles": lambda assessor: assessor.muscles,
    "coverings": Assessor._coverings,  # noqa: SLF001
    "criteria": Assessor._criteria,  # noqa: SLF001
    "cautions": Assessor._cautions,  # noqa: SLF001
    "recommendations": Assessor._recommendations,  # noqa: SLF001
    "trace": lambda assessor: assessor.chain.derivations,
}
"""How each field of an assessment is worked out."""


@attrs.frozen(eq=False)
class _Later:
    """Why an argument holds, or what it waits for, when somebody asks."""

    assessor: Assessor
    what: str
    number: int
    subjects: tuple[str, ...]

    def field(self, _name: str) -> Any:
        """The premises, or the findings."""
        return self.assessor.later(self.what, self.number, self.subjects)


def _each_once(found: Sequence[tuple[Need, ...]]) -> tuple[Need, ...]:
    if len(found) == 1:
        return found[0]
    return tuple(dict.fromkeys(chain.from_iterable(found)))


@attrs.frozen(eq=False)
class _Told:
    """What a cue that counts says, when somebody asks."""

    assessor: Assessor
    held: Held
    said: dict[str, Any] = attrs.field(factory=dict)

    def field(self, name: str) -> Any:
        """Its title, or the premises; worked out once."""
        return self.assessor.told(self.held, name, self.said)


def _first_to_ask(look: Look) -> tuple[int, int]:
    return ORDER.index(look.state), URGENCIES.index(look.screen.urgency)


def _by_place(pair: tuple[tuple[int, int, str], Unscreened]) -> tuple[int, int, str]:
    return pair[0]


def _by_rank(one: tuple[int, tuple[Any, ...], Hypothesis]) -> tuple[int, tuple[Any, ...]]:
    return one[:2]


_MORE: dict[bool, tuple[Held, ...]] = {False: (), True: (Held(1, None, None),)}
"""What stands for the cues not yet known of a profile that could still gain points."""


def _ratio(sign: Sign) -> str:
    """The ratio that a cue rests on, in words."""
    told = (("likelihood ratio", sign.lr), ("odds ratio", sign.odds_ratio), ("likelihood ratio from memory", sign.lr_recall))
    return next((f"{what} {ratio:g}" for what, ratio in told if ratio is not None), "")


def _strength(points: int) -> Strength:
    """Points in a word."""
    return "strong" if abs(points) > 2 else "moderate" if abs(points) == 2 else "weak"


def _strongest_first(arguments: Iterable[Argument]) -> tuple[Argument, ...]:
    return tuple(sorted(arguments, key=lambda a: (_FIRST[a.strength], a.rule)))


Executor: TypeAlias = Callable[[KnowledgeBase, Facts], Chain]
"""An executor: reference, engine, circuit, and those to come."""
