"""Synapses with memory: presynaptic state and one scalar function called at each arrival."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.functions import arguments_of, function_from, source_of
from spikelearn.codegen.jit import scalar
from spikelearn.documented import FromSource, equations_and
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.nest_mapping import NestSynapse
from spikelearn.parameters import Parametrized, checked, checked_with_varying, declared_units


@dataclass(frozen=True, eq=False)
class SynapseModel(FromSource):
    """A synapse whose release depends on the previous spikes of its source.

    Synapses of one source and delay share their state, unless a parameter differs among them, or release is random:
    then each has its own.

    release: function(*state, interval, *constants) -> (*state, released), called at each arrival; `interval` is
    the time since the last one in ms (very long for the first), and weight times `released` is delivered.
    initial: function(parameters) -> dict of starting values.
    between: function(*state, interval, *constants) -> the state `interval` ms after the last arrival; without it the
    state cannot be recorded.
    random: names of random numbers, uniform from 0 to 1 and new at each arrival of each synapse, which `release` takes
    after `interval`.
    statements: `release` in Brian2's syntax, for engine="brian2"; they set `released`. nest: the model in NEST.
    """

    name: str
    Parameters: type
    constants: Callable[[Any, float], dict[str, float]]
    release: Callable[..., Any]
    state: tuple[str, ...]
    initial: Callable[[Any], dict[str, float]]
    check: Callable[[Any], str | None] = lambda parameters: None
    between: Callable[..., Any] | None = None
    statements: str = ""
    nest: NestSynapse | None = None
    random: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, more in (("release", self.random), ("between", ())):
            if getattr(self, name) is None:
                continue
            object.__setattr__(self, name, scalar(getattr(self, name)))
            expected = [*self.state, "interval", *more, *self.constants(self.Parameters(), 0.1)]
            given = arguments_of(getattr(self, name))
            if list(given) != expected:
                raise DescriptionError(
                    f"{name} of synapse model {self.name!r} takes ({', '.join(given)}), "
                    f"but its state and constants are ({', '.join(expected)})"
                )

    def facts(self) -> Iterator[tuple[str, str]]:
        """State, equations and other simulators, for `help`."""
        of_what = "synapse" if self.random else "source and delay"
        yield f"State of each {of_what}", ", ".join(self.state)
        arrival = {"at an arrival, `interval` ms after the last": self.statements}
        yield "Equations", equations_and("", arrival) if self.statements else ""
        others = [f"NEST: {self.nest.model}"] if self.nest is not None else []
        yield "Also runs on", "\n".join([*others, *(["Brian2: by these statements"] if self.statements else [])])

    def __repr__(self) -> str:
        return f"<synapse model {self.name}; its parameters are given in a call: {self.name}()>"

    @property
    def units(self) -> dict[str, str]:
        """Parameter -> unit."""
        return {name: unit.name for name, unit in declared_units(self.Parameters).items()}

    @classmethod
    def from_equations(
        cls,
        equations: str,
        *,
        on_pre: str,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        name: str = "FromEquations",
    ) -> SynapseModel:
        """A model from equations in Brian2's syntax, advanced in closed form from one arrival to the next.

        equations: linear, each `dx/dt = ... : unit (event-driven)`; named expressions; and variables `x : unit` that
            only on_pre changes. on_pre: statements at an arrival, after the variables were advanced to it; they set
            `released`, and weight times released is delivered.
        parameters, initial: as in NeuronModel.from_equations; omitted variables start at 0.
        Raises DescriptionError, ParameterError or UnitError, pointing at the cause.

            Facilitating = sl.SynapseModel.from_equations(
                "du/dt = -u/tau_fac : 1 (event-driven)", on_pre="u += U*(1 - u); released = u",
                parameters={"U": 0.1, "tau_fac": (500.0, "ms")},
            )
            net.connect(a, b, weight=50, synapse=Facilitating(U=0.2))
        """
        from spikelearn.equations import synapse_source

        text = synapse_source(equations, on_pre, parameters or {}, initial or {}, name)
        return function_from(text, "Model", {})  # type: ignore[return-value]

    @property
    def source(self) -> str:
        """Source of the module that defines `release`: the whole model, if it was made from equations."""
        return source_of(self.release)

    def __call__(self, **parameters: Any) -> Synapse:
        """The synapse with these parameters: numbers, or arrays or distributions for values that differ by synapse."""
        return Synapse(self, checked_for_each(self, parameters))


def checked_for_each(model: SynapseModel, given: Mapping[str, Any]) -> Any:
    """The parameters of a synapse model from a user's input.

    Each is a number, an array of any shape, or a distribution as it was given, to be drawn for each synapse.
    """
    values, varying = checked_with_varying(model.Parameters, given, model.name)
    return values if varying else checked_for_all(model, given)


def checked_for_all(model: Any, given: Mapping[str, Any]) -> Any:
    """The parameters of a synapse model from a user's input: one number each, for all synapses."""
    values = checked(model.Parameters, given, model.name)
    for name, value in values._asdict().items():
        if not isinstance(value, float):
            raise ParameterError(f"{name} of {model.name}: expected one number for all synapses, got {value!r}")
    complaint = model.check(values)
    if complaint:
        raise ParameterError(f"{model.name}: {complaint}")
    return values


@dataclass(frozen=True, eq=False)
class Synapse(Parametrized):
    """A synapse model (SynapseModel or GradedSynapse) with its parameters."""

    model: Any
    parameters: Any

    @property
    def has_statements(self) -> bool:
        """Whether what it does is given by statements: whether the model is a StatementSynapse."""
        return hasattr(self.model, "actions")

    @property
    def unit(self) -> str:
        """The unit of the weight; "" for that of the port."""
        return getattr(self.model, "unit", "")

    def __repr__(self) -> str:
        values = self.parameters._asdict().items()
        return (
            f"{self.model.name}({', '.join(f'{k}={v:g}' if isinstance(v, float) else f'{k}=...' for k, v in values)})"
        )

    @property
    def varying(self) -> tuple[str, ...]:
        """Parameters with a value for each synapse, in order: an array or a distribution."""
        return tuple(name for name, value in self.parameters._asdict().items() if not isinstance(value, float))
