"""
The hooks over HTTP: one Starlette application that stands alone or is mounted in another.

A request is bounded before it is believed: its size, its depth, its time, how many there are at once. An answer leaves only once its record is
on the disk. What goes wrong inside is a 500 without a word of why; the log names a class and a place. A log line has the fields of ``Line`` and no
others: nothing of a body, of a token or of an address.
"""

import asyncio
import hashlib
import json
import logging
import threading
import time
import traceback
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

import attrs

from mps_rules import api
from mps_rules.errors import Fault, SettingsError, UnsupportedError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.reading import DEEPEST, Unreadable, read_json
from mps_rules.records.zones import moment
from mps_rules.service import cds_hooks
from mps_rules.service.cds_hooks import SERVICES, Answer, Config, is_uuid
from mps_rules.service.settings import Settings, settings_faults

try:
    from starlette.applications import Starlette
    from starlette.datastructures import MutableHeaders
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import BaseRoute, Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mps_rules.service.store import Store
    from mps_rules.service.tokens import Caller, Refused, Verifier
except ModuleNotFoundError as error:
    raise UnsupportedError([Fault("", "the service needs Starlette, SQLAlchemy and PyJWT: pip install 'mps-rules[service]'")]) from error

T = TypeVar("T")
Outcome: TypeAlias = Literal["answered", "heard", "refused", "invalid", "busy", "late", "failed", "gone"]

LOG = logging.getLogger("mps_rules.service")
HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every answer that does not say otherwise itself."""
RETRY_S = "1"
PROBE_S = 1.0
"""How long it is believed that a record could be kept, or could not."""
_CLOSE = {"Connection": "close"}
TOO_LONG = "longer than {} bytes, which is largest_body in the settings of this service"
_SAME = str(uuid.UUID(int=0))


@attrs.define
class Line:
    """What one line of the log may say of a request; ids are those of the settings and of the rules, never the caller's text."""

    request: str
    route: str = "other"
    status: int = 0
    ms: float = 0.0
    outcome: Outcome = "answered"
    issuer: str = ""
    tenant: str = ""
    why: str = ""
    service: str = ""
    hook: str = ""
    hook_instance: str = ""
    rules_version: str = ""
    rules_digest: str = ""
    urgency: str = ""
    screening: str = ""
    cards: tuple[str, ...] = ()
    fired: tuple[str, ...] = ()
    prefetch: Mapping[str, str] = attrs.field(factory=dict)
    unread: Mapping[str, int] = attrs.field(factory=dict)
    items: int = 0
    strangers: int = 0
    error: str = ""
    place: str = ""


