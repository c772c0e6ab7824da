"""
Charts written apart from the rules judge the causes: is what is serious called so, is what is ordinary left alone, who leads.

A figure is a share of charts; every chart that misses is named. A folder holds ``dev/`` (charts fitted to the causes) and ``presentations/``
(charts written independently of them); what is absent is passed over.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import attrs

from mps_rules.answer.assess import assess
from mps_rules.chaining.engine import chain
from mps_rules.errors import FindingError, KnowledgeError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, URGENCIES
from mps_rules.language.reading import Unreadable, read_yaml
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

ORDER = ("none", *reversed(URGENCIES))
DANGER = ("red_flag", "neuro", "laboratory", "label_imaging", "inflammatory", "safety")
"""Categories of findings that are danger signs, or may be."""
SEED = 20
BACK: Mapping[str, Any] = {"age_years": 55, "pain": ["low_back"]}


@attrs.frozen
class Chart:
    """One patient, the urgencies that are acceptable, and the causes of which one should lead."""

    id: str
    findings: Mapping[str, Any]
    urgency: tuple[str, ...]
    causes: tuple[str, ...] = ()

    @property
    def serious(self) -> bool:
        """Whether it must be called urgent or more."""
        return all(one in PRESSING for one in self.urgency)

    @property
    def ordinary(self) -> bool:
        """Whether it must not be."""
        return not any(one in PRESSING for one in self.urgency)


@attrs.frozen
class Figure:
    """One share: of so many charts so many miss, by name; ``aim`` is the most that may."""

    name: str
    charts: int
    misses: tuple[str, ...]
    aim: float

    @property
    def share(self) -> float:
        """The share of charts that miss."""
        return len(self.misses) / self.charts if self.charts else 0.0

    @property
    def met(self) -> bool:
        """Whether no more miss than may."""
        return self.share <= self.aim

    def __str__(self) -> str:
        return (
            f"{'met ' if self.met else 'MISS'}  {self.name}: {len(self.misses)} of {self.charts} ({self.share:.1%}, at most {self.aim:.1%})"
        )


def read_charts(path: Path, renamed: Mapping[str, Any]) -> tuple[Chart, ...]:
    """
    The charts of a file; ``new`` findings in other words are put into those of the vocabulary.

    Raises:
        KnowledgeError: the file cannot be read.

    """
    try:
        rows: Any = read_yaml(path.read_text(encoding="utf-8"), path.name).data
    except Unreadable as error:
        raise KnowledgeError(error.faults) from None
    return tuple(_chart(row, renamed) for row in rows)


def _chart(row: Mapping[str, Any], renamed: Mapping[str, Any]) -> Chart:
    expect = row["expect"]
    urgency = expect.get("urgency", ["none"])
    findings = dict(row["findings"])
    for word, value in row.get("new", {}).items():
        _say(findings, renamed.get(word, word), value)
    return Chart(row["id"], findings, (urgency,) if isinstance(urgency, str) else tuple(urgency), tuple(expect.get("causes", ())))


def _say(findings: dict[str, Any], condition: Any, holds: Any) -> None:
    """Findings under which a condition holds, or does not."""
    if isinstance(condition, str):
        findings.setdefault(condition, holds)
        return
    (form, value), *_ = condition.items()
    match form:
        case "not":
            _say(findings, value, not holds)
        case "any":
            for part in value[:1] if holds else value:
                _say(findings, part, holds)
        case "all":
            for part in value if holds else value[:1]:
                _say(findings, part, holds)
        case "pain_at":
            findings["pain"] = [*findings.get("pain", []), *(value if holds else [])]
        case _ if isinstance(value, list):
            findings.setdefault(form, value[:1] if form == "pain_quality" else value[0])
        case _:
            findings.setdefault(form, _number(value, holds=bool(holds)))


def _number(bounds: Mapping[str, float], *, holds: bool) -> float:
    """A number within bounds, or outside them."""
    (name, bound), *_ = bounds.items()
    within = {"at_least": bound, "above": bound + 1, "at_most": bound, "below": bound - max(0.1, bound / 20)}
    outside = {"at_least": bound - max(0.1, bound / 20), "above": bound, "at_most": bound + max(1, bound / 20), "below": bound}
    return round((within if holds else outside)[name], 2)


class Validation:
    """The figures of one folder of charts."""

    def __init__(self, base: KnowledgeBase, folder: Path) -> None:
        self.base, self.terrain = base, terrain_of(base)
        renames = folder / "terms_renames.yaml"
        renamed: Any = read_yaml(renames.read_text(encoding="utf-8"), renames.name).data if renames.is_file() else {}
        self.dev = self._read(folder / "dev", "*.yaml", renamed)
        self.presented = tuple(
            chart for name in ("presentations.yaml", "check_set.yaml") for chart in self._read(folder / "presentations", name, renamed)
        )
        self.ordinary = self._read(folder / "presentations", "ordinary.yaml", renamed)

    def _read(self, folder: Path, pattern: str, renamed: Mapping[str, Any]) -> tuple[Chart, ...]:
        return tuple(chart for path in sorted(folder.glob(pattern)) for chart in read_charts(path, renamed))

    def figures(self, draws: int) -> Iterator[Figure]:
        """Every figure that the folder has charts for; ``draws`` patients with two more findings each."""
        if self.dev:
            yield Figure("development charts judged lower than is acceptable", len(self.dev), self._where(self.dev, self.under), 0.0)
            yield Figure("development charts judged higher", len(self.dev), self._where(self.dev, self.over), 5 / 1350)
        if self.presented:
            serious = [chart for chart in self.presented if min(map(ORDER.index, chart.urgency)) > 0]
            benign = [chart for chart in self.presented if "none" in chart.urgency]
            yield Figure("serious presentations judged lower than is acceptable", len(serious), self._where(serious, self.under), 0.05)
            yield Figure("benign presentations called urgent", len(benign), self._where(benign, self.pressing), 0.02)
            yield from self._with_one_less([chart for chart in (*self.dev, *self.presented) if chart.serious])
        if self.ordinary:
            ranked = {chart.id: self.ranked(chart) for chart in self.ordinary}
            for name, first, aim in (("first", 1, 0.2), ("among the first three", 3, 0.05)):
                missed = tuple(chart.id for chart in self.ordinary if not self._named(ranked[chart.id][:first], chart.causes))
                yield Figure(f"ordinary pictures whose hypothesis is not {name}", len(self.ordinary), missed, aim)
        calm = [chart for chart in (*self.dev, *self.presented, *self.ordinary) if chart.ordinary and not self.pressing(chart)]
        if calm and draws:
            yield Figure("ordinary charts with two findings more, drawn, called urgent", draws, tuple(self._disturbed(calm, draws)), 0.01)

    def _where(self, charts: Iterable[Chart], missed: Callable[[Chart], bool]) -> tuple[str, ...]:
        return tuple(chart.id for chart in charts if missed(chart))

    # --- one chart

    def urgency(self, findings: Mapping[str, Any]) -> str:
        """What the rules call for."""
        return next(
            (one for one in reversed(ORDER) if one in {rule.alert.urgency for rule in self._raised(findings) if rule.alert}), "none"
        )

    def _raised(self, findings: Mapping[str, Any]) -> Iterator[Any]:
        facts = Facts(self.terrain, read_findings(findings, self.terrain))
        yield from (self.base.by_id[derivation.rule] for derivation in chain(self.base, facts).derivations)

    def under(self, chart: Chart) -> bool:
        """Whether a chart is judged lower than is acceptable."""
        return ORDER.index(self.urgency(chart.findings)) < min(map(ORDER.index, chart.urgency))

    def over(self, chart: Chart) -> bool:
        """Whether a chart is judged higher than is acceptable."""
        return ORDER.index(self.urgency(chart.findings)) > max(map(ORDER.index, chart.urgency))

    def pressing(self, chart: Chart) -> bool:
        """Whether a chart is called urgent or more."""
        return self.urgency(chart.findings) in PRESSING

    def ranked(self, chart: Chart) -> list[str]:
        """The hypotheses for which something speaks, best first."""
        facts = Facts(self.terrain, read_findings(chart.findings, self.terrain))
        found = assess(self.base, facts, chain(self.base, facts)).hypotheses
        return [one.id for one in found if one.supports or one.id == self.base.scale.against]

    def _named(self, ids: Sequence[str], wanted: Sequence[str]) -> bool:
        suspects = self.base.vocabulary.suspects
        names = {name.lower().replace(" ", "_") for id_ in ids for name in (id_, *suspects[id_].synonyms)}
        return any(one.lower() in names for one in wanted)

    # --- charts changed

    def _with_one_less(self, charts: Sequence[Chart]) -> Iterator[Figure]:
        """Every serious chart with each of its findings taken away once."""
        total, missed = 0, []
        for chart in charts:
            for term in chart.findings:
                if term in ("pain", "age_years", "sex_at_birth", "symptom_duration"):
                    continue
                total += 1
                less = attrs.evolve(chart, findings={key: value for key, value in chart.findings.items() if key != term})
                if self.under(less):
                    missed.append(f"{chart.id} without {term}")
        yield Figure("serious charts with one finding less, judged lower", total, tuple(missed), 0.15)

    def _disturbed(self, charts: Sequence[Chart], draws: int) -> Iterator[str]:
        random = Random(SEED)  # noqa: S311 - nothing secret is drawn
        terms = [
            term.id
            for term in self.base.vocabulary.terms.values()
            if term.kind == "boolean" and term.subject == "patient" and term.category not in DANGER and not term.fact
        ]
        made = 0
        while made < draws:
            chart = random.choice(charts)
            more = dict.fromkeys(random.sample(terms, 2), True)
            try:
                urgency = self.urgency({**more, **chart.findings})
            except FindingError:
                continue
            made += 1
            if urgency in PRESSING:
                yield f"{chart.id} with {' and '.join(more)}"

    def single_findings(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Each yes/no finding that makes back pain at 55 urgent by itself, with the urgency and what is suspected."""
        for term in self.base.vocabulary.terms.values():
            if term.kind != "boolean" or term.subject != "patient" or term.fact:
                continue
            try:
                raised = [rule for rule in self._raised({**BACK, term.id: True}) if rule.alert]
            except FindingError:
                continue
            pressing = [rule for rule in raised if rule.alert.urgency in PRESSING]
            if pressing:
                worst = next(urgency for urgency in URGENCIES if any(rule.alert.urgency == urgency for rule in pressing))
                yield term.id, worst, tuple(dict.fromkeys(rule.alert.condition for rule in pressing))
