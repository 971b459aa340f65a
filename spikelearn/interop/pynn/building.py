"""How what PyNN's objects say becomes a network of spikelearn, at the first run, and what of it changes later."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from spikelearn.errors import DescriptionError, SignWarning
from spikelearn.network import Network
from spikelearn.sources import SpikeList
from spikelearn.steps import times_of
from spikelearn.warn import warn

if TYPE_CHECKING:
    from spikelearn.description.population import Population as Neurons
    from spikelearn.interop.pynn.populations import Population
    from spikelearn.interop.pynn.projections import Projection
    from spikelearn.interop.pynn.simulator import State


class Built:
    """The network of all objects that were made since `setup`.

    What is made or set later is taken up when it runs on. neurons: PyNN's population -> spikelearn's.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._begin()

    def _begin(self) -> None:
        state = self.state
        seed = state.seed + 1_000_003 * max(state.segment_counter, 0)
        self.net = Network(dt=state.dt, seed=seed, **state.options)
        self.neurons: dict[Population, Neurons] = {}
        self._own: dict[Population, dict[str, Any]] = {}
        self._connected: set[Projection] = set()
        self._first_ids = np.zeros(0, np.int64)

    def run(self, last: int) -> int:
        """Run up to a step, and let the recorders have what was recorded. Returns the step that was reached."""
        self.take_up(last)
        for source in self.state.sources:
            source.before_run(last)
        first, engine = self.state.step, "events" if self.state.exact else self.state.engine
        run = self.net.run(float(times_of(last - first, self.state.dt)), engine=engine)
        last = round(run.t_stop / self.state.dt)
        for population, neurons in self.neurons.items():
            if population.celltype.listed:
                emitted = population.celltype.emitted(population, self._own[population], first, last)
                population.recorder.take_spikes(*emitted)
            else:
                population.recorder.collect(run, neurons)
        return last

    def take_up(self, last: int | None = None) -> None:
        """Add what is new, and set what was set. last: the step up to which it will run."""
        try:
            self._take_up(last)
            if self.state.exact:
                self.net.build("events")
        except BaseException as error:
            if self.state.step > 0:
                raise
            self.state.forget_network()
            self._begin()
            if not (self.state.exact and isinstance(error, DescriptionError)):
                raise
            message = f"spike_precision='off_grid': not all of this network can run so: {error}; it runs on the grid"
            warn(message, RuntimeWarning)
            self.state.exact = False
            self.take_up(last)

    def _take_up(self, last: int | None) -> None:
        with warnings.catch_warnings():
            # PyNN has checked signs in its own way.
            warnings.simplefilter("ignore", SignWarning)
            if not self.state.populations and not self.net.populations:
                self.net.population(1, SpikeList([]), name="nothing")  # time goes on in an empty network, too
            for modulator in self.state.modulators:
                modulator.add(self.net)
            for population in self.state.populations:
                if population in self.neurons:
                    self._set(population)
                else:
                    self._add(population)
            self._first_ids = np.array([int(each.first_id) for each in self.state.populations])
            for projection in self.state.projections:
                if projection in self._connected:
                    projection.set_values(self.net)
                else:
                    projection.connect(self)
                    self._connected.add(projection)
            for modulator in self.state.modulators:
                modulator.take_up(self.net, self.neurons)
            for population, neurons in self.neurons.items():
                population.recorder.begin(self)
                if last is not None:
                    population.injections.take_up(self.net, neurons, last)
                    population.celltype.before_run(self.net, neurons, population, last)

    def _add(self, population: Population) -> None:
        own = population.celltype.own(population.parameters)
        name = population.label if population.label not in self.net.populations else None
        made = self.net.population(population.size, population.celltype.of(population), name=name)
        self.neurons[population], self._own[population] = made, own
        population.changed.clear()
        if population.initial:
            population.initialized |= set(population.initial)
        self._initialize(population)

    def _set(self, population: Population) -> None:
        if population.changed:
            own = population.celltype.own(population.parameters)
            before = self._own[population]
            changed = {name: value for name, value in own.items() if not np.array_equal(value, before[name])}
            if changed:
                population.celltype.set(self.net, self.neurons[population], population, changed)
            self._own[population] = own
            population.changed.clear()
        self._initialize(population)

    def _initialize(self, population: Population) -> None:
        variables = population.celltype.variables
        values = {}
        for name in sorted(population.initialized):
            if name not in variables:
                if np.any(population.initial[name]):
                    raise NotImplementedError(
                        f"initial values of {name!r}: {type(population.celltype).__name__} of spikelearn has none"
                    )
                continue
            variable, factor = variables[name]
            array = population.initial[name] * factor
            values[variable] = float(array[0]) if np.all(array == array[0]) else array
        if values:
            self.net.set(self.neurons[population], **values)
        population.initialized.clear()

    def located(self, cells: Any) -> tuple[np.ndarray, np.ndarray]:
        """Which population of the state each of these cells belongs to, and its index there."""
        ids = np.array([int(each) for each in cells.all_cells], np.int64)
        which = np.searchsorted(self._first_ids, ids, side="right") - 1
        return which, ids - self._first_ids[which]
