"""What is true of every run: checked of what a file holds, which may come from anybody, and before a run is saved.

Raises hdf5_tree.Damaged.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikelearn.io.hdf5_tree import Damaged
from spikelearn.results.run import PopulationInfo, Run

_MOST = (1 << 31) - 1
"""Neurons of a population, and synapses of a projection: their numbers are int32."""


def check(run: Run) -> None:
    """Raise Damaged if times, sizes, counts or indices of a run are impossible."""
    _check_numbers(run)
    for name, population in run.populations.items():
        _check_population(name, population)
    for name, projection in run.projections.items():
        _expect(0 <= projection.n_synapses, f"projection {name!r} has {projection.n_synapses} synapses")
    sizes = {name: population.size for name, population in run.populations.items()}
    for (name, kind), spikes in run.spike_data.items():
        what = f"{kind!r} of {name!r}"
        _check_times(spikes.times, what)
        _check_ids(spikes.ids, sizes.get(name, _MOST), what)
        _expect(spikes.ids.shape == spikes.times.shape, f"{what} has {len(spikes.times)} times, {len(spikes.ids)} ids")
    sizes = {name: projection.n_synapses for name, projection in run.projections.items()} | sizes
    for (name, variable), trace in run.trace_data.items():
        what = f"{variable!r} of {name!r}"
        _check_times(trace.times, what)
        _check_ids(np.asarray(trace.ids), sizes.get(name, _MOST), what)
        _expect(
            trace.values.dtype.kind in "biuf" and trace.values.shape == (len(trace.times), len(trace.ids)),
            f"the samples of {what} are {trace.values.dtype} of shape {trace.values.shape}",
        )
    for name in run.synapse_data:
        check_synapses(run, name)


def _check_numbers(run: Run) -> None:
    _expect(math.isfinite(run.dt) and run.dt > 0, f"dt is {run.dt} ms")
    _expect(
        math.isfinite(run.t_start) and math.isfinite(run.t_stop) and run.t_start <= run.t_stop,
        f"the run is from {run.t_start} to {run.t_stop} ms",
    )
    _expect(run.seed >= 0, f"the seed is {run.seed}")
    _expect(run.wall_s >= 0, f"the wall time is {run.wall_s} s")
    _expect(run.synaptic_events >= 0, f"there are {run.synaptic_events} synaptic events")
    for name, found in run.projection_events.items():
        _expect(name in run.projections, f"synaptic events of {name!r}, which is no projection")
        _expect(min(found) >= 0, f"projection {name!r} has {min(found)} synaptic events")


def _check_population(name: str, population: PopulationInfo) -> None:
    size = population.size
    _expect(1 <= size <= _MOST, f"population {name!r} has {size} neurons")
    _expect(all(isinstance(kind, str) for kind in population.kinds), f"population {name!r} has kinds that are no text")
    for kind, ids in population.recorded.items():
        _check_ids(ids, size, f"recorded {kind!r} of {name!r}")
        _expect(bool((ids[1:] > ids[:-1]).all()), f"recorded {kind!r} of {name!r}: ids do not ascend")
    if population.positions is not None:
        _expect(population.positions.dtype.kind == "f", f"positions of {name!r} are {population.positions.dtype}")


def check_synapses(run: Run, name: str) -> None:
    """Raise Damaged if the synapses of a projection are impossible."""
    found, projection = run.synapses(name), run.projections.get(name)
    for field, of in (("pre", "source"), ("post", "target")):
        population = run.populations.get(getattr(projection, of, ""))
        _check_ids(getattr(found, field), _MOST if population is None else population.size, f"{field} of {name!r}")
    _expect(found.weight.dtype.kind in "iuf", f"weights of {name!r} are {found.weight.dtype}")
    delay = found.delay
    _expect(
        delay.dtype.kind == "f" and (not delay.size or bool(delay.min() >= 0 and delay.max() < math.inf)),
        f"delays of {name!r} are not all times",
    )


def _check_times(times: Any, what: str) -> None:
    _expect(times.dtype.kind == "f" and times.ndim == 1, f"times of {what} are {times.dtype} of shape {times.shape}")
    if len(times):
        # A NaN is neither above nor below anything.
        in_order = bool(times[0] > -math.inf and times[-1] < math.inf and (times[1:] >= times[:-1]).all())
        _expect(in_order, f"times of {what} are not all finite and in order")


def _check_ids(ids: Any, size: int, what: str) -> None:
    _expect(ids.dtype.kind in "iu" and ids.ndim == 1, f"ids of {what} are {ids.dtype} of shape {ids.shape}")
    if len(ids):
        low, high = int(ids.min()), int(ids.max())
        _expect(0 <= low and high < size, f"ids of {what} are from {low} to {high}, expected 0 to {size - 1}")


def _expect(is_true: bool, otherwise: str) -> None:
    if not is_true:
        raise Damaged(f"no possible run: {otherwise}")
