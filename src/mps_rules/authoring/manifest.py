"""
What a pack says of itself, and what its rules really read: one value, bound to the digest of the rules.

Who made the rules, for whom and on which evidence is taken from the pack and the rules as they stand. Which sensitive facts they
use is computed from the conditions of the live rules, through measures, through findings that follow from others and through
conclusions; it is never declared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never

import attrs

from mps_rules.authoring.cases import Case, read_cases
from mps_rules.authoring.proved import standing
from mps_rules.authoring.vignettes import MEANT, Judged, cell, share, shares
from mps_rules.knowledge.loading import placeholders
from mps_rules.knowledge.pack import SOURCE_ATTRIBUTES, KnowledgeBase
from mps_rules.knowledge.rules import (
    Ask,
    Conclusion,
    Confirm,
    CriterionMet,
    Derive,
    Exclude,
    GiveCaution,
    Oppose,
    RaiseAlert,
    Recommend,
    Rule,
    Support,
)
from mps_rules.knowledge.vocabulary import Vocabulary, lowered
from mps_rules.language import conditions as c
from mps_rules.language.plain import plain
from mps_rules.patient.facts import Terrain, terrain_of

CHARTED = {
    "pain": ("Where it hurts (the pain map)", "asked", "patient"),
    "labels": ("Diagnoses already given", "asked", "patient"),
    "exam": ("Which muscles were examined", "examined", "muscle"),
}
"""What a chart holds beside its findings: label, how it is obtained, whom it is about."""

ORDER = "the order of muscles"
"""What reads a finding beside the rules: the ranking of muscles and the clues that raise one."""

LOGIC = (
    "Every rule is a condition over findings, joined by all, any, not and at least, and what follows from it; there are no weights that were learnt.",
    "A finding is present, absent or not known; what nobody asked about is never read as absent.",
    "Rules are applied until nothing new follows; each conclusion keeps the findings, the rule and the references that it rests on.",
    "Red flags outrank everything; while an emergency or urgent one is raised or open no self-care is suggested.",
    "Hypotheses are ranked by arguments for and against (strong, moderate, weak), not by a probability; muscles by published referral patterns and by what an examination found.",
)


@attrs.frozen
class Input:
    """A finding that live rules, or the order of muscles, read: what it is, how it is obtained, and what requires it."""

    finding: str
    label: str
    obtained: str
    kind: str
    about: str
    note: str
    required_by: tuple[str, ...]


@attrs.frozen
class Row:
    """One row of a rule that is written over a table."""

    row: str
    title: str
    when: str
    concludes: tuple[str, ...]


@attrs.frozen
class Written:
    """A rule as somebody wrote it, in plain words; one that is written over a table has ``rows`` instead of one ``when``."""

    id: str
    title: str
    about: str
    summary: str
    when: str
    concludes: tuple[str, ...]
    citations: tuple[str, ...]
    grade: str
    reviewed_on: str
    reviewed_by: str
    cases: int
    first_case: str
    limits: str
    rows: tuple[Row, ...]


@attrs.frozen
class Use:
    """A finding that tells a sensitive fact, the rules that read it, and those that only rest on what such a rule concludes."""

    finding: str
    label: str
    read_by: tuple[str, ...]
    reached: tuple[str, ...]


@attrs.frozen
class SourceAttribute:
    """One of the source attributes: what is declared, or whether and how the rules use a sensitive fact."""

    id: str
    label: str
    says: str
    used: bool | None = None
    uses: tuple[Use, ...] = ()


@attrs.frozen
class Share:
    """In how many vignettes an aspect of the answer is right."""

    aspect: str
    right: int
    of: int
    says: str


@attrs.frozen
class Validation:
    """How the rules do on a set of whole patients."""

    dataset: str
    n: int
    results: tuple[Share, ...]
    limits: str


@attrs.frozen
class Manifest:
    """
    Everything that one must know of a pack to judge it.

    ``proofs``: how many invariants were proved for these very rules; empty where that was not done.
    """

    id: str
    title: str
    version: str
    sha256: str
    proofs: str
    status: str
    licence: str
    owners: tuple[str, ...]
    developer: str
    funding: str
    released: str
    revised: str
    contacts: tuple[str, ...]
    intended_use: str
    intended_users: str
    population: str
    exclusions: tuple[str, ...]
    not_for: tuple[str, ...]
    logic_summary: tuple[str, ...]
    predictive: bool
    training_data: str
    known_limitations: tuple[str, ...]
    source_attributes: tuple[SourceAttribute, ...]
    validation: tuple[Validation, ...]
    inputs: tuple[Input, ...]
    rules: tuple[Written, ...]
    citations: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The manifest as plain data."""
        found: dict[str, Any] = plain(self)
        return found


