"""Mean-field theory of sparse networks: against Siegert's integral, its derivatives, and Brunel's own numbers."""

import math

import numpy as np
import pytest
from tolerances import METHOD, PRINTED

from spikelearn.analysis.mean_field import SparseNetwork, lif_rate, lif_response, oscillation, stationary_rate
from spikelearn.errors import ParameterError

CELL = SparseNetwork()


def siegert(mean, std):
    """Hz, by Simpson's rule on exp(x^2) (1 + erf(x)) from reset to threshold."""
    x = np.linspace((CELL.V_reset - mean) / std, (CELL.V_th - mean) / std, 2001)
    y = np.array([math.exp(v * v) * math.erfc(-v) for v in x])
    integral = (y[0] + y[-1] + 4 * y[1:-1:2].sum() + 2 * y[2:-1:2].sum()) * (x[1] - x[0]) / 3
    return 1e3 / (CELL.t_ref + CELL.tau_m * math.sqrt(math.pi) * integral)


@pytest.mark.parametrize(("mean", "std"), [(18.0, 4.0), (24.0, 1.5), (12.0, 3.0), (40.0, 10.0)])
def test_the_rate_is_siegerts(mean, std):
    METHOD(1, 1e-5, siegert(mean, std)).check(lif_rate(CELL, mean, std), siegert(mean, std))


def test_a_neuron_without_noise_fires_as_its_closed_form_says():
    closed = 1e3 / (CELL.t_ref + CELL.tau_m * math.log((30.0 - CELL.V_reset) / (30.0 - CELL.V_th)))
    # Noise of 3 % of the way from threshold to the mean counts as its square.
    METHOD(2, 0.03, closed).check(lif_rate(CELL, 30.0, 0.3), closed)


def test_a_slow_change_of_the_input_moves_the_rate_along_its_curve():
    mean, std, h = 18.0, 4.0, 1e-2
    slow = lif_response(CELL, mean, std, [1e-3])[:, 0]
    by_mean = (lif_rate(CELL, mean + h, std) - lif_rate(CELL, mean - h, std)) / (2e3 * h)
    up, down = math.sqrt(std**2 + h), math.sqrt(std**2 - h)
    by_variance = (lif_rate(CELL, mean, up) - lif_rate(CELL, mean, down)) / (2e3 * h)
    step = 10.0 / 400  # mV, of the integration, an error of its square
    METHOD(2, step, by_mean).check(slow.real, [by_mean, by_variance])


def test_a_fast_change_of_the_input_moves_the_rate_less_and_later():
    gains = lif_response(CELL, 18.0, 4.0, [1.0, 100.0, 400.0])[0]
    assert abs(gains[2]) < abs(gains[1])
    # White noise: r / sigma sqrt(2 / (i omega tau)) at high frequencies, of a lag of 45 degrees (Brunel & Hakim 1999).
    assert -60.0 < np.degrees(np.angle(gains[2])) < -35.0


@pytest.mark.parametrize(
    ("g", "eta", "rate", "frequency"), [(6.0, 4.0, 55.8, 190.0), (5.0, 2.0, 38.0, None), (4.5, 0.9, 6.5, 29.0)]
)
def test_rates_and_frequencies_of_brunels_figure_8(g, eta, rate, frequency):
    network = SparseNetwork(g=g, eta=eta)
    PRINTED(1).check(stationary_rate(network), rate)
    found = oscillation(network)
    assert (found.gain > 1) == (frequency is not None)
    if frequency:
        assert abs(found.frequency / frequency - 1) < 0.02  # read from the page to two digits


def test_a_network_below_threshold_stays_silent_and_one_without_inhibition_fires_as_fast_as_it_can():
    assert stationary_rate(SparseNetwork(g=3.0, eta=0.4)) < 1e-6
    assert stationary_rate(SparseNetwork(g=0.0, eta=4.0)) > 450.0
    assert oscillation(SparseNetwork(g=3.0, eta=0.4)).gain == 0.0


def test_a_threshold_below_reset_is_refused():
    with pytest.raises(ParameterError, match="V_reset must lie below V_th"):
        SparseNetwork(V_reset=21.0)
