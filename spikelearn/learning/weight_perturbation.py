"""Weight perturbation: each synapse is changed a little, and keeps what made the answer better.

Werfel, Xie & Seung 2005, Neural Comput. 17:2699; Cauwenberghs 1993 (NeurIPS 5:244); one synapse after the other, the
oldest form, is called twiddling; synapses that release at random can do the same (Seung 2003, Neuron 40:1063). For each
example a synapse draws a number xi of its own. The example is presented with the weights w + sigma xi, then with
w - sigma xi, and with the losses E+ and E- they become

    w -> w - eta (E+ - E-)/s xi,

s the usual size of the difference. On average that goes down the gradient of the loss, smoothed over sigma. Nothing at
all is known at a synapse but its own number and one for all: not even its source. What the estimate scatters by grows
with the number of synapses.

One global signal n does all of this, by one rule: w changes by n sigma xi. n is 1 before the first presentation, -2
before the second, then -(E+ - E-)/s eta/sigma, and 1 again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
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
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import number, weight

_NOT_DRAWN = -1e3
"""No normal number is so far out."""


class ExploringParameters(NamedTuple):
    sigma: Annotated[weight, "standard deviation of the perturbation"] = 0.3
    share: Annotated[number, "of synapses that are perturbed at a time"] = 1.0
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


@scalar
def _explore(weight: float, xi: float, n: float, u: float, z: float, sigma: float, share: float) -> tuple[float, float]:
    drawn = z if u < share else 0.0
    xi = drawn if xi == _NOT_DRAWN else xi
    return weight + n * sigma * xi, xi


Exploring = StepRule(
    "Exploring", ExploringParameters, _explore, lambda p, dt: {"sigma": p.sigma, "share": p.share}, state=("xi",),
    initial=lambda p: {"xi": _NOT_DRAWN}, random=("u",), normal=("z",), modulated=True,
)  # fmt: skip
"""w' = n sigma xi. A reset makes each synapse draw another xi."""


@dataclass(eq=False, repr=False)
class WeightPerturbation(Learner):
    """Weight perturbation, with pairs of opposite perturbations.

    learning_rate: change of a weight by a difference of the usual size, for a perturbation of sigma. sigma: standard
    deviation of the perturbation, one number or a pair, of synapses onto hidden cells and onto the output. serial:
    whether synapses are perturbed one at a time, each with a probability of 1 in all synapses; else all at once. Serial
    takes larger rates and longer: XOR from 9 of 10 seeds with rates (0.5, 0.12), decay 0.97 and 60 epochs, where all at
    once it takes 20 epochs.
    """

    locality: ClassVar[Locality] = Locality(pre=False, post=False, global_scalar=True, phases=True)
    learning_phases: ClassVar[tuple[int, ...] | None] = (4,)

    epochs: int = 40
    learning_rate: float | tuple[float, float] = (0.08, 0.02)
    decay: float = 0.93
    sigma: float | tuple[float, float] = (0.3, 0.1)
    serial: bool = False

    def build(self, sizes: Sequence[int]) -> Circuit:
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        signal = net.modulator("signal", tau=TAU_RELEASE)
        layers = populations(net, sizes, self.encoded, LIFSoftReset(), LeakyReadout(gain=GAIN))
        weights = starting_weights(sizes, self.seed)
        share = 1.0 / sum(each.size for each in weights) if self.serial else 1.0
        rules = [Exploring(signal, sigma=sigma, share=share) for sigma in by_layer(sizes, sigmas(self.sigma))]
        forward = connect_forward(net, layers, self.encoded, weights, rules)
        return Circuit(net, layers, forward, learning=forward, parts={"signal": signal, "usual": np.zeros(1)})

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        return CrossEntropy(circuit.output, "V_m", y, gain=GAIN)

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        if y is None:
            return [answering(self, circuit, X, None, scores)]
        signal, factors = circuit.parts["signal"], self.factors(circuit)
        plus, minus = pair(circuit.output, signal, y, scores, self.steps, circuit.parts["usual"])
        steps, sizes = float(self.steps), [layer.size for layer in circuit.layers]
        given: dict[str, Any] = self.encoded.drive(circuit.input, X)
        given |= {"reset": circuit.layers, "discard_events": True, "plastic": ()}
        rates, widths = by_layer(sizes, self.rates), by_layer(sizes, sigmas(self.sigma))
        ratios = {each: eta / sigma for each, eta, sigma in zip(circuit.forward, rates, widths, strict=True)}
        moved = dict.fromkeys(factors, 1.0)
        learned = {each: factor * ratios[each] for each, factor in factors.items()}
        return [
            Phase(1.0, releases={signal: 1.0}, reset=circuit.learning, plastic=moved),
            Phase(steps, callback=plus, **given),
            Phase(1.0, releases={signal: -2.0}, plastic=moved),
            Phase(steps, callback=minus, **given),
            Phase(1.0, plastic=learned),
            Phase(1.0, releases={signal: 1.0}, plastic=moved),
        ]


def by_layer(sizes: Sequence[int], of_both: tuple[float, float]) -> list[float]:
    """A number for each projection, given that of hidden layers and of the output. sizes: of all layers."""
    return [*[of_both[0]] * (len(sizes) - 2), of_both[1]]
