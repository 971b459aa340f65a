"""The Yin-Yang data set: three classes in the plane, of which a linear classifier gets 64 % right.

Kriener, L., Göltz, J. & Petrovici, M. A. (2022). The Yin-Yang dataset. NICE '22, 107-111; arXiv:2102.08211.
"""

from __future__ import annotations

import numpy as np

from spikelearn.analysis.arguments import checks_arguments

N_CLASSES = 3
RADIUS = 0.5
"""Radius of the disc, with centre (1/2, 1/2)."""
DOT_RADIUS = 0.1
"""Radius of the two dots, with centres 1/4 to the left and right of that of the disc."""


@checks_arguments
def yin_yang(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """n points (x, y, 1 - x, 1 - y) in the disc, (n, 4), and their classes, (n,): 0 yin, 1 yang, 2 the dots.

    As published, the class of a point is drawn first, each with equal probability, then the point by rejection: uniform
    in the square until it lies in that class. The mirrored coordinates make a bias unnecessary.

    >>> points, classes = yin_yang(1000, seed=1)
    >>> points.shape, np.unique(classes)
    ((1000, 4), array([0, 1, 2]))
    """
    generator = np.random.default_rng([2021, seed])
    labels = generator.integers(0, N_CLASSES, n)
    points = np.empty((n, 2))
    remaining = np.arange(n)
    while remaining.size:
        drawn = generator.uniform(0.0, 1.0, (remaining.size, 2))
        accepted = in_disc(drawn) & (yin_yang_class(drawn) == labels[remaining])
        points[remaining[accepted]] = drawn[accepted]
        remaining = remaining[~accepted]
    return np.hstack([points, 1.0 - points]), labels


@checks_arguments
def yin_yang_class(points: np.ndarray) -> np.ndarray:
    """The class, (n,), of points (x, y), (n, 2), in the disc.

    Yin is the upper half with the left bulge and without the right one.

    >>> yin_yang_class(np.array([[0.5, 0.9], [0.25, 0.5]]))
    array([0, 2])
    """
    x, y = points.T
    left, right = np.hypot(x - 0.25, y - 0.5), np.hypot(x - 0.75, y - 0.5)
    yin = (left <= 0.25) | ((y > 0.5) & (right > 0.25))
    return np.where(np.minimum(left, right) < DOT_RADIUS, 2, np.where(yin, 0, 1))


@checks_arguments
def yin_yang_grid(n: int) -> np.ndarray:
    """The points (x, y) of an n x n grid that lie in the disc, (points, 2), to map the answers of a network.

    >>> yin_yang_grid(20).shape
    (316, 2)
    """
    middle = (np.arange(n) + 0.5) / n
    points = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
    return points[in_disc(points)]


@checks_arguments
def yin_yang_outline(n: int = 200) -> list[np.ndarray]:
    """The curves between the classes, to draw them: the disc, both dots and two arcs; each n points (x, y), (n, 2).

    >>> len(yin_yang_outline())
    5
    """
    around = np.linspace(0.0, 2.0 * np.pi, n)
    circles = (0.5, RADIUS, around), (0.25, DOT_RADIUS, around), (0.75, DOT_RADIUS, around)
    arcs = (0.25, 0.25, -around / 2), (0.75, 0.25, around / 2)
    return [
        np.stack([x + radius * np.cos(angle), 0.5 + radius * np.sin(angle)], axis=1)
        for x, radius, angle in (*circles, *arcs)
    ]


def in_disc(points: np.ndarray) -> np.ndarray:
    """Whether each of the points (x, y), (n, 2), lies in the disc, (n,)."""
    return np.asarray(np.hypot(*(points.T - 0.5)) <= RADIUS)
