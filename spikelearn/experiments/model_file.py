"""Experiments: model files, how they are found, loaded and checked, and how their parameters are set.

A model file is a Python file, in models/ or anywhere else, that has

    a docstring       whose first line says what it is
    Parameters        a frozen dataclass, every field with a default, its unit and meaning in
                      field(default=..., metadata={"unit": "mV", "doc": "..."}); `duration` (ms) if it has one
    QUICK             parameter -> value, for the quick form
    PUBLISHED         metric -> Published
    simulate(parameters, seed, sink=None, progress=None) -> Outcome
    figure(parameters, outcome) -> matplotlib Figure
    SEEDS             if it is reproduced by scripts/reproduce.py: with how many seeds

All errors are ExperimentError and name the file.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import inspect
import math
import re
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from spikelearn.errors import ExperimentError, SpikelearnError
from spikelearn.parameters import suggest
from spikelearn.results.run import Run
from spikelearn.results.sink import Sink

PACKAGE = "spikelearn_models"
MILLISECONDS = {"": 1.0, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6}
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Published:
    """What a metric should be. low, high: the range that counts as agreement, both ends included."""

    value: str | float
    low: float | None = None
    high: float | None = None
    source: str = ""

    def agrees(self, measured: float | None) -> bool | None:
        """Whether a measured value is in the range; None if there is no range. A missing one never agrees."""
        if self.low is None and self.high is None:
            return None
        if measured is None or math.isnan(measured):
            return False
        return (self.low is None or measured >= self.low) and (self.high is None or measured <= self.high)


@dataclass(frozen=True)
class Outcome:
    """What `simulate` of a model file returns.

    run: the main run, for raster and voltage. metrics: name -> number, None if it could not be measured.
    data: whatever the model's figure needs. other_runs: further runs, counted in the common metrics.
    """

    run: Run
    metrics: Mapping[str, float | int | None]
    data: Mapping[str, Any] = field(default_factory=dict)
    other_runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """A model file that was loaded and has all that it should have."""

    name: str
    path: Path
    summary: str
    parameters: type
    quick: Mapping[str, Any]
    published: Mapping[str, Published]
    simulate: Callable[..., Outcome]
    figure: Callable[[Any, Outcome], Any]
    seeds: int = 0


class Listed(NamedTuple):
    """A model file that was found. summary: the first line of its docstring."""

    name: str
    path: Path
    summary: str


class ParameterRow(NamedTuple):
    """One parameter of an experiment: its value, and what the model file says of it."""

    name: str
    value: Any
    default: Any
    unit: str
    doc: str


class MetricRow(NamedTuple):
    """One metric beside what was published. agrees: None if no range was published."""

    name: str
    value: Any
    published: Published | None
    agrees: bool | None


def parameter(default: Any, unit: str, doc: str) -> Any:
    """A field of Parameters: its default, unit ("" for names and numbers without one) and meaning."""
    return field(default=default, metadata={"unit": unit, "doc": doc})


def models_directory() -> Path:
    """Where the models are: in the package when it was installed, beside it in a working copy."""
    package = Path(__file__).parents[1]
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"


def list_experiments(directory: Path | None = None) -> list[Listed]:
    """All model files of a directory (default: `models_directory()`), by name. None of them is executed."""
    directory = models_directory() if directory is None else directory
    paths = sorted(path for path in directory.glob("*.py") if not path.name.startswith("_"))
    return [Listed(path.stem, path, _summary(path)) for path in paths]


def load_experiment(name_or_path: str | Path, directory: Path | None = None) -> Experiment:
    """Load a model file: a name in `directory` (default: `models_directory()`), or a path to a .py file.

    The module is registered in sys.modules as spikelearn_models.NAME, so that its classes can be pickled.
    Raises ExperimentError if there is none, if it cannot be executed (with file and line), or if something
    that a model file must have is missing.
    """
    path = _find(str(name_or_path), directory)
    module = _execute(path)
    _check(module, path)
    return Experiment(
        name=path.stem,
        path=path,
        summary=_first_line(module.__doc__),
        parameters=module.Parameters,
        quick=dict(module.QUICK),
        published=dict(module.PUBLISHED),
        simulate=module.simulate,
        figure=module.figure,
        seeds=getattr(module, "SEEDS", 0),
    )


def set_parameters(experiment: Experiment, settings: Mapping[str, Any] | None = None, quick: bool = False) -> Any:
    """The experiment's Parameters: defaults, then QUICK if asked for, then `settings`.

    settings: name -> value, or text, converted by the type of the field ('1,2,3' a tuple, 'none' None).
    Raises ExperimentError for an unknown name and for a value that is not of the type, NaN or infinite.
    """
    values = {**(experiment.quick if quick else {}), **converted(experiment, settings or {})}
    try:
        return experiment.parameters(**values)
    except SpikelearnError:
        raise
    except (ValueError, TypeError) as error:
        raise ExperimentError(f"parameters of {experiment.name}: {error}") from error


def converted(experiment: Experiment, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, values or text, with the types of the experiment's parameters. Raises ExperimentError."""
    known, hints = parameter_names(experiment), get_type_hints(experiment.parameters)
    values = {}
    for name, given in settings.items():
        if name not in known:
            raise ExperimentError(
                f"{experiment.name} has no parameter {name!r}{suggest(name, known)}; it has: {', '.join(known)}"
            )
        try:
            values[name] = _converted(_as_text(given), hints[name])
        except ValueError as error:
            where = f"parameter {name!r} of {experiment.name}"
            raise ExperimentError(f"{where}: {error}, got {given!r}") from None
    return values


