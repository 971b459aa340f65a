"""Learners that are told only how rewarding an answer was, and compare two tries of the same stimulus."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from tolerances import STAT, ULP

from spikelearn.description.trials import Trials
from spikelearn.errors import ParameterError
from spikelearn.learning import Reinforce, RewardModulatedSTDP
from spikelearn.learning.layers import TAU_M
from spikelearn.learning.reward_pairs import GAP
from spikelearn.tasks import yin_yang

N = 40_000
BETA = math.exp(-1.0 / TAU_M)


def normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def right_by_chance(weight: float, onto_output: np.ndarray, x: float, steps: int, width: float, sigma: float) -> float:
    """The probability that the second of two readout cells is chosen: summed over all that one hidden cell may do.

    What is sent in a step arrives in the next one. Noise is there from the first step on.
    """
    total = 0.0
    noise = sum(1.0 - BETA ** (k + 1) for k in range(steps))
    for spikes in itertools.product((0, 1), repeat=steps):
        V, probability, outputs, answers = 0.0, 1.0, np.zeros(2), np.zeros(2)
        for k, spike in enumerate(spikes):
            V = BETA * V + (1.0 - BETA) * (weight * x if k else 0.0)
            p = 1.0 / (1.0 + math.exp((1.0 - V) / width))
            probability *= p if spike else 1.0 - p
            V -= spike
            outputs = BETA * outputs + (1.0 - BETA) * (onto_output * spikes[k - 1] if k else 0.0)
            answers += outputs
        total += probability * normal_cdf((answers[1] - answers[0]) / (noise * sigma * math.sqrt(2.0)))
    return total


def mean_update(learner: Reinforce, weights: list[np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the first projection for an input whose second answer is right, and its standard deviation.

    Differences of rewards are -1, 0 or 1: their usual size is 1 from the first that is not 0, if it does not adapt.
    """
    X = np.tile(x, (N, 1))
    learner.prepare(X, np.arange(N) % 2)
    for projection, each in zip(learner.circuit_.forward, weights, strict=True):
        learner.circuit_.network.set_weights(projection, each)
    moved = learner.updates(X, np.ones(N, int))[0]
    return moved.mean(axis=0), moved.std(axis=0)


def test_reinforce_goes_up_the_probability_of_the_right_choice_which_is_summed_over_all_spikes(monkeypatch):
    monkeypatch.setattr("spikelearn.learning.reward_pairs.ADAPTATION", 0.0)  # the usual size of differences stays 1
    steps, width, sigma, h = 6, 0.5, 0.1, 1e-4
    learner = Reinforce(
        hidden=(1,), bias=False, steps=steps, width=width, learning_rate=1.0, sigma=sigma, reward="choice"
    )
    onto_output = np.array([[-2.0, 2.0]])
    mean, deviation = mean_update(learner, [np.array([[1.5]]), onto_output], np.array([0.8]))
    above, below = (right_by_chance(1.5 + d, onto_output[0], 0.8, steps, width, sigma) for d in (h, -h))
    # (R - R')(e - e') is on average twice the covariance of R and e, and eligibilities are divided by the steps.
    expected = 2.0 / steps * (above - below) / (2.0 * h)
    assert expected > 20.0 * deviation[0, 0] / math.sqrt(N)  # else it would not be told apart from 0
    STAT(N, deviation[0, 0]).check(mean[0, 0], expected)


def test_reinforce_of_readout_cells_goes_up_the_probability_of_the_right_choice(monkeypatch):
    """The right one is chosen with probability Phi(z), z = (V - V')/(sqrt(2) sigma) for potentials V and V'."""
    monkeypatch.setattr("spikelearn.learning.reward_pairs.ADAPTATION", 0.0)
    steps, sigma = 25, 0.3
    learner = Reinforce(hidden=(), bias=False, learning_rate=1.0, sigma=sigma, steps=steps, reward="choice")
    x, weights = np.array([0.3, 0.9]), np.array([[0.2, -0.1], [-0.1, 0.3]])
    mean, deviation = mean_update(learner, [weights], x)
    late, early = (sum(1.0 - BETA ** (k + first) for k in range(steps)) for first in (0, 1))
    potentials = x @ weights * late / early  # inputs arrive a step later than noise
    z = (potentials[1] - potentials[0]) / (math.sqrt(2.0) * sigma)
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    # E[R xi] = density/sqrt(2); twice that, by what arrives on average
    expected = 2.0 * density / math.sqrt(2.0) * x * (steps - 1) / steps * -np.expm1(-1.0 / 0.02)
    STAT(N, deviation.max()).check(mean, np.stack([-expected, expected], axis=1))


