"""The neuron of Brunel & Wang 2001 and Wang 2002: AMPA, GABA and NMDA conductances, NMDA with magnesium block.

C_m dV_m/dt = g_L (E_L - V_m) + g_exc (E_exc - V_m) + g_inh (E_inh - V_m) + g_nmda (E_exc - V_m) / (1 + [Mg]/3.57
exp(-0.062 V_m)) + I. g_nmda is the sum of weight times gate over the synapses: connect to port nmda with
synapse=NMDA(). The same as NEST's iaf_bw_2001_exact.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import refractory_steps, reset_below_threshold
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.neurons.receptors.nmda import unblocked
from spikelearn.units import duration, ms, mV, nS, number, pA, pF


class LIFNMDAParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold"] = -50.0
    V_reset: Annotated[mV, "potential after a spike"] = -55.0
    C_m: Annotated[pF, "capacitance"] = 500.0
    g_L: Annotated[nS, "leak conductance"] = 25.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    E_exc: Annotated[mV, "reversal potential of ports exc and nmda"] = 0.0
    E_inh: Annotated[mV, "reversal potential of port inh"] = -70.0
    tau_syn_exc: Annotated[ms, "time constant of conductance through port exc (AMPA)"] = 2.0
    tau_syn_inh: Annotated[ms, "time constant of conductance through port inh (GABA)"] = 5.0
    conc_Mg2: Annotated[number, "extracellular magnesium concentration, mM"] = 1.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: LIFNMDAParameters, dt: float) -> dict[str, Any]:
    return {
        "P_exc": np.exp(-dt / np.asarray(p.tau_syn_exc)) + 0.0,
        "P_inh": np.exp(-dt / np.asarray(p.tau_syn_inh)) + 0.0,
        "dt_C": dt / np.asarray(p.C_m),
        "g_L": p.g_L,
        "E_L": p.E_L,
        "E_exc": p.E_exc,
        "E_inh": p.E_inh,
        "block": np.asarray(p.conc_Mg2) / 3.57,
        "I_e": p.I_e,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
        "n_ref": refractory_steps(p.t_ref, dt),
    }


@scalar
def _current(V, g_exc, g_inh, g_nmda, g_L, E_L, E_exc, E_inh, block):
    return g_L * (E_L - V) + g_inh * (E_inh - V) + (g_exc + g_nmda * unblocked(V, block)) * (E_exc - V)


@scalar
def lif_nmda_step(
    V_m, refractory, g_exc, g_inh, g_nmda, in_exc, in_inh, in_nmda, I_exc,
    P_exc, P_inh, dt_C, g_L, E_L, E_exc, E_inh, block, I_e, V_th, V_reset, n_ref,
):  # fmt: skip
    """Heun's method (second order) with the conductances exact at both ends of the step.

    in_nmda is the output of the gates at the end of the step; g_nmda that at its start.
    """
    I = I_exc + I_e  # noqa: E741
    slope = _current(V_m, g_exc, g_inh, g_nmda, g_L, E_L, E_exc, E_inh, block) + I
    g_exc = g_exc * P_exc
    g_inh = g_inh * P_inh
    slope_end = _current(V_m + dt_C * slope, g_exc, g_inh, in_nmda, g_L, E_L, E_exc, E_inh, block) + I
    held = refractory > 0.0
    V = V_m if held else V_m + 0.5 * dt_C * (slope + slope_end)
    refractory = refractory - 1.0 if held else refractory
    g_exc = g_exc + in_exc
    g_inh = g_inh + in_inh
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, g_exc, g_inh, in_nmda, np.uint8(fired)


LIFNMDA = NeuronModel(
    "LIFNMDA",
    LIFNMDAParameters,
    _constants,
    lif_nmda_step,
    state={"V_m": "mV", "refractory": "1", "g_exc": "nS", "g_inh": "nS", "g_nmda": "nS"},
    ports={"exc": "nS", "inh": "nS", "nmda": "nS"},
    graded=("nmda",),
    currents=("exc",),
    equations="""
    dV_m/dt = (g_L * (E_L - V_m) + g_exc * (E_exc - V_m) + g_inh * (E_inh - V_m)
              + g_nmda * (E_exc - V_m) / (1 + conc_Mg2 / 3.57 * exp(-0.062 * V_m / mV)) + I_e) / C_m : volt (unless refractory)
    dg_exc/dt = -g_exc / tau_syn_exc : siemens
    dg_inh/dt = -g_inh / tau_syn_inh : siemens
    g_nmda : siemens
    """,  # noqa: E501
    threshold="V_m >= V_th",
    reset="V_m = V_reset",
    added_to={"exc": "g_exc", "inh": "g_inh"},
    arrivals={"exc": "g_exc", "inh": "g_inh"},
    check=reset_below_threshold,
    margin="V_m - V_th",
    properties=Properties(order=2),
)
