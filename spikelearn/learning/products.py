"""Rules of graded cells: what arrives from the source times a state of the target, where weights may change.

    dw = eta (x s - d |e| w),

x the value that arrives in this step, s the state of the target, and e that of both which is an error: with forgetting
d, two synapses between the same cells, one for each direction, become alike (Kolen & Pollack 1994, IEEE ICNN 3:1375).
Let weights change in a single step of a trial, when all values have settled.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight


class ProductParameters(NamedTuple):
    eta: Annotated[number, "learning rate of a step"] = 0.1
    forgetting: Annotated[number, "decay of the weight, relative to the activity of one of both cells"] = 0.0
    tau: Annotated[ms, "of the trace of the source: short, so that it is what arrives"] = 0.02
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


def _constants(p: ProductParameters, dt: float) -> dict[str, float]:
    return {"eta": p.eta, "forgetting": p.forgetting}


@scalar
def _error_of_target(weight: float, x: float, error: float, eta: float, forgetting: float) -> float:
    return weight + eta * (x * error - forgetting * abs(error) * weight)


@scalar
def _error_of_source(weight: float, error: float, activity: float, eta: float, forgetting: float) -> float:
    return weight + eta * (activity * error - forgetting * abs(error) * weight)


def product_rule(name: str, step: Any, source: str, **reads: str) -> StepRule:
    return StepRule(name, ProductParameters, step, _constants, pre=(Trace(source, "tau"),), reads=reads)


ErrorOfTarget = product_rule("ErrorOfTarget", _error_of_target, "x", error="D")
"""Up: the source sends its activity, the target's error is D."""
ErrorOfSource = product_rule("ErrorOfSource", _error_of_source, "error", activity="A")
"""Down: the source sends its error, the target's activity is A."""
ErrorOfReconstruction = product_rule("ErrorOfReconstruction", _error_of_target, "x", error="B")
"""Down: the source sends its activity, the target's error, of what it makes of that, is B."""
