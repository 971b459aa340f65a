"""Soma, basal and apical dendrite of a neuron that learns from prediction errors of its dendrites.

Sacramento, Costa, Bengio & Senn 2018 (NeurIPS, Eqs. 1 to 4), after Urbanczik & Senn 2014:

C_m u' = -g_L u + g_B (v_B - u) + g_A (v_A - u) + g_som (u_target - u),   v_B, v_A: inputs of the dendrites.

Pyramidal cells have g_A; interneurons and cells without feedback have g_A = 0. Somatic nudging is a conductance g_som
towards u_target: port `soma` takes g_som u_target (pA); port `nudging`, or the parameter if it is constant, g_som (nS).

Rates are r = phi(u_r) with phi(u) = 1/(1 + exp(-(u - theta)/Delta_u)), from 0 to 1, in spikes per `interval`. With
latent equilibrium (Haider et al. 2021, NeurIPS, Eq. 6) the rate is prospective, u_r = u + tau_eff u', with tau_eff the
effective time constant: the membrane then causes no delay. prospective = 0 gives u_r = u.

The rate is sent in one of two forms. Spikes are those of a perfect integrator, phase' = r / interval, a spike whenever
phase reaches 1. Events of kind `rate` come in every step and carry r; each counts as one spike per step would, so with
them `interval` is dt. In both forms, arrivals pass a synapse with time constant tau_syn and add interval/tau_syn of
their weight, so that at a constant rate r the dendrite is at weight times r. As `interval` goes to 0, spikes become
the rate form with the same tau_syn.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import ms, mV, nS, number, pA, pF


class ThreeCompartmentParameters(NamedTuple):
    C_m: Annotated[pF, "capacitance of the soma"] = 1.0
    g_L: Annotated[nS, "leak of the soma, towards 0 mV"] = 0.1
    g_B: Annotated[nS, "from the basal dendrite to the soma"] = 1.0
    g_A: Annotated[nS, "from the apical dendrite to the soma"] = 0.28
    g_som: Annotated[nS, "constant nudging of the soma"] = 0.0
    theta: Annotated[mV, "potential at which the rate is one half"] = 0.0
    Delta_u: Annotated[mV, "width of the rate function"] = 1.0
    prospective: Annotated[number, "1: latent equilibrium, 0: rates follow the membrane"] = 1.0
    interval: Annotated[ms, "time between spikes at a rate of 1; the time step if events of kind rate are used"] = 1.0
    tau_syn: Annotated[ms, "time constant of synapses on the dendrites"] = 5.0
    tau_syn_soma: Annotated[ms, "time constant of synapses on the soma"] = 1.0
    I_e: Annotated[pA, "constant current into the soma"] = 0.0


def _constants(p: ThreeCompartmentParameters, dt: float) -> dict[str, Any]:
    P_syn, P_som = (np.exp(-dt / np.asarray(tau, float)) + 0.0 for tau in (p.tau_syn, p.tau_syn_soma))
    return {
        "g_L": p.g_L,
        "g_B": p.g_B,
        "g_A": p.g_A,
        "g_som": p.g_som,
        "theta": p.theta,
        "slope": 1.0 / np.asarray(p.Delta_u),
        "prospective": p.prospective,
        "quantum": dt / np.asarray(p.interval),
        "P_syn": P_syn,
        "gain": (1.0 - P_syn) * p.interval / dt,
        "P_som": P_som,
        "gain_som": (1.0 - P_som) * p.interval / dt,
        "I_e": p.I_e,
        "dt_C": dt / np.asarray(p.C_m),
    }


@scalar
def three_compartment_step(
    u, v_B, v_A, I_nudge, g_nudge, phase, r, in_basal, in_apical, in_soma, in_nudging, I_soma, I_nudging,
    g_L, g_B, g_A, g_som, theta, slope, prospective, quantum, P_syn, gain, P_som, gain_som, I_e, dt_C,
):  # fmt: skip
    """Exponential Euler: the soma exact for conductances and dendrites constant over the step (first order)."""
    g = g_L + g_B + g_A + g_som + g_nudge + I_nudging
    u_inf = (g_B * v_B + g_A * v_A + I_nudge + I_soma + I_e) / g
    u = u_inf + (u - u_inf) * exponential(-g * dt_C)
    v_B = v_B * P_syn + in_basal * gain
    v_A = v_A * P_syn + in_apical * gain
    I_nudge = I_nudge * P_som + in_soma * gain_som
    g_nudge = g_nudge * P_som + in_nudging * gain_som
    g = g_L + g_B + g_A + g_som + g_nudge + I_nudging
    u_inf = (g_B * v_B + g_A * v_A + I_nudge + I_soma + I_e) / g
    u_r = u + prospective * (u_inf - u)
    r = 1.0 / (1.0 + exponential((theta - u_r) * slope))
    phase = phase + r * quantum
    fired = phase >= 1.0
    phase = phase - 1.0 if fired else phase
    return u, v_B, v_A, I_nudge, g_nudge, phase, r, np.uint8(fired) + np.uint8(16)


ThreeCompartment = NeuronModel(
    "ThreeCompartment",
    ThreeCompartmentParameters,
    _constants,
    three_compartment_step,
    state={"u": "mV", "v_B": "mV", "v_A": "mV", "I_nudge": "pA", "g_nudge": "nS", "phase": "1", "r": "1"},
    ports={"basal": "mV", "apical": "mV", "soma": "pA", "nudging": "nS"},
    currents=("soma", "nudging"),
    initial=lambda p: {},
    kinds=("spike", "rate"),
    equations="""
    du/dt = (u_inf - u) * g / C_m : volt
    g = g_L + g_B + g_A + g_som + g_nudge : siemens
    u_inf = (g_B * v_B + g_A * v_A + I_nudge + I_e) / g : volt
    dv_B/dt = -v_B / tau_syn : volt
    dv_A/dt = -v_A / tau_syn : volt
    dI_nudge/dt = -I_nudge / tau_syn_soma : amp
    dg_nudge/dt = -g_nudge / tau_syn_soma : siemens
    r = 1 / (1 + exp((theta - u - prospective * (u_inf - u)) / Delta_u)) : 1
    dphase/dt = r / interval : 1
    """,
    threshold="phase >= 1",
    reset="phase -= 1",
    arrivals={
        "basal": "v_B += weight * interval / tau_syn",
        "apical": "v_A += weight * interval / tau_syn",
        "soma": "I_nudge += weight * interval / tau_syn_soma",
        "nudging": "g_nudge += weight * interval / tau_syn_soma",
    },
    properties=Properties(quiet={"theta": 600.0}),
    time_constants=lambda p: {"tau_syn": p.tau_syn},
)
