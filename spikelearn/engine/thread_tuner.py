"""How many threads a network gets when nobody says, and whether they pay: by what either way has cost."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field

from spikelearn.errors import ParameterError

VARIABLE = "SPIKELEARN_THREADS"
_NEURONS_A_SHARE = 1000
_LONG_ENOUGH = 2e-3
_TRIED_EVERY = 64


def default_shares(n_neurons: int) -> int:
    """Shares for so many neurons: as many as there are cores for this process, each of 1,000 neurons at least.

    The environment variable SPIKELEARN_THREADS stands for the number of cores; jobs that run side by side set it to 1.
    """
    given = os.environ.get(VARIABLE)
    if given is not None and not (given.isdecimal() and int(given) > 0):
        raise ParameterError(f"environment variable {VARIABLE}: expected a whole number from 1 on, got {given!r}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(int(given or cores), n_neurons // _NEURONS_A_SHARE))


@dataclass
class ThreadTuner:
    """Seconds that a step costs when shares run in parallel (True) and when they run in turn (False).

    The faster way is taken. The slower one is tried again, more and more rarely, since other programs come and go.
    """

    cost: dict[bool, float] = field(default_factory=lambda: {True: math.inf, False: math.inf})
    chunks: int = 0

    def choose(self) -> tuple[bool, bool]:
        """Whether shares run the next chunk of steps in parallel, and whether it is a trial of the slower way."""
        for way, cost in self.cost.items():
            if cost == math.inf:
                return way, False
        self.chunks += 1
        faster = self.cost[True] <= self.cost[False]
        again = self.chunks % _TRIED_EVERY == 0 or (4 <= self.chunks < _TRIED_EVERY and self.chunks.bit_count() == 1)
        return faster != again, again

    def record(self, in_parallel: bool, steps: int, seconds: float) -> None:
        """What a chunk of steps took. One that takes no longer than the start of a thread does not count."""
        if steps and seconds >= _LONG_ENOUGH:
            self.cost[in_parallel] = seconds / steps
