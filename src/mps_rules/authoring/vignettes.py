"""
Whole patients, written apart from the rules, judge the rules: what leads, how urgent it is, which muscles, what must not be said.

A vignette that fails is a finding about the rules. The page of a run names every failure and gives each share with its interval.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import attrs

from mps_rules.answer.assess import Assessor, assess
from mps_rules.answer.questions import questions
from mps_rules.answer.values import Assessment, Question
from mps_rules.chaining.engine import chain
from mps_rules.errors import Fault, FindingError, KnowledgeError, closest
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, URGENCIES, GiveCaution
from mps_rules.knowledge.vocabulary import Vocabulary
from mps_rules.language.reading import Unreadable, read_yaml, text_of
from mps_rules.language.structure import structure
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

FIRST = 5
"""Muscles, and questions, that count as being near the top."""
TAGS = ("ordinary", "serious", "sparse", "label")


@attrs.frozen
class Denied:
    """What must not be said of a patient."""

    leading: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    self_care: bool = False


@attrs.frozen
class Expected:
    """The answer that is right: any of ``leading`` at the top, one of ``urgency``, one of ``muscles`` and of ``asks`` near the top."""

    leading: tuple[str, ...]
    urgency: tuple[str, ...]
    muscles: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    not_: Denied = attrs.Factory(Denied)


@attrs.frozen
class Vignette:
    """One patient in a sentence, the findings of the chart, the right answer, and from which facts it is right."""

    vignette: str
    kind: str
    findings: object
    expect: Expected
    why: str
    tags: tuple[str, ...] = ()
    place: str = ""


@attrs.frozen(eq=False)
class Judged:
    """What the rules said of a vignette, and everything in which that differs from the right answer, by aspect."""

    vignette: Vignette
    assessment: Assessment
    questions: tuple[Question, ...]
    differences: Mapping[str, tuple[str, ...]]

    @property
    def leading(self) -> str:
        """The hypothesis at the top, if any has an argument for it."""
        top = next(iter(self.assessment.hypotheses), None)
        return top.id if top and top.supports else ""

    def right(self, aspect: str) -> bool | None:
        """Whether an aspect is as it should be; None where the vignette does not ask about it."""
        return not self.differences[aspect] if aspect in self.differences else None


MEANT: Mapping[str, str] = {
    "leading": "one of the right hypotheses leads",
    "urgency": "the urgency is one that clinicians would accept",
    "muscles": f"a right muscle is among the first {FIRST}",
    "cautions": "every caution due is given",
    "asks": f"a right question is among the first {FIRST}",
    "not said": "nothing is said that must not be",
}
"""The aspects in which an answer can be right, in words."""
ASPECTS = tuple(MEANT)


def read_vignettes(folder: Path, base: KnowledgeBase) -> tuple[Vignette, ...]:
    """
    The vignettes of a folder, checked against the words of a knowledge base.

    Raises:
        KnowledgeError: a file is not readable, not what it should be, or names what the rules cannot say; all faults.

    """
    faults: list[Fault] = []
    found: list[Vignette] = []
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise KnowledgeError([Fault(str(folder), "holds no vignettes (*.yaml)")])
    for path in paths:
        try:
            document = read_yaml(text_of(path, path.name), path.name)
        except Unreadable as error:
            faults += error.faults
            continue
        read, wrong = structure(document.data, tuple[Vignette, ...], document.place)
        faults += wrong
        for number, one in enumerate(read or ()):
            place = document.place((number,))
            faults += [Fault(place, what, near) for what, near in _unknown_words(one, base)]
            found.append(attrs.evolve(one, place=place))
    if faults:
        raise KnowledgeError(faults)
    return tuple(found)


def _unknown_words(vignette: Vignette, base: KnowledgeBase) -> Iterator[tuple[str, str | None]]:
    """Words of an expectation that no rule could ever give: they would make it pass or fail for nothing."""
    words = base.vocabulary
    cautions = {x.id for rule in base.rules for x in rule.then if isinstance(x, GiveCaution)}
    urgencies = ("none", "soon", *PRESSING)
    for kind, used, known in (
        ("hypothesis", (*vignette.expect.leading, *vignette.expect.not_.leading), words.suspects),
        ("urgency", (*vignette.expect.urgency, *vignette.expect.not_.urgency), urgencies),
        ("muscle", vignette.expect.muscles, {*words.muscles, *words.groups}),
        ("caution", (*vignette.expect.cautions, *vignette.expect.not_.cautions), cautions),
        ("finding", vignette.expect.asks, words.terms),
        ("tag", vignette.tags, TAGS),
    ):
        yield from ((f"no {kind} {word!r}", closest(word, known)) for word in used if word not in known)


def judge(base: KnowledgeBase, vignettes: Iterable[Vignette]) -> tuple[Judged, ...]:
    """
    What the rules say of each vignette, held against the right answer.

    Raises:
        FindingError: the findings of a vignette cannot be read.

    """
    return tuple(_judged(base, vignette) for vignette in vignettes)


def _judged(base: KnowledgeBase, vignette: Vignette) -> Judged:
    terrain = terrain_of(base)
    try:
        facts = Facts(terrain, read_findings(vignette.findings, terrain))
    except FindingError as error:
        raise FindingError([attrs.evolve(fault, where=f"{vignette.place}, {fault.where}") for fault in error.faults]) from None
    chained = chain(base, facts)
    assessor = Assessor(base, facts, chained)
    assessment = assessor.assessment()
    asked = questions(assessor, assessment) if vignette.expect.asks else ()
    judged = Judged(vignette, assessment, asked, {})
    differences = dict(_differences(vignette.expect, judged, base.vocabulary))
    return attrs.evolve(judged, differences=differences)


def _differences(expect: Expected, judged: Judged, words: Vocabulary) -> Iterator[tuple[str, tuple[str, ...]]]:
    a, leading = judged.assessment, judged.leading
    yield "leading", () if leading in expect.leading else (f"{leading or 'nothing'} leads, not {' or '.join(expect.leading)}",)
    yield "urgency", () if a.urgency in expect.urgency else (f"urgency is {a.urgency}, not {' or '.join(expect.urgency)}",)
    if expect.muscles:
        first = list(dict.fromkeys(one.muscle for one in a.muscles))[:FIRST]
        wanted = {part for muscle in expect.muscles for part in (muscle, *words.groups.get(muscle, ()))}
        groups = {words.muscles[one].group for one in expect.muscles if one in words.muscles}
        yield "muscles", () if {*wanted, *groups} & set(first) else (f"first come {', '.join(first)}, not {' or '.join(expect.muscles)}",)
    if expect.cautions:
        given = {caution.id for caution in a.cautions}
        yield "cautions", tuple(f"caution {id_} is missing" for id_ in expect.cautions if id_ not in given)
    if expect.asks:
        asked = [term for question in judged.questions[:FIRST] for term in question.terms]
        yield "asks", () if set(expect.asks) & set(asked) else (f"asks first for {', '.join(asked[:8])}",)
    if expect.not_ != Denied():
        yield "not said", tuple(_said(expect.not_, judged))


def _said(denied: Denied, judged: Judged) -> Iterator[str]:
    a = judged.assessment
    if judged.leading in denied.leading:
        yield f"{judged.leading} leads"
    if a.urgency in denied.urgency:
        yield f"urgency is {a.urgency}"
    yield from (f"caution {caution.id} is given" for caution in a.cautions if caution.id in denied.cautions)
    if denied.self_care and any(advice.kind == "self_care" for advice in a.recommendations):
        yield "self-care is recommended"


@attrs.frozen(eq=False)
class Singly:
    """An ordinary chart, how many yes/no findings were added to it one at a time, and what those say that raise an urgent or emergency flag."""

    chart: Mapping[str, Any]
    tried: int
    raising: Mapping[str, Assessment]


def singly(base: KnowledgeBase, chart: Mapping[str, Any]) -> Singly:
    """
    Each yes/no finding of the patient added to a chart, one at a time; a finding that contradicts the chart is left out.

    Raises:
        FindingError: the chart itself cannot be read.

    """
    terrain, tried, raising = terrain_of(base), 0, {}
    read_findings(chart, terrain)
    for term in base.vocabulary.terms.values():
        if term.kind != "boolean" or term.subject != "patient" or term.fact or term.id in chart:
            continue
        try:
            facts = Facts(terrain, read_findings({**chart, term.id: True}, terrain))
        except FindingError:
            continue
        tried += 1
        assessment = assess(base, facts, chain(base, facts))
        if assessment.urgency in PRESSING:
            raising[term.id] = assessment
    return Singly(chart, tried, raising)


# --- shares and their page --------------------------------------------------------------------------------------------


def wilson(right: int, total: int) -> tuple[float, float]:
    """
    The 95 per cent interval of a share, after Wilson (1927).

    >>> [round(bound, 3) for bound in wilson(9, 10)]
    [0.596, 0.982]
    """
    z = 1.959964
    share, spread = right / total, z * z / total
    middle, half = share + spread / 2, z * sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def page(judged: Sequence[Judged], base: KnowledgeBase, alone: Singly | None = None, origin: str = "") -> str:
    """
    The run as a Markdown page: shares with intervals, confusion, alarms, and every failure by name.

    ``alone``: what one finding at a time raises in an ordinary chart. ``origin``: where the vignettes come from, and what they can show.
    """
    return "\n".join(_page(judged, base, alone, origin)) + "\n"


def share(right: int, total: int) -> str:
    """
    A share in words, with its interval in per cent.

    >>> share(9, 10), share(0, 0)
    ('9 of 10 (90 %, 60 to 98)', 'none')
    """
    if not total:
        return "none"
    low, high = wilson(right, total)
    return f"{right} of {total} ({100 * right / total:.0f} %, {100 * low:.0f} to {100 * high:.0f})"


def _page(judged: Sequence[Judged], base: KnowledgeBase, alone: Singly | None, origin: str) -> Iterator[str]:
    yield "# Validation"
    yield ""
    yield f"What {base.pack.id} {base.pack.version} says of {len(judged)} whole patients, held against the right answer. {origin}".strip()
    yield "This page is generated; shares are with 95 per cent Wilson intervals."
    yield ""
    yield from _aspects(judged)
    yield from _kinds(judged, base.vocabulary)
    yield from _alarms(judged)
    if alone is not None:
        yield from _singly(base, alone)
    yield from _failures(judged)


def shares(judged: Iterable[Judged]) -> dict[str, tuple[int, int]]:
    """For each aspect, in how many vignettes it is right, and of how many that ask about it."""
    every = tuple(judged)
    asked = {aspect: [one.right(aspect) for one in every if one.right(aspect) is not None] for aspect in ASPECTS}
    return {aspect: (sum(map(bool, verdicts)), len(verdicts)) for aspect, verdicts in asked.items()}


def _aspects(judged: Sequence[Judged]) -> Iterator[str]:
    groups = {"all": judged} | {tag: [judgement for judgement in judged if tag in judgement.vignette.tags] for tag in TAGS}
    found = [shares(of) for of in groups.values()]
    yield "| what is right | " + " | ".join(f"{name} ({len(of)})" for name, of in groups.items()) + " |"
    yield "|---" * (len(groups) + 1) + "|"
    for aspect in ASPECTS:
        yield f"| {MEANT[aspect]} | " + " | ".join(share(*of[aspect]) for of in found) + " |"
    yield ""


def _kinds(judged: Sequence[Judged], words: Vocabulary) -> Iterator[str]:
    """The confusion of kinds, and for each kind how often it leads when it should and when it should not."""

    def kind(id_: str) -> str:
        return words.suspects[id_].kind if id_ else "nothing"

    pairs = []
    for judgement in judged:
        accepted = judgement.vignette.expect.leading
        found = judgement.leading
        pairs.append((kind(found if found in accepted else accepted[0]), kind(found)))
    kinds = sorted({k for pair in pairs for k in pair})
    yield "## Which kind leads"
    yield ""
    yield "Rows: the kind that should lead (where several answers are right, the one that was given). Columns: the kind that leads."
    yield ""
    yield "| should | " + " | ".join(kinds) + " | sensitivity | specificity |"
    yield "|---" * (len(kinds) + 3) + "|"
    for wanted in kinds:
        of = [found for should, found in pairs if should == wanted]
        others = [found for should, found in pairs if should != wanted]
        row = [str(of.count(found)) if of.count(found) else "" for found in kinds]
        specific = share(sum(found != wanted for found in others), len(others))
        yield f"| {wanted} | " + " | ".join(row) + f" | {share(of.count(wanted), len(of))} | {specific} |"
    yield ""


def _alarms(judged: Sequence[Judged]) -> Iterator[str]:
    pressing = [judgement for judgement in judged if set(judgement.vignette.expect.urgency) <= set(PRESSING)]
    calm = [judgement for judgement in judged if not set(judgement.vignette.expect.urgency) & set(PRESSING)]
    caught = sum(judgement.assessment.urgency in PRESSING for judgement in pressing)
    quiet = sum(judgement.assessment.urgency not in PRESSING for judgement in calm)
    yield "## Urgent and emergency alarms"
    yield ""
    yield f"Raised where due (sensitivity): {share(caught, len(pressing))}. Silent where not due (specificity): {share(quiet, len(calm))}."
    yield ""
    yield "What the ordinary and the serious charts raise, and what stays open:"
    yield ""
    yield "| chart | raised | open |"
    yield "|---|---|---|"
    for tag in ("ordinary", "serious"):
        for judgement in judged:
            if tag in judgement.vignette.tags:
                states: dict[str, list[str]] = {"raised": [], "open": []}
                for alert in judgement.assessment.alerts:
                    states[alert.status].append(f"{alert.label} ({alert.urgency})")
                yield f"| {tag}: {cell(judgement.vignette.vignette)} | {'; '.join(states['raised'])} | {'; '.join(states['open'])} |"
    yield ""


def _singly(base: KnowledgeBase, alone: Singly) -> Iterator[str]:
    given = ", ".join(f"{key} {value}" for key, value in alone.chart.items())
    yield "## One finding at a time"
    yield ""
    yield f"An ordinary patient ({given}), to whom each yes/no finding is added singly: {len(alone.raising)} of {alone.tried} findings raise an urgent or emergency flag."
    yield ""
    yield "| finding | urgency | raises |"
    yield "|---|---|---|"
    for term, assessment in sorted(alone.raising.items(), key=lambda one: (URGENCIES.index(one[1].urgency), one[0])):
        labels = [alert.label for alert in assessment.alerts if alert.status == "raised" and alert.urgency in PRESSING]
        yield f"| {base.vocabulary.terms[term].label} | {assessment.urgency} | {'; '.join(labels)} |"
    yield ""


def failures(judged: Iterable[Judged]) -> tuple[tuple[Vignette, str], ...]:
    """The vignettes in which something is not as it should be, and what."""
    failed = [judgement for judgement in judged if any(judgement.differences.values())]
    return tuple(
        (judgement.vignette, "; ".join(what for aspect in ASPECTS for what in judgement.differences.get(aspect, ())))
        for judgement in failed
    )


def _failures(judged: Sequence[Judged]) -> Iterator[str]:
    failed = failures(judged)
    yield f"## What differs ({len(failed)})"
    yield ""
    for vignette, what in failed:
        yield f"- {vignette.vignette} (`{vignette.place}`): {what}."


def cell(text: str) -> str:
    r"""
    Text that may stand in a cell of a Markdown table.

    >>> cell("a | b")
    'a \\| b'
    """
    return text.replace("|", "\\|").replace("\n", " ")
