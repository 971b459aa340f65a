"""STDP up and its mirror image down: what pairs of spikes change, and what is reconstructed."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import EXACT, ULP

from spikelearn.errors import SpikelearnError
from spikelearn.learning import MirroredAutoencoder
from spikelearn.learning.examples import examples_of

X = np.random.default_rng(1).uniform(0.0, 1.0, (5, 12))


def weights(learner):
    return [learner.circuit_.weights(each) for each in learner.circuit_.learning]


def test_both_synapses_between_two_cells_change_by_hidden_spikes_times_what_reconstructions_missed():
    learner = MirroredAutoencoder(hidden=6, forgetting=0.0, learning_rate=1e-3).prepare(X)
    up, down = weights(learner)
    codes, reconstructed = learner._present(X[:1], 1.0)
    shown = np.floor(np.round(X[0] * learner.steps, 9))
    expected = 1e-3 * np.outer(shown - learner.steps * reconstructed[0], codes[0])
    assert np.any(expected > 0.0) and np.any(expected < 0.0)
    for after, before, change in zip(weights(learner), (up, down), (expected, expected.T), strict=True):
        # As many additions to a weight as there are pairs of spikes.
        ULP(1000, 1.0).check(after - before, change)


def test_each_hidden_spike_lets_both_synapses_forget_the_same_part():
    learner = MirroredAutoencoder(hidden=6, forgetting=0.01, learning_rate=1e-12).prepare(X)
    before = weights(learner)
    [codes], _ = learner._present(X[:1], 1.0)
    kept = 0.99**codes
    for after, weight, left in zip(weights(learner), before, (kept, kept[:, None]), strict=True):
        np.testing.assert_allclose(after, weight * left, atol=1e-8)  # a million pairs of 1e-12 would be 1e-6


def test_answers_change_nothing_and_stay_the_same():
    learner = MirroredAutoencoder(hidden=6).partial_fit(X)
    before, first = weights(learner), (learner.transform(X), learner.reconstruct(X))
    for found, expected in zip((learner.transform(X), learner.reconstruct(X)), first, strict=True):
        EXACT.check(found, expected)
    for found, expected in zip(weights(learner), before, strict=True):
        EXACT.check(found, expected)


def test_digits_are_reconstructed_and_weights_become_alike_but_not_where_nothing_is_mirrored():
    """Thirty hidden cells for 64 pixels. The bars are 0.6 of the variance, and a cosine of 0.9."""
    examples = examples_of("digits", validation=True)
    scale = examples.X.max()
    learned, held_out = examples.X / scale, examples.X_test / scale
    learner = MirroredAutoencoder(epochs=5).prepare(learned)
    assert abs(learner.alignment()) < 0.1
    assert learner.score(held_out) < 0.0
    learner.fit(learned)
    assert learner.score(held_out) > 0.6
    assert learner.alignment() > 0.9
    control = MirroredAutoencoder(epochs=1, mirrored=False).fit(learned)
    assert control.score(held_out) < 0.0
    assert control.alignment() < 0.1


def test_one_and_two_threads_learn_the_same():
    one, two = (MirroredAutoencoder(hidden=6, epochs=2, threads=n).fit(X) for n in (1, 2))
    for found, expected in zip(weights(two), weights(one), strict=True):
        EXACT.check(found, expected)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"hidden": 0}, "hidden"),
        ({"steps": 0}, "steps"),
        ({"learning_rate": 0.0}, "learning_rate: expected more than 0, got 0.0"),
        ({"forgetting": 2.0}, "forgetting: expected at least 0 and at most 1, got 2.0"),
        ({"decay": 0.0}, "decay: expected more than 0, got 0.0"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(SpikelearnError, match=message):
        MirroredAutoencoder(**wrong).fit(X)
    with pytest.raises(SpikelearnError, match="expected features from 0 to 1, got some from 0"):
        MirroredAutoencoder(hidden=3).fit(3.0 * X * 0.0 + np.linspace(0.0, 3.0, 12))
