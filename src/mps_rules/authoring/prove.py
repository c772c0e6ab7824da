"""
What must hold for every patient, proved over all of them or refuted with one: the invariants of a pack, by a solver.

An invariant holds where no patient exists for whom it fails. A patient who is found is made small, written as findings, run through the
engine, and believed only when the answer shows what was claimed. What names an exception is proved for all others, and the exceptions are
looked at as well: one that no patient needs is said to be in vain. Ranking, texts and dates are outside: no formula speaks of them.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from mps_rules.answer.assess import Assessor
from mps_rules.authoring.encoding import SOLVER, TRUE, Copy, Encoding, Truth
from mps_rules.authoring.encoding import Literal as Lit
from mps_rules.chaining.chains import Chain
from mps_rules.errors import Fault, UnsupportedError
from mps_rules.knowledge.dangers import dangers_of
from mps_rules.knowledge.pack import Invariant, KnowledgeBase
from mps_rules.knowledge.rules import KINDS_OF_CARE, PRESSING, URGENCIES, GiveCaution, RaiseAlert, Recommend, Rule
from mps_rules.knowledge.strata import offered
from mps_rules.language.conditions import some
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

if TYPE_CHECKING:
    from pysat.solvers import Solver

Outcome: TypeAlias = Literal["proved", "refuted", "undecided"]
Findings: TypeAlias = Mapping[str, Any]
CONFLICTS = 400_000
"""After so many conflicts the solver gives up on one question: a limit that is the same on every machine."""


@attrs.frozen
class Witness:
    """A patient for whom an invariant fails (or two who differ in one thing), checked by the engine, and what was seen."""

    findings: tuple[Findings, ...]
    shows: str


@attrs.frozen
class Proof:
    """Whether an invariant holds of one thing that it speaks of: a rule, a finding, a hypothesis; ``reason`` where it is an exception."""

    of: str
    outcome: Outcome
    witness: Witness | None = None
    reason: str = ""


@attrs.frozen
class Proved:
    """What was found of an invariant: of how many things it holds, those of which it does not, and how long that took."""

    invariant: str
    says: str
    about: int
    proofs: tuple[Proof, ...]
    seconds: float = attrs.field(eq=False)

    @property
    def holds(self) -> bool:
        """Whether it holds for every patient, but for the exceptions that the pack names."""
        return all(proof.outcome == "proved" or (proof.outcome == "refuted" and proof.reason) for proof in self.proofs)

    @property
    def failing(self) -> tuple[Proof, ...]:
        """Where it fails or was not decided, and no exception says why."""
        return tuple(proof for proof in self.proofs if proof.outcome != "proved" and not (proof.reason and proof.outcome == "refuted"))

    @property
    def excepted(self) -> tuple[Proof, ...]:
        """The exceptions that some patient needs."""
        return tuple(proof for proof in self.proofs if proof.outcome == "refuted" and proof.reason)

    @property
    def in_vain(self) -> tuple[Proof, ...]:
        """The exceptions that no patient needs."""
        return tuple(proof for proof in self.proofs if proof.outcome == "proved" and proof.reason)


@attrs.frozen
class Question:
    """Whether some patients exist: one, or two who differ; ``sought`` must hold of them, ``shows`` says what a chain of each must show."""

    of: str
    patients: tuple[Copy, ...]
    sought: Lit
    shows: Callable[[Sequence["Seen"]], str]


@attrs.frozen
class Seen:
    """What the engine says of one patient."""

    base: KnowledgeBase
    chain: Chain
    facts: Facts

    def verdict(self, rule: Rule) -> bool | None:
        """Whether a rule holds: of the patient, of some muscle, or of some diagnosis given."""
        return some(self.chain.verdict(rule.id, subject) for subject in self.facts.subjects(rule.about))

    def fired(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Those of some rules that hold."""
        return tuple(rule for rule in rules if self.verdict(rule))


def prove(base: KnowledgeBase, invariants: Sequence[str] = (), told: Callable[[Proved], None] = lambda _: None) -> tuple[Proved, ...]:
    """
    Every invariant of a knowledge base (or those named), proved over all patients or refuted with a witness.

    Args:
        base: the rules, with what they state under ``invariants.yaml``.
        invariants: the ids of those that are asked for; empty, all.
        told: is given each result when it is there.

    Raises:
        UnsupportedError: python-sat is not installed.

    """
    found = []
    if all(one.id not in invariants for one in base.invariants) and invariants:
        raise UnsupportedError([Fault(one, "is no invariant of these rules") for one in invariants])
    with Prover(base) as prover:
        for invariant in base.invariants:
            if not invariants or invariant.id in invariants:
                found.append(prover.prove(invariant))
                told(found[-1])
    return tuple(found)


