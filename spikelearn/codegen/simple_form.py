"""Source of a scalar function in a simple form, in which each call stands alone: for transformations of the source."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import Any, TypeAlias

from spikelearn.codegen.functions import arguments_of
from spikelearn.errors import DescriptionError

_RESERVED = re.compile(r"_(\d+|[dpv]\d+(_.*)?|math)")
"""Names of variables that transformations add."""

Given: TypeAlias = tuple[tuple[str, Any], ...]


class SimpleForm:
    """The statements of a function, in which others are called only as the whole value of an assignment.

    given: arguments that are functions, with the function that each is. inline: whether a called object may stay within
    an expression. n_returned: function(called, its `given`) -> how many values it returns.

    body: its statements; assignments are all of one value, or one tuple, to names. Raises DescriptionError for what has
    no such form.
    """

    def __init__(
        self, function: Any, given: Given, inline: Callable[[Any], bool], n_returned: Callable[[Any, Given], int]
    ) -> None:
        self.plain, self.given = getattr(function, "py_func", function), dict(given)
        self._inline, self._n_returned, self._n_hoisted = inline, n_returned, 0
        tree = self._tree()
        self.name, self.arguments = tree.name, arguments_of(function)
        for name in self.plain.__code__.co_varnames:
            if _RESERVED.fullmatch(name):
                raise self.error(tree, f"a variable is called {name!r}")
        self.body = self._all_simple(tree.body)
        self.returns = [node for node in statements(self.body) if isinstance(node, ast.Return)]
        sizes = {len(parts_of(node.value)) for node in self.returns}
        if len(sizes) != 1:
            raise self.error(tree, "it returns nothing, or different numbers of values")
        [self.outputs] = sizes

    def error(self, node: ast.AST, why: str) -> DescriptionError:
        line = f", line {node.lineno}: {ast.unparse(node).splitlines()[0]}" if hasattr(node, "lineno") else ""
        return DescriptionError(f"{self.plain.__name__} cannot be differentiated: {why}{line}")

    def object_of(self, node: ast.expr) -> Any:
        """What a name, or an attribute of a module, stands for; None if that is a variable."""
        if isinstance(node, ast.Attribute):
            return getattr(self.object_of(node.value), node.attr, None)
        if not isinstance(node, ast.Name):
            return None
        if node.id in self.given:
            return self.given[node.id]
        if node.id in self.plain.__code__.co_varnames:
            return None
        closed = inspect.getclosurevars(self.plain) if self.plain.__closure__ else None
        if closed is not None and node.id in closed.nonlocals:
            return closed.nonlocals[node.id]
        return self.plain.__globals__.get(node.id, getattr(builtins, node.id, None))

    def called(self, node: ast.expr) -> Any:
        """The function that an expression is a call of; None if it is none, or of one that may stay within."""
        if not isinstance(node, ast.Call):
            return None
        called = self.object_of(node.func)
        if called is None:
            raise self.error(node, "it calls what is no known function")
        return None if self._inline(called) else called

    def given_to(self, call: ast.Call) -> Given:
        """The arguments of a call that are functions."""
        called = self.called(call)
        if not isinstance(getattr(called, "py_func", called), FunctionType):
            return ()
        objects = zip(arguments_of(called), map(self.object_of, call.args), strict=False)
        return tuple((name, found) for name, found in objects if callable(found))

    def _tree(self) -> ast.FunctionDef:
        try:
            [tree] = ast.parse(textwrap.dedent(inspect.getsource(self.plain))).body
        except (OSError, TypeError, SyntaxError, ValueError) as error:
            name = getattr(self.plain, "__name__", self.plain)
            raise DescriptionError(f"{name} cannot be differentiated: its source cannot be read: {error}") from error
        if not isinstance(tree, ast.FunctionDef):
            raise self.error(tree, "expected a function that is defined with def")
        return tree

    def _all_simple(self, body: Iterable[ast.stmt]) -> list[ast.stmt]:
        return [ast.copy_location(simple, each) for each in body for simple in self._simple(each)]

    def _simple(self, node: ast.stmt) -> Iterator[ast.stmt]:
        before: list[ast.stmt] = []
        if isinstance(node, ast.Pass | ast.Break | ast.Continue):
            yield node
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            for target, value in self._assigned(node):
                value = self._hoisted(value, before, whole=True)
                yield from before
                before.clear()
                yield ast.Assign([target], value)
        elif isinstance(node, ast.Return) and node.value is not None:
            value = self._hoisted(node.value, before, whole=True)
            if isinstance(value, ast.Call) and self.called(value) is not None:
                n = self._n_returned(self.called(value), self.given_to(value))
                names: list[ast.expr] = [self._new_name() for _ in range(n)]
                target = ast.Tuple(names) if len(names) > 1 else names[0]
                before.append(ast.Assign([target], value))
                value = target
            yield from before
            yield ast.Return(value)
        elif isinstance(node, ast.If):
            test = self._hoisted(node.test, before)
            yield from before
            yield ast.If(test, self._all_simple(node.body), self._all_simple(node.orelse))
        elif isinstance(node, ast.For) and not node.orelse:
            over = self._hoisted(node.iter, before)
            yield from before
            yield ast.For(node.target, over, self._all_simple(node.body), [])
        elif isinstance(node, ast.While) and not node.orelse:
            test = self._hoisted(node.test, before)
            if before:
                raise self.error(node, "a call in the condition of a loop")
            yield ast.While(test, self._all_simple(node.body), [])
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            raise self.error(node, f"{type(node).__name__} is not among what can be")

    def _assigned(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> Iterator[tuple[ast.expr, ast.expr]]:
        if isinstance(node, ast.AugAssign):
            yield node.target, ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if not all(isinstance(name, ast.Name) for name in parts_of(target)) or node.value is None:
                raise self.error(node, "it assigns to something else than variables")
            yield target, node.value

    def _hoisted(self, node: ast.expr, before: list[ast.stmt], whole: bool = False) -> ast.expr:
        """An expression without calls, which become assignments before it. whole: it may be a call itself."""
        owner = self

        class Hoist(ast.NodeTransformer):
            def visit_Call(self, call: ast.Call) -> ast.expr:
                if call.keywords or any(isinstance(argument, ast.Starred) for argument in call.args):
                    raise owner.error(call, "arguments are given by name or with a star")
                given = call
                if owner.object_of(call.func) in (min, max) and len(call.args) > 2:
                    first = ast.copy_location(ast.Call(call.func, call.args[:-1], []), call)
                    call = ast.copy_location(ast.Call(call.func, [first, call.args[-1]], []), call)
                call.args = [self.visit(argument) for argument in call.args]
                if owner.called(call) is None or (whole and given is node):
                    return call
                name = owner._new_name()
                before.append(ast.Assign([name], call))
                return name

            def visit_Lambda(self, found: ast.Lambda) -> ast.expr:
                raise owner.error(found, "a function within a function")

        return Hoist().visit(node)

    def _new_name(self) -> ast.Name:
        self._n_hoisted += 1
        return ast.Name(f"_{self._n_hoisted}")


def parts_of(node: ast.expr | None) -> list[ast.expr]:
    """The elements of a tuple, or the one expression."""
    return list(node.elts) if isinstance(node, ast.Tuple) else [node] if node is not None else []


def names_of(target: ast.expr) -> list[str]:
    return [part.id for part in parts_of(target) if isinstance(part, ast.Name)]


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements, also those within others."""
    for node in body:
        yield node
        for part in ("body", "orelse"):
            yield from statements(getattr(node, part, ()))
