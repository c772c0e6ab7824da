"""
A folder of YAML becomes a ``KnowledgeBase``, or a ``KnowledgeError`` that lists everything wrong with it.

Loading reads, structures, expands (open red flags, the law on self-care), orders the rules into strata and takes the digest.
It decides nothing about a patient.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

from mps_rules import conditions as c
from mps_rules import model
from mps_rules.cause_files import CauseReader, CauseRow, ScaleFile, rules_of
from mps_rules.causes import Cause, Ground, Scale
from mps_rules.dangers import IN_DOUBT, read_by, terms_read
from mps_rules.errors import Fault, KnowledgeError, Misfit, closest, shown
from mps_rules.errors import Path as Steps
from mps_rules.painmap import RegionTree, uncovered_regions
from mps_rules.reading import Document, Unreadable, files_of, pattern_of, read_yaml, text_of
from mps_rules.rows import ITEM, expanded, table_and_field
from mps_rules.structure import structure

GRADES = ("guideline", "systematic_review", "diagnostic_study", "cohort", "case_series", "consensus", "textbook", "expert_opinion")
STATUSES = ("draft", "active", "retired")
ABOUT: tuple[model.Subject, ...] = ("patient", "muscle", "label")
KINDS = ("boolean", "number", "duration", "one_of", "many_of")
BOUNDS = ("at_least", "above", "at_most", "below")
DANGERS: Mapping[str, tuple[str, ...]] = {"red_flag": ("boolean", "number"), "laboratory": ("number",)}
"""Which kinds of findings of a category are danger signs, unless the vocabulary says that they are background."""
FORMS = (
    "all", "any", "not", "at_least", "pain_at", "label", "derived", "muscle", "label_is", "label_muscle", "any_muscle",
    "count_muscles", "established", "known", "item", "any_label", "suspicion",
)  # fmt: skip
SHELF_FOLDERS_APART = ("vocabulary", "referral", "evidence")
TABLES = ("diagnoses", "care")
"""What a rule may be written over, once for each row."""

Place = Callable[[Steps], str]


# --- files as they are written ----------------------------------------------------------------------------------------


@attrs.frozen
class _Finding:
    id: str
    label: str
    cost: str
    kind: str = "boolean"
    subject: str = "patient"
    unit: str | None = None
    range: tuple[float, ...] | None = None
    values: tuple[str, ...] = ()
    values_from: str | None = None
    synonyms: tuple[str, ...] = ()
    codes: dict[str, str] = attrs.Factory(dict)
    from_: object = None
    implied_by: object = None
    denied_by: object = None
    stands_for: str | None = None
    excludes: tuple[str, ...] = ()
    fact: bool = False
    background: bool = False
    claims: tuple[str, ...] = ()
    agreement: model.Agreement | None = None
    note: str = ""
    denial_lasts: str | None = None


@attrs.frozen
class _Findings:
    category: str
    findings: tuple[_Finding, ...]


@attrs.frozen
class _Measure:
    id: str
    sum: tuple[str, ...] = ()
    count: tuple[object, ...] = ()
    also_total: str | None = None
    references: tuple[str, ...] = ()


@attrs.frozen
class _Diagnosis:
    id: str
    label: str
    kind: str
    codes: dict[str, tuple[str, ...]] = attrs.Factory(dict)
    code_note: str = ""
    muscles: tuple[str, ...] = ()
    why_masks: str = ""
    supports: tuple[object, ...] = ()
    against: tuple[object, ...] = ()
    criteria: tuple[str, ...] = ()
    examine: str = ""
    caution: str = ""
    references: tuple[str, ...] = ()


@attrs.frozen
class _Care:
    id: str
    muscles: tuple[str, ...]
    stretch: str
    release: str
    avoid: tuple[object, ...] = ()
    references: tuple[str, ...] = ()


@attrs.frozen
class _Region:
    id: str
    label: str
    parent: str | None = None
    sides: tuple[str, ...] = ()
    adjacent: tuple[str, ...] = ()
    surface: str = ""
    codes: dict[str, str] = attrs.Factory(dict)
    snomed_match: str = "exact"
    article_term: str = ""


@attrs.frozen
class _Rule:
    id: str
    title: str
    status: str
    about: str
    when: object
    then: tuple[object, ...]
    summary: str = ""
    evidence: object = None
    limits: str = ""
    reviewed: object = None
    replaces: str | None = None
    for_each: str | None = None


@attrs.frozen
class _RankingFile:
    ranking: model.Ranking


@attrs.frozen
class _AskingFile:
    asking: model.Asking


@attrs.frozen
class _OmopFile:
    omop: model.Omop


@attrs.frozen
class _CodesFile:
    codes: model.CodeMap


@attrs.frozen
class _MuscleCue:
    """A cue of a muscle as it is written."""

    when: Any
    points: int
    references: tuple[str, ...]


@attrs.frozen
class _MuscleCues:
    """The cues of a muscle as they are written."""

    muscle: str
    cues: tuple[_MuscleCue, ...] = ()
    prevalence: int = 0
    references: tuple[str, ...] = ()


def _identity(key: str, entry: Any) -> str:
    match key:
        case "cues":
            return str(entry.muscle)
        case "referrals":
            return f"{entry.muscle} -> {entry.region}"
        case "clues":
            return str(entry.finding)
        case "prevalence":
            return str(entry.region)
    return str(entry.id)


def _many(name: str, part: type) -> type[Any]:
    return attrs.make_class(f"_{name}", {name: attrs.field(type=tuple[part, ...])}, frozen=True)  # type: ignore[valid-type]


_FILES: dict[str, type[Any]] = {
    "units": _many("units", model.Unit),
    "measures": _many("measures", _Measure),
    "regions": _many("regions", _Region),
    "muscles": _many("muscles", model.Muscle),
    "diagnoses": _many("diagnoses", _Diagnosis),
    "care": _many("care", _Care),
    "hypotheses": _many("hypotheses", model.Suspect),
    "referrals": _many("referrals", model.Referral),
    "clues": _many("clues", model.Clue),
    "prevalence": _many("prevalence", model.Prevalence),
    "cues": _many("cues", _MuscleCues),
    "references": _many("references", model.Reference),
    "claims": _many("claims", model.Claim),
}

_CONCLUSIONS: dict[str, type[Any]] = {
    "support": model.Support,
    "oppose": model.Oppose,
    "confirm": model.Confirm,
    "exclude": model.Exclude,
    "criterion": model.CriterionMet,
    "alert": model.RaiseAlert,
    "caution": model.GiveCaution,
    "recommend": model.Recommend,
    "ask": model.Ask,
}


def load_folders(folders: Sequence[Path]) -> model.KnowledgeBase:
    """
    The knowledge of one folder, or of several laid on top of each other.

    Raises:
        KnowledgeError: every fault of every file, with file, line, path, and the closest known word.

    """
    return _Loader(folders).load()


class _Loader:
    """Holds what has been read so far and every fault found; used once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = [Path(folder) for folder in folders]
        self.faults: list[Fault] = []
        self.found: dict[str, dict[str, Any]] = {name: {} for name in (*_FILES, "findings")}
        self.places: dict[tuple[str, str], str] = {}
        self.raw_rules: dict[str, tuple[_Rule, Document]] = {}
        self.pack: model.Pack | None = None
        self.ranking = model.Ranking({}, {}, 0.0, 0.0, (), 0.0, ())
        self.asking = model.Asking()
        self.omop = model.Omop()
        self.omop_files: list[tuple[model.Omop, Place]] = []
        self.codes = model.CodeMap(canonical="urn:mps-rules")
        self.codes_here: set[str] = set()
        self.raw_causes: dict[str, tuple[CauseRow, Document]] = {}
        self.scale = Scale()
        self.causes: dict[str, Cause] = {}
        self.shared: dict[c.Condition, c.Condition] = {}

    def load(self) -> model.KnowledgeBase:
        for folder in self.folders:
            self._read_folder(folder)
        if self.pack is None:
            self.faults.append(Fault(", ".join(str(folder) for folder in self.folders), "has no pack.yaml"))
            raise KnowledgeError(self.faults)
        self._stop_if_faulty()
        vocabulary = self._vocabulary()
        self._check_words(vocabulary)
        self.faults += [fault for omop, place in self.omop_files for fault in self._omop_faults(omop, place, vocabulary)]
        self.faults += [
            Fault("pack.yaml", f"no region {r!r}", closest(r, vocabulary.regions)) for r in self.pack.screens if r not in vocabulary.regions
        ]
        self.causes = self._causes(vocabulary)
        vocabulary = attrs.evolve(vocabulary, suspects=self._suspects_with_causes(vocabulary))
        authored = [rule for raw, document in self.raw_rules.values() for rule in self._written(raw, document, vocabulary)]
        self._stop_if_faulty()
        active = [rule for rule in authored if rule.status == "active"]
        root = next((id_ for id_, region in vocabulary.regions.items() if region.parent is None), "")
        graded = [pair for cause in self.causes.values() for pair in rules_of(cause, self.scale, root)]
        made = _with_open_alerts([*((rule, None) for rule in active), *graded], vocabulary)
        vocabulary = self._with_flagged(vocabulary, made)
        self._stop_if_faulty()
        unread = unread_dangers(made, vocabulary, self.causes.values(), self.scale)
        live = _under_the_law(made, vocabulary, self.pack.screens, unread)
        self._check_scopes(live)
        self._stop_if_faulty()
        ordered = self._in_strata(live)
        shelved = tuple(sorted((rule for rule in authored if rule.status != "active"), key=lambda rule: rule.id))
        base = model.KnowledgeBase(
            pack=self.pack,
            vocabulary=vocabulary,
            referrals=tuple(self.found["referrals"].values()),
            ranking=self.ranking,
            clues=tuple(self.found["clues"].values()),
            prevalence=tuple(self.found["prevalence"].values()),
            muscle_cues=tuple(self._cues_of(raw, vocabulary) for raw in self.found["cues"].values()),
            asking=self.asking,
            references=self.found["references"],
            claims=self.found["claims"],
            rules=ordered,
            shelved=shelved,
            digest="",
            folders=tuple(str(folder) for folder in self.folders),
            unread_dangers=unread,
            omop=self.omop,
            codes=self.codes,
            causes=self.causes,
            scale=self.scale,
        )
        self._stop_if_faulty()
        return attrs.evolve(base, digest=digest(base))

    def _stop_if_faulty(self) -> None:
        if self.faults:
            raise KnowledgeError(self.faults)

    # --- reading

    def _read_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self.faults.append(Fault(str(folder), "is not a folder"))
            return
        try:
            paths = files_of(folder, ".yaml", ".yml")
        except Unreadable as error:
            self.faults += error.faults
            return
        self.codes_here = set()
        for path in paths:
            name = path.relative_to(folder).as_posix()
            if name.endswith(".yml"):
                self.faults.append(Fault(name, "would be passed over: name it .yaml"))
                continue
            if name.endswith(".cases.yaml"):
                continue
            try:
                document = read_yaml(text_of(path, name), name)
            except Unreadable as error:
                self.faults += error.faults
                continue
            self._take(name, document)

    def _take(self, name: str, document: Document) -> None:
        top = name.partition("/")[0]
        if name == "pack.yaml":
            pack, faults = structure(document.data, model.Pack, document.place)
            self.faults += faults
            self.pack = pack or self.pack
        elif name.startswith("vocabulary/findings/"):
            file, faults = structure(document.data, _Findings, document.place)
            self.faults += faults
            for index, finding in enumerate(file.findings if file else ()):
                self._keep("findings", finding.id, (file.category if file else "", finding), document.place(("findings", index)))
        elif name == "referral/ranking.yaml":
            weights, faults = structure(document.data, _RankingFile, document.place)
            self.faults += faults
            self.ranking = weights.ranking if weights else self.ranking
        elif name == "asking.yaml":
            asking, faults = structure(document.data, _AskingFile, document.place)
            self.faults += faults
            self.asking = asking.asking if asking else self.asking
        elif name == "omop.yaml":
            mapping, faults = structure(document.data, _OmopFile, document.place)
            self.faults += faults
            if mapping:
                self.omop = self.omop.under(mapping.omop)
                self.omop_files.append((mapping.omop, document.place))
        elif name == "codes.yaml" or top == "codes":
            codes, faults = structure(document.data, _CodesFile, document.place)
            self.faults += faults
            if codes:
                self._take_codes(codes.codes, document.place)
        elif name == "causes/scale.yaml":
            scale, faults = structure(document.data, ScaleFile, document.place)
            self.faults += faults
            self.scale = scale.scale if scale else self.scale
        elif top == "causes":
            self._take_cause(document)
        elif top in SHELF_FOLDERS_APART:
            key = next(iter(document.data), None) if isinstance(document.data, dict) else None
            if key not in _FILES:
                self.faults.append(Fault(name, f"begins with {shown(key)}", closest(key, _FILES)))
                return
            file, faults = structure(document.data, _FILES[key], document.place)
            self.faults += faults
            for index, entry in enumerate(getattr(file, key) if file else ()):
                id_ = _identity(key, entry)
                self._keep(key, id_, entry, document.place((key, index)))
        else:
            self._take_rule(document)

    def _take_codes(self, codes: model.CodeMap, place: Place) -> None:
        """A map of codes laid over those of the folders before: the same system, place or code is replaced, the rest stays."""
        codes = attrs.evolve(codes, meanings=tuple(attrs.evolve(one, system=one.system or codes.system) for one in codes.meanings))
        self.places |= {("codes", _row_key(one)): place(("codes", "meanings", number)) for number, one in enumerate(codes.meanings)}
        self.places |= {("code systems", one.id): place(("codes", "systems", number)) for number, one in enumerate(codes.systems)}
        self.places |= {("orders", one.id): place(("codes", "orders", number)) for number, one in enumerate(codes.orders)}
        keys, rows = {_code_key(one) for one in codes.meanings}, Counter(_row_key(one) for one in codes.meanings)
        twice = {(_row_key(one), _code_key(one)) for one in codes.meanings if rows[_row_key(one)] > 1 or _code_key(one) in self.codes_here}
        self.faults += [Fault(self.places["codes", row], f"{key} is given twice") for row, key in sorted(twice)]
        self.codes_here |= keys
        self.codes = attrs.evolve(
            codes,
            canonical=codes.canonical or self.codes.canonical,
            system="",
            look_back_days={**self.codes.look_back_days, **codes.look_back_days},
            systems=tuple({one.id: one for one in (*self.codes.systems, *codes.systems)}.values()),
            places=tuple({one.id: one for one in (*self.codes.places, *codes.places)}.values()),
            meanings=(*(one for one in self.codes.meanings if _code_key(one) not in keys), *codes.meanings),
            orders=tuple({one.id: one for one in (*self.codes.orders, *codes.orders)}.values()),
        )

    def _keep(self, kind: str, id_: str, entry: Any, place: str) -> None:
        if id_ in self.found[kind]:
            self.faults.append(Fault(place, f"{id_!r} is given twice (first: {self.places[kind, id_]})"))
        self.found[kind][id_] = entry
        self.places[kind, id_] = place

    def _take_rule(self, document: Document) -> None:
        raw, faults = structure(document.data, _Rule, document.place)
        self.faults += faults
        if raw is None:
            return
        if raw.id in self.raw_rules and raw.replaces != raw.id:
            first = self.raw_rules[raw.id][1].source
            self.faults.append(
                Fault(document.place(("id",)), f"rule {raw.id!r} is already in {first}; to replace it write replaces: {raw.id}")
            )
        if raw.replaces and raw.replaces not in self.raw_rules:
            self.faults.append(
                Fault(document.place(("replaces",)), f"no rule {raw.replaces!r} to replace", closest(raw.replaces, self.raw_rules))
            )
        self.raw_rules.pop(raw.replaces or "", None)
        self.raw_rules[raw.id] = (raw, document)

    def _take_cause(self, document: Document) -> None:
        raw, faults = structure(document.data, CauseRow, document.place)
        self.faults += faults
        if raw is None:
            return
        if raw.id in self.raw_causes and raw.replaces != raw.id:
            first = self.raw_causes[raw.id][1].source
            self.faults.append(
                Fault(document.place(("id",)), f"cause {raw.id!r} is already in {first}; to replace it write replaces: {raw.id}")
            )
        if raw.replaces and raw.replaces not in self.raw_causes:
            self.faults.append(
                Fault(document.place(("replaces",)), f"no cause {raw.replaces!r} to replace", closest(raw.replaces, self.raw_causes))
            )
        self.raw_causes[raw.id] = (raw, document)

    # --- causes

    def _causes(self, words: model.Vocabulary) -> dict[str, Cause]:
        """Every cause, by its id."""
        if not self.raw_causes:
            return {}
        tree = RegionTree(words)
        self.faults += [
            Fault("causes/scale.yaml", f"no region {area!r}", closest(area, words.regions))
            for area in self.scale.areas
            if area not in words.regions
        ]
        self.faults += [
            Fault("causes/scale.yaml", f"says nothing of urgency {urgency!r}")
            for urgency in model.URGENCIES
            if urgency not in self.scale.spoken
        ]
        self._stop_if_faulty()
        step_of = {term: step.id for step in self.asking.steps for term in step.terms}
        of_anybody = frozenset((*self.asking.at_hand, *(term.id for term in words.terms.values() if term.background)))
        ground = Ground(tree.around, tree.leaves, step_of, self.scale, of_anybody)
        reader = CauseReader(words, ground, self.found["references"])
        found: dict[str, Cause] = {}
        for id_, (raw, document) in sorted(self.raw_causes.items()):
            parser = _ConditionParser(words, document.place, shared=self.shared)
            found[id_] = reader.cause(raw, document, partial(parser.parse, scope="patient"))
            reader.faults += parser.faults
        self.faults += reader.faults
        self._stop_if_faulty()
        return found

    def _cues_of(self, raw: _MuscleCues, words: model.Vocabulary) -> model.MuscleCues:
        """What points to a muscle, its conditions read."""
        place = self.places["cues", raw.muscle]
        made = tuple(model.MuscleCue(self._condition(cue.when, words, "patient", place), cue.points, cue.references) for cue in raw.cues)
        return model.MuscleCues(raw.muscle, made, raw.prevalence, raw.references)

    def _suspects_with_causes(self, words: model.Vocabulary) -> dict[str, model.Suspect]:
        """Every cause may be suspected; one that is also a diagnosis has its name from there."""
        return {
            **words.suspects,
            **{
                id_: model.Suspect(id_, cause.kind, words.diagnoses[id_].label if id_ in words.diagnoses else cause.label, cause.synonyms)
                for id_, cause in self.causes.items()
                if id_ not in words.suspects
            },
        }

    # --- vocabulary

    def _vocabulary(self) -> model.Vocabulary:
        regions = {id_: model.Region(**attrs.asdict(raw)) for id_, raw in self.found["regions"].items()}
        plain = {id_: attrs.asdict(raw, recurse=False) for id_, raw in self.found["diagnoses"].items()}
        diagnoses = {id_: model.Diagnosis(**{**row, "supports": (), "against": ()}) for id_, row in plain.items()}
        terms = {id_: self._term(category, raw, regions) for id_, (category, raw) in self.found["findings"].items()}
        words = model.Vocabulary(
            units=self.found["units"],
            terms=terms,
            measures={},
            regions=regions,
            muscles=self.found["muscles"],
            diagnoses=diagnoses,
            suspects={id_: self._suspect(raw, diagnoses) for id_, raw in self.found["hypotheses"].items()},
        )
        for id_, (_, raw) in self.found["findings"].items():
            terms[id_] = self._with_sources(terms[id_], raw, words)
        measures = {
            raw.id: model.Measure(
                raw.id,
                raw.sum,
                tuple(self._condition(item, words, "patient", self.places["measures", raw.id]) for item in raw.count),
                raw.also_total,
                raw.references,
            )
            for raw in self.found["measures"].values()
        }
        words = attrs.evolve(words, measures=measures)
        diagnoses |= {
            raw.id: attrs.evolve(
                words.diagnoses[raw.id],
                supports=self._row_conditions(raw.supports, words, "label", self.places["diagnoses", raw.id]),
                against=self._row_conditions(raw.against, words, "label", self.places["diagnoses", raw.id]),
            )
            for raw in self.found["diagnoses"].values()
        }
        care = {
            raw.id: model.Care(
                raw.id,
                raw.muscles,
                raw.stretch,
                raw.release,
                self._row_conditions(raw.avoid, words, "muscle", self.places["care", raw.id]),
                raw.references,
            )
            for raw in self.found["care"].values()
        }
        return attrs.evolve(words, diagnoses=diagnoses, care=care)

    def _with_flagged(self, words: model.Vocabulary, rules: Iterable[model.Rule]) -> model.Vocabulary:
        """The vocabulary with what red flags read as the words of what may be in doubt, and with how long a denial of it holds."""
        leaves = [leaf for rule in rules if rule.open_alert for leaf in c.walk(rule.when) if isinstance(leaf, c.Words)]
        flagged = tuple(sorted({word for leaf in leaves if words.terms[leaf.term].of_record for word in leaf.values}))
        lasting = self._days(self.asking.denial_lasts, "asking.yaml") if self.asking.denial_lasts else None
        once = {id_ for window in self.omop.windows if window.within == "ever" for id_ in window.terms}
        terms = {id_: attrs.evolve(term, values=flagged) if term.of_record else term for id_, term in words.terms.items()}
        for id_ in flagged:
            term = terms[id_]
            if (
                term.kind == "boolean"
                and term.denial_lasts is None
                and term.cost in ("asked", "examined")
                and not term.background
                and id_ not in once
            ):
                terms[id_] = attrs.evolve(term, denial_lasts=lasting)
        return attrs.evolve(words, terms=terms)

    def _row_conditions(
        self, conditions: Iterable[object], words: model.Vocabulary, scope: model.Subject, where: str
    ) -> tuple[c.Condition, ...]:
        return tuple(self._condition(one, words, scope, where) for one in conditions)

    def _suspect(self, raw: model.Suspect, diagnoses: Mapping[str, model.Diagnosis]) -> model.Suspect:
        """A hypothesis that is also a diagnosis takes its name from there."""
        place = self.places["hypotheses", raw.id]
        if raw.id in diagnoses:
            if raw.label:
                self.faults.append(Fault(place, f"{raw.id!r} is a diagnosis and has its label there"))
            return attrs.evolve(raw, label=diagnoses[raw.id].label)
        if not raw.label:
            self.faults.append(Fault(place, f"{raw.id!r} needs a label: no diagnosis has that id", closest(raw.id, diagnoses)))
        return raw

    def _term(self, category: str, raw: _Finding, regions: Mapping[str, model.Region]) -> model.Term:
        place = self.places["findings", raw.id]
        for word, allowed in ((raw.kind, KINDS), (raw.cost, model.COSTS), (raw.subject, ABOUT)):
            if word not in allowed:
                self.faults.append(Fault(place, f"{word!r} is none of {', '.join(allowed)}", closest(word, allowed)))
        if raw.unit is not None and raw.unit not in self.found["units"]:
            self.faults.append(Fault(place, f"no unit {raw.unit!r}", closest(raw.unit, self.found["units"])))
        if raw.kind in ("number", "duration") and (raw.range is None or len(raw.range) != 2 or raw.unit is None):
            self.faults.append(Fault(place, "a number needs a unit and a range of two numbers"))
        if raw.values_from not in (None, "regions", IN_DOUBT):
            self.faults.append(
                Fault(place, f"values_from {raw.values_from!r} is not known", closest(raw.values_from, ("regions", IN_DOUBT)))
            )
        return model.Term(
            id=raw.id,
            label=raw.label,
            category=category,
            kind=raw.kind,
            subject=raw.subject,
            cost=raw.cost,
            unit=raw.unit,
            range=(raw.range[0], raw.range[1]) if raw.range and len(raw.range) == 2 else None,
            values=tuple(v for v in raw.values if v != "unknown") or (tuple(regions) if raw.values_from == "regions" else ()),
            synonyms=raw.synonyms,
            codes=raw.codes,
            stands_for=raw.stands_for,
            excludes=raw.excludes,
            fact=raw.fact,
            background=raw.background,
            claims=raw.claims,
            agreement=raw.agreement,
            note=raw.note,
            of_record=raw.values_from == IN_DOUBT,
            denial_lasts=self._days(raw.denial_lasts, place) if raw.denial_lasts else None,
        )

    def _days(self, written: str, place: str) -> float | None:
        """A duration in days."""
        days = model.Term("", "A duration", "", "duration", "patient", "asked", unit="d", range=(0, 1e6))
        try:
            return model.Vocabulary(self.found["units"], {}, {}, {}, {}, {}, {}).quantity(written, days)
        except Misfit as misfit:
            self.faults.append(Fault(place, f"denial_lasts: {misfit}", misfit.near))
            return None

    def _with_sources(self, term: model.Term, raw: _Finding, words: model.Vocabulary) -> model.Term:
        if raw.from_ is None and raw.implied_by is None and raw.denied_by is None:
            return term
        place = self.places["findings", raw.id]
        if term.subject != "patient" or term.kind != "boolean":
            self.faults.append(Fault(place, "only a yes/no finding of the patient can follow from others"))
        implied, denied = (
            self._condition(source, words, "patient", place) if source is not None else None for source in (raw.implied_by, raw.denied_by)
        )
        if raw.from_ is not None:
            implied = self._condition(raw.from_, words, "patient", place)
            denied = c.Not(implied)
        for source in (implied, denied):
            if source is not None and any(isinstance(part, c.Derived) for part in c.walk(source)):
                self.faults.append(Fault(place, "a finding follows from findings, not from a conclusion"))
        return attrs.evolve(term, implied_by=implied, denied_by=denied)

    def _check_words(self, words: model.Vocabulary) -> None:
        """Every id that one part of the vocabulary uses exists in the part that owns it, and no region lies within itself."""
        for place, kind, used, known in (*self._uses(words), *self._uses_of_conventions(words)):
            self.faults += [Fault(place, f"no {kind} {word!r}", closest(word, known)) for word in used if word not in known]
        self.faults += [Fault(place, f"a region lies within itself: {cycle}") for place, cycle in _region_cycles(words, self.places)]
        for id_ in sorted(set(words.diagnoses) & {*words.muscles, *words.groups}):
            self.faults.append(Fault(self.places["diagnoses", id_], f"{id_!r} is also a muscle: their subjects could not be told apart"))
        for region in words.regions.values():
            if not set(region.sides) <= {*model.SIDES, "midline"}:
                self.faults.append(
                    Fault(self.places["regions", region.id], f"sides are left, right and midline, not {', '.join(region.sides)}")
                )
        for zone in sorted({edge.zone for edge in self.found["referrals"].values()} & {"essential", "spillover"} - set(self.ranking.zones)):
            self.faults.append(Fault("referral/ranking.yaml", f"gives no weight to the zone {zone!r}"))
        known = {"high", "moderate", "low"} - set(self.ranking.confidences)
        for word in sorted({edge.confidence for edge in self.found["referrals"].values()} & known):
            self.faults.append(Fault("referral/ranking.yaml", f"gives no weight to the confidence {word!r}"))
        self._check_measures(words)
        self._check_codes(words)

    def _check_codes(self, words: model.Vocabulary) -> None:
        """Every code is one of its system and says something that these rules know."""
        patterns: dict[str, re.Pattern[str]] = {}
        for system in self.codes.systems:
            try:
                patterns[system.id] = pattern_of(system.pattern or ".+")
            except Misfit as misfit:
                self.faults.append(Fault(self.places["code systems", system.id], str(misfit)))
            if system.like and system.like not in (ids := [one.id for one in self.codes.systems]):
                self.faults.append(Fault(self.places["code systems", system.id], f"no system {system.like!r}", closest(system.like, ids)))
        for one in self.codes.meanings:
            place = self.places["codes", _row_key(one)]
            self.faults += [Fault(place, what, near) for what, near in _code_faults(one, patterns, words)]
        for kind in self.codes.orders:
            place = self.places["orders", kind.id]
            self.faults += [
                Fault(place, f"no rule {id_!r}", closest(id_, self.raw_rules)) for id_ in kind.rules if id_ not in self.raw_rules
            ]
            for code in kind.codes:
                self.faults += [Fault(place, what, near) for what, near in _code_form_faults(code, patterns)]

    def _check_measures(self, words: model.Vocabulary) -> None:
        """A measure is a number made of yes/no findings and numbers of the patient, and not of itself."""
        needs: dict[str, set[str]] = {}
        for measure in words.measures.values():
            place = self.places["measures", measure.id]
            if measure.id in words.terms and words.terms[measure.id].kind != "number":
                self.faults.append(Fault(place, f"{measure.id!r} is not a number"))
            read = {*measure.sum, *([measure.also_total] if measure.also_total else [])}
            for item in sorted(read & set(words.terms)):
                if words.terms[item].subject != "patient" or words.terms[item].kind not in ("boolean", "number", "duration"):
                    self.faults.append(Fault(place, f"{item!r} cannot be counted: it is no yes/no finding or number of the patient"))
            read |= {leaf.term for condition in measure.count for leaf in c.walk(condition) if isinstance(leaf, c.Compare)}
            needs[measure.id] = read & set(words.measures)
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as error:
            self.faults.append(Fault(self.places["measures", error.args[1][0]], f"a measure counts itself: {' -> '.join(error.args[1])}"))

    def _uses(self, words: model.Vocabulary) -> Iterator[tuple[str, str, Iterable[str], Iterable[str]]]:
        references, claims = self.found["references"], self.found["claims"]
        for muscle in words.muscles.values():
            place = self.places["muscles", muscle.id]
            yield place, "region", muscle.lies_in, words.regions
            yield place, "diagnosis", muscle.mimics, words.diagnoses
            yield place, "reference", muscle.references, references
        for region in words.regions.values():
            place = self.places["regions", region.id]
            yield place, "region", [region.parent] if region.parent else [], words.regions
            yield place, "region", region.adjacent, words.regions
        for key, edge in self.found["referrals"].items():
            place = self.places["referrals", key]
            yield place, "muscle", [edge.muscle], words.muscles
            yield place, "region", [edge.region], words.regions
            yield place, "zone", [edge.zone], ("essential", "spillover")
            yield place, "confidence", [edge.confidence], ("high", "moderate", "low")
            yield place, "laterality", [edge.laterality], ("ipsilateral", "bilateral", "midline")
            yield place, "reference", edge.references, references
            yield place, "claim", edge.claims, claims
        for clue in self.found["clues"].values():
            place = self.places["clues", clue.finding]
            yield place, "finding", [clue.finding], words.terms
            yield place, "muscle", clue.muscles, words.muscles
            yield place, "reference", clue.references, references
            yield place, "claim", clue.claims, claims
        for row in self.found["cues"].values():
            place = self.places["cues", row.muscle]
            yield place, "muscle", [row.muscle], {*words.muscles, *words.groups}
            yield place, "reference", [*row.references, *(ref for cue in row.cues for ref in cue.references)], references
        for common in self.found["prevalence"].values():
            place = self.places["prevalence", common.region]
            yield place, "region", [common.region], words.regions
            yield place, "muscle", common.muscles, words.muscles
            yield place, "reference", common.references, references
        for diagnosis in words.diagnoses.values():
            place = self.places["diagnoses", diagnosis.id]
            yield place, "muscle", diagnosis.muscles, words.muscles
            yield place, "reference", diagnosis.references, references
        for care in words.care.values():
            yield self.places["care", care.id], "muscle", care.muscles, {*words.muscles, *words.groups}
            yield self.places["care", care.id], "reference", care.references, references
        for term in words.terms.values():
            place = self.places["findings", term.id]
            yield place, "finding", term.excludes, words.terms
            yield place, "region", [term.stands_for] if term.stands_for not in (None, "regions") else [], words.regions
            yield place, "claim", term.claims, claims
            yield place, "reference", term.agreement.references if term.agreement else (), references
        for measure in words.measures.values():
            place = self.places["measures", measure.id]
            yield place, "finding", (measure.id, *measure.sum), words.terms
            yield place, "finding", [measure.also_total] if measure.also_total else [], words.terms
            yield place, "reference", measure.references, references
        for suspect in words.suspects.values():
            yield self.places["hypotheses", suspect.id], "claim", suspect.claims, claims

    def _uses_of_conventions(self, words: model.Vocabulary) -> Iterator[tuple[str, str, Iterable[str], Iterable[str]]]:
        """What the pack's own files name: how muscles are ranked, how findings are asked for."""
        for weight in self.ranking.findings:
            own = {term.id for term in words.terms.values() if term.subject not in ("patient", "side", "label") and not term.fact}
            yield "referral/ranking.yaml", "finding of a muscle", [weight.finding], own
        yield "referral/ranking.yaml", "reference", self.ranking.references, self.found["references"]
        yield "referral/ranking.yaml", "zone", self.ranking.zones, ("essential", "spillover")
        yield "referral/ranking.yaml", "confidence", self.ranking.confidences, ("high", "moderate", "low")
        states = [state.state for state in self.pack.muscle_states] if self.pack else []
        yield "referral/ranking.yaml", "state of a muscle", self.ranking.beyond_zones, states
        for step in self.asking.steps:
            yield f"asking.yaml, {step.id}", "finding", step.terms, words.terms
        of_patient = {term.id for term in words.terms.values() if term.subject == "patient"}
        yield "asking.yaml, at_hand", "finding of the patient", self.asking.at_hand, of_patient
        for attribute, told_by in self.pack.source_attributes.items() if self.pack else ():
            yield "pack.yaml", "source attribute", [attribute], model.SOURCE_ATTRIBUTES
            yield "pack.yaml", "finding", told_by, words.terms

    # --- tables of the OMOP Common Data Model

    def _omop_faults(self, omop: model.Omop, place: Place, words: model.Vocabulary) -> Iterator[Fault]:
        """Whatever a file of codes names exists, fits the finding that it fills, and is said once."""

        def unknown(path: Steps, kind: str, word: str | None, known: Iterable[str]) -> Iterator[Fault]:
            if word is not None and word not in known:
                yield Fault(place(("omop", *path)), f"no {kind} {word!r}", closest(word, known))

        carried = [one.codes for one in words.terms.values()], [one.codes for one in words.diagnoses.values()]
        systems = {system for several in carried for codes in several for system in codes}
        vocabularies = [one.vocabulary for one in self.omop.systems]
        for n, system in enumerate(omop.systems):
            yield from unknown(("systems", n, "system"), "code system", system.system, systems)
        yield from unknown(("person", "age"), "finding", omop.person.age, words.terms)
        yield from unknown(("person", "sex"), "finding", omop.person.sex, words.terms)
        told_by = words.terms.get(self.omop.person.sex or "")
        sexes = told_by.values if told_by else ()
        for n, sex in enumerate(omop.sex):
            yield from unknown(("sex", n, "value"), "sex", sex.value, sexes)
        categories = {term.category for term in words.terms.values()}
        for n, kind in enumerate(omop.kinds):
            for m, category in enumerate(kind.categories):
                yield from unknown(("kinds", n, "categories", m), "category", category, categories)
        for n, window in enumerate(omop.windows):
            for m, id_ in enumerate(window.terms):
                yield from unknown(("windows", n, "terms", m), "finding", id_, words.terms)
        said: dict[object, str] = {}
        for n, code in enumerate(omop.codes):
            at = ("codes", n)
            yield from unknown((*at, "vocabulary"), "vocabulary among systems", code.vocabulary, vocabularies)
            yield from unknown((*at, "term"), "finding", code.term, words.terms)
            yield from unknown((*at, "diagnosis"), "diagnosis", code.diagnosis, words.diagnoses)
            yield from unknown((*at, "region"), "region", code.region, words.regions)
            yield from unknown((*at, "unit"), "unit", code.unit, [u for x in words.units.values() for u in (x.id, *x.also)])
            yield from (Fault(place(("omop", *at)), what, near) for what, near in _misfits(code, words))
            once = (code.key, code.term, code.diagnosis, code.region, code.side, code.value)
            if once in said:
                yield Fault(place(("omop", *at)), f"is said twice (first: {said[once]})")
            said[once] = place(("omop", *at))
        mapped = {code.key for code in omop.codes}
        for n, apart in enumerate(omop.apart):
            yield from unknown(("apart", n, "vocabulary"), "vocabulary among systems", apart.vocabulary, vocabularies)
            if apart.key in mapped:
                yield Fault(place(("omop", "apart", n)), f"{apart.code!r} is both mapped and set apart")

    # --- rules

    def _written(self, raw: _Rule, document: Document, words: model.Vocabulary) -> Iterator[model.Rule]:
        """The rule of a file, or, where it is written over a table, one rule for each row that it says something of."""
        if document.source != f"{raw.id.replace('.', '/')}.yaml":
            path = document.source.removesuffix(".yaml").replace("/", ".")
            self.faults.append(Fault(document.place(("id",)), f"id {raw.id!r} is not its path", path))
        rules = [self._rule(raw, document, words)] if raw.for_each is None else list(self._for_each(raw, document, words))
        yield from (rule for rule in rules if rule)

    def _for_each(self, raw: _Rule, document: Document, words: model.Vocabulary) -> Iterator[model.Rule | None]:
        before = len(self.faults)
        try:
            table, field, needed = table_and_field(raw.for_each, TABLES)
            rows = [
                attrs.asdict(row, recurse=False) | {"hypothesis": id_ if id_ in words.suspects else ""}
                for id_, row in self.found[table].items()
                if not needed or getattr(row, needed, None)
            ]
            texts = {"title": raw.title, "summary": raw.summary, "limits": raw.limits, "evidence": raw.evidence}
            written = {**texts, "when": raw.when, "then": raw.then}
            made = list(expanded(written, rows, field, lambda field, value: self._worded(field, value, words)))
        except Misfit as misfit:
            self.faults.append(Fault(document.place(("for_each",)), str(misfit), misfit.near))
            return
        if not made:
            self.faults.append(Fault(document.place(("for_each",)), f"says nothing of any row of {raw.for_each!r}"))
        for name, data in made:
            one = attrs.evolve(raw, id=f"{raw.id}.{name}", **{**data, "then": tuple(data["then"])})
            rule = self._rule(one, document, words)
            yield attrs.evolve(rule, written=raw.id) if rule else None
            if len(self.faults) > before:
                return

    def _worded(self, field: str, value: Any, words: model.Vocabulary) -> str:
        """What a row holds, in words: conditions and ids by their labels."""
        if field in (ITEM, "supports", "against", "avoid"):
            parts = list(value) if isinstance(value, list | tuple) else [value]
            return "; ".join(model.lowered(c.describe(self._condition(part, words, "label", ""), words.name)) for part in parts)
        if isinstance(value, list | tuple):
            return "; ".join(words.muscle_label(one) if field == "muscles" else words.name("term", str(one)) for one in value)
        return str(value)

    def _rule(self, raw: _Rule, document: Document, words: model.Vocabulary) -> model.Rule | None:
        before = len(self.faults)
        place = document.place
        for key, word, allowed in (("status", raw.status, STATUSES), ("about", raw.about, ABOUT)):
            if word not in allowed:
                self.faults.append(Fault(place((key,)), f"{word!r} is none of {', '.join(allowed)}", closest(word, allowed)))
        self._complete(raw, place)
        about: model.Subject = next((known for known in ABOUT if known == raw.about), "patient")
        trigger = qualifier = None
        if isinstance(raw.when, dict) and "trigger" in raw.when:
            self.faults += [
                Fault(place(("when", key)), f"no such key {key!r} beside trigger", closest(key, ("trigger", "qualifier")))
                for key in sorted(set(raw.when) - {"trigger", "qualifier"})
            ]
            trigger = self._parse(raw.when["trigger"], ("when", "trigger"), place, words, about)
            if "qualifier" in raw.when:
                qualifier = self._parse(raw.when["qualifier"], ("when", "qualifier"), place, words, about)
            when: c.Condition = c.All((trigger, qualifier)) if qualifier else trigger
        else:
            when = self._parse(raw.when, ("when",), place, words, about)
        then = [made for index, item in enumerate(raw.then) if (made := self._conclusion(item, ("then", index), place, words, about))]
        if not raw.then:
            self.faults.append(Fault(place(("then",)), "concludes nothing"))
        evidence = self._evidence(raw, place)
        reviewed, faults = structure(raw.reviewed, model.Review, lambda p: place(("reviewed", *p))) if raw.reviewed else (None, [])
        self.faults += faults
        self._check_conclusions(then, trigger, place, faulty=len(then) < len(raw.then))
        if len(self.faults) > before:
            return None
        return model.Rule(
            id=raw.id,
            title=raw.title,
            status=raw.status,
            about=about,
            summary=raw.summary,
            evidence=evidence,
            when=when,
            then=tuple(then),
            limits=raw.limits,
            reviewed=reviewed,
            trigger=trigger,
            qualifier=qualifier,
            source=document.source,
        )

    def _complete(self, raw: _Rule, place: Place) -> None:
        if raw.status != "active":
            return
        for key in ("title", "summary", "evidence", "limits", "reviewed"):
            if not getattr(raw, key):
                self.faults.append(Fault(place(()), f"an active rule needs {key}"))

    def _evidence(self, raw: _Rule, place: Place) -> model.Evidence:
        none = model.Evidence("expert_opinion", ())
        if raw.evidence is None:
            return none
        evidence, faults = structure(raw.evidence, model.Evidence, lambda p: place(("evidence", *p)))
        self.faults += faults
        if evidence is None:
            return none
        evidence = attrs.evolve(evidence, references=tuple(dict.fromkeys(evidence.references)))
        where = place(("evidence",))
        if evidence.grade not in GRADES:
            self.faults.append(Fault(where, f"no grade {evidence.grade!r}", closest(evidence.grade, GRADES)))
        if not evidence.references:
            self.faults.append(Fault(where, "names no reference"))
        for word, kind in [(w, "references") for w in evidence.references] + [(w, "claims") for w in evidence.claims]:
            if word not in self.found[kind]:
                self.faults.append(Fault(where, f"no {kind[:-1]} {word!r}", closest(word, self.found[kind])))
        return evidence

    def _conclusion(
        self, item: object, path: Steps, place: Place, words: model.Vocabulary, about: model.Subject
    ) -> model.Conclusion | None:
        if not isinstance(item, dict) or len(item) != 1:
            self.faults.append(Fault(place(path), f"expected one conclusion, got {shown(item)}"))
            return None
        (form, data), *_ = item.items()
        if form == "derive":
            if isinstance(data, str):
                return model.Derive(data)
            self.faults.append(Fault(place((*path, form)), f"expected an id, got {shown(data)}"))
            return None
        if form not in _CONCLUSIONS:
            self.faults.append(Fault(place(path), f"no conclusion {form!r}", closest(form, ("derive", *_CONCLUSIONS))))
            return None
        made, faults = structure(data, _CONCLUSIONS[form], lambda p: place((*path, form, *p)))
        self.faults += faults
        where = place((*path, form))
        match made:
            case model.Support(hypothesis=id_) | model.Oppose(hypothesis=id_) | model.Confirm(id_) | model.Exclude(id_):
                self._known(id_, "hypothesis", words.suspects, where)
            case model.CriterionMet(hypothesis=id_):
                self._known(id_, "hypothesis", words.suspects, where)
            case model.RaiseAlert(condition=id_, regions=regions, forbids=forbids, beside=beside, offers=offers):
                self._known(id_, "hypothesis", words.suspects, where)
                for region in regions:
                    self._known(region, "region", words.regions, where)
                for kind in forbids:
                    self._known(kind, "kind of care", model.KINDS_OF_CARE, where)
                if bool(beside) != bool(offers):
                    self.faults.append(Fault(where, "what may go on beside a red flag says of which kinds of care it is, under offers"))
            case model.Recommend(kind=kind):
                self._known(kind, "kind of recommendation", model.RECOMMENDATIONS, where)
            case model.Ask(terms=terms):
                for term in terms:
                    self._known(term, "finding", words.terms, where)
        for kind in made.offers if isinstance(made, model.RaiseAlert | model.GiveCaution | model.Recommend) else ():
            self._known(kind, "kind of care", model.KINDS_OF_CARE, where)
        if isinstance(made, model.GiveCaution | model.Recommend | model.Ask):
            self._placeholders(made.text, about, words, where)
        if isinstance(made, model.GiveCaution | model.Recommend):
            self._placeholders(made.short, about, words, where)
        if isinstance(made, model.Recommend) and made.instead and not made.offers:
            self.faults.append(Fault(where, "what to prefer instead says of which kinds of care it is, under offers"))
        return made

    def _known(self, word: str, kind: str, known: Iterable[str], where: str) -> None:
        if word not in known:
            self.faults.append(Fault(where, f"no {kind} {word!r}", closest(word, known)))

    def _placeholders(self, text: str, about: model.Subject, words: model.Vocabulary, where: str) -> None:
        allowed = {"label": ("label",), "muscle": ("muscle", "side"), "patient": ()}[about]
        for name in placeholders(text):
            if name.startswith("value:"):
                self._known(name.removeprefix("value:"), "finding", words.terms, where)
            elif name not in allowed:
                self.faults.append(
                    Fault(where, f"no placeholder {{{name}}} in a rule about {about}", closest(name, (*allowed, "value:term")))
                )

    def _check_conclusions(self, then: Sequence[model.Conclusion], trigger: c.Condition | None, place: Place, *, faulty: bool) -> None:
        care = [x for x in then if isinstance(x, model.Recommend) and x.kind == "self_care"]
        if care and len(care) < len(then):
            self.faults.append(Fault(place(("then",)), "a rule that recommends self_care concludes nothing else"))
        offering = [x for x in then if isinstance(x, model.GiveCaution | model.Recommend) and offered(x)]
        if offering and len(offering) < len(then):
            self.faults.append(Fault(place(("then",)), "a rule that offers care concludes nothing else"))
        alerts = [x for x in then if isinstance(x, model.RaiseAlert)]
        if len(alerts) > 1:
            self.faults.append(Fault(place(("then",)), "one rule raises one alert"))
        if trigger is not None and not alerts and not faulty:
            self.faults.append(Fault(place(("when", "trigger")), "a trigger belongs to a rule that raises an alert"))
        if alerts and trigger is None:
            self.faults.append(Fault(place(("when",)), "a rule that raises an alert needs a trigger"))

    # --- conditions

    def _condition(self, data: object, words: model.Vocabulary, scope: model.Subject, where: str) -> c.Condition:
        return self._parse(data, (), lambda _: where, words, scope)

    def _parse(self, data: object, path: Steps, place: Place, words: model.Vocabulary, scope: model.Subject) -> c.Condition:
        parser = _ConditionParser(words, place, self.causes, self.shared)
        condition = parser.parse(data, path, scope)
        self.faults += parser.faults
        return condition

    def _check_scopes(self, rules: Sequence[model.Rule]) -> None:
        """Each conclusion has one kind of subject, exists, and is read only where that subject is at hand."""
        about: dict[str, model.Rule] = {}
        for rule in rules:
            for id_ in rule.derives():
                first = about.setdefault(id_, rule)
                if first.about != rule.about:
                    self.faults.append(
                        Fault(rule.source, f"{id_!r} is about a {rule.about} here and about a {first.about} in {first.source}")
                    )
        for rule in rules:
            for id_, scope in _read(rule.when, rule.about):
                if id_ not in about:
                    self.faults.append(Fault(rule.source, f"no active rule concludes {id_!r}", closest(id_, about)))
                elif about[id_].about not in ("patient", scope):
                    self.faults.append(
                        Fault(
                            rule.source,
                            f"{id_!r} is a conclusion about a {about[id_].about}; here it needs any_muscle, count_muscles or label_muscle",
                        )
                    )

    def _in_strata(self, rules: Sequence[model.Rule]) -> tuple[model.Rule, ...]:
        """The rules in the order in which they can be decided; reading a conclusion, or closing one, takes a step."""
        concluding: dict[str, list[model.Rule]] = {}
        for rule in rules:
            for id_ in rule.derives():
                concluding.setdefault(id_, []).append(rule)
        by_id = {rule.id: rule for rule in rules}
        needs = {rule.id: sorted({r.id for id_, _ in _read(rule.when, rule.about) for r in concluding[id_]}) for rule in rules}
        try:
            order = list(TopologicalSorter(needs).static_order())
        except CycleError as error:
            cycle = " -> ".join(reversed(error.args[1]))
            raise KnowledgeError([Fault(by_id[error.args[1][0]].source, f"rules go round in a circle: {cycle}")]) from None
        strata: dict[str, int] = {}
        for id_ in order:
            strata[id_] = level(by_id[id_].when, lambda d: 1 + max(strata[r.id] for r in concluding[d]))
        return tuple(sorted((attrs.evolve(r, stratum=strata[r.id]) for r in rules), key=lambda r: (r.stratum, r.id)))