class Prover:
    """A solver that knows the rules, and is asked for patients."""

    def __init__(self, base: KnowledgeBase) -> None:
        try:
            from pysat.solvers import Solver
        except ImportError:
            raise UnsupportedError([Fault("", "proofs need python-sat: pip install 'mps-rules[prove]'")]) from None
        self.base = base
        self.encoding = Encoding(base)
        self.solver: Solver = Solver(SOLVER)
        self.loaded = 0

    def __enter__(self) -> "Prover":
        return self

    def __exit__(self, *_: object) -> None:
        self.solver.delete()

    def prove(self, invariant: Invariant) -> Proved:
        """One invariant: first whether anything at all refutes it, then what does."""
        began = time.monotonic()
        reasons = {one.of: one.reason for one in invariant.exceptions}
        questions = list(LAWS[invariant.law](self, invariant))
        strict = [question for question in questions if question.of not in reasons]
        proofs = [Proof(question.of, "proved") for question in strict]
        if not self._none_exists(strict):
            proofs = [self._asked(question) for question in strict]
        proofs += [attrs.evolve(self._asked(one), reason=reasons[one.of]) for one in questions if one.of in reasons]
        unknown = [Proof(of, "proved", reason=reason) for of, reason in reasons.items() if all(one.of != of for one in questions)]
        return Proved(invariant.id, invariant.says, len(questions), (*proofs, *unknown), time.monotonic() - began)

    def _none_exists(self, questions: Sequence[Question]) -> bool:
        """Whether one question for all of them, where they are about one patient, is answered at once."""
        gates, single = self.encoding.clauses, all(question.patients == (self.encoding.anybody,) for question in questions)
        return single and self.solve([self.encoding.anybody.sound, gates.some(one.sought for one in questions)]) is False

    def _asked(self, question: Question) -> Proof:
        wanted = [question.sought, *(patient.sound for patient in question.patients)]
        found = self.solve(wanted)
        if found is None:
            return Proof(question.of, "undecided")
        if found is False:
            return Proof(question.of, "proved")
        return Proof(question.of, "refuted", self._witness(question, self._smaller(wanted)))

    def solve(self, wanted: Sequence[Lit]) -> bool | None:
        """Whether all of these can hold together; None where the limit was met first."""
        if -TRUE in wanted:
            return False
        clauses = self.encoding.clauses.clauses
        if self.loaded < len(clauses):
            self.solver.append_formula(clauses[self.loaded :])
            self.loaded = len(clauses)
        self.solver.conf_budget(CONFLICTS)
        found: bool | None = self.solver.solve_limited(assumptions=list(wanted))
        return found

    # --- witnesses

    def _smaller(self, wanted: Sequence[Lit]) -> frozenset[Lit]:
        """A model in which little is known: what is known is taken away, half by half, as long as some patient is left."""
        model = frozenset(self.solver.get_model())
        known = self._known(model)
        unknown = [-one for one in self._all_known if one not in known]
        part = len(known)
        while part >= 1:
            kept: list[Lit] = []
            rest = sorted(known, key=abs)
            while rest:
                tried, rest = rest[:part], rest[part:]
                if self.solve([*wanted, *unknown, *(-one for one in tried)]):
                    model = frozenset(self.solver.get_model())
                    now = self._known(model)
                    unknown += [-one for one in (*tried, *kept, *rest) if one not in now]
                    kept = [one for one in kept if one in now]
                    rest = [one for one in rest if one in now]
                else:
                    kept += tried
            known, part = set(kept), part // 2 if part > 1 else 0
        return model

    @property
    def _all_known(self) -> list[Lit]:
        return [one for cell in self.encoding.cells.values() for one in (cell.known.holds, *(() if cell.values else (cell.known.fails,)))]

    def _known(self, model: frozenset[Lit]) -> set[Lit]:
        return {one for one in self._all_known if one in model}

    def _witness(self, question: Question, model: frozenset[Lit]) -> Witness:
        """
        The patients of a model, run through the engine.

        Raises:
            AssertionError: the engine does not say what the model says; the encoding is wrong then.

        """
        findings = tuple(self.encoding.mapping(model, patient) for patient in question.patients)
        shown = question.shows([self.seen(one) for one in findings])
        if not shown:
            raise AssertionError(f"the engine does not show what the solver claims of {question.of}: {json.dumps(findings)}")
        return Witness(findings, shown)

    def seen(self, findings: Findings) -> Seen:
        """What the engine says of findings."""
        from mps_rules.chaining.engine import chain

        facts = Facts(terrain_of(self.base), read_findings(findings, terrain_of(self.base)))
        Assessor(self.base, facts, made := chain(self.base, facts)).assessment()
        return Seen(self.base, made, facts)

    # --- what rules say

    def flags(self, urgencies: Sequence[str] = URGENCIES, *, opened: Sequence[str] = URGENCIES, shelf: str = "") -> tuple[Rule, ...]:
        """The rules by which red flags are raised, and those by which they are open (of the urgencies ``opened``)."""
        found = []
        for rule in self.base.rules:
            flag = self.alert_of(rule)
            among = opened if rule.open_alert else urgencies
            if flag is not None and flag.urgency in among and rule.id.startswith(f"{shelf}." if shelf else ""):
                found.append(rule)
        return tuple(found)

    def alert_of(self, rule: Rule) -> RaiseAlert | None:
        """The red flag that a rule raises, or by which it is open."""
        return self.base.by_id[rule.id.removesuffix(".open")].alert if rule.open_alert else rule.alert

    def fires(self, patient: Copy, rules: Iterable[Rule]) -> Lit:
        """That some of these rules hold of a patient."""
        return self.encoding.clauses.some(patient.fires(rule) for rule in rules)

    def offering(self, care: Sequence[str]) -> tuple[Rule, ...]:
        """The rules that offer care of some kinds; ``self_care`` is any recommendation to oneself."""
        return tuple(
            rule
            for rule in self.base.rules
            if any(
                (isinstance(one, Recommend) and one.kind in care) or {*offered(one)} & {*care}
                for one in rule.then
                if isinstance(one, Recommend | GiveCaution)
            )
        )

    @cached_property
    def dangers(self) -> dict[str, tuple[str, ...]]:
        """By category, the yes/no findings of the patient whose presence can bring a red flag nearer, background left out."""
        read, found = dangers_of(self.base), {}
        for term in self.base.vocabulary.terms.values():
            helps = term.id in read.of_term and read.helps(read.of_term[term.id], value=True)
            if term.subject == "patient" and term.kind == "boolean" and not term.background and helps:
                found[term.category] = (*found.get(term.category, ()), term.id)
        return found

    def changed(self, term: str, truth: Truth) -> Copy:
        """The same patient, but for one finding."""
        return Copy(self.encoding, {term: attrs.evolve(self.encoding.cell(term), known=truth)})


