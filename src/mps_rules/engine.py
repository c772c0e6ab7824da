"""
One patient, forward-chained by experta: the only module that knows experta.

The rules compile to ground facts ``Known(what, of)``: each condition has two rails, "known true" and "known false", so that
three-valued logic is two negation-free conjunctions. Completion gates join rails (all, any), each authored rule writes its
``Derivation`` when its true rail is reached, and between strata a closing rule says what may be said only when everything
below has been said (established, known, muscle counts). Salience orders the strata. No NOT, no retraction, no patient state
in a rule; engines belong to one thread, and one that failed is thrown away.

experta's Rete matcher is one choice; the default is a counting matcher behind the same seam. Both use our strategy, because the
stock one fires rules that no longer hold and remembers patients.
"""

import bisect
import collections
import collections.abc
import importlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any, Literal

import attrs

from mps_rules import conditions as c
from mps_rules.facts import Facts, terrain_of
from mps_rules.knowledge import level
from mps_rules.model import PATIENT, Chain, Derivation, Findings, KnowledgeBase, Rule, Subject
from mps_rules.premises import premises
from mps_rules.subjects import Subjects, Telling, kinds_of_muscle, whose
from mps_rules.tallies import Tally, best

Matching = Literal["counting", "rete"]

_IMPORTING = threading.Lock()


def _import_experta() -> Any:
    """
    experta, imported without a trace: no alias left in ``collections``, no handler on the root logger.

    Raises:
        ImportError: experta or something it needs is missing (experta itself would hide that).

    """
    with _IMPORTING:
        handlers, level_before = logging.root.handlers[:], logging.root.level
        lent = [name for name in ("Mapping",) if not hasattr(collections, name)]
        for name in lent:
            setattr(collections, name, getattr(collections.abc, name))
        try:
            importlib.import_module("experta.engine")
            return importlib.import_module("experta")
        finally:
            for name in lent:
                delattr(collections, name)
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level_before)


experta = _import_experta()
_Activation = importlib.import_module("experta.activation").Activation
_abstract = importlib.import_module("experta.abstract")
_FactList = importlib.import_module("experta.factlist").FactList
_ReteMatcher = importlib.import_module("experta.matchers").ReteMatcher


class Known(experta.Fact):  # type: ignore[misc,name-defined]
    """That a rail is reached: ``what`` is the rail's number, ``of`` the subject."""

    @classmethod
    def light(cls, what: int, of: str) -> "Known":
        """The fact without experta's freezing: a number and a text need none."""
        fact = cls.__new__(cls)
        dict.__init__(fact, what=what, of=of)
        return fact

    def validate(self) -> None:
        """Nothing to check: the network made it."""


class _Rails(_FactList):  # type: ignore[misc,valid-type]
    """experta's list of facts, which looks for no duplicates: ``reach`` declares each rail once."""

    def declare(self, fact: Known) -> Known:
        fact.__factid__ = self.last_index
        self[self.last_index] = fact
        self.last_index += 1
        self.added.append(fact)
        return fact


# --- the network ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Gate:
    """When all these rails are reached, so is that one; ``bound`` rails are of the gate's own subject, ``fixed`` of the patient."""

    fixed: tuple[int, ...]
    bound: tuple[int, ...]
    out: int
    stratum: int
    rule: Rule | None = None


@attrs.frozen
class _Said:
    """What a rail says of a rule, or of a conclusion, about whom."""

    id: str
    concluded: bool
    about: Subject
    verdict: bool


@attrs.frozen
class _Verdicts:
    """What is decided of one subject: its rules, and its conclusions."""

    decided: dict[str, bool]
    conclusions: dict[str, bool]

    def add(self, said: _Said) -> None:
        (self.conclusions if said.concluded else self.decided)[said.id] = said.verdict

    def copy(self) -> "_Verdicts":
        return _Verdicts({**self.decided}, {**self.conclusions})


