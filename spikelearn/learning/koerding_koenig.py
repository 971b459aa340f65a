"""Two sites of integration: what arrives at the apical dendrite says how a cell learns, and does not drive it.

Körding & König 2001, J. Comput. Neurosci. 11:207, whose cells are `TwoSiteRate`: values in place of spikes. In each
step a cell sends A_i = f(sum_j w_ij A_j), f = 1/(1 + exp(-x)), to the basal dendrites of the layer above, and

    D_i = f' sum_k v_ik D_k, of an output cell D = t - A,

t its teacher, to the apical dendrites of the layer below. Once all values have settled, synapses change in one step by

    dw_ij = eta D_i A_j    and, where top-down weights learn,    dv_jk = eta D_k A_j,

which is the same for both synapses between two cells. All this is the paper's; see also models/koerding_koenig.py. With
top-down weights that equal the bottom-up ones (`feedback="tied"`) it is backpropagation
of the cross entropy of each output cell.

Ours: top-down weights are drawn at random and learn in the same way ("kolen_pollack"), so that the difference to the
bottom-up ones stays while both grow, and decays if both are forgotten; or they are as `feedback` says. Initial weights
are ours, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.trials import Phase
from spikelearn.learning.both_ways import BothWays, sweeping_up
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.gradient import Loss, Trajectory
from spikelearn.learning.layers import last_step_plastic, populations
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons import TwoSiteRate

SURE = 1e-12
"""Least distance of a probability from 0 and 1 in the loss."""


@dataclass(eq=False, repr=False)
class KoerdingKoenig(BothWays):
    """Two sites of integration.

    steps: of a presentation, at least two for each layer but the first; weights change in the last one. spread:
    standard deviation of top-down weights that are drawn.
    """

    tau_m: ClassVar[float] = 1e-3
    """Time constant of cells, ms: here none has a memory."""

    mirror_mode: ClassVar[MirrorMode] = MirrorMode(6, "basal", "A", "A", "A", size=2.0, logistic=1.0)

    learning_rate: float | tuple[float, float] = (1.0, 0.1)
    steps: int = 8

    def cells(self, net: Network, sizes: Sequence[int]) -> list[Population]:
        hidden, output = (TwoSiteRate(teaching=teaching, tau_m=self.tau_m) for teaching in (0.0, 1.0))
        return populations(net, sizes, self.encoded, hidden, output)

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
        whole, given = sweeping_up(self, circuit, X, scores, self.steps)
        if y is None:
            return [whole]
        given["currents"] = given["currents"] | {(circuit.output, "apical"): np.eye(circuit.output.size)[y]}
        return last_step_plastic(replace(whole, **given), self.factors(circuit))
