"""NWB files as runs: those that `nwb_file` writes, and the units and time series of others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from spikelearn.errors import DescriptionError, RunFileError
from spikelearn.extras import needed
from spikelearn.io.hdf5_file import explained
from spikelearn.io.nwb_file import SI
from spikelearn.io.recorded import in_order, numbers_of, on_steps
from spikelearn.results.recorded_data import Spikes, Trace
from spikelearn.results.run import PopulationInfo, Run
from spikelearn.values import one_number
from spikelearn.values import path as checked_path


def from_nwb(path: Any, dt: Any = None) -> Run:
    """The spikes and time series of an NWB file as a Run.

    Units belong to the population that their column "population" names, or to "units"; the index of their neuron is
    the column "neuron", or their row. Series of `acquisition` with one or two dimensions are traces:
    `run.trace(name, variable)`, or `run.trace("acquisition", name)` if no run was written. Other events are taken over
    from files of runs only.
    dt: ms, the step; by default that of the file, if a run was written to it, else NaN. Times come back as they were if
    they are multiples of dt; others are rounded by the conversion to seconds and back.
    `sl.SpikeList(*run.spikes(name))` replays spikes; see also Spikes.rounded. Raises RunFileError, naming the file.
    Needs PyNWB.

    >>> net = sl.Network(dt=1.0, seed=1)
    >>> inputs = net.population(5, sl.Poisson(50.0), name="inputs")
    >>> recording = net.record(inputs)
    >>> run = net.run(100.0)
    >>> run.to_nwb("run.nwb")
    >>> again = sl.from_nwb("run.nwb")
    >>> again.spikes("inputs").times.tolist() == run.spikes("inputs").times.tolist()
    True
    """
    pynwb, where = needed("pynwb", "NWB files", "nwb"), checked_path(path, "path of from_nwb")
    if not where.is_file():
        raise RunFileError(f"{where}: there is no such file; expected an NWB file")
    with explained(where, "cannot be read as an NWB file"), pynwb.NWBHDF5IO(str(where), mode="r") as reader:
        try:
            return _run(reader.read(), dt, where)
        except DescriptionError as error:  # of what the file says
            raise RunFileError(str(error)) from None


def _run(file: Any, dt: Any, where: Path) -> Run:
    """The run that a file holds, or what there is of one in the file of another."""
    tables = file.processing["misc"].data_interfaces if "misc" in file.processing else {}
    about = tables.get("run")  # another program may have another table of this name
    told: dict[str, Any] = {}
    if about is not None and {"dt", "t_start", "t_stop", "seed", "interrupted"} <= set(about.colnames):
        told = {name: about[name][0] for name in about.colnames}
    step = told.get("dt", np.nan) if dt is None else one_number(dt, "ms", "dt of from_nwb", above=0.0)
    populations: dict[str, PopulationInfo] = {}
    parameters: dict[str, dict[str, Any]] = {}
    recorded: dict[str, dict[str, np.ndarray]] = {}
    if told and "populations" in tables:
        for name, size, model in _rows(tables["populations"], "population", "size", "model"):
            parameters[str(name)] = {}
            populations[str(name)] = PopulationInfo(str(name), int(size), str(model), parameters[str(name)])
        for name, parameter, value in (
            _rows(tables["parameters"], "population", "parameter", "value") if "parameters" in tables else ()
        ):
            found = json.loads(value)
            parameters[str(name)][str(parameter)] = np.array(found) if isinstance(found, list) else found
    spikes: dict[tuple[str, str], Spikes] = {}
    traces: dict[tuple[str, str], Trace] = {}
    for (name, label), (found, neurons) in _units(file.units, step, where).items():
        spikes[name, label] = found
        size = populations[name].size if name in populations else int(neurons.max(initial=0)) + 1
        populations.setdefault(name, PopulationInfo(name, size, "", {}))
        if len(neurons) < size:
            recorded.setdefault(name, {})[label] = neurons
    for series in file.acquisition.values():
        if getattr(getattr(series, "data", None), "ndim", 0) in (1, 2):
            name, label = _of_and_label(series.comments if told else "acquisition", series.name, bool(told))
            traces[name, label] = _trace(series, step, where)
            if told:
                [ids] = (column.data[:] for column in tables[f"columns of {series.name}"].columns)
                if len(ids) == traces[name, label].values.shape[1]:
                    traces[name, label] = traces[name, label]._replace(ids=ids)
                else:
                    recorded.setdefault(name, {})[label] = ids
    for table in (file.events or {}).values() if told else ():
        name, label = _of_and_label(table.source_description, table.name, True)
        times, ids = _in_ms(table["timestamp"].data[:], step), np.asarray(table["neuron"].data[:], np.int32)
        spikes[name, label] = Spikes(times, ids)
        if "value" in table.colnames:
            values, unit = np.asarray(table["value"].data[:]), table.description.partition("; values in ")[2]
            traces[name, label] = Trace(times, values[:, None], np.zeros(1, np.int64), unit)
    begin, end = (float(told[name]) for name in ("t_start", "t_stop")) if told else _window(spikes, traces)
    versions = np.asarray(file.was_generated_by[:]) if told and file.was_generated_by is not None else ()
    return Run(
        dt=float(step), t_start=begin, t_stop=end, seed=int(told.get("seed", 0)), projections={}, spike_data=spikes,
        populations={
            name: PopulationInfo(name, info.size, info.model, info.parameters, recorded=recorded.get(name, {}))
            for name, info in populations.items()
        },
        trace_data=traces, interrupted=bool(told.get("interrupted", False)),
        versions={str(package): str(version) for package, version in versions},
    )  # fmt: skip


def _rows(table: Any, *columns: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].data[:] for name in columns), strict=True)


def _units(table: Any, dt: float, where: Path) -> dict[tuple[str, str], tuple[Spikes, np.ndarray]]:
    """(population, recording) -> its spikes in order of time, and its neurons that were recorded, ascending."""
    if table is None or "spike_times" not in table.colnames:
        return {}
    ends = np.asarray(table["spike_times"].data[:], np.int64)
    times, n = np.asarray(table["spike_times"].target.data[:], np.float64), len(ends)
    counts = np.diff(ends, prepend=0)
    if (counts < 0).any() or ends[-1:].sum() != len(times) or not np.isfinite(times).all():
        raise RunFileError(f"{where}: /units: expected finite spike times, and for each unit where they end")
    times = _in_ms(times, dt)
    columns = {
        name: np.asarray(table[name].data[:])
        for name in ("population", "neuron", "recording")
        if name in table.colnames
    }
    names = columns.get("population", np.full(n, "units")).astype(str)
    labels = columns.get("recording", np.full(n, "spike")).astype(str)
    found = {}
    for key in dict.fromkeys(zip(names.tolist(), labels.tolist(), strict=True)):
        mine = np.flatnonzero((names == key[0]) & (labels == key[1]))
        given = columns["neuron"][mine] if "neuron" in columns else np.arange(len(mine))
        neurons = numbers_of(given, f"{where}: /units: column neuron of {key[0]!r}")
        if len(mine) == n:
            part = times
        else:
            part = np.concatenate([times[ends[k] - counts[k] : ends[k]] for k in mine])
        ids = np.repeat(neurons, counts[mine])
        order = np.lexsort((ids, part)) if (np.diff(neurons) < 0).any() else np.argsort(part, kind="stable")
        found[key] = Spikes(part[order], ids[order]), np.sort(neurons)
    return found


def _trace(series: Any, dt: float, where: Path) -> Trace:
    """A time series in our unit, if it has one of those of SI."""
    what = f"{where}: series {series.name!r}"
    values = np.asarray(series.data[:])
    values = values[:, None] if values.ndim == 1 else values
    if values.dtype.kind not in "biuf":
        raise RunFileError(f"{what}: expected numbers as samples, got {values.dtype}")
    if getattr(series, "channel_conversion", None) is not None:  # of an ElectricalSeries
        values = values * np.asarray(series.channel_conversion[:], np.float64)
    unit, conversion, offset = str(series.unit), float(series.conversion), float(getattr(series, "offset", 0.0))
    ours = next((name for name, (theirs, _) in SI.items() if theirs == unit), None)
    factor = conversion if ours is None else conversion / SI[ours][1]
    if factor != 1.0 or offset:
        values = values * factor + (offset if ours is None else offset / SI[ours][1])
    if series.timestamps is not None:
        times = _in_ms(series.timestamps[:], dt)
    else:
        if not series.rate > 0:
            raise RunFileError(f"{what}: expected a rate above 0, got {series.rate}")
        times = on_steps(series.starting_time * 1e3 + np.arange(len(values)) * (1e3 / series.rate), dt)
    found = Trace(times, values, np.arange(values.shape[1]), ours or ("" if unit in ("n.a.", "unknown") else unit))
    return in_order(found, what)


def _of_and_label(of: str, name: str, ours: bool) -> tuple[str, str]:
    """What something is of, and the label of its recording."""
    return (of, unquote(name)[len(of) + 1 :]) if ours else (of, name)


def _in_ms(seconds: Any, dt: float) -> np.ndarray:
    return on_steps(np.asarray(seconds, np.float64) * 1e3, dt)


def _window(spikes: Mapping[Any, Spikes], traces: Mapping[Any, Trace]) -> tuple[float, float]:
    """The times in ms of the first and the last of all data, 0 if there are none."""
    times = [each.times for each in spikes.values()] + [each.times for each in traces.values()]
    times = [each for each in times if len(each)]
    return min((0.0, *(float(each[0]) for each in times))), max((0.0, *(float(each[-1]) for each in times)))
