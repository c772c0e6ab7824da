"""
The vocabulary as forms to fill in: a blank patient file, a JSON Schema of findings, a search for words.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias, TypeVar

import attrs

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import SIDES, Diagnosis, Muscle, Region, Term, Vocabulary

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(base: KnowledgeBase) -> dict[str, Any]:
    """The JSON Schema of a patient's findings under these rules, for editors and form makers."""
    words = base.vocabulary
    own = {t.id: _schema_of(t, words) for t in words.terms.values() if t.subject == "patient" and not t.fact}
    muscles = sorted({*words.muscles, *words.groups})
    side = {"enum": [*SIDES, "bilateral", "midline", None]}
    place = {"enum": places(words)}
    about_a_label = _about("label", words, {}, [])
    return {
        "$schema": DIALECT,
        "title": f"Findings of one patient ({base.pack.id} {base.pack.version})",
        "description": "What is left out, or null, is not known. Rules digest: " + base.digest,
        "type": "object",
        "properties": {
            **own,
            **{id_: {**of, "description": OF_THE_ONE} for id_, of in about_a_label["properties"].items()},
            "pain": {
                "description": "The pain map: region.side, or a mapping.",
                "anyOf": [
                    {"type": "null"},
                    place,
                    {
                        "type": "array",
                        "items": {
                            "anyOf": [
                                place,
                                {
                                    "type": "object",
                                    "properties": {
                                        "region": {"enum": list(words.regions)},
                                        "side": side,
                                        "present": {"type": ["boolean", "null"]},
                                        **({"intensity": own["pain_intensity"]} if "pain_intensity" in own else {}),
                                    },
                                    "required": ["region"],
                                    "additionalProperties": False,
                                },
                            ]
                        },
                    },
                ],
            },
            "pain_map_complete": {
                "type": ["boolean", "null"],
                "description": "true: leaf regions that the list does not cover are free of pain.",
            },
            "labels": {
                "description": "Diagnoses already given (or, with false, denied).",
                "anyOf": [
                    {"type": "null"},
                    {"enum": list(words.diagnoses)},
                    {"type": "array", "items": {"enum": list(words.diagnoses)}},
                    {
                        "type": "object",
                        "propertyNames": {"enum": list(words.diagnoses)},
                        "additionalProperties": {"anyOf": [{"type": ["boolean", "null"]}, about_a_label]},
                    },
                ],
            },
            "exam": {
                "type": ["array", "null"],
                "description": "One entry for each muscle, or group of muscles, and side examined; of a region, where no muscle is named.",
                "items": {
                    **_about("muscle", words, {"muscle": {"enum": muscles}, "region": {"enum": list(words.regions)}, "side": side}, []),
                    "oneOf": [{"required": ["muscle"]}, {"required": ["region"]}],
                },
            },
        },
        "patternProperties": _addresses(words, muscles, about_a_label["properties"]),
        "additionalProperties": False,
    }


OF_THE_ONE = "Of the diagnosis that is given, where exactly one is."


def _addresses(words: Vocabulary, muscles: Sequence[str], of_label: Mapping[str, Any]) -> dict[str, Any]:
    """What may stand at an address, by the form of the address: the same findings, one key each."""
    truth, end = {"type": ["boolean", "null"]}, {"type": ["number", "string", "null"]}
    of_muscle = _about("muscle", words, {}, [])["properties"]
    muscle, label = f"({'|'.join(muscles)})(\\.({'|'.join(SIDES)}))?", f"({'|'.join(words.diagnoses)})"
    written: dict[str, Any] = {f"(pain\\.)?({'|'.join(map(re.escape, places(words)))})": truth}
    written[f"labels\\.{label}"] = {"anyOf": [truth, {"type": "object", "properties": dict(of_label), "additionalProperties": False}]}
    for place, findings in ((f"{muscle}\\.", of_muscle), (f"(labels\\.)?{label}\\.", of_label)):
        written |= {f"{place}{id_}": schema for id_, schema in findings.items()}
    for place, subject in (("", "patient"), (f"{muscle}\\.", "muscle"), (f"(labels\\.)?{label}\\.", "label")):
        terms = [term for term in words.terms.values() if term.subject == subject and not term.fact]
        for term in terms:
            if term.values:
                written[f"{place}{term.id}\\.({'|'.join(map(re.escape, term.values))})"] = truth
        if numbers := [term.id for term in terms if term.kind in ("number", "duration")]:
            written[f"{place}({'|'.join(numbers)})\\.(at_least|at_most)"] = end
    if "examined" in words.terms:
        written[f"{muscle}\\.examined"] = truth
    return {f"^{pattern}$": schema for pattern, schema in written.items() if "()" not in pattern}


