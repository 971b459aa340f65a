"""Reward-modulated learning of a neuron that fires at random, by the gradient of what it did.

Xie & Seung 2004 (Phys. Rev. E 69:041909), Pfister, Toyoizumi, Barber & Gerstner 2006 (Neural Computation 18:1318),
Florian 2007 (Neural Computation 19:1468): c' = -c/tau_c + eta x (S - rho)/Delta_V, w' = c (n - b). x is the potential
that a weight of 1 makes: a trace of arrivals that decays with tau_m; S the spikes of the target, rho the hazard that
they were drawn with, n the modulator that tells reward. With eta = 1 and an endless tau_c, c is the derivative by the
weight of the logarithm of the likelihood of the target's spikes, so that its mean is zero whatever the target does.

In steps of dt the target fires with probability p = 1 - exp(-rho dt), so the derivative of the logarithm is
(rho dt/Delta_V) (1 - p)/p with a spike and -rho dt/Delta_V without; that is what is used, and it goes to the above with
dt. The target must have the hazard as state `rho` (Hz), an exponential function of a potential that is linear in the
weights, whose width is Delta_V and whose time constant is tau_m: SRM0. A reset would end each x at each spike.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, mV, number, weight


class PolicyGradientParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 1.0
    tau_m: Annotated[ms, "time constant of the potential that an arrival makes: the target's"] = 10.0
    Delta_V: Annotated[mV, "width of the hazard: the target's"] = 1.0
    tau_c: Annotated[ms, "time constant of the eligibility"] = 500.0
    b: Annotated[number, "concentration at which the weight does not move"] = 0.0
    W_min: Annotated[weight, "smallest weight"] = -100.0
    W_max: Annotated[weight, "largest weight"] = 100.0


def _constants(p: PolicyGradientParameters, dt: float) -> dict[str, float]:
    return {"gain": p.eta / p.Delta_V, "dt": dt}


@scalar
def signal(rho, event, gain, dt):
    expected = 1e-3 * rho * dt
    if event > 0.0 and expected > 0.0:
        return gain * expected / math.expm1(min(expected, 600.0))
    return -gain * expected


PolicyGradient = SignalRule(
    "PolicyGradient",
    PolicyGradientParameters,
    pre=(Trace("x", "tau_m"),),
    reads=("rho",),
    signal=signal,
    constants=_constants,
    modulated=True,
)
