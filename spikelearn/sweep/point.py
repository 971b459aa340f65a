"""One point of a sweep, in the process that computes it: simulate, measure, and always return a Result."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
import math
import os
import socket
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn import system
from spikelearn.engine.simulate import only_compile
from spikelearn.errors import ExperimentError
from spikelearn.sweep.design import Settings
from spikelearn.version import versions

DONE, NAN, FAILED, TIMEOUT, MEMORY, DIED = "done", "nan", "failed", "timeout", "memory", "died"
"""How a point ended: successfully; with metrics that are not finite; with an exception; over its time limit; over its
memory limit; because its process died."""


@dataclass(frozen=True)
class Task:
    """All that a process needs to compute a point. Plain data that any executor can send.

    source: hash of the model file when the sweep began. measure: a function Run -> metrics, pickled by cloudpickle;
    b"" for the model's metrics. kept, figure: paths to save the run and the model's figure to; "" to save none.
    time_limit: seconds; memory_limit: data size of the process in bytes; 0 for none. parent: the submitting process,
    (host, pid).
    """

    key: str
    model: str
    source: str
    settings: Settings
    replicate: int
    seed: int
    quick: bool = False
    measure: bytes = b""
    kept: str = ""
    figure: str = ""
    time_limit: float = 0.0
    memory_limit: int = 0
    parent: tuple[str, int] = ("", 0)


@dataclass(frozen=True)
class Result:
    """A point as stored. parameters: all of the model's. cpu_s, peak_mb: of the process. started: UTC."""

    key: str
    settings: Settings
    replicate: int
    seed: int
    source: str
    status: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    error: str = ""
    traceback: str = ""
    wall_s: float = math.nan
    cpu_s: float = math.nan
    peak_mb: float = math.nan
    host: str = ""
    started: str = ""
    run_file: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


class ModelChanged(ExperimentError):
    """The model file has changed since the sweep began."""


def source_of(experiment: ex.Experiment) -> str:
    """A hash of the text of a model file."""
    return hashlib.sha256(experiment.path.read_bytes()).hexdigest()[:16]


def evaluate(task: Task) -> Result:
    """Compute a point. Errors of the model are in the Result; raises ModelChanged if its file has changed.

    A time limit kills the process, as nothing else stops a compiled loop; executors see that SIGALRM ended it.
    """
    begun, own = time.perf_counter(), time.process_time()
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    system.forget_peak_memory()
    status, error, trace, run_file = DONE, "", "", ""
    parameters: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    try:
        with _limits(task):
            experiment = _model(task)
            chosen = ex.set_parameters(experiment, dict(task.settings), task.quick)
            parameters = {row.name: ex.json_value(row.value) for row in ex.parameters_table(experiment, chosen)}
            outcome = ex.run_experiment(experiment, chosen, task.seed, progress=False)
            metrics = measured(outcome, task.measure)
            if task.kept:
                run_file = _keep(outcome, task)
            if task.figure:
                _draw(experiment, chosen, outcome, Path(task.figure))
        if wrong := [name for name, value in metrics.items() if isinstance(value, float) and math.isinf(value)]:
            status, error = NAN, f"not finite: {', '.join(wrong)}"
    except (KeyboardInterrupt, ModelChanged):
        raise
    except MemoryError as raised:
        limit = f" (the limit is {task.memory_limit / 2**20:.0f} MB)" if task.memory_limit else ""
        status, error, trace = MEMORY, f"out of memory{limit}: {raised}", traceback.format_exc()
    except BaseException as raised:
        kind = "" if isinstance(raised, ExperimentError) else f"{type(raised).__name__}: "
        status, error, trace = FAILED, f"{kind}{raised}", traceback.format_exc()
    return Result(
        task.key, task.settings, task.replicate, task.seed, task.source, status, parameters, metrics, error, trace,
        time.perf_counter() - begun, time.process_time() - own, system.peak_memory() / 2**20, _host(), started,
        run_file, versions(),
    )  # fmt: skip


def ended(task: Task, status: str, error: str) -> Result:
    """The Result of a point whose process died before it returned one."""
    return Result(task.key, task.settings, task.replicate, task.seed, task.source, status, {}, {}, error)


def compile_all(task: Task) -> str:
    """Compile what the point needs without simulating. Returns an error message, or "".

    Each network of the model is built, compiled and run for 0 ms. Errors that the model raises for its empty runs do
    not matter, and neither do warnings, such as that of a mean over no samples.
    """
    try:
        with only_compile(), _limits(task), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            experiment = _model(task)
            ex.run_experiment(
                experiment, ex.set_parameters(experiment, dict(task.settings), task.quick), task.seed, progress=False
            )
    except (KeyboardInterrupt, ModelChanged):
        raise
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return ""


def measured(outcome: ex.Outcome, measure: bytes) -> dict[str, Any]:
    """The metrics of an outcome as plain numbers: NaN stays NaN, a metric that could not be measured is None.

    measure: a pickled function of the user, whose metrics are added to the common ones.
    """
    metrics: Mapping[str, Any] = outcome.metrics
    if measure:
        found = _function(measure)(outcome.run)
        if not isinstance(found, Mapping):
            raise ExperimentError(f"the metrics function returned {type(found).__name__}, expected name -> number")
        metrics = {**found, **ex.common_metrics(outcome)}
    return {name: _number(name, value) for name, value in metrics.items()}


def _number(name: str, value: Any) -> float | int | None:
    value = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ExperimentError(f"metric {name!r}: expected a number, got {type(value).__name__}")


@functools.lru_cache(maxsize=8)
def _function(pickled: bytes) -> Any:
    import cloudpickle

    return cloudpickle.loads(pickled)


def _model(task: Task) -> ex.Experiment:
    experiment = ex.load_experiment(task.model)
    if (found := source_of(experiment)) != task.source:
        raise ModelChanged(
            f"{experiment.path} on {_host()} is not the file this sweep started with (hash {found}, not {task.source})"
        )
    return experiment


def _keep(outcome: ex.Outcome, task: Task) -> str:
    from spikelearn.io import save

    path = Path(task.kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    model = {"path": task.model, "settings": dict(task.settings), "seed": task.seed, "replicate": task.replicate}
    save(outcome.run, path, extra={"model": model}, synapses=())
    return path.name


def _draw(experiment: ex.Experiment, parameters: Any, outcome: ex.Outcome, path: Path) -> None:
    from spikelearn import plots

    path.parent.mkdir(parents=True, exist_ok=True)
    plots.save(ex.draw(experiment, parameters, outcome), path)


@contextmanager
def _limits(task: Task) -> Iterator[None]:
    if (task.time_limit or task.memory_limit) and task.parent == (_host(), os.getpid()):
        raise ExperimentError("time and memory limits kill a process: they need an executor with its own processes")
    with ExitStack() as limits:
        if task.memory_limit:
            limits.enter_context(system.memory_limit(task.memory_limit))
        if task.time_limit:
            limits.enter_context(system.time_limit(task.time_limit))
        yield


@functools.cache
def _host() -> str:
    return socket.gethostname()


def as_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
