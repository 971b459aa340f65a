"""Perfect integrate-and-fire neuron (Gerstein & Mandelbrot 1964): regular spikes at a rate set by its current.

phase' = r / interval, r = (I_e + I_syn + I) / I_1; a spike whenever phase reaches 1, and the excess is kept. Without
leak or reset none of the current is lost, so the neuron converts numbers into spikes with minimal noise. It emits an
event of kind `rate` in every step, to carry r.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import ms, pA


class PerfectIntegratorParameters(NamedTuple):
    interval: Annotated[ms, "time between spikes at a rate of 1; at least the time step"] = 1.0
    I_1: Annotated[pA, "current for a rate of 1"] = 1.0
    I_e: Annotated[pA, "constant current"] = 0.0
    tau_syn: Annotated[ms, "time constant of currents through port exc"] = 5.0


def _constants(p: PerfectIntegratorParameters, dt: float) -> dict[str, Any]:
    return {
        "I_1": p.I_1,
        "I_e": p.I_e,
        "quantum": dt / np.asarray(p.interval),
        "P_syn": np.exp(-dt / np.asarray(p.tau_syn, float)) + 0.0,
    }


@scalar
def perfect_integrator_step(phase, r, I_syn, in_exc, I_exc, I_1, I_e, quantum, P_syn):
    r = max((I_e + I_syn + I_exc) / I_1, 0.0)
    I_syn = I_syn * P_syn + in_exc
    phase = phase + r * quantum
    fired = phase >= 1.0
    phase = phase - 1.0 if fired else phase
    return phase, r, I_syn, np.uint8(fired) + np.uint8(16)


@scalar
def perfect_integrator_margin(phase, r, I_syn, in_exc, I_exc, I_1, I_e, quantum, P_syn):
    return phase + max((I_e + I_syn + I_exc) / I_1, 0.0) * quantum - 1.0


PerfectIntegrator = NeuronModel(
    "PerfectIntegrator",
    PerfectIntegratorParameters,
    _constants,
    perfect_integrator_step,
    state={"phase": "1", "r": "1", "I_syn": "pA"},
    ports={"exc": "pA"},
    currents=("exc",),
    initial=lambda p: {},
    kinds=("spike", "rate"),
    equations="""
    dphase/dt = r / interval : 1
    r = clip((I_e + I_syn) / I_1, 0, inf) : 1
    dI_syn/dt = -I_syn / tau_syn : amp
    """,
    threshold="phase >= 1",
    reset="phase -= 1",
    arrivals={"exc": "I_syn"},
    margin=perfect_integrator_margin,
    properties=Properties(quiet={"I_1": 1e4}),
)
