"""One population in a run of the exact engine: all that happened to its neurons, and the Calls that go through it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.derivative import derivative
from spikelearn.codegen.modules import Kernel, kernel_for
from spikelearn.description.population import Population
from spikelearn.engine.plan import Call
from spikelearn.errors import SimulationError
from spikelearn.kernels.event_tape import render_event
from spikelearn.neurons import NeuronModel

MAXIMUM, INTEGRAL = "maximum", "integral"


class EventCells:
    """events: arrays by name, in order of time: kind, time, neuron, before, port, change, origin, spike, synapse, as in
    kernels/templates/event_replay.py and event_adjoint.py. start: state variable -> (size,) at 0 ms. until: (size,) ms,
    the end of a refractory period at the start. panel: ms. by: by_time, by_weight and by_delay of the whole network, to
    which the way back adds.

    adjoint: state variable -> (size,), after the way back the derivatives of the loss by it at 0 ms.
    """

    def __init__(
        self, population: Population, events: dict[str, np.ndarray], start: dict[str, np.ndarray], until: np.ndarray,
        panel: float, by: Mapping[str, np.ndarray],
    ) -> None:  # fmt: skip
        self.population, self.model, self.panel, self.by = population, population.model.model, panel, by
        self.form, n = self.model.closed_form, population.size
        self.events, self.start = events, start
        self.state = list(start)
        count = len(self.events["time"])
        self.after = {name: np.zeros(count) for name in self.state}
        self.after_I = {name: np.zeros(count) for name in self.model.currents}
        self.held, self.pinned, self.flaws = (np.zeros(count, np.int64) for _ in range(3))
        constants = self.form.constants(population.model.parameters)
        self.constants = {name: np.asarray(value, np.float64) for name, value in constants.items()}
        self.adjoint = {name: np.zeros(n) for name in self.state}
        self.by_moment = np.zeros(count)
        self.seen: dict[tuple[str, str], tuple[np.ndarray, ...]] = {}
        self.by_seen: dict[tuple[str, str], np.ndarray] = {}
        t_ref = population.model.parameters.t_ref if self.form.hold is not None else 0.0
        self._call(
            "event_replay", ("flow", "hold", "receive", "reset"), **self._chosen("kind", "port", "change"),
            held=self.held, pinned=self.pinned, t_ref=np.broadcast_to(np.asarray(t_ref, np.float64), n).copy(),
            until=until,
        )(0)  # fmt: skip

    def watched(self, how: str, variable: str) -> np.ndarray:
        """The maximum or the integral of a state variable, (size,)."""
        if (how, variable) not in self.seen:
            n = self.population.size
            if how == MAXIMUM:
                names = {"maximum": np.full(n, -np.inf), "maximum_event": np.full(n, -1), "maximum_at": np.zeros(n)}
                lists = {"maxima": [variable]}
            else:
                names, lists = {"integral": np.zeros(n)}, {"integrals": [variable]}
            found = {f"{name}_{variable}": array for name, array in names.items()}
            self._call(
                "event_watch", ("flow_derivative", "hold_derivative"), lists, held=self.held, panel=self.panel, **found
            )(0)
            self.seen[how, variable] = tuple(names.values())
        return self.seen[how, variable][0]

    def begin_backward(self) -> None:
        """Set to 0 what the way back adds to."""
        self.by_seen = {}
        for array in (*self.adjoint.values(), self.by_moment, self.flaws):
            array[:] = 0

    def look_back(self, how: str, variable: str, values: np.ndarray) -> None:
        """Derivatives of the loss by what was watched."""
        self.watched(how, variable)
        self.by_seen[how, variable] = np.array(values, np.float64)

    def adjoint_call(self) -> Call:
        """The adjoint of one event."""
        lists: dict[str, list[str]] = {"maxima": [], "integrals": []}
        found: dict[str, np.ndarray] = {}
        for (how, variable), values in self.by_seen.items():
            found[f"by_{how}_{variable}"] = values
            if how == MAXIMUM:
                lists["maxima"].append(variable)
                _, found[f"maximum_event_{variable}"], found[f"maximum_at_{variable}"] = self.seen[how, variable]
            else:
                lists["integrals"].append(variable)
        functions = tuple(f"{name}_derivative" for name in _derivatives(self.model))
        return self._call(
            "event_adjoint", functions, lists,
            **self._chosen("kind", "port", "change", "origin", "spike", "synapse"), held=self.held, pinned=self.pinned,
            panel=self.panel, by_moment=self.by_moment, flaws=self.flaws, **self.by,
            **{f"adjoint_{name}": array for name, array in self.adjoint.items()}, **found,
        )  # fmt: skip

    def check(self) -> None:
        """Raise SimulationError for a spike at which the potential does not rise through the threshold."""
        if np.any(self.flaws):
            e = int(np.argmax(self.flaws))
            raise SimulationError(
                f"event_gradient: population {self.population.name!r}, neuron {self.events['neuron'][e]}: the time "
                f"of its spike at {self.events['time'][e]:g} ms has no derivative: its potential only touches the "
                "threshold, or something else happens at that time"
            )

    def _chosen(self, *names: str) -> dict[str, np.ndarray]:
        return {name: self.events[name] for name in names}

    def _call(
        self, template: str, functions: Sequence[str], lists: Mapping[str, Sequence[str]] | None = None, /,
        **values: Any,
    ) -> Call:  # fmt: skip
        """A Call of a template with these functions and values, and with what all of them take."""
        varying = tuple(name for name, value in self.constants.items() if value.ndim)
        chosen = {name: tuple(each) for name, each in (lists or {}).items()}
        kernel = _kernel(template, self.model, varying, tuple(functions), **chosen)
        values |= self._chosen("time", "neuron", "before")
        values |= {f"start_{name}": array for name, array in self.start.items()}
        values |= {f"after_{name}": array for name, array in self.after.items()}
        values |= {f"after_I_{name}": array for name, array in self.after_I.items()}
        for name, value in self.constants.items():
            of_each = np.ascontiguousarray(np.broadcast_to(value, self.population.size))
            values |= {f"all_{name}": of_each} if value.ndim else {f"the_{name}": float(value)}
        return Call(f"{template} of {self.population.name}", kernel, **values)


@functools.cache
def _kernel(
    template: str, model: NeuronModel, varying: tuple[str, ...], functions: tuple[str, ...],
    maxima: tuple[str, ...] = (), integrals: tuple[str, ...] = (),
) -> Kernel:  # fmt: skip
    """One of kernels/templates/event_*.py for a model, which calls these functions of its closed form."""
    form, derivatives = model.closed_form, _derivatives(model)
    assert form is not None
    known = {name: getattr(form, name) for name in ("flow", "hold", "receive", "reset")}
    known |= {f"{name}_derivative": each.function for name, each in derivatives.items()}
    text = render_event(
        template, [name for name in model.state if name != form.clock], list(model.ports), model.currents,
        list(form.constants(model.Parameters())), varying, {name: each.partials for name, each in derivatives.items()},
        maxima, integrals,
    )  # fmt: skip
    return kernel_for(model.name, text, {name: known[name] for name in functions if name in known})


@functools.cache
def _derivatives(model: NeuronModel) -> dict[str, Any]:
    """Function of a closed form -> its Derivative by all that changes."""
    form = model.closed_form
    assert form is not None
    state = tuple(name for name in model.state if name != form.clock)
    by = {
        "flow": (*state, "elapsed"), "hold": (*state, "elapsed"), "reset": state, "margin": state,
        "receive": (*state, *(f"in_{port}" for port in model.ports)),
    }  # fmt: skip
    functions = {name: getattr(form, name) for name in by}
    return {name: derivative(each, by[name]) for name, each in functions.items() if each is not None}
