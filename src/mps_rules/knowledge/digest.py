"""One number for all that was loaded: comments and layout of the files do not count."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

import attrs

from mps_rules.knowledge.pack import KnowledgeBase


def digest(base: KnowledgeBase) -> str:
    """
    SHA-256 over the loaded values, text included, as canonical JSON; comments and layout of the files do not count.
    """
    content = [
        base.pack,
        base.vocabulary,
        base.referrals,
        base.ranking,
        base.clues,
        base.prevalence,
        base.muscle_cues,
        base.asking,
        base.codes,
        base.references,
        base.claims,
        base.rules,
        base.shelved,
        base.omop,
        *([base.causes, base.scale] if base.causes else []),
        *([base.invariants] if base.invariants else []),
    ]
    text = json.dumps([_canonical(part) for part in content], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if attrs.has(type(value)):
        fields = [a.name for a in attrs.fields(type(value)) if a.eq and not a.name.startswith("_")]
        return [type(value).__name__, {name: _canonical(getattr(value, name)) for name in fields}]
    if isinstance(value, Mapping):
        return {str(key): _canonical(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(part) for part in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
