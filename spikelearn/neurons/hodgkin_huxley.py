"""Hodgkin-Huxley neuron with the kinetics of Traub & Miles 1991, as in the COBAHH benchmark of Brette et al. 2007.

C_m dV_m/dt = g_L (E_L - V_m) + g_Na m^3 h (E_Na - V_m) + g_K n^4 (E_K - V_m)
+ g_exc (E_exc - V_m) + g_inh (E_inh - V_m) + I, and dx/dt = alpha_x (1 - x) - beta_x x for each gate x of m, h and n.
NEST's hh_cond_exp_traub. With these parameters it fires without input, at 14 Hz.

Spikes are detected as in NEST: V_m begins to fall while above V_T + 30 mV, t_ref or more after the previous spike. At
300 pA, steps of 0.1 ms make intervals 1 % too long, and half the step a quarter of that. Exponential Euler, used in
Brian2's form of the benchmark, makes them 8 % too long; the classical Runge-Kutta method is unstable at 0.1 ms.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.membrane import refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import duration, ms, mV, nS, pA, pF


class HodgkinHuxleyParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -60.0
    E_Na: Annotated[mV, "reversal potential of sodium"] = 50.0
    E_K: Annotated[mV, "reversal potential of potassium"] = -90.0
    V_T: Annotated[mV, "potential relative to which the kinetics are defined"] = -63.0
    C_m: Annotated[pF, "capacitance"] = 200.0
    g_L: Annotated[nS, "leak conductance"] = 10.0
    g_Na: Annotated[nS, "largest sodium conductance"] = 20_000.0
    g_K: Annotated[nS, "largest potassium conductance"] = 6_000.0
    t_ref: Annotated[duration, "time after a spike during which no other is counted; V_m is not held"] = 2.0
    E_exc: Annotated[mV, "reversal potential of port exc"] = 0.0
    E_inh: Annotated[mV, "reversal potential of port inh"] = -80.0
    tau_syn_exc: Annotated[ms, "time constant of conductance through port exc"] = 5.0
    tau_syn_inh: Annotated[ms, "time constant of conductance through port inh"] = 10.0
    I_e: Annotated[pA, "constant current"] = 0.0


@scalar
def _linoid(x):
    """x / (exp(x) - 1); near 0, where that is 0/0, its series, whose next term is below rounding error."""
    near = abs(x) < 0.05
    y = x * x
    series = 1.0 - 0.5 * x + y * (1.0 / 12.0 - y * (1.0 / 720.0 - y / 30240.0))
    return series if near else x / (exponential(1.0 if near else x) - 1.0)


@scalar
def _rates(v, linoid, exp):
    """alpha and beta (1/ms) of m, h and n at v = V_m - V_T in mV (Traub & Miles 1991, as in Brette et al. 2007)."""
    alpha_m = 1.28 * linoid((13.0 - v) * 0.25)
    beta_m = 1.4 * linoid((v - 40.0) * 0.2)
    alpha_h = 0.128 * exp((17.0 - v) / 18.0)
    beta_h = 4.0 / (1.0 + exp((40.0 - v) * 0.2))
    alpha_n = 0.16 * linoid((15.0 - v) * 0.2)
    beta_n = 0.5 * exp((10.0 - v) * 0.025)
    return alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n


def _steady(v: np.ndarray) -> tuple[np.ndarray, ...]:
    """Steady-state m, h and n, in plain Python so that a definition compiles nothing."""

    def linoid(x: np.ndarray) -> np.ndarray:
        return np.where(x == 0.0, 1.0, x / np.expm1(np.where(x == 0.0, 1.0, x)))

    rates = getattr(_rates, "py_func", _rates)(v, linoid, np.exp)
    return tuple(rates[k] / (rates[k] + rates[k + 1]) for k in (0, 2, 4))


@scalar
def _relaxed(x, alpha, beta, dt):
    """A gate after dt at a constant potential."""
    rate = alpha + beta
    x_inf = alpha / rate
    return x_inf + (x - x_inf) * exponential(-dt * rate)


def _initial(p: HodgkinHuxleyParameters) -> dict[str, Any]:
    """V_m = E_L, with the gates at their steady state."""
    m, h, n = _steady(np.asarray(p.E_L, float) - p.V_T)
    return {"V_m": p.E_L, "m": m, "h": h, "n": n}


def _constants(p: HodgkinHuxleyParameters, dt: float) -> dict[str, Any]:
    return {
        "half_exc": np.exp(-0.5 * dt / np.asarray(p.tau_syn_exc)) + 0.0,
        "half_inh": np.exp(-0.5 * dt / np.asarray(p.tau_syn_inh)) + 0.0,
        "dt_C": dt / np.asarray(p.C_m),
        "g_L": p.g_L,
        "g_Na": p.g_Na,
        "g_K": p.g_K,
        "E_L": p.E_L,
        "E_Na": p.E_Na,
        "E_K": p.E_K,
        "E_exc": p.E_exc,
        "E_inh": p.E_inh,
        "I_e": p.I_e,
        "V_T": p.V_T,
        "n_ref": refractory_steps(p.t_ref, dt),
        "dt": dt,
    }


@scalar
def hodgkin_huxley_step(
    V_m, m, h, n, refractory, g_exc, g_inh, in_exc, in_inh, I_exc,
    half_exc, half_inh, dt_C, g_L, g_Na, g_K, E_L, E_Na, E_K, E_exc, E_inh, I_e, V_T, n_ref, dt,
):  # fmt: skip
    """Gates and potential advance alternately, each exactly while the other is constant (second order).

    m, h and n are kept half a step ahead of V_m, so that each is at mid-step when the other is advanced.
    """
    g_exc = g_exc * half_exc
    g_inh = g_inh * half_inh
    g_sodium = g_Na * m * m * m * h
    g_potassium = g_K * (n * n) * (n * n)
    g = g_L + g_sodium + g_potassium + g_exc + g_inh
    current = g_L * E_L + g_sodium * E_Na + g_potassium * E_K + g_exc * E_exc + g_inh * E_inh + I_exc + I_e
    V_inf = current / g
    V = V_inf + (V_m - V_inf) * exponential(-dt_C * g)
    alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n = _rates(V - V_T, _linoid, exponential)
    m = _relaxed(m, alpha_m, beta_m, dt)
    h = _relaxed(h, alpha_h, beta_h, dt)
    n = _relaxed(n, alpha_n, beta_n, dt)
    silent = refractory > 0.0
    refractory = refractory - 1.0 if silent else refractory
    g_exc = g_exc * half_exc + in_exc
    g_inh = g_inh * half_inh + in_inh
    fired = V >= V_T + 30.0 and V < V_m and not silent
    refractory = n_ref if fired else refractory
    return V, m, h, n, refractory, g_exc, g_inh, np.uint8(fired)


HodgkinHuxley = NeuronModel(
    "HodgkinHuxley",
    HodgkinHuxleyParameters,
    _constants,
    hodgkin_huxley_step,
    state={"V_m": "mV", "m": "1", "h": "1", "n": "1", "refractory": "1", "g_exc": "nS", "g_inh": "nS"},
    ports={"exc": "nS", "inh": "nS"},
    currents=("exc",),
    initial=_initial,
    equations="""
    dV_m/dt = slope : volt
    slope = (g_L * (E_L - V_m) + I_Na + I_K + g_exc * (E_exc - V_m) + g_inh * (E_inh - V_m) + I_e) / C_m : volt/second
    I_Na = g_Na * m**3 * h * (E_Na - V_m) : amp
    I_K = g_K * n**4 * (E_K - V_m) : amp
    dm/dt = alpha_m * (1 - m) - beta_m * m : 1
    dh/dt = alpha_h * (1 - h) - beta_h * h : 1
    dn/dt = alpha_n * (1 - n) - beta_n * n : 1
    alpha_m = 1.28 / exprel((13*mV - V_m + V_T) / (4*mV)) / ms : Hz
    beta_m = 1.4 / exprel((V_m - V_T - 40*mV) / (5*mV)) / ms : Hz
    alpha_h = 0.128 * exp((17*mV - V_m + V_T) / (18*mV)) / ms : Hz
    beta_h = 4 / (1 + exp((40*mV - V_m + V_T) / (5*mV))) / ms : Hz
    alpha_n = 0.16 / exprel((15*mV - V_m + V_T) / (5*mV)) / ms : Hz
    beta_n = 0.5 * exp((10*mV - V_m + V_T) / (40*mV)) / ms : Hz
    dg_exc/dt = -g_exc / tau_syn_exc : siemens
    dg_inh/dt = -g_inh / tau_syn_inh : siemens
    """,
    threshold="V_m >= V_T + 30*mV and slope < 0*volt/second",
    added_to={"exc": "g_exc", "inh": "g_inh"},
    arrivals={"exc": "g_exc", "inh": "g_inh"},
    method="exponential_euler",
    nest=NestNeuron(
        "hh_cond_exp_traub",
        {"tau_syn_exc": "tau_syn_ex", "tau_syn_inh": "tau_syn_in", "E_exc": "E_ex", "E_inh": "E_in"},
        {"V_m": "V_m", "m": "Act_m", "h": "Inact_h", "n": "Act_n", "g_exc": "g_ex", "g_inh": "g_in"},
        {"exc": NestPort(sign=1), "inh": NestPort(sign=-1, factor=-1.0)},
        start={"V_m": "V_m", "m": "Act_m", "h": "Inact_h", "n": "Act_n"},
        rest=lambda p: {"V_m": p.E_L},
    ),
    properties=Properties(quiet={"I_e": -200.0}),
    time_constants=lambda p: {"that of h in a spike": 0.25},
)
