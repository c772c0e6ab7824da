"""What rules read of each other: the open halves of red flags, the law on self-care, dangers that nobody reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import attrs

from mps_rules.knowledge.causes import Cause, Scale
from mps_rules.knowledge.regions import uncovered_regions
from mps_rules.knowledge.rules import KINDS_OF_CARE, PRESSING, CriterionMet, Derive, GiveCaution, Recommend, Rule
from mps_rules.knowledge.vocabulary import Subject, Term, Vocabulary
from mps_rules.language import conditions as c

DANGERS: Mapping[str, tuple[str, ...]] = {"red_flag": ("boolean", "number"), "laboratory": ("number",)}
"""Which kinds of findings of a category are danger signs, unless the vocabulary says that they are background."""


def offered(conclusion: GiveCaution | Recommend) -> tuple[str, ...]:
    """The kinds of care for which all of a conclusion speaks; what it only prefers instead can be left unsaid."""
    return () if isinstance(conclusion, Recommend) and conclusion.instead else conclusion.offers


def conclusions_read(condition: c.Condition, scope: Subject) -> Iterator[tuple[str, Subject]]:
    """Every conclusion a condition reads, with the subject in whose scope it stands."""
    if isinstance(condition, c.Derived):
        yield condition.id, scope
    inner: Subject = scope
    match condition:
        case c.CountMuscles() | c.LabelMuscle():
            inner = "muscle"
        case c.AnyLabel():
            inner = "label"
    for part in c.parts(condition):
        yield from conclusions_read(part, inner)


def with_open_alert(rule: Rule, read: tuple[str, ...], words: Vocabulary, near: c.Condition | None) -> Iterator[Rule]:
    """
    A red flag is two rules: it is raised, or it is open.

    It is open because its qualifier is unknown, because its points are one step short (``near``), or because what it reads was recorded in doubt.
    """
    yield rule
    if rule.alert is None:
        return
    opening: list[c.Condition] = [near] if near is not None else []
    if rule.trigger and rule.qualifier:
        opening.append(c.All((rule.trigger, c.Not(c.Known(rule.qualifier)))))
    forbidden = rule.alert.forbids if rule.alert.urgency in PRESSING else ()
    doubted = next((term.id for term in words.terms.values() if term.of_record), None)
    if doubted and read:
        opening.append(c.All((c.Established(c.Words(doubted, read)), c.Not(c.Known(rule.when)))))
    if opening:
        yield attrs.evolve(
            rule,
            id=f"{rule.id}.open",
            title=f"{rule.title} (open: {'one step short' if near is not None else 'not enough is known to clear it'})",
            when=c.Any(tuple(opening)) if len(opening) > 1 else opening[0],
            then=(Derive(f"alert.{rule.alert.urgency}.open"), *(Derive(f"forbidden.{kind}") for kind in forbidden)),
            open_alert=rule.alert.id,
            trigger=None,
            qualifier=None,
        )


def under_the_law(
    rules: Sequence[Rule],
    words: Vocabulary | None = None,
    screens: Sequence[str] = (),
    unread: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Rule]:
    """
    No self-care while an emergency or urgent red flag is raised or open, nor beyond what the red flags of the pack cover; no care that one forbids.

    Beyond: where there is pain in a region that they do not screen, or a danger sign is recorded that nothing reads where it hurts.
    """
    derived = {id_ for rule in rules for id_ in rule.derives()}
    flags = [f"alert.{urgency}{state}" for urgency in PRESSING for state in ("", ".open")]
    forbidding: list[c.Condition] = [c.Derived(flag) for flag in flags if flag in derived]
    if words is not None:
        forbidding += [_recorded(words.terms[term], places) for term, places in unread.items()]
        beyond = set(uncovered_regions(words, screens)) if screens else set()
        uncovered = tuple(id_ for id_ in words.regions if id_ in beyond and words.regions[id_].parent not in beyond)
        forbidding += [c.PainAt(uncovered)] if uncovered else []

    def guarded(rule: Rule) -> Rule:
        advice = [x for x in rule.then if isinstance(x, GiveCaution | Recommend)]
        barring = list(forbidding) if any(isinstance(x, Recommend) and x.kind == "self_care" for x in advice) else []
        kinds = dict.fromkeys(f"forbidden.{kind}" for kind in KINDS_OF_CARE if any(kind in offered(x) for x in advice))
        barring += [c.Derived(kind) for kind in kinds if kind in derived]
        return attrs.evolve(rule, when=c.All((rule.when, c.Not(c.Established(c.Any(tuple(barring))))))) if barring else rule

    return [guarded(rule) for rule in rules]


def unread_dangers(rules: Iterable[Rule], words: Vocabulary, causes: Iterable[Cause], scale: Scale) -> Mapping[str, tuple[str, ...]]:
    """
    The danger signs that no rule reads but to withhold care, each with the places of the causes that read it.

    A published score that argues for nothing reads them in passing: it says that they are there, not what they mean. So does a flag
    that asks for a whole cluster: what one sign of it means alone it does not say.
    They are the yes/no findings of the category ``red_flag``, and the numbers of it and of ``laboratory``: a pack may not know what they
    mean, but it can say so. A cause asks only where it can be felt: a yes/no sign that tells of an emergency or urgent one is unread elsewhere.
    """
    assessing = [
        rule
        for rule in rules
        if not any(isinstance(x, Recommend) and x.kind == "self_care" for x in rule.then)
        and not all(isinstance(x, CriterionMet) for x in rule.then)
        and not ((rule.alert or rule.open_alert) and rule.asks_for_a_cluster)
    ]
    written = _terms_under(words, (rule.when for rule in assessing if rule.cause is None))
    weighed = _terms_under(words, (rule.when for rule in assessing if rule.cause is not None))
    places: dict[str, dict[str, None] | None] = {}
    for picture in (picture for cause in causes for picture in cause.profiles if picture.urgency in PRESSING):
        telling = [sign.when for group in picture.cues for sign in group if sign.points >= scale.telling]
        for id_ in _terms_under(words, telling):
            known = places.setdefault(id_, {})
            if not picture.where:
                places[id_] = None
            elif known is not None:
                known.update(dict.fromkeys(picture.where))
    found = {}
    for term in words.terms.values():
        if term.subject == "patient" and term.kind in DANGERS.get(term.category, ()) and not term.background and term.id not in written:
            where = places.get(term.id) if term.id in weighed and term.kind == "boolean" else {}
            if term.id not in weighed or where:
                found[term.id] = tuple(sorted(where or ()))
    return found


def _terms_under(words: Vocabulary, conditions: Iterable[c.Condition]) -> frozenset[str]:
    """The findings that conditions read, and those from which these follow."""
    read = {leaf.term for condition in conditions for leaf in c.walk(condition) if isinstance(leaf, c.Present | c.Compare)}
    sources = [source for term in words.terms.values() if term.id in read for source in (term.implied_by, term.denied_by) if source]
    return frozenset(read | {leaf.term for source in sources for leaf in c.walk(source) if isinstance(leaf, c.Present | c.Compare)})


def _recorded(term: Term, places: Sequence[str]) -> c.Condition:
    """A danger sign is present away from the places where it is read; a number is one whatever it is, for nobody can say that it is none."""
    recorded = c.Present(term.id) if term.kind == "boolean" or term.range is None else c.Known(c.Compare(term.id, above=term.range[0]))
    return c.All((recorded, c.Not(c.Established(c.PainAt(tuple(places)))))) if places else recorded
