"""
A caller's mapping becomes checked ``Findings``, or a ``FindingError`` that lists every fault. Nothing is dropped silently.

What follows from what was said (a temperature of 39 is a fever, pain in the calf is pain in the lower leg) is filled in as
the vocabulary declares it; a value that contradicts it is a fault.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from mps_rules import conditions
from mps_rules.conditions import Condition, View, describe, judge
from mps_rules.errors import Fault, FindingError, Misfit, closest, shown
from mps_rules.facts import Facts, Terrain
from mps_rules.model import SIDES, Exam, Finding, Findings, GivenLabel, Pain, Term, Vocabulary

LONGEST_PLACE = 120
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
    findings = reader.read(data)
    if reader.faults:
        raise FindingError(reader.faults)
    findings, faults = _completed(findings, terrain)
    if faults:
        raise FindingError(faults)
    return findings


class _Reader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.words = vocabulary
        self.faults: list[Fault] = []

    def read(self, data: Any) -> Findings:
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

    def _nearest(self, key: str) -> str | None:
        plain = key.lower().replace("_", " ").strip()
        for term in self.words.terms.values():
            if plain in (term.label.lower(), *(synonym.lower() for synonym in term.synonyms)):
                return term.id
        return closest(key, {*self.words.terms, *STRUCTURED})

    def _value(self, term: Term, value: Any, where: str) -> Finding | None:
        if term.kind == "boolean":
            if not isinstance(value, bool):
                hint = " (not known: leave it out)" if value == "unknown" else ""
                raise Misfit(f"expected true or false, got {shown(value)}{hint}")
            return Finding(term.id, value)
        if term.kind in ("number", "duration"):
            return Finding(term.id, self.words.quantity(value, term))
        given = self._words(term, value, where)
        words = tuple(word for word in term.values if given.get(word) is True)
        denied = tuple(word for word in term.values if given.get(word) is False)
        if term.kind == "one_of":
            if len(words) > 1:
                raise Misfit(f"takes one value, got {', '.join(words)}")
            if words:
                denied = tuple(word for word in term.values if word not in words)
        return Finding(term.id, None, words, denied) if words or denied else None

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
                self._fault(where, f"no value {shown(word)} of {term.id!r}", closest(word, term.values))
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
            self._fault(f"{where}.region", f"no region {shown(region)}", closest(region, self.words.regions))
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
            self._fault(where, f"no side {shown(side)}", closest(side, (*SIDES, "bilateral", "midline")))
        return ()

    def _extra(self, item: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
        for key in item:
            if key not in known:
                self._fault(where, f"no such key {shown(key)} here", closest(key, known))

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
            self._fault(where, f"no diagnosis {shown(id_)}", closest(id_, self.words.diagnoses))
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
            self._fault(f"{where}.muscle", f"no muscle {shown(muscle)}", closest(muscle, known))
            return
        if side is not None and side not in ("bilateral", *SIDES):
            self._fault(f"{where}.side", f"no side {shown(side)} of a muscle", closest(side, (*SIDES, "bilateral")))
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


def _completed(findings: Findings, terrain: Terrain) -> tuple[Findings, list[Fault]]:
    """The findings with everything that follows from them, and every contradiction met on the way."""
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
    if isinstance(source, conditions.Any):
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
        yield Fault(total, f"a total of {stated.value:g} contradicts its items, which allow {allowed}")
