"""Model files: how they are found, loaded and checked.

A model file is a Python file, in models/ or anywhere else, with

    a docstring       whose first line is the summary
    Parameters        a frozen dataclass, every field with a default, its unit and meaning in
                      parameter(default, unit, meaning); `duration` (ms) if it has one
    QUICK             parameter -> value, for a quick run
    PUBLISHED         metric -> Published
    simulate(parameters, seed, sink=None, progress=None) -> Outcome
    figure(parameters, outcome) -> matplotlib Figure
    SEEDS             number of seeds, if scripts/reproduce.py reproduces the model

All errors are ExperimentError and name the file.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import importlib.util
import inspect
import os
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from spikelearn.errors import ExperimentError
from spikelearn.experiments.outcome import Outcome, Published
from spikelearn.experiments.user_code import place_of
from spikelearn.parameters import suggest
from spikelearn.values import path as checked_path

MODELS = "spikelearn.models"
"""The package of the models that come with spikelearn."""
OTHER_MODELS = "spikelearn_models"
"""The package of model files in other folders, which exists only in memory."""


@dataclass(frozen=True)
class Experiment:
    """A loaded and checked model file."""

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
    """A model file in a listing. summary: the first line of its docstring."""

    name: str
    path: Path
    summary: str


def models_directory() -> Path:
    """The folder of the models: inside an installed package, next to the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "models"
    return beside if (package.parent / "pyproject.toml").is_file() and beside.is_dir() else package / "models"


def list_experiments(directory: str | os.PathLike[str] | None = None) -> list[Listed]:
    """All model files in a directory (default: `models_directory()`), by name, without executing them."""
    folder = models_directory() if directory is None else checked_path(directory, "directory of list_experiments")
    paths = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    return [Listed(path.stem, path, _summary(path)) for path in paths]


def load_experiment(
    name_or_path: str | os.PathLike[str], directory: str | os.PathLike[str] | None = None
) -> Experiment:
    """Load a model file: a name in `directory` (default: `models_directory()`), or a path to a .py file.

    The module is spikelearn.models.NAME, or spikelearn_models.NAME if the file is not in `models_directory()`; it stays
    in sys.modules, so that its classes can be pickled.
    Raises ExperimentError if the file does not exist, if it cannot be executed (with file and line), or if a required
    part of a model file is missing.
    """
    folder = models_directory() if directory is None else checked_path(directory, "directory of load_experiment")
    checked_path(name_or_path, "model")
    path = _find(os.fspath(name_or_path), folder)
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


def _find(name_or_path: str, directory: Path) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".py" or len(path.parts) > 1 or name_or_path in ("", ".", ".."):
        if not path.is_file():
            raise ExperimentError(f"{name_or_path}: there is no such file; expected a model file (.py)")
        if path.suffix != ".py":
            raise ExperimentError(f"{name_or_path}: not a Python file; expected a model file (.py)")
        return path.resolve()
    path = directory / f"{name_or_path}.py"
    if path.name.startswith("_") or not path.is_file():
        known = [each.name for each in list_experiments(directory)]
        raise ExperimentError(
            f"no model called {name_or_path!r} in {directory}{suggest(name_or_path, known)}; "
            f"there are: {', '.join(known) or 'none'}. A path to a .py file is also accepted"
        )
    return path.resolve()


def _execute(path: Path) -> types.ModuleType:
    """The module of a model file; if the file has not changed since it was last loaded, the same module."""
    package = _package_of(path)
    name = f"{package.__name__}.{path.stem}"
    before = sys.modules.get(name)
    stat = path.stat()
    version = (str(path), stat.st_mtime_ns, stat.st_size)
    if before is not None and before.__dict__.setdefault("__file_version__", version) == version:
        return before
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        exec(compile(path.read_bytes(), path, "exec", dont_inherit=True), vars(module))  # leaves no __pycache__ behind
    except BaseException as error:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
        if isinstance(error, KeyboardInterrupt):
            raise
        what = error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"
        raise ExperimentError(f"{place_of(error, path)}: cannot be loaded: {what}") from error
    module.__dict__["__file_version__"] = version
    setattr(package, path.stem, module)
    return module


def _package_of(path: Path) -> types.ModuleType:
    """The package of the module of a model file."""
    if path.parent == models_directory():
        return importlib.import_module(MODELS)
    if OTHER_MODELS not in sys.modules:
        sys.modules[OTHER_MODELS] = types.ModuleType(OTHER_MODELS, "The model files that were loaded.")
        sys.modules[OTHER_MODELS].__path__ = []
    return sys.modules[OTHER_MODELS]


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


def _problem_of_function(function: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, None]) -> str:
    try:
        inspect.signature(function).bind(*arguments, **keywords)
    except TypeError as error:
        wanted = "parameters, seed, sink=None, progress=None" if name == "simulate" else "parameters, outcome"
        return f"`{name}` cannot be called as {name}({wanted}): {error}"
    return ""


def _summary(path: Path) -> str:
    try:
        return _first_line(ast.get_docstring(ast.parse(path.read_bytes())))
    except (SyntaxError, ValueError) as error:
        return f"(cannot be read: {error})"
    except OSError as error:
        return f"(cannot be read: {error.strerror})"


def _first_line(docstring: str | None) -> str:
    return next(iter((docstring or "").strip().splitlines()), "")
