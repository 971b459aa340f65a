"""The layout of a run file: functions that write and read each part.

Format version 1:

    /                        attributes format, format_version, dt (ms), t_start (ms), seed
    /progress                how far the file is valid, see `create_progress`
    /versions                attributes: package -> version
    /extra                   JSON: anything added by the writer of the file, such as metrics
    /populations/NAME        attributes name, size, model, kinds; parameters/PARAMETER; if it has positions, attribute
                             dimensions and positions (size, dimensions), whose attribute period (dimensions,) is 0 if
                             space is not periodic; older files have no positions. recorded/KIND: the neurons from
                             which a kind of event is recorded, if not from all
    /projections/NAME        attributes name, source, target, port, on, n_synapses, description,
                             unit (of the weights; missing in older files)
    /spikes/NAME/KIND        times (n,) ms, ids (n,)
    /traces/NAME/VARIABLE    times (T,) ms, values (T, k), ids (k,)
    /synapses/NAME           pre, post, weight, delay (ms), each (n,); one that is constant is stored once

Characters with a meaning in HDF5 are escaped in names; attributes `name` and `what` hold the original ones.
Raises hdf5_file.Damaged if a file does not match this layout.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from spikelearn.io.hdf5_file import Damaged
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Spikes, Synapses, Trace
from spikelearn.results.sink import RunHeader

FORMAT = "spikelearn run"
FORMAT_VERSION = 1

_CHUNK_BYTES = 1 << 17


def check_format(file: h5py.File) -> None:
    """Raise Damaged if this is not a run file of the supported version."""
    if "format" not in file.attrs or attribute(file, "format") != FORMAT:
        raise Damaged(f"an HDF5 file, but not a run file: expected format = {FORMAT!r}")
    version = int(attribute(file, "format_version"))
    if version != FORMAT_VERSION:
        raise Damaged(f"format version {version}, expected version {FORMAT_VERSION}")


def create_progress(file: h5py.File, n_recordings: int) -> h5py.Dataset:
    """Make the two rows that record how far the file is valid.

    They are written alternately, so that one is always complete: a row is valid if `check` equals `number`, and
    the valid row with the larger number counts. `counts` has the valid length of every recording, by its
    attribute `index`; anything beyond that in a dataset is ignored. `file_size` is a lower bound in bytes
    (0: none), for files whose end HDF5 cannot know.
    """
    row = [
        ("number", "<i8"), ("t_stop", "<f8"), ("wall_s", "<f8"), ("synaptic_events", "<i8"),
        ("interrupted", "u1"), ("complete", "u1"), ("file_size", "<i8"),
        ("counts", "<i8", (max(n_recordings, 1),)), ("check", "<i8"),
    ]  # fmt: skip
    progress = file.create_dataset("progress", shape=(2,), dtype=np.dtype(row))
    set_attribute(progress, "n_recordings", n_recordings)
    return progress


def write_progress(
    progress: h5py.Dataset,
    number: int,
    *,
    t_stop: float,
    counts: Sequence[int],
    wall_s: float = 0.0,
    synaptic_events: int = 0,
    interrupted: bool = True,
    complete: bool = False,
    file_size: int = 0,
) -> None:
    """Mark the first `counts` values of every recording as valid. number: 1, 2, 3, ... from call to call."""
    state = number, t_stop, wall_s, synaptic_events, interrupted, complete, file_size
    progress[number % 2] = np.array((*state, counts or [0], number), progress.dtype)


def read_progress(file: h5py.File) -> np.void:
    """The valid row with the larger number."""
    progress = member(file, "progress")
    valid = [row for row in progress[:] if row["number"] == row["check"] > 0]
    if not valid:
        raise Damaged("broken: /progress has no valid row, expected one or two")
    row = max(valid, key=lambda row: int(row["number"]))
    if (size := file.id.get_filesize()) < row["file_size"]:
        raise Damaged(f"truncated: {size} bytes, expected at least {int(row['file_size'])}")
    n_recordings = sum(len(group) for part in ("spikes", "traces") for group in member(file, part).values())
    if n_recordings != (expected := int(attribute(progress, "n_recordings"))):
        raise Damaged(f"broken: {n_recordings} recordings in /spikes and /traces, expected {expected}")
    return row


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
            set_attribute(dataset, "period", np.zeros(dimensions) if population.period is None else population.period)
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


def read_versions(file: h5py.File) -> dict[str, str]:
    versions = member(file, "versions")
    return {package: str(attribute(versions, package)) for package in versions.attrs}


def read_populations(file: h5py.File) -> dict[str, PopulationInfo]:
    populations = {}
    for group in member(file, "populations").values():
        name, size = str(attribute(group, "name")), int(attribute(group, "size"))
        positions, period = _read_positions(group, size)
        populations[name] = PopulationInfo(
            name=name,
            size=size,
            model=str(attribute(group, "model")),
            parameters={
                str(attribute(dataset, "name")): _read_parameter(dataset)
                for dataset in member(group, "parameters").values()
            },
            kinds=tuple(json.loads(attribute(group, "kinds"))),
            positions=positions,
            period=period,
            recorded={kind: ids[...] for kind, ids in group["recorded"].items()} if "recorded" in group else {},
        )
    return populations


def _read_positions(group: h5py.Group, size: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The positions of a population and the period of its space; None if it has none."""
    if "dimensions" not in group.attrs and "positions" not in group:
        return None, None
    dataset, dimensions = member(group, "positions"), int(attribute(group, "dimensions"))
    period = np.asarray(attribute(dataset, "period"))
    if dataset.shape != (size, dimensions) or period.shape != (dimensions,):
        raise Damaged(
            f"broken: {dataset.name} has shape {dataset.shape} and a period of shape {period.shape}, expected "
            f"{(size, dimensions)} and {(dimensions,)}"
        )
    return dataset[...], period if period.any() else None


