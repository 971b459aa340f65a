"""The outcome of a model, and what is expected of it: published, from an oracle, a goal, or of a control."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from spikelearn.experiments.cost import total_cost
from spikelearn.results.run import Run


@dataclass(frozen=True)
class Expected:
    """The expected value of a metric, and where it comes from, which its class says.

    low, high: the range that counts as agreement, both ends included. It is chosen by whoever writes the model, wide
    enough for the spread between seeds. source: who says so, with figure or table; a simulator with its version.
    """

    kind: ClassVar[str] = "expected"

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


class Published(Expected):
    """A number, or a finding, of a publication; `source` is the reference, with figure or table."""

    kind = "published"


class Oracle(Expected):
    """What another simulator, the authors' program or a closed form gives."""

    kind = "oracle"


class Goal(Expected):
    """Chosen by whoever wrote the model."""

    kind = "goal"


@dataclass(frozen=True)
class Control(Expected):
    """What a control, which must fail, should give.

    of: the metric that it controls; by default the one with which its own name ends, after an underscore: accuracy for
    shuffled_accuracy.
    """

    kind: ClassVar[str] = "control"

    of: str = ""


def controlled_by(expected: Mapping[str, Expected], metrics: Collection[str]) -> dict[str, str]:
    """Control -> the metric of a model that it is compared with; "" if there is none (see `Control.of`).

    >>> expected = {"accuracy": Goal(0.95, low=0.9), "shuffled_accuracy": Control(0.1, high=0.2)}
    >>> controlled_by(expected, ["accuracy", "shuffled_accuracy"])
    {'shuffled_accuracy': 'accuracy'}
    """
    others = [name for name in metrics if not isinstance(expected.get(name), Control)]
    found = {}
    for name, each in expected.items():
        if isinstance(each, Control):
            ends = [other for other in others if name.endswith(f"_{other}")]
            found[name] = each.of or max(ends, key=len, default="")
    return found


@dataclass(frozen=True)
class Form:
    """Settings of a model, parameter -> value, that are reproduced besides its defaults.

    published: metric -> what is expected with these settings; None if it is what `PUBLISHED` says.

    >>> Form({"form": "coba"}, {"rate_exc_hz": Published("14.0 to 14.5", 13.3, 15.2, "Brette et al. 2007")}).settings
    {'form': 'coba'}
    """

    settings: Mapping[str, Any]
    published: Mapping[str, Expected] | None = None


@dataclass(frozen=True)
class Outcome:
    """The result of `simulate` in a model file.

    run: the main run, for raster and voltage plots. metrics: name -> number, None if it could not be measured.
    data: anything the model's figure needs. other_runs: further runs, counted in the common metrics.
    """

    run: Run
    metrics: Mapping[str, float | int | None]
    data: Mapping[str, Any] = field(default_factory=dict)
    other_runs: tuple[Run, ...] = ()


def common_metrics(outcome: Outcome) -> dict[str, float | int | None]:
    """The metrics that every model reports: the cost of its runs (see `Cost.metrics`).

    A model with runs that it does not return must report these metrics itself; its values take precedence.

    >>> net = Network(dt=1.0)
    >>> silent = net.population(1, Poisson(0.0))
    >>> list(common_metrics(Outcome(net.run(100.0), {"rate_hz": 0.0})))
    ['synaptic_events', 'wall_s', 'real_time_factor']
    """
    return total_cost((outcome.run, *outcome.other_runs)).metrics()


def finite(value: float | None) -> float | None:
    """The value of a metric; None if it is not finite, that is, could not be measured.

    >>> finite(0.5), finite(math.nan)
    (0.5, None)
    """
    return None if value is None or not math.isfinite(value) else value


def json_value(value: Any) -> Any:
    """Convert NumPy values to Python's, and NaN and infinity, which JSON lacks, to None.

    >>> json_value(np.array([1.0, np.nan]))
    [1.0, None]
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
