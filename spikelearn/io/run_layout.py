"""The layout of a run file: functions that write and read each part.

Format version 2:

    /                        attributes format, format_version, dt (ms), t_start (ms), seed
    /progress                how far the file is valid, see `create_progress`
    /versions                attributes: package -> version
    /extra                   JSON: anything added by the writer of the file, such as metrics
    /populations/NAME        attributes name, size, model, kinds; parameters/PARAMETER; if it has positions, attribute
                             dimensions and positions (size, dimensions), whose attribute period (dimensions,) is 0 if
                             space is not periodic. recorded/KIND: the neurons from which a kind of event is recorded,
                             if not from all
    /projections/NAME        attributes name, source, target, port, on, n_synapses, description, unit (of the weights)
    /spikes/NAME/KIND        times (n,) ms, ids (n,)
    /traces/NAME/VARIABLE    times (T,) ms, values (T, k), ids (k,)
    /synapses/NAME           pre, post, weight, delay (ms), each (n,); one that is constant is stored once

Characters with a meaning in HDF5 are escaped in names; attributes `name` and `what` hold the original ones.

Checksums are CRC-32, four times as fast as BLAKE2b. A dataset has that of its bytes in its attribute `checksum`; those
of spikes and traces, which grow, are in /progress. That has also the checksum of itself and of the structure (all
names, attributes, types and shapes, see `hdf5_tree`), so that nothing in a file is without one.
Raises hdf5_file.Damaged if a file does not match this layout, or a checksum.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import h5py
import numpy as np

from spikelearn.io.hdf5_file import Damaged
from spikelearn.io.hdf5_tree import Node, checksum_of
from spikelearn.regular_files import parse_json
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Spikes, Synapses, Trace
from spikelearn.results.sink import RunHeader

FORMAT = "spikelearn run"
FORMAT_VERSION = 2

_CHUNK_BYTES = 1 << 17


class Extent(NamedTuple):
    """How much of a recording is valid: its first n events or samples. checksums: of its times, and of its values."""

    n: int
    checksums: tuple[int, int]


def check_format(attributes: Mapping[str, Any]) -> None:
    """Raise Damaged if a file with these attributes is not a run file of the supported version."""
    if attributes.get("format") != FORMAT:
        raise Damaged(f"an HDF5 file, but not a run file: expected format = {FORMAT!r}")
    if (version := attributes.get("format_version")) != FORMAT_VERSION:
        raise Damaged(f"format version {version}, expected version {FORMAT_VERSION}")


def create_progress(file: h5py.File, n_recordings: int) -> h5py.Dataset:
    """Make the row that records how far the file is valid.

    `counts` has the valid length of every recording, by its attribute `index`; anything beyond that in a dataset is
    ignored. `checksums` has those of its times and of its values or ids. `file_size` is a lower bound in bytes (0:
    none), for files whose end HDF5 cannot know. `checksum` is that of the structure and of all before it in the row.
    """
    return file.create_dataset("progress", data=np.zeros(1, _row(n_recordings)))


def write_progress(
    progress: h5py.Dataset,
    structure: int,
    *,
    t_stop: float,
    extents: Sequence[Extent],
    wall_s: float = 0.0,
    synaptic_events: int = 0,
    interrupted: bool = True,
    complete: bool = False,
    file_size: int = 0,
) -> None:
    """Mark the first values of every recording as valid. structure: the checksum of the file's structure."""
    row = np.zeros((), progress.dtype)
    row["t_stop"], row["wall_s"], row["synaptic_events"] = t_stop, wall_s, synaptic_events
    row["interrupted"], row["complete"], row["file_size"] = interrupted, complete, file_size
    for index, extent in enumerate(extents):
        row["counts"][index], row["checksums"][index] = extent
    row["checksum"] = _row_checksum(row, structure)
    progress[0] = row


