"""
The module ``mps_rules.types``, written from the vocabulary of the packaged rules and from the values of an assessment.

Whoever types findings is told by the type checker of a word that is none; nothing of it is kept by hand.
"""

import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from mps_rules.answer.values import Assessment, Question
from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.knowledge.vocabulary import SIDES, Term, Vocabulary
from mps_rules.language.plain import about, told
from mps_rules.patient.forms import places

WIDE = 140
"""Letters of a line; a longer choice stands a word a line."""
_AMOUNTS = ("number", "duration")

HEAD = '''\
"""
What may be written of one patient (``...Dict``), and what an answer is as plain data (``...Data``), for type checkers, pydantic and FastAPI.

Written by ``make docs`` from the vocabulary of the packaged rules; a test tells when it is old. What is left out, or None, is not known.
Findings may stand at addresses too (``gluteus_medius.left.taut_band``), which these types do not list: ``exam`` says the same.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Required, TypeAlias, TypeVar

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    try:
        from typing_extensions import TypedDict  # which pydantic asks for before Python 3.12
    except ModuleNotFoundError:
        from typing import TypedDict

Truth: TypeAlias = bool | None
"""Present, absent, or not known."""
Word = TypeVar("Word", bound=str)
Words: TypeAlias = Word | Sequence[Word] | Mapping[Word, Truth] | None
"""A word of a finding, several, or each with whether it holds."""


class RangeDict(TypedDict):
    """A number of which only the range is known."""

    at_least: float | str
    at_most: float | str


Amount: TypeAlias = float | str | RangeDict | None
"""A number in the finding's own unit, text with a unit, or a range."""
'''


def types_module(words: Vocabulary) -> str:
    """
    The text of the module for a vocabulary.

    >>> from mps_rules import load
    >>> "class FindingsDict" in types_module(load().vocabulary)
    True
    """
    parts = [HEAD.rstrip("\n"), *_of_findings(words), *_of_answers()]
    return "\n".join(parts) + "\n"


def _of_findings(words: Vocabulary) -> Iterator[str]:
    choices = {
        "Region": tuple(words.regions),
        "Place": tuple(places(words)),
        "Muscle": (*words.muscles, *words.groups),
        "Diagnosis": tuple(words.diagnoses),
        "Side": (*SIDES, "bilateral"),
    }
    for name, ids in choices.items():
        yield _alias(name, tuple(dict.fromkeys(ids)))
    given = [term for term in words.terms.values() if not term.fact]
    for term in given:
        if term.values:
            yield _alias(_capitals(term.id), term.values)
            yield f'"""{_said(term.label)}: its words."""'
    of = {subject: [term for term in given if term.subject == subject] for subject in ("patient", "muscle", "label")}
    pain = ["region: Required[Region]", 'side: Side | Literal["midline"] | None', "present: Truth", "intensity: Amount"]
    yield _class("PainDict", "One place of the pain map.", pain, total=False)
    yield _class("LabelDict", "What is known of a diagnosis that was given.", _fields(of["label"], words), total=False)
    exam = ["muscle: Required[Muscle]", "side: Side | None", *_fields(of["muscle"], words)]
    yield _class("ExamDict", "What was found in one muscle, or group of muscles, on one side.", exam, total=False)
    own = [
        "pain: Place | Sequence[Place | PainDict] | None",
        '"""Where it hurts, and where it does not."""',
        "pain_map_complete: Truth",
        '"""Whether every place that is not listed is free of pain."""',
        "labels: Diagnosis | Sequence[Diagnosis] | Mapping[Diagnosis, Truth | LabelDict] | None",
        '"""Diagnoses already given (or, with False, denied)."""',
        "exam: Sequence[ExamDict] | None",
        '"""One entry for each muscle, or group of muscles, and side examined."""',
        *_fields(of["patient"], words),
    ]
    said = "Findings of one patient, as ``evaluate`` takes them; a finding of a diagnosis at the top is of the one that is given."
    yield _class("FindingsDict", said, own, total=False, base="LabelDict")


def _fields(terms: Iterable[Term], words: Vocabulary) -> Iterator[str]:
    for term in terms:
        kind = f"Words[{_capitals(term.id)}]" if term.values else "Amount" if term.kind in _AMOUNTS else "Truth"
        unit = words.shown_unit(term.id).strip() if term.kind in _AMOUNTS else ""
        yield f"{term.id}: {kind}"
        yield f'"""{_said(term.label)}{f", in {unit}" if unit else ""}."""'


def _of_answers() -> Iterator[str]:
    kinds: dict[type, str] = {}
    fields = ["format: str", *_held(Assessment, kinds), f"questions: {_typed(tuple[Question, ...], kinds)}"]
    yield from kinds.values()
    yield _class("AssessmentData", "An assessment as ``to_dict`` gives it.", fields)


def _held(kind: type, kinds: dict[type, str]) -> list[str]:
    return [f"{name}: {_typed(hint, kinds)}" for name, hint in told(kind).items()]


def _typed(hint: Any, kinds: dict[type, str]) -> str:
    """How a field of plain data is typed; the class of what it holds comes first."""
    parts, origin = get_args(hint), get_origin(hint)
    if hint is type(None):
        return "None"
    if hint in (str, bool, int, float):
        return str(hint.__name__)
    if origin is Literal:
        return f"Literal[{_quoted(parts)}]"
    if isinstance(origin, type) and issubclass(origin, tuple):
        return f"list[{' | '.join(dict.fromkeys(_typed(part, kinds) for part in parts if part is not ...))}]"
    if origin in (Union, types.UnionType):
        return " | ".join(_typed(part, kinds) for part in parts)
    if hint not in kinds:
        held = _held(hint, kinds)
        kinds[hint] = _class(f"{hint.__name__}Data", about(hint), held)
    return f"{hint.__name__}Data"


def _class(name: str, said: str, fields: Iterable[str], *, total: bool = True, base: str = "TypedDict") -> str:
    asked = "" if total else ", total=False"
    return "\n".join((f'\n\nclass {name}({base}{asked}):\n    """{_said(said)}"""\n', *(f"    {field}" for field in fields)))


def _alias(name: str, ids: Sequence[str]) -> str:
    line = f"{name}: TypeAlias = Literal[{_quoted(ids)}]"
    return line if len(line) <= WIDE else "\n".join((f"{name}: TypeAlias = Literal[", *(f'    "{id_}",' for id_ in ids), "]"))


def _quoted(ids: Iterable[Any]) -> str:
    return ", ".join(f'"{id_}"' for id_ in ids)


def _capitals(id_: str) -> str:
    """
    The name of a type: that of a finding, in capitals.

    >>> _capitals("sex_at_birth")
    'SexAtBirth'
    """
    return "".join(word.capitalize() for word in id_.split("_"))


def _said(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'").rstrip()


def write(path: Path) -> None:
    """Write the module for the packaged rules to a file."""
    path.write_text(types_module(load_folders([packaged_rules()]).vocabulary), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
