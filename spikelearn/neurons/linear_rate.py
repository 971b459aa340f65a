"""Linear unit of graded activity, which may be negative: tau dy/dt = -leak y + input (Dayan & Abbott 2001, Theoretical
Neuroscience, section 7.2, without their rectification).

The input is what arrives at port exc, less what arrives at port inh, plus the current, 1 pA for 1; it is that of one
step, and the step is exact for it. With tau = 0 the activity is the input itself; with leak = 0 the unit integrates, so
that it comes to rest where its input is 0. It emits a `rate` in every step, an event that can carry its activity:
`net.connect(..., on="rate", payload="y")`.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import ms, number


class LinearRateParameters(NamedTuple):
    tau: Annotated[ms, "time constant; 0 for none"] = 0.0
    leak: Annotated[number, "of the activity; 0 for an integrator"] = 1.0


def _constants(p: LinearRateParameters, dt: float) -> dict[str, Any]:
    tau, leak = np.broadcast_arrays(np.asarray(p.tau, float), np.asarray(p.leak, float))
    slow, leaks = tau > 0.0, leak > 0.0
    rate = dt / np.where(slow, tau, 1.0)
    gain = np.where(leaks, -np.expm1(-rate * leak) / np.where(leaks, leak, 1.0), rate)
    return {"keep": np.where(slow, np.exp(-rate * leak), 0.0), "gain": np.where(slow, gain, 1.0)}


def _check(p: LinearRateParameters) -> str | None:
    for name in ("tau", "leak"):
        if np.any(np.asarray(getattr(p, name)) < 0.0):
            return f"{name} must be at least 0, got {getattr(p, name)}"
    return None


@scalar
def linear_rate_step(y, in_exc, in_inh, I_exc, keep, gain):
    return keep * y + gain * (in_exc - in_inh + I_exc), np.uint8(16)


LinearRate = NeuronModel(
    "LinearRate",
    LinearRateParameters,
    _constants,
    linear_rate_step,
    state={"y": "1"},
    ports={"exc": "1", "inh": "1"},
    currents=("exc",),
    initial=lambda p: {},
    kinds=("rate",),
    check=_check,
    time_constants=lambda p: {},
)
