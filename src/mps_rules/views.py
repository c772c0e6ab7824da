"""
An assessment as text that a clinician reads in ten seconds: alerts, hypotheses, muscles, cautions, what to do and ask, sources.
"""

import re
import textwrap
from collections.abc import Container, Iterable, Iterator, Sequence

import attrs

from mps_rules.addresses import address
from mps_rules.candidates import LARGEST_COVERING
from mps_rules.causes import common_here
from mps_rules.conditions import points_told
from mps_rules.model import (
    PATIENT,
    PRESSING,
    URGENCIES,
    Alert,
    Argument,
    Assessment,
    CriterionResult,
    Exam,
    Finding,
    GivenLabel,
    Hypothesis,
    KnowledgeBase,
    MuscleCandidate,
    Premise,
    Recommendation,
    Vocabulary,
    lowered,
    muscle_subject,
    placed,
)

WIDTH = 100
BRIEF_WIDTH, BRIEF_LINES, NARROWEST = 88, 15, 30
MARGIN = 11
"""How far the brief text stands behind its headings."""
ROOM = BRIEF_WIDTH - MARGIN
SETTLE = ", to settle"
WEIGHT = ("Leading", "Consider", "Next", "Do", "Avoid", "Weak")
"""Which part of the brief text gets room first."""
IN_FULL = 4
"""How many hypotheses are shown with their arguments."""
SHOWN = 6
"""How many entries of one kind are shown before the text says how many more there are."""

_LIES = re.compile(r"which lies (.*?)(?:, do not reach .*)?$")

STATES = {
    "not_examined": "not examined",
    "no_trigger_point": "examined, no trigger point",
    "examined": "examined, not settled",
}

ACCESS = {
    "palpable": "palpable",
    "deep": "lies deep",
    "intraoral": "palpated inside the mouth",
    "internal": "internal examination, trained clinician, with consent",
}


def brief(assessment: Assessment, base: KnowledgeBase, width: int = BRIEF_WIDTH) -> str:
    """What matters, in at most fifteen lines of 88 columns; the same words in more lines where there is less width."""
    found = []
    for heading, rows in brief_parts(assessment, base):
        for number, row in enumerate(rows):
            lead = f"{heading}:" if number == 0 else ""
            hanging = " " * MARGIN
            found += textwrap.wrap(
                row,
                max(NARROWEST, min(width, BRIEF_WIDTH)),
                initial_indent=f"{lead:<{MARGIN}}",
                subsequent_indent=hanging,
                break_long_words=False,
                break_on_hyphens=False,
            )
    return "\n".join(found) + "\n"


def full(assessment: Assessment, base: KnowledgeBase) -> str:
    """Everything that is said, with reasons and sources, alerts first; no line is longer than 100 characters."""
    return "\n".join(_Full(assessment, base).lines()) + "\n"


def note(assessment: Assessment, base: KnowledgeBase) -> str:
    """What goes into the record: a paragraph each for what was told, what was found, what the rules say of it, and the plan."""
    return "\n\n".join(_Note(assessment, base).paragraphs()) + "\n"


