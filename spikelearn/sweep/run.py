"""Run a sweep: compute what a store lacks, on any executor, and write the table."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.errors import StoreError
from spikelearn.sweep import design as points
from spikelearn.sweep.design import Design
from spikelearn.sweep.point import DONE, NAN
from spikelearn.sweep.progress import Best, Progress
from spikelearn.sweep.scheduler import Tasks, kinds_of, run_tasks, warm, worker_pool
from spikelearn.sweep.store import DATABASE, RUNS, TABLE, Store
from spikelearn.sweep.table import write_table
from spikelearn.sweep.task_spec import TaskSpec, check_compatible, task_maker


@dataclass(frozen=True)
class Summary:
    """What came of a sweep. points: in all; computed: by this call; statuses: how the points ended, of the whole store.

    seconds: wall time of this call.
    """

    directory: Path
    points: int
    computed: int
    statuses: Mapping[str, int]
    seconds: float

    @property
    def failed(self) -> int:
        """Points that gave no metrics."""
        return sum(self.statuses.values()) - self.statuses.get(DONE, 0) - self.statuses.get(NAN, 0)

    def table(self) -> Any:
        """The table, a pyarrow.Table."""
        from spikelearn.sweep.table import read_table

        return read_table(self.directory)


def run(
    model: str | Path,
    out: str | os.PathLike[str],
    design: Design | None = None,
    *,
    grid: Mapping[str, Sequence[Any]] | None = None,
    sample: points.Sample | None = None,
    rows: Sequence[Mapping[str, Any]] = (),
    replicates: int = 1,
    seed: int = 1,
    settings: Mapping[str, Any] | None = None,
    quick: bool = False,
    metrics: Callable[..., Mapping[str, Any]] | None = None,
    keep: str | Mapping[str, Any] = "none",
    executor: Executor | None = None,
    workers: int | None = None,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    retry: bool = False,
    fresh: bool = False,
    accept_changes: bool = False,
    best: Best | None = None,
    progress: bool | None = None,
    silent: bool = False,
) -> Summary:
    """Compute the points of a sweep that a store lacks; it may be called again, and by several processes at once.

    model: a name in models/, or the path of a model file. out: directory of the store. design, or grid, sample, rows,
    replicates and seed: which points (see Design). settings: what is set in all of them. metrics: a function
    Run -> name -> number, instead of the model's metrics. keep, time_limit (s), memory_limit (MB): see TaskSpec.
    executor: any of concurrent.futures; by default LocalProcesses(workers), as many as there are cores. retry: compute
    again what failed. fresh: remove what is there first. accept_changes: go on although the model file is not the one
    of the points that are there; else that is a StoreError. progress: a bar; None: on a terminal only; silent: nothing.

    Raises ExperimentError for a model, parameters or points that cannot be, StoreError for a store that cannot be
    written; KeyboardInterrupt says how to go on. What was computed until then is kept.

    >>> from spikelearn import sweep  # doctest: +SKIP
    >>> done = sweep.run("brunel_2000", "out/brunel", grid={"g": [4, 5, 6], "eta": [0.9, 2]})  # doctest: +SKIP
    >>> done.table().to_pandas()  # doctest: +SKIP
    """
    begun = time.perf_counter()
    task_spec = TaskSpec(model, quick, metrics, keep, time_limit, memory_limit)
    experiment = ex.load_experiment(model)
    wanted = design or Design(grid or {}, sample, rows, replicates, seed)
    checked = wanted.checked(experiment, settings or {})
    kept = ex.converted(experiment, keep) if not isinstance(keep, str) else keep
    all_points = checked.points(experiment)
    ex.set_parameters(experiment, dict(all_points[0]), quick)
    if fresh:
        remove(out)
    with Store(out, create=True) as store:
        remarks = check_compatible(store, experiment, task_spec, checked.seed, accept_changes)
        if retry:
            store.forget(store.keys() - store.keys((DONE, NAN)))
        places = {
            points.key_of(settings, replicate, checked.seed): (settings, replicate)
            for settings in all_points
            for replicate in range(checked.replicates)
        }
        there = store.keys()
        missing = [key for key in places if key not in there]
        if others := len(there) - (len(places) - len(missing)):
            remarks.append(f"{others:,} points of other settings or seeds are there too, and stay in the table")
        if not silent:
            print("".join(f"{out}: {remark}\n" for remark in remarks), end="", file=sys.stderr)
        shown = Progress(len(places), len(places) - len(missing), best, progress, silent)
        if missing:
            task = task_maker(experiment, task_spec, kept, store, checked.seed)
            tasks = Tasks(store, missing, lambda key: task(*places[key]))
            kinds = [task(*place) for place in kinds_of([places[key] for key in missing])]
            with worker_pool(executor, workers, len(missing)) as pool:
                warm(kinds, pool)
                run_tasks(store, pool, tasks, shown)
        write_table(store)
        shown.show(last=True)
        statuses = store.counts()
    return Summary(Path(out), len(places), shown.computed, statuses, time.perf_counter() - begun)


def remove(directory: str | os.PathLike[str]) -> None:
    """Remove a store; other files of the directory stay."""
    path = Path(directory)
    try:
        for each in (DATABASE, f"{DATABASE}-journal", TABLE):
            (path / each).unlink(missing_ok=True)
        if (path / RUNS).is_dir():
            shutil.rmtree(path / RUNS)
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed: {error.strerror or error}") from error
