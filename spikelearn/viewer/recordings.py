"""What the page records of a running network, and what it has of it to draw."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from spikelearn.description.population import Modulator, Population
from spikelearn.description.recording import Recording
from spikelearn.description.signal import Signal
from spikelearn.io.run_writer import RunWriter
from spikelearn.network import Network
from spikelearn.results.run import Spikes, SynapticEvents, Trace
from spikelearn.results.sink import RunHeader
from spikelearn.steps import times_of
from spikelearn.viewer.frames import EARLY, Message, Piece, add_events, add_samples
from spikelearn.viewer.history import History, Key

NAME = "view"
"""Of the recordings that the page adds."""
KINDS = ("spike", "burst", "plateau")
SAMPLED = 0.5
"""The interval at which voltages of chosen cells are sampled, ms, or every step if dt is longer."""
SIGNALS_SAMPLED = 2.0
FIRST_SHOWN = 3
"""Populations of which one cell is shown before any is chosen."""
MOST_CELLS = 6
"""Of a population whose voltages are shown, and values of a signal."""
MOST_EVENTS = 16_384
"""Of one population in one message that are sent one by one."""
_OTHERWISE = ("u", "x", "r", "z", "n_active")
"""States of models that have no voltages."""


class Recordings:
    """The recordings that the page has added to a network, the last of what they recorded, and a file if there is one.

    version: changes with what is recorded. The thread of the network changes them; others read `shown`, which is
    replaced as a whole, and the history.
    """

    def __init__(self, net: Network) -> None:
        self.net, self.history, self.version = net, History(), 0
        self.shown: tuple[dict[str, tuple[Key, int]], dict[str, Recording]] = {}, {}
        self._always: list[Recording] = []
        self._voltages: list[Recording] = []
        self._cells: dict[Population, list[int]] = {}
        self._header: RunHeader | None = None
        self.writer: RunWriter | None = None
        self._add_events()
        self._add_signals()
        have = [each for each in net.populations.values() if voltages_of(each)]
        self._record_cells({each: [0] for each in have[:FIRST_SHOWN]})

    def remove(self) -> None:
        """Take the recordings away, and end the file if there is one."""
        if self.writer is not None:
            self.end_file()
        self.net.remove(*self._always, *self._voltages)

    def choose(self, population: Population, cell: int) -> None:
        """Show the voltages of one more cell, or no longer. Raises ValueError."""
        if not 0 <= cell < population.size:
            raise ValueError(f"{population.name} has no cell {cell}")
        if not voltages_of(population):
            raise ValueError(f"{population.model_name} has no voltages")
        if self.writer is not None:
            raise ValueError("stop the recording first: it has the cells that were chosen")
        chosen = self._cells.get(population, [])
        chosen = [each for each in chosen if each != cell] if cell in chosen else [*chosen, cell][-MOST_CELLS:]
        self._record_cells({**self._cells, population: chosen})

    def forget(self) -> None:
        """Forget what was recorded."""
        self.history.forget_all()
        self.version += 1

    def begin_file(self, folder: Path, title: str) -> Path:
        """Write all that is recorded from now on to a run file too; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in Path(title).stem)
        path = folder / f"{stem}_{time.strftime('%Y%m%d_%H%M%S')}.h5"
        self.writer = RunWriter(path)
        if self._header is not None:
            self.writer.begin(replace(self._header, t_start=self.net.time))
        return path

    def end_file(self) -> Path:
        writer, self.writer = self.writer, None
        assert writer is not None
        if writer.t_saved is not None:
            writer.end(self.net.time, False, 0.0, 0)
        writer.close()
        return writer.path

    def sink(self, in_trials: bool) -> Passing:
        """A sink for one run. in_trials: whether a file may begin in the middle of this run."""
        return Passing(self, in_trials)

    def begun(self, header: RunHeader, keep: bool) -> None:
        """A run begins. keep: whether a file that begins during this run has its header."""
        self._header = header if keep else None
        if self.writer is not None and self.writer.t_saved is None:
            self.writer.begin(header)

    def message(self, what: str, piece: Piece) -> Message:
        """All that is shown of a piece of time."""
        message = Message({"what": what, "start": piece.start, "width": piece.width, "columns": piece.columns,
                           "version": self.version})  # fmt: skip
        if not piece.columns:
            return message
        limits = piece.start - EARLY * piece.width, piece.stop - EARLY * piece.width
        events, sampled = self.shown
        for key, (recording, size) in events.items():
            times, ids = self.history.events(recording, *limits)
            add_events(message, key, size, piece, times, ids, MOST_EVENTS)
        for key, each in sampled.items():
            found = self.history.samples((each.of.name, each.key), *limits)
            if found is not None and found[1].shape[1] == len(each.ids):
                add_samples(message, key, piece, *found)
        return message

    def structure(self) -> dict[str, Any]:
        """What is recorded, for the page."""
        events, sampled = self.shown
        return {
            "version": self.version,
            "events": {key: {"of": name, "kind": key.removeprefix(f"{name}/"), "size": size}
                       for key, ((name, _), size) in events.items()},
            "samples": {key: {"of": each.of.name, "variable": each.variable, "unit": each.unit,
                              "ids": each.ids.tolist(), "all": len(each.ids)} for key, each in sampled.items()},
        }  # fmt: skip

    def _add_events(self) -> None:
        """Record events of all populations, but for those that are recorded of all neurons already."""
        there = {(r.of, r.variable) for r in self.net.description().recordings if _is_whole(r)}
        for population in self.net.populations.values():
            for kind in KINDS:
                if kind in population.kinds and (population, kind) not in there:
                    self._always.append(self._record(population, f"{kind}s", None))

    def _add_signals(self) -> None:
        known = self.net.description()
        parts: list[Modulator | Signal] = [*known.modulators, *(s for s in known.signals if s.size <= MOST_CELLS)]
        for part in parts:
            self._always.append(self._record(part, None, SIGNALS_SAMPLED))

    def _record_cells(self, cells: dict[Population, list[int]]) -> None:
        """Record voltages of these cells, and of no others."""
        before = self._voltages
        if before:
            self.net.remove(*before)
        self._voltages = [
            self._record(population[sorted(chosen)], variable, SAMPLED)
            for population, chosen in cells.items() if chosen for variable in voltages_of(population)
        ]  # fmt: skip
        self._cells = cells
        for each in before:
            self.history.forget((each.of.name, each.key))
        events: dict[str, tuple[Key, int]] = {}
        for each in filter(_is_whole, self.net.description().recordings):
            events.setdefault(f"{each.of.name}/{each.variable}", ((each.of.name, each.key), each.of.size))
        sampled = [each for each in (*self._voltages, *self._always) if not each.events]
        self.shown = events, {f"{each.of.name}/{each.variable}": each for each in sampled}
        self.version += 1

    def _record(self, of: Any, variable: str | None, interval: float | None) -> Recording:
        dt = self.net.dt
        every = None if interval is None else times_of(max(1, round(interval / dt)), dt)
        found = self.net.record(of, variable, every=every, name=NAME)
        assert isinstance(found, Recording)
        return found


