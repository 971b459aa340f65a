"""Cells that sample, beside the exact distribution of a Markov chain."""

from __future__ import annotations

import itertools

import numpy as np
from tolerances import STAT

import spikelearn as sl
from cases.case import Case

STEPS, ON = 400_000, 3
W, BIAS = 1.5, np.array([-1.0, 0.3])


def _states():
    """The shares of the four states of two cells that are on for three steps: measured, and of the chain.

    The chain's states are the steps that each cell has left; both are drawn at once, and hear of the last step.
    """
    net = sl.Network(dt=0.5, seed=3)
    cells = net.population(2, sl.SamplingNeuron(tau=0.5 * ON, b=BIAS), name="cells")
    everyone = sl.AllToAll(autapses=False)
    net.connect(cells, cells, "soma", everyone, weight=W, delay=0.5, on="rate", payload="change")
    net.record(cells, "z")
    z = net.run(STEPS * 0.5).trace(cells, "z").values.astype(int)
    measured = np.bincount(z @ [1, 2], minlength=4) / len(z)

    left = list(itertools.product(range(ON + 1), repeat=2))
    chain = np.zeros((len(left), len(left)))
    for now in left:
        on = [n > 0 for n in now]
        fires = [1.0 / (1.0 + ON * np.exp(-(BIAS[k] + W * on[1 - k]))) * (now[k] <= 1) for k in range(2)]
        for fired in itertools.product((0, 1), repeat=2):
            after = tuple(ON if f else max(n - 1, 0) for f, n in zip(fired, now, strict=True))
            share = np.prod([p if f else 1.0 - p for p, f in zip(fires, fired, strict=True)])
            chain[left.index(now), left.index(after)] += share
    stationary = np.linalg.matrix_power(chain, 1024)[0]
    expected = np.zeros(4)
    for now, share in zip(left, stationary, strict=True):
        expected[(now[0] > 0) + 2 * (now[1] > 0)] += share
    return measured, expected


CASES: tuple[Case, ...] = (
    # A state is kept for about six steps, so that these are some 66,000 independent ones.
    Case(
        "SamplingNeuron", "shares of the four states of two cells, 400,000 steps, seed 3", "its Markov chain",
        STAT(STEPS // 6, 0.5), "STAT(66,000)", _states,
    ),
)  # fmt: skip
