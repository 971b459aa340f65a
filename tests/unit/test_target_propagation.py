"""Target propagation: what targets, weights and inverses are, and whose steps they make."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.analysis import angle
from spikelearn.errors import ParameterError
from spikelearn.learning import TargetPropagation, frozen
from spikelearn.learning.rules import learner_for
from spikelearn.tasks import yin_yang

X, Y = yin_yang(12, 1)


def presented(x, teacher, W, V, noise, learner):
    """Weights and inverses after one example, layer by layer as Lee et al. (2015) and Meulemans et al. (2020) say.

    W: from the input on. V: from the first hidden layer on. noise: of each hidden layer.
    """
    W, V = [each.copy() for each in W], [each.copy() for each in V]
    last = len(W) - 1

    def layer(k, below):
        return below @ W[k] if k == last else np.tanh(below @ W[k])

    clean, sent, activities = [x], [x], []
    for k in range(len(W)):
        clean.append(layer(k, clean[-1]))
        activities.append(layer(k, sent[-1]))
        sent.append(activities[-1] + noise[k] if k < last else activities[-1])
    moved = []
    for k, inverse in enumerate(V):
        above = activities[k + 1]
        R = np.tanh(above @ inverse)
        wanted = noise[k] + np.tanh(clean[k + 2] @ inverse) if learner.inverse == "differences" else sent[k + 1]
        moved.append(np.outer(above, (wanted - R) * (1.0 - R * R)))
    for inverse, change in zip(V, moved, strict=True):
        inverse += learner.inverse_rate * change
    target = clean[-1] + learner.step * (teacher - clean[-1])
    steps = [target - clean[-1]]
    for k in range(last - 1, -1, -1):
        h, R = clean[k + 1], np.tanh(target @ V[k])
        target = h + R - np.tanh(clean[k + 2] @ V[k]) if learner.difference else R
        steps.insert(0, (target - h) * (1.0 - h * h))
    for k, (weights, step) in enumerate(zip(W, steps, strict=True)):
        weights += learner.rates[k == last] / learner.step * np.outer(clean[k], step)
    return W, V


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
@pytest.mark.parametrize(("difference", "inverse"), [(True, "differences"), (True, "activities"), (False, "activities")])
def test_targets_go_down_layer_by_layer_and_each_layer_learns_for_itself(hidden, difference, inverse):
    learner = TargetPropagation(
        hidden=hidden, bias=False, difference=difference, inverse=inverse, learning_rate=(0.3, 0.1)
    ).prepare(X, Y)
    circuit = learner.circuit_

    def inverses():
        return [circuit.weights(each) for each in circuit.feedback[::-1]]

    W, V = learner.coefs_, inverses()
    generator = np.random.default_rng([27, learner.seed, 0])
    noises = [generator.normal(0.0, learner.sigma, (len(X), n)) for n in hidden]
    features, places = learner.examples(X, Y)
    for k, (x, y) in enumerate(zip(features, places, strict=True)):
        W, V = presented(x, np.eye(3)[y], W, V, [noise[k] for noise in noises], learner)
    learner.learn(features, places)
    for found, expected in zip([*learner.coefs_, *inverses()], [*W, *V], strict=True):
        ULP(100_000, 10.0).check(found, expected)


def gauss_newton_angle(inverse):
    """Of the update of hidden weights that were drawn, once the inverse is learned, from one of Gauss and Newton.

    The activities of the hidden layer make the smallest change after which a linear output would be where it shall.
    """
    X, Y = yin_yang(1500, 1)
    learner = TargetPropagation(
        hidden=(8,), bias=False, inverse=inverse, learning_rate=1e-9, decay=0.7, sigma=0.2, inverse_rate=0.1
    ).prepare(X, Y)
    for _ in range(8):
        learner.partial_fit(X, Y)
    W1, W2 = learner.coefs_
    x, error = X[:100], np.eye(3)[Y[:100]] - np.tanh(X[:100] @ W1) @ W2
    h = np.tanh(x @ W1)
    step = error @ np.linalg.pinv(W2) * (1.0 - h * h)
    wanted = x[:, :, None] * step[:, None, :]
    return np.mean(angle(learner.updates(x, Y[:100])[0].reshape(100, -1), wanted.reshape(100, -1)))


def test_an_inverse_of_differences_makes_the_steps_of_gauss_and_newton():
    assert gauss_newton_angle("differences") < 15.0
    assert gauss_newton_angle("activities") > 30.0


def test_two_hidden_layers_learn_yin_yang_and_frozen_ones_do_not():
    X, Y = yin_yang(2000, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = learner_for("dtp", "yin_yang", hidden=(30, 30), bias=False, epochs=12)
    reached = learner.fit(X, Y).score(X_test, Y_test)
    assert reached > 0.85
    assert reached > frozen(learner).fit(X, Y).score(X_test, Y_test) + 0.05


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inverse": "sideways"}, "inverse: .*sideways"),
        ({"steps": 3}, "steps: expected at least 4 for 3 layers, got 3"),
        ({"encoding": "poisson"}, "encoding: cells without memory need 'graded' values, got 'poisson'"),
        ({"step": 2.0}, "step: expected more than 0 and at most 1, got 2.0"),
        ({"sigma": 0.0}, "sigma: expected more than 0, got 0.0"),
        ({"inverse_rate": -1.0}, "inverse_rate: expected more than 0, got -1.0"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        TargetPropagation(hidden=(6,), **wrong).fit(X, Y)
