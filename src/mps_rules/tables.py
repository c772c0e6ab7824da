"""
Tables of patients, from wherever they come: what each column holds, and the long form turned wide.

A wide table has a row for each person and a column for each address of a finding. A long one has a row for each thing said. What comes in
goes out: a Polars frame for a Polars frame, an ibis table for an ibis table.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import uuid4

import attrs

from mps_rules.errors import Fault, FindingError, UnsupportedError, closest
from mps_rules.formulas import Kind, column_of
from mps_rules.model import SIDES, Vocabulary
from mps_rules.steps import NOT_SAID, SAID, stripped

if TYPE_CHECKING:
    import ibis.expr.types as ir

Table: TypeAlias = "ir.Table"
Backend: TypeAlias = Literal["polars", "duckdb", "spark"]

LONG = ("term", "value")
"""The columns by which a long table is known, beside the person."""
ABOUT = ("region", "muscle", "label", "side", "date")
"""What a long table may say beside: of what, on which side, and when."""

LOCAL_RELATION = "spark.sql.execution.arrow.localRelationThreshold"
"""Spark computes rows that are smaller than this while it plans, every step of them in full; that would fill its memory."""


def opened(table: Any, backend: Backend = "polars") -> tuple[Table, Callable[[Table], Any]]:
    """
    The table as ibis sees it, and how to give back one of the same kind; an ibis table stays where it lives.

    Raises:
        FindingError: it is no table, or no such backend.
        UnsupportedError: ibis or the backend is not installed; names the extra.

    """
    ibis = _ibis()
    if isinstance(table, ibis.Table):
        return table, lambda made: made
    connection = connected(backend)
    if isinstance(table, str | PathLike):
        path = str(table)
        if not path.endswith((".csv", ".csv.gz")):
            return connection.read_parquet(path), _as_polars(backend)
        as_text = {"polars": {"infer_schema": False}, "duckdb": {"all_varchar": True}, "spark": {"header": True}}
        return connection.read_csv(path, **as_text[backend]), _as_polars(backend)
    kind = type(table).__module__.partition(".")[0]
    give_back = {
        "polars": _as_polars(backend),
        "pandas": lambda made: made.to_pyarrow().to_pandas(),
        "pyarrow": lambda made: made.to_pyarrow(),
    }
    if kind not in give_back:
        raise FindingError([Fault("", f"expected an ibis table, a frame, an Arrow table or a path, got {type(table).__name__}")])
    return _held(table, kind, connection, backend), give_back[kind]


def _held(table: Any, kind: str, connection: Any, backend: Backend) -> Table:
    """A frame as a table of the connection: of that one, for a table of no connection would be computed by whichever is ibis' default."""
    if backend == "polars":
        return connection.create_table("cohort", table)
    import pyarrow as pa

    rows = table.to_arrow() if kind == "polars" else pa.Table.from_pandas(table, preserve_index=False) if kind == "pandas" else table
    if backend == "duckdb":
        connection.con.register("cohort", rows)
        return connection.table("cohort")
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    name = f"cohort_{uuid4().hex}"  # the session, and with it the names, may be somebody else's too
    with _set(session, LOCAL_RELATION, "0"):
        session.createDataFrame(rows).createTempView(name)
    return connection.table(name)


@contextmanager
def _set(session: Any, name: str, value: str) -> Iterator[None]:
    before = session.conf.get(name)
    session.conf.set(name, value)
    try:
        yield
    finally:
        session.conf.set(name, before)


def _as_polars(backend: Backend) -> Callable[[Table], Any]:
    return (lambda made: made.to_polars(engine="streaming")) if backend == "polars" else (lambda made: made.to_polars())


def _ibis() -> Any:
    try:
        import ibis
    except ModuleNotFoundError as error:
        raise UnsupportedError([Fault("", "tables of patients need ibis: pip install 'mps-rules[cohort]'")]) from error
    return ibis


def connected(backend: Backend) -> Any:
    """
    A new connection of ibis to a backend that runs here.

    Raises:
        FindingError: no such backend.
        UnsupportedError: it is not installed; names the extra.

    """
    ibis = _ibis()
    try:
        match backend:
            case "polars":
                return ibis.polars.connect()
            case "duckdb":
                return ibis.duckdb.connect()
            case "spark":
                os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
                return ibis.pyspark.connect()
    except ModuleNotFoundError as error:
        extra = "spark" if backend == "spark" else "cohort"
        raise UnsupportedError([Fault("backend", f"{backend} needs: pip install 'mps-rules[{extra}]'")]) from error
    raise FindingError([Fault("backend", f"no backend {backend!r}", closest(backend, ("polars", "duckdb", "spark")))])


