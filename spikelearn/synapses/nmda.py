"""NMDA receptors with one gate for each source (Wang 2002, J. Neurosci. 22, Eqs. 4 and 5; Brunel & Wang 2001).

x' = -x/tau_rise + sum of delta(t - t_k);  s' = -s/tau_decay + alpha x (1 - s).  Each source has one s, whatever the
number of its targets and projections, for each delay; magnesium acts at the target: see the neuron model LIFNMDA.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.synapses.graded import GradedSynapse
from spikelearn.units import ms, number

CLOSED = 1e-15
"""Below this a variable is set to 0, so that closed gates cost nothing and no number becomes subnormal."""


class NMDAParameters(NamedTuple):
    tau_rise: Annotated[ms, "decay of x, which opens the gate"] = 2.0
    tau_decay: Annotated[ms, "closing of the gate"] = 100.0
    alpha: Annotated[number, "rate of opening, 1/ms"] = 0.5


_NODES = ((-math.sqrt(0.6), 5.0 / 9.0), (0.0, 8.0 / 9.0), (math.sqrt(0.6), 5.0 / 9.0))
"""Nodes and weights of Gauss-Legendre quadrature with three points on [-1, 1]."""


def _constants(p: NMDAParameters, dt: float) -> dict[str, float]:
    P_rise = math.exp(-dt / p.tau_rise)
    constants = {
        "P_rise": P_rise,
        "P_decay": math.exp(-dt / p.tau_decay),
        "opened": -p.alpha * p.tau_rise * math.expm1(-dt / p.tau_rise),
    }
    for k, (place, share) in enumerate(_NODES, start=1):
        u = 0.5 * dt * (1.0 + place)
        x_at = math.exp(-u / p.tau_rise)
        constants[f"gain_{k}"] = 0.5 * dt * share * p.alpha * x_at * math.exp(-(dt - u) / p.tau_decay)
        constants[f"opened_{k}"] = p.alpha * p.tau_rise * (x_at - P_rise)
    return constants


@scalar
def nmda_advance(
    x, s, arrived, P_rise, P_decay, opened, gain_1, opened_1, gain_2, opened_2, gain_3, opened_3
):  # fmt: skip
    """x exactly. s with A(u) = alpha integral of x from 0 to u:
    s(h) = s(0) exp(-h/tau_decay - A(h)) + integral of alpha x(u) exp(-(h - u)/tau_decay - A(h) + A(u)) du,
    where the integral is taken by Gauss-Legendre quadrature with three points: sixth order.
    """
    if x == 0.0:
        s = s * P_decay
    else:
        s = s * P_decay * math.exp(-opened * x)
        s += x * gain_1 * math.exp(-opened_1 * x)
        s += x * gain_2 * math.exp(-opened_2 * x)
        s += x * gain_3 * math.exp(-opened_3 * x)
    x = x * P_rise
    if x < CLOSED:
        x = 0.0
        if s < CLOSED:
            s = 0.0
    x = x + arrived
    return x, s, s


def _check(p: Any) -> str | None:
    return f"alpha, the rate of opening, must be more than 0, got {p.alpha:g}" if p.alpha <= 0.0 else None


NMDA = GradedSynapse("NMDA", NMDAParameters, _constants, nmda_advance, state=("x", "s"), check=_check)
