"""Currents that are injected into cells. Each is a step current, whose table is renewed when it ends or changes.

A current has its value at time t from t to the next step, so a potential changes from the step after `start` on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyNN.parameters import ParameterSpace, Sequence
from pyNN.standardmodels import StandardCurrentSource, build_translations, electrodes

from spikelearn.interop.pynn import simulator
from spikelearn.sources import StepCurrent
from spikelearn.steps import times_of

if TYPE_CHECKING:
    from spikelearn.interop.pynn.building import Built

_AHEAD = 10_000
"""Steps for which a table is made at least."""


def _unchanged(model: Any) -> dict[str, Any]:
    return build_translations(*((name, name) for name in model.default_parameters))


class CurrentSource(StandardCurrentSource):
    """What all sources have in common: where they are injected, their history, and the drives of the network."""

    varies = False
    """Whether it has a value of its own in each step, so that tables end."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._cells: list[tuple[Any, np.ndarray]] = []
        self._values: dict[str, Any] = {}
        self._recorded = False
        self._number = len(simulator.state.sources)
        self.forget()
        self.parameter_space.shape = (1,)
        self.set_native_parameters(self.native_parameters)
        simulator.state.sources.append(self)

    def forget(self) -> None:
        """Begin anew at time 0."""
        self._drives: list[Any] = []
        self._history: list[np.ndarray] = []
        self._until = -1
        self._renewed = True

    def get_native_parameters(self) -> ParameterSpace:
        return ParameterSpace(dict(self._values))

    def set_native_parameters(self, parameters: ParameterSpace) -> None:
        parameters.shape = (1,)
        parameters.evaluate(simplify=True)
        given = {name: value.value if isinstance(value, Sequence) else value for name, value in parameters.items()}
        self._values = self.checked({**self._values, **given})
        self._renewed = True

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
        self._cells += [(population, np.unique(ids)) for population, ids in found.items()]

    def record(self) -> None:
        """Record the current: see get_data."""
        self._recorded = True

    def _get_data(self) -> tuple[np.ndarray, np.ndarray]:
        if not self._recorded:
            raise RuntimeError(f"{type(self).__name__} was not recorded: call its record() before the run")
        steps = np.arange(simulator.state.step + 1)
        return times_of(steps, simulator.state.dt), np.concatenate([*self._history, self.at(steps[-1:])])

    def drive(self, built: Built, last: int | None) -> None:
        """Let the network have the current from now on. last: the step up to which it will run."""
        now = simulator.state.step
        last = now if last is None else last
        if self._recorded and last > now:
            self._history.append(self.at(np.arange(now, last)))
        if self._renewed or (self.varies and last > self._until):
            self._until = max(last, now + _AHEAD)
            steps, values = self.changes(now, self._until)
            made = {"times": times_of(steps, simulator.state.dt), "values": 1e3 * values}
            for known in self._drives:
                built.net.set(known, **made)
            self._made = made
            self._renewed = False
        for population, ids in self._cells[len(self._drives) :]:
            neurons = built.neurons[population]
            of = neurons if len(ids) == neurons.size else neurons[ids]
            self._drives.append(built.net.drive(of, StepCurrent(self._made["times"], self._made["values"])))

    def at(self, steps: np.ndarray) -> np.ndarray:
        """The current in nA from the beginning of each of these steps on."""
        raise NotImplementedError

    def changes(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps from `first` on at which it changes, with `first` itself, and its values in nA."""
        steps = np.arange(first, last)
        values = self.at(steps)
        keep = np.append(True, np.diff(values) != 0)
        return steps[keep], values[keep]

    def _within(self, steps: np.ndarray) -> np.ndarray:
        return (steps >= self._step("start")) & (steps < self._step("stop"))

    def _step(self, name: str) -> float:
        """A parameter that is a time, as the nearest step."""
        return float(np.rint(self._values[name] / simulator.state.dt))


class _Pulse(CurrentSource):
    """A constant current."""

    def at(self, steps: np.ndarray) -> np.ndarray:
        return np.where(self._within(steps), self._values["amplitude"], 0.0)

    def changes(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        most = 2.0**43
        steps = np.unique(np.clip([first, self._step("start"), self._step("stop")], first, most)).astype(np.int64)
        return steps, self.at(steps)


class DCSource(_Pulse, electrodes.DCSource):
    __doc__ = electrodes.DCSource.__doc__
    translations = _unchanged(electrodes.DCSource)


class ACSource(CurrentSource, electrodes.ACSource):
    __doc__ = electrodes.ACSource.__doc__
    translations = _unchanged(electrodes.ACSource)
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

    translations = _unchanged(electrodes.NoisyCurrentSource)
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
    translations = _unchanged(electrodes.StepCurrentSource)

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

    def changes(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        starts = np.rint(self._values["times"] / simulator.state.dt).astype(np.int64)
        steps = np.unique(np.append(first, starts[starts > first]))
        return steps, self.at(steps)
