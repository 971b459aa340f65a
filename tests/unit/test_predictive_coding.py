"""Predictive coding: where values settle, what weights learn from it, and how close that is to the gradient."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.errors import ParameterError
from spikelearn.learning import PredictiveCoding, SpikingPredictiveCoding, frozen
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.rules import learner_for
from spikelearn.tasks import yin_yang

X, Y = yin_yang(12, 1)


def settled(x, target, weights, variance):
    """Activities that are sent up, and errors, of all layers above the input, where the energy does not fall further.

    Values go down it, all from 0 and in small steps, by its derivatives as Whittington & Bogacz (2017) write them.
    """
    values = [np.zeros(W.shape[1]) for W in weights]
    values[-1] = target
    for _ in range(20_000):
        sent = [x, *map(np.tanh, values[:-1])]
        errors = [V - below @ W for V, below, W in zip(values, sent, weights, strict=False)]
        errors[-1] = errors[-1] / variance
        for k in range(len(weights) - 1):
            values[k] = values[k] + 0.02 * (-errors[k] + (1.0 - sent[k + 1] ** 2) * (weights[k + 1] @ errors[k + 1]))
    return sent, errors


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
def test_values_settle_where_the_energy_is_lowest_and_weights_go_down_it(hidden):
    learner = PredictiveCoding(
        hidden=hidden, bias=False, feedback="tied", forgetting=0.0, steps=600, learning_rate=(0.7, 0.3)
    ).prepare(X, Y)
    weights = learner.coefs_
    features, places = learner.examples(X, Y)
    for x, y in zip(features[:3], places[:3], strict=True):
        sent, errors = settled(x, np.eye(3)[y], weights, learner.variance)
        rates = [*[0.7] * len(hidden), 0.3]
        moved = [rate * np.outer(A, D) for rate, A, D in zip(rates, sent, errors, strict=False)]
        weights = [W + change for W, change in zip(weights, moved, strict=True)]
    learner.learn(features[:3], places[:3])
    # Thousands of steps of another method, after which both are at the same place to rounding.
    for found, expected in zip(learner.coefs_, weights, strict=True):
        ULP(100_000, 10.0).check(found, expected)


def test_without_a_teacher_there_are_no_errors():
    learner = PredictiveCoding(hidden=(6, 5)).prepare(X, Y)
    circuit = learner.circuit_
    for layer in circuit.layers[1:]:
        circuit.network.record(layer, "D")
    answered = learner.answer(X)[1]
    taught = learner._present(*learner.examples(X, Y))[1]
    for layer in circuit.layers[1:]:
        assert not np.any(answered.trace(layer, "D").values)
        assert np.any(taught.trace(layer, "D").values)


def test_the_less_the_output_weighs_the_closer_updates_are_to_the_gradient():
    """Errors are then those of activities that hardly move: to first order, their difference goes with 1/variance."""
    angles = []
    for variance in (2.0, 20.0, 200.0):
        learner = PredictiveCoding(hidden=(6,), bias=False, feedback="tied", forgetting=0.0, steps=100)
        found = angles_of(learner.set_params(variance=variance).prepare(X, Y), X, Y)
        angles.append([each.single for each in found])
    for larger, smaller in pairwise(np.array(angles)):
        assert np.all(smaller < larger / 5.0)
    assert np.all(np.array(angles[0]) > 1.0)


def test_weights_that_are_forgotten_up_and_down_become_alike_and_fixed_ones_do_not():
    X, Y = yin_yang(1000, 1)
    apart = {}
    for feedback, forgetting in (("kolen_pollack", 0.1), ("kolen_pollack", 0.0), ("fixed", 0.1)):
        learner = PredictiveCoding(hidden=(10,), bias=False, feedback=feedback, forgetting=forgetting).prepare(X, Y)
        difference = []
        for _ in range(5):
            down = learner.circuit_.weights(learner.circuit_.feedback[0])
            difference.append(np.linalg.norm(learner.coefs_[1] - down.T))
            learner.partial_fit(X, Y)
        apart[feedback, forgetting] = difference[-1] / difference[0]
    assert apart["kolen_pollack", 0.1] < 0.2
    # After 20 steps values have not quite settled, and each synapse sees the other's of the step before.
    assert apart["kolen_pollack", 0.0] == pytest.approx(1.0, abs=0.01)
    assert apart["fixed", 0.1] > 0.5


def test_yin_yang_needs_what_the_hidden_layer_learns():
    X, Y = yin_yang(2000, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = learner_for("predictive_coding", "yin_yang", hidden=(30,), bias=False, epochs=12)
    assert learner.fit(X, Y).score(X_test, Y_test) > 0.9
    assert frozen(learner).fit(X, Y).score(X_test, Y_test) < 0.8
    hidden, output = angles_of(learner, X_test[:100], Y_test[:100])
    assert hidden.single < 45.0  # after 24,000 presentations; after 100,000 it is below 30
    assert output.single < 5.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 3}, "steps: expected at least 4 for 3 layers, got 3"),
        ({"encoding": "poisson"}, "encoding: cells without memory need 'graded' values, got 'poisson'"),
        ({"rate": 0.0}, "rate: expected more than 0 and at most 1, got 0.0"),
        ({"variance": 0.0}, "variance: expected more than 0, got 0.0"),
        ({"forgetting": -1.0}, "forgetting: expected at least 0, got -1.0"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        PredictiveCoding(hidden=(6,), **wrong).fit(X, Y)


def test_spikes_of_error_cells_add_up_to_the_errors_to_half_a_quantum():
    learner = SpikingPredictiveCoding(hidden=(6, 5), bias=False, quantum=0.5).prepare(X, Y)
    circuit, features = learner.circuit_, learner.examples(X, Y)
    n, quiet = len(features[0]), len(circuit.layers)
    for layer in circuit.layers[2:]:
        circuit.network.record(layer, ["D", "sent"])
    circuit.network.record(circuit.layers[2])  # spikes of the output are
    run = learner._present(*features)[1]
    for layer in circuit.layers[2:]:
        in_trials = n, quiet + learner.steps, layer.size
        sent, mean = (run.trace(layer, each).values.reshape(in_trials) for each in ("sent", "D"))
        spikes, fired = run.spikes(layer), np.zeros((n * in_trials[1], layer.size))
        fired[np.round(spikes.times).astype(int) - 1, spikes.ids] = 1.0
        told, mean = np.sum(fired.reshape(in_trials) * sent, axis=1), mean[:, -1]
        assert np.any(told != 0.0)
        np.testing.assert_array_less(np.abs(told - learner.steps * mean), 0.25 + 1e-9)


def test_the_smaller_the_quantum_the_closer_spikes_are_to_the_gradient():
    X, Y = yin_yang(100, 1)
    angles = []
    for quantum in (100.0, 10.0):
        learner = SpikingPredictiveCoding(hidden=(10,), bias=False, feedback="tied", quantum=quantum).prepare(X, Y)
        angles.append(angles_of(learner, X, Y)[0].single)
    assert angles[0] > 2.0 * angles[1]


def test_error_cells_that_fire_twenty_times_a_second_are_enough_for_yin_yang():
    X, Y = yin_yang(2000, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = learner_for("predictive_coding_spiking", "yin_yang", hidden=(30,), bias=False, epochs=5)
    assert learner.fit(X, Y).score(X_test, Y_test) > 0.85
    assert 10.0 < learner.history_["error_rate"][0] < 30.0
    sent = 2 * 3 * np.mean(learner.history_["error_rate"]) * 1e-3 * learner.steps
    # Spikes of the last step of a presentation never arrive.
    assert learner.cost_.metrics()["events_feedback"] == pytest.approx(30 * sent, rel=0.05)


def test_a_quantum_is_more_than_nothing():
    with pytest.raises(ParameterError, match="quantum: expected more than 0, got 0.0"):
        SpikingPredictiveCoding(hidden=(6,), quantum=0.0).fit(X, Y)
