"""Dendritic error learning: what interneurons did not foresee of the feedback is left in apical dendrites, and teaches.

Sacramento, Costa, Bengio & Senn 2018 (NeurIPS); latent equilibrium: Haider et al. 2021 (NeurIPS). The circuit is that
of `dendritic_microcircuit`. It begins in the self-predicting state. Feedback weights are random and fixed by default
(see `feedback`), and inhibition from interneurons is kept their opposite. A teacher nudges the output cells, and
synapses on basal dendrites change by

    dw = eta (r - phi(v_B g_B / (g_L + g_B + g_A))) x,

r the rate of the target, the second term the rate that its basal dendrite alone would make, x the rate of the source.
Synapses onto interneurons change in the same way, so that these go on to foresee the layer above, which learns. There
is one phase, and no cell carries errors alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from spikelearn.connectivity import OneToOne
from spikelearn.description.population import Population
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.dendritic_microcircuit import Microcircuit, build, nudged, self_predicting, starting_weights
from spikelearn.learning.feedback import TIED, Back, LearnerWithFeedback
from spikelearn.learning.gradient import Loss, Trajectory
from spikelearn.learning.layers import copy_scores
from spikelearn.learning.locality import Locality
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.neurons import LeakyReadout


@dataclass(eq=False, repr=False)
class DendriticError(LearnerWithFeedback):
    """The dendritic error microcircuit.

    spikes: whether cells send spikes, or their rates in every step. settle: steps at the start of a presentation in
    which nothing is learned or read. interneuron_rate: learning rate of synapses onto interneurons. scale: largest
    weight at first onto hidden layers, in mV, times the square root of the number of sources. down: the same for random
    feedback weights, as it is. g_A, g_som, target, tau_syn: of `Microcircuit`.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True)
    mirror_mode: ClassVar[MirrorMode] = MirrorMode(12, "soma", "r", "u", "u", size=2.0)

    learning_rate: float | tuple[float, float] = (12.0, 0.015)
    steps: int = 24
    settle: int = 14
    spikes: bool = False
    interneuron_rate: float = 0.05
    scale: float = 2.0
    down: float = 3.0
    g_A: float = 0.28
    g_som: float = 0.34
    target: float = 3.0
    tau_syn: float = 2.5

    def build(self, sizes: Sequence[int]) -> Circuit:
        if not 0 <= self.settle < self.steps:
            raise ParameterError(f"settle: expected fewer steps than the {self.steps} of all, got {self.settle!r}")
        m = Microcircuit(
            tuple(sizes), spikes=self.spikes, copies=1, tau_syn=self.tau_syn, g_A=self.g_A, g_som=self.g_som,
            target=self.target,
        )  # fmt: skip
        last, at_hidden, at_output = len(sizes) - 1, *self.rates
        weights = starting_weights(m, 1.0, self.down, self.seed)
        for k in m.hidden:
            weights[f"up {k}"] *= self.scale / np.sqrt(sizes[k - 1])
        weights = self_predicting(m, weights, symmetric=self.feedback == TIED)
        if self.control == ABLATED_FEEDBACK:
            weights |= {name: 0.0 * weights[name] for name in weights if name.startswith(("pi", "down"))}
        etas = {f"up {k}": at_output if k == last else at_hidden for k in range(1, last + 1)}
        etas |= {f"ip {k}": self.interneuron_rate for k in m.hidden}
        circuit = build(m, weights, self.seed, etas, self.encoded, self.threads)
        readout = circuit.network.population(sizes[-1], LeakyReadout(), name="readout")
        circuit.network.connect(circuit.output, readout, "soma", OneToOne(), weight=1.0, on="rate", payload="u")
        return replace(circuit, parts={"readout": readout, "interneurons": circuit.interneurons, "microcircuit": m})

    def backs(self, circuit: Circuit, layer: Population) -> Sequence[Back]:
        onto = [each for each in circuit.feedback if each.target is layer]
        return sorted(
            (Back(each, 1.0 if each.name.startswith("down") else -1.0) for each in onto), key=lambda back: -back.factor
        )

    def loss(self, circuit: Circuit, y: np.ndarray) -> Loss:
        """The loss whose derivative by the potential u of an output cell is -phi'(u) (u_target - u), in the steps after
        `settle`: what nudging the cell descends."""
        m = circuit.parts["microcircuit"]

        def of_output(trajectory: Trajectory) -> tuple[np.ndarray, dict[Any, np.ndarray]]:
            u, wanted, n = trajectory[circuit.output, "u"], m.targets(y)[:, None], self.steps - self.settle
            rate = 0.5 * (1.0 + np.tanh(0.5 * u))
            by_u = rate * (1.0 - rate) * (u - wanted) / n
            by_u[:, : self.settle] = 0.0
            each = (u - wanted) * rate - np.logaddexp(0.0, u)
            return each[:, self.settle :].sum(axis=(1, 2)) / n, {(circuit.output, "u"): by_u}

        return of_output

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        given = self.encoded.drive(circuit.input, X)
        if y is not None:
            given["currents"] = given.get("currents", {}) | nudged(circuit.parts["microcircuit"], circuit.output, y)
        readout = circuit.parts["readout"]
        everything = [*circuit.layers, *circuit.parts["interneurons"], readout, *circuit.learning]
        read = Callback(copy_scores, (readout.state("V_sum"), scores))
        return [
            Phase(float(self.settle), reset=everything, discard_events=True, plastic=(), **given),
            Phase(
                float(self.steps - self.settle), reset=[readout], callback=read,
                plastic={} if y is None else self.factors(circuit), **given,
            ),
        ]  # fmt: skip
