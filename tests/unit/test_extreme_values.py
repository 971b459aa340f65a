"""Numbers at the limits of what arrays, integers and exponentials can hold."""

import math

import numpy as np
import pytest
from given_spikes import one_synapse

import spikelearn as sl
from spikelearn.kernels.event_rule import LAST_STEP
from spikelearn.kernels.traces import decay, decay_tables
from spikelearn.neurons.membrane import alpha_propagator, cascade_propagator, current_propagator
from spikelearn.neurons.qif import quadratic_flow


def network():
    return sl.Network(dt=0.1, seed=1, threads=1)


@pytest.mark.parametrize("p", [1e-18, 1e-19, 1e-300, 5e-324])
def test_a_probability_whose_gaps_exceed_any_integer_makes_no_synapse(p):
    net = network()
    ff = net.connect(
        net.population(4, sl.Poisson(rate=10.0)), net.population(4, sl.LIF()), "exc", sl.FixedProbability(p), weight=1.0
    )
    assert len(net.run(0.0).weights(ff)) == 0


def test_more_pairs_than_2_to_the_31_have_as_many_synapses_as_their_probability_says():
    net = network()
    cells = net.population(50_000, sl.Poisson(rate=0.0))
    ff = net.connect(cells, net.population(50_000, sl.LIF()), "exc", sl.FixedProbability(4e-8), weight=1.0)
    found = net.run(0.0).synapses(ff)
    assert 60 < len(found.pre) < 140  # 100 +- 4 standard deviations
    assert 0 <= found.pre.min() and found.pre.max() < 50_000 and 40_000 < found.post.max() < 50_000


@pytest.mark.parametrize("taus", [15, 40, 59])
@pytest.mark.parametrize("tau", [0.5, 20.0, 1000.0])
def test_decay_is_exact_up_to_sixty_time_constants(tau, taus):
    steps = round(taus * tau / 0.1)
    assert decay(steps, *decay_tables(tau, 0.1)) == pytest.approx(math.exp(-steps * 0.1 / tau), rel=1e-13)


@pytest.mark.parametrize("taus", [15, 40])
def test_a_pair_fifteen_or_forty_time_constants_apart_changes_the_weight_as_the_rule_says(taus):
    """From a weight of 0, as beside a larger one the change could not be seen."""
    rule = sl.STDP(tau_plus=5.0, mu_plus=0.0, lambda_=1.0, W_max=100.0)
    pair = one_synapse([1.0], [1.1 + 5.0 * taus], lambda _: rule, weight=0.0, axonal=0.1, T=5.0 * taus + 3.0)
    assert pair.final == pytest.approx(100.0 * math.exp(-taus), rel=1e-12)


@pytest.mark.parametrize("tau_minus", [1e7, 1e300])
def test_a_rule_whose_trace_hardly_decays_runs(tau_minus):
    rule = sl.STDP(tau_minus=tau_minus, mu_minus=0.0, lambda_=0.1, W_max=100.0)
    pair = one_synapse([30.0], [10.0], lambda _: rule, weight=50.0, axonal=0.1, T=31.0)
    assert pair.final == pytest.approx(50.0 - 10.0 * math.exp(-20.1 / tau_minus), rel=1e-12)


@pytest.mark.parametrize("tau", [1e7, 1e15, 1e300])
def test_a_trace_that_hardly_decays_takes_no_long_table(tau):
    tables = decay_tables(tau, 0.1)
    assert max(len(table) for table in tables) <= 65_536
    for steps in (0, 1, 255, 256, 65_535, 65_536, 10**6, LAST_STEP):
        assert decay(steps, *tables) == pytest.approx(math.exp(-steps * 0.1 / tau), rel=1e-13)


@pytest.mark.parametrize("tau", [1e-4, 1e-300, 5e-324])
def test_a_trace_that_decays_within_a_step_is_1_and_then_0(tau):
    tables = decay_tables(tau, 0.1)
    assert [float(decay(steps, *tables)) for steps in (0, 1, 255, 10**6)] == [1.0, 0.0, 0.0, 0.0]


def test_the_tables_of_a_short_and_of_a_long_time_constant_agree_where_they_meet():
    tau = 0.1 * 256 * ((1 << 16) - 1) / 60
    inside, beyond = decay_tables(tau * 0.999, 0.1), decay_tables(tau * 1.001, 0.1)
    assert [len(table) for table in (inside[1], beyond[1])] == [256, 65_536]
    for steps in (1, 1000, 300_000, 10_000_000):
        for tables, own in ((inside, tau * 0.999), (beyond, tau * 1.001)):
            assert decay(steps, *tables) == pytest.approx(math.exp(-steps * 0.1 / own), rel=1e-12)


@pytest.mark.parametrize("tau_m", [1e-4, 1e-10, 1e-300])
def test_a_membrane_much_faster_than_a_step_follows_its_current(tau_m):
    """After a step the potential is that of the current I: E_L + tau_m I / C_m."""
    exact = tau_m * math.exp(-0.1 / 2.0) / 250.0
    assert current_propagator(tau_m, 2.0, 250.0, 0.1) == pytest.approx(exact, rel=2 * tau_m + 1e-14)
    assert alpha_propagator(tau_m, 2.0, 250.0, 0.1) == pytest.approx(0.1 * exact, rel=20 * tau_m + 1e-14)
    assert np.isfinite(cascade_propagator(tau_m, 2.0, 3.0, 0.1))


@pytest.mark.filterwarnings("ignore::spikelearn.errors.CoarseStepWarning")
@pytest.mark.parametrize("model", [sl.LIF, sl.LIFAlpha])
def test_a_neuron_much_faster_than_a_step_runs(model):
    net = network()
    cells = net.population(1, model(tau_m=1e-4, I_e=1e7))
    net.connect(net.population(1, sl.SpikeList([1.0], [0])), cells, "exc", weight=100.0)
    net.record(cells, "V_m")
    found = net.run(3.0).trace(cells, "V_m").values
    assert np.isfinite(found).all() and found[-1, 0] == pytest.approx(-70.0 + 1e-4 * 1e7 / 250.0, abs=1e-3)


@pytest.mark.parametrize("angle", [1e-3, 0.5, 3.0, 3.3, 10.0, 25.0, 25.5, 1e5, 1e150])
def test_a_quadratic_membrane_relaxes_as_the_hyperbolic_tangent_however_long_the_step(angle):
    """dx/ds = x^2 - q^2 from 0: x = -q tanh(q s)."""
    q = 7.5
    x, infinite = quadratic_flow(0.0, -q * q, angle / q)
    assert not infinite and x == pytest.approx(-q * math.tanh(angle), rel=1e-14)
