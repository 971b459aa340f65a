"""Networks of point neurons from SONATA's files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.connectivity import Pairs
from spikelearn.description.population import Population, View
from spikelearn.errors import DescriptionError
from spikelearn.interop.sonata.circuit import (
    NULL,
    Config,
    Edges,
    Table,
    enabled,
    members,
    placed,
    read_config,
    read_edges,
    read_nodes,
)
from spikelearn.interop.sonata.models import PointNeuron, check_synapse, template
from spikelearn.io.sonata_files import read_spikes
from spikelearn.network import Network
from spikelearn.results.recorded_data import Spikes
from spikelearn.sources import SpikeList, StepCurrent
from spikelearn.steps import nearest_steps, times_of
from spikelearn.units import Quantity
from spikelearn.values import flag, one_number
from spikelearn.values import path as checked_path

SIMULATORS = {"": 1.0, "NEST": 1.0, "NEURON": 1e3, "CORENEURON": 1e3}
"""target_simulator -> pA in the unit of its currents."""

REPORTS = (None, "multimeter_report", "membrane_report")
"""The modules of reports that are of variables of neurons."""


@dataclass(frozen=True)
class Part:
    """Nodes of one population of SONATA that are one population here. nodes: (k,) their ids, ascending."""

    population: Population
    nodes: np.ndarray
    kind: PointNeuron | None


def from_sonata(
    config: Any, dt: Quantity | None = None, seed: int | None = None, exact: bool = False,
    shortest_delay: Quantity | None = None, reports: bool = True,
) -> Network:  # fmt: skip
    """The network of a SONATA configuration, with its spikes, currents and reports: of a circuit, or of a simulation.

    Point neurons of NEST's models and NEURON's IntFire1 are taken over, with static synapses; virtual nodes are
    SpikeLists. A population of nodes has its name here and its nodes in their order; one with several models is one
    population for each, called "NAME (MODEL)". Of edges that share source, target and sign there is one projection.
    Spikes of neurons are recorded, and what reports ask for. How long to run, tstop, is `sonata_duration(config)`.

    config: path. dt: ms; by default that of the simulation, or 0.1. seed: by default random_seed of the run, or 0.
    exact: for `engine="events"`; times and delays stay as they are. Otherwise spikes of virtual nodes count at the end
    of the step in which they are, and delays are the nearest number of steps, as in NEST. shortest_delay: ms; shorter
    delays become as long, as files for NEURON may need: here they are at least dt. reports: whether they are recorded.
    v_init is the initial potential of all neurons, as SONATA has it (BMTK ignores it for NEST). Currents are in pA, for
    files whose target_simulator is NEURON in nA.
    Raises DescriptionError or RunFileError, naming file and place, for what cannot be taken over. Needs h5py.

    >>> net = sl.Network(dt=0.1)
    >>> cells = net.population(2, sl.LIF(I_e=500.0), name="cells")
    >>> config = net.to_sonata("network", duration=50.0)
    >>> again = sl.from_sonata(config)
    >>> again.run(sl.sonata_duration(config)).t_stop
    50.0
    """
    found = read_config(checked_path(config, "config of from_sonata"))
    run = found.content.get("run", {})
    if found.simulator not in SIMULATORS:
        known = ", ".join(name for name in SIMULATORS if name)
        raise DescriptionError(
            f"{found.path}: target_simulator {found.simulator!r} is not known here; these are: {known}"
        )
    step = one_number(run.get("dt", 0.1) if dt is None else dt, "ms", "dt of from_sonata", above=0.0)
    if run.get("tstart", 0.0):
        raise DescriptionError(f"{found.path}: run: tstart is {run['tstart']}; networks begin at 0 ms here")
    least = None
    if shortest_delay is not None:
        least = one_number(shortest_delay, "ms", "shortest_delay of from_sonata", above=0.0)
    net = Network(dt=step, seed=run.get("random_seed", 0) if seed is None else seed)
    nodes = read_nodes(found)
    spikes = dict(_given_spikes(found, nodes))
    whole = flag(exact, "exact of from_sonata")
    parts = {name: list(_parts(net, found, table, spikes.get(name), whole)) for name, table in nodes.items()}
    for edges in read_edges(found, nodes):
        _connect(net, found, edges, parts, least, whole)
    for name, given in found.content.get("inputs", {}).items():
        if given.get("input_type") == "current_clamp" and enabled(given, f"{found.path}, input {name!r}"):
            _clamp(net, found, name, given, nodes, parts)
    for each in parts.values():
        for part in each:
            if part.kind is not None:
                net.record(part.population)
    for name, given in found.content.get("reports", {}).items() if flag(reports, "reports of from_sonata") else ():
        if enabled(given, f"{found.path}, report {name!r}"):
            _record(net, found, name, given, nodes, parts)
    return net


def sonata_duration(config: Any) -> float:
    """How long a simulation of SONATA runs, ms. Raises DescriptionError if the configuration does not say.

    >>> from pathlib import Path
    >>> size = Path("simulation_config.json").write_text('{"run": {"tstop": 500.0}}')
    >>> sl.sonata_duration("simulation_config.json")
    500.0
    """
    found = read_config(checked_path(config, "config of sonata_duration"))
    run = found.content.get("run", {})
    if "tstop" not in run:
        raise DescriptionError(f"{found.path}: expected run with tstop, as the configuration of a simulation has")
    return one_number(run["tstop"], "ms", f"tstop of {found.path}", above=0.0)


def _parts(net: Network, config: Config, table: Table, spikes: Spikes | None, exact: bool) -> Iterator[Part]:
    """The populations that the nodes of one of SONATA's become."""
    types = table.column("model_type")
    virtual = types == "virtual"
    wrong = ~virtual & ~np.isin(types.astype(str), ("point_process", "point_neuron"))
    none = np.array([each is None for each in types.tolist()], bool)
    if none.any():
        raise DescriptionError(f"{table.where}: expected a model_type of each node; node {np.argmax(none)} has none")
    if wrong.any():
        raise DescriptionError(
            f"{table.where}: node {int(np.argmax(wrong))} has model_type {types[wrong][0]!r}; expected point_process, "
            "point_neuron or virtual: neurons with a morphology cannot be taken over"
        )
    templates = table.column("model_template")
    templates[virtual] = None
    without = np.array([each is None for each in templates.tolist()], bool) & ~virtual
    if without.any():
        node = int(np.argmax(without))
        raise DescriptionError(f"{table.where}: expected a model_template of node {node}, a point neuron")
    kinds = dict.fromkeys(templates.tolist())
    for kind in kinds:
        nodes = np.flatnonzero(virtual if kind is None else templates == kind)
        name = table.name if len(kinds) == 1 else f"{table.name} ({kind or 'virtual'})"
        positions = _positions(table, nodes)
        if kind is None:
            given = _of(spikes, nodes)
            times = given.times if exact else _step_ends(given.times, net.dt)
            with placed(f"{config.path}: inputs: spikes of {table.name!r}"):
                source = SpikeList(times, given.ids)
            yield Part(net.population(len(nodes), source, name, positions=positions), nodes, None)
            continue
        point = template(kind, table.where)
        parameters = point.parameters(_dynamics(config, table, nodes), table.where)
        initial = _initial(config, table, nodes) if point.has_potential else {}
        with placed(table.where):
            made = net.population(len(nodes), point.model(**parameters), name, initial, positions)
        yield Part(made, nodes, point)
    if spikes is not None and not virtual.any():
        raise DescriptionError(f"{config.path}: inputs: spikes of {table.name!r}, whose nodes are not virtual")