def _about(subject: str, words: Vocabulary, more: dict[str, Any], required: list[str]) -> dict[str, Any]:
    own = {t.id: _schema_of(t, words) for t in words.terms.values() if t.subject == subject and not t.fact}
    return {"type": "object", "properties": {**more, **own}, "required": required, "additionalProperties": False}


def places(words: Vocabulary) -> list[str]:
    """Every place as the pain map takes it: a region, or a region and side."""
    sides = {id_: (*sides, "bilateral") if sides else ("midline",) for id_, sides in words.possible_sides.items()}
    return [place for region in words.regions for place in (region, *(f"{region}.{side}" for side in sides[region]))]


def _schema_of(term: Term, words: Vocabulary) -> dict[str, Any]:
    about = {"title": term.label, **({"description": term.note} if term.note else {})}
    if term.kind == "boolean":
        return {**about, "type": ["boolean", "null"]}
    if term.kind in ("number", "duration"):
        lowest, highest = term.range or (None, None)
        number = {"type": "number", **({} if lowest is None else {"minimum": lowest, "maximum": highest})}
        unit = words.shown_unit(term.id).strip()
        return {
            **about,
            "description": f"in {unit}, or text with a unit" if unit else "a number",
            "anyOf": [number, {"type": ["string", "null"]}, _range_of(number)],
        }
    choice = {"enum": list(term.values)}
    truths = {"type": "object", "propertyNames": choice, "additionalProperties": {"type": ["boolean", "null"]}}
    several = [{"type": "array", "items": choice, **({"maxItems": 1} if term.kind == "one_of" else {})}, truths]
    return {**about, "anyOf": [choice, *several, {"type": "null"}]}


def _range_of(number: dict[str, Any]) -> dict[str, Any]:
    """A number of which only the range is known."""
    ends = {key: {"anyOf": [number, {"type": "string"}]} for key in ("at_least", "at_most")}
    return {"type": "object", "properties": ends, "required": list(ends), "additionalProperties": False}


def blank_form(base: KnowledgeBase) -> str:
    """A blank patient file in YAML, every finding as a comment to uncomment, by category."""
    return "\n".join(_form_lines(base)) + "\n"


def blank(base: KnowledgeBase) -> dict[str, Any]:
    """A blank patient as plain data: every finding that can be told of a patient, none of them known."""
    own = {term.id: None for term in base.vocabulary.terms.values() if term.subject == "patient" and not term.of_record}
    return {"pain": [], "pain_map_complete": None, "labels": {}, "exam": [], **own}


def _form_lines(base: KnowledgeBase) -> Iterator[str]:
    words = base.vocabulary
    yield f"# Findings of one patient, for mps-rules evaluate. Rules: {base.pack.id} {base.pack.version}."
    yield "# Uncomment what is known. What stays out is not known: write false only for what was asked and denied, or looked for and absent."
    yield "# Write no name, date of birth or number that identifies the patient."
    yield ""
    yield "pain:"
    yield "  # - {region: low_back, side: left, intensity: 6}        # side: left, right, bilateral, midline, or left out"
    yield "  # - buttock.left                                        # short form"
    yield "  # - {region: thigh_posterior, side: left, present: false}   # free of pain"
    yield "# pain_map_complete: true      # regions not listed are free of pain"
    yield ""
    yield "labels:"
    yield "  # facet_syndrome: {prior_label_basis: imaging_only, label_treated_without_relief: true}"
    yield from (f"  #   {line}" for line in _term_lines(words, "label"))
    yield ""
    yield "exam:"
    yield "  # - {muscle: gluteus_medius, side: left, taut_band: true, hypersensitive_spot: true, pain_recognition: true}"
    yield from (f"  #   {line}" for line in _term_lines(words, "muscle"))
    by_category: dict[str, list[Term]] = {}
    for term in words.terms.values():
        if term.subject == "patient" and not term.of_record:
            by_category.setdefault(term.category, []).append(term)
    for category, terms in by_category.items():
        yield ""
        yield f"# --- {category.replace('_', ' ')}"
        yield from (f"# {_term_line(term, words)}" for term in terms)


