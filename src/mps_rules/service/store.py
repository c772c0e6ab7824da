"""
What the service keeps: which rules concluded what, which cards were shown, and what became of them.

Rows are added, never changed. Nothing says who: no name, no id of a chart, no finding, no free text, unless comments are asked for. What was
acknowledged is on the disk, in the file that was opened: where it was replaced or deleted since, nothing is acknowledged. A thing told twice is
kept once. The only module that knows SQLAlchemy.
"""

import hashlib
import json
import os
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeAlias

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from mps_rules.errors import Fault, SettingsError
from mps_rules.service.cds_hooks import Feedback, Record, is_uuid

SCHEMA_VERSION = 1
"""What a program has to know to write into the tables; a store of another version is not touched."""
SHAPE = 2
"""How far the tables have come: each step only adds what has a default, so that programs of the shape before go on writing beside new ones."""
WAITS_MS = 5_000
"""How long a writer of SQLite waits for another one."""
PROBE = 65_536
"""Characters written and read to see whether a record could be kept: more than any answer takes."""
TOKENS_S = 86_400
"""How long the id of a token is remembered beyond its end: a clock that jumps within a day forgets none."""

_FORGOTTEN = "forgotten"
"""Stands among the digests of tokens, with the latest end of all that were forgotten."""
_BESIDE = ("", "-wal", "-shm")
"""What a store of SQLite consists of while it is open."""

