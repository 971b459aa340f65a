"""Building synapse tables from connection rules, and finding the synapses of a projection in them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.description.distributions import Drawn
from spikelearn.description.population import Modulator
from spikelearn.description.projection import Projection
from spikelearn.engine.plan import Block, Share, Table
from spikelearn.engine.printing import callable_of
from spikelearn.errors import DescriptionError
from spikelearn.kernels import connect

SINGLE_PRECISION_FROM = 1_000_000
"""From this many synapses on, static weights that differ are kept in 4 bytes."""
_LONGEST_DELAY = 1 << 16
_ANY = 1 << 40
_EMPTY_INT = np.zeros(0, np.int64)
_EMPTY = np.zeros(0)
_NO_TARGETS = np.zeros(0, np.uint16)


class Places:
    """Where the neurons of projections lie in their blocks, and which of the targets belong to a share."""

    def __init__(self, block_of: dict[Any, Block], share: Share) -> None:
        self.block_of = block_of
        self.share = share

    def source(self, projection: Projection) -> tuple[Block, int]:
        block = self.block_of[projection.source]
        return block, block.first[projection.source] + projection.source_first

    def target(self, projection: Projection) -> tuple[Block | None, int]:
        if isinstance(projection.target, Modulator):
            return None, 0
        block = self.block_of[projection.target]
        return block, block.first[projection.target] + projection.target_first

    def target_size(self, projection: Projection) -> int:
        block, _ = self.target(projection)
        return 1 if block is None else block.n

    def bounds(self, projection: Projection) -> tuple[int, int]:
        """The first and the last + 1 of the targets of this share. Each share has modulators of its own."""
        block, _ = self.target(projection)
        return (0, 1) if block is None else self.share.bounds(block.n)


def delays_of(projections: Sequence[Projection], seed: int, dt: float) -> np.ndarray:
    """All delays that occur in some projections, in steps, ascending."""
    used = np.zeros(_LONGEST_DELAY, np.uint8)
    for projection in projections:
        if projection.axonal.constant:
            used[min(_constant_steps(projection, dt), _LONGEST_DELAY - 1)] = 1
        else:
            _scan(projection, None, seed, dt, connect.COUNT, used_delays=used)
    if used[-1]:
        raise DescriptionError(
            f"projection {projections[0].name!r}: delays must be shorter than {(_LONGEST_DELAY - 1) * dt:g} ms"
        )
    return np.flatnonzero(used).astype(np.int64)


def build(
    projections: Sequence[Projection], places: Places, delays: np.ndarray, seed: int, dt: float, shared: bool,
    double: bool,
) -> Table:  # fmt: skip
    """One table for projections between the same two blocks, through one port and on one kind of event.

    delays: all that occur. shared: each slot has one weight, kept once. double: weights that differ take 8 bytes each.
    """
    block, _ = places.source(projections[0])
    delay_index = np.zeros(_LONGEST_DELAY if len(delays) == 0 else int(delays[-1]) + 1, np.int64)
    delay_index[delays] = np.arange(len(delays))
    table = Table(
        list(projections), delays, delay_index, np.zeros(block.n * max(1, len(delays)) + 1, np.int64),
        _NO_TARGETS, _EMPTY, _EMPTY, np.zeros(1, np.int64),
    )  # fmt: skip
    for projection in projections:
        table.sizes[projection] = _scan(projection, places, seed, dt, connect.COUNT, table, cursor=table.index)
    total = sum(table.sizes.values())
    np.cumsum(table.index, out=table.index)
    narrow = places.target_size(projections[0]) <= 1 << 16
    table.targets = np.zeros(total, np.uint16 if narrow else np.uint32)
    if shared:
        table.slot_weight = np.zeros(block.n * len(delays))
        for projection in projections:
            first = places.source(projection)[1] * len(delays)
            table.slot_weight[first : first + projection.source_size * len(delays)] = projection.weight.a
    else:
        table.weights = np.zeros(total, np.float64 if double or total < SINGLE_PRECISION_FROM else np.float32)
    cursor = table.index[:-1].copy()
    for projection in projections:
        _scan(projection, places, seed, dt, connect.PLACE, table, cursor=cursor)
    return table


def locate(projection: Projection, table: Table, places: Places, seed: int, dt: float) -> dict[str, np.ndarray]:
    """positions, pre, post, delay_steps and slots of a projection's synapses in a table of one share, as they are now.

    They are in the order in which they were made; `numbers` are their places among those of all shares.
    """
    cursor = table.index[:-1].copy()
    found: dict[str, np.ndarray] = {}
    for member in table.projections:
        n = table.sizes[member] if places.share.of == 1 else count_alone(member, seed, dt)
        found = {"positions": np.full(n, -1, np.int64)}
        found |= {name: np.zeros(n, np.int32) for name in ("pre", "post", "delay_steps")}
        _scan(member, places, seed, dt, connect.LOCATE, table, cursor=cursor, found=found)
        if member is projection:
            break
    numbers = np.flatnonzero(found["positions"] >= 0)
    found = {name: values[numbers] for name, values in found.items()}
    if table.rewired:
        found["post"] = table.targets[found["positions"]].astype(np.int32) - places.target(projection)[1]
    first = places.source(projection)[1]
    slots = (first + found["pre"].astype(np.int64)) * len(table.delays) + table.delay_index[found["delay_steps"]]
    return {**found, "slots": slots, "numbers": numbers}


def count_alone(projection: Projection, seed: int, dt: float) -> int:
    """How many synapses a projection has: they are made once, only to be counted."""
    return _scan(projection, None, seed, dt, connect.COUNT, used_delays=np.zeros(_LONGEST_DELAY, np.uint8))


def _constant_steps(projection: Projection, dt: float) -> int:
    return max(1, int(np.floor(projection.axonal.a / dt + 0.5)) + projection.dendritic_steps)


def _scan(
    projection: Projection,
    places: Places | None,
    seed: int,
    dt: float,
    mode: int,
    table: Table | None = None,
    used_delays: np.ndarray | None = None,
    cursor: np.ndarray = _EMPTY_INT,
    found: dict[str, np.ndarray] | None = None,
) -> int:
    source_first = 0 if places is None else places.source(projection)[1]
    target_first = 0 if places is None else places.target(projection)[1]
    low, high = (0, _ANY) if places is None else places.bounds(projection)
    rows = projection.rows
    own = connect.NO_AUTAPSE
    if projection.source is projection.target and not projection.autapses:
        shift = projection.source_first - projection.target_first
        own = shift if rows.by_source else -shift
    found = found or {}
    empty = np.zeros(0, np.int32)
    weight, delay = projection.weight, projection.axonal
    with np.errstate(over="ignore"):
        return callable_of(connect.scan)(
            mode, rows.code, rows.by_source, rows.n_rows, rows.n_partners, rows.probability, rows.degrees,
            rows.multapses, own, rows.pre, rows.post, seed, projection.thing, *_numbers(weight), *_numbers(delay),
            projection.dendritic_steps, dt, source_first, target_first,
            0 if table is None else len(table.delays),
            _EMPTY_INT if table is None else table.delay_index,
            np.zeros(0, np.uint8) if used_delays is None else used_delays,
            cursor,
            _NO_TARGETS if table is None else table.targets,
            _EMPTY if table is None else table.weights,
            found.get("positions", _EMPTY_INT), found.get("pre", empty), found.get("post", empty),
            found.get("delay_steps", empty), rows.width, low, high,
        )  # fmt: skip


def _numbers(value: Drawn) -> tuple[Any, ...]:
    return value.code, value.a, value.b, value.low, value.high, np.ascontiguousarray(value.array, np.float64).ravel()
