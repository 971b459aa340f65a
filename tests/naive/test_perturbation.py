"""Node and weight perturbation against loops in plain Python: losses of both presentations, and what is learned."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ULP

import spikelearn as sl
from spikelearn.description.trials import Trials
from spikelearn.learning.layers import GAIN
from spikelearn.learning.learner import Learner
from spikelearn.learning.node_perturbation import NodePerturbation
from spikelearn.learning.perturbation import ADAPTATION
from spikelearn.learning.weight_perturbation import WeightPerturbation

BETA = 0.9
X, Y = sl.tasks.yin_yang(8, 2)


def present(x, label, weights, noises, steps):
    """The loss of one presentation, the mean potentials, and how much arrived of each source, on average."""
    hidden, output = np.zeros(weights[0].shape[1]), np.zeros(weights[1].shape[1])
    spikes, total = np.zeros(len(hidden)), np.zeros(len(output))
    arrived = [np.zeros(len(x)), np.zeros(len(hidden))]
    for step in range(steps):
        # What is sent in a step arrives in the next, so in the first there is nothing.
        there = float(step > 0)
        output = BETA * output + (1.0 - BETA) * (spikes @ weights[1] + there * noises[1])
        total += output
        arrived[1] += spikes
        arrived[0] += there * x
        hidden = BETA * hidden + (1.0 - BETA) * there * (x @ weights[0] + noises[0])
        spikes = (hidden >= 1.0).astype(float)
        hidden = hidden - spikes
    odds = GAIN * total / steps
    return np.log(np.sum(np.exp(odds))) - odds[label], total, [each / steps for each in arrived]


def course(learner: Learner, whose_noise: str):
    """Weights before and after each presentation, the noises of each, and the scores."""
    learner.prepare(X, Y)
    circuit = learner.build([4, *learner.hidden, 3])
    scores = np.zeros((len(X), 3))
    trials = Trials(learner.phases(circuit, X, Y, scores), n=len(X))
    every = float(trials.phase_steps(1.0).sum())
    net = circuit.network
    recorded = circuit.parts["noises"] if whose_noise == "cells" else circuit.forward
    for each in circuit.forward:
        net.record(each, ["weight"] if whose_noise == "cells" else ["weight", "xi"], every=every)
    if whose_noise == "cells":
        for each in recorded:
            net.record(each, "xi", every=every)
    run = net.run(trials=trials, progress=False)

    def matrices(projection, name):
        found, synapses = run.trace(projection, name), run.synapses(projection)
        made = np.zeros((len(X), projection.source_size, projection.target_size))
        made[:, synapses.pre[found.ids], synapses.post[found.ids]] = found.values
        return made

    weights = [
        np.concatenate([first[None], matrices(each, "weight")])
        for first, each in zip(learner.coefs_, circuit.forward, strict=True)
    ]
    xi = [run.trace(each, "xi").values if whose_noise == "cells" else matrices(each, "xi") for each in recorded]
    return weights, xi, scores


def broadcast(losses, usual):
    """What reaches all synapses, and the mean square of such differences so far."""
    difference = losses[0] - losses[1]
    usual = difference**2 if usual is None else usual + ADAPTATION * (difference**2 - usual)
    return -difference / np.sqrt(usual), usual


def close(actual, expected):
    """To some hundred roundings of sums of weights, of which differences between two losses lose a few digits."""
    ULP(10_000, 10.0).check(actual, expected)


def test_cells_learn_from_their_noise_by_how_the_loss_differs():
    learner = NodePerturbation(hidden=(6,), bias=False, learning_rate=(0.4, 0.1), sigma=(0.3, 0.2), steps=20)
    weights, xi, scores = course(learner, "cells")
    usual = None
    for n, (x, label) in enumerate(zip(X, Y, strict=True)):
        before, noises = [each[n] for each in weights], [each[n] for each in xi]
        plus, one, arrived = present(x, label, before, noises, 20)
        minus, other, _ = present(x, label, before, [-each for each in noises], 20)
        better, usual = broadcast((plus, minus), usual)
        close(scores[n], 0.5 * (one + other))
        for k, (eta, sigma) in enumerate(((0.4, 0.3), (0.1, 0.2))):
            close(weights[k][n + 1], before[k] + eta * better * np.outer(arrived[k], noises[k] / sigma))
    assert np.any(weights[0][-1] != weights[0][0])
    assert 0.15 < np.std(xi[0]) < 0.45  # 48 numbers with a deviation of 0.3


@pytest.mark.parametrize("serial", [False, True])
def test_synapses_keep_what_they_tried_by_how_the_loss_differs(serial):
    learner = WeightPerturbation(hidden=(6,), bias=False, learning_rate=(0.4, 0.1), sigma=(0.3, 0.2), serial=serial)
    weights, xi, scores = course(learner, "synapses")
    usual, none = None, [np.zeros(6), np.zeros(3)]
    for n, (x, label) in enumerate(zip(X, Y, strict=True)):
        before = [each[n] for each in weights]
        tried = [sigma * each[n] for sigma, each in zip((0.3, 0.2), xi, strict=True)]
        plus, one, _ = present(x, label, [w + t for w, t in zip(before, tried, strict=True)], none, 25)
        minus, other, _ = present(x, label, [w - t for w, t in zip(before, tried, strict=True)], none, 25)
        close(scores[n], 0.5 * (one + other))
        if plus == minus and usual is None:
            continue  # nothing was tried, or it changed nothing
        better, usual = broadcast((plus, minus), usual)
        for k, eta in enumerate((0.4, 0.1)):
            close(weights[k][n + 1], before[k] + eta * better * xi[k][n])
    assert np.any(weights[0][-1] != weights[0][0])
    tries = np.mean([sum(np.count_nonzero(each[n]) for each in xi) for n in range(len(X))])
    assert 0.2 < tries < 2.5 if serial else tries == 4 * 6 + 6 * 3  # a mean of 8 Poisson numbers with a mean of 1
