"""A graded synapse from equations: variables that are integrated in every step, and what is sent in every step."""

from __future__ import annotations

from typing import Any

from spikelearn import values
from spikelearn.equations.brian import quiet
from spikelearn.equations.constants import declared
from spikelearn.equations.dimensions import coherent_name
from spikelearn.equations.integrate import integrated
from spikelearn.equations.module import constant_values, render_module
from spikelearn.equations.parts import no_equation_for, parts_of, values_for
from spikelearn.equations.python import to_python
from spikelearn.equations.rendering import Rendered, function, python_lines, used_names
from spikelearn.equations.starts import starting_values
from spikelearn.equations.system import System, assigned, from_sympy, names_in, symbol, to_sympy, without_units
from spikelearn.equations.text import Piece, statements
from spikelearn.equations.vocabulary import CANNOT_BE_SET, Vocabulary
from spikelearn.errors import DescriptionError
from spikelearn.parameters import suggest

_RESERVED = ("arrived", "weight")
_SENT = "a graded synapse sends w times something: 'g_post = w * s : 1 (summed)'"


def graded_source(equations: Any, on_pre: Any, parameters: Any, initial: Any, method: str | None, name: str) -> str:
    """The text of a module that defines `Model`, a GradedSynapse. See GradedSynapse.from_equations."""
    values.name(name, "name of a graded synapse")
    with quiet():
        return _Graded(equations, on_pre, parameters, initial, method, name).module()


