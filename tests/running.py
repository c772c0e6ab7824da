"""The service on a free port of this machine, with its log kept, and small requests to it."""

import io
import json
import logging
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import httpx
import uvicorn
from starlette.types import ASGIApp

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.service import serving
from mps_rules.service.app import JsonLines, close, create_app
from mps_rules.service.settings import Settings

VIEW = "/cds-services/mps-patient-view"


@attrs.define
class Running:
    """A service that runs: where, and what it has logged so far."""

    host: str
    port: int
    server: uvicorn.Server
    thread: threading.Thread
    written: io.StringIO

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers=headers, timeout=20, trust_env=False)

    def log(self) -> list[dict[str, Any]]:
        until = time.monotonic() + 10
        while self.server.server_state.tasks and time.monotonic() < until:
            time.sleep(0.005)  # a line is written after its answer has left
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def raw(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=20)


@contextmanager
def running(settings: Settings, kb: KnowledgeBase, app: ASGIApp | None = None, **others: Any) -> Iterator[Running]:
    """Serve until the block ends; the application is made of the settings unless it is given."""
    made = create_app(settings, kb, **others) if app is None else None
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    loggers = [logging.getLogger(name) for name in ("mps_rules", "uvicorn", "asyncio", "sqlalchemy")]
    before = [(one, one.level) for one in loggers]
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(logging.INFO)
    bound = serving._socket(attrs.evolve(settings, port=0))
    config = uvicorn.Config(made or app or create_app(settings, kb), **serving._options(settings))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    until = time.monotonic() + 20
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    try:
        host, port = bound.getsockname()
        yield Running(host, port, server, thread, written)
    finally:
        server.should_exit = True
        thread.join(20)
        bound.close()
        if made is not None:
            close(made)
        for one, level in before:
            one.removeHandler(handler)
            one.setLevel(level)


def call(**prefetch: Any) -> dict[str, Any]:
    """A patient-view request with these answers to its queries."""
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/1", "patientId": "1"},
        "prefetch": prefetch or {"conditions": None},
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    """Resources as a FHIR server answers a query."""
    return {"resourceType": "Bundle", "type": "searchset", "total": len(resources), "entry": [{"resource": one} for one in resources]}


def seen(term: str, value: bool | float = True, **others: Any) -> dict[str, Any]:  # noqa: FBT001, FBT002 - a finding's value
    """An Observation of a finding by its id in the vocabulary."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "urn:mps-rules:finding", "code": term}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": time.strftime("%Y-%m-%d"),
        "valueBoolean" if isinstance(value, bool) else "valueQuantity": value if isinstance(value, bool) else {"value": value},
        **others,
    }


def hurts(at: str) -> dict[str, Any]:
    """An Observation of pain at a place such as low_back.left."""
    return seen("pain", bodySite={"coding": [{"system": "urn:mps-rules:region", "code": at}]})


ALARM = bundle(hurts("low_back.left"), seen("saddle_anaesthesia"))
"""A chart that raises an emergency: pain in the low back and a numb saddle area."""
