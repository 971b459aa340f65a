"""A learner whose chosen cell bursts, which tags synapses; dopamine turns tags into changes."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import METHOD, ULP

from spikelearn.analysis import angle, logistic
from spikelearn.errors import ParameterError
from spikelearn.learning import DopamineAndBursts
from spikelearn.learning.burst_propagation import TAU
from spikelearn.tasks import yin_yang

X, Y = yin_yang(30, 1)
KEPT = np.exp(-1.0 / TAU)


def tags_of(x, weights, Y_down, steps, strength):
    """The chosen cell, the events of output cells, and the tags of both projections, in a plain loop over steps.

    What is sent in a step arrives in the next one.
    """
    V, e, b, P = ([np.zeros(W.shape[1]) for W in weights] for _ in range(4))
    traces = [np.zeros(len(W)) for W in weights]
    tags = [np.zeros(W.shape) for W in weights]
    sent, bursts_above = [np.zeros(len(x)), np.zeros(weights[0].shape[1])], np.zeros(weights[1].shape[1])
    chosen, extra = -1, np.zeros(len(b[1]))
    for step in range(2 * steps):
        apical = [bursts_above @ Y_down, strength * extra]
        for k, W in enumerate(weights):
            V[k] = KEPT * V[k] + (1.0 - KEPT) * (sent[k] @ W)
            e[k] = logistic(V[k])
            p = logistic((1.0 - e[k]) * apical[k])
            P[k] = p if step < steps else P[k]
            b[k] = p * e[k]
            traces[k] = KEPT * traces[k] + sent[k]
            if step >= steps:
                tags[k] += (1.0 - KEPT) * np.outer(traces[k], b[k] - P[k] * e[k])
        sent, bursts_above = [x, e[0]], b[1]
        if step == steps - 1:
            chosen = int(np.argmax(e[1]))
            extra[chosen] = 1.0
    return chosen, e[1], tags


@pytest.mark.parametrize("expected", ["stimulus", "answer"])
def test_changes_are_tags_times_the_reward_that_was_not_expected(expected):
    """The tags' decay of up to 10 ms with 1,000 ms, and what e still moves in the second phase, are below 2 %."""
    steps, rates = 8, (0.7, 0.3)
    learner = DopamineAndBursts(
        hidden=(6,), bias=False, steps=steps, learning_rate=rates, exploration=0.0, expected=expected, conscience=0.0
    ).prepare(X, Y)  # fmt: skip
    before = learner.coefs_
    Y_down = learner.circuit_.weights(learner.circuit_.feedback[0])
    features, places = learner.examples(X, Y)
    updates, mean = learner.updates(X, Y), np.full(3, 1.0 / 3.0)
    for trial, (x, label) in enumerate(zip(features, places, strict=True)):
        chosen, e, tags = tags_of(x, before, Y_down, steps, learner.strength)
        reward = float(chosen == label)
        dopamine = reward - (e[chosen] if expected == "stimulus" else mean[chosen])
        mean[chosen] += 0.02 * (reward - mean[chosen])
        for update, tag, rate in zip(updates, tags, rates, strict=True):
            METHOD(1, 1.0, 0.02 * np.abs(rate * dopamine * tag).max()).check(update[trial], rate * dopamine * tag)
        # Others get their own e as teacher, which still moves a little.
        others = np.abs(updates[1][trial][:, np.arange(3) != chosen])
        assert others.max() < 0.01 * np.abs(updates[1][trial]).max()


def test_what_is_expected_of_an_answer_is_the_running_mean_of_its_rewards():
    learner = DopamineAndBursts(hidden=(6,), exploration=0.0, expected="answer").prepare(X, Y)
    features, places = learner.examples(X, Y)
    mean = np.full(3, 1.0 / 3.0)
    for choice, label in zip(learner.learn(features, places).argmax(axis=1), places, strict=True):
        mean[choice] += 0.02 * (float(choice == label) - mean[choice])
    ULP(200, 1.0).check(learner.circuit_.parts["mean"], mean)
    assert learner.gradient(X, Y) is None


def test_a_conscience_shares_answers_out_where_nothing_is_learned():
    X, y = yin_yang(600, 1)
    least = {}
    for conscience in (0.0, 0.2):
        learner = DopamineAndBursts(learning_rate=0.0, exploration=0.0, expected="answer", conscience=conscience)
        answers = learner.prepare(X, y).learn(*learner.examples(X, y)).argmax(axis=1)
        least[conscience] = np.bincount(answers[300:], minlength=3).min()
    assert least[0.0] < 30 and least[0.2] > 90


def test_with_feedback_like_the_forward_weights_changes_go_down_the_gradient_of_the_chosen_cell():
    """To first order in what bursts do: feedback of a hundredth, and 30 steps to settle."""
    learner = DopamineAndBursts(
        hidden=(6,), bias=False, steps=30, strength=0.01, exploration=0.0, learning_rate=1e-6
    ).prepare(X, Y)  # fmt: skip
    before, circuit = learner.coefs_, learner.circuit_
    circuit.network.set_weights(circuit.feedback[0], 0.01 * before[1].T)
    wanted = [-each.sum(axis=0) for each in learner.gradient(X, Y)]
    moved = [new - old for new, old in zip(learner.partial_fit(X, Y).coefs_, before, strict=True)]
    for found, expected in zip(moved, wanted, strict=True):
        assert angle([found], [expected]) < 1.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"expected": "nothing"}, "expected: expected 'stimulus' or 'answer', got 'nothing'"),
        ({"exploration": 1.5}, "exploration: expected a probability, got 1.5"),
    ],
)
def test_wrong_parameters_are_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        DopamineAndBursts(**wrong).fit(X, Y)
