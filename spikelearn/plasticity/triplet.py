"""Triplet STDP (Pfister & Gerstner 2006, Eqs. 2 to 4), all-to-all and nearest-spike.

At a post event: w += w_0 K_plus (A2_plus + A3_plus K_y);  at an arrival: w -= w_0 K_minus (A2_minus + A3_minus K_x).
The slow traces K_x of arrivals and K_y of post events do not include the event itself. The all-to-all form is the same
as NEST's stdp_triplet_synapse, in which w_0 is 1. In the paper K_plus is r1, K_x r2, K_minus o1 and K_y o2.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.units import ms, number, weight


class TripletSTDPParameters(NamedTuple):
    A2_plus: Annotated[number, "potentiation by pairs, pre before post"] = 5e-10
    A3_plus: Annotated[number, "potentiation by triplets post-pre-post"] = 6.2e-3
    A2_minus: Annotated[number, "depression by pairs, post before pre"] = 7e-3
    A3_minus: Annotated[number, "depression by triplets pre-post-pre"] = 2.3e-4
    tau_plus: Annotated[ms, "time constant of the fast trace of arrivals"] = 16.8
    tau_x: Annotated[ms, "time constant of the slow trace of arrivals"] = 101.0
    tau_minus: Annotated[ms, "time constant of the fast trace of post events"] = 33.7
    tau_y: Annotated[ms, "time constant of the slow trace of post events"] = 125.0
    w_0: Annotated[weight, "weight that the amplitudes are relative to; negative if weights are"] = 1.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 100.0


TRIPLET_SETS: dict[str, dict[str, float]] = {
    "visual cortex full": {
        "A2_plus": 5e-10, "A3_plus": 6.2e-3, "A2_minus": 7e-3, "A3_minus": 2.3e-4, "tau_x": 101.0, "tau_y": 125.0,
    },
    "visual cortex minimal": {"A2_plus": 0.0, "A3_plus": 6.5e-3, "A2_minus": 7.1e-3, "A3_minus": 0.0, "tau_y": 114.0},
    "visual cortex minimal, nearest": {
        "A2_plus": 0.0, "A3_plus": 5e-2, "A2_minus": 8e-3, "A3_minus": 0.0, "tau_y": 40.0,
    },
    "hippocampus full": {
        "A2_plus": 6.1e-3, "A3_plus": 6.7e-3, "A2_minus": 1.6e-3, "A3_minus": 1.4e-3, "tau_x": 946.0, "tau_y": 27.0,
    },
    "hippocampus minimal": {"A2_plus": 5.3e-3, "A3_plus": 8e-3, "A2_minus": 3.5e-3, "A3_minus": 0.0, "tau_y": 40.0},
}  # fmt: skip
"""Fits of the paper, Tables 3 and 4: TripletSTDP(**TRIPLET_SETS["visual cortex full"], w_0=50.0). tau_plus and
tau_minus have their default values in all of them. "nearest" is for NearestTripletSTDP, the others for TripletSTDP."""


def _constants(p: TripletSTDPParameters, dt: float) -> dict[str, float]:
    return {name: p.w_0 * getattr(p, name) for name in ("A2_plus", "A3_plus", "A2_minus", "A3_minus")}


@scalar
def on_pre(weight, K_plus, K_x, K_minus, K_y, A2_plus, A3_plus, A2_minus, A3_minus):
    return weight - K_minus * (A2_minus + A3_minus * K_x)


@scalar
def on_post(weight, K_plus, K_x, K_minus, K_y, A2_plus, A3_plus, A2_minus, A3_minus):
    return weight + K_plus * (A2_plus + A3_plus * K_y)


_EQUATIONS = """
w : 1
dK_plus/dt = -K_plus/tau_plus : 1 (event-driven)
dK_x/dt = -K_x/tau_x : 1 (event-driven)
dK_minus/dt = -K_minus/tau_minus : 1 (event-driven)
dK_y/dt = -K_y/tau_y : 1 (event-driven)
"""
_PRE_STATEMENT = "w = clip(w - w_0*K_minus*(A2_minus + A3_minus*K_x), W_min, W_max)\n"
_POST_STATEMENT = "w = clip(w + w_0*K_plus*(A2_plus + A3_plus*K_y), W_min, W_max)\n"

TripletSTDP = PlasticityRule(
    "TripletSTDP",
    TripletSTDPParameters,
    pre=(Trace("K_plus", "tau_plus"), Trace("K_x", "tau_x")),
    post=(Trace("K_minus", "tau_minus"), Trace("K_y", "tau_y")),
    on_pre=on_pre,
    on_post=on_post,
    constants=_constants,
    additive_in=lambda p: "K_plus",
    equations=_EQUATIONS,
    pre_statements=_PRE_STATEMENT + "K_plus += 1\nK_x += 1\n",
    post_statements=_POST_STATEMENT + "K_minus += 1\nK_y += 1\n",
    nest=NestSynapse(
        "stdp_triplet_synapse",
        {
            "A2_plus": "Aplus",
            "A3_plus": "Aplus_triplet",
            "A2_minus": "Aminus",
            "A3_minus": "Aminus_triplet",
            "tau_x": "tau_plus_triplet",
            "W_max": "Wmax",
        },
        of_target={"tau_minus": "tau_minus", "tau_y": "tau_minus_triplet"},
        weights=("A2_plus", "A3_plus", "A2_minus", "A3_minus", "W_max"),
        must={"w_0": 1.0, "W_min": 0.0},
        signed=True,
    ),
)

NearestTripletSTDP = PlasticityRule(
    "NearestTripletSTDP",
    TripletSTDPParameters,
    pre=(Trace("K_plus", "tau_plus", jump="set"), Trace("K_x", "tau_x", jump="set")),
    post=(Trace("K_minus", "tau_minus", jump="set"), Trace("K_y", "tau_y", jump="set")),
    on_pre=on_pre,
    on_post=on_post,
    constants=_constants,
    additive_in=lambda p: "K_plus",
    equations=_EQUATIONS,
    pre_statements=_PRE_STATEMENT + "K_plus = 1\nK_x = 1\n",
    post_statements=_POST_STATEMENT + "K_minus = 1\nK_y = 1\n",
)