class JsonLines(logging.Formatter):
    """
    A log record as one JSON object: time, level, who logs, and the fields of a ``Line``; the text of other records is left out.

    >>> record = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, "a name in an address", None, None)
    >>> json.loads(JsonLines().format(record)) | {"time": ""}
    {'time': '', 'level': 'info', 'from': 'uvicorn.error'}
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = getattr(record, "line", None)
        said = {name: value for name, value in attrs.asdict(line).items() if value or name == "status"} if isinstance(line, Line) else {}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": at, "level": record.levelname.lower(), "from": record.name, **said}, ensure_ascii=False)


def create_app(
    settings: Settings | None = None,
    kb: KnowledgeBase | None = None,
    *,
    routes: Sequence[BaseRoute] = (),
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """
    The application: ``/cds-services`` and below it, ``/health``, ``/ready``, and ``/metrics`` where it is asked for.

    >>> import httpx
    >>> from tempfile import TemporaryDirectory
    >>> async def offered(app):
    ...     async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://cds") as client:
    ...         return [service["id"] for service in (await client.get("/cds-services")).json()["services"]]
    >>> with TemporaryDirectory() as folder:
    ...     app = create_app(Settings(store=f"sqlite:///{folder}/kept.sqlite", services=("mps-patient-view",)))
    ...     asyncio.run(offered(app))
    ...     close(app)
    ['mps-patient-view']

    Mounted in another application (``app.mount("/cds", create_app(settings))``), it has to be let go of with ``close`` when that one ends.

    Args:
        settings: left out, the defaults.
        kb: the rules; left out, those that the settings name.
        routes: further ones, under the same limits, headers and log; they see to their own callers.
        clock: seconds since 1970.

    Raises:
        SettingsError: every fault of the settings.
        KnowledgeError: the rules cannot be read.

    """
    settings = settings or Settings()
    faults = list(settings_faults(settings))
    if faults:
        raise SettingsError(faults)
    service = _Service(settings, kb, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        service.close()

    app = Starlette(
        routes=[
            Route("/cds-services", service.discovery, name="discovery"),
            Route("/cds-services/{id}", service.call, methods=["POST"], name="service"),
            Route("/cds-services/{id}/feedback", service.feedback, methods=["POST"], name="feedback"),
            Route("/health", _health, name="health"),
            Route("/ready", service.ready, name="ready"),
            *([Route("/metrics", service.metrics.page, name="metrics")] if service.metrics else []),
            *routes,
        ],
        middleware=[Middleware(_Edge, service=service), *_cors(settings)],
        exception_handlers={HTTPException: _stopped},
        lifespan=lifespan,
    )
    app.state.service = service
    return app


def close(app: Starlette) -> None:
    """Let what runs finish, and let go of the store of an application that was mounted in another."""
    app.state.service.close()


def _cors(settings: Settings) -> list[Middleware]:
    if not settings.origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Accept"],
            allow_credentials=False,
            max_age=600,
        )
    ]


# --- the edge ----------------------------------------------------------------------------------------------------------


class _Edge:
    """What holds for every request: its bounds, its name, its headers, its line in the log, and that nothing is told of a failure."""

    def __init__(self, app: ASGIApp, service: "_Service") -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        line = Line(_request_id(scope))
        scope.setdefault("state", {})["line"] = line
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                line.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = line.request
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            if {name for name, _ in scope["headers"]} >= {b"content-length", b"transfer-encoding"}:
                line.outcome = "invalid"
                await _outcome(400, "invalid", says="expected one length of the body", headers=_CLOSE)(scope, receive, sending)
                return
            await self.app(scope, self._bounded(scope, receive), sending)
        except ClientDisconnect:
            line.outcome = "gone"
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold what was sent
            line.outcome, line.error, line.place = "failed", type(error).__name__, _place(error)
            if not line.status:
                await _outcome(500, "exception", "fatal")(scope, receive, sending)
        finally:
            line.route = getattr(scope.get("route"), "name", None) or "other"
            line.ms = round((time.perf_counter() - began) * 1000, 1)
            LOG.log(logging.ERROR if line.outcome == "failed" else logging.INFO, "request", extra={"line": line})
            if self.service.metrics:
                self.service.metrics.count(line, time.perf_counter() - began)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """The body, as long as it is neither too long nor too slow."""
        settings = self.service.settings
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        left = settings.largest_body
        until = asyncio.get_running_loop().time() + settings.body_seconds
        whole = False

        async def receiving() -> Message:
            nonlocal left, whole
            if whole:
                return await receive()
            if length.isdigit() and int(length[:20]) > settings.largest_body:
                raise HTTPException(413, TOO_LONG.format(settings.largest_body), headers=_CLOSE)
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, headers=_CLOSE) from None
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                whole = not message.get("more_body", False)
                if left < 0:
                    raise HTTPException(413, TOO_LONG.format(settings.largest_body), headers=_CLOSE)
            return message

        return receiving


def _request_id(scope: Scope) -> str:
    """The caller's, if it is a UUID and so no name; else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return given.lower() if is_uuid(given) else str(uuid.uuid4())


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


_CODES = {401: "login", 404: "not-found", 405: "not-supported", 408: "timeout", 413: "too-long", 415: "not-supported", 503: "transient"}


def _outcome(status: int, code: str, severity: str = "error", says: str = "", headers: Mapping[str, str] | None = None) -> Response:
    issue = {"severity": severity, "code": code} | ({"diagnostics": says} if says else {})
    return JSONResponse({"resourceType": "OperationOutcome", "issue": [issue]}, status, headers)


