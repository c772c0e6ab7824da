"""
The pages of the site, gathered into one folder: what is written in ``docs/``, what is generated from the rules, and the changelog. Nothing is written twice.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import api_page
import mps_rules
from mps_rules.authoring import docgen, manifest
from mps_rules.authoring.vignettes import cell
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import Muscle, Term

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
GENERATED = ("rules", "manifest.md", "muscles.html")
"""What ``make docs`` leaves in ``docs/``; it is made anew here."""
BROUGHT = {
    "CHANGELOG.md": "changelog.md",
    "rules/README.md": "writing_rules.md",
    "website/index.md": "index.md",
    "website/site.css": "site.css",
    "website/site.js": "site.js",
}
"""Pages that stand elsewhere in the repository, and under which name they stand here."""


def written() -> list[str]:
    """The pages that are written in ``docs/``, by their path there."""
    docs = ROOT / "docs"
    paths = (path.relative_to(docs) for path in sorted(docs.rglob("*.md")))
    return [path.as_posix() for path in paths if path.parts[0] not in GENERATED]


def gather(folder: Path) -> None:
    """All pages, into a folder; what lay there is replaced."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns(*GENERATED))
    for source, name in BROUGHT.items():
        shutil.copy(ROOT / source, folder / name)
    base = mps_rules.load()
    pages = docgen.rule_pages(base) | {
        "manifest.md": manifest.page(manifest.manifest(base, None)),
        "vocabulary.md": "\n".join(_words(base)),
    }
    pages |= {"api.md": api_page.page(), "muscles/index.md": "\n".join(_muscles(base))}
    for muscle in base.vocabulary.muscles.values():
        pages[f"muscles/{muscle.id}.md"] = "\n".join(_muscle(muscle, base))
        pages[f"muscles/{muscle.id}.svg"] = str(mps_rules.muscle_picture(muscle.id, kb=base))
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _muscles(base: KnowledgeBase) -> Iterator[str]:
    muscles = base.vocabulary.muscles.values()
    yield "# Muscles and where they send pain"
    yield ""
    yield f"{len(muscles)} muscles and muscle parts, each with its picture, by the area of the body. The patterns are recalled from the manuals of Travell and"
    yield "Simons and only partly cross-checked; they have not been reviewed by a clinician."
    for area in dict.fromkeys(muscle.area for muscle in muscles):
        yield ""
        yield f"## {area.replace('_', ' ').capitalize()}"
        yield ""
        yield from (f"- [{muscle.label}]({muscle.id}.md)" for muscle in muscles if muscle.area == area)
    yield ""


def _muscle(muscle: Muscle, base: KnowledgeBase) -> Iterator[str]:
    words = base.vocabulary
    called = words.called.get(muscle.id)
    care = [row for row in words.care.values() if muscle.id in row.muscles or muscle.group in row.muscles]
    facts = {
        "Latin": muscle.latin,
        "Also called": ", ".join(called.also) if called else "",
        "Lies in": ", ".join(words.name("region", place) for place in muscle.lies_in),
        "Palpation": muscle.access,
        "Nerve": f"{muscle.nerve} ({muscle.roots})" if muscle.roots else muscle.nerve,
        "Action": muscle.action,
        "Provoked by": muscle.aggravating,
        "Takes the look of": ", ".join(words.name("label", label) for label in muscle.mimics),
        "Care when touching": muscle.safety,
        "Stretch": "; ".join(row.stretch for row in care if row.stretch),
        "Release": "; ".join(row.release for row in care if row.release),
        "Id": f"`{muscle.id}`",
    }
    yield f"# {muscle.label}"
    yield ""
    yield f"![Where the {cell(muscle.label)} lies and sends pain]({muscle.id}.svg){{ .muscle }}"
    yield ""
    yield "| what | of this muscle |"
    yield "|---|---|"
    yield from (f"| {name} | {cell(text)} |" for name, text in facts.items() if text)
    yield ""
    sources = dict.fromkeys((*muscle.references, *(one for edge in base.referrals if edge.muscle == muscle.id for one in edge.references)))
    if sources:
        yield "Sources: " + ", ".join(f"[{one}](../rules/by_reference.md#{docgen.anchor(one)})" for one in sources) + "."
        yield ""
    yield "[All muscles](index.md)"
    yield ""


def _words(base: KnowledgeBase) -> Iterator[str]:
    words = base.vocabulary
    shown = [term for term in words.terms.values() if not term.of_record]
    yield "# Vocabulary"
    yield ""
    yield f"Every word that the rules know: {len(shown)} findings, {len(words.regions)} places, {len(words.diagnoses)} diagnoses. In code an id is written as it"
    yield "stands here; on the command line `mps-rules terms` finds one by the words that people use."
    for category in dict.fromkeys(term.category for term in shown):
        yield from (
            "",
            f"## {category.replace('_', ' ').capitalize()}",
            "",
            "| id | finding | told as | obtained by | also called |",
            "|---|---|---|---|---|",
        )
        yield from (_term(term, base) for term in shown if term.category == category)
    yield from ("", "## Places", "", "| id | place | part of | sides |", "|---|---|---|---|")
    for region in words.regions.values():
        yield f"| `{region.id}` | {cell(region.label)} | {f'`{region.parent}`' if region.parent else ''} | {', '.join(region.sides)} |"
    yield from ("", "## Diagnoses", "", "| id | diagnosis | kind |", "|---|---|---|")
    yield from (f"| `{one.id}` | {cell(one.label)} | {one.kind} |" for one in words.diagnoses.values())
    yield from ("", "## Units", "", "| id | unit | also written |", "|---|---|---|")
    yield from (f"| `{unit.id}` | {cell(unit.named)} | {cell(', '.join(unit.also))} |" for unit in words.units.values())
    yield ""


def _term(term: Term, base: KnowledgeBase) -> str:
    told = "yes or no"
    if term.values:
        told = ", ".join(f"`{value}`" for value in term.values)
    elif term.unit or term.range:
        unit = base.vocabulary.units[term.unit].named if term.unit else "number"
        told = f"{unit}, {term.range[0]:g} to {term.range[1]:g}" if term.range else unit
    about = "" if term.subject == "patient" else f" (of a {term.subject})"
    return f"| `{term.id}` | {cell(term.label)}{about} | {cell(told)} | {term.cost} | {cell(', '.join(term.synonyms))} |"


def broken(site: Path) -> list[str]:
    """
    Links and pictures of the built pages that lead nowhere, and anything that a browser would load from elsewhere.

    Args:
        site: the folder of the built site.

    """
    found: list[str] = []
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    anchors = {path: set(re.findall(r'\bid="?([^\s">]+)', text)) for path, text in texts.items()}
    for path, text in texts.items():
        here = path.relative_to(site).as_posix()
        for tag, attribute, target in re.findall(r'<(\w+)\b[^>]*?\s(href|src)="?([^\s">]+)', text):
            if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
                loads = attribute == "src" or (tag == "link" and not re.search(r'rel="?(canonical|next|prev)', text))
                found += [f"{here} loads {target}"] if loads and not target.startswith("data:") else []
                continue
            name, _, anchor = target.partition("#")
            at = (path.parent / name).resolve() if name else path
            if not at.exists():
                found.append(f"{here}: {target} is not there")
            elif anchor and at in anchors and anchor not in anchors[at]:
                found.append(f"{here}: {target} has no such heading")
    return found