class Network:
    """
    A knowledge base as rails and gates, shared by every engine that runs it.

    A condition's true rail is ``2 * number + 1``, its false rail ``2 * number``; ``not`` swaps them.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self.numbers: dict[c.Condition, int] = {}
        self.leaves: dict[Subject, list[c.Condition]] = {"patient": [], "muscle": [], "label": []}
        self.closings: dict[int, list[c.Closing]] = {}
        self.gates: list[Gate] = []
        self.strata: dict[c.Condition, int] = {}
        self.subject_rail = {"muscle": self._rail(c.Present("\0muscle")), "label": self._rail(c.Present("\0label"))}
        self.normal: dict[c.Condition, c.Condition] = {}
        self._about: dict[c.Condition, Subject] = {}
        self.places: dict[c.Condition, tuple[int, bool]] = {}
        for rule in base.rules:
            self._add(self.normalised(rule.when))
        for id_, rules in base.concluding.items():
            derived = c.Derived(id_)
            self._add(derived)
            against = [self.rail(self.normalised(rule.when), truth=False) for rule in rules]
            self._gate(against, [rule.when for rule in rules], self.rail(derived, truth=False), self.strata[derived], rules[0].about)
        for rule in base.rules:
            when = self.normalised(rule.when)
            self._gate([self.rail(when, truth=True)], [rule.when], -1, rule.stratum, rule.about, rule)
        self.stages = [self._rail(c.Present(f"\0stage {number}")) for number in range(self.depth + 1)]

    @property
    def depth(self) -> int:
        """The highest stratum."""
        return max(self.strata.values(), default=0)

    def _rail(self, condition: c.Condition) -> int:
        return 2 * self.numbers.setdefault(condition, len(self.numbers)) + 1

    def rail(self, condition: c.Condition, *, truth: bool) -> int:
        """The rail on which a (normalised) condition is known to have that truth."""
        while isinstance(condition, c.Not):
            condition, truth = condition.of, not truth
        return self._rail(condition) - (not truth)

    def normalised(self, condition: c.Condition) -> c.Condition:
        """The normal form of a rule's condition or a part of one."""
        if condition not in self.normal:
            self.normal[condition] = c.normalise(condition)
        return self.normal[condition]

    def place(self, condition: c.Condition) -> tuple[int, bool]:
        """The true rail of a condition as authored or normalised, and whether it is of a muscle or diagnosis."""
        found = self.places.get(condition)
        if found is None:
            normal = self.normalised(condition)
            found = self.places[condition] = (self.rail(normal, truth=True), self.about(normal) != "patient")
        return found

    def about(self, condition: c.Condition) -> Subject:
        """Whose condition it is: the patient's, or a muscle's or diagnosis' own."""
        return whose(condition, self.base, self._about)

    @cached_property
    def telling(self) -> Telling:
        """By what muscles are told apart."""
        return Telling(self.leaves["muscle"], kinds_of_muscle(self.leaves["muscle"], self.base.vocabulary))

    @cached_property
    def tallies(self) -> dict[c.Profile, Tally]:
        """How the score of each profile is counted."""
        closings = [one for several in self.closings.values() for one in several if isinstance(one, c.Suspicion | c.InReach)]
        profiles = dict.fromkeys(profile for one in closings for profile in one.profiles)
        return {profile: Tally(profile, lambda condition: self.rail(condition, truth=True)) for profile in profiles}

    @cached_property
    def derives(self) -> dict[str, tuple[int, ...]]:
        """For each rule, the rails that are reached when it fires."""
        return {rule.id: tuple(self.rail(c.Derived(id_), truth=True) for id_ in rule.derives()) for rule in self.base.rules}

    @cached_property
    def closes(self) -> tuple[tuple[tuple[c.Closing, Subject, int], ...], ...]:
        """For each stage, what may be said only then: of whom, and its true rail."""
        return tuple(
            tuple((one, self.about(one), self.rail(one, truth=True)) for one in self.closings.get(stage, ()))
            for stage in range(self.depth + 1)
        )

    def _stratum(self, condition: c.Condition) -> int:
        if condition not in self.strata:
            self.strata[condition] = level(condition, lambda id_: 1 + max(rule.stratum for rule in self.base.concluding[id_]))
        return self.strata[condition]

    def _add(self, condition: c.Condition) -> None:
        while isinstance(condition, c.Not):
            condition = condition.of
        if condition in self.strata:
            return
        stratum = self._stratum(condition)
        self._rail(condition)
        for part in c.parts(condition):
            self._add(part)
        match condition:
            case c.All(of) | c.Any(of):
                conjunctive = isinstance(condition, c.All)
                about = self.about(condition)
                together = [self.rail(part, truth=conjunctive) for part in of]
                self._gate(together, of, self.rail(condition, truth=conjunctive), stratum, about)
                for part in of:
                    self._gate(
                        [self.rail(part, truth=not conjunctive)], [part], self.rail(condition, truth=not conjunctive), stratum, about
                    )
            case _ if isinstance(condition, c.Closing):
                self.closings.setdefault(stratum, []).append(condition)
            case c.Derived():
                pass
            case _:
                self.leaves[self.about(condition)].append(condition)

    def _gate(
        self, rails: Iterable[int], of: Iterable[c.Condition], out: int, stratum: int, about: Subject, rule: Rule | None = None
    ) -> None:
        own = [self.about(condition) != "patient" for condition in of]
        fixed = tuple(dict.fromkeys(rail for rail, bound in zip(rails, own, strict=True) if not bound))
        bound = tuple(dict.fromkeys(rail for rail, bound in zip(rails, own, strict=True) if bound))
        if about != "patient" and not bound:
            bound = (self.subject_rail[about],)
        self.gates.append(Gate(fixed, bound, out, stratum, rule))

    @cached_property
    def said(self) -> dict[int, list["_Said"]]:
        """For each rail that gives a verdict, what it says."""
        found: dict[int, list[_Said]] = {}
        rules = [(rule.id, False, rule.about, rule.when) for rule in self.base.rules]
        derived = [(id_, True, of[0].about, c.Derived(id_)) for id_, of in self.base.concluding.items()]
        for id_, concluded, about, condition in (*rules, *derived):
            rail, _ = self.place(condition)
            found.setdefault(rail, []).append(_Said(id_, concluded, about, verdict=True))
            found.setdefault(rail ^ 1, []).append(_Said(id_, concluded, about, verdict=False))
        return found

    @cached_property
    def asked(self) -> dict[str, tuple[tuple[c.Condition, int], ...]]:
        """
        The leaves of the patient, each with its true rail, by what they ask of.

        That is a finding, ``pain``, a diagnosis, or (by no name) what several may decide.
        """
        found: dict[str, list[c.Condition]] = {"": []}
        nothing = Facts(terrain_of(self.base), Findings()).view()
        for leaf in self.leaves["patient"]:
            match leaf:
                case c.Present(term) | c.Words(term):
                    found.setdefault(term, []).append(leaf)
                case c.Compare(term) if term not in self.base.vocabulary.measures and c.judge(leaf, nothing) is None:
                    found.setdefault(term, []).append(leaf)
                case c.PainAt():
                    found.setdefault("pain", []).append(leaf)
                case c.Label((label,)):
                    found.setdefault(f"labels.{label}", []).append(leaf)
                case _:
                    found[""].append(leaf)
        return {name: self._with_rails(leaves) for name, leaves in found.items()}

    @cached_property
    def own(self) -> dict[Subject, tuple[tuple[c.Condition, int], ...]]:
        """The leaves of muscles and of diagnoses, each with its true rail."""
        return {about: self._with_rails(self.leaves[about]) for about in ("muscle", "label")}

    def _with_rails(self, leaves: Iterable[c.Condition]) -> tuple[tuple[c.Condition, int], ...]:
        return tuple((leaf, self.rail(leaf, truth=True)) for leaf in leaves)

    @cached_property
    def engines(self) -> dict[Matching, type]:
        """An experta engine class for each way of matching, built once: experta never forgets a class it has seen."""
        return {"counting": _engine_class(self, CountingMatcher), "rete": _engine_class(self, _ReteMatcher)}

    def salience(self, stratum: int, step: int) -> int:
        """Lower strata first; within one, completion (2) before rules (1) before closing (0)."""
        return 3 * (self.depth - stratum) + step


