"""
What to ask or examine next: the step whose answer could change most, for what it costs to obtain.

An answer counts by the emergencies and urgent causes that are due (``screening``) and that it could raise or settle, by the causes that it
could put first, by the red flags to which something points, by the arguments it could decide, and by the muscles it could settle. A cause counts
by how near it is, that is, by its prior and its points so far; what every clinician excludes first where it hurts comes first.
The weights and the steps are knowledge (``asking.yaml``). Nothing here is a probability.
How far off anything is that nobody has touched is worked out once for all patients.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import attrs

from mps_rules.answer.assess import Assessor, Need, concerns_the_pain
from mps_rules.answer.scores import Fired, definitions_read, is_definition
from mps_rules.answer.screening import screens_of
from mps_rules.answer.values import STATUSES, Argument, Assessment, Hypothesis, Question, Status
from mps_rules.chaining.circuit import ESTABLISHED, KNOWN, NEGATED, PLAIN
from mps_rules.chaining.program import (
    ALWAYS,
    FALSE,
    GATE,
    MEASURED,
    NEAR,
    OF_LABELS,
    OF_MUSCLES,
    OF_ROW,
    PRESENT,
    REACHED,
    TRUE,
    UNKNOWN,
    Input,
    Program,
)
from mps_rules.chaining.values import Part, Parts, Values
from mps_rules.knowledge.causes import Cause, Picture
from mps_rules.knowledge.pack import AskingWeights, Step
from mps_rules.knowledge.rules import PRESSING, Ask, Effect, Strength
from mps_rules.knowledge.vocabulary import COSTS, PATIENT, Vocabulary, lowered
from mps_rules.language import conditions as c
from mps_rules.patient.addresses import address
from mps_rules.patient.facts import terrain_of

FAR = 99
"""More findings than anybody would ask for."""
ASKED_KEPT = 4096
"""How many questions are shared between patients, in words."""
FAINT = 0.05
"""What counts for less is not worth a question."""
NAMED = 3
"""How many reasons a question gives."""

Key: TypeAlias = tuple[str, str]
"""A step in which findings are obtained, and of whom."""
EFFECTS: Mapping[Effect, str] = {"support": "speak for", "confirm": "confirm", "oppose": "speak against", "exclude": "exclude"}


def questions(assessor: Assessor, assessment: Assessment) -> tuple[Question, ...]:
    """What to ask or examine next, most useful first; rules without weights for asking ask nothing. One step is one question."""
    weights = assessor.base.asking.weights
    return _Asker(assessor, assessment, weights).questions() if weights else ()


@attrs.frozen(eq=False)
class _Wanted:
    """The findings for which something waits, and the same by the step that they stand in."""

    needs: tuple[Need, ...]
    steps: tuple[tuple[Key, tuple[Need, ...]], ...]


NOTHING = _Wanted((), ())


@attrs.frozen(eq=False)
class _Stake:
    """
    Something an answer could change: how much it counts, in words, and the findings it waits for.

    ``later`` are findings that may be wanted once those are known. What is ``pressing`` is asked for before everything else.
    """

    weight: float
    words: str
    wanted: _Wanted
    later: _Wanted
    pressing: bool = False


class _Guide:
    """What there is to ask by a pack's rules, before any patient."""

    def __init__(self, parts: Parts) -> None:
        base = parts.base
        self.base, self.words = base, base.vocabulary
        self.steps: dict[str, Step] = {step.id: step for step in base.asking.steps}
        self.step_of = {term: step.id for step in self.steps.values() for term in step.terms}
        self.rank = {id_: number for number, id_ in enumerate(self.steps)}
        self.place_of = {term: place for step in self.steps.values() for place, term in enumerate(step.terms)}
        self.of_patient = frozenset(term.id for term in self.words.terms.values() if term.subject == "patient")
        self._asked: dict[tuple[str, str, tuple[str, ...]], tuple[str, str]] = {}
        self.words_of: dict[tuple[str, str, Effect], str] = {}
        self.number_of = parts.program.number_of
        self.flags = [(rule, self.number_of[rule.id], parts.of(rule.trigger or rule.when)) for rule in base.rules if rule.alert]
        self.asking = [rule for rule in base.rules if any(isinstance(conclusion, Ask) for conclusion in rule.then)]
        self.muscles = [self.number_of[rule.id] for state in base.pack.muscle_states for rule in base.concluding.get(state.derived, ())]
        self.labels: dict[str, str] = {}
        self.wanted: dict[Part, _Wanted] = {}
        self.screens = screens_of(parts)
        around = terrain_of(base).tree.around
        self.first: dict[str, tuple[frozenset[str], ...]] = {}
        """The causes to exclude first, each with where it must hurt for that."""
        for one in base.asking.first:
            regions = frozenset(region for region in self.words.regions if not around[region].isdisjoint(one.where))
            for cause in one.causes:
                self.first[cause] = (*self.first.get(cause, ()), regions)
        self.summary = {
            other: term.id
            for term in self.words.terms.values()
            if len(term.excludes) > 1 and term.kind == "boolean"
            for other in term.excludes
        }
        """Findings that one other finding rules out all together: that one is worth asking for first."""
        self.ranked = [
            (cause.label, picture.urgency, number, parts.cues(number)) for cause, picture, number in self._ordinary(parts.program)
        ]
        self.placed = {
            number
            for _, picture, number in self._ordinary(parts.program)
            if picture.where and not all(self.words.regions[region].parent is None for region in picture.where)
        }
        self.could_lead = {label: f"could put first: {lowered(label)}" for label, *_ in self.ranked}

    def _ordinary(self, program: Program) -> Iterator[tuple[Cause, Picture, int]]:
        """The profiles that call for no haste, each with its number: what may lead."""
        for cause in self.base.causes.values():
            for number, picture in zip(program.causes[cause.id][0], cause.profiles, strict=True):
                if picture.urgency not in PRESSING:
                    yield cause, picture, number

    def label(self, term: str) -> str:
        """What is asked for, in words."""
        found = self.labels.get(term)
        if found is None:
            found = self.labels[term] = asked_as(term, self.words)
        return found

    def asked(self, id_: str, subject: str, terms: tuple[str, ...]) -> tuple[str, str]:
        """A question in words, and what it costs to answer."""
        key = (id_, subject, terms)
        found = self._asked.get(key)
        if found is None:
            step, listed = self.steps.get(id_), "; ".join(self.label(term) for term in terms)
            about = "" if subject == PATIENT else f" ({lowered(self.words.subject_label(subject))})"
            text = f"{step.label}{about}: {listed}" if step else f"{listed[:1].upper()}{listed[1:]}{about}"
            if len(self._asked) >= ASKED_KEPT:
                self._asked.clear()
            found = self._asked[key] = (text, COSTS[max((self.cost(term) for term in terms), default=0)])
        return found

    def argued(self, hypothesis: Hypothesis, argument: Argument) -> str:
        """What an argument could do, in words."""
        key = (hypothesis.id, argument.rule, argument.effect)
        found = self.words_of.get(key)
        if found is None:
            found = f"could {EFFECTS[argument.effect]} {lowered(hypothesis.label)}: {lowered(argument.title)}"
            self.words_of[key] = found
        return found

    def cost(self, term: str) -> int:
        """How dear a finding is to obtain; a place of the pain map or a diagnosis is asked."""
        return COSTS.index(self.words.terms[term].cost) if term in self.words.terms else 0


