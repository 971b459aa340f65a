"""Rules of goodness: that each layer goes up its own likelihood, and what negative data are for."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from spikelearn.errors import ParameterError
from spikelearn.learning import ContrastiveSignalDependent, ForwardForward, linear
from spikelearn.learning.rules import learner_for
from spikelearn.tasks import yin_yang

X, Y = yin_yang(12, 1)


def sent(inputs, layers):
    """What each layer gets, from the input on, and what the last one sends. layers: weights of each."""
    found = [inputs]
    for weights in layers:
        h = 1.0 / (1.0 + np.exp(-found[-1] @ weights))
        found.append(h / np.sqrt(np.mean(h * h)))
    return found


def log_likelihood(inputs, positive, learner, weights):
    """Of one layer, that its data are what they are."""
    h = 1.0 / (1.0 + np.exp(-inputs @ weights))
    odds = learner.gain * (np.sum(h * h) - learner.threshold * len(h))
    return -np.logaddexp(0.0, -odds if positive else odds)


def by_differences(function, weights, step=1e-6):
    found = np.zeros_like(weights)
    for place in np.ndindex(weights.shape):
        moved = [weights.copy(), weights.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        found[place] = (function(moved[0]) - function(moved[1])) / (2.0 * step)
    return found


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
def test_each_layer_goes_up_its_own_likelihood_and_readouts_down_their_error(hidden):
    """Updates of an example at fixed weights: those of positive and negative data, and the delta rule."""
    learner = ForwardForward(hidden=hidden, bias=False).prepare(X, Y)
    features, places = learner.examples(X, Y)
    weights, n = learner.coefs_, len(hidden)
    layers, readouts = [np.vstack(weights[:2]), *weights[2 : n + 1]], weights[n + 1 :]
    negative = learner.negative_labels(places)
    assert np.all(negative != places)
    updates = learner.updates(X, Y)
    for k, (x, right, wrong) in enumerate(zip(features, places, negative, strict=True)):
        expected = [np.zeros_like(each) for each in layers]
        for label, positive in ((right, True), (wrong, False)):
            for total, inputs, layer in zip(
                expected, sent(np.append(x, np.eye(3)[label]), layers), layers, strict=False
            ):
                total += by_differences(partial(log_likelihood, inputs, positive, learner), layer)
        unlabelled = sent(np.append(x, np.zeros(3)), layers)[1:]
        odds = sum(each @ V for each, V in zip(unlabelled, readouts, strict=True))
        error = np.eye(3)[right] - 1.0 / (1.0 + np.exp(-odds))
        of_layers = [np.vstack([each[k] for each in updates[:2]]), *(each[k] for each in updates[2 : n + 1])]
        for found, wanted in zip(of_layers, expected, strict=True):
            np.testing.assert_allclose(found, learner.rates[0] * wanted, rtol=1e-4, atol=1e-5)
        for found, each in zip(updates[n + 1 :], unlabelled, strict=True):
            np.testing.assert_allclose(found[k], learner.rates[1] * np.outer(each, error), rtol=1e-4, atol=1e-5)


def test_goodness_tells_the_label_only_if_labels_of_negative_data_are_wrong():
    X, Y = yin_yang(600, 1)
    X_test, Y_test = yin_yang(300, 2)
    told, same = (
        np.mean([
            learner_for("forward_forward", bias=False, epochs=3, answers="goodness", negative=negative, seed=seed)
            .fit(X, Y).score(X_test, Y_test)
            for seed in (1, 2, 3)
        ])
        for negative in ("wrong", "right")
    )  # fmt: skip
    assert same < 0.5 < 0.6 < told


def of_spikes(x, weights, contrast, learner):
    """What a presentation with a label changes in the weights of one layer, step by step. x: inputs and label."""
    V, z = np.zeros((2, weights.shape[1]))
    squares, total = [0.0, 0.0], np.zeros_like(weights)
    for k in range(learner.steps):
        arriving = x if k else 0.0 * x
        V = 0.9 * V + 0.1 * arriving @ weights
        fired = V >= 1.0
        V, z = V - fired, np.where(fired, 1.0, np.exp(-1.0 / learner.tau_z) * z)
        p = 1.0 / (1.0 + np.exp(-learner.gain * (squares[-2] - learner.threshold * len(z))))
        squares.append(np.sum(z * z))
        if k >= learner.settle:
            error = 1.0 - p if contrast > 0 else -p
            total += np.outer(arriving, learner.gain * error * 2.0 * z * z * (1.0 - z))
    return total


def test_spikes_change_synapses_in_each_step_by_the_contrast_of_their_layer():
    learner = ContrastiveSignalDependent(hidden=(6,), bias=False).prepare(X, Y)
    features, places = learner.examples(X, Y)
    weights = np.vstack(learner.coefs_[:2])
    found = np.concatenate(learner.updates(X, Y)[:2], axis=1)
    for k, (x, right, wrong) in enumerate(zip(features, places, learner.negative_labels(places), strict=True)):
        expected = sum(
            of_spikes(np.append(x, np.eye(3)[label]), weights, contrast, learner)
            for label, contrast in ((right, 1.0), (wrong, -1.0))
        )
        np.testing.assert_allclose(found[k], learner.rates[0] * expected, rtol=1e-4, atol=1e-4)
    assert np.any(found)


def test_cells_of_a_layer_go_on_inhibiting_each_other_and_two_layers_learn():
    learner = ContrastiveSignalDependent(hidden=(6, 5), inhibition=0.5, bias=False).prepare(X, Y)
    before = learner.coefs_
    learner.partial_fit(X, Y)
    assert [each.shape for each in before] == [(4, 6), (3, 6), (6, 6), (6, 5), (3, 5), (5, 5), (6, 3), (5, 3)]
    assert all(np.any(a != b) for a, b in zip(before, learner.coefs_, strict=True))
    for among in (learner.coefs_[2], learner.coefs_[5]):
        assert np.all(among <= 0.0) and np.all(np.diag(among) == 0.0)


def test_two_hidden_layers_learn_yin_yang_and_a_line_does_not():
    X, Y = yin_yang(2000, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = learner_for("forward_forward", hidden=(30, 30), bias=False, epochs=6)
    line = linear(learner).fit(X, Y).score(X_test, Y_test)
    assert line < 0.7 < 0.75 < learner.fit(X, Y).score(X_test, Y_test)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"answers": "both"}, "answers: .*both"),
        ({"negative": "none"}, "negative: .*none"),
        ({"threshold": 0.0}, "threshold: expected more than 0, got 0.0"),
        ({"gain": -1.0}, "gain: expected more than 0, got -1.0"),
        ({"steps": 5}, "steps: expected at least 6 for 3 layers, got 5"),
        ({"encoding": "poisson"}, "encoding: cells without memory need 'graded' values, got 'poisson'"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        ForwardForward(hidden=(6,), **wrong).fit(X, Y)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"settle": 25}, "settle: expected a whole number of at least 1 and at most 24, got 25"),
        ({"tau_z": 0.0}, "tau_z: expected more than 0, got 0.0"),
        ({"inhibition": -1.0}, "inhibition: expected at least 0, got -1.0"),
    ],
)
def test_what_it_cannot_do_in_spikes_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        ContrastiveSignalDependent(hidden=(6,), **wrong).fit(X, Y)
