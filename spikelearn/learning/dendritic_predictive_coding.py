"""Predictive coding without error cells: errors are potentials of dendrites, in which cells balance what arrives.

Mikulasch, Rudelt, Wibral & Priesemann 2023, Trends Neurosci. 46:45 (hierarchical predictive coding through dendritic
error computation); Mikulasch, Rudelt & Priesemann 2021, PNAS 118:e2021925118 (dendritic balance). Values, energy and
what is learned are those of `predictive_coding`, but cells send their values only, up and down. For each cell k of the
layer above, cell i has a branch of its apical dendrite, on which the value of k arrives, and which cells j of the
layer of i inhibit,

    e_ik = V_k - sum_j m_ikj A_j.

The inhibition learns to balance the branch,

    dm_ikj = eta e_ik A_j,

by which each branch comes to know what its layer predicts, mu_k = sum_j w_kj A_j, so that its potential is the error
eps_k = V_k - mu_k of the cell above, which nobody has sent. (In the papers a branch belongs to a synapse, too, and
inhibition is plastic for the same balance.) It acts on the soma by v_ik, and learns with it,

    V_i = mu_i + D_i,   D_i <- D_i + rate (-D_i + f'(V_i) sum_k v_ik e_ik),   dv_ik = eta A_i (e_ik - d |e_ik| v_ik).

So is the error of k itself: its soma differs from its basal dendrite, by what came from above, D_k = V_k - mu_k, and
basal synapses learn dw_kj = eta D_k A_j, as m does: with m = w this is predictive coding but for one step of delay, and
m and w stay alike. m is 0 at first and comes to be w because branches are balanced before there is a teacher as well,
where every error should be 0.

Ours: this circuit is for examples with labels, where the papers' learns representations; a layer below predicts the
one above, and not the other way round; cells have graded values, of which V goes down and A = f(V) up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity import Pairs
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Phase
from spikelearn.learning.both_ways import FEEDBACK, check_steps, sweeping_up
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.feedback import FIXED, TIED, check_feedback
from spikelearn.learning.layers import starting_weights
from spikelearn.learning.locality import Locality
from spikelearn.learning.predictive_coding import PredictiveCoding
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import number
from spikelearn.values import one_number


class BranchParameters(NamedTuple):
    variance: Annotated[number, "Sigma of the error"] = 1.0


@scalar
def _branch(D: float, in_above: float, in_beside: float, variance: float) -> tuple[float, np.uint8]:
    return (in_above - in_beside) / variance, np.uint8(16)


Branch = NeuronModel(
    "Branch", BranchParameters, lambda p, dt: {"variance": p.variance}, _branch, state={"D": "1"},
    ports={"above": "1", "beside": "1"}, initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip
"""A branch of an apical dendrite: D is what excites it less what inhibits it."""


VALUE: Mapping[str, Any] = {"on": "rate", "payload": "A"}
INDIRECT = 2.0
"""ms until cells inhibit a branch: as long as what they drive takes to come back from the layer above."""


@dataclass(eq=False, repr=False)
class DendriticPredictiveCoding(PredictiveCoding):
    """Predictive coding with errors in dendrites.

    balance: learning rate of the inhibition of branches while there is no teacher, times the number of cells that
    inhibit; below 2 it is stable. Others: as in `PredictiveCoding`.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True)

    balance: float = 1.5

    def build(self, sizes: Sequence[int]) -> Circuit:
        check_feedback(self.feedback, FEEDBACK)
        check_steps(self, sizes, self.least_for_each_layer)
        one_number(self.balance, "1", "balance", above=0.0, most=2.0)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = self.cells(net, sizes)
        weights = starting_weights(sizes, self.seed)
        at_hidden, at_output = self.rates
        etas = [*[at_hidden] * (len(sizes) - 2), at_output]
        generator = np.random.default_rng([25, self.seed])
        ablated = self.control == ABLATED_FEEDBACK
        learns = self.feedback != FIXED and not ablated
        forward: list[Projection] = []
        feedback: list[Projection] = []
        beside: dict[Projection, float] = {}
        for k, (W, eta) in enumerate(zip(weights, etas, strict=True)):
            up, down = self.rules(eta, bottom=k == 0)
            sent: Mapping[str, Any] = VALUE if k else self.encoded.sent
            forward.append(net.connect(layers[k], layers[k + 1], "basal", weight=W, plasticity=up, **sent))
            if not k:
                continue
            below, above = layers[k], layers[k + 1]
            variance = self.variance if above is layers[-1] else 1.0
            branches = net.population(W.size, Branch(variance=variance), name=f"branches of layer {k}")
            of_cell, for_cell = np.divmod(np.arange(W.size), above.size)
            every = np.arange(W.size)
            net.connect(above, branches, "above", Pairs(for_cell, every), weight=1.0, on="rate", payload="V")
            none = np.zeros((below.size, W.size))
            inhibition = net.connect(below, branches, "beside", weight=none, delay=INDIRECT, plasticity=up, **VALUE)
            beside[inhibition] = self.balance * variance / (below.size * eta)
            drawn = generator.normal(0.0, 0.0 if ablated else self.spread, W.shape)
            V = W if self.feedback == TIED and not ablated else drawn
            acts: dict[str, Any] = {
                "weight": V.ravel(),
                "plasticity": down if learns else None,
                "on": "rate",
                "payload": "D",
            }
            feedback.append(net.connect(branches, below, "apical", Pairs(every, of_cell), **acts))
        learning = [*forward, *(feedback if learns else ()), *beside]
        return Circuit(net, layers, forward, feedback, learning, {"beside": beside})

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        if y is None:
            return super().phases(circuit, X, y, scores)
        settled, given = sweeping_up(self, circuit, X, scores, len(circuit.layers) + 1)
        _, settling, taught = super().phases(circuit, X, y, scores)
        factors = self.factors(circuit)
        balanced = {each: factors[each] * share for each, share in circuit.parts["beside"].items() if each in factors}
        return [settled, Phase(1.0, plastic=balanced, **given), settling, taught]
