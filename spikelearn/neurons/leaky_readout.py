"""Leaky readout of a spiking network: a potential without spikes, and its error beside that of a teacher.

In each step V_m <- kappa V_m + (1 - kappa) (what arrives at ports soma and noise + I_soma) with kappa = exp(-dt/tau_m),
as in LIFSoftReset, and V_sum grows by V_m (Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36(6):51). With
p = 1/(1 + exp(-gain V_m)) and two currents of 1 pA or less, the teacher y and `learning` l,

    error = l (p - y),    loss grows by -l (y ln p + (1 - y) ln(1 - p)),

so that gain times the error is the derivative of what is added to the loss by V_m. It emits a `rate` in every step, an
event that can carry the error to other cells: `net.connect(readout, hidden, "apical", on="rate", payload="error")`.
Numbers have no unit, a current of 1 pA is an input of 1, and any step is exact. The default kappa is 0.9 at dt = 1 ms.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.kernels.functions import log1p
from spikelearn.neurons.membrane import decay
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import ms, number


class LeakyReadoutParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = 9.491221581029903  # -1 / ln(0.9)
    gain: Annotated[number, "steepness of the answer as a function of V_m"] = 4.0


def _constants(p: LeakyReadoutParameters, dt: float) -> dict[str, Any]:
    return {"kappa": decay(p.tau_m, dt), "arriving": -np.expm1(-dt / np.asarray(p.tau_m, float)), "gain": p.gain}


@scalar
def leaky_readout_step(
    V_m, V_sum, error, loss, noise, in_soma, in_noise, I_soma, I_teacher, I_learning, kappa, arriving, gain
):
    V_m = kappa * V_m + arriving * (in_soma + in_noise + I_soma)
    x = gain * V_m
    below = exponential(-abs(x))
    share = 1.0 / (1.0 + below)
    p = share if x >= 0.0 else below * share
    error = I_learning * (p - I_teacher)
    # -ln(1 - p) = ln(1 + exp(x)) = max(x, 0) + ln(1 + exp(-|x|)), and -ln p is x less
    loss = loss + I_learning * (max(x, 0.0) + log1p(below) - I_teacher * x)
    return V_m, V_sum + V_m, error, loss, in_noise, np.uint8(16)


LeakyReadout = NeuronModel(
    "LeakyReadout",
    LeakyReadoutParameters,
    _constants,
    leaky_readout_step,
    state={"V_m": "1", "V_sum": "1", "error": "1", "loss": "1", "noise": "1"},
    ports={"soma": "1", "noise": "1"},
    currents=("soma", "teacher", "learning"),
    initial=lambda p: {},
    kinds=("rate",),
    equations="""
    dV_m/dt = (I_soma / pA - V_m) / tau_m : 1
    I_soma : amp
    noise : 1
    """,
    arrivals={
        "soma": "V_m += (1 - exp(-dt / tau_m)) * weight",
        "noise": "V_m += (1 - exp(-dt / tau_m)) * weight; noise += weight",
    },
    each_step="noise = 0",
    driven={"soma": "I_soma"},
    method="exact",
    properties=Properties(order=EXACT),
    time_constants=lambda p: {},
)
