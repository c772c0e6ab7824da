"""
Tables of patients, from wherever they come: what each column holds, and the long form turned wide.

A wide table has a row for each person and a column for each address of a finding. A long one has a row for each thing said. What comes in
goes out: a Polars frame for a Polars frame, an ibis table for an ibis table.
"""

import csv
import itertools
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args
from uuid import uuid4

from mps_rules.errors import Fault, FindingError, MpsRulesError, UnsupportedError, closest, shown
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.population.formulas import Kind, column_of
from mps_rules.population.standing import DAY, EARLIEST, LATEST, Thing, prevailing, widened
from mps_rules.population.steps import stripped
from mps_rules.population.written import NOT_SAID, SAID

if TYPE_CHECKING:
    import ibis.expr.types as ir

Table: TypeAlias = "ir.Table"
Backend: TypeAlias = Literal["polars", "duckdb", "spark"]
Dates: TypeAlias = Literal["ISO", "day-first", "month-first"]
"""How dates are written as text: 2026-02-01 always, and beside it 01.02.2026 or 02/01/2026 where that was told."""

LONG = ("term", "value")
"""The columns by which a long table is known, beside the person."""
ABOUT = ("region", "muscle", "label", "side", "date")
"""What a long table may say beside: of what, on which side, and when."""

LOCAL_RELATION = "spark.sql.execution.arrow.localRelationThreshold"
"""Spark computes rows that are smaller than this while it plans, every step of them in full; that would fill its memory."""

BACKENDS = ("ibis", "polars", "duckdb", "_duckdb", "pyarrow", "pandas", "pyspark", "py4j", "sqlglot")
"""Whose errors are said as faults of a table."""
LISTED = 20
"""So many columns that a long table does not have are named."""
LOOKED_AT = 5_000_000
"""So many lines of a CSV file are looked at for what is wrong with it."""
_PASSWORD = re.compile(r"(://[^/:@\s]*):[^/@\s]*@")


def opened(table: Any, backend: Backend = "polars") -> tuple[Table, Callable[[Table], Any]]:
    """
    The table as ibis sees it, and how to give back one of the same kind, from one of ibis or of Arrow; an ibis table stays where it lives.

    Raises:
        FindingError: it is no table, or no such backend.
        UnsupportedError: ibis or the backend is not installed; names the extra.

    """
    ibis = _ibis()
    if isinstance(table, ibis.Table):
        return table, lambda made: made
    connection = connected(backend)
    if isinstance(table, str | PathLike):
        with understood(table):
            return _of_file(str(table), connection, backend), _as_polars(backend)
    kind = type(table).__module__.partition(".")[0]
    give_back = {
        "polars": _as_polars(backend),
        "pandas": _as_pandas,
        "pyarrow": _as_arrow,
    }
    if kind not in give_back:
        raise FindingError([Fault("", f"expected an ibis table, a frame, an Arrow table or a path, got {type(table).__name__}")])
    with understood(""):
        return _held(table, kind, connection, backend), give_back[kind]


def _as_pandas(made: Any) -> Any:
    """A pandas frame; a truth is a nullable boolean, whether a cell is missing or not."""
    import pyarrow as pa

    nullable = import_module("pandas").BooleanDtype()
    return _as_arrow(made).to_pandas(types_mapper={pa.bool_(): nullable}.get)


def _of_file(path: str, connection: Any, backend: Backend) -> Table:
    if "://" not in path and not set("*?[") & set(path) and not Path(path).exists():
        raise FindingError([Fault(path, "no such file")])
    if Path(path).is_dir() and not any(Path(path).glob("*.parquet")):
        raise FindingError([Fault(path, "is a folder that holds no Parquet files")])
    if not path.endswith((".csv", ".csv.gz")):
        return connection.create_table("cohort", _as_text(_scanned(path))) if backend == "polars" else connection.read_parquet(path)
    as_text = {"polars": {"infer_schema": False}, "duckdb": {"all_varchar": True}, "spark": {"header": True}}
    return connection.read_csv(path, **as_text[backend])


def _scanned(path: str) -> Any:
    import polars as pl

    return pl.scan_parquet(path)


def _as_text(frame: Any) -> Any:
    """A frame of Polars, its categories as the texts that they are."""
    kinds = frame.collect_schema()
    return frame.cast({name: str for name, kind in kinds.items() if str(kind).startswith(("Categorical", "Enum"))})


def _held(table: Any, kind: str, connection: Any, backend: Backend) -> Table:
    """A frame as a table of the connection: of that one, for a table of no connection would be computed by whichever is ibis' default."""
    if kind == "polars" and backend == "polars":
        return connection.create_table("cohort", _as_text(table))
    rows = _arrow(table, kind)
    if backend == "polars":
        return connection.create_table("cohort", rows)
    if backend == "duckdb":
        connection.con.register("cohort", rows)
        return connection.table("cohort")
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    name = f"cohort_{uuid4().hex}"  # the session, and with it the names, may be somebody else's too
    with _set(session, LOCAL_RELATION, "0"):
        session.createDataFrame(rows).createTempView(name)
    return connection.table(name)