async def _stopped(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette hands over what it was registered for
    line: Line = request.state.line
    if line.outcome == "answered":
        line.outcome = "invalid"
    if error.status_code == 401:
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    says = error.detail if error.status_code in (400, 413, 415) else ""
    return _outcome(error.status_code, _CODES.get(error.status_code, "invalid"), says=says, headers=error.headers)


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


# --- the service --------------------------------------------------------------------------------------------------------


class _Service:
    """One knowledge base, one store, and the threads that work on requests."""

    def __init__(self, settings: Settings, given: KnowledgeBase | None, clock: Callable[[], float]) -> None:
        self.settings, self.clock = settings, clock
        self.config: Config = settings.config()
        self.metrics = _Metrics() if settings.metrics else None
        self.store = Store(settings.store, comments=settings.comments)  # before the rules, which take longer: what is wrong is told at once
        try:
            self.kb = kb = given or api.load([Path(rule) for rule in settings.rules] or None)
            self.verifier = self._verifier() if settings.issuers else None
            api.evaluate({"pain": list(kb.vocabulary.regions)[:1]}, kb).to_dict()  # what is made on first use is made before anybody waits
        except BaseException:
            self.store.close()
            raise
        self._answers = _Answers(settings.remembered)
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="mps-rules")
        self._running = 0
        self._probe = _Probe(self.store, settings.answer_seconds)

    def _verifier(self) -> Verifier:
        settings, first_use = self.settings, self.store.first_use
        return Verifier(settings.issuers, settings.base_url, first_use, leeway=settings.clock_leeway, longest=settings.longest_token)

    def _now(self) -> datetime:
        return moment(self.clock(), self.settings.time_zone)

    def close(self) -> None:
        """Let what runs finish, and let go of the store."""
        self._threads.shutdown(wait=True)
        self.store.close()

    async def discovery(self, request: Request) -> Response:
        await self._caller(request, "/cds-services")
        return JSONResponse(cds_hooks.discovery(self.config, self.kb))

    async def call(self, request: Request) -> Response:
        service, line = request.path_params["id"], request.state.line
        caller = await self._caller(request, f"/cds-services/{service}")
        self._name(line, service)
        raw = await _body(request)
        given_up = threading.Event()
        try:
            answered = await self._worked(line, lambda: self._answer(service, raw, caller, given_up))
        except BaseException:
            given_up.set()
            raise
        if answered.record:
            _told(line, answered)
        else:
            line.outcome = "invalid"
        return JSONResponse(answered.response, answered.status)

    def _answer(self, service: str, raw: bytes, caller: Caller, given_up: threading.Event) -> Answer:
        if given_up.is_set():  # before its turn came
            raise HTTPException(503)
        now = self._now()
        answered = self._answers.of(service, self._read(raw), self.config, now, self.kb)
        if answered.record and not given_up.is_set():
            self.store.keep(answered.record, now, caller.issuer, caller.tenant)
        return answered

    def _read(self, raw: bytes) -> Any:
        try:
            return read_json(raw.decode(), "body", self.settings.largest_body).data
        except (UnicodeDecodeError, Unreadable):
            raise HTTPException(400, f"expected JSON, no key twice in an object, nested at most {DEEPEST} deep") from None

    async def feedback(self, request: Request) -> Response:
        service, line = request.path_params["id"], request.state.line
        caller = await self._caller(request, f"/cds-services/{service}/feedback")
        self._name(line, service)
        raw = await _body(request)

        def heard() -> tuple[int, dict[str, Any], int, int]:
            status, response, items = cds_hooks.feedback(service, self._read(raw), self.config)
            strangers = self.store.hear(service, items, self._now(), caller.issuer, caller.tenant) if items else 0
            return status, response, len(items), strangers

        status, response, line.items, line.strangers = await self._worked(line, heard)
        line.outcome = "heard" if status == 200 else "invalid"
        return JSONResponse(response, status)

    async def ready(self, _: Request) -> Response:
        writable = await self._probe.told()
        said = {
            "rules": self.kb.pack.id,
            "version": self.kb.pack.version,
            "digest": self.kb.digest,
            "store": "ok" if writable else "failed",
        }
        return JSONResponse(said, 200 if writable else 503)

    def _name(self, line: Line, service: str) -> None:
        if service in self.config.services:
            line.service, line.hook = service, SERVICES[service].hook

    async def _caller(self, request: Request, path: str) -> Caller:
        """Who calls, where callers are to be known; every refusal is the same 401."""
        verifier, line = self.verifier, request.state.line
        if verifier is None:
            return Caller("")
        try:
            caller = await self._worked(line, lambda: verifier.verify(request.headers.getlist("authorization"), path, self.clock()))
        except Refused as refused:
            line.outcome, line.why, line.issuer = "refused", refused.why, refused.issuer
            raise HTTPException(401) from None
        line.issuer, line.tenant = caller.issuer, caller.tenant
        return caller

    async def _worked(self, line: Line, work: Callable[[], T]) -> T:
        """
        The work, done by one of the threads, if there is room and it does not take too long.

        A thread cannot be stopped: work that was given up keeps its place until it ends.
        """
        if self._running >= self.settings.waiting:
            line.outcome = "busy"
            raise HTTPException(503, headers={"Retry-After": RETRY_S})
        self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(self._finished)
        done, _ = await asyncio.wait([future], timeout=self.settings.answer_seconds)
        if not done:
            line.outcome = "late"
            raise HTTPException(503, headers={"Retry-After": RETRY_S})
        return future.result()

    def _finished(self, future: "asyncio.Future[Any]") -> None:
        self._running -= 1
        if not future.cancelled():
            future.exception()  # taken, so that nobody prints it


