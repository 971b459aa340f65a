"""Piecewise constant signals, shares, moving averages and the logistic function."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.analysis.arguments import checks_arguments


@checks_arguments
def mean_of_steps(times: ArrayLike, values: ArrayLike, edges: ArrayLike) -> np.ndarray:
    """Mean of a signal between consecutive `edges`, (k,): it is values[i] from times[i], ascending.

    times, values: (n,), as for a StepCurrent. edges: (k + 1,), in the unit of times, none before times[0].
    """
    at_steps, levels, at = (np.asarray(each, dtype=np.float64) for each in (times, values, edges))
    integral = np.concatenate([[0.0], np.cumsum(levels[:-1] * np.diff(at_steps))])
    last = np.searchsorted(at_steps, at, "right") - 1
    return np.asarray(np.diff(integral[last] + levels[last] * (at - at_steps[last])) / np.diff(at))


@checks_arguments
def ratio(part: ArrayLike, whole: ArrayLike) -> np.ndarray:
    """part / whole, element by element; NaN where whole is not positive."""
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0))


@checks_arguments
def logistic(x: ArrayLike) -> np.ndarray:
    """1 / (1 + exp(-x)), element by element."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(x))))


@checks_arguments
def running_mean(values: ArrayLike, width: int) -> np.ndarray:
    """Moving average of each value and up to width - 1 values before it, (n,)."""
    total = np.cumsum(np.concatenate([[0.0], np.asarray(values, dtype=np.float64)]))
    stop = np.arange(1, len(total))
    start = np.maximum(stop - width, 0)
    return np.asarray((total[stop] - total[start]) / (stop - start))
