"""The run file: one self-describing HDF5 file (the format is documented in `run_layout`).

`save` and `load` are an exact round trip of a Run. `RunWriter` is a sink that writes during the run: flushed
data can be loaded even if the process was killed. All errors are RunFileError and name the file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from spikelearn.errors import RunFileError
from spikelearn.io import run_layout as layout
from spikelearn.io.disk_file import DiskFile
from spikelearn.io.hdf5_file import explained, open_for_streaming, read, replacing
from spikelearn.results.run import Run, Spikes, Trace
from spikelearn.results.sink import RunHeader, TraceHeader, announced

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
    traces = tuple(TraceHeader(*key, trace.unit, trace.ids) for key, trace in run.trace_data.items())
    populations, projections, spikes = run.populations, run.projections, tuple(run.spike_data)
    header = RunHeader(run.dt, run.t_start, run.seed, populations, projections, spikes, traces, run.versions)
    with replacing(Path(path)) as file:
        layout.write_header(file, header, extra)
        counts: list[int] = []
        for key, events in run.spike_data.items():
            group = layout.recording_group(file, "spikes", key, len(counts))
            layout.write_array(group, "times", events.times, unit="ms")
            layout.write_array(group, "ids", events.ids)
            counts.append(len(events.times))
        for key, trace in run.trace_data.items():
            group = layout.recording_group(file, "traces", key, len(counts))
            layout.write_array(group, "times", trace.times, unit="ms")
            layout.write_array(group, "values", trace.values, unit=trace.unit)
            layout.write_array(group, "ids", trace.ids)
            counts.append(len(trace.times))
        for name in run.synapse_data:
            if synapses is None or name in synapses:
                layout.write_synapses(file, name, run.synapses(name))
        layout.write_progress(
            layout.create_progress(file, len(counts)),
            1,
            t_stop=run.t_stop,
            counts=counts,
            wall_s=run.wall_s,
            synaptic_events=run.synaptic_events,
            interrupted=run.interrupted,
            complete=True,
        )


def load(path: str | os.PathLike[str]) -> Run:
    """Read a run.

    If the writer crashed or is still writing, the run up to the last flush is returned, marked `interrupted`.
    Raises RunFileError, naming the file, if it is missing, broken, truncated or of another format version.
    """
    return read(Path(path), _load)


def load_extra(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The `extra` that was passed to `save`, after a round trip through JSON; empty if there was none.

    Raises RunFileError as `load` does.
    """

    def extra(file: h5py.File) -> dict[str, Any]:
        layout.check_format(file)
        return layout.read_json(layout.member(file, "extra"))

    return read(Path(path), extra)


def _load(file: h5py.File) -> Run:
    layout.check_format(file)
    progress = layout.read_progress(file)
    return Run(
        dt=float(layout.attribute(file, "dt")),
        t_start=float(layout.attribute(file, "t_start")),
        t_stop=float(progress["t_stop"]),
        seed=int(layout.attribute(file, "seed")),
        populations=layout.read_populations(file),
        projections=layout.read_projections(file),
        spike_data=layout.read_spikes(file, progress["counts"]),
        trace_data=layout.read_traces(file, progress["counts"]),
        synapse_data={**layout.read_synapses(file)},
        versions=layout.read_versions(file),
        interrupted=bool(progress["interrupted"]) or not progress["complete"],
        wall_s=float(progress["wall_s"]),
        synaptic_events=int(progress["synaptic_events"]),
    )


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
        self.path = Path(path)
        self.t_saved: float | None = None
        self._file: h5py.File | None = None
        self._disk: DiskFile | None = None
        self._error: RunFileError | None = None
        self._spikes: dict[tuple[str, str], _Growing] = {}
        self._traces: dict[tuple[str, str], _Growing] = {}
        self._commits = 0
        self._began = 0.0

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def begin(self, header: RunHeader) -> None:
        if self._commits:
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
            layout.write_progress(progress, 1, t_stop=header.t_start, counts=[0] * n_recordings)
        with explained(self.path, "cannot be written"):
            self._file, self._disk = file, _ = open_for_streaming(self.path)
            self._progress = file["progress"]
            self._spikes = {key: _Growing(layout.find_recording(file, "spikes", key), "ids") for key in header.spikes}
            self._traces = {key: _Growing(layout.find_recording(file, "traces", key), "values") for key in keys}
        self._commits = 1
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
            counts = self._write_out()
            self._commits += 1
            layout.write_progress(self._progress, self._commits, counts=counts, file_size=disk.size, **progress)
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

    def _write_out(self) -> list[int]:
        for recording in self._recordings:
            recording.write_out()
        return [recording.length for recording in self._recordings]

    def _opened(self) -> tuple[h5py.File, DiskFile]:
        if self._file is None or self._disk is None:
            raise RunFileError(f"{self.path}: not open for writing; `begin` comes first and `end` last")
        return self._file, self._disk

    def _read_back(self, reader: Callable[[h5py.File, Sequence[int]], T]) -> T:
        if self._file is None:
            return read(self.path, lambda file: reader(file, layout.read_progress(file)["counts"]))
        with self._writing():
            return reader(self._file, self._write_out())


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
        self.length = 0

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
        stop = self.length + sum(len(times) for times, _ in waiting)
        for column, dataset in enumerate(self._datasets):
            dataset.resize(stop, axis=0)
            dataset[self.length : stop] = np.concatenate([chunk[column] for chunk in waiting])
        self.length, self.n_written, self._waiting_bytes = stop, len(self.chunks), 0

    def saved(self) -> None:
        """Forget the chunks: they are on disk."""
        self.chunks, self.n_written = [], 0

    def beyond(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """What was recorded after the first n events or samples, which are in the file."""
        n_waiting = sum(len(times) for times, _ in self.chunks[self.n_written :])
        n_held = sum(len(times) for times, _ in self.chunks)
        begin = n - (self.length + n_waiting - n_held)
        no_chunk = np.empty(0, self._types[0]), np.empty((0, *self._width), self._types[1])
        times, values = zip(no_chunk, *self.chunks, strict=True)
        return np.concatenate(times)[begin:], np.concatenate(values)[begin:]
