"""
Plain data becomes attrs values here: strictly, and with every fault at once.

cattrs coerces by default (``"abc"`` into a list of letters); the one converter below does not. It refuses unknown keys and
names the closest known one.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, override

from mps_rules.errors import Fault, Misfit, Path, closest, shown
from mps_rules.language.listing import Listed

T = TypeVar("T")

_KEYWORDS = {"from_": "from", "class_": "class", "for_": "for", "not_": "not"}
"""Fields whose name in a file is a Python keyword."""


def _strict(wanted: type, word: str) -> Callable[[Any, Any], Any]:
    def hook(value: Any, _: Any) -> Any:
        if isinstance(value, wanted) and not (isinstance(value, bool) and wanted is not bool):
            return value
        raise Misfit(f"expected {word}, got {shown(value)}")

    return hook


def _number(value: Any, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise Misfit(f"expected a number, got {shown(value)}")


def _list(value: Any, wanted: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise Misfit(f"expected a list, got {shown(value)}")
    part: Any = get_args(wanted)[0]
    made: type[tuple[Any, ...]] = get_origin(wanted)
    return made(CONVERTER.structure(list(value), list[part]))


def _one_of(value: Any, wanted: Any) -> Any:
    known = get_args(wanted)
    if value in known:
        return value
    raise Misfit(f"{shown(value)} is none of {', '.join(known)}", closest(value, known))


def _mapping(value: Any, wanted: Any) -> Any:
    if not isinstance(value, Mapping):
        raise Misfit(f"expected a mapping, got {shown(value)}")
    _, part = get_args(wanted)
    return {str(key): CONVERTER.structure(entry, part) for key, entry in value.items()}


def _attrs_hook(cls: Any) -> Callable[[Any, Any], Any]:
    renames = {a.name: override(rename=_KEYWORDS[a.name]) for a in attrs.fields(cls) if a.name in _KEYWORDS}
    inner = make_dict_structure_fn(cls, CONVERTER, _cattrs_forbid_extra_keys=True, _cattrs_use_alias=True, **renames)  # type: ignore[arg-type]

    def hook(value: Any, wanted: Any) -> Any:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise Misfit(f"expected a mapping, got {shown(value)}")
        return inner(value, wanted)

    return hook


def _origin(wanted: Any) -> Any:
    return get_origin(wanted)


CONVERTER = cattrs.Converter(detailed_validation=True, forbid_extra_keys=True)
CONVERTER.register_structure_hook(str, _strict(str, "text"))
CONVERTER.register_structure_hook(bool, _strict(bool, "true or false"))
CONVERTER.register_structure_hook(int, _strict(int, "a whole number"))
CONVERTER.register_structure_hook(float, _number)
CONVERTER.register_structure_hook_func(lambda t: t is object, lambda value, _: value)
CONVERTER.register_structure_hook_func(lambda t: _origin(t) is tuple and get_args(t)[-1:] == (...,), _list)
CONVERTER.register_structure_hook_func(lambda t: _origin(t) is Listed, _list)
CONVERTER.register_structure_hook_func(lambda t: _origin(t) in (dict, Mapping), _mapping)
CONVERTER.register_structure_hook_func(lambda t: _origin(t) is Literal, _one_of)
CONVERTER.register_structure_hook_factory(attrs.has, _attrs_hook)


def _value(value: Any, _: Any) -> bool | float | None:
    if value is None or isinstance(value, bool):
        return value
    return _number(value, _)


def _days(value: Any, _: Any) -> Any:
    if value is None or value == "ever" or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise Misfit(f"expected a number of days or ever, got {shown(value)}")


CONVERTER.register_structure_hook_func(lambda t: t == bool | float | None, _value)
CONVERTER.register_structure_hook_func(lambda t: t == int | Literal["ever"] | None, _days)


def structure(data: Any, cls: type[T], place: Callable[[Path], str], path: Path = ()) -> tuple[T | None, list[Fault]]:
    """
    The data as a value of the class, or None and every fault.

    ``place`` turns a path within the document into a place that a reader finds (file, line, path).
    """
    try:
        return CONVERTER.structure(data, cls), []
    except Exception as error:  # noqa: BLE001 - cattrs wraps whatever a hook raises; each kind is told apart below
        return None, [Fault(place(where), what, near) for where, what, near in _unfold(error, path)]


def _unfold(error: BaseException, path: Path) -> list[tuple[Path, str, str | None]]:
    if isinstance(error, ClassValidationError):
        located, others = error.group_exceptions()
        found = [f for inner, note in located for f in _unfold(inner, (*path, _KEYWORDS.get(note.name, note.name)))]
        return found + [f for inner in others for f in _unfold(inner, path)]
    if isinstance(error, IterableValidationError):
        items, others = error.group_exceptions()
        found = [f for inner, note in items for f in _unfold(inner, (*path, int(note.index)))]
        return found + [f for inner in others for f in _unfold(inner, path)]
    if isinstance(error, ForbiddenExtraKeysError):
        names = [_KEYWORDS.get(a.name, a.name) for a in attrs.fields(error.cl)]
        return [((*path, str(key)), f"no such key {key!r} here", closest(key, names)) for key in sorted(map(str, error.extra_fields))]
    if isinstance(error, KeyError):
        return [(path, "is missing", None)]
    if isinstance(error, Misfit):
        return [(path, str(error), error.near)]
    return [(path, f"cannot be read: {error}", None)]
