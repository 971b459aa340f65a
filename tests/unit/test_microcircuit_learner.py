"""The dendritic error microcircuit as a learner of any size; its cells beside numpy are in cases/dendritic_error.py."""

import numpy as np
import pytest
from tolerances import METHOD, ULP

from spikelearn.analysis import angle, logistic
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.learning.controls import ablated_feedback
from spikelearn.learning.dendritic_error import DendriticError
from spikelearn.learning.dendritic_microcircuit import (
    Microcircuit,
    build,
    gradient,
    present,
    self_predicting,
    starting_weights,
    weights_of,
)
from spikelearn.tasks import yin_yang

SIZES = (5, 7, 2)
WEAK = Microcircuit(SIZES, spikes=False, g_som=1e-3, settle=60.0, learn=20.0)
WEIGHTS = starting_weights(WEAK, 1.0, 3.0, 1)
PATTERNS = np.random.default_rng(1).uniform(size=(6, 5))
LABELS = np.array([0, 1, 1, 0, 1, 0])


def test_weights_start_uniform_within_their_limits_and_differ_by_seed():
    assert {name: each.shape for name, each in WEIGHTS.items()} == WEAK.shapes
    large = starting_weights(Microcircuit((50, 60, 40)), 1.0, 3.0, 1)
    for name, limit in {"up 1": 1.0, "up 2": 1.0, "ip 1": 1.0, "pi 1": 3.0, "down 1": 3.0}.items():
        assert 0.99 * limit < np.abs(large[name]).max() <= limit and abs(large[name].mean()) < 0.06 * limit
    assert not np.array_equal(WEIGHTS["ip 1"], starting_weights(WEAK, 1.0, 3.0, 2)["ip 1"])


def test_the_gradient_is_the_slope_of_its_loss():
    """The integral of -phi'(u) (u_target - u) over u: u phi(u) - log(1 + exp(u)) - u_target phi(u)."""
    m = Microcircuit(SIZES, g_L=0.2, g_A=0.5)

    def loss(change, place):
        w = WEIGHTS["up 1"].copy()
        w[place] += change
        rates = logistic(m.g_B / (m.g_L + m.g_B + m.g_A) * PATTERNS @ w)
        u = m.g_B / (m.g_L + m.g_B) * rates @ WEIGHTS["up 2"]
        u_target = np.where(np.eye(2)[LABELS] == 1, m.target, -m.target)
        return np.sum((u - u_target) * logistic(u) - np.log1p(np.exp(u)))

    found, step = gradient(m, WEIGHTS, PATTERNS, LABELS)[0], 1e-4
    for place in ((0, 0), (3, 4), (4, 6)):
        slope = (loss(step, place) - loss(-step, place)) / (2.0 * step)
        METHOD(2, step, 100.0 * np.abs(found).max()).check(found[place], slope)


def test_in_the_self_predicting_state_apical_dendrites_are_silent_and_a_weak_teacher_sends_the_gradient():
    """Each to a hundredth: the nudge is a thousandth of the conductances, and latent equilibrium makes 60 ms enough."""
    weights = self_predicting(WEAK, WEIGHTS)
    circuit = build(WEAK, weights, 1, {"up 1": 1e-6})
    taught = present(circuit, PATTERNS, LABELS, learn=True)
    moved = weights_of(circuit, taught.run)["up 1"] - weights["up 1"]
    assert angle([moved], [-gradient(WEAK, weights, PATTERNS, LABELS)[0]]) < 1.0
    untaught = present(build(WEAK, WEIGHTS, 1), PATTERNS)
    assert np.all(taught.apical < 0.01 * untaught.apical)
    assert set(untaught.answers) <= {0, 1}


