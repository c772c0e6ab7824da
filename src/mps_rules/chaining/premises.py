"""
What a conclusion rests on, in words: a ``Ground`` (which leaf, of whom, how it stood) becomes a ``Premise``.
"""

from collections.abc import Iterable
from typing import assert_never

from mps_rules.chaining.chains import Premise
from mps_rules.knowledge.vocabulary import PATIENT
from mps_rules.language.conditions import (
    WHOLE,
    All,
    Any,
    AnyLabel,
    AtLeast,
    Compare,
    CountMuscles,
    Derived,
    Established,
    Ground,
    InReach,
    Item,
    Known,
    Label,
    LabelIs,
    LabelMuscle,
    MuscleIs,
    Not,
    PainApart,
    PainAt,
    PainNamed,
    Present,
    Suspicion,
    Words,
    describe,
)
from mps_rules.patient.facts import Facts
from mps_rules.patient.values import Finding


def premises(grounds: Iterable[Ground], facts: Facts) -> tuple[Premise, ...]:
    """The grounds in words, in order, each once."""
    return tuple(dict.fromkeys(premise(ground, facts) for ground in grounds))


def premise(ground: Ground, facts: Facts) -> Premise:
    """One ground in words, as it stood: present, recorded absent, or not known."""
    words = facts.vocabulary
    state = {True: "", False: ": recorded absent", None: ": not known"}[ground.verdict]
    match ground.condition:
        case Present(term):
            kind = "muscle" if words.terms[term].fact else "finding"
            if words.terms[term].fact and ground.verdict is False:
                state = ": no"
            return _of(ground, kind, term, words.terms[term].label + state + _source(facts.given.get(term)), facts)
        case Words(term, (value,)):
            word = words.name("term", value) if words.terms[term].of_record else value.replace("_", " ")
            text = f"{words.terms[term].label}: {'not ' if ground.verdict is False else ''}{word}"
            return _of(ground, "finding", term, text + (": not known" if ground.verdict is None else ""), facts)
        case Compare(term):
            interval = facts.view(ground.subject).interval(term)
            exact = interval.lowest == interval.highest
            amount = words.told(interval.lowest, term) if exact else f"{interval}{words.shown_unit(term)}"
            text = f"{words.terms[term].label}: {amount}"
            if ground.verdict is None:
                text = f"{words.terms[term].label}: not known well enough"
            return _of(ground, "measure", term, text, facts)
        case PainAt((region,), side):
            where = words.name("region", region) + (", as a whole" if side == WHOLE else f", {side}" if side else "")
            said = {True: f"Pain in: {where}", False: f"No pain in: {where}", None: f"Pain in: {where}: not known"}
            return _of(ground, "pain", region, said[ground.verdict], facts)
        case Label((label,)):
            text = {True: "Diagnosis given: ", False: "Diagnosis denied: ", None: "Diagnosis not known: "}[ground.verdict]
            return _of(ground, "label", label, text + words.diagnoses[label].label, facts)
        case Derived(id):
            text = {True: "Concluded: ", False: "Ruled out by what is recorded: ", None: "Not decided: "}[ground.verdict]
            return _of(ground, "conclusion", id, text + facts.terrain.name("derived", id), facts)
        case MuscleIs(ids):
            return _of(ground, "muscle", ground.subject, f"One of: {', '.join(words.muscle_label(i).lower() for i in ids)}", facts)
        case LabelIs("id"):
            return _of(ground, "label", ground.subject, f"Diagnosis given: {words.subject_label(ground.subject)}", facts)
        case LabelIs(_, values):
            return _of(ground, "label", ground.subject, f"A diagnosis of kind: {', '.join(values)}", facts)
        case Established(of) | Known(of):
            return _of(ground, "silence", "", f"Not established: {describe(of, facts.terrain.name)}", facts)
        case CountMuscles(of) | LabelMuscle(of):
            text = {True: "", False: "In no muscle: ", None: "Not known of any muscle: "}[ground.verdict]
            return _of(ground, "finding", "", text + describe(of, facts.terrain.name), facts)
        case AnyLabel(of):
            text = {True: "", False: "Of no diagnosis given: ", None: "Not known of any diagnosis given: "}[ground.verdict]
            return _of(ground, "label", "", text + describe(of, facts.terrain.name), facts)
        case PainNamed() | PainApart() | Suspicion() | InReach():
            text = {True: "", False: "Not so: ", None: "Not known: "}[ground.verdict]
            return _of(ground, "pain", "", text + describe(ground.condition, facts.terrain.name), facts)
        case Words() | PainAt() | Label() | All() | Any() | Not() | AtLeast() | Item():
            raise TypeError(f"not a leaf: {ground.condition!r}")
        case _:
            assert_never(ground.condition)


def _source(finding: Finding | None) -> str:
    return f" (from: {finding.follows_from})" if finding and finding.follows_from else ""


def _of(ground: Ground, kind: str, id_: str, text: str, facts: Facts) -> Premise:
    if ground.subject != PATIENT and kind not in ("pain", "label"):
        text = f"{facts.vocabulary.subject_label(ground.subject)}: {text[0].lower()}{text[1:]}"
    return Premise(kind, id_, ground.subject, text)
