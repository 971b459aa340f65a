"""Two-compartment pyramidal cell with burst multiplexing (Naud & Sprekeler 2018, PNAS).

V_s' = -(V_s - E_L)/tau_s + (g_s f(V_d) + w_s + I_s)/C_s,       w_s' = -w_s/tau_ws, w_s += b at a spike
V_d' = -(V_d - E_L)/tau_d + (g_d f(V_d) + c_d K + w_d + I_d)/C_d,   tau_wd w_d' = -w_d + a (V_d - E_L)
f(V) = 1/(1 + exp(-(V - E_d)/D_d)); K = 1 from K_start to K_stop after a spike: the back-propagating spike.
The apical dendrite turns single spikes of the soma into bursts.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.membrane import Compartment, Membrane, decay, refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import duration, ms, mV, nS, pA, pF


class PyramidalParameters(NamedTuple):
    E_L: Annotated[mV, "resting potential of soma and dendrite"] = -70.0
    V_th: Annotated[mV, "threshold of the soma"] = -50.0
    V_reset: Annotated[mV, "potential of the soma after a spike"] = -70.0
    tau_s: Annotated[ms, "membrane time constant of the soma"] = 16.0
    C_s: Annotated[pF, "capacitance of the soma"] = 370.0
    g_s: Annotated[pA, "current from a fully active dendrite into the soma"] = 1300.0
    b: Annotated[pA, "step of the somatic adaptation at a spike"] = -200.0
    tau_ws: Annotated[ms, "time constant of the somatic adaptation"] = 100.0
    tau_d: Annotated[ms, "membrane time constant of the dendrite"] = 7.0
    C_d: Annotated[pF, "capacitance of the dendrite"] = 170.0
    g_d: Annotated[pA, "regenerative current of the dendrite"] = 1200.0
    c_d: Annotated[pA, "current of the back-propagating spike"] = 2600.0
    a: Annotated[nS, "strength of the dendritic adaptation"] = -13.0
    tau_wd: Annotated[ms, "time constant of the dendritic adaptation"] = 30.0
    E_d: Annotated[mV, "potential at which the dendrite is half active"] = -38.0
    D_d: Annotated[mV, "slope of the dendritic activation"] = 6.0
    K_start: Annotated[duration, "start of the back-propagating spike, after a spike"] = 0.5
    K_stop: Annotated[duration, "end of the back-propagating spike, after a spike"] = 2.5
    t_ref: Annotated[duration, "absolute refractory period"] = 3.0
    V_th_jump: Annotated[mV, "step of the threshold at a spike"] = 0.0
    tau_th: Annotated[ms, "time constant of the threshold"] = 27.0
    tau_syn_soma: Annotated[ms, "time constant of currents through port soma"] = 5.0
    tau_syn_basal: Annotated[ms, "time constant of currents through port basal, which reach the soma"] = 5.0
    tau_syn_apical: Annotated[ms, "time constant of currents through port apical, which reach the dendrite"] = 5.0
    I_e_soma: Annotated[pA, "constant current into the soma"] = 0.0
    I_e_apical: Annotated[pA, "constant current into the dendrite"] = 0.0
    burst_window: Annotated[duration, "a spike within this time of the previous one belongs to the same burst"] = 16.0


def _constants(p: PyramidalParameters, dt: float) -> dict[str, Any]:
    return {
        "P_s": decay(p.tau_s, dt),
        "P_ws": decay(p.tau_ws, dt),
        "P_d": decay(p.tau_d, dt),
        "P_wd": decay(p.tau_wd, dt),
        "P_th": decay(p.tau_th, dt),
        "P_soma": decay(p.tau_syn_soma, dt),
        "P_basal": decay(p.tau_syn_basal, dt),
        "P_apical": decay(p.tau_syn_apical, dt),
        "R_s": np.asarray(p.tau_s) / p.C_s,
        "R_d": np.asarray(p.tau_d) / p.C_d,
        "E_L": p.E_L,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
        "g_s": p.g_s,
        "g_d": p.g_d,
        "c_d": p.c_d,
        "a": p.a,
        "b": p.b,
        "E_d": p.E_d,
        "D_d": p.D_d,
        "V_th_jump": p.V_th_jump,
        "I_e_soma": p.I_e_soma,
        "I_e_apical": p.I_e_apical,
        "n_start": np.floor(np.asarray(p.K_start) / dt + 0.5) + 0.0,
        "n_stop": np.floor(np.asarray(p.K_stop) / dt + 0.5) + 0.0,
        "n_ref": refractory_steps(p.t_ref, dt),
    }


def _initial(p: PyramidalParameters) -> dict[str, Any]:
    return {"V_s": p.E_L, "V_d": p.E_L, "steps_since_spike": 1e9}


@scalar
def pyramidal_step(
    V_s, V_d, w_s, w_d, threshold, steps_since_spike, I_syn_soma, I_syn_basal, I_syn_apical,
    in_soma, in_basal, in_apical, I_soma, I_apical,
    P_s, P_ws, P_d, P_wd, P_th, P_soma, P_basal, P_apical, R_s, R_d, E_L, V_th, V_reset, g_s, g_d, c_d, a, b, E_d, D_d,
    V_th_jump, I_e_soma, I_e_apical, n_start, n_stop, n_ref,
):  # fmt: skip
    """Exponential Euler: each equation exact for its own leak, with its input constant over the step (first order)."""
    f = 1.0 / (1.0 + exponential(-(V_d - E_d) / D_d))
    K = 1.0 if n_start <= steps_since_spike and steps_since_spike < n_stop else 0.0
    V_s_inf = E_L + R_s * (g_s * f + w_s + I_syn_soma + I_syn_basal + I_soma + I_e_soma)
    V_d_inf = E_L + R_d * (g_d * f + c_d * K + w_d + I_syn_apical + I_apical + I_e_apical)
    w_d_inf = a * (V_d - E_L)
    V_d_new = V_d_inf + (V_d - V_d_inf) * P_d
    V_s_new = V_s_inf + (V_s - V_s_inf) * P_s
    held = steps_since_spike < n_ref
    V_s_new = V_reset if held else V_s_new
    w_s = w_s * P_ws
    w_d = w_d_inf + (w_d - w_d_inf) * P_wd
    threshold = threshold * P_th
    I_syn_soma = I_syn_soma * P_soma + in_soma
    I_syn_basal = I_syn_basal * P_basal + in_basal
    I_syn_apical = I_syn_apical * P_apical + in_apical
    fired = V_s_new >= V_th + threshold
    plateau = V_d < E_d and V_d_new >= E_d
    V_s_new = V_reset if fired else V_s_new
    w_s = w_s + b if fired else w_s
    threshold = threshold + V_th_jump if fired else threshold
    steps_since_spike = 0.0 if fired else steps_since_spike + 1.0
    mask = np.uint8(fired) + np.uint8(2) * np.uint8(plateau)
    return V_s_new, V_d_new, w_s, w_d, threshold, steps_since_spike, I_syn_soma, I_syn_basal, I_syn_apical, mask


@scalar
def pyramidal_slopes(
    V_s, V_d, w_s, w_d, threshold, steps_since_spike, current_soma, current_apical,
    E_L, tau_s, C_s, g_s, tau_ws, tau_d, C_d, g_d, c_d, a, tau_wd, E_d, D_d, tau_th, n_start, n_stop,
):  # fmt: skip
    f = 1.0 / (1.0 + exponential(-(V_d - E_d) / D_d))
    K = 1.0 if n_start <= steps_since_spike and steps_since_spike < n_stop else 0.0
    dV_s = -(V_s - E_L) / tau_s + (g_s * f + w_s + current_soma) / C_s
    dV_d = -(V_d - E_L) / tau_d + (g_d * f + c_d * K + w_d + current_apical) / C_d
    return dV_s, dV_d, -w_s / tau_ws, (a * (V_d - E_L) - w_d) / tau_wd, -threshold / tau_th


@scalar
def pyramidal_spike(V_s, V_d, w_s, w_d, threshold, steps_since_spike, V_d_before, V_th, V_reset, b, E_d, V_th_jump):
    fired = V_s >= V_th + threshold
    plateau = V_d_before < E_d and V_d >= E_d
    V_s = V_reset if fired else V_s
    w_s = w_s + b if fired else w_s
    threshold = threshold + V_th_jump if fired else threshold
    steps_since_spike = 0.0 if fired else steps_since_spike + 1.0
    return V_s, V_d, w_s, w_d, threshold, steps_since_spike, np.uint8(fired) + np.uint8(2) * np.uint8(plateau)


_OF_MEMBRANE = (
    "E_L", "V_th", "V_reset", "tau_s", "C_s", "g_s", "b", "tau_ws", "tau_d", "C_d", "g_d", "c_d", "a", "tau_wd", "E_d",
    "D_d", "V_th_jump", "tau_th", "I_e_soma", "I_e_apical",
)  # fmt: skip


def _membrane_constants(p: Any, dt: float) -> dict[str, Any]:
    return {
        **{name: getattr(p, name) for name in _OF_MEMBRANE},
        "n_start": np.floor(np.asarray(p.K_start) / dt + 0.5) + 0.0,
        "n_stop": np.floor(np.asarray(p.K_stop) / dt + 0.5) + 0.0,
        "n_ref": refractory_steps(p.t_ref, dt),
        "dt": dt,
    }


Pyramidal = NeuronModel(
    "Pyramidal",
    PyramidalParameters,
    _constants,
    pyramidal_step,
    state={
        "V_s": "mV",
        "V_d": "mV",
        "w_s": "pA",
        "w_d": "pA",
        "threshold": "mV",
        "steps_since_spike": "1",
        "I_syn_soma": "pA",
        "I_syn_basal": "pA",
        "I_syn_apical": "pA",
    },  # fmt: skip
    ports={"soma": "pA", "basal": "pA", "apical": "pA"},
    currents=("soma", "apical"),
    initial=_initial,
    kinds=("spike", "event", "burst", "plateau"),
    equations="""
    dV_s/dt = -(V_s - E_L) / tau_s + (g_s * f + w_s + I_syn_soma + I_syn_basal + I_e_soma) / C_s : volt (unless refractory)
    dV_d/dt = -(V_d - E_L) / tau_d + (g_d * f + c_d * K + w_d + I_syn_apical + I_e_apical) / C_d : volt
    f = 1 / (1 + exp(-(V_d - E_d) / D_d)) : 1
    K = int(t - lastspike > K_start) * int(t - lastspike <= K_stop) : 1
    dw_s/dt = -w_s / tau_ws : amp
    dw_d/dt = (-w_d + a * (V_d - E_L)) / tau_wd : amp
    dthreshold/dt = -threshold / tau_th : volt
    dI_syn_soma/dt = -I_syn_soma / tau_syn_soma : amp
    dI_syn_basal/dt = -I_syn_basal / tau_syn_basal : amp
    dI_syn_apical/dt = -I_syn_apical / tau_syn_apical : amp
    """,  # noqa: E501 (an equation is one line)
    threshold="V_s >= V_th + threshold",
    reset="V_s = V_reset; w_s += b; threshold += V_th_jump",
    arrivals={"soma": "I_syn_soma", "basal": "I_syn_basal", "apical": "I_syn_apical"},
    membrane=Membrane(
        state=("V_s", "V_d", "w_s", "w_d", "threshold", "steps_since_spike"),
        constants=_membrane_constants,
        slopes=pyramidal_slopes,
        moving=("V_s", "V_d", "w_s", "w_d", "threshold"),
        spike=pyramidal_spike,
        held="steps_since_spike < n_ref",
        compartments={"soma": Compartment("V_s", "I_e_soma"), "apical": Compartment("V_d", "I_e_apical")},
        equations="""
        dV_s/dt = -(V_s - E_L) / tau_s + (g_s * f + w_s + I_syn_soma + I_e_soma) / C_s : volt (unless refractory)
        dV_d/dt = -(V_d - E_L) / tau_d + (g_d * f + c_d * K + w_d + I_syn_apical + I_e_apical) / C_d : volt
        f = 1 / (1 + exp(-(V_d - E_d) / D_d)) : 1
        K = int(t - lastspike > K_start) * int(t - lastspike <= K_stop) : 1
        dw_s/dt = -w_s / tau_ws : amp
        dw_d/dt = (-w_d + a * (V_d - E_L)) / tau_wd : amp
        dthreshold/dt = -threshold / tau_th : volt
        """,
        synaptic=("tau_syn_soma", "tau_syn_basal", "tau_syn_apical"),
    ),
    margin="V_s - (V_th + threshold)",
)
