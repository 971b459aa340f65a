"""Changing a network between two runs: parameters, state, rates, spike times, levels and delays."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikelearn.description.builder import NetworkBuilder
from spikelearn.description.changing import (
    DRIVES,
    changed_delay,
    changed_drive,
    changed_neuron,
    changed_plasticity,
    changed_readout,
    changed_source,
    changed_synapse,
    check_future,
    check_limits,
    check_names,
    given_to,
    learning_names,
    name_of,
    statement_values,
)
from spikelearn.description.checks import checked_states
from spikelearn.description.distributions import Drawn, sample
from spikelearn.description.population import Modulator, Population, View, whole
from spikelearn.description.projection import Drive, Projection
from spikelearn.description.readout import Readout
from spikelearn.engine.lowering.block_arrays import are_exact, initial_values
from spikelearn.errors import DescriptionError
from spikelearn.kernels import connect
from spikelearn.neurons import Neuron
from spikelearn.results.run import Synapses
from spikelearn.sources import CorrelatedPoisson, Poisson, PoissonInput, SpikeList
from spikelearn.values import one_number

if TYPE_CHECKING:
    from spikelearn.backends.backend import Backend, Choice

_CHANGED = 3
"""Values that are set are drawn from generators seeded with (seed, uid, this, step, number of the variable)."""


def overwrite(part: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Overwrite attributes of a part of a network, which is frozen for all others; returns what they were.

    The part stays the same object, by which users hold it and the network knows it.
    """
    before = {name: getattr(part, name) for name in values}
    for name, value in values.items():
        object.__setattr__(part, name, value)
    return before


