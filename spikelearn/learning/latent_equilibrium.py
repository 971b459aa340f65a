"""Latent equilibrium: slow cells that say where they are going learn from examples shown much shorter than they take.

Haider, Ellenberger, Kriener, Jordan, Senn & Petrovici 2021 (NeurIPS 34; arXiv:2110.14549). A cell has a slow potential
u, and sends a prospective one, which is where u is going,

    tau u' = -u + sum_j w_ij r_j + e_i,   V = u + tau_r u',   r = phi(V),   phi = tanh,

and gets an error from those of the layer above,

    e_i = phi'(V_i) sum_k v_ik (V_k - sum_i w_ki r_i),   of an output cell, which is linear, nudging (teacher - V).

With tau_r = tau, V is the input at once: the network is at every moment in the equilibrium of the energy

    1/2 sum (V_i - sum_j w_ij r_j)^2 + nudging/2 sum (teacher - V)^2

which its membranes would reach only slowly, and all weights go down it at any time, by

    dw_ij = eta (V_i - sum_j w_ij r_j) r_j.

With tau_r = 0 potentials are still those of earlier examples, and so are answers; what then differs from the prediction
is no error. Even with a tau_r a little below tau it contains (1 - tau_r/tau) times what potentials have yet to go, by
which weights on average shrink. Between presentations nothing is reset.

The less the teacher nudges, the closer updates are to the gradient. As in `predictive_coding`, which has the same
equilibrium, the activity difference that drives learning (Lillicrap et al. 2020, Nat. Rev. Neurosci. 21:335, "NGRAD")
is that between a value and what the layer below makes of it.

Ours: synapses take a step of 1 ms in which theirs take no time, so nothing is learned in the first steps of an example,
before signals have gone up and down all layers. Weights down: see `both_ways`; those that learn are forgotten a little,
as those up, so that both become alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Population
from spikelearn.description.trials import Callback, Phase
from spikelearn.kernels.functions import tanh
from spikelearn.learning.both_ways import BothWays
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.layers import copy_scores, populations
from spikelearn.learning.losses import SquaredError
from spikelearn.learning.products import ErrorOfSource, ErrorOfTarget
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.plasticity import Plasticity
from spikelearn.units import ms, number
from spikelearn.values import one_number


class ProspectiveCellParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = 100.0
    ahead: Annotated[number, "tau_r as a multiple of it"] = 1.0


def _constants(p: Any, dt: float) -> dict[str, Any]:
    return {"keep": np.exp(-dt / np.asarray(p.tau_m)) + 0.0, "behind": 1.0 - np.asarray(p.ahead)}


@scalar
def ahead_of(u: float, settled: float, keep: float, behind: float) -> tuple[float, float]:
    """The potential at the end of a step, and the prospective one: tau u' is what is left to where it would settle."""
    u = keep * u + (1.0 - keep) * settled
    return u, settled - behind * (settled - u)


@scalar
def _prospective_cell(
    u: float, V: float, A: float, D: float, in_basal: float, in_apical: float, I_basal: float, keep: float,
    behind: float,
) -> tuple[float, float, float, float, np.uint8]:  # fmt: skip
    basal = in_basal + I_basal
    u, V = ahead_of(u, basal + (1.0 - A * A) * in_apical, keep, behind)
    return u, V, tanh(V), V - basal, np.uint8(16)


ProspectiveCell = NeuronModel(
    "ProspectiveCell", ProspectiveCellParameters, _constants, _prospective_cell,
    state=dict.fromkeys(("u", "V", "A", "D"), "1"), ports={"basal": "1", "apical": "1"}, currents=("basal",),
    initial=lambda p: {}, kinds=("rate",), time_constants=lambda p: {},
)  # fmt: skip
"""A = phi(V) goes up, and the error D = V - basal input down."""


class ProspectiveOutputParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = 100.0
    ahead: Annotated[number, "tau_r as a multiple of it"] = 1.0
    nudging: Annotated[number, "by the teacher"] = 0.05


@scalar
def _prospective_output(
    u: float, A: float, D: float, in_basal: float, I_teacher: float, I_teaching: float, keep: float, behind: float,
    nudging: float,
) -> tuple[float, float, float, np.uint8]:  # fmt: skip
    u, V = ahead_of(u, in_basal + nudging * I_teaching * (I_teacher - A), keep, behind)
    return u, V, V - in_basal, np.uint8(16)


ProspectiveOutput = NeuronModel(
    "ProspectiveOutput", ProspectiveOutputParameters, lambda p, dt: {**_constants(p, dt), "nudging": p.nudging},
    _prospective_output, state=dict.fromkeys(("u", "A", "D"), "1"), ports={"basal": "1"},
    currents=("teacher", "teaching"), initial=lambda p: {}, kinds=("rate",), time_constants=lambda p: {},
)  # fmt: skip
"""Linear: A is V."""


@dataclass(eq=False, repr=False)
class LatentEquilibrium(BothWays):
    """Latent equilibrium.

    steps: of a presentation, at least three for each layer but the first; in the first two of these three nothing is
    learned. tau_m: membrane time constant of cells, ms. ahead: tau_r as a multiple of it; 1 for the latent equilibrium,
    0 for cells that send what their potentials are. nudging: by the teacher. forgetting: of weights up and down between
    the same layers. spread: standard deviation of top-down weights that are drawn.
    """

    least_for_each_layer: ClassVar[int] = 3
    forgets_itself: ClassVar[bool] = True
    mirror_mode: ClassVar[MirrorMode] = MirrorMode(6, "basal", "A", "A", "A")

    learning_rate: float | tuple[float, float] = (0.1, 0.003)
    decay: float = 0.85
    steps: int = 10
    tau_m: float = 100.0
    ahead: float = 1.0
    nudging: float = 0.05
    spread: float = 0.5
    forgetting: float = 0.02

    def rules(self, eta: float, bottom: bool) -> tuple[Plasticity, Plasticity]:
        given = {"eta": eta / self.nudging, "forgetting": 0.0 if bottom else self.forgetting}
        return ErrorOfTarget(**given), ErrorOfSource(**given)

    def cells(self, net: Network, sizes: Sequence[int]) -> list[Population]:
        for name in ("tau_m", "nudging"):
            one_number(getattr(self, name), "1", name, above=0.0)
        one_number(self.ahead, "1", "ahead", least=0.0)
        how = {"tau_m": self.tau_m, "ahead": self.ahead}
        return populations(
            net, sizes, self.encoded, ProspectiveCell(**how), ProspectiveOutput(nudging=self.nudging, **how)
        )  # fmt: skip

    def loss(self, circuit: Circuit, y: np.ndarray) -> SquaredError:
        return SquaredError(circuit.output, "A", np.eye(circuit.output.size)[y], slice(-1, None))

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        given = self.encoded.drive(circuit.input, X)
        output = circuit.output
        read = Callback(copy_scores, (output.state("A"), scores))
        if y is None:
            return [Phase(float(self.steps), plastic=(), callback=read, **given)]
        given["currents"] |= {(output, "teacher"): np.eye(output.size)[y], (output, "teaching"): 1.0}
        arriving = 2 * (len(circuit.layers) - 1)
        return [
            Phase(float(arriving), plastic=(), **given),
            Phase(float(self.steps - arriving), plastic=self.factors(circuit), callback=read, **given),
        ]
