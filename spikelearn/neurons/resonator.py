"""Balanced resonate-and-fire neuron: a damped oscillator that spikes, with a complex potential z = u + i v.

Izhikevich 2001, Neural Networks 14:883: z' = (b + i omega) z + I, a spike when the potential exceeds a threshold, and
no reset of z. Balanced, Higuchi, Kairat, Bohte & Otte 2024 (ICML, PMLR 235), Eq. 5 to 9: b changes, so that an
oscillation never grows by the error of Euler's steps, and so that spikes damp it. In each step

    b = p(omega) - b' - gamma q,    p(omega) = (-1 + sqrt(1 - (dt omega)^2)) / dt,
    u <- u + dt (b u - omega v) + dt/tau_m (what arrives at port soma + I_soma),    v <- v + dt (omega u + b v),
    z = 1, a spike, if u >= V_th + q, else 0,    q <- exp(-dt/tau_q) q + z.

On the right are values before the step, but u in the comparison. p is where |1 + dt (b + i omega)| = 1, so that b' > 0
is all that damps. Numbers have no unit, a current of 1 pA is an input of 1. The paper's unit of time is 100 steps; with
dt = 1 ms its q damps by 0.01 / ms, and decays by 0.9 in a step, as by default here.

Currents of 1 pA through frequency and damping add 1 / ms to omega and to b', so that gradients by these currents are
those by omega and b'. Ours: the sum with b' counts as its size, and |omega| and -b are at most 0.99 / dt, so that no
value that is learned makes a neuron unstable; the equations of the model as text are without these bounds.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import decay
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import ms, number, unit_named

per_ms = Annotated[float, unit_named("1/ms")]

LARGEST = 0.99
"""Of dt |omega| and of -dt b: at 1 the derivative of p has no end."""


class ResonatorParameters(NamedTuple):
    omega: Annotated[per_ms, "angular frequency, rad / ms"] = 0.2
    b_offset: Annotated[per_ms, "damping b'"] = 0.005
    V_th: Annotated[number, "threshold"] = 1.0
    tau_m: Annotated[ms, "time in which an input of 1 adds 1 to u"] = 10.0
    tau_q: Annotated[ms, "time constant of the refractoriness q"] = 9.491221581029903  # -1 / ln(0.9)
    gamma: Annotated[per_ms, "damping by a refractoriness of 1"] = 0.01


def _constants(p: ResonatorParameters, dt: float) -> dict[str, Any]:
    return {
        "omega": p.omega,
        "b_offset": p.b_offset,
        "V_th": p.V_th,
        "arriving": dt / np.asarray(p.tau_m, float),
        "kept": decay(p.tau_q, dt),
        "gamma": p.gamma,
        "dt": dt,
    }


@scalar
def resonator_step(
    u, v, q, margin, in_soma, I_soma, I_frequency, I_damping, omega, b_offset, V_th, arriving, kept, gamma, dt
):
    turn = dt * (omega + I_frequency)
    turn = min(max(turn, -LARGEST), LARGEST)
    damping = dt * (abs(b_offset + I_damping) + gamma * q)
    change = max(math.sqrt(1.0 - turn * turn) - 1.0 - damping, -LARGEST)
    u_before = u
    u = u + change * u - turn * v + arriving * (in_soma + I_soma)
    v = v + turn * u_before + change * v
    margin = u - V_th - q
    fired = margin >= 0.0
    q = kept * q + (1.0 if fired else 0.0)
    return u, v, q, margin, np.uint8(fired)


def _check(p: ResonatorParameters) -> str | None:
    for name in ("b_offset", "gamma"):
        if np.any(np.asarray(getattr(p, name)) < 0):
            return f"{name} must be at least 0, got {getattr(p, name)}"
    if np.any(np.asarray(p.V_th) <= 0):
        return f"V_th must be more than 0, got {p.V_th}"
    return None


Resonator = NeuronModel(
    "Resonator",
    ResonatorParameters,
    _constants,
    resonator_step,
    state={"u": "1", "v": "1", "q": "1", "margin": "1"},
    ports={"soma": "1"},
    currents=("soma", "frequency", "damping"),
    initial=lambda p: {},
    equations="""
    du/dt = b * u - turning * v + I_soma / pA / tau_m : 1
    dv/dt = turning * u + b * v : 1
    dq/dt = -q / tau_q : 1
    turning = omega + I_frequency / pA / ms : Hz
    b = (sqrt(1 - (dt * turning)**2) - 1) / dt - abs(b_offset + I_damping / pA / ms) - gamma * q : Hz
    I_soma : amp
    I_frequency : amp
    I_damping : amp
    """,
    threshold="u >= V_th + q",
    reset="q += 1",
    arrivals={"soma": "u += dt / tau_m * weight"},
    driven={"soma": "I_soma", "frequency": "I_frequency", "damping": "I_damping"},
    method="euler",
    check=_check,
    margin="margin",
    properties=Properties(order=1, firing={"tau_m": 0.1}),
    time_constants=lambda p: {},
)