async def _body(request: Request) -> bytes:
    kind, _, parameter = request.headers.get("content-type", "").lower().replace(" ", "").partition(";")
    if kind != "application/json" or parameter not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise HTTPException(415, "expected application/json in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "expected a body that is not compressed")
    return await request.body()


def _told(line: Line, answered: Answer) -> None:
    record = answered.record
    assert record is not None  # noqa: S101 - only what has a record is told
    line.hook_instance, line.prefetch, line.unread = record.hook_instance, dict(record.prefetch), dict(record.unread)
    line.rules_version, line.rules_digest = record.rules_version, record.rules_digest
    line.urgency, line.screening = record.urgency, record.screening
    line.cards = tuple(f"{card.topic}:{card.indicator}" for card in record.cards)
    line.fired = tuple(dict.fromkeys(rule for card in record.cards for rule in card.rules))


class _Probe:
    """
    Whether a record could be kept, for as many as ask.

    Who asks while the store is being tried, or within a second after, is told what that found, so that asking often cannot keep records waiting; a store
    that takes too long is as good as none.
    """

    def __init__(self, store: Store, seconds: float) -> None:
        self._store, self._seconds = store, seconds
        self._trying: asyncio.Future[bool] | None = None
        self._until = 0.0

    async def told(self) -> bool:
        if not self._store.is_there():
            return False
        loop = asyncio.get_running_loop()
        if self._trying is None or self._trying.get_loop() is not loop or (self._trying.done() and loop.time() >= self._until):
            self._until = float("inf")  # until it is known what the try found
            self._trying = loop.run_in_executor(None, self._store.is_writable)
            self._trying.add_done_callback(self._found)
        trying = self._trying
        done, _ = await asyncio.wait([trying], timeout=self._seconds)
        return bool(done) and trying.result()

    def _found(self, tried: "asyncio.Future[bool]") -> None:
        self._until = tried.get_loop().time() + PROBE_S


class _Answers:
    """
    Answers to what was asked before on the same day.

    ``cds_hooks.answer`` is a function of what it is given, and what differs between two equal questions is taken out before it is given: the id
    of the call, which the record gets back, and the access token, which nobody is to see.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, service: str, request: Any, config: Config, now: datetime, kb: KnowledgeBase) -> Answer:
        """The answer, worked out or remembered; its record is of this call."""
        asked, instance = request, ""
        if isinstance(asked, dict) and is_uuid(asked.get("hookInstance")):
            instance = asked["hookInstance"]
            asked = asked | {"hookInstance": _SAME}
        access = asked.get("fhirAuthorization") if isinstance(asked, dict) else None
        if isinstance(access, dict) and isinstance(access.get("access_token"), str) and access["access_token"].strip():
            asked = asked | {"fhirAuthorization": access | {"access_token": "-"}}
        key = hashlib.sha256(json.dumps([service, f"{now:%Y-%m-%dT%H%z}", asked], ensure_ascii=False).encode()).digest()
        with self._lock:
            found = self._kept.get(key)
            if found:
                self._kept.move_to_end(key)
        if found is None:
            found = cds_hooks.answer(service, asked, config, now, kb)
            if found.record and self._most:
                with self._lock:
                    self._kept[key] = found
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
        return cds_hooks.to_call(found, instance) if found.record else found


class _Metrics:
    """Counts for Prometheus; their labels are words of the settings and of this module."""

    def __init__(self) -> None:
        try:
            import prometheus_client as prometheus
        except ModuleNotFoundError as error:
            raise UnsupportedError([Fault("metrics", "need prometheus-client: pip install 'mps-rules[service]'")]) from error
        self._prometheus = prometheus
        self._registry = prometheus.CollectorRegistry()
        labels = ("service", "hook", "outcome")
        self._requests = prometheus.Counter("mps_requests", "Requests answered.", labels, registry=self._registry)
        self._cards = prometheus.Counter("mps_cards", "Cards shown.", ("service", "hook", "indicator"), registry=self._registry)
        self._queries = prometheus.Counter("mps_queries", "How queries were answered.", ("query", "state"), registry=self._registry)
        self._unread = prometheus.Counter("mps_unread_codes", "Codes not known to the rules.", ("system",), registry=self._registry)
        buckets = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
        self._seconds = prometheus.Histogram(
            "mps_request_seconds", "How long an answer took.", ("service",), registry=self._registry, buckets=buckets
        )

    def count(self, line: Line, seconds: float) -> None:
        """One request."""
        self._requests.labels(line.service, line.hook, line.outcome).inc()
        if line.route in ("service", "feedback"):
            self._seconds.labels(line.service).observe(seconds)
        for query, state in line.prefetch.items():
            self._queries.labels(query, state).inc()
        for system, codes in line.unread.items():
            self._unread.labels(system).inc(codes)
        for card in line.cards:
            self._cards.labels(line.service, line.hook, card.rpartition(":")[2]).inc()

    async def page(self, _: Request) -> Response:
        """The counts, in the text that Prometheus reads."""
        return Response(self._prometheus.generate_latest(self._registry), media_type="text/plain; version=0.0.4; charset=utf-8")
