"""
What is known of one patient, as conditions ask it.

``Facts`` answers for the patient, for every muscle and side, and for every diagnosis given. It holds what was found and what
the referral graph says of it; conclusions are lent to it by whoever draws them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TypeAlias

import attrs

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.referral import UNRELATED, ReferralMap, Relation
from mps_rules.knowledge.regions import RegionTree, atlas_of
from mps_rules.knowledge.rules import KINDS_OF_CARE, CriterionMet
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, Subject, Vocabulary, muscle_subject
from mps_rules.language.conditions import Interval, Truth, judge
from mps_rules.patient.painmap import PainMap, entries_of
from mps_rules.patient.values import Finding, Findings

Concluded: TypeAlias = Callable[[str, str], Truth]
"""Whether something was concluded of a subject, or, if it is a conclusion about the patient, of the patient."""


def nothing(_id: str, _subject: str) -> Truth:
    """Nothing has been concluded yet."""
    return None


ANYTHING = Interval(float("-inf"), float("inf"))


@attrs.frozen(eq=False, repr=False)
class Terrain:
    """What stays the same for every patient of one knowledge base: its region tree and referral graph."""

    vocabulary: Vocabulary
    tree: RegionTree
    referral: ReferralMap
    conclusions: Mapping[str, str]

    @cached_property
    def excluding(self) -> tuple[tuple[str, str], ...]:
        """Yes/no findings that cannot both be present, either way round."""
        pairs = ((term.id, other) for term in self.vocabulary.terms.values() for other in term.excludes)
        return tuple(pair for one, other in pairs for pair in ((other, one), (one, other)))

    def name(self, kind: str, id: str) -> str:
        """The words for anything a condition names, conclusions included."""
        return self.conclusions.get(id, id.replace("_", " ")) if kind == "derived" else self.vocabulary.name(kind, id)


@lru_cache(maxsize=8)
def terrain_of(base: KnowledgeBase) -> Terrain:
    """The terrain of a knowledge base, built once."""
    tree = RegionTree(base.vocabulary)
    names = {
        f"alert.{urgency}": f"{article} {urgency} red flag" for urgency, article in (("emergency", "an"), ("urgent", "an"), ("soon", "a"))
    }
    names |= {f"{id_}.open": f"{name}, open" for id_, name in names.items()}
    names |= {f"forbidden.{kind}": f"a red flag that forbids {kind.replace('_', ' ')}" for kind in KINDS_OF_CARE}
    for rule in base.rules:
        names |= {x.id: x.name for x in rule.then if isinstance(x, CriterionMet)}
        names |= {rule.alert.id: rule.alert.label} if rule.alert else {}
    return Terrain(base.vocabulary, tree, ReferralMap(base.vocabulary, base.referrals, tree), names)


@attrs.define(eq=False)
class PatientView:
    """The patient, as conditions ask: a ``conditions.View``."""

    facts: "Facts"
    concluded: Concluded
    subject: str = PATIENT

    def present(self, term: str) -> Truth:
        return self.facts.booleans.get(term)

    def word(self, term: str, value: str) -> Truth:
        return self.facts.words.get(term, {}).get(value)

    def interval(self, term: str) -> Interval:
        return self.facts.interval(term)

    def pain_at(self, region: str, side: str | None) -> Truth:
        return self.facts.pain_map.at(region, side)

    def pain_named(self, regions: Sequence[str]) -> bool:
        return not self.facts.named.isdisjoint(regions)

    def label(self, label: str) -> Truth:
        return self.facts.labels.get(label)

    def derived(self, id: str) -> Truth:
        return self.concluded(id, self.subject)

    def is_muscle(self, ids: Sequence[str]) -> bool:  # noqa: ARG002 - the patient is no muscle
        return False

    def is_label(self, field: str, values: Sequence[str]) -> bool:  # noqa: ARG002 - nor a diagnosis
        return False

    def muscles(self) -> "Iterable[MuscleView]":
        for muscle, side in self.facts.muscles:
            yield MuscleView(self.facts, self.concluded, muscle_subject(muscle, side), muscle, side)

    def label_muscles(self) -> "Iterable[MuscleView]":
        return ()

    def labels(self) -> "Iterable[LabelView]":
        return (LabelView(self.facts, self.concluded, label) for label in self.facts.label_findings)


@attrs.define(eq=False)
class MuscleView(PatientView):
    """One muscle and side; findings of the patient are readable too."""

    muscle: str = ""
    side: str | None = None

    def present(self, term: str) -> Truth:
        facts = self.facts
        if facts.vocabulary.terms[term].subject != "muscle":
            return facts.booleans.get(term)
        match term:
            case "examined":
                return (self.muscle, self.side) in facts.exams
            case "refers_to_pain":
                return facts.relation(self.muscle, self.side).refers_to_pain
            case "lies_in_pain":
                return facts.relation(self.muscle, self.side).lies_in_pain
            case "remote_from_pain":
                return facts.relation(self.muscle, self.side).remote_from_pain
            case "explains_all":
                return facts.relation(self.muscle, self.side).explains_all
        finding = facts.exams.get((self.muscle, self.side), {}).get(term)
        return finding.value if finding and isinstance(finding.value, bool) else None

    def word(self, term: str, value: str) -> Truth:
        if self.facts.vocabulary.terms[term].subject != "muscle":
            return PatientView.word(self, term, value)
        return _word(self.facts.exams.get((self.muscle, self.side), {}).get(term), value)

    def interval(self, term: str) -> Interval:
        if self.facts.vocabulary.terms[term].subject != "muscle":
            return self.facts.interval(term)
        return _range(self.facts.vocabulary, term, self.facts.exams.get((self.muscle, self.side), {}).get(term))

    def is_muscle(self, ids: Sequence[str]) -> bool:
        muscle = self.facts.vocabulary.muscles.get(self.muscle)
        return self.muscle in ids or (muscle is not None and muscle.group in ids)


@attrs.define(eq=False)
class LabelView(PatientView):
    """One diagnosis that has been given; findings of the patient are readable too."""

    def present(self, term: str) -> Truth:
        if self.facts.vocabulary.terms[term].subject != "label":
            return self.facts.booleans.get(term)
        finding = self.facts.label_findings[self.subject].get(term)
        return finding.value if finding and isinstance(finding.value, bool) else None

    def word(self, term: str, value: str) -> Truth:
        if self.facts.vocabulary.terms[term].subject != "label":
            return PatientView.word(self, term, value)
        return _word(self.facts.label_findings[self.subject].get(term), value)

    def interval(self, term: str) -> Interval:
        if self.facts.vocabulary.terms[term].subject != "label":
            return self.facts.interval(term)
        return _range(self.facts.vocabulary, term, self.facts.label_findings[self.subject].get(term))

    def is_label(self, field: str, values: Sequence[str]) -> bool:
        return getattr(self.facts.vocabulary.diagnoses[self.subject], field) in values

    def label_muscles(self) -> "Iterable[MuscleView]":
        row = set(self.facts.vocabulary.diagnoses[self.subject].muscles)
        return (view for view in self.muscles() if view.muscle in row)


def _word(finding: Finding | None, value: str) -> Truth:
    if finding is None:
        return None
    return True if value in finding.words else False if value in finding.denied else None


def _range(vocabulary: Vocabulary, term: str, finding: Finding | None) -> Interval:
    if finding is not None and finding.value is not None:
        return Interval(float(finding.value), float(finding.value))
    if finding is not None and finding.between is not None:
        return Interval(*finding.between)
    allowed = vocabulary.terms[term].range
    return Interval(*allowed) if allowed else ANYTHING


@attrs.frozen(eq=False)
class Facts:
    """What is known of one patient; every question about it is answered from here."""

    terrain: Terrain
    findings: Findings

    @property
    def vocabulary(self) -> Vocabulary:
        """The words in which the findings are written."""
        return self.terrain.vocabulary

    @cached_property
    def given(self) -> dict[str, Finding]:
        """The patient's own findings by term."""
        return {finding.term: finding for finding in self.findings.patient}

    @cached_property
    def booleans(self) -> dict[str, bool]:
        """The patient's yes/no findings."""
        return {f.term: f.value for f in self.findings.patient if isinstance(f.value, bool)}

    @cached_property
    def excluded(self) -> dict[str, str]:
        """The patient's yes/no findings that cannot be present, each with the finding present that excludes it."""
        found: dict[str, str] = {}
        for one, present in self.terrain.excluding:
            if self.booleans.get(present) and one not in self.booleans:
                found.setdefault(one, present)
        return found

    @cached_property
    def words(self) -> dict[str, dict[str, bool]]:
        """The patient's findings in words: each word present or denied."""
        return {
            f.term: {**dict.fromkeys(f.denied, False), **dict.fromkeys(f.words, True)} for f in self.findings.patient if f.words or f.denied
        }

    @cached_property
    def pain_map(self) -> PainMap:
        """Where it hurts, and where not."""
        entries = entries_of(self.findings, self.given, atlas_of(self.terrain.tree))
        return PainMap(self.terrain.tree, tuple(entries), bool(self.findings.pain_map_complete))

    @cached_property
    def named(self) -> frozenset[str]:
        """The regions for which pain is recorded, groups as they were named."""
        return frozenset(entry.region for entry in self.pain_map.painful)

    @cached_property
    def labels(self) -> dict[str, bool]:
        """Diagnoses given or denied."""
        return {given.label: given.present for given in self.findings.labels}

    @cached_property
    def label_findings(self) -> dict[str, dict[str, Finding]]:
        """What is known about each diagnosis given."""
        return {given.label: {f.term: f for f in given.findings} for given in self.findings.labels if given.present}

    @cached_property
    def exams(self) -> dict[tuple[str, str | None], dict[str, Finding]]:
        """What was found in each muscle examined."""
        return {(exam.muscle, exam.side): {f.term: f for f in exam.findings} for exam in self.findings.exam}

    @cached_property
    def examined(self) -> tuple[str, ...]:
        """The muscles examined, as subjects."""
        return tuple(muscle_subject(muscle, side) for muscle, side in self.exams)

    def known(self, subject: str, term: str) -> Finding | None:
        """A finding of a subject, if it was recorded or follows from what was."""
        if subject == PATIENT:
            return self.given.get(term)
        if subject in self.label_findings:
            return self.label_findings[subject].get(term)
        muscle, _, side = subject.partition(".")
        return self.exams.get((muscle, side or None), {}).get(term)

    def knows(self, subject: str, term: str) -> bool:
        """Whether a finding of a subject was recorded, or follows from what was."""
        return self.known(subject, term) is not None

    @cached_property
    def muscles(self) -> tuple[tuple[str, str | None], ...]:
        """Every muscle and side, and the groups and unsided muscles that were examined."""
        every: dict[tuple[str, str | None], None] = {(m, side): None for m in self.vocabulary.muscles for side in SIDES}
        every.update(dict.fromkeys(self.exams))
        return tuple(every)

    @cached_property
    def _relations(self) -> dict[tuple[str, str | None], Relation]:
        return {}

    @cached_property
    def _near_pain(self) -> frozenset[tuple[str, str | None]]:
        return self.terrain.referral.near_pain(self.pain_map)

    def relation(self, muscle: str, side: str | None) -> Relation:
        """How a muscle stands to the pain."""
        who = (muscle, side)
        if who not in self._near_pain and not self.pain_map.free:
            return UNRELATED
        if who not in self._relations:
            self._relations[who] = self.terrain.referral.explain(muscle, side, self.pain_map)
        return self._relations[who]

    @cached_property
    def _intervals(self) -> dict[str, Interval]:
        return {}

    def interval(self, term: str) -> Interval:
        """The range in which a number or measure must lie."""
        if term not in self._intervals:
            self._intervals[term] = self._interval(term)
        return self._intervals[term]

    def _interval(self, term: str) -> Interval:
        stated = _range(self.vocabulary, term, self.given.get(term))
        measure = self.vocabulary.measures.get(term)
        if measure is None:
            return stated
        total = self.items(term)
        for part in (stated, self.interval(measure.also_total)) if measure.also_total else (stated,):
            total = (total & part) or total
        return total

    def interval_of(self, finding: Finding) -> Interval:
        """The range of one stated number: itself, or the one that was stated."""
        return _range(self.vocabulary, finding.term, finding)

    def items(self, measure: str) -> Interval:
        """What the items of a measure alone allow, whatever total was stated."""
        definition = self.vocabulary.measures[measure]
        total = Interval(0, 0)
        for item in definition.sum:
            if self.vocabulary.terms[item].kind == "boolean":
                total += _counted(self.booleans.get(item))
            else:
                total += self.interval(item)
        view = self.view()
        for condition in definition.count:
            total += _counted(judge(condition, view))
        return total

    def view(self, subject: str = PATIENT, concluded: Concluded = nothing) -> PatientView:
        """What conditions see of a subject."""
        if subject == PATIENT:
            return PatientView(self, concluded)
        if subject in self.label_findings:
            return LabelView(self, concluded, subject)
        muscle, _, side = subject.partition(".")
        return MuscleView(self, concluded, subject, muscle, side or None)

    def subjects(self, about: Subject) -> tuple[str, ...]:
        """Everything a rule of that kind is asked about: the patient, every muscle and side, every diagnosis given."""
        if about == "patient":
            return (PATIENT,)
        if about == "label":
            return tuple(self.label_findings)
        return tuple(muscle_subject(muscle, side) for muscle, side in self.muscles)


def _counted(verdict: Truth) -> Interval:
    return Interval(1 if verdict is True else 0, 0 if verdict is False else 1)
