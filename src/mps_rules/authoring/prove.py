"""
What must hold for every patient, proved over all of them or refuted with one: the invariants of a pack, by a solver.

An invariant holds where no patient exists for whom it fails. A patient who is found is made small, written as findings, run through the
engine, and believed only when the answer shows what was claimed. What names an exception is proved for all others, and the exceptions are
looked at as well: one that no patient needs is said to be in vain. Ranking, texts and dates are outside: no formula speaks of them.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

import attrs

from mps_rules.answer.assess import Assessor
from mps_rules.authoring.encoding import SOLVER, TRUE, Cell, Clauses, Copy, Encoding, Less, Truth
from mps_rules.authoring.encoding import Literal as Lit
from mps_rules.authoring.proved import Findings, Kept, Proof, Proved, Witness, dangers, exceptions_of, kept, program
from mps_rules.authoring.sampled import CHARTS, sample
from mps_rules.chaining.chains import Chain
from mps_rules.errors import Fault, FindingError, KnowledgeError, UnsupportedError, closest
from mps_rules.knowledge.pack import Exempt, Invariant, KnowledgeBase
from mps_rules.knowledge.rules import KINDS_OF_CARE, PRESSING, URGENCIES, GiveCaution, RaiseAlert, Recommend, Rule
from mps_rules.knowledge.strata import offered
from mps_rules.knowledge.vocabulary import PATIENT
from mps_rules.language.conditions import judge, some
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

CONFLICTS = 400_000
"""After so many conflicts the solver gives up on one question: a limit that is the same on every machine."""


@attrs.frozen
class Question:
    """
    Whether some patients exist: one, or two who differ; ``sought`` must hold of them, ``shows`` says what a chain of each must show.

    ``beyond``: what holds of them besides where they lie beyond an exception; None where nothing says how far it goes. ``about``: what must
    come about for somebody, lest nothing be proved.
    """

    of: str
    patients: tuple[Copy, ...]
    sought: Lit
    shows: Callable[[Sequence["Seen"]], str]
    beyond: Lit | None = None
    about: Lit = TRUE


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


def seen(base: KnowledgeBase, findings: Findings) -> Seen:
    """What the engine says of findings; the whole answer is made of it, lest it fail."""
    from mps_rules.chaining.engine import chain

    facts = Facts(terrain_of(base), read_findings(findings, terrain_of(base)))
    Assessor(base, facts, made := chain(base, facts)).assessment()
    return Seen(base, made, facts)


def prove(base: KnowledgeBase, invariants: Sequence[str] = (), told: Callable[[Proved], None] = lambda _: None) -> tuple[Proved, ...]:
    """
    Every invariant of a knowledge base (or those named), proved over all patients or refuted with a witness.

    Args:
        base: the rules, with what they state under ``invariants.yaml``.
        invariants: the ids of those that are asked for; empty, all.
        told: is given each result when it is there.

    Raises:
        FindingError: a name of no invariant; says the closest.
        UnsupportedError: python-sat is not installed.

    """
    known = {one.id for one in base.invariants}
    if faults := [Fault(one, "is no invariant of these rules", closest(one, known)) for one in invariants if one not in known]:
        raise FindingError(faults)
    with Prover(base) as prover:
        return prover.all(invariants, told)


class Search:
    """
    A solver over clauses that may still grow, and is asked for patients.

    Raises:
        UnsupportedError: python-sat is not installed.

    """

    def __init__(self, clauses: Clauses, cells: Mapping[str, Cell]) -> None:
        try:
            from pysat.solvers import Solver
        except ImportError:
            raise UnsupportedError([Fault("", "proofs need python-sat: pip install 'mps-rules[prove]'")]) from None
        self.clauses, self.cells = clauses, cells
        self.solver: Solver = Solver(SOLVER)
        self.loaded = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.solver.delete()

    def solve(self, wanted: Sequence[Lit]) -> bool | None:
        """Whether all of these can hold together; None where the limit was met first."""
        if -TRUE in wanted:
            return False
        clauses = self.clauses.clauses
        if self.loaded < len(clauses):
            self.solver.append_formula(clauses[self.loaded :])
            self.loaded = len(clauses)
        self.solver.conf_budget(CONFLICTS)
        found: bool | None = self.solver.solve_limited(assumptions=list(wanted))
        return found

    def smaller(self, wanted: Sequence[Lit]) -> frozenset[Lit]:
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
        return [one for cell in self.cells.values() for one in (cell.known.holds, *(() if cell.values else (cell.known.fails,)))]

    def _known(self, model: frozenset[Lit]) -> set[Lit]:
        return {one for one in self._all_known if one in model}


class Prover(Search):
    """A solver that knows the rules, and is asked for patients."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self.encoding = Encoding(base)
        super().__init__(self.encoding.clauses, self.encoding.cells)
        self._steps: dict[str, Sequence[tuple[tuple[Rule, ...], frozenset[Lit]]]] = {}

    def all(self, invariants: Sequence[str], told: Callable[[Proved], None]) -> tuple[Proved, ...]:
        """Every invariant, or those named; ``told`` is given each when it is there."""
        found = []
        for invariant in self.base.invariants:
            if not invariants or invariant.id in invariants:
                found.append(self.prove(invariant))
                told(found[-1])
        return tuple(found)

    def never(self, truths: Mapping[str, Lit]) -> tuple[str, ...]:
        """Of several things those that come about for nobody; each patient who is found settles all that holds of them."""
        waiting, found = dict(truths), []
        while waiting:
            id_, literal = waiting.popitem()
            somebody = self.solve([self.encoding.anybody.sound, literal])
            if somebody:
                model = frozenset(self.solver.get_model())
                waiting = {other: one for other, one in waiting.items() if one not in model}
            elif somebody is False:
                found.append(id_)
        return tuple(sorted(found))

    def dead(self) -> tuple[str, ...]:
        """The rules that fire for nobody."""
        return self.never({rule.id: self.encoding.anybody.verdict(rule).holds for rule in self.base.rules})

    def constant(self) -> tuple[str, ...]:
        """The rules that hold whatever is known."""
        return self.never({rule.id: -self.encoding.anybody.verdict(rule).holds for rule in self.base.rules})

    def prove(self, invariant: Invariant) -> Proved:
        """One invariant: first whether anything at all refutes it, then what does."""
        began = time.monotonic()
        reasons = exceptions_of(invariant)
        questions = list(LAWS[invariant.law](self, invariant))
        strict = [question for question in questions if question.of not in reasons]
        proofs = [Proof(question.of, "proved") for question in strict]
        if not self._none_exists(strict):
            proofs = [self._asked(question) for question in strict]
        proofs += [self._excepted(one, reasons[one.of].reason) for one in questions if one.of in reasons]
        unknown = [Proof(of, "proved", reason=one.reason) for of, one in reasons.items() if all(asked.of != of for asked in questions)]
        idle = self.never({one.of: one.about for one in questions})
        return Proved(invariant.id, invariant.says, len(questions), (*proofs, *unknown), time.monotonic() - began, idle)

    def _none_exists(self, questions: Sequence[Question]) -> bool:
        """Whether one question for all of them, where they are about one patient, is answered at once."""
        gates, single = self.encoding.clauses, all(question.patients == (self.encoding.anybody,) for question in questions)
        return single and self.solve([self.encoding.anybody.sound, gates.some(one.sought for one in questions)]) is False

    def _excepted(self, question: Question, reason: str) -> Proof:
        """An exception is seen, and what lies beyond it is proved; where somebody lies beyond it, they are the witness."""
        if question.beyond is None:
            return attrs.evolve(self._asked(question), reason=reason)
        wider = self._asked(attrs.evolve(question, sought=self.encoding.clauses.every((question.sought, question.beyond))))
        return attrs.evolve(self._asked(question) if wider.outcome == "proved" else wider, reason=reason, beyond=wider.outcome)

    def _asked(self, question: Question) -> Proof:
        wanted = [question.sought, *(patient.sound for patient in question.patients)]
        found = self.solve(wanted)
        if found is None:
            return Proof(question.of, "undecided")
        if found is False:
            return Proof(question.of, "proved")
        return Proof(question.of, "refuted", self._witness(question, self.smaller(wanted)))

    # --- witnesses

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
        return seen(self.base, findings)

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

    def flags_named(self, ids: Sequence[str]) -> dict[str, Rule]:
        """
        The rules of these names by which red flags are raised.

        Raises:
            KnowledgeError: an exception names what is no red flag.

        """
        known = {rule.id: rule for rule in self.flags(opened=())}
        if faults := [Fault(id_, "is no rule that raises a red flag", closest(id_, known)) for id_ in ids if id_ not in known]:
            raise KnowledgeError(faults)
        return {id_: known[id_] for id_ in ids}

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

    def steps(self, shelf: str) -> Sequence[tuple[tuple[Rule, ...], frozenset[Lit]]]:
        """The flags of an urgency or more (of a shelf, where one is named) that raise the answer to it, with the readings on which they rest."""
        if shelf not in self._steps:
            gates, anybody = self.encoding.clauses, self.encoding.anybody
            several = [self.flags(URGENCIES[: n + 1], opened=(), shelf=shelf) for n in range(len(URGENCIES))]
            self._steps[shelf] = [(rules, gates.rests_on(self.fires(anybody, rules))) for rules in several]
        return self._steps[shelf]

    def changed(self, term: str, truth: Truth) -> Copy:
        """The same patient, but for one finding."""
        return Copy(self.encoding, {term: attrs.evolve(self.encoding.cell(term), known=truth)})


