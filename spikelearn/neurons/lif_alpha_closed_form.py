"""Leaky integrate-and-fire neurons with alpha-shaped currents between events, in closed form, for the exact engine.

tau_m dV_m/dt = -(V_m - E_L) + R I, R = tau_m / C_m (Rotter & Diesmann 1999, Eq. 3), I a constant plus two currents
(I_k + D_k t) exp(-t / tau_k). As for exponential currents, exp(t / tau_m) dV_m/dt has the derivative
exp(t / tau_m) I'(t) / C_m. I' is a sum of two lines times exponentials, which has at most three roots. They are found
by Rolle's theorem: with 1 the slower current and H = exp(t / tau_1) I', the second derivative of H has one root, in
closed form; between it and the ends H' has one root each at most, and between these H has. So there are at most four
stretches of time, in each of which dV_m/dt changes sign at most once: every threshold crossing can be bracketed,
however briefly V_m stays above threshold.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.closed_form import ClosedForm
from spikelearn.neurons.crossing import MOST_ITERATIONS, ROUNDING, rise_through, time_above

_LONGEST = 1e3
"""Time constants after which the state no longer changes: exp(-1000) is 0."""


def _constants(p: Any) -> dict[str, Any]:
    tau_m = np.asarray(p.tau_m, float)
    return {
        "tau_m": p.tau_m,
        "tau_exc": p.tau_syn_exc,
        "tau_inh": p.tau_syn_inh,
        "R": tau_m / p.C_m,
        "I_e": p.I_e,
        "E_L": p.E_L,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
    }


@scalar
def _responses(t, left, left_syn, tau_m, tau):
    """What a current exp(-t/tau), and one t exp(-t/tau), add to V_m in t, per current / C_m."""
    rate = 1.0 / tau - 1.0 / tau_m
    x = rate * t
    if abs(x) > 1.0:
        return (left - left_syn) / rate, (left - left_syn * (1.0 + x)) / (rate * rate)
    # Sums over k of (-x)^k / (k! (k + 1)) and (-x)^k / (k! (k + 2)).
    power, first, second = 1.0, 0.0, 0.0
    for k in range(20):
        first += power / (k + 1.0)
        second += power / (k + 2.0)
        power *= -x / (k + 1.0)
    return left * t * first, left * t * t * second


@scalar
def _moved(V_m, I_1, D_1, I_2, D_2, t, V_inf, tau_m, tau_1, tau_2, R):
    """The state t later."""
    left, left_1, left_2 = math.exp(-t / tau_m), math.exp(-t / tau_1), math.exp(-t / tau_2)
    of_I_1, of_D_1 = _responses(t, left, left_1, tau_m, tau_1)
    of_I_2, of_D_2 = _responses(t, left, left_2, tau_m, tau_2)
    added = I_1 * of_I_1 + D_1 * of_D_1 + I_2 * of_I_2 + D_2 * of_D_2
    V = V_inf + left * (V_m - V_inf) + (R / tau_m) * added
    return V, left_1 * (I_1 + t * D_1), left_1 * D_1, left_2 * (I_2 + t * D_2), left_2 * D_2


@scalar
def alpha_flow(
    V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, elapsed, I_exc,
    tau_m, tau_exc, tau_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    V_inf = E_L + R * (I_e + I_exc)
    return _moved(V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, elapsed, V_inf, tau_m, tau_exc, tau_inh, R)


@scalar
def alpha_hold(
    V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, elapsed, I_exc,
    tau_m, tau_exc, tau_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    left_exc, left_inh = math.exp(-elapsed / tau_exc), math.exp(-elapsed / tau_inh)
    I_syn_exc, I_syn_inh = left_exc * (I_syn_exc + elapsed * dI_syn_exc), left_inh * (I_syn_inh + elapsed * dI_syn_inh)
    return V_m, I_syn_exc, left_exc * dI_syn_exc, I_syn_inh, left_inh * dI_syn_inh


@scalar
def alpha_receive(
    V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, in_exc, in_inh, held,
    tau_m, tau_exc, tau_inh, R, I_e, E_L, V_th, V_reset,
):  # fmt: skip
    """The weight is the peak of the current that it adds."""
    return V_m, I_syn_exc, dI_syn_exc + math.e / tau_exc * in_exc, I_syn_inh, dI_syn_inh + math.e / tau_inh * in_inh


@scalar
def alpha_margin(
    V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, tau_m, tau_exc, tau_inh, R, I_e, E_L, V_th, V_reset
):  # fmt: skip
    return V_m - V_th


@scalar
def alpha_reset(
    V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, tau_m, tau_exc, tau_inh, R, I_e, E_L, V_th, V_reset
):  # fmt: skip
    return V_reset, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh


@scalar
def _highest_of(I_now, D, tau):
    """The supremum of (I_now + D t) exp(-t / tau) from t = 0 on, and 0."""
    if D > 0.0 and I_now < D * tau:
        return D * tau * math.exp(I_now / (D * tau) - 1.0)
    return max(I_now, 0.0)


@scalar
def alpha_soonest(
    V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, I_exc, tau_m, tau_exc, tau_inh, R, I_e, E_L, V_th, V_reset
):  # fmt: skip
    """Crossing time of the tangent to a potential that is never below V_m, that of a current fixed at its maximum."""
    synaptic = _highest_of(I_syn_exc, dI_syn_exc, tau_exc) + _highest_of(I_syn_inh, dI_syn_inh, tau_inh)
    highest = E_L + R * (I_e + I_exc + synaptic)
    if V_m >= V_th:
        return 0.0
    if highest <= V_th:
        return np.inf
    return tau_m * (V_th - V_m) / (highest - V_m) * (1.0 - 1e-9)


@scalar
def _scaled(order, t, a_1, b_1, a_2, b_2, rate):
    """H (order 0) or H' (order 1), H = a_1 + b_1 t + (a_2 + b_2 t) exp(rate t)."""
    line = a_2 + b_2 * t
    if order == 0:
        return a_1 + b_1 * t + line * math.exp(rate * t)
    return b_1 + (b_2 + rate * line) * math.exp(rate * t)


