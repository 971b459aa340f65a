"""Groups of Brian2 as populations: neurons, Poisson neurons, and lists of spikes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spikelearn.codegen.functions import function_from
from spikelearn.description import Population
from spikelearn.equations.brian import import_brian2
from spikelearn.equations.late_neuron import RegularText, late_neuron_source
from spikelearn.equations.vocabulary import dimensionless
from spikelearn.errors import DescriptionError
from spikelearn.interop.brian2.reading import (
    Names,
    array_of,
    check_clock,
    check_contained,
    check_place,
    check_tables,
    described,
    from_si,
    identifiers,
    rows_of_table,
    steps_of_clock,
    taken_back,
    to_si,
    unit_text,
    whole_group,
)
from spikelearn.parameters import sign
from spikelearn.sources import Poisson, SpikeList
from spikelearn.timed import Timed

_METHODS = {
    "exact": "exact", "linear": "exact", "independent": "exact", "exponential_euler": "exponential_euler",
    "euler": "euler", "rk2": "rk2", "rk4": "rk4", "heun": "heun", "milstein": "milstein",
}  # fmt: skip
"""Brian2's methods of integration -> spikelearn's."""
_OTHER_NAME = "of_brian2_"
"""Before names of parameters that spikelearn would take for others: see model_name."""


@dataclass
class Usage:
    """What other objects do with the variables of a group. inputs: those to which weights are added. state: those that
    synapses read, or that are set by others. linked: those that are copied from other groups."""

    inputs: list[str] = field(default_factory=list)
    state: set[str] = field(default_factory=set)
    linked: set[str] = field(default_factory=set)

    def add_input(self, name: str) -> None:
        if name not in self.inputs:
            self.inputs.append(name)


@dataclass
class TakenGroup:
    """A group and the population that it became. state: the variables of Brian2 that change during a run, by name.
    parameters: those that do not. names: external ones. values: those of parameters and constants, and tables of time,
    when last read."""

    group: Any
    population: Population
    state: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    names: Names | None = None
    values: dict[str, Any] = field(default_factory=dict)

    def before_run(self, net: Any, namespace: Mapping[str, Any], n_steps: int) -> None:
        """Take over what has been changed in Brian2."""
        if self.group.__class__.__name__ == "SpikeGeneratorGroup":
            self._new_spikes(net, n_steps)
            return
        changed = {n: v for n, v in self._values_now(namespace).items() if not _same(v, self.values.get(n, v))}
        self.values |= changed
        if changed and isinstance(self.population.model, Poisson):
            net.set(self.population, rate=changed["rates"])
        elif changed:
            known = self.population.model.parameters._fields
            given = {n: _timed(v, net.dt * 1e-3) if hasattr(v, "pyfunc") else v for n, v in changed.items()}
            net.set(self.population, **{n if n in known else _OTHER_NAME + n: v for n, v in given.items()})
        found = {
            n: taken_back(v, np.broadcast_to(net.get(self.population, n), len(self.group)))
            for n, v in self.state.items()
        }
        if state := {name: values for name, values in found.items() if values is not None}:
            net.set(self.population, **state)

    def after_steps(self, net: Any) -> None:
        """Set the variables of Brian2."""
        for name, variable in self.state.items():
            values = to_si(net.get(self.population, name), variable.dim, variable.dtype)
            variable.set_value(values.reshape(-1)[0] if variable.scalar else values)
        variables, model = self.group.variables, getattr(self.population.model, "model", None)
        if model is not None and "refractory" in model.state and "lastspike" in variables:
            variables["not_refractory"].set_value(np.asarray(net.get(self.population, "refractory")) <= 0.0)
            variables["lastspike"].set_value(np.nan)  # it is not known

    def _new_spikes(self, net: Any, n_steps: int) -> None:
        """Spikes that have been set since, and those of the next run if they are periodic."""
        given, dt = spikes_given(self.group), net.dt * 1e-3
        changed = any(not _same(a, b) for a, b in zip(given, self.values["spikes"], strict=True))
        if given[2] > 0 or changed:
            step = round(net.time / net.dt)
            times, ids = spikes_between(self.group, step, step + n_steps if given[2] > 0 else None, dt)
            net.set(self.population, times=times, ids=ids)
            self.values["spikes"] = given

    def _values_now(self, namespace: Mapping[str, Any]) -> dict[str, Any]:
        """What parameters, constants and tables are now, of those that the population has."""
        if self.names is None:
            return {name: _one_or_each(array_of(variable)) for name, variable in self.parameters.items()}
        names = Names(self.group, self.names.owner, namespace)
        names.add([*self.names.constants, *self.names.tables], "the texts")
        found = _values(names, self.parameters) | names.tables
        return {name: value for name, value in found.items() if name in self.values}


def _same(a: Any, b: Any) -> bool:
    """Whether two values of a parameter are the same; tables are compared by identity."""
    return a is b if hasattr(a, "pyfunc") or hasattr(b, "pyfunc") else bool(np.array_equal(a, b))


def take_neurons(net: Any, group: Any, usage: Usage, namespace: Mapping[str, Any], dt: float) -> TakenGroup:
    """A NeuronGroup as a population."""
    owner = described(group)
    check_clock(group, dt)
    threshold, reset = _events(group, owner)
    regular, names = _Texts(group, owner, namespace, dt).all(threshold, reset)
    refractory = None if group._refractory is False or not threshold else _refractory(group, names)
    state, parameters = _sorted(group, usage, regular, reset, owner)
    lines = _equations(group, state, refractory is not None)
    reset = reset if threshold else ""
    texts = [lines, threshold, reset, refractory or "", *(each.text for each in regular)]
    used = set().union(*map(identifiers, texts))
    values = {name: value for name, value in _values(names, parameters).items() if name in used}

    def own_statements(method: str) -> str | None:
        return _of_brian2(group, method, namespace)

    model = _model(
        lines, threshold, reset, refractory, usage.inputs, regular, values, names.tables,
        _methods(group.state_updater, owner), group.name, owner, own_statements,
        [name for name, variable in state.items() if np.dtype(variable.dtype).kind in "iu"],
    )  # fmt: skip
    state = {name: variable for name, variable in state.items() if name not in usage.linked}
    initial = {name: from_si(array_of(variable), variable.dim) for name, variable in state.items()}
    initial = {n: v if len(v) > 1 else v[0] for n, v in initial.items() if n in model.state and np.any(v)}
    neuron = model(**_given(values, names.tables, dt))
    population = net.population(len(group), neuron, name=group.name, initial=initial)
    state = {name: variable for name, variable in state.items() if name in model.state}
    return TakenGroup(group, population, state, parameters, names, values | names.tables)


def _model(
    lines: str, threshold: str, reset: str, refractory: str | None, inputs: Sequence[str],
    regular: Sequence[RegularText], values: Mapping[str, Any], tables: Mapping[str, Any], method: Sequence[str],
    name: str, owner: str, own_statements: Callable[[str], str | None] | None = None, integers: Collection[str] = (),
) -> Any:  # fmt: skip
    """The model of texts, whose parameters have one of `values`, or of `tables` of time, as defaults.

    A parameter with a name that says that it is positive gets another one, if it is not: see `model_name`.
    """
    defaults = {model_name(name, v): v if not np.ndim(v) else v[0] for name, v in values.items()}
    defaults |= {name: _quantity(float(table.values.flat[0]), table.dim) for name, table in tables.items()}
    others = {name: model_name(name, value) for name, value in values.items() if model_name(name, value) != name}
    lines, threshold, reset, refractory = (_renamed(text, others) for text in (lines, threshold, reset, refractory))
    regular = [replace(each, text=_renamed(each.text, others)) for each in regular]
    source = late_neuron_source(
        lines, threshold, reset, refractory, inputs, regular, defaults, method, name, owner,
        None if others else own_statements, integers,
    )  # fmt: skip
    return function_from(source, "Model", {})


def model_name(name: str, value: Any) -> str:
    """The name of a parameter in a model: spikelearn takes some names for those of positive parameters."""
    positive, not_negative = sign(name)
    least = float(np.min(np.asarray(value, np.float64)))
    return f"{_OTHER_NAME}{name}" if (positive and least <= 0) or (not_negative and least < 0) else name


def _renamed(text: Any, others: Mapping[str, str]) -> Any:
    from brian2.utils.stringtools import word_substitute

    return word_substitute(text, others) if text and others else text


def _given(values: Mapping[str, Any], tables: Mapping[str, Any], dt: float) -> dict[str, Any]:
    """What a model is called with."""
    named = {model_name(name, value): value for name, value in values.items()}
    return {**named, **{name: _timed(table, dt) for name, table in tables.items()}}


def _of_brian2(group: Any, method: str, namespace: Mapping[str, Any]) -> str | None:
    """The statements with which Brian2 integrates the equations of a group in a step; None if it cannot by a method."""
    from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException

    used = group.equations.names | group.equations.identifiers | {"dt"}
    try:
        variables = group.resolve_all(used, namespace, user_identifiers=set())
        text = StateUpdateMethod.apply_stateupdater(group.equations, variables, method, group_name=group.name)
    except (UnsupportedEquationsException, NotImplementedError):
        return None
    return text if isinstance(text, str) else None


def take_poisson(net: Any, group: Any, namespace: Mapping[str, Any], dt: float) -> TakenGroup:
    """A PoissonGroup: Poisson neurons; neurons that fire by chance if its rates are an expression or set regularly."""
    owner = described(group)
    check_clock(group, dt)
    check_place(group.thresholder["spike"], "thresholds", 0, owner)
    size = int(group.variables["N"].get_value())
    rates = group.variables["rates"]
    names = Names(group, owner, namespace)
    regular = _regular_texts(group, names, dt)
    if not isinstance(group._rates, str) and not regular:
        found = _one_or_each(array_of(rates))
        population = net.population(size, Poisson(found), name=group.name)
        return TakenGroup(group, population, parameters={"rates": rates}, values={"rates": found})
    lines, state = f"rates : {unit_text(rates.dim)}", {"rates": rates}
    if isinstance(group._rates, str):
        names.add(identifiers(group._rates), "rates")
        check_tables(group._rates, names, "rates")
        lines, state = f"rates = {group._rates} : {unit_text(rates.dim)}", {}
    values = _values(names, {})
    model = _model(
        lines, "rand() < rates*dt", "", None, [], regular, values, names.tables, ("euler",), group.name, owner
    )  # fmt: skip
    initial = {name: from_si(array_of(variable), variable.dim) for name, variable in state.items()}
    population = net.population(size, model(**_given(values, names.tables, dt)), name=group.name, initial=initial)
    return TakenGroup(group, population, state, names=names, values=values | names.tables)


def take_spikes(net: Any, group: Any, dt: float) -> TakenGroup:
    """A SpikeGeneratorGroup as a list of spikes; periodic ones get theirs before each run."""
    check_clock(group, dt)
    check_place(group, "thresholds", 0)
    check_contained(group, [])
    times, ids = spikes_between(group, 0, None, dt)
    size = int(group.variables["N"].get_value())
    population = net.population(size, SpikeList(times, ids), name=group.name)
    return TakenGroup(group, population, values={"spikes": spikes_given(group)})


def spikes_given(group: Any) -> tuple[np.ndarray, np.ndarray, float]:
    """Times (s), neurons and period (s) of a SpikeGeneratorGroup."""
    period = float(np.asarray(group.variables["period"].get_value()).reshape(-1)[0])
    times, ids = (array_of(group.variables[name]).copy() for name in ("spike_time", "neuron_index"))
    return times, ids, 0.0 if not np.isfinite(period) else period


def spikes_between(group: Any, first: int, last: int | None, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Times (ms) and neurons of a SpikeGeneratorGroup from step `first` on, before `last`; None: to the end, unless it
    is periodic. dt: s. Brian2 stamps a spike with the beginning of its step, spikelearn with its end."""
    times, ids, period = spikes_given(group)
    steps = np.floor(times / dt + 1e-3).astype(np.int64)
    order = np.lexsort((ids, steps))
    twice = np.flatnonzero((np.diff(steps[order]) == 0) & (np.diff(ids[order]) == 0))
    if len(twice):
        at = order[twice[0]]
        raise DescriptionError(
            f"{described(group)}: neuron {ids[at]} has several spikes in the step from {steps[at] * dt * 1e3:g} ms on; "
            "expected at most one"
        )
    if period > 0 and len(steps):
        if last is None:
            return np.zeros(0), np.zeros(0, np.int64)
        length = int(np.floor(period / dt + 1e-3))
        rounds = np.arange(first // length, last // length + 1)
        steps = (steps[None, :] + length * rounds[:, None]).reshape(-1)
        ids = np.tile(ids, len(rounds))
    kept = steps >= first
    if last is not None:
        kept &= steps < last
    return (steps[kept] + 1) * (dt * 1e3), ids[kept].astype(np.int64)


def _events(group: Any, owner: str) -> tuple[str, str]:
    """Threshold and reset of a NeuronGroup."""
    for name in group.events:
        if name != "spike":
            raise DescriptionError(f"{owner}: the event {name!r} is not taken over, only spikes are")
    threshold = group.events.get("spike", "")
    if threshold and not isinstance(threshold, str):
        raise DescriptionError(f"threshold of {owner}: expected a condition as text, got {threshold!r}")
    if threshold:
        check_place(group.thresholder["spike"], "thresholds", 0, f"thresholder of {owner}")
    reset = group.event_codes.get("spike", "") or ""
    if "spike" in group.resetter:
        check_place(group.resetter["spike"], "resets", 0, f"resetter of {owner}")
    return threshold, reset


class _Texts:
    """The texts of a NeuronGroup, and the names that they use."""

    def __init__(self, group: Any, owner: str, namespace: Mapping[str, Any], dt: float) -> None:
        self.group, self.owner, self.dt, self.names = group, owner, dt, Names(group, owner, namespace)

    def all(self, threshold: str, reset: str) -> tuple[list[RegularText], Names]:
        """What is done at the start of steps, and external names."""
        for name, equation in self.group.user_equations.items():
            if equation.expr is not None:
                self.names.add(equation.identifiers, f"the equation of {name}")
                check_tables(equation.expr.code, self.names, f"the equation of {name}")
        self.names.add(identifiers(threshold), "threshold")
        if threshold:
            check_tables(threshold, self.names, "threshold")
        self.names.add(identifiers(reset) - assigned_names(reset), "reset")
        return self._regular(), self.names

    def _regular(self) -> list[RegularText]:
        """Subexpressions that are constant over a step, and what run_regularly was given, in their order."""
        found = []
        updater = self.group.subexpression_updater
        for name, equation in self.group.user_equations.items():
            if updater is not None and "constant over dt" in equation.flags:
                where = f"the equation of {name} of {self.owner}"
                found.append(RegularText(f"{name} = {equation.expr.code}", 1, 0, len(self.group), where))
        return found + _regular_texts(self.group, self.names, self.dt)


def _regular_texts(group: Any, names: Names, dt: float) -> list[RegularText]:
    """What run_regularly of a group and of its subgroups was given, in Brian2's order."""
    found = []
    for runner, part in sorted(runners_of(group), key=lambda each: (each[0].order, each[0].name)):
        check_place(runner, "start", None)
        code = runner.abstract_code
        names.add(identifiers(code) - assigned_names(code), "run_regularly")
        _, first, last = whole_group(part)
        if part is not group:  # its own numbers
            code = _renamed(code, {"i": f"(i - {first})", "N": str(last - first)})
        where, shared = f"run_regularly of {described(part)}", frozenset(_scalars(group) & assigned_names(code))
        if shared and part is not group:
            raise DescriptionError(f"{where}: it sets (shared) variables, which is taken over for whole groups only")
        found.append(RegularText(code, steps_of_clock(runner, dt), first, last, where, shared))
    return found


def _scalars(group: Any) -> set[str]:
    """The variables of a group that are one number for all neurons."""
    return {name for name, variable in group.variables.items() if variable.scalar and variable.array}


def shared_and_changing(group: Any) -> set[str]:
    """The (shared) variables of a group that run_regularly sets."""
    if not hasattr(group, "user_equations"):
        return set()
    return _scalars(group) & {name for runner, _ in runners_of(group) for name in assigned_names(runner.abstract_code)}


def runners_of(group: Any) -> Iterable[tuple[Any, Any]]:
    """What run_regularly of a group and of its subgroups added, each with its (sub)group."""
    known = {id(getattr(group, name, None)) for name in ("state_updater", "subexpression_updater")}
    known |= {id(each) for each in (*group.thresholder.values(), *getattr(group, "resetter", {}).values())}
    for part in (group, *(each for each in group.contained_objects if type(each).__name__ == "Subgroup")):
        for each in part.contained_objects:
            if id(each) not in known and type(each).__name__ not in ("Subgroup", "Synapses"):
                if type(each).__name__ != "CodeRunner":
                    raise DescriptionError(f"{described(group)}: {described(each)} in it is not taken over")
                yield each, part


def assigned_names(code: str) -> set[str]:
    """The names that statements assign."""
    found = set()
    for line in re.sub(r"#.*", "", code).replace(";", "\n").splitlines():
        left, sign, _ = line.partition("=")
        if sign and left.strip().rstrip("+-*/%").strip().isidentifier():
            found.add(left.strip().rstrip("+-*/%").strip())
    return found


def _sorted(
    group: Any, usage: Usage, regular: Sequence[RegularText], reset: str, owner: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables of a group that change during a run, and those that do not."""
    by_dynamics = (
        assigned_names(reset) | usage.state | {*usage.inputs} | usage.linked | {*group.equations.diff_eq_names}
    )
    set_here = by_dynamics | {name for each in regular for name in assigned_names(each.text)}
    state, parameters = {}, {}
    for name, equation in group.user_equations.items():
        constant = "constant over dt" in equation.flags
        if equation.type == "subexpression" and not constant:
            continue
        if name in set_here or constant:
            if "shared" in equation.flags and (name in by_dynamics or name not in shared_and_changing(group)):
                raise DescriptionError(
                    f"{owner}: the (shared) variable {name!r} changes during a run, which is taken over only if "
                    "run_regularly does that"
                )
            state[name] = group.variables[name]
        else:
            parameters[name] = group.variables[name]
    return state, parameters


def _equations(group: Any, state: Mapping[str, Any], held: bool) -> str:
    """The equations as text, with parameters left out."""
    lines = []
    for name, equation in group.user_equations.items():
        unit = unit_text(equation.dim)
        if equation.type == "differential equation":
            flag = " (unless refractory)" if held and "unless refractory" in equation.flags else ""
            lines.append(f"d{name}/dt = {equation.expr.code} : {unit}{flag}")
        elif name in state:
            lines.append(f"{name} : {unit}")
        elif equation.type == "subexpression":
            lines.append(f"{name} = {equation.expr.code} : {unit}")
    return "\n".join(lines)


def _refractory(group: Any, names: Names) -> str:
    """The refractory period as an expression."""
    b2, given = import_brian2(), group._refractory
    if b2.prefs["legacy.refractory_timing"]:
        raise DescriptionError(f"refractory of {names.owner}: prefs.legacy.refractory_timing is not taken over")
    if not isinstance(given, str):
        return f"{float(given)!r}*second" if isinstance(given, b2.Quantity) else str(given)
    names.add(identifiers(given), "refractory")
    used = identifiers(given)
    if used & {"rand", "randn"}:
        raise DescriptionError(
            f"refractory of {names.owner}: {given!r} is drawn in every step by Brian2, which is not taken over; "
            "expected a period that stays the same, such as a variable that reset sets"
        )
    return given


def _values(names: Names, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Constants and parameters, each one number or one for each neuron, as quantities if they have a dimension."""
    values = {name: _quantity(value, dim) for name, (value, dim) in names.constants.items()}
    return values | {name: _quantity(_one_or_each(array_of(v)), v.dim) for name, v in parameters.items()}


def _quantity(value: Any, dimension: Any) -> Any:
    return value if dimension is dimensionless() else import_brian2().Quantity(value, dim=dimension)


def _one_or_each(array: np.ndarray) -> Any:
    array = np.asarray(array, np.float64)
    return float(array[0]) if len(array) == 1 or np.all(array == array[0]) else array.copy()


def _timed(table: Any, dt: float) -> Timed:
    """A TimedArray as values of the steps of a network (dt: s), which Brian2 reads at the beginning of each."""
    ratio = float(table.dt) / dt
    if abs(ratio - round(ratio)) < 1e-6 and round(ratio) >= 1:
        return Timed(_quantity(table.values, table.dim), float(table.dt) * 1e3)
    n_steps = int(np.ceil(len(table.values) * ratio)) + 1
    rows = rows_of_table(table, np.arange(n_steps), dt)
    return Timed(_quantity(table.values[rows], table.dim), dt * 1e3)


def _methods(updater: Any, owner: str) -> tuple[str, ...]:
    """The methods of integration that Brian2 would try, in order."""
    given = updater.method_choice
    if updater.method_options:
        raise DescriptionError(f"method_options of {owner}: {updater.method_options} are not taken over")
    found = []
    for each in [given] if isinstance(given, str) or not isinstance(given, Sequence) else list(given):
        name = each if isinstance(each, str) else _name_of(each)
        if name not in _METHODS:
            raise DescriptionError(
                f"method of {owner}: {each!r} is not taken over; expected one of {', '.join(_METHODS)}"
            )
        found.append(_METHODS[name])
    return tuple(found)


def _name_of(method: Any) -> str:
    from brian2.stateupdaters.base import StateUpdateMethod

    return next((name for name, each in StateUpdateMethod.stateupdaters.items() if each is method), "")
