"""
Tables of patients, from wherever they come: what each column holds, and the long form turned wide.

A wide table has a row for each person and a column for each address of a finding. A long one has a row for each thing said. What comes in
goes out: a Polars frame for a Polars frame, an ibis table for an ibis table.
"""

import os
import sys
from collections.abc import Callable, Iterator
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mps_rules.addresses import Address, address
from mps_rules.errors import Fault, FindingError, UnsupportedError, closest
from mps_rules.formulas import Kind
from mps_rules.model import SIDES, Term, Vocabulary
from mps_rules.steps import NOT_SAID, SAID

if TYPE_CHECKING:
    import ibis.expr.types as ir

Table: TypeAlias = "ir.Table"
Backend: TypeAlias = Literal["polars", "duckdb", "spark"]

LONG = ("term", "value")
"""The columns by which a long table is known, beside the person."""
ABOUT = ("region", "muscle", "label", "side", "date")
"""What a long table may say beside: of what, on which side, and when."""


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
    give_back = {"polars": _as_polars(backend), "pandas": lambda made: made.to_pandas(), "pyarrow": lambda made: made.to_pyarrow()}
    if kind not in give_back:
        raise FindingError([Fault("", f"expected an ibis table, a frame, an Arrow table or a path, got {type(table).__name__}")])
    rows = table if backend == "polars" else ibis.memtable(table)
    return connection.create_table("cohort", rows) if backend == "polars" else rows, give_back[kind]


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

    Columns: the person, ``term`` (a finding, ``pain``, ``label``, or a whole address), ``value``, and perhaps ``region``, ``muscle``,
    ``label``, ``side``, ``date``. Of several values for one thing the latest holds; different ones of one date are a fault, and not known.

    Raises:
        FindingError: columns that have no meaning here.

    """
    faults = [Fault(n, "no such column in a long table", closest(n, ABOUT)) for n in source.columns if n not in (person, *LONG, *ABOUT)]
    if faults:
        raise FindingError(faults)
    said = _addressed(source, person)
    if "date" in source.columns:
        said = said.mutate(latest=said["date"].max().over(group_by=[said[person], said["at"]]))
        said = said.filter((said["date"] == said["latest"]) | said["latest"].isnull())
    named = sorted(at for at in said.select("at").distinct().to_pyarrow().column("at").to_pylist() if at is not None)
    known: dict[str, tuple[Address, Term | None]] = {}
    unknown: dict[str, str] = {}
    for at in named:
        try:
            found = address(at, words)
            known[at] = found, words.terms.get(found.term)
        except FindingError as error:
            unknown[at] = error.faults[0].what + (f"; closest is {error.faults[0].closest!r}" if error.faults[0].closest else "")
    said = _read(said, known)
    return widened(said, known, person), _unread(said, unknown, person)


def _addressed(source: Table, person: str) -> Table:
    """Each row with the address of what it speaks of and its value as text; both sides are two rows."""
    import ibis

    parts = {name: source[name].cast("string") if name in source.columns else ibis.null("string") for name in ABOUT if name != "date"}
    dated = {"date": source["date"]} if "date" in source.columns else {}
    text = source["value"].cast("string").strip().lower()
    said = source.select(source[person], term=source["term"], text=text.notin(NOT_SAID).ifelse(text, None), **parts, **dated)
    if "side" in source.columns:
        both = said.filter(said["side"] == "bilateral")
        one = said.filter((said["side"] != "bilateral") | said["side"].isnull())
        said = ibis.union(one, *(both.mutate(side=ibis.literal(side)) for side in SIDES))
    side = said["side"].isnull().ifelse("", ibis.literal(".") + said["side"])
    at = ibis.cases(
        (said["muscle"].notnull(), said["muscle"] + side + "." + said["term"]),
        (said["region"].notnull(), ibis.literal("pain.") + said["region"] + side),
        (said["label"].notnull() & said["term"].isin(["label", "prior_label"]), ibis.literal("labels.") + said["label"]),
        (said["label"].notnull(), said["label"] + "." + said["term"]),
        else_=said["term"],
    )
    return said.select(person, "text", at=at, **({"date": said["date"]} if dated else {}))


def _kind(known: tuple[Address, Term | None]) -> str:
    """How the value of an address is read: as a truth, a number, a word, or one of several words."""
    at, term = known
    if at.kind in ("pain", "given") or term is None or term.kind == "boolean":
        return "truth"
    return {"number": "number", "duration": "number", "one_of": "word", "many_of": "words"}[term.kind]


def _read(said: Table, known: dict[str, tuple[Address, Term | None]]) -> Table:
    """The values as truths, numbers and words; a word of several has an address of its own."""
    import ibis

    kinds = {at: _kind(known[at]) for at in known}

    def of(kind: str) -> Any:
        return said["at"].isin([at for at, own in kinds.items() if own == kind] or [""])

    truth = ibis.cases(
        (said["text"].isin([word for word, value in SAID.items() if value]), ibis.literal(1)),
        (said["text"].isin([word for word, value in SAID.items() if not value]), ibis.literal(0)),
        else_=None,
    ).cast("float64")
    several = of("words") & said["text"].notnull()
    amount = ibis.cases((of("truth"), truth), (of("number"), said["text"].try_cast("float64")), (several, ibis.literal(1.0)), else_=None)
    word = of("word").ifelse(said["text"], None)
    at = several.ifelse(said["at"] + "." + said["text"], said["at"])
    return said.mutate(at=at, amount=amount, word=word, readable=amount.notnull() | word.notnull() | said["text"].isnull())


def widened(said: Table, known: dict[str, tuple[Address, Term | None]], person: str) -> Table:
    """
    A row for each person, a column for each address; what has two values is not known.

    Takes a row for each thing said: the person, ``at`` (an address, or that of a word), and its value as an ``amount`` or a ``word``.
    """
    columns: dict[str, Any] = {}
    for at, found in known.items():
        here = said["at"] == at
        match _kind(found):
            case "truth":
                low, high = said["amount"].min(where=here), said["amount"].max(where=here)
                columns[at] = (low == high).ifelse(high == 1, None)
            case "number":
                low, high = said["amount"].min(where=here), said["amount"].max(where=here)
                columns[at] = (low == high).ifelse(high, None)
            case "word":
                first, last = said["word"].min(where=here), said["word"].max(where=here)
                columns[at] = (first == last).ifelse(last, None)
            case _:
                for value in found[1].values if found[1] else ():
                    columns[f"{at}.{value}"] = said["amount"].max(where=said["at"] == f"{at}.{value}") == 1
    return said.group_by(person).aggregate(**columns)


def _unread(said: Table, unknown: dict[str, str], person: str) -> Table:
    """The rows that say nothing that can be known, or what cannot be read, and the pairs of different values."""
    import ibis

    def named(rows: Table, fault: Any) -> Table:
        return rows.select(rows[person].cast("string").name("person"), rows["at"].name("column"), fault.cast("string").name("fault"))

    def faults() -> Iterator[Table]:
        for at, fault in unknown.items():
            yield named(said.filter(said["at"] == at), ibis.literal(fault))
        unreadable = said.filter(~said["readable"] & said["at"].notin([*unknown, ""]))
        yield named(unreadable, ibis.literal("cannot be read: ") + unreadable["text"])
        values = said.filter(said["text"].notnull()).group_by([person, "at"]).aggregate(values=said["text"].nunique())
        yield named(values.filter(values["values"] > 1), ibis.literal("is said to have different values"))

    return ibis.union(*faults())
