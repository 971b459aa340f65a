"""Runs as Neo objects, and Neo objects as runs.

A Block has one Segment, and a Group for each population, with its size, model and parameters as annotations. All trains
are one SpikeTrainList made of arrays: nothing is made for a neuron before Neo is asked for its train.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError
from spikelearn.extras import needed
from spikelearn.io.recorded import Read, Samples, events_of, in_order, numbers_of, on_steps, samples_of, snapshots_of
from spikelearn.results.recorded_data import Spikes, Trace
from spikelearn.results.run import PopulationInfo, Run
from spikelearn.values import one_number

_POPULATION = ("population", "source_population", "projection", "source")
"""Annotations that name what a train or signal is of; the second is PyNN's."""


def block(run: Run) -> Any:
    """A neo.Block of a run: see Run.to_neo."""
    neo = needed("neo", "runs as Neo objects", "neo")
    versions = {f"version_{package}": version for package, version in run.versions.items()}
    made = neo.Block(
        name="spikelearn", dt=run.dt, t_start=run.t_start, t_stop=run.t_stop, seed=str(run.seed),
        interrupted=run.interrupted, **versions,
    )  # fmt: skip
    for info in run.populations.values():
        annotations = {name: _annotation(value) for name, value in info.parameters.items()}
        made.groups.append(neo.Group(name=info.name, **{**annotations, "size": info.size, "model": info.model}))
    segment = neo.Segment(name=f"{run.t_start:g} to {run.t_stop:g} ms", index=0)
    made.segments.append(segment)
    segment.spiketrains = _trains(run)
    segment.spiketrains.segment = segment
    for samples in samples_of(run):
        where = segment.irregularlysampledsignals if samples.sampling is None else segment.analogsignals
        where.append(_signal(run, samples))
    segment.irregularlysampledsignals.extend([_of_events(read) for read in snapshots_of(run)])
    segment.epochs.extend(list(_epochs(run)))
    return made


def from_neo(data: Any, dt: Any = None) -> Run:
    """The spikes and signals of a neo.Segment, or of a neo.Block with one, as a Run.

    Plots and functions of analysis take it as any run. `sl.SpikeList(*run.spikes(name))` replays spikes; if they are of
    no simulation, `run.spikes(name).rounded(dt)` puts them on the steps of a network. Trains belong to the population
    that their annotation "population" names ("source_population" in PyNN), or to "neurons"; the index of their neuron
    is their annotation "neuron", or their place among those of the population. Signals are traces by their name:
    `run.trace(name, "V_m")`. Epochs and events of Neo are not taken over.
    dt: ms, the step; by default that of the block, if it is of a run, else NaN: such a run cannot be saved.
    Raises DescriptionError, naming the object, for other data. Needs Neo.

    >>> net = sl.Network(dt=1.0, seed=1)
    >>> inputs = net.population(5, sl.Poisson(50.0), name="inputs")
    >>> recording = net.record(inputs)
    >>> run = net.run(100.0)
    >>> again = sl.from_neo(run.to_neo())
    >>> again.spikes("inputs").times.tolist() == run.spikes("inputs").times.tolist()
    True
    """
    neo = needed("neo", "runs from Neo objects", "neo")
    segment = _only_segment(neo, data)
    of_run: Mapping[str, Any] = {}
    populations: dict[str, PopulationInfo] = {}
    if segment.block is not None and segment.block.name == "spikelearn" and "dt" in segment.block.annotations:
        of_run = segment.block.annotations
        for group in segment.block.groups:
            annotations = dict(group.annotations)
            size, model = int(annotations.pop("size")), str(annotations.pop("model"))
            populations[group.name] = PopulationInfo(group.name, size, model, annotations)
    step = of_run.get("dt", np.nan) if dt is None else one_number(dt, "ms", "dt of from_neo", above=0.0)
    spikes: dict[tuple[str, str], Spikes] = {}
    of_trains: dict[tuple[str, str], np.ndarray] = {}
    recorded: dict[str, dict[str, np.ndarray]] = {}
    for (name, label), (found, neurons) in _spikes_in(segment, step).items():
        spikes[name, label] = found
        of_trains[name, label] = neurons
        _enlarge(populations, name, neurons, not of_run)
    traces: dict[tuple[str, str], Trace] = {}
    for name, label, trace, notes in _traces_in(segment, step):
        neurons = np.asarray(notes.get("neuron", ()))
        if neurons.shape == trace.times.shape:
            spikes[name, label] = Spikes(trace.times, neurons.astype(np.int32))
        if "together" in notes:
            recorded.setdefault(name, {})[label] = np.asarray(notes["together"])
        if not of_run and not {"projection", "source"} & notes.keys():
            _enlarge(populations, name, trace.ids, True)
        same = next(k for k in itertools.count(1) if (name, label if k == 1 else f"{label}@{k}") not in traces)
        traces[name, label if same == 1 else f"{label}@{same}"] = trace
    for (name, label), neurons in of_trains.items():
        if len(neurons) < populations[name].size:
            recorded.setdefault(name, {})[label] = neurons
    versions = {key.removeprefix("version_"): str(of_run[key]) for key in of_run if key.startswith("version_")}
    begin, end = _window(segment, of_run)
    return Run(
        dt=float(step), t_start=begin, t_stop=end, seed=int(of_run.get("seed", 0)), projections={}, versions=versions,
        populations={
            name: PopulationInfo(name, info.size, info.model, info.parameters, recorded=recorded.get(name, {}))
            for name, info in populations.items()
        },
        spike_data=spikes, trace_data=traces, interrupted=bool(of_run.get("interrupted", False)),
    )  # fmt: skip


