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
from spikelearn.errors import ParameterError
from spikelearn.learning.both_ways import check_steps, sweeping_up
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.layers import populations, starting_weights
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import SquaredError
from spikelearn.learning.predictive_coding import HeldValue, ValueAndError, settling
from spikelearn.learning.products import ErrorOfSource, ErrorOfTarget
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
class DendriticPredictiveCoding(Learner):
    """Predictive coding with errors in dendrites.

    balance: learning rate of the inhibition of branches while there is no teacher, times the number of cells that
    inhibit; below 2 it is stable. spread: standard deviation at first of weights of branches on their cells. steps,
    rate, variance, forgetting: as in `PredictiveCoding`.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True)
    has_feedback: ClassVar[bool] = True

    learning_rate: float | tuple[float, float] = (2.0, 0.1)
    decay: float = 0.85
    steps: int = 20
    rate: float = 0.1
    spread: float = 0.5
    variance: float = 5.0
    forgetting: float = 0.02
    balance: float = 1.5

    def build(self, sizes: Sequence[int]) -> Circuit:
        check_steps(self, sizes, 2)
        one_number(self.rate, "1", "rate", above=0.0, most=1.0)
        one_number(self.variance, "1", "variance", above=0.0)
        one_number(self.forgetting, "1", "forgetting", least=0.0)
        one_number(self.balance, "1", "balance", above=0.0, most=2.0)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        hidden, output = ValueAndError(rate=self.rate), HeldValue(variance=self.variance)
        layers = populations(net, sizes, self.encoded, hidden, output)
        weights = starting_weights(sizes, self.seed)
        at_hidden, at_output = self.rates
        etas = [*[at_hidden] * (len(sizes) - 2), at_output]
        if not all(etas[1:]):
            raise ParameterError(
                f"learning_rate: expected more than 0 above the first hidden layer, where inhibition learns by it, got "
                f"{self.learning_rate!r}"
            )
        generator = np.random.default_rng([25, self.seed])
        ablated = self.control == ABLATED_FEEDBACK
        forward: list[Projection] = []
        feedback: list[Projection] = []
        beside: dict[Projection, float] = {}
        for k, (W, eta) in enumerate(zip(weights, etas, strict=True)):
            forgetting = self.forgetting if k else 0.0
            up, down = ErrorOfTarget(eta=eta, forgetting=forgetting), ErrorOfSource(eta=eta, forgetting=forgetting)
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
            V = generator.normal(0.0, 0.0 if ablated else self.spread, W.size)
            acts: dict[str, Any] = {"weight": V, "plasticity": None if ablated else down, "on": "rate", "payload": "D"}
            feedback.append(net.connect(branches, below, "apical", Pairs(every, of_cell), **acts))
        learning = [*forward, *(() if ablated else feedback), *beside]
        return Circuit(net, layers, forward, feedback, learning, {"beside": beside})

    def loss(self, circuit: Circuit, y: np.ndarray) -> SquaredError:
        return SquaredError(circuit.output, "A", np.eye(circuit.output.size)[y], slice(-1, None))

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        answer, given = sweeping_up(self, circuit, X, scores, len(circuit.layers) + 1)
        if y is None:
            return [answer]
        factors = self.factors(circuit)
        balanced = {each: factors[each] * share for each, share in circuit.parts["beside"].items() if each in factors}
        return [answer, Phase(1.0, plastic=balanced, **given), *settling(self, circuit, given, y)]
