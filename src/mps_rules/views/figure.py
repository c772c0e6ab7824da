"""
The figure of the body: views, outlines and the shape of every place; geometry only, it knows no patient.

The figure is data (``body.yaml``): half of it is drawn, the other half is its mirror image.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from mps_rules.language.reading import read_text

Point: TypeAlias = tuple[float, float]
MAIN_VIEWS = ("front", "back", "left", "right")
"""The views of the whole figure; the others are enlarged details."""
MIDLINE = "midline"

_WORD = re.compile(r"[MLCZ]|-?[0-9]+(?:\.[0-9]+)?")


@attrs.frozen
class Curve:
    """Subpaths of points: the first is where the pen is set down; a line adds one point, a curve three."""

    subpaths: tuple[tuple[tuple[Point, ...], ...], ...]

    @classmethod
    def read(cls, d: str) -> "Curve":
        """A path from its text (absolute M, L, C and Z only)."""
        found: list[list[tuple[Point, ...]]] = []
        numbers: list[float] = []
        command = ""
        for word in _WORD.findall(d):
            if word in "MLCZ":
                command = word
                continue
            numbers.append(float(word))
            if len(numbers) == (6 if command == "C" else 2):
                points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
                if command == "M":
                    found.append([points])
                    command = "L"
                else:
                    found[-1].append(points)
                numbers = []
        return cls(tuple(map(tuple, found)))

    def mirrored(self) -> "Curve":
        """The same path on the other side of the midline."""
        return Curve(tuple(tuple(tuple((-x, y) for x, y in step) for step in sub) for sub in self.subpaths))

    def whole(self) -> "Curve":
        """Half a shape on the midline, closed by its mirror image."""
        return Curve(tuple((*sub, *_backwards(mirror)[1:]) for sub, mirror in zip(self.subpaths, self.mirrored().subpaths, strict=True)))

    def text(self, *, closed: bool = True) -> str:
        """The path as text, short: each step counted from where the last one ended."""
        parts: list[str] = []
        for sub in self.subpaths:
            x, y = sub[0][0]
            parts.append(f"M{written(x)}{_joined(y)}")
            for step in sub[1:]:
                numbers = [number - origin for point in step for number, origin in zip(point, (x, y), strict=True)]
                parts.append(("c" if len(step) == 3 else "l") + "".join(map(_joined, numbers)).lstrip())
                x, y = step[-1]
            parts.append("z" if closed else "")
        return "".join(parts)

    @cached_property
    def polygons(self) -> tuple[tuple[Point, ...], ...]:
        """The subpaths as polygons, curves in eight straight steps."""
        return tuple(tuple(_flat(sub)) for sub in self.subpaths)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        across = [x for polygon in self.polygons for x, _ in polygon]
        down = [y for polygon in self.polygons for _, y in polygon]
        return min(across), min(down), max(across), max(down)

    def contains(self, point: Point) -> bool:
        """Whether a point lies inside (even-odd)."""
        left, top, right, bottom = self.bounds
        if not (left <= point[0] <= right and top <= point[1] <= bottom):
            return False
        return sum(_inside(polygon, point) for polygon in self.polygons) % 2 == 1


def _backwards(sub: Sequence[tuple[Point, ...]]) -> tuple[tuple[Point, ...], ...]:
    points = [step[-1] for step in sub]
    return ((points[-1],), *((*sub[number][:-1][::-1], points[number - 1]) for number in range(len(sub) - 1, 0, -1)))


def _flat(sub: Sequence[tuple[Point, ...]]) -> Iterator[Point]:
    here = sub[0][0]
    yield here
    for step in sub[1:]:
        if len(step) == 3:
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = here, *step
            for n in range(1, 8):
                t = n / 8
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3
        here = step[-1]
        yield here


def _inside(polygon: Sequence[Point], point: Point) -> bool:
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


@attrs.frozen(eq=False)
class Shape:
    """One region on one side in one view, in the view's own units."""

    region: str
    side: str
    path: Curve
    at: Point
    split: bool
    """It is one half of a region that meets its other half on the midline of this view."""


