"""The default number of threads, and whether to use them: decided by the measured cost of both ways."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field

from spikelearn.errors import ParameterError
from spikelearn.system import cores

VARIABLE = "SPIKELEARN_THREADS"
_NEURONS_A_SHARE = 1000
_LONG_ENOUGH = 2e-3
_TRIED_EVERY = 64
_WORTH_IT = 0.9
"""The share of the time in turn that running in parallel, which occupies several cores, may take at most."""


def default_shares(n_neurons: int) -> int:
    """The number of shares for n neurons: one per core available to this process, each of at least 1,000 neurons.

    The environment variable SPIKELEARN_THREADS, unless empty, overrides the number of cores; parallel jobs set it to 1.
    """
    given = os.environ.get(VARIABLE)
    if given and not (given.isdecimal() and int(given) > 0):
        raise ParameterError(f"environment variable {VARIABLE}: expected a whole number of at least 1, got {given!r}")
    return max(1, min(int(given or cores()), n_neurons // _NEURONS_A_SHARE))


@dataclass
class ThreadTuner:
    """Seconds per step when shares run in parallel (True) and in turn (False).

    The faster way is used; in turn if there is little between them, or as long as no chunk was long enough to tell.
    The other one is retried, at increasing intervals, as the load of the machine changes.
    """

    cost: dict[bool, float] = field(default_factory=lambda: {False: math.inf, True: math.inf})
    chunks: int = 0

    def choose(self) -> tuple[bool, bool]:
        """Whether shares run the next chunk of steps in parallel, and whether it is a trial of the other way."""
        for way, cost in self.cost.items():
            if cost == math.inf:
                return way, False
        self.chunks += 1
        parallel = self.cost[True] <= _WORTH_IT * self.cost[False]
        again = self.chunks % _TRIED_EVERY == 0 or (4 <= self.chunks < _TRIED_EVERY and self.chunks.bit_count() == 1)
        return parallel != again, again

    def record(self, in_parallel: bool, steps: int, seconds: float) -> None:
        """Record the time of a chunk of steps. Chunks shorter than the start of a thread are ignored."""
        if steps and seconds >= _LONG_ENOUGH:
            self.cost[in_parallel] = seconds / steps
