"""A network from a NIR graph."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.connectivity import AllToAll, OneToOne, Pairs
from spikelearn.description.population import Population
from spikelearn.errors import DescriptionError
from spikelearn.interop.nir.cells import SUM, Cell, cell_of, one_or_all
from spikelearn.interop.nir.graph import NEURONS, NIROrigin, flat, kind_of, opened
from spikelearn.interop.nir.maps import Map
from spikelearn.interop.nir.paths import Path, Paths, lags
from spikelearn.kernels.connect import LONGEST_DELAY
from spikelearn.network import Network
from spikelearn.neurons import Neuron, NeuronModel
from spikelearn.parameters import suggest
from spikelearn.sources import Poisson, SpikeList, StepCurrent
from spikelearn.units import Quantity
from spikelearn.values import word

METHODS = ("exact", "euler")
SOURCES = (Neuron, NeuronModel, Poisson, SpikeList)


def from_nir(
    graph: str | os.PathLike[str] | Any,
    inputs: Any = None,
    dt: Quantity = 0.1,
    method: str = "exact",
    seed: int = 0,
    threads: int | None = None,
) -> Network:
    """A network from a graph in NIR, the Neuromorphic Intermediate Representation: `nir.NIRGraph`, or a file of one.

    Every neuron node becomes a population of its name; nodes of a subgraph are named "subgraph.node". What lies between
    two becomes a projection, named by the node with weights. docs/interop/nir.md says what each node is here, and why.

    inputs: what the Input node is, or {name: what it is}: spikes, `sl.SpikeList(times, ids)`, `sl.Poisson(20)`, or any
        model that `net.population` takes, of which each spike counts as 1 for a step; or an array (steps, ...), row k
        of which is the input from k dt on for one step, of any values. Without it, the Input is a `SpikeList` without
        spikes, for `net.set(net.populations["input"], times=..., ids=...)`.
    dt: ms. A graph does not say for which step it was made; programs that compute in steps need theirs here. snnTorch's
        is 0.1 ms.
    method: "exact", the differential equations of NIR for input that is constant in a step; an edge takes a step.
        "euler", as snnTorch, Norse and others do it: forward Euler, the synaptic current before the potential, and
        paths of different length to a neuron made equal, as if all layers were computed within a step. A layer k then
        does the same k - 1 steps later: see `net.origin.lag`.

    `net.origin.inputs` and `.outputs` say which populations are the Input and Output nodes. An Output that is not one
    neuron node alone is a population of sums, `y`. Nothing is recorded yet. `net.to_nir()` is the way back. Needs the
    extra nir. Raises DescriptionError.

    >>> import nir
    >>> lif = nir.LIF(*np.array([[0.01], [1.0], [0.0], [0.1]]))  # tau, r, v_leak, v_threshold
    >>> net = sl.from_nir(nir.NIRGraph.from_list(lif), inputs=np.ones((200, 1)))
    >>> recordings = net.record(net.populations["lif"], ["spikes", "V_m"])
    >>> net.run(20).spikes("lif").times
    array([ 1.1,  2.2,  3.3, ...
    """
    method = word(method, METHODS, "method of from_nir")
    read = opened(graph)
    return Reading(read, Network(dt, seed, threads), method).network(inputs)


@dataclass
class Reading:
    """A network while it is made. cells: population -> what it is; arrays: Input -> (steps, n); made: projection -> the
    path that it is, and its target."""

    graph: Any
    net: Network
    method: str
    cells: dict[str, Cell] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    made: dict[str, tuple[Path, str]] = field(default_factory=dict)

    def network(self, inputs: Any) -> Network:
        net, dt = self.net, self.net.dt
        flattened = flat(self.graph)
        self.paths = Paths(flattened)
        given = _by_name(inputs, flattened.inputs)
        for name in flattened.inputs:
            self._input(name, given.get(name))
        outputs = {name: self.paths.direct(name) for name in flattened.outputs}
        outputs = {name: "" if source in self.arrays else source for name, source in outputs.items()}
        for name, node in flattened.nodes.items():
            if kind_of(node) in NEURONS:
                size = math.prod(self.paths.shape(name))
                where = f"from_nir: {flattened.where(name)}"
                self.cells[name] = cell_of(node, size, dt, self.method == "euler", where)
            elif outputs.get(name) == "":
                self.cells[name] = SUM
        for name, cell in self.cells.items():
            net.population(math.prod(self.paths.shape(name)), cell.neuron, name, cell.initial)
        feeds = {name: {path.source for path in self.paths.into[name]} for name in self.cells}
        layers = lags(feeds)
        for name in self.cells:
            for path in self.paths.into[name]:
                if path.source and path.source not in self.arrays and len(path.map.pre):
                    self._connect(path, name, self._lead(path.source, name, layers))
            self._drive(name, 0 if self.method == "exact" else layers[name] - 1)
        if self.method == "euler":
            net._warned_of_coarse_steps = True  # the step is part of the model
        net.origin = NIROrigin(
            self.graph,
            self.method,
            {name: "" if name in self.arrays else name for name in flattened.inputs},
            {name: source or name for name, source in outputs.items()},
            {name: layer * dt for name, layer in layers.items()},
            {drive.uid: drive.source for drive in net._drives},
        )
        return net

    def _input(self, name: str, given: Any) -> None:
        """Add the population that an Input is, or keep its array."""
        shape = self.paths.shape(name)
        if given is None:
            given = SpikeList(np.zeros(0))
        if isinstance(given, SOURCES):
            self.net.population(math.prod(shape), given, name)
            return
        try:
            values = np.asarray(given).astype(np.float64, casting="same_kind")  # no complex numbers
        except (TypeError, ValueError):
            raise DescriptionError(
                f"from_nir: input {name!r}: expected a source such as sl.SpikeList(times, ids), or an array "
                f"(steps, {', '.join(map(str, shape))}), got {given!r:.100}"
            ) from None
        size = math.prod(shape)
        wide = [n for n in values.shape[1:] if n > 1]  # a row may also be flat
        right = wide in ([n for n in shape if n > 1], [size] if size > 1 else [])
        if values.ndim < 1 or values.size == 0 or not right or not np.isfinite(values).all():
            raise DescriptionError(
                f"from_nir: input {name!r}: expected finite numbers of shape (steps, {', '.join(map(str, shape))}), "
                f"got an array of shape {values.shape}"
            )
        self.arrays[name] = values.reshape(len(values), size)

    def _lead(self, source: str, target: str, layers: Mapping[str, int]) -> int:
        """Steps that a projection takes beside its delays."""
        if self.method == "exact":
            return 1
        return max(1, layers[target] - layers.get(source, 0))

    def _connect(self, path: Path, target: str, steps: int) -> None:
        net, cell = self.net, self.cells[target]
        source = net.populations[path.source]
        carried = self.cells[path.source].carries if path.source in self.cells else _carried(source)
        rule, weight, delay = synapses_of(path.map, cell.per_weight)
        added = net.connect(
            source, net.populations[target], "exc", rule, weight, delay + steps * net.dt,
            on="rate" if carried else "spike", payload=carried or None, name=self._projection_name(path, target),
        )  # fmt: skip
        self.made[added.name] = path, target

    def _projection_name(self, path: Path, target: str) -> str:
        """That of the nodes with weights, with its ends if that is taken or there are none."""
        weighted = [n for n in path.through if kind_of(self.paths.graph.nodes[n]) not in ("Flatten", "Delay")]
        ends = f"{path.source}->{target}"
        choices = ["+".join(weighted), "+".join((*weighted, ends)), "+".join((*path.through, ends))]
        taken = {*self.net.projections, *self.net.populations}
        return next((name for name in choices if name and name not in taken), f"{choices[-1]} {len(taken)}")

    def _drive(self, target: str, late: int) -> None:
        """The currents that biases, arrays and a leak potential are, `late` steps after they begin."""
        dt, cell = self.net.dt, self.cells[target]
        size = self.net.populations[target].size
        parts: list[tuple[int, np.ndarray]] = []  # each from its first step on; its last row holds
        for path in self.paths.into[target]:
            if path.source in self.arrays or not path.source:
                given = self.arrays[path.source] if path.source else np.ones((1, 1))
                values = np.vstack([given, np.zeros(path.map.n_pre)]) if path.source else given
                for delay in np.unique(path.map.delay):
                    rows = path.map.only(path.map.delay == delay).applied(values)
                    parts.append((late + _steps(delay, dt, target), rows))
        total = np.zeros((max((first + len(rows) for first, rows in parts), default=1), size))
        for first, rows in parts:
            total[first : first + len(rows)] += rows
            total[first + len(rows) :] += rows[-1]
        total = total * cell.per_current + cell.constant
        if np.any(total):
            keep = np.append(True, np.any(np.diff(total, axis=0) != 0.0, axis=1))
            times = np.flatnonzero(keep) * dt
            self.net.drive(self.net.populations[target], StepCurrent(times, total[keep]), "exc")


def _steps(delay: float, dt: float, target: str) -> int:
    steps = delay / dt
    if abs(steps - round(steps)) > 1e-6:
        raise DescriptionError(
            f"from_nir: a delay of {delay:g} ms to node {target!r} is no multiple of dt = {dt:g} ms, as it must be for "
            "input that is an array"
        )
    if steps >= LONGEST_DELAY:
        raise DescriptionError(
            f"from_nir: delays must be shorter than {LONGEST_DELAY * dt:g} ms, got {delay:g} ms to node {target!r}"
        )
    return round(steps)


def _carried(source: Population) -> str:
    """The variable that events of an Input carry, if it is a model without spikes."""
    if "spike" in source.kinds:
        return ""
    assert isinstance(source.model, Neuron)
    return next(iter(source.model.model.state))


def synapses_of(found: Map, per_weight: Any) -> tuple[AllToAll | OneToOne | Pairs, Any, Any]:
    """(rule, weight, delay in ms) of a map whose weights are multiplied by a number, or one for each target."""
    scale = np.broadcast_to(np.asarray(per_weight, float), found.n_post)
    weight, delay = found.weight * scale[found.post], one_or_all(found.delay)
    if len(weight) == found.n_pre * found.n_post and np.ndim(delay) == 0:
        return AllToAll(), weight.reshape(found.n_pre, found.n_post), delay
    if found.is_diagonal:
        return OneToOne(), weight, delay
    return Pairs(found.pre, found.post), weight, delay


def _by_name(inputs: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
    """Input node -> what it was given. Raises DescriptionError."""
    if inputs is None:
        return {}
    if not isinstance(inputs, Mapping):
        if len(names) != 1:
            raise DescriptionError(
                f"from_nir: the graph has {len(names)} Input nodes, {', '.join(names) or 'none'}; expected inputs as "
                "{name: what it is}"
            )
        return {names[0]: inputs}
    for name in inputs:
        if name not in names:
            raise DescriptionError(
                f"from_nir: the graph has no Input {name!r}{suggest(name, names)}; it has: {', '.join(names) or 'none'}"
            )
    return inputs
