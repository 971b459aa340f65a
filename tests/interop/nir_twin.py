"""NIR graphs step by step, in the slowest and most obvious way: the twin of what sl.from_nir makes of them.

One node after the other, one row of the input after the other, dense matrices, convolutions as loops. Potentials are
advanced by the exponential of a matrix ("exact") or by forward Euler, the current before the potential ("euler").
"""

from __future__ import annotations

import functools
import itertools
import math

import nir
import numpy as np
from scipy.linalg import expm

NEURONS = nir.LIF, nir.IF, nir.CubaLIF, nir.Threshold, nir.LI, nir.CubaLI, nir.I
SILENT = nir.LI, nir.CubaLI, nir.I


def flattened(graph, prefix=""):
    """(nodes, edges) without subgraphs."""
    nodes, edges = {}, []
    inner = {}
    for name, node in graph.nodes.items():
        if isinstance(node, nir.NIRGraph):
            more, those = flattened(node, f"{prefix}{name}.")
            nodes |= more
            edges += those
            inner[name] = {
                kind: next(f"{prefix}{name}.{n}" for n, each in node.nodes.items() if isinstance(each, kind))
                for kind in (nir.Input, nir.Output)
            }
        else:
            nodes[prefix + name] = node
    for a, b in graph.edges:
        a = inner[a][nir.Output] if a in inner else prefix + a
        edges.append((a, inner[b][nir.Input] if b in inner else prefix + b))
    return nodes, edges


def linear(node, x):
    """The output of a linear node for one input, an array of the shape that comes before."""
    if isinstance(node, nir.Linear | nir.Affine):
        W = np.asarray(node.weight, float)
        y = np.einsum("...oi,...i->...o", W, x.reshape(*W.shape[:-2], W.shape[-1]))
        return y + getattr(node, "bias", 0.0)
    if isinstance(node, nir.Scale):
        return x * np.asarray(node.scale, float)
    if isinstance(node, nir.Flatten):
        return x.ravel()
    if isinstance(node, nir.Conv1d):
        W = np.asarray(node.weight, float)[:, :, None]
        pad = node.padding if isinstance(node.padding, str) else (0, node.padding)
        each = (1, node.stride), pad, (1, node.dilation), node.groups
        return slid(x[:, None], W, *each)[:, 0] + np.asarray(node.bias)[:, None]
    if isinstance(node, nir.Conv2d):
        W = np.asarray(node.weight, float)
        return slid(x, W, node.stride, node.padding, node.dilation, node.groups) + np.asarray(node.bias)[:, None, None]
    kernel = tuple(np.broadcast_to(node.kernel_size, 2))
    W = np.ones((len(x), 1, *kernel)) / (math.prod(kernel) if isinstance(node, nir.AvgPool2d) else 1)
    return slid(x, W, np.broadcast_to(node.stride, 2), np.broadcast_to(node.padding, 2), (1, 1), len(x))


