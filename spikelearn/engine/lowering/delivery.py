"""The ways to deliver the input of a projection to its targets: one file each, and one line here."""

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
    """The interface of a module for one way of delivery."""

    def applies(self, projection: Projection) -> bool:
        """Whether a projection can be delivered in this way; the first in the list that applies is used."""

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


DELIVERIES: tuple[Delivery, ...] = (
    procedural_synapses, plastic_synapses, graded_synapses, short_term_synapses, payload_synapses, static_synapses,
)  # fmt: skip


def delivery_of(projection: Projection) -> Delivery:
    """The first way that applies; static synapses always do."""
    return next(delivery for delivery in DELIVERIES if delivery.applies(projection))
