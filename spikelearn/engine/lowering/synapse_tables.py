"""Building synapse tables from connection rules, and finding the synapses of a projection in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spikelearn.codegen.modules import callable_of
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
_NO_SLOTS = np.zeros(0, np.uint16)
_NO_PLACES = _NO_SLOTS, _NO_SLOTS, _EMPTY
_MOST_SLOTS = 1 << 16
_BUCKET = 1 << 18
"""Slots and synapses of a bucket: numbers of slots take 2 bytes, and targets and weights stay in the cache."""


def delays_of(projection: Projection, seed: int, dt: float) -> np.ndarray:
    """All distinct delays of a projection, in steps with its lag, ascending."""
    drawn = projection.axonal
    if drawn.constant or drawn.code == connect.ARRAY:
        values = np.array([drawn.a]) if drawn.constant else np.asarray(drawn.array).ravel()
        added = projection.dendritic_steps + projection.lag
        steps = np.maximum(1, np.floor(values / dt + 0.5).astype(np.int64) + added)
        delays = distinct(np.minimum(steps, connect.LONGEST_DELAY))
    else:
        used = np.zeros(connect.LONGEST_DELAY + 1, np.int64)
        _scan(projection, RowMaker(projection, seed), seed, dt, connect.MARK, used)
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
    parts = _parts(projections, ends, max(1, len(delays)))
    for part in parts:
        for projection in part.projections:
            table.sizes[projection] = _scan(
                projection, makers[projection], seed, dt, connect.COUNT, part.edges, table, ends[projection], part
            )
    total = sum(table.sizes.values())
    if total > np.iinfo(np.int32).max:
        table.index = table.index.astype(np.int64)
    table.targets = np.zeros(total, target_type)
    if shared:
        table.slot_weight = np.zeros(n_sources * len(delays))
        for projection in projections:
            first = ends[projection].first_source * len(delays)
            table.slot_weight[first : first + projection.source_size * len(delays)] = projection.weight.a
    else:
        few = sum(expected_synapses(projection) for projection in projections) < SINGLE_PRECISION_FROM
        table.weights = np.zeros(total, np.float64 if double or few else np.float32)
    slots = np.empty(max(int(part.edges.sum()) for part in parts), np.uint16)
    n_placed = 0
    for part in parts:
        part.edges[0] = n_placed
        n_placed = np.cumsum(part.edges, out=part.edges)[-1]
        _place(part, slots[: n_placed - part.edges[0]], table, makers, ends, seed, dt)
    np.maximum.accumulate(table.index, out=table.index)
    return table


@dataclass
class _Part:
    """The synapses of consecutive sources in a table, and how they are sorted.

    Appended to buckets that fit into the cache, and then sorted within each, they are not written one by one to
    anywhere in the table.

    first, n_sources: of the sources. projections: from these, in the order of the table. bits: a bucket has 2^bits
    sources. edges: (buckets + 1,), where buckets begin and end in the table.
    """

    first: int
    n_sources: int
    projections: list[Projection]
    bits: int = 0
    edges: np.ndarray = field(default_factory=lambda: _EMPTY_INT)


def _parts(projections: Sequence[Projection], ends: Mapping[Projection, Ends], n_delays: int) -> list[_Part]:
    """Projections that have sources in common, together; in ascending order of sources."""
    order = {projection: number for number, projection in enumerate(projections)}
    parts: list[_Part] = []
    for projection in sorted(projections, key=lambda projection: ends[projection].first_source):
        first = ends[projection].first_source
        if not parts or first >= parts[-1].first + parts[-1].n_sources:
            parts.append(_Part(first, 0, []))
        part = parts[-1]
        part.n_sources = max(part.n_sources, first + projection.source_size - part.first)
        part.projections.append(projection)
    for part in parts:
        part.projections.sort(key=order.__getitem__)
        these = ends[part.projections[0]]
        expected = sum(expected_synapses(projection) for projection in part.projections)
        expected *= (these.high - these.low) / these.n_targets / part.n_sources
        sources = min(_BUCKET / expected if expected > 0.0 else math.inf, _MOST_SLOTS // n_delays, part.n_sources)
        part.bits = max(1, int(sources)).bit_length() - 1
        part.edges = np.zeros(1 + -(-part.n_sources >> part.bits), np.int64)
    return parts


def _place(
    part: _Part, slots: np.ndarray, table: Table, makers: Mapping[Projection, RowMaker],
    ends: Mapping[Projection, Ends], seed: int, dt: float,
) -> None:  # fmt: skip
    """Put the synapses of a part into the table, and where those of each slot end into its index. slots: for theirs."""
    own, n_delays = slice(part.edges[0], part.edges[-1]), max(1, len(table.delays))
    targets, weights = table.targets[own], table.weights[own]
    cursor = part.edges[:-1] - part.edges[0]
    for projection in part.projections:
        _scan(
            projection, makers[projection], seed, dt, connect.PLACE, cursor, table, ends[projection], part,
            (slots, targets, weights),
        )  # fmt: skip
    n_slots, widest = n_delays << part.bits, int(np.diff(part.edges).max())
    index = table.index[part.first * n_delays : (part.first + part.n_sources) * n_delays + 1]
    callable_of(connect.sort_buckets)(
        part.edges, slots, targets, weights, index, n_slots, np.empty(n_slots, np.int64),
        np.empty(widest, targets.dtype), np.empty(widest if len(weights) else 0, weights.dtype),
    )  # fmt: skip


def locate(projection: Projection, plan: Plan) -> dict[str, np.ndarray]:
    """The current positions, pre, post, delay_steps and slots of a projection's synapses in one share's table.

    They are in the order of generation; `numbers` are their indices among those of all shares.
    """
    table, ends = plan.tables[projection], plan.ends[projection]
    cursor = table.index[:-1].astype(np.int64)
    found: dict[str, np.ndarray] = {}
    for member in table.projections:
        n = table.sizes[member] if plan.share.of == 1 else count_alone(member, plan.seed)
        found = {"positions": np.full(n, -1, np.int64)}
        found |= {name: np.zeros(n, np.int32) for name in ("pre", "post", "delay_steps")}
        maker = RowMaker(member, plan.seed)
        own = plan.ends[member]
        _scan(member, maker, plan.seed, plan.dt, connect.LOCATE, cursor, table, own, found=found)
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
    projection: Projection, maker: RowMaker, seed: int, dt: float, mode: int, cursor: np.ndarray,
    table: Table | None = None, ends: Ends | None = None, part: _Part | None = None,
    places: tuple[np.ndarray, ...] = _NO_PLACES, found: Mapping[str, np.ndarray] | None = None,
) -> int:  # fmt: skip
    """Run the kernel over a projection; without a table, to mark its delays."""
    found = found or {}
    empty = np.zeros(0, np.int32)
    into = (0, _EMPTY_INT) if table is None else (len(table.delays), table.delay_index)
    first_source, first_target, low, high = 0, 0, 0, 0
    if ends is not None:
        first_source, first_target, low, high = ends.first_source, ends.first_target, ends.low, ends.high
    rows, drawn = connect.scratch(projection.row_width)
    return maker.run(
        connect.scan, mode, *maker.arguments, projection.rule.by_source, projection.n_rows, maker.owners, maker.degrees,
        projection.row_width, projection.pairs, seed, projection.uid,
        *maker.values("weight", rows[0], rows[1], rows[2], drawn[0]),
        *maker.values("delay", rows[0], rows[1], rows[2], drawn[1]), projection.dendritic_steps + projection.lag, dt,
        first_source - (0 if part is None else part.first), first_target, *into,
        cursor, 0 if part is None else part.bits, *places,
        found.get("positions", _EMPTY_INT), found.get("pre", empty), found.get("post", empty),
        found.get("delay_steps", empty), low, high, 0 if table is None else table.first_target, rows, drawn,
    )  # fmt: skip
