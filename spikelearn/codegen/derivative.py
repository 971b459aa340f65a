"""Derivatives of scalar functions: a function of scalars as text that also gives its partial derivatives.

Forward mode (Wengert 1964, Comm. ACM 7:463), by transformation of the source: beside each variable stand its
derivatives by those arguments on which it depends. Comparisons, and so all branches, are held. Functions that are
called are differentiated in the same way, but for those in `_ELEMENTARY`.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from spikelearn.codegen.functions import arguments_of, function_from
from spikelearn.codegen.jit import scalar
from spikelearn.codegen.simple_form import Given, SimpleForm, names_of, parts_of, statements

_ELEMENTARY: dict[Any, str] = {
    "exp": "{y}",
    "expm1": "({y} + 1.0)",
    "log": "(1.0 / {x})",
    "log1p": "(1.0 / (1.0 + {x}))",
    "sqrt": "(0.5 / {y})",
    "sin": "_math.cos({x})",
    "cos": "-_math.sin({x})",
    "tan": "(1.0 + {y} * {y})",
    "sinh": "_math.cosh({x})",
    "cosh": "_math.sinh({x})",
    "tanh": "(1.0 - {y} * {y})",
    "atan": "(1.0 / (1.0 + {x} * {x}))",
    "arctan": "(1.0 / (1.0 + {x} * {x}))",
}
"""Function of math or NumPy -> its derivative, in which {x} is its argument and {y} its value."""
_HOUSE = {"exponential": "{y}", "expm1": "({y} + 1.0)"}
"""The same for spikelearn.kernels.exponential."""
_WITHOUT = (int, bool, round, math.floor, math.ceil, np.floor, np.ceil, np.sign, range, len)
"""Functions whose derivative is 0."""


@dataclass(frozen=True, eq=False)
class Derivative:
    """function: takes what the original takes; returns all that it returns, then its partial derivatives.

    partials: of each of these, (number of the returned value, argument). outputs: how many values the original returns.
    """

    function: Callable[..., Any]
    outputs: int
    partials: tuple[tuple[int, str], ...]


@functools.cache
def derivative(function: Any, by: tuple[str, ...], given: Given = ()) -> Derivative:
    """The partial derivatives, other than those that are always 0, of a scalar function by these arguments.

    given: arguments that are functions, with the function that each is. Raises DescriptionError, with the line, for
    what cannot be differentiated: calls of unknown functions, operations on whole numbers, indices.
    """
    return _Differentiated(function, by, given).result()


class _Differentiated:
    """One function on its way. depends: variable -> the numbers, in `by`, of the arguments on which it depends."""

    def __init__(self, function: Any, by: tuple[str, ...], given: Given) -> None:
        self.by = by
        self.form = SimpleForm(function, given, _stays, _n_returned)
        self.known: dict[str, Any] = {"_math": math}
        self.depends: dict[str, frozenset[int]] = {name: frozenset({k}) for k, name in enumerate(by)}
        while self._spread():
            pass

    # How far derivatives spread.

    def _spread(self) -> bool:
        """Let variables depend on what is assigned to them; whether there was anything new."""
        before = dict(self.depends)
        for node in statements(self.form.body):
            if isinstance(node, ast.Assign):
                names = names_of(node.targets[0])
                for name, found in zip(names, self._of_values(node.value, len(names)), strict=True):
                    self.depends[name] = self.depends.get(name, frozenset()) | found
        return before != self.depends

    def _of_values(self, node: ast.expr, n: int) -> list[frozenset[int]]:
        called = self.form.called(node)
        if called is None or _rule(called) is not None:
            parts = parts_of(node)
            if len(parts) != n:
                raise self.form.error(node, f"expected {n} values")
            return [self._of(part) for part in parts]
        found = self._derivative_of(node, self._varying(node))
        if found.outputs != n:
            raise self.form.error(node, f"expected {n} values")
        of_argument = dict(zip(arguments_of(called), map(self._of, node.args), strict=True))  # type: ignore[attr-defined]
        none: frozenset[int] = frozenset()
        return [none.union(*(of_argument[name] for k, name in found.partials if k == output)) for output in range(n)]

    def _of(self, node: ast.expr) -> frozenset[int]:
        """The numbers of the arguments on which an expression depends."""
        none: frozenset[int] = frozenset()
        if isinstance(node, ast.Name):
            return self.depends.get(node.id, none)
        if isinstance(node, ast.Compare | ast.Constant | ast.Attribute):
            return none
        if isinstance(node, ast.IfExp):
            return self._of(node.body) | self._of(node.orelse)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return none
        if isinstance(node, ast.Call) and self.form.object_of(node.func) in _WITHOUT:
            return none
        if isinstance(node, ast.Call) and _is_whole(self.form.object_of(node.func)):
            return none
        parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        parts = node.args if isinstance(node, ast.Call) else parts
        found = none.union(*map(self._of, parts))
        if found and not isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call):
            raise self.form.error(node, f"{type(node).__name__} of variables that have derivatives")
        return found

    def _varying(self, call: ast.expr) -> tuple[str, ...]:
        """The arguments of a call that depend on anything."""
        assert isinstance(call, ast.Call)
        called = self.form.called(call)
        if not isinstance(getattr(called, "py_func", called), FunctionType):
            raise self.form.error(call, "its derivative is not known")
        names = arguments_of(called)
        if len(names) != len(call.args):
            raise self.form.error(call, f"expected {len(names)} arguments")
        return tuple(name for name, node in zip(names, call.args, strict=True) if self._of(node))

    def _derivative_of(self, call: ast.expr, by: tuple[str, ...]) -> Derivative:
        assert isinstance(call, ast.Call)
        return derivative(self.form.called(call), by, self.form.given_to(call))

    # Text.

    def result(self) -> Derivative:
        outputs = [frozenset[int]().union(*found) for found in zip(*self._returned(), strict=True)]
        self.partials = [(output, k) for output, found in enumerate(outputs) for k in sorted(found)]
        starts = [
            f"{_d(k, name)} = {float(name == self.by[k])}" for name in sorted(self.depends) for k in self._all(name)
        ]
        lines = [*starts, *self._lines(self.form.body)]
        head = f"def {self.form.name}({', '.join(self.form.arguments)}):"
        text = "\n    ".join([head, *lines]) + "\n"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Name) and node.id not in self.known and node.id not in self.form.arguments:
                if (found := self.form.object_of(node)) is not None:
                    self.known[node.id] = found
        made = scalar(function_from(text, self.form.name, self.known))
        return Derivative(made, self.form.outputs, tuple((output, self.by[k]) for output, k in self.partials))

    def _returned(self) -> Iterable[list[frozenset[int]]]:
        return ([self._of(part) for part in parts_of(node.value)] for node in self.form.returns)

    def _all(self, name: str) -> list[int]:
        return sorted(self.depends.get(name, ()))

    def _lines(self, body: Sequence[ast.stmt]) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.Assign):
                yield from self._assignment(node)
            elif isinstance(node, ast.Return):
                parts = parts_of(node.value)
                values = [
                    *map(ast.unparse, parts),
                    *(self._by(parts[output], k) or "0.0" for output, k in self.partials),
                ]
                yield f"return {', '.join(values)}"
            elif isinstance(node, ast.If):
                yield f"if {ast.unparse(node.test)}:"
                yield from self._block(node.body)
                if node.orelse:
                    yield "else:"
                    yield from self._block(node.orelse)
            elif isinstance(node, ast.For):
                yield f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}:"
                yield from self._block(node.body)
            elif isinstance(node, ast.While):
                yield f"while {ast.unparse(node.test)}:"
                yield from self._block(node.body)
            else:
                yield ast.unparse(node)

    def _block(self, body: Sequence[ast.stmt]) -> Iterator[str]:
        lines = list(self._lines(body)) or ["pass"]
        yield from (f"    {line}" for line in lines)

    def _assignment(self, node: ast.Assign) -> Iterator[str]:
        names, called = names_of(node.targets[0]), self.form.called(node.value)
        if called is not None and _rule(called) is None:
            yield from self._call(node, names)
            return
        parts = parts_of(node.value)
        targets, values = list(names), list(map(ast.unparse, parts))
        for name, part in zip(names, parts, strict=True):
            for k in self._all(name):
                targets.append(_d(k, name))
                values.append(self._by_value(part, called, k, name) or "0.0")
        yield f"{', '.join(targets)} = {', '.join(values)}"

    def _by_value(self, part: ast.expr, called: Any, k: int, name: str) -> str | None:
        """Of the value of an assignment, which may be a call of an elementary function."""
        if called is None:
            return self._by(part, k)
        assert isinstance(part, ast.Call)
        [argument] = part.args
        inner = self._by(argument, k)
        rule = _rule(called)
        assert rule is not None
        outer = rule.format(x=f"({ast.unparse(argument)})", y=ast.unparse(part))
        return None if inner is None else f"{outer} * {inner}"

    def _call(self, node: ast.Assign, names: list[str]) -> Iterator[str]:
        """Lines for a call of a function that is differentiated itself: the chain rule."""
        call = node.value
        assert isinstance(call, ast.Call)
        by = self._varying(call)
        if not by:
            zeros = [f"{_d(k, name)} = 0.0" for name in names for k in self._all(name)]
            yield from [f"{', '.join(names)} = {ast.unparse(call)}", *zeros]
            return
        found = self._derivative_of(call, by)
        alias = f"_{found.function.__name__.lstrip('_')}_{len(self.known)}"
        self.known[alias] = found.function
        values = [f"_v{k}" for k in range(found.outputs)]
        partials = [f"_p{k}" for k in range(len(found.partials))]
        yield f"{', '.join([*values, *partials])} = {alias}({', '.join(map(ast.unparse, call.args))})"
        argument = dict(zip(arguments_of(self.form.called(call)), call.args, strict=True))
        targets = list(names)
        for output, name in enumerate(names):
            for k in self._all(name):
                inner = [(partial, self._by(argument[of], k)) for partial, of in self._of_output(found, output)]
                targets.append(_d(k, name))
                values.append(" + ".join(f"{partial} * {each}" for partial, each in inner if each) or "0.0")
        yield f"{', '.join(targets)} = {', '.join(values)}"

    @staticmethod
    def _of_output(found: Derivative, output: int) -> Iterator[tuple[str, str]]:
        """The variable that holds each partial derivative of a returned value, and by which argument it is."""
        return ((f"_p{number}", by) for number, (of, by) in enumerate(found.partials) if of == output)

    def _by(self, node: ast.expr, k: int) -> str | None:
        """The derivative of an expression by argument k, in brackets; None if it is always 0."""
        if k not in self._of(node):
            return None
        if isinstance(node, ast.Name):
            return _d(k, node.id)
        if isinstance(node, ast.UnaryOp):
            return f"({ast.unparse(ast.UnaryOp(node.op, ast.Name('_')))[:-1]}{self._by(node.operand, k)})"
        if isinstance(node, ast.IfExp):
            one, other = self._by(node.body, k) or "0.0", self._by(node.orelse, k) or "0.0"
            return f"({one} if {ast.unparse(node.test)} else {other})"
        if isinstance(node, ast.BinOp):
            return self._by_operation(node, k)
        assert isinstance(node, ast.Call)
        called, x = self.form.object_of(node.func), [f"({ast.unparse(argument)})" for argument in node.args]
        inner = [self._by(argument, k) or "0.0" for argument in node.args]
        if called in (abs, math.fabs, np.abs):
            return f"({inner[0]} if {x[0]} >= 0.0 else -{inner[0]})"
        if called in (min, np.minimum):
            return f"({inner[0]} if {x[0]} <= {x[1]} else {inner[1]})"
        if called in (max, np.maximum):
            return f"({inner[0]} if {x[0]} >= {x[1]} else {inner[1]})"
        return inner[0]

    def _by_operation(self, node: ast.BinOp, k: int) -> str:
        a, b = f"({ast.unparse(node.left)})", f"({ast.unparse(node.right)})"
        da, db = self._by(node.left, k), self._by(node.right, k)
        if isinstance(node.op, ast.Add | ast.Sub):
            sign = "+" if isinstance(node.op, ast.Add) else "-"
            return f"({da} {sign} {db})" if da and db else da or (f"(-{db})" if sign == "-" else str(db))
        if isinstance(node.op, ast.Mult):
            terms = [f"{da} * {b}"] * (da is not None) + [f"{a} * {db}"] * (db is not None)
            return f"({' + '.join(terms)})"
        if isinstance(node.op, ast.Div):
            above = f"({da} - {a} / {b} * {db})" if da and db else da or f"(-{a} / {b} * {db})"
            return f"({above} / {b})"
        if isinstance(node.op, ast.Pow):
            terms = [f"{b} * {a} ** ({b} - 1) * {da}"] * (da is not None)
            terms += [f"{a} ** {b} * _math.log({a}) * {db}"] * (db is not None)
            return f"({' + '.join(terms)})"
        raise self.form.error(node, "an operation on whole numbers")


def _stays(called: Any) -> bool:
    """Whether a call of it needs no assignment of its own."""
    if called in (min, max, abs, float, math.fabs, np.abs, np.minimum, np.maximum) or called in _WITHOUT:
        return True
    return isinstance(called, type) and issubclass(called, np.generic)


def _n_returned(called: Any, given: Given) -> int:
    known = _rule(called) is not None or not isinstance(getattr(called, "py_func", called), FunctionType)
    return 1 if known else derivative(called, (), given).outputs


def _d(k: int, name: str) -> str:
    """The variable that holds the derivative of a variable by argument k."""
    return f"_d{k}_{name}"


def _rule(called: Any) -> str | None:
    """The derivative of an elementary function, in which {x} is its argument and {y} its value; None of others."""
    name = getattr(called, "__name__", "")
    if getattr(called, "__module__", "") == "spikelearn.kernels.exponential":
        return _HOUSE.get(name)
    known = called in (getattr(math, name, None), getattr(np, name, None))
    return _ELEMENTARY.get(name) if known else None


def _is_whole(called: Any) -> bool:
    return isinstance(called, type) and issubclass(called, np.integer | np.bool_)
