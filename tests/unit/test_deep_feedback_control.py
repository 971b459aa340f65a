"""Deep feedback control: where the controller settles, what weights learn from it, and how feedback comes to be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.errors import ParameterError
from spikelearn.learning import DeepFeedbackControl, frozen
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.rules import learner_for
from spikelearn.tasks import yin_yang

X, Y = yin_yang(12, 1)


def under_control(x, u, weights, feedback):
    """Rates of all layers, and how they differ from those that basal dendrites alone would make."""
    sent, differences = [x], []
    for k, W in enumerate(weights):
        basal = sent[-1] @ W
        with_control = np.tanh(basal + u @ feedback[k]) if k < len(feedback) else basal + u
        differences.append(with_control - (np.tanh(basal) if k < len(feedback) else basal))
        sent.append(with_control)
    return sent, differences


def settled(x, teacher, weights, feedback, nudging, leak):
    """The same once the controller has settled, in small steps."""
    u = np.zeros(len(teacher))
    before = under_control(x, u, weights, feedback)[0][-1]
    target = before + nudging * (teacher - before)
    for _ in range(5_000):
        u = u + 0.02 * (target - under_control(x, u, weights, feedback)[0][-1] - leak * u)
    return under_control(x, u, weights, feedback)


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
def test_weights_learn_to_do_without_the_controller_what_it_makes_cells_do(hidden):
    learner = DeepFeedbackControl(
        hidden=hidden, bias=False, feedback="fixed", scale=0.3, control_steps=1500, learning_rate=(0.07, 0.03)
    ).prepare(X, Y)
    weights = learner.coefs_
    feedback = [learner.circuit_.weights(each) for each in reversed(learner.circuit_.feedback)]
    features, places = learner.examples(X, Y)
    rates = np.array([*[0.07] * len(hidden), 0.03]) / learner.nudging
    for x, y in zip(features[:3], places[:3], strict=True):
        sent, differences = settled(x, np.eye(3)[y], weights, feedback, learner.nudging, learner.leak)
        parts = zip(weights, rates, sent, differences, strict=False)
        weights = [W + rate * np.outer(below, D) for W, rate, below, D in parts]
    learner.learn(features[:3], places[:3])
    # Thousands of steps of another method, after which both are at the same place to rounding.
    for found, expected in zip(learner.coefs_, weights, strict=True):
        ULP(100_000, 10.0).check(found, expected)


def test_a_controller_without_leak_reaches_the_target():
    learner = DeepFeedbackControl(hidden=(6, 5), leak=0.0, feedback="fixed", control_steps=300).prepare(X, Y)
    circuit = learner.circuit_
    circuit.network.record(circuit.output, "A")
    answers = learner.decision_function(X)
    features, places = learner.examples(X, Y)
    run = learner._present(features[:1], places[:1])[1]
    target = answers[0] + learner.nudging * (np.eye(3)[places[0]] - answers[0])
    last = learner.steps + learner.control_steps - 1
    # 300 steps are 30 time constants.
    ULP(10_000, 10.0).check(run.trace(circuit.output, "A").values.reshape(-1, 3)[last], target)


def test_the_more_the_controller_leaks_the_closer_updates_are_to_the_gradient():
    """With feedback like the forward weights: from steps of Gauss and Newton to the gradient of what hardly moves."""
    angles = []
    for leak in (1.0, 10.0, 100.0):
        learner = DeepFeedbackControl(hidden=(6,), feedback="tied", scale=1.0, leak=leak, nudging=0.1, control_steps=80)
        angles.append([each.single for each in angles_of(learner.prepare(X, Y), X, Y)])
    for larger, smaller in pairwise(np.array(angles)):
        assert np.all(smaller < larger / 3.0)
    assert np.all(np.array(angles[0]) > 1.0)
    assert np.all(np.array(angles[-1]) < 1.0)


def test_noise_teaches_the_controller_in_which_directions_cells_move_the_output():
    """What is left of Q beside those directions, of random weights 27 parts of 30."""
    X, Y = yin_yang(2000, 1)
    beside = {}
    for feedback in ("learned", "fixed"):
        learner = DeepFeedbackControl(hidden=(30,), feedback=feedback, learning_rate=1e-12, decay=0.5).prepare(X, Y)
        for _ in range(2):
            learner.partial_fit(X, Y)
        Q, first = learner.circuit_.weights(learner.circuit_.feedback[0]).T, learner.coefs_[0]
        J = learner.coefs_[1] * np.mean(1.0 - np.tanh(learner.examples(X, Y)[0] @ first) ** 2, axis=0)[:, None]
        beside[feedback] = np.sum((Q - J @ np.linalg.lstsq(J, Q, rcond=None)[0]) ** 2) / np.sum(Q**2)
    assert beside["learned"] < 0.25
    assert beside["fixed"] > 0.7


def test_tied_feedback_is_the_product_of_the_weights_up_to_the_output():
    learner = DeepFeedbackControl(hidden=(6, 5, 4), steps=8, feedback="tied", scale=0.1).partial_fit(X, Y)
    product = 0.1 * np.eye(3)
    for W, projection in zip(learner.coefs_[:0:-1], learner.circuit_.feedback, strict=True):
        product = product @ W.T
        ULP(100, 1.0).check(learner.circuit_.weights(projection), product)


def test_yin_yang_needs_what_the_hidden_layer_learns():
    X, Y = yin_yang(1500, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = learner_for("deep_feedback_control", "yin_yang", hidden=(30,), bias=False, epochs=6, decay=0.8)
    reached, without = (each.fit(X, Y).score(X_test, Y_test) for each in (learner, frozen(learner)))
    assert reached > 0.85
    assert without < reached - 0.05
    assert all(each.single < 45.0 for each in angles_of(learner, X_test[:100], Y_test[:100]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"feedback": "sideways"}, "feedback: expected one of learned, tied, fixed, got 'sideways'"),
        ({"steps": 3}, "steps: expected at least 4 for 3 layers, got 3"),
        ({"control_steps": 1}, "control_steps: expected a whole number of at least 2, got 1"),
        ({"nudging": 0.0}, "nudging: expected more than 0 and at most 1, got 0.0"),
        ({"tau": 0.0}, "tau: expected more than 0, got 0.0"),
        ({"leak": -1.0}, "leak: expected at least 0, got -1.0"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        DeepFeedbackControl(hidden=(6,), **wrong).fit(X, Y)
