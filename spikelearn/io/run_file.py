"""Runs in files: `save` and `load` are an exact round trip. All errors are RunFileError and name the file."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from spikelearn.errors import DescriptionError
from spikelearn.io import run_checks
from spikelearn.io import run_layout as layout
from spikelearn.io.hdf5_file import read, replacing
from spikelearn.io.hdf5_tree import Node, ReadableFile
from spikelearn.io.run_progress import complete
from spikelearn.results.run import Run
from spikelearn.results.sink import RunHeader, TraceHeader
from spikelearn.values import path as checked_path


def save(
    run: Run,
    path: str | os.PathLike[str],
    extra: Mapping[str, Any] | None = None,
    synapses: Collection[str] | None = None,
) -> None:
    """Write a run to `path` atomically: the file holds either its old contents or the whole run.

    extra: stored as JSON, for `load_extra`. synapses: projections whose synapses are stored; None: all.
    Raises RunFileError if the file cannot be written.

    >>> net = Network(dt=0.1, seed=1)
    >>> cells = net.population(20, LIF(I_e=Normal(400, 30)), name="cells")
    >>> recording = net.record(cells)
    >>> run = net.run(10)
    >>> save(run, "run.h5", extra={"note": "nothing"})
    >>> load("run.h5").duration, load_extra("run.h5")
    (10.0, {'note': 'nothing'})
    """
    if not isinstance(run, Run):
        raise DescriptionError(f"save: expected a Run, got {run!r:.200}")
    traces = tuple(TraceHeader(*key, trace.unit, trace.ids) for key, trace in run.trace_data.items())
    populations, projections, spikes = run.populations, run.projections, tuple(run.spike_data)
    header = RunHeader(run.dt, run.t_start, run.seed, populations, projections, spikes, traces, run.versions)
    with replacing(checked_path(path, "path of save")) as writer:
        run_checks.check(replace(run, synapse_data={}))
        root = layout.header_tree(writer, header, extra)
        for key, events in run.spike_data.items():
            group = layout.add_recording(root, "spikes", key)
            writer.put(group, "times", events.times, {"unit": "ms"})
            writer.put(group, "ids", events.ids)
        for key, trace in run.trace_data.items():
            group = layout.add_recording(root, "traces", key)
            writer.put(group, "times", trace.times, {"unit": "ms"})
            writer.put(group, "values", trace.values, {"unit": trace.unit})
            writer.put(group, "ids", trace.ids)
        for name in run.synapse_data:
            if synapses is None or name in synapses:
                run_checks.check_synapses(run, name)
                layout.add_synapses(writer, root, name, run.synapses(name))
        layout.add_projection_events(root, run.projection_events)
        layout.add_trials(writer, root, run.trials)
        root.attributes.update(
            layout.end_of(
                t_stop=run.t_stop,
                wall_s=run.wall_s,
                synaptic_events=run.synaptic_events,
                interrupted=run.interrupted,
            )
        )
        writer.finish(root)


def load(path: str | os.PathLike[str]) -> Run:
    """Read a run.

    If the writer crashed or is still writing, the run up to the last flush is returned, marked `interrupted`.
    Files may be of strangers: nothing in them is executed, no other file is opened, and no more is allocated than the
    file has bytes. Raises RunFileError, naming the file, if it is missing, no regular file, broken, damaged (all data
    have checksums), truncated or of another format version, or if its values are impossible.

    >>> net = Network(dt=0.1, seed=1)
    >>> cells = net.population(20, LIF(I_e=Normal(400, 30)), name="cells")
    >>> recording = net.record(cells)
    >>> save(net.run(10), "run.h5")
    >>> load("run.h5").t_stop
    10.0
    """
    return read(checked_path(path, "path of load"), run_of)


def load_extra(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The `extra` that was passed to `save`, after a round trip through JSON; empty if there was none.

    Raises RunFileError as `load` does.

    >>> net = Network(dt=0.1, seed=1)
    >>> cells = net.population(20, LIF(I_e=Normal(400, 30)), name="cells")
    >>> recording = net.record(cells)
    >>> save(net.run(10), "run.h5", extra={"note": "nothing"})
    >>> load_extra("run.h5")
    {'note': 'nothing'}
    """

    def extra(root: Node, file: ReadableFile) -> dict[str, Any]:
        layout.check_format(root)
        return layout.read_extra(root, file)

    return read(checked_path(path, "path of load_extra"), extra)


def run_of(root: Node, file: ReadableFile) -> Run:
    """The run that a file holds. Raises Damaged if there is none, or an impossible one."""
    layout.check_format(root)
    complete(root, file)
    run = layout.read_run(root, file)
    run_checks.check(run)
    return run
