"""Values that change in time, for rates of sources, currents of drives and parameters of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.units import Quantity, own, plain


@dataclass(frozen=True, eq=False)
class Timed:
    """Values that change in time: row k applies from k * interval on, and the last one is kept.

    values: (T,), or (T, n) with one column for each neuron, in the unit of the quantity. interval: ms; it need not be a
    multiple of dt: in a step in which rows change, the mean over the step counts.

    It is given as a rate to `Poisson` and `PoissonInput`, as a current to `drive`, and as a parameter to any neuron
    model, `LIF(I_e=Timed([0, 200], 100))`. Equations may call such a parameter `I(t)` or `I(t, i)`, as Brian2's
    TimedArray, or just `I`. Of a parameter, the mean over a step is that of the constants of the step.

    >>> net = Network(dt=0.1)
    >>> cells = net.population(2, LIF(I_e=Timed([[0, 0], [300, 400]], 50)))
    >>> pulse = net.drive(cells, Timed([0, 100, 0], 20), "exc")
    """

    values: Quantity
    interval: Quantity

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", own(self.values))

    def _compared(self) -> tuple[Any, ...]:
        values = np.asarray(self.values)
        return values.shape, *values.ravel().tolist(), str(getattr(self.values, "dim", "")), repr(self.interval)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timed) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def __repr__(self) -> str:
        shape = " x ".join(f"{n:,}" for n in np.shape(self.values))
        unit = " ms" if isinstance(self.interval, int | float) else ""
        return f"Timed({shape} values, every {self.interval!r}{unit})"

    def checked(self, unit: str, what: str) -> tuple[np.ndarray, np.ndarray]:
        """(T, n or 1) finite values, and the (T,) times in ms from which they apply."""
        values = np.atleast_1d(np.asarray(plain(self.values, unit, what)))
        values = values[:, None] if values.ndim == 1 else values
        interval = plain(self.interval, "ms", f"interval of {what}")
        if values.ndim != 2 or values.size == 0:
            raise DescriptionError(f"{what}: expected values of shape (T,) or (T, n), got {values.shape}")
        if not np.all(np.isfinite(values)):
            raise ParameterError(f"{what}: expected finite values in {unit}")
        if not isinstance(interval, float) or not 0 < interval < np.inf:
            raise ParameterError(f"interval of {what}: expected a finite time of more than 0 ms, got {interval}")
        return values, _multiples(interval, len(values))


def _multiples(interval: float, n: int) -> np.ndarray:
    """0, interval, ..., (n - 1) * interval; inf where that overflows."""
    with np.errstate(over="ignore"):
        return np.arange(n) * interval


def averaged(starts: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values that change within steps, as values that change between steps only: their means over each step.

    starts: (T,) in steps, ascending from 0. values: (T, n). Returns the steps, float64, from which rows apply,
    and the rows.
    """
    steps, rows = [], []
    inside: dict[int, list[int]] = {}
    for k, start in enumerate(starts):
        if start == np.floor(start):
            steps.append(start)
            rows.append(values[k])
        else:
            inside.setdefault(int(start), []).append(k)
    for step, changes in inside.items():
        edges = np.array([step, *starts[changes], step + 1])
        before = values[changes[0] - 1 : changes[-1] + 1]
        steps.append(step)
        rows.append(np.diff(edges) @ before)
        if not np.any(starts == step + 1):
            steps.append(step + 1)
            rows.append(values[changes[-1]])
    order = np.argsort(steps, kind="stable")
    found, of_each = np.array(steps)[order], np.array(rows)[order]
    # the mean over a step replaces what applies from its beginning
    last = np.append(np.diff(found) != 0, True)
    return found[last], of_each[last]
