"""Spikes sorted by neuron, with the interval to the previous spike."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.analysis.checks import spike_ids, spike_times


class ByNeuron(NamedTuple):
    """Spikes sorted by neuron, then time.

    order: (n,) position of each in the given arrays. times: (n,) ms. ids: (n,) integers.
    since_previous: (n,) ms since the previous spike of the same neuron; infinite for a neuron's first.
    """

    order: np.ndarray
    times: np.ndarray
    ids: np.ndarray
    since_previous: np.ndarray


def by_neuron(times: ArrayLike, ids: ArrayLike) -> ByNeuron:
    """Sort spikes by neuron and measure their intervals.

    times: (n,) ms, ascending. ids: (n,) integers. Raises ParameterError if shapes, types or order are wrong.
    """
    in_time = spike_times(times)
    owner = spike_ids(ids, in_time)
    order = np.lexsort((in_time, owner))
    in_time, owner = in_time[order], owner[order]
    since_previous = np.full(in_time.shape, np.inf)
    same = owner[1:] == owner[:-1]
    since_previous[1:][same] = np.diff(in_time)[same]
    return ByNeuron(order, in_time, owner, since_previous)
