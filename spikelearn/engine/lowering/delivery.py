"""The ways to deliver the input of a projection to its targets: one file each, and one line here.

A network imports those that it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.plan import Plan, Table


class Delivery(Protocol):
    """The interface of a module for one way of delivery."""

    def joins(self, projection: Projection) -> bool:
        """Whether a projection can share a table with others between the same blocks."""

    def table(
        self, projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int,
        dt: float, own_weights: bool,
    ) -> Table:  # fmt: skip
        """The synapses of projections in one share.

        delays: all distinct ones, in steps, ascending. own_weights: whether the weight of each synapse may change.
        """

    def deliver(self, table: Table, plan: Plan) -> None:
        """Add the Calls for delivery to the plan, which already contains the table."""


DELIVERIES: Mapping[str, Callable[[Projection], bool]] = {
    "spikelearn.engine.lowering.procedural_synapses": lambda projection: projection.procedural,
    "spikelearn.engine.lowering.statement_synapses": lambda projection: projection.statements is not None,
    "spikelearn.engine.lowering.plastic_synapses": lambda projection: projection.learns or projection.transmits,
    "spikelearn.engine.lowering.graded_synapses": lambda projection: projection.graded,
    "spikelearn.engine.lowering.short_term_synapses": lambda projection: projection.synapse is not None,
    "spikelearn.engine.lowering.payload_synapses": lambda projection: bool(projection.payload),
    "spikelearn.engine.lowering.static_synapses": lambda projection: True,
}
"""Module -> whether a projection can be delivered in this way; the first that applies is used."""


def delivery_of(projection: Projection) -> Delivery:
    """The first way that applies; static synapses always do."""
    return cast(Delivery, import_module(next(module for module, applies in DELIVERIES.items() if applies(projection))))
