"""
JSON Schemas of what goes in and what comes out: the findings of one patient under some rules, and an assessment as ``to_dict`` gives it.

The first is made of the vocabulary, the second of the values of an assessment themselves: neither is written a second time.
"""

from typing import Any

from mps_rules.answer.values import Assessment, Question
from mps_rules.api import rules_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.plain import described, listed_kind
from mps_rules.patient import forms


def findings(kb: KnowledgeBase | None = None) -> dict[str, Any]:
    """
    The JSON Schema of the findings that ``evaluate`` takes under some rules; left out, the packaged ones.

    >>> findings()["properties"]["fever"]["type"]
    ['boolean', 'null']
    """
    return forms.schema(rules_of(kb))


def assessment() -> dict[str, Any]:
    """
    The JSON Schema of what ``Assessment.to_dict`` and ``to_json`` give, whatever the rules.

    >>> assessment()["properties"]["urgency"]["enum"]
    ['none', 'soon', 'urgent', 'emergency']
    """
    kinds: dict[str, Any] = {}
    whole = described(Assessment, kinds)
    properties = {"format": {"const": Assessment.FORMAT}, **whole["properties"], "questions": listed_kind(Question, kinds)}
    return {
        "$schema": forms.DIALECT,
        "title": f"Assessment of one patient ({Assessment.FORMAT})",
        **whole,
        "description": "Decision support for clinicians, beside their own judgement; no diagnosis.",
        "properties": properties,
        "required": list(properties),
        "$defs": dict(sorted(kinds.items())),
    }
