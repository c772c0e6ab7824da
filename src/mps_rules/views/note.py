"""
What goes into the chart: what was told and found, then what the rules say of it.

Nothing that follows from something else is repeated, and nothing that nobody told.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from mps_rules.answer.values import Assessment
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING
from mps_rules.knowledge.vocabulary import PATIENT, lowered, placed
from mps_rules.patient.values import Exam, Finding, GivenLabel, RegionExam
from mps_rules.views.wording import IN_FULL, all_of, capital, cut, in_short, muscle_names, scored, state_words, together, weaknesses


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
        told = sorted(
            (finding for finding in self.found.patient if not finding.follows_from), key=lambda finding: first.get(finding.term, len(first))
        )
        asked = [one for one in told if self.words.terms[one.term].cost == "asked"]
        examined = [one for one in told if self.words.terms[one.term].cost != "asked"]
        muscles = [(self._muscle(one), [self._said(sign) for sign in one.findings if not sign.follows_from]) for one in self.found.exam]
        muscles += [(self._somewhere(one), [self._said(sign) for sign in one.findings]) for one in self.found.somewhere]
        given = [("Diagnoses given", [self._given(label) for label in self.found.labels])]
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
            yield f"Not cleared: {cut(serious)}."
        if self.a.beyond:
            yield f"Recorded, but beyond these red flags: {all_of([lowered(one) for one in self.a.beyond])}."
        ranked = [f"{h.label} {h.status}{scored(h)}" for h in self.a.hypotheses if h.stands]
        yield f"Considered: {cut(ranked, IN_FULL) or 'no hypothesis has an argument yet'}."
        yield from (f"{label} is weak: {'; '.join(reasons)}." for label, reasons in weaknesses(self.a, self.base))
        states = state_words(self.base)
        muscles = [f"{muscle_names(parts)}: {states[parts[0].status]}" for parts in together(self.a.muscles)]
        if self.pressing:
            yield "Muscles: only once the red flag is excluded."
        elif muscles:
            yield f"Muscles: {cut(muscles, IN_FULL)}."
        met = [result.label for result in self.a.criteria if result.status == "met" and result.subject == PATIENT]
        if met:
            yield f"Definitions met: {all_of(met)}."

    def _plan(self) -> Iterator[str]:
        for alert in self.a.alerts:
            if alert.status == "raised":
                yield f"{alert.label}: {alert.action} Act within: {alert.act_within}."
        meanwhile = [part for alert in self.a.alerts if alert.status == "raised" for part in re.split(r"(?<=\.) ", alert.meanwhile) if part]
        if meanwhile:
            yield f"Meanwhile: {' '.join(dict.fromkeys(meanwhile))}"
        advice = [recommendation for recommendation in self.a.recommendations if not (self.pressing and recommendation.kind == "examine")]
        yield from dict.fromkeys(one.text for one in advice if one.kind not in ("examine", "self_care"))
        examine = [in_short(one) for one in advice if one.kind == "examine"]
        if examine:
            yield f"Examination: {'; '.join(dict.fromkeys(examine))}."
        care = [in_short(one) for one in advice if one.kind == "self_care"]
        if care:
            yield f"Self-care: {'; '.join(dict.fromkeys(care)).rstrip('.')}."
        if self.a.questions and self.a.urgency != "emergency":
            yield f"Still to ask or examine: {self.a.questions[0].text}."

    def _pain(self) -> list[str]:
        places: dict[tuple[str, bool, float | None], list[str]] = {}
        for entry in self.found.pain:
            places.setdefault((entry.region, entry.present, entry.intensity), []).append(entry.side or "")
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

    def _somewhere(self, exam: RegionExam) -> str:
        where = self.words.name("region", exam.region) + (f", {exam.side}" if exam.side else "")
        return f"Some muscle {placed(where)}"

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
        about = [self._said(finding) for finding in given.findings if not finding.follows_from]
        name = self.words.diagnoses[given.label].label
        denied = "" if given.present else " denied"
        return f"{name}{denied}" + (f" ({', '.join(about)})" if about else "")

    def _said(self, finding: Finding) -> str:
        if isinstance(finding.value, bool):
            return self._label(finding) + ("" if finding.value else ": absent")
        return self._amount(finding)


def _paragraph(heading: str, lists: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Headed lists in one paragraph, or nothing where all are empty."""
    told = [f"{name}: {'; '.join(items)}." if name else f"{capital('; '.join(items))}." for name, items in lists if items]
    return f"{heading}: {' '.join(told)}" if told else ""
