"""The synapses of a projection as arrays, generated from its connection rule without a table; delays in ms."""

from __future__ import annotations

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.row_maker import RowMaker
from spikelearn.engine.lowering.synapse_tables import count_alone
from spikelearn.kernels import synapse_list
from spikelearn.kernels.connect import scratch
from spikelearn.results.run import Synapses


def list_synapses(projection: Projection, seed: int, dt: float) -> Synapses:
    """The initial synapses of a projection, the same for all engines, in the order in which its rule makes them."""
    n = count_alone(projection, seed)
    found = np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n), np.zeros(n)
    maker = RowMaker(projection, seed)
    rows, drawn = scratch(projection.row_width)
    maker.run(
        synapse_list.list_synapses, *maker.arguments, projection.rule.by_source, projection.n_rows, maker.owners,
        projection.row_width, projection.pairs, seed, projection.uid,
        *maker.values("weight", rows[0], rows[1], rows[2], drawn[0]),
        *maker.values("delay", rows[0], rows[1], rows[2], drawn[1]), projection.dendritic_steps * dt, *found, rows,
        drawn,
    )  # fmt: skip
    pre, post, weights, delays = found
    return Synapses(pre + np.int32(projection.source_first), post + np.int32(projection.target_first), weights, delays)
