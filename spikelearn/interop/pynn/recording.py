"""What is recorded of a population, and how PyNN reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyNN import recording

from spikelearn.interop.pynn import simulator
from spikelearn.results.run import Run
from spikelearn.steps import whole_steps

if TYPE_CHECKING:
    from spikelearn.interop.pynn.building import Built


class Recorder(recording.Recorder):
    """See pyNN.recording.Recorder. Samples are kept in PyNN's units, in one array for each run and variable.

    Neurons that are recorded from later on have NaN for the time before.
    """

    _simulator = simulator

    def __init__(self, population: Any, file: Any = None) -> None:
        super().__init__(population, file)
        self.forget()

    def forget(self) -> None:
        """Begin anew, with what is to be recorded."""
        self._named: dict[str, list[tuple[str, np.ndarray]]] = {}
        self._spikes: list[tuple[np.ndarray, np.ndarray]] = []
        self._samples: dict[str, dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]] = {}
        self._number = 0
        self._new = True

    def _check_sampling_interval(self, sampling_interval: float | None) -> None:
        super()._check_sampling_interval(sampling_interval)
        if sampling_interval is not None:
            whole_steps(sampling_interval, simulator.state.dt, "sampling_interval", least=1)

    def _record(self, variable: Any, new_ids: Any, sampling_interval: float | None = None) -> None:
        if sampling_interval is not None:
            self.sampling_interval = sampling_interval
        self._new = True

    def _localize_variables(self, variables: Any, locations: Any) -> list[Any]:
        return _Variables(super()._localize_variables(variables, locations))

    def begin(self, built: Built) -> None:
        """Record from the neurons that are new in what is to be recorded."""
        if not self._new:
            return
        self._new = False
        net, neurons = built.net, built.neurons[self.population]
        for variable in sorted(self.recorded, key=lambda each: each.name):
            known = self._named.setdefault(variable.name, [])
            wanted = np.array(sorted(self.population.id_to_index(each) for each in self.recorded[variable]), np.int64)
            new = np.setdiff1d(wanted, np.concatenate([*(ids for _, ids in known), np.zeros(0, np.int64)]))
            if not len(new):
                continue
            self._number += 1
            name = str(self._number)
            known.append((name, new))
            if self.population.celltype.listed:
                continue
            of = neurons if len(new) == neurons.size else neurons[new]
            if variable.name == "spikes":
                net.record(of, "spikes", name=name)
                if self.population.counted:
                    net.record(of, "count", at="spike", name=name)
            else:
                own, factor = self.population.celltype.variables[variable.name]
                step, dt = simulator.state.step, simulator.state.dt
                net.record(of, own, every=self.sampling_interval, include_start=step == 0, name=name)
                if step > 0 and step % whole_steps(self.sampling_interval, dt, "sampling_interval") == 0:
                    now = np.broadcast_to(net.get(neurons, own), neurons.size)[new] / factor
                    chunks = self._samples.setdefault(variable.name, {}).setdefault(name, [])
                    chunks.append((np.array([simulator.state.t]), new, now[None]))

    def take_spikes(self, times: np.ndarray, ids: np.ndarray) -> None:
        """Take the spikes of neurons whose indices are these, as far as they are recorded."""
        recorded = [ids for _, ids in self._named.get("spikes", ())]
        keep = np.isin(ids, np.concatenate([*recorded, np.zeros(0, np.int64)]))
        self._spikes.append((times[keep], ids[keep]))

    def collect(self, run: Run, neurons: Any) -> None:
        """Take what a run has recorded. neurons: the population of spikelearn."""
        for variable, recordings in self._named.items():
            for name, _ in recordings:
                if variable == "spikes":
                    found = run.spikes(neurons, recording=name)
                    times, ids = found.times, found.ids
                    if self.population.counted:
                        counts = run.snapshots(neurons, "count", at="spike", recording=name).values.astype(np.int64)
                        times, ids = np.repeat(times, counts), np.repeat(ids, counts)
                    self._spikes.append((np.array(times), np.array(ids)))
                else:
                    own, factor = self.population.celltype.variables[variable]
                    trace = run.trace(neurons, own, recording=name)
                    values = trace.values / factor if factor != 1.0 else np.array(trace.values)
                    chunks = self._samples.setdefault(variable, {}).setdefault(name, [])
                    chunks.append((np.array(trace.times), trace.ids, values))

    def _get_spiketimes(self, ids: Any, clear: bool = False) -> tuple[np.ndarray, np.ndarray]:
        first = int(self.population.first_id)
        times = np.concatenate([*(times for times, _ in self._spikes), np.zeros(0)])
        found = np.concatenate([*(ids for _, ids in self._spikes), np.zeros(0, np.int64)]) + first
        keep = np.isin(found, np.array([int(each) for each in ids], np.int64))
        return found[keep], times[keep]

    def _local_count(self, variable: Any, filter_ids: Any = None) -> dict[int, int]:
        ids = sorted(int(each) for each in self.filter_recorded(variable, filter_ids))
        found, _ = self._get_spiketimes(ids)
        counts = np.bincount(found - int(self.population.first_id), minlength=self.population.size)
        return {each: int(counts[each - int(self.population.first_id)]) for each in ids}

    def _get_all_signals(self, variable: Any, ids: Any, clear: bool = False) -> tuple[np.ndarray, None]:
        columns = np.array([self.population.id_to_index(each) for each in ids], np.int64)
        return self._signals(variable.name, columns), None

    def _signals(self, variable: str, columns: np.ndarray) -> np.ndarray:
        """(n, columns), all samples since recording began or was cleared."""
        every = whole_steps(self.sampling_interval, simulator.state.dt, "sampling_interval", least=1)
        begin = round(float(self._recording_start_time) / simulator.state.dt)
        first = -(-begin // every)
        n = simulator.state.step // every - first + 1
        found = np.full((max(n, 0), len(columns)), np.nan)
        if simulator.state.step == 0 and variable in self.population.initial:
            found[:] = self.population.initial[variable][columns]
        place = np.full(self.population.size, -1)
        place[columns] = np.arange(len(columns))
        for chunks in self._samples.get(variable, {}).values():
            for times, ids, values in chunks:
                rows = np.rint(times / self.sampling_interval).astype(np.int64) - first
                inside, wanted = (rows >= 0) & (rows < n), place[ids] >= 0
                if np.all(inside) and np.all(wanted):
                    found[rows[0] : rows[0] + len(rows), place[ids]] = values
                else:
                    found[np.ix_(rows[inside], place[ids[wanted]])] = values[np.ix_(inside, wanted)]
        return found

    def _clear_simulator(self) -> None:
        """Forget samples but for the last, which is the first of what comes next."""
        self._spikes = []
        self._samples = {
            variable: {
                name: [(times[-1:], ids, values[-1:]) for times, ids, values in chunks[-1:]]
                for name, chunks in recordings.items()
            }
            for variable, recordings in self._samples.items()
        }

    def _reset(self) -> None:
        """Record nothing any more."""
        built = simulator.state.built
        names = {name for recordings in self._named.values() for name, _ in recordings}
        if built is not None and names:
            of = built.neurons[self.population]
            built.net.remove(*(r for r in built.net.description().recordings if r.of is of and r.name in names))
        self.forget()
        self.sampling_interval = simulator.state.dt


class _Variables(list[Any]):
    """Variables among which one is found by its name, too, as PyNN asks of those of earlier segments."""

    def __contains__(self, variable: object) -> bool:
        return super().__contains__(variable) or any(each.name == variable for each in self)
