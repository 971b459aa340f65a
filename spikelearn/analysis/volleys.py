"""Spikes in a time window, and volleys: many spikes at about the same time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.analysis.checks import positive, spike_times
from spikelearn.results.run import Spikes


@checks_arguments
def spikes_between(spikes: Spikes, t_start: float, t_stop: float) -> Spikes:
    """The spikes, sorted by time, in [t_start, t_stop), ms."""
    low, high = np.searchsorted(spikes.times, [t_start, t_stop])
    return Spikes(spikes.times[low:high], spikes.ids[low:high])


@checks_arguments
def volleys(times: ArrayLike, at_least: int, within: float) -> list[float]:
    """Start times of volleys: at least `at_least` spikes within less than `within` ms. No spike belongs to two.

    times: (n,) ms, ascending. Raises ParameterError if they are not, or if a number is not positive.
    """
    positive(at_least, "at_least")
    positive(within, "within", "ms")
    found, begun, all_times = [], 0, spike_times(times)
    while begun + at_least <= len(all_times):
        end = int(np.searchsorted(all_times, all_times[begun] + within))
        if end - begun >= at_least:
            found.append(float(all_times[begun]))
            begun = end
        else:
            begun += 1
    return found
