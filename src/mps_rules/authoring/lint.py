"""
Checks over a whole knowledge base that no single file shows. A list of functions is the plug-in system.

Faults of a single file (a word not in the vocabulary, a value outside its range, an id that is not its path, an active rule
without evidence, limits or review, a cycle, a derived id that nothing concludes) stop the loading itself; ``lint`` reports them
as issues of the check ``loads``.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import assert_never

import attrs

from mps_rules.answer.screening import is_basic
from mps_rules.authoring.cases import Case, Expectation, Outcome, chosen_of, read_cases, run_case
from mps_rules.errors import Fault, FindingError, KnowledgeError, closest, shown
from mps_rules.knowledge.causes import Cause, Sign, terms_read
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import load_named
from mps_rules.knowledge.rules import PRESSING, Ask, CriterionMet, GiveCaution, RaiseAlert, Recommend, Rule
from mps_rules.knowledge.vocabulary import Care, Diagnosis, Measure, Muscle
from mps_rules.language import conditions as c


@attrs.frozen
class Issue:
    """Something a check found: which check, where, and what."""

    check: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.check}]"


@attrs.frozen(eq=False)
class Subject:
    """
    What is checked: a knowledge base, or one rule of it, and the outcomes of its cases, read and run once.

    ``run_on``: a part of it in which the cases of that rule say the same.
    """

    base: KnowledgeBase
    only: str = ""
    run_on: KnowledgeBase | None = None

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """
        Every case.

        Raises:
            KnowledgeError: the cases cannot be read.

        """
        return read_cases(self.base, self.only)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcome of every case of a live rule."""
        base = self.run_on or self.base
        return tuple(run_case(base, case) for case in chosen_of(base, self.cases, self.only))

    @cached_property
    def verdicts(self) -> dict[str, set[bool | None]]:
        """Every verdict that a case gives a rule on purpose (it says what it expects), by the id under which the rule was written."""
        found: dict[str, set[bool | None]] = {}
        for outcome in self.outcomes:
            if outcome.case.expect.fires != "not said":
                rule = self.base.by_id[outcome.case.rule]
                found.setdefault(rule.written or rule.id, set()).add(outcome.verdict)
        return found

    @cached_property
    def every(self) -> tuple[Rule, ...]:
        """The live rules that somebody wrote, the loader's own left out."""
        return tuple(rule for rule in self.base.rules if not rule.open_alert)

    @cached_property
    def authored(self) -> tuple[Rule, ...]:
        """Those of them that are checked."""
        return tuple(rule for rule in self.every if not self.only or self.only in (rule.id, rule.written))

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """The causes that are checked."""
        return tuple(cause for cause in self.base.causes.values() if self.only in ("", cause.address))

    @cached_property
    def written(self) -> dict[str, tuple[Rule, ...]]:
        """The authored rules by the id under which they were written: one, or one for each row of a table."""
        found: dict[str, list[Rule]] = {}
        for rule in self.authored:
            found.setdefault(rule.written or rule.id, []).append(rule)
        return {id_: tuple(rules) for id_, rules in found.items()}


Check = Callable[[Subject], Iterator[Issue]]


def case_fails(subject: Subject) -> Iterator[Issue]:
    """A case expects something else than the rules say."""
    for outcome in subject.outcomes:
        for difference in outcome.differences:
            yield Issue("case_fails", outcome.case.place, f"{outcome.case.case!r}: {difference}")


def case_title_twice(subject: Subject) -> Iterator[Issue]:
    """Two cases of one rule have the same title."""
    titles = Counter((case.rule, case.case) for case in subject.cases)
    yield from (Issue("case_title_twice", rule, f"{title!r} stands {n} times") for (rule, title), n in titles.items() if n > 1)


def never_fires(subject: Subject) -> Iterator[Issue]:
    """No case makes the rule fire."""
    for id_, rules in subject.written.items():
        if True not in subject.verdicts.get(id_, ()):
            yield Issue("never_fires", rules[0].source, f"no case makes {id_} fire")


def never_silent(subject: Subject) -> Iterator[Issue]:
    """No case keeps the rule silent."""
    for id_, rules in subject.written.items():
        silent = (False, None) if any(rule.cause for rule in rules) else (False,)
        if not any(verdict in subject.verdicts.get(id_, ()) for verdict in silent):
            yield Issue("never_silent", rules[0].source, f"no case keeps {id_} silent")


