"""
Tables of the OMOP Common Data Model become the findings table on which a cohort is evaluated.

A row that says something makes a finding known; a row that is not there says nothing, and never that something is absent. What a code
says stands in ``omop.yaml`` and in the vocabulary, not here. Every row that is not used is counted, with its reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from mps_rules.errors import Fault, FindingError, UnsupportedError, closest
from mps_rules.knowledge.code_tables import OmopCode, OmopKind, OmopWindow, Within
from mps_rules.knowledge.dangers import dangers_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import Term, Vocabulary
from mps_rules.patient.addresses import Address
from mps_rules.population.cohort import listed
from mps_rules.population.formulas import ENDS
from mps_rules.population.standing import DAY, EARLIEST, LATEST, Thing, prevailing, widened
from mps_rules.population.steps import stripped
from mps_rules.population.tables import Table, connected, first_line, last_day, opened, seconds, understood

if TYPE_CHECKING:
    import ibis.expr.types as ir

Index: TypeAlias = Literal["latest visit"] | date
"""The day that each person is judged on."""

KEEP = ("index_date",)
"""What the findings table carries beside the person and the addresses: pass it to ``evaluate_cohort`` as ``keep``."""
BEYOND = 1e300
"""More than any number of a patient."""
EVER = 1_000_000
"""More days than any life has."""
VERSIONS = ("5.3", "5.4")
LISTED = 10
"""So many unmapped concepts of a table are named in the report."""
SHOWN = 5
"""So many of them in its text."""


@attrs.frozen
class Source:
    """A table of the model in which findings stand, and what its columns are called."""

    table: str
    id: str
    prefix: str
    start: str
    end: str | None = None
    answers: tuple[str, ...] | None = None


SOURCES = (
    Source("condition_occurrence", "condition_occurrence_id", "condition", "condition_start_date", "condition_end_date"),
    Source("measurement", "measurement_id", "measurement", "measurement_date", answers=("value_source_value",)),
    Source("observation", "observation_id", "observation", "observation_date", answers=("value_as_string", "value_source_value")),
    Source("procedure_occurrence", "procedure_occurrence_id", "procedure", "procedure_date"),
    Source("drug_exposure", "drug_exposure_id", "drug", "drug_exposure_start_date", "drug_exposure_end_date"),
)
WRITTEN_ONLY = ("procedure_occurrence", "drug_exposure")
"""Tables that are read only where ``omop.yaml`` itself names a code: a code of a finding is no treatment."""

USED, NO_INDEX, UNMAPPED, APART, OUTSIDE, UNDATED, NO_VALUE, NOT_UNDERSTOOD, BOUND, WRONG_UNIT, OUT_OF_RANGE = range(11)
REASONS = {
    NO_INDEX: "the person has no index date",
    UNMAPPED: "unmapped concept",
    APART: "set apart",
    OUTSIDE: "outside the window",
    UNDATED: "no date, or none that can be read",
    NO_VALUE: "no value",
    NOT_UNDERSTOOD: "value not understood",
    BOUND: "a bound, not a value",
    WRONG_UNIT: "wrong unit, or none",
    OUT_OF_RANGE: "out of range",
}
"""Why a row is not used, in words."""
FILE = "filename"
"""The column in which DuckDB says from which file of a folder a row comes."""


# --- what codes say ----------------------------------------------------------------------------------------------------


@attrs.frozen
class Reading:
    """What a code says: at which address, how long it holds, and, where it asks, what the answers mean."""

    at: str
    vocabulary: str | None
    code: str | None
    concept: int | None
    form: Literal["says", "asks", "number", "apart"]
    within: int = EVER
    continues: bool = False
    exactly: bool = True
    amount: float | None = None
    word: str | None = None
    answers: Mapping[str, tuple[float | None, str | None]] = attrs.Factory(dict)
    units: Mapping[str, tuple[float, float]] = attrs.Factory(dict)
    range: tuple[float, float] | None = None
    harmless: tuple[float, float] | None = None
    written: bool = False
    doubt: str = ""


def readings(base: KnowledgeBase) -> tuple[Reading, ...]:
    """
    Everything that codes say: those written in ``omop.yaml``, then those of the vocabulary that are not set apart there.

    >>> from mps_rules import load
    >>> [one.at for one in readings(load()) if one.code == "203082005"]
    ['labels.fibromyalgia']
    """
    return tuple(_Reader(base).all())


class _Reader:
    """Resolves what a pack says of codes; used once."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.words, self.omop, self.read = base.vocabulary, base.omop, dangers_of(base)
        self.kinds = {kind.kind: kind for kind in self.omop.kinds}
        self.windows = {id_: window for window in self.omop.windows for id_ in window.terms}
        self.asking = {system.vocabulary for system in self.omop.systems if system.asks}

    def all(self) -> Iterator[Reading]:
        for code in self.omop.codes:
            yield attrs.evolve(self._reading(code), written=True)
        for unread in self.omop.apart:
            yield Reading("", unread.vocabulary, unread.code, None, "apart", doubt=unread.why)
        for code, why in self._of_vocabulary():
            yield Reading("", code.vocabulary, code.code, None, "apart", doubt=why) if why else self._reading(code)

    def _of_vocabulary(self) -> Iterator[tuple[OmopCode, str]]:
        """The codes that findings and diagnoses carry, each with why it is set apart, if it is."""
        called = {one.system: one.vocabulary for one in self.omop.systems if one.system}
        taken = {unread.key for unread in self.omop.apart}
        written = {(one.key, one.term, one.diagnosis) for one in self.omop.codes}
        diagnosed = {one.key for one in self.omop.codes if one.diagnosis}
        found = [OmopCode(called[s], code, term=t.id) for t in self.words.terms.values() for s, code in t.codes.items() if s in called]
        of: dict[object, list[OmopCode]] = {}
        for diagnosis in self.words.diagnoses.values():
            for system, codes in diagnosis.codes.items():
                for code in codes if system in called else ():
                    of.setdefault((called[system], code), []).append(OmopCode(called[system], code, diagnosis=diagnosis.id))
        for key, several in of.items():
            if len(several) == 1:
                found += several
            elif key not in diagnosed | taken:
                yield several[0], f"stands at several diagnoses: {', '.join(str(one.diagnosis) for one in several)}"
        yield from ((code, "") for code in found if code.key not in taken and (code.key, code.term, code.diagnosis) not in written)

    def _reading(self, code: OmopCode) -> Reading:
        term = self.words.terms.get(code.term or "")
        kind, window = self._kind(code, term), self.windows.get(code.term or "") or OmopWindow(())
        days: Within = next((x for x in (code.within, window.within, kind.within) if x is not None), "ever")
        asks = bool(code.answers) or code.vocabulary in self.asking
        number = term is not None and term.kind in ("number", "duration")
        amount, word = (None, code.value) if term is not None and term.kind == "one_of" and not number else (1.0, None)
        return Reading(
            at=self._at(code, term),
            vocabulary=code.vocabulary,
            code=code.code,
            concept=code.concept,
            form="number" if number else "asks" if asks else "says",
            within=days if isinstance(days, int) else EVER,
            continues=(code.without_end or window.without_end or kind.without_end) == "continues",
            exactly=asks or number or (kind.exactly if code.exactly is None else code.exactly),
            amount=amount,
            word=word,
            answers={} if number else self._answers(code, amount, word),
            units=self._units(code, term) if term and number else {},
            range=term.range if term and number else None,
            harmless=self._harmless(term) if term and number else None,
            doubt=code.doubt or window.doubt or kind.doubt,
        )

    def _harmless(self, term: Term) -> tuple[float, float] | None:
        """The open range of the numbers that bring no red flag nearer; None where they make no single range."""
        found = self.read.harmless(self.read.of_term.get(term.id, ()))
        return (max(found.lowest, -BEYOND), min(found.highest, BEYOND)) if found else None

    def _kind(self, code: OmopCode, term: Term | None) -> OmopKind:
        for kind in self.omop.kinds:
            if term and term.category in kind.categories:
                return kind
        name: Literal["diagnosis", "number", "finding"] = "diagnosis" if code.diagnosis else "finding"
        if term and term.kind in ("number", "duration"):
            name = "number"
        return self.kinds.get(name) or OmopKind(name)

    def _at(self, code: OmopCode, term: Term | None) -> str:
        if code.diagnosis:
            return str(Address("given", code.diagnosis))
        if code.region:
            return str(Address("pain", code.region, side=code.side))
        return f"{code.term}.{code.value}" if term and term.kind == "many_of" else str(code.term)

    def _answers(self, code: OmopCode, amount: float | None, word: str | None) -> dict[str, tuple[float | None, str | None]]:
        """What each answer means, in small letters."""
        found: dict[str, tuple[float | None, str | None]] = dict.fromkeys(self.omop.present, (amount, word)) if amount or word else {}
        if amount is not None:
            found |= dict.fromkeys(self.omop.absent, (0.0, None))
        truths: dict[str, tuple[float | None, str | None]] = {"true": (1.0, None), "false": (0.0, None)}
        return found | {said.lower(): truths.get(means, (None, means)) for said, means in code.answers.items()}

    def _units(self, code: OmopCode, term: Term) -> dict[str, tuple[float, float]]:
        """Every unit in which the number may stand, with the factor and the shift that lead to the term's own; "" where none is named."""
        own = self.words.units[term.unit or "1"]
        found = {
            written: (unit.factor / own.factor, (unit.offset - own.offset) / own.factor)
            for unit in self.words.units.values()
            for written in (unit.id, *unit.also)
            if unit.dimension == own.dimension
        }
        meant = code.unit or (own.id if own.shown == "" else None)  # a score or a count has no unit to name
        return found | ({"": found[meant]} if meant else {})