# --- laws ---------------------------------------------------------------------------------------------------------------


def _never(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """A condition of the patient never holds."""
    if invariant.never is None:
        return
    anybody = prover.encoding.anybody
    condition = invariant.never

    def shows(seen: Sequence[Seen]) -> str:
        return "the condition holds" if judge(condition, seen[0].facts.view(PATIENT, seen[0].chain.concluded)) else ""

    yield Question("the condition", (anybody,), anybody.truth(prover.encoding.excluded[invariant.id]).holds, shows)


def _no_care_beside_a_flag(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """No rule offers care of some kinds while a flag of some urgencies is raised or open."""
    anybody, gates = prover.encoding.anybody, prover.encoding.clauses
    flags = prover.flags(invariant.urgencies, opened=invariant.urgencies)
    pressing = prover.fires(anybody, flags)
    for rule in prover.offering(invariant.care):
        sought = gates.every((anybody.fires(rule), pressing))
        yield Question(rule.id, (anybody,), sought, _beside(rule, flags), about=anybody.fires(rule))


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
            offers = anybody.fires(rule)
            yield Question(f"{rule.id} ({kind})", (anybody,), gates.every((offers, forbidden)), _beside(rule, flags), about=offers)


def _settled_once(prover: Prover, invariant: Invariant) -> Iterator[Question]:  # noqa: ARG001 - it has nothing to say
    """No hypothesis is confirmed and excluded at once."""
    anybody, gates = prover.encoding.anybody, prover.encoding.clauses
    for hypothesis, arguments in prover.base.arguments.items():
        for_, against = ([rule for rule, effect, _ in arguments if effect == wanted] for wanted in ("confirm", "exclude"))
        if for_ and against:
            one, other = prover.fires(anybody, for_), prover.fires(anybody, against)
            yield Question(hypothesis, (anybody,), gates.every((one, other)), _both(for_, against), about=one)


def _both(for_: Sequence[Rule], against: Sequence[Rule]) -> Callable[[Sequence[Seen]], str]:
    def shows(seen: Sequence[Seen]) -> str:
        one, other = seen[0].fired(for_), seen[0].fired(against)
        return f"confirmed by {_named(one)}, excluded by {_named(other)}" if one and other else ""

    return shows


def _danger_never_lowers(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """A danger sign that becomes present, having been unknown or absent, lowers nothing."""
    for sign in dangers(prover.base, invariant.categories):
        known = prover.encoding.cell(sign).known
        yield _lowered(prover, invariant, sign, Truth(TRUE, -TRUE), (-known.holds, known.fails), becomes="present")


def _denial_never_raises(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """A danger sign that becomes absent, having been unknown, raises nothing."""
    for sign in dangers(prover.base, invariant.categories):
        known = prover.encoding.cell(sign).known
        yield _lowered(prover, invariant, sign, Truth(-TRUE, TRUE), (known.fails,), becomes="absent")


def _lowered(
    prover: Prover, invariant: Invariant, sign: str, value: Truth, against: Sequence[Lit], *, becomes: Literal["present", "absent"]
) -> Question:
    """
    That somebody is judged less urgent with a danger sign than without it; with a shelf, by the red flags of that alone.

    ``against``: the readings of the sign that could bring that about; where no flag reads it so, nobody can exist.
    """
    gates, anybody = prover.encoding.clauses, prover.encoding.anybody
    steps = [(rules, on) for rules, on in prover.steps(invariant.shelf) if not on.isdisjoint(against)]
    if not steps:
        return Question(sign, (anybody,), -TRUE, lambda _: "")
    changed, known = prover.changed(sign, value), prover.encoding.cell(sign).known
    present = becomes == "present"
    before, after = pair = (anybody, changed) if present else (changed, anybody)
    condition = -known.holds if present else gates.every((-known.holds, -known.fails))
    exception = exceptions_of(invariant).get(sign)
    lost = [(rules, gates.every((prover.fires(before, rules), -prover.fires(after, rules)))) for rules, _ in steps]
    beyond = None
    if exception and exception.only:
        others = [[rule for rule in rules if rule.id not in prover.flags_named(exception.only)] for rules, _ in steps]
        beyond = gates.some(gates.every((fell, prover.fires(before, of))) for (_, fell), of in zip(lost, others, strict=True))

    def shows(seen: Sequence[Seen]) -> str:
        for rules, _ in steps:
            standing = seen[0].fired(rules)
            if standing and not seen[1].fired(rules):
                other = _named(seen[1].fired(prover.flags(opened=()))) or "no flag"
                return f"{_named(standing)} in the first patient, {other} in the second, who differs in {sign}"
        return ""

    about = gates.every((condition, gates.some(prover.fires(before, rules) for rules, _ in steps)))
    return Question(sign, pair, gates.every((condition, gates.some(fell for _, fell in lost))), shows, beyond, about)


def _forgetting_never_clears(prover: Prover, invariant: Invariant) -> Iterator[Question]:
    """A flag that is not cleared stays so when some of what is known becomes unknown, whatever it is."""
    encoding, gates, anybody = prover.encoding, prover.encoding.clauses, prover.encoding.anybody
    rules = prover.flags(opened=(), shelf=invariant.shelf)
    clear = {rule.id: anybody.verdict(rule).fails for rule in rules}
    silent = {-one for cell in encoding.cells.values() for one in (cell.known.holds, *(() if cell.values else (cell.known.fails,)))}
    by_silence = [rule for rule in rules if not gates.rests_on(clear[rule.id]).isdisjoint(silent)]
    less = encoding.less_known() if by_silence else Less(anybody, {})
    exceptions = exceptions_of(invariant)
    for rule in rules:
        if rule not in by_silence:
            yield Question(rule.id, (anybody,), -TRUE, lambda _: "", about=anybody.fires(rule))
            continue
        exception = exceptions.get(rule.id)
        beyond = _beyond(prover, exception, less) if exception else None
        sought = gates.every((-clear[rule.id], less.patient.verdict(rule).fails))
        yield Question(rule.id, (anybody, less.patient), sought, _cleared(rule), beyond, anybody.fires(rule))


def _beyond(prover: Prover, exception: Exempt, less: Less) -> Lit | None:
    """
    What holds beyond an exception: none of its findings was forgotten, or none of the flags stands that take over.

    Raises:
        KnowledgeError: an exception names what is no finding that a rule reads.

    """
    gates, wider = prover.encoding.clauses, []
    if faults := [
        Fault(name, "is no finding that a rule reads", closest(name, less.told)) for name in exception.only if name not in less.told
    ]:
        raise KnowledgeError(faults)
    if exception.only:
        wider.append(gates.every(literal for name in exception.only for literal in less.told[name]))
    if exception.taken_over_by:
        others = prover.flags_named(exception.taken_over_by)
        wider.append(gates.every(less.patient.verdict(rule).fails for rule in others.values()))
    return gates.some(wider) if wider else None


def _cleared(rule: Rule) -> Callable[[Sequence[Seen]], str]:
    def shows(seen: Sequence[Seen]) -> str:
        was, now = seen[0].verdict(rule), seen[1].verdict(rule)
        return (
            f"{rule.id} was {'raised' if was else 'undecided'} with more known, and is cleared with less"
            if was is not False and now is False
            else ""
        )

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


# --- all of them ----------------------------------------------------------------------------------------------------------


def proofs(base: KnowledgeBase, path: Path | None = None, told: Callable[[Proved], None] = lambda _: None, charts: int = CHARTS) -> Kept:
    """
    The proofs of every invariant: those that a file keeps, where it is of these rules, and those that it lacks, kept there one by one.

    ``charts``: how many are drawn for what can only be sampled.
    """
    there = kept(path) if path else None
    made = there if there is not None and there.is_of(base) else Kept(base.digest, program(), ())
    for one in made.proved:
        told(one)
    waiting = [one.id for one in base.invariants if all(one.id != proved.invariant for proved in made.proved)]
    if not waiting and made.dead is not None and made.sampled is not None:
        return made

    def keep(more: Kept) -> Kept:
        if path:
            path.write_text(more.to_json(), encoding="utf-8")
        return more

    with Prover(base) as prover:
        for id_ in waiting:
            made = keep(attrs.evolve(made, proved=(*made.proved, *prover.all((id_,), told))))
        made = keep(attrs.evolve(made, dead=prover.dead(), constant=prover.constant()))
    return keep(attrs.evolve(made, sampled=sample(base, charts)))