def takes_whole_numbers(experiment: Experiment, name: str) -> bool:
    """Whether a parameter is an int, or an int or None."""
    kind = get_type_hints(experiment.parameters)[name]
    return kind is int or int in get_args(kind)


def parameter_names(experiment: Experiment) -> list[str]:
    return [each.name for each in dataclasses.fields(experiment.parameters)]


def parameters_table(experiment: Experiment, parameters: Any) -> list[ParameterRow]:
    """Every parameter with its default, unit and meaning, in the order of the model file."""
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


def run_experiment(
    experiment: Experiment, parameters: Any, seed: int, sink: Sink | None = None, progress: bool | None = None
) -> Outcome:
    """Simulate. The metrics that come back include the common ones.

    sink: where the main run's recordings are streamed to. progress: None shows a bar on a terminal only.
    Raises ExperimentError if the model returns no Outcome; errors in the model itself pass through.
    """
    try:
        outcome = experiment.simulate(parameters, seed, sink=sink, progress=progress)
    except ModuleNotFoundError as error:
        raise ExperimentError(
            f"{experiment.path}: needs the package {error.name!r}, which is not installed; what the models need is "
            "installed by: pip install 'spikelearn[models]'"
        ) from error
    if not isinstance(outcome, Outcome):
        got = type(outcome).__name__
        raise ExperimentError(f"{experiment.path}: `simulate` returned {got}, expected an Outcome")
    common = {name: value for name, value in common_metrics(outcome).items() if name not in outcome.metrics}
    return dataclasses.replace(outcome, metrics={**outcome.metrics, **common})


def common_metrics(outcome: Outcome) -> dict[str, float | int | None]:
    """What every model reports, summed over its runs.

    synaptic_events; wall_s, seconds; real_time_factor, wall seconds a simulated second (None if no time was
    simulated). A model that makes runs which it does not return reports these itself, and its values count.
    """
    runs = (outcome.run, *outcome.other_runs)
    wall_s = float(sum(run.wall_s for run in runs))
    simulated_s = sum(run.duration for run in runs) * 1e-3
    return {
        "synaptic_events": int(sum(run.synaptic_events for run in runs)),
        "wall_s": wall_s,
        "real_time_factor": wall_s / simulated_s if simulated_s > 0 else None,
    }


def metrics_table(experiment: Experiment, metrics: Mapping[str, Any]) -> list[MetricRow]:
    """Every metric beside the published value. One that was published but not measured has the value None."""
    rows = []
    for name in [*metrics, *(name for name in experiment.published if name not in metrics)]:
        value, published = metrics.get(name), experiment.published.get(name)
        rows.append(MetricRow(name, value, published, published.agrees(value) if published else None))
    return rows


def parse_time(text: str, what: str) -> float:
    """'250', '250ms', '10 s', '1.5min', '1h' -> ms. Raises ExperimentError, which names `what`, for anything else."""
    match = re.fullmatch(r"\s*([-+.\w]*?)\s*(us|ms|s|min|h|)\s*", text)
    try:
        value = _number(match[1]) * MILLISECONDS[match[2]] if match else None
    except ValueError:
        value = None
    if value is None:
        raise ExperimentError(f"{what}: expected a time in ms, or with a unit (us, ms, s, min, h), got {text!r}")
    return value


def _find(name_or_path: str, directory: Path | None) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".py" or len(path.parts) > 1 or name_or_path in ("", ".", ".."):
        if not path.is_file():
            raise ExperimentError(f"{name_or_path}: there is no such file; expected a model file (.py)")
        if path.suffix != ".py":
            raise ExperimentError(f"{name_or_path}: not a Python file; expected a model file (.py)")
        return path.resolve()
    directory = models_directory() if directory is None else directory
    listed = {each.name: each.path for each in list_experiments(directory)}
    if name_or_path not in listed:
        raise ExperimentError(
            f"no model called {name_or_path!r} in {directory}{suggest(name_or_path, listed)}; "
            f"there are: {', '.join(listed) or 'none'}. A path to a .py file is accepted too"
        )
    return listed[name_or_path].resolve()


