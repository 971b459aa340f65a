"""Texts of synapses as functions: what each name in them means, with all subexpressions put in place."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.codegen.functions import function_from
from spikelearn.equations.brian import import_brian2
from spikelearn.equations.python import reserved, units
from spikelearn.equations.rendering import function, python_lines, used_names
from spikelearn.equations.text import Statement, statements, whole
from spikelearn.equations.vocabulary import CANNOT_BE_SET, Vocabulary, dimensionless
from spikelearn.errors import DescriptionError
from spikelearn.interop.brian2.groups import shared_and_changing
from spikelearn.interop.brian2.reading import Names, array_of, described, from_si, whole_group
from spikelearn.synapses.statements import MORE, Action

_ENDS = {"_presynaptic_idx": "pre", "_postsynaptic_idx": "post", "_idx": "own", "0": "shared"}
_MORE = {"t": "t", "dt": "dt", "i": "i", "j": "j", "N_pre": "N_pre", "N_post": "N_post", "i_pre": "i", "i_post": "j"}
"""Names of Synapses -> what functions take for them."""
_NOT_TAKEN = ("delay", "lastspike", "not_refractory", "N_incoming", "N_outgoing")
HELD = "refractory"
"""The variable of neurons that is positive while they do not take input, with (unless refractory)."""


@dataclass(frozen=True)
class Meaning:
    """What a name in a text means. end: "own", "pre" or "post", of which it is a variable; "constant"; "more", one of
    MORE; "expression", with its text; or "table", what a TimedArray is in a step.

    name: in its group. canonical: what functions call it. dimension, variable: Brian2's. linked: whether it is a copy
    of a variable of another group.
    """

    end: str
    name: str
    canonical: str
    dimension: Any
    variable: Any = None
    expression: str = ""
    linked: bool = False


@dataclass
class Constants:
    """The constants of all texts of one projection. values: canonical name -> number. owners: whose name it is."""

    values: dict[str, float] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, number: float, owner: str) -> str:
        """Returns the canonical name: one that another object gave to something of its own gets another one."""
        canonical = name
        while self.owners.get(canonical, owner) != owner:
            canonical += "_"
        self.values[canonical], self.owners[canonical] = number, owner
        return canonical


@dataclass
class Scope:
    """The meanings of names in the texts of one object. names: its external ones. look: name -> Meaning, or None for
    those that are external. tables: whether a TimedArray may be read."""

    names: Names
    look: Callable[[str], Meaning | None]
    constants: Constants
    tables: bool = False

    def meaning(self, name: str, what: str) -> Meaning:
        """Raises DescriptionError for a name that means nothing, or something that is not taken over."""
        found = self.look(name)
        if found is not None:
            return found
        self.names.add([name], what)
        if name in self.names.tables:
            if not self.tables:
                raise DescriptionError(
                    f"{what} of {self.names.owner}: the TimedArray {name!r} is taken over in groups only"
                )
            return Meaning("table", name, f"now_of_{name}", self.names.tables[name].dim, self.names.tables[name])
        value, dimension = self.names.constants[name]
        return self.constant(name, from_si(value, dimension), dimension)

    def constant(self, name: str, number: float, dimension: Any) -> Meaning:
        return Meaning("constant", name, self.constants.add(name, number, self.names.owner), dimension)

    def in_place(
        self, tree: ast.expr, what: str, used: dict[str, Meaning], own: frozenset[str] = frozenset()
    ) -> ast.expr:
        """An expression with canonical names and subexpressions in place. used: gets the meanings of canonical names.
        own: names that statements before have assigned."""
        scope, called = self, {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}

        class Put(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.expr:
                name = node.id
                if id(node) in called or name in own or name in units() or name in ("pi", "e", "inf", "True", "False"):
                    return node
                found = scope.meaning(name, what)
                if found.end == "expression":
                    inner = whole(f"{name} in {what}", found.expression).tree
                    return scope.in_place(inner, what, used)
                used[found.canonical] = found
                return ast.copy_location(ast.Name(found.canonical, ast.Load()), node)

        return Put().visit(tree)


@dataclass
class Code:
    """Lines of a function over synapses, in Brian2's syntax with canonical names. used: the meanings of these."""

    scope: Scope
    what: str
    lines: list[str] = field(default_factory=list)
    used: dict[str, Meaning] = field(default_factory=dict)
    sets: list[str] = field(default_factory=list)
    own: set[str] = field(default_factory=set)

    def add(self, text: str, checked: bool = True) -> list[Statement]:
        """Add statements. checked: whether they are a user's, whose units are checked."""
        found = statements(f"{self.what} of {self.scope.names.owner}", text)
        if checked:
            self._check(found)
        for part in found:
            expression = ast.unparse(self.in_place(part.expression.tree))
            target = part.target
            meaning = None if target in self.own else self._target(part)
            if meaning is None:
                self.own.add(target)
                value = f"{target} {part.operator} ({expression})" if part.operator else expression
                self.lines.append(f"{target} = {value}")
                continue
            name = meaning.canonical
            self.used[name] = meaning
            self.sets += [name] if name not in self.sets else []
            value = f"{name} {part.operator} ({expression})" if part.operator else expression
            if meaning.end != "own" and _is_held(meaning.variable):
                held = f"{HELD}_{meaning.end}"
                self.used[held] = Meaning(meaning.end, HELD, held, dimensionless())
                value = f"{value} if {held} <= 0.0 else {name}"
            if np.dtype(meaning.variable.dtype).kind in "iu":  # Brian2 cuts off fractions where it assigns
                value = f"int({value})"
            self.lines.append(f"{name} = {value}")
        return found

    def in_place(self, tree: ast.expr) -> ast.expr:
        return self.scope.in_place(tree, self.what, self.used, frozenset(self.own))

    def in_place_of(self, name: str) -> str:
        """A name as an expression with canonical names."""
        return ast.unparse(self.in_place(ast.Name(name, ast.Load())))

    def _target(self, part: Statement) -> Meaning | None:
        """The variable that a statement sets; None for a name of its own."""
        found = self.scope.look(part.target)
        if found is None:
            return None
        if found.end not in ("own", "pre", "post"):
            raise DescriptionError(part.whole.complaint_about(f"{part.target} cannot be set here", part.target))
        return found

    def _check(self, found: list[Statement]) -> None:
        """Check the names and units of statements."""
        read = {n.id for part in found for n in ast.walk(part.expression.tree) if isinstance(n, ast.Name)}
        assigned = {part.target for part in found}
        for part in found:
            self.scope.in_place(part.expression.tree, self.what, {}, frozenset(assigned))
        self.scope.names.add(read - assigned, self.what)
        dimensions = {name: dimension for name, (_, dimension) in self.scope.names.constants.items() if name in read}
        meanings = {name: m for name in read | assigned if (m := self.scope.look(name)) is not None}
        dimensions |= {name: meaning.dimension for name, meaning in meanings.items()}
        may_set = [name for name, meaning in meanings.items() if meaning.end in ("own", "pre", "post")]
        Vocabulary(dimensions, random=True).check_statements(found, may_set, CANNOT_BE_SET)

    def action(self, kind: str, label: str, delays: Any = None, into: str = "", returned: str = "") -> Action:
        """The Action of these lines. returned: of a sum or copy, the expression that it returns."""
        drawn: list[str] = []

        def draw(call: re.Match[str]) -> str:
            drawn.append("normal" if call.group(1) == "randn" else "uniform")
            return f"drawn_{len(drawn) - 1}"

        lines = [re.sub(r"\b(randn?)\(\)", draw, line) for line in (*self.lines, *([returned] if returned else []))]
        numbers = [f"drawn_{k}" for k in range(len(drawn))]
        known = {name: name for name in (*self.used, *self.own, *numbers)}
        read = {*used_names(python_lines(lines, known)), *self.sets}
        used = {name: self.used[name] for name in self.used if name in read}
        ends = {end: [name for name in used if used[name].end == end] for end in ("own", "pre", "post")}
        in_order = [*ends["own"], *ends["pre"], *ends["post"]]
        sets = [name for name in in_order if name in self.sets]
        more = [name for name in MORE if name in used and used[name].end == "more"]
        constants = [name for name in used if used[name].end == "constant"]
        for name in (*in_order, *constants):
            if reserved(name, ()):
                raise DescriptionError(
                    f"{self.what} of {self.scope.names.owner}: {name!r} has a meaning in generated functions; rename it"
                )
        result = lines.pop() if returned else f"{', '.join(sets)}{',' if len(sets) == 1 else ''}"
        body = python_lines([*lines, f"return {result}"], known)
        text = _HEAD.format(label=label) + function("act", [*in_order, *numbers, *more, *constants], "", body)
        own, pre, post = (tuple(used[name].name for name in names) for names in ends.values())
        return Action(
            kind, function_from(text, "act", {}), own, pre, post, tuple(sets), tuple(drawn), tuple(more),
            tuple(constants), delays, into, label,
        )  # fmt: skip