@lru_cache(maxsize=8)
def _guide_of(parts: Parts) -> _Guide:
    return _Guide(parts)


class _Asker:
    def __init__(self, assessor: Assessor, assessment: Assessment, weights: AskingWeights) -> None:
        self.assessor, self.assessment, self.weights = assessor, assessment, weights
        self.base, self.facts, self.values = assessor.base, assessor.facts, assessor.values
        self.guide = _guide_of(self.values.parts)
        self.distance = Distance(self.values, assessor.focus)
        self.excluded = self.facts.excluded
        self.touched = self.values.touched
        """What is known, and what cannot be: nothing that rests on either waits for the same of everybody."""
        for term in self.excluded:
            self.touched |= self.values.program.names.get(term, 0)
        self.relevant = {flag.number for flag in assessor.relevant}

    def questions(self) -> tuple[Question, ...]:
        """
        Stakes are shared out over the steps that their findings stand in; each step gains what its share is worth, by its cost. Of each
        open emergency that somebody wrote a rule for, the step that holds most of its findings comes first.

        A step that is asked for is asked for whole: what a red flag may want later in the same step, or one that belongs elsewhere
        would be triggered by, is taken with it.
        """
        gains: dict[Key, float] = {}
        reasons: dict[Key, dict[str, float]] = {}
        needs: dict[Key, set[Need]] = {}
        later: dict[Key, set[Need]] = {}
        first: set[Key] = set()
        for stake in self._stakes():
            if stake.pressing:
                first.add(max(stake.wanted.steps, key=self._holds)[0])
            share, words = stake.weight / len(stake.wanted.needs), stake.words
            for key, own in stake.wanted.steps:
                if key not in gains:
                    gains[key], reasons[key], needs[key] = 0.0, {}, set()
                told = reasons[key]
                gain, reason = gains[key], told.get(words, 0.0)
                for _ in own:
                    gain += share
                    reason += share
                gains[key], told[words] = gain, reason
                needs[key].update(own)
            for key, own in stake.later.steps:
                later.setdefault(key, set()).update(own)
        for key, own in (step for wanted in self._elsewhere() for step in wanted.steps):
            later.setdefault(key, set()).update(own)
        for key in needs.keys() & later.keys():
            needs[key] |= later[key]
        made = [self._question(key, gains[key], reasons[key], needs[key]) for key in gains]
        rank, end = self.guide.rank, len(self.guide.rank)
        return tuple(
            sorted(
                made,
                key=lambda q: ((q.step, q.subject) not in first, -q.gain, COSTS.index(q.cost), rank.get(q.step, end), q.subject, q.terms),
            )
        )

    def _holds(self, one: tuple[Key, tuple[Need, ...]]) -> float:
        """How many of the wanted findings a step holds, by what the dearest of them costs to obtain."""
        _, needs = one
        return len(needs) / self.weights.cost[COSTS[max(self.guide.cost(term) for _, term in needs)]]

    def _question(self, key: Key, gain: float, known: Mapping[str, float], needs: Iterable[Need]) -> Question:
        id_, subject = key
        place_of = self.guide.place_of
        terms = tuple(sorted([term for _, term in needs], key=lambda term: (place_of.get(term, 0), term)))
        text, cost = self.guide.asked(id_, subject, terms)
        why = _joined([words for words, _ in sorted(known.items(), key=lambda one: (-one[1], one[0]))[:NAMED]])
        return Question(terms, subject, text, why, cost, id_, round(gain / self.weights.cost[cost], 6))

    # --- what is at stake

    def _stakes(self) -> Iterator[_Stake]:
        yield from self._where()
        yield from self._screens()
        yield from self._flags()
        yield from self._leads()
        yield from self._arguments()
        yield from self._rules_that_ask()
        yield from self._muscles()

    def _where(self) -> Iterator[_Stake]:
        """Whether it hurts anywhere, where no place is known: everything else hangs on it."""
        root = next((id_ for id_, region in self.guide.words.regions.items() if region.parent is None), "")
        needs = ((PATIENT, f"pain.{root}"),)
        if root and self.weights.first and not self.values.pain.entries and not self.values.pain.free:
            yield _Stake(self.weights.first, "where it hurts decides what matters", self._in_steps(needs), NOTHING)

    def _screens(self) -> Iterator[_Stake]:
        """Emergencies and urgent causes that are due: whether they are there, and whether that is settled."""
        weights = self.weights
        hurting = {entry.region for entry in self.values.pain.entries}
        for cause, looks in self.assessor.looks.items():
            due = [look for look in looks if look.state == "due"]
            if not due:
                continue
            words = f"could raise or help to clear: {lowered(self.guide.words.suspects[cause].label)}"
            first = weights.first * any(not regions.isdisjoint(hurting) for regions in self.guide.first.get(cause, ()))
            for one in due:
                for wanted, points in self._by_step(one.keys):
                    settling = weights.due * _share(points, one.could - one.short + 1) ** 2
                    yield _Stake(settling + first * points / one.could, words, wanted, NOTHING)
                raising = weights.raising * weights.flag[one.screen.urgency] * weights.near ** max(one.short, 0)
                for wanted, points in self._by_step(self._unknown(self.values.parts.cues(one.screen.number))):
                    yield _Stake(raising * _share(points, one.short), words, wanted, NOTHING)

    def _unknown(self, groups: Iterable[Sequence[tuple[int, Part]]]) -> Iterator[tuple[int, Part]]:
        """The cues of a profile that are not known, each with what it would add to those of its group that hold; other places that hurt left out."""
        code = self.values.part
        for group in groups:
            for points, cue in _gains([(points, cue, code(cue, PATIENT)) for points, cue in group]):
                if not any("." in term for _, term in self._wanted(cue, PATIENT).needs):
                    yield points, cue

    def _by_step(self, cues: Iterable[tuple[int, Part]]) -> Iterator[tuple[_Wanted, int]]:
        """What cues that are not known wait for, by the step where it is asked, with the points that the step could add."""
        found: dict[Key, dict[Need, None]] = {}
        points: dict[Key, int] = {}
        for worth, part in cues:
            wanted = self._wanted(part, PATIENT)
            for key, needs in wanted.steps:
                found.setdefault(key, {}).update(dict.fromkeys(needs))
                points[key] = points.get(key, 0) + worth
            whole = next((self.guide.summary[term] for _, term in wanted.needs if term in self.guide.summary), None)
            if whole is not None and self._is_open((PATIENT, whole)):
                key = (self.guide.step_of.get(whole, whole), PATIENT)
                found.setdefault(key, {})[PATIENT, whole] = None
                points[key] = points.get(key, 0) + worth
        for key, own in found.items():
            needs = tuple(own)
            yield _Wanted(needs, ((key, needs),)), points[key]

    def _leads(self) -> Iterator[_Stake]:
        """Causes that call for no haste and that an answer could put first, or bring to their line."""
        weights, values = self.weights, self.values
        leading = next(iter(self.assessment.hypotheses), None)
        if leading is None:
            return
        most = leading.score or 0
        for label, urgency, number, groups in self.guide.ranked:
            if values.considered(number) != TRUE:
                continue
            short = max(0, most - values.scores[number][0])
            near = weights.near**short
            weight = (weights.overtake + weights.flag.get(urgency, 0.0)) * near * (1.0 if number in self.guide.placed else weights.anywhere)
            if label == leading.label or weight < FAINT:
                continue
            for wanted, points in self._by_step(self._unknown(groups)):
                yield _Stake(weight * _share(points, short + 1), self.guide.could_lead[label], wanted, NOTHING)

    def _flags(self) -> Iterator[_Stake]:
        """
        Red flags that are open or to which something points, and those of a condition that is no cause and is due.

        One to which nothing points counts less.
        """
        open_ = {alert.id for alert in self.assessment.alerts if alert.status == "open"}
        due = {one.id for one in self.assessor.flagged if one.state == "due"}
        parts, given = self.values.parts, self.values.given
        for rule, number, trigger in self.guide.flags:
            flag = rule.alert
            if flag is None or not self.assessor.is_undecided(number):
                continue
            if flag.id not in open_ and (flag.graded or (rule.asks_for_a_cluster and flag.condition in self.base.causes)):
                continue
            if not (concerns_the_pain(self.base, self.facts, rule) if flag.graded else number in self.relevant):
                continue
            pointer = self.guide.screens.pointers.get(number)
            pressed = flag.id in open_
            anywhere = all(self.guide.words.regions[region].parent is None for region in flag.regions)
            weight = self.weights.flag[flag.urgency]
            if not pressed and flag.condition not in due and not (pointer and pointer.points(given)):
                weight *= self.weights.unasked
            if anywhere:
                weight *= self.weights.anywhere
            if pressed:
                weight *= self.weights.open
            wanted = self._wanted((parts.of(rule.qualifier) if rule.qualifier else parts.rules[number]) if pressed else trigger, PATIENT)
            words = f"{'would raise or clear the open red flag' if pressed else 'could raise or help to clear'}: {lowered(flag.label)}"
            later = self._wanted(parts.rules[number], PATIENT)
            pressing = pressed and flag.urgency == "emergency" and not flag.graded
            yield from self._stake(weight, words, wanted, self._far(number, PATIENT), power=1, later=later, pressing=pressing)

    def _elsewhere(self) -> Iterator[_Wanted]:
        """What red flags that do not belong to where the pain is would be triggered by."""
        for rule, number, trigger in self.guide.flags:
            if not rule.cause and number not in self.relevant and self.assessor.is_undecided(number):
                yield self._wanted(trigger, PATIENT)

    def _arguments(self) -> Iterator[_Stake]:
        """Arguments not yet decided, by what the status of their hypothesis and the lead would do if they held."""
        by_id, parts = self.base.by_id, self.values.parts
        for place, hypothesis in enumerate(self.assessment.hypotheses):
            worth: dict[tuple[Effect, Strength | None, bool], float] = {}
            read = definitions_read(self.base).get(hypothesis.id, frozenset())
            for argument in hypothesis.undecided:
                rule = by_id[argument.rule]
                subject = self.assessor.undecided_subject(rule)
                if subject is None:
                    continue
                kind = (argument.effect, argument.strength, is_definition(rule) and rule.id not in read)
                if kind not in worth:
                    worth[kind] = self._worth(hypothesis, (rule, argument.effect, argument.strength), leads=place == 0)
                number = self.guide.number_of[rule.id]
                words = self.guide.argued(hypothesis, argument)
                yield from self._stake(worth[kind], words, self._wanted(parts.rules[number], subject), self._far(number, subject))

    def _worth(self, hypothesis: Hypothesis, more: Fired, *, leads: bool) -> float:
        own = self.weights.argument[more[2] or "strong"]
        weight = own
        after = self.assessor.status_with(hypothesis.id, [more])
        if after != hypothesis.status:
            weight += self.weights.status * own
        if self._would_lead(after, leads=leads):
            weight += self.weights.leading
        return weight

    def _would_lead(self, after: Status, *, leads: bool) -> bool:
        """Whether another hypothesis would lead, if one had that status."""
        first, *others = self.assessment.hypotheses
        if leads:
            return any(STATUSES.index(second.status) < STATUSES.index(after) for second in others[:1])
        return STATUSES.index(after) < STATUSES.index(first.status)

    def _rules_that_ask(self) -> Iterator[_Stake]:
        for rule in self.guide.asking:
            number = self.guide.number_of[rule.id]
            for subject in sorted(self.values.subjects_of(number)) if number in self.values.fired else ():
                for ask in rule.then:
                    if isinstance(ask, Ask):
                        text = self.assessor.filled(ask.text, rule, [subject])
                        needs = [(subject if self.guide.words.terms[t].subject == "label" else PATIENT, t) for t in ask.terms]
                        wanted = self._in_steps(tuple(dict.fromkeys(need for need in needs if self._is_open(need))))
                        yield from self._stake(self.weights.rule_asks, lowered(text).rstrip("."), wanted, 1)

    def _muscles(self) -> Iterator[_Stake]:
        """Whether the muscles that explain most take part, the best first."""
        values = self.values
        for place, subject in enumerate(one for one in self.assessor.focus if one in self.assessor.order):
            for number in self.guide.muscles:
                part = values.parts.rules[number]
                if values.part(part, subject) == UNKNOWN:
                    needs = tuple(need for need in self._wanted(part, subject).needs if need[0] == subject)
                    words = "would settle whether this muscle takes part"
                    yield from self._stake(self.weights.muscle / (1 + place), words, self._in_steps(needs), 1)

    def _stake(
        self, weight: float, words: str, wanted: _Wanted, far: int, power: int = 2, later: _Wanted = NOTHING, *, pressing: bool = False
    ) -> Iterator[_Stake]:
        if wanted.needs and far < FAR:
            yield _Stake(weight / min(far, len(wanted.steps)) ** power, words, wanted, later, pressing)

    # --- what is not known

    def _wanted(self, part: Part, subject: str) -> _Wanted:
        """What a part of a rule waits for and can still be asked; of what nobody has touched, the same for everybody."""
        shared = subject == PATIENT and not part.cone & self.touched
        found = self.guide.wanted.get(part) if shared else None
        if found is None:
            needs = [need for need in self.assessor.waits(part, subject) if need[1] != "pain" and self._is_open(need)]
            found = self._in_steps(tuple(needs))
            if shared:
                self.guide.wanted[part] = found
        return found

    def _in_steps(self, needs: tuple[Need, ...]) -> _Wanted:
        step_of, steps = self.guide.step_of, dict[Key, list[Need]]()
        for need in needs:
            subject, term = need
            steps.setdefault((step_of.get(term, term), subject), []).append(need)
        return _Wanted(needs, tuple((key, tuple(own)) for key, own in steps.items()))

    def _far(self, number: int, subject: str) -> int:
        return max(1, self.distance.of_rule(number, subject, TRUE))

    def _is_open(self, need: Need) -> bool:
        subject, term = need
        if term in self.excluded:
            return False
        if subject == PATIENT or term in self.guide.of_patient:
            return term not in self.values.given
        return not self.facts.knows(subject, term)


