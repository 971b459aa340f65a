"""Receptors: the kinetics of a postsynaptic current or conductance, as data and scalar functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.documented import Documented, equations_and
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.parameters import Parametrized, checked


def replaced_words(text: str, names: Mapping[str, str]) -> str:
    """Text with whole words replaced."""
    return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found.group(), found.group()), text)


@scalar
def receive_by_derivative(x, dx, arriving, rise):
    """An arrival makes the derivative of x jump, by `rise` per unit of weight."""
    return x, dx + rise * arriving


@dataclass(frozen=True, eq=False)
class ReceptorModel(Documented):
    """The kinetics of a receptor, which `NeuronModel.with_receptors` combines with a membrane.

    name: short name, shown in errors.
    Parameters: NamedTuple, each line with unit, default and meaning; in a neuron each name ends with `_<receptor>`.
    state: variable -> unit relative to that of a weight. `x` is the current or the conductance; others are its
        derivatives, such as {"x": "", "dx": "/ms"}.
    constants: function(parameters, dt) -> dict of all numbers that the functions below need.
    advance: function(...) -> state after dt, exactly, if nothing arrives.
    receive: function(...) -> state just after a weight `arriving`. The peak of `x` caused by a weight is the weight.
    equations, arrival, current: the same in Brian2's syntax: the equations of the state, where `unit` stands for the
        unit of x; what `weight` does when it arrives; and the current into the neuron, where `V` is its potential.
    conductance: whether x is a conductance; then E, the reversal potential, is among its constants.
    open_fraction: function(V, ...) -> factor that multiplies the conductance at a potential.
    through_leak: function(parameters, tau_m, C_m, dt) -> variable -> mV at the end of a step per unit of the variable
        at its start, for a linear membrane. With it a current is integrated exactly there.
    nest: parameter -> its name in NEST's neurons with any number of these receptors.

    Functions receive arguments by name: state, constants, `arriving`, `V`. Calling a model returns a Receptor, whose
    parameters become the defaults in the neuron: `ExponentialConductance(tau_syn=5, E=0)`.
    """

    name: str
    Parameters: type
    state: Mapping[str, str]
    constants: Callable[[Any, float], dict[str, Any]]
    advance: Callable[..., Any]
    receive: Callable[..., Any]
    equations: str
    arrival: str
    current: str = "x"
    conductance: bool = False
    open_fraction: Callable[..., Any] | None = None
    through_leak: Callable[[Any, Any, Any, float], Mapping[str, Any]] | None = None
    nest: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parameters = self.Parameters(**dict.fromkeys(self.Parameters._fields, 1.0))  # type: ignore[attr-defined]
        constants = self.constants(parameters, 0.1)
        if self.conductance and "E" not in constants:
            raise DescriptionError(f"receptor {self.name!r} is a conductance, so E must be among its constants")
        known = {
            "advance": [*self.state, *constants],
            "receive": [*self.state, "arriving", *constants],
            "open_fraction": ["V", *constants],
        }
        for name, names in known.items():
            function = getattr(self, name)
            if function is None:
                continue
            object.__setattr__(self, name, scalar(function))
            unknown = [argument for argument in arguments_of(function) if argument not in names]
            if unknown:
                raise DescriptionError(
                    f"{name} of receptor {self.name!r} takes {unknown[0]!r}; it may take {', '.join(names)}"
                )

    def as_conductance(self, name: str, Parameters: type, nest: Mapping[str, str]) -> ReceptorModel:
        """The same kinetics of a conductance. Parameters: those of the current, and E, the reversal potential."""
        return replace(
            self,
            name=name,
            Parameters=Parameters,
            constants=lambda p, dt: {**self.constants(p, dt), "E": p.E},
            conductance=True,
            current="x * (E - V)",
            through_leak=None,
            nest=nest,
        )

    def facts(self) -> Iterator[tuple[str, str]]:
        """Equations, for `help`."""
        what = "a conductance" if self.conductance else "a current"
        yield (
            "Equations",
            equations_and(
                self.equations, {f"x, {what}, gives the current": self.current, "at an arrival": self.arrival}
            ),
        )

    def __repr__(self) -> str:
        return f"<receptor {self.name}; its parameters are given in a call: {self.name}()>"

    def __call__(self, **parameters: Any) -> Receptor:
        """Raises ParameterError or UnitError."""
        values = checked(self.Parameters, parameters, self.name)
        for name, value in values._asdict().items():
            if np.ndim(value):
                raise ParameterError(
                    f"{name} of {self.name}: expected one number, the default of the neuron's parameter; values for "
                    f"each neuron are given when the neuron model is called"
                )
        return Receptor(self, values)


@dataclass(frozen=True, eq=False)
class Receptor(Parametrized):
    """A receptor model with its parameters, and its compartment if the neuron has several."""

    model: ReceptorModel
    parameters: Any
    compartment: str = ""

    def at(self, compartment: str) -> Receptor:
        """The same receptor in a compartment of a neuron that has several: `AlphaConductance(E=-75).at("apical")`."""
        return replace(self, compartment=compartment)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.parameters._asdict().items())
        return f"{self.model.name}({values})" + (f'.at("{self.compartment}")' if self.compartment else "")
