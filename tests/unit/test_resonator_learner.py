"""Backpropagation through recurrent layers and through resonators: what is learned, and what for."""

import numpy as np
import pytest
from tolerances import METHOD

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.learning.controls import frozen
from spikelearn.learning.gradient import Differentiable
from spikelearn.learning.losses import SquaredError
from spikelearn.learning.rules import learner_for

X, Y = sl.tasks.yin_yang(200, 3)


def currents_of(learner):
    return [each.copy() for each in learner.circuit_.parts["currents"].values()]


@pytest.mark.parametrize("given", [{}, {"adaptive": 0.5}])
@pytest.mark.parametrize("rule", ["bptt", "bptt_resonate"])
def test_recurrent_weights_are_learned_with_the_others_and_frozen_with_them(rule, given):
    if rule == "bptt_resonate" and given:
        return
    free = learner_for(rule, hidden=(20, 15), recurrence=0.5, **given).prepare(X, Y)
    shapes = [(5, 20), (20, 20), (20, 15), (15, 15), (15, 3)]
    assert [each.shape for each in free.coefs_] == shapes
    assert [each.shape[1:] for each in free.gradient(X[:3], Y[:3])] == shapes
    kept = frozen(learner_for(rule, hidden=(20,), recurrence=0.5, **given)).prepare(X, Y)
    for learner, moving in ((free, shapes), (kept, shapes[-1:])):
        before, cells = learner.coefs_, currents_of(learner)
        for _ in range(5):  # upper layers are silent at first
            learner.partial_fit(X, Y)
        moved = [np.any(a != b) for a, b in zip(before, learner.coefs_, strict=True)]
        assert moved == [False] * (len(moved) - len(moving)) + [True] * len(moving)
        of_cells = [np.any(a != b) for a, b in zip(cells, currents_of(learner), strict=True)]
        assert of_cells == [learner is free] * len(cells)


def test_what_is_learned_of_cells_stays_in_a_range_and_without_a_rate_at_what_was_drawn():
    learned, drawn = (learner_for("bptt_resonate", hidden=(6,), cell_rate=rate).fit(X, Y) for rate in (1e-3, 0.0))
    assert all(np.all(each == 0.0) for each in currents_of(drawn))
    # Adam's steps are about the rate: 20 epochs of 10 batches, ever smaller
    assert all(1e-4 < np.abs(each).max() < 0.2 for each in currents_of(learned))


def test_the_derivatives_by_frequencies_and_damping_are_the_slopes_of_the_loss():
    """Where no neuron spikes, so that there is no surrogate: central differences."""
    net = sl.Network(dt=1.0, seed=1)
    cells = net.population(3, sl.Resonator(omega=[0.1, 0.3, 0.6], b_offset=0.01, V_th=100.0), name="cells")
    given = {(cells, "soma"): np.ones((2, 3)), (cells, "frequency"): np.zeros(3), (cells, "damping"): np.zeros(3)}
    trials = sl.Trials([sl.Phase(30.0, currents=given, reset=[cells], discard_events=True)], n=2)
    prepared = Differentiable(net, trials, by=[], inputs=[cells])
    loss = SquaredError(cells, "u", np.full((2, 3), 0.3))
    for port in ("frequency", "damping"):
        found = prepared.gradient(loss).currents[cells, port].sum(axis=(0, 1))
        assert np.all(np.abs(found) > 1e-3)
        for k in range(3):
            values = []
            for change in (1e-4, -1e-4):
                prepared.currents[cells, port][..., k] = change
                values.append(float(np.sum(loss(prepared.run())[0])))
            prepared.currents[cells, port][..., k] = 0.0
            METHOD(2, 1e-4, 1e4 * max(1.0, abs(found[k]))).check((values[0] - values[1]) / 2e-4, found[k])


