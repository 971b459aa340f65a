"""Spikes in a time window, and volleys: many spikes at about the same time."""

from __future__ import annotations

import numpy as np

from spikelearn.analysis.arguments import SpikesLike, TimesLike, checks_arguments, spikes_of, times_in
from spikelearn.analysis.checks import positive
from spikelearn.results.recorded_data import Spikes, SpikesOfRun


@checks_arguments
def spikes_between(spikes: SpikesLike, t_start: float, t_stop: float) -> Spikes:
    """The spikes in [t_start, t_stop), ms. spikes: what run.spikes(...) returns, or trains.

    >>> spikes_between([[1.0, 20.0], [15.0]], 10, 20).times
    array([15.])
    """
    given = spikes_of(spikes)
    low, high = np.searchsorted(given.times, [t_start, t_stop])
    times, ids = given.times[low:high], given.ids[low:high]
    if isinstance(given, SpikesOfRun):
        begin, end = given.window
        return SpikesOfRun.of(times, ids, given.neurons, (max(t_start, begin), min(t_stop, end)))
    return Spikes(times, ids)


@checks_arguments
def volleys(spikes: TimesLike, at_least: int, within: float) -> list[float]:
    """Start times of volleys: at least `at_least` spikes within less than `within` ms. No spike belongs to two.

    spikes: what run.spikes(...) returns, their times (ms), or trains. Raises ParameterError if times are not ascending,
    or if a number is not positive.

    >>> volleys([1.0, 2.0, 3.0, 50.0], at_least=3, within=5)
    [1.0]
    """
    positive(at_least, "at_least")
    positive(within, "within", "ms")
    found, begun, all_times = [], 0, times_in(spikes)
    while begun + at_least <= len(all_times):
        end = int(np.searchsorted(all_times, all_times[begun] + within))
        if end - begun >= at_least:
            found.append(float(all_times[begun]))
            begun = end
        else:
            begun += 1
    return found
