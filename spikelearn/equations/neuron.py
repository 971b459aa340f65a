"""A neuron model from equations: checked, integrated, and rendered like a module written by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from spikelearn import values
from spikelearn.codegen.source_text import is_identifier
from spikelearn.equations.brian import quiet
from spikelearn.equations.constants import declared
from spikelearn.equations.dimensions import coherent_name
from spikelearn.equations.integrate import integrated
from spikelearn.equations.module import Raw, constant_values, render_module
from spikelearn.equations.parts import Parts, no_equation_for, parts_of, values_for
from spikelearn.equations.ports import Port, port_of
from spikelearn.equations.python import to_python, units
from spikelearn.equations.refractory import refractory_of
from spikelearn.equations.rendering import Rendered, function, python_lines, unused, used_names
from spikelearn.equations.starts import starting_values
from spikelearn.equations.system import System, assigned, names_in, symbol, to_sympy, without_units
from spikelearn.equations.text import Statement, statements, whole
from spikelearn.equations.vocabulary import CANNOT_BE_SET, Vocabulary, dimensionless
from spikelearn.errors import DescriptionError
from spikelearn.parameters import READS, suggest
from spikelearn.units import dimension_of

_CANNOT_SPIKE = "from spikelearn.neurons.margin import CANNOT_SPIKE"
RESERVED = ("held", "fired", "refractory", "n_ref", "weight")


def neuron_source(
    equations: str,
    threshold: str,
    reset: str,
    refractory: Any,
    ports: Mapping[str, str],
    currents: Mapping[str, str],
    parameters: Mapping[str, Any],
    initial: Mapping[str, Any],
    method: str | None,
    name: str,
) -> str:
    """The text of a module that defines `Model`, a NeuronModel. See NeuronModel.from_equations for the arguments."""
    values.name(name, "name of a neuron model")
    with quiet():
        owner = f"neuron model {name!r}"
        parts = parts_of(equations, owner, ("unless refractory", "constant"), RESERVED)
        texts = {"threshold": threshold, "reset": reset, "refractory": refractory, "method": method}
        return Neuron(name, parts, equations, texts, ports, currents, parameters, initial).module()


class Neuron:
    """Everything known about the model while it is rendered. All checks are made in __init__.

    may_lack_equations: whether there may be no differential equation, and variables that nothing here sets. reserved:
    names that have a meaning here.
    """

    may_lack_equations = False
    reserved: tuple[str, ...] = RESERVED

    def __init__(
        self, name: str, parts: Parts, equations: str, texts: Mapping[str, Any], ports: Any, currents: Any,
        parameters: Any, initial: Any,
    ) -> None:  # fmt: skip
        self.name, self.parts, self.equations, self.texts = name, parts, equations, texts
        self.owner = parts.owner
        if not parts.rights and not self.may_lack_equations:
            raise DescriptionError(f"{self.owner} has no differential equation 'd.../dt = ...'")
        self.constants = declared(parameters, parts.dimensions, self.owner, self.reserved)
        no_equation_for(parts, self.constants)
        self.drives = self._drives(currents)
        self.memory = [n for n in parts.declared if n not in self.constants and n not in self.drives.values()]
        self.state = [*parts.rights, *self.memory]
        self.vocabulary = self._vocabulary()
        own = {*self.parts.dimensions, *self.constants, *self.drives.values()}
        self.reads = [name for name in READS if name not in own]
        parts.check(
            replace(
                self.vocabulary,
                dimensions={**self.vocabulary.dimensions, **dict.fromkeys(parts.noises, units()["second"].dim ** -0.5)},
            )
        )
        self._check_noises()
        self.reset = statements(f"reset of {self.owner}", texts["reset"])
        chance = replace(self.vocabulary, random=True)
        chance.check_statements(self.reset, self.state, CANNOT_BE_SET)
        self.threshold = whole(f"threshold of {self.owner}", texts["threshold"]) if texts["threshold"] else None
        if self.threshold is not None:
            chance.check_condition(self.threshold)
        elif self.reset or texts["refractory"] is not None:
            raise DescriptionError(f"{self.owner} has a reset or a refractory period, but no threshold")
        named = _mapping(ports, f"ports of {self.owner}").items()
        self.ports = [port_of(port, text, parts, self.state, self.vocabulary) for port, text in named]
        changed = {each.target for found in (self.reset, *(p.statements for p in self.ports)) for each in found}
        if not self.may_lack_equations:
            values_for(
                parts, self.memory, changed, "take it from a current in currents=, or change it in reset= or ports="
            )
        self.held = parts.with_flag("unless refractory")
        if self.held and texts["refractory"] is None:
            piece = parts.pieces[next(iter(sorted(self.held)))]
            raise DescriptionError(
                piece.complaint_about("(unless refractory) needs refractory=, a time or a condition", "unless")
            )
        self.refractory = refractory_of(texts["refractory"], self.constants, self.vocabulary, self.owner)
        given, constant = (*self.drives.values(), *self.memory, *self.reads), (*self.constants, "dt")
        self.system = System(self.owner, parts.rights, parts.expressions, constant, given, self.held, parts.noises)
        self.method, self.rendered = self._integrated(texts["method"]) if parts.rights else ("", Rendered())
        self.uniform: list[str] = []
        self.normal: list[str] = []
        self.rare = False
        self.initial = starting_values(
            initial, {n: parts.dimensions[n] for n in self.state}, self.constants, self.owner
        )

    def _integrated(self, method: Any) -> tuple[str, Rendered]:
        return integrated(self.system, method)

    def _drives(self, currents: Any) -> dict[str, str]:
        """current -> its name in the equations."""
        given = _mapping(currents, f"currents of {self.owner}")
        for current, name in given.items():
            where = f"current {current!r} of {self.owner}"
            if not is_identifier(current):
                raise DescriptionError(f"{where}: expected the name of a port, no keyword of Python, got {current!r}")
            if name in self.constants or name in self.parts.rights or name in self.parts.expressions:
                raise DescriptionError(f"{where}: {name} already has another meaning in the equations")
            used = {
                each
                for p in (*self.parts.rights.values(), *self.parts.expressions.values())
                for each in names_in(p.tree)
            }
            if not isinstance(name, str) or name not in used:
                raise DescriptionError(f"{where}: the equations do not use {name!r}{suggest(name, used)}")
            if self.parts.dimensions.get(name, dimension_of("pA")) != dimension_of("pA"):
                piece = self.parts.pieces[name]
                raise DescriptionError(piece.complaint(f"{name} is a continuous current, so its unit must be amp"))
        return given

    def _vocabulary(self) -> Vocabulary:
        dimensions = dict(self.parts.dimensions)
        dimensions |= {constant.name: constant.dimension for constant in self.constants.values()}
        dimensions |= dict.fromkeys(self.drives.values(), dimension_of("pA"))
        second, one = units()["second"].dim, dimensionless()
        for name, dimension in (("t", second), ("dt", second), ("i", one), ("N", one)):
            dimensions.setdefault(name, dimension)
        hints = {
            noise: f"{noise} is noise, which is only allowed in differential equations" for noise in self.parts.noises
        }
        hints["weight"] = "weight is only available in ports="
        others = "give constants in parameters=, and the name of a current from net.drive in currents="
        return Vocabulary(dimensions, hints, others=others)

    def _check_noises(self) -> None:
        """Check that noise is a plain factor of a term, without powers or functions of it."""
        import sympy

        for x, piece in self.parts.rights.items():
            for noise in self.parts.noises:
                if noise not in names_in(piece.tree):
                    continue
                if sympy.diff(to_sympy(piece.tree), symbol(noise)).free_symbols & {
                    symbol(n) for n in self.parts.noises
                }:
                    raise DescriptionError(
                        piece.complaint_about(f"d{x}/dt must be linear in {noise}: a factor times {noise}", noise)
                    )

    def module(self) -> str:
        names = {current: f"I_{port}" for port, current in self.drives.items()}
        held = self.refractory is not None
        lines = self._held()
        lines += self.rendered.step
        lines += ["refractory = refractory - 1.0 if held else refractory"] if self._counts else []
        lines += ["refractory = 1.0 if held else 0.0"] if held and not self._counts else []
        for port in self.ports:
            lines += self._arrival(port)
        of_margin: list[str] = []
        if self.threshold is not None:
            lines += self._expressions([self.threshold.tree, *(p.expression.tree for p in self.reset)])
            condition = self._drawn(without_units(self.threshold.tree))
            of_margin = self._margin(self.threshold.tree, lines)
            lines.append(f"fired = ({condition}) and not held" if held else f"fired = {condition}")
            self.rare = self._is_rare()
            for k, part in enumerate(() if self.rare else self.reset):
                lines += self._changed(self.reset, k)
                value = self._drawn(assigned(part))
                lines.append(f"{part.target} = {value} if fired else {part.target}" if part.target in self.state
                             else f"{part.target} = {value}")  # fmt: skip
            lines += self._becomes_refractory()
        state = [*self.state, *(["refractory"] if held else [])]
        lines.append(f"return {', '.join(state)}, {'np.uint8(fired)' if self.threshold else 'np.uint8(0)'}")
        own = {name: name for name in (*self.system.names, *self.state)} | names
        at_event = python_lines(self._at_event(state), own) if self.rare else []
        return self._text(python_lines(lines, own), at_event, python_lines(of_margin, own), own, state)

    def _is_rare(self) -> bool:
        """Whether random numbers are needed for the reset alone, so that they are drawn only for neurons that fire."""
        trees = [part.expression.tree for part in self.reset]
        trees += [self.system.expressions[name].tree for name in self.system.needed_expressions(trees)]
        names = {name for tree in trees for name in names_in(tree)}
        lasting = self.refractory is not None and self.refractory.lasting is not None
        needed_otherwise = self.uniform or self.normal or self.rendered.noises or lasting
        return bool(names & {"rand", "randn"}) and not needed_otherwise

    def _at_event(self, state: list[str]) -> list[str]:
        """The reset of a neuron that fired."""
        lines = self._expressions([part.expression.tree for part in self.reset])
        for k, part in enumerate(self.reset):
            lines += [*self._changed(self.reset, k), f"{part.target} = {self._value(part)}"]
        return [*lines, f"return {', '.join(state)}{',' if len(state) == 1 else ''}"]

    def _value(self, part: Statement) -> str:
        """What a statement assigns."""
        return self._drawn(assigned(part))

    @property
    def _counts(self) -> bool:
        """Whether `refractory` counts steps, rather than being 1 until a condition ends."""
        return self.refractory is not None and self.refractory.condition is None

    def _held(self) -> list[str]:
        """Whether a neuron is refractory in this step, as its state at the beginning says."""
        if self.refractory is None:
            return []
        condition = self.refractory.condition
        if condition is None:
            return ["held = refractory > 0.0"]
        lines = self._expressions([condition.tree])
        return [*lines, f"held = refractory > 0.0 and ({without_units(condition.tree)})"]

    def _becomes_refractory(self) -> list[str]:
        if self.refractory is None:
            return []
        lasting = self.refractory.lasting
        if lasting is None:
            return [f"refractory = {'n_ref' if self._counts else '1.0'} if fired else refractory"]
        # as many whole steps as Brian2's timestep() counts
        steps = f"floor(({without_units(lasting.tree)}) / dt + 0.001)"
        return [*self._expressions([lasting.tree]), f"refractory = {steps} if fired else refractory"]

    def _drawn(self, text: str) -> str:
        """Text in which each rand() and randn() is a random number of its own."""

        def drawn(call: re.Match[str]) -> str:
            uniform = call.group(1) == "rand"
            numbers = self.uniform if uniform else self.normal
            wanted = f"{'uniform' if uniform else 'normal'}_{len(numbers) + 1}"
            numbers.append(unused(wanted, {*self.system.names, *self.state, *self.rendered.noises}))
            return numbers[-1]

        return re.sub(r"\b(randn?)\(\)", drawn, text)

    def _margin(self, threshold: ast.expr, lines: list[str]) -> list[str]:
        """`lines` that lead to the threshold, and the margin, if the threshold is a single comparison, not random."""
        if self.uniform or self.normal:
            return []
        match threshold:
            case ast.Compare(left=low, ops=[ast.Lt() | ast.LtE()], comparators=[high]):
                pass
            case ast.Compare(left=high, ops=[ast.Gt() | ast.GtE()], comparators=[low]):
                pass
            case _:
                return []
        value = without_units(ast.BinOp(high, ast.Sub(), low))
        unless_held = "CANNOT_SPIKE if held else " if self.refractory is not None else ""
        return [*lines, f"return {unless_held}{value}"]

    def _arrival(self, port: Port) -> list[str]:
        """The statements of a port; a variable held while refractory ignores input (as in Brian2 and NEST)."""
        lines = self._expressions([part.expression.tree for part in port.statements])
        for part in port.statements:
            value = to_python(assigned(part), {"weight": f"in_{port.name}"}, "brian2")
            lines.append(
                f"{part.target} = {f'{part.target} if held else {value}' if part.target in self.held else value}"
            )
        return lines

    def _expressions(self, trees: list[ast.expr]) -> list[str]:
        return self._lines(self.system.needed_expressions(trees))

    def _changed(self, parts: Sequence[Statement], k: int) -> list[str]:
        """The expressions that statement k uses and that those before it have changed."""
        return self._lines(self.system.changed_expressions(parts, k))

    def _lines(self, names: Sequence[str]) -> list[str]:
        return [f"{name} = {without_units(self.system.expressions[name].tree)}" for name in names]

    def _text(
        self, lines: list[str], at_event: list[str], of_margin: list[str], own: Mapping[str, str], state: list[str]
    ) -> str:
        helpers = []
        for name, (arguments, body) in self.rendered.helpers.items():
            arguments = [own.get(each, each) for each in arguments]
            doc = f"The right sides of {', '.join(f'd{x}/dt' for x in self.parts.rights)}."
            helpers.append(function(name, arguments, doc, python_lines(body, own)))
        inputs = [f"in_{port.name}" for port in self.ports]
        drives = [f"I_{port}" for port in self.drives]
        used = used_names([*lines, *at_event])
        period = self.refractory.period if self.refractory is not None else None
        t_ref = self.constants[period].read if isinstance(period, str) else repr(period)
        more = {"n_ref": f"refractory_steps({t_ref}, dt)"}
        before, values = constant_values(used, self.constants, self.rendered, more)
        if "n_ref" in values:
            self.rendered.imports.add("from spikelearn.neurons.membrane import refractory_steps")
        reads = [name for name in self.reads if name in used]
        normal = [*self.rendered.noises, *self.normal]
        drawn = [*self.uniform, *normal]
        arguments = [*state, *inputs, *drives, *([] if at_event else drawn), *reads, *values]
        doc = {"exact": "Exact integration.", "exponential_euler": "Exponential Euler."}.get(
            self.method, f"Integrated by {self.method}."
        )
        step = function("step", arguments, f"{doc} Input arrives at the end of the step.", lines)
        functions = [*helpers, step]
        if at_event:
            doc = "The reset of a neuron that has fired."
            functions.append(function("at_event", [*state, *drawn, *reads, *values], doc, at_event))
        if of_margin:
            functions.append(
                function("margin", arguments, "How far it is above its threshold, before a reset.", of_margin)
            )
            self.rendered.imports |= {_CANNOT_SPIKE} if self.refractory is not None else set()
        refractory = "" if self.refractory is None else self.texts["refractory"] if period is None else period
        given = {
            "state": {n: coherent_name(self.parts.dimensions[n]) if n in self.parts.dimensions else "1" for n in state},
            "ports": {port.name: port.unit for port in self.ports},
            "graded": tuple(port.name for port in self.ports if port.graded),
            "currents": tuple(self.drives),
            "random": tuple(self.uniform),
            "normal": tuple(normal),
            "reads": tuple(reads),
            "equations": self.equations,
            "threshold": self.texts["threshold"],
            "reset": self.texts["reset"],
            "refractory": "" if refractory == "t_ref" else refractory,
            "driven": dict(self.drives),
            "arrivals": {port.name: port.text for port in self.ports},
            "method": self.method,
            **({"at_event": Raw("at_event")} if at_event else {}),
            **({"margin": Raw("margin")} if of_margin else {}),
        }  # fmt: skip
        return render_module(
            "NeuronModel", self.name, self.constants, before, values, self.initial, functions, "step", given,
            self.rendered.imports,
        )  # fmt: skip


def _mapping(given: Any, what: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise DescriptionError(f"{what}: expected a dict, got {given!r}")
    return dict(given)
