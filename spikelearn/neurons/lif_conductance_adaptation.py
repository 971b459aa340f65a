"""A leaky neuron whose spikes open two conductances, of adaptation and of relative refractoriness (Muller et al. 2007).

C_m dV_m/dt = g_L (E_L - V_m) + g_exc (E_exc - V_m) + g_inh (E_inh - V_m) + g_sfa (E_sfa - V_m) + g_rr (E_rr - V_m) + I;
all conductances decay exponentially, and a spike adds q_sfa to g_sfa and q_rr to g_rr. NEST's iaf_cond_exp_sfa_rr,
PyNN's IF_cond_exp_gsfa_grr.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.membrane import decay, refractory_steps, reset_below_threshold
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import duration, ms, mV, nS, pA, pF


class LIFConductanceAdaptationParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold"] = -57.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 289.5
    g_L: Annotated[nS, "leak conductance"] = 28.95
    t_ref: Annotated[duration, "absolute refractory period"] = 0.5
    E_exc: Annotated[mV, "reversal potential of port exc"] = 0.0
    E_inh: Annotated[mV, "reversal potential of port inh"] = -75.0
    tau_syn_exc: Annotated[ms, "time constant of conductance through port exc"] = 1.5
    tau_syn_inh: Annotated[ms, "time constant of conductance through port inh"] = 10.0
    tau_sfa: Annotated[ms, "time constant of adaptation"] = 110.0
    E_sfa: Annotated[mV, "reversal potential of adaptation"] = -70.0
    q_sfa: Annotated[nS, "jump of adaptation at a spike"] = 14.48
    tau_rr: Annotated[ms, "time constant of relative refractoriness"] = 1.97
    E_rr: Annotated[mV, "reversal potential of relative refractoriness"] = -70.0
    q_rr: Annotated[nS, "jump of relative refractoriness at a spike"] = 3214.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: LIFConductanceAdaptationParameters, dt: float) -> dict[str, Any]:
    return {
        "half_exc": decay(p.tau_syn_exc, 0.5 * dt),
        "half_inh": decay(p.tau_syn_inh, 0.5 * dt),
        "half_sfa": decay(p.tau_sfa, 0.5 * dt),
        "half_rr": decay(p.tau_rr, 0.5 * dt),
        "dt_C": dt / np.asarray(p.C_m),
        "g_L": p.g_L,
        "E_L": p.E_L,
        "E_exc": p.E_exc,
        "E_inh": p.E_inh,
        "E_sfa": p.E_sfa,
        "E_rr": p.E_rr,
        "q_sfa": p.q_sfa,
        "q_rr": p.q_rr,
        "I_e": p.I_e,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
        "n_ref": refractory_steps(p.t_ref, dt),
    }


@scalar
def lif_conductance_adaptation_step(
    V_m, refractory, g_exc, g_inh, g_sfa, g_rr, in_exc, in_inh, I_exc,
    half_exc, half_inh, half_sfa, half_rr, dt_C, g_L, E_L, E_exc, E_inh, E_sfa, E_rr, q_sfa, q_rr, I_e,
    V_th, V_reset, n_ref,
):  # fmt: skip
    """Conductances exactly; the potential by exponential Euler with conductances at mid-step (second order)."""
    g_exc = g_exc * half_exc
    g_inh = g_inh * half_inh
    g_sfa = g_sfa * half_sfa
    g_rr = g_rr * half_rr
    g = g_L + g_exc + g_inh + g_sfa + g_rr
    current = g_L * E_L + g_exc * E_exc + g_inh * E_inh + g_sfa * E_sfa + g_rr * E_rr + I_exc + I_e
    V_inf = current / g
    V = V_inf + (V_m - V_inf) * exponential(-dt_C * g)
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    fired = V >= V_th
    g_exc = g_exc * half_exc + in_exc
    g_inh = g_inh * half_inh + in_inh
    g_sfa = g_sfa * half_sfa + (q_sfa if fired else 0.0)
    g_rr = g_rr * half_rr + (q_rr if fired else 0.0)
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, g_exc, g_inh, g_sfa, g_rr, np.uint8(fired)


LIFConductanceAdaptation = NeuronModel(
    "LIFConductanceAdaptation",
    LIFConductanceAdaptationParameters,
    _constants,
    lif_conductance_adaptation_step,
    state={"V_m": "mV", "refractory": "1", "g_exc": "nS", "g_inh": "nS", "g_sfa": "nS", "g_rr": "nS"},
    ports={"exc": "nS", "inh": "nS"},
    currents=("exc",),
    equations="""
    dV_m/dt = (g_L * (E_L - V_m) + g_exc * (E_exc - V_m) + g_inh * (E_inh - V_m) + g_sfa * (E_sfa - V_m) + g_rr * (E_rr - V_m) + I_e) / C_m : volt (unless refractory)
    dg_exc/dt = -g_exc / tau_syn_exc : siemens
    dg_inh/dt = -g_inh / tau_syn_inh : siemens
    dg_sfa/dt = -g_sfa / tau_sfa : siemens
    dg_rr/dt = -g_rr / tau_rr : siemens
    """,  # noqa: E501
    threshold="V_m >= V_th",
    reset="V_m = V_reset; g_sfa += q_sfa; g_rr += q_rr",
    added_to={"exc": "g_exc", "inh": "g_inh"},
    arrivals={"exc": "g_exc", "inh": "g_inh"},
    check=reset_below_threshold,
    nest=NestNeuron(
        "iaf_cond_exp_sfa_rr",
        {"tau_syn_exc": "tau_syn_ex", "tau_syn_inh": "tau_syn_in", "E_exc": "E_ex", "E_inh": "E_in"},
        {"V_m": "V_m", "g_exc": "g_ex", "g_inh": "g_in", "g_sfa": "g_sfa", "g_rr": "g_rr"},
        {"exc": NestPort(sign=1), "inh": NestPort(sign=-1, factor=-1.0)},
    ),
    margin="V_m - V_th",
    properties=Properties(order=2, firing={"I_e": 3000.0, "q_sfa": 1.0, "q_rr": 50.0}),
)
