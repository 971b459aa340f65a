"""Checked differential equations, ready to be integrated."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikelearn.equations.python import to_python
from spikelearn.equations.text import Piece, Statement
from spikelearn.errors import DescriptionError


@dataclass(frozen=True)
class System:
    """owner: 'neuron model X', for errors. rights: variable -> right-hand side of its differential equation.
    expressions: the named expressions (`f = ... : 1`) in an order in which each needs only those before it.
    constant: names whose values do not change during a run. given: names whose values may change at each step.
    held: variables held constant while refractory.
    noises: the names of white noise, xi or xi_name.
    """

    owner: str
    rights: Mapping[str, Piece]
    expressions: Mapping[str, Piece]
    constant: tuple[str, ...]
    given: tuple[str, ...] = ()
    held: frozenset[str] = frozenset()
    noises: tuple[str, ...] = ()

    @property
    def variables(self) -> list[str]:
        return list(self.rights)

    @property
    def names(self) -> set[str]:
        """All names in use."""
        return {*self.rights, *self.expressions, *self.constant, *self.given, *self.noises}

    @functools.cached_property
    def substituted(self) -> dict[str, Any]:
        """Right-hand sides in SymPy, with named expressions substituted. Units are numbers."""
        known: dict[Any, Any] = {}
        for name, piece in self.expressions.items():
            known[symbol(name)] = to_sympy(piece.tree).xreplace(known)
        return {name: to_sympy(piece.tree).xreplace(known) for name, piece in self.rights.items()}

    def needed_expressions(self, trees: Sequence[ast.expr]) -> list[str]:
        """The named expressions that trees use, directly or through others, in order."""
        wanted = {name for tree in trees for name in names_in(tree)}
        for name in reversed(list(self.expressions)):
            if name in wanted:
                wanted |= names_in(self.expressions[name].tree)
        return [name for name in self.expressions if name in wanted]

    def changed_expressions(self, parts: Sequence[Statement], k: int) -> list[str]:
        """The named expressions that statement k uses and that depend on what those before it set, in order."""
        needed = self.needed_expressions([parts[k].expression.tree])
        return [name for name in needed if any(self.depends(name, part.target) for part in parts[:k])]

    def depends(self, name: str, on: str) -> bool:
        """Whether a named expression depends on a variable."""
        inner = names_in(self.expressions[name].tree)
        return on in inner or any(self.depends(each, on) for each in inner if each in self.expressions)

    def brian2(self) -> Any:
        """The system as Brian2's Equations, for its state updaters; units are left out."""
        from brian2 import Equations

        lines = [f"{name} = {without_units(piece.tree)} : 1" for name, piece in self.expressions.items()]
        lines += [f"d{name}/dt = {without_units(piece.tree)} : 1" for name, piece in self.rights.items()]
        return Equations("\n".join(lines))


def ordered(expressions: Mapping[str, Piece]) -> dict[str, Piece]:
    """Named expressions, each after those that it needs. Raises DescriptionError for circular definitions."""
    left, done = dict(expressions), {}
    while left:
        ready = [name for name, piece in left.items() if not names_in(piece.tree) & left.keys()]
        if not ready:
            name, piece = next(iter(left.items()))
            raise DescriptionError(piece.complaint(f"{name} is defined in terms of itself, through {', '.join(left)}"))
        for name in ready:
            done[name] = left.pop(name)
    return done


def names_in(tree: ast.AST) -> set[str]:
    """The names in an expression, including those of functions."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def without_units(tree: ast.expr) -> str:
    """An expression in Brian2's syntax without units."""
    return to_python(tree, {}, "brian2")


def assigned(part: Statement) -> str:
    """The value that a statement assigns to its target, in Brian2's syntax without units."""
    value = without_units(part.expression.tree)
    if not part.operator:
        return value
    simple = part.operator in ("+", "-") and isinstance(ast.parse(value, mode="eval").body, ast.Name | ast.Constant)
    return f"{part.target} {part.operator} {value if simple else f'({value})'}"


def to_sympy(tree: ast.expr) -> Any:
    from brian2.parsing.sympytools import str_to_sympy

    return str_to_sympy(without_units(tree))


def from_sympy(expression: Any) -> str:
    """An expression in Brian2's syntax, with all digits of its numbers."""
    import sympy
    from brian2.parsing.sympytools import sympy_to_str

    long = {f: symbol(f"number_{k}__") for k, f in enumerate(sorted(expression.atoms(sympy.Float))) if _is_long(f)}
    text = sympy_to_str(expression.xreplace(long))
    for number, name in long.items():
        text = re.sub(rf"\b{name}\b", f"({float(number)!r})", text)
    return text


def _is_long(number: Any) -> bool:
    """Whether SymPy would truncate a number."""
    return float(str(number)) != float(number)


def symbol(name: str) -> Any:
    """The SymPy symbol that Brian2 uses for a name."""
    import sympy

    return sympy.Symbol(name, real=True, positive=True) if name in ("t", "dt") else sympy.Symbol(name, real=True)
