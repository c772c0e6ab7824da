"""
Several muscles on one sheet: all that send pain to a place, for the wall; and the first candidates of one patient, side by side.

Each is drawn as on its own chart. Nothing is ranked here: the order is that of the assessment, or of the charted zones.
"""

from collections.abc import Iterable, Sequence
from textwrap import shorten, wrap

import attrs

from mps_rules.answer.values import Assessment, MuscleCandidate
from mps_rules.knowledge.pack import KnowledgeBase, Referral
from mps_rules.knowledge.rules import PRESSING
from mps_rules.knowledge.vocabulary import SIDES, lowered
from mps_rules.patient.facts import terrain_of
from mps_rules.views.figure import View, figure
from mps_rules.views.pictures import Chart, defined, framed, key, letters, words_at

SHEET = (1587.0, 1122.0)
"""A3 across, in pixels of CSS."""
FIRST = 6
"""How many candidates stand side by side."""
EDGE = 36.0
TRUNK = 80.0
"""How far from the midline a small chart shows, unless there is something beyond."""


@attrs.frozen(eq=False)
class _Cell:
    """One muscle on a sheet: its chart, the view that shows it and perhaps one that shows the pain, and what is written beneath."""

    chart: Chart
    views: tuple[View, ...]
    name: str
    lines: tuple[str, ...]


def poster(base: KnowledgeBase, region: str, side: str = "left") -> str:
    """
    All muscles that send pain to a place, on one sheet of A3: the main zones first, then the lesser ones.

    Raises:
        KeyError: the knowledge base has no such region.

    """
    words, referral = base.vocabulary, terrain_of(base).referral
    wanted = set(terrain_of(base).tree.leaves[region])
    edges = [(muscle, edge) for muscle in words.muscles for edge in referral.edges(muscle) if edge.region in wanted]
    cells: dict[str, list[_Cell]] = {"essential": [], "spillover": []}
    done: set[str] = set()
    for zone, found in cells.items():
        for muscle, edge in edges:
            if edge.zone == zone and muscle not in done:
                done.add(muscle)
                found.append(_cell(base, muscle, side, wanted, (_sure(edge),)))
    label = words.name("region", region)
    title = f"Muscles that send pain to the {lowered(label)}, {side}"
    together = [*cells["essential"], *cells["spillover"]]
    told = "; ".join(
        f"{what}: {', '.join(cell.name for cell in cells[zone]) or 'none'}"
        for zone, what in (("essential", "main zone there"), ("spillover", "lesser zone there"))
    )
    width, height = SHEET
    body = [words_at(EDGE, 50, title, 28, "ink", ' font-weight="600"'), words_at(EDGE, 76, f"{_counted(cells)}.", 14, "soft")]
    body += defined(_views(together))
    body += _grid(together, (EDGE, 96.0, width - 2 * EDGE, height - 96.0 - 82.0))
    body += _foot(base, EDGE, height - 70)
    return framed(width, height, title, f"{title}. {told}.", body)


