"""Generalised integrate-and-fire neuron (Mensi et al. 2012; Pozzorini et al. 2015) with exponential conductances.

C_m dV_m/dt = g_L (E_L - V_m) + g_exc (E_exc - V_m) + g_inh (E_inh - V_m) + I - stc. It fires with the hazard
lambda_0 exp((V_m - v_t) / Delta_V), where v_t = V_T_star + sfa. A spike adds to the spike-triggered current stc and to
the threshold three terms each, which decay with time constants of their own. NEST's gif_cond_exp; as there, stc and v_t
keep their value from the start of a step throughout it, and V_m is reset in the step after a spike.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons import NeuronModel
from spikelearn.neurons.lif_escape_noise import escape_probability
from spikelearn.neurons.membrane import decay, refractory_steps
from spikelearn.units import Hz, duration, ms, mV, nS, pA, pF

TERMS = (1, 2, 3)


class GIFConductanceParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -65.0
    V_T_star: Annotated[mV, "threshold of a neuron that has not fired, at which the hazard is lambda_0"] = -48.0
    V_reset: Annotated[mV, "potential after a spike"] = -65.0
    C_m: Annotated[pF, "capacitance"] = 1000.0
    g_L: Annotated[nS, "leak conductance"] = 50.0
    t_ref: Annotated[duration, "absolute refractory period"] = 4.0
    lambda_0: Annotated[Hz, "hazard at threshold"] = 1.0
    Delta_V: Annotated[mV, "width of the hazard"] = 0.5
    E_exc: Annotated[mV, "reversal potential of port exc"] = 0.0
    E_inh: Annotated[mV, "reversal potential of port inh"] = -70.0
    tau_syn_exc: Annotated[ms, "time constant of conductance through port exc"] = 5.0
    tau_syn_inh: Annotated[ms, "time constant of conductance through port inh"] = 5.0
    I_e: Annotated[pA, "constant current"] = 0.0
    q_stc_1: Annotated[pA, "jump of the first term of the spike-triggered current"] = 0.0
    tau_stc_1: Annotated[ms, "its time constant"] = 1.0
    q_stc_2: Annotated[pA, "jump of the second"] = 0.0
    tau_stc_2: Annotated[ms, "its time constant"] = 10.0
    q_stc_3: Annotated[pA, "jump of the third"] = 0.0
    tau_stc_3: Annotated[ms, "its time constant"] = 100.0
    q_sfa_1: Annotated[mV, "jump of the first term of the threshold"] = 0.0
    tau_sfa_1: Annotated[ms, "its time constant"] = 1.0
    q_sfa_2: Annotated[mV, "jump of the second"] = 0.0
    tau_sfa_2: Annotated[ms, "its time constant"] = 10.0
    q_sfa_3: Annotated[mV, "jump of the third"] = 0.0
    tau_sfa_3: Annotated[ms, "its time constant"] = 100.0


def _constants(p: Any, dt: float) -> dict[str, Any]:
    found = {
        "half_exc": decay(p.tau_syn_exc, 0.5 * dt),
        "half_inh": decay(p.tau_syn_inh, 0.5 * dt),
        "dt_C": dt / np.asarray(p.C_m),
        "lambda_0_dt": np.asarray(p.lambda_0) * 1e-3 * dt,
        "n_ref": refractory_steps(p.t_ref, dt),
    }
    found |= {f"P_{kind}_{k}": decay(getattr(p, f"tau_{kind}_{k}"), dt) for kind in ("stc", "sfa") for k in TERMS}
    names = ("g_L", "E_L", "E_exc", "E_inh", "I_e", "V_T_star", "V_reset", "Delta_V")
    return found | {
        name: getattr(p, name) for name in (*names, *(f"q_{kind}_{k}" for kind in ("stc", "sfa") for k in TERMS))
    }


@scalar
def _step(  # type: ignore[no-untyped-def]
    V_m, refractory, g_exc, g_inh, stc, v_t, stc_1, stc_2, stc_3, sfa_1, sfa_2, sfa_3, in_exc, in_inh, I_exc, uniform,
    half_exc, half_inh, dt_C, lambda_0_dt, n_ref, P_stc_1, P_stc_2, P_stc_3, P_sfa_1, P_sfa_2, P_sfa_3,
    g_L, E_L, E_exc, E_inh, I_e, V_T_star, V_reset, Delta_V, q_stc_1, q_stc_2, q_stc_3, q_sfa_1, q_sfa_2, q_sfa_3,
):  # fmt: skip
    stc = stc_1 + stc_2 + stc_3
    v_t = V_T_star + sfa_1 + sfa_2 + sfa_3
    g_exc = g_exc * half_exc
    g_inh = g_inh * half_inh
    g = g_L + g_exc + g_inh
    V_inf = (g_L * E_L + g_exc * E_exc + g_inh * E_inh + I_exc + I_e - stc) / g
    V = V_inf + (V_m - V_inf) * exponential(-dt_C * g)
    held = refractory > 0.0
    V = V_reset if held else V
    refractory = refractory - 1.0 if held else refractory
    g_exc = g_exc * half_exc + in_exc
    g_inh = g_inh * half_inh + in_inh
    fired = uniform < escape_probability(V - v_t, Delta_V, lambda_0_dt) and not held
    V = V_reset if fired and n_ref == 0.0 else V
    refractory = n_ref if fired else refractory
    stc_1 = P_stc_1 * stc_1 + (q_stc_1 if fired else 0.0)
    stc_2 = P_stc_2 * stc_2 + (q_stc_2 if fired else 0.0)
    stc_3 = P_stc_3 * stc_3 + (q_stc_3 if fired else 0.0)
    sfa_1 = P_sfa_1 * sfa_1 + (q_sfa_1 if fired else 0.0)
    sfa_2 = P_sfa_2 * sfa_2 + (q_sfa_2 if fired else 0.0)
    sfa_3 = P_sfa_3 * sfa_3 + (q_sfa_3 if fired else 0.0)
    return V, refractory, g_exc, g_inh, stc, v_t, stc_1, stc_2, stc_3, sfa_1, sfa_2, sfa_3, np.uint8(fired)


GIFConductance = NeuronModel(
    "GIFConductance",
    GIFConductanceParameters,
    _constants,
    _step,
    state={
        "V_m": "mV",
        "refractory": "1",
        "g_exc": "nS",
        "g_inh": "nS",
        "stc": "pA",
        "v_t": "mV",
        **{f"stc_{k}": "pA" for k in TERMS},
        **{f"sfa_{k}": "mV" for k in TERMS},
    },  # fmt: skip
    ports={"exc": "nS", "inh": "nS"},
    currents=("exc",),
    random=("uniform",),
    initial=lambda p: {"V_m": p.E_L, "v_t": p.V_T_star},
    added_to={"exc": "g_exc", "inh": "g_inh"},
)
