"""The rules for assistants: tools and schemas over the Model Context Protocol, asked by the SDK's own client over a pipe and over HTTP."""

import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytest.importorskip("mcp", reason="the SDK of the Model Context Protocol is absent (extra mcp)")

import anyio
import httpx
from mcp import Client, StdioServerParameters
from mcp.types import TextResourceContents

import mps_rules as mps
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.service import assistants

COMMAND = str(Path(sys.executable).with_name("mps-rules"))
SICK = {"pain": ["low_back.left"], "saddle_anaesthesia": True, "urinary_retention_new": True}
ACHE = {"pain": ["low_back.left"], "pain_dull_deep_ache": True}
QUESTIONS: dict[str, dict[str, Any]] = {
    "find_terms": {"text": "pins and needles"},
    "evaluate": {"findings": ACHE},
    "why": {"findings": ACHE, "id": "myofascial_pain"},
    "next_questions": {"findings": ACHE},
    "what_if": {"findings": ACHE, "changes": {"saddle_anaesthesia": True}},
}


def answer_of(kb: KnowledgeBase, tool: str, **asked: Any) -> dict[str, Any]:
    read, answer = assistants.answered(tool, asked, kb)
    assert read, answer
    return answer


# --- what is answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", QUESTIONS)
def test_every_answer_begins_with_the_urgency_then_what_it_is_not_then_the_rules(tool: str, kb: KnowledgeBase) -> None:
    answer = answer_of(kb, tool, **QUESTIONS[tool])

    assert ["urgency", "what_it_is_not", "rules"] == list(answer)[:3]
    assert (kb.digest, kb.pack.version) == (answer["rules"]["digest"], answer["rules"]["version"])
    assert kb.pack.status in answer["what_it_is_not"]


@pytest.mark.parametrize("findings", [SICK, ACHE, {}])
def test_the_urgency_is_what_the_text_for_a_clinician_begins_with(findings: dict[str, Any], kb: KnowledgeBase) -> None:
    text = mps.evaluate(findings, kb).text()
    for tool, more in (("evaluate", {}), ("next_questions", {}), ("what_if", {"changes": {"fever": True}})):
        answer = answer_of(kb, tool, findings=findings, **more)
        assert re.sub(r"\s+", " ", text).startswith(f"Urgency: {answer['urgency']} ")
    assert text == answer_of(kb, "evaluate", findings=findings)["text"]


def test_a_supposition_that_lowers_the_urgency_does_not_lower_what_stands_first(kb: KnowledgeBase) -> None:
    answer = answer_of(kb, "what_if", findings=SICK, changes={"saddle_anaesthesia": None, "urinary_retention_new": None})

    assert answer["urgency"].startswith("EMERGENCY (now)")
    assert answer["if_so"]["urgency"].startswith("NOT KNOWN")


def test_why_gives_the_proof_or_what_is_missing(kb: KnowledgeBase) -> None:
    held = answer_of(kb, "why", findings=SICK, id="rf_cauda_equina")
    missing = answer_of(kb, "why", findings=ACHE, id="fibromyalgia")

    assert (True, str(mps.evaluate(SICK, kb).why("rf_cauda_equina"))) == (held["holds"], held["text"])
    assert (False, str(mps.evaluate(ACHE, kb).why_not("fibromyalgia"))) == (missing["holds"], missing["text"])


def test_what_is_found_can_be_written_into_findings(kb: KnowledgeBase) -> None:
    import yaml

    for text, key in (("sciatica", "labels"), ("left buttock", "pain"), ("piriformis", "exam"), ("pins and needles", None)):
        found = answer_of(kb, "find_terms", text=text)["found"]
        kinds = {"labels": "diagnosis", "pain": "place", "exam": "muscle", None: "finding"}
        one = next(one for one in found if one["kind"] == kinds[key])
        written = one["write"].split(" | ")[0].replace(", ...signs", "")
        findings = yaml.safe_load(written)
        assert (key or one["id"]) in findings
        mps.evaluate(findings, kb)


def test_next_questions_name_findings_that_can_be_told(kb: KnowledgeBase) -> None:
    answer = answer_of(kb, "next_questions", findings=ACHE)

    assert answer["questions"]
    for question in answer["questions"]:
        mps.evaluate(ACHE, kb).what_if(dict.fromkeys(question["findings"]))


