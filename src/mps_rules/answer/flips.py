"""
What would reach a conclusion, or undo it: the smallest sets of findings whose change would, the cheapest to obtain first.

Candidates come out of the circuit, gate by gate, as sets of changes that suffice; each is then tried, with everything that
follows from it, and kept only where it does what it says and no part of it does; one that turned another rule the wrong way is tried
with what undoes that. Up to three findings, and so much work and no more, counted in steps and not in seconds, so that one question has
one answer on every machine; what is not tried is said.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import combinations, combinations_with_replacement, product
from math import comb
from typing import Literal, TypeAlias

import attrs

from mps_rules.answer.scores import Fired, stand, worth_of
from mps_rules.answer.values import FLIP_WORK, Flip, FlipChange, Flips, Status
from mps_rules.chaining.circuit import ESTABLISHED, FALSE, KNOWN, NEGATED, TRUE, UNKNOWN, Circuit, Ref, State, Value
from mps_rules.errors import Fault, FindingError, closest
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Effect, GiveCaution, Rule
from mps_rules.knowledge.vocabulary import COSTS, PATIENT
from mps_rules.language import conditions as c
from mps_rules.patient.addresses import Address, changed, of_finding
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

LARGEST = 3
"""The size up to which sets are exact."""
CUES_TRIED = 24
"""Of how many cues of a profile, those of most points, sets are made."""
SHOWN = 30
"""How many sets are given at most."""
WORK = FLIP_WORK
"""How many steps of work one question may take: half of them to collect candidates, half and what is left to try them."""
TRIAL, READING = 30, 300
"""In steps (two sets of changes put together), what it takes to try a set in the circuit, and to read a chart, beside what stands in it; a set begun is tried to its end."""
REACHED: tuple[Status, ...] = ("confirmed", "probable")
"""A hypothesis counts as reached from here on."""

Through: TypeAlias = Literal["unknown", "any"]
Atom: TypeAlias = tuple[str, str, Value]
"""One change: subject (or ``pain``), finding (or place), value."""
Way: TypeAlias = frozenset[Atom]
"""Changes that together suffice."""
Ways: TypeAlias = frozenset[Way]
"""Sets of changes, each of which suffices."""
NOTHING: Way = frozenset()
NEVER: Ways = frozenset()
AT_ONCE: Ways = frozenset({NOTHING})
NOT_TRUE, NOT_FALSE = 3, 4
"""Beside true and false, what a node may be wanted to be: a conclusion is undone as soon as it is open."""
_MET = {FALSE: (FALSE,), TRUE: (TRUE,), NOT_TRUE: (FALSE, UNKNOWN), NOT_FALSE: (UNKNOWN, TRUE)}
_OPPOSITE = {FALSE: TRUE, TRUE: FALSE, NOT_TRUE: NOT_FALSE, NOT_FALSE: NOT_TRUE}


def flips(circuit: Circuit, facts: Facts, apart: Iterable[str], id: str, through: Through = "unknown", work: int = WORK) -> Flips:
    """
    The smallest sets of findings whose change reaches a conclusion that was not reached, or undoes one that was.

    ``apart`` are the muscles that may be examined one by one. ``through``: ``unknown`` changes only what is not known; ``any`` also what is
    recorded. Findings that exclude each other are not combined. After ``work`` steps the search stops, and says so.

    Raises:
        FindingError: nothing of that id can be concluded; names the closest.

    """
    return _Search(circuit, facts, frozenset(apart), Target.named(circuit.base, id), through, work).result()


@attrs.frozen
class _Kind:
    """An argument that may be turned: its effect, what it adds to the score, and whether it stands now and would fall."""

    effect: Effect
    points: int
    falls: bool

    @property
    def raises(self) -> bool:
        """Whether turning it speaks for the hypothesis."""
        return (self.effect in ("support", "confirm")) is not self.falls


@attrs.frozen(eq=False)
class Target:
    """
    Something that can be concluded: by rules, or, for a hypothesis that is no cause, by what its rules add up to.

    A cause is concluded where its points reach its line.
    """

    id: str
    label: str
    rules: tuple[Rule, ...]
    base: KnowledgeBase
    arguments: tuple[Fired, ...] = ()

    @classmethod
    def named(cls, base: KnowledgeBase, id: str) -> "Target":
        """
        The conclusion of an id: hypothesis, alert, criterion, derived id, caution or rule.

        Raises:
            FindingError: nothing of that id can be concluded.

        """
        if id in base.vocabulary.suspects and base.arguments.get(id):
            arguments, label = base.arguments[id], base.vocabulary.suspects[id].label
            if id in base.causes:
                return cls(id, label, tuple(rule for rule, effect, _ in arguments if rule.cause == id or effect == "confirm"), base)
            return cls(id, label, tuple(rule for rule, _, _ in arguments), base, arguments)
        rules = base.concluding.get(id, ()) or tuple(
            rule for rule in base.rules if rule.id == id or any(isinstance(x, GiveCaution) and x.id == id for x in rule.then)
        )
        if not rules:
            known = {*base.vocabulary.suspects, *base.concluding, *base.by_id}
            known |= {x.id for rule in base.rules for x in rule.then if isinstance(x, GiveCaution)}
            raise FindingError([Fault(id, "is nothing that these rules conclude", closest(id, known))])
        return cls(id, rules[0].title if id in base.by_id else terrain_of(base).name("derived", id), rules, base)

    def watched(self, state: State) -> Callable[[], bool]:
        """What tells, as often as it is asked, whether this is concluded in a state, with what is just supposed in it."""
        truths = state.truths
        if self.arguments:
            weighed = [(argument, state.where(argument[0])) for argument in self.arguments]

            def probable() -> bool:
                """A rule's argument counts once, whatever the number of its muscles."""
                true = [argument for argument, where in weighed if any(truths[index] == holds for index, holds in where)]
                return stand(self.base, self.id, (), true, firm=True).status in REACHED

            return probable
        places = [place for rule in self.rules for place in state.where(rule)]
        return lambda: any(truths[index] == holds for index, holds in places)

    def stands(self, fired: Container[str]) -> bool:
        """Whether this is concluded where these rules fired, of whomever."""
        if not self.arguments:
            return any(rule.id in fired for rule in self.rules)
        return (
            stand(self.base, self.id, (), [argument for argument in self.arguments if argument[0].id in fired], firm=True).status in REACHED
        )

    def points(self, argument: Fired) -> int:
        """What an argument adds to the score of a hypothesis that is no cause."""
        return worth_of(self.base, self.id, [argument])

    def holds(self, state: State) -> bool:
        """Whether this is concluded in a state."""
        return self.watched(state)()


