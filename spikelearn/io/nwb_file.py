"""Runs as NWB files (Neurodata Without Borders 2), written by PyNWB, and the way back.

Layout of what `write` makes. Times are in seconds, as NWB has them.

    /units                       a row for each neuron whose spikes were recorded: spike_times, obs_intervals, population,
                                 neuron, and recording, the name of the recording; attribute resolution: dt
    /acquisition/OF LABEL        a TimeSeries for each trace, LABEL the variable, in SI units by its conversion
    /events/OF LABEL             an EventsTable for each other kind of event, and for values at events
    /intervals/trials            one row for each trial, with its label
    /processing/misc             tables: run, populations, parameters, projections; columns of OF LABEL, the neurons or synapses that
                                 a trace is of; synapses of PROJECTION, with their weights at the end
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from spikelearn import atomic_files
from spikelearn.errors import DescriptionError, RunFileError
from spikelearn.extras import needed
from spikelearn.io.hdf5_file import explained
from spikelearn.io.recorded import Events, events_of, on_steps, samples_of, snapshots_of
from spikelearn.results.recorded_data import Spikes, Trace
from spikelearn.results.run import PopulationInfo, Run
from spikelearn.values import one_number
from spikelearn.values import path as checked_path

_SI = {
    "mV": ("volts", 1e-3), "pA": ("amperes", 1e-12), "nS": ("siemens", 1e-9), "pF": ("farads", 1e-12),
    "ms": ("seconds", 1e-3), "Hz": ("hertz", 1.0),
}  # fmt: skip
"""Our unit -> the SI unit, and how many of it one of ours is."""


def write(run: Run, path: Any, about: Mapping[str, Any]) -> None:
    """Write a run: see Run.to_nwb."""
    pynwb, h5py = needed("pynwb", "NWB files", "nwb"), needed("h5py", "NWB files", "nwb")
    where = checked_path(path, "path of to_nwb")
    if not where.parent.is_dir():
        raise RunFileError(f"{where}: cannot be written: there is no directory {where.parent}")
    file = _file(pynwb, run, dict(about))
    with explained(where, "cannot be written"), atomic_files.replacing(where) as temporary:
        with h5py.File(temporary, "w", locking=False) as opened, pynwb.NWBHDF5IO(file=opened, mode="w") as writer:
            writer.write(file)


def from_nwb(path: Any, dt: Any = None) -> Run:
    """The spikes and time series of an NWB file as a Run.

    Units belong to the population that their column "population" names, or to "units"; the index of their neuron is the
    column "neuron", or their row. Series of `acquisition` are traces, `run.trace(name, variable)`, of files from elsewhere
    of "acquisition". Events, trials and other parts are taken over from files that Run.to_nwb wrote only.
    dt: ms, the step; by default that of the file, if a run was written to it, else NaN. Times come back as they were if
    they are multiples of dt; others are rounded by the conversion to seconds and back. `sl.SpikeList(*run.spikes(name))`
    replays spikes; see also Spikes.rounded. Raises RunFileError, naming the file. Needs PyNWB.

    >>> run = sl.from_nwb("recording.nwb")  # doctest: +SKIP
    """
    pynwb, where = needed("pynwb", "NWB files", "nwb"), checked_path(path, "path of from_nwb")
    if not where.is_file():
        raise RunFileError(f"{where}: there is no such file; expected an NWB file")
    with explained(where, "cannot be read as an NWB file"), pynwb.NWBHDF5IO(str(where), mode="r") as reader:
        return _run(reader.read(), dt, where)


def _file(pynwb: Any, run: Run, about: dict[str, Any]) -> Any:
    given = {
        "session_description": f"simulation by spikelearn of {', '.join(run.populations)}", "identifier": str(uuid.uuid4()),
        "session_start_time": datetime.now().astimezone(),
        "was_generated_by": [[name, version] for name, version in run.versions.items()] or None, **about,
    }  # fmt: skip
    try:
        file = pynwb.NWBFile(**given)
    except (TypeError, ValueError) as error:
        raise DescriptionError(f"to_nwb: PyNWB refuses what is given about the file: {error}") from None
    _add_units(pynwb, file, run)
    known = file.create_processing_module(
        "misc", "The network: populations and projections, synapses at the end, and what columns of series are of."
    )
    for table in _tables(pynwb, run):
        known.add(table)
    for samples in samples_of(run):
        unit, conversion = _SI.get(samples.trace.unit, (samples.trace.unit or "n.a.", 1.0))
        name = _named(f"{samples.name} {samples.label}")
        when = (
            {"timestamps": samples.trace.times / 1e3}
            if samples.sampling is None
            else {"starting_time": samples.sampling[0] / 1e3, "rate": 1e3 / samples.sampling[1]}
        )
        file.add_acquisition(
            pynwb.TimeSeries(
                name=name, data=samples.trace.values, unit=unit, conversion=conversion, continuity="continuous", **when,
                comments=samples.name, description=f"{samples.variable} of {samples.name}, simulated"
                + ("" if samples.together is None else f"; the mean of {len(samples.together)} neurons"),
            )
        )  # fmt: skip
        ids = samples.trace.ids if samples.together is None else samples.together
        table = {samples.trace.dimension: ids}
        known.add(_table(pynwb, f"columns of {name}", f"What the columns of {name} are of, in their order.", table))
    for events in events_of(run):
        if events.kind != "spike":
            columns = {"neuron": events.spikes.ids}
            file.add_events_table(_events(pynwb, run, events.name, events.label, events.spikes.times, columns))
    for read in snapshots_of(run):
        columns = {"neuron": read.snapshots.ids, "value": read.snapshots.values}
        file.add_events_table(_events(pynwb, run, read.name, read.label, read.snapshots.times, columns, read.snapshots.unit))
    _add_trials(file, run)
    return file


def _add_units(pynwb: Any, file: Any, run: Run) -> None:
    """The table of units, made of whole columns: rows one by one take minutes."""
    found = [events for events in events_of(run) if events.kind == "spike"]
    if not found:
        return
    times, ends, first = [], [np.zeros(0, np.int64)], 0
    for events in found:
        place = np.searchsorted(events.spikes.neurons, events.spikes.ids)  # type: ignore[arg-type]
        n = len(events.spikes.neurons)  # type: ignore[arg-type]
        times.append(events.spikes.times[np.argsort(place.astype(np.uint16 if n <= 1 << 16 else np.int64), kind="stable")])
        ends.append(first + np.cumsum(np.bincount(place, minlength=n)))
        first += len(place)
    n_units = sum(map(len, ends))
    column, index = pynwb.core.VectorData, pynwb.core.VectorIndex
    seconds = np.concatenate(times)
    seconds /= 1e3
    spikes = column(name="spike_times", description="the spike times of each neuron in seconds", data=seconds)
    window = np.tile([run.t_start / 1e3, run.t_stop / 1e3], (n_units, 1))
    observed = column(name="obs_intervals", description="when each neuron was observed, in seconds", data=window)
    columns = [
        spikes, index(name="spike_times_index", data=np.concatenate(ends), target=spikes),
        observed, index(name="obs_intervals_index", data=np.arange(1, n_units + 1), target=observed),
        *_columns(pynwb, {
            "population": _of_each(found, lambda events: events.name),
            "neuron": np.concatenate([events.spikes.neurons for events in found]),
            "recording": _of_each(found, lambda events: events.label),
        }),
    ]  # fmt: skip
    file.units = pynwb.misc.Units(
        name="units", description="simulated neurons", columns=columns, resolution=run.dt / 1e3,
        colnames=[each.name for each in columns if not each.name.endswith("_index")],
    )  # fmt: skip


def _of_each(found: Sequence[Events], what: Any) -> list[str]:
    return [what(events) for events in found for _ in range(len(events.spikes.neurons))]  # type: ignore[arg-type]


def _tables(pynwb: Any, run: Run) -> Iterator[Any]:
    """What is known of the network."""
    yield _table(pynwb, "run", "How long was simulated, in ms, and how.", {
        "dt": [run.dt], "t_start": [run.t_start], "t_stop": [run.t_stop], "seed": [str(run.seed)],
        "interrupted": [run.interrupted],
    })  # fmt: skip
    populations = list(run.populations.values())
    if populations:
        told = {"population": "name", "size": "size", "model": "model"}
        rows = {what: [getattr(each, name) for each in populations] for what, name in told.items()}
        yield _table(pynwb, "populations", "The populations of the network.", rows)
        parameters = [(each.name, *pair) for each in populations for pair in each.parameters.items()]
        if parameters:
            yield _table(pynwb, "parameters", "Parameters: a number, a list with one for each neuron, or text, as JSON.", {
                "population": [name for name, _, _ in parameters], "parameter": [name for _, name, _ in parameters],
                "value": [json.dumps(value, default=_plain) for *_, value in parameters],
            })  # fmt: skip
    projections = list(run.projections.values())
    if projections:
        told = {
            {"name": "projection", "description": "rule"}.get(what, what): [getattr(each, what) for each in projections]
            for what in ("name", "source", "target", "port", "on", "n_synapses", "unit", "description")
        }
        yield _table(pynwb, "projections", "The projections of the network; unit is that of the weights.", told)
    for name in run.synapse_data:
        found = run.synapses(name)
        if len(found.weight):
            unit = run.projections[name].unit if name in run.projections else ""
            yield _table(
                pynwb, _named(f"synapses of {name}"), f"Synapses at the end; weights in {unit or 'no unit'}, delays in ms.",
                {field: np.ascontiguousarray(getattr(found, field)) for field in found._fields},
            )  # fmt: skip


def _table(pynwb: Any, name: str, description: str, columns: Mapping[str, Any]) -> Any:
    made = _columns(pynwb, columns)
    return pynwb.core.DynamicTable(name=name, description=description, columns=made, colnames=list(columns))


def _columns(pynwb: Any, columns: Mapping[str, Any]) -> list[Any]:
    about = {"neuron": "index of the neuron within its population", "recording": "kind of event and name of the recording"}
    return [
        pynwb.core.VectorData(name=name, description=about.get(name, f"{name} of each row"), data=values)
        for name, values in columns.items()
    ]


def _events(
    pynwb: Any, run: Run, name: str, label: str, times: np.ndarray, columns: Mapping[str, Any], unit: str = ""
) -> Any:
    when = pynwb.event.TimestampVectorData(
        name="timestamp", description="when each event was, in seconds", data=times / 1e3, resolution=run.dt / 1e3
    )
    made = [when, *_columns(pynwb, columns)]
    told = f"{label} of {name}, simulated" + (f"; values in {unit}" if unit else "")
    return pynwb.event.EventsTable(
        name=_named(f"{name} {label}"), description=told, source_description=name, columns=made,
        colnames=[each.name for each in made],
    )  # fmt: skip


def _add_trials(file: Any, run: Run) -> None:
    if not run.trials:
        return
    file.add_trial_column("label", "what the trial was, or its number")
    for trials in run.trials:
        length = sum(trials.durations)
        for k in range(trials.n):
            begin, label = trials.t_start + k * length, trials.labels[k] if trials.labels else str(k)
            file.add_trial(start_time=begin / 1e3, stop_time=(begin + length) / 1e3, label=label)


def _named(name: str) -> str:
    """A name without the characters that have a meaning in NWB."""
    return name.replace("%", "%25").replace("/", "%2F").replace(":", "%3A")


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _run(file: Any, dt: Any, where: Path) -> Run:
    """The run that a file holds, or what there is of one in the file of another."""
    tables = file.processing["misc"].data_interfaces if "misc" in file.processing else {}
    told = {name: tables["run"][name][0] for name in tables["run"].colnames} if "run" in tables else {}
    step = told.get("dt", np.nan) if dt is None else one_number(dt, "ms", "dt of from_nwb", above=0.0)
    populations: dict[str, PopulationInfo] = {}
    parameters: dict[str, dict[str, Any]] = {}
    recorded: dict[str, dict[str, np.ndarray]] = {}
    if told and "populations" in tables:
        for name, size, model in _rows(tables["populations"], "population", "size", "model"):
            parameters[str(name)] = {}
            populations[str(name)] = PopulationInfo(str(name), int(size), str(model), parameters[str(name)])
        for name, parameter, value in _rows(tables["parameters"], "population", "parameter", "value") if "parameters" in tables else ():
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
            traces[name, label] = _trace(series, step)
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
    columns = {name: np.asarray(table[name].data[:]) for name in ("population", "neuron", "recording") if name in table.colnames}
    names = columns.get("population", np.full(n, "units")).astype(str)
    labels = columns.get("recording", np.full(n, "spike")).astype(str)
    found = {}
    for key in dict.fromkeys(zip(names.tolist(), labels.tolist(), strict=True)):
        mine = np.flatnonzero((names == key[0]) & (labels == key[1]))
        neurons = (columns["neuron"][mine] if "neuron" in columns else np.arange(len(mine))).astype(np.int32)
        if len(np.unique(neurons)) < len(neurons) or neurons.min() < 0:
            raise RunFileError(f"{where}: /units: units of {key[0]!r} are of equal or negative neurons")
        if len(mine) == n:
            part = times
        else:
            part = np.concatenate([times[ends[k] - counts[k] : ends[k]] for k in mine])
        ids = np.repeat(neurons, counts[mine])
        order = np.lexsort((ids, part)) if (np.diff(neurons) < 0).any() else np.argsort(part, kind="stable")
        found[key] = Spikes(part[order], ids[order]), np.sort(neurons)
    return found


def _trace(series: Any, dt: float) -> Trace:
    """A time series in our unit, if it has one of those of _SI."""
    values = np.asarray(series.data[:])
    values = values[:, None] if values.ndim == 1 else values
    unit, conversion, offset = str(series.unit), float(series.conversion), float(getattr(series, "offset", 0.0))
    ours = next((name for name, (theirs, _) in _SI.items() if theirs == unit), None)
    factor = conversion if ours is None else conversion / _SI[ours][1]
    if factor != 1.0 or offset:
        values = values * factor + (offset if ours is None else offset / _SI[ours][1])
    if series.timestamps is not None:
        times = _in_ms(series.timestamps[:], dt)
    else:
        times = on_steps(series.starting_time * 1e3 + np.arange(len(values)) * (1e3 / series.rate), dt)
    return Trace(times, values, np.arange(values.shape[1]), ours or ("" if unit in ("n.a.", "unknown") else unit))


def _of_and_label(of: str, name: str, ours: bool) -> tuple[str, str]:
    """What something is of, and the label of its recording."""
    return (of, unquote(name)[len(of) + 1 :]) if ours else (of, name)


def _in_ms(seconds: Any, dt: float) -> np.ndarray:
    return on_steps(np.asarray(seconds, np.float64) * 1e3, dt)


def _window(spikes: Mapping[Any, Spikes], traces: Mapping[Any, Trace]) -> tuple[float, float]:
    """The times in ms of the first and the last of all data, 0 if there are none."""
    times = [each.times for each in (*spikes.values(), *traces.values()) if len(each.times)]
    return min((0.0, *(float(each[0]) for each in times))), max((0.0, *(float(each[-1]) for each in times)))