def level(condition: c.Condition, of_derived: Callable[[str], int]) -> int:
    """
    The stratum at which a condition can be decided.

    >>> level(c.Established(c.Present("fever")), lambda id: 1)
    1
    """
    if isinstance(condition, c.Derived):
        return of_derived(condition.id)
    below = max((level(part, of_derived) for part in c.parts(condition)), default=0)
    return below + isinstance(condition, c.Closing)


def offered(conclusion: model.GiveCaution | model.Recommend) -> tuple[str, ...]:
    """The kinds of care for which all of a conclusion speaks; what it only prefers instead can be left unsaid."""
    return () if isinstance(conclusion, model.Recommend) and conclusion.instead else conclusion.offers


def placeholders(text: str) -> Iterator[str]:
    """
    The names in braces of a rule's text.

    >>> list(placeholders("Examine {muscle} ({side})"))
    ['muscle', 'side']
    """
    for piece in text.split("{")[1:]:
        yield piece.partition("}")[0]


def _read(condition: c.Condition, scope: model.Subject) -> Iterator[tuple[str, model.Subject]]:
    """Every conclusion a condition reads, with the subject in whose scope it stands."""
    if isinstance(condition, c.Derived):
        yield condition.id, scope
    inner: model.Subject = scope
    match condition:
        case c.CountMuscles() | c.LabelMuscle():
            inner = "muscle"
        case c.AnyLabel():
            inner = "label"
    for part in c.parts(condition):
        yield from _read(part, inner)


