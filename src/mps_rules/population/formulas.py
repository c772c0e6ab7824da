"""A sheet of three-valued formulas over the columns of a table, each formula once; what is constant folds away. No ibis here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs

from mps_rules.errors import Fault, FindingError
from mps_rules.knowledge.vocabulary import Vocabulary
from mps_rules.language import conditions as c
from mps_rules.patient.addresses import Address, address
from mps_rules.patient.values import Pain

Kind: TypeAlias = Literal["boolean", "integer", "number", "text", "words", "written truth", "written number", "date", "other", "empty"]
"""
What the cells of a column are: a truth, a whole number, a number, text, a list of words, a truth or a number written as text, a date or a time,
something else that says nothing of a patient, or nothing.
"""
Formula: TypeAlias = int
"""A three-valued truth of a row, by its number in the sheet."""
Amount: TypeAlias = int
"""A number of a row, by its number in the sheet; never missing."""

TRUTHS: tuple[Kind, ...] = ("boolean", "integer", "number", "text")
"""What the cells of a yes/no column may be; numbers are 0 and 1."""
CELLS: Mapping[str, tuple[Kind, ...]] = {
    "boolean": TRUTHS,
    "number": ("number", "integer", "text"),
    "duration": ("number", "integer", "text"),
    "one_of": ("text",),
    "many_of": ("text", "words"),
}
"""By the kind of a finding, what the cells of its column may be."""
FINITE = (-1e300, 1e300)
"""Where a number without a range lies."""
End: TypeAlias = Literal["at_least", "at_most"]
ENDS: tuple[End, End] = ("at_least", "at_most")
"""The columns of a number of which only the range is known are called by its address and one of these."""
FALSE, UNKNOWN, TRUE = 0, 1, 2
CONSTANTS: dict[c.Truth, Formula] = {False: FALSE, None: UNKNOWN, True: TRUE}


@attrs.frozen
class Node:
    """One operation: its name, the formulas and amounts that it takes, and what else it needs to know."""

    op: str
    args: tuple[int, ...] = ()
    data: Any = None


class Sheet:
    """Formulas over columns, each once; what is constant is folded while it is written."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.known: dict[Node, int] = {}
        self.two_valued: list[bool] = []
        self.bounds: dict[Amount, c.Interval] = {}
        for truth in (False, None, True):
            self._node(Node("constant", data=truth), two_valued=truth is not None)

    def _node(self, node: Node, *, two_valued: bool = False) -> int:
        found = self.known.get(node)
        if found is None:
            found = self.known[node] = len(self.nodes)
            self.nodes.append(node)
            self.two_valued.append(two_valued)
        return found

    # --- truths

    def cell(self, op: str, column: str, data: Any = None, *, two_valued: bool = False) -> Formula:
        """What one cell says: of itself (``column``), of a word, or of a bound."""
        return self._node(Node(op, data=(column, data)), two_valued=two_valued)

    def negation(self, formula: Formula) -> Formula:
        """Kleene's NOT."""
        if formula in CONSTANTS.values():
            return 2 - formula
        node = self.nodes[formula]
        if node.op == "not":
            return node.args[0]
        return self._node(Node("not", (formula,)), two_valued=self.two_valued[formula])

    def every(self, formulas: Iterable[Formula]) -> Formula:
        """Kleene's AND."""
        return self._joined("and", formulas, neutral=TRUE, decisive=FALSE)

    def some(self, formulas: Iterable[Formula]) -> Formula:
        """Kleene's OR."""
        return self._joined("or", formulas, neutral=FALSE, decisive=TRUE)

    def _joined(self, op: str, formulas: Iterable[Formula], *, neutral: Formula, decisive: Formula) -> Formula:
        parts: dict[Formula, None] = {}
        for formula in formulas:
            if formula == decisive:
                return decisive
            if formula != neutral:
                parts[formula] = None
        if len(parts) < 2:
            return next(iter(parts), neutral)
        two_valued = all(self.two_valued[part] for part in parts)
        if two_valued and any(self.negation(part) in parts for part in parts if self.nodes[part].op == "not"):
            return decisive
        return self._node(Node(op, tuple(sorted(parts))), two_valued=two_valued)

    def established(self, formula: Formula) -> Formula:
        """Whether it is true."""
        if self.two_valued[formula] or formula == UNKNOWN:
            return FALSE if formula == UNKNOWN else formula
        return self._node(Node("established", (formula,)), two_valued=True)

    def settled(self, formula: Formula) -> Formula:
        """Whether it is true or false."""
        if self.two_valued[formula] or formula == UNKNOWN:
            return FALSE if formula == UNKNOWN else TRUE
        return self._node(Node("settled", (formula,)), two_valued=True)

    def either(self, true: Formula, false: Formula) -> Formula:
        """True where the first holds, else false where the second does, else unknown; both are two-valued."""
        if false == self.negation(true):
            return true
        return self.some((true, self.every((self.negation(false), UNKNOWN))))

    def at_least(self, n: int, formulas: Sequence[Formula]) -> Formula:
        """Kleene's count, a formula that stands several times counted as often."""
        rest = [formula for formula in formulas if formula not in (FALSE, TRUE)]
        n -= sum(formula == TRUE for formula in formulas)
        if n <= 0 or len(rest) < n:
            return TRUE if n <= 0 else FALSE
        if n == 1 or n == len(rest):
            return self.some(rest) if n == 1 else self.every(rest)
        low = self.total([self.counted(formula) for formula in rest])
        high = self.total([self.countable(formula) for formula in rest])
        wanted = self.amount(n)
        return self.either(self.reaches(low, wanted), self.negation(self.reaches(high, wanted)))

    # --- amounts

    def amount(self, value: float) -> Amount:
        """A fixed number."""
        return self._amount(Node("literal", data=float(value)), c.Interval(value, value))

    def _amount(self, node: Node, bounds: c.Interval) -> Amount:
        found = self._node(node)
        self.bounds[found] = bounds
        return found

    def cell_or(self, column: str, missing: float, bounds: c.Interval) -> Amount:
        """The number in a cell, or another where there is none."""
        return self._amount(Node("number", data=(column, missing)), bounds)

    def counted(self, formula: Formula, weight: float = 1) -> Amount:
        """A weight where it is true, else nothing."""
        formula = self.established(formula)
        if formula in (FALSE, TRUE):
            return self.amount(weight if formula == TRUE else 0)
        return self._amount(Node("weight", (formula,), float(weight)), c.Interval(0, weight))

    def countable(self, formula: Formula) -> Amount:
        """One where it may be true, else nothing."""
        return self.counted(self.negation(self.established(self.negation(formula))))

    def total(self, amounts: Sequence[Amount]) -> Amount:
        """The sum."""
        fixed = sum(self.nodes[amount].data for amount in amounts if self.nodes[amount].op == "literal")
        rest = tuple(sorted(amount for amount in amounts if self.nodes[amount].op != "literal"))
        if not rest or (len(rest) == 1 and not fixed):
            return rest[0] if rest else self.amount(fixed)
        bounds = c.Interval(fixed, fixed)
        for one in rest:
            bounds += self.bounds[one]
        return self._amount(Node("sum", rest, float(fixed)), bounds)

    def minus(self, amount: Amount, other: Amount) -> Amount:
        """One less the other."""
        if self.nodes[other].op == "literal":
            return self.total([amount, self.amount(-self.nodes[other].data)])
        a, b = self.bounds[amount], self.bounds[other]
        return self._amount(Node("minus", (amount, other)), c.Interval(a.lowest - b.highest, a.highest - b.lowest))

    def reaches(self, amount: Amount, other: Amount) -> Formula:
        """Whether one is at least as large as the other."""
        return self._compared("ge", amount, other, self.bounds[amount].lowest >= self.bounds[other].highest)

    def exceeds(self, amount: Amount, other: Amount) -> Formula:
        """Whether one is larger than the other."""
        return self._compared("gt", amount, other, self.bounds[amount].lowest > self.bounds[other].highest)

    def _compared(self, op: str, amount: Amount, other: Amount, certain: bool) -> Formula:  # noqa: FBT001 - a verdict, not a flag
        a, b = self.bounds[amount], self.bounds[other]
        impossible = a.highest < b.lowest or (op == "gt" and a.highest == b.lowest)
        if certain or impossible:
            return TRUE if certain else FALSE
        return self._node(Node(op, (amount, other)), two_valued=True)

    def larger(self, amount: Amount, other: Amount) -> Amount:
        """The larger of two."""
        if self.bounds[other].lowest >= self.bounds[amount].highest:
            amount, other = other, amount
        if self.bounds[amount].lowest >= self.bounds[other].highest:
            return amount
        a, b = self.bounds[amount], self.bounds[other]
        return self._amount(Node("larger", (amount, other)), c.Interval(max(a.lowest, b.lowest), max(a.highest, b.highest)))

    def smaller(self, amount: Amount, other: Amount) -> Amount:
        """The smaller of two."""
        if self.bounds[other].highest <= self.bounds[amount].lowest:
            amount, other = other, amount
        if self.bounds[amount].highest <= self.bounds[other].lowest:
            return amount
        a, b = self.bounds[amount], self.bounds[other]
        return self._amount(Node("smaller", (amount, other)), c.Interval(min(a.lowest, b.lowest), min(a.highest, b.highest)))

    def where(self, formula: Formula, amount: Amount, other: Amount) -> Amount:
        """One amount where a two-valued formula holds, else the other."""
        if formula in (FALSE, TRUE) or amount == other:
            return other if formula == FALSE else amount
        a, b = self.bounds[amount], self.bounds[other]
        bounds = c.Interval(min(a.lowest, b.lowest), max(a.highest, b.highest))
        return self._amount(Node("where", (formula, amount, other)), bounds)


