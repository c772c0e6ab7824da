"""
Formulas worked out over batches of Arrow, 64 patients a word: whatever hands out such batches is evaluated alike.

A truth of many patients is two rows of bits, where it is true and where it may be, so that Kleene's *and* and *or* are one instruction for 64
of them. Points are whole numbers and lie in bits too, one row for each power of two; numbers of a patient are floats. Words are compared
once each, by their numbers in a dictionary. A batch at a time is in memory. No ibis here, no rules, and no backend.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mps_rules.population.formulas import Amount, Formula, Kind, Node, Sheet
from mps_rules.population.written import is_said, number_in, truth_in

Plane: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]
"""A bit for every row."""
Truths: TypeAlias = tuple[Any, Any]
"""Two planes: where it is true, and where it may be; None where nobody asks."""
Whole: TypeAlias = tuple[int, tuple[Plane, ...]]
"""Whole numbers: the least that they can be, and what is to be added, lowest bit first."""
Numbers: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Operation: TypeAlias = Callable[["Found", Sequence[Any]], Any]
Step: TypeAlias = tuple[int, Operation, tuple[int, ...], tuple[int, ...]]
"""A node: its number, how it is worked out, of which others, and which of these nobody needs any more."""

WORD = 64
ROWS = 1 << 17
"""So many rows are worked out at a time: their planes stay in the cache of a processor."""
HOLDS, MAY, BOTH = 1, 2, 3
"""Which plane of a truth is asked for."""
COMPARED = {"at_least": np.greater_equal, "above": np.greater, "at_most": np.less_equal, "below": np.less}


class Kernel:
    """
    Formulas and amounts in the order in which they are worked out, ready for any batch that has the columns they read.

    Another process is sent the formulas, and compiles them there.
    """

    def __init__(self, sheet: Sheet, roots: Iterable[int], kinds: Mapping[str, Kind]) -> None:
        self.roots = frozenset(roots)
        self._nodes = _reached(sheet, self.roots)
        self._two_valued = frozenset(one for one in self._nodes if sheet.two_valued[one])
        self.columns = tuple(sorted({node.data[0] for node in self._nodes.values() if isinstance(node.data, tuple)}))
        self.kinds = {name: kinds[name] for name in self.columns if name in kinds}
        self.steps = self._compiled()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "steps"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)
        self.steps = self._compiled()

    def _compiled(self) -> list[Step]:
        nodes, two_valued = self._nodes, self._two_valued
        wanted = _wanted(two_valued, nodes, self.roots)
        whole = _whole(nodes)
        last = {arg: one for one, node in nodes.items() for arg in node.args}
        steps: list[Step] = []
        for one, node in nodes.items():
            done = tuple(arg for arg in dict.fromkeys(node.args) if last[arg] == one and arg not in self.roots)
            steps.append((one, _operation(node, wanted.get(one, BOTH), whole, two_valued=one in two_valued), node.args, done))
        return steps

    def over(self, batch: pa.RecordBatch) -> "Found":
        """What the roots come to in the rows of a batch."""
        found = Found(batch, self.kinds)
        values = found.values
        for one, operation, args, done in self.steps:
            values[one] = operation(found, [values[arg] for arg in args])
            for arg in done:
                del values[arg]
        return found


def _reached(sheet: Sheet, roots: Iterable[int]) -> dict[int, Node]:
    """Every node that the roots rest on, inputs first; what may be true is asked for plainly, not as the opposite of an opposite."""
    found: dict[int, Node] = {}
    stack = [(root, False) for root in sorted(roots, reverse=True)]
    while stack:
        one, inputs_done = stack.pop()
        if one in found:
            continue
        node = sheet.nodes[one]
        if node.op == "not" and sheet.nodes[node.args[0]].op == "established":
            inner = sheet.nodes[sheet.nodes[node.args[0]].args[0]]
            node = Node("may", inner.args) if inner.op == "not" else node
        if inputs_done:
            found[one] = node
        else:
            stack.append((one, True))
            stack += [(arg, False) for arg in reversed(node.args) if arg not in found]
    return found


def _wanted(two_valued: frozenset[int], nodes: Mapping[int, Node], roots: Iterable[int]) -> dict[int, int]:
    """Of each formula, which of its planes somebody asks for."""
    wanted = dict.fromkeys(roots, BOTH)
    for one, node in reversed([*nodes.items()]):
        mine = BOTH if one in two_valued else wanted.get(one, 0)
        match node.op:
            case "and" | "or":
                passed = mine
            case "not":
                passed = (mine & HOLDS) * MAY | (mine & MAY) // MAY
            case "may":
                passed = MAY
            case "settled":
                passed = BOTH
            case _:
                passed = HOLDS
        for arg in node.args:
            wanted[arg] = wanted.get(arg, 0) | passed
    return wanted


def _whole(nodes: Mapping[int, Node]) -> set[Amount]:
    """The amounts that are whole numbers, whoever the patient is."""
    found: set[Amount] = set()
    for one, node in nodes.items():
        match node.op:
            case "literal" | "weight":
                is_whole = float(node.data).is_integer()
            case "sum":
                is_whole = float(node.data).is_integer() and found.issuperset(node.args)
            case "minus" | "larger" | "smaller":
                is_whole = found.issuperset(node.args)
            case "where":
                is_whole = found.issuperset(node.args[1:])
            case _:
                is_whole = False
        if is_whole:
            found.add(one)
    return found


def gathered(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of the size in which they are worked out; of no rows one batch of none."""
    held, told = pa.Table.from_batches([], schema), False
    for batch in batches:
        held = pa.concat_tables([held, pa.Table.from_batches([batch])])
        while held.num_rows >= ROWS:
            yield _in_one(held.slice(0, ROWS))
            held, told = held.slice(ROWS), True
    if held.num_rows or not told:
        yield _in_one(held)


