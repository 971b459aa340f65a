"""Rules of goodness: that each layer goes up its own likelihood, and what negative data are for."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from spikelearn.errors import ParameterError
from spikelearn.learning import ForwardForward, frozen
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


def test_two_hidden_layers_learn_yin_yang_and_frozen_ones_do_less():
    X, Y = yin_yang(2000, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = learner_for("forward_forward", hidden=(30, 30), bias=False, epochs=10)
    reached = learner.fit(X, Y).score(X_test, Y_test)
    assert reached > 0.8
    assert reached > frozen(learner).fit(X, Y).score(X_test, Y_test) + 0.05


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