def _enlarge(populations: dict[str, PopulationInfo], name: str, neurons: np.ndarray, may_grow: bool) -> None:
    """Add a population of a name, or make it as large as its neurons need."""
    size = int(neurons.max(initial=0)) + 1
    if name not in populations or (may_grow and size > populations[name].size):
        populations[name] = PopulationInfo(name, size, "", {})


def _trains(run: Run) -> Any:
    """All trains, with the population, neuron and kind of event of each as annotations, channels in this order."""
    found = list(events_of(run))
    times, channels, first = [np.zeros(0)], [np.zeros(0, np.int64)], 0
    for events in found:
        times.append(events.spikes.times)
        channels.append(np.searchsorted(events.neurons, events.spikes.ids) + first)
        first += len(events.neurons)
    ms = needed("quantities", "runs as Neo objects", "neo").ms
    return needed("neo.core.spiketrainlist", "runs as Neo objects", "neo").SpikeTrainList.from_spike_time_array(
        np.concatenate(times), np.concatenate(channels), all_channel_ids=list(range(first)), units="ms",
        t_start=run.t_start * ms, t_stop=run.t_stop * ms,
        population=[events.name for events in found for _ in events.neurons],
        neuron=[neuron for events in found for neuron in events.neurons.tolist()],
        kind=[events.label for events in found for _ in events.neurons],
    )  # fmt: skip


def _signal(run: Run, samples: Samples) -> Any:
    neo = needed("neo", "runs as Neo objects", "neo")
    ms = needed("quantities", "runs as Neo objects", "neo").ms
    trace = samples.trace
    units, annotations = _units(trace.unit)
    of = {"neuron": "population", "synapse": "projection"}.get(trace.dimension, "source")
    annotations |= {of: samples.name, "label": samples.label}
    annotations |= {} if samples.together is None else {"together": samples.together}
    of_columns = {trace.dimension: np.array(trace.ids)}
    if samples.sampling is None:
        return neo.IrregularlySampledSignal(
            np.array(trace.times) * ms, np.array(trace.values), units=units, name=samples.variable,
            array_annotations=of_columns, **annotations,
        )  # fmt: skip
    first, every = samples.sampling
    return neo.AnalogSignal(
        np.array(trace.values), units=units, t_start=first * ms, sampling_period=every * ms, name=samples.variable,
        array_annotations=of_columns, **annotations,
    )  # fmt: skip


