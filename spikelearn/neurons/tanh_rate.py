"""Rate unit with a saturating activity, for networks that are chaotic or echo what they are given.

tau dx/dt = -x + input, r = tanh(x) + noise. Sompolinsky, Crisanti & Sommers 1988, Phys. Rev. Lett. 61:259; with
exploratory noise, Hoerzer, Legenstein & Maass 2014, Cereb. Cortex 24:677, Eqs. 1 and 2. The input is what arrives at
port exc plus the current, 1 pA for 1; it is that of one step, and the step is exact for it. With tau = 0, x is the
input itself. The noise is uniform from -noise to noise, new in every step. It emits a `rate` in every step, an event
that can carry its activity: `net.connect(..., on="rate", payload="r")`.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.functions import tanh
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import ms, number


class TanhRateParameters(NamedTuple):
    tau: Annotated[ms, "time constant; 0 for none"] = 50.0
    noise: Annotated[number, "half the width of the uniform noise of r"] = 0.0


def _constants(p: TanhRateParameters, dt: float) -> dict[str, Any]:
    tau = np.asarray(p.tau, float)
    slow = tau > 0.0
    keep = np.where(slow, np.exp(-dt / np.where(slow, tau, 1.0)), 0.0)
    return {"keep": keep + 0.0, "gain": 1.0 - keep, "noise": p.noise}


def _check(p: TanhRateParameters) -> str | None:
    for name in ("tau", "noise"):
        if np.any(np.asarray(getattr(p, name)) < 0.0):
            return f"{name} must be at least 0, got {getattr(p, name)}"
    return None


@scalar
def tanh_rate_step(x, r, in_exc, I_exc, uniform, keep, gain, noise):
    x = keep * x + gain * (in_exc + I_exc)
    return x, tanh(x) + noise * (2.0 * uniform - 1.0), np.uint8(16)


TanhRate = NeuronModel(
    "TanhRate",
    TanhRateParameters,
    _constants,
    tanh_rate_step,
    state={"x": "1", "r": "1"},
    ports={"exc": "1"},
    currents=("exc",),
    random=("uniform",),
    initial=lambda p: {},
    kinds=("rate",),
    check=_check,
    time_constants=lambda p: {},
)
