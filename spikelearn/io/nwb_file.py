"""Runs as NWB files (Neurodata Without Borders 2), written by PyNWB.

The layout, which `nwb_reading` reads. Times are in seconds, as NWB has them.

    /units                       a row for each neuron whose spikes were recorded: spike_times, obs_intervals,
                                 population, neuron, and recording, its name; attribute resolution: dt
    /acquisition/OF LABEL        a TimeSeries for each trace, LABEL the variable, in SI units by its conversion
    /events/OF LABEL             an EventsTable for each other kind of event, and for values at events
    /intervals/trials            one row for each trial, with its label
    /processing/misc             tables: run, populations, parameters, projections; columns of OF LABEL, the neurons or
                                 synapses that a trace is of; synapses of PROJECTION, with their weights at the end
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from spikelearn import atomic_files
from spikelearn.errors import DescriptionError, RunFileError
from spikelearn.extras import needed
from spikelearn.io.hdf5_file import explained
from spikelearn.io.recorded import Events, events_of, samples_of, snapshots_of
from spikelearn.results.run import Run
from spikelearn.values import path as checked_path

SI = {
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


def _file(pynwb: Any, run: Run, about: dict[str, Any]) -> Any:
    given = {
        "session_description": f"simulation by spikelearn of {', '.join(run.populations)}",
        "identifier": str(uuid.uuid4()),
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
        unit, conversion = SI.get(samples.trace.unit, (samples.trace.unit or "n.a.", 1.0))
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
        file.add_events_table(
            _events(pynwb, run, read.name, read.label, read.snapshots.times, columns, read.snapshots.unit)
        )
    _add_trials(file, run)
    return file


def _add_units(pynwb: Any, file: Any, run: Run) -> None:
    """The table of units, made of whole columns: rows one by one take minutes."""
    found = [events for events in events_of(run) if events.kind == "spike"]
    if not found:
        return
    times, ends, first = [], [np.zeros(0, np.int64)], 0
    for events in found:
        place = np.searchsorted(events.neurons, events.spikes.ids)
        n = len(events.neurons)
        times.append(
            events.spikes.times[np.argsort(place.astype(np.uint16 if n <= 1 << 16 else np.int64), kind="stable")]
        )
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
            "neuron": np.concatenate([events.neurons for events in found]),
            "recording": _of_each(found, lambda events: events.label),
        }),
    ]  # fmt: skip
    file.units = pynwb.misc.Units(
        name="units", description="simulated neurons", columns=columns, resolution=run.dt / 1e3,
        colnames=[each.name for each in columns if not each.name.endswith("_index")],
    )  # fmt: skip


def _of_each(found: Sequence[Events], what: Any) -> list[str]:
    return [what(events) for events in found for _ in range(len(events.neurons))]


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
            yield _table(pynwb, "parameters", "Numbers, lists with one for each neuron, or text, as JSON.", {
                "population": [name for name, _, _ in parameters], "parameter": [name for _, name, _ in parameters],
                "value": [json.dumps(value, default=_plain) for *_, value in parameters],
            })  # fmt: skip
    projections = list(run.projections.values())
    if projections:
        columns: dict[str, Any] = {
            {"name": "projection", "description": "rule"}.get(what, what): [getattr(each, what) for each in projections]
            for what in ("name", "source", "target", "port", "on", "n_synapses", "unit", "description")
        }
        yield _table(pynwb, "projections", "The projections of the network; unit is that of the weights.", columns)
    for name in run.synapse_data:
        found = run.synapses(name)
        if len(found.weight):
            unit = run.projections[name].unit if name in run.projections else ""
            yield _table(
                pynwb, _named(f"synapses of {name}"),
                f"Synapses at the end; weights in {unit or 'no unit'}, delays in ms.",
                {field: np.ascontiguousarray(getattr(found, field)) for field in found._fields},
            )  # fmt: skip


def _table(pynwb: Any, name: str, description: str, columns: Mapping[str, Any]) -> Any:
    made = _columns(pynwb, columns)
    return pynwb.core.DynamicTable(name=name, description=description, columns=made, colnames=list(columns))


def _columns(pynwb: Any, columns: Mapping[str, Any]) -> list[Any]:
    about = {
        "neuron": "index of the neuron within its population",
        "recording": "kind of event and name of the recording",
    }
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