def read_progress(root: Node, structure: int, n_bytes: int) -> tuple[np.void, list[Extent]]:
    """The row, and how far the recordings are valid. n_bytes: of the file."""
    progress = root.member("progress")
    n_recordings = sum(len(of.members) for part in ("spikes", "traces") for of in root.member(part).members.values())
    if progress.dataset is None or progress.shape != (1,) or progress.dataset.dtype != _row(n_recordings):
        raise Damaged(f"broken: expected one row in /progress, for {n_recordings} recordings")
    row = progress.dataset[0]
    if row["checksum"] != _row_checksum(row, structure):
        raise Damaged("damaged: the checksum of the file's structure does not match it")
    if n_bytes < row["file_size"]:
        raise Damaged(f"truncated: {n_bytes} bytes, expected at least {int(row['file_size'])}")
    counts, checksums = row["counts"].tolist(), row["checksums"].tolist()
    return row, [Extent(n, (a, b)) for n, (a, b) in zip(counts, checksums, strict=True)]


def _row(n_recordings: int) -> np.dtype:
    n = max(n_recordings, 1)
    return np.dtype([
        ("t_stop", "<f8"), ("wall_s", "<f8"), ("synaptic_events", "<i8"), ("interrupted", "u1"), ("complete", "u1"),
        ("file_size", "<i8"), ("counts", "<i8", (n,)), ("checksums", "<u4", (n, 2)), ("checksum", "<u4"),
    ])  # fmt: skip


def _row_checksum(row: np.void | np.ndarray, structure: int) -> int:
    return zlib.crc32(row.tobytes()[: -row.dtype["checksum"].itemsize], structure)


def write_header(file: h5py.File, header: RunHeader, extra: Mapping[str, Any] | None) -> None:
    """Write everything that is known before the run, and empty groups for the rest."""
    set_attribute(file, "format", FORMAT)
    set_attribute(file, "format_version", FORMAT_VERSION)
    set_attribute(file, "dt", float(header.dt))
    set_attribute(file, "t_start", float(header.t_start))
    set_attribute(file, "seed", str(header.seed))  # as text: a seed may be larger than any HDF5 integer
    _write_json(file, "extra", dict(extra or {}))
    versions = file.create_group("versions", track_order=True)
    for package, version in header.versions.items():
        set_attribute(versions, package, version)
    populations = file.create_group("populations", track_order=True)
    for population in header.populations.values():
        group = populations.create_group(_escaped(population.name))
        for field in ("name", "size", "model"):
            set_attribute(group, field, getattr(population, field))
        set_attribute(group, "kinds", json.dumps(population.kinds))
        parameters = group.create_group("parameters", track_order=True)
        for name, value in population.parameters.items():
            _write_parameter(parameters, name, value)
        if population.positions is not None:
            dimensions = population.positions.shape[1]
            set_attribute(group, "dimensions", dimensions)
            dataset = write_array(group, "positions", population.positions)
            period = np.zeros(dimensions) if population.period is None else population.period
            set_attribute(dataset, "period", period)
        if population.recorded:
            recorded = group.create_group("recorded")
            for kind, ids in population.recorded.items():
                write_array(recorded, kind, ids)
    projections = file.create_group("projections", track_order=True)
    for projection in header.projections.values():
        group = projections.create_group(_escaped(projection.name))
        for field in ProjectionInfo.__dataclass_fields__:
            set_attribute(group, field, getattr(projection, field))
    for part in ("spikes", "traces", "synapses"):
        file.create_group(part, track_order=True)


def read_versions(root: Node) -> dict[str, str]:
    versions = root.member("versions")
    return {package: versions.text(package) for package in versions.attributes}


def read_populations(root: Node) -> dict[str, PopulationInfo]:
    populations = {}
    for group in root.member("populations").members.values():
        name, size = group.text("name"), int(group.number("size"))
        positions, period = _read_positions(group, size)
        recorded = group.members["recorded"].members if "recorded" in group.members else {}
        populations[name] = PopulationInfo(
            name=name,
            size=size,
            model=group.text("model"),
            parameters={
                dataset.text("name"): _read_parameter(dataset)
                for dataset in group.member("parameters").members.values()
            },
            kinds=tuple(parse_json(group.text("kinds"))),
            positions=positions,
            period=period,
            recorded={kind: read_array(ids) for kind, ids in recorded.items()},
        )
    return populations


