"""
The rules for assistants and other programs, over the Model Context Protocol: five tools, at a pipe or on this machine alone.

Who asks hands on what it is told, so what must not be lost comes first: every answer begins with the urgency, in the words that a clinician reads,
then what the answer is not, and which rules gave it. Nothing is kept. The only module that knows the SDK ``mcp``.
"""

import json
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import attrs

from mps_rules.answer.values import Assessment
from mps_rules.api import evaluate
from mps_rules.errors import Fault, FindingError, MpsRulesError, SettingsError, UnsupportedError, closest, listed
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import SIDES, Diagnosis, Muscle, Region, Term, Vocabulary
from mps_rules.language.plain import plain
from mps_rules.patient import forms
from mps_rules.patient.addresses import of_finding
from mps_rules.schemas import assessment as schema_of_assessments
from mps_rules.schemas import findings as schema_of_findings
from mps_rules.views.brief import urgency_words

try:
    import anyio
    import mcp.types as t
    import uvicorn
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
except ModuleNotFoundError as error:
    raise UnsupportedError([Fault("", "assistants need the SDK of the Model Context Protocol: pip install 'mps-rules[mcp]'")]) from error

Json: TypeAlias = dict[str, Any]

HOST = "127.0.0.1"
"""Only programs on this machine may ask."""
PATH = "/mcp"
FOUND = 12
"""How many words a search gives."""
ASKED = 5
"""How many questions are given."""
LARGEST = 1_000_000
"""Bytes of one question over HTTP."""
NO_PATIENT = "NOT KNOWN; no patient was assessed."
UNREAD = "NOT KNOWN; the question cannot be read, nothing was assessed."
IS_NOT = (
    "No diagnosis, and no replacement for a clinician: decision support beside their own judgement; rules {status}. "
    "Hand the urgency on as it stands here, never lower, and before everything else. What is not recorded is not known, never absent."
)
INSTRUCTIONS = (
    "Rules for muscle pain and for what must not be missed beside it, for clinicians. Look words up with find_terms and write findings with the "
    "ids that it gives: true for present, false only for what was asked and denied or looked for and absent; leave out what is not known. "
    "Then evaluate; why, what_if and next_questions ask further of the same findings. Send no name, date of birth or number of a patient. "
    "The first field of every answer is the urgency: hand it on first, in its own words, never lower."
)
FINDINGS: Json = {
    "type": "object",
    "description": "What is known of one patient: id of a finding to its value, with the ids that find_terms gives; what is left out is not known. "
    "The whole schema is the resource mps-rules://schema/findings.",
    "properties": {
        "pain": {"description": "Where it hurts: places as region.side, or mappings with region, side, present, intensity (0 to 10).", "type": "array"},
        "pain_map_complete": {"description": "true: places not listed are free of pain.", "type": "boolean"},
        "labels": {"description": "Diagnoses already given (true, or what is known of them) or denied (false).", "type": ["object", "array"]},
        "exam": {"description": "Muscles examined: mappings with muscle, side, and signs.", "type": "array", "items": {"type": "object"}},
    },
    "examples": [{"pain": ["low_back.left"], "age_years": 54, "saddle_anaesthesia": False}],
}  # fmt: skip
SCHEMAS: Mapping[str, tuple[str, Callable[[KnowledgeBase], Json]]] = {
    "mps-rules://schema/findings": ("JSON Schema of the findings of one patient", schema_of_findings),
    "mps-rules://schema/assessment": ("JSON Schema of a whole assessment", lambda _: schema_of_assessments()),
}


@attrs.frozen(eq=False)
class Tool:
    """What can be asked: what is sent, what comes back beside what every answer has, and who answers."""

    title: str
    about: str
    sent: Mapping[str, Json]
    given: Mapping[str, Json]
    answer: Callable[[KnowledgeBase, Mapping[str, Any]], Json]


