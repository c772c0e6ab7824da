"""
In what two answers differ, in words: under other findings, or under other rules.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from mps_rules.answer.assess import assess
from mps_rules.answer.values import Alert, Assessment, Difference, Hypothesis
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

WIDEST = 110
"""The longest text of a caution or an advice that a line repeats."""
MUSCLES_COMPARED = 5
"""How many of the best-ranked muscles are compared."""


def difference(before: Assessment, after: Assessment) -> Difference:
    """In what two assessments differ, most urgent first; what comes in through which rule."""
    lines = list(_lines(before, after))
    return Difference(tuple(text for text, _ in lines), tuple(rule for _, rule in lines))


def _lines(before: Assessment, after: Assessment) -> Iterator[tuple[str, str]]:
    if before.urgency != after.urgency:
        yield f"Urgency: {before.urgency} before, {after.urgency} now.", ""
    yield from _alerts(before.alerts, after.alerts)
    yield from _leading(before.hypotheses, after.hypotheses)
    yield from _hypotheses(before.hypotheses, after.hypotheses)
    for word, kind in (("definition", "criteria"), ("caution", "cautions"), ("advice", "recommendations")):
        yield from _listed(word, _texts(before, kind), _texts(after, kind))
    first = [_first_muscles(one) for one in (before, after)]
    if first[0] != first[1]:
        yield f"Muscles first: {', '.join(first[1])}; before: {', '.join(first[0])}.", ""


def _alerts(before: Sequence[Alert], after: Sequence[Alert]) -> Iterator[tuple[str, str]]:
    was = {alert.id: alert for alert in before}
    now = {alert.id: alert for alert in after}
    for id_, alert in now.items():
        if id_ not in was:
            yield f"Red flag {alert.status}: {alert.label} ({alert.urgency}).", alert.rule
        elif was[id_].status != alert.status:
            yield f"Red flag {alert.status}, {was[id_].status} before: {alert.label} ({alert.urgency}).", alert.rule
    yield from ((f"Red flag no longer {alert.status}: {alert.label}.", alert.rule) for id_, alert in was.items() if id_ not in now)


def _leading(before: Sequence[Hypothesis], after: Sequence[Hypothesis]) -> Iterator[tuple[str, str]]:
    first = [next((h.label for h in ranked if h.supports), "nothing") for ranked in (before, after)]
    if first[0] != first[1]:
        yield f"Leading: {first[1]}; before: {first[0]}.", ""


def _hypotheses(before: Sequence[Hypothesis], after: Sequence[Hypothesis]) -> Iterator[tuple[str, str]]:
    was, now = ({h.id: h for h in ranked if h.supports or h.opposes} for ranked in (before, after))
    for id_ in dict.fromkeys((*now, *was)):
        status = [of[id_].status if id_ in of else "without arguments" for of in (was, now)]
        if status[0] != status[1]:
            label = (now.get(id_) or was[id_]).label
            yield f"{label}: {status[1]}, {status[0]} before.", ", ".join(_new_arguments(was.get(id_), now.get(id_)))


def _new_arguments(was: Hypothesis | None, now: Hypothesis | None) -> Iterator[str]:
    """The rules whose arguments came or went."""
    sides = [{a.rule for a in (*h.supports, *h.opposes)} if h else set() for h in (was, now)]
    yield from sorted(sides[0] ^ sides[1])


def _texts(assessment: Assessment, kind: str) -> dict[str, str]:
    """What was met, warned of or advised: the text, and the rule behind it where one is named."""
    if kind == "criteria":
        return {f"{criterion.label}": "" for criterion in assessment.criteria if criterion.status == "met"}
    return {one.text: one.rule for one in getattr(assessment, kind)}


def _listed(word: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    met = {
        "definition": ("Definition met", "Definition no longer met"),
        "caution": ("New caution", "Caution gone"),
        "advice": ("New advice", "Advice gone"),
    }
    for text, rule in after.items():
        if text not in before:
            yield f"{met[word][0]}: {_short(text)}", rule
    for text, rule in before.items():
        if text not in after:
            yield f"{met[word][1]}: {_short(text)}", rule


def _short(text: str) -> str:
    return textwrap.shorten(text.rstrip("."), WIDEST, placeholder=" ...")


def _first_muscles(assessment: Assessment) -> list[str]:
    return list(dict.fromkeys(muscle.label for muscle in assessment.muscles))[:MUSCLES_COMPARED]


# --- two versions of the rules ----------------------------------------------------------------------------------------


@attrs.frozen
class Changed:
    """One patient for whom two versions of the rules say different things."""

    patient: str
    difference: Difference


@attrs.frozen
class RulesDiff:
    """
    In what two versions of the rules differ over some patients: who is answered differently, and why.

    ``added``, ``removed`` and ``rewritten`` are rules; ``unread`` are patients whose findings one version cannot read.
    """

    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    rewritten: tuple[str, ...]
    patients: int
    changed: tuple[Changed, ...]
    unread: tuple[str, ...]

    def __str__(self) -> str:
        rules = ((len(self.added), "added"), (len(self.removed), "removed"), (len(self.rewritten), "rewritten"))
        lines = [f"Rules {self.before} to {self.after}: " + ", ".join(f"{n} {word}" for n, word in rules) + "."]
        lines.append(f"{len(self.changed)} of {self.patients} patients are answered differently.")
        for one in self.changed:
            lines.append(f"  {one.patient}")
            for text, rule in zip(one.difference.lines, one.difference.rules, strict=True):
                lines.append(f"    {text}{f' [{rule}]' if rule else ''}")
        lines += [f"  not read: {one}" for one in self.unread]
        return "\n".join(lines)


def diff_rules(before: KnowledgeBase, after: KnowledgeBase, patients: Mapping[str, Any]) -> RulesDiff:
    """
    Which conclusions change for whom, because of which rule, when one version of the rules replaces another.

    ``patients``: name to findings, as a caller writes them; a finding for which one version has no word is unknown to it.
    """
    old, new = ({rule.id: attrs.evolve(rule, stratum=0) for rule in base.rules} for base in (before, after))
    changed, unread = [], []
    for name, findings in patients.items():
        try:
            answers = [_answer(base, _in_words_of(base, other, findings)) for base, other in ((before, after), (after, before))]
        except FindingError as error:
            unread.append(f"{name}: {error.faults[0]}")
            continue
        if found := difference(*answers):
            changed.append(Changed(name, found))
    return RulesDiff(
        f"{before.pack.version} ({before.digest[:12]})",
        f"{after.pack.version} ({after.digest[:12]})",
        tuple(sorted(set(new) - set(old))),
        tuple(sorted(set(old) - set(new))),
        tuple(sorted(id_ for id_ in set(old) & set(new) if old[id_] != new[id_])),
        len(patients),
        tuple(changed),
        tuple(unread),
    )


def _in_words_of(base: KnowledgeBase, other: KnowledgeBase, findings: Any) -> Any:
    """What was said without the findings that only the other version has words for: to this one nobody could have told them."""
    if not isinstance(findings, Mapping):
        return findings
    new = set(other.vocabulary.terms) - set(base.vocabulary.terms)
    return {key: value for key, value in findings.items() if key not in new} if new.intersection(findings) else findings


def _answer(base: KnowledgeBase, findings: Any) -> Assessment:
    from mps_rules.chaining.engine import chain

    terrain = terrain_of(base)
    facts = Facts(terrain, read_findings(findings, terrain))
    return assess(base, facts, chain(base, facts))


def named(patients: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Patients by name; a name that stands twice is numbered."""
    found: dict[str, Any] = {}
    for name, findings in patients:
        number, unique = 1, name
        while unique in found:
            number += 1
            unique = f"{name} ({number})"
        found[unique] = findings
    return found
