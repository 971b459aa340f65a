"""A NIR graph of a network."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.block_arrays import initial_values
from spikelearn.errors import DescriptionError
from spikelearn.interop.nir.cells import SAID, native_kind, values_of
from spikelearn.interop.nir.graph import NIROrigin, flat, kind_of, nir_package
from spikelearn.interop.nir.reading import Reading
from spikelearn.network import Network
from spikelearn.neurons import LIF, LIFDelta, Neuron
from spikelearn.results.run import Synapses

CARRIED = {"LI": "y", "I": "y", "CubaLI": "V_m"}
"""The variable that the events of a node's population carry, if they are not spikes."""


def to_nir(net: Network) -> Any:
    """The NIRGraph of a network: see `Network.to_nir`."""
    return _Writing(net).graph()


class _Writing:
    """nodes, edges: of the graph while it is made. known: populations and projections that a graph is the origin of."""

    def __init__(self, net: Network) -> None:
        self.nir, self.net = nir_package(), net
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.known: set[str] = set()
        self.biases: dict[str, Any] = {}

    def graph(self) -> Any:
        net, origin = self.net, self.net.origin
        origin = origin if isinstance(origin, NIROrigin) else None
        _check_parts(net, origin)
        if origin is not None:
            self._take_over(origin)
        added = [each for each in net.populations.values() if each.name not in self.known]
        new = [each for each in net.projections.values() if each.name not in self.known]
        for population in added:
            self._add_population(population)
        for projection in new:
            self._add_projection(projection)
        for name, bias in self.biases.items():
            self._add_bias(name, bias)
        self._add_outputs(added)
        metadata = {} if origin is None else copy.deepcopy(origin.graph.metadata)
        return self.nir.NIRGraph(self.nodes, self.edges, metadata=metadata, type_check=False)

    # A network that was read from NIR: its graph, with what has changed since

    def _take_over(self, origin: NIROrigin) -> None:
        net = self.net
        graph = copy.deepcopy(origin.graph)
        self.nodes, self.edges = graph.nodes, list(graph.edges)
        inner = flat(graph).nodes
        again = Reading(copy.deepcopy(origin.graph), Network(net.dt), origin.method)
        again.network({name: np.zeros((1, _size(inner[name]))) for name, of in origin.inputs.items() if not of})
        kept = {drive.target.name for drive in net.description().drives if drive.uid in origin.drives}
        for drive in again.net._drives:
            if drive.target.name not in kept:
                raise DescriptionError(
                    f"to_nir: the current of population {drive.target.name!r} was removed, which is the bias of a node "
                    "or v_leak of its own; set that in the graph"
                )
        euler = origin.method == "euler"
        scaled = {}
        for name, cell in again.cells.items():
            self.known.add(name)
            population, was = net.populations[name], cell.neuron
            kind, now = kind_of(inner[name]), population.model
            first = again.net.populations[name]
            _check_initial(population, {each: initial_values(first, 0)[each] for each in first.initial})
            if now != was and kind != "Output" and native_kind(now, f"to_nir: population {name!r}") != kind:
                raise DescriptionError(
                    f"to_nir: population {name!r} was node {name!r} ({kind}) and is now a "
                    f"{native_kind(now, f'population {name!r}')}; make a new population for that"
                )
            if now != was:
                _check_said(name, kind, now, was)
                _put(inner[name], values_of(kind, now, net.dt, euler), values_of(kind, was, net.dt, euler))
                scale = _per_weight(population, "exc", net.dt) if now.model is LIFDelta else cell.per_weight
                if np.any(np.asarray(scale) != np.asarray(cell.per_weight)):
                    scaled[name] = scale
        written = net._weights_given_or_written()
        used = [node for path, _ in again.made.values() for node in path.through]
        for name, (path, target) in again.made.items():
            self.known.add(name)
            mine, theirs = net.projections[name], again.net.projections[name]
            if not _same_delays(mine, theirs):
                raise DescriptionError(f"to_nir: the delay of projection {name!r} was changed; set it in the graph")
            if name not in written and target not in scaled:
                continue
            weighted = [node for node in path.through if kind_of(inner[node]) not in ("Flatten", "Delay")]
            own = len(weighted) == 1 and kind_of(inner[weighted[0]]) in ("Linear", "Affine")
            fits = own and np.size(inner[weighted[0]].weight) == path.map.n_pre * path.map.n_post
            if not fits or used.count(weighted[0]) > 1:
                raise DescriptionError(
                    f"to_nir: weights of projection {name!r} were changed, or the time constant of its target; that "
                    f"can be said where they are one Linear or Affine of their own, not {' and '.join(weighted)!r}"
                )
            scale = np.broadcast_to(scaled.get(target, again.cells[target].per_weight), path.map.n_post)
            _put_weights(inner[weighted[0]], net.synapses(mine), path, scale)
        self.known.update(name for name in origin.inputs.values() if name)

    # Populations and projections that were added

    def _free(self, wanted: str) -> str:
        """A name for a node that nothing else has."""
        _check_name(wanted)
        name, k = wanted, 2
        while name in self.nodes or name in self.net.populations:
            name, k = f"{wanted}_{k}", k + 1
        return name

    def _add_population(self, population: Population) -> None:
        nir, name, n = self.nir, population.name, population.size
        where = f"to_nir: population {name!r}"
        _check_name(name)
        if name in self.nodes:
            raise DescriptionError(f"{where}: a node of the graph has this name already")
        neuron = population.model
        if not isinstance(neuron, Neuron):
            self.nodes[name] = nir.Input(np.array([n]))
            return
        kind = native_kind(neuron, where)
        if np.any(np.asarray(getattr(neuron.parameters, "sequential", 0.0)) != 0.0):
            raise DescriptionError(f"{where}: sequential is 1; NIR has no methods of integration: expected 0")
        _check_initial(population, {})
        values = values_of(kind, neuron, self.net.dt, False)
        self.nodes[name] = getattr(nir, kind)(**{key: np.broadcast_to(v, n) * 1.0 for key, v in values.items()})
        current = getattr(neuron.parameters, "I_e", 0.0)
        if np.any(np.asarray(current) != 0.0):
            self.biases[name] = np.broadcast_to(current, n) * 1.0

    def _add_projection(self, projection: Projection) -> None:
        where, dt = f"to_nir: projection {projection.name!r}", self.net.dt
        _check_static(projection, where)
        source, target = projection.source, projection.receiver
        assert target is not None
        for end in (source, target):
            if end.name not in self.nodes:
                raise DescriptionError(f"{where}: {end.name!r} is in a subgraph, to which no edge can lead")
        if kind_of(self.nodes[source.name]) == "Output":
            raise DescriptionError(f"{where}: {source.name!r} is an Output of the graph, from which no edge can lead")
        carried = CARRIED.get(kind_of(self.nodes[source.name]), "")
        if (projection.on, projection.payload) != (("rate", carried) if carried else ("spike", "")):
            carries = f"'rate', payload={carried!r}" if carried else "'spike' without payload"
            raise DescriptionError(f"{where}: expected on={carries}, got {projection.on!r}, {projection.payload!r}")
        synapses = self.net.synapses(projection)
        delays, before = _delays(synapses, source.size, target.size, dt, where)
        scale = _per_weight(target, projection.port, dt)
        try:
            matrix = np.zeros((target.size, source.size))
        except MemoryError:
            raise DescriptionError(
                f"{where}: a Linear of NIR has a weight for each pair, here {target.size:,} x {source.size:,}, for "
                "which there is no memory"
            ) from None
        np.add.at(matrix, (synapses.post, synapses.pre), synapses.weight / scale[synapses.post])
        linear = self._free(projection.name)
        # a Delay after the matrix would also delay the bias
        bias = self.biases.pop(target.name, None) if delays is None or before else None
        self.nodes[linear] = self.nir.Linear(matrix) if bias is None else self.nir.Affine(matrix, bias)
        chain = [source.name, linear, target.name]
        if delays is not None:
            delay = self._free(f"delay of {projection.name}")
            self.nodes[delay] = self.nir.Delay(delays / 1e3)
            chain.insert(1 if before else 2, delay)
        self.edges += list(zip(chain, chain[1:], strict=False))

    def _add_bias(self, name: str, bias: np.ndarray) -> None:
        """The constant current of a population that nothing is connected to."""
        source, affine = self._free(f"input of {name}"), self._free(f"I_e of {name}")
        self.nodes[source] = self.nir.Input(np.array([1]))
        self.nodes[affine] = self.nir.Affine(np.zeros((len(bias), 1)), bias)
        self.edges += [(source, affine), (affine, name)]

    def _add_outputs(self, populations: list[Population]) -> None:
        """An Output for each population that sends nothing."""
        sending = {source for source, _ in self.edges}
        ends = [each for each in populations if each.name not in sending]
        for population in ends:
            name = self._free("output" if len(ends) == 1 else f"output of {population.name}")
            self.nodes[name] = self.nir.Output(np.array([population.size]))
            self.edges.append((population.name, name))