_TABLES = sa.MetaData()
_SCHEMA = sa.Table(
    "mps_schema",
    _TABLES,
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("shape", sa.Integer, nullable=False, server_default="1"),
)
_ASSESSMENTS = sa.Table(
    "mps_assessments",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String(32), nullable=False, index=True),
    sa.Column("issuer", sa.String(300), nullable=False),
    sa.Column("tenant", sa.String(300), nullable=False),
    sa.Column("service", sa.String(80), nullable=False),
    sa.Column("hook", sa.String(80), nullable=False),
    sa.Column("hook_instance", sa.String(36), nullable=False),
    sa.Column("input_digest", sa.String(64), nullable=False),
    sa.Column("rules_id", sa.String(80), nullable=False),
    sa.Column("rules_version", sa.String(40), nullable=False),
    sa.Column("rules_digest", sa.String(64), nullable=False),
    sa.Column("urgency", sa.String(20), nullable=False),
    sa.Column("screening", sa.String(20), nullable=False),
    sa.Column("conclusions", sa.Text, nullable=False),
    sa.Column("prefetch", sa.Text, nullable=False),
    sa.Column("unread", sa.Text, nullable=False, server_default="{}"),
)
_SHOWN = sa.Table(
    "mps_shown",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("assessment", sa.ForeignKey(_ASSESSMENTS.c.id), nullable=False, index=True),
    sa.Column("card", sa.String(36), nullable=False, index=True),
    sa.Column("topic", sa.String(80), nullable=False),
    sa.Column("indicator", sa.String(10), nullable=False),
    sa.Column("rules", sa.Text, nullable=False),
)
_FEEDBACK = sa.Table(
    "mps_feedback",
    _TABLES,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("received", sa.String(32), nullable=False, index=True),
    sa.Column("issuer", sa.String(300), nullable=False),
    sa.Column("tenant", sa.String(300), nullable=False),
    sa.Column("service", sa.String(80), nullable=False),
    sa.Column("card", sa.String(36), nullable=False, index=True),
    sa.Column("outcome", sa.String(12), nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("suggestions", sa.Text, nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("comment", sa.Text, nullable=True),
)
_TOKENS = sa.Table(
    "mps_tokens",
    _TABLES,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("until", sa.BigInteger, nullable=False, index=True),
)
_PROBES = sa.Table("mps_probe", _TABLES, sa.Column("id", sa.String(36), primary_key=True), sa.Column("content", sa.Text, nullable=False))


@attrs.frozen
class Tally:
    """One rule behind one kind of card: how often shown, accepted, overridden, and for which reasons; rule is empty for a card of questions."""

    topic: str
    rule: str
    shown: int
    accepted: int
    overridden: int
    reasons: tuple[tuple[str, int], ...] = ()


@attrs.frozen
class Report:
    """What became of the cards. A card of which nothing was told is not a rejected one."""

    answers: int
    silent: int
    shown: int
    accepted: int
    overridden: int
    rows: tuple[Tally, ...]

    @property
    def untold(self) -> int:
        """How many cards nothing was told about: never read as a rejection."""
        return max(0, self.shown - self.accepted - self.overridden)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        rows = [{**attrs.asdict(row, recurse=False), "reasons": dict(row.reasons)} for row in self.rows]
        return {**{name: getattr(self, name) for name in ("answers", "silent", "shown", "accepted", "overridden", "untold")}, "rows": rows}

    def text(self) -> str:
        """The report as lines to read."""
        lines = [
            f"{self.answers} answers, {self.silent} of them without a card",
            f"{self.shown} cards shown: {self.accepted} accepted, {self.overridden} overridden, {self.untold} of which nothing was told",
            "No feedback is not a rejection.",
        ]
        for row in self.rows:
            name = f"{row.topic}: {row.rule}" if row.rule else row.topic
            lines.append(f"  {name}: shown {row.shown}, accepted {row.accepted}, overridden {row.overridden}")
            lines += [f"    {reason or 'no coded reason'}: {count}" for reason, count in row.reasons]
        return "\n".join(lines)


class StoreGoneError(SettingsError):
    """The file of a store is not the one that was opened: what is written into that one, nobody will find."""


class Store:
    """
    The records of a service, in SQLite or PostgreSQL.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     store = Store(f"sqlite:///{folder}/kept.sqlite")
    ...     first, second = (store.first_use("issuer", "a-token-id", until=600, now=0) for _ in range(2))
    ...     store.close()
    >>> first, second
    (True, False)

    Args:
        url: as SQLAlchemy writes it: ``sqlite:///file`` or ``postgresql+psycopg://user@host/database``.
        comments: whether the free text of feedback is kept; it may name a person.
        make: whether a file of SQLite that is not there is made.

    Raises:
        SettingsError: no such database, a driver that is not installed, or tables of another version.

    """

    def __init__(self, url: str, *, comments: bool = False, make: bool = True) -> None:
        self._comments = comments
        self._engine = _engine(url, make=make)
        one_writer = self._engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[Any] = threading.Lock() if one_writer else nullcontext()  # SQLite would sleep, not queue
        self._file = str(self._engine.url.database) if one_writer else ""
        self._use = _first_use(self._engine.dialect)
        self._opened: Mapping[str, _Identity] = {}
        try:
            self._prepare()
            self._opened = _files(self._file) if one_writer else {}
        except SettingsError:
            self.close()
            raise
        except sa.exc.SQLAlchemyError as error:
            self.close()
            raise SettingsError([_unopened(self._engine.url, error)]) from None

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction of the store that was opened, and of no other."""
        with self._turn:
            if not self.is_there():
                raise StoreGoneError(
                    [Fault("store", "its file was replaced or deleted while it was in use: stop the service and start it again")]
                )
            with self._engine.begin() as connection:
                yield connection

    def keep(self, record: Record, at: datetime, issuer: str = "", tenant: str = "") -> int:
        """Add an answer with the cards it showed; returns its number once it is on the disk."""
        kept = attrs.asdict(record, recurse=False)
        cards = kept.pop("cards")
        kept |= {"conclusions": json.dumps(record.conclusions), "prefetch": json.dumps(dict(record.prefetch))}
        kept |= {"unread": json.dumps(dict(record.unread))}
        with self._writing() as connection:
            made = connection.execute(_ASSESSMENTS.insert().values(at=_moment(at), issuer=issuer, tenant=tenant, **kept))
            number = int(made.inserted_primary_key[0])  # type: ignore[index]
            if cards:
                connection.execute(
                    _SHOWN.insert(),
                    [
                        {
                            "assessment": number,
                            "card": card.uuid,
                            "topic": card.topic,
                            "indicator": card.indicator,
                            "rules": json.dumps(card.rules),
                        }
                        for card in cards
                    ],
                )
        return number

    def hear(self, service: str, items: Sequence[Feedback], at: datetime, issuer: str = "", tenant: str = "") -> int:
        """
        Add what became of cards that were shown; an item heard before changes nothing.

        Of a card that this store has not shown to the issuer nothing is kept: its name could be any text.

        Returns:
            how many items are about such a card.

        """
        cards = {item.card for item in items if is_uuid(item.card)}
        with self._writing() as connection:
            shown = sa.select(_SHOWN.c.card).join(_ASSESSMENTS).where(_SHOWN.c.card.in_(sorted(cards)), _ASSESSMENTS.c.issuer == issuer)
            known = set(connection.execute(shown.where(_ASSESSMENTS.c.service == service)).scalars())
            rows = [self._row(service, item, at, issuer, tenant) for item in items if item.card in known]
            if rows:
                connection.execute(_once(connection.dialect, _FEEDBACK), rows)
        return sum(item.card not in known for item in items)

    def _row(self, service: str, item: Feedback, at: datetime, issuer: str, tenant: str) -> dict[str, Any]:
        suggestions = sorted(suggestion for suggestion in item.suggestions if is_uuid(suggestion))
        told = [issuer, tenant, service, item.card, item.outcome, item.at, item.reason, *suggestions]
        return {
            "digest": hashlib.sha256(json.dumps(told).encode()).hexdigest(),
            "received": _moment(at),
            "issuer": issuer,
            "tenant": tenant,
            "service": service,
            "card": item.card,
            "outcome": item.outcome,
            "at": item.at,
            "suggestions": json.dumps(suggestions),
            "reason": item.reason,
            "comment": item.comment or None if self._comments else None,
        }

    def first_use(self, issuer: str, token: str, until: int, now: int) -> bool:
        """
        Whether a token id is seen for the first time, by any worker; it is remembered until it has expired anyway, and a day longer.

        A token that ends no later than one that was forgotten cannot be told from it, whatever the clock says by now: it is taken for used.

        Args:
            issuer: who issued it; ids are unique for each issuer.
            token: the id, of which only a digest is kept.
            until: when the token can be used no more, in seconds since 1970.
            now: the present, in seconds since 1970; what had expired a day before is forgotten.

        """
        digest = hashlib.sha256(json.dumps([issuer, token]).encode()).hexdigest()
        with self._writing() as connection:
            self._forget(connection, now - TOKENS_S)
            return connection.execute(self._use, {"token": digest, "ends": until}).first() is not None

    def _forget(self, connection: sa.Connection, before: int) -> None:
        ends = connection.execute(_OLD, {"before": before}).scalars().all()
        if ends:
            connection.execute(_once(connection.dialect, _TOKENS).values(digest=_FORGOTTEN, until=max(ends)))
            later = _TOKENS.update().where(_TOKENS.c.digest == _FORGOTTEN, _TOKENS.c.until < max(ends))
            connection.execute(later.values(until=max(ends)))

    def is_there(self) -> bool:
        """Whether the files of the store are still those that were opened."""
        return not self._opened or _files(self._file) == self._opened

    def is_writable(self) -> bool:
        """Whether a record could be kept now: one larger than any answer is written, read again and taken away."""
        probe, content = str(uuid.uuid4()), uuid.uuid4().hex * (PROBE // 32)
        try:
            with self._writing() as connection:
                connection.execute(_PROBES.insert().values(id=probe, content=content))
            with self._writing() as connection:
                read = connection.execute(_PROBES.delete().where(_PROBES.c.id == probe).returning(_PROBES.c.content)).scalar()
                for table in _TABLES.sorted_tables:
                    connection.execute(sa.select(table).limit(0))
                version = connection.execute(sa.select(_SCHEMA.c.version)).scalar_one()
        except (sa.exc.SQLAlchemyError, StoreGoneError):
            return False
        return read == content and version == SCHEMA_VERSION

    def report(self, since: datetime | None = None) -> Report:
        """What became of the cards shown since a time, by rule and by reason; of an answer, only when it was given counts."""
        after = _moment(since) if since else ""
        with self._writing() as connection:
            answers = connection.execute(sa.select(sa.func.count()).where(_ASSESSMENTS.c.at >= after)).scalar_one()
            loud = sa.select(sa.func.count(sa.distinct(_SHOWN.c.assessment))).join(_ASSESSMENTS).where(_ASSESSMENTS.c.at >= after)
            silent = answers - connection.execute(loud).scalar_one()
            columns = (_SHOWN.c.card, _SHOWN.c.topic, _SHOWN.c.rules)
            counted = sa.select(*columns, sa.func.count()).join(_ASSESSMENTS).where(_ASSESSMENTS.c.at >= after).group_by(*columns)
            shown = [(card, topic, json.loads(rules), count) for card, topic, rules, count in connection.execute(counted)]
            told = sa.select(_FEEDBACK.c.card, _FEEDBACK.c.outcome, _FEEDBACK.c.reason, sa.func.count()).where(
                _FEEDBACK.c.received >= after
            )
            heard = [tuple(row) for row in connection.execute(told.group_by(_FEEDBACK.c.card, _FEEDBACK.c.outcome, _FEEDBACK.c.reason))]
        return _report(answers, silent, shown, heard)

    def _prepare(self) -> None:
        """Make the tables where there are none, or see that they are of this version and bring their shape forward."""
        with self._turn, self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(771203)"))
            if not sa.inspect(connection).has_table(_SCHEMA.name):
                _TABLES.create_all(connection)
                connection.execute(_SCHEMA.insert().values(version=SCHEMA_VERSION, shape=SHAPE))
            found = connection.execute(sa.select(_SCHEMA.c.version)).scalar()
            if found == SCHEMA_VERSION:
                _PROBES.create(connection, checkfirst=True)  # stores made before it are of the same version
                _bring_forward(connection)
        if found != SCHEMA_VERSION:
            age = "newer" if isinstance(found, int) and found > SCHEMA_VERSION else "older"
            raise SettingsError(
                [
                    Fault(
                        "store", f"holds tables of version {found}, {age} than version {SCHEMA_VERSION} of this program: name another store"
                    )
                ]
            )


_FORWARD = {
    1: (
        "ALTER TABLE mps_schema ADD COLUMN shape INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE mps_assessments ADD COLUMN unread TEXT NOT NULL DEFAULT '{}'",
    ),
}
"""What brings the tables of a shape to the next."""


def _bring_forward(connection: sa.Connection) -> None:
    told = any(column["name"] == "shape" for column in sa.inspect(connection).get_columns(_SCHEMA.name))
    shape = connection.execute(sa.select(_SCHEMA.c.shape)).scalar_one() if told else 1
    for step in range(shape, SHAPE):
        for statement in _FORWARD[step]:
            connection.execute(sa.text(statement))
        connection.execute(_SCHEMA.update().values(shape=step + 1))


_Identity: TypeAlias = tuple[int, int] | None


def _files(path: str) -> dict[str, _Identity]:
    """Which files stand where a store of SQLite has its own; None for none."""
    return {suffix: _identity(path + suffix) for suffix in _BESIDE}


def _identity(path: str) -> _Identity:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked before every transaction: a Path costs as much again
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _engine(url: str, *, make: bool) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise SettingsError([Fault("store", "expected an address that begins with sqlite or postgresql")])
        if parsed.get_backend_name() == "postgresql":
            return sa.create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    except sa.exc.ArgumentError:
        raise SettingsError([Fault("store", "expected an address such as sqlite:///kept.sqlite")]) from None
    except ModuleNotFoundError as error:
        raise SettingsError([Fault("store", f"the driver {error.name} is not installed: pip install '{error.name}'")]) from None
    if not parsed.database or parsed.database == ":memory:":
        raise SettingsError([Fault("store", "what is in memory is not kept: name a file, such as sqlite:///kept.sqlite")])
    try:
        os.close(os.open(parsed.database, os.O_RDWR | (os.O_CREAT if make else 0), 0o600))
    except OSError as error:
        raise SettingsError([Fault(f"store {parsed.database}", f"cannot be opened: {error.strerror}")]) from None
    engine = sa.create_engine(parsed, connect_args={"timeout": WAITS_MS / 1000}, hide_parameters=True)
    sa.event.listen(engine, "connect", _durable)
    sa.event.listen(engine, "begin", _begin_writing)
    return engine


def _unopened(url: sa.URL, error: sa.exc.SQLAlchemyError) -> Fault:
    """Where a store was looked for and what its database said, in one line and without the password."""
    said = " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())
    where = url.database if url.get_backend_name() == "sqlite" else f"{url.host}:{url.port or 5432}/{url.database}"
    return Fault(f"store {where}", f"cannot be opened: {said.replace(str(url.password), '***') if url.password else said}")


def _durable(connection: Any, _: Any) -> None:
    """SQLite with readers beside one writer, and each commit on the disk before it is acknowledged."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_writing(connection: sa.Connection) -> None:
    """Take the writer's turn at once: one that begins by reading could not wait for it later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _once(dialect: sa.Dialect, table: sa.Table) -> Any:
    """An insert that leaves a row alone that is there."""
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


_OLD = _TOKENS.delete().where(_TOKENS.c.until < sa.bindparam("before"), _TOKENS.c.digest != _FORGOTTEN).returning(_TOKENS.c.until)


def _first_use(dialect: sa.Dialect) -> Any:
    """An insert of a token that adds nothing where it is there, or where it might be among those that were forgotten; made once: it is run for every call."""
    token, ends = sa.bindparam("token", type_=sa.String), sa.bindparam("ends", type_=sa.BigInteger)
    forgotten = sa.select(_TOKENS.c.digest).where(_TOKENS.c.digest == _FORGOTTEN, _TOKENS.c.until >= ends)
    fresh = sa.select(token, ends).where(~forgotten.exists())
    return _once(dialect, _TOKENS).from_select(["digest", "until"], fresh).returning(_TOKENS.c.digest)


def _report(answers: int, silent: int, shown: Sequence[tuple[str, str, list[str], int]], heard: Sequence[tuple[Any, ...]]) -> Report:
    behind: dict[str, set[tuple[str, str]]] = {}
    times: Counter[tuple[str, str]] = Counter()
    for card, topic, rules, count in shown:
        for row in {(topic, rule) for rule in rules} or {(topic, "")}:
            times[row] += count
            behind.setdefault(card, set()).add(row)
    outcomes: Counter[tuple[tuple[str, str], str]] = Counter()
    reasons: dict[tuple[str, str], Counter[str]] = {}
    totals: Counter[str] = Counter()
    for card, outcome, reason, count in heard:
        if card not in behind:
            continue
        totals[outcome] += count
        for row in behind[card]:
            outcomes[row, outcome] += count
            if outcome == "overridden":
                reasons.setdefault(row, Counter())[reason] += count
    rows = tuple(
        Tally(*row, times[row], outcomes[row, "accepted"], outcomes[row, "overridden"], tuple(sorted(reasons.get(row, Counter()).items())))
        for row in sorted(times)
    )
    total = sum(count for *_, count in shown)
    return Report(answers, silent, total, totals["accepted"], totals["overridden"], rows)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
