"""Currents that are injected into cells. Those of a population are step currents, whose table is made anew when it ends
or one of them changes.

A current has its value at time t from t to the next step, so a potential changes from the step after `start` on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyNN.parameters import ParameterSpace, Sequence
from pyNN.standardmodels import StandardCurrentSource, electrodes

from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.values import unchanged
from spikelearn.network import Network
from spikelearn.sources import StepCurrent
from spikelearn.steps import times_of

_AHEAD = 10_000
"""Steps for which a table is made at least."""


class CurrentSource(StandardCurrentSource):
    """What all sources have in common.

    varies: whether it has a value of its own in each step, so that tables end. version: how often it was changed.
    """

    varies = False
    version = 0

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._values: dict[str, Any] = {}
        self._recorded = False
        self._number = len(simulator.state.sources)
        self.forget()
        self.parameter_space.shape = (1,)
        self.set_native_parameters(self.native_parameters)
        simulator.state.sources.append(self)

    def forget(self) -> None:
        """Begin anew at time 0."""
        self._history: list[np.ndarray] = []
        self.version += 1

    def get_native_parameters(self) -> ParameterSpace:
        return ParameterSpace(dict(self._values))

    def set_native_parameters(self, parameters: ParameterSpace) -> None:
        parameters.shape = (1,)
        parameters.evaluate(simplify=True)
        given = {name: value.value if isinstance(value, Sequence) else value for name, value in parameters.items()}
        self._values = self.checked({**self._values, **given})
        self.version += 1

    def checked(self, values: dict[str, Any]) -> dict[str, Any]:
        """Parameters as they are kept, with times on the grid."""
        values = {name: float(value) for name, value in values.items()}
        for name, value in values.items():
            if not np.isfinite(value):
                raise ValueError(f"{name} of {type(self).__name__}: expected a finite number, got {value}")
        return values

    def inject_into(self, cells: Any, location: Any = None) -> None:
        """Inject this current into a population, view or assembly, or into cells of a list."""
        if location is not None:
            raise NotImplementedError("spikelearn's cells for PyNN have no compartments: location must not be given")
        found: dict[Any, list[int]] = {}
        for cell in cells.all() if hasattr(cells, "all") else cells:
            if not cell.celltype.injectable:
                raise TypeError("Can't inject current into a spike source.")
            found.setdefault(cell.parent, []).append(cell.parent.id_to_index(cell))
        for population, ids in found.items():
            population.injections.given.append((self, np.unique(ids)))

    def record(self) -> None:
        """Record the current: see get_data."""
        self._recorded = True

    def _get_data(self) -> tuple[np.ndarray, np.ndarray]:
        if not self._recorded:
            raise RuntimeError(f"{type(self).__name__} was not recorded: call its record() before the run")
        steps = np.arange(simulator.state.step + 1)
        return times_of(steps, simulator.state.dt), np.concatenate([*self._history, self.at(steps[-1:])])

    def before_run(self, last: int) -> None:
        """Keep what it will be in a run up to a step, if it is recorded."""
        if self._recorded:
            self._history.append(self.at(np.arange(simulator.state.step, last)))

    def at(self, steps: np.ndarray) -> np.ndarray:
        """The current in nA from the beginning of each of these steps on."""
        raise NotImplementedError

    def changes(self, first: int, last: int) -> np.ndarray:
        """The steps from `first` to `last` at which it may change, with `first` itself."""
        steps = np.arange(first, last)
        return steps[np.append(True, np.diff(self.at(steps)) != 0)]

    def _within(self, steps: np.ndarray) -> np.ndarray:
        return (steps >= self._step("start")) & (steps < self._step("stop"))

    def _step(self, name: str) -> float:
        """A parameter that is a time, as the nearest step."""
        return float(np.rint(self._values[name] / simulator.state.dt))


@dataclass
class _Made:
    """The drive of a network for some sources. columns: the neurons. versions: those of the sources. until: a step."""

    drive: Any
    columns: np.ndarray
    versions: tuple[tuple[int, int], ...]
    until: int


class Injections:
    """The currents of one population. given: sources, and the indices of the neurons that each is injected into."""

    def __init__(self) -> None:
        self.given: list[tuple[CurrentSource, np.ndarray]] = []
        self.forget()

    def forget(self) -> None:
        """Begin anew in a network that is still to be built."""
        self._made: dict[bool, _Made] = {}

    def take_up(self, net: Network, neurons: Any, last: int) -> None:
        """Let a network have the currents from now on, for a run up to a step."""
        now = simulator.state.step
        for varies in (False, True):
            sources = [(source, ids) for source, ids in self.given if source.varies is varies]
            versions = tuple((id(source), source.version) for source, _ in sources)
            made = self._made.get(varies)
            if not sources or (made and made.versions == versions and (not varies or last <= made.until)):
                continue
            until = max(last, now + _AHEAD)
            columns = np.unique(np.concatenate([ids for _, ids in sources]))
            steps = np.unique(np.concatenate([source.changes(now, until) for source, _ in sources]))
            values = np.zeros((len(steps), len(columns)))
            for source, ids in sources:
                values[:, np.searchsorted(columns, ids)] += 1e3 * source.at(steps)[:, None]
            if np.all(values == values[:, :1]):
                values = values[:, 0]
            times = times_of(steps, simulator.state.dt)
            if made and np.array_equal(made.columns, columns):
                net.set(made.drive, times=times, values=values)
                drive = made.drive
            else:
                if made:
                    net.remove(made.drive)
                drive = net.drive(
                    neurons if len(columns) == neurons.size else neurons[columns], StepCurrent(times, values)
                )
            self._made[varies] = _Made(drive, columns, versions, until)


class _Pulse(CurrentSource):
    """A constant current."""

    def at(self, steps: np.ndarray) -> np.ndarray:
        return np.where(self._within(steps), self._values["amplitude"], 0.0)

    def changes(self, first: int, last: int) -> np.ndarray:
        return np.unique(np.clip([first, self._step("start"), self._step("stop")], first, 2.0**43)).astype(np.int64)


class DCSource(_Pulse, electrodes.DCSource):
    __doc__ = electrodes.DCSource.__doc__
    translations = unchanged(electrodes.DCSource)


class ACSource(CurrentSource, electrodes.ACSource):
    __doc__ = electrodes.ACSource.__doc__
    translations = unchanged(electrodes.ACSource)
    varies = True

    def at(self, steps: np.ndarray) -> np.ndarray:
        p = self._values
        time = (steps - self._step("start")) * simulator.state.dt
        wave = np.sin(2e-3 * np.pi * p["frequency"] * time + np.deg2rad(p["phase"]))
        return np.where(self._within(steps), p["offset"] + p["amplitude"] * wave, 0.0)


class NoisyCurrentSource(CurrentSource, electrodes.NoisyCurrentSource):
    """A current that is drawn anew from a normal distribution every `dt` ms; all cells receive the same current.

    Arguments:
        `mean`, `stdev`: nA. `start`, `stop`: ms. `dt`: ms for which a value holds, as the nearest number of steps.
    """

    translations = unchanged(electrodes.NoisyCurrentSource)
    varies = True

    def forget(self) -> None:
        super().forget()
        state = simulator.state
        self._generator = np.random.default_rng([abs(state.seed), state.segment_counter + 1, self._number])
        self._normal = np.zeros(0)

    def at(self, steps: np.ndarray) -> np.ndarray:
        p, within = self._values, self._within(steps)
        every = max(1, round(p["dt"] / simulator.state.dt))
        which = np.where(within, (steps - int(min(self._step("start"), 2.0**43))) // every, 0)
        missing = int(which.max(initial=0)) + 1 - len(self._normal)
        if missing > 0:
            self._normal = np.concatenate([self._normal, self._generator.standard_normal(missing)])
        return np.where(within, p["mean"] + p["stdev"] * self._normal[which], 0.0)


class StepCurrentSource(CurrentSource, electrodes.StepCurrentSource):
    __doc__ = electrodes.StepCurrentSource.__doc__
    translations = unchanged(electrodes.StepCurrentSource)

    def checked(self, values: dict[str, Any]) -> dict[str, Any]:
        times, amplitudes = (np.atleast_1d(np.asarray(values[name], float)) for name in ("times", "amplitudes"))
        if len(times) != len(amplitudes):
            if simulator.state.running:  # one of both may be set after the other
                return {"times": times, "amplitudes": amplitudes}
            raise ValueError(f"Step current: expected one amplitude for each time, got {len(amplitudes)}, {len(times)}")
        if np.any(~np.isfinite(times)) or np.any(times < 0):
            raise ValueError("Step current cannot accept negative timestamps.")
        if np.any(np.diff(times) <= 0):
            raise ValueError("Step current timestamps should be monotonically increasing.")
        dt = simulator.state.dt
        steps = np.rint(times / dt)
        last = np.append(np.diff(steps) > 0, True)[: len(steps)]
        return {"times": np.asarray(times_of(steps[last], dt)), "amplitudes": amplitudes[last]}

    def at(self, steps: np.ndarray) -> np.ndarray:
        starts = np.rint(self._values["times"] / simulator.state.dt)
        which = np.searchsorted(starts, steps, side="right")
        return np.append(0.0, self._values["amplitudes"])[which]

    def changes(self, first: int, last: int) -> np.ndarray:
        starts = np.rint(self._values["times"] / simulator.state.dt).astype(np.int64)
        return np.append(first, starts[starts > first])