def answered(tool: str, asked: Mapping[str, Any], kb: KnowledgeBase) -> tuple[bool, Json]:
    """
    Whether a question could be answered, and the answer.

    >>> from mps_rules import load
    >>> read, answer = answered("evaluate", {"findings": {"saddle_anaesthesia": True}}, load())
    >>> read, next(iter(answer)), answer["urgency"][:46]
    (True, 'urgency', 'EMERGENCY (now): Possible cauda equina syndrom')
    >>> answered("evaluate", {"findings": {"sadle_anaesthesia": True}}, load())[1]["faults"][0]["closest"]
    'saddle_anaesthesia'

    Args:
        tool: one of ``TOOLS``.
        asked: what was sent.
        kb: the rules.

    """
    try:
        if tool not in TOOLS:
            raise FindingError([Fault("", f"no tool {tool[:80]!r}", closest(tool, TOOLS))])
        extra = [
            Fault(str(name)[:80], "no such argument", closest(str(name), TOOLS[tool].sent))
            for name in asked
            if name not in TOOLS[tool].sent
        ]
        if extra:
            raise FindingError(extra)
        return True, TOOLS[tool].answer(kb, asked)
    except MpsRulesError as error:
        return False, _whole(kb, UNREAD, faults=[plain(fault) for fault in listed(error.faults)])


def _whole(kb: KnowledgeBase, urgency: str, **answer: Any) -> Json:
    """An answer with what every answer begins with."""
    used = {"id": kb.pack.id, "version": kb.pack.version, "status": kb.pack.status, "digest": kb.digest}
    return {"urgency": urgency, "what_it_is_not": IS_NOT.format(status=kb.pack.status), "rules": used, **answer}


# --- the tools --------------------------------------------------------------------------------------------------------


