"""
Pages that are written from the knowledge itself: the article fact by fact, every rule and cause, every muscle, the manifest, the validation.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import attrs

from mps_rules.authoring import manifest, vignettes
from mps_rules.authoring.cases import Case
from mps_rules.authoring.manifest import Reading, concluded, reading_of, shared, title_of, written_cases, written_id, written_rules
from mps_rules.authoring.vignettes import cell
from mps_rules.knowledge.causes import Cause, Picture, Sign, common_here
from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.pack import Claim, KnowledgeBase, Reference
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import Muscle
from mps_rules.language import conditions as c
from mps_rules.language.reading import as_yaml, read_text
from mps_rules.patient.facts import Terrain, terrain_of
from mps_rules.views.pictures import muscle_picture

ARTICLE = """\
# The article, fact by fact

The rules grew from one article about trigger points in low back pain. Each of its facts has a home: a rule, an edge of the
referral graph, a word of the vocabulary, a wording, the ranking, or a stated limit of scope. This page is generated
(`make docs`); a test fails when a fact has no home.

| fact | what the article says | where it lives | what proves it |
|---|---|---|---|
"""


MUSCLES = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Muscles and where they send pain</title>
<style>
body {{ font: 15px/1.5 system-ui, Helvetica, Arial, sans-serif; color: #1c2733; background: #fff; margin: 0; }}
main {{ max-width: 1000px; margin: 0 auto; padding: 24px; }} nav a {{ margin-right: 10px; }} h2 {{ margin-top: 40px; }}
section {{ border-top: 1px solid #d5dde4; padding: 12px 0 20px; }} section svg {{ max-width: 100%; height: auto; }}
dl {{ display: grid; grid-template-columns: 130px 1fr; gap: 2px 12px; }} dt {{ color: #5a6876; }} dd {{ margin: 0; }}
@media (prefers-color-scheme: dark) {{ body {{ color: #e6ebf0; background: #14191f; }} section {{ border-color: #36424e; }} a {{ color: #8cc8f5; }}
dt {{ color: #a2afbb; }} }}
</style></head><body><main>
<h1>Muscles and where they send pain</h1>
<p>{count} muscles and muscle parts. Solid: the main zone; stippled: a lesser zone; cross: where the muscle lies. The patterns are recalled
from the manuals of Travell and Simons and only partly cross-checked; they have not been reviewed by a clinician. This page is generated.</p>
<nav>{links}</nav>"""


@attrs.frozen(eq=False)
class _Shelves:
    """All written rules, their cases and what they read, to write their pages from."""

    base: KnowledgeBase
    terrain: Terrain
    written: Mapping[str, tuple[Rule, ...]]
    cases: Mapping[str, Sequence[Case]]
    reading: Reading

    def firing(self, id_: str) -> Case | None:
        """The first case in which a rule fires."""
        return next((case for case in self.cases.get(id_, ()) if case.expect.fires is True), None)

    def linked(self, kind: str, id_: str, up: str) -> str:
        """The words for what a condition names, as a link to where more is said of it; ``up`` leads to the folder of all rules."""
        name = self.terrain.name(kind, id_)
        if kind == "term" and id_ in self.reading.read_by:
            return f"[{name}]({up}by_finding.md#{anchor(id_)})"
        if kind == "derived":
            concluding = {written_id(rule) for rule in self.base.concluding.get(id_, ())}
            return f"[{name}]({up}{_path(*concluding)})" if len(concluding) == 1 else name
        return name


def _shelves(base: KnowledgeBase) -> _Shelves:
    return _Shelves(base, terrain_of(base), written_rules(base), written_cases(base), reading_of(base))


def article_page(base: KnowledgeBase) -> str:
    """The page ``docs/article.md``: one row for each fact of the article."""
    shelves = _shelves(base)
    rows = [_row(claim, list(_homes(claim, shelves))) for claim in base.claims.values()]
    return ARTICLE + "".join(rows)


