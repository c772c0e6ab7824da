"""
What a code of a chart says of a patient.

The codes of the vocabulary and the map of the pack (``codes/``) become one book. A code is looked up as it is written, or by the longest prefix
that the map names; nothing else is concluded from where it stands in its own system. A code opens and raises; that a narrower one is
refuted denies nothing wider.
"""

import re
from functools import lru_cache
from typing import Literal, TypeAlias

import attrs

from mps_rules.knowledge.code_tables import CodeMeaning, CodeSystem, OrderCode, OrderKind
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import Vocabulary

UNKNOWN_SYSTEM, UNKNOWN_CODE = "the system of the code is not known here", "the code is not known here"
SHARED = 4
"""So many characters of a code mean the same in the classification and in its national versions."""
MET = 20_000
"""So many codes are remembered with what they mean."""
WHOLE = 7
"""So many characters has a code whose last one tells the encounter."""
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
    likes: dict[str, str]
    exact: dict[tuple[str, str], tuple[CodeMeaning, ...]]
    carried: dict[tuple[str, str], tuple[CodeMeaning, ...]]
    prefixes: dict[tuple[str, str], tuple[CodeMeaning, ...]]
    sites: dict[tuple[str, str], str]
    met: dict[tuple[str, str], tuple[CodeMeaning, ...]] = attrs.field(init=False, factory=dict, repr=False)

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
            return Entry("a code of another system", unread=UNKNOWN_SYSTEM)
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
            return Entry(shown, unread=UNKNOWN_CODE, doubt=doubt)
        if self._disagrees(meanings, display):
            return Entry(shown, doubt="the label names another part of the body than the code")
        unread = next((meaning.unread for meaning in meanings if meaning.unread), "")
        labels = list(dict.fromkeys(meaning.label for meaning in meanings if meaning.label))
        if len(labels) > 1:
            unread = f"the code stands for several diagnoses here: {', '.join(labels)}"
        return Entry(shown, () if unread else meanings, unread, doubt)

    def tokens(self, *, tested: bool) -> tuple[str, ...]:
        """
        What a search for observations asks for, as FHIR writes it: every one in the pack's own codes, and the public codes of findings that are tested,
        or of the others.

        >>> from mps_rules import load
        >>> "http://loinc.org|1988-5" in code_book(load()).tokens(tested=True)
        True
        """
        terms, uri = self.base.vocabulary.terms, {system.id: system.uri for system in reversed(self.base.codes.systems)}
        asking = {one.system for one in self.base.omop.systems if one.asks and one.system}
        found = {
            f"{uri[system]}|{rows[0].code or code}"
            for (system, code), rows in (*self.carried.items(), *self.exact.items())
            if system in asking and system in uri
            for meaning in self._meanings(system, code)
            if meaning.finding and not meaning.word and (terms[meaning.finding].cost == "tested") is tested
        }
        return (f"{own_system(self.base, 'finding')}|", *sorted(found))

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
        """What a code means; a code that means something is worked out once."""
        bare = _bare(code)
        found = self.exact.get((system, bare)) or self.met.get((system, bare))
        if found is None:
            found = self._worked_out(system, bare)
            if found and len(self.met) < MET:
                self.met[system, bare] = found
        return found

    def _worked_out(self, system: str, bare: str) -> tuple[CodeMeaning, ...]:
        """The rows of its longest prefix, beside what the vocabulary says of the code."""
        rows = self._of_prefix(system, bare)
        carried = self.carried.get((system, bare), ())
        said = {row.finding for row in rows if row.finding}
        own = tuple(one for one in carried if (one.finding not in said or one.label) and not (one.unread and rows))
        if own:
            rows = tuple(row for row in rows if not row.unread)
        if any(one.label for one in own):
            rows = tuple(attrs.evolve(row, label="") for row in rows if row.finding or row.region)
        if not (own or rows) and (like := self.likes[system]):
            return self._meanings(like, bare[:SHARED])
        return (*own, *rows)

    def _of_prefix(self, system: str, bare: str) -> tuple[CodeMeaning, ...]:
        """The rows of the longest prefix that has any for this code; rows of the encounter that its last figure tells go before those of any."""
        for length in range(len(bare), 0, -1):
            rows = self.prefixes.get((system, bare[:length]))
            if not rows:
                continue
            told = tuple(row for row in rows if row.encounter and len(bare) == WHOLE and bare[-1] in row.encounter)
            if found := told or tuple(row for row in rows if not row.encounter):
                return found
        return ()

    def _disagrees(self, meanings: tuple[CodeMeaning, ...], display: str) -> bool:
        """Whether a label names a part of the body, the code another, and neither the other's."""
        own = " ".join(text for meaning in meanings for text in _texts(meaning, self.base.vocabulary))
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
    return code.replace(".", "").rstrip("*!+").upper()


def _texts(meaning: CodeMeaning, words: Vocabulary) -> list[str]:
    texts = [words.diagnoses[meaning.label].label] if meaning.label else []
    if meaning.finding:
        texts += [words.terms[meaning.finding].label, *words.terms[meaning.finding].synonyms]
    return [*texts, words.regions[meaning.region].label] if meaning.region else texts


@lru_cache(maxsize=8)
def code_book(base: KnowledgeBase) -> CodeBook:
    """The codes of a knowledge base, gathered once: its own map, before what it sets apart for tables, before its vocabulary."""
    words = base.vocabulary
    found: dict[tuple[str, str], list[CodeMeaning]] = {}
    for term in words.terms.values():
        for system, code in term.codes.items():
            if term.subject == "patient" and not term.fact:
                found.setdefault((system, _bare(code)), []).append(CodeMeaning(system, code, finding=term.id, denies=True))
    for diagnosis in words.diagnoses.values():
        for system, codes in diagnosis.codes.items():
            for code in codes:
                found.setdefault((system, _bare(code)), []).append(CodeMeaning(system, code, label=diagnosis.id))
    carried = {key: tuple(meanings) for key, meanings in found.items()}
    named = {one.vocabulary: one.system for one in base.omop.systems if one.system}
    for apart in base.omop.apart:
        if apart.vocabulary in named and apart.code:
            system, code = named[apart.vocabulary], apart.code
            carried[system, _bare(code)] = (CodeMeaning(system, code, unread=apart.why),)
    written: dict[tuple[str, str], tuple[CodeMeaning, ...]] = {}
    prefixes: dict[tuple[str, str], tuple[CodeMeaning, ...]] = {}
    for meaning in base.codes.meanings:
        rows, key = (written, meaning.code) if meaning.code else (prefixes, meaning.prefix)
        rows[meaning.system, _bare(key)] = (*rows.get((meaning.system, _bare(key)), ()), meaning)
    return CodeBook(
        base=base,
        systems={address: system for system in base.codes.systems for address in (system.uri, *system.also)},
        patterns={system.id: re.compile(system.pattern or ".+") for system in base.codes.systems},
        likes={system.id: system.like for system in base.codes.systems},
        exact=written,
        carried=carried,
        prefixes=prefixes,
        sites={(system, code): region.id for region in words.regions.values() for system, code in region.codes.items()},
    )