def _term_lines(words: Vocabulary, subject: str) -> Iterator[str]:
    return (_term_line(term, words) for term in words.terms.values() if term.subject == subject and not term.fact)


def _term_line(term: Term, words: Vocabulary) -> str:
    unit = words.shown_unit(term.id).strip()
    example = {"boolean": "true", "number": f"{term.range[0]:g}" if term.range else "0", "duration": "16 wk"}.get(term.kind, "")
    if term.kind in ("one_of", "many_of"):
        choice = " | ".join(term.values[:12]) + (" | ..." if len(term.values) > 12 else "")
        example = f"[{term.values[0]}]" if term.kind == "many_of" else term.values[0]
        return f"{term.id}: {example:<20} # {term.label}: {choice}"
    return f"{term.id}: {example:<20} # {term.label}" + (f", in {unit}" if unit else "")


Kind: TypeAlias = Literal["finding", "sign", "detail", "derived", "diagnosis", "muscle", "place"]
Entry: TypeAlias = Term | Diagnosis | Muscle | Region
_Row: TypeAlias = tuple[Kind, Entry, tuple[str, ...]]
SIDE_WORDS = {**{side: side for side in SIDES}, "both": "bilateral", "bilateral": "bilateral", "midline": "midline"}
SMALL_WORDS = frozenset({"a", "her", "his", "in", "my", "on", "the"})
"""Words that say nothing of what is looked for."""
CODE = re.compile(r"[A-Za-z]\d[\dA-Za-z](\.?[\dA-Za-z]{1,4})?|\d{6,18}")
"""How a code of ICD-10 or SNOMED CT is written."""


CATEGORY = 3
"""Characters of a category of ICD-10: less of a code says nothing."""


@attrs.frozen
class Hit:
    """Something that a search found: what kind of thing, and the side that was named with it."""

    kind: Kind
    entry: Entry
    side: str | None = None


@attrs.frozen
class Looked:
    """What a search found, the closest first; ``whole``: everything in it holds all the words."""

    hits: tuple[Hit, ...]
    whole: bool


def look_up(base: KnowledgeBase, text: str) -> Looked:
    """
    What people may mean by a text: findings, signs of a muscle, diagnoses, muscles and places, by their names or by a code, the closest first.

    Capitals, accents, apostrophes and hyphens do not count, nor the order of words; the s of a plural does not where nothing is found with it.
    A side is that of a muscle or a place. Where nothing holds every word, what holds most of those that tell something, the rarest first.

    >>> from mps_rules import load
    >>> [(hit.kind, hit.entry.id, hit.side) for hit in look_up(load(), "lateral forearm right").hits]
    [('place', 'forearm_radial', 'right')]
    >>> [hit.entry.id for hit in look_up(load(), "M54.16").hits]
    ['lumbar_radiculopathy']

    Args:
        base: the rules.
        text: what was typed.

    """
    named = _named(base)
    coded = _coded(base, text.strip()) if CODE.fullmatch(text.strip()) else []
    wanted = _plain(text)
    sides = [SIDE_WORDS[word] for word in wanted.split() if word in SIDE_WORDS]
    bare = " ".join(word for word in wanted.split() if word not in SIDE_WORDS)
    sided = _hits(_without_small(bare), [one for one in named if sides and _has_side(one[1], sides[0])])
    bodily = [attrs.evolve(hit, side=sides[0]) for hit in sorted(sided, key=lambda hit: hit.kind != "place")]
    hits = [*coded, *bodily, *(_hits(wanted, named) or _hits(_without_small(wanted), named))]
    once = {(hit.kind, hit.entry.id): hit for hit in reversed(hits)}
    whole = tuple(reversed(once.values()))
    return Looked(whole, whole=True) if whole else Looked(_near(wanted, named), whole=False)


def _without_small(text: str) -> str:
    return " ".join(word for word in text.split() if word not in SMALL_WORDS)


def _has_side(entry: Entry, side: str) -> bool:
    if isinstance(entry, Muscle):
        return side in SIDES
    return isinstance(entry, Region) and side in (*entry.sides, *(["bilateral"] if entry.sides else []))


def _hits(text: str, named: Sequence[_Row]) -> list[Hit]:
    kinds = {id(entry): kind for kind, entry, _ in named}
    return [Hit(kinds[id(one)], one) for one in _found(text, ((entry, names) for _, entry, names in named))]


