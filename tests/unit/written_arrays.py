"""Which of its arguments a kernel writes to, as its code has it: stores into them, and calls of others that do."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

EVERYTHING = {"user"}
"""Functions of users, which may write to all that they are given."""


@dataclass(eq=False)
class Code:
    """The text of a module: functions, and what it imports."""

    tree: ast.Module
    found: dict[str, frozenset[str]] = field(default_factory=dict)

    @functools.cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    @functools.cached_property
    def imported(self) -> dict[str, Any]:
        froms = [node for node in self.tree.body if isinstance(node, ast.ImportFrom) and node.module]
        return {
            alias.asname or alias.name: getattr(importlib.import_module(node.module), alias.name)
            for node in froms if node.module.startswith("spikelearn.")
            for alias in node.names
        }  # fmt: skip

    def written(self, name: str) -> frozenset[str]:
        """The parameters of a function that it writes to."""
        if name not in self.found:
            self.found[name] = frozenset()
            self.found[name] = frozenset(_Function(self, self.functions[name]).written())
        return self.found[name]

    def parameters(self, name: str) -> list[str]:
        return [argument.arg for argument in self.functions[name].args.args]


@functools.cache
def code_of(module: ModuleType) -> Code:
    return Code(ast.parse(inspect.getsource(module)))


class _Function:
    def __init__(self, code: Code, node: ast.FunctionDef) -> None:
        self.code, self.node = code, node
        self.stands_for: dict[str, set[str]] = {argument.arg: {argument.arg} for argument in node.args.args}
        """Names, and the parameters that they are, or are parts of."""

    def written(self) -> set[str]:
        before = -1
        while before != (before := sum(map(len, self.stands_for.values()))):
            for node in ast.walk(self.node):
                if isinstance(node, ast.Assign):
                    for target in node.targets:
                        self._name(target, node.value)
        return {name for node in ast.walk(self.node) for name in self._written_by(node)}

    def _name(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, other in zip(target.elts, value.elts, strict=True):
                self._name(one, other)
        elif isinstance(target, ast.Name):
            self.stands_for.setdefault(target.id, set()).update(self._of(value))

    def _of(self, value: ast.expr) -> set[str]:
        if isinstance(value, ast.Name):
            return self.stands_for.get(value.id, set())
        if isinstance(value, ast.Subscript | ast.Attribute):
            return self._of(value.value)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            if isinstance(self.code.imported.get(value.func.id), type):
                return {name for argument in value.args for name in self._of(argument)}
        return set()

    def _written_by(self, node: ast.AST) -> Iterator[str]:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        for target in targets:
            for each in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(each, ast.Subscript):
                    yield from self._of(each.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for argument in self._changed_by_call(node.func.id, node.args):
                yield from self._of(argument)

    def _changed_by_call(self, name: str, arguments: list[ast.expr]) -> list[ast.expr]:
        if name in EVERYTHING:
            return [argument for argument in arguments if isinstance(argument, ast.Name) and argument.id != "step"]
        code: Code | None = None
        if name in self.code.functions:
            code, called = self.code, name
        elif name in self.code.imported:
            function = getattr(self.code.imported[name], "py_func", self.code.imported[name])
            if inspect.isfunction(function) and function.__module__.startswith("spikelearn."):
                code, called = code_of(inspect.getmodule(function)), function.__name__
        if code is None or called not in code.functions:
            return []
        written = code.written(called)
        if any(isinstance(argument, ast.Starred) for argument in arguments):
            return arguments if written else []
        return [a for parameter, a in zip(code.parameters(called), arguments, strict=True) if parameter in written]
