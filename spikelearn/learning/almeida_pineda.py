"""Recurrent backpropagation: errors settle in a circuit of their own, which is the linear one around the fixed point.

Almeida 1987 (IEEE ICNN 2:609); Pineda 1987 (Phys. Rev. Lett. 59:2229). The circuit is that of `koerding_koenig`, with
cells that have two sites of integration, and weights U from each layer back onto the basal dendrites of the one before,
so that values settle:

    A_i = f(sum_j w_ij A_j),    f(x) = 1/(1 + exp(-x)),

j of the layers below and above. Apical dendrites receive errors along all connections, against their direction,

    D_i = f' sum_k w_ki D_k, of an output cell also + t - A,

t its teacher. Once these have settled, too, dw_ij = eta D_i A_j for all weights is minus the gradient of the cross
entropy of each output cell at the fixed point. All follow with a time constant: without one, circuits with strong loops
swing between two states. Synapses for errors learn as those for values do, and equal them at first (`feedback="tied"`);
those for errors that go down may also come to be in other ways, see `feedback`.

Of the activity differences of other rules for such circuits, `generec` and `contrastive_hebbian`, this is what they
estimate: nothing here is one (NGRAD: Lillicrap et al. 2020, Nat. Rev. Neurosci. 21:335). Errors are values of their
own, in apical dendrites, there is one phase, and weights must be known twice.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.learning.both_ways import LIMITS
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.feedback import TIED, Back
from spikelearn.learning.koerding_koenig import KoerdingKoenig
from spikelearn.learning.locality import Locality
from spikelearn.learning.two_phases import SETTLED
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.plasticity import BottomUpProduct, TopDownProduct


@dataclass(eq=False, repr=False)
class AlmeidaPineda(KoerdingKoenig):
    """Recurrent backpropagation.

    steps: in which values and errors settle; weights change in the last one. recurrence: standard deviation, at first,
    of the weights of values that go back. feedback, spread: of errors that go down.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, other_weights=True)
    tau_m: ClassVar[float] = 1.5
    stays_tied: ClassVar[bool] = True
    mirror_mode: ClassVar[MirrorMode] = MirrorMode(15, "basal", "A", "A", "A", size=2.0, logistic=1.0)

    learning_rate: float | tuple[float, float] = (3.0, 0.05)
    decay: float = 0.8
    steps: int = 30
    feedback: str = TIED
    recurrence: float = 0.2

    def build(self, sizes: Sequence[int]) -> Circuit:
        circuit = super().build(sizes)
        net, layers = circuit.network, circuit.layers
        generator = np.random.default_rng([35, self.seed])
        back, errors = [], []
        for k in range(len(sizes) - 2, 0, -1):
            U = generator.normal(0.0, self.recurrence, (sizes[k + 1], sizes[k]))
            how = {"eta": self.rates[1 if k == len(sizes) - 2 else 0], **LIMITS}
            back.append(
                net.connect(
                    layers[k + 1], layers[k], "basal", weight=U, on="rate", payload="A", name=f"back {k}",
                    plasticity=BottomUpProduct(**how),
                )
            )  # fmt: skip
            errors.append(
                net.connect(
                    layers[k], layers[k + 1], "apical", weight=U.T.copy(), on="rate", payload="D",
                    plasticity=TopDownProduct(**how), name=f"errors up {k}",
                )
            )  # fmt: skip
        added = [*back, *errors]
        parts = {"back": back, "errors": errors}
        return replace(
            circuit, feedback=[*circuit.feedback, *added], learning=[*circuit.learning, *added], parts=parts
        )  # fmt: skip

    def backs(self, circuit: Circuit, layer: Population) -> Sequence[Back]:
        """Of errors that go down."""
        added = [*circuit.parts["back"], *circuit.parts["errors"]]
        return [each for each in super().backs(circuit, layer) if each.projection not in added]

    def onto_hidden(self, circuit: Circuit) -> Sequence[Projection]:
        """Also what goes back to hidden layers, and its errors."""
        return [*super().onto_hidden(circuit), *circuit.parts["back"], *circuit.parts["errors"]]

    def gradient(self, X: Any, y: Any) -> list[np.ndarray] | None:
        """Of the loss of each example at the fixed point, by the weights of each forward projection."""
        settled = copy.copy(self)
        settled.steps = SETTLED
        return KoerdingKoenig.gradient(settled, X, y)
