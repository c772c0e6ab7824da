"""
The rules as experta's own Rete matches them: an executor for tests only, that shares nothing with the program but experta.

The rules compile to ground facts ``Known(what, of)``: each condition has two rails, "known true" and "known false", so that
three-valued logic is two negation-free conjunctions. Completion gates join rails (all, any, so many of), each authored rule writes its
``Derivation`` when its true rail is reached, and between strata a closing rule says what may be said only when everything
below has been said (established, known, muscle counts). Salience orders the strata. No NOT, no retraction. The strategy is one of
our own, because the stock one fires rules that no longer hold and remembers patients.
"""

import bisect
import importlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any, assert_never

import attrs

from mps_rules.chaining.chains import Chained, Derivation
from mps_rules.chaining.engine import experta
from mps_rules.chaining.premises import premises
from mps_rules.chaining.subjects import MuscleSignatures, Subjects, kinds_of_muscle, subject_kind
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import PATIENT, Subject
from mps_rules.language import conditions as c
from mps_rules.language.conditions import level
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.values import Findings

_FactList = importlib.import_module(f"{experta.__name__}.factlist").FactList
_ReteMatcher = importlib.import_module(f"{experta.__name__}.matchers").ReteMatcher
_Strategy = importlib.import_module(f"{experta.__name__}.abstract").Strategy


class Known(experta.Fact):  # type: ignore[misc]
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
    """
    When all these rails are reached, or ``need`` of them, so is that one; ``bound`` rails are of the gate's own subject, ``fixed`` of the patient.

    A rail that stands several times counts as often.
    """

    fixed: tuple[int, ...]
    bound: tuple[int, ...]
    out: int
    stratum: int
    rule: Rule | None = None
    need: int = attrs.field()

    @need.default
    def _all(self) -> int:
        return len(self.fixed) + len(self.bound)

    @property
    def counts(self) -> bool:
        """Whether some of its rails are enough."""
        return self.need < len(self.fixed) + len(self.bound)