def _with_open_alerts(rules: Sequence[tuple[model.Rule, c.Condition | None]], words: model.Vocabulary) -> list[model.Rule]:
    """The rules, each with what else opens it, and beside each red flag the rule by which it is open."""
    concluding: dict[str, list[model.Rule]] = {}
    for rule, _ in rules:
        for id_ in rule.derives():
            concluding.setdefault(id_, []).append(rule)
    read = {rule.id: terms_read(read_by(rule, words, concluding), words) if rule.alert else () for rule, _ in rules}
    return [made for rule, near in rules for made in _with_open_alert(rule, tuple(sorted(read[rule.id])), words, near)]


def _with_open_alert(rule: model.Rule, read: tuple[str, ...], words: model.Vocabulary, near: c.Condition | None) -> Iterator[model.Rule]:
    """
    A red flag is two rules: it is raised, or it is open.

    It is open because its qualifier is unknown, because its points are one step short (``near``), or because what it reads was recorded in doubt.
    """
    yield rule
    if rule.alert is None:
        return
    opening: list[c.Condition] = [near] if near is not None else []
    if rule.trigger and rule.qualifier:
        opening.append(c.All((rule.trigger, c.Not(c.Known(rule.qualifier)))))
    forbidden = rule.alert.forbids if rule.alert.urgency in model.PRESSING else ()
    doubted = next((term.id for term in words.terms.values() if term.of_record), None)
    if doubted and read:
        opening.append(c.All((c.Established(c.Words(doubted, read)), c.Not(c.Known(rule.when)))))
    if opening:
        yield attrs.evolve(
            rule,
            id=f"{rule.id}.open",
            title=f"{rule.title} (open: {'one step short' if near is not None else 'not enough is known to clear it'})",
            when=c.Any(tuple(opening)) if len(opening) > 1 else opening[0],
            then=(model.Derive(f"alert.{rule.alert.urgency}.open"), *(model.Derive(f"forbidden.{kind}") for kind in forbidden)),
            open_alert=rule.alert.id,
            trigger=None,
            qualifier=None,
        )