def slid(x, W, stride, padding, dilation, groups):
    """A correlation in two dimensions, element by element."""
    high, wide = W.shape[2:]
    if isinstance(padding, str) and padding == "same":
        spans = [dilation[0] * (high - 1), dilation[1] * (wide - 1)]
        edges = [(span // 2, span - span // 2) for span in spans]
    else:
        edges = [(0, 0)] * 2 if isinstance(padding, str) else [(p, p) for p in padding]
    x = np.pad(x, [(0, 0), *edges])
    shape = [(x.shape[1 + d] - dilation[d] * (W.shape[2 + d] - 1) - 1) // stride[d] + 1 for d in (0, 1)]
    y = np.zeros((len(W), *shape))
    per_group, each = len(W) // groups, W.shape[1]
    for o, r, c in itertools.product(range(len(W)), *map(range, shape)):
        for i, p, q in itertools.product(range(each), range(high), range(wide)):
            channel = o // per_group * each + i
            y[o, r, c] += W[o, i, p, q] * x[channel, r * stride[0] + p * dilation[0], c * stride[1] + q * dilation[1]]
    return y


class Cell:
    """The state of the neurons of one node."""

    def __init__(self, node, size, dt, method):
        self.node, self.dt, self.euler = node, dt, method == "euler"
        full = lambda name: np.broadcast_to(np.asarray(getattr(node, name), float).ravel(), size) + 0.0  # noqa: E731
        self.p = {name: full(name) for name in vars(node) if name not in ("input_type", "output_type", "metadata")}
        self.v = self.p.get("v_leak", np.zeros(size)) + 0.0
        self.i = np.zeros(size)

    def step(self, x):
        """Advance by a step with the input x, and say what comes out."""
        node, p, dt = self.node, self.p, self.dt
        if isinstance(node, nir.Threshold):
            return (x > p["threshold"]) * 1.0
        if isinstance(node, nir.IF | nir.I):
            self.v = self.v + dt * p["r"] * x
        elif isinstance(node, nir.LIF | nir.LI):
            share = dt / p["tau"] if self.euler else -np.expm1(-dt / p["tau"])
            self.v = self.v + share * (p["v_leak"] - self.v + p["r"] * x)
        elif self.euler:
            self.i = self.i + dt / p["tau_syn"] * (p["w_in"] * x - self.i)
            self.v = self.v + dt / p["tau_mem"] * (p["v_leak"] - self.v + p["r"] * self.i)
        else:
            for k in range(len(self.v)):
                a, b = 1 / p["tau_syn"][k], 1 / p["tau_mem"][k]
                A = np.array([[-a, 0, a * p["w_in"][k], 0], [b * p["r"][k], -b, 0, b], [0] * 4, [0] * 4])
                found = expm(A * dt) @ [self.i[k], self.v[k], x[k], p["v_leak"][k]]
                self.i[k], self.v[k] = found[:2]
        if isinstance(node, SILENT):
            return self.v
        spikes = self.v > p["v_threshold"]
        self.v = np.where(spikes, p["v_reset"], self.v)
        return spikes * 1.0


def simulated(graph, given, dt, method):
    """Node -> (steps, n), what each neuron node and Output gives out. given: Input -> (steps, ...); dt: s.

    exact: what a neuron gives out is the input of others in the next step. euler: in the same, but within a loop in the
    next. A node of layer k begins k - 1 steps before row 0, without input.
    """
    nodes, edges = flattened(graph)
    before = {name: [a for a, b in edges if b == name] for name in nodes}
    cells = [name for name, node in nodes.items() if isinstance(node, NEURONS)]
    outer = [name for name, node in graph.nodes.items() if isinstance(node, nir.Output)]

    @functools.cache
    def sources(name):
        """The neurons and Inputs whose output a node gets."""
        found = set()
        for each in before[name]:
            found |= {each} if each in cells or each in given else sources(each)
        return found

    reached = {name: {s for s in sources(name) if s in cells} for name in cells}
    for _ in cells:
        reached = {name: of.union(*(reached[each] for each in of)) for name, of in reached.items()}
    loop = {(a, b) for a in cells for b in cells if a in reached[b] and b in reached[a]}
    layer = dict.fromkeys((*cells, *outer), 1)
    for _ in layer:
        for name in layer:
            members = [name, *(other for other in cells if (other, name) in loop)]
            least = [layer[s] + 1 for m in members for s in sources(m) if s in cells and (s, m) not in loop and s != m]
            layer[name] = max([1, *least])
    euler = method == "euler"
    deep = max(layer.values()) - 1 if euler else 0
    steps = len(next(iter(given.values())))

    @functools.cache
    def shape(name):
        if name in given:
            return given[name].shape[1:]
        values = (v for k, v in vars(nodes[name]).items() if k not in ("input_type", "output_type", "metadata"))
        return np.broadcast_shapes(*map(np.shape, values))

    def late(source, target):
        """By how many rows the input of a target lags behind the output of a source."""
        if source in given:
            return 0
        return 1 if not euler or source == target or (source, target) in loop else 0

    made = {name: {} for name in cells}

    def value(name, row, target):
        """What a node gives out, as far as a target is concerned."""
        node = nodes[name]
        if name in given:
            return given[name][row] * 1.0 if 0 <= row < steps else np.zeros(given[name].shape[1:])
        if name in cells:
            found = made[name].get(row - late(name, target))
            return np.zeros(shape(name)) if found is None else found.reshape(shape(name))
        if isinstance(node, nir.Delay):
            delay = np.asarray(node.delay, float)
            rows = np.rint(delay / dt).astype(int)
            found = np.zeros(delay.shape)
            for k in np.unique(rows):
                found[rows == k] = summed(name, row - k, target).reshape(delay.shape)[rows == k]
            return found
        x = summed(name, row, target)
        if isinstance(node, nir.Input | nir.Output):
            return x
        y = linear(node, x)
        # nothing has a bias before the first row
        return y - linear(node, np.zeros_like(x)) if row < 0 else y

    def summed(name, row, target):
        parts = [value(each, row, target) for each in before[name]]
        return functools.reduce(np.add, [part.ravel() for part in parts] if name in layer else parts)

    state = {name: Cell(nodes[name], math.prod(shape(name)), dt, method) for name in cells}
    order = sorted(cells, key=lambda name: layer[name])
    found = {name: [] for name in (*cells, *outer)}
    for row in range(-deep, steps):
        for name in order:
            if not euler or row > -layer[name]:
                made[name][row] = state[name].step(summed(name, row, name).ravel()) + 0.0
        if row >= 0:
            for name in cells:
                found[name].append(made[name][row])
            for name in outer:
                found[name].append(summed(name, row, name).ravel())
    return {name: np.array(rows) for name, rows in found.items()}
