"""The options shared by all points of a sweep, and whether they match those of the points in a store."""

from __future__ import annotations

import hashlib
import json
import math
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn import experiments as ex
from spikelearn import system
from spikelearn.errors import ExperimentError, StoreError
from spikelearn.sweep import design as points
from spikelearn.sweep.design import Settings
from spikelearn.sweep.point import DONE, NAN, Task, source_of
from spikelearn.sweep.store import RUNS, Store
from spikelearn.version import versions


@dataclass(frozen=True)
class TaskSpec:
    """How points are computed: the options shared by all of them.

    measure: a function Run -> (name -> number), used instead of the model's metrics. keep: which runs are saved with
    their spikes: "none", "all", "first" (replicate 0), or those with these settings, name -> value. time_limit: seconds
    per point; memory_limit: MB of data per worker.
    """

    model: str | Path
    quick: bool = False
    measure: Callable[..., Mapping[str, Any]] | None = None
    keep: str | Mapping[str, Any] = "none"
    time_limit: float | None = None
    memory_limit: float | None = None

    def __post_init__(self) -> None:
        for name, unit, value in (("time limit", "s", self.time_limit), ("memory limit", "MB", self.memory_limit)):
            if value is not None and not (isinstance(value, int | float | np.number) and 0 < value < math.inf):
                raise ExperimentError(f"{name}: expected more than 0 {unit}, got {value!r}")
        if self.time_limit is not None:
            system.check_time_limits()
        if self.memory_limit is not None:
            system.check_memory_limits()
        if isinstance(self.keep, str) and self.keep not in ("none", "all", "first"):
            raise ExperimentError(f"keep: expected none, all, first or NAME=VALUE, got {self.keep!r}")


def check_compatible(
    store: Store, experiment: ex.Experiment, task_spec: TaskSpec, seed: int, accept_changes: bool
) -> list[str]:
    """Raise StoreError unless the store holds points of this model, with its current file, measured in this way.

    Returns remarks about other differences, such as the versions of packages.
    """
    text = experiment.path.read_text(encoding="utf-8")
    now = {
        "model": experiment.name, "path": str(experiment.path), "source": source_of(experiment),
        "quick": str(task_spec.quick), "measure": _fingerprint(task_spec.measure), "seed": str(seed),
    }  # fmt: skip
    before = {"quick": "", "measure": "", "text": ""} | store.meta()
    remarks: list[str] = []
    if "model" in before and store.counts():
        if before["model"] != now["model"]:
            raise StoreError(
                f"{store.directory}: this store is for {before['model']}, not {now['model']}; give another "
                "directory, or start over with --fresh"
            )
        if before["quick"] != now["quick"]:
            was = "with" if before["quick"] == "True" else "without"
            raise StoreError(
                f"{store.directory}: the points of this store were computed {was} --quick; start over with --fresh, or "
                "give another directory"
            )
        changed = [f"the model file ({lines})"] if (lines := _difference(before["text"], text)) else []
        changed += ["the metrics function"] if before["measure"] != now["measure"] else []
        if changed and not store.keys((DONE, NAN)):
            store.forget(store.keys())
            remarks.append(f"{' and '.join(changed)} changed, and all points failed before: they are computed again")
        elif changed and not accept_changes:
            raise StoreError(
                f"{store.directory}: {' and '.join(changed)} changed since the {sum(store.counts().values()):,} points "
                "of this store were computed; start over with --fresh, keep them with --accept-changes (the column "
                "model_source tells them apart), or give another directory"
            )
    units = {row.name: row.unit for row in ex.parameters_table(experiment, experiment.parameters())}
    installed, made_by = versions(), store.described("versions")
    changed = [
        f"{name} {made_by[name]}, now {installed[name]}" for name in made_by if made_by[name] != installed.get(name)
    ]
    store.describe({**now, "text": text, "units": json.dumps(units), "versions": json.dumps(installed)})
    if changed:
        remarks.append(f"stored points were computed with {', '.join(changed)}; the column versions tells them apart")
    return remarks


def task_maker(
    experiment: ex.Experiment, task_spec: TaskSpec, keep: str | Mapping[str, Any], store: Store, seed: int
) -> Callable[[Settings, int], Task]:
    """A function that makes the Task of a point and replicate."""
    common = Task(
        "", str(experiment.path), source_of(experiment), (), 0, 0, task_spec.quick, _pickled(task_spec.measure),
        time_limit=task_spec.time_limit or 0.0, memory_limit=int((task_spec.memory_limit or 0.0) * 2**20),
        parent=(socket.gethostname(), os.getpid()),
    )  # fmt: skip
    folder = (store.directory / RUNS).absolute()

    def make(settings: Settings, replicate: int) -> Task:
        key = points.key_of(settings, replicate, seed)
        kept = keep == "all" or (keep == "first" and replicate == 0)
        if not isinstance(keep, str):
            given = dict(settings) | {"replicate": replicate}
            kept = all(given.get(name) == value for name, value in keep.items())
        return replace(
            common, key=key, settings=settings, replicate=replicate, seed=points.seed_of(settings, replicate, seed),
            kept=str(folder / f"{key}.h5") if kept else "",
        )  # fmt: skip

    return make


def _pickled(function: Any) -> bytes:
    if function is None:
        return b""
    import cloudpickle

    return bytes(cloudpickle.dumps(function))


def _fingerprint(function: Any) -> str:
    """A hash of the code of a metrics function."""
    if function is None:
        return ""
    from spikelearn.codegen.fingerprint import fingerprint

    return hashlib.sha256(fingerprint(function).digest.encode()).hexdigest()[:16]


def _difference(before: str, now: str) -> str:
    """'3 lines added, 2 removed' between two texts, or ""."""
    if before == now:
        return ""
    import difflib

    found = [line[:1] for line in difflib.ndiff(before.splitlines(), now.splitlines())]
    added, removed = found.count("+"), found.count("-")
    words = [f"{n} line{'s' if n > 1 else ''} {what}" for n, what in ((added, "added"), (removed, "removed")) if n]
    return ", ".join(words) or "line ends"
