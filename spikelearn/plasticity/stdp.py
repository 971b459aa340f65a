"""Pair-based spike-timing-dependent plasticity, all to all, with weight dependence from additive to multiplicative.

At a post event: w/W_norm += lambda_ (1 - w/W_norm)^mu_plus K_plus;
at an arrival:   w/W_norm -= alpha lambda_ (w/W_norm)^mu_minus K_minus.
Guetig et al. 2003; Morrison et al. 2007; the same as NEST's stdp_synapse (mu = 0 additive, 1 multiplicative).

Weights have one sign, and W_norm is the limit of that sign: W_max, or W_min if W_max <= 0. Negative weights
(W_min=-100, W_max=0; NEST: Wmax = -100) are those of W_min=0, W_max=100 with the other sign: potentiation enlarges |w|.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.units import ms, number, weight


class STDPParameters(NamedTuple):
    tau_plus: Annotated[ms, "time constant of the trace of arrivals"] = 20.0
    tau_minus: Annotated[ms, "time constant of the trace of post events"] = 20.0
    lambda_: Annotated[number, "learning rate"] = 0.01
    alpha: Annotated[number, "ratio of depression to potentiation"] = 1.0
    mu_plus: Annotated[number, "weight dependence of potentiation"] = 1.0
    mu_minus: Annotated[number, "weight dependence of depression"] = 1.0
    W_max: Annotated[weight, "largest weight; 0 with W_min = -100 if weights are negative"] = 100.0
    W_min: Annotated[weight, "smallest weight"] = 0.0


def stdp_constants(p: STDPParameters, dt: float) -> dict[str, float]:
    W_norm = p.W_max if p.W_max > 0 else p.W_min
    return {"lambda_": p.lambda_, "alpha": p.alpha, "mu_plus": p.mu_plus, "mu_minus": p.mu_minus, "W_norm": W_norm}


@scalar
def power(base, exponent):
    # In this form, since of one with three returns LLVM makes a choice between 1 and pow(base, 0), which is computed.
    if exponent == 0.0 or exponent == 1.0:
        return base if exponent == 1.0 else 1.0
    return base**exponent


@scalar
def on_pre(weight, K_plus, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm):
    return weight - W_norm * alpha * lambda_ * power(weight / W_norm, mu_minus) * K_minus


@scalar
def on_post(weight, K_plus, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm):
    return weight + W_norm * lambda_ * power(1.0 - weight / W_norm, mu_plus) * K_plus


def check_one_sign(p: Any) -> str | None:
    if p.W_min < 0 < p.W_max:
        return f"weights must have one sign: W_min >= 0 or W_max <= 0, got {p.W_min:g} and {p.W_max:g}"
    return None


def additive_in(p: STDPParameters) -> str:
    return "K_plus" if p.mu_plus == 0 else ""


STDP = PlasticityRule(
    "STDP",
    STDPParameters,
    pre=(Trace("K_plus", "tau_plus"),),
    post=(Trace("K_minus", "tau_minus"),),
    on_pre=on_pre,
    on_post=on_post,
    constants=stdp_constants,
    check=check_one_sign,
    additive_in=additive_in,
    equations="""
w : 1
W_norm = W_max*int(W_max > 0) + W_min*int(W_max <= 0) : 1
dK_plus/dt = -K_plus/tau_plus : 1 (event-driven)
dK_minus/dt = -K_minus/tau_minus : 1 (event-driven)
""",
    pre_statements="""
w = clip(w - W_norm*alpha*lambda_*(w/W_norm)**mu_minus*K_minus, W_min, W_max)
K_plus += 1
""",
    post_statements="""
w = clip(w + W_norm*lambda_*(1 - w/W_norm)**mu_plus*K_plus, W_min, W_max)
K_minus += 1
""",
    nest=NestSynapse(
        "stdp_synapse",
        {"lambda_": "lambda", "W_max": "Wmax"},
        of_target={"tau_minus": "tau_minus"},
        weights=("W_max",),
        must={"W_min": 0.0},
        signed=True,
    ),
)