SUBJECTS_KEPT = 4096
"""How many different muscles or diagnoses, by what is known of them, a matcher remembers."""


# --- behind experta's seams -------------------------------------------------------------------------------------------


class CountingMatcher(_abstract.Matcher):  # type: ignore[misc,name-defined]
    """
    Counts, for each gate and subject, the rails still missing; touches only gates that read a new fact.

    Gates that complete a condition pass their rail on inside the matcher, as a Rete's inner nodes do; only written rules and
    closings become activations. Facts are only ever added, each once.
    """

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self.network = network = engine.network
        rules = iter([rule.new_conditions(*rule) for rule in engine.get_rules()])
        self.gates = [*network.gates, *(Gate((stage,), (), -1, 0) for stage in network.stages[:-1])]
        self.rules = [next(rules) if gate.out < 0 else None for gate in self.gates]
        self.fixed: dict[int, list[int]] = {}
        self.bound: dict[int, list[int]] = {}
        for number, gate in enumerate(self.gates):
            for rail in gate.fixed:
                self.fixed.setdefault(rail, []).append(number)
            for rail in gate.bound:
                self.bound.setdefault(rail, []).append(number)
        self.starts: dict[tuple[int, ...], _Start] = {}
        self.reset()

    def reset(self) -> None:
        self.met = [0] * len(self.gates)
        self.met_of: dict[str, dict[int, int]] = {}
        self.waiting: list[Any] = []

    def changes(self, adding: Any = None, deleting: Any = None) -> tuple[list[Any], list[Any]]:
        if deleting:
            message = "facts are never taken back"
            raise TypeError(message)
        self.found, self.waiting = self.waiting, []
        self.reached = [(fact["what"], fact["of"]) for fact in adding or ()]
        while self.reached:
            rail, of = self.reached.pop()
            if of == PATIENT:
                for number in self.fixed.get(rail, ()):
                    self._meet(number)
            else:
                for number in self.bound.get(rail, ()):
                    self._meet_of(number, of)
        return self.found, []

    def _meet(self, number: int) -> None:
        self.met[number] += 1
        gate = self.gates[number]
        if self.met[number] == len(gate.fixed):
            if not gate.bound:
                self._complete(number, PATIENT)
            else:
                for of in [of for of, met in self.met_of.items() if met.get(number) == len(gate.bound)]:
                    self._complete(number, of)

    def _meet_of(self, number: int, of: str) -> None:
        met = self.met_of[of]
        met[number] = own = met.get(number, 0) + 1
        gate = self.gates[number]
        if own == len(gate.bound) and self.met[number] == len(gate.fixed):
            self._complete(number, of)

    def _complete(self, number: int, of: str) -> None:
        """A gate has all its rails: a rule becomes an activation, a condition's own rail is reached."""
        gate, rule = self.gates[number], self.rules[number]
        if rule is not None:
            self.found.append(_Activation(rule, (), {"subject": of} if gate.bound else {}))
        elif gate.out not in self.engine.known[of]:
            self.engine.known[of].add(gate.out)
            self.reached.append((gate.out, of))

    def take(self, of: str, rails: tuple[int, ...]) -> "_Start":
        """A muscle or diagnosis that these rails are known of, before anything is known of the patient."""
        start = self.starts.get(rails)
        if start is None:
            if len(self.starts) >= SUBJECTS_KEPT:
                self.starts.clear()
            start = self.starts[rails] = self._start(rails)
        self.met_of[of] = start.met.copy()
        self.waiting += [_Activation(self.rules[number], (), {"subject": of}) for number in start.ready]
        return start

    def _start(self, rails: tuple[int, ...]) -> "_Start":
        known, queue, met, ready = set(rails), list(rails), dict[int, int](), []
        while queue:
            for number in self.bound.get(queue.pop(), ()):
                gate = self.gates[number]
                met[number] = met.get(number, 0) + 1
                if met[number] < len(gate.bound) or gate.fixed:
                    continue
                if self.rules[number] is not None:
                    ready.append(number)
                elif gate.out not in known:
                    known.add(gate.out)
                    queue.append(gate.out)
        verdicts = _Verdicts({}, {})
        for rail in known & self.network.said.keys():
            for said in self.network.said[rail]:
                verdicts.add(said)
        return _Start(frozenset(known), met, tuple(ready), verdicts)


