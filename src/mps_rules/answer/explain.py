"""
Why an assessment says what it says, and why it does not: the proof of any conclusion, and how far the rules fell short of another.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import attrs

from mps_rules.answer.assess import Assessor
from mps_rules.answer.flips import Target
from mps_rules.answer.questions import FAR, Distance, asked_as
from mps_rules.answer.scores import Scored, considered, scored
from mps_rules.answer.values import Argument, Assessment, Closing, NearMiss, PointsShort, Proof, Shortfall
from mps_rules.chaining.chains import Chain, Derivation, Premise
from mps_rules.chaining.premises import premises
from mps_rules.chaining.program import TRUE
from mps_rules.errors import Fault, FindingError, closest
from mps_rules.knowledge.causes import common_here
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import COSTS, PATIENT, lowered
from mps_rules.language import conditions as c
from mps_rules.language.conditions import points_told
from mps_rules.patient.facts import Facts


def why(assessment: Assessment, base: KnowledgeBase, facts: Facts, chain: Chain, id: str) -> Proof:
    """
    The proof of a hypothesis, alert, caution, criterion, derived id, rule, or muscle (``muscle`` or ``muscle.side``).

    Raises:
        FindingError: nothing of that id was concluded; names the closest id that was.

    """
    return _Prover(assessment, base, facts, chain).why(id)


@attrs.frozen(eq=False)
class _Prover:
    assessment: Assessment
    base: KnowledgeBase
    facts: Facts
    chain: Chain

    def why(self, id_: str) -> Proof:
        for find in (self._hypothesis, self._alert, self._caution, self._criterion, self._derived, self._rule, self._muscle):
            proof = find(id_)
            if proof is not None:
                return proof
        known = {
            *(h.id for h in self.assessment.hypotheses),
            *(a.id for a in self.assessment.alerts),
            *(x.id for x in self.assessment.cautions),
            *(d.rule for d in self.assessment.trace),
            *(m.muscle for m in self.assessment.muscles),
            *(id_ for d in self.assessment.trace for id_ in self.base.by_id[d.rule].derives()),
        }
        raise FindingError([Fault(id_, "was not concluded for this patient", closest(id_, known))])

    def _hypothesis(self, id_: str) -> Proof | None:
        for hypothesis in self.assessment.hypotheses:
            if hypothesis.id == id_:
                arguments = [self._argument(a) for a in (*hypothesis.supports, *hypothesis.opposes)]
                told = "" if hypothesis.score is None else f", {points_told(hypothesis.score)}"
                common = "" if hypothesis.prior is None else f"; {common_here(hypothesis.prior)}"
                return Proof(f"{hypothesis.label}{told}: {hypothesis.status}{common}", "hypothesis", id_, PATIENT, because=tuple(arguments))
        return None

    def _argument(self, argument: Argument) -> Proof:
        verb = {"support": "For", "oppose": "Against", "confirm": "Confirms", "exclude": "Excludes"}[argument.effect]
        if argument.points is not None:
            ratio = f" ({argument.ratio})" if argument.ratio else ""
            sources = self._sources(argument.references)
            facts = tuple(self._premise(premise) for premise in argument.because)
            statement = f"{verb}, {points_told(argument.points)}: {argument.title}{ratio}"
            return Proof(statement, "argument", argument.rule, PATIENT, references=argument.references, sources=sources, because=facts)
        strength = f" ({argument.strength})" if argument.strength else ""
        proofs = tuple(self._derivation(d) for d in self._derivations(argument.rule, argument.subjects))
        return Proof(f"{verb}{strength}: {argument.title}", "argument", argument.rule, PATIENT, because=proofs)

    def _alert(self, id_: str) -> Proof | None:
        for alert in self.assessment.alerts:
            if alert.id == id_:
                rule = f"{alert.rule}.open" if alert.status == "open" else alert.rule
                proofs = tuple(self._derivation(d) for d in self._derivations(rule))
                return Proof(f"{alert.label}: {alert.status}, {alert.urgency}", "alert", id_, PATIENT, because=proofs)
        return None

    def _caution(self, id_: str) -> Proof | None:
        for caution in self.assessment.cautions:
            if caution.id == id_:
                proofs = tuple(self._derivation(d) for d in self._derivations(caution.rule, caution.subjects))
                return Proof(caution.text, "caution", id_, PATIENT, because=proofs)
        return None

    def _criterion(self, id_: str) -> Proof | None:
        results = [criterion for criterion in self.assessment.criteria if criterion.id == id_]
        if not any(result.status == "met" for result in results):
            return None
        statement = "; ".join(f"{result.label}: {result.status.replace('_', ' ')}" for result in results[:1])
        proofs = tuple(self._derivation(d) for rule in self.base.concluding[id_] for d in self._derivations(rule.id))
        return Proof(statement, "criterion", id_, PATIENT, because=proofs)

    def _derived(self, id_: str) -> Proof | None:
        proofs = tuple(self._derivation(d) for rule in self.base.concluding.get(id_, ()) for d in self._derivations(rule.id))
        if not proofs:
            return None
        return Proof(f"Concluded: {self.base.vocabulary.name('derived', id_)}", "conclusion", id_, PATIENT, because=proofs)

    def _rule(self, id_: str) -> Proof | None:
        proofs = tuple(self._derivation(d) for d in self._derivations(id_))
        if not proofs:
            return None
        return proofs[0] if len(proofs) == 1 else Proof(self.base.by_id[id_].title, "rule", id_, PATIENT, because=proofs)

    def _muscle(self, id_: str) -> Proof | None:
        muscle, _, side = id_.partition(".")
        found = [m for m in self.assessment.muscles if m.muscle == muscle and (not side or m.side == side)]
        if not found:
            return None
        proofs = []
        for one in found:
            subject = f"{one.muscle}.{one.side}" if one.side else one.muscle
            paths = tuple(Proof(path, "path", one.muscle, subject, references=one.references) for path in one.path)
            examined = tuple(Proof(p.text, p.kind, p.id, p.subject) for p in one.because if p.id != "refers_to_pain")
            derived = tuple(self._derivation(d) for d in self.assessment.trace if d.subject == subject)
            state = one.status.replace("_", " ")
            proofs.append(
                Proof(
                    f"{self.base.vocabulary.subject_label(subject)}: {state}",
                    "muscle",
                    one.muscle,
                    subject,
                    sources=self._sources(one.references),
                    references=one.references,
                    limits=f"Confidence of the referral pattern: {one.confidence}." if one.confidence else "",
                    because=(*paths, *examined, *derived),
                )
            )
        return (
            proofs[0]
            if len(proofs) == 1
            else Proof(self.base.vocabulary.muscle_label(muscle), "muscle", muscle, PATIENT, because=tuple(proofs))
        )

    # --- down the tree

    def _derivations(self, rule: str, subjects: Iterable[str] = ()) -> Iterator[Derivation]:
        wanted = set(subjects)
        return (d for d in self.assessment.trace if d.rule == rule and (not wanted or d.subject in wanted))

    def _derivation(self, derivation: Derivation) -> Proof:
        rule = self.base.by_id[derivation.rule]
        about = "" if derivation.subject == PATIENT else f" ({self.base.vocabulary.subject_label(derivation.subject)})"
        return Proof(
            statement=f"{rule.title}{about}",
            kind="derivation",
            id=rule.id,
            subject=derivation.subject,
            rule=rule.id,
            title=rule.summary,
            references=rule.evidence.references,
            sources=self._sources(rule.evidence.references),
            limits=rule.limits,
            because=tuple(self._premise(premise) for premise in derivation.because),
        )

    def _premise(self, premise: Premise) -> Proof:
        because: tuple[Proof, ...] = ()
        if premise.kind == "conclusion":
            rules = self.base.concluding.get(premise.id, ())
            because = tuple(self._derivation(d) for rule in rules for d in self._concluding(rule, premise.subject))
            if not because:
                asked = [rule for rule in rules if self._is_asked_of(rule, premise.subject)]
                because = tuple(self._ruled_out(rule, premise.subject) for rule in asked)
            if not because:
                whom = lowered(self.base.vocabulary.subject_label(premise.subject))
                because = (Proof(f"No rule concludes it of: {whom}", "no_rule", premise.id, premise.subject),)
        return Proof(premise.text, premise.kind, premise.id, premise.subject, because=because)

    def _concluding(self, rule: Rule, subject: str) -> Iterator[Derivation]:
        return (d for d in self.assessment.trace if d.rule == rule.id and d.subject in (subject, PATIENT))

    def _is_asked_of(self, rule: Rule, subject: str) -> bool:
        """Whether a rule is about a subject at all: one made for another diagnosis, or another muscle, says nothing of it."""
        view = self.facts.view(subject if rule.about != "patient" else PATIENT)
        return all(c.judge(part, view) for part in _lines_of(rule.when) if isinstance(part, c.LabelIs | c.MuscleIs))

    def _ruled_out(self, rule: Rule, subject: str) -> Proof:
        view = self.facts.view(subject if rule.about != "patient" else PATIENT, self.chain.concluded)
        found = premises(c.grounds(rule.when, view), self.facts)
        return Proof(
            statement=f"Does not hold: {rule.title}",
            kind="ruled_out",
            id=rule.id,
            subject=subject,
            references=rule.evidence.references,
            because=tuple(self._premise(one) for one in found),
        )

    def _sources(self, references: Iterable[str]) -> tuple[str, ...]:
        known = self.base.references
        return tuple(f"{id_}: {known[id_].text}" if id_ in known else id_ for id_ in self.base.cited(references))


# --- why not ----------------------------------------------------------------------------------------------------------

NEAREST = 8
"""How many rules that fell short are told."""


def why_not(assessor: Assessor, assessment: Assessment, id: str) -> Shortfall:
    """
    Why something was not concluded: the rules that could have, what is recorded against them and what is not known, nearest first.

    Raises:
        FindingError: it was concluded, or nothing of that id can be; names the closest id.

    """
    _facts, chain = assessor.facts, assessor.chain
    target = Target.named(assessor.base, id)
    if target.stands({assessor.base.rules[number].id for number in assessor.values.fired}):
        raise FindingError([Fault(id, "was concluded: ask why")])
    distance = Distance(assessor.values, assessor.focus)
    helping = [rule for rule, effect, _ in target.arguments if effect in ("support", "confirm")] if target.arguments else list(target.rules)
    found = []
    for rule in helping:
        subjects = assessor.in_focus(rule)
        open_ = [subject for subject in subjects if chain.verdict(rule.id, subject) is not True]
        if len(open_) == len(subjects):
            far = {one: distance.of_rule(assessor.book.program.number_of[rule.id], one, TRUE) for one in open_}
            if far:
                nearest = min(far, key=lambda one: far[one])
                found.append(_near_miss(assessor, rule, nearest, far[nearest]))
    found.sort(key=lambda miss: (FAR if miss.missing is None else miss.missing, miss.rule))
    found = _one_of_each_cause(found, assessor.base)
    status = next((h.status for h in assessment.hypotheses if h.id == id), "not concluded")
    return Shortfall(id, target.label, status, tuple(found[:NEAREST]))


def _one_of_each_cause(found: Sequence[NearMiss], base: KnowledgeBase) -> list[NearMiss]:
    """Of the rules of one cause the nearest: those of a lesser urgency yield to the same findings."""
    kept: dict[str, NearMiss] = {}
    for miss in found:
        kept.setdefault(base.by_id[miss.rule].cause or miss.rule, miss)
    return list(kept.values())


def _near_miss(assessor: Assessor, rule: Rule, subject: str, far: int) -> NearMiss:
    facts, words = assessor.facts, assessor.words
    by_truth: dict[c.Truth, list[c.Condition]] = {True: [], None: [], False: []}
    for part in _lines_of(rule.when):
        by_truth[assessor.truth(part, subject)].append(part)
    against = [lowered(fromkey.text) for fromkey in dict.fromkeys(assessor.grounds_against(rule.when, subject))]
    unknown = dict.fromkeys(term for _, term in assessor.unknown(rule.when, subject))
    against += [
        f"{asked_as(term, words)}: cannot be present beside {asked_as(facts.excluded[term], words)}"
        for term in unknown
        if term in facts.excluded
    ]
    against += _not_considered(assessor, rule)
    ask = dict.fromkeys(asked_as(term, words) for term in unknown if term not in facts.excluded)
    return NearMiss(
        rule.id,
        rule.title,
        subject,
        None if far >= FAR else far,
        tuple(lowered(c.describe(part, facts.terrain.name)) for part in by_truth[True]),
        tuple(_with_range(part, assessor, subject) for part in by_truth[None]),
        tuple(dict.fromkeys(against)),
        tuple(ask),
        rule.evidence.references,
        _points_short(assessor, rule),
    )


CLOSING = 10
"""How many sets of findings that would close a gap are told."""
TOGETHER = 3
"""Of how many findings such a set is made at most."""


def _points_short(assessor: Assessor, rule: Rule) -> PointsShort | None:
    """How many points the cause of a rule is short of its line, by the profile that is nearest, and what would close the gap."""
    cause = assessor.base.causes.get(rule.cause or "")
    if cause is None:
        return None
    urgency = rule.alert.urgency if rule.alert else cause.urgency
    several = [one for one in considered(assessor.values, cause.id) if cause.profiles[one[0]].urgency == urgency]
    if not several:
        return None
    line = assessor.base.scale.line(urgency)
    (best,) = scored(assessor.values, cause, several[:1])
    short = max(line - best.low, 0)
    gains = [] if best.high < line else list(_gains(assessor, best, several[0][1]))
    sets = list(_closing(gains, max(short, 1)))
    told = [(assessor.told_of(held), held.points) for held in best.held]
    return PointsShort(
        score=best.low,
        line=line,
        short=short,
        most=best.high,
        counted=(common_here(best.picture.counted.prior), *(f"{text} {points_told(points)}" for text, points in told if points > 0)),
        against=tuple(f"{text} {points_told(points)}" for text, points in told if points < 0),
        closing=tuple(sets[:CLOSING]),
        more=len(sets[CLOSING:]),
    )


def _not_considered(assessor: Assessor, rule: Rule) -> Iterator[str]:
    """Why no profile of the cause of a rule is considered: it hurts elsewhere, or a gate is shut."""
    cause = assessor.base.causes.get(rule.cause or "")
    if cause is None or considered(assessor.values, cause.id):
        return
    name = assessor.facts.terrain.name
    shut = [one.only_if for one in cause.profiles if one.only_if is not None and assessor.truth(one.only_if, PATIENT) is False]
    yield from dict.fromkeys(f"considered only with: {lowered(c.describe(gate, name))}" for gate in shut)
    places = dict.fromkeys(region for one in cause.profiles if one.only_if not in shut for region in one.where)
    if places:
        yield f"no pain is recorded where it is felt: {', '.join(lowered(name('region', region)) for region in places)}"


@attrs.frozen
class _Gain:
    """A cue that is not known yet: the group of which it may count, what it would add, what it is called, and its cost."""

    group: int
    points: int
    text: str
    cost: int


def _gains(assessor: Assessor, best: Scored, number: int) -> Iterator[_Gain]:
    """What the cues that are not known yet would add to a profile; of one group the strongest counts."""
    facts, words, name = assessor.facts, assessor.words, assessor.facts.terrain.name
    groups = assessor.values.parts.cues(number)
    for place, signs in enumerate(best.picture.cues):
        counted = max((points for points, part in groups[place] if assessor.values.part(part, PATIENT) == TRUE), default=0)
        for sign in signs:
            if sign.points <= counted or assessor.truth(sign.when, PATIENT) is not None:
                continue
            terms = dict.fromkeys(term for _, term in assessor.unknown(sign.when, PATIENT))
            if not terms or any(term in facts.excluded for term in terms):
                continue
            open_ = [part for part in _lines_of(sign.when) if assessor.truth(part, PATIENT) is not True]
            cost = max(COSTS.index(words.terms[term].cost) if term in words.terms else 0 for term in terms)
            yield _Gain(place, sign.points - counted, " and ".join(lowered(c.describe(part, name)) for part in open_), cost)


def _closing(gains: Sequence[_Gain], short: int) -> Iterator[Closing]:
    """The sets of cues, none with one too many, that add so many points: the cheapest first, then the fewest, then the most telling."""
    found: list[tuple[_Gain, ...]] = []
    for size in range(1, TOGETHER + 1):
        for several in combinations(gains, size):
            added = sum(one.points for one in several)
            one_of_each = len({one.group for one in several}) == size
            if one_of_each and added >= short and added - min(one.points for one in several) < short:
                found.append(several)
    found.sort(key=lambda several: (max(one.cost for one in several), len(several), -sum(one.points for one in several)))
    for several in found:
        yield Closing(tuple(one.text for one in several), tuple(one.points for one in several), COSTS[max(one.cost for one in several)])


def _lines_of(condition: c.Condition) -> Iterator[c.Condition]:
    """The parts of a condition that a reader looks at one by one: what all of must hold."""
    if isinstance(condition, c.All):
        for part in condition.of:
            yield from _lines_of(part)
    else:
        yield condition


def _with_range(condition: c.Condition, assessor: Assessor, subject: str) -> str:
    """A part that is not known, in words; where a measure waits, with the range in which it must lie."""
    text = lowered(c.describe(condition, assessor.facts.terrain.name))
    ranges = [
        f"{assessor.words.terms[leaf.term].label} is {assessor.facts.view(subject).interval(leaf.term)} so far"
        for leaf in c.walk(condition)
        if isinstance(leaf, c.Compare) and leaf.term in assessor.words.measures and assessor.truth(leaf, subject) is None
    ]
    return f"{text} ({'; '.join(dict.fromkeys(ranges))})" if ranges else text
