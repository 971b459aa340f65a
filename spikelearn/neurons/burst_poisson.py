"""Two-compartment cell whose dendrite turns events into bursts at random (Payeur et al. 2021).

tau_s V_s' = E_L - V_s + g_soma_exc (E_exc - V_s) + g_soma_inh (E_inh - V_s) + tau_s/C_s (w_s + I_s)
tau_d V_d' = E_L - V_d + g_apical_exc (E_exc - V_s) + g_apical_inh (E_inh - V_s) + tau_d/C_d (w_d + I_d)
tau_ws w_s' = -w_s, w_s += b at an event;   tau_wd w_d' = -w_d + a (V_d - E_L)

It is the cell of Naud & Sprekeler 2018 (see Pyramidal) without the coupling between soma and dendrite. Conductances
are in units of the leak; those of the dendrite act with the driving force of the soma, as in the authors' simulations.
The cell spikes when V_s crosses its moving threshold. With probability 1/(1 + exp(-(V_d - E_d)/D_d)) a second spike
follows after 5 to 15 ms, drawn uniformly, which leaves the soma unchanged; no other spike occurs for t_ref.

The cell itself distinguishes events from bursts. A trace of its spikes decays with tau_burst; a spike at which the
trace is below 1/e is an event, and the first spike after an event at which it is not is a burst. For two isolated
spikes this means an interval shorter than tau_burst. event_rate is a running mean of its own events, for teachers to
read.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.membrane import decay, refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import duration, ms, mV, nS, pA, pF


class BurstPoissonParameters(NamedTuple):
    E_L: Annotated[mV, "resting potential of soma and dendrite"] = -70.0
    V_th: Annotated[mV, "threshold of the soma at rest"] = -50.0
    V_reset: Annotated[mV, "potential of the soma after an event"] = -70.0
    E_exc: Annotated[mV, "reversal potential of the excitatory ports"] = 0.0
    E_inh: Annotated[mV, "reversal potential of the inhibitory ports"] = -80.0
    tau_s: Annotated[ms, "membrane time constant of the soma"] = 16.0
    C_s: Annotated[pF, "capacitance of the soma"] = 370.0
    b: Annotated[pA, "step of the somatic adaptation at an event"] = -200.0
    tau_ws: Annotated[ms, "time constant of the somatic adaptation"] = 100.0
    tau_d: Annotated[ms, "membrane time constant of the dendrite"] = 7.0
    C_d: Annotated[pF, "capacitance of the dendrite"] = 170.0
    a: Annotated[nS, "strength of the dendritic adaptation"] = -13.0
    tau_wd: Annotated[ms, "time constant of the dendritic adaptation"] = 30.0
    E_d: Annotated[mV, "potential of the dendrite at which half of the events become bursts"] = -57.0
    D_d: Annotated[mV, "slope of the burst probability"] = 6.0
    V_th_jump: Annotated[mV, "step of the threshold at an event"] = 2.0
    tau_th: Annotated[ms, "time constant of the threshold"] = 27.0
    t_ref: Annotated[duration, "time after a spike without another event; the soma goes on integrating"] = 20.0
    second_min: Annotated[ms, "shortest interval between the two spikes of a burst"] = 5.0
    second_max: Annotated[ms, "longest interval"] = 15.0
    tau_syn_exc: Annotated[ms, "time constant of the excitatory conductances"] = 5.0
    tau_syn_inh: Annotated[ms, "time constant of the inhibitory conductances"] = 10.0
    tau_burst: Annotated[ms, "time constant of the trace that detects bursts"] = 16.0
    tau_rate: Annotated[ms, "time constant of event_rate"] = 2000.0
    I_e_soma: Annotated[pA, "constant current into the soma"] = 0.0
    I_e_apical: Annotated[pA, "constant current into the dendrite"] = 0.0


def _constants(p: BurstPoissonParameters, dt: float) -> dict[str, Any]:
    return {
        "P_s": decay(p.tau_s, dt),
        "P_d": decay(p.tau_d, dt),
        "P_ws": decay(p.tau_ws, dt),
        "P_wd": decay(p.tau_wd, dt),
        "P_th": decay(p.tau_th, dt),
        "P_exc": decay(p.tau_syn_exc, dt),
        "P_inh": decay(p.tau_syn_inh, dt),
        "P_burst": decay(p.tau_burst, dt),
        "P_rate": decay(p.tau_rate, dt),
        "R_s": np.asarray(p.tau_s) / p.C_s,
        "R_d": np.asarray(p.tau_d) / p.C_d,
        "E_L": p.E_L,
        "E_exc": p.E_exc,
        "E_inh": p.E_inh,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
        "a": p.a,
        "b": p.b,
        "E_d": p.E_d,
        "slope": -1.0 / np.asarray(p.D_d),
        "V_th_jump": p.V_th_jump,
        "n_ref": refractory_steps(p.t_ref, dt),
        "n_min": np.asarray(p.second_min) / dt + 1.0,
        "n_more": (np.asarray(p.second_max) - p.second_min) / dt,
        "rate_jump": 1000.0 / np.asarray(p.tau_rate),
        "I_e_soma": p.I_e_soma,
        "I_e_apical": p.I_e_apical,
    }


def _initial(p: BurstPoissonParameters) -> dict[str, Any]:
    return {"V_s": p.E_L, "V_d": p.E_L}


def _check(p: BurstPoissonParameters) -> str | None:
    if not (np.all(np.asarray(p.second_min) > 0) and np.all(np.asarray(p.second_max) >= p.second_min)):
        return f"expected 0 < second_min <= second_max, got {p.second_min} and {p.second_max} ms"
    if np.any(np.asarray(p.second_max) > p.t_ref):
        return f"second_max must not be longer than t_ref, got {p.second_max} and {p.t_ref} ms"
    return None


_TOLD = math.exp(-1.0)
_SPIKE = "(V_s > V_th + threshold and silent == 0) or (until_second > 0 and until_second <= 1)"


@scalar
def burst_poisson_step(
    V_s, V_d, w_s, w_d, threshold, g_soma_exc, g_soma_inh, g_apical_exc, g_apical_inh, silent, until_second,
    burst_trace, in_burst, event_rate,
    in_soma_exc, in_soma_inh, in_apical_exc, in_apical_inh, I_soma, I_apical,
    P_s, P_d, P_ws, P_wd, P_th, P_exc, P_inh, P_burst, P_rate, R_s, R_d, E_L, E_exc, E_inh, V_th, V_reset, a, b, E_d,
    slope, V_th_jump, n_ref, n_min, n_more, rate_jump, I_e_soma, I_e_apical,
):  # fmt: skip
    """Exponential Euler: each equation exact for its own leak, with its input constant over the step (first order).

    until_second is -1 after a spike of the soma, for `burst_poisson_event`.
    """
    to_exc = E_exc - V_s
    to_inh = E_inh - V_s
    V_s_inf = E_L + g_soma_exc * to_exc + g_soma_inh * to_inh + R_s * (w_s + I_soma + I_e_soma)
    V_d_inf = E_L + g_apical_exc * to_exc + g_apical_inh * to_inh + R_d * (w_d + I_apical + I_e_apical)
    w_d_inf = a * (V_d - E_L)
    V_d_new = V_d_inf + (V_d - V_d_inf) * P_d
    V_s_new = V_s_inf + (V_s - V_s_inf) * P_s
    w_s = w_s * P_ws
    w_d = w_d_inf + (w_d - w_d_inf) * P_wd
    threshold = threshold * P_th
    g_soma_exc = g_soma_exc * P_exc + in_soma_exc
    g_soma_inh = g_soma_inh * P_inh + in_soma_inh
    g_apical_exc = g_apical_exc * P_exc + in_apical_exc
    g_apical_inh = g_apical_inh * P_inh + in_apical_inh
    burst_trace = burst_trace * P_burst
    event_rate = event_rate * P_rate
    silent = max(silent - 1.0, 0.0)
    until_second = max(until_second - 1.0, 0.0)
    fired = (V_s_new > V_th + threshold) & (silent == 0.0)
    second = (until_second > 0.0) & (until_second <= 1.0)
    until_second = -1.0 if fired else until_second
    spike = fired | second
    soon = burst_trace >= _TOLD
    event = spike & (not soon)
    burst = spike & soon & (in_burst == 0.0)
    mask = np.uint8(spike) + np.uint8(4) * np.uint8(event) + np.uint8(8) * np.uint8(burst)
    return (
        V_s_new, V_d_new, w_s, w_d, threshold, g_soma_exc, g_soma_inh, g_apical_exc, g_apical_inh, silent,
        until_second, burst_trace, in_burst, event_rate, mask,
    )  # fmt: skip


@scalar
def burst_poisson_event(
    V_s, V_d, w_s, w_d, threshold, g_soma_exc, g_soma_inh, g_apical_exc, g_apical_inh, silent, until_second,
    burst_trace, in_burst, event_rate, uniform,
    P_s, P_d, P_ws, P_wd, P_th, P_exc, P_inh, P_burst, P_rate, R_s, R_d, E_L, E_exc, E_inh, V_th, V_reset, a, b, E_d,
    slope, V_th_jump, n_ref, n_min, n_more, rate_jump, I_e_soma, I_e_apical,
):  # fmt: skip
    """Effects of a spike; after one of the soma, whether a second follows, and when."""
    if until_second < 0.0:
        # For uniform u, u < sigma(x) where u (1 + exp(-x)) < 1; the product is then uniform too and sets the interval.
        drawn = uniform * (1.0 + exponential((V_d - E_d) * slope))
        until_second = n_min + n_more * drawn if drawn < 1.0 else 0.0
        V_s = V_reset
        w_s += b
        threshold += V_th_jump
    silent = n_ref
    in_burst = np.float64(burst_trace >= _TOLD)
    event_rate += 0.0 if burst_trace >= _TOLD else rate_jump
    burst_trace += 1.0
    return (
        V_s, V_d, w_s, w_d, threshold, g_soma_exc, g_soma_inh, g_apical_exc, g_apical_inh, silent, until_second,
        burst_trace, in_burst, event_rate,
    )  # fmt: skip


BurstPoisson = NeuronModel(
    "BurstPoisson",
    BurstPoissonParameters,
    _constants,
    burst_poisson_step,
    state={
        "V_s": "mV",
        "V_d": "mV",
        "w_s": "pA",
        "w_d": "pA",
        "threshold": "mV",
        "g_soma_exc": "1",
        "g_soma_inh": "1",
        "g_apical_exc": "1",
        "g_apical_inh": "1",
        "silent": "1",
        "until_second": "1",
        "burst_trace": "1",
        "in_burst": "1",
        "event_rate": "Hz",
    },  # fmt: skip
    ports={"soma_exc": "1", "soma_inh": "1", "apical_exc": "1", "apical_inh": "1"},
    currents=("soma", "apical"),
    random=("uniform",),
    at_event=burst_poisson_event,
    initial=_initial,
    kinds=("spike", "event", "burst"),
    check=_check,
    equations="""
    dV_s/dt = (E_L - V_s + g_soma_exc * (E_exc - V_s) + g_soma_inh * (E_inh - V_s)) / tau_s + (w_s + I_e_soma) / C_s : volt
    dV_d/dt = (E_L - V_d + g_apical_exc * (E_exc - V_s) + g_apical_inh * (E_inh - V_s)) / tau_d + (w_d + I_e_apical) / C_d : volt
    dw_s/dt = -w_s / tau_ws : amp
    dw_d/dt = (-w_d + a * (V_d - E_L)) / tau_wd : amp
    dthreshold/dt = -threshold / tau_th : volt
    dg_soma_exc/dt = -g_soma_exc / tau_syn_exc : 1
    dg_soma_inh/dt = -g_soma_inh / tau_syn_inh : 1
    dg_apical_exc/dt = -g_apical_exc / tau_syn_exc : 1
    dg_apical_inh/dt = -g_apical_inh / tau_syn_inh : 1
    dburst_trace/dt = -burst_trace / tau_burst : 1
    devent_rate/dt = -event_rate / tau_rate : hertz
    silent : 1
    until_second : 1
    in_burst : 1
    """,  # noqa: E501 (an equation is one line)
    each_step="silent = clip(silent - 1, 0, inf); until_second = clip(until_second - 1, 0, inf)",
    threshold=_SPIKE,
    events={
        "event": f"({_SPIKE}) and burst_trace < exp(-1)",
        "burst": f"({_SPIKE}) and burst_trace >= exp(-1) and in_burst == 0",
    },
    reset="""
    first = int(V_s > V_th + threshold and silent == 0)
    drawn = rand() * (1 + exp(-(V_d - E_d) / D_d))
    follows = first * int(drawn < 1)
    until_second = (1 - follows) * until_second + follows * (1 + (second_min + (second_max - second_min) * drawn) / dt)
    V_s = (1 - first) * V_s + first * V_reset
    w_s += first * b
    threshold += first * V_th_jump
    silent = floor(t_ref / dt + 0.5)
    event_rate += int(burst_trace < exp(-1)) / tau_rate
    in_burst = int(burst_trace >= exp(-1))
    burst_trace += 1
    """,
    refractory=0.0,
    arrivals={
        "soma_exc": "g_soma_exc",
        "soma_inh": "g_soma_inh",
        "apical_exc": "g_apical_exc",
        "apical_inh": "g_apical_inh",
    },  # fmt: skip
    properties=Properties(firing={"I_e_soma": 1500.0}),
)
