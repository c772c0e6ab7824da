"""
Pictures of the body: where it hurts, where the muscles lie that may send the pain, and where a muscle sends it.

Nothing is decided here: an assessment and the referral graph are drawn as they stand. The figure is data (``body.yaml``): half
of it is drawn, the other half is its mirror image. What colour says, a pattern or a sign says too, and the words beneath the picture say
it again. The same input gives the same bytes; every word from outside is escaped.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from html import escape
from textwrap import shorten, wrap
from typing import TypeAlias

from mps_rules.answer.values import Assessment, MuscleCandidate
from mps_rules.knowledge.pack import KnowledgeBase, Referral
from mps_rules.knowledge.regions import Place
from mps_rules.knowledge.vocabulary import SIDES, lowered
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.values import Pain
from mps_rules.views.bellies import Belly, Sites, bellies, seen_on, sites
from mps_rules.views.figure import MAIN_VIEWS, Point, Shape, View, figure, written
from mps_rules.views.places import (
    Mark,
    Source,
    grouped_candidates,
    marks_of,
    place_name,
    place_of,
    shapes_of,
    shown_sides,
    source_of,
    sources_of,
    targets_of,
)

Frame: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height."""
FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', Arial, sans-serif"
STRIP = 7.0
"""Half the width of the strip in which pain on the midline is drawn."""
OWN = "mps-own-"
"""Stands before every id while a picture is drawn; in the end, what the picture alone has stands there."""
ROOM = 620.0
"""How wide the views of one muscle are together at most, so that the words beside them stay readable on a small picture."""
MARGIN = 28.0
"""What a picture of one muscle shows around the places it needs."""

ARM, LEGS, WRISTS = 60.0, 84.0, 365.0
"""How far from the midline only the arm is, how far the legs reach, and from which height down the hands hang beside them."""


# --- text and colour --------------------------------------------------------------------------------------------------

_LIGHT = {
    "paper": "#ffffff", "ink": "#1d2430", "soft": "#59616e", "skin": "#f5ece3", "line": "#dccabb", "edge": "#6f5b4c", "detail": "#b59c88",
    "pain1": "#fbdcc6", "pain2": "#f4b78d", "pain3": "#e88a4e", "pain4": "#cf5a0c", "pain5": "#8f3a00", "some": "#cf5a0c",
    "main": "#00508a", "mainwash": "#56b4e9", "less": "#2b86c5", "free": "#4f9a85", "mark": "#000000", "halo": "#ffffff",
    "belly": "#7ea3c4", "fibre": "#163e63", "sends": "#d4451a",
}  # fmt: skip
_DARK = {
    "paper": "#14181d", "ink": "#e9edf2", "soft": "#a7b0bc", "skin": "#3a3531", "line": "#554d46", "edge": "#c8b9a9", "detail": "#776b60",
    "pain1": "#5e3a24", "pain2": "#864b25", "pain3": "#b5622a", "pain4": "#e27d35", "pain5": "#ffb07a", "some": "#f08f4c",
    "main": "#9bd3ff", "mainwash": "#2f79ad", "less": "#7fc4f5", "free": "#6fbfa8", "mark": "#ffffff", "halo": "#101418",
    "belly": "#3f6d96", "fibre": "#d3e8fb", "sends": "#ff7a4d",
}  # fmt: skip

_PAINTED: Mapping[str, tuple[str, str]] = {
    **{f"f-{name}": ("fill", name) for name in _LIGHT},
    **{f"s-{name}": ("stroke", name) for name in _LIGHT},
}


def _style() -> str:
    """Colours as variables, for light and dark; a program that knows no variables uses the attributes."""
    rules = "".join(f".mps-map .{cls}{{{prop}:var(--mps-{name})}}" for cls, (prop, name) in _PAINTED.items())
    light = "".join(f"--mps-{name}:{value};" for name, value in _LIGHT.items())
    dark = "".join(f"--mps-{name}:{value};" for name, value in _DARK.items())
    return (
        f"<style>.mps-map{{{light}color-scheme:light dark}}"
        f"@media (prefers-color-scheme:dark){{.mps-map{{{dark}}}}}"
        f"@supports (color:var(--mps-ink)){{{rules}}}"
        ".mps-map path[data-region]{cursor:default}.mps-map path[data-region]:hover{stroke-width:2}</style>"
    )


def _paint(fill: str = "", stroke: str = "") -> str:
    """The attributes that colour an element: class for the variables, literal colours without them."""
    classes = " ".join([f"f-{fill}"] * bool(fill) + [f"s-{stroke}"] * bool(stroke))
    return f'class="{classes}"' + (f' fill="{_LIGHT[fill]}"' if fill else "") + (f' stroke="{_LIGHT[stroke]}"' if stroke else "")


