"""
Cases are the proof of a rule: a patient in a few findings, and what the rule must say. Any executor can run them.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import attrs

from mps_rules.answer.assess import Executor, assess, unknown_terms
from mps_rules.answer.values import STATUSES, Assessment
from mps_rules.chaining.chains import Chain
from mps_rules.errors import Fault, FindingError, KnowledgeError, closest
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import RECOMMENDATIONS, URGENCIES, GiveCaution, Rule
from mps_rules.language.conditions import Derived, judge, walk
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings

Verdict = bool | None


@attrs.frozen
class Expectation:
    """What a case expects of a rule (``fires``, ``for_``, ``asks``) and of the whole assessment."""

    fires: object = "not said"
    for_: str | None = None
    asks: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    alerts: object = None
    recommends: tuple[str, ...] = ()
    hypotheses: dict[str, str] = attrs.Factory(dict)
    urgency: str | None = None
    not_: object = None


@attrs.frozen
class Case:
    """One case: a title like a line in a chart, findings, and what is expected; ``row`` names the row of a rule over a table."""

    case: str
    findings: object
    expect: Expectation
    rule: str = ""
    place: str = ""
    row: str | None = None


@attrs.frozen
class Outcome:
    """What running a case gave: the verdict of its rule, and everything that differs from what was expected."""

    case: Case
    verdict: Verdict
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Nothing differs."""
        return not self.differences


def read_cases(base: KnowledgeBase, only: str = "") -> tuple[Case, ...]:
    """
    Every case beside the rules of a knowledge base, or beside those of one rule or shelf.

    Raises:
        KnowledgeError: a cases file is not readable or not what it should be; all faults of all files.

    """
    from mps_rules.language.reading import Unreadable, read_yaml, text_of
    from mps_rules.language.structure import structure

    faults: list[Fault] = []
    found: list[Case] = []
    known = {rule.id for rule in (*base.rules, *base.shelved)}
    written = {rule.written or rule.id for rule in (*base.rules, *base.shelved)}
    for number, (folder, under) in enumerate(zip(base.folders, base.shown_as, strict=True)):
        for path in sorted(Path(folder).rglob("*.cases.yaml")):
            name = path.relative_to(folder).as_posix()
            own = name.replace(".cases.yaml", ".yaml")
            if any((Path(above) / own).is_file() for above in base.folders[number + 1 :]):
                continue  # the rule that takes its place, on top, has its own cases
            rule, shown_name = name.removesuffix(".cases.yaml").replace("/", "."), f"{under}{name}"
            if only and not (f"{rule}.".startswith(f"{only}.") or only.startswith(f"{rule}.")):
                continue
            try:
                document = read_yaml(text_of(path, shown_name), shown_name)
            except Unreadable as error:
                faults += error.faults
                continue
            cases, wrong = structure(document.data, tuple[Case, ...], document.place)
            faults += wrong
            if rule not in written:
                if number + 1 < len(base.folders) and (Path(folder) / own).is_file():
                    continue  # another rule lies on top in its place
                faults.append(Fault(shown_name, f"no rule {rule!r} beside these cases", closest(rule, written)))
            for place_of, case in enumerate(cases or ()):
                id_ = f"{rule}.{case.row}" if case.row else rule
                place = document.place((place_of,))
                if rule in written and id_ not in known:
                    rows = [other.removeprefix(f"{rule}.") for other in known if other.startswith(f"{rule}.")]
                    what = f"no row {case.row!r} of {rule}" if case.row else f"{rule} is written over a table: name the row of this case"
                    faults.append(Fault(place, what, closest(case.row, rows)))
                found.append(attrs.evolve(case, rule=id_, place=place))
    if faults:
        raise KnowledgeError(faults)
    return tuple(found)


def run_cases(base: KnowledgeBase, only: str = "", executor: Executor | None = None) -> tuple[Outcome, ...]:
    """
    The outcome of every case whose rule is (or whose shelf begins with) ``only``; drafts and retired rules are left out.

    Raises:
        KnowledgeError: the cases cannot be read.

    """
    return tuple(run_case(base, case, executor) for case in chosen_of(base, read_cases(base, only), only))


