"""What runs cost: time and synaptic events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spikelearn.results.run import Run


@dataclass(frozen=True)
class Cost:
    """wall_s: seconds that the runs took. duration: ms that were simulated. synaptic_events: of all projections.

    Costs add up.
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
        """synaptic_events, wall_s and real_time_factor: wall seconds for a simulated second, None if there was none."""
        return {
            "synaptic_events": self.synaptic_events,
            "wall_s": self.wall_s,
            "real_time_factor": self.wall_s / (self.duration * 1e-3) if self.duration > 0 else None,
        }


def cost_of(run: Run) -> Cost:
    """What one run cost."""
    return Cost(float(run.wall_s), float(run.duration), int(run.synaptic_events))


def total_cost(runs: Iterable[Run]) -> Cost:
    """What several runs cost together."""
    return sum(map(cost_of, runs), Cost())
