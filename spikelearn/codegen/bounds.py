"""Bounds checks in compiled functions of users: an index outside an array raises IndexError, as in Python.

Compiled code has none by default and would write to whatever is there. The environment variable
SPIKELEARN_BOUNDS_CHECKS=0, read when spikelearn is imported, turns them off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from spikelearn.errors import DescriptionError

VARIABLE = "SPIKELEARN_BOUNDS_CHECKS"
CHECKED: bool = os.environ.get(VARIABLE, "1") != "0"
_LIBRARIES = frozenset({"numba", "numpy", "llvmlite", "math", "spikelearn"})


def is_of_user(function: Any) -> bool:
    """Whether a function is neither of spikelearn nor of a module that it rendered. Model files are as a user's."""
    module = str(getattr(function, "__module__", ""))
    return module.startswith("spikelearn.models.") or not module.startswith(("spikelearn.", "spikelearn_module_"))


def calls_users(function: Any) -> bool:
    """Whether a function refers to a compiled function of a user."""
    values: Iterator[Any] = (function.__globals__.get(name) for name in _names(function.__code__))
    return any(hasattr(value, "py_func") and is_of_user(value.py_func) for value in values)


def check_indexing(function: Any) -> None:
    """Raise DescriptionError if a function uses `flat`, the one kind of index that Numba does not check."""
    plain = getattr(function, "py_func", function)
    if isinstance(plain, FunctionType) and "flat" in _names(plain.__code__):
        raise DescriptionError(
            f"function {plain.__name__!r}, {plain.__code__.co_filename}, line {plain.__code__.co_firstlineno}: indices "
            "of `flat` are not checked; index the array itself, or array.ravel() of a contiguous one"
        )


def with_helpers(
    function: FunctionType, change: Callable[[Any], Any], wanted: Callable[[Any], bool] = is_of_user
) -> FunctionType:
    """A function in which `change` replaces the compiled functions that it refers to by name, those that are `wanted`.

    They are found among global values, closed-over values and members of modules.
    """
    names = _names(function.__code__)

    def changed(value: Any) -> Any:
        if hasattr(value, "py_func") and wanted(value.py_func):
            return change(value)
        if isinstance(value, ModuleType) and value.__name__.partition(".")[0] not in _LIBRARIES:
            return _changed_module(value, names, change, wanted)
        return value

    found = {name: changed(function.__globals__[name]) for name in names & function.__globals__.keys()}
    cells = tuple(_changed_cell(cell, changed) for cell in function.__closure__ or ())
    same = all(found[name] is function.__globals__[name] for name in found)
    if same and all(one is other for one, other in zip(cells, function.__closure__ or (), strict=True)):
        return function
    copy = FunctionType(
        function.__code__, {**function.__globals__, **found}, function.__name__, function.__defaults__, cells or None
    )
    copy.__kwdefaults__, copy.__module__, copy.__qualname__ = (
        function.__kwdefaults__, function.__module__, function.__qualname__,
    )  # fmt: skip
    return copy


def _changed_cell(cell: CellType, changed: Callable[[Any], Any]) -> CellType:
    try:
        before = cell.cell_contents
    except ValueError:  # not defined yet
        return cell
    after = changed(before)
    return cell if after is before else CellType(after)


def _changed_module(
    module: ModuleType, names: set[str], change: Callable[[Any], Any], wanted: Callable[[Any], bool]
) -> ModuleType:
    """A module with changed members, or the module itself if none is."""
    found = {
        name: change(value)
        for name, value in vars(module).items()
        if name in names and hasattr(value, "py_func") and wanted(value.py_func)
    }
    if not found:
        return module
    copy = ModuleType(module.__name__)
    vars(copy).update({**vars(module), **found})
    return copy


def _names(code: CodeType) -> set[str]:
    """All names in code, with those of functions within it."""
    names = {*code.co_names, *code.co_freevars}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names
