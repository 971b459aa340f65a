"""Circuit: the network of a learner, and which part plays which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.network import Network
from spikelearn.results.run import Synapses


@dataclass(frozen=True, eq=False)
class Circuit:
    """A network and its parts, by role.

    layers: populations from the input to the output. forward: the projections between them, and those within hidden
    layers, if there are any, in the same order; the last one is onto the output.
    feedback: those that bring a teaching signal to hidden layers. learning: all projections that learn in some phase.
    parts: whatever else the phases of a learner need, by name.
    """

    network: Network
    layers: Sequence[Population]
    forward: Sequence[Projection]
    feedback: Sequence[Projection] = ()
    learning: Sequence[Projection] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network.count_events(*self.forward, *self.feedback, *self.learning)

    def synapses(self, projection: Projection) -> Synapses:
        """The synapses of a projection as they are now."""
        found = self.network.build().synapses(projection)
        return found() if callable(found) else found

    def weights(self, projection: Projection) -> np.ndarray:
        """The weights of a projection as they are now, (sources, targets), of views only those in them."""
        sources, targets = projection.source_first, projection.target_first
        all_cells = sources + projection.source_size, targets + projection.target_size
        return self.synapses(projection).matrix(all_cells)[sources:, targets:]

    @property
    def input(self) -> Population:
        return self.layers[0]

    @property
    def hidden(self) -> Sequence[Population]:
        return self.layers[1:-1]

    @property
    def output(self) -> Population:
        return self.layers[-1]