@pytest.mark.parametrize(
    ("tool", "asked", "fault"),
    [
        ("evaluate", {"findings": {"fevr": True}}, {"where": "fevr", "closest": "fever"}),
        ("evaluate", {}, {"where": "findings"}),
        ("evaluate", {"findings": [1]}, {"where": "findings"}),
        ("evaluate", {"finding": {}}, {"where": "finding", "closest": "findings"}),
        ("why", {"findings": {}, "id": ""}, {"where": "id"}),
        ("why", {"findings": {}, "id": "fibromyalgi"}, {"closest": "fibromyalgia"}),
        ("what_if", {"findings": {}, "changes": {"fevr": True}}, {"where": "fevr", "closest": "fever"}),
        ("what_if", {"findings": {}}, {"where": "changes"}),
        ("evalute", {}, {"closest": "evaluate"}),
    ],
)
def test_what_cannot_be_read_is_said_fault_by_fault_and_begins_with_not_known(
    tool: str, asked: dict[str, Any], fault: dict[str, str], kb: KnowledgeBase
) -> None:
    read, answer = assistants.answered(tool, asked, kb)

    assert not read
    assert ["urgency", "what_it_is_not", "rules", "faults"] == list(answer)
    assert answer["urgency"].startswith("NOT KNOWN")
    assert fault.items() <= answer["faults"][0].items()


# --- over the protocol ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where ``mps-rules mcp --http 0`` listens."""
    with subprocess.Popen([COMMAND, "mcp", "--http", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().removeprefix("listening on ").strip()
        process.terminate()


def ask(transport: Any, mode: str, use: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        with anyio.fail_after(120):
            async with Client(transport, mode=mode) as client:
                return await use(client)

    return anyio.run(run)


async def everything(client: Client) -> dict[str, Any]:
    """The tools, what each answers, and the schemas, as a client sees them."""
    tools = (await client.list_tools()).tools
    answers = {name: await client.call_tool(name, asked) for name, asked in QUESTIONS.items()}
    wrong = await client.call_tool("evaluate", {"findings": {"fevr": True}})
    resources = (await client.list_resources()).resources
    read = {str(one.uri): (await client.read_resource(one.uri)).contents for one in resources}
    schemas = {uri: "".join(part.text for part in parts if isinstance(part, TextResourceContents)) for uri, parts in read.items()}
    return {"tools": tools, "answers": answers, "wrong": wrong, "schemas": schemas}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("way", ["pipe", "http"])
def test_the_client_of_the_sdk_is_answered(way: str, mode: str, kb: KnowledgeBase, request: pytest.FixtureRequest) -> None:
    transport = StdioServerParameters(command=COMMAND, args=["mcp"]) if way == "pipe" else request.getfixturevalue("address")
    seen = ask(transport, mode, everything)

    assert list(assistants.TOOLS) == [tool.name for tool in seen["tools"]]
    for tool in seen["tools"]:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.validate(QUESTIONS[tool.name], tool.input_schema)
        result = seen["answers"][tool.name]
        assert not result.is_error
        jsonschema.validate(result.structured_content, tool.output_schema)
        assert answer_of(kb, tool.name, **QUESTIONS[tool.name]) == result.structured_content == json.loads(result.content[0].text)
        assert result.content[0].text.startswith('{\n "urgency": ')
    assert seen["wrong"].is_error
    assert "closest" in seen["wrong"].content[0].text
    for schema in seen["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    jsonschema.validate(ACHE, json.loads(seen["schemas"]["mps-rules://schema/findings"]))


def test_over_http_only_this_machine_under_its_own_name_is_answered(address: str) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}

    assert address.startswith("http://127.0.0.1:")
    assert 200 == httpx.post(address, json=asked, headers=headers).status_code
    assert 400 < httpx.post(address, json=asked, headers=headers | {"host": "evil.example"}).status_code < 500
    assert 400 < httpx.post(address, json=asked, headers=headers | {"origin": "https://evil.example"}).status_code < 500


def test_a_taken_port_is_said_in_one_line(address: str) -> None:
    port = address.rpartition(":")[2].partition("/")[0]
    ran = subprocess.run([COMMAND, "mcp", "--http", port], capture_output=True, text=True, check=False, timeout=120)

    assert (2, "") == (ran.returncode, ran.stdout)
    assert ran.stderr.startswith(f"error: port: cannot listen on 127.0.0.1:{port}")


def test_without_the_sdk_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['mcp'] = None\nfrom mps_rules.command.cli import main\nmain(['mcp'])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)

    assert (2, "") == (ran.returncode, ran.stdout)
    assert "pip install 'mps-rules[mcp]'" in ran.stderr
