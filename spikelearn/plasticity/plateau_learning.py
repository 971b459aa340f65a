"""Learning from plateau potentials (Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901).

dw = eta delta x at the end of a target phase: delta is what the target made of its plateaus (PlateauPyramidal) or of
its teacher (TaughtPyramidal), 0 in all other steps; x, in spikes/ms, the mean rate of what the synapse received lately,
a trace whose time constant is that of the cells' averages. The paper takes the mean synaptic potential of the end of
the forward phase; it has the same mean, since the sources get the same input in both phases, of other spikes.
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
    tau_x: Annotated[ms, "time constant of the trace of what was received"] = 20.0
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
