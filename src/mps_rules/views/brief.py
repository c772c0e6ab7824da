"""The answer in fifteen lines: what is urgent, what leads and why, what else to consider, what to do and to ask next."""

import textwrap
from collections.abc import Container, Iterator, Sequence

import attrs

from mps_rules.answer.values import Assessment, Hypothesis, MuscleCandidate, counted
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, URGENCIES
from mps_rules.knowledge.vocabulary import PATIENT, lowered, muscle_subject
from mps_rules.language.conditions import points_told
from mps_rules.views.wording import (
    BRIEF_LINES,
    BRIEF_WIDTH,
    MARGIN,
    NARROWEST,
    ROOM,
    SETTLE,
    as_said,
    clause,
    cut,
    each_once,
    in_short,
    reasons_of,
    scored,
    state_words,
    term_name,
    together,
    weaknesses,
)

WEIGHT = ("Leading", "Consider", "Next", "Do", "Avoid", "Weak")
"""Which part of the brief text gets room first."""


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
            return [item if whole else clause(item, ROOM) for item in self.items]
        items = self.compact or self.items
        for shown in range(len(items), 0, -1):
            text = self._said(items, shown)
            if len(_rows(text)) <= max(lines, self.least):
                return [text]
        if self.must:
            return [self._said(items, 0)]
        shorter = (f"{clause(items[0], room).rstrip('.')}." for room in range(ROOM * lines - 1, ROOM // 2, -1))
        return [next(text for text in shorter if len(_rows(text)) <= lines)]

    def _said(self, items: Sequence[str], shown: int) -> str:
        more = len(items) - shown
        told = [*items[:shown], *([f"{'and ' if shown else ''}{more} more"] if more else [])]
        return f"{self.must}{self.then}{'; '.join(told).rstrip('.')}." if told else self.must


def _rows(text: str) -> list[str]:
    return textwrap.wrap(text, ROOM, break_long_words=False, break_on_hyphens=False)


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


def urgency_words(assessment: Assessment, base: KnowledgeBase) -> str:
    """How urgent it is, in one paragraph: what the brief begins with."""
    (_, rows), *_ = brief_parts(assessment, base)
    return " ".join(rows)


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
            beyond = f" Beyond these rules: {cut([lowered(one) for one in self.a.beyond], 3)}; exclude serious disease by other means."
        if self.raised:
            first, *others = self.raised
            meanwhile = f" {first.meanwhile}" if first.meanwhile else ""
            must = f"{first.urgency.upper()} ({first.act_within}): {first.label}. {first.action}{meanwhile}{beyond}"
            rest = sorted((*others, *open_), key=lambda alert: URGENCIES.index(alert.urgency))
            also = [f"{lowered(a.label)} ({a.urgency}{', open' if a.status == 'open' else ''})" for a in rest]
            return Part("Urgency", must, tuple(also), " Also: ", most=5)
        asked_for = sum(one.state == "asked" for one in self.a.screened)
        known = {
            "complete": f"none raised. Nothing alarming found; asked for {counted(asked_for, 'emergency or urgent cause')}.",
            "partial": "NOT KNOWN; none raised, red flags only partly asked about.",
            "not_done": "NOT KNOWN; red flags not asked about.",
        }[self.a.screening]
        asked = [f"{lowered(alert.label)} ({alert.urgency})" for alert in open_]
        if not asked:
            return Part("Urgency", known + beyond)
        ask = cut([term_name(self.base, term) for term in open_[0].unknown], 2)
        return Part("Urgency", f"{known}{beyond} OPEN: {asked[0]}; ask: {ask}.", tuple(asked[1:]), " Also open: ", most=4)

    def _leading(self) -> Part:
        if self.pressing:
            first = self.pressing[0]
            reasons = each_once(as_said(premise.text) for premise in first.because if premise.kind != "silence")
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
            return f": {_source(first)} ({state_words(self.base)[first[0].status]})", subjects
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
            [clause(lowered(cause.action.rstrip(".")), ROOM)]
            if cause and not forbidden and cause.id not in told and cause.kind != "myofascial"
            else []
        )
        return Part("Do", "", each_once([*own, *(in_short(r) for r in asked)]))

    def _avoid(self) -> Part:
        """What to avoid, first what something about this patient forbids; an emergency has said it already."""
        own = ("finding", "measure", "label")
        asked = [r for r in self.a.recommendations if r.kind == "avoid" and not self.waiting]
        asked.sort(key=lambda r: not any(premise.kind in own and premise.subject == PATIENT for premise in r.because))
        return Part("Avoid", "", each_once(in_short(r) for r in asked))

    def _next(self) -> Part:
        asked = () if self.waiting else self.a.questions[:3]
        rows = tuple(f"{n}. {_listed(question.text, ROOM - 4)}" for n, question in enumerate(asked, 1))
        return Part("Next", "", rows, compact=tuple(row.partition(":")[0] for row in rows))

    def _uncleared(self) -> Part:
        """What the flags that are not cleared would suspect, each once."""
        raised = {alert.condition for alert in self.raised}
        serious = (
            rule.alert.condition
            for flag in self.a.unscreened
            if flag.urgency != "soon"
            for rule in self.base.concluding.get(flag.id, ())
            if rule.alert and rule.alert.condition not in raised
        )
        return Part("Uncleared", "", each_once(lowered(self.words.suspects[condition].label) for condition in serious))


def _source(parts: Sequence[MuscleCandidate]) -> str:
    """The first muscles of a group, and their sides."""
    labels = dict.fromkeys(lowered(part.label) for part in parts)
    sides = dict.fromkeys(part.side for part in parts if part.side)
    more = " and others" if len(labels) > 2 else ""
    return f"{' / '.join(list(labels)[:2])}{more}" + (f", {' and '.join(sides)}" if sides else "")


def _listed(text: str, room: int) -> str:
    """
    A heading with as many of its entries as there is room for.

    >>> _listed("Fever: chills; night sweats; feels ill", 33)
    'Fever: chills; and 2 more'
    """
    entries = text.split("; ")
    for shown in range(len(entries), 0, -1):
        found = cut(entries, shown)
        if len(found) <= room:
            return found
    return clause(text, room)
