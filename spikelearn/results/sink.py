"""Where a run writes its recordings: the sink protocol, and a sink that keeps them in memory.

The engine calls `begin` once, then `spikes` and `trace` with chunks in order of time and `flush` whenever
everything up to a time has been passed on, then `end` once. A sink is used for one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from spikelearn.errors import SimulationError
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Spikes, SynapticEvents, Trace

T = TypeVar("T")


class TraceHeader(NamedTuple):
    """A variable that will be recorded. name: of a population or projection. ids: (k,) neuron or synapse."""

    name: str
    variable: str
    unit: str
    ids: np.ndarray


@dataclass(frozen=True)
class RunHeader:
    """Everything known about a run before it starts. dt, t_start: ms.

    spikes: the (population, kind) pairs that are recorded. traces: the variables that are recorded.
    """

    dt: float
    t_start: float
    seed: int
    populations: Mapping[str, PopulationInfo]
    projections: Mapping[str, ProjectionInfo]
    spikes: tuple[tuple[str, str], ...] = ()
    traces: tuple[TraceHeader, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


class Sink(Protocol):
    """The protocol of objects that receive recordings from the engine.

    Chunks are views of buffers that the engine reuses: a sink must copy what it keeps.
    """

    def begin(self, header: RunHeader) -> None:
        """Called before the run starts. The header names every recording that will follow."""

    def spikes(self, name: str, kind: str, times: np.ndarray, ids: np.ndarray) -> None:
        """Events of one kind of one population. times: (n,) ms, ascending. ids: (n,) in the population."""

    def trace(self, name: str, variable: str, times: np.ndarray, values: np.ndarray) -> None:
        """Samples of one variable. times: (T,) ms. values: (T, k), columns as the header's `ids`."""

    def flush(self, t_now: float) -> None:
        """Everything recorded before `t_now` (ms) has been passed on."""

    def end(
        self, t_stop: float, interrupted: bool, wall_s: float, synaptic_events: int,
        projection_events: Mapping[str, SynapticEvents] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """The run has ended, at t_stop (ms), after wall_s seconds of wall time.

        projection_events: of the projections that `Network.count_events` was called with; left out if there are none.
        """

    def spike_data(self) -> dict[tuple[str, str], Spikes]:
        """What was recorded so far, as in Run: an entry for every pair in the header, empty or not."""

    def trace_data(self) -> dict[tuple[str, str], Trace]:
        """What was recorded so far, as in Run: an entry for every trace in the header, empty or not."""


class MemorySink:
    """A sink that keeps the chunks and joins them on request. Values become float64.

    Raises SimulationError for a recording that the header did not name, and for a second `begin`.
    """

    def __init__(self) -> None:
        self._header: RunHeader | None = None
        self._spikes: dict[tuple[str, str], list[Spikes]] = {}
        self._traces: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}

    def begin(self, header: RunHeader) -> None:
        if self._header is not None:
            raise SimulationError("this sink already holds a run; use a new sink for each run")
        self._header = header
        self._spikes = {key: [] for key in header.spikes}
        self._traces = {(trace.name, trace.variable): [] for trace in header.traces}

    def spikes(self, name: str, kind: str, times: np.ndarray, ids: np.ndarray) -> None:
        chunks = announced(self._spikes, name, kind)
        if len(times):
            chunks.append(Spikes(np.array(times, np.float64), np.array(ids, np.int32)))

    def trace(self, name: str, variable: str, times: np.ndarray, values: np.ndarray) -> None:
        chunks = announced(self._traces, name, variable)
        if len(times):
            chunks.append((np.array(times, np.float64), np.array(values, np.float64)))

    def flush(self, t_now: float) -> None:
        pass

    def end(
        self, t_stop: float, interrupted: bool, wall_s: float, synaptic_events: int,
        projection_events: Mapping[str, SynapticEvents] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        pass

    def spike_data(self) -> dict[tuple[str, str], Spikes]:
        joined = {}
        for key, chunks in self._spikes.items():
            if len(chunks) != 1:
                chunks[:] = [
                    Spikes(
                        np.concatenate([np.empty(0, np.float64), *(chunk.times for chunk in chunks)]),
                        np.concatenate([np.empty(0, np.int32), *(chunk.ids for chunk in chunks)]),
                    )
                ]
            joined[key] = chunks[0]
        return joined

    def trace_data(self) -> dict[tuple[str, str], Trace]:
        joined = {}
        for header in self._header.traces if self._header is not None else ():
            chunks = self._traces[header.name, header.variable]
            if len(chunks) != 1:
                no_values = np.empty((0, len(header.ids)))
                chunks[:] = [
                    (
                        np.concatenate([np.empty(0), *(times for times, _ in chunks)]),
                        np.concatenate([no_values, *(values for _, values in chunks)]),
                    )
                ]
            joined[header.name, header.variable] = Trace(*chunks[0], np.asarray(header.ids), header.unit)
        return joined


def announced(recordings: Mapping[tuple[str, str], T], name: str, what: str) -> T:
    """The entry of a recording. Raises SimulationError if the header of the run did not name it."""
    try:
        return recordings[name, what]
    except KeyError:
        raise SimulationError(f"{what!r} of {name!r} was recorded but is not in the run's header") from None
