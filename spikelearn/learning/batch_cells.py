"""One population in all trials of a batch: its arrays, and the Calls that advance it and go back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.description.population import Population
from spikelearn.engine.plan import Call
from spikelearn.errors import DescriptionError
from spikelearn.kernels import batch
from spikelearn.kernels.neurons import render_batch
from spikelearn.kernels.random import noise_key
from spikelearn.learning.step_adjoint import SPIKES, Outlet, bits_of, name_of, step_adjoint
from spikelearn.learning.surrogates import Surrogate
from spikelearn.learning.unrolled import Unrolled


class Cells:
    """Arrays are (steps + 1, trials, size), row 0 before the first step; by_<array>: derivatives of a loss by it.

    sent: outlet -> 1 or the payload of an event, 0 without one. inputs: port -> what arrives.
    """

    def __init__(self, population: Population, what: Unrolled, sent: Iterable[Outlet]) -> None:
        self.population = population
        self.shape = (what.steps + 1, what.trials, population.size)
        self.sent = {outlet: self.zeros() for outlet in sent}
        self.inputs: dict[str, np.ndarray] = {}
        self.by_sent: dict[Outlet, np.ndarray] = {}
        self.by_inputs: dict[str, np.ndarray] = {}

    def zeros(self) -> np.ndarray:
        return np.zeros(self.shape)


class Sources(Cells):
    """A population of a source, whose events are given."""

    def __init__(self, population: Population, what: Unrolled) -> None:
        super().__init__(population, what, ())
        self.sent[SPIKES] = what.events[population]


class Neurons(Cells):
    """A population of neurons.

    sent: the outlets of projections. connected: the ports through which something arrives. start: variable -> (size,),
    at the beginning. seed, first_step: of the run that the trials would be.

    state: variable -> values after each step. currents: port -> (phases, trials, size). by_state: variable -> (trials,
    size), before the step to which a way back has come; by_first: the same for row 0, from steps that begin with a
    reset. loss: variable -> the derivatives of the loss by it that do not pass through later steps.
    """

    def __init__(
        self, population: Population, what: Unrolled, sent: Iterable[Outlet], connected: Collection[str],
        start: Mapping[str, np.ndarray], dt: float, seed: int, first_step: int,
    ) -> None:  # fmt: skip
        self.model = model = population.model.model
        spikes = [SPIKES] if "spike" in model.reported else []
        super().__init__(population, what, dict.fromkeys([*sent, *spikes]))
        self.rows = what.rows[population]
        self.inputs = {port: self.zeros() for port in model.ports if port in connected}
        self.currents = {c: what.currents[population, c] for c in model.currents if (population, c) in what.currents}
        self.of_phase = what.of_phase_of(population)
        self.state = {name: self.zeros() for name in model.state}
        for name, values in start.items():
            self.state[name][0] = values
        self.drawn = self._drawn(seed, first_step)
        constants = model.constants(population.model.parameters, dt)
        self.constants = {name: self._of_each(np.asarray(value, np.float64)) for name, value in constants.items()}
        self.by_state: dict[str, np.ndarray] = {}
        self.by_first: dict[str, np.ndarray] = {}
        self.by_currents: dict[str, np.ndarray] = {}
        self.loss: dict[str, np.ndarray] = {}

    @property
    def has_margin(self) -> bool:
        return bool(self.model.margin)

    def forward_call(self) -> Call:
        """The step of all neurons in all trials."""
        text = render_batch(**self._rendered(self.sent))
        functions = {"advance": self.model.step, "at_event": self.model.at_event}
        return self._call("step", text, functions, {"sent": _named(self.sent)})

    def backward_call(
        self, surrogate: Surrogate | None, used: Collection[Outlet], watched: Collection[str],
        arriving: Collection[str], free: Collection[str],
    ) -> Call:  # fmt: skip
        """Its adjoint; arguments are those of `step_adjoint`."""
        if surrogate is not None and not self.has_margin and any(kind == "spike" for kind, _ in used):
            raise DescriptionError(
                f"gradient: the loss depends on spikes of population {self.population.name!r}, but {self.model.name} "
                "has no margin, of which a surrogate derivative is a function; surrogate=None holds all spikes"
            )
        found = step_adjoint(self.model, surrogate, used, watched, arriving, free)
        text = render_batch(**self._rendered(found.sent), backward=found.lists)
        for outlet in used:
            self.by_sent.setdefault(outlet, self.zeros())
        for port in arriving:
            self.by_inputs.setdefault(port, self.zeros())
        for name in watched:
            self.loss.setdefault(name, self.zeros())
        for name in found.live:
            self.by_state.setdefault(name, np.zeros(self.shape[1:]))
            self.by_first.setdefault(name, np.zeros(self.shape[1:]))
        for name in free:
            self.by_currents.setdefault(name, np.zeros(self.currents[name].shape))
        arrays = {
            "by_sent": _named({outlet: self.by_sent[outlet] for outlet in found.sent}),
            "loss": {name: self.loss[name] for name in watched},
            "by": {name: self.by_state[name] for name in found.live},
            "first": {name: self.by_first[name] for name in found.live},
            "by_in": {port: self.by_inputs[port] for port in arriving},
            "by_I": {name: self.by_currents[name] for name in free},
        }
        return self._call("adjoint of the step", text, found.functions, arrays, found.shape)

    def begin_backward(self) -> None:
        """Set to 0 what the way back adds to."""
        for each in (self.by_state, self.by_first, self.by_currents):
            for array in each.values():
                array[:] = 0.0

    def by_initial(self) -> dict[str, np.ndarray]:
        """The derivatives by the state at the start of trials and after resets, (trials, size)."""
        return {name: values + self.by_first[name] for name, values in self.by_state.items()}

    def _of_each(self, values: np.ndarray) -> np.ndarray:
        """A constant; if it differs between neurons, one for each neuron and trial."""
        return values if values.ndim == 0 else np.broadcast_to(values, self.shape[1:]).ravel()

    def _drawn(self, seed: int, first_step: int) -> dict[str, np.ndarray]:
        """The random numbers of all steps, by name."""
        names = [*self.model.random, *self.model.normal]
        drawn = {name: self.zeros() for name in names}
        for number, (name, values) in enumerate(drawn.items()):
            call = Call(
                f"draw {name}", kernel_of(batch.draw), seed=seed, key=noise_key(self.population.uid),
                origin=first_step, normals=int(name in self.model.normal), per_neuron=len(names), number=number,
                drawn=values,
            )  # fmt: skip
            with np.errstate(over="ignore"):
                call(0)
        return drawn

    def _rendered(self, sent: Collection[Outlet]) -> dict[str, Any]:
        """Arguments of `render_batch`."""
        return {
            "model": (tuple(self.model.state), tuple(self.model.ports), self.model.currents),
            "connected": tuple(self.inputs),
            "driven": tuple(self.currents),
            "draws": tuple(self.drawn),
            "constants": tuple(self.constants),
            "varying": tuple(name for name, value in self.constants.items() if value.ndim),
            "sent": bits_of(sent),
            "at_event": self.model.at_event is not None,
        }

    def _call(
        self, what: str, text: str, functions: Mapping[str, Any], arrays: Mapping[str, Mapping[str, np.ndarray]],
        shape: Mapping[str, float] | None = None,
    ) -> Call:  # fmt: skip
        own = {"all": self.state, "all_in": self.inputs, "all_I": self.currents, "all_drawn": self.drawn}
        values: dict[str, Any] = {"rows": self.rows, "of_phase": self.of_phase}
        values |= {f"shape_{name}": value for name, value in (shape or {}).items()}
        for prefix, named in {**own, **arrays}.items():
            values |= {f"{prefix}_{name}": array.reshape(*array.shape[:-2], -1) for name, array in named.items()}
        for name, value in self.constants.items():
            values |= {f"all_{name}": value} if value.ndim else {f"the_{name}": float(value)}
        kernel = kernel_for(f"{what} of {self.model.name}, in batches", text, functions)
        return Call(f"{what} of {self.population.name}", kernel, **values)


def _named(arrays: Mapping[Outlet, np.ndarray]) -> dict[str, np.ndarray]:
    return {name_of(outlet): array for outlet, array in arrays.items()}
