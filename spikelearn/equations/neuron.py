"""A neuron model from equations: checked, integrated, and rendered like a module written by hand."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from spikelearn import values
from spikelearn.codegen.source_text import is_identifier
from spikelearn.equations.brian import quiet
from spikelearn.equations.constants import declared, time
from spikelearn.equations.dimensions import coherent_name
from spikelearn.equations.integrate import integrated
from spikelearn.equations.module import Raw, render_module
from spikelearn.equations.parts import Parts, no_equation_for, parts_of, values_for
from spikelearn.equations.ports import Port, port_of
from spikelearn.equations.python import to_python, units
from spikelearn.equations.rendering import function, python_lines, used_names
from spikelearn.equations.starts import starting_values
from spikelearn.equations.system import System, assigned, names_in, symbol, to_sympy, without_units
from spikelearn.equations.text import statements, whole
from spikelearn.equations.vocabulary import CANNOT_BE_SET, Vocabulary
from spikelearn.errors import DescriptionError
from spikelearn.parameters import suggest
from spikelearn.units import dimension_of

_CANNOT_SPIKE = "from spikelearn.neurons.margin import CANNOT_SPIKE"
_RESERVED = ("held", "fired", "refractory", "n_ref", "weight")


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
        parts = parts_of(equations, owner, ("unless refractory", "constant"), _RESERVED)
        texts = {"threshold": threshold, "reset": reset, "refractory": refractory, "method": method}
        return _Neuron(name, parts, equations, texts, ports, currents, parameters, initial).module()


class _Neuron:
    """Everything known about the model while it is rendered. All checks are made in __init__."""

    def __init__(
        self, name: str, parts: Parts, equations: str, texts: Mapping[str, Any], ports: Any, currents: Any,
        parameters: Any, initial: Any,
    ) -> None:  # fmt: skip
        self.name, self.parts, self.equations, self.texts = name, parts, equations, texts
        self.owner = parts.owner
        if not parts.rights:
            raise DescriptionError(f"{self.owner} has no differential equation 'd.../dt = ...'")
        self.constants = declared(parameters, parts.dimensions, self.owner, _RESERVED)
        no_equation_for(parts, self.constants)
        self.drives = self._drives(currents)
        self.memory = [n for n in parts.declared if n not in self.constants and n not in self.drives.values()]
        self.state = [*parts.rights, *self.memory]
        self.vocabulary = self._vocabulary()
        parts.check(
            Vocabulary({**self.vocabulary.dimensions, **dict.fromkeys(parts.noises, units()["second"].dim ** -0.5)},
                       self.vocabulary.hints)
        )  # fmt: skip
        self._check_noises()
        self.reset = statements(f"reset of {self.owner}", texts["reset"])
        self.reset_names = self.vocabulary.check_statements(self.reset, self.state, CANNOT_BE_SET)
        self.threshold = whole(f"threshold of {self.owner}", texts["threshold"]) if texts["threshold"] else None
        if self.threshold is not None:
            self.vocabulary.check_condition(self.threshold)
        elif self.reset or texts["refractory"] is not None:
            raise DescriptionError(f"{self.owner} has a reset or a refractory period, but no threshold")
        named = _mapping(ports, f"ports of {self.owner}").items()
        self.ports = [port_of(port, text, parts, self.state, self.vocabulary) for port, text in named]
        changed = {each.target for found in (self.reset, *(p.statements for p in self.ports)) for each in found}
        values_for(parts, self.memory, changed, "take it from a current in currents=, or change it in reset= or ports=")
        self.held = parts.with_flag("unless refractory")
        if self.held and texts["refractory"] is None:
            piece = parts.pieces[next(iter(sorted(self.held)))]
            raise DescriptionError(
                piece.complaint_about("(unless refractory) needs refractory=, a time or a parameter", "unless")
            )
        self.t_ref = None
        if texts["refractory"] is not None:
            self.t_ref = time(texts["refractory"], self.constants, f"refractory of {self.owner}")
        given = (*self.drives.values(), *self.memory)
        self.system = System(
            self.owner, parts.rights, parts.expressions, tuple(self.constants), given, self.held, parts.noises
        )
        self.method, self.rendered = integrated(self.system, texts["method"])
        self.initial = starting_values(
            initial, {n: parts.dimensions[n] for n in self.state}, self.constants, self.owner
        )

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
        hints = {
            noise: f"{noise} is noise, which is only allowed in differential equations" for noise in self.parts.noises
        }
        hints["weight"] = "weight is only available in ports="
        return Vocabulary(dimensions, hints)

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
        held = self.t_ref is not None
        of_margin: list[str] = []
        lines = ["held = refractory > 0.0"] if held else []
        lines += self.rendered.step
        lines += ["refractory = refractory - 1.0 if held else refractory"] if held else []
        for port in self.ports:
            lines += self._arrival(port)
        if self.threshold is not None:
            lines += self._expressions([self.threshold.tree, *(p.expression.tree for p in self.reset)])
            condition = without_units(self.threshold.tree)
            of_margin = self._margin(self.threshold.tree, lines)
            lines.append(f"fired = ({condition}) and not held" if held else f"fired = {condition}")
            for part in self.reset:
                value = assigned(part)
                lines.append(f"{part.target} = {value} if fired else {part.target}" if part.target in self.state
                             else f"{part.target} = {value}")  # fmt: skip
            lines += ["refractory = n_ref if fired else refractory"] if held else []
        state = [*self.state, *(["refractory"] if held else [])]
        lines.append(f"return {', '.join(state)}, {'np.uint8(fired)' if self.threshold else 'np.uint8(0)'}")
        own = {name: name for name in (*self.system.names, *self.state)} | names
        return self._text(python_lines(lines, own), python_lines(of_margin, own), own, state)

    def _margin(self, threshold: ast.expr, lines: list[str]) -> list[str]:
        """`lines` that lead to the threshold, and the margin, if the threshold is a single comparison."""
        match threshold:
            case ast.Compare(left=low, ops=[ast.Lt() | ast.LtE()], comparators=[high]):
                pass
            case ast.Compare(left=high, ops=[ast.Gt() | ast.GtE()], comparators=[low]):
                pass
            case _:
                return []
        value = without_units(ast.BinOp(high, ast.Sub(), low))
        return [*lines, f"return CANNOT_SPIKE if held else {value}" if self.t_ref is not None else f"return {value}"]

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
        needed = self.system.needed_expressions(trees)
        return [f"{name} = {without_units(self.system.expressions[name].tree)}" for name in needed]

    def _text(self, lines: list[str], of_margin: list[str], own: Mapping[str, str], state: list[str]) -> str:
        helpers = []
        for name, (arguments, body) in self.rendered.helpers.items():
            arguments = [own.get(each, each) for each in arguments]
            doc = f"The right sides of {', '.join(f'd{x}/dt' for x in self.parts.rights)}."
            helpers.append(function(name, arguments, doc, python_lines(body, own)))
        inputs = [f"in_{port.name}" for port in self.ports]
        drives = [f"I_{port}" for port in self.drives]
        used = used_names(lines)
        wanted = [n for n in used if n in self.constants or n in self.rendered.constants or n in ("dt", "n_ref")]
        read = {name: constant.read for name, constant in self.constants.items()}
        values = {name: read[name] if name in read else name for name in wanted}
        values |= {
            n: to_python(self.rendered.constants[n], read, "numpy") for n in wanted if n in self.rendered.constants
        }
        before = python_lines(self.rendered.constants_before, read, "numpy")
        if "n_ref" in values:
            t_ref = self.constants[self.t_ref].read if isinstance(self.t_ref, str) else repr(self.t_ref)
            values["n_ref"] = f"refractory_steps({t_ref}, dt)"
            self.rendered.imports.add("from spikelearn.neurons.membrane import refractory_steps")
        arguments = [*state, *inputs, *drives, *self.rendered.noises, *wanted]
        doc = {"exact": "Exact integration.", "exponential_euler": "Exponential Euler."}.get(
            self.method, f"Integrated by {self.method}."
        )
        step = function("step", arguments, f"{doc} Input arrives at the end of the step.", lines)
        functions = [*helpers, step]
        if of_margin:
            functions.append(
                function("margin", arguments, "How far it is above its threshold, before a reset.", of_margin)
            )
            self.rendered.imports |= {_CANNOT_SPIKE} if self.t_ref is not None else set()
        given = {
            "state": {n: coherent_name(self.parts.dimensions[n]) if n in self.parts.dimensions else "1" for n in state},
            "ports": {port.name: port.unit for port in self.ports},
            "currents": tuple(self.drives),
            "normal": tuple(self.rendered.noises),
            "equations": self.equations,
            "threshold": self.texts["threshold"],
            "reset": self.texts["reset"],
            "refractory": self.t_ref if self.t_ref is not None and self.t_ref != "t_ref" else "",
            "driven": dict(self.drives),
            "arrivals": {port.name: port.text for port in self.ports},
            "method": self.method,
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
