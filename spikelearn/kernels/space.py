"""Distances between the neurons of a projection."""

import math

import numpy as np

from spikelearn.codegen.jit import scalar

DIMENSIONS, N_SOURCES, PERIOD, COORDINATES = 0, 1, 2, 5
"""Layout of a packed space: the number of dimensions and of sources, three periods (0: none), and the coordinates of
all sources and then of all targets."""


def packed(source: np.ndarray, target: np.ndarray, period: np.ndarray) -> np.ndarray:
    """The space of a projection in one array. source, target: (n, dimensions). period: (dimensions,), 0 for none."""
    n_source, dimensions = source.shape
    head = np.zeros(COORDINATES)
    head[DIMENSIONS], head[N_SOURCES] = dimensions, n_source
    head[PERIOD : PERIOD + dimensions] = period
    return np.concatenate([head, source.ravel(), target.ravel()])


@scalar
def coordinate(space, k, axis):
    """The coordinate of neuron k along an axis; targets are counted after all sources."""
    return space[COORDINATES + k * int(space[DIMENSIONS]) + axis]


@scalar
def distance(space, i, j):
    """Euclidean distance from source i to target j; along a periodic axis the shorter way round."""
    dimensions = int(space[DIMENSIONS])
    source = COORDINATES + i * dimensions
    target = COORDINATES + (int(space[N_SOURCES]) + j) * dimensions
    square = 0.0
    for axis in range(dimensions):
        along = abs(space[source + axis] - space[target + axis])
        period = space[PERIOD + axis]
        if period > 0.0:
            along = along % period
            along = min(along, period - along)
        square += along * along
    return math.sqrt(square)