@scalar
def _root(order, low, high, longest, a_1, b_1, a_2, b_2, rate):
    """The only change of sign of H or H' from low to high (inf: within the next `longest` ms), or inf."""
    above = _scaled(order, low, a_1, b_1, a_2, b_2, rate) > 0.0
    if high == np.inf:
        span = max(longest * 1e-3, low * ROUNDING)
        high = low + span
        while (_scaled(order, high, a_1, b_1, a_2, b_2, rate) > 0.0) == above and span < longest:
            low = high
            span *= 2.0
            high = low + span
    if low >= high or (_scaled(order, high, a_1, b_1, a_2, b_2, rate) > 0.0) == above:
        return np.inf
    for _ in range(MOST_ITERATIONS):
        middle = low + (high - low) * 0.5
        if not low < middle < high:
            break
        if (_scaled(order, middle, a_1, b_1, a_2, b_2, rate) > 0.0) == above:
            low = middle
        else:
            high = middle
    return high


@scalar
def _turns(I_1, D_1, I_2, D_2, tau_1, tau_2, longest):
    """The times, ascending, at which the derivative of I_1 + I_2 changes sign; inf for those that do not exist."""
    a_1, b_1 = D_1 - I_1 / tau_1, -D_1 / tau_1
    a_2, b_2 = D_2 - I_2 / tau_2, -D_2 / tau_2
    if tau_1 < tau_2:
        a_1, b_1, a_2, b_2, tau_1, tau_2 = a_2, b_2, a_1, b_1, tau_2, tau_1
    rate = 1.0 / tau_1 - 1.0 / tau_2
    middle = -a_2 / b_2 - 2.0 / rate if b_2 != 0.0 and rate != 0.0 else 0.0
    middle = middle if 0.0 < middle < np.inf else 0.0
    first = _root(1, 0.0, middle, longest, a_1, b_1, a_2, b_2, rate)
    second = _root(1, middle, np.inf, longest, a_1, b_1, a_2, b_2, rate)
    if first == np.inf:
        first, second = second, np.inf
    # H is monotonic from 0 to first, to second, and after them.
    one = _root(0, 0.0, first, longest, a_1, b_1, a_2, b_2, rate)
    two = _root(0, first, second, longest, a_1, b_1, a_2, b_2, rate) if first < np.inf else np.inf
    three = _root(0, second, np.inf, longest, a_1, b_1, a_2, b_2, rate) if second < np.inf else np.inf
    if two == np.inf:
        two, three = three, np.inf
    if one == np.inf:
        one, two, three = two, three, np.inf
    return one, two, three


@scalar
def _motion(t, V_m, I_1, D_1, I_2, D_2, V_inf, tau_m, tau_1, tau_2, R):
    """V_m at t, and its first and second derivative."""
    V, J_1, E_1, J_2, E_2 = _moved(V_m, I_1, D_1, I_2, D_2, t, V_inf, tau_m, tau_1, tau_2, R)
    slope = (V_inf - V + R * (J_1 + J_2)) / tau_m
    return V, slope, (R * (E_1 - J_1 / tau_1 + E_2 - J_2 / tau_2) - slope) / tau_m


@scalar
def alpha_crossing(
    V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, I_exc, tau_m, tau_exc, tau_inh, R, I_e, E_L, V_th, V_reset
):  # fmt: skip
    V_inf = E_L + R * (I_e + I_exc)
    moving = (V_m, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh)
    fixed = (V_inf, tau_m, tau_exc, tau_inh, R)
    noise = 2.0 * ROUNDING * max(abs(V_m), abs(V_th), abs(V_inf))
    noise_of_slope = ROUNDING * (abs(V_m) + abs(V_inf) + R * (abs(I_syn_exc) + abs(I_syn_inh))) / tau_m
    if V_m >= V_th:
        return 0.0
    synaptic = _highest_of(I_syn_exc, dI_syn_exc, tau_exc) + _highest_of(I_syn_inh, dI_syn_inh, tau_inh)
    if V_inf + R * synaptic <= V_th:
        return np.inf
    longest = _LONGEST * max(tau_m, tau_exc, tau_inh)
    end, following, last = _turns(I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, tau_exc, tau_inh, longest)
    low = 0.0
    slope = V_inf - V_m + R * (I_syn_exc + I_syn_inh)
    while True:
        if end == np.inf and V_inf <= V_th and slope <= 0.0:
            return np.inf
        span = tau_m
        high = low
        slope_there = slope
        while high < end:
            high = min(low + span, end)
            V, I_1, D_1, I_2, D_2 = _moved(*moving, high, *fixed)
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
            synaptic = _highest_of(I_1, D_1, tau_exc) + _highest_of(I_2, D_2, tau_inh)
            if V_inf + R * synaptic <= V_th or span > longest:
                return np.inf
            span *= 2.0
        low, slope = end, slope_there
        end, following, last = following, last, np.inf


LIF_ALPHA = ClosedForm(
    _constants,
    alpha_flow,
    alpha_receive,
    alpha_crossing,
    alpha_reset,
    soonest=alpha_soonest,
    hold=alpha_hold,
    margin=alpha_margin,
    clock="refractory",
)
