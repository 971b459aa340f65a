"""Irregularity of spike trains: 0 for a clock, 1 for a Poisson process."""

from __future__ import annotations

import numpy as np

from spikelearn.analysis.arguments import SpikesLike, checks_arguments, spikes_of
from spikelearn.analysis.intervals import by_neuron
from spikelearn.errors import ParameterError


@checks_arguments
def cv_isi(spikes: SpikesLike, min_spikes: int = 3) -> float:
    """Coefficient of variation of the inter-spike intervals, averaged over neurons; a pure number.

    For each neuron with at least `min_spikes` spikes, the standard deviation of its intervals (with ddof=0)
    divided by their mean; then the mean over those neurons. NaN if there are none.
    A few intervals underestimate the CV of an irregular neuron, and a window favours short intervals:
    compare only windows with many spikes per neuron.

    spikes: what run.spikes(...) returns, or trains. Raises ParameterError if shapes, types or order are
    wrong, or min_spikes is below 3 (one interval has no variation).
    Source: Softky & Koch 1993, J. Neurosci. 13:334; Brunel 2000, J. Comput. Neurosci. 8:183.

    >>> cv_isi([[10.0, 20.0, 30.0, 40.0]])
    0.0
    """
    if min_spikes < 3:
        raise ParameterError(f"min_spikes must be at least 3, which is two intervals, got {min_spikes}")
    given = spikes_of(spikes)
    sorted_spikes = by_neuron(given.times, given.ids)
    first = np.isinf(sorted_spikes.since_previous)
    neuron = (np.cumsum(first) - 1)[~first]
    intervals = sorted_spikes.since_previous[~first]
    number = np.bincount(neuron, minlength=int(first.sum()))
    safe = np.maximum(number, 1)
    mean = np.bincount(neuron, intervals, minlength=number.size) / safe
    # Deviations are summed in a second pass: the difference of two large sums would lose precision.
    variance = np.bincount(neuron, (intervals - mean[neuron]) ** 2, minlength=number.size) / safe
    # The mean is zero for a source with all its spikes in one step: it has no CV.
    keep = (number >= min_spikes - 1) & (mean > 0)
    return float(np.mean(np.sqrt(variance[keep]) / mean[keep])) if np.any(keep) else float("nan")
