"""
Of whom the rules are asked: the patient, the diagnoses given, and the muscles, where muscles that no rule can tell apart stand together.

Two muscles are alike when every muscle leaf of the rules has the same truth for both; one of them stands for all. It cannot change an answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from mps_rules import conditions as c
from mps_rules.facts import Facts
from mps_rules.model import PATIENT, KnowledgeBase, Subject, Vocabulary, muscle_subject


def whose(condition: c.Condition, base: KnowledgeBase, known: dict[c.Condition, Subject]) -> Subject:
    """Whose condition it is: the patient's, or a muscle's or diagnosis' own; ``known`` keeps the answers."""
    if condition not in known:
        known[condition] = _whose(condition, base, known)
    return known[condition]


def _whose(condition: c.Condition, base: KnowledgeBase, known: dict[c.Condition, Subject]) -> Subject:
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
        case c.CountMuscles():
            return "patient"
    own = {whose(part, base, known) for part in c.parts(condition)} - {"patient"}
    return own.pop() if own else "patient"


def kinds_of_muscle(leaves: Sequence[c.Condition], words: Vocabulary) -> dict[str, tuple[bool, ...]]:
    """For each muscle and group, which of the rules' lists of muscles name it."""
    lists = [leaf.ids for leaf in leaves if isinstance(leaf, c.MuscleIs)]
    found = {group: tuple(group in ids for ids in lists) for group in words.groups}
    found |= {m.id: tuple(m.id in ids or m.group in ids for ids in lists) for m in words.muscles.values()}
    return found


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
    def of(
        cls,
        facts: Facts,
        leaves: Sequence[c.Condition | None],
        kinds: Mapping[str, tuple[bool, ...]],
        apart: frozenset[str] = frozenset(),
        unexamined: dict[Any, tuple[c.Truth, ...]] | None = None,
    ) -> "Subjects":
        """
        The subjects of a patient; muscles ``apart`` stand for themselves. Muscles are not told apart by a leaf that is None.

        ``unexamined`` keeps, from patient to patient, the truths of the leaves for muscles that nobody examined: they follow from how
        a muscle stands to the pain.
        """
        groups: dict[Any, list[str]] = {}
        unexamined = {} if unexamined is None else unexamined
        signatures: dict[str, tuple[c.Truth, ...]] = {}
        for muscle, side in facts.muscles:
            subject = muscle_subject(muscle, side)
            if (muscle, side) in facts.exams:
                signature = _truths(leaves, facts, subject)
            else:
                key: tuple[Any, ...] = ()
                if any(leaves):
                    relation = facts.relation(muscle, side)
                    key = (kinds[muscle], relation.refers_to_pain, relation.lies_in_pain, relation.explains_all)
                if key not in unexamined:
                    unexamined[key] = _truths(leaves, facts, subject)
                signature = unexamined[key]
            groups.setdefault((signature, subject if subject in apart else ""), []).append(subject)
            signatures[subject] = signature
        members = {group[0]: tuple(group) for group in groups.values()}
        stands_in = {one: group[0] for group in groups.values() for one in group}
        labels = facts.subjects("label")
        return cls(
            members={PATIENT: (PATIENT,), **{label: (label,) for label in labels}, **members},
            alike={one: stands_in[one] for one in signatures},
            muscles=tuple(members),
            labels=labels,
            signatures={stand_in: signatures[stand_in] for stand_in in members},
        )

    def of_kind(self, about: Subject) -> tuple[str, ...]:
        """The subjects of a kind, one for each group of muscles that are alike."""
        return {"patient": (PATIENT,), "muscle": self.muscles, "label": self.labels}[about]

    def of_row(self, label: str, words: Vocabulary) -> Iterator[str]:
        """Who stands for the muscles of a diagnosis' row."""
        row = words.diagnoses[label].muscles
        return (self.alike[one] for one in self.alike if one.partition(".")[0] in row)


def _truths(leaves: Sequence[c.Condition | None], facts: Facts, subject: str) -> tuple[c.Truth, ...]:
    view = facts.view(subject)
    return tuple(c.judge(leaf, view) if leaf else None for leaf in leaves)
