"""
A caller's mapping becomes checked ``Findings``, or a ``FindingError`` that lists every fault. Nothing is dropped silently.

What follows from what was said (a temperature of 39 is a fever, pain in the calf is pain in the lower leg) is filled in as
the vocabulary declares it; a value that contradicts it is a fault.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, assert_never

import attrs

from mps_rules.errors import Fault, FindingError, Misfit, Suggestions, shown
from mps_rules.knowledge.regions import Spot, atlas_of
from mps_rules.knowledge.vocabulary import SIDES, Term
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Condition, View, describe, judge, walk
from mps_rules.patient.dialects import STRUCTURED, Said, Spoken, addresses_of, as_truth, plain_values
from mps_rules.patient.facts import Facts, Terrain
from mps_rules.patient.forms import Lexicon, LexiconKind
from mps_rules.patient.painmap import Hurting
from mps_rules.patient.values import Exam, Finding, Findings, GivenLabel, Pain, RegionExam

LONGEST_PLACE = 120
_SINCE = re.compile(r"\s*since\s+([12][0-9]{3})(?:-([01]?[0-9])(?:-([0-3]?[0-9]))?)?\s*\Z", re.IGNORECASE)
"""A time told by when it began; a day told only by its month or year leaves a range."""
CARRIED = {
    "pain_regions": "pain",
    "pain_side": "pain",
    "examined_muscle": "exam",
    "examined_side": "exam",
    "prior_label": "labels",
}
"""Ids of the term list that the structured keys carry."""


def read_findings(data: Any, terrain: Terrain, on: date | None = None) -> Findings:
    """
    The findings of one patient, checked against the vocabulary and completed by what follows from them.

    ``on`` is the day on which they are read: a time may then be told by when it began ("since 2021-05").

    Raises:
        FindingError: unknown words, wrong types or units, values out of range, impossible sides, contradictions; all of them.

    """
    reader = _Reader(terrain, on)
    try:
        findings = reader.read(data)
    except Exception as error:
        raise FindingError([*reader.faults, Fault("", f"holds what is no plain data ({type(error).__name__})")]) from error
    if reader.faults:
        raise FindingError(reader.faults)
    findings, faults = _completed(findings, terrain)
    if faults:
        raise FindingError(faults)
    return findings


class _Reader:
    def __init__(self, terrain: Terrain, on: date | None = None) -> None:
        self.terrain, self.words, self.on = terrain, terrain.vocabulary, on
        self.faults: list[Fault] = []
        self._suggestions = Suggestions()

    def read(self, data: Any) -> Findings:
        data = plain_values(data, self._fault)
        if not isinstance(data, Mapping):
            self._fault("", f"findings are one mapping of finding to value, got {shown(data)}")
            return Findings()
        spoken = Spoken.of(data, self.words, self._fault)
        complete = self._truth(spoken.structured["pain_map_complete"], "pain_map_complete")
        loose = {key: value for key, value in spoken.own.items() if self._is_about_a_label(key)}
        patient = [f for key, value in spoken.own.items() if key not in loose and (f := self._own(key, value))]
        return Findings(
            patient=tuple(sorted(patient, key=lambda f: f.term)),
            pain=self._pain(spoken.structured["pain"], spoken.pain),
            pain_map_complete=complete,
            labels=self._about_the_only(loose, self._labels(spoken.structured["labels"], spoken.given)),
            exam=self._exam(spoken.structured["exam"], spoken.exam),
            somewhere=self._somewhere(spoken.structured["exam"]),
        )

    def _truth(self, value: Any, where: str) -> bool | None:
        """Yes or no; what is not known, and, after a fault, anything else, is None."""
        truth = as_truth(value)
        if truth is None and value is not None:
            self._fault(where, f"expected true or false, got {shown(value)}")
        return truth

    def _fault(self, where: str, what: str, near: str | None = None) -> None:
        self.faults.append(Fault(where if len(where) <= LONGEST_PLACE else f"{where[:LONGEST_PLACE]}...", what, near))

    # --- findings

    def _own(self, key: Any, value: Any) -> Finding | None:
        if not isinstance(key, str):
            self._fault("", f"a finding's name must be a word, got {shown(key)}")
            return None
        if key in CARRIED:
            self._fault(key, f"is written under {CARRIED[key]!r}", CARRIED[key])
            return None
        term = self.words.terms.get(key)
        if term is not None and term.subject == "muscle":
            self._fault(key, "is a finding of one muscle; write it in an entry of 'exam'")
            return None
        return self._finding(key, value, key)

    def _is_about_a_label(self, key: Any) -> bool:
        term = self.words.terms.get(key) if isinstance(key, str) else None
        return term is not None and term.subject == "label"

    def _about_the_only(self, loose: Mapping[str, Any], labels: tuple[GivenLabel, ...]) -> tuple[GivenLabel, ...]:
        """The diagnoses with what is said, without naming one, of the only one that is given; of several, the caller has to say which."""
        given = [label.label for label in labels if label.present]
        kept = {label.label: label for label in labels}
        for key, value in loose.items():
            if value is None:
                continue
            if len(given) == 1:
                kept[given[0]] = self._joined(kept[given[0]], self._findings_of("label", {key: value}, ""), key)
                continue
            where = f"say of which: {' or '.join(addresses_of(key, given))}" if given else "write it under its diagnosis in 'labels'"
            self._fault(key, f"is a finding of one label; {where}")
        return tuple(kept.values())

    def _joined(self, label: GivenLabel, more: Iterable[Finding], where: str) -> GivenLabel:
        """A diagnosis with more said of it; what contradicts is a fault."""
        found = {finding.term: finding for finding in label.findings}
        for finding in more:
            if found.setdefault(finding.term, finding) != finding:
                self._fault(where, f"contradicts what 'labels' says of {label.label}")
        return attrs.evolve(label, findings=tuple(found[term] for term in sorted(found)))

    def _finding(self, key: str, value: Any, where: str) -> Finding | None:
        term = self.words.terms.get(key)
        if term is None:
            self._unknown(key, where)
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

    @property
    def lexicon(self) -> Lexicon:
        """What things are called beside their ids."""
        return _lexicon(self.terrain)

    def _nearest(self, word: Any, kinds: Sequence[LexiconKind], known: Iterable[str]) -> str | None:
        """The known word that is meant: by what else it is called, by how it is spelt, by the name that holds it."""
        if not isinstance(word, str) or not word.strip():
            return None
        named = self.lexicon.meant(word, kinds)
        if named:
            return named[0]
        return self._suggestions.closest(word, known) or (self.lexicon.holding(word, kinds) if self._suggestions.left > 0 else None)

    def _unknown(self, key: str, where: str) -> None:
        """No finding is called so: what else is, and where it is written."""
        called = self.lexicon.meant(key, ("finding", "diagnosis", "place", "muscle"))
        muscle = called[0] if called and called[0] in {*self.words.muscles, *self.words.groups} else ""
        more = f"; {muscle} is a muscle, write it in an entry of 'exam'" if muscle else ""
        more += f" ({called[1]} is called so too)" if len(called) > 1 else ""
        near = called[0] if called else self._nearest(key, ("finding", "diagnosis", "place", "muscle"), {*self.words.terms, *STRUCTURED})
        self._fault(where, f"no finding {key[:80]!r} in the vocabulary{more}", near)

    def _value(self, term: Term, value: Any, where: str) -> Finding | None:
        if term.kind == "boolean":
            truth = as_truth(value)
            if truth is None:
                hint = " (not known: leave it out)" if value == "unknown" else ""
                raise Misfit(f"expected true or false, got {shown(value)}{hint}")
            return Finding(term.id, truth)
        if term.kind in ("number", "duration"):
            return self._amount(term, value)
        given = self._words(term, value, where)
        words = tuple(word for word in term.values if given.get(word) is True)
        denied = tuple(word for word in term.values if given.get(word) is False)
        if term.kind == "one_of":
            if len(words) > 1:
                raise Misfit(f"takes one value, got {', '.join(words)}")
            if words:
                denied = tuple(word for word in term.values if word not in words)
        return Finding(term.id, None, words, denied) if words or denied else None

    def _amount(self, term: Term, value: Any) -> Finding:
        since = _SINCE.match(value) if isinstance(value, str) and len(value) <= LONGEST_PLACE else None
        if since and term.kind == "duration":
            value = self._time_since(since)
        return self._range(term, value) if isinstance(value, Mapping) else Finding(term.id, self.words.quantity(value, term))

    def _time_since(self, since: "re.Match[str]") -> Any:
        """How long ago a day, month or year was, in days; of a month or a year, between its last day and its first."""
        year, month, day = (int(part) if part else None for part in since.groups())
        try:
            first = date(year or 0, month or 1, day or 1)
            last = date(year or 0, month or 12, day or monthrange(year or 0, month or 12)[1])
        except (ValueError, OverflowError):
            raise Misfit(f"{since[0].strip()!r} names no day") from None
        if self.on is None:
            raise Misfit(
                f"{since[0].strip()!r} needs the day on which it was said: evaluate(findings, on=date), or write how long, as '6 weeks'"
            )
        if first > self.on:
            raise Misfit(f"{since[0].strip()!r} lies after {self.on.isoformat()}")
        ends = ((self.on - min(last, self.on)).days, (self.on - first).days)
        return {key: f"{days} d" for key, days in zip(("at_least", "at_most"), ends, strict=True)}

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
            elif (said := self._truth(truth, f"{where}.{word}")) is not None:
                given[word] = said
        return given

    # --- pain map

    def _pain(self, data: Any, said: Iterable[Said]) -> tuple[Pain, ...]:
        if isinstance(data, str):
            data = [data]
        if not isinstance(data, list | tuple | None):
            self._fault("pain", f"expected a list of painful regions, got {shown(data)}")
            return ()
        entries = [entry for index, item in enumerate(data or ()) for entry in self._pain_entry(item, f"pain[{index}]")]
        for one in said:
            truth = self._truth(one.value, one.where)
            if truth is not None:
                entries += self._pain_entry({"region": one.at.name, "side": one.at.side, "present": truth}, one.where)
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
            self._fault(f"{where}.region", f"no region {shown(region)}", self._nearest(region, ("place",), self.words.regions))
            return
        truth = True if present is None else self._truth(present, f"{where}.present")
        if truth is None:
            return
        level = None
        if intensity is not None:
            try:
                level = self.words.quantity(intensity, self._intensity())
            except Misfit as misfit:
                self._fault(f"{where}.intensity", str(misfit), misfit.near)
            if level is not None and (level > 0) != truth:
                self._fault(where, f"an intensity of {level:g} contradicts present: {str(truth).lower()}")
        for one in self._sides(region, side, f"{where}.side"):
            yield Pain(region, one, truth, level)

    def _intensity(self) -> Term:
        if "pain_intensity" not in self.words.terms:
            raise Misfit("the vocabulary has no finding 'pain_intensity'")
        return self.words.terms["pain_intensity"]

    def _sides(self, region: str, side: Any, where: str) -> tuple[str | None, ...]:
        possible = self.words.possible_sides[region]
        if side is None:
            return (None,)
        if side == "bilateral" and possible:
            return SIDES
        if side in possible:
            return (side,)
        if side == "midline" and not self.words.regions[region].sides:
            return (None,)
        if side in (*SIDES, "bilateral", "midline"):
            has = f"has {' and '.join(possible)}" if possible else "has no sides"
            self._fault(where, f"{side!r} is impossible: {region} {has}")
        else:
            self._fault(where, f"no side {shown(side)}", self._suggestions.closest(side, (*SIDES, "bilateral", "midline")))
        return ()

    def _extra(self, item: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
        for key in item:
            if key not in known:
                self._fault(where, f"no such key {shown(key)} here", self._suggestions.closest(key, known))

    # --- diagnoses and examination

    def _labels(self, data: Any, said: Iterable[Said]) -> tuple[GivenLabel, ...]:
        found = {label.label: label for label in self._labels_listed(data)}
        for one in said:
            about = {one.at.term: one.value} if one.at.kind == "label" else one.value
            label = self._label(one.at.name, about, one.where if one.at.kind == "given" else one.where.rpartition(".")[0])
            before = found.setdefault(one.at.name, label) if label else None
            if label is None or before is None or before is label:
                continue
            if before.present != label.present:
                self._fault(one.where, f"contradicts what is said of {label.label} elsewhere")
            else:
                found[label.label] = self._joined(before, label.findings, one.where)
        return tuple(found[id_] for id_ in sorted(found))

    def _labels_listed(self, data: Any) -> tuple[GivenLabel, ...]:
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
            self._fault(where, f"no diagnosis {shown(id_)}", self._nearest(id_, ("diagnosis",), self.words.diagnoses))
            return None
        if value is None or (truth := as_truth(value)) is not None:
            return None if value is None else GivenLabel(id_, truth is True)
        if not isinstance(value, Mapping):
            self._fault(where, f"expected true, false, or findings about this diagnosis, got {shown(value)}")
            return None
        return GivenLabel(id_, True, self._findings_of("label", value, where))

    def _exam(self, data: Any, said: Iterable[Said]) -> tuple[Exam, ...]:
        if not isinstance(data, list | tuple | None):
            self._fault("exam", f"expected a list of muscles examined, got {shown(data)}")
            return ()
        entries = [(f"exam[{index}]", exam) for index, item in enumerate(data or ()) for exam in self._exam_entry(item, f"exam[{index}]")]
        entries += [(one.where.rpartition(".")[0], exam) for one in said if (exam := self._said_of_muscle(one))]
        merged: dict[tuple[str, str | None], dict[str, Finding]] = {}
        for where, exam in entries:
            found = merged.setdefault((exam.muscle, exam.side), {})
            for finding in exam.findings:
                if found.setdefault(finding.term, finding) != finding:
                    self._fault(f"{where}.{finding.term}", f"contradicts an earlier entry for the same muscle, {exam.muscle}")
        return tuple(
            Exam(muscle, side, tuple(sorted(found.values(), key=lambda f: f.term)))
            for (muscle, side), found in sorted(merged.items(), key=lambda item: (item[0][0], item[0][1] or ""))
        )

    def _said_of_muscle(self, said: Said) -> Exam | None:
        """What an address says of one muscle; that it was examined is said by an examination without findings."""
        if said.at.term == "examined":
            return Exam(said.at.name, said.at.side) if self._truth(said.value, said.where) else None
        finding = self._finding(said.at.term, said.value, said.where)
        return Exam(said.at.name, said.at.side, (finding,)) if finding else None

    def _somewhere(self, data: Any) -> tuple[RegionExam, ...]:
        """What was found in a region without naming the muscle."""
        entries = [
            (f"exam[{index}]", one)
            for index, item in enumerate(data if isinstance(data, list | tuple) else ())
            if self._names_a_region(item)
            for one in self._somewhere_entry(item, f"exam[{index}]")
        ]
        merged: dict[tuple[str, str | None], dict[str, Finding]] = {}
        for where, one in entries:
            found = merged.setdefault((one.region, one.side), {})
            for finding in one.findings:
                if found.setdefault(finding.term, finding) != finding:
                    self._fault(f"{where}.{finding.term}", f"contradicts an earlier entry for the same place, {one.region}")
        return tuple(
            RegionExam(region, side, tuple(sorted(found.values(), key=lambda f: f.term)))
            for (region, side), found in sorted(merged.items(), key=lambda item: (item[0][0], item[0][1] or ""))
        )

    def _names_a_region(self, item: Any) -> bool:
        return isinstance(item, Mapping) and "region" in item and "muscle" not in item

    def _somewhere_entry(self, item: Mapping[Any, Any], where: str) -> Iterable[RegionExam]:
        region = item["region"]
        if not isinstance(region, str) or region not in self.words.regions:
            self._fault(f"{where}.region", f"no region {shown(region)}", self._nearest(region, ("place",), self.words.regions))
            return
        rest = {key: value for key, value in item.items() if key not in ("region", "side")}
        findings = self._findings_of("muscle", rest, where)
        for side in self._sides(region, item.get("side"), f"{where}.side"):
            yield RegionExam(region, side, findings)

    def _exam_entry(self, item: Any, where: str) -> Iterable[Exam]:
        if self._names_a_region(item):
            return
        if not isinstance(item, Mapping) or "muscle" not in item:
            self._fault(where, f"expected a mapping with muscle (or, where no muscle is named, with region), got {shown(item)}")
            return
        if "region" in item:
            self._fault(f"{where}.region", "a muscle is named, so its place is known: leave one of them out")
            return
        muscle, side = item["muscle"], item.get("side")
        known = {*self.words.muscles, *self.words.groups}
        if not isinstance(muscle, str) or muscle not in known:
            self._fault(f"{where}.muscle", f"no muscle {shown(muscle)}", self._nearest(muscle, ("muscle",), known))
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
            elif finding := self._finding(str(key), value, f"{where}.{key}" if where else str(key)):
                found.append(finding)
        return tuple(sorted(found, key=lambda f: f.term))


@lru_cache(maxsize=8)
def _lexicon(terrain: Terrain) -> Lexicon:
    return Lexicon(terrain.vocabulary)


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
