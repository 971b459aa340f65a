"""Expectation maximization by STDP in winner-take-all circuits (Nessler, Pfeiffer, Buesing & Maass 2013, PLoS Comput.
Biol. 9:e1003037, Eq. 5).

At a spike of the target, w += eta (c exp(-w) - 1) if the source was active, that is, its last arrival was at most
`window` ago, and w -= eta if not. The weight comes to rest, on average, at ln(c p), where p is the share of the
target's spikes at which the source was active. If the targets compete by lateral inhibition, and fire at rates
proportional to exp(sum of the weights of active sources), each learns a hidden cause of the input.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.plasticity.rule import PlasticityRule
from spikelearn.units import ms, number, weight


class ExpectationMaximizationParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 0.01
    c: Annotated[number, "factor that keeps weights positive: at rest they are ln(c p)"] = 100.0
    window: Annotated[ms, "time for which a source counts as active after an arrival"] = 10.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 10.0


@scalar
def on_pre(weight, eta, c, window):
    return weight


@scalar
def on_post(weight, eta, c, window, since_pre):
    return weight + eta * ((c * exponential(-weight) if since_pre <= window else 0.0) - 1.0)


ExpectationMaximization = PlasticityRule(
    "ExpectationMaximization",
    ExpectationMaximizationParameters,
    pre=(),
    post=(),
    on_pre=on_pre,
    on_post=on_post,
    constants=lambda p, dt: {"eta": p.eta, "c": p.c, "window": p.window + 1e-6 * dt},
    check=lambda p: None if p.c > 0.0 else f"c must be positive, got {p.c:g}",
)
