"""Voltage-based plasticity (Clopath, Buesing, Vasilaki & Gerstner 2010, Nature Neuroscience 13:344).

At an arrival:  w -= A_LTD [u_bar_minus - theta_minus]+;
in every step:  w' = A_LTP x_bar [u - theta_plus]+ [u_bar_plus - theta_minus]+,
where u is the potential of the target, u_bar_minus and u_bar_plus its low-pass filtered values, and x_bar the trace of
arrivals, which jumps by 1/tau_x. The filtered values are delayed by 4 ms: this is not in the paper but in its authors'
code (ModelDB 144566) and in NEST's clopath_synapse, and the published numbers cannot be reproduced without it.

The rule keeps both averages itself, so it works with any neuron with a V_m. It uses the potential after a spike, so in
a model without a spike waveform (AdExClopath has one) it hardly exceeds theta_plus. DendriticClopath is the same rule
at a dendrite: it reads V_d, as in Pyramidal. HomeostaticClopath depresses more the more the target has been
depolarised: A_LTD u_bar_bar^2 / u_ref_squared replaces A_LTD (the paper, Eq. 3), u_bar_bar being the average of
[u - theta_minus]+ over tau_u_bar_bar, so that rates neither vanish nor run away and neurons become selective.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, mV, number, unit_named, weight

mV_squared = Annotated[float, unit_named("mV**2")]


class ClopathParameters(NamedTuple):
    A_LTD: Annotated[number, "depression at an arrival, in the unit of the port, per mV"] = 14e-5
    A_LTP: Annotated[number, "potentiation, in the unit of the port, per mV^2"] = 8e-5
    theta_minus: Annotated[mV, "threshold of the averages"] = -70.6
    theta_plus: Annotated[mV, "threshold of the potential for potentiation"] = -45.3
    tau_u_bar_minus: Annotated[ms, "time constant of the average that depression reads"] = 10.0
    tau_u_bar_plus: Annotated[ms, "time constant of the average that potentiation reads"] = 7.0
    tau_x: Annotated[ms, "time constant of the trace of arrivals"] = 15.0
    delay_u_bars: Annotated[ms, "delay with which both averages are read"] = 4.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 100.0


def constants(p: ClopathParameters, dt: float) -> dict[str, float]:
    return {
        "A_LTD": p.A_LTD,
        "A_LTP": p.A_LTP * dt / p.tau_x,
        "theta_minus": p.theta_minus,
        "theta_plus": p.theta_plus,
        "P_minus": math.exp(-dt / p.tau_u_bar_minus),
        "P_plus": math.exp(-dt / p.tau_u_bar_plus),
    }


@scalar
def advance(V_m, u_bar_minus, u_bar_plus, event, A_LTD, A_LTP, theta_minus, theta_plus, P_minus, P_plus):
    """Exponential Euler: the potential at the end of this step holds throughout the next."""
    return V_m + (u_bar_minus - V_m) * P_minus, V_m + (u_bar_plus - V_m) * P_plus


@scalar
def signal(V_m, u_bar_minus, u_bar_plus, event, A_LTD, A_LTP, theta_minus, theta_plus, P_minus, P_plus):
    return A_LTP * max(V_m - theta_plus, 0.0) * max(u_bar_plus - theta_minus, 0.0)


@scalar
def on_pre(weight, x_bar, u_bar_minus, A_LTD, A_LTP, theta_minus, theta_plus, P_minus, P_plus):
    return weight - A_LTD * max(u_bar_minus - theta_minus, 0.0)


@scalar
def advance_dendritic(V_d, u_bar_minus, u_bar_plus, event, A_LTD, A_LTP, theta_minus, theta_plus, P_minus, P_plus):
    return V_d + (u_bar_minus - V_d) * P_minus, V_d + (u_bar_plus - V_d) * P_plus


@scalar
def signal_dendritic(V_d, u_bar_minus, u_bar_plus, event, A_LTD, A_LTP, theta_minus, theta_plus, P_minus, P_plus):
    return A_LTP * max(V_d - theta_plus, 0.0) * max(u_bar_plus - theta_minus, 0.0)


def _check(p: ClopathParameters) -> str | None:
    if p.A_LTP < 0 or p.A_LTD < 0:
        return f"expected A_LTP and A_LTD of at least 0, got {p.A_LTP:g} and {p.A_LTD:g}"
    return None


Clopath = SignalRule(
    "Clopath",
    ClopathParameters,
    pre=(Trace("x_bar", "tau_x"),),
    reads=("V_m",),
    state={"u_bar_minus": "V_m", "u_bar_plus": "V_m"},
    advance=advance,
    delayed={"u_bar_minus": "delay_u_bars", "u_bar_plus": "delay_u_bars"},
    signal=signal,
    on_pre=on_pre,
    seen=("u_bar_minus",),
    constants=constants,
    check=_check,
    nest=NestSynapse(
        "clopath_synapse",
        parameters={"W_min": "Wmin", "W_max": "Wmax"},
        of_target={
            name: name
            for name in (
                "A_LTD",
                "A_LTP",
                "theta_minus",
                "theta_plus",
                "tau_u_bar_minus",
                "tau_u_bar_plus",
                "delay_u_bars",
            )  # fmt: skip
        },
        weights=("W_min", "W_max"),
    ),
)

DendriticClopath = replace(
    Clopath,
    name="DendriticClopath",
    reads=("V_d",),
    state={"u_bar_minus": "V_d", "u_bar_plus": "V_d"},
    advance=advance_dendritic,
    signal=signal_dendritic,
    nest=None,
)


class HomeostaticClopathParameters(NamedTuple):
    A_LTD: Annotated[number, "as in Clopath, at an arrival with u_bar_bar^2 = u_ref_squared"] = 14e-5
    A_LTP: Annotated[number, "potentiation, in the unit of the port, per mV^2"] = 8e-5
    theta_minus: Annotated[mV, "threshold of the averages"] = -70.6
    theta_plus: Annotated[mV, "threshold of the potential for potentiation"] = -45.3
    tau_u_bar_minus: Annotated[ms, "time constant of the average that depression reads"] = 10.0
    tau_u_bar_plus: Annotated[ms, "time constant of the average that potentiation reads"] = 7.0
    tau_u_bar_bar: Annotated[ms, "time constant of the average depolarisation"] = 1000.0
    u_ref_squared: Annotated[mV_squared, "square of the average depolarisation at which depression is A_LTD"] = 60.0
    tau_x: Annotated[ms, "time constant of the trace of arrivals"] = 15.0
    delay_u_bars: Annotated[ms, "delay with which u_bar_minus and u_bar_plus are read"] = 4.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 100.0


def _homeostatic_constants(p: HomeostaticClopathParameters, dt: float) -> dict[str, float]:
    return {
        **constants(p, dt),  # type: ignore[arg-type]
        "A_LTD": p.A_LTD / p.u_ref_squared,
        "P_bar": math.exp(-dt / p.tau_u_bar_bar),
    }


@scalar
def advance_homeostatic(
    V_m, u_bar_minus, u_bar_plus, u_bar_bar, event, A_LTD, A_LTP, theta_minus, theta_plus, P_minus, P_plus, P_bar
):
    u = max(V_m - theta_minus, 0.0)
    return (
        V_m + (u_bar_minus - V_m) * P_minus,
        V_m + (u_bar_plus - V_m) * P_plus,
        u + (u_bar_bar - u) * P_bar,
    )


@scalar
def signal_homeostatic(
    V_m, u_bar_minus, u_bar_plus, u_bar_bar, event, A_LTD, A_LTP, theta_minus, theta_plus, P_minus, P_plus, P_bar
):
    return A_LTP * max(V_m - theta_plus, 0.0) * max(u_bar_plus - theta_minus, 0.0)


@scalar
def on_pre_homeostatic(
    weight, x_bar, u_bar_minus, u_bar_bar, A_LTD, A_LTP, theta_minus, theta_plus, P_minus, P_plus, P_bar
):
    return weight - A_LTD * u_bar_bar * u_bar_bar * max(u_bar_minus - theta_minus, 0.0)


def _check_homeostatic(p: HomeostaticClopathParameters) -> str | None:
    if p.u_ref_squared <= 0:
        return f"expected u_ref_squared above 0 mV^2, got {p.u_ref_squared:g} mV^2"
    return _check(p)  # type: ignore[arg-type]


HomeostaticClopath = SignalRule(
    "HomeostaticClopath",
    HomeostaticClopathParameters,
    pre=(Trace("x_bar", "tau_x"),),
    reads=("V_m",),
    state={"u_bar_minus": "V_m", "u_bar_plus": "V_m", "u_bar_bar": ""},
    advance=advance_homeostatic,
    delayed={"u_bar_minus": "delay_u_bars", "u_bar_plus": "delay_u_bars"},
    signal=signal_homeostatic,
    on_pre=on_pre_homeostatic,
    seen=("u_bar_minus", "u_bar_bar"),
    constants=_homeostatic_constants,
    check=_check_homeostatic,
)
