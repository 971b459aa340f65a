"""Lowering of procedural projections: one Call that generates synapses at each event, and no table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.row_maker import RowMaker
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import procedural


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    """A Table whose synapses are not stored."""
    nothing = np.zeros(0, np.int32)
    return Table(list(projections), delays, nothing, nothing, nothing, np.zeros(0), np.zeros(0), np.zeros(2, np.int64))


def deliver(table: Table, plan: Plan) -> None:
    """The only state that changes is the input in transit: (max - min delay + 1) numbers for each target of the share,
    or none if all delays are equal.
    """
    [projection] = table.projections
    ends, delays = plan.ends[projection], table.delays
    if len(delays) == 0:
        return
    first_target, low, high = ends.first_target, ends.low, ends.high
    n_own = max(0, min(high - first_target, projection.target_size) - max(low - first_target, 0))
    depth = int(delays[-1] - delays[0]) + 1 if len(delays) > 1 else 0
    maker = RowMaker(projection, plan.seed, by_event=True)
    sources, targets = np.zeros(procedural.CHUNK, np.int64), np.zeros(procedural.CHUNK, np.int64)
    floats = np.zeros((2, procedural.CHUNK))
    make_row, row_arguments, made, partners = maker.arguments
    integers = np.zeros((3, procedural.CHUNK), np.int64)
    weights = maker.values("weight", sources, targets, integers[0], floats[0])
    delays_drawn = maker.values("delay", sources, targets, integers[0], floats[1])
    drawn = ("code", "numbers", "by_distance", "arguments")
    call = Call(
        f"make and deliver {projection.name}",
        kernel_of(procedural.deliver_procedural),
        rows=ends.ring.all_rows,
        counts=ends.ring.all_counts,
        shortest=int(delays[0]),
        make_row=make_row,
        row_arguments=row_arguments,
        made=made,
        partners=partners,
        row_width=projection.row_width,
        all_counters=maker.counters,
        all_flats=maker.flats,
        first_source=ends.first_source,
        n_sources=projection.source_size,
        first_target=first_target,
        n_targets=projection.target_size,
        low=low,
        high=high,
        seed=plan.seed,
        uid=projection.uid,
        **{f"weight_{name}": value for name, value in zip(drawn, weights, strict=True)},
        **{f"delay_{name}": value for name, value in zip(drawn, delays_drawn, strict=True)},
        extra_delay=projection.dendritic_steps,
        dt=plan.dt,
        sources=sources,
        targets=targets,
        integers=integers,
        floats=floats,
        pending=np.zeros((depth, n_own)),
        arriving=np.zeros(depth, np.int64),
        inputs=ends.inputs,
        event_count=table.event_count,
    )
    call.calls = maker.calls
    plan.stages[ends.stage].append(call)
