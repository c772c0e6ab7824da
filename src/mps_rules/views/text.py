"""The whole answer, each fact once: what stands behind the brief."""

import re
from collections.abc import Iterable, Iterator, Sequence

from mps_rules.answer.candidates import LARGEST_COVERING
from mps_rules.answer.values import Alert, Argument, Assessment, CriterionResult, Hypothesis, MuscleCandidate, counted
from mps_rules.chaining.chains import Premise
from mps_rules.knowledge.causes import common_here
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import lowered
from mps_rules.language.conditions import points_told
from mps_rules.views.wording import (
    ACCESS,
    IN_FULL,
    SHOWN,
    cut,
    disagreements,
    muscle_names,
    ranks,
    scored,
    state_words,
    term_name,
    together,
    wrapped,
)

_LIES = re.compile(r"which lies (.*?)(?:, do not reach .*)?$")


def full(assessment: Assessment, base: KnowledgeBase) -> str:
    """Everything that is said, with reasons and sources, alerts first; no line is longer than 100 characters."""
    return "\n".join(_Full(assessment, base).lines()) + "\n"


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
        cleared = "NOT KNOWN; none raised so far"
        if self.a.screening == "complete" and not standing:
            asked = sum(one.state == "asked" for one in self.a.screened)
            yield from wrapped(f"Nothing alarming found; asked for {counted(asked, 'emergency or urgent cause')}.", 0, 10)
            cleared = "NONE of the red flags asked about is raised"
        raised = f"{self.a.urgency.upper()}: {standing[0].label}{more}" if standing else cleared
        yield from wrapped(f"Urgency:  {raised}{f'; {open_} open' if open_ else ''}.", 0, 10)

    def _alerts(self) -> Iterator[str]:
        for alert in self.a.alerts:
            yield from self._alert(alert)

    def _alert(self, alert: Alert) -> Iterator[str]:
        state = "" if alert.status == "raised" else "OPEN, "
        graded = f" (by points: {points_told(alert.points)})" if alert.points is not None else ""
        yield from wrapped(f"{state}{alert.urgency.upper()}: {alert.label}{graded}", 0, 4)
        if alert.status == "raised":
            meanwhile = f" Meanwhile: {alert.meanwhile}" if alert.meanwhile else ""
            yield from wrapped(f"{alert.action} Act within: {alert.act_within}.{meanwhile}", 4)
        else:
            named = [term_name(self.base, term) for term in alert.unknown]
            yield from wrapped(f"Not enough is known to clear it. Ask: {cut(named)}.", 4)
        yield from wrapped(f"Because: {self._because(alert.because)}.{self._cite(alert.references)}", 4)

    def _screening(self) -> Iterator[str]:
        yield {
            "complete": "Red flags: the key questions of every emergency and urgent cause that can present here have been asked.",
            "partial": "Red flags: only partly asked about. An unasked flag is not an absent one.",
            "not_done": "Red flags: not asked about. Nothing below clears them.",
        }[self.a.screening]
        if self.a.beyond:
            beyond = cut([lowered(one) for one in self.a.beyond])
            yield from wrapped(
                f"! Recorded, but beyond the red flags of these rules: {beyond}. Exclude serious disease by other means.", 4, 6
            )
        asked = [one for one in self.a.screened if one.state == "asked"]
        if self.a.screening == "complete" and asked:
            yield from wrapped(f"Asked for: {'; '.join(lowered(one.label) for one in asked)}.", 4)
        serious = [flag for flag in self.a.unscreened if flag.urgency != "soon"]
        if serious:
            head = "Not asked for, nothing points to it" if self.a.screening == "complete" else "Not yet cleared"
            yield from wrapped(f"{head}: {cut([lowered(flag.label) for flag in serious], len(serious))}.", 4)

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
                yield from wrapped(f"{words}: {cut(found)}.", 2, 4)

    def _hypothesis(self, hypothesis: Hypothesis) -> Iterator[str]:
        worst, best = hypothesis.could_be
        could = "" if worst == best else f"; what is unknown could make it {worst if worst != hypothesis.status else best}"
        if worst != best and hypothesis.status not in (worst, best):
            could = f"; what is unknown could make it {worst} or {best}"
        conflict = " (arguments confirm and exclude it)" if hypothesis.conflict else ""
        common = "" if hypothesis.prior is None else f"; {common_here(hypothesis.prior)}"
        yield from wrapped(f"{hypothesis.label}{scored(hypothesis)}: {hypothesis.status.upper()}{conflict}{common}{could}", 2)
        for word, arguments in (("for", hypothesis.supports), ("against", hypothesis.opposes)):
            for argument in arguments[:SHOWN]:
                yield from self._argument(word, argument)
            if len(arguments) > SHOWN:
                yield f"    and {len(arguments) - SHOWN} weaker {word}"
        cause = self.base.causes.get(hypothesis.id)
        if cause and cause.confirm:
            yield from wrapped(f"{'to settle:':<19}{lowered(cause.confirm)}", 4, 23)

    def _argument(self, word: str, argument: Argument) -> Iterator[str]:
        muscles = [self.base.vocabulary.subject_label(subject) for subject in argument.subjects]
        about = f" ({cut(muscles, 3)})" if muscles else ""
        weight = points_told(argument.points) if argument.points is not None else argument.strength or argument.effect
        yield from wrapped(f"{word + ', ' + weight + ':':<19}{argument.title}{about}{self._cite(argument.references)}", 4, 23)

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
            yield from wrapped(f"{state_words(self.base)[status].capitalize()}; {where}:", 2, 4)
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
            line = (
                f"No set of {LARGEST_COVERING} muscles explains all of the listed pain; nearest: {names}; not explained: {cut(list(rest))}."
            )
        else:
            line = f"Fewest muscles that explain all of the listed pain: {names}."
        yield from wrapped(line, 2, 4)

    def _muscle(self, parts: Sequence[MuscleCandidate]) -> Iterator[str]:
        best = parts[0]
        doubt = "; side of the pain not given" if best.side_assumed else ""
        confidence = f"; confidence of the pattern: {best.confidence}" if best.confidence not in ("", "high") else ""
        how = f" ({ACCESS[best.access]})" if best.status == "not_examined" and best.access else ""
        lies = next((f", lies {found[1]}" for path in best.path if (found := _LIES.search(path))), "")
        care = f". Care: {best.safety}" if best.safety and best.status == "not_examined" else ""
        cited = self._cite(self._published(best.references))
        yield from wrapped(f"{muscle_names(parts)}{how}{lies}{confidence}{doubt}{care}.{cited}", 6, 8)

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
            yield from wrapped(f"{self._named_definition(result)}: {items}.{self._cite(result.references)}", 2, 4)
        for label, not_met, undecided in disagreements(self.a, self.base.vocabulary):
            parts = [f"{words} {cut(named)}" for words, named in (("not met:", not_met), ("undecided:", undecided)) if named]
            yield from wrapped(f"Other definitions of {lowered(label)}: {'; '.join(parts)}.", 2, 4)

    def _named_definition(self, result: CriterionResult) -> str:
        about = "" if result.subject == "patient" else f" ({self.base.vocabulary.subject_label(result.subject)})"
        return f"{result.label}{about}"

    def _cautions(self) -> Iterator[str]:
        if self.a.cautions:
            yield "CAUTIONS"
        for caution in self.a.cautions:
            yield from wrapped(f"! {self._anew(caution.text)}{self._cite(caution.references)}", 2, 4)

    def _recommendations(self) -> Iterator[str]:
        words = {"refer": "refer", "investigate": "investigate", "examine": "examine", "avoid": "avoid", "self_care": "self-care"}
        if self.a.recommendations:
            yield "CONSIDER"
        for advice in self.a.recommendations:
            if advice.kind == "examine" and self.a.urgency == "emergency":
                continue
            yield from wrapped(f"{words[advice.kind] + ':':<13}{self._anew(advice.text)}{self._cite(advice.references)}", 2, 15)

    def _questions(self) -> Iterator[str]:
        if self.a.questions:
            yield "ASK OR EXAMINE NEXT"
        for number, question in enumerate(self.a.questions[:SHOWN], 1):
            yield from wrapped(f"{number}. {question.text} - {question.why}", 2, 5)
        if len(self.a.questions) > SHOWN:
            yield f"  and {len(self.a.questions) - SHOWN} more"

    def _sources(self) -> Iterator[str]:
        if self.cited:
            yield "SOURCES"
        for id_ in sorted(self.cited):
            reference = self.base.references[id_]
            yield from wrapped(f"{id_}: {reference.text} {reference.identifier}".rstrip(), 2, 4)

    def _footer(self) -> Iterator[str]:
        used = self.a.knowledge
        yield from wrapped(
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
        return cut([lowered(premise.text) for premise in premises])