def _under_the_law(
    rules: Sequence[model.Rule],
    words: model.Vocabulary | None = None,
    screens: Sequence[str] = (),
    unread: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[model.Rule]:
    """
    No self-care while an emergency or urgent red flag is raised or open, nor beyond what the red flags of the pack cover; no care that one forbids.

    Beyond: where there is pain in a region that they do not screen, or a danger sign is recorded that nothing reads where it hurts.
    """
    derived = {id_ for rule in rules for id_ in rule.derives()}
    flags = [f"alert.{urgency}{state}" for urgency in model.PRESSING for state in ("", ".open")]
    forbidding: list[c.Condition] = [c.Derived(flag) for flag in flags if flag in derived]
    if words is not None:
        forbidding += [_recorded(words.terms[term], places) for term, places in unread.items()]
        beyond = set(uncovered_regions(words, screens)) if screens else set()
        uncovered = tuple(id_ for id_ in words.regions if id_ in beyond and words.regions[id_].parent not in beyond)
        forbidding += [c.PainAt(uncovered)] if uncovered else []

    def guarded(rule: model.Rule) -> model.Rule:
        advice = [x for x in rule.then if isinstance(x, model.GiveCaution | model.Recommend)]
        barring = list(forbidding) if any(isinstance(x, model.Recommend) and x.kind == "self_care" for x in advice) else []
        kinds = dict.fromkeys(f"forbidden.{kind}" for kind in model.KINDS_OF_CARE if any(kind in offered(x) for x in advice))
        barring += [c.Derived(kind) for kind in kinds if kind in derived]
        return attrs.evolve(rule, when=c.All((rule.when, c.Not(c.Established(c.Any(tuple(barring))))))) if barring else rule

    return [guarded(rule) for rule in rules]


def _code_key(one: model.CodeMeaning) -> str:
    return f"{one.system} {one.code}" if one.code else f"{one.system} {one.prefix}..."


def _row_key(one: model.CodeMeaning) -> str:
    """What tells the rows of one code apart: of which encounters, and what they say."""
    return " ".join((_code_key(one), one.encounter, one.label, one.finding, one.word, one.region, one.side))


def _code_faults(
    one: model.CodeMeaning, patterns: Mapping[str, re.Pattern[str]], words: model.Vocabulary
) -> Iterator[tuple[str, str | None]]:
    """What is wrong with the meaning of a code, and the closest known word."""
    yield from _code_form_faults(one, patterns)
    named: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("diagnosis", one.label, words.diagnoses),
        ("finding", one.finding, words.terms),
        ("region", one.region, words.regions),
        ("side", one.side, (*model.SIDES, "midline")),
    )
    for kind, word, known in named:
        if word and word not in known:
            yield f"no {kind} {word!r}", closest(word, known)
    term = words.terms.get(one.finding)
    if one.word and (term is None or one.word not in term.values):
        yield f"no value {one.word!r} of {one.finding!r}", closest(one.word, term.values if term else ())
    if term is not None and (term.subject != "patient" or term.fact):
        yield f"{term.id!r} is no finding of the patient", None
    if bool(one.unread) == bool(one.label or one.finding or one.region or one.side or one.truth is not None):
        yield "says either what the code means or why it is unread", None


