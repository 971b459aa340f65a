"""Exponential integrate-and-fire neuron with exponential currents (Fourcaud-Trocme et al. 2003).

It is AdEx without its adaptation: NEST's aeif_psc_exp with a = b = 0.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.adex import exponential_slope
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


class EIFParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -65.0
    V_th: Annotated[mV, "threshold of the exponential term"] = -59.9
    V_peak: Annotated[mV, "cut-off of the spike"] = -30.0
    V_reset: Annotated[mV, "potential after a spike"] = -68.0
    C_m: Annotated[pF, "capacitance"] = 200.0
    g_L: Annotated[nS, "leak conductance"] = 20.0
    Delta_T: Annotated[mV, "slope factor"] = 3.48
    t_ref: Annotated[duration, "absolute refractory period"] = 1.7
    tau_syn_exc: Annotated[ms, "time constant of currents through port exc"] = 2.0
    tau_syn_inh: Annotated[ms, "time constant of currents through port inh"] = 2.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: EIFParameters, dt: float) -> dict[str, Any]:
    return {**exponential_membrane(p), **exponential_synapses(p, dt)}


@scalar
def eif_advance(
    V_m, refractory, current, conductance,
    E_L, V_th, V_peak, V_reset, g_L, g_Delta, steepness, elastance, I_reset, growth_reset, n_ref, dt,
):  # fmt: skip
    """A step of second order with the reset inside: from when V_m reaches V_peak on, it follows from V_reset."""
    held = refractory > 0.0
    steep = exponential((min(V_m, V_peak) - V_th) * steepness)
    slope = (g_L * (E_L - V_m) + g_Delta * steep + current - conductance * V_m) * elastance
    growth = (g_L * (steep - 1.0) - conductance) * elastance
    V, peak_after, _ = exponential_rise(V_m, slope, growth, g_L * steep * steepness * elastance, V_peak, dt)
    # no `and`, whose branch keeps the loop from vectorising
    fired = (peak_after <= dt) & (refractory <= 0.0)
    rest = dt - peak_after
    slope = (I_reset + current - conductance * V_reset) * elastance
    rise = rest * slope * (1.0 + 0.5 * rest * (growth_reset - conductance * elastance))
    V = V_m if held else V
    V_rest = V_reset if n_ref > 0.0 else V_reset + rise
    V = V_rest if fired else V
    refractory = n_ref if fired else max(refractory - 1.0, 0.0)
    return V, refractory, np.uint8(fired)


@scalar
def eif_margin(V_m, refractory, current, conductance, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance, dt):
    """Of a step of `eif_advance`."""
    steep = exponential((min(V_m, V_peak) - V_th) * steepness)
    slope = (g_L * (E_L - V_m) + g_Delta * steep + current - conductance * V_m) * elastance
    growth = (g_L * (steep - 1.0) - conductance) * elastance
    margin = exponential_margin(V_m, slope, growth, g_L * steep * steepness * elastance, V_peak, dt)
    return CANNOT_SPIKE if refractory > 0.0 else margin


@scalar
def eif_step(
    V_m, refractory, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    E_L, V_th, V_peak, V_reset, g_L, g_Delta, steepness, elastance, I_reset, growth_reset,
    n_ref, half_P_exc, half_P_inh, I_e, dt,
):  # fmt: skip
    """Second order; the synaptic currents are exact, and V_m sees them as they are in the middle of the step."""
    I_syn_exc = I_syn_exc * half_P_exc
    I_syn_inh = I_syn_inh * half_P_inh
    V_m, refractory, mask = eif_advance(
        V_m, refractory, I_syn_exc + I_syn_inh + I_exc + I_e, 0.0,
        E_L, V_th, V_peak, V_reset, g_L, g_Delta, steepness, elastance, I_reset, growth_reset, n_ref, dt,
    )  # fmt: skip
    I_syn_exc = I_syn_exc * half_P_exc + in_exc
    I_syn_inh = I_syn_inh * half_P_inh + in_inh
    return V_m, refractory, I_syn_exc, I_syn_inh, mask


@scalar
def eif_step_margin(
    V_m, refractory, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    E_L, V_th, V_peak, V_reset, g_L, g_Delta, steepness, elastance, I_reset, growth_reset,
    n_ref, half_P_exc, half_P_inh, I_e, dt,
):  # fmt: skip
    current = I_syn_exc * half_P_exc + I_syn_inh * half_P_inh + I_exc + I_e
    return eif_margin(V_m, refractory, current, 0.0, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance, dt)


@scalar
def eif_slope(V_m, current, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance):
    return exponential_slope(V_m, 0.0, current, E_L, V_th, V_peak, g_L, g_Delta, steepness, elastance)


EIF = NeuronModel(
    "EIF",
    EIFParameters,
    _constants,
    eif_step,
    state={"V_m": "mV", "refractory": "1", "I_syn_exc": "pA", "I_syn_inh": "pA"},
    ports={"exc": "pA", "inh": "pA"},
    currents=("exc",),
    equations="""
    V = clip(V_m, -1 * volt, V_peak) : volt
    dV_m/dt = (-g_L * (V - E_L) + g_L * Delta_T * exp((V - V_th) / Delta_T) + I_syn_exc + I_syn_inh + I_e) / C_m : volt (unless refractory)
    dI_syn_exc/dt = -I_syn_exc / tau_syn_exc : amp
    dI_syn_inh/dt = -I_syn_inh / tau_syn_inh : amp
    """,  # noqa: E501
    threshold="V_m >= V_peak",
    reset="V_m = V_reset",
    added_to={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    arrivals={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    check=check_exponential,
    nest=NestNeuron(
        "aeif_psc_exp",
        {"tau_syn_exc": "tau_syn_ex", "tau_syn_inh": "tau_syn_in"},
        {"V_m": "V_m", "I_syn_exc": "I_syn_ex", "I_syn_inh": "-I_syn_in"},
        {"exc": NestPort(sign=1), "inh": NestPort(sign=-1)},
        alike=("tau_syn_exc", "tau_syn_inh"),
        more=lambda p, dt: {"a": 0.0, "b": 0.0},
    ),
    membrane=Membrane(
        state=("V_m", "refractory"),
        constants=lambda p, dt: {**exponential_membrane(p), **refractory_and_current(p, dt)},
        advance=eif_advance,
        margin=eif_margin,
        slopes=eif_slope,
        moving=("V_m",),
        held="refractory > 0.0",
        compartments={"soma": Compartment(V=("min(V_m, V_peak)", "V"))},
        equations="""
        V = clip(V_m, -1 * volt, V_peak) : volt
        dV_m/dt = (-g_L * (V - E_L) + g_L * Delta_T * exp((V - V_th) / Delta_T) + I_syn + I_e) / C_m : volt (unless refractory)
        """,  # noqa: E501
        synaptic=("tau_syn_exc", "tau_syn_inh"),
        nest={
            f"{kinetics}Conductance": NestNeuron(
                f"aeif_cond_{kinetics.lower()}_multisynapse", more=lambda p, dt: {"a": 0.0, "b": 0.0}
            )
            for kinetics in ("Alpha", "Beta")
        },
    ),
    margin=eif_step_margin,
    properties=Properties(order=2),
)
