"""Random numbers of Python and NumPy, whose state no seed of a network sets, in functions that are to be compiled."""

from __future__ import annotations

import dis
from types import CodeType, FunctionType, ModuleType
from typing import Any

from spikelearn.errors import DescriptionError

_LIBRARIES = ("numba", "numpy", "math", "spikelearn")


def check_seeded(function: Any, what: str) -> None:
    """Raise DescriptionError, naming `what`, if a function, or one that it calls, draws from such random numbers."""
    plain = getattr(function, "py_func", function)
    found = _drawn(plain, set()) if isinstance(plain, FunctionType) else None
    if found is not None:
        raise DescriptionError(
            f"{what}: {found} has a state that no seed of a Network sets, so that runs could not be repeated; use "
            "spikelearn.random_uniform(seed, key, counter), for example with the step as counter"
        )


def _drawn(function: FunctionType, seen: set[int]) -> str | None:
    """The first name that draws from global random numbers, in this function or in what it calls."""
    if id(function) in seen:
        return None
    seen.add(id(function))
    closed = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    return _drawn_in(function.__code__, function.__globals__, closed, seen)


def _drawn_in(code: CodeType, globals_: dict[str, Any], closed: dict[str, Any], seen: set[int]) -> str | None:
    value: Any = None
    name = ""
    for each in dis.get_instructions(code):
        if each.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_FREE"):
            name = str(each.argval)
            value = globals_.get(name)
            if name in closed:
                try:
                    value = closed[name].cell_contents
                except ValueError:  # not yet defined
                    value = None
        elif each.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(value, ModuleType):
            name, value = f"{name}.{each.argval}", getattr(value, str(each.argval), None)
        else:
            value = None
        if _is_random(value):
            return name
        plain = getattr(value, "py_func", value)
        if isinstance(plain, FunctionType) and str(plain.__module__).partition(".")[0] not in _LIBRARIES:
            found = _drawn(plain, seen)
            if found is not None:
                return found
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found = _drawn_in(constant, globals_, closed, seen)
            if found is not None:
                return found
    return None


def _is_random(value: Any) -> bool:
    """Whether it is one of the modules, or one of their functions or generators."""
    if isinstance(value, ModuleType):
        return value.__name__ in ("random", "numpy.random")
    owner = getattr(value, "__self__", None)
    kinds = [type(value), *([] if owner is None or isinstance(owner, ModuleType) else [type(owner)])]
    return any(
        kind.__module__.partition(".")[0] == "random" or kind.__module__.startswith("numpy.random") for kind in kinds
    )
