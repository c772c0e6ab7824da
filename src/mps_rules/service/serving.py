"""
The application on a port: one process or several, each with its log on standard error, and no connection that keeps others waiting.

TLS is for the proxy in front. It and ``assistants`` know uvicorn.
"""

import asyncio
import gc
import logging
import os
import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs
import h11
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.supervisors import Multiprocess

from mps_rules import api
from mps_rules.errors import Fault, SettingsError
from mps_rules.service import page, smart
from mps_rules.service.app import JsonLines, close, create_app
from mps_rules.service.settings import Settings, bind_faults, is_loopback, read_settings

CONFIG = "MPS_RULES_CONFIG"
"""The environment variable that names the settings for workers."""
FOLDERS = "MPS_RULES_FOLDERS"
"""The environment variable that names, for workers, the folders of rules that go before those of the settings."""
HEADERS_S = 10.0
"""How long the head of a request may take to arrive."""
WORKER_S = 30
"""How long a worker may be silent before it is replaced: one that is loading, on a busy machine, is not dead."""
LONGEST_HEAD = 16_384
"""Bytes of the head of a request; a token fits."""


def serve(path: Path | None = None, listening: Callable[[str], None] = lambda _: None, rules: tuple[str, ...] = ()) -> None:
    """
    Run the service that a file describes until it is told to stop (SIGTERM, SIGINT); running requests finish first.

    Args:
        path: of the settings; left out, the defaults.
        listening: is told the address once connections are accepted there.
        rules: folders that go before those of the settings.

    Raises:
        SettingsError: every fault of the file, a store that cannot be opened, or a port on which it cannot listen.
        KnowledgeError: the rules cannot be read.

    """
    settings = _allowed(path, rules)
    if settings.workers == 1:
        _log()
        config = uvicorn.Config(application(settings), **_options(settings))
    else:
        close(create_app(settings))  # what is wrong is told once, here, and not by workers that die and are begun again
        os.environ[CONFIG], os.environ[FOLDERS] = str(path), os.pathsep.join(rules)
        config = uvicorn.Config("mps_rules.service.serving:from_environment", factory=True, workers=settings.workers, **_options(settings))
    with _socket(settings) as bound:
        host, port = bound.getsockname()[:2]
        listening(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        if settings.workers == 1:
            uvicorn.Server(config).run(sockets=[bound])
        else:
            Multiprocess(config, sockets=[bound]).run()


def from_environment() -> ASGIApp:
    """The application of the settings that ``MPS_RULES_CONFIG`` names: what a worker runs, or another ASGI server."""
    _log()
    named = os.environ.get(CONFIG)
    return application(_allowed(Path(named) if named else None, tuple(filter(None, os.environ.get(FOLDERS, "").split(os.pathsep)))))


def _allowed(path: Path | None, rules: tuple[str, ...] = ()) -> Settings:
    settings = read_settings(path)
    settings = attrs.evolve(settings, rules=rules) if rules else settings
    faults = list(bind_faults(settings))
    if faults:
        raise SettingsError(faults)
    return settings


def _socket(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends at once only where it sees that this is TCP
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((settings.host, settings.port))
        made.listen(settings.connections)
    except OSError as error:
        made.close()
        raise SettingsError([Fault("port", f"cannot listen on {settings.host}:{settings.port}: {error.strerror}")]) from None
    made.set_inheritable(True)
    return made


def application(settings: Settings) -> ASGIApp:
    """The application as it is run: where anybody on this machine may call, only under a name of this machine."""
    kb = api.load([Path(rule) for rule in settings.rules] or None)
    pages = page.routes(kb, answer_seconds=settings.answer_seconds) if settings.has_page() else []
    launched = smart.routes(kb, settings.smart, answer_seconds=settings.answer_seconds) if settings.smart else []
    app: Starlette = create_app(settings, kb, routes=[*pages, *launched])
    gc.collect()
    gc.freeze()  # the rules stay for good: a collection that walks them would hold up every answer
    return app if settings.issuers or settings.open_to_all else _Local(app)


class _Local:
    """Refuses a host that is not this machine: a page elsewhere may have pointed its own name here."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if not (len(hosts) == 1 and is_loopback(_host(hosts[0]))):
                await PlainTextResponse("Misdirected Request", 421)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _host(given: str) -> str:
    try:
        return str(ip_address(given.strip("[]")))
    except ValueError:
        return given.rpartition(":")[0].strip("[]") if ":" in given else given


def _log() -> None:
    """One JSON object for each line on standard error; the text of others is left out."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    for name, level in (("mps_rules", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
    logging.getLogger("mps_rules._vendor").setLevel(logging.WARNING)  # the engine tells each rule that fires
    logging.getLogger("uvicorn.access").disabled = True  # it writes addresses out


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "http": _Impatient,
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.proxies),
        "forwarded_allow_ips": list(settings.proxies),
        "limit_concurrency": settings.connections,
        "timeout_graceful_shutdown": settings.shutdown_seconds,
        "timeout_worker_healthcheck": WORKER_S,
        "h11_max_incomplete_event_size": LONGEST_HEAD,
    }


class _Impatient(H11Protocol):
    """A connection that is closed where the head of its first or next request takes too long."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEADERS_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
