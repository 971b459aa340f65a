"""Leaky integrate-and-fire neuron in discrete time whose threshold adapts on two time scales.

LIFAdaptiveSoftReset (Bellec et al. 2020, Nature Communications 11:3625, Eq. 6 to 8) with a second adaptation; ours,
where others nest memory cells. As there, numbers have no unit and any step is exact. With alpha = exp(-dt/tau_m), rho_1
= exp(-dt/tau_1) and rho_2 = exp(-dt/tau_2), in each step

    V_m <- alpha V_m + (1 - alpha) (what arrives at port soma + I_soma) - V_th z,
    a_k <- rho_k a_k + z    for k = 1, 2,
    z = 1, a spike, if V_m >= V_th + beta_1 a_1 + beta_2 a_2, else 0.

V_m and a_k are kept as after the spike: V_m - V_th/alpha and a_k + 1/rho_k, of which the next step makes this. margin =
V_m - V_th - beta_1 a_1 - beta_2 a_2, psi = gamma/V_th max(0, 1 - |margin|/V_th) is the pseudo-derivative of the spike
by V_m, and `apical` is what arrives at port apical in a step, which can be learned from but does not drive the cell.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import decay
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import ms, number


class LIFTwoAdaptationsParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = 20.0
    tau_1: Annotated[ms, "time constant of the fast adaptation"] = 200.0
    tau_2: Annotated[ms, "time constant of the slow adaptation"] = 2000.0
    V_th: Annotated[number, "threshold of a neuron that has not fired, and the height of the reset"] = 1.0
    beta_1: Annotated[number, "by how much a fast adaptation of 1 raises the threshold"] = 0.1
    beta_2: Annotated[number, "by how much a slow adaptation of 1 raises the threshold"] = 0.1
    gamma: Annotated[number, "height of the pseudo-derivative, times V_th"] = 0.3


def _constants(p: LIFTwoAdaptationsParameters, dt: float) -> dict[str, Any]:
    alpha, rho_1, rho_2 = (decay(tau, dt) for tau in (p.tau_m, p.tau_1, p.tau_2))
    return {
        "alpha": alpha,
        "arriving": -np.expm1(-dt / np.asarray(p.tau_m, float)),
        "rho_1": rho_1,
        "rho_2": rho_2,
        "fall": p.V_th / alpha,
        "rise_1": 1.0 / rho_1,
        "rise_2": 1.0 / rho_2,
        "V_th": p.V_th,
        "beta_1": p.beta_1,
        "beta_2": p.beta_2,
        "height": p.gamma / np.asarray(p.V_th, float),
    }


@scalar
def lif_two_adaptations_step(
    V_m, a_1, a_2, margin, psi, apical, in_soma, in_apical, I_soma, alpha, arriving, rho_1, rho_2, fall, rise_1,
    rise_2, V_th, beta_1, beta_2, height
):  # fmt: skip
    V_m = alpha * V_m + arriving * (in_soma + I_soma)
    a_1 = rho_1 * a_1
    a_2 = rho_2 * a_2
    margin = V_m - V_th - beta_1 * a_1 - beta_2 * a_2
    fired = margin >= 0.0
    psi = height * max(0.0, 1.0 - abs(margin) / V_th)
    V_m = V_m - fall if fired else V_m
    a_1 = a_1 + rise_1 if fired else a_1
    a_2 = a_2 + rise_2 if fired else a_2
    return V_m, a_1, a_2, margin, psi, in_apical, np.uint8(fired)


def _check(p: LIFTwoAdaptationsParameters) -> str | None:
    if np.any(np.asarray(p.V_th) <= 0):
        return f"V_th must be more than 0, got {p.V_th}"
    for name in ("beta_1", "beta_2", "gamma"):
        if np.any(np.asarray(getattr(p, name)) < 0):
            return f"{name} must be at least 0, got {getattr(p, name)}"
    return None


LIFTwoAdaptations = NeuronModel(
    "LIFTwoAdaptations",
    LIFTwoAdaptationsParameters,
    _constants,
    lif_two_adaptations_step,
    state={"V_m": "1", "a_1": "1", "a_2": "1", "margin": "1", "psi": "1", "apical": "1"},
    ports={"soma": "1", "apical": "1"},
    currents=("soma",),
    initial=lambda p: {},
    equations="""
    dV_m/dt = (I_soma / pA - V_m) / tau_m : 1
    da_1/dt = -a_1 / tau_1 : 1
    da_2/dt = -a_2 / tau_2 : 1
    I_soma : amp
    apical : 1
    """,
    threshold="V_m >= V_th + beta_1 * a_1 + beta_2 * a_2",
    reset="V_m -= V_th * exp(dt / tau_m); a_1 += exp(dt / tau_1); a_2 += exp(dt / tau_2)",
    arrivals={"soma": "V_m += (1 - exp(-dt / tau_m)) * weight", "apical": "apical"},
    each_step="apical = 0",
    driven={"soma": "I_soma"},
    method="exact",
    check=_check,
    margin="margin",
    properties=Properties(order=EXACT),
    time_constants=lambda p: {},
)
