"""What a model returns, and how it compares with what was published."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spikelearn.experiments.cost import total_cost
from spikelearn.results.run import Run


@dataclass(frozen=True)
class Published:
    """What a metric should be. low, high: the range that counts as agreement, both ends included."""

    value: str | float
    low: float | None = None
    high: float | None = None
    source: str = ""

    def agrees(self, measured: float | None) -> bool | None:
        """Whether a measured value is in the range; None if there is no range. A missing one never agrees."""
        if self.low is None and self.high is None:
            return None
        if measured is None or math.isnan(measured):
            return False
        return (self.low is None or measured >= self.low) and (self.high is None or measured <= self.high)


@dataclass(frozen=True)
class Outcome:
    """What `simulate` of a model file returns.

    run: the main run, for raster and voltage. metrics: name -> number, None if it could not be measured.
    data: whatever the model's figure needs. other_runs: further runs, counted in the common metrics.
    """

    run: Run
    metrics: Mapping[str, float | int | None]
    data: Mapping[str, Any] = field(default_factory=dict)
    other_runs: tuple[Run, ...] = ()


def common_metrics(outcome: Outcome) -> dict[str, float | int | None]:
    """What every model reports: the cost of its runs (see `Cost.metrics`).

    A model that makes runs which it does not return reports these itself, and its values count.
    """
    return total_cost((outcome.run, *outcome.other_runs)).metrics()


def finite(value: float | None) -> float | None:
    """The value of a metric; None for one that is not a finite number: it could not be measured."""
    return None if value is None or not math.isfinite(value) else value


def json_value(value: Any) -> Any:
    """numpy's numbers as Python's; what JSON cannot write (NaN, infinity) as null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