# --- laws ---------------------------------------------------------------------------------------------------------------


def _never(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """A condition of the patient never holds."""
    if invariant.never is None:
        return
    formula = prover.encoding.formulas.of(invariant.never)
    anybody = prover.encoding.anybody

    def shows(seen: Sequence[Seen]) -> str:
        from mps_rules.language.conditions import judge

        return "the condition holds" if judge(invariant.never, seen[0].facts.view("patient", seen[0].chain.concluded)) else ""

    yield Question("the condition", (anybody,), anybody.truth(formula).holds, shows)


def _no_care_beside_a_flag(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """No rule offers care of some kinds while a flag of some urgencies is raised or open."""
    anybody, gates = prover.encoding.anybody, prover.encoding.clauses
    flags = prover.flags(invariant.urgencies, opened=invariant.urgencies)
    pressing = prover.fires(anybody, flags)
    for rule in prover.offering(invariant.care):
        sought = gates.every((anybody.fires(rule), pressing))
        yield Question(rule.id, (anybody,), sought, _beside(rule, flags))


def _beside(rule: Rule, flags: Sequence[Rule]) -> Callable[[Sequence[Seen]], str]:
    def shows(seen: Sequence[Seen]) -> str:
        standing = seen[0].fired(flags)
        return f"{rule.id} offers care beside {_named(standing)}" if standing and seen[0].verdict(rule) else ""

    return shows


def _no_forbidden_care(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """What a flag forbids that is raised, or pressing and open, no rule offers."""
    anybody, gates = prover.encoding.anybody, prover.encoding.clauses
    for kind in invariant.care or KINDS_OF_CARE:
        flags = [rule for rule in prover.flags(opened=PRESSING) if kind in getattr(prover.alert_of(rule), "forbids", ())]
        forbidden = prover.fires(anybody, flags)
        for rule in prover.offering([kind]):
            yield Question(f"{rule.id} ({kind})", (anybody,), gates.every((anybody.fires(rule), forbidden)), _beside(rule, flags))


def _settled_once(prover: Prover, invariant: Invariant) -> Iterator[Question]:  # noqa: ARG001 - it has nothing to say
    """No hypothesis is confirmed and excluded at once."""
    anybody, gates = prover.encoding.anybody, prover.encoding.clauses
    for hypothesis, arguments in prover.base.arguments.items():
        for_, against = ([rule for rule, effect, _ in arguments if effect == wanted] for wanted in ("confirm", "exclude"))
        if for_ and against:
            sought = gates.every((prover.fires(anybody, for_), prover.fires(anybody, against)))
            yield Question(hypothesis, (anybody,), sought, _both(for_, against))


def _both(for_: Sequence[Rule], against: Sequence[Rule]) -> Callable[[Sequence[Seen]], str]:
    def shows(seen: Sequence[Seen]) -> str:
        one, other = seen[0].fired(for_), seen[0].fired(against)
        return f"confirmed by {_named(one)}, excluded by {_named(other)}" if one and other else ""

    return shows


def _danger_never_lowers(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """A danger sign that becomes present, having been unknown or absent, lowers nothing."""
    anybody = prover.encoding.anybody
    for sign in prover.dangers.get(invariant.category, ()):
        after = prover.changed(sign, Truth(TRUE, -TRUE))
        yield _lowered(prover, invariant, sign, (anybody, after), -prover.encoding.cell(sign).known.holds)


def _denial_never_raises(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """A danger sign that becomes absent, having been unknown, raises nothing."""
    anybody = prover.encoding.anybody
    for sign in prover.dangers.get(invariant.category, ()):
        after, known = prover.changed(sign, Truth(-TRUE, TRUE)), prover.encoding.cell(sign).known
        condition = prover.encoding.clauses.every((-known.holds, -known.fails))
        yield _lowered(prover, invariant, sign, (after, anybody), condition)


def _lowered(prover: Prover, invariant: Invariant, of: str, pair: tuple[Copy, Copy], condition: Lit) -> Question:
    """That the second patient is judged less urgent than the first; with a shelf, that a flag of it stands for the first only."""
    gates, (before, after) = prover.encoding.clauses, pair
    if invariant.shelf:
        flags = prover.flags(shelf=invariant.shelf)
        steps = [[rule for rule in flags if prover.alert_of(rule) == alert] for alert in dict.fromkeys(map(prover.alert_of, flags))]
    else:
        steps = [list(prover.flags(URGENCIES[: n + 1], opened=())) for n in range(len(URGENCIES))]
    touched = [rules for rules in steps if any(prover.encoding.formulas.verdict(rule) in before.differs | after.differs for rule in rules)]
    lost = [gates.every((prover.fires(before, rules), -prover.fires(after, rules))) for rules in touched]

    def shows(seen: Sequence[Seen]) -> str:
        for rules in touched:
            standing, left = seen[0].fired(rules), seen[1].fired(rules)
            if standing and not left:
                return f"{_named(standing)} before, and after it {_named(seen[1].fired(prover.flags())) or 'no flag'}"
        return ""

    return Question(of, pair, gates.every((condition, gates.some(lost))), shows)


def _forgetting_never_clears(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """A flag that is not cleared stays so when some of what is known becomes unknown, whatever it is."""
    encoding, gates = prover.encoding, prover.encoding.clauses
    rules = [rule for rule in prover.flags(opened=(), shelf=invariant.shelf)]
    for rule in rules:
        encoding.anybody.fires(rule)
    less = Copy(encoding, {column: encoding.forgotten(column) for column in encoding.formulas.columns})
    for rule in rules:
        formula = encoding.formulas.verdict(rule)
        sought = gates.every((-encoding.anybody.truth(formula).fails, less.truth(formula).fails))
        yield Question(rule.id, (encoding.anybody, less), sought, _cleared(rule))


def _cleared(rule: Rule) -> Callable[[Sequence[Seen]], str]:
    def shows(seen: Sequence[Seen]) -> str:
        was, now = seen[0].verdict(rule), seen[1].verdict(rule)
        return f"{rule.id} was {'raised' if was else 'undecided'} with more known, and is cleared with less" if was is not False and now is False else ""

    return shows


def _named(rules: Sequence[Rule]) -> str:
    return ", ".join(rule.id for rule in rules[:4]) + (f" and {len(rules) - 4} more" if len(rules) > 4 else "")


LAWS: Mapping[str, Callable[[Prover, Invariant], Iterator[Question]]] = {
    "never": _never,
    "no_care_beside_a_flag": _no_care_beside_a_flag,
    "no_forbidden_care": _no_forbidden_care,
    "danger_never_lowers": _danger_never_lowers,
    "denial_never_raises": _denial_never_raises,
    "settled_once": _settled_once,
    "forgetting_never_clears": _forgetting_never_clears,
}
