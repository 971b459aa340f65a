"""Leaky integrate-and-fire neuron in discrete time, the unit of networks that surrogate gradients train.

Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36(6):51. In each step V_m <- beta V_m + (1 - beta) (what
arrives at ports soma and noise + I_soma) with beta = exp(-dt/tau_m); margin = V_m - V_th; if it is at least 0 the
neuron spikes and V_m falls by V_th (a soft reset: what is above the threshold is kept). Numbers have no unit, a current
of 1 pA is an input of 1, and any step is exact. The default beta is 0.9 at dt = 1 ms.

psi = 1/(1 + slope |margin|)^2 is the surrogate for the derivative of the spike by V_m (Zenke & Ganguli 2018, Neural
Comput. 30:1514). `apical` is what arrives at port apical in a step, such as errors that are fed back: it can be
recorded and learned from but does not drive the cell; nor does `error`, psi times it, which an event of kind `rate` in
every step can carry to a layer below. `noise` is what arrives at port noise, which drives the cell as well. `activity`
is the trace of its spikes, with the membrane's time constant.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import decay
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import ms, number


class LIFSoftResetParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = 9.491221581029903  # -1 / ln(0.9)
    V_th: Annotated[number, "threshold, and the height of the reset"] = 1.0
    slope: Annotated[number, "steepness of the surrogate derivative"] = 3.0


def _constants(p: LIFSoftResetParameters, dt: float) -> dict[str, Any]:
    return {
        "beta": decay(p.tau_m, dt),
        "arriving": -np.expm1(-dt / np.asarray(p.tau_m, float)),
        "V_th": p.V_th,
        "slope": p.slope,
    }


@scalar
def lif_soft_reset_step(
    V_m, margin, psi, apical, error, noise, activity, in_soma, in_apical, in_noise, I_soma, beta, arriving, V_th, slope
):
    V_m = beta * V_m + arriving * (in_soma + in_noise + I_soma)
    margin = V_m - V_th
    fired = margin >= 0.0
    V_m = margin if fired else V_m
    root = 1.0 / (1.0 + slope * abs(margin))
    psi = root * root
    activity = beta * activity + (1.0 if fired else 0.0)
    return V_m, margin, psi, in_apical, psi * in_apical, in_noise, activity, np.uint8(fired) + np.uint8(16)


def _check(p: LIFSoftResetParameters) -> str | None:
    if np.any(np.asarray(p.V_th) <= 0):
        return f"V_th must be more than 0, got {p.V_th}"
    if np.any(np.asarray(p.slope) < 0):
        return f"slope must be at least 0, got {p.slope}"
    return None


LIFSoftReset = NeuronModel(
    "LIFSoftReset",
    LIFSoftResetParameters,
    _constants,
    lif_soft_reset_step,
    state={"V_m": "1", "margin": "1", "psi": "1", "apical": "1", "error": "1", "noise": "1", "activity": "1"},
    ports={"soma": "1", "apical": "1", "noise": "1"},
    currents=("soma",),
    initial=lambda p: {},
    kinds=("spike", "rate"),
    equations="""
    dV_m/dt = (I_soma / pA - V_m) / tau_m : 1
    I_soma : amp
    apical : 1
    noise : 1
    """,
    threshold="V_m >= V_th",
    reset="V_m -= V_th",
    arrivals={
        "soma": "V_m += (1 - exp(-dt / tau_m)) * weight",
        "apical": "apical",
        "noise": "V_m += (1 - exp(-dt / tau_m)) * weight; noise += weight",
    },
    each_step="apical = 0; noise = 0",
    driven={"soma": "I_soma"},
    method="exact",
    check=_check,
    margin="margin",
    properties=Properties(order=EXACT),
    time_constants=lambda p: {},
)
