"""The queues of the exact engine against a list that is searched each time."""

import numpy as np
import pytest

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.event_queue import Clocks, Flights, add_flight, replace_first, set_clock

N = 40


@kernel
def add(flights, due, sent, run):
    add_flight(flights, due, sent, run)


@kernel
def replace(flights, due, run):
    replace_first(flights, due, run)


@kernel
def move(clocks, clock, due):
    set_clock(clocks, clock, due)


@pytest.mark.parametrize("seed", range(5))
def test_the_flight_that_is_due_first_is_first_however_many_are_added_moved_on_and_removed(seed):
    generator = np.random.default_rng(seed)
    flights = Flights(np.zeros(N), np.zeros(N), np.zeros(N, np.int64), np.zeros(1, np.int64))
    under_way = []
    for turn in range(2000):
        due, run = generator.uniform(0.0, 10.0), int(generator.integers(100))
        if len(under_way) < N and (not under_way or generator.random() < 0.4):
            add(flights, due, float(turn), run)
            under_way.append((due, float(turn), run))
        else:
            _, sent, _ = first = min(under_way)
            under_way.remove(first)
            ended = generator.random() < 0.4
            replace(flights, np.inf if ended else due, run)
            under_way += [] if ended else [(due, sent, run)]
        assert flights.size[0] == len(under_way)
        if under_way:
            assert (flights.due[0], flights.sent[0], flights.run[0]) == min(under_way)
    assert len(under_way) > 5


@pytest.mark.parametrize("seed", range(5))
def test_the_clock_that_is_due_first_is_first_and_clocks_that_never_are_due_are_not_in_the_heap(seed):
    generator = np.random.default_rng(seed)
    clocks = Clocks(np.full(N, np.inf), np.zeros(N, np.int64), np.full(N, -1), np.zeros(1, np.int64))
    times = np.full(N, np.inf)
    for _ in range(2000):
        clock = int(generator.integers(N))
        times[clock] = np.inf if generator.random() < 0.3 else generator.uniform(0.0, 10.0)
        move(clocks, clock, times[clock])
        assert np.array_equal(clocks.due, times)
        in_heap = clocks.heap[: clocks.size[0]]
        assert sorted(in_heap) == list(np.flatnonzero(times < np.inf))
        assert np.array_equal(clocks.place[in_heap], np.arange(len(in_heap)))
        assert np.all(clocks.place[times == np.inf] == -1)
        if len(in_heap):
            assert in_heap[0] == np.argmin(times)
