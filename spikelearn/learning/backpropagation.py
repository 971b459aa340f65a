"""Backpropagation through time with surrogate gradients: the reference of all rules.

Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36(6):51. The derivative of a spike by the potential, which is
zero or infinite, is taken to be psi(V - V_th) = 1/(1 + slope |V - V_th|)^2; all else is exact, see
`spikelearn.learning.gradient`. Adam makes a step for each batch of examples. A synapse would have to know the course of
all cells, backwards in time, and the weights of all synapses after its own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.trials import Phase, Trials
from spikelearn.learning.adam import Adam
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import FROZEN
from spikelearn.learning.gradient import Differentiable, Loss, Trajectory
from spikelearn.learning.layers import GAIN, connect_forward, populations, presenting, starting_weights
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import CrossEntropy
from spikelearn.network import Network
from spikelearn.neurons import LeakyReadout, LIFSoftReset
from spikelearn.values import whole_number


@dataclass(eq=False, repr=False)
class SurrogateBackpropagation(Learner):
    """Backpropagation through time with surrogate gradients. batch: examples for one step of Adam."""

    locality: ClassVar[Locality] = Locality(other_weights=True, whole_time=True, phases=True)
    sequences: ClassVar[bool] = True

    learning_rate: float | tuple[float, float] = (0.1, 0.05)
    batch: int = 20

    def build(self, sizes: Sequence[int]) -> Circuit:
        whole_number(self.batch, "batch", least=1)
        weights = starting_weights(sizes, self.seed)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = populations(net, sizes, self.encoded, LIFSoftReset(), LeakyReadout(gain=GAIN))
        forward = connect_forward(net, layers, self.encoded, weights, [None] * len(weights))
        return Circuit(net, layers, forward, parts={"adam": Adam()})

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        return CrossEntropy(circuit.output, "V_m", y, slice(-self.steps, None), gain=GAIN)

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        return presenting(self, circuit, X, None, scores)

    def updates(self, X: Any, y: Any) -> list[np.ndarray]:
        """Minus the gradient, of which Adam makes steps."""
        found = self.gradient(X, y)
        assert found is not None
        return [-each for each in found]

    def learn(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Batch by batch; the network gets what was learned at the end."""
        begun = time.process_time()
        circuit, scores = self.circuit_, np.zeros((len(X), self.circuit_.output.size))
        learning = list(circuit.forward[-1:] if self.control == FROZEN else circuit.forward)
        rates = [self.decay**self.epoch_ * each for each in (*[self.rates[0]] * len(circuit.hidden), self.rates[1])]
        adam: Adam = circuit.parts["adam"]
        weights = self.coefs_
        prepared: dict[int, Differentiable] = {}
        for start in range(0, len(X), self.batch):
            part = slice(start, start + self.batch)
            n = len(y[part])
            if n not in prepared:
                phases = self.phases(circuit, X[part], None, np.zeros((n, circuit.output.size)))
                prepared[n] = Differentiable(circuit.network, Trials(phases, n=n), by=learning)
            batch = prepared[n]
            for projection, values in zip(circuit.forward, weights, strict=True):
                batch.weights[projection][...] = values
            batch.currents[circuit.input, "exc"][...] = X[part].reshape(n, self.elements, -1).swapaxes(0, 1)
            found = batch.gradient(self._scoring(circuit, y[part], scores[part]))
            down = [found.weights[projection] / n for projection in learning]
            adam.move(weights[-len(learning) :], down, rates[-len(learning) :])
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
