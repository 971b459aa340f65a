"""Weights that grow without bound, because learning rates are too large for the network or the examples."""

from __future__ import annotations

import numpy as np

from spikelearn.errors import DivergenceWarning
from spikelearn.learning.circuit import Circuit
from spikelearn.warn import warn

LARGEST_WEIGHT = 1e6
"""The limit of weights where a rule has none, as large as no weight of a network that learned."""


def warn_of_divergence(circuit: Circuit, learner: str, epoch: int) -> None:
    """Warn if the weights of a projection have got to `LARGEST_WEIGHT`, where they are held, or are not numbers."""
    for projection in dict.fromkeys([*circuit.forward, *circuit.feedback, *circuit.learning]):
        weights = np.abs(circuit.synapses(projection).weight)
        if lost := int(np.count_nonzero(~(weights < LARGEST_WEIGHT))):
            text = (
                f"{learner}: {lost:,} of {len(weights):,} weights of {projection.name!r} are {LARGEST_WEIGHT:,.0f} or "
                f"more after epoch {epoch}: learning has diverged; make the learning rates smaller"
            )
            warn(text, DivergenceWarning)
            return
