"""Division of blocks of neurons into shares of about equal cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Block
from spikelearn.engine.lowering.synapse_tables import expected_synapses

_STEP = 1.5
_EVENT = 0.7
_PLASTIC_EVENT = 12.0
"""Nanoseconds per neuron and step, per synaptic event, and per plastic synaptic event (docs/profile.md)."""

_RATE = 5.0
"""Assumed rate of all sources in Hz, as their activity is not yet known."""

_GRAIN = 64
"""Boundaries of large parts are multiples of this many neurons, so that none share a cache line."""


def partition(
    blocks: Sequence[Block], projections: Sequence[Projection], dt: float, n_shares: int,
    edges: Sequence[tuple[int, ...]] = (),
) -> None:  # fmt: skip
    """Divide all blocks: each share gets contiguous neurons, and all synapses onto them.

    edges: those of the first blocks, if these have been divided before: neurons stay in their share, and what has been
    added to such a block since belongs to the last.
    """
    cost = dict.fromkeys((p for block in blocks for p in block.populations), _STEP)
    for projection in projections:
        target = projection.receiver
        if target is not None:
            each = _PLASTIC_EVENT if projection.learns else _EVENT
            cost[target] += expected_synapses(projection) / target.size * _RATE * dt * 1e-3 * each
    for block, known in zip(blocks, edges, strict=False):
        block.edges = (*known[:-1], block.n)
    for block in blocks[len(edges) :]:
        sizes = [population.size for population in block.populations]
        block.edges = cuts(sizes, [cost[population] for population in block.populations], n_shares)


def cuts(sizes: Sequence[int], costs: Sequence[float], n_shares: int) -> tuple[int, ...]:
    """Boundaries of shares of equal cost. sizes: of consecutive populations; costs: per neuron of each."""
    ends = np.cumsum(sizes)
    n = int(ends[-1])
    grain = _GRAIN if n >= 1024 * n_shares else 1
    spent = np.cumsum(np.multiply(sizes, costs))
    places = np.interp(np.arange(1, n_shares) * spent[-1] / n_shares, [0.0, *spent], [0, *ends])
    return (0, *(int(place) // grain * grain for place in places), n)