def _near(text: str, named: Sequence[_Row]) -> tuple[Hit, ...]:
    wanted = list(dict.fromkeys(_stem(word) for word in text.split() if len(word) > SHORT))
    plain = [(kind, entry, " | ".join(_plain(name) for name in names)) for kind, entry, names in named]
    holding = {word: [names for _, _, names in plain if word in names] for word in wanted}
    worth = {word: 1 / len(held) for word, held in holding.items() if held}
    scored = [
        (sum(worth[word] for word in worth if word in names), sum(word in names for word in worth), kind, entry)
        for kind, entry, names in plain
    ]
    most = max((count for _, count, *_ in scored), default=0)
    return tuple(Hit(kind, entry) for _, count, kind, entry in sorted(scored, key=lambda one: -one[0]) if most and count == most)


def _coded(base: KnowledgeBase, code: str) -> list[Hit]:
    """What a code says: what has it, else what the longest part of it says, else what begins with it."""
    words, asked = base.vocabulary, code.upper()
    rows: list[tuple[str, Hit]] = [(one, Hit("diagnosis", d)) for d in words.diagnoses.values() for of in d.codes.values() for one in of]
    rows += [(one, Hit("place", region)) for region in words.regions.values() for one in region.codes.values()]
    rows += [(one, Hit("finding", t)) for t in words.terms.values() if t.subject == "patient" and not t.fact for one in t.codes.values()]
    for meaning in base.codes.meanings:
        said = words.terms.get(meaning.finding)
        if said is not None and said.subject == "patient" and not (said.fact or said.of_record):
            rows.append((meaning.code or meaning.prefix, Hit("finding", said)))
    same = [hit for one, hit in rows if one == asked]
    if same:
        return same
    parts = [one for one, _ in rows if len(one) >= CATEGORY and asked.startswith(one)]
    longest = max(parts, key=len, default="")
    return [hit for one, hit in rows if one == longest and longest] or [hit for one, hit in rows if one.startswith(asked)]


def _kind_of(term: Term) -> Kind:
    if term.fact or term.of_record:
        return "derived"
    return "finding" if term.subject == "patient" else "sign" if term.subject == "muscle" else "detail"


def _named(base: KnowledgeBase) -> list[_Row]:
    """Everything that may be looked for, with all its names."""
    words = base.vocabulary
    spoken = {id_: suspect.synonyms for id_, suspect in words.suspects.items()}
    return [
        *((_kind_of(t), t, (t.id, t.label, *t.synonyms)) for t in words.terms.values()),
        *(("diagnosis", d, (d.id, d.label, *spoken.get(d.id, ()))) for d in words.diagnoses.values()),
        *(("muscle", m, (m.id, m.label, m.latin, *words.other_names(m.id))) for m in words.muscles.values()),
        *(("place", r, (r.id, r.label, r.article_term, *words.other_names(r.id))) for r in words.regions.values()),
    ]


LexiconKind: TypeAlias = Literal["finding", "sign", "diagnosis", "muscle", "place"]
LONGEST_NAME = 80
WORDS_HELD = 2
"""The distance up to which the words of a text stand whole in a name."""


