"""The synapses of the exact engine: listed with delays in ms, and sorted into runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.row_maker import RowMaker
from spikelearn.engine.lowering.synapse_tables import count_alone
from spikelearn.kernels import synapse_list
from spikelearn.kernels.event_loop import Synapses
from spikelearn.results.run import Synapses as Listed


def listed(projection: Projection, seed: int, dt: float) -> Listed:
    """The synapses of a projection in the order in which its rule made them; the same as the other engines make."""
    n = count_alone(projection, seed)
    found = np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n), np.zeros(n)
    maker = RowMaker(projection, seed)
    maker.run(
        synapse_list.list_synapses, *maker.arguments, projection.rule.by_source, projection.n_rows, maker.owners,
        projection.row_width, projection.pairs, seed, projection.uid, *projection.weight.arguments,
        *projection.axonal.arguments, projection.dendritic_steps * dt, *found,
    )  # fmt: skip
    pre, post, weights, delays = found
    return Listed(pre + np.int32(projection.source_first), post + np.int32(projection.target_first), weights, delays)


def reader(projection: Projection, seed: int, dt: float) -> Callable[[], Listed]:
    """A function that lists the synapses of a projection when it is called."""
    return lambda: listed(projection, seed, dt)


def build(
    projections: Sequence[Projection],
    first_cell: Mapping[Population, int],
    group_of: Mapping[Any, int],
    n_cells: int,
    seed: int,
    dt: float,
) -> tuple[Synapses, dict[Projection, int]]:
    """All synapses in runs, and how many each projection has.

    first_cell: population -> its first cell. group_of: (population, port), or a projection, -> group.
    """
    lists = [listed(projection, seed, dt) for projection in projections]
    sizes = {projection: len(found.pre) for projection, found in zip(projections, lists, strict=True)}
    cells = _joined([found.pre + first_cell[p.source] for p, found in zip(projections, lists, strict=True)], np.int32)
    own = [group_of[p if p in group_of else (p.target, p.port)] for p in projections]
    groups = _joined([np.full(sizes[p], group) for p, group in zip(projections, own, strict=True)], np.int32)
    delays = _joined([found.delay for found in lists], np.float64)
    order = np.lexsort([key for key in (groups, delays, cells) if key is cells or np.any(key != key[:1])])
    cells, groups, delays = cells[order], groups[order], delays[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(cells) != 0) | (np.diff(delays) != 0) | (np.diff(groups) != 0)
    begin = np.flatnonzero(new)
    first_run = np.searchsorted(cells[begin], np.arange(n_cells + 1)).astype(np.int64)
    next_delay = np.full(len(begin), np.inf)
    if len(begin):
        same = np.diff(cells[begin]) == 0
        next_delay[:-1][same] = delays[begin][1:][same]
    table = Synapses(
        first_run,
        delays[begin],
        next_delay,
        groups[begin],
        np.append(begin, len(order)).astype(np.int64),
        _joined([found.post for found in lists], np.int32)[order],
        _joined([found.weight for found in lists], np.float64)[order],
    )
    return table, sizes


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)
