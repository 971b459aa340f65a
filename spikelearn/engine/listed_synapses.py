"""The synapses of a projection made from its connection rule and listed, with delays in ms, without a table."""

from __future__ import annotations

import numpy as np

from spikelearn.codegen.modules import callable_of
from spikelearn.description.projection import Projection
from spikelearn.kernels import connect, synapse_list
from spikelearn.results.run import Synapses


def list_synapses(projection: Projection, seed: int, dt: float) -> Synapses:
    """The synapses of a projection as every engine has them at the start, in the order in which its rule made them."""
    rows, weight, delay = projection.rows, projection.weight, projection.axonal
    own = projection.autapse_shift if rows.by_source else -projection.autapse_shift
    arguments = (
        rows.code, rows.by_source, rows.n_rows, rows.n_partners, rows.probability, rows.degrees, rows.multapses, own,
        rows.pre, rows.post, seed, projection.uid, *weight.arguments, *delay.arguments,
        projection.dendritic_steps * dt, rows.width, *connect.scratch(rows.n_partners, rows.width)[:2],
    )  # fmt: skip
    run = callable_of(synapse_list.list_synapses)

    def made(n: int) -> tuple[np.ndarray, ...]:
        return np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n), np.zeros(n)

    with np.errstate(over="ignore"):
        found = made(run(*arguments, *made(0)))
        if len(found[0]):
            run(*arguments, *found)
    pre, post, weights, delays = found
    return Synapses(pre + np.int32(projection.source_first), post + np.int32(projection.target_first), weights, delays)