def candidates(assessment: Assessment, base: KnowledgeBase) -> str:
    """
    The first six muscles that could send the pain of one patient, each with its own zones, side by side.

    An assessment that names no muscle gives an empty sheet that says so.
    """
    chosen = _first(assessment)
    cells = [_cell(base, one.muscle, one.side if one.side in SIDES else "left", set(one.explains), _explained(base, one)) for one in chosen]
    title = "Muscles that could send this pain, best first"
    if assessment.urgency in PRESSING:
        title = "Only once the red flag is excluded: muscles that could send this pain"
    width = 1040.0
    rows = max(1, -(-len(cells) // 3))
    height = 70 + rows * 330.0 + 80
    body = [words_at(EDGE, 42, title, 20, "ink", ' font-weight="600"')]
    body += defined(_views(cells))
    body += _grid(cells, (EDGE, 62.0, width - 2 * EDGE, rows * 330.0), across=3)
    if not cells:
        body.append(words_at(EDGE, 80, "No muscle of the rules explains the pain listed.", 13, "soft"))
    body += _foot(base, EDGE, height - 68)
    told = "; ".join(f"{cell.name}: {' '.join(cell.lines)}" for cell in cells)
    return framed(width, height, title, f"{title}. {told or 'None'}.", body)


def _first(assessment: Assessment) -> list[MuscleCandidate]:
    """The first candidates that explain some pain, one of each muscle."""
    found: dict[str, MuscleCandidate] = {}
    for one in assessment.muscles:
        if one.explains:
            found.setdefault(one.muscle, one)
    return list(found.values())[:FIRST]


def _explained(base: KnowledgeBase, one: MuscleCandidate) -> tuple[str, ...]:
    names = ", ".join(lowered(base.vocabulary.regions[region].label) for region in one.explains)
    side = one.side if one.side in SIDES else "side not given"
    return side, f"could explain: {names}"


def _sure(edge: Referral) -> str:
    zone = "main zone" if edge.zone == "essential" else "lesser zone"
    return zone + (f", confidence {edge.confidence}" if edge.confidence != "high" else "")


def _counted(cells: dict[str, list[_Cell]]) -> str:
    main, lesser = len(cells["essential"]), len(cells["spillover"])
    return f"{main} {'has its' if main == 1 else 'have their'} main zone there, {lesser} a lesser one"


def _cell(base: KnowledgeBase, muscle: str, side: str, regions: set[str], lines: tuple[str, ...]) -> _Cell:
    chart = Chart(base, muscle, side)
    needed = chart.views()
    home = chart.home or needed[0]
    hurting = next(
        (view for view in (home, *needed) if any(shape.region in regions and shape.side != _other(side) for shape in view.shapes)), home
    )
    return _Cell(chart, (home,) if hurting is home else (home, hurting), base.vocabulary.muscle_label(muscle), lines)


def _other(side: str) -> str:
    return "left" if side == "right" else "right"


def _views(cells: Iterable[_Cell]) -> list[View]:
    used = {view.id for cell in cells for view in cell.views}
    return [view for name, view in figure().views.items() if name in used]


def _grid(cells: Sequence[_Cell], room: tuple[float, float, float, float], across: int = 0) -> Iterable[str]:
    """The cells in rows, in as many columns as leave each of them most room."""
    if not cells:
        return
    left, top, wide, high = room
    columns = across or max(range(3, 13), key=lambda n: min(wide / n, high / -(-len(cells) // n) * 1.05))
    rows = -(-len(cells) // columns)
    width, height = wide / columns, high / rows
    for number, cell in enumerate(cells):
        x, y = left + number % columns * width, top + number // columns * height
        yield from _drawn(cell, x, y, width - 14, height - 12)


def _drawn(cell: _Cell, x: float, y: float, width: float, height: float) -> Iterable[str]:
    size = 12.5 if width > 160 else 10.5
    letters_in = int(width / size * 1.85)
    name = wrap(cell.name, letters_in)[:2]
    lines = [shorten(line, letters_in * 2, placeholder=" ...") for line in cell.lines]
    rows = [part for line in lines for part in wrap(line, int(letters_in * 1.15))][:3]
    text = size * 1.3 * (len(name) + len(rows)) + 4
    frames = [cell.chart.frame(view, least=260.0, most=TRUNK) for view in cell.views]
    zoom = min((width - 6 * len(frames)) / sum(frame[2] for frame in frames), *((height - text) / frame[3] for frame in frames))
    high = max(frame[3] for frame in frames) * zoom
    at = x
    for view, frame in zip(cell.views, frames, strict=True):
        wide = frame[2] * zoom
        yield from cell.chart.panel(view, frame, (at, y, wide, frame[3] * zoom))
        for letter, right in letters(view):
            yield words_at(at + wide - 4 if right else at + 4, y + 9, letter, 9, "ink", ' font-weight="700" text-anchor="middle"')
        at += wide + 6
    for number, line in enumerate(name):
        yield words_at(x, y + high + size * 1.3 * (number + 1), line, size, "ink", ' font-weight="600"')
    for number, line in enumerate(rows):
        yield words_at(x, y + high + size * 1.3 * (len(name) + number + 1), line, size - 1, "soft")


def _foot(base: KnowledgeBase, x: float, y: float) -> Iterable[str]:
    rows = [
        ("belly", "fibres", "the muscle and its fibres, broken: it lies deep"),
        ("skin", "sent", "main zone: mostly pain here"),
        ("skin", "stipple", "lesser zone: at times"),
    ]
    for at, row in zip((0, 400, 680), rows, strict=True):
        yield from key(x + at, y, [row])
    told = f"Charted zones of many patients, no diagnosis. Rules {base.pack.id} {base.pack.version}, {base.pack.status}, digest {base.digest[:12]}."
    yield words_at(x, y + 40, told, 11, "soft")
