"""
Of everything that a table says of a person, what stands: the law of what wins, as expressions of columns.

The latest instant wins. Within doubt (the same instant, a date without a time on the same day, no date or one that cannot be read) the reading
wins that leaves more red flags raised or open, and where neither does the finding is unknown. What cannot hold together is settled likewise:
a finding that would clear a danger sign counts only if it is later than that sign. A denial ages. What is dropped in doubt is said
to be ``in_doubt``, where the vocabulary has that finding.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from mps_rules import conditions as c
from mps_rules.formulas import Column, column_of
from mps_rules.model import KnowledgeBase, Vocabulary
from mps_rules.polarity import Danger, bounds, dangerous

if TYPE_CHECKING:
    import ibis.expr.types as ir

Table: TypeAlias = "ir.Table"

EARLIEST, LATEST = -(10**15), 10**15
"""Seconds before and after every date: where the time of what has no date may begin and end."""
DAY = 86_400
"""Seconds of a day."""
IN_DOUBT = "in_doubt"
"""The finding whose words are the findings that were dropped in doubt."""

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
            FindingError: nothing that can be given of a patient.

        """
        column = column_of(at, words)
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


def _key(column: Column) -> str:
    """By what name ``dangerous`` knows what a column speaks of."""
    if column.at is None:
        return ""
    if column.at.kind in ("pain", "given"):
        return f"{'pain' if column.at.kind == 'pain' else 'labels'}.{column.at.name}"
    return f"{column.at.term}.{column.word}" if column.word else column.at.term


@attrs.frozen
class _Cell:
    """A column of the wide table: how it is read, and how red flags read it."""

    name: str
    read: Literal["truth", "number", "word"]
    term: str
    key: str
    danger: Danger | None
    values: tuple[str, ...] = ()

    @property
    def begun(self) -> str:
        return f"{self.name} begun"

    @property
    def ended(self) -> str:
        return f"{self.name} ended"

    @property
    def doubt(self) -> str:
        return f"{self.name} doubt"


@attrs.frozen
class _Holds:
    """A value of a cell that may not stand beside another: present or absent, one of some words, or a bound."""

    cell: str
    truth: bool | None = None
    word: str | None = None
    bound: c.Compare | None = None
    raises: bool = False


# --- which row wins ----------------------------------------------------------------------------------------------------