def never_undecided(subject: Subject) -> Iterator[Issue]:
    """No case leaves the rule undecided, although it can be."""
    for id_, rules in subject.written.items():
        if None not in subject.verdicts.get(id_, ()) and any(can_be_unknown(rule.when, subject.base) for rule in rules):
            yield Issue("never_undecided", rules[0].source, f"no case leaves {id_} undecided")


def can_be_unknown(condition: c.Condition, base: KnowledgeBase) -> bool:
    """
    Whether too little can be known to decide a condition.

    >>> can_be_unknown(c.Established(c.Present("fever")), None)
    False
    """
    match condition:
        case c.Established() | c.Known() | c.MuscleIs() | c.LabelIs() | c.PainNamed() | c.PainApart() | c.InReach():
            return False
        case c.Present(term):
            return not base.vocabulary.terms[term].fact or term == "refers_to_pain"
        case c.Derived(id):
            return any(can_be_unknown(rule.when, base) for rule in base.concluding[id])
        case c.Words() | c.Compare() | c.PainAt() | c.Label():
            return True
        case c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item() | c.CountMuscles() | c.LabelMuscle() | c.AnyLabel() | c.Suspicion():
            return any(can_be_unknown(part, base) for part in c.parts(condition))
        case _:
            assert_never(condition)


def same_condition(subject: Subject) -> Iterator[Issue]:
    """Two rules about the same kind of subject have one condition: they are one rule."""
    first: dict[tuple[str, object], Rule] = {}
    checked = set(map(id, subject.authored))
    for rule in sorted(subject.every, key=lambda rule: id(rule) in checked):
        other = first.setdefault((rule.about, _shape(c.normalise(rule.when))), rule)
        if other is not rule and id(rule) in checked:
            yield Issue("same_condition", rule.source, f"{rule.id} has the same condition as {other.id}")


def _shape(condition: c.Condition) -> object:
    """A condition without the order of its parts."""
    inside = c.parts(condition)
    if not inside:
        return condition
    least = condition.n if isinstance(condition, c.AtLeast) else condition.at_least if isinstance(condition, c.CountMuscles) else None
    return type(condition), least, frozenset(Counter(map(_shape, inside)).items())


def unused_reference(subject: Subject) -> Iterator[Issue]:
    """A bibliography entry that nothing cites; sources of codes are cited by the codes themselves."""
    base, words = subject.base, subject.base.vocabulary
    cited = {r for rule in (*base.rules, *base.shelved) for r in rule.evidence.references}
    cited |= {r for edge in base.referrals for r in edge.references} | {r for clue in base.clues for r in clue.references}
    cited |= {r for cause in base.causes.values() for r in cause.references}
    cited |= {r for row in base.muscle_cues for r in (*row.references, *(ref for cue in row.cues for ref in cue.references))}
    cited |= {r for common in base.prevalence for r in common.references} | set(base.ranking.references)
    rows: tuple[Muscle | Diagnosis | Measure | Care, ...] = (
        *words.muscles.values(),
        *words.diagnoses.values(),
        *words.measures.values(),
        *words.care.values(),
    )
    cited |= {r for row in rows for r in row.references}
    yield from (
        Issue("unused_reference", "evidence/references.yaml", f"nothing cites {id_}")
        for id_, r in base.references.items()
        if id_ not in cited and r.class_ != "code"
    )


def claim_without_home(subject: Subject) -> Iterator[Issue]:
    """A fact of the article that no rule, edge or word encodes and for which no other home is stated."""
    base, words = subject.base, subject.base.vocabulary
    used = {x for rule in base.rules for x in rule.evidence.claims} | {x for edge in base.referrals for x in edge.claims}
    used |= {x for clue in base.clues for x in clue.claims}
    used |= {x for term in words.terms.values() for x in term.claims} | {x for s in words.suspects.values() for x in s.claims}
    for claim in base.claims.values():
        if claim.home is None and claim.id not in used:
            yield Issue("claim_without_home", "evidence/claims.yaml", f"{claim.id} ({claim.claim}) lives nowhere")


def age_triggers(subject: Subject) -> Iterator[Issue]:
    """A red flag's trigger that age alone would pull."""
    ages = {term.id for term in subject.base.vocabulary.terms.values() if term.unit == "a"}
    for rule in subject.authored:
        if rule.trigger is not None and _holds_if_only(rule.trigger, ages):
            yield Issue("age_triggers", rule.source, f"age alone triggers {rule.id}")