# --- rules as they were written, and what they read --------------------------------------------------------------------


def written_id(rule: Rule) -> str:
    """The id under which somebody wrote a rule: its own, its table's rule's, or that of the red flag it reports as open."""
    return rule.written or (rule.id.removesuffix(".open") if rule.open_alert else rule.id)


def written_rules(base: KnowledgeBase) -> dict[str, tuple[Rule, ...]]:
    """The live rules by the id under which they were written, in order of it: one, or one for each row of a table."""
    found: dict[str, list[Rule]] = {}
    for rule in sorted(base.rules, key=lambda one: one.id):
        if not rule.open_alert:
            found.setdefault(written_id(rule), []).append(rule)
    return {id_: tuple(found[id_]) for id_ in sorted(found)}


def written_cases(base: KnowledgeBase) -> dict[str, tuple[Case, ...]]:
    """
    The cases of the live rules by the id under which the rule was written, in the order of its file.

    Raises:
        KnowledgeError: the cases beside the rules cannot be read.

    """
    found: dict[str, list[Case]] = {}
    for case in read_cases(base):
        if case.rule in base.by_id:
            found.setdefault(written_id(base.by_id[case.rule]), []).append(case)
    return {id_: tuple(cases) for id_, cases in found.items()}


def reads(when: c.Condition, then: Iterable[Conclusion], words: Vocabulary) -> frozenset[str]:
    """Every finding on which a condition, or a text, rests: named, counted by a measure, or that from which a named one follows."""
    found: set[str] = set()
    waiting = [*_named(when), *(name for conclusion in then for name in _valued(conclusion))]
    while waiting:
        finding = waiting.pop()
        if finding not in found:
            found.add(finding)
            waiting += _sources(finding, words)
    return frozenset(found)


def _named(condition: c.Condition) -> Iterator[str]:
    for leaf in c.walk(condition):
        match leaf:
            case c.Present(term) | c.Words(term) | c.Compare(term):
                yield term
            case c.PainAt() | c.PainNamed() | c.PainApart():
                yield "pain"
            case c.Label() | c.LabelIs() | c.LabelMuscle() | c.AnyLabel():
                yield "labels"
            case c.Derived() | c.Suspicion() | c.InReach() | c.MuscleIs() | c.CountMuscles():
                pass
            case c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item() | c.Established() | c.Known():
                pass
            case _:
                assert_never(leaf)


def _valued(conclusion: Conclusion) -> Iterator[str]:
    """The findings whose values a text repeats."""
    for name in placeholders(getattr(conclusion, "text", "")):
        if name.startswith("value:"):
            yield name.removeprefix("value:")


def _sources(finding: str, words: Vocabulary) -> Iterator[str]:
    """The findings from which a finding is worked out where it was not given itself."""
    if finding in words.terms:
        term = words.terms[finding]
        for source in (term.implied_by, term.denied_by):
            yield from _named(source) if source else ()
        if term.fact:
            yield "exam" if finding == "examined" else "pain"
    if finding in words.measures:
        measure = words.measures[finding]
        yield from (*measure.sum, *([measure.also_total] if measure.also_total else []))
        for condition in measure.count:
            yield from _named(condition)


@attrs.frozen(eq=False)
class Reading:
    """Which written rules (and the order of muscles) read each finding, and which rest on a conclusion of a rule that does."""

    read_by: Mapping[str, tuple[str, ...]]
    reached: Mapping[str, tuple[str, ...]]


