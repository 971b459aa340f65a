"""Learners whose hidden cells are taught by bursts or by plateaus, and answers of learners with noise."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.analysis import angle, logistic
from spikelearn.errors import ParameterError
from spikelearn.learning import BurstPropagation, FeedbackAlignment, Plateau, ablated_feedback
from spikelearn.learning.layered_rates import backpropagate
from spikelearn.tasks import yin_yang

X, Y = yin_yang(30, 1)


def test_with_feedback_like_the_forward_weights_bursts_bring_down_the_gradient():
    """To first order in what bursts do: a teacher and feedback of a hundredth, and 30 steps to settle."""
    learner = BurstPropagation(hidden=(6,), bias=False, steps=30, learning_rate=1e-6, strength=0.01).prepare(X, Y)
    before, circuit = learner.coefs_, learner.circuit_
    circuit.network.set_weights(circuit.feedback[0], 0.01 * before[1].T)
    moved = [new - old for new, old in zip(learner.partial_fit(X, Y).coefs_, before, strict=True)]
    hidden = logistic(X @ before[0])
    e = logistic(hidden @ before[1])
    error = (np.eye(3)[Y] - e) * e * (1.0 - e)
    [expected] = backpropagate([X, hidden], before, [hidden * (1.0 - hidden)], error)
    assert angle([moved[0]], [expected]) < 1.0
    assert angle([moved[1]], [hidden.T @ error]) < 1.0


@pytest.mark.parametrize("learner", [BurstPropagation(hidden=(6, 5)), Plateau(hidden=(6, 5))])
def test_without_feedback_hidden_layers_do_not_learn(learner):
    learner = ablated_feedback(learner).prepare(X, Y)
    before = learner.coefs_
    after = learner.partial_fit(X, Y).coefs_
    for new, old in zip(after[:2], before[:2], strict=True):
        np.testing.assert_array_equal(new, old)
    assert np.any(after[2] != before[2])


@pytest.mark.parametrize("learner", [Plateau(hidden=(6,)), FeedbackAlignment(hidden=(6,), encoding="poisson")])
def test_learners_with_noise_give_the_same_answer_when_they_are_asked_again(learner):
    learner = learner.partial_fit(X, Y)
    first = learner.decision_function(X)
    np.testing.assert_array_equal(learner.decision_function(X), first)
    assert np.any(first != learner.partial_fit(X, Y).decision_function(X))


def test_averages_as_long_as_a_phase_are_refused():
    with pytest.raises(ParameterError, match="average: expected from 1 to 17 steps, got 18"):
        Plateau(steps=20, average=18).fit(X, Y)
