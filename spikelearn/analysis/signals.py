"""Piecewise constant signals, shares, moving averages and the logistic function."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.analysis.checks import bin_edges
from spikelearn.errors import ParameterError


@checks_arguments
def mean_of_steps(times: ArrayLike, values: ArrayLike, edges: ArrayLike) -> np.ndarray:
    """Mean of a signal between consecutive `edges`, (k,): it is values[i] from times[i], ascending.

    times, values: (n,), as for a StepCurrent. edges: (k + 1,), in the unit of times, none before times[0].

    >>> mean_of_steps([0.0, 15.0], [1.0, 3.0], edges=[0, 10, 20])
    array([1., 2.])
    """
    at_steps, levels, at = np.asarray(times), np.asarray(values), bin_edges(edges)
    finite = np.all(np.isfinite(at_steps)) and np.all(np.isfinite(levels))
    if not finite or at_steps.ndim != 1 or at_steps.shape != levels.shape or not np.all(np.diff(at_steps) >= 0):
        raise ParameterError(f"expected ascending times and one finite value for each, got {at_steps!r} and {levels!r}")
    if at_steps.size == 0 or at[0] < at_steps[0]:
        raise ParameterError(f"edges of mean_of_steps: expected none before the first time, got {at[0]:g}")
    integral = np.concatenate([[0.0], np.cumsum(levels[:-1] * np.diff(at_steps))])
    last = np.searchsorted(at_steps, at, "right") - 1
    return np.asarray(np.diff(integral[last] + levels[last] * (at - at_steps[last])) / np.diff(at))


@checks_arguments
def ratio(part: ArrayLike, whole: ArrayLike) -> np.ndarray:
    """part / whole, element by element; NaN where whole is not positive.

    >>> ratio([1.0, 1.0], [4.0, 0.0])
    array([0.25,  nan])
    """
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0))


@checks_arguments
def logistic(x: ArrayLike) -> np.ndarray:
    """1 / (1 + exp(-x)), element by element.

    >>> logistic([-1000.0, 0.0]).tolist()
    [0.0, 0.5]
    """
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(x))))


@checks_arguments
def running_mean(values: ArrayLike, width: int) -> np.ndarray:
    """Moving average of each value and up to width - 1 values before it, (n,).

    >>> running_mean([1.0, 3.0, 5.0], width=2)
    array([1., 2., 4.])
    """
    if width < 1:
        raise ParameterError(f"width of running_mean: expected at least 1, got {width}")
    total = np.cumsum(np.concatenate([[0.0], np.asarray(values, dtype=np.float64)]))
    stop = np.arange(1, len(total))
    start = np.maximum(stop - width, 0)
    return np.asarray((total[stop] - total[start]) / (stop - start))