class ChangingNetwork(NetworkBuilder):
    """A NetworkBuilder whose parts can be changed before and after its first run."""

    _backend: Backend | None
    _choice: Choice
    _changed: bool

    def _lister(self) -> Callable[[Projection], Synapses]:
        return functools.partial(_listed, seed=self.seed, dt=self.dt)

    def set(self, part: Any, **values: Any) -> None:
        """Set parameters and state of a part of the network now, before the first run or between two runs.

        part, and what its values may be:
            Population, or a view of one: parameters of its model and state variables; `rate` of Poisson sources,
                `times`, `ids` and, if its spikes carry them, `values` of a SpikeList. A number, or one for each of
                these neurons, or a distribution.
            Projection: parameters of its plasticity rule and of its synapse, and `delay`. For weights, `set_weights`.
                Of a StatementSynapse: its variables, a number or one for each synapse, and its constants.
            Modulator: `level` and `tau`. Readout: what its learning was made with, `tau` and `tau_rise`.
            Drive: what its PoissonInput, StepCurrent or NoiseCurrent was made with, and `weight`.

        Before the first step, the network is then the one that was made with these values. Later all other state is
        kept: potentials, events on their way, traces, eligibilities, random numbers. What has happened so far has been
        learned with the parameters before; traces of a rule that learns at events, and short-term plasticity, go on
        from their last event with the new ones. Spike times replace all that are left, and are later than now. A delay
        can be changed when no event is on its way. docs/changing.md has examples.

        All values are checked before any is set. `reset` goes back to time 0 with the parameters that were set last.
        Raises DescriptionError, ParameterError or UnitError.

        >>> net = Network()
        >>> cells = net.population(10, LIF(tau_m=20))
        >>> net.set(cells, tau_m=12, V_m=-60)
        >>> net.set(cells[:5], I_e=np.linspace(100, 500, 5))
        >>> net.get(cells, "tau_m")
        12.0
        """
        with self._used_alone("set", between_steps=True):
            self._check_part(part, "set")
            if not values:
                raise DescriptionError(f"set of {name_of(part)}: expected values by name, such as tau_m=12")
            weighted = isinstance(part, Projection) and part.statements is None
            if weighted and not values.keys().isdisjoint(("weight", "weights")):
                raise DescriptionError(f"set of {name_of(part)}: net.set_weights(projection, weights) sets its weights")
            check_names(values, self._names(part), f"set of {name_of(part)}")
            self._take_up_changes()
            if self._started and "changes" not in self._backend.supports:  # type: ignore[union-attr]
                raise DescriptionError(
                    f"set of {name_of(part)}: this network has run on {self._choice}, which cannot be changed; set it "
                    'before the first run, or use engine="compiled"'
                )
            if isinstance(part, Population | View):
                (self._set_neurons if part.of.is_neuron else self._set_source)(part, values)
            elif isinstance(part, Modulator):
                self._set_modulator(part, values)
            elif isinstance(part, Projection):
                set_it = self._set_projection if part.statements is None else self._set_statements
                set_it(part, values)
            elif isinstance(part, Drive):
                self._rebuild(part, changed_drive(part, values, self.dt), parts=[part])
            else:
                self._rebuild(part, changed_readout(part, values, self._started, self.dt))

    def get(self, part: Any, name: str) -> Any:
        """The current value of a parameter or a state variable, by the name under which `set` takes it.

        A number if there is one for all, else a new array: (size,) for a population or a view.
        """
        self._check_part(part, "get")
        if isinstance(part, Projection) and part.statements is None and name in ("weight", "weights"):
            raise DescriptionError(f"get of {name_of(part)}: net.weights(projection) has its weights")
        check_names([name], self._names(part), f"get of {name_of(part)}")
        value = self._value(part, name)
        if isinstance(part, View) and isinstance(value, np.ndarray) and len(value) == part.of.size:
            value = value[part.ids]
        return np.array(value) if isinstance(value, np.ndarray) else value

    @property
    def _started(self) -> bool:
        return self._backend is not None and self._backend.step > 0

    def _check_part(self, part: Any, where: str) -> None:
        """Raise DescriptionError for what cannot be changed or belongs to another network."""
        if isinstance(part, Drive):
            known = any(part is each for each in self._drives)
        else:
            known = isinstance(part, Population | View | Projection | Modulator | Readout) and self._owner(part) is True
        if not known:
            raise DescriptionError(
                f"{where}: expected a population, view, projection, modulator, drive or readout of this network, got "
                f"{part!r:.200}"
            )

    def _names(self, part: Any) -> list[str]:
        """What can be set of a part."""
        if isinstance(part, Population | View):
            model = part.of.model
            if isinstance(model, Neuron):
                return [*model.parameters._fields, *model.model.state]
            if isinstance(model, SpikeList):
                return ["times", "ids", *(["values"] if model.payloads else [])]
            return ["rate", "correlation"] if isinstance(model, CorrelatedPoisson) else ["rate"]
        if isinstance(part, Projection) and part.statements is not None:
            return [*part.statements.state, *part.statements.constants]
        if isinstance(part, Projection):
            of_rule = part.plasticity.parameters._fields if part.plasticity is not None else ()
            of_synapse = part.synapse.parameters._fields if part.synapse is not None else ()
            every = ["every"] if part.plasticity is not None and part.plasticity.every else []
            return [*of_rule, *every, *of_synapse, "delay"]
        if isinstance(part, Drive):
            return [*DRIVES[type(part.source)], *(["weight"] if isinstance(part.source, PoissonInput) else [])]
        return ["level", "tau"] if isinstance(part, Modulator) else list(learning_names(part))

    def _value(self, part: Any, name: str) -> Any:
        """A number, or an array, (size,) for a population or the population of a view."""
        if isinstance(part, Population | View):
            model = part.of.model
            if isinstance(model, Neuron) and name in model.parameters._fields:
                return dict(model.timed).get(name, getattr(model.parameters, name))
            if isinstance(model, Neuron) or (name == "rate" and self._started):
                found = self.build().values(part.of, name)[0]
                alike = not isinstance(model, Neuron) and bool(np.all(found == found[0]))
                return float(found[0]) if alike else found
            if name == "values":
                return dict(model.payloads)
            return model.parameters[name] if isinstance(model, Poisson) else getattr(model, name)
        if isinstance(part, Projection) and part.statements is not None:
            if self._started:
                return self._backend.synapse_values(part, name)  # type: ignore[union-attr]
            return (part.statements.start | part.statements.constants)[name]
        if isinstance(part, Projection):
            if name == "delay":
                delay = part.axonal
                return delay.a if delay.constant else delay.values if delay.values is not None else delay
            of_rule = part.plasticity is not None and name in part.plasticity.parameters._fields
            if name == "every" and not of_rule:
                return part.plasticity.every  # type: ignore[union-attr]
            return getattr(part.plasticity.parameters if of_rule else part.synapse.parameters, name)  # type: ignore[union-attr]
        if isinstance(part, Drive):
            return part.weight if name == "weight" else given_to(part.source)[name]
        if isinstance(part, Modulator):
            if name == "tau":
                return part.tau_n
            return float(self.build().values(part, "n")[0][0]) if self._started else part.initial
        return getattr(part.filter if name in ("tau", "tau_rise") else part.learning, name)

    def _set_neurons(self, part: Population | View, values: Mapping[str, Any]) -> None:
        population, backend = whole(part), self._backend
        step = backend.step if backend is not None else 0
        seed = (self.seed, population.uid, _CHANGED, step)
        given = {name: value for name, value in values.items() if name in population.model.parameters._fields}
        on_grid = self._started and backend.on_grid  # type: ignore[union-attr]
        as_made = not self._started and isinstance(part, Population)
        drawn_from = (self.seed, population.uid) if as_made else seed
        changed = {"model": changed_neuron(part, given, drawn_from, self.dt, on_grid)} if given else {}
        state = checked_states(part, {name: value for name, value in values.items() if name not in given}, "set")
        if not self._started:
            self._set_initial(part, changed, state, seed)
            return
        assert backend is not None
        arrays = {name: backend.values(population, name)[0] for name in state}
        numbers = _numbers(state, part.size, seed)
        for name, array in arrays.items():
            if array.dtype == np.float32 and not are_exact(numbers[name]):
                raise DescriptionError(f"{name} of population {population.name!r}: expected whole numbers of steps")
        if changed:
            before = overwrite(population, changed)
            try:
                backend.go_on_with_model(population)
            except BaseException:
                overwrite(population, before)
                raise
        for name, array in arrays.items():
            array[slice(None) if part.ids is None else part.ids] = numbers[name]

    def _set_initial(
        self, part: Population | View, changed: dict[str, Any], state: dict[str, Drawn], seed: tuple[int, ...]
    ) -> None:
        """Set parameters and initial state before the first step."""
        population = whole(part)
        overwrite(population, changed)
        if isinstance(part, View) and state:
            # What others are drawn from distributions stays what it is.
            start = dict(initial_values(population, self.seed))
            for name, numbers in _numbers(state, part.size, seed).items():
                start.setdefault(name, np.zeros(population.size))[part.ids] = numbers
            kept = [name for name in start if name in state or name in population.initial]
            state = {name: Drawn(connect.ARRAY, 0.0, values=start[name]) for name in kept}
        overwrite(population, {"initial": {**population.initial, **state}})
        self._changed = True

    def _set_source(self, part: Population | View, values: Mapping[str, Any]) -> None:
        population, backend = whole(part), self._backend
        rates = np.zeros(0)
        if isinstance(population.model, Poisson):
            rates = np.broadcast_to(population.model.values[0], population.size)
            if self._started:
                rates = backend.values(population, "rate")[0]  # type: ignore[union-attr]
        model = changed_source(part, values, rates, self.dt)
        if isinstance(model, SpikeList) and backend is not None:
            check_future(model.times, backend.step, self.dt, f"times of population {population.name!r}")
        before = overwrite(population, {"model": model})
        if not self._started:
            self._changed = True
            return
        try:
            backend.go_on_with_model(population)  # type: ignore[union-attr]
        except BaseException:
            overwrite(population, before)
            raise

    def _set_modulator(self, modulator: Modulator, values: Mapping[str, Any]) -> None:
        where, level = name_of(modulator), None
        if "level" in values:
            level = one_number(values["level"], "1", f"level of {where}")
        if "tau" in values:
            stays = isinstance(values["tau"], float) and values["tau"] == math.inf
            tau = math.inf if stays else one_number(values["tau"], "ms", f"tau of {where}", above=0.0)
            self._rebuild(modulator, {"tau_n": tau})
        if level is not None and self._started:
            for array in self._backend.values(modulator, "n"):  # type: ignore[union-attr]
                array[0] = level
        elif level is not None:
            overwrite(modulator, {"initial": level})
            self._changed = True

    def _set_projection(self, projection: Projection, values: Mapping[str, Any]) -> None:
        changed: dict[str, Any] = {}
        known = projection.plasticity.parameters._fields if projection.plasticity is not None else ()
        of_rule = {name: value for name, value in values.items() if name in (*known, "every")}
        of_synapse = {name: value for name, value in values.items() if name not in (*of_rule, "delay")}
        if of_rule:
            plasticity = changed_plasticity(projection, of_rule)
            check_limits(projection, plasticity, self.weights(projection), self.dt)
            if self._started:
                self._check_shapes(projection, of_rule)
            changed["plasticity"] = plasticity
        if of_synapse:
            changed["synapse"] = changed_synapse(projection, of_synapse)
        if "delay" in values:
            changed["axonal"] = changed_delay(projection, values["delay"], self.dt)
            self._check_one_delay(projection, changed["axonal"])
        located: dict[Projection, Any] = {}
        if self._started:
            backend = self._backend
            assert backend is not None
            if "delay" in values:
                located[projection] = backend.located(projection)
            self._read_earlier_runs(projection)
            if of_rule:
                backend.settle(projection)
        since = self._since
        if located:
            self._since = since | {projection: self._backend.step}  # type: ignore[union-attr]
        try:
            self._rebuild(projection, changed, [projection], located)
        except BaseException:
            self._since = since
            raise

    def _set_statements(self, projection: Projection, values: Mapping[str, Any]) -> None:
        """Set variables and constants of synapses that run statements."""
        model, found = projection.statements, statement_values(projection, values)
        if self._started:
            for name, value in found.items():
                self._backend.put_synapse_values(projection, name, value)  # type: ignore[union-attr]
        kept = {name: value for name, value in found.items() if not self._started or name not in model.changes}
        start = {**model.start, **{name: value for name, value in kept.items() if name in model.start}}
        constants = {**model.constants, **{name: value for name, value in kept.items() if name in model.constants}}
        overwrite(projection, {"synapse": replace(model, start=start, constants=constants)()})
        self._changed = self._changed or not self._started

    def _check_one_delay(self, projection: Projection, delay: Drawn) -> None:
        """Raise DescriptionError if its synapses keep state by delay, and have or would have several."""
        keeps = projection.learns or projection.transmits or projection.synapse is not None
        if self._started and keeps and not (projection.axonal.constant and delay.constant):
            raise DescriptionError(
                f"delay of {name_of(projection)}: its synapses have state for each source and delay; expected one "
                "delay for all, before and after"
            )

    def _check_shapes(self, projection: Projection, values: Mapping[str, Any]) -> None:
        """Raise DescriptionError for a parameter that is the length of something that a rule remembers."""
        rule = projection.plasticity.rule  # type: ignore[union-attr]
        for name in getattr(rule, "delayed", {}).values():
            if name in values:
                raise DescriptionError(
                    f"{name} of {name_of(projection)}: {rule.name} remembers as much as this delay; it can be set "
                    "before the first run only"
                )

    def _rebuild(
        self, part: Any, changed: Mapping[str, Any], parts: Sequence[Any] = (), located: Mapping[Any, Any] | None = None
    ) -> None:
        """Overwrite attributes of a part, and go on with a backend that has them, or with what there was before."""
        before = overwrite(part, changed)
        if not self._started:
            self._changed = True
            return
        try:
            self._change_backend(parts, located)
        except BaseException:
            overwrite(part, before)
            raise

    def _used_alone(self, what: str, between_steps: bool = False) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _take_up_changes(self) -> None:
        raise NotImplementedError

    def _read_earlier_runs(self, projection: Projection) -> None:
        """Let earlier runs read its synapses, before they are others."""
        raise NotImplementedError

    def _change_backend(self, parts: Sequence[Any], located: Mapping[Any, Any] | None) -> None:
        raise NotImplementedError

    def build(self) -> Backend:
        raise NotImplementedError

    def weights(self, projection: Projection | Readout) -> np.ndarray:
        raise NotImplementedError


def _numbers(state: Mapping[str, Drawn], n: int, seed: tuple[int, ...]) -> dict[str, np.ndarray]:
    """(n,) of each variable."""
    return {
        name: sample(value, n, np.random.default_rng([*seed, 100 + k])) for k, (name, value) in enumerate(state.items())
    }


def _listed(projection: Projection, seed: int, dt: float) -> Synapses:
    """list_synapses, imported when it is first needed."""
    from spikelearn.engine.listed_synapses import list_synapses

    return list_synapses(projection, seed, dt)
