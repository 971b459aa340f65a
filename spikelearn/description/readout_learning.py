"""How linear readouts learn: by small steps, by recursive least squares, or by one regression at the end of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spikelearn.errors import ParameterError
from spikelearn.units import Quantity
from spikelearn.values import one_number


class ReadoutLearning:
    """When a readout learns: every `every` ms (None: in every step) after `start` ms, until `stop` ms (None: always).

    All are multiples of dt. The first time is start + every. A time at which the target is NaN teaches nothing.
    """

    every: Quantity | None
    start: Quantity
    stop: Quantity | None

    def _check(self, **above_zero: Any) -> None:
        """Check and set the times, and parameters that are more than 0."""
        what = type(self).__name__
        for name, value in above_zero.items():
            object.__setattr__(self, name, one_number(value, "1", f"{name} of {what}", above=0.0))
        for name in ("every", "stop"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, one_number(getattr(self, name), "ms", f"{name} of {what}", above=0.0))
        object.__setattr__(self, "start", one_number(self.start, "ms", f"start of {what}", least=0.0))
        if self.stop is not None and self.stop <= self.start:  # type: ignore[operator]
            raise ParameterError(f"stop of {what}: expected more than start, {self.start!r} ms, got {self.stop!r} ms")


@dataclass(frozen=True)
class DeltaRule(ReadoutLearning):
    """w_ik <- w_ik - eta e_k r_i at each time, with the error e = z - target (Widrow & Hoff 1960).

    eta: learning rate, in the unit of the readout per Hz and unit of the error; as r is in Hz, rates of 1e-6 to 1e-4
    are usual for 1,000 neurons. every: ms; None: in every step. start, stop: ms; None: until the end.

    >>> DeltaRule(eta=1e-5, stop=10_000.0).every is None
    True
    """

    eta: Quantity
    every: Quantity | None = None
    start: Quantity = 0.0
    stop: Quantity | None = None

    def __post_init__(self) -> None:
        self._check(eta=self.eta)


@dataclass(frozen=True)
class RecursiveLeastSquares(ReadoutLearning):
    """Recursive least squares, as in FORCE learning (Sussillo & Abbott 2009, Eqs. 4 and 5).

    P <- P - P r r' P / (1 + r' P r), w <- w - P r e', with r in Hz and the error e = z - target before the update.
    After any number of times, w minimises sum |target - w' r|^2 + |w - w_0|^2 / P0 exactly.

    P0: P at the start is P0 times the identity, 1/Hz^2; the larger, the faster is what is learned first. every: ms;
    None: in every step. start, stop: ms; None: until the end.

    >>> RecursiveLeastSquares(P0=1e-5, every=2.5, start=5000.0, stop=10_000.0).P0
    1e-05
    """

    P0: Quantity = 1e-3
    every: Quantity | None = None
    start: Quantity = 0.0
    stop: Quantity | None = None

    def __post_init__(self) -> None:
        self._check(P0=self.P0)


@dataclass(frozen=True)
class Ridge(ReadoutLearning):
    """Ridge regression at the end of each run, from the samples of all runs so far; weights are constant within a run.

    w minimises sum |target - w' r|^2 + |w - w_0|^2 / P0, with r in Hz and w_0 the weights that the readout was given:
    what RecursiveLeastSquares with the same P0 has reached after the same samples.

    P0: 1/Hz^2; the larger, the less regularised. every: ms between samples; None: each step. start, stop: ms; None:
    until the end.

    >>> Ridge(P0=1.0, every=5.0).start
    0.0
    """

    P0: Quantity = 1.0
    every: Quantity | None = None
    start: Quantity = 0.0
    stop: Quantity | None = None

    def __post_init__(self) -> None:
        self._check(P0=self.P0)
