"""
Text of a file becomes plain data here, and nowhere else: YAML and JSON, guarded.

No tags, no aliases, no duplicate keys, no nesting beyond 64, no file beyond 1 MB, no word that YAML 1.1 would silently turn
into something else (a bare ``no``, ``on``, ``12:30``). Each value remembers its line, so that a fault can name it. A file is a plain
file: a pipe or a device, which may never end, is refused before it is opened, and so is a pattern that could be tried for ever.
"""

import json
import math
import os
import re
import stat
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path as File
from typing import Any, NoReturn, TypeAlias

import attrs
import yaml

from mps_rules.errors import Fault, Misfit, Path, dotted, listed

Data: TypeAlias = Any
"""Plain data: dict, list, str, int, float, bool or None."""

DEEPEST = 64
LONGEST = 1_000_000
MOST_FILES = 10_000
"""How many files and folders a folder of rules holds at most."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_TREACHEROUS = re.compile(r"(yes|no|on|off|y|n)\Z|[-+]?[0-9]+(:[0-5]?[0-9])+\Z|0[0-9]+\Z", re.IGNORECASE)
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(ValueError):  # noqa: N818 - it names the text, not the code
    """The text is not readable data; ``faults`` says where and why."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, listed(faults))))


@attrs.frozen
class Document:
    """Plain data, the name of its source, and the line on which each value begins."""

    data: Data
    source: str
    lines: dict[Path, int]

    def place(self, path: Path) -> str:
        r"""
        The name of a place for an error message: source, line, path.

        >>> read_yaml("a:\n  - b: 1", "x.yaml").place(("a", 0, "b"))
        'x.yaml line 2, a[0].b'
        """
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known)
        where = self.source + (f" line {line}" if line is not None else "")
        return f"{where}, {dotted(path)}" if path else where


def bytes_of(file: File, source: str, most: int) -> bytes:
    """
    What a plain file holds.

    Raises:
        Unreadable: there is no such file, it is a folder, a pipe or a device, or it holds more than ``most`` bytes.

    """
    try:
        mode = file.stat().st_mode
    except OSError as error:
        _refuse(source, f"cannot be read: {error.strerror or error}")
    except ValueError:
        _refuse(source, "is no name of a file")
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"
        _refuse(source, f"cannot be read: {kind}, not a file")
    try:
        with file.open("rb") as opened:
            content = opened.read(most + 1)
    except OSError as error:
        _refuse(source, f"cannot be read: {error.strerror or error}")
    if len(content) > most:
        _refuse(source, f"holds more than {most:,} bytes")
    return content


def text_of(file: File, source: str) -> str:
    """
    The text of a plain file, no longer than can be read.

    Raises:
        Unreadable: as ``bytes_of``; or it is not UTF-8.

    """
    return decoded(bytes_of(file, source, 4 * LONGEST), source)


