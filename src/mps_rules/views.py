"""
An assessment as text that a clinician reads in ten seconds: alerts, hypotheses, muscles, cautions, what to do and ask, sources.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import attrs

from mps_rules.candidates import LARGEST_COVERING
from mps_rules.causes import common_here
from mps_rules.conditions import points_told
from mps_rules.model import (
    PATIENT,
    PRESSING,
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
    Vocabulary,
    lowered,
    placed,
)

WIDTH = 100
IN_FULL = 4
"""How many hypotheses are shown with their arguments."""
LONGEST_LIST = 240
"""Letters of a list of what to examine in a note; other advice is never cut."""
SHOWN = 6
"""How many entries of one kind are shown before the text says how many more there are."""

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


def text(assessment: Assessment, base: KnowledgeBase) -> str:
    """The assessment as plain text, alerts first; no line is longer than 100 characters."""
    return "\n".join(_Text(assessment, base).lines()) + "\n"


def note(assessment: Assessment, base: KnowledgeBase) -> str:
    """What goes into the chart: what was told and found, then what the rules say of it; no line is longer than 100 characters."""
    return "\n".join(_Note(assessment, base).lines()) + "\n"


class _Note:
    """Nothing that follows from something else is repeated, and nothing that nobody told."""

    def __init__(self, assessment: Assessment, base: KnowledgeBase) -> None:
        self.a, self.base, self.words, self.found = assessment, base, base.vocabulary, assessment.findings
        self.pressing = assessment.urgency in PRESSING

    def lines(self) -> Iterator[str]:
        first = {term: rank for rank, term in enumerate(self.base.asking.at_hand)}
        told = sorted((one for one in self.found.patient if not one.follows_from), key=lambda one: first.get(one.term, len(first)))
        for heading, items in (
            ("Pain", self._pain()),
            ("Told", [self._amount(one) for one in told if not isinstance(one.value, bool)]),
            ("Present", [self._label(one) for one in told if one.value is True]),
            ("Absent", [self._label(one) for one in told if one.value is False]),
            ("Diagnoses", [self._given(one) for one in self.found.labels]),
            *((self._muscle(one), [self._said(sign) for sign in one.findings if not sign.follows_from]) for one in self.found.exam),
        ):
            if items:
                yield from _wrap(f"{heading}: {'; '.join(items)}.", 0, 4)
        yield ""
        yield from self._concluded()
        used = self.a.knowledge
        yield from _wrap(f"Decision support, not a diagnosis: rules {used.id} {used.version}, {used.status}, {used.digest[:12]}.", 0, 4)

    def _concluded(self) -> Iterator[str]:
        for alert in self.a.alerts:
            if alert.status == "raised":
                yield from _wrap(f"RED FLAG, {alert.urgency}: {alert.label}. {alert.action} ({alert.act_within})", 0, 4)
                if alert.meanwhile:
                    yield from _wrap(f"Meanwhile: {alert.meanwhile}", 4)
            else:
                yield from _wrap(f"Open red flag, {alert.urgency}: {alert.label}. Not enough is known to clear it.", 0, 4)
        if not any(alert.status == "raised" for alert in self.a.alerts):
            asked = {
                "complete": "all that matter here were asked about",
                "partial": "only partly asked about",
                "not_done": "not asked about",
            }
            yield from _wrap(f"Red flags: none raised; {asked[self.a.screening]}.", 0, 4)
        if self.a.beyond:
            yield from _wrap(f"Recorded, but beyond these red flags: {_some([lowered(one) for one in self.a.beyond])}.", 0, 4)
        ranked = [f"{h.label} {h.status}{scored(h)}" for h in self.a.hypotheses if h.stands]
        yield from _wrap(f"Considered: {_some(ranked, IN_FULL) or 'no hypothesis has an argument yet'}.", 0, 4)
        states = _states(self.base)
        muscles = [f"{_names(parts)}: {states[parts[0].status]}" for parts in together(self.a.muscles)]
        if self.pressing:
            yield "Muscles: only once the red flag is excluded."
        elif muscles:
            yield from _wrap(f"Muscles: {_some(muscles, IN_FULL)}.", 0, 4)
        met = [result.label for result in self.a.criteria if result.status == "met" and result.subject == PATIENT]
        if met:
            yield from _wrap(f"Definitions met: {_some(met)}.", 0, 4)
        kinds = ("refer", "investigate", "avoid") if self.pressing else ("refer", "investigate", "avoid", "examine")
        advice = [one for one in self.a.recommendations if one.kind in kinds]
        if advice:
            yield "To consider:"
        for one in advice[:IN_FULL]:
            text = textwrap.shorten(one.text, LONGEST_LIST, placeholder=" ...") if one.kind == "examine" else one.text
            yield from _wrap(f"- {text}", 0, 4)
        if len(advice) > IN_FULL:
            yield f"- and {len(advice) - IN_FULL} more"
        if self.a.questions and not self.pressing:
            yield from _wrap(f"Still to ask or examine: {_shortened(self.a.questions[0].text)}.", 0, 4)

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


class _Text:
    def __init__(self, assessment: Assessment, base: KnowledgeBase) -> None:
        self.a, self.base = assessment, base
        self.cited: dict[str, None] = {}

    def lines(self) -> Iterator[str]:
        sections = (
            self._in_short(),
            self._alerts(),
            self._screening(),
            self._hypotheses(),
            self._muscles(),
            self._criteria(),
            self._cautions(),
            self._recommendations(),
            self._questions(),
        )
        for section in sections:
            found = list(section)
            if found:
                yield from found
                yield ""
        yield from self._sources()
        yield ""
        yield from self._footer()

    # --- sections

    def _in_short(self) -> Iterator[str]:
        """Three lines that say it all: urgency, the leading hypothesis, what comes next."""
        screened = {
            "complete": "red flags asked about",
            "partial": "red flags only partly asked about",
            "not_done": "red flags not asked about",
        }
        standing = [alert for alert in self.a.alerts if alert.status == "raised"]
        open_ = len(self.a.alerts) - len(standing)
        more = f", and {len(standing) - 1} more" if len(standing) > 1 else ""
        cleared = "NONE of the red flags asked about is raised" if self.a.screening == "complete" else "NOT KNOWN; none raised so far"
        raised = f"{self.a.urgency.upper()}: {standing[0].label}{more}" if standing else cleared
        beyond = f"; recorded beyond these rules: {_some([lowered(one) for one in self.a.beyond], 3)}" if self.a.beyond else ""
        opened = f"; {open_} open" if open_ else ""
        yield from _wrap(f"Urgency:  {raised}{opened}; {screened[self.a.screening]}{beyond}.", 0, 10)
        pressing = {alert.condition for alert in standing if alert.urgency in PRESSING}
        exclude = [h for h in self.a.hypotheses if h.id in pressing]
        if exclude:
            yield from _wrap(f"Exclude:  {_some([f'{h.label}{scored(h)}' for h in exclude], OTHERS)}.", 0, 10)
        ranked = [h for h in self.a.hypotheses if h.stands and h.id not in pressing]
        leading = "; ".join(f"{h.label} {h.status}{scored(h)}" for h in ranked[: 1 + OTHERS]) or "no hypothesis has an argument yet"
        yield from _wrap(f"Leading:  {leading}.", 0, 10)
        if self.a.questions and self.a.urgency != "emergency":
            yield from _wrap(f"Next:     {_shortened(self.a.questions[0].text)}.", 0, 10)

    def _alerts(self) -> Iterator[str]:
        for alert in self.a.alerts:
            yield from self._alert(alert)

    def _alert(self, alert: Alert) -> Iterator[str]:
        state = "" if alert.status == "raised" else "OPEN, "
        graded = f" (by points: {points_told(alert.points)})" if alert.points is not None else ""
        yield f"{state}{alert.urgency.upper()}: {alert.label}{graded}"
        if alert.status == "raised":
            yield from _wrap(f"{alert.action} Act within: {alert.act_within}.", 4)
            if alert.meanwhile:
                yield from _wrap(f"Meanwhile: {alert.meanwhile}", 4)
        else:
            named = [self._named(term) for term in alert.unknown]
            yield from _wrap(f"Not enough is known to clear it. Ask: {_some(named)}.", 4)
        yield from _wrap(f"Because: {self._because(alert.because)}.{self._cite(alert.references)}", 4)

    def _screening(self) -> Iterator[str]:
        heading = {
            "complete": "Red flags: every flag that matters for where the pain is has been asked about.",
            "partial": "Red flags: only partly asked about. An unasked flag is not an absent one.",
            "not_done": "Red flags: not asked about. Nothing below clears them.",
        }[self.a.screening]
        yield heading
        if self.a.beyond:
            beyond = _some([lowered(one) for one in self.a.beyond])
            yield from _wrap(
                f"! Recorded, but beyond the red flags of these rules: {beyond}. Exclude serious disease by other means.", 4, 6
            )
        serious = [flag for flag in self.a.unscreened if flag.urgency != "soon"]
        if serious:
            yield from _wrap(f"Not yet cleared: {_some([lowered(flag.label) for flag in serious])}.", 4)

    def _hypotheses(self) -> Iterator[str]:
        ranked = ranks(self.a.hypotheses)
        if ranked.supported or ranked.opposed:
            yield "HYPOTHESES"
        for hypothesis in ranked.supported[:IN_FULL]:
            yield from self._hypothesis(hypothesis)
        for words, found in (
            ("With less for them", [f"{lowered(h.label)} ({h.status})" for h in ranked.supported[IN_FULL:]]),
            ("Less likely", [f"{lowered(h.label)}{scored(h)}" for h in ranked.opposed]),
            ("Nothing for or against yet, yet what is unknown could make them probable", [lowered(h.label) for h in ranked.open]),
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
        for parts in grouped[:SHOWN]:
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
        yield from _wrap(f"{_names(parts)}: {_states(self.base)[best.status]}{how}{confidence}{doubt}", 2, 4)
        for path in best.path[:2]:
            yield from _wrap(path + self._cite(self._published(best.references)), 6, 8)
        if best.safety and best.status == "not_examined":
            yield from _wrap(f"care: {best.safety}", 6, 8)

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
            yield from _wrap(f"! {caution.text}{self._cite(caution.references)}", 2, 4)

    def _recommendations(self) -> Iterator[str]:
        words = {"refer": "refer", "investigate": "investigate", "examine": "examine", "avoid": "avoid", "self_care": "self-care"}
        if self.a.recommendations:
            yield "CONSIDER"
        for advice in self.a.recommendations:
            if advice.kind == "examine" and self.a.urgency == "emergency":
                continue
            yield from _wrap(f"{words[advice.kind] + ':':<13}{advice.text}{self._cite(advice.references)}", 2, 15)

    def _questions(self) -> Iterator[str]:
        if self.a.questions:
            yield "ASK OR EXAMINE NEXT"
        for number, question in enumerate(self.a.questions[:SHOWN], 1):
            yield from _wrap(f"{number}. {_shortened(question.text)} - {question.why}", 2, 5)
        if len(self.a.questions) > SHOWN:
            yield f"  and {len(self.a.questions) - SHOWN} more"

    def _sources(self) -> Iterator[str]:
        if self.cited:
            yield "SOURCES"
        for id_ in sorted(self.cited):
            reference = self.base.references[id_]
            yield "  " + textwrap.shorten(f"{id_}: {reference.text}", WIDTH - 4, placeholder=" ...")

    def _footer(self) -> Iterator[str]:
        used = self.a.knowledge
        yield from _wrap(
            f"For clinicians, beside their own judgement; no diagnosis. Rules {used.id} {used.version}, {used.status}, digest {used.digest[:12]}.",
            0,
        )

    # --- words

    def _cite(self, references: Iterable[str]) -> str:
        references = tuple(references)
        self.cited.update(dict.fromkeys(references))
        return f" [{', '.join(references)}]" if references else ""

    def _because(self, premises: Sequence[Premise]) -> str:
        return _some([lowered(premise.text) for premise in premises])

    def _named(self, term: str) -> str:
        words = self.base.vocabulary
        if term in words.terms:
            return lowered(words.terms[term].label)
        kind, _, rest = term.partition(".")
        return f"pain {placed(words.name('region', rest))}" if kind == "pain" and rest in words.regions else term


OTHERS = 3
"""How many hypotheses the brief text names beside the leading one."""


def scored(hypothesis: Hypothesis) -> str:
    """The score of a hypothesis as it stands behind its name."""
    return "" if hypothesis.score is None else f" ({points_told(hypothesis.score)})"


@attrs.frozen
class Ranks:
    """Hypotheses as a reader meets them: at least possible, less likely, and with nothing said of them yet."""

    supported: tuple[Hypothesis, ...]
    opposed: tuple[Hypothesis, ...]
    open: tuple[Hypothesis, ...]


def ranks(hypotheses: Iterable[Hypothesis]) -> Ranks:
    """The hypotheses by what is said of them; of those with no argument yet, the ones that could still become probable."""
    every = tuple(hypotheses)
    return Ranks(
        tuple(h for h in every if h.stands),
        tuple(h for h in every if (h.opposes or h.supports) and not h.stands),
        tuple(h for h in every if not (h.supports or h.opposes) and h.could_be[1] in ("confirmed", "probable")),
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


def _some(items: Sequence[str], most: int = SHOWN) -> str:
    shown = "; ".join(items[:most])
    return shown + (f"; and {len(items) - most} more" if len(items) > most else "")


def _shortened(labels: str) -> str:
    return _some(labels.split("; "), 4)


def _wrap(line: str, indent: int, hanging: int | None = None) -> list[str]:
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