def _code_form_faults(
    one: model.CodeMeaning | model.OrderCode, patterns: Mapping[str, re.Pattern[str]]
) -> Iterator[tuple[str, str | None]]:
    if one.system not in patterns:
        yield f"no system {one.system!r}", closest(one.system, patterns)
    if bool(one.code) == bool(one.prefix):
        yield "needs either a code or a prefix", None
    elif one.code and one.system in patterns and not patterns[one.system].fullmatch(one.code):
        yield f"{one.code!r} is no code of {one.system}", None


def unread_dangers(
    rules: Iterable[model.Rule], words: model.Vocabulary, causes: Iterable[Cause], scale: Scale
) -> Mapping[str, tuple[str, ...]]:
    """
    The danger signs that no rule reads but to withhold care, each with the places of the causes that read it.

    A published score that argues for nothing reads them in passing: it says that they are there, not what they mean. So does a flag
    that asks for a whole cluster: what one sign of it means alone it does not say.
    They are the yes/no findings of the category ``red_flag``, and the numbers of it and of ``laboratory``: a pack may not know what they
    mean, but it can say so. A cause asks only where it can be felt: a yes/no sign that tells of an emergency or urgent one is unread elsewhere.
    """
    assessing = [
        rule
        for rule in rules
        if not any(isinstance(x, model.Recommend) and x.kind == "self_care" for x in rule.then)
        and not all(isinstance(x, model.CriterionMet) for x in rule.then)
        and not ((rule.alert or rule.open_alert) and rule.asks_for_a_cluster)
    ]
    written = _terms_under(words, (rule.when for rule in assessing if rule.cause is None))
    weighed = _terms_under(words, (rule.when for rule in assessing if rule.cause is not None))
    places: dict[str, dict[str, None] | None] = {}
    for picture in (picture for cause in causes for picture in cause.profiles if picture.urgency in model.PRESSING):
        telling = [sign.when for group in picture.cues for sign in group if sign.points >= scale.telling]
        for id_ in _terms_under(words, telling):
            known = places.setdefault(id_, {})
            if not picture.where:
                places[id_] = None
            elif known is not None:
                known.update(dict.fromkeys(picture.where))
    found = {}
    for term in words.terms.values():
        if term.subject == "patient" and term.kind in DANGERS.get(term.category, ()) and not term.background and term.id not in written:
            where = places.get(term.id) if term.id in weighed and term.kind == "boolean" else {}
            if term.id not in weighed or where:
                found[term.id] = tuple(sorted(where or ()))
    return found


