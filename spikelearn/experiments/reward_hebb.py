"""Reward-modulated Hebbian learning of a readout that explores, a callback of models.

Hoerzer, Legenstein & Maass 2014, Cerebral Cortex 24:677, Eqs. 5 to 9; Legenstein et al. 2010, J. Neurosci. 30:8400.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.readout import Readout
from spikelearn.description.signal import Signal
from spikelearn.kernels.random import random_uniform
from spikelearn.network import Network


class RewardHebb(NamedTuple):
    """Parameters. duration: ms of learning, and of exploration. exploration: half the width of the uniform noise.

    eta: learning rate at the start; eta_half: ms after which it is half of that. keep: what the averages of action and
    performance keep in a step. shuffled: whether reward is given at random, half of the time, as a control.
    """

    duration: float
    exploration: float
    eta: float
    eta_half: float
    keep: float
    shuffled: bool = False


def explore_and_learn(
    step: Any, rates: Any, weights: Any, output: Any, action: Any, target: Any, means: Any, numbers: Any, seed: Any
) -> None:
    """a = z + noise; w <- w + eta(t) (a - mean a) r if the performance -(a - target)^2 is above its mean."""
    steps, exploration, eta, half, keep, shuffled = numbers
    learning = step <= steps
    action[0] = output[0] + (exploration * (2.0 * random_uniform(seed, 0, step) - 1.0) if learning else 0.0)
    performance = -((action[0] - target[0]) ** 2)
    better = random_uniform(seed, 1, step) < 0.5 if shuffled else performance > means[1]
    if learning and better:
        change = eta / (1.0 + step / half) * (action[0] - means[0])
        for i in range(len(rates)):
            weights[i, 0] += change * rates[i]
    means[0] += (1.0 - keep) * (action[0] - means[0])
    means[1] += (1.0 - keep) * (performance - means[1])


def learn_by_reward(
    net: Network, units: Population, variable: str, target: Signal, p: RewardHebb, seed: int
) -> tuple[Readout, Signal]:
    """Add a readout of a state variable that learns by reward alone, and what it does: (readout, signal "action").

    target: of size 1; a callback that was added before writes it. The weights are 0 at the start.

    >>> net = Network(dt=1.0, seed=1)
    >>> units = net.population(10, TanhRate(noise=0.1))
    >>> target = net.signal("target")
    >>> rule = RewardHebb(duration=50.0, exploration=0.5, eta=5e-4, eta_half=2e4, keep=0.8)
    >>> readout, action = learn_by_reward(net, units, "r", target, rule, seed=1)
    >>> recording = net.record(action, every=10.0)
    >>> net.run(50.0).trace(action, "value").values.shape
    (5, 1)
    """
    output, action = net.readout(units, variable=variable, name="output"), net.signal("action")
    numbers = np.array([p.duration / net.dt, p.exploration, p.eta, p.eta_half / net.dt, p.keep, p.shuffled], float)
    arguments: list[Any] = [output.rates, output.weights(), output.values, action.values, target.values]
    net.on_step(explore_and_learn, *arguments, np.zeros(2), numbers, seed)
    return output, action