def _dynamics(config: Config, table: Table, nodes: np.ndarray) -> dict[str, np.ndarray]:
    """Parameter -> its value for each node: those of the file of nodes, else of the JSON file of their type."""
    files = table.column("dynamics_params")[nodes]
    found: dict[str, np.ndarray] = {}
    for file in dict.fromkeys(files.tolist()):
        if file is None:
            continue
        for name, value in config.component("point_neuron_models_dir", str(file)).items():
            if name != "type" and (isinstance(value, bool) or not isinstance(value, int | float) or value != value):
                raise DescriptionError(
                    f"{table.where}: parameter {name!r} of {file!r}: expected a number, got {value!r:.200}"
                )
            values = found.setdefault(name, np.full(len(nodes), np.nan, object))
            values[files == file] = value
    for name in table.names():
        if name.startswith("dynamics_params/"):
            given = table.column(name)[nodes]
            values = found.setdefault(name.partition("/")[2], np.full(len(nodes), np.nan, object))
            has = np.array([each is not None for each in given.tolist()], bool)
            values[has] = given[has]
    numbers = {}
    for name, values in found.items():
        try:
            numbers[name] = values.astype(np.float64)
        except (TypeError, ValueError):
            if name == "type":
                continue
            raise DescriptionError(f"{table.where}: parameter {name!r}: expected numbers, got {values[0]!r}") from None
        if np.isnan(numbers[name]).any():
            raise DescriptionError(
                f"{table.where}: parameter {name!r} is given for some nodes of a model only; give it for all of them"
            )
    return numbers