def read_projections(file: h5py.File) -> dict[str, ProjectionInfo]:
    projections = {}
    for group in member(file, "projections").values():
        # Older files have no unit.
        known = [f for f in ProjectionInfo.__dataclass_fields__ if f != "unit" or f in group.attrs]
        fields = {field: attribute(group, field) for field in known}
        fields["n_synapses"] = int(fields["n_synapses"])
        projections[fields["name"]] = ProjectionInfo(**fields)
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


def write_array(group: h5py.Group, name: str, array: np.ndarray, unit: str | None = None) -> h5py.Dataset:
    dataset = group.create_dataset(name, data=array)
    if unit is not None:
        set_attribute(dataset, "unit", unit)
    return dataset


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


def read_spikes(file: h5py.File, counts: Sequence[int]) -> dict[tuple[str, str], Spikes]:
    spike_data = {}
    for key, group, n in _recordings(file, "spikes", counts):
        spike_data[key] = Spikes(_first(group, "times", n), _first(group, "ids", n))
    return spike_data


def read_traces(file: h5py.File, counts: Sequence[int]) -> dict[tuple[str, str], Trace]:
    trace_data = {}
    for key, group, n in _recordings(file, "traces", counts):
        times, values, ids = _first(group, "times", n), _first(group, "values", n), member(group, "ids")[...]
        if values.shape[1:] != ids.shape:
            raise Damaged(f"broken: {group.name} has samples of {values.shape[1:]}, expected {ids.shape}")
        trace_data[key] = Trace(times, values, ids, str(attribute(member(group, "values"), "unit")))
    return trace_data


def write_synapses(file: h5py.File, name: str, synapses: Synapses) -> None:
    group = file["synapses"].create_group(_escaped(name))
    set_attribute(group, "name", name)
    for field in Synapses._fields:
        array = np.ascontiguousarray(getattr(synapses, field))
        bits = array.view(f"u{array.itemsize}")  # compared as bits, so that NaN and -0.0 are preserved
        constant = array.size > 1 and bool((bits == bits[0]).all())
        unit = "ms" if field == "delay" else None
        dataset = write_array(group, field, array[:1] if constant else array, unit)
        set_attribute(dataset, "length", array.size)


