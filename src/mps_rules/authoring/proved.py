"""
What was proved of rules, as it is kept and told: of which rules, by which program, with whom for a witness.

Proofs are worth something for the rules and the program of which they were made; of others nothing is said. No solver is needed here.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

from mps_rules.errors import FindingError
from mps_rules.knowledge.causes import Cause
from mps_rules.knowledge.dangers import dangers_of, readings_of
from mps_rules.knowledge.pack import Exempt, Invariant, KnowledgeBase
from mps_rules.knowledge.rules import PRESSING
from mps_rules.knowledge.vocabulary import lowered
from mps_rules.language import conditions as c
from mps_rules.language.plain import plain
from mps_rules.language.reading import Unreadable, read_json, text_of
from mps_rules.language.structure import structure
from mps_rules.patient.addresses import as_row
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.population.formulas import column_of

Outcome: TypeAlias = Literal["proved", "refuted", "undecided"]
Findings: TypeAlias = Any


@attrs.frozen
class Witness:
    """A patient for whom an invariant fails (or two who differ in one thing), checked by the engine, and what was seen."""

    findings: tuple[Findings, ...]
    shows: str


@attrs.frozen
class Proof:
    """
    Whether an invariant holds of one thing that it speaks of: a rule, a finding, a hypothesis.

    ``reason`` where it is an exception; ``beyond``: whether it holds of everybody beyond what the exception is narrowed to.
    """

    of: str
    outcome: Outcome
    witness: Witness | None = None
    reason: str = ""
    beyond: Outcome | None = None

    @property
    def stands(self) -> bool:
        """Whether it is proved, or is an exception that is seen to be one and no wider than it says."""
        return self.outcome == "proved" or (self.outcome == "refuted" and bool(self.reason) and self.beyond in (None, "proved"))


@attrs.frozen
class Proved:
    """
    What was found of an invariant: of how many things it speaks, what was found of each, and how long that took.

    ``idle``: the things of which it can hold for no better reason than that they never come about.
    """

    invariant: str
    says: str
    about: int
    proofs: tuple[Proof, ...]
    seconds: float = attrs.field(eq=False)
    idle: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it holds for every patient, but for the exceptions that the pack names."""
        return all(proof.stands for proof in self.proofs)

    @property
    def failing(self) -> tuple[Proof, ...]:
        """Where it fails or was not decided, and no exception says why."""
        return tuple(proof for proof in self.proofs if not proof.stands)

    @property
    def excepted(self) -> tuple[Proof, ...]:
        """The exceptions that some patient needs."""
        return tuple(proof for proof in self.proofs if proof.stands and proof.outcome == "refuted")

    @property
    def in_vain(self) -> tuple[Proof, ...]:
        """The exceptions that no patient needs."""
        return tuple(proof for proof in self.proofs if proof.outcome == "proved" and proof.reason)


def exceptions_of(invariant: Invariant) -> dict[str, Exempt]:
    """The exceptions of an invariant by what they are of."""
    return {one.of: one for one in invariant.exceptions}


# --- what is kept ---------------------------------------------------------------------------------------------------------


