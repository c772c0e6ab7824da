"""Several values of one kind: shown as a table, and turned into a frame of whichever library is installed."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, SupportsIndex, TypeAlias, TypeVar, overload

import attrs

from mps_rules.errors import Fault, UnsupportedError

T_co = TypeVar("T_co", covariant=True)
Library: TypeAlias = Literal["pandas", "polars"]
SHOWN = 12
"""So many values are shown of a list."""
WIDEST = 60
"""So many letters are shown of a cell."""


class Listed(tuple[T_co, ...]):
    """
    Frozen values of one kind, in order: a tuple that shows itself as a table and gives a frame.

    >>> Listed(("a", "b"))
    <2 values:
      'a'
      'b'>
    """

    __slots__ = ()

    def to_frame(self, library: Library | None = None) -> Any:
        """
        A row for each value, a column for each of its plain fields; of what is nested, how many there are.

        Args:
            library: left out, pandas where it is installed, else Polars.

        Raises:
            UnsupportedError: neither is installed, or not the one that was asked for.

        """
        return frame_of([flat(value) for value in self], library)

    @overload
    def __getitem__(self, at: SupportsIndex, /) -> T_co: ...
    @overload
    def __getitem__(self, at: slice, /) -> "Listed[T_co]": ...
    def __getitem__(self, at: SupportsIndex | slice, /) -> "T_co | Listed[T_co]":
        """One value, or some of them, listed again."""
        return Listed(tuple.__getitem__(self, at)) if isinstance(at, slice) else tuple.__getitem__(self, at)

    def __repr__(self) -> str:
        if not self:
            return "<none>"
        rows = [repr(value) for value in tuple.__iter__(self)][:SHOWN]
        more = f"\n  and {len(self) - SHOWN} more" if len(self) > SHOWN else ""
        return f"<{len(self)} {'value' if len(self) == 1 else 'values'}:\n  " + "\n  ".join(rows) + f"{more}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return table([flat(value) for value in self[:SHOWN]], len(self))


def flat(value: Any) -> dict[str, Any]:
    """A frozen value as one row: its plain fields; words as a list; of nested values, how many."""
    if not attrs.has(type(value)):
        return {"value": value}
    return {a.name: _cell(getattr(value, a.name)) for a in attrs.fields(type(value)) if not a.name.startswith("_")}


def _cell(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return list(value) if all(isinstance(part, str) for part in value) else len(value)
    return len(value) if isinstance(value, Mapping) else str(value) if attrs.has(type(value)) else value


def frame_of(rows: Sequence[Mapping[str, Any]], library: Library | None = None, index: Any = None) -> Any:
    """
    A frame of rows; a truth that may be missing is a nullable boolean.

    Raises:
        UnsupportedError: no library for frames is installed, or not the one that was asked for.

    """
    wanted: tuple[Library, ...] = (library,) if library else ("pandas", "polars")
    found = next((name for name in wanted if find_spec(name)), None)
    if found is None:
        raise UnsupportedError([Fault("", f"a frame needs {' or '.join(wanted)}: pip install {wanted[0]}")])
    module = import_module(found)
    columns = {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}
    truths = [name for name, cells in columns.items() if _are_truths(cells)]
    if found == "polars":
        return module.DataFrame(columns, schema_overrides=dict.fromkeys(truths, module.Boolean), strict=False)
    frame = module.DataFrame(columns, index=index)
    return frame.astype(dict.fromkeys(truths, "boolean"))


def _are_truths(cells: Iterable[Any]) -> bool:
    said = [cell for cell in cells if cell is not None]
    return bool(said) and all(isinstance(cell, bool) for cell in said)


def table(rows: Sequence[Mapping[str, Any]], of: int) -> str:
    """Rows as a small HTML table, long cells cut; ``of``: how many there are in all."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(_short(row.get(name)))}</td>' for name in names)}</tr>" for row in rows)
    more = f"<p>and {of - len(rows)} more</p>" if of > len(rows) else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _short(cell: Any) -> str:
    text = "" if cell is None else ", ".join(map(str, cell)) if isinstance(cell, list) else str(cell)
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."
