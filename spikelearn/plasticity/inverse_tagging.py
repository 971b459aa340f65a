"""Inverse synaptic tagging: instructed depression acts on the synapses that were not active.

A hypothesis, consistent with Okuno et al. 2012 (Cell 149:886): Arc accumulates at inactive synapses and promotes the
removal of receptors there. Each synapse has a tag,

    T' = act (1 - T)/tau_up - T/tau_tag,  act = 1 until t_act after each arrival, else 0,

and at each event of the target, by default an `instruction` (LIFInstructed), w -> w exp(-eta (1 - T)). With events at
equal increments of the integral of p(t) this is w' = -rate p (1 - T) w, eta = rate times the increment.

Between arrivals T has a closed form; a synapse stores T as of its last arrival.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import PlasticityRule
from spikelearn.units import ms, number, weight


class InverseTaggingParameters(NamedTuple):
    eta: Annotated[number, "fraction that one event removes from an untagged synapse"] = 0.0004
    tau_up: Annotated[ms, "time constant with which an active synapse is tagged"] = 10e3
    tau_tag: Annotated[ms, "time constant with which a tag decays"] = 60e3
    t_act: Annotated[ms, "time after an arrival during which a synapse is active"] = 500.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 100.0


def _constants(p: InverseTaggingParameters, dt: float) -> dict[str, float]:
    up, down = 1.0 / p.tau_up, 1.0 / p.tau_tag
    return {"eta": p.eta, "rate_up": up + down, "rate_down": down, "T_active": up / (up + down), "t_act": p.t_act}


@scalar
def tag(T, rate_up, rate_down, T_active, t_act, since_pre):
    """T at a given time after an arrival, from its value at the arrival."""
    acting = min(since_pre, t_act)
    T = T_active + (T - T_active) * math.exp(-acting * rate_up)
    return T * math.exp(-(since_pre - acting) * rate_down)


@scalar
def on_pre(weight, T, eta, rate_up, rate_down, T_active, t_act, since_pre):
    return weight, tag(T, rate_up, rate_down, T_active, t_act, since_pre)


@scalar
def on_post(weight, T, eta, rate_up, rate_down, T_active, t_act, since_pre):
    return weight * math.exp(-eta * (1.0 - tag(T, rate_up, rate_down, T_active, t_act, since_pre))), T


InverseTagging = PlasticityRule(
    "InverseTagging",
    InverseTaggingParameters,
    pre=(),
    post=(),
    on_pre=on_pre,
    on_post=on_post,
    constants=_constants,
    learns_from="instruction",
    state=("T",),
    state_goes_on=True,
)
