"""What a synapse with memory is: state of its source side, and one scalar function called at each arrival."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spikelearn._jit import scalar
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.nest_twin import NestSynapse
from spikelearn.parameters import checked, declared_units


@dataclass(frozen=True, eq=False)
class SynapseModel:
    """A synapse whose release depends on when its source fired before.

    release: function(*state, interval, *constants) -> (*state, released), called at each arrival; `interval` is
    the time since the last one in ms (very long for the first), and weight times `released` is delivered.
    initial: function(parameters) -> dict of starting values.
    statements: `release` in Brian2's syntax, for engine="brian2"; they set `released`. nest: the model in NEST.
    """

    name: str
    Parameters: type
    constants: Callable[[Any, float], dict[str, float]]
    release: Callable[..., Any]
    state: tuple[str, ...]
    initial: Callable[[Any], dict[str, float]]
    check: Callable[[Any], str | None] = lambda parameters: None
    statements: str = ""
    nest: NestSynapse | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "release", scalar(self.release))
        expected = [*self.state, "interval", *self.constants(self.Parameters(), 0.1)]
        given = list(inspect.signature(getattr(self.release, "py_func", self.release)).parameters)
        if given != expected:
            raise DescriptionError(
                f"release of synapse model {self.name!r} takes ({', '.join(given)}), "
                f"but its state and constants are ({', '.join(expected)})"
            )

    @property
    def units(self) -> dict[str, str]:
        """Parameter -> unit."""
        return {name: unit.name for name, unit in declared_units(self.Parameters).items()}

    def __call__(self, **parameters: Any) -> Synapse:
        return Synapse(self, checked_for_all(self, parameters))


def checked_for_all(model: Any, given: Mapping[str, Any]) -> Any:
    """The parameters of a synapse model from what a user gives: one number each, for all synapses."""
    values = checked(model.Parameters, given, model.name)
    for name, value in values._asdict().items():
        if not isinstance(value, float):
            raise ParameterError(f"{name} of {model.name}: expected one number for all synapses, got {value!r}")
    complaint = model.check(values)
    if complaint:
        raise ParameterError(f"{model.name}: {complaint}")
    return values


@dataclass(frozen=True)
class Synapse:
    """A synapse model (SynapseModel or GradedSynapse) with its parameters."""

    model: Any
    parameters: Any
