"""Pyramidal cell whose soma a teacher can clamp: the output of Guerguiev, Lillicrap & Richards 2017 (eLife 6:e22901).

V_s' = -g_L V_s + g_D (V_basal + I_e - V_s) + g_exc (E_exc - V_s) + g_inh (E_inh - V_s), with V_basal and the random
spikes of PlateauPyramidal. The current through port `teacher` is the teacher's conductance, per ms: g_exc where it is
positive, g_inh the amount of it where it is negative.

An event of weight 1 at port `forward` or `target` starts an average over t_average: of V_s in the forward phase, of the
rate phi(V_s) in the target phase. At the end of the target phase, for that step only,

    delta = (rate_target - phi(V_s_forward)) g_D/(g_L + g_D) phi'(V_s_forward),

in spikes/ms, which the rule PlateauLearning multiplies by the input of the synapse.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.plateau_pyramidal import check_conductance, dendrite, sigma
from spikelearn.neurons.properties import Properties
from spikelearn.units import Hz, ms, number


class TaughtPyramidalParameters(NamedTuple):
    tau_L: Annotated[ms, "leak time constant of the soma, and decay of the response to an arrival"] = 10.0
    tau_s: Annotated[ms, "rise of the response to an arrival"] = 3.0
    g_D: Annotated[number, "conductance from the dendrite to the soma, per ms"] = 0.6
    phi_max: Annotated[Hz, "largest rate"] = 200.0
    E_exc: Annotated[number, "reversal potential of the excitatory teacher"] = 8.0
    E_inh: Annotated[number, "reversal potential of the inhibitory teacher"] = -8.0
    t_average: Annotated[ms, "averaging time"] = 20.0
    I_e: Annotated[number, "constant part of the dendritic potential, b in the paper"] = 0.0


def _constants(p: TaughtPyramidalParameters, dt: float) -> dict[str, Any]:
    g_L = 1.0 / np.asarray(p.tau_L, float)
    of_dendrite = dendrite(p, p.g_D, dt)
    return {
        **{name: of_dendrite[name] for name in ("P_decay", "P_rise", "P_br", "jump")},
        "g_L": g_L,
        "g_D": p.g_D,
        "E_exc": p.E_exc,
        "E_inh": p.E_inh,
        "I_e": p.I_e,
        "phi_max": 1e-3 * np.asarray(p.phi_max, float),
        "k_D": p.g_D / (g_L + p.g_D),
        "t_average": p.t_average,
        "dt": dt,
    }


@scalar
def taught_pyramidal_step(
    V_s, V_basal, dV_basal, forward_left, target_left, V_s_forward, rate_target, delta,
    in_basal, in_forward, in_target, I_teacher, uniform,
    P_decay, P_rise, P_br, jump, g_L, g_D, E_exc, E_inh, I_e, phi_max, k_D, t_average, dt,
):  # fmt: skip
    """Exponential Euler for the soma, whose leak the teacher changes; the dendrite is held at its mean in the step."""
    decayed = P_decay * V_basal + P_br * dV_basal
    g_exc, g_inh = max(I_teacher, 0.0), max(-I_teacher, 0.0)
    total = g_L + g_D + g_exc + g_inh
    V_s_inf = (g_D * (0.5 * (V_basal + decayed) + I_e) + g_exc * E_exc + g_inh * E_inh) / total
    V_s = V_s_inf + (V_s - V_s_inf) * exponential(-total * dt)
    V_basal = decayed
    dV_basal = P_rise * dV_basal + jump * in_basal
    rate = phi_max * sigma(V_s)
    fired = uniform < rate * dt
    forward, target = forward_left > 0.5 * dt, target_left > 0.5 * dt
    V_s_forward = V_s_forward + V_s * dt / t_average if forward else V_s_forward
    rate_target = rate_target + rate * dt / t_average if target else rate_target
    forward_left = forward_left - dt if forward else forward_left
    target_left = target_left - dt if target else target_left
    ends_target = target and target_left <= 0.5 * dt
    s = sigma(V_s_forward)
    delta = (rate_target - phi_max * s) * k_D * phi_max * s * (1.0 - s) if ends_target else 0.0
    V_s_forward = 0.0 if in_forward > 0.0 else V_s_forward
    rate_target = 0.0 if in_target > 0.0 else rate_target
    forward_left = forward_left + t_average * in_forward
    target_left = target_left + t_average * in_target
    return (
        V_s, V_basal, dV_basal, forward_left, target_left, V_s_forward, rate_target, delta, np.uint8(fired),
    )  # fmt: skip


TaughtPyramidal = NeuronModel(
    "TaughtPyramidal",
    TaughtPyramidalParameters,
    _constants,
    taught_pyramidal_step,
    state={
        "V_s": "1",
        "V_basal": "1",
        "dV_basal": "1/ms",
        "forward_left": "ms",
        "target_left": "ms",
        "V_s_forward": "1",
        "rate_target": "1/ms",
        "delta": "1/ms",
    },  # fmt: skip
    ports={"basal": "1", "forward": "1", "target": "1"},
    currents=("teacher",),
    random=("uniform",),
    initial=lambda p: {},
    equations="""
    dV_s/dt = -V_s / tau_L + (g_D * (V_basal + I_e - V_s) + g_exc * (E_exc - V_s) + g_inh * (E_inh - V_s)) / ms : 1
    g_exc = clip(teacher / pA, 0, inf) : 1
    g_inh = clip(-teacher / pA, 0, inf) : 1
    dV_basal/dt = dV_basal - V_basal / tau_L : 1
    ddV_basal/dt = -dV_basal / tau_s : hertz
    forward_left : second
    target_left : second
    teacher : amp
    """,
    threshold="rand() < phi_max / (1 + exp(-V_s)) * dt",
    arrivals={
        "basal": "dV_basal += weight / (tau_L * tau_s) * ms",
        "forward": "forward_left += weight * t_average",
        "target": "target_left += weight * t_average",
    },
    driven={"teacher": "teacher"},
    check=lambda p: check_conductance(p, "g_D"),
    properties=Properties(quiet={"I_e": -200.0}),
)
