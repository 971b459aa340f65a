"""Plasticity rules: traces, limits and two scalar functions each. The loops are in kernels/."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from spikelearn.codegen.functions import arguments_of, function_from, source_of
from spikelearn.codegen.jit import scalar
from spikelearn.documented import FromSource, equations_and
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.kernels.event_rule import taken_among
from spikelearn.nest_mapping import NestSynapse
from spikelearn.parameters import Parametrized, check_kinds, checked_with_varying, declared_units
from spikelearn.plasticity.additive import check_additive
from spikelearn.units import Quantity
from spikelearn.values import one_number

OPTIONAL = ("since_pre", "t")
"""Arguments passed to a handler only if it names them, unless the rule has something else of that name."""


@dataclass(frozen=True)
class Trace:
    """A trace on one side of a synapse, which decays and jumps at events.

    name: its name in handlers. tau: the parameter (ms) that is its time constant.
    jump: "add": 1 is added at an event; "set": it becomes 1.
    amplitude: factor of the trace in the sum that a SignalRule multiplies its signal by; two traces with 1 and -1
        make a difference of exponentials, the shape of a postsynaptic potential. Handlers see the trace without it.
    """

    name: str
    tau: str
    jump: str = "add"
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        if self.jump not in ("add", "set"):
            raise DescriptionError(f"trace {self.name!r}: expected jump 'add' or 'set', got {self.jump!r}")
        if not math.isfinite(self.amplitude) or self.amplitude == 0:
            raise DescriptionError(f"trace {self.name!r}: expected an amplitude other than 0, got {self.amplitude!r}")

    def __str__(self) -> str:
        jump = "1 is added" if self.jump == "add" else "it is set to 1"
        counts = "" if self.amplitude == 1 else f"; weighted by {self.amplitude:g}"
        return f"{self.name}: decays with {self.tau}; at an event {jump}{counts}"


def equations_of(rule: Any) -> Iterator[tuple[str, str]]:
    """Documentation common to PlasticityRule and SignalRule: equations, and other simulators."""
    event = "event" if rule.learns_from == "event" else f"{rule.learns_from} of the target"
    happens = {
        "at an arrival": rule.pre_statements,
        f"at {'an' if event[0] in 'aeiou' else 'a'} {event}": rule.post_statements,
    }
    yield "Equations", equations_and(rule.equations, happens)
    others = [f"NEST: {rule.nest.model}"] if rule.nest is not None else []
    yield "Also runs on", "\n".join([*others, *(["Brian2: by these equations"] if rule.equations else [])])


@dataclass(frozen=True, eq=False)
class PlasticityRule(FromSource):
    """A rule that changes weights at events.

    name: shown in errors. Parameters: NamedTuple with W_min and W_max, the limits of the weight.
    pre, post: traces of the source and of the target. Handlers see the value of a trace just before the event itself.
    on_pre, on_post: scalar functions, compiled if they are not, called when an event arrives from the source, and when
        the target emits one of kind `learns_from`. They take (weight, *state, *pre, *post, *constants) and return the
        new weight, or (weight, *state). If the rule is `modulated` they take no weight and return the step of the
        eligibility instead, which decays with parameter tau_c; the weight then changes by the integral of
        eligibility times (modulator - b). With a parameter tau_rise above 0, less than tau_c, the steps are low-pass
        filtered first: one of 1 becomes tau_c/(tau_c - tau_rise) (exp(-t/tau_c) - exp(-t/tau_rise)), with the same
        integral. A handler that names `since_pre` among its arguments also gets the time in
        ms since the last arrival from the source before this event, a huge number if there was none; one that names
        `t`, the time in ms at which the event is at the synapse.
    state: names of variables that each synapse stores (8 bytes each), changed only by the handlers.
    initial: function(parameters) -> dict of their initial values; 0 by default.
    state_goes_on: whether the handlers keep changing it, like a trace, while the projection is not plastic.
    reads: state variables of the target neuron that on_post also gets, after the post traces, as of the end of the step
        of the event.
    transmits: scalar function, what an arrival adds to its target: transmits(weight, *constants). None: the weight.
    additive_in: function(parameters) -> the pre trace x, if on_post is weight + x times a number that depends neither
        on the weight nor on other pre traces (of a modulated rule: x times such a number). Then the post events between
        two arrivals are taken up at once, in closed form, in a third of the time. "" is always correct: they are taken
        up one by one. Checked when the rule is called.
    mean_pre: on_post also gets, after the pre traces, their means over all synapses of the projection.
    constants: function(parameters, dt) -> dict of the numbers the handlers need.
    equations, pre_statements, post_statements: the same rule in Brian2's syntax, for people to read and for other
        simulators to run: the arguments of Synapses(model=, on_pre=, on_post=). The weight is w, parameters keep their
        names, traces have no unit, and the concentration of the modulator is n. Empty if Brian2 has no short form.
    nest: the rule in NEST, for engine="nest".

    Calling a rule with parameters gives a Plasticity: `STDP(lambda_=0.01)`. Those that only count where a synapse
    changes (not limits of weights and time constants of traces) may differ among synapses:
    `STDP(lambda_=Uniform(0.01, 0.02))`, or an array, as of weights. A modulated rule takes its modulator first.
    With `every`, ms, weights change only at multiples of this time, `STDP(every=1000)`: what the handlers, which see
    the weight as it is, change of it is summed until then, added, and the limits hold for the result. Traces and state
    change at once. A phase in which the projection is not plastic changes no weight: what was gathered before is
    applied at the first multiple after it. A modulated rule takes no `every`.
    """

    name: str
    Parameters: type
    pre: tuple[Trace, ...]
    post: tuple[Trace, ...]
    on_pre: Callable[..., Any]
    on_post: Callable[..., Any]
    constants: Callable[[Any, float], dict[str, float]]
    modulated: bool = False
    mean_pre: bool = False
    learns_from: str = "spike"
    state: tuple[str, ...] = ()
    initial: Callable[[Any], dict[str, float]] = field(default=lambda parameters: {})
    state_goes_on: bool = False
    reads: tuple[str, ...] = ()
    transmits: Callable[..., Any] | None = None
    additive_in: Callable[[Any], str] = field(default=lambda parameters: "")
    equations: str = ""
    pre_statements: str = ""
    post_statements: str = ""
    check: Callable[[Any], str | None] = field(default=lambda parameters: None)
    nest: NestSynapse | None = None

    learns_by: ClassVar[str] = "events"
    """How the engine lowers the rule: see engine/lowering/plastic_synapses.py."""
    learns_also_from: ClassVar[tuple[str, ...]] = ()
    takes_payload: ClassVar[bool] = False
    """Whether its traces use the payload of events."""
    ignores_events: ClassVar[bool] = False
    """Whether it does not read the events of its target."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "on_pre", scalar(self.on_pre))
        object.__setattr__(self, "on_post", scalar(self.on_post))
        if self.transmits is not None:
            object.__setattr__(self, "transmits", scalar(self.transmits))
        check_kinds([self.learns_from], f"learns_from of plasticity rule {self.name!r}")
        fields = self.Parameters._fields  # type: ignore[attr-defined]
        needed = {"W_min", "W_max", *(t.tau for t in self.pre + self.post)}
        needed |= {"tau_c", "b"} if self.modulated else set()
        missing = sorted(needed - set(fields))
        if missing:
            raise DescriptionError(f"plasticity rule {self.name!r} has no parameter {', '.join(missing)}")
        if "every" in fields:
            raise DescriptionError(
                f"plasticity rule {self.name!r}: rename the parameter 'every', the time between updates of every rule"
            )
        weighted = [t.name for t in self.pre + self.post if t.amplitude != 1]
        if weighted:
            raise DescriptionError(
                f"plasticity rule {self.name!r}: trace {weighted[0]!r} has an amplitude, which only a SignalRule "
                "reads; on_pre and on_post multiply by a constant instead"
            )
        weight = [] if self.modulated else ["weight"]
        means = [f"mean_{t.name}" for t in self.pre] if self.mean_pre else []
        traces = [t.name for t in self.pre], [t.name for t in self.post]
        constants = list(self.constants(self.Parameters(), 0.1))
        expected = {
            "on_pre": [*weight, *self.state, *traces[0], *traces[1], *constants],
            "on_post": [*weight, *self.state, *traces[0], *means, *traces[1], *self.reads, *constants],
        }
        if self.transmits is not None:
            expected["transmits"] = ["weight", *constants]
        for handler, arguments in expected.items():
            given = [name for name in self.takes(handler) if name in arguments or name not in OPTIONAL]
            if given != arguments:
                raise DescriptionError(
                    f"{handler} of plasticity rule {self.name!r} takes ({', '.join(given)}), "
                    f"expected ({', '.join(arguments)})"
                )
        taken = taken_among({*self.state, *traces[0], *traces[1], *self.reads, *constants}, self.modulated)
        taken |= {"c"} & {*self.state, *traces[0], *traces[1]} if self.modulated else set()  # its eligibility
        if taken:
            raise DescriptionError(
                f"plasticity rule {self.name!r}: the loops already use the name {sorted(taken)[0]!r}; "
                "rename the trace, state or constant of that name"
            )
        unknown = sorted(set(self.initial(self.Parameters())) - set(self.state))
        if unknown:
            raise DescriptionError(
                f"initial of plasticity rule {self.name!r} returns {unknown[0]!r}, which is not a state"
            )

    @classmethod
    def from_equations(
        cls,
        equations: str,
        *,
        on_pre: str,
        on_post: str,
        parameters: Mapping[str, Any],
        initial: Mapping[str, Any] | None = None,
        learns_from: str = "spike",
        name: str = "FromEquations",
    ) -> PlasticityRule:
        """A rule from equations and statements as in Brian2's Synapses; the weight is w.

        equations: traces `dx/dt = -x/tau : 1 (event-driven)` with a parameter tau, named expressions, variables
            `x : 1` of each synapse that only statements change, and `w : unit` if the weight has one.
        on_pre, on_post: statements at an arrival and at an event of the target (kind `learns_from`). A trace jumps in
            one of them, by a constant (`x += A`) or to a constant (`x = A`). The weight is clipped to W_min and W_max
            after each, and delivered after on_pre.
        parameters, initial: as in NeuronModel.from_equations; W_min and W_max must be among them.
        Raises DescriptionError, ParameterError or UnitError, pointing at the cause.

            Additive = sl.PlasticityRule.from_equations(
                "dapre/dt = -apre/tau : 1 (event-driven)\ndapost/dt = -apost/tau : 1 (event-driven)",
                on_pre="apre += A_plus; w += apost", on_post="apost -= A_minus; w += apre",
                parameters={"tau": (20.0, "ms"), "A_plus": 0.1, "A_minus": 0.105, "W_min": 0.0, "W_max": 10.0},
            )
            net.connect(a, b, weight=5, plasticity=Additive(W_max=20))
        """
        from spikelearn.equations import rule_source

        text = rule_source(equations, on_pre, on_post, parameters, initial or {}, learns_from, name)
        return function_from(text, "Model", {})  # type: ignore[return-value]

    @property
    def source(self) -> str:
        """Source of the module that defines `on_pre`: the whole rule, if it was made from equations."""
        return source_of(self.on_pre)

    def takes(self, handler: str) -> tuple[str, ...]:
        """The names of the arguments of `on_pre`, `on_post` or `transmits`."""
        return arguments_of(getattr(self, handler))

    def initial_state(self, parameters: Any) -> dict[str, float]:
        """Initial state of a synapse, in the order of `state`."""
        given = self.initial(parameters)
        return {name: float(given.get(name, 0.0)) for name in self.state}

    @property
    def takes_first(self) -> tuple[str, ...]:  # type: ignore[override]
        """Arguments of a call before the parameters."""
        return ("modulator",) if self.modulated else ()

    def facts(self) -> Iterator[tuple[str, str]]:
        """Traces, state, equations and other simulators, for `help`."""
        yield "Traces of the source", "\n".join(map(str, self.pre))
        yield "Traces of the target", "\n".join(map(str, self.post))
        yield "State of a synapse", ", ".join((*self.state, *(("eligibility",) if self.modulated else ())))
        reads = f"{', '.join(self.reads)} of the target, at its {self.learns_from}" if self.reads else ""
        yield "Reads", reads
        when = (
            ""
            if self.modulated
            else "at each event; with every=, in ms, at multiples of this time, by what was gathered"
        )
        yield "Weights change", when
        yield from equations_of(self)

    def __repr__(self) -> str:
        return f"<plasticity rule {self.name}; its parameters are given in a call: {self.name}(W_max=...)>"

    @property
    def reads_at_events(self) -> tuple[str, ...]:
        """State variables whose values events of the target carry to the rule."""
        return self.reads

    @property
    def needs(self) -> tuple[str, ...]:
        """State variables that the target must have."""
        return self.reads

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables of a synapse that can be recorded, as its kernels number them."""
        traces = [trace.name for trace in self.pre + self.post]
        return ("weight", *(("c",) if self.modulated else ()), *self.state, *traces)

    @property
    def axonal_only(self) -> str:
        """Why it supports no dendritic delays, "" if it does."""
        return "compares traces with their mean at the target's events" if self.mean_pre else ""

    def why_not_of_each(self, parameter: str) -> str:
        """Why a parameter cannot differ among synapses, "" if it can: if it only counts where a synapse changes."""
        shared = {trace.tau for trace in self.pre + self.post} | {"tau_c", "b", "tau_rise"}
        if parameter in shared:
            return "as it is one of traces that synapses share"
        if parameter in ("W_min", "W_max"):
            return "as the limits are those of all"
        typical = self.Parameters()._replace(**{parameter: math.nan})
        if any(math.isnan(value) for value in self.initial_state(typical).values()):
            return "as all synapses start in the same state"
        return ""

    @property
    def has_eligibility(self) -> bool:
        """Whether each synapse has an eligibility, which can be recorded as "c"."""
        return self.modulated

    @property
    def units(self) -> dict[str, str]:
        """Parameter -> unit."""
        return {name: unit.name for name, unit in declared_units(self.Parameters).items()}

    def __call__(self, modulator: Any = None, *, every: Quantity | None = None, **parameters: Quantity) -> Plasticity:
        made = with_parameters(self, modulator, parameters)
        if not made.varying:
            check_additive(self, made.parameters)
        if every is None:
            return made
        if self.modulated:
            raise DescriptionError(f"every of {self.name}: expected none, as its weights move with its modulator")
        return replace(made, every=one_number(every, "ms", f"every of {self.name}", above=0.0))


@dataclass(frozen=True, eq=False)
class Plasticity(Parametrized):
    """A plasticity rule (PlasticityRule or SignalRule) with its parameters, and the modulator it reads, if any.

    every: ms; weights change at multiples of this time only, or at once if it is 0.
    """

    rule: Any
    parameters: Any
    modulator: Any = None
    every: float = 0.0

    @property
    def varying(self) -> tuple[str, ...]:
        """Parameters with a value for each synapse, in order: an array or a distribution."""
        return tuple(name for name, value in self.parameters._asdict().items() if not isinstance(value, float))

    @property
    def summed(self) -> str:
        """The pre trace in which `on_post` is linear at any weight, with these parameters; "" if there is none, or if
        synapses differ in a parameter."""
        return "" if self.varying else self.rule.additive_in(self.parameters)

    @property
    def eligibility_rises(self) -> bool:
        """Whether each step of the eligibility takes effect gradually, with parameter tau_rise."""
        return bool(self.rule.has_eligibility and getattr(self.parameters, "tau_rise", 0.0) > 0)

    def __repr__(self) -> str:
        given = self.parameters._asdict() | ({"every": self.every} if self.every else {})
        values = ", ".join(f"{name}={format(v, 'g') if isinstance(v, float) else v}" for name, v in given.items())
        return f"{self.rule.name}({values})"


def with_parameters(rule: Any, modulator: Any, parameters: dict[str, Any]) -> Plasticity:
    """The rule with parameters, checked. Raises ParameterError, UnitError or DescriptionError."""
    if rule.modulated and not hasattr(modulator, "tau_n"):
        raise DescriptionError(
            f"{rule.name} learns from a modulator: {rule.name}(network.modulator('dopamine', tau=200), ...), "
            f"got {modulator!r}"
        )
    if not rule.modulated and modulator is not None:
        raise DescriptionError(f"{rule.name} takes no modulator, got {modulator!r}")
    values, varying = checked_with_varying(rule.Parameters, parameters, rule.name)
    for name in varying:
        if why := rule.why_not_of_each(name):
            given = reprlib.repr(getattr(values, name))
            raise ParameterError(f"{name} of {rule.name}: expected one number for all synapses, {why}; got {given}")
    if values.W_min >= values.W_max:
        negative = (
            f"; for negative weights, W_min={values.W_max:g} and W_max=0" if values.W_min == 0 > values.W_max else ""
        )
        raise ParameterError(
            f"{rule.name}: W_min must be below W_max, got {values.W_min:g} and {values.W_max:g}{negative}"
        )
    if rule.has_eligibility and not 0.0 <= getattr(values, "tau_rise", 0.0) < getattr(values, "tau_c", math.inf):
        raise ParameterError(
            f"tau_rise of {rule.name}: expected at least 0 and less than tau_c, {values.tau_c:g} ms, got "
            f"{values.tau_rise:g} ms"
        )
    complaint = None if varying else rule.check(values)
    if complaint:
        raise ParameterError(f"{rule.name}: {complaint}")
    return Plasticity(rule, values, modulator)
