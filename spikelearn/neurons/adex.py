"""Adaptive exponential integrate-and-fire neuron (Brette & Gerstner 2005) with exponential currents."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.membrane import (
    Compartment,
    Membrane,
    exponential_membrane,
    exponential_synapses,
    refractory_and_current,
    reset_below_peak,
)
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import duration, ms, mV, nS, pA, pF


class AdExParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.6
    V_th: Annotated[mV, "threshold of the exponential term"] = -50.4
    V_peak: Annotated[mV, "cut-off of the spike"] = 0.0
    V_reset: Annotated[mV, "potential after a spike"] = -60.0
    C_m: Annotated[pF, "capacitance"] = 281.0
    g_L: Annotated[nS, "leak conductance"] = 30.0
    Delta_T: Annotated[mV, "slope factor"] = 2.0
    a: Annotated[nS, "subthreshold adaptation"] = 4.0
    b: Annotated[pA, "step of adaptation at a spike"] = 80.5
    tau_w: Annotated[ms, "time constant of adaptation"] = 144.0
    t_ref: Annotated[duration, "absolute refractory period"] = 0.0
    tau_syn_exc: Annotated[ms, "time constant of currents through port exc"] = 2.0
    tau_syn_inh: Annotated[ms, "time constant of currents through port inh"] = 2.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: AdExParameters, dt: float) -> dict[str, Any]:
    return {**exponential_membrane(p), "a": p.a, "b": p.b, "tau_w": p.tau_w, **exponential_synapses(p, dt)}


@scalar
def exponential_slope(V, w, current, E_L, V_th, V_peak, C_m, g_L, Delta_T):
    """dV/dt; the exponential is capped at its value at V_peak, which V_m exceeds only when a step overshoots."""
    V = min(V, V_peak)
    return (-g_L * (V - E_L) + g_L * Delta_T * exponential((V - V_th) / Delta_T) - w + current) / C_m


@scalar
def adex_step(
    V_m, w, refractory, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    E_L, V_th, V_peak, V_reset, C_m, g_L, Delta_T, a, b, tau_w, n_ref, P_exc, P_inh, I_e, dt,
):  # fmt: skip
    """Heun's method (second order) with the synaptic currents exact at both ends of the step."""
    at_start = I_syn_exc + I_syn_inh + I_exc + I_e
    I_syn_exc = I_syn_exc * P_exc
    I_syn_inh = I_syn_inh * P_inh
    at_end = I_syn_exc + I_syn_inh + I_exc + I_e
    held = refractory > 0.0
    dV = exponential_slope(V_m, w, at_start, E_L, V_th, V_peak, C_m, g_L, Delta_T)
    dV = 0.0 if held else dV
    dw = (a * (V_m - E_L) - w) / tau_w
    V_trial = V_m + dt * dV
    w_trial = w + dt * dw
    dV_end = exponential_slope(V_trial, w_trial, at_end, E_L, V_th, V_peak, C_m, g_L, Delta_T)
    dV_end = 0.0 if held else dV_end
    dw_end = (a * (min(V_trial, V_peak) - E_L) - w_trial) / tau_w
    V = V_m + 0.5 * dt * (dV + dV_end)
    w = w + 0.5 * dt * (dw + dw_end)
    refractory = refractory - 1.0 if held else refractory
    I_syn_exc = I_syn_exc + in_exc
    I_syn_inh = I_syn_inh + in_inh
    fired = V >= V_peak
    V = V_reset if fired else V
    w = w + b if fired else w
    refractory = n_ref if fired else refractory
    return V, w, refractory, I_syn_exc, I_syn_inh, np.uint8(fired)


@scalar
def adex_slopes(V_m, w, current, E_L, V_th, V_peak, C_m, g_L, Delta_T, a, tau_w):
    dw = (a * (min(V_m, V_peak) - E_L) - w) / tau_w
    return exponential_slope(V_m, w, current, E_L, V_th, V_peak, C_m, g_L, Delta_T), dw


@scalar
def adex_spike(V_m, w, refractory, V_peak, V_reset, b, n_ref):
    fired = V_m >= V_peak
    refractory = n_ref if fired else max(refractory - 1.0, 0.0)
    w = w + b if fired else w
    V_m = V_reset if fired else V_m
    return V_m, w, refractory, np.uint8(fired)


AdEx = NeuronModel(
    "AdEx",
    AdExParameters,
    _constants,
    adex_step,
    state={"V_m": "mV", "w": "pA", "refractory": "1", "I_syn_exc": "pA", "I_syn_inh": "pA"},
    ports={"exc": "pA", "inh": "pA"},
    currents=("exc",),
    equations="""
    V = clip(V_m, -1 * volt, V_peak) : volt
    dV_m/dt = (-g_L * (V - E_L) + g_L * Delta_T * exp((V - V_th) / Delta_T) - w + I_syn_exc + I_syn_inh + I_e) / C_m : volt (unless refractory)
    dw/dt = (a * (V - E_L) - w) / tau_w : amp
    dI_syn_exc/dt = -I_syn_exc / tau_syn_exc : amp
    dI_syn_inh/dt = -I_syn_inh / tau_syn_inh : amp
    """,  # noqa: E501
    threshold="V_m >= V_peak",
    reset="V_m = V_reset; w += b",
    arrivals={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    check=reset_below_peak,
    nest=NestNeuron(
        "aeif_psc_exp",
        {"tau_syn_exc": "tau_syn_ex", "tau_syn_inh": "tau_syn_in"},
        {"V_m": "V_m", "w": "w", "I_syn_exc": "I_syn_ex", "I_syn_inh": "-I_syn_in"},
        {"exc": NestPort(sign=1), "inh": NestPort(sign=-1)},
        start={"V_m": "V_m", "w": "w"},
        alike=("tau_syn_exc", "tau_syn_inh"),
    ),
    membrane=Membrane(
        state=("V_m", "w", "refractory"),
        constants=lambda p, dt: {
            **exponential_membrane(p),
            "a": p.a,
            "b": p.b,
            "tau_w": p.tau_w,
            **refractory_and_current(p, dt),
        },
        slopes=adex_slopes,
        moving=("V_m", "w"),
        spike=adex_spike,
        held="refractory > 0.0",
        compartments={"soma": Compartment(V=("min(V_m, V_peak)", "V"))},
        equations="""
        V = clip(V_m, -1 * volt, V_peak) : volt
        dV_m/dt = (-g_L * (V - E_L) + g_L * Delta_T * exp((V - V_th) / Delta_T) - w + I_syn + I_e) / C_m : volt (unless refractory)
        dw/dt = (a * (V - E_L) - w) / tau_w : amp
        """,  # noqa: E501
        synaptic=("tau_syn_exc", "tau_syn_inh"),
        nest={
            f"{kinetics}Conductance": NestNeuron(
                f"aeif_cond_{kinetics.lower()}_multisynapse",
                variables={"V_m": "V_m", "w": "w"},
                start={"V_m": "V_m", "w": "w"},
            )
            for kinetics in ("Alpha", "Beta")
        },
    ),
    properties=Properties(order=2),
)
