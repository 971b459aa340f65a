"""Run: the result of a simulation. Plain data; nothing here simulates."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np

from spikelearn.errors import CheckpointError, DescriptionError
from spikelearn.on_demand import from_above
from spikelearn.parameters import suggest
from spikelearn.results.recorded_data import Snapshots, SpikesOfRun, TraceOfRun, TrialTimes
from spikelearn.results.recorded_data import Spikes as Spikes
from spikelearn.results.recorded_data import Trace as Trace
from spikelearn.results.recordings import called, chosen_keys, found_key, missing, name_and_ids, only
from spikelearn.values import path as checked_path

if TYPE_CHECKING:
    from spikelearn.description import Modulator, Population, Projection, Signal, View
    from spikelearn.description.recording import Recording

T = TypeVar("T")


class Synapses(NamedTuple):
    """The synapses of one projection in the order in which its rule made them.

    pre, post: (n,) int32, index within the populations. weight: (n,) in the unit of the port. delay: (n,) ms.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray

    def __repr__(self) -> str:
        return f"<Synapses: {len(self.weight):,}>"

    def matrix(self, shape: tuple[int, ...]) -> np.ndarray:
        """The weights as a matrix of this shape, (sources, targets), 0 where there is no synapse.

        If a pair has several synapses, the last counts.
        """
        table = np.zeros(shape)
        table[self.pre, self.post] = self.weight
        return table


@runtime_checkable
class Keeps(Protocol):
    """A function that reads synapses, and can make sure that they are those of now when the network has run on."""

    def __call__(self) -> Synapses:
        """Read them."""

    def keep(self) -> None:
        """Copy what they are read from."""


class SynapticEvents(NamedTuple):
    """Synaptic events of one projection during a run.

    delivered: events that arrived at a synapse. learning: those at which the synapse learned, of a rule that learns in
    every step (StepRule) one for each synapse and step; 0 in phases in which the projection is not plastic.
    """

    delivered: int
    learning: int


@dataclass(frozen=True, eq=False)
class PopulationInfo:
    """Metadata of a population in a run. parameters: name -> number or (size,) array; of one
    that changes in time, what it is at 0 ms, and name_in_time, (T, 1 or size), from the times name_begins on, (T,) ms.

    positions: (size, dimensions), in the unit of length of the network; None if it has none. period: (dimensions,), of
    its space along each axis; None if it is not periodic.
    recorded: kind of event, or "kind@name" of a recording -> the (k,) neurons from which it is recorded, ascending, if
    not from all.
    """

    name: str
    size: int
    model: str
    parameters: Mapping[str, Any]
    kinds: tuple[str, ...] = ("spike",)
    positions: np.ndarray | None = None
    period: np.ndarray | None = None
    recorded: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PopulationInfo):
            return NotImplemented
        one, two = ((each.name, each.size, each.model, each.kinds, set(each.parameters)) for each in (self, other))
        return one == two and all(_equal(value, other.parameters[name]) for name, value in self.parameters.items())

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class ProjectionInfo:
    """Metadata of a projection in a run. source, target: population names. on: kind of event transmitted.

    unit: that of the weights, "" if they have none or it is unknown.
    """

    name: str
    source: str
    target: str
    port: str
    on: str
    n_synapses: int
    description: str = ""
    unit: str = ""


class Begun(Protocol):
    """What is known of a run when it begins: a RunHeader has it, and a Run."""

    @property
    def dt(self) -> float: ...
    @property
    def t_start(self) -> float: ...
    @property
    def seed(self) -> int: ...
    @property
    def populations(self) -> Mapping[str, PopulationInfo]: ...
    @property
    def projections(self) -> Mapping[str, ProjectionInfo]: ...


