"""Dopamine-modulated plasticity at bursts: a burst of the target tags synapses with above-average source activity.

At a burst: c += A_plus (K_plus - <K_plus>), with the mean over the projection. c' = -c/tau_c, w' = c (n - b). The mean
acts as heterosynaptic depression: what all inputs share is not learned. Specific to spikelearn; see models/digits.py.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.units import ms, number, weight


class DopamineBurstsParameters(NamedTuple):
    A_plus: Annotated[number, "step of the eligibility at a burst, per unit of trace"] = 1.0
    tau_plus: Annotated[ms, "time constant of the trace of arrivals"] = 20.0
    tau_c: Annotated[ms, "time constant of the eligibility"] = 1000.0
    tau_rise: Annotated[ms, "time constant with which it rises; 0: at once"] = 0.0
    b: Annotated[number, "concentration at which the weight does not change"] = 0.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 200.0


def _constants(p: DopamineBurstsParameters, dt: float) -> dict[str, float]:
    return {"A_plus": p.A_plus}


@scalar
def on_pre(K_plus, A_plus):
    return 0.0


@scalar
def on_post(K_plus, mean_K_plus, A_plus):
    return A_plus * (K_plus - mean_K_plus)


DopamineBursts = PlasticityRule(
    "DopamineBursts",
    DopamineBurstsParameters,
    pre=(Trace("K_plus", "tau_plus"),),
    post=(),
    on_pre=on_pre,
    on_post=on_post,
    constants=_constants,
    modulated=True,
    mean_pre=True,
    learns_from="burst",
)
