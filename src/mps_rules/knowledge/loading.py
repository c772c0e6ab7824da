"""
A folder of YAML becomes a ``KnowledgeBase``, or a ``KnowledgeError`` that lists everything wrong with it.

Loading reads, structures, expands (open red flags, the law on self-care), orders the rules into strata and takes the digest.
It decides nothing about a patient.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs

from mps_rules.errors import Fault, KnowledgeError, Misfit, closest, shown
from mps_rules.errors import Path as Steps
from mps_rules.knowledge import pack
from mps_rules.knowledge.cause_files import CauseReader, rules_of
from mps_rules.knowledge.causes import Cause, Ground
from mps_rules.knowledge.checks import Checks
from mps_rules.knowledge.dangers import IN_DOUBT, Readings, terms_read
from mps_rules.knowledge.digest import digest
from mps_rules.knowledge.pack import KnowledgeBase, MuscleCue
from mps_rules.knowledge.parser import ConditionParser
from mps_rules.knowledge.regions import RegionTree
from mps_rules.knowledge.rules import (
    KINDS_OF_CARE,
    RECOMMENDATIONS,
    URGENCIES,
    Ask,
    Conclusion,
    Confirm,
    CriterionMet,
    Derive,
    Evidence,
    Exclude,
    GiveCaution,
    Oppose,
    RaiseAlert,
    Recommend,
    Review,
    Rule,
    Support,
)
from mps_rules.knowledge.shapes import (
    ABOUT,
    CONCLUSIONS,
    GRADES,
    KINDS,
    LAWS,
    NARROWED,
    STATUSES,
    TABLES,
    FindingShape,
    InvariantShape,
    MuscleCues,
    RuleShape,
)
from mps_rules.knowledge.shelf import Place
from mps_rules.knowledge.strata import conclusions_read, offered, under_the_law, unread_dangers, with_open_alert
from mps_rules.knowledge.vocabulary import COSTS, Care, Diagnosis, Measure, Region, Subject, Suspect, Term, Vocabulary, lowered
from mps_rules.language import conditions as c
from mps_rules.language.conditions import level
from mps_rules.language.reading import Document
from mps_rules.language.rows import ITEM, expanded, table_and_field
from mps_rules.language.structure import structure


def load_folders(folders: Sequence[Path], names: Sequence[str] = ()) -> KnowledgeBase:
    """
    The knowledge of one folder, or of several laid on top of each other; ``names``: what faults call them, left out their paths.

    Raises:
        KnowledgeError: every fault of every file, with file, line, path, and the closest known word.

    """
    return Loader(folders, names).load()


@attrs.frozen
class Laid:
    """One rule of a folder on a pack that was loaded before: ``whole`` holds all rules, ``part`` the rule and what it reads, ready to be run."""

    whole: KnowledgeBase
    part: KnowledgeBase


def laid_over(base: KnowledgeBase, below: str, folder: Path, name: str, rule: str) -> Laid | None:
    """
    One rule of a folder on a pack that was loaded before, in a fraction of the time that all of them take; ``below`` and ``name`` are what
    faults call the pack, where it is one folder, and the folder.

    None where more must be read to say what it means: the folder brings words, causes or weights of its own, or the rule is not there,
    raises a red flag, or is written over a table.

    Raises:
        KnowledgeError: every fault of the folder.

    """
    return Loader([folder], [name]).over(base, tuple(under or f"{below}/" for under in base.shown_as), rule)


APART = ("vocabulary", "referral", "causes", "codes", "asking.yaml", "omop.yaml", "codes.yaml")
"""What of a folder changes more than its rules."""


class Loader(Checks):
    """Holds what has been read so far and every fault found; used once."""

    def over(self, base: KnowledgeBase, shown_below: tuple[str, ...], rule: str) -> Laid | None:
        """As ``laid_over``; ``shown_below`` stands before the path of a file of each folder below."""
        (folder,) = self.folders
        self.shown_as = [f"{name}/" for name in self.called]
        if not folder.is_dir() or any((folder / name).exists() for name in APART):
            return None
        self.pack, self.causes = base.pack, dict(base.causes)
        for kind, known in (("references", base.references), ("claims", base.claims)):
            self.found[kind] = dict(known)
            self.places |= dict.fromkeys(((kind, id_) for id_ in known), base.pack.id)
        below = {one.written or one.id: one for one in (*base.rules, *base.shelved) if not one.open_alert}
        alone = shown_below[0] if len(shown_below) == 1 else ""
        self.rules_below = {id_: f"{alone}{one.source}" for id_, one in below.items()}
        self._read_folder(folder, self.shown_as[0])
        self._stop_if_faulty()
        own = [raw for raw, _ in self.raw_rules.values()]
        replaced = {raw.replaces for raw in own if raw.replaces}
        if rule not in self.raw_rules or any(raw.for_each for raw in own) or any(below[id_].alert for id_ in replaced if id_ in below):
            return None
        authored = [one for raw, document in self.raw_rules.values() for one in self._written(raw, document, base.vocabulary)]
        self._stop_if_faulty()
        if any(one.alert for one in authored):
            return None
        kept = [one for one in base.rules if (one.written or one.id) not in replaced]
        active = {one.id for one in authored if one.status == "active"}
        live = under_the_law(
            [*kept, *(one for one in authored if one.id in active)], base.vocabulary, self.pack.screens, base.unread_dangers
        )
        laid = [one for one in live if one.id in active]
        self._check_scopes([*kept, *laid])
        self._stop_if_faulty()
        shelved = tuple(one for one in authored if one.id not in active)
        whole = attrs.evolve(
            base,
            pack=self.pack,
            references=self.found["references"],
            claims=self.found["claims"],
            rules=(*kept, *laid),
            shelved=(*base.shelved, *shelved),
            digest=sha256(f"{base.digest}{[attrs.astuple(one, recurse=False) for one in authored]}".encode()).hexdigest(),
            folders=(*base.folders, str(folder)),
            shown_as=(*shown_below, *self.shown_as),
        )
        needed = self._needed(rule, whole)
        suspected = {one.cause for one in needed}
        part = attrs.evolve(
            whole,
            rules=self._in_strata(needed),
            causes={id_: cause for id_, cause in base.causes.items() if id_ in suspected},
            scale=attrs.evolve(base.scale, against=""),
            digest=f"{whole.digest}, {rule} alone",
        )
        return Laid(whole, part)

    def _needed(self, rule: str, base: KnowledgeBase) -> list[Rule]:
        """A rule, and every rule whose conclusion it reads, and so on."""
        waiting = [one for one in base.rules if one.id == rule]
        found = {one.id: one for one in waiting}
        while waiting:
            one = waiting.pop()
            cause = base.causes.get(one.cause or "")
            firm = conclusions_read(cause.probable_if, "patient") if cause and cause.probable_if else ()
            for id_, _ in (*conclusions_read(one.when, one.about), *firm):
                for other in base.concluding.get(id_, ()):
                    if other.id not in found:
                        found[other.id] = other
                        waiting.append(other)
        return list(found.values())

    def load(self) -> KnowledgeBase:
        """Everything that was read, checked and ordered, as one knowledge base."""
        for folder, under in zip(self.folders, self.shown_as, strict=True):
            self._read_folder(folder, under)
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
        made = with_open_alerts([*((rule, None) for rule in active), *graded], vocabulary)
        vocabulary = self._with_flagged(vocabulary, made)
        self._stop_if_faulty()
        unread = unread_dangers(made, vocabulary, self.causes.values(), self.scale)
        live = under_the_law(made, vocabulary, self.pack.screens, unread)
        self._check_scopes(live)
        self._stop_if_faulty()
        ordered = self._in_strata(live)
        shelved = tuple(sorted((rule for rule in authored if rule.status != "active"), key=lambda rule: rule.id))
        base = KnowledgeBase(
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
            shown_as=tuple(self.shown_as),
            unread_dangers=unread,
            omop=self.omop,
            codes=self.codes,
            causes=self.causes,
            scale=self.scale,
            invariants=tuple(self._invariant(raw, place, vocabulary) for raw, place in self.raw_invariants.values()),
        )
        self._stop_if_faulty()
        return attrs.evolve(base, digest=digest(base))

    # --- causes

    def _causes(self, words: Vocabulary) -> dict[str, Cause]:
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
            Fault("causes/scale.yaml", f"says nothing of urgency {urgency!r}") for urgency in URGENCIES if urgency not in self.scale.spoken
        ]
        self._stop_if_faulty()
        step_of = {term: step.id for step in self.asking.steps for term in step.terms}
        of_anybody = frozenset((*self.asking.at_hand, *(term.id for term in words.terms.values() if term.background)))
        ground = Ground(tree.around, tree.leaves, step_of, self.scale, of_anybody)
        reader = CauseReader(words, ground, self.found["references"])
        found: dict[str, Cause] = {}
        for id_, (raw, document) in sorted(self.raw_causes.items()):
            parser = ConditionParser(words, document.place, shared=self.shared)
            found[id_] = reader.cause(raw, document, self.within[document.source], partial(parser.parse, scope="patient"))
            reader.faults += parser.faults
        self.faults += reader.faults
        self._stop_if_faulty()
        return found

    def _cues_of(self, raw: MuscleCues, words: Vocabulary) -> pack.MuscleCues:
        """What points to a muscle, its conditions read."""
        place = self.places["cues", raw.muscle]
        made = tuple(MuscleCue(self._condition(cue.when, words, "patient", place), cue.points, cue.references) for cue in raw.cues)
        return pack.MuscleCues(raw.muscle, made, raw.prevalence, raw.references)

    def _invariant(self, raw: InvariantShape, place: str, words: Vocabulary) -> pack.Invariant:
        """What must hold for every patient, its condition read; whom an exception names is checked by the proof."""
        self._known(raw.law, "law", LAWS, place)
        for kind in raw.care:
            self._known(kind, "kind of care", ("self_care", *KINDS_OF_CARE), place)
        for urgency in raw.urgencies:
            self._known(urgency, "urgency", URGENCIES, place)
        for category in raw.categories:
            self._known(category, "category of findings", {term.category for term in words.terms.values()}, place)
        if (raw.law == "never") != (raw.never is not None):
            self.faults.append(Fault(place, "the law never, and no other, needs a condition under never"))
        for one in raw.exceptions:
            if one.only and raw.law not in NARROWED:
                self.faults.append(Fault(place, f"an exception of {raw.law} is not narrowed by only"))
            if one.taken_over_by and raw.law != "forgetting_never_clears":
                self.faults.append(Fault(place, "only what is forgotten may be taken over by another red flag"))
        never = self._condition(raw.never, words, "patient", place) if raw.never is not None else None
        return pack.Invariant(raw.id, raw.says, raw.law, raw.care, raw.urgencies, raw.shelf, raw.categories, never, raw.exceptions)

    def _suspects_with_causes(self, words: Vocabulary) -> dict[str, Suspect]:
        """Every cause may be suspected; one that is also a diagnosis has its name from there."""
        return {
            **words.suspects,
            **{
                id_: Suspect(id_, cause.kind, words.diagnoses[id_].label if id_ in words.diagnoses else cause.label, cause.synonyms)
                for id_, cause in self.causes.items()
                if id_ not in words.suspects
            },
        }

    # --- vocabulary

    def _vocabulary(self) -> Vocabulary:
        regions = {id_: Region(**attrs.asdict(raw)) for id_, raw in self.found["regions"].items()}
        plain = {id_: attrs.asdict(raw, recurse=False) for id_, raw in self.found["diagnoses"].items()}
        diagnoses = {id_: Diagnosis(**{**row, "supports": (), "against": ()}) for id_, row in plain.items()}
        terms = {id_: self._term(category, raw, regions) for id_, (category, raw) in self.found["findings"].items()}
        words = Vocabulary(
            units=self.found["units"],
            terms=terms,
            measures={},
            regions=regions,
            muscles=self.found["muscles"],
            called=self.found["called"],
            handout=self.found["handout"],
            diagnoses=diagnoses,
            suspects={id_: self._suspect(raw, diagnoses) for id_, raw in self.found["hypotheses"].items()},
        )
        for id_, (_, raw) in self.found["findings"].items():
            terms[id_] = self._with_sources(terms[id_], raw, words)
        measures = {
            raw.id: Measure(
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
            raw.id: Care(
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

    def _with_flagged(self, words: Vocabulary, rules: Iterable[Rule]) -> Vocabulary:
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

    def _row_conditions(self, conditions: Iterable[object], words: Vocabulary, scope: Subject, where: str) -> tuple[c.Condition, ...]:
        return tuple(self._condition(condition, words, scope, where) for condition in conditions)

    def _suspect(self, raw: Suspect, diagnoses: Mapping[str, Diagnosis]) -> Suspect:
        """A hypothesis that is also a diagnosis takes its name from there."""
        place = self.places["hypotheses", raw.id]
        if raw.id in diagnoses:
            if raw.label:
                self.faults.append(Fault(place, f"{raw.id!r} is a diagnosis and has its label there"))
            return attrs.evolve(raw, label=diagnoses[raw.id].label)
        if not raw.label:
            self.faults.append(Fault(place, f"{raw.id!r} needs a label: no diagnosis has that id", closest(raw.id, diagnoses)))
        return raw

    def _term(self, category: str, raw: FindingShape, regions: Mapping[str, Region]) -> Term:
        place = self.places["findings", raw.id]
        for word, allowed in ((raw.kind, KINDS), (raw.cost, COSTS), (raw.subject, ABOUT)):
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
        return Term(
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
        days = Term("", "A duration", "", "duration", "patient", "asked", unit="d", range=(0, 1e6))
        try:
            return Vocabulary(self.found["units"], {}, {}, {}, {}, {}, {}).quantity(written, days)
        except Misfit as misfit:
            self.faults.append(Fault(place, f"denial_lasts: {misfit}", misfit.near))
            return None

    def _with_sources(self, term: Term, raw: FindingShape, words: Vocabulary) -> Term:
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

    # --- rules

    def _written(self, raw: RuleShape, document: Document, words: Vocabulary) -> Iterator[Rule]:
        """The rule of a file, or, where it is written over a table, one rule for each row that it says something of."""
        path = self.within[document.source].removesuffix(".yaml").replace("/", ".")
        if path != raw.id:
            self.faults.append(Fault(document.place(("id",)), f"id {raw.id!r} is not its path", path))
        rules = [self._rule(raw, document, words)] if raw.for_each is None else list(self._for_each(raw, document, words))
        yield from (rule for rule in rules if rule)

    def _for_each(self, raw: RuleShape, document: Document, words: Vocabulary) -> Iterator[Rule | None]:
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

    def _worded(self, field: str, value: Any, words: Vocabulary) -> str:
        """What a row holds, in words: conditions and ids by their labels."""
        if field in (ITEM, "supports", "against", "avoid"):
            parts = list(value) if isinstance(value, list | tuple) else [value]
            return "; ".join(lowered(c.describe(self._condition(part, words, "label", ""), words.name)) for part in parts)
        if isinstance(value, list | tuple):
            return "; ".join(words.muscle_label(one) if field == "muscles" else words.name("term", str(one)) for one in value)
        return str(value)

    def _rule(self, raw: RuleShape, document: Document, words: Vocabulary) -> Rule | None:
        before = len(self.faults)
        place = document.place
        for key, word, allowed in (("status", raw.status, STATUSES), ("about", raw.about, ABOUT)):
            if word not in allowed:
                self.faults.append(Fault(place((key,)), f"{word!r} is none of {', '.join(allowed)}", closest(word, allowed)))
        self._complete(raw, place)
        about: Subject = next((known for known in ABOUT if known == raw.about), "patient")
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
        reviewed, faults = structure(raw.reviewed, Review, lambda p: place(("reviewed", *p))) if raw.reviewed else (None, [])
        self.faults += faults
        self._check_conclusions(then, trigger, place, faulty=len(then) < len(raw.then))
        if len(self.faults) > before:
            return None
        return Rule(
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

    def _complete(self, raw: RuleShape, place: Place) -> None:
        if raw.status != "active":
            return
        for key in ("title", "summary", "evidence", "limits", "reviewed"):
            if not getattr(raw, key):
                self.faults.append(Fault(place(()), f"an active rule needs {key}"))

    def _evidence(self, raw: RuleShape, place: Place) -> Evidence:
        none = Evidence("expert_opinion", ())
        if raw.evidence is None:
            return none
        evidence, faults = structure(raw.evidence, Evidence, lambda p: place(("evidence", *p)))
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

    def _conclusion(self, item: object, path: Steps, place: Place, words: Vocabulary, about: Subject) -> Conclusion | None:
        if not isinstance(item, dict) or len(item) != 1:
            self.faults.append(Fault(place(path), f"expected one conclusion, got {shown(item)}"))
            return None
        (form, data), *_ = item.items()
        if form == "derive":
            if isinstance(data, str):
                return Derive(data)
            self.faults.append(Fault(place((*path, form)), f"expected an id, got {shown(data)}"))
            return None
        if form not in CONCLUSIONS:
            self.faults.append(Fault(place(path), f"no conclusion {form!r}", closest(form, ("derive", *CONCLUSIONS))))
            return None
        made, faults = structure(data, CONCLUSIONS[form], lambda p: place((*path, form, *p)))
        self.faults += faults
        where = place((*path, form))
        match made:
            case Support(hypothesis=id_) | Oppose(hypothesis=id_) | Confirm(id_) | Exclude(id_):
                self._known(id_, "hypothesis", words.suspects, where)
            case CriterionMet(hypothesis=id_):
                self._known(id_, "hypothesis", words.suspects, where)
            case RaiseAlert(condition=id_, regions=regions, forbids=forbids, beside=beside, offers=offers):
                self._known(id_, "hypothesis", words.suspects, where)
                for region in regions:
                    self._known(region, "region", words.regions, where)
                for kind in forbids:
                    self._known(kind, "kind of care", KINDS_OF_CARE, where)
                if bool(beside) != bool(offers):
                    self.faults.append(Fault(where, "what may go on beside a red flag says of which kinds of care it is, under offers"))
            case Recommend(kind=kind):
                self._known(kind, "kind of recommendation", RECOMMENDATIONS, where)
            case Ask(terms=terms):
                for term in terms:
                    self._known(term, "finding", words.terms, where)
        for kind in made.offers if isinstance(made, RaiseAlert | GiveCaution | Recommend) else ():
            self._known(kind, "kind of care", KINDS_OF_CARE, where)
        if isinstance(made, GiveCaution | Recommend | Ask):
            self._placeholders(made.text, about, words, where)
        if isinstance(made, GiveCaution | Recommend):
            self._placeholders(made.short, about, words, where)
        if isinstance(made, Recommend) and made.instead and not made.offers:
            self.faults.append(Fault(where, "what to prefer instead says of which kinds of care it is, under offers"))
        return made

    def _known(self, word: str, kind: str, known: Iterable[str], where: str) -> None:
        if word not in known:
            self.faults.append(Fault(where, f"no {kind} {word!r}", closest(word, known)))

    def _placeholders(self, text: str, about: Subject, words: Vocabulary, where: str) -> None:
        allowed = {"label": ("label",), "muscle": ("muscle", "side"), "patient": ()}[about]
        for name in placeholders(text):
            if name.startswith("value:"):
                self._known(name.removeprefix("value:"), "finding", words.terms, where)
            elif name not in allowed:
                self.faults.append(
                    Fault(where, f"no placeholder {{{name}}} in a rule about {about}", closest(name, (*allowed, "value:term")))
                )

    def _check_conclusions(self, then: Sequence[Conclusion], trigger: c.Condition | None, place: Place, *, faulty: bool) -> None:
        care = [x for x in then if isinstance(x, Recommend) and x.kind == "self_care"]
        if care and len(care) < len(then):
            self.faults.append(Fault(place(("then",)), "a rule that recommends self_care concludes nothing else"))
        offering = [x for x in then if isinstance(x, GiveCaution | Recommend) and offered(x)]
        if offering and len(offering) < len(then):
            self.faults.append(Fault(place(("then",)), "a rule that offers care concludes nothing else"))
        alerts = [x for x in then if isinstance(x, RaiseAlert)]
        if len(alerts) > 1:
            self.faults.append(Fault(place(("then",)), "one rule raises one alert"))
        if trigger is not None and not alerts and not faulty:
            self.faults.append(Fault(place(("when", "trigger")), "a trigger belongs to a rule that raises an alert"))
        if alerts and trigger is None:
            self.faults.append(Fault(place(("when",)), "a rule that raises an alert needs a trigger"))

    # --- conditions

    def _condition(self, data: object, words: Vocabulary, scope: Subject, where: str) -> c.Condition:
        return self._parse(data, (), lambda _: where, words, scope)

    def _parse(self, data: object, path: Steps, place: Place, words: Vocabulary, scope: Subject) -> c.Condition:
        parser = ConditionParser(words, place, self.causes, self.shared)
        condition = parser.parse(data, path, scope)
        self.faults += parser.faults
        return condition

    def _in_strata(self, rules: Sequence[Rule]) -> tuple[Rule, ...]:
        """The rules in the order in which they can be decided; reading a conclusion, or closing one, takes a step."""
        concluding: dict[str, list[Rule]] = {}
        for rule in rules:
            for id_ in rule.derives():
                concluding.setdefault(id_, []).append(rule)
        by_id = {rule.id: rule for rule in rules}
        needs = {rule.id: sorted({r.id for id_, _ in conclusions_read(rule.when, rule.about) for r in concluding[id_]}) for rule in rules}
        try:
            order = list(TopologicalSorter(needs).static_order())
        except CycleError as error:
            cycle = " -> ".join(reversed(error.args[1]))
            raise KnowledgeError([Fault(by_id[error.args[1][0]].source, f"rules go round in a circle: {cycle}")]) from None
        strata: dict[str, int] = {}
        for id_ in order:
            strata[id_] = level(by_id[id_].when, lambda d: 1 + max(strata[r.id] for r in concluding[d]))
        return tuple(sorted((attrs.evolve(r, stratum=strata[r.id]) for r in rules), key=lambda r: (r.stratum, r.id)))


def placeholders(text: str) -> Iterator[str]:
    """
    The names in braces of a rule's text.

    >>> list(placeholders("Examine {muscle} ({side})"))
    ['muscle', 'side']
    """
    for piece in text.split("{")[1:]:
        yield piece.partition("}")[0]


def with_open_alerts(rules: Sequence[tuple[Rule, c.Condition | None]], words: Vocabulary) -> list[Rule]:
    """The rules, each with what else opens it, and beside each red flag the rule by which it is open."""
    concluding: dict[str, list[Rule]] = {}
    for rule, _ in rules:
        for id_ in rule.derives():
            concluding.setdefault(id_, []).append(rule)
    readings = Readings(words, concluding)
    read = {rule.id: terms_read(readings.by(rule), words) if rule.alert else () for rule, _ in rules}
    return [made for rule, near in rules for made in with_open_alert(rule, tuple(sorted(read[rule.id])), words, near)]