def _of_events(read: Read) -> Any:
    """Values at events: one channel, and the neuron of each sample as an annotation."""
    neo = needed("neo", "runs as Neo objects", "neo")
    units, annotations = _units(read.snapshots.unit)
    times = np.array(read.snapshots.times) * needed("quantities", "runs as Neo objects", "neo").ms
    return neo.IrregularlySampledSignal(
        times, np.array(read.snapshots.values)[:, None], units=units, name=f"{read.variable} at {read.kind}",
        population=read.name, label=read.label, neuron=np.array(read.snapshots.ids), **annotations,
    )  # fmt: skip


def _epochs(run: Run) -> Iterator[Any]:
    """The trials of each schedule."""
    neo = needed("neo", "runs as Neo objects", "neo")
    ms = needed("quantities", "runs as Neo objects", "neo").ms
    for k, trials in enumerate(run.trials):
        length = sum(trials.durations)
        labels = list(trials.labels) or [str(j) for j in range(trials.n)]
        yield neo.Epoch(
            (trials.t_start + length * np.arange(trials.n)) * ms, np.full(trials.n, length) * ms, labels=labels,
            name="trials" if len(run.trials) == 1 else f"trials {k}", phases=list(trials.names),
            durations_of_phases=list(trials.durations),
        )  # fmt: skip


def _only_segment(neo: Any, data: Any) -> Any:
    if isinstance(data, neo.Segment):
        return data
    if not isinstance(data, neo.Block):
        raise DescriptionError(f"from_neo: expected a neo.Block or a neo.Segment, got {data!r:.200}")
    if len(data.segments) != 1:
        raise DescriptionError(
            f"from_neo: the block {data.name!r} has {len(data.segments)} segments, and a run is one; give one of them, "
            "from_neo(block.segments[0])"
        )
    return data.segments[0]


def _spikes_in(segment: Any, dt: float) -> dict[tuple[str, str], tuple[Spikes, np.ndarray]]:
    """(population, label) -> its spikes in order of time, and its neurons that were recorded, ascending."""
    trains = segment.spiketrains
    if not len(trains):
        return {}
    channels, times, origins = _arrays(trains)
    if not np.all(np.isfinite(times)):
        raise DescriptionError(f"from_neo: the spike trains of {segment.name!r} have times that are not finite")
    times = on_steps(times, dt)
    if np.any(times[1:] < times[:-1]):
        order = np.lexsort((channels, times))
        channels, times = channels[order], times[order]
    found = {}
    for key in dict.fromkeys((name, label) for name, label, _ in origins):
        mine = [k for k, (*of, _) in enumerate(origins) if tuple(of) == key]
        neurons = numbers_of(
            [origins[k][2] if origins[k][2] is not None else j for j, k in enumerate(mine)],
            f"from_neo: annotations of the trains of {key[0]!r}",
        )
        neuron_of = np.full(len(origins), -1, np.int32)
        neuron_of[mine] = neurons
        ids = neuron_of[channels]
        if len(mine) < len(origins):
            keep = ids >= 0
            found[key] = Spikes(times[keep], ids[keep]), np.sort(neurons)
        else:
            found[key] = Spikes(times, ids), np.sort(neurons)
    return found


def _arrays(trains: Any) -> tuple[np.ndarray, np.ndarray, list[tuple[str, str, Any]]]:
    """Place of its train and time in ms of each spike; (population, kind, neuron if given) of each train."""
    if getattr(trains, "_items", None) is None and getattr(trains, "_spike_time_array", None) is not None:
        # Made of arrays: its trains would take Neo a pass over all spikes each.
        channels, times = trains.multiplexed
        known = np.asarray(trains.all_channel_ids)
        if len(np.unique(known)) < len(known):
            raise DescriptionError("from_neo: all_channel_ids of the spike trains has a channel twice")
        order = np.argsort(known, kind="stable")
        places = order[np.minimum(np.searchsorted(known[order], channels), len(known) - 1)]
        if not np.array_equal(known[places], channels):
            raise DescriptionError("from_neo: there are spikes of channels that all_channel_ids does not list")
        given = {
            name: value if not isinstance(value, str) and hasattr(value, "__len__") else [value] * len(known)
            for name, value in getattr(trains, "_annotations", {}).items()
        }
        origins = [_origin({name: values[k] for name, values in given.items()}) for k in range(len(known))]
        return places, np.array(times.rescale("ms").magnitude, np.float64), origins
    whole = [train.load() if hasattr(train, "load") else train for train in trains]
    times = np.concatenate([np.zeros(0), *(train.times.rescale("ms").magnitude for train in whole)])
    places = np.repeat(np.arange(len(whole)), [len(train) for train in whole])
    return places, times, [_origin(train.annotations) for train in whole]


