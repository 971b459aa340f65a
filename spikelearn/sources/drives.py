"""Drives: independent input to each neuron of a population, without a population of sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.sources.rate_function import RateFunction
from spikelearn.sources.spikes import span
from spikelearn.timed import Timed
from spikelearn.units import Quantity, plain
from spikelearn.values import whole_number, word


class PoissonInput:
    """Independent Poisson sources for each target neuron.

    rate: Hz of each source; a number, one for each target neuron, Timed, or text or a function of time, as of Poisson;
        i and N then are the number of the target and the size of its population. n: number of sources.

    >>> net = Network(seed=1)
    >>> cells = net.population(10, LIF())
    >>> drive = net.drive(cells, PoissonInput(8.0, n=1000), weight=20.0)
    """

    def __init__(self, rate: Quantity | Timed | str | Callable[..., float], n: int = 1) -> None:
        self.n = whole_number(n, "n of PoissonInput", least=1, most=1 << 40)
        self.function = RateFunction.of(rate, "rate of PoissonInput")
        if self.function is not None:
            self.rates, self.starts = np.zeros((1, 1)), np.zeros(1)
        elif isinstance(rate, Timed):
            self.rates, self.starts = rate.checked("Hz", "rate of PoissonInput")
        else:
            self.starts = np.zeros(1)
            self.rates = np.atleast_1d(plain(rate, "Hz", "rate of PoissonInput"))[None, :]
        if self.rates.ndim > 2 or self.rates.size == 0:
            raise DescriptionError(f"rate of PoissonInput: expected one rate or one per neuron, got {self.rates[0]!r}")
        if not np.all(np.isfinite(self.rates)) or np.any(self.rates < 0):
            raise ParameterError(
                f"rate of PoissonInput: expected finite rates of at least 0 Hz, got {np.min(self.rates):g} Hz"
            )

    def __repr__(self) -> str:
        rate = span(self.rates) if self.function is None else repr(self.function)
        return f"PoissonInput({rate} Hz{f', n={self.n}' if self.n > 1 else ''})"


class StepCurrent:
    """A current that changes at given times, and is 0 before the first.

    times: (T,) ms, ascending, multiples of dt except for the exact engine. values: pA, (T,), or (T, n) with one column
    for each target neuron. At equal intervals, `Timed` says the same in one list.

    >>> net = Network()
    >>> cells = net.population(10, LIF())
    >>> drive = net.drive(cells, StepCurrent([100.0, 300.0], [400.0, 0.0]))  # 400 pA for 200 ms
    """

    averaged = False
    """Whether the mean counts in steps in which it changes, so that times need not be multiples of dt."""

    def __init__(self, times: Quantity, values: Quantity) -> None:
        self.times = np.atleast_1d(np.asarray(plain(times, "ms", "times of StepCurrent")))
        values = np.atleast_1d(np.asarray(plain(values, "pA", "values of StepCurrent")))
        self.values = values[:, None] if values.ndim == 1 else values
        if self.times.ndim != 1 or self.values.ndim != 2 or len(self.times) != len(self.values):
            raise DescriptionError(
                f"StepCurrent: expected one value, or one row of values, for each time, got times of shape "
                f"{self.times.shape} and values of shape {values.shape}"
            )
        if not np.all(np.isfinite(self.values)) or not np.all(np.isfinite(self.times)):
            raise ParameterError("StepCurrent: expected finite times (ms) and values (pA)")
        if np.any(np.diff(self.times) <= 0) or np.any(self.times < 0):
            raise ParameterError("StepCurrent: expected times from 0 ms on, in ascending order without repeats")

    @classmethod
    def of(cls, timed: Timed, what: str) -> StepCurrent:
        """What `Timed` values in pA are as a drive: in steps in which they change, the mean counts."""
        values, starts = timed.checked("pA", what)
        found = cls(starts[starts < np.inf], values[starts < np.inf])
        found.averaged = True
        return found

    def __repr__(self) -> str:
        return f"StepCurrent({span(self.values)} pA in {len(self.times):,} steps)"


class NoiseCurrent:
    """Independent noise for each target neuron: white, piecewise constant, or coloured (Ornstein & Uhlenbeck 1930).

    mean, std: mean and standard deviation, pA.
    tau: ms, correlation time of an Ornstein-Uhlenbeck process; 0: a new value every `interval`.
    interval: ms for which a value holds, a multiple of dt; None: one step.
    distribution: "normal" or "uniform".

    >>> net = Network(seed=1)
    >>> cells = net.population(10, LIF())
    >>> drive = net.drive(cells, NoiseCurrent(mean=300.0, std=100.0, tau=5.0))
    """

    among: np.ndarray | None = None
    """(n,), the neurons of a population that it drives; None for all."""

    def __init__(
        self,
        mean: Quantity = 0.0,
        std: Quantity = 0.0,
        tau: Quantity = 0.0,
        interval: Quantity | None = None,
        distribution: str = "normal",
    ) -> None:
        self.mean = self._number(mean, "pA", "mean")
        self.std = self._number(std, "pA", "std")
        self.tau = self._number(tau, "ms", "tau")
        self.interval = None if interval is None else self._number(interval, "ms", "interval")
        if self.std < 0 or self.tau < 0 or (self.interval is not None and self.interval <= 0):
            raise ParameterError(
                f"NoiseCurrent: expected std >= 0 pA, tau >= 0 ms and interval > 0 ms, got std {std!r}, tau {tau!r}, "
                f"interval {interval!r}"
            )
        self.uniform = word(distribution, ("normal", "uniform"), "distribution of NoiseCurrent") == "uniform"
        if self.tau > 0 and self.uniform:
            raise ParameterError("NoiseCurrent: an Ornstein-Uhlenbeck process (tau > 0) is normal, not uniform")
        if self.tau > 0 and self.interval is not None:
            raise ParameterError("NoiseCurrent: give tau (an Ornstein-Uhlenbeck process) or interval, not both")

    def __repr__(self) -> str:
        kind = f", tau {self.tau:g} ms" if self.tau > 0 else ", uniform" if self.uniform else ""
        return f"NoiseCurrent(mean {self.mean:g} pA, std {self.std:g} pA{kind})"

    @staticmethod
    def _number(value: Any, unit: str, name: str) -> float:
        converted = plain(value, unit, f"{name} of NoiseCurrent")
        if not isinstance(converted, float) or not np.isfinite(converted):
            raise ParameterError(f"{name} of NoiseCurrent: expected one finite number in {unit}, got {value!r}")
        return converted