class _Note:
    """
    A paragraph each for what was told, what was found, what is made of it, and what is to be done.

    Nothing that follows from something else is repeated, nothing that nobody told, and nothing is cut. It holds no line break inside a
    paragraph and no mark that a record would read as its own.
    """

    def __init__(self, assessment: Assessment, base: KnowledgeBase) -> None:
        self.a, self.base, self.words, self.found = assessment, base, base.vocabulary, assessment.findings
        self.pressing = assessment.urgency in PRESSING

    def paragraphs(self) -> Iterator[str]:
        first = {term: rank for rank, term in enumerate(self.base.asking.at_hand)}
        told = sorted((one for one in self.found.patient if not one.follows_from), key=lambda one: first.get(one.term, len(first)))
        asked = [one for one in told if self.words.terms[one.term].cost == "asked"]
        examined = [one for one in told if self.words.terms[one.term].cost != "asked"]
        muscles = [(self._muscle(one), [self._said(sign) for sign in one.findings if not sign.follows_from]) for one in self.found.exam]
        given = [("Diagnoses given", [self._given(one) for one in self.found.labels])]
        yield _paragraph("Subjective", [("Pain", self._pain()), *self._three_ways(asked), *given]) or "Subjective: nothing recorded."
        yield _paragraph("Objective", [*self._three_ways(examined), *muscles]) or "Objective: nothing recorded."
        yield f"Assessment: {' '.join(self._concluded())}"
        used = self.a.knowledge
        said = f"Decision support, not a diagnosis: rules {used.id} {used.version}, {used.status}, {used.digest[:12]}."
        yield f"Plan: {' '.join((*self._plan(), said))}"

    def _three_ways(self, found: Iterable[Finding]) -> list[tuple[str, list[str]]]:
        every = list(found)
        return [
            ("", [self._amount(one) for one in every if not isinstance(one.value, bool)]),
            ("Present", [self._label(one) for one in every if one.value is True]),
            ("Absent", [self._label(one) for one in every if one.value is False]),
        ]

    def _concluded(self) -> Iterator[str]:
        for alert in self.a.alerts:
            if alert.status == "raised":
                yield f"RED FLAG, {alert.urgency}: {alert.label}."
            else:
                yield f"Open red flag, {alert.urgency}: {alert.label}; not enough is known to clear it."
        if not any(alert.status == "raised" for alert in self.a.alerts):
            asked = {
                "complete": "all that matter here were asked about",
                "partial": "only partly asked about",
                "not_done": "not asked about",
            }
            yield f"Red flags: none raised; {asked[self.a.screening]}."
        serious = [lowered(flag.label) for flag in self.a.unscreened if flag.urgency != "soon"]
        if serious:
            yield f"Not cleared: {_some(serious)}."
        if self.a.beyond:
            yield f"Recorded, but beyond these red flags: {_all([lowered(one) for one in self.a.beyond])}."
        ranked = [f"{h.label} {h.status}{scored(h)}" for h in self.a.hypotheses if h.stands]
        yield f"Considered: {_some(ranked, IN_FULL) or 'no hypothesis has an argument yet'}."
        yield from (f"{label} is weak: {'; '.join(reasons)}." for label, reasons in weaknesses(self.a, self.base))
        states = _states(self.base)
        muscles = [f"{_names(parts)}: {states[parts[0].status]}" for parts in together(self.a.muscles)]
        if self.pressing:
            yield "Muscles: only once the red flag is excluded."
        elif muscles:
            yield f"Muscles: {_some(muscles, IN_FULL)}."
        met = [result.label for result in self.a.criteria if result.status == "met" and result.subject == PATIENT]
        if met:
            yield f"Definitions met: {_all(met)}."

    def _plan(self) -> Iterator[str]:
        for alert in self.a.alerts:
            if alert.status == "raised":
                yield f"{alert.label}: {alert.action} Act within: {alert.act_within}."
        meanwhile = [part for alert in self.a.alerts if alert.status == "raised" for part in re.split(r"(?<=\.) ", alert.meanwhile) if part]
        if meanwhile:
            yield f"Meanwhile: {' '.join(dict.fromkeys(meanwhile))}"
        advice = [one for one in self.a.recommendations if not (self.pressing and one.kind == "examine")]
        yield from dict.fromkeys(one.text for one in advice if one.kind not in ("examine", "self_care"))
        examine = [_in_short(one) for one in advice if one.kind == "examine"]
        if examine:
            yield f"Examination: {'; '.join(dict.fromkeys(examine))}."
        care = [_in_short(one) for one in advice if one.kind == "self_care"]
        if care:
            yield f"Self-care: {'; '.join(dict.fromkeys(care)).rstrip('.')}."
        if self.a.questions and self.a.urgency != "emergency":
            yield f"Still to ask or examine: {self.a.questions[0].text}."

    def _pain(self) -> list[str]:
        places: dict[tuple[str, bool, float | None], list[str]] = {}
        for one in self.found.pain:
            places.setdefault((one.region, one.present, one.intensity), []).append(one.side or "")
        named = {
            key: self.words.name("region", key[0]) + (f", {' and '.join(sides)}" if all(sides) else "") for key, sides in places.items()
        }
        hurts = [
            name + (f" {intensity:g}/10" if intensity is not None else "") for (_, present, intensity), name in named.items() if present
        ]
        free = [name for (_, present, _), name in named.items() if not present]
        every = ["everything that hurts is marked"] if self.found.pain_map_complete else []
        return [*hurts, *([f"none in {', '.join(free)}"] if free else []), *every]

    def _muscle(self, exam: Exam) -> str:
        return self.words.muscle_label(exam.muscle) + (f", {exam.side}" if exam.side else "")

    def _label(self, finding: Finding) -> str:
        return lowered(self.words.terms[finding.term].label)

    def _amount(self, finding: Finding) -> str:
        term = self.words.terms[finding.term]
        if finding.between is not None:
            return f"{lowered(term.label)}: {' to '.join(self.words.told(end, finding.term) for end in finding.between)}"
        if finding.value is None:
            given = [word.replace("_", " ") for word in finding.words]
            excluded = () if given and term.kind == "one_of" else finding.denied
            denied = [f"not {word.replace('_', ' ')}" for word in excluded]
            return f"{lowered(term.label)}: {', '.join((*given, *denied))}"
        return f"{lowered(term.label)}: {self.words.told(float(finding.value), finding.term)}"

    def _given(self, given: GivenLabel) -> str:
        about = [self._said(one) for one in given.findings if not one.follows_from]
        name = self.words.diagnoses[given.label].label
        denied = "" if given.present else " denied"
        return f"{name}{denied}" + (f" ({', '.join(about)})" if about else "")

    def _said(self, finding: Finding) -> str:
        if isinstance(finding.value, bool):
            return self._label(finding) + ("" if finding.value else ": absent")
        return self._amount(finding)


