"""Bad requests over raw connections: each is bounded, and none of them disturbs anybody else."""

import contextlib
import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.service import serving
from mps_rules.service.settings import Settings
from running import ALARM, VIEW, Running, call, running

GOOD = json.dumps(call(exam=ALARM)).encode()


@pytest.fixture(scope="module")
def service(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    store = tmp_path_factory.mktemp("limits") / "kept.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "HEADERS_S", 0.5)
        settings = Settings(store=f"sqlite:///{store}", largest_body=100_000, body_seconds=0.5, connections=64)
        with running(settings, kb) as one:
            yield one


@pytest.fixture(autouse=True)
def others(service: Running) -> Iterator[None]:
    """Somebody else, who calls all the while and is always answered."""
    stop, statuses = threading.Event(), []

    def go() -> None:
        with service.client() as client:
            while True:
                statuses.append(client.post(VIEW, content=GOOD, headers={"content-type": "application/json"}).status_code)
                if stop.is_set():
                    return
                time.sleep(0.02)

    thread = threading.Thread(target=go)
    thread.start()
    yield
    stop.set()
    thread.join(20)

    assert statuses
    assert set(statuses) == {200}


def head(length: int | str | None, *more: str, kind: str = "application/json") -> bytes:
    lines = [f"POST {VIEW} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}", *more]
    return "\r\n".join([*lines, *([f"Content-Length: {length}"] if length is not None else []), "", ""]).encode()


def answered(service: Running, *parts: bytes, pause: float = 0.0) -> tuple[int, bytes]:
    """The status and the whole answer to what is sent, part by part; 0 where the connection is closed without one."""
    with service.raw() as connection:
        for part in parts:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(part)
            time.sleep(pause)
        return received(connection)


def received(connection: socket.socket) -> tuple[int, bytes]:
    whole = b""
    while True:
        try:
            chunk = connection.recv(65_536)
        except ConnectionResetError:
            break
        whole += chunk
        length = re.search(rb"content-length: (\d+)", whole)
        if not chunk or (length and len(whole.partition(b"\r\n\r\n")[2]) >= int(length[1])):
            break
    return (int(whole[9:12]) if whole.startswith(b"HTTP/1.1 ") else 0), whole


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null{",
        b"\xff\xfe",
        GOOD[:-1],
        GOOD + b"x",
        b'{"hook": "a", "hook": "b"}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b"[" * 65 + b"]" * 65,
        b"[" * 49_000,
        b"[" * 49_000 + b"]" * 49_000,
        b'{"a":' * 19_000,
        b'{"a": ' + b"9" * 90_000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_plain_json_is_400(service: Running, body: bytes) -> None:
    status, whole = answered(service, head(len(body)), body)

    assert status == 400
    assert b"OperationOutcome" in whole
    assert b"Traceback" not in whole


def test_json_nested_as_deep_as_allowed_is_read(service: Running) -> None:
    body = b"[" * 63 + b"]" * 63
    status, whole = answered(service, head(len(body)), body)

    assert status == 400
    assert b"expected a JSON object" in whole


@pytest.mark.parametrize("length", [100_001, 10**9, 10**18])
def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes(service: Running, length: int) -> None:
    status, whole = answered(service, head(length))

    assert status == 413  # had the body been waited for, it would be 408
    assert b"connection: close" in whole


def test_a_body_in_chunks_is_read_no_further_than_allowed(service: Running) -> None:
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    with service.raw() as connection:
        connection.sendall(head(None, "Transfer-Encoding: chunked"))
        sent = 0
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(2_000):
                connection.sendall(chunk)
                sent += 1
                if sent == 8:
                    status, _ = received(connection)
    assert status == 413
    assert sent < 2_000


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "", "application/jsonx"]
)
def test_another_kind_of_body_is_415(service: Running, kind: str) -> None:
    assert answered(service, head(len(GOOD), kind=kind), GOOD)[0] == 415


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'])
def test_json_is_known_by_its_kind(service: Running, kind: str) -> None:
    assert answered(service, head(len(GOOD), kind=kind), GOOD)[0] == 200


