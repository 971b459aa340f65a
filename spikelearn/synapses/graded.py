"""Graded synapses: a presynaptic gate that acts in every step, not only at arrivals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from spikelearn.codegen.functions import arguments_of, function_from, source_of
from spikelearn.codegen.jit import scalar
from spikelearn.documented import FromSource, equations_and
from spikelearn.errors import DescriptionError
from spikelearn.parameters import declared_units
from spikelearn.synapses.model import Synapse, checked_for_all
from spikelearn.units import Quantity


@dataclass(frozen=True, eq=False)
class GradedSynapse(FromSource):
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
    send: function(*state, *pre, *post, *constants) -> what each synapse sends per unit of weight at the end of a step,
        if that depends on variables of its source and target: v_pre - v_post for a gap junction. What `advance` returns
        last is not used then. pre, post: the names of these variables; arguments are called v_pre and v_post.
    unit: of the weight, if not that of the port. equations, on_pre, method: the same in Brian2's syntax, for people to
        read and for engine="brian2" to run; sent: the summed variable. state_units: of the variables, if they have any.

    Calling it with parameters returns a Synapse: `connect(..., port="nmda", synapse=NMDA(tau_decay=80))`.
    """

    name: str
    Parameters: type
    constants: Callable[[Any, float], dict[str, float]]
    advance: Callable[..., Any]
    state: tuple[str, ...]
    initial: Callable[[Any], dict[str, float]] = lambda parameters: {}
    check: Callable[[Any], str | None] = lambda parameters: None
    send: Callable[..., Any] | None = None
    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    unit: str = ""
    equations: str = ""
    on_pre: str = ""
    method: str = ""
    sent: str = ""
    state_units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "advance", scalar(self.advance))
        constants = list(self.constants(self.Parameters(), 0.1))
        self._check_arguments("advance", "state and constants", [*self.state, "arrived", *constants])
        if self.send is not None:
            object.__setattr__(self, "send", scalar(self.send))
            ends = [*(f"{v}_pre" for v in self.pre), *(f"{v}_post" for v in self.post)]
            what = "state, variables of source and target, and constants"
            self._check_arguments("send", what, [*self.state, *ends, *constants])
        elif self.pre or self.post:
            raise DescriptionError(f"graded synapse {self.name!r} has pre or post, but no send, which takes them")

    def _check_arguments(self, name: str, what: str, expected: list[str]) -> None:
        given = list(arguments_of(getattr(self, name)))
        if given != expected:
            raise DescriptionError(
                f"{name} of graded synapse {self.name!r} takes ({', '.join(given)}), but its {what} are "
                f"({', '.join(expected)})"
            )

    @classmethod
    def from_equations(
        cls,
        equations: str,
        *,
        on_pre: str = "",
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        method: str | None = None,
        name: str = "FromEquations",
    ) -> GradedSynapse:
        """A graded synapse from the equations of a Synapses in Brian2, with a (summed) variable.

        equations: `ds/dt = ... : unit (clock-driven)`; named expressions; and one `g_post = w * ... : unit (summed)`,
            what is sent in every step: w is the weight, `v_pre` and `v_post` are variables of source and target. With
            `w : siemens` the weight is in nS, else it is in the unit of the port.
        on_pre: statements executed when an event arrives, such as "x += 1". All synapses of one source and delay share
            the variables, so w is written in what is summed, and not here; or only here, "g += w", where equations are
            linear; a weight that is set later then multiplies all that is there.
        parameters, initial, method: as for NeuronModel.from_equations.

        A neuron takes it through a port that is set, `ports={"nmda": "g_nmda = weight"}`; the variable has the sum of
        the end of a step in the next. With v_pre or v_post values have no delay, and one thread sums them while the
        others wait. Raises DescriptionError, ParameterError or UnitError, pointing at the cause.

            Gap = sl.GradedSynapse.from_equations("I_gap_post = w * (v_pre - v_post) : 1 (summed)")
            net.connect(cells, cells, "gap", weight=0.02, synapse=Gap())
        """
        from spikelearn.equations import graded_source

        text = graded_source(equations, on_pre, parameters or {}, initial or {}, method, name)
        return function_from(text, "Model", {})  # type: ignore[return-value]

    @property
    def source(self) -> str:
        """Source of the module that defines `advance`: the whole model, if it was made from equations."""
        return source_of(self.advance)

    def facts(self) -> Iterator[tuple[str, str]]:
        """State, for `help`."""
        yield "State of each source and delay", ", ".join(self.state)
        yield "Equations", equations_and(self.equations, {"at an arrival": self.on_pre}) if self.equations else ""

    @property
    def units(self) -> dict[str, str]:
        """Parameter -> unit."""
        return {name: unit.name for name, unit in declared_units(self.Parameters).items()}

    def __repr__(self) -> str:
        return f"<graded synapse {self.name}; its parameters are given in a call: {self.name}()>"

    def __call__(self, **parameters: Quantity) -> Synapse:
        return Synapse(self, checked_for_all(self, parameters))
