"""Learning from what a dendrite fails to predict (Sacramento, Costa, Bengio & Senn 2018, NeurIPS, Eqs. 5 to 9).

DendriticPrediction, for synapses on basal dendrites, of pyramidal cells as of interneurons:
    w' = eta (r - phi(attenuation v_B)) x,
r the rate of the target, phi(attenuation v_B) the rate that its dendrite alone would make, attenuation = g_B/(g_L +
g_B + g_A). What is left came from somewhere else: from the apical dendrite, or from nudging of the soma.

ApicalSilencing, for synapses of interneurons on apical dendrites:
    w' = -eta v_A x:
the dendrite comes to rest, and from then on v_A is what the interneurons did not foresee of the feedback: the error.

x is the rate of the source as the target's synapse sees it: the trace of its events, low-pass filtered with tau_syn.
Spikes count as `interval`/tau_syn each, so that x is near r; events of kind rate bring r with them (`payload="r"`), one
a step, so that their `interval` is dt. phi, interval and tau_syn are those of the target, a ThreeCompartment.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, mV, number, weight


class DendriticPredictionParameters(NamedTuple):
    eta: Annotated[number, "learning rate, in the unit of the port per ms"] = 1e-3
    attenuation: Annotated[number, "share of v_B that the soma would be at: g_B/(g_L + g_B + g_A)"] = 1.0 / 1.1
    theta: Annotated[mV, "potential at which the rate is one half: the target's"] = 0.0
    Delta_u: Annotated[mV, "width of the rate function: the target's"] = 1.0
    interval: Annotated[ms, "time between spikes at a rate of 1: the target's"] = 1.0
    tau_syn: Annotated[ms, "time constant of the synapse: the target's"] = 5.0
    W_min: Annotated[weight, "smallest weight"] = -100.0
    W_max: Annotated[weight, "largest weight"] = 100.0


class ApicalSilencingParameters(NamedTuple):
    eta: Annotated[number, "learning rate, per ms"] = 1e-3
    interval: Annotated[ms, "time between spikes at a rate of 1: the target's"] = 1.0
    tau_syn: Annotated[ms, "time constant of the synapse: the target's"] = 5.0
    W_min: Annotated[weight, "smallest weight"] = -100.0
    W_max: Annotated[weight, "largest weight"] = 100.0


def _rate(eta: float, interval: float, tau_syn: float, dt: float) -> float:
    """eta dt for a trace that is 1 at a constant rate of 1, of a trace to which each event adds 1."""
    return eta * interval * (1.0 - math.exp(-dt / tau_syn))


def _prediction(p: DendriticPredictionParameters, dt: float) -> dict[str, float]:
    rate = _rate(p.eta, p.interval, p.tau_syn, dt)
    return {"rate": rate, "attenuation": p.attenuation, "theta": p.theta, "slope": 1.0 / p.Delta_u}


@scalar
def prediction_error(r, v_B, event, rate, attenuation, theta, slope):
    return rate * (r - 1.0 / (1.0 + exponential((theta - attenuation * v_B) * slope)))


def _silencing(p: ApicalSilencingParameters, dt: float) -> dict[str, float]:
    return {"rate": _rate(p.eta, p.interval, p.tau_syn, dt)}


@scalar
def apical_error(v_A, event, rate):
    return -rate * v_A


DendriticPrediction = SignalRule(
    "DendriticPrediction",
    DendriticPredictionParameters,
    pre=(Trace("x", "tau_syn"),),
    reads=("r", "v_B"),
    signal=prediction_error,
    constants=_prediction,
)

ApicalSilencing = SignalRule(
    "ApicalSilencing",
    ApicalSilencingParameters,
    pre=(Trace("x", "tau_syn"),),
    reads=("v_A",),
    signal=apical_error,
    constants=_silencing,
)