def test_a_compressed_body_is_not_unpacked(service: Running) -> None:
    packed = gzip.compress(b" " * 90_000_000)[:90_000]

    assert answered(service, head(len(packed), "Content-Encoding: gzip"), packed)[0] == 415


def test_a_body_that_takes_too_long_is_408(service: Running) -> None:
    status, whole = answered(service, head(len(GOOD)), GOOD[:10])

    assert status == 408
    assert b"connection: close" in whole


def test_a_body_that_drips_is_408_however_often_something_comes(service: Running) -> None:
    status, _ = answered(service, head(1_000), *[b" "] * 15, pause=0.05)

    assert status == 408


def test_a_head_that_never_ends_is_closed(service: Running) -> None:
    with service.raw() as connection:  # what is never closed ends here in a time-out of the socket, and fails
        connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert received(connection)[0] == 0
    with service.raw() as connection:
        assert received(connection)[0] == 0


def test_a_head_that_drips_is_closed_too_and_so_is_a_second_one(service: Running) -> None:
    with service.raw() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert received(connection)[0] == 200

        def drip() -> None:
            for _ in range(200):
                connection.sendall(b"G")
                time.sleep(0.05)

        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip()
        assert received(connection)[0] in (0, 400)


def test_a_head_that_is_too_long_is_refused(service: Running) -> None:
    assert answered(service, head(0, "X-Long: " + "x" * 20_000))[0] == 400


@pytest.mark.parametrize(
    "bytes_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"\0" * 100,
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTX/1.1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400_or_closed(service: Running, bytes_: bytes) -> None:
    assert answered(service, bytes_)[0] in (0, 400)


def test_two_lengths_or_a_length_beside_chunks_are_refused(service: Running) -> None:
    assert answered(service, head(4, "Content-Length: 5"), b"null")[0] == 400
    status, whole = answered(service, head(4, "Transfer-Encoding: chunked"), b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert status == 400
    assert b'"status":"ok"' not in whole


def test_connections_that_are_left_half_closed_or_reset_are_let_go(service: Running) -> None:
    half, cut = [service.raw() for _ in range(10)], [service.raw() for _ in range(10)]
    for one in half:
        one.sendall(head(len(GOOD)) + GOOD[:50])
        one.shutdown(socket.SHUT_WR)
    for one in cut:
        one.sendall(head(len(GOOD)) + GOOD[:50])
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.close()
    time.sleep(0.2)
    for one in half:
        assert received(one)[0] in (0, 408)
        one.close()

    outcomes = [line.get("outcome") for line in service.log() if line.get("route") == "service"]
    assert outcomes.count("gone") >= 10
    assert "failed" not in outcomes


def test_a_caller_that_half_closes_after_a_whole_request_is_answered(service: Running) -> None:
    with service.raw() as connection:
        connection.sendall(head(len(GOOD)) + GOOD)
        connection.shutdown(socket.SHUT_WR)

        assert received(connection)[0] in (0, 200)


def test_many_connections_that_say_nothing_keep_nobody_out_for_long(service: Running) -> None:
    idle = [service.raw() for _ in range(40)]
    time.sleep(0.8)

    assert [b""] * 40 == [one.recv(1) for one in idle]
    for one in idle:
        one.close()


def test_more_connections_than_allowed_are_503(kb: KnowledgeBase, tmp_path: Path) -> None:
    settings = Settings(store=f"sqlite:///{tmp_path / 'kept.sqlite'}", connections=3)
    with running(attrs.evolve(settings), kb) as small:
        idle = [small.raw() for _ in range(3)]
        time.sleep(0.2)
        status, _ = answered(small, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        for one in idle:
            one.close()
        time.sleep(0.2)
        again, _ = answered(small, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    assert (503, 200) == (status, again)