@attrs.frozen
class Column:
    """
    What a column speaks of: an address (None: whether the pain map is complete); and which word of it, where each has a column.

    ``end`` is the end of the range of a number of which only that is known.
    """

    at: Address | None
    word: str | None = None
    end: End | None = None

    def __str__(self) -> str:
        at = "pain_map_complete" if self.at is None else str(self.at)
        part = self.word or self.end
        return f"{at}.{part}" if part else at


def column_of(name: str, words: Vocabulary) -> Column:
    """
    What a column of that name speaks of.

    >>> from mps_rules import load
    >>> str(column_of("low_back.left", load().vocabulary)), column_of("pain_quality.dull", load().vocabulary).word
    ('pain.low_back.left', 'dull')
    >>> column_of("age_years.at_least", load().vocabulary).end
    'at_least'

    Raises:
        FindingError: nothing that can be given of a patient; says the closest word.

    """
    if name == "pain_map_complete":
        return Column(None)
    before, _, word = name.rpartition(".")
    spelt = words.terms.get(before.rpartition(".")[2])
    if spelt and word in spelt.values:
        return Column(address(before, words), word)
    if spelt and spelt.kind in ("number", "duration") and word in ENDS:
        return Column(address(before, words), end=ENDS[ENDS.index(word)])
    at = address(name, words)
    if at.kind == "pain" and at.side:
        sides = words.possible_sides[at.name]
        if at.side == "midline" and not words.regions[at.name].sides:
            at = attrs.evolve(at, side=None)
        elif at.side not in sides:
            raise FindingError([Fault(name, f"{at.side!r} is impossible for {at.name}")])
    if at.term and words.terms[at.term].fact and at.term != "examined":
        raise FindingError([Fault(name, "is worked out from the pain map and the examination, not given")])
    return Column(at)


@attrs.frozen
class Entry:
    """One place of which a column may say that it hurts: where it says so, and where it says that it does not."""

    pain: Pain
    hurts: Formula
    free: Formula


@attrs.frozen
class Flaw:
    """What is wrong with a row where a two-valued formula holds; the column, and the fault in words."""

    formula: Formula
    where: str
    what: str
