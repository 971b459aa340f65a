"""The dendritic error microcircuit as a learner of any size; its cells beside numpy are in cases/dendritic_error.py."""

import numpy as np
import pytest
from tolerances import METHOD, ULP

from spikelearn.analysis import angle, logistic
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.learning.dendritic_microcircuit import (
    Microcircuit,
    build,
    gradient,
    present,
    self_predicting,
    starting_weights,
    weights_of,
)

SIZES = {"inputs": 5, "hidden": 7, "outputs": 2}
WEAK = Microcircuit(**SIZES, spikes=False, g_som=1e-3, settle=60.0, learn=20.0)
WEIGHTS = starting_weights(WEAK, 1.0, 3.0, 1)
PATTERNS = np.random.default_rng(1).uniform(size=(6, 5))
LABELS = np.array([0, 1, 1, 0, 1, 0])


def test_weights_start_uniform_within_their_limits_and_differ_by_seed():
    assert {name: each.shape for name, each in WEIGHTS.items()} == WEAK.shapes
    large = starting_weights(Microcircuit(50, 60, 40), 1.0, 3.0, 1)
    for name, limit in {"up_hidden": 1.0, "up_output": 1.0, "ip": 1.0, "pi": 3.0, "down": 3.0}.items():
        assert 0.99 * limit < np.abs(large[name]).max() <= limit and abs(large[name].mean()) < 0.06 * limit
    assert not np.array_equal(WEIGHTS["ip"], starting_weights(WEAK, 1.0, 3.0, 2)["ip"])


def test_the_gradient_is_the_slope_of_its_loss():
    """The integral of -phi'(u) (u_target - u) over u: u phi(u) - log(1 + exp(u)) - u_target phi(u)."""
    m = Microcircuit(**SIZES, g_L=0.2, g_A=0.5)

    def loss(change, place):
        w = WEIGHTS["up_hidden"].copy()
        w[place] += change
        rates = logistic(m.g_B / (m.g_L + m.g_B + m.g_A) * PATTERNS @ w)
        u = m.g_B / (m.g_L + m.g_B) * rates @ WEIGHTS["up_output"]
        u_target = np.where(np.eye(2)[LABELS] == 1, m.target, -m.target)
        return np.sum((u - u_target) * logistic(u) - np.log1p(np.exp(u)))

    found, step = gradient(m, WEIGHTS, PATTERNS, LABELS), 1e-4
    for place in ((0, 0), (3, 4), (4, 6)):
        slope = (loss(step, place) - loss(-step, place)) / (2.0 * step)
        METHOD(2, step, 100.0 * np.abs(found).max()).check(found[place], slope)


def test_in_the_self_predicting_state_apical_dendrites_are_silent_and_a_weak_teacher_sends_the_gradient():
    """Each to a hundredth: the nudge is a thousandth of the conductances, and latent equilibrium makes 60 ms enough."""
    weights = self_predicting(WEIGHTS)
    circuit = build(WEAK, weights, 1, {"up_hidden": 1e-6})
    taught = present(circuit, PATTERNS, LABELS, learn=True)
    moved = weights_of(circuit, taught.run)["up_hidden"] - weights["up_hidden"]
    assert angle([moved], [-gradient(WEAK, weights, PATTERNS, LABELS)]) < 1.0
    untaught = present(build(WEAK, WEIGHTS, 1), PATTERNS)
    assert np.all(taught.apical < 0.01 * untaught.apical)
    assert set(untaught.answers) <= {0, 1}


def test_a_circuit_that_does_not_learn_keeps_its_weights_however_many_copies_share_them():
    circuit = build(Microcircuit(**SIZES, copies=3, settle=5.0, read=5.0), WEIGHTS, 1)
    found = weights_of(circuit, present(circuit, PATTERNS).run)
    assert circuit.inputs.size == 15
    for name, expected in WEIGHTS.items():
        ULP(4).check(found[name], expected)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputs": 0}, "inputs of Microcircuit: expected a whole number of at least 1, got 0"),
        ({"hidden": 2.0}, "hidden of Microcircuit: expected a whole number of at least 1, got 2.0"),
        ({"outputs": True}, "outputs of Microcircuit: expected a whole number of at least 1, got True"),
        ({"copies": -1}, "copies of Microcircuit"),
        ({"interval": 0.5}, "interval of Microcircuit: expected at least dt, 1 ms, got 0.5 ms"),
        ({"interval": np.nan}, "interval of Microcircuit"),
        ({"g_A": -0.1}, "g_A of Microcircuit: expected at least 0 nS, got -0.1"),
        ({"g_som": np.nan}, "g_som of Microcircuit"),
    ],
)
def test_a_microcircuit_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ParameterError, match=message):
        Microcircuit(**(SIZES | wrong))


@pytest.mark.parametrize(
    ("weights", "etas", "message"),
    [
        ({name: each for name, each in WEIGHTS.items() if name != "pi"}, {}, "weights of pi: .* got none"),
        (WEIGHTS | {"ip": WEIGHTS["ip"].T}, {}, r"weights of ip: expected an array of shape \(7, 2\), got \(2, 7\)"),
        (WEIGHTS | {"up": WEIGHTS["ip"]}, {}, "weights: expected any of up_hidden, .*, got up"),
        (WEIGHTS, {"down": 1.0}, "etas: expected any of up_hidden, up_output, ip, pi, got down"),
    ],
)
def test_weights_and_learning_rates_of_other_projections_are_refused(weights, etas, message):
    with pytest.raises(DescriptionError, match=message):
        build(WEAK, weights, 1, etas)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"patterns": PATTERNS[:, :4]}, r"patterns: expected shape \(n, 5\), got \(6, 4\)"),
        ({"patterns": PATTERNS[0]}, r"patterns: expected shape \(n, 5\), got \(5,\)"),
        ({"labels": LABELS[:3]}, r"labels: expected shape \(6,\), one per pattern, got \(3,\)"),
        ({"labels": LABELS + 1}, "labels: expected whole numbers from 0 to 1, got"),
        ({"labels": LABELS * 0.5}, "labels: expected whole numbers from 0 to 1, got"),
        ({"currents": np.zeros((6, 5))}, r"currents: expected shape \(6, 7\), got \(6, 5\)"),
    ],
)
def test_what_does_not_fit_the_circuit_is_refused_before_it_runs(given, message):
    circuit = build(WEAK, WEIGHTS, 1)
    with pytest.raises(DescriptionError, match=message):
        present(circuit, **({"patterns": PATTERNS} | given))
    assert circuit.network.time == 0.0
