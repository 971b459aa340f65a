"""Model files: how they are found, loaded and checked.

A model file is a Python file, in models/ or anywhere else, with

    a docstring       whose first line is the summary
    simulate          a function that returns an Outcome, a Run, or a Run and a dict of metrics

and, if it has them,

    Parameters        a frozen dataclass, every field with a default, its unit and meaning in
                      parameter(default, unit, meaning); `duration` (ms) if it has one
    QUICK             parameter -> value, for a quick run
    PUBLISHED         metric -> Published, Oracle, Goal or Control
    figure            figure(parameters, outcome) -> matplotlib Figure
    SEEDS             the seeds of scripts/reproduce.py, if it reproduces the model: a tuple, or n for 1 to n
    FORMS             tuple of Form: settings that it reproduces besides the defaults
    TUNED             what was chosen by trying, and on which seeds or examples, in one sentence

With `Parameters` it is simulate(parameters, seed, sink=None, progress=None), otherwise the keyword arguments of
`simulate` are the parameters, besides seed, sink and progress (see `function_as_model`); sink and progress may be left
out: recordings are then written at the end, and no progress is shown.

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
from spikelearn.experiments.function_as_model import (
    called_with_parameters,
    called_with_what_it_takes,
    parameters_of,
)
from spikelearn.experiments.outcome import Control, Expected, Form, Outcome
from spikelearn.experiments.user_code import place_of
from spikelearn.parameters import suggest
from spikelearn.values import path as checked_path

MODELS = "spikelearn.models"
"""The package of the models that come with spikelearn."""
OTHER_MODELS = "spikelearn_models"
"""The package of model files in other folders, which exists only in memory."""
PARAMETERS_OF_FUNCTION = "__parameters_of_simulate__"
"""Set in a module whose `Parameters` was made of the arguments of `simulate`."""


@dataclass(frozen=True)
class Experiment:
    """A loaded and checked model file. text: its docstring; summary: the first line of it.

    seeds, forms: what scripts/reproduce.py runs; without seeds it does not.
    """

    name: str
    path: Path
    summary: str
    parameters: type
    quick: Mapping[str, Any]
    published: Mapping[str, Expected]
    simulate: Callable[..., Outcome]
    figure: Callable[[Any, Outcome], Any] | None
    seeds: tuple[int, ...] = ()
    text: str = ""
    tuned: str = ""
    forms: tuple[Form, ...] = ()


class Listed(NamedTuple):
    """A model file in a listing. summary: the first line of its docstring."""

    name: str
    path: Path
    summary: str


def models_directory() -> Path:
    """The folder of the models: inside an installed package, next to the package in a checkout.

    >>> (models_directory() / "brunel_2000.py").is_file()
    True
    """
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "models"
    return beside if (package.parent / "pyproject.toml").is_file() and beside.is_dir() else package / "models"


def list_experiments(directory: str | os.PathLike[str] | None = None) -> list[Listed]:
    """All model files in a directory (default: `models_directory()`), by name, without executing them.

    >>> for each in list_experiments()[:2]:
    ...     print(f"{each.name}: {each.summary}")
    adaptive_nodes: ...
    bac_firing: ...
    """
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

    >>> model = load_experiment("brunel_2000")
    >>> model.parameters().g, model.quick
    (5.0, {'duration': 300.0})
    """
    folder = models_directory() if directory is None else checked_path(directory, "directory of load_experiment")
    checked_path(name_or_path, "model")
    path = _find(os.fspath(name_or_path), folder)
    module = _execute(path)
    if problems := _problems_of(module):
        raise ExperimentError(f"{path}: {'; '.join(problems)}")
    by_name = PARAMETERS_OF_FUNCTION in vars(module)
    return Experiment(
        name=path.stem,
        path=path,
        summary=_first_line(module.__doc__),
        parameters=module.Parameters,
        quick=dict(getattr(module, "QUICK", {})),
        published=dict(getattr(module, "PUBLISHED", {})),
        simulate=called_with_parameters(module.simulate) if by_name else called_with_what_it_takes(module.simulate),
        figure=getattr(module, "figure", None),
        seeds=_seeds_of(module),
        text=inspect.cleandoc(module.__doc__ or ""),
        tuned=getattr(module, "TUNED", ""),
        forms=tuple(getattr(module, "FORMS", ())),
    )


def _seeds_of(module: types.ModuleType) -> tuple[int, ...]:
    seeds = getattr(module, "SEEDS", ())
    return tuple(range(1, seeds + 1)) if isinstance(seeds, int) else seeds


def _find(name_or_path: str, directory: Path) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".py" or len(path.parts) > 1 or name_or_path in ("", ".", ".."):
        if not path.is_file():
            raise ExperimentError(f"{name_or_path}: there is no such file; expected a model file (.py)")
        if path.suffix != ".py":
            raise ExperimentError(f"{name_or_path}: not a Python file; expected a model file (.py)")
        return path.resolve()
    if path.exists() and not (directory / f"{name_or_path}.py").is_file():
        raise ExperimentError(f"{name_or_path}: no model file; expected one (.py), or the name of a model")
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


