"""Reward-modulated learning of a stochastic neuron by the gradient of its log-likelihood.

Xie & Seung 2004 (Phys. Rev. E 69:041909), Pfister, Toyoizumi, Barber & Gerstner 2006 (Neural Computation 18:1318),
Florian 2007 (Neural Computation 19:1468): c' = -c/tau_c + eta x (S - rho)/Delta_V, w' = c (n - b). x is the potential
caused by a weight of 1, a trace of arrivals that decays with tau_m; S the spikes of the target, rho the hazard from
which they were drawn, n the modulator that signals reward. With eta = 1 and infinite tau_c, c is the derivative of the
log-likelihood of the target's spikes with respect to the weight, so its mean is zero whatever the target does.

In steps of dt the target fires with probability p = 1 - exp(-rho dt), so the derivative of the logarithm is
(rho dt/Delta_V) (1 - p)/p with a spike and -rho dt/Delta_V without; this is what is used, and it converges to the above
as dt goes to 0. The target must have the hazard as state `rho` (Hz), an exponential function, of width Delta_V, of a
potential that is linear in the weights and has time constant tau_m: SRM0. A reset would end each x at each spike.
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
    tau_m: Annotated[ms, "time constant of the response to an arrival, as in the target"] = 10.0
    Delta_V: Annotated[mV, "width of the hazard, as in the target"] = 1.0
    tau_c: Annotated[ms, "time constant of the eligibility"] = 500.0
    tau_rise: Annotated[ms, "time constant with which it rises; 0: at once"] = 0.0
    b: Annotated[number, "concentration at which the weight does not change"] = 0.0
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
