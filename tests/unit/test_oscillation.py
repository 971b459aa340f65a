"""How strongly and how fast a population's rate changes: against closed forms, and inputs that have no answer."""

import numpy as np
import pytest
from tolerances import EXACT, METHOD, STAT

from spikelearn.analysis import dominant_frequency, rate_modulation, shifted_trains
from spikelearn.errors import ParameterError
from spikelearn.results.run import Spikes


def modulated(n, hz, depth, frequency, t_stop, seed):
    """Poisson spikes of n neurons whose rate goes as 1 + depth sin(2 pi frequency t)."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, t_stop, rng.poisson(n * hz * (1 + depth) * t_stop * 1e-3)))
    kept = rng.random(times.size) * (1 + depth) < 1 + depth * np.sin(2e-3 * np.pi * frequency * times)
    times = times[kept]
    return Spikes(times, rng.integers(0, n, times.size))


@pytest.mark.parametrize(("depth", "frequency", "bin"), [(1.0, 100.0, 0.5), (0.5, 20.0, 0.5), (1.0, 100.0, 4.0)])
def test_a_sine_has_its_depth_over_the_root_of_two_less_what_the_bin_takes(depth, frequency, bin):
    spikes = modulated(5000, 20.0, depth, frequency, 4000.0, seed=1)
    expected = depth / np.sqrt(2) * np.sinc(frequency * bin * 1e-3)
    # The variance of n = 4000 / bin counts, of mean 100 bin, scatters by sqrt(2 / n) of itself, and m by half of that.
    measured = rate_modulation(spikes.times, 0.0, 4000.0, bin)
    STAT(round(4000 / bin), deviation=(1 + expected) * (1 + 1 / (100 * bin * expected**2))).check(measured, expected)


@pytest.mark.parametrize("frequency", [25.0, 180.0, 665.0])
def test_the_dominant_frequency_is_that_of_the_rate(frequency):
    spikes = modulated(5000, 20.0, 0.8, frequency, 1000.0, seed=2)
    METHOD(1, 5.0).check(dominant_frequency(spikes.times, 0.0, 1000.0), frequency)  # pieces of 200 ms, 5 Hz apart


def test_independent_neurons_are_not_modulated_whatever_their_number():
    for n in (100, 10_000):
        spikes = modulated(n, 20.0, 0.0, 1.0, 4000.0, seed=3)
        # Variance and mean of 8000 Poisson counts differ by sqrt(2 / 8000) of the mean, which is n / 100.
        assert rate_modulation(spikes.times, 0.0, 4000.0) ** 2 <= STAT(8000, 2**0.5 / (n * 0.01)).atol


def test_trains_that_are_moved_apart_keep_their_rates_and_intervals_and_lose_their_synchrony():
    volleys = np.repeat(np.arange(0.25, 1000.0, 10.0), 200)
    spikes = Spikes(volleys, np.tile(np.arange(200), 100))
    times, ids = shifted_trains(spikes, 0.0, 1000.0, seed=4)
    EXACT.check(np.bincount(ids), np.full(200, 100))
    METHOD(1, 1e-9).check(np.diff(times[ids == 7]), 10.0)
    assert times.min() >= 0.0 and times.max() < 1000.0 and np.all(np.diff(times) >= 0)
    before, after = rate_modulation(spikes.times, 0.0, 1000.0), rate_modulation(times, 0.0, 1000.0)
    METHOD(1, 1e-9).check(before**2, 19.0 - 1 / 10.0)  # one bin of twenty has all: variance 19 mean^2, less the mean
    assert after < 0.25


def test_a_window_leaves_out_what_is_before_and_after_it():
    spikes = Spikes(np.array([1.0, 15.0, 25.0]), np.array([0, 1, 0]))
    times, ids = shifted_trains(spikes, 10.0, 20.0, seed=1)
    assert ids.tolist() == [1] and 10.0 <= times[0] < 20.0


def test_silence_has_no_modulation_no_frequency_and_no_trains():
    assert np.isnan(rate_modulation([], 0.0, 100.0)) and np.isnan(dominant_frequency([], 0.0, 100.0))
    assert shifted_trains(Spikes(np.zeros(0), np.zeros(0, int)), 0.0, 100.0, seed=1)[0].size == 0


def test_a_window_too_short_for_a_spectrum_is_named():
    with pytest.raises(ParameterError, match="at least 8 bins of 0.5 ms, got 6"):
        dominant_frequency([1.0, 2.0], 0.0, 3.0)
