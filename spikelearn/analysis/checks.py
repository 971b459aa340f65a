"""Input checks common to all analysis functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.errors import ParameterError

# Spike times are multiples of dt, rounded to float64: 0.1 * 3 is not 0.3. A time this close (ms) below an
# edge belongs to the edge. It is far below any time step and far above the rounding of an hour in ms.
ROUNDING = 1e-6


def spike_times(times: ArrayLike) -> np.ndarray:
    """`times` as a (n,) float64 array, ms. ParameterError unless finite, one-dimensional and ascending."""
    array = np.asarray(times, dtype=np.float64)
    if array.ndim != 1:
        raise ParameterError(f"times must be one-dimensional, got an array of shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ParameterError("times must be finite; there is a NaN or an infinity among them")
    if np.any(array[1:] < array[:-1]):
        raise ParameterError("times must be in ascending order; sort times and ids together first")
    return array


def spike_ids(ids: ArrayLike, times: np.ndarray) -> np.ndarray:
    """`ids` as a (n,) integer array. ParameterError unless there is one whole number for each time."""
    array = np.asarray(ids)
    if array.shape != times.shape:
        raise ParameterError(f"expected one id per time, got {array.shape} ids and {times.shape} times")
    if array.size == 0:
        return array.astype(np.int64)
    if not np.issubdtype(array.dtype, np.integer):
        raise ParameterError(f"ids must be integers, got {array.dtype}")
    return array


def window(t_start: float, t_stop: float) -> float:
    """The length of a window in ms. ParameterError unless finite and positive."""
    duration = float(t_stop) - float(t_start)
    if not (np.isfinite(duration) and duration > 0):
        raise ParameterError(f"t_stop must be later than t_start, got {t_start} to {t_stop} ms")
    return duration


def positive(value: Any, name: str, unit: str = "") -> None:
    """ParameterError unless `value` is finite and above zero."""
    if not (np.isfinite(value) and value > 0):
        raise ParameterError(f"{name} must be above zero, got {value} {unit}".rstrip())


def bin_edges(edges: ArrayLike) -> np.ndarray:
    """`edges` as a (k + 1,) float64 array, ms. ParameterError unless two or more, strictly ascending."""
    array = np.asarray(edges, dtype=np.float64)
    if array.ndim != 1 or array.size < 2 or not np.all(np.isfinite(array)) or not np.all(np.diff(array) > 0):
        raise ParameterError("edges must be two or more finite times in ms, each later than the one before")
    return array


def counts_between(times: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Spikes in [edges[i], edges[i + 1]): (k,) int64. Both arrays are already checked."""
    return np.diff(np.searchsorted(times, edges - ROUNDING)).astype(np.int64)
