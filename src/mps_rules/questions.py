"""
What to ask or examine next: the step whose answer could change most, for what it costs to obtain.

An answer counts by the red flags it could raise or clear, by the arguments it could decide (more where the status of a hypothesis, or
the leading one, hangs on it), and by the muscles it could settle; a red flag that is two steps short counts half of one
that is one short, an argument a quarter. The weights and the steps are knowledge (``asking.yaml``). Nothing here is a probability.
"""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from mps_rules import conditions as c
from mps_rules.addresses import address
from mps_rules.assess import Assessor, concerns_the_pain
from mps_rules.circuit import ESTABLISHED, FALSE, KNOWN, NEGATED, TRUE, UNKNOWN, Ref, State, circuit_of
from mps_rules.model import (
    COSTS,
    PATIENT,
    STATUSES,
    Argument,
    Ask,
    AskingWeights,
    Assessment,
    Hypothesis,
    Question,
    Rule,
    Status,
    Vocabulary,
    lowered,
)

FAR = 99
"""More findings than anybody would ask for."""
NAMED = 3
"""How many reasons a question gives."""

Need = tuple[str, str]
"""A finding still open: of whom, and which."""


def questions(assessor: Assessor, assessment: Assessment) -> tuple[Question, ...]:
    """What to ask or examine next, most useful first; rules without weights for asking ask nothing. One step is one question."""
    weights = assessor.base.asking.weights
    return _Asker(assessor, assessment, weights).questions() if weights else ()


@attrs.frozen
class _Stake:
    """
    Something an answer could change: how much it counts, in words, and the findings it waits for.

    ``later`` are findings that may be wanted once those are known.
    """

    weight: float
    words: str
    needs: tuple[Need, ...]
    later: tuple[Need, ...]


