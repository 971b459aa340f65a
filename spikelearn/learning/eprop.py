"""e-prop: eligibility propagation in recurrent layers of which a share adapts, LSNNs.

Bellec et al. 2020, Nature Communications 11:3625. The cells of each hidden layer are connected with each other. The
thresholds of a share of them adapt (LIFAdaptiveSoftReset), with a time constant of the order of what is to be
remembered: the eligibility of a synapse onto such a cell lasts as long, so that an error can be assigned to a cue that
is long gone. With the learning signal L = sum_k B_jk (p_k - y_k) of the errors of all output cells,

    dw_ij = -eta sum_t L_j(t) e_bar_ij(t)    onto hidden cells, from below and from each other (`EProp`),
    dw_jk = -eta sum_t (p_k - y_k) x_j(t)    onto output cells,

x the low-pass filtered spikes of the source. It is the gradient of the loss but for what spikes do by way of other
hidden cells, if B is the transpose of the weights of the output; by default it is random and fixed, see `feedback`. A
synapse knows its own input, its target's potential and threshold, and what arrives at its target's apical dendrite.
Weights change step by step, and errors come two steps after the spikes that they are about: one to the output, one
back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import FROZEN
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.feedback import LearnerWithFeedback
from spikelearn.learning.feedback_alignment import OutputError
from spikelearn.learning.layers import (
    GAIN,
    LIF_MIRROR,
    TAU_M,
    loss_of_errors,
    presenting,
    starting_weights,
    weights_among,
)
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import CrossEntropy
from spikelearn.learning.surrogates import Surrogate
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons import LeakyReadout, LIFAdaptiveSoftReset
from spikelearn.plasticity import EProp

GAMMA = 0.3
"""Height of the pseudo-derivative."""


@scalar
def pseudo_derivative(margin: float) -> float:
    """As LIFAdaptiveSoftReset has it, with a threshold of 1."""
    return GAMMA * max(0.0, 1.0 - abs(margin))


@dataclass(eq=False, repr=False)
class EligibilityPropagation(LearnerWithFeedback):
    """e-prop with random or symmetric feedback, straight from the output.

    adaptive: share of the hidden cells whose threshold adapts. beta: by how much a spike raises it; tau_a: with which
    time constant it falls again, ms. recurrence: size of the recurrent weights at first, relative to those between
    layers.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True)
    sequences: ClassVar[bool] = True
    surrogate: ClassVar[Any] = Surrogate(pseudo_derivative)
    mirror_mode: ClassVar[MirrorMode] = LIF_MIRROR._replace(steps=10, mean=8.0, size=6.0, slope=0.36)
    """Loud, so that cells which are connected with each other follow the noise."""

    learning_rate: float | tuple[float, float] = (0.2, 0.05)
    adaptive: float = 0.5
    beta: float = 0.1
    tau_a: float = 200.0
    recurrence: float = 0.5

    def build(self, sizes: Sequence[int]) -> Circuit:
        if not 0.0 <= self.adaptive <= 1.0:
            raise ParameterError(f"adaptive: expected a share from 0 to 1, got {self.adaptive!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = self._layers(net, sizes)
        weights = starting_weights(sizes, self.seed)
        generator = np.random.default_rng([13, self.seed])
        forward, feedback = [], []
        for k, layer in enumerate(layers[1:-1]):
            sent = self.encoded.sent if k == 0 else {"on": "spike"}
            forward += self._onto(net, layers[k], layer, weights[k], sent)
            among = weights_among(layer.size, self.recurrence, generator)
            forward += self._onto(net, layer, layer, among, {"on": "spike"})
            B = self.weights_back(generator, weights, k + 1, 1.0)
            feedback.append(net.connect(layers[-1], layer, "apical", weight=B, on="rate", payload="error"))
        sent = self.encoded.sent if len(layers) == 2 else {"on": "spike"}
        rule = OutputError(eta=self.rates[1])
        forward.append(net.connect(layers[-2], layers[-1], "soma", weight=weights[-1], plasticity=rule, **sent))
        return Circuit(net, layers, forward, feedback, learning=[each for each in forward if each.learns])

    def cells(self, adapts: np.ndarray) -> Any:
        """The model of hidden cells. adapts: 1.0 for those that adapt, 0.0 for others."""
        return LIFAdaptiveSoftReset(tau_m=TAU_M, tau_a=self.tau_a, beta=self.beta * adapts, gamma=GAMMA)

    def rule(self, eta: float, adapts: float) -> Any:
        """The plasticity of synapses onto cells that adapt, 1.0, or not, 0.0."""
        given = {"tau_m": TAU_M, "tau_out": TAU_M, "W_min": -LARGEST_WEIGHT, "W_max": LARGEST_WEIGHT}
        return EProp(eta=eta, beta=self.beta * adapts, tau_a=self.tau_a, **given)

    def _layers(self, net: Network, sizes: Sequence[int]) -> list[Population]:
        found = [net.population(sizes[0], self.encoded.model, name="input")]
        for k, n in enumerate(sizes[1:-1], 1):
            model = self.cells(np.where(np.arange(n) < self._adaptive(n), 1.0, 0.0))
            found.append(net.population(n, model, name=f"hidden {k}"))
        return [*found, net.population(sizes[-1], LeakyReadout(gain=GAIN), name="output")]

    def _adaptive(self, n: int) -> int:
        """How many of n cells adapt: the first ones."""
        return round(self.adaptive * n)

    def _onto(
        self, net: Network, below: Population, layer: Population, weights: np.ndarray, sent: Mapping[str, Any]
    ) -> list[Projection]:
        """Onto the cells that adapt and onto those that do not; without a rule if these stay as they were drawn."""
        n = self._adaptive(layer.size)
        eta = self.rates[0] * np.expm1(-1.0 / TAU_M) ** 2  # inputs count by this factor, in the cells and the readout
        found = []
        for cells, adapts in ((slice(0, n), 1.0), (slice(n, layer.size), 0.0)):
            if cells.stop > cells.start:
                rule = self.rule(eta, adapts)
                given = {"weight": weights[:, cells], "plasticity": None if self.control == FROZEN else rule, **sent}
                found.append(net.connect(below, layer[cells], "soma", **given))
        return found

    @property
    def from_output(self) -> bool:
        return True

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        return loss_of_errors(self, circuit.output, y)

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        learning = None if y is None else self.factors(circuit)
        return presenting(self, circuit, X, y, scores, learning)
