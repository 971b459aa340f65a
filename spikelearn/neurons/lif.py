"""Leaky integrate-and-fire neurons with current-based synapses, integrated exactly.

tau_m dV_m/dt = -(V_m - E_L) + tau_m I / C_m. Rotter & Diesmann 1999; the order within a step is that of NEST's
iaf_psc_exp, iaf_psc_alpha and iaf_psc_delta: input that arrives at t takes effect from t on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.lif_alpha_closed_form import LIF_ALPHA
from spikelearn.neurons.lif_closed_form import LIF_DELTA, LIF_EXPONENTIAL
from spikelearn.neurons.membrane import (
    Membrane,
    alpha_propagator,
    current_propagator,
    decay,
    leaky_membrane,
    refractory_steps,
    reset_below_threshold,
)
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import duration, ms, mV, pA, pF


class LIFParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold"] = -55.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    tau_syn_exc: Annotated[ms, "time constant of currents through port exc"] = 2.0
    tau_syn_inh: Annotated[ms, "time constant of currents through port inh"] = 2.0
    I_e: Annotated[pA, "constant current"] = 0.0


class LIFDeltaParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold"] = -55.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _delta_constants(p: LIFDeltaParameters, dt: float) -> dict[str, Any]:
    return leaky_membrane(p, dt)


@scalar
def lif_delta_step(V_m, refractory, in_exc, I_exc, P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref):
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_exc + I_e) + in_exc
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, np.uint8(fired)


def _exp_constants(p: LIFParameters, dt: float) -> dict[str, Any]:
    return {
        "P_exc": np.exp(-dt / np.asarray(p.tau_syn_exc)) + 0.0,
        "P_inh": np.exp(-dt / np.asarray(p.tau_syn_inh)) + 0.0,
        "P_mexc": current_propagator(p.tau_m, p.tau_syn_exc, p.C_m, dt),
        "P_minh": current_propagator(p.tau_m, p.tau_syn_inh, p.C_m, dt),
        **leaky_membrane(p, dt),
    }


@scalar
def lif_step(
    V_m, refractory, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    P_exc, P_inh, P_mexc, P_minh, P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    V = E_L + P_mm * (V_m - E_L) + P_mexc * I_syn_exc + P_minh * I_syn_inh + P_mI * (I_exc + I_e)
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    I_syn_exc = P_exc * I_syn_exc + in_exc
    I_syn_inh = P_inh * I_syn_inh + in_inh
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, I_syn_exc, I_syn_inh, np.uint8(fired)


def _alpha_constants(p: LIFParameters, dt: float) -> dict[str, Any]:
    return {
        "P_exc": np.exp(-dt / np.asarray(p.tau_syn_exc)) + 0.0,
        "P_inh": np.exp(-dt / np.asarray(p.tau_syn_inh)) + 0.0,
        "P_mexc": current_propagator(p.tau_m, p.tau_syn_exc, p.C_m, dt),
        "P_minh": current_propagator(p.tau_m, p.tau_syn_inh, p.C_m, dt),
        "P_mdexc": alpha_propagator(p.tau_m, p.tau_syn_exc, p.C_m, dt),
        "P_mdinh": alpha_propagator(p.tau_m, p.tau_syn_inh, p.C_m, dt),
        "rise_exc": math.e / np.asarray(p.tau_syn_exc),
        "rise_inh": math.e / np.asarray(p.tau_syn_inh),
        "dt": dt,
        **leaky_membrane(p, dt),
    }


@scalar
def lif_alpha_step(
    V_m, refractory, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, in_exc, in_inh, I_exc,
    P_exc, P_inh, P_mexc, P_minh, P_mdexc, P_mdinh, rise_exc, rise_inh, dt, P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_exc + I_e)
    V += P_mexc * I_syn_exc + P_mdexc * dI_syn_exc + P_minh * I_syn_inh + P_mdinh * dI_syn_inh
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    I_syn_exc = P_exc * (I_syn_exc + dt * dI_syn_exc)
    I_syn_inh = P_inh * (I_syn_inh + dt * dI_syn_inh)
    dI_syn_exc = P_exc * dI_syn_exc + rise_exc * in_exc
    dI_syn_inh = P_inh * dI_syn_inh + rise_inh * in_inh
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, np.uint8(fired)


@scalar
def lif_linear(V_m, current, E_L, P_mm, P_mI):
    return E_L + P_mm * (V_m - E_L) + P_mI * current


@scalar
def lif_flow(V_m, current, conductance, dt_C):
    """Exponential Euler; `current` includes each conductance times its reversal potential."""
    V_inf = current / conductance
    return V_inf + (V_m - V_inf) * exponential(-dt_C * conductance)


@scalar
def lif_spike(V_m, refractory, V_th, V_reset, n_ref):
    fired = V_m >= V_th
    refractory = n_ref if fired else max(refractory - 1.0, 0.0)
    V_m = V_reset if fired else V_m
    return V_m, refractory, np.uint8(fired)


def lif_membrane(tau_m: Callable[[Any], Any], g_L: Callable[[Any], Any], **more: Any) -> Membrane:
    """The membrane of a LIF neuron, given its time constant and leak conductance as functions of parameters p."""

    def constants(p: Any, dt: float) -> dict[str, Any]:
        tau = np.asarray(tau_m(p), float)
        return {
            "P_mm": decay(tau, dt),
            "P_mI": -np.expm1(-dt / tau) * tau / p.C_m,
            "dt_C": dt / np.asarray(p.C_m),
            "g_L": g_L(p),
            "I_e": p.I_e,
            "E_L": p.E_L,
            "V_th": p.V_th,
            "V_reset": p.V_reset,
            "n_ref": refractory_steps(p.t_ref, dt),
        }

    return Membrane(
        state=("V_m", "refractory"),
        constants=constants,
        flow=lif_flow,
        leak=("g_L", "g_L * E_L"),
        linear=lif_linear,
        time_constant=tau_m,
        spike=lif_spike,
        held="refractory > 0.0",
        **more,
    )


_NEST = NestNeuron(
    "iaf_psc_exp",
    {"tau_syn_exc": "tau_syn_ex", "tau_syn_inh": "tau_syn_in"},
    {"V_m": "V_m", "I_syn_exc": "I_syn_ex", "I_syn_inh": "I_syn_in"},
    {"exc": NestPort(sign=1), "inh": NestPort(sign=-1)},
    alike=("tau_syn_exc", "tau_syn_inh"),
)

LIFDelta = NeuronModel(
    "LIFDelta",
    LIFDeltaParameters,
    _delta_constants,
    lif_delta_step,
    state={"V_m": "mV", "refractory": "1"},
    ports={"exc": "mV"},
    currents=("exc",),
    countdown="refractory",
    equations="dV_m/dt = (-(V_m - E_L) + tau_m * I_e / C_m) / tau_m : volt (unless refractory)",
    threshold="V_m >= V_th",
    reset="V_m = V_reset",
    arrivals={"exc": "V_m"},
    method="exact",
    check=reset_below_threshold,
    nest=NestNeuron("iaf_psc_delta"),
    closed_form=LIF_DELTA,
    margin="V_m - V_th",
    properties=Properties(order=EXACT),
)

LIF = NeuronModel(
    "LIF",
    LIFParameters,
    _exp_constants,
    lif_step,
    state={"V_m": "mV", "refractory": "1", "I_syn_exc": "pA", "I_syn_inh": "pA"},
    ports={"exc": "pA", "inh": "pA"},
    currents=("exc",),
    countdown="refractory",
    equations="""
    dV_m/dt = -(V_m - E_L) / tau_m + (I_syn_exc + I_syn_inh + I_e) / C_m : volt (unless refractory)
    dI_syn_exc/dt = -I_syn_exc / tau_syn_exc : amp
    dI_syn_inh/dt = -I_syn_inh / tau_syn_inh : amp
    """,
    threshold="V_m >= V_th",
    reset="V_m = V_reset",
    added_to={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    arrivals={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    method="exact",
    check=reset_below_threshold,
    nest=_NEST,
    closed_form=LIF_EXPONENTIAL,
    membrane=lif_membrane(
        tau_m=lambda p: p.tau_m,
        g_L=lambda p: np.asarray(p.C_m) / p.tau_m,
        equations="dV_m/dt = -(V_m - E_L) / tau_m + (I_syn + I_e) / C_m : volt (unless refractory)",
        synaptic=("tau_syn_exc", "tau_syn_inh"),
        nest={
            "ExponentialCurrent": NestNeuron("iaf_psc_exp_multisynapse"),
            "AlphaCurrent": NestNeuron("iaf_psc_alpha_multisynapse"),
        },
    ),
    margin="V_m - V_th",
    properties=Properties(order=EXACT),
)

LIFAlpha = NeuronModel(
    "LIFAlpha",
    LIFParameters,
    _alpha_constants,
    lif_alpha_step,
    state={
        "V_m": "mV",
        "refractory": "1",
        "I_syn_exc": "pA",
        "dI_syn_exc": "pA/ms",
        "I_syn_inh": "pA",
        "dI_syn_inh": "pA/ms",
    },  # fmt: skip
    ports={"exc": "pA", "inh": "pA"},
    currents=("exc",),
    countdown="refractory",
    equations="""
    dV_m/dt = -(V_m - E_L) / tau_m + (I_syn_exc + I_syn_inh + I_e) / C_m : volt (unless refractory)
    dI_syn_exc/dt = dI_syn_exc - I_syn_exc / tau_syn_exc : amp
    ddI_syn_exc/dt = -dI_syn_exc / tau_syn_exc : amp/second
    dI_syn_inh/dt = dI_syn_inh - I_syn_inh / tau_syn_inh : amp
    ddI_syn_inh/dt = -dI_syn_inh / tau_syn_inh : amp/second
    """,
    threshold="V_m >= V_th",
    reset="V_m = V_reset",
    arrivals={
        "exc": "dI_syn_exc += e / tau_syn_exc * weight",
        "inh": "dI_syn_inh += e / tau_syn_inh * weight",
    },
    method="exact",
    check=reset_below_threshold,
    nest=replace(_NEST, model="iaf_psc_alpha"),
    closed_form=LIF_ALPHA,
    margin="V_m - V_th",
    properties=Properties(order=EXACT),
)
