"""
A caller's mapping becomes checked ``Findings``, or a ``FindingError`` that lists every fault. Nothing is dropped silently.

What follows from what was said (a temperature of 39 is a fever, pain in the calf is pain in the lower leg) is filled in as
the vocabulary declares it; a value that contradicts it is a fault.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from types import NoneType
from typing import Any, assert_never

import attrs

from mps_rules.errors import Fault, FindingError, Misfit, Suggestions, shown
from mps_rules.knowledge.regions import Spot, atlas_of
from mps_rules.knowledge.vocabulary import SIDES, Term, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Condition, View, describe, judge, walk
from mps_rules.patient.addresses import Address, meant
from mps_rules.patient.facts import Facts, Terrain
from mps_rules.patient.painmap import Hurting
from mps_rules.patient.values import Exam, Finding, Findings, GivenLabel, Pain

LONGEST_PLACE = 120
DEEPEST = 12
"""How deep findings may be nested; they never are by more than four."""
LARGEST = 1000
"""How many bits a whole number may have."""
STRUCTURED = ("pain", "pain_map_complete", "labels", "exam")
CARRIED = {
    "pain_regions": "pain",
    "pain_side": "pain",
    "examined_muscle": "exam",
    "examined_side": "exam",
    "prior_label": "labels",
}
"""Ids of the term list that the structured keys carry."""


def read_findings(data: Any, terrain: Terrain) -> Findings:
    """
    The findings of one patient, checked against the vocabulary and completed by what follows from them.

    Raises:
        FindingError: unknown words, wrong types or units, values out of range, impossible sides, contradictions; all of them.

    """
    reader = _Reader(terrain.vocabulary)
    try:
        findings = reader.read(_written_out(data, terrain.vocabulary))
    except Exception as error:
        raise FindingError([*reader.faults, Fault("", f"holds what is no plain data ({type(error).__name__})")]) from error
    if reader.faults:
        raise FindingError(reader.faults)
    findings, faults = _completed(findings, terrain)
    if faults:
        raise FindingError(faults)
    return findings


def _written_out(data: Any, words: Vocabulary) -> Any:
    """
    What is said under an address (``pain.calf``, ``gluteus_medius.left.taut_band``), at the place where it belongs.

    What names nothing, and what stands beside something that is no such place, is left as it is, and is a fault there.
    """
    if not isinstance(data, Mapping):
        return data
    known = {key: at for key in data if isinstance(key, str) and "." in key and (at := meant(key, words))}
    found = {key: value for key, value in data.items() if key not in known}
    for key, at in known.items():
        held = STANDS[at.kind]
        joined = _joined(found.get(held), at, data[key])
        found[held if joined is not None else key] = data[key] if joined is None else joined
    return found


STANDS = {"pain": "pain", "given": "labels", "label": "labels", "muscle": "exam", "patient": ""}
"""Under which key a thing that an address names is written."""


def _joined(there: Any, at: Address, value: Any) -> Any:
    """What stands under a key with one thing more; None where it cannot be joined."""
    side = {"side": at.side} if at.side else {}
    if at.kind == "pain" and isinstance(there, list | tuple | NoneType):
        return [*(there or ()), *([] if value is None else [{"region": at.name, **side, "present": value}])]
    if at.kind == "muscle" and isinstance(there, list | tuple | NoneType):
        entries = list(there or ())
        place = next(
            (n for n, e in enumerate(entries) if isinstance(e, Mapping) and (e.get("muscle"), e.get("side")) == (at.name, at.side)), None
        )
        if place is None:
            return [*entries, {"muscle": at.name, **side, at.term: value}]
        return [*entries[:place], {**entries[place], at.term: value}, *entries[place + 1 :]]
    if at.kind in ("given", "label") and isinstance(there, str | list | tuple | Mapping | NoneType):
        labels = dict(there) if isinstance(there, Mapping) else dict.fromkeys([there] if isinstance(there, str) else there or (), True)
        own = labels.get(at.name)
        if at.kind == "label":
            labels[at.name] = {**(own if isinstance(own, Mapping) else {}), at.term: value}
        elif value is not True or not isinstance(own, Mapping):
            labels[at.name] = value
        return labels
    return None


class _Reader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.words = vocabulary
        self.faults: list[Fault] = []
        self._suggestions = Suggestions()

    def read(self, data: Any) -> Findings:
        data = self._plain(data, "", DEEPEST)
        if not isinstance(data, Mapping):
            self._fault("", f"findings are one mapping of finding to value, got {shown(data)}")
            return Findings()
        complete = data.get("pain_map_complete")
        if complete is not None and not isinstance(complete, bool):
            self._fault("pain_map_complete", f"expected true or false, got {shown(complete)}")
        patient = [f for key, value in data.items() if key not in STRUCTURED if (f := self._own(key, value))]
        return Findings(
            patient=tuple(sorted(patient, key=lambda f: f.term)),
            pain=self._pain(data.get("pain")),
            pain_map_complete=complete if isinstance(complete, bool) else None,
            labels=self._labels(data.get("labels")),
            exam=self._exam(data.get("exam")),
        )

    def _fault(self, where: str, what: str, near: str | None = None) -> None:
        self.faults.append(Fault(where if len(where) <= LONGEST_PLACE else f"{where[:LONGEST_PLACE]}...", what, near))

    # --- plain data

    def _plain(self, value: Any, where: str, depth: int) -> Any:
        """Mappings, lists, texts, numbers and truths as Python's own, scalars of numpy too; anything else is a fault, and not known."""
        if value is None or isinstance(value, bool | str | float):
            return value
        if isinstance(value, int):
            return self._odd(where, "is too large a number") if value.bit_length() > LARGEST else value
        if not depth:
            return self._odd(where, "is nested too deep")
        try:
            if isinstance(value, Mapping):
                return {key: self._plain(part, f"{where}.{key}" if where else str(key), depth - 1) for key, part in value.items()}
            if isinstance(value, list | tuple):
                parts = [self._plain(part, f"{where}[{number}]", depth - 1) for number, part in enumerate(value)]
                return parts if isinstance(value, list) else tuple(parts)
            if type(value).__module__ == "numpy" and value.shape == ():
                return self._plain(value.item(), where, depth - 1)
        except Exception as error:  # noqa: BLE001 - whatever an object of somebody else's does when it is read
            return self._odd(where, f"cannot be read ({type(error).__name__})")
        return self._odd(where, f"expected plain data, got a value of the type {type(value).__name__}")

    def _odd(self, where: str, what: str) -> None:
        self._fault(where, what)

    # --- findings

    def _own(self, key: Any, value: Any) -> Finding | None:
        if not isinstance(key, str):
            self._fault("", f"a finding's name must be a word, got {shown(key)}")
            return None
        if key in CARRIED:
            self._fault(key, f"is written under {CARRIED[key]!r}", CARRIED[key])
            return None
        term = self.words.terms.get(key)
        if term is not None and term.subject != "patient":
            where = "in an entry of 'exam'" if term.subject == "muscle" else "under its diagnosis in 'labels'"
            self._fault(key, f"is a finding of one {term.subject}; write it {where}")
            return None
        return self._finding(key, value, key)

    def _finding(self, key: str, value: Any, where: str) -> Finding | None:
        term = self.words.terms.get(key)
        if term is None:
            self._fault(where, f"no finding {key[:80]!r} in the vocabulary", self._nearest(key))
            return None
        if term.fact:
            self._fault(where, "is worked out from the pain map and the examination, not given")
            return None
        if value is None:
            return None
        try:
            return self._value(term, value, where)
        except Misfit as misfit:
            self._fault(where, str(misfit), misfit.near)
            return None

    @cached_property
    def _by_label(self) -> dict[str, str]:
        """The findings by what else they are called; where several are called so, the first of the vocabulary."""
        terms = reversed(tuple(self.words.terms.values()))
        return {name.lower(): term.id for term in terms for name in (term.label, *term.synonyms)}

    def _nearest(self, key: str) -> str | None:
        plain = key[:LONGEST_PLACE].lower().replace("_", " ").strip()
        if plain in self._by_label:
            return self._by_label[plain]
        return self._suggestions.closest(key, {*self.words.terms, *STRUCTURED})

    def _value(self, term: Term, value: Any, where: str) -> Finding | None:
        if term.kind == "boolean":
            if not isinstance(value, bool):
                hint = " (not known: leave it out)" if value == "unknown" else ""
                raise Misfit(f"expected true or false, got {shown(value)}{hint}")
            return Finding(term.id, value)
        if term.kind in ("number", "duration"):
            return self._range(term, value) if isinstance(value, Mapping) else Finding(term.id, self.words.quantity(value, term))
        given = self._words(term, value, where)
        words = tuple(word for word in term.values if given.get(word) is True)
        denied = tuple(word for word in term.values if given.get(word) is False)
        if term.kind == "one_of":
            if len(words) > 1:
                raise Misfit(f"takes one value, got {', '.join(words)}")
            if words:
                denied = tuple(word for word in term.values if word not in words)
        return Finding(term.id, None, words, denied) if words or denied else None

    def _range(self, term: Term, value: Mapping[Any, Any]) -> Finding:
        """A number of which only the range is known: ``{at_least: 55, at_most: 56}``."""
        if set(value) != {"at_least", "at_most"}:
            raise Misfit(f"expected a number, got {shown(value)}" if not value else f"expected at_least and at_most, got {shown(value)}")
        lowest, highest = (self.words.quantity(value[key], term) for key in ("at_least", "at_most"))
        if lowest > highest:
            raise Misfit(f"at_least {lowest:g} is more than at_most {highest:g}")
        return Finding(term.id, lowest) if lowest == highest else Finding(term.id, between=(lowest, highest))

    def _words(self, term: Term, value: Any, where: str) -> dict[str, bool]:
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list | tuple):
            value = dict.fromkeys(value, True) if all(isinstance(word, str) for word in value) else value
        if not isinstance(value, Mapping):
            raise Misfit(f"expected words of {term.id!r}, got {shown(value)}")
        given: dict[str, bool] = {}
        for word, truth in value.items():
            if word not in term.values:
                self._fault(where, f"no value {shown(word)} of {term.id!r}", self._suggestions.closest(word, term.values))
            elif truth is not None and not isinstance(truth, bool):
                self._fault(f"{where}.{word}", f"expected true or false, got {shown(truth)}")
            elif truth is not None:
                given[word] = truth
        return given

    # --- pain map

    def _pain(self, data: Any) -> tuple[Pain, ...]:
        if data is None:
            return ()
        if not isinstance(data, list | tuple):
            self._fault("pain", f"expected a list of painful regions, got {shown(data)}")
            return ()
        entries = [entry for index, item in enumerate(data) for entry in self._pain_entry(item, f"pain[{index}]")]
        seen: dict[tuple[str, str | None], Pain] = {}
        for entry in entries:
            first = seen.setdefault((entry.region, entry.side), entry)
            if first.present != entry.present:
                self._fault("pain", f"{entry.region} ({entry.side or 'side not given'}) is said to hurt and to be free of pain")
            elif first.intensity is not None and entry.intensity is not None and first.intensity != entry.intensity:
                self._fault(
                    "pain",
                    f"{entry.region} ({entry.side or 'side not given'}) has two intensities: {first.intensity:g} and {entry.intensity:g}",
                )
            elif first.intensity is None:
                seen[entry.region, entry.side] = entry
        return tuple(sorted(seen.values(), key=lambda e: (e.region, e.side or "")))

    def _pain_entry(self, item: Any, where: str) -> Iterable[Pain]:
        if isinstance(item, str):
            name, dot, after = item.partition(".")
            item = {"region": name, **({"side": after} if dot else {})}
        if not isinstance(item, Mapping) or "region" not in item:
            self._fault(where, f"expected a region, region.side, or a mapping with region, got {shown(item)}")
            return
        self._extra(item, ("region", "side", "present", "intensity"), where)
        region, side, present, intensity = (item.get(key) for key in ("region", "side", "present", "intensity"))
        if not isinstance(region, str) or region not in self.words.regions:
            self._fault(f"{where}.region", f"no region {shown(region)}", self._suggestions.closest(region, self.words.regions))
            return
        if present is None:
            present = True
        if not isinstance(present, bool):
            self._fault(f"{where}.present", f"expected true or false, got {shown(present)}")
            return
        level = None
        if intensity is not None:
            try:
                level = self.words.quantity(intensity, self._intensity())
            except Misfit as misfit:
                self._fault(f"{where}.intensity", str(misfit), misfit.near)
            if level is not None and (level > 0) != present:
                self._fault(where, f"an intensity of {level:g} contradicts present: {str(present).lower()}")
        for one in self._sides(region, side, f"{where}.side"):
            yield Pain(region, one, present, level)

    def _intensity(self) -> Term:
        if "pain_intensity" not in self.words.terms:
            raise Misfit("the vocabulary has no finding 'pain_intensity'")
        return self.words.terms["pain_intensity"]

    def _sides(self, region: str, side: Any, where: str) -> tuple[str | None, ...]:
        possible = self.words.regions[region].sides
        if side is None:
            return (None,)
        if side == "bilateral" and possible:
            return SIDES
        if side in possible:
            return (side,)
        if side == "midline" and not possible:
            return (None,)
        if side in (*SIDES, "bilateral", "midline"):
            parts = [r.id for r in self.words.regions.values() if r.parent == region and r.sides]
            hint = f"; name a part of it, such as {parts[0]}" if parts else ""
            has = f"has {' and '.join(possible)}" if possible else "has no sides"
            self._fault(where, f"{side!r} is impossible: {region} {has}{hint}")
        else:
            self._fault(where, f"no side {shown(side)}", self._suggestions.closest(side, (*SIDES, "bilateral", "midline")))
        return ()

    def _extra(self, item: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
        for key in item:
            if key not in known:
                self._fault(where, f"no such key {shown(key)} here", self._suggestions.closest(key, known))

    # --- diagnoses and examination

    def _labels(self, data: Any) -> tuple[GivenLabel, ...]:
        if data is None:
            return ()
        if isinstance(data, str):
            data = [data]
        if isinstance(data, list | tuple):
            data = dict.fromkeys(data, True) if all(isinstance(word, str) for word in data) else data
        if not isinstance(data, Mapping):
            self._fault("labels", f"expected diagnoses, got {shown(data)}")
            return ()
        given = [label for id_, value in data.items() if (label := self._label(id_, value, f"labels.{id_}"))]
        return tuple(sorted(given, key=lambda g: g.label))

    def _label(self, id_: Any, value: Any, where: str) -> GivenLabel | None:
        if id_ not in self.words.diagnoses:
            self._fault(where, f"no diagnosis {shown(id_)}", self._suggestions.closest(id_, self.words.diagnoses))
            return None
        if value is None or isinstance(value, bool):
            return None if value is None else GivenLabel(id_, value)
        if not isinstance(value, Mapping):
            self._fault(where, f"expected true, false, or findings about this diagnosis, got {shown(value)}")
            return None
        return GivenLabel(id_, True, self._findings_of("label", value, where))

    def _exam(self, data: Any) -> tuple[Exam, ...]:
        if data is None:
            return ()
        if not isinstance(data, list | tuple):
            self._fault("exam", f"expected a list of muscles examined, got {shown(data)}")
            return ()
        merged: dict[tuple[str, str | None], dict[str, Finding]] = {}
        for index, item in enumerate(data):
            for exam in self._exam_entry(item, f"exam[{index}]"):
                found = merged.setdefault((exam.muscle, exam.side), {})
                for finding in exam.findings:
                    if found.setdefault(finding.term, finding) != finding:
                        self._fault(f"exam[{index}].{finding.term}", f"contradicts an earlier entry for the same muscle, {exam.muscle}")
        return tuple(
            Exam(muscle, side, tuple(sorted(found.values(), key=lambda f: f.term)))
            for (muscle, side), found in sorted(merged.items(), key=lambda item: (item[0][0], item[0][1] or ""))
        )

    def _exam_entry(self, item: Any, where: str) -> Iterable[Exam]:
        if not isinstance(item, Mapping) or "muscle" not in item:
            self._fault(where, f"expected a mapping with muscle, got {shown(item)}")
            return
        muscle, side = item["muscle"], item.get("side")
        known = {*self.words.muscles, *self.words.groups}
        if not isinstance(muscle, str) or muscle not in known:
            self._fault(f"{where}.muscle", f"no muscle {shown(muscle)}", self._suggestions.closest(muscle, known))
            return
        if side is not None and side not in ("bilateral", *SIDES):
            self._fault(f"{where}.side", f"no side {shown(side)} of a muscle", self._suggestions.closest(side, (*SIDES, "bilateral")))
            return
        rest = {key: value for key, value in item.items() if key not in ("muscle", "side")}
        findings = self._findings_of("muscle", rest, where)
        for one in SIDES if side == "bilateral" else (side,):
            yield Exam(muscle, one, findings)

    def _findings_of(self, subject: str, data: Mapping[Any, Any], where: str) -> tuple[Finding, ...]:
        found = []
        for key, value in data.items():
            term = self.words.terms.get(key) if isinstance(key, str) else None
            if term is not None and term.subject != subject:
                place = {"patient": "beside 'exam' and 'labels'", "muscle": "in 'exam'", "label": "in 'labels'"}[term.subject]
                self._fault(f"{where}.{key}", f"is not a finding of one {subject}; write it {place}")
            elif finding := self._finding(str(key), value, f"{where}.{key}"):
                found.append(finding)
        return tuple(sorted(found, key=lambda f: f.term))


# --- what follows -----------------------------------------------------------------------------------------------------


class _Following:
    """
    Which findings follow from which, by what they read; it holds no patient.

    ``by_place`` are those that follow from pain in some place, or from the lack of it; ``by_name`` the others, ``""`` for pain and diagnoses.
    """

    def __init__(self, terrain: Terrain) -> None:
        self.words = words = terrain.vocabulary
        self.atlas = atlas_of(terrain.tree)
        self.by_place: list[tuple[Finding, bool, tuple[Spot, ...], int]] = []
        found: dict[str, dict[int, tuple[Finding, Condition]]] = {}
        sources = (
            (term, source, value) for term in words.terms.values() for source, value in ((term.implied_by, True), (term.denied_by, False))
        )
        for number, (term, source, value) in enumerate(sources):
            if source is None:
                continue
            finding = Finding(term.id, value, follows_from=describe(source, words.name))
            of, negated = (source.of, True) if isinstance(source, c.Not) else (source, False)
            if isinstance(of, c.PainAt):
                spots, needed = tuple((region, of.side) for region in of.regions), 0
                for spot in spots:
                    needed |= self.atlas.needed[spot]
                self.by_place.append((finding, negated, spots, needed))
                continue
            for name in {name for leaf in walk(source) for name in self._names(leaf)}:
                found.setdefault(name, {})[number] = (finding, source)
        self.by_name = {name: tuple(entries.items()) for name, entries in found.items()}
        self.totals = frozenset(total for m in words.measures.values() for total in (m.id, m.also_total) if total)
        self.excluding = terrain.excluding

    def _names(self, leaf: Condition) -> Iterator[str]:
        match leaf:
            case c.Present(term) | c.Words(term) | c.Compare(term):
                yield from self._items(term)
            case c.PainAt() | c.PainNamed() | c.PainApart() | c.Label() | c.AnyLabel():
                yield ""
            case c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item() | c.Established() | c.Known() | c.CountMuscles() | c.LabelMuscle():
                return
            case c.Suspicion() | c.InReach():
                raise TypeError(f"nothing follows from: {leaf!r}")
            case c.Derived() | c.MuscleIs() | c.LabelIs():
                raise TypeError(f"nothing follows from: {leaf!r}")
            case _:
                assert_never(leaf)

    def _items(self, name: str) -> Iterator[str]:
        yield name
        measure = self.words.measures.get(name)
        if measure is not None:
            for item in (*measure.sum, *((measure.also_total,) if measure.also_total else ())):
                yield from self._items(item)
            for leaf in (leaf for condition in measure.count for leaf in walk(condition)):
                yield from self._names(leaf)


@lru_cache(maxsize=8)
def _following(terrain: Terrain) -> _Following:
    return _Following(terrain)


class _Contradicted(Exception):  # noqa: N818 - no error of anybody's: it says that the faults are to be worded
    """Findings may contradict each other."""


def _completed(findings: Findings, terrain: Terrain) -> tuple[Findings, list[Fault]]:
    """The findings with everything that follows from them, and every contradiction."""
    try:
        return _completed_where_told(findings, terrain), []
    except _Contradicted:
        return _completed_and_checked(findings, terrain)


def _completed_where_told(findings: Findings, terrain: Terrain) -> Findings:
    """
    As ``_completed_and_checked``: only what can follow from what was said is looked at.

    Raises:
        _Contradicted: some of it may contradict the rest.

    """
    following = _following(terrain)
    given = {finding.term: finding for finding in findings.patient}
    hurting = Hurting(following.atlas, findings, given)
    fresh = [*given, *([""] if hurting.entries or hurting.free or findings.labels else [])]
    new = dict(_by_place(following, hurting, given)) if hurting.entries or hurting.free else {}
    while True:
        entries = {number: entry for name in fresh for number, entry in following.by_name.get(name, ())}
        if entries:
            view = Facts(terrain, findings).view()
            for finding, source in entries.values():
                if judge(source, view) is True:
                    told = describe(_holding(source, view), terrain.vocabulary.name) if isinstance(source, c.Any) else ""
                    _take(attrs.evolve(finding, follows_from=told) if told else finding, given, new)
        if not new:
            break
        given |= new
        fresh, new = list(new), {}
        findings = attrs.evolve(findings, patient=tuple(sorted(given.values(), key=lambda finding: finding.term)))
    _check(findings, terrain, following, given, hurting)
    return findings


def _take(finding: Finding, given: Mapping[str, Finding], new: dict[str, Finding]) -> None:
    """A finding that follows; what was said stays as it was said."""
    known = given.get(finding.term)
    if known is None:
        known = new.setdefault(finding.term, finding)
    if known.value is not finding.value:
        raise _Contradicted


def _by_place(following: _Following, hurting: Hurting, given: Mapping[str, Finding]) -> dict[str, Finding]:
    new: dict[str, Finding] = {}
    free = hurting.free
    for finding, negated, spots, needed in following.by_place:
        follows = bool(free) and not needed & ~free and hurting.spots.isdisjoint(spots) if negated else not hurting.spots.isdisjoint(spots)
        if follows:
            _take(finding, given, new)
    return new


def _check(findings: Findings, terrain: Terrain, following: _Following, given: Mapping[str, Finding], hurting: Hurting) -> None:
    for one, other in following.excluding:
        if one in given and other in given and given[one].value is True and given[other].value is True:
            raise _Contradicted
    for entry in hurting.entries if hurting.free else ():
        if entry.side != "midline" and following.atlas.is_free((entry.region, entry.side), hurting.free):
            raise _Contradicted
    if not following.totals.isdisjoint(given) and any(True for _ in _false_totals(Facts(terrain, findings))):
        raise _Contradicted


def _completed_and_checked(findings: Findings, terrain: Terrain) -> tuple[Findings, list[Fault]]:
    """The findings with everything that follows from them, and every contradiction met on the way, in words."""
    words = terrain.vocabulary
    sources = [term for term in words.terms.values() if term.implied_by or term.denied_by]
    faults: dict[str, Fault] = {}
    while True:
        facts = Facts(terrain, findings)
        view = facts.view()
        new: list[Finding] = []
        for term in sources:
            for source, value in ((term.implied_by, True), (term.denied_by, False)):
                if source is None or judge(source, view) is not True:
                    continue
                known = facts.booleans.get(term.id)
                if known is None and not any(finding.term == term.id for finding in new):
                    new.append(Finding(term.id, value, follows_from=describe(_holding(source, view), words.name)))
                elif known is not None and known is not value:
                    said = "present" if known else "absent"
                    faults[term.id] = Fault(
                        term.id, f"is given as {said}, but the opposite follows from: {describe(_holding(source, view), words.name)}"
                    )
        if not new or faults:
            break
        findings = attrs.evolve(findings, patient=tuple(sorted((*findings.patient, *new), key=lambda f: f.term)))
    return findings, [*faults.values(), *_contradictions(facts)]


def _holding(source: Condition, view: View) -> Condition:
    """The part of a source that made it hold: the first of its ways that does."""
    if isinstance(source, c.Any):
        return next(_holding(part, view) for part in source.of if judge(part, view) is True)
    return source


def _contradictions(facts: Facts) -> Iterable[Fault]:
    words, pain_map = facts.vocabulary, facts.pain_map
    for term in words.terms.values():
        for other in term.excludes:
            if facts.booleans.get(term.id) and facts.booleans.get(other):
                yield Fault(term.id, f"cannot be present together with {other}")
    for entry in pain_map.painful:
        if entry.side != "midline" and pain_map.is_free(entry.region, entry.side):
            yield Fault("pain", f"{entry.region} is said to hurt, but every part of it is said to be free of pain")
    yield from _false_totals(facts)


def _false_totals(facts: Facts) -> Iterable[Fault]:
    """Totals that their items do not allow; a total that several forms share is false only when no form allows it."""
    forms: dict[str, list[str]] = {}
    for measure in facts.vocabulary.measures.values():
        for total in filter(None, (measure.id, measure.also_total)):
            forms.setdefault(total, []).append(measure.id)
    for total, measures in forms.items():
        stated = facts.given.get(total)
        if stated is None or any(facts.interval_of(stated) & facts.items(measure) for measure in measures):
            continue
        allowed = " or ".join(f"{facts.items(measure)} ({measure})" for measure in measures)
        yield Fault(total, f"a total of {facts.interval_of(stated)} contradicts its items, which allow {allowed}")
