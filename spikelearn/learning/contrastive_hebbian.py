"""Contrastive Hebbian learning: Hebb's rule while a teacher clamps the output, its opposite while the circuit is free.

Movellan 1991 (Connectionist Models: Proc. 1990 Summer School, 10-17), after Hopfield, Feinstein & Palmer 1983 (Nature
304:158) and the Boltzmann machine, of which this is the deterministic form. In the circuit of `two_phases` the output
is free in the first phase and holds the right answer in the second, and synapses change by

    dw = eta (x+ y+ - x- y-),

of the values x and y of its two cells in the clamped phase, +, and in the free phase, -. With weights that are the same
both ways it reduces the difference of the energies of both fixed points; where the feedback is weak it is
backpropagation of the cross entropy of each output cell (Xie & Seung 2003, Neural Comput. 15:441), which is taken for
its loss here. Strengths of feedback other than 1, as in Xie & Seung, are not there.

The activity difference (NGRAD: Lillicrap et al. 2020, Nat. Rev. Neurosci. 21:335) is that of a cell's own value between
the clamped and the free phase, y+ - y-. What is not local is the phase, and that weights are the same both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spikelearn.learning.circuit import Circuit
from spikelearn.learning.losses import CrossEntropy
from spikelearn.learning.two_phases import Currents, TwoPhases


@dataclass(eq=False, repr=False)
class ContrastiveHebbian(TwoPhases):
    """Contrastive Hebbian learning."""

    learning_rate: float | tuple[float, float] = (5.0, 0.05)

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        """The cross entropy of each output cell once it has settled."""
        return CrossEntropy(circuit.output, "V_m", y, window=slice(-1, None), logistic=True)

    def teaching(self, circuit: Circuit, y: np.ndarray) -> Sequence[Currents]:
        return [{(circuit.output, "teacher"): np.eye(circuit.output.size)[y], (circuit.output, "clamped"): 1.0}]
