"""Leaky integrate-and-fire neuron with an adaptive threshold, in discrete time: the ALIF unit of LSNNs.

Bellec, Salaj, Subramoney, Legenstein & Maass 2018 (NeurIPS 31); Bellec et al. 2020, Nature Communications 11:3625, Eq.
6 to 8, and NEST's eprop_iaf_adapt_bsshslm_2020 without refractoriness. As for LIFSoftReset, numbers have no unit, a
current of 1 pA is an input of 1, and any step is exact. With alpha = exp(-dt/tau_m) and rho = exp(-dt/tau_a), in each
step

    V_m <- alpha V_m + (1 - alpha) (what arrives at port soma + I_soma) - V_th z,
    a <- rho a + z,
    z = 1, a spike, if V_m >= V_th + beta a, else 0.

V_m and a are kept as after the spike: V_m - V_th/alpha and a + 1/rho, of which the next step makes this. margin = V_m -
V_th - beta a, and

    psi = gamma/V_th max(0, 1 - |margin|/V_th)

is the pseudo-derivative of the spike by V_m. `apical` is what arrives at port apical in a step, such as errors that are
fed back: it can be recorded and learned from but does not drive the cell. With beta = 0 it does not adapt.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import decay
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import ms, number


class LIFAdaptiveSoftResetParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = 20.0
    tau_a: Annotated[ms, "time constant of the adaptation"] = 200.0
    V_th: Annotated[number, "threshold of a neuron that has not fired, and the height of the reset"] = 1.0
    beta: Annotated[number, "by how much an adaptation of 1 raises the threshold"] = 0.1
    gamma: Annotated[number, "height of the pseudo-derivative, times V_th"] = 0.3


def _constants(p: LIFAdaptiveSoftResetParameters, dt: float) -> dict[str, Any]:
    alpha, rho = decay(p.tau_m, dt), decay(p.tau_a, dt)
    return {
        "alpha": alpha,
        "arriving": -np.expm1(-dt / np.asarray(p.tau_m, float)),
        "rho": rho,
        "fall": p.V_th / alpha,
        "rise": 1.0 / rho,
        "V_th": p.V_th,
        "beta": p.beta,
        "height": p.gamma / np.asarray(p.V_th, float),
    }


@scalar
def lif_adaptive_soft_reset_step(
    V_m, a, margin, psi, apical, in_soma, in_apical, I_soma, alpha, arriving, rho, fall, rise, V_th, beta, height
):
    V_m = alpha * V_m + arriving * (in_soma + I_soma)
    a = rho * a
    margin = V_m - V_th - beta * a
    fired = margin >= 0.0
    psi = height * max(0.0, 1.0 - abs(margin) / V_th)
    V_m = V_m - fall if fired else V_m
    a = a + rise if fired else a
    return V_m, a, margin, psi, in_apical, np.uint8(fired)


def _check(p: LIFAdaptiveSoftResetParameters) -> str | None:
    if np.any(np.asarray(p.V_th) <= 0):
        return f"V_th must be more than 0, got {p.V_th}"
    for name in ("beta", "gamma"):
        if np.any(np.asarray(getattr(p, name)) < 0):
            return f"{name} must be at least 0, got {getattr(p, name)}"
    return None


LIFAdaptiveSoftReset = NeuronModel(
    "LIFAdaptiveSoftReset",
    LIFAdaptiveSoftResetParameters,
    _constants,
    lif_adaptive_soft_reset_step,
    state={"V_m": "1", "a": "1", "margin": "1", "psi": "1", "apical": "1"},
    ports={"soma": "1", "apical": "1"},
    currents=("soma",),
    initial=lambda p: {},
    equations="""
    dV_m/dt = (I_soma / pA - V_m) / tau_m : 1
    da/dt = -a / tau_a : 1
    I_soma : amp
    apical : 1
    """,
    threshold="V_m >= V_th + beta * a",
    reset="V_m -= V_th * exp(dt / tau_m); a += exp(dt / tau_a)",
    arrivals={"soma": "V_m += (1 - exp(-dt / tau_m)) * weight", "apical": "apical"},
    each_step="apical = 0",
    driven={"soma": "I_soma"},
    method="exact",
    check=_check,
    margin="margin",
    properties=Properties(order=EXACT),
    time_constants=lambda p: {},
)