def kinds_of(source: Table) -> dict[str, Kind]:
    """What the cells of each column are."""
    kinds: dict[str, Kind] = {}
    for name, type_ in source.schema().items():
        if type_.is_null():
            kinds[name] = "empty"
        elif type_.is_boolean():
            kinds[name] = "boolean"
        elif type_.is_integer():
            kinds[name] = "integer"
        elif type_.is_numeric():
            kinds[name] = "number"
        elif type_.is_array():
            kinds[name] = "words"
        else:
            kinds[name] = "text"
    return kinds


# --- the long form -----------------------------------------------------------------------------------------------------


def is_long(source: Table) -> bool:
    """Whether a table has a row for each thing said."""
    return set(LONG) <= set(source.columns)


def pivoted(source: Table, words: Vocabulary, person: str) -> tuple[Table, Table]:
    """
    A long table as a wide one, and what of it could not be read: person, column, fault.

    Columns: the person, ``term`` (a finding, ``pain``, ``label``, or what a column of a wide table may be called), ``value``, and perhaps ``region``, ``muscle``,
    ``label``, ``side``, ``date``. Of several values for one thing the latest holds; different ones of one date are a fault, and not known.

    Raises:
        FindingError: columns that have no meaning here.

    """
    absent = [] if person in source.columns else [Fault(person, "no such column", closest(person, source.columns))]
    strange = [n for n in source.columns if n not in (person, *LONG, *ABOUT)]
    if faults := [*absent, *(Fault(n, "no such column in a long table", closest(n, ABOUT)) for n in strange)]:
        raise FindingError(faults)
    said = _addressed(source, person)
    things: dict[str, Thing] = {}
    unknown: dict[str, str] = {}
    for at in _distinct(said):
        try:
            things[at] = Thing.of(at, words)
        except FindingError as error:
            unknown[at] = error.faults[0].what + (f"; closest is {error.faults[0].closest!r}" if error.faults[0].closest else "")
    said = said.mutate(at=_renamed(said, {at: thing.column for at, thing in things.items()}))
    things = {thing.column: thing for thing in things.values()}
    if "date" in source.columns:
        said = _latest(said.mutate(thing=_renamed(said, {at: thing.name for at, thing in things.items()})), person)
    said = _read(said, things)
    return widened(said, things, person), _unread(said, unknown, person)


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


def _distinct(said: Table) -> list[str]:
    """Every address that some row names."""
    return sorted(at for at in said.select("at").distinct().to_pyarrow().column("at").to_pylist() if at is not None)


def _renamed(said: Table, names: Mapping[str, str]) -> Any:
    """The addresses, those with another name by that name."""
    others = {at: name for at, name in names.items() if at != name}
    return said["at"].substitute(others) if others else said["at"]


def _latest(said: Table, person: str) -> Table:
    """Of each thing said of a person what was said last; of that which has no date, everything."""
    last = said.group_by([person, "thing"]).aggregate(latest=said["date"].max())
    last = last.select(who=last[person], what=last["thing"], latest=last["latest"])
    both = said.left_join(last, [said[person] == last["who"], said["thing"] == last["what"]])
    return both.filter((both["date"] == both["latest"]) | both["latest"].isnull()).select(*said.columns)


def _addressed(source: Table, person: str) -> Table:
    """Each row with the address of what it speaks of and its value as text; both sides are two rows."""
    import ibis

    parts = {
        name: stripped(source[name].cast("string")).nullif("") if name in source.columns else ibis.null("string")
        for name in ABOUT
        if name != "date"
    }
    dated = {"date": source["date"]} if "date" in source.columns else {}
    text = stripped(source["value"].cast("string"))
    term = stripped(source["term"].cast("string")).nullif("")
    said = source.select(source[person], term=term, text=text.lower().notin(NOT_SAID).ifelse(text, None), **parts, **dated)
    if "side" in source.columns:
        both = said.filter(said["side"] == "bilateral")
        one = said.filter((said["side"] != "bilateral") | said["side"].isnull())
        said = ibis.union(one, *(both.mutate(side=ibis.literal(side)) for side in SIDES))
    side = said["side"].isnull().ifelse("", ibis.literal(".") + said["side"])
    at = ibis.cases(
        (said["muscle"].notnull(), said["muscle"] + side + "." + said["term"]),
        (said["region"].notnull() & (said["term"] == "pain"), ibis.literal("pain.") + said["region"] + side),
        (said["region"].notnull(), said["region"] + side + "." + said["term"]),
        (said["label"].notnull() & said["term"].isin(["label", "prior_label"]), ibis.literal("labels.") + said["label"]),
        (said["label"].notnull(), said["label"] + "." + said["term"]),
        else_=said["term"] + side,
    )
    return said.select(person, "text", at=at, **({"date": said["date"]} if dated else {}))