def _in_one(table: pa.Table) -> pa.RecordBatch:
    columns = [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def spelt_out(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows, words that were told by their numbers written out."""
    columns = [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


# --- a batch -----------------------------------------------------------------------------------------------------------


class Found:
    """What was worked out of one batch, asked by formula and by amount."""

    def __init__(self, batch: pa.RecordBatch, kinds: Mapping[str, Kind]) -> None:
        self.batch, self.kinds, self.rows = batch, kinds, batch.num_rows
        self.words = -(-self.rows // WORD)
        self.zeros: Plane = np.zeros(self.words, np.uint64)
        self.ones: Plane = np.full(self.words, ~np.uint64(0), np.uint64)
        if self.rows % WORD:
            self.ones[-1] = np.uint64((1 << self.rows % WORD) - 1)
        self.values: dict[int, Any] = {}
        self._numbers: dict[str, Numbers] = {}
        self._spelt: dict[str, tuple[Any, list[str | None]]] = {}
        self._valid: dict[str, Plane] = {}

    def holds(self, formula: Formula) -> Plane:
        """Where a formula is true."""
        plane: Plane = self.values[formula][0]
        return plane

    def may(self, formula: Formula) -> Plane:
        """Where it is true or not known."""
        plane: Plane = self.values[formula][1]
        return plane

    def opposite(self, plane: Plane) -> Plane:
        """Where it does not hold."""
        if plane is self.zeros or plane is self.ones:
            return self.ones if plane is self.zeros else self.zeros
        return plane ^ self.ones

    def pack(self, truths: Any) -> Plane:
        """A plane of a truth for every row."""
        plane: Plane = np.zeros(self.words, np.uint64)
        plane.view(np.uint8)[: -(-self.rows // 8)] = np.packbits(truths, bitorder="little")
        return plane

    def unpack(self, plane: Plane) -> Any:
        """A byte of 0 or 1 for every row."""
        return np.unpackbits(plane.view(np.uint8), count=self.rows, bitorder="little")

    def where(self, plane: Plane) -> Any:
        """The numbers of the rows in which it holds."""
        return np.flatnonzero(self.unpack(plane))

    def count(self, plane: Plane) -> int:
        """In how many rows it holds."""
        return int.from_bytes(plane.tobytes(), "little").bit_count()

    # --- cells

    def column(self, name: str) -> Any:
        """A column as it came."""
        return self.batch.column(name)

    def _bits(self, buffer: Any, offset: int) -> Plane:
        """A plane of bits that lie in a buffer of Arrow."""
        raw = np.frombuffer(buffer, np.uint8)
        if offset % 8:
            return self.pack(np.unpackbits(raw, bitorder="little")[offset : offset + self.rows])
        plane: Plane = np.zeros(self.words, np.uint64)
        within = raw[offset // 8 : offset // 8 + -(-self.rows // 8)]
        plane.view(np.uint8)[: len(within)] = within
        return plane & self.ones

    def filled(self, name: str) -> Plane:
        """Where a cell holds anything at all."""
        array = self.column(name)
        if pa.types.is_null(array.type):
            return self.zeros
        validity = array.buffers()[0]
        return self.ones if validity is None or not array.null_count else self._bits(validity, array.offset)

    def read(self, name: str) -> Plane:
        """Where a cell can be read as what its column holds."""
        if name not in self._valid:
            kind = self.kinds.get(name)
            by_number = kind in ("number", "written number", "written truth")
            self._valid[name] = self.pack(~np.isnan(self.numbers(name))) if by_number else self.filled(name)
        return self._valid[name]

    def truths(self, name: str) -> Truths:
        """A column of truths."""
        array, read = self.column(name), self.read(name)
        true = self._bits(array.buffers()[1], array.offset) & read if self.rows else self.zeros
        return true, true | self.opposite(read)

    def numbers(self, name: str) -> Numbers:
        """A column of numbers, of truths or numbers that are written as text too; NaN where there is none."""
        if name not in self._numbers:
            kind = self.kinds.get(name)
            if kind in ("written number", "written truth"):
                codes, texts = self.spelt(name)
                of = number_in if kind == "written number" else truth_in
                told = np.array([np.nan if text is None else of(text) for text in texts], np.float64)
                self._numbers[name] = told[codes]
            else:
                self._numbers[name] = self.column(name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return self._numbers[name]

    def spelt(self, name: str) -> tuple[Any, list[str | None]]:
        """A column of words: for every row the place of its word in a list; a missing one is the last."""
        if name not in self._spelt:
            self._spelt[name] = _spelt(self.column(name))
        return self._spelt[name]

    def spelt_so(self, name: str, test: Callable[[str], bool]) -> Plane:
        """Where a word passes a test; not where there is none."""
        codes, texts = self.spelt(name)
        return self.pack(np.array([text is not None and test(text) for text in texts], np.bool_)[codes])

    def listed_so(self, name: str, test: Callable[[str | None], bool]) -> Plane:
        """Where a list has a word that passes a test."""
        lists = self.column(name)
        codes, texts = _spelt(pc.list_flatten(lists))
        passed = np.array([test(text) for text in texts], np.bool_)[codes]
        rows = np.zeros(self.rows, np.bool_)
        rows[np.asarray(pc.list_parent_indices(lists))[passed]] = True
        return self.pack(rows)

    # --- whole numbers

    def both(self, a: Plane, b: Plane) -> Plane:
        """Where both hold."""
        if a is self.zeros or b is self.zeros:
            return self.zeros
        if a is self.ones or a is b:
            return b
        return a if b is self.ones else a & b

    def either(self, a: Plane, b: Plane) -> Plane:
        """Where one or both hold."""
        if a is self.ones or b is self.ones:
            return self.ones
        if a is self.zeros or a is b:
            return b
        return a if b is self.zeros else a | b

    def chosen(self, plane: Plane, a: Whole, b: Whole) -> Whole:
        """One whole number where a plane holds, else the other."""
        if plane is self.ones or plane is self.zeros:
            return a if plane is self.ones else b
        low = min(a[0], b[0])
        there, here = self._from(a, low), self._from(b, low)
        width = max(len(there), len(here))
        there, here = (planes + (self.zeros,) * (width - len(planes)) for planes in (there, here))
        return low, tuple(self._one_of(plane, x, y) for x, y in zip(there, here, strict=True))

    def _one_of(self, plane: Plane, a: Plane, b: Plane) -> Plane:
        if a is b:
            return a
        if a is self.zeros or a is self.ones:
            return self.both(b, self.opposite(plane)) if a is self.zeros else self.either(b, plane)
        if b is self.zeros or b is self.ones:
            return self.both(a, plane) if b is self.zeros else self.either(a, self.opposite(plane))
        return b ^ (plane & (a ^ b))

    def _from(self, number: Whole, low: int) -> tuple[Plane, ...]:
        """The bits of a whole number, counted from a lower one."""
        if number[0] == low:
            return number[1]
        more = number[0] - low
        if not number[1]:
            return tuple(self.ones if more >> bit & 1 else self.zeros for bit in range(more.bit_length()))
        return self._added([number[1]], more)

    def _added(self, numbers: Sequence[tuple[Plane, ...]], fixed: int) -> tuple[Plane, ...]:
        """The bits of a sum, three planes of one power made one and a carry until a single one is left; what is fixed is not negative."""
        columns: list[list[Plane]] = [[] for _ in range(max(map(len, numbers), default=0))]
        for planes in numbers:
            for bit, plane in enumerate(planes):
                if plane is self.ones:
                    fixed += 1 << bit
                elif plane is not self.zeros:
                    columns[bit].append(plane)
        made: list[Plane] = []
        carried: list[Plane] = []
        while len(made) < len(columns) or carried or fixed >> len(made):
            bit = len(made)
            here, carried = (columns[bit] if bit < len(columns) else []) + carried, []
            while len(here) > 2:
                a, b, c = here.pop(), here.pop(), here.pop()
                x = a ^ b
                here.append(x ^ c)
                carried.append((a & b) | (x & c))
            odd = fixed >> bit & 1
            if len(here) == 2:
                a, b = here
                x = a ^ b
                made.append(self.opposite(x) if odd else x)
                carried.append(a | b if odd else a & b)
            elif here:
                made.append(self.opposite(here[0]) if odd else here[0])
                carried += here if odd else []
            else:
                made.append(self.ones if odd else self.zeros)
        while made and made[-1] is self.zeros:
            made.pop()
        return tuple(made)

    def total(self, numbers: Sequence[Whole], fixed: int = 0) -> Whole:
        """The sum of whole numbers."""
        return fixed + sum(low for low, _ in numbers), self._added([planes for _, planes in numbers], 0)

    def less(self, a: Whole, b: Whole) -> Whole:
        """One whole number less another."""
        turned = tuple(self.opposite(plane) for plane in b[1])
        return self.total([a, (-b[0] - (1 << len(turned)) + 1, turned)])

    def reaches(self, a: Whole, b: Whole, by: int = 0) -> Plane:
        """Where one is at least as large as the other, and so much more."""
        low, planes = self.less(a, b) if b[1] else (a[0] - b[0], a[1])
        wanted = by - low
        if wanted <= 0:
            return self.ones
        if wanted >> len(planes):
            return self.zeros
        found = self.ones
        for bit, plane in enumerate(planes):
            found = self.both(plane, found) if wanted >> bit & 1 else self.either(plane, found)
        return found

    def first(self, cases: Sequence[tuple[Plane, int]], otherwise: int) -> Whole:
        """The number of the first that holds."""
        number: Whole = (otherwise, ())
        for plane, code in reversed(cases):
            number = self.chosen(plane, (code, ()), number)
        return number

    def codes(self, number: Whole) -> Any:
        """A small whole number, 127 at most, for every row."""
        made = np.full(self.rows, number[0], np.int8)
        for bit, plane in enumerate(number[1]):
            if plane is not self.zeros:
                made += self.unpack(plane).view(np.int8) << np.int8(bit)
        return made

    def integers(self, number: Whole, rows: Any = slice(None)) -> Any:
        """A whole number for every row, or for some."""
        low, planes = number
        made = np.full(self.rows if isinstance(rows, slice) else len(rows), low, np.int64)
        for bit, plane in enumerate(planes):
            if plane is not self.zeros:
                made += self.unpack(plane)[rows].astype(np.int64) << bit
        return made

    def amount(self, one: Amount, rows: Any) -> Any:
        """An amount in some rows, what lies behind a point cut off."""
        value = self.values[one]
        return self.integers(value, rows) if isinstance(value, tuple) else value[rows].astype(np.int64)

    # --- what is told

    def told(self, true: Plane, known: Plane) -> pa.Array:
        """A column of truths, missing where not known."""
        return pa.Array.from_buffers(pa.bool_(), self.rows, [pa.py_buffer(known), pa.py_buffer(true)])

    def worded(self, codes: Any, words: Sequence[str], known: Plane) -> pa.Array:
        """A column of words by their numbers, missing where not known."""
        kind = np.int8 if len(words) < 128 else np.int32
        numbers = np.ascontiguousarray(codes, dtype=kind)
        indices = pa.Array.from_buffers(pa.from_numpy_dtype(kind), self.rows, [pa.py_buffer(known), pa.py_buffer(numbers)])
        return pa.DictionaryArray.from_arrays(indices, pa.array(list(words), pa.string()))

    def named(self, planes: Iterable[tuple[Plane, str]], known: Plane) -> pa.Array:
        """A column of the names of all that hold, in order, a blank between them."""
        texts, codes = [""], np.zeros(self.rows, np.int64)
        for plane, name in planes:
            if plane.any():
                seen, codes = np.unique(codes + self.unpack(plane) * np.int64(len(texts)), return_inverse=True)
                count = len(texts)
                texts = [f"{texts[one % count]} {name}".lstrip() if one >= count else texts[one] for one in seen.tolist()]
        return self.worded(codes, texts, known)

    def foremost(self, keys: Iterable[tuple[Any, Any]], places: int) -> list[tuple[Any, Any, Plane]]:
        """The smallest keys of each row, and where there are so many, as truths and as a plane; a key comes with the rows that have it."""
        none = np.iinfo(np.int64).max
        best = [np.full(self.rows, none, np.int64) for _ in range(places)]
        for rows, of_rows in keys:
            rest = of_rows
            for level in best:
                now = level[rows]
                level[rows] = np.minimum(now, rest)
                rest = np.maximum(now, rest)
        return [(level, level != none, self.pack(level != none)) for level in best]


def _spelt(array: Any) -> tuple[Any, list[str | None]]:
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    return encoded.indices.cast(pa.int64()).fill_null(len(words)).to_numpy(zero_copy_only=False), [*words, None]


# --- operations --------------------------------------------------------------------------------------------------------


def _operation(node: Node, wanted: int, whole: set[Amount], *, two_valued: bool) -> Operation:
    """How a node is worked out from what its inputs came to."""
    match node.op:
        case "and" | "or":
            join = np.bitwise_and if node.op == "and" else np.bitwise_or
            return partial(_joined_once, join) if two_valued else partial(_joined, join, wanted)
        case "not":
            return partial(_turned, HOLDS if two_valued else wanted, two_valued)
        case "sum" | "minus" | "larger" | "smaller" | "where" | "ge" | "gt":
            amounts = node.args[1:] if node.op == "where" else node.args
            table = _OF_WHOLE if whole.issuperset(amounts) and float(node.data or 0).is_integer() else _OF_NUMBERS
            return partial(table[node.op], node.data)
        case "weight" if float(node.data).is_integer():
            return partial(_weighed, int(node.data))
        case "literal" if float(node.data).is_integer():
            return partial(_fixed, int(node.data))
    if node.op in _CELLS:
        return partial(_cell, _CELLS[node.op], *node.data)
    return partial(_OTHERS[node.op], node.data)


def _joined_once(join: Any, _found: Found, args: Sequence[Truths]) -> Truths:
    made = join(args[0][0], args[1][0])
    for true, _ in args[2:]:
        join(made, true, made)
    return made, made


def _joined(join: Any, wanted: int, _found: Found, args: Sequence[Truths]) -> Truths:
    made: list[Any] = [None, None]
    for which, of in ((0, HOLDS), (1, MAY)):
        if wanted & of:
            plane = join(args[0][which], args[1][which])
            for arg in args[2:]:
                join(plane, arg[which], plane)
            made[which] = plane
    return made[0], made[1]


def _turned(wanted: int, two_valued: bool, found: Found, args: Sequence[Truths]) -> Truths:  # noqa: FBT001 - bound once, never passed
    true, may = args[0]
    if two_valued:
        made = true ^ found.ones
        return made, made
    return (may ^ found.ones if wanted & HOLDS else None), (true ^ found.ones if wanted & MAY else None)


def _cell(read: Callable[[Found, str, Any], Any], column: str, data: Any, found: Found, _args: Sequence[Any]) -> Any:
    return read(found, column, data)


def _known(found: Found, true: Plane, name: str) -> Truths:
    """Three-valued: not known where the cell cannot be read."""
    read = found.read(name)
    true &= read
    return true, true | found.opposite(read)


def _twice(plane: Plane) -> Truths:
    return plane, plane


def _outside(found: Found, name: str, ends: tuple[float, float]) -> Truths:
    numbers = found.numbers(name)
    return _twice(found.pack((numbers < ends[0]) | (numbers > ends[1])))


def _not_a_truth(found: Found, name: str, _data: Any) -> Truths:
    numbers = found.numbers(name)
    return _twice(found.pack((numbers != 0) & (numbers != 1) & ~np.isnan(numbers)))


def _given(found: Found, name: str, _data: Any) -> Truths:
    if found.kinds[name] != "words":
        return _twice(found.read(name))
    return _twice(found.listed_so(name, lambda _: True))


def _unreadable(found: Found, name: str, _data: Any) -> Truths:
    return _twice(found.spelt_so(name, is_said) & found.opposite(found.read(name)))


def _unlisted(found: Found, name: str, words: Sequence[str]) -> Truths:
    so = found.spelt_so if found.kinds[name] == "text" else found.listed_so
    return _twice(so(name, lambda word: word not in words))


_CELLS: Mapping[str, Callable[[Found, str, Any], Any]] = {
    "column": lambda found, name, _: found.truths(name),
    "said": lambda found, name, _: _known(found, found.pack(found.numbers(name) == 1), name),
    "one": lambda found, name, _: _known(found, found.pack(found.numbers(name) == 1), name),
    "bound": lambda found, name, bound: _known(found, found.pack(COMPARED[bound[0]](found.numbers(name), bound[1])), name),
    "is_word": lambda found, name, word: _known(found, found.spelt_so(name, lambda text: text == word), name),
    "has_word": lambda found, name, word: _known(found, found.listed_so(name, lambda text: text == word), name),
    "given": _given,
    "vacant": lambda found, name, _: _twice(found.opposite(found.filled(name))),
    "unreadable": _unreadable,
    "not_a_truth": _not_a_truth,
    "outside": _outside,
    "unlisted": _unlisted,
    "number": lambda found, name, missing: np.where(np.isnan(found.numbers(name)), missing, found.numbers(name)),
}


def _constant(truth: bool | None, found: Found, _args: Sequence[Any]) -> Truths:  # noqa: FBT001 - a truth, no flag
    return (found.ones if truth else found.zeros), (found.zeros if truth is False else found.ones)


def _fixed(value: int, _found: Found, _args: Sequence[Any]) -> Whole:
    return value, ()


def _weighed(value: int, found: Found, args: Sequence[Truths]) -> Whole:
    return found.chosen(args[0][0], (value, ()), (0, ()))


_OTHERS: Mapping[str, Callable[[Any, Found, Sequence[Any]], Any]] = {
    "constant": _constant,
    "established": lambda _, _found, args: (args[0][0], args[0][0]),
    "may": lambda _, _found, args: (args[0][1], args[0][1]),
    "settled": lambda _, found, args: _twice(args[0][0] | found.opposite(args[0][1])),
    "literal": lambda data, found, _: np.full(found.rows, data, np.float64),
    "weight": lambda data, found, args: found.unpack(args[0][0]) * data,
}
_OF_WHOLE: Mapping[str, Callable[[Any, Found, Sequence[Any]], Any]] = {
    "sum": lambda data, found, args: found.total(args, int(data)),
    "minus": lambda _, found, args: found.less(*args),
    "larger": lambda _, found, args: found.chosen(found.reaches(*args), *args),
    "smaller": lambda _, found, args: found.chosen(found.reaches(*args), args[1], args[0]),
    "where": lambda _, found, args: found.chosen(args[0][0], *args[1:]),
    "ge": lambda _, found, args: _twice(found.reaches(*args)),
    "gt": lambda _, found, args: _twice(found.reaches(args[0], args[1], 1)),
}


def _floats(found: Found, args: Sequence[Any]) -> Iterator[Numbers]:
    """Amounts of any kind as numbers, one for every row."""
    for arg in args:
        yield found.integers(arg).astype(np.float64) if isinstance(arg, tuple) else arg


def _summed(data: float, found: Found, args: Sequence[Any]) -> Numbers:
    """The sum, added in pairs as a planner does: of what is not whole the last digit depends on the order."""
    parts = [*_floats(found, args), *([np.full(found.rows, data, np.float64)] if data else [])]
    while len(parts) > 1:
        parts = [parts[n] + parts[n + 1] if n + 1 < len(parts) else parts[n] for n in range(0, len(parts), 2)]
    return parts[0]


_OF_NUMBERS: Mapping[str, Callable[[Any, Found, Sequence[Any]], Any]] = {
    "sum": _summed,
    "minus": lambda _, found, args: np.subtract(*_floats(found, args)),
    "larger": lambda _, found, args: np.maximum(*_floats(found, args)),
    "smaller": lambda _, found, args: np.minimum(*_floats(found, args)),
    "where": lambda _, found, args: np.where(found.unpack(args[0][0]).view(np.bool_), *_floats(found, args[1:])),
    "ge": lambda _, found, args: _twice(found.pack(np.greater_equal(*_floats(found, args)))),
    "gt": lambda _, found, args: _twice(found.pack(np.greater(*_floats(found, args)))),
}