def _arrow(table: Any, kind: str) -> Any:
    """A frame as an Arrow table, its categories as the texts that they are."""
    import pyarrow as pa

    names = [
        str(name) for name in (table.collect_schema() if kind == "polars" else table.columns if kind == "pandas" else table.column_names)
    ]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise FindingError([Fault(name, "stands twice") for name in twice])
    if kind == "polars":
        rows = _as_text(table).lazy().collect().to_arrow()
    else:
        rows = pa.Table.from_pandas(table, preserve_index=False) if kind == "pandas" else table
    for number, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            rows = rows.set_column(number, field.name, rows.column(number).cast(field.type.value_type))
    return rows


@contextmanager
def understood(table: Any) -> Iterator[None]:
    """
    Whatever a backend says in errors of its own of a table that it cannot read, said as a fault of that table, with its lines where it is a CSV file.

    Raises:
        FindingError: the backend failed.

    """
    try:
        yield
    except (MpsRulesError, AssertionError, MemoryError):
        raise
    except Exception as error:
        where = str(table) if isinstance(table, str | PathLike) else ""
        root = type(error).__module__.partition(".")[0]
        if not where and root not in BACKENDS and not _came_from_a_backend(error):
            raise
        lines = list(_faulty_lines(Path(where))) if where.endswith(".csv") and Path(where).is_file() else []
        raise FindingError(lines or [Fault(where, f"cannot be read: {first_line(error)}")]) from error