def read_synapses(file: h5py.File) -> dict[str, Synapses]:
    synapse_data = {}
    for group in member(file, "synapses").values():
        columns = []
        for field in Synapses._fields:
            dataset = member(group, field)
            array, length = dataset[...], int(attribute(dataset, "length"))
            columns.append(np.full(length, array[0]) if len(array) == 1 else array)
        if len(lengths := {len(column) for column in columns}) != 1:
            raise Damaged(f"broken: {group.name} has lengths {sorted(lengths)}, expected equal ones")
        synapse_data[str(attribute(group, "name"))] = Synapses(*columns)
    return synapse_data


def read_json(dataset: h5py.Dataset) -> Any:
    return json.loads(dataset[()])


def member(group: h5py.Group, name: str) -> Any:
    """A dataset or group that every run file has."""
    if name not in group:
        where = f"{group.name.rstrip('/')}/{name}"
        raise Damaged(f"broken: {where} is missing, expected in format version {FORMAT_VERSION}")
    return group[name]


def attribute(node: Any, name: str) -> Any:
    """An attribute that every run file has."""
    if name not in node.attrs:
        where = f"attribute {name!r} of {node.name}"
        raise Damaged(f"broken: {where} is missing, expected in format version {FORMAT_VERSION}")
    value = node.attrs[name]
    return value.decode() if isinstance(value, bytes) else value


def set_attribute(node: Any, name: str, value: Any) -> None:
    if isinstance(value, str):
        # Text of fixed length, because variable-length text is stored in a heap without a checksum: HDF5 2.0 was
        # seen to loop forever on a damaged one.
        text = value.encode()
        node.attrs.create(name, np.bytes_(text), dtype=h5py.string_dtype("utf-8", max(len(text), 1)))
    else:
        node.attrs[name] = value


def _recordings(file: h5py.File, part: str, counts: Sequence[int]) -> Iterator[tuple[tuple[str, str], h5py.Group, int]]:
    for of_name in member(file, part).values():
        for group in of_name.values():
            key = str(attribute(group, "name")), str(attribute(group, "what"))
            yield key, group, int(counts[attribute(group, "index")])


def _first(group: h5py.Group, name: str, n: int) -> np.ndarray:
    dataset = member(group, name)
    if len(dataset) < n:
        raise Damaged(f"broken: {dataset.name} has {len(dataset)} values, expected {n}")
    return dataset[:n]


def _write_parameter(group: h5py.Group, name: str, value: Any) -> None:
    array = np.asarray(value) if isinstance(value, bool | int | float | np.ndarray | np.generic) else None
    if array is not None and array.dtype.kind in "biuf":
        dataset = write_array(group, _escaped(name), array)
    else:
        dataset = _write_json(group, _escaped(name), value)
    set_attribute(dataset, "name", name)


def _read_parameter(dataset: h5py.Dataset) -> Any:
    if "encoding" in dataset.attrs:
        return read_json(dataset)
    return dataset[()].item() if dataset.shape == () else dataset[...]


def _write_json(group: h5py.Group, name: str, value: Any) -> h5py.Dataset:
    text = json.dumps(value, default=_plain).encode("ascii")
    dataset = group.create_dataset(name, data=text, dtype=h5py.string_dtype("ascii", len(text)))
    set_attribute(dataset, "encoding", "json")
    return dataset


def _plain(value: Any) -> Any:
    """Convert what json cannot: NumPy objects to lists and numbers, anything else to its text."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _escaped(name: str) -> str:
    escaped = name.replace("%", "%25").replace("/", "%2F")
    return escaped.replace(".", "%2E") if escaped.strip(".") == "" else escaped