_HEAD = '''"""{label}: generated from statements."""

import math

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import expm1, exponential
from spikelearn.kernels.functions import cosh, exprel, sinh, tanh


'''


def scope_of_synapses(synapses: Any, names: Names, constants: Constants) -> Scope:
    """The scope of the texts of a Synapses. Brian2 has put expressions of its ends into terms of its own variables."""
    groups = {"pre": whole_group(synapses.source)[0], "post": whole_group(synapses.target)[0]}

    def look(name: str) -> Meaning | None:
        if name in _MORE:
            dimension = import_brian2().second.dim if name in ("t", "dt") else dimensionless()
            return Meaning("more", _MORE[name], _MORE[name], dimension)
        if name not in synapses.variables or type(synapses.variables[name]).__name__ == "AuxiliaryVariable":
            return None
        variable, index = synapses.variables[name], synapses.variables.indices[name]
        end = _ENDS.get(index, index)
        if end in groups:
            key = name.removesuffix(f"_{end}")
            if key in getattr(groups[end], "_linked_variables", ()):
                return Meaning(end, key, f"{key}_{end}", variable.dim, variable, linked=True)
        return _meaning(name, variable, end, scope)

    scope = Scope(names, look, constants)
    return scope


def scope_of_group(group: Any, end: str, names: Names, constants: Constants, tables: bool = False) -> Scope:
    """The scope of the texts of a group that is one end of synapses: its variables are those of that end."""
    linked, changing = getattr(group, "_linked_variables", ()), shared_and_changing(group)

    def look(name: str) -> Meaning | None:
        if name in ("t", "dt"):
            return Meaning("more", name, name, import_brian2().second.dim)
        if name == "i":
            each = "i" if end == "pre" else "j"
            return Meaning("more", each, each, dimensionless())
        if name not in group.variables:
            return None
        variable = group.variables[name]
        if name in linked:
            return Meaning(end, name, f"{name}_{end}", variable.dim, variable, linked=True)
        shared = getattr(variable, "scalar", False) and not _is_expression(variable) and name not in changing
        kind = "shared" if shared else end
        return _meaning(name, variable, kind, scope)

    scope = Scope(names, look, constants, tables)
    return scope


