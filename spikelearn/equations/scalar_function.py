"""A function of numbers from one expression in Brian2's syntax, such as a weight as a function of i and j."""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from spikelearn.codegen.functions import function_from, plain
from spikelearn.codegen.source_text import docstring
from spikelearn.equations.brian import import_brian2, quiet
from spikelearn.equations.dimensions import per_si
from spikelearn.equations.python import FUNCTIONS, VECTORISED, to_python, units
from spikelearn.equations.text import Piece, whole
from spikelearn.equations.vocabulary import Vocabulary, dimensionless, shown
from spikelearn.errors import DescriptionError, UnitError
from spikelearn.parameters import suggest
from spikelearn.units import dimension_of, power_of_ten, unit_named

_CONSTANTS = ("pi", "e", "inf")
_DRAWS = {"rand": "uniform", "randn": "normal"}
"""Functions that draw -> those of kernels.random: a number from 0 to 1, and a standard normal one."""

_IN_PYTHON: Mapping[str, Any] = {
    "exponential": np.exp, "expm1": np.expm1, "tanh": np.tanh, "sinh": np.sinh, "cosh": np.cosh,
    "exprel": lambda x: np.expm1(x) / x if x else 1.0,
}  # fmt: skip


@dataclass(frozen=True)
class _Drawing(Piece):
    """A piece in whose tree each call of rand() and randn() is a name, and numbers are floats."""

    @property
    def written(self) -> ast.expr:
        """The tree as it was written."""
        return Piece(self.where, self.text, self.start, self.end).tree

    @property
    def tree(self) -> ast.expr:
        return _Namer(self).visit(self.written)