def _names(parts: Sequence[MuscleCandidate]) -> str:
    """Muscles of one group with their sides."""
    sides = dict.fromkeys(part.side or "side not given" for part in parts)
    return f"{' / '.join(dict.fromkeys(part.label for part in parts))}, {' and '.join(sides)}"


def _states(base: KnowledgeBase) -> dict[str, str]:
    """What may be found of a muscle, in words."""
    return {state.state: state.label for state in base.pack.muscle_states} | STATES


class _Full:
    """Everything that is said, each fact once: what the alerts, hypotheses, muscles and advice rest on stands beside them."""

    def __init__(self, assessment: Assessment, base: KnowledgeBase) -> None:
        self.a, self.base = assessment, base
        self.cited: dict[str, None] = {}
        self.told: set[str] = set()

    def lines(self) -> Iterator[str]:
        sections = (
            self._urgency(),
            self._alerts(),
            self._screening(),
            self._hypotheses(),
            self._muscles(),
            self._criteria(),
            self._cautions(),
            self._recommendations(),
            self._questions(),
            self._sources(),
        )
        for section in sections:
            found = list(section)
            if found:
                yield from found
                yield ""
        yield from self._footer()

    # --- sections

    def _urgency(self) -> Iterator[str]:
        standing = [alert for alert in self.a.alerts if alert.status == "raised"]
        open_ = len(self.a.alerts) - len(standing)
        more = f", and {len(standing) - 1} more" if len(standing) > 1 else ""
        cleared = "NONE of the red flags asked about is raised" if self.a.screening == "complete" else "NOT KNOWN; none raised so far"
        raised = f"{self.a.urgency.upper()}: {standing[0].label}{more}" if standing else cleared
        yield from _wrap(f"Urgency:  {raised}{f'; {open_} open' if open_ else ''}.", 0, 10)

    def _alerts(self) -> Iterator[str]:
        for alert in self.a.alerts:
            yield from self._alert(alert)

    def _alert(self, alert: Alert) -> Iterator[str]:
        state = "" if alert.status == "raised" else "OPEN, "
        graded = f" (by points: {points_told(alert.points)})" if alert.points is not None else ""
        yield from _wrap(f"{state}{alert.urgency.upper()}: {alert.label}{graded}", 0, 4)
        if alert.status == "raised":
            meanwhile = f" Meanwhile: {alert.meanwhile}" if alert.meanwhile else ""
            yield from _wrap(f"{alert.action} Act within: {alert.act_within}.{meanwhile}", 4)
        else:
            named = [_named(self.base, term) for term in alert.unknown]
            yield from _wrap(f"Not enough is known to clear it. Ask: {_some(named)}.", 4)
        yield from _wrap(f"Because: {self._because(alert.because)}.{self._cite(alert.references)}", 4)

    def _screening(self) -> Iterator[str]:
        yield {
            "complete": "Red flags: every flag that matters for where the pain is has been asked about.",
            "partial": "Red flags: only partly asked about. An unasked flag is not an absent one.",
            "not_done": "Red flags: not asked about. Nothing below clears them.",
        }[self.a.screening]
        if self.a.beyond:
            beyond = _some([lowered(one) for one in self.a.beyond])
            yield from _wrap(
                f"! Recorded, but beyond the red flags of these rules: {beyond}. Exclude serious disease by other means.", 4, 6
            )
        serious = [lowered(flag.label) for flag in self.a.unscreened if flag.urgency != "soon"]
        if serious:
            yield from _wrap(f"Not yet cleared: {_some(serious, len(serious))}.", 4)

    def _hypotheses(self) -> Iterator[str]:
        ranked = ranks(self.a.hypotheses)
        if ranked.supported or ranked.opposed:
            yield "HYPOTHESES"
        for hypothesis in ranked.supported[:IN_FULL]:
            yield from self._hypothesis(hypothesis)
        for words, found in (
            ("With less for them", [f"{lowered(h.label)}{scored(h)}" for h in ranked.supported[IN_FULL:]]),
            ("Less likely", [f"{lowered(h.label)}{scored(h)}" for h in ranked.opposed]),
        ):
            if found:
                yield from _wrap(f"{words}: {_some(found)}.", 2, 4)

    def _hypothesis(self, hypothesis: Hypothesis) -> Iterator[str]:
        worst, best = hypothesis.could_be
        could = "" if worst == best else f"; what is unknown could make it {worst if worst != hypothesis.status else best}"
        if worst != best and hypothesis.status not in (worst, best):
            could = f"; what is unknown could make it {worst} or {best}"
        conflict = " (arguments confirm and exclude it)" if hypothesis.conflict else ""
        common = "" if hypothesis.prior is None else f"; {common_here(hypothesis.prior)}"
        yield from _wrap(f"{hypothesis.label}{scored(hypothesis)}: {hypothesis.status.upper()}{conflict}{common}{could}", 2)
        for word, arguments in (("for", hypothesis.supports), ("against", hypothesis.opposes)):
            for argument in arguments[:SHOWN]:
                yield from self._argument(word, argument)
            if len(arguments) > SHOWN:
                yield f"    and {len(arguments) - SHOWN} weaker {word}"
        cause = self.base.causes.get(hypothesis.id)
        if cause and cause.confirm:
            yield from _wrap(f"{'to settle:':<19}{lowered(cause.confirm)}", 4, 23)

    def _argument(self, word: str, argument: Argument) -> Iterator[str]:
        muscles = [self.base.vocabulary.subject_label(subject) for subject in argument.subjects]
        about = f" ({_some(muscles, 3)})" if muscles else ""
        weight = points_told(argument.points) if argument.points is not None else argument.strength or argument.effect
        yield from _wrap(f"{word + ', ' + weight + ':':<19}{argument.title}{about}{self._cite(argument.references)}", 4, 23)

    def _muscles(self) -> Iterator[str]:
        grouped = together(self.a.muscles)
        if not grouped:
            return
        waiting = ": only once the red flag is excluded" if self.a.urgency == "emergency" else ""
        yield f"MUSCLES that could send this pain{waiting}"
        shown = grouped[:SHOWN]
        alike: dict[tuple[str, tuple[str, ...]], list[list[MuscleCandidate]]] = {}
        for parts in shown:
            alike.setdefault((parts[0].status, tuple(path.partition(" <- ")[0] for path in parts[0].path if " <- " in path)), []).append(
                parts
            )
        for (status, reached), groups in alike.items():
            where = "; ".join(reached) or "the charted zones do not reach the pain that is listed"
            yield from _wrap(f"{_states(self.base)[status].capitalize()}; {where}:", 2, 4)
            for parts in groups:
                yield from self._muscle(parts)
        if len(grouped) > SHOWN:
            yield f"  and {len(grouped) - SHOWN} more muscles or muscle groups"
        yield from self._together()

    def _together(self) -> Iterator[str]:
        """The best small set of muscles, where one muscle does not explain everything."""
        best = next(iter(self.a.coverings), None)
        if best is None or (len(best.muscles) == 1 and not best.unexplained):
            return
        words = self.base.vocabulary
        sides: dict[str, list[str]] = {}
        for muscle, _, side in (subject.partition(".") for subject in best.muscles):
            sides.setdefault(muscle, []).append(side)
        names = " with ".join(
            f"{words.muscle_label(muscle)} ({' and '.join(sorted(own))})" if any(own) else words.muscle_label(muscle)
            for muscle, own in sides.items()
        )
        rest = dict.fromkeys(words.name("region", place.partition(".")[0]) for place in best.unexplained)
        if rest:
            line = f"No set of {LARGEST_COVERING} muscles explains all of the listed pain; nearest: {names}; not explained: {_some(list(rest))}."
        else:
            line = f"Fewest muscles that explain all of the listed pain: {names}."
        yield from _wrap(line, 2, 4)

    def _muscle(self, parts: Sequence[MuscleCandidate]) -> Iterator[str]:
        best = parts[0]
        doubt = "; side of the pain not given" if best.side_assumed else ""
        confidence = f"; confidence of the pattern: {best.confidence}" if best.confidence not in ("", "high") else ""
        how = f" ({ACCESS[best.access]})" if best.status == "not_examined" and best.access else ""
        lies = next((f", lies {found[1]}" for path in best.path if (found := _LIES.search(path))), "")
        care = f". Care: {best.safety}" if best.safety and best.status == "not_examined" else ""
        cited = self._cite(self._published(best.references))
        yield from _wrap(f"{_names(parts)}{how}{lies}{confidence}{doubt}{care}.{cited}", 6, 8)

    def _published(self, references: Iterable[str]) -> tuple[str, ...]:
        """The sources of a pattern, without pages that only cross-check it, where others are named."""
        every = tuple(references)
        return tuple(r for r in every if self.base.references[r].class_ != "web") or every

    def _criteria(self) -> Iterator[str]:
        met = [r for r in self.a.criteria if r.status == "met"]
        if met:
            yield "PUBLISHED DEFINITIONS MET"
        for result in met:
            items = "; ".join(item.label for item in result.items if item.status == "met")
            yield from _wrap(f"{self._named_definition(result)}: {items}.{self._cite(result.references)}", 2, 4)
        for label, not_met, undecided in disagreements(self.a, self.base.vocabulary):
            parts = [f"{words} {_some(named)}" for words, named in (("not met:", not_met), ("undecided:", undecided)) if named]
            yield from _wrap(f"Other definitions of {lowered(label)}: {'; '.join(parts)}.", 2, 4)

    def _named_definition(self, result: CriterionResult) -> str:
        about = "" if result.subject == "patient" else f" ({self.base.vocabulary.subject_label(result.subject)})"
        return f"{result.label}{about}"

    def _cautions(self) -> Iterator[str]:
        if self.a.cautions:
            yield "CAUTIONS"
        for caution in self.a.cautions:
            yield from _wrap(f"! {self._anew(caution.text)}{self._cite(caution.references)}", 2, 4)

    def _recommendations(self) -> Iterator[str]:
        words = {"refer": "refer", "investigate": "investigate", "examine": "examine", "avoid": "avoid", "self_care": "self-care"}
        if self.a.recommendations:
            yield "CONSIDER"
        for advice in self.a.recommendations:
            if advice.kind == "examine" and self.a.urgency == "emergency":
                continue
            yield from _wrap(f"{words[advice.kind] + ':':<13}{self._anew(advice.text)}{self._cite(advice.references)}", 2, 15)

    def _questions(self) -> Iterator[str]:
        if self.a.questions:
            yield "ASK OR EXAMINE NEXT"
        for number, question in enumerate(self.a.questions[:SHOWN], 1):
            yield from _wrap(f"{number}. {question.text} - {question.why}", 2, 5)
        if len(self.a.questions) > SHOWN:
            yield f"  and {len(self.a.questions) - SHOWN} more"

    def _sources(self) -> Iterator[str]:
        if self.cited:
            yield "SOURCES"
        for id_ in sorted(self.cited):
            reference = self.base.references[id_]
            yield from _wrap(f"{id_}: {reference.text} {reference.identifier}".rstrip(), 2, 4)

    def _footer(self) -> Iterator[str]:
        used = self.a.knowledge
        yield from _wrap(
            f"For clinicians, beside their own judgement; no diagnosis. Rules {used.id} {used.version}, {used.status}, digest {used.digest[:12]}.",
            0,
        )

    # --- words

    def _anew(self, text: str) -> str:
        """A text without the sentences, after its first, that stand above already."""
        first, *rest = re.split(r"(?<=\.) ", text)
        kept = [sentence for sentence in rest if sentence not in self.told]
        self.told.update(rest)
        return " ".join((first, *kept))

    def _cite(self, references: Iterable[str]) -> str:
        found = self.base.cited(references)
        self.cited.update(dict.fromkeys(id_ for id_ in found if id_ in self.base.references))
        return f" [{', '.join(found)}]" if found else ""

    def _because(self, premises: Sequence[Premise]) -> str:
        return _some([lowered(premise.text) for premise in premises])


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