def _patterns() -> str:
    """Stripes and dots, so that nothing rests on colour alone."""

    def pattern(id_: str, size: float, body: str, turn: int = 0, *, over: bool = False) -> str:
        turned = f' patternTransform="rotate({turn})"' if turn else ""
        body = body if over else f'<path d="M-1 -1H12V12H-1Z" {_paint("skin")}/>{body}'
        return f'<pattern id="{OWN}{id_}" width="{written(size)}" height="{written(size)}" patternUnits="userSpaceOnUse"{turned}>{body}</pattern>'

    return (
        "<defs>"
        + pattern("some", 6.5, f'<path d="M0 3H7" stroke-width="1.1" stroke-opacity=".85" {_paint(stroke="some")}/>', 45)
        + pattern(
            "main",
            4,
            f'<path d="M0 0H4V4H0Z" fill-opacity=".28" {_paint("mainwash")}/><path d="M0 2H4" stroke-width=".7" stroke-opacity=".7" {_paint(stroke="main")}/>',
            -45,
        )
        + pattern("main-over", 7, f'<path d="M0 3.5H7" stroke-width="1.3" {_paint(stroke="main")}/>', -45, over=True)
        + pattern("less-over", 7, f'<circle cx="3.5" cy="3.5" r="1.1" {_paint("main")}/>', over=True)
        + pattern("less", 5, f'<circle cx="1.25" cy="1.25" r=".6" {_paint("less")}/><circle cx="3.75" cy="3.75" r=".6" {_paint("less")}/>')
        + _stipple("stipple", 11, 0.95)
        + _stipple("stipple-fine", 5.5, 0.48)
        + f'<filter id="{OWN}soft"><feGaussianBlur stdDeviation="3"/></filter>'
        + f'<filter id="{OWN}softer"><feGaussianBlur stdDeviation="1.3"/></filter>'
        + pattern("free", 11, f'<path d="M1 2.5H4.5M6.5 8H10" stroke-width=".9" stroke-opacity=".6" {_paint(stroke="free")}/>')
        + f'<marker id="{OWN}tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
        + f'<path d="M0 1L8 4L0 7Z" {_paint("mark")}/></marker>'
        + f'<clipPath id="{OWN}strip"><rect x="{written(-STRIP)}" y="-10" width="{written(2 * STRIP)}" height="800"/></clipPath></defs>'
    )


STIPPLE = (
    (1.2, 1.5),
    (4.6, 0.9),
    (8.3, 2.1),
    (2.9, 4.3),
    (6.4, 4.9),
    (9.9, 5.6),
    (1.0, 7.4),
    (4.4, 8.0),
    (7.8, 8.6),
    (2.6, 10.2),
    (10.1, 9.7),
)
"""Dots of the lesser zone in a square of eleven, nowhere in rows."""


def _stipple(id_: str, size: float, dot: float) -> str:
    dots = "".join(f'<circle cx="{written(x * size / 11)}" cy="{written(y * size / 11)}" r="{written(dot)}"/>' for x, y in STIPPLE)
    return f'<pattern id="{OWN}{id_}" width="{written(size)}" height="{written(size)}" patternUnits="userSpaceOnUse"><g {_paint("sends")}>{dots}</g></pattern>'


def words_at(x: float, y: float, text: str, size: float = 13, colour: str = "ink", more: str = "") -> str:
    """A line of text."""
    return f'<text x="{written(x)}" y="{written(y)}" font-size="{written(size)}" {_paint(colour)}{more}>{escape(text, quote=False)}</text>'


# --- drawing ----------------------------------------------------------------------------------------------------------


