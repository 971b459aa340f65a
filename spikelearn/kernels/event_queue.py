"""Two priority queues, both binary heaps in plain arrays: clocks, which are moved, and flights, which are added.

A clock has one next time: that of a neuron that may fire, a Poisson process or a list. A flight is a spike in transit:
one entry per spike, due when its next synapses are; the synapses of a source are sorted by delay.
"""

from typing import NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar


class Clocks(NamedTuple):
    """due: (n,) ms, inf for a clock that is not in the heap. heap: (n,) clocks. place: (n,) index of each, or -1."""

    due: np.ndarray
    heap: np.ndarray
    place: np.ndarray
    size: np.ndarray  # (1,)


class Flights(NamedTuple):
    """due: (capacity,) ms. sent: (capacity,) ms, when the spike was emitted. run: (capacity,) the next run."""

    due: np.ndarray
    sent: np.ndarray
    run: np.ndarray
    size: np.ndarray  # (1,)

    def longer(self, n: int) -> "Flights":
        """The same with capacity for n more."""
        due, sent, run = (np.concatenate([array, np.zeros(n, array.dtype)]) for array in self[:3])
        return Flights(due, sent, run, self.size)


@scalar
def set_clock(clocks, clock, due):
    """Move a clock to another time; inf removes it from the heap."""
    heap, place, keys = clocks.heap, clocks.place, clocks.due
    k = place[clock]
    last = clocks.size[0] - 1
    if due == np.inf:
        if k < 0:
            return
        keys[clock] = np.inf
        place[clock] = -1
        clocks.size[0] = last
        if k == last:
            return
        clock = heap[last]
        due = keys[clock]
    elif k < 0:
        k = last + 1
        clocks.size[0] = k + 1
    n = clocks.size[0]
    while k > 0:
        parent = (k - 1) >> 1
        above = heap[parent]
        if keys[above] <= due:
            break
        heap[k] = above
        place[above] = k
        k = parent
    while True:
        child = 2 * k + 1
        if child >= n:
            break
        if child + 1 < n and keys[heap[child + 1]] < keys[heap[child]]:
            child += 1
        below = heap[child]
        if keys[below] >= due:
            break
        heap[k] = below
        place[below] = k
        k = child
    heap[k] = clock
    place[clock] = k
    keys[clock] = due


@scalar
def add_flight(flights, due, sent, run):
    """Add a spike in transit; there must be room."""
    k = flights.size[0]
    flights.size[0] = k + 1
    while k > 0:
        parent = (k - 1) >> 1
        if flights.due[parent] <= due:
            break
        _move(flights, parent, k)
        k = parent
    flights.due[k] = due
    flights.sent[k] = sent
    flights.run[k] = run


@scalar
def replace_first(flights, due, run):
    """Move the flight that is due first on to its next synapses; inf removes it."""
    sent = flights.sent[0]
    if due == np.inf:
        last = flights.size[0] - 1
        flights.size[0] = last
        due, sent, run = flights.due[last], flights.sent[last], flights.run[last]
    n = flights.size[0]
    if n == 0:
        return
    k = 0
    while True:
        child = 2 * k + 1
        if child >= n:
            break
        if child + 1 < n and flights.due[child + 1] < flights.due[child]:
            child += 1
        if flights.due[child] >= due:
            break
        _move(flights, child, k)
        k = child
    flights.due[k] = due
    flights.sent[k] = sent
    flights.run[k] = run


@scalar
def _move(flights, origin, goal):
    flights.due[goal] = flights.due[origin]
    flights.sent[goal] = flights.sent[origin]
    flights.run[goal] = flights.run[origin]
