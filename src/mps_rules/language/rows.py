"""
Rules over data: a rule that is written once for a table becomes one rule for each row of it.

``{row: field}`` in a condition stands for what the row holds, ``{row:field}`` in a text for its words. Plain data in, plain data out:
what comes out is read like any written rule. A list with nothing in it is an ``any`` that nothing makes true.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from mps_rules.errors import Misfit, closest, shown

Row: TypeAlias = Mapping[str, Any]
Worded: TypeAlias = Callable[[str, Any], str]
"""The words for what a row holds in a field."""

ITEM = "item"
"""The field that stands for one entry of the list that a rule is written over."""

_IN_TEXT = re.compile(r"\{row:([a-z_]+)\}")


def expanded(rule: Row, rows: Sequence[Row], over: str, worded: Worded) -> Iterator[tuple[str, dict[str, Any]]]:
    """
    The written rule once for each row, or for each entry of the field ``over`` of each row, with the name of the row.

    >>> rule = {"when": {"all": [{"row": "finding"}, {"not": {"any": {"row": "bars"}}}]}, "then": [{"derive": "x_{row:id}"}]}
    >>> rows = [{"id": "one", "finding": "fever", "bars": []}, {"id": "two", "finding": "rash", "bars": ["fever"]}]
    >>> for name, made in expanded(rule, rows, "", lambda field, value: str(value)):
    ...     print(name, made["when"], made["then"])
    one fever [{'derive': 'x_one'}]
    two {'all': ['rash', {'not': {'any': ['fever']}}]} [{'derive': 'x_two'}]

    A row is passed over where its condition can never hold, or where nothing is left to conclude.

    Raises:
        Misfit: a field that no row has.

    """
    for row in rows:
        for entry in row.get(over) or () if over else (None,):
            own = {**row, ITEM: entry} if over else row
            when = _condition(rule["when"], own)
            then = [made for one in rule["then"] if (made := _conclusion(one, own, worded)) is not None]
            if when is not False and then:
                rest = {key: _texts(value, own, worded) for key, value in rule.items() if key not in ("when", "then")}
                name = f"{row['id']}.{entry_name(entry)}" if over else str(row["id"])
                yield name, {**rest, "when": when, "then": then}


def entry_name(entry: Any) -> str:
    """
    A stable name for an entry of a list of conditions or ids: the finding it reads.

    >>> entry_name("fever"), entry_name({"crp": {"above": 10}}), entry_name({"not": "fever"})
    ('fever', 'crp', 'not_fever')
    """
    if isinstance(entry, Mapping) and len(entry) == 1:
        (form, inner), *_ = entry.items()
        match form:
            case "not":
                return f"not_{entry_name(inner)}"
            case "any_muscle" | "label_muscle" | "established" | "known":
                return entry_name(inner.get("has", inner) if isinstance(inner, Mapping) else inner)
            case "all" | "any":
                return entry_name(inner[0])
        return str(form)
    return str(entry)


def _held(field: str, row: Row) -> Any:
    if field not in row:
        raise Misfit(f"no field {field!r} in a row of this table", closest(field, row))
    return row[field]


def _condition(data: Any, row: Row) -> Any:
    """The condition with the row's data in place; True or False where an empty field settles it."""
    if isinstance(data, str):
        return _IN_TEXT.sub(lambda found: str(_held(found[1], row)), data)
    if isinstance(data, list):
        return [_condition(part, row) for part in data]
    if not isinstance(data, Mapping):
        return data
    if set(data) == {"row"}:
        held = _held(data["row"], row)
        return list(held) if isinstance(held, tuple) else held
    return _settled({key: _condition(value, row) for key, value in data.items()})


def _settled(condition: dict[str, Any]) -> Any:
    if len(condition) != 1:
        return condition
    (form, inner), *_ = condition.items()
    if isinstance(inner, list) and not inner:
        return form == "all"
    if isinstance(inner, list) and form in ("any", "all"):
        left = [part for part in inner if not isinstance(part, bool)]
        if any(part is (form == "any") for part in inner):
            return form == "any"
        return {form: left} if len(left) > 1 or len(left) == len(inner) else left[0] if left else form == "all"
    if isinstance(inner, bool):
        return {"not": not inner, "established": inner, "known": True, "label_muscle": inner}.get(form, condition)
    return condition


def _conclusion(data: Any, row: Row, worded: Worded) -> Any:
    """The conclusion with the row's words in place, or None where it would say nothing."""
    fields = set(_IN_TEXT.findall(shown_whole(data)))
    if any(not _held(field, row) for field in fields):
        return None
    return _texts(data, row, worded)


def shown_whole(data: Any) -> str:
    """Everything that is written somewhere in plain data, as one text."""
    if isinstance(data, Mapping):
        return " ".join(map(shown_whole, data.values()))
    return " ".join(map(shown_whole, data)) if isinstance(data, list | tuple) else str(data)


def _texts(data: Any, row: Row, worded: Worded) -> Any:
    if isinstance(data, str):
        return _IN_TEXT.sub(lambda found: worded(found[1], _held(found[1], row)), data)
    if isinstance(data, Mapping):
        if set(data) == {"row"}:
            return _held(data["row"], row)
        return {key: _texts(value, row, worded) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [part for one in data for part in _spliced(one, row, worded)]
    return data


def _spliced(one: Any, row: Row, worded: Worded) -> list[Any]:
    """An entry of a list; a row's own list is laid out in its place."""
    made = _texts(one, row, worded)
    return list(made) if isinstance(one, Mapping) and set(one) == {"row"} and isinstance(made, list | tuple) else [made]


def table_and_field(for_each: Any, tables: Sequence[str]) -> tuple[str, str, str]:
    """
    The table, and the field of it, that a rule is written over; and the field that a row must hold to be spoken of.

    >>> table_and_field("diagnoses.supports", ["diagnoses", "care"]), table_and_field("diagnoses with muscles", ["diagnoses", "care"])
    (('diagnoses', 'supports', ''), ('diagnoses', '', 'muscles'))

    Raises:
        Misfit: no such table.

    """
    name, _, needed = for_each.partition(" with ") if isinstance(for_each, str) else ("", "", "")
    table, _, field = name.partition(".")
    if table not in tables:
        raise Misfit(f"no table {shown(for_each)}; the tables are {', '.join(tables)}", closest(table, tables))
    return table, field, needed
