"""What a present finding may clear: nothing of ``safety/``, but where a published source says so (``clearing.yaml``)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import assume, event, given, reject, settings
from hypothesis import strategies as st

import mps_rules as mps
from mps_rules.answer.values import Assessment
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.regions import RegionTree
from mps_rules.knowledge.rules import Rule
from mps_rules.language import conditions as c
from mps_rules.language.reading import read_yaml
from test_evaluate import answers, consistent, exams, pain_maps
from test_safety import flag_terms, flags

CLEARING = Path(__file__).with_name("clearing.yaml")
ANSWERED = (("rf_cervical_fracture",), ("rf_visual_symptom_with_head_or_neck_pain",))
"""Flags whose published rule names the findings that answer it, so that no other flag takes over."""


@attrs.frozen
class Clearing:
    """Present findings that may clear flags, and who says so."""

    findings: tuple[str, ...]
    flags: tuple[str, ...]
    clears: str
    source: str
    because: str
    moves_to: str | None = None


def clearings() -> tuple[Clearing, ...]:
    """Every exception from the law, as it is listed."""
    listed = read_yaml(CLEARING.read_text(encoding="utf-8"), CLEARING.name).data
    return tuple(
        Clearing(tuple(row["findings"]), tuple(row["flags"]), row["clears"], row["source"], row["because"], row.get("moves_to"))
        for row in listed
    )


# --- by the form of the rules ---------------------------------------------------------------------------------------------


@attrs.frozen
class Speaks:
    """A present finding speaks for a verdict or against it; ``closed``: what stood on silence falls with it."""

    finding: str
    against: bool
    closed: bool


def speaking(condition: c.Condition, base: KnowledgeBase, *, against: bool = False, closed: bool = False) -> Iterator[Speaks]:
    """Every present finding that helps to make a condition true, or false; through what follows from it and what is concluded."""
    words = base.vocabulary
    match condition:
        case c.Present(term):
            yield Speaks(term, against, closed)
            known = words.terms[term]
            for source, turned in ((known.implied_by, against), (known.denied_by, not against)):
                if source is not None and not isinstance(source, c.Not):
                    yield from speaking(source, base, against=turned)
        case c.Words(term, values):
            yield from (Speaks(f"{term}: {value}", against, closed) for value in values)
        case c.PainAt(regions):
            yield from (Speaks(f"pain.{region}", against, closed) for region in regions)
        case c.Compare(term) if term in words.measures:
            yield Speaks(term, against is (condition.at_least is not None or condition.above is not None), closed)
        case c.Not(of):
            yield from speaking(of, base, against=not against, closed=closed)
        case c.Established(of):
            yield from speaking(of, base, against=against, closed=True)
        case c.Known(of):
            for turned in (False, True):
                yield from speaking(of, base, against=turned, closed=True)
        case c.Derived(id):
            for rule in base.concluding[id]:
                yield from speaking(rule.when, base, against=against, closed=closed)
        case _:
            for part in c.parts(condition):
                yield from speaking(part, base, against=against, closed=closed)


def _one_answer(finding: str, base: KnowledgeBase) -> bool:
    """Whether it is one answer to a question that takes only one."""
    term, _, word = finding.partition(": ")
    return bool(word) and base.vocabulary.terms[term].kind == "one_of"


def clearing_by_form(rule: Rule, base: KnowledgeBase) -> set[tuple[str, str]]:
    """What could clear a flag by the form of its rule, and whether raised or only open."""
    assert rule.trigger is not None
    found = {one.finding: "raised" for one in speaking(rule.trigger, base) if one.against and one.closed}
    for one in speaking(rule.qualifier, base) if rule.qualifier else ():
        if one.against and (one.closed or not _one_answer(one.finding, base)):
            found[one.finding] = "raised" if one.closed or found.get(one.finding) == "raised" else "open"
    return set(found.items())


def test_only_what_is_listed_with_its_source_can_clear_a_red_flag_of_safety(kb: KnowledgeBase) -> None:
    listed = {(flag, finding) for one in clearings() for flag in one.flags for finding in one.findings}
    could = {
        (rule.alert.id, finding)
        for rule in flags(kb)
        if rule.alert and rule.id.startswith("safety.")
        for finding, _ in clearing_by_form(rule, kb)
    }

    assert listed == could


def test_what_clears_a_red_flag_says_who_says_so(kb: KnowledgeBase) -> None:
    sources = {*kb.references, "the vocabulary"}

    assert [one for one in clearings() if one.source not in sources or not one.because.endswith(".")] == []
    assert [one for one in clearings() if one.clears == "raised" and not one.moves_to and one.flags not in ANSWERED] == []


def test_no_emergency_is_cleared_by_a_present_finding_but_a_neck_that_was_imaged(kb: KnowledgeBase) -> None:
    emergencies = {rule.alert.id for rule in flags(kb, "emergency") if rule.alert}

    assert {"rf_cervical_fracture"} == {flag for one in clearings() if one.clears == "raised" for flag in one.flags} & emergencies


# --- over random charts -----------------------------------------------------------------------------------------------------


def _permitted(flag: str, finding: str, was: str, now: Mapping[str, str], tree: RegionTree) -> bool:
    """Whether an exception lets this finding clear this flag, and what must stand instead stands."""
    region = finding.removeprefix("pain.")
    around = {f"pain.{one}" for one in tree.around.get(region, ())} | {
        f"pain.{one}" for one, above in tree.around.items() if region in above
    }
    return any(
        flag in one.flags
        and bool({finding, *around} & set(one.findings))
        and (was == "open" or one.clears == "raised")
        and (one.moves_to is None or was == "open" or now.get(one.moves_to) == "raised")
        for one in clearings()
    )


def _standing(assessment: Assessment) -> dict[str, str]:
    """The red flags that are written; what points raise may fall by a cue against it, which has its source."""
    return {alert.id: alert.status for alert in assessment.alerts if not alert.graded}


@st.composite
def charts(draw: st.DrawFn) -> dict[str, Any]:
    """A patient of whom some findings that bear on red flags are known, and pain."""
    base = mps.load()
    found = draw(answers(flag_terms(base), most=12))
    found["pain"] = draw(pain_maps())
    found["age_years"] = draw(st.sampled_from([8, 16, 30, 52, 66, 74]))
    if draw(st.booleans()):
        found["symptom_duration"] = draw(st.sampled_from(["3 d", "8 wk", "1 a"]))
    return found


@st.composite
def more(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """One more present finding: a yes/no finding, a word among several, a painful place, a muscle examined."""
    words = mps.load().vocabulary
    plain = [t.id for t in words.terms.values() if t.subject == "patient" and t.kind == "boolean" and not t.fact]
    several = [f"{t.id}: {word}" for t in words.terms.values() if t.subject == "patient" and t.kind == "many_of" for word in t.values[:12]]
    kind = draw(st.sampled_from(["plain", "plain", "plain", "word", "place", "exam"]))
    if kind == "plain":
        term = draw(st.sampled_from(plain))
        return term, {term: True}
    if kind == "word":
        said = draw(st.sampled_from(several))
        term, _, word = said.partition(": ")
        return said, {term: {word: True}}
    if kind == "place":
        region = draw(st.sampled_from(sorted(words.regions)))
        return f"pain.{region}", {"pain": [region]}
    return "pain_recognition", {"exam": [draw(exams())]}


def _with(chart: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The chart with one more finding; what was recorded of it before stands."""
    key, value = next(iter(extra.items()))
    if key in ("pain", "exam"):
        return {**chart, key: [*(chart.get(key) or []), *value]}
    assume(key not in chart)
    return {**chart, key: value}


