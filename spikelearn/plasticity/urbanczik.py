"""Learning by the dendritic prediction of somatic spiking (Urbanczik & Senn 2014, Neuron 81:521).

    tau_c c' = -c + eta x(t) (S(t) - phi(V*)) h(V*),    w' = c:

S the spikes of the soma, phi(V*) the rate that the dendrite alone predicts for it, h a weight of the error, the
derivative of log phi; x the response of the dendritic potential to an arrival, with tau_L the membrane time constant of
the dendrite and tau_s that of the current:

    x = tau_L tau_s / (tau_L - tau_s) (exp(-t/tau_L) - exp(-t/tau_s)).

The weight no longer changes once the dendrite predicts the activity of the soma, including that imposed by a teacher
through its conductances. The target must have the states `rho_star`, phi(V*) in Hz, and `slope_star`, the derivative of
its logarithm with respect to V* in 1/mV: PyramidalUrbanczik.

It is NEST's urbanczik_synapse: h and the change of the weight both have a factor of 15 there, which converts the
dimensionless numbers of the paper into mV; eta means the same here. As there, W_min and W_max limit the weight that is
sent, while the weight that learns may exceed them.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight

MILLIVOLTS = 15.0
"""One unit of potential of the paper, in mV."""


class UrbanczikParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 0.07
    tau_L: Annotated[ms, "membrane time constant of the dendrite, as in the target"] = 10.0
    tau_s: Annotated[ms, "time constant of the dendritic current, as in the target"] = 3.0
    tau_c: Annotated[ms, "time constant of the low-pass filter, tau_Delta in the paper"] = 100.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 100.0


def constants(p: UrbanczikParameters, dt: float) -> dict[str, float]:
    kernel = p.tau_L * p.tau_s / (p.tau_L - p.tau_s)
    return {"gain": MILLIVOLTS**2 * p.eta * kernel / p.tau_c, "dt": dt}


@scalar
def signal(rho_star, slope_star, event, gain, dt):
    return gain * slope_star * (event - 1e-3 * rho_star * dt)


def _check(p: UrbanczikParameters) -> str | None:
    if p.tau_L == p.tau_s:
        return f"expected a tau_L other than tau_s, got {p.tau_L:g} ms for both"
    return None


def _of_target(target: Any) -> dict[str, float]:
    return {"tau_L": target.C_m_dend / target.g_L_dend, "tau_s": target.tau_syn_dend_exc}


Urbanczik = SignalRule(
    "Urbanczik",
    UrbanczikParameters,
    pre=(Trace("x_L", "tau_L"), Trace("x_s", "tau_s", amplitude=-1.0)),
    reads=("rho_star", "slope_star"),
    signal=signal,
    constants=constants,
    low_pass=True,
    limits="sent",
    check=_check,
    nest=NestSynapse(
        "urbanczik_synapse",
        parameters={"tau_L": "", "tau_s": "", "tau_c": "tau_Delta", "W_min": "Wmin", "W_max": "Wmax"},
        weights=("W_min", "W_max"),
        taken=_of_target,
        each="eta",
    ),
)
