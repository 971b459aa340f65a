"""What presentations cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from spikelearn.description.projection import Projection
from spikelearn.learning.circuit import Circuit
from spikelearn.results.run import Run

FORWARD, FEEDBACK, PLASTICITY = "events_forward", "events_feedback", "events_plasticity"


@dataclass
class Cost:
    """presentations: of examples. simulated_ms. cpu_s: processor time, with compilation if there was any.

    events: synaptic events of the forward projections, of those that bring a teaching signal, and those from which
    synapses learned, of `counted` presentations.
    """

    presentations: int = 0
    simulated_ms: float = 0.0
    cpu_s: float = 0.0
    counted: int = 0
    events: dict[str, int] = field(default_factory=lambda: {FORWARD: 0, FEEDBACK: 0, PLASTICITY: 0})

    def metrics(self) -> dict[str, float]:
        """As metrics: synaptic events are those of one presentation, and there are none if none were counted."""
        each = {name: n / self.counted for name, n in self.events.items()} if self.counted else {}
        return {**each, "cpu_s": self.cpu_s}

    def add(self, run: Run, circuit: Circuit, presentations: int, cpu_s: float) -> None:
        """Add what a run of so many presentations cost."""
        self.presentations += presentations
        self.simulated_ms += run.duration
        self.cpu_s += cpu_s
        self.count(
            presentations,
            _delivered(run, circuit.forward),
            _delivered(run, circuit.feedback),
            sum(run.events_of(projection).learning for projection in circuit.learning),
        )

    def count(self, presentations: int, forward: int, feedback: int, plasticity: int) -> None:
        """Add the synaptic events of so many presentations."""
        self.counted += presentations
        for name, n in ((FORWARD, forward), (FEEDBACK, feedback), (PLASTICITY, plasticity)):
            self.events[name] += n


def _delivered(run: Run, projections: Sequence[Projection]) -> int:
    return sum(run.events_of(projection).delivered for projection in projections)
