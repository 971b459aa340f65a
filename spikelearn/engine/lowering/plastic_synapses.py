"""Lowering of plastic synapses, each kind of rule in its own way."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from importlib import import_module

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.synapse_tables import build
from spikelearn.engine.plan import Learning, Plan, Table
from spikelearn.errors import ParameterError

LEARNING: Mapping[str, str] = {
    "events": "spikelearn.engine.lowering.event_rules:EventLearning",
    "signal": "spikelearn.engine.lowering.signal_rules:SignalLearning",
    "steps": "spikelearn.engine.lowering.step_rules:StepLearning",
}
"""`learns_by` of a rule -> the Learning that it is lowered to."""


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    return build(projections, ends, delays, seed, dt, shared=False, double=True, local=False)


def deliver(table: Table, plan: Plan) -> None:
    [projection] = table.projections
    assert projection.plasticity is not None
    _check_weights(projection, table)
    module, _, name = LEARNING[projection.plasticity.rule.learns_by].partition(":")
    # A proxy, since the plan refers to what learns: their memory is free as soon as nobody uses them.
    learning: Learning = getattr(import_module(module), name).of(projection, weakref.proxy(plan), table)
    plan.learning[projection] = learning
    plan.factors.setdefault(projection, []).append(learning.factor)
    learning.deliver()


def _check_weights(projection: Projection, table: Table) -> None:
    """Check drawn weights, which may exceed the limits of the rule."""
    assert projection.plasticity is not None
    rule, (low, high) = projection.plasticity.rule, projection.limits
    smallest, largest = (float(f(table.weights, initial=0.5 * (low + high))) for f in (np.min, np.max))
    if smallest < low or largest > high:
        raise ParameterError(
            f"weight of projection {projection.name!r}: expected {low:g} to {high:g}, the limits W_min and W_max of "
            f"{rule.name}, drew {smallest:g} to {largest:g}; a distribution takes low= and high="
        )
