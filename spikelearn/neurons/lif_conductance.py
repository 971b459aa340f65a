"""Leaky integrate-and-fire neuron with exponential conductances (Vogels & Abbott 2005; Brette et al. 2007)."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.lif import lif_membrane
from spikelearn.neurons.membrane import refractory_steps, reset_below_threshold
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import duration, ms, mV, nS, pA, pF


class LIFConductanceParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -60.0
    V_th: Annotated[mV, "threshold"] = -50.0
    V_reset: Annotated[mV, "potential after a spike"] = -60.0
    C_m: Annotated[pF, "capacitance"] = 200.0
    g_L: Annotated[nS, "leak conductance"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 5.0
    E_exc: Annotated[mV, "reversal potential of port exc"] = 0.0
    E_inh: Annotated[mV, "reversal potential of port inh"] = -80.0
    tau_syn_exc: Annotated[ms, "time constant of conductance through port exc"] = 5.0
    tau_syn_inh: Annotated[ms, "time constant of conductance through port inh"] = 10.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: LIFConductanceParameters, dt: float) -> dict[str, Any]:
    return {
        "half_exc": np.exp(-0.5 * dt / np.asarray(p.tau_syn_exc)) + 0.0,
        "half_inh": np.exp(-0.5 * dt / np.asarray(p.tau_syn_inh)) + 0.0,
        "dt_C": dt / np.asarray(p.C_m),
        "g_L": p.g_L,
        "E_L": p.E_L,
        "E_exc": p.E_exc,
        "E_inh": p.E_inh,
        "I_e": p.I_e,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
        "n_ref": refractory_steps(p.t_ref, dt),
    }


@scalar
def lif_conductance_step(
    V_m, refractory, g_exc, g_inh, in_exc, in_inh, I_exc,
    half_exc, half_inh, dt_C, g_L, E_L, E_exc, E_inh, I_e, V_th, V_reset, n_ref,
):  # fmt: skip
    """Conductances exactly; the potential by exponential Euler with conductances at mid-step (second order)."""
    g_exc = g_exc * half_exc
    g_inh = g_inh * half_inh
    g = g_L + g_exc + g_inh
    V_inf = (g_L * E_L + g_exc * E_exc + g_inh * E_inh + I_exc + I_e) / g
    V = V_inf + (V_m - V_inf) * exponential(-dt_C * g)
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    g_exc = g_exc * half_exc + in_exc
    g_inh = g_inh * half_inh + in_inh
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, g_exc, g_inh, np.uint8(fired)


LIFConductance = NeuronModel(
    "LIFConductance",
    LIFConductanceParameters,
    _constants,
    lif_conductance_step,
    state={"V_m": "mV", "refractory": "1", "g_exc": "nS", "g_inh": "nS"},
    ports={"exc": "nS", "inh": "nS"},
    currents=("exc",),
    equations="""
    dV_m/dt = (g_L * (E_L - V_m) + g_exc * (E_exc - V_m) + g_inh * (E_inh - V_m) + I_e) / C_m : volt (unless refractory)
    dg_exc/dt = -g_exc / tau_syn_exc : siemens
    dg_inh/dt = -g_inh / tau_syn_inh : siemens
    """,
    threshold="V_m >= V_th",
    reset="V_m = V_reset",
    added_to={"exc": "g_exc", "inh": "g_inh"},
    arrivals={"exc": "g_exc", "inh": "g_inh"},
    check=reset_below_threshold,
    nest=NestNeuron(
        "iaf_cond_exp",
        {"tau_syn_exc": "tau_syn_ex", "tau_syn_inh": "tau_syn_in", "E_exc": "E_ex", "E_inh": "E_in"},
        {"V_m": "V_m", "g_exc": "g_ex", "g_inh": "g_in"},
        {"exc": NestPort(sign=1), "inh": NestPort(sign=-1, factor=-1.0)},
    ),
    membrane=lif_membrane(
        tau_m=lambda p: np.asarray(p.C_m) / p.g_L,
        g_L=lambda p: p.g_L,
        equations="dV_m/dt = (g_L * (E_L - V_m) + I_syn + I_e) / C_m : volt (unless refractory)",
        synaptic=("E_exc", "E_inh", "tau_syn_exc", "tau_syn_inh"),
        nest={
            f"{kinetics}Conductance": NestNeuron(
                f"aeif_cond_{kinetics.lower()}_multisynapse",
                more=lambda p, dt: {"a": 0.0, "b": 0.0, "Delta_T": 0.0, "V_peak": p.V_th},
            )
            for kinetics in ("Alpha", "Beta")
        },
    ),
    margin="V_m - V_th",
    properties=Properties(order=2),
)
