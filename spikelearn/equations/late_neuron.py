"""A neuron model from equations in Brian2's order of a step: see NeuronModel.late_input."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spikelearn.equations.brian import quiet
from spikelearn.equations.dimensions import coherent_name
from spikelearn.equations.integrate import integrated
from spikelearn.equations.module import Raw, constant_values, render_module
from spikelearn.equations.neuron import Neuron
from spikelearn.equations.parts import parts_of
from spikelearn.equations.python import units
from spikelearn.equations.refractory import Refractory
from spikelearn.equations.rendering import Rendered, function, python_lines, used_names
from spikelearn.equations.system import names_in, symbol, without_units
from spikelearn.equations.text import Statement, statements, whole
from spikelearn.equations.vocabulary import CANNOT_BE_SET
from spikelearn.errors import DescriptionError

IDLE = "idle"
"""The variable of neurons whose equations have none."""
SINCE = "since_spike"
"""The variable that counts steps since the last spike, from 1 in its step on; 0 before there is one."""


@dataclass(frozen=True)
class RegularText:
    """Statements at the start of every `every`-th step, for neurons `first` to `last` - 1. where: for errors. shared:
    variables that are the same for all neurons, and so are random numbers in what is assigned to them."""

    text: str
    every: int
    first: int
    last: int
    where: str
    shared: frozenset[str] = frozenset()


def late_neuron_source(
    equations: str,
    threshold: str,
    reset: str,
    refractory: str | None,
    inputs: Sequence[str],
    regular: Sequence[RegularText],
    parameters: Mapping[str, Any],
    method: Sequence[str],
    name: str,
    owner: str,
    own_statements: Callable[[str], str | None] | None = None,
    integers: Collection[str] = (),
) -> str:
    """The text of a module that defines `Model`, a NeuronModel with late_input.

    equations: may have no differential equation. refractory: an expression that is a time or a condition. inputs: the
        variables to which synapses add weights, each a port of its name. regular: what is done at the start of steps.
    method: of these, the first that Brian2 can integrate the equations with. own_statements: function(method) -> the
        statements with which Brian2 does so, where spikelearn's form of the method cannot; None if Brian2 cannot.
    owner: what errors call it, "NeuronGroup 'cells'". integers: variables to which only whole numbers are assigned, as
        Brian2 does: their fractions are cut off. All else as for NeuronModel.from_equations.
    """
    with quiet():
        parts = parts_of(equations, owner, ("unless refractory",), _LateNeuron.reserved, may_be_empty=True)
        texts = {"threshold": threshold, "reset": reset, "refractory": refractory, "method": method}
        return _LateNeuron(
            name, parts, equations, texts, inputs, regular, parameters, own_statements, integers
        ).late_module()


def _steps(tree: ast.expr) -> str:
    """A time as whole steps, as Brian2's timestep() counts them."""
    return f"floor(({without_units(tree)}) / dt + 0.001)"


