"""What CDS Hooks 2.0.1 asks of answers, written apart from the code that makes them: JSON Schema, and the invariants it cannot say."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema

CODING = {
    "type": "object",
    "required": ["code", "system"],
    "properties": {name: {"type": "string"} for name in ("code", "system", "display")},
}
ABSOLUTE = {"type": "string", "pattern": "^https?://"}
ACTION = {
    "type": "object",
    "required": ["type", "description"],
    "properties": {"type": {"enum": ["create", "update", "delete"]}, "description": {"type": "string"}, "resource": {"type": "object"}},
    "if": {"properties": {"type": {"const": "delete"}}},
    "then": {"required": ["resourceId"], "not": {"required": ["resource"]}},
    "else": {"required": ["resource"], "not": {"required": ["resourceId"]}},
}
SUGGESTION = {
    "type": "object",
    "required": ["label"],
    "properties": {
        "label": {"type": "string"},
        "uuid": {"type": "string", "format": "uuid"},
        "isRecommended": {"type": "boolean"},
        "actions": {"type": "array", "items": ACTION, "minItems": 1},
    },
    "additionalProperties": False,
}
LINK = {
    "type": "object",
    "required": ["label", "url", "type"],
    "properties": {
        "label": {"type": "string"},
        "url": ABSOLUTE,
        "type": {"enum": ["absolute", "smart"]},
        "appContext": {"type": "string"},
        "autolaunchable": {"type": "boolean"},
    },
    "additionalProperties": False,
}
CARD = {
    "type": "object",
    "required": ["summary", "indicator", "source"],
    "properties": {
        "uuid": {"type": "string", "format": "uuid"},
        "summary": {"type": "string", "minLength": 1},
        "detail": {"type": "string", "minLength": 1},
        "indicator": {"enum": ["info", "warning", "critical"]},
        "source": {
            "type": "object",
            "required": ["label"],
            "properties": {"label": {"type": "string"}, "url": ABSOLUTE, "icon": ABSOLUTE, "topic": CODING},
            "additionalProperties": False,
        },
        "suggestions": {"type": "array", "items": SUGGESTION},
        "selectionBehavior": {"enum": ["at-most-one", "any"]},
        "overrideReasons": {"type": "array", "items": {**CODING, "required": ["code", "system", "display"]}},
        "links": {"type": "array", "items": LINK},
    },
    "dependentRequired": {"suggestions": ["selectionBehavior"]},
    "additionalProperties": False,
}
RESPONSE = {
    "type": "object",
    "required": ["cards"],
    "properties": {"cards": {"type": "array", "items": CARD}},
    "additionalProperties": False,
}
DISCOVERY = {
    "type": "object",
    "required": ["services"],
    "properties": {
        "services": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["hook", "id", "description"],
                "properties": {
                    **{name: {"type": "string", "minLength": 1} for name in ("hook", "id", "title", "description", "usageRequirements")},
                    "prefetch": {"type": "object", "additionalProperties": {"type": "string"}},
                },
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}
OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code"],
                "properties": {"severity": {"enum": ["error"]}, "code": {"enum": ["invalid", "required", "not-found"]}},
            },
        },
    },
}
TEMPLATE = re.compile(r"(?P<kind>[A-Z][A-Za-z]+)(/\{\{context\.patientId\}\}|\?(?P<query>.+))")
"""A read of one resource, or a search: the subset that every client can be asked for."""


def faults(schema: Any, value: Any) -> list[str]:
    """What a schema has against a value."""
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(value)]


def empties(value: Any, where: str = "") -> Iterator[str]:
    """Every place that holds null, an empty text, list or object; ``cards`` and ``services`` may be empty at the top."""
    if value is None or (isinstance(value, str | list | dict) and not value and where not in (".cards", ".services")):
        yield where
    if isinstance(value, dict):
        for key, part in value.items():
            yield from empties(part, f"{where}.{key}")
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from empties(part, f"{where}[{number}]")


def judged(status: int, answer: Any) -> list[str]:
    """Everything that is wrong with an answer of a service."""
    if status != 200:
        return [*faults(OUTCOME, answer), *empties(answer)]
    found = [*faults(RESPONSE, answer), *empties(answer)]
    for number, card in enumerate(answer["cards"]):
        if len(card["summary"].encode("utf-16-le")) // 2 > 139:
            found.append(f"cards[{number}].summary is too long")
        if "\n" in card["summary"]:
            found.append(f"cards[{number}].summary is more than a line")
        if card.get("selectionBehavior") == "at-most-one" and sum(one.get("isRecommended", False) for one in card["suggestions"]) > 1:
            found.append(f"cards[{number}] recommends several of which one may be chosen")
        found += [
            f"cards[{number}] gives a context to a page"
            for link in card.get("links", ())
            if "appContext" in link and link["type"] != "smart"
        ]
    return found