def _initial(config: Config, table: Table, nodes: np.ndarray) -> dict[str, Any]:
    """V_m of each node, if v_init says it: of the nodes, or of the conditions."""
    given = config.content.get("conditions", {}).get("v_init")
    values = table.numbers("v_init")[nodes]
    if given is not None:
        given = one_number(given, "mV", f"{config.path}: conditions: v_init")
    values = np.where(np.isnan(values), np.nan if given is None else given, values)
    if np.isnan(values).all():
        return {}
    if np.isnan(values).any():
        raise DescriptionError(f"{table.where}: v_init is given for some nodes only; give it for all of them")
    return {"V_m": float(values[0]) if (values == values[0]).all() else values}


def _positions(table: Table, nodes: np.ndarray) -> np.ndarray | None:
    """(k, 1 to 3) coordinates, if nodes have x, perhaps y, and z."""
    axes = [table.numbers(axis)[nodes] for axis in "xyz" if axis in table.names()]
    return np.stack(axes, axis=1) if axes and not np.isnan(axes).any() and len(nodes) else None


def _given_spikes(config: Config, nodes: Mapping[str, Table]) -> Iterator[tuple[str, Spikes]]:
    """Population -> all spikes that inputs give its nodes; a file may have those of others, as in SONATA's examples."""
    found: dict[str, list[Spikes]] = {}
    for name, given in config.content.get("inputs", {}).items():
        where = f"{config.path}, input {name!r}"
        kind = given.get("input_type")
        if not enabled(given, where) or kind == "current_clamp":
            continue
        if kind != "spikes" or str(given.get("module")).lower() not in ("h5", "hdf5", "sonata"):
            raise DescriptionError(
                f"{where}: input_type {kind!r} with module {given.get('module')!r} cannot be taken over; expected "
                "spikes with module h5 or sonata, or current_clamp"
            )
        wanted = members(config, nodes, given.get("node_set"), where)
        file = given.get("input_file")
        there = read_spikes(file, next(iter(wanted)))
        if there and not there.keys() & wanted.keys():
            raise DescriptionError(
                f"{where}: {file} has spikes of {', '.join(there)}, and its node_set is of {', '.join(wanted)}"
            )
        for population, spikes in there.items():
            if population in wanted:
                keep = np.isin(spikes.ids, wanted[population])
                found.setdefault(population, []).append(Spikes(spikes.times[keep], spikes.ids[keep]))
    for population, parts in found.items():
        times, ids = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        order = np.lexsort((ids, times))
        yield population, Spikes(times[order], ids[order])


