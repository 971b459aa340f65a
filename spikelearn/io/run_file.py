"""The run file: one self-describing HDF5 file (the format is documented in `run_layout`).

`save` and `load` are an exact round trip of a Run. `RunWriter` is a sink that writes during the run: flushed
data can be loaded even if the process was killed. All errors are RunFileError and name the file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import h5py
import numpy as np

from spikelearn.errors import DescriptionError, RunFileError
from spikelearn.io import run_checks
from spikelearn.io import run_layout as layout
from spikelearn.io.disk_file import DiskFile
from spikelearn.io.hdf5_file import explained, open_for_streaming, read, replacing
from spikelearn.io.hdf5_tree import Node, checksum_of, read_tree, root_attributes, structure_checksum
from spikelearn.results.run import Run, Spikes, Trace
from spikelearn.results.sink import RunHeader, TraceHeader, announced
from spikelearn.values import path as checked_path

T = TypeVar("T")

_BUFFER_BYTES = 1 << 20


def save(
    run: Run,
    path: str | os.PathLike[str],
    extra: Mapping[str, Any] | None = None,
    synapses: Collection[str] | None = None,
) -> None:
    """Write a run to `path` atomically: the file holds either its old contents or the whole run.

    extra: stored as JSON, for `load_extra`. synapses: projections whose synapses are stored; None: all.
    Raises RunFileError if the file cannot be written.
    """
    if not isinstance(run, Run):
        raise DescriptionError(f"save: expected a Run, got {run!r:.200}")
    traces = tuple(TraceHeader(*key, trace.unit, trace.ids) for key, trace in run.trace_data.items())
    populations, projections, spikes = run.populations, run.projections, tuple(run.spike_data)
    header = RunHeader(run.dt, run.t_start, run.seed, populations, projections, spikes, traces, run.versions)
    with replacing(checked_path(path, "path of save")) as file:
        run_checks.check(replace(run, synapse_data={}))
        layout.write_header(file, header, extra)
        extents: list[layout.Extent] = []
        for key, events in run.spike_data.items():
            group = layout.recording_group(file, "spikes", key, len(extents))
            extents.append(layout.write_recording(group, {"times": events.times, "ids": events.ids}, {"times": "ms"}))
        for key, trace in run.trace_data.items():
            group = layout.recording_group(file, "traces", key, len(extents))
            layout.write_array(group, "ids", np.asarray(trace.ids))
            columns, units = {"times": trace.times, "values": trace.values}, {"times": "ms", "values": trace.unit}
            extents.append(layout.write_recording(group, columns, units))
        for name in run.synapse_data:
            if synapses is None or name in synapses:
                run_checks.check_synapses(run, name)
                layout.write_synapses(file, name, run.synapses(name))
        progress = layout.create_progress(file, len(extents))
        layout.write_progress(
            progress,
            structure_checksum(read_tree(file)),
            t_stop=run.t_stop,
            extents=extents,
            wall_s=run.wall_s,
            synaptic_events=run.synaptic_events,
            interrupted=run.interrupted,
            complete=True,
        )


def load(path: str | os.PathLike[str]) -> Run:
    """Read a run.

    If the writer crashed or is still writing, the run up to the last flush is returned, marked `interrupted`.
    Files may be of strangers: nothing in them is executed, no other file is opened, and no more is allocated than the
    file has bytes. Raises RunFileError, naming the file, if it is missing, no regular file, broken, damaged (all data
    have checksums), truncated or of another format version, or if its values are impossible.
    """
    return read(checked_path(path, "path of load"), _load)


def load_extra(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The `extra` that was passed to `save`, after a round trip through JSON; empty if there was none.

    Raises RunFileError as `load` does.
    """

    return read(checked_path(path, "path of load_extra"), lambda file: layout.read_extra(_checked(file)[0]))


def _load(file: h5py.File) -> Run:
    root, progress, extents = _checked(file)
    run = Run(
        dt=float(root.number("dt")),
        t_start=float(root.number("t_start")),
        t_stop=float(progress["t_stop"]),
        seed=int(root.text("seed")),
        populations=layout.read_populations(root),
        projections=layout.read_projections(root),
        spike_data=layout.read_spikes(root, extents),
        trace_data=layout.read_traces(root, extents),
        synapse_data={**layout.read_synapses(root)},
        versions=layout.read_versions(root),
        interrupted=bool(progress["interrupted"]) or not progress["complete"],
        wall_s=float(progress["wall_s"]),
        synaptic_events=int(progress["synaptic_events"]),
    )
    run_checks.check(run)
    return run


