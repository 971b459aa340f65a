"""How a model evolves in closed form between events, for the exact, event-driven engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """The model of the step function in continuous time. Each function maps scalars to scalars.

    constants: function(parameters) -> dict of all numbers that the functions take; values may be per-neuron arrays.
    flow: function(*state, elapsed, *currents, *constants) -> state, `elapsed` ms later, if nothing arrives.
    receive: function(*state, *inputs, held, *constants) -> state, just after an input arrived; `held` is 1.0 while
        the neuron is refractory, else 0.0.
    crossing: function(*state, *currents, *constants) -> ms until it fires if nothing arrives, 0.0 if it does now, inf
        if it never will. The root is found to rounding.
    reset: function(*state, *constants) -> state just after a spike.
    soonest: a cheaper function of the same arguments, recomputed at every arrival in place of `crossing`. It is never
        later than `crossing`, and 0.0 only if `crossing` is.
    hold: like flow, while the neuron is refractory; requires a parameter t_ref. None: never refractory.
    margin: function(*state, *constants) -> what rises through 0 where it fires, such as V_m - V_th. Only
        `sl.event_gradient` needs it; None: the neuron fires only at arrivals, if at all.
    clock: the state variable in which the step function counts refractory steps, which these functions do not take.

    Arguments are named as in the step function: state by its name, `in_<port>`, `I_<current>`.
    """

    constants: Callable[[Any], dict[str, Any]]
    flow: Callable[..., Any]
    receive: Callable[..., Any]
    crossing: Callable[..., Any]
    reset: Callable[..., Any]
    soonest: Callable[..., Any] | None = None
    hold: Callable[..., Any] | None = None
    margin: Callable[..., Any] | None = None
    clock: str = ""

    def __post_init__(self) -> None:
        for name in ("flow", "receive", "crossing", "reset", "soonest", "hold", "margin"):
            function = getattr(self, name)
            if function is not None:
                object.__setattr__(self, name, scalar(function))

    def check(
        self, model: str, Parameters: type, state: Sequence[str], ports: Sequence[str], currents: Sequence[str]
    ) -> None:
        """Raise DescriptionError if the arguments of a function do not match the model."""
        if (self.clock and self.clock not in state) or bool(self.hold) != bool(self.clock):
            raise DescriptionError(f"closed form of {model!r}: expected hold and clock (a state variable) together")
        if self.hold is not None and "t_ref" not in Parameters._fields:  # type: ignore[attr-defined]
            raise DescriptionError(f"closed form of {model!r}: a model with `hold` needs a parameter t_ref")
        moving = [name for name in state if name != self.clock]
        constants = list(self.constants(Parameters()))
        drives = [f"I_{name}" for name in currents]
        expected = {
            "flow": [*moving, "elapsed", *drives, *constants],
            "hold": [*moving, "elapsed", *drives, *constants],
            "receive": [*moving, *(f"in_{port}" for port in ports), "held", *constants],
            "crossing": [*moving, *drives, *constants],
            "soonest": [*moving, *drives, *constants],
            "reset": [*moving, *constants],
            "margin": [*moving, *constants],
        }
        for name, wanted in expected.items():
            function = getattr(self, name)
            if function is None:
                continue
            given = arguments_of(function)
            if list(given) != wanted:
                raise DescriptionError(
                    f"{name} in the closed form of {model!r} takes ({', '.join(given)}), expected ({', '.join(wanted)})"
                )
