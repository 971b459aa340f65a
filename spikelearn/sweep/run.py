"""Run a sweep: compute the points missing from a store, on any executor, and write the table."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.sweep import design as points
from spikelearn.sweep.design import Design
from spikelearn.sweep.point import DONE, NAN
from spikelearn.sweep.progress import Best, Progress
from spikelearn.sweep.scheduler import Tasks, kinds_of
from spikelearn.sweep.session import Options, Stored, compute, open_session, remarked
from spikelearn.sweep.task_spec import TaskSpec
from spikelearn.values import path as checked_path


@dataclass(frozen=True)
class Summary(Stored):
    """The result of a sweep.

    points: of the sweep; computed: by this call; statuses: status -> number of points in the whole store.
    seconds: wall time of this call.
    """

    points: int
    computed: int
    statuses: Mapping[str, int]
    seconds: float

    @property
    def failed(self) -> int:
        """The number of points without metrics."""
        return sum(self.statuses.values()) - self.statuses.get(DONE, 0) - self.statuses.get(NAN, 0)


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
    """Compute the points of a sweep that are not yet in a store. Several processes may work on the same store.

    model: a name in models/, or the path of a model file. out: directory of the store. design, or grid, sample, rows,
    replicates and seed: the points (see Design). settings: parameters set in all of them. metrics: a function
    Run -> (name -> number), used instead of the model's metrics. keep, time_limit (s), memory_limit (MB): see TaskSpec.
    executor: any concurrent.futures.Executor; by default LocalProcesses(workers), one worker per core. retry: recompute
    failed points. fresh: empty the store first. accept_changes: continue even if the model file has changed since the
    stored points were computed, which otherwise raises StoreError. progress: whether to show a bar; None shows one on a
    terminal only. silent: print nothing.

    Raises ExperimentError for an invalid model, parameters or points, StoreError for a store that cannot be used, and
    KeyboardInterrupt with a message that says how to resume. Points computed by then are kept.

    >>> from spikelearn import sweep
    >>> small = {"order": 20, "duration": 50}
    >>> done = sweep.run("brunel_2000", "out", grid={"g": [4, 5]}, settings=small, workers=1, silent=True)
    >>> done.table().to_pandas()["g"].tolist()
    [4.0, 5.0]
    """
    begun = time.perf_counter()
    out = checked_path(out, "out of a sweep")
    task_spec = TaskSpec(model, quick, metrics, keep, time_limit, memory_limit)
    options = Options(task_spec, executor, workers, fresh, accept_changes, silent)
    experiment = ex.load_experiment(model)
    wanted = design or Design(grid or {}, sample, rows, replicates, seed)
    checked = wanted.checked(experiment, settings or {})
    all_points = checked.points(experiment)
    ex.set_parameters(experiment, dict(all_points[0]), quick)
    with open_session(experiment, out, options, checked.seed) as (store, task):
        if checked.sample is not None:
            scales = {name: each.log for name, each in checked.sample.ranges.items()}
            store.describe({"scales": json.dumps(store.described("scales") | scales)})
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
            remarked(
                out, f"the store also has {others:,} points with other settings or seeds, kept in the table", options
            )
        shown = Progress(len(places), len(places) - len(missing), best, progress, silent)
        tasks = Tasks(store, missing, lambda key: task(*places[key]))
        kinds = [task(*place) for place in kinds_of([places[key] for key in missing])]
        compute(store, tasks, kinds, len(missing), shown, options)
        statuses = store.counts()
    return Summary(out, len(places), shown.computed, statuses, time.perf_counter() - begun)
