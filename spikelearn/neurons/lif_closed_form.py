"""Leaky integrate-and-fire neurons between events, in closed form, for the exact engine.

tau_m dV_m/dt = -(V_m - E_L) + R I, R = tau_m / C_m (Rotter & Diesmann 1999, Eq. 3). With I a constant plus two
exponentials, exp(t / tau_m) dV_m/dt has the derivative exp(t / tau_m) I'(t) / C_m, and I' changes sign at most once,
at a time given in closed form. So there are at most two stretches of time, in each of which dV_m/dt changes sign at
most once: every threshold crossing can be bracketed, however briefly V_m stays above threshold.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.closed_form import ClosedForm
from spikelearn.neurons.crossing import ROUNDING, rise_through, time_above

_LONGEST = 1e3
"""Time constants after which the state no longer changes: exp(-1000) is 0."""


def _membrane(p: Any) -> dict[str, Any]:
    tau_m = np.asarray(p.tau_m, float)
    return {
        "tau_m": p.tau_m,
        "R": tau_m / p.C_m,
        "I_e": p.I_e,
        "E_L": p.E_L,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
    }


@scalar
def delta_flow(V_m, elapsed, I_exc, tau_m, R, I_e, E_L, V_th, V_reset):
    V_inf = E_L + R * (I_e + I_exc)
    return V_m - (V_inf - V_m) * math.expm1(-elapsed / tau_m)


@scalar
def delta_hold(V_m, elapsed, I_exc, tau_m, R, I_e, E_L, V_th, V_reset):
    return V_m


@scalar
def delta_receive(V_m, in_exc, held, tau_m, R, I_e, E_L, V_th, V_reset):
    return V_m if held > 0.0 else V_m + in_exc


@scalar
def delta_crossing(V_m, I_exc, tau_m, R, I_e, E_L, V_th, V_reset):
    V_inf = E_L + R * (I_e + I_exc)
    if V_m >= V_th:
        return 0.0
    if V_inf <= V_th:
        return np.inf
    return tau_m * math.log1p((V_th - V_m) / (V_inf - V_th))


@scalar
def delta_margin(V_m, tau_m, R, I_e, E_L, V_th, V_reset):
    return V_m - V_th


@scalar
def delta_reset(V_m, tau_m, R, I_e, E_L, V_th, V_reset):
    return V_reset


def _exponential_constants(p: Any) -> dict[str, Any]:
    tau_m = np.asarray(p.tau_m, float)
    return {
        "tau_m": p.tau_m,
        "tau_syn_exc": p.tau_syn_exc,
        "tau_syn_inh": p.tau_syn_inh,
        "rate_exc": np.abs(1.0 / np.asarray(p.tau_syn_exc) - 1.0 / tau_m) + 0.0,
        "rate_inh": np.abs(1.0 / np.asarray(p.tau_syn_inh) - 1.0 / tau_m) + 0.0,
        "R": tau_m / p.C_m,
        "I_e": p.I_e,
        "E_L": p.E_L,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
    }


@scalar
def _response(elapsed, rate, fast, slow, tau_m):
    """Contribution of an exponential current to V_m per I_syn / C_m: (e^-at - e^-bt) / (b - a).

    rate: |1/tau_syn - 1/tau_m|. fast, slow: the two exponentials. Their difference is used only if the time constants
    are far enough apart that its error is no larger than the rounding of V_m.
    """
    if rate * tau_m > 0.05:
        return (slow - fast) / rate
    return slow * (elapsed if rate == 0.0 else -math.expm1(-rate * elapsed) / rate)


@scalar
def _potential(V_m, I_syn_exc, I_syn_inh, elapsed, V_inf, tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R):
    """V_m, and the two synaptic currents, `elapsed` ms later."""
    left = math.exp(-elapsed / tau_m)
    left_exc = math.exp(-elapsed / tau_syn_exc)
    response_exc = _response(elapsed, rate_exc, min(left, left_exc), max(left, left_exc), tau_m)
    left_inh = left_exc
    response_inh = response_exc
    if tau_syn_inh != tau_syn_exc:
        left_inh = math.exp(-elapsed / tau_syn_inh)
        response_inh = _response(elapsed, rate_inh, min(left, left_inh), max(left, left_inh), tau_m)
    V = V_inf + left * (V_m - V_inf) + (R / tau_m) * (I_syn_exc * response_exc + I_syn_inh * response_inh)
    return V, left_exc * I_syn_exc, left_inh * I_syn_inh


@scalar
def lif_flow(
    V_m, I_syn_exc, I_syn_inh, elapsed, I_exc,
    tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    V_inf = E_L + R * (I_e + I_exc)
    return _potential(V_m, I_syn_exc, I_syn_inh, elapsed, V_inf, tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R)


@scalar
def lif_hold(
    V_m, I_syn_exc, I_syn_inh, elapsed, I_exc,
    tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    decay_exc = math.exp(-elapsed / tau_syn_exc)
    decay_inh = decay_exc if tau_syn_inh == tau_syn_exc else math.exp(-elapsed / tau_syn_inh)
    return V_m, decay_exc * I_syn_exc, decay_inh * I_syn_inh


@scalar
def lif_receive(
    V_m, I_syn_exc, I_syn_inh, in_exc, in_inh, held,
    tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    return V_m, I_syn_exc + in_exc, I_syn_inh + in_inh


@scalar
def lif_margin(
    V_m, I_syn_exc, I_syn_inh,
    tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    return V_m - V_th


@scalar
def lif_reset(
    V_m, I_syn_exc, I_syn_inh,
    tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    return V_reset, I_syn_exc, I_syn_inh


@scalar
def _highest_current(I_syn_exc, I_syn_inh, tau_syn_exc, tau_syn_inh):
    """A non-negative upper bound on the sum of the two synaptic currents at any later time."""
    cancels = (I_syn_inh < 0.0 and tau_syn_inh >= tau_syn_exc) or (I_syn_exc < 0.0 and tau_syn_exc >= tau_syn_inh)
    return max(I_syn_exc + I_syn_inh, 0.0) if cancels else max(I_syn_exc, 0.0) + max(I_syn_inh, 0.0)


@scalar
def lif_soonest(
    V_m, I_syn_exc, I_syn_inh, I_exc,
    tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    """Crossing time of the tangent to a potential that is never below V_m, that of a current fixed at its maximum."""
    highest = E_L + R * (I_e + I_exc + _highest_current(I_syn_exc, I_syn_inh, tau_syn_exc, tau_syn_inh))
    if V_m >= V_th:
        return 0.0
    if highest <= V_th:
        return np.inf
    return tau_m * (V_th - V_m) / (highest - V_m) * (1.0 - 1e-9)


@scalar
def _motion(t, V_m, I_exc, I_inh, V_inf, tau_m, tau_exc, tau_inh, rate_exc, rate_inh, R):
    """V_m at t, and its first and second derivative."""
    V, I_1, I_2 = _potential(V_m, I_exc, I_inh, t, V_inf, tau_m, tau_exc, tau_inh, rate_exc, rate_inh, R)
    slope = (V_inf - V + R * (I_1 + I_2)) / tau_m
    return V, slope, -(slope + R * (I_1 / tau_exc + I_2 / tau_inh)) / tau_m


@scalar
def lif_crossing(
    V_m, I_syn_exc, I_syn_inh, I_exc,
    tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    V_inf = E_L + R * (I_e + I_exc)
    moving = (V_m, I_syn_exc, I_syn_inh)
    fixed = (V_inf, tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R)
    noise = 2.0 * ROUNDING * max(abs(V_m), abs(V_th), abs(V_inf))
    noise_of_slope = ROUNDING * (abs(V_m) + abs(V_inf) + R * (abs(I_syn_exc) + abs(I_syn_inh))) / tau_m
    if V_m >= V_th:
        return 0.0
    # The first stretch ends where the derivative of I_syn changes sign, if it does; the last never ends.
    turn = 0.0
    if I_syn_exc * I_syn_inh < 0.0 and tau_syn_exc != tau_syn_inh:
        share = -(I_syn_exc * tau_syn_inh) / (I_syn_inh * tau_syn_exc)
        turn = math.log(share) / (1.0 / tau_syn_exc - 1.0 / tau_syn_inh)
    low = 0.0
    slope = V_inf - V_m + R * (I_syn_exc + I_syn_inh)
    longest = _LONGEST * max(tau_m, tau_syn_exc, tau_syn_inh)
    while True:
        end = turn if low < turn else np.inf
        if end == np.inf and V_inf <= V_th and slope <= 0.0:
            return np.inf
        span = tau_m
        high = low
        while high < end:
            high = min(low + span, end)
            V, I_1, I_2 = _potential(*moving, high, *fixed)
            if V >= V_th:
                return rise_through(V_th, low, high, noise, _motion, moving + fixed)
            slope_there = V_inf - V + R * (I_1 + I_2)
            if slope > 0.0 and slope_there < 0.0:
                top = time_above(V_th, low, high, noise_of_slope, _motion, moving + fixed)
                if top >= 0.0:
                    return rise_through(V_th, low, top, noise, _motion, moving + fixed)
                slope = slope_there
                if end == np.inf:
                    return np.inf
            if V_inf + R * _highest_current(I_1, I_2, tau_syn_exc, tau_syn_inh) <= V_th or span > longest:
                return np.inf
            span *= 2.0
        low, slope = end, slope_there


LIF_DELTA = ClosedForm(
    _membrane,
    delta_flow,
    delta_receive,
    delta_crossing,
    delta_reset,
    hold=delta_hold,
    margin=delta_margin,
    clock="refractory",
)

LIF_EXPONENTIAL = ClosedForm(
    _exponential_constants,
    lif_flow,
    lif_receive,
    lif_crossing,
    lif_reset,
    soonest=lif_soonest,
    hold=lif_hold,
    margin=lif_margin,
    clock="refractory",
)
