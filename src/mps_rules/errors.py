"""
Errors are named for who can mend them.

``KnowledgeError``: the author of a rule. ``FindingError``: the caller. ``UnsupportedError``: the executor cannot do this.
``SettingsError``: whoever runs the service. ``UnattachedError``: the caller, who has to give an assessment its rules again.
Each holds every fault that was found, not only the first; a fault says where, what, and the closest known word. However much is wrong,
the work stays bounded: a message lists the first hundred faults and says how many more there are, and one reading looks up the
closest word for its first twenty unknown ones.
"""

import difflib
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

import attrs

LISTED = 100
"""How many faults a message lists."""
SUGGESTED = 20
"""For how many unknown words one reading looks up the closest known one."""
COMPARED = 20
"""How many known words, those that share most letters and pairs of letters, one unknown word is compared with in full."""
ALIKE = 0.6
"""How alike two words must be for one to be suggested for the other, from 0 to 1."""

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
        super().__init__("\n".join(str(fault) for fault in listed(self.faults)))

    def __reduce__(self) -> tuple[type, tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class KnowledgeError(MpsRulesError):
    """A rule folder is not what it should be; its author can mend it."""


class FindingError(MpsRulesError):
    """What was said of the patient cannot be taken as said; the caller can mend it."""


class UnsupportedError(MpsRulesError):
    """An executor, or an installation without an extra, cannot do what was asked."""


class UnattachedError(MpsRulesError, ValueError):
    """An assessment was read back without its rules; the caller gives them again: ``attach(assessment, kb)``."""


class SettingsError(MpsRulesError):
    """The service is not set up as it should be; whoever runs it can mend it."""


def listed(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """
    The faults that a message lists: all, or the first and how many more.

    >>> [str(one) for one in listed([Fault("a", "is wrong")] * 5000)[-2:]]
    ['a: is wrong', 'and 4,900 more faults']
    """
    more = len(faults) - LISTED
    if more <= 0:
        return tuple(faults)
    return (*faults[:LISTED], Fault("", f"and {more:,} more {'fault' if more == 1 else 'faults'}"))


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
        text = _SHORT.repr(value)
    except RecursionError:
        text = f"a {type(value).__name__} nested too deep to show"
    except Exception:  # noqa: BLE001 - a value that is not plain data may raise anything
        text = f"a value of type {type(value).__name__} that cannot be shown"
    return text if len(text) <= 60 else text[:57] + "..."


class _Short(reprlib.Repr):
    """Writes of a value no more than an error message shows: a text of 100 MB, or a list of millions, costs no more than a short one."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict, self.maxstring, self.maxlong = 64, 60, 60, 60, 200, 200
        self.maxset = self.maxfrozenset = self.maxdeque = self.maxarray = 60

    def repr_dict(self, x: Mapping[Any, Any], level: int) -> str:
        """In its own order."""
        more = ", ..." if len(x) > self.maxdict else ""
        items = islice(x.items(), self.maxdict)
        return f"{{{', '.join(f'{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}' for key, value in items)}{more}}}"

    def repr_instance(self, x: Any, level: int) -> str:  # noqa: ARG002 - the name is reprlib's
        """As it writes itself, unless that is where it lies in memory."""
        text = repr(x)
        return f"a {type(x).__name__}" if " at 0x" in text else text


_SHORT = _Short()


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
    return _indexed(frozenset(known)).closest(word.lower())


class Suggestions:
    """
    The closest known words for one reading: looked up for the first unknown words, since each costs as much as reading many known ones.

    >>> ask = Suggestions()
    >>> [ask.closest("fevr", ["fever"]) for _ in range(SUGGESTED + 1)].count("fever") == SUGGESTED
    True
    """

    def __init__(self) -> None:
        self.left = SUGGESTED

    def closest(self, word: object, known: Iterable[str]) -> str | None:
        """The known word nearest to what was written; None as well where enough has been looked up."""
        self.left -= 1
        return closest(word, known) if self.left >= 0 else None


@lru_cache(maxsize=64)
def _indexed(known: frozenset[str]) -> "_Index":
    return _Index(known)


class _Index:
    """Words by their letters and pairs of letters, each a bit of a number, so that what two words share is counted at once."""

    def __init__(self, known: frozenset[str]) -> None:
        self.written = {one.lower(): one for one in sorted(known, reverse=True)}
        self.bits: dict[object, int] = {}
        self.words = [(word, len(word), self._bits(_letters(word)), self._bits(_pairs(word))) for word in sorted(self.written)]

    def _bits(self, features: Iterable[object]) -> int:
        return sum(1 << self.bits.setdefault(feature, len(self.bits)) for feature in set(features))

    def _known_bits(self, features: Iterable[object]) -> int:
        return sum(1 << self.bits[feature] for feature in set(features) if feature in self.bits)

    def closest(self, word: str) -> str | None:
        """The nearest word, as difflib finds it; of words equally near the last."""
        letters, pairs, length = self._known_bits(_letters(word)), self._known_bits(_pairs(word)), len(word)
        likely: list[tuple[float, float, str]] = []
        for one, size, its_letters, its_pairs in self.words:
            at_best = 2 * (letters & its_letters).bit_count() / (length + size or 1)
            if at_best >= ALIKE:
                likely.append(((pairs & its_pairs).bit_count() / (length + size), at_best, one))
        likely.sort(reverse=True)
        compared = difflib.SequenceMatcher(b=word)
        nearest = (ALIKE, "")
        for _, at_best, one in likely[:COMPARED]:
            if at_best >= nearest[0]:
                compared.set_seq1(one)
                nearest = max(nearest, (compared.ratio(), one))
        return self.written[nearest[1]] if nearest[1] else None


def _letters(word: str) -> list[tuple[str, int]]:
    """The letters, each with how often it came before."""
    return [(letter, word.count(letter, 0, at)) for at, letter in enumerate(word)]


def _pairs(word: str) -> list[str]:
    return [f" {word} "[at : at + 2] for at in range(len(word) + 1)]
