"""The adjoint of a neuron's step, as what its template needs: partial derivatives, and which of them matter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.derivative import derivative
from spikelearn.learning.surrogates import Surrogate
from spikelearn.neurons import NeuronModel
from spikelearn.neurons.margin import margin_function
from spikelearn.parameters import KINDS

Outlet = tuple[str, str]
"""(kind of event, variable whose value it carries or "")."""
SPIKES: Outlet = ("spike", "")


def name_of(outlet: Outlet) -> str:
    return "_".join(part for part in outlet if part)


def bits_of(outlets: Collection[Outlet]) -> tuple[tuple[str, int, str], ...]:
    """(name, bit of the mask, variable that is carried) of each."""
    return tuple((name_of(outlet), 1 << KINDS.index(outlet[0]), outlet[1]) for outlet in outlets)


@dataclass(frozen=True)
class StepAdjoint:
    """functions: those that the template calls, by name. lists: its lists of names. live: the state variables by which
    the loss has derivatives. sent: the outlets through which derivatives arrive. shape: parameters of the surrogate."""

    functions: dict[str, Any]
    lists: dict[str, tuple[Any, ...]]
    live: tuple[str, ...]
    sent: tuple[Outlet, ...]
    shape: dict[str, float]


def step_adjoint(
    model: NeuronModel, surrogate: Surrogate | None, used: Collection[Outlet], watched: Collection[str],
    arriving: Collection[str], free: Collection[str],
) -> StepAdjoint:  # fmt: skip
    """The adjoint of a model's step.

    used: outlets, and watched: variables on which the loss depends. arriving, free: ports, and currents by which it is
    differentiated. Raises DescriptionError if the step cannot be, or if it has no margin and its spikes matter.
    """
    state = list(model.state)
    by = (*state, *(f"in_{port}" for port in arriving), *(f"I_{current}" for current in free))
    step = derivative(model.step, by)
    pairs = [(f"part_{k}", state[of], name) for k, (of, name) in enumerate(step.partials)]
    functions = {"derivative": step.function}
    event_pairs: list[tuple[str, str, str]] = []
    if model.at_event is not None:
        event = derivative(model.at_event, tuple(state))
        event_pairs = [(f"event_{k}", state[of], name) for k, (of, name) in enumerate(event.partials)]
        functions["event_derivative"] = event.function
    carried = [outlet for outlet in used if outlet[1]]
    spiking = [outlet for outlet in used if outlet[0] == "spike" and surrogate is not None]
    margin_pairs: list[tuple[str, str]] = []
    if spiking and surrogate is not None:
        margin = derivative(margin_function(model), by)
        margin_pairs = [(f"margin_{k}", name) for k, (_, name) in enumerate(margin.partials)]
        functions |= {"margin_derivative": margin.function, "surrogate": surrogate.function}
    reached = {*watched, *(variable for _, variable in carried), *(name for _, name in margin_pairs)}
    while more := {name for _, of, name in pairs + event_pairs if of in reached} - reached:
        reached |= more
    live = tuple(name for name in state if name in reached)
    wanted = (*live, *by[len(state) :])
    shape = surrogate.shape if spiking and surrogate is not None else {}
    lists: dict[str, Collection[Any]] = {
        "parts": [part for part, _, _ in pairs],
        "pairs": [each for each in pairs if each[1] in live and each[2] in wanted],
        "event_parts": [part for part, _, _ in event_pairs],
        "event_pairs": [each for each in event_pairs if each[1] in live and each[2] in live],
        "margin_parts": [part for part, _ in margin_pairs],
        "margin_pairs": [each for each in margin_pairs if each[1] in wanted],
        "spiking": [name_of(outlet) for outlet in spiking if not outlet[1]],
        "spiking_carried": [(name_of(outlet), outlet[1]) for outlet in spiking if outlet[1]],
        "live": live,
        "wanted": wanted,
        "watched": watched,
        "arriving": arriving,
        "free": free,
        "shape": list(shape),
    }
    sent = tuple(outlet for outlet in used if outlet[1] or outlet in spiking)
    return StepAdjoint(functions, {name: tuple(items) for name, items in lists.items()}, live, sent, shape)
