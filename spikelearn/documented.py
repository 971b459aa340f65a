"""Self-documenting models and rules: what `help`, `inspect.signature` and editors show is generated from their data.

It is generated on access only, so it costs nothing otherwise.
"""

from __future__ import annotations

import functools
import inspect
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from spikelearn.codegen.pickling import PickledByName
from spikelearn.parameters import declared_units, meanings
from spikelearn.values import path_for_writing

WIDTH = 100


class _Docstring:
    """`__doc__` of a class: its own text; of an instance: a description of the object."""

    def __init__(self, of_class: str | None) -> None:
        self.of_class = of_class

    def __get__(self, instance: Documented | None, owner: type) -> str | None:
        return self.of_class if instance is None else documentation(instance)


class _Signature:
    """`__signature__` of an instance: that of a call with its parameters; of a class: that of its constructor."""

    def __get__(self, instance: Documented | None, owner: type) -> inspect.Signature:
        if instance is None:
            raise AttributeError("__signature__")
        return signature(instance)


class Documented(PickledByName):
    """Base of models that are called with parameters: neuron models, plasticity rules, synapse models.

    A subclass has `name` and `Parameters`, a NamedTuple of `name: Annotated[unit, meaning] = default`, and can add
    further sections in `facts`. The description of a model and its source are the docstring of the module that defines
    it.
    """

    name: str
    Parameters: Any
    __signature__ = _Signature()
    takes_first: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        setattr(cls, "__doc__", _Docstring(cls.__doc__))  # noqa: B010 (a text is what type checkers expect)

    def facts(self) -> Iterator[tuple[str, str]]:
        """(heading, text) of the sections beyond the parameters, in order; empty ones are left out."""
        yield from ()


class FromSource(Documented):
    """Base of models whose functions are defined in a text, a file or one made from equations."""

    @property
    def source(self) -> str:
        """The text of the module that defines the model."""
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `source` to a file that can be edited and imported; it defines `Model`."""
        path_for_writing(path, f"path of save of {self.name}").write_text(self.source, encoding="utf-8")


def signature(of: Documented) -> inspect.Signature:
    """The signature of a call: each parameter by name, with its unit and default; NaN: no default."""
    units, defaults = declared_units(of.Parameters), of.Parameters._field_defaults
    first = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in of.takes_first]
    named = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=defaults[name] if _is_default(defaults.get(name, math.nan)) else inspect.Parameter.empty,
            annotation=units[name],
        )
        for name in of.Parameters._fields
    ]
    return inspect.Signature([*first, *named])


def _is_default(value: Any) -> bool:
    return not (isinstance(value, float) and math.isnan(value))


def documentation(of: Documented) -> str:
    """The reference page of a model or rule: call, description, parameters, facts."""
    blocks = [_call(of), module_docstring(of), _parameters(of)]
    blocks += [_section(heading, text) for heading, text in of.facts() if text.strip()]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _call(of: Documented) -> str:
    import textwrap

    known = signature(of).parameters.values()
    shown = [p.name if p.default is p.empty else f"{p.name}={p.default:g}" for p in known]
    lead = f"{of.name}("
    return textwrap.fill(f"{lead}{', '.join(shown)})", WIDTH, subsequent_indent=" " * len(lead), break_long_words=False)


def _parameters(of: Documented) -> str:
    known, units = meanings(of.Parameters), declared_units(of.Parameters)
    lines = []
    for parameter in signature(of).parameters.values():
        if parameter.name in of.takes_first:
            continue
        default = "" if parameter.default is parameter.empty else f", default {parameter.default:g}"
        lines += [f"{parameter.name} : {units[parameter.name]}{default}"]
        lines += [f"    {known[parameter.name]}"] if known[parameter.name] else []
    return _section("Parameters", "\n".join(lines))


def _section(heading: str, text: str) -> str:
    return f"{heading}\n{'-' * len(heading)}\n{inspect.cleandoc(text)}" if text else ""


def module_docstring(of: Documented) -> str:
    """The docstring of the module that defines a model, found among the modules of its functions."""
    found = list(_namespaces(vars(of).values()))
    own = [names for names in found if any(value is of for value in list(names.values()))]
    texts = [names.get("__doc__") for names in (*own, *found) if names.get("__name__") != "__main__"]
    return inspect.cleandoc(next((text for text in texts if text), ""))


def _namespaces(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """The globals of each function among the values, then those of the module of each class."""
    values = list(values)
    for value in values:
        while isinstance(value, functools.partial):
            value = value.func
        function = getattr(value, "py_func", value)
        if hasattr(function, "__globals__"):
            yield function.__globals__
    for value in values:
        if isinstance(value, type) and value.__module__ in sys.modules:
            yield vars(sys.modules[value.__module__])


def listed(units: Mapping[str, str]) -> str:
    """'V_m (mV), refractory' of {"V_m": "mV", "refractory": "1"}."""
    return ", ".join(name if unit == "1" else f"{name} ({unit})" for name, unit in units.items())


def equations_and(equations: str, happens: Mapping[str, str]) -> str:
    """Equations, followed by the statements of each occasion; occasions without statements are left out."""
    blocks = [inspect.cleandoc(equations).strip()]
    for occasion, text in happens.items():
        lines = inspect.cleandoc(text).strip().splitlines()
        blocks += ["\n".join([f"{occasion}:", *(f"    {line}" for line in lines)])] if lines else []
    return "\n".join(block for block in blocks if block)