def _came_from_a_backend(error: BaseException) -> bool:
    """Whether an error of Python's own was raised inside a backend."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        last, trace = str(trace.tb_frame.f_globals.get("__name__", "")), trace.tb_next
    return last.partition(".")[0] in BACKENDS


def first_line(error: BaseException) -> str:
    """The first line of what an error says, without a password."""
    said = " ".join(str(part) for part in error.args) or type(error).__name__
    return _PASSWORD.sub(r"\1:...@", said.strip().partition("\n")[0])[:200]


def _faulty_lines(path: Path) -> Iterator[Fault]:
    """The lines of a CSV file that are no UTF-8 text, or have more fields than the first."""
    with path.open("rb") as file:
        width = 0
        for number, raw in enumerate(itertools.islice(file, LOOKED_AT), 1):
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                yield Fault(f"{path}, line {number}", f"is no UTF-8 text (byte {error.start + 1})")
                continue
            if line.count('"') % 2:
                yield Fault(f"{path}, line {number}", "has a quotation mark that is not closed")
                return
            fields = len(next(csv.reader([line]), []))
            width = width or fields
            if fields > width:
                yield Fault(f"{path}, line {number}", f"has {fields} fields, the first line {width}")


@contextmanager
def _set(session: Any, name: str, value: str) -> Iterator[None]:
    before = session.conf.get(name)
    session.conf.set(name, value)
    try:
        yield
    finally:
        session.conf.set(name, before)


def _as_polars(backend: Backend) -> Callable[[Any], Any]:
    def given_back(made: Any) -> Any:
        import polars as pl
        import pyarrow as pa

        if isinstance(made, pa.Table):
            return _as_text(pl.from_arrow(made))
        return made.to_polars(engine="streaming") if backend == "polars" else made.to_polars()

    return given_back


def _as_arrow(made: Any) -> Any:
    """A table of ibis, or one that was worked out, as a table of Arrow with its words as text."""
    import pyarrow as pa

    if not isinstance(made, pa.Table):
        return made.to_pyarrow()
    fields = [field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field for field in made.schema]
    return made.cast(pa.schema(fields))


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
        elif type_.is_string():
            kinds[name] = "text"
        else:
            kinds[name] = "date" if type_.is_temporal() else "other"
    return kinds


# --- the long form -----------------------------------------------------------------------------------------------------


def is_long(source: Table) -> bool:
    """Whether a table has a row for each thing said."""
    return set(LONG) <= set(source.columns)


def pivoted(source: Table, base: KnowledgeBase, person: str, dates: Dates = "ISO") -> tuple[Table, Table]:
    """
    A long table as a wide one, and what of it could not be read: person, column, fault.

    Columns: the person, ``term`` (a finding, ``pain``, ``label``, or what a column of a wide table may be called), ``value``, and perhaps ``region``, ``muscle``,
    ``label``, ``side``, ``date``. Of several values for one thing that stands which ``standing`` says. A date that cannot be read is a fault, and
    what was said then is of no date. What was said longer before the last date of that person than its window (``omop.yaml``) says nothing.

    Raises:
        FindingError: columns that have no meaning here, or no such way to write dates.

    """
    if dates not in get_args(Dates):
        raise FindingError(
            [Fault("dates", f"expected one of {', '.join(get_args(Dates))}, got {shown(dates)}", closest(dates, get_args(Dates)))]
        )
    absent = [] if person in source.columns else [Fault(person, "no such column", closest(person, source.columns))]
    strange = [n for n in source.columns if n not in (person, *LONG, *ABOUT)]
    absent += [Fault(n, "no such column in a long table", closest(n, ABOUT)) for n in strange[:LISTED]]
    if len(strange) > LISTED:
        absent.append(Fault("", f"and {len(strange) - LISTED:,} more columns that a long table does not have"))
    kinds = kinds_of(source)
    absent += [Fault(n, f"expected text, got {kinds[n]}") for n in ("term", "value") if n in kinds and kinds[n] in ("words", "other")]
    if kinds.get("date", "date") not in ("date", "text", "empty"):
        absent.append(Fault("date", f"expected dates, got {kinds['date']}"))
    if absent:
        raise FindingError(absent)
    said = _dated(_addressed(source, person), dates)
    things: dict[str, Thing] = {}
    unknown: dict[str, str] = {}
    for at in _distinct(said):
        try:
            things[at] = Thing.of(at, base.vocabulary)
        except FindingError as error:
            unknown[at] = error.faults[0].what + (f"; closest is {error.faults[0].closest!r}" if error.faults[0].closest else "")
    said = said.mutate(at=_renamed(said, {at: thing.column for at, thing in things.items()}))
    things = {thing.column: thing for thing in things.values()}
    said = prevailing(_recent(_read(said, things), _windows(things, base), person), person)
    return widened(said, things, base, person), _unread(said, unknown, person)


_ISO = r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
_LOCAL = r"^([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})"
_CLOCK = r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?)?"
_ZONED = r":[0-9]{2}.*(Z|[+-][0-9]{2}:?[0-9]{2})$"
_OFFSET = r"(Z|[+-][0-9]{2}:?[0-9]{2})?$"


def _dated(said: Table, dates: Dates) -> Table:
    """From when to when each row may have been said, in seconds; ``vague`` where its date cannot be read, ``index`` the last day of all."""
    import ibis

    if "date" not in said.columns or said["date"].type().is_null():
        nothing = {"begun": EARLIEST, "ended": LATEST}
        values = {name: ibis.literal(value).cast("int64") for name, value in nothing.items()}
        return said.mutate(vague=ibis.literal(value=False), index=ibis.null("int64"), written=ibis.null("string"), **values)
    date = said["date"]
    if date.type().is_string():
        said = said.mutate(written=stripped(date).nullif(""))
        begun, ended = _written(said, dates)
    elif date.type().is_timestamp():
        begun = seconds(date.year(), date.month(), date.day()) + (date.hour() * 60 + date.minute()).cast("int64") * 60 + date.second()
        midnight = (date.hour() == 0) & (date.minute() == 0) & (date.second() == 0)
        said, ended = said.mutate(written=date.cast("string")), midnight.ifelse(begun + DAY - 1, begun)
    else:
        begun = seconds(date.year(), date.month(), date.day())
        said, ended = said.mutate(written=date.cast("string")), begun + DAY - 1
    said = said.mutate(begun=begun, ended=ended)
    said = said.mutate(vague=said["written"].notnull() & said["begun"].isnull(), index=said["begun"])
    return said.mutate(begun=said["begun"].fill_null(EARLIEST), ended=said["ended"].fill_null(LATEST)).drop("date")


def _written(said: Table, dates: Dates) -> tuple[Any, Any]:
    """From when to when text says that something was said; null where it is no date, or one that may be two."""
    import ibis

    text = said["written"]
    iso, local = _ISO + _CLOCK + _OFFSET, _LOCAL + _CLOCK + _OFFSET
    is_iso, is_local = text.re_search(iso), text.re_search(local)

    def part(group: int, of_iso: int, of_local: int) -> Any:
        """A number of the text, by its place in either form; the groups of the clock follow."""
        found = is_iso.ifelse(text.re_extract(iso, of_iso or group), text.re_extract(local, of_local or group))
        return found.nullif("").try_cast("int64")

    first, second, year = part(0, 3, 1), part(0, 2, 2), part(0, 1, 3)
    told = {"day-first": ibis.literal(value=False), "month-first": ~is_iso}.get(dates)
    if told is None:  # a number above 12 is no month; what may be read both ways is not read
        told = ~is_iso & (first <= 12) & (second > 12)
        clear = is_iso | (first > 12) | (second > 12) | (first == second)
    else:
        clear = ibis.literal(value=True)
    day, month = told.ifelse(second, first), told.ifelse(first, second)
    hour, minute, second_ = (part(group, 0, 0) for group in (4, 5, 6))
    offset = is_iso.ifelse(text.re_extract(iso, 7), text.re_extract(local, 7)).nullif("")
    zone = offset.replace("Z", "+00:00").replace(":", "")
    shift = zone.substr(1, 2).try_cast("int64") * 3600 + zone.substr(3, 2).try_cast("int64") * 60
    shift = zone.startswith("-").ifelse(-shift, shift).fill_null(0)
    possible = month.between(1, 12) & (day >= 1) & (day <= last_day(year, month)) & (year >= 1)
    possible &= (hour.fill_null(0) < 24) & (minute.fill_null(0) < 60) & (second_.fill_null(0) < 60)
    clock = hour.fill_null(0) * 3600 + minute.fill_null(0) * 60 + second_.fill_null(0)
    local_time = ((is_iso | is_local) & clear & possible).ifelse(seconds(year, month, day) + clock, None)
    length = ibis.cases((hour.isnull(), DAY - 1), (second_.isnull(), 59), else_=0)
    instant = local_time - shift
    if not _mixed(said.filter(instant.notnull())):
        return instant, instant + length
    return ibis.least(instant, local_time), ibis.greatest(instant, local_time) + length


def _mixed(said: Table) -> bool:
    """Whether some times have an offset and others none: then an instant is of its own local day too, and what lies between is in doubt."""
    offset = said["written"].re_search(_ZONED)
    found = said.select(offset=offset).distinct().to_pyarrow().column("offset").to_pylist()
    return len(found) > 1


def last_day(year: Any, month: Any) -> Any:
    """The last day of a month."""
    import ibis

    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return ibis.cases((month.isin([2]), leap.ifelse(29, 28)), (month.isin([4, 6, 9, 11]), 30), else_=31)


def seconds(year: Any, month: Any, day: Any) -> Any:
    """The seconds from 1970 to a day; counted in whole numbers, every backend counts alike."""
    year, month, day = (one.cast("int64") for one in (year, month, day))
    year = year - (month <= 2).ifelse(1, 0)
    month = (month + 9) % 12
    days = year * 365 + year // 4 - year // 100 + year // 400 + (month * 153 + 2) // 5 + day - 1
    return (days - 719_468) * DAY


def _distinct(said: Table) -> list[str]:
    """Every address that some row names."""
    return sorted(at for at in said.select("at").distinct().to_pyarrow().column("at").to_pylist() if at is not None)


def _renamed(said: Table, names: Mapping[str, str]) -> Any:
    """The addresses, those with another name by that name."""
    others = {at: name for at, name in names.items() if at != name}
    return said["at"].substitute(others) if others else said["at"]


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


def _windows(things: Mapping[str, Thing], base: KnowledgeBase) -> dict[int, list[str]]:
    """For how many days what a record says of these things holds, where it does not hold for good."""
    days = {id_: window.within for window in base.omop.windows for id_ in window.terms}
    found: dict[int, list[str]] = {}
    for at, thing in things.items():
        of = column_of(at, base.vocabulary).at
        within = days.get(of.term) if of is not None and of.kind == "patient" else None
        if isinstance(within, int):
            found.setdefault(within, []).extend([f"{at}.{word}" for word in thing.values] if thing.read == "words" else [at])
    return found


def _recent(said: Table, windows: Mapping[int, list[str]], person: str) -> Table:
    """Everything said, ``stale`` and without its value where it is older than it holds, on the last date of that person."""
    import ibis

    if not windows:
        return said.mutate(stale=ibis.literal(value=False))
    last = said.group_by(person).aggregate(last=said["index"].max())
    last = last.select(who=last[person], last=last["last"])
    both = said.left_join(last, said[person] == last["who"])
    age = both["last"] // DAY - both["ended"] // DAY
    stale = ibis.or_(*(both["at"].isin(at) & (age > days) for days, at in sorted(windows.items()))).fill_null(False)
    values = {name: stale.ifelse(None, both[name]) for name in ("amount", "word")}
    kept = [both[name] for name in said.columns if name not in (*values, "readable")]
    return both.select(*kept, readable=both["readable"] | stale, stale=stale, **values)


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
        undated = said.filter(said["vague"] & said["at"].notnull())
        yield named(undated, undated["at"], ibis.literal("no date that can be read, so it may be of any: ") + undated["written"])
        old = said.filter(said["stale"])
        yield named(old, old["at"], ibis.literal("is too old to say something of the last date of that person"))
        two = ((amount.min() < amount.max()) | (word.min() < word.max())).fill_null(False)
        values = said.group_by([person, "at"]).aggregate(two=two)
        values = values.filter(values["two"])
        yield named(values, values["at"], ibis.literal("is said to have different values"))

    return ibis.union(*faults())
