"""Burst-dependent plasticity with an adaptive burst probability (Payeur et al. 2021, Nature Neuroscience 24:1010).

At an event of the target:  w += eta (h - P) e_pre,   P = min(1, burst_rate / event_rate);
at a burst of the target:   w += eta (1 + h) e_pre,   h = -[event_rate - rate_max]+ / event_rate;
at an arrival:              w += eta [rate_min - spike_rate]+.

e_pre is the trace of arrivals (events of the source, with on="event"), with time constant tau_pre. event_rate and
burst_rate are running means of the target's events and bursts over tau_rate, just before the event itself, so weights
grow if the target bursts more often than it used to. h and the last equation are homeostasis; spike_rate is the mean of
all its spikes over tau_homeostasis (with a mean as fast as event_rate, networks do not learn).

The rule keeps the means itself, so it works with any neuron that emits events and bursts. Weights are clipped at
arrivals: if an event and a burst occur between two arrivals, only their sum is clipped.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import Hz, ms, number, weight


class BurstpropParameters(NamedTuple):
    eta: Annotated[number, "learning rate, in the unit of the port"] = 8e-3
    tau_pre: Annotated[ms, "time constant of the trace of arrivals"] = 100.0
    tau_rate: Annotated[ms, "time constant of the running means of events and bursts"] = 2000.0
    tau_homeostasis: Annotated[ms, "time constant of the running mean of spikes"] = 30_000.0
    rate_min: Annotated[Hz, "weights grow at arrivals while the target spikes less often; 0 turns this off"] = 2.0
    rate_max: Annotated[Hz, "weights shrink while the target has more events"] = 10.0
    event_rate_start: Annotated[Hz, "running mean of events at the start"] = 0.0
    burst_rate_start: Annotated[Hz, "running mean of bursts at the start"] = 0.0
    spike_rate_start: Annotated[Hz, "running mean of spikes at the start"] = 0.1
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 1.0


def _constants(p: BurstpropParameters, dt: float) -> dict[str, float]:
    return {
        "eta": p.eta,
        "rate_min": p.rate_min,
        "rate_max": p.rate_max,
        "P_rate": math.exp(-dt / p.tau_rate),
        "P_homeostasis": math.exp(-dt / p.tau_homeostasis),
        "jump": 1000.0 / p.tau_rate,
        "jump_homeostasis": 1000.0 / p.tau_homeostasis,
    }


@scalar
def advance(
    event_rate, burst_rate, spike_rate, event, burst, spike,
    eta, rate_min, rate_max, P_rate, P_homeostasis, jump, jump_homeostasis,
):  # fmt: skip
    return (
        (event_rate + jump * event) * P_rate,
        (burst_rate + jump * burst) * P_rate,
        (spike_rate + jump_homeostasis * spike) * P_homeostasis,
    )


@scalar
def signal(
    event_rate, burst_rate, spike_rate, event, burst, spike,
    eta, rate_min, rate_max, P_rate, P_homeostasis, jump, jump_homeostasis,
):  # fmt: skip
    known = max(event_rate, 1e-9)
    P = min(burst_rate / known, 1.0)
    h = -max(event_rate - rate_max, 0.0) / known
    return eta * (event * (h - P) + burst * (1.0 + h))


@scalar
def on_pre(
    weight, e_pre, spike_rate, eta, rate_min, rate_max, P_rate, P_homeostasis, jump, jump_homeostasis
):  # fmt: skip
    return weight + eta * max(rate_min - spike_rate, 0.0)


def _check(p: BurstpropParameters) -> str | None:
    for name in ("rate_min", "rate_max", "event_rate_start", "burst_rate_start", "spike_rate_start"):
        if getattr(p, name) < 0:
            return f"{name} must be at least 0 Hz, got {getattr(p, name):g} Hz"
    return None


Burstprop = SignalRule(
    "Burstprop",
    BurstpropParameters,
    pre=(Trace("e_pre", "tau_pre"),),
    reads=(),
    state={"event_rate": "event_rate_start", "burst_rate": "burst_rate_start", "spike_rate": "spike_rate_start"},
    advance=advance,
    signal=signal,
    on_pre=on_pre,
    seen=("spike_rate",),
    constants=_constants,
    check=_check,
    learns_from="event",
    learns_also_from=("burst", "spike"),
)