def reading_of(base: KnowledgeBase) -> Reading:
    """What the live rules of a knowledge base read, rule by rule; ``ORDER`` stands for the order in which muscles are ranked."""
    own = {rule.id: reads(rule.when, rule.then, base.vocabulary) for rule in base.rules}
    through: dict[str, frozenset[str]] = {}
    for rule in base.rules:  # in order of strata: what a rule reads has been concluded before
        below = (through[other.id] for id_ in _concluded_below(rule) for other in base.concluding[id_])
        through[rule.id] = own[rule.id].union(*below)
    ranked = [*(clue.finding for clue in base.clues), *(weight.finding for weight in base.ranking.findings)]
    cues = (cue.when for row in base.muscle_cues for cue in row.cues)
    order = reads(c.All((*map(c.Present, ranked), *cues)), (), base.vocabulary)
    names = {rule.id: written_id(rule) for rule in base.rules} | {ORDER: ORDER}
    read_by, reached = (_inverted({**found, ORDER: order}, names) for found in (own, through))
    return Reading(read_by, {finding: tuple(id_ for id_ in ids if id_ not in read_by.get(finding, ())) for finding, ids in reached.items()})


def _concluded_below(rule: Rule) -> Iterator[str]:
    return (leaf.id for leaf in c.walk(rule.when) if isinstance(leaf, c.Derived))