def _checked(file: h5py.File) -> tuple[Node, np.void, list[layout.Extent]]:
    """The tree of a file, and how far it is valid."""
    layout.check_format(root_attributes(file))
    root = read_tree(file)
    return root, *layout.read_progress(root, structure_checksum(root), file.id.get_filesize())


class RunWriter:
    """A sink (see `spikelearn.results.sink.Sink`) that writes a run file during the run.

    After `flush(t)` returns, the file can be loaded up to t, also by another process, whatever happens to this one.
    Chunks are kept in memory until then. Values of traces become float64. An existing file at `path` is replaced when
    the run begins. Close it, or use it in a `with` statement.

    Raises RunFileError if the file cannot be written, from `flush` or `end`, and if it is used before `begin` or after
    `end`. After a failed write (a full disk) the file keeps the run up to the last flush that succeeded, and
    `spike_data` and `trace_data` still return everything.

    t_saved: ms; None until the run has begun.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = checked_path(path, "path of RunWriter")
        self.t_saved: float | None = None
        self._file: h5py.File | None = None
        self._disk: DiskFile | None = None
        self._error: RunFileError | None = None
        self._spikes: dict[tuple[str, str], _Growing] = {}
        self._traces: dict[tuple[str, str], _Growing] = {}
        self._structure = 0
        self._began = 0.0

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def begin(self, header: RunHeader) -> None:
        if self.t_saved is not None:
            raise RunFileError(f"{self.path}: already holds a run; use a new RunWriter for each run")
        self._began = time.perf_counter()
        keys = [(trace.name, trace.variable) for trace in header.traces]
        with replacing(self.path) as file:
            layout.write_header(file, header, None)
            for index, of in enumerate(header.spikes):
                group = layout.recording_group(file, "spikes", of, index)
                layout.growing_array(group, "times", np.float64, unit="ms")
                layout.growing_array(group, "ids", np.int32)
            for index, trace in enumerate(header.traces, start=len(header.spikes)):
                group = layout.recording_group(file, "traces", (trace.name, trace.variable), index)
                layout.growing_array(group, "times", np.float64, unit="ms")
                layout.growing_array(group, "values", np.float64, columns=len(trace.ids), unit=trace.unit)
                layout.write_array(group, "ids", np.asarray(trace.ids))
            n_recordings = len(header.spikes) + len(header.traces)
            progress = layout.create_progress(file, n_recordings)
            self._structure = structure_checksum(read_tree(file))
            nothing = [layout.Extent(0, (0, 0))] * n_recordings
            layout.write_progress(progress, self._structure, t_stop=header.t_start, extents=nothing)
        with explained(self.path, "cannot be written"):
            self._file, self._disk = file, _ = open_for_streaming(self.path)
            self._progress = file["progress"]
            self._spikes = {key: _Growing(layout.find_recording(file, "spikes", key), "ids") for key in header.spikes}
            self._traces = {key: _Growing(layout.find_recording(file, "traces", key), "values") for key in keys}
        self.t_saved = header.t_start

    def spikes(self, name: str, kind: str, times: np.ndarray, ids: np.ndarray) -> None:
        self._append(announced(self._spikes, name, kind), times, ids)

    def trace(self, name: str, variable: str, times: np.ndarray, values: np.ndarray) -> None:
        self._append(announced(self._traces, name, variable), times, values)

    def flush(self, t_now: float) -> None:
        self._commit(t_stop=t_now, wall_s=time.perf_counter() - self._began)

    def end(self, t_stop: float, interrupted: bool, wall_s: float, synaptic_events: int) -> None:
        self._commit(
            t_stop=t_stop,
            wall_s=wall_s,
            synaptic_events=synaptic_events,
            interrupted=interrupted,
            complete=True,
        )
        self.close()

    def spike_data(self) -> dict[tuple[str, str], Spikes]:
        """All events recorded so far, read from the file."""
        found = self._read_back(layout.read_spikes)
        for key, recording in self._spikes.items():
            if self._error is not None:
                times, ids = recording.beyond(len(found[key].times))
                found[key] = Spikes(np.append(found[key].times, times), np.append(found[key].ids, ids))
        return found

    def trace_data(self) -> dict[tuple[str, str], Trace]:
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

    def close(self) -> None:
        """Close the file. Without a preceding `end`, the run counts as interrupted at the last flush."""
        if self._file is not None:
            file, disk = self._opened()
            with self._writing():
                file.close()
                disk.commit()
            self._give_up()

    def _append(self, recording: _Growing, times: np.ndarray, values: np.ndarray) -> None:
        self._opened()
        with explained(self.path, "cannot be written"):
            recording.append(times, values)

    def _commit(self, **progress: Any) -> None:
        if self._error is not None:
            raise self._error
        file, disk = self._opened()
        with self._writing():
            extents = self._write_out()
            layout.write_progress(self._progress, self._structure, extents=extents, file_size=disk.size, **progress)
            file.flush()
            disk.commit()
        for recording in self._recordings:
            recording.saved()
        self.t_saved = progress["t_stop"]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Give the file up after an error; what was committed stays."""
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
        file, disk = self._file, self._disk
        self._file = self._disk = None
        if file is not None:
            file.close()
        if disk is not None:
            disk.close()

    @property
    def _recordings(self) -> list[_Growing]:
        return [*self._spikes.values(), *self._traces.values()]

    def _write_out(self) -> list[layout.Extent]:
        for recording in self._recordings:
            recording.write_out()
        return [recording.extent for recording in self._recordings]

    def _opened(self) -> tuple[h5py.File, DiskFile]:
        if self._file is None or self._disk is None:
            raise RunFileError(f"{self.path}: not open for writing; `begin` comes first and `end` last")
        return self._file, self._disk

    def _read_back(self, reader: Callable[[Node, Sequence[layout.Extent]], T]) -> T:
        if self._file is None:

            def committed(file: h5py.File) -> T:
                root, _, extents = _checked(file)
                return reader(root, extents)

            return read(self.path, committed)
        with self._writing():
            extents = self._write_out()
            self._file.flush()  # so that the file has the size of what is in it
            return reader(read_tree(self._file), extents)