@attrs.frozen
class _Start:
    """
    What a muscle or diagnosis reaches by itself.

    The rails; how many rails each gate has, and which gates of rules have all; what is decided so.
    """

    known: frozenset[int]
    met: dict[int, int]
    ready: tuple[int, ...]
    verdicts: _Verdicts


class InOrder(_abstract.Strategy):  # type: ignore[misc,name-defined]
    """Fires by salience, then in the order of the rules, then of the subjects; remembers nothing."""

    def _update_agenda(self, agenda: Any, added: Iterable[Any], removed: Iterable[Any]) -> None:
        if removed:
            message = "nothing that held stops holding"
            raise TypeError(message)
        for activation in added:
            subject = activation.context.get("subject", PATIENT)
            activation.key = (activation.rule.salience, -activation.rule.order, _backwards(subject))
            bisect.insort(agenda.activations, activation, key=lambda one: one.key)


@lru_cache(maxsize=4096)
def _backwards(subject: str) -> tuple[int, ...]:
    """A key by which subjects sort from last to first: the agenda is taken from its end."""
    return tuple(-ord(letter) for letter in subject)


def _engine_class(network: Network, matcher: type) -> type:
    made = _experta_rules(network, [gate for gate in network.gates if gate.rule] if matcher is CountingMatcher else network.gates)
    rules = {f"r{number:06d}": rule for number, rule in enumerate(made)}
    return type("PatientEngine", (_PatientEngine,), {"__matcher__": matcher, "__strategy__": InOrder, "network": network, **rules})


