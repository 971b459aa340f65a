"""Learners that model how examples and labels occur together: what is true of all of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from spikelearn.errors import SpikelearnError
from spikelearn.learning.controls import frozen, shuffled_teacher
from spikelearn.learning.examples import examples_of
from spikelearn.learning.rules import GENERATIVE, learner_for

FEW = {"hidden": (12,), "bias": False}
every_rule = pytest.mark.parametrize("rule", GENERATIVE)


@pytest.fixture(scope="module")
def digits():
    """The digits 0, 1 and 2 of those to learn from."""
    task = examples_of("digits", validation=True)
    few, judged = task.y < 3, task.y_test < 3
    return task.X[few], task.y[few], task.X_test[judged], task.y_test[judged]


@every_rule
def test_three_digits_are_learned_and_not_from_a_shuffled_teacher(rule, digits):
    """Chance is a third; a classifier that has learned nothing may call all by one name, or two."""
    X, y, X_test, y_test = digits
    learner = learner_for(rule, **FEW, epochs=2 if rule == "ecd" else 4)
    assert learner.fit(X, y).score(X_test, y_test) > 0.85
    assert shuffled_teacher(learner).fit(X, y).score(X_test, y_test) < 0.7


@every_rule
def test_one_and_two_threads_give_the_same_weights(rule, digits):
    X, y, *_ = digits
    one, two = (learner_for(rule, **FEW, threads=n).partial_fit(X[:10], y[:10]) for n in (1, 2))
    for a, b in zip(one.coefs_, two.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


@every_rule
def test_a_copy_by_pickle_goes_on_bit_for_bit_and_predicting_changes_nothing(rule, digits):
    X, y, *_ = digits
    learner = learner_for(rule, **FEW).partial_fit(X[:10], y[:10])
    copy = pickle.loads(pickle.dumps(learner))
    learner.predict(X[:10])
    for a, b in zip(learner.partial_fit(X[:10], y[:10]).coefs_, copy.partial_fit(X[:10], y[:10]).coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


@every_rule
def test_frozen_hidden_layers_stay_as_they_were_drawn_in_both_directions(rule, digits):
    X, y, *_ = digits
    learner = frozen(learner_for(rule, hidden=(12, 8), bias=False)).prepare(X, y)

    def below():
        return [learner.circuit_.weights(each) for each in learner.onto_hidden(learner.circuit_)]

    drawn, output = below(), learner.coefs_[-1]
    assert len(drawn) >= 6
    learner.partial_fit(X[:10], y[:10])
    for before, now in zip(drawn, below(), strict=True):
        np.testing.assert_array_equal(before, now)
    assert np.any(learner.coefs_[-1] != output)


@every_rule
@pytest.mark.parametrize(
    ("wrong", "message"), [({"encoding": "poisson"}, "need 'graded' features"), ({"steps": 0}, "steps")]
)
def test_wrong_parameters_are_named(rule, digits, wrong, message):
    with pytest.raises(SpikelearnError, match=message):
        learner_for(rule, **FEW, **wrong).fit(digits[0][:9], digits[1][:9])
