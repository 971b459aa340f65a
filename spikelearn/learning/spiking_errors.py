"""Feedback alignment whose errors are spikes: two error cells for each class, one for errors above 0, one below.

An error cell adds up its sign of the error e of a readout cell (see `feedback_alignment`), in every step, and sends a
spike for each `quantum` of it. What is left it keeps for the next presentation, so that spikes of both cells times the
quantum add up to the sum of all errors, however small each is (after Neftci, Augustine, Paul & Detorakis 2017, Front.
Neurosci. 11:324, with error neurons of both signs).
They reach the apical port of all hidden layers through random weights (see `feedback`), times the quantum; hidden
synapses change as in feedback alignment, by

    dw = -eta x psi(V - V_th) B (n_plus - n_minus) quantum,

n the spikes that arrive in a step. Output synapses learn from the error of their own target. A hidden synapse knows its
own input, its target's potential, and the spikes that arrive at its target's apical dendrite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity import OneToOne
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.feedback import Back, LearnerWithFeedback
from spikelearn.learning.feedback_alignment import HiddenError, OutputError
from spikelearn.learning.layers import (
    GAIN,
    LIF_MIRROR,
    answering,
    connect_forward,
    loss_of_errors,
    populations,
    starting_weights,
)
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import CrossEntropy
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons import LeakyReadout, LIFSoftReset
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import number
from spikelearn.values import one_number


class ErrorCellParameters(NamedTuple):
    quantum: Annotated[number, "error times steps for one spike"] = 2.0


@scalar
def _error_cell(total: float, in_error: float, quantum: float) -> tuple[float, np.uint8]:
    total = total + max(in_error, 0.0)
    fired = total >= quantum
    total = total - quantum if fired else total
    return total, np.uint8(fired)


@scalar
def _margin(total: float, in_error: float, quantum: float) -> float:
    return total + max(in_error, 0.0) - quantum


ErrorCell = NeuronModel(
    "ErrorCell", ErrorCellParameters, lambda p, dt: {"quantum": p.quantum}, _error_cell, state={"total": "1"},
    ports={"error": "1"}, initial=lambda p: {"total": 0.5 * np.asarray(p.quantum)},
    margin=_margin,
)  # fmt: skip


@dataclass(eq=False, repr=False)
class SpikingErrors(LearnerWithFeedback):
    """Base of learners whose errors are spikes of error cells. quantum: the error, times steps, of a spike.

    history_["error_spikes"]: error spikes for each presentation that taught, on average over an epoch.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, error_cells=True)
    mirror_mode: ClassVar[MirrorMode] = LIF_MIRROR

    quantum: float = 1.0

    def rules(self, n_hidden: int) -> list[Any]:
        """The plasticity of each forward projection."""
        raise NotImplementedError

    def build(self, sizes: Sequence[int]) -> Circuit:
        quantum = one_number(self.quantum, "1", "quantum")
        if not quantum >= 1.0:  # a cell fires once in a step, in which an error is at most 1
            raise ParameterError(f"quantum: expected at least 1, got {self.quantum!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = populations(net, sizes, self.encoded, LIFSoftReset(), LeakyReadout(gain=GAIN))
        weights, rules = starting_weights(sizes, self.seed), self.rules(len(sizes) - 2)
        forward = connect_forward(net, layers, self.encoded, weights, rules)
        errors = [_error_cells(net, layers[-1], sign, quantum) for sign in (1.0, -1.0)]
        generator = np.random.default_rng([5, self.seed])
        feedback: list[Projection] = []
        for k, hidden in enumerate(layers[1:-1], 1):
            B = quantum * self.weights_back(generator, weights, k, 1.0)
            feedback += [
                net.connect(cells, hidden, "apical", weight=sign * B, name=f"{cells.name} to {hidden.name}")
                for sign, cells in zip((1.0, -1.0), errors, strict=True)
            ]
        for cells in errors:
            net.record(cells)
        return Circuit(net, layers, forward, feedback, forward, {"errors": errors})

    def backs(self, circuit: Circuit, layer: Population) -> Sequence[Back]:
        both = [each for each in circuit.feedback if each.target is layer]
        return [Back(each, sign * self.quantum) for sign, each in zip((1.0, -1.0), both, strict=True)]

    @property
    def from_output(self) -> bool:
        return True

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        return loss_of_errors(self, circuit.output, y)

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        learning = None if y is None else self.factors(circuit)
        return [answering(self, circuit, X, y, scores, learning)]

    def learn(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        scores, run, cpu_s = self._present(X, y)
        self.cost_.add(run, self.circuit_, len(X), cpu_s)
        sent = sum(len(run.spikes(cells).times) for cells in self.circuit_.parts["errors"])
        self.history_.setdefault("error_spikes", []).append(sent / len(X))
        return scores


@dataclass(eq=False, repr=False)
class SpikingFeedbackAlignment(SpikingErrors):
    """Feedback alignment whose errors are spikes."""

    learning_rate: float | tuple[float, float] = (0.2, 0.1)
    decay: float = 0.84

    def rules(self, n_hidden: int) -> list[Any]:
        at_hidden, at_output = self.rates
        return [*[HiddenError(eta=at_hidden)] * n_hidden, OutputError(eta=at_output)]


def _error_cells(net: Network, output: Population, sign: float, quantum: float) -> Population:
    """A cell for each output cell, driven by its error of this sign."""
    name = "errors above 0" if sign > 0 else "errors below 0"
    cells = net.population(output.size, ErrorCell(quantum=quantum), name=name)
    net.connect(output, cells, "error", rule=OneToOne(), weight=sign, on="rate", payload="error", name=f"to {name}")
    return cells
