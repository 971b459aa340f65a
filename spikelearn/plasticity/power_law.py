"""Pair STDP with power-law potentiation and multiplicative depression, as measured in cortical cultures.

At a post event: w += lambda_ w_0^(1 - mu) w^mu K_plus;  at an arrival: w -= alpha lambda_ w K_minus.
Morrison, Aertsen & Diesmann 2007, Eq. 6; the same as NEST's stdp_pl_synapse_hom, in which w_0 is 1. The weights are
self-limiting; W_max bounds them in case they are not. Negative weights need a negative w_0 and W_max <= 0; |w| then
changes as above.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.plasticity.stdp import power
from spikelearn.units import ms, number, weight


class PowerLawSTDPParameters(NamedTuple):
    tau_plus: Annotated[ms, "time constant of the trace of arrivals"] = 20.0
    tau_minus: Annotated[ms, "time constant of the trace of post events"] = 20.0
    lambda_: Annotated[number, "learning rate"] = 0.1
    alpha: Annotated[number, "ratio of depression to potentiation at w = w_0"] = 1.0
    mu: Annotated[number, "exponent of the weight in potentiation"] = 0.4
    w_0: Annotated[weight, "weight at which potentiation is lambda_ of the weight; negative if weights are"] = 1.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 1e6


def _constants(p: PowerLawSTDPParameters, dt: float) -> dict[str, float]:
    potentiation = p.lambda_ * abs(p.w_0) ** (1.0 - p.mu)
    return {"potentiation": math.copysign(potentiation, p.w_0), "depression": p.alpha * p.lambda_, "mu": p.mu}


@scalar
def on_pre(weight, K_plus, K_minus, potentiation, depression, mu):
    return weight - depression * weight * K_minus


@scalar
def on_post(weight, K_plus, K_minus, potentiation, depression, mu):
    return weight + potentiation * power(abs(weight), mu) * K_plus


def _check(p: PowerLawSTDPParameters) -> str | None:
    if (p.W_min >= 0 and p.w_0 > 0) or (p.W_max <= 0 and p.w_0 < 0):
        return None
    return (
        "weights and w_0 must have one sign: W_min >= 0 and w_0 > 0, or W_max <= 0 and w_0 < 0, got "
        f"W_min {p.W_min:g}, W_max {p.W_max:g} and w_0 {p.w_0:g}"
    )


PowerLawSTDP = PlasticityRule(
    "PowerLawSTDP",
    PowerLawSTDPParameters,
    pre=(Trace("K_plus", "tau_plus"),),
    post=(Trace("K_minus", "tau_minus"),),
    on_pre=on_pre,
    on_post=on_post,
    constants=_constants,
    check=_check,
    equations="""
w : 1
dK_plus/dt = -K_plus/tau_plus : 1 (event-driven)
dK_minus/dt = -K_minus/tau_minus : 1 (event-driven)
""",
    pre_statements="""
w = clip(w - alpha*lambda_*w*K_minus, W_min, W_max)
K_plus += 1
""",
    post_statements="""
w = clip(w + sign(w_0)*lambda_*abs(w_0)**(1 - mu)*abs(w)**mu*K_plus, W_min, W_max)
K_minus += 1
""",
    nest=NestSynapse(
        "stdp_pl_synapse_hom",
        {"lambda_": "lambda", "W_max": ""},
        of_target={"tau_minus": "tau_minus"},
        must={"w_0": 1.0, "W_min": 0.0},
    ),
)
