"""Event-driven contrastive divergence as a learner."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from spikelearn.errors import SpikelearnError
from spikelearn.learning.controls import frozen, shuffled_teacher
from spikelearn.learning.examples import examples_of
from spikelearn.learning.rules import learner_for

FEW = {"hidden": (12,), "bias": False}


@pytest.fixture(scope="module")
def digits():
    """The digits 0, 1 and 2 of those to learn from."""
    task = examples_of("digits", validation=True)
    few, judged = task.y < 3, task.y_test < 3
    return task.X[few], task.y[few], task.X_test[judged], task.y_test[judged]


def test_three_digits_are_learned_and_not_from_a_shuffled_teacher(digits):
    """Chance is a third; a classifier that has learned nothing may call all by one name, or two."""
    X, y, X_test, y_test = digits
    learner = learner_for("ecd", **FEW, epochs=2)
    assert learner.fit(X, y).score(X_test, y_test) > 0.85
    assert shuffled_teacher(learner).fit(X, y).score(X_test, y_test) < 0.7


def test_weights_stay_the_same_in_both_directions(digits):
    """But for what is forgotten of a state in 10^12 ms, while it lasts."""
    X, y, *_ = digits
    circuit = learner_for("ecd", hidden=(6, 5), bias=False).partial_fit(X[:20], y[:20]).circuit_
    for up, down in zip(circuit.forward, circuit.feedback, strict=True):
        np.testing.assert_allclose(circuit.weights(up), circuit.weights(down).T, rtol=0.0, atol=1e-9)


def test_one_and_two_threads_give_the_same_weights(digits):
    X, y, *_ = digits
    one, two = (learner_for("ecd", **FEW, threads=n).partial_fit(X[:10], y[:10]) for n in (1, 2))
    for a, b in zip(one.coefs_, two.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_copy_by_pickle_goes_on_bit_for_bit_and_predicting_changes_nothing(digits):
    X, y, *_ = digits
    learner = learner_for("ecd", **FEW).partial_fit(X[:10], y[:10])
    copy = pickle.loads(pickle.dumps(learner))
    learner.predict(X[:10])
    for a, b in zip(learner.partial_fit(X[:10], y[:10]).coefs_, copy.partial_fit(X[:10], y[:10]).coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_frozen_hidden_layers_stay_as_they_were_drawn_in_both_directions(digits):
    X, y, *_ = digits
    learner = frozen(learner_for("ecd", **FEW)).prepare(X, y)
    below = [learner.circuit_.weights(each[0]) for each in (learner.circuit_.forward, learner.circuit_.feedback)]
    output = learner.coefs_[-1]
    learner.partial_fit(X[:10], y[:10])
    after = [learner.circuit_.weights(each[0]) for each in (learner.circuit_.forward, learner.circuit_.feedback)]
    for before, now in zip(below, after, strict=True):
        np.testing.assert_array_equal(before, now)
    assert np.any(learner.coefs_[-1] != output)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"gap": -1}, "gap"), ({"encoding": "poisson"}, "need 'graded' features"), ({"steps": 0}, "steps")],
)
def test_wrong_parameters_are_named(digits, wrong, message):
    with pytest.raises(SpikelearnError, match=message):
        learner_for("ecd", **FEW, **wrong).fit(digits[0][:9], digits[1][:9])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_digits_are_read_above_the_bar(seed):
    task = examples_of("digits")
    learner = learner_for("ecd", "digits", **dict(task.learner), seed=seed).fit(task.X, task.y)
    assert learner.score(task.X_test, task.y_test) >= 0.88


@pytest.mark.slow
def test_without_gaps_it_learns_from_states_of_the_other_phase_and_reads_fewer_digits():
    """0.883 and 0.928 of 360 when this was written, of which a standard error is 0.015."""
    task = examples_of("digits")
    learners = [learner_for("ecd", "digits", **dict(task.learner), **given) for given in ({}, {"gap": 0})]
    whole, without = (each.fit(task.X, task.y).score(task.X_test, task.y_test) for each in learners)
    assert without < whole - 0.015
