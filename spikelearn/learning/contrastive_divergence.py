"""Event-driven contrastive divergence: a spiking Boltzmann machine of layers, with a layer for the labels.

Neftci, Das, Pedroni, Kreutz-Delgado & Cauwenberghs 2014, Front. Neurosci. 7:272, with the cells of Buesing et al. 2011
(`SamplingNeuron`) in place of integrate-and-fire cells with noise. Neighbouring layers are connected both ways with the
same weights, and all cells have biases, weights from a cell that is always on. In a presentation

1. the input and the label are clamped, and the hidden layers follow: nothing is learned for a gap, then weights grow
   where both cells are on;
2. all is released: nothing is learned for another gap, while the network leaves the data, then weights shrink where
   both cells are on.

Without the gaps the network would learn from a state that belongs to the other phase.

Ours: a clamped input cell is as much on as its feature says, from 0 to 1; label cells inhibit each other; weights
change at the end of a presentation; learning rates and times; cells that stay on for 4 ms; and how an answer is read.
With the input clamped, each label cell in turn is clamped half on, and its mean potential is its score: the free energy
of the network falls by the mean potential of a cell that is turned on slowly, and half on is the middle of that way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.connectivity import AllToAll
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.layers import named_populations
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.network import Network
from spikelearn.neurons import SamplingNeuron
from spikelearn.plasticity import ContrastiveDivergence as Rule
from spikelearn.values import whole_number

TAU = 4.0
"""ms for which a spike counts."""
LABEL_BIAS, INHIBITION = 1.0, 10.0
"""Of label cells, and among them, so that mostly one of them is on."""
CHANGES: Mapping[str, Any] = {"on": "rate", "payload": "change", "delay": 1.0}


@dataclass(eq=False, repr=False)
class ContrastiveDivergence(Learner):
    """Event-driven contrastive divergence.

    steps: during which weights change, of each of the two phases, and in which each label is read. gap: steps after a
    change of phase in which they do not. spread: standard deviation of the weights at first.
    """

    locality: ClassVar[Locality] = Locality(global_scalar=True, phases=True)
    has_feedback: ClassVar[bool] = True

    epochs: int = 10
    learning_rate: float | tuple[float, float] = (0.002, 0.002)
    bias: bool = False
    steps: int = 20
    gap: int = 40
    spread: float = 0.1

    def build(self, sizes: Sequence[int]) -> Circuit:
        whole_number(self.gap, "gap", least=0)
        if self.encoding != "graded":
            raise ParameterError(f"encoding: cells that are drawn need 'graded' features, got {self.encoding!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        phase = net.modulator("phase", tau=1e12)
        models = [*[SamplingNeuron(tau=TAU)] * (len(sizes) - 1), SamplingNeuron(tau=TAU, b=LABEL_BIAS)]
        layers = named_populations(net, sizes, models)
        others = AllToAll(autapses=False)
        net.connect(layers[-1], layers[-1], rule=others, weight=-INHIBITION, name="among labels", **CHANGES)
        always = net.population(1, SamplingNeuron(tau=TAU, b=100.0), name="always on")
        generator = np.random.default_rng([79, self.seed])
        at_hidden, at_output = self.rates
        forward, feedback, biases = [], [], []
        ablated = self.control == ABLATED_FEEDBACK
        for k, (below, above) in enumerate(zip(layers, layers[1:], strict=False)):
            rule = Rule(phase, eta=at_output if above is layers[-1] else at_hidden)
            W = generator.normal(0.0, self.spread, (below.size, above.size))
            down = 0.0 * W.T if ablated else W.T
            forward.append(net.connect(below, above, weight=W, plasticity=rule, name=f"forward {k + 1}", **CHANGES))
            feedback.append(net.connect(above, below, weight=down, plasticity=rule, name=f"back {k + 1}", **CHANGES))
        for layer in layers:
            rule = Rule(phase, eta=at_output if layer is layers[-1] else at_hidden)
            biases.append(net.connect(always, layer, weight=np.zeros((1, layer.size)), plasticity=rule, **CHANGES))
        parts = {"always": always, "phase": phase, "biases": biases}
        return Circuit(net, layers, forward, feedback, [*forward, *([] if ablated else feedback), *biases], parts)

    def onto_hidden(self, circuit: Circuit) -> Sequence[Projection]:
        """Both weights of a pair of layers learn, or neither."""
        return [*super().onto_hidden(circuit), *circuit.feedback[:-1], *circuit.parts["biases"][:-1]]

    @property
    def noisy(self) -> bool:
        return True

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        seen: dict[Any, Any] = {(circuit.input, "clamp"): 1.0, (circuit.input, "given"): X}
        fresh: dict[str, Any] = {
            "reset": [*circuit.layers, circuit.parts["always"], *circuit.learning],
            "discard_events": True,
        }
        output = circuit.output
        settle, readings = (2.0 * TAU, max(round(self.steps / TAU), 1)) if y is None else (TAU, 1)
        answer: list[Phase] = []
        for k in range(output.size):
            tried = seen | {(output, "clamp"): 1.0, (output, "given"): 0.5 * np.eye(output.size)[k]}
            read = Callback(add_potential, (output.state("V"), scores, k))
            answer.append(Phase(settle, currents=tried, plastic=()))
            answer += [Phase(TAU, currents=tried, plastic=(), callback=read)] * readings
        answer[0] = Phase(settle + self.gap, currents=answer[0].currents, plastic=(), **fresh)
        if y is None:
            return answer
        given = seen | {(output, "clamp"): 1.0, (output, "given"): np.eye(output.size)[y]}
        phase, length = circuit.parts["phase"], float(self.steps)
        parts: list[tuple[float, dict[str, Any]]] = [
            (float(self.gap), {"currents": given}),
            (length, {"currents": given, "releases": {phase: 1.0}}),
            (float(self.gap), {"releases": {phase: -1.0}}),
            (length, {"releases": {phase: -1.0 if self.gap else -2.0}}),
        ]
        taught = [Phase(duration, plastic=(), **each) for duration, each in parts if duration]
        return [*answer, *taught, Phase(1.0, releases={phase: 1.0}, plastic=self.factors(circuit))]


def add_potential(trial: int, phase: int, V: Any, scores: Any, label: int) -> None:
    scores[trial, label] += V[label]