@dataclass(eq=False)
class Run:
    """The result of a simulation from `t_start` to `t_stop` (ms). Made by `Network.run`.

    `spikes`, `trace`, `snapshots`, `weights`, `synapses` and `events_of` take a population or projection, or its name;
    arrays that they return are read-only. They raise DescriptionError if the requested data were not recorded.
    wall_s: wall time of the run in seconds, from its first step to its end, with sinks and functions in Python, without
    building.
    """

    dt: float
    t_start: float
    t_stop: float
    seed: int
    populations: dict[str, PopulationInfo]
    projections: dict[str, ProjectionInfo]
    spike_data: dict[tuple[str, str], Spikes] = field(default_factory=dict)
    trace_data: dict[tuple[str, str], Trace] = field(default_factory=dict)
    synapse_data: dict[str, Synapses | Callable[[], Synapses]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    wall_s: float = 0.0
    synaptic_events: int = 0
    projection_events: dict[str, SynapticEvents] = field(default_factory=dict)
    trials: tuple[TrialTimes, ...] = ()
    state_data: dict[str, dict[str, np.ndarray]] | None = field(default=None, repr=False)
    checkpoint_writer: Callable[[Run, Path], None] | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        events = ", ".join(
            f"{len(found.times):,} {called(kind, plural=True)} of {name}"
            for (name, kind), found in self.spike_data.items()
        )
        samples = (key for key in self.trace_data if key not in self.spike_data)  # those at events are named already
        traces = ", ".join(f"{variable} of {name}" for name, variable in samples)
        recorded = "; ".join(part for part in (events, traces) if part) or "nothing recorded"
        cut = ", interrupted" if self.interrupted else ""
        return f"<Run {self.t_start:g} to {self.t_stop:g} ms, seed {self.seed}{cut}: {recorded}>"

    def __getstate__(self) -> dict[str, Any]:
        """All data, with synapses that have not been read yet; a copy cannot write checkpoints."""
        synapses = {name: self.synapses(name) for name in self.synapse_data}
        return {**vars(self), "synapse_data": synapses, "checkpoint_writer": None}

    @property
    def duration(self) -> float:
        """Simulated time in ms."""
        return self.t_stop - self.t_start

    @property
    def real_time_factor(self) -> float:
        """Wall time in seconds per simulated second."""
        return self.wall_s / (self.duration * 1e-3) if self.duration > 0 else float("nan")

    @property
    def state(self) -> FinalState:
        """The state of all neurons at the end of the run: `run.state["cells"]["V_m"]`, (size,), in the model's units.

        It is looked up by a population, a view of one, or a name, and has an entry for each variable of the model.
        Raises DescriptionError if the run was read from a file, or ran on another engine than "compiled" and "stepper".
        """
        if self.state_data is None:
            raise DescriptionError(
                'the final state of this run is not known: runs from files and of other engines than "compiled" and '
                '"stepper" have none; record the variables that are needed'
            )
        return FinalState({name: _all_read_only(found) for name, found in self.state_data.items()})

    def summary(self) -> Any:
        """Rates, CV, bursts, synaptic events, time and memory in a table: see spikelearn.analysis.RunSummary.

        >>> net = Network(dt=1.0)
        >>> inputs = net.population(5, Poisson(50.0), name="inputs")
        >>> print(net.run(100.0).summary())
        100 ms...
        """
        return from_above("spikelearn.analysis.summary:summary")(self)

    def to_neo(self) -> Any:
        """A neo.Block with all that was recorded: `block.segments[0].spiketrains` and `.analogsignals`.

        Spike trains know their "population", "neuron" and "kind" of event by annotations, and are made when they are
        asked for: `spiketrains.multiplexed` has all spikes at once. Traces are analog signals, whose columns have the
        array annotation "neuron" ("synapse", "element"); values at events are irregularly sampled signals; trials are
        epochs; `block.groups` has the size, model and parameters of each population. Synapses have no place in Neo.
        `sl.from_neo` is the way back. Needs Neo.
        """
        return from_above("spikelearn.io.neo_blocks:block")(self)

    def to_nwb(self, path: str | os.PathLike[str], **about: Any) -> None:
        """Write all that was recorded, and the synapses at the end, to an NWB file, replacing one that is there.

        about: further keywords of pynwb.NWBFile, such as session_start_time (now, by default), experimenter, keywords
        or subject. Neurons whose spikes were recorded are the table of units, with "population" and "neuron"; traces
        are acquisition. `sl.from_nwb` is the way back. Raises RunFileError, or DescriptionError for what PyNWB does not
        take. Needs PyNWB.
        """
        from_above("spikelearn.io.nwb_file:write")(self, path, about)

    def to_sonata(self, folder: str | os.PathLike[str], leave_out: Sequence[str] = ()) -> dict[str, Path]:
        """Write SONATA's files of results to a folder, made if it is not there: name -> path of each file.

        Spikes are `spikes.h5`; each other kind of event and each variable has a file of its name, `V_m.h5`, with all
        populations. Samples are rounded to float32, which is all that libsonata reads. Weights of a projection are a
        file of their own, "weight of ff", and elements of their targets. leave_out: kinds and variables, as
        `run.spike_data` and `run.trace_data` name them, that are not written. Raises DescriptionError for what SONATA
        has no file for, values at events. Needs h5py.
        """
        return from_above("spikelearn.io.sonata_files:write")(self, folder, leave_out)

    def checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Write the state of the network at the end of this run, and the recordings of this run, to one file.

        `Network.restore(path)` reads it, also in another process, and the restored network continues bit for bit like
        the original. An existing file at `path` is replaced only once the new one is complete. Models, callbacks and
        functions defined in a script are stored in full, importable ones by name. Checkpoints are made between runs,
        not within a schedule of trials. Raises CheckpointError if the network has run on since, or if the file cannot
        be written.
        """
        if self.checkpoint_writer is None:
            raise CheckpointError(
                f"{path}: a run without its network, such as one loaded from a file, cannot write checkpoints"
            )
        self.checkpoint_writer(self, checked_path(path, "path of checkpoint"))

    def joined(self, later: Run) -> Run:
        """This run and its continuation, joined into one run.

        Recordings are concatenated; weights are those at the end of the later run.
        Raises DescriptionError if the later run does not start where this one stops, or has other recordings.
        """
        if not isinstance(later, Run):
            raise DescriptionError(f"joined: expected the Run that continues this one, got {later!r:.200}")
        self.check_joins(later, set(later.spike_data), {key: trace.ids for key, trace in later.trace_data.items()})
        spikes = {
            key: Spikes(*(np.concatenate(pair) for pair in zip(found, later.spike_data[key], strict=True)))
            for key, found in self.spike_data.items()
        }
        traces = {
            key: found._replace(
                times=np.concatenate([found.times, later.trace_data[key].times]),
                values=np.concatenate([found.values, later.trace_data[key].values]),
            )
            for key, found in self.trace_data.items()
        }
        synapses: dict[str, Synapses | Callable[[], Synapses]] = {
            name: partial(later.synapses, name) for name in later.synapse_data
        }
        return replace(
            later, t_start=self.t_start, trials=(*self.trials, *later.trials), spike_data=spikes, trace_data=traces,
            synapse_data=synapses,
            wall_s=self.wall_s + later.wall_s, synaptic_events=self.synaptic_events + later.synaptic_events,
            projection_events={
                name: SynapticEvents(*(np.add(self.projection_events[name], found).tolist()))
                for name, found in later.projection_events.items()
                if name in self.projection_events
            },
        )  # fmt: skip

    def check_joins(
        self, later: Begun, spikes: Set[tuple[str, str]], traces: Mapping[tuple[str, str], np.ndarray]
    ) -> None:
        """Raise DescriptionError unless `later` continues this run.

        later: a Run, or the header of one. spikes: the names and kinds of events that it records. traces: the names and
        variables, with the ids of what they are recorded from.
        """
        if abs(later.t_start - self.t_stop) > 0.5 * self.dt or later.dt != self.dt:
            raise DescriptionError(
                f"joined: expected a run from {self.t_stop:g} ms in steps of {self.dt:g} ms, got one from "
                f"{later.t_start:g} ms in steps of {later.dt:g} ms"
            )
        pairs: list[tuple[str, object, object]] = [
            ("seed", self.seed, later.seed),
            ("spike_data", set(self.spike_data), spikes),
            ("trace_data", set(self.trace_data), set(traces)),
            *(
                (f"{key[1]} of {key[0]}", trace.ids.tolist(), np.asarray(traces[key]).tolist())
                for key, trace in self.trace_data.items()
                if key in traces
            ),
        ]
        for what in ("populations", "projections"):
            ours, theirs = getattr(self, what), getattr(later, what)
            pairs.append((what, set(ours), set(theirs)))
            pairs += [(f"{what[:-1]} {name!r}", ours[name], theirs[name]) for name in ours if name in theirs]
        for what, one, other in pairs:
            if one != other:
                raise DescriptionError(f"joined: these are runs of two networks: {what} has {one} and {other}")

    def spikes(
        self, population: str | Population | View | Recording, kind: str | None = None,
        recording: str | Recording | None = None,
    ) -> Spikes:  # fmt: skip
        """Events recorded from a population, a view of it (`pop[:3]`), or a population's name.

        kind: "spike" by default. recording: which one, if there are several: the object that `Network.record` returned,
        or its name; or it is given in place of the population, `run.spikes(late)`.
        """
        key, ids = found_key(self.spike_data, population, kind, recording, "spike", self._recorded_from)
        found = self.spike_data[key]
        window, recorded, info = (self.t_start, self.t_stop), self._recorded_from(key), self.populations.get(key[0])
        if ids is None:
            neurons = recorded if recorded is not None or info is None else np.arange(info.size)
            return SpikesOfRun.of(_read_only(found.times), _read_only(found.ids), neurons, window)
        _check_recorded(ids, recorded, key)
        keep = np.isin(found.ids, ids)
        return SpikesOfRun.of(_read_only(found.times[keep]), _read_only(found.ids[keep]), np.unique(ids), window)

    def trace(
        self, of: str | Population | View | Modulator | Projection | Signal | Recording, variable: str | None = None,
        recording: str | Recording | None = None,
    ) -> Trace:  # fmt: skip
        """A recorded variable of a population, a view of it, a modulator, a projection or a signal.

        recording: which one, if there are several, as in `spikes`: `run.trace(cells, "V_m", recording="fine")`, or
        `run.trace(fine)`.
        """
        key, ids = found_key(self.trace_data, of, variable, recording, "", self._sampled_from)
        found = self.trace_data[key]
        name, variable = key[0], key[1].partition("@")[0]
        dimension = "neuron" if name in self.populations else "synapse" if name in self.projections else "element"
        binned = self._recorded_from(key)
        if binned is not None and ids is not None and not np.array_equal(np.unique(ids), binned):
            raise DescriptionError(
                f"{variable!r} of {name!r} was recorded of {len(binned):,} of its neurons together, not of these "
                f"{len(ids):,}"
            )
        if ids is None or binned is not None:
            made = Trace(_read_only(found.times), _read_only(found.values), _read_only(found.ids), found.unit)
            return TraceOfRun.of(made, variable, dimension)
        _check_recorded(ids, found.ids, key)
        columns = np.flatnonzero(np.isin(found.ids, ids))
        values, chosen = found.values[:, columns], found.ids[columns]
        made = Trace(_read_only(found.times), _read_only(values), _read_only(chosen), found.unit)
        return TraceOfRun.of(made, variable, dimension)

    def snapshots(
        self, population: str | Population | View, variable: str, at: str = "spike",
        recording: str | Recording | None = None,
    ) -> Snapshots:  # fmt: skip
        """The values of a variable at events, which `net.record(population, variable, at="burst")` recorded."""
        what = f"{variable} at {at}"
        key, ids = found_key(self.spike_data, population, what, recording, "", self._recorded_from)
        events, trace = self.spike_data[key], self.trace_data[key]
        if ids is not None:
            _check_recorded(ids, self._recorded_from(key), key)
        keep = np.ones(len(events.ids), bool) if ids is None else np.isin(events.ids, ids)
        times, ids, values = map(_read_only, (events.times[keep], events.ids[keep], trace.values[keep, 0]))
        return Snapshots(times, ids, values, trace.unit)

    def only(self, *recordings: str | Recording) -> Run:
        """The same run, in which each of these is the only recording of its variable.

        For functions that take a run, such as plots, if a variable was recorded in several ways. recordings: what
        `Network.record` returned, or names: `plots.voltage(run.only("fine"))`.
        """
        events, samples = chosen_keys(self.spike_data, self.trace_data, recordings)
        populations = {
            name: replace(
                info,
                recorded={
                    key[1]: ids for key, ids in only(_with_name(name, info.recorded), [*events, *samples]).items()
                },
            )
            for name, info in self.populations.items()
        }
        spikes, traces = only(self.spike_data, events), only(self.trace_data, samples)
        return replace(self, populations=populations, spike_data=spikes, trace_data=traces)

    def _recorded_from(self, key: tuple[str, str]) -> np.ndarray | None:
        """The neurons from which events were recorded, None for all."""
        info = self.populations.get(key[0])
        return None if info is None else info.recorded.get(key[1])

    def _sampled_from(self, key: tuple[str, str]) -> np.ndarray:
        binned = self._recorded_from(key)
        return self.trace_data[key].ids if binned is None else binned

    def synapses(self, projection: str | Projection) -> Synapses:
        """The synapses of a projection with their weights at the end of the run."""
        name, _ = name_and_ids(projection)
        if not isinstance(name, str) or name not in self.synapse_data:
            known = ", ".join(sorted(self.synapse_data)) or "none"
            raise DescriptionError(f"no projection called {name!r} in this run; there are: {known}")
        found = self.synapse_data[name]
        if callable(found):
            found = self.synapse_data[name] = found()
        return read_only(found)

    def keep_synapses(self, projection: str) -> None:
        """Make sure that its synapses at the end of the run can be read when the network has run on."""
        found = self.synapse_data[projection]
        if isinstance(found, Keeps):
            found.keep()
        else:
            self.synapses(projection)

    def weights(self, projection: str | Projection) -> np.ndarray:
        """The weights of a projection at the end of the run, in the order in which its rule made them."""
        return self.synapses(projection).weight

    def events_of(self, projection: str | Projection) -> SynapticEvents:
        """The synaptic events of a projection that `Network.count_events` was called with."""
        name, _ = name_and_ids(projection)
        if not isinstance(name, str) or name not in self.projection_events:
            counted = ", ".join(self.projection_events) or "none"
            raise DescriptionError(
                f"synaptic events of {name!r} were not counted: call count_events before the run; counted: {counted}"
            )
        return self.projection_events[name]


class FinalState(dict[str, Mapping[str, np.ndarray]]):
    """Population -> variable -> (size,) values. See Run.state."""

    def __missing__(self, of: Any) -> Mapping[str, np.ndarray]:
        name, ids = name_and_ids(of)
        if name not in self:
            there_are = ", ".join(self) or "none"
            raise DescriptionError(f"no state of {name!r}{suggest(name, self)}; populations with a state: {there_are}")
        found = self[name]
        return found if ids is None else {variable: values[ids] for variable, values in found.items()}


def read_only(synapses: Synapses) -> Synapses:
    """The same synapses, in arrays that cannot be written to."""
    return Synapses(*map(_read_only, synapses))


def _equal(one: Any, other: Any) -> bool:
    """Whether two parameters have the same numbers; what is not a number is not compared, as files store its text."""
    a, b = np.asarray(one), np.asarray(other)
    return not (a.dtype.kind in "iuf" and b.dtype.kind in "iuf") or np.array_equal(a, b, equal_nan=True)


def _with_name(name: str, of_it: Mapping[str, T]) -> dict[tuple[str, str], T]:
    return {(name, what): found for what, found in of_it.items()}


def _read_only(array: Any) -> np.ndarray:
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def _all_read_only(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: _read_only(values) for name, values in arrays.items()}


def _check_recorded(wanted: np.ndarray, recorded: np.ndarray | None, key: tuple[str, str]) -> None:
    """Raise DescriptionError if some neurons were not recorded. recorded: None for all."""
    absent = missing(wanted, recorded).tolist()
    if absent and recorded is not None:
        few = [", ".join(map(str, ids[:5])) + ", ..." * (len(ids) > 5) for ids in (absent, recorded.tolist())]
        raise DescriptionError(f"{key[1]!r} of {key[0]!r} was not recorded from neurons {few[0]}; it was from {few[1]}")