def test_derivatives_by_inputs_are_of_the_populations_that_are_listed():
    net = sl.Network(dt=1.0, seed=1)
    low, high = net.population(2, sl.PerfectIntegrator(), name="low"), net.population(2, sl.Resonator(), name="high")
    net.connect(low, high, weight=1.0, on="rate", payload="r")
    given = {(low, "exc"): np.ones(2), (high, "soma"): np.ones(2)}
    trials = sl.Trials([sl.Phase(5.0, currents=given, reset=[low, high], discard_events=True)], n=1)
    loss = SquaredError(high, "u", np.zeros((1, 2)))
    assert list(Differentiable(net, trials, inputs=[high]).gradient(loss).currents) == [(high, "soma")]
    of_low, of_all = (Differentiable(net, trials, inputs=of).gradient(loss).currents for of in ([low], True))
    assert list(of_low) == [(low, "exc")] and set(of_all) == set(given)
    assert np.array_equal(of_low[low, "exc"], of_all[low, "exc"]) and np.any(of_low[low, "exc"] != 0.0)
    other = sl.Network(dt=1.0).population(1, sl.LIF(), name="other")
    with pytest.raises(DescriptionError, match="inputs: expected neurons of this network"):
        Differentiable(net, trials, inputs=[other])


def test_resonators_tell_frequencies_apart_and_leaky_cells_do_not():
    """With as much noise as oscillation. Leaky cells forget within 10 steps, less than a period."""
    learned, judged = (sl.tasks.frequency_discrimination(n, seed, noise=1.0) for n, seed in ((600, 1), (200, 2)))
    given = {"hidden": (20,), "elements": learned.elements, "steps": 1, "epochs": 3, "recurrence": 0.0}
    resonators, turned_off, leaky = (
        learner_for(rule, **given, **more).fit(learned.X, learned.y).score(judged.X, judged.y)
        for rule, more in (("bptt_resonate", {}), ("bptt_resonate", {"omega": (0.0, 0.0)}), ("bptt", {}))
    )
    assert resonators > 0.9 and turned_off < 0.4 and leaky < 0.4


@pytest.mark.parametrize(
    ("rule", "wrong", "message"),
    [
        ("bptt", {"recurrence": -1.0}, "recurrence: expected .*at least 0"),
        ("bptt", {"encoding": "poisson"}, "encoding: expected one without random spikes, got 'poisson'"),
        ("bptt", {"adaptive": 2.0}, "adaptive: expected a share from 0 to 1, got 2.0"),
        ("bptt_resonate", {"adaptive": 0.5}, "adaptive: expected 0 for resonators"),
        ("bptt_resonate", {"omega": (0.5, 0.1)}, "omega: expected a range from 0 to 0.99"),
        ("bptt_resonate", {"omega": (0.5, 1.5)}, "omega: expected a range from 0 to 0.99"),
        ("bptt_resonate", {"damping": (-0.5, 0.1)}, "damping: expected a range from 0 to inf"),
        ("bptt_resonate", {"cell_rate": -0.1}, "cell_rate"),
    ],
)
def test_what_such_a_learner_cannot_do_is_named(rule, wrong, message):
    with pytest.raises(ParameterError, match=message):
        learner_for(rule, hidden=(4,), **wrong).prepare(X, Y)


def test_weights_from_the_input_are_scaled_at_first_and_no_others():
    once, larger = (learner_for("bptt", hidden=(5, 4), input_scale=scale).prepare(X, Y).coefs_ for scale in (1.0, 3.0))
    assert np.array_equal(larger[0], 3.0 * once[0])
    assert all(np.array_equal(a, b) for a, b in zip(larger[1:], once[1:], strict=True))


@pytest.mark.parametrize(
    ("rule", "given", "message"),
    [("bptt", {"tau_m": 0.0}, "tau_m"), ("bptt", {"input_scale": -1.0}, "input_scale"),
     ("bptt_resonate", {"tau_m": 20.0}, "tau_m: resonators have damping instead")],
)  # fmt: skip
def test_time_constants_and_scales_that_have_no_meaning_are_refused(rule, given, message):
    with pytest.raises(ParameterError, match=message):
        learner_for(rule, **given).prepare(X, Y)
