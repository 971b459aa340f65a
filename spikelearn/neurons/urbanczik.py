"""Two-compartment neuron whose dendrite predicts the firing of its soma (Urbanczik & Senn 2014, Neuron 81:521).

C_m_soma V_s' = g_L_soma (E_L_soma - V_s) + g_sp (V_d - V_s) + g_exc (E_exc - V_s) + g_inh (E_inh - V_s) + I_soma
C_m_dend V_d' = g_L_dend (E_L_dend - V_d) + I_syn_exc + I_syn_inh + I_dend

The dendrite drives the soma but is not affected by it. The soma fires at random with the hazard phi(V_s), is not reset,
and is silent for t_ref; phi(U) = phi_max / (1 + rate_slope exp(beta (theta - U))). Conductances through the ports
soma_exc and soma_inh teach it. Without them V_s would go to V* = (g_L_soma E_L_soma + g_sp V_d) / (g_L_soma + g_sp), so
phi(V*) is the dendrite's prediction: rho_star, which the rule Urbanczik compares with the spikes; slope_star is the
derivative of its logarithm with respect to V*.

It is NEST's pp_cond_exp_mc_urbanczik with the same defaults and g_ps = 0. The random numbers differ from NEST's, so the
spikes do too.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.lif_escape_noise import event_probability, hazard_not_negative
from spikelearn.neurons.membrane import current_propagator, refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import Hz, duration, ms, mV, nS, number, pA, pF, unit_named

per_mV = Annotated[float, unit_named("1/mV")]


class PyramidalUrbanczikParameters(NamedTuple):
    C_m_soma: Annotated[pF, "capacitance of the soma"] = 300.0
    g_L_soma: Annotated[nS, "leak conductance of the soma"] = 30.0
    E_L_soma: Annotated[mV, "leak reversal potential of the soma"] = -70.0
    E_exc: Annotated[mV, "reversal potential of port soma_exc"] = 0.0
    E_inh: Annotated[mV, "reversal potential of port soma_inh"] = -75.0
    tau_syn_soma_exc: Annotated[ms, "time constant of conductance through port soma_exc"] = 3.0
    tau_syn_soma_inh: Annotated[ms, "time constant of conductance through port soma_inh"] = 3.0
    I_e_soma: Annotated[pA, "constant current into the soma"] = 0.0
    C_m_dend: Annotated[pF, "capacitance of the dendrite"] = 300.0
    g_L_dend: Annotated[nS, "leak conductance of the dendrite"] = 30.0
    E_L_dend: Annotated[mV, "leak reversal potential of the dendrite"] = -70.0
    tau_syn_dend_exc: Annotated[ms, "time constant of currents through port dend_exc"] = 3.0
    tau_syn_dend_inh: Annotated[ms, "time constant of currents through port dend_inh"] = 3.0
    I_e_dend: Annotated[pA, "constant current into the dendrite"] = 0.0
    g_sp: Annotated[nS, "conductance from the dendrite to the soma"] = 600.0
    phi_max: Annotated[Hz, "largest hazard; NEST's is per ms"] = 150.0
    rate_slope: Annotated[number, "called k in the paper"] = 0.5
    beta: Annotated[per_mV, "steepness of the hazard"] = 1.0 / 3.0
    theta: Annotated[mV, "potential at which the hazard is phi_max / (1 + rate_slope)"] = -55.0
    t_ref: Annotated[duration, "refractory period"] = 3.0


def _constants(p: PyramidalUrbanczikParameters, dt: float) -> dict[str, Any]:
    tau_d = np.asarray(p.C_m_dend) / p.g_L_dend
    return {
        "half_exc": np.exp(-0.5 * dt / np.asarray(p.tau_syn_soma_exc)) + 0.0,
        "half_inh": np.exp(-0.5 * dt / np.asarray(p.tau_syn_soma_inh)) + 0.0,
        "dt_C": dt / np.asarray(p.C_m_soma),
        "g_0": np.asarray(p.g_L_soma) + p.g_sp,
        "I_0": np.asarray(p.g_L_soma) * p.E_L_soma + p.I_e_soma,
        "g_sp": p.g_sp,
        "E_exc": p.E_exc,
        "E_inh": p.E_inh,
        "P_d": np.exp(-dt / tau_d) + 0.0,
        "P_dI": -np.expm1(-dt / tau_d) / p.g_L_dend,
        "E_L_dend": p.E_L_dend,
        "I_e_dend": p.I_e_dend,
        "P_exc": np.exp(-dt / np.asarray(p.tau_syn_dend_exc)) + 0.0,
        "P_inh": np.exp(-dt / np.asarray(p.tau_syn_dend_inh)) + 0.0,
        "P_dexc": current_propagator(tau_d, p.tau_syn_dend_exc, p.C_m_dend, dt),
        "P_dinh": current_propagator(tau_d, p.tau_syn_dend_inh, p.C_m_dend, dt),
        "star_0": np.asarray(p.g_L_soma) * p.E_L_soma / (np.asarray(p.g_L_soma) + p.g_sp),
        "star_d": np.asarray(p.g_sp) / (np.asarray(p.g_L_soma) + p.g_sp),
        "phi_max": p.phi_max,
        "rate_slope": p.rate_slope,
        "beta": p.beta,
        "theta": p.theta,
        "n_ref": refractory_steps(p.t_ref, dt),
        "dt": dt,
    }


@scalar
def pyramidal_urbanczik_step(
    V_s, V_d, refractory, g_exc, g_inh, I_syn_exc, I_syn_inh, rho_star, slope_star,
    in_dend_exc, in_dend_inh, in_soma_exc, in_soma_inh, I_dend_exc, I_soma_exc, uniform,
    half_exc, half_inh, dt_C, g_0, I_0, g_sp, E_exc, E_inh, P_d, P_dI, E_L_dend, I_e_dend, P_exc, P_inh, P_dexc, P_dinh,
    star_0, star_d, phi_max, rate_slope, beta, theta, n_ref, dt,
):  # fmt: skip
    """The dendrite exactly; the soma by exponential Euler, conductances and V_d at mid-step (second order)."""
    V_d_new = E_L_dend + P_d * (V_d - E_L_dend) + P_dI * (I_dend_exc + I_e_dend)
    V_d_new = V_d_new + P_dexc * I_syn_exc + P_dinh * I_syn_inh
    g_exc = g_exc * half_exc
    g_inh = g_inh * half_inh
    g = g_0 + g_exc + g_inh
    V_inf = (I_0 + I_soma_exc + g_sp * 0.5 * (V_d + V_d_new) + g_exc * E_exc + g_inh * E_inh) / g
    V_s = V_inf + (V_s - V_inf) * exponential(-dt_C * g)
    g_exc = g_exc * half_exc + in_soma_exc
    g_inh = g_inh * half_inh + in_soma_inh
    I_syn_exc = I_syn_exc * P_exc + in_dend_exc
    I_syn_inh = I_syn_inh * P_inh + in_dend_inh
    distance = rate_slope * exponential(beta * (theta - star_0 - star_d * V_d_new))
    rho_star = phi_max / (1.0 + distance)
    slope_star = beta * (distance / (1.0 + distance))
    held = refractory > 0.0
    refractory = refractory - 1.0 if held else refractory
    rho = phi_max / (1.0 + rate_slope * exponential(beta * (theta - V_s)))
    fired = uniform < event_probability(1e-3 * rho * dt) and not held
    refractory = n_ref if fired else refractory
    return V_s, V_d_new, refractory, g_exc, g_inh, I_syn_exc, I_syn_inh, rho_star, slope_star, np.uint8(fired)


def _initial(p: PyramidalUrbanczikParameters) -> dict[str, Any]:
    return {"V_s": p.E_L_soma, "V_d": p.E_L_dend}


_SOMA = {
    "C_m_soma": "C_m",
    "g_L_soma": "g_L",
    "E_L_soma": "E_L",
    "E_exc": "E_ex",
    "E_inh": "E_in",
    "tau_syn_soma_exc": "tau_syn_ex",
    "tau_syn_soma_inh": "tau_syn_in",
    "I_e_soma": "I_e",
}
_DENDRITE = {
    "C_m_dend": "C_m",
    "g_L_dend": "g_L",
    "E_L_dend": "E_L",
    "tau_syn_dend_exc": "tau_syn_ex",
    "tau_syn_dend_inh": "tau_syn_in",
}


def _in_nest(p: PyramidalUrbanczikParameters, dt: float) -> dict[str, Any]:
    """NEST keeps the values of each compartment in a separate dictionary."""
    soma = {theirs: float(getattr(p, ours)) for ours, theirs in _SOMA.items()}
    dendrite = {theirs: float(getattr(p, ours)) for ours, theirs in _DENDRITE.items()}
    return {
        "soma": {**soma, "V_m": soma["E_L"]},
        "dendritic": {**dendrite, "V_m": dendrite["E_L"]},
        "phi_max": np.asarray(p.phi_max) * 1e-3,
    }


def _not_in_nest(p: PyramidalUrbanczikParameters, dt: float) -> str | None:
    if np.any(np.asarray(p.I_e_dend) != 0):
        return "NEST ignores the I_e of the dendrite, so I_e_dend must be 0 there"
    several = [name for name in (*_SOMA, *_DENDRITE) if np.size(getattr(p, name)) > 1]
    if several:
        return f"parameters of a compartment must be the same for all neurons there, got several values of {several[0]}"
    return None


PyramidalUrbanczik = NeuronModel(
    "PyramidalUrbanczik",
    PyramidalUrbanczikParameters,
    _constants,
    pyramidal_urbanczik_step,
    state={
        "V_s": "mV",
        "V_d": "mV",
        "refractory": "1",
        "g_exc": "nS",
        "g_inh": "nS",
        "I_syn_exc": "pA",
        "I_syn_inh": "pA",
        "rho_star": "Hz",
        "slope_star": "1/mV",
    },
    ports={"dend_exc": "pA", "dend_inh": "pA", "soma_exc": "nS", "soma_inh": "nS"},
    currents=("dend_exc", "soma_exc"),
    random=("uniform",),
    initial=_initial,
    equations="""
    dV_s/dt = (g_L_soma * (E_L_soma - V_s) + g_sp * (V_d - V_s) + g_exc * (E_exc - V_s) + g_inh * (E_inh - V_s) + I_e_soma) / C_m_soma : volt
    dV_d/dt = (g_L_dend * (E_L_dend - V_d) + I_syn_exc + I_syn_inh + I_e_dend) / C_m_dend : volt
    dg_exc/dt = -g_exc / tau_syn_soma_exc : siemens
    dg_inh/dt = -g_inh / tau_syn_soma_inh : siemens
    dI_syn_exc/dt = -I_syn_exc / tau_syn_dend_exc : amp
    dI_syn_inh/dt = -I_syn_inh / tau_syn_dend_inh : amp
    """,  # noqa: E501 (an equation is one line)
    threshold="rand() < -expm1(-phi_max / (1 + rate_slope * exp(beta * (theta - V_s))) * dt)",
    reset="",
    arrivals={"dend_exc": "I_syn_exc", "dend_inh": "I_syn_inh", "soma_exc": "g_exc", "soma_inh": "g_inh"},
    driven={"dend_exc": "I_e_dend", "soma_exc": "I_e_soma"},
    check=lambda p: hazard_not_negative("phi_max", p.phi_max),
    nest=NestNeuron(
        "pp_cond_exp_mc_urbanczik",
        parameters=dict.fromkeys([*_SOMA, *_DENDRITE, "I_e_dend", "phi_max"], ""),
        variables={"V_s": "V_m.s", "V_d": "V_m.p", "g_exc": "g_ex.s", "g_inh": "g_in.s", "I_syn_exc": "I_ex.p"},
        ports={
            "soma_exc": NestPort(receptor=1, sign=1),
            "soma_inh": NestPort(receptor=2, sign=1),
            "dend_exc": NestPort(receptor=3, sign=1),
            "dend_inh": NestPort(receptor=4, sign=1, factor=-1.0),
        },
        currents={},
        start={},
        more=_in_nest,
        check=_not_in_nest,
        rest=lambda p: {"phi_max": 0.0},
    ),
    properties=Properties(order=2, quiet={"phi_max": 0.0}, firing={"I_e_soma": 9000.0}),
)