def _terms_under(words: model.Vocabulary, conditions: Iterable[c.Condition]) -> frozenset[str]:
    """The findings that conditions read, and those from which these follow."""
    read = {leaf.term for condition in conditions for leaf in c.walk(condition) if isinstance(leaf, c.Present | c.Compare)}
    sources = [source for term in words.terms.values() if term.id in read for source in (term.implied_by, term.denied_by) if source]
    return frozenset(read | {leaf.term for source in sources for leaf in c.walk(source) if isinstance(leaf, c.Present | c.Compare)})


def _recorded(term: model.Term, places: Sequence[str]) -> c.Condition:
    """A danger sign is present away from the places where it is read; a number is one whatever it is, for nobody can say that it is none."""
    recorded = c.Present(term.id) if term.kind == "boolean" or term.range is None else c.Known(c.Compare(term.id, above=term.range[0]))
    return c.All((recorded, c.Not(c.Established(c.PainAt(tuple(places)))))) if places else recorded


def _region_cycles(words: model.Vocabulary, places: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    for region in words.regions.values():
        chain, parent = [region.id], region.parent
        while parent and parent in words.regions and parent not in chain:
            chain.append(parent)
            parent = words.regions[parent].parent
        if parent == region.id:
            yield places["regions", region.id], " -> ".join([*chain, parent])


def _misfits(code: model.OmopCode, words: model.Vocabulary) -> Iterator[tuple[str, str | None]]:
    """What a code says that cannot be said of its finding, with the closest word that can."""
    if (code.code is None) == (code.concept is None) or (code.code is None) != (code.vocabulary is None):
        yield "needs vocabulary and code, or concept", None
    if sum(x is not None for x in (code.term, code.diagnosis, code.region)) != 1:
        yield "says one of term, diagnosis, region", None
    region = words.regions.get(code.region or "")
    if code.side is not None and (region is None or code.side not in region.sides):
        yield f"{code.side!r} is no side of {code.region or 'anything but a region'}", closest(code.side, region.sides if region else ())
    term = words.terms.get(code.term or "")
    if term is None:
        if code.term is None and (code.value is not None or code.unit is not None):
            yield "a value or a unit belongs to a finding", None
        return
    if term.subject != "patient" or term.fact:
        yield f"{term.id!r} is no finding of the patient that can be given", None
    number, worded = term.kind in ("number", "duration"), term.kind in ("one_of", "many_of")
    if code.value is not None and code.value not in term.values:
        yield f"{code.value!r} is no value of {term.id!r}", closest(code.value, term.values)
    if worded and code.value is None and not (code.answers and term.kind == "one_of"):
        yield f"{term.id!r} needs the value that the code states" + (", or answers" if term.kind == "one_of" else ""), None
    if code.answers and (number or term.kind == "many_of"):
        yield f"{term.id!r} takes no answers", None
    for answer in code.answers.values() if not number else ():
        known = term.values if worded else ("true", "false")
        if answer not in known:
            yield f"{answer!r} is no answer to {term.id!r}", closest(answer, known)
    unit, own = words.unit(code.unit or ""), words.units.get(term.unit or "")
    if code.unit is not None and (own is None or (unit is not None and unit.dimension != own.dimension)):
        yield f"{code.unit!r} does not measure {term.id!r}" + (f"; write it in {own.named or own.id}" if own else ""), None


class _ConditionParser:
    """Reads conditions as they are written; every fault is kept, and a faulty part becomes a placeholder."""

    def __init__(
        self,
        words: model.Vocabulary,
        place: Place,
        causes: Mapping[str, Cause] | None = None,
        shared: dict[c.Condition, c.Condition] | None = None,
    ) -> None:
        self.words = words
        self.place = place
        self.shared = {} if shared is None else shared
        self.causes = causes or {}
        self.faults: list[Fault] = []

    def parse(self, data: object, path: Steps, scope: model.Subject) -> c.Condition:
        """A condition; equal ones are one value, which makes them quick to look up."""
        made = self._parsed(data, path, scope)
        return self.shared.setdefault(made, made)

    def _parsed(self, data: object, path: Steps, scope: model.Subject) -> c.Condition:
        if isinstance(data, str):
            return self._term(data, None, path, scope)
        if not isinstance(data, dict) or len(data) != 1:
            return self._fault(path, f"a condition has exactly one form, got {shown(data)}")
        (form, value), *_ = data.items()
        if form in FORMS:
            return self._form(form, value, (*path, form), scope)
        return self._term(form, value, (*path, form), scope)

    def _fault(self, path: Steps, what: str, near: str | None = None) -> c.Condition:
        self.faults.append(Fault(self.place(path), what, near))
        return c.Present("")

    def _form(self, form: str, value: Any, path: Steps, scope: model.Subject) -> c.Condition:
        match form:
            case "all" | "any":
                of = self._several(value, path, scope)
                return (c.All if form == "all" else c.Any)(of)
            case "not":
                return c.Not(self.parse(value, path, scope))
            case "established":
                return c.Established(self.parse(value, path, scope))
            case "known":
                return c.Known(self.parse(value, path, scope))
            case "at_least":
                keys = self._keys(value, path, ("n", "of"))
                if keys is None:
                    return c.Present("")
                of = self._several(keys["of"], (*path, "of"), scope)
                if not isinstance(keys["n"], int) or isinstance(keys["n"], bool) or not 1 <= keys["n"] <= len(of):
                    return self._fault((*path, "n"), f"n must be a number from 1 to {len(of)}, got {shown(keys['n'])}")
                return c.AtLeast(keys["n"], of)
            case "item":
                keys = self._keys(value, path, ("id", "label", "is"))
                if keys is None:
                    return c.Present("")
                return c.Item(str(keys["id"]), str(keys["label"]), self.parse(keys["is"], (*path, "is"), scope))
            case "pain_at":
                return self._pain_at(value, path)
            case "label":
                return c.Label(self._ids(value, path, "diagnosis", self.words.diagnoses))
            case "derived":
                return c.Derived(value) if isinstance(value, str) else self._fault(path, f"expected an id, got {shown(value)}")
            case "muscle":
                self._only("muscle", scope, path)
                return c.MuscleIs(self._ids(value, path, "muscle", {*self.words.muscles, *self.words.groups}))
            case "label_is":
                self._only("label", scope, path)
                field = "id" if isinstance(value, dict) and "id" in value else "kind"
                keys = self._keys(value, path, (field,))
                known = sorted({getattr(d, field) for d in self.words.diagnoses.values()})
                what = "diagnosis" if field == "id" else "kind of diagnosis"
                return c.LabelIs(field, self._ids(keys[field], (*path, field), what, known)) if keys else c.Present("")
            case "label_muscle":
                self._only("label", scope, path)
                return c.LabelMuscle(self.parse(value, path, "muscle"))
            case "any_label":
                return c.AnyLabel(self.parse(value, path, "label"))
            case "suspicion":
                return self._suspicion(value, path)
            case "any_muscle" | "count_muscles":
                return self._muscles(form, value, path)
        raise AssertionError(f"a form that nobody reads: {form}")

    def _muscles(self, form: str, value: Any, path: Steps) -> c.Condition:
        wanted = ("where", "has") if form == "any_muscle" else ("where", "has", "at_least")
        keys = self._keys(value, path, wanted)
        if keys is None:
            return c.Present("")
        n = keys.get("at_least", 1)
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            return self._fault((*path, "at_least"), f"expected a whole number from 1, got {shown(n)}")
        return c.CountMuscles(c.All(tuple(self.parse(keys[key], (*path, key), "muscle") for key in ("where", "has"))), n)

    def _suspicion(self, value: Any, path: Steps) -> c.Condition:
        keys = self._keys(value, path, ("of", "at_least"))
        if keys is None:
            return c.Present("")
        n, of = keys["at_least"], keys["of"]
        if not isinstance(n, int) or isinstance(n, bool):
            return self._fault((*path, "at_least"), f"expected a whole number of points, got {shown(n)}")
        if not isinstance(of, str) or of not in self.causes:
            return self._fault((*path, "of"), f"no cause {shown(of)}", closest(str(of), self.causes))
        return c.Suspicion(of, n, self.causes[of].counted)

    def _pain_at(self, value: Any, path: Steps) -> c.Condition:
        side = None
        if isinstance(value, dict):
            keys = self._keys(value, path, ("regions", "side"))
            if keys is None:
                return c.Present("")
            value, side = keys["regions"], keys["side"]
            if side not in (*model.SIDES, c.WHOLE):
                return self._fault((*path, "side"), f"no side {side!r}", closest(side, (*model.SIDES, c.WHOLE)))
        return c.PainAt(self._ids(value, path, "region", self.words.regions), side)

    def _several(self, value: Any, path: Steps, scope: model.Subject) -> tuple[c.Condition, ...]:
        if not isinstance(value, list) or not value:
            return (self._fault(path, f"expected a list of conditions, got {shown(value)}"),)
        return tuple(self.parse(part, (*path, index), scope) for index, part in enumerate(value))

    def _keys(self, value: Any, path: Steps, wanted: Sequence[str]) -> dict[str, Any] | None:
        if isinstance(value, dict) and set(value) == set(wanted):
            return value
        given = sorted(value) if isinstance(value, dict) else shown(value)
        self._fault(path, f"expected the keys {', '.join(wanted)}, got {given}")
        return None

    def _ids(self, value: Any, path: Steps, kind: str, known: Iterable[str]) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            self._fault(path, f"expected a list of ids, got {shown(value)}")
            return ()
        for index, word in enumerate(value):
            if not isinstance(word, str) or word not in known:
                self._fault((*path, index), f"no {kind} {shown(word)}", closest(word, known))
        return tuple(str(word) for word in value)

    def _only(self, wanted: model.Subject, scope: model.Subject, path: Steps) -> None:
        if scope != wanted:
            self._fault(path, f"stands only in a rule about a {wanted}")

    def _term(self, word: str, value: Any, path: Steps, scope: model.Subject) -> c.Condition:
        term = self.words.terms.get(word)
        if term is None:
            return self._fault(path, f"no finding {word!r} in the vocabulary", closest(word, {*self.words.terms, *FORMS}))
        if term.subject not in ("patient", scope):
            where = "any_muscle or a rule about a muscle" if term.subject == "muscle" else f"a rule about a {term.subject}"
            return self._fault(path, f"{word!r} is a finding of a {term.subject}; it stands only in {where}")
        if term.kind == "boolean":
            if value is not None:
                return self._fault(path, f"{word!r} is a yes/no finding: write it alone, or under not")
            return c.Present(word)
        if term.kind in ("one_of", "many_of"):
            return c.Words(word, term.values if value == "any" else self._ids(value, path, f"value of {word!r}", term.values))
        return self._compare(term, value, path)

    def _compare(self, term: model.Term, value: Any, path: Steps) -> c.Condition:
        if not isinstance(value, dict) or not value:
            return self._fault(path, f"expected bounds ({', '.join(BOUNDS)}), got {shown(value)}")
        bounds: dict[str, float] = {}
        words: list[str] = []
        for key, bound in value.items():
            if key not in BOUNDS:
                self._fault((*path, key), f"no bound {key!r}", closest(key, BOUNDS))
                continue
            try:
                bounds[key], told = self.words.limit(key, bound, term)
            except Misfit as misfit:
                self._fault((*path, key), str(misfit), misfit.near)
                continue
            words += [f"{c.BOUND_WORDS[key]} {told}"] if told else []
        return c.Compare(term.id, **bounds, told=" and ".join(words) if len(words) == len(bounds) else "")


# --- digest -----------------------------------------------------------------------------------------------------------


def digest(base: model.KnowledgeBase) -> str:
    """
    SHA-256 over the loaded values, text included, as canonical JSON; comments and layout of the files do not count.
    """
    content = [
        base.pack,
        base.vocabulary,
        base.referrals,
        base.ranking,
        base.clues,
        base.prevalence,
        base.muscle_cues,
        base.asking,
        base.codes,
        base.references,
        base.claims,
        base.rules,
        base.shelved,
        base.omop,
        *([base.causes, base.scale] if base.causes else []),
    ]
    text = json.dumps([_canonical(part) for part in content], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if attrs.has(type(value)):
        fields = [a.name for a in attrs.fields(type(value)) if a.eq and not a.name.startswith("_")]
        return [type(value).__name__, {name: _canonical(getattr(value, name)) for name in fields}]
    if isinstance(value, Mapping):
        return {str(key): _canonical(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(part) for part in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
