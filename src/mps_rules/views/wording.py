"""The words that all views share: states of muscles, access, ranks, lists that are cut, lines that are wrapped."""

import re
import textwrap
from collections.abc import Container, Iterable, Iterator, Sequence

import attrs

from mps_rules.answer.values import (
    Argument,
    Assessment,
    Flips,
    Hypothesis,
    MuscleCandidate,
    PointsShort,
    Proof,
    Recommendation,
    Shortfall,
    in_words,
)
from mps_rules.chaining.chains import Premise
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT, Vocabulary, lowered, placed
from mps_rules.language.conditions import points_told
from mps_rules.patient.addresses import address

WIDTH = 100
BRIEF_WIDTH, BRIEF_LINES, NARROWEST = 88, 15, 30
MARGIN = 11
"""How far the brief text stands behind its headings."""
ROOM = BRIEF_WIDTH - MARGIN
SETTLE = ", to settle"
IN_FULL = 4
"""How many hypotheses are shown with their arguments."""
SHOWN = 6
"""How many entries of one kind are shown before the text says how many more there are."""

STATES = {
    "not_examined": "not examined",
    "no_trigger_point": "examined, no trigger point",
    "examined": "examined, not settled",
}

URGENT = {"emergency": "emergency", "urgent": "urgent", "soon": "soon"}
"""How pressing something is."""
FLAGS = {"raised": "Red flag", "open": "Open red flag"}
"""How a red flag stands."""
SCREENED = {
    "complete": "all red flags that matter here were asked about",
    "partial": "red flags only partly asked about",
    "not_done": "no red flag asked about yet",
}
"""What was asked of the red flags."""
HELD = {
    "confirmed": "confirmed",
    "probable": "probable",
    "possible": "possible",
    "undecided": "undecided",
    "unlikely": "unlikely",
    "excluded": "excluded",
}
"""How a hypothesis is held."""
STANDING = ("confirmed", "probable", "possible")
"""How it is held where it is at least possible: only such a serious one is shown as an alarm."""
DEFINED = {"met": ("met", "✓"), "undecided": ("undecided", "?"), "not_met": ("not met", "✕")}
"""How a published definition or an item of one stands, and its sign, in the order in which definitions are shown."""
ADVISED = {"refer": "Refer", "investigate": "Investigate", "examine": "Examine", "avoid": "Avoid", "self_care": "Self-care"}
"""Kinds of advice, in the order in which they are shown."""
WAITING = ("examine", "self_care")
"""Kinds of advice that come only once a pressing red flag is excluded."""
LOOKED_UP = {"finding": "finding", "sign": "sign of a muscle", "diagnosis": "diagnosis", "muscle": "muscle", "place": "place"}
"""What a search may find."""
LESSER_CHANGES = ("New advice", "Advice gone", "Muscles first")
"""With what a line about two answers begins that can wait."""

ACCESS = {
    "palpable": "palpable",
    "deep": "lies deep",
    "intraoral": "palpated inside the mouth",
    "internal": "internal examination, trained clinician, with consent",
}


def muscle_names(parts: Sequence[MuscleCandidate]) -> str:
    """Muscles of one group with their sides."""
    sides = dict.fromkeys(part.side or "side not given" for part in parts)
    return f"{' / '.join(dict.fromkeys(part.label for part in parts))}, {' and '.join(sides)}"


def state_words(base: KnowledgeBase) -> dict[str, str]:
    """What may be found of a muscle, in words."""
    return {state.state: state.label for state in base.pack.muscle_states} | STATES


def scored(hypothesis: Hypothesis) -> str:
    """The score of a hypothesis as it stands behind its name."""
    return "" if hypothesis.score is None else f" ({points_told(hypothesis.score)})"


@attrs.frozen
class Ranks:
    """Hypotheses as a reader meets them: at least possible, and less likely; one of which nothing is said yet is neither."""

    supported: tuple[Hypothesis, ...]
    opposed: tuple[Hypothesis, ...]