class _Drawing:
    """One picture: the views wanted, what is marked in them, and the muscles shown as sources."""

    def __init__(
        self,
        base: KnowledgeBase,
        marks: Mapping[Place, Mark],
        sources: Sequence[Source] = (),
        targets: Mapping[int, Sequence[Place]] | None = None,
    ) -> None:
        self.base, self.marks, self.sources = base, marks, sources
        self.targets = targets or {}
        self.zones: dict[Place, set[tuple[str, bool]]] = {}
        for source in sources:
            for place, zone, midline in source.zones:
                self.zones.setdefault(place, set()).add((zone, midline))

    def view(self, view: View, *, captioned: bool = True) -> Iterator[str]:
        x, y = view.at
        if captioned:
            left, top, wide, _ = view.box
            cx, cy = view.on_page((left + wide / 2, top))
            yield words_at(cx, cy - 12, view.caption, 13 if view.id in MAIN_VIEWS else 11, "soft", ' text-anchor="middle"')
            yield from _lettered(view)
        yield f'<g transform="translate({written(x)} {written(y)})' + (f" scale({written(view.scale)})" if view.scale != 1 else "") + '">'
        yield f'<g stroke-width="{written(0.7 / view.scale)}" stroke-linejoin="round" {_paint("skin", "line")}>'
        yield from (self._region(view, shape) for shape in sorted(view.shapes, key=self._rank))
        yield "</g>"
        yield f'<g pointer-events="none" fill="none" stroke-linecap="round" stroke-linejoin="round" {_paint(stroke="detail")} stroke-width="{written(0.8 / view.scale)}">'
        yield from (f'<path d="{line}"/>' for line in view.lines)
        yield "</g>"
        yield '<g pointer-events="none">'
        for shape in view.shapes:
            yield from self._over(shape)
        yield f'</g><g pointer-events="none" stroke-linejoin="round" stroke-width="{written(1 / view.scale)}">'
        for source in self.sources:
            for belly in _lying(source, view):
                yield from _belly(belly, view.scale)
        yield "</g>"
        yield f'<g pointer-events="none" fill="none" stroke-linejoin="round" stroke-width="{written(1.5 / view.scale)}" {_paint(stroke="edge")}>'
        yield from (f'<path d="{one}"/>' for one in view.outline)
        yield "</g></g>"

    def _rank(self, shape: Shape) -> int:
        """What is drawn later lies on top: pain over all else."""
        place = place_of(self.base, shape)
        mark = self.marks.get(place, Mark()) if place else Mark()
        return 3 if mark.pain else 2 if mark.somewhere else 1 if place in self.zones else 0

    def _region(self, view: View, shape: Shape) -> str:
        place = place_of(self.base, shape)
        if place is None:
            return f'<path d="{shape.path.text()}"/>'
        mark = self.marks.get(place, Mark())
        said = f": {_said(mark)}" if _said(mark) else ""
        return (
            f'<path data-view="{view.id}" data-region="{escape(shape.region)}" data-side="{shape.side}"'
            f'{self._look(view, shape, mark, place)} d="{shape.path.text()}"><title>{escape(place_name(self.base, place) + said, quote=False)}</title></path>'
        )

    def _look(self, view: View, shape: Shape, mark: Mark, place: Place) -> str:
        """The attributes of a region: its shade or pattern, and a bold border where it hurts."""
        border = written(1.5 / view.scale)
        if mark.pain:
            return f' {_paint(f"pain{mark.pain}", "pain5")} stroke-width="{border}"'
        if mark.somewhere:
            return f' fill="url(#{OWN}some)" {_paint(stroke="some")}'
        if mark.free:
            return f' fill="url(#{OWN}free)"'
        zone, strip = self._zone(shape, place)
        if not zone or strip or mark.midline:
            return ""
        return f' fill="url(#{OWN}{zone})"'

    def _zone(self, shape: Shape, place: Place) -> tuple[str, bool]:
        """The zone in which a region lies, the main one before the lesser; and whether only its strip on the midline does."""
        zones = self.zones.get(place, set())
        for pattern in ("main", "less"):
            found = {midline for zone, midline in zones if (zone == "essential") == (pattern == "main")}
            if found:
                return pattern, shape.split and found == {True}
        return "", False

    def _over(self, shape: Shape) -> Iterator[str]:
        """What lies over a region: pain on the midline, and the zone of a muscle where it hurts."""
        place = place_of(self.base, shape)
        if place is None:
            return
        mark = self.marks.get(place, Mark())
        if mark.midline and not mark.pain and shape.split:
            yield f'<path clip-path="url(#{OWN}strip)" {_paint(f"pain{mark.midline}")} d="{shape.path.text()}"/>'
        zone, strip_only = self._zone(shape, place)
        if zone and (mark != Mark() or strip_only):
            clip = f' clip-path="url(#{OWN}strip)"' if strip_only else ""
            yield f'<path fill="url(#{OWN}{zone}-over)"{clip} d="{shape.path.text()}"/>'

    # --- crosses and arrows

    def crosses(self, within: Sequence[str]) -> Iterator[str]:
        """The number of each muscle, with a cross where the figure does not know it, and arrows to the pain it explains."""
        crosses: dict[tuple[str, Point], int] = {}
        arrows: list[str] = []
        signs: list[str] = []
        for source in self.sources:
            for view, spot, reached in self._stations(source, within):
                taken = sum(1 for (name, (x, y)) in crosses if name == view.id and abs(x - spot[0]) < 12 and -6 < y - spot[1] < 40)
                here = (spot[0], spot[1] + 15 * taken)
                crosses[view.id, here] = source.number
                x, y = view.on_page(here)
                signs.append(_cross(x, y, source.number, crossed=not _lying(source, view)))
                arrows += [line for other, at in reached if (line := _arrow((x, y), other.on_page(at), straight=other is view))]
        yield from arrows
        yield from signs

    def signs(self) -> Iterator[tuple[str, str, str]]:
        """What the legend says of how muscles are shown."""
        known = {bool(seen_on(source.muscle)) for source in self.sources}
        if True in known:
            yield "belly", "fibres", "the muscles shown, with their numbers; arrow: pain one could explain"
        if False in known or not known:
            yield "", "cross", "where the muscle lies; arrow: pain it could explain"

    def _stations(self, source: Source, within: Sequence[str]) -> list[tuple[View, Point, list[tuple[View, Point]]]]:
        """
        Where the cross of a muscle stands, and what each cross points at.

        The first view is the one that shows most of the muscle and of the pain it explains; another view gets a cross of its own
        only if it shows both the muscle and pain that the first does not show.
        """
        views = [view for name, view in figure().views.items() if name in within]
        drawn = [view for view in views if _lying(source, view)]
        spots = {view.id: spot for view in drawn or views if (spot := self.spot(view, source)) is not None}
        if not spots:
            return []
        order = [view.id for view in views]
        wanted = list(self.targets.get(source.number, ()))
        targets = [place for place in wanted if not _apart(place, source.side)]
        seen = {view.id: [(place, at) for place in targets if (at := self._at(view, place)) is not None] for view in views}
        lying = {view.id: sum(1 for _ in _shown(source.lies, view)) for view in views}
        ranked = sorted(spots, key=lambda v: (v not in MAIN_VIEWS, -len(seen[v]) - lying[v], order.index(v)))
        stations: dict[str, list[tuple[View, Point]]] = {ranked[0]: []}
        by_id = {view.id: view for view in views}
        for place in targets:
            homes = [v for v in ranked if any(p == place for p, _ in seen[v])]
            home = next((v for v in homes if v in stations), homes[0] if homes else None)
            if home is not None:
                at = next(at for p, at in seen[home] if p == place)
                stations.setdefault(home, []).append((by_id[home], at))
            else:
                away = [v for v in order if any(p == place for p, _ in seen[v])]
                if away:
                    at = next(at for p, at in seen[away[0]] if p == place)
                    stations[ranked[0]].append((by_id[away[0]], at))
        kept = {v: reached for v, reached in stations.items() if reached} or stations
        return [(by_id[v], spots[v], reached) for v, reached in kept.items()]

    def spot(self, view: View, source: Source) -> Point | None:
        """The middle of a muscle, or of the regions where it lies."""
        drawn = _lying(source, view)
        if drawn:
            return drawn[len(drawn) // 2].middle
        shapes = list(_shown(source.lies, view))
        if not shapes:
            return None
        middle = (sum(s.at[0] for s in shapes) / len(shapes), sum(s.at[1] for s in shapes) / len(shapes))
        return middle if any(shape.path.contains(middle) for shape in shapes) else shapes[0].at

    def _at(self, view: View, place: Place) -> Point | None:
        mark = self.marks.get(place, Mark())
        middle = bool(mark.midline) and not mark.pain
        shapes = (shape for shape in _shown((place,), view) if shape.split or not middle)
        return next(((0.0, shape.at[1]) if middle else shape.at for shape in shapes), None)


def _apart(place: Place, side: str | None) -> bool:
    """Whether a place is on the other side of the body."""
    return place[1] in SIDES and side in SIDES and place[1] != side


def _shown(wanted: Iterable[Place], view: View) -> Iterator[Shape]:
    for place in wanted:
        yield from (shape for _, shape in shapes_of(place, (view.id,)))


def _lying(source: Source, view: View) -> tuple[Belly, ...]:
    """The bellies of a muscle shown as a source, in one view."""
    return bellies(source.muscle, source.side, view) if source.side else ()


def _cross(x: float, y: float, number: int, *, crossed: bool = True) -> str:
    arms = f"M{written(x - 5)} {written(y - 5)}L{written(x + 5)} {written(y + 5)}M{written(x + 5)} {written(y - 5)}L{written(x - 5)} {written(y + 5)}"
    tag = ""
    if number:
        right, up = (10, 9) if crossed else (0, 0)
        tag = f'<circle cx="{written(x + right)}" cy="{written(y - up)}" r="6.5" stroke-width="1.2" {_paint("halo", "mark")}/>' + words_at(
            x + right, y - up + 3.4, str(number), 9.5, "mark", ' text-anchor="middle" font-weight="700"'
        )
    if not crossed:
        return f'<g class="mps-cross">{tag}</g>'
    return (
        f'<g class="mps-cross"><path d="{arms}" fill="none" stroke-width="5.5" stroke-linecap="round" {_paint(stroke="halo")}/>'
        f'<path d="{arms}" fill="none" stroke-width="2.6" stroke-linecap="round" {_paint(stroke="mark")}/>{tag}</g>'
    )


def _arrow(start: Point, end: Point, *, straight: bool) -> str:
    """A slim arrow, bowed a little; broken where it leads from one view to another; none where both ends meet."""
    (x1, y1), (x2, y2) = start, end
    far = math.dist(start, end)
    if far < 16:
        return ""
    ux, uy = (x2 - x1) / far, (y2 - y1) / far
    x1, y1 = x1 + 8 * ux, y1 + 8 * uy
    bow = 0.12 * far if straight else 0.1 * far
    cx, cy = (x1 + x2) / 2 - uy * bow * (1 if x2 >= x1 else -1), (y1 + y2) / 2 + ux * bow * (1 if x2 >= x1 else -1)
    d = f"M{written(x1)} {written(y1)}Q{written(cx)} {written(cy)} {written(x2)} {written(y2)}"
    dashes = "" if straight else ' stroke-dasharray="6 4"'
    return (
        f'<path class="mps-arrow s-halo" stroke="{_LIGHT["halo"]}" d="{d}" fill="none" stroke-width="3.2" stroke-opacity=".7"/>'
        f'<path class="mps-arrow s-mark" stroke="{_LIGHT["mark"]}" d="{d}" fill="none" stroke-width="1.1"{dashes} marker-end="url(#{OWN}tip)"/>'
    )


def _said(mark: Mark) -> str:
    if mark.pain:
        return "pain"
    if mark.midline:
        return "pain on the midline"
    if mark.somewhere:
        return "pain somewhere here"
    return "free of pain" if mark.free else ""


# --- legend -----------------------------------------------------------------------------------------------------------


def _swatch(x: float, y: float, fill: str, pattern: str = "") -> str:
    box = f'x="{written(x)}" y="{written(y)}" width="26" height="14" rx="2"'
    over = f'<rect {box} fill="url(#{OWN}{pattern})"/>' if pattern else ""
    return f'<rect {box} stroke-width=".8" {_paint(fill, "edge")}/>{over}'


def key(x: float, y: float, rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """The key to what a picture shows: a colour, a pattern and what they mean, line by line."""
    for number, (fill, pattern, words) in enumerate(rows):
        top = y + 21 * number
        if pattern == "cross":
            yield _cross(x + 13, top + 7, 0)
        elif pattern == "shades":
            for n in range(5):
                yield f'<rect x="{written(x + 14 * n)}" y="{written(top)}" width="14" height="14" {_paint(f"pain{n + 1}")}/>'
            yield f'<rect x="{written(x)}" y="{written(top)}" width="70" height="14" fill="none" stroke-width=".8" {_paint(stroke="edge")}/>'
        elif pattern == "fibres":
            yield _swatch(x, top, fill)
            yield f'<path d="M{written(x + 2)} {written(top + 3.5)}h22m-22 3.5h22m-22 3.5h22" fill="none" stroke-width=".8" {_paint(stroke="fibre")}/>'
        elif pattern == "sent":
            yield _swatch(x, top, "skin")
            yield f'<rect x="{written(x + 4)}" y="{written(top + 3)}" width="18" height="8" rx="4" filter="url(#{OWN}softer)" {_paint("sends")}/>'
        else:
            yield _swatch(x, top, fill, pattern)
        yield words_at(x + (78 if pattern == "shades" else 36), top + 11.5, words, 12.5)


def _lines(x: float, y: float, lines: Iterable[tuple[str, str]], size: float = 12.5, leading: float = 17) -> Iterator[str]:
    for number, (line, colour) in enumerate(lines):
        yield words_at(x, y + leading * number, line, size, colour)


def framed(width: float, height: float, title: str, description: str, body: Iterable[str]) -> str:
    """A picture, with ids that no other picture has: they are made of all that it shows."""
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mps-map" viewBox="0 0 {written(width)} {written(height)}" role="img" '
        f'aria-labelledby="{OWN}title {OWN}desc" font-family="{escape(FONT)}">'
        f'<title id="{OWN}title">{escape(title, quote=False)}</title><desc id="{OWN}desc">{escape(description, quote=False)}</desc>'
        f'{_style()}{_patterns()}<rect width="100%" height="100%" {_paint("paper")}/>\n' + "\n".join(body) + "\n</svg>\n"
    )
    return picture.replace(OWN, f"mps-{hashlib.sha256(picture.encode()).hexdigest()[:10]}-")


# --- the pictures -----------------------------------------------------------------------------------------------------


def blank_map(base: KnowledgeBase) -> str:
    """The figure alone; every region has its view, name and side, so that a page can make it clickable."""
    drawing = _Drawing(base, {})
    width, height = figure().size
    body = [
        words_at(24, 34, "Body map", 20, "ink", ' font-weight="600"'),
        *(part for view in figure().views.values() for part in drawing.view(view)),
    ]
    description = "A standing figure from the front, from behind and from both sides, with details of face, hands, feet and pelvis, divided into regions."
    return framed(width, height, "Body map", description, body)


def body_map(assessment: Assessment, base: KnowledgeBase) -> str:
    """
    The pain of one patient, and the muscles that could send it (at most three groups), as an SVG picture.

    Painful regions are shaded by intensity; where only a group of regions, or no side, was given, all that may be meant is striped.
    """
    facts = Facts(terrain_of(base), assessment.findings)
    hurting = facts.pain_map.painful
    groups = grouped_candidates(assessment)
    sources = sources_of(base, assessment, hurting)
    marks = marks_of(base, facts)
    drawing = _Drawing(base, marks, sources, {n: targets_of(marks, parts[0]) for n, parts in enumerate(groups, 1)})
    width, top = figure().size
    legend = [_legend(base, number, parts, sources) for number, parts in enumerate(groups, 1)]
    notes = _notes(base, hurting, marks)
    height = top + 40 + max(21.0 * 8 + 12, 20.0 + sum(17 * len(lines) + 9 for lines in legend)) + 17 * len(notes) + 34
    title = "Body map: where it hurts, and which muscles could send this pain"
    body = [
        words_at(24, 34, title, 20, "ink", ' font-weight="600"'),
        words_at(24, 54, "The patient's left is on the right of the picture from the front, and on its left from behind.", 12.5, "soft"),
        *(part for view in figure().views.values() for part in drawing.view(view)),
        *drawing.crosses(tuple(figure().views)),
        f'<path d="M24 {top + 2}H{width - 24}" stroke-width=".8" {_paint(stroke="line")}/>',
        *key(
            24,
            top + 22,
            [
                ("", "shades", "pain, faint to strong (middle: strength not given)"),
                ("skin", "some", "pain somewhere here: a larger region or no side was given"),
                ("skin", "free", "known to be free of pain"),
                ("skin", "main", "main zone: where the muscles shown mostly send pain"),
                ("skin", "less", "lesser zone: where they send it at times"),
                ("pain3", "main-over", "stripes, or dots, over it: pain in a main, or lesser, zone"),
                *drawing.signs(),
                ("skin", "", "not known"),
            ],
        ),
        *_muscle_key(500, top + 34, legend),
    ]
    y = height - 22 - 17 * len(notes)
    body += _lines(24, y, [(note, "ink") for note in notes])
    used = assessment.knowledge
    body.append(
        words_at(
            24,
            height - 12,
            f"For clinicians, beside their own judgement; no diagnosis. Rules {used.id} {used.version}, {used.status}, digest {used.digest[:12]}.",
            11,
            "soft",
        )
    )
    return framed(width, height, title, _description(base, hurting, groups, sources), body)


def _legend(base: KnowledgeBase, number: int, parts: Sequence[MuscleCandidate], sources: Sequence[Source]) -> list[str]:
    """One entry of the legend, in lines."""
    best = parts[0]
    sides = shown_sides(best, number, sources)
    rest = [label for label in dict.fromkeys(part.label for part in parts) if label != best.label]
    also = f" (also of this group: {'; '.join(map(lowered, rest[:3]))}{' ...' if len(rest) > 3 else ''})" if rest else ""
    explained = [lowered(base.vocabulary.regions[r].label) for r in best.explains if r in base.vocabulary.regions]
    doubt = "; side of the pain not given" if best.side_assumed else ""
    confidence = f"; confidence of the pattern: {best.confidence}" if best.confidence not in ("", "high") else ""
    text = f"{best.label}, {sides}: {_state(base, best.status)}{confidence}{doubt}{also}."
    could = f"Could explain: {', '.join(explained[:5])}{f' and {len(explained) - 5} more' if len(explained) > 5 else ''}."
    return [f"{number}  {wrap(text, 104)[0]}", *wrap(text, 104)[1:3], *wrap(could, 104)[:2]]


def _state(base: KnowledgeBase, status: str) -> str:
    words = {state.state: state.label for state in base.pack.muscle_states}
    words |= {"not_examined": "not examined", "no_trigger_point": "examined, no trigger point", "examined": "examined, not settled"}
    return words.get(status, status.replace("_", " "))


def _muscle_key(x: float, y: float, legend: Sequence[Sequence[str]]) -> Iterator[str]:
    if not legend:
        yield words_at(x, y, "No muscle of the rules explains the pain listed.", 12.5, "soft")
        return
    yield words_at(x, y, "Muscles that could send this pain, best first", 13, "ink", ' font-weight="600"')
    y += 20
    for lines in legend:
        for number, line in enumerate(lines):
            yield words_at(x if number == 0 else x + 17, y, line, 12.5, "ink" if number == 0 else "soft")
            y += 17
        y += 9


def _notes(base: KnowledgeBase, hurting: Sequence[Pain], marks: Mapping[Place, Mark]) -> list[str]:
    """What the picture cannot show by itself."""
    words, tree = base.vocabulary, terrain_of(base).tree
    unsided = [p.region for p in hurting if p.side is None and any(words.regions[leaf].sides for leaf in tree.leaves[p.region])]
    notes = []
    if unsided:
        names = ", ".join(lowered(words.regions[region].label) for region in dict.fromkeys(unsided))
        notes.append(f"? Side not given, both sides striped: {shorten(names, 150, placeholder=' ...')}.")
    drawn = {shape.region for view in figure().views.values() for shape in view.shapes}
    missing = [lowered(words.regions[p[0]].label) for p, mark in marks.items() if not mark.free and p[0] not in drawn]
    if missing:
        notes.append(f"Not on the drawing: {shorten(', '.join(dict.fromkeys(missing)), 150, placeholder=' ...')}.")
    return notes


def _description(
    base: KnowledgeBase, hurting: Sequence[Pain], groups: Sequence[Sequence[MuscleCandidate]], sources: Sequence[Source]
) -> str:
    """The picture in words."""
    pains = [_pain_in_words(base, pain) for pain in hurting]
    told = f"Pain in: {'; '.join(pains)}." if pains else "No pain is listed."
    muscles = [
        f"{parts[0].label} ({shown_sides(parts[0], number, sources)}, {_state(base, parts[0].status)})"
        for number, parts in enumerate(groups, 1)
    ]
    shown = f" Muscles shown: {'; '.join(muscles)}." if muscles else " No muscle is shown."
    return told + shown


def _pain_in_words(base: KnowledgeBase, pain: Pain) -> str:
    region = base.vocabulary.regions[pain.region]
    leaves = terrain_of(base).tree.leaves[pain.region]
    side = pain.side or ("side not given" if any(base.vocabulary.regions[leaf].sides for leaf in leaves) else "")
    strength = f"{pain.intensity:g} of 10" if pain.intensity is not None else ""
    group = "somewhere in it" if leaves != (pain.region,) else ""
    more = ", ".join(part for part in (side, group, strength) if part)
    return lowered(region.label) + (f" ({more})" if more else "")


# --- one muscle -------------------------------------------------------------------------------------------------------


def muscle_picture(base: KnowledgeBase, muscle: str, side: str = "left") -> str:
    """
    Where one muscle, or group of muscles, lies and where it sends pain, in the manner of a trigger point chart.

    Raises:
        KeyError: the knowledge base has no such muscle.

    """
    terrain, words = terrain_of(base), base.vocabulary
    edges = terrain.referral.edges(muscle)
    chart = Chart(base, muscle, side)
    title = f"{words.muscle_label(muscle)}, {side}"
    lies = ", ".join(words.name("region", place) for place in terrain.referral.places(muscle))
    panels: list[str] = []
    x, tallest = 24.0, 0.0
    seen = [(view, chart.frame(view)) for view in chart.views()]
    zooms = [min(2.0 if view.id in MAIN_VIEWS else 3.0, 400 / frame[3], 460 / frame[2]) for view, frame in seen]
    fits = min(1.0, ROOM / sum(frame[2] * zoom for (_, frame), zoom in zip(seen, zooms, strict=True)))
    for (view, frame), zoom in zip(seen, zooms, strict=True):
        width, height = frame[2] * zoom * fits, frame[3] * zoom * fits
        panels += chart.panel(view, frame, (x, 86.0, width, height))
        panels += _named(view, x, width, 78)
        x += width + 24
        tallest = max(tallest, height)
    width = max(x, 620.0)
    y = 86 + tallest + 22
    rows = [
        ("belly", "fibres", f"the muscle and the way its fibres run{', broken: it lies deep' if chart.deep else ''}")
        if chart.drawn
        else ("", "cross", "where the muscle lies"),
        ("skin", "sent", "main zone: where it mostly sends pain"),
        ("skin", "stipple", "lesser zone: where it sends pain at times"),
    ]
    told = [
        f"Main zone: {_zone_words(base, edges, 'essential') or 'none'}. Lesser zone: {_zone_words(base, edges, 'spillover') or 'none'}."
    ]
    told.append(f"Sources: {', '.join(dict.fromkeys(ref for edge in edges for ref in edge.references)) or 'none'}.")
    if chart.sites:
        rows.append(("", "cross", "trigger point, as commonly charted: examine the whole muscle"))
        told += [f"Trigger points: {site.told}. Source: {site.source}." for site in chart.sites]
    body = [*defined(figure().views[view.id] for view in chart.views()), *panels, *key(24, y, rows)]
    y += 19 + 21 * len(rows)
    for number, line in enumerate(told):
        wrapped = wrap(line, int((width - 48) / 6.1))
        body += _lines(24, y, [(row, "soft" if number else "ink") for row in wrapped], 12)
        y += 17 * len(wrapped)
    body += [
        words_at(24, 34, title, 20, "ink", ' font-weight="600"'),
        words_at(24, 53, f"Lies in: {lies}", 12.5, "soft"),
        words_at(24, y + 4, f"Rules {base.pack.id} {base.pack.version}, {base.pack.status}, digest {base.digest[:12]}.", 11, "soft"),
    ]
    return framed(width, y + 16, title, f"{title}. Lies in: {lies}. {told[0]}", body)


class Chart:
    """One muscle, or group of muscles, on one side: its bellies, the sites charted, and the zones it sends pain to, in any view."""

    def __init__(self, base: KnowledgeBase, muscle: str, side: str) -> None:
        self.base, self.side = base, side
        self.source = source_of(base, 0, muscle, side)
        words = base.vocabulary
        self.parts = (muscle,) if muscle in words.muscles else tuple(m.id for m in words.muscles.values() if m.group == muscle)
        self.bellies = {
            name: [belly for part in self.parts for belly in bellies(part, side, view)] for name, view in figure().views.items()
        }
        self.charted = {name: [found for part in self.parts if (found := sites(part, side, view))] for name, view in figure().views.items()}
        self.wanted = list(dict.fromkeys([*self.source.lies, *(place for place, _, _ in self.source.zones)]))

    @cached_property
    def drawn(self) -> bool:
        """Whether the figure knows the muscle."""
        return any(self.bellies.values())

    @cached_property
    def deep(self) -> bool:
        """Whether some of it lies deep."""
        return any(belly.deep for name in self.bellies for belly in self.bellies[name])

    @cached_property
    def sites(self) -> list[Sites]:
        """What is said of where its trigger points are charted."""
        return [site for name in self.charted for site in self.charted[name]]

    @cached_property
    def home(self) -> View | None:
        """The view that shows the muscle best."""
        best = next((drawn for part in self.parts for drawn in seen_on(part)[:1]), "")
        return next((view for name, view in figure().views.items() if view.drawing == best and self.bellies[name]), None)

    def views(self) -> list[View]:
        """The fewest views that show the muscle and every zone: whole figures first, for what is drawn apart other details."""
        shown = {name: {place for place in self.wanted if any(_shown((place,), view))} for name, view in figure().views.items()}
        order = list(figure().views)
        needed = [self.home.id] if self.home else []
        whole = not self.home or self.home.id in MAIN_VIEWS
        zones = {place for place, _, _ in self.source.zones}
        left = (zones if needed else set(self.wanted)) - {place for name in needed for place in shown[name]}
        while left:
            first = set() if needed else set(self.source.lies)
            best = max(order, key=lambda v: (len(shown[v] & left) + 2 * len(shown[v] & first), (v in MAIN_VIEWS) is whole, -order.index(v)))
            if not shown[best] & left:
                break
            needed.append(best)
            left -= shown[best]
        return [figure().views[name] for name in sorted(needed, key=order.index)]

    def frame(self, view: View, least: float = 230.0, most: float = math.inf) -> Frame:
        """
        The part of a view that is needed: the muscle, its zones and a margin, never too little to know where one is.

        Args:
            view: the view.
            least: so much of the height is shown.
            most: from the midline of a front or back, no more is shown than this where nothing wanted lies beyond it.

        """
        x, y, wide, high = view.box
        if view.id not in MAIN_VIEWS:
            return x - 4, y - 4, wide + 8, high + 8
        points = [point for shape in _shown(self.wanted, view) for polygon in shape.path.polygons for point in polygon]
        points += [point for belly in self.bellies[view.id] for polygon in belly.border.polygons for point in polygon]
        top, bottom = min(p[1] for p in points) - MARGIN, max(p[1] for p in points) + MARGIN
        for _ in range(2):
            if bottom - top < least:
                top, bottom = top - (least - bottom + top) / 2, bottom + (least - bottom + top) / 2
            top, bottom = max(top, y - 6), min(bottom, y + high + 6)
        between = [p[0] for shape in view.shapes for polygon in shape.path.polygons for p in polygon if top <= p[1] <= bottom]
        if view.turned.keys() == set(SIDES):
            furthest = max(abs(p[0]) for p in points) + 10
            reach = math.inf if furthest > LEGS + MARGIN else max(furthest, LEGS if top > WRISTS else most)
            between = [x for x in between if abs(x) < reach]
        left, right = min(between) - 6, max(between) + 6
        if min(p[0] for p in points) > ARM:
            left = -ARM / 2
        elif max(p[0] for p in points) < -ARM:
            right = ARM / 2
        return left, top, right - left, bottom - top

    def panel(self, view: View, frame: Frame, at: Frame, target: str = "") -> Iterator[str]:
        """One view: the body, soft shading where the muscle sends pain (or only in one target region), the muscle, and its sites."""
        zoom = at[2] / frame[2]
        yield (
            f'<svg x="{written(at[0])}" y="{written(at[1])}" width="{written(at[2])}" height="{written(at[3])}" '
            f'viewBox="{" ".join(map(written, frame))}">'
        )
        yield f'<use href="#{OWN}{view.id}" {_paint("skin")}/>'
        yield f'<g clip-path="url(#{OWN}{view.id}-body)">'
        essential = [(place, midline) for place, zone, midline in self.source.zones if zone == "essential" and target in ("", place[0])]
        lesser = [(place, midline) for place, zone, midline in self.source.zones if zone != "essential" and target in ("", place[0])]
        soft = "soft" if view.id in MAIN_VIEWS else "softer"
        yield f'<g filter="url(#{OWN}{soft})" fill-opacity=".9" {_paint("sends")}>'
        yield from self._zones(view, essential)
        yield f'</g><g fill="url(#{OWN}stipple{"" if view.id in MAIN_VIEWS else "-fine"})">'
        yield from self._zones(view, [one for one in lesser if one[0] not in {place for place, _ in essential}])
        yield "</g></g>"
        yield (
            f'<use href="#{OWN}{view.id}-lines" fill="none" stroke-linecap="round" stroke-width="{written(0.8 / zoom)}" {_paint(stroke="detail")}/>'
        )
        yield f'<g stroke-linejoin="round" stroke-linecap="round" stroke-width="{written(1 / zoom)}">'
        for belly in self.bellies[view.id]:
            yield from _belly(belly, zoom)
        yield "</g>"
        yield f'<use href="#{OWN}{view.id}" fill="none" stroke-linejoin="round" stroke-width="{written(1.5 / zoom)}" {_paint(stroke="edge")}/>'
        spots = [at for site in self.charted[view.id] for at in site.at]
        if not self.drawn and any(_shown(self.source.lies, view)):
            spots = [spot for spot in [_Drawing(self.base, {}).spot(view, self.source)] if spot]
        yield from (
            f'<g transform="translate({written(x)} {written(y)}) scale({written(min(1.1 / zoom, 0.8))})">{_cross(0, 0, 0)}</g>'
            for x, y in spots
        )
        yield "</svg>"

    def _zones(self, view: View, zones: Iterable[tuple[Place, bool]]) -> Iterator[str]:
        for place, midline in dict(zones).items():
            for shape in _shown((place,), view):
                clip = f' clip-path="url(#{OWN}strip)"' if midline and shape.split else ""
                yield (
                    f'<path data-view="{view.id}" data-region="{escape(shape.region)}" data-side="{shape.side}"{clip} d="{shape.path.text()}">'
                    f"<title>{escape(place_name(self.base, place), quote=False)}</title></path>"
                )


def _belly(belly: Belly, zoom: float) -> Iterator[str]:
    """A belly with its fibres; what lies deep is paler, its border broken."""
    look = f'fill-opacity=".38" stroke-dasharray="{written(3.5 / zoom)} {written(2.5 / zoom)}"' if belly.deep else 'fill-opacity=".82"'
    yield f'<path class="mps-belly f-belly s-fibre" fill="{_LIGHT["belly"]}" stroke="{_LIGHT["fibre"]}" fill-rule="evenodd" {look} d="{belly.border.text()}"/>'
    yield (
        f'<path fill="none" stroke-width="{written(0.7 / zoom)}" stroke-opacity="{".55" if belly.deep else ".8"}" {_paint(stroke="fibre")} '
        f'd="{belly.fibres.text(closed=False)}"/>'
    )


def defined(views: Iterable[View]) -> Iterator[str]:
    """The outline and the lines of some views, drawn once, and used wherever a picture shows them."""
    yield "<defs>"
    for view in views:
        yield f'<g id="{OWN}{view.id}">' + "".join(f'<path d="{one}"/>' for one in view.outline) + "</g>"
        yield f'<g id="{OWN}{view.id}-lines">' + "".join(f'<path d="{one}"/>' for one in view.lines) + "</g>"
        yield f'<clipPath id="{OWN}{view.id}-body">' + "".join(f'<path d="{one}"/>' for one in view.outline) + "</clipPath>"
    yield "</defs>"


def _named(view: View, x: float, width: float, y: float) -> Iterator[str]:
    """The caption of a panel, and the letters of the sides of the body where they stand."""
    yield words_at(x + width / 2, y, view.caption, 12.5, "soft", ' text-anchor="middle"')
    for letter, right in letters(view):
        yield words_at(x + width - 6 if right else x + 6, y, letter, 13, "ink", ' text-anchor="middle" font-weight="700"')


def _lettered(view: View) -> Iterator[str]:
    """The letters of the sides on the page, in the upper corners of a view."""
    left, top, wide, _ = view.box
    for letter, right in letters(view):
        covered = len(view.turned) == 1 and any(shape.path.contains((left + 3, top + 8)) for shape in view.shapes)
        x, y = view.on_page((left + wide, top) if right or covered else (left, top))
        yield words_at(x, y + 9, letter, 12, "ink", ' text-anchor="middle" font-weight="700"')


def letters(view: View) -> Iterator[tuple[str, bool]]:
    """R and L, and whether each stands at the right of the view."""
    if len(view.turned) == 1:
        yield from ((side[0].upper(), False) for side in view.turned)
    else:
        yield from ((side[0].upper(), not turned) for side, turned in view.turned.items())


def _zone_words(base: KnowledgeBase, edges: Iterable[Referral], zone: str) -> str:
    names: dict[str, None] = {}
    for edge in edges:
        if edge.zone == zone:
            doubt = "low confidence" if edge.confidence == "low" else ""
            where = {"bilateral": "both sides", "midline": "midline"}.get(edge.laterality, "")
            note = ", ".join(part for part in (where, doubt) if part)
            names[base.vocabulary.name("region", edge.region) + (f" ({note})" if note else "")] = None
    return ", ".join(names)
