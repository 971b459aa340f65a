"""Contrastive-signal-dependent plasticity: forward-forward learning in every step of spiking cells.

Ororbia 2024 (Sci. Adv. 10:eadn6076; arXiv:2303.18187); what it shares with other rules of goodness is in `goodness`.
Cells are leaky integrators that spike; their input comes from the layer below, from the label, which all hidden layers
are told, and from the cells of their own layer, which inhibit each other. A spike sets a trace z, which decays. The
goodness of a layer in a step is G = sum z^2, and while a label is there each synapse changes in each step by

    dw_ij = eta delta_i s_j,    delta = gain 2 z z (1 - z) times  1 - p  of positive data,  -p  of negative data,

s_j what arrives from its source in the step: a spike, or the value of an input. delta is the derivative of ln p, or of
ln(1 - p), by what drives the trace, if that is bounded as z (1 - z). Synapses that inhibit change by the same rule.

Ours: the factor z (1 - z); Ororbia takes the derivative by z itself, with which cells that are as active as they can be
go on to be driven, and this form got at most 0.82 of Yin-Yang by goodness, its readout less than with frozen layers.
Cells do not inhibit each other by default: with `inhibition` 0.5 its readout got 0.88, without 0.91 (validation).
Layers are not driven from above, learning begins after `settle` steps, when traces are there, the readout is graded,
and its labels are not drawn in spikes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity import AllToAll
from spikelearn.description.trials import Callback, Phase
from spikelearn.kernels.exponential import exponential
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.feedback_alignment import OutputError
from spikelearn.learning.goodness import GoodnessLearner, fresh, sum_of_squares, with_readouts
from spikelearn.learning.layers import (
    GAIN,
    TAU_M,
    copy_scores,
    named_populations,
    taught,
)  # fmt: skip
from spikelearn.learning.products import ErrorOfTarget
from spikelearn.network import Network
from spikelearn.neurons import LeakyReadout
from spikelearn.neurons.membrane import decay
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import ms, number
from spikelearn.values import one_number, whole_number


class GoodSpikesParameters(NamedTuple):
    size: Annotated[number, "cells of its layer"] = 1.0
    threshold: Annotated[number, "of the goodness, for each cell of the layer"] = 0.4
    gain: Annotated[number, "steepness of the probability that data are positive"] = 3.0
    tau_m: Annotated[ms, "membrane time constant"] = TAU_M
    tau_z: Annotated[ms, "time constant of the trace"] = 4.5


def _constants(p: GoodSpikesParameters, dt: float) -> dict[str, Any]:
    given = {name: getattr(p, name) for name in ("size", "threshold", "gain")}
    return {**given, "beta": decay(p.tau_m, dt), "kappa": decay(p.tau_z, dt)}


@scalar
def _good_spikes(
    V_m: float, z: float, square: float, D: float, in_basal: float, in_goodness: float, I_contrast: float,
    size: float, threshold: float, gain: float, beta: float, kappa: float,
) -> tuple[float, float, float, float, np.uint8]:  # fmt: skip
    V_m = beta * V_m + (1.0 - beta) * in_basal
    fired = V_m >= 1.0
    V_m = V_m - 1.0 if fired else V_m
    z = 1.0 if fired else kappa * z
    p = 1.0 / (1.0 + exponential(-gain * (in_goodness - size * threshold)))
    error = I_contrast * (1.0 - p if I_contrast > 0.0 else p)
    return V_m, z, z * z, gain * error * 2.0 * z * z * (1.0 - z), np.uint8(fired) + np.uint8(16)


@scalar
def _margin(
    V_m: float, z: float, square: float, D: float, in_basal: float, in_goodness: float, I_contrast: float,
    size: float, threshold: float, gain: float, beta: float, kappa: float,
) -> float:  # fmt: skip
    return beta * V_m + (1.0 - beta) * in_basal - 1.0


GoodSpikes = NeuronModel(
    "GoodSpikes", GoodSpikesParameters, _constants, _good_spikes,
    state={name: "1" for name in ("V_m", "z", "square", "D")}, ports={"basal": "1", "goodness": "1"},
    currents=("contrast",), initial=lambda p: {}, kinds=("spike", "rate"), margin=_margin,
)  # fmt: skip
"""Sends spikes, in every step `square` to the goodness cell of its layer, and its trace z to the readout."""


@dataclass(eq=False, repr=False)
class ContrastiveSignalDependent(GoodnessLearner):
    """Contrastive-signal-dependent plasticity.

    steps: of each presentation. settle: those at its beginning in which hidden layers learn nothing. scale: largest
    weight at first onto hidden layers, times the square root of the number of their sources. inhibition: largest one
    within a layer, times the square root of its size. tau_z: time constant of the trace, ms. Others: as in
    GoodnessLearner.
    """

    learning_rate: float | tuple[float, float] = (0.1, 0.03)
    decay: float = 0.85
    steps: int = 25
    settle: int = 8
    threshold: float = 0.4
    scale: float = 20.0
    inhibition: float = 0.0
    tau_z: float = 4.5

    def build(self, sizes: Sequence[int]) -> Circuit:
        for name in ("threshold", "gain", "scale", "tau_z"):
            one_number(getattr(self, name), "1", name, above=0.0)
        one_number(self.inhibition, "1", "inhibition", least=0.0)
        whole_number(self.settle, "settle", least=1, most=self.steps - 1)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        how = {"threshold": self.threshold, "gain": self.gain, "tau_z": self.tau_z}
        cells = [GoodSpikes(size=float(n), **how) for n in sizes[1:-1]]
        layers = named_populations(net, sizes, [self.encoded.model, *cells, LeakyReadout(gain=GAIN)])
        label = net.population(sizes[-1], self.encoded.model, name="label")
        at_hidden, at_output = self.rates
        excite, inhibit = ErrorOfTarget(eta=at_hidden), ErrorOfTarget(eta=at_hidden, W_max=0.0)
        generator = np.random.default_rng([81, self.seed])

        def drawn(sources: int, targets: int, largest: float) -> np.ndarray:
            return generator.uniform(-largest, largest, (sources, targets))

        forward, goodness = [], []
        sent: Mapping[str, Any] = self.encoded.sent
        for k, (below, layer) in enumerate(zip(layers, layers[1:-1], strict=False), 1):
            largest = self.scale / np.sqrt(below.size)
            onto: dict[str, Any] = {"port": "basal", "plasticity": excite}
            W, U = drawn(below.size, layer.size, largest), drawn(label.size, layer.size, largest)
            forward.append(net.connect(below, layer, weight=W, name=f"forward {k}", **onto, **sent))
            forward.append(net.connect(label, layer, weight=U, name=f"label {k}", **onto, **self.encoded.sent))
            if self.inhibition > 0.0 and layer.size > 1:
                M = -np.abs(drawn(layer.size, layer.size, self.inhibition / np.sqrt(layer.size)))
                others = AllToAll(autapses=False)
                forward.append(
                    net.connect(
                        layer, layer, "basal", others, weight=M, on="spike", plasticity=inhibit, name=f"among {k}"
                    )
                )
            goodness.append(sum_of_squares(net, layer, k))
            sent = {"on": "spike"}
        sent = {"on": "rate", "payload": "z"} if forward else self.encoded.sent
        rule = OutputError(eta=at_output)
        return with_readouts(net, layers, label, forward, goodness, "soma", rule, sent, generator)

    def answering(
        self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray, plastic: Mapping[Any, float]
    ) -> list[Phase]:
        given = self.encoded.drive(circuit.input, X)
        if y is not None:
            given["currents"] = given.get("currents", {}) | taught(circuit.output, y)
        read = Callback(copy_scores, (circuit.output.state("V_sum"), scores))
        return [fresh(circuit, given, float(self.steps), plastic=plastic, callback=read)]

    def contrasting(
        self, circuit: Circuit, given: Mapping[str, Any], plastic: Mapping[Any, float], read: Callback | None
    ) -> list[Phase]:
        settling = fresh(circuit, given, float(self.settle), plastic=())
        rest = Phase(float(self.steps - self.settle), plastic=plastic, callback=read, **given)
        return [settling, rest]
