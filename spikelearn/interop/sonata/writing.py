"""Networks of point neurons to SONATA's files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn.backends.nest.neurons import check_sign, mapping_of, neuron_parameters
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Drive, Projection
from spikelearn.description.recording import Recording
from spikelearn.engine.lowering.block_arrays import initial_values
from spikelearn.errors import DescriptionError
from spikelearn.extras import needed
from spikelearn.interop.sonata.models import file_name, nest_models
from spikelearn.io.hdf5_file import explained
from spikelearn.io.sonata_files import named, new_file, write_spikes
from spikelearn.network import Network
from spikelearn.neurons import Neuron
from spikelearn.results.recorded_data import Spikes
from spikelearn.results.run import Run
from spikelearn.sources import SpikeList, StepCurrent
from spikelearn.steps import times_of
from spikelearn.values import one_number
from spikelearn.values import path as checked_path

_CANNOT = "cannot be written to SONATA's files"

CONFIGS = ("simulation_config.json", "circuit_config.json")


def write(net: Network, folder: Any, duration: Any = None, run: Run | None = None) -> Path:
    """Write a network: see Network.to_sonata."""
    h5py, where = needed("h5py", "networks of SONATA", "sonata"), checked_path(folder, "folder of to_sonata")
    if run is not None and not isinstance(run, Run):
        raise DescriptionError(f"run of to_sonata: expected a Run, got {run!r:.200}")
    if duration is None and run is None:
        raise DescriptionError("to_sonata: expected a duration in ms, how long the simulation is, or a run")
    until = run.t_stop if duration is None and run is not None else one_number(duration, "ms", "duration", above=0.0)
    d = net.description().switched_on
    _check(d)
    sources = {p.name: _source_spikes(p, run) for p in d.populations if not isinstance(p.model, Neuron)}
    clamps = [_clamps(drive, until) for drive in d.drives]
    reports = [_report(recording, d.dt) for recording in d.recordings if not recording.events]
    edges = {p.name: _edges(net, p, d) for p in d.projections}
    with explained(where, "cannot be written"):
        for each in ("", "network", "components/point_neurons", "components/synapses", "inputs"):
            (where / each).mkdir(exist_ok=True, parents=each != "")
        for each in CONFIGS:  # written last: files of two networks, if this is interrupted, are none
            (where / each).unlink(missing_ok=True)
    for k, population in enumerate(d.populations):
        _write_nodes(h5py, where, k, population, d)
    for k, (name, (projection, columns)) in enumerate(edges.items()):
        _write_edges(h5py, where, k, name, projection, columns)
    if sources:
        write_spikes(h5py, where / "inputs" / "spikes.h5", sources)
    return _write_configs(where, d, until, list(sources), clamps, reports)


def _check(d: NetworkDescription) -> None:
    """Raise DescriptionError for what SONATA cannot say of a whole network."""
    parts: dict[str, Sequence[Any]] = {
        "modulators": d.modulators, "releases": d.releases, "callbacks": d.callbacks, "homeostasis": d.homeostases,
        "signals": d.signals, "environments": d.worlds,
    }  # fmt: skip
    for what, found in parts.items():
        if found:
            raise DescriptionError(f"to_sonata: {what} {_CANNOT}: {found[0]!r:.200}")
    for population in d.populations:
        what = f"to_sonata: population {population.name!r} ({population.model_name})"
        if not isinstance(population.model, Neuron):
            if population.model.__class__ is SpikeList and population.model.payloads:
                raise DescriptionError(f"{what}: spikes with values {_CANNOT}")
            continue
        if file_name(population.model) is None:
            known = ", ".join(model.name for model in nest_models().values())
            raise DescriptionError(f"{what} {_CANNOT}; models that can: {known}")
        if population.model.timed:
            raise DescriptionError(f"{what}: parameters that change in time {_CANNOT}: {population.model.timed[0][0]}")
        if other := [name for name in population.initial if name != "V_m"]:
            raise DescriptionError(f"{what}: initial {other[0]} {_CANNOT}, only V_m")


def _source_spikes(population: Population, run: Run | None) -> Spikes:
    """The spikes of a source: those of its list, or those that a run recorded from all of it."""
    if isinstance(population.model, SpikeList):
        order = np.lexsort((population.model.ids, population.model.times))
        return Spikes(population.model.times[order], population.model.ids[order].astype(np.int32))
    what = f"to_sonata: population {population.name!r} ({population.model_name})"
    if run is None:
        raise DescriptionError(
            f"{what}: SONATA's sources are lists of spikes; give run=, a run in which its spikes were recorded"
        )
    found = run.spikes(population.name)
    neurons = getattr(found, "neurons", None)
    if neurons is None or len(neurons) != population.size:
        raise DescriptionError(
            f"{what}: the run has spikes of some of its {population.size:,} neurons only, not of all"
        )
    return Spikes(found.times, found.ids)


def _clamps(drive: Drive, until: float) -> tuple[Drive, list[dict[str, float]]]:
    """A current that changes at times, as clamps one after the other."""
    source, what = drive.source, f"to_sonata: {drive!r}"
    if not isinstance(source, StepCurrent) or source.averaged:
        raise DescriptionError(f"{what} {_CANNOT}, only StepCurrent")
    if source.values.shape[1] != 1:
        raise DescriptionError(
            f"{what}: a current of its own for each neuron {_CANNOT}; drive views, one after the other"
        )
    ends = np.append(source.times[1:], max(until, float(source.times[-1])))
    return drive, [
        {"amp": float(value), "delay": float(begin), "duration": float(end - begin)}
        for begin, end, value in zip(source.times, ends, source.values[:, 0], strict=True)
        if value != 0.0 and end > begin
    ]


def _report(recording: Recording, dt: float) -> tuple[Recording, dict[str, Any]]:
    """What SONATA says of a recording of a variable."""
    what = f"to_sonata: {recording!r}"
    if not isinstance(recording.of, Population) or recording.at:
        raise DescriptionError(f"{what} {_CANNOT}, only variables of neurons; net.remove(recording) leaves it out")
    variables = mapping_of(recording.of).variables
    if recording.variable not in variables:
        known = ", ".join(variables)
        raise DescriptionError(f"{what} {_CANNOT}; of {recording.of.model_name} these can: {known}")
    report = {
        "variable_name": variables[recording.variable],
        "dt": float(times_of(recording.every, dt)),
        "enabled": True,
    }
    return recording, {**report, "module": "multimeter_report", "sections": "soma"}


def _edges(net: Network, projection: Projection, d: NetworkDescription) -> tuple[Projection, dict[str, np.ndarray]]:
    """The synapses of a projection as columns of edges."""
    what = f"to_sonata: projection {projection.name!r}"
    target = projection.receiver
    if target is None:
        raise DescriptionError(f"{what}: one to a modulator {_CANNOT}")
    if projection.learns or projection.transmits:
        raise DescriptionError(f"{what}: plasticity {_CANNOT}; connect with plastic=False")
    if projection.synapse is not None:
        raise DescriptionError(f"{what}: synapses other than static ones {_CANNOT}: {projection.synapse!r:.100}")
    if projection.on != "spike" or projection.payload:
        raise DescriptionError(f"{what}: only spikes can be transmitted, without values, got on={projection.on!r}")
    ports = mapping_of(target).ports
    if projection.port not in ports or ports[projection.port].receptor or ports[projection.port].weightless:
        raise DescriptionError(f"{what}: port {projection.port!r} of {target.model_name} {_CANNOT}")
    # A network that has not run is not built for this, which would choose its engine.
    as_made = net._backend is None and not net.weights_were_set
    found = projection.synapses() if as_made else net.synapses(projection)
    weights = np.asarray(found.weight * ports[projection.port].scale(d.dt), np.float64)
    check_sign(target, projection.port, weights, what)
    return projection, {
        "source": np.asarray(found.pre, np.uint64), "target": np.asarray(found.post, np.uint64), "syn_weight": weights,
        "delay": np.asarray(found.delay, np.float64),
    }  # fmt: skip


def _write_nodes(h5py: Any, folder: Path, k: int, population: Population, d: NetworkDescription) -> None:
    n = population.size
    row: dict[str, Any] = {"node_type_id": k, "population": population.name, "model_type": "virtual"}
    each: dict[str, np.ndarray] = {}
    if isinstance(population.model, Neuron):
        given = neuron_parameters(population, d.dt)
        name = f"{k}.json"
        numbers = {parameter: value for parameter, value in given.items() if not isinstance(value, list)}
        _write_json(folder / "components" / "point_neurons" / name, numbers)
        row |= {"model_type": "point_neuron", "model_template": file_name(population.model), "dynamics_params": name}
        each |= {f"dynamics_params/{name}": np.array(value) for name, value in given.items() if isinstance(value, list)}
        each["v_init"] = initial_values(population, d.seed).get("V_m", np.zeros(n))
    if population.positions is not None:
        each |= {
            axis: population.positions[:, j]
            for j, axis in zip(range(population.positions.shape[1]), "xyz", strict=False)
        }
    with new_file(h5py, folder / "network" / f"{k}_nodes.h5") as file:
        group = file.create_group(f"nodes/{named(population.name)}")
        group["node_id"] = np.arange(n, dtype=np.uint64)
        _add_group(group, "node", k, n, each)
    _write_types(folder / "network" / f"{k}_node_types.csv", row)


def _write_edges(
    h5py: Any, folder: Path, k: int, name: str, projection: Projection, columns: Mapping[str, np.ndarray]
) -> None:
    assert projection.receiver is not None
    ends = {"source": projection.source.name, "target": projection.receiver.name}
    row = {"edge_type_id": k, "population": name, "model_template": "static_synapse", "dynamics_params": "static.json"}
    each = {what: values for what, values in columns.items() if what not in ends}
    row |= {what: values[0] for what, values in each.items() if len(values) and (values == values[0]).all()}
    with new_file(h5py, folder / "network" / f"{k}_edges.h5") as file:
        group = file.create_group(f"edges/{named(name)}")
        for end, of in ends.items():
            group[f"{end}_node_id"] = columns[end]
            group[f"{end}_node_id"].attrs["node_population"] = named(of)
        _add_group(group, "edge", k, len(columns["source"]), {what: each[what] for what in each if what not in row})
    _write_types(folder / "network" / f"{k}_edge_types.csv", row)
    _write_json(folder / "components" / "synapses" / "static.json", {})


def _add_group(group: Any, of: str, type_id: int, n: int, attributes: Mapping[str, np.ndarray]) -> None:
    group[f"{of}_type_id"] = np.full(n, type_id, np.uint64)
    group[f"{of}_group_id"] = np.zeros(n, np.uint32)
    group[f"{of}_group_index"] = np.arange(n, dtype=np.uint64)
    own = group.create_group("0")
    for name, values in attributes.items():
        own[name] = values


def _write_configs(
    folder: Path, d: NetworkDescription, until: float, sources: Sequence[str],
    clamps: Sequence[tuple[Drive, list[dict[str, float]]]], reports: Sequence[tuple[Recording, dict[str, Any]]],
) -> Path:  # fmt: skip
    sets: dict[str, Any] = {}
    inputs: dict[str, Any] = {
        f"spikes of {name}": {
            "input_type": "spikes", "module": "h5", "input_file": "$INPUT_DIR/spikes.h5",
            "node_set": _set_of(sets, f"all of {name}", name, None),
        }
        for name in sources
    }  # fmt: skip
    for k, (drive, pieces) in enumerate(clamps):
        ids = np.arange(drive.first, drive.first + drive.size) if drive.ids is None else drive.ids
        chosen = _set_of(sets, f"driven {k}", drive.target.name, ids if len(ids) < drive.target.size else None)
        for j, piece in enumerate(pieces):
            inputs[f"current {k}.{j}"] = {
                "input_type": "current_clamp",
                "module": "IClamp",
                "node_set": chosen,
                **piece,
            }
    written = {}
    for k, (recording, report) in enumerate(reports):
        some = recording.ids if len(recording.ids) < recording.of.size else None
        cells = _set_of(sets, f"recorded {k}", recording.of.name, some)
        name = recording.name if recording.name and not recording.unnamed else ""
        written[name if name and name not in written else f"{recording.key} of {recording.of.name}"] = {
            "cells": cells,
            **report,
        }
    # libsonata opens the populations that are listed here.
    nodes = [
        {
            "nodes_file": f"$NETWORK_DIR/{k}_nodes.h5", "node_types_file": f"$NETWORK_DIR/{k}_node_types.csv",
            "populations": {named(p.name): {"type": "point_neuron" if isinstance(p.model, Neuron) else "virtual"}},
        }
        for k, p in enumerate(d.populations)
    ]  # fmt: skip
    edges = [
        {
            "edges_file": f"$NETWORK_DIR/{k}_edges.h5", "edge_types_file": f"$NETWORK_DIR/{k}_edge_types.csv",
            "populations": {named(p.name): {"type": "chemical"}},
        }
        for k, p in enumerate(d.projections)
    ]  # fmt: skip
    _write_json(folder / "circuit_config.json", {
        "manifest": {"$BASE_DIR": ".", "$NETWORK_DIR": "$BASE_DIR/network", "$COMPONENT_DIR": "$BASE_DIR/components"},
        "components": {
            "point_neuron_models_dir": "$COMPONENT_DIR/point_neurons", "synaptic_models_dir": "$COMPONENT_DIR/synapses",
        },
        "networks": {"nodes": nodes, "edges": edges},
    })  # fmt: skip
    _write_json(folder / "node_sets.json", sets)
    path = folder / "simulation_config.json"
    _write_json(path, {
        "manifest": {"$BASE_DIR": ".", "$OUTPUT_DIR": "$BASE_DIR/output", "$INPUT_DIR": "$BASE_DIR/inputs"},
        "network": "$BASE_DIR/circuit_config.json",
        "target_simulator": "NEST",
        "run": {"tstop": until, "dt": d.dt, "random_seed": d.seed},
        "node_sets_file": "$BASE_DIR/node_sets.json",
        "inputs": inputs,
        "output": {"output_dir": "$OUTPUT_DIR", "spikes_file": "spikes.h5", "spikes_sort_order": "by_time"},
        "reports": written,
    })  # fmt: skip
    return path


def _set_of(sets: dict[str, Any], name: str, population: str, ids: np.ndarray | None) -> str:
    """A set of nodes, all of a population or some of them, by its name."""
    sets[name] = {"population": named(population)} | ({} if ids is None else {"node_id": ids.tolist()})
    return name


def _write_types(path: Path, row: Mapping[str, Any]) -> None:
    with explained(path, "cannot be written"), open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row), delimiter=" ")
        writer.writeheader()
        writer.writerow(
            {name: repr(float(value)) if isinstance(value, np.floating) else value for name, value in row.items()}
        )


def _write_json(path: Path, content: Any) -> None:
    with explained(path, "cannot be written"):
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
