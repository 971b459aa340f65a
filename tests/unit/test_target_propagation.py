"""Target propagation: what targets, weights and inverses are, and whose steps they make."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.errors import ParameterError
from spikelearn.learning import TargetPropagation, frozen
from spikelearn.learning.angles import angles_per_trial
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

    def g(total):
        return np.tanh(total), 1.0 - np.tanh(total) ** 2

    clean, sent, activities = [x], [x], []
    for k in range(len(W)):
        clean.append(layer(k, clean[-1]))
        activities.append(layer(k, sent[-1]))
        sent.append(activities[-1] + noise[k] if k < last else activities[-1])
    moved = []
    for k, inverse in enumerate(V):
        above = activities[k + 1]
        R, slope = g(above @ inverse)
        wanted = noise[k] + g(clean[k + 2] @ inverse)[0] if learner.inverse == "differences" else sent[k + 1]
        moved.append(np.outer(above, (wanted - R) * slope))
    for inverse, change in zip(V, moved, strict=True):
        inverse += learner.inverse_rate * change
    target = clean[-1] + learner.step * (teacher - clean[-1])
    steps = [target - clean[-1]]
    for k in range(last - 1, -1, -1):
        h, R = clean[k + 1], g(target @ V[k])[0]
        target = h + R - g(clean[k + 2] @ V[k])[0] if learner.difference else R
        steps.insert(0, (target - h) * (1.0 - h * h))
    for k, (weights, step) in enumerate(zip(W, steps, strict=True)):
        weights += learner.rates[k == last] / learner.step * np.outer(clean[k], step)
    return W, V


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
@pytest.mark.parametrize(
    ("difference", "inverse"), [(True, "differences"), (True, "activities"), (False, "activities")]
)
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
    """Of updates of hidden weights as they were drawn, once output and inverse are learned, from Gauss and Newton's.

    These make the smallest change of hidden activities after which the linear output is where it shall be.
    """
    X, Y = yin_yang(1500, 1)
    learner = TargetPropagation(
        hidden=(30,), bias=False, inverse=inverse, control="frozen", learning_rate=(1.0, 0.05), sigma=0.5, epochs=10
    ).fit(X, Y)  # fmt: skip
    W1, W2 = learner.coefs_
    x, y = X[:100], Y[:100]
    h = np.tanh(x @ W1)
    step = (np.eye(3)[y] - h @ W2) @ np.linalg.pinv(W2) * (1.0 - h * h)
    updates = learner.set_params(control="none").updates(x, y)[0]
    return np.mean(angles_per_trial(updates, x[:, :, None] * step[:, None, :]))


def test_an_inverse_of_differences_makes_the_steps_of_gauss_and_newton():
    assert gauss_newton_angle("differences") < 20.0
    assert gauss_newton_angle("activities") > 30.0


def test_two_hidden_layers_learn_yin_yang_and_frozen_ones_do_not():
    X, Y = yin_yang(2000, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = learner_for("dtp", hidden=(30, 30), bias=False, epochs=12)
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
