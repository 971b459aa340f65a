"""Event-driven random backpropagation, eRBP: a synapse learns only when a spike arrives at it.

Neftci, Augustine, Paul & Detorakis 2017, Front. Neurosci. 11:324. Error cells of both signs (see `spiking_errors`) send
spikes through fixed random weights to a dendritic compartment of each hidden cell, which low-pass filters them: T. On
each spike of its source, a synapse changes by

    dw = -eta T    if b_min < V < b_max, else 0,

with V the potential of its target before a reset, for the total synaptic current of the original, and the window a
boxcar for the slope of its spikes. There is no trace of the source: one comparison and one addition for each event. At
output synapses T is the error of their target. As in the original, nothing is learned until potentials have settled.
The event that a graded input sends in each step counts as a number of spikes, its value; with encoding "regular" or
"poisson" there are spikes alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.trials import Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.layers import TAU_M
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import CrossEntropy
from spikelearn.learning.spiking_errors import SpikingErrors
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight
from spikelearn.values import whole_number


class EventParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 0.01
    tau_T: Annotated[ms, "time constant of the dendritic compartment"] = TAU_M
    tau: Annotated[ms, "of the trace of the source: short, so that it is the event itself"] = 0.02
    b_min: Annotated[number, "lower end of the window of potentials, from the threshold"] = -1.0
    b_max: Annotated[number, "upper end"] = 1.0
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


def _constants(p: EventParameters, dt: float) -> dict[str, float]:
    return {"eta": p.eta, "kept": float(np.exp(-dt / p.tau_T)), "b_min": p.b_min, "b_max": p.b_max}


@scalar
def _filtered(margin, apical, T, event, eta, kept, b_min, b_max):  # type: ignore[no-untyped-def]
    return (kept * T + (1.0 - kept) * apical,)


@scalar
def _within_window(margin, apical, T, event, eta, kept, b_min, b_max):  # type: ignore[no-untyped-def]
    return -eta * T if b_min < margin < b_max else 0.0


@scalar
def _down_the_error(error, event, eta):  # type: ignore[no-untyped-def]
    return -eta * error


HiddenEvents = SignalRule(
    "HiddenEvents", EventParameters, pre=(Trace("x", "tau"),), reads=("margin", "apical"), state={"T": ""},
    advance=_filtered, signal=_within_window, constants=_constants,
)  # fmt: skip
OutputEvents = SignalRule(
    "OutputEvents", EventParameters, pre=(Trace("x", "tau"),), reads=("error",), signal=_down_the_error,
    constants=lambda p, dt: {"eta": p.eta}, learns_from="rate",
)  # fmt: skip


@dataclass(eq=False, repr=False)
class EventDrivenBackpropagation(SpikingErrors):
    """Event-driven random backpropagation. window: potentials, from the threshold, at which hidden synapses learn.

    settling: steps at the beginning of a presentation in which there are no errors and nothing is learned. quantum: as
    for SpikingFeedbackAlignment.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, phases=True, error_cells=True)

    learning_rate: float | tuple[float, float] = (0.01, 0.01)
    steps: int = 60
    settling: int = 20
    window: tuple[float, float] = (-1.0, 1.0)

    def rules(self, n_hidden: int) -> list[Any]:
        at_hidden, at_output = self.rates
        low, high = self.window
        return [*[HiddenEvents(eta=at_hidden, b_min=low, b_max=high)] * n_hidden, OutputEvents(eta=at_output)]

    def loss(self, circuit: Circuit, y: np.ndarray) -> CrossEntropy:
        """Of each output cell in each step in which there is an error."""
        return replace(super().loss(circuit, y), window=slice(self.settling, None))

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        if not 0 < whole_number(self.settling, "settling") < self.steps:
            raise ParameterError(f"settling: expected 1 to {self.steps - 1} of {self.steps} steps, got {self.settling}")
        [whole] = super().phases(circuit, X, y, scores)
        if y is None:
            return [whole]
        drive = self.encoded.drive(circuit.input, X)
        before = Phase(float(self.settling), reset=whole.reset, discard_events=True, plastic={}, **drive)
        return [before, replace(whole, duration=float(self.steps - self.settling), reset=(), discard_events=False)]
