"""A network of SONATA's files in NEST, built as BMTK's PointNet builds it, but that it begins at v_init."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def rows(path: Path, key: str) -> dict[int, dict[str, str]]:
    with open(path, newline="") as file:
        return {int(row[key]): row for row in csv.DictReader(file, delimiter=" ")}


def in_nest(
    nest: Any, folder: Path, models: Path, every: float | None = None, until: float | None = None
) -> dict[str, tuple[np.ndarray, ...]]:
    """Population -> (times, ids) of spikes, and (times, (T, n)) of potentials, of the network in a folder.

    every: ms between two samples; by default each step. until: ms; by default the end of the simulation.
    """
    simulation = json.loads((folder / "simulation_config.json").read_text())
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = simulation["run"]["dt"]
    nodes: dict[str, Any] = {}
    targets: dict[str, np.ndarray] = {}
    for path in sorted((folder / "network").glob("*_nodes.h5")):
        with h5py.File(path) as file:
            [(name, group)] = file["nodes"].items()
            types = group["node_type_id"][:]
        table = rows(Path(str(path).replace("_nodes.h5", "_node_types.csv")), "node_type_id")
        made = []
        for each in types.tolist():
            row = table[each]
            if row["model_type"] == "virtual":
                made.append(nest.Create("spike_generator", params={"precise_times": True}))
            else:
                given = json.loads((models / row["dynamics_params"]).read_text())
                given["V_m"] = float(simulation["conditions"]["v_init"])
                made.append(nest.Create(row["model_template"].removeprefix("nest:"), params=given))
        nodes[name] = made
        targets[name] = np.array([table[each].get("ei") for each in types.tolist()])
    for given in simulation["inputs"].values():
        if given["input_type"] == "current_clamp":
            # A generator's current reaches neurons one step after its time.
            times = np.array([given["delay"], given["delay"] + given["duration"]]) - nest.resolution
            clamp = nest.Create("step_current_generator")
            clamp.set(amplitude_times=times, amplitude_values=[given["amp"], 0.0])
            [(name, made)] = nodes.items()
            wanted = json.loads((folder / "node_sets.json").read_text())[given["node_set"]]
            for k, node in enumerate(made):
                if "ei" not in wanted or targets[name][k] == wanted["ei"]:
                    nest.Connect(clamp, node, syn_spec={"delay": nest.resolution})
            continue
        path = next(folder.rglob(Path(given["input_file"]).name))
        with h5py.File(path) as file:
            spikes = {"times": file["spikes/timestamps"][:], "ids": file["spikes/gids"][:]}
        for k, node in enumerate(nodes[given["node_set"]]):
            node.set(spike_times=np.sort(spikes["times"][spikes["ids"] == k]))
    for path in sorted((folder / "network").glob("*_edges.h5")):
        table = rows(Path(str(path).replace("_edges.h5", "_edge_types.csv")), "edge_type_id")
        with h5py.File(path) as file:
            [group] = file["edges"].values()
            ends = [group[f"{end}_node_id"] for end in ("source", "target")]
            source, target = (each.attrs["node_population"] for each in ends)
            weights = [float(table[each].get("syn_weight") or np.nan) for each in group["edge_type_id"][:].tolist()]
            weights = group["0/syn_weight"][:] if "syn_weight" in group["0"] else np.array(weights)
            weights = weights * (group["0/nsyns"][:] if "nsyns" in group["0"] else 1)
            delays = np.array([float(table[each].get("delay") or 1.0) for each in group["edge_type_id"][:].tolist()])
            pairs = (
                nodes[end][k].global_id for end, ids in ((source, ends[0]), (target, ends[1])) for k in ids[:].tolist()
            )
            numbers = np.fromiter(pairs, int).reshape(2, -1)
        nest.Connect(
            numbers[0], numbers[1], "one_to_one",
            {"synapse_model": "static_synapse", "weight": weights, "delay": delays},
        )  # fmt: skip
    recorded = {}
    for name, made in nodes.items():
        if "spike_generator" in str(made[0].get("model")):
            continue
        recorder, meter = nest.Create("spike_recorder"), nest.Create("multimeter")
        meter.set(record_from=["V_m"], interval=every or nest.resolution)
        for node in made:
            nest.Connect(node, recorder)
            nest.Connect(meter, node)
        recorded[name] = (recorder, meter, made[0].global_id, len(made))
    nest.Simulate(until or simulation["run"]["tstop"])
    found = {}
    for name, (recorder, meter, first, n) in recorded.items():
        spikes, samples = recorder.events, meter.events
        order = np.lexsort((spikes["senders"], spikes["times"]))
        order_of_samples = np.lexsort((samples["senders"], samples["times"]))
        values = samples["V_m"][order_of_samples].reshape(-1, n)
        times = samples["times"][order_of_samples].reshape(-1, n)[:, 0]
        found[name] = (spikes["times"][order], spikes["senders"][order] - first, times, values)
    return found
