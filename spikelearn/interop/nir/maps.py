"""What the linear nodes of a NIR graph are: which element of the output has which part of which element of the input.

Elements are counted in the order of C, as Flatten has them. Convolutions are correlations, as in PyTorch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError
from spikelearn.interop.nir.graph import array, kind_of, whole_numbers

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Map:
    """A sparse matrix with delays: (n,) pre, post, weight and delay (ms), sorted by pre and post, without repeats."""

    n_pre: int
    n_post: int
    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray

    @classmethod
    def of(cls, n_pre: int, n_post: int, pre: Any, post: Any, weight: Any, delay: Any = 0.0) -> Map:
        """From entries in any order; those of a pair with one delay are added up."""
        pre, post, weight, delay = (np.ravel(each) for each in np.broadcast_arrays(pre, post, weight, delay))
        pair = pre.astype(np.int64) * n_post + post
        if not np.all(np.diff(pair) > 0):
            order = np.lexsort((delay, pair))
            pair, delay, weight = pair[order], delay[order], weight[order]
            first = np.append(True, (np.diff(pair) > 0) | (np.diff(delay) > 0)) if len(pair) else np.zeros(0, bool)
            starts = np.flatnonzero(first)
            weight = np.add.reduceat(weight, starts) if len(starts) else weight
            pair, delay = pair[starts], delay[starts]
        return cls(n_pre, n_post, pair // n_post, pair % n_post, weight * 1.0, delay * 1.0)

    @classmethod
    def diagonal(cls, n: int, weight: Any = 1.0, delay: Any = 0.0) -> Map:
        return cls.of(n, n, np.arange(n), np.arange(n), weight, delay)

    @classmethod
    def dense(cls, matrix: np.ndarray) -> Map:
        """From (n_post, n_pre)."""
        n_post, n_pre = matrix.shape
        pre, post = np.divmod(np.arange(n_pre * n_post), n_post)
        return cls(n_pre, n_post, pre, post, matrix.T.ravel() * 1.0, np.zeros(matrix.size))

    @property
    def is_diagonal(self) -> bool:
        whole = np.arange(self.n_pre)
        return self.n_pre == self.n_post and np.array_equal(self.pre, whole) and np.array_equal(self.post, whole)

    def then(self, second: Map) -> Map:
        """This map followed by another."""
        if self.is_diagonal:
            weight, delay = self.weight[second.pre] * second.weight, self.delay[second.pre] + second.delay
            return Map(second.n_pre, second.n_post, second.pre, second.post, weight, delay)
        starts = np.searchsorted(second.pre, np.arange(second.n_pre + 1))
        fan = np.diff(starts)[self.post]
        mine = np.repeat(np.arange(len(self.post)), fan)
        theirs = starts[self.post][mine] + np.arange(len(mine)) - (np.cumsum(fan) - fan)[mine]
        weight, delay = self.weight[mine] * second.weight[theirs], self.delay[mine] + second.delay[theirs]
        return Map.of(self.n_pre, second.n_post, self.pre[mine], second.post[theirs], weight, delay)

    def applied(self, values: np.ndarray) -> np.ndarray:
        """(..., n_post) of values (..., n_pre), whatever the delays."""
        if len(self.pre) == self.n_pre * self.n_post:
            return values @ self.weight.reshape(self.n_pre, self.n_post)
        rows = values.reshape(-1, self.n_pre)
        found = np.zeros((len(rows), self.n_post))
        for k, row in enumerate(rows):
            found[k] = np.bincount(self.post, row[self.pre] * self.weight, self.n_post)
        return found.reshape(*values.shape[:-1], self.n_post)

    def only(self, which: np.ndarray) -> Map:
        """Some of its entries."""
        entries = (each[which] for each in (self.pre, self.post, self.weight, self.delay))
        return Map(self.n_pre, self.n_post, *entries)


def linear(node: Any, shape: Shape, where: str) -> tuple[Map, Shape, np.ndarray | None]:
    """(map, shape of its output, what it adds, (n_post,) or None) of a linear node that gets input of a shape."""
    kind, size, shape = kind_of(node), math.prod(shape), shape or (1,)
    if kind == "Flatten":
        _check_declared(node.input_type["input"], shape, where)
        [first], [last] = (
            whole_numbers(each, -len(shape), f"{where}: dimensions") for each in (node.start_dim, node.end_dim)
        )
        if first == len(shape):  # as a start_dim of 1, Flatten's default, is after something flat
            return Map.diagonal(size), shape, None
        if max(first, last) >= len(shape) or first % len(shape) > last % len(shape):
            raise DescriptionError(
                f"{where}: dimensions from {first} to {last} are none of its input, which has shape {shape}"
            )
        first, last = first % len(shape), last % len(shape)
        return Map.diagonal(size), (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]), None
    if kind in ("Scale", "Delay"):
        values = array(node, kind.lower(), where)
        _check_size(values.size, size, where)
        if kind == "Delay" and not np.all(values >= 0):
            raise DescriptionError(f"{where}: expected delays of at least 0 s, got {values.min():g}")
        given = {"delay": values.ravel() * 1e3} if kind == "Delay" else {"weight": values.ravel()}
        return Map.diagonal(size, **given), values.shape if values.size == size else shape, None
    if kind in ("Linear", "Affine"):
        found, out = _matrices(array(node, "weight", where), size, where)
    else:
        found, out = _sliding(node, kind, shape, where)
    if getattr(node, "bias", None) is None:
        return found, out, None
    bias = array(node, "bias", where).ravel()
    channels = out[0] if kind.startswith("Conv") else math.prod(out)
    if bias.size not in (1, channels):
        raise DescriptionError(f"{where}: expected {channels} numbers as bias, got {bias.size}")
    return found, out, np.repeat(np.broadcast_to(bias, channels), math.prod(out) // channels)


def _check_size(needed: int, given: int, where: str) -> None:
    if needed not in (1, given):
        raise DescriptionError(f"{where}: expected {needed} inputs, got {given}")


def _check_declared(declared: Any, shape: Shape, where: str) -> None:
    """Raise DescriptionError if a node says that its input has another shape; the last dimensions, without channels."""
    if declared is None:
        return
    said = whole_numbers(declared, 1, f"{where}: shape of its input")
    if said != shape[len(shape) - len(said) :]:
        raise DescriptionError(f"{where}: it says that its input has shape {said}, and it gets {shape}")


def _matrices(weight: np.ndarray, size: int, where: str) -> tuple[Map, Shape]:
    """(..., n_post, n_pre): one matrix, or a block for each of the leading indices."""
    if weight.ndim < 2:
        raise DescriptionError(f"{where}: expected a matrix of weights, got an array of shape {weight.shape}")
    *leading, n_post, n_pre = weight.shape
    blocks = math.prod(leading)
    if size != blocks * n_pre:
        raise DescriptionError(f"{where}: expected {blocks * n_pre} inputs, got {size}")
    if blocks == 1:
        return Map.dense(weight.reshape(n_post, n_pre)), (*leading, n_post)
    block, post, pre = np.indices((blocks, n_post, n_pre))
    found = Map.of(size, blocks * n_post, block * n_pre + pre, block * n_post + post, weight.reshape(block.shape))
    return found, (*leading, n_post)


def _sliding(node: Any, kind: str, shape: Shape, where: str) -> tuple[Map, Shape]:
    """Convolution, and pooling, which is convolution with ones within each channel."""
    dimensions = 1 if kind == "Conv1d" else 2
    if len(shape) != dimensions + 1:
        raise DescriptionError(
            f"{where}: expected input of {dimensions + 1} dimensions, the first that of channels, got shape {shape}"
        )
    if kind.startswith("Conv"):
        weight, [groups] = array(node, "weight", where), whole_numbers(node.groups, 1, f"{where}: groups")
        dilation, padding = _each(node.dilation, dimensions, 1, f"{where}: dilation"), node.padding
        _check_declared(node.input_shape, shape, where)
    else:
        kernel = _each(node.kernel_size, 2, 1, f"{where}: kernel_size")
        share = 1.0 / math.prod(kernel) if kind == "AvgPool2d" else 1.0
        weight, groups, dilation, padding = np.full((shape[0], 1, *kernel), share), shape[0], (1, 1), node.padding
    stride, kernel = _each(node.stride, dimensions, 1, f"{where}: stride"), weight.shape[2:]
    n_out, per_group = weight.shape[:2] if weight.ndim > 1 else (0, 0)
    if weight.ndim != dimensions + 2 or not weight.size or per_group * groups != shape[0] or n_out % groups:
        raise DescriptionError(
            f"{where}: weights of shape {weight.shape} in {groups} groups do not fit input of {shape[0]} channels"
        )
    if isinstance(padding, str | bytes):
        word = padding.decode() if isinstance(padding, bytes) else padding
        if word not in ("same", "valid") or (word == "same" and set(stride) != {1}):
            raise DescriptionError(f"{where}: expected padding 'valid', numbers, or with a stride of 1 'same'")
        spans = [d * (k - 1) * (word == "same") for d, k in zip(dilation, kernel, strict=True)]
        pads = [(span // 2, span - span // 2) for span in spans]
    else:
        pads = [(p, p) for p in _each(padding, dimensions, 0, f"{where}: padding")]
    place_in = place_out = place_kernel = np.zeros(1, np.int64)
    out = []
    for n, k, step, spread, (low, high) in zip(shape[1:], kernel, stride, dilation, pads, strict=True):
        length = (n + low + high - spread * (k - 1) - 1) // step + 1
        if length < 1:
            raise DescriptionError(f"{where}: its kernel of {k} does not fit into input of {n}")
        found = np.arange(length)[:, None] * step - low + np.arange(k) * spread
        at, of = np.nonzero((found >= 0) & (found < n))
        place_in = (place_in[:, None] * n + found[at, of]).ravel()
        place_out = (place_out[:, None] * length + at).ravel()
        place_kernel = (place_kernel[:, None] * k + of).ravel()
        out.append(length)
    channel = np.arange(n_out)[:, None, None]
    within = np.arange(per_group)[None, :, None]
    pre = (channel // (n_out // groups) * per_group + within) * math.prod(shape[1:]) + place_in
    post = channel * math.prod(out) + place_out
    weight = weight.reshape(n_out, per_group, -1)[:, :, place_kernel]
    return Map.of(math.prod(shape), n_out * math.prod(out), pre, post, weight), (n_out, *out)


def _each(value: Any, dimensions: int, least: int, what: str) -> tuple[int, ...]:
    """A whole number for each dimension, of one for all or of one for each. Raises DescriptionError."""
    found = whole_numbers(value, least, what)
    if len(found) not in (1, dimensions):
        raise DescriptionError(f"{what}: expected one number, or {dimensions}, got {len(found)}")
    return found * dimensions if len(found) == 1 else found
