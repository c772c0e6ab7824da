"""
The rules as a circuit in plain Python: the same three-valued network, for thousands of what-ifs.

A gate counts how many of its inputs are true and how many are unknown. A finding that changes is an event that touches only the
gates behind it, and everything is journalled, so that a what-if is undone as cheaply as it was made. What follows from a finding (a
temperature of 39 is a fever) and the measures are part of the circuit. It decides nothing that ``conditions.judge`` would not. No experta here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeAlias, assert_never

import attrs

from mps_rules.chaining.chains import Chained, Derivation
from mps_rules.chaining.premises import premises
from mps_rules.chaining.subjects import MuscleSignatures, Subjects, kinds_of_muscle, subject_kind
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import PATIENT, Subject, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.patient.facts import ANYTHING, Facts, terrain_of
from mps_rules.patient.values import Findings

FALSE, UNKNOWN, TRUE = 0, 1, 2
TRUTHS: tuple[c.Truth, ...] = (False, None, True)
CODES: dict[c.Truth, int] = {False: FALSE, None: UNKNOWN, True: TRUE}

PLAIN, NEGATED, ESTABLISHED, KNOWN = range(4)
"""How an input counts: as it is, turned round, only where true, or only where known."""

_COUNTS = (
    ((0, 0), (0, 1), (1, 0)),
    ((1, 0), (0, 1), (0, 0)),
    ((0, 0), (0, 0), (1, 0)),
    ((1, 0), (0, 0), (1, 0)),
)
"""By the way an input counts and its truth: how many true and how many unknown inputs it adds."""
_CHANGES = tuple(tuple((new[0] - old[0], new[1] - old[1]) for old in counts for new in counts) for counts in _COUNTS)

Place: TypeAlias = tuple[Subject, int]
"""A node: of which kind of subject, and its number among the nodes of that kind."""
Ref: TypeAlias = tuple[Subject, int, int]
"""A node as the input of a gate: with the way in which it counts."""
Value: TypeAlias = bool | float | c.Interval | tuple[tuple[str, bool], ...]
"""What a finding may be set to: present or absent, a number, or words given and denied."""


@attrs.define(eq=False)
class _Table:
    """The nodes of one kind of subject, before anything is known."""

    conditions: list[c.Condition] = attrs.Factory(list)
    need: list[int] = attrs.Factory(list)
    truth: list[int] = attrs.Factory(list)
    true: list[int] = attrs.Factory(list)
    unknown: list[int] = attrs.Factory(list)
    parents: dict[Subject, list[list[tuple[int, int]]]] = attrs.Factory(lambda: {"patient": [], "muscle": [], "label": []})
    leaves: list[int] = attrs.Factory(list)
    inputs: dict[int, tuple[Ref, ...]] = attrs.Factory(dict)

    def add(self, condition: c.Condition, need: int, truth: int, true: int, unknown: int) -> int:
        self.conditions.append(condition)
        self.need.append(need)
        self.truth.append(truth)
        self.true.append(true)
        self.unknown.append(unknown)
        for lists in self.parents.values():
            lists.append([])
        return len(self.conditions) - 1


@attrs.frozen(eq=False)
class Cone:
    """What an event at a node is passed on to: the gates behind it, by their subject, and the findings worked out from it."""

    parents: Mapping[Subject, Mapping[Subject, Sequence[Sequence[tuple[int, int]]]]]
    recomputed: Mapping[int, Sequence[int]]
    leaves: frozenset[c.Condition]
    """The findings that all of it depends on."""
    telling: MuscleSignatures
    """What separates one muscle from another."""


class Circuit:
    """A knowledge base compiled once, shared by all threads; it holds no patient."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self.words: Vocabulary = base.vocabulary
        self.tables: dict[Subject, _Table] = {"patient": _Table(), "muscle": _Table(), "label": _Table()}
        self.refs: dict[c.Condition, Ref] = {}
        self.recomputed: dict[int, list[int]] = {}
        self.sources: dict[int, tuple[Ref | None, Ref | None]] = {}
        self.scored: set[int] = set()
        self._about: dict[c.Condition, Subject] = {}
        self.nobody = Facts(terrain_of(base), Findings())
        self.rules: dict[str, Ref] = {rule.id: self.ref(rule.when) for rule in base.rules}
        self.concluded: dict[str, Ref] = {id_: self.ref(c.Derived(id_)) for id_ in base.concluding}
        self.rules_at: dict[Place, list[str]] = {}
        for id_, (about, number, _) in self.rules.items():
            self.rules_at.setdefault((about, number), []).append(id_)
        self.by_term: dict[Subject, dict[str, list[int]]] = {about: self._by_term(about) for about in self.tables}
        muscle_leaves = [self.tables["muscle"].conditions[leaf] for leaf in self.tables["muscle"].leaves]
        telling = MuscleSignatures(muscle_leaves, kinds_of_muscle(muscle_leaves, self.words))
        leaves = frozenset(table.conditions[leaf] for table in self.tables.values() for leaf in table.leaves)
        self.everything = Cone({about: table.parents for about, table in self.tables.items()}, self.recomputed, leaves, telling)
        own = [(leaf, self.tables["patient"].conditions[leaf]) for leaf in self.tables["patient"].leaves]
        self.pains = [(leaf, one.regions[0], one.side) for leaf, one in own if isinstance(one, c.PainAt)]
        self.named = [(leaf, one) for leaf, one in own if isinstance(one, c.PainNamed | c.PainApart)]
        self.labels = [(leaf, one.ids[0]) for leaf, one in own if isinstance(one, c.Label)]
        self._blocks: dict[tuple[Subject, tuple[c.Truth, ...]], Block] = {}

    # --- compiling

    def about(self, condition: c.Condition) -> Subject:
        """Whose condition it is: the patient's, or a muscle's or diagnosis' own."""
        return subject_kind(condition, self.base, self._about)

    def ref(self, condition: c.Condition) -> Ref:
        """The node of a condition as an input: ``not`` and ``item`` are no nodes of their own."""
        negated = False
        while isinstance(condition, c.Not | c.Item):
            negated ^= isinstance(condition, c.Not)
            condition = condition.of
        if condition not in self.refs:
            self.refs[condition] = self._node(condition)
        about, number, _ = self.refs[condition]
        return about, number, NEGATED if negated else PLAIN

    def _node(self, condition: c.Condition) -> Ref:
        match condition:
            case c.All(of):
                return self._gate(condition, len(of), [self.ref(part) for part in of])
            case c.Any(of):
                return self._gate(condition, 1, [self.ref(part) for part in of])
            case c.AtLeast(n, of):
                return self._gate(condition, n, [self.ref(part) for part in of])
            case c.Words(term, values) if len(values) > 1:
                return self._gate(condition, 1, [self.ref(c.Words(term, (value,))) for value in values])
            case c.PainAt(regions, side) if len(regions) > 1:
                return self._gate(condition, 1, [self.ref(c.PainAt((region,), side)) for region in regions])
            case c.Label(ids) if len(ids) > 1:
                return self._gate(condition, 1, [self.ref(c.Label((id_,))) for id_ in ids])
            case c.Established(of):
                return self._gate(condition, 1, [self._closing(of, ESTABLISHED)])
            case c.Known(of):
                return self._gate(condition, 1, [self._closing(of, KNOWN)])
            case c.Derived(id):
                return self._gate(condition, 1, [self.ref(rule.when) for rule in self.base.concluding[id]])
            case c.CountMuscles(of, n):
                return self._gate(condition, n, [self._of_each(of)])
            case c.AnyLabel(of):
                ref = self.ref(of)
                return self._gate(condition, 1, [ref if ref[0] == "label" else self._gate(of, 1, [ref], "label")])
            case c.Suspicion() | c.InReach():
                return self._scored(condition)
            case c.LabelMuscle(of):
                return self._gate(condition, 1, [self._of_each(of)])
            case c.Present() | c.Words() | c.Compare() | c.PainAt() | c.Label() | c.MuscleIs() | c.LabelIs():
                return self._leaf(condition)
            case c.PainNamed() | c.PainApart():
                return self._leaf(condition)
            case c.Not() | c.Item():
                raise TypeError(f"no node of its own: {condition!r}")
            case _:
                assert_never(condition)

    def _of_each(self, condition: c.Condition) -> Ref:
        """What is counted over muscles; where it is the patient's, every muscle has a node of its own for it."""
        ref = self.ref(condition)
        return ref if ref[0] == "muscle" else self._gate(condition, 1, [ref], "muscle")

    def _closing(self, condition: c.Condition, way: int) -> Ref:
        """A part read as established or known; where it is turned round, the turning has a node of its own."""
        about, number, counted = self.ref(condition)
        if counted == NEGATED and way == ESTABLISHED:
            about, number, _ = self._gate(c.Not(condition), 1, [(about, number, NEGATED)])
        return about, number, way

    def _gate(self, condition: c.Condition, need: int, inputs: Sequence[Ref], about: Subject | None = None) -> Ref:
        about = about or self.about(condition)
        table = self.tables[about]
        elsewhere = isinstance(condition, c.CountMuscles | c.LabelMuscle | c.AnyLabel)
        counts = [(0, 0) if elsewhere and a in ("muscle", "label") else _COUNTS[way][self.tables[a].truth[n]] for a, n, way in inputs]
        true, unknown = sum(count[0] for count in counts), sum(count[1] for count in counts)
        number = table.add(condition, need, _settled(true, unknown, need), true, unknown)
        table.inputs[number] = tuple(inputs)
        for a, n, way in inputs:
            self.tables[a].parents[about][n].append((number, way))
        return about, number, PLAIN

    def _scored(self, condition: c.Suspicion | c.InReach) -> Ref:
        """The node of a score: worked out anew whenever something that it reads changes."""
        table = self.tables["patient"]
        inputs = tuple(self.ref(part) for part in c.parts(condition))

        def truth(part: c.Condition) -> c.Truth:
            _, one, way = self.ref(part)
            return TRUTHS[2 - table.truth[one] if way == NEGATED else table.truth[one]]

        number = table.add(condition, 1, CODES[_counted(condition, truth)], 0, 0)
        table.inputs[number] = inputs
        for _, source, _ in inputs:
            self.recomputed.setdefault(source, []).append(number)
        self.scored.add(number)
        return "patient", number, PLAIN

    def _leaf(self, condition: c.Condition) -> Ref:
        about = self.about(condition)
        table = self.tables[about]
        truth = CODES[c.judge(condition, self.nobody.view())] if about == "patient" else UNKNOWN
        match condition:
            case c.Present(term) if about == "patient":
                return self._term(condition, term)
            case c.Compare(term) if term in self.words.measures:
                items = [self.ref(part) for part in self._items(term)]
                number = table.add(condition, 1, truth, 0, 0)
                for _, item, _ in items:
                    self.recomputed.setdefault(item, []).append(number)
            case _:
                if about != "patient" and isinstance(condition, c.Compare):
                    truth = CODES[_satisfied(condition, self.range(condition.term))]
                number = table.add(condition, 1, truth, 0, 0)
        table.leaves.append(number)
        return about, number, PLAIN

    def _term(self, condition: c.Condition, term: str) -> Ref:
        """A yes/no finding of the patient: what was given, or what follows from others."""
        known = self.words.terms[term]
        sources = (self.ref(known.implied_by) if known.implied_by else None, self.ref(known.denied_by) if known.denied_by else None)
        table = self.tables["patient"]
        number = table.add(condition, 1, UNKNOWN, 0, 0)
        table.leaves.append(number)
        if any(sources):
            self.sources[number] = sources
            for source in filter(None, sources):
                self.recomputed.setdefault(source[1], []).append(number)
        return "patient", number, PLAIN

    def _items(self, measure: str) -> Iterator[c.Condition]:
        """The yes/no conditions that a measure counts, through the measures it sums."""
        definition = self.words.measures[measure]
        yield from definition.count
        for item in definition.sum:
            if item in self.words.measures:
                yield from self._items(item)
            elif self.words.terms[item].kind == "boolean":
                yield c.Present(item)
        if definition.also_total and definition.also_total in self.words.measures:
            yield from self._items(definition.also_total)

    def _by_term(self, about: Subject) -> dict[str, list[int]]:
        table = self.tables[about]
        found: dict[str, list[int]] = {}
        for leaf in table.leaves:
            condition = table.conditions[leaf]
            match condition:
                case c.Present(term) | c.Words(term):
                    found.setdefault(term, []).append(leaf)
                case c.Compare(term):
                    for name in self._totals(term):
                        found.setdefault(name, []).append(leaf)
        return found

    def _totals(self, term: str) -> Iterator[str]:
        """A number, and every number whose statement narrows it."""
        yield term
        measure = self.words.measures.get(term)
        if measure:
            for item in (*measure.sum, *([measure.also_total] if measure.also_total else [])):
                if item in self.words.measures or self.words.terms[item].kind != "boolean":
                    yield from self._totals(item)

    def range(self, term: str) -> c.Interval:
        """The range in which a number can lie at all."""
        allowed = self.words.terms[term].range
        return c.Interval(*allowed) if allowed else ANYTHING

    # --- one patient

    def block(self, about: Subject, verdicts: tuple[c.Truth, ...]) -> "Block":
        """The nodes of a muscle or diagnosis whose leaves have these truths, before anything is known of the patient."""
        found = self._blocks.get((about, verdicts))
        if found is None:
            if len(self._blocks) >= BLOCKS_KEPT:
                self._blocks.clear()
            found = self._blocks[about, verdicts] = self._settled_block(about, verdicts)
        return found

    def _settled_block(self, about: Subject, verdicts: tuple[c.Truth, ...]) -> "Block":
        table = self.tables[about]
        truth, true, unknown, parents = table.truth[:], table.true[:], table.unknown[:], table.parents[about]
        events = [(leaf, CODES[verdict]) for leaf, verdict in zip(table.leaves, verdicts, strict=True)]
        while events:
            node, new = events.pop()
            old, truth[node] = truth[node], new
            for parent, way in parents[node] if old != new else ():
                more, open_ = _CHANGES[way][3 * old + new]
                true[parent] += more
                unknown[parent] += open_
                settled = _settled(true[parent], unknown[parent], table.need[parent])
                if settled != truth[parent]:
                    events.append((parent, settled))
        return truth, true, unknown

    def read(self, facts: Facts, apart: Iterable[str] = (), reach: Cone | None = None) -> "State":
        """
        The circuit with everything that is known of one patient; muscles ``apart`` may be asked what-if by themselves.

        Within a ``reach`` only its nodes are worked out: far less to do where one conclusion is asked about again and again.
        """
        return State(self, facts, frozenset(apart), reach or self.everything)

    def reaching(self, rules: Iterable[str]) -> Cone:
        """Of everything that events are passed on to, only what the verdicts of these rules depend on."""
        feeding: dict[int, list[Place]] = {}
        for source, leaves in self.recomputed.items():
            for leaf in leaves:
                feeding.setdefault(leaf, []).append(("patient", source))
        waiting: list[Place] = [self.rules[rule][:2] for rule in rules]
        seen: set[Place] = set()
        while waiting:
            place = waiting.pop()
            if place not in seen:
                seen.add(place)
                about, number = place
                waiting += [(of, one) for of, one, _ in self.tables[about].inputs.get(number, ())]
                waiting += feeding.get(number, ()) if about == "patient" else ()
        muscles = self.tables["muscle"]
        return Cone(
            {
                about: {
                    above: [[to for to in behind if (above, to[0]) in seen] if behind else behind for behind in lists]
                    for above, lists in table.parents.items()
                }
                for about, table in self.tables.items()
            },
            {source: [leaf for leaf in leaves if ("patient", leaf) in seen] for source, leaves in self.recomputed.items()},
            frozenset(table.conditions[leaf] for about, table in self.tables.items() for leaf in table.leaves if (about, leaf) in seen),
            attrs.evolve(
                self.everything.telling, leaves=[muscles.conditions[leaf] if ("muscle", leaf) in seen else None for leaf in muscles.leaves]
            ),
        )


