"""A sink that writes a run file during the run. All errors are RunFileError and name the file."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from spikelearn.errors import RunFileError
from spikelearn.io import run_layout as layout
from spikelearn.io.hdf5_file import TreeWriter, explained, read, replacing
from spikelearn.io.hdf5_tree import Node, ReadableFile, Stored
from spikelearn.io.run_progress import Growing, complete, progress_bytes, recorded, write_row
from spikelearn.results.run import Spikes, SynapticEvents, Trace
from spikelearn.results.sink import RunHeader, TraceHeader, announced
from spikelearn.values import path as checked_path

T = TypeVar("T")

_BUFFER_BYTES = 1 << 20


class RunWriter:
    """A sink (see `spikelearn.results.sink.Sink`) that writes a run file during the run.

    After `flush(t)` returns, the file can be loaded up to t, also by another process, whatever happens to this one.
    Chunks are kept in memory until then. Values of traces become float64. An existing file at `path` is replaced when
    the run begins. Close it, or use it in a `with` statement: other programs that read HDF5 find recordings only then.
    What a killed process left is read by `load`, and becomes a whole file by `save`.

    Raises RunFileError if the file cannot be written, from `flush` or `end`, and if it is used before `begin` or after
    `end`. After a failed write (a full disk) the file keeps the run up to the last flush that succeeded, and
    `spike_data` and `trace_data` still return everything.

    t_saved: ms; None until the run has begun.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = checked_path(path, "path of RunWriter")
        self.t_saved: float | None = None
        self._writer: TreeWriter | None = None
        self._error: RunFileError | None = None
        self._spikes: dict[layout.Key, _Recording] = {}
        self._traces: dict[layout.Key, _Recording] = {}
        self._recordings: list[_Recording] = []
        self._number = 1
        self._began = 0.0

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def begin(self, header: RunHeader) -> None:
        if self.t_saved is not None:
            raise RunFileError(f"{self.path}: already holds a run; use a new RunWriter for each run")
        self._began = time.perf_counter()
        with replacing(self.path) as writer:
            root = layout.header_tree(writer, header, None)
            self._spikes = {key: _Recording(layout.add_recording(root, "spikes", key), writer) for key in header.spikes}
            for trace in header.traces:
                key = trace.name, trace.variable
                self._traces[key] = _Recording(layout.add_recording(root, "traces", key), writer, trace)
            of_group = {id(each.group): each for each in [*self._spikes.values(), *self._traces.values()]}
            self._recordings = [of_group[id(group)] for group, name in recorded(root) if name == "times"]
            n_bytes = progress_bytes(2 * len(self._recordings))
            self._progress_at = writer.reserve(n_bytes)
            root.add("progress", data=Stored(np.dtype(np.uint8), (n_bytes,), (self._progress_at,), 1))
            self._root = root
            self._write_row(writer, header.t_start)
            writer.finish(root)
        with explained(self.path, "cannot be written"):
            self._writer = TreeWriter(io.FileIO(self.path, "r+"), writer.end)
        self.t_saved = header.t_start

    def spikes(self, name: str, kind: str, times: np.ndarray, ids: np.ndarray) -> None:
        self._append(announced(self._spikes, name, kind), times, ids)

    def trace(self, name: str, variable: str, times: np.ndarray, values: np.ndarray) -> None:
        self._append(announced(self._traces, name, variable), times, values)

    def flush(self, t_now: float) -> None:
        if self._error is not None:
            raise self._error
        writer = self._opened()
        with self._writing():
            for recording in self._recordings:
                recording.write(writer)
            self._write_row(writer, t_now)
        for recording in self._recordings:
            recording.flushed()
        self.t_saved = t_now

    def end(
        self, t_stop: float, interrupted: bool, wall_s: float, synaptic_events: int,
        projection_events: Mapping[str, SynapticEvents] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.flush(t_stop)
        layout.add_projection_events(self._root, projection_events)
        self._finish(t_stop=t_stop, wall_s=wall_s, synaptic_events=synaptic_events, interrupted=interrupted)

    def close(self) -> None:
        """Close the file. Without a preceding `end`, the run counts as interrupted at the last flush."""
        if self._writer is not None and self.t_saved is not None:
            wall_s = time.perf_counter() - self._began
            self._finish(t_stop=self.t_saved, wall_s=wall_s, synaptic_events=0, interrupted=True)

    def spike_data(self) -> dict[layout.Key, Spikes]:
        """All events recorded so far, read from the file."""
        found = self._read_back(layout.read_spikes)
        for key, recording in self._spikes.items():
            if self._error is not None:
                times, ids = recording.beyond(len(found[key].times))
                found[key] = Spikes(np.append(found[key].times, times), np.append(found[key].ids, ids))
        return found

    def trace_data(self) -> dict[layout.Key, Trace]:
        """All traces recorded so far, read from the file."""
        found = self._read_back(layout.read_traces)
        for key, recording in self._traces.items():
            if self._error is not None:
                trace = found[key]
                times, values = recording.beyond(len(trace.times))
                found[key] = trace._replace(
                    times=np.append(trace.times, times), values=np.append(trace.values, values, axis=0)
                )
        return found

    def _append(self, recording: _Recording, times: np.ndarray, values: np.ndarray) -> None:
        writer = self._opened()
        with explained(self.path, "cannot be written"):
            recording.append(times, values)
        if recording.n_waiting_bytes > _BUFFER_BYTES:
            with self._writing():
                recording.write(writer)

    def _write_row(self, writer: TreeWriter, t_stop: float) -> None:
        extents = [growing.extent for recording in self._recordings for growing in recording.growing]
        wall_s = time.perf_counter() - self._began
        write_row(writer, self._progress_at, self._number, t_stop, wall_s, extents)
        self._number += 1

    def _finish(self, **end: Any) -> None:
        """Make the file that of a run that has ended, with what was flushed, and close it."""
        writer = self._opened()
        with self._writing():
            self._root.members.pop("progress")
            self._root.attributes.update(layout.end_of(**end))
            for recording in self._recordings:
                recording.put(saved=True)
            writer.finish(self._root)
        self._give_up()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Give the file up after an error; what was flushed stays."""
        try:
            with explained(self.path, "cannot be written"):
                yield
        except RunFileError as error:
            self._error = RunFileError(f"{error}; the file has the run up to {self.t_saved:g} ms")
            self._give_up()
            raise self._error from error.__cause__
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        if self._writer is not None:
            self._writer.raw.close()
            self._writer = None

    def _opened(self) -> TreeWriter:
        if self._writer is None:
            raise RunFileError(f"{self.path}: not open for writing; `begin` comes first and `end` last")
        return self._writer

    def _read_back(self, reader: Callable[[Node, ReadableFile], T]) -> T:
        if self._writer is None:

            def flushed(root: Node, file: ReadableFile) -> T:
                complete(root, file)
                return reader(root, file)

            return read(self.path, flushed)
        writer = self._writer
        with self._writing():
            for recording in self._recordings:
                recording.write(writer)
                recording.put(saved=False)
            return reader(self._root, writer.raw)


class _Recording:
    """The two datasets of one recording, and the chunks that are not on disk for good yet.

    chunks: all since the last flush; the first n_written of them have been written.
    """

    def __init__(self, group: Node, writer: TreeWriter, trace: TraceHeader | None = None) -> None:
        """Add the datasets to a group. trace: None for events."""
        self.group = group
        self._width = () if trace is None else (len(trace.ids),)
        self._types = np.dtype(np.float64), np.dtype(np.int32 if trace is None else np.float64)
        self._names = "times", "ids" if trace is None else "values"
        units = {"unit": "ms"}, {} if trace is None else {"unit": trace.unit}
        for name, dtype, width, unit in zip(self._names, self._types, ((), self._width), units, strict=True):
            writer.put(group, name, np.empty((0, *width), dtype), unit)
        if trace is not None:
            writer.put(group, "ids", trace.ids)
        self.growing = Growing(self._types[0], ()), Growing(self._types[1], self._width)
        self._saved = tuple(growing.extent for growing in self.growing)
        self.chunks: list[tuple[np.ndarray, np.ndarray]] = []
        self.n_written = 0
        self.n_waiting_bytes = 0

    def append(self, times: np.ndarray, values: np.ndarray) -> None:
        if len(times) != len(values):
            raise ValueError(f"{len(times)} times but {len(values)} values")
        if len(times):
            chunk = np.array(times, self._types[0]), np.array(values, self._types[1])
            self.chunks.append(chunk)
            self.n_waiting_bytes += chunk[0].nbytes + chunk[1].nbytes

    def write(self, writer: TreeWriter) -> None:
        """Write the chunks that wait."""
        waiting = self.chunks[self.n_written :]
        if waiting:
            for growing, parts in zip(self.growing, zip(*waiting, strict=True), strict=True):
                growing.append(parts[0] if len(parts) == 1 else np.concatenate(parts), writer)
            self.n_written, self.n_waiting_bytes = len(self.chunks), 0

    def flushed(self) -> None:
        """Forget the chunks: they are in the file."""
        self.chunks, self.n_written = [], 0
        self._saved = tuple(growing.extent for growing in self.growing)

    def put(self, *, saved: bool) -> None:
        """Put the datasets into the tree, as they were flushed last or as they are now."""
        for name, growing, extent in zip(self._names, self.growing, self._saved, strict=True):
            growing.put(self.group, name, extent if saved else growing.extent)

    def beyond(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """What was recorded after the first n events or samples, which are in the file."""
        n_waiting = sum(len(times) for times, _ in self.chunks[self.n_written :])
        n_held = sum(len(times) for times, _ in self.chunks)
        begin = n - (self.growing[0].extent.n + n_waiting - n_held)
        no_chunk = np.empty(0, self._types[0]), np.empty((0, *self._width), self._types[1])
        times, values = zip(no_chunk, *self.chunks, strict=True)
        return np.concatenate(times)[begin:], np.concatenate(values)[begin:]
