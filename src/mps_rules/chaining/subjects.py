"""
Of whom the rules are asked: the patient, the diagnoses given, and the muscles, where muscles that no rule can tell apart stand together.

Two muscles are alike when every muscle leaf of the rules has the same truth for both; one of them stands for all. It cannot change an answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

import attrs

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT, Subject, Vocabulary, muscle_subject
from mps_rules.language import conditions as c
from mps_rules.patient.facts import Facts


def subject_kind(condition: c.Condition, base: KnowledgeBase, known: dict[c.Condition, Subject]) -> Subject:
    """Whose condition it is: the patient's, or a muscle's or diagnosis' own; ``known`` keeps the answers."""
    if condition not in known:
        known[condition] = _subject_kind(condition, base, known)
    return known[condition]


def _subject_kind(condition: c.Condition, base: KnowledgeBase, known: dict[c.Condition, Subject]) -> Subject:
    match condition:
        case c.Present(term) | c.Words(term) | c.Compare(term):
            subject = base.vocabulary.terms[term].subject
            return subject if subject in ("muscle", "label") else "patient"  # type: ignore[return-value]
        case c.MuscleIs():
            return "muscle"
        case c.LabelIs() | c.LabelMuscle():
            return "label"
        case c.Derived(id):
            return base.concluding[id][0].about
        case c.CountMuscles() | c.PainAt() | c.Label() | c.PainNamed() | c.PainApart() | c.AnyLabel() | c.Suspicion() | c.InReach():
            return "patient"
        case c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item() | c.Established() | c.Known():
            pass
        case _:
            assert_never(condition)
    own = {subject_kind(part, base, known) for part in c.parts(condition)} - {"patient"}
    return own.pop() if own else "patient"


def kinds_of_muscle(leaves: Sequence[c.Condition], words: Vocabulary) -> dict[str, int]:
    """The kind of each muscle and group, as a number: those of one kind are named by the same of the rules' lists of muscles."""
    lists = [leaf.ids for leaf in leaves if isinstance(leaf, c.MuscleIs)]
    found = {group: tuple(group in ids for ids in lists) for group in words.groups}
    found |= {m.id: tuple(m.id in ids or m.group in ids for ids in lists) for m in words.muscles.values()}
    numbers: dict[tuple[bool, ...], int] = {}
    return {muscle: numbers.setdefault(named, len(numbers)) for muscle, named in found.items()}


@attrs.frozen(eq=False)
class MuscleSignatures:
    """
    What separates one muscle from another: the muscle conditions of the rules, and the kind of each muscle.

    A leaf is None where the rules in question do not read it. Truths of muscles that nobody examined are kept from patient to patient.
    """

    leaves: Sequence[c.Condition | None]
    kinds: Mapping[str, int]
    unexamined: dict[Any, tuple[c.Truth, ...]] = attrs.field(init=False, factory=dict)
    """The truths for muscles that nobody examined: they follow from the kind of muscle and from how it stands to the pain."""

    def of_unexamined(self, facts: Facts, muscle: str, side: str | None) -> tuple[c.Truth, ...]:
        """The truths of a muscle that nobody examined."""
        key: tuple[Any, ...] = ()
        if any(self.leaves):
            relation = facts.relation(muscle, side)
            key = (self.kinds[muscle], relation.refers_to_pain, relation.lies_in_pain, relation.explains_all)
        found = self.unexamined.get(key)
        if found is None:
            found = self.unexamined[key] = self.of(facts, muscle_subject(muscle, side))
        return found

    def of(self, facts: Facts, subject: str) -> tuple[c.Truth, ...]:
        """The truths of a muscle."""
        view = facts.view(subject)
        return tuple(c.judge(leaf, view) if leaf else None for leaf in self.leaves)


@attrs.frozen(eq=False)
class Subjects:
    """
    The subjects of one patient.

    ``members`` holds, for each that stands for others, all of them; ``alike`` the reverse, in the muscles' own order;
    ``signatures`` the truths of the muscle leaves, in their order, for each muscle that stands for others.
    """

    members: dict[str, tuple[str, ...]]
    alike: dict[str, str]
    muscles: tuple[str, ...]
    labels: tuple[str, ...]
    signatures: dict[str, tuple[c.Truth, ...]]

    @classmethod
    def of(cls, facts: Facts, telling: MuscleSignatures, ungrouped: frozenset[str] = frozenset()) -> "Subjects":
        """The subjects of a patient; muscles ``ungrouped`` stand for themselves."""
        groups: dict[tuple[tuple[c.Truth, ...], str], list[str]] = {}
        alike: dict[str, list[str]] = {}
        for muscle, side in facts.muscles:
            subject = muscle_subject(muscle, side)
            examined = (muscle, side) in facts.exams
            signature = telling.of(facts, subject) if examined else telling.of_unexamined(facts, muscle, side)
            group = groups.setdefault((signature, subject if subject in ungrouped else ""), [])
            group.append(subject)
            alike[subject] = group
        members = {group[0]: tuple(group) for group in groups.values()}
        labels = facts.subjects("label")
        return cls(
            members={PATIENT: (PATIENT,), **{label: (label,) for label in labels}, **members},
            alike={one: group[0] for one, group in alike.items()},
            muscles=tuple(members),
            labels=labels,
            signatures={group[0]: signature for (signature, _), group in groups.items()},
        )

    def of_kind(self, about: Subject) -> tuple[str, ...]:
        """The subjects of a kind, one for each group of muscles that are alike."""
        return {"patient": (PATIENT,), "muscle": self.muscles, "label": self.labels}[about]

    def of_row(self, label: str, words: Vocabulary) -> Iterator[str]:
        """Who stands for the muscles of a diagnosis' row."""
        row = words.diagnoses[label].muscles
        return (self.alike[one] for one in self.alike if one.partition(".")[0] in row)
