"""Learning from dendritic prediction errors (Sacramento, Costa, Bengio & Senn 2018, NeurIPS, Eqs. 5 to 9).

DendriticPrediction, for synapses on basal dendrites of pyramidal cells and interneurons:
    w' = eta (r - phi(attenuation v_B)) x,
r the rate of the target, phi(attenuation v_B) the rate that its dendrite alone would cause, attenuation = g_B/(g_L +
g_B + g_A). The difference is due to other inputs: the apical dendrite, or nudging of the soma.

ApicalSilencing, for synapses of interneurons on apical dendrites:
    w' = -eta v_A x:
the dendrite comes to rest, and from then on v_A is the part of the feedback that the interneurons did not predict: the
error.

x is the rate of the source as seen by the target's synapse: the trace of its events, low-pass filtered with tau_syn.
Each spike adds `interval`/tau_syn, so that x is near r; events of kind rate carry r (`payload="r"`), one per step, so
that their `interval` is dt. phi, interval and tau_syn are those of the target, a ThreeCompartment.
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
    attenuation: Annotated[number, "ratio of somatic potential to v_B: g_B/(g_L + g_B + g_A)"] = 1.0 / 1.1
    theta: Annotated[mV, "potential at which the rate is one half, as in the target"] = 0.0
    Delta_u: Annotated[mV, "width of the rate function, as in the target"] = 1.0
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
    """eta dt, scaled so that a trace to which each event adds 1 counts as 1 at a constant rate of 1."""
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