@attrs.frozen(eq=False)
class View:
    """One view of the figure, or one enlarged detail, and where it stands on the page."""

    id: str
    caption: str
    at: Point
    scale: float
    box: tuple[float, float, float, float]
    drawing: str
    turned: Mapping[str, bool]
    """The sides of the body that it shows, and whether the drawing is mirrored for each."""
    outline: tuple[str, ...]
    lines: tuple[str, ...]
    shapes: tuple[Shape, ...]

    @cached_property
    def by_place(self) -> dict[tuple[str, str], Shape]:
        """The shapes by region and side."""
        return {(shape.region, shape.side): shape for shape in self.shapes}

    def on_page(self, point: Point) -> Point:
        """Where a point of the drawing stands on the page."""
        return self.at[0] + point[0] * self.scale, self.at[1] + point[1] * self.scale


@attrs.frozen(eq=False)
class Figure:
    """All views, and the size of the page they stand on."""

    size: tuple[int, int]
    views: Mapping[str, View]


@lru_cache(maxsize=1)
def figure() -> Figure:
    """The figure as it is drawn, read once."""
    file = Path(__file__).with_name("body.yaml")
    data = read_text(file.read_text(encoding="utf-8"), file.name).data
    views = {id_: _view(id_, row, data["drawings"][row["drawing"]]) for id_, row in data["views"].items()}
    return Figure((data["size"][0], data["size"][1]), views)


def _view(id_: str, row: Mapping[str, Any], drawing: Mapping[str, Any]) -> View:
    half = drawing.get("half")
    drawn = half or drawing["whole"]
    outlines = [Curve.read(drawing[key]) for key in ("outline", "limb") if key in drawing]
    lines = Curve.read(drawing["lines"])
    turned = not half and row["side"] != drawn
    if half:
        outlines = [outline.whole() for outline in outlines]
    x, y, wide, high = row["box"]
    return View(
        id=id_,
        caption=row["caption"],
        at=(row["at"][0], row["at"][1]),
        scale=row["scale"],
        box=(x, y, wide, high),
        drawing=row["drawing"],
        turned={drawn: False, _other(drawn): True} if half else {row["side"]: turned},
        outline=tuple((outline.mirrored() if turned else outline).text() for outline in outlines),
        lines=tuple(one.text(closed=False) for one in ((lines, lines.mirrored()) if half else (lines.mirrored(),) if turned else (lines,))),
        shapes=tuple(
            shape for region, part in drawing["regions"].items() for shape in _shapes(region, part, drawn, half=bool(half), turned=turned)
        ),
    )


def _shapes(region: str, part: Mapping[str, Any], drawn: str, *, half: bool, turned: bool) -> Iterator[Shape]:
    path, (x, y) = Curve.read(part["d"]), part["at"]
    closed = part["d"].endswith("Z")
    if half and not closed:
        yield Shape(region, MIDLINE, path.whole(), (x, y), split=False)
    elif half:
        split = any(point[0] == 0 for sub in path.subpaths for step in sub for point in step)
        yield Shape(region, drawn, path, (x, y), split)
        yield Shape(region, _other(drawn), path.mirrored(), (-x, y), split)
    elif turned:
        yield Shape(region, _other(drawn), path.mirrored(), (-x, y), split=False)
    else:
        yield Shape(region, drawn, path, (x, y), split=False)


def _other(side: str) -> str:
    return "right" if side == "left" else "left"


def written(value: float) -> str:
    """A number with at most two decimals, in its shortest form."""
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-0", "0") if abs(value) < 0.005 else f"{value:.2f}".rstrip("0").rstrip(".")


def _joined(value: float) -> str:
    """
    A coordinate behind another: a minus sign parts them, else a space; one decimal, as the drawing has.

    >>> _joined(-0.44), _joined(12.0), _joined(0.04)
    ('-.4', ' 12', ' 0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    text = "0" if text in ("-0", "0") else text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
    return text if text.startswith("-") else f" {text}"