def decoded(content: bytes, source: str) -> str:
    """
    The text of some bytes.

    Raises:
        Unreadable: it is not UTF-8.

    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        _refuse(source, "is not UTF-8 text")


def files_of(folder: File, *endings: str) -> list[File]:
    """
    The files below a folder whose names end so, in order.

    Raises:
        Unreadable: the folder holds more than a folder of rules can.

    """
    found: list[File] = []
    seen = 0
    for here, folders, names in os.walk(folder):
        seen += len(folders) + len(names)
        if seen > MOST_FILES:
            _refuse(str(folder), f"holds more than {MOST_FILES:,} files and folders: is it a folder of rules?")
        found += [File(here) / name for name in (*names, *folders) if name.endswith(endings)]
    return sorted(found)


_PIECE = re.compile(r"\\[dws.\\/+*?()\[\]{}|^$-]|\[\^?(?:\\.|[^\\\]\[])+\]|\(\?:|\{[0-9]{1,3}(?:,[0-9]{0,3})?\}|[^\\\[\]{}]")
_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
LONGEST_PATTERN, MOST_WAYS, ENDLESS = 200, 1000, 64
"""How long a pattern may be, in how many ways it may be tried, and for how many ways ``*`` and ``+`` count."""


def pattern_of(text: str) -> re.Pattern[str]:
    r"""
    A pattern for codes, of plain pieces: letters, ``[...]``, ``\d``, groups and alternatives, ``?``, ``{2,4}``, and one ``*`` or ``+``.

    Nothing that repeats is repeated as a whole, and what may be so or so may be so in few ways, so that no text can keep it busy.

    >>> bool(pattern_of("[A-Z][0-9]{2}([.][0-9]+)?").fullmatch("M79.18"))
    True

    Raises:
        Misfit: it cannot be read, or could be tried for ever.

    """
    pieces = _PIECE.findall(text)
    if len(text) > LONGEST_PATTERN or "".join(pieces) != text or ("(", "?") in pairwise(pieces):
        raise Misfit("the pattern cannot be read: it is too long, or not of plain pieces: letters, [...], \\d, groups, ?, {2,4}, * or +")
    if any(before == ")" and after[0] in "*+{" for before, after in pairwise(pieces)) or math.prod(map(_ways, pieces)) > MOST_WAYS:
        raise Misfit("the pattern could be tried for ever: repeat no group, use * or + once, and leave little open")
    try:
        return re.compile(text)
    except re.error as error:
        raise Misfit(f"the pattern cannot be read: {error}") from None


def _ways(piece: str) -> int:
    """In how many ways a piece of a pattern may be tried."""
    if piece in ("?", "|"):
        return 2
    if piece in ("*", "+"):
        return ENDLESS
    count = _COUNT.fullmatch(piece)
    if not count or not count[2]:
        return 1
    return int(count[3]) - int(count[1]) + 1 if count[3] else ENDLESS


def read_text(text: str, source: str) -> Document:
    """JSON if the text begins like JSON or its source ends so, else YAML."""
    if source.endswith(".json") or text.lstrip()[:1] in ("{", "["):
        try:
            return read_json(text, source)
        except Unreadable:
            if source.endswith(".json"):
                raise
    return read_yaml(text, source)


def read_json(text: str, source: str, longest: int = LONGEST) -> Document:
    """
    Plain data from JSON of at most so many characters.

    Raises:
        Unreadable: not JSON, a repeated key, NaN or infinity, too deep or too long.

    """
    _guard_length(text, source, longest)

    def pairs(items: list[tuple[str, Data]]) -> dict[str, Data]:
        found = dict(items)
        if len(found) < len(items):
            seen: set[str] = set()
            twice = next(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            _refuse(source, f"key {twice!r} is given twice")
        return found

    try:
        data = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=lambda word: _refuse(source, f"{word} is not a number"),
            parse_float=_finite(source),
        )
    except json.JSONDecodeError as error:
        _refuse(f"{source} line {error.lineno}", f"not JSON: {error.msg}")
    except RecursionError:
        _refuse(source, f"nested more than {DEEPEST} deep")
    except Unreadable:
        raise
    except ValueError as error:
        _refuse(source, f"not JSON: {error}")
    if _depth(data) > DEEPEST:
        _refuse(source, f"nested more than {DEEPEST} deep")
    if _broken(text) or ("\\u" in text and _broken(json.dumps(data, ensure_ascii=False))):
        _refuse(source, "holds half a character")
    return Document(data, source, {})


def read_yaml(text: str, source: str) -> Document:
    """
    Plain data from YAML, with the line of each value.

    Raises:
        Unreadable: not YAML, or YAML with tags, aliases, repeated keys, treacherous words, too deep or too long.

    """
    _guard_length(text, source)
    if "\0" in text or _broken(text):
        _refuse(source, "not text")
    faults: list[Fault] = []
    lines: dict[Path, int] = {}
    try:
        events = _guarded(yaml.parse(text, Loader=_LOADER), source)
        data = _document(events, source, lines, faults)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{source} line {mark.line + 1}" if mark else source
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable character"
        _refuse(where, f"not YAML: {problem}")
    if faults:
        raise Unreadable(faults)
    return Document(data, source, lines)


def as_yaml(data: Data) -> str:
    r"""
    Plain data as YAML that ``read_yaml`` reads back, each small list or mapping on one line.

    >>> as_yaml({"fever": True, "pain": ["low_back.left"]})
    'fever: true\npain: [low_back.left]\n'
    """
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return text


def _guarded(events: Iterator[yaml.Event], source: str) -> Iterator[yaml.Event]:
    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                _refuse(_where(event, source), f"nested more than {DEEPEST} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            _refuse(_where(event, source), "aliases (*name) are not allowed; write the value out")
        if getattr(event, "anchor", None):
            _refuse(_where(event, source), "anchors (&name) are not allowed; write the value out")
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            _refuse(_where(event, source), f"tags ({tag}) are not allowed")
        yield event


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _where(event: yaml.Event, source: str) -> str:
    return f"{source} line {_line(event)}"


def _document(events: Iterator[yaml.Event], source: str, lines: dict[Path, int], faults: list[Fault]) -> Data:
    data: Data = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                _refuse(_where(event, source), "one document a file, please")
            data = _value(next(events), events, (), source, lines, faults)
    return data


def _value(event: yaml.Event, events: Iterator[yaml.Event], path: Path, source: str, lines: dict[Path, int], faults: list[Fault]) -> Data:
    lines.setdefault(path, _line(event))
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, source, faults)
    if isinstance(event, yaml.SequenceStartEvent):
        sequence: list[Data] = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            sequence.append(_value(item, events, (*path, len(sequence)), source, lines, faults))
        return sequence
    mapping: dict[str, Data] = {}
    while not isinstance(item := next(events), yaml.MappingEndEvent):
        if not isinstance(item, yaml.ScalarEvent):
            _refuse(_where(item, source), "a key must be a word")
        key: str = item.value
        if key in mapping:
            faults.append(Fault(_where(item, source), f"key {key!r} is given twice"))
        lines[(*path, key)] = _line(item)
        mapping[key] = _value(next(events), events, (*path, key), source, lines, faults)
    return mapping


def _scalar(event: yaml.ScalarEvent, source: str, faults: list[Fault]) -> Data:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    if _INTEGER.match(text) and len(text) <= 18:
        return int(text)
    if _TREACHEROUS.match(text):
        faults.append(
            Fault(_where(event, source), f"a bare {text} is read differently by different programs: write true or false, or quote it")
        )
        return text
    if text.lower().lstrip("+-") in (".nan", ".inf"):
        faults.append(Fault(_where(event, source), f"{text} is not a number"))
        return text
    if _NUMBER.match(text):
        number = float(text)
        if not math.isfinite(number):
            faults.append(Fault(_where(event, source), f"{text} is not a number that can be held"))
        return number
    return text


def _finite(source: str) -> Any:
    def parse(text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            _refuse(source, f"{text} is not a number that can be held")
        return number

    return parse


def _broken(text: str) -> bool:
    """Whether the text holds half a character (a lone surrogate), which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _depth(data: Data) -> int:
    deepest, level = 0, [data]
    while deepest <= DEEPEST and level:
        level = [part for one in level for part in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())]
        deepest += bool(level)
    return deepest


def _guard_length(text: str, source: str, longest: int = LONGEST) -> None:
    if len(text) > longest:
        _refuse(source, f"longer than {longest:,} characters ({len(text):,})")


def _refuse(where: str, what: str) -> NoReturn:
    raise Unreadable([Fault(where, what)])
