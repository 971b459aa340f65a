"""User-defined models for scripts/hash_networks.py, from functions and from equations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.plasticity import Trace
from spikelearn.units import ms, mV, number, weight


class QuadraticParameters(NamedTuple):
    tau_m: ms = 10.0
    V_c: mV = 20.0
    V_peak: mV = 40.0


def quadratic(V_m, u, in_exc, I_exc, noise, rate, V_c, V_peak):
    V_m = V_m + rate * (V_m * (V_m / V_c - 1.0) + I_exc + 2.0 * noise) + in_exc
    fired = V_m >= V_peak
    return (0.0 if fired else V_m), 0.9 * u + V_m, np.uint8(fired)


class MovingParameters(NamedTuple):
    tau: ms = 20.0
    tau_slow: ms = 50.0
    gain: number = 0.01
    W_min: weight = 0.0
    W_max: weight = 4.0


def moved(weight, age, K, L, K_post, gain, since_pre):
    return weight + gain * (K_post - 0.5 * L) + 1e-3 * min(since_pre, 10.0), age + 1.0


def moved_back(weight, age, K, L, K_post, u, gain):
    return weight + gain * K - 1e-4 * u, 0.5 * age


def followed(V_m, event, gain):
    return 0.01 * gain * V_m + gain * event


def own_models() -> tuple[Any, Any, Any]:
    """A neuron model with random numbers, a rule with state in each synapse, and a rule that reads every step."""
    neuron = sl.NeuronModel(
        "Quadratic", QuadraticParameters, lambda p, dt: {"rate": dt / p.tau_m, "V_c": p.V_c, "V_peak": p.V_peak},
        quadratic, state={"V_m": "mV", "u": "mV"}, ports={"exc": "mV"}, currents=("exc",), normal=("noise",),
        initial=lambda p: {"V_m": 0.0},
    )  # fmt: skip
    traces = (Trace("K", "tau"), Trace("L", "tau_slow", "set"))
    rule = sl.PlasticityRule(
        "Moving", MovingParameters, traces, (Trace("K_post", "tau"),), moved, moved_back,
        lambda p, dt: {"gain": p.gain}, state=("age",), reads=("u",),
    )  # fmt: skip
    two = (Trace("K", "tau"), Trace("L", "tau_slow", amplitude=-1.0))
    return neuron, rule, sl.SignalRule("Followed", MovingParameters, two, ("V_m",), followed, rule.constants)


EQUATIONS = {
    "exact": ("dV_m/dt = (E_L - V_m)/tau_m + (I_syn + I)/C_m : volt (unless refractory)\n"
              "dI_syn/dt = -I_syn/tau_syn : amp", "V_m > V_th", "V_m = E_L"),
    "rk4": ("dV_m/dt = (g_L*(E_L - V_m) + g_L*D*exp((V_m - V_th)/D) - w + I_syn + I)/C_m : volt\n"
            "dw/dt = (4*nS*(V_m - E_L) - w)/(100*ms) : amp\ndI_syn/dt = -I_syn/tau_syn : amp",
            "V_m > V_th + 15*mV", "V_m = E_L; w += 50*pA"),
    "euler": ("dV_m/dt = (E_L - V_m)/tau_m + (I_syn + I)/C_m + 3*mV*xi/tau_m**0.5 : volt (unless refractory)\n"
              "dI_syn/dt = -I_syn/tau_syn : amp", "V_m > V_th", "V_m = E_L"),
}  # fmt: skip
UNITS = {"E_L": (-70, "mV"), "tau_m": (10, "ms"), "C_m": (250, "pF"), "tau_syn": (2, "ms"), "V_th": (-55, "mV"),
         "t_ref": (2, "ms"), "g_L": (25, "nS"), "D": (2, "mV")}  # fmt: skip
METHODS = tuple(EQUATIONS)


def written_models(method: str) -> tuple[Any, Any, Any]:
    """A neuron integrated by a method, a synapse and a rule, all from equations."""
    text, threshold, reset = EQUATIONS[method]
    used = {name: value for name, value in UNITS.items() if name == "t_ref" or name in f"{text} {threshold} {reset}"}
    neuron = sl.NeuronModel.from_equations(
        text, threshold=threshold, reset=reset, refractory="t_ref", ports={"exc": "I_syn"}, currents={"exc": "I"},
        parameters=used, method=method, name="Written",
    )  # fmt: skip
    synapse = sl.SynapseModel.from_equations(
        "dx/dt = (1 - x)/tau : 1 (event-driven)", on_pre="released = 0.5*x; x -= released",
        parameters={"tau": (100.0, "ms")}, initial={"x": 1.0}, name="Depressing",
    )  # fmt: skip
    rule = sl.PlasticityRule.from_equations(
        "dapre/dt = -apre/tau : 1 (event-driven)\ndapost/dt = -apost/tau : 1 (event-driven)",
        on_pre="apre += A; w += apost", on_post="apost -= A; w += apre",
        parameters={"tau": (20.0, "ms"), "A": 5.0, "W_min": 0.0, "W_max": 300.0}, name="Additive",
    )  # fmt: skip
    return neuron, synapse, rule
