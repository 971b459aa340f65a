"""Quadratic integrate-and-fire neuron with delta input, integrated exactly (Ermentrout & Kopell 1986).

dV_m/dt = (V_m - E_L)(V_m - V_c) / (tau_m (V_c - E_L)) + I / C_m (Latham et al. 2000). Without current E_L is stable,
with time constant tau_m, and above V_c the neuron fires. The rheobase is C_m (V_c - E_L) / (4 tau_m).
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.closed_form import ClosedForm
from spikelearn.neurons.margin import CANNOT_SPIKE, FAR_ABOVE
from spikelearn.neurons.membrane import Membrane, refractory_steps, reset_below_peak
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import duration, ms, mV, pA, pF

_PI_2 = math.pi**2
_FAR = 64.0 * _PI_2


class QIFParameters(NamedTuple):
    E_L: Annotated[mV, "resting potential"] = -65.0
    V_c: Annotated[mV, "critical potential: above it the neuron fires without input"] = -50.0
    V_peak: Annotated[mV, "cut-off of the spike"] = 30.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "time constant at E_L"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 0.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: QIFParameters, dt: float) -> dict[str, Any]:
    E_L, V_c = np.asarray(p.E_L), np.asarray(p.V_c)
    scale = np.asarray(p.tau_m) * (V_c - E_L)
    return {
        "V_middle": 0.5 * (E_L + V_c),
        "half_square": 0.25 * (V_c - E_L) ** 2,
        "scale_C": scale / p.C_m,
        "s": dt / scale,
        "I_e": p.I_e,
        "V_peak": p.V_peak,
        "V_reset": p.V_reset,
        "n_ref": refractory_steps(p.t_ref, dt),
    }


@scalar
def cosine_and_sine(y):
    """cos(a) and sin(a) / a for a = sqrt(y), y <= pi^2; cosh(a) and sinh(a) / a for a = sqrt(-y), -64 pi^2 <= y < 0.

    One series for both signs, at a 32nd of the angle, which is then doubled five times: plain arithmetic vectorises,
    while calls to cos, sin and tanh do not.
    """
    z = y / 1024.0
    cosine = 1.0 / 20922789888000.0
    cosine = cosine * z - 1.0 / 87178291200.0
    cosine = cosine * z + 1.0 / 479001600.0
    cosine = cosine * z - 1.0 / 3628800.0
    cosine = cosine * z + 1.0 / 40320.0
    cosine = cosine * z - 1.0 / 720.0
    cosine = cosine * z + 1.0 / 24.0
    cosine = cosine * z - 1.0 / 2.0
    cosine = cosine * z + 1.0
    sine = 1.0 / 355687428096000.0
    sine = sine * z - 1.0 / 1307674368000.0
    sine = sine * z + 1.0 / 6227020800.0
    sine = sine * z - 1.0 / 39916800.0
    sine = sine * z + 1.0 / 362880.0
    sine = sine * z - 1.0 / 5040.0
    sine = sine * z + 1.0 / 120.0
    sine = sine * z - 1.0 / 6.0
    sine = sine * z + 1.0
    for _ in range(5):
        sine, cosine = sine * cosine, 1.0 - 2.0 * z * sine * sine
        z = 4.0 * z
    return cosine, sine


@scalar
def cosine_and_sine_of_flow(D, s):
    """(C, S) for dx/ds = x^2 + D, whose flow is x(s) = (x C + D S) / (C - x S).

    C = cos(q s), S = sin(q s) / q where q^2 = D > 0, and cosh and sinh where q^2 = -D > 0; beyond q s = 8 pi, where
    tanh is 1, both are divided by cosh.
    """
    y = D * s * s
    C, S = cosine_and_sine(min(max(y, -_FAR), _PI_2))
    C = 1.0 if y < -_FAR else C
    S = 1.0 / math.sqrt(max(-D, 1e-300)) if y < -_FAR else s * S
    # conditionals in the last line would become several returns, which do not vectorise
    return C, S


@scalar
def flowed(x, D, s, C, S):
    """(x at s, whether it has reached infinity by then). From q s = pi on every x has, if D > 0; x is 0 then."""
    below = C - x * S
    infinite = (below <= 0.0) | (D * s * s >= _PI_2)
    above = x * C + D * S
    above = 0.0 if infinite else above
    below = 1.0 if infinite else below
    x = above / below
    return x, infinite


@scalar
def quadratic_flow(x, D, s):
    """(x at s, whether it has reached infinity by then) for dx/ds = x^2 + D."""
    C, S = cosine_and_sine_of_flow(D, s)
    return flowed(x, D, s, C, S)


@scalar
def qif_advance(V_m, refractory, current, conductance, V_middle, half_square, scale_C, s, V_peak, V_reset, n_ref):
    """Exact for a current and a conductance that are constant over the step, with the reset inside the step.

    From x to x_peak the angle q t has the tangent q (x_peak - x) / (x x_peak + D); that and C, S of the step give C and
    S of what is left of it, but for a factor, which does not matter.
    """
    shift = 0.5 * scale_C * conductance
    middle = V_middle + shift
    D = scale_C * (current - conductance * V_middle) - shift * shift - half_square
    C, S = cosine_and_sine_of_flow(D, s)
    x, x_peak, x_reset = V_m - middle, V_peak - middle, V_reset - middle
    x_end, infinite = flowed(x, D, s, C, S)
    # no `and` or `or`, whose branches keep the loop from vectorising
    fired = ((middle + x_end >= V_peak) | infinite) & (refractory <= 0.0) | (V_m >= V_peak) & (refractory > 0.0)
    adjacent = 1.0 if x >= x_peak else x * x_peak + D
    opposite = max(x_peak - x, 0.0)
    C_rest = C * adjacent + D * S * opposite
    S_rest = S * adjacent - C * opposite
    below = C_rest - x_reset * S_rest
    V_rest = middle + (x_reset * C_rest + D * S_rest) / (below if below > 0.0 else 1.0) if below > 0.0 else V_peak
    V_rest = V_reset if n_ref > 0.0 else V_rest
    V = V_m if refractory > 0.0 else middle + x_end
    V = V_rest if fired else V
    refractory = n_ref if fired else max(refractory - 1.0, 0.0)
    return V, refractory, np.uint8(fired)


@scalar
def qif_step(V_m, refractory, in_exc, I_exc, V_middle, half_square, scale_C, s, I_e, V_peak, V_reset, n_ref):
    """Exact for a current that is constant over the step, with the reset inside it; input jumps at its end."""
    held = refractory > 0.0
    V, refractory, mask = qif_advance(
        V_m, refractory, I_exc + I_e, 0.0, V_middle, half_square, scale_C, s, V_peak, V_reset, n_ref
    )
    lost = held | (mask > 0) & (n_ref > 0.0)
    V = V if lost else V + in_exc
    jumped = (V >= V_peak) & (mask == 0) & (lost == 0)
    V = V_reset if jumped else V
    refractory = n_ref if jumped else refractory
    return V, refractory, mask | np.uint8(jumped)


@scalar
def qif_margin(V_m, refractory, current, conductance, V_middle, half_square, scale_C, s, V_peak):
    """Of a step of `qif_advance`."""
    shift = 0.5 * scale_C * conductance
    middle = V_middle + shift
    D = scale_C * (current - conductance * V_middle) - shift * shift - half_square
    x, infinite = quadratic_flow(V_m - middle, D, s)
    margin = FAR_ABOVE if infinite else middle + x - V_peak
    held = CANNOT_SPIKE if V_m < V_peak else V_m - V_peak
    return held if refractory > 0.0 else margin


@scalar
def qif_step_margin(V_m, refractory, in_exc, I_exc, V_middle, half_square, scale_C, s, I_e, V_peak, V_reset, n_ref):
    """Of a step of `qif_step`, in which input can only bring a spike nearer."""
    margin = qif_margin(V_m, refractory, I_exc + I_e, 0.0, V_middle, half_square, scale_C, s, V_peak)
    return margin + max(in_exc, 0.0)


@scalar
def qif_flow_with_conductance(V_m, current, conductance, V_middle, half_square, scale_C, s, V_peak):
    """Exact for a current and a conductance that are constant over the step: dV/ds is a square as before."""
    shift = 0.5 * scale_C * conductance
    middle = V_middle + shift
    D = scale_C * (current - conductance * V_middle) - shift * shift - half_square
    x, infinite = quadratic_flow(V_m - middle, D, s)
    return V_peak if infinite else middle + x


def _continuous_constants(p: QIFParameters) -> dict[str, Any]:
    E_L, V_c = np.asarray(p.E_L), np.asarray(p.V_c)
    scale = np.asarray(p.tau_m) * (V_c - E_L)
    return {
        "V_middle": 0.5 * (E_L + V_c),
        "half_square": 0.25 * (V_c - E_L) ** 2,
        "scale_C": scale / p.C_m,
        "scale": scale,
        "I_e": p.I_e,
        "V_peak": p.V_peak,
        "V_reset": p.V_reset,
    }


@scalar
def qif_flow(V_m, elapsed, I_exc, V_middle, half_square, scale_C, scale, I_e, V_peak, V_reset):
    x, infinite = quadratic_flow(V_m - V_middle, scale_C * (I_exc + I_e) - half_square, elapsed / scale)
    return V_peak if infinite else V_middle + x


@scalar
def qif_hold(V_m, elapsed, I_exc, V_middle, half_square, scale_C, scale, I_e, V_peak, V_reset):
    return V_m


@scalar
def qif_receive(V_m, in_exc, held, V_middle, half_square, scale_C, scale, I_e, V_peak, V_reset):
    return V_m if held > 0.0 else V_m + in_exc


@scalar
def qif_crossing(V_m, I_exc, V_middle, half_square, scale_C, scale, I_e, V_peak, V_reset):
    """tan(q s), or tanh(q s) for D < 0, is q (x_peak - x) / (x x_peak + D), if no fixed point lies in between."""
    D = scale_C * (I_exc + I_e) - half_square
    x, x_peak = V_m - V_middle, V_peak - V_middle
    q = math.sqrt(abs(D))
    if V_m >= V_peak:
        return 0.0
    if D > 0.0:
        return scale * math.atan2(q * (x_peak - x), x * x_peak + D) / q
    if -q <= x_peak and x <= q:
        return np.inf
    share = q * (x_peak - x) / (x * x_peak + D)
    return scale * (math.atanh(share) / q if share > 0.0 else (x_peak - x) / (x * x_peak))


@scalar
def qif_crossing_margin(V_m, V_middle, half_square, scale_C, scale, I_e, V_peak, V_reset):
    return V_m - V_peak


@scalar
def qif_reset(V_m, V_middle, half_square, scale_C, scale, I_e, V_peak, V_reset):
    return V_reset


def _check(p: QIFParameters) -> str | None:
    if np.any(np.asarray(p.E_L) >= np.asarray(p.V_c)):
        return f"E_L must lie below V_c, got E_L {p.E_L} mV and V_c {p.V_c} mV"
    return reset_below_peak(p)


QIF = NeuronModel(
    "QIF",
    QIFParameters,
    _constants,
    qif_step,
    state={"V_m": "mV", "refractory": "1"},
    ports={"exc": "mV"},
    currents=("exc",),
    equations="dV_m/dt = (V_m - E_L) * (V_m - V_c) / (tau_m * (V_c - E_L)) + I_e / C_m : volt (unless refractory)",
    threshold="V_m >= V_peak",
    reset="V_m = V_reset",
    arrivals={"exc": "V_m"},
    check=_check,
    closed_form=ClosedForm(
        _continuous_constants,
        qif_flow,
        qif_receive,
        qif_crossing,
        qif_reset,
        hold=qif_hold,
        margin=qif_crossing_margin,
        clock="refractory",
    ),
    membrane=Membrane(
        state=("V_m", "refractory"),
        constants=_constants,
        flow=qif_flow_with_conductance,
        advance=qif_advance,
        margin=qif_margin,
        held="refractory > 0.0",
        equations="""
        dV_m/dt = (V_m - E_L) * (V_m - V_c) / (tau_m * (V_c - E_L)) + (I_syn + I_e) / C_m : volt (unless refractory)
        """,
    ),
    margin=qif_step_margin,
    properties=Properties(order=EXACT),
)
