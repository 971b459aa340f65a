"""What presentations cost: time, and synaptic events by the role of their projection."""

from __future__ import annotations

from dataclasses import dataclass

from spikelearn.learning.circuit import Circuit
from spikelearn.results.run import Run


@dataclass
class Cost:
    """presentations: of examples. simulated_ms. cpu_s: processor time of the runs, with compilation if there was any.
    events_forward, events_feedback: synaptic events of forward projections, and of all others. events_plasticity:
    updates of synapses that learn.
    """

    presentations: int = 0
    simulated_ms: float = 0.0
    cpu_s: float = 0.0
    events_forward: int = 0
    events_feedback: int = 0
    events_plasticity: int = 0

    def add(self, circuit: Circuit, run: Run, presentations: int, cpu_s: float) -> None:
        """Add what a run of so many presentations cost."""
        self.presentations += presentations
        self.simulated_ms += run.duration
        self.cpu_s += cpu_s