@settings(max_examples=250)
@given(charts(), more())
def test_one_more_present_finding_lowers_no_red_flag(chart: dict[str, Any], one: tuple[str, dict[str, Any]]) -> None:
    name, extra = one
    chart = consistent(chart)
    try:
        before, after = mps.evaluate(chart), mps.evaluate(_with(chart, extra))
    except FindingError:
        reject()
    tree, was, now = RegionTree(mps.load().vocabulary), _standing(before), _standing(after)
    event(f"{len(was)} flags stood")
    rank = {None: 0, "open": 1, "raised": 2}
    fell = {flag: status for flag, status in was.items() if rank[now.get(flag)] < rank[status]}

    assert {flag: status for flag, status in fell.items() if not _permitted(flag, name, status, now, tree)} == {}


MAN_OF_74: dict[str, Any] = {
    "age_years": 74,
    "sex_at_birth": "male",
    "pain": ["low_back.left", "flank.left"],
    "vascular_risk_factors": True,
    "no_comfortable_position": True,
}


@pytest.mark.parametrize(
    "extra", [{"pain_on_movement": True}, {"activity_at_onset": "bend_twist_lift"}, {"relief_heat": True}, {"pain_lumbar_flexion": True}]
)
def test_an_aneurysm_is_not_cleared_by_movement_or_a_lift(extra: dict[str, Any]) -> None:
    assert mps.evaluate(MAN_OF_74).urgency == "emergency"
    assert _standing(mps.evaluate({**MAN_OF_74, **extra}))["rf_aaa_possible"] == "raised"