class _Namer(ast.NodeTransformer):
    def __init__(self, piece: Piece) -> None:
        self.piece, self.count = piece, 0

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Whole numbers as floats, so that a power cannot become a number of any length."""
        if isinstance(node.value, bool) or not isinstance(node.value, int):
            return node
        try:
            return ast.copy_location(ast.Constant(float(node.value)), node)
        except OverflowError:
            raise DescriptionError(self.piece.complaint_at("this number is too large", node)) from None

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = getattr(node.func, "id", "")
        if name not in _DRAWS:
            return node
        if node.args or node.keywords:
            raise DescriptionError(self.piece.complaint_at(f"{name} takes no argument: {name}()", node))
        self.count += 1
        return ast.copy_location(ast.Name(f"{name}_{self.count}_"), node)


@dataclass(frozen=True)
class Expression:
    """An expression that was checked. names: those that it uses. python: itself. draws: (name, kind) of its numbers."""

    text: str
    names: tuple[str, ...]
    python: str
    draws: tuple[tuple[str, str], ...]


def checked_expression(
    text: Any, what: str, names: Sequence[str], unit: str = "1", condition: bool = False, timed: Sequence[str] = ()
) -> Expression:
    """An expression of these names, whose value is in `unit`, or a plain number, which is taken to be in `unit`.

    what: its name in errors. condition: whether it is one, such as "i < j", rather than a number. timed: names that are
    times in ms, with the dimension of time if the expression has units. Functions are those of equations, and rand()
    and randn(). Raises DescriptionError or UnitError, pointing at the cause; a name that is unknown is named.
    """
    piece = _Drawing(what, text, 0, len(whole(what, text).text))
    tree = piece.tree
    functions = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    typed = {node.id for node in ast.walk(piece.written) if isinstance(node, ast.Name)}
    draws = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - typed)
    known = {*names, *draws, *_CONSTANTS}
    for call in functions.values():
        _check_call(piece, call)
    used = {node.id: node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions}
    has_units = False
    for name, node in used.items():
        if name not in known and name in (*FUNCTIONS, *_DRAWS):
            raise DescriptionError(piece.complaint_at(f"{name} is a function and needs its argument", node))
        if name not in known and name not in units():
            shown_names = ", ".join(names)
            message = f"{name} is unknown{suggest(name, [*names, *FUNCTIONS])}; known names are {shown_names}"
            raise DescriptionError(piece.complaint_at(message, node))
        has_units = has_units or name not in known
    if _is_condition(tree) != condition:
        expected = "a condition such as 'i != j'" if condition else "a number; int(...) makes 0 or 1 of a condition"
        raise DescriptionError(piece.complaint(f"expected {expected}"))
    factor = _factor(piece, {*names, *draws}, unit, condition, timed) if has_units else 1.0
    own = {name: name for name in (*names, *draws)}
    python = to_python(tree, own)
    if condition:
        python = f"1.0 if {python} else 0.0"
    elif factor != 1.0:
        python = f"{factor!r} * ({python})"
    drawn = tuple((name, _DRAWS[name.split("_")[0]]) for name in draws)
    return Expression(text, tuple(name for name in names if name in used), python, drawn)


def _is_condition(tree: ast.expr) -> bool:
    negated = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
    constant = isinstance(tree, ast.Constant) and isinstance(tree.value, bool)
    return isinstance(tree, ast.Compare | ast.BoolOp) or negated or constant


def _check_call(piece: Piece, node: ast.Call) -> None:
    name = getattr(node.func, "id", "this")
    if name not in FUNCTIONS:
        known = ", ".join(sorted((*FUNCTIONS, *_DRAWS)))
        message = f"{name} is not a known function{suggest(name, FUNCTIONS)}; known functions are {known}"
        raise DescriptionError(piece.complaint_at(message, node.func))
    wanted = 3 if name == "clip" else 1
    if len(node.args) != wanted or node.keywords:
        message = f"{name} takes {wanted} argument{'s' if wanted > 1 else ''}, got {len(node.args)}"
        raise DescriptionError(piece.complaint_at(message, node))


def _factor(piece: Piece, names: set[str], unit: str, condition: bool, timed: Sequence[str]) -> float:
    """What makes a number in `unit` of an expression that has units, which are checked. Only this needs Brian2."""
    import_brian2()
    with quiet():
        plain = dimensionless()
        own = {name: dimension_of("ms") if name in timed else plain for name in names}
        found, wanted = Vocabulary(own).dimension(piece), dimension_of(unit)
        if condition or found == plain:
            return 1.0
        if found != wanted:
            message = f"expected a plain number, or a value in {unit}, but this is {shown(found)}"
            raise UnitError(piece.complaint(message))
        return power_of_ten(round(math.log10(unit_named(unit).per_si) - math.log10(per_si(found)), 9))


@functools.cache
def function_of(
    expression: Expression, arguments: tuple[str, ...], before: tuple[tuple[str, str], ...], imports: tuple[str, ...],
    stream: tuple[str, ...] = (),
) -> Callable[..., Any]:  # fmt: skip
    """The compiled function `value(*arguments)` of an expression, the same object for the same expression.

    before: (name of a variable, Python for its value), of which those that it uses are computed. stream: names of the
    arguments start, increment and counter from which it draws; each draw of a counter has a number of its own.
    """
    lines = [f"    {name} = {value}" for name, value in before if name in expression.names]
    for k, (name, kind) in enumerate(expression.draws):
        start, increment, counter = stream
        lines.append(f"    {name} = {kind}({start}, {increment}, {counter} * {len(expression.draws)} + {k})")
    lines.append(f"    return float({expression.python})")
    body = "\n".join(lines)
    head = [docstring(f"Generated from the expression {expression.text!r}."), ""]
    head += ["import math"] if re.search(r"\bmath\.", body) else []
    head += ["import numpy as np"] if re.search(r"\bnp\.", body) else []
    ours = {"from spikelearn.codegen.jit import scalar", *imports}
    ours |= {
        f"from {module} import {name}" for name, module in VECTORISED.items() if re.search(rf"(?<!\.)\b{name}\(", body)
    }
    kinds = {kind for _, kind in expression.draws}
    ours |= {f"from spikelearn.kernels.random import {kind}" for kind in kinds}
    text = "\n".join([*head, *sorted(ours), "", "", "@scalar", f"def value({', '.join(arguments)}):", body, ""])
    return function_from(text, "value", {})


def in_python(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function made by `function_of` that Python can call; what only compiled code can call is NumPy's in it."""
    made = plain(function)
    known = {**made.__globals__, **_IN_PYTHON}
    return FunctionType(made.__code__, known, None, made.__defaults__, made.__closure__)
