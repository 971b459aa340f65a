"""A NIR graph without its subgraphs, and what one that was read leaves with its network."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError
from spikelearn.extras import needed
from spikelearn.values import path as checked_path

LINEAR = ("Affine", "Linear", "Scale", "Delay", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Flatten")
"""Nodes that have no state, and become synapses."""

NEURONS = ("LIF", "IF", "CubaLIF", "Threshold", "LI", "CubaLI", "I")
"""Nodes that become populations."""


def nir_package() -> Any:
    """The package nir. Raises ExperimentError, saying how to install it."""
    return needed("nir", "NIR graphs", extra="nir")


def opened(graph: Any) -> Any:
    """A copy of a NIRGraph, or what a file holds. Raises DescriptionError."""
    nir = nir_package()
    if isinstance(graph, nir.NIRGraph):
        return copy.deepcopy(graph)
    if not isinstance(graph, str | os.PathLike):
        raise DescriptionError(f"from_nir: expected a nir.NIRGraph or the path of a file, got {graph!r:.100}")
    path = checked_path(graph, "path of from_nir")
    if not path.is_file():
        raise DescriptionError(f"from_nir: there is no file {path}")
    try:
        return nir.read(path, type_check=False)
    except Exception as error:  # of h5py and nir, of many types
        raise DescriptionError(f"from_nir: {path} is no NIR graph: {type(error).__name__}: {error}") from error


def kind_of(node: Any) -> str:
    return type(node).__name__


def array(node: Any, name: str, where: str) -> np.ndarray:
    """A value of a node as an array of finite numbers. where: the node, for errors. Raises DescriptionError."""
    given = np.asarray(getattr(node, name))
    if given.dtype.kind not in "biuf" or not np.all(np.isfinite(given)):
        wrong = given if given.dtype.kind not in "biuf" else given[~np.isfinite(given)]
        raise DescriptionError(
            f"{where}: expected finite numbers as {name}, got {wrong.flat[0] if wrong.size else given}"
        )
    return np.asarray(given, np.float64)


def whole_numbers(values: Any, least: int, what: str) -> tuple[int, ...]:
    """Sizes, strides and dimensions, one or an array of them. Raises DescriptionError, saying what they are."""
    found = np.atleast_1d(np.asarray(values))
    right = found.dtype.kind in "iuf" and found.ndim == 1 and np.all(np.isfinite(found))
    if not right or np.any(found != np.rint(found)) or np.any(found < least):
        raise DescriptionError(f"{what}: expected whole numbers of at least {least}, got {values!r:.100}")
    return tuple(int(each) for each in found)


@dataclass(frozen=True)
class FlatGraph:
    """nodes: name -> node; those of a subgraph are named "subgraph.node". edges: (source, target). inputs, outputs: the
    names of the Input and Output nodes of the graph itself; those of subgraphs hand on what they get."""

    nodes: Mapping[str, Any]
    edges: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __post_init__(self) -> None:
        before: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in self.edges:
            before[target].append(source)
        object.__setattr__(self, "_before", before)

    def before(self, name: str) -> list[str]:
        """The nodes from which edges lead to this one."""
        return self._before[name]  # type: ignore[attr-defined]

    def where(self, name: str) -> str:
        """Node 'fc1' (Affine), for errors."""
        return f"node {name!r} ({kind_of(self.nodes[name])}) of the NIR graph"

    def hands_on(self, name: str) -> bool:
        """Whether it is an Input or Output of a subgraph."""
        return kind_of(self.nodes[name]) in ("Input", "Output") and name not in self.inputs + self.outputs


def flat(graph: Any) -> FlatGraph:
    """A graph without subgraphs. Raises DescriptionError."""
    nodes: dict[str, Any] = {}
    edges = list(_flattened(graph, "", nodes))
    own = {kind: tuple(n for n, node in graph.nodes.items() if kind_of(node) == kind) for kind in ("Input", "Output")}
    return FlatGraph(MappingProxyType(nodes), tuple(edges), own["Input"], own["Output"])


def _flattened(graph: Any, prefix: str, nodes: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Add the nodes of a graph and of its subgraphs, and yield the edges."""
    ends: dict[str, tuple[list[str], list[str]]] = {}
    for name, node in graph.nodes.items():
        if not isinstance(name, str):
            raise DescriptionError(f"from_nir: expected text as names of nodes of the NIR graph, got {name!r}")
        full = prefix + name
        kind = kind_of(node)
        if kind == "NIRGraph":
            yield from _flattened(node, f"{full}.", nodes)
            ends[name] = tuple(
                [f"{full}.{n}" for n, inner in node.nodes.items() if kind_of(inner) == which]
                for which in ("Input", "Output")
            )  # type: ignore[assignment]
            continue
        if full in nodes:
            raise DescriptionError(
                f"from_nir: two nodes of the NIR graph are named {full!r}, one of them in a subgraph"
            )
        if kind not in (*LINEAR, *NEURONS, "Input", "Output"):
            raise DescriptionError(
                f"from_nir: node {full!r} of the NIR graph is a {kind}, which spikelearn does not know; "
                f"it knows {', '.join((*NEURONS, *LINEAR))}, Input, Output and NIRGraph"
            )
        nodes[full] = node
        ends[name] = [full], [full]
    seen = set()
    for edge in graph.edges:
        if isinstance(edge, str) or len(edge) != 2:
            raise DescriptionError(f"from_nir: edge {edge!r} of the NIR graph: expected two names of nodes")
        source, target = (str(each) for each in edge)
        for end in (source, target):
            if end not in ends:
                raise DescriptionError(f"from_nir: edge {(source, target)} of the NIR graph: there is no node {end!r}")
        if (source, target) in seen:
            raise DescriptionError(f"from_nir: edge {(source, target)} of the NIR graph is there twice")
        seen.add((source, target))
        leaves, enters = ends[source][1], ends[target][0]
        for found, end, what in ((leaves, source, "Output"), (enters, target, "Input")):
            if len(found) != 1:
                raise DescriptionError(
                    f"from_nir: edge {(source, target)} of the NIR graph: subgraph {end!r} has {len(found)} {what} "
                    "nodes; expected one, as an edge does not say which"
                )
        yield leaves[0], enters[0]


@dataclass(frozen=True)
class NIROrigin:
    """`net.origin` of a network that was read from NIR.

    graph, method: what it was made from. inputs: Input node -> the population that stands for it, "" if it was given as
    an array. outputs: Output node -> the population whose spikes or values are its own. lag: population -> ms by which
    it is later than in a program that passes a value through all layers within a step: row k of the input shows in it
    at k dt + lag. drives: the currents that biases and arrays are, by their number.
    """

    graph: Any
    method: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    lag: Mapping[str, float]
    drives: Mapping[int, Any]

    def __repr__(self) -> str:
        return f"<NIR graph of {len(self.graph.nodes)} nodes, inputs {dict(self.inputs)}, outputs {dict(self.outputs)}>"