def _holds_if_only(condition: c.Condition, terms: set[str]) -> bool:
    """Whether a condition holds when only its comparisons of these terms do."""
    match condition:
        case c.Compare(term):
            return term in terms
        case c.All(of):
            return all(_holds_if_only(part, terms) for part in of)
        case c.Any(of):
            return any(_holds_if_only(part, terms) for part in of)
        case c.AtLeast(n, of):
            return sum(_holds_if_only(part, terms) for part in of) >= n
        case c.Item(_, _, of):
            return _holds_if_only(of, terms)
        case c.Present() | c.Words() | c.PainAt() | c.Label() | c.Derived() | c.MuscleIs() | c.LabelIs():
            return False
        case c.PainNamed() | c.PainApart():
            return False
        case c.Not() | c.Established() | c.Known() | c.CountMuscles() | c.LabelMuscle() | c.AnyLabel() | c.Suspicion() | c.InReach():
            return False
        case _:
            assert_never(condition)


def alert_without_region(subject: Subject) -> Iterator[Issue]:
    """A red flag that belongs nowhere would never be asked about."""
    for rule in subject.authored:
        if rule.alert and not rule.alert.regions:
            yield Issue("alert_without_region", rule.source, f"{rule.alert.id} names no region")


_PROMISE = re.compile(r"\b(cure[sd]?|you(?: have|'ve|\u2019ve))\b", re.IGNORECASE)
_DISCLAIMER = re.compile(r"\b(not|no|never) (at )?(a )?cure[sd]?\b", re.IGNORECASE)


def promises_cure(subject: Subject) -> Iterator[Issue]:
    """A text that promises a cure or tells a patient what they have."""
    for source, id_, texts in _said(subject):
        for _, text in texts:
            for phrase in _PROMISE.findall(_DISCLAIMER.sub("", text)):
                yield Issue("promises_cure", source, f"{id_} says {phrase!r}")


def text_empty(subject: Subject) -> Iterator[Issue]:
    """A text that a reader would meet says nothing."""
    for source, id_, texts in _said(subject):
        yield from (Issue("text_empty", source, f"{id_}: {field} is empty") for field, text in texts if not text.strip())


_SPOKEN: Mapping[type, tuple[str, ...]] = {
    GiveCaution: ("text",),
    Recommend: ("text",),
    Ask: ("text",),
    RaiseAlert: ("label", "act_within", "action"),
    CriterionMet: ("name",),
}
"""What of a conclusion a reader always meets."""
_SPOKEN_IF_GIVEN = ("short", "instead", "meanwhile", "beside")