def _inverted(found: Mapping[str, Iterable[str]], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    inverse: dict[str, set[str]] = {}
    for id_, findings in found.items():
        for finding in findings:
            inverse.setdefault(finding, set()).add(names[id_])
    return {finding: tuple(sorted(ids)) for finding, ids in sorted(inverse.items())}


# --- in words ---------------------------------------------------------------------------------------------------------


def title_of(id_: str, rules: Sequence[Rule]) -> str:
    """
    The title of a written rule; one over a table whose rows have titles of their own is named for its file.
    """
    titles = {rule.title for rule in rules}
    title = titles.pop() if len(titles) == 1 else id_.rpartition(".")[2].replace("_", " ").capitalize()
    return f"{title}: one rule for each of {len(rules)} rows" if rules[0].written else title


def concluded(conclusion: Conclusion, terrain: Terrain) -> str:
    """A conclusion in plain words."""
    names = terrain.vocabulary.suspects

    def of(hypothesis: str) -> str:
        return lowered(names[hypothesis].label)

    match conclusion:
        case Derive(id):
            return f"concludes: {terrain.name('derived', id)}"
        case Support(hypothesis, strength):
            return f"speaks for {of(hypothesis)}, {strength}"
        case Oppose(hypothesis, strength):
            return f"speaks against {of(hypothesis)}, {strength}"
        case Confirm(hypothesis):
            return f"settles that it is {of(hypothesis)}"
        case Exclude(hypothesis):
            return f"excludes {of(hypothesis)}"
        case CriterionMet(_, name, hypothesis):
            return f"a published definition of {of(hypothesis)} is met: {name}"
        case RaiseAlert() as alert:
            said = " ".join(filter(None, (alert.meanwhile, alert.beside)))
            meanwhile = f" Meanwhile: {said}" if said else ""
            return f"red flag, {alert.urgency}: {alert.label}. {alert.action} Act within: {alert.act_within}.{meanwhile}"
        case GiveCaution(_, text):
            return f"caution: {text}"
        case Recommend(kind, text, instead=instead):
            return f"consider, {kind.replace('_', '-')}: {' '.join(filter(None, (text, instead)))}"
        case Ask(terms, text):
            return f"asks about {'; '.join(lowered(terrain.name('term', term)) for term in terms)}: {text}"
    raise TypeError(f"not a conclusion: {conclusion!r}")


def shared(texts: Iterable[str]) -> str:
    """
    What every row says alike, sentence by sentence.

    >>> shared(["Same. One.", "Same. Two."])
    'Same.'
    """
    first, *others = [text.split(". ") for text in texts]
    kept = [sentence.rstrip(".") for sentence in first if all(sentence.rstrip(".") in {s.rstrip(".") for s in other} for other in others)]
    return ". ".join(kept) + "." if kept else ""


# --- the manifest -----------------------------------------------------------------------------------------------------


def manifest(base: KnowledgeBase, judged: Mapping[str, Sequence[Judged]] | None = None) -> Manifest:
    """
    The manifest of a knowledge base.

    ``judged``: what the rules say of vignettes, by the name of their folder; left out, nothing is said of validation.

    Raises:
        KnowledgeError: the cases beside the rules cannot be read.

    """
    pack, terrain, reading, cases = base.pack, terrain_of(base), reading_of(base), written_cases(base)
    rules = tuple(_written(id_, rules, cases.get(id_, ()), terrain) for id_, rules in written_rules(base).items())
    return Manifest(
        id=pack.id,
        title=pack.title,
        version=pack.version,
        sha256=base.digest,
        proofs=standing(base),
        status=pack.status,
        licence=pack.licence,
        owners=pack.owners,
        developer=pack.developer,
        funding=pack.funding,
        released=pack.released,
        revised=pack.revised,
        contacts=pack.contacts,
        intended_use=pack.intended_use,
        intended_users=pack.intended_users,
        population=pack.population,
        exclusions=pack.exclusions,
        not_for=pack.not_for,
        logic_summary=LOGIC,
        predictive=False,
        training_data="none",
        known_limitations=pack.known_limitations,
        source_attributes=tuple(_source_attributes(base, reading, rules)),
        validation=tuple(_validation(name, of) for name, of in (judged or {}).items()),
        inputs=tuple(_input(finding, reading, base.vocabulary) for finding in reading.read_by if _is_input(finding, base.vocabulary)),
        rules=rules,
        citations={id_: base.references[id_].text for id_ in sorted({id_ for rule in rules for id_ in rule.citations})},
    )


def _is_input(finding: str, words: Vocabulary) -> bool:
    """Facts about a muscle are worked out from the pain map and the referral graph; nobody enters them."""
    return finding not in words.terms or not words.terms[finding].fact


def _input(finding: str, reading: Reading, words: Vocabulary) -> Input:
    if finding in CHARTED:
        label, obtained, about = CHARTED[finding]
        return Input(finding, label, obtained, "list", about, "", reading.read_by[finding])
    term = words.terms[finding]
    kind = term.kind + words.shown_unit(finding) if term.unit else term.kind
    return Input(finding, term.label, term.cost, kind, term.subject, term.note, reading.read_by[finding])


def _written(id_: str, rules: Sequence[Rule], cases: Sequence[Case], terrain: Terrain) -> Written:
    first = rules[0]
    table = first.written is not None
    rows = tuple(
        Row(
            rule.id.removeprefix(f"{id_}."),
            rule.title,
            _when(rule, terrain),
            tuple(concluded(conclusion, terrain) for conclusion in rule.then),
        )
        for rule in (rules if table else ())
    )
    return Written(
        id=id_,
        title=title_of(id_, rules),
        about=first.about,
        summary=shared(rule.summary for rule in rules),
        when="" if table else _when(first, terrain),
        concludes=() if table else tuple(concluded(conclusion, terrain) for conclusion in first.then),
        citations=tuple(dict.fromkeys(reference for rule in rules for reference in rule.evidence.references)),
        grade=first.evidence.grade,
        reviewed_on=first.reviewed.on if first.reviewed else "",
        reviewed_by=first.reviewed.by if first.reviewed else "",
        cases=len(cases),
        first_case=cases[0].case if cases else "",
        limits=shared(rule.limits for rule in rules),
        rows=rows,
    )


def _when(rule: Rule, terrain: Terrain) -> str:
    return c.describe(rule.when, terrain.name)


def _source_attributes(base: KnowledgeBase, reading: Reading, rules: Sequence[Written]) -> Iterator[SourceAttribute]:
    pack = base.pack
    cited = {id_ for rule in rules for id_ in rule.citations}
    yield SourceAttribute("citation", "Bibliographic citation", f"{len(cited)} references, cited rule by rule")
    yield SourceAttribute("developer", "Developer", pack.developer or "not stated")
    yield SourceAttribute("funding", "Funding source", pack.funding or "not stated")
    yield SourceAttribute(
        "dates", "Release and revision", f"released: {pack.released or 'not stated'}; revised: {pack.revised or 'not stated'}"
    )
    for id_, label in SOURCE_ATTRIBUTES.items():
        told_by = pack.source_attributes.get(id_, ())
        uses = tuple(_use(finding, reading, base.vocabulary) for finding in told_by if finding in reading.read_by)
        says = "no finding of the vocabulary tells it" if not told_by else "computed from what the live rules read"
        yield SourceAttribute(id_, label, says, bool(uses), uses)


def _use(finding: str, reading: Reading, words: Vocabulary) -> Use:
    return Use(finding, words.terms[finding].label, reading.read_by[finding], reading.reached[finding])


def _validation(name: str, judged: Sequence[Judged]) -> Validation:
    results = tuple(Share(MEANT[aspect], right, of, share(right, of)) for aspect, (right, of) in shares(judged).items())
    return Validation(name, len(judged), results, "invented patients; they show what the rules say, not how they do on real patients")


# --- its page ---------------------------------------------------------------------------------------------------------


def page(one: Manifest) -> str:
    """The manifest as a Markdown page, each rule in a short paragraph."""
    return "\n".join(_page(one)) + "\n"


def _page(one: Manifest) -> Iterator[str]:
    yield f"# {one.title}"
    yield ""
    yield "What these rules are, whom they serve, what they read, and what they rest on. This page is generated from the rules themselves."
    yield ""
    facts = {
        "Rules": f"{one.id} {one.version}, {one.status}, SHA-256 `{one.sha256}`" + (f"; {one.proofs}" if one.proofs else ""),
        "Licence, owners": f"{one.licence}; {', '.join(one.owners)}",
        "Developer": one.developer,
        "Funding": one.funding,
        "Released, revised": f"{one.released or 'not stated'}; {one.revised or 'not stated'}",
        "Contacts": "; ".join(one.contacts),
        "Intended use": one.intended_use,
        "Intended users": one.intended_users,
        "Population": one.population,
        "Exclusions": "; ".join(one.exclusions),
        "Not for": "; ".join(one.not_for),
        "Predictive": "yes" if one.predictive else "no",
        "Training data": one.training_data,
    }
    yield from _table(("what", "it says"), [(name, text or "not stated") for name, text in facts.items()])
    yield from _listed("How it reasons", one.logic_summary)
    yield from _listed("Known limitations", one.known_limitations)
    yield from _attributes(one)
    for validation in one.validation:
        yield from _listed(
            f"Validation: {validation.dataset} ({validation.n})", [f"{share.aspect}: {share.says}" for share in validation.results]
        )
        yield f"Limits: {validation.limits}."
        yield ""
    yield f"## Inputs ({len(one.inputs)})"
    yield ""
    rows = [(i.finding, i.label, i.obtained, i.kind, i.about, _some(i.required_by), i.note) for i in one.inputs]
    yield from _table(("finding", "what it is", "how obtained", "kind", "about", "required by", "note"), rows)
    yield f"## Rules ({len(one.rules)}, {sum(len(rule.rows) or 1 for rule in one.rules)} with every row of a table)"
    yield ""
    for rule in one.rules:
        yield from _paragraph(rule)
    yield f"## References ({len(one.citations)})"
    yield ""
    yield from (f"- {id_}: {text}" for id_, text in one.citations.items())


def _attributes(one: Manifest) -> Iterator[str]:
    yield "## Source attributes"
    yield ""
    yield "Whether a sensitive fact is used is worked out from the conditions of the rules: through measures, findings that follow from others, and conclusions."
    yield ""
    rows = []
    for attribute in one.source_attributes:
        used = attribute.says if attribute.used is None else f"{'used' if attribute.used else 'not used'}: {attribute.says}"
        by = [
            f"{use.label} (`{use.finding}`): read by {_some(use.read_by)}; through conclusions {len(use.reached)} more"
            for use in attribute.uses
        ]
        rows.append((attribute.label, used, ". ".join(by)))
    yield from _table(("attribute", "says", "behind it"), rows)


def _paragraph(rule: Written) -> Iterator[str]:
    concludes = f"When {rule.when}. Then {'; '.join(text.rstrip('.') for text in rule.concludes)}."
    if rule.rows:
        concludes = f"One rule for each row: {', '.join(row.row for row in rule.rows)}."
    example = f'{rule.cases} cases, the first: "{rule.first_case}"' if rule.cases else "no case"
    yield f"**{rule.title}** (`{rule.id}`). {concludes} Limits: {rule.limits or 'as each row says.'} *{rule.grade.replace('_', ' ')}: {', '.join(rule.citations)};"
    yield f"reviewed {rule.reviewed_on} by {rule.reviewed_by}; {example}.*"
    yield ""


def _listed(title: str, texts: Iterable[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from (f"- {text}" for text in texts)
    yield ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(cell(text) for text in row)} |"
    yield ""


def _some(ids: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(f"`{id_}`" for id_ in ids[:most])
    return shown + (f" and {len(ids) - most} more" if len(ids) > most else "")
