"""Predictive coding with errors in dendrites: that they are the errors, and that no cell sends any."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.description.trials import Trials
from spikelearn.errors import ParameterError
from spikelearn.learning import DendriticPredictiveCoding, PredictiveCoding, frozen
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.rules import learner_for
from spikelearn.tasks import yin_yang

X, Y = yin_yang(12, 1)


def balanced(learner):
    """Inhibition of all branches as the layer above is driven: m_ikj = w_kj."""
    circuit = learner.circuit_
    for beside, W in zip(circuit.parts["beside"], learner.coefs_[1:], strict=True):
        circuit.network.set_weights(beside, np.tile(W, (1, W.shape[0])))
    return learner


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
def test_with_balanced_branches_weights_change_as_those_of_predictive_coding(hidden):
    given = {"hidden": hidden, "bias": False, "forgetting": 0.01, "steps": 600, "learning_rate": (0.7, 0.3)}
    plain, dendritic = PredictiveCoding(**given).prepare(X, Y), DendriticPredictiveCoding(**given).prepare(X, Y)
    balanced(dendritic)
    for down, other in zip(dendritic.circuit_.feedback, plain.circuit_.feedback[::-1], strict=True):
        dendritic.circuit_.network.set_weights(down, plain.circuit_.weights(other).T.ravel())
    examples = plain.examples(X, Y)
    for learner in (plain, dendritic):
        learner.learn(examples[0][:3], examples[1][:3])
    # One sends errors a step later than the other; after 600 steps both have settled.
    for found, expected in zip(dendritic.coefs_, plain.coefs_, strict=True):
        ULP(100_000, 10.0).check(found, expected)
    for down, other in zip(dendritic.circuit_.feedback, plain.circuit_.feedback[::-1], strict=True):
        V = plain.circuit_.weights(other)
        ULP(100_000, 10.0).check(dendritic.circuit_.network.weights(down), V.T.ravel())


def test_branches_learn_to_balance_what_their_layer_foresees():
    """So that what is left with a teacher is the error of the cell above; inhibition is 0 at first."""
    X, Y = yin_yang(500, 1)
    learner = DendriticPredictiveCoding(hidden=(8,), bias=False).prepare(X, Y)
    [beside] = learner.circuit_.parts["beside"]
    for _ in range(3):
        learner.partial_fit(X, Y)
    below, above = learner.coefs_
    sent = np.tanh(X @ below)
    foreseen = np.repeat(above[:, None], 8, axis=1).reshape(8, 24)
    left = sent @ (foreseen - learner.circuit_.weights(beside))
    assert np.sqrt(np.mean(left**2)) < 0.1 * np.sqrt(np.mean((sent @ foreseen) ** 2))


def test_cells_send_values_and_only_branches_their_errors_to_their_own_cell():
    circuit = DendriticPredictiveCoding(hidden=(6, 5)).prepare(X, Y).circuit_
    layers = {id(layer) for layer in circuit.layers}
    for each in circuit.network.projections.values():
        if id(each.source) in layers:
            assert each.payload in ("r", "A", "V")
        else:
            assert each.payload == "D" and each in circuit.feedback
    for branches in circuit.feedback:
        synapses = circuit.synapses(branches)
        of_a_cell = branches.source_size // branches.target_size
        own = (synapses.pre - branches.source_first) // of_a_cell
        np.testing.assert_array_equal(synapses.post - branches.target_first, own)


def test_without_a_teacher_balanced_branches_have_no_potential():
    learner = balanced(DendriticPredictiveCoding(hidden=(6,), bias=False).prepare(X, Y))
    circuit = learner.circuit_
    before = [circuit.network.weights(each).copy() for each in circuit.learning]
    phases = learner.phases(circuit, *learner.examples(X, Y), np.zeros((len(X), 3)))[:2]
    circuit.network.run(trials=Trials(phases, len(X)), progress=False)
    for found, expected in zip((circuit.network.weights(each) for each in circuit.learning), before, strict=True):
        ULP(10_000, 10.0).check(found, expected)


def test_yin_yang_needs_what_the_hidden_layer_learns():
    X, Y = yin_yang(2000, 1)
    X_test, Y_test = yin_yang(500, 2)
    learner = learner_for("predictive_coding_dendritic", "yin_yang", hidden=(30,), bias=False, epochs=12)
    assert learner.fit(X, Y).score(X_test, Y_test) > 0.88
    assert frozen(learner).fit(X, Y).score(X_test, Y_test) < 0.8
    hidden, output = angles_of(learner, X_test[:100], Y_test[:100])
    assert hidden.single < 45.0 and output.single < 5.0  # after 24,000 presentations


def test_inhibition_that_does_not_learn_is_refused():
    with pytest.raises(ParameterError, match="balance: expected more than 0 and at most 2, got 0.0"):
        DendriticPredictiveCoding(hidden=(6,), balance=0.0).fit(X, Y)
