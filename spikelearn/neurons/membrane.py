"""Membranes that can be composed with receptors, and the constants and checks that membranes share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError
from spikelearn.nest_mapping import NestNeuron

_UNDERFLOW = -600.0
"""exp of this is still a normal number, and the reciprocal finite."""


@dataclass(frozen=True)
class Compartment:
    """potential: its state variable. I_e: the parameter for its constant current. V: the potential that receptors see,
    as an expression, and its name in the equations, if they differ from the state variable."""

    potential: str = "V_m"
    I_e: str = "I_e"
    V: tuple[str, str] | None = None


@dataclass(frozen=True, eq=False)
class Membrane:
    """A neuron model without its synapses, which `NeuronModel.with_receptors` combines with receptors.

    state: those state variables of the model that it has. synaptic: parameters of the model that it does not need.
    constants: function(parameters, dt) -> dict of all numbers that the functions below need.
    spike: function(...) -> (*state, mask), called after the potentials: threshold, reset, refractoriness. It may
        take the state variable x as it was before the step as `x_before`. A membrane with `advance` needs none.
    equations: of the membrane, in Brian2's syntax; I_syn is the current of its receptors.
    One of two, both second order:
    slopes: function(...) -> time derivatives of the variables `moving`, for Heun's method. `current` is the current of
        receptors, drives and I_e.
    flow: function(...) -> the potential at the end of a step in which `current` and `conductance` are held at their
        mid-step values; exact if these are constant. A receptor's conductance g adds g to `conductance` and g E to
        `current`; `leak` is the membrane's own contribution to the two.
    advance: function(...) -> (*state, mask), used instead if given: a step with threshold and reset inside it, driven
        as `flow`; `slopes` then predict the potential that receptors with a block see in the middle of the step.
        margin: function(...) -> the margin (see NeuronModel) in that step.
    linear: function(...) -> the potential at the end of a step with `current` only, if the membrane is linear;
        time_constant: function(parameters) -> its tau_m (ms). Exact if all receptors are currents.
    held: an expression that is true while the (first) potential is held.
    compartments: name -> Compartment. With several, `current` and I_syn are named `current_<compartment>` and so on.
    units: of currents and of conductances. nest: name of a receptor model -> the neuron in NEST that supports any
        number of these receptors.

    Functions receive arguments by name: state, constants, `current`, `conductance`.
    """

    state: tuple[str, ...]
    constants: Callable[[Any, float], dict[str, Any]]
    equations: str
    spike: Callable[..., Any] | None = None
    synaptic: tuple[str, ...] = ()
    slopes: Callable[..., Any] | None = None
    moving: tuple[str, ...] = ()
    flow: Callable[..., Any] | None = None
    advance: Callable[..., Any] | None = None
    margin: Callable[..., Any] | None = None
    leak: tuple[str, str] | None = None
    linear: Callable[..., Any] | None = None
    time_constant: Callable[[Any], Any] | None = None
    held: str = ""
    compartments: Mapping[str, Compartment] = field(default_factory=lambda: {"soma": Compartment()})
    units: tuple[str, str] = ("pA", "nS")
    nest: Mapping[str, NestNeuron] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.slopes is None) == (self.flow is None):
            raise DescriptionError("a membrane has either slopes or a flow")
        if self.flow is not None and len(self.compartments) > 1:
            raise DescriptionError("a membrane with several compartments needs slopes")
        if (self.spike is None) == (self.advance is None):
            raise DescriptionError("a membrane has either a spike or an advance with the spike inside")
        for name in ("spike", "slopes", "flow", "advance", "margin", "linear"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, scalar(getattr(self, name)))


def refractory_steps(t_ref: Any, dt: float) -> Any:
    """Steps in a refractory period, a multiple of dt, as a float."""
    return np.rint(np.asarray(t_ref) / dt) + 0.0


def decay(tau: Any, dt: float) -> Any:
    """Factor by which a variable with time constant tau decays in a step."""
    return np.exp(-dt / np.asarray(tau, float)) + 0.0


def current_propagator(tau_m: Any, tau_syn: Any, C_m: Any, dt: float) -> Any:
    """mV at the end of a step per pA of an exponential current at its start (Rotter & Diesmann 1999, Eq. 10)."""
    tau_m, tau_syn = np.asarray(tau_m, float), np.asarray(tau_syn, float)
    rate = 1.0 / tau_syn - 1.0 / tau_m
    same = np.abs(rate) * dt < 1e-12
    safe = np.where(same, 1.0, rate)
    with np.errstate(over="ignore", invalid="ignore"):
        gain = np.where(same, dt, -np.expm1(-dt * safe) / safe) * np.exp(-dt / tau_m)
    # If tau_m is much shorter than a step, the same from the other end: above, exp(-dt rate) overflows.
    short = dt * rate < _UNDERFLOW
    if not short.any():
        return gain / C_m
    return np.where(short, np.expm1(np.where(short, dt * rate, 0.0)) / safe * np.exp(-dt / tau_syn), gain) / C_m


def alpha_propagator(tau_m: Any, tau_syn: Any, C_m: Any, dt: float) -> Any:
    """mV at the end of a step per pA/ms of the rising variable of an alpha current at its start."""
    tau_m, tau_syn = np.broadcast_arrays(np.asarray(tau_m, float), np.asarray(tau_syn, float))
    x = dt * (1.0 / tau_syn - 1.0 / tau_m)
    small = np.abs(x) < 1e-3
    safe = np.where(small, 1.0, x)
    y = np.where(small, x, 0.0)
    series = 0.5 - y / 3.0 + y**2 / 8.0 - y**3 / 30.0
    with np.errstate(over="ignore", invalid="ignore"):
        factor = np.where(small, series, (-np.expm1(-safe) - safe * np.exp(-safe)) / safe**2)
        gain = dt**2 * factor * np.exp(-dt / tau_m)
        # As above.
        other = (np.exp(-dt / tau_m) - np.exp(-dt / tau_syn) * (1.0 + x)) * (dt / safe) ** 2
    return np.where(x < _UNDERFLOW, other, gain) / C_m


def _exponential_difference(a: Any, b: Any) -> Any:
    """(exp(a) - exp(b)) / (a - b), and exp(a) where they are equal."""
    apart = a - b
    far = apart > -_UNDERFLOW  # exp(apart) may overflow, while exp(b) vanishes
    safe = np.where((apart == 0.0) | far, 1.0, apart)
    near = np.exp(b) * np.where(apart == 0.0, 1.0, np.expm1(safe) / safe)
    return np.where(far, (np.exp(a) - np.exp(b)) / np.where(far, apart, 1.0), near)


def cascade_propagator(tau_1: Any, tau_2: Any, tau_3: Any, dt: float) -> Any:
    """dt^2 times the second divided difference of exp at -dt/tau: the last of three leaky integrators in series at the
    end of a step, per unit in the first at its start. The time constants may be equal.
    """
    points = np.broadcast_arrays(*(-dt / np.asarray(tau, float) for tau in (tau_1, tau_2, tau_3)))
    low, middle, high = np.sort(np.stack(points), axis=0)
    near = high - low < 0.5
    apart = np.where(near, 1.0, high - low)
    by_difference = (_exponential_difference(high, middle) - _exponential_difference(middle, low)) / apart
    # about their mean: the sum of h_k / (k + 2)!, h_k the complete symmetric polynomials, by their generating function
    mean = (low + middle + high) / 3.0
    x, y, z = ((point - mean) * near for point in (low, middle, high))
    one, two, three = x + y + z, -(x * y + y * z + z * x), x * y * z
    h = [np.zeros_like(x), np.zeros_like(x), np.ones_like(x)]
    total = 0.5 * h[-1]
    for k in range(1, 16):
        h.append(one * h[-1] + two * h[-2] + three * h[-3])
        total = total + h[-1] / math.factorial(k + 2)
    return dt**2 * np.where(near, np.exp(mean) * total, by_difference)


def peak_factor(tau_rise: Any, tau_decay: Any) -> Any:
    """Jump of the rising variable (1/ms) for a peak of 1; e / tau if the two time constants are equal."""
    rise, decay = np.broadcast_arrays(np.asarray(tau_rise, float), np.asarray(tau_decay, float))
    x = (decay - rise) / rise
    small = x < 1e-8
    safe = np.where(small, 1.0, x)
    return np.exp(np.where(small, 1.0 + 0.5 * x, np.log1p(safe) * (1.0 + safe) / safe)) / decay


def leaky_membrane(p: Any, dt: float) -> dict[str, Any]:
    """The constants of all current-based models: decay, response to a constant current, threshold and reset."""
    tau_m = np.asarray(p.tau_m, float)
    resistance = tau_m / p.C_m
    return {
        "P_mm": np.exp(-dt / tau_m) + 0.0,
        "P_mI": -np.expm1(-dt / tau_m) * resistance,
        "I_e": p.I_e,
        "E_L": p.E_L,
        "V_th": p.V_th,
        "V_reset": p.V_reset,
        "n_ref": refractory_steps(p.t_ref, dt),
    }


_JUST_BELOW = 1e-9
"""mV: below V_peak is the potential of a neuron that does not reach it by the end of a step."""

_NO_SLOPE = 1e-300
"""mV: a slope factor so small that the exponential term is 0 below V_th."""


def exponential_membrane(p: Any) -> dict[str, Any]:
    """The constants of a membrane with an exponential term, and of it just after its reset.

    With Delta_T = 0 it is leaky, and fires at V_th.
    """
    g_L, V_reset, V_th = (np.asarray(value, float) for value in (p.g_L, p.V_reset, p.V_th))
    Delta_T = np.maximum(p.Delta_T, _NO_SLOPE)
    after = np.exp(np.minimum((V_reset - V_th) / Delta_T, 700.0))
    return {
        "E_L": p.E_L,
        "V_th": p.V_th,
        "V_peak": np.where(np.asarray(p.Delta_T) > 0.0, p.V_peak, p.V_th) + 0.0,
        "V_reset": p.V_reset,
        "g_L": p.g_L,
        "g_Delta": g_L * Delta_T,
        "steepness": 1.0 / Delta_T,
        "elastance": 1.0 / np.asarray(p.C_m),
        "I_reset": g_L * (p.E_L - V_reset) + g_L * Delta_T * after,
        "growth_reset": g_L * (after - 1.0) / p.C_m,
    }


def refractory_and_current(p: Any, dt: float) -> dict[str, Any]:
    """The constants of refractoriness and of a constant current."""
    return {"n_ref": refractory_steps(p.t_ref, dt), "I_e": p.I_e, "dt": dt}


def exponential_synapses(p: Any, dt: float) -> dict[str, Any]:
    """The constants of two exponential synapses, by half steps, of refractoriness and of a constant current."""
    return {
        "n_ref": refractory_steps(p.t_ref, dt),
        "half_P_exc": decay(p.tau_syn_exc, 0.5 * dt),
        "half_P_inh": decay(p.tau_syn_inh, 0.5 * dt),
        "I_e": p.I_e,
        "dt": dt,
    }


def reset_below_threshold(p: Any) -> str | None:
    if np.any(np.asarray(p.V_reset) >= np.asarray(p.V_th)):
        return f"V_reset must lie below V_th, got V_reset {p.V_reset} mV and V_th {p.V_th} mV"
    return None


def reset_below_peak(p: Any) -> str | None:
    if np.any(np.asarray(p.V_reset) >= np.asarray(p.V_peak)):
        return f"V_reset must lie below V_peak, got V_reset {p.V_reset} mV and V_peak {p.V_peak} mV"
    return None


def check_exponential(p: Any) -> str | None:
    leaky = np.asarray(p.Delta_T) == 0.0
    if np.any(leaky & (np.asarray(p.V_reset) >= np.asarray(p.V_th))):
        return f"with Delta_T = 0 V_reset must lie below V_th, got V_reset {p.V_reset} mV and V_th {p.V_th} mV"
    return reset_below_peak(p)


@scalar
def exponential_rise(V, slope, growth, curvature, V_peak, dt):
    """(V after dt, time at which V reaches V_peak, mean of V until then), of a membrane that may be in an upstroke.

    slope, growth, curvature: dV/dt and its first two derivatives by V, at the start. dV/dt = slope exp(growth (V - V_0)
    / slope) has the first two and is exact for an upstroke, which reaches infinity after 1 / growth: V(t) = V_0 -
    slope/growth ln(1 - growth t), with a Pade approximant of the logarithm whose error is below 0.1 % up to growth t =
    0.8. To it the difference in the term of third order is added. The time is (1 - exp(-y)) / growth with
    y = growth (V_peak - V_0) / slope, without its 0 / 0 where there is no growth. It is infinite if V falls, and 0 if
    it is above V_peak already.
    """
    u = growth * dt
    numerator = 60.0 + u * (11.0 * u - 60.0)
    denominator = 60.0 + u * (u * (36.0 - 3.0 * u) - 90.0)
    third = (curvature * slope - growth * growth) * (dt * dt * (1.0 / 6.0))
    V_end = V + slope * dt * (numerator / denominator + third)
    up = V_peak - V
    rises = slope > 0.0
    linear = up / (slope if rises else 1.0)
    y = min(max(linear * growth, -1.0), 1e20)
    # (exp(y) - 1 - y) / y^2, (exp(y) - 1) / y and exp(y) by their series
    second = 0.5 + y * (1.0 / 6.0 + y * (1.0 / 24.0 + y * (1.0 / 120.0 + y * (1.0 / 720.0))))
    first = 1.0 + y * second
    peak_after = linear * first / (1.0 + y * first) if rises else np.inf
    peak_after = 0.0 if up <= 0.0 else peak_after
    return V_end, peak_after, V + up * second / first


@scalar
def exponential_margin(V, slope, growth, curvature, V_peak, dt):
    """V minus V_peak after dt, by `exponential_rise`; if V reaches V_peak before, how far it would have risen since."""
    V_end, peak_after, _ = exponential_rise(V, slope, growth, curvature, V_peak, dt)
    beyond = max(V - V_peak, 0.0) + max(slope, 0.0) * (dt - peak_after)
    return beyond if peak_after <= dt else min(V_end - V_peak, -_JUST_BELOW)
