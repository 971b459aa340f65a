"""Predictive coding: each layer predicts the one above it, and what was not foreseen changes activities, then weights.

Whittington & Bogacz 2017, Neural Comput. 29:1229. A unit is a value V and its error,

    eps_i = (V_i - mu_i)/Sigma,   mu_i = sum_j w_ij f(V_j),   f = tanh,

j in the layer below (the input is at the bottom, and Sigma is 1 but at the output). Values go down the energy
1/2 sum of Sigma eps^2 while the input and, if there is a teacher, the output are held,

    dV_i/dt ~ -eps_i + f'(V_i) sum_k v_ik eps_k,

k in the layer above, and once they have settled synapses change by

    dw_ij = eta eps_i f(V_j),

up, and those that bring errors down by dv_ik = eta f(V_i) eps_k, which is the same for both synapses between two
units. The two weights become alike if both are forgotten as well (Kolen & Pollack 1994, IEEE ICNN 3:1375), by

    -eta d |eps| w,

eps that of the upper unit, which both know; those from the input, which have no counterpart, are not forgotten.

Without a teacher all errors are 0 and values are what a sweep up gives them: the answer, from which nothing is
learned. Where values settle, eps_i = f' sum_k v_ik eps_k is backpropagation's recursion for activities that have
already moved toward the teacher's; the larger the variance Sigma of the output, the less they move and the closer the
updates are to the gradient. The activity difference that drives learning (Lillicrap et al. 2020, Nat. Rev. Neurosci.
21:335, "NGRAD") is that between a value and what the layer below makes of it, V - mu: of activities that were moved
by the teacher and those that were not.

Ours: a unit is one cell with two sites, in which the value and its error need no synapses between them. Its prediction
acts on it at once, and the error is what the apical dendrite adds, low-pass filtered,

    V = mu + eps,   eps <- eps + rate (-eps + f'(V) sum_k v_ik eps_k).

For a layer on the input this is theirs, as mu is constant; for others it settles at the same values, without waiting
for predictions to come up layer by layer. Top-down weights: see `feedback`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Population
from spikelearn.description.trials import Phase
from spikelearn.kernels.functions import tanh
from spikelearn.learning.both_ways import BothWays, sweeping_up
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.layers import last_step_plastic, populations
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import SquaredError
from spikelearn.learning.products import ErrorOfSource, ErrorOfTarget
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.plasticity import Plasticity
from spikelearn.units import number
from spikelearn.values import one_number


class ValueAndErrorParameters(NamedTuple):
    rate: Annotated[number, "part of the way to its settled value that the error goes in a step"] = 0.2


@scalar
def _value_and_error(
    V: float, A: float, D: float, in_basal: float, in_apical: float, I_basal: float, rate: float
) -> tuple[float, float, float, np.uint8]:
    D = D + rate * ((1.0 - A * A) * in_apical - D)
    V = in_basal + I_basal + D
    A = tanh(V)
    return V, A, D, np.uint8(16)


ValueAndError = NeuronModel(
    "ValueAndError", ValueAndErrorParameters, lambda p, dt: {"rate": p.rate}, _value_and_error,
    state={"V": "1", "A": "1", "D": "1"}, ports={"basal": "1", "apical": "1"}, currents=("basal",),
    initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip
"""D is the error eps, which it sends down, and A = f(V), which it sends up."""


class HeldValueParameters(NamedTuple):
    variance: Annotated[number, "Sigma of the error"] = 1.0


@scalar
def _held_value(
    V: float, A: float, D: float, in_basal: float, I_teacher: float, I_teaching: float, variance: float
) -> tuple[float, float, float, np.uint8]:
    error = I_teaching * (I_teacher - in_basal)
    return in_basal + error, in_basal, error / variance, np.uint8(16)


HeldValue = NeuronModel(
    "HeldValue", HeldValueParameters, lambda p, dt: {"variance": p.variance}, _held_value,
    state={"V": "1", "A": "1", "D": "1"}, ports={"basal": "1"}, currents=("teacher", "teaching"), initial=lambda p: {},
    kinds=("rate",),
)  # fmt: skip
"""An output unit: A is the prediction, and its value V unless a current `teaching` of 1 pA holds that at `teacher`."""


@dataclass(eq=False, repr=False)
class PredictiveCoding(BothWays):
    """Predictive coding with graded values and errors.

    steps: in which values settle under the teacher, of which weights change in the last one; before them there are as
    many without a teacher as there are layers. rate: of the way to its settled value that an error goes in a step.
    variance: Sigma of the output. forgetting: d, of weights up and down between the same layers. spread:
    standard deviation of top-down weights that are drawn.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, error_cells=True)
    forgets_itself: ClassVar[bool] = True
    mirror_mode: ClassVar[MirrorMode] = MirrorMode(4, "basal", "A", "A", "A")

    learning_rate: float | tuple[float, float] = (2.0, 0.1)
    decay: float = 0.85
    steps: int = 20
    rate: float = 0.1
    spread: float = 0.5
    variance: float = 5.0
    forgetting: float = 0.02

    def rules(self, eta: float, bottom: bool) -> tuple[Plasticity, Plasticity]:
        given = {"eta": eta, "forgetting": 0.0 if bottom else self.forgetting}
        return ErrorOfTarget(**given), ErrorOfSource(**given)

    def check(self) -> None:
        """Raise ParameterError for parameters that make no sense."""
        one_number(self.rate, "1", "rate", above=0.0, most=1.0)
        one_number(self.variance, "1", "variance", above=0.0)

    def cells(self, net: Network, sizes: Sequence[int]) -> list[Population]:
        self.check()
        hidden, output = ValueAndError(rate=self.rate), HeldValue(variance=self.variance)
        return populations(net, sizes, self.encoded, hidden, output)

    def loss(self, circuit: Circuit, y: np.ndarray) -> SquaredError:
        return SquaredError(circuit.output, "A", np.eye(circuit.output.size)[y], slice(-1, None))

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        answer, given = sweeping_up(self, circuit, X, scores, len(circuit.layers))
        if y is None:
            return [answer]
        return [answer, *settling(self, circuit, given, y)]


def settling(learner: Learner, circuit: Circuit, given: Mapping[str, Any], y: np.ndarray) -> list[Phase]:
    """Phases in which values settle under the teacher, y: (n,) from 0 on, and in whose last step weights change.
    given: what drives the input."""
    output = circuit.output
    teacher: dict[Any, Any] = {(output, "teacher"): np.eye(output.size)[y], (output, "teaching"): 1.0}
    whole = Phase(float(learner.steps), **given)
    whole = replace(whole, currents={**whole.currents, **teacher})
    return last_step_plastic(whole, learner.factors(circuit))
