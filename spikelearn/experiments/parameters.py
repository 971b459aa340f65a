"""Parameters of model files: declaring them, and setting their values, including from text."""

from __future__ import annotations

import dataclasses
import math
import re
import types
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import field
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from spikelearn.errors import ExperimentError, SpikelearnError
from spikelearn.experiments.model_file import Experiment
from spikelearn.experiments.outcome import Expected
from spikelearn.parameters import suggest

MILLISECONDS = {"": 1.0, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6}
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class ParameterRow(NamedTuple):
    """One parameter of an experiment: its value, and its declaration in the model file."""

    name: str
    value: Any
    default: Any
    unit: str
    doc: str


def parameter(default: Any, unit: str, doc: str, minimum: float | None = None) -> Any:
    """A field of Parameters: its default, unit ("" for names and numbers without one) and meaning.

    minimum: the smallest value that a setting may have; by default 0 for whole numbers whose default is not below 0.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Parameters:
    ...     rate: float = parameter(20.0, "Hz", "rate of each input")
    >>> Parameters().rate
    20.0
    """
    return field(default=default, metadata={"unit": unit, "doc": doc, "minimum": minimum})


def set_parameters(experiment: Experiment, settings: Mapping[str, Any] | None = None, quick: bool = False) -> Any:
    """The experiment's Parameters: defaults, then QUICK if `quick`, then `settings`.

    settings: name -> value, or text converted to the type of the field ('1,2,3' to a tuple, 'none' to None).
    Raises ExperimentError for an unknown name, and for a value of the wrong type, NaN or infinite.

    >>> model = load_experiment("brunel_2000")
    >>> p = set_parameters(model, {"g": "4.5", "order": 100}, quick=True)
    >>> p.g, p.order, p.duration
    (4.5, 100, 300.0)
    """
    values = {**(experiment.quick if quick else {}), **converted(experiment, settings or {})}
    try:
        return experiment.parameters(**values)
    except SpikelearnError:
        raise
    except Exception as error:
        what = "" if isinstance(error, ValueError | TypeError) else f"{type(error).__name__}: "
        raise ExperimentError(f"parameters of {experiment.name}: {what}{error}") from error


def expected_of(experiment: Experiment, parameters: Any) -> Mapping[str, Expected]:
    """Metric -> what is expected with these parameters: those of a form of the model, otherwise `PUBLISHED`.

    >>> model = load_experiment("brunel_2000")
    >>> expected_of(model, set_parameters(model, {"g": 4.5, "eta": 0.9}))["rate_hz"].value
    5.69
    """
    for form in experiment.forms:
        if form.published is not None and set_parameters(experiment, form.settings) == parameters:
            return form.published
    return experiment.published


