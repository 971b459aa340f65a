"""Model files without a class `Parameters`: the keyword arguments of `simulate` are the parameters."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from spikelearn.experiments.outcome import Outcome

OF_THE_RUN = ("seed", "sink", "progress")
"""Arguments of `simulate` that are no parameters of the model; each is given only to a function that takes it."""
INFERRED = {bool: bool, int: int | float, float: float, str: str, tuple: tuple}
"""Type of a default -> type of a parameter without an annotation."""


def takes(simulate: Callable[..., Any], name: str) -> bool:
    """Whether a function has an argument of this name, or takes any."""
    arguments = inspect.signature(simulate).parameters
    return name in arguments or any(each.kind is inspect.Parameter.VAR_KEYWORD for each in arguments.values())


def parameters_of(simulate: Callable[..., Any], module: str) -> tuple[type, list[str]]:
    """A frozen dataclass with a field for each argument of `simulate` that is a parameter, and what is wrong with them.

    An argument has a default, and an annotation or a default of a type that stands for itself: a bool, number, text or
    tuple. `Annotated[float, "Hz", "rate of each input"]` gives the unit and the meaning as well. module: name of the
    module in which the class can be found as `Parameters`, so that its objects can be pickled.
    """
    try:
        hints = get_type_hints(simulate, include_extras=True)
    except (NameError, TypeError) as error:
        return _dataclass([], module), [f"annotations of `simulate` cannot be read: {error}"]
    fields, problems = [], []
    for name, argument in inspect.signature(simulate).parameters.items():
        if name in OF_THE_RUN:
            continue
        kind, unit, meaning = _declared(hints.get(name), argument.default)
        if argument.kind not in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            problems.append(f"`simulate` has {argument}: expected arguments that can be given by name")
        elif argument.default is inspect.Parameter.empty:
            problems.append(_without_default(name))
        elif kind is None:
            problems.append(f"argument {name!r} of `simulate` needs an annotation: its default is {argument.default!r}")
        elif isinstance(argument.default, list | dict | set):
            problems.append(f"argument {name!r} of `simulate` needs a default that cannot change, such as a tuple")
        else:
            default = dataclasses.field(default=argument.default, metadata={"unit": unit, "doc": meaning})
            fields.append((name, kind, default))
    return _dataclass(fields, module), problems


def _without_default(name: str) -> str:
    if name in ("parameters", "p"):
        return f"`simulate` takes {name!r}, so the file needs a frozen dataclass `Parameters`"
    return f"argument {name!r} of `simulate` needs a default"


def _declared(hint: Any, default: Any) -> tuple[Any, str, str]:
    """Type, unit and meaning of an argument; the type is None if there is none."""
    if get_origin(hint) is Annotated:
        kind, *said = get_args(hint)
        unit, meaning, *_ = [*(each for each in said if isinstance(each, str)), "", ""]
        return kind, unit, meaning
    return (INFERRED.get(type(default)) if hint is None else hint), "", ""


def _dataclass(fields: list[Any], module: str) -> type:
    return dataclasses.make_dataclass("Parameters", fields, frozen=True, namespace={"__module__": module})


def called_with_parameters(simulate: Callable[..., Any]) -> Callable[..., Outcome]:
    """`simulate(parameters, seed, sink=None, progress=None)` for a function of keyword arguments."""

    @functools.wraps(simulate)
    def simulate_with(parameters: Any, seed: int, sink: Any = None, progress: Any = None) -> Outcome:
        values = {each.name: getattr(parameters, each.name) for each in dataclasses.fields(parameters)}
        of_the_run = {"seed": seed, "sink": sink, "progress": progress}
        return simulate(**values, **{name: x for name, x in of_the_run.items() if takes(simulate, name)})

    return simulate_with


def called_with_what_it_takes(simulate: Callable[..., Any]) -> Callable[..., Outcome]:
    """The same for a function of `Parameters`, which may lack sink and progress."""
    if takes(simulate, "sink") and takes(simulate, "progress"):
        return simulate

    @functools.wraps(simulate)
    def simulate_with(parameters: Any, seed: int, sink: Any = None, progress: Any = None) -> Outcome:
        given = {"sink": sink, "progress": progress}
        return simulate(parameters, seed, **{name: x for name, x in given.items() if takes(simulate, name)})

    return simulate_with
