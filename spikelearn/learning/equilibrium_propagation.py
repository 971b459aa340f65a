"""Equilibrium propagation: a circuit that settles, nudged a little towards the right answer, knows the gradient.

Scellier & Bengio 2017, Front. Comput. Neurosci. 11:24. With weights that are the same both ways the circuit of
`two_phases` is a continuous Hopfield network and settles in a minimum of its energy. A teacher that nudges the output,

    tau_m V' = -V + input + beta (y - r),

adds beta times the loss C = |r - y|^2/2 to that energy, and the contrast of both fixed points

    dw = eta/beta (x y|beta - x y|0)

of the values x and y of its two cells is, for small beta, minus the gradient of C. By default the contrast is
`centred`, that of nudging away, -beta, and towards, +beta (Laborieux et al. 2021, Front. Neurosci. 15:633674), whose
error is of the order of beta^2, not beta. All this is theirs, but for cells: theirs have r = min(max(V, 0), 1).

The activity difference, as it is called where errors are such (NGRAD: Lillicrap et al. 2020, Nat. Rev. Neurosci.
21:335), is that of a cell's own value between two phases: y|beta - y|0 of a hidden cell is beta times what
backpropagation would send it. No cell carries errors, and one kind of synapse does all. What is not local is the phase,
and that weights are the same both ways; for "kolen_pollack" they are not, but become alike.

A large beta is ours: a circuit that is about to choose another fixed point has a gradient without bounds, but what a
synapse changes is at most eta/(2 beta). With a quantum cells only emit events when their value has moved (O'Connor,
Gavves & Welling 2019, AISTATS): the spiking form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spikelearn.learning.circuit import Circuit
from spikelearn.learning.losses import SquaredError
from spikelearn.learning.two_phases import Currents, TwoPhases
from spikelearn.values import one_number


@dataclass(eq=False, repr=False)
class EquilibriumPropagation(TwoPhases):
    """Equilibrium propagation; spiking with a quantum above 0.

    beta: strength with which the output is nudged. centred: whether nudging both ways is compared, else that towards
    the right answer with the free phase.
    """

    beta: float = 1.0
    centred: bool = True

    def build(self, sizes: Sequence[int]) -> Circuit:
        one_number(self.beta, "1", "beta", above=0.0)
        return super().build(sizes)

    def loss(self, circuit: Circuit, y: np.ndarray) -> SquaredError:
        """Half the squared error of the output once it has settled."""
        return SquaredError(circuit.output, "r", np.eye(circuit.output.size)[y], window=slice(-1, None))

    def teaching(self, circuit: Circuit, y: np.ndarray) -> Sequence[Currents]:
        wanted = np.eye(circuit.output.size)[y]
        strengths = (-self.beta, self.beta) if self.centred else (self.beta,)
        return [{(circuit.output, "teacher"): wanted, (circuit.output, "nudging"): each} for each in strengths]

    @property
    def contrast_rate(self) -> float:
        return 0.5 / self.beta if self.centred else 1.0 / self.beta