def _experta_rules(network: Network, gates: Iterable[Gate]) -> Iterator[Any]:
    order = 0

    def made(patterns: Iterable[Any], salience: int, act: Callable[..., None]) -> Any:
        nonlocal order
        order += 1
        rule = _OrderedRule(*patterns, salience=salience)(act)
        act.order = order  # type: ignore[attr-defined]
        return rule

    for gate in gates:
        patterns = [Known(what=rail, of=PATIENT) for rail in gate.fixed]
        patterns += [Known(what=rail, of=experta.MATCH.subject) for rail in gate.bound]
        act = _conclude(gate.rule) if gate.rule else _reach(gate.out)
        yield made(patterns, network.salience(gate.stratum, 1 if gate.rule else 2), _of_subject(act) if gate.bound else _of_patient(act))
    for stratum in range(network.depth):
        yield made([Known(what=network.stages[stratum], of=PATIENT)], network.salience(stratum, 0), _of_patient(_close(stratum)))


class _OrderedRule(experta.Rule):  # type: ignore[misc,name-defined]
    """experta's Rule; its place among the rules travels with its right-hand side through every copy."""

    @property
    def order(self) -> int:
        return int(self._wrapped.order)


Act = Callable[[Any, str], None]


def _of_subject(act: Act) -> Callable[..., None]:
    def right_hand_side(engine: Any, subject: str) -> None:
        act(engine, subject)

    return right_hand_side


def _of_patient(act: Act) -> Callable[..., None]:
    def right_hand_side(engine: Any) -> None:
        act(engine, PATIENT)

    return right_hand_side


def _reach(rail: int) -> Act:
    def act(engine: Any, subject: str) -> None:
        engine.reach([(rail, subject)])

    return act


def _conclude(rule: Rule) -> Act:
    def act(engine: Any, subject: str) -> None:
        engine.conclude(rule, subject)

    return act


def _close(stratum: int) -> Act:
    def act(engine: Any, _subject: str) -> None:
        engine.close(stratum)

    return act


