"""Nonlinear Hebbian learning, which finds sparse sources in its input (Brito & Gerstner 2016, PLoS Comput. Biol.
12:e1005070).

dw = eta f(y) x in each step, f(y) = max(y - theta, 0)^2, where w keeps the length 1; x is the activity of the source,
the last value that arrived, y that of the target. In place of a division by the length of w, which no synapse knows,
ours is the decay of Oja's rule (1982, J. Math. Biol. 15:267), dw = eta f(y) (x - y w): it comes to rest where w has the
direction of the mean f(y) x and the length 1. With f(y) = y it is Oja's rule.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight


class NonlinearHebbParameters(NamedTuple):
    eta: Annotated[number, "learning rate of a step"] = 1e-3
    theta: Annotated[number, "activity above which synapses learn"] = 0.0
    tau_x: Annotated[ms, "time constant with which the last value that arrived decays"] = 1000.0
    W_min: Annotated[weight, "smallest weight"] = -10.0
    W_max: Annotated[weight, "largest weight"] = 10.0


@scalar
def step(weight, x, y, eta, theta):
    above = max(y - theta, 0.0)
    return weight + eta * above * above * (x - y * weight)


NonlinearHebb = StepRule(
    "NonlinearHebb",
    NonlinearHebbParameters,
    step,
    lambda p, dt: {"eta": p.eta, "theta": p.theta},
    pre=(Trace("x", "tau_x", "set"),),
    reads=("y",),
    equations="w += eta*clip(y - theta, 0, inf)**2*(x - y*w)",
)