def _check_initial(population: Population, start: Mapping[str, Any]) -> None:
    """Raise DescriptionError for an initial state that is not the one from which nodes of NIR start.

    start: what is not as the parameters say, (n,) each.
    """
    assert isinstance(population.model, Neuron)
    usual = population.model.model.initial(population.model.parameters)
    values = initial_values(population, 0)
    for variable in population.initial:
        if not np.all(values[variable] == np.asarray(start.get(variable, usual.get(variable, 0.0)))):
            raise DescriptionError(
                f"to_nir: population {population.name!r}: its initial {variable} is given; NIR has no initial state"
            )


def _check_name(name: str) -> None:
    if "/" in name:
        raise DescriptionError(f"to_nir: the name {name!r} has a '/', which divides names in files of NIR")


def _check_said(name: str, kind: str, now: Neuron, was: Neuron) -> None:
    """Raise DescriptionError if a parameter has changed that the node of a population does not have."""
    for parameter, value in now.parameters._asdict().items():
        same = np.all(np.asarray(value) == np.asarray(getattr(was.parameters, parameter)))
        if not same and (parameter not in SAID or kind == "Output"):
            raise DescriptionError(
                f"to_nir: {parameter} of population {name!r} was changed, which its node, a {kind}, cannot say; "
                "constant currents are biases, which can be set in the graph"
            )


