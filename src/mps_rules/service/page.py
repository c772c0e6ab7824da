"""
The page over HTTP: its files, and the questions that it asks of the rules.

The page loads nothing from anywhere else and keeps nothing; the browser is told so (Content Security Policy). Answers are worked out
in threads, a bounded number at once, so that one slow question holds up no other, and each within a time limit, the wait for its turn included.
Nothing that is sent is logged here.
"""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from mps_rules.errors import Fault, UnsupportedError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.reading import LONGEST
from mps_rules.service import json_api

try:
    from starlette.requests import Request
    from starlette.responses import JSONResponse, RedirectResponse, Response
    from starlette.routing import BaseRoute, Route
except ModuleNotFoundError as error:
    raise UnsupportedError([Fault("", "the page needs Starlette: pip install 'mps-rules[service]'")]) from error

FILES = Path(__file__).with_name("web")
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}


def policy(connect: Sequence[str] = (), ancestors: Sequence[str] = ()) -> str:
    """
    What a browser is told to refuse: everything but the page's own files and questions, the origins that it may ask besides, and who may frame it.

    >>> policy(connect=["https://ehr.example"]).split("; ")[4]
    "connect-src 'self' https://ehr.example"
    """
    asked, framing = (" ".join(dict.fromkeys(origins)) for origins in (("'self'", *connect), ancestors or ("'none'",)))
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {asked}; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {framing}"
    )


POLICY = policy()
LARGEST = LONGEST
"""Bytes of a question; a FHIR bundle of some hundred resources fits."""
AT_ONCE = 4
"""Questions worked on together; others wait."""
ANSWER_S = 10.0
"""How long an answer may take."""
PER_MINUTE = 600
"""Questions that one address may ask in a minute."""
ADDRESSES = 4_096
"""Addresses whose pace is remembered; the longest silent are forgotten first."""


def routes(
    kb: KnowledgeBase,
    *,
    at: str = "/page",
    per_minute: int = PER_MINUTE,
    answer_seconds: float = ANSWER_S,
    clock: Callable[[], float] = time.monotonic,
) -> list[BaseRoute]:
    """
    The page at an address, and the questions below it, to be mounted in a Starlette application.

    >>> from mps_rules import load
    >>> [route.path for route in routes(load())][:3]
    ['/page', '/page/', '/page/openapi.json']

    Args:
        kb: the rules.
        at: where the page is to stand.
        per_minute: how many questions one address may ask in a minute.
        answer_seconds: how long an answer may take; longer is 503.
        clock: seconds.

    """
    return [
        Route(at, lambda request: RedirectResponse(f"{request.url.path}/")),
        Route(f"{at}/", served(FILES / "index.html")),
        *(Route(f"{at}/{path.name}", served(path)) for path in files()),
        *questions(kb, at=at, per_minute=per_minute, answer_seconds=answer_seconds, clock=clock),
    ]


def questions(
    kb: KnowledgeBase,
    *,
    at: str,
    per_minute: int = PER_MINUTE,
    answer_seconds: float = ANSWER_S,
    clock: Callable[[], float] = time.monotonic,
) -> list[BaseRoute]:
    """
    What a page at an address may ask, without its files.

    >>> from mps_rules import load
    >>> [route.path for route in questions(load(), at="/page")][-1]
    '/page/api/{operation}'
    """
    desk = _Desk(kb, _Pace(per_minute, clock), answer_seconds)
    return [
        *(Route(f"{at}/api/{name}", _still(value)) for name, value in json_api.still(kb).items()),
        Route(f"{at}/api/{{operation}}", desk.ask, methods=["POST"]),
    ]


@lru_cache(maxsize=1)
def files() -> Sequence[Path]:
    """What the page loads beside its HTML: its description, its styles, its scripts, its icon."""
    kept = (path for path in FILES.iterdir() if path.suffix in KINDS and path.suffix != ".html")
    return sorted(kept, key=lambda path: (path.suffix != ".json", path.name))


def served(path: Path, under: str = POLICY) -> Callable[[Request], Response]:
    """What answers with a file, and tells the browser what to refuse."""
    return answering(path.read_bytes(), KINDS[path.suffix], under)


def answering(content: bytes, kind: str, under: str) -> Callable[[Request], Response]:
    """What answers with the same content each time."""
    headers = {"content-security-policy": under, "cache-control": "no-cache"}
    return lambda _: Response(content, media_type=kind, headers=headers)


def _still(value: json_api.Json) -> Callable[[Request], Response]:
    """What stays the same as long as the rules and the figure do: a browser that has it is not sent it again."""
    content = json_api.as_sent(value)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}

    def given(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="application/json", headers=headers)

    return given


class _Pace:
    """How many questions each address asked within the last minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = per_minute, clock
        self._asked: dict[str, deque[float]] = {}

    def allows(self, address: str) -> bool:
        """Whether an address may ask once more now; if so, it has."""
        now, asked = self._clock(), self._asked.pop(address, deque())
        while asked and asked[0] <= now - 60:
            asked.popleft()
        self._asked[address] = asked
        while len(self._asked) > ADDRESSES:
            del self._asked[next(iter(self._asked))]
        if len(asked) >= self._most:
            return False
        asked.append(now)
        return True


class _Desk:
    """Takes a question, if it is one, and has it answered by a thread."""

    def __init__(self, kb: KnowledgeBase, pace: _Pace, seconds: float) -> None:
        self._kb, self._pace, self._seconds = kb, pace, seconds
        self._free = asyncio.Semaphore(AT_ONCE)

    async def ask(self, request: Request) -> Response:
        """One operation of ``json_api``."""
        if not self._pace.allows(request.client.host if request.client else ""):
            return _refused(429, "too many questions in a minute", {"retry-after": "10"})
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _refused(415, "expected application/json")
        raw = bytearray()
        async for part in request.stream():
            raw += part
            if len(raw) > LARGEST:
                return _refused(413, f"longer than {LARGEST:,} bytes", {"connection": "close"})
        try:
            async with asyncio.timeout(self._seconds):
                status, content = await self._worked(request.path_params["operation"], bytes(raw))
        except TimeoutError:
            return _refused(503, f"not answered within {self._seconds:g} seconds, and given up", {"retry-after": "1"})
        return Response(content, status, media_type="application/json")

    async def _worked(self, operation: str, raw: bytes) -> tuple[int, bytes]:
        """The answer, by a thread; one that cannot be stopped keeps its place until it ends, whoever has given it up."""
        await self._free.acquire()
        work = asyncio.get_running_loop().run_in_executor(None, json_api.answered_text, operation, raw, self._kb)
        work.add_done_callback(lambda _: self._free.release())
        return await asyncio.shield(work)


def _fault(what: str) -> json_api.Json:
    return {"faults": [{"where": "", "what": what}]}


def _refused(status: int, what: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(_fault(what), status, headers)