def _find_terms(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    looked = forms.look_up(kb, _text(asked, "text"))
    hits = [hit for hit in looked.hits if hit.kind != "derived"][:FOUND]
    found = [
        {"kind": hit.kind, "id": hit.entry.id, "label": hit.entry.label, "write": _written(hit, kb.vocabulary), "sides": _sides(hit.entry, kb.vocabulary)}
        for hit in hits
    ]  # fmt: skip
    return _whole(kb, NO_PATIENT, found=found, all_words=looked.whole)


def _evaluate(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    found = _assessed(kb, asked)
    brief = {key: value for key, value in found.brief().items() if key not in ("knowledge", "what_it_is")}
    return _whole(kb, urgency_words(found, kb), text=found.text(), brief=brief)


def _why(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    found, id_ = _assessed(kb, asked), _text(asked, "id")
    held = next((one.stands for one in found.hypotheses if one.id == id_), True)
    first, second = (found.why, found.why_not) if held else (found.why_not, found.why)
    try:
        text = str(first(id_))
    except FindingError as error:
        try:
            held, text = not held, str(second(id_))
        except FindingError:
            raise error from None
    return _whole(kb, urgency_words(found, kb), id=id_, holds=held, text=text)


def _next_questions(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    found = _assessed(kb, asked)
    questions = [
        {"text": one.text, "why": one.why, "findings": [str(of_finding(one.subject, term, kb.vocabulary)) for term in one.terms], "cost": one.cost}
        for one in found.questions[:ASKED]
    ]  # fmt: skip
    return _whole(
        kb, urgency_words(found, kb), enough=found.should_stop, why_enough=found.stop_reason, questions=questions, outstanding=list(found.outstanding)
    )  # fmt: skip


def _what_if(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    changes = asked.get("changes")
    if not isinstance(changes, Mapping):
        raise FindingError([Fault("changes", "expected an object: address of a finding to its value")])
    found = _assessed(kb, asked)
    then = found.what_if(changes)
    if_so = {"urgency": urgency_words(then.assessment, kb), "text": then.assessment.text()}
    return _whole(kb, urgency_words(found, kb), changes=str(then), if_so=if_so)


_TEXT, _TRUTH = {"type": "string"}, {"type": "boolean"}
TOOLS: Mapping[str, Tool] = {
    "find_terms": Tool(
        "Find words of the rules",
        "Findings, signs of muscles, diagnoses, muscles and places by the words that people use, by synonym or code; how each is written into findings.",
        {
            "text": {
                "type": "string",
                "description": "What is looked for: pins and needles; sciatica; left buttock; M54.16.",
                "minLength": 1,
            }
        },
        {"found": {"type": "array", "items": {"type": "object"}}, "all_words": _TRUTH},
        _find_terms,
    ),
    "evaluate": Tool(
        "What the rules say of one patient",
        "The answer for a clinician as text of at most fifteen lines, and as data: red flags, explanations and muscles with reasons, cautions, what to do and ask.",
        {"findings": FINDINGS},
        {"text": _TEXT, "brief": {"type": "object"}},
        _evaluate,
    ),
    "why": Tool(
        "Why something is concluded, or why not",
        "The proof of a hypothesis, red flag, caution, criterion, muscle or rule, down to findings and sources; where it does not hold, what is missing.",
        {"findings": FINDINGS, "id": {"type": "string", "description": "An id of the answer, such as myofascial_pain.", "minLength": 1}},
        {"id": _TEXT, "holds": _TRUTH, "text": _TEXT},
        _why,
    ),
    "next_questions": Tool(
        "What to ask or examine next",
        "The most useful questions, each with why it is asked and the findings that answer it; and whether enough is known to stop.",
        {"findings": FINDINGS},
        {
            "enough": _TRUTH,
            "why_enough": _TEXT,
            "questions": {"type": "array", "items": {"type": "object"}},
            "outstanding": {"type": "array", "items": _TEXT},
        },
        _next_questions,
    ),
    "what_if": Tool(
        "What would change",
        "In what the answer would differ with other findings. The urgency that comes first is the one that stands now; that of the supposition is in if_so.",
        {
            "findings": FINDINGS,
            "changes": {
                "type": "object",
                "description": "Address of a finding to its value, null for not known: fever, low_back.left, gluteus_medius.left.taut_band, labels.facet_syndrome.",
                "minProperties": 1,
            },
        },
        {"changes": _TEXT, "if_so": {"type": "object"}},
        _what_if,
    ),
}


def _assessed(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Assessment:
    findings = asked.get("findings")
    if not isinstance(findings, Mapping):
        raise FindingError([Fault("findings", "expected the findings of a patient: an object")])
    return evaluate(findings, kb)


def _text(asked: Mapping[str, Any], field: str) -> str:
    value = asked.get(field)
    if not isinstance(value, str) or not value.strip():
        raise FindingError([Fault(field, "expected text")])
    return value


def _written(hit: forms.Hit, words: Vocabulary) -> str:
    """How something that was found is written into findings."""
    match hit.entry:
        case Diagnosis(id=id_):
            return f"labels: {{{id_}: true}}"
        case Muscle(id=id_):
            return f"exam: [{{muscle: {id_}{f', side: {hit.side}' if hit.side else ''}, ...signs}}]"
        case Region(id=id_):
            return f"pain: [{id_}{f'.{hit.side}' if hit.side else ''}]"
        case Term() as term:
            return f"{term.id}: {_values(term, words)}" + {
                "muscle": " (in an entry of exam)",
                "label": " (under its diagnosis in labels)",
            }.get(term.subject, "")


def _sides(entry: forms.Entry, words: Vocabulary) -> list[str]:
    """The sides that may be told of a place or a muscle."""
    if isinstance(entry, Muscle):
        return [*SIDES, "bilateral"]
    return [*words.possible_sides[entry.id], "bilateral"] if isinstance(entry, Region) and words.possible_sides[entry.id] else []


def _values(term: Term, words: Vocabulary) -> str:
    if term.values:
        return " | ".join(term.values)
    if term.kind == "boolean":
        return "true | false"
    span = f"{term.range[0]:g} to {term.range[1]:g}" if term.range else "a number"
    return f"{span}{words.shown_unit(term.id)}"


# --- over the protocol ------------------------------------------------------------------------------------------------


def server(kb: KnowledgeBase) -> "Server[Any]":
    """The tools and schemas of a knowledge base as a server of the protocol, to be run on any transport."""
    return Server(
        "mps-rules",
        version=kb.pack.version,
        title="Muscle pain: rules for clinicians",
        instructions=INSTRUCTIONS,
        on_list_tools=_tools,
        on_call_tool=partial(_called, kb),
        on_list_resources=_resources,
        on_read_resource=partial(_read, kb),
    )


async def _tools(_: Any, __: Any) -> "t.ListToolsResult":
    hints = t.ToolAnnotations(read_only_hint=True, idempotent_hint=True, destructive_hint=False, open_world_hint=False)
    return t.ListToolsResult(
        tools=[
            t.Tool(
                name=name,
                title=tool.title,
                description=tool.about,
                input_schema={"type": "object", "properties": dict(tool.sent), "required": list(tool.sent), "additionalProperties": False},
                output_schema=_output(tool),
                annotations=hints,
            )
            for name, tool in TOOLS.items()
        ]
    )


def _output(tool: Tool) -> Json:
    rules = {"type": "object", "properties": dict.fromkeys(("id", "version", "status", "digest"), _TEXT)}
    first = {
        "urgency": {"type": "string", "description": "How urgent it is, in the words for a clinician: hand it on first, never lower."},
        "what_it_is_not": _TEXT,
        "rules": rules,
    }
    return {"type": "object", "properties": {**first, **tool.given}, "required": list(first)}


async def _called(kb: KnowledgeBase, _: Any, asked: "t.CallToolRequestParams") -> "t.CallToolResult":
    read, answer = await anyio.to_thread.run_sync(answered, asked.name, asked.arguments or {}, kb)
    text = json.dumps(answer, ensure_ascii=False, indent=1)
    return t.CallToolResult(content=[t.TextContent(type="text", text=text)], structured_content=answer, is_error=not read)


async def _resources(_: Any, __: Any) -> "t.ListResourcesResult":
    return t.ListResourcesResult(
        resources=[
            t.Resource(name=uri.rpartition("/")[2], uri=uri, title=title, mime_type="application/schema+json")
            for uri, (title, _) in SCHEMAS.items()
        ]
    )


async def _read(kb: KnowledgeBase, _: Any, asked: "t.ReadResourceRequestParams") -> "t.ReadResourceResult":
    uri = str(asked.uri)
    if uri not in SCHEMAS:
        raise ValueError(f"no resource {uri[:120]!r}; there are {', '.join(SCHEMAS)}")
    text = json.dumps(SCHEMAS[uri][1](kb), ensure_ascii=False)
    return t.ReadResourceResult(contents=[t.TextResourceContents(uri=uri, mime_type="application/schema+json", text=text)])


def serve_pipe(kb: KnowledgeBase) -> None:
    """Answer at standard input and output until whoever asks goes away."""

    async def run() -> None:
        one = server(kb)
        async with stdio_server() as (read, write):
            await one.run(read, write, one.create_initialization_options())

    anyio.run(run)


def serve_http(kb: KnowledgeBase, port: int, listening: Callable[[str], None] = lambda _: None) -> None:
    """
    Answer over streamable HTTP at a port of this machine until told to stop; 0 chooses a port.

    Raises:
        SettingsError: it cannot listen there.

    """
    app = server(kb).streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True, max_request_body_size=LARGEST, host=HOST
    )
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HOST, port))
        except OSError as error:
            raise SettingsError([Fault("port", f"cannot listen on {HOST}:{port}: {error.strerror}")]) from None
        bound.listen()
        listening(f"http://{HOST}:{bound.getsockname()[1]}{PATH}")
        options = uvicorn.Config(app, ws="none", log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(options).run(sockets=[bound])
