"""
What was found and what was derived become one ranked ``Assessment``.

Nothing is concluded here that no rule concluded: arguments are counted, compared and put in order; what nobody has asked is
listed as such.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import Literal, TypeAlias

import attrs

from mps_rules import conditions as c
from mps_rules.addresses import of_finding
from mps_rules.candidates import candidates, coverings
from mps_rules.causes import Sign
from mps_rules.facts import Facts
from mps_rules.model import (
    PATIENT,
    PRESSING,
    RECOMMENDATIONS,
    STATUSES,
    STRENGTHS,
    URGENCIES,
    Alert,
    Argument,
    Assessment,
    Caution,
    Chain,
    CriterionItem,
    CriterionMet,
    CriterionResult,
    Derivation,
    Effect,
    GiveCaution,
    Hypothesis,
    KnowledgeBase,
    KnowledgeUsed,
    Premise,
    RaiseAlert,
    Recommend,
    Recommendation,
    Rule,
    Status,
    Strength,
    Unscreened,
    muscle_subject,
    placed,
)
from mps_rules.painmap import uncovered_regions
from mps_rules.premises import premises
from mps_rules.scores import GROUPS, Fired, Held, Scored, scored, stand

MUSCLES_IN_FOCUS = 5
"""How many of the best-ranked muscles are asked about beside those examined."""
MUSCLES_NAMED = 4
"""How many muscles one recommendation names before it says how many more there are."""


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


class Assessor:
    """One patient's facts and conclusions, and what an assessment asks of them."""

    def __init__(self, base: KnowledgeBase, facts: Facts, chain: Chain) -> None:
        self.base, self.facts, self.chain = base, facts, chain
        self.words = facts.vocabulary
        self.fired: dict[str, dict[str, Derivation]] = {}
        for derivation in chain.derivations:
            self.fired.setdefault(derivation.rule, {})[derivation.subject] = derivation
        self._truths: dict[tuple[c.Condition, str], c.Truth] = {}
        self._unknowns: dict[tuple[c.Condition, str], tuple[tuple[str, str], ...]] = {}

        self.scores = scored(base, facts, self.truth) if base.causes else {}
        self.muscles = candidates(base, facts, chain)
        self.order = {muscle_subject(one.muscle, one.side): rank for rank, one in enumerate(self.muscles)}
        self.focus = tuple(dict.fromkeys([*facts.examined, *list(self.order)[:MUSCLES_IN_FOCUS]]))

    def assessment(self) -> Assessment:
        """Everything that can be said of the patient, ranked."""
        alerts = self._alerts()
        raised = [alert.urgency for alert in alerts if alert.status == "raised"]
        relevant = [rule for rule, flag in self.base.told(RaiseAlert) if not flag.graded and concerns_the_pain(self.base, self.facts, rule)]
        unscreened = tuple(self._unscreened(relevant))
        beyond = tuple(self._beyond())
        hypotheses = self._hypotheses(alerts)
        return Assessment(
            urgency=next((urgency for urgency in URGENCIES if urgency in raised), "none"),
            screening=self._screening(relevant, alerts, beyond),
            alerts=alerts,
            unscreened=unscreened,
            beyond=beyond,
            hypotheses=hypotheses,
            muscles=self.muscles,
            coverings=coverings(self.facts, self.muscles),
            criteria=tuple(self._criteria()),
            cautions=tuple(self._cautions()),
            recommendations=tuple(self._recommendations()),
            trace=self.chain.derivations,
            findings=self.facts.findings,
            knowledge=KnowledgeUsed(self.base.pack.id, self.base.pack.version, self.base.pack.status, self.base.digest),
        )

    # --- red flags

    def _alerts(self) -> tuple[Alert, ...]:
        """Raised ones first; what points suspect is left out where a rule that somebody wrote raises the same, no less urgently."""
        found = []
        for id_ in self.fired:
            rule, closed = self.base.by_id[id_], self.base.by_id[id_.removesuffix(".open")]
            flag = closed.alert if rule.open_alert else rule.alert
            if flag is None or PATIENT not in self.fired[id_]:
                continue
            points = self._points(rule) if flag.graded else None
            found.append(
                Alert(
                    id=flag.id,
                    label=flag.label,
                    status="open" if rule.open_alert else "raised",
                    urgency=flag.urgency,
                    condition=flag.condition,
                    condition_label=self.words.suspects[flag.condition].label,
                    act_within=flag.act_within,
                    action=(self._action(rule) or flag.action) if flag.graded else flag.action,
                    meanwhile=flag.meanwhile,
                    rule=closed.id,
                    because=tuple(p for p in self.fired[rule.id][PATIENT].because if p.kind != "silence"),
                    unknown=self._unknown_of(closed, PATIENT) if rule.open_alert else (),
                    limits=rule.limits,
                    references=rule.evidence.references,
                    graded=flag.graded,
                    points=points,
                )
            )
        strict: dict[str, int] = {}
        for alert in found:
            if alert.status == "raised" and not alert.graded:
                strict[alert.condition] = min(URGENCIES.index(alert.urgency), strict.get(alert.condition, len(URGENCIES)))
        told = [a for a in found if not (a.graded and URGENCIES.index(a.urgency) >= strict.get(a.condition, len(URGENCIES)))]
        return tuple(sorted(told, key=lambda a: (a.status == "open", URGENCIES.index(a.urgency), a.graded, a.id)))

    def _points(self, rule: Rule) -> int | None:
        """The score of the cause that a graded red flag belongs to."""
        known = self._raising(rule)
        return known.low if known else None

    def _action(self, rule: Rule) -> str:
        """What the profile that speaks calls for, where it says something of its own."""
        known = self._raising(rule)
        return known.picture.action if known else ""

    def _raising(self, rule: Rule) -> Scored | None:
        """The profile that a graded red flag speaks for: the best of its urgency."""
        alert = self.base.by_id[rule.id.removesuffix(".open")].alert
        several = self.scores.get(rule.cause or "", ())
        return next((one for one in several if alert and one.picture.urgency == alert.urgency), None)

    def _unscreened(self, relevant: Iterable[Rule]) -> Iterator[Unscreened]:
        """
        The flags that too little is known to clear, half-asked ones too; open ones are alerts already.

        Most urgent first, then those that belong most narrowly to where the pain is.
        """
        found = []
        for rule in relevant:
            undecided = self.chain.verdict(rule.id) is None and PATIENT not in self.fired.get(f"{rule.id}.open", {})
            if rule.alert and undecided:
                terms = tuple(dict.fromkeys(term for _, term in self.unknown(rule.trigger or rule.when, PATIENT)))
                breadth = sum(len(self.facts.terrain.tree.leaves[region]) for region in rule.alert.regions)
                found.append(
                    (breadth, Unscreened(rule.alert.id, rule.alert.label, rule.alert.urgency, terms or self._unknown_of(rule, PATIENT)))
                )
        yield from (one for _, one in sorted(found, key=lambda pair: (URGENCIES.index(pair[1].urgency), pair[0], pair[1].id)))

    def _asked(self, rule: Rule) -> bool:
        """Whether anything that a red flag reads has been asked or measured; age and the pain map alone are no screening."""
        for leaf in c.walk(rule.when):
            match leaf:
                case c.Present(term) if not self.words.terms[term].stands_for and self.facts.booleans.get(term) is not None:
                    return True
                case c.Words(term) if term in self.facts.words:
                    return True
                case c.Compare(term) if term in self.facts.given and self.words.terms[term].unit != "a":
                    return True
        return False

    def _beyond(self) -> Iterator[str]:
        """What is recorded that no red flag of this pack covers: pain elsewhere, and danger signs that no rule reads."""
        uncovered = set(uncovered_regions(self.words, self.base.pack.screens)) if self.base.pack.screens else set()
        for region in dict.fromkeys(pain.region for pain in self.facts.pain_map.painful if pain.region in uncovered):
            yield f"Pain {placed(self.words.name('region', region))}"
        for term in self.base.unread_dangers:
            if self.facts.booleans.get(term):
                yield self.words.terms[term].label

    def _screening(
        self, relevant: Sequence[Rule], alerts: Sequence[Alert], beyond: Sequence[str]
    ) -> Literal["complete", "partial", "not_done"]:
        if not any(self._asked(rule) for rule in relevant):
            return "partial" if alerts else "not_done"
        undecided = any(self.chain.verdict(rule.id) is None for rule in relevant)
        return "partial" if undecided or beyond else "complete"

    # --- hypotheses

    def _hypotheses(self, alerts: Sequence[Alert]) -> tuple[Hypothesis, ...]:
        """Ranked by status, then strength; what a raised emergency or urgent red flag suspects comes before everything."""
        pressing = {
            alert.condition: URGENCIES.index(alert.urgency)
            for alert in reversed(alerts)
            if alert.status == "raised" and alert.urgency in PRESSING
        }
        found = []
        for suspect in self.words.suspects.values():
            rules = self.base.arguments.get(suspect.id, ()) if suspect.kind != "prompt" else ()
            authored = [(rule, effect, weight) for rule, effect, weight in rules if rule.cause is None]
            given = [a for rule, effect, weight in authored for a in self._true(rule, effect, weight)]
            several = self.scores.get(suspect.id, ())
            known = several[0] if several else None
            counted = self._cues(known) if known else []
            arguments = [*counted, *given]
            if suspect.kind == "serious" and not any(a.effect == "support" for a in arguments):
                continue
            undecided = [a for rule, effect, weight in authored for a in self._undecided(rule, effect, weight)]
            if not self._on_the_table(suspect.id, arguments, undecided):
                continue
            fired = [one for one in authored if one[0].id in self.fired]
            open_ = [one for one in authored if any(a.rule == one[0].id and a.effect == one[1] for a in undecided)]
            standing = stand(self.base, suspect.id, several, fired, firm=self.firm(suspect.id))
            found.append(
                Hypothesis(
                    id=suspect.id,
                    label=suspect.label,
                    kind=suspect.kind,
                    status=standing.status,
                    conflict=standing.conflict,
                    supports=_strongest_first(a for a in arguments if a.effect in ("support", "confirm")),
                    opposes=_strongest_first(a for a in arguments if a.effect in ("oppose", "exclude")),
                    undecided=_strongest_first(undecided),
                    could_be=self._could_be(suspect.id, several, fired, open_),
                    score=standing.score if several or fired else None,
                    prior=known.picture.counted.prior if known else None,
                )
            )
        return tuple(
            sorted(
                found,
                key=lambda h: (
                    pressing.get(h.id, len(URGENCIES)),
                    GROUPS.get(h.status, 1),
                    h.score is None,
                    -(h.score or 0),
                    STATUSES.index(h.status),
                    h.id,
                ),
            )
        )

    def _on_the_table(self, id_: str, arguments: Sequence[Argument], undecided: Sequence[Argument]) -> bool:
        """Whether a hypothesis is listed: something for it holds, a rule argues about it or may, or it is what all are measured against."""
        if id_ in self.base.causes and not any(a.points is None for a in (*arguments, *undecided)):
            measure = id_ == self.base.scale.against and bool(self.facts.pain_map.painful)
            return measure or any(a.effect == "support" for a in arguments)
        return bool(arguments or undecided)

    def _cues(self, known: Scored) -> list[Argument]:
        """The cues that count, as arguments."""
        return [self._cue(known, held) for held in known.held]

    def _cue(self, known: Scored, held: Held) -> Argument:
        cause, sign = known.cause, held.sign
        view = self.facts.view(PATIENT, self.chain.concluded)
        grounds = c.grounds(held.when, view, lambda part, of: self.truth(part, of.subject), self._seek)
        because = tuple(p for p in premises(grounds, self.facts) if p.kind != "silence")
        told = "; ".join(dict.fromkeys(p.text for p in because[:2])) or c.describe(held.when, self.facts.terrain.name)
        return Argument(
            rule=cause.address,
            title=told,
            effect="support" if held.points > 0 else "oppose",
            strength=_strength(held.points),
            subjects=(),
            because=because,
            unknown=(),
            grade=(sign.basis if sign else "") or ("published" if sign and sign.lr else "convention" if sign is None else "expert_opinion"),
            references=sign.refs if sign else (),
            points=held.points,
            ratio=_ratio(sign) if sign else "",
        )

    def firm(self, id_: str) -> bool:
        """Whether a hypothesis may be more than possible."""
        cause = self.base.causes.get(id_)
        return cause is None or cause.probable_if is None or self.truth(cause.probable_if, PATIENT) is True

    def status_with(self, id_: str, more: Iterable[Fired]) -> Status:
        """The status that a hypothesis would have if some more rules held."""
        fired = [one for one in self.base.arguments.get(id_, ()) if one[0].cause is None and one[0].id in self.fired]
        return stand(self.base, id_, self.scores.get(id_, ()), [*fired, *more], firm=self.firm(id_)).status

    def _could_be(self, id_: str, several: Sequence[Scored], fired: Sequence[Fired], undecided: Sequence[Fired]) -> tuple[Status, Status]:
        """The worst and the best status that what is unknown could make of a hypothesis."""
        against = [one for one in undecided if one[1] in ("oppose", "exclude")]
        better = [one for one in undecided if one[1] in ("support", "confirm")]
        highest = [attrs.evolve(one, low=one.high, held=(*one.held, *_MORE[one.high > one.low])) for one in several]
        highest.sort(key=lambda one: -one.low)
        worst = stand(self.base, id_, several, [*fired, *against], firm=self.firm(id_)).status
        return worst, stand(self.base, id_, highest, [*fired, *better], firm=True).status

    def _true(self, rule: Rule, effect: Effect, weight: Strength | None) -> Iterator[Argument]:
        if rule.id in self.fired:
            yield self._argument(rule, effect, weight, self._subjects(rule), ())

    def _undecided(self, rule: Rule, effect: Effect, weight: Strength | None) -> Iterator[Argument]:
        """An argument that may yet hold; what a red flag suspects is listed among the flags not yet cleared instead."""
        if rule.id in self.fired or (rule.alert and effect == "support"):
            return
        subject = self.undecided_subject(rule)
        if subject is not None:
            yield self._argument(rule, effect, weight, (), self._unknown_of(rule, subject))

    def _argument(
        self, rule: Rule, effect: Effect, strength: Strength | None, subjects: tuple[str, ...], unknown: tuple[str, ...]
    ) -> Argument:
        return Argument(
            rule=rule.id,
            title=rule.title,
            effect=effect,
            strength=strength,
            subjects=() if rule.about == "patient" else subjects,
            because=self._because(rule, subjects),
            unknown=unknown,
            grade=rule.evidence.grade,
            references=rule.evidence.references,
        )

    def in_focus(self, rule: Rule) -> tuple[str, ...]:
        """Of whom a rule is told: the patient, the muscles in focus, or the diagnoses given."""
        return self.focus if rule.about == "muscle" else self.facts.subjects(rule.about)

    def undecided_subject(self, rule: Rule) -> str | None:
        """The first subject in focus of whom a rule is undecided."""
        return next((subject for subject in self.in_focus(rule) if self.chain.verdict(rule.id, subject) is None), None)

    def _subjects(self, rule: Rule) -> tuple[str, ...]:
        """Of whom a rule fired, muscles in the order of their rank."""
        return tuple(sorted(self.fired[rule.id], key=lambda s: (self.order.get(s, len(self.order)), s)))

    def _because(self, rule: Rule, subjects: Sequence[str]) -> tuple[Premise, ...]:
        fired = self.fired.get(rule.id, {})
        return tuple(dict.fromkeys(p for subject in subjects[:MUSCLES_IN_FOCUS] for p in fired[subject].because))

    # --- what is not known

    def truth(self, condition: c.Condition, subject: str) -> c.Truth:
        """The truth of a condition of a subject, as the rules were chained."""
        asked = (condition, subject)
        if asked not in self._truths:
            self._truths[asked] = self._judged(condition, subject)
        return self._truths[asked]

    @cached_property
    def _patient(self) -> c.View:
        return self.facts.view(PATIENT, self.chain.concluded)

    def _judged(self, condition: c.Condition, subject: str) -> c.Truth:
        match condition:
            case c.CountMuscles(of, n) if self.chain.alike:
                true = unknown = 0
                for one, many in self._stand_ins.items():
                    verdict = self.truth(of, one)
                    true, unknown = true + many * (verdict is True), unknown + many * (verdict is None)
                return True if true >= n else None if true + unknown >= n else False
            case _ if not isinstance(condition, c.Leaf | c.CountMuscles) and _asks_of_muscles(condition):
                return c.composed(condition, lambda part: self.truth(part, subject))
        return c.judge(condition, self._patient if subject == PATIENT else self.facts.view(subject, self.chain.concluded))

    @cached_property
    def _stand_ins(self) -> Counter[str]:
        """The muscles that stand for those that no rule can tell from them, each with how many it stands for."""
        return Counter(self.chain.alike.values())

    def _seek(self, condition: c.CountMuscles | c.LabelMuscle, view: c.View, verdict: c.Truth) -> Iterator[c.View]:
        """The muscles that give a count its verdict."""
        if not self.chain.alike or isinstance(condition, c.LabelMuscle):
            every = view.label_muscles() if isinstance(condition, c.LabelMuscle) else view.muscles()
            yield from (one for one in every if self.truth(condition.of, one.subject) is verdict)
            return
        wanted = {one for one in self._stand_ins if self.truth(condition.of, one) is verdict}
        for subject, stand_in in self.chain.alike.items():
            if stand_in in wanted:
                yield self.facts.view(subject, self.chain.concluded)

    def grounds_against(self, condition: c.Condition, subject: str) -> Iterator[c.Ground]:
        """What is recorded that keeps a condition from being true."""
        view = self.facts.view(subject, self.chain.concluded)
        match condition:
            case c.All(of):
                for part in of:
                    if self.truth(part, subject) is False:
                        yield from self.grounds_against(part, subject)
            case c.Any() | c.AtLeast():
                for part in c.parts(condition) if self.truth(condition, subject) is False else ():
                    yield from self.grounds_against(part, subject)
            case c.Item(_, _, of):
                yield from self.grounds_against(of, subject)
            case _ if self.truth(condition, subject) is False:
                yield from c.grounds(condition, view)

    def _unknown_of(self, rule: Rule, subject: str) -> tuple[str, ...]:
        """The findings, by address, that could decide an undecided rule."""
        return tuple(dict.fromkeys(str(of_finding(of, term, self.words)) for of, term in self.unknown(rule.when, subject)))

    def unknown(self, condition: c.Condition, subject: str) -> tuple[tuple[str, str], ...]:
        """The unknown findings on which an undecided condition waits, each with its subject."""
        asked = (condition, subject)
        if asked not in self._unknowns:
            self._unknowns[asked] = tuple(dict.fromkeys(self._waits_for(condition, subject)))
        return self._unknowns[asked]

    def _waits_for(self, condition: c.Condition, subject: str) -> Iterator[tuple[str, str]]:
        match condition:
            case c.CountMuscles(of) | c.LabelMuscle(of):
                undecided = [muscle for muscle in self.focus if self.truth(of, muscle) is None]
                for muscle in undecided or self._others_undecided(of):
                    yield from self.unknown(of, muscle)
            case c.AnyLabel(of):
                for label in self.facts.label_findings:
                    if self.truth(of, label) is None:
                        yield from self.unknown(of, label)
            case c.Suspicion() | c.InReach():
                yield from (need for part in self._open_cues(condition, subject) for need in self.unknown(part, subject))
            case c.Derived(id):
                for rule in self.base.concluding[id]:
                    one = subject if rule.about != "patient" else PATIENT
                    if self.chain.verdict(rule.id, one) is None:
                        yield from self.unknown(rule.when, one)
            case c.All() | c.Any() | c.AtLeast() | c.Not() | c.Item():
                for part in c.parts(condition):
                    if self.truth(part, subject) is None:
                        yield from self.unknown(part, subject)
            case c.Established(of) | c.Known(of):
                if self.truth(of, subject) is None:
                    yield from self.unknown(of, subject)
            case c.Present(term) | c.Words(term):
                yield subject, "pain" if self.words.terms[term].fact else term
            case c.Compare(term):
                yield from self._unknown_items(term, subject)
            case c.PainAt(regions):
                yield from ((PATIENT, f"pain.{region}") for region in regions if self.facts.pain_map.at(region) is None)
            case c.Label(ids):
                yield from ((PATIENT, f"labels.{label}") for label in ids if label not in self.facts.labels)

    def _open_cues(self, condition: c.Suspicion | c.InReach, subject: str) -> Iterator[c.Condition]:
        """The cues not yet known that could raise a score, of the profiles that are considered, those of most points first."""
        profiles = [p for p in condition.profiles if c.considered(p, lambda part: self.truth(part, subject))]
        cues = [cue for profile in profiles for group in profile.cues for cue in group if cue.points > 0]
        cues = [cue for cue in cues if cue.points >= self.base.scale.telling] or cues
        yield from (cue.when for cue in sorted(cues, key=lambda cue: -cue.points) if self.truth(cue.when, subject) is None)

    def _others_undecided(self, of: c.Condition) -> Iterator[str]:
        """Muscles out of focus on which a count waits: those ranked first, or the first of the body."""
        every = dict.fromkeys((*self.order, *self.facts.subjects("muscle")))
        return islice((muscle for muscle in every if self.truth(of, muscle) is None), MUSCLES_IN_FOCUS)

    def _unknown_items(self, term: str, subject: str) -> Iterator[tuple[str, str]]:
        measure = self.words.measures.get(term)
        if measure is None or not measure.sum:
            yield subject, term
            return
        for item in measure.sum:
            interval = self.facts.interval(item)
            known = item in self.facts.given or (item in self.words.measures and interval.lowest == interval.highest)
            if not known:
                yield from self._unknown_items(item, subject)

    # --- criteria, cautions, recommendations

    def _criteria(self) -> Iterator[CriterionResult]:
        of = {"patient": (PATIENT,), "muscle": self.facts.examined, "label": self.facts.subjects("label")}
        for rule, criterion in self.base.told(CriterionMet):
            yield from (self._criterion(rule, criterion, subject) for subject in of[rule.about] or (PATIENT,))

    def _criterion(self, rule: Rule, criterion: CriterionMet, subject: str) -> CriterionResult:
        items = [part for part in c.walk(rule.when) if isinstance(part, c.Item)]
        return CriterionResult(
            id=criterion.id,
            label=criterion.name,
            hypothesis=criterion.hypothesis,
            subject=subject,
            status=_met(self.chain.verdict(rule.id, subject)),
            items=tuple(CriterionItem(item.id, item.label, _met(self.truth(item, subject))) for item in items),
            references=rule.evidence.references,
        )

    def _cautions(self) -> Iterator[Caution]:
        for rule, given in self.base.told(GiveCaution):
            if rule.id in self.fired:
                subjects = self._subjects(rule)
                text = self.filled(given.text, rule, subjects)
                about = () if rule.about == "patient" else subjects
                yield Caution(given.id, text, rule.id, about, self._because(rule, subjects), rule.limits, rule.evidence.references)

    def _recommendations(self) -> Iterator[Recommendation]:
        found = []
        for rule, advice in self.base.told(Recommend):
            if rule.id in self.fired:
                subjects = self._subjects(rule)
                text = self.filled(advice.text, rule, subjects)
                about = () if rule.about == "patient" else subjects
                because = self._because(rule, subjects)
                found.append(Recommendation(advice.kind, text, rule.id, about, because, rule.limits, rule.evidence.references))
        yield from sorted(found, key=lambda r: (RECOMMENDATIONS.index(r.kind), r.rule))

    def filled(self, text: str, rule: Rule, subjects: Sequence[str]) -> str:
        """A rule's text with its placeholders filled in."""
        if rule.about == "muscle":
            text = text.replace("{muscle}", self._muscle_list(subjects))
            sides = dict.fromkeys(subject.partition(".")[2] or "side not given" for subject in subjects)
            text = text.replace("{side}", " and ".join(sides))
        elif rule.about == "label":
            text = text.replace("{label}", " and ".join(self.words.diagnoses[label].label for label in subjects))
        while "{value:" in text:
            before, _, rest = text.partition("{value:")
            term, _, after = rest.partition("}")
            interval = self.facts.interval(term)
            text = f"{before}{interval}{self.words.shown_unit(term)}{after}"
        return text

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


