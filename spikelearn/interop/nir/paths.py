"""What leads from neuron to neuron in a NIR graph: every path through linear nodes, as one map."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError
from spikelearn.interop.nir.cells import NAMES
from spikelearn.interop.nir.graph import NEURONS, FlatGraph, array, kind_of, whole_numbers
from spikelearn.interop.nir.maps import Map, Shape, linear


@dataclass(frozen=True)
class Path:
    """source: an Input or a neuron node, "" for what biases add up to, whose map is (1, n). through: linear nodes."""

    source: str
    map: Map
    through: tuple[str, ...] = ()

    def then(self, second: Map, name: str) -> Path:
        return Path(self.source, self.map.then(second), (*self.through, name))


@dataclass
class Paths:
    """shapes: of the output of each node. into: neuron node, or Output -> the paths that lead to it."""

    graph: FlatGraph
    shapes: dict[str, Shape] = field(default_factory=dict)
    into: dict[str, list[Path]] = field(default_factory=dict)
    _out_of: dict[str, list[Path]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for source, target in self.graph.edges:
            if target in self.graph.inputs:
                raise DescriptionError(
                    f"from_nir: edge {(source, target)} of the NIR graph leads to an Input, which takes none"
                )
        for name, node in self.graph.nodes.items():
            if kind_of(node) in NEURONS or name in self.graph.outputs:
                self.into[name] = list(self._arriving(name))
        for name in self.graph.nodes:
            if self.graph.before(name):
                self.shape(name)  # also of nodes that lead to nothing
        for name, paths in self.into.items():
            size = math.prod(self.shape(name))
            for path in paths:
                if path.map.n_post != size:
                    raise DescriptionError(
                        f"from_nir: {self.graph.where(name)}: expected {size} inputs, got {path.map.n_post} "
                        f"from {' through '.join(filter(None, (path.source, *path.through)))!r}"
                    )

    def shape(self, name: str) -> Shape:
        """The shape of the output of a node. Parameters of one number are those of as many neurons as feed it."""
        if name in self.shapes:
            return self.shapes[name]
        node, kind = self.graph.nodes[name], kind_of(self.graph.nodes[name])
        hands_on = self.graph.hands_on(name)
        if name in self.graph.inputs + self.graph.outputs or (hands_on and not self.graph.before(name)):
            shape = self._declared(name)
        elif kind in NEURONS:
            where = f"from_nir: {self.graph.where(name)}"
            sizes = {n: array(node, n, where).shape for n in NAMES[kind] if getattr(node, n) is not None}
            try:
                shape = np.broadcast_shapes(*sizes.values())
            except ValueError:
                raise DescriptionError(f"{where}: its parameters have different shapes: {sizes}") from None
            if math.prod(shape) == 1:
                shape = self._fed(name, shape)
        else:
            before = self._only_before(name)
            if hands_on and math.prod(self._declared(name)) != math.prod(before):
                raise DescriptionError(
                    f"from_nir: {self.graph.where(name)} has shape {self._declared(name)} and gets {before}"
                )
            shape = before if hands_on else self._mapped(name, before)[1]
        if not all(n > 0 for n in shape):
            raise DescriptionError(f"from_nir: {self.graph.where(name)} has shape {shape}; expected at least 1")
        self.shapes[name] = shape
        return shape

    def _declared(self, name: str) -> Shape:
        """The shape that an Input or Output says it has."""
        given = self.graph.nodes[name].input_type["input"]
        if given is None:
            raise DescriptionError(f"from_nir: {self.graph.where(name)} has no shape")
        return whole_numbers(given, 0, f"from_nir: {self.graph.where(name)}: shape") or (1,)

    def _fed(self, name: str, shape: Shape) -> Shape:
        """The shape of what feeds a neuron node whose parameters are one number each."""
        for before in self.graph.before(name):
            if before not in self._open:  # else it depends on this one
                self._open.append(name)
                try:
                    found = self.shape(before)
                finally:
                    self._open.pop()
                return found if math.prod(found) > 1 else shape
        return shape

    def _only_before(self, name: str) -> Shape:
        """The shape of what a node gets, the same from all that feed it."""
        if name in self._open:
            raise DescriptionError(f"from_nir: {self.graph.where(name)} feeds itself, with no neuron between")
        self._open.append(name)
        try:
            shapes = [self.shape(before) for before in self.graph.before(name)]
        finally:
            self._open.pop()
        if not shapes:
            raise DescriptionError(f"from_nir: {self.graph.where(name)} has no input")
        if len({math.prod(shape) for shape in shapes}) > 1:
            raise DescriptionError(f"from_nir: {self.graph.where(name)} gets inputs of different shapes, {shapes}")
        return shapes[0]

    def _mapped(self, name: str, shape: Shape) -> tuple[Map, Shape, np.ndarray | None]:
        return linear(self.graph.nodes[name], shape, f"from_nir: {self.graph.where(name)}")

    def _arriving(self, name: str) -> Iterator[Path]:
        """The paths that end at the input of a node."""
        for before in self.graph.before(name):
            yield from self._leaving(before)

    def _leaving(self, name: str) -> list[Path]:
        """The paths that end at the output of a node."""
        if name in self._out_of:
            return self._out_of[name]
        kind = kind_of(self.graph.nodes[name])
        if name in self.graph.inputs or kind in NEURONS:
            found = [Path(name, Map.diagonal(math.prod(self.shape(name))))]
        elif name in self.graph.outputs:
            raise DescriptionError(f"from_nir: {self.graph.where(name)} has an edge to another node")
        elif self.graph.hands_on(name):
            self.shape(name)  # which is checked
            found = list(self._arriving(name))
        else:
            mapped, _, bias = self._mapped(name, self._only_before(name))
            found = [path.then(mapped, name) for path in self._arriving(name)]
            if bias is not None and np.any(bias):
                found.append(Path("", Map.dense(bias[:, None]), (name,)))
        self._out_of[name] = found
        return found

    def direct(self, output: str) -> str:
        """The one neuron or Input node whose output an Output is, "" if there is none."""
        paths = self.into[output]
        if len(paths) == 1 and paths[0].source and not paths[0].through:
            return paths[0].source
        return ""


def lags(sources: Mapping[str, set[str]]) -> dict[str, int]:
    """The layer of each population, from 1: one more than those that feed it, all of a loop being in one layer.

    sources: population -> those that feed it.
    """
    loop = _loops(sources)
    found: dict[int, int] = {}
    for number in dict.fromkeys(sorted(loop.values())):  # what feeds a loop has a lower number
        members = [name for name, of in loop.items() if of == number]
        before = [found[loop[s]] for name in members for s in sources[name] if s in loop and loop[s] != number]
        found[number] = 1 + max(before, default=0)
    return {name: found[number] for name, number in loop.items()}


def _loops(sources: Mapping[str, Any]) -> dict[str, int]:
    """The number of the strongly connected component of each (Tarjan 1972), those that feed others first."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, int] = {}
    stack: list[str] = []
    for root in sources:
        if root in index:
            continue
        work = [(root, iter(sources[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            name, rest = work[-1]
            following = next((s for s in rest if s in sources and s not in component), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    number = len(set(component.values()))
                    while name not in component:
                        component[stack.pop()] = number
            elif following in index:
                low[name] = min(low[name], index[following])
            else:
                index[following] = low[following] = len(index)
                stack.append(following)
                work.append((following, iter(sources[following])))
    return component
