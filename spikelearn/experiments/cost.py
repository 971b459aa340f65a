"""The cost of runs: time and synaptic events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spikelearn.results.run import Run


@dataclass(frozen=True)
class Cost:
    """The cost of one or more runs; costs can be added.

    wall_s: wall time in seconds. duration: simulated time in ms. synaptic_events: of all projections.
    """

    wall_s: float = 0.0
    duration: float = 0.0
    synaptic_events: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.wall_s + other.wall_s,
            self.duration + other.duration,
            self.synaptic_events + other.synaptic_events,
        )

    def metrics(self) -> dict[str, float | int | None]:
        """synaptic_events, wall_s and real_time_factor (wall over simulated time, None for a duration of 0)."""
        return {
            "synaptic_events": self.synaptic_events,
            "wall_s": self.wall_s,
            "real_time_factor": self.wall_s / (self.duration * 1e-3) if self.duration > 0 else None,
        }


def cost_of(run: Run) -> Cost:
    """The cost of one run.

    >>> net = Network(dt=1.0)
    >>> silent = net.population(1, Poisson(0.0))
    >>> cost_of(net.run(100.0)).metrics()["synaptic_events"]
    0
    """
    return Cost(float(run.wall_s), float(run.duration), int(run.synaptic_events))


def cost_at_once(costs: Iterable[Cost]) -> Cost:
    """The cost of what ran at the same time, in threads: the longest of the wall times, and the sums of the rest.

    >>> cost_at_once([Cost(2.0, 1000.0, 50), Cost(3.0, 1000.0, 70)])
    Cost(wall_s=3.0, duration=2000.0, synaptic_events=120)
    """
    costs = list(costs)
    return replace(sum(costs, Cost()), wall_s=max((cost.wall_s for cost in costs), default=0.0))


def total_cost(runs: Iterable[Run]) -> Cost:
    """The total cost of several runs.

    >>> net = Network(dt=1.0)
    >>> silent = net.population(1, Poisson(0.0))
    >>> total_cost([net.run(100.0), net.run(50.0)]).duration
    150.0
    """
    return sum(map(cost_of, runs), Cost())
