"""
Formulas as columns of an ibis table, in steps of one projection each.

What several formulas share becomes a column of its own, so that no planner meets an expression it cannot follow: a shared part that is
repeated at every level would grow without bound. Polars, DuckDB and PySpark differ by name only. What a frame or a file says ``kernel`` works out;
these expressions answer for tables of ibis that live elsewhere than on Spark, and are for one release the oracle that the kernel is tested against.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from mps_rules.population.formulas import Kind, Sheet
from mps_rules.population.written import NOT_SAID, SAID

if TYPE_CHECKING:
    import ibis.expr.types as ir

Table: TypeAlias = "ir.Table"

LARGEST = 150
"""How many operations may stand in one expression before a part of it becomes a column of its own."""
REPEATED = 32
"""How many operations may be repeated, where several expressions share them, before they become a column of their own."""


class Projections:
    """Formulas and amounts as ibis expressions, in steps of one projection each."""

    def __init__(self, sheet: Sheet, roots: Iterable[int], kinds: Mapping[str, Kind]) -> None:
        self.sheet, self.kinds = sheet, kinds
        self.roots = tuple(dict.fromkeys(roots))
        self.order = self._reachable()
        self.uses = Counter(arg for one in self.order for arg in sheet.nodes[one].args)
        self.own: set[int] = set()
        self.level: dict[int, int] = {}
        self._place()

    def _reachable(self) -> list[int]:
        """Every node that the roots rest on, inputs first."""
        seen: set[int] = set()
        order: list[int] = []
        stack = [(root, False) for root in reversed(self.roots)]
        while stack:
            one, done = stack.pop()
            if done:
                order.append(one)
            elif one not in seen:
                seen.add(one)
                stack.append((one, True))
                stack += [(arg, False) for arg in reversed(self.sheet.nodes[one].args) if arg not in seen]
        return order

    def _place(self) -> None:
        """Which nodes become columns, and in which step."""
        size: dict[int, int] = {}
        roots = set(self.roots)
        for one in self.order:
            node = self.sheet.nodes[one]
            self.level[one] = max((self.level[arg] + (arg in self.own) for arg in node.args), default=0)
            size[one] = 1 + sum(1 if arg in self.own else size[arg] for arg in node.args)
            constant = node.op in ("constant", "literal")
            repeated = size[one] * (self.uses[one] - 1)
            if not constant and (one in roots or (node.args and (repeated > REPEATED or size[one] > LARGEST))):
                self.own.add(one)

    def columns(self, table: Table, keep: Sequence[str]) -> tuple[Table, Callable[[int], Any]]:
        """The table with a column for every root, and how to ask for the expression of a root."""
        from ibis.expr import operations as ops

        last_use: dict[str, int] = {}
        needs: dict[int, set[str]] = {}
        steps: dict[int, list[int]] = {}
        for one in self.order:
            mine: set[str] = set()
            node = self.sheet.nodes[one]
            if isinstance(node.data, tuple) and node.op in _CELLS:
                mine.add(node.data[0])
            for arg in node.args:
                mine |= {_name(arg)} if arg in self.own else needs[arg]
            needs[one] = mine
            if one in self.own:
                steps.setdefault(self.level[one], []).append(one)
                for name in mine:
                    last_use[name] = max(last_use.get(name, 0), self.level[one])
        for root in self.roots:
            last_use[_name(root)] = len(self.order)
        live = list(dict.fromkeys((*keep, *(name for name in table.columns if name in last_use))))
        for level in sorted(steps):
            made = {}
            inline: dict[int, Any] = {}
            for one in steps[level]:
                made[_name(one)] = self._expression(one, table, inline)
            live = [name for name in live if name in keep or last_use[name] > level]
            carried = {name: ops.Field(table, name) for name in live}
            table = ops.Project(table, {**carried, **{name: value.op() for name, value in made.items()}}).to_expr()
            live += made
        return table, lambda root: self._final(root, table)

    def _final(self, root: int, table: Table) -> Any:
        import ibis

        if root in self.own:
            return table[_name(root)]
        value = self.sheet.nodes[root].data
        return ibis.literal(value, type="boolean" if self.sheet.nodes[root].op == "constant" else "float64")

    def _expression(self, one: int, table: Table, inline: dict[int, Any]) -> Any:
        node = self.sheet.nodes[one]

        def arg(of: int) -> Any:
            if of in self.own:
                return table[_name(of)]
            if of not in inline:
                inline[of] = self._expression(of, table, inline)
            return inline[of]

        return _OPERATIONS[node.op](self, table, node.data, [arg(of) for of in node.args])


def _name(one: int) -> str:
    return f"_formula_{one}"


def balanced(values: Sequence[Any], join: Callable[[Any, Any], Any]) -> Any:
    """A tree of joins no deeper than need be."""
    while len(values) > 1:
        values = [join(*values[n : n + 2]) if n + 1 < len(values) else values[n] for n in range(0, len(values), 2)]
    return values[0]


def _constant(_steps: Projections, _table: Table, data: Any, _args: Sequence[Any]) -> Any:
    import ibis

    return ibis.literal(data, type="boolean")


def _literal(_steps: Projections, _table: Table, data: Any, _args: Sequence[Any]) -> Any:
    import ibis

    return ibis.literal(data, type="float64")


def stripped(text: Any) -> Any:
    """Text without the blanks around it; not ``strip``, which on Spark takes the letters v and f for blanks."""
    return text.re_replace(r"^[\t-\r ]+|[\t-\r ]+$", "")


def _cell(steps: Projections, table: Table, column: str) -> Any:
    """A cell as it stands, a number or a truth that is written as text as what it is; what is not a number is missing."""
    import ibis

    cell = table[column]
    match steps.kinds.get(column):
        case "number":
            cell = cell.cast("float64")
            return cell.isnan().ifelse(None, cell)
        case "written number":
            return stripped(cell).try_cast("float64")
        case "written truth":
            word = stripped(cell).lower()
            true, false = ([said for said, truth in SAID.items() if truth is wanted] for wanted in (True, False))
            return ibis.cases((word.isin(true), True), (word.isin(false), False), else_=None)
    return cell


def _unreadable(steps: Projections, table: Table, data: Any, _args: Sequence[Any]) -> Any:
    column, _ = data
    said = table[column].notnull() & stripped(table[column]).lower().notin(NOT_SAID)
    return said & _cell(steps, table, column).isnull()


def _bound(steps: Projections, table: Table, data: Any, _args: Sequence[Any]) -> Any:
    column, (name, bound) = data
    cell = _cell(steps, table, column)
    return {"at_least": cell >= bound, "above": cell > bound, "at_most": cell <= bound, "below": cell < bound}[name]


def _outside(steps: Projections, table: Table, data: Any, _args: Sequence[Any]) -> Any:
    column, (low, high) = data
    cell = _cell(steps, table, column)
    return ((cell < low) | (cell > high)).fill_null(False)


def _unlisted(steps: Projections, table: Table, data: Any, _args: Sequence[Any]) -> Any:
    column, words = data
    if steps.kinds[column] == "text":
        return table[column].notin(list(words)).fill_null(False)
    known = sum(
        (table[column].contains(word).fill_null(False).cast("int32") for word in words[1:]),
        table[column].contains(words[0]).fill_null(False).cast("int32"),
    )
    return (table[column].unique().length() > known).fill_null(False)


def _given(steps: Projections, table: Table, data: Any, _args: Sequence[Any]) -> Any:
    column, _ = data
    if steps.kinds[column] == "words":
        return (table[column].length() > 0).fill_null(False)
    return _cell(steps, table, column).notnull()


_CELLS = (
    "column",
    "one",
    "said",
    "unreadable",
    "given",
    "vacant",
    "is_word",
    "has_word",
    "bound",
    "not_a_truth",
    "outside",
    "unlisted",
    "number",
)
_OPERATIONS: Mapping[str, Callable[[Projections, Table, Any, Sequence[Any]], Any]] = {
    "constant": _constant,
    "literal": _literal,
    "column": lambda _s, table, data, _a: table[data[0]],
    "said": lambda steps, table, data, _a: _cell(steps, table, data[0]),
    "unreadable": _unreadable,
    "one": lambda steps, table, data, _a: _cell(steps, table, data[0]) == 1,
    "not_a_truth": lambda steps, table, data, _a: _cell(steps, table, data[0]).notin([0, 1]).fill_null(False),
    "given": _given,
    "vacant": lambda _s, table, data, _a: table[data[0]].isnull(),
    "is_word": lambda _s, table, data, _a: table[data[0]] == data[1],
    "has_word": lambda _s, table, data, _a: table[data[0]].contains(data[1]),
    "bound": _bound,
    "outside": _outside,
    "unlisted": _unlisted,
    "number": lambda steps, table, data, _a: _cell(steps, table, data[0]).cast("float64").fill_null(data[1]),
    "not": lambda _s, _t, _d, args: ~args[0],
    "and": lambda _s, _t, _d, args: balanced(args, lambda a, b: a & b),
    "or": lambda _s, _t, _d, args: balanced(args, lambda a, b: a | b),
    "established": lambda _s, _t, _d, args: args[0].fill_null(False),
    "settled": lambda _s, _t, _d, args: args[0].notnull(),
    "weight": lambda _s, _t, data, args: args[0].cast("float64") * data if data != 1 else args[0].cast("float64"),
    "sum": lambda _s, _t, data, args: balanced([*args, *([data] if data else [])], lambda a, b: a + b),
    "ge": lambda _s, _t, _d, args: args[0] >= args[1],
    "gt": lambda _s, _t, _d, args: args[0] > args[1],
    "minus": lambda _s, _t, _d, args: args[0] - args[1],
    "larger": lambda _s, _t, _d, args: (args[0] >= args[1]).ifelse(args[0], args[1]),
    "smaller": lambda _s, _t, _d, args: (args[0] <= args[1]).ifelse(args[0], args[1]),
    "where": lambda _s, _t, _d, args: args[0].ifelse(args[1], args[2]),
}
