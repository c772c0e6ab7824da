"""What the service keeps, and what it never keeps."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mps_rules.errors import SettingsError
from mps_rules.service import store as stores
from mps_rules.service.cds_hooks import Feedback, Record, Shown
from mps_rules.service.store import Report, Store, StoreGoneError, Tally

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
CARD, OTHER = "7c4d7e4a-0b1f-5d9c-8a00-000000000001", "7c4d7e4a-0b1f-5d9c-8a00-000000000002"
RECORD = Record(
    service="mps-patient-view",
    hook="patient-view",
    hook_instance="d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    input_digest="a" * 64,
    rules_id="pack",
    rules_version="1",
    rules_digest="b" * 64,
    urgency="urgent",
    screening="partial",
    conclusions=("infection:raised",),
    cards=(Shown(CARD, "red-flags-raised", "warning", ("safety.one", "safety.two")), Shown(OTHER, "next-questions", "info", ())),
    prefetch=(("conditions", "complete"),),
)
ACCEPTED = Feedback(CARD, "accepted", "2026-01-15T09:00:00Z", ("7c4d7e4a-0b1f-5d9c-8a00-0000000000aa",))
OVERRIDDEN = Feedback(CARD, "overridden", "2026-01-15T09:01:00Z", reason="already-done", comment="told Mrs Canary")


def _addresses() -> list[Any]:
    postgres = os.environ.get("MPS_RULES_TEST_POSTGRES", "")
    reason = "MPS_RULES_TEST_POSTGRES names no database to be used and emptied"
    return ["sqlite", pytest.param(postgres, marks=pytest.mark.skipif(not postgres, reason=reason), id="postgresql")]


@pytest.fixture(params=_addresses())
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kept.sqlite'}"
        return
    engine = sa.create_engine(request.param)
    stores._TABLES.drop_all(engine)
    yield request.param
    stores._TABLES.drop_all(engine)
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()


def test_what_was_kept_is_there_after_opening_again(store: Store, url: str) -> None:
    store.keep(RECORD, NOW)
    store.close()
    again = Store(url)

    assert (1, 2) == (again.report().answers, again.report().shown)
    again.close()


def test_the_same_item_twice_is_one_row(store: Store) -> None:
    store.keep(RECORD, NOW)
    for at in (NOW, NOW + timedelta(hours=1)):
        assert store.hear(RECORD.service, [ACCEPTED, ACCEPTED, OVERRIDDEN], at) == 0

    report = store.report()

    assert (1, 1) == (report.accepted, report.overridden)


def test_the_report_counts_by_rule_and_reason_and_silence_is_no_rejection(store: Store) -> None:
    store.keep(RECORD, NOW)
    store.keep(attrs.evolve(RECORD, cards=()), NOW)
    store.hear(RECORD.service, [OVERRIDDEN], NOW)
    report = store.report()

    reasons = (("already-done", 1),)
    assert report.rows == (
        Tally("next-questions", "", 1, 0, 0),
        Tally("red-flags-raised", "safety.one", 1, 0, 1, reasons),
        Tally("red-flags-raised", "safety.two", 1, 0, 1, reasons),
    )
    assert (2, 1, 2, 0, 1, 1) == (report.answers, report.silent, report.shown, report.accepted, report.overridden, report.untold)
    assert "No feedback is not a rejection." in report.text()
    assert "already-done: 1" in report.text()
    assert report.to_dict()["rows"][1]["reasons"] == {"already-done": 1}


def test_a_report_since_a_time_leaves_out_what_was_before(store: Store) -> None:
    store.keep(RECORD, NOW)
    store.hear(RECORD.service, [OVERRIDDEN], NOW)

    assert store.report(since=NOW + timedelta(seconds=1)) == Report(0, 0, 0, 0, 0, ())
    assert store.report(since=NOW).overridden == 1


def test_of_a_card_that_was_not_shown_to_the_issuer_nothing_is_kept(store: Store) -> None:
    store.keep(RECORD, NOW, issuer="https://one.example")
    strange = attrs.evolve(ACCEPTED, card="Mrs Canary")

    assert store.hear(RECORD.service, [strange, ACCEPTED], NOW, issuer="https://two.example") == 2
    assert store.hear("mps-problem-list", [ACCEPTED], NOW, issuer="https://one.example") == 1
    assert store.report().accepted == 0
    assert store.hear(RECORD.service, [strange, ACCEPTED], NOW, issuer="https://one.example") == 1
    assert store.report().accepted == 1


@pytest.mark.parametrize("comments", [False, True])
def test_a_comment_is_kept_only_where_it_was_asked_for(tmp_path: Path, *, comments: bool) -> None:
    store = Store(f"sqlite:///{tmp_path / 'kept.sqlite'}", comments=comments)
    store.keep(RECORD, NOW)
    store.hear(RECORD.service, [OVERRIDDEN, attrs.evolve(ACCEPTED, suggestions=("Mrs Canary",))], NOW)
    store.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert (written.count(b"Canary") == 1) is comments
    assert (b"Canary" in written) is comments


def test_a_token_is_used_once_even_by_many_workers(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        used = list(pool.map(lambda _: store.first_use("https://one.example", "same", until=2_000, now=1_000), range(32)))

    assert sum(used) == 1
    assert store.first_use("https://two.example", "same", until=2_000, now=1_000)


def test_workers_that_write_at_the_same_time_wait_for_each_other(url: str) -> None:
    workers = [Store(url) for _ in range(4)]
    workers[0].keep(RECORD, NOW)
    items = [attrs.evolve(OVERRIDDEN, at=f"2026-01-15T09:{minute:02}:{second:02}Z") for minute in range(10) for second in range(6)]
    with ThreadPoolExecutor(8) as pool:
        strangers = list(pool.map(lambda n: workers[n % 4].hear(RECORD.service, [items[n]], NOW), range(len(items))))
    report = workers[0].report()
    for one in workers:
        one.close()

    assert (0, len(items)) == (sum(strangers), report.overridden)


DAY = 86_400


def test_what_has_expired_a_day_ago_is_forgotten_so_that_tokens_do_not_pile_up(store: Store) -> None:
    for number in range(50):
        store.first_use("https://one.example", str(number), until=1_000 + number, now=1_000)
    store.first_use("https://one.example", "late", until=DAY + 9_000, now=DAY + 2_000)
    with store._engine.begin() as connection:
        left = connection.execute(sa.select(stores._TOKENS.c.until).order_by(stores._TOKENS.c.until)).scalars().all()

    assert left == [1_049, DAY + 9_000]  # the latest that was forgotten, and the one that was not


@pytest.mark.parametrize("jump", [-400 * DAY, -2 * DAY, -3_600, 3_600, 2 * DAY, 400 * DAY])
def test_a_used_token_is_used_however_the_clock_jumps(store: Store, jump: int) -> None:
    now = 1_000 * DAY
    used = [store.first_use("https://one.example", "used", until=now + 300, now=now)]
    used.append(store.first_use("https://one.example", "another", until=now + jump + 300, now=now + jump))
    used += [store.first_use("https://one.example", "used", until=now + 300, now=at) for at in (now + jump, now)]

    assert used[0] is True
    assert used[2:] == [False, False]


def test_after_a_clock_has_jumped_and_come_back_new_tokens_are_believed_again(store: Store) -> None:
    now = 1_000 * DAY
    store.first_use("https://one.example", "used", until=now + 300, now=now)
    store.first_use("https://one.example", "ahead", until=now + 2 * DAY + 300, now=now + 2 * DAY)

    assert not store.first_use("https://one.example", "as old as what was forgotten", until=now + 300, now=now)
    assert store.first_use("https://one.example", "new", until=now + 301, now=now)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(-3, 3), st.integers(1, 3_660)),
        max_size=12,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_token_is_believed_twice_whatever_the_clock_does(tmp_path: Path, calls: list[tuple[int, int, int]]) -> None:
    """Each call: a token, by how many days the clock jumps before it, and for how many seconds after the first clock it was issued."""
    store = Store(f"sqlite:///{tmp_path / 'kept.sqlite'}")
    with store._engine.begin() as connection:
        connection.execute(stores._TOKENS.delete())
    now, ends, believed = 1_000 * DAY, dict[int, int](), list[int]()
    for token, jump, life in calls:
        now += jump * DAY // 2
        until = ends.setdefault(token, now + life)
        if store.first_use("https://one.example", str(token), until=until, now=now):
            believed.append(token)
    store.close()

    assert len(believed) == len(set(believed))


def test_a_probe_is_read_again_and_leaves_nothing(store: Store) -> None:
    assert store.is_writable()
    with store._engine.begin() as connection:
        left = connection.execute(sa.select(sa.func.count()).select_from(stores._PROBES)).scalar_one()

    assert left == 0


def test_a_store_made_before_there_were_probes_is_opened_and_tried(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    Store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE mps_probe")
    connection.close()
    store = Store(f"sqlite:///{path}")

    assert store.is_writable()
    store.close()


def test_where_the_disk_is_full_nothing_is_kept_and_it_is_known_beforehand(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'kept.sqlite'}")
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no page more than there are: as good as a full disk

    assert not store.is_writable()
    with pytest.raises(sa.exc.OperationalError):
        store.keep(attrs.evolve(RECORD, conclusions=("c" * 100_000,)), NOW)
    store.close()


@pytest.mark.parametrize("part", ["", "-wal", "-shm"])
@pytest.mark.parametrize("kind", ["deleted", "replaced"])
def test_a_store_whose_files_are_others_by_now_is_an_error_at_once(tmp_path: Path, part: str, kind: str) -> None:
    path = tmp_path / f"kept.sqlite{part}"
    store = Store(f"sqlite:///{tmp_path / 'kept.sqlite'}")
    store.keep(RECORD, NOW)
    content = path.read_bytes()
    path.rename(tmp_path / "moved")
    if kind == "replaced":
        path.write_bytes(content)

    assert not store.is_writable()
    for work in (
        lambda: store.keep(RECORD, NOW),
        lambda: store.hear(RECORD.service, [ACCEPTED], NOW),
        lambda: store.first_use("https://one.example", "a", until=2_000, now=1_000),
        store.report,
    ):
        with pytest.raises(StoreGoneError, match="replaced or deleted while it was in use"):
            work()
    store.close()


# The tables as the version before made them, what it wrote, and what it asked before it called itself ready.
BEFORE = (
    "CREATE TABLE mps_schema (version INTEGER NOT NULL)",
    (
        "CREATE TABLE mps_assessments (id INTEGER NOT NULL PRIMARY KEY, at VARCHAR(32) NOT NULL, issuer VARCHAR(300) NOT NULL, "
        "tenant VARCHAR(300) NOT NULL, service VARCHAR(80) NOT NULL, hook VARCHAR(80) NOT NULL, hook_instance VARCHAR(36) NOT NULL, "
        "input_digest VARCHAR(64) NOT NULL, rules_id VARCHAR(80) NOT NULL, rules_version VARCHAR(40) NOT NULL, rules_digest VARCHAR(64) NOT NULL, "
        "urgency VARCHAR(20) NOT NULL, screening VARCHAR(20) NOT NULL, conclusions TEXT NOT NULL, prefetch TEXT NOT NULL)"
    ),
    (
        "CREATE TABLE mps_shown (id INTEGER NOT NULL PRIMARY KEY, assessment INTEGER NOT NULL REFERENCES mps_assessments (id), "
        "card VARCHAR(36) NOT NULL, topic VARCHAR(80) NOT NULL, indicator VARCHAR(10) NOT NULL, rules TEXT NOT NULL)"
    ),
    (
        "CREATE TABLE mps_feedback (digest VARCHAR(64) NOT NULL PRIMARY KEY, received VARCHAR(32) NOT NULL, issuer VARCHAR(300) NOT NULL, "
        "tenant VARCHAR(300) NOT NULL, service VARCHAR(80) NOT NULL, card VARCHAR(36) NOT NULL, outcome VARCHAR(12) NOT NULL, at VARCHAR(40) NOT NULL, "
        "suggestions TEXT NOT NULL, reason VARCHAR(40) NOT NULL, comment TEXT)"
    ),
    "CREATE TABLE mps_tokens (digest VARCHAR(64) NOT NULL PRIMARY KEY, until BIGINT NOT NULL)",
    "INSERT INTO mps_schema VALUES (1)",
)
WROTE = (
    "INSERT INTO mps_assessments (at, issuer, tenant, service, hook, hook_instance, input_digest, rules_id, rules_version, rules_digest, urgency, "
    "screening, conclusions, prefetch) VALUES ('2026-01-15T09:00:00.000000+00:00', '', '', 's', 'h', 'i', 'd', 'p', '1', 'r', '', '', '[]', '{}')"
)


def test_a_store_of_the_version_before_is_brought_forward_while_that_version_goes_on_writing(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    older = sqlite3.connect(path, isolation_level=None)
    for statement in (*BEFORE, WROTE):
        older.execute(statement)

    newer = Store(f"sqlite:///{path}")
    newer.keep(attrs.evolve(RECORD, unread=(("icd10cm", 3),)), NOW)
    older.execute(WROTE)
    again = Store(f"sqlite:///{path}")

    assert older.execute("SELECT version FROM mps_schema").fetchall() == [(1,)]
    assert older.execute("SELECT unread FROM mps_assessments ORDER BY id").fetchall() == [("{}",), ('{"icd10cm": 3}',), ("{}",)]
    assert newer.is_writable()
    assert again.is_writable()
    assert again.report().answers == 3
    for one in (newer, again):
        one.close()
    older.close()


@pytest.mark.parametrize(("version", "age"), [(0, "older"), (99, "newer")])
def test_a_store_of_another_version_is_refused_and_left_alone(tmp_path: Path, version: int, age: str) -> None:
    path = tmp_path / "kept.sqlite"
    Store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE mps_schema SET version = ?", (version,))
    connection.close()

    with pytest.raises(SettingsError, match=f"version {version}, {age} than version 1"):
        Store(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("mysql://x/y", "begins with sqlite or postgresql"),
        ("nonsense", "such as sqlite:///kept.sqlite"),
        ("sqlite://", "what is in memory is not kept"),
        ("sqlite:////no/such/folder/x.sqlite", "cannot be opened"),
        ("postgresql+asyncpg://secret:word@host/db", "driver asyncpg is not installed"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_without_its_password(address: str, what: str) -> None:
    with pytest.raises(SettingsError, match=what) as caught:
        Store(address)

    assert "word" not in str(caught.value)


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "kept.sqlite").write_text("no database " * 100, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"kept\.sqlite: cannot be opened: file is not a database"):
        Store(f"sqlite:///{tmp_path / 'kept.sqlite'}")


def test_why_a_database_elsewhere_cannot_be_opened_is_said_in_one_line_without_the_password() -> None:
    refused = sa.exc.OperationalError("SELECT 1", {}, Exception('password "s3cret" of user refused\nIs it running?'))

    assert str(stores._unopened(sa.make_url("postgresql+psycopg://user:s3cret@db.example/kept"), refused)) == (
        'store db.example:5432/kept: cannot be opened: password "***" of user refused Is it running?'
    )


def test_the_file_is_its_owners_alone_and_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'kept.sqlite'}")
    with store._engine.connect() as connection:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    store.close()

    assert ("wal", 2) == (journal, synchronous)
    assert stat.S_IMODE((tmp_path / "kept.sqlite").stat().st_mode) == 0o600


def test_a_store_that_lost_its_tables_is_not_writable(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'kept.sqlite'}")
    assert store.is_writable()
    with sqlite3.connect(tmp_path / "kept.sqlite") as connection:
        connection.execute("DROP TABLE mps_schema")
    connection.close()

    assert not store.is_writable()
    store.close()
