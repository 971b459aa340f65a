"""Latent equilibrium: slow cells that look ahead are at once where their energy is lowest, and others are not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import root
from tolerances import ULP

from spikelearn.errors import DivergenceWarning, ParameterError
from spikelearn.learning import LatentEquilibrium, frozen
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.rules import learner_for
from spikelearn.tasks import yin_yang

X, Y = yin_yang(12, 1)


def equilibrium(x, teacher, weights, nudging):
    """Where the derivatives of the energy by the values of all layers above the input are 0, and errors there."""
    places = np.cumsum([W.shape[1] for W in weights])[:-1]

    def errors_of(values):
        sent = [x, *map(np.tanh, values[:-1])]
        return sent, [V - below @ W for V, below, W in zip(values, sent, weights, strict=True)]

    def slopes(flat):
        values = np.split(flat, places)
        sent, errors = errors_of(values)
        back = [(1.0 - A * A) * (W @ e) for A, W, e in zip(sent[1:], weights[1:], errors[1:], strict=True)]
        return np.concatenate([e - b for e, b in zip(errors, [*back, nudging * (teacher - values[-1])], strict=True)])

    values = np.split(root(slopes, np.zeros(places[-1] + weights[-1].shape[1]), tol=1e-14).x, places)
    return values, errors_of(values)[1]


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
def test_cells_are_where_the_energy_is_lowest_long_before_their_potentials_are(hidden):
    """Each example is shown for 1 % of the time that membranes take. In one more step weights are tied."""
    learner = LatentEquilibrium(
        hidden=hidden, bias=False, feedback="tied", learning_rate=0.0, steps=300, tau_m=30_000.0
    ).prepare(X, Y)
    circuit = learner.circuit_
    for layer in circuit.layers[1:]:
        circuit.network.record(layer, ["D", "u"])
    features, places = learner.examples(X, Y)
    run = learner._present(features[:2], places[:2])[1]
    for k, (x, y) in enumerate(zip(features[:2], places[:2], strict=True)):
        values, errors = equilibrium(x, np.eye(3)[y], learner.coefs_, learner.nudging)
        for layer, V, expected in zip(circuit.layers[1:], values, errors, strict=True):
            D, u = (run.trace(layer, each).values.reshape(2, -1, layer.size)[k, -2] for each in ("D", "u"))
            ULP(100_000, 10.0).check(D, expected)
            assert np.linalg.norm(u - V) > 0.9 * np.linalg.norm(V)


def test_the_less_the_teacher_nudges_the_closer_updates_are_to_the_gradient():
    """In the last of many steps: to first order, their difference goes with the nudging."""
    angles = []
    for nudging in (0.2, 0.02, 0.002):
        learner = LatentEquilibrium(hidden=(6,), bias=False, feedback="tied", forgetting=0.0, steps=200)
        found = angles_of(learner.set_params(nudging=nudging).prepare(X, Y), X, Y)
        angles.append([each.single for each in found])
    for larger, smaller in pairwise(np.array(angles)):
        assert np.all(smaller < larger / 3.0)
    assert np.all(np.array(angles[0]) > 1.0)


def test_what_was_shown_before_is_forgotten_at_once_by_cells_that_look_ahead():
    apart = []
    for ahead in (1.0, 0.0):
        learner = LatentEquilibrium(hidden=(6, 5), ahead=ahead).prepare(X, Y)
        there, back = (learner.decision_function(X[order])[order] for order in (slice(None), slice(None, None, -1)))
        apart.append(np.max(np.abs(there - back)))
    assert apart[0] == 0.0
    assert apart[1] > 0.1


@pytest.mark.parametrize(
    "rule", ["latent_equilibrium", "generalised_latent_equilibrium", "koerding_koenig", "predictive_coding"]
)
def test_weights_down_between_frozen_layers_stay_as_they_were_drawn(rule):
    """Of all learners whose synapses of both directions learn."""
    learner = frozen(learner_for(rule, hidden=(6, 5))).prepare(X, Y)
    weights = [learner.circuit_.weights(each) for each in learner.circuit_.feedback]
    learner.partial_fit(X, Y)
    changed = [
        np.any(learner.circuit_.weights(each) != W) for each, W in zip(learner.circuit_.feedback, weights, strict=True)
    ]
    assert changed == [True, False]


def test_cells_that_do_not_look_ahead_learn_nothing_from_presentations_so_short():
    X, Y = yin_yang(1500, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = LatentEquilibrium(hidden=(30,), bias=False, epochs=10, decay=0.75)
    assert learner.tau_m == 10.0 * learner.steps
    reached, without = (each.fit(X, Y).score(X_test, Y_test) for each in (learner, frozen(learner)))
    assert reached > 0.85
    assert without < reached - 0.05
    with pytest.warns(DivergenceWarning, match="weights of 'input->hidden 1'"):
        assert learner.set_params(ahead=0.0).fit(X, Y).score(X_test, Y_test) < 0.5
    slower = tuple(0.1 * each for each in learner.rates)
    assert learner.set_params(learning_rate=slower).fit(X, Y).score(X_test, Y_test) < 0.5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 5}, "steps: expected at least 6 for 3 layers, got 5"),
        ({"tau_m": 0.0}, "tau_m: expected more than 0, got 0.0"),
        ({"nudging": 0.0}, "nudging: expected more than 0, got 0.0"),
        ({"ahead": -1.0}, "ahead: expected at least 0, got -1.0"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        LatentEquilibrium(hidden=(6,), **wrong).fit(X, Y)
