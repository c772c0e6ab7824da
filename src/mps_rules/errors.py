"""
Errors are named for who can mend them.

``KnowledgeError``: the author of a rule. ``FindingError``: the caller. ``UnsupportedError``: the executor cannot do this.
``SettingsError``: whoever runs the service.
Each holds every fault that was found, not only the first; a fault says where, what, and the closest known word.
"""

import difflib
from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs

Path: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead to a value within a document."""


@attrs.frozen
class Fault:
    """
    One thing that is wrong, and where.

    >>> str(Fault("pain[0].region", "no region 'lowback'", "low_back"))
    "pain[0].region: no region 'lowback'; closest is 'low_back'"
    """

    where: str
    what: str
    closest: str | None = None

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"; closest is {self.closest!r}" if self.closest else ""
        return f"{place}{self.what}{hint}"


class MpsRulesError(Exception):
    """The base of all errors of this library; ``faults`` holds every fault found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type, tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class KnowledgeError(MpsRulesError):
    """A rule folder is not what it should be; its author can mend it."""


class FindingError(MpsRulesError):
    """What was said of the patient cannot be taken as said; the caller can mend it."""


class UnsupportedError(MpsRulesError):
    """An executor, or an installation without an extra, cannot do what was asked."""


class SettingsError(MpsRulesError):
    """The service is not set up as it should be; whoever runs it can mend it."""


class Misfit(ValueError):  # noqa: N818 - it names the value, not the code
    """A value that is not what its place wants; the message is for the author of the data."""

    def __init__(self, what: str, near: str | None = None) -> None:
        self.near = near
        super().__init__(what)


def shown(value: Any) -> str:
    """
    A value as an error message shows it, cut short.

    >>> shown(["a", "b"]), shown("x" * 100)
    ("['a', 'b']", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...")
    """
    try:
        text = repr(value)
    except RecursionError:
        text = f"a {type(value).__name__} nested too deep to show"
    return text if len(text) <= 60 else text[:57] + "..."


def dotted(path: Path) -> str:
    """
    A path as people write it.

    >>> dotted(("exam", 0, "muscle"))
    'exam[0].muscle'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def closest(word: object, known: Iterable[str]) -> str | None:
    """
    The known word nearest to what was written, or None.

    >>> closest("gluteus_medus", ["gluteus_medius", "soleus"])
    'gluteus_medius'
    """
    if not isinstance(word, str) or len(word) > 80:
        return None
    by_small = {one.lower(): one for one in sorted(known, reverse=True)}
    near = difflib.get_close_matches(word.lower(), sorted(by_small), n=1, cutoff=0.6)
    return by_small[near[0]] if near else None