def ranks(hypotheses: Iterable[Hypothesis]) -> Ranks:
    """The hypotheses by what is said of them."""
    every = tuple(hypotheses)
    return Ranks(
        tuple(h for h in every if h.stands),
        tuple(h for h in every if (h.opposes or h.supports) and not h.stands),
    )


def disagreements(assessment: Assessment, words: Vocabulary) -> Iterator[tuple[str, list[str], list[str]]]:
    """For each hypothesis of which some definition is met: its label, the definitions that are not met, those undecided."""
    met = {(r.hypothesis, r.id) for r in assessment.criteria if r.status == "met"}
    for hypothesis in dict.fromkeys(hypothesis for hypothesis, _ in sorted(met)):
        others = [r for r in assessment.criteria if r.hypothesis == hypothesis and (hypothesis, r.id) not in met]
        by_status = {status: list(dict.fromkeys(r.label for r in others if r.status == status)) for status in ("not_met", "undecided")}
        if others:
            yield words.suspects[hypothesis].label, by_status["not_met"], by_status["undecided"]


def together(muscles: Iterable[MuscleCandidate]) -> list[list[MuscleCandidate]]:
    """Candidates of one group and state together, those that reach the pain apart from those that do not, in the order of the best."""
    grouped: dict[tuple[str, str, bool], list[MuscleCandidate]] = {}
    for muscle in muscles:
        grouped.setdefault((muscle.group, muscle.status, bool(muscle.explains or muscle.might_explain)), []).append(muscle)
    return list(grouped.values())


def term_name(base: KnowledgeBase, term: str) -> str:
    """The words for a finding that is still to be asked, by its address."""
    words = base.vocabulary
    kind, _, rest = term.partition(".")
    if kind == "pain" and rest in words.regions:
        return f"pain {placed(words.name('region', rest))}"
    return lowered(words.terms[term].label if term in words.terms else address(term, words).words(words))


def all_of(items: Sequence[str]) -> str:
    """A list in words, nothing cut."""
    return "; ".join(items)


def capital(text: str) -> str:
    """A text with a capital letter."""
    return text[:1].upper() + text[1:]


def cut(items: Sequence[str], most: int = SHOWN) -> str:
    """A list in a line; what is beyond the most is counted."""
    shown = "; ".join(items[:most])
    return shown + (f"; and {len(items) - most} more" if len(items) > most else "")


def wrapped(line: str, indent: int, hanging: int | None = None) -> list[str]:
    """A line broken at the width of a page, continued with an indent."""
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def clause(text: str, room: int) -> str:
    """
    As many whole clauses of a text as there is room for.

    >>> clause("press it (gently); then stretch, and rest", 24)
    'press it; then stretch'
    """
    if len(text) <= room:
        return text
    plain = re.sub(r" \([^()]*\)", "", text)
    if len(plain) <= room:
        return plain
    head = plain[: room + 1]
    end = max(head.rfind("; "), head.rfind(". "))
    end = end if end > room // 3 else head.rfind(", ", 0, room)
    if end > room // 3 and not head[:end].endswith(SETTLE):
        return head[:end]
    return head[: room - 3].rpartition(" ")[0] + " ..."


def each_once(texts: Iterable[str]) -> tuple[str, ...]:
    """Texts without those that came before."""
    return tuple(dict.fromkeys(texts))


def as_said(text: str) -> str:
    """What a premise says, without how it came about."""
    plain = re.sub(r" \(from: .*\)$", "", text).replace("concluded: ", "").removeprefix("Concluded: ")
    plain = re.sub(r"(.*): recorded absent$", r"\1 absent", plain.replace("Ruled out by what is recorded: ", "no "))
    plain = re.sub(r"^Pain in: (.*)", lambda found: f"pain {placed(found[1])}", plain)
    return plain if re.match(r"\w+ [A-Z]", plain) else lowered(plain)


