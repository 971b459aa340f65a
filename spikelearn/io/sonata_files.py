"""Spikes and reports in files of SONATA (Dai et al. 2020, PLoS Comput. Biol. 16:e1007696), written and read by h5py.

A spike file has /spikes/POPULATION/timestamps in ms and node_ids; a report of a variable has /report/POPULATION/data,
(T, k), and which node each column is of. See the developer guide of the format, "Output file formats".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn import atomic_files
from spikelearn.errors import DescriptionError, RunFileError
from spikelearn.extras import needed
from spikelearn.io.hdf5_file import explained
from spikelearn.io.recorded import Samples, events_of, samples_of, snapshots_of
from spikelearn.parameters import suggest
from spikelearn.results.recorded_data import Spikes, Trace
from spikelearn.results.run import Run
from spikelearn.values import path as checked_path

_MAGIC, _VERSION = 0x0A7A, (0, 1)
_SORTING = {"none": 0, "by_id": 1, "by_time": 2}


def write(run: Run, folder: Any, leave_out: Sequence[str] = ()) -> dict[str, Path]:
    """Write a run: see Run.to_sonata."""
    h5py, where = needed("h5py", "SONATA files", "sonata"), checked_path(folder, "folder of to_sonata")
    if isinstance(leave_out, str):
        raise DescriptionError(f"leave_out of to_sonata: expected a list of names, got {leave_out!r}")
    known = list(dict.fromkeys(each.label for of in (events_of, samples_of, snapshots_of) for each in of(run)))
    for name in leave_out:
        if name not in known:
            raise DescriptionError(
                f"leave_out of to_sonata: the run has no {name!r}{suggest(name, known)}; it has: {known}"
            )
    spikes: dict[str, dict[str, Spikes]] = {}
    reports: dict[str, dict[str, Samples]] = {}
    for events in events_of(run):
        if events.label not in leave_out:
            spikes.setdefault("spikes" if events.label == "spike" else events.label, {})[events.name] = events.spikes
    for samples in samples_of(run):
        if samples.label in leave_out:
            continue
        if samples.sampling is None:
            raise DescriptionError(
                f"to_sonata: a report needs samples at equal intervals, and those of {samples.label!r} of "
                f"{samples.name!r} are not; leave_out=[{samples.label!r}] writes the rest"
            )
        values = samples.trace.values
        largest = np.abs(values[np.isfinite(values)]) if values.dtype == np.float64 else np.zeros(0)
        if largest.max(initial=0.0) > np.finfo(np.float32).max:
            raise DescriptionError(
                f"to_sonata: samples of reports are float32, and {samples.label!r} of {samples.name!r} has "
                f"{largest.max():g}; leave_out=[{samples.label!r}] writes the rest"
            )
        label = f"{samples.label} of {samples.name}" if samples.trace.dimension == "synapse" else samples.label
        reports.setdefault(label, {})[samples.name] = samples
    for read in snapshots_of(run):
        if read.label not in leave_out:
            raise DescriptionError(
                f"to_sonata: SONATA has no file for values at events, {read.label!r} of {read.name!r}; "
                f"leave_out=[{read.label!r}] writes the rest"
            )
    if same := spikes.keys() & reports.keys():
        raise DescriptionError(f"to_sonata: events and a variable are both called {same.pop()!r}, which is one file")
    if not where.is_dir():
        with explained(where, "cannot be made"):
            where.mkdir()
    written = {}
    for label, of_each in spikes.items():
        written[label] = where / f"{named(label)}.h5"
        write_spikes(h5py, written[label], of_each)
    for label, samples_of_each in reports.items():
        written[label] = where / f"{named(label)}.h5"
        with new_file(h5py, written[label]) as file:
            for name, samples in samples_of_each.items():
                _add_report(h5py, file, name, samples, run)
    return written


def write_spikes(h5py: Any, path: Path, spikes: Mapping[str, Spikes]) -> None:
    """A spike file with those of each population, in order of time."""
    with new_file(h5py, path) as file:
        sorting = h5py.enum_dtype(_SORTING, basetype=np.uint8)
        for name, found in spikes.items():
            group = file.create_group(f"spikes/{named(name)}")
            group.attrs.create("sorting", _SORTING["by_time"], dtype=sorting)
            group.create_dataset("timestamps", data=found.times).attrs["units"] = "ms"
            ids = group.create_dataset("node_ids", (len(found.ids),), np.uint64)
            if len(found.ids):
                ids.write_direct(np.ascontiguousarray(found.ids, np.uint64))


def read_spikes(path: Any, population: str | None = None) -> dict[str, Spikes]:
    """Population -> its spikes in order of time, of a spike file of SONATA, or of its first form, without populations.

    population: the name for those of a file without names; "spikes" by default. Raises RunFileError, naming the file.
    """
    h5py, where = needed("h5py", "SONATA files", "sonata"), checked_path(path, "path of read_spikes")
    with opened(h5py, where) as file:
        if "spikes" not in file:
            raise RunFileError(f"{where}: expected a spike file of SONATA, with a group /spikes")
        group = file["spikes"]
        if "timestamps" in group:
            return {population or "spikes": _spikes_in(where, group)}
        return {unnamed(name): _spikes_in(where, group[name]) for name in group}


def read_report(path: Any) -> dict[str, Trace]:
    """Population -> samples of a report of SONATA; `ids` are the nodes of the columns."""
    h5py, where = needed("h5py", "SONATA files", "sonata"), checked_path(path, "path of read_report")
    with opened(h5py, where) as file:
        if "report" not in file:
            raise RunFileError(f"{where}: expected a report of SONATA, with a group /report")
        found = {}
        for name, group in file["report"].items():
            values, mapping = group["data"][:], group["mapping"]
            begin, _, step = (float(each) for each in mapping["time"][:3])
            pointers = [*mapping["index_pointers"][:], values.shape[-1]][: len(mapping["node_ids"]) + 1]
            counts = np.diff(np.asarray(pointers, np.int64))
            if len(counts) != len(mapping["node_ids"]) or (counts < 0).any() or pointers[0] != 0:
                raise RunFileError(
                    f"{where}: {group.name}: expected index_pointers from 0 on, one for each of node_ids"
                )
            ids = np.repeat(mapping["node_ids"][:].astype(np.int64), counts)
            if values.ndim != 2 or len(ids) != values.shape[1] or not (np.isfinite(begin) and 0 < step < np.inf):
                raise RunFileError(
                    f"{where}: {group.name}: expected data of (times, elements), a node for each column and a time "
                    f"step above 0 ms, got shape {values.shape}, {len(ids)} elements and {step:g} ms"
                )
            unit = group["data"].attrs.get("units", "")
            unit = unit.decode() if isinstance(unit, bytes) else str(unit)
            found[unnamed(name)] = Trace(begin + step * np.arange(len(values)), values, ids, unit)
        return found


@contextmanager
def new_file(h5py: Any, path: Path) -> Iterator[Any]:
    """A new HDF5 file of SONATA, which replaces the one that is there once it is complete."""
    with explained(path, "cannot be written"), atomic_files.replacing(path) as temporary:
        with h5py.File(temporary, "w", locking=False) as file:
            file.attrs["magic"] = np.uint32(_MAGIC)
            file.attrs["version"] = np.array(_VERSION, np.uint32)
            yield file


@contextmanager
def opened(h5py: Any, path: Path) -> Iterator[Any]:
    """An HDF5 file to read. Raises RunFileError, naming it, for all that goes wrong."""
    if not path.is_file():
        raise RunFileError(f"{path}: there is no such file; expected an HDF5 file of SONATA")
    with explained(path, "cannot be read as a file of SONATA"), h5py.File(path, "r") as file:
        yield file


def _add_report(h5py: Any, file: Any, name: str, samples: Samples, run: Run) -> None:
    """Columns in the order of their nodes; a node may have several, elements: synapses are those of their targets."""
    trace = samples.trace
    assert samples.sampling is not None
    nodes = np.asarray(trace.ids, np.int64)
    elements = np.zeros(len(nodes), np.uint32)
    population = name
    if trace.dimension == "synapse" and name in run.projections and name in run.synapse_data:
        elements, population = nodes.astype(np.uint32), run.projections[name].target
        nodes = run.synapses(name).post[nodes].astype(np.int64)
    order = np.argsort(nodes, kind="stable")
    in_order = bool((order[1:] > order[:-1]).all())
    of_columns, first = np.unique(nodes[order], return_index=True)
    group = file.create_group(f"report/{named(population)}")
    # libsonata reads no other numbers than float32.
    values = (trace.values if in_order else trace.values[:, order]).astype(np.float32)
    group.create_dataset("data", data=values).attrs["units"] = trace.unit
    mapping = group.create_group("mapping")
    mapping.create_dataset("node_ids", data=of_columns.astype(np.uint64)).attrs["sorted"] = np.uint8(1)
    # One more than nodes, as libsonata reads it, is where the last one ends.
    mapping.create_dataset("index_pointers", data=np.append(first, len(nodes)).astype(np.uint64))
    mapping.create_dataset("element_ids", data=elements[order])
    begin, step = samples.sampling
    times = np.array([begin, begin + step * len(trace.times), step])
    mapping.create_dataset("time", data=times).attrs["units"] = "ms"


def _spikes_in(path: Path, group: Any) -> Spikes:
    ids_name = "gids" if "gids" in group and "node_ids" not in group else "node_ids"
    if missing := [name for name in ("timestamps", ids_name) if name not in group]:
        raise RunFileError(f"{path}: {group.name}: expected datasets timestamps and node_ids; there is no {missing[0]}")
    times, ids = np.asarray(group["timestamps"][:], np.float64), group[ids_name][:]
    if times.shape != ids.shape or times.ndim != 1 or not np.isfinite(times).all():
        raise RunFileError(f"{path}: {group.name}: expected one node for each of as many finite times")
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < 1 << 31:
        raise RunFileError(f"{path}: {group.name}: expected nodes from 0 to 2^31 - 1, got {ids.min()} to {ids.max()}")
    ids = ids.astype(np.int32)
    unit = group["timestamps"].attrs.get("units", "ms")
    unit = unit.decode() if isinstance(unit, bytes) else str(unit)
    if unit not in ("ms", "milliseconds", "s", "seconds"):
        raise RunFileError(f"{path}: {group.name}: expected times in ms or s, got {unit!r}")
    times = times * 1e3 if unit in ("s", "seconds") else times
    if (times[1:] < times[:-1]).any():
        order = np.lexsort((ids, times))
        times, ids = times[order], ids[order]
    return Spikes(times, ids)


def named(name: str) -> str:
    """A name without the characters that have a meaning in HDF5 and in paths."""
    escaped = name.replace("%", "%25").replace("/", "%2F")
    return escaped.replace(".", "%2E") if escaped.strip(".") == "" else escaped


def unnamed(name: str) -> str:
    """The name that `named` was given."""
    return name.replace("%2E", ".").replace("%2F", "/").replace("%25", "%")
