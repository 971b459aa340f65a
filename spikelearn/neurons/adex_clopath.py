"""Adaptive exponential neuron with a spike waveform for voltage-based plasticity (Clopath et al. 2010).

C_m V_m' = -g_L (V_m - E_L) + g_L Delta_T exp((V_m - V_th)/Delta_T) - w + z + I
tau_w w' = a (V_m - E_L) - w;   tau_z z' = -z;   tau_V_th V_th' = V_th_rest - V_th

When V_m reaches V_peak: w += b, z = I_sp (depolarising after-potential), V_th = V_th_max; V_m is held at V_clamp for
t_clamp, during which w is constant, and then V_m = V_reset. Delta synapses: a weight is a jump of V_m; input that
arrives while V_m is held is lost. The same as NEST's aeif_psc_delta_clopath, except that the averages of V_m are kept
by the rule (plasticity/clopath.py). Defaults are those of the pairing experiments.

Nothing follows the spike within its step, unlike in AdEx: NEST holds V_m from then on for t_clamp, in whole steps, and
resets it at the end of a step, so its spikes are met step by step.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestNeuron
from spikelearn.neurons.membrane import refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import duration, ms, mV, nS, pA, pF

UPSTROKE_PARTS = 16


class AdExClopathParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.6
    V_peak: Annotated[mV, "cut-off of the spike"] = 33.0
    V_clamp: Annotated[mV, "V_m is held here after the cut-off"] = 33.0
    t_clamp: Annotated[duration, "duration of the clamp"] = 2.0
    V_reset: Annotated[mV, "potential after the clamp; NEST's default is -60"] = -49.6
    V_th_rest: Annotated[mV, "threshold of the exponential term at rest"] = -50.4
    V_th_max: Annotated[mV, "threshold just after a spike"] = 30.4
    tau_V_th: Annotated[ms, "time constant of the threshold"] = 50.0
    C_m: Annotated[pF, "capacitance"] = 281.0
    g_L: Annotated[nS, "leak conductance"] = 30.0
    Delta_T: Annotated[mV, "slope factor"] = 2.0
    a: Annotated[nS, "subthreshold adaptation"] = 4.0
    b: Annotated[pA, "step of adaptation at a spike; NEST's default is 80.5"] = 0.0805
    tau_w: Annotated[ms, "time constant of adaptation"] = 144.0
    I_sp: Annotated[pA, "depolarising current after a spike"] = 400.0
    tau_z: Annotated[ms, "time constant of that current"] = 40.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: AdExClopathParameters, dt: float) -> dict[str, Any]:
    return {
        "E_L": p.E_L,
        "V_peak": p.V_peak,
        "V_clamp": p.V_clamp,
        "n_clamp": refractory_steps(p.t_clamp, dt),
        "V_reset": p.V_reset,
        "V_th_rest": p.V_th_rest,
        "V_th_max": p.V_th_max,
        "P_th": np.exp(-dt / np.asarray(p.tau_V_th)) + 0.0,
        "C_m": p.C_m,
        "g_L": p.g_L,
        "Delta_T": p.Delta_T,
        "a": p.a,
        "b": p.b,
        "tau_w": p.tau_w,
        "I_sp": p.I_sp,
        "P_z": np.exp(-dt / np.asarray(p.tau_z)) + 0.0,
        "I_e": p.I_e,
        "dt": dt,
    }


@scalar
def _slope(V, w, current, V_th, E_L, V_peak, C_m, g_L, Delta_T):
    """dV/dt; the exponential is capped at its value at V_peak, which V_m exceeds only when a step overshoots."""
    V = min(V, V_peak)
    return (-g_L * (V - E_L) + g_L * Delta_T * math.exp((V - V_th) / Delta_T) - w + current) / C_m


@scalar
def adex_clopath_step(
    V_m, w, z, V_th, clamped, in_exc, I_exc,
    E_L, V_peak, V_clamp, n_clamp, V_reset, V_th_rest, V_th_max, P_th, C_m, g_L, Delta_T, a, b, tau_w, I_sp, P_z, I_e,
    dt,
):  # fmt: skip
    """Heun's method (second order), z and V_th exact. A spike counts from the start of the step in which it is
    found, or from its end if the input caused it.

    Above V_th, where the upstroke begins, the step is divided into smaller ones: the upstroke's timing decides which
    of two steps has the spike.
    """
    held = clamped > 0.0
    z_end = z * P_z
    V_th_end = V_th_rest + (V_th - V_th_rest) * P_th
    parts = 1 if held or V_m < V_th else UPSTROKE_PARTS
    share = 1.0 if parts == 1 else 1.0 / UPSTROKE_PARTS
    h = dt * share
    V, w_new = V_m, w
    for part in range(parts):
        now = part * share
        then = (part + 1) * share
        current = z + (z_end - z) * now + I_exc + I_e
        dV = _slope(V, w_new, current, V_th + (V_th_end - V_th) * now, E_L, V_peak, C_m, g_L, Delta_T)
        dw = (a * (V - E_L) - w_new) / tau_w
        V_trial = V + h * dV
        w_trial = w_new + h * dw
        current = z + (z_end - z) * then + I_exc + I_e
        dV_end = _slope(V_trial, w_trial, current, V_th + (V_th_end - V_th) * then, E_L, V_peak, C_m, g_L, Delta_T)
        dw_end = (a * (min(V_trial, V_peak) - E_L) - w_trial) / tau_w
        V = V + 0.5 * h * (dV + dV_end)
        w_new = w_new + 0.5 * h * (dw + dw_end)
        if V >= V_peak:
            break
    within = not held and V >= V_peak
    fired = within or (not held and V + in_exc >= V_peak)
    V_m = V_clamp if fired or clamped > 1.0 else V_reset if held else V + in_exc
    w = w if held else w_new
    w = w + b if fired else w
    z = I_sp * P_z if within else I_sp if fired else z_end
    V_th_end = V_th_max if fired else V_th_end
    V_th = V_th_rest + (V_th_max - V_th_rest) * P_th if within else V_th_end
    clamped = n_clamp if fired else max(clamped - 1.0, 0.0)
    return V_m, w, z, V_th, clamped, np.uint8(fired)


def _check(p: AdExClopathParameters) -> str | None:
    if np.any(np.asarray(p.V_reset) >= np.asarray(p.V_peak)):
        return f"V_reset must lie below V_peak, got V_reset {p.V_reset} mV and V_peak {p.V_peak} mV"
    if np.any(np.asarray(p.V_th_max) < np.asarray(p.V_th_rest)):
        return f"V_th_max must not lie below V_th_rest, got {p.V_th_max} and {p.V_th_rest} mV"
    if np.any(np.asarray(p.Delta_T) <= 0):
        return f"Delta_T: expected more than 0 mV, got {p.Delta_T} mV"
    if np.any(np.asarray(p.t_clamp) < 0):
        return f"t_clamp: expected at least 0 ms, got {p.t_clamp} ms"
    return None


AdExClopath = NeuronModel(
    "AdExClopath",
    AdExClopathParameters,
    _constants,
    adex_clopath_step,
    state={"V_m": "mV", "w": "pA", "z": "pA", "V_th": "mV", "clamped": "1"},
    ports={"exc": "mV"},
    currents=("exc",),
    initial=lambda p: {"V_m": p.E_L, "V_th": p.V_th_rest},
    check=_check,
    nest=NestNeuron("aeif_psc_delta_clopath", variables={name: name for name in ("V_m", "w", "z", "V_th")}),
    properties=Properties(
        not_vectorised="16 small steps during an upstroke and one otherwise, so adjacent neurons may differ"
    ),
)