@attrs.frozen
class Sampled:
    """One thing that must hold: over how many drawn charts it was looked at, in how many of them it is a case, and the first charts that break it."""

    says: str
    charts: int
    speaking: int
    seed: int
    broken: tuple[Findings, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no drawn chart breaks it."""
        return not self.broken


@attrs.frozen
class Kept:
    """
    Proofs that were made, of which rules and by which program; then the rules that fire for nobody, and those that hold of everybody.

    ``sampled``: what no formula speaks of, and was looked at over drawn charts instead.
    """

    digest: str
    program: str
    proved: tuple[Proved, ...]
    dead: tuple[str, ...] | None = None
    constant: tuple[str, ...] | None = None
    sampled: tuple[Sampled, ...] | None = None

    def is_of(self, base: KnowledgeBase) -> bool:
        """Whether they are proofs of these rules, made by this program."""
        return (self.digest, self.program) == (base.digest, program())

    def to_json(self) -> str:
        """The proofs as the text of a file."""
        return json.dumps(plain(self), ensure_ascii=False, indent=1) + "\n"


def program() -> str:
    """A digest of what a proof depends on beside the rules: how they are read, the formulas that they become, the encoding and the laws."""
    home = Path(__file__).resolve().parents[1]
    files = [file for room in ("language", "knowledge", "patient") for file in sorted((home / room).glob("*.py"))]
    files += [home / "population" / f"{name}.py" for name in ("formulas", "rules", "unread")]
    files += [home / "authoring" / f"{name}.py" for name in ("encoding", "prove", "sampled")]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def kept(path: Path) -> Kept | None:
    """
    The proofs that a file holds, or None where there is none yet.

    Raises:
        FindingError: the file is there, and holds something else.

    """
    if not path.is_file():
        return None
    try:
        document = read_json(text_of(path, path.name), path.name)
    except Unreadable as error:
        raise FindingError(error.faults) from None
    found, faults = structure(document.data, Kept, document.place)
    if found is None:
        raise FindingError(faults)
    return found


SHIPPED = Path(__file__).with_name("proofs.json")
"""The proofs of the rules that come with the package."""


@lru_cache(maxsize=8)
def _standing(digest: str) -> int:
    made = kept(SHIPPED)
    if made is None or (made.digest, made.program) != (digest, program()) or not all(one.holds for one in made.proved):
        return 0
    return sum(1 for one in made.proved if one.about)


def standing(base: KnowledgeBase) -> str:
    """
    That laws were proved for these very rules, in one line; empty where the proofs that are shipped are of other rules, or one fails.

    >>> from mps_rules import load
    >>> standing(load()).partition(" ")[2]
    'invariants proved for these rules'
    """
    count = _standing(base.digest)
    return f"{count} invariant{'s' * (count != 1)} proved for these rules" if count else ""


# --- what danger signs do to points ------------------------------------------------------------------------------------------


def dangers(base: KnowledgeBase, categories: Sequence[str]) -> tuple[str, ...]:
    """The yes/no findings of the patient, of some categories, whose presence can bring a red flag nearer; background left out."""
    read = dangers_of(base)
    return tuple(
        term.id
        for term in base.vocabulary.terms.values()
        if term.subject == "patient" and term.kind == "boolean" and not term.background and term.category in categories
        if term.id in read.of_term and read.helps(read.of_term[term.id], value=True)
    )


@attrs.frozen
class Against:
    """Where a cause loses by a danger sign that appears: the cause, the signs, the points of the cue (None: it is not considered), its sources."""

    cause: Cause
    signs: tuple[str, ...]
    points: int | None
    refs: tuple[str, ...] = ()


def counted_against(base: KnowledgeBase) -> Iterator[Against]:
    """
    Where a danger sign that becomes present may lower the suspicion of an emergency or urgent cause.

    By structure and without a solver: points are added up, so that a cause loses only where a cue against it begins to hold, one for it no
    longer does, or its gate closes; what findings and conclusions follow from is followed.
    """
    readings, signs = readings_of(base), dangers(base, ("red_flag", "neuro", "safety"))

    def named(condition: c.Condition) -> tuple[str, ...]:
        ending = readings.ending(condition)
        return tuple(sign for sign in signs if sign in ending)

    for cause in base.causes.values():
        lost: dict[tuple[c.Condition, int | None], tuple[str, ...]] = {}
        for picture in cause.profiles:
            if {cause.urgency, picture.urgency}.isdisjoint(PRESSING):
                continue
            if picture.only_if is not None:
                lost[picture.only_if, None] = ()
            lost |= {(sign.when, sign.points): sign.refs for group in picture.cues for sign in group}
        for (condition, points), refs in lost.items():
            by = named(c.Not(condition) if points is not None and points < 0 else condition)
            if by:
                yield Against(cause, by, points, refs)


# --- what is told ---------------------------------------------------------------------------------------------------------


def in_words(findings: Findings, base: KnowledgeBase) -> str:
    """
    A patient in words, finding by finding.

    >>> from mps_rules import load
    >>> in_words({"fever": True, "pain": ["low_back.left"]}, load())
    'fever: yes; pain in the low back (lumbar), left: yes'
    """
    words, read = base.vocabulary, read_findings(findings, terrain_of(base))
    told = []
    for name, value in as_row(read, words).items():
        column = column_of(name, words)
        what = "pain map complete" if column.at is None else column.at.words(words)
        part = f", {(column.word or column.end or '').replace('_', ' ')}" if column.word or column.end else ""
        shown = (
            {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value:g}" if isinstance(value, float | int) else str(value)
        )
        told.append(f"{lowered(what)}{part}: {shown.replace('_', ' ')}")
    return "; ".join(told) or "nothing is known"


PAGE = """\
# What is proved

Tests look at some patients. This page speaks of all of them: for each law below a solver was asked for a patient for whom it fails. Where
it says *proved*, no such patient exists, whatever is known of them and whatever is not. Where a patient exists, they are shown: each was run
through the engine, and the answer shows what is claimed. This page is generated (`make prove`) for the rules `{pack} {version}`, digest
`{digest}`; other rules are proved again.

{count} of {all} laws hold for these rules{but}.

| law | holds | looked at | exceptions | seconds |
|---|---|---|---|---|
{rows}

*Looked at* counts the rules, red flags or findings of which the law was asked one by one. An exception is a rule or finding for which the law is
known not to hold, named in `rules/invariants.yaml` with its reason; it goes no further than is said there, and that too is proved.
"""

DEAD = """\
## Rules that change nothing

Of each of the {count} rules (those that the program makes of tables and causes among them) somebody was sought for whom it fires, and somebody
for whom it does not.

- Rules that fire for nobody: {dead}.
- Rules that hold of everybody: {constant}.
"""

AGAINST = """\
## Where a danger sign counts against a cause

The laws on danger signs speak of the safety rules. Of causes this is worked out from how they are written, without a solver. Points are added up, so
that an emergency or urgent cause loses by a danger sign that appears only where a cue against it begins to hold, a cue for it no longer does, or
it is not considered any more. These are the {count} places; what findings and conclusions follow from is followed, and not every place is reached by
some patient. What the safety rules raise by themselves is not touched. A source says that the sign argues so; where none stands, it is judgement.

| cause | danger sign | what is lost | source |
|---|---|---|---|
{rows}
"""

SAMPLED = """\
## Sampled, not proved

The order of muscles, and when enough was asked, are outside the formulas. They were looked at over {charts} drawn charts (seed {seed}), from a word
or two to most of what can be said. A sample finds faults; it proves nothing.

| what must hold | charts in which it is a case | broken by |
|---|---|---|
{rows}
"""

OUTSIDE = """\
## How it is done

The rules are written out as three-valued formulas, the same from which tables of patients are judged; every finding of the vocabulary, every
place and side, every muscle on each side, every diagnosis and what is said of it is a column of its own that may be known to hold, known not
to, or unknown. What the vocabulary says of findings (what follows from what, what excludes what, which region is part of which) holds of every
patient. Numbers are told apart at the limits that rules ask for, and may be known exactly or as a range; the points of causes are added up
exactly. The formulas become clauses, and the solver CaDiCaL (through python-sat) is asked whether a patient exists.

What stands behind it: of each law a spoilt pack is kept among the tests, which it must refute with a patient whose answer shows the fault, and a
sound one of which it must hold; of random red flags over three findings the solver finds exactly what trying all patients finds; and random
patients are walked through the clauses, through the definition of the rules and through the engine, which must agree about every rule.

To forget a finding is to forget all that was said of it; part of what is known may be forgotten, or all. A pain map that is declared complete says
that every place not drawn is free: it is kept whole, or it is no longer complete. Left and right free are read as free: pain of the midline
is forgotten with the whole map.

## What lies outside

- Outside: what the points of causes do to the urgency of the whole answer when a danger sign appears. Points count against a cause as well as
  for it, so that a sign of one disease may lower the suspicion of another; where that can be is listed above.
- Outside: danger signs that are numbers or words, and those of a muscle or a diagnosis. The laws on danger signs take yes/no findings of the patient.
- Outside: the order in which muscles and hypotheses are ranked, what is asked next, and how far the screening is said to be: no formula speaks of it;
  part of it is sampled, above.
- Outside: texts. What a sentence advises is what its rule says under `offers`; a text that offers more than that is not seen here. What a red flag
  itself suggests (`beside`) and what is preferred to something avoided (`instead`) is left unsaid by the program where it is forbidden.
- Outside: dates. Which of several records stands is decided before the rules are asked.
- Outside: how a chart of another system is read (FHIR, OMOP). The proof begins at the findings.
- Totals and items that are added up (the widespread pain index, symptom scores) are taken as whole numbers.
- A muscle that is examined is named with a side or without; that it is examined on both sides is two entries.
- The solver is believed when it finds nobody; its proof is not checked by a second program.
- A proof says that the rules keep a law, not that the law, or the rules, are clinically right.
"""


def page(made: Kept, base: KnowledgeBase) -> str:
    """The page ``docs/proofs.md``."""
    speaking = [one for one in made.proved if one.about]
    holding = sum(one.holds for one in speaking)
    rows = "\n".join(
        f"| {one.says} | {_verdict(one)} | {one.about} | {len(one.excepted) or 'none'} | {one.seconds:.0f} |" for one in made.proved
    )
    but = "" if holding == len(speaking) else "; the others are shown below with a patient for whom they fail"
    if idle := len(made.proved) - len(speaking):
        but += f"; of {idle} more nothing in them is a case"
    found = [
        PAGE.format(
            pack=base.pack.id, version=base.pack.version, digest=made.digest[:12], count=holding, all=len(speaking), but=but, rows=rows
        )
    ]
    stated = {invariant.id: exceptions_of(invariant) for invariant in base.invariants}
    for one in made.proved:
        told = [_told(proof, stated[one.invariant].get(proof.of), base) for proof in (*one.failing, *one.excepted, *one.in_vain)]
        if one.idle:
            told.append(f"- Never comes about, so that nothing was to be proved of it: {', '.join(f'`{of}`' for of in one.idle)}.")
        if told:
            found.append(f"## {one.says}\n\n" + "\n".join(told) + "\n")
    dead, constant = (", ".join(f"`{one}`" for one in ids) or "none" for ids in (made.dead or (), made.constant or ()))
    return "\n".join(
        (*found, DEAD.format(count=len(base.rules), dead=dead, constant=constant), *_against(base), *_sampled(made, base), OUTSIDE)
    )


def _against(base: KnowledgeBase) -> Iterator[str]:
    found = [
        f"| {lowered(one.cause.label)} | {', '.join(lowered(base.vocabulary.name('term', sign)) for sign in one.signs)} |"
        f" {_lost(one.points)} | {', '.join(one.refs) or 'judgement'} |"
        for one in counted_against(base)
    ]
    if found:
        yield AGAINST.format(count=len(found), rows="\n".join(found))


def _lost(points: int | None) -> str:
    if points is None:
        return "not considered"
    return str(points) if points < 0 else f"+{points} no longer"


def _sampled(made: Kept, base: KnowledgeBase) -> Iterator[str]:
    if made.sampled:
        rows = "\n".join(
            f"| {one.says} | {one.speaking} | {'; '.join(in_words(chart, base) for chart in one.broken) or 'none'} |"
            for one in made.sampled
        )
        yield SAMPLED.format(charts=f"{made.sampled[0].charts:,}", seed=made.sampled[0].seed, rows=rows)


def _verdict(one: Proved) -> str:
    if not one.about:
        return "nothing in these rules falls under it"
    if not one.holds:
        return "**no**"
    return "proved but for the exceptions" if one.excepted else "proved"


def _told(proof: Proof, exception: Exempt | None, base: KnowledgeBase) -> str:
    lines = [f"- `{proof.of}`: {_outcome(proof)}"]
    if exception is not None:
        lines += [f"  Reason: {exception.reason}", *_how_far(proof, exception, base)]
    if proof.witness:
        lines.append(f"  Seen: {proof.witness.shows}.")
        lines += [f"  Patient {number}: {in_words(one, base)}." for number, one in enumerate(proof.witness.findings, 1)]
    return "<br>\n".join(lines)


def _how_far(proof: Proof, exception: Exempt, base: KnowledgeBase) -> Iterator[str]:
    """How far an exception goes, and whether that is proved."""
    words, found = base.vocabulary, {"proved": "Proved", "refuted": "**Not true**", "undecided": "Not decided"}.get(proof.beyond or "", "")
    if exception.only and found:
        named = [
            lowered(words.name("term", one)) if one in words.terms else "the pain map" if one == "pain" else f"`{one}`"
            for one in exception.only
        ]
        yield f"  {found}: nothing but this brings it about: {', '.join(named)}."
    if exception.taken_over_by and found:
        yield f"  {found}: wherever it happens, {' or '.join(f'`{one}`' for one in exception.taken_over_by)} is raised or undecided."


def _outcome(proof: Proof) -> str:
    if proof.outcome == "undecided":
        return "not decided within the limit."
    if proof.outcome == "proved":
        return "named as an exception, but no patient needs it."
    return "an exception." if proof.reason and proof.stands else "it fails beyond its exception." if proof.reason else "it fails."
