"""Linear readouts of filtered spikes, and signals that are fed back into a population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spikelearn.description.population import Population, Reference, View, whole
from spikelearn.description.readout_learning import ReadoutLearning
from spikelearn.description.signal import Signal
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.steps import whole_steps
from spikelearn.units import plain
from spikelearn.values import one_number


class Filter(NamedTuple):
    """What a readout reads of each neuron: filtered events of a kind, in Hz, or a state variable.

    tau, tau_rise: ms; tau_rise is 0 for an exponential filter. variable: "" for filtered events.
    """

    on: str
    tau: float
    tau_rise: float
    variable: str


class LearningSteps(NamedTuple):
    """A ReadoutLearning in steps: it learns in steps start + every, start + 2 every, ... up to stop."""

    every: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False, repr=False)
class Readout(Signal):
    """A signal that is linear in filtered spikes of a population, z = w' r. Made by `Network.readout`.

    population, neurons: what it reads, and which of its (n,) neurons. filter: how. initial_weights: (n, size).
    learning: None if the weights are constant; `steps`: when. target: a signal, (T, size) samples, or None. plastic:
    (n, size) bool, which weights learn; None: all. position: how many callbacks of every step act before it.
    """

    population: Population = None  # type: ignore[assignment]
    neurons: np.ndarray = None  # type: ignore[assignment]
    filter: Filter = Filter("spike", 20.0, 0.0, "")
    initial_weights: np.ndarray = None  # type: ignore[assignment]
    learning: ReadoutLearning | None = None
    steps: LearningSteps | None = None
    target: Signal | np.ndarray | None = None
    plastic: np.ndarray | None = None
    position: int = 0

    @property
    def rates(self) -> Reference:
        """For callbacks: float64 (n,), what is read of each neuron: filtered spikes in Hz, or a state variable."""
        return Reference("signal", self, "rates")

    def weights(self) -> Reference:
        """For callbacks: float64 (n, size), the weights, which a callback may change."""
        return Reference("signal", self, "weight")

    @property
    def error(self) -> Reference:
        """For callbacks: float64 (size,), value minus target."""
        if self.target is None:
            raise DescriptionError(f"error of readout {self.name!r}: it has no target")
        return Reference("signal", self, "error")

    @property
    def recordable(self) -> Mapping[str, tuple[int, str]]:
        """Variable -> how many numbers it has, and their unit."""
        of_target = {} if self.target is None else dict.fromkeys(("target", "error"), (self.size, self.unit))
        weights = (len(self.neurons) * self.size, "1")
        return {**super().recordable, **of_target, "rates": (len(self.neurons), self._unit_of_rates), "weight": weights}

    @property
    def _unit_of_rates(self) -> str:
        variable = self.filter.variable
        return self.population.check_state(variable, "readout") if variable else "Hz"


@dataclass(frozen=True, eq=False)
class Feed:
    """A signal as a current into a population. weights: (signal.size, population.size)."""

    signal: Signal
    population: Population
    port: str
    weights: np.ndarray


def neurons_of(what: Any, where: str) -> tuple[Population, np.ndarray]:
    """The population of a population or view, and the indices of its neurons. Raises DescriptionError."""
    if not isinstance(what, Population | View):
        raise DescriptionError(f"{where}: expected a population or a view of one, got {what!r:.200}")
    population = whole(what)
    ids = np.arange(population.size) if isinstance(what, Population) else np.array(what.ids)
    if len(ids) == 0 or len(np.unique(ids)) < len(ids):
        raise DescriptionError(f"{where}: expected at least one neuron, and each once")
    return population, ids


def filter_of(population: Population, on: Any, tau: Any, tau_rise: Any, variable: Any, where: str) -> Filter:
    """What a readout reads, checked. Raises DescriptionError, ParameterError or UnitError."""
    if variable is not None:
        population.check_state(variable, f"variable of {where}")
        if tau_rise is not None:
            raise ParameterError(f"tau_rise of {where}: a state variable is read as it is; expected none")
        return Filter("", 0.0, 0.0, variable)
    population.check_kind(on, f"on of {where}")
    tau = one_number(tau, "ms", f"tau of {where}", above=0.0)
    rise = 0.0 if tau_rise is None else one_number(tau_rise, "ms", f"tau_rise of {where}", above=0.0)
    if rise >= tau:
        raise ParameterError(f"tau_rise of {where}: expected less than tau, {tau:g} ms, got {rise:g} ms")
    return Filter(on, tau, rise, "")


def matrix_of(values: Any, shape: tuple[int, int], what: str, single: int) -> np.ndarray:
    """Weights of this shape, read-only, from a number, an array of the shape, or (n,) if axis `single` has length 1.

    Raises DescriptionError or UnitError.
    """
    found = np.asarray(plain(values, "1", what), np.float64)
    if shape[single] == 1 and found.shape == (shape[1 - single],):
        found = found.reshape(shape)
    if found.shape not in ((), shape) or not np.all(np.isfinite(found)):
        raise DescriptionError(f"{what}: expected a finite number or {shape} of them, got shape {found.shape}")
    found = np.array(np.broadcast_to(found, shape))
    found.flags.writeable = False
    return found


def mask_of(plastic: Any, shape: tuple[int, int], learning: Any, where: str) -> np.ndarray | None:
    """Which weights learn, (n, size) bool; None for all. Raises DescriptionError."""
    if plastic is None:
        return None
    found = np.asarray(plastic)
    if shape[1] == 1 and found.shape == (shape[0],):
        found = found.reshape(shape)
    if found.dtype != bool or found.shape != shape:
        raise DescriptionError(
            f"plastic of {where}: expected {shape} bool, got an array of shape {found.shape} and type {found.dtype}"
        )
    if learning is None:
        raise DescriptionError(f"plastic of {where}: expected a rule too, learning=...")
    return None if found.all() else found.copy()


def target_of(target: Any, size: int, learning: Any, where: str) -> Signal | np.ndarray | None:
    """A target, checked: samples are (T, size), read-only. Raises DescriptionError or UnitError."""
    if target is None:
        if learning is not None:
            raise DescriptionError(f"target of {where}: expected a signal or samples, as it learns")
        return None
    if isinstance(target, Signal):
        if target.size != size:
            raise DescriptionError(
                f"target of {where}: expected a signal of size {size}, got {target.name!r} of size {target.size}"
            )
        return target
    found = np.asarray(plain(target, "1", f"target of {where}"), np.float64)
    found = found[:, None] if found.ndim == 1 and size == 1 else found
    if found.ndim != 2 or found.shape[1] != size or len(found) == 0 or np.isinf(found).any():
        raise DescriptionError(
            f"target of {where}: expected a signal or (T, {size}) samples, one a step from 0 ms on, NaN for none, "
            f"got shape {found.shape}"
        )
    return found


def learning_steps(learning: Any, dt: float, where: str) -> LearningSteps | None:
    """When a readout learns, in steps of dt. Raises DescriptionError or ParameterError."""
    if learning is None:
        return None
    if not isinstance(learning, ReadoutLearning):
        raise DescriptionError(
            f"learning of {where}: expected DeltaRule(...), RecursiveLeastSquares(...), Ridge(...) or None, got "
            f"{learning!r:.200}"
        )
    what = f"of {type(learning).__name__}, {where}"
    every = 1 if learning.every is None else whole_steps(learning.every, dt, f"every {what}", least=1)
    stop = np.iinfo(np.int64).max if learning.stop is None else whole_steps(learning.stop, dt, f"stop {what}")
    return LearningSteps(every, whole_steps(learning.start, dt, f"start {what}"), int(stop))