def _row(claim: Claim, homes: list[tuple[str, str]]) -> str:
    where = "<br>".join(home for home, _ in homes) or "**nowhere**"
    proof = "<br>".join(dict.fromkeys(proof for _, proof in homes if proof)) or "stated, nothing to prove"
    return f"| {claim.id} | {cell(claim.claim)} | {where} | {proof} |\n"


def _homes(claim: Claim, shelves: _Shelves) -> Iterator[tuple[str, str]]:
    base = shelves.base
    for id_, rules in shelves.written.items():
        if any(claim.id in rule.evidence.claims for rule in rules):
            firing = shelves.firing(id_)
            yield f"rule `{id_}`", cell(f"case: {firing.case}") if firing else "**no case**"
    edges = [edge for edge in base.referrals if claim.id in edge.claims]
    muscles = dict.fromkeys(edge.muscle for edge in edges)
    if edges:
        names = ", ".join(base.vocabulary.muscle_label(muscle) for muscle in muscles)
        yield f"{len(edges)} referral edges: {cell(names)}", "pain in each zone makes the muscle a candidate (`tests/test_article.py`)"
    for term in base.vocabulary.terms.values():
        if claim.id in term.claims:
            yield f"finding `{term.id}`, also called {', '.join(term.synonyms)}", "found by that name (`tests/test_article.py`)"
    for suspect in base.vocabulary.suspects.values():
        if claim.id in suspect.claims:
            yield f"hypothesis `{suspect.id}`, also called {', '.join(suspect.synonyms)}", "names only: no rule reads them"
    if claim.home:
        yield f"{claim.home.kind}: {cell(claim.home.where)}", ""


def muscles_page(base: KnowledgeBase) -> str:
    """The page ``docs/muscles.html``: every muscle with its picture, place, pattern and sources, by body area."""
    words = base.vocabulary
    areas = dict.fromkeys(muscle.area for muscle in words.muscles.values())
    links = " ".join(f'<a href="#{area}">{area.replace("_", " ")}</a>' for area in areas)
    parts = [MUSCLES.format(count=len(words.muscles), links=links)]
    for area in areas:
        parts.append(f'<h2 id="{area}">{area.replace("_", " ").capitalize()}</h2>')
        parts += [_muscle(muscle, base) for muscle in words.muscles.values() if muscle.area == area]
    return "\n".join([*parts, "</main></body></html>\n"])


def _muscle(muscle: Muscle, base: KnowledgeBase) -> str:
    facts = {
        "Lies in": ", ".join(base.vocabulary.name("region", place) for place in muscle.lies_in),
        "Palpation": muscle.access,
        "Nerve": f"{muscle.nerve} ({muscle.roots})" if muscle.roots else muscle.nerve,
        "Provoked by": muscle.aggravating,
        "Takes the look of": ", ".join(base.vocabulary.name("label", label) for label in muscle.mimics),
        "Care": muscle.safety,
    }
    rows = "".join(f"<dt>{term}</dt><dd>{escape(text)}</dd>" for term, text in facts.items() if text)
    name = escape(muscle.label)
    return f'<section id="{muscle.id}"><h3>{name}</h3><dl>{rows}</dl>{muscle_picture(base, muscle.id)}</section>'


# --- one page for each rule -------------------------------------------------------------------------------------------

ABOUT = {"patient": "the patient", "muscle": "one muscle and side", "label": "one diagnosis already given"}


def _path(id_: str) -> str:
    return f"{id_.replace('.', '/')}.md"


