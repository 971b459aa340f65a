"""Features that are found without labels, and what a readout makes of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from tolerances import ULP

import spikelearn as sl
from spikelearn.errors import ParameterError
from spikelearn.learning import ComponentFeatures, MirroredAutoencoder
from spikelearn.learning.controls import frozen, linear, shuffled_teacher
from spikelearn.learning.examples import examples_of
from spikelearn.learning.rules import UNSUPERVISED, learner_for

X, Y = sl.tasks.yin_yang(40, 1)
every_rule = pytest.mark.parametrize("rule", UNSUPERVISED)


@every_rule
def test_what_is_found_does_not_depend_on_labels_and_what_is_read_does(rule):
    learner = learner_for(rule, hidden=(6,), epochs=2)
    right, wrong = learner.fit(X, Y).coefs_, shuffled_teacher(learner).fit(X, Y).coefs_
    np.testing.assert_array_equal(right[0], wrong[0])
    assert np.any(right[1] != wrong[1])


@every_rule
def test_frozen_features_stay_as_they_were_drawn_and_without_them_examples_are_read(rule):
    learner = frozen(learner_for(rule, hidden=(6,))).prepare(X, Y)
    drawn = learner.coefs_
    found = learner.partial_fit(X, Y).coefs_
    np.testing.assert_array_equal(found[0], drawn[0])
    assert np.any(found[1] != drawn[1])
    assert [each.shape for each in linear(learner).fit(X, Y).coefs_] == [(5, 3)]


@every_rule
def test_threads_and_copies_go_on_bit_for_bit_and_answers_change_nothing(rule):
    one, two = (learner_for(rule, hidden=(6,), threads=n).partial_fit(X, Y) for n in (1, 2))
    copy = pickle.loads(pickle.dumps(one))
    for learner in (one, two, copy):
        learner.partial_fit(X, Y)
    for a, b, c in zip(one.coefs_, two.coefs_, copy.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    before = one.coefs_
    one.predict(X)
    for found, expected in zip(one.coefs_, before, strict=True):
        ULP(10_000, 10.0).check(found, expected)


def test_every_cell_of_ojas_rule_finds_the_first_component_and_so_says_the_same():
    generator = np.random.default_rng(1)
    features = np.clip(0.5 + generator.normal(size=(500, 6)) * [0.2, 0.05, 0.05, 0.05, 0.05, 0.05], 0.0, 1.0)
    learner = ComponentFeatures(hidden=(8,), learning_rate=(0.05, 0.02), bias=False, epochs=4)
    found = learner.fit(features, (features[:, 0] > 0.5).astype(int)).coefs_[0]
    assert np.all(np.abs(found[0]) / np.linalg.norm(found, axis=0) > 0.95)


def test_the_autoencoder_finds_what_it_finds_alone_but_for_the_order_of_examples():
    learner = learner_for("autoencoder", hidden=(6,), bias=False).partial_fit(X, Y)
    alone = MirroredAutoencoder(hidden=6).prepare(X)
    order = np.random.default_rng([learner.seed, 0]).permutation(len(X))
    alone._present(learner.examples(X, Y)[0][order], 1.0)
    # the readout is taught by the code; nothing of it comes back
    np.testing.assert_array_equal(learner.coefs_[0], alone.circuit_.weights(alone.circuit_.forward[0]))


@pytest.mark.parametrize("rule", ["similarity_matching", "autoencoder"])
def test_three_digits_are_read_from_features_and_not_from_a_shuffled_teacher(rule):
    task = examples_of("digits", validation=True)
    few, judged = task.y < 3, task.y_test < 3
    learner = learner_for(rule, hidden=(20,), epochs=2)
    told, shuffled = (
        each.fit(task.X[few], task.y[few]).score(task.X_test[judged], task.y_test[judged])
        for each in (learner, shuffled_teacher(learner))
    )
    assert shuffled < 0.7 < 0.8 < told


@pytest.mark.parametrize(
    ("rule", "wrong", "message"),
    [
        ("oja", {"hidden": (6, 5)}, "hidden: expected one hidden layer or none, got 2"),
        ("oja", {"find": "ojo"}, "find: expected 'oja', 'similarity_matching' or 'hebb_nonlinear', got 'ojo'"),
        ("oja", {"drive": 0.0}, "drive: expected more than 0, got 0.0"),
        ("autoencoder", {"encoding": "poisson"}, "encoding: features are found in 'graded' values, got 'poisson'"),
        ("autoencoder", {"forgetting": 2.0}, "forgetting: expected at least 0 and at most 1, got 2.0"),
    ],
)
def test_what_it_cannot_do_is_named(rule, wrong, message):
    with pytest.raises(ParameterError, match=message):
        learner_for(rule, **wrong).fit(X, Y)
