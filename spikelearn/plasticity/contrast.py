"""Contrast of two phases: what two cells do together in the second, minus what they did in the first.

Contrastive Hebbian learning (Movellan 1991; Hopfield et al. 1983, Nature 304:158) and equilibrium propagation (Scellier
& Bengio 2017): dw = eta (x+ y+ - x- y-), with x the value of the source and y that of the target at the end of a phase.
GeneRec (O'Reilly 1996, Neural Comput. 8:895): dw = eta x- (y+ - y-). As

    dw = eta (x- (y+ - y-) + symmetric (x+ - x-) y+)

they are one rule: `symmetric` says whether a change of the source counts as one of the target does. Let the projection
be plastic in two steps of a trial: in the first a synapse keeps x- and y-, in the second its weight changes. Reset it
at the beginning of a trial.

x is the sum of the changes that arrived (see GradedResponse), y the variable r of the target, which is not negative.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight

NOT_YET = -1.0
"""y- before it is kept."""


class ContrastParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 0.1
    symmetric: Annotated[number, "1: contrast of products; 0: of the target alone"] = 1.0
    tau_x: Annotated[ms, "of the sum of changes: so long that none is forgotten"] = 1e15
    W_min: Annotated[weight, "smallest weight"] = -1e6
    W_max: Annotated[weight, "largest weight"] = 1e6


@scalar
def contrast_step(weight, x_before, y_before, x, r, eta, symmetric):
    first = y_before < 0.0
    difference = x_before * (r - y_before) + symmetric * (x - x_before) * r
    changed = weight if first else weight + eta * difference
    x_before = x if first else x_before
    y_before = r if first else y_before
    return changed, x_before, y_before


Contrast = StepRule(
    "Contrast",
    ContrastParameters,
    contrast_step,
    lambda p, dt: {"eta": p.eta, "symmetric": p.symmetric},
    pre=(Trace("x", "tau_x"),),
    reads=("r",),
    state=("x_before", "y_before"),
    initial=lambda p: {"y_before": NOT_YET},
    equations="w += eta*(x_before*(r - y_before) + symmetric*(x - x_before)*r)",
)