class _Search:
    def __init__(self, circuit: Circuit, facts: Facts, apart: frozenset[str], target: Target, through: Through, work: int) -> None:
        self.circuit, self.apart, self.target, self.through = circuit, apart, target, through
        self.work, self.left, self.cut_short = work, work // 2, False
        self.reading = READING + len(facts.given) + sum(1 + len(exam.findings) for exam in facts.findings.exam)
        self.words = circuit.words
        self.reach = circuit.reaching(rule.id for rule in target.rules)
        self.state = circuit.read(facts, apart, self.reach)
        self.memo: dict[tuple[int, int], Ways] = {}
        self.watched = {NOTHING: (self.state, target.watched(self.state))}
        self.contradicting: set[Way] = set()
        self._where = {rule.id: self.state.where(rule) for rule in target.rules}
        self._watched_rules = list(self._watch())
        self.prices: dict[Atom, tuple[int, int, str]] = {}

    def result(self) -> Flips:
        reached = self.target.holds(self.state)
        found: list[Way] = []
        shapes: set[frozenset[tuple[str, str, str]]] = set()
        tried: dict[Way, bool] = {}
        candidates = self._with_parts(self._candidates(reached))
        self.left += self.work - self.work // 2
        queue = [(self._price(way), way) for way in candidates]
        heapify(queue)
        seen = {way for _, way in queue}
        while queue and len(found) < SHOWN and self._affords(1):
            _, way = heappop(queue)
            shape = frozenset((subject, term, "" if _is_number(value) else repr(value)) for subject, term, value in way)
            if shape in shapes or any(_within(kept, way) for kept in found):
                continue
            if not self._flips(way, reached, tried):
                for more in self._mended(way) - seen:
                    seen.add(more)
                    heappush(queue, (self._price(more), more))
            elif not self._part_flips(way, reached, tried) and self._readable(way):
                shapes.add(shape)
                found.append(way)
        made = tuple(self._flip(way) for way in found)
        untried = tuple(self._untried(found))
        complete = len(found) < SHOWN and not self.cut_short
        return Flips(self.target.id, self.target.label, reached, self.through, made, complete, LARGEST, untried)

    def _untried(self, found: Iterable[Way]) -> Iterator[str]:
        """In words, what the conclusion depends on, or could be turned by, that no set changes."""
        terms = {leaf.term for leaf in self.reach.leaves if isinstance(leaf, c.Present | c.Words | c.Compare)}
        own = {self.words.terms[term].subject for term in terms if not self.words.terms[term].fact}
        by_place = any(self.words.terms[term].fact and term != "examined" for term in terms)
        if self.through == "any" and (by_place or any(isinstance(leaf, c.PainAt) for leaf in self.reach.leaves)):
            yield "other pain than is recorded"
        elif by_place:
            yield "pain elsewhere that would only bring other muscles into question"
        if "label" in own or any(isinstance(leaf, c.Label | c.LabelIs) for leaf in self.reach.leaves):
            yield "other diagnoses given"
        if "muscle" in own:
            yield "muscles that were not examined and are not among the first to explain the pain"
        if self.target.arguments:
            yield "three findings together, one of which turns arguments both ways"
        if any(_is_number(value) for way in found for _, _, value in way):
            yield "other numbers that would do the same"
        if self.cut_short:
            yield f"what would take more than {self.work:,} steps of work to find"

    def _with_parts(self, ways: Iterable[Way]) -> set[Way]:
        """The sets, and the parts of those that move the pain map: what a new place does, no gate tells beforehand."""
        every = set(ways)
        return every | {part for way in every if any(self._is_place(atom) for atom in way) for part in _parts(way)}

    def _affords(self, steps: int) -> bool:
        """Whether so much work may still be done; it is done then. What is too much is passed over, and what is smaller may still be done."""
        if steps > self.left:
            self.cut_short = True
            return False
        self.left -= steps
        return True

    # --- trying

    def _flips(self, way: Way, reached: bool, tried: dict[Way, bool]) -> bool:  # noqa: FBT001 - what is to change
        if way not in tried:
            tried[way] = self._holds_with(way) is (not reached)
        return tried[way]

    def _part_flips(self, way: Way, reached: bool, tried: dict[Way, bool]) -> bool:  # noqa: FBT001 - as above
        return any(self._flips(part, reached, tried) for part in _parts(way))

    def _holds_with(self, way: Way) -> bool | None:
        """Whether it is concluded with the changes made; None where their pain map contradicts what is recorded."""
        places = frozenset(atom for atom in way if self._is_place(atom))
        if places not in self.watched and not self._read_elsewhere(places):
            return None
        self.left -= TRIAL
        state, concluded = self.watched[places]
        with state.supposing([self._whole(atom) for atom in way - places]):
            return concluded()

    def _mended(self, way: Way) -> Ways:
        """A set that fell short, with what undoes the rules that it turned the wrong way; of arguments, where it is one finding."""
        if len(way) > (1 if self.target.arguments else LARGEST - 1) or any(self._is_place(atom) for atom in way):
            return NEVER
        memo, self.memo = self.memo, {}
        mending = AT_ONCE
        with self.state.supposing([self._whole(atom) for atom in way]):
            for rule, helps, stood in self._watched_rules:
                if stood is helps and self._stands(rule) is not helps:
                    mending = self._both(mending, self._turned(rule))
        self.memo = memo
        return frozenset(both for more in mending if (both := _together(way, more)) is not None and both != way)

    def _watch(self) -> Iterator[tuple[Rule, bool, bool]]:
        """The rules, each with whether it helps what is sought where it holds, and whether it held; to undo a conclusion no rule may hold."""
        reached = self.target.holds(self.state)
        if self.target.arguments:
            for rule, effect, _ in self.target.arguments:
                yield rule, (effect in ("support", "confirm")) is not reached, self._stands(rule)
        elif reached:
            yield from ((rule, False, False) for rule in self.target.rules)

    def _turned(self, rule: Rule) -> Ways:
        """What makes a rule hold of somebody, or of nobody any more."""
        subjects = self.state.subjects.of_kind(rule.about)
        ref = self.circuit.rules[rule.id]
        if not self._stands(rule):
            return self._least(way for subject in subjects for way in self._ways(ref, subject, TRUE))
        every = AT_ONCE
        for subject in subjects:
            if self.state.verdict(rule.id, subject) is True:
                every = self._both(every, self._ways(ref, subject, NOT_TRUE))
        return every

    def _is_place(self, atom: Atom) -> bool:
        """Whether a change moves the pain map: a place, or a finding that stands for one."""
        return atom[0] == "pain" or self.words.terms[atom[1]].draws

    def _read_elsewhere(self, places: Way) -> bool:
        """Reads the state with another pain map, unless that contradicts what is recorded."""
        if places in self.contradicting:
            return False
        self.left -= 2 * self.reading
        try:
            facts = Facts(self.state.facts.terrain, read_findings(self._mapping(places), self.state.facts.terrain))
        except FindingError:
            self.contradicting.add(places)
            return False
        state = self.circuit.read(facts, self.apart, self.reach)
        self.watched[places] = state, self.target.watched(state)
        return True

    def _mapping(self, way: Iterable[Atom]) -> dict[str, object]:
        changes = {str(self._address(atom)): _as_said(self._whole(atom)[2]) for atom in sorted(way, key=_key)}
        return changed(self.state.facts.findings, changes, self.words)

    def _whole(self, atom: Atom) -> Atom:
        """A change as it is made: where words of a list change, what is recorded of its other words stays."""
        subject, term, value = atom
        if not isinstance(value, tuple) or self.words.terms[term].kind != "many_of":
            return atom
        known = self.state.facts.known(subject, term)
        before = dict.fromkeys(known.denied, False) | dict.fromkeys(known.words, True) if known else {}
        return subject, term, tuple((before | dict(value)).items())

    def _readable(self, way: Way) -> bool:
        """Whether the changes contradict nothing, themselves included."""
        self.left -= self.reading
        try:
            read_findings(self._mapping(way), self.state.facts.terrain)
        except FindingError:
            return False
        return True

    # --- where candidates come from

    def _candidates(self, reached: bool) -> Iterator[Way]:  # noqa: FBT001 - what is to change
        if not self.target.arguments:
            yield from self._of_rules(NOT_TRUE if reached else TRUE)
            return
        yield from self._of_arguments(reached)

    def _of_arguments(self, reached: bool) -> Iterator[Way]:  # noqa: FBT001 - what is to change
        """Sets that turn one, two or three arguments, where these, weighed with those that stand, would turn the status."""
        points = self.target.points
        standing = [(argument[1], points(argument)) for argument in self.target.arguments if self._stands(argument[0])]
        probable = self.circuit.base.scale.probable
        turned: dict[_Kind, list[Ways]] = {}
        by_way: dict[Way, list[_Kind]] = {}
        for argument in self.target.arguments:
            ways = self._turned(argument[0])
            kind = _Kind(argument[1], points(argument), self._stands(argument[0]))
            if ways:
                turned.setdefault(kind, []).append(ways)
            for way in ways:
                by_way.setdefault(way, []).append(kind)

        def turns(kinds: Iterable[_Kind]) -> bool:
            after = list(standing)
            for kind in kinds:
                if not kind.falls:
                    after.append((kind.effect, kind.points))
                elif (kind.effect, kind.points) in after:
                    after.remove((kind.effect, kind.points))
            return _adds_up(after, probable) is (not reached)

        for way in by_way:
            parts = (way, *_parts(way))
            moved = reached and any(self._is_place(atom) for atom in way)  # a new pain may be one that no muscle explains
            alone = len(way) == 1  # what it turns the wrong way is mended once it is tried
            if moved or turns(kind for part in parts for kind in by_way.get(part, ()) if not alone or kind.raises is not reached):
                yield way
        every = sorted(turned, key=str)
        for size in (2, 3):
            for kinds in combinations_with_replacement(every, size):
                if turns(kinds) and not any(turns(kinds[:n] + kinds[n + 1 :]) for n in range(size)):
                    yield from self._joined(kinds, turned)

    def _stands(self, rule: Rule) -> bool:
        truths = self.state.truths
        return any(truths[index] == holds for index, holds in self._where[rule.id])

    def _joined(self, kinds: Sequence["_Kind"], turned: Mapping["_Kind", Sequence[Ways]]) -> Iterator[Way]:
        """The sets that turn one argument of each of these kinds, no argument twice."""
        numbered = [[(kind, number) for number in range(len(turned[kind]))] for kind in kinds]
        for chosen in product(*numbered):
            if not self._affords(1):
                return
            if list(chosen) == sorted(set(chosen), key=lambda one: (str(one[0]), one[1])):
                ways = AT_ONCE
                for kind, number in chosen:
                    ways = self._both(ways, turned[kind][number])
                yield from ways

    def _of_rules(self, wanted: int) -> Iterator[Way]:
        """To conclude something one rule must hold; to undo it every rule that holds must fail."""
        if wanted == TRUE:
            for rule in self.target.rules:
                yield from self._turned(rule)
            return
        every = AT_ONCE
        for rule in self.target.rules:
            if self._stands(rule):
                every = self._both(every, self._turned(rule))
        yield from every

    def _ways(self, ref: Ref, subject: str, wanted: int) -> Ways:
        """The sets of changes, up to the largest size, after which an input is what is wanted: true, false, or no longer so."""
        about, number, counted = ref
        if counted == NEGATED:
            wanted = _OPPOSITE[wanted]
        elif counted == ESTABLISHED:
            wanted = TRUE if wanted in (TRUE, NOT_FALSE) else NOT_TRUE
        elif counted == KNOWN:
            if wanted in (FALSE, NOT_TRUE):
                return AT_ONCE if self.state.truth_at(ref, subject) == UNKNOWN else NEVER
            plain = (about, number, 0)
            return self._least(self._ways(plain, subject, TRUE) | self._ways(plain, subject, FALSE))
        index = self.state.index((about, number, 0), subject)
        if (index, wanted) not in self.memo:
            if not self._affords(1):
                return NEVER
            self.memo[index, wanted] = NEVER
            self.memo[index, wanted] = self._ways_at(about, number, subject, wanted)
        return self.memo[index, wanted]

    def _ways_at(self, about: str, number: int, subject: str, wanted: int) -> Ways:
        if self.state.truth_at((about, number, 0), subject) in _MET[wanted]:  # type: ignore[arg-type]
            return AT_ONCE
        table = self.circuit.tables[about]  # type: ignore[index]
        inputs = table.inputs.get(number)
        if inputs is None:
            return self._of_leaf(table.conditions[number], number, subject, wanted)
        condition = table.conditions[number]
        if isinstance(condition, c.Suspicion | c.InReach):
            return self._of_score(condition, wanted)
        need, of = table.need[number], list(self.state.inputs(table.conditions[number], inputs, subject))
        needed = need if wanted in (TRUE, NOT_FALSE) else sum(many for _, _, many in of) - need + 1
        missing = needed - sum(many for ref, one, many in of if self.state.counts_as(ref, one) in _MET[wanted])
        turning = [
            ways
            for ref, one, many in of
            if many == 1 and self.state.counts_as(ref, one) not in _MET[wanted] and (ways := self._ways(ref, one, wanted))
        ]
        if missing == 1:
            return self._least(NEVER.union(*turning))
        steps = [AT_ONCE, *[NEVER] * missing]
        for ways in turning:
            for taken in range(missing, 0, -1):
                steps[taken] = self._least(steps[taken] | self._both(steps[taken - 1], ways))
        return steps[-1]

    def _both(self, ways: Ways, other: Ways) -> Ways:
        """Every set of the one together with every set of the other; none where there are too many."""
        if not self._affords(len(ways) * len(other)):
            return NEVER
        return self._least(both for a in ways for b in other if (both := _together(a, b)) is not None)

    def _least(self, ways: Iterable[Way]) -> Ways:
        """The sets of which no other is a part; none where there are too many."""
        every = frozenset(ways)
        return _least(every) if self._affords(len(every)) else NEVER

    def _of_score(self, condition: c.Suspicion | c.InReach, wanted: int) -> Ways:
        """Cues of the profiles that are considered, up to the largest size, that bring a score to a line, or take it away."""
        if isinstance(condition, c.InReach):
            return NEVER
        upwards = wanted in (TRUE, NOT_FALSE)
        truth = self.state.truth
        found: list[Way] = []
        profiles = [profile for profile in condition.profiles if c.considered(profile, truth)]
        if not upwards:
            every = AT_ONCE
            for profile in profiles:
                if c.reaches(condition.at_least, [profile], truth):
                    every = self._both(every, self._least(self._moving(profile, condition.at_least, wanted)))
            return every
        for profile in profiles:
            found += self._moving(profile, condition.at_least, wanted)
        return self._least(found)

    def _moving(self, profile: c.Profile, line: int, wanted: int) -> Iterator[Way]:
        """Sets of cues that move the score of a profile across a line, those of most points first; each set is tried afterwards."""
        truth, upwards = self.state.truth, wanted in (TRUE, NOT_FALSE)
        low = c.profile_score(profile, truth).lowest
        short = max(line - low, 1) if upwards else low - line + 1  # at the line already: what is missing is a cue that holds
        moves: list[tuple[float, Ways]] = []
        gain: float
        for group in profile.cues:
            sure = c.worth(group, truth).lowest
            for cue in group:
                if truth(cue.when) is True:  # one that counts may end
                    gain, goal = (0 if cue.points != sure else -cue.points if upwards else cue.points), NOT_TRUE
                else:  # any other may begin
                    gain, goal = (cue.points - sure if upwards else min(sure, 0) - cue.points), TRUE
                if gain > 0 and (ways := self._ways(self.circuit.ref(cue.when), PATIENT, goal)):
                    moves.append((gain, ways))
        moves.sort(key=lambda move: -move[0])
        moves = moves[:CUES_TRIED]
        for size in range(1, LARGEST + 1):
            if not self._affords(comb(len(moves), size)):
                break
            for chosen in combinations(moves, size):
                if sum(gain for gain, _ in chosen) >= short and all(sum(g for g, _ in chosen) - gain < short for gain, _ in chosen):
                    ways = AT_ONCE
                    for _, more in chosen:
                        ways = self._both(ways, more)
                    yield from ways

    # --- leaves

    def _of_leaf(self, condition: c.Condition, number: int, subject: str, goal: int) -> Ways:
        wanted = TRUE if goal in (TRUE, NOT_FALSE) else FALSE
        match condition:
            case c.Present(term):
                if self.words.terms[term].fact:
                    return AT_ONCE if term == "examined" and wanted == TRUE and subject in self.state.apart else NEVER
                if wanted == TRUE and self.through == "unknown" and term in self.state.facts.excluded:
                    return NEVER
                own = self._owner(term, subject)
                found: list[Way] = [frozenset({(own, term, wanted == TRUE)})] if self._may_change(own, term) else []
                implied, denied = self.circuit.sources.get(number, (None, None)) if own == PATIENT else (None, None)
                source = implied if wanted == TRUE else denied
                if source and self.state.given.get(term) is None:
                    found += self._ways(source, PATIENT, TRUE)
                if implied and goal == NOT_TRUE and self.state.given.get(term) is None:
                    found += self._ways(implied, PATIENT, NOT_TRUE)
                return self._least(found)
            case c.Words(term) if self.words.terms[term].of_record:
                return NEVER
            case c.Words(term, (word,)):
                own = self._owner(term, subject)
                values = self.words.terms[term]
                others = tuple((v, False) for v in values.values if v != word) if values.kind == "one_of" and wanted == TRUE else ()
                return frozenset({frozenset({(own, term, ((word, wanted == TRUE), *others))})}) if self._may_change(own, term) else NEVER
            case c.Compare(term):
                return self._of_number(condition, self._owner(term, subject), wanted)
            case c.PainAt((region,), side):
                place = region if side is None else f"{region}.{side}"
                return frozenset({frozenset({("pain", place, wanted == TRUE)})}) if self._askable(region, side) else NEVER
            case c.Label() | c.MuscleIs() | c.LabelIs() | c.PainNamed() | c.PainApart():
                return NEVER
            case _:
                raise TypeError(f"not a leaf of the circuit: {condition!r}")

    def _owner(self, term: str, subject: str) -> str:
        return subject if self.words.terms[term].subject != "patient" else PATIENT

    def _askable(self, region: str, side: str | None) -> bool:
        possible = self.words.possible_sides[region]
        return (side is None or side in possible) and self.state.facts.pain_map.at(region, side) is None

    def _may_change(self, owner: str, term: str) -> bool:
        if owner != PATIENT and owner not in self.state.apart and owner not in self.state.rows:
            return False
        return self.through == "any" or not self.state.facts.knows(owner, term)

    def _of_number(self, condition: c.Compare, owner: str, wanted: int) -> Ways:
        """A value that satisfies the bound, or does not; for a measure also the items that would bring it there."""
        term = condition.term
        found: list[Way] = []
        if self._may_change(owner, term):
            fitting = (v for v in self._cuts.get(term, ()) if c.Interval(v, v).satisfies(**condition.bounds()) is (wanted == TRUE))
            found += [frozenset({(owner, term, value)}) for value in fitting]
        measure = self.words.measures.get(term)
        if measure is not None:
            found += self._of_items(condition, wanted)
        return self._least(found)

    @cached_property
    def _cuts(self) -> dict[str, tuple[float, ...]]:
        """For each number one value on each side of every bound that a rule sets on it, and the bounds themselves, within its range."""
        bounds: dict[str, set[float]] = {}
        for table in self.circuit.tables.values():
            for leaf in table.leaves:
                condition = table.conditions[leaf]
                if isinstance(condition, c.Compare):
                    bounds.setdefault(condition.term, set()).update(condition.bounds().values())
        found = {}
        for term, cuts in bounds.items():
            known, allowed = self.words.terms[term], self.state.interval(term) if term in self.words.measures else self.circuit.range(term)
            step = (
                1.0 if known.unit in ("{score}", "{count}", "a") or term in self.words.measures else max(0.1, (max(cuts) - min(cuts)) / 100)
            )
            near = {round(cut + shift, 6) for cut in cuts for shift in (-step, 0.0, step)}
            found[term] = tuple(sorted(value for value in near if allowed.lowest <= value <= allowed.highest))
        return found

    def _of_items(self, condition: c.Compare, wanted: int) -> list[Way]:
        """The items still open that would bring a measure within its bounds, or out of them."""
        interval = self.state.interval(condition.term)
        atoms: list[tuple[float, float, Way]] = []
        for item in self._open_items(condition.term):
            match item:
                case c.Present(term):
                    atoms += [(1, 0, frozenset({(PATIENT, term, True)})), (0, -1, frozenset({(PATIENT, term, False)}))]
                case c.Compare(term):
                    low, high = self.circuit.range(term).lowest, self.circuit.range(term).highest
                    atoms += [(high - low, 0, frozenset({(PATIENT, term, high)})), (0, low - high, frozenset({(PATIENT, term, low)}))]
        found: list[Way] = []
        upwards = (condition.at_least is not None or condition.above is not None) == (wanted == TRUE)
        atoms = [atom for atom in atoms if (atom[0] > 0) == upwards] if len(condition.bounds()) == 1 else atoms
        for size in range(1, LARGEST + 1):
            most = sorted((atom[0] - atom[1] for atom in atoms), reverse=True)[:size]
            moved = c.Interval(interval.lowest + upwards * sum(most), interval.highest - (not upwards) * sum(most))
            if (
                len(condition.bounds()) == 1
                and moved.lowest <= moved.highest
                and moved.satisfies(**condition.bounds()) is not (wanted == TRUE)
            ):
                continue
            if not self._affords(comb(len(atoms), size)):
                break
            for chosen in combinations(atoms, size):
                moved = c.Interval(interval.lowest + sum(a[0] for a in chosen), interval.highest + sum(a[1] for a in chosen))
                if moved.lowest <= moved.highest and moved.satisfies(**condition.bounds()) is (wanted == TRUE):
                    way: Way | None = NOTHING
                    for _, _, one in chosen:
                        way = _together(way, one) if way is not None else None
                    if way is not None:
                        found.append(way)
            if found:
                break
        return found

    def _open_items(self, measure: str) -> Iterator[c.Condition]:
        definition = self.words.measures[measure]
        for item in definition.sum:
            if item in self.words.measures:
                yield from self._open_items(item)
            elif not self.state.facts.knows(PATIENT, item):
                yield c.Present(item) if self.words.terms[item].kind == "boolean" else c.Compare(item)
        for condition in definition.count:
            if isinstance(condition, c.Present) and not self.state.facts.knows(PATIENT, condition.term):
                yield condition

    # --- words

    def _price(self, way: Way) -> tuple[int, int, int, tuple[str, ...]]:
        """What sets are sorted by: what they cost to obtain, how many findings, how many words, and how they read."""
        priced = [self._priced(atom) for atom in way]
        return (
            sum(cost for cost, _, _ in priced) + len(way),
            len(way),
            sum(words for _, words, _ in priced),
            tuple(sorted(t for _, _, t in priced)),
        )

    def _priced(self, atom: Atom) -> tuple[int, int, str]:
        if atom not in self.prices:
            words = len(atom[2]) if isinstance(atom[2], tuple) else 0
            self.prices[atom] = self._cost(atom), words, str(self._address(atom)) + repr(atom[2])
        return self.prices[atom]

    def _cost(self, atom: Atom) -> int:
        return 0 if atom[0] == "pain" else COSTS.index(self.words.terms[atom[1]].cost)

    def _address(self, atom: Atom) -> Address:
        subject, term, _ = atom
        if subject == "pain":
            region, _, side = term.partition(".")
            return Address("pain", region, side=side or None)
        return of_finding(subject, term, self.words)

    def _flip(self, way: Way) -> Flip:
        changes = tuple(
            FlipChange(str(self._address(atom)), _as_said(self._whole(atom)[2]), self._worded(atom), COSTS[self._cost(atom)])
            for atom in sorted(way, key=lambda atom: (self._cost(atom), str(self._address(atom)), repr(atom[2])))
        )
        return Flip(changes, COSTS[max(self._cost(atom) for atom in way)])

    def _worded(self, atom: Atom) -> str:
        name, value = self._address(atom).words(self.words), atom[2]
        if isinstance(value, tuple):
            given = [word.replace("_", " ") for word, truth in value if truth]
            also = "also " if len(self._whole(atom)[2]) > len(value) else ""  # type: ignore[arg-type]
            return (
                f"{name}: {also}{' and '.join(given)}"
                if given
                else f"{name}: not {' or '.join(word.replace('_', ' ') for word, _ in value)}"
            )
        if isinstance(value, bool):
            return f"{name}: {'present' if value else 'absent'}"
        return f"{name}: {value:g}{self.words.shown_unit(atom[1])}"


