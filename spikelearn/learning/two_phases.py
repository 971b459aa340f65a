"""What rules with two phases share: a circuit that settles, freely and with a teacher, and a contrast of both.

Cells have a graded response (see GradedResponse): tau_m V' = -V + input, r = 1/(1 + exp(-V)). Input cells are clamped
to the example; each layer sends its values to the next through weights W, and to the one before through V. In the first
phase the circuit settles freely, which is its answer; then a teacher nudges or clamps the output. At the end synapses
change by the contrast of what their two cells did in both phases (see Contrast), which they have kept.

Feedback weights are tied by default, V = W^T after each presentation, so that the circuit has an energy; with
"kolen_pollack" they change by the same rule as W, if that is symmetric. See `feedback`.

The reference is the gradient of the settled circuit, with all that a cell does to itself by way of others (Almeida
1987, IEEE ICNN 2:609; Pineda 1987, Phys. Rev. Lett. 59:2229). It is that of analog cells, unrolled from rest to the
fixed point, whatever the rule and the quantum. Of W and V that change together, by both: their sum is what counts.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase, Trials
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.encoding import Encoding
from spikelearn.learning.feedback import TIED, LearnerWithFeedback
from spikelearn.learning.gradient import gradient
from spikelearn.learning.layers import copy_scores, last_step_plastic, populations, starting_weights
from spikelearn.learning.locality import Locality
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons import GradedResponse
from spikelearn.plasticity import Contrast
from spikelearn.values import whole_number

SETTLED = 150
"""Steps that a circuit is given to settle, for the gradient."""
Currents = Mapping[tuple[Population, str], Any]


@dataclass(eq=False, repr=False)
class TwoPhases(LearnerWithFeedback):
    """Base of learners with two phases.

    steps: of the free phase. taught: steps of each phase with a teacher. quantum: of the changes that cells send; 0 for
    analog cells, which send their value in every step. spread: standard deviation of feedback weights that are drawn.
    """

    locality: ClassVar[Locality] = Locality(phases=True, other_weights=True)
    mirror_mode: ClassVar[MirrorMode] = MirrorMode(
        12, "teacher", "r", "V_m", "V_m", mean=0.5, size=0.2, held=("clamped",)
    )
    symmetric: ClassVar[bool] = True
    """Whether a change of the source counts for the contrast as one of the target does."""

    learning_rate: float | tuple[float, float] = (10.0, 0.1)
    decay: float = 0.8
    steps: int = 20
    taught: int = 10
    quantum: float = 0.0
    feedback: str = TIED
    forgetting: float = 0.0
    spread: float = 0.5

    def teaching(self, circuit: Circuit, y: np.ndarray) -> Sequence[Currents]:
        """Currents of each phase with a teacher: of one, which is compared with the free phase, or of two, which are
        compared with each other. y: (n,) from 0 on."""
        raise NotImplementedError

    @property
    def learns_back(self) -> bool:
        """Not where both directions differ in what they learn."""
        return self.symmetric and super().learns_back

    @property
    def contrast_rate(self) -> float:
        """Factor of the contrast, beside the learning rates."""
        return 1.0

    def build(self, sizes: Sequence[int]) -> Circuit:
        for name in ("steps", "taught"):
            whole_number(getattr(self, name), name, least=2)
        if self.encoding != "graded":
            raise ParameterError(f"encoding: clamped cells need 'graded' values, got {self.encoding!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        cell = GradedResponse(quantum=self.quantum)
        layers = populations(net, sizes, Encoding(cell, {}, _clamped), cell, cell)
        weights = starting_weights(sizes, self.seed)
        at_hidden, at_output = self.rates
        rules = [
            Contrast(eta=self.contrast_rate * rate, symmetric=float(self.symmetric))
            for rate in [*[at_hidden] * (len(sizes) - 2), at_output]
        ]
        sent: dict[str, Any] = {"on": "rate", "payload": "change"}
        forward = [
            net.connect(layers[k], layers[k + 1], weight=W, plasticity=rule, name=f"forward {k + 1}", **sent)
            for k, (W, rule) in enumerate(zip(weights, rules, strict=True))
        ]
        generator = np.random.default_rng([33, self.seed])
        feedback = []
        for k, rule in enumerate(rules[1:], 1):
            V = self.weights_back(generator, weights, k, self.spread)
            down = rule if self.learns_back else None
            feedback.append(
                net.connect(layers[k + 1], layers[k], weight=V, plasticity=down, name=f"feedback {k}", **sent)
            )
        return Circuit(net, layers, forward, feedback, [*forward, *(feedback if self.learns_back else ())])

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        given = _clamped(circuit.input, X)["currents"]
        read = Callback(copy_scores, (circuit.output.state("r"), scores))
        free = Phase(
            float(self.steps), currents=given, reset=[*circuit.layers, *circuit.learning], discard_events=True,
            plastic=(), callback=read,
        )  # fmt: skip
        if y is None:
            return [free]
        plastic, compared = self.factors(circuit), self.teaching(circuit, y)
        phases = [free]
        if len(compared) == 1:
            phases = last_step_plastic(free, plastic)
        for each in compared:
            phases += last_step_plastic(Phase(float(self.taught), currents={**given, **each}), plastic)
        return phases

    def onto_hidden(self, circuit: Circuit) -> Sequence[Projection]:
        """Also what comes back to hidden layers from each other."""
        return [*super().onto_hidden(circuit), *circuit.feedback[:-1]]

    def gradient(self, X: Any, y: Any) -> list[np.ndarray] | None:
        """Of the loss of each example, by the weights of each forward projection, (n, sources, targets): that of the
        settled circuit, see above."""
        features, places = self.examples(X, y)
        analog = copy.copy(self)
        analog.steps, analog.quantum = SETTLED, 0.0
        circuit = self.hand_over(analog.build(self.sizes))
        loss = self.loss(circuit, places)
        if loss is None:
            return None
        phases = analog.phases(circuit, features, None, np.zeros((len(features), circuit.output.size)))
        trials = Trials(phases, n=len(features))
        by = [*circuit.forward, *circuit.feedback]
        found = gradient(circuit.network, loss, trials, per_trial=True, by=by).weights
        wanted = [found[each] for each in circuit.forward]
        tied = self.feedback == TIED and self.control != ABLATED_FEEDBACK
        if tied or len(circuit.learning) > len(circuit.forward):
            for k, down in enumerate(circuit.feedback, 1):
                wanted[k] = wanted[k] + found[down].swapaxes(1, 2)
        return wanted


def _clamped(population: Population, features: np.ndarray) -> dict[str, Any]:
    return {"currents": {(population, "teacher"): features, (population, "clamped"): 1.0}}
