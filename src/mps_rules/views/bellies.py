"""
The muscles on the figure: where each lies and which way its fibres run; geometry only, it knows no patient and no referral.

The muscles are data (``muscles.yaml``), drawn for one side on the drawings of the figure; the other side is the mirror image. A muscle is told
by the curves that bound it; its fibres lie between them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs

from mps_rules.language.reading import read_yaml
from mps_rules.views.figure import Curve, Point, View

APART = 2.3
"""How far fibres lie apart, in units of the figure."""
MOST_FIBRES = 11
ROUND = 0.5523
"""How far the handles of a curve reach that makes a quarter of a circle."""


@attrs.frozen(eq=False)
class Belly:
    """One belly of a muscle in one view: its border, its fibres, the middle of them, and whether it lies under other muscle or bone there."""

    border: Curve
    fibres: Curve
    middle: Point
    deep: bool

    @cached_property
    def mirrored(self) -> "Belly":
        """The same belly on the other side of the midline."""
        return Belly(self.border.mirrored(), self.fibres.mirrored(), (-self.middle[0], self.middle[1]), self.deep)


def bellies(muscle: str, side: str, view: View) -> tuple[Belly, ...]:
    """
    The bellies of a muscle that one view shows, on one side.

    >>> from mps_rules.views.figure import figure
    >>> [belly.deep for belly in bellies("piriformis", "left", figure().views["back"])]
    [True]
    """
    if side not in view.turned:
        return ()
    found = _drawn().get(muscle, {}).get(view.drawing, ())
    return tuple(belly.mirrored for belly in found) if view.turned[side] else found


def seen_on(muscle: str) -> tuple[str, ...]:
    """
    The drawings that show a muscle, the best first; none for a muscle that the figure does not know.

    >>> seen_on("sartorius"), seen_on("tensor_fasciae_latae")
    (('front',), ('side', 'front'))
    """
    return tuple(_drawn().get(muscle, ()))


@attrs.frozen
class Sites:
    """Where trigger points of a muscle are usually marked, in one view; in whose words, and whose they are."""

    at: tuple[Point, ...]
    told: str
    source: str


def sites(muscle: str, side: str, view: View) -> Sites | None:
    """
    Where trigger points of a muscle are commonly charted; None where no source that was read places them, or where another view shows it best.

    >>> from mps_rules.views.figure import figure
    >>> sites("trapezius_upper", "left", figure().views["back"]).at
    ((-38.0, 134.0),)
    >>> sites("trapezius_upper", "left", figure().views["front"])
    """
    row = _data()["sites"].get(muscle)
    if row is None or side not in view.turned or seen_on(muscle)[0] != view.drawing:
        return None
    mirror = -1 if view.turned[side] else 1
    return Sites(tuple((mirror * x, y) for point in row["at"] for x, y in _points(point)), row["told"], _data()["sources"][row["source"]])


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Any]:
    file = Path(__file__).with_name("muscles.yaml")
    data: Mapping[str, Any] = read_yaml(file.read_text(encoding="utf-8"), file.name).data
    return data


@lru_cache(maxsize=1)
def _drawn() -> Mapping[str, Mapping[str, tuple[Belly, ...]]]:
    found: dict[str, dict[str, tuple[Belly, ...]]] = {}
    for muscle, rows in _data()["muscles"].items():
        on = found.setdefault(muscle, {})
        for row in rows:
            on[row["on"]] = (*on.get(row["on"], ()), _belly(row))
    return found


def _belly(row: Mapping[str, Any]) -> Belly:
    deep = row.get("deep", False)
    if "ring" in row:
        return _ring(*_numbers(row["ring"]), deep=deep)
    tips = "line" in row
    edges = _beside(row["line"]) if tips else [_points(edge) for edge in row["edges"]]
    most = max(map(len, edges))
    edges = [[_along(edge, n / (most - 1)) for n in range(most)] for edge in edges]
    first, last = edges[0], edges[-1]
    ends = _end(edges, -1, -2) if tips else [edge[-1] for edge in edges]
    starts = _end(edges[::-1], 0, 1) if tips else [edge[0] for edge in reversed(edges)]
    border = Curve((((first[0],), *_smooth(first), *_smooth(ends), *_smooth(last[::-1]), *_smooth(starts)),))
    broad = max(math.dist(one, other) for one, other in zip(first, last, strict=True))
    number = min(MOST_FIBRES, max(2, round(broad / APART)))
    fibres = [_fibre(edges, (n + 1) / (number + 1), 0.1 if n % 2 else 0.03) for n in range(number)]
    return Belly(border, Curve(tuple(((fibre[0],), *_smooth(fibre)) for fibre in fibres)), _within(edges, 0.5, 0.5), deep)


def _ring(x: float, y: float, wide: float, high: float, hole: float, *, deep: bool) -> Belly:
    rings = [_ellipse(x, y, wide * part, high * part) for part in (1, hole)]
    between = [_ellipse(x, y, wide * part, high * part) for part in (hole + (1 - hole) / 3, hole + (1 - hole) * 2 / 3)]
    return Belly(Curve(tuple(rings)), Curve(tuple(between)), (x, y + high * (1 + hole) / 2), deep)


def _ellipse(x: float, y: float, wide: float, high: float) -> tuple[tuple[Point, ...], ...]:
    corners = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 0))
    at = [(x + a * wide, y + b * high) for a, b in corners]
    steps = [
        ((ax + ROUND * (bx - x), ay + ROUND * (by - y)), (bx + ROUND * (ax - x), by + ROUND * (ay - y)), (bx, by))
        for (ax, ay), (bx, by) in pairwise(at)
    ]
    return ((at[0],), *steps)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split()]


def _points(text: str) -> list[Point]:
    return [(x, y) for x, y in (_numbers(point) for point in text.split(","))]


def _beside(text: str) -> list[list[Point]]:
    """The two borders of a slender belly, from its middle and half its breadth."""
    line = [(x, y, half) for x, y, half in (_numbers(point) for point in text.split(","))]
    left, right = [], []
    for n, (x, y, half) in enumerate(line):
        (x1, y1, _), (x2, y2, _) = line[max(0, n - 1)], line[min(len(line) - 1, n + 1)]
        far = math.dist((x1, y1), (x2, y2))
        across, down = (y1 - y2) / far * half, (x2 - x1) / far * half
        left.append((x + across, y + down))
        right.append((x - across, y - down))
    return [left, right]


def _end(edges: Sequence[Sequence[Point]], last: int, before: int) -> list[Point]:
    """The rounded end of a slender belly."""
    (ax, ay), (bx, by) = edges[0][last], edges[-1][last]
    x, y = (ax + bx) / 2, (ay + by) / 2
    away = (x - (edges[0][before][0] + edges[-1][before][0]) / 2, y - (edges[0][before][1] + edges[-1][before][1]) / 2)
    reach = math.dist((ax, ay), (bx, by)) / 2 / math.hypot(*away)
    return [(ax, ay), (x + away[0] * reach, y + away[1] * reach), (bx, by)]


def _along(points: Sequence[Point], part: float) -> Point:
    """A point of the smooth curve through some points, 0 at its beginning and 1 at its end."""
    last = len(points) - 1
    n = min(int(part * last), last - 1)
    t = part * last - n
    one, two = points[n], points[n + 1]
    before = points[n - 1] if n else (2 * one[0] - two[0], 2 * one[1] - two[1])
    after = points[n + 2] if n + 2 <= last else (2 * two[0] - one[0], 2 * two[1] - one[1])
    x, y = (
        (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3) / 2
        for a, b, c, d in zip(before, one, two, after, strict=True)
    )
    return x, y


def _smooth(points: Sequence[Point]) -> Iterator[tuple[Point, ...]]:
    """The steps of the smooth curve from the first of some points through all others."""
    for n, (one, two) in enumerate(pairwise(points)):
        before, after = points[max(0, n - 1)], points[min(len(points) - 1, n + 2)]
        yield (
            (one[0] + (two[0] - before[0]) / 6, one[1] + (two[1] - before[1]) / 6),
            (two[0] - (after[0] - one[0]) / 6, two[1] - (after[1] - one[1]) / 6),
            two,
        )


def _within(edges: Sequence[Sequence[Point]], across: float, along: float) -> Point:
    return _along([_along(edge, along) for edge in edges], across)


def _fibre(edges: Sequence[Sequence[Point]], across: float, short: float) -> list[Point]:
    steps = max(4, len(edges[0]))
    return [_within(edges, across, short + (1 - 2 * short) * n / (steps - 1)) for n in range(steps)]