def _of(spikes: Spikes | None, nodes: np.ndarray) -> Spikes:
    """Those of some nodes, with their indices among these."""
    if spikes is None:
        return Spikes(np.zeros(0), np.zeros(0, np.int32))
    keep = np.isin(spikes.ids, nodes)
    return Spikes(spikes.times[keep], np.searchsorted(nodes, spikes.ids[keep]).astype(np.int32))


def _step_ends(times: np.ndarray, dt: float) -> np.ndarray:
    """The ends of the steps in which times are: step k is ((k - 1) dt, k dt]."""
    nearest, fits = nearest_steps(times, dt)
    return np.asarray(times_of(np.where(fits, nearest, np.ceil(times / dt)), dt), np.float64)


def _connect(
    net: Network, config: Config, edges: Edges, parts: Mapping[str, list[Part]], least: float | None, exact: bool
) -> None:
    """The projections that a population of edges becomes: one for each source, target and port."""
    table = edges.table
    for what in ("model_template", "weight_function"):
        for value, _ in table.choices(what):
            check_synapse(what, value, table.where)
    weights, delays = _weights(config, table), table.numbers("delay")
    alone = len(parts[edges.source]) == len(parts[edges.target]) == 1
    for target in parts[edges.target]:
        to = np.isin(edges.target_ids, target.nodes)
        if target.kind is None and to.any():
            raise DescriptionError(f"{table.where}: its targets are virtual nodes of {edges.target!r}")
        for source in parts[edges.source]:
            between = to & np.isin(edges.source_ids, source.nodes)
            if target.kind is None or not between.any():
                continue
            ports = _ports(target.kind, weights, table.where)
            for port, (of_port, factor) in ports.items():
                chosen = np.flatnonzero(between & of_port)
                if not len(chosen):
                    continue
                late = np.where(np.isnan(delays[chosen]), target.kind.delay, delays[chosen])
                if np.isnan(late).any():
                    raise DescriptionError(f"{table.where}: expected a delay of each edge")
                if least is not None:
                    late = np.maximum(late, least)
                steps = late / net.dt if exact else np.rint(late / net.dt)
                if not (steps > 1.0 - 1e-9).all():
                    k = int(np.argmin(steps))
                    raise DescriptionError(
                        f"{table.where}: edge {chosen[k]} has a delay of {late[k]:g} ms; expected at least one step "
                        f"(dt = {net.dt:g} ms), as shortest_delay={net.dt:g} makes it"
                    )
                if not exact:
                    late = times_of(np.rint(late / net.dt), net.dt)
                rule = Pairs(
                    np.searchsorted(source.nodes, edges.source_ids[chosen]),
                    np.searchsorted(target.nodes, edges.target_ids[chosen]),
                )
                to_port = f"{source.population.name} to {port} of {target.population.name}"
                one_port = alone and bool(of_port[between].all())
                with placed(table.where):
                    net.connect(
                        source.population, target.population, port, rule, weight=_one(weights[chosen] * factor),
                        delay=_one(late), name=table.name if one_port else f"{table.name} ({to_port})",
                    )  # fmt: skip


def _weights(config: Config, table: Table) -> np.ndarray:
    """The weight of each edge in the file: syn_weight times the number of synapses and the sign of its dynamics."""
    weights = table.numbers("syn_weight")
    if np.isnan(weights).any():
        none = int(np.argmax(np.isnan(weights)))
        raise DescriptionError(f"{table.where}: expected a syn_weight of each edge; edge {none} has none")
    counts = table.numbers("nsyns")
    wrong = np.flatnonzero((counts < 0) | (counts % 1 > 0))
    if len(wrong):
        raise DescriptionError(
            f"{table.where}: expected whole numbers as nsyns, got {counts[wrong[0]]:g} of edge {wrong[0]}"
        )
    weights = weights * np.where(np.isnan(counts), 1.0, counts)
    for file, mine in table.choices("dynamics_params"):
        given = {} if file in NULL else config.component("synaptic_models_dir", str(file))
        if unknown := set(given) - {"sign", "level_of_detail"}:
            raise DescriptionError(f"{table.where}: parameters {sorted(unknown)} of {file!r} cannot be taken over")
        weights[mine] *= float(given.get("sign", 1.0))
    if own := [name for name in table.names() if name.startswith("dynamics_params/")]:
        raise DescriptionError(f"{table.where}: parameters of each edge cannot be taken over: {', '.join(own)}")
    return weights


