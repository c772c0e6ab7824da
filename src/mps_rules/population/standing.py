"""
Of everything that a table says of a person, what stands: the law of what wins, as expressions of columns.

The law is that of ``claims``, where it is written out; which reading brings a red flag nearer is computed in ``dangers``. The latest instant wins,
within doubt the danger; what clears is no older than what it clears; a denial ages; a danger sign that is dropped in doubt is ``in_doubt``.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from mps_rules.errors import Fault, FindingError
from mps_rules.knowledge.dangers import HURTS, Reading, dangers_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import Vocabulary
from mps_rules.language import conditions as c
from mps_rules.population.formulas import Column, column_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

Table: TypeAlias = "ir.Table"

EARLIEST, LATEST = -(10**15), 10**15
"""Seconds before and after every date: where the time of what has no date may begin and end."""
DAY = 86_400
"""Seconds of a day."""

# --- what a row speaks of ----------------------------------------------------------------------------------------------


@attrs.frozen
class Thing:
    """What a row of a long table speaks of, how its value is read, and the words it may take; the column is of the thing or one word of it."""

    name: str
    column: str
    read: Literal["truth", "number", "word", "words"]
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, at: str, words: Vocabulary) -> "Thing":
        """
        What an address names.

        Raises:
            FindingError: nothing that can be given of a patient, or one end of a range.

        """
        column = column_of(at, words)
        if column.end:
            raise FindingError([Fault(at, "is the end of a range: a long table tells the number itself")])
        if column.at is None or column.word or not column.at.term:
            return cls(str(attrs.evolve(column, word=None)), str(column), "truth")
        term = words.terms[column.at.term]
        return cls(str(column), str(column), _READ[term.kind], term.values)


_READ: Mapping[str, Literal["truth", "number", "word", "words"]] = {
    "boolean": "truth",
    "number": "number",
    "duration": "number",
    "one_of": "word",
    "many_of": "words",
}


def _readings(column: Column, base: KnowledgeBase) -> tuple[Reading, ...]:
    """The places where red flags read what a column speaks of."""
    at, read = column.at, dangers_of(base)
    if at is None:
        return ()
    term = base.vocabulary.terms.get(at.term)
    if (at.kind == "pain" and not at.term) or (term and term.draws):
        return HURTS
    return read.of_label.get(at.name, ()) if at.kind == "given" else read.of_term.get(at.term, ())


Near: TypeAlias = frozenset[Reading]
"""The places where a value brings a red flag nearer."""


@attrs.frozen
class _Cell:
    """A column of the wide table: how it is read, and where red flags read it."""

    name: str
    read: Literal["truth", "number", "word"]
    term: str
    word: str
    readings: tuple[Reading, ...]
    values: tuple[str, ...] = ()

    @property
    def sums(self) -> tuple[Reading, ...]:
        """The readings of which the number itself counts, not whether it lies within bounds."""
        return tuple(reading for reading in self.readings if reading.amount) if self.read == "number" else ()

    def near(self, value: bool | float | str) -> Near:  # noqa: FBT001 - a value, no flag
        """Where a value brings a flag nearer than if it were unknown, its sums apart."""
        return frozenset(reading for reading in self.readings if reading not in self.sums and reading.weight(value, self.word) > 0)

    def classes(self) -> Mapping[Near, tuple[bool | float | str, ...]]:
        """The values that bring the same flags nearer stand in one class; of numbers some of each."""
        values: list[bool | float | str] = [True, False]
        if self.read == "word":
            values = [*self.values]
        elif self.read == "number":
            limits = sorted(
                {limit for reading in self.readings if isinstance(reading.leaf, c.Compare) for limit in reading.leaf.bounds().values()}
            )
            between = [(low + high) / 2 for low, high in itertools.pairwise(limits)]
            values = [limits[0] - 1, *limits, *between, limits[-1] + 1] if limits else [0.0]
        found: dict[Near, list[bool | float | str]] = {}
        for value in values:
            found.setdefault(self.near(value), []).append(value)
        return {near: tuple(of) for near, of in sorted(found.items(), key=lambda one: (len(one[0]), sorted(map(repr, one[0]))))}

    def holds(self, near: Near, value: Any) -> Any:
        """Whether a value, as an expression, stands in a class."""
        import ibis

        if self.read == "number":
            bounds = [
                (reading.leaf, (reading in near) is reading.nearer)
                for reading in self.readings
                if isinstance(reading.leaf, c.Compare) and not reading.amount
            ]
            met = [_meets(value, leaf) if holds else ~_meets(value, leaf) for leaf, holds in bounds]
            return ibis.and_(*met) if met else value.notnull()
        members = self.classes()[near]
        return value.isin(members) if len(members) > 1 else value == members[0]

    def helps(self, near: Near, value: Any) -> Any:
        """Whether a value of a class, as an expression, brings some flag nearer."""
        import ibis

        summed = [value > 0 if one.nearer else value < 0 for one in self.sums]
        return ibis.or_(ibis.literal(bool(near)), *summed)

    @property
    def begun(self) -> str:
        return f"{self.name} begun"

    @property
    def ended(self) -> str:
        return f"{self.name} ended"

    @property
    def doubt(self) -> str:
        return f"{self.name} doubt"

    @property
    def vaguely(self) -> str:
        return f"{self.name} vaguely"


@attrs.frozen
class _Holds:
    """A value of a cell that may not stand beside another: present or absent, one of some words, or a bound."""

    cell: str
    truth: bool | None = None
    word: str | None = None
    bound: c.Compare | None = None
    raises: bool = False

    @property
    def feared(self) -> str:
        """The column that says until when it may have been so, where it was dropped in doubt."""
        return f"{self.cell} {self.truth} {self.word} {self.bound} feared"

    @property
    def agrees(self) -> str:
        """The column that says until when it may have been so by what is in doubt, where it stands by what is not."""
        return f"{self.cell} {self.truth} {self.word} {self.bound} agrees"

    def true_of(self, value: Any) -> Any:
        """Whether a value, as an expression, is this."""
        if self.bound is not None:
            return _meets(value, self.bound)
        return value == (self.truth if self.word is None else self.word)


# --- which row wins ----------------------------------------------------------------------------------------------------


def prevailing(said: Table, person: str) -> Table:
    """
    Everything said, its values left out where the same thing was said later.

    Takes the person, ``at``, ``amount``, ``word``, ``readable``, from when to when it may have been said (``begun``, ``ended``, in seconds), and
    ``vague``, that its date cannot be read; what is vague outweighs nothing.
    """
    telling = said.filter((said["amount"].notnull() | said["word"].notnull()) & ~said["vague"])
    last = telling.group_by([person, "at"]).aggregate(last=telling["begun"].max())
    last = last.select(who=last[person], what=last["at"], last=last["last"])
    both = said.left_join(last, [said[person] == last["who"], said["at"] == last["what"]])
    stands = both["last"].isnull() | (both["ended"] >= both["last"])
    values = {name: stands.ifelse(both[name], None) for name in ("amount", "word")}
    return both.select(
        *(both[name] for name in said.columns if name not in (*values, "readable")), readable=both["readable"] | ~stands, **values
    )


def widened(said: Table, things: Mapping[str, Thing], base: KnowledgeBase, person: str) -> Table:
    """
    A row for each person, a column for each address, of what ``prevailing`` has left; a column ``in_doubt.finding`` where one was dropped in doubt.

    Takes beside the columns of ``prevailing``: ``index``, the seconds of the day as of which the person is judged.
    """
    read = _Law(base, tuple({cell.name: cell for cell in _cells(things, base)}.values()))
    wide = said.group_by(person).aggregate(**dict(read.aggregates(said)), **{"the index": said["index"].max()})
    wide = read.aged(wide)
    wide = read.fitting(wide)
    return wide.select(person, *(cell.name for cell in read.cells), **read.in_doubt(wide))


def _cells(things: Mapping[str, Thing], base: KnowledgeBase) -> Iterator[_Cell]:
    for at, thing in things.items():
        names = [f"{at}.{value}" for value in thing.values] if thing.read == "words" else [at]
        for name in names:
            column = column_of(name, base.vocabulary)
            term = column.at.term if column.at is not None and column.at.kind == "patient" else ""
            kind: Literal["truth", "number", "word"] = "truth" if thing.read == "words" else thing.read
            yield _Cell(name, kind, term, column.word or "", _readings(column, base), thing.values if kind == "word" else ())


class _Law:
    """The law over the columns of one table."""

    def __init__(self, base: KnowledgeBase, cells: Sequence[_Cell]) -> None:
        self.base, self.cells = base, cells
        self.by_name = {cell.name: cell for cell in cells}
        self.pairs = [pair for pair in _incompatible(base) if pair[0].cell in self.by_name and pair[1].cell in self.by_name]
        self.held: dict[str, list[_Holds]] = {}
        for fromkey in dict.fromkeys(one for pair in self.pairs for one in pair):
            self.held.setdefault(fromkey.cell, []).append(fromkey)
        self.timed = {*self.held, *(cell.name for cell in cells if self._lasts(cell) is not None)}

    # --- one thing

    def aggregates(self, said: Table) -> Iterator[tuple[str, Any]]:
        """The value of each cell, and whether a danger of it was dropped in doubt; where it matters, when it may have been said."""
        for cell in self.cells:
            yield from self._settled(cell, said)

    def _settled(self, cell: _Cell, said: Table) -> Iterator[tuple[str, Any]]:
        import ibis

        here, told = said["at"] == cell.name, said["word"] if cell.read == "word" else said["amount"]
        sound, vague = here & told.notnull() & ~said["vague"], here & told.notnull() & said["vague"]
        low, high = told.min(where=sound), told.max(where=sound)
        equal = (low == high).fill_null(False)

        def some(rows: Any) -> Any:
            return rows.max().fill_null(False)

        nears = list(cell.classes())
        rows = {near: sound & cell.holds(near, _of(cell, told)) for near in nears}
        there = {near: some(rows[near]) for near in nears}
        rising, falling = {one.rises for one in cell.sums} >= {True}, {one.rises for one in cell.sums} >= {False}
        worst, stands = {}, {}
        for near in nears:
            up = any(reading.rises for reading in cell.readings)
            worst[near] = told.max(where=rows[near]) if cell.read != "word" and up else told.min(where=rows[near])
            stands[near] = there[near] & ~_any(there[other] for other in nears if not other <= near)
            stands[near] &= (equal | cell.helps(near, worst[near])).fill_null(False)
            for matters, end in ((rising, high), (falling, low)):
                stands[near] &= (worst[near] == end).fill_null(False) if matters else ibis.literal(value=True)
        value = ibis.cases(*((stands[near], worst[near]) for near in nears), else_=None)
        danger = _any(stands[near] & cell.helps(near, value).fill_null(False) for near in nears)
        clash = ~equal & value.isnull() & _any(there[n] & (ibis.literal(value=True) if cell.sums else ibis.literal(bool(n))) for n in nears)
        feared = _any(
            some(vague & cell.holds(near, _of(cell, told))) & ~_any(stands[other] for other in nears if near <= other)
            for near in nears
            if near
        )
        unread = some(here & ~said["readable"]) & ~danger if cell.readings or cell.read == "word" else ibis.literal(value=False)
        final = (feared | unread).ifelse(None, value)
        if cell.readings == HURTS and cell.read != "word":
            final = feared.ifelse(1, final)
        yield cell.name, final == 1 if cell.read == "truth" else final
        if cell.readings:
            yield cell.doubt, clash | feared | unread
        if cell.name in self.timed:
            yield cell.begun, ibis.cases(*((stands[near], said["begun"].max(where=rows[near])) for near in nears), else_=None)
            yield cell.ended, ibis.cases(*((stands[near], said["ended"].max(where=rows[near])) for near in nears), else_=LATEST)
        if cell.readings and self._lasts(cell) is not None:
            unreadable = some(here & ~said["readable"])
            yield cell.vaguely, unreadable | _any(some(vague & cell.holds(near, _of(cell, told))) for near in nears if near)
        for one in self.held.get(cell.name, ()):
            if one.raises:
                holds = one.true_of(_of(cell, told))
                dropped = said["ended"].max(where=sound & holds)
                vaguely = some(vague & holds)
                unreadable = said["ended"].max(where=here & ~said["readable"])
                yield one.feared, ibis.cases((feared & vaguely, LATEST), (clash, dropped), (unread, unreadable), else_=None)
                yield one.agrees, ibis.cases((danger & vaguely, LATEST), (danger, unreadable), else_=None)

    # --- what cannot hold together

    def fitting(self, wide: Table) -> Table:
        """The values that can hold together."""
        against: dict[_Holds, list[_Holds]] = {}
        for one, other in self.pairs:
            against.setdefault(one, []).append(other)
            against.setdefault(other, []).append(one)
        holds = {one: one.true_of(wide[one.cell]).fill_null(False) for one in against}

        def older(holds: _Holds, other: _Holds) -> Any:
            return wide[self.by_name[holds.cell].ended] < wide[self.by_name[other.cell].begun]

        def before(holds: _Holds, other: _Holds) -> Any:
            """Whether one counts before another that weighs the same: dangers by when they may last have been so, the rest by when they began."""
            name = "ended" if holds.raises else "begun"
            mine, others = (wide[getattr(self.by_name[of.cell], name)] for of in (holds, other))
            return (mine > others) | ((mine == others) & (holds.cell < other.cell))

        def feared(holds: _Holds, other: _Holds) -> Any:
            """Whether the other is in doubt, and one is not certainly later."""
            return (wide[other.feared] >= wide[self.by_name[holds.cell].begun]).fill_null(False)

        beaten = {
            one: holds[one] & _any((holds[other] & ~older(other, one)) | feared(one, other) for other in others if other.raises)
            for one, others in against.items()
            if not one.raises
        }
        outdated = {
            one: _any(holds[other] & older(one, other) & ~beaten[other] for other in others if not other.raises)
            for one, others in against.items()
            if not one.raises
        }
        agreed = {
            (one, other): holds[one] & holds[other] & (wide[one.agrees] >= wide[self.by_name[other.cell].begun]).fill_null(False)
            for one, others in against.items()
            for other in others
            if one.raises and not other.raises
        }
        spoiled = {one: _any(agreed[other, one] for other in others if other.raises) for one, others in against.items() if not one.raises}
        lost: dict[str, list[Any]] = {}
        doubted: dict[str, list[Any]] = {}
        for one, others in against.items():
            if one.raises:
                alike = [holds[other] & before(other, one) for other in others if other.raises]
            else:  # of two that bring no flag nearer none counts unless it is later
                sound = [other for other in others if not other.raises]
                alike = [holds[other] & ~older(other, one) & ~beaten[other] & ~outdated[other] for other in sound]
            later = [holds[o] & older(one, o) & ~beaten[o] & (~spoiled[o] | agreed[one, o]) for o in others if one.raises and not o.raises]
            lost.setdefault(one.cell, []).append(holds[one] & _any(alike + later + ([] if one.raises else [beaten[one], spoiled[one]])))
            if one.raises:
                unsure = [holds[o] & before(o, one) & ~older(one, o) for o in others if o.raises]
                unsure += [agreed[one, o] & older(one, o) & ~beaten[o] for o in others if not o.raises]
                doubted.setdefault(one.cell, []).append(holds[one] & _any(unsure))
        changed = {name: _any(found).ifelse(None, wide[name]) for name, found in lost.items()}
        changed |= {self.by_name[name].doubt: wide[self.by_name[name].doubt] | _any(found) for name, found in doubted.items()}
        return wide.mutate(**changed) if changed else wide

    # --- what is too old

    def _lasts(self, cell: _Cell) -> float | None:
        """For how many days a denial of it holds; None: for good."""
        term = self.base.vocabulary.terms.get(cell.term)
        return term.denial_lasts if term is not None and term.kind == "boolean" else None

    def aged(self, wide: Table) -> Table:
        """Denials that are older than a denial lasts are unknown again; what agreed with one without a date is in doubt."""
        changed: dict[str, Any] = {}
        for cell in self.cells:
            days = self._lasts(cell)
            if days is not None:
                old = wide["the index"].fill_null(EARLIEST) // DAY - wide[cell.ended] // DAY > days
                denied = wide[cell.name] == dangers_of(self.base).only_clears(cell.term)
                outlived = (denied & old).fill_null(False)
                changed[cell.name] = outlived.ifelse(None, wide[cell.name])
                if cell.readings:
                    changed[cell.doubt] = wide[cell.doubt] | (outlived & wide[cell.vaguely])
        return wide.mutate(**changed) if changed else wide

    def in_doubt(self, wide: Table) -> dict[str, Any]:
        """For each finding that a red flag reads, that a danger of it was dropped in doubt, and none stands."""
        record = next((term for term in self.base.vocabulary.terms.values() if term.of_record), None)
        by_term: dict[str, list[_Cell]] = {}
        for cell in self.cells:
            if record is not None and cell.term in record.values and cell.readings:
                by_term.setdefault(cell.term, []).append(cell)
        return {
            f"{record.id}.{term}": (_any(wide[one.doubt] for one in cells) & ~_any(self._danger(one, wide) for one in cells))
            .ifelse(True, None)
            .cast("boolean")
            for term, cells in by_term.items()
            if record is not None
        }

    def _danger(self, cell: _Cell, wide: Table) -> Any:
        """Whether what stands brings some flag nearer."""
        value = wide[cell.name]
        return _any(cell.holds(near, value) & cell.helps(near, value) for near in cell.classes())


def _of(cell: _Cell, told: Any) -> Any:
    """A value of the long form as its cell says it."""
    return told == 1 if cell.read == "truth" else told


def _any(found: Iterable[Any]) -> Any:
    """Whether any of these is certainly so."""
    import ibis

    every = list(found)
    return ibis.or_(*every).fill_null(False) if every else ibis.literal(value=False)


def _meets(number: Any, bound: c.Compare) -> Any:
    """Whether a number satisfies its bounds."""
    import ibis

    compared = {"at_least": number.__ge__, "above": number.__gt__, "at_most": number.__le__, "below": number.__lt__}
    return ibis.and_(*(compared[name](limit) for name, limit in bound.bounds().items()))


def _incompatible(base: KnowledgeBase) -> Iterator[tuple[_Holds, _Holds]]:
    """The findings of a patient that cannot stand beside each other, two by two; background is of no date, and left to be found a contradiction."""
    words, read = base.vocabulary, dangers_of(base)

    def raises(term: str, value: bool | str, word: str = "") -> bool:  # noqa: FBT001 - a value, no flag
        return read.helps(HURTS if words.terms[term].draws else read.of_term.get(term, ()), value, word)

    def truth(term: str, *, present: bool) -> _Holds:
        return _Holds(term, truth=present, raises=raises(term, present))

    def leaves(source: c.Condition | None) -> Iterator[_Holds]:
        """What makes a source true alone."""
        match source:
            case c.Any(of):
                for part in of:
                    yield from leaves(part)
            case c.Item(_, _, of):
                yield from leaves(of)
            case c.Present(term) if not words.terms[term].background:
                yield truth(term, present=True)
            case c.Compare(term) if term not in words.measures:
                yield _Holds(term, bound=source, raises=any(one.nearer and one.leaf == source for one in read.of_term.get(term, ())))
            case c.Words(term, values) if not words.terms[term].background:
                for value in values:
                    if words.terms[term].kind == "many_of":
                        yield _Holds(f"{term}.{value}", truth=True, raises=raises(term, True, value))
                    else:
                        yield _Holds(term, word=value, raises=raises(term, value))
            case _:
                return

    for term in words.terms.values():
        if term.subject != "patient":
            continue
        for other in term.excludes:
            yield truth(term.id, present=True), truth(other, present=True)
        for leaf in leaves(term.denied_by):
            yield leaf, truth(term.id, present=True)
        for leaf in leaves(term.implied_by):
            yield leaf, truth(term.id, present=False)