def converted(experiment: Experiment, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, values or text, converted to the types of the parameters. Raises ExperimentError.

    >>> converted(load_experiment("brunel_2000"), {"g": "4.5", "order": "1e3"})
    {'g': 4.5, 'order': 1000}
    """
    known, hints = parameter_names(experiment), get_type_hints(experiment.parameters)
    fields = {each.name: each for each in dataclasses.fields(experiment.parameters)}
    values = {}
    for name, given in settings.items():
        if name not in known:
            raise ExperimentError(
                f"{experiment.name} has no parameter {name!r}{suggest(name, known)}; it has: {', '.join(known)}"
            )
        try:
            values[name] = _converted(_as_text(given), hints[name])
            minimum = _minimum(fields[name], hints[name])
            if isinstance(values[name], int | float) and values[name] < minimum:
                raise ValueError(f"expected at least {minimum:g}")
        except ValueError as error:
            where = f"parameter {name!r} of {experiment.name}"
            unit = fields[name].metadata.get("unit", "")
            unit = f" ({unit})" if unit not in ("", "1") else ""
            raise ExperimentError(f"{where}: {error}{unit}, got {given!r}") from None
    return values


def _minimum(declared: dataclasses.Field[Any], kind: Any) -> float:
    """The smallest value of a parameter; -inf if there is none, as for all arguments of a function."""
    given, default = declared.metadata.get("minimum", -math.inf), declared.default
    if given is None:
        return 0 if kind is int and isinstance(default, int) and default >= 0 else -math.inf
    return float(given)


def takes_whole_numbers(experiment: Experiment, name: str) -> bool:
    """Whether a parameter is an int, or an int or None.

    >>> model = load_experiment("brunel_2000")
    >>> takes_whole_numbers(model, "order"), takes_whole_numbers(model, "g")
    (True, False)
    """
    kind = get_type_hints(experiment.parameters)[name]
    return kind is int or int in get_args(kind)


def parameter_names(experiment: Experiment) -> list[str]:
    """The names of the parameters of an experiment, in the order of its model file.

    >>> parameter_names(load_experiment("brunel_2000"))[:3]
    ['order', 'g', 'eta']
    """
    return [each.name for each in dataclasses.fields(experiment.parameters)]


def parameters_table(experiment: Experiment, parameters: Any) -> list[ParameterRow]:
    """Every parameter with its default, unit and meaning, in the order of the model file.

    >>> model = load_experiment("brunel_2000")
    >>> row = parameters_table(model, set_parameters(model, {"delay": 2.0}))[5]
    >>> row.name, row.value, row.default, row.unit
    ('delay', 2.0, 1.5, 'ms')
    """
    defaults = experiment.parameters()
    return [
        ParameterRow(
            each.name,
            getattr(parameters, each.name),
            getattr(defaults, each.name),
            str(each.metadata.get("unit", "")),
            str(each.metadata.get("doc", "")),
        )
        for each in dataclasses.fields(experiment.parameters)
    ]


def parse_time(text: str, what: str) -> float:
    """'250', '250ms', '10 s', '1.5min', '1h' -> ms. Raises ExperimentError, naming `what`, for anything else.

    >>> parse_time("1.5 s", "duration")
    1500.0
    """
    match = re.fullmatch(r"\s*([-+.\w]*?)\s*(us|ms|s|min|h|)\s*", text)
    try:
        value = _number(match[1]) * MILLISECONDS[match[2]] if match else None
    except ValueError:
        value = None
    if value is None:
        raise ExperimentError(f"{what}: expected a time in ms, or with a unit (us, ms, s, min, h), got {text!r}")
    return value


def _as_text(given: Any) -> str:
    if isinstance(given, tuple | list):
        return ",".join(str(each) for each in given)
    return str(given)


def _converted(text: str, kind: Any) -> Any:
    """Convert text to the type of a field. Raises ValueError with the expected form."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _first_that_fits(text, inner)
    if origin is Literal:
        for each in inner:
            if str(each) == text:
                return each
        raise ValueError(f"expected one of {', '.join(map(str, inner))}")
    if kind is tuple or origin is tuple:
        parts = [part for part in re.split(r"[,\s]+", text.strip("()[] ")) if part]
        kinds = [float] * len(parts) if not inner else inner
        if len(inner) == 2 and inner[1] is Ellipsis:
            kinds = [inner[0]] * len(parts)
        if len(kinds) != len(parts):
            raise ValueError(f"expected {len(kinds)} values separated by commas")
        return tuple(_converted(part, each) for part, each in zip(parts, kinds, strict=True))
    if kind is bool:
        if (word := text.strip().lower()) not in TRUE + FALSE:
            raise ValueError("expected true or false")
        return word in TRUE
    if kind is int:
        return _whole_number(text)
    if kind is float:
        return _number(text)
    if kind is str:
        return text
    raise ValueError(f"a value of type {kind} cannot be set from text; edit the model file")


def _first_that_fits(text: str, kinds: Iterable[Any]) -> Any:
    kinds = list(kinds)
    if types.NoneType in kinds and text.strip().lower() in ("none", ""):
        return None
    problems = []
    for kind in kinds:
        if kind is not types.NoneType:
            try:
                return _converted(text, kind)
            except ValueError as error:
                problems.append(str(error))
    if types.NoneType in kinds:
        problems.append("none")
    raise ValueError(", or ".join(problems))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return value


def _whole_number(text: str) -> int:
    with suppress(ValueError):
        whole = int(text)
        if abs(whole) < 1 << 63:
            return whole
    try:
        value = _number(text)  # accepts 1e4 as a whole number
    except ValueError:
        value = 0.5
    if not value.is_integer() or abs(value) >= 2.0**63:
        raise ValueError("expected a whole number below 2^63" if value.is_integer() else "expected a whole number")
    return int(value)