def test_what_reward_modulated_stdp_keeps_of_two_tries_is_the_difference_of_their_pairs_of_spikes():
    """In each trial, changes of weights are one number, the reward, times what a sum over all pairs of spikes gives."""
    X, y, n = np.random.default_rng(3).random((12, 3)), np.arange(12) % 2, 12
    learner = RewardModulatedSTDP(
        hidden=(4,), bias=False, learning_rate=1e-5, width=0.5, depression=1.5, tau_minus=40.0
    ).prepare(X, y)  # fmt: skip
    circuit, steps, gap = learner.circuit_, learner.steps, round(GAP)
    net, projection = circuit.network, circuit.forward[0]
    trials = Trials(learner.phases(circuit, X, y, np.zeros((n, 2))), n=n)
    whole = int(trials.phase_steps(1.0).sum())
    assert whole == 2 * steps + gap + 2
    for layer in circuit.layers[:2]:
        net.record(layer)
    net.record(projection, "weight", every=float(whole))
    before = learner.coefs_[0]
    run = net.run(trials=trials, progress=False)
    trains = []
    for layer in circuit.layers[:2]:
        spikes = np.zeros((n, whole, layer.size))
        times, ids = run.spikes(layer)
        at = np.round(times).astype(int) - 1
        spikes[at // whole, at % whole, ids] = 1.0
        trains.append(spikes)
    pre, post = trains
    plus, minus = math.exp(-1.0 / TAU_M), math.exp(-1.0 / 40.0)
    signs = np.repeat([1.0, 0.0, -1.0, 0.0], [steps, gap, steps, 2])
    discarded = np.cumsum([0, steps, gap, steps])  # the steps in which nothing arrives of what was sent before
    expected = np.zeros((n, *before.shape))
    for trial in range(n):
        K_plus, sign_before = np.zeros(before.shape[0]), 0.0
        K_minus = seen = np.zeros(before.shape[1])  # seen: before the spikes of the last step
        for step in range(whole):
            arrivals = np.zeros(len(K_plus)) if step in discarded else pre[trial, step - 1]
            K_plus = plus * K_plus + arrivals
            expected[trial] -= sign_before * 1.5 * TAU_M / 40.0 * np.outer(arrivals, seen)
            expected[trial] += signs[step] * np.outer(K_plus, post[trial, step])
            seen, K_minus, sign_before = K_minus, minus * K_minus + post[trial, step], signs[step]
    recorded, synapses = run.trace(projection, "weight"), run.synapses(projection)
    changes = np.diff(recorded.values, axis=0, prepend=before[synapses.pre, synapses.post][None])
    wanted = expected[:, synapses.pre, synapses.post]
    rewards = np.sum(changes * wanted, axis=1) / np.sum(wanted * wanted, axis=1)
    assert np.count_nonzero(rewards) > n / 2
    # weights of up to 5, of which changes of 1e-6 are taken
    ULP(1000, 5.0).check(changes, rewards[:, None] * wanted)


@pytest.mark.parametrize("learner", [Reinforce, RewardModulatedSTDP])
def test_of_answers_that_are_surely_wrong_a_reward_for_the_choice_says_nothing_and_confidence_does(learner):
    X, y = np.tile([0.0, 1.0], (40, 1)), np.arange(40) % 2
    for reward, moves in (("choice", False), ("confidence", True)):
        wrong = learner(hidden=(), bias=False, reward=reward).prepare(X, y)
        [projection] = wrong.circuit_.forward
        wrong.circuit_.network.set_weights(projection, np.array([[0.0, 0.0], [9.0, -9.0]]))
        before = wrong.coefs_[0]
        wrong.partial_fit(X, np.ones(40, int))
        assert np.any(wrong.coefs_[0] != before) == moves


@pytest.mark.parametrize(
    ("learner", "wrong", "message"),
    [
        (Reinforce, {"width": 0.0}, "width: expected more than 0, got 0.0"),
        (Reinforce, {"reward": "gold"}, "reward: expected one of choice, confidence, got 'gold'"),
        (RewardModulatedSTDP, {"sigma": -1.0}, "sigma: expected more than 0, got -1.0"),
        (Reinforce, {"sigma": (0.3, 0.1)}, "sigma: expected one number, got an array"),
    ],
)
def test_wrong_parameters_are_named(learner, wrong, message):
    X, y = yin_yang(10, 1)
    with pytest.raises(ParameterError, match=message):
        learner(**wrong).fit(X, y)