def _problems_of(module: types.ModuleType) -> list[str]:
    """All that keeps a module from being a model file; of one without `Parameters`, these are made of `simulate`."""
    missing = [] if module.__doc__ else ["a docstring"]
    has_function = callable(getattr(module, "simulate", None))
    missing += [] if has_function else ["a function `simulate`"]
    problems = [f"not a model file: it lacks {' and '.join(missing)}"] if missing else []
    if hasattr(module, "Parameters") and PARAMETERS_OF_FUNCTION not in vars(module):
        problems += _problems_of_parameters(module.Parameters)
        problems += _problems_of_function(module.simulate, "simulate", (None, 0)) if has_function else []
    elif has_function:
        parameters, found = parameters_of(module.simulate, module.__name__)
        problems += found
        vars(module).setdefault("Parameters", parameters)
        vars(module)[PARAMETERS_OF_FUNCTION] = True
    problems += _problems_of_tables(module)
    if hasattr(module, "figure"):
        problems += _problems_of_function(module.figure, "figure", (None, None))
    return problems


def _problems_of_parameters(declared: Any) -> list[str]:
    if not (isinstance(declared, type) and dataclasses.is_dataclass(declared)):
        return ["`Parameters` must be a dataclass"]
    problems = [] if declared.__dataclass_params__.frozen else ["`Parameters` must be a frozen dataclass"]  # type: ignore[attr-defined]
    lacking = [
        each.name
        for each in dataclasses.fields(declared)
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    ]
    if lacking:
        problems.append(f"every field of `Parameters` needs a default; {', '.join(lacking)} has none")
    return problems


def _problems_of_tables(module: types.ModuleType) -> list[str]:
    problems = []
    seeds = getattr(module, "SEEDS", ())
    for each in seeds if isinstance(seeds, tuple) else (seeds,):
        if not isinstance(each, int) or isinstance(each, bool) or each < 0:
            problems.append(f"`SEEDS` must be a whole number, or a tuple of them, got {seeds!r}")
            break
    forms = getattr(module, "FORMS", ())
    if not isinstance(forms, tuple) or not all(isinstance(form, Form) for form in forms):
        problems.append(f"`FORMS` must be a tuple of Form, got {forms!r}")
        forms = ()
    if not isinstance(tuned := getattr(module, "TUNED", ""), str):
        problems.append(f"`TUNED` must be text, got {type(tuned).__name__}")
    declared = getattr(module, "Parameters", None)
    known = [each.name for each in dataclasses.fields(declared)] if dataclasses.is_dataclass(declared) else []
    quick, published = getattr(module, "QUICK", {}), getattr(module, "PUBLISHED", {})
    for name, value in (("QUICK", quick), ("PUBLISHED", published)):
        if not isinstance(value, Mapping):
            problems.append(f"`{name}` must be a dict, got {type(value).__name__}")
    settings = {"QUICK": quick if isinstance(quick, Mapping) else {}}
    settings |= {f"FORMS[{k}]": form.settings for k, form in enumerate(forms)}
    if dataclasses.is_dataclass(declared):
        problems += [
            f"`{where}` sets {name!r}{suggest(name, known)}; the parameters are: {', '.join(known) or 'none'}"
            for where, given in settings.items()
            for name in given
            if name not in known
        ]
    if isinstance(published, Mapping):
        problems += _problems_of_expected("PUBLISHED", published)
    for k, form in enumerate(forms):
        problems += _problems_of_expected(f"FORMS[{k}].published", form.published or {})
    return problems


def _problems_of_expected(where: str, published: Mapping[str, Any]) -> list[str]:
    problems = [
        f"`{where}[{name!r}]` must be a Published, Oracle, Goal or Control, got {type(value).__name__}"
        for name, value in published.items()
        if not isinstance(value, Expected)
    ]
    return problems + [
        f"`{where}[{name!r}]` controls {value.of!r}{suggest(value.of, published)}, which it does not have"
        for name, value in published.items()
        if isinstance(value, Control) and value.of and value.of not in published
    ]


def _problems_of_function(function: Any, name: str, arguments: tuple[Any, ...]) -> list[str]:
    wanted = "parameters, seed" if name == "simulate" else "parameters, outcome"
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        return [f"`{name}` cannot be called as {name}({wanted}): {error}"]
    return []


def _summary(path: Path) -> str:
    try:
        return _first_line(ast.get_docstring(ast.parse(path.read_bytes())))
    except (SyntaxError, ValueError) as error:
        return f"(cannot be read: {error})"
    except OSError as error:
        return f"(cannot be read: {error.strerror})"


def _first_line(docstring: str | None) -> str:
    return next(iter((docstring or "").strip().splitlines()), "")
