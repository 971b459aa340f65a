"""Synapses of Brian2 as projections: those that only add a weight as static ones, all others as StatementSynapse."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.connectivity import Pairs
from spikelearn.description import Projection
from spikelearn.equations.brian import quiet
from spikelearn.equations.dimensions import coherent_name
from spikelearn.equations.python import to_python
from spikelearn.errors import DescriptionError
from spikelearn.interop.brian2.groups import TakenGroup, Usage, assigned_names
from spikelearn.interop.brian2.reading import (
    Names,
    array_of,
    check_clock,
    check_place,
    described,
    from_si,
    taken_back,
    to_si,
    whole_group,
)
from spikelearn.interop.brian2.scope import Code, Constants, Meaning, scope_of_synapses, whole_expression
from spikelearn.synapses.statements import Action, StatementSynapse


@dataclass
class Static:
    """A statement of a pathway that only adds a weight. target: (id of a group, variable). expression: the weight, in
    Brian2's syntax with canonical names."""

    pathway: Any
    target: tuple[str, str]
    expression: str
    used: dict[str, Meaning]
    what: str


@dataclass
class TakenStatic:
    """A Static and the projection that it became. weight: when last read, a number or one for each synapse."""

    static: Static
    projection: Projection
    weight: Any
    delay: Any


@dataclass
class TakenSynapses:
    """A Synapses object. projection: the one that runs statements, if there is one; state: its variables of Brian2 by
    name. statics: its others. n: the number of synapses."""

    reader: Reader
    projection: Projection | None
    state: dict[str, Any]
    statics: list[TakenStatic]
    n: int

    def before_run(self, net: Any, namespace: Mapping[str, Any]) -> None:
        """Take over what has been changed in Brian2."""
        reader = self.reader
        if len(reader.synapses) != self.n:
            raise DescriptionError(f"{reader.owner} has got further synapses since the network was taken over")
        if self.n == 0:
            return
        reader.read(namespace)
        for made, static in zip(self.statics, reader.statics, strict=True):
            weight, delay = reader.weight(static), reader.delay(static.pathway)
            if not np.array_equal(delay, made.delay):
                net.set(made.projection, delay=delay)
            if not np.array_equal(weight, made.weight):
                self._set_weight(net, made, weight)
            made.weight, made.delay = weight, delay
        if self.projection is None:
            return
        constants = {name: reader.constants.values[name] for name in self.projection.statements.constants}
        found: dict[str, Any] = {n: value for n, value in constants.items() if value != net.get(self.projection, n)}
        for name, variable in self.state.items():
            values = taken_back(variable, net.get(self.projection, name))
            found |= {} if values is None else {name: values}
        if found:
            net.set(self.projection, **found)

    def _set_weight(self, net: Any, made: TakenStatic, weight: Any) -> None:
        if not np.ndim(made.weight):
            raise DescriptionError(
                f"{made.static.what} of {self.reader.owner}: its weight was one number for all synapses, which has "
                f"changed since the network was taken over; expected a variable of synapses, such as 'w', for that"
            )
        net.set_weights(made.projection, np.broadcast_to(weight, self.n))

    def after_steps(self, net: Any) -> None:
        """Set the variables of Brian2."""
        changes = self.projection.statements.changes if self.projection is not None else ()
        for name, variable in self.state.items():
            if name in changes:
                variable.get_value()[:] = to_si(net.get(self.projection, name), variable.dim, variable.dtype)


