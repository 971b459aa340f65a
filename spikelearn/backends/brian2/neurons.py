"""Neurons in Brian2: a NeuronGroup for each population, made from the equations of its model."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from spikelearn.backends.brian2.statements import declared_unit, lines, quantity, replaced
from spikelearn.backends.options import Brian2
from spikelearn.backends.unsupported import unsupported
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.equations.brian import import_brian2
from spikelearn.equations.vocabulary import is_condition
from spikelearn.neurons import MODELS, NeuronModel
from spikelearn.neurons.membrane import refractory_steps
from spikelearn.steps import in_steps
from spikelearn.timed import Timed, averaged


class Group:
    """A population of neurons in Brian2. parts: the objects to add to the Brian2 network."""

    def __init__(
        self,
        population: Population,
        d: NetworkDescription,
        options: Brian2,
        arrivals: Iterable[str],
        currents: Iterable[str],
    ) -> None:
        """arrivals, currents: the ports that drives act on."""
        model, parameters = population.model.model, population.model.parameters._asdict()
        self.population, self.model = population, model
        b2, step = import_brian2(), d.dt * import_brian2().ms
        declared = b2.Equations(model.equations).parameter_names
        self._in_time = {name: _in_steps(timed, model.units[name], d.dt) for name, timed in population.model.timed}
        differ = declared | self._in_time.keys()
        self._varying = {name: value for name, value in parameters.items() if np.ndim(value) or name in differ}
        self.constants = {
            name: quantity(value, model.units[name]) for name, value in parameters.items() if name not in self._varying
        }
        added = [
            f"{name} : {declared_unit(model.units[name])} (constant)" for name in self._varying if name not in declared
        ]
        added += [f"{name} : amp (constant)" for name in model.driven.values() if name not in declared]
        added += [f"arriving_{port} : {declared_unit(model.ports[port])} (constant)" for port in arrivals]
        constant = {port: constant_current(model, port) for port in currents if port not in model.driven}
        if model.random or model.normal:
            b2.seed(d.seed % (1 << 32))
        added += [f"current_{port} : {declared_unit(model.units[name])} (constant)" for port, name in constant.items()]
        until = self._named(model.refractory).strip() if isinstance(model.refractory, str) else ""
        until = "" if until in parameters or (until.isidentifier() and until not in model.state) else until
        timed = not isinstance(model.refractory, str) or model.refractory in parameters
        held = not until and (timed or "t_ref" in parameters or "unless refractory" in model.equations)
        added += ["held_for : second (constant)"] if held else []
        names = {name: f"({name} + current_{port})" for port, name in constant.items()}
        text = replaced(self._named(model.equations), names)
        self.equations = b2.Equations(text + "\n" + "\n".join(added))
        own = self.equations.names - self.equations.subexpr_names
        self.variables = [name for name in model.state if name in own]
        self.method = options.method or model.method
        if self.method == "exact":
            _check_time_constants(population, parameters)
        self.group = b2.NeuronGroup(
            population.size, self.equations, threshold=self._named(model.threshold), reset=self._reset(),
            method=self.method, namespace=self.constants, events=dict(model.events), dt=step,
            refractory="held_for" if held else _until(until, d.dt) if until else False,
        )  # fmt: skip
        for name, value in self._varying.items():
            setattr(self.group, name, quantity(value, model.units[name]))
        if held:
            self.group.held_for = (_refractory(model, parameters, d.dt) + 1.0) * step
        self._written = {
            **{("arriving", port): (f"arriving_{port}", model.ports[port]) for port in arrivals},
            **{("current", port): (f"current_{port}", model.units[name]) for port, name in constant.items()},
            **{("current", port): (model.driven[port], "pA") for port in currents if port in model.driven},
        }
        if model.each_step:
            self.group.run_regularly(model.each_step, when="start", dt=step)
        for order, port in enumerate(arrivals):
            statement = replaced(self.arrival(port), {"weight": f"arriving_{port}"})
            self.group.run_regularly(statement, when="before_thresholds", order=order, dt=step)

    def arrival(self, port: str) -> str:
        """The statement executed when `weight` arrives at a port."""
        return "\n".join(lines(self.model.arrival(port)))

    def start(self, state: Mapping[str, np.ndarray]) -> None:
        """Set the state of all neurons."""
        for name in self.variables:
            setattr(self.group, name, quantity(state[name], self.model.state[name]))

    def write(self, what: str, port: str, values: np.ndarray) -> None:
        """Set what arrives at a port, or the current through it, in the coming step."""
        name, unit = self._written[what, port]
        self.group.variables[name].get_value()[:] = values * float(quantity(1.0, unit))

    def follow(self, step: int) -> None:
        """Set the parameters that change in time to what they are in a step."""
        for name, (steps, rows) in self._in_time.items():
            row = rows[np.searchsorted(steps, step - 1, side="right") - 1]
            self.group.variables[name].get_value()[:] = row * float(quantity(1.0, self.model.units[name]))

    @property
    def changes(self) -> bool:
        """Whether parameters change in time."""
        return bool(self._in_time)

    def _named(self, text: str) -> str:
        """Text in which a parameter I that changes in time is called I, not I(t)."""
        names = "|".join(map(re.escape, self.model.units))
        return re.sub(rf"\b({names})\s*\(\s*t\s*(?:,\s*i\s*)?\)", r"\1", text) if names else text

    def _reset(self) -> str:
        return "\n".join(lines(self._named(self.model.reset)))


def check_neurons(d: NetworkDescription, arriving: Iterable[tuple[Population, str]]) -> None:
    """Raise DescriptionError for models, states and recordings that Brian2 does not support."""
    for population in d.populations:
        if not population.is_neuron:
            continue
        model, what = population.model.model, f"population {population.name!r} ({population.model_name})"
        if not model.equations:
            known = ", ".join(each.name for each in MODELS if each.equations)
            raise unsupported(what, "Brian2", f"the model has no equations; models with equations are {known}")
        for variable in population.initial:
            if not _has(model, variable):
                raise unsupported(f"initial {variable} of {what}", "Brian2", "it is not in the equations of the model")
    for recording in d.recordings:
        of, variable = recording.of, recording.variable
        if not isinstance(of, Population):
            continue
        what = f"recording of {of.name!r} ({of.model_name}): {variable!r}"
        if recording.events and variable not in ("spike", *(of.model.model.events if of.is_neuron else ())):
            raise unsupported(what, "Brian2", "the model has no condition for it in Brian2's syntax")
        if not recording.events and not _has(of.model.model, variable):
            raise unsupported(what, "Brian2", "it is not in the equations of the model")
    for population, port in arriving:
        check_port(population, port, f"drive of {population.name!r}")


def check_port(population: Population, port: str, what: str) -> None:
    if not population.model.model.arrival(port):
        raise unsupported(what, "Brian2", f"{population.model_name} has no Brian2 statement for port {port!r}")


def constant_current(model: NeuronModel, port: str) -> str:
    """The parameter to which the current through a port is added."""
    return "I_e" if "I_e" in model.units else f"I_e_{port}"


def _refractory(model: NeuronModel, parameters: Mapping[str, Any], dt: float) -> Any:
    """Whole steps in the refractory period."""
    if not isinstance(model.refractory, str):
        return refractory_steps(model.refractory, dt)
    if model.refractory not in parameters:
        return refractory_steps(0.0, dt)
    period = quantity(parameters[model.refractory], model.units[model.refractory])
    return refractory_steps(np.asarray(period / import_brian2().ms), dt)


def _has(model: NeuronModel, variable: str) -> bool:
    return variable in import_brian2().Equations(model.equations).names


def _check_time_constants(population: Population, parameters: Mapping[str, Any]) -> None:
    """Brian2's closed form divides by differences of time constants."""
    membrane = parameters.get("tau_m")
    for name, value in parameters.items():
        if membrane is not None and name.startswith("tau_syn") and np.any(np.asarray(value) == np.asarray(membrane)):
            raise unsupported(
                f"population {population.name!r} ({population.model_name})", 'Brian2 with method="exact"',
                f"its closed form divides by tau_m - {name}, which is 0", 'sl.Brian2(method="rk4") can',
            )  # fmt: skip


def _in_steps(timed: Timed, unit: str, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Values that change in time: the steps from which rows apply, and the rows."""
    values, starts = timed.checked(unit, "a parameter")
    return averaged(in_steps(starts, dt), values)


def _until(given: str, dt: float) -> str:
    """A condition or period by which a neuron is refractory, for Brian2, whose periods are one step shorter."""
    condition = is_condition(ast.parse(given, mode="eval").body)
    return given if condition else f"({given}) + {dt!r} * ms"