def _share(points: int, needed: int) -> float:
    """
    How much of what is needed so many points are.

    >>> _share(2, 4), _share(6, 4), _share(2, 0)
    (0.5, 1.0, 1.0)
    """
    return 1.0 if points >= needed else points / needed


def _gains(group: Sequence[tuple[int, Part, int]]) -> Iterator[tuple[int, Part]]:
    """The cues of a group that are not known, each with what it would add to those that hold."""
    sure = max((points for points, _, code in group if code == TRUE and points > 0), default=0)
    yield from ((points - sure, cue) for points, cue, code in group if code == UNKNOWN and points > sure)


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


class _Reach:
    """What the distance of each node of the patient rests on, and the distances that everybody shares."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.shared: dict[tuple[int, int], int] = {}
        self._cones: dict[int, int] = {}
        self.excluding: dict[str, list[str]] = {}
        for term in program.base.vocabulary.terms.values():
            for other in term.excludes:
                self.excluding.setdefault(term.id, []).append(other)
                self.excluding.setdefault(other, []).append(term.id)

    def cone(self, number: int) -> int:
        """What a node rests on, what its findings follow from and what excludes them included."""
        found = self._cones.get(number)
        if found is None:
            found = self._cones[number] = self._cone(number)
        return found

    def _cone(self, number: int) -> int:
        program, cone, waiting = self.program, 0, [number]
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            form, _, inputs = program.nodes["patient"][node]
            if form not in (GATE, OF_MUSCLES):
                cone |= program.cone("patient", node)
            if form == PRESENT:
                for other in self.excluding.get(program.leaves["patient"][node][1], ()):
                    cone |= program.names.get(other, ALWAYS)
                waiting += [source[1] for source in program.sources.get(node, ()) if source]
            for about, one, _ in inputs:
                if about == "patient":
                    waiting.append(one)
                else:
                    cone |= ALWAYS
        return cone


@lru_cache(maxsize=8)
def _reach_of(parts: Parts) -> _Reach:
    return _Reach(parts.program)


class Distance:
    """
    How many findings are still wanted until a node is true, or false: the fewest, but a finding read twice is counted twice.

    Muscles that no rule can tell apart are counted together, but for those ``apart``.
    """

    def __init__(self, values: Values, apart: Iterable[str]) -> None:
        self.values, self.program = values, values.program
        self.apart = tuple(apart)
        self.reach = _reach_of(values.parts)
        self.memo: dict[tuple[str, int, str, int], int] = {}
        self._open: set[tuple[str, int, str, int]] = set()
        self._circular: set[tuple[str, int, str, int]] = set()
        """What hangs on something that hangs on it: its distance depends on where one begins, and is never shared."""
        self._circles = 0
        self._groups: list[tuple[str, int, int]] | None = None

    def of_rule(self, number: int, subject: str, wanted: int) -> int:
        """The distance of a rule of a subject; ``FAR`` where no finding could bring it there."""
        about, node, turned, _ = self.program.rules[number]
        return self.of((about, node, NEGATED if turned else PLAIN), subject, wanted)

    def of(self, ref: Input, subject: str, wanted: int) -> int:
        """The distance of an input of a gate; ``FAR`` where no finding could bring it there."""
        about, number, way = ref
        if way == NEGATED:
            wanted = TRUE - wanted
        elif way == ESTABLISHED and wanted == FALSE:
            return 0 if self.values.code(about, number, subject) != TRUE else FAR
        elif way == KNOWN:
            plain = (about, number, PLAIN)
            known = min(self.of(plain, subject, TRUE), self.of(plain, subject, FALSE))
            return known if wanted == TRUE else 0 if self.values.code(about, number, subject) == UNKNOWN else FAR
        code = self.values.code(about, number, subject)
        if code != UNKNOWN:
            return 0 if code == wanted else FAR
        key = (about, number, "" if about == "patient" else subject, wanted)
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = self._shared(number, subject, wanted, key) if about == "patient" else self._unshared(ref, subject, key)
        elif key in self._circular:
            self._circles += 1
        return found

    def _shared(self, number: int, subject: str, wanted: int, key: tuple[str, int, str, int]) -> int:
        """The distance of a node of the patient, the same for everybody where nothing is known that it rests on."""
        untouched = not self.reach.cone(number) & self.values.touched
        found = self.reach.shared.get((number, wanted)) if untouched else None
        if found is None:
            circles = self._circles
            found = self._unshared(("patient", number, PLAIN), subject, key)
            if untouched and circles == self._circles:
                self.reach.shared[number, wanted] = found
        return found

    def _unshared(self, ref: Input, subject: str, key: tuple[str, int, str, int]) -> int:
        """Worked out; what is asked for while it is being worked out comes back to itself, and is far."""
        if key in self._open:
            self._circles += 1
            return FAR
        circles = self._circles
        self._open.add(key)
        found = self._at(ref, subject, key[3])
        self._open.discard(key)
        if circles != self._circles:
            self._circular.add(key)
        return found

    def _at(self, ref: Input, subject: str, wanted: int) -> int:
        about, number, _ = ref
        form, need, inputs = self.program.nodes[about][number]
        if not inputs:
            return self._leaf(form, number, wanted)
        if form in (REACHED, NEAR):
            return self._of_score(number, need, wanted)
        if form == OF_LABELS:
            of = [(self.of(part, label, wanted), 1) for label in self.values.given_labels for part in inputs]
        elif form in (OF_MUSCLES, OF_ROW):
            row = self.values.slots.rows[subject] if form == OF_ROW else self.program.low
            of = [
                (self.of(part, muscle, wanted), 1 if form == OF_ROW else many)
                for muscle, many, members in self.groups
                if members & row
                for part in inputs
            ]
        else:
            of = [(self.of(part, subject, wanted), 1) for part in inputs]
        needed = need if wanted == TRUE else sum(many for _, many in of) - need + 1
        total = 0
        for far, many in sorted(of):
            taken = min(many, needed)
            total += far * taken
            needed -= taken
            if needed <= 0 or total >= FAR:
                break
        return min(total, FAR)

    @property
    def groups(self) -> list[tuple[str, int, int]]:
        """The muscles that no rule can tell apart: one who stands for them, how many they are, and which."""
        if self._groups is None:
            self._groups = list(self._grouped())
        return self._groups

    def _grouped(self) -> Iterator[tuple[str, int, int]]:
        values, program = self.values, self.program
        full, alone = values.full, 0
        for subject in (*self.apart, *values.facts.examined):
            alone |= 1 << program.bit_of[subject]
        groups = [full]
        planes = {plane for leaf in values.muscle[: len(program.leaves["muscle"])] for plane in (leaf & program.low, leaf >> program.width)}
        for plane in planes - {0, full}:
            groups = [part for group in groups for part in (group & plane, group & ~plane) if part]
        for group in groups:
            single, rest = group & alone, group & ~alone
            while single:
                low = single & -single
                single ^= low
                yield program.subjects[low.bit_length() - 1], 1, low
            if rest:
                yield program.subjects[(rest & -rest).bit_length() - 1], rest.bit_count(), rest

    # --- leaves

    def _leaf(self, form: int, number: int, wanted: int) -> int:
        if form == MEASURED:
            _, measure, *limits = self.program.leaves["patient"][number]
            bounds = c.Compare(measure, *limits).bounds()
            far = [self._to_bound(measure, {name: bound}, wanted) for name, bound in bounds.items()]
            return sum(far) if wanted == TRUE else min(far)
        if form == PRESENT:
            if wanted == TRUE and self.program.leaves["patient"][number][1] in self.values.facts.excluded:
                return FAR
            if number in self.program.sources:
                source = self.program.sources[number][0 if wanted == TRUE else 1]
                return min(1, self.of(source, PATIENT, TRUE)) if source else 1
        return 1

    # --- scores

    def _of_score(self, number: int, line: int, wanted: int) -> int:
        """The fewest cues, those of most points first, that would bring a profile that is considered to its line."""
        values, nearest = self.values, FAR
        for profile in self.program.scored[number] if wanted == TRUE else ():
            if values.considered(profile) == TRUE:
                short = line - values.scores[profile][0]
                gains = [_gain([(points, values.part(cue, PATIENT)) for points, cue in group]) for group in values.parts.cues(profile)]
                for taken, gain in enumerate(sorted(gains, reverse=True), 1):
                    short -= gain
                    if short <= 0:
                        nearest = min(nearest, taken)
                        break
        return nearest

    # --- measures

    def _to_bound(self, measure: str, bound: Mapping[str, float], wanted: int) -> int:
        """The fewest items of a measure that could bring it within a bound, or out of it, those of most points first."""
        moved = self.values.facts.interval(measure)
        raising = bool(bound.keys() & {"at_least", "above"}) is (wanted == TRUE)
        open_points = sorted(self._open_points(measure), reverse=True)
        for number, points in enumerate(open_points):
            if moved.satisfies(**bound) is (wanted == TRUE):
                return number
            moved = c.Interval(moved.lowest + points, moved.highest) if raising else c.Interval(moved.lowest, moved.highest - points)
        return len(open_points) or 1

    def _open_points(self, measure: str) -> Iterator[float]:
        """The points that each item of a measure that is not known could still give."""
        values, words = self.values, self.values.slots.words
        definition = words.measures[measure]
        yield from (1.0 for condition in definition.count if values.truth(condition) is None)
        for item in definition.sum:
            if item in words.measures:
                yield from self._open_points(item)
            elif words.terms[item].kind != "boolean":
                yield from (points for part in [values.facts.interval(item)] if (points := part.highest - part.lowest))
            elif values.truth(c.Present(item)) is None:
                yield 1.0


def _gain(group: Sequence[tuple[int, int]]) -> int:
    """What a group of cues could still add to a score, by their points and codes."""
    true = [points for points, code in group if code == TRUE]
    sure = max((points for points in true if points > 0), default=min(true, default=0))
    return max((points - sure for points, code in group if code == UNKNOWN and points > max(sure, 0)), default=0)
