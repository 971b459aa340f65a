"""Random NIR graphs, with every kind of node, skip connections, loops and subgraphs."""

from __future__ import annotations

import math

import nir
import numpy as np


def small(w=((1.0, 2.0), (3.0, 4.0)), **nodes):
    """Input -> fc -> lif -> output, two of each."""
    lif = nir.LIF(*np.array([[0.01, 0.02], [1.0, 2.0], [0.0, 0.1], [1.0, 1.5]]))
    made = {"input": nir.Input(np.array([2])), "fc": nir.Affine(np.array(w), np.array([0.1, 0.0])), "lif": lif}
    made |= {"output": nir.Output(np.array([2])), **nodes}
    return nir.NIRGraph(made, [("input", "fc"), ("fc", "lif"), ("lif", "output")], type_check=False)


class Graphs:
    """One random graph after the other. dt: s, of which all delays are multiples. for_files: whether convolutions say
    the shape of their input, without which nir cannot write them."""

    def __init__(self, seed: int, dt: float = 1e-3, for_files: bool = False) -> None:
        self.random, self.dt, self.for_files = np.random.default_rng(seed), dt, for_files

    def number(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def between(self, low: float, high: float, shape: tuple[int, ...]) -> np.ndarray:
        alike = self.random.random() < 0.3
        values = np.full(shape, (low + high) / 2) if alike else self.random.uniform(low, high, shape)
        return values.astype(np.float32 if self.random.random() < 0.3 else np.float64)

    def neuron(self, shape: tuple[int, ...], spiking: bool | None = None) -> nir.NIRNode:
        """A neuron node; its parameters make it fire every few steps at an input of some units."""
        dt, kinds = self.dt, [nir.LIF, nir.IF, nir.CubaLIF, nir.Threshold, nir.LI, nir.CubaLI, nir.I]
        kind = kinds[self.number(0, 3 if spiking else 6)]
        tau = {"low": 2.0 * dt, "high": 20.0 * dt, "shape": shape}
        leak = self.between(-0.2, 0.2, shape) if kind in (nir.LIF, nir.CubaLIF) else np.zeros(shape)
        firing = {"v_threshold": self.between(0.3, 1.0, shape), "v_reset": self.between(-0.3, 0.1, shape)}
        r = self.between(1.0, 3.0, shape)
        more = {"metadata": {"made": "here", "number": self.number(0, 9)}} if self.random.random() < 0.2 else {}
        if kind is nir.Threshold:
            return nir.Threshold(self.between(0.3, 1.0, shape), **more)
        if kind is nir.IF:
            return nir.IF(r / (5.0 * dt), **firing, **more)
        if kind is nir.I:
            return nir.I(r / (50.0 * dt), **more)
        if kind in (nir.LIF, nir.LI):
            return kind(tau=self.between(**tau), r=r, v_leak=leak, **(firing if kind is nir.LIF else {}), **more)
        cuba = {"tau_syn": self.between(**tau), "tau_mem": self.between(**tau), "r": r, "v_leak": leak}
        cuba |= {"w_in": self.between(1.0, 2.0, shape), **more}
        return kind(**cuba, **(firing if kind is nir.CubaLIF else {}))

    def linear(self, shape: tuple[int, ...], size: int | None = None) -> tuple[nir.NIRNode, tuple[int, ...]]:
        """A linear node after an output of a shape, and the shape of its own; of `size` elements, if given."""
        n = math.prod(shape)
        choice = self.number(0, 9) if size is None else self.number(0, 1)
        if len(shape) == 3 and size is None and choice > 3:
            return self.spatial(shape, choice)
        if len(shape) == 2 and size is None and choice > 5:
            C, N = shape
            groups = C if self.random.random() < 0.3 else 1
            out, kernel = groups * self.number(1, 2), self.number(1, min(3, N))
            padding = ["same", "valid", self.number(0, 2)][self.number(0, 2)]
            stride = 1 if padding == "same" else self.number(1, 2)
            weight = self.random.normal(0.3, 1.0, (out, C // groups, kernel))
            bias = self.random.normal(0.0, 0.3, out)
            node = nir.Conv1d(N if self.for_files else None, weight, stride, padding, 1, groups, bias)
            pad = {"same": (kernel - 1) / 2, "valid": 0}.get(padding, padding)
            return node, (out, int((N + 2 * pad - kernel) // stride) + 1)
        if len(shape) > 1:
            return nir.Flatten({"input": np.array(shape)}, 0, -1), (n,)
        if size is None and choice == 2:
            return nir.Scale(self.random.normal(0.5, 1.0, n)), (n,)
        if size is None and choice == 3:
            return nir.Delay(self.random.integers(0, 4, n) * self.dt), (n,)
        out = self.number(1, 6) if size is None else size
        weight = self.random.normal(0.2, 1.5, (out, n))
        if choice % 2:
            return nir.Linear(weight.astype(np.float32)), (out,)
        return nir.Affine(weight, self.random.normal(0.0, 0.3, out)), (out,)

    def spatial(self, shape: tuple[int, ...], choice: int) -> tuple[nir.NIRNode, tuple[int, ...]]:
        C, H, W = shape
        if choice < 7:
            kernel = np.array([self.number(1, min(2, H)), self.number(1, min(2, W))])
            pads = np.array([self.number(0, int(k) // 2) for k in kernel])
            stride = np.array([self.number(1, 2), self.number(1, 2)])
            kind = nir.SumPool2d if choice % 2 else nir.AvgPool2d
            out = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((H, W), pads, kernel, stride, strict=True)]
            return kind(kernel, stride, pads), (C, *map(int, out))
        groups = C if self.random.random() < 0.3 else 1
        out, kernel = groups * self.number(1, 2), (self.number(1, min(3, H)), self.number(1, min(3, W)))
        padding = ["same", "valid", (self.number(0, 1), self.number(0, 1))][self.number(0, 2)]
        stride = (1, 1) if padding == "same" else (self.number(1, 2), self.number(1, 2))
        weight = self.random.normal(0.3, 1.0, (out, C // groups, *kernel))
        bias = self.random.normal(0.0, 0.3, out)
        node = nir.Conv2d((H, W) if self.for_files else None, weight, stride, padding, (1, 1), groups, bias)
        pads = {"same": [(k - 1) / 2 for k in kernel], "valid": (0, 0)}.get(padding, padding)
        found = [int((n + 2 * p - k) // s) + 1 for n, p, k, s in zip((H, W), pads, kernel, stride, strict=True)]
        return node, (out, *found)

    def graph(self) -> nir.NIRGraph:
        high, wide = self.number(3, 6), self.number(3, 6)
        shapes = [(self.number(1, 6),), (self.number(1, 2), self.number(3, 7)), (self.number(1, 2), high, wide)]
        nodes, edges, neurons = {}, [], []
        for k in range(self.number(1, 2)):
            shape = shapes[self.number(0, 2)] if k == 0 else shapes[0]
            nodes[f"input{k or ''}"] = nir.Input({"input": np.array(shape)})
            neurons.append((f"input{k or ''}", shape))
        previous = neurons[0]
        for k in range(self.number(1, 4)):
            name, shape = previous
            for j in range(self.number(0 if k else 1, 3)):
                node, shape = self.linear(shape)
                nodes[f"{type(node).__name__}{k}{j}"] = node
                edges.append((name, f"{type(node).__name__}{k}{j}"))
                name = edges[-1][1]
            if self.random.random() < 0.2 and len(shape) == 1:
                node, inner = self.subgraph(shape)
                added = f"sub{k}"
            else:
                node, inner = self.neuron(shape), None
                added = f"n{k}"
            nodes[added] = node
            edges.append((name, added))
            if self.random.random() < 0.5 and neurons:  # from any earlier one, or from itself
                choices = [*neurons, (added, shape)] if inner is None else neurons
                source, of = choices[self.number(0, len(choices) - 1)]
                self.also(nodes, edges, source, of, added, shape, f"also{k}")
            previous = (added, shape)
            neurons.append(previous)
        if self.random.random() < 0.3 and len(neurons) > 3:  # back, between two layers
            (target, n), (source, of) = neurons[-2], neurons[-1]
            if not target.startswith("input"):
                self.also(nodes, edges, source, of, target, n, "back")
        name, shape = previous
        if self.random.random() < 0.3:
            node, shape = self.linear(shape)
            nodes["last"] = node
            edges.append((name, "last"))
            name = "last"
        nodes["output"] = nir.Output({"output": np.array(shape)})
        edges.append((name, "output"))
        for k in range(1, len([n for n in nodes if n.startswith("input")])):
            self.also(nodes, edges, f"input{k}", neurons[k][1], neurons[2][0], neurons[2][1], f"from{k}")
        shuffled = [edges[k] for k in self.random.permutation(len(edges))]
        metadata = {"by": "a test", "numbers": np.arange(3)} if self.random.random() < 0.3 else {}
        return nir.NIRGraph(nodes, list(dict.fromkeys(shuffled)), metadata=metadata, type_check=False)

    def also(self, nodes, edges, source, of, target, shape, name) -> None:
        """A further path from a node to another."""
        if len(of) > 1:
            nodes[f"{name}flat"] = nir.Flatten({"input": np.array(of)}, 0, -1)
            edges.append((source, f"{name}flat"))
            source, of = f"{name}flat", (math.prod(of),)
        node, _ = self.linear(of, math.prod(shape))
        nodes[name] = node
        edges += [(source, name), (name, target)]

    def subgraph(self, shape: tuple[int, ...]) -> tuple[nir.NIRGraph, str]:
        """Neurons that are connected with themselves, as snnTorch writes its recurrent layers."""
        n = math.prod(shape)
        weight, _ = self.linear((n,), n)
        nodes = {"input": nir.Input(np.array([n])), "lif": self.neuron((n,), spiking=True), "w_rec": weight}
        nodes["output"] = nir.Output(np.array([n]))
        edges = [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")]
        return nir.NIRGraph(nodes, edges, type_check=False), "lif"