@lru_cache(maxsize=65_536)
def _asks_of_muscles(condition: c.Condition) -> bool:
    """Whether a condition counts muscles, which is better done once for those that are alike."""
    return not isinstance(condition, c.AnyLabel | c.LabelMuscle) and any(isinstance(part, c.CountMuscles) for part in c.walk(condition))


_MORE: dict[bool, tuple[Held, ...]] = {False: (), True: (Held(1, c.Any(()), None),)}
"""What stands for the cues not yet known of a profile that could still gain points."""


def _ratio(sign: Sign) -> str:
    """The ratio that a cue rests on, in words."""
    told = (("likelihood ratio", sign.lr), ("odds ratio", sign.odds_ratio), ("likelihood ratio from memory", sign.lr_recall))
    return next((f"{what} {ratio:g}" for what, ratio in told if ratio is not None), "")


def _strength(points: int) -> Strength:
    """Points in a word."""
    return "strong" if abs(points) > 2 else "moderate" if abs(points) == 2 else "weak"


def _met(verdict: c.Truth) -> str:
    return {True: "met", False: "not_met", None: "undecided"}[verdict]


def _strongest_first(arguments: Iterable[Argument]) -> tuple[Argument, ...]:
    order = (None, *STRENGTHS)
    return tuple(sorted(arguments, key=lambda a: (order.index(a.strength), a.rule)))


Executor: TypeAlias = Callable[[KnowledgeBase, Facts], Chain]
"""An executor: reference, engine with either matcher, and those to come."""
