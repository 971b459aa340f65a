"""Events and bursts: the two signals of a spike train that is read as a multiplexed code.

An *event* is an isolated spike or the first spike of a burst. The rate of events reflects the input to the soma,
the share of events that are bursts the input to the dendrite (Naud & Sprekeler 2018, PNAS 115:E6329).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.analysis.arguments import SpikesLike, TimesLike, checks_arguments, spikes_of, times_in
from spikelearn.analysis.checks import ROUNDING, bin_edges, counts_between, positive
from spikelearn.analysis.intervals import by_neuron
from spikelearn.analysis.signals import ratio
from spikelearn.errors import ParameterError


class EventsAndBursts(NamedTuple):
    """Events and bursts of a population, each in order of time. Times (k,) float64 ms, ids (k,) integers.

    A burst is stamped at its first spike, so the bursts are a subset of the events.
    """

    event_times: np.ndarray
    event_ids: np.ndarray
    burst_times: np.ndarray
    burst_ids: np.ndarray


@checks_arguments
def classify_events(spikes: SpikesLike, window: float = 16.0) -> EventsAndBursts:
    """Classify events and bursts by the intervals between the spikes of each neuron.

    An event is a spike more than `window` ms after the previous one of its neuron, or that neuron's first.
    A burst is an event that is followed by another spike of its neuron within `window` ms. A simulator can only
    emit a burst at its second spike; here, with the whole train available, it is stamped at the first, so that
    bursts and events of the same bin belong together. An event less than `window` before the end of the
    recording may be an undetected burst.

    spikes: what run.spikes(...) returns, or trains. window: ms.
    Raises ParameterError if shapes, types or order are wrong or the window is not positive.
    Source: Payeur et al. 2021, Nat. Neurosci. 24:1010 (16 ms).

    >>> found = classify_events([[10.0, 15.0, 60.0]])
    >>> found.event_times, found.burst_times
    (array([10., 60.]), array([10.]))
    """
    positive(window, "window", "ms")
    given = spikes_of(spikes)
    found = by_neuron(given.times, given.ids)
    is_event = found.since_previous > window + ROUNDING
    # The next spike of the same neuron follows within the window if and only if it is not an event.
    is_burst = is_event.copy()
    is_burst[:-1] &= ~is_event[1:]
    is_burst[-1:] = False

    def in_time_order(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # The position in the given arrays restores their order, including ties.
        order = np.argsort(found.order[chosen])
        return found.times[chosen][order], found.ids[chosen][order]

    return EventsAndBursts(*in_time_order(is_event), *in_time_order(is_burst))


@checks_arguments
def binned_rate(spikes: TimesLike, n: int, edges: ArrayLike) -> np.ndarray:
    """Mean rate per neuron of `n` neurons between consecutive `edges`: (k,) float64, Hz.

    spikes: of spikes, events or bursts: what run.spikes(...) returns, their times (ms), or trains. edges: (k + 1,) ms;
    bins are [left, right).
    Raises ParameterError if times or edges are not ascending or n is not positive.

    >>> binned_rate([1.0, 2.0, 15.0], n=2, edges=[0, 10, 20])
    array([100.,  50.])
    """
    positive(n, "n")
    edges = bin_edges(edges)
    return counts_between(times_in(spikes), edges) / (n * np.diff(edges) * 1e-3)


@checks_arguments
def burst_probability(bursts: TimesLike, events: TimesLike, edges: ArrayLike) -> np.ndarray:
    """Share of events that are bursts, between consecutive `edges`: (k,) float64, NaN without events.

    bursts, events: times in ms, ascending, as `classify_events` returns them, or spikes or trains. edges: (k + 1,) ms.
    Raises ParameterError if an array is not ascending, or a bin holds more bursts than events, as happens
    when bursts are stamped at their second spike.
    Source: Naud & Sprekeler 2018, PNAS 115:E6329.

    >>> burst_probability([5.0], [5.0, 8.0, 12.0], edges=[0, 10, 20])
    array([0.5, 0. ])
    """
    edges = bin_edges(edges)
    n_bursts = counts_between(times_in(bursts), edges)
    n_events = counts_between(times_in(events), edges)
    if np.any(n_bursts > n_events):
        raise ParameterError(
            "a bin holds more bursts than events: stamp bursts at their first spike, as classify_events does"
        )
    return ratio(n_bursts, n_events)