class _Asker:
    def __init__(self, assessor: Assessor, assessment: Assessment, weights: AskingWeights) -> None:
        self.assessor, self.assessment, self.weights = assessor, assessment, weights
        self.base, self.facts, self.chain = assessor.base, assessor.facts, assessor.chain
        self.words = assessor.words
        self.state = circuit_of(self.base).read(self.facts, assessor.focus)
        self.distance = Distance(self.state)
        self.steps = {step.id: step for step in self.base.asking.steps}
        self.step_of = {term: step.id for step in self.steps.values() for term in step.terms}
        self.rank = {id_: number for number, id_ in enumerate(self.steps)}

    def questions(self) -> tuple[Question, ...]:
        """
        Stakes are shared out over the steps that their findings stand in; each step gains what its share is worth, by its cost.

        A step that is asked for is asked for whole: what a red flag may want later in the same step, or one that belongs elsewhere
        would be triggered by, is taken with it.
        """
        gains: dict[tuple[str, str], float] = {}
        reasons: dict[tuple[str, str], dict[str, float]] = {}
        needs: dict[tuple[str, str], dict[Need, None]] = {}
        stakes = list(self._stakes())
        for stake in stakes:
            keys = [self._step(need) for need in stake.needs]
            for key, need in zip(keys, stake.needs, strict=True):
                share = stake.weight / len(keys)
                gains[key] = gains.get(key, 0.0) + share
                told = reasons.setdefault(key, {})
                told[stake.words] = told.get(stake.words, 0.0) + share
                needs.setdefault(key, {})[need] = None
        for need in dict.fromkeys([*(need for stake in stakes for need in stake.later), *self._elsewhere()]):
            if (key := self._step(need)) in needs:
                needs[key][need] = None
        made = [self._question(key, gains[key], reasons[key], list(needs[key])) for key in gains]
        return tuple(sorted(made, key=lambda q: (-q.gain, COSTS.index(q.cost), self.rank.get(q.step, len(self.rank)), q.subject, q.terms)))

    def _step(self, need: Need) -> tuple[str, str]:
        """The step that a finding is obtained in, and of whom."""
        subject, term = need
        return self.step_of.get(term, term), subject

    def _question(self, key: tuple[str, str], gain: float, told: Mapping[str, float], needs: Iterable[Need]) -> Question:
        id_, subject = key
        step = self.steps.get(id_)
        order = step.terms if step else ()
        terms = tuple(sorted((term for _, term in needs), key=lambda t: (order.index(t) if t in order else len(order), t)))
        cost = max((self._cost(term) for term in terms), default=0)
        about = "" if subject == PATIENT else f" ({lowered(self.words.subject_label(subject))})"
        labels = [asked_as(term, self.words) for term in terms]
        listed = "; ".join(labels)
        text = f"{step.label}{about}: {listed}" if step else f"{listed[:1].upper()}{listed[1:]}{about}"
        why = _joined([words for words, _ in sorted(told.items(), key=lambda one: (-one[1], one[0]))[:NAMED]])
        return Question(terms, subject, text, why, COSTS[cost], id_, round(gain / self.weights.cost[COSTS[cost]], 6))

    def _cost(self, term: str) -> int:
        """How dear a finding is to obtain; a place of the pain map or a diagnosis is asked."""
        return COSTS.index(self.words.terms[term].cost) if term in self.words.terms else 0

    # --- what is at stake

    def _stakes(self) -> Iterator[_Stake]:
        yield from self._flags()
        yield from self._arguments()
        yield from self._rules_that_ask()
        yield from self._muscles()

    def _flags(self) -> Iterator[_Stake]:
        """Red flags that matter for where the pain is and that are not decided; open ones first, since a finding already points to them."""
        open_ = {alert.id for alert in self.assessment.alerts if alert.status == "open"}
        for rule in self.base.rules:
            flag = rule.alert
            if flag is None or self.chain.verdict(rule.id) is not None or not concerns_the_pain(self.base, self.facts, rule):
                continue
            if flag.graded and flag.id not in open_:
                continue
            weight = self.weights.flag[flag.urgency]
            if all(self.words.regions[region].parent is None for region in flag.regions):
                weight *= self.weights.anywhere
            pressed = flag.id in open_
            if pressed:
                weight *= self.weights.open
            needs = self._needs((rule.qualifier if pressed else rule.trigger) or rule.when, PATIENT)
            words = f"{'would raise or clear the open red flag' if pressed else 'could raise or help to clear'}: {lowered(flag.label)}"
            later = tuple(self._needs(rule.when, PATIENT))
            yield from self._stake(weight, words, needs, self._far(rule, PATIENT), power=1, later=later)

    def _elsewhere(self) -> Iterator[Need]:
        """What red flags that do not belong to where the pain is would be triggered by."""
        for rule in self.base.rules:
            if (
                rule.alert
                and not rule.alert.graded
                and self.chain.verdict(rule.id) is None
                and not concerns_the_pain(self.base, self.facts, rule)
            ):
                yield from self._needs(rule.trigger or rule.when, PATIENT)

    def _arguments(self) -> Iterator[_Stake]:
        """Arguments not yet decided, by what the status of their hypothesis and the lead would do if they held."""
        first = next(iter(self.assessment.hypotheses), None)
        for hypothesis in self.assessment.hypotheses:
            for argument in hypothesis.undecided:
                rule = self.base.by_id[argument.rule]
                subject = next(iter(argument.subjects), None) or self.assessor.undecided_subject(rule)
                if subject is None:
                    continue
                weight = self._worth(hypothesis, argument, leads=hypothesis is first)
                effect = {"support": "speak for", "confirm": "confirm", "oppose": "speak against", "exclude": "exclude"}[argument.effect]
                words = f"could {effect} {lowered(hypothesis.label)}: {lowered(argument.title)}"
                yield from self._stake(weight, words, self._needs(rule.when, subject), self._far(rule, subject))

    def _worth(self, hypothesis: Hypothesis, argument: Argument, *, leads: bool) -> float:
        weight = self.weights.argument[argument.strength or "strong"]
        rule = self.base.by_id[argument.rule]
        after = self.assessor.status_with(hypothesis.id, [(rule, argument.effect, argument.strength)])
        if after != hypothesis.status:
            weight += self.weights.status * self.weights.argument[argument.strength or "strong"]
        if self._leads(after, leads=leads):
            weight += self.weights.leading
        return weight

    def _leads(self, after: Status, *, leads: bool) -> bool:
        """Whether another hypothesis would lead, if one had that status."""
        first, *others = self.assessment.hypotheses
        if leads:
            return any(STATUSES.index(second.status) < STATUSES.index(after) for second in others[:1])
        return STATUSES.index(after) < STATUSES.index(first.status)

    def _rules_that_ask(self) -> Iterator[_Stake]:
        for rule in self.base.rules:
            fired = [d.subject for d in self.assessment.trace if d.rule == rule.id] if any(isinstance(x, Ask) for x in rule.then) else []
            for subject in fired:
                for ask in rule.then:
                    if isinstance(ask, Ask):
                        text = self.assessor.filled(ask.text, rule, [subject])
                        needs = [(subject if self.words.terms[t].subject == "label" else PATIENT, t) for t in ask.terms]
                        yield from self._stake(
                            self.weights.rule_asks, lowered(text).rstrip("."), [need for need in needs if self._is_open(need)], 1
                        )

    def _muscles(self) -> Iterator[_Stake]:
        """Whether the muscles that explain most take part, the best first."""
        for place, subject in enumerate(one for one in self.assessor.focus if one in self.assessor.order):
            for state in self.base.pack.muscle_states:
                for rule in self.base.concluding.get(state.derived, ()):
                    if self.chain.verdict(rule.id, subject) is None:
                        needs = [need for need in self._needs(rule.when, subject) if need[0] == subject]
                        yield from self._stake(self.weights.muscle / (1 + place), "would settle whether this muscle takes part", needs, 1)

    def _stake(
        self,
        weight: float,
        words: str,
        needs: Iterable[Need],
        far: int,
        power: int = 2,
        later: tuple[Need, ...] = (),
    ) -> Iterator[_Stake]:
        waiting = tuple(dict.fromkeys(needs))
        if waiting and far < FAR:
            steps = len({self._step(need) for need in waiting})
            yield _Stake(weight / min(far, steps) ** power, words, waiting, later)

    # --- what is not known

    def _needs(self, condition: c.Condition, subject: str) -> list[Need]:
        return [need for need in self.assessor.unknown(condition, subject) if need[1] != "pain" and self._is_open(need)]

    def _far(self, rule: Rule, subject: str) -> int:
        return max(1, self.distance.of(self.state.circuit.rules[rule.id], subject, TRUE))

    def _is_open(self, need: Need) -> bool:
        subject, term = need
        if term in self.facts.excluded:
            return False
        known = self.words.terms.get(term)
        return not self.facts.knows(PATIENT if known and known.subject == "patient" else subject, term)


