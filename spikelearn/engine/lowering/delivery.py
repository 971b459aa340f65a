"""The ways to deliver the input of a projection to its targets: one file each, and one line here.

A network imports those that it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple, Protocol, cast

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.plan import Plan, Table


class Delivery(Protocol):
    """The interface of a module for one way of delivery."""

    def table(
        self, projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int,
        dt: float, own_weights: bool,
    ) -> Table:  # fmt: skip
        """The synapses of projections in one share.

        delays: all distinct ones, in steps, ascending. own_weights: whether the weight of each synapse may change.
        """

    def deliver(self, table: Table, plan: Plan) -> None:
        """Add the Calls for delivery to the plan, which already contains the table."""


class Way(NamedTuple):
    """A way of delivery. joins: whether projections can share a table with others between the same blocks."""

    applies: Callable[[Projection], bool]
    joins: bool = False


DELIVERIES: Mapping[str, Way] = {
    "spikelearn.engine.lowering.procedural_synapses": Way(lambda projection: projection.procedural),
    "spikelearn.engine.lowering.statement_synapses": Way(lambda projection: projection.statements is not None),
    "spikelearn.engine.lowering.plastic_synapses": Way(lambda projection: projection.learns or projection.transmits),
    "spikelearn.engine.lowering.graded_synapses": Way(lambda projection: projection.graded),
    "spikelearn.engine.lowering.short_term_synapses": Way(lambda projection: projection.synapse is not None),
    "spikelearn.engine.lowering.payload_synapses": Way(lambda projection: bool(projection.payload), joins=True),
    "spikelearn.engine.lowering.static_synapses": Way(lambda projection: True, joins=True),
}
"""Module -> the way that it is; the first that applies to a projection is used."""


def delivery_of(projection: Projection) -> Delivery:
    """The module of the first way that applies; static synapses always do."""
    return cast(Delivery, import_module(_first(projection)))


def joins(projection: Projection) -> bool:
    """Whether a projection can share a table with others between the same blocks."""
    return DELIVERIES[_first(projection)].joins


def _first(projection: Projection) -> str:
    return next(module for module, way in DELIVERIES.items() if way.applies(projection))
