"""Leaky integrate-and-fire neuron whose dendrite answers coincident input with a plateau (Bouhadjar et al. 2022).

tau_m dV_m/dt = -(V_m - E_L) + tau_m (I_syn_exc + I_syn_inh + I_dend) / C_m, with exponential currents through ports
exc and inh, and an alpha-shaped current through port dendrite whose peak is the weight (Bouhadjar, Wouters, Diesmann &
Tetzlaff 2022, PLoS Computational Biology 18:e1010233). When I_dend exceeds theta_dAP the dendrite spikes: from the next
step on I_dend is I_dAP for tau_dAP, then 0. A cell with a plateau is closer to threshold, so it fires before its
neighbours do: it has predicted its input. A spike of the soma ends the plateau. z is the trace of dendritic spikes.
Input to the dendrite during a plateau, or while the soma is refractory, is lost. Integrated exactly; the order within
a step is that of LIF.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import alpha_propagator, current_propagator, leaky_membrane, reset_below_threshold
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import duration, ms, mV, pA, pF


class LIFDendriticSpikeParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = 0.0
    V_th: Annotated[mV, "threshold of the soma"] = 20.0
    V_reset: Annotated[mV, "potential after a spike"] = 0.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 10.0
    tau_syn_exc: Annotated[ms, "time constant of currents through port exc"] = 2.0
    tau_syn_inh: Annotated[ms, "time constant of currents through port inh"] = 1.0
    tau_syn_dend: Annotated[ms, "time constant of currents through port dendrite"] = 5.0
    theta_dAP: Annotated[pA, "dendritic current above which the dendrite spikes"] = 59.0
    I_dAP: Annotated[pA, "dendritic current during a plateau"] = 200.0
    tau_dAP: Annotated[duration, "duration of a plateau"] = 60.0
    tau_h: Annotated[ms, "time constant of the trace of dendritic spikes"] = 440.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: LIFDendriticSpikeParameters, dt: float) -> dict[str, Any]:
    return {
        "P_exc": np.exp(-dt / np.asarray(p.tau_syn_exc)) + 0.0,
        "P_inh": np.exp(-dt / np.asarray(p.tau_syn_inh)) + 0.0,
        "P_dend": np.exp(-dt / np.asarray(p.tau_syn_dend)) + 0.0,
        "P_z": np.exp(-dt / np.asarray(p.tau_h)) + 0.0,
        "P_mexc": current_propagator(p.tau_m, p.tau_syn_exc, p.C_m, dt),
        "P_minh": current_propagator(p.tau_m, p.tau_syn_inh, p.C_m, dt),
        "P_mdend": current_propagator(p.tau_m, p.tau_syn_dend, p.C_m, dt),
        "P_mddend": alpha_propagator(p.tau_m, p.tau_syn_dend, p.C_m, dt),
        "rise_dend": math.e / np.asarray(p.tau_syn_dend),
        "dt": dt,
        "theta_dAP": p.theta_dAP,
        "I_dAP": p.I_dAP,
        "n_dAP": np.maximum(np.floor(np.asarray(p.tau_dAP) / dt + 0.5), 1.0),
        **leaky_membrane(p, dt),
    }


@scalar
def lif_dendritic_spike_step(
    V_m, refractory, I_syn_exc, I_syn_inh, I_dend, dI_dend, plateau, z, in_exc, in_inh, in_dendrite, I_exc,
    P_exc, P_inh, P_dend, P_z, P_mexc, P_minh, P_mdend, P_mddend, rise_dend, dt, theta_dAP, I_dAP, n_dAP,
    P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    """`plateau` counts down the steps left of a plateau, including this one; it begins one step after the crossing."""
    begun = plateau == 0.0 and I_dend > theta_dAP
    ended = plateau == 1.0
    plateau = n_dAP if begun else max(plateau - 1.0, 0.0)
    clamped = plateau > 0.0
    I_dend = I_dAP if begun else I_dend
    I_dend = 0.0 if ended else I_dend
    dI_dend = 0.0 if begun else dI_dend
    z = P_z * (z + 1.0 if begun else z)
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_exc + I_e) + P_mexc * I_syn_exc + P_minh * I_syn_inh
    V += P_mI * I_dend if clamped else P_mdend * I_dend + P_mddend * dI_dend
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    I_syn_exc = P_exc * I_syn_exc + in_exc
    I_syn_inh = P_inh * I_syn_inh + in_inh
    I_dend = I_dend if clamped else P_dend * (I_dend + dt * dI_dend)
    dI_dend = P_dend * dI_dend + rise_dend * in_dendrite
    dI_dend = 0.0 if clamped or held else dI_dend
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    plateau = 0.0 if fired else plateau
    I_dend = 0.0 if fired else I_dend
    dI_dend = 0.0 if fired else dI_dend
    crossed = plateau == 0.0 and I_dend > theta_dAP
    mask = np.uint8(fired) + np.uint8(2) * np.uint8(crossed)
    return V, refractory, I_syn_exc, I_syn_inh, I_dend, dI_dend, plateau, z, mask


def _check(p: LIFDendriticSpikeParameters) -> str | None:
    if np.any(np.asarray(p.theta_dAP) <= 0):
        return f"theta_dAP must be more than 0 pA, got {p.theta_dAP} pA"
    return reset_below_threshold(p)


LIFDendriticSpike = NeuronModel(
    "LIFDendriticSpike",
    LIFDendriticSpikeParameters,
    _constants,
    lif_dendritic_spike_step,
    state={
        "V_m": "mV",
        "refractory": "1",
        "I_syn_exc": "pA",
        "I_syn_inh": "pA",
        "I_dend": "pA",
        "dI_dend": "pA/ms",
        "plateau": "1",
        "z": "1",
    },
    ports={"exc": "pA", "inh": "pA", "dendrite": "pA"},
    currents=("exc",),
    kinds=("spike", "plateau"),
    equations="""
    dV_m/dt = -(V_m - E_L) / tau_m + (I_syn_exc + I_syn_inh + I_dend + I_e) / C_m : volt (unless refractory)
    dI_syn_exc/dt = -I_syn_exc / tau_syn_exc : amp
    dI_syn_inh/dt = -I_syn_inh / tau_syn_inh : amp
    dI_dend/dt = int(plateau == 0) * (dI_dend - I_dend / tau_syn_dend) : amp
    ddI_dend/dt = -dI_dend / tau_syn_dend : amp/second
    dz/dt = -z / tau_h : 1
    plateau : 1
    """,
    threshold="V_m >= V_th",
    reset="V_m = V_reset; plateau = 0; I_dend = 0 * amp; dI_dend = 0 * amp / second",
    arrivals={
        "exc": "I_syn_exc",
        "inh": "I_syn_inh",
        "dendrite": "dI_dend += int(plateau == 0) * int(not_refractory) * e / tau_syn_dend * weight",
    },
    each_step="""
    begun = int(plateau == 0) * int(I_dend > theta_dAP)
    I_dend = I_dend * int(plateau != 1) * (1 - begun) + begun * I_dAP
    dI_dend = dI_dend * (1 - begun)
    z += begun
    plateau = begun * clip(floor(tau_dAP / dt + 0.5), 1, inf) + (1 - begun) * clip(plateau - 1, 0, inf)
    """,
    events={"plateau": "plateau == 0 and I_dend > theta_dAP"},
    check=_check,
    margin="V_m - V_th",
    properties=Properties(order=EXACT, quiet={"theta_dAP": 1000.0}),
)
