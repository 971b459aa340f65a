"""Event-driven contrastive divergence (Neftci, Das, Pedroni, Kreutz-Delgado & Cauwenberghs 2014, Front. Neurosci.
7:272).

c' = g z x in each step: what is remembered of cells that are on together, while data are given, g = 1, less the same
while the network is free, g = -1; g is a modulator. In steps in which the projection is plastic, dw = eta c. Make it
plastic at the end of a presentation, in one step, so that all events of a presentation meet the same weights: the
target keeps the sum of the changes that have arrived, and what came with one weight must go with the same.

z is the state of the target, a `SamplingNeuron`, at the end of the step before, x that of the source: the sum of its
changes, which its events carry. With a delay of one step both are of the same time, so that synapses between two cells
in both directions change alike. In the paper, STDP whose window is the same for both orders of spikes stands for z x,
and weights change at once.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight


class ContrastiveDivergenceParameters(NamedTuple):
    eta: Annotated[number, "learning rate of a step"] = 1e-3
    tau_x: Annotated[ms, "time constant with which a state is forgotten; long, as only changes arrive"] = 1e12
    W_min: Annotated[weight, "smallest weight"] = -1e6
    W_max: Annotated[weight, "largest weight"] = 1e6


@scalar
def step(weight, c, x, z, n, eta):
    c = c + n * z * x
    return weight + eta * c, c


ContrastiveDivergence = StepRule(
    "ContrastiveDivergence",
    ContrastiveDivergenceParameters,
    step,
    lambda p, dt: {"eta": p.eta},
    pre=(Trace("x", "tau_x"),),
    reads_before={"z": "z"},
    state=("c",),
    state_goes_on=True,
    modulated=True,
    equations="""
    c += n*z*x
    w += eta*c
    """,
)
