"""Graded synapses: a presynaptic gate that acts in every step, not only at arrivals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.documented import Documented
from spikelearn.errors import DescriptionError
from spikelearn.synapses.model import Synapse, checked_for_all
from spikelearn.units import Quantity


@dataclass(frozen=True, eq=False)
class GradedSynapse(Documented):
    """A synapse whose output is a value for each step, such as the open fraction of NMDA receptors.

    All synapses of one source and delay share one gate, also those of several projections with the same parameters and
    delay. In every step a graded port of the target receives the sum of
    weight times output over its synapses.

    name: shown in errors. Parameters: NamedTuple, each line with unit, default and meaning.
    constants: function(parameters, dt) -> dict of the numbers that `advance` needs.
    advance: function(*state, arrived, *constants) -> (*state, output), called for each gate in each step; `arrived` is
        the number of events that reached the gate at the end of the step, `output` its output then. A gate without
        events for long enough should return 0.0, so that its synapses cost nothing.
    state: its variables. initial: function(parameters) -> dict of starting values; omitted variables start at 0.

    Calling it with parameters returns a Synapse: `connect(..., port="nmda", synapse=NMDA(tau_decay=80))`.
    """

    name: str
    Parameters: type
    constants: Callable[[Any, float], dict[str, float]]
    advance: Callable[..., Any]
    state: tuple[str, ...]
    initial: Callable[[Any], dict[str, float]] = lambda parameters: {}
    check: Callable[[Any], str | None] = lambda parameters: None

    def __post_init__(self) -> None:
        object.__setattr__(self, "advance", scalar(self.advance))
        expected = [*self.state, "arrived", *self.constants(self.Parameters(), 0.1)]
        given = arguments_of(self.advance)
        if list(given) != expected:
            raise DescriptionError(
                f"advance of graded synapse {self.name!r} takes ({', '.join(given)}), "
                f"but its state and constants are ({', '.join(expected)})"
            )

    def facts(self) -> Iterator[tuple[str, str]]:
        """State, for `help`."""
        yield "State of each source and delay", ", ".join(self.state)

    def __repr__(self) -> str:
        return f"<graded synapse {self.name}; its parameters are given in a call: {self.name}()>"

    def __call__(self, **parameters: Quantity) -> Synapse:
        return Synapse(self, checked_for_all(self, parameters))