class _PatientEngine(experta.KnowledgeEngine):  # type: ignore[misc,name-defined]
    """experta's engine with one patient's session; subclassed once for each network and way of matching."""

    network: Network

    def get_deffacts(self) -> list[Any]:
        return []

    def chain(self, facts: Facts) -> Chain:
        """Everything the rules conclude from one patient's facts."""
        self.reset()
        self.facts = _Rails()
        self.known: dict[str, set[int]] = {PATIENT: set()}
        self.fired: list[Derivation] = []
        self.starts: dict[str, _Start] = {}
        self.scores: dict[c.Profile, c.Interval] = {}
        self.patient = facts
        self.subjects = Subjects.of(facts, self.network.telling)
        own = _known(self.subjects, facts, self.network)
        if isinstance(self.matcher, CountingMatcher):
            self.starts = {subject: self.matcher.take(subject, rails) for subject, rails in own.items() if subject != PATIENT}
            self.known |= {subject: set(start.known) for subject, start in self.starts.items()}
            own = {PATIENT: own[PATIENT]}
        else:
            self.known |= {subject: set() for subject in own if subject != PATIENT}
        self.reach((rail, subject) for subject, rails in own.items() for rail in rails)
        self.run()
        chain = self._result()
        del self.patient, self.subjects, self.known, self.fired, self.starts, self.scores
        return chain

    def reach(self, rails: Iterable[tuple[int, str]]) -> None:
        """Declares that rails are reached, each once."""
        new = [(rail, of) for rail, of in dict.fromkeys(rails) if rail not in self.known[of]]
        for what, of in new:
            self.known[of].add(what)
            self.facts.declare(Known.light(what, of))
        if new and not self.running:
            self.strategy.update_agenda(self.agenda, *self.get_activations())

    def conclude(self, rule: Rule, subject: str) -> None:
        """A rule fires: its derivation is written, and what it concludes becomes known."""
        for member in self.subjects.members[subject]:
            view = self.patient.view(member, self._concluded)
            own = c.grounds(rule.when, view, self._judged, self._seek)
            self.fired.append(Derivation(rule.id, member, rule.stratum, rule.concludes(), premises(own, self.patient)))
        self.reach((rail, subject) for rail in self.network.derives[rule.id])

    def _concluded(self, id_: str, subject: str) -> c.Truth:
        return self.truth(c.Derived(id_), self.subjects.alike.get(subject, subject))

    def _judged(self, condition: c.Condition, view: c.View) -> c.Truth:
        return self.truth(condition, self.subjects.alike.get(view.subject, view.subject))

    def _seek(self, condition: c.CountMuscles | c.LabelMuscle, view: c.View, verdict: c.Truth) -> Iterator[c.View]:
        """The muscles, in their own order, that give a count its verdict."""
        of_row = isinstance(condition, c.LabelMuscle)
        stand_ins = set(self.subjects.of_row(view.subject, self.patient.vocabulary)) if of_row else set(self.subjects.muscles)
        wanted = {one for one in stand_ins if self.truth(condition.of, one) is verdict}
        row = self.patient.vocabulary.diagnoses[view.subject].muscles if of_row else ()
        for subject, stand_in in self.subjects.alike.items():
            if stand_in in wanted and (not of_row or subject.partition(".")[0] in row):
                yield self.patient.view(subject, self._concluded)

    def close(self, stratum: int) -> None:
        """Everything of a stratum has been said: decides what may be said only now, and opens the next."""
        network, found = self.network, []
        for closing, about, rail in network.closes[stratum + 1]:
            for subject, verdict in self._closed(closing, self.subjects.of_kind(about)):
                if verdict is not None:
                    found.append((rail - (not verdict), subject))
        self.reach([(network.stages[stratum + 1], PATIENT), *found])

    def _closed(self, closing: c.Closing, subjects: Iterable[str]) -> Iterator[tuple[str, c.Truth]]:
        match closing:
            case c.Suspicion(_, n, profiles):
                tallies = self.network.tallies
                verdict = c.some(tallies[one].reaches(n, self.scored(one), self.known[PATIENT]) for one in profiles)
                yield from ((one, verdict) for one in subjects)
            case c.InReach(_, n, profiles):
                short = best(self.scored(profile) for profile in profiles).lowest < n
                near = short and any(self.network.tallies[profile].in_reach(n, self.known[PATIENT]) for profile in profiles)
                yield from ((one, near) for one in subjects)
            case c.AnyLabel(of):
                verdict = c.some(verdict for _, verdict in self.truths(of, self.subjects.labels))
                yield from ((one, verdict) for one in subjects)
            case c.Established(of):
                yield from ((one, verdict is True) for one, verdict in self.truths(of, subjects))
            case c.Known(of):
                yield from ((one, verdict is not None) for one, verdict in self.truths(of, subjects))
            case c.CountMuscles(of, n):
                true = unknown = 0
                for one, verdict in self.truths(of, self.subjects.muscles):
                    many = len(self.subjects.members[one])
                    true += many * (verdict is True)
                    unknown += many * (verdict is None)
                yield from ((one, True if true >= n else None if true + unknown >= n else False) for one in subjects)
            case c.LabelMuscle(of):
                for one in subjects:
                    row = dict.fromkeys(self.subjects.of_row(one, self.patient.vocabulary))
                    yield one, c.some(verdict for _, verdict in self.truths(of, row))

    def scored(self, profile: c.Profile) -> c.Interval:
        """The score of a profile, worked out once: what it reads is decided below the stratum in which it is closed."""
        if profile not in self.scores:
            self.scores[profile] = self.network.tallies[profile].score(self.known[PATIENT])
        return self.scores[profile]

    def truth(self, condition: c.Condition, subject: str) -> c.Truth:
        """The truth of a condition as far as it is known now."""
        rail, own = self.network.place(condition)
        subject = subject if own else PATIENT
        known = self.known[subject]
        return True if rail in known else False if rail ^ 1 in known else None

    def truths(self, condition: c.Condition, subjects: Iterable[str]) -> Iterator[tuple[str, c.Truth]]:
        """The truth of one condition of many subjects, as far as it is known now."""
        rail, own = self.network.place(condition)
        for subject in subjects:
            known = self.known[subject if own else PATIENT]
            yield subject, True if rail in known else False if rail ^ 1 in known else None

    def _result(self) -> Chain:
        verdicts = {PATIENT: _Verdicts({}, {})}
        for subject, known in self.known.items():
            if subject != PATIENT:
                start = self.starts.get(subject)
                own = verdicts[subject] = start.verdicts.copy() if start else _Verdicts({}, {})
                for rail in (known - start.known if start else known) & self.network.said.keys():
                    for said in self.network.said[rail]:
                        own.add(said)
        for rail in self.known[PATIENT] & self.network.said.keys():
            for said in self.network.said[rail]:
                for subject in self.subjects.of_kind(said.about):
                    verdicts[subject].add(said)
        return Chain(
            {subject: own.decided for subject, own in verdicts.items() if own.decided},
            {subject: own.conclusions for subject, own in verdicts.items() if own.conclusions},
            self.subjects.alike,
            tuple(sorted(self.fired, key=lambda d: (d.stratum, d.rule, d.subject))),
        )


