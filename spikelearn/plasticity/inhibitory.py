"""Inhibitory STDP that balances excitation (Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011).

At a post event: |w| += eta K_plus;  at an arrival: |w| += eta (K_minus - alpha). With alpha = 2 rho_0 tau (rho_0 in
spikes/ms) the target is kept near the rate rho_0. The same as NEST's vogels_sprekeler_synapse, which limits the
weight after each of the two changes at an arrival.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.plasticity.stdp import check_one_sign
from spikelearn.units import ms, number, weight


class InhibitorySTDPParameters(NamedTuple):
    eta: Annotated[weight, "learning rate: step of the weight at a pair"] = 0.001
    alpha: Annotated[number, "depression at each arrival: 2 * target rate * tau"] = 0.12
    tau: Annotated[ms, "time constant of both traces"] = 20.0
    W_min: Annotated[weight, "smallest weight; -100 with W_max = 0 if inhibition has negative weights"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 100.0


def _constants(p: InhibitorySTDPParameters, dt: float) -> dict[str, float]:
    return {"eta": p.eta if p.W_max > 0 else -p.eta, "alpha": p.alpha, "W_min": p.W_min, "W_max": p.W_max}


@scalar
def on_pre(weight, K_plus, K_minus, eta, alpha, W_min, W_max):
    return min(max(weight + eta * K_minus, W_min), W_max) - alpha * eta


@scalar
def on_post(weight, K_plus, K_minus, eta, alpha, W_min, W_max):
    return weight + eta * K_plus


InhibitorySTDP = PlasticityRule(
    "InhibitorySTDP",
    InhibitorySTDPParameters,
    pre=(Trace("K_plus", "tau"),),
    post=(Trace("K_minus", "tau"),),
    on_pre=on_pre,
    on_post=on_post,
    constants=_constants,
    check=check_one_sign,
    additive_in=lambda p: "K_plus",
    equations="""
w : 1
dK_plus/dt = -K_plus/tau : 1 (event-driven)
dK_minus/dt = -K_minus/tau : 1 (event-driven)
""",
    pre_statements="""
w = clip(clip(w + sign(W_min + W_max)*eta*K_minus, W_min, W_max) - sign(W_min + W_max)*alpha*eta, W_min, W_max)
K_plus += 1
""",
    post_statements="""
w = clip(w + sign(W_min + W_max)*eta*K_plus, W_min, W_max)
K_minus += 1
""",
    nest=NestSynapse(
        "vogels_sprekeler_synapse",
        {"W_max": "Wmax"},
        of_target={"tau": "tau_minus"},
        weights=("eta", "W_max"),
        must={"W_min": 0.0},
        signed=True,
        more=lambda p, dt: {"tau": p.tau},
    ),
)
