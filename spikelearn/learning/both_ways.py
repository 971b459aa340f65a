"""Layers whose cells send one value up and another down, with synapses of both directions between each two of them.

A cell has an activity A, which it sends up, and an error D, which it sends down. Synapses change by the product of
both, up dw_ij = eta D_i A_j and down dv_jk = eta A_j D_k: the same for the two synapses between two cells. So top-down
weights that are drawn at random change as the bottom-up ones do (`feedback="kolen_pollack"`); others do not learn by
it. See `feedback`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.feedback import KOLEN_POLLACK, LearnerWithFeedback
from spikelearn.learning.layers import copy_scores, starting_weights
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.network import Network
from spikelearn.plasticity import BottomUpProduct, Plasticity, TopDownProduct

LIMITS = {"W_min": -LARGEST_WEIGHT, "W_max": LARGEST_WEIGHT}
"""Of weights: none in practice."""


@dataclass(eq=False, repr=False)
class BothWays(LearnerWithFeedback):
    """Base of learners whose cells, without memory of the past, have states A and D, and ports basal and apical.

    spread: standard deviation of top-down weights that are drawn.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True)
    least_for_each_layer: ClassVar[int] = 2
    """Steps that a presentation needs at least for each layer but the first."""
    sent_down: ClassVar[Mapping[str, Any]] = {"on": "rate", "payload": "D"}
    """As arguments of `Network.connect`."""

    feedback: str = KOLEN_POLLACK
    forgetting: float = 0.0
    spread: float = 1.0

    def cells(self, net: Network, sizes: Sequence[int]) -> list[Population]:
        """The populations of all layers."""
        raise NotImplementedError

    def rules(self, eta: float, bottom: bool) -> tuple[Plasticity, Plasticity]:
        """Of synapses up and down. bottom: whether they are those from the input."""
        return BottomUpProduct(eta=eta, **LIMITS), TopDownProduct(eta=eta, **LIMITS)

    def build(self, sizes: Sequence[int]) -> Circuit:
        check_steps(self, sizes, self.least_for_each_layer)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = self.cells(net, sizes)
        weights = starting_weights(sizes, self.seed)
        at_hidden, at_output = self.rates
        etas = [*[at_hidden] * (len(sizes) - 2), at_output]
        rules = [self.rules(eta, bottom=k == 0) for k, eta in enumerate(etas)]
        forward = []
        for k, (W, (up, _)) in enumerate(zip(weights, rules, strict=True)):
            sent: Mapping[str, Any] = {"on": "rate", "payload": "A"} if k else self.encoded.sent
            forward.append(net.connect(layers[k], layers[k + 1], "basal", weight=W, plasticity=up, **sent))
        generator = np.random.default_rng([25, self.seed])
        feedback = []
        for k in range(len(layers) - 2, 0, -1):
            V = self.weights_back(generator, weights, k, self.spread)
            down = rules[k][1] if self.learns_back else None
            feedback.append(
                net.connect(layers[k + 1], layers[k], "apical", weight=V, plasticity=down, **self.sent_down)
            )
        return Circuit(net, layers, forward, feedback, [*forward, *(feedback if self.learns_back else ())])

    def onto_hidden(self, circuit: Circuit) -> Sequence[Projection]:
        """Also what comes down to hidden layers from each other: without the way up to match, it would only grow."""
        n = len(circuit.hidden)
        return [*super().onto_hidden(circuit), *circuit.feedback[1:n]]


def check_steps(learner: Learner, sizes: Sequence[int], for_each_layer: int) -> None:
    """Raises ParameterError unless values without memory settle in the steps of a presentation."""
    least, steps = for_each_layer * (len(sizes) - 1), learner.steps * learner.elements
    if steps < least:
        raise ParameterError(f"steps: expected at least {least} for {len(sizes)} layers, got {steps}")
    if learner.encoding != "graded":
        raise ParameterError(f"encoding: cells without memory need 'graded' values, got {learner.encoding!r}")


def sweeping_up(
    learner: Learner, circuit: Circuit, X: np.ndarray, scores: np.ndarray, steps: int, variable: str = "A"
) -> tuple[Phase, dict[str, Any]]:  # fmt: skip
    """A phase from rest, without a teacher, at whose end a variable of the output becomes the scores; and what drives
    the input in it."""
    given = learner.encoded.drive(circuit.input, X)
    fresh: dict[str, Any] = {"reset": [*circuit.layers, *circuit.learning], "discard_events": True, "plastic": ()}
    read = Callback(copy_scores, (circuit.output.state(variable), scores))
    return Phase(float(steps), callback=read, **fresh, **given), given