def _said(subject: Subject) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Of every live rule and cause: where it stands, what it is called, and its texts by the names of their fields."""
    for id_, rules in subject.written.items():
        if rules[0].cause is not None:
            continue
        for rule in rules:
            texts = [("title", rule.title), ("summary", rule.summary), ("limits", rule.limits)]
            for number, conclusion in enumerate(rule.then):
                always = _SPOKEN.get(type(conclusion), ())
                given = [name for name in _SPOKEN_IF_GIVEN if getattr(conclusion, name, "")]
                texts += [(f"then[{number}].{name}", str(getattr(conclusion, name))) for name in (*always, *given)]
            yield rule.source, id_, texts
    for cause in subject.causes:
        names = ("label", "title", "action", "confirm", "limits")
        pictured = [(f"profiles[{n}].action", one.action) for n, one in enumerate(cause.profiles) if one.action]
        yield cause.source, cause.address, [*((name, getattr(cause, name)) for name in names), *pictured]


def date_impossible(subject: Subject) -> Iterator[Issue]:
    """A day of review that is in no calendar."""
    reviews = [(rules[0].source, id_, rules[0].reviewed.on) for id_, rules in subject.written.items() if rules[0].reviewed]
    reviews += [("pack.yaml", "revised", subject.base.pack.revised)] if subject.base.pack.revised and not subject.only else []
    for source, id_, day in reviews:
        try:
            date.fromisoformat(day)
        except ValueError:
            yield Issue("date_impossible", source, f"{id_}: {day!r} is no day; write it as 2026-11-30")


def muscle_nowhere(subject: Subject) -> Iterator[Issue]:
    """A muscle that lies nowhere, or sends pain nowhere: it could never be thought of."""
    sends = {edge.muscle for edge in subject.base.referrals}
    for muscle in subject.base.vocabulary.muscles.values():
        if not muscle.lies_in:
            yield Issue("muscle_nowhere", "vocabulary/muscles", f"{muscle.id} lies in no region")
        if muscle.id not in sends:
            yield Issue("muscle_nowhere", "referral", f"{muscle.id} sends pain to no region")


def region_astray(subject: Subject) -> Iterator[Issue]:
    """A region outside the tree; there is one root."""
    regions = subject.base.vocabulary.regions
    roots = [region.id for region in regions.values() if not region.parent]
    yield from (Issue("region_astray", "vocabulary/regions.yaml", f"{id_} has no parent, and {roots[0]} is the root") for id_ in roots[1:])


def adjacency_one_way(subject: Subject) -> Iterator[Issue]:
    """Regions are neighbours both ways, and only leaves are."""
    regions = subject.base.vocabulary.regions
    groups = {region.parent for region in regions.values()}
    for region in regions.values():
        for other in region.adjacent:
            if region.id not in regions[other].adjacent:
                yield Issue("adjacency_one_way", "vocabulary/regions.yaml", f"{other} does not name {region.id} as its neighbour")
            if other in groups:
                yield Issue("adjacency_one_way", "vocabulary/regions.yaml", f"{region.id} names {other} as its neighbour, which has parts")


def side_impossible(subject: Subject) -> Iterator[Issue]:
    """A midline pattern in a region that has no midline, or an edge to a group of regions."""
    regions = subject.base.vocabulary.regions
    groups = {region.parent for region in regions.values()}
    for edge in subject.base.referrals:
        sides = regions[edge.region].sides
        if edge.laterality == "midline" and sides and "midline" not in sides:
            yield Issue("side_impossible", "referral", f"{edge.muscle} -> {edge.region}: that region has no midline")
        if edge.region in groups:
            yield Issue("side_impossible", "referral", f"{edge.muscle} -> {edge.region}: name the parts of that region")


def region_unreached(subject: Subject) -> Iterator[Issue]:
    """A leaf region to which no muscle sends pain and in which none lies: the graph says nothing about it."""
    regions = subject.base.vocabulary.regions
    groups = {region.parent for region in regions.values()}
    reached = {edge.region for edge in subject.base.referrals}
    reached |= {place for muscle in subject.base.vocabulary.muscles.values() for place in muscle.lies_in}
    if subject.base.referrals:
        for region in regions.values():
            if region.id not in groups and region.id not in reached:
                yield Issue("region_unreached", "referral", f"no muscle sends pain to {region.id} or lies there")


KEYS = 4
"""How many key questions a profile may have."""


def serious_without_keys(subject: Subject) -> Iterator[Issue]:
    """An emergency or urgent profile whose key questions could never bring it to its line, although its other cues could: it would never be due."""
    base = subject.base
    for cause in subject.causes:
        source = cause.source
        for number, picture in enumerate(cause.profiles):
            if picture.urgency not in PRESSING:
                continue
            short = base.scale.line(picture.urgency) - picture.counted.prior
            most = _most(picture.cues, lambda sign: is_basic(sign.when, base.vocabulary), KEYS)
            keys = _most(picture.cues, lambda sign: sign.key or _who(sign.when, base))
            if not any(sign.key for group in picture.cues for sign in group) and most > 0:
                yield Issue("serious_without_keys", source, f"profile {number + 1} of {cause.id} has no key question (key: true)")
            elif keys < min(short, most):
                yield Issue(
                    "serious_without_keys", source, f"the keys of profile {number + 1} of {cause.id} add {keys}, of {short} to its line"
                )


def _most(groups: Iterable[Sequence[Sign]], counts: Callable[[Sign], bool], of: int | None = None) -> int:
    """What the cues that count could add together: of each group the strongest, of the groups so many."""
    best = [max((sign.points for sign in group if sign.points > 0 and counts(sign)), default=0) for group in groups]
    return sum(sorted(best, reverse=True)[:of])


def _who(condition: c.Condition, base: KnowledgeBase) -> bool:
    """Whether a condition reads who the patient is."""
    return any(term in base.asking.at_hand for term in terms_read(condition))


CHECKS: tuple[Check, ...] = (
    case_fails,
    case_title_twice,
    never_fires,
    never_silent,
    never_undecided,
    same_condition,
    unused_reference,
    claim_without_home,
    age_triggers,
    alert_without_region,
    promises_cure,
    text_empty,
    date_impossible,
    muscle_nowhere,
    region_astray,
    adjacency_one_way,
    side_impossible,
    region_unreached,
    serious_without_keys,
)


ABOUT_ONE: tuple[Check, ...] = (
    case_fails,
    case_title_twice,
    never_fires,
    never_silent,
    never_undecided,
    same_condition,
    age_triggers,
    alert_without_region,
    promises_cure,
    text_empty,
    date_impossible,
    serious_without_keys,
)
"""The checks that say something of one rule."""


def lint(folders: KnowledgeBase | str | PathLike[str] | Sequence[str | PathLike[str]]) -> tuple[Issue, ...]:
    """
    Every issue of a knowledge base, or of the folders one would be loaded from; none is what you want.

    Raises:
        FindingError: what is given is no folder, nor a list of them.

    """
    try:
        subject = Subject(_loaded(folders))
        return tuple(issue for check in CHECKS for issue in check(subject))
    except KnowledgeError as error:
        return _loading(error)


def lint_only(folders: KnowledgeBase | str | PathLike[str] | Sequence[str | PathLike[str]], only: str) -> tuple[Issue, ...]:
    """
    What concerns one rule or cause, by its path or its id: the rest of the pack is read, its cases are not run.

    Raises:
        FindingError: there is no such rule or cause; names the closest.

    """
    try:
        alone = _alone(folders, only.removesuffix(".yaml").replace("/", "."))
        if alone is not None:
            return tuple(issue for check in ABOUT_ONE for issue in check(alone))
        base = _loaded(folders)
        known = {rule.written or rule.id for rule in (*base.rules, *base.shelved)}
        id_ = only.removesuffix(".yaml").replace("/", ".")
        if id_ not in known:
            raise FindingError([Fault(only, "no such rule or cause", closest(id_, known))])
        subject = Subject(base, id_)
        return tuple(issue for check in ABOUT_ONE for issue in check(subject))
    except KnowledgeError as error:
        return _loading(error)


def _alone(folders: object, rule: str) -> Subject | None:
    """One rule of the folder on top, laid on what lies below and was kept; None where its cases ask for more than it concludes itself."""
    if not isinstance(folders, Sequence) or isinstance(folders, str) or len(folders) < 2:
        return None
    *below, top = folders
    from mps_rules.knowledge.loading import laid_over

    laid = laid_over(load_named(below), str(below[0]), Path(top), str(top), rule)
    if laid is None:
        return None
    subject = Subject(laid.whole, rule, laid.part)
    own = {id_ for one in laid.part.rules if one.id == rule for id_ in (*one.derives(), *(getattr(x, "id", "") for x in one.then))}
    alone = all(_asks_of_itself(case.expect, own) for case in subject.cases)
    return subject if alone and any(one.id == rule for one in laid.part.rules) else None


def _asks_of_itself(expect: Expectation, own: AbstractSet[str]) -> bool:
    """Whether a case expects nothing but the verdict of its rule, and what that rule concludes."""
    of_rule = attrs.evolve(expect, fires="not said", for_=None, asks=(), cautions=(), derived=()) == Expectation()
    return of_rule and own >= {*expect.cautions, *expect.derived}


def _loaded(folders: KnowledgeBase | str | PathLike[str] | Sequence[str | PathLike[str]]) -> KnowledgeBase:
    if isinstance(folders, KnowledgeBase):
        return folders
    paths = [folders] if isinstance(folders, str | PathLike) else folders
    if not _are_folders(paths):
        raise FindingError([Fault("folders", f"expected a folder, a list of folders or a knowledge base, got {shown(folders)}")])
    return load_named(paths)


def _are_folders(given: object) -> bool:
    return isinstance(given, Sequence) and all(isinstance(path, str | PathLike) for path in given)


def _loading(error: KnowledgeError) -> tuple[Issue, ...]:
    """What stops the loading, as issues."""
    return tuple(Issue("loads", fault.where, str(attrs.evolve(fault, where=""))) for fault in error.faults)
