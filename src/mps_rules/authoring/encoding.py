"""
Every patient at once: the sheet of formulas of the cohort executor, over columns for all that can be said of anybody, as clauses for a solver.

No second semantics: what a rule says is read from ``population.rules``, and here each node of the sheet becomes literals. A truth is two of
them, known to hold and known not to, never both; a number is the thresholds that rules ask of it, in order; a sum of points is a diagram over
the values of its parts. A patient that a solver finds is written as the mapping that ``evaluate`` takes. No solver is called here.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import attrs

from mps_rules.errors import Fault, UnsupportedError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.regions import atlas_of
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import SIDES, Term, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.patient.addresses import Address
from mps_rules.population.formulas import ENDS, FALSE, UNKNOWN, Amount, Formula, Kind, Node, column_of
from mps_rules.population.unread import Formulas

Literal: TypeAlias = int
"""A variable of the solver, or its negation."""
TRUE: Literal = 1
SOLVER = "cadical195"
"""Of the solvers that were measured on the packaged rules the quickest; the report says how they compare."""


class Clauses:
    """Gates over literals, each once; what is constant folds away."""

    def __init__(self) -> None:
        self.count = TRUE
        self.clauses: list[list[Literal]] = [[TRUE]]
        self._gates: dict[tuple[Literal, ...], Literal] = {}
        self._parts: dict[Literal, tuple[Literal, ...]] = {}

    def variable(self) -> Literal:
        """A new variable."""
        self.count += 1
        return self.count

    def every(self, literals: Iterable[Literal]) -> Literal:
        """A literal that holds where all of these do."""
        parts = set(literals) - {TRUE}
        if -TRUE in parts or any(-one in parts for one in parts):
            return -TRUE
        if len(parts) < 2:
            return next(iter(parts), TRUE)
        key = tuple(sorted(parts))
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = self.variable()
            self._parts[found] = key
            self.clauses += [[-found, one] for one in key]
            self.clauses.append([found, *(-one for one in key)])
        return found

    def some(self, literals: Iterable[Literal]) -> Literal:
        """A literal that holds where any of these does."""
        return -self.every([-one for one in literals])

    def choice(self, literal: Literal, one: Literal, other: Literal) -> Literal:
        """The one where a literal holds, else the other; where either is fixed, no more is read of the literal than need be."""
        if one == other:
            return one
        if one in (TRUE, -TRUE):
            return self.some((literal, other)) if one == TRUE else self.every((-literal, other))
        if other in (TRUE, -TRUE):
            return self.some((-literal, one)) if other == TRUE else self.every((literal, one))
        return self.every((self.some((-literal, one)), self.some((literal, other))))

    def rests_on(self, *roots: Literal) -> frozenset[Literal]:
        """
        The literals of cells on which these literals rest, each as it is read: what stands here can only bring them nearer.

        Gates keep the direction of what they join, so a literal that stands here one way only is read in one direction only.
        """
        seen, waiting, found = set(roots), list(roots), set()
        while waiting:
            one = waiting.pop()
            parts = self._parts.get(abs(one))
            if parts is None:
                found.add(one)
                continue
            for part in parts if one > 0 else [-part for part in parts]:
                if part not in seen:
                    seen.add(part)
                    waiting.append(part)
        return frozenset(found)


@attrs.frozen
class Truth:
    """A three-valued truth: known to hold, and known not to hold."""

    holds: Literal
    fails: Literal

    def __neg__(self) -> "Truth":
        return Truth(self.fails, self.holds)


@attrs.frozen
class Cell:
    """What a column may hold: whether it is known, and, of a number, from which of its values on it lies."""

    known: Truth
    values: tuple[float, ...] = ()
    reached: tuple[Literal, ...] = ()

    @property
    def given(self) -> tuple[Literal, ...]:
        """The literals of which one holds where anything is known."""
        return (self.known.holds,) if self.values else (self.known.holds, self.known.fails)


def columns_of_anybody(base: KnowledgeBase) -> dict[str, Kind]:
    """
    A column for everything that can be said of a patient and that some rule reads; a number by the ends of its range, words each by themselves.

    A finding that nothing reads says no more than that its muscle was examined, or its diagnosis given, which have columns of their own.
    """
    words, read = base.vocabulary, _read(base)
    columns: dict[str, Kind] = {"pain_map_complete": "boolean"}
    for term in words.terms.values():
        if term.subject == "patient" and term.id in read:
            columns |= _columns(Address("patient", "", term.id), term)
    for region in words.regions.values():
        for side in (None, *region.sides):
            columns[str(Address("pain", region.id, side=side))] = "boolean"
    for label in words.diagnoses:
        columns[str(Address("given", label))] = "boolean"
        for term in _terms(words, "label", read):
            columns |= _columns(Address("label", label, term.id), term)
    for muscle in dict.fromkeys((*words.muscles, *words.groups)):
        for side in (None, *SIDES):
            columns[str(Address("muscle", muscle, "examined", side))] = "boolean"
            for term in _terms(words, "muscle", read):
                columns |= _columns(Address("muscle", muscle, term.id, side), term)
    return columns


def _terms(words: Vocabulary, subject: str, read: Collection[str]) -> list[Term]:
    return [term for term in words.terms.values() if term.subject == subject and term.id in read]


def _read(base: KnowledgeBase) -> frozenset[str]:
    """The findings that a rule reads, by itself, through a measure or through the pain map."""
    words = base.vocabulary
    found = {term.id for term in words.terms.values() if term.stands_for}
    found |= {item for measure in words.measures.values() for item in (measure.id, measure.also_total, *measure.sum) if item}
    leaves = (leaf for condition in _conditions(base) for leaf in c.walk(condition))
    found |= {leaf.term for leaf in leaves if isinstance(leaf, c.Present | c.Words | c.Compare)}
    return frozenset(id_ for id_ in found if not words.terms[id_].fact)


def _columns(at: Address, term: Term) -> dict[str, Kind]:
    if term.kind == "boolean":
        return {str(at): "boolean"}
    if term.values:
        return {f"{at}.{word}": "boolean" for word in term.values}
    return {f"{at}.{end}": "number" for end in ENDS}


class Encoding:
    """
    The rules of a knowledge base over the columns of anybody, as clauses; a rule is encoded when it is first asked for.

    The sheet is written whole at once: which node rests on which column must be known before two patients can be told apart.
    ``beside``: another version of the rules, of the same patients; of the first the ``others`` must be told, for they may ask for other limits.
    """

    def __init__(self, base: KnowledgeBase, beside: "Encoding | None" = None, others: Sequence[KnowledgeBase] = ()) -> None:
        self.base = base
        self.formulas = Formulas(base, columns_of_anybody(base))
        self.sheet = self.formulas.sheet
        self.verdicts = {rule.id: self.formulas.verdict(rule) for rule in base.rules}
        self.excluded = {one.id: self.formulas.of(one.never) for one in base.invariants if one.never is not None}
        self.flawed = self.sheet.some(flaw.formula for flaw in self.formulas.flaws() if flaw.formula not in (FALSE, UNKNOWN))
        self.written = len(self.sheet.nodes)
        self.clauses: Clauses = beside.clauses if beside else Clauses()
        self.domains: dict[str, tuple[float, ...]] = beside.domains if beside else _domains((base, *others))
        self.cells: dict[str, Cell] = beside.cells if beside else {}
        self.possible: dict[Amount, tuple[float, ...]] = {}
        self.anybody = Copy(self, {})

    def cell(self, column: str) -> Cell:
        """What a column may hold, of any patient."""
        if column not in self.cells:
            self.cells[column] = self.fresh(column)
        return self.cells[column]

    def fresh(self, column: str) -> Cell:
        """A column of another patient; its variables say that nothing is known, for solvers begin with what they say."""
        clauses = self.clauses
        known = -clauses.variable()
        if self.formulas.columns[column] == "boolean":
            other = -clauses.variable()
            clauses.clauses.append([-known, -other])
            return Cell(Truth(known, other))
        at = column_of(column, self.base.vocabulary).at
        values = self.domains[at.term if at else ""]
        reached = tuple(clauses.variable() for _ in values[1:])
        clauses.clauses += [[-high, low] for low, high in pairwise((known, *reached))]
        return Cell(Truth(known, -known), values, (TRUE, *reached))

    def less_known(self) -> "Less":
        """
        The same patient of whom less is known, whatever it is.

        A map that is complete says that what is not on it is free: it is kept whole, or it is no longer complete. Where both sides are free,
        so is what lies between them: pain of the midline is forgotten with the whole map only.
        """
        told: dict[str, dict[str, Literal]] = {}
        own, on_map, between = {}, [], []
        for column in self.formulas.columns:
            literal = -self.clauses.variable()
            at = column_of(column, self.base.vocabulary).at
            own[column] = self._where(literal, self.cell(column))
            drawn = at is None or at.kind == "pain" or at.term in self.drawing
            named = at.term or at.name if at is not None and at.kind != "pain" else ""
            for name in filter(None, (named, "pain" if drawn else "")):
                told.setdefault(name, {})[column] = literal
            on_map += [literal] if drawn and at is not None else []
            between += [literal] if at is not None and at.kind == "pain" and at.side == "midline" else []
        complete = own["pain_map_complete"].known.holds
        self.clauses.clauses += [[-complete, literal] for literal in on_map]
        self.clauses.clauses += [[-literal, kept] for literal in on_map for kept in between]
        return Less(Copy(self, own), {name: tuple(of.values()) for name, of in told.items()})

    @cached_property
    def drawing(self) -> frozenset[str]:
        """The findings that draw on the pain map, each by what it stands for or by the places of which it is one."""
        areas = (term.id for term, _, _ in atlas_of(self.formulas.tree).areas)
        return frozenset((*areas, *(term.id for term in self.base.vocabulary.terms.values() if term.stands_for)))

    def _where(self, told: Literal, cell: Cell) -> Cell:
        """What a cell holds where it is told; else nothing."""
        holds = self.clauses.every((cell.known.holds, told))
        if cell.values:
            return attrs.evolve(cell, known=Truth(holds, -holds))
        return Cell(Truth(holds, self.clauses.every((cell.known.fails, told))))

    @cached_property
    def reading(self) -> dict[int, list[int]]:
        """For each node of the sheet, the nodes that take it."""
        found: dict[int, list[int]] = {}
        for number, node in enumerate(self.sheet.nodes):
            for arg in node.args:
                found.setdefault(arg, []).append(number)
        return found

    @cached_property
    def cells_of(self) -> dict[str, list[int]]:
        """For each column, the nodes of the sheet that look into it."""
        found: dict[str, list[int]] = {}
        for number, node in enumerate(self.sheet.nodes):
            if isinstance(node.data, tuple):
                found.setdefault(node.data[0], []).append(number)
        return found

    def nodes_of(self, columns: Collection[str]) -> set[int]:
        """
        Every node of the sheet that rests on one of these columns.

        Raises:
            AssertionError: something was written on the sheet since it was read; what rests on what would not be known.

        """
        if len(self.sheet.nodes) > self.written:
            raise AssertionError("the sheet was written on after it was read")
        waiting = [number for column in columns for number in self.cells_of.get(column, ())]
        found = set(waiting)
        while waiting:
            for number in self.reading.get(waiting.pop(), ()):
                if number not in found:
                    found.add(number)
                    waiting.append(number)
        return found

    # --- patients

    def mapping(self, model: Collection[Literal], copy: "Copy") -> dict[str, Any]:
        """The findings of a patient in a model, as ``evaluate`` takes them."""
        true = model if isinstance(model, set | frozenset) else set(model)
        found: dict[str, Any] = {}
        told: dict[str, Any] = {}
        for column in self.formulas.columns:
            if column not in self.cells:
                continue
            cell = copy.cell(column)
            value: Any = None
            if cell.values:
                value = next(
                    number for number, one in reversed(list(zip(cell.values, cell.reached, strict=True))) if one in true or one == TRUE
                )
                value = value if cell.known.holds in true else None
            elif cell.known.holds in true or cell.known.fails in true:
                value = cell.known.holds in true
            if value is not None:
                told[column] = value
        for column, value in told.items():
            _tell(found, column, value, self.base.vocabulary)
        return found


class Copy:
    """One patient of several: the same as anybody but for some columns, which have cells of their own."""

    def __init__(self, encoding: Encoding, own: Mapping[str, Cell]) -> None:
        self.encoding, self.own = encoding, dict(own)
        self.gates = encoding.clauses
        self.differs = encoding.nodes_of(self.own) if own else set()
        self.truths: dict[Formula, Truth] = {}
        self.amounts: dict[tuple[Amount, float], Literal] = {}

    def cell(self, column: str) -> Cell:
        """What a column may hold, of this patient."""
        return self.own.get(column) or self.encoding.cell(column)

    @cached_property
    def sound(self) -> Literal:
        """That nothing that is said contradicts itself."""
        return -self.truth(self.encoding.flawed).holds

    def verdict(self, rule: Rule) -> Truth:
        """Whether a rule holds."""
        return self.truth(self.encoding.verdicts[rule.id])

    def fires(self, rule: Rule) -> Literal:
        """That a rule holds."""
        return self.verdict(rule).holds

    def truth(self, root: Formula) -> Truth:
        """A formula of the sheet as literals."""
        if self.own and root not in self.differs:
            return self.encoding.anybody.truth(root)
        if root not in self.truths:
            for number in self._beneath(root):
                self.truths[number] = self._truth(number)
        return self.truths[root]

    def _beneath(self, root: Formula) -> list[Formula]:
        """The formulas under one that are not encoded yet, inputs first."""
        nodes, seen, stack = self.encoding.sheet.nodes, {root}, [root]
        while stack:
            for arg in nodes[stack.pop()].args:
                if arg not in seen and arg not in self.truths and (not self.own or arg in self.differs):
                    seen.add(arg)
                    stack.append(arg)
        return sorted(number for number in seen if nodes[number].op not in _AMOUNTS)

    def _of(self, number: Formula) -> Truth:
        return self.truths[number] if number in self.truths else self.encoding.anybody.truth(number)

    def _truth(self, number: Formula) -> Truth:
        node, gates = self.encoding.sheet.nodes[number], self.gates
        match node.op:
            case "constant":
                return Truth(TRUE if node.data is True else -TRUE, TRUE if node.data is False else -TRUE)
            case "column":
                return self.cell(node.data[0]).known
            case "given":
                given = gates.some(self.cell(node.data[0]).given)
                return Truth(given, -given)
            case "outside":
                return Truth(-TRUE, TRUE)
            case "not":
                return -self._of(node.args[0])
            case "and" | "or":
                parts = [self._of(arg) if node.op == "and" else -self._of(arg) for arg in node.args]
                joined = Truth(gates.every(one.holds for one in parts), gates.some(one.fails for one in parts))
                return joined if node.op == "and" else -joined
            case "established":
                holds = self._of(node.args[0]).holds
                return Truth(holds, -holds)
            case "settled":
                one = self._of(node.args[0])
                settled = gates.some((one.holds, one.fails))
                return Truth(settled, -settled)
            case "ge" | "gt":
                compared = self._compared(node)
                return Truth(compared, -compared)
        raise UnsupportedError([Fault(node.op, "cannot be encoded for a solver")])

    # --- amounts

    def _parts(self, amount: Amount) -> tuple[list[Amount], float]:
        """What an amount adds up, and what is added to it in any case."""
        node = self.encoding.sheet.nodes[amount]
        match node.op:
            case "literal":
                return [], node.data
            case "sum":
                return list(node.args), node.data
        return [amount], 0.0

    def _compared(self, node: Node) -> Literal:
        """Whether an amount is at least (or more than) another; what both add up cancels."""
        (left, first), (right, second) = (self._parts(amount) for amount in node.args)
        for one in tuple(left):
            if one in right:
                left.remove(one)
                right.remove(one)
        signed = (*((one, 1) for one in left), *((one, -1) for one in right))
        return self._adds_up(signed, second - first, strictly=node.op == "gt")

    def values(self, amount: Amount) -> tuple[float, ...]:
        """The values that an amount may take, and perhaps some that it never does; the smallest first."""
        if amount not in self.encoding.possible:
            self.encoding.possible[amount] = tuple(sorted(set(self._values(amount))))
        return self.encoding.possible[amount]

    def _values(self, amount: Amount) -> Iterator[float]:
        node = self.encoding.sheet.nodes[amount]
        match node.op:
            case "literal":
                yield node.data
            case "number":
                yield from (*self.encoding.cell(node.data[0]).values, node.data[1])
            case "weight":
                yield from (0.0, node.data)
            case "sum":
                found = {node.data}
                for arg in node.args:
                    found = {one + other for one in found for other in self.values(arg)}
                yield from found
            case "minus":
                yield from (one - other for one in self.values(node.args[0]) for other in self.values(node.args[1]))
            case _:
                bounds = self.encoding.sheet.bounds[amount]
                yield from (one for arg in node.args[-2:] for one in self.values(arg) if bounds.lowest <= one <= bounds.highest)

    def reaches(self, amount: Amount, least: float) -> Literal:
        """That an amount is at least so much."""
        values = self.values(amount)
        at = bisect_left(values, least)
        if at in (0, len(values)):
            return -TRUE if at else TRUE
        if self.own and amount not in self.differs:
            return self.encoding.anybody.reaches(amount, least)
        key = amount, values[at]
        if key not in self.amounts:
            self.amounts[key] = self._reaches(amount, values[at])
        return self.amounts[key]

    def _reaches(self, amount: Amount, least: float) -> Literal:
        node, gates = self.encoding.sheet.nodes[amount], self.gates
        match node.op:
            case "number":
                cell, missing = self.cell(node.data[0]), TRUE if node.data[1] >= least else -TRUE
                at = bisect_left(cell.values, least)
                there = cell.reached[at] if at < len(cell.values) else -TRUE
                return gates.choice(cell.known.holds, there, missing)
            case "weight":
                holds = self.truth(node.args[0]).holds
                return holds if node.data >= least else -holds
            case "larger":
                return gates.some(self.reaches(arg, least) for arg in node.args)
            case "smaller":
                return gates.every(self.reaches(arg, least) for arg in node.args)
            case "where":
                return gates.choice(self.truth(node.args[0]).holds, *(self.reaches(arg, least) for arg in node.args[1:]))
            case "minus":
                return self._adds_up(((node.args[0], 1), (node.args[1], -1)), least)
            case "sum":
                return self._adds_up(tuple((arg, 1) for arg in node.args), least - node.data)
        raise UnsupportedError([Fault(node.op, "cannot be encoded for a solver")])

    def _signed(self, part: tuple[Amount, int], least: float) -> Literal:
        """That an amount, or its negation, is at least so much."""
        amount, sign = part
        if sign > 0:
            return self.reaches(amount, least)
        values = self.values(amount)
        at = bisect_right(values, -least)
        return -self.reaches(amount, values[at]) if at < len(values) else TRUE

    def _adds_up(self, parts: Sequence[tuple[Amount, int]], wanted: float, *, strictly: bool = False) -> Literal:
        """That parts add up to at least (or to more than) so much: a diagram, level by level, of what is still wanted."""
        values = [[sign * value for value in self.values(amount)] for amount, sign in parts]
        least = [*itertools.accumulate((min(of) for of in reversed(values)), initial=0.0)][::-1]
        most = [*itertools.accumulate((max(of) for of in reversed(values)), initial=0.0)][::-1]

        def decided(level: int, still: float) -> Literal | None:
            if least[level] > still or (least[level] == still and not strictly):
                return TRUE
            return -TRUE if most[level] < still or (strictly and most[level] == still) else None

        levels: list[set[float]] = [{wanted}]
        for level, of in enumerate(values):
            undecided = [still for still in levels[-1] if decided(level, still) is None]
            levels.append({still - value for still in undecided for value in of})
        below: dict[float, Literal] = {}
        for level in range(len(parts), -1, -1):
            here: dict[float, Literal] = {}
            for still in sorted(levels[level]):
                known = decided(level, still)
                here[still] = (
                    known
                    if known is not None
                    else self.gates.some(
                        self.gates.every((self._signed(parts[level], value), below[still - value])) for value in values[level]
                    )
                )
            below = here
        return below[wanted]


@attrs.frozen
class Less:
    """
    A patient of whom less is known, and, by finding, what says that its columns are as they were.

    ``pain`` is the pain map, with the findings that draw on it, which stand by themselves as well.
    """

    patient: Copy
    told: Mapping[str, tuple[Literal, ...]]


_AMOUNTS = ("literal", "number", "weight", "sum", "minus", "larger", "smaller", "where")


def _domains(bases: Sequence[KnowledgeBase]) -> dict[str, tuple[float, ...]]:
    """For each number, one value for every way in which rules can find it: the limits, and what lies between; whole numbers where it is added up."""
    terms = {term.id: term for base in bases for term in base.vocabulary.terms.values() if term.kind in ("number", "duration")}
    limits: dict[str, set[float]] = {id_: set() for id_ in terms}
    for leaf in (leaf for base in bases for condition in _conditions(base) for leaf in c.walk(condition)):
        if isinstance(leaf, c.Compare) and leaf.term in limits:
            limits[leaf.term] |= set(leaf.bounds().values())
    measures = [measure for base in bases for measure in base.vocabulary.measures.values()]
    added = {item for measure in measures for item in (measure.id, measure.also_total, *measure.sum)}
    found = {}
    for id_, of in limits.items():
        low, high = terms[id_].range or (min(of, default=0.0) - 1, max(of, default=0.0) + 1)
        if id_ in added:
            found[id_] = tuple(float(value) for value in range(int(low), int(high) + 1))
            continue
        edges = sorted({low, high, *(limit for limit in of if low <= limit <= high)})
        found[id_] = tuple(sorted({*edges, *((one + other) / 2 for one, other in pairwise(edges))}))
    return found


def _conditions(base: KnowledgeBase) -> Iterator[c.Condition]:
    """Every condition that a rule, an invariant, a finding that follows, or a measure reads."""
    yield from (rule.when for rule in base.rules)
    yield from (one.never for one in base.invariants if one.never is not None)
    for term in base.vocabulary.terms.values():
        yield from (source for source in (term.implied_by, term.denied_by) if source)
    for measure in base.vocabulary.measures.values():
        yield from measure.count
    for cause in base.causes.values():
        yield from (c.Suspicion(cause.id, 0, cause.counted),)


def _tell(found: dict[str, Any], column: str, value: Any, words: Vocabulary) -> None:
    """Says in a mapping of findings what a column says."""
    named = column_of(column, words)
    at = named.at
    if at is None:
        found["pain_map_complete"] = value
        return
    match at.kind:
        case "pain":
            entry = {"region": at.name, **({"side": at.side} if at.side else {}), **({} if value else {"present": False})}
            found.setdefault("pain", []).append(entry)
            return
        case "given":
            found.setdefault("labels", {})[at.name] = value
            return
        case "label":
            labels = found.setdefault("labels", {})
            place = labels[at.name] = labels[at.name] if isinstance(labels.get(at.name), dict) else {}
        case "muscle":
            entries = found.setdefault("exam", [])
            who = {"muscle": at.name, **({"side": at.side} if at.side else {})}
            place = next((one for one in entries if (one["muscle"], one.get("side")) == (at.name, at.side)), None)
            if place is None and (at.term != "examined" or value):
                entries.append(place := who)
            if at.term == "examined":
                return
        case _:
            place = found
    part = named.word or named.end
    if part:
        place.setdefault(at.term, {})[part] = value
    else:
        place[at.term] = value
