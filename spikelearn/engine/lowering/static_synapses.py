"""Lowering of static synapses: the weight arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.synapse_tables import build
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import deliver as kernels

_RUNS_LISTED = 256
"""Runs of synapses that are listed and prefetched at a time."""


def joins(projection: Projection) -> bool:
    return True


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    """If all weights of a slot are equal, they are stored once."""
    shared = projections[0].weight.constant and not own_weights
    return build(projections, ends, delays, seed, dt, shared, double=own_weights, local=not own_weights)


def deliver(table: Table, plan: Plan) -> None:
    in_rows = table.dense and len(table.weights) > 0
    kernel = kernel_of(kernels.deliver_rows if in_rows else kernels.deliver)
    plan.stages["arrive"].append(delivery(table, plan, kernel, due=np.zeros(_RUNS_LISTED, np.int64)))


def delivery(table: Table, plan: Plan, kernel: Kernel, **own: Any) -> Call:
    """The Call that delivers a table by a kernel of kernels/deliver.py. own: arguments that some of them take."""
    ends = plan.ends[table.projections[0]]
    values = own | {
        "rows": ends.ring.all_rows, "counts": ends.ring.all_counts, "delays": table.delays, "index": table.index,
        "targets": table.targets, "slot_weight": table.slot_weight, "weights": table.weights,
        "inputs": ends.inputs[table.first_target :], "event_count": table.event_count,
    }  # fmt: skip
    return Call(f"deliver {', '.join(p.name for p in table.projections)}", kernel, **kernel.choose(values))