class Passing:
    """A sink for one run that passes everything on to the history, and to the file if there is one."""

    def __init__(self, to: Recordings, in_trials: bool) -> None:
        self._to, self._in_trials = to, in_trials

    def begin(self, header: RunHeader) -> None:
        self._to.begun(header, self._in_trials)

    def spikes(self, name: str, kind: str, times: np.ndarray, ids: np.ndarray) -> None:
        if len(times):
            self._to.history.add_events((name, kind), times, ids)
            if self._to.writer is not None:
                self._to.writer.spikes(name, kind, times, ids)

    def trace(self, name: str, variable: str, times: np.ndarray, values: np.ndarray) -> None:
        if len(times):
            self._to.history.add_samples((name, variable), times, values)
            if self._to.writer is not None:
                self._to.writer.trace(name, variable, times, values)

    def flush(self, t_now: float) -> None:
        if self._to.writer is not None:
            self._to.writer.flush(t_now)

    def end(
        self, t_stop: float, interrupted: bool, wall_s: float, synaptic_events: int,
        projection_events: Mapping[str, SynapticEvents] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        pass

    def spike_data(self) -> dict[Key, Spikes]:
        return {}

    def trace_data(self) -> dict[Key, Trace]:
        return {}


def _is_whole(recording: Recording) -> bool:
    """Whether it has events that are shown, of all neurons."""
    return recording.events and recording.variable in KINDS and len(recording.ids) == recording.of.size


def voltages_of(population: Population) -> list[str]:
    """State variables of a population that are voltages, at most three, or what else its activity is."""
    states = list(population.model.model.state) if population.is_neuron else []
    found = [name for name in states if name.startswith("V")] or [name for name in states if name in _OTHERWISE]
    return found[:3]
