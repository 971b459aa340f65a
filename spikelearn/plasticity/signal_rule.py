"""Rules that learn from the continuous state of the target: traces, a signal and scalar functions.

A PlasticityRule is called at events of a synapse. A SignalRule learns in every step: w' = x(t) G(t), with x a trace of
the source and G a signal of the target, computed once for each target and step from its state. Synapses are still
updated only at arrivals. Between two arrivals x decays exponentially, so that with
x(t) = X exp(-(t - base)/tau_x)

    w(t) = q + X H(t),   H(t) = integral from base to t of G(s) exp(-(s - base)/tau_x) ds.

H is one number for each target and trace, and a step costs one multiplication for each. At an arrival the weight takes
one multiplication and one addition, X grows, and q changes such that w stays the same. X is one number for each source
and delay, so a synapse stores only q.

With an eligibility, c' = -c/tau_c + x(t) G(t) and w' = c(t) (n(t) - b), n a modulator (or n - b = 1):

    c(t) exp((t - base)/tau_c) = C + X H(t),   H(t) = integral of G(s) exp(-(s - base) (1/tau_x - 1/tau_c)) ds,
    w(t) = q + C N(t) + X M(t),   N(t) = integral of (n(s) - b) exp(-(s - base)/tau_c) ds,
                                  M(t) = integral of H(s) (n(s) - b) exp(-(s - base)/tau_c) ds:

N is one number for the projection, H and M are one for each target and trace; a synapse stores q and C. A third factor
may also differ between targets: with a state variable L of the target in place of n - b, w' = c(t) L(t), as in e-prop;
N is then one number for each target.

With a parameter tau_rise above 0, what the eligibility takes in is low-pass filtered first, as in rules that learn at
events (plasticity/rule.py). It is then the difference of two such c, with tau_c and with tau_rise, times
tau_c/(tau_c - tau_rise), and so are its parts of w(t); a synapse stores one number more.

X grows as exp((t - base)/tau_x), so base advances every eight of the shortest time constants. The values of H, M and N
at the last advances are kept, and a synapse applies them at its next arrival (kernels/templates/signal_rule.py).

Discrete time. G is a sum over steps: G(k) is computed at the end of step k and acts as a delta function there.
Without a dendritic delay an arrival in step k sees the signals of steps up to k - 1, and its own trace is multiplied by
G(k). With a dendritic delay of d steps the signal of step k reaches the synapse in step k + d and is not multiplied by
the trace of an arrival in that step (as in NEST). What is read is the state of the synapse itself, which knows of an
arrival d steps before the target does. The eligibility and its product with the modulator decay and are
integrated in closed form between steps. L, like the signal, is that at the end of the step and reaches the synapse with
it, and multiplies the eligibility after it has taken in that signal: w changes by c(k) L(k) dt in step k.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.documented import Documented
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.nest_mapping import NestSynapse
from spikelearn.parameters import check_kinds
from spikelearn.plasticity.rule import Plasticity, Trace, equations_of, with_parameters
from spikelearn.units import Quantity

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class SignalRule(Documented):
    """A rule that changes weights in every step, by the product of a trace of the source and a signal of the target.

    name: shown in errors. Parameters: NamedTuple with W_min and W_max, the limits of the weight.
    reads: state variables of the target neuron, as of the end of a step.
    state: variables that the rule itself keeps for each target -> the variable of `reads` whose initial value each
        starts from, or the parameter that is its initial value, or "" for 0.
    advance: scalar function that returns the state for the next step, as a tuple: advance(*reads, *state, event,
        *learns_also_from, *constants).
    delayed: variable of reads or state -> the parameter (ms) by which `signal` and `on_pre` see it delayed.
    signal: scalar function with the same arguments, delayed where so declared. It returns what a trace of 1 adds to the
        weight (or to the eligibility) in this step: rates multiplied by dt, changes at a post event as they
        are. event: 1 if the target emitted one of kind `learns_from` in this step, else 0.
    learns_also_from: further kinds of event of the target, each an argument of that name after `event`: 1 or 0.
    pre: traces of the source; the signal is multiplied by their sum, each times its `amplitude`. on_pre sees the value
        of each just before the arrival, without its amplitude.
    on_pre: scalar function, called at each arrival: (weight, *pre, *seen, *constants) -> weight; with an eligibility it
        takes no weight and returns the step of the eligibility. None: arrivals change nothing. seen: variables of reads
        or state.
    t: an argument that each function gets if it names it, in any place: the time in ms, of `signal` and `advance` at
        the end of the step, of `on_pre` that at which the event is at the synapse. Not if something of the rule has
        that name.
    constants: function(parameters, dt) -> dict of the numbers that these functions need.
    modulated: the weight changes by the integral of eligibility times (modulator - b), with parameters tau_c and b, and
        tau_rise, less than tau_c, if the eligibility is to rise before it decays; so may those of the next two.
    equations, pre_statements, post_statements: as in PlasticityRule. nest: the rule in NEST.
    low_pass: the same with 1 in place of (modulator - b): w' = c, with c low-pass filtered x G.
    modulated_by: the same with this state variable of the target in place of (modulator - b), a third factor that
        differs between targets, such as the error of each: w' = c L. "" for none.

    limits: what W_min and W_max apply to. "learned": the weight itself. "sent": the weight that a synapse sends and
        reports, while the weight that learns may exceed them, so that a synapse driven far below W_min is silent until
        it has been driven back as far.

    Weights are clipped at arrivals. This equals clipping in every step only if x G keeps its sign between two arrivals
    or the limits are not reached. Calling a rule with parameters returns a Plasticity: `Clopath(A_LTP=1e-4)`.
    """

    name: str
    Parameters: type
    pre: tuple[Trace, ...]
    reads: tuple[str, ...]
    signal: Callable[..., Any]
    constants: Callable[[Any, float], dict[str, float]]
    state: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    advance: Callable[..., Any] | None = None
    delayed: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    on_pre: Callable[..., Any] | None = None
    seen: tuple[str, ...] = ()
    modulated: bool = False
    low_pass: bool = False
    modulated_by: str = ""
    limits: str = "learned"
    learns_from: str = "spike"
    learns_also_from: tuple[str, ...] = ()
    equations: str = ""
    pre_statements: str = ""
    post_statements: str = ""
    check: Callable[[Any], str | None] = field(default=lambda parameters: None)
    nest: NestSynapse | None = None

    learns_by: ClassVar[str] = "signal"
    mean_pre: ClassVar[bool] = False
    transmits: ClassVar[None] = None
    reads_at_events: ClassVar[tuple[str, ...]] = ()
    takes_payload: ClassVar[bool] = True
    axonal_only: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for handler in ("signal", "advance", "on_pre"):
            if getattr(self, handler) is not None:
                object.__setattr__(self, handler, scalar(getattr(self, handler)))
        where = f"plasticity rule {self.name!r}"
        check_kinds([self.learns_from], f"learns_from of {where}")
        variables = [*self.reads, *self.state]
        needed = {"W_min", "W_max", *(t.tau for t in self.pre), *self.delayed.values()}
        needed |= {"tau_c"} if self.has_eligibility else set()
        needed |= {"b"} if self.modulated else set()
        missing = sorted(needed - set(self.Parameters._fields))  # type: ignore[attr-defined]
        if missing:
            raise DescriptionError(f"{where} has no parameter {', '.join(missing)}")
        if not self.pre:
            raise DescriptionError(f"{where}: expected at least one trace of the source in pre")
        if self.modulated + self.low_pass + bool(self.modulated_by) > 1:
            raise DescriptionError(f"{where}: expected one of modulated, low_pass and modulated_by, got several")
        if self.limits not in ("learned", "sent"):
            raise DescriptionError(f"{where}: expected limits 'learned' or 'sent', got {self.limits!r}")
        if bool(self.state) != (self.advance is not None):
            raise DescriptionError(f"{where}: expected state and advance together, got one of them")
        starts = [*self.reads, *self.Parameters._fields]  # type: ignore[attr-defined]
        for what, names, known in (
            ("delayed", self.delayed, variables),
            ("seen", self.seen, variables),
            ("start of state", [start for start in self.state.values() if start], starts),
        ):
            unknown = sorted(set(names) - set(known))
            if unknown:
                raise DescriptionError(f"{where}: {what} names {', '.join(unknown)}; there are: {', '.join(known)}")
        constants = list(self.constants(self.Parameters(), 0.1))
        each_step = [*variables, "event", *self.learns_also_from, *constants]
        weight = [] if self.has_eligibility else ["weight"]
        expected = {
            "signal": each_step,
            "advance": each_step,
            "on_pre": [*weight, *(t.name for t in self.pre), *self.seen, *constants],
        }
        for handler, arguments in expected.items():
            function = getattr(self, handler)
            if function is None:
                continue
            given = arguments_of(function)
            if [name for name in given if name in arguments or name != "t"] != arguments:
                raise DescriptionError(
                    f"{handler} of {where} takes ({', '.join(given)}), expected ({', '.join(arguments)})"
                )

    @property
    def ignores_events(self) -> bool:
        """Whether no function reads `event`, so that the target need not emit any."""
        functions = [f for f in (self.signal, self.advance) if f is not None]
        codes = [getattr(f, "py_func", f).__code__ for f in functions]
        read = [each.argval for code in codes for each in dis.get_instructions(code)]
        return not any("event" in (each if isinstance(each, tuple) else (each,)) for each in read)

    @property
    def takes_first(self) -> tuple[str, ...]:  # type: ignore[override]
        """Arguments of a call before the parameters."""
        return ("modulator",) if self.modulated else ()

    def facts(self) -> Iterator[tuple[str, str]]:
        """Traces, state, equations and other simulators, for `help`."""
        yield "Traces of the source", "\n".join(map(str, self.pre))
        yield "Reads of the target in each step", ", ".join(self.needs)
        yield "Kept for each target", ", ".join(self.state)
        yield "State of a synapse", "eligibility" if self.has_eligibility else ""
        yield from equations_of(self)

    @property
    def needs(self) -> tuple[str, ...]:
        """State variables that the target must have."""
        return (*self.reads, *([self.modulated_by] if self.modulated_by else []))

    def why_not_of_each(self, parameter: str) -> str:
        """Why a parameter cannot differ among synapses."""
        return f"as {self.name} learns from a signal; rules that learn at events, such as STDP, take one for each"

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables of a synapse that can be recorded."""
        return ("weight", "c") if self.has_eligibility else ("weight",)

    @property
    def has_eligibility(self) -> bool:
        """Whether each synapse has an eligibility, which can be recorded as "c"."""
        return self.modulated or self.low_pass or bool(self.modulated_by)

    def __repr__(self) -> str:
        return f"<plasticity rule {self.name}; its parameters are given in a call: {self.name}(W_max=...)>"

    def __call__(self, modulator: Any = None, **parameters: Quantity) -> Plasticity:
        made = with_parameters(self, modulator, parameters)
        for variable, parameter in self.delayed.items():
            delay = getattr(made.parameters, parameter)
            if delay < 0:
                raise ParameterError(
                    f"{parameter} of {self.name}, the delay of {variable}: expected at least 0 ms, got {delay:g} ms"
                )
        return made