# --- the report --------------------------------------------------------------------------------------------------------


@attrs.frozen
class Unmapped:
    """A concept that no code of the pack covers, of so many rows and people."""

    concept: int
    name: str
    rows: int
    people: int


@attrs.frozen
class TableUse:
    """What became of the rows of a table: used, or not and why; and its commonest unmapped concepts."""

    table: str
    rows: int
    used: int
    unused: Mapping[str, int]
    apart: Mapping[str, int]
    unmapped: tuple[Unmapped, ...]


@attrs.frozen
class Found:
    """A finding that was read, of so many people, with what is doubtful about it."""

    at: str
    people: int
    doubt: str


@attrs.frozen
class OmopReport:
    """
    What was read from a database, and what was not.

    ``persons`` stand in the person table, ``indexed`` have an index date and a row of findings. ``contradicting`` counts the findings that
    rows say differently of which none is later: the one that raises a red flag counts, and where neither does they are not known.
    """

    version: str
    persons: int
    indexed: int
    age_unknown: int
    birthday_unknown: int
    sex_unknown: int
    outside_observation: int | None
    contradicting: int
    tables: tuple[TableUse, ...]
    found: tuple[Found, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """The report as people read it."""
        yield f"OMOP CDM {self.version}: {self.persons} persons, {self.indexed} with an index date"
        yield from (f"  warning: {warning}" for warning in self.warnings)
        unknown = {
            "age": self.age_unknown,
            "sex": self.sex_unknown,
            "day of birth (a range where the age depends on it)": self.birthday_unknown,
        }
        yield from (f"  {what} not known of {count} persons" for what, count in unknown.items() if count)
        if self.outside_observation:
            yield f"  {self.outside_observation} persons have their index date outside every observation period"
        if self.contradicting:
            yield f"  {self.contradicting} findings are said differently by rows of which none is later: what raises a red flag counts, else nothing"
        for table in self.tables:
            yield f"{table.table}: {table.rows} rows, {table.used} used"
            for reason, rows in table.unused.items():
                yield f"  {rows} {reason}"
            yield from (f"    {rows}: {why}" for why, rows in table.apart.items())
            if table.unmapped:
                names = ", ".join(f"{u.name} ({u.concept}, {u.rows} rows, {u.people} people)" for u in table.unmapped[:SHOWN])
                yield f"    commonest unmapped: {names}"
        yield "findings read:" if self.found else "no findings read"
        for found in self.found:
            yield f"  {found.at}: {found.people} people" + (f" ({found.doubt})" if found.doubt else "")


# --- the database ------------------------------------------------------------------------------------------------------


class _Cdm:
    """A database in which the model stands; names of tables and columns in any case."""

    def __init__(self, connection: Any, schema: str | None) -> None:
        self.connection, self.schema = connection, schema
        self.names = {name.lower(): name for name in connection.list_tables(**self._where)}

    @property
    def _where(self) -> dict[str, str]:
        return {"database": self.schema} if self.schema else {}

    def table(self, name: str) -> "ir.Table | None":
        """The table with its columns in small letters, or None."""
        if name not in self.names:
            return None
        table = self.connection.table(self.names[name], **self._where)
        return table.rename({column.lower(): column for column in table.columns})

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """What a query gives, as plain rows."""
        found: list[dict[str, Any]] = self.connection.to_pyarrow(expression).to_pylist()
        return found

    def count(self, table: "ir.Table") -> int:
        """How many rows a table has."""
        return int(self.rows(table.aggregate(n=table.count()))[0]["n"])

    @cached_property
    def concept(self) -> "ir.Table | None":
        return self.table("concept")

    def concepts_of(self, wanted: Iterable[Reading]) -> dict[tuple[str | None, str | None], list[int]]:
        """The numbers of the concepts that have these codes."""
        keys = {(one.vocabulary, one.code) for one in wanted if one.code is not None}
        table = self.concept
        if table is None or not keys:
            return {}
        near = table.filter(
            table["vocabulary_id"].isin(sorted({str(v) for v, _ in keys})) & table["concept_code"].isin(sorted({str(c) for _, c in keys}))
        ).select("concept_id", "vocabulary_id", "concept_code")
        found: dict[tuple[str | None, str | None], list[int]] = {}
        for row in self.rows(near):
            if (row["vocabulary_id"], row["concept_code"]) in keys:
                found.setdefault((row["vocabulary_id"], row["concept_code"]), []).append(row["concept_id"])
        return found

    def below(self, concepts: Iterable[int]) -> dict[int, list[int]] | None:
        """What lies below each concept; None where the database does not say."""
        table, wanted = self.table("concept_ancestor"), sorted(set(concepts))
        if table is None or not self.rows(table.limit(1)):
            return None
        found: dict[int, list[int]] = {}
        if wanted:
            near = table.filter(table["ancestor_concept_id"].isin(wanted)).select("ancestor_concept_id", "descendant_concept_id")
            for row in self.rows(near):
                found.setdefault(row["ancestor_concept_id"], []).append(row["descendant_concept_id"])
        return found


def _opened(source: Any, schema: str | None) -> _Cdm:
    if isinstance(source, str) and "://" in source:
        return _Cdm(_connected(source), schema)
    if not isinstance(source, str | PathLike):
        if not hasattr(source, "list_tables"):
            raise FindingError([Fault("", f"expected an ibis connection, an address or a path, got {type(source).__name__}")])
        return _Cdm(source, schema)
    path = Path(source)
    if path.is_dir():
        with understood(path):
            return _Cdm(_folder(path), schema)
    if not path.is_file():
        raise FindingError([Fault(str(path), "is no file and no folder")])
    if path.suffix == ".zip":
        raise FindingError([Fault(str(path), "is packed: unpack it first")])
    import ibis

    connected("duckdb")
    try:
        return _Cdm(ibis.duckdb.connect(path, read_only=True), schema)
    except Exception as error:  # noqa: BLE001 - whatever DuckDB says of a file that is not its own
        raise FindingError([Fault(str(path), f"cannot be opened as a DuckDB file: {str(error).splitlines()[0]}")]) from None


def _connected(address: str) -> Any:
    """A connection to the database of an address; no error repeats its password."""
    import ibis

    scheme = address.partition("://")[0]
    try:
        return ibis.connect(address)
    except ImportError as error:
        raise UnsupportedError([Fault(scheme, f"needs: pip install 'ibis-framework[{scheme}]'")]) from error
    except Exception as error:  # noqa: BLE001 - whatever a database says
        raise FindingError([Fault(scheme, f"cannot be connected to: {first_line(error)}")]) from None


def _folder(path: Path) -> Any:
    """A connection in which each Parquet file of the folder that holds ``person`` is a table; a folder of parts is one too."""

    def stem(path: Path) -> str:
        return path.name.lower().removesuffix(".parquet")

    homes = sorted({one.parent for one in path.rglob("*") if stem(one) == "person" and "__MACOSX" not in one.parts})
    if path in homes:
        homes = [path]
    if len(homes) != 1:
        what = "holds no person.parquet" if not homes else f"holds several: {', '.join(str(home) for home in homes)}"
        raise FindingError([Fault(str(path), what)])
    connection = connected("duckdb")
    for one in sorted(homes[0].iterdir()):
        parts = str(one / "*.parquet") if one.is_dir() else str(one)
        if one.suffix.lower() == ".parquet" or (one.is_dir() and any(one.glob("*.parquet"))):
            connection.read_parquet(parts, table_name=stem(one), **({FILE: True} if one.is_dir() else {}))
    return connection


# --- from rows to findings ---------------------------------------------------------------------------------------------


def read_omop(source: Any, kb: KnowledgeBase, *, index: Index | str = "latest visit", schema: str | None = None) -> tuple[Any, OmopReport]:
    """
    The findings of every person of a database, as ``evaluate_cohort`` takes them, and a report of what was read and what not.

    >>> import ibis
    >>> from mps_rules import load
    >>> cdm = ibis.duckdb.connect()
    >>> for table in ("person (person_id INT, gender_concept_id INT, year_of_birth INT)",
    ...               "concept (concept_id INT, concept_name TEXT, vocabulary_id TEXT, concept_code TEXT)",
    ...               "condition_occurrence (condition_occurrence_id INT, person_id INT, condition_concept_id INT, condition_start_date DATE)"):
    ...     _ = cdm.raw_sql(f"CREATE TABLE {table}")
    >>> _ = cdm.raw_sql("INSERT INTO person VALUES (1, 8532, 1970); INSERT INTO concept VALUES (7, 'Fibromyalgia', 'SNOMED', '203082005');"
    ...                 "INSERT INTO condition_occurrence VALUES (1, 1, 7, '2020-01-01')")
    >>> findings, report = read_omop(cdm, load(), index="2021-01-01")
    >>> findings.select("person", "age_years.at_least", "age_years.at_most", "sex_at_birth", "labels.fibromyalgia").to_polars().rows()
    [(1, 50, 51, 'female', True)]

    Args:
        source: an ibis connection; an address that ``ibis.connect`` takes; a folder of Parquet files; or a DuckDB file.
        kb: the rules, with the mapping of ``omop.yaml``.
        index: the day on which each person is judged: the start of the latest visit, or one day for all, as a date or as text.
        schema: where the tables stand, if not in the connection's own schema.

    Returns:
        An ibis table in that database, a row for each person who has an index date: ``person``, ``index_date`` (pass ``keep=KEEP``), and a
        column for each address of which something is known; and the report.

    Raises:
        FindingError: nothing can be read from there, tables or columns that are needed are missing, or no such day.

    """
    day = _day(index)
    with understood(source if isinstance(source, PathLike) or "://" not in str(source) else ""):
        cdm = _opened(source, schema)
        needed = ("person",) if day else ("person", "visit_occurrence")
        lacking = [name for name in needed if name not in cdm.names]
        if lacking:
            hint = " (or give a day as the index)" if lacking == ["visit_occurrence"] else ""
            others = set(cdm.names) - {one.table for one in SOURCES}
            raise FindingError([Fault(name, f"no such table{hint}", closest(name, others)) for name in lacking])
        return _Import(cdm, kb, day).made()


def _day(index: Index | str) -> date | None:
    if isinstance(index, date):
        return index
    if index == "latest visit":
        return None
    try:
        return date.fromisoformat(index)
    except (TypeError, ValueError):
        raise FindingError([Fault("index", f"expected 'latest visit' or a day such as 2022-10-31, got {index!r}")]) from None


class _Import:
    """One reading of one database."""

    def __init__(self, cdm: _Cdm, kb: KnowledgeBase, day: date | None) -> None:
        self.cdm, self.kb, self.words, self.omop, self.day = cdm, kb, kb.vocabulary, kb.omop, day
        self.readings = readings(kb)
        self.warnings: list[str] = []
        self.concepts = self._concepts()

    def made(self) -> tuple[Any, OmopReport]:
        version = self._version()
        people, counts = self._people()
        said: list[Table] = []
        uses: list[TableUse] = []
        for source in SOURCES:
            table = self.cdm.table(source.table)
            if table is None:
                continue
            judged, use = self._use(source, table, people)
            uses.append(use)
            said.append(
                judged.filter(judged["reason"].isin([USED, UNDATED]) | judged["unread"]).select(
                    "person", "at", "amount", "word", "reason", "unread", "begun", "ended"
                )
            )
        missing = tuple(s.table for s in SOURCES if s.table not in self.cdm.names)
        if missing:
            self.warnings.append(f"no table {', '.join(missing)}: nothing is read from there")
        findings, found, contradicting = self._findings(people, said)
        return findings, OmopReport(
            version=version,
            **counts,
            contradicting=contradicting,
            tables=tuple(uses),
            found=found,
            missing=missing,
            warnings=tuple(self.warnings),
        )

    def _version(self) -> str:
        table = self.cdm.table("cdm_source")
        rows = self.cdm.rows(table.limit(1)) if table is not None else []
        version = str(rows[0].get("cdm_version") or "") if rows else ""
        if not version:
            self.warnings.append("cdm_source does not say which version this is")
        elif not version.lower().lstrip("v").startswith(VERSIONS):
            self.warnings.append(f"version {version} is neither {' nor '.join(VERSIONS)}: columns may be called otherwise")
        return version or "of unknown version"

    def _concepts(self) -> list[tuple[int, int]]:
        """Which concept has which reading: those with the code, and those below, unless exactly the code is meant."""
        if self.cdm.concept is None:
            self.warnings.append("no table concept: only source values and concepts by number are read")
        known = self.cdm.concepts_of(self.readings)
        own = {
            n: ([one.concept] if one.concept is not None else known.get((one.vocabulary, one.code), []))
            for n, one in enumerate(self.readings)
        }
        wide = {n for n, one in enumerate(self.readings) if not one.exactly}
        below = self.cdm.below(concept for n in wide for concept in own[n])
        if below is None:
            self.warnings.append(f"concept_ancestor is empty: what lies below {len(wide)} codes is not found, only the codes themselves")
            below = {}
        exact = {concept for n, concepts in own.items() for concept in concepts if self.readings[n].form == "apart"}
        pairs = {(concept, n) for n, concepts in own.items() for concept in concepts}
        pairs |= {(one, n) for n in wide for concept in own[n] for one in below.get(concept, ()) if one not in exact}
        return sorted(pairs)

    # --- people

    def _people(self) -> tuple[Table, dict[str, Any]]:
        """Each person with an index date, age and sex; and the counts of the report."""
        import ibis

        person = self.cdm.table("person")
        assert person is not None  # noqa: S101 - read_omop has looked
        _need(person, "person", ("person_id", "year_of_birth", "gender_concept_id"))
        self.id_type = person["person_id"].type()
        rows = self.cdm.count(person)
        if self.day:
            dated = person.select(person=person["person_id"], index_date=ibis.literal(self.day)).distinct()
        else:
            visit = self.cdm.table("visit_occurrence")
            assert visit is not None  # noqa: S101 - the same
            _need(visit, "visit_occurrence", ("person_id", "visit_start_date"))
            dated = visit.group_by(person=self._who(visit)).aggregate(index_date=_as(visit["visit_start_date"], "date").max())
        month, day = (_column(person, name, "int64") for name in ("month_of_birth", "day_of_birth"))
        year = _as(person["year_of_birth"], "int64")
        born = person.select(
            person=person["person_id"],
            year=year,
            first=month.isnull().ifelse(101, month * 100 + day.fill_null(1)),
            last=month.isnull().ifelse(1231, month * 100 + ibis.coalesce(day, last_day(year, month))),
            vague=month.isnull() | day.isnull(),
            sex=ibis.cases(
                *((_as(person["gender_concept_id"], "int64") == one.concept, one.value) for one in self.omop.sex), else_=ibis.null("string")
            )
            if self.omop.sex
            else ibis.null("string"),
        )
        born = born.group_by("person").aggregate(**{name: _agreed(born[name]) for name in ("year", "first", "last", "vague", "sex")})
        born = born.filter(born["person"].notnull())
        if twice := rows - self.cdm.count(born):
            self.warnings.append(
                f"person: {twice} rows name nobody, or a person who stands there already; of those, only what the rows agree on is read"
            )
        both = born.inner_join(dated, "person").filter(lambda t: t["index_date"].notnull())
        today = both["index_date"]
        this = today.month() * 100 + today.day()
        lowest, highest = ((today.year() - both["year"] - (this >= both[end]).ifelse(0, 1)).cast("int64") for end in ("last", "first"))
        people = both.mutate(lowest=(lowest < 0).ifelse(0, lowest), highest=highest).filter(
            lambda t: t["highest"].isnull() | (t["highest"] >= 0)
        )
        term = self.words.terms.get(self.omop.person.age or "")
        if term and term.range:
            possible = people["lowest"].between(*term.range) & people["highest"].between(*term.range)
            people = people.mutate(**{end: possible.ifelse(people[end], None) for end in ("lowest", "highest")})
        counts = self.cdm.rows(
            people.aggregate(
                indexed=people.count(),
                age_unknown=people["highest"].isnull().sum(),
                ranges=(people["lowest"] < people["highest"]).sum(),
                birthday_unknown=people["vague"].sum(),
                sex_unknown=people["sex"].isnull().sum(),
            )
        )[0]
        found = {key: int(value or 0) for key, value in counts.items()}
        whole = people["lowest"] == people["highest"]
        ends = zip(ENDS, ("lowest", "highest"), strict=True) if found.pop("ranges") else ()
        ranges = {f"age.{end}": whole.ifelse(None, people[name]) for end, name in ends}
        people = people.mutate(age=whole.ifelse(people["highest"], None), **ranges)
        return people.select("person", "index_date", "age", "sex", *ranges), {
            "persons": rows,
            **found,
            "outside_observation": self._outside(people),
        }

    def _outside(self, people: Table) -> int | None:
        """How many people have an index date on which nobody observed them; None where the database does not say."""
        period = self.cdm.table("observation_period")
        if period is None:
            return None
        begun, over = (_as(period[f"observation_period_{end}_date"], "date") for end in ("start", "end"))
        seen = period.select(person=self._who(period), begun=begun, over=over).inner_join(people.select("person", "index_date"), "person")
        seen = seen.filter((seen["begun"] <= seen["index_date"]) & (seen["over"] >= seen["index_date"])).select("person").distinct()
        return self.cdm.count(people.anti_join(seen, "person"))

    # --- rows

    def _use(self, source: Source, table: Table, people: Table) -> tuple[Table, TableUse]:
        """What each row says by each of its readings, with the reason where it is not used; and the counts of the table."""
        events = self._events(source, table, people)
        self._count_doubles(source, table)
        by_concept, by_text = self._keys(source)
        judged = self._judged(self._pairs(events, by_concept, by_text))
        best = judged.group_by([name for name in events.columns if name in judged.columns]).aggregate(
            reason=judged["reason"].min(), copies=judged["copies"].max()
        )
        by_reason = {int(r["reason"]): int(r["n"]) for r in self.cdm.rows(best.group_by("reason").aggregate(n=best["copies"].sum()))}
        rows, dated = self.cdm.count(table), self.cdm.count(events)
        by_reason[NO_INDEX] = rows - dated
        by_reason[UNMAPPED] = dated - sum(n for reason, n in by_reason.items() if reason != NO_INDEX)
        left_out = judged.filter(judged["reason"] == APART)
        left_out = left_out.group_by("reading").aggregate(n=left_out["copies"].sum())
        apart: dict[str, int] = {}
        for row in self.cdm.rows(left_out):
            one = self.readings[row["reading"]]
            why = f"{one.vocabulary} {one.code}: {one.doubt}"
            apart[why] = apart.get(why, 0) + int(row["n"])
        unused = {REASONS[reason]: by_reason[reason] for reason in REASONS if by_reason.get(reason)}
        unmapped = self._unmapped(_unread(events, by_concept, by_text))
        return judged, TableUse(source.table, rows, by_reason.get(USED, 0), unused, dict(sorted(apart.items())), unmapped)

    def _who(self, table: Table) -> Any:
        """The person of a row, written as in the person table."""
        who = table["person_id"]
        if who.type().is_string() == self.id_type.is_string():
            return who
        return who.cast("string") if self.id_type.is_string() else stripped(who).try_cast(self.id_type)

    def _count_doubles(self, source: Source, table: Table) -> None:
        """Says how many rows share their number with others: they are told apart by person and file, and else by what they say."""
        keys = table.select(row=table[source.id], person=table["person_id"], file=_column(table, FILE, "string"))
        keys = keys.group_by(["row", "person", "file"]).aggregate(n=keys.count())
        shared = keys.group_by("row").aggregate(keys=keys.count(), n=keys["n"].sum())
        shared = shared.filter(shared["keys"] > 1)
        for counted, what in (
            (shared, "have a number that stands at another person or in another file too: they are told apart"),
            (keys.filter(keys["n"] > 1), "have a number that stands at the same person more than once: each is read"),
        ):
            n = self.cdm.rows(counted.aggregate(n=counted["n"].sum()))[0]["n"]
            if n:
                self.warnings.append(f"{source.table}: {int(n)} rows {what}")

    def _events(self, source: Source, table: Table, people: Table) -> Table:
        """The rows of people with an index date, their columns called alike in every table."""
        import ibis

        _need(table, source.table, (source.id, "person_id", f"{source.prefix}_concept_id", source.start))
        start = _as(table[source.start], "date")
        columns = {
            "row": table[source.id],
            "file": _column(table, FILE, "string"),
            "person": self._who(table),
            "standard": _as(table[f"{source.prefix}_concept_id"], "int64"),
            "original": _column(table, f"{source.prefix}_source_concept_id", "int64"),
            "text": _column(table, f"{source.prefix}_source_value", "string"),
            "start": start,
            "instant": _column(table, f"{source.start}time", "timestamp"),
            "end": _column(table, source.end, "date") if source.end else start,
            "number": _column(table, "value_as_number", "float64") if source.answers else ibis.null("float64"),
            "unit": stripped(_column(table, "unit_source_value", "string")) if source.answers else ibis.null("string"),
            "answer": ibis.null("string"),
            "bound": ibis.literal(value=False),
        }
        names = None
        if source.answers:
            columns["answer"] = ibis.coalesce(*(stripped(_column(table, name, "string")).nullif("") for name in source.answers)).lower()
            for column in ("unit", "value_as", "operator"):
                columns[f"{column}_concept"] = _column(table, f"{column}_concept_id", "int64")
            names = self.cdm.concept
        events = table.select(**columns).inner_join(people.select("person", "index_date"), "person")
        if not source.answers:
            return events
        for column in ("unit", "value_as", "operator"):
            named = f"{column}_name"
            if names is None:
                events = events.mutate(**{named: ibis.null("string")})
                continue
            label = names["concept_code" if column == "unit" else "concept_name"].cast("string")
            found = names.filter(names["concept_id"] != 0).select(**{f"{column}_concept": names["concept_id"].cast("int64"), named: label})
            events = events.left_join(found, f"{column}_concept").drop(f"{column}_concept_right")
        return events.mutate(
            unit=ibis.coalesce(events["unit_name"], events["unit"].nullif("")).fill_null(""),
            answer=ibis.coalesce(events["value_as_name"].lower(), events["answer"]),
            bound=(events["operator_concept"].fill_null(0) != 0) & (events["operator_name"].fill_null("") != "="),
        )

    def _keys(self, source: Source) -> tuple[Table, Table]:
        """Which concepts, and which source values, have which readings in a table."""
        import ibis

        taken = {n for n, one in enumerate(self.readings) if one.written or source.table not in WRITTEN_ONLY}
        pairs = [(concept, n) for concept, n in self.concepts if n in taken]
        coded = [(str(one.code).upper(), n) for n, one in enumerate(self.readings) if one.code is not None and n in taken]
        return (
            ibis.memtable(_columns(pairs, ("key", "reading")), schema={"key": "int64", "reading": "int64"}),
            ibis.memtable(_columns(coded, ("key", "reading")), schema={"key": "string", "reading": "int64"}),
        )

    def _pairs(self, events: Table, by_concept: Table, by_text: Table) -> Table:
        """
        Each row with each of its readings: by its standard concept, by the original one, or, where there is none, by its source value.

        Rows that are alike in everything are one, with the number of ``copies``: no number of theirs is trusted to tell them apart.
        """
        import ibis

        again = by_concept.view()
        routes = (
            events.inner_join(by_concept, events["standard"] == by_concept["key"]),
            events.inner_join(again, events["original"] == again["key"]),
            events.inner_join(by_text, _bare(events) == by_text["key"]),
        )
        whole = [*events.columns, "reading"]
        found = ibis.union(*(route.group_by(whole).aggregate(copies=route.count()) for route in routes))
        return found.group_by(whole).aggregate(copies=found["copies"].max())

    def _judged(self, pairs: Table) -> Table:
        """Each row and reading: where it belongs, its value, its date, and the reason for which it is not used."""
        import ibis

        of = ibis.memtable(
            {
                "reading": list(range(len(self.readings))),
                "at": [reading.at for reading in self.readings],
                "form": [reading.form for reading in self.readings],
                "within": [reading.within for reading in self.readings],
                "continues": [reading.continues for reading in self.readings],
                "own_amount": [reading.amount for reading in self.readings],
                "own_word": [reading.word for reading in self.readings],
                "lowest": [reading.range[0] if reading.range else None for reading in self.readings],
                "highest": [reading.range[1] if reading.range else None for reading in self.readings],
                "harmless_above": [reading.harmless[0] if reading.harmless else None for reading in self.readings],
                "harmless_below": [reading.harmless[1] if reading.harmless else None for reading in self.readings],
            },
            schema=dict.fromkeys(("reading", "within"), "int64")
            | dict.fromkeys(("at", "form", "own_word"), "string")
            | {"continues": "boolean"}
            | dict.fromkeys(("own_amount", "lowest", "highest", "harmless_above", "harmless_below"), "float64"),
        )
        units = [(n, unit, *line) for n, one in enumerate(self.readings) for unit, line in one.units.items()]
        answers = [(n, said, *means) for n, one in enumerate(self.readings) for said, means in one.answers.items()]
        unit = ibis.memtable(
            _columns(units, ("reading", "unit", "factor", "shift")),
            schema={"reading": "int64", "unit": "string", "factor": "float64", "shift": "float64"},
        )
        answer = ibis.memtable(
            _columns(answers, ("reading", "answer", "answer_amount", "answer_word")),
            schema={"reading": "int64", "answer": "string", "answer_amount": "float64", "answer_word": "string"},
        )
        t = pairs.inner_join(of, "reading")
        t = t.left_join(unit, ["reading", "unit"]).drop("reading_right", "unit_right")
        t = t.left_join(answer, ["reading", "answer"]).drop("reading_right", "answer_right")
        last = ibis.coalesce(t["end"], t["continues"].ifelse(t["index_date"], t["start"]))
        earliest = t["index_date"].delta(last, unit="day")  # days from the end to the index date
        outside = (t["start"] > t["index_date"]) | (earliest > t["within"])
        number = (t["number"] * t["factor"] + t["shift"]).round(9)
        answered = t["answer_amount"].notnull() | t["answer_word"].notnull()
        silent = t["answer"].isnull() & t["number"].isnull()
        numeric, asks = t["form"] == "number", t["form"] == "asks"
        reason = ibis.cases(
            (t["form"] == "apart", APART),
            (t["start"].isnull(), UNDATED),
            (outside, OUTSIDE),
            (numeric & t["number"].isnull() & t["answer"].notnull(), NOT_UNDERSTOOD),
            (numeric & t["number"].isnull(), NO_VALUE),
            (numeric & t["bound"], BOUND),
            (numeric & t["factor"].isnull(), WRONG_UNIT),
            (numeric & ~number.between(t["lowest"], t["highest"]), OUT_OF_RANGE),
            (~numeric & asks & silent, NO_VALUE),
            (~numeric & ~silent & ~answered, NOT_UNDERSTOOD),
            else_=USED,
        )
        operator = t["operator_name"] if "operator_name" in t.columns else ibis.null("string")
        least, most, strictly = (operator.isin(list(these)).fill_null(False) for these in ((">", ">="), ("<", "<="), ("<", ">")))
        top, bottom = least.ifelse(t["highest"], number), most.ifelse(t["lowest"], number)
        harmless = (top < t["harmless_below"]) | (most & strictly & (top == t["harmless_below"]))
        harmless &= (bottom > t["harmless_above"]) | (least & strictly & (bottom == t["harmless_above"]))
        harmless &= least | most
        told = numeric & reason.isin([NOT_UNDERSTOOD, BOUND, WRONG_UNIT, OUT_OF_RANGE])
        unread = told & ~((reason == BOUND) & harmless.fill_null(False))
        stated = silent.ifelse(t["own_amount"], t["answer_amount"])
        day = ibis.least(last, t["index_date"])
        begun = seconds(day.year(), day.month(), day.day())
        instant = t["instant"]
        clock = (instant.hour().cast("int64") * 60 + instant.minute()) * 60 + instant.second()
        timed = ((clock > 0) & (instant.date() == day)).fill_null(False)  # midnight stands for a time that nobody knows
        return t.select(
            *pairs.columns,
            "at",
            reason=reason,
            unread=unread,
            amount=numeric.ifelse(number, stated),
            word=silent.ifelse(t["own_word"], t["answer_word"]),
            begun=timed.ifelse(begun + clock, begun),
            ended=timed.ifelse(begun + clock, begun + DAY - 1),
        )

    def _unmapped(self, rest: Table) -> tuple[Unmapped, ...]:
        """The commonest concepts that nothing covers."""
        counted = rest.group_by("standard").aggregate(rows=rest.count(), people=rest["person"].nunique())
        most = self.cdm.rows(counted.order_by(counted["rows"].desc(), counted["standard"]).limit(LISTED))
        names: dict[int, str] = {}
        if self.cdm.concept is not None and most:
            table = self.cdm.concept
            near = table.filter(table["concept_id"].isin([row["standard"] for row in most])).select("concept_id", "concept_name")
            names = {row["concept_id"]: row["concept_name"] for row in self.cdm.rows(near)}
        return tuple(Unmapped(r["standard"], names.get(r["standard"], "no name"), int(r["rows"]), int(r["people"])) for r in most)

    # --- findings

    def _findings(self, people: Table, tables: list[Table]) -> tuple[Table, tuple[Found, ...], int]:
        """A row for each person; which findings were read of how many; and how many are contradicted."""
        import ibis

        about = {"age": self.omop.person.age, "sex": self.omop.person.sex}
        parts = {name: name.partition(".") for name in people.columns}
        named = {f"{column}{dot}{end}": people[name] for name, (of, dot, end) in parts.items() if (column := about.get(of))}
        wide = people.select("person", "index_date", **named)
        if not tables:
            return wide, (), 0
        said = ibis.union(*tables).inner_join(people.select("person", "index_date"), "person")
        dated, day = said["reason"] != UNDATED, said["index_date"]
        said = said.mutate(amount=said["unread"].ifelse(None, said["amount"]))
        said = said.select(
            "person",
            "at",
            "amount",
            "word",
            begun=dated.ifelse(said["begun"], EARLIEST),
            ended=dated.ifelse(said["ended"], LATEST),
            readable=(said["amount"].notnull() | said["word"].notnull()) & ~said["unread"],
            vague=~dated,
            index=seconds(day.year(), day.month(), day.day()),
        )
        said = prevailing(said, "person")
        doubts = {reading.at: reading.doubt for reading in reversed(self.readings) if reading.form != "apart"}
        tells = (said["amount"].notnull() | said["word"].notnull()) & ~said["vague"]
        named_at = self.cdm.rows(said.group_by("at").aggregate(people=said["person"].nunique(where=tells)).order_by("at"))
        counted = [row for row in named_at if row["people"]]
        at = [row["at"] for row in counted]
        telling = said.filter(tells)
        values = telling.group_by("person", "at").aggregate(amounts=telling["amount"].nunique(), words=telling["word"].nunique())
        contradicting = self.cdm.count(values.filter((values["amounts"] > 1) | (values["words"] > 1)))
        found = tuple(Found(row["at"], int(row["people"]), doubts[row["at"]]) for row in counted)
        if not named_at:
            return wide, found, contradicting
        stems = dict.fromkeys(_stem(row["at"], self.words) for row in named_at)
        findings = widened(said, {stem: Thing.of(stem, self.words) for stem in stems}, self.kb, "person")
        in_doubt = [name for name in findings.columns if (term := self.words.terms.get(name.partition(".")[0])) and term.of_record]
        findings = findings.select("person", *(name for name in findings.columns if name in at), *in_doubt)
        return wide.left_join(findings, "person").drop("person_right"), found, contradicting


def _bare(events: Table) -> Any:
    """The source value where no original concept is told."""
    return (events["original"].fill_null(0) == 0).ifelse(stripped(events["text"]).upper(), None)


def _unread(events: Table, by_concept: Table, by_text: Table) -> Table:
    """The rows that have no reading."""
    rest = events.anti_join(by_concept, events["standard"] == by_concept["key"])
    again = by_concept.view()
    rest = rest.anti_join(again, rest["original"] == again["key"])
    return rest.anti_join(by_text, _bare(rest) == by_text["key"])


def _agreed(values: Any) -> Any:
    """The value that all rows of a person have."""
    return (values.min() == values.max()).ifelse(values.max(), None)


def _as(value: Any, kind: str) -> Any:
    """A column as its kind; of text, what can be read."""
    if not value.type().is_string() or kind == "string":
        return value.cast(kind)
    return stripped(value).try_cast(kind)


def _need(table: Table, name: str, columns: Iterable[str]) -> None:
    faults = [
        Fault(f"{name}.{column}", "no such column", closest(column, table.columns)) for column in columns if column not in table.columns
    ]
    if faults:
        raise FindingError(faults)


def _column(table: Table, name: str, kind: str) -> Any:
    """A column as its kind, or nothing where the version of the model has none."""
    import ibis

    return _as(table[name], kind) if name in table.columns else ibis.null(kind)


def _columns(rows: Iterable[tuple[Any, ...]], names: tuple[str, ...]) -> dict[str, list[Any]]:
    listed_ = list(rows)
    return {name: [row[n] for row in listed_] for n, name in enumerate(names)}


def _stem(at: str, words: Vocabulary) -> str:
    """The address itself, or, of one of several words, that of the finding."""
    before, _, word = at.rpartition(".")
    return before if before in words.terms and word in words.terms[before].values else at


# --- back to the model -------------------------------------------------------------------------------------------------


def as_observations(result: Any, *, person: str = "person") -> Any:
    """
    What was concluded, shaped like the model's ``observation``: a row for each person and conclusion, undecided ones too.

    The id of the conclusion is the source value, its status the value as text (true, false, unknown; of a hypothesis its own). No standard
    concept says any of this, so every concept is 0. ``observation_id`` and ``observation_type_concept_id`` are for the database to give.

    >>> import polars as pl
    >>> from datetime import date
    >>> from mps_rules import evaluate_cohort
    >>> rows = pl.DataFrame({"person": [1], "index_date": [date(2022, 1, 1)], "saddle_anaesthesia": [True]})
    >>> found = evaluate_cohort(rows, conclusions=["rf_cauda_equina"], keep=KEEP)
    >>> as_observations(found).select("person_id", "observation_date", "observation_source_value", "value_as_string").rows()
    [(1, datetime.date(2022, 1, 1), 'rf_cauda_equina', 'true')]

    Args:
        result: what ``evaluate_cohort`` gave, with ``keep=KEEP``.
        person: the column that says who.

    Raises:
        FindingError: the result has no ``index_date``.

    """
    import ibis

    source, give_back = opened(result)
    if "index_date" not in source.columns:
        raise FindingError([Fault("index_date", "no such column: evaluate_cohort keeps it with keep=KEEP")])
    said = listed(source, person=person)
    said = said.filter(said["status"].notnull()).inner_join(source.select(person, "index_date"), person)
    nothing: Callable[[], Any] = lambda: ibis.literal(0).cast("int32")  # noqa: E731 - one literal, several columns
    return give_back(
        said.select(
            person_id=said[person],
            observation_concept_id=nothing(),
            observation_date=said["index_date"],
            value_as_string=said["status"],
            value_as_concept_id=nothing(),
            observation_source_value=said["conclusion"],
            observation_source_concept_id=nothing(),
        )
    )