def _origin(annotations: Mapping[str, Any]) -> tuple[str, str, Any]:
    """Population, kind of event and neuron that the annotations of a train name."""
    neuron: Any = annotations.get("neuron")
    return (
        _population(annotations, "neurons"),
        str(annotations.get("kind", "spike")),
        neuron.item() if isinstance(neuron, np.ndarray | np.generic) and neuron.size == 1 else neuron,
    )


def _population(annotations: Mapping[str, Any], otherwise: str) -> str:
    return next((str(annotations[name]) for name in _POPULATION if name in annotations), otherwise)


def _traces_in(segment: Any, dt: float) -> Iterator[tuple[str, str, Trace, Mapping[str, Any]]]:
    """Population, label, samples and annotations of each signal."""
    for signal in [*segment.analogsignals, *segment.irregularlysampledsignals]:
        signal = signal.load() if hasattr(signal, "load") else signal
        annotations = signal.array_annotations
        known = [annotations[name] for name in ("neuron", "synapse", "element") if name in annotations]
        columns = known[0] if known else np.arange(signal.shape[1])
        unit = str(signal.annotations.get("unit") or signal.dimensionality.string)
        times = on_steps(np.array(signal.times.rescale("ms").magnitude, np.float64), dt)
        label = str(signal.annotations.get("label", signal.name or "signal"))
        what = f"from_neo: signal {label!r}"
        ids = numbers_of(columns, what) if "neuron" in annotations else np.array(columns)
        trace = Trace(times, np.array(signal.magnitude), ids, "" if unit == "dimensionless" else unit)
        yield _population(signal.annotations, "neurons"), label, in_order(trace, what), signal.annotations


def _window(segment: Any, of_run: Mapping[str, Any]) -> tuple[float, float]:
    """The times in ms from and to which data are."""
    if of_run:
        return float(of_run["t_start"]), float(of_run["t_stop"])
    parts = [each for each in (*segment.analogsignals, *segment.irregularlysampledsignals) if len(each)]
    parts += [segment.spiketrains] if len(segment.spiketrains) else []
    if not parts:
        raise DescriptionError(f"from_neo: the segment {segment.name!r} has no spike trains and no signals")
    begin, end = (
        [float(getattr(part, name).rescale("ms").magnitude) for part in parts] for name in ("t_start", "t_stop")
    )
    for signal in segment.irregularlysampledsignals:  # for Neo from the first sample to the last, in any order
        times = signal.times.rescale("ms").magnitude
        begin.append(float(np.min(times, initial=np.inf)))
        end.append(float(np.max(times, initial=-np.inf)))
    return min(begin), max(end)


def _units(unit: str) -> tuple[Any, dict[str, Any]]:
    """The unit as Neo has it, and an annotation for one that it does not know."""
    quantities = needed("quantities", "runs as Neo objects", "neo")
    try:
        return quantities.Quantity(1.0, unit or "dimensionless").units, {}
    except (LookupError, SyntaxError, TypeError, ValueError):
        return quantities.dimensionless, {"unit": unit}


def _annotation(value: Any) -> Any:
    """A parameter as Neo takes annotations: a number, an array of numbers, or text."""
    if isinstance(value, bool | int | float | str | np.number):
        return value
    array = np.asarray(value) if isinstance(value, np.ndarray | list | tuple) else np.asarray(None)
    return array if array.dtype.kind in "biuf" else str(value)