def _named(base: KnowledgeBase, term: str) -> str:
    """The words for a finding that is still to be asked, by its address."""
    words = base.vocabulary
    kind, _, rest = term.partition(".")
    if kind == "pain" and rest in words.regions:
        return f"pain {placed(words.name('region', rest))}"
    return lowered(words.terms[term].label if term in words.terms else address(term, words).words(words))


def _all(items: Sequence[str]) -> str:
    return "; ".join(items)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _paragraph(heading: str, lists: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Headed lists in one paragraph, or nothing where all are empty."""
    told = [f"{name}: {'; '.join(items)}." if name else f"{_capital('; '.join(items))}." for name, items in lists if items]
    return f"{heading}: {' '.join(told)}" if told else ""


def _some(items: Sequence[str], most: int = SHOWN) -> str:
    shown = "; ".join(items[:most])
    return shown + (f"; and {len(items) - most} more" if len(items) > most else "")


def _wrap(line: str, indent: int, hanging: int | None = None) -> list[str]:
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


# --- in brief ---------------------------------------------------------------------------------------------------------


@attrs.frozen
class Part:
    """
    A part of the brief text: what must be said, and further items as far as there is room for them, each whole.

    ``then`` stands between the two; ``first`` of the items are said in any case. Items with a ``compact`` form have a line of their own
    each, where there is room for all.
    """

    heading: str
    must: str
    items: tuple[str, ...] = ()
    then: str = ""
    most: int = 2
    compact: tuple[str, ...] = ()
    first: int = 0

    @property
    def least(self) -> int:
        """How many lines it needs at least: for what must be said and the first item, or for every item in its compact form."""
        text = self._said(self.compact, len(self.compact)) if self.compact else self._said(self.items, self.first)
        return max(1, len(_rows(text)))

    def within(self, lines: int) -> list[str]:
        """What it says in so many lines: rows, or one paragraph."""
        if self.compact and lines >= len(self.items):
            whole = sum(len(_rows(item)) for item in self.items) <= lines
            return [item if whole else _clause(item, ROOM) for item in self.items]
        items = self.compact or self.items
        for shown in range(len(items), 0, -1):
            text = self._said(items, shown)
            if len(_rows(text)) <= max(lines, self.least):
                return [text]
        if self.must:
            return [self._said(items, 0)]
        shorter = (f"{_clause(items[0], room).rstrip('.')}." for room in range(ROOM * lines - 1, ROOM // 2, -1))
        return [next(text for text in shorter if len(_rows(text)) <= lines)]

    def _said(self, items: Sequence[str], shown: int) -> str:
        more = len(items) - shown
        told = [*items[:shown], *([f"{'and ' if shown else ''}{more} more"] if more else [])]
        return f"{self.must}{self.then}{'; '.join(told).rstrip('.')}." if told else self.must


def _rows(text: str) -> list[str]:
    return textwrap.wrap(text, ROOM, break_long_words=False, break_on_hyphens=False)


def _clause(text: str, room: int) -> str:
    """
    As many whole clauses of a text as there is room for.

    >>> _clause("press it (gently); then stretch, and rest", 24)
    'press it'
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


def _spread(parts: Sequence[Part], lines: int) -> list[tuple[Part, int]]:
    """
    How many lines each part gets, while there are any: what it needs, then by weight a second or one for each row, then one more each.

    Where even what they need is too much, the least weighty are left to the full text.
    """
    given = {part.heading: part.least for part in parts}
    for heading in reversed(WEIGHT):
        if sum(given.values()) > lines:
            given.pop(heading, None)
    kept = [part for part in parts if part.heading in given]
    left = lines - sum(given.values())
    for part in sorted((part for part in kept if part.heading in WEIGHT), key=lambda part: WEIGHT.index(part.heading)):
        rows = len(part.items) if part.compact else 2
        if 0 < rows - given[part.heading] <= left and part.within(rows) != part.within(given[part.heading]):
            left -= rows - given[part.heading]
            given[part.heading] = rows
    while left > 0:
        wanting = [part for part in kept if given[part.heading] < part.most and part.within(part.most) != part.within(given[part.heading])]
        for part in wanting[:left]:
            given[part.heading] += 1
        left = left - len(wanting) if wanting else 0
    return [(part, given[part.heading]) for part in kept]


def brief_parts(assessment: Assessment, base: KnowledgeBase) -> list[tuple[str, list[str]]]:
    """The brief as headings, each with one paragraph or several rows."""
    found = list(_Brief(assessment, base).parts())
    return [(part.heading, part.within(lines)) for part, lines in _spread(found, BRIEF_LINES)]


class _Brief:
    """What matters, in the order in which a clinician needs it; everything in it stands in the full text with its reasons."""

    def __init__(self, assessment: Assessment, base: KnowledgeBase) -> None:
        self.a, self.base, self.words = assessment, base, base.vocabulary
        self.raised = [alert for alert in assessment.alerts if alert.status == "raised"]
        self.pressing = [alert for alert in self.raised if alert.urgency in PRESSING]
        self.waiting = assessment.urgency == "emergency"
        self.ranked = [h for h in assessment.hypotheses if h.stands]

    def parts(self) -> Iterator[Part]:
        yield self._urgency()
        yield self._leading()
        for part in (self._others(), self._labels(), self._do(), self._avoid(), self._next(), self._uncleared()):
            if part.items:
                yield part
        used = self.a.knowledge
        yield Part("Rules", f"{used.id} {used.version}, digest {used.digest[:12]}, {used.status}; no diagnosis.")

    def _urgency(self) -> Part:
        open_ = [alert for alert in self.a.alerts if alert.status == "open" and alert.urgency in PRESSING]
        beyond = ""
        if self.a.beyond:
            beyond = f" Beyond these rules: {_some([lowered(one) for one in self.a.beyond], 3)}; exclude serious disease by other means."
        if self.raised:
            first, *others = self.raised
            meanwhile = f" {first.meanwhile}" if first.meanwhile else ""
            must = f"{first.urgency.upper()} ({first.act_within}): {first.label}. {first.action}{meanwhile}{beyond}"
            rest = sorted((*others, *open_), key=lambda alert: URGENCIES.index(alert.urgency))
            also = [f"{lowered(a.label)} ({a.urgency}{', open' if a.status == 'open' else ''})" for a in rest]
            return Part("Urgency", must, tuple(also), " Also: ", most=5)
        known = {
            "complete": "none raised; all red flags that matter here were asked about.",
            "partial": "NOT KNOWN; none raised, red flags only partly asked about.",
            "not_done": "NOT KNOWN; red flags not asked about.",
        }[self.a.screening]
        asked = [f"{lowered(alert.label)} ({alert.urgency})" for alert in open_]
        if not asked:
            return Part("Urgency", known + beyond)
        ask = _some([_named(self.base, term) for term in open_[0].unknown], 2)
        return Part("Urgency", f"{known}{beyond} OPEN: {asked[0]}; ask: {ask}.", tuple(asked[1:]), " Also open: ", most=4)

    def _leading(self) -> Part:
        if self.pressing:
            first = self.pressing[0]
            reasons = _each(_said(premise.text) for premise in first.because if premise.kind != "silence")
            return Part("Leading", f"{first.condition_label}, to be excluded first", reasons[:2], ". For: ", first=1 if reasons else 0)
        if not self.ranked:
            return Part("Leading", "no hypothesis has an argument yet.")
        best = self.ranked[0]
        muscles, named = self._sources(best)
        own = [a for a in best.supports if not any(premise.subject in self.words.diagnoses for premise in a.because)]
        reasons = reasons_of(own or best.supports, self.base, named, muscles)[:2]
        against = [f"against: {reason}" for reason in reasons_of(best.opposes, self.base, named)[:1]]
        return Part(
            "Leading", f"{best.label}{scored(best)}, {best.status}{muscles}", (*reasons, *against), ". For: ", most=3, first=len(reasons)
        )

    def _sources(self, hypothesis: Hypothesis) -> tuple[str, frozenset[str]]:
        """The muscles of a myofascial hypothesis, and of whom they are told."""
        grouped = [parts for parts in together(self.a.muscles) if parts[0].explains or parts[0].might_explain]
        if hypothesis.kind != "myofascial" or not grouped:
            return "", frozenset()
        first, *others = grouped
        subjects = frozenset(muscle_subject(part.muscle, part.side) for part in first)
        if first[0].status != "not_examined":
            return f": {_source(first)} ({_states(self.base)[first[0].status]})", subjects
        return f": not examined, most likely {' or '.join(_source(parts) for parts in (first, *others[:1]))}", subjects

    def _others(self) -> Part:
        """Two others, each with what would settle it: those that stand, the labels that were given, what has something for it."""
        leading = {self.pressing[0].condition} if self.pressing else {self.ranked[0].id} if self.ranked else set()
        given = {label.label for label in self.a.findings.labels if label.present}
        rest = [h for h in self.a.hypotheses if h.id not in leading and h.status not in ("unlikely", "excluded")]
        found = [h for h in rest if h.stands]
        found += [h for h in rest if h.id in given and h not in found]
        found += [h for h in rest if h.supports and h not in found]
        rows = tuple(self._settled(h, given) for h in found[:2])
        return Part("Consider", "", rows, most=4, compact=tuple(f"{h.label}{scored(h)}" for h in found[:2]))

    def _settled(self, hypothesis: Hypothesis, given: Container[str]) -> str:
        cause = self.base.causes.get(hypothesis.id)
        waits = hypothesis.kind == "myofascial" and self.pressing
        by = f"{SETTLE}: {lowered(cause.confirm)}" if cause and cause.confirm and not waits else ""
        after = ", once the red flag is excluded" if waits else ""
        label = ", as given" if hypothesis.id in given else ""
        points = "" if hypothesis.score is None else f", {points_told(hypothesis.score)}"
        return f"{hypothesis.label}{label}{points}{by}{after}"

    def _labels(self) -> Part:
        told = weaknesses(self.a, self.base)
        if len(told) == 1:
            (label, reasons), *_ = told
            return Part("Weak", label, reasons, ": ", first=1)
        return Part("Weak", "", tuple(f"{label}: {', '.join(reasons)}" for label, reasons in told))

    def _do(self) -> Part:
        order = {"self_care": 1, "investigate": 2, "examine": 3, "refer": 4}
        asked = [r for r in self.a.recommendations if r.kind in order and not self.waiting and not (self.pressing and r.kind == "examine")]
        asked.sort(key=lambda r: 0 if r.kind == "self_care" and r.subjects else order[r.kind])
        cause = self.base.causes.get(self.ranked[0].id) if self.ranked else None
        forbidden = any(alert.forbids for alert in self.a.alerts)
        told = {alert.condition for alert in self.raised}
        own = (
            [_clause(lowered(cause.action.rstrip(".")), ROOM)]
            if cause and not forbidden and cause.id not in told and cause.kind != "myofascial"
            else []
        )
        return Part("Do", "", _each([*own, *(_in_short(r) for r in asked)]))

    def _avoid(self) -> Part:
        """What to avoid, first what something about this patient forbids; an emergency has said it already."""
        own = ("finding", "measure", "label")
        asked = [r for r in self.a.recommendations if r.kind == "avoid" and not self.waiting]
        asked.sort(key=lambda r: not any(premise.kind in own and premise.subject == PATIENT for premise in r.because))
        return Part("Avoid", "", _each(_in_short(r) for r in asked))

    def _next(self) -> Part:
        asked = () if self.waiting else self.a.questions[:3]
        rows = tuple(f"{n}. {_listed(question.text, ROOM - 4)}" for n, question in enumerate(asked, 1))
        return Part("Next", "", rows, compact=tuple(row.partition(":")[0] for row in rows))

    def _uncleared(self) -> Part:
        serious = [flag.label for flag in self.a.unscreened if flag.urgency != "soon"]
        return Part("Uncleared", "", _each(lowered(re.sub(r"^(Possible|Suspected) | \(.*\)$", "", label)) for label in serious))


def _source(parts: Sequence[MuscleCandidate]) -> str:
    """The first muscles of a group, and their sides."""
    labels = dict.fromkeys(lowered(part.label) for part in parts)
    sides = dict.fromkeys(part.side for part in parts if part.side)
    more = " and others" if len(labels) > 2 else ""
    return f"{' / '.join(list(labels)[:2])}{more}" + (f", {' and '.join(sides)}" if sides else "")


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _said(text: str) -> str:
    """What a premise says, without how it came about."""
    plain = re.sub(r" \(from: .*\)$", "", text).replace("concluded: ", "").removeprefix("Concluded: ")
    plain = re.sub(r"(.*): recorded absent$", r"\1 absent", plain.replace("Ruled out by what is recorded: ", "no "))
    plain = re.sub(r"^Pain in: (.*)", lambda found: f"pain {placed(found[1])}", plain)
    return plain if re.match(r"\w+ [A-Z]", plain) else lowered(plain)


def _in_short(advice: Recommendation) -> str:
    """A recommendation in a few words: as its rule has it, else its first sentence."""
    text = advice.text.partition(". ")[0].rstrip(".")
    return advice.short or _clause(lowered(re.sub(r"^(Consider|Avoid) ", "", text)), ROOM)


def _listed(text: str, room: int) -> str:
    """
    A heading with as many of its entries as there is room for.

    >>> _listed("Fever: chills; night sweats; feels ill", 33)
    'Fever: chills; and 2 more'
    """
    entries = text.split("; ")
    for shown in range(len(entries), 0, -1):
        found = _some(entries, shown)
        if len(found) <= room:
            return found
    return _clause(text, room)


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
        told.append(_said(premise.text.removeprefix(about) if premise.subject in named else premise.text))
    return _each(told) or (lowered(argument.title),)


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
            weak.setdefault(hypothesis.id, []).extend(f"{one} against it" for one in reasons_of(hypothesis.opposes, base)[:1])
    return tuple((re.sub(r" \(.*\)", "", names[label].label), tuple(own)) for label, own in weak.items() if own)