Block: TypeAlias = tuple[list[int], list[int], list[int]]
"""The truths of the nodes of one subject, and how many of each gate's inputs are true and unknown."""
BLOCKS_KEPT = 4096


def _settled(true: int, unknown: int, need: int) -> int:
    return TRUE if true >= need else UNKNOWN if true + unknown >= need else FALSE


def _satisfied(condition: c.Compare, interval: c.Interval) -> c.Truth:
    return interval.satisfies(at_least=condition.at_least, above=condition.above, at_most=condition.at_most, below=condition.below)


def _counted(condition: c.Suspicion | c.InReach, truth: Callable[[c.Condition], c.Truth]) -> c.Truth:
    """The truth of what is said of a score."""
    counted = c.reaches if isinstance(condition, c.Suspicion) else c.in_reach
    return counted(condition.at_least, condition.profiles, truth)


@lru_cache(maxsize=8)
def circuit_of(base: KnowledgeBase) -> Circuit:
    """The circuit of a knowledge base, compiled once."""
    return Circuit(base)


class State:
    """The truths of all nodes for one patient; changed by ``supposing`` only, which takes everything back."""

    def __init__(self, circuit: Circuit, facts: Facts, apart: frozenset[str], reach: Cone) -> None:
        self.circuit, self.facts, self.reach = circuit, facts, reach
        self.apart = frozenset({*apart, *facts.examined})
        self.subjects = Subjects.of(facts, reach.telling, self.apart)
        patient = circuit.tables["patient"]
        self.truths, self.true, self.unknown, self.need = patient.truth[:], patient.true[:], patient.unknown[:], patient.need[:]
        self.size = len(self.truths)
        self.given: dict[str, bool] = {}
        self.numbers: dict[str, float | c.Interval] = {}
        self.worded: dict[str, tuple[str, ...]] = {}
        self.journal: list[tuple[int, int, int, int]] = []
        self.noted: list[tuple[dict[Any, Any], Any, Any]] = []
        self.events: list[tuple[int, int, int]] = []
        self.blocks: list[tuple[Subject, str, int]] = []
        self.offsets: dict[str, int] = {}
        for muscle, verdicts in self.subjects.signatures.items():
            self._add_block("muscle", muscle, verdicts)
        for label in self.subjects.labels:
            view, table = facts.view(label), circuit.tables["label"]
            self._add_block("label", label, tuple(c.judge(table.conditions[leaf], view) for leaf in table.leaves))
        self.rows = {label: frozenset(self.subjects.of_row(label, circuit.words)) for label in self.subjects.labels}
        self.due: set[int] = set()
        self._count_labels()
        self._count_muscles()
        self._take_facts()
        self._settle()
        self.journal.clear()
        self.noted.clear()

    # --- setting up

    def _add_block(self, about: Subject, subject: str, verdicts: tuple[c.Truth, ...]) -> None:
        truth, true, unknown = self.circuit.block(about, verdicts)
        self.offsets[subject] = len(self.truths)
        self.blocks.append((about, subject, len(self.truths)))
        self.truths += truth
        self.true += true
        self.unknown += unknown
        self.need += self.circuit.tables[about].need

    def _count_muscles(self) -> None:
        """What the muscles count for where muscles are counted."""
        parents = self.reach.parents["muscle"]
        for number, (above, labels) in enumerate(zip(parents["patient"], parents["label"], strict=True)):
            for subject in self.subjects.muscles if above or labels else ():
                many, truth = len(self.subjects.members[subject]), self.truths[self.offsets[subject] + number]
                for parent, way in above:
                    true, unknown = _COUNTS[way][truth]
                    self._bump(parent, many * true, many * unknown)
                for label in self.subjects.labels:
                    if subject in self.rows[label]:
                        for parent, way in labels:
                            self._bump(self.offsets[label] + parent, *_COUNTS[way][truth])

    def _count_labels(self) -> None:
        """What the diagnoses given count for where they are counted."""
        for number, above in enumerate(self.reach.parents["label"]["patient"]):
            for subject in self.subjects.labels if above else ():
                for parent, way in above:
                    self._bump(parent, *_COUNTS[way][self.truths[self.offsets[subject] + number]])

    def _take_facts(self) -> None:
        facts, circuit = self.facts, self.circuit
        for finding in facts.findings.patient:
            if not finding.follows_from:
                self._set_own(PATIENT, finding.term, _value_of(finding))
        pain, around = facts.pain_map, facts.terrain.tree.around
        hurting = {(region, side) for entry in pain.painful for region in around[entry.region] for side in (None, entry.side)}
        hurting |= {(entry.region, c.WHOLE) for entry in pain.painful}
        for leaf, region, side in circuit.pains if hurting or pain.free else ():
            if (region, side) in hurting:
                self._set(leaf, TRUE)
            elif pain.free and pain.is_free(region, None if side == c.WHOLE else side):
                self._set(leaf, FALSE)
        view = facts.view()
        for leaf, named in circuit.named if hurting else ():
            self._set(leaf, CODES[c.judge(named, view)])
        for leaf, label in circuit.labels if facts.labels else ():
            self._set(leaf, CODES[facts.labels.get(label)])

    # --- reading

    def index(self, ref: Ref, subject: str) -> int:
        """Where the truth of a node is held, of a subject."""
        about, number, _ = ref
        return number if about == "patient" else self.offsets[self.subjects.alike.get(subject, subject)] + number

    def _of(self, ref: Ref, subject: str) -> c.Truth:
        truth = self.truths[self.index(ref, subject)]
        return TRUTHS[2 - truth if ref[2] == NEGATED else truth]

    def truth_at(self, ref: Ref, subject: str) -> int:
        """The truth of a node itself, whatever the way in which it counts."""
        return self.truths[self.index(ref, subject)]

    def counts_as(self, ref: Ref, subject: str) -> int:
        """What a node counts as in the gate that it is an input of."""
        true, unknown = _COUNTS[ref[2]][self.truth_at(ref, subject)]
        return TRUE if true else UNKNOWN if unknown else FALSE

    def truth(self, condition: c.Condition, subject: str = PATIENT) -> c.Truth:
        """The truth of any condition that stands in a rule, of a subject."""
        return self._of(self.circuit.ref(condition), subject)

    def verdict(self, rule: str, subject: str = PATIENT) -> c.Truth:
        """Whether a rule holds of a subject."""
        return self._of(self.circuit.rules[rule], subject)

    def concluded(self, id: str, subject: str = PATIENT) -> c.Truth:
        """Whether something was concluded of a subject, is ruled out, or stays open."""
        ref = self.circuit.concluded.get(id)
        return None if ref is None or (ref[0] != "patient" and subject == PATIENT) else self._of(ref, subject)

    def inputs(self, condition: c.Condition, inputs: Iterable[Ref], subject: str) -> Iterator[tuple[Ref, str, int]]:
        """A gate's inputs, each with its subject and how often it counts: muscles that are alike count together."""
        if isinstance(condition, c.AnyLabel):
            yield from ((ref, label, 1) for ref in inputs for label in self.subjects.labels)
            return
        if not isinstance(condition, c.CountMuscles | c.LabelMuscle):
            yield from ((ref, subject, 1) for ref in inputs)
            return
        of_row = isinstance(condition, c.LabelMuscle)
        for muscle in self.subjects.muscles:
            if not of_row or muscle in self.rows[subject]:
                yield from ((ref, muscle, 1 if of_row else len(self.subjects.members[muscle])) for ref in inputs)

    def where(self, rule: Rule) -> list[tuple[int, int]]:
        """Where the verdicts of a rule are held, one for each subject, each with the truth for which the rule holds."""
        ref = self.circuit.rules[rule.id]
        holds = FALSE if ref[2] == NEGATED else TRUE
        return [(self.index(ref, subject), holds) for subject in self.subjects.of_kind(rule.about)]

    def touched(self) -> Iterator[tuple[str, str]]:
        """The rules, each with its subject, whose verdict is another than before what is supposed."""
        first: dict[int, int] = {}
        for index, truth, _, _ in self.journal:
            first.setdefault(index, truth)
        for index, truth in first.items():
            if self.truths[index] != truth:
                about, subject, number = self._place(index)
                yield from ((rule, subject) for rule in self.circuit.rules_at.get((about, number), ()))

    def _place(self, index: int) -> tuple[Subject, str, int]:
        if index < self.size:
            return "patient", PATIENT, index
        about, subject, offset = self.blocks[self._block(index)]
        return about, subject, index - offset

    def _block(self, index: int) -> int:
        low, high = 0, len(self.blocks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.blocks[middle][2] <= index else (low, middle - 1)
        return low

    # --- changing

    @contextmanager
    def supposing(self, changes: Iterable[tuple[str, str, Value | None]]) -> Iterator["State"]:
        """
        The same patient with findings changed: (subject, finding, value), None for not known; taken back at the end.

        The subject is ``patient``, a muscle that was read ``apart``, or a diagnosis given.
        """
        mark, noted = len(self.journal), len(self.noted)
        try:
            for subject, term, value in changes:
                self._set_own(subject, term, value)
            self._settle()
            yield self
        finally:
            self.events.clear()
            self.due.clear()
            while len(self.journal) > mark:
                index, self.truths[index], self.true[index], self.unknown[index] = self.journal.pop()
            while len(self.noted) > noted:
                held, key, old = self.noted.pop()
                if old is None:
                    held.pop(key, None)
                else:
                    held[key] = old

    def _note(self, held: dict[Any, Any], key: Any, value: Any) -> None:
        self.noted.append((held, key, held.get(key)))
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value

    def _set_own(self, subject: str, term: str, value: Value | None) -> None:
        """A finding of a subject takes a value, or is no longer known."""
        if subject == PATIENT:
            self._set_patient(term, value)
            return
        offset = self.offsets[subject]
        about: Subject = "label" if subject in self.rows else "muscle"
        table = self.circuit.tables[about]
        words = dict(value) if isinstance(value, tuple) else {}
        for leaf in self.circuit.by_term[about].get(term, ()):
            condition = table.conditions[leaf]
            match condition:
                case c.Present():
                    self._set(offset + leaf, CODES[value if isinstance(value, bool) else None])
                case c.Words(_, (word,)):
                    self._set(offset + leaf, CODES[words.get(word)])
                case c.Compare():
                    told = c.Interval(float(value), float(value)) if isinstance(value, int | float) else value
                    known = told if isinstance(told, c.Interval) else self.circuit.range(term)
                    self._set(offset + leaf, CODES[_satisfied(condition, known)])
        if about == "muscle" and value is not None:
            for leaf in self.circuit.by_term[about].get("examined", ()):
                self._set(offset + leaf, TRUE)

    def _set_patient(self, term: str, value: Value | None) -> None:
        kind = self.circuit.words.terms[term].kind
        if kind in ("one_of", "many_of"):
            words = dict(value) if isinstance(value, tuple) else {}
            before = self.worded.get(term, ())
            self._note(self.worded, term, tuple(words) or None)
            for word in {*before, *words}:
                ref = self.circuit.refs.get(c.Words(term, (word,)))
                if ref:
                    self._set(ref[1], CODES[words.get(word)])
            return
        self._note(self.given if kind == "boolean" else self.numbers, term, value)
        for leaf in self.circuit.by_term["patient"].get(term, ()):
            self._recompute(leaf, self.circuit.tables["patient"].conditions[leaf])

    def _recompute(self, leaf: int, condition: c.Condition) -> None:
        """The truth of a finding that follows from others, or of a bound on a number."""
        if isinstance(condition, c.Suspicion | c.InReach):
            self._set(leaf, CODES[_counted(condition, self.truth)])
        elif isinstance(condition, c.Compare):
            self._set(leaf, CODES[_satisfied(condition, self.interval(condition.term))])
        elif isinstance(condition, c.Present):
            given = self.given.get(condition.term)
            if given is None and leaf in self.circuit.sources:
                implied, denied = self.circuit.sources[leaf]
                if implied and self._of(implied, PATIENT):
                    given = True
                elif denied and self._of(denied, PATIENT):
                    given = False
            self._set(leaf, CODES[given])

    def interval(self, term: str) -> c.Interval:
        """The range in which a number or measure of the patient must lie."""
        number = self.numbers.get(term)
        stated = self.circuit.range(term) if number is None else number if isinstance(number, c.Interval) else c.Interval(number, number)
        measure = self.circuit.words.measures.get(term)
        if measure is None:
            return stated
        low = high = 0.0
        for item in measure.sum:
            if self.circuit.words.terms[item].kind == "boolean":
                truth = self._of(self.circuit.refs[c.Present(item)], PATIENT)
                low, high = low + (truth is True), high + (truth is not False)
            else:
                part = self.interval(item)
                low, high = low + part.lowest, high + part.highest
        for condition in measure.count:
            truth = self._of(self.circuit.ref(condition), PATIENT)
            low, high = low + (truth is True), high + (truth is not False)
        total = c.Interval(low, high)
        for part in (stated, self.interval(measure.also_total)) if measure.also_total else (stated,):
            total = (total & part) or total
        return total

    def _set(self, index: int, truth: int) -> None:
        old = self.truths[index]
        if old != truth:
            self.journal.append((index, old, self.true[index], self.unknown[index]))
            self.truths[index] = truth
            self.events.append((index, old, truth))

    def _bump(self, index: int, true: int, unknown: int) -> None:
        """The counts of a gate change; where its truth does, that is an event."""
        if not (true or unknown):
            return
        old = self.truths[index]
        self.journal.append((index, old, self.true[index], self.unknown[index]))
        now_true = self.true[index] = self.true[index] + true
        now_unknown = self.unknown[index] = self.unknown[index] + unknown
        need = self.need[index]
        truth = TRUE if now_true >= need else UNKNOWN if now_true + now_unknown >= need else FALSE
        if truth != old:
            self.truths[index] = truth
            self.events.append((index, old, truth))

    def _settle(self) -> None:
        """Every event reaches the gates behind it."""
        patient, recomputed, events = self.circuit.tables["patient"], self.reach.recomputed, self.events
        parents = self.reach.parents["patient"]
        own, of_muscles, of_labels = parents["patient"], parents["muscle"], parents["label"]
        while events or self.due:
            if not events:
                number = min(self.due)
                self.due.discard(number)
                self._recompute(number, patient.conditions[number])
                continue
            index, old, new = events.pop()
            if index >= self.size:
                self._pass_on(index, old, new)
                continue
            change = 3 * old + new
            for parent, way in own[index]:
                self._bump(parent, *_CHANGES[way][change])
            for leaf in recomputed.get(index, ()):
                if leaf in self.circuit.scored:
                    self.due.add(leaf)
                else:
                    self._recompute(leaf, patient.conditions[leaf])
            if of_muscles[index] or of_labels[index]:
                for about, _, offset in self.blocks:
                    for parent, way in (of_muscles if about == "muscle" else of_labels)[index]:
                        self._bump(offset + parent, *_CHANGES[way][change])

    def _pass_on(self, index: int, old: int, new: int) -> None:
        """An event of a muscle or a diagnosis reaches its own gates, and those that count muscles."""
        about, subject, number = self._place(index)
        parents, offset, change = self.reach.parents[about], index - number, 3 * old + new
        for parent, way in parents[about][number]:
            self._bump(offset + parent, *_CHANGES[way][change])
        if about == "muscle":
            many = len(self.subjects.members[subject])
            for parent, way in parents["patient"][number]:
                true, unknown = _CHANGES[way][change]
                self._bump(parent, many * true, many * unknown)
        else:
            for parent, way in parents["patient"][number]:
                self._bump(parent, *_CHANGES[way][change])
        if about == "muscle":
            for label in self.subjects.labels if parents["label"][number] else ():
                if subject in self.rows[label]:
                    for parent, way in parents["label"][number]:
                        self._bump(self.offsets[label] + parent, *_CHANGES[way][change])


def _value_of(finding: Any) -> Value | None:
    """The value of a finding as it is set."""
    if finding.value is not None:
        return finding.value  # type: ignore[no-any-return]
    if finding.between is not None:
        return c.Interval(*finding.between)
    return tuple([(word, True) for word in finding.words] + [(word, False) for word in finding.denied])


def chain(base: KnowledgeBase, facts: Facts) -> Chained:
    """What the rules conclude of one patient, by the circuit: equal to every other executor."""
    return chain_of(circuit_of(base).read(facts))


def chain_of(state: State) -> Chained:
    """What the rules conclude in a state, what is supposed in it included, with derivations."""
    base, facts, subjects = state.circuit.base, state.facts, state.subjects
    decided: dict[str, dict[str, bool]] = {}
    conclusions: dict[str, dict[str, bool]] = {}
    derivations: list[Derivation] = []

    def judged(condition: c.Condition, view: c.View) -> c.Truth:
        return state.truth(condition, view.subject)

    def seek(condition: c.CountMuscles | c.LabelMuscle, view: c.View, verdict: c.Truth) -> Iterator[c.View]:
        row = subjects.of_row(view.subject, base.vocabulary) if isinstance(condition, c.LabelMuscle) else subjects.muscles
        wanted = {one for one in row if state.truth(condition.of, one) is verdict}
        names = base.vocabulary.diagnoses[view.subject].muscles if isinstance(condition, c.LabelMuscle) else None
        for subject, stand_in in subjects.alike.items():
            if stand_in in wanted and (names is None or subject.partition(".")[0] in names):
                yield facts.view(subject, state.concluded)

    for rule in base.rules:
        for subject in subjects.of_kind(rule.about):
            verdict = state.verdict(rule.id, subject)
            if verdict is None:
                continue
            decided.setdefault(subject, {})[rule.id] = verdict
            for member in subjects.members[subject] if verdict else ():
                grounds = c.grounds(rule.when, facts.view(member, state.concluded), judged, seek)
                derivations.append(Derivation(rule.id, member, rule.stratum, rule.concludes(), premises(grounds, facts)))
    for id_, rules in base.concluding.items():
        for subject in subjects.of_kind(rules[0].about):
            holds = state.concluded(id_, subject)
            if holds is not None:
                conclusions.setdefault(subject, {})[id_] = holds
    return Chained(decided, conclusions, subjects.alike, tuple(sorted(derivations, key=lambda d: (d.stratum, d.rule, d.subject))))
