"""Firing rates. Times in ms, rates in Hz; windows are half-open, [t_start, t_stop), so they tile."""

from __future__ import annotations

import numpy as np

from spikelearn.analysis.arguments import SpikesLike, TimesLike, checks_arguments, spikes_of, times_in
from spikelearn.analysis.checks import ROUNDING, counts_between, positive, spike_ids, spike_times, window
from spikelearn.errors import ParameterError


@checks_arguments
def rate(spikes: TimesLike, n: int, t_start: float, t_stop: float) -> float:
    """Mean rate of a population of `n` neurons in [t_start, t_stop), in Hz; silent neurons count.

    spikes: what run.spikes(...) returns, their times (ms), or trains.
    Raises ParameterError if n is not positive, the window is empty or the times are not ascending.

    >>> rate([1.0, 2.0, 15.0], n=2, t_start=0, t_stop=100)
    15.0
    """
    positive(n, "n")
    duration = window(t_start, t_stop)
    edges = np.array([t_start, t_stop], dtype=np.float64)
    total = counts_between(times_in(spikes), edges)[0]
    return float(total / (n * duration * 1e-3))


@checks_arguments
def rates_per_neuron(spikes: SpikesLike, n: int, t_start: float, t_stop: float) -> np.ndarray:
    """Rate of each of `n` neurons in [t_start, t_stop): (n,) float64, Hz.

    spikes: what run.spikes(...) returns, or trains.
    Raises ParameterError as `rate` does, and if an id is outside 0 to n - 1.

    >>> rates_per_neuron([[1.0, 2.0], []], n=2, t_start=0, t_stop=100)
    array([20.,  0.])
    """
    positive(n, "n")
    duration = window(t_start, t_stop)
    given = spikes_of(spikes)
    times = spike_times(given.times)
    ids = spike_ids(given.ids, times)
    if ids.size and (ids.min() < 0 or ids.max() >= n):
        raise ParameterError(f"ids must lie in 0 to {n - 1}, got {ids.min()} to {ids.max()}")
    first, last = np.searchsorted(times, np.array([t_start, t_stop]) - ROUNDING)
    return np.bincount(ids[first:last], minlength=n) / (duration * 1e-3)


@checks_arguments
def counts(spikes: TimesLike, t_start: float, t_stop: float, bin: float) -> np.ndarray:
    """Spikes in consecutive bins of `bin` ms from `t_start`: (k,) int64, k = (t_stop - t_start) // bin.

    Only whole bins are counted, so that all have the same expectation; a remainder at the end is dropped.
    spikes: what run.spikes(...) returns, their times (ms), or trains. Raises ParameterError if times are not ascending,
    or no whole bin fits.

    >>> counts([1.0, 2.0, 15.0], t_start=0, t_stop=30, bin=10)
    array([2, 1, 0])
    """
    positive(bin, "bin", "ms")
    duration = window(t_start, t_stop)
    n_bins = int(np.floor((duration + ROUNDING) / bin))
    if n_bins < 1:
        raise ParameterError(f"no whole bin of {bin} ms fits in {t_start} to {t_stop} ms")
    return counts_between(times_in(spikes), t_start + bin * np.arange(n_bins + 1))
