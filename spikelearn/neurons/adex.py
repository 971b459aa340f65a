"""Adaptive exponential integrate-and-fire neuron (Brette & Gerstner 2005) with exponential currents."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.margin import CANNOT_SPIKE
from spikelearn.neurons.membrane import (
    Compartment,
    Membrane,
    check_exponential,
    exponential_margin,
    exponential_membrane,
    exponential_rise,
    exponential_synapses,
    refractory_and_current,
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
    return {**_membrane_constants(p), **exponential_synapses(p, dt)}


def _membrane_constants(p: AdExParameters) -> dict[str, Any]:
    return exponential_membrane(p) | {"a": p.a, "b": p.b, "rate_w": 1.0 / np.asarray(p.tau_w)}


@scalar
def exponential_slope(V, w, current, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance):
    """dV/dt; the exponential is capped at its value at V_peak."""
    V = min(V, V_peak)
    return (g_L * (E_L - V) + g_Delta * exponential((V - V_th) * steepness) - w + current) * elastance


@scalar
def adex_advance(
    V_m, w, refractory, current, conductance,
    E_L, V_th, V_peak, V_reset, g_L, g_Delta, steepness, elastance, I_reset, growth_reset, a, b, rate_w, n_ref, dt,
):  # fmt: skip
    """A step of second order with the reset inside: from when V_m reaches V_peak on, it follows from V_reset."""
    held = refractory > 0.0
    dw = (a * (V_m - E_L) - w) * rate_w
    w_middle = w + 0.5 * dt * dw
    steep = exponential((min(V_m, V_peak) - V_th) * steepness)
    slope = (g_L * (E_L - V_m) + g_Delta * steep - w_middle + current - conductance * V_m) * elastance
    growth = (g_L * (steep - 1.0) - conductance) * elastance
    V, peak_after, V_mean = exponential_rise(V_m, slope, growth, g_L * steep * steepness * elastance, V_peak, dt)
    # no `and`, whose branch keeps the loop from vectorising
    fired = (peak_after <= dt) & (refractory <= 0.0)
    V = V_m if held else V
    w_end = w + dt * (a * (0.5 * (V_m + V) - E_L) - w_middle) * rate_w
    w_spike = w + peak_after * (a * (V_mean - E_L) - (w + 0.5 * peak_after * dw)) * rate_w + b
    rest = dt - peak_after
    w_middle = w_spike + 0.5 * rest * (a * (V_reset - E_L) - w_spike) * rate_w
    slope = (I_reset - w_middle + current - conductance * V_reset) * elastance
    rise = rest * slope * (1.0 + 0.5 * rest * (growth_reset - conductance * elastance))
    V_rest = V_reset if n_ref > 0.0 else V_reset + rise
    w_rest = w_spike + rest * (a * (0.5 * (V_reset + V_rest) - E_L) - w_middle) * rate_w
    V = V_rest if fired else V
    w = w_rest if fired else w_end
    refractory = n_ref if fired else max(refractory - 1.0, 0.0)
    return V, w, refractory, np.uint8(fired)


@scalar
def adex_margin(
    V_m, w, refractory, current, conductance, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance, a, rate_w, dt
):
    """Of a step of `adex_advance`."""
    w_middle = w + 0.5 * dt * (a * (V_m - E_L) - w) * rate_w
    steep = exponential((min(V_m, V_peak) - V_th) * steepness)
    slope = (g_L * (E_L - V_m) + g_Delta * steep - w_middle + current - conductance * V_m) * elastance
    growth = (g_L * (steep - 1.0) - conductance) * elastance
    margin = exponential_margin(V_m, slope, growth, g_L * steep * steepness * elastance, V_peak, dt)
    return CANNOT_SPIKE if refractory > 0.0 else margin


@scalar
def adex_step(
    V_m, w, refractory, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    E_L, V_th, V_peak, V_reset, g_L, g_Delta, steepness, elastance, I_reset, growth_reset, a, b, rate_w,
    n_ref, half_P_exc, half_P_inh, I_e, dt,
):  # fmt: skip
    """Second order; the synaptic currents are exact, and V_m sees them as they are in the middle of the step."""
    I_syn_exc = I_syn_exc * half_P_exc
    I_syn_inh = I_syn_inh * half_P_inh
    V_m, w, refractory, mask = adex_advance(
        V_m, w, refractory, I_syn_exc + I_syn_inh + I_exc + I_e, 0.0,
        E_L, V_th, V_peak, V_reset, g_L, g_Delta, steepness, elastance, I_reset, growth_reset, a, b, rate_w, n_ref, dt,
    )  # fmt: skip
    I_syn_exc = I_syn_exc * half_P_exc + in_exc
    I_syn_inh = I_syn_inh * half_P_inh + in_inh
    return V_m, w, refractory, I_syn_exc, I_syn_inh, mask


@scalar
def adex_step_margin(
    V_m, w, refractory, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    E_L, V_th, V_peak, V_reset, g_L, g_Delta, steepness, elastance, I_reset, growth_reset, a, b, rate_w,
    n_ref, half_P_exc, half_P_inh, I_e, dt,
):  # fmt: skip
    current = I_syn_exc * half_P_exc + I_syn_inh * half_P_inh + I_exc + I_e
    return adex_margin(
        V_m, w, refractory, current, 0.0, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance, a, rate_w, dt
    )


@scalar
def adex_slopes(V_m, w, current, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance, a, rate_w):
    dw = (a * (min(V_m, V_peak) - E_L) - w) * rate_w
    return exponential_slope(V_m, w, current, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance), dw


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
    added_to={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    arrivals={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    check=check_exponential,
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
        constants=lambda p, dt: {**_membrane_constants(p), **refractory_and_current(p, dt)},
        advance=adex_advance,
        margin=adex_margin,
        slopes=adex_slopes,
        moving=("V_m", "w"),
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
    margin=adex_step_margin,
    properties=Properties(order=2),
)