def _is_held(variable: Any) -> bool:
    """Whether a variable of neurons stays what it is while they are refractory."""
    return getattr(variable, "conditional_write", None) is not None and "spike" in variable.owner.events


def _is_expression(variable: Any) -> bool:
    return type(variable).__name__ == "Subexpression"


def _meaning(name: str, variable: Any, end: str, scope: Scope) -> Meaning:
    """The meaning of a variable of Brian2 by its name in a text."""
    owner, what = variable.owner, scope.names.owner
    if getattr(variable, "name", name) in _NOT_TAKEN:
        raise DescriptionError(f"{what}: {name!r} in statements is not taken over")
    if _is_expression(variable):
        return Meaning("expression", name, name, variable.dim, variable, variable.expr)
    changing = variable.name in shared_and_changing(owner)
    if changing and end == "shared":
        raise DescriptionError(
            f"{what}: {name!r} is a (shared) variable that run_regularly sets; that is not taken over"
        )
    if end == "shared" or (end != "own" and getattr(variable, "scalar", False) and not changing):
        number = float(array_of(variable)[0])
        return scope.constant(name, from_si(number, variable.dim), variable.dim)
    if end == "own":
        return Meaning("own", variable.name, variable.name, variable.dim, variable)
    if end not in ("pre", "post"):
        raise DescriptionError(f"{what}: {name!r} is indexed by {end!r}, which is not taken over")
    if not hasattr(owner, "user_equations") and (what, variable.name) != (described(owner), "rates"):
        raise DescriptionError(
            f"{what}: {name!r} is a variable of {owner.name!r}, which is no NeuronGroup; that is not taken over"
        )
    return Meaning(end, variable.name, f"{variable.name}_{end}", variable.dim, variable)


def whole_expression(code: Code, text: str) -> str:
    """An expression with canonical names, in Brian2's syntax."""
    piece = whole(f"{code.what} of {code.scope.names.owner}", text)
    return ast.unparse(code.in_place(piece.tree))