def prevailing(said: Table, person: str) -> Table:
    """
    Everything said, its values left out where the same thing was said later.

    Takes the person, ``at``, ``amount``, ``word``, ``readable``, and from when to when it may have been said (``begun``, ``ended``, in seconds).
    """
    telling = said.filter(said["amount"].notnull() | said["word"].notnull())
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

    Takes beside the columns of ``prevailing``: ``vague``, that the date cannot be read, and ``index``, the seconds of the day as of which the
    person is judged.
    """
    read = _Law(base, tuple({cell.name: cell for cell in _cells(things, base)}.values()))
    wide = said.group_by(person).aggregate(**dict(read.aggregates(said)), **{"the index": said["index"].max()})
    wide = read.fitting(wide)
    wide = read.aged(wide)
    return wide.select(person, *(cell.name for cell in read.cells), **read.in_doubt(wide))


def _cells(things: Mapping[str, Thing], base: KnowledgeBase) -> Iterator[_Cell]:
    danger = dangerous(base)
    for at, thing in things.items():
        names = [f"{at}.{value}" for value in thing.values] if thing.read == "words" else [at]
        for name in names:
            column = column_of(name, base.vocabulary)
            key = _key(column)
            term = column.at.term if column.at is not None and column.at.kind == "patient" else ""
            kind: Literal["truth", "number", "word"] = "truth" if thing.read == "words" else thing.read
            yield _Cell(name, kind, term, key, danger.get(key), thing.values if kind == "word" else ())


class _Law:
    """The law over the columns of one table."""

    def __init__(self, base: KnowledgeBase, cells: Sequence[_Cell]) -> None:
        self.base, self.cells = base, cells
        self.by_name = {cell.name: cell for cell in cells}
        self.danger, self.bounds = dangerous(base), bounds(base)
        self.pairs = [pair for pair in _incompatible(base) if pair[0].cell in self.by_name and pair[1].cell in self.by_name]

        ageing = {cell.name for cell in cells if self._ages(cell)}
        self.timed = {one.cell for pair in self.pairs for one in pair} | ageing

    # --- one thing

    def aggregates(self, said: Table) -> Iterator[tuple[str, Any]]:
        """The value of each cell; where it matters, from when to when it may have been said, and whether something of it was dropped in doubt."""
        for cell in self.cells:
            here = said["at"] == cell.name
            match cell.read:
                case "truth":
                    value, clash, raises = self._truth(cell, said, here)
                case "number":
                    value, clash, raises = self._number(cell, said, here)
                case "word":
                    value, clash, raises = self._word(cell, said, here)
            lost = None
            if cell.danger is not None or cell.read == "word":
                dropped = (~said["readable"]).max(where=here).fill_null(False)
                if cell.read == "truth":  # a denial of which no row has a date that can be read
                    dropped |= ~(~said["vague"]).max(where=here & said["amount"].notnull()).fill_null(False) & value.notnull()
                lost = dropped & ~raises.fill_null(False)
                value = lost.ifelse(None, value)
            yield cell.name, value == 1 if cell.read == "truth" else value
            if cell.name in self.timed:
                yield from self._times(cell, said, here, value)
            if lost is not None:
                yield cell.doubt, lost | clash

    def _times(self, cell: _Cell, said: Table, here: Any, value: Any) -> Iterator[tuple[str, Any]]:
        """When what stands was said at the earliest, and at the latest."""

        def time(name: str, rows: Any) -> Any:
            return said[name].max(where=rows & (said["amount"].notnull() | said["word"].notnull()))

        def of_value(name: str, more: Any) -> Any:
            if cell.read != "truth":
                return time(name, here & more)
            return (value == 1).ifelse(time(name, here & more & (said["amount"] == 1)), time(name, here & more & (said["amount"] == 0)))

        yield cell.begun, of_value("begun", said["begun"].notnull())
        yield cell.ended, of_value("ended", ~said["vague"]).fill_null(LATEST)

    def _truth(self, cell: _Cell, said: Table, here: Any) -> tuple[Any, Any, Any]:
        import ibis

        low, high = said["amount"].min(where=here), said["amount"].max(where=here)
        if cell.danger in ("present", "absent"):
            value = high if cell.danger == "present" else low
            return value, ibis.literal(value=False), value == (1 if cell.danger == "present" else 0)
        value = (low == high).ifelse(high, None)
        return value, (low < high).fill_null(False), value == 1

    def _number(self, cell: _Cell, said: Table, here: Any) -> tuple[Any, Any, Any]:
        low, high = said["amount"].min(where=here), said["amount"].max(where=here)
        one, other = (low, high) if cell.danger == "lower" else (high, low)
        first = self._beats(cell, one, other) & self._raises(cell, one)
        second = self._beats(cell, other, one) & self._raises(cell, other)
        value = (
            (low == high).ifelse(high, first.ifelse(one, second.ifelse(other, None))) if cell.danger else (low == high).ifelse(high, None)
        )
        return value, ((low < high) & value.isnull()).fill_null(False), self._raises(cell, value)

    def _beats(self, cell: _Cell, one: Any, other: Any) -> Any:
        """Whether a number leaves every flag at least as near as another."""
        import ibis

        parts = [
            _meets(one, bound) | ~_meets(other, bound) if way else ~_meets(one, bound) | _meets(other, bound)
            for bound, way in self._read(cell)
        ]
        if not parts:
            return one >= other if cell.danger == "higher" else one <= other if cell.danger == "lower" else ibis.literal(value=False)
        return ibis.and_(*parts)

    def _raises(self, cell: _Cell, one: Any) -> Any:
        """Whether a number brings some flag nearer than if it were unknown."""
        import ibis

        parts = [_meets(one, bound) if way else ~_meets(one, bound) for bound, way in self._read(cell)]
        return ibis.or_(*parts) if parts else one > 0

    def _read(self, cell: _Cell) -> tuple[tuple[c.Compare, bool], ...]:
        return self.bounds.get(cell.key, ())

    def _word(self, cell: _Cell, said: Table, here: Any) -> tuple[Any, Any, Any]:
        """The only word; else the only one that raises a flag, beside none that flags read both ways."""
        import ibis

        low, high = said["word"].min(where=here), said["word"].max(where=here)
        dangers = {word: self.danger.get(f"{cell.key}.{word}") for word in cell.values}
        says = {word: (said["word"] == word).max(where=here).fill_null(False) for word in cell.values}

        def among(*wanted: Danger | None) -> Any:
            found = [says[word].cast("int64") for word, danger in dangers.items() if danger in wanted]
            return sum(found[1:], found[0]) if found else ibis.literal(0)

        read = [word for word, danger in dangers.items() if danger is not None]
        clash = (low < high).fill_null(False)
        if not read:
            return (low == high).ifelse(high, None), clash, ibis.literal(value=False)
        only = (among("present") == 1) & (among("either") == 0)
        cases = [(low == high, high)]
        cases += [(only & says[word], ibis.literal(word)) for word, danger in dangers.items() if danger == "present"]
        value = ibis.cases(*cases, else_=ibis.null("string"))
        return value, clash & value.isnull(), value.isin([word for word, danger in dangers.items() if danger == "present"] or [""])

    # --- what cannot hold together

    def fitting(self, wide: Table) -> Table:
        """The values that can hold together."""
        import ibis

        against: dict[_Holds, list[_Holds]] = {}
        for one, other in self.pairs:
            against.setdefault(one, []).append(other)
            against.setdefault(other, []).append(one)
        holds = {one: self._holds(wide, one) for one in against}

        def older(one: _Holds, other: _Holds) -> Any:
            return wide[self.by_name[one.cell].ended] < wide[self.by_name[other.cell].begun]

        def any_of(found: Iterable[Any]) -> Any:
            every = list(found)
            return ibis.or_(*every).fill_null(False) if every else ibis.literal(value=False)

        beaten = {
            one: any_of(holds[one] & holds[other] & ~older(other, one) for other in others if other.raises)
            for one, others in against.items()
            if not one.raises
        }
        lost: dict[str, list[Any]] = {}
        doubted: dict[str, list[Any]] = {}
        for one, others in against.items():
            together = {other: holds[one] & holds[other] for other in others}
            alike = [other for other in others if other.raises == one.raises]
            gone = [together[other] & ~older(other, one) for other in alike]
            gone += [beaten[one]] if not one.raises else [together[o] & older(one, o) & ~beaten[o] for o in others if not o.raises]
            unsure = [together[o] & ~older(one, o) & ~older(o, one) for o in others if o.raises or not one.raises]
            lost.setdefault(one.cell, []).append(any_of(gone))
            doubted.setdefault(one.cell, []).append(any_of(unsure))
        changed = {name: any_of(found).ifelse(None, wide[name]) for name, found in lost.items()}
        changed |= {
            doubt: wide[doubt] | any_of(found) for name, found in doubted.items() if (doubt := self.by_name[name].doubt) in wide.columns
        }
        return wide.mutate(**changed) if changed else wide

    def _holds(self, wide: Table, one: _Holds) -> Any:
        value = wide[one.cell]
        if one.bound is not None:
            return _meets(value, one.bound)
        return value == one.word if one.word is not None else value == one.truth

    # --- what is too old

    def _ages(self, cell: _Cell) -> bool:
        """Whether a denial of it ages: of a danger sign, and not of what has once been."""
        term = self.base.vocabulary.terms.get(cell.term)
        once = {term for window in self.base.omop.windows if window.within == "ever" for term in window.terms}
        return term is not None and term.kind == "boolean" and not term.background and cell.term not in once and cell.danger is not None

    def aged(self, wide: Table) -> Table:
        """Denials that are older than a denial lasts are unknown again."""
        days = self.base.omop.denial_lasts
        changed: dict[str, Any] = {}
        for cell in self.cells:
            if days is not None and self._ages(cell):
                old = wide["the index"].fill_null(EARLIEST) // DAY - wide[cell.ended] // DAY > days
                denied = wide[cell.name] == (cell.danger == "absent")
                changed[cell.name] = (denied & old).fill_null(False).ifelse(None, wide[cell.name])
        return wide.mutate(**changed) if changed else wide

    def in_doubt(self, wide: Table) -> dict[str, Any]:
        """For each finding that was dropped in doubt and is read by a red flag, that it was."""
        import ibis

        doubtful = self.base.vocabulary.terms.get(IN_DOUBT)
        by_term: dict[str, list[Any]] = {}
        for cell in self.cells:
            if doubtful is not None and cell.term in doubtful.values:
                by_term.setdefault(cell.term, []).extend([wide[cell.doubt]] if cell.doubt in wide.columns else [])
        return {
            f"{IN_DOUBT}.{term}": ibis.or_(*found).fill_null(False).ifelse(True, None).cast("boolean")
            for term, found in by_term.items()
            if found
        }


def _meets(number: Any, bound: c.Compare) -> Any:
    """Whether a number satisfies its bounds."""
    import ibis

    compared = {"at_least": number.__ge__, "above": number.__gt__, "at_most": number.__le__, "below": number.__lt__}
    return ibis.and_(*(compared[name](limit) for name, limit in bound.bounds().items()))


def _incompatible(base: KnowledgeBase) -> Iterator[tuple[_Holds, _Holds]]:
    """The findings of a patient that cannot stand beside each other, two by two; background is of no date, and left to be found a contradiction."""
    words, danger = base.vocabulary, dangerous(base)

    def truth(term: str, *, present: bool) -> _Holds:
        return _Holds(term, truth=present, raises=danger.get(term) == ("present" if present else "absent"))

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
                yield _Holds(term, bound=source, raises=(source, True) in bounds(base).get(term, ()))
            case c.Words(term, values) if not words.terms[term].background:
                for value in values:
                    raises = danger.get(f"{term}.{value}") == "present"
                    many = words.terms[term].kind == "many_of"
                    yield _Holds(f"{term}.{value}", truth=True, raises=raises) if many else _Holds(term, word=value, raises=raises)
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
