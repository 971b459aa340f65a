"""Exponential integrate-and-fire neuron with exponential currents (Fourcaud-Trocme et al. 2003).

It is AdEx without its adaptation: NEST's aeif_psc_exp with a = b = 0.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.adex import exponential_slope
from spikelearn.neurons.membrane import (
    Compartment,
    Membrane,
    exponential_membrane,
    exponential_synapses,
    refractory_and_current,
    reset_below_peak,
    spike_at_peak,
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
def eif_step(
    V_m, refractory, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    E_L, V_th, V_peak, V_reset, C_m, g_L, Delta_T, n_ref, P_exc, P_inh, I_e, dt,
):  # fmt: skip
    """Heun's method (second order) with the synaptic currents exact at both ends of the step."""
    at_start = I_syn_exc + I_syn_inh + I_exc + I_e
    I_syn_exc = I_syn_exc * P_exc
    I_syn_inh = I_syn_inh * P_inh
    at_end = I_syn_exc + I_syn_inh + I_exc + I_e
    dV = exponential_slope(V_m, 0.0, at_start, E_L, V_th, V_peak, C_m, g_L, Delta_T)
    dV_end = exponential_slope(V_m + dt * dV, 0.0, at_end, E_L, V_th, V_peak, C_m, g_L, Delta_T)
    held = refractory > 0.0
    V = V_m if held else V_m + 0.5 * dt * (dV + dV_end)
    refractory = refractory - 1.0 if held else refractory
    I_syn_exc = I_syn_exc + in_exc
    I_syn_inh = I_syn_inh + in_inh
    fired = V >= V_peak
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, I_syn_exc, I_syn_inh, np.uint8(fired)


@scalar
def eif_slope(V_m, current, E_L, V_th, V_peak, C_m, g_L, Delta_T):
    return exponential_slope(V_m, 0.0, current, E_L, V_th, V_peak, C_m, g_L, Delta_T)


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
    arrivals={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    check=reset_below_peak,
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
        slopes=eif_slope,
        moving=("V_m",),
        spike=spike_at_peak,
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
    properties=Properties(order=2),
)