def test_the_gradient_comes_down_through_two_hidden_layers():
    """Each layer's, to a hundredth, as with one."""
    m = Microcircuit((5, 7, 4, 2), spikes=False, g_som=1e-3, settle=100.0, learn=20.0)
    weights = self_predicting(m, starting_weights(m, 1.0, 3.0, 1))
    circuit = build(m, weights, 1, {"up 1": 1e-4, "up 2": 1e-4})
    after = weights_of(circuit, present(circuit, PATTERNS, LABELS, learn=True).run)
    for k, expected in enumerate(gradient(m, weights, PATTERNS, LABELS), 1):
        assert angle([after[f"up {k}"] - weights[f"up {k}"]], [-expected]) < 1.0


def test_without_apical_feedback_hidden_layers_of_the_learner_do_not_learn():
    """Soma and basal dendrite then agree, up to the rounding of sums of different order."""
    X, y = yin_yang(20, 1)
    learner = ablated_feedback(DendriticError(hidden=(6, 5), epochs=1)).prepare(X, y)
    before = learner.coefs_
    learner.partial_fit(X, y)
    assert all(np.abs(new - old).max() < 1e-9 for new, old in zip(learner.coefs_[:2], before[:2], strict=True))
    assert np.abs(learner.coefs_[2] - before[2]).max() > 1e-3


@pytest.mark.parametrize("encoding", ["graded", "regular"])
def test_with_spikes_the_learner_learns_more_of_yin_yang_than_a_linear_reader(encoding):
    """A linear reader has 0.64; the standard error of 300 points is 0.025."""
    X, y = yin_yang(1000, 1)
    slow = {"steps": 60, "settle": 30, "tau_syn": 4.0, "epochs": 4}
    learner = DendriticError(hidden=(30,), bias=False, spikes=True, encoding=encoding, **slow).fit(X, y)
    assert learner.score(*yin_yang(300, 2)) > 0.7


def test_more_steps_to_settle_than_there_are_are_refused():
    X, y = yin_yang(20, 1)
    with pytest.raises(ParameterError, match="settle: expected fewer steps than the 10 of all, got 10"):
        DendriticError(steps=10, settle=10).fit(X, y)


def test_a_circuit_that_does_not_learn_keeps_its_weights_however_many_copies_share_them():
    circuit = build(Microcircuit(SIZES, copies=3, settle=5.0, read=5.0), WEIGHTS, 1)
    found = weights_of(circuit, present(circuit, PATTERNS).run)
    assert circuit.input.size == 15
    for name, expected in WEIGHTS.items():
        ULP(4).check(found[name], expected)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sizes": (0, 7, 2)}, "sizes of Microcircuit: expected whole numbers of at least 1, got 0"),
        ({"sizes": (5, 2.0, 2)}, "sizes of Microcircuit: expected whole numbers of at least 1, got 2.0"),
        ({"sizes": (5, 7, True)}, "sizes of Microcircuit: expected whole numbers of at least 1, got True"),
        ({"sizes": (5,)}, r"sizes of Microcircuit: expected two layers or more, got \(5,\)"),
        ({"copies": -1}, "copies of Microcircuit"),
        ({"interval": 0.5}, "interval of Microcircuit: expected at least dt, 1 ms, got 0.5 ms"),
        ({"interval": np.nan}, "interval of Microcircuit"),
        ({"g_A": -0.1}, "g_A of Microcircuit: expected at least 0 nS, got -0.1"),
        ({"g_som": np.nan}, "g_som of Microcircuit"),
    ],
)
def test_a_microcircuit_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ParameterError, match=message):
        Microcircuit(**({"sizes": SIZES} | wrong))


@pytest.mark.parametrize(
    ("weights", "etas", "message"),
    [
        ({name: each for name, each in WEIGHTS.items() if name != "pi 1"}, {}, "weights of pi 1: .* got none"),
        (
            WEIGHTS | {"ip 1": WEIGHTS["ip 1"].T},
            {},
            r"weights of ip 1: expected an array of shape \(7, 2\), got \(2, 7\)",
        ),
        (WEIGHTS | {"up": WEIGHTS["ip 1"]}, {}, "weights: expected any of up 1, .*, got up"),
        (WEIGHTS, {"down 1": 1.0}, "etas: expected any of up 1, up 2, ip 1, pi 1, got down 1"),
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