class Reader:
    """A Synapses object, read before anything is made of it."""

    def __init__(self, synapses: Any, namespace: Mapping[str, Any], dt: float) -> None:
        self.synapses, self.dt, self.owner = synapses, dt, described(synapses)
        self.source, self.target = whole_group(synapses.source), whole_group(synapses.target)
        self._check()
        self.read(namespace)

    def read(self, namespace: Mapping[str, Any]) -> None:
        """Read all texts, with what external names mean now.

        statics: pathways that only add weights. codes: all other things that synapses do, each as kind of an action,
        pathway if it is one, lines, and for a sum the variable that it goes to and the expression.
        """
        self.namespace, self.constants = namespace, Constants()
        self.scope = scope_of_synapses(self.synapses, Names(self.synapses, self.owner, namespace), self.constants)
        self.statics: list[Static] = []
        self.codes: list[tuple[str, Any, Code, str, str]] = []
        S = self.synapses
        for name, updater in S.summed_updaters.items():
            code = Code(self.scope, f"the summed variable {name}")
            self.codes.append(("sum", None, code, self._into(name), whole_expression(code, updater.expression.code)))
        if S.state_updater is not None:
            self._state_updater()
        pathways = sorted(S._pathways, key=lambda each: (each.order, each.name))
        changed = {name for each in pathways for name in _own_targets(each.code, S)}
        changed |= set(S.equations.diff_eq_names) | set(S.event_driven.diff_eq_names if S.event_driven else ())
        for pathway in pathways:
            self._pathway(pathway, changed)

    def use(self, usage: dict[str, Usage]) -> None:
        """Note what of its ends it reads, sets and adds to. usage: by id of a group."""
        ids = {"pre": self.source[0].id, "post": self.target[0].id}
        for _, _, code, into, _ in self.codes:
            for meaning in code.used.values():
                if meaning.end in ids:
                    usage[ids[meaning.end]].state.add(meaning.name)
            if into:
                name, _, end = into.rpartition("_")
                usage[ids[end]].state.add(name)
        for static in self.statics:
            usage[static.target[0]].add_input(static.target[1])

    def _check(self) -> None:
        S = self.synapses
        check_clock(S, self.dt)
        for end in (S.source, S.target):
            if type(whole_group(end)[0]).__name__ == "Synapses":
                raise DescriptionError(f"{self.owner}: synapses on the synapses {end.name!r} are not taken over")
        if S._linked_variables:
            raise DescriptionError(
                f"{self.owner}: (linked) variables of synapses are not taken over: {', '.join(S._linked_variables)}"
            )
        if S.subexpression_updater is not None:
            raise DescriptionError(f"{self.owner}: (constant over dt) is not taken over in synapses")
        if len(S) == 0 and not S._connect_called:
            raise DescriptionError(f"{self.owner} has no synapses: connect was not called")
        for pathway in S._pathways:
            check_place(pathway, "synapses", -1 if pathway.prepost == "pre" else 1)
            check_clock(pathway, self.dt)
            if pathway.event != "spike":
                raise DescriptionError(f"{described(pathway)}: the event {pathway.event!r} is not taken over")
        for each in (*S.summed_updaters.values(), *([] if S.state_updater is None else [S.state_updater])):
            check_place(each, "groups", 0 if each is S.state_updater else -1)
        known = {id(each) for each in (*S._pathways, *S.summed_updaters.values(), S.state_updater)}
        for each in S.contained_objects:
            if id(each) not in known:
                raise DescriptionError(f"{self.owner}: {described(each)} in it is not taken over")

    def _into(self, name: str) -> str:
        """The variable of an end that is a sum."""
        found = self.scope.look(name)
        assert found is not None
        return found.canonical

    def _state_updater(self) -> None:
        """The equations that are integrated in every step, by Brian2's own method."""
        from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException

        S = self.synapses
        used = S.equations.names | S.equations.identifiers | {"dt"}
        with quiet():
            try:
                variables = S.resolve_all(used, self.namespace, user_identifiers=set())
                text = StateUpdateMethod.apply_stateupdater(
                    S.equations, variables, S.state_updater.method_choice,
                    method_options=S.state_updater.method_options, group_name=S.name,
                )  # fmt: skip
            except (
                KeyError, ValueError, TypeError, NotImplementedError, UnsupportedEquationsException
            ) as error:  # fmt: skip
                raise DescriptionError(f"equations of {self.owner}: {error}") from error
        if not isinstance(text, str):
            raise DescriptionError(f"method of {self.owner}: {S.state_updater.method_choice!r} is not taken over")
        code = Code(self.scope, "equations")
        code.add(text, checked=False)
        self.codes.append((self._before_or_after(code), None, code, "", ""))

    def _before_or_after(self, code: Code) -> str:
        """Whether Brian2 integrates synapses before or after the neurons of which they read variables."""
        groups = {"pre": self.source[0], "post": self.target[0]}
        names = {f"{groups[m.end].name}_stateupdater" for m in code.used.values() if m.end in groups}
        own = self.synapses.state_updater.name
        if all(own < each for each in names):
            return "before"
        if any(own < each for each in names):
            raise DescriptionError(
                f"equations of {self.owner}: they read variables of groups of which one is integrated before them and "
                f"one after them, by their names ({', '.join(sorted(names))}), which is not taken over"
            )
        return "after"

    def _pathway(self, pathway: Any, changed: set[str]) -> None:
        what = (
            f"on_{pathway.prepost} ({pathway.objname})"
            if pathway.objname != pathway.prepost
            else f"on_{pathway.objname}"
        )
        code = Code(self.scope, what)
        found = code.add(pathway.code)
        statics = [self._static(pathway, part, what, changed) for part in found]
        if found and pathway.prepost == "pre" and all(each is not None for each in statics):
            self.statics += [each for each in statics if each is not None]
            return
        S = self.synapses
        whole = Code(self.scope, what)
        if S.event_driven is not None:
            whole.add(self._since_last(), checked=False)
        whole.add(pathway.code, checked=False)
        if S.event_driven is not None:
            whole.add("lastupdate = t", checked=False)
        if whole.sets:
            self.codes.append((pathway.prepost, pathway, whole, "", ""))

    def _since_last(self) -> str:
        """Brian2's statements that bring (event-driven) variables up to date."""
        from brian2.stateupdaters.base import UnsupportedEquationsException
        from brian2.stateupdaters.exact import linear

        with quiet():
            try:
                text = linear(self.synapses.event_driven, self.synapses.variables)
            except UnsupportedEquationsException:
                raise DescriptionError(
                    f"equations of {self.owner}: Brian2 cannot solve them as (event-driven); expected (clock-driven)"
                ) from None
        return re.sub(r"\bdt\b", "(t - lastupdate)", text)

    def _static(self, pathway: Any, part: Any, what: str, changed: set[str]) -> Static | None:
        """A statement that only adds the same weight at each event."""
        target = self.scope.look(part.target)
        if target is None or target.end != "post" or part.operator not in ("+", "-"):
            return None
        if any(
            isinstance(n, ast.Call) and getattr(n.func, "id", "") in ("rand", "randn")
            for n in ast.walk(part.expression.tree)
        ):
            return None
        used: dict[str, Meaning] = {}
        try:
            tree = self.scope.in_place(part.expression.tree, what, used)
        except DescriptionError:
            return None
        fixed = all(
            m.end == "constant"
            or (m.end == "own" and m.name not in changed)
            or (m.end == "more" and m.name not in ("t", "dt"))
            for m in used.values()
        )
        if not fixed:
            return None
        sign = "-" if part.operator == "-" else ""
        return Static(pathway, (self.target[0].id, target.name), f"{sign}({ast.unparse(tree)})", used, what)

    def take(self, net: Any, taken: Mapping[str, TakenGroup]) -> TakenSynapses:
        """Make projections."""
        S = self.synapses
        if len(S) == 0:
            return TakenSynapses(self, None, {}, [], 0)
        source, target = (taken[group.id].population[first:last] for group, first, last in (self.source, self.target))
        pre, post = (array_of(S.variables[f"_synaptic_{end}"]) for end in ("pre", "post"))
        rule = Pairs(_without(self.source[1], pre), _without(self.target[1], post))
        statics = []
        for k, static in enumerate(self.statics):
            weight, delay = self.weight(static), self.delay(static.pathway)
            name = f"{S.name}.{static.pathway.objname}" + (f".{k}" if len(self.statics) > 1 else "")
            made = net.connect(source, target, static.target[1], rule=rule, weight=weight, delay=delay, name=name)
            statics.append(TakenStatic(static, made, weight, delay))
        if not self.codes:
            return TakenSynapses(self, None, {}, statics, len(S))
        actions: list[Action] = []
        of_all: Any = 0.0
        for kind, pathway, code, into, returned in self.codes:
            given = None if pathway is None else self.delay(pathway)
            main = kind == "pre" and not any(each.kind == "pre" for each in actions)
            of_all = given if main else of_all
            label = f"{S.name}_{pathway.objname}" if pathway is not None else f"{S.name}_{kind}"
            actions.append(code.action(kind, label, None if main else given, into, returned))
        model, state = self._model(actions)
        made = net.connect(source, target, rule=rule, synapse=model(), delay=of_all, name=S.name)
        return TakenSynapses(self, made, state, statics, len(S))

    def _model(self, actions: list[Action]) -> tuple[StatementSynapse, dict[str, Any]]:
        S = self.synapses
        names = dict.fromkeys(name for action in actions for name in action.own)
        state = {name: S.variables[name] for name in names}
        start = {name: np.atleast_1d(from_si(array_of(v), v.dim)) for name, v in state.items()}
        units = {name: coherent_name(v.dim) for name, v in state.items()}
        constants = {n: self.constants.values[n] for action in actions for n in action.constants}
        return StatementSynapse(S.name, units, start, constants, tuple(actions)), state

    def weight(self, static: Static) -> Any:
        """The weight of each synapse now, or one number for all, in the unit of its target variable."""
        values: dict[str, Any] = {}
        for name, meaning in static.used.items():
            if meaning.end == "constant":
                values[name] = self.constants.values[name]
            elif meaning.end == "own":
                values[name] = np.atleast_1d(from_si(array_of(meaning.variable), meaning.dimension))
            else:
                values[name] = self._more(meaning.name)
        text = to_python(static.expression, {name: name for name in static.used}, "numpy")
        with np.errstate(all="ignore"):
            found = np.asarray(eval(text, {"np": np, "abs": abs}, values), np.float64)
        if not np.all(np.isfinite(found)):
            raise DescriptionError(f"{static.what} of {self.owner}: expected finite weights, got {found!r:.100}")
        each = any(meaning.end == "own" for meaning in static.used.values())
        if each:  # they may be set to any values between runs
            return np.broadcast_to(found, len(self.synapses)).copy()
        return float(found.reshape(-1)[0]) if found.size == 1 or np.all(found == found[0]) else found

    def _more(self, name: str) -> Any:
        S = self.synapses
        if name in ("i", "j"):
            group, variable = (self.source, "_synaptic_pre") if name == "i" else (self.target, "_synaptic_post")
            return array_of(S.variables[variable]).astype(np.float64) - group[1]
        return float(array_of(S.variables[name])[0])

    def delay(self, pathway: Any) -> Any:
        """Delays in ms, whole steps as Brian2 rounds them: a number, or one for each synapse."""
        seconds = array_of(pathway.variables["delay"])
        steps = np.floor(seconds / self.dt + 0.5)
        alike = len(steps) > 0 and np.all(steps == steps[0])
        return float(steps[0]) * self.dt * 1e3 if alike else steps * (self.dt * 1e3)


def _without(first: int, ids: np.ndarray) -> np.ndarray:
    return ids - first if first else ids


def _own_targets(code: str, synapses: Any) -> set[str]:
    """The variables of synapses that statements set."""
    return {
        name
        for name in assigned_names(code)
        if synapses.variables.indices.get(name) == "_idx" and name in synapses.variables
    }
