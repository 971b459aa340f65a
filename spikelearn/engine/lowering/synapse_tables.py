"""Building synapse tables from connection rules, and finding the synapses of a projection in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.row_maker import RowMaker
from spikelearn.engine.plan import Plan, Table
from spikelearn.errors import DescriptionError
from spikelearn.kernels import connect

SINGLE_PRECISION_FROM = 1_000_000
"""From this many synapses on, static weights that differ are stored in 4 bytes."""
_EMPTY_INT = np.zeros(0, np.int64)
_EMPTY = np.zeros(0)


def delays_of(projection: Projection, seed: int, dt: float) -> np.ndarray:
    """All distinct delays of a projection, in steps, ascending."""
    drawn = projection.axonal
    if drawn.constant or drawn.code == connect.ARRAY:
        values = np.array([drawn.a]) if drawn.constant else np.asarray(drawn.array).ravel()
        steps = np.maximum(1, np.floor(values / dt + 0.5).astype(np.int64) + projection.dendritic_steps)
        delays = distinct(np.minimum(steps, connect.LONGEST_DELAY))
    else:
        used = np.zeros(connect.LONGEST_DELAY + 1, np.int32)
        _scan(projection, RowMaker(projection, seed), None, seed, dt, connect.MARK, None, used)
        delays = np.flatnonzero(used).astype(np.int64)
    if len(delays) and delays[-1] == connect.LONGEST_DELAY:
        raise DescriptionError(
            f"projection {projection.name!r}: delays must be shorter than {connect.LONGEST_DELAY * dt:g} ms"
        )
    return delays


def distinct(steps: np.ndarray) -> np.ndarray:
    """The distinct delays among these, ascending. np.unique imports masked arrays, which takes 4 ms."""
    return np.flatnonzero(np.bincount(steps))


def build(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    shared: bool, double: bool, local: bool,
) -> Table:  # fmt: skip
    """One table for projections between the same two blocks, with the same port and kind of event.

    delays: all distinct ones. shared: one weight per slot, stored once. double: weights that differ take 8 bytes each.
    local: targets are counted from the first of the share, so that they more often fit into 2 bytes.
    """
    these = ends[projections[0]]
    n_sources, low, high = these.source.n, these.low, these.high
    delay_index = np.zeros(int(delays[-1]) + 1 if len(delays) else 1, np.int64)
    delay_index[delays] = np.arange(len(delays))
    narrow = (high - low if local else these.n_targets) <= 1 << 16
    target_type = np.uint16 if narrow else np.uint32
    table = Table(
        list(projections), delays, delay_index, np.zeros(n_sources * max(1, len(delays)) + 1, np.int32),
        np.zeros(0, target_type), _EMPTY, _EMPTY, np.zeros(2, np.int64), low if local else 0,
    )  # fmt: skip
    makers = {projection: RowMaker(projection, seed) for projection in projections}
    for projection, maker in makers.items():
        table.sizes[projection] = _scan(
            projection, maker, ends[projection], seed, dt, connect.COUNT, table, cursor=table.index
        )
    total = sum(table.sizes.values())
    if total > np.iinfo(np.int32).max:
        table.index = table.index.astype(np.int64)
    np.cumsum(table.index, out=table.index, dtype=table.index.dtype)
    table.targets = np.zeros(total, target_type)
    if shared:
        table.slot_weight = np.zeros(n_sources * len(delays))
        for projection in projections:
            first = ends[projection].first_source * len(delays)
            table.slot_weight[first : first + projection.source_size * len(delays)] = projection.weight.a
    else:
        few = sum(expected_synapses(projection) for projection in projections) < SINGLE_PRECISION_FROM
        table.weights = np.zeros(total, np.float64 if double or few else np.float32)
    cursor = table.index[:-1].copy()
    for projection, maker in makers.items():
        _scan(projection, maker, ends[projection], seed, dt, connect.PLACE, table, cursor=cursor)
    return table


def locate(projection: Projection, plan: Plan) -> dict[str, np.ndarray]:
    """The current positions, pre, post, delay_steps and slots of a projection's synapses in one share's table.

    They are in the order of generation; `numbers` are their indices among those of all shares.
    """
    table, ends = plan.tables[projection], plan.ends[projection]
    cursor = table.index[:-1].copy()
    found: dict[str, np.ndarray] = {}
    for member in table.projections:
        n = table.sizes[member] if plan.share.of == 1 else count_alone(member, plan.seed)
        found = {"positions": np.full(n, -1, np.int64)}
        found |= {name: np.zeros(n, np.int32) for name in ("pre", "post", "delay_steps")}
        maker = RowMaker(member, plan.seed)
        _scan(member, maker, plan.ends[member], plan.seed, plan.dt, connect.LOCATE, table, cursor=cursor, found=found)
        if member is projection:
            break
    numbers = np.flatnonzero(found["positions"] >= 0)
    found = {name: values[numbers] for name, values in found.items()}
    if table.rewired:
        found["post"] = table.targets[found["positions"]].astype(np.int32) - ends.first_target
    sources = ends.first_source + found["pre"].astype(np.int64)
    slots = sources * len(table.delays) + table.delay_index[found["delay_steps"]]
    return {**found, "slots": slots, "numbers": numbers}


def count_alone(projection: Projection, seed: int) -> int:
    """The number of synapses of a projection. If its rule does not determine it, they are generated to be counted."""
    degrees = projection.rows.degrees
    if degrees is not None:
        return int(degrees.sum()) * (projection.n_rows if len(degrees) == 1 else 1)
    maker = RowMaker(projection, seed)
    make_row, row_arguments, made, _ = maker.arguments
    return maker.run(connect.count_synapses, make_row, row_arguments, made, projection.n_rows)


def expected_synapses(projection: Projection) -> float:
    """The number of synapses of a projection in all shares, if its rule determines it without generating them."""
    return projection.rows.expected if projection.rows.degrees is None else count_alone(projection, 0)


def _scan(
    projection: Projection, maker: RowMaker, ends: Ends | None, seed: int, dt: float, mode: int, table: Table | None,
    cursor: np.ndarray, found: dict[str, np.ndarray] | None = None,
) -> int:  # fmt: skip
    """Run the kernel over a projection; without a table, to mark its delays."""
    found = found or {}
    empty = np.zeros(0, np.int32)
    into = (0, _EMPTY_INT, cursor, np.zeros(0, np.uint16), _EMPTY)
    if table is not None:
        into = (len(table.delays), table.delay_index, cursor, table.targets, table.weights)
    first_source, first_target, low, high = 0, 0, 0, 0
    if ends is not None:
        first_source, first_target, low, high = ends.first_source, ends.first_target, ends.low, ends.high
    rows, drawn = connect.scratch(projection.row_width)
    return maker.run(
        connect.scan, mode, *maker.arguments, projection.rule.by_source, projection.n_rows, maker.owners, maker.degrees,
        projection.row_width, projection.pairs, seed, projection.uid,
        *maker.values(projection.weight, rows[0], rows[1], drawn),
        *maker.values(projection.axonal, rows[0], rows[1], drawn), projection.dendritic_steps, dt,
        first_source, first_target, *into, found.get("positions", _EMPTY_INT), found.get("pre", empty),
        found.get("post", empty), found.get("delay_steps", empty), low, high,
        0 if table is None else table.first_target, rows, drawn,
    )  # fmt: skip
