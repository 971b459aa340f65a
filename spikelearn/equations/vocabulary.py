"""The names that a model's expressions may use, with their dimensions; Brian2's parser checks them."""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spikelearn.equations.dimensions import coherent_name
from spikelearn.equations.python import FUNCTIONS, units
from spikelearn.equations.text import Piece, Statement
from spikelearn.errors import DescriptionError, UnitError
from spikelearn.parameters import suggest

_CONSTANTS = ("pi", "e", "inf", "True", "False")
_RANDOM = "random numbers are available in threshold= and reset=; in equations noise is written as xi"
_UNAVAILABLE = {
    "t": "the time is available in neuron models only",
    "lastspike": "the time of the last spike is not available; use a variable that is set in reset=",
    "rand": _RANDOM,
    "randn": _RANDOM,
    "poisson": "random numbers come through ports",
    "i": "the index of a neuron is available in neuron models only",
    "timestep": "compare times: t < 100*ms",
}

CANNOT_BE_SET = "only variables defined by the equations can be"


def shown(dimension: Any) -> str:
    """'in mV', for errors."""
    name = coherent_name(dimension)
    return "without a unit" if name == "1" else f"in {name}"


@dataclass(frozen=True)
class Vocabulary:
    """dimensions: name -> Brian2's dimension, of the model's own names. hints: name -> error message for names that are
    available only in other parts. random: whether it may call rand() and randn(). others: what to do about a name that
    is not known."""

    dimensions: Mapping[str, Any]
    hints: Mapping[str, str] = field(default_factory=dict)
    random: bool = False
    others: str = "give constants in parameters="

    def dimension(self, piece: Piece, expected: Any = None, what: str = "it") -> Any:
        """The dimension of an expression. Raises DescriptionError for an unknown name, UnitError for wrong units."""
        tree = piece.tree
        self._check_names(piece, tree)
        found = self._dimension(piece, tree)
        if expected is not None and found is not expected and found != expected:
            raise UnitError(piece.complaint(f"{what} should be {shown(expected)}, but this is {shown(found)}"))
        return found

    def check_condition(self, piece: Piece) -> None:
        """Check that a threshold, or what a neuron is refractory by, is a condition."""
        self.dimension(piece)
        if not is_condition(piece.tree):
            raise DescriptionError(piece.complaint("expected a condition such as 'V_m > V_th'"))

    def check_statements(self, parts: list[Statement], may_set: Container[str], forbidden: str) -> dict[str, Any]:
        """Check statements one after the other; names defined by a statement are known to those that follow.

        may_set: the variables that may change. forbidden: why other known names may not.
        Returns the dimensions of newly defined names.
        """
        new: dict[str, Any] = {}
        for part in parts:
            known = replace(self, dimensions={**self.dimensions, **new})
            target = part.target
            if target in self.dimensions and target not in may_set:
                raise DescriptionError(part.whole.complaint_about(f"{target} cannot be set here: {forbidden}", target))
            if target not in known.dimensions and part.operator:
                message = f"{target} is unknown{suggest(target, known.dimensions)}"
                raise DescriptionError(part.whole.complaint_about(message, target))
            if target not in known.dimensions and (target in units() or target in FUNCTIONS or target in _CONSTANTS):
                message = f"{target} is a name reserved by Brian2 and cannot be set"
                raise DescriptionError(part.whole.complaint_about(message, target))
            multiplies = part.operator in ("*", "/", "%", "//", "**")
            if target in known.dimensions:
                expected = dimensionless() if multiplies else known.dimensions[target]
                known.dimension(part.expression, expected, f"what {part.operator}= {target}" if multiplies else target)
            else:
                new[target] = known.dimension(part.expression)
        return new

    def _check_names(self, piece: Piece, tree: ast.expr) -> None:
        functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", "this")
                if name in ("rand", "randn") and self.random:
                    if node.args:
                        raise DescriptionError(piece.complaint_at(f"{name} takes no arguments: {name}()", node))
                    continue
                if name in self.dimensions:
                    message = f"{name} is no function; a table of time is read at t: {name}(t), or {name}(t, i)"
                    raise DescriptionError(piece.complaint_at(message, node))
                if name in _UNAVAILABLE:
                    raise DescriptionError(piece.complaint_at(f"{name} cannot be used: {_UNAVAILABLE[name]}", node))
                if name not in FUNCTIONS:
                    known = ", ".join(sorted(FUNCTIONS))
                    message = f"{name} is not a known function{suggest(name, FUNCTIONS)}; known functions are {known}"
                    raise DescriptionError(piece.complaint_at(message, node.func))
            elif isinstance(node, ast.Name):
                if id(node) not in functions and not self._known(node.id):
                    raise DescriptionError(piece.complaint_at(self._unknown(node.id), node))

    def _known(self, name: str) -> bool:
        return name in self.dimensions or name in _CONSTANTS or name in units()

    def _unknown(self, name: str) -> str:
        if name in self.hints:
            return self.hints[name]
        if name in _UNAVAILABLE:
            return f"{name} cannot be used: {_UNAVAILABLE[name]}"
        if name in FUNCTIONS:
            return f"{name} is a function and needs its arguments"
        return (
            f"{name} is unknown{suggest(name, self.dimensions)}; known names are {', '.join(self.dimensions)}; "
            f"{self.others}"
        )

    def _dimension(self, piece: Piece, tree: ast.expr) -> Any:
        from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
        from brian2.core.variables import Variable
        from brian2.parsing.expressions import parse_expression_dimensions
        from brian2.units.fundamentalunits import DimensionMismatchError

        own = {name: Variable(name=name, dimensions=dim, scalar=False) for name, dim in self.dimensions.items()}
        variables = {**units(), **DEFAULT_FUNCTIONS, **DEFAULT_CONSTANTS, **own}
        for node in _inside_out(tree):
            try:
                found = parse_expression_dimensions(node, variables, orig_expr=piece.code)
            except DimensionMismatchError as error:
                message = str(error)
                match node:
                    case ast.BinOp(left=a, right=b, op=ast.Add() | ast.Sub()) | ast.Compare(left=a, comparators=[b]):
                        left, right = (shown(parse_expression_dimensions(each, variables)) for each in (a, b))
                        message = f"{ast.unparse(a)} is {left}, but {ast.unparse(b)} {right}"
                raise UnitError(piece.complaint_at(message, node)) from None
            except (SyntaxError, ValueError, TypeError, NotImplementedError) as error:
                message = getattr(error, "msg", None) or str(error)
                raise DescriptionError(piece.complaint_at(message, node)) from None
        return found


def is_condition(tree: ast.expr) -> bool:
    """Whether an expression is true or false."""
    negated = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
    return isinstance(tree, ast.Compare | ast.BoolOp) or negated


def dimensionless() -> Any:
    from brian2.units.fundamentalunits import DIMENSIONLESS

    return DIMENSIONLESS


def _inside_out(node: ast.expr) -> list[ast.expr]:
    """A node and those inside it, the innermost first, so that the first wrong one is the cause."""
    functions = {node.func} if isinstance(node, ast.Call) else set()
    inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr) and child not in functions]
    return [each for child in inner for each in _inside_out(child)] + [node]
