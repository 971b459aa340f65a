"""Pyramidal cell whose apical dendrite makes plateau potentials (Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901).

V_s' = -g_L V_s + g_B (V_basal + I_e - V_s), g_L = 1/tau_L; each arrival adds weight kappa(t) to V_basal or V_apical,
kappa(t) = (exp(-t/tau_L) - exp(-t/tau_s))/(tau_L - tau_s), whose area is 1. The soma fires at random, in a step with
probability phi(V_s) dt, phi(V) = phi_max sigma(V), sigma(x) = 1/(1 + exp(-x)). Potentials have no unit.

An event of weight 1 at port `forward` or `target` starts an average over t_average, of V_apical and, in the forward
phase, of V_s. It ends with a plateau of strength alpha = sigma(mean V_apical); the one of the target phase sets

    delta = (alpha - alpha of the previous plateau) g_B/(g_L + g_B) phi'(V_s_forward)

for that step only, with V_s_forward the mean V_s of the last forward phase and phi in spikes/ms. The rule
PlateauLearning multiplies it by the input of the synapse. The apical dendrite has no other effect on the soma: its
feedback teaches the cell without changing its output.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.lif_escape_noise import hazard_not_negative
from spikelearn.neurons.membrane import cascade_propagator, current_propagator
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import Hz, ms, number


class PlateauPyramidalParameters(NamedTuple):
    tau_L: Annotated[ms, "leak time constant of the soma, and decay of the response to an arrival"] = 10.0
    tau_s: Annotated[ms, "rise of the response to an arrival"] = 3.0
    g_B: Annotated[number, "conductance from the basal dendrite to the soma, per ms"] = 0.6
    phi_max: Annotated[Hz, "largest rate"] = 200.0
    t_average: Annotated[ms, "averaging time before a plateau"] = 20.0
    I_e: Annotated[number, "constant part of the basal potential, b in the paper"] = 0.0


def dendrite(p: Any, g: Any, dt: float) -> dict[str, Any]:
    """Constants of a dendrite that drives a soma through the conductance g, and of that soma; exact for this step.

    For V' = -(1/tau_L + g) V + g (V_dendrite + I_e): P_ss, P_sI for I_e, P_sb for V_dendrite, P_sr for its rising
    variable, which decays by P_rise; P_decay and P_br are those of V_dendrite; a weight of 1 adds `jump`.
    """
    tau_L, tau_s, g = (np.asarray(value, float) for value in (p.tau_L, p.tau_s, g))
    total = 1.0 / tau_L + g
    return {
        "P_decay": np.exp(-dt / tau_L) + 0.0,
        "P_rise": np.exp(-dt / tau_s) + 0.0,
        "P_br": current_propagator(tau_L, tau_s, 1.0, dt),
        "jump": 1.0 / (tau_L * tau_s),
        "P_ss": np.exp(-dt * total) + 0.0,
        "P_sI": -np.expm1(-dt * total) * g / total,
        "P_sb": current_propagator(1.0 / total, tau_L, 1.0 / g, dt),
        "P_sr": cascade_propagator(1.0 / total, tau_L, tau_s, dt) * g,
    }


def _constants(p: PlateauPyramidalParameters, dt: float) -> dict[str, Any]:
    g_L = 1.0 / np.asarray(p.tau_L, float)
    phi_max = 1e-3 * np.asarray(p.phi_max, float)
    return {
        **dendrite(p, p.g_B, dt),
        "I_e": p.I_e,
        "phi_max": phi_max,
        "k_B": p.g_B / (g_L + p.g_B),
        "t_average": p.t_average,
        "dt": dt,
    }


@scalar
def sigma(x):
    return 1.0 / (1.0 + exponential(-x))


@scalar
def plateau_pyramidal_step(
    V_s, V_basal, dV_basal, V_apical, dV_apical, forward_left, target_left, V_s_forward, V_apical_mean,
    alpha, delta, in_basal, in_apical, in_forward, in_target, uniform,
    P_decay, P_rise, P_br, jump, P_ss, P_sI, P_sb, P_sr, I_e, phi_max, k_B, t_average, dt,
):  # fmt: skip
    V_s = P_ss * V_s + P_sI * I_e + P_sb * V_basal + P_sr * dV_basal
    V_basal = P_decay * V_basal + P_br * dV_basal
    dV_basal = P_rise * dV_basal + jump * in_basal
    V_apical = P_decay * V_apical + P_br * dV_apical
    dV_apical = P_rise * dV_apical + jump * in_apical
    fired = uniform < phi_max * sigma(V_s) * dt
    forward, target = forward_left > 0.5 * dt, target_left > 0.5 * dt
    V_s_forward = V_s_forward + V_s * dt / t_average if forward else V_s_forward
    V_apical_mean = V_apical_mean + V_apical * dt / t_average if forward or target else V_apical_mean
    forward_left = forward_left - dt if forward else forward_left
    target_left = target_left - dt if target else target_left
    ends_forward = forward and forward_left <= 0.5 * dt
    ends_target = target and target_left <= 0.5 * dt
    s = sigma(V_s_forward)
    plateau = sigma(V_apical_mean)
    delta = (plateau - alpha) * k_B * phi_max * s * (1.0 - s) if ends_target else 0.0
    alpha = plateau if ends_forward or ends_target else alpha
    V_s_forward = 0.0 if in_forward > 0.0 else V_s_forward
    V_apical_mean = 0.0 if in_forward + in_target > 0.0 else V_apical_mean
    forward_left = forward_left + t_average * in_forward
    target_left = target_left + t_average * in_target
    mask = np.uint8(fired) + np.uint8(2) * np.uint8(ends_forward or ends_target)
    return (
        V_s, V_basal, dV_basal, V_apical, dV_apical, forward_left, target_left, V_s_forward, V_apical_mean,
        alpha, delta, mask,
    )  # fmt: skip


def check_conductance(p: Any, name: str) -> str | None:
    """An error message about times, the conductance of this name or the largest rate; None if all are valid."""
    if np.any(np.asarray(p.tau_s) >= np.asarray(p.tau_L)):
        return f"tau_s must lie below tau_L, got tau_s {p.tau_s} ms and tau_L {p.tau_L} ms"
    if np.any(np.asarray(getattr(p, name)) <= 0):
        return f"{name} must be more than 0 per ms, got {getattr(p, name)}"
    if np.any(np.asarray(p.t_average) <= 0):
        return f"t_average must be more than 0 ms, got {p.t_average} ms"
    return hazard_not_negative("phi_max", p.phi_max)


PlateauPyramidal = NeuronModel(
    "PlateauPyramidal",
    PlateauPyramidalParameters,
    _constants,
    plateau_pyramidal_step,
    state={
        "V_s": "1",
        "V_basal": "1",
        "dV_basal": "1/ms",
        "V_apical": "1",
        "dV_apical": "1/ms",
        "forward_left": "ms",
        "target_left": "ms",
        "V_s_forward": "1",
        "V_apical_mean": "1",
        "alpha": "1",
        "delta": "1/ms",
    },  # fmt: skip
    ports={"basal": "1", "apical": "1", "forward": "1", "target": "1"},
    random=("uniform",),
    initial=lambda p: {"alpha": 0.5},
    kinds=("spike", "plateau"),
    equations="""
    dV_s/dt = -V_s / tau_L + g_B * (V_basal + I_e - V_s) / ms : 1
    dV_basal/dt = dV_basal - V_basal / tau_L : 1
    ddV_basal/dt = -dV_basal / tau_s : hertz
    dV_apical/dt = dV_apical - V_apical / tau_L : 1
    ddV_apical/dt = -dV_apical / tau_s : hertz
    forward_left : second
    target_left : second
    """,
    threshold="rand() < phi_max / (1 + exp(-V_s)) * dt",
    arrivals={
        "basal": "dV_basal += weight / (tau_L * tau_s) * ms",
        "apical": "dV_apical += weight / (tau_L * tau_s) * ms",
        "forward": "forward_left += weight * t_average",
        "target": "target_left += weight * t_average",
    },
    check=lambda p: check_conductance(p, "g_B"),
    properties=Properties(quiet={"I_e": -200.0}),
)
