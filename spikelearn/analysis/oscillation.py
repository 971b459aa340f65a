"""Strength and frequency of oscillations of a population's rate."""

from __future__ import annotations

import numpy as np

from spikelearn.analysis.arguments import SpikesLike, TimesLike, checks_arguments, spikes_of
from spikelearn.analysis.checks import spike_ids, spike_times, window
from spikelearn.analysis.rates import counts
from spikelearn.errors import ParameterError
from spikelearn.results.recorded_data import Spikes


@checks_arguments
def rate_modulation(spikes: TimesLike, t_start: float, t_stop: float, bin: float = 0.5) -> float:
    """Coefficient of variation of a population's rate, corrected for chance; a pure number.

    For independent Poisson neurons the variance of counts equals their mean: this is subtracted from the variance, so
    that the value does not depend on the number of neurons. 0 for a constant rate (and if counts vary less than by
    chance); a / sqrt(2) for a rate proportional to 1 + a sin(2 pi f t), times the factor sinc(f bin) due to binning;
    unbounded for volleys separated by silence. NaN if there are no spikes.

    spikes: what run.spikes(...) returns, their times (ms), or trains. bin: ms. Raises ParameterError as `counts` does.

    >>> round(rate_modulation(np.repeat(np.arange(5.0, 500.0, 50.0), 20), 0, 500, bin=10), 2)
    1.94
    """
    in_bin = counts(spikes, t_start, t_stop, bin)
    mean = in_bin.mean()
    return float(np.sqrt(max(in_bin.var() - mean, 0.0)) / mean) if mean > 0 else float("nan")


@checks_arguments
def dominant_frequency(
    spikes: TimesLike, t_start: float, t_stop: float, bin: float = 0.5, resolution: float = 5.0
) -> float:
    """Frequency at which the spectrum of a population's spike counts is highest, in Hz. NaN if there are no spikes.

    The spectrum is Welch's mean over half-overlapping segments with Hann windows, of the length required for the
    `resolution` (Hz), or of one segment if the recording is shorter. The lowest two frequencies are regarded as drift,
    not as an oscillation; the highest is 500 / bin Hz.

    spikes: what run.spikes(...) returns, their times (ms), or trains. bin: ms. Raises ParameterError as `counts` does,
    and if the window has fewer than eight bins.
    Source: Welch 1967, IEEE Trans. Audio Electroacoust. 15:70.

    >>> round(dominant_frequency(np.arange(0.0, 1000.0, 25.0), 0, 1000), 1)
    40.0
    """
    in_bin = counts(spikes, t_start, t_stop, bin)
    if in_bin.size < 8:
        raise ParameterError(f"a spectrum needs at least 8 bins of {bin} ms, got {in_bin.size}")
    if not in_bin.any():
        return float("nan")
    length = min(in_bin.size, max(8, round(1e3 / (resolution * bin))))
    pieces = np.lib.stride_tricks.sliding_window_view(in_bin - in_bin.mean(), length)[:: length // 2]
    power = (np.abs(np.fft.rfft(pieces * np.hanning(length + 1)[:-1])) ** 2).mean(axis=0)
    power[:2] = 0.0
    return float(np.argmax(power) / (length * bin * 1e-3))


@checks_arguments
def shifted_trains(spikes: SpikesLike, t_start: float, t_stop: float, seed: int) -> Spikes:
    """The spikes in a window, each neuron's train shifted in time by its own random amount.

    Spikes wrap around from the end of the window to its start, so each neuron keeps its rate and all its intervals but
    one, while neurons become independent. A control: any remaining synchrony is an artefact.

    spikes: what run.spikes(...) returns, or trains. seed: of the shifts. Raises ParameterError for an empty window or
    times out of order.

    >>> len(shifted_trains([[1.0, 2.0], [5.0]], 0, 100, seed=1).times)
    3
    """
    duration = window(t_start, t_stop)
    given = spikes_of(spikes)
    times = spike_times(given.times)
    ids = spike_ids(given.ids, times)
    inside = (times >= t_start) & (times < t_stop)
    times, ids = times[inside], ids[inside]
    if not ids.size:
        return Spikes(times, ids)
    shift = np.random.default_rng(seed).uniform(0.0, duration, int(ids.max()) + 1)
    moved = t_start + (times - t_start + shift[ids]) % duration
    order = np.argsort(moved, kind="stable")
    return Spikes(moved[order], ids[order])
