"""The rules and synapses of PyNN that spikelearn has in other words only."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.plasticity.stdp import check_one_sign, power
from spikelearn.synapses.model import SynapseModel
from spikelearn.units import ms, number, weight


class PairSTDPParameters(NamedTuple):
    tau_plus: Annotated[ms, "time constant of the trace of arrivals"] = 20.0
    tau_minus: Annotated[ms, "time constant of the trace of post events"] = 20.0
    A_plus: Annotated[number, "amplitude of potentiation"] = 0.01
    A_minus: Annotated[number, "amplitude of depression"] = 0.01
    mu_plus: Annotated[number, "weight dependence of potentiation"] = 0.0
    mu_minus: Annotated[number, "weight dependence of depression"] = 0.0
    W_max: Annotated[weight, "largest weight; 0 if weights are negative"] = 100.0
    W_min: Annotated[weight, "smallest weight"] = 0.0


def _constants(p: PairSTDPParameters, dt: float) -> dict[str, float]:
    positive = p.W_max > 0
    return {
        "A_plus": p.A_plus,
        "A_minus": p.A_minus,
        "mu_plus": p.mu_plus,
        "mu_minus": p.mu_minus,
        "sign": 1.0 if positive else -1.0,
        "far": p.W_max if positive else -p.W_min,
        "near": p.W_min if positive else -p.W_max,
    }


@scalar
def _on_pre(weight, K_plus, K_minus, A_plus, A_minus, mu_plus, mu_minus, sign, far, near):  # type: ignore[no-untyped-def]
    return weight - sign * A_minus * power(far, 1.0 - mu_minus) * power(sign * weight - near, mu_minus) * K_minus


@scalar
def _on_post(weight, K_plus, K_minus, A_plus, A_minus, mu_plus, mu_minus, sign, far, near):  # type: ignore[no-untyped-def]
    return weight + sign * A_plus * power(far, 1.0 - mu_plus) * power(far - sign * weight, mu_plus) * K_plus


PairSTDP = PlasticityRule(
    "PairSTDP",
    PairSTDPParameters,
    pre=(Trace("K_plus", "tau_plus"),),
    post=(Trace("K_minus", "tau_minus"),),
    on_pre=_on_pre,
    on_post=_on_post,
    constants=_constants,
    check=check_one_sign,
    additive_in=lambda p: "K_plus" if p.mu_plus == 0 else "",
)
"""sl.STDP, whose amplitudes may be 0 each, and whose depression goes with the distance from the smallest weight.

At a post event: w += A_plus W_max^(1 - mu_plus) (W_max - w)^mu_plus K_plus;
at an arrival:   w -= A_minus W_max^(1 - mu_minus) (w - W_min)^mu_minus K_minus.
With W_min = 0 it is NEST's stdp_synapse (mu = 0 additive, 1 multiplicative). Negative weights mirror it.
"""


class BalancingSTDPParameters(NamedTuple):
    eta: Annotated[weight, "step of the weight at a pair"] = 0.001
    alpha: Annotated[number, "depression at each arrival: 2 * target rate * tau"] = 0.12
    tau: Annotated[ms, "time constant of both traces"] = 20.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 100.0


@scalar
def _balance_pre(weight, K_plus, K_minus, eta, alpha):  # type: ignore[no-untyped-def]
    return weight + eta * (K_minus - alpha)


@scalar
def _balance_post(weight, K_plus, K_minus, eta, alpha):  # type: ignore[no-untyped-def]
    return weight + eta * K_plus


BalancingSTDP = PlasticityRule(
    "BalancingSTDP",
    BalancingSTDPParameters,
    pre=(Trace("K_plus", "tau"),),
    post=(Trace("K_minus", "tau"),),
    on_pre=_balance_pre,
    on_post=_balance_post,
    constants=lambda p, dt: {"eta": p.eta if p.W_max > 0 else -p.eta, "alpha": p.alpha},
    check=check_one_sign,
    additive_in=lambda p: "K_plus",
)
"""sl.InhibitorySTDP (Vogels et al. 2011), but the two changes at an arrival are one: limits hold for their sum."""


class BernoulliParameters(NamedTuple):
    p: Annotated[number, "probability of transmission"] = 0.5


@scalar
def _transmit(released, interval, chance, p):  # type: ignore[no-untyped-def]
    released = 1.0 if chance < p else 0.0
    return released, released


def _check_probability(p: Any) -> str | None:
    return None if 0.0 <= p.p <= 1.0 else f"p is a probability, expected 0 to 1, got {p.p:g}"


Bernoulli = SynapseModel(
    "Bernoulli",
    BernoulliParameters,
    lambda p, dt: {"p": p.p},
    _transmit,
    state=("released",),
    initial=lambda p: {"released": 0.0},
    check=_check_probability,
    random=("chance",),
)
"""Each spike is transmitted with probability p, independently at each synapse: NEST's bernoulli_synapse."""
