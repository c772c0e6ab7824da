"""
Pages that are written from the knowledge itself: where each fact of the article lives, and what proves it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from mps_rules.cases import Case, read_cases
from mps_rules.knowledge import load_folders, packaged_rules
from mps_rules.model import Claim, KnowledgeBase

ARTICLE = """\
# The article, fact by fact

The rules grew from one article about trigger points in low back pain. Each of its facts has a home: a rule, an edge of the
referral graph, a word of the vocabulary, a wording, the ranking, or a stated limit of scope. This page is generated
(`make docs`); a test fails when a fact has no home.

| fact | what the article says | where it lives | what proves it |
|---|---|---|---|
"""


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


PAGES = {"article.md": article_page}


def write(folder: Path, base: KnowledgeBase) -> None:
    """Writes every generated page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(base), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), load_folders([packaged_rules()]))
