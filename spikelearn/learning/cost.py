"""What presentations cost."""

from __future__ import annotations

from dataclasses import dataclass

from spikelearn.results.run import Run


@dataclass
class Cost:
    """presentations: of examples. simulated_ms. cpu_s: processor time, with compilation if there was any."""

    presentations: int = 0
    simulated_ms: float = 0.0
    cpu_s: float = 0.0

    def metrics(self) -> dict[str, float]:
        """As metrics."""
        return {"cpu_s": self.cpu_s}

    def add(self, run: Run, presentations: int, cpu_s: float) -> None:
        """Add what a run of so many presentations cost."""
        self.presentations += presentations
        self.simulated_ms += run.duration
        self.cpu_s += cpu_s
