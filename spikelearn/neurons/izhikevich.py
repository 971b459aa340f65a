"""Izhikevich's neuron (2003), with explicit Euler steps and in the published form with two half steps for V_m.

Both are schemes as published, in NEST too, of which the step is a part: spikes and resets belong to the end of a step,
so results depend on dt. With receptors the equations are integrated to second order, with the reset inside the step.

V_m' = 0.04 V_m^2 + 5 V_m + 140 - u + I, u' = a (b V_m - u); at V_m >= V_peak: V_m = c, u += d. Time in ms, V_m in mV,
I in mV/ms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.membrane import Membrane, exponential_margin, exponential_rise
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import mV, unit_named

per_ms = Annotated[float, unit_named("1/ms")]
mV_per_ms = Annotated[float, unit_named("mV/ms")]


class IzhikevichParameters(NamedTuple):
    a: Annotated[per_ms, "rate of recovery"] = 0.02
    b: Annotated[per_ms, "sensitivity of recovery"] = 0.2
    c: Annotated[mV, "potential after a spike"] = -65.0
    d: Annotated[mV_per_ms, "step of recovery at a spike"] = 8.0
    V_peak: Annotated[mV, "cut-off of the spike"] = 30.0
    I_e: Annotated[mV_per_ms, "constant input"] = 0.0


def _constants(p: IzhikevichParameters, dt: float) -> dict[str, Any]:
    return {"a": p.a, "b": p.b, "c": p.c, "d": p.d, "V_peak": p.V_peak, "I_e": p.I_e, "dt": dt}


def _initial(p: IzhikevichParameters) -> dict[str, Any]:
    return {"V_m": -65.0, "u": np.asarray(p.b) * -65.0}


@scalar
def izhikevich_step(V_m, u, in_exc, I_exc, a, b, c, d, V_peak, I_e, dt):
    V = V_m + dt * (0.04 * V_m * V_m + 5.0 * V_m + 140.0 - u + I_exc + I_e) + in_exc
    u = u + dt * a * (b * V_m - u)
    fired = V >= V_peak
    V = c if fired else V
    u = u + d if fired else u
    return V, u, np.uint8(fired)


@scalar
def izhikevich_half_steps_step(V_m, u, in_exc, I_exc, a, b, c, d, V_peak, I_e, dt):
    """Input is spread over the step, as in Izhikevich's scripts; u follows the new V_m."""
    I_syn = in_exc / dt + I_exc + I_e
    V = V_m + 0.5 * dt * (0.04 * V_m * V_m + 5.0 * V_m + 140.0 - u + I_syn)
    V = V + 0.5 * dt * (0.04 * V * V + 5.0 * V + 140.0 - u + I_syn)
    u = u + dt * a * (b * V - u)
    fired = V >= V_peak
    V = c if fired else V
    u = u + d if fired else u
    return V, u, np.uint8(fired)


@scalar
def izhikevich_slopes(V_m, u, current, a, b):
    return 0.04 * V_m * V_m + 5.0 * V_m + 140.0 - u + current, a * (b * V_m - u)


@scalar
def izhikevich_advance(V_m, u, current, conductance, a, b, c, d, V_peak, dt):
    """A step of second order with the reset inside: from when V_m reaches V_peak on, it follows from c."""
    du = a * (b * V_m - u)
    u_middle = u + 0.5 * dt * du
    slope = 0.04 * V_m * V_m + 5.0 * V_m + 140.0 - u_middle + current - conductance * V_m
    V, peak_after, V_mean = exponential_rise(V_m, slope, 0.08 * V_m + 5.0 - conductance, 0.08, V_peak, dt)
    fired = peak_after <= dt
    u_end = u + dt * a * (b * 0.5 * (V_m + V) - u_middle)
    u_spike = u + peak_after * a * (b * V_mean - (u + 0.5 * peak_after * du)) + d
    rest = dt - peak_after
    u_middle = u_spike + 0.5 * rest * a * (b * c - u_spike)
    slope = 0.04 * c * c + 5.0 * c + 140.0 - u_middle + current - conductance * c
    V_rest = c + rest * slope * (1.0 + 0.5 * rest * (0.08 * c + 5.0 - conductance))
    u_rest = u_spike + rest * a * (b * 0.5 * (c + V_rest) - u_middle)
    V = V_rest if fired else V
    u = u_rest if fired else u_end
    return V, u, np.uint8(fired)


@scalar
def izhikevich_margin(V_m, u, current, conductance, a, b, V_peak, dt):
    """Of a step of `izhikevich_advance`."""
    u_middle = u + 0.5 * dt * a * (b * V_m - u)
    slope = 0.04 * V_m * V_m + 5.0 * V_m + 140.0 - u_middle + current - conductance * V_m
    return exponential_margin(V_m, slope, 0.08 * V_m + 5.0 - conductance, 0.08, V_peak, dt)


_EQUATIONS = """
dV_m/dt = (0.04/ms/mV) * V_m**2 + (5/ms) * V_m + 140*mV/ms - u + I_e : volt
du/dt = a * (b * V_m - u) : volt/second
"""

_NEST = NestNeuron(
    "izhikevich",
    {"V_peak": "V_th"},
    {"V_m": "V_m", "u": "U_m"},
    start={"V_m": "V_m", "u": "U_m"},
    rest=lambda p: {"V_m": -65.0, "U_m": 0.0, "b": 0.0},
)

Izhikevich = NeuronModel(
    "Izhikevich",
    IzhikevichParameters,
    _constants,
    izhikevich_step,
    state={"V_m": "mV", "u": "mV/ms"},
    ports={"exc": "mV"},
    currents=("exc",),
    initial=_initial,
    equations=_EQUATIONS,
    threshold="V_m >= V_peak",
    reset="V_m = c; u += d",
    arrivals={"exc": "V_m"},
    method="euler",
    nest=_NEST,
    membrane=Membrane(
        state=("V_m", "u"),
        constants=_constants,
        slopes=izhikevich_slopes,
        moving=("V_m", "u"),
        advance=izhikevich_advance,
        margin=izhikevich_margin,
        equations=_EQUATIONS.replace("I_e", "I_syn + I_e"),
        units=("mV/ms", "1/ms"),
    ),
    margin="V_m - V_peak",
)

IzhikevichHalfSteps = replace(
    Izhikevich,
    name="IzhikevichHalfSteps",
    membrane=None,
    step=izhikevich_half_steps_step,
    nest=replace(
        _NEST, ports={"exc": NestPort(factor=lambda dt: 1.0 / dt)}, more=lambda p, dt: {"consistent_integration": False}
    ),
)
