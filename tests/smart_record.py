"""
A small record that opens apps: SMART App Launch, and a FHIR server behind it that believes its own tokens only.

It checks what an authorisation server has to check: client, redirect address, audience, launch, scope, and that whoever brings the code knows its verifier.
"""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import attrs

from mini_ehr import _matches
from running import bundle

CLIENT = "mps-rules"
LAUNCH = "launch-4711"
USER = "Practitioner/7"


@attrs.define
class SmartRecord:
    """
    What the record knows, how it behaves, and what came in.

    Args:
        resources: what the FHIR server holds.
        patient: whom a launch is about.
        refuses: the error that the authorisation server answers with, if any.
        forges: the state that it answers with instead of the one it was given.
        granted: the scope that it grants instead of what was asked for.
        expires: whether its tokens are believed no longer when they are used.
        fails: kinds of resources that it answers with 500.
        token_origin: where its tokens are given out, if elsewhere than here.
        context: what a card handed over.
        pkce: whether it says that it knows PKCE.
        page: how many entries of a search come at once.

    """

    resources: Sequence[dict[str, Any]] = ()
    patient: str = "1"
    refuses: str = ""
    forges: str = ""
    granted: str = ""
    expires: bool = False
    fails: tuple[str, ...] = ()
    token_origin: str = ""
    context: str = ""
    pkce: bool = True
    page: int = 1_000
    elsewhere: str = ""
    redirects: tuple[str, ...] = ()
    origin: str = ""
    codes: dict[str, dict[str, str]] = attrs.field(factory=dict)
    tokens: dict[str, str] = attrs.field(factory=dict)
    asked: list[str] = attrs.field(factory=list)
    scopes: list[str] = attrs.field(factory=list)
    written: list[dict[str, Any]] = attrs.field(factory=list)
    faults: list[str] = attrs.field(factory=list)

    @property
    def iss(self) -> str:
        return f"{self.origin}/fhir"

    # --- the authorisation server

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.iss,
            "authorization_endpoint": f"{self.origin}/auth/authorize",
            "token_endpoint": f"{self.token_origin or self.origin}/auth/token",
            "capabilities": ["launch-ehr", "launch-standalone", "client-public", "permission-v2"],
            **({"code_challenge_methods_supported": ["S256"]} if self.pkce else {}),
        }

    def authorize(self, asked: Mapping[str, str]) -> str | None:
        """Where the browser goes next, or nothing where the request is not believed."""
        scope = asked.get("scope", "").split()
        expected = {
            "response_type": asked.get("response_type") == "code",
            "client_id": asked.get("client_id") == CLIENT,
            "redirect_uri": asked.get("redirect_uri") in self.redirects,
            "aud": asked.get("aud") == self.iss,
            "state": len(asked.get("state", "")) >= 16,
            "launch": asked.get("launch") == LAUNCH if "launch" in scope else "launch/patient" in scope and "launch" not in asked,
            "code_challenge": len(asked.get("code_challenge", "")) == 43 and asked.get("code_challenge_method") == "S256",
        }
        if wrong := [name for name, holds in expected.items() if not holds]:
            self.faults += wrong
            return None
        self.scopes.append(asked["scope"])
        answer = {"state": self.forges or asked["state"]}
        if self.refuses:
            return f"{asked['redirect_uri']}?{urlencode(answer | {'error': self.refuses, 'error_description': 'not for this app'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = dict(asked)
        return f"{asked['redirect_uri']}?{urlencode(answer | {'code': code})}"

    def token(self, asked: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        begun = self.codes.pop(asked.get("code", ""), None)
        if begun is None or asked.get("grant_type") != "authorization_code":
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if challenge != begun["code_challenge"] or asked.get("redirect_uri") != begun["redirect_uri"] or asked.get("client_id") != CLIENT:
            self.faults.append("code_verifier")
            return 400, {"error": "invalid_grant"}
        token, scope = f"token-{secrets.token_urlsafe(16)}", self.granted or begun["scope"]
        self.tokens[token] = scope
        claims = base64.urlsafe_b64encode(json.dumps({"fhirUser": f"{self.iss}/{USER}"}).encode()).decode().rstrip("=")
        return 200, {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 3_600,
            "refresh_token": "never-to-be-kept",
            "scope": scope,
            "patient": self.patient,
            "encounter": "e1",
            "id_token": f"e30.{claims}.",
            **({"appContext": self.context} if self.context else {}),
        }

    # --- the FHIR server

    def allowed(self, authorization: str, kind: str, word: str) -> int:
        token = authorization.removeprefix("Bearer ")
        if token not in self.tokens or self.expires:
            return 401
        return 200 if f"patient/{kind}.{word}" in self.tokens[token].split() else 403

    def search(self, path: str, query: str) -> dict[str, Any] | None:
        kind, _, id = path.partition("/")
        found = [one for one in self.resources if one["resourceType"] == kind]
        if id:
            return next((one for one in found if one.get("id") == id), None)
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        first = int(asked.pop("_offset", "0"))
        found = [one for one in found if _matches(one, asked)]
        answer = bundle(*found[first : first + self.page])
        if first + self.page < len(found):
            more = f"{self.elsewhere or self.iss}/{kind}?{urlencode(asked | {'_offset': str(first + self.page)}, quote_via=quote)}"
            answer["link"] = [{"relation": "next", "url": more}]
        return answer


@contextmanager
def smart_record(record: SmartRecord) -> Iterator[SmartRecord]:
    """Serves the record on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path == "/fhir/.well-known/smart-configuration":
                self._tell(200, record.configuration())
            elif asked.path == "/auth/authorize":
                to = record.authorize({name: values[0] for name, values in parse_qs(asked.query).items()})
                self._tell(302 if to else 400, {}, location=to or "")
            elif asked.path == "/frame":
                src = parse_qs(asked.query)["src"][0]
                self._send(
                    200,
                    f"<!doctype html><title>the record</title><iframe src='{src}' width=1400 height=800></iframe>".encode(),
                    "text/html",
                )
            elif asked.path.startswith("/fhir/"):
                path = asked.path.removeprefix("/fhir/")
                kind = path.partition("/")[0]
                record.asked.append(path)
                status = record.allowed(self.headers.get("authorization", ""), kind, "rs")
                answer = record.search(path, asked.query) if status == 200 and kind not in record.fails else None
                self._tell(
                    500 if kind in record.fails else status if answer or status != 200 else 404,
                    answer or {"resourceType": "OperationOutcome"},
                )
            else:
                self._tell(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if self.path == "/auth/token":
                self._tell(*record.token({name: values[0] for name, values in parse_qs(body.decode()).items()}))
                return
            kind = self.path.removeprefix("/fhir/")
            status = record.allowed(self.headers.get("authorization", ""), kind, "c")
            if status == 200:
                record.written.append(json.loads(body))
                self._tell(201, json.loads(body) | {"id": str(len(record.written))})
            else:
                self._tell(status, {"resourceType": "OperationOutcome"})

        def do_OPTIONS(self) -> None:
            self._tell(204, {})

        def _tell(self, status: int, answer: dict[str, Any], location: str = "") -> None:
            self._send(status, json.dumps(answer).encode() if status != 204 else b"", "application/fhir+json", location)

        def _send(self, status: int, body: bytes, kind: str, location: str = "") -> None:
            self.send_response(status)
            headers = {"content-type": kind, "content-length": str(len(body)), "cache-control": "no-store"}
            headers |= {"access-control-allow-origin": "*", "access-control-allow-headers": "authorization, content-type, accept"}
            headers |= {"access-control-allow-methods": "GET, POST"} | ({"location": location} if location else {})
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    record.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield record
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
