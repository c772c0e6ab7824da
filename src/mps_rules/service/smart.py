"""
The page opened by a record on its patient: SMART App Launch, of which this service gives the files and the settings, and no more.

The browser is the client. It is sent to the record for leave, gets the token, asks the record, takes out who the patient is, and asks the rules
what any page asks them. Neither token nor name is sent here. Which records may open it, where a browser may ask and who may frame it stand in
the settings, and the browser is told so (Content Security Policy).
"""

from pathlib import Path

from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

import mps_rules
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.service import cds_hooks, page
from mps_rules.service.settings import Smart

FILES = Path(__file__).with_name("web_smart")
CLIENT = Path(mps_rules.__file__).parent / "_vendor" / "fhirclient" / "fhir-client.pure.min.js"
"""The client of the SMART project, as it is published; its licence lies beside it."""
SCRIPT = '<script type="module" src="main.js"></script>'
OPENED = """<link rel="stylesheet" href="smart/smart.css">
<script src="smart/fhir-client.pure.min.js"></script>
<script type="module" src="smart/app.js"></script>"""
"""What the page loads instead when a record opens it; ``app.js`` loads the page's own script and waits for it."""


def routes(kb: KnowledgeBase, smart: Smart, *, answer_seconds: float = page.ANSWER_S) -> list[BaseRoute]:
    """
    ``/smart/launch``, ``/smart/app``, what they load and what they ask.

    >>> from mps_rules import load
    >>> [route.path for route in routes(load(), Smart("mps-rules", ("https://ehr.example/fhir",)))][:3]
    ['/smart/launch', '/smart/app', '/smart/settings']

    Args:
        kb: the rules.
        smart: as which client, for which records.
        answer_seconds: how long an answer may take; longer is 503.

    """
    under = page.policy(smart.origins(), smart.frame_ancestors)
    html = (page.FILES / "index.html").read_text(encoding="utf-8")
    told = {
        "client_id": smart.client_id,
        "iss": smart.iss,
        "scope": {"launch": smart.scope("launch"), "standalone": smart.scope("launch/patient")},
        "writes": smart.writes,
        "queries": queries(kb),
    }
    return [
        Route("/smart/launch", page.served(FILES / "launch.html", under)),
        Route("/smart/app", page.answering(html.replace(SCRIPT, OPENED).encode(), "text/html", under)),
        Route("/smart/settings", lambda _: JSONResponse(told)),
        *(Route(f"/smart/{path.name}", page.served(path)) for path in page.files()),
        *(Route(f"/smart/smart/{path.name}", page.served(path)) for path in (CLIENT, *sorted(FILES.glob("*.*s")))),
        *page.questions(kb, at="/smart", answer_seconds=answer_seconds),
    ]


def queries(kb: KnowledgeBase) -> dict[str, str]:
    """
    What is asked of a record about its patient, by the same words as the hooks.

    >>> from mps_rules import load
    >>> queries(load())["patient"]
    'Patient/{{context.patientId}}'
    """
    (service,) = cds_hooks.discovery(cds_hooks.Config(services=("mps-patient-view",)), kb)["services"]
    asked: dict[str, str] = service["prefetch"]
    return asked
