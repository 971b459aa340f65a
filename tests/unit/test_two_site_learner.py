"""Learners whose cells have two sites of integration, of which the apical one says what to learn."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.analysis import angle, logistic
from spikelearn.errors import ParameterError
from spikelearn.learning import KoerdingKoenig
from spikelearn.learning.layered_rates import backpropagate
from spikelearn.tasks import yin_yang

X, Y = yin_yang(30, 1)


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
def test_with_equal_weights_up_and_down_it_is_backpropagation_of_one_example_after_the_other(hidden):
    learner = KoerdingKoenig(hidden=hidden, bias=False, feedback="tied", learning_rate=(0.7, 0.3)).prepare(X, Y)
    weights = learner.coefs_
    for x, y in zip(*learner.examples(X, Y), strict=True):
        layers = [x[None]]
        for W in weights:
            layers.append(logistic(layers[-1] @ W))
        error = np.eye(3)[[y]] - layers[-1]
        slopes = [A * (1.0 - A) for A in layers[1:-1]]
        moved = [*backpropagate(layers[:-1], weights, slopes, error), layers[-2].T @ error]
        rates = [*[0.7] * len(hidden), 0.3]
        weights = [W + rate * each for W, rate, each in zip(weights, rates, moved, strict=True)]
    learner.learn(*learner.examples(X, Y))
    for found, expected in zip(learner.coefs_, weights, strict=True):
        ULP(10_000, 10.0).check(found, expected)


def test_weights_down_that_learn_keep_their_difference_to_those_up_and_others_stay():
    for feedback in ("kolen_pollack", "fixed"):
        learner = KoerdingKoenig(hidden=(6, 5), feedback=feedback).prepare(X, Y)
        circuit = learner.circuit_

        def down(circuit=circuit):
            return [circuit.weights(each) for each in circuit.feedback[::-1]]

        before, up = down(), [W.T for W in learner.coefs_[1:]]
        after = [W.T for W in learner.partial_fit(X, Y).coefs_[1:]]
        for old, new, was, now in zip(before, down(), up, after, strict=True):
            assert np.any(was != now)
            ULP(10_000, 10.0).check(new, old + now - was if feedback == "kolen_pollack" else old)


def test_random_weights_down_come_within_90_degrees_of_the_gradient():
    X, Y = yin_yang(500, 1)
    learner = KoerdingKoenig(hidden=(20,), bias=False, feedback="fixed").prepare(X, Y)
    for _ in range(5):
        learner.partial_fit(X, Y)
    moved, wanted = ([each.sum(axis=0) for each in found] for found in (learner.updates(X, Y), learner.gradient(X, Y)))
    assert angle([moved[0]], [-wanted[0]]) < 80.0
    assert angle([moved[1]], [-wanted[1]]) < 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 3}, "steps: expected at least 4 for 3 layers, got 3"),
        ({"encoding": "poisson"}, "encoding: cells without memory need 'graded' values, got 'poisson'"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        KoerdingKoenig(hidden=(6,), **wrong).fit(X, Y)