def chosen_of(base: KnowledgeBase, cases: Iterable[Case], only: str = "") -> tuple[Case, ...]:
    """The cases that are run: of live rules, all or those of one rule or shelf."""
    return tuple(case for case in cases if case.rule in base.by_id and (not only or f"{case.rule}.".startswith(f"{only}.")))


def run_case(base: KnowledgeBase, case: Case, executor: Executor | None = None) -> Outcome:
    """Evaluates one case (by the engine, unless another executor is given) and compares it with what it expects."""
    from mps_rules.chaining import engine

    try:
        findings = read_findings(case.findings, terrain_of(base))
    except FindingError as error:
        return Outcome(case, None, tuple(f"its findings: {fault}" for fault in error.faults))
    facts = Facts(terrain_of(base), findings)
    if executor is None and _of_points_alone(base.by_id[case.rule], case.expect):
        verdict = judge(base.by_id[case.rule].when, facts.view())
        return Outcome(case, verdict, tuple(_fired(case.expect.fires, verdict)))
    chain = (executor or engine.chain)(base, facts)
    assessment = assess(base, facts, chain)
    rule = base.by_id[case.rule]
    subjects = [case.expect.for_] if case.expect.for_ else list(facts.subjects(rule.about))
    verdicts = [chain.verdict(rule.id, subject) for subject in subjects]
    verdict = True if True in verdicts else None if None in verdicts else False
    differences = [
        *_checked_words(case.expect, base),
        *_of_rule(case, rule, verdict, base, facts, chain),
        *_of_assessment(case.expect, assessment, base),
    ]
    return Outcome(case, verdict, tuple(differences))


def _of_points_alone(rule: Rule, expect: Expectation) -> bool:
    """Whether a case asks only whether the points of a cause reach its line, and these read no conclusion."""
    plain = attrs.evolve(expect, fires="not said") == Expectation() and expect.fires in (True, False, "unknown")
    return rule.cause is not None and plain and not any(isinstance(part, Derived) for part in walk(rule.when))


def _fired(fires: object, verdict: Verdict) -> Iterator[str]:
    if verdict is not {"unknown": None, True: True, False: False}[fires]:
        words = {True: "it fires", False: "it is silent", None: "it is undecided"}
        yield f"fires: expected {str(fires).lower()}, but {words[verdict]}"


def _of_rule(case: Case, rule: Rule, verdict: Verdict, base: KnowledgeBase, facts: Facts, chain: Chain) -> Iterator[str]:
    expected = {"unknown": None, True: True, False: False}
    fires = case.expect.fires
    if case.expect == Expectation():
        yield "expects nothing"
    if case.expect.for_ and case.expect.for_ not in facts.subjects(rule.about):
        known = closest(case.expect.for_, facts.subjects(rule.about))
        yield f"for: {case.expect.for_!r} is not asked about in this case" + (f"; closest is {known!r}" if known else "")
        return
    if fires == "not said":
        if case.expect.asks:
            yield "asks needs fires: unknown"
        return
    if not isinstance(fires, bool | str) or fires not in expected:
        yield f"fires: expected true, false or unknown, got {fires!r}"
        return
    if rule.about != "patient" and not case.expect.for_:
        yield f"a rule about a {rule.about} needs for: which one"
        return
    yield from _fired(fires, verdict)
    if case.expect.asks:
        subject = case.expect.for_ or "patient"
        asked = unknown_terms(base, facts, chain, rule, subject)
        yield from (
            f"asks: {term} would not help to decide it; these would: {', '.join(asked) or 'none'}"
            for term in case.expect.asks
            if term not in asked
        )


def _of_assessment(expect: Expectation, assessment: Assessment, base: KnowledgeBase) -> Iterator[str]:
    seen = _Seen(assessment, base)
    for key, wanted in _listed(expect).items():
        yield from (f"{key}: {id_} is missing" for id_ in wanted if id_ not in seen[key])
    for key, wanted_by_id in (("alerts", _alerts(expect)), ("hypotheses", expect.hypotheses)):
        actual: Mapping[str, str] = seen[key] if wanted_by_id else {}
        yield from (
            f"{key}: {id_} is {actual.get(id_, 'not there')}, expected {w}" for id_, w in wanted_by_id.items() if actual.get(id_) != w
        )
    if expect.urgency and assessment.urgency != expect.urgency:
        yield f"urgency: {assessment.urgency}, expected {expect.urgency}"
    denied = _denied(expect)
    for key, wanted in _listed(denied).items() if denied else ():
        yield from (f"not {key}: {id_} is there" for id_ in wanted if id_ in seen[key])
    if denied:
        for key, unwanted in (("alerts", _alerts(denied)), ("hypotheses", denied.hypotheses)):
            yield from (
                f"not {key}: {id_} is {seen[key][id_]}"
                for id_, s in unwanted.items()
                if seen[key].get(id_) == s or (s == "any" and id_ in seen[key])
            )
        if denied.urgency and assessment.urgency == denied.urgency:
            yield f"not urgency: it is {denied.urgency}"