class _Growing:
    """The two growing datasets of one recording, and the chunks that are not in the file yet.

    chunks: all since the last flush; the first n_written of them are in the datasets, but perhaps not on disk.
    """

    def __init__(self, group: h5py.Group, values: str) -> None:
        self._datasets = group["times"], group[values]
        self._types = self._datasets[0].dtype, self._datasets[1].dtype
        self._width = self._datasets[1].shape[1:]
        self.chunks: list[tuple[np.ndarray, np.ndarray]] = []
        self.n_written = 0
        self._waiting_bytes = 0
        self.extent = layout.Extent(0, (0, 0))

    def append(self, times: np.ndarray, values: np.ndarray) -> None:
        if len(times) != len(values):
            raise ValueError(f"{len(times)} times but {len(values)} values")
        if len(times):
            chunk = np.array(times, self._types[0]), np.array(values, self._types[1])
            self.chunks.append(chunk)
            self._waiting_bytes += chunk[0].nbytes + chunk[1].nbytes
            if self._waiting_bytes > _BUFFER_BYTES:
                self.write_out()

    def write_out(self) -> None:
        waiting = self.chunks[self.n_written :]
        if not waiting:
            return
        start, checksums = self.extent
        stop = start + sum(len(times) for times, _ in waiting)
        columns = [np.concatenate(parts) for parts in zip(*waiting, strict=True)]
        for dataset, column in zip(self._datasets, columns, strict=True):
            dataset.resize(stop, axis=0)
            dataset[start:stop] = column
        times, values = (checksum_of(column, before) for column, before in zip(columns, checksums, strict=True))
        self.extent = layout.Extent(stop, (times, values))
        self.n_written, self._waiting_bytes = len(self.chunks), 0

    def saved(self) -> None:
        """Forget the chunks: they are on disk."""
        self.chunks, self.n_written = [], 0

    def beyond(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """What was recorded after the first n events or samples, which are in the file."""
        n_waiting = sum(len(times) for times, _ in self.chunks[self.n_written :])
        n_held = sum(len(times) for times, _ in self.chunks)
        begin = n - (self.extent.n + n_waiting - n_held)
        no_chunk = np.empty(0, self._types[0]), np.empty((0, *self._width), self._types[1])
        times, values = zip(no_chunk, *self.chunks, strict=True)
        return np.concatenate(times)[begin:], np.concatenate(values)[begin:]
