"""The synapses of the exact engine, sorted into runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.engine.listed_synapses import list_synapses
from spikelearn.kernels.event_loop import Synapses


def build(
    projections: Sequence[Projection],
    first_cell: Mapping[Population, int],
    group_of: Mapping[Any, int],
    n_cells: int,
    seed: int,
    dt: float,
) -> tuple[Synapses, dict[Projection, int]]:
    """All synapses in runs, and their number for each projection.

    first_cell: population -> its first cell. group_of: (population, port), or a projection, -> group.
    """
    lists = [list_synapses(projection, seed, dt) for projection in projections]
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