def anchor(heading: str) -> str:
    """
    The anchor that a Markdown heading gets.

    >>> anchor("NICE_NG156"), anchor("Red flags, first")
    ('nice_ng156', 'red-flags-first')
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def bulleted(condition: c.Condition, name: Callable[[str, str], str], depth: int = 0) -> Iterator[str]:
    """
    A condition as a nested list.

    >>> for line in bulleted(c.All((c.Present("fever"), c.Not(c.Any((c.Present("rash"), c.Present("cough")))))), lambda kind, id: id):
    ...     print(line)
    - all of:
      - fever
      - absent: any of:
        - rash
        - cough
    """
    told = c.describe(condition, name)
    if isinstance(condition, c.Item):
        inside: tuple[c.Condition, ...] = (condition.of,)
        if _in_a_line(condition.of):
            told, inside = f"{told}: {c.describe(condition.of, name)}", ()
    elif _in_a_line(condition):
        inside = ()
    else:
        told, inside = _heading(condition)
    yield f"{'  ' * depth}- {told}{':' if inside else ''}"
    for part in inside:
        yield from bulleted(part, name, depth + 1)


def _heading(condition: c.Condition) -> tuple[str, tuple[c.Condition, ...]]:
    """The word for a gate, with the gates that hold nothing else, and what stands under it."""
    told = c.describe(condition, lambda *_: "").partition(": ")[0]
    inside = c.parts(condition)
    if len(inside) == 1 and not isinstance(inside[0], c.Item) and not _in_a_line(inside[0]):
        below, inside = _heading(inside[0])
        return f"{told}: {below}", inside
    return told, tuple(_conjuncts(condition)) if isinstance(condition, c.All) else inside


def _conjuncts(condition: c.Condition) -> Iterator[c.Condition]:
    for part in condition.of if isinstance(condition, c.All) else ():
        yield from _conjuncts(part) if isinstance(part, c.All) else (part,)


def _in_a_line(condition: c.Condition) -> bool:
    inside = c.parts(condition)
    return not inside or (len(inside) == 1 and not isinstance(inside[0], c.Item) and _in_a_line(inside[0]))


def rule_pages(base: KnowledgeBase) -> dict[str, str]:
    """The pages of the folder ``docs/rules`` by path: one for each written rule, and the indexes by shelf, finding and reference."""
    shelves = _shelves(base)
    pages = {_path(id_): _rule_page(id_, shelves) for id_ in shelves.written}
    pages |= {"index.md": _by_shelf(shelves), "by_finding.md": _by_finding(shelves), "by_reference.md": _by_reference(shelves)}
    return {f"rules/{path}": "\n".join(lines) + "\n" for path, lines in pages.items()}


def _rule_page(id_: str, shelves: _Shelves) -> Iterator[str]:
    rules = shelves.written[id_]
    up = "../" * id_.count(".")
    name = partial(shelves.linked, up=up)
    firing = shelves.firing(id_)
    rule = next((one for one in rules if firing and one.id == firing.rule), rules[0])
    yield f"# {title_of(id_, rules)}"
    yield ""
    yield f"{shared(one.summary for one in rules)} A rule about {ABOUT[rule.about]}: `{id_}`. [All rules]({up}index.md)"
    yield ""
    if rule.written and not rule.cause:
        yield f"One rule for each of {len(rules)} rows; the example below is the row `{rule.id.removeprefix(f'{id_}.')}`, {rule.title}."
        yield ""
    yield "## What it concludes"
    yield ""
    yield from (f"- {_sentence(concluded(one, shelves.terrain))}" for one in rule.then)
    yield ""
    if rule.cause:
        yield from _called_for(shelves.base.causes[rule.cause])
    yield "## When"
    yield ""
    yield from _points(shelves.base.causes[rule.cause], shelves.base, name, up) if rule.cause else _when(rule, name)
    yield "## Why"
    yield ""
    yield f"Grade of the evidence: {rule.evidence.grade.replace('_', ' ')}."
    yield ""
    for reference in rule.evidence.references:
        yield f"- [{reference}]({up}by_reference.md#{anchor(reference)}): {_reference(shelves.base.references[reference])}"
    for claim in rule.evidence.claims:
        yield f"- [{claim}]({up}../article.md): {shelves.base.claims[claim].claim}"
    yield ""
    yield "## Example"
    yield ""
    yield from (f"{firing.case}.", "", "```yaml", *as_yaml(firing.findings).splitlines(), "```") if firing else ("No case shows it.",)
    yield ""
    yield "## What it does not mean"
    yield ""
    yield rule.limits.strip()
    yield ""
    if rule.written and not rule.cause:
        yield f"## The rows ({len(rules)})"
        yield ""
        yield "| row | rule | when | what it concludes |"
        yield "|---|---|---|---|"
        for one in rules:
            then = "; ".join(concluded(conclusion, shelves.terrain) for conclusion in one.then)
            row = (f"`{one.id.removeprefix(f'{id_}.')}`", one.title, c.describe(one.when, shelves.terrain.name), then)
            yield f"| {' | '.join(map(cell, row))} |"
        yield ""
    yield "## Reviewed"
    yield ""
    yield f"{rule.reviewed.on}, by {rule.reviewed.by}." if rule.reviewed else "Not reviewed."


def _when(rule: Rule, name: Callable[[str, str], str]) -> Iterator[str]:
    """The condition as a list; the two steps of a red flag apart."""
    steps = {"Noticed:": rule.trigger, "It matters when:": rule.qualifier} if rule.qualifier else {"": rule.when}
    for title, condition in steps.items():
        if title:
            yield title
            yield ""
        yield from bulleted(condition or rule.when, name)
        yield ""


def _called_for(cause: Cause) -> Iterator[str]:
    """What a suspicion calls for."""
    yield f"- Kind: {cause.kind}. Urgency: {cause.urgency}."
    yield f"- What to do: {_sentence(cause.action)}"
    yield f"- What would settle it: {_sentence(cause.confirm)}"
    yield ""


def _points(cause: Cause, base: KnowledgeBase, name: Callable[[str, str], str], up: str) -> Iterator[str]:
    """The profiles of a cause: where, how common, and each cue with its points and what these rest on."""
    line = base.scale.line(cause.urgency)
    yield f"From {c.points_told(line)} on, with a cue for it that holds. Of the cues of one group only the strongest counts; what is not known counts nothing."
    yield ""
    for number, picture in enumerate(cause.profiles, 1):
        where = ", ".join(base.vocabulary.name("region", region) for region in picture.where) or "anywhere"
        own = "" if picture.urgency == cause.urgency else f" Urgency here: {picture.urgency}."
        only = "" if picture.only_if is None else f" Only if: {c.describe(picture.only_if, name)}."
        yield f"### Profile {number}"
        yield ""
        yield f"Felt in: {where}. Prior: {common_here(picture.prior)}.{own}{only}"
        yield ""
        yield "| group | points | cue | rests on |"
        yield "|---|---|---|---|"
        yield from _cues(picture, name, up)
        yield ""


def _cues(picture: Picture, name: Callable[[str, str], str], up: str) -> Iterator[str]:
    for number, group in enumerate(picture.cues, 1):
        for sign in group:
            told = c.describe(sign.when, name) + (" (asked first)" if sign.key else "")
            yield f"| {number} | {c.points_told(sign.points)} | {cell(told)} | {_ground(sign, up)} |"


def _ground(sign: Sign, up: str) -> str:
    """What the points of a cue rest on: a ratio, sources, or judgement."""
    ratios = {"likelihood ratio": sign.lr, "odds ratio": sign.odds_ratio, "likelihood ratio recalled": sign.lr_recall}
    told = [f"{what} {ratio:g}" for what, ratio in ratios.items() if ratio is not None]
    told += [f"[{ref}]({up}by_reference.md#{anchor(ref)})" for ref in sign.refs]
    return ", ".join(told) or "judgement"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _reference(reference: Reference) -> str:
    """A reference with its identifier, and whether it was read again when the pack was made."""
    read, _, part = reference.checked.partition(" ")
    seen = {"recall": "cited from general knowledge, not re-read", "yes": f"re-read {part}".strip()}
    text = reference.text.rstrip(".")
    identifier = f"{reference.identifier}. " if reference.identifier else ""
    return f"{text}. {identifier}*{seen.get(read, f'not re-read itself: {reference.checked}')}*"


def _links(ids: Iterable[str], shelves: _Shelves) -> Iterator[str]:
    for id_ in ids:
        yield f"- [{title_of(id_, shelves.written[id_])}]({_path(id_)})" if id_ in shelves.written else f"- {id_}"


def _by_shelf(shelves: _Shelves) -> Iterator[str]:
    yield "# The rules by shelf"
    yield ""
    yield f"{len(shelves.written)} rules as they were written, {sum(map(len, shelves.written.values()))} with every row of a table."
    yield "See also the rules [by finding](by_finding.md) and [by reference](by_reference.md)."
    yield ""
    for shelf in dict.fromkeys(id_.rpartition(".")[0] for id_ in shelves.written):
        yield f"## {shelf.replace('.', ': ')}"
        yield ""
        yield from _links((id_ for id_ in shelves.written if id_.rpartition(".")[0] == shelf), shelves)
        yield ""


def _by_finding(shelves: _Shelves) -> Iterator[str]:
    words = shelves.base.vocabulary
    yield "# The findings, and the rules that read them"
    yield ""
    yield "A rule also reads the findings that a measure counts, and those from which a finding follows that it names. [All rules](index.md)"
    yield ""
    for finding, ids in shelves.reading.read_by.items():
        label, cost, about = manifest.CHARTED.get(finding) or (
            words.terms[finding].label,
            words.terms[finding].cost,
            words.terms[finding].subject,
        )
        yield f"## {finding}"
        yield ""
        yield f"{label}: {cost}, of the {about}."
        yield ""
        yield from _links(ids, shelves)
        yield ""


def _by_reference(shelves: _Shelves) -> Iterator[str]:
    base, words = shelves.base, shelves.base.vocabulary
    yield "# The references, and what rests on them"
    yield ""
    yield "[All rules](index.md)"
    yield ""
    data: dict[str, Iterable[Any]] = {
        "edges of the referral graph": base.referrals,
        "clues": base.clues,
        "cues of muscles": [*base.muscle_cues, *(cue for row in base.muscle_cues for cue in row.cues)],
        "lists of the commonest muscles": base.prevalence,
        "muscles": words.muscles.values(),
        "diagnoses": words.diagnoses.values(),
        "measures": words.measures.values(),
        "rows of care": words.care.values(),
    }
    for id_, reference in base.references.items():
        yield f"## {id_}"
        yield ""
        yield _reference(reference)
        yield ""
        yield from _links(
            (one for one, rules in shelves.written.items() if any(id_ in rule.evidence.references for rule in rules)), shelves
        )
        counts = {what: sum(id_ in row.references for row in rows) for what, rows in data.items()}
        cited = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        yield from [f"- {cited}"] if cited else []
        yield ""


# --- all of them ------------------------------------------------------------------------------------------------------

ORIGIN = """The patients stand in `tests/vignettes/`. They are invented; they were written from
the facts and the vocabulary before and apart from the rules, by the authors of the pack, not by clinicians who treat them. They show whether
the rules say what their authors meant, not how they do on real patients."""


def validation_page(base: KnowledgeBase, judged: Sequence[vignettes.Judged], chart: Path) -> str:
    """The page ``docs/validation.md``: what the rules say of the vignettes, and of one finding at a time in an ordinary chart."""
    findings = read_text(chart.read_text(encoding="utf-8"), str(chart)).data
    return vignettes.page(judged, base, vignettes.singly(base, findings), ORIGIN)


PAGES = {"article.md": article_page, "muscles.html": muscles_page}
"""The pages that are written from the knowledge alone, beside the manifest and the pages of the rules."""


def write(folder: Path, base: KnowledgeBase, patients: Path | None = None, chart: Path | None = None) -> None:
    """
    Writes every generated page into a folder.

    ``patients``: a folder of vignettes, for the validation in the manifest; with ``chart``, an ordinary patient, also for its page.
    """
    judged = vignettes.judge(base, vignettes.read_vignettes(patients, base)) if patients else ()
    pages = {name: page(base) for name, page in PAGES.items()} | rule_pages(base)
    pages["manifest.md"] = manifest.page(manifest.manifest(base, {str(patients): judged} if patients else None))
    if patients and chart:
        pages["validation.md"] = validation_page(base, judged, chart)
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), load_folders([packaged_rules()]), *map(Path, sys.argv[2:4]))