def _joined(reasons: Iterable[str]) -> str:
    """
    Reasons as one text; what several have in common before the colon is said once.

    >>> _joined(["could raise or clear: fracture", "could speak for stenosis: gait", "could raise or clear: infection"])
    'could raise or clear: fracture, infection; could speak for stenosis: gait'
    """
    by_verb: dict[str, list[str]] = {}
    for reason in reasons:
        verb, colon, rest = reason.partition(": ")
        by_verb.setdefault(verb + colon, []).append(rest)
    return "; ".join(verb + ", ".join(rest) for verb, rest in by_verb.items())


def asked_as(term: str, words: Vocabulary) -> str:
    """
    What is asked for, in words: a finding, a place that may hurt (``pain.calf``), a diagnosis that may have been given.

    >>> from mps_rules import load
    >>> asked_as("pain.calf", load().vocabulary), asked_as("fever", load().vocabulary)
    ('pain in the calf', 'fever')
    """
    if term in words.terms:
        return lowered(words.terms[term].label)
    return address(term, words).words(words) if "." in term else "the rest of the pain map"


class Distance:
    """How many findings are still wanted until a node is true, or false: the fewest, but a finding read twice is counted twice."""

    def __init__(self, state: State) -> None:
        self.state, self.circuit = state, state.circuit
        self.memo: dict[tuple[int, int], int] = {}

    def of(self, ref: Ref, subject: str, wanted: int) -> int:
        """The distance of an input of a gate; ``FAR`` where no finding could bring it there."""
        about, number, counted = ref
        if counted == NEGATED:
            wanted = 2 - wanted
        elif counted == ESTABLISHED and wanted == FALSE:
            return 0 if self.state.truth_at(ref, subject) != TRUE else FAR
        elif counted == KNOWN:
            plain = (about, number, 0)
            known = min(self.of(plain, subject, TRUE), self.of(plain, subject, FALSE))
            return known if wanted == TRUE else 0 if self.state.truth_at(ref, subject) == UNKNOWN else FAR
        index = self.state.index((about, number, 0), subject)
        if (index, wanted) not in self.memo:
            self.memo[index, wanted] = FAR
            self.memo[index, wanted] = self._at(about, number, subject, wanted)
        return self.memo[index, wanted]

    def _at(self, about: str, number: int, subject: str, wanted: int) -> int:
        truth = self.state.truth_at((about, number, 0), subject)  # type: ignore[arg-type]
        if truth != UNKNOWN:
            return 0 if truth == wanted else FAR
        table = self.circuit.tables[about]  # type: ignore[index]
        condition = table.conditions[number]
        inputs = table.inputs.get(number)
        if inputs is None:
            return self._leaf(condition, number, wanted)
        if isinstance(condition, c.Suspicion | c.InReach):
            return self._of_score(condition, wanted)
        of = [(self.of(part, one, wanted), many) for part, one, many in self.state.inputs(condition, inputs, subject)]
        needed = table.need[number] if wanted == TRUE else sum(many for _, many in of) - table.need[number] + 1
        total = 0
        for far, many in sorted(of):
            taken = min(many, needed)
            total += far * taken
            needed -= taken
            if needed <= 0 or total >= FAR:
                break
        return min(total, FAR)

    def _of_score(self, condition: c.Suspicion | c.InReach, wanted: int) -> int:
        """The fewest cues, those of most points first, that would bring a profile that is considered to its line."""
        truth = self.state.truth
        if wanted != TRUE:
            return FAR
        nearest = FAR
        for profile in condition.profiles:
            if c.considered(profile, truth):
                short = condition.at_least - c.profile_score(profile, truth).lowest
                gains = [
                    max((cue.points for cue in group if cue.points > 0 and truth(cue.when) is None), default=0)
                    - c.worth(group, truth).lowest
                    for group in profile.cues
                ]
                for number, gain in enumerate(sorted(gains, reverse=True), 1):
                    short -= max(gain, 0)
                    if short <= 0:
                        nearest = min(nearest, number)
                        break
        return nearest

    def _leaf(self, condition: c.Condition, number: int, wanted: int) -> int:
        if isinstance(condition, c.Compare) and condition.term in self.circuit.words.measures:
            return self._items(condition, wanted)
        if isinstance(condition, c.Present) and wanted == TRUE and condition.term in self.state.facts.excluded:
            return FAR
        if isinstance(condition, c.Present) and number in self.circuit.sources and self.circuit.about(condition) == "patient":
            source = self.circuit.sources[number][0 if wanted == TRUE else 1]
            return min(1, self.of(source, PATIENT, TRUE)) if source else 1
        return 1

    def _items(self, condition: c.Compare, wanted: int) -> int:
        """The fewest items of a measure that could bring it within its bounds, or out of them, those of most points first."""
        far = [self._to_bound(condition.term, {name: bound}, wanted) for name, bound in condition.bounds().items()]
        return sum(far) if wanted == TRUE else min(far)

    def _to_bound(self, measure: str, bound: Mapping[str, float], wanted: int) -> int:
        interval = self.state.interval(measure)
        raising = bool(bound.keys() & {"at_least", "above"}) is (wanted == TRUE)
        moved = interval
        for number, points in enumerate(sorted(self._open_points(measure), reverse=True)):
            if moved.satisfies(**bound) is (wanted == TRUE):
                return number
            moved = c.Interval(moved.lowest + points, moved.highest) if raising else c.Interval(moved.lowest, moved.highest - points)
        return len(list(self._open_points(measure))) or 1

    def _open_points(self, measure: str) -> Iterator[float]:
        """The points that each item of a measure that is not known could still give."""
        definition = self.circuit.words.measures[measure]
        yield from (1.0 for condition in definition.count if self.state.truth(condition) is None)
        for item in definition.sum:
            if item in self.circuit.words.measures:
                yield from self._open_points(item)
            elif self.circuit.words.terms[item].kind != "boolean":
                yield from (points for part in [self.state.interval(item)] if (points := part.highest - part.lowest))
            elif self.state.truth(c.Present(item)) is None:
                yield 1.0
