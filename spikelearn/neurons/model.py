"""Neuron models: data and one scalar function each. The loops are in kernels/."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.codegen.functions import arguments_of, function_from, source_of
from spikelearn.codegen.jit import scalar
from spikelearn.documented import FromSource, equations_and, listed
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.nest_mapping import NestNeuron
from spikelearn.neurons.closed_form import ClosedForm
from spikelearn.neurons.margin import check_margin
from spikelearn.neurons.membrane import Membrane
from spikelearn.neurons.parameters_in_time import in_time, split
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.neurons.regularly import Regularly
from spikelearn.parameters import (
    KINDS,
    READS,
    Parametrized,
    check_kinds,
    checked,
    declared_units,
    is_distribution,
    suggest,
)
from spikelearn.timed import Timed
from spikelearn.units import unit_named


@dataclass(frozen=True, eq=False)
class NeuronModel(FromSource):
    """A model of a neuron.

    name: short name, shown in errors and run files.
    Parameters: NamedTuple, each line with unit, default and meaning. The unit `duration` is ms in whole steps of dt.
    constants: function(parameters, dt) -> dict of all numbers that the step needs; values may be per-neuron arrays.
    step: function(*state, *inputs, *currents, *random, *normal, *reads, *constants) -> (*state, mask), for one neuron
        and one time step; an argument is named `in_<port>` for a port and `I_<current>` for a current. Input arrives at
        the end of the step. mask: what it emits in this step, the sum of 1 for a spike, 2 for a plateau, 4 for an
        event, 8 for a burst, 16 for a rate and 32 for an instruction.
    state: variable -> unit; the first is checked to stay finite.
    ports: port -> unit of the weight. currents: names of the ports that also take continuous currents, in pA.
    graded: names of the ports that graded synapses act on, such as NMDA: their input is a value at the end of the step,
        which `step` keeps as state until the next, rather than a jump.
    random, normal: names of uniform random numbers in (0, 1), and of standard normal ones, that the step takes, drawn
        anew for each neuron and step. They depend only on the seed, the population, the neuron's index in it and the
        step.
    reads: what else the step takes among t, the time at which it begins (ms), i, the index of the neuron in its
        population, and N, the number of neurons of its population.
    at_event: function(*state, *random, *normal, *reads, *constants) -> state, called after the step for neurons that
        emitted something; if given, it takes the random numbers, and `step` has none. For updates that are rarely
        needed.
    margin: its potential minus its threshold before a reset, of which surrogate gradients are functions: a state
        variable that holds it after each step; or an expression such as "V_m - V_th" of the state after the step, in
        which constants are thresholds, which the step uses for nothing else; or function(arguments of step) -> margin.
        At least 0 where the neuron spikes. Only gradients compute it: see spikelearn.neurons.margin.
    added_to: port -> the variable to which its input is added at the end of the step, if that is all that the step does
        with it. The engine then adds what arrives to the variable itself, after the step, which takes 0 for it.
    late_input: whether it follows Brian2's order within a step: neurons advance and fire, then input is taken up, then
        those that fired are reset. `step` then takes no input and does not reset; `at_event`, called last, does. All
        ports are in `added_to`, and events reach them with any delay from 0 on, of which 0 is the same step.
    lost_while: port -> the variable that, while positive, makes a neuron lose what arrives there, such as "refractory".
    regular: what is done at the start of steps, each a Regularly; for models with `late_input`.
    later_random, later_normal: names of random numbers that `at_event` of a model with `late_input` takes.
    countdown: the variable, if there is one, that counts steps from the constant n_ref down to 0. It is kept as float32
        if that holds its numbers exactly.
    initial: function(parameters) -> dict of starting values; omitted variables start at 0.
    kinds: kinds of event that it emits. With a parameter `burst_window` (ms) "event" and "burst" are determined from
        the intervals between its spikes; without one its step reports them.
    equations, threshold, reset, arrivals: the same model in Brian2's syntax, for people to read and for
        engine="brian2" to run. arrivals: port -> the variable to which a weight is added, or statements that use
        `weight`. refractory: the parameter that is the refractory period, or a number of ms. driven: port -> the name
        of its continuous current in the equations, if not I_e.
        each_step: statements executed at the start of each step. events: kind -> the condition, at the end of a step,
        under which an event of that kind occurs, for kinds other than "spike".
    method: Brian2's integration method that is closest to `step`.
    nest: the model in NEST, for engine="nest".
    closed_form: how it evolves between events, for the exact engine.
    membrane: the model without its own synapses, for `with_receptors`.
    properties: what tests check: order of accuracy, parameters with which it is silent or fires, vectorisation.
    time_constants: function(parameters) -> name -> the time constants (ms) of which dt should be less than half; by
        default those of `coarse_from`.

    Calling a model with parameters gives a Neuron: `LIF(tau_m=20)`.
    """

    name: str
    Parameters: type
    constants: Callable[[Any, float], dict[str, Any]]
    step: Callable[..., Any]
    state: Mapping[str, str]
    ports: Mapping[str, str]
    currents: tuple[str, ...] = ()
    added_to: Mapping[str, str] = field(default_factory=dict)
    countdown: str = ""
    random: tuple[str, ...] = ()
    normal: tuple[str, ...] = ()
    initial: Callable[[Any], dict[str, Any]] = field(default=lambda parameters: {"V_m": parameters.E_L})
    kinds: tuple[str, ...] = ("spike",)
    equations: str = ""
    threshold: str = ""
    reset: str = ""
    arrivals: Mapping[str, str] = field(default_factory=dict)
    each_step: str = ""
    refractory: str | float = "t_ref"
    driven: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    method: str = "rk4"
    nest: NestNeuron | None = None
    check: Callable[[Any], str | None] = field(default=lambda parameters: None)
    graded: tuple[str, ...] = ()
    closed_form: ClosedForm | None = None
    membrane: Membrane | None = None
    at_event: Callable[..., Any] | None = None
    margin: str | Callable[..., Any] = ""
    properties: Properties = Properties()
    time_constants: Callable[[Any], Mapping[str, Any]] | None = None
    reads: tuple[str, ...] = ()
    late_input: bool = False
    lost_while: Mapping[str, str] = field(default_factory=dict)
    regular: tuple[Regularly, ...] = ()
    later_random: tuple[str, ...] = ()
    later_normal: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", scalar(self.step))
        inputs = [*(f"in_{p}" for p in self.ports if not self.late_input), *(f"I_{c}" for c in self.currents)]
        drawn, constants = [*self.random, *self.normal], list(self.constants(self.Parameters(), 0.1))
        in_step = drawn if self.at_event is None or self.late_input else ()
        of_step = [*self.state, *inputs, *in_step, *self.reads, *constants]
        self._check_arguments("step", self.step, "state, ports, currents, random numbers, reads and constants", of_step)
        drawn = [*self.later_random, *self.later_normal] if self.late_input else drawn
        if callable(self.margin):
            object.__setattr__(self, "margin", scalar(self.margin))
            self._check_arguments("margin", self.margin, "arguments of the step", of_step)
        elif self.margin != "":
            check_margin(self, constants)
        if self.at_event is not None:
            object.__setattr__(self, "at_event", scalar(self.at_event))
            what, of_event = (
                "state, random numbers, reads and constants",
                [*self.state, *drawn, *self.reads, *constants],
            )
            self._check_arguments("at_event", self.at_event, what, of_event)
        unknown = set(self.initial(self.Parameters())) - set(self.state)
        if unknown:
            raise DescriptionError(f"neuron model {self.name!r} initializes unknown state {', '.join(sorted(unknown))}")
        if self.countdown and (self.countdown not in self.state or "n_ref" not in constants):
            raise DescriptionError(
                f"countdown of neuron model {self.name!r} is {self.countdown!r}; expected a variable of its state, and "
                "n_ref among its constants"
            )
        for port, variable in self.added_to.items():
            if port not in self.ports or variable not in self.state:
                raise DescriptionError(
                    f"added_to of neuron model {self.name!r} names {port!r}: {variable!r}; expected a port and a "
                    "variable of its state"
                )
        self._check_late_input(constants)
        for what in ("quiet", "firing"):
            unknown = set(getattr(self.properties, what)) - set(self.Parameters._fields)  # type: ignore[attr-defined]
            if unknown:
                raise DescriptionError(
                    f"{what} of neuron model {self.name!r} names {', '.join(sorted(unknown))}, which is not a parameter"
                )
        if self.reads != tuple(name for name in READS if name in self.reads):
            raise DescriptionError(
                f"reads of neuron model {self.name!r}: expected some of {READS}, in this order, got {self.reads}"
            )
        if not set(self.graded) <= set(self.ports):
            raise DescriptionError(f"neuron model {self.name!r}: graded ports {self.graded} are not among its ports")
        check_kinds(self.kinds, f"neuron model {self.name!r}")
        if self.tells_bursts and not {"spike", "event", "burst"} <= set(self.kinds):
            raise DescriptionError(
                f"neuron model {self.name!r} has a parameter burst_window, so its kinds are spike, event and burst; "
                f"got {', '.join(self.kinds)}"
            )
        if self.closed_form is not None:
            self.closed_form.check(self.name, self.Parameters, list(self.state), list(self.ports), self.currents)

    def _check_late_input(self, constants: list[str]) -> None:
        for port, variable in self.lost_while.items():
            if port not in self.added_to or variable not in self.state:
                raise DescriptionError(
                    f"lost_while of neuron model {self.name!r} names {port!r}: {variable!r}; expected a port in "
                    "added_to and a variable of its state"
                )
        if not self.late_input:
            if self.lost_while or self.regular or self.later_random or self.later_normal:
                raise DescriptionError(
                    f"neuron model {self.name!r}: lost_while, regular, later_random and later_normal are for models "
                    "with late_input"
                )
            return
        if set(self.ports) != set(self.added_to):
            raise DescriptionError(
                f"neuron model {self.name!r} has late_input, so that added_to names all of its ports; got "
                f"{', '.join(self.added_to) or 'none'}"
            )
        for k, each in enumerate(self.regular):
            expected = [*self.state, *(f"drawn_{n}" for n in range(len(each.drawn))), *self.reads, *constants]
            what = "state, random numbers, reads and constants"
            self._check_arguments(f"regular[{k}]", each.function, what, expected)

    def _check_arguments(self, name: str, function: Any, what: str, expected: list[str]) -> None:
        given = arguments_of(function)
        if list(given) != expected:
            raise DescriptionError(
                f"{name} of neuron model {self.name!r} takes ({', '.join(given)}), "
                f"but its {what} are ({', '.join(expected)})"
            )

    @classmethod
    def from_equations(
        cls,
        equations: str,
        *,
        threshold: str = "",
        reset: str = "",
        refractory: Any = None,
        ports: Mapping[str, str] | None = None,
        currents: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        method: str | None = None,
        name: str = "FromEquations",
    ) -> NeuronModel:
        """A model from equations in Brian2's syntax, checked by Brian2's parser and integrated by its methods.

        equations: `dx/dt = ... : unit`, optionally `(unless refractory)`; named expressions `f = ... : unit`; and
            variables `x : unit` that only reset and ports change. threshold, reset: as in Brian2, at the end of a step:
            what follows a spike within its step is lost, as it is there, so intervals are met to first order in dt.
            They may use rand() and randn(), which draw anew for each neuron, step and call. All may use t, the time at
            which the step begins, also in threshold and reset, as in Brian2; i, the index of the neuron; N, the number
            of neurons; and dt. A parameter may be called `I(t)` or `I(t, i)`: see Timed.
        refractory: a time (a number in ms, a quantity, or (2.0, "ms")) or the name of a parameter that is one, a
            multiple of dt; an expression that is a time, "(2 + i)*ms", rounded down to steps and evaluated at the
            spike; or a condition, "V_m > -40*mV", from the spike on until it is no longer true at the beginning of a
            step. The neuron does not spike meanwhile.
        ports: port -> the variable to which an arriving weight is added, or statements about `weight`, such as
            "I_syn += 2 * weight"; "g = weight" for a graded port, which sets a variable to what graded synapses send in
            each step. currents: port -> the name of its continuous current in the equations.
        parameters: name -> default, as a quantity, as (10.0, "ms"), with its meaning as (10.0, "ms", "time constant"),
            or as a number without unit (or in the unit that the equations declare for it: `I_e : amp`). Defaults are
            single numbers; a call may give one per neuron.
        initial: variable -> number in its unit, quantity, (value, unit), or an expression of parameters as text.
            Omitted variables start at 0, or V_m at E_L.
        method: "exact", "exponential_euler", "rk4", "rk2", "euler"; with noise `xi` "euler", "heun", "milstein". By
            default exact where the equations are linear and without t, else exponential Euler where each is linear in
            its own variable, with t as it is at the beginning of the step, else rk4; with noise Euler where it is
            additive, else Heun.

        Internal numbers are in ms, mV, pA and derived units. `source` is the model as a module, `save` writes it.
        Raises DescriptionError, ParameterError or UnitError, pointing at the cause.

            Model = sl.NeuronModel.from_equations(
                "dV_m/dt = (E_L - V_m + R * I) / tau_m : volt (unless refractory)",
                threshold="V_m > V_th", reset="V_m = E_L", refractory="t_ref", ports={"exc": "V_m"},
                currents={"exc": "I"}, parameters={"E_L": (-70, "mV"), "R": (100, "Mohm"), "tau_m": (10, "ms"),
                "V_th": (-55, "mV"), "t_ref": (2, "ms")},
            )
            net.population(10, Model(tau_m=20))
        """
        from spikelearn.equations import neuron_source

        text = neuron_source(
            equations, threshold, reset, refractory, ports or {}, currents or {}, parameters or {}, initial or {},
            method, name,
        )  # fmt: skip
        return function_from(text, "Model", {})  # type: ignore[return-value]

    def with_receptors(self, /, *, name: str | None = None, **receptors: Any) -> NeuronModel:
        """The same membrane with these receptors in place of its own synapses, each with a port of its name.

        receptors: name -> its kinetics, such as `sl.ExponentialConductance(E=0)`; if the neuron has several
            compartments, `sl.ExponentialConductance(E=0).at("apical")`. Currents and conductances may be mixed. Their
            parameters become parameters of the neuron, `tau_syn_<name>` and so on, with the given values as defaults. A
            weight is the peak of the response to an arrival: in pA, or in nS for a conductance, as in the membrane.
        name: of the model. Default: the name of this one followed by "Receptors".

        Receptors are integrated exactly. The potential is exact if the membrane is linear and all receptors are
        currents, otherwise second order. `source` is the model as a module; `equations` shows it in Brian2's syntax.
        The same receptors return the same model. Raises DescriptionError.

            Cell = sl.AdEx.with_receptors(
                ampa=sl.ExponentialConductance(E=0, tau_syn=2), gaba_b=sl.AlphaConductance(E=-95, tau_syn=80)
            )
            cells = net.population(100, Cell(tau_syn_gaba_b=120))
            net.connect(inputs, cells, "gaba_b", weight=2.0)
        """
        from spikelearn.neurons.composition import with_receptors

        return with_receptors(self, receptors, f"{self.name}Receptors" if name is None else name)

    @property
    def source(self) -> str:
        """Source of the module that defines `step`: the whole model, if it was made from equations."""
        return source_of(self.step)

    def facts(self) -> Iterator[tuple[str, str]]:
        """State, ports, events, equations and other simulators, for `help`."""
        yield "State", listed(self.state)
        currents = {port: ", and continuous currents" for port in self.currents}
        graded = {port: ", of graded synapses" for port in self.graded}
        ports = (
            f"{p}: weights {unit_named(u).wanted}{graded.get(p, '')}{currents.get(p, '')}"
            for p, u in self.ports.items()
        )
        yield "Ports", "\n".join(ports)
        yield "Emits", ", ".join(self.kinds)
        happens = {"in each step": self.each_step}
        happens |= {f"on arrival at {port}": self.arrival(port) for port in self.ports}
        happens |= {"a spike": self.threshold, "at a spike": self.reset}
        yield "Equations", equations_and(self.equations, happens | dict(self.events)) if self.equations else ""
        order = "a closed form" if self.properties.order == EXACT else f"of order {self.properties.order:g} in dt"
        yield "Integration between spikes", order if "/dt" in self.equations else ""
        others = [f"NEST: {self.nest.model}"] if self.nest is not None else []
        others += ["Brian2: by these equations"] if self.equations else []
        others += ["the exact engine, in continuous time"] if self.closed_form is not None else []
        yield "Also runs on", "\n".join(others)

    def __repr__(self) -> str:
        return f"<neuron model {self.name}; its parameters are given in a call: {self.name}()>"

    def __call__(self, **parameters: Any) -> Neuron:
        """A neuron with these parameters: numbers, arrays of one value per neuron, Timed, or distributions.

        Distributions are drawn when a population is made of it. Raises ParameterError or UnitError.
        """
        timed: dict[str, Timed] = {}
        if any(isinstance(value, Timed) for value in parameters.values()):
            parameters, timed = split(self, parameters)
        units = declared_units(self.Parameters)
        varying = {name: value for name, value in parameters.items() if name in units and is_distribution(value)}
        for name, value in varying.items():
            value.numbers(units[name].name, f"{name} of {self.name}")
        values = checked(self.Parameters, parameters | dict.fromkeys(varying, 1.0), self.name)
        if timed:
            _, at_all_times, _ = in_time(self, values, timed)
            checked(self.Parameters, at_all_times._asdict(), self.name)
        if varying:
            return Neuron(self, values._replace(**varying), tuple(timed.items()))
        complaint = self.check(at_all_times if timed else values)
        if complaint:
            raise ParameterError(f"{self.name}: {complaint}")
        return Neuron(self, values, tuple(timed.items()))

    @property
    def tells_bursts(self) -> bool:
        """Whether events and bursts are determined from intervals between spikes rather than by the step."""
        return "burst_window" in self.Parameters._fields  # type: ignore[attr-defined]

    @property
    def reported(self) -> dict[str, int]:
        """Kind -> its bit in the mask, for all kinds that the step reports."""
        derived = ("event", "burst") if self.tells_bursts else ()
        return {kind: 1 << bit for bit, kind in enumerate(KINDS) if kind in self.kinds and kind not in derived}

    @property
    def units(self) -> dict[str, str]:
        """Parameter -> unit."""
        return {name: unit.name for name, unit in declared_units(self.Parameters).items()}

    @property
    def durations(self) -> tuple[str, ...]:
        """The parameters that the grid counts in whole steps, which are multiples of dt: those declared as `duration`,
        and the refractory period."""
        units = declared_units(self.Parameters)
        return tuple(name for name, unit in units.items() if unit.in_steps or name == self.refractory)

    def coarse_from(self, parameters: Any) -> tuple[float, str, float]:
        """The step (ms) from which on dt is coarse, and the name and value (ms) of the time constant that says so.

        Half of a time constant; all of it if it is of a decay that is exact for any dt, that of a synapse or of a step
        in closed form. (inf, "", inf) if there is none.
        """
        if self.time_constants is not None:
            found = {name: (0.5, tau) for name, tau in self.time_constants(parameters).items()}
        else:
            found = {
                name: (self._share(name), getattr(parameters, name))
                for name, unit in self.units.items()
                if unit == "ms" and name.startswith("tau_")
            }
            if {"C_m", "g_L"} <= self.units.keys():
                found["C_m / g_L"] = 0.5, np.asarray(parameters.C_m) / parameters.g_L
        each = ((share * float(np.min(tau)), name, float(np.min(tau))) for name, (share, tau) in found.items())
        return min(each, default=(np.inf, "", np.inf))

    def _share(self, name: str) -> float:
        """The share of a time constant that a step may take."""
        decays = name != "tau_m" and self.properties.order == EXACT
        return 1.0 if decays or name.startswith(("tau_syn", "tau_rise", "tau_decay")) else 0.5

    def arrival(self, port: str) -> str:
        """Effect of `weight` when it arrives at a port, in Brian2's syntax; "" if the model does not define it."""
        given = self.arrivals.get(port, "")
        return f"{given} += weight" if given.isidentifier() else given

    def set_by(self, port: str) -> str:
        """The variable that a graded port sets to what arrives at the end of each step; "" if it does more."""
        variable, _, rest = self.arrivals.get(port, "").partition("=")
        return variable.strip() if port in self.graded and rest.strip() == "weight" else ""

    def port(self, name: str | None, where: str) -> str:
        """Check a port name; None means the first port."""
        if not self.ports:
            raise DescriptionError(f"{where}: {self.name} has no port for events; from_equations takes them in ports=")
        if name is None:
            return next(iter(self.ports))
        if not isinstance(name, str) or name not in self.ports:
            of_another_kind = "" if isinstance(name, str) else "; a port is a name, and a connection rule goes in rule="
            raise DescriptionError(
                f"{where}: {self.name} has no port {name!r}{suggest(name, self.ports)}; "
                f"it has: {', '.join(self.ports)}{of_another_kind}"
            )
        return name


@dataclass(frozen=True, eq=False)
class Neuron(Parametrized):
    """A neuron model with its parameters.

    parameters: at time 0. timed: (name, values) of those that change in time. drawn: (name, distribution) of those that
    were drawn from one when a population was made.
    """

    model: NeuronModel
    parameters: Any
    timed: tuple[tuple[str, Timed], ...] = ()
    drawn: tuple[tuple[str, Any], ...] = ()

    @property
    def at_all_times(self) -> Any:
        """The parameters; those that change in time as an array of what they are at any time."""
        return in_time(self.model, self.parameters, dict(self.timed))[1] if self.timed else self.parameters

    @property
    def distributions(self) -> tuple[tuple[str, Any], ...]:
        """(name, distribution) of the parameters that are yet to be drawn."""
        return tuple((name, value) for name, value in self.parameters._asdict().items() if is_distribution(value))

    def __repr__(self) -> str:
        values = (self.parameters._asdict() | dict(self.timed) | dict(self.drawn)).items()
        shown = (f"{name}={format(value, 'g') if isinstance(value, float) else value}" for name, value in values)
        return f"{self.model.name}({', '.join(shown)})"
