"""Oja's rule, which finds the first principal component of its input (Oja 1982, J. Math. Biol. 15:267).

w' = eta y (x - y w), with x the activity of the source and y that of the target. It is Hebb's rule with a decay that
keeps the length of the weight vector of each target at 1 where y is the weighted sum of its inputs. x is the last value
that arrived, and decays with tau_x: of a source that sends its rate in every step it is that rate, and a spike sets it
to 1. y is a state variable of the target of that name; for another, `dataclasses.replace(sl.Oja, reads={"y": "V_m"})`.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight


class OjaParameters(NamedTuple):
    eta: Annotated[number, "learning rate, per ms"] = 1e-3
    tau_x: Annotated[ms, "time constant with which the last value that arrived decays"] = 20.0
    W_min: Annotated[weight, "smallest weight"] = -10.0
    W_max: Annotated[weight, "largest weight"] = 10.0


def constants(p: OjaParameters, dt: float) -> dict[str, float]:
    return {"rate": p.eta * dt}


@scalar
def step(weight, x, y, rate):
    """By Euler's method."""
    return weight + rate * y * (x - y * weight)


Oja = StepRule(
    "Oja",
    OjaParameters,
    step,
    constants,
    pre=(Trace("x", "tau_x", "set"),),
    reads=("y",),
    equations="""
    dw/dt = eta*y*(x - y*w)
    dx/dt = -x/tau_x
    """,
)
