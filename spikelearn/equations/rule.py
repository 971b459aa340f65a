"""A plasticity rule from equations: variables sorted into traces of one side and synaptic state, and rendered."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

from spikelearn import values
from spikelearn.equations.brian import quiet
from spikelearn.equations.constants import Constant, declared
from spikelearn.equations.module import Raw, render_module
from spikelearn.equations.parts import event_driven, no_equation_for, parts_of, values_for
from spikelearn.equations.python import units
from spikelearn.equations.rendering import function, python_lines, used_names
from spikelearn.equations.starts import starting_values
from spikelearn.equations.system import System, assigned, from_sympy, names_in, symbol, to_sympy, without_units
from spikelearn.equations.text import Statement, statements
from spikelearn.equations.vocabulary import CANNOT_BE_SET, Vocabulary, dimensionless
from spikelearn.errors import DescriptionError, ParameterError, UnitError
from spikelearn.kernels.event_rule import taken_names

_LIMITS = ("W_min", "W_max")
_RESERVED = ("weight",)


@dataclass(frozen=True)
class _Trace:
    """variable = scale * (a trace that is incremented by 1 or set to 1); side: "pre" or "post"."""

    variable: str
    side: str
    tau: str
    jump: str
    scale: str
    statement: Statement

    @property
    def name(self) -> str:
        return self.variable if self.scale == "1" else f"K_{self.variable}"


def rule_source(
    equations: Any, on_pre: Any, on_post: Any, parameters: Any, initial: Any, learns_from: str, name: str
) -> str:
    """The text of a module that defines `Model`, a PlasticityRule. See PlasticityRule.from_equations."""
    values.name(name, "name of a plasticity rule")
    with quiet():
        return _Rule(equations, on_pre, on_post, parameters, initial, learns_from, name).module()


class _Rule:
    """Everything known about the rule while it is rendered. All checks are made in __init__."""

    def __init__(
        self, equations: Any, on_pre: Any, on_post: Any, parameters: Any, initial: Any, learns_from: str, name: str
    ) -> None:
        self.name, self.learns_from = name, learns_from
        self.texts = {"equations": equations, "pre_statements": on_pre, "post_statements": on_post}
        self.owner = f"plasticity rule {name!r}"
        self.parts = parts = parts_of(equations, self.owner, ("event-driven", "constant"), _RESERVED)
        event_driven(parts)
        if "w" in parts.rights or "w" in parts.expressions:
            message = "w is the weight, which can only be changed by on_pre= and on_post="
            raise DescriptionError(parts.pieces["w"].complaint_about(message, "w"))
        of_weight = dict.fromkeys(_LIMITS, parts.dimensions["w"]) if "w" in parts.dimensions else {}
        found = declared(parameters, {**of_weight, **parts.dimensions}, self.owner, _RESERVED)
        missing = [each for each in _LIMITS if each not in found]
        if missing:
            raise ParameterError(f"{self.owner} needs {' and '.join(missing)} in parameters=: the limits of the weight")
        weight = found["W_max"].dimension
        if found["W_min"].dimension != weight:
            raise UnitError(f"{self.owner}: W_min and W_max should have the same unit, that of the weight")
        if "w" not in parts.dimensions:
            self.texts["equations"] = f"w : {_base(weight)}\n{equations}"
        self.constants = {each: _limit(c) if each in _LIMITS else c for each, c in found.items()}
        no_equation_for(parts, self.constants)
        memory = [each for each in parts.declared if each not in self.constants and each != "w"]
        dimensions = {**parts.dimensions, **{c.name: c.dimension for c in found.values()}, "w": weight}
        hints = {"weight": "the weight is called w"}
        vocabulary = Vocabulary(dimensions, hints)
        parts.check(vocabulary)
        self.handlers = {
            side: self._statements(side, text, vocabulary, [*parts.rights, *memory, "w"])
            for side, text in (("pre", on_pre), ("post", on_post))
        }
        changed = {part.target for each in self.handlers.values() for part in each}
        values_for(parts, memory, changed, "or change it in on_pre= or on_post=")
        if "w" not in changed:
            raise DescriptionError(f"{self.owner} never changes the weight w")
        self.traces = [self._trace(each) for each in parts.rights]
        self.state = memory
        self.system = System(self.owner, parts.rights, parts.expressions, tuple(self.constants), tuple(memory))
        self.initial = starting_values(initial, {each: dimensions[each] for each in memory}, self.constants, self.owner)

    def _statements(self, side: str, text: Any, vocabulary: Vocabulary, may_set: list[str]) -> list[Statement]:
        found = statements(f"on_{side} of {self.owner}", text)
        for part in found:
            if part.target.endswith(("_post", "_pre")) and part.target not in vocabulary.dimensions:
                message = f"{part.target} cannot be set: the projection delivers the weight, after on_pre"
                raise DescriptionError(part.whole.complaint_about(message, part.target))
        vocabulary.check_statements(found, may_set, CANNOT_BE_SET)
        return found

    def _trace(self, variable: str) -> _Trace:
        """Raises DescriptionError with the reason if a variable with an equation is not a trace of one side."""
        piece, right = self.parts.pieces[variable], self.parts.rights[variable]
        where = [(side, part) for side, each in self.handlers.items() for part in each if part.target == variable]
        advice = "a variable with an equation is a trace: it decays to 0 and jumps once, in on_pre or in on_post"
        if len(where) != 1:
            how = "is never changed" if not where else "is changed more than once"
            sides = {side for side, _ in where}
            how = "is changed in on_pre and in on_post" if len(sides) == 2 else how
            raise DescriptionError(piece.complaint_about(f"{variable} {how}; {advice}", variable))
        (side, part), value = where[0], to_sympy(right.tree)
        times = [c for c in self.constants.values() if c.dimension == units()["second"].dim]
        tau = next((c.name for c in times if value + symbol(variable) / symbol(c.name) == 0), None)
        if tau is None:
            message = f"d{variable}/dt should be -{variable}/tau with a parameter tau that is a time; {advice}"
            raise DescriptionError(right.complaint(message))
        scale = to_sympy(part.expression.tree)
        loose = {str(each) for each in scale.free_symbols} - set(self.constants)
        if part.operator not in ("", "+", "-") or loose:
            what = min(loose) if loose else f"{part.operator}="
            message = f"{variable} jumps by an amount that is not constant ({what})"
            raise DescriptionError(part.whole.complaint(f"{message}; {advice}"))
        text = from_sympy(-scale if part.operator == "-" else scale)
        return _Trace(variable, side, tau, "add" if part.operator else "set", text, part)

    def module(self) -> str:
        bodies = {side: self._body(side) for side in ("pre", "post")}
        used = {each for body in bodies.values() for each in used_names(body)}
        constants = {self._free(each): c.read for each, c in self.constants.items() if self._free(each) in used}
        of_side = {side: [trace for trace in self.traces if trace.side == side] for side in ("pre", "post")}
        traces = [self._free(trace.name) for side in ("pre", "post") for trace in of_side[side]]
        state = [self._free(each) for each in self.state]
        arguments = ["weight", *state, *traces, *constants]
        functions = [function(f"on_{side}", arguments, "", body) for side, body in bodies.items()]
        shown = {side: Raw(f"({' '.join(self._shown(each) + ',' for each in own)})") for side, own in of_side.items()}
        given = {**shown, "learns_from": self.learns_from if self.learns_from != "spike" else "", **self.texts}
        given["state"] = tuple(state)
        start = {self._free(each): value for each, value in self.initial.items()}
        return render_module(
            "PlasticityRule", self.name, self.constants, [], constants, start if state else None, functions,
            ("on_pre", "on_post"), given, ["from spikelearn.plasticity import Trace"] if self.traces else [],
        )  # fmt: skip

    def _free(self, name: str) -> str:
        """The name used in rendered handlers, distinct from those of the loops around them."""
        return f"{name}_" if name in taken_names(False) else name

    def _shown(self, trace: _Trace) -> str:
        jump = ', jump="set"' if trace.jump == "set" else ""
        return f'Trace("{self._free(trace.name)}", "{trace.tau}"{jump})'

    def _body(self, side: str) -> list[str]:
        """The lines of a handler. It receives the traces before the jump of this event."""
        parts = self.handlers[side]
        own = {trace.variable: trace for trace in self.traces}
        trees = [part.expression.tree for part in parts if part.target not in own]
        expressions = self.system.needed_expressions(trees)
        read = {each for tree in trees for each in names_in(tree)}
        read |= {each for e in expressions for each in names_in(self.parts.expressions[e].tree)}
        wanted = [trace for trace in self.traces if trace.variable in read and trace.scale != "1"]
        lines = [f"{trace.variable} = {_scaled(trace)}" for trace in wanted]
        late = [each for each in expressions if names_in(self.parts.expressions[each].tree) & {p.target for p in parts}]
        if late:
            part = next((p for p in parts if late[0] in names_in(p.expression.tree)), parts[0])
            message = f"{late[0]} depends on variables that this handler changes; write it out where it is used"
            raise DescriptionError(part.whole.complaint_about(message, late[0]))
        lines += [f"{each} = {without_units(self.parts.expressions[each].tree)}" for each in expressions]
        for k, part in enumerate(parts):
            later = {each for p in parts[k + 1 :] for each in names_in(p.expression.tree)}
            if part.target in own and part.target not in later:
                continue
            lines.append(f"{part.target} = {assigned(part)}")
        lines.append("return " + ", ".join(["w", *self.state]))
        names = {each: each for each in self.system.names}
        names |= {each: self._free(each) for each in (*self.constants, *self.state, *(t.name for t in self.traces))}
        return python_lines(lines, names | {"w": "weight"})


def _base(dimension: Any) -> str:
    """The unit of a dimension in SI base units, as equations declare it."""
    from brian2.units.fundamentalunits import get_unit

    return "1" if dimension == dimensionless() else repr(get_unit(dimension))


def _limit(constant: Constant) -> Constant:
    """A limit of the weight, which has the unit of the port."""
    return replace(constant, default=constant.default * constant.factor, unit="port")


def _scaled(trace: _Trace) -> str:
    simple = isinstance(ast.parse(trace.scale, mode="eval").body, ast.Name | ast.Constant)
    return f"{trace.scale if simple else f'({trace.scale})'} * {trace.name}"
