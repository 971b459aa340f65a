"""Feedback alignment: errors come back through random weights that never change.

Lillicrap, Cownden, Tweed & Akerman 2016, Nat. Commun. 7:13276. Each output cell subtracts the teacher from its answer
in every step, e = logistic(gain V) - y. The hidden layer receives the errors through weights B, random and fixed unless
`feedback` says otherwise (see `feedback`), and a synapse changes by

    dw = -eta x psi(V - V_th) B e,

x the low-pass filtered input from its source, psi the surrogate of the slope of its target's spikes: what gradient
descent would do if B were the transpose of the forward weights. Those of the output change by -eta x e. Since the
hidden layer comes to fire such that B e reduces the error, the forward weights align with B.

With `direct`, every hidden layer receives the errors of the output, not those of the next layer: direct feedback
alignment, Nøkland 2016 (NeurIPS). A synapse knows its own input, its target's potential, and what arrives at its
target's apical dendrite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.trials import Phase
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.feedback import LearnerWithFeedback
from spikelearn.learning.layers import (
    GAIN,
    LIF_MIRROR,
    TAU_M,
    connect_forward,
    loss_of_errors,
    populations,
    presenting,
    starting_weights,
)
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import CrossEntropy
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons import LeakyReadout, LIFSoftReset
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight


class ErrorParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 0.01
    tau_m: Annotated[ms, "membrane time constant of the target, with which inputs are filtered"] = TAU_M
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


def _constants(p: ErrorParameters, dt: float) -> dict[str, float]:
    return {"rate": p.eta * -np.expm1(-dt / p.tau_m)}


@scalar
def _down_the_error(error: float, event: float, rate: float) -> float:
    return -rate * error


HiddenError = SignalRule(
    "HiddenError", ErrorParameters, pre=(Trace("x", "tau_m"),), reads=("error",), signal=_down_the_error,
    constants=_constants,
)  # fmt: skip
OutputError = SignalRule(
    "OutputError", ErrorParameters, pre=(Trace("x", "tau_m"),), reads=("error",), signal=_down_the_error,
    constants=_constants, learns_from="rate",
)  # fmt: skip


@dataclass(eq=False, repr=False)
class FeedbackAlignment(LearnerWithFeedback):
    """Feedback alignment with graded errors. direct: whether each hidden layer receives the errors of the output."""

    locality: ClassVar[Locality] = Locality(target_signal=True)
    sequences: ClassVar[bool] = True
    mirror_mode: ClassVar[MirrorMode] = LIF_MIRROR

    learning_rate: float | tuple[float, float] = (0.2, 0.1)
    direct: bool = False

    def build(self, sizes: Sequence[int]) -> Circuit:
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = populations(net, sizes, self.encoded, LIFSoftReset(), LeakyReadout(gain=GAIN))
        at_hidden, at_output = self.rates
        rules = [*[HiddenError(eta=at_hidden)] * (len(sizes) - 2), OutputError(eta=at_output)]
        weights = starting_weights(sizes, self.seed)
        forward = connect_forward(net, layers, self.encoded, weights, rules)
        generator = np.random.default_rng([5, self.seed])
        feedback = []
        for k in range(len(layers) - 2, 0, -1):
            sender = layers[-1] if self.direct else layers[k + 1]
            B = self.weights_back(generator, weights, k, 1.0)
            feedback.append(
                net.connect(sender, layers[k], "apical", weight=B, on="rate", payload="error", name=f"feedback {k}")
            )
        return Circuit(net, layers, forward, feedback, learning=forward)

    @property
    def from_output(self) -> bool:
        return self.direct

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        return loss_of_errors(self, circuit.output, y)

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        learning = None if y is None else self.factors(circuit)
        return presenting(self, circuit, X, y, scores, learning)
