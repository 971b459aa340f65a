"""A current or conductance that rises and decays exponentially: a difference of two exponentials whose peak is the
weight, as in NEST's beta functions (Rotter & Diesmann 1999). The two time constants may be equal.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import cascade_propagator, current_propagator, decay
from spikelearn.neurons.receptors.model import ReceptorModel, receive_by_derivative
from spikelearn.units import ms, mV


class BetaCurrentParameters(NamedTuple):
    tau_rise: Annotated[ms, "time constant of the rise"] = 2.0
    tau_decay: Annotated[ms, "time constant of the decay"] = 20.0


class BetaConductanceParameters(NamedTuple):
    E: Annotated[mV, "reversal potential"]
    tau_rise: Annotated[ms, "time constant of the rise"] = 2.0
    tau_decay: Annotated[ms, "time constant of the decay"] = 20.0


def jump_at_arrival(tau_rise: Any, tau_decay: Any) -> Any:
    """The jump of dx for a peak of 1 of x in x' = dx - x/tau_decay, dx' = -dx/tau_rise; e/tau if both are equal.

    x = (exp(-t/tau_decay) - exp(-t/tau_rise)) / d, with d = 1/tau_rise - 1/tau_decay, is largest at
    t = ln(tau_decay/tau_rise) / d.
    """
    tau_rise, tau_decay = np.asarray(tau_rise, float), np.asarray(tau_decay, float)
    d = 1.0 / tau_rise - 1.0 / tau_decay
    same = np.abs(d) * tau_decay < 1e-9
    safe = np.where(same, 1.0, d)
    t_peak = np.where(same, tau_decay, np.log1p(tau_decay * np.where(same, 0.0, d)) / safe)
    area = np.where(same, t_peak, -np.expm1(-t_peak * safe) / safe)
    return np.exp(t_peak / tau_decay) / area


def beta_constants(p: Any, dt: float) -> dict[str, Any]:
    return {
        "P": decay(p.tau_decay, dt),
        "P_rise": decay(p.tau_rise, dt),
        "cross": current_propagator(p.tau_decay, p.tau_rise, 1.0, dt),
        "rise": jump_at_arrival(p.tau_rise, p.tau_decay),
    }


def _through_leak(p: Any, tau_m: Any, C_m: Any, dt: float) -> dict[str, Any]:
    return {
        "x": current_propagator(tau_m, p.tau_decay, C_m, dt),
        "dx": cascade_propagator(tau_m, p.tau_decay, p.tau_rise, dt) / C_m,
    }


@scalar
def beta_advance(x, dx, P, P_rise, cross):
    return P * x + cross * dx, P_rise * dx


BetaCurrent = ReceptorModel(
    "BetaCurrent",
    BetaCurrentParameters,
    state={"x": "", "dx": "/ms"},
    constants=beta_constants,
    advance=beta_advance,
    receive=receive_by_derivative,
    equations="""
    dx/dt = dx - x / tau_decay : unit
    ddx/dt = -dx / tau_rise : unit/second
    """,
    arrival="dx += (tau_decay / tau_rise) ** (tau_rise / (tau_decay - tau_rise)) / tau_rise * weight",
    through_leak=_through_leak,
)

BetaConductance = BetaCurrent.as_conductance(
    "BetaConductance", BetaConductanceParameters, nest={"tau_rise": "tau_rise", "tau_decay": "tau_decay", "E": "E_rev"}
)
