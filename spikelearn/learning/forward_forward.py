"""Forward-forward learning: two presentations and no way back, one of the right label, one of a wrong one.

Hinton 2022 (arXiv:2212.13345); what it shares with other rules of goodness is in `goodness`. Cells have a graded
response, h = 1/(1 + exp(-a)), a = sum_j w_j x_j; a layer's goodness is G = sum h^2, and with it

    dw_j = eta d(ln p)/dw_j = eta gain (1 - p) 2 h^2 (1 - h) x_j        positive data,
    dw_j = eta d(ln(1 - p))/dw_j = -eta gain p 2 h^2 (1 - h) x_j        negative data.

A layer sends h / sqrt(G/n) to the next, n its cells: the goodness is taken out, so that the next has to find out
anew whether the data are positive (Hinton 2022, section 2).

Ours: the response is bounded. Hinton's rectified cells have a goodness that is convex in the input of a layer, so one
layer cannot be good at a few points inside the others, as Yin-Yang's dots are: rectified cells reached 0.78 at most.
Examples are presented one by one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.trials import Callback, Phase
from spikelearn.kernels.exponential import exponential
from spikelearn.learning.both_ways import check_steps
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.goodness import GoodnessLearner, fresh, sum_of_squares, with_readouts
from spikelearn.learning.layers import FIRST, copy_scores, last_step_plastic, named_populations, starting_weights
from spikelearn.learning.products import ErrorOfTarget
from spikelearn.network import Network
from spikelearn.neurons import TwoSiteRate
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import number
from spikelearn.values import one_number


class GoodCellParameters(NamedTuple):
    size: Annotated[number, "cells of its layer"] = 1.0
    threshold: Annotated[number, "of the goodness, for each cell of the layer"] = 0.25
    gain: Annotated[number, "steepness of the probability that data are positive"] = 3.0


@scalar
def _good_cell(
    A: float, square: float, sent: float, D: float, in_basal: float, in_goodness: float, I_contrast: float,
    size: float, threshold: float, gain: float,
) -> tuple[float, float, float, float, np.uint8]:  # fmt: skip
    A = 1.0 / (1.0 + exponential(-in_basal))
    sent = A / math.sqrt(in_goodness / size) if in_goodness > 0.0 else A
    p = 1.0 / (1.0 + exponential(-gain * (in_goodness - size * threshold)))
    error = I_contrast * (1.0 - p if I_contrast > 0.0 else p)
    return A, A * A, sent, gain * error * 2.0 * A * A * (1.0 - A), np.uint8(16)


GoodCell = NeuronModel(
    "GoodCell", GoodCellParameters, lambda p, dt: p._asdict(), _good_cell,
    state={name: "1" for name in ("A", "square", "sent", "D")}, ports={"basal": "1", "goodness": "1"},
    currents=("contrast",), initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip
"""Sends `sent` up, and `square` to the goodness cell of its layer, whose sum comes back at port goodness."""


@dataclass(eq=False, repr=False)
class ForwardForward(GoodnessLearner):
    """Forward-forward learning.

    steps: of each presentation, at least three for each layer but the first. scale: largest weight at first onto the
    first hidden layer, also from cells of the label, times the square root of the number of inputs. Others: as in
    GoodnessLearner.
    """

    learning_rate: float | tuple[float, float] = (0.7, 0.3)
    decay: float = 0.9
    steps: int = 9
    scale: float = 10.0

    def build(self, sizes: Sequence[int]) -> Circuit:
        check_steps(self, sizes, 3)
        for name in ("threshold", "gain", "scale"):
            one_number(getattr(self, name), "1", name, above=0.0)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        cells = [GoodCell(size=float(n), threshold=self.threshold, gain=self.gain) for n in sizes[1:-1]]
        layers = named_populations(net, sizes, [self.encoded.model, *cells, TwoSiteRate(teaching=1.0)])
        label = net.population(sizes[-1], self.encoded.model, name="label")
        at_hidden, at_output = (ErrorOfTarget(eta=rate) for rate in self.rates)
        forward, goodness = [], []
        sent: Mapping[str, Any] = self.encoded.sent
        generator = np.random.default_rng([78, self.seed])
        for k, (W, below, layer) in enumerate(
            zip(starting_weights(sizes, self.seed), layers, layers[1:-1], strict=False)
        ):
            W = W if k else W * self.scale / FIRST
            onto: dict[str, Any] = {"port": "basal", "plasticity": at_hidden}
            forward.append(net.connect(below, layer, weight=W, name=f"forward {k + 1}", **onto, **sent))
            if k == 0:
                largest = self.scale / np.sqrt(sizes[0])
                U = generator.uniform(-largest, largest, (label.size, layer.size))
                forward.append(net.connect(label, layer, weight=U, name="label", **onto, **sent))
            goodness.append(sum_of_squares(net, layer, k + 1))
            sent = {"on": "rate", "payload": "sent"}
        return with_readouts(net, layers, label, forward, goodness, "basal", at_output, sent, generator)

    def answering(
        self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray, plastic: Mapping[Any, float]
    ) -> list[Phase]:
        given = self.encoded.drive(circuit.input, X)
        read = Callback(copy_scores, (circuit.output.state("A"), scores))
        if y is None:
            return [fresh(circuit, given, float(self.steps), plastic=(), callback=read)]
        given["currents"] = given["currents"] | {(circuit.output, "apical"): np.eye(circuit.output.size)[y]}
        answer = fresh(circuit, given, float(self.steps), callback=read)
        return last_step_plastic(answer, plastic)

    def contrasting(
        self, circuit: Circuit, given: Mapping[str, Any], plastic: Mapping[Any, float], read: Callback | None
    ) -> list[Phase]:
        return last_step_plastic(fresh(circuit, given, float(self.steps), callback=read), plastic)
