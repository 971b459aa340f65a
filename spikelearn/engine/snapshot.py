"""Reading the synapses of a projection out of a Plan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.plan import Plan
from spikelearn.engine.plastic import read_call
from spikelearn.engine.run import Synapses
from spikelearn.engine.tables import Places, count_alone, locate
from spikelearn.kernels import connect


def count_synapses(projection: Projection, seed: int, dt: float, plan: Plan | None = None) -> int:
    """How many synapses a projection has; from the plan where there is one."""
    if plan is not None:
        return plan.tables[projection].sizes[projection]
    rows = projection.rows
    if rows.code == connect.EXPLICIT:
        return rows.n_rows
    if rows.code in (connect.IN_DEGREE, connect.OUT_DEGREE):
        return int(rows.degrees.sum()) * (rows.n_rows if len(rows.degrees) == 1 else 1)
    if rows.code in (connect.ALL_TO_ALL, connect.ONE_TO_ONE) and projection.autapses:
        return rows.n_rows * (rows.n_partners if rows.code == connect.ALL_TO_ALL else 1)
    return count_alone(projection, seed, dt)


def synapses_of(projection: Projection, plan: Plan) -> Callable[[], Synapses]:
    """A function that reads the synapses of a projection as they are when it is called."""

    def read() -> Synapses:
        places = Places(plan.blocks, plan.block_of)
        table = plan.tables[projection]
        found = locate(projection, table, places, plan.seed, plan.dt)
        positions, slots = found["positions"], found["slots"]
        if projection.learns:
            values = np.zeros((1, len(positions)))
            scratch = (np.zeros(1, np.int64), values, np.zeros(1, np.int64), np.zeros(4, np.int64))
            read_call(projection, plan, plan.dt, 1, 0, 0, slots, positions, *scratch)(plan.step)
            weight = values[0]
        elif len(table.weights):
            weight = table.weights[positions].astype(np.float64)
        else:
            weight = table.slot_weight[slots]
        pre, post = found["pre"] + projection.source_first, found["post"] + projection.target_first
        return Synapses(pre.astype(np.int32), post.astype(np.int32), weight, found["delay_steps"] * plan.dt)

    return read
