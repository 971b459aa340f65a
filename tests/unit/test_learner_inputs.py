"""Learners given what users give: later examples beyond the first, other labels, parameters of the wrong kind."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import ParameterError
from spikelearn.learning.controls import ablated_feedback
from spikelearn.learning.rules import KNOWN, UNSUPERVISED, learner_for

X, Y = sl.tasks.yin_yang(12, 1)


@pytest.mark.parametrize(
    ("rule", "encoding", "above"),
    [
        ("fa", "graded", False),
        ("fa", "regular", True),
        ("fa", "poisson", True),
        ("eventprop", "latency", True),
        ("eventprop_delays", "latency", True),
        ("wake_sleep", "graded", True),
    ],
)
def test_later_features_beyond_the_first_count_as_the_least_and_as_spikes_as_the_largest(rule, encoding, above):
    learner = learner_for(rule, hidden=(6,), encoding=encoding).partial_fit(10.0 * X, Y)
    low, high = learner._range_
    for given in (30.0 * X - 12.0, 10.0 * X - 3.0):
        seen = np.clip(given, low, high if above else np.inf)
        ULP(10_000, 10.0).check(learner.scores(given), learner.scores(seen))
    assert np.any(learner.scores(30.0 * X) != learner.scores(np.full_like(X, low)))
    learner.partial_fit(30.0 * X - 12.0, Y)
    assert all(np.all(np.isfinite(weights)) for weights in learner.coefs_)


@pytest.mark.parametrize("rule", UNSUPERVISED)
def test_the_answer_to_an_example_does_not_depend_on_those_before(rule):
    learner = learner_for(rule, hidden=(4,), epochs=1).fit(X, Y)
    whole = learner.scores(X)
    ULP(10_000, 10.0).check(learner.scores(X[::-1])[::-1], whole)
    ULP(10_000, 10.0).check(learner.scores(X[5:6]), whole[5:6])


def test_labels_that_are_not_among_the_classes_are_refused_before_the_network_is_made():
    learner = learner_for("fa", hidden=(6,))
    with pytest.raises(ParameterError, match=r"y: expected labels among \[0, 1\], got also 2"):
        learner.partial_fit(X, Y, classes=[0, 1])
    learner.partial_fit(X, Y, classes=[2, 1, 0])
    assert learner.classes_.tolist() == [0, 1, 2]


def test_classes_stay_those_of_the_first_call():
    learner = learner_for("fa", hidden=(6,)).partial_fit(X, Y, classes=[0, 1, 2])
    learner.partial_fit(X, Y, classes=np.array([2, 0, 1, 1]))
    with pytest.raises(ParameterError, match=r"classes: expected \[0, 1, 2\], as at first, got \[0, 1, 2, 3\]"):
        learner.partial_fit(X, Y, classes=[0, 1, 2, 3])


@pytest.mark.parametrize("classes", [[0.0, 1.0, 2.0, np.nan], [0, 1, 2.5], 3])
def test_classes_that_are_none_are_refused(classes):
    with pytest.raises(ValueError, match="NaN|Unknown label type|Expected array-like"):
        learner_for("fa", hidden=(6,)).partial_fit(X, Y, classes=classes)


def test_labels_of_two_kinds_are_refused():
    mixed = np.array(["a", 1, 2] * 4, object)
    with pytest.raises(ParameterError, match="y: expected labels of one kind, numbers or text"):
        learner_for("fa", hidden=(6,)).fit(X, mixed)
    with pytest.raises(ParameterError, match="y: expected labels of one kind, numbers or text"):
        learner_for("fa", hidden=(6,)).partial_fit(X, Y).partial_fit(X, mixed)


@pytest.mark.parametrize("rule", ["fa", "bptt", "eventprop", "oja"])
@pytest.mark.parametrize("what", ["gradient", "updates", "examples"])
def test_what_needs_a_network_says_that_there_is_none_yet(rule, what):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(learner_for(rule), what)(X, Y)


def test_angles_of_feedback_need_a_network():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        learner_for("fa").feedback_angles()


@pytest.mark.parametrize(
    ("rule", "wrong", "message"),
    [
        ("bptt", {"batch": 4.0}, "batch: expected a whole number, an int, got 4.0"),
        ("eventprop", {"batch": np.float64(4.0)}, "batch: expected a whole number, an int, got"),
        ("eventprop", {"batch": "all"}, "batch: expected a whole number of at least 0, got 'all'"),
        ("fa", {"steps": 25.0}, "steps: expected a whole number, an int, got 25.0"),
        ("fa", {"elements": 2.0}, "elements: expected a whole number, an int, got 2.0"),
        ("fa", {"bias": "no"}, "bias: expected True or False, got 'no'"),
        ("fa", {"direct": "False"}, "direct: expected True or False, got 'False'"),
        ("fa", {"decay": "0.9"}, "decay"),
        ("fa", {"decay": None}, "decay"),
        ("fa", {"encoding": ["graded"]}, r"encoding: expected 'graded', 'regular' or 'poisson', got \['graded'\]"),
        ("ep", {"beta": "strong"}, "beta"),
        ("predictive_coding_dendritic", {"learning_rate": (0.1, 0.0)}, "learning_rate: expected more than 0 above"),
        ("dtp", {"difference": 0}, "difference: expected True or False, got 0"),
        ("rstdp", {"width": "wide"}, "width"),
        ("node_perturbation", {"sigma": [0.1, 0.2, 0.3]}, r"sigma: expected a positive number or a pair of them"),
    ],
)
def test_parameters_of_the_wrong_kind_are_named(rule, wrong, message):
    learner = learner_for(rule, hidden=(6,), **wrong)
    with pytest.raises(sl.errors.SpikelearnError, match=message):
        learner.fit(X, Y)
    assert not hasattr(learner, "circuit_")


def test_whole_numbers_of_numpy_are_whole_numbers():
    learner_for("bptt", hidden=(np.int64(6),), batch=np.int32(100), epochs=np.int64(1), bias=np.True_).fit(X, Y)


@pytest.mark.parametrize(
    "learner",
    [
        sl.learning.FirstComponent(n_components=2.0),
        sl.learning.MirroredAutoencoder(mirrored="no"),
        sl.learning.MirroredAutoencoder(hidden=6.0),
    ],
)
def test_so_are_those_of_transformers(learner):
    with pytest.raises(ParameterError, match="(n_components|hidden): expected a whole|mirrored: expected True or"):
        learner.fit(X)


@pytest.mark.parametrize("rule", KNOWN)
def test_a_rule_without_feedback_cannot_be_without_it(rule):
    learner = ablated_feedback(learner_for(rule, hidden=(6,)))
    if learner.has_feedback:
        learner.prepare(X, Y)
    else:
        with pytest.raises(ParameterError, match=f"control: {type(learner).__name__} has no feedback weights"):
            learner.prepare(X, Y)


def test_a_new_circuit_has_the_present_feedback_also_if_that_does_not_learn_itself():
    learner = learner_for("deep_feedback_control", hidden=(6, 5), feedback="tied").prepare(X, Y)
    first = [learner.circuit_.weights(each) for each in learner.circuit_.feedback]
    learner.partial_fit(X, Y)
    circuit = learner.hand_over(learner.build(learner.sizes))
    for here, there, before in zip(circuit.feedback, learner.circuit_.feedback, first, strict=True):
        EXACT.check(circuit.weights(here), learner.circuit_.weights(there))
        assert np.any(circuit.weights(here) != before)
