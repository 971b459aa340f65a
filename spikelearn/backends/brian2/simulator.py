"""A network on Brian2. Brian2's step k - 1, from (k - 1) dt to k dt, is spikelearn's step k.

The order within a step: drives are set (start), equations are integrated (groups), arrivals are added (before
thresholds), neurons fire (thresholds), post events act on synapses (synapses), neurons are reset, data are recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikelearn.backends.brian2.neurons import Group, check_neurons
from spikelearn.backends.brian2.statements import unit_of
from spikelearn.backends.brian2.synapses import Connected, check_synapses
from spikelearn.backends.options import Brian2
from spikelearn.backends.presampled import Driven, SourceSpikes, initial_state
from spikelearn.backends.simulator import SimulatorBackend
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.equations.brian import import_brian2, quiet
from spikelearn.errors import DescriptionError, SimulationError
from spikelearn.results.run import Synapses


class OnBrian2:
    """A network in Brian2."""

    def __init__(self, description: NetworkDescription, options: Brian2) -> None:
        self._d, self._options, self._step = description, options, 0
        self._given: dict[Recording, int] = {}
        b2 = import_brian2()
        with self._settings():
            self._driven = Driven(description, description.drives) if description.drives else None
            check_neurons(description, self._driven.arrivals if self._driven is not None else [])
            check_synapses(description)
            self._build(b2)

    @property
    def versions(self) -> Mapping[str, str]:
        return {"brian2": str(import_brian2().__version__), "brian2_codegen": self._options.codegen}

    def advance(self, step: int) -> None:
        if step <= self._step:
            return
        b2, d = import_brian2(), self._d
        with self._settings():
            if self._sources is not None:
                for population, (steps, ids) in self._sources.until(step).items():
                    self._groups[population].set_spikes(ids, (steps - 1) * d.dt * b2.ms)
            try:
                self._network.run((step - self._step) * d.dt * b2.ms)
            except b2.BrianObjectException as error:
                raise DescriptionError(f"Brian2 rejected the network: {error.__cause__ or error}") from error
        self._step = step
        self._check_finite()

    def collect(self, step: int) -> None:
        pass

    def count(self, projection: Projection) -> int | None:
        return None

    def spikes(self, recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
        monitor = self._monitors[recording]
        steps = np.round(np.asarray(monitor.t_[:]) * 1e3 / self._d.dt).astype(np.int64) + 1
        ids = np.asarray(monitor.i[:])
        keep = (steps > self._not_given(recording, step)) & np.isin(ids, recording.ids)
        return steps[keep], ids[keep]

    def samples(self, recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
        monitor, unit = self._monitors[recording], unit_of(recording.unit)
        steps = np.round(np.asarray(monitor.t_[:]) * 1e3 / self._d.dt).astype(np.int64) + 1
        keep = (steps > self._not_given(recording, step)) & (steps % recording.every == 0)
        values = np.asarray(monitor.variables[recording.variable].get_value())
        return steps[keep], values[keep] / float(unit)

    def synapses(self, projection: Projection) -> Synapses:
        return self._connected[projection].read()

    def _settings(self) -> Any:
        """Brian2's code generation target is global to the process, so it is restored afterwards."""
        return _Settings(self._options.codegen)

    def _build(self, b2: Any) -> None:
        d, step = self._d, self._d.dt * b2.ms
        start = initial_state(d)
        arrivals = self._driven.arrivals if self._driven is not None else []
        currents = self._driven.currents if self._driven is not None else []
        self._neurons = {
            p: Group(
                p, d, self._options, [port for q, port in arrivals if q is p], [port for q, port in currents if q is p]
            )
            for p in d.populations
            if p.is_neuron
        }
        self._groups: dict[Any, Any] = {p: group.group for p, group in self._neurons.items()}
        for population, group in self._neurons.items():
            group.start(start[population])
        sources = [p for p in d.populations if not p.is_neuron]
        self._sources = SourceSpikes(d, sources) if sources else None
        for population in sources:
            self._groups[population] = b2.SpikeGeneratorGroup(population.size, [], [] * b2.ms, dt=step)
        for modulator in d.modulators:
            self._groups[modulator] = b2.NeuronGroup(
                1, "dn/dt = -n / tau_n : 1", method="exact", dt=step, namespace={"tau_n": modulator.tau_n * b2.ms}
            )
        by_target: dict[Any, Group] = dict(self._neurons)
        self._connected = {
            p: Connected(p, d, self._groups[p.source], self._groups[p.target], by_target.get(p.target))
            for p in d.projections
        }
        self._modulated = [c for c in self._connected.values() if c.modulator is not None]
        self._monitors = self._monitor_all(b2)
        parts = [*self._groups.values(), *(c.synapses for c in self._connected.values() if c.synapses is not None)]
        parts += list(dict.fromkeys(self._monitors.values()))
        if self._driven is not None:
            parts.append(b2.NetworkOperation(self._drive, dt=step, when="start"))
        if any(group.changes for group in self._neurons.values()):
            parts.append(b2.NetworkOperation(self._follow, dt=step, when="start"))
        if d.modulators:
            parts.append(b2.NetworkOperation(self._modulate, dt=step, when="before_thresholds", order=10))
        self._now = self._following = 0
        self._network = b2.Network(*parts)

    def _monitor_all(self, b2: Any) -> dict[Recording, Any]:
        """A monitor for each recording of events, and one for all variables of the same neurons."""
        found: dict[Recording, Any] = {}
        together: dict[Any, list[Recording]] = {}
        for recording in self._d.recordings:
            if isinstance(recording.of, Projection):
                continue
            group = self._groups[recording.of]
            if not recording.events:
                together.setdefault((recording.of, recording.ids.tobytes()), []).append(recording)
            elif recording.variable == "spike":
                found[recording] = b2.SpikeMonitor(group)
            else:
                found[recording] = b2.EventMonitor(group, recording.variable)
        for (of, _), recordings in together.items():
            variables = list(dict.fromkeys(recording.variable for recording in recordings))
            step = self._d.dt * b2.ms
            monitor = b2.StateMonitor(self._groups[of], variables, record=recordings[0].ids, dt=step, when="end")
            found |= dict.fromkeys(recordings, monitor)
        return found

    def _drive(self) -> None:
        assert self._driven is not None
        self._driven.advance()
        for population, port in self._driven.arrivals:
            self._neurons[population].write("arriving", port, self._driven.arriving(population, port))
        for population, port in self._driven.currents:
            self._neurons[population].write("current", port, self._driven.current(population, port))

    def _follow(self) -> None:
        """Set the parameters that change in time."""
        self._following += 1
        for group in self._neurons.values():
            group.follow(self._following)

    def _modulate(self) -> None:
        """Release modulators due at the end of this step, and pass the concentration to plastic synapses."""
        self._now += 1
        for release in self._d.releases:
            amount = release.amounts[release.steps == self._now].sum()
            self._groups[release.modulator].variables["n"].get_value()[0] += amount
        for connected in self._modulated:
            assert connected.modulator is not None
            connected.see(float(self._groups[connected.modulator].variables["n"].get_value()[0]))

    def _not_given(self, recording: Recording, step: int) -> int:
        """The last step already recorded; from now on that is `step`."""
        first = max(self._given.get(recording, 0), recording.start - 1)
        self._given[recording] = step
        return first

    def _check_finite(self) -> None:
        for population, group in self._neurons.items():
            for name in group.variables:
                values = np.asarray(group.group.variables[name].get_value())
                wrong = np.flatnonzero(~np.isfinite(values))
                if len(wrong):
                    raise SimulationError(
                        f"population {population.name!r}, neuron {wrong[0]}: {name} is not finite after "
                        f"{self._step * self._d.dt:g} ms on Brian2, method {group.method!r}"
                    )


class Brian2Backend(SimulatorBackend):
    """The engine "brian2"."""

    simulator = OnBrian2


class _Settings:
    def __init__(self, codegen: str) -> None:
        self._codegen, self._warnings = codegen, quiet()

    def __enter__(self) -> None:
        b2 = import_brian2()
        self._before = b2.prefs.codegen.target
        b2.prefs.codegen.target = self._codegen
        self._warnings.__enter__()

    def __exit__(self, *what: Any) -> None:
        self._warnings.__exit__(*what)
        import_brian2().prefs.codegen.target = self._before
