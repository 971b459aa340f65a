"""The performance limits of this machine, measured in a few seconds by the loops of kernels/probe.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from spikelearn.codegen.modules import callable_of
from spikelearn.engine.aligned_arrays import zeros
from spikelearn.kernels import probe

SIZES = (30_000, 300_000, 1_500_000, 8_000_000, 200_000_000)
"""Bytes of arrays that are read and updated in order: within each level of a typical cache, and beyond all."""

INPUTS = (100_000, 300_000, 600_000, 5_000_000)
"""Bytes of arrays that are added to in random order."""

_LEAST_SECONDS = 0.02


@dataclass(frozen=True)
class Machine:
    """read, update: size in bytes -> bytes per second on one thread, counting written bytes twice.
    read_by_two: the same for two threads together. add: bytes of inputs -> seconds per addition in random order.
    operations: float64 additions and products per second."""

    read: dict[int, float]
    update: dict[int, float]
    read_by_two: dict[int, float]
    add: dict[int, float]
    operations: float

    def seconds_to_stream(self, streamed: float, footprint: int, written: bool) -> float:
        """The minimum time for accessing so many bytes of arrays of that size."""
        return streamed / at(self.update if written else self.read, footprint)

    def seconds_to_add(self, inputs: int) -> float:
        return at(self.add, inputs)


def at(measured: dict[int, float], size: float) -> float:
    """Interpolate between measured sizes: linear in the logarithm of the size, constant beyond the ends."""
    sizes = sorted(measured)
    return float(np.interp(np.log(max(size, 1)), np.log(sizes), [measured[each] for each in sizes]))


def measure_machine(sizes: tuple[int, ...] = SIZES, inputs: tuple[int, ...] = INPUTS, repeats: int = 5) -> Machine:
    """Measure the best of several repeats of each loop: about 10 s."""
    read, update, scatter, calculate = (
        callable_of(kernel) for kernel in (probe.read, probe.update, probe.scatter, probe.calculate)
    )
    reads, updates, by_two, adds = {}, {}, {}, {}
    for size in sizes:
        numbers, others, floats = zeros(size // 8).view(np.int64), zeros(size // 8).view(np.int64), zeros(size // 8)
        reads[size] = size / _seconds(repeats, read, numbers)
        updates[size] = 2 * size / _seconds(repeats, update, floats)
        with ThreadPoolExecutor(1) as second:
            by_two[size] = 2 * size / _seconds(repeats, partial(_in_parallel, second, read), numbers, others)
    few = zeros(512)
    operations = probe.OPERATIONS * len(few) / _seconds(repeats, calculate, few)
    generator = np.random.default_rng(1)
    for size in inputs:
        targets = generator.integers(0, size // 8, 200_000, dtype=np.int32)
        adds[size] = _seconds(repeats, scatter, targets, zeros(size // 8)) / len(targets)
    return Machine(reads, updates, by_two, adds, operations)


def _in_parallel(other: Executor, loop: Callable[..., object], a: np.ndarray, b: np.ndarray, times: int) -> None:
    """Run a loop on two threads at once."""
    submitted = other.submit(loop, b, times)
    loop(a, times)
    submitted.result()


def _seconds(repeats: int, loop: Callable[..., object], *arrays: np.ndarray) -> float:
    """The minimum time of one turn of loop(*arrays, turns)."""
    loop(*arrays, 1)
    turns, best = 1, _timed(loop, arrays, 1)
    while best * turns < _LEAST_SECONDS:
        turns *= 2
        best = min(best, _timed(loop, arrays, turns))
    return min([best, *(_timed(loop, arrays, turns) for _ in range(repeats - 1))])


def _timed(loop: Callable[..., object], arrays: tuple[np.ndarray, ...], turns: int) -> float:
    begun = time.perf_counter()
    loop(*arrays, turns)
    return max((time.perf_counter() - begun) / turns, 1e-12)