def _listed(expect: Expectation) -> dict[str, tuple[str, ...]]:
    return {"cautions": expect.cautions, "criteria": expect.criteria, "derived": expect.derived, "recommends": expect.recommends}


@attrs.frozen(eq=False)
class _Seen:
    """What an assessment holds, by the keys of what a case may expect of it; worked out where a case asks, since an answer is worked out where it is looked at."""

    assessment: Assessment
    base: KnowledgeBase

    def __getitem__(self, key: str) -> Any:
        seen = self.assessment
        match key:
            case "cautions":
                return {caution.id for caution in seen.cautions}
            case "criteria":
                return {criterion.id for criterion in seen.criteria if criterion.status == "met"}
            case "derived":
                return {id_ for one in seen.trace for id_ in self.base.by_id[one.rule].derives()}
            case "recommends":
                return {advice.kind for advice in seen.recommendations}
            case "alerts":
                return {alert.id: alert.status for alert in seen.alerts}
        return {hypothesis.id: hypothesis.status for hypothesis in seen.hypotheses}


def _alerts(expect: Expectation) -> dict[str, str]:
    """Expected alerts by id; a bare list under ``not`` means in whatever state."""
    if isinstance(expect.alerts, list | tuple):
        return dict.fromkeys(map(str, expect.alerts), "any")
    return {str(id_): str(state) for id_, state in expect.alerts.items()} if isinstance(expect.alerts, Mapping) else {}


def _denied(expect: Expectation) -> Expectation | None:
    from mps_rules.language.structure import structure

    if expect.not_ is None:
        return None
    denied, _ = structure(expect.not_, Expectation, str)
    return denied


@lru_cache(maxsize=8)
def _words_given(base: KnowledgeBase) -> dict[str, Iterable[str]]:
    """Every word that a case may expect, by its key."""
    return {
        "cautions": {x.id for rule in base.rules for x in rule.then if isinstance(x, GiveCaution)},
        "criteria": base.concluding,
        "derived": base.concluding,
        "recommends": RECOMMENDATIONS,
        "alerts": {rule.alert.id for rule in base.rules if rule.alert},
        "hypotheses": base.vocabulary.suspects,
    }


def _checked_words(expect: Expectation, base: KnowledgeBase) -> Iterator[str]:
    """A word that no rule can ever give would make a denial pass for nothing."""
    known = _words_given(base)
    from mps_rules.language.structure import structure

    denied = None
    if expect.not_ is not None:
        denied, faults = structure(expect.not_, Expectation, lambda path: f"not {'.'.join(map(str, path))}")
        yield from map(str, faults)
    if denied is not None and (denied.fires != "not said" or denied.for_ or denied.asks or denied.not_ is not None):
        yield "not takes what the whole assessment holds; fires, for and asks stand beside it"
    for one in (expect, denied):
        if one is None:
            continue
        if one.alerts is not None and not isinstance(one.alerts, list | tuple | Mapping):
            yield f"alerts: expected ids, or ids with their state, got {one.alerts!r}"
        words = {**_listed(one), "alerts": tuple(_alerts(one)), "hypotheses": tuple(one.hypotheses)}
        for key, ids in words.items():
            yield from (f"{key}: no rule gives {id_!r}; closest is {closest(id_, known[key])!r}" for id_ in ids if id_ not in known[key])
        yield from (f"hypotheses: no status {s!r}" for s in one.hypotheses.values() if s not in (*STATUSES, "any"))
        yield from (f"alerts: no status {s!r}" for s in _alerts(one).values() if s not in ("raised", "open", "any"))
        if one.urgency is not None and one.urgency not in (*URGENCIES, "none"):
            yield f"urgency: no urgency {one.urgency!r}"
