"""Predictive coding whose errors are spikes, of cells for errors above 0 and below.

What is sent down in `predictive_coding` in every step is sent here in quanta: a unit adds up its error eps and fires
whenever the sum is half a quantum away from 0, a whole one of which is then taken off,

    total <- total + eps;   at a spike   total <- total - quantum sign(total),

so that spikes times the quantum are the sum of errors, rounded. A unit stands for two error cells, one for each sign,
as a cell cannot fire less than not at all: its spikes carry the sign. What arrives is low-pass filtered by the
dendrite, slowly, as there is a spike for each 50 ms or so; and synapses change by the mean of the error over the
presentation, those down by the spikes that arrived. Values that go up are graded. Ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Population
from spikelearn.kernels.functions import tanh
from spikelearn.learning.layers import populations
from spikelearn.learning.predictive_coding import PredictiveCoding
from spikelearn.learning.products import ErrorOfSource, ErrorOfTarget
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.plasticity import Plasticity
from spikelearn.units import number
from spikelearn.values import one_number


class ValueAndSpikesParameters(NamedTuple):
    rate: Annotated[number, "part of the way to its settled value that the error goes in a step"] = 0.02
    quantum: Annotated[number, "sum of errors for a spike"] = 1.0
    share: Annotated[number, "1 by the steps of a presentation"] = 0.005


@scalar
def _value_and_spikes(
    V: float, A: float, error: float, D: float, total: float, sent: float, in_basal: float, in_apical: float,
    I_basal: float, rate: float, quantum: float, share: float,
) -> tuple[float, float, float, float, float, float, np.uint8]:  # fmt: skip
    error = error + rate * ((1.0 - A * A) * in_apical - error)
    V = in_basal + I_basal + error
    total = total + error
    fired = 2.0 * abs(total) >= quantum
    sent = quantum if total > 0.0 else -quantum
    total = total - sent if fired else total
    return V, tanh(V), error, D + share * error, total, sent, np.uint8(fired) + np.uint8(16)


@scalar
def _margin_of_value(
    V: float, A: float, error: float, D: float, total: float, sent: float, in_basal: float, in_apical: float,
    I_basal: float, rate: float, quantum: float, share: float,
) -> float:  # fmt: skip
    return abs(total + error + rate * ((1.0 - A * A) * in_apical - error)) - 0.5 * quantum


ValueAndSpikes = NeuronModel(
    "ValueAndSpikes", ValueAndSpikesParameters, lambda p, dt: p._asdict(), _value_and_spikes,
    state={name: "1" for name in ("V", "A", "error", "D", "total", "sent")}, ports={"basal": "1", "apical": "1"},
    currents=("basal",), initial=lambda p: {}, kinds=("spike", "rate"), margin=_margin_of_value,
)  # fmt: skip
"""Sends A up in every step, and the quantum with its sign down with each spike. D is the mean error."""


class HeldValueAndSpikesParameters(NamedTuple):
    variance: Annotated[number, "Sigma of the error"] = 5.0
    quantum: Annotated[number, "sum of errors for a spike"] = 1.0
    share: Annotated[number, "1 by the steps of a presentation"] = 0.005


@scalar
def _held_value_and_spikes(
    A: float, D: float, total: float, sent: float, in_basal: float, I_teacher: float, I_teaching: float,
    variance: float, quantum: float, share: float,
) -> tuple[float, float, float, float, np.uint8]:  # fmt: skip
    error = I_teaching * (I_teacher - in_basal) / variance
    total = total + error
    fired = 2.0 * abs(total) >= quantum
    sent = quantum if total > 0.0 else -quantum
    total = total - sent if fired else total
    return in_basal, D + share * error, total, sent, np.uint8(fired) + np.uint8(16)


@scalar
def _margin_of_held_value(
    A: float, D: float, total: float, sent: float, in_basal: float, I_teacher: float, I_teaching: float,
    variance: float, quantum: float, share: float,
) -> float:  # fmt: skip
    return abs(total + I_teaching * (I_teacher - in_basal) / variance) - 0.5 * quantum


HeldValueAndSpikes = NeuronModel(
    "HeldValueAndSpikes", HeldValueAndSpikesParameters, lambda p, dt: p._asdict(), _held_value_and_spikes,
    state={name: "1" for name in ("A", "D", "total", "sent")}, ports={"basal": "1"}, currents=("teacher", "teaching"),
    initial=lambda p: {}, kinds=("spike", "rate"), margin=_margin_of_held_value,
)  # fmt: skip
"""An output unit, as `HeldValue`."""


@dataclass(eq=False, repr=False)
class SpikingPredictiveCoding(PredictiveCoding):
    """Predictive coding whose errors are spikes.

    quantum: sum of an error over steps that makes a spike. Others: as in `PredictiveCoding`.

    history_["error_rate"]: spikes of an error cell of the output in a second, on average over the cells of both signs
    and the taught presentations of an epoch.
    """

    sent_down: ClassVar[Mapping[str, Any]] = {"on": "spike", "payload": "sent"}

    steps: int = 200
    rate: float = 0.02
    quantum: float = 1.0

    def rules(self, eta: float, bottom: bool) -> tuple[Plasticity, Plasticity]:
        forgetting = 0.0 if bottom else self.forgetting
        up = ErrorOfTarget(eta=eta, forgetting=forgetting)
        return up, ErrorOfSource(eta=eta / self.steps, forgetting=forgetting, tau=1e15)

    def cells(self, net: Network, sizes: Sequence[int]) -> list[Population]:
        self.check()
        one_number(self.quantum, "1", "quantum", above=0.0)
        both = {"quantum": self.quantum, "share": 1.0 / self.steps}
        hidden, output = ValueAndSpikes(rate=self.rate, **both), HeldValueAndSpikes(variance=self.variance, **both)
        layers = populations(net, sizes, self.encoded, hidden, output)
        net.record(layers[-1])
        return layers

    def learn(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        scores, run, cpu_s = self._present(X, y)
        self.cost_.add(run, self.circuit_, len(X), cpu_s)
        output = self.circuit_.output
        taught_s = 1e-3 * self.steps * len(X)
        sent = len(run.spikes(output).times) / (2.0 * output.size * taught_s)
        self.history_.setdefault("error_rate", []).append(sent)
        return scores
