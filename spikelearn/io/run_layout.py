"""The layout of a run file: functions that write and read each part.

Format version 3:

    /                        attributes format, format_version, dt (ms), t_start (ms), seed; of a run that has ended,
                             t_stop (ms), wall_s, synaptic_events, interrupted
    /versions                attributes: package -> version
    /extra                   JSON: anything added by the writer of the file, such as metrics
    /populations/NAME        attributes name, size, model, kinds; parameters/PARAMETER; if it has positions, attribute
                             dimensions and positions (size, dimensions), whose attribute period (dimensions,) is 0 if
                             space is not periodic. recorded/KIND: the neurons from which a kind of event is recorded,
                             if not from all
    /projections/NAME        attributes name, source, target, port, on, n_synapses, description, unit (of the weights);
                             if its events were counted, delivered and learning
    /spikes/NAME/KIND        times (n,) ms, ids (n,)
    /traces/NAME/VARIABLE    times (T,) ms, values (T, k), ids (k,)
    /synapses/NAME           pre, post, weight, delay (ms), each (n,); one that is constant is stored once
    /trials                  JSON, of a run of trials: when they and their phases were (TrialTimes)
    /progress                only while a run is written: how far it is, see `run_progress`

Characters with a meaning in HDF5 are escaped in names; attributes `name` and `what` hold the original ones.

All data have a checksum: CRC-32, four times as fast as BLAKE2b. `hdf5_file` says where the checksums are.
Raises hdf5_tree.Damaged if a file does not match this layout.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.io.hdf5_file import TreeWriter
from spikelearn.io.hdf5_tree import Damaged, Node, ReadableFile
from spikelearn.regular_files import parse_json
from spikelearn.results.recorded_data import TrialTimes
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Run, Spikes, Synapses, SynapticEvents, Trace
from spikelearn.results.sink import RunHeader

FORMAT = "spikelearn run"
FORMAT_VERSION = 3

Key = tuple[str, str]
"""The name of what is recorded, and the kind of event or variable."""


def check_format(root: Node) -> None:
    """Raise Damaged if a file is not a run file of the supported version."""
    if root.attributes.get("format") != FORMAT:
        raise Damaged(f"an HDF5 file, but not a run file: expected format = {FORMAT!r}")
    if (version := root.attributes.get("format_version")) != FORMAT_VERSION:
        raise Damaged(f"format version {version}, expected version {FORMAT_VERSION}")


def header_tree(writer: TreeWriter, header: RunHeader, extra: Mapping[str, Any] | None) -> Node:
    """A tree with everything that is known before the run, and empty groups for the rest."""
    root = Node()
    # The seed as text: it may be larger than any number of HDF5.
    root.attributes.update(
        format=FORMAT, format_version=FORMAT_VERSION, dt=float(header.dt), t_start=float(header.t_start),
        seed=str(header.seed),
    )  # fmt: skip
    _add_json(writer, root, "extra", dict(extra or {}))
    root.add("versions", header.versions)
    populations = root.add("populations")
    for population in header.populations.values():
        about = {name: getattr(population, name) for name in ("name", "size", "model")}
        group = populations.add(_escaped(population.name), {**about, "kinds": json.dumps(population.kinds)})
        parameters = group.add("parameters")
        for name, value in population.parameters.items():
            _add_parameter(writer, parameters, name, value)
        if population.positions is not None:
            dimensions = population.positions.shape[1]
            group.attributes["dimensions"] = dimensions
            period = np.zeros(dimensions) if population.period is None else population.period
            writer.put(group, "positions", population.positions, {"period": period})
        if population.recorded:
            recorded = group.add("recorded")
            for kind, ids in population.recorded.items():
                writer.put(recorded, kind, ids)
    projections = root.add("projections")
    for projection in header.projections.values():
        about = {field: getattr(projection, field) for field in ProjectionInfo.__dataclass_fields__}
        projections.add(_escaped(projection.name), about)
    for part in ("spikes", "traces", "synapses"):
        root.add(part)
    return root


def end_of(*, t_stop: float, wall_s: float, synaptic_events: int, interrupted: bool) -> dict[str, Any]:
    """The attributes of a run that has ended."""
    return {
        "t_stop": float(t_stop), "wall_s": float(wall_s), "synaptic_events": int(synaptic_events),
        "interrupted": int(interrupted),
    }  # fmt: skip


def add_projection_events(root: Node, counts: Mapping[str, SynapticEvents]) -> None:
    """Of the projections whose events were counted."""
    for name, found in counts.items():
        root.members["projections"].members[_escaped(name)].attributes.update(found._asdict())


def read_projection_events(root: Node) -> dict[str, SynapticEvents]:
    return {
        group.text("name"): SynapticEvents(*(int(group.number(each)) for each in SynapticEvents._fields))
        for group in root.member("projections").members.values()
        if "delivered" in group.attributes
    }


def add_trials(writer: TreeWriter, root: Node, trials: Sequence[TrialTimes]) -> None:
    """When trials and phases were; nothing for a run without trials."""
    if trials:
        _add_json(writer, root, "trials", [each._asdict() for each in trials])


def read_trials(root: Node, file: ReadableFile) -> tuple[TrialTimes, ...]:
    found = _read_json(root.members["trials"], file) if "trials" in root.members else []
    try:
        return tuple(
            TrialTimes(
                float(each["t_start"]), tuple(map(float, each["durations"])), int(each["n"]),
                tuple(map(str, each["names"])), tuple(map(str, each["labels"])),
                {str(name): np.array(times, np.float64) for name, times in each["releases"].items()},
            )
            for each in found
        )  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Damaged(f"broken: /trials are no times of trials: {error}") from error


def read_versions(root: Node) -> dict[str, str]:
    versions = root.member("versions")
    return {package: versions.text(package) for package in versions.attributes}


def read_populations(root: Node, file: ReadableFile) -> dict[str, PopulationInfo]:
    populations = {}
    for group in root.member("populations").members.values():
        name, size = group.text("name"), int(group.number("size"))
        positions, period = _read_positions(group, size, file)
        recorded = group.members["recorded"].members if "recorded" in group.members else {}
        populations[name] = PopulationInfo(
            name=name,
            size=size,
            model=group.text("model"),
            parameters={
                dataset.text("name"): _read_parameter(dataset, file)
                for dataset in group.member("parameters").members.values()
            },
            kinds=tuple(parse_json(group.text("kinds"))),
            positions=positions,
            period=period,
            recorded={kind: ids.read(file) for kind, ids in recorded.items()},
        )
    return populations


def _read_positions(group: Node, size: int, file: ReadableFile) -> tuple[np.ndarray | None, np.ndarray | None]:
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
    return dataset.read(file), period if period.any() else None


def read_projections(root: Node) -> dict[str, ProjectionInfo]:
    projections = {}
    for group in root.member("projections").members.values():
        texts = {name: group.text(name) for name in ProjectionInfo.__dataclass_fields__ if name != "n_synapses"}
        projections[texts["name"]] = ProjectionInfo(**texts, n_synapses=int(group.number("n_synapses")))
    return projections


def add_recording(root: Node, part: str, key: Key) -> Node:
    """A new group for one recording. part: 'spikes' or 'traces'."""
    name, what = key
    of_name = root.members[part].members.get(_escaped(name)) or root.members[part].add(_escaped(name))
    return of_name.add(_escaped(what), {"name": name, "what": what})


def read_run(root: Node, file: ReadableFile) -> Run:
    """A run, with values that may be impossible."""
    return Run(
        dt=float(root.number("dt")),
        t_start=float(root.number("t_start")),
        t_stop=float(root.number("t_stop")),
        seed=int(root.text("seed")),
        populations=read_populations(root, file),
        projections=read_projections(root),
        spike_data=read_spikes(root, file),
        trace_data=read_traces(root, file),
        synapse_data={**read_synapses(root, file)},
        versions=read_versions(root),
        interrupted=bool(root.number("interrupted")),
        wall_s=float(root.number("wall_s")),
        synaptic_events=int(root.number("synaptic_events")),
        projection_events=read_projection_events(root),
        trials=read_trials(root, file),
    )


def read_spikes(root: Node, file: ReadableFile) -> dict[Key, Spikes]:
    return {
        key: Spikes(group.member("times").read(file), group.member("ids").read(file))
        for key, group in _recordings(root, "spikes")
    }


def read_traces(root: Node, file: ReadableFile) -> dict[Key, Trace]:
    trace_data = {}
    for key, group in _recordings(root, "traces"):
        times, values, ids = (group.member(name).read(file) for name in ("times", "values", "ids"))
        if values.shape[1:] != ids.shape:
            raise Damaged(f"broken: {group.path} has samples of {values.shape[1:]}, expected {ids.shape}")
        trace_data[key] = Trace(times, values, ids, group.member("values").text("unit"))
    return trace_data


def add_synapses(writer: TreeWriter, root: Node, name: str, synapses: Synapses) -> None:
    group = root.members["synapses"].add(_escaped(name), {"name": name})
    for field in Synapses._fields:
        array = np.ascontiguousarray(getattr(synapses, field))
        bits = array.view(f"u{array.itemsize}")  # compared as bits, so that NaN and -0.0 are preserved
        constant = array.size > 1 and bool((bits == bits[0]).all())
        about = {"length": array.size} | ({"unit": "ms"} if field == "delay" else {})
        writer.put(group, field, array[:1] if constant else array, about)


def read_synapses(root: Node, file: ReadableFile) -> dict[str, Synapses]:
    synapse_data = {}
    for group in root.member("synapses").members.values():
        columns = []
        for field in Synapses._fields:
            dataset = group.member(field)
            array, length = dataset.read(file), int(dataset.number("length"))
            # A constant one takes no memory, however many the file says that there are.
            columns.append(np.broadcast_to(array, length) if array.shape == (1,) and length > 1 else array)
        if len(lengths := {column.shape for column in columns}) != 1:
            raise Damaged(f"broken: {group.path} has arrays of shapes {sorted(lengths)}, expected equal ones")
        synapse_data[group.text("name")] = Synapses(*columns)
    return synapse_data


def read_extra(root: Node, file: ReadableFile) -> dict[str, Any]:
    extra = _read_json(root.member("extra"), file)
    if not isinstance(extra, dict):
        raise Damaged("broken: /extra is not a JSON object")
    return extra


def _recordings(root: Node, part: str) -> Iterator[tuple[Key, Node]]:
    for of_name in root.member(part).members.values():
        for group in of_name.members.values():
            yield (group.text("name"), group.text("what")), group


def _add_parameter(writer: TreeWriter, group: Node, name: str, value: Any) -> None:
    array = np.asarray(value) if isinstance(value, bool | int | float | np.ndarray | np.generic) else None
    if array is not None and array.dtype.kind in "biuf":
        writer.put(group, _escaped(name), array, {"name": name})
    else:
        _add_json(writer, group, _escaped(name), value, {"name": name})


def _read_parameter(node: Node, file: ReadableFile) -> Any:
    if "encoding" in node.attributes:
        return _read_json(node, file)
    value = node.read(file)
    return value.item() if value.shape == () else value


def _add_json(writer: TreeWriter, group: Node, name: str, value: Any, about: Mapping[str, Any] | None = None) -> None:
    text = json.dumps(value, default=_plain).encode("ascii")
    writer.put(group, name, np.array(text), {**(about or {}), "encoding": "json"})


def _read_json(node: Node, file: ReadableFile) -> Any:
    text = node.read(file)
    if text.shape != () or text.dtype.kind != "S":
        raise Damaged(f"broken: {node.path} is not text, expected JSON")
    return parse_json(text.item())


def _plain(value: Any) -> Any:
    """Convert what json cannot: NumPy objects to lists and numbers, anything else to its text."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _escaped(name: str) -> str:
    escaped = name.replace("%", "%25").replace("/", "%2F")
    return escaped.replace(".", "%2E") if escaped.strip(".") == "" else escaped
