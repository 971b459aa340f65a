"""Helmholtz machine: layers that recognise upwards and dream downwards, and what teaches both.

Dayan, Hinton, Neal & Zemel 1995, Neural Comput. 7:889; Hinton, Dayan, Frey & Neal 1995, Science 268:1158. Units are
`HelmholtzUnit`s, 0 or 1, connected both ways, with biases for each direction. Awake, the lowest layer is given,
recognition weights draw the layers above it, one in each step, and generative weights learn to predict each layer from
the one above, dG = eta (s - p_G) s_above. Asleep, generative weights draw all layers from the top down, and recognition
weights learn to find what a dream was made from, dR = eta (s_above - p_R) s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Phase
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.network import Network
from spikelearn.neurons import HelmholtzUnit, PerfectIntegrator
from spikelearn.plasticity import ActivityHomeostasis, SleepLearning, WakeLearning

SURE = 40.0
"""Input at which a unit is on, or off, but for one draw in 10^17."""
STATE: Mapping[str, Any] = {"on": "rate", "payload": "z", "delay": 1.0}
Currents = Mapping[tuple[Population, str], Any]


@dataclass(frozen=True, eq=False)
class HelmholtzMachine:
    """layers: from the lowest up. recognition: from each layer to the next. generative: back again, in the same order.
    recognition_biases: of all layers but the lowest. generative_biases: of all layers. homeostasis: further recognition
    biases, which keep units on for a share of the time, if there are any; those that learn asleep work against them as
    long as dreams are otherwise, so that either may become large, while it is their sum that counts. always: the cell
    that biases come from."""

    layers: list[Population]
    recognition: list[Projection]
    generative: list[Projection]
    recognition_biases: list[Projection]
    generative_biases: list[Projection]
    homeostasis: list[Projection]
    always: Population

    @property
    def learn_awake(self) -> list[Projection]:
        return [*self.generative, *self.generative_biases, *self.homeostasis]

    @property
    def learn_asleep(self) -> list[Projection]:
        return [*self.recognition, *self.recognition_biases]

    def recognise(self, X: np.ndarray) -> list[Phase]:
        """Draw the lowest layer, whose units are on with probabilities X, (n, units), and from it all others."""
        lowest, *above = self.layers
        phases = [Phase(1.0, currents=given(lowest, X), plastic=())]
        return [*phases, *(Phase(1.0, currents={(layer, "wake"): 1.0}, plastic=()) for layer in above)]

    def dream(self, top: Currents | None = None) -> list[Phase]:
        """Draw all layers from the top down. top: what the highest is given, if it is not drawn."""
        *below, highest = self.layers
        phases = [Phase(1.0, currents=top or {(highest, "sleep"): 1.0}, plastic=())]
        return [*phases, *(Phase(1.0, currents={(layer, "sleep"): 1.0}, plastic=()) for layer in reversed(below))]

    def present(
        self, X: np.ndarray, factors: Mapping[Projection, Any], seen_at_top: Currents | None = None,
        dreamt_at_top: Currents | None = None,
    ) -> list[Phase]:  # fmt: skip
        """Wake and sleep of one presentation. factors: projection -> factor of its learning rate, of those that learn.
        seen_at_top, dreamt_at_top: what the highest layer is given in each, if it is not drawn."""
        awake = self.recognise(X)
        if seen_at_top is not None:
            awake[-1] = replace(awake[-1], currents=seen_at_top)
        by_day, by_night = (
            Phase(1.0, plastic={each: factors[each] for each in learning if each in factors})
            for learning in (self.learn_awake, self.learn_asleep)
        )
        return [*awake, by_day, *self.dream(dreamt_at_top), by_night]


def given(layer: Population, probabilities: np.ndarray) -> dict[tuple[Population, str], Any]:
    """Currents with which the units of a layer are on with these probabilities, (n, units), whatever else arrives.

    Features of later examples may be beyond those of the first: they are as certain as 0 and 1."""
    p = np.clip(probabilities, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        log_odds = np.log(p) - np.log1p(-p)
    return {(layer, "wake"): 1.0, (layer, "basal"): np.clip(log_odds, -SURE, SURE)}


def helmholtz_machine(
    net: Network, sizes: Sequence[int], generator: np.random.Generator, spread: float, biases: Sequence[Any],
    etas: Sequence[float], excitatory: bool = False, weights: bool = True, share: float = 0.0,
) -> HelmholtzMachine:  # fmt: skip
    """A Helmholtz machine in a network whose step is 1 ms.

    sizes: of layers, from the lowest up. spread: standard deviation of the weights at first. biases: of each layer at
    first, in both directions. etas: learning rates between each layer and the next. excitatory: whether generative
    weights onto the lowest layer are at least 0. weights: whether there are generative weights beside biases. share:
    of the time in which hidden units are kept on by homeostasis; 0 for none.

    >>> net = Network(dt=1.0, seed=1)
    >>> machine = helmholtz_machine(net, (6, 3), np.random.default_rng(1), 0.1, biases=(0.0, 0.0), etas=(0.02,))
    >>> [layer.size for layer in machine.layers]
    [6, 3]
    """
    names = ["lowest layer", *(f"layer {k}" for k in range(1, len(sizes)))]
    layers = [net.population(n, HelmholtzUnit(), name=name) for n, name in zip(sizes, names, strict=True)]
    always = net.population(1, PerfectIntegrator(interval=1.0, I_e=1.0), name="always on")
    one: Mapping[str, Any] = {"on": "rate", "payload": "r", "delay": 1.0}
    machine = HelmholtzMachine(layers, [], [], [], [], [], always)
    for k, (low, high) in enumerate(zip(layers, layers[1:], strict=False)):
        up, down = generator.normal(0.0, spread, (2, low.size, high.size))
        positive = excitatory and k == 0
        wake = WakeLearning(eta=etas[k], **({"W_min": 0.0} if positive else {}))
        machine.recognition.append(
            net.connect(low, high, "basal", weight=up, plasticity=SleepLearning(eta=etas[k]), **STATE)
        )
        if weights:
            down = np.abs(down.T) if positive else down.T
            machine.generative.append(net.connect(high, low, "apical", weight=down, plasticity=wake, **STATE))
    for k, (layer, bias) in enumerate(zip(layers, biases, strict=True)):
        start = np.broadcast_to(bias, (1, layer.size)).copy()
        wake = WakeLearning(eta=etas[min(k, len(etas) - 1)])
        machine.generative_biases.append(net.connect(always, layer, "apical", weight=start, plasticity=wake, **one))
        if k:
            sleep = SleepLearning(eta=etas[k - 1], W_min=-LARGEST_WEIGHT, W_max=LARGEST_WEIGHT)
            machine.recognition_biases.append(
                net.connect(always, layer, "basal", weight=start, plasticity=sleep, **one)
            )
        if share and 0 < k < len(layers) - 1:
            keep = ActivityHomeostasis(eta=etas[k - 1], share=share)
            machine.homeostasis.append(
                net.connect(always, layer, "basal", weight=np.zeros((1, layer.size)), plasticity=keep, **one)
            )
    return machine
