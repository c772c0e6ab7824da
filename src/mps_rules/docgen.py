"""
Pages that are written from the knowledge itself: where each fact of the article lives, and what proves it.
"""

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from mps_rules.bodymap import muscle_picture
from mps_rules.cases import Case, read_cases
from mps_rules.knowledge import load_folders, packaged_rules
from mps_rules.model import Claim, KnowledgeBase, Muscle

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


def article_page(base: KnowledgeBase) -> str:
    """The page ``docs/article.md``: one row for each fact of the article."""
    firing: dict[str, list[Case]] = {}
    for case in read_cases(base):
        if case.expect.fires is True:
            firing.setdefault(case.rule, []).append(case)
    rows = [_row(claim, list(_homes(claim, base, firing))) for claim in base.claims.values()]
    return ARTICLE + "".join(rows)


def _row(claim: Claim, homes: list[tuple[str, str]]) -> str:
    where = "<br>".join(home for home, _ in homes) or "**nowhere**"
    proof = "<br>".join(dict.fromkeys(proof for _, proof in homes if proof)) or "stated, nothing to prove"
    return f"| {claim.id} | {_cell(claim.claim)} | {where} | {proof} |\n"


def _homes(claim: Claim, base: KnowledgeBase, firing: dict[str, list[Case]]) -> Iterator[tuple[str, str]]:
    for rule in sorted(base.rules, key=lambda r: r.id):
        if claim.id in rule.evidence.claims and not rule.open_alert:
            cases = firing.get(rule.id, [])
            yield f"rule `{rule.id}`", _cell(f"case: {cases[0].case}") if cases else "**no case**"
    edges = [edge for edge in base.referrals if claim.id in edge.claims]
    muscles = dict.fromkeys(edge.muscle for edge in edges)
    if edges:
        names = ", ".join(base.vocabulary.muscle_label(muscle) for muscle in muscles)
        yield f"{len(edges)} referral edges: {_cell(names)}", "pain in each zone makes the muscle a candidate (`tests/test_article.py`)"
    for term in base.vocabulary.terms.values():
        if claim.id in term.claims:
            yield f"finding `{term.id}`, also called {', '.join(term.synonyms)}", "found by that name (`tests/test_article.py`)"
    for suspect in base.vocabulary.suspects.values():
        if claim.id in suspect.claims:
            yield f"hypothesis `{suspect.id}`, also called {', '.join(suspect.synonyms)}", "names only: no rule reads them"
    if claim.home:
        yield f"{claim.home.kind}: {_cell(claim.home.where)}", ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


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


PAGES = {"article.md": article_page, "muscles.html": muscles_page}


def write(folder: Path, base: KnowledgeBase) -> None:
    """Writes every generated page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(base), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), load_folders([packaged_rules()]))
