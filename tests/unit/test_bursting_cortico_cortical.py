"""Bursting cortico-cortical networks: when dendrites are silent, what bursts bring down, and how Burstprop compares."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spikelearn.analysis import angle, logistic
from spikelearn.errors import ParameterError
from spikelearn.learning import BurstingCorticoCortical, BurstPropagation
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.burst_propagation import BASELINE
from spikelearn.learning.layered_rates import backpropagate
from spikelearn.tasks import yin_yang

X, Y = yin_yang(30, 1)


def bursts(learner):
    """The burst probabilities of each layer above the input, without a teacher."""
    circuit = learner.prepare(X, Y).circuit_
    for layer in circuit.layers[1:]:
        circuit.network.record(layer, "p")
    run = learner.answer(X)[1]
    return [run.trace(layer, "p").values for layer in circuit.layers[1:]]


def test_without_a_teacher_events_cancel_the_bursts_of_the_layer_above():
    *hidden, output = bursts(BurstingCorticoCortical(hidden=(6, 5)))
    for p in (*hidden, output):
        np.testing.assert_allclose(p, BASELINE, rtol=0.0, atol=1e-14)
    *hidden, output = bursts(BurstingCorticoCortical(hidden=(6, 5), inhibition=0.0))
    assert np.all(output == BASELINE)
    assert all(np.mean(np.abs(p - BASELINE)) > 0.02 for p in hidden)


def changes(learner, scale):
    """What one pass changes in the weights, with feedback weights like those of the forward path, times `scale`."""
    learner.prepare(X, Y)
    before, circuit = learner.coefs_, learner.circuit_
    for projection, part in zip(circuit.feedback, (1.0, -BASELINE), strict=False):
        circuit.network.set_weights(projection, scale * part * before[1].T)
    return before, [new - old for new, old in zip(learner.partial_fit(X, Y).coefs_, before, strict=True)]


def test_with_feedback_like_the_forward_weights_bursts_bring_down_the_gradient():
    """To first order in what bursts do: a teacher and feedback of a hundredth, and 22 steps to settle."""
    learner = BurstingCorticoCortical(
        hidden=(6,), bias=False, steps=30, settle=22, learning_rate=1e-6, strength=0.01
    )  # fmt: skip
    before, moved = changes(learner, 0.01)
    hidden = logistic(X @ before[0])
    e = logistic(hidden @ before[1])
    error = (np.eye(3)[Y] - e) * e * (1.0 - e)
    [expected] = backpropagate([X, hidden], before, [hidden * (1.0 - hidden)], error)
    assert angle([moved[0]], [expected]) < 1.0
    assert angle([moved[1]], [hidden.T @ error]) < 1.0


def test_with_weak_feedback_one_phase_teaches_what_takes_burstprop_two():
    how = {"hidden": (6,), "bias": False, "learning_rate": 1e-6, "steps": 30}
    one, two = BurstingCorticoCortical(settle=29, **how), BurstPropagation(**how)
    apart = []
    for scale in (10.0, 1.0, 0.1):
        moved = [changes(learner, scale)[1][0] for learner in (one, two)]
        apart.append(angle(moved[:1], moved[1:]))
    assert all(weaker < stronger / 5.0 for stronger, weaker in pairwise(apart))
    assert apart[0] > 1.0


def test_without_inhibition_hidden_cells_learn_what_is_no_error():
    X, Y = yin_yang(1500, 1)
    X_test, Y_test = yin_yang(500, 2)
    accuracy, angles = [], []
    for inhibition in (1.0, 0.0):
        learner = BurstingCorticoCortical(hidden=(30,), bias=False, epochs=8, inhibition=inhibition).fit(X, Y)
        accuracy.append(learner.score(X_test, Y_test))
        angles.append(angles_of(learner, X_test[:100], Y_test[:100])[0].single)
    assert accuracy[0] > 0.85 > 0.8 > accuracy[1]
    assert angles[0] < 60.0 < 75.0 < angles[1]


def test_inhibition_learns_to_cancel_what_the_layer_above_does_as_usual():
    """From none, while forward weights hardly learn; what is left of the teacher's bursts are its errors."""
    X, Y = yin_yang(1500, 1)
    learner = BurstingCorticoCortical(
        hidden=(6,), inhibition=0.0, inhibition_rate=1.0, learning_rate=1e-9, strength=0.1
    ).prepare(X, Y)  # fmt: skip
    [hidden] = learner.circuit_.hidden
    learner.circuit_.network.record(hidden, "p")

    def unusual():
        return np.mean(np.abs(learner.answer(X)[1].trace(hidden, "p").values - BASELINE))

    before = unusual()
    for _ in range(4):
        learner.partial_fit(X, Y)
    assert unusual() < 0.1 * before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"settle": 12}, "settle: expected a whole number of at least 0 and at most 11, got 12"),
        ({"inhibition": -1.0}, "inhibition: expected at least 0, got -1.0"),
        ({"inhibition_rate": -1.0}, "inhibition_rate: expected at least 0, got -1.0"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        BurstingCorticoCortical(hidden=(6,), **wrong).fit(X, Y)