def in_short(advice: Recommendation) -> str:
    """A recommendation in a few words: as its rule has it, else its first sentence."""
    text = advice.text.partition(". ")[0].rstrip(".")
    return advice.short or clause(lowered(re.sub(r"^(Consider|Avoid) ", "", text)), ROOM)


def reasons_of(arguments: Iterable[Argument], base: KnowledgeBase, named: Container[str] = (), known: str = "") -> tuple[str, ...]:
    """The arguments in a few words each, those that weigh most first; muscles ``named`` are not named again, ``known`` was said already."""
    worth = {"strong": 2, "moderate": 1, "weak": 0, None: 6}
    ordered = sorted(arguments, key=lambda a: (-abs(a.points if a.points is not None else worth[a.strength]), a.points is None))
    found: list[str] = []
    for argument in ordered:
        told = [one for one in _told(argument, base, named) if one not in known and not any(one in reason for reason in found)]
        found += [" and ".join(told)] if told else []
    return tuple(found)


def _told(argument: Argument, base: KnowledgeBase, named: Container[str]) -> tuple[str, ...]:
    """What an argument rests on most, in words: where it hurts only if nothing else."""
    apart: dict[bool, list[Premise]] = {}
    for premise in argument.because:
        if premise.kind != "silence":
            apart.setdefault(premise.kind in ("muscle", "pain"), []).append(premise)
    told = []
    for premise in (apart.get(False) or apart.get(True, []))[:2]:
        about = f"{base.vocabulary.subject_label(premise.subject)}: " if premise.subject != PATIENT else ""
        told.append(as_said(premise.text.removeprefix(about) if premise.subject in named else premise.text))
    return each_once(told) or (lowered(argument.title),)


