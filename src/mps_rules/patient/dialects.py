"""
However a caller writes findings, one mapping of plain data is read: values as Python's own, addresses under their structured keys.

What says nothing (None, NaN, a missing cell of a frame) is not known. Nothing is guessed: what two readings fit stays as it was written.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from numbers import Number
from typing import Any, TypeAlias

import attrs

from mps_rules.errors import shown
from mps_rules.knowledge.vocabulary import Vocabulary
from mps_rules.patient.addresses import Address, as_mapping, meant
from mps_rules.patient.values import Findings, is_missing

DEEPEST = 12
"""How deep findings may be nested; they never are by more than four."""
LARGEST = 1000
"""How many bits a whole number may have."""
STRUCTURED = ("pain", "pain_map_complete", "labels", "exam")
ENDS = ("at_least", "at_most")
"""The ends of a range, as they stand behind the address of a number."""

Odd: TypeAlias = Callable[[str, str], None]
"""Takes the place of a fault, and what is wrong there."""


def as_truth(value: Any) -> bool | None:
    """
    A truth, also where a frame writes it as 0 or 1; None for anything else.

    >>> as_truth(True), as_truth(0.0), as_truth(2), as_truth("yes")
    (True, False, None, None)
    """
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def plain_values(value: Any, odd: Odd, where: str = "", depth: int = DEEPEST) -> Any:
    """
    Mappings, lists, texts, numbers and truths as Python's own; a value with fields (attrs, a data class, pydantic) by its fields.

    Anything else is told to ``odd``, and not known.
    """
    if value is None or isinstance(value, bool) or type(value) is str:
        return value
    if isinstance(value, Enum):
        return plain_values(value.value, odd, where, depth)
    if is_missing(value) or isinstance(value, str | float):
        return None if is_missing(value) else value
    if isinstance(value, int):
        return odd(where, "is too large a number") if value.bit_length() > LARGEST else value
    if not depth:
        return odd(where, "is nested too deep")
    try:
        return _of_others(value, odd, where, depth)
    except Exception as error:  # noqa: BLE001 - whatever an object of somebody else's does when it is read
        return odd(where, f"cannot be read ({type(error).__name__})")


def _of_others(value: Any, odd: Odd, where: str, depth: int) -> Any:
    kind = type(value)
    if isinstance(value, Findings):
        return as_mapping(value)
    if isinstance(value, Mapping):
        return {key: plain_values(part, odd, f"{where}.{key}" if where else str(key), depth - 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [plain_values(part, odd, f"{where}[{number}]", depth - 1) for number, part in enumerate(value)]
        return parts if isinstance(value, list) else tuple(parts)
    if kind.__module__ == "numpy" and len(value.shape) <= 1:
        return plain_values(value.tolist(), odd, where, depth - 1)
    if isinstance(value, Number) and hasattr(value, "__float__"):
        return plain_values(_number(value), odd, where, depth)
    if attrs.has(kind):
        return plain_values({a.name: getattr(value, a.name) for a in attrs.fields(kind)}, odd, where, depth)
    if dataclasses.is_dataclass(kind):
        return plain_values({field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}, odd, where, depth)
    if hasattr(kind, "model_fields"):
        return plain_values(dict(value), odd, where, depth)
    return odd(where, f"expected plain data, got a value of the type {kind.__name__}")


def _number(value: Any) -> float | int:
    """A number of another kind (Decimal, Fraction) as Python's own: whole where it is whole."""
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


@attrs.frozen
class Said:
    """One thing said at an address: where it stood, and what was said."""

    where: str
    at: Address
    value: Any


@attrs.define
class Spoken:
    """What a mapping says: findings of the patient by name, what stands under the structured keys, and what was said at addresses."""

    own: dict[Any, Any]
    structured: dict[str, Any]
    pain: list[Said]
    given: list[Said]
    exam: list[Said]

    @classmethod
    def of(cls, data: Mapping[Any, Any], words: Vocabulary, odd: Odd) -> "Spoken":
        """The mapping sorted by what its keys speak of; a key that is no address stands among the patient's own."""
        spoken = cls({}, {key: data.get(key) for key in STRUCTURED}, [], [], [])
        parts: dict[Address, dict[str, Any]] = {}
        where: dict[Address, str] = {}
        for key, value in data.items():
            if key in STRUCTURED:
                continue
            at, part = _spelt(key, words) if isinstance(key, str) else (None, "")
            if at is None or (at.kind == "patient" and not part):
                spoken.own[key] = value
            elif value is not None and part:
                parts.setdefault(at, {})[part] = value
                where.setdefault(at, key)
            elif value is not None:
                spoken._take(Said(key, at, value))
        for at, told in parts.items():
            spoken._join(at, _whole(told, at, words), where[at], odd)
        return spoken

    def _take(self, said: Said) -> None:
        {"pain": self.pain, "given": self.given, "label": self.given, "muscle": self.exam}[said.at.kind].append(said)

    def _join(self, at: Address, told: dict[str, Any], where: str, odd: Odd) -> None:
        """What the columns of one finding say together, beside what its own key says of it."""
        if at.kind != "patient":
            self._take(Said(where, at, told))
            return
        before = self.own.get(at.term)
        if before is None:
            self.own[at.term] = told
            return
        both = _as_words(before)
        if both is None or any(both.get(word, truth) != truth for word, truth in told.items()):
            odd(where, f"contradicts what {at.term!r} says: {shown(before)}")
        else:
            self.own[at.term] = both | told


def _as_words(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        return {value: True}
    if isinstance(value, list | tuple):
        return dict.fromkeys(value, True) if all(isinstance(word, str) for word in value) else None
    return dict(value) if isinstance(value, Mapping) else None


def _whole(told: dict[str, Any], at: Address, words: Vocabulary) -> dict[str, Any]:
    """A range of which one end is said, with the other as far as it can be."""
    term = words.terms[at.term]
    if term.kind not in ("number", "duration") or term.range is None:
        return told
    return dict(zip(ENDS, term.range, strict=True)) | told


def _spelt(key: str, words: Vocabulary) -> tuple[Address | None, str]:
    """The address that a key names, and which word or end of its finding."""
    if "." not in key:
        at = meant(key, words)
        return at, ""
    before, _, part = key.rpartition(".")
    term = words.terms.get(before.rpartition(".")[2])
    if term and (part in term.values or (term.kind in ("number", "duration") and part in ENDS)):
        return meant(before, words), part
    return _at(key, words), ""


def _at(key: str, words: Vocabulary) -> Address | None:
    """As ``meant``; a pain may be said of both sides at once."""
    first, _, side = key.rpartition(".")
    if side == "bilateral":
        found = meant(first, words)
        return attrs.evolve(found, side=side) if found and found.kind == "pain" and found.side is None else None
    return meant(key, words)


def addresses_of(term: str, labels: Iterable[str]) -> Iterator[str]:
    """The full addresses of a finding of a diagnosis, one for each diagnosis given."""
    for label in labels:
        yield f"labels.{label}.{term}"
