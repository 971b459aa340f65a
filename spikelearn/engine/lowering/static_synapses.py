"""Lowering of static synapses: the weight arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.aligned_arrays import rows
from spikelearn.engine.blocks import Ends, InputRing
from spikelearn.engine.lowering.synapse_tables import SINGLE_PRECISION_FROM, build, expected_synapses
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import deliver as kernels

_RUNS_LISTED = 256
"""Runs of synapses that are listed and prefetched at a time."""


_AHEAD_FROM = SINGLE_PRECISION_FROM
"""From this many synapses with several delays on, input is delivered ahead."""
_RING_BYTES = 5 << 18
_FEWEST_STEPS, _MOST_STEPS = 4, 16
"""Bytes of a ring of inputs, of all shares together, that stay in second-level caches; the limits of its steps."""


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    """If all weights of a slot are equal, they are stored once."""
    shared, double = projections[0].weight.constant and not own_weights, own_weights or projections[0].double
    found = build(projections, ends, delays, seed, dt, shared, double, local=not own_weights)
    found.ahead = (
        len(delays) > 1
        and not double
        and not projections[0].late
        and not projections[0].payload
        and ends[projections[0]].target is not None
        and sum(expected_synapses(projection) for projection in projections) >= _AHEAD_FROM
    )
    return found


def deliver(table: Table, plan: Plan) -> None:
    if table.ahead:
        _deliver_ahead(table, plan)
        return
    in_rows = table.dense and len(table.weights) > 0
    kernel = kernel_of(kernels.deliver_rows if in_rows else kernels.deliver)
    plan.stages[plan.ends[table.projections[0]].stage].append(
        delivery(table, plan, kernel, due=np.zeros(_RUNS_LISTED, np.int64))
    )


def _deliver_ahead(table: Table, plan: Plan) -> None:
    ends, port = plan.ends[table.projections[0]], table.projections[0].port
    if port not in ends.neurons.ahead:
        ends.neurons.ahead[port] = InputRing(rows(_steps_ahead(ends.n_targets), ends.high - ends.low))
    ring = ends.neurons.ahead[port]
    arriving = np.zeros(len(ring.values), np.int64)
    ring.arriving.append(arriving)
    call = delivery(
        table, plan, kernel_of(kernels.deliver_ahead), due=np.zeros((_RUNS_LISTED, 4), np.int64), ring=ring.values,
        arriving=arriving, restart=ring.restart, numbers=np.searchsorted(table.delays, np.arange(table.delays[-1] + 2)),
    )  # fmt: skip
    plan.stages["arrive"].append(call)


def _steps_ahead(n_targets: int) -> int:
    """The steps of a block, a power of 2. It depends on the network alone, since sums are rounded in their order."""
    fitting = _RING_BYTES // (np.dtype(np.float32).itemsize * n_targets)
    return min(max(1 << fitting.bit_length() - 1 if fitting else 1, _FEWEST_STEPS), _MOST_STEPS)


def delivery(table: Table, plan: Plan, kernel: Kernel, **own: Any) -> Call:
    """The Call that delivers a table by a kernel of kernels/deliver.py. own: arguments that some of them take."""
    ends = plan.ends[table.projections[0]]
    values = own | {
        "rows": ends.ring.all_rows, "counts": ends.ring.all_counts, "delays": table.delays - table.projections[0].lag,
        "index": table.index, "targets": table.targets, "slot_weight": table.slot_weight, "weights": table.weights,
        "inputs": ends.inputs[table.first_target :], "event_count": table.event_count,
    }  # fmt: skip
    return Call(f"deliver {', '.join(p.name for p in table.projections)}", kernel, **kernel.choose(values))
