"""A frozen value becomes plain data: dict, list, text, number, bool, None; field by field, in order; and what such data looks like, as JSON Schema."""

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs


def plain(value: Any) -> Any:
    """A frozen value as plain data (dict, list, text, number, bool, None), field by field, in order."""
    kind: Any = type(value)
    if kind in _AS_IT_IS:
        return value
    if (fields := _fields(kind)) is not None:
        return {key: plain(getattr(value, name)) for name, key in fields}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


@cache
def _fields(kind: type) -> tuple[tuple[str, str], ...] | None:
    """The fields of a kind of frozen value, each with the name under which it is told."""
    return tuple((a.name, a.name.rstrip("_")) for a in attrs.fields(kind) if not a.name.startswith("_")) if attrs.has(kind) else None


# --- what such data looks like ----------------------------------------------------------------------------------------

_NAMED = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def told(kind: type) -> dict[str, Any]:
    """The fields of a kind of frozen value, by the names under which ``plain`` tells them, with what they hold."""
    hints = get_type_hints(kind)
    return {key: hints[name] for name, key in _fields(kind) or ()}


def about(kind: type) -> str:
    """The first line of what is said of a class."""
    return next((line.strip() for line in (kind.__doc__ or "").splitlines() if line.strip()), "")


def described(kind: type, kinds: dict[str, Any]) -> dict[str, Any]:
    """
    The JSON Schema of what ``plain`` makes of a kind of frozen value; the kinds that it holds are described among ``kinds``, each once.

    >>> @attrs.frozen
    ... class Spot:
    ...     side: str | None
    >>> described(Spot, {})["properties"]
    {'side': {'type': ['string', 'null']}}
    """
    properties = {name: _schema(hint, kinds) for name, hint in told(kind).items()}
    return {
        "description": about(kind),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed_kind(kind: type, kinds: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of several values of a kind."""
    return {"type": "array", "items": _schema(kind, kinds)}


def _schema(hint: Any, kinds: dict[str, Any]) -> dict[str, Any]:
    parts, origin = get_args(hint), get_origin(hint)
    if hint in _NAMED:
        return {"type": _NAMED[hint]}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin in (Union, UnionType):
        either = [_schema(part, kinds) for part in parts]
        return {"type": [one["type"] for one in either]} if all(set(one) == {"type"} for one in either) else {"anyOf": either}
    if isinstance(origin, type) and issubclass(origin, tuple):
        if parts[1:] in ((), (...,)):
            return listed_kind(parts[0], kinds)
        return {"type": "array", "prefixItems": [_schema(part, kinds) for part in parts], "minItems": len(parts), "maxItems": len(parts)}
    if hint.__name__ not in kinds:
        kinds[hint.__name__] = {}
        kinds[hint.__name__] = described(hint, kinds)
    return {"$ref": f"#/$defs/{hint.__name__}"}