def _size(node: Any) -> int:
    """The number of elements of an Input."""
    return int(np.prod(node.input_type["input"]))


def _check_parts(net: Network, origin: NIROrigin | None) -> None:
    """Raise DescriptionError for parts of a network that NIR cannot say."""
    d = net.description()
    own = {} if origin is None else origin.drives
    drives = [each for each in d.drives if each.source is not own.get(each.uid)]
    parts: dict[str, Any] = {
        "modulators": d.modulators, "releases": d.releases, "callbacks": d.callbacks, "signals and readouts": d.signals,
        "signals that are fed back": d.feeds, "modulators that follow signals": d.followings,
        "environments": d.worlds, "homeostasis": d.homeostases, "functions of every": net._regular,
        "what is switched off": [each for each in d.off if each in d.projections or each in d.drives],
        "drives, for which it has Input nodes, or I_e of neurons": drives,
    }  # fmt: skip
    for what, found in parts.items():
        if found:
            raise DescriptionError(f"to_nir: NIR cannot say {what}; this network has {found[0]!r}")


def _check_static(projection: Projection, where: str) -> None:
    if projection.receiver is None:
        raise DescriptionError(f"{where}: it releases a modulator, which NIR does not have")
    if projection.learns or projection.transmits:
        assert projection.plasticity is not None
        raise DescriptionError(
            f"{where}: its weights learn by {projection.plasticity.rule.name}, which NIR cannot say; connect it "
            "without a rule, or with plastic=False, for its weights alone"
        )
    if projection.synapse is not None:
        raise DescriptionError(f"{where}: NIR has no {projection.synapse.model.name} synapses")


def _per_weight(target: Population, port: str, dt: float) -> np.ndarray:
    """(n,) what a weight of 1 of NIR is in the unit of the port."""
    neuron = target.model
    assert isinstance(neuron, Neuron)
    model, p = neuron.model, neuron.parameters
    found: Any = 1.0
    if model is LIFDelta:
        found = model.constants(p, dt)["P_mI"]
    elif model is LIF:
        found = -np.expm1(-dt / np.asarray(p.tau_syn_exc))
    elif port == "inh":
        found = -1.0  # LinearRate subtracts it
    return np.broadcast_to(np.asarray(found, float), target.size)


def _delays(s: Synapses, n_pre: int, n_post: int, dt: float, where: str) -> tuple[np.ndarray | None, bool]:
    """(n,) ms beyond one step of each source, or of each target, None if there are none; and whether of sources."""
    more = np.where(np.abs(s.delay - dt) < 1e-9 * dt, 0.0, s.delay - dt)
    if not np.any(more):
        return None, True
    for ends, n in ((s.pre, n_pre), (s.post, n_post)):
        of_end = np.zeros(n)
        of_end[ends] = more
        if np.array_equal(of_end[ends], more):
            return of_end, ends is s.pre
    raise DescriptionError(
        f"{where}: its delays differ between synapses, from {s.delay.min():g} to {s.delay.max():g} ms; NIR has one for "
        "each source, or one for each target"
    )


def _same_delays(one: Projection, other: Projection) -> bool:
    mine, theirs = (each.axonal.a if each.axonal.constant else each.axonal.array for each in (one, other))
    return np.array_equal(mine, theirs) and one.dendritic_steps == other.dendritic_steps


def _put(node: Any, now: dict[str, Any], was: dict[str, Any]) -> None:
    """Write the values of a node that have changed, in the shape that the others have."""
    for name, value in now.items():
        old = np.asarray(getattr(node, name), float)
        changed = np.asarray(value) != np.asarray(was[name])
        if np.any(changed):
            n = max(old.size, np.size(value))
            shape = old.shape if old.size == n else (n,)
            new = np.where(changed, value, np.broadcast_to(old.ravel(), n))
            setattr(node, name, new.reshape(shape))


def _put_weights(node: Any, synapses: Synapses, path: Any, scale: np.ndarray) -> None:
    """Write changed weights, (n_post, n_pre), leaving those that are as they were."""
    old = np.asarray(node.weight)
    new = np.zeros((path.map.n_post, path.map.n_pre))
    new[synapses.post, synapses.pre] = synapses.weight / scale[synapses.post]
    same = np.asarray(old, float).reshape(new.shape) * scale[:, None]
    current = np.zeros_like(new)
    current[synapses.post, synapses.pre] = synapses.weight
    node.weight = np.where(same == current, old.reshape(new.shape), new).reshape(old.shape)
