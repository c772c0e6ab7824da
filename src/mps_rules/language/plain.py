"""A frozen value becomes plain data: dict, list, text, number, bool, None; field by field, in order."""

from collections.abc import Mapping
from functools import cache
from typing import Any

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