class Lexicon:
    """
    What is meant by a word that is no id: by synonym, label, code or abbreviation; exactly, or as the closest of the names that hold its words.

    >>> from mps_rules import load
    >>> words = Lexicon(load().vocabulary)
    >>> words.meant("QL", ("muscle",)), words.meant("M54.16"), words.holding("sex")
    (('quadratus_lumborum',), ('labels.lumbar_radiculopathy',), 'sex_at_birth')
    """

    def __init__(self, words: Vocabulary) -> None:
        groups = [(group, (group, group.replace("_", " "), _initials(group))) for group in words.groups]
        rows: dict[LexiconKind, list[tuple[str, tuple[str, ...]]]] = {
            "finding": [
                (t.id, (t.id, t.label, *t.synonyms, *t.codes.values()))
                for t in words.terms.values()
                if t.subject == "patient" and not t.fact
            ],
            "sign": [(t.id, (t.id, t.label, *t.synonyms)) for t in words.terms.values() if t.subject != "patient" and not t.fact],
            "place": [(r.id, (r.id, r.label, *words.other_names(r.id), *r.codes.values())) for r in words.regions.values()],
            "diagnosis": [
                (d.id, (d.id, d.label, *_several(d.label), *(code for codes in d.codes.values() for code in codes)))
                for d in words.diagnoses.values()
            ],
            "muscle": [*groups, *((m.id, (m.id, m.label, m.latin, _initials(m.id))) for m in words.muscles.values())],
        }
        self.rows = {kind: [(id_, [_plain(name) for name in names if name]) for id_, names in entries] for kind, entries in rows.items()}
        self.exact: dict[LexiconKind, dict[str, str]] = {
            kind: {name: id_ for id_, names in reversed(entries) for name in names} for kind, entries in self.rows.items()
        }

    def meant(self, text: str, kinds: Sequence[LexiconKind] = ("finding", "diagnosis", "place", "muscle")) -> tuple[str, ...]:
        """What to write instead, for each kind of thing that is called exactly so; a diagnosis by its address where several kinds are asked for."""
        return self._written({kind: self.exact[kind].get(_plain(text[:LONGEST_NAME])) for kind in kinds})

    def holding(self, text: str, kinds: Sequence[LexiconKind] = ("finding", "diagnosis", "place", "muscle")) -> str | None:
        """What to write instead of a word that only begins a name, or stands in one: the closest of its kind; None where nothing holds it."""
        wanted = _plain(text[:LONGEST_NAME])
        if len(wanted) < SHORT:
            return None
        near = (((*_distance(wanted, names), number), kind, id_) for number, kind in enumerate(kinds) for id_, names in self.rows[kind])
        held = sorted(one for one in near if one[0][0] <= WORDS_HELD)
        if not held:
            return None
        _, kind, id_ = held[0]
        return self._written({one: id_ if one == kind else None for one in kinds})[0]

    def _written(self, found: "Mapping[LexiconKind, str | None]") -> tuple[str, ...]:
        alone = len(found) == 1
        return tuple(f"labels.{id_}" if kind == "diagnosis" and not alone else id_ for kind, id_ in found.items() if id_)


def _initials(id_: str) -> str:
    """How a muscle of several words is written for short: QL."""
    words = id_.split("_")
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _several(label: str) -> tuple[str, ...]:
    """The names in a label that gives several: before brackets and in them, on both sides of a stroke."""
    return tuple(part.strip() for part in re.split(r"[()/]", label) if part.strip())


Named = TypeVar("Named", bound=Term | Diagnosis | Muscle | Region)


SHORT = 3
"""Letters of a word whose last may not be left out: gas is no plural."""


def _found(text: str, entries: Iterable[tuple[Named, tuple[str, ...]]]) -> list[Named]:
    """The entries that hold every word; where none does, every word without the end of a plural."""
    wanted, plain = _plain(text), [(entry, [_plain_name(name) for name in names]) for entry, names in entries]
    for words in (wanted.split(), [_stem(word) for word in wanted.split()]):
        found = [
            (*_distance(wanted, names), number, entry)
            for number, (entry, names) in enumerate(plain)
            if words and all(any(word in name for name in names) for word in words)
        ]
        if found:
            return [one[3] for one in sorted(found, key=lambda one: one[:3])]
    return []


def _stem(word: str) -> str:
    """A word as it is looked for: without the plural's end."""
    return word.removesuffix("s") if len(word) > SHORT else word


def _plain(text: str) -> str:
    """A text as it is compared: small letters, no accents, no apostrophes, spaces for hyphens and underscores."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[-_/,;]", " ", re.sub(r"['\u2019]", "", bare)).split())


@lru_cache(maxsize=1 << 14)
def _plain_name(name: str) -> str:
    """The same of a name of the vocabulary, which every search compares."""
    return _plain(name)


def _distance(text: str, names: Sequence[str]) -> tuple[int, int]:
    """
    How far a text is from the names of an entry: the same, the first words of one, words in one, the beginning of one or of a word in it,
    or its words scattered; then by length.
    """
    nearness: tuple[Callable[[str], bool], ...] = (
        lambda name: name == text,
        lambda name: name.startswith(f"{text} "),
        lambda name: f" {text} " in f" {name} ",
        lambda name: name.startswith(text),
        lambda name: f" {text}" in f" {name}",
    )
    for rank, near in enumerate(nearness):
        held = [len(name.split()) for name in names if near(name)]
        if held:
            return rank, min(held)
    return len(nearness), len(names)
