"""Polychronization (Izhikevich 2006): STDP with delays brings gamma, and weights to their limits."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.experiments import load_experiment

MODEL = load_experiment("polychronization_2006")
OF_MODEL = MODEL.simulate.__globals__


def test_in_the_second_minute_there_is_more_gamma_than_in_the_first_and_not_with_frozen_weights(quick_form):
    metrics = quick_form[1].metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]), f"{name} = {metrics[name]}"


def test_frozen_weights_are_those_of_the_start_and_learned_ones_within_their_limits(quick_form):
    parameters, outcome = quick_form
    assert np.all(outcome.data["frozen"].weights == parameters.excitation)
    learned = outcome.data["plastic"].weights
    assert learned.min() >= 0.0 and learned.max() <= parameters.W_max and learned.std() > 1.0


def one_synapse(arrivals, spikes, duration, weight=5.0):
    """The weight of one synapse after each ms, by the rule of the model. Spikes are given."""
    net = sl.Network(dt=1.0)
    source = net.population(1, sl.SpikeList(np.array(arrivals) - 1.0))
    teacher = net.population(1, sl.SpikeList(np.array(spikes) - 1.0))
    target = net.population(1, sl.Parrot())
    net.connect(teacher, target, "exc", weight=1.0, delay=1.0)
    made = net.connect(source, target, "ignored", weight=weight, delay=1.0, plasticity=OF_MODEL["DerivativeSTDP"]())
    return float(net.run(duration, progress=False).weights(made)[0])


def test_a_synapse_follows_the_rule_as_computed_by_steps():
    # The oracle takes steps of 1 ms of the same equations; errors of the order of 1e-3 of a change remain.
    random = np.random.default_rng(1)
    arrivals = np.unique(random.integers(10, 9900, 60)).astype(float)
    spikes = np.unique(random.integers(10, 9900, 60)).astype(float)
    p = OF_MODEL["DerivativeSTDPParameters"]()
    last = max(arrivals[-1], spikes[-1])
    w, slope, K_plus, K_minus, begun = 5.0, 0.0, 0.0, 0.0, False
    for t in range(1, int(last) + 1):
        if begun:
            w += 1e-3 * (p.drift + slope)
            slope *= np.exp(-1.0 / p.tau_s)
        K_plus, K_minus = 0.95 * K_plus, 0.95 * K_minus
        if t in arrivals:
            slope, K_plus, begun = slope - p.A_minus * K_minus, 1.0, True
        if t in spikes:
            slope, K_minus = slope + p.A_plus * K_plus, 1.0
    assert one_synapse(arrivals, spikes, 10_000.0) == pytest.approx(w, abs=2e-3)
    assert abs(w - 5.0) > 0.05


def test_without_pairs_a_weight_drifts_from_its_first_arrival_on():
    assert one_synapse([1000.0, 11_000.0], [30_000.0], 29_000.0) == pytest.approx(5.1, abs=1e-9)


def test_the_figure_is_drawn(quick_form):
    figure = MODEL.figure(*quick_form)
    assert [ax.get_ylabel() for ax in figure.axes] == [
        "neuron", "power (%)", "power in 30 to 70 Hz (%)", "synapses (%)",
    ]  # fmt: skip


@pytest.mark.parametrize(("given", "message"), [({"duration": 1000.0}, "duration"), ({"most_delay": 30}, "most_delay")])
def test_parameters_that_cannot_be_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        MODEL.parameters(**given)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_full_form_agrees(seed):
    metrics = MODEL.simulate(MODEL.parameters(), seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]), f"{name} = {metrics[name]}"