class _Graded:
    """Everything known about the synapse while it is rendered. All checks are made in __init__."""

    def __init__(
        self, equations: Any, on_pre: Any, parameters: Any, initial: Any, method: str | None, name: str
    ) -> None:
        self.name, self.owner = name, f"graded synapse {name!r}"
        self.texts = {"equations": equations, "on_pre": on_pre}
        self.parts = parts = parts_of(equations, self.owner, ("clock-driven", "summed", "constant"), _RESERVED)
        self.constants = declared(parameters, parts.dimensions, self.owner, (*_RESERVED, "w"))
        no_equation_for(parts, self.constants)
        memory = tuple(each for each in parts.declared if each not in self.constants and each != "w")
        self.state = [*parts.rights, *memory]
        self.unit = coherent_name(parts.dimensions["w"]) if "w" in parts.declared else ""
        self.sent = self._sent()
        own = {constant.name: constant.dimension for constant in self.constants.values()}
        dimensions = {each: parts.dimensions[each] for each in parts.pieces if each not in (self.sent, "w")} | own
        hints = {"w": f"declare the weight to use it here, 'w : siemens'; {_SENT}"}
        self.arrival = statements(f"on_pre of {self.owner}", on_pre)
        self.carried = any("w" in names_in(part.expression.tree) for part in self.arrival)
        if self.carried and "w" in parts.declared:
            dimensions["w"] = parts.dimensions["w"]
        vocabulary = Vocabulary(dimensions, hints)
        self.expressions = {each: piece for each, piece in parts.expressions.items() if each != self.sent}
        parts.check(vocabulary, left_out=self.sent)
        self.pre, self.post = self._read_elsewhere(parts.expressions[self.sent], dimensions)
        vocabulary.check_statements(self.arrival, self.state, CANNOT_BE_SET)
        values_for(parts, memory, {part.target for part in self.arrival}, "or change it in on_pre=")
        if parts.noises:
            raise DescriptionError(f"{self.owner} has noise, which only neurons have")
        constant = (*self.constants, "dt")
        self.system = System(self.owner, parts.rights, self.expressions, constant, memory)
        units = {each: parts.dimensions[each] for each in self.state}
        self.initial = starting_values(initial, units, self.constants, self.owner)
        if self.carried:
            self._check_carried()
        self.method, self.rendered = integrated(self.system, method) if parts.rights else ("", Rendered())

    def _sent(self) -> str:
        """The variable that is summed."""
        found = [each for each in self.parts.pieces if each in self.parts.with_flag("summed")]
        if len(found) != 1:
            raise DescriptionError(f"{self.owner}: expected one (summed) variable, got {len(found)}; {_SENT}")
        piece = self.parts.pieces[found[0]]
        if not found[0].endswith("_post"):
            raise DescriptionError(piece.complaint_about(f"expected {found[0]}_post, of the target", found[0]))
        if found[0] not in self.parts.expressions:
            raise DescriptionError(piece.complaint(_SENT))
        return found[0]

    def _read_elsewhere(self, sent: Piece, dimensions: Any) -> tuple[list[str], list[str]]:
        """The variables of source and target that are sent, without _pre and _post."""
        value, w = to_sympy(sent.tree), symbol("w")
        slope = value if self.carried else value.diff(w)
        if self.carried and value.has(w):
            raise DescriptionError(sent.complaint_about(f"w is in on_pre already; {_SENT}, or only w in on_pre", "w"))
        if slope == 0 or slope.has(w) or (not self.carried and value.subs(w, 0) != 0):
            raise DescriptionError(sent.complaint(f"this is not a multiple of w; {_SENT}"))
        self.slope = from_sympy(slope)
        names = sorted({str(each) for each in slope.free_symbols})
        for each in names:
            if each not in dimensions and not each.endswith(("_pre", "_post")):
                known = [*dimensions, "w"]
                message = f"{each} is unknown{suggest(each, known)}; known names are {', '.join(known)}, and variables "
                raise DescriptionError(sent.complaint_about(message + "of source and target, such as v_pre", each))
        ends = [each for each in names if each not in dimensions]
        pre = [each.removesuffix("_pre") for each in ends if each.endswith("_pre")]
        return pre, [each.removesuffix("_post") for each in ends if each.endswith("_post")]

    def _check_carried(self) -> None:
        """Check that variables which grow by w are proportional to it, so that synapses of one source share them."""
        w, state = symbol("w"), [symbol(each) for each in self.state]
        known: dict[Any, Any] = {}
        for name, piece in self.expressions.items():
            known[symbol(name)] = to_sympy(piece.tree).xreplace(known)

        def linear(value: Any, of: list[Any]) -> bool:
            return value.subs(dict.fromkeys(of, 0)) == 0 and not any(value.diff(each).has(*of) for each in of)

        advice = "with w in on_pre all variables are proportional to it; or write w in what is summed"
        for name, right in self.system.substituted.items():
            if not linear(right, state):
                raise DescriptionError(self.parts.rights[name].complaint(f"d{name}/dt is not linear in them: {advice}"))
        for part in self.arrival:
            value = to_sympy(part.expression.tree).xreplace(known)
            if part.operator not in ("+", "-") or not linear(value, [w]) or value.has(*state):
                raise DescriptionError(
                    part.whole.complaint(f"expected {part.target} += w or a multiple of it: {advice}")
                )
        sent = self.parts.expressions[self.sent]
        if not linear(to_sympy(sent.tree).xreplace(known), state):
            raise DescriptionError(sent.complaint(f"this is not linear in them: {advice}"))
        if any(value != "0.0" for value in self.initial.values()):
            raise DescriptionError(f"initial of {self.owner}: expected 0: {advice}")

    def module(self) -> str:
        steps, ends = list(self.rendered.step), [*(f"{v}_pre" for v in self.pre), *(f"{v}_post" for v in self.post)]
        # gates that nothing opens would otherwise slow down as subnormal numbers
        steps += [f"{each} = {each} if abs({each}) > 1e-300 else 0.0" for each in self.parts.rights]
        steps += self._needed([part.expression.tree for part in self.arrival])
        for part in self.arrival:
            # of a weight of 1: what is sent is multiplied by it
            value = to_python(assigned(part), {"w": "1.0"}, "brian2")
            known = part.target in self.state
            steps.append(f"{part.target} = {f'{value} if arrived > 0.0 else {part.target}' if known else value}")
        sends = [*self._needed([self.parts.expressions[self.sent].tree]), f"return {self.slope}"]
        if ends:
            steps.append(f"return {', '.join([*self.state, '0.0'])}")
        else:
            steps += [*sends[:-1], f"return {', '.join([*self.state, self.slope])}"]
        own = {each: each for each in (*self.system.names, *self.state, *ends, "arrived")}
        bodies = [python_lines(steps, own), *([python_lines(sends, own)] if ends else [])]
        used = used_names([line for body in bodies for line in body])
        before, constants = constant_values(used, self.constants, self.rendered)
        helpers = [
            function(each, arguments, "The right sides of the equations.", python_lines(body, own))
            for each, (arguments, body) in self.rendered.helpers.items()
        ]
        functions = [*helpers, function("advance", [*self.state, "arrived", *constants], "", bodies[0])]
        units = {each: coherent_name(self.parts.dimensions[each]) for each in self.state}
        given: dict[str, Any] = {"state": tuple(self.state), "unit": self.unit, "sent": self.sent, **self.texts}
        given |= {"method": self.method, "state_units": units}
        if ends:
            functions.append(function("send", [*self.state, *ends, *constants], "", bodies[1]))
            given |= {"pre": tuple(self.pre), "post": tuple(self.post)}
        return render_module(
            "GradedSynapse", self.name, self.constants, before, constants, self.initial, functions,
            ("advance", "send") if ends else "advance", given, self.rendered.imports,
        )  # fmt: skip

    def _needed(self, trees: list[Any]) -> list[str]:
        needed = self.system.needed_expressions(trees)
        return [f"{each} = {without_units(self.expressions[each].tree)}" for each in needed]