@attrs.frozen
class _Said:
    """What a rail says of a rule, or of a conclusion, about whom."""

    id: str
    concluded: bool
    about: Subject
    verdict: bool


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
        return subject_kind(condition, self.base, self._about)

    @cached_property
    def telling(self) -> MuscleSignatures:
        """By what muscles are told apart."""
        return MuscleSignatures(self.leaves["muscle"], kinds_of_muscle(self.leaves["muscle"], self.base.vocabulary))

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
            case c.AtLeast(n, of):
                for truth, need in ((True, n), (False, len(of) - n + 1)):
                    self._count([self.rail(part, truth=truth) for part in of], need, condition, truth=truth)
            case c.Established() | c.Known() | c.CountMuscles() | c.LabelMuscle() | c.AnyLabel() | c.Suspicion() | c.InReach():
                self.closings.setdefault(stratum, []).append(condition)
            case c.Derived():
                pass
            case c.Not() | c.Item():
                raise TypeError(f"not in normal form: {condition!r}")
            case (
                c.PainNamed() | c.PainApart() | c.Present() | c.Words() | c.Compare() | c.PainAt() | c.Label() | c.MuscleIs() | c.LabelIs()
            ):
                self.leaves[self.about(condition)].append(condition)
            case _:
                assert_never(condition)

    def _gate(
        self, rails: Iterable[int], of: Iterable[c.Condition], out: int, stratum: int, about: Subject, rule: Rule | None = None
    ) -> None:
        fixed, bound = (tuple(dict.fromkeys(side)) for side in self._apart(rails, of))
        if about != "patient" and not bound:
            bound = (self.subject_rail[about],)
        self.gates.append(Gate(fixed, bound, out, stratum, rule))

    def _count(self, rails: Iterable[int], need: int, condition: c.AtLeast, *, truth: bool) -> None:
        """A gate that so many of its rails complete; of a muscle or diagnosis, with the rail that says there is such a one."""
        fixed, bound = self._apart(rails, condition.of)
        about = self.about(condition)
        if about != "patient":
            bound, need = (*bound, self.subject_rail[about]), need + 1
        self.gates.append(Gate(fixed, bound, self.rail(condition, truth=truth), self.strata[condition], need=need))

    def _apart(self, rails: Iterable[int], of: Iterable[c.Condition]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The rails of the patient, and those of the gate's own subject."""
        own = [(rail, self.about(condition) != "patient") for rail, condition in zip(rails, of, strict=True)]
        return tuple(rail for rail, bound in own if not bound), tuple(rail for rail, bound in own if bound)

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
    def engine(self) -> type:
        """The experta engine class, built once: experta never forgets a class it has seen."""
        rules = {f"r{number:06d}": rule for number, rule in enumerate(_experta_rules(self, self.gates))}
        return type("PatientEngine", (_PatientEngine,), {"__matcher__": _ReteMatcher, "__strategy__": InOrder, "network": self, **rules})

    def salience(self, stratum: int, step: int) -> int:
        """Lower strata first; within one, completion (2) before rules (1) before closing (0)."""
        return 3 * (self.depth - stratum) + step


class InOrder(_Strategy):  # type: ignore[misc,valid-type]
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


def _experta_rules(network: Network, gates: Iterable[Gate]) -> Iterator[Any]:
    order = 0

    def made(patterns: Iterable[Any], salience: int, act: Callable[..., None]) -> Any:
        nonlocal order
        order += 1
        rule = _OrderedRule(*patterns, salience=salience)(act)
        act.order = order  # type: ignore[attr-defined]
        return rule

    for gate in gates:
        if gate.counts:
            salience = network.salience(gate.stratum, 2)
            yield from (
                made([Known(what=rail, of=PATIENT)], salience, _of_patient(_count(gate, many)))
                for rail, many in Counter(gate.fixed).items()
            )
            yield from (
                made([Known(what=rail, of=experta.MATCH.subject)], salience, _of_subject(_count(gate, many)))
                for rail, many in Counter(gate.bound).items()
            )
            continue
        patterns = [Known(what=rail, of=PATIENT) for rail in gate.fixed]
        patterns += [Known(what=rail, of=experta.MATCH.subject) for rail in gate.bound]
        act = _conclude(gate.rule) if gate.rule else _reach(gate.out)
        yield made(patterns, network.salience(gate.stratum, 1 if gate.rule else 2), _of_subject(act) if gate.bound else _of_patient(act))
    for stratum in range(network.depth):
        yield made([Known(what=network.stages[stratum], of=PATIENT)], network.salience(stratum, 0), _of_patient(_close(stratum)))


class _OrderedRule(experta.Rule):  # type: ignore[misc]
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


def _count(gate: Gate, many: int) -> Act:
    """A matcher of experta's cannot count: each rail of a counting gate tells the engine, which does."""

    def act(engine: Any, subject: str) -> None:
        engine.count(gate, subject, many)

    return act


def _conclude(rule: Rule) -> Act:
    def act(engine: Any, subject: str) -> None:
        engine.conclude(rule, subject)

    return act


def _close(stratum: int) -> Act:
    def act(engine: Any, _subject: str) -> None:
        engine.close(stratum)

    return act


class _PatientEngine(experta.KnowledgeEngine):  # type: ignore[misc]
    """experta's engine with one patient's session; subclassed once for each network and way of matching."""

    network: Network

    def get_deffacts(self) -> list[Any]:
        return []

    def chain(self, facts: Facts) -> Chained:
        """Everything the rules conclude from one patient's facts."""
        self.reset()
        self.facts = _Rails()
        self.known: dict[str, set[int]] = {PATIENT: set()}
        self.fired: list[Derivation] = []
        self.counted: dict[int, Counter[str]] = {}
        self.patient = facts
        self.subjects = Subjects.of(facts, self.network.telling)
        own = _known(self.subjects, facts, self.network)
        self.known |= {subject: set() for subject in own if subject != PATIENT}
        self.reach((rail, subject) for subject, rails in own.items() for rail in rails)
        self.run()
        chain = self._result()
        del self.patient, self.subjects, self.known, self.fired, self.counted
        return chain

    def reach(self, rails: Iterable[tuple[int, str]]) -> None:
        """Declares that rails are reached, each once."""
        new = [(rail, of) for rail, of in dict.fromkeys(rails) if rail not in self.known[of]]
        for what, of in new:
            self.known[of].add(what)
            self.facts.declare(Known.light(what, of))
        if new and not self.running:
            self.strategy.update_agenda(self.agenda, *self.get_activations())

    def count(self, gate: Gate, subject: str, many: int) -> None:
        """A rail of a counting gate is reached, of the patient for everybody."""
        counted = self.counted.setdefault(gate.out, Counter())
        counted[subject] += many
        of_all = counted[PATIENT] if gate.bound else 0
        self.reach([(gate.out, of) for of in counted if (of != PATIENT or not gate.bound) and counted[of] + of_all >= gate.need])

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
            case c.AnyLabel(of):
                verdict = c.some(verdict for _, verdict in self.truths(of, self.subjects.labels))
                yield from ((one, verdict) for one in subjects)
            case c.Suspicion() | c.InReach():
                verdict = c.composed(closing, lambda part: self.truth(part, PATIENT))
                yield from ((one, verdict) for one in subjects)
            case _:
                assert_never(closing)

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

    def _result(self) -> Chained:
        decided: dict[str, dict[str, bool]] = {}
        conclusions: dict[str, dict[str, bool]] = {}
        for subject, known in self.known.items():
            for rail in known & self.network.said.keys():
                for said in self.network.said[rail]:
                    for one in self.subjects.of_kind(said.about) if subject == PATIENT else (subject,):
                        (conclusions if said.concluded else decided).setdefault(one, {})[said.id] = said.verdict
        return Chained(decided, conclusions, self.subjects.alike, tuple(sorted(self.fired, key=lambda d: (d.stratum, d.rule, d.subject))))


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


_BUILDING = threading.Lock()
_THREAD = threading.local()


@lru_cache(maxsize=8)
def network_of(base: KnowledgeBase) -> Network:
    """The network of a knowledge base, compiled once."""
    return Network(base)


def chain(base: KnowledgeBase, facts: Facts) -> Chained:
    """What the rules conclude of one patient, forward-chained by experta's own Rete matcher; each engine belongs to one thread."""
    engines = _THREAD.__dict__.setdefault("engines", {})
    engine = engines.pop(base.digest, None)
    if engine is None:
        with _BUILDING:
            engine = network_of(base).engine()
        while len(engines) >= 8:
            engines.pop(next(iter(engines)))
    result: Chained = engine.chain(facts)
    engines[base.digest] = engine
    return result
