"""Expressions in Brian2's syntax as Python: units become numbers, functions are those of math or NumPy."""

from __future__ import annotations

import ast
import copy
import keyword
from collections.abc import Container, Mapping
from typing import Any

from spikelearn.equations.brian import import_brian2
from spikelearn.equations.dimensions import coherent_value

FUNCTIONS = {
    "exp": "exp", "log": "log", "log10": "log10", "expm1": "expm1", "log1p": "log1p", "sqrt": "sqrt", "sin": "sin",
    "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "ceil": "ceil", "floor": "floor", "abs": "abs", "sign": "sign", "clip": "clip", "int": "int",
    "exprel": "exprel",
}  # fmt: skip
"""Functions allowed in equations -> their names in math, or below."""

VECTORISED = {
    "exponential": "spikelearn.kernels.exponential", "expm1": "spikelearn.kernels.exponential",
    "exprel": "spikelearn.kernels.functions", "tanh": "spikelearn.kernels.functions",
    "sinh": "spikelearn.kernels.functions", "cosh": "spikelearn.kernels.functions",
}  # fmt: skip
"""Scalar functions not taken from math, because calling math would prevent vectorisation -> module."""

_RESERVED = {"math", "np", *VECTORISED, "min", "max", "abs", "float"}
SCALAR_ONLY = {"clip", "int", "exprel"}


def reserved(name: str, also: Container[str]) -> bool:
    """Whether a name is reserved in rendered functions. also: further reserved names."""
    return name in _RESERVED or keyword.iskeyword(name) or name in also


def units() -> Mapping[str, Any]:
    """Brian2's units by name."""
    import_brian2()
    from brian2.core.namespace import DEFAULT_UNITS

    return DEFAULT_UNITS


def uses_units(tree: ast.expr) -> bool:
    """Whether an expression contains a unit."""
    return any(isinstance(node, ast.Name) and node.id in units() for node in ast.walk(tree))


def to_python(expression: str | ast.expr, names: Mapping[str, str], style: str = "math") -> str:
    """An expression as Python text.

    names: name -> its replacement. style: "math" for scalars, "numpy" for arrays (for functions that have one form for
    both), "brian2" to keep functions and only convert units to numbers. A name replaced by "0" removes its terms.
    """
    tree = ast.parse(f"({expression})", mode="eval").body if isinstance(expression, str) else copy.deepcopy(expression)
    return ast.unparse(_Writer(names, style).visit(tree))


class _Writer(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str], style: str) -> None:
        self.names, self.style = names, style

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.names:
            if self.names[node.id] == "0":
                return _zero()
            return ast.parse(self.names[node.id], mode="eval").body
        if node.id in ("pi", "e", "inf") and self.style != "brian2":
            return ast.Attribute(ast.Name("math" if self.style == "math" else "np"), node.id)
        if node.id not in ("pi", "e", "inf") and node.id in units():
            return _unit_number(coherent_value(units()[node.id]))
        return ast.Name(node.id)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        arguments = [self.visit(argument) for argument in node.args]
        if not isinstance(node.func, ast.Name):
            return ast.Call(node.func, arguments, [])
        name = node.func.id
        if self.style == "brian2" or name not in FUNCTIONS:
            return ast.Call(ast.Name(name), arguments, [])
        if self.style == "numpy" and name in SCALAR_ONLY:
            return _of_arrays(name, arguments)
        if name == "clip":
            low = ast.Call(ast.Name("max"), arguments[:2], [])
            return ast.Call(ast.Name("min"), [low, arguments[2]], [])
        if name == "int":
            if isinstance(node.args[0], ast.Compare | ast.BoolOp):
                return ast.IfExp(arguments[0], ast.Constant(1.0), ast.Constant(0.0))
            return ast.Call(ast.Name("float"), [ast.Call(ast.Name("int"), arguments, [])], [])
        ours = "exponential" if name == "exp" else name
        if name == "abs" or (ours in VECTORISED and self.style == "math"):
            return ast.Call(ast.Name(ours), arguments, [])
        module = "np" if self.style == "numpy" or name in ("sign", "ceil", "floor") else "math"
        written = name if module == "np" else FUNCTIONS[name]
        return ast.Call(ast.Attribute(ast.Name(module), written), arguments, [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        match node.op:
            case ast.Mult() | ast.Div() if _is_zero(left):
                return left
            case ast.Mult() if _is_zero(right):
                return right
            case ast.Add() if _is_zero(left):
                return right
            case ast.Add() | ast.Sub() if _is_zero(right):
                return left
            case ast.Sub() if _is_zero(left):
                return ast.UnaryOp(ast.USub(), right)
        if _is_unit(left) or _is_unit(right):
            return _with_unit(left, node.op, right)
        return ast.BinOp(left, node.op, right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand)
        return operand if _is_zero(operand) else ast.UnaryOp(node.op, operand)


def _of_arrays(name: str, arguments: list[ast.expr]) -> ast.expr:
    """The functions that have no scalar counterpart in NumPy."""
    if name == "exprel":
        ones = ast.Call(ast.Attribute(ast.Name("np"), "expm1"), arguments, [])
        return ast.BinOp(ones, ast.Div(), arguments[0])
    written = {"clip": "clip", "int": "trunc"}[name]
    return ast.Call(ast.Attribute(ast.Name("np"), written), arguments, [])


def _zero() -> ast.Constant:
    """A removed term."""
    node = ast.Constant(0.0)
    node.kind = "zero"
    return node


def _unit_number(value: float) -> ast.Constant:
    """A number that stands for a unit: a factor of 1 is omitted."""
    node = ast.Constant(value)
    node.kind = "unit"
    return node


def _is_zero(node: ast.AST) -> bool:
    return getattr(node, "kind", None) == "zero"


def _is_unit(node: ast.AST) -> bool:
    return getattr(node, "kind", None) == "unit"


def _number(node: ast.expr) -> float | None:
    """The value of a node, if it is a number."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -float(value)
    return None


def _with_unit(left: ast.expr, operation: ast.operator, right: ast.expr) -> ast.expr:
    """left operation right, where one or both stand for a unit."""
    a, b = _number(left), _number(right)
    if a is not None and b is not None and isinstance(operation, ast.Mult | ast.Div | ast.Pow):
        value = a * b if isinstance(operation, ast.Mult) else a / b if isinstance(operation, ast.Div) else a**b
        is_unit = _is_unit(left) and (_is_unit(right) or isinstance(operation, ast.Pow))
        return _unit_number(value) if is_unit else ast.Constant(value)
    if _is_unit(right) and b == 1.0 and isinstance(operation, ast.Mult | ast.Div):
        return left
    if _is_unit(left) and a == 1.0 and isinstance(operation, ast.Mult):
        return right
    return ast.BinOp(left, operation, right)


def to_python_lines(text: str, names: Mapping[str, str], style: str = "math") -> list[str]:
    """Statements as lines of Python; see to_python."""
    writer = _Writer(names, style)
    lines = [ast.unparse(ast.fix_missing_locations(writer.visit(statement))) for statement in ast.parse(text).body]
    return [line.replace(" and (not held)", " and not held") for line in lines]
