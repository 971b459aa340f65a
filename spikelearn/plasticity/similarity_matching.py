"""Similarity matching: synapses of a network whose activity keeps the similarities of its inputs (Pehlevan 2019, arXiv
1908.01867; Pehlevan, Sengupta & Chklovskii 2018, Neural Comput. 30:84).

dw = eta (y x - w) in each step, with x the activity of the source, the last value that arrived, and y that of the
target. It is the rule of the forward synapses W and of the lateral ones M, which inhibit; with those,
dy/dt = W x - M y comes to rest in a projection onto the space of the first principal components. Let weights change in
a single step, when y has settled, and M faster than W.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight


class SimilarityMatchingParameters(NamedTuple):
    eta: Annotated[number, "learning rate of a step"] = 0.01
    tau_x: Annotated[ms, "time constant with which the last value that arrived decays"] = 1000.0
    W_min: Annotated[weight, "smallest weight"] = -1e6
    W_max: Annotated[weight, "largest weight"] = 1e6


@scalar
def step(weight, x, y, eta):
    return weight + eta * (y * x - weight)


SimilarityMatching = StepRule(
    "SimilarityMatching",
    SimilarityMatchingParameters,
    step,
    lambda p, dt: {"eta": p.eta},
    pre=(Trace("x", "tau_x", "set"),),
    reads=("y",),
    equations="w += eta*(y*x - w)",
)
