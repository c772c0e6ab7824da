"""Folders are read file by file onto one shelf: entries by kind and id, each with its place, and every fault."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from mps_rules.errors import Fault, KnowledgeError, closest, shown
from mps_rules.errors import Path as Steps
from mps_rules.knowledge.cause_files import CauseRow, ScaleFile
from mps_rules.knowledge.causes import Cause, Scale
from mps_rules.knowledge.code_tables import CodeMap, CodeMeaning, Omop
from mps_rules.knowledge.pack import Asking, Pack, Ranking
from mps_rules.knowledge.shapes import (
    FILES,
    SHELF_FOLDERS_APART,
    AskingFile,
    CodesFile,
    FindingsFile,
    InvariantsFile,
    InvariantShape,
    OmopFile,
    RankingFile,
    RuleShape,
    identity,
)
from mps_rules.language import conditions as c
from mps_rules.language.reading import Document, Unreadable, files_of, read_yaml, text_of
from mps_rules.language.structure import structure

Place = Callable[[Steps], str]


class Shelf:
    """What has been read of the folders so far, and every fault found."""

    def __init__(self, folders: Sequence[Path], names: Sequence[str] = ()) -> None:
        self.folders = [Path(folder) for folder in folders]
        self.called = [name.rstrip("/") for name in names or [folder.as_posix() for folder in self.folders]]
        self.shown_as = [f"{name}/" if len(self.folders) > 1 else "" for name in self.called]
        self.within: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.found: dict[str, dict[str, Any]] = {name: {} for name in (*FILES, "findings")}
        self.places: dict[tuple[str, str], str] = {}
        self.raw_rules: dict[str, tuple[RuleShape, Document]] = {}
        self.rules_below: dict[str, str] = {}
        self.pack: Pack | None = None
        self.ranking = Ranking({}, {}, 0.0, 0.0, (), 0.0, ())
        self.asking = Asking()
        self.omop = Omop()
        self.omop_files: list[tuple[Omop, Place]] = []
        self.codes = CodeMap(canonical="urn:mps-rules")
        self.codes_here: set[str] = set()
        self.raw_causes: dict[str, tuple[CauseRow, Document]] = {}
        self.raw_invariants: dict[str, tuple[InvariantShape, str]] = {}
        self.scale = Scale()
        self.causes: dict[str, Cause] = {}
        self.shared: dict[c.Condition, c.Condition] = {}

    def _stop_if_faulty(self) -> None:
        if self.faults:
            raise KnowledgeError(self.faults)

    # --- reading

    def _read_folder(self, folder: Path, under: str = "") -> None:
        """Every file of a folder; ``under`` stands before its path wherever it is named."""
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
            shown_name = f"{under}{name}"
            if name.endswith(".yml"):
                self.faults.append(Fault(shown_name, "would be passed over: name it .yaml"))
                continue
            if name.endswith(".cases.yaml"):
                continue
            self.within[shown_name] = name
            try:
                document = read_yaml(text_of(path, shown_name), shown_name)
            except Unreadable as error:
                self.faults += error.faults
                continue
            self._take(name, document)

    def _state(self, document: Document) -> None:
        """Keeps what must hold for every patient; what a pack below has stated stays as it was."""
        stated, faults = structure(document.data, InvariantsFile, document.place)
        self.faults += faults
        for index, one in enumerate(stated.invariants if stated else ()):
            place = document.place(("invariants", index))
            if one.id in self.raw_invariants:
                self.faults.append(Fault(place, f"the invariant {one.id!r} is stated already at {self.raw_invariants[one.id][1]}"))
            self.raw_invariants.setdefault(one.id, (one, place))

    def _take(self, name: str, document: Document) -> None:
        top = name.partition("/")[0]
        if name == "pack.yaml":
            pack, faults = structure(document.data, Pack, document.place)
            self.faults += faults
            self.pack = self.pack.under(pack) if self.pack and pack else pack or self.pack
        elif name.startswith("vocabulary/findings/"):
            file, faults = structure(document.data, FindingsFile, document.place)
            self.faults += faults
            for index, finding in enumerate(file.findings if file else ()):
                self._keep("findings", finding.id, (file.category if file else "", finding), document.place(("findings", index)))
        elif name == "referral/ranking.yaml":
            weights, faults = structure(document.data, RankingFile, document.place)
            self.faults += faults
            self.ranking = weights.ranking if weights else self.ranking
        elif name == "asking.yaml":
            asking, faults = structure(document.data, AskingFile, document.place)
            self.faults += faults
            self.asking = asking.asking if asking else self.asking
        elif name == "invariants.yaml":
            self._state(document)
        elif name == "omop.yaml":
            mapping, faults = structure(document.data, OmopFile, document.place)
            self.faults += faults
            if mapping:
                self.omop = self.omop.under(mapping.omop)
                self.omop_files.append((mapping.omop, document.place))
        elif name == "codes.yaml" or top == "codes":
            codes, faults = structure(document.data, CodesFile, document.place)
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
            if key not in FILES:
                self.faults.append(Fault(document.source, f"begins with {shown(key)}", closest(key, FILES)))
                return
            file, faults = structure(document.data, FILES[key], document.place)
            self.faults += faults
            for index, entry in enumerate(getattr(file, key) if file else ()):
                id_ = identity(key, entry)
                self._keep(key, id_, entry, document.place((key, index)))
        else:
            self._take_rule(document)

    def _take_codes(self, codes: CodeMap, place: Place) -> None:
        """A map of codes laid over those of the folders before: the same system, place or code is replaced, the rest stays."""
        codes = attrs.evolve(
            codes, meanings=tuple(attrs.evolve(meaning, system=meaning.system or codes.system) for meaning in codes.meanings)
        )
        self.places |= {("codes", row_key(one)): place(("codes", "meanings", number)) for number, one in enumerate(codes.meanings)}
        self.places |= {("code systems", one.id): place(("codes", "systems", number)) for number, one in enumerate(codes.systems)}
        self.places |= {("orders", one.id): place(("codes", "orders", number)) for number, one in enumerate(codes.orders)}
        keys, rows = {code_key(meaning) for meaning in codes.meanings}, Counter(row_key(meaning) for meaning in codes.meanings)
        twice = {
            (row_key(meaning), code_key(meaning))
            for meaning in codes.meanings
            if rows[row_key(meaning)] > 1 or code_key(meaning) in self.codes_here
        }
        self.faults += [Fault(self.places["codes", row], f"{key} is given twice") for row, key in sorted(twice)]
        self.codes_here |= keys
        self.codes = attrs.evolve(
            codes,
            canonical=codes.canonical or self.codes.canonical,
            system="",
            look_back_days={**self.codes.look_back_days, **codes.look_back_days},
            systems=tuple({system.id: system for system in (*self.codes.systems, *codes.systems)}.values()),
            places=tuple({one.id: one for one in (*self.codes.places, *codes.places)}.values()),
            meanings=(*(meaning for meaning in self.codes.meanings if code_key(meaning) not in keys), *codes.meanings),
            orders=tuple({order.id: order for order in (*self.codes.orders, *codes.orders)}.values()),
        )

    def _keep(self, kind: str, id_: str, entry: Any, place: str) -> None:
        if id_ in self.found[kind]:
            self.faults.append(Fault(place, f"{id_!r} is given twice (first: {self.places[kind, id_]})"))
        self.found[kind][id_] = entry
        self.places[kind, id_] = place

    def _take_rule(self, document: Document) -> None:
        raw, faults = structure(document.data, RuleShape, document.place)
        self.faults += faults
        if raw is None:
            return
        known = self.rules_below | {id_: document.source for id_, (_, document) in self.raw_rules.items()}
        if raw.id in known and raw.replaces != raw.id:
            first = known[raw.id]
            self.faults.append(
                Fault(document.place(("id",)), f"rule {raw.id!r} is already in {first}; to replace it write replaces: {raw.id}")
            )
        if raw.replaces and raw.replaces not in known:
            self.faults.append(Fault(document.place(("replaces",)), f"no rule {raw.replaces!r} to replace", closest(raw.replaces, known)))
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


def code_key(meaning: CodeMeaning) -> str:
    """What names the meaning of a code: the system, and the code or its beginning."""
    return f"{meaning.system} {meaning.code}" if meaning.code else f"{meaning.system} {meaning.prefix}..."


def row_key(meaning: CodeMeaning) -> str:
    """What tells the rows of one code apart: of which encounters, and what they say."""
    return " ".join((code_key(meaning), meaning.encounter, meaning.label, meaning.finding, meaning.word, meaning.region, meaning.side))
