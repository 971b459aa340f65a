"""Node perturbation: each cell is pushed a little, and learns by whether that made the answer better.

Werfel, Xie & Seung 2005, Neural Comput. 17:2699; in networks of spiking cells Fiete & Seung 2006, Phys. Rev. Lett.
97:048104. Each cell j has a source of noise of its own, which draws a number xi_j for each example and keeps it
(`FrozenNoise`). The example is presented with the input xi_j to each cell, then with -xi_j, and with the losses E+ and
E- a synapse changes by

    dw = -eta (E+ - E-)/s xi_j/sigma x_i,

x_i the mean of what arrived from its source while xi_j was there, sigma the standard deviation of the noise, s the
usual size of the difference. On average that goes down the gradient of the loss, smoothed over sigma, by the input of
the cell. No feedback and no derivative is needed: a synapse knows its input, its target's noise, and one number for
all. But all cells stir the loss at once, so what this estimate scatters by grows with their number. The noise of output
cells, whose part in the loss is the largest, is therefore smaller than that of hidden ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity import OneToOne
from spikelearn.description.trials import Phase
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.layers import GAIN, answering, connect_forward, populations, starting_weights
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import CrossEntropy
from spikelearn.learning.perturbation import TAU_RELEASE, pair, sigmas
from spikelearn.network import Network
from spikelearn.neurons import LeakyReadout, LIFSoftReset
from spikelearn.neurons.model import NeuronModel
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight


class FrozenNoiseParameters(NamedTuple):
    sigma: Annotated[number, "standard deviation"] = 0.3


@scalar
def _frozen_noise(
    xi: float, sent: float, in_soma: float, I_draw: float, I_sign: float, z: float, sigma: float
) -> tuple[float, float, np.uint8]:
    xi = sigma * z if I_draw > 0.0 else xi
    return xi, xi * I_sign, np.uint8(16)


FrozenNoise = NeuronModel(
    "FrozenNoise", FrozenNoiseParameters, lambda p, dt: {"sigma": p.sigma}, _frozen_noise,
    state={"xi": "1", "sent": "1"}, ports={"soma": "1"}, currents=("draw", "sign"), normal=("z",),
    initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip
"""Draws xi in a step in which a current `draw` is positive, and sends it times the current `sign` in every step."""


class CorrelationParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 0.01
    tau: Annotated[ms, "of the trace of the source: short, so that it is what arrives"] = 0.02
    tau_c: Annotated[ms, "time constant of the eligibility: long, so that it is kept until the release"] = 1e15
    b: Annotated[number, "concentration at which the weight does not change"] = 0.0
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


@scalar
def _noise_of_target(noise: float, event: float, eta: float) -> float:
    return eta * noise


def _rule(name: str, learns_from: str) -> SignalRule:
    return SignalRule(
        name, CorrelationParameters, pre=(Trace("x", "tau"),), reads=("noise",), signal=_noise_of_target,
        constants=lambda p, dt: {"eta": p.eta}, modulated=True, learns_from=learns_from,
    )  # fmt: skip


HiddenNoise, OutputNoise = _rule("HiddenNoise", "spike"), _rule("OutputNoise", "rate")


@dataclass(eq=False, repr=False)
class NodePerturbation(Learner):
    """Node perturbation, with pairs of opposite perturbations.

    learning_rate: change of a weight by a difference of the usual size, for a noise of sigma and an input of 1. sigma:
    standard deviation of the input that is noise, one number or a pair, of hidden cells and output; a threshold is 1.
    """

    locality: ClassVar[Locality] = Locality(post=False, target_signal=True, global_scalar=True, phases=True)

    epochs: int = 40
    learning_rate: float | tuple[float, float] = (0.2, 0.05)
    decay: float = 0.93
    sigma: float | tuple[float, float] = (0.3, 0.1)

    def build(self, sizes: Sequence[int]) -> Circuit:
        of_hidden, of_output = sigmas(self.sigma)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        better = net.modulator("better", tau=TAU_RELEASE)
        layers = populations(net, sizes, self.encoded, LIFSoftReset(), LeakyReadout(gain=GAIN))
        per_step = 1.0 / (self.steps * TAU_RELEASE)
        at_hidden, at_output = self.rates
        hidden = HiddenNoise(better, eta=at_hidden / of_hidden * per_step)
        output = OutputNoise(better, eta=at_output / of_output * per_step)
        rules = [*[hidden] * (len(sizes) - 2), output]
        forward = connect_forward(net, layers, self.encoded, starting_weights(sizes, self.seed), rules)
        noises = []
        for layer in layers[1:]:
            sigma = of_output if layer is layers[-1] else of_hidden
            noise = net.population(layer.size, FrozenNoise(sigma=sigma), name=f"noise of {layer.name}")
            net.connect(noise, layer, "noise", OneToOne(), weight=1.0, on="rate", payload="sent", name=noise.name)
            noises.append(noise)
        parts = {"better": better, "noises": noises, "usual": np.zeros(1)}
        return Circuit(net, layers, forward, learning=forward, parts=parts)

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        return CrossEntropy(circuit.output, "V_m", y, gain=GAIN)

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        noises = circuit.parts["noises"]
        if y is None:
            answer = answering(self, circuit, X, None, scores)
            return [replace(answer, reset=[*answer.reset, *noises])]
        factors = self.factors(circuit)
        perturbed = [each for each, onto in zip(noises, circuit.forward, strict=True) if onto in factors]
        better, usual = circuit.parts["better"], circuit.parts["usual"]
        plus, minus = pair(circuit.output, better, y, scores, self.steps, usual)

        def presented(sign: float) -> dict[str, Any]:
            given = self.encoded.drive(circuit.input, X)
            given["currents"] = given.get("currents", {}) | {(each, "sign"): sign for each in perturbed}
            return given | {"discard_events": True}

        steps = float(self.steps)
        return [
            Phase(1.0, currents={(each, "draw"): 1.0 for each in perturbed}, plastic=()),
            Phase(steps, reset=[*circuit.layers, *circuit.learning], plastic=factors, callback=plus, **presented(1.0)),
            Phase(steps, reset=circuit.layers, plastic=(), callback=minus, **presented(-1.0)),
            # What is released in a step acts from the next one on.
            Phase(2.0, discard_events=True, plastic=factors),
        ]