def _adds_up(effects: Sequence[tuple[Effect, int]], probable: int) -> bool:
    """Whether what holds makes a hypothesis probable or confirms it."""
    kinds = {effect for effect, _ in effects}
    if kinds & {"confirm", "exclude"}:
        return "exclude" not in kinds
    return "support" in kinds and sum(points for _, points in effects) >= probable


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_said(value: Value) -> object:
    return dict(value) if isinstance(value, tuple) else value


def _key(atom: Atom) -> tuple[str, str, str]:
    return atom[0], atom[1], repr(atom[2])


def _together(way: Way, other: Way) -> Way | None:
    """Two sets of changes as one, or None where they are too many or give one finding two values; words of one finding are joined."""
    both = way | other
    if len({(subject, term) for subject, term, _ in both}) == len(both):
        return both if len(both) <= LARGEST else None
    found: dict[tuple[str, str], Value] = {}
    for subject, term, value in both:
        known = found.setdefault((subject, term), value)
        if known is not value:
            if not (isinstance(known, tuple) and isinstance(value, tuple)):
                return None
            joined = dict(known) | dict(value)
            if any(joined[word] is not truth for word, truth in known):
                return None
            found[subject, term] = tuple(sorted(joined.items()))
    return frozenset((*key, value) for key, value in found.items()) if len(found) <= LARGEST else None


def _within(part: Way, way: Way) -> bool:
    """Whether a set says all that another says, words of one finding included."""
    said = {(subject, term): value for subject, term, value in way}
    return all(_says(said.get((subject, term)), value) for subject, term, value in part)


def _says(value: Value | None, part: Value) -> bool:
    return value == part or (isinstance(value, tuple) and isinstance(part, tuple) and set(part) <= set(value))


def _least(ways: Iterable[Way]) -> Ways:
    """The sets of which no other is a part."""
    by_size: dict[int, set[Way]] = {}
    for way in ways:
        by_size.setdefault(len(way), set()).add(way)
    if 0 in by_size:
        return AT_ONCE
    least = by_size.get(1, set())
    alone = frozenset().union(*least)
    for size in range(2, LARGEST + 1):
        larger = [way for way in by_size.get(size, ()) if alone.isdisjoint(way)]
        least |= {way for way in larger if size == 2 or least.isdisjoint(_parts(way))}
    return frozenset(least)


def _parts(way: Way) -> Iterator[Way]:
    """Every set of some, but not all, of the changes."""
    return (frozenset(part) for size in range(1, len(way)) for part in combinations(way, size))
