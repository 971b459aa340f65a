"""Generalised latent equilibrium: cells that look back or ahead in time, and errors that look the other way.

Ellenberger, Haider, Jordan, Max, Jaras, Kriener, Benitez & Petrovici 2025 (Nat. Commun.; arXiv:2403.16933). As in
`latent_equilibrium`, a cell has a potential u and sends phi(V) of a prospective one, phi = tanh, but the time constants
of the membrane and of what it sends differ,

    tau_m u' = -u + sum_j w_ij r_j + coupling e_i,   V = u + tau_r u',   r = phi(V).

A cell with tau_r < tau_m sends what was, one with tau_r > tau_m what will be, and one with tau_r = tau_m what is. In
exact backpropagation errors would go through the same filters backwards in time. Here those of a cell go through the
inverse of its own filter, forward in time, with both time constants exchanged,

    tau_r a' = -a + phi'(V_i) sum_k v_ik e_k,   e_i = a + tau_m a',

which advances every frequency by as much as the cell delays it, as exact backpropagation does; only how large
frequencies are relative to each other differs. Synapses then learn in every step from what is there, dw_ij = eta e_i
r_j. Where all tau_r = tau_m and the coupling is 1, this is latent equilibrium.

The activity difference that drives learning (Lillicrap et al. 2020, Nat. Rev. Neurosci. 21:335, "NGRAD") is that
between a value and what the layer below makes of it, weighted by the coupling; without one errors are in cells or
dendrites of their own, and answers do not depend on the teacher. It is 0 by default, as in most of the simulations of
the paper.

Ours: output cells have no memory, as if tau_r were tau_m. Filters are those of steps of 1 ms, as exact
inverses of each other. What a sequence is to be told by is the sum of the output over its elements. Feedback, steps of
synapses, and when learning begins: as in `latent_equilibrium`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Population
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.kernels.functions import tanh
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.latent_equilibrium import LatentEquilibrium, ahead_of
from spikelearn.learning.layers import add_to_scores, copy_scores, named_populations
from spikelearn.learning.losses import SquaredError
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import ms, number
from spikelearn.values import flag, one_number


class TwoWayCellParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant: by it cells look back, and errors ahead"] = 20.0
    ahead: Annotated[number, "tau_r as a multiple of it: by tau_r cells look ahead, and errors back"] = 1.0
    coupling: Annotated[number, "of its potential to its error"] = 0.0
    inverse: Annotated[number, "1 if errors go through the inverse of its filter, 0 if they are what arrives"] = 1.0


def _constants(p: Any, dt: float) -> dict[str, Any]:
    keep, behind = np.exp(-dt / np.asarray(p.tau_m)), 1.0 - np.asarray(p.ahead)
    return {"keep": keep, "behind": behind, "past": behind * keep * np.asarray(p.inverse), "coupling": p.coupling}


@scalar
def _two_way_cell(
    u: float, a: float, V: float, A: float, D: float, in_basal: float, in_apical: float, I_basal: float, keep: float,
    behind: float, past: float, coupling: float,
) -> tuple[float, float, float, float, float, np.uint8]:  # fmt: skip
    # From x the filter of the cell makes (1 - past) x + past u, u before the step: this is solved for x.
    D = ((1.0 - A * A) * in_apical - past * a) / (1.0 - past)
    a = keep * a + (1.0 - keep) * D
    u, V = ahead_of(u, in_basal + I_basal + coupling * D, keep, behind)
    return u, a, V, tanh(V), D, np.uint8(16)


TwoWayCell = NeuronModel(
    "TwoWayCell", TwoWayCellParameters, _constants, _two_way_cell,
    state=dict.fromkeys(("u", "a", "V", "A", "D"), "1"), ports={"basal": "1", "apical": "1"}, currents=("basal",),
    initial=lambda p: {}, kinds=("rate",), time_constants=lambda p: {},
)  # fmt: skip
"""A = phi(V) goes up, and the error D down. a is D as the membrane would filter it."""


class OutputOfNowParameters(NamedTuple):
    coupling: Annotated[number, "of its potential to its error"] = 0.0
    nudging: Annotated[number, "by the teacher"] = 0.05


@scalar
def _output_of_now(
    A: float, D: float, in_basal: float, I_teacher: float, I_teaching: float, coupling: float, nudging: float
) -> tuple[float, float, np.uint8]:
    """D = nudging (teacher - A) and A = basal + coupling D, solved for both."""
    D = nudging * I_teaching * (I_teacher - in_basal) / (1.0 + coupling * nudging * I_teaching)
    return in_basal + coupling * D, D, np.uint8(16)


OutputOfNow = NeuronModel(
    "OutputOfNow", OutputOfNowParameters, lambda p, dt: {"coupling": p.coupling, "nudging": p.nudging}, _output_of_now,
    state=dict.fromkeys(("A", "D"), "1"), ports={"basal": "1"}, currents=("teacher", "teaching"),
    initial=lambda p: {}, kinds=("rate",), time_constants=lambda p: {},
)  # fmt: skip
"""Linear, of a cell with tau_r = tau_m, whose membrane nothing depends on."""


@dataclass(eq=False, repr=False)
class GeneralisedLatentEquilibrium(LatentEquilibrium):
    """Generalised latent equilibrium.

    time_constants: pairs (tau_m, tau_r), ms, that the cells of each hidden layer have in turn. prospective_errors:
    whether errors go through the inverse of a cell's filter; if not, each cell learns from errors as they arrive.
    coupling: of potentials to errors. Others: as in LatentEquilibrium, but for tau_m and ahead, in whose place
    time_constants are.
    """

    sequences: ClassVar[bool] = True

    time_constants: tuple[tuple[float, float], ...] = ((5.0, 5.0), (5.0, 0.0))
    prospective_errors: bool = True
    coupling: float = 0.0

    def cells(self, net: Network, sizes: Sequence[int]) -> list[Population]:
        one_number(self.nudging, "1", "nudging", above=0.0)
        one_number(self.coupling, "1", "coupling", least=0.0)
        inverse = float(flag(self.prospective_errors, "prospective_errors"))
        pairs = np.asarray(self.time_constants, np.float64)
        if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.all(np.isfinite(pairs)) or np.any(pairs < [1e-3, 0.0]):
            raise ParameterError(
                "time_constants: expected pairs (tau_m, tau_r), ms, the first at least 0.001 and the second at least "
                f"0, got {self.time_constants!r}"
            )

        def hidden(n: int) -> Any:
            tau_m, tau_r = pairs[np.arange(n) % len(pairs)].T
            return TwoWayCell(tau_m=tau_m, ahead=tau_r / tau_m, coupling=self.coupling, inverse=inverse)

        output = OutputOfNow(coupling=self.coupling, nudging=self.nudging)
        return named_populations(net, sizes, [self.encoded.model, *map(hidden, sizes[1:-1]), output])

    @property
    def arriving(self) -> int:
        """Steps until signals have gone up and down all layers: in those nothing is learned."""
        return 2 * (len(self.hidden) + 1)

    def loss(self, circuit: Circuit, y: np.ndarray) -> SquaredError:
        if self.elements == 1:
            return super().loss(circuit, y)
        return SquaredError(circuit.output, "A", np.eye(circuit.output.size)[y], slice(self.arriving, None), False)

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        output, plastic = circuit.output, {} if y is None else self.factors(circuit)
        more = {} if y is None else {(output, "teacher"): np.eye(output.size)[y], (output, "teaching"): 1.0}
        fresh: dict[str, Any] = {"reset": [*circuit.layers], "discard_events": True}
        found: list[Phase] = []
        for k, element in enumerate(np.split(X, self.elements, axis=1)):
            given = self.encoded.drive(circuit.input, element)
            given["currents"] |= more
            read = Callback(add_to_scores if k else copy_scores, (output.state("A"), scores))
            before = min(max(self.arriving - k * self.steps, 0), self.steps)
            for steps, factors in ((before, {}), (self.steps - before, plastic)):
                if steps:
                    found.append(Phase(float(steps), plastic=factors, **given, **({} if found else fresh)))
            found[-1] = replace(found[-1], callback=read)
        return found
