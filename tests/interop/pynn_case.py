"""A PyNN script whose numbers must be those of an oracle, and how it is run with any back-end.

The scripts use nothing but PyNN's interface. They run with pyNN.nest too, which says that they are right.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from tolerances import Tolerance

Numbers = Mapping[str, np.ndarray]
NEST = "pyNN.nest"
SUBJECT = os.environ.get("PYNN_SUBJECT", "spikelearn.pynn")
"""The back-end that is compared."""


@dataclass(frozen=True)
class Script:
    """subject: PyNN's names of what is compared. what: on which input. run: the script; it gives named numbers.
    tolerance: of each of them, with the name of its class as it is printed. expected: the numbers of a closed form;
    if None, the script is run with `oracle`, a back-end of PyNN.
    """

    subject: str
    what: str
    run: Callable[[Any], Numbers]
    tolerance: Mapping[str, tuple[Tolerance, str]]
    expected: Callable[[], Numbers] | None = None
    oracle: str = NEST

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}"


@dataclass(frozen=True)
class Found:
    """How far one quantity of a script is from its oracle."""

    quantity: str
    n: int
    largest: float
    scale: float
    within: bool


def compare(script: Script, subject: str | None = None) -> list[Found]:
    """How far the numbers of a back-end are from those of the oracle."""
    measured = script.run(backend(subject or SUBJECT))
    return differences(
        script, measured, script.run(backend(script.oracle)) if script.expected is None else script.expected()
    )


def differences(script: Script, measured: Numbers, expected: Numbers) -> list[Found]:
    if measured.keys() != expected.keys() or measured.keys() != script.tolerance.keys():
        raise ValueError(
            f"{script}: {sorted(measured)}, expected {sorted(expected)}, allowed {sorted(script.tolerance)}"
        )
    return [_found(name, measured[name], expected[name], script.tolerance[name][0]) for name in script.tolerance]


def _found(name: str, measured: Any, expected: Any, tolerance: Tolerance) -> Found:
    measured, expected = np.atleast_1d(np.asarray(measured, float)), np.atleast_1d(np.asarray(expected, float))
    if measured.shape != expected.shape:
        return Found(name, measured.size, float("inf"), float("inf"), False)
    if expected.size == 0:
        raise ValueError(f"{name}: nothing was compared")
    apart = np.abs(measured - expected)
    within = np.all(apart <= tolerance.atol + tolerance.rtol * np.abs(expected))
    return Found(name, expected.size, float(np.max(apart)), float(np.abs(expected).max()), bool(within))


@functools.cache
def backend(name: str) -> ModuleType:
    """The module of a back-end, imported without what NEST and PyNN print and warn of."""
    if not name.startswith("pyNN."):
        return importlib.import_module(name)
    logging.getLogger("PyNN").setLevel(logging.ERROR)
    path = os.environ["PATH"]
    with warnings.catch_warnings(), _silent():
        warnings.simplefilter("ignore")
        # pyNN.nest builds its extension of NEST at each import if it finds nest-config; no wheel of NEST can load it.
        os.environ["PATH"] = os.devnull
        try:
            module = importlib.import_module(name)
        finally:
            os.environ["PATH"] = path
    return _Quiet(module)


class _Quiet(ModuleType):
    """A back-end of PyNN whose warnings of its own use of NEST do not stop a test."""

    def __init__(self, module: ModuleType):
        super().__init__(module.__name__)
        self.__wrapped__ = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)


@contextlib.contextmanager
def _silent():
    """Nothing reaches file descriptor 1, to which C++ writes."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


# What scripts share


DT = 0.125  # ms
"""A binary fraction, so that all times are exact. pyNN.nest takes the minimal delay from the times of a
SpikeSourceArray, and NEST puts off by a step what is then an ulp too late: with 0.1 ms some spikes are a step late."""


def begin(sim: Any, dt: float = DT, min_delay: float = DT, **more: Any) -> None:
    """A new network on a grid of time: without spike_precision, NEST would place the spikes of some models between."""
    sim.setup(timestep=dt, min_delay=min_delay, spike_precision="on_grid", **more)


def run_until_change(sim: Any, t: float, lags: int = 1) -> None:
    """Run until what is set now counts from t on.

    pyNN.nest is ahead of the time that it tells by the minimal delay; its currents take another one to their cells.
    """
    sim.run_until(t - lags * sim.get_min_delay() if sim.__name__ == NEST else t)


def segment(population: Any, which: int = -1) -> Any:
    return population.get_data().segments[which]


def trace(population: Any, variable: str, which: int = -1) -> np.ndarray:
    """(samples, cells) in PyNN's unit."""
    (signal,) = segment(population, which).filter(name=variable)
    return np.asarray(signal.magnitude)


def spikes(population: Any, which: int = -1, dt: float = DT) -> np.ndarray:
    """(spikes, 2): the cell and the time, in steps, of each; sorted."""
    trains = segment(population, which).spiketrains
    cells = np.concatenate([np.full(len(train), k) for k, train in enumerate(trains)] or [[]])
    times = np.concatenate([np.asarray(train.rescale("ms").magnitude) for train in trains] or [[]])
    steps = times / dt
    if np.abs(steps - np.round(steps)).max(initial=0.0) > 1e-6:
        raise ValueError("a spike lies between two steps")
    found = np.stack([cells, np.round(steps)], axis=1)
    return found[np.lexsort(found.T[::-1])]


def train(seed: int, n: int, start: float, stop: float, gap: float = 0.0, dt: float = DT) -> np.ndarray:
    """n times on the grid between start and stop, each at least a gap (all in ms) after the one before."""
    generator = np.random.default_rng(seed)
    free = round((stop - start - gap * n) / dt)
    return start + gap * np.arange(n) + dt * np.sort(generator.choice(free, n, replace=False))