def weaknesses(assessment: Assessment, base: KnowledgeBase) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each diagnosis that was given and is weak, with why in a few words each."""
    names, weak = base.vocabulary.diagnoses, dict[str, list[str]]()
    for caution in assessment.cautions:
        for label in caution.subjects if caution.short else ():
            if label in names:
                weak.setdefault(label, []).append(caution.short)
    given = {one.label for one in assessment.findings.labels if one.present}
    for hypothesis in assessment.hypotheses:
        if hypothesis.id in given:
            weak.setdefault(hypothesis.id, []).extend(f"{reason} against it" for reason in reasons_of(hypothesis.opposes, base)[:1])
    return tuple((re.sub(r" \(.*\)", "", names[label].label), tuple(own)) for label, own in weak.items() if own)


_ONE_LINE = 100


def _gathered(labels: Iterable[str]) -> list[str]:
    """
    Labels as a list to tick off: those that begin alike are one entry, and left and right of one thing are said once.

    >>> _gathered(["WPI: jaw, left", "WPI: jaw, right", "WPI: neck", "fever", "pain in the calf"])
    ['WPI: jaw, left and right; neck', 'fever', 'pain in the calf']
    """
    of: dict[str, dict[str, list[str]]] = {}
    for label in labels:
        start, colon, rest = label.rpartition(": ")
        what, comma, side = rest.rpartition(", ") if rest.endswith((", left", ", right")) else (rest, "", "")
        of.setdefault(start + colon or what, {}).setdefault(what, []).extend([side] if comma else [])
    return [
        (start if start.endswith(": ") else "")
        + "; ".join(what + (f", {' and '.join(sides)}" if sides else "") for what, sides in entries.items())
        for start, entries in of.items()
    ]


@in_words.register
def _proof_in_words(proof: Proof) -> str:
    """How a proof is read, down to findings and sources."""
    return "\n".join(_proof_lines(proof, 0, set(), set()))


def _proof_lines(proof: Proof, depth: int, told: set[tuple[str, str]], cited: set[str]) -> Iterable[str]:
    """This proof, indented; a rule already told of the same subject is named only, a source already cited too."""
    pad = "  " * depth
    again = bool(proof.rule) and (proof.rule, proof.subject) in told
    yield f"{pad}{proof.statement}" + (" (as above)" if again else "")
    if again:
        return
    told.add((proof.rule, proof.subject))
    if proof.rule:
        yield f"{pad}  rule {proof.rule}: {proof.title}"
    for source in proof.sources:
        yield f"{pad}  source: {source.partition(':')[0] if source in cited else source}"
        cited.add(source)
    if proof.limits:
        yield f"{pad}  limits: {proof.limits}"
    for reason in proof.because:
        yield from _proof_lines(reason, depth + 1, told, cited)


@in_words.register
def _shortfall_in_words(shortfall: Shortfall) -> str:
    """How a shortfall is read, nearest rule first."""
    lines = [f"{shortfall.label}: {shortfall.status}."]
    for miss in shortfall.rules:
        if miss.points is not None:
            lines += [f"  {miss.title} ({_points_far(miss.points)})", *_points_lines(miss.points)]
            continue
        if miss.missing is None:
            far = "ruled out by what is recorded"
        else:
            far = "1 finding short" if miss.missing == 1 else f"about {miss.missing} findings short"
        lines.append(f"  {miss.title} ({far})")
        for name, parts in (
            ("stands", miss.holds),
            ("recorded against it", miss.against),
            ("not known", miss.unknown),
            ("ask", _gathered(miss.ask)),
        ):
            lines += _part_lines(name, parts)
    return "\n".join(lines)


def _part_lines(name: str, parts: Sequence[str], most: int = _ONE_LINE) -> list[str]:
    """Parts of a rule in one line, or one by one where they are many."""
    if len("; ".join(parts)) <= most:
        return [f"    {name}: {'; '.join(parts)}"] if parts else []
    each = (textwrap.wrap(part, _ONE_LINE, initial_indent="      - ", subsequent_indent="        ") for part in parts)
    return [f"    {name}:", *(line for lines in each for line in lines)]


def _points_far(points: PointsShort) -> str:
    if points.most < points.line:
        return (
            f"{points_told(points.score)}, at most {points_told(points.most)} by what is not known; its line is {points_told(points.line)}"
        )
    if points.short == 0:
        return f"{points_told(points.score)}, its line is {points_told(points.line)}; nothing that speaks for it is known"
    return (
        f"{points.short} point{'s' if points.short > 1 else ''} short: {points_told(points.score)}, its line is {points_told(points.line)}"
    )


def _points_lines(points: PointsShort) -> Iterator[str]:
    """What counts of a cause so far, and what would bring it to its line."""
    yield from _part_lines("counts", points.counted)
    yield from _part_lines("against it", points.against)
    closing = [
        f"{'; '.join(f'{text} {points_told(gain)}' for text, gain in zip(one.findings, one.points, strict=True))} ({one.cost})"
        for one in points.closing
    ]
    if points.short and not closing and points.most >= points.line:
        yield "    would close it: only many findings together"
    yield from _part_lines("would close it, cheapest first", [*closing, *([f"and {points.more} more"] if points.more else [])], most=0)


@in_words.register
def _flips_in_words(flips: Flips) -> str:
    """How flips are read, cheapest set first."""
    verb = "would no longer hold" if flips.reached else "would be reached"
    untried = [f"  not tried: {'; '.join(flips.untried)}"] if flips.untried else []
    if not flips.sets:
        what = " that are not known yet" if flips.through == "unknown" else ""
        tried = "" if flips.complete else " that was tried"
        return "\n".join([f"{flips.label} {verb} by no change of up to {flips.largest} findings{what}{tried}.", *untried])
    lines = [f"{flips.label} {verb} with:"]
    lines += [f"  {number}. {'; '.join(change.text for change in one.changes)} ({one.cost})" for number, one in enumerate(flips.sets, 1)]
    if not flips.complete:
        lines.append("  and more")
    return "\n".join([*lines, *untried])
