"""Labels of the arrows of a graph: where each is read best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from spikelearn.plots.style import TEXT_SIZE

SHARES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)
"""Of the way along an arrow, where a label may be: the middle is best."""
GAP = 2.0
"""Points between a label and its arrow."""


class Label(NamedTuple):
    """What an arrow says, and the points (n, 2) along it, in data coordinates."""

    text: str
    points: np.ndarray
    shade: str


class Rectangle(NamedTuple):
    """Left, bottom, right and top."""

    x: float
    y: float
    u: float
    v: float

    @classmethod
    def around(cls, middle: np.ndarray, width: float, height: float) -> Rectangle:
        x, y = float(middle[0]), float(middle[1])
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def meets(self, other: Rectangle) -> bool:
        return self.x < other.u and other.x < self.u and self.y < other.v and other.y < self.v

    def count(self, points: np.ndarray) -> int:
        """How many of the points (n, 2) are inside."""
        x, y = points[:, 0], points[:, 1]
        return int(np.sum((self.x < x) & (x < self.u) & (self.y < y) & (y < self.v)))


class Scale:
    """How large texts are in a drawing. per_unit: (2,) pixels for one unit of each coordinate."""

    def __init__(self, per_unit: np.ndarray, dpi: float) -> None:
        self.per_unit, self.dpi = per_unit, dpi
        self._renderer = FigureCanvasAgg(Figure((1.0, 1.0), dpi)).get_renderer()

    def size_of(self, text: Text) -> np.ndarray:
        """Width and height of a text, in data coordinates."""
        extent = text.get_window_extent(self._renderer)
        return np.array([extent.width, extent.height]) / self.per_unit


def place_labels(
    ax: Axes, labels: Sequence[Label], boxes: Sequence[Rectangle], arrows: Sequence[np.ndarray], scale: Scale
) -> list[Rectangle]:
    """Write each label beside its arrow, off boxes, other labels and all arrows as far as there is room.

    boxes: what else is to be kept clear. arrows: points (n, 2) along each. Returns where the labels are.
    """
    gap = GAP / 72.0 * scale.dpi
    clear = gap / scale.per_unit
    lines, taken = np.concatenate([np.zeros((0, 2)), *arrows]), list(boxes)
    for label in labels:
        text = ax.text(
            0.0, 0.0, label.text, ha="center", va="center", size=TEXT_SIZE - 2, color=label.shade, zorder=5,
            linespacing=1.05,
        )  # fmt: skip
        size = scale.size_of(text)
        places = list(_candidates(label.points * scale.per_unit, size * scale.per_unit, gap))
        found = [Rectangle.around(middle / scale.per_unit, *(size + 1.8 * clear)) for _, middle in places]
        costs = [
            worse + 100.0 * sum(map(each.meets, taken)) + 10.0 * each.count(lines)
            for (worse, _), each in zip(places, found, strict=True)
        ]
        best = found[int(np.argmin(costs))]
        text.set_position(((best.x + best.u) / 2, (best.y + best.v) / 2))
        taken.append(best)
    return taken[len(boxes) :]


def _candidates(points: np.ndarray, size: np.ndarray, gap: float) -> Iterator[tuple[float, np.ndarray]]:
    """(how much worse than the best place, middle of the label), all in pixels.

    First beside the middle of the arrow, on the side to which it is bent, or above it.
    """
    bent = points[len(points) // 2] - (points[0] + points[-1]) / 2
    side = bent if np.hypot(*bent) > 1.0 else np.array([0.0, 1.0])
    for share in SHARES:
        k = round(share * (len(points) - 1))
        along = points[k + 1] - points[k - 1]
        across = np.array([-along[1], along[0]]) / np.hypot(*along)
        across = across if across @ side >= 0 else -across
        reach = np.abs(across) @ size / 2 + gap
        for further in (0.0, 0.6):
            for sign in (1.0, -1.0):
                middle = points[k] + sign * across * (reach + further * size[1])
                yield 30.0 * abs(share - 0.5) + 15.0 * further + (sign < 0) * 3.0, middle
