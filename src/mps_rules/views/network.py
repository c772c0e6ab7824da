"""
The referral graph drawn on the body: every muscle at its place, every line to where it sends pain, as SVG or on axes of matplotlib.

First it is laid out, as plain data: which views, where each muscle stands, which line leads where. Two muscles never stand on one spot, and where
each stands depends on the rules alone. A region that is drawn in the view of a muscle is reached there; only what is not leads into another view.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from textwrap import wrap
from typing import Any

import attrs

from mps_rules.answer.values import Svg, counted
from mps_rules.knowledge.pack import KnowledgeBase, Referral
from mps_rules.knowledge.regions import Place
from mps_rules.knowledge.vocabulary import lowered
from mps_rules.patient.facts import terrain_of
from mps_rules.views.figure import MIDLINE, Point, Shape, View, figure, written

PAGE = ("front", "back")
"""The views that show most; the others are drawn only for what these do not show."""
HUES = ("#0072b2", "#d55e00", "#009e73", "#8e5aa8", "#b8860b", "#c2477f", "#7a4a2b", "#5b6670")
"""Colours that people who see few colours tell apart."""
NUMBERED = 24
"""So many muscles have a number and stand in the key; of more the key has the parts of the body, and a dot says its name where one points."""
APART = 15.0
"""How far two muscles stand from each other, where there is room."""
STEP = 5.0
"""How finely a place is searched for room; a small one more finely."""
GAP, MARGIN, TOP = 40.0, 24.0, 92.0
HIGHEST = 560.0
"""How high a view is drawn."""
LETTER = 0.51
"""The width of a letter, in its height, on the average."""
ROW = 22.0


@attrs.frozen
class Stand:
    """A view and where it stands on the page."""

    view: View
    at: Point
    scale: float

    def on_page(self, point: Point) -> Point:
        """Where a point of the view stands on the page."""
        left, top, _, _ = self.view.box
        return self.at[0] + (point[0] - left) * self.scale, self.at[1] + (point[1] - top) * self.scale


@attrs.frozen
class Node:
    """A muscle on the page; ``hue`` is that of its lines."""

    muscle: str
    label: str
    at: Point
    hue: int


@attrs.frozen
class Line:
    """A way on which a muscle sends pain: where to, whether to its main zone, whether into another view, and the place in words."""

    node: Node
    to: Point
    view: str
    place: Place
    essential: bool
    away: bool
    where: str

    @property
    def said(self) -> str:
        """The way in words."""
        return f"{self.node.label} to {self.where}, {'mostly' if self.essential else 'at times'}"


@attrs.frozen
class Entry:
    """A line of the key: a dot of a hue, its number, if it has one, and what it stands for."""

    number: str
    text: str
    hue: int
    at: Point


@attrs.frozen(eq=False)
class Layout:
    """What is drawn, and where."""

    base: KnowledgeBase
    title: str
    size: Point
    stands: tuple[Stand, ...]
    reached: Mapping[tuple[str, Place], bool]
    """Each place that a line leads to, in which view, and whether it is a main zone."""
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    key: tuple[Entry, ...]

    @property
    def few(self) -> bool:
        """Whether each muscle is numbered."""
        return len(self.nodes) <= NUMBERED


def laid_out(base: KnowledgeBase, muscles: Sequence[str], side: str, regions: Sequence[str] = ()) -> Layout:
    """Muscles of a side and where they send pain; where regions are named, only what leads to these."""
    terrain = terrain_of(base)
    wanted = {leaf for region in regions for leaf in terrain.tree.leaves[region]}
    edges = {m: [e for e in terrain.referral.edges(m) if not wanted or e.region in wanted] for m in muscles}
    homes = {m: _home(base, m, side) for m in muscles}
    places = {place for muscle in muscles for edge in edges[muscle] for place in _places(base, edge, side)}
    used = {home.id for home in homes.values() if home} | {view.id for at in places if (view := _shown_in(at, homes.values()))}
    stands = _stands([view for view in figure().views.values() if view.id in used])
    by_id = {stand.view.id: stand for stand in stands}
    hues = _hues(base, muscles)
    nodes = {m: Node(m, base.vocabulary.muscle_label(m), at, hues[m]) for m, at in _spots(base, muscles, side, homes, by_id)}
    lines = [line for m, node in nodes.items() for edge in edges[m] for line in _lines(base, node, edge, side, by_id, homes[m])]
    reached: dict[tuple[str, Place], bool] = {}
    for line in lines:
        reached[line.view, line.place] = reached.get((line.view, line.place), False) or line.essential
    numbered = len(nodes) <= NUMBERED
    names = [node.label for node in nodes.values()] if numbered else _parts(base, muscles)
    whole = set(base.vocabulary.muscles) <= set(muscles) and not regions
    where = [lowered(base.vocabulary.regions[region].label) for region in regions]
    said = "Where muscles send pain" if whole else f"What sends pain to: {', '.join(where)}" if where else "Where these muscles send pain"
    wide = max([710.0, *(stand.at[0] + stand.view.box[2] * stand.scale + MARGIN for stand in stands)])
    low = max([TOP, *(stand.at[1] + stand.view.box[3] * stand.scale for stand in stands)])
    key = _key(names, wide, low + 34, numbered=numbered)
    high = max((entry.at[1] for entry in key), default=low) + 84
    return Layout(base, said, (wide, high), tuple(stands), reached, tuple(nodes.values()), tuple(lines), key)


def _places(base: KnowledgeBase, edge: Referral, side: str) -> Iterator[Place]:
    for own in terrain_of(base).tree.sides(edge.region):
        if own is None or edge.laterality != "ipsilateral" or own == side:
            yield edge.region, own


def _shapes(view: View, place: Place) -> list[Shape]:
    region, side = place
    return [shape for shape in view.shapes if shape.region == region and (side is None or shape.side in (side, MIDLINE))]


def _area(shapes: Iterable[Shape]) -> float:
    return sum((right - left) * (bottom - top) for left, top, right, bottom in (shape.path.bounds for shape in shapes))


def _best(places: Iterable[Place]) -> View | None:
    """The view that shows most of some places: the front or the back, where one of them shows any."""
    views, own = figure().views, list(places)
    shown = {id_: [shape for place in own for shape in _shapes(view, place)] for id_, view in views.items()}
    order = list(views)
    found = [id_ for id_ in order if shown[id_]]
    best = max(
        found, key=lambda id_: (id_ in PAGE, len({s.region for s in shown[id_]}), _area(shown[id_]), -order.index(id_)), default=None
    )
    return views[best] if best else None


def _lies(base: KnowledgeBase, muscle: str, side: str) -> list[Place]:
    terrain = terrain_of(base)
    return [(region, own) for region in terrain.referral.places(muscle) for own in terrain.tree.sides(region) if own in (None, side)]


def _home(base: KnowledgeBase, muscle: str, side: str) -> View | None:
    return _best(_lies(base, muscle, side))


def _shown_in(place: Place, homes: Iterable[View | None]) -> View | None:
    """A view for a place: one that is drawn anyway, else the best."""
    return next((view for view in homes if view and _shapes(view, place)), None) or _best([place])


def _stands(views: Sequence[View]) -> list[Stand]:
    """The views in a row, the whole figures as high as they can be, details in columns beside them."""
    found, x = [], MARGIN
    scale = HIGHEST / max((view.box[3] for view in views), default=HIGHEST)
    whole = [view for view in views if view.box[3] > HIGHEST / 2]
    for view in whole:
        found.append(Stand(view, (x, TOP), scale))
        x += view.box[2] * scale + GAP
    y, wide = TOP, 0.0
    for view in (view for view in views if view not in whole):
        zoom = min(1.3, 110 / view.box[3])
        if y + view.box[3] * zoom > TOP + HIGHEST:
            x, y, wide = x + wide + GAP, TOP, 0.0
        found.append(Stand(view, (x, y), zoom))
        y, wide = y + view.box[3] * zoom + GAP, max(wide, view.box[2] * zoom)
    return found


def _spots(
    base: KnowledgeBase, muscles: Sequence[str], side: str, homes: Mapping[str, View | None], stands: Mapping[str, Stand]
) -> Iterator[tuple[str, Point]]:
    """Where each muscle stands: as near to the middle of its place as there is room."""
    taken: list[Point] = []
    for muscle in muscles:
        home = homes[muscle]
        if home is None:
            continue
        stand = stands[home.id]
        shapes = [shape for place in _lies(base, muscle, side) for shape in _shapes(home, place)]
        middle = stand.on_page((sum(s.at[0] for s in shapes) / len(shapes), sum(s.at[1] for s in shapes) / len(shapes)))
        room = [stand.on_page(point) for shape in shapes for point in (*_grid(shape), shape.at)]
        left, right = min(x for x, _ in room) - APART, max(x for x, _ in room) + APART
        near = [one for one in taken if left < one[0] < right]
        spot = min(room, key=lambda at: (-min([APART, *(math.dist(at, one) for one in near)]), math.dist(at, middle), at))
        taken.append(spot)
        yield muscle, spot


@cache
def _grid(shape: Shape) -> tuple[Point, ...]:
    left, top, right, bottom = shape.path.bounds
    step = min(STEP, max(1.0, min(right - left, bottom - top) / 6))
    rows, columns = (int(span / step) + 1 for span in (bottom - top, right - left))
    points = [(left + step * column, top + step * row) for row in range(rows) for column in range(columns)]
    return tuple(point for point in points if shape.path.contains(point))


def _lines(base: KnowledgeBase, node: Node, edge: Referral, side: str, stands: Mapping[str, Stand], home: View | None) -> Iterator[Line]:
    for place in _places(base, edge, side):
        others = [stand.view for stand in stands.values() if home is None or stand.view.id != home.id]
        view = next((one for one in (*([home] if home else []), *others) if _shapes(one, place)), None)
        if view is None:
            continue
        (x, y), midline = _shapes(view, place)[0].at, edge.laterality == MIDLINE
        label = base.vocabulary.regions[edge.region].label + (f", {place[1]}" if place[1] else "")
        to = stands[view.id].on_page((0.0 if midline else x, y))
        yield Line(node, to, view.id, place, edge.zone == "essential", view is not home, lowered(label))


def _part(base: KnowledgeBase, muscle: str) -> str:
    """The largest part of the body below the whole in which a muscle lies."""
    regions = base.vocabulary.regions
    at = terrain_of(base).referral.places(muscle)[0]
    while (parent := regions[at].parent) and regions[parent].parent:
        at = parent
    return regions[at].label


def _parts(base: KnowledgeBase, muscles: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(_part(base, muscle) for muscle in muscles))


def _hues(base: KnowledgeBase, muscles: Sequence[str]) -> dict[str, int]:
    """A hue for each muscle; of many, one for each part of the body."""
    if len(muscles) <= NUMBERED:
        return {muscle: number % len(HUES) for number, muscle in enumerate(muscles)}
    parts = _parts(base, muscles)
    return {muscle: parts.index(_part(base, muscle)) % len(HUES) for muscle in muscles}


def _bend(line: Line) -> Point:
    """The point towards which a line is bowed."""
    (x1, y1), (x2, y2) = line.node.at, line.to
    bow = 0.16 * (1 if x2 >= x1 else -1)
    return (x1 + x2) / 2 - (y2 - y1) * bow, (y1 + y2) / 2 + (x2 - x1) * bow


# --- words ------------------------------------------------------------------------------------------------------------


def _key(layout_names: Sequence[str], wide: float, top: float, *, numbered: bool) -> tuple[Entry, ...]:
    """The key in as many columns as there is room for, read downwards."""
    longest = max(map(len, layout_names), default=1)
    columns = max(1, int((wide - 2 * MARGIN) / (LETTER * 12 * longest + 26)))
    rows = math.ceil(len(layout_names) / columns)
    across = (wide - 2 * MARGIN) / columns
    return tuple(
        Entry(str(n + 1) if numbered else "", text, n % len(HUES), (MARGIN + across * (n // rows), top + ROW * (n % rows)))
        for n, text in enumerate(layout_names)
    )


def told(layout: Layout) -> list[str]:
    """What stands beneath the picture, and which rules it is of."""
    pack = layout.base.pack
    lines = (
        "A dot: where a muscle lies. A line: where it mostly sends pain; thin and broken: where it does at times; dotted: into another view.",
        f"{counted(len(layout.nodes), 'muscle')}, {counted(len(layout.lines), 'line')}. Rules {pack.id} {pack.version}, {pack.status}, digest {layout.base.digest[:12]}.",
    )
    return [row for line in lines for row in wrap(line, int((layout.size[0] - 2 * MARGIN) / (LETTER * 11)))]


# --- SVG --------------------------------------------------------------------------------------------------------------

_LIGHT = {
    "paper": "#ffffff", "ink": "#1d2430", "soft": "#59616e", "skin": "#f7f0e9", "edge": "#8a7768", "main": "#e3d3c2", "less": "#efe4d9",
}  # fmt: skip
_DARK = {
    "paper": "#14181d", "ink": "#e9edf2", "soft": "#a7b0bc", "skin": "#2c2925", "edge": "#8d8073", "main": "#51473d", "less": "#403a34",
}  # fmt: skip


def svg(layout: Layout) -> Svg:
    """The graph as SVG text, which a notebook draws."""
    wide, high = layout.size
    body = "\n".join([*_figure(layout), *_drawn(layout), *_words(layout)])
    own = f"mps-net-{hashlib.sha256(body.encode()).hexdigest()[:10]}"
    colours = {".p": ("fill", "paper"), ".i": ("fill", "ink"), ".q": ("fill", "soft"), ".s": ("fill", "skin"), ".m": ("fill", "main"),
               ".l": ("fill", "less"), ".e": ("stroke", "edge"), ".h": ("stroke", "paper")}  # fmt: skip
    rules = "".join(f"#{own} {cls}{{{prop}:{_LIGHT[name]}}}" for cls, (prop, name) in colours.items())
    dark = "".join(f"#{own} {cls}{{{prop}:{_DARK[name]}}}" for cls, (prop, name) in colours.items())
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{own}" viewBox="0 0 {written(wide)} {written(high)}" role="img" aria-label="{escape(layout.title)}" '
        "font-family=\"system-ui, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', Arial, sans-serif\">"
        f"<title>{escape(layout.title, quote=False)}</title><style>{rules}@media (prefers-color-scheme:dark){{{dark}}}</style>"
        f'<rect width="100%" height="100%" class="p" fill="{_LIGHT["paper"]}"/>\n{body}\n</svg>\n'
    )


def _figure(layout: Layout) -> Iterator[str]:
    for stand in layout.stands:
        view = stand.view
        x, y = stand.at[0] - view.box[0] * stand.scale, stand.at[1] - view.box[1] * stand.scale
        middle = stand.at[0] + view.box[2] * stand.scale / 2
        yield _text(middle, stand.at[1] - 9, view.caption, 12, "q", ' text-anchor="middle"')
        yield f'<g transform="translate({written(x)} {written(y)}) scale({written(stand.scale)})" stroke-linejoin="round">'
        edge = f'stroke="{_LIGHT["edge"]}" stroke-width="1.1"'
        yield from (f'<path class="s e" fill="{_LIGHT["skin"]}" {edge} d="{d}"/>' for d in view.outline)
        for (id_, place), main in layout.reached.items() if layout.few else ():
            for shape in _shapes(view, place) if id_ == view.id else ():
                cls, fill = ("m", _LIGHT["main"]) if main else ("l", _LIGHT["less"])
                title = escape(layout.base.vocabulary.regions[place[0]].label, quote=False)
                yield f'<path class="{cls} e" fill="{fill}" {edge.replace("1.1", "0.6")} d="{shape.path.text()}"><title>{title}</title></path>'
        yield "</g>"


def _drawn(layout: Layout) -> Iterator[str]:
    """Lines first, so that every dot lies on top; of few muscles each line says whose it is, of many the dot says where mostly."""
    yield f'<g fill="none" stroke-linecap="round" stroke-opacity="{0.9 if layout.few else 0.5}">'
    kinds: dict[tuple[bool, bool, int, str], list[Line]] = {}
    for line in layout.lines:
        kinds.setdefault((line.essential, not line.away, line.node.hue, line.node.muscle if layout.few else ""), []).append(line)
    for (essential, here, hue, _), lines in sorted(kinds.items(), key=lambda one: one[0]):
        dashes = "" if here and essential else ' stroke-dasharray="5 3"' if here else ' stroke-dasharray="1 4"'
        thick = (1.8 if layout.few else 1.1) if essential else (1.1 if layout.few else 0.6)
        title = f"<title>{escape('; '.join(line.said for line in lines), quote=False)}</title>" if layout.few else ""
        yield f'<path d="{"".join(map(_path, lines))}" stroke="{HUES[hue]}" stroke-width="{thick}"{dashes}>{title}</path>'
    yield "</g>"
    hues = sorted({node.hue for node in layout.nodes})
    for hue in hues:
        ends = dict.fromkeys(tuple(map(_near, line.to)) for line in layout.lines if line.node.hue == hue)
        points = "".join(f"M{x} {y}h0" for x, y in ends)
        yield f'<path d="{points}" fill="none" stroke="{HUES[hue]}" stroke-width="{4.4 if layout.few else 2.6}" stroke-linecap="round"/>'
    for hue in hues:
        yield f'<g class="h" fill="{HUES[hue]}" stroke="{_LIGHT["paper"]}" stroke-width="1.2">'
        for number, node in enumerate(layout.nodes, 1):
            if node.hue == hue:
                yield _dot(node.at, str(number) if layout.few else "", _mostly(layout, node))
        yield "</g>"


def _mostly(layout: Layout, node: Node) -> str:
    """A muscle, and where it mostly sends pain, in words."""
    mostly = [line.where for line in layout.lines if line.node is node and line.essential]
    return f"{node.label}: {', '.join(mostly)}" if mostly else node.label


def _dot(at: Point, number: str, title: str = "") -> str:
    x, y = map(_near, at)
    said = f"<title>{escape(title, quote=False)}</title>" if title else ""
    dot = f'<circle cx="{x}" cy="{y}" r="{7.5 if number else 3.4}">{said}</circle>'
    if not number:
        return dot
    inside = 'text-anchor="middle" font-size="9" font-weight="700" fill="#ffffff" stroke="none" pointer-events="none"'
    return f'{dot}<text x="{x}" y="{_near(at[1] + 3.2)}" {inside}>{number}</text>'


def _near(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _path(line: Line) -> str:
    (x, y), (bx, by), (tx, ty) = line.node.at, _bend(line), line.to
    steps = (str(round(step)) for step in (bx - x, by - y, tx - x, ty - y))
    return f"M{_near(x)} {_near(y)}q" + " ".join(steps).replace(" -", "-")


def _words(layout: Layout) -> Iterator[str]:
    high = layout.size[1]
    yield _text(MARGIN, 32, layout.title, 19, "i", ' font-weight="600"')
    yield _text(MARGIN, 52, "One side is drawn; most muscles send pain to their own side. Point at a dot to see its name.", 12, "q")
    for entry in layout.key:
        x, y = entry.at
        yield f'<g fill="{HUES[entry.hue]}">{_dot((x + 7, y - 4), entry.number)}</g>' + _text(x + 21, y, entry.text, 12, "i")
    for number, text in enumerate(reversed(told(layout))):
        yield _text(MARGIN, high - 14 - 16 * number, text, 11, "q")


def _text(x: float, y: float, text: str, size: float, cls: str, more: str = "") -> str:
    colour = _LIGHT["ink" if cls == "i" else "soft"]
    return f'<text x="{_near(x)}" y="{_near(y)}" font-size="{size}" class="{cls}" fill="{colour}"{more}>{escape(text, quote=False)}</text>'


# --- matplotlib -------------------------------------------------------------------------------------------------------


def on_axes(layout: Layout, ax: Any) -> Any:
    """The graph on axes of matplotlib; gives them back."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    few = layout.few
    views = {stand.view.id: stand.view for stand in layout.stands}
    reached = layout.reached.items() if few else ()
    shaded = {(id_, id(shape)): main for (id_, place), main in reached for shape in _shapes(views[id_], place)}
    for stand in layout.stands:
        for shape in stand.view.shapes:
            main = shaded.get((stand.view.id, id(shape)))
            fill = _LIGHT["skin" if main is None else "main" if main else "less"]
            for polygon in shape.path.polygons:
                outline = Path([stand.on_page(point) for point in (*polygon, polygon[0])])
                ax.add_patch(PathPatch(outline, facecolor=fill, edgecolor=_LIGHT["main"], linewidth=0.3, zorder=1))
        left, top, wide, _ = stand.view.box
        x, y = stand.on_page((left + wide / 2, top))
        ax.text(x, y - 9, stand.view.caption, ha="center", fontsize=8, color=_LIGHT["soft"])
    for line in layout.lines:
        curve = Path([line.node.at, _bend(line), line.to], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
        how = {
            "edgecolor": HUES[line.node.hue],
            "linewidth": (1.3 if few else 0.7) if line.essential else (0.8 if few else 0.4),
            "linestyle": ":" if line.away else "-" if line.essential else "--",
            "alpha": 0.9 if few else 0.5,
        }
        ax.add_patch(PathPatch(curve, fill=False, zorder=2, **how))
    for number, node in enumerate(layout.nodes, 1):
        ax.plot(*node.at, "o", color=HUES[node.hue], markersize=9 if few else 4, markeredgecolor="white", markeredgewidth=0.6, zorder=3)
        if few:
            ax.text(*node.at, str(number), fontsize=5.5, color="white", weight="bold", ha="center", va="center_baseline", zorder=4)
    for entry in layout.key:
        ax.plot([], [], "o", color=HUES[entry.hue], label=" ".join(part for part in (entry.number, entry.text) if part))
    ax.set(xlim=(0, layout.size[0]), ylim=(TOP + HIGHEST + 20, TOP - 30), aspect="equal", title=layout.title)
    ax.set_axis_off()
    if layout.key:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2 if few else 3, frameon=False, fontsize=7)
    return ax
