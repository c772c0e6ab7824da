"""
Whether two states of the program give the same answers: every vignette, every case beside a rule, and random charts.

Of each chart the SHA-256 of ``to_json``, and of its text and note, is kept; a chart that is refused is kept by its faults. Only public
names are used, so that any two checkouts can be compared. Compare under the same rules: ``--rules`` names the folder for both.

    python bench/same_answers.py keep before.json                              this checkout's answers, into a file
    python bench/same_answers.py compare before.json                           this checkout against the file: exit 1 where they differ
    python bench/same_answers.py compare ../other/checkout --rules rules       against another checkout, run by this Python
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import click
import yaml

import mps_rules as mps

ROOT = Path(__file__).resolve().parents[1]
SEED = 20
RANDOM_CHARTS = 2000
KNOWN = (0.02, 0.05, 0.15, 0.4)
"""How much of the vocabulary a random chart records."""
TRIES = 8
"""How often the findings that contradict each other are taken out of a random chart."""
SHOWN = 20

Chart = Mapping[str, Any]
Digests = dict[str, list[str]]


def written_charts(rules: Path) -> Iterator[tuple[str, Any]]:
    """The charts of the vignettes and of the cases beside the rules, by file and place in it."""
    for folder, pattern in ((ROOT / "tests" / "vignettes", "*.yaml"), (rules, "*.cases.yaml")):
        for path in sorted(folder.rglob(pattern)):
            for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
                yield f"{path.relative_to(folder).as_posix()} {number}", entry["findings"]


def random_charts(base: mps.KnowledgeBase, count: int) -> Iterator[tuple[str, Chart]]:
    """Charts from nearly empty to full, each from a seed of its own."""
    for number in range(count):
        yield f"random {number}", _random_chart(base, Random(f"{SEED} {number}"))  # noqa: S311 - nothing secret is drawn


def _random_chart(base: mps.KnowledgeBase, draw: Random) -> Chart:
    words = base.vocabulary
    terms = [term for term in words.terms.values() if not term.fact]
    known = draw.choice(KNOWN)
    drawn = {term.id: _value(term, draw) for term in terms if term.subject == "patient" and draw.random() < known}
    drawn["age_years"] = draw.randint(16, 95)
    drawn["pain"] = [_place(words, draw) for _ in range(draw.randint(0, 5))]
    drawn["pain_map_complete"] = draw.choice((True, False, None))
    drawn["labels"] = [
        {"label": id_, **_some(terms, "label", draw)} for id_ in draw.sample(sorted(words.diagnoses), draw.choice((0, 0, 1, 1, 2)))
    ]
    drawn["exam"] = [
        {"muscle": id_, "side": draw.choice(("left", "right")), **_some(terms, "muscle", draw)}
        for id_ in draw.sample(sorted(words.muscles), draw.choice((0, 0, 1, 2, 4)))
    ]
    return drawn


def _some(terms: list[Any], subject: str, draw: Random) -> dict[str, Any]:
    return {term.id: _value(term, draw) for term in terms if term.subject == subject and draw.random() < 1 / 3}


def _value(term: Any, draw: Random) -> Any:
    if term.kind == "boolean":
        return draw.random() < 1 / 3
    if term.kind in ("number", "duration"):
        low, high = term.range
        return round(draw.uniform(low, high))
    word = draw.choice(term.values)
    return word if term.kind == "one_of" else {word: draw.random() < 2 / 3}


def _place(words: Any, draw: Random) -> dict[str, Any]:
    region = words.regions[draw.choice(sorted(words.regions))]
    side = draw.choice((*region.sides, None))
    return {"region": region.id, "present": draw.random() < 3 / 4} | ({"side": side} if side else {})


def digests(base: mps.KnowledgeBase, charts: Iterator[tuple[str, Any]]) -> Digests:
    """By chart: the digest of the answer as JSON, and of its words."""
    return {name: [_digest(part) for part in _answer(base, chart)] for name, chart in charts}


def _answer(base: mps.KnowledgeBase, chart: Any) -> tuple[str, str]:
    """The answer and its words; what a refused chart is told stands before the answer to what is left of it."""
    told = ""
    for _ in range(TRIES):
        try:
            assessment = mps.evaluate(chart, base)
        except mps.FindingError as error:
            told += f"{error}\n"
            chart = _without(chart, error)
        else:
            return told + assessment.to_json(), told + assessment.text() + assessment.note()
    return told, told


def _without(chart: Any, error: mps.FindingError) -> Any:
    """A chart without the keys that its faults name, in place or in words."""
    text = str(error)
    return {key: value for key, value in chart.items() if key not in text} if isinstance(chart, dict) else {}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _differences(before: Digests, after: Digests) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            yield f"{name}: {'only before' if name in before else 'only now'}"
        elif before[name] != after[name]:
            yield f"{name}: {'another answer' if before[name][0] != after[name][0] else 'other words'}"


def _of_checkout(folder: Path, rules: Path, count: int) -> Digests:
    """The answers that another checkout's program gives to the charts of this one."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "answers.json"
        command = [sys.executable, __file__, "keep", str(file), "--rules", str(rules), "--count", str(count)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(folder / "src")})  # noqa: S603 - this script, by this Python
        return _read(file)


def _read(file: Path) -> Digests:
    kept: Digests = json.loads(file.read_text(encoding="utf-8"))
    return kept


@click.command()
@click.argument("what", type=click.Choice(["keep", "compare"]))
@click.argument("place", type=click.Path(path_type=Path))
@click.option("--rules", type=click.Path(path_type=Path, exists=True), default=ROOT / "rules", help="The folder of rules.")
@click.option("--count", default=RANDOM_CHARTS, help="How many random charts.")
def main(what: str, place: Path, rules: Path, count: int) -> None:
    """Keep the answers of this checkout in a file, or compare them with a file or with another checkout."""
    base = mps.load(rules)
    here = digests(base, (pair for charts in (written_charts(rules), random_charts(base, count)) for pair in charts))
    if what == "keep":
        place.write_text(json.dumps(here, indent=0), encoding="utf-8")
        return
    found = list(_differences(_of_checkout(place.resolve(), rules.resolve(), count) if place.is_dir() else _read(place), here))
    click.echo("\n".join([*found[:SHOWN], *(["..."] if len(found) > SHOWN else []), f"{len(here)} charts, {len(found)} differ"]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