def _execute(path: Path) -> types.ModuleType:
    """The module of a model file; of an unchanged file the one from last time, with the same classes."""
    if PACKAGE not in sys.modules:
        sys.modules[PACKAGE] = types.ModuleType(PACKAGE, "The model files that were loaded.")
        sys.modules[PACKAGE].__path__ = []
    name = f"{PACKAGE}.{path.stem}"
    before = sys.modules.get(name)
    stat = path.stat()
    version = (str(path), stat.st_mtime_ns, stat.st_size)
    if before is not None and getattr(before, "__file_version__", None) == version:
        return before
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ExperimentError(_what_went_wrong(path, error)) from error
    module.__dict__["__file_version__"] = version
    return module


def _what_went_wrong(path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}, line {error.lineno}: {error.msg}: {(error.text or '').strip()}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    where = f", line {lines[-1]}" if lines else ""
    return f"{path}{where}: cannot be loaded: {type(error).__name__}: {error}"


def _check(module: types.ModuleType, path: Path) -> None:
    missing = [] if module.__doc__ else ["a docstring"]
    required = ("Parameters", "QUICK", "PUBLISHED", "simulate", "figure")
    missing += [name for name in required if not hasattr(module, name)]
    if missing:
        raise ExperimentError(f"{path}: not a model file: it lacks {', '.join(missing)}")
    problem = (
        _problem_of_parameters(module.Parameters)
        or _problem_of_tables(module)
        or _problem_of_function(module.simulate, "simulate", (None, 0), {"sink": None, "progress": None})
        or _problem_of_function(module.figure, "figure", (None, None), {})
    )
    if problem:
        raise ExperimentError(f"{path}: {problem}")


def _problem_of_parameters(declared: Any) -> str:
    if not (isinstance(declared, type) and dataclasses.is_dataclass(declared)):
        return "`Parameters` must be a dataclass"
    if not declared.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return "`Parameters` must be a frozen dataclass"
    lacking = [
        each.name
        for each in dataclasses.fields(declared)
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    ]
    return f"every field of `Parameters` needs a default; {', '.join(lacking)} has none" if lacking else ""


def _problem_of_tables(module: types.ModuleType) -> str:
    seeds = getattr(module, "SEEDS", 0)
    if not isinstance(seeds, int) or isinstance(seeds, bool) or seeds < 0:
        return f"`SEEDS` must be a whole number, got {seeds!r}"
    known = [each.name for each in dataclasses.fields(module.Parameters)]
    for name, value in (("QUICK", module.QUICK), ("PUBLISHED", module.PUBLISHED)):
        if not isinstance(value, Mapping):
            return f"`{name}` must be a dict, got {type(value).__name__}"
    for name in module.QUICK:
        if name not in known:
            return f"`QUICK` sets {name!r}{suggest(name, known)}; `Parameters` has: {', '.join(known)}"
    for name, value in module.PUBLISHED.items():
        if not isinstance(value, Published):
            return f"`PUBLISHED[{name!r}]` must be a Published, got {type(value).__name__}"
    return ""


def _problem_of_function(function: Any, name: str, arguments: tuple, keywords: dict[str, None]) -> str:
    try:
        inspect.signature(function).bind(*arguments, **keywords)
    except TypeError as error:
        wanted = "parameters, seed, sink=None, progress=None" if name == "simulate" else "parameters, outcome"
        return f"`{name}` cannot be called as {name}({wanted}): {error}"
    return ""


def json_value(value: Any) -> Any:
    """numpy's numbers as Python's; what JSON cannot write (NaN, infinity) as null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _as_text(given: Any) -> str:
    if isinstance(given, tuple | list):
        return ",".join(str(each) for each in given)
    return str(given)


def _converted(text: str, kind: Any) -> Any:
    """A value of a field's type from text. Raises ValueError that says what was expected."""
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
            raise ValueError(f"expected {len(kinds)} values with commas between them")
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
    raise ValueError(f"a value of type {kind} cannot be set from outside; edit the model file")


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
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = _number(text)  # 1e4 is a whole number too
    except ValueError:
        value = 0.5
    if not value.is_integer():
        raise ValueError("expected a whole number")
    return int(value)


def _summary(path: Path) -> str:
    try:
        return _first_line(ast.get_docstring(ast.parse(path.read_bytes())))
    except (SyntaxError, ValueError) as error:
        return f"(cannot be read: {error})"
    except OSError as error:
        return f"(cannot be read: {error.strerror})"


def _first_line(docstring: str | None) -> str:
    return next(iter((docstring or "").strip().splitlines()), "")
