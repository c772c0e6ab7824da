"""
A small electronic record: it discovers services, fills in what they ask of a FHIR server, calls, shows cards, and tells what became of them.

The FHIR server is a few resources in memory that answers the queries of a prefetch over HTTP.
"""

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx

from running import bundle
from signing import ec_key, signed


@contextmanager
def fhir_server(resources: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The address of a server that knows these resources: reads by type and id, and searches by patient, category and status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            kind, _, id = asked.path.strip("/").partition("/")
            found = [one for one in resources if one["resourceType"] == kind]
            answer: dict[str, Any] | None
            if id:
                answer = next((one for one in found if one.get("id") == id), None)
            else:
                query = {name: values[0] for name, values in parse_qs(asked.query).items()}
                answer = bundle(*(one for one in found if _matches(one, query)))
            body = json.dumps(answer or {"resourceType": "OperationOutcome"}).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _is_asked(coding: dict[str, Any], token: str) -> bool:
    system, _, code = token.partition("|")
    return coding.get("system") == system and code in ("", coding.get("code"))


def _matches(resource: dict[str, Any], query: dict[str, str]) -> bool:
    def codes(value: Any) -> set[str]:
        return {
            coding.get("code", "") for one in (value if isinstance(value, list) else [value] if value else []) for coding in one["coding"]
        }

    wanted: dict[str, Callable[[str], bool]] = {
        "patient": lambda said: resource.get("subject", {}).get("reference") == f"Patient/{said}",
        "category": lambda said: said in codes(resource.get("category")),
        "clinical-status": lambda said: bool(set(said.split(",")) & codes(resource.get("clinicalStatus"))),
        "code": lambda said: any(
            _is_asked(coding, one) for one in said.split(",") for coding in resource.get("code", {}).get("coding", ())
        ),
        "_sort": lambda _: True,
        "_count": lambda _: True,
        "status": lambda said: resource.get("status") == said,
    }
    return all(wanted[name](said) for name, said in query.items())


@attrs.define
class MiniEhr:
    """
    One client of the hooks.

    Args:
        cds: where the service is reached.
        public: the address by which the service knows itself; tokens are for it.
        fhir: the FHIR server, asked here and named in no call.
        issuer: as the tokens say it.

    """

    cds: str
    public: str
    fhir: str
    issuer: str
    services: list[dict[str, Any]] = attrs.field(factory=list)

    def discover(self) -> None:
        """Learn which services there are."""
        self.services = self._asked("GET", "/cds-services").json()["services"]

    def open_chart(self, patient: str, user: str = "Practitioner/1") -> list[dict[str, Any]]:
        """Fire patient-view for a patient: the cards of all services of that hook."""
        return self.fire("patient-view", {"userId": user, "patientId": patient})

    def add_problem(self, patient: str, condition: dict[str, Any], user: str = "Practitioner/1") -> list[dict[str, Any]]:
        """Fire problem-list-item-create for a new condition."""
        return self.fire("problem-list-item-create", {"userId": user, "patientId": patient, "conditions": bundle(condition)})

    def fire(self, hook: str, context: dict[str, Any]) -> list[dict[str, Any]]:
        """The cards of all services of a hook, each with the service it came from."""
        cards = []
        for service in self.services:
            if service["hook"] == hook:
                filled = {key: self._query(template, context) for key, template in service.get("prefetch", {}).items()}
                request = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, "prefetch": filled}
                answer = self._asked("POST", f"/cds-services/{service['id']}", request)
                answer.raise_for_status()
                cards += [card | {"_service": service["id"]} for card in answer.json()["cards"]]
        return cards

    def accept(self, card: dict[str, Any], *suggestions: str) -> int:
        """Tell that suggestions of a card were taken."""
        return self._tell(card, {"outcome": "accepted", "acceptedSuggestions": [{"id": one} for one in suggestions]})

    def override(self, card: dict[str, Any], code: str) -> int:
        """Tell that a card was set aside, for one of its reasons."""
        reason = next(one for one in card["overrideReasons"] if one["code"] == code)
        return self._tell(card, {"outcome": "overridden", "overrideReason": {"reason": reason}})

    def _tell(self, card: dict[str, Any], what: dict[str, Any]) -> int:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        told = {"feedback": [{"card": card["uuid"], "outcomeTimestamp": at} | what]}
        return self._asked("POST", f"/cds-services/{card['_service']}/feedback", told).status_code

    def _query(self, template: str, context: dict[str, Any]) -> Any:
        path = re.sub(r"{{context\.(\w+)}}", lambda found: str(context[found[1]]), template)
        answer = httpx.get(f"{self.fhir}/{path}", timeout=10, trust_env=False)
        return answer.json() if answer.status_code == 200 else None

    def _asked(self, method: str, path: str, body: Any = None) -> httpx.Response:
        now = int(time.time())
        said = {"iss": self.issuer, "aud": self.public + path, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
        headers = {"authorization": f"Bearer {signed(said, ec_key('ehr'))}"}
        return httpx.request(method, self.cds + path, json=body, headers=headers, timeout=20, trust_env=False)


def shown(card: dict[str, Any]) -> str:
    """A card as text, as a record without a browser shows it."""
    mark = {"info": "(i)", "warning": "(!)", "critical": "(!!)"}[card["indicator"]]
    detail = re.sub(r"\\(.)", r"\1", re.sub(r"\*\*(.+?)\*\*", r"\1", card.get("detail", "")))
    return f"{mark} {card['summary']}\n{detail}\n[{card['source']['label']}]"
