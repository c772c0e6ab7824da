"""One number for all that was loaded: comments and layout of the files do not count."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from functools import cache
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
    known: dict[int, Any] = {}
    text = json.dumps([_canonical(part, known) for part in content], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def _canonical(value: Any, known: dict[int, Any]) -> Any:
    """A value as JSON has it; ``known``: what was made of frozen values already, by where they lie, since rules share conditions."""
    kind: type = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if (fields := _fields(kind)) is not None:
        made = known.get(id(value))
        if made is None:
            made = known[id(value)] = [kind.__name__, {name: _canonical(getattr(value, name), known) for name in fields}]
        return made
    if isinstance(value, Mapping):
        return {str(key): _canonical(part, known) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(part, known) for part in value]
    return float(value) if isinstance(value, int) else value


@cache
def _fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a kind of frozen value that make two of them equal."""
    return tuple(a.name for a in attrs.fields(kind) if a.eq and not a.name.startswith("_")) if attrs.has(kind) else None
