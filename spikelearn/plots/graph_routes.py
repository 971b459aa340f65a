"""Ways of the arrows of a graph, around its boxes and apart from each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.path import Path

WIDTH, HEIGHT = 1.0, 0.44
"""Of a box."""
APART = 2.5
"""Between the middles of boxes to the right; upwards it is 1."""
Place = tuple[float, float]


class Curve(NamedTuple):
    """A Bezier curve with one control point; a straight line if that is in the middle."""

    start: Place
    control: Place
    stop: Place

    def points(self, n: int = 101) -> np.ndarray:
        """Points (n, 2) along it."""
        t = np.linspace(0.0, 1.0, n)[:, None]
        a, b, c = map(np.array, self)
        return (1.0 - t) ** 2 * a + 2.0 * t * (1.0 - t) * b + t**2 * c

    @property
    def middle(self) -> Place:
        (x, y) = self.points(3)[1]
        return float(x), float(y)

    def shortened(self, by: float) -> Curve:
        """The same, ending that much before its end."""
        dx, dy = self.stop[0] - self.control[0], self.stop[1] - self.control[1]
        share = by / float(np.hypot(dx, dy))
        return self._replace(stop=(self.stop[0] - share * dx, self.stop[1] - share * dy))

    def path(self) -> Path:
        return Path(list(self), [Path.MOVETO, Path.CURVE3, Path.CURVE3])


class Routes:
    """The curves of a drawing, one after the other. boxes: the middles of all."""

    def __init__(self, boxes: Sequence[Place]) -> None:
        self.boxes = boxes
        self.drawn: list[Curve] = []

    def between(self, begin: Place, end: Place, both_ways: bool, may_go_round: bool) -> Curve:
        """From a box to another: straight to the next one, bent if there is a way back or others lie between.

        A loop from a box to itself is below it.
        """
        (x, y), (u, v) = begin, end
        if begin == end:
            low = y - HEIGHT / 2
            return self._chosen([Curve((x - 0.25, low), (x, low - 0.55), (x + 0.25, low))], ())
        far = may_go_round and (abs(u - x) > 1.2 * APART or (u == x and abs(v - y) > 1.2) or u < x)
        if not far:
            return self._chosen([_bent(begin, end, 0.18 if both_ways else 0.0)], (begin, end))
        bend = min(0.28, 1.6 / float(np.hypot(u - x, v - y)))
        return self._chosen([_bent(begin, end, each * bend) for each in (1.0, -1.0, 1.5, -1.5)], (begin, end))

    def modulating(self, begin: Place, end: Place) -> Curve:
        """From a modulator to a point of an arrow, bent downwards first."""
        down = 0.2 if end[0] > begin[0] else -0.2
        curves = [_bent(begin, end, bend, to_box=False) for bend in (down, -down, 2 * down, -2 * down)]
        return self._chosen(curves, (begin,))

    def _chosen(self, curves: Iterable[Curve], ends: Sequence[Place]) -> Curve:
        """The first of the curves that meet boxes and others least."""
        boxes = np.array([box for box in self.boxes if box not in ends]).reshape(-1, 2)
        others = np.concatenate([np.zeros((0, 2)), *(each.points() for each in self.drawn)])

        def cost(curve: Curve) -> int:
            inside = np.abs(curve.points()[:, None] - boxes) < (WIDTH / 2 + 0.06, HEIGHT / 2 + 0.06)
            free = curve.points()[15:-15]  # where curves begin and end they may be close to each other
            close = np.hypot(*(free[:, None] - others).T) < 0.08
            return 4 * int(inside.all(axis=-1).sum()) + int(close.any(axis=0).sum()) // 10

        found = min(curves, key=cost)
        self.drawn.append(found)
        return found


def _bent(begin: Place, end: Place, bend: float, to_box: bool = True) -> Curve:
    """A curve between boxes, or to a point; bend: of its length, to the right if it is positive."""
    aside = (0.0, 0.0) if not bend else _to_the_right(begin, end, 0.07 if bend > 0 else -0.07)
    start = _on_edge(begin, end, aside)
    stop = _on_edge(end, begin, aside) if to_box else end
    (x, y), (u, v) = start, stop
    return Curve(start, ((x + u) / 2 + bend * (v - y), (y + v) / 2 - bend * (u - x)), stop)


def _to_the_right(begin: Place, end: Place, by: float) -> Place:
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    return by * dy / float(np.hypot(dx, dy)), -by * dx / float(np.hypot(dx, dy))


def _on_edge(place: Place, towards: Place, aside: Place) -> Place:
    """Where the line from the middle of a box leaves it, moved aside."""
    dx, dy = towards[0] - place[0], towards[1] - place[1]
    shares = [
        (size / 2 - np.sign(d) * moved) / abs(d)
        for d, moved, size in ((dx, aside[0], WIDTH), (dy, aside[1], HEIGHT))
        if d
    ]
    share = float(min(shares))
    return place[0] + aside[0] + share * dx, place[1] + aside[1] + share * dy
