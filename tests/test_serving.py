"""The command that serves: as a process of its own, stopped kindly and unkindly, and what it refuses to do."""

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from mps_rules.command.cli import main
from mps_rules.service import serving
from mps_rules.service.settings import Settings, bind_faults, read_settings, reference
from mps_rules.service.tokens import Issuer
from running import ALARM, VIEW, call
from signing import BASE, ec_key, public

PROGRAM = [sys.executable, "-c", "from mps_rules.command.cli import main; main()"]


@contextmanager
def served(folder: Path, **settings: Any) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that serves on a free port, and its address."""
    config = folder / "service.yaml"
    config.write_text(json.dumps({"port": 0, "store": f"sqlite:///{folder / 'kept.sqlite'}"} | settings), encoding="utf-8")
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with (
        (folder / "log").open("w", encoding="utf-8") as log,
        subprocess.Popen(
            [*PROGRAM, "serve", "--config", str(config)], stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        ) as process,
    ):
        try:
            assert process.stdout
            said = process.stdout.readline()
            assert said.startswith("listening on "), (folder / "log").read_text(encoding="utf-8")
            yield process, said.removeprefix("listening on ").strip()
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(30)


def _kept(folder: Path, query: str = "SELECT hook_instance FROM mps_assessments") -> list[Any]:
    with closing(sqlite3.connect(folder / "kept.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in connection.execute(query)]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, workers: int) -> None:
    acknowledged: list[str] = []
    with served(tmp_path, workers=workers, threads=4) as (process, address):
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            assert client.post(VIEW, json=call()).status_code == 200

        def ask() -> None:
            with httpx.Client(base_url=address, trust_env=False, timeout=20) as client, suppress(httpx.HTTPError):
                while True:
                    asked = call(exam=ALARM)
                    if client.post(VIEW, json=asked).status_code == 200:
                        acknowledged.append(asked["hookInstance"])

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 30
        while len(acknowledged) < 100 and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGSTOP)  # so that it starts no other worker between the look and the kill
        for one in (*_children(process.pid), process.pid):
            os.kill(one, signal.SIGKILL)
        for thread in threads:
            thread.join(30)

    assert len(acknowledged) >= 100
    kept = _kept(tmp_path)
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept))
    assert _kept(tmp_path, "SELECT count(*) FROM mps_shown WHERE assessment NOT IN (SELECT id FROM mps_assessments)") == [0]


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1] == str(parent):
                found.append(int(stat.parent.name))
    return found


def test_a_request_that_is_on_its_way_is_answered_before_the_service_stops(tmp_path: Path) -> None:
    asked = call(exam=ALARM)
    body = json.dumps(asked).encode()
    with served(tmp_path) as (process, address):
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = f"POST {VIEW} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[:20])
            time.sleep(0.3)
            process.terminate()
            time.sleep(0.5)
            with pytest.raises(OSError, match=r"refused|timed out"):
                socket.create_connection((host, int(port)), timeout=2)
            connection.sendall(body[20:])
            answer = connection.recv(65_536)
        assert process.wait(20) in (0, -signal.SIGTERM)

    assert answer.startswith(b"HTTP/1.1 200")
    assert _kept(tmp_path) == [asked["hookInstance"]]


def test_only_names_of_this_machine_are_answered_where_anybody_may_call(tmp_path: Path) -> None:
    with served(tmp_path) as (_, address):
        port = address.rpartition(":")[2]
        hosts = [
            "127.0.0.1",
            "localhost",
            f"127.0.0.1:{port}",
            f"localhost:{port}",
            "[::1]:80",
            "evil.example",
            "127.0.0.1.evil.example",
            "",
        ]
        statuses = [httpx.get(f"{address}/health", headers={"host": host}, trust_env=False).status_code for host in hosts]

    assert statuses == [200, 200, 200, 200, 200, 421, 421, 421]


@pytest.mark.parametrize(
    ("page", "issuers", "there"), [(None, False, True), (None, True, False), (True, True, True), (False, False, False)]
)
def test_the_page_is_there_where_nobody_has_to_say_who_they_are_or_where_the_settings_say_so(
    tmp_path: Path,
    page: Any,
    issuers: Any,
    there: Any,
) -> None:
    issuer = Issuer("https://ehr.example", keys=(public(ec_key("ehr"), "k1"),))
    settings = Settings(store=f"sqlite:///{tmp_path / 'kept.sqlite'}", base_url=BASE, page=page, issuers=(issuer,) if issuers else ())

    async def asked() -> tuple[int, str]:
        transport = httpx.ASGITransport(serving.application(settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get("/page/")).status_code, (await client.get("/page/page.css")).headers["content-security-policy"]

    status, policy = asyncio.run(asked())
    assert status == (200 if there else 404)
    assert ("style-src 'self'" in policy) == there


def test_the_log_of_a_run_is_json_and_says_nothing_of_addresses(tmp_path: Path) -> None:
    with served(tmp_path, answer_seconds=60) as (_, address):
        httpx.get(f"{address}/none/Canary?name=Canary", trust_env=False)
        httpx.post(f"{address}{VIEW}", json=call(exam=ALARM), trust_env=False, timeout=60)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]

    assert [404, 200] == [line["status"] for line in lines if line["from"] == "mps_rules.service"]
    assert {"mps_rules.service"} == {line["from"] for line in lines}  # no line for each rule that the engine fires
    assert "Canary" not in str(lines)


def test_the_report_of_a_store_is_printed(tmp_path: Path) -> None:
    with served(tmp_path) as (_, address):
        card = httpx.post(f"{address}{VIEW}", json=call(exam=ALARM), trust_env=False, timeout=20).json()["cards"][0]
        reason = {"reason": card["overrideReasons"][0]}
        told = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-01-15T09:00:00Z", "overrideReason": reason}
        httpx.post(f"{address}{VIEW}/feedback", json={"feedback": [told]}, trust_env=False)
    config = str(tmp_path / "service.yaml")
    text = CliRunner().invoke(main, ["feedback-report", "--config", config])
    data = CliRunner().invoke(main, ["feedback-report", "--config", config, "--json", "--since", "2020-01-01"])
    later = CliRunner().invoke(main, ["feedback-report", "--config", config, "--json", "--since", "2999-01-01"])

    assert "red-flags-raised: safety.rf_cauda_equina: shown 1, accepted 0, overridden 1\n    already-done: 1" in text.output
    assert "No feedback is not a rejection." in text.output
    assert (1, 1) == (json.loads(data.output)["answers"], json.loads(data.output)["overridden"])
    assert json.loads(later.output)["answers"] == 0


def test_a_report_of_a_store_that_is_not_there_makes_none(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text(f"store: sqlite:///{tmp_path}/none.sqlite", encoding="utf-8")
    said = CliRunner().invoke(main, ["feedback-report", "--config", str(tmp_path / "service.yaml")])

    assert (2, False) == (said.exit_code, (tmp_path / "none.sqlite").exists())
    assert "cannot be opened: No such file" in said.output


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            "host: 0.0.0.0",
            ["host: listens beyond this machine, and anybody could call: configure issuers, or say open_to_all: true"],
        ),
        (
            "prot: 80\nthreads: 0\nissuers: [{is: x}]",
            [
                "line 1, prot: no such key 'prot' here; closest is 'port'",
                "line 2, threads: expected 1 to 64",
                "line 3, issuers[0].is: no such key 'is' here; closest is 'iss'",
                "line 3, issuers[0].iss: is missing",
            ],
        ),
        ("- a\n- b", ["expected a mapping"]),
        ("port: eighty", ["line 1, port: expected a whole number, got 'eighty'"]),
        (
            "port: 99999\norigins: ['https://ehr.example/', '*']\nbase_url: http://cds.example\nmetrics: true\nworkers: 2",
            [
                "line 1, port: expected 0 to 65535",
                "line 2, origins[0]: expected an origin",
                "line 2, origins[1]: expected an origin",
                "line 3, base_url: expected https",
                "line 4, metrics: each worker would count for itself",
            ],
        ),
        ("issuers: [{iss: a, keys: []}]", ["base_url: is missing: tokens are for this address"]),
        (
            "base_url: https://cds.example\nissuers: [{iss: a}]\nstore: sqlite:///STORE",
            ["issuers[0]: has no keys: give keys, keys_file, or jku with fetch"],
        ),
        ("services: [mps-patient-vew]", ["line 1, services[0]: no service 'mps-patient-vew'; closest is 'mps-patient-view'"]),
        ("rules: [/no/such/folder]\nstore: sqlite:///STORE", ["/no/such/folder"]),
        ("a: [", ["not YAML"]),
        ("time_zone: Europe/Londn\nport: 0", ["line 1, time_zone: no time zone 'Europe/Londn'; closest is 'Europe/London'"]),
        ("time_zone: ../../etc/passwd", ["time_zone: no time zone '../../etc/passwd'"]),
        ("time_zone: Europe", ["time_zone: no time zone 'Europe'"]),
        ("base_url: https://cds.example/cds-services", ["expected the address without /cds-services"]),
        ("proxies: [10.1.0.0/16, gateway]", ["line 1, proxies[1]: expected an address or a network, such as 127.0.0.1 or 10.1.0.0/16"]),
        ("base_url: ftp://cds.example", ["expected an address such as https://cds.example/mps"]),
    ],
)
def test_wrong_settings_are_all_told_with_their_lines_and_nothing_starts(tmp_path: Path, settings: str, lines: list[str]) -> None:
    path = tmp_path / "service.yaml"
    path.write_text(settings.replace("STORE", str(tmp_path / "kept.sqlite")), encoding="utf-8")
    said = CliRunner().invoke(main, ["serve", "--config", str(path)])

    assert said.exit_code in (1, 2), said.output
    assert "Traceback" not in said.output
    for line in lines:
        assert line in said.output


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("store: sqlite:////no/such/folder/a.sqlite", ["store /no/such/folder/a.sqlite: cannot be opened: No such file or directory"]),
        ("rules: [/no/such/folder]\nstore: sqlite:///STORE", ["/no/such/folder: is not a folder", "/no/such/folder: has no pack.yaml"]),
        (
            "base_url: https://cds.example\nissuers: [{iss: a}]\nstore: sqlite:///STORE",
            ["issuers[0]: has no keys: give keys, keys_file, or jku with fetch"],
        ),
    ],
    ids=["store", "rules", "issuers"],
)
def test_with_several_workers_what_is_wrong_is_told_once_and_it_ends(tmp_path: Path, settings: str, told: list[str]) -> None:
    path = tmp_path / "service.yaml"
    path.write_text(f"port: 0\nworkers: 2\n{settings.replace('STORE', str(tmp_path / 'kept.sqlite'))}", encoding="utf-8")
    said = subprocess.run([*PROGRAM, "serve", "--config", str(path)], capture_output=True, text=True, check=False, timeout=120)

    assert said.returncode in (1, 2)
    assert (said.stdout, said.stderr.splitlines()) == ("", [f"error: {fault}" for fault in told])


def test_who_calls_is_taken_only_from_the_proxies_named() -> None:
    told = serving._options(Settings(proxies=("10.1.0.0/16",)))
    untold = serving._options(Settings())

    assert (told["proxy_headers"], told["forwarded_allow_ips"]) == (True, ["10.1.0.0/16"])
    assert (untold["proxy_headers"], untold["forwarded_allow_ips"]) == (False, [])


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        path = tmp_path / "service.yaml"
        path.write_text(f"port: {taken.getsockname()[1]}\nstore: sqlite:///{tmp_path}/kept.sqlite", encoding="utf-8")
        said = subprocess.run([*PROGRAM, "serve", "--config", str(path)], capture_output=True, text=True, check=False, timeout=60)

    assert said.returncode == 2
    assert re.search(r"error: port: cannot listen on 127.0.0.1:\d+: Address already in use", said.stderr)
    assert "Traceback" not in said.stderr


# --- the page about it ----------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "docs" / "service.md").read_text(encoding="utf-8")


def test_the_page_lists_every_setting_as_the_program_knows_it() -> None:
    shown = PAGE.partition("<!-- settings -->\n")[2].partition("\n<!-- end of settings -->")[0]

    assert shown == reference()


def test_the_settings_that_the_page_shows_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text(PAGE.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    settings = read_settings(tmp_path / "service.yaml")

    assert (settings.issuers[0].algorithms, list(bind_faults(settings))) == (("RS384",), [])


def test_the_container_runs_the_command_on_the_port_of_the_settings_as_nobody_special() -> None:
    lines = (Path(__file__).parents[1] / "Dockerfile").read_text(encoding="utf-8")

    assert f"EXPOSE {Settings().port}\n" in lines
    assert lines.index("USER mps-rules") < lines.index('CMD ["serve"')
    assert all("--require-hashes" in line or "--no-deps" in line for line in lines.splitlines() if "pip install" in line)
