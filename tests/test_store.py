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

from mps_rules import store as stores
from mps_rules.cds_hooks import Feedback, Record, Shown
from mps_rules.errors import SettingsError
from mps_rules.store import Report, Store, Tally

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


def test_what_has_expired_is_forgotten_so_that_tokens_do_not_pile_up(store: Store) -> None:
    for number in range(50):
        store.first_use("https://one.example", str(number), until=1_000 + number, now=1_000)
    store.first_use("https://one.example", "late", until=9_000, now=2_000)
    with store._engine.begin() as connection:
        left = connection.execute(sa.select(sa.func.count()).select_from(stores._TOKENS)).scalar_one()

    assert left == 1


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

    with pytest.raises(SettingsError, match="cannot be opened"):
        Store(f"sqlite:///{tmp_path / 'kept.sqlite'}")


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
