"""Backpropagation through time with surrogate gradients: the reference of all rules.

Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36(6):51. The derivative of a spike by the potential, which is
zero or infinite, is taken to be psi(V - V_th) = 1/(1 + slope |V - V_th|)^2; all else is exact, see
`spikelearn.learning.gradient`. Adam makes a step for each batch of examples. A synapse would have to know the course of
all cells, backwards in time, and the weights of all synapses after its own.

With `recurrence` the cells of each hidden layer are also connected with each other, and with `adaptive` the thresholds
of a share of them adapt (LIFAdaptiveSoftReset), as in `EligibilityPropagation`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.trials import Phase, Trials
from spikelearn.errors import ParameterError
from spikelearn.learning.adam import Adam
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import FROZEN
from spikelearn.learning.gradient import Differentiable, Loss, Trajectory
from spikelearn.learning.layers import (
    GAIN,
    TAU_M,
    connect_forward,
    named_populations,
    presenting,
    starting_weights,
    weights_among,
)
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import CrossEntropy
from spikelearn.network import Network
from spikelearn.neurons import LeakyReadout, LIFAdaptiveSoftReset, LIFSoftReset
from spikelearn.values import one_number, whole_number


@dataclass(eq=False, repr=False)
class SurrogateBackpropagation(Learner):
    """Backpropagation through time with surrogate gradients.

    batch: examples for one step of Adam. tau_m: membrane time constant of hidden cells, ms. input_scale: factor of the
    weights from the input at first; cells that see each element for one step may need more of it. recurrence: size of
    the weights within hidden layers at first, relative to those between layers; with 0 there are none. adaptive: share
    of the hidden cells whose threshold adapts. beta: by how much a spike raises it; tau_a: with which time constant it
    falls again, ms.
    """

    locality: ClassVar[Locality] = Locality(other_weights=True, whole_time=True, phases=True)
    sequences: ClassVar[bool] = True

    learning_rate: float | tuple[float, float] = (0.1, 0.05)
    batch: int = 20
    tau_m: float = TAU_M
    input_scale: float = 1.0
    recurrence: float = 0.0
    adaptive: float = 0.0
    beta: float = 0.1
    tau_a: float = 200.0

    def build(self, sizes: Sequence[int]) -> Circuit:
        whole_number(self.batch, "batch", least=1)
        one_number(self.tau_m, "ms", "tau_m", above=0.0)
        one_number(self.input_scale, "1", "input_scale", above=0.0)
        one_number(self.recurrence, "1", "recurrence", least=0.0)
        if not 0.0 <= self.adaptive <= 1.0:
            raise ParameterError(f"adaptive: expected a share from 0 to 1, got {self.adaptive!r}")
        if self.encoded.random:
            raise ParameterError(f"encoding: expected one without random spikes, got {self.encoding!r}")
        first, *later = starting_weights(sizes, self.seed)
        weights = [self.input_scale * first, *later]
        generator = np.random.default_rng([13, self.seed])
        among = [weights_among(n, self.recurrence, generator) for n in sizes[1:-1]] if self.recurrence else []
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        hidden = [self.cells(n, generator) for n in sizes[1:-1]]
        models = [self.encoded.model, *hidden, LeakyReadout(gain=GAIN)]
        layers = named_populations(net, sizes, models)
        forward = connect_forward(net, layers, self.encoded, weights, [None] * len(weights), among=among)
        parts = {"adam": Adam(), "currents": self.learned_currents(layers[1:-1])}
        return Circuit(net, layers, forward, parts=parts)

    def cells(self, n: int, generator: np.random.Generator) -> Any:
        """The model of n hidden cells. generator: of what differs between them."""
        adapting = round(self.adaptive * n)
        if not adapting:
            return LIFSoftReset(tau_m=self.tau_m)
        beta = np.where(np.arange(n) < adapting, self.beta, 0)
        return LIFAdaptiveSoftReset(tau_m=self.tau_m, tau_a=self.tau_a, beta=beta)

    def learned_currents(self, hidden: Sequence[Population]) -> dict[tuple[Population, str], np.ndarray]:
        """(population, port) -> currents, (size,), that are always on, and learned like weights: what cells are like.

        pA; zero at first. None in this class.
        """
        return {}

    @property
    def rate_of_currents(self) -> float:
        """The learning rate of what `learned_currents` returns."""
        return 0.0

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        return CrossEntropy(circuit.output, "V_m", y, slice(-self.steps, None), gain=GAIN)

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        always: Mapping[Any, Any] = circuit.parts["currents"]
        shown = presenting(self, circuit, X, None, scores)
        return [replace(phase, currents={**phase.currents, **always}) for phase in shown] if always else shown

    def updates(self, X: Any, y: Any) -> list[np.ndarray]:
        """Minus the gradient, of which Adam makes steps."""
        found = self.gradient(X, y)
        assert found is not None
        return [-each for each in found]

    def learn(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Batch by batch; the network gets what was learned at the end."""
        begun = time.process_time()
        circuit, scores = self.circuit_, np.zeros((len(X), self.circuit_.output.size))
        frozen = self.control == FROZEN
        learning = list(circuit.forward[-1:] if frozen else circuit.forward)
        currents = {} if frozen or not self.rate_of_currents else circuit.parts["currents"]
        rates = [self.rates[0]] * (len(learning) - 1) + [self.rates[1]] + [self.rate_of_currents] * len(currents)
        rates = [self.decay**self.epoch_ * each for each in rates]
        adam: Adam = circuit.parts["adam"]
        weights = self.coefs_
        moved = [*weights[-len(learning) :], *currents.values()]
        prepared: dict[int, Differentiable] = {}
        for start in range(0, len(X), self.batch):
            part = slice(start, start + self.batch)
            n = len(y[part])
            if n not in prepared:
                phases = self.phases(circuit, X[part], None, np.zeros((n, circuit.output.size)))
                of = list(dict.fromkeys(population for population, _ in currents))
                prepared[n] = Differentiable(circuit.network, Trials(phases, n=n), by=learning, inputs=of)
            batch = prepared[n]
            for projection, values in zip(circuit.forward, weights, strict=True):
                batch.weights[projection][...] = values
            for key, values in circuit.parts["currents"].items():
                batch.currents[key][...] = values
            batch.currents[circuit.input, "exc"][...] = X[part].reshape(n, self.elements, -1).swapaxes(0, 1)
            found = batch.gradient(self._scoring(circuit, y[part], scores[part]))
            down = [found.weights[projection] / n for projection in learning]
            down += [found.currents[key].sum(axis=(0, 1)) / n for key in currents]
            adam.move(moved, down, rates)
        for projection, values in zip(circuit.forward, weights, strict=True):
            circuit.network.set_weights(projection, values)
        self.cost_.presentations += len(X)
        self.cost_.cpu_s += time.process_time() - begun
        return scores

    def _scoring(self, circuit: Circuit, y: np.ndarray, scores: np.ndarray) -> Loss:
        """The loss, which also keeps the scores of the answers."""
        loss = self.loss(circuit, y)

        def scored(trajectory: Trajectory) -> Any:
            scores[:] = trajectory[circuit.output, "V_m"][:, -self.steps :].sum(axis=1)
            return loss(trajectory)

        return scored