def _ports(kind: PointNeuron, weights: np.ndarray, where: str) -> dict[str, tuple[np.ndarray, float]]:
    """Port -> which edges end there, and by how much their weights are multiplied."""
    if len(kind.ports) == 1:
        [(port, (_, factor))] = kind.ports.items()
        return {port: (np.ones(len(weights), bool), factor)}
    signs = {sign: (port, factor) for port, (sign, factor) in kind.ports.items()}
    if set(signs) != {1, -1}:
        raise DescriptionError(f"{where}: which port of {kind.model.name} edges end at cannot be told")
    (positive, up), (negative, down) = signs[1], signs[-1]
    return {positive: (weights >= 0, up), negative: (weights < 0, down)}


def _clamp(
    net: Network, config: Config, name: str, given: Mapping[str, Any], nodes: Mapping[str, Table],
    parts: Mapping[str, list[Part]],
) -> None:  # fmt: skip
    where = f"{config.path}, input {name!r}"
    amp, delay, duration = (one_number(given.get(what), unit, f"{where}: {what}") for what, unit in (
        ("amp", "1"), ("delay", "ms"), ("duration", "ms"))
    )  # fmt: skip
    if given.get("module") not in (None, "IClamp"):
        raise DescriptionError(f"{where}: module {given['module']!r} cannot be taken over, only IClamp")
    pA = amp * SIMULATORS[config.simulator]
    for view, kind in _views(members(config, nodes, given.get("node_set"), where), parts):
        if kind is None or not kind.has_potential:
            raise DescriptionError(f"{where}: nodes of {view.name!r} take no current")
        with placed(where):
            net.drive(view, StepCurrent([delay, delay + duration], [pA, 0.0]))


def _record(
    net: Network, config: Config, name: str, given: Mapping[str, Any], nodes: Mapping[str, Table],
    parts: Mapping[str, list[Part]],
) -> None:  # fmt: skip
    where = f"{config.path}, report {name!r}"
    variable = str(given.get("variable_name"))
    if given.get("module") not in REPORTS:
        known = ", ".join(each for each in REPORTS if each)
        raise DescriptionError(f"{where}: module {given['module']!r} cannot be taken over; these can: {known}")
    begin = one_number(given.get("start_time", 0.0), "ms", f"{where}: start_time")
    end = one_number(given.get("end_time", np.finfo(float).max), "ms", f"{where}: end_time")
    if begin > 0.0 or end < config.content.get("run", {}).get("tstop", 0.0):
        raise DescriptionError(f"{where}: from {begin:g} to {end:g} ms: a report is of the whole run here")
    for view, kind in _views(members(config, nodes, given.get("cells"), where), parts):
        if kind is None or variable not in kind.variables:
            known = "none" if kind is None else ", ".join(kind.variables)
            raise DescriptionError(f"{where}: {variable!r} of {view.name!r} cannot be recorded; what can: {known}")
        with placed(where):
            net.record(view, kind.variables[variable], every=given.get("dt"), name=name)


def _views(
    chosen: Mapping[str, np.ndarray], parts: Mapping[str, list[Part]]
) -> Iterator[tuple[Population | View, PointNeuron | None]]:
    """The nodes that are chosen, as populations or views of them."""
    for name, ids in chosen.items():
        for part in parts[name]:
            mine = np.flatnonzero(np.isin(part.nodes, ids))
            if len(mine):
                yield part.population if len(mine) == len(part.nodes) else part.population[mine], part.kind


def _one(values: np.ndarray) -> Any:
    """One number if all are equal."""
    return float(values[0]) if (values == values[0]).all() else values
