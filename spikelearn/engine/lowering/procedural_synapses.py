"""Lowering of procedural projections: one Call that makes synapses at each event, and no table."""

from __future__ import annotations

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.row_maker import RowMaker
from spikelearn.engine.lowering.synapse_tables import BlockIndex
from spikelearn.engine.plan import Call, Plan, Ring, Table
from spikelearn.kernels import procedural


def table_of_procedural(projection: Projection, delays: np.ndarray) -> Table:
    """The Table of a projection whose synapses are not kept. delays: all that occur, in steps, ascending."""
    nothing = np.zeros(0, np.int32)
    return Table([projection], delays, nothing, nothing, nothing, np.zeros(0), np.zeros(0), np.zeros(1, np.int64))


def procedural_call(
    projection: Projection, plan: Plan, block_index: BlockIndex, table: Table, ring: Ring, inputs: np.ndarray
) -> None:
    """Add the Call of a procedural projection to the plan. inputs: those of all neurons of the target's block.

    What a run changes is what is on its way to targets: (longest - shortest delay + 1) numbers for each target of the
    share, and nothing if all delays are the same.
    """
    delays = table.delays
    if len(delays) == 0:
        return
    first_source, first_target = block_index.source(projection)[1], block_index.target(projection)[1]
    low, high = block_index.bounds(projection)
    n_own = max(0, min(high - first_target, projection.target_size) - max(low - first_target, 0))
    depth = int(delays[-1] - delays[0]) + 1 if len(delays) > 1 else 0
    maker = RowMaker(projection, plan.seed, by_event=True)
    call = Call(
        f"make and deliver {projection.name}",
        kernel_of(procedural.deliver_procedural),
        ring.all_rows,
        ring.all_counts,
        int(delays[0]),
        *maker.arguments,
        maker.counters,
        maker.flats,
        first_source,
        projection.source_size,
        first_target,
        projection.target_size,
        low,
        high,
        plan.seed,
        projection.uid,
        *projection.weight.arguments,
        *projection.axonal.arguments,
        projection.dendritic_steps,
        plan.dt,
        np.zeros((3, procedural.CHUNK), np.int64),
        np.zeros((2, procedural.CHUNK)),
        np.zeros((depth, n_own)),
        np.zeros(depth, np.int64),
        inputs,
        table.event_count,
    )
    call.calls = (maker.call,)
    plan.stages["arrive"].append(call)
