"""A current or conductance w t/tau_syn exp(1 - t/tau_syn) after an arrival of weight w (Rall 1967); its peak is w."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import alpha_propagator, current_propagator, decay
from spikelearn.neurons.receptors.model import ReceptorModel, receive_by_derivative
from spikelearn.units import ms, mV


class AlphaCurrentParameters(NamedTuple):
    tau_syn: Annotated[ms, "time from an arrival to the peak"] = 2.0


class AlphaConductanceParameters(NamedTuple):
    E: Annotated[mV, "reversal potential"]
    tau_syn: Annotated[ms, "time from an arrival to the peak"] = 2.0


def _constants(p: Any, dt: float) -> dict[str, Any]:
    P = decay(p.tau_syn, dt)
    return {"P": P, "cross": dt * P, "rise": math.e / np.asarray(p.tau_syn)}


def _through_leak(p: Any, tau_m: Any, C_m: Any, dt: float) -> dict[str, Any]:
    return {
        "x": current_propagator(tau_m, p.tau_syn, C_m, dt),
        "dx": alpha_propagator(tau_m, p.tau_syn, C_m, dt),
    }


@scalar
def alpha_advance(x, dx, P, cross):
    return P * x + cross * dx, P * dx


AlphaCurrent = ReceptorModel(
    "AlphaCurrent",
    AlphaCurrentParameters,
    state={"x": "", "dx": "/ms"},
    constants=_constants,
    advance=alpha_advance,
    receive=receive_by_derivative,
    equations="""
    dx/dt = dx - x / tau_syn : unit
    ddx/dt = -dx / tau_syn : unit/second
    """,
    arrival="dx += e / tau_syn * weight",
    through_leak=_through_leak,
    nest={"tau_syn": "tau_syn"},
)

AlphaConductance = AlphaCurrent.as_conductance(
    "AlphaConductance", AlphaConductanceParameters, nest={"tau_syn": "tau_syn", "E": "E_rev"}
)
