"""Learning from plateau potentials (Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901).

dw = eta delta x at the end of a target phase. delta is the error that the target computes from its plateaus
(PlateauPyramidal) or its teacher (TaughtPyramidal), 0 in all other steps; x, in spikes/ms, is the mean rate of recent
input to the synapse, a trace with the time constant of the cells' averages. The paper uses the mean synaptic potential
at the end of the forward phase; its mean is the same, since the sources get the same input in both phases, though with
different spikes.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight


class PlateauLearningParameters(NamedTuple):
    eta: Annotated[number, "learning rate: step of the weight for a delta of 1 per ms and a source of 1 spike/ms"] = (
        20.0
    )
    tau_x: Annotated[ms, "time constant of the trace of arrivals"] = 20.0
    W_min: Annotated[weight, "smallest weight"] = -10.0
    W_max: Annotated[weight, "largest weight"] = 10.0


def _constants(p: PlateauLearningParameters, dt: float) -> dict[str, float]:
    return {"gain": p.eta * -math.expm1(-dt / p.tau_x) / dt}


@scalar
def signal(delta, event, gain):
    return gain * delta


PlateauLearning = SignalRule(
    "PlateauLearning",
    PlateauLearningParameters,
    pre=(Trace("x", "tau_x"),),
    reads=("delta",),
    signal=signal,
    constants=_constants,
)
