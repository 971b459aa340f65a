"""The objective of a fit: targets for metrics, or one metric to minimize or maximize."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spikelearn.errors import ExperimentError
from spikelearn.parameters import suggest


@dataclass(frozen=True)
class Objective:
    """Metrics -> one number. Exactly one of the three must be given; otherwise ExperimentError is raised.

    targets: metric -> target value. The number is the sum over the metrics of ((value - target) / target)^2, lower is
    better; for a target of 0 the term is value^2, in the metric's own unit. minimize, maximize: the number is the
    metric itself.
    """

    targets: Mapping[str, float] = field(default_factory=dict)
    minimize: str | None = None
    maximize: str | None = None

    def __post_init__(self) -> None:
        given = [bool(self.targets), self.minimize is not None, self.maximize is not None]
        if sum(given) != 1:
            got = "none" if not any(given) else "more than one"
            raise ExperimentError(
                f"a fit needs one of: targets (METRIC=VALUE), a metric to minimize, a metric to maximize; got {got}"
            )
        for name, wanted in self.targets.items():
            if isinstance(wanted, bool) or not isinstance(wanted, int | float) or not math.isfinite(wanted):
                raise ExperimentError(f"target {name!r}: expected a finite number, got {wanted!r}")

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics in the objective."""
        return tuple(self.targets) or (self.minimize or self.maximize or "",)

    @property
    def name(self) -> str:
        """The name of the number."""
        return "loss" if self.targets else self.metrics[0]

    def of(self, metrics: Mapping[str, Any]) -> float | None:
        """The number; None if a metric of the objective is missing, not measured or not finite."""
        found = [metrics.get(name) for name in self.metrics]
        numbers = [float(each) for each in found if isinstance(each, int | float) and math.isfinite(each)]
        if len(numbers) < len(found):
            return None
        if not self.targets:
            return numbers[0]
        errors = [
            value - wanted if wanted == 0 else (value - wanted) / wanted
            for value, wanted in zip(numbers, self.targets.values(), strict=True)
        ]
        total = sum(error * error for error in errors)
        return total if math.isfinite(total) else None

    def better(self, a: float, b: float) -> bool:
        """Whether a is better than b."""
        return a > b if self.maximize is not None else a < b

    def check(self, metrics: Mapping[str, Any], model: str) -> None:
        """Raise ExperimentError if a metric of the objective is not in `metrics`."""
        for name in self.metrics:
            if name not in metrics:
                raise ExperimentError(
                    f"{model} has no metric {name!r}{suggest(name, metrics)}; it has: {', '.join(metrics) or 'none'}"
                )
