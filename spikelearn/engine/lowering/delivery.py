"""The ways in which what arrives through a projection reaches its targets: one file each, and one line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering import (
    graded_synapses,
    payload_synapses,
    plastic_synapses,
    procedural_synapses,
    short_term_synapses,
    static_synapses,
)
from spikelearn.engine.plan import Plan, Table


class Delivery(Protocol):
    """What a file of one way of delivery has."""

    def applies(self, projection: Projection) -> bool:
        """Whether a projection is delivered in this way, unless one that is listed before it applies."""

    def joins(self, projection: Projection) -> bool:
        """Whether a projection can lie in one table with others between the same blocks."""

    def table(
        self, projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int,
        dt: float, own_weights: bool,
    ) -> Table:  # fmt: skip
        """The synapses of projections in one share.

        delays: all that occur, in steps, ascending. own_weights: whether the weight of each synapse may change.
        """

    def deliver(self, table: Table, plan: Plan) -> None:
        """Add the Calls that deliver what arrives to the plan, which knows the table already."""


DELIVERIES: tuple[Delivery, ...] = (
    procedural_synapses, plastic_synapses, graded_synapses, short_term_synapses, payload_synapses, static_synapses,
)  # fmt: skip


def delivery_of(projection: Projection) -> Delivery:
    """The first that applies; static synapses do to all."""
    return next(delivery for delivery in DELIVERIES if delivery.applies(projection))
