"""Rules that are a scalar function of each synapse and step.

A PlasticityRule is called at events, and a SignalRule is a product of a trace and a signal, so both leave a synapse
alone between arrivals. A StepRule is any function, evaluated for each synapse in each step: for rules that have no such
closed form, such as eligibilities with a nonlinear recursion, a decay of weights that depends on the target, or noise
of each synapse. Where rows of synapses have adjacent targets, as in all-to-all connections, its loop works on vectors.

Discrete time. In step k, after the neurons have reached k dt, the step of each synapse sees

- the traces of the source at k dt: what arrives in step k counts in full;
- the state of the target at k dt, which includes the input of step k; and, of `reads_before`, that at (k - 1) dt;
- its own weight and state as the last step left them.

What arrives in step k is transmitted with the weight of step k - 1. This is the order of a SignalRule without a
dendritic delay; a StepRule has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.documented import Documented
from spikelearn.errors import DescriptionError
from spikelearn.plasticity.rule import Plasticity, Trace, with_parameters
from spikelearn.units import Quantity

ARRIVING = ("arrives", "payload")
"""Arguments that `step` gets only if it names them, as it does `t`."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class StepRule(Documented):
    """A rule that is a scalar function, evaluated for each synapse in each step.

    name: shown in errors. Parameters: NamedTuple with W_min and W_max, the limits of the weight after each step.
    step: scalar function (weight, *state, *pre, *reads, *reads_before, *random, *normal, *constants) -> (weight,
        *state), or the weight alone without state; compiled if it is not. If it names `arrives`, it also gets 1.0 in a
        step in which an event arrives from the source, else 0.0; if it names `payload`, the value of that event (1.0 if
        events of the projection have none), else 0.0. If it names `t`, it gets the time in ms at the end of the step.
        If the rule is `modulated`, it names `n`, the concentration of its modulator at the end of the step.
    constants: function(parameters, dt) -> dict of the numbers that `step` needs.
    pre: traces of the source, one for each source and delay. They jump by 1, or to 1; by or to the value of an event
        that has a payload.
    reads: state variables of the target, at the end of the step; {argument: variable} if `step` calls one differently.
    reads_before: argument -> variable of the target, at the end of the step before.
    state: variables of each synapse (8 bytes each). initial: function(parameters) -> dict of their initial values; 0 by
        default.
    state_goes_on: whether `step` keeps changing the state while the projection is not plastic; the weight is kept.
    random, normal: names of uniform random numbers in (0, 1), and of standard normal ones, drawn anew for each synapse
        and step. They depend only on the seed, the projection, the index of the synapse in it and the step.
    modulated: whether the rule takes a modulator.
    every: the name of a parameter, ms, for a rule that is evaluated at multiples of this time only, "" for one of each
        step. Traces advance in each step; `arrives` and random numbers are those of the steps in which it is evaluated.
    equations: of the rule, for people to read. check: function(parameters) -> what is wrong with them, or None.

    A step in which the projection is not plastic keeps weights and state (see `state_goes_on`); traces of the source go
    on. A factor that a phase of trials gives multiplies the change of the weight, before the limits hold. A reset of
    the projection in a phase sets state and traces to their initial values and keeps the weights.
    Calling a rule with parameters gives a Plasticity: `Oja(eta=1e-3)`. A modulated rule takes its modulator first.

        class DecayParameters(NamedTuple):
            tau: ms = 1000.0
            W_min: weight = 0.0
            W_max: weight = 100.0

        def decay(weight, arrives, factor):
            return weight * factor + arrives

        Decay = sl.StepRule("Decay", DecayParameters, decay, lambda p, dt: {"factor": math.exp(-dt / p.tau)})
        net.connect(a, b, weight=5, plasticity=Decay(tau=500))
    """

    name: str
    Parameters: type
    step: Callable[..., Any]
    constants: Callable[[Any, float], dict[str, float]]
    pre: tuple[Trace, ...] = ()
    reads: Mapping[str, str] | tuple[str, ...] = ()
    reads_before: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    state: tuple[str, ...] = ()
    initial: Callable[[Any], dict[str, float]] = field(default=lambda parameters: {})
    state_goes_on: bool = False
    random: tuple[str, ...] = ()
    normal: tuple[str, ...] = ()
    modulated: bool = False
    every: str = ""
    equations: str = ""
    check: Callable[[Any], str | None] = field(default=lambda parameters: None)

    learns_by: ClassVar[str] = "steps"
    learns_from: ClassVar[str] = "spike"
    learns_also_from: ClassVar[tuple[str, ...]] = ()
    ignores_events: ClassVar[bool] = True
    mean_pre: ClassVar[bool] = False
    transmits: ClassVar[None] = None
    nest: ClassVar[None] = None
    reads_at_events: ClassVar[tuple[str, ...]] = ()
    takes_payload: ClassVar[bool] = True
    axonal_only: ClassVar[str] = "reads its target at the end of each step"
    has_eligibility: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", scalar(self.step))
        where = f"plasticity rule {self.name!r}"
        of_time = {self.every} if self.every else set()
        wanted = {"W_min", "W_max", *(t.tau for t in self.pre), *of_time}
        missing = sorted(wanted - set(self.Parameters._fields))  # type: ignore[attr-defined]
        if missing:
            raise DescriptionError(f"{where} has no parameter {', '.join(missing)}")
        weighted = [t.name for t in self.pre if t.amplitude != 1]
        if weighted:
            raise DescriptionError(
                f"{where}: trace {weighted[0]!r} has an amplitude, which only a SignalRule reads; `step` multiplies by "
                "a constant instead"
            )
        expected = [
            "weight", *self.state, *(t.name for t in self.pre), *self.read, *self.reads_before, *self.random,
            *self.normal, *self.constants(self.Parameters(), 0.1),
        ]  # fmt: skip
        needed = ("n",) if self.modulated else ()
        taken = [name for name in expected if name in ARRIVING + needed]
        if taken:
            raise DescriptionError(f"{where}: `step` gets something else as {taken[0]!r}; rename what has that name")
        given = [name for name in self.takes if name in expected or name not in (*ARRIVING, *needed, "t")]
        if given != expected or not set(needed) <= set(self.takes):
            anywhere = " and ".join([*(f"{name} if it needs it" for name in (*ARRIVING, "t")), *needed])
            raise DescriptionError(
                f"step of {where} takes ({', '.join(self.takes)}), expected ({', '.join(expected)}) and, in any place, "
                f"{anywhere}"
            )
        unknown = sorted(set(self.initial(self.Parameters())) - set(self.state))
        if unknown:
            raise DescriptionError(f"initial of {where} returns {unknown[0]!r}, which is not a state")

    @property
    def takes(self) -> tuple[str, ...]:
        """The names of the arguments of `step`."""
        return arguments_of(self.step)

    @property
    def arriving(self) -> tuple[str, ...]:
        """What `step` gets of the arrivals of its step."""
        return tuple(name for name in self.takes if name in ARRIVING)

    @property
    def timed(self) -> bool:
        """Whether `step` gets the time."""
        own = {*self.state, *(t.name for t in self.pre), *self.read, *self.reads_before, *self.random, *self.normal}
        return "t" in self.takes and "t" not in own | set(self.constants(self.Parameters(), 0.1))

    @property
    def read(self) -> Mapping[str, str]:
        """`reads` as argument -> state variable."""
        return self.reads if isinstance(self.reads, Mapping) else {name: name for name in self.reads}

    @property
    def needs(self) -> tuple[str, ...]:
        """State variables that the target must have."""
        return (*self.read.values(), *self.reads_before.values())

    def initial_state(self, parameters: Any) -> dict[str, float]:
        """Initial state of a synapse, in the order of `state`."""
        given = self.initial(parameters)
        return {name: float(given.get(name, 0.0)) for name in self.state}

    @property
    def takes_first(self) -> tuple[str, ...]:  # type: ignore[override]
        """Arguments of a call before the parameters."""
        return ("modulator",) if self.modulated else ()

    def why_not_of_each(self, parameter: str) -> str:
        """Why a parameter cannot differ among synapses."""
        return f"as {self.name} learns in every step; rules that learn at events, such as STDP, take one for each"

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables of a synapse that can be recorded."""
        return ("weight", *self.state, *(t.name for t in self.pre))

    def facts(self) -> Iterator[tuple[str, str]]:
        """Traces, state, equations and other simulators, for `help`."""
        yield "Traces of the source", "\n".join(map(str, self.pre))
        yield "State of a synapse", ", ".join(self.state)
        yield "Reads of the target in each step", ", ".join(self.read.values())
        yield "Reads of the target as of the step before", ", ".join(self.reads_before.values())
        yield "Equations", self.equations

    def __repr__(self) -> str:
        return f"<plasticity rule {self.name}; its parameters are given in a call: {self.name}(W_max=...)>"

    def __call__(self, modulator: Any = None, **parameters: Quantity) -> Plasticity:
        return with_parameters(self, modulator, parameters)
