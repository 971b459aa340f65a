"""The synapses of the exact engine: listed with delays in ms, and sorted into runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import callable_of
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.kernels import connect, synapse_list
from spikelearn.kernels.event_loop import Synapses
from spikelearn.results.run import Synapses as Listed


def listed(projection: Projection, seed: int, dt: float) -> Listed:
    """The synapses of a projection in the order in which its rule made them; the same as the other engines make."""
    rows, weight, delay = projection.rows, projection.weight, projection.axonal
    own = projection.autapse_shift if rows.by_source else -projection.autapse_shift
    arguments = (
        rows.code, rows.by_source, rows.n_rows, rows.n_partners, rows.probability, rows.degrees, rows.multapses, own,
        rows.pre, rows.post, seed, projection.uid, *weight.arguments, *delay.arguments,
        projection.dendritic_steps * dt, rows.width, *connect.scratch(rows.n_partners, rows.width)[:2],
    )  # fmt: skip
    run = callable_of(synapse_list.list_synapses)

    def made(n: int) -> tuple[np.ndarray, ...]:
        return np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n), np.zeros(n)

    with np.errstate(over="ignore"):
        found = made(run(*arguments, *made(0)))
        if len(found[0]):
            run(*arguments, *found)
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
