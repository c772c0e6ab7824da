"""Every word that one part of a pack uses exists in the part that owns it, and fits what it is used for."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from mps_rules.errors import Fault, Misfit, closest
from mps_rules.errors import Path as Steps
from mps_rules.knowledge.code_tables import CodeMeaning, Omop, OmopCode, OrderCode
from mps_rules.knowledge.pack import SOURCE_ATTRIBUTES
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.shelf import Place, Shelf, row_key
from mps_rules.knowledge.strata import conclusions_read
from mps_rules.knowledge.vocabulary import SIDES, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.language.reading import pattern_of


class Checks(Shelf):
    """Every word that one part of a pack uses exists in the part that owns it."""

    def _check_words(self, words: Vocabulary) -> None:
        """Every id that one part of the vocabulary uses exists in the part that owns it, and no region lies within itself."""
        for place, kind, used, known in (*self._uses(words), *self._uses_of_conventions(words)):
            self.faults += [Fault(place, f"no {kind} {word!r}", closest(word, known)) for word in used if word not in known]
        self.faults += [Fault(place, f"a region lies within itself: {cycle}") for place, cycle in region_cycles(words, self.places)]
        for id_ in sorted(set(words.diagnoses) & {*words.muscles, *words.groups}):
            self.faults.append(Fault(self.places["diagnoses", id_], f"{id_!r} is also a muscle: their subjects could not be told apart"))
        for region in words.regions.values():
            if not set(region.sides) <= {*SIDES, "midline"}:
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

    def _check_codes(self, words: Vocabulary) -> None:
        """Every code is one of its system and says something that these rules know."""
        patterns: dict[str, re.Pattern[str]] = {}
        for system in self.codes.systems:
            try:
                patterns[system.id] = pattern_of(system.pattern or ".+")
            except Misfit as misfit:
                self.faults.append(Fault(self.places["code systems", system.id], str(misfit)))
            if system.like and system.like not in (ids := [one.id for one in self.codes.systems]):
                self.faults.append(Fault(self.places["code systems", system.id], f"no system {system.like!r}", closest(system.like, ids)))
        for meaning in self.codes.meanings:
            place = self.places["codes", row_key(meaning)]
            self.faults += [Fault(place, what, near) for what, near in code_faults(meaning, patterns, words)]
        for kind in self.codes.orders:
            place = self.places["orders", kind.id]
            self.faults += [
                Fault(place, f"no rule {id_!r}", closest(id_, self.raw_rules)) for id_ in kind.rules if id_ not in self.raw_rules
            ]
            for code in kind.codes:
                self.faults += [Fault(place, what, near) for what, near in code_form_faults(code, patterns)]

    def _check_measures(self, words: Vocabulary) -> None:
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

    def _uses(self, words: Vocabulary) -> Iterator[tuple[str, str, Iterable[str], Iterable[str]]]:
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
        for called in words.called.values():
            yield self.places["called", called.id], "muscle or region", [called.id], {*words.muscles, *words.groups, *words.regions}
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

    def _uses_of_conventions(self, words: Vocabulary) -> Iterator[tuple[str, str, Iterable[str], Iterable[str]]]:
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
        for number, first in enumerate(self.asking.first):
            place = f"asking.yaml, first[{number}]"
            yield place, "region", first.where, words.regions
            yield place, "cause", first.causes, self.raw_causes
            yield place, "reference", first.references, self.found["references"]
        of_patient = {term.id for term in words.terms.values() if term.subject == "patient"}
        yield "asking.yaml, at_hand", "finding of the patient", self.asking.at_hand, of_patient
        for attribute, told_by in self.pack.source_attributes.items() if self.pack else ():
            yield "pack.yaml", "source attribute", [attribute], SOURCE_ATTRIBUTES
            yield "pack.yaml", "finding", told_by, words.terms

    # --- tables of the OMOP Common Data Model

    def _omop_faults(self, omop: Omop, place: Place, words: Vocabulary) -> Iterator[Fault]:
        """Whatever a file of codes names exists, fits the finding that it fills, and is said once."""

        def unknown(path: Steps, kind: str, word: str | None, known: Iterable[str]) -> Iterator[Fault]:
            if word is not None and word not in known:
                yield Fault(place(("omop", *path)), f"no {kind} {word!r}", closest(word, known))

        carried = [one.codes for one in words.terms.values()], [diagnosis.codes for diagnosis in words.diagnoses.values()]
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
            yield from (Fault(place(("omop", *at)), what, near) for what, near in misfits(code, words))
            once = (code.key, code.term, code.diagnosis, code.region, code.side, code.value)
            if once in said:
                yield Fault(place(("omop", *at)), f"is said twice (first: {said[once]})")
            said[once] = place(("omop", *at))
        mapped = {code.key for code in omop.codes}
        for n, apart in enumerate(omop.apart):
            yield from unknown(("apart", n, "vocabulary"), "vocabulary among systems", apart.vocabulary, vocabularies)
            if apart.key in mapped:
                yield Fault(place(("omop", "apart", n)), f"{apart.code!r} is both mapped and set apart")

    def _check_scopes(self, rules: Sequence[Rule]) -> None:
        """Each conclusion has one kind of subject, exists, and is read only where that subject is at hand."""
        about: dict[str, Rule] = {}
        for rule in rules:
            for id_ in rule.derives():
                first = about.setdefault(id_, rule)
                if first.about != rule.about:
                    self.faults.append(
                        Fault(rule.source, f"{id_!r} is about a {rule.about} here and about a {first.about} in {first.source}")
                    )
        for rule in rules:
            for id_, scope in conclusions_read(rule.when, rule.about):
                if id_ not in about:
                    self.faults.append(Fault(rule.source, f"no active rule concludes {id_!r}", closest(id_, about)))
                elif about[id_].about not in ("patient", scope):
                    self.faults.append(
                        Fault(
                            rule.source,
                            f"{id_!r} is a conclusion about a {about[id_].about}; here it needs any_muscle, count_muscles or label_muscle",
                        )
                    )


def code_faults(meaning: CodeMeaning, patterns: Mapping[str, re.Pattern[str]], words: Vocabulary) -> Iterator[tuple[str, str | None]]:
    """What is wrong with the meaning of a code, and the closest known word."""
    yield from code_form_faults(meaning, patterns)
    named: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("diagnosis", meaning.label, words.diagnoses),
        ("finding", meaning.finding, words.terms),
        ("region", meaning.region, words.regions),
        ("side", meaning.side, (*SIDES, "midline")),
    )
    for kind, word, known in named:
        if word and word not in known:
            yield f"no {kind} {word!r}", closest(word, known)
    term = words.terms.get(meaning.finding)
    if meaning.word and (term is None or meaning.word not in term.values):
        yield f"no value {meaning.word!r} of {meaning.finding!r}", closest(meaning.word, term.values if term else ())
    if term is not None and (term.subject != "patient" or term.fact):
        yield f"{term.id!r} is no finding of the patient", None
    if bool(meaning.unread) == bool(meaning.label or meaning.finding or meaning.region or meaning.side or meaning.truth is not None):
        yield "says either what the code means or why it is unread", None


def code_form_faults(one: CodeMeaning | OrderCode, patterns: Mapping[str, re.Pattern[str]]) -> Iterator[tuple[str, str | None]]:
    """What is wrong with a code itself: its system, or its form."""
    if one.system not in patterns:
        yield f"no system {one.system!r}", closest(one.system, patterns)
    if bool(one.code) == bool(one.prefix):
        yield "needs either a code or a prefix", None
    elif one.code and one.system in patterns and not patterns[one.system].fullmatch(one.code):
        yield f"{one.code!r} is no code of {one.system}", None


def region_cycles(words: Vocabulary, places: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    """Every region that lies within itself, with the way round."""
    for region in words.regions.values():
        chain, parent = [region.id], region.parent
        while parent and parent in words.regions and parent not in chain:
            chain.append(parent)
            parent = words.regions[parent].parent
        if parent == region.id:
            yield places["regions", region.id], " -> ".join([*chain, parent])


def misfits(code: OmopCode, words: Vocabulary) -> Iterator[tuple[str, str | None]]:
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
