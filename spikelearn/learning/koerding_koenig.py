"""Two sites of integration: what arrives at the apical dendrite says how a cell learns, and does not drive it.

Körding & König 2001, J. Comput. Neurosci. 11:207, whose cells are `TwoSiteRate`: values in place of spikes. In each
step a cell sends A_i = f(sum_j w_ij A_j), f = 1/(1 + exp(-x)), to the basal dendrites of the layer above, and

    D_i = f' sum_k v_ik D_k, of an output cell D = t - A,

t its teacher, to the apical dendrites of the layer below. Once all values have settled, synapses change in one step by

    dw_ij = eta D_i A_j    and, where top-down weights learn,    dv_jk = eta D_k A_j,

which is the same for both synapses between two cells. All this is the paper's; see also models/koerding_koenig.py. With
top-down weights that equal the bottom-up ones at first, and so for ever (`feedback="tied"`), it is backpropagation
of the cross entropy of each output cell.

Ours: top-down weights are drawn at random and learn in the same way ("kolen_pollack"), so that the difference to the
bottom-up ones stays while both grow (Kolen & Pollack 1994, IEEE ICNN 3:1375, without their decay); or they stay as they
are ("fixed": feedback alignment, Lillicrap et al. 2016, Nat. Commun. 7:13276). Initial weights are ours, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.feedback import FIXED, KOLEN_POLLACK, TIED, check_feedback
from spikelearn.learning.gradient import Loss, Trajectory
from spikelearn.learning.layers import copy_scores, populations, starting_weights
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.network import Network
from spikelearn.neurons import TwoSiteRate
from spikelearn.plasticity import BottomUpProduct, TopDownProduct

FEEDBACK = (KOLEN_POLLACK, TIED, FIXED)
SURE = 1e-12
"""Least distance of a probability from 0 and 1 in the loss."""
LIMITS = {"W_min": -1e6, "W_max": 1e6}
"""Of weights: none in practice."""


@dataclass(eq=False, repr=False)
class KoerdingKoenig(Learner):
    """Two sites of integration.

    steps: of a presentation, at least two for each layer but the first; weights change in the last one. feedback:
    "kolen_pollack", "tied" or "fixed" top-down weights. spread: standard deviation of those that are drawn.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True)
    tau_m: ClassVar[float] = 1e-3
    """Time constant of cells, ms: here none has a memory."""

    learning_rate: float | tuple[float, float] = (1.0, 0.1)
    steps: int = 8
    feedback: str = KOLEN_POLLACK
    spread: float = 1.0

    def build(self, sizes: Sequence[int]) -> Circuit:
        check_feedback(self.feedback, FEEDBACK)
        least = 2 * (len(sizes) - 1)
        if self.steps < least:
            raise ParameterError(f"steps: expected at least {least} for {len(sizes)} layers, got {self.steps}")
        if self.encoding != "graded":
            raise ParameterError(f"encoding: cells without memory need 'graded' values, got {self.encoding!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = populations(
            net, sizes, self.encoded, TwoSiteRate(tau_m=self.tau_m), TwoSiteRate(teaching=1.0, tau_m=self.tau_m)
        )
        weights = starting_weights(sizes, self.seed)
        at_hidden, at_output = self.rates
        etas = [*[at_hidden] * (len(sizes) - 2), at_output]
        forward = []
        for k, (W, eta) in enumerate(zip(weights, etas, strict=True)):
            sent = {"on": "rate", "payload": "A"} if k else self.encoded.sent
            rule = BottomUpProduct(eta=eta, **LIMITS)
            forward.append(net.connect(layers[k], layers[k + 1], "basal", weight=W, plasticity=rule, **sent))
        generator = np.random.default_rng([25, self.seed])
        ablated = self.control == ABLATED_FEEDBACK
        learns = self.feedback != FIXED and not ablated
        feedback = []
        for k in range(len(layers) - 2, 0, -1):
            drawn = generator.normal(0.0, 0.0 if ablated else self.spread, (sizes[k + 1], sizes[k]))
            V = weights[k].T if self.feedback == TIED and not ablated else drawn
            down = TopDownProduct(eta=etas[k], **LIMITS) if learns else None
            feedback.append(
                net.connect(layers[k + 1], layers[k], "apical", weight=V, on="rate", payload="D", plasticity=down)
            )
        return Circuit(net, layers, forward, feedback, [*forward, *(feedback if learns else ())])

    def loss(self, circuit: Circuit, y: np.ndarray) -> Loss:
        """The cross entropy of each output cell at the end of the presentation."""
        wanted = np.eye(circuit.output.size)[y]

        def of_output(trajectory: Trajectory) -> tuple[np.ndarray, dict[Any, np.ndarray]]:
            A = np.clip(trajectory[circuit.output, "A"], SURE, 1.0 - SURE)
            by_A = np.zeros_like(A)
            last = A[:, -1]
            by_A[:, -1] = (last - wanted) / (last * (1.0 - last))
            value = -np.sum(wanted * np.log(last) + (1.0 - wanted) * np.log1p(-last), axis=1)
            return value, {(circuit.output, "A"): by_A}

        return of_output

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        given = self.encoded.drive(circuit.input, X)
        fresh: dict[str, Any] = {"reset": [*circuit.layers, *circuit.learning], "discard_events": True, "plastic": ()}
        read = Callback(copy_scores, (circuit.output.state("A"), scores))
        if y is None:
            return [Phase(float(self.steps), callback=read, **fresh, **given)]
        given["currents"] = given["currents"] | {(circuit.output, "apical"): np.eye(circuit.output.size)[y]}
        settle = Phase(float(self.steps - 1), **fresh, **given)
        return [settle, Phase(1.0, plastic=self.factors(circuit), callback=read, **given)]