def _known(subjects: Subjects, facts: Facts, network: Network) -> dict[str, tuple[int, ...]]:
    """The rails that each subject's own facts reach before any rule has fired."""

    def judged(leaves: Iterable[tuple[c.Condition, int]], subject: str) -> Iterator[int]:
        view = facts.view(subject)
        return rails((rail, c.judge(leaf, view)) for leaf, rail in leaves)

    def rails(verdicts: Iterable[tuple[int, c.Truth]]) -> Iterator[int]:
        return (rail - (not verdict) for rail, verdict in verdicts if verdict is not None)

    where = ("pain",) if facts.pain_map.painful or facts.pain_map.free else ()
    named = ("", *where, *facts.given, *(f"labels.{label}" for label in facts.labels))
    asked = (leaf for name in named for leaf in network.asked.get(name, ()))
    muscle = [rail for _, rail in network.own["muscle"]]
    return {
        PATIENT: (network.stages[0], *judged(asked, PATIENT)),
        **{label: (*judged(network.own["label"], label), network.subject_rail["label"]) for label in subjects.labels},
        **{
            one: (*rails(zip(muscle, verdicts, strict=True)), network.subject_rail["muscle"])
            for one, verdicts in subjects.signatures.items()
        },
    }


# --- engines ----------------------------------------------------------------------------------------------------------

_BUILDING = threading.Lock()
_THREAD = threading.local()


@lru_cache(maxsize=8)
def _network(base: KnowledgeBase) -> Network:
    return Network(base)


def network_of(base: KnowledgeBase) -> Network:
    """The network of a knowledge base, compiled once and shared by all threads."""
    with _BUILDING:
        return _network(base)


def chain(base: KnowledgeBase, facts: Facts, matching: Matching = "counting") -> Chain:
    """
    What the rules conclude of one patient, forward-chained by experta.

    ``matching``: ``counting`` (our matcher) or ``rete`` (experta's own).
    """
    engines = _THREAD.__dict__.setdefault("engines", {})
    key = (base.digest, matching)
    engine = engines.pop(key, None)
    if engine is None:
        network = network_of(base)
        with _BUILDING:
            engine = network.engines[matching]()
        while len(engines) >= 8:
            engines.pop(next(iter(engines)))
    result: Chain = engine.chain(facts)
    engines[key] = engine
    return result


def chain_by_rete(base: KnowledgeBase, facts: Facts) -> Chain:
    """As ``chain``, with experta's own Rete matcher."""
    return chain(base, facts, "rete")