def _read(said: Table, things: Mapping[str, Thing]) -> Table:
    """The values as truths, numbers and words; a word of several has an address of its own."""
    import ibis

    def of(*read: str) -> Any:
        return said["at"].isin([at for at, thing in things.items() if thing.read in read] or [""])

    def spelt(word: str) -> Any:
        """Whether a row says a word that its finding can take."""
        by_values: dict[tuple[str, ...], list[str]] = {}
        for at, thing in things.items():
            if thing.read == word:
                by_values.setdefault(thing.values, []).append(at)
        found = [said["at"].isin(at) & said["text"].isin(list(values)) for values, at in sorted(by_values.items())]
        return ibis.or_(*found).fill_null(False) if found else ibis.literal(False)

    truth = ibis.cases(
        (said["text"].lower().isin([word for word, value in SAID.items() if value]), ibis.literal(1)),
        (said["text"].lower().isin([word for word, value in SAID.items() if not value]), ibis.literal(0)),
        else_=None,
    ).cast("float64")
    several = spelt("words")
    amount = ibis.cases((of("truth"), truth), (of("number"), said["text"].try_cast("float64")), (several, ibis.literal(1.0)), else_=None)
    word = spelt("word").ifelse(said["text"], None)
    at = several.ifelse(said["at"] + "." + said["text"], said["at"])
    return said.mutate(at=at, amount=amount, word=word, readable=amount.notnull() | word.notnull() | said["text"].isnull())


def widened(said: Table, things: Mapping[str, Thing], person: str) -> Table:
    """
    A row for each person, a column for each address; what has two values is not known.

    Takes a row for each thing said: the person, ``at`` (an address, or that of a word), and its value as an ``amount`` or a ``word``.
    """
    columns: dict[str, Any] = {}
    for at, thing in things.items():
        truths = [f"{at}.{value}" for value in thing.values] if thing.read == "words" else [at] if thing.read == "truth" else []
        for name in truths:
            columns[name] = _one_value(said["amount"], said["at"] == name) == 1
        if thing.read in ("number", "word"):
            columns[at] = _one_value(said["amount" if thing.read == "number" else "word"], said["at"] == at)
    return said.group_by(person).aggregate(**columns)


def _one_value(values: Any, here: Any) -> Any:
    """The value there, where there is but one."""
    last = values.max(where=here)
    return (values.min(where=here) == last).ifelse(last, None)


def _unread(said: Table, unknown: Mapping[str, str], person: str) -> Table:
    """The rows that name nothing that can be known, or whose value cannot be read, and the things said to have different values."""
    import ibis

    def named(rows: Table, column: Any, fault: Any) -> Table:
        return rows.select(rows[person].cast("string").name("person"), column.name("column"), fault.cast("string").name("fault"))

    def faults() -> Iterator[Table]:
        nothing = said.filter(said["at"].isnull())
        yield named(nothing, ibis.literal("term"), ibis.literal("names nothing"))
        for at, fault in unknown.items():
            rows = said.filter(said["at"] == at)
            yield named(rows, rows["at"], ibis.literal(fault))
        unreadable = said.filter(~said["readable"] & said["at"].notin([*unknown, ""]))
        yield named(unreadable, unreadable["at"], ibis.literal("cannot be read: ") + unreadable["text"])
        amount, word = said["amount"], said["word"]
        two = ((amount.min() < amount.max()) | (word.min() < word.max())).fill_null(False)
        values = said.group_by([person, "at"]).aggregate(two=two)
        values = values.filter(values["two"])
        yield named(values, values["at"], ibis.literal("is said to have different values"))

    return ibis.union(*faults())