def _read_positions(group: Node, size: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The positions of a population and the period of its space; None if it has none."""
    if "dimensions" not in group.attributes and "positions" not in group.members:
        return None, None
    dataset, dimensions = group.member("positions"), int(group.number("dimensions"))
    period = np.asarray(dataset.attribute("period"))
    if dataset.shape != (size, dimensions) or period.shape != (dimensions,):
        raise Damaged(
            f"broken: {dataset.path} has shape {dataset.shape} and a period of shape {period.shape}, expected "
            f"{(size, dimensions)} and {(dimensions,)}"
        )
    return read_array(dataset), period if period.any() else None


def read_projections(root: Node) -> dict[str, ProjectionInfo]:
    projections = {}
    for group in root.member("projections").members.values():
        texts = {name: group.text(name) for name in ProjectionInfo.__dataclass_fields__ if name != "n_synapses"}
        projections[texts["name"]] = ProjectionInfo(**texts, n_synapses=int(group.number("n_synapses")))
    return projections


def recording_group(file: h5py.File, part: str, key: tuple[str, str], index: int) -> h5py.Group:
    """A new group for one recording. part: 'spikes' or 'traces'. index: its index in the progress counts."""
    of_name = file[part].require_group(_escaped(key[0]))
    group = of_name.create_group(_escaped(key[1]))
    set_attribute(group, "name", key[0])
    set_attribute(group, "what", key[1])
    set_attribute(group, "index", index)
    return group


def find_recording(file: h5py.File, part: str, key: tuple[str, str]) -> h5py.Group:
    return file[part][_escaped(key[0])][_escaped(key[1])]


def write_array(group: h5py.Group, name: str, array: np.ndarray) -> h5py.Dataset:
    dataset = group.create_dataset(name, data=array)
    set_attribute(dataset, "checksum", np.uint32(checksum_of(array)))
    return dataset


def read_array(node: Node) -> np.ndarray:
    return node.read(int(node.number("checksum")))


def write_recording(group: h5py.Group, columns: Mapping[str, np.ndarray], units: Mapping[str, str]) -> Extent:
    """Write a recording that is complete. columns: times, and values or ids."""
    for name, array in columns.items():
        dataset = group.create_dataset(name, data=array)
        if name in units:
            set_attribute(dataset, "unit", units[name])
    times, values = columns.values()
    return Extent(len(times), (checksum_of(times), checksum_of(values)))


def growing_array(
    group: h5py.Group, name: str, dtype: type, columns: int | None = None, unit: str | None = None
) -> None:
    """An empty, resizable (0,) or (0, columns) dataset."""
    width = 1 if columns is None else max(columns, 1)
    rows = max(1, _CHUNK_BYTES // (width * np.dtype(dtype).itemsize))
    # HDF5 has no chunks without columns: for these the width is resizable too, but never changes.
    shape, limit, chunks = ((0,), (None,), (rows,)) if columns is None else (
        (0, columns), (None, columns or None), (rows, width)
    )  # fmt: skip
    dataset = group.create_dataset(name, shape=shape, maxshape=limit, chunks=chunks, dtype=dtype)
    if unit is not None:
        set_attribute(dataset, "unit", unit)


def read_spikes(root: Node, extents: Sequence[Extent]) -> dict[tuple[str, str], Spikes]:
    return {key: Spikes(*_valid(group, "ids", extent)) for key, group, extent in _recordings(root, "spikes", extents)}


def read_traces(root: Node, extents: Sequence[Extent]) -> dict[tuple[str, str], Trace]:
    trace_data = {}
    for key, group, extent in _recordings(root, "traces", extents):
        ids, (times, values) = read_array(group.member("ids")), _valid(group, "values", extent)
        if values.shape[1:] != ids.shape:
            raise Damaged(f"broken: {group.path} has samples of {values.shape[1:]}, expected {ids.shape}")
        trace_data[key] = Trace(times, values, ids, group.member("values").text("unit"))
    return trace_data


def write_synapses(file: h5py.File, name: str, synapses: Synapses) -> None:
    group = file["synapses"].create_group(_escaped(name))
    set_attribute(group, "name", name)
    for field in Synapses._fields:
        array = np.ascontiguousarray(getattr(synapses, field))
        bits = array.view(f"u{array.itemsize}")  # compared as bits, so that NaN and -0.0 are preserved
        constant = array.size > 1 and bool((bits == bits[0]).all())
        dataset = write_array(group, field, array[:1] if constant else array)
        set_attribute(dataset, "length", array.size)
        if field == "delay":
            set_attribute(dataset, "unit", "ms")


def read_synapses(root: Node) -> dict[str, Synapses]:
    synapse_data = {}
    for group in root.member("synapses").members.values():
        columns = []
        for field in Synapses._fields:
            dataset = group.member(field)
            array, length = read_array(dataset), int(dataset.number("length"))
            # A constant one takes no memory, however many the file says that there are.
            columns.append(np.broadcast_to(array, length) if array.shape == (1,) and length > 1 else array)
        if len(lengths := {column.shape for column in columns}) != 1:
            raise Damaged(f"broken: {group.path} has arrays of shapes {sorted(lengths)}, expected equal ones")
        synapse_data[group.text("name")] = Synapses(*columns)
    return synapse_data


def read_extra(root: Node) -> dict[str, Any]:
    extra = _read_json(root.member("extra"))
    if not isinstance(extra, dict):
        raise Damaged("broken: /extra is not a JSON object")
    return extra


def set_attribute(node: Any, name: str, value: Any) -> None:
    """Add an attribute to a group or dataset."""
    if isinstance(value, str):
        # Text of fixed length, because variable-length text is stored in a heap without a checksum: HDF5 2.0 was
        # seen to loop forever on a damaged one.
        text = value.encode()
        array = np.array(text, h5py.string_dtype("utf-8", max(len(text), 1)))
    else:
        array = np.asarray(value)
    # h5py's own way takes three times as long, and files have many attributes.
    kind = h5py.h5t.py_create(array.dtype, logical=True)
    space = h5py.h5s.create_simple(array.shape) if array.ndim else h5py.h5s.create(h5py.h5s.SCALAR)
    h5py.h5a.create(node.id, name.encode(), kind, space).write(array, mtype=kind)


def _recordings(root: Node, part: str, extents: Sequence[Extent]) -> Iterator[tuple[tuple[str, str], Node, Extent]]:
    for of_name in root.member(part).members.values():
        for group in of_name.members.values():
            index = int(group.number("index"))
            if not 0 <= index < len(extents):
                raise Damaged(f"broken: the index of {group.path} is {index}, expected one below {len(extents)}")
            yield (group.text("name"), group.text("what")), group, extents[index]


def _valid(group: Node, values: str, extent: Extent) -> tuple[np.ndarray, np.ndarray]:
    return (
        group.member("times").read(extent.checksums[0], extent.n),
        group.member(values).read(extent.checksums[1], extent.n),
    )


def _write_parameter(group: h5py.Group, name: str, value: Any) -> None:
    array = np.asarray(value) if isinstance(value, bool | int | float | np.ndarray | np.generic) else None
    if array is not None and array.dtype.kind in "biuf":
        dataset = write_array(group, _escaped(name), array)
    else:
        dataset = _write_json(group, _escaped(name), value)
    set_attribute(dataset, "name", name)


def _read_parameter(node: Node) -> Any:
    if "encoding" in node.attributes:
        return _read_json(node)
    value = read_array(node)
    return value.item() if value.shape == () else value


def _write_json(group: h5py.Group, name: str, value: Any) -> h5py.Dataset:
    text = json.dumps(value, default=_plain).encode("ascii")
    dataset = group.create_dataset(name, data=text, dtype=h5py.string_dtype("ascii", len(text)))
    set_attribute(dataset, "checksum", np.uint32(checksum_of(np.asarray(text))))
    set_attribute(dataset, "encoding", "json")
    return dataset


def _read_json(node: Node) -> Any:
    text = read_array(node)
    if text.shape != () or text.dtype.kind != "S":
        raise Damaged(f"broken: {node.path} is not text, expected JSON")
    return parse_json(text.item())


def _plain(value: Any) -> Any:
    """Convert what json cannot: NumPy objects to lists and numbers, anything else to its text."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _escaped(name: str) -> str:
    escaped = name.replace("%", "%25").replace("/", "%2F")
    return escaped.replace(".", "%2E") if escaped.strip(".") == "" else escaped
