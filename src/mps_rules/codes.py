"""
What a code of a chart says of a patient.

The codes of the vocabulary and the map of the pack (``codes.yaml``) become one book. A code is looked up as it is written, or by a prefix
that the map names; nothing is concluded from where it stands in its own system.
"""

import re
from functools import lru_cache
from typing import Literal, TypeAlias

import attrs

from mps_rules.model import CodeMeaning, CodeSystem, KnowledgeBase, OrderCode, OrderKind, Vocabulary

Own: TypeAlias = Literal["finding", "value", "region", "muscle", "diagnosis", "hypothesis", "alert", "answer"]
"""What the pack's own codes name; a value is written ``term.word``, a region or muscle may end in ``.left`` or ``.right``."""


def own_system(base: KnowledgeBase, kind: Own) -> str:
    """
    The address of the pack's own codes of a kind.

    >>> from mps_rules import load
    >>> own_system(load(), "finding")
    'urn:mps-rules:finding'
    """
    return f"{base.codes.canonical}:{kind}"


@attrs.frozen
class Entry:
    """What a code was found to mean; ``shown`` is the code as a report may repeat it, ``doubt`` what is odd about it."""

    shown: str
    meanings: tuple[CodeMeaning, ...] = ()
    unread: str = ""
    doubt: str = ""


@attrs.frozen(eq=False)
class CodeBook:
    """The codes that a pack knows."""

    base: KnowledgeBase
    systems: dict[str, CodeSystem]
    patterns: dict[str, re.Pattern[str]]
    exact: dict[tuple[str, str], tuple[CodeMeaning, ...]]
    prefixes: tuple[CodeMeaning, ...]
    sites: dict[tuple[str, str], str]

    def look_up(self, address: str, code: str, display: str = "") -> Entry:
        """
        What a code of a system means, and whether it stands where it can belong.

        >>> from mps_rules import load
        >>> book = code_book(load())
        >>> book.look_up("http://snomed.info/sct", "203082005").meanings[0].label
        'fibromyalgia'
        >>> book.look_up("http://hl7.org/fhir/sid/icd-10-cm", "278860009").doubt
        'no code of icd10cm; read as snomed_ct'
        """
        system = self.systems.get(address)
        if system is None:
            return Entry("a code of another system", unread="the system of the code is not known here")
        doubt = ""
        if not self.patterns[system.id].fullmatch(code):
            homes = [id_ for id_, pattern in self.patterns.items() if pattern.fullmatch(code) and self._meanings(id_, code)]
            if len(homes) != 1:
                return Entry(system.id, unread="", doubt=f"no code of {system.id}")
            doubt = f"no code of {system.id}; read as {homes[0]}"
            system = next(one for one in self.systems.values() if one.id == homes[0])
        meanings = self._meanings(system.id, code)
        shown = f"{system.id} {code}" if meanings or not re.search(r"[A-Za-z]{3}", code) else system.id
        if not meanings:
            return Entry(shown, unread="the code is not known here", doubt=doubt)
        if self._disagrees(meanings, display):
            return Entry(shown, doubt="the label names another part of the body than the code")
        unread = next((one.unread for one in meanings if one.unread), "")
        labels = [one.label for one in meanings if one.label]
        if len(labels) > 1:
            unread = f"the code stands for several diagnoses here: {', '.join(labels)}"
        return Entry(shown, () if unread else meanings, unread, doubt)

    def site(self, address: str, code: str) -> str | None:
        """
        The region that a code of a body structure names.

        >>> from mps_rules import load
        >>> code_book(load()).site("http://snomed.info/sct", "45048000")
        'neck'
        """
        system = self.systems.get(address)
        return self.sites.get((system.id, code)) if system else None

    def orders(self, address: str, code: str) -> tuple[OrderKind, ...]:
        """
        The kinds of order that a code stands for.

        >>> from mps_rules import load
        >>> [kind.id for kind in code_book(load()).orders("http://www.whocc.no/atc", "N02AA05")]
        ['opioid']
        """
        system = self.systems.get(address)
        return tuple(kind for kind in self.base.codes.orders if system and any(_names(one, system.id, code) for one in kind.codes))

    def _meanings(self, system: str, code: str) -> tuple[CodeMeaning, ...]:
        bare = _bare(code)
        if (system, bare) in self.exact:
            return self.exact[system, bare]
        found = next((one for one in self.prefixes if one.system == system and bare.startswith(_bare(one.prefix))), None)
        return (found,) if found else ()

    def _disagrees(self, meanings: tuple[CodeMeaning, ...], display: str) -> bool:
        """Whether a label names a part of the body, the code another, and neither the other's."""
        own = " ".join(text for one in meanings for text in _texts(one, self.base.vocabulary))
        told, meant = self._places(display), self._places(own)
        return bool(told and meant and not told & meant)

    def _places(self, text: str) -> set[str]:
        words = set(re.findall(r"[a-z]+", text[:400].lower()))
        return {place.id for place in self.base.codes.places if words & set(place.words)}


def _names(one: OrderCode, system: str, code: str) -> bool:
    if one.system != system:
        return False
    return _bare(code) == _bare(one.code) if one.code else _bare(code).startswith(_bare(one.prefix))


def _bare(code: str) -> str:
    return code.replace(".", "").upper()


def _texts(one: CodeMeaning, words: Vocabulary) -> list[str]:
    texts = [words.diagnoses[one.label].label] if one.label else []
    if one.finding:
        texts += [words.terms[one.finding].label, *words.terms[one.finding].synonyms]
    return [*texts, words.regions[one.region].label] if one.region else texts


@lru_cache(maxsize=8)
def code_book(base: KnowledgeBase) -> CodeBook:
    """The codes of a knowledge base, gathered once: its own map, before what it sets apart for tables, before its vocabulary."""
    words = base.vocabulary
    found: dict[tuple[str, str], list[CodeMeaning]] = {}
    for term in words.terms.values():
        for system, code in term.codes.items():
            if term.subject == "patient" and not term.fact:
                found.setdefault((system, _bare(code)), []).append(CodeMeaning(system, code, finding=term.id))
    for diagnosis in words.diagnoses.values():
        for system, codes in diagnosis.codes.items():
            for code in codes:
                found.setdefault((system, _bare(code)), []).append(CodeMeaning(system, code, label=diagnosis.id))
    exact = {key: tuple(meanings) for key, meanings in found.items()}
    named = {one.vocabulary: one.system for one in base.omop.systems if one.system}
    for apart in base.omop.apart:
        if apart.vocabulary in named and apart.code:
            system, code = named[apart.vocabulary], apart.code
            exact[system, _bare(code)] = (CodeMeaning(system, code, unread=apart.why),)
    exact |= {(one.system, _bare(one.code)): (one,) for one in base.codes.meanings if one.code}
    return CodeBook(
        base=base,
        systems={address: system for system in base.codes.systems for address in (system.uri, *system.also)},
        patterns={system.id: re.compile(system.pattern or ".+") for system in base.codes.systems},
        exact=exact,
        prefixes=tuple(sorted((one for one in base.codes.meanings if one.prefix), key=lambda one: -len(_bare(one.prefix)))),
        sites={(system, code): region.id for region in words.regions.values() for system, code in region.codes.items()},
    )