class _LateNeuron(Neuron):
    """What is different in Brian2's order: input comes between the threshold and the reset."""

    may_lack_equations = True
    reserved = ("held", "fired", "refractory", IDLE, SINCE)

    def __init__(
        self, name: str, parts: Any, equations: str, texts: Mapping[str, Any], inputs: Sequence[str],
        regular: Sequence[RegularText], parameters: Mapping[str, Any],
        own_statements: Callable[[str], str | None] | None, integers: Collection[str],
    ) -> None:  # fmt: skip
        self.own_statements, self.integers = own_statements, integers
        super().__init__(name, parts, equations, texts, {}, {}, parameters, {})
        if self.refractory is not None and self.refractory.period is not None:
            self.refractory = Refractory(lasting=whole(f"refractory of {self.owner}", texts["refractory"]))
        self.inputs = list(inputs)
        chance = replace(self.vocabulary, random=True)
        self.regular: list[tuple[RegularText, list[Statement]]] = []
        for each in regular:
            found = statements(each.where, each.text)
            chance.check_statements(found, self.state, CANNOT_BE_SET)
            self.regular.append((each, found))

    def _integrated(self, method: Sequence[str]) -> tuple[str, Rendered]:
        """By the first method with which Brian2 can integrate the equations; by its own statements if not by ours."""
        reasons: list[str] = []
        for name in method:
            if name == "exact" and len(method) > 1 and not self._brian2_solves():
                continue
            try:
                return integrated(self.system, name)
            except DescriptionError as error:
                reasons.append(str(error))
            text = self.own_statements(name) if self.own_statements is not None else None
            if text is not None:
                return name, self._of_statements(text)
        raise DescriptionError(reasons[-1] if reasons else f"no method of {method} can integrate {self.owner}")

    def _of_statements(self, text: str) -> Rendered:
        """Brian2's statements for a step, in which not_refractory stands for what is not held."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        drawn: list[str] = []

        def draw(call: re.Match[str]) -> str:
            drawn.append(f"normal_of_step_{len(drawn) + 1}")
            return drawn[-1]

        lines = [re.sub(r"\brandn\(\)", draw, line) for line in lines]
        flag = ["not_refractory = not held"] if any("not_refractory" in line for line in lines) else []
        return Rendered(step=[*flag, *lines], noises=drawn)

    def _brian2_solves(self) -> bool:
        """Whether Brian2 finds an exact solution: of real exponentials, around one fixed point."""
        from brian2.stateupdaters.base import UnsupportedEquationsException
        from brian2.stateupdaters.exact import get_linear_system

        if self.system.noises:
            return False
        try:
            _, A, b = get_linear_system(self.system.brian2(), {})
        except UnsupportedEquationsException:
            return False
        if "t" in self.system.given and any(each.has(symbol("t")) for each in (*A, *b)) or A.det() == 0:
            return False
        numbers = A.subs({symbol(name): c.default * c.factor for name, c in self.constants.items()})
        if numbers.free_symbols:
            return True
        values = (complex(value) for value in numbers.evalf().eigenvals())
        return all(abs(value.imag) < 1e-9 * (1.0 + abs(value)) for value in values)

    def late_module(self) -> str:
        held = self.refractory is not None
        lines = [*self._held_now(), *self.rendered.step]
        if self.threshold is not None:
            lines += self._expressions([self.threshold.tree])
            condition = self._drawn(without_units(self.threshold.tree))
            lines.append(f"fired = ({condition}) and not held" if held else f"fired = {condition}")
            lines += self._becomes_refractory_late()
        state = [*self.state, *(["refractory"] if held else []), *([SINCE] if self._varies else [])] or [IDLE]
        lines.append(f"return {', '.join(state)}, {'np.uint8(fired)' if self.threshold else 'np.uint8(0)'}")
        in_step = list(self.uniform), list(self.normal)
        at_event = self._at_event(state) if self.reset else []
        later = self.uniform[len(in_step[0]) :], self.normal[len(in_step[1]) :]
        regular = [(each, *self._regular(found, state, each.shared)) for each, found in self.regular]
        return self._late_text(lines, at_event, regular, state, in_step, later)

    @property
    def _varies(self) -> bool:
        """Whether the refractory period may change before it is over, and so is compared in each step, as in Brian2."""
        lasting = None if self.refractory is None else self.refractory.lasting
        return lasting is not None and not names_in(lasting.tree) <= units().keys()

    def _held_now(self) -> list[str]:
        """Whether a neuron is refractory in this step. What counts is the time left, less by a step already."""
        if self.refractory is None:
            return []
        if self._varies:
            assert self.refractory.lasting is not None
            tree = self.refractory.lasting.tree
            lines = [*self._expressions([tree]), f"{SINCE} = {SINCE} + 1.0 if {SINCE} > 0.0 else 0.0"]
            lines.append(f"held = {SINCE} > 0.0 and {SINCE} - 1.0 < {_steps(tree)}")
            return [*lines, "refractory = 1.0 if held else 0.0"]
        if self.refractory.condition is None:
            return ["refractory = refractory - 1.0 if refractory > 0.0 else 0.0", "held = refractory > 0.0"]
        tree = self.refractory.condition.tree
        lines = [*self._expressions([tree]), f"held = refractory > 0.0 and ({without_units(tree)})"]
        return [*lines, "refractory = 1.0 if held else 0.0"]

    def _becomes_refractory_late(self) -> list[str]:
        if self.refractory is None:
            return []
        if self.refractory.lasting is None:
            return ["refractory = 1.0 if fired else refractory"]
        if self._varies:
            return ["refractory = 1.0 if fired else refractory", f"{SINCE} = 1.0 if fired else {SINCE}"]
        # at least until input has come
        return [f"refractory = max(1.0, {_steps(self.refractory.lasting.tree)}) if fired else refractory"]

    def _value(self, part: Statement) -> str:
        value = super()._value(part)
        return f"int({value})" if part.target in self.integers else value

    def _regular(
        self, found: list[Statement], state: Sequence[str], shared: frozenset[str]
    ) -> tuple[list[str], list[str]]:
        """The lines of regular statements, and the kinds of random numbers that they take."""
        before = self.uniform, self.normal
        self.uniform, self.normal = [], []
        for_all: set[str] = set()
        lines = self._expressions([part.expression.tree for part in found])
        for k, part in enumerate(found):
            known = {*self.uniform, *self.normal}
            lines += self._changed(found, k)
            value = self._value(part)
            for_all |= {*self.uniform, *self.normal} - known if part.target in shared else set()
            unless = f" if refractory <= 0.0 else {part.target}" if part.target in self.held else ""
            lines.append(f"{part.target} = {value}{unless}")
        lines.append(f"return {', '.join(state)}{',' if len(state) == 1 else ''}")
        names, kinds = [*self.uniform, *self.normal], ["uniform"] * len(self.uniform) + ["normal"] * len(self.normal)
        kinds = [f"{kind} for all" if name in for_all else kind for name, kind in zip(names, kinds, strict=True)]
        self.uniform, self.normal = before
        new = {name: f"drawn_{k}" for k, name in enumerate(names)}
        return python_lines(lines, {name: name for name in (*self.system.names, *self.state)} | new), kinds

    def _late_text(
        self, lines: list[str], at_event: list[str], regular: list[Any], state: list[str],
        in_step: tuple[list[str], list[str]], later: tuple[list[str], list[str]],
    ) -> str:  # fmt: skip
        own = {name: name for name in (*self.system.names, *self.state)}
        lines, at_event = python_lines(lines, own), python_lines(at_event, own)
        functions = []
        for name, (arguments, body) in self.rendered.helpers.items():
            doc = f"The right sides of {', '.join(f'd{x}/dt' for x in self.parts.rights)}."
            functions.append(function(name, arguments, doc, python_lines(body, own)))
        used = used_names([*lines, *at_event, *(line for _, body, _ in regular for line in body)])
        before, values = constant_values(used, self.constants, self.rendered)
        reads = [name for name in self.reads if name in used]
        normal = [*self.rendered.noises, *in_step[1]]
        arguments = [*state, *in_step[0], *normal, *reads, *values]
        functions.append(function("step", arguments, "Until a neuron has fired, before input comes.", lines))
        given: dict[str, Any] = {}
        if at_event:
            arguments = [*state, *later[0], *later[1], *reads, *values]
            functions.append(function("at_event", arguments, "The reset of a neuron that has fired.", at_event))
            given["at_event"] = Raw("at_event")
        each = []
        for k, (what, body, drawn) in enumerate(regular):
            arguments = [*state, *(f"drawn_{n}" for n in range(len(drawn))), *reads, *values]
            functions.append(function(f"regular_{k}", arguments, f"{what.where}.", body))
            each.append(f"Regularly(regular_{k}, {what.every}, {what.first}, {what.last}, {tuple(drawn)!r})")
        if each:
            given["regular"] = Raw(f"({', '.join(each)},)")
            self.rendered.imports.add("from spikelearn.neurons.regularly import Regularly")
        units = {n: coherent_name(self.parts.dimensions[n]) if n in self.parts.dimensions else "1" for n in state}
        given |= {
            "state": units, "ports": {name: units[name] for name in self.inputs},
            "added_to": {name: name for name in self.inputs},
            "lost_while": {name: "refractory" for name in self.inputs if name in self.held},
            "late_input": True, "random": tuple(in_step[0]), "normal": tuple(normal),
            "later_random": tuple(later[0]), "later_normal": tuple(later[1]), "reads": tuple(reads),
            "equations": self.equations, "threshold": self.texts["threshold"], "reset": self.texts["reset"],
            "refractory": self.texts["refractory"] or "", "method": self.method,
        }  # fmt: skip
        return render_module(
            "NeuronModel", self.name, self.constants, before, values, {}, functions, "step", given,
            self.rendered.imports,
        )  # fmt: skip
