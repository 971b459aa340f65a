"""Generalised integrate-and-fire neuron (Mensi et al. 2012; Pozzorini et al. 2015) with exponential currents.

tau_m dV_m/dt = -(V_m - E_L) + (tau_m / C_m)(I - stc), tau_m = C_m / g_L. It fires with the hazard
lambda_0 exp((V_m - V_T_star - sfa) / Delta_V). A spike adds q_stc_k to the spike-triggered currents stc = stc_1 + stc_2
and q_sfa_k to the threshold sfa = sfa_1 + sfa_2; each part decays with its own time constant.

It is NEST's gif_psc_exp with two exponentials of each kind; as there, stc and sfa keep their value from the start of a
step throughout it (first order after a spike). In NEST an input takes effect one step earlier.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.lif_escape_noise import escape_probability, hazard_not_negative
from spikelearn.neurons.membrane import current_propagator, refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import Hz, duration, ms, mV, nS, pA, pF


class GIFParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -67.0
    V_T_star: Annotated[mV, "threshold of a neuron that has not fired, at which the hazard is lambda_0"] = -39.6
    V_reset: Annotated[mV, "potential after a spike"] = -36.7
    C_m: Annotated[pF, "capacitance"] = 83.1
    g_L: Annotated[nS, "leak conductance"] = 3.7
    t_ref: Annotated[duration, "absolute refractory period"] = 4.0
    lambda_0: Annotated[Hz, "hazard at threshold"] = 1.0
    Delta_V: Annotated[mV, "width of the hazard"] = 1.4
    q_stc_1: Annotated[pA, "jump of the first spike-triggered current"] = 56.7
    tau_stc_1: Annotated[ms, "its time constant"] = 57.8
    q_stc_2: Annotated[pA, "jump of the second spike-triggered current"] = -6.9
    tau_stc_2: Annotated[ms, "its time constant"] = 218.2
    q_sfa_1: Annotated[mV, "jump of the threshold's first part"] = 11.7
    tau_sfa_1: Annotated[ms, "its time constant"] = 53.8
    q_sfa_2: Annotated[mV, "jump of the threshold's second part"] = 1.8
    tau_sfa_2: Annotated[ms, "its time constant"] = 640.0
    tau_syn_exc: Annotated[ms, "time constant of currents through port exc"] = 10.0
    tau_syn_inh: Annotated[ms, "time constant of currents through port inh"] = 10.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: GIFParameters, dt: float) -> dict[str, Any]:
    tau_m = np.asarray(p.C_m) / p.g_L
    return {
        "P_exc": np.exp(-dt / np.asarray(p.tau_syn_exc)) + 0.0,
        "P_inh": np.exp(-dt / np.asarray(p.tau_syn_inh)) + 0.0,
        "P_mexc": current_propagator(tau_m, p.tau_syn_exc, p.C_m, dt),
        "P_minh": current_propagator(tau_m, p.tau_syn_inh, p.C_m, dt),
        "P_mm": np.exp(-dt / tau_m) + 0.0,
        "P_mI": -np.expm1(-dt / tau_m) / p.g_L,
        "P_stc_1": np.exp(-dt / np.asarray(p.tau_stc_1)) + 0.0,
        "P_stc_2": np.exp(-dt / np.asarray(p.tau_stc_2)) + 0.0,
        "P_sfa_1": np.exp(-dt / np.asarray(p.tau_sfa_1)) + 0.0,
        "P_sfa_2": np.exp(-dt / np.asarray(p.tau_sfa_2)) + 0.0,
        "q_stc_1": p.q_stc_1,
        "q_stc_2": p.q_stc_2,
        "q_sfa_1": p.q_sfa_1,
        "q_sfa_2": p.q_sfa_2,
        "lambda_0_dt": np.asarray(p.lambda_0) * 1e-3 * dt,
        "Delta_V": p.Delta_V,
        "V_T_star": p.V_T_star,
        "V_reset": p.V_reset,
        "E_L": p.E_L,
        "I_e": p.I_e,
        "n_ref": refractory_steps(p.t_ref, dt),
    }


@scalar
def gif_step(
    V_m, refractory, stc_1, stc_2, sfa_1, sfa_2, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc, uniform,
    P_exc, P_inh, P_mexc, P_minh, P_mm, P_mI, P_stc_1, P_stc_2, P_sfa_1, P_sfa_2, q_stc_1, q_stc_2, q_sfa_1, q_sfa_2,
    lambda_0_dt, Delta_V, V_T_star, V_reset, E_L, I_e, n_ref,
):  # fmt: skip
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_exc + I_e - stc_1 - stc_2) + P_mexc * I_syn_exc + P_minh * I_syn_inh
    threshold = V_T_star + sfa_1 + sfa_2
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    stc_1 = P_stc_1 * stc_1
    stc_2 = P_stc_2 * stc_2
    sfa_1 = P_sfa_1 * sfa_1
    sfa_2 = P_sfa_2 * sfa_2
    I_syn_exc = P_exc * I_syn_exc + in_exc
    I_syn_inh = P_inh * I_syn_inh + in_inh
    fired = uniform < escape_probability(V - threshold, Delta_V, lambda_0_dt) and not held
    V = V_reset if fired else V
    stc_1 = stc_1 + q_stc_1 if fired else stc_1
    stc_2 = stc_2 + q_stc_2 if fired else stc_2
    sfa_1 = sfa_1 + q_sfa_1 if fired else sfa_1
    sfa_2 = sfa_2 + q_sfa_2 if fired else sfa_2
    refractory = n_ref if fired else refractory
    return V, refractory, stc_1, stc_2, sfa_1, sfa_2, I_syn_exc, I_syn_inh, np.uint8(fired)


GIF = NeuronModel(
    "GIF",
    GIFParameters,
    _constants,
    gif_step,
    state={
        "V_m": "mV",
        "refractory": "1",
        "stc_1": "pA",
        "stc_2": "pA",
        "sfa_1": "mV",
        "sfa_2": "mV",
        "I_syn_exc": "pA",
        "I_syn_inh": "pA",
    },  # fmt: skip
    ports={"exc": "pA", "inh": "pA"},
    currents=("exc",),
    random=("uniform",),
    equations="""
    dV_m/dt = (-g_L * (V_m - E_L) + I_syn_exc + I_syn_inh + I_e - stc_1 - stc_2) / C_m : volt (unless refractory)
    dstc_1/dt = -stc_1 / tau_stc_1 : amp
    dstc_2/dt = -stc_2 / tau_stc_2 : amp
    dsfa_1/dt = -sfa_1 / tau_sfa_1 : volt
    dsfa_2/dt = -sfa_2 / tau_sfa_2 : volt
    dI_syn_exc/dt = -I_syn_exc / tau_syn_exc : amp
    dI_syn_inh/dt = -I_syn_inh / tau_syn_inh : amp
    """,
    threshold="rand() < -expm1(-lambda_0 * exp((V_m - V_T_star - sfa_1 - sfa_2) / Delta_V) * dt)",
    reset="V_m = V_reset; stc_1 += q_stc_1; stc_2 += q_stc_2; sfa_1 += q_sfa_1; sfa_2 += q_sfa_2",
    added_to={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    arrivals={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    method="exact",
    check=lambda p: hazard_not_negative("lambda_0", p.lambda_0),
    properties=Properties(order=EXACT),
)
