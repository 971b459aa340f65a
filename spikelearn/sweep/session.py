"""The steps shared by sweeps and fits: open a store for a model, compute on an executor, write the table."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.codegen.interruptible import interrupts
from spikelearn.errors import StoreError
from spikelearn.extras import needed
from spikelearn.sweep.design import Settings
from spikelearn.sweep.point import Task
from spikelearn.sweep.progress import Progress
from spikelearn.sweep.scheduler import Source, check_workers, run_tasks, warm, worker_pool
from spikelearn.sweep.store import DATABASE, RUNS, TABLE, Store
from spikelearn.sweep.table import check_table, read_table, write_table
from spikelearn.sweep.task_spec import TaskSpec, check_compatible, task_maker

_RUN = re.compile(r"[0-9a-f]{24}\.h5|\.[0-9a-f]{24}\.h5\.partial")
"""Names of runs that were kept: see design.key_of."""


@dataclass(frozen=True)
class Options:
    """How and where points are computed, and what happens to those already in the store; see `run` for each field."""

    task_spec: TaskSpec
    executor: Executor | None = None
    workers: int | None = None
    fresh: bool = False
    accept_changes: bool = False
    silent: bool = False

    def __post_init__(self) -> None:
        check_workers(self.workers)


@dataclass(frozen=True)
class Stored:
    """The result of a call that computes points of a store. directory: of the store."""

    directory: Path

    def table(self) -> Any:
        """The table of all points, a pyarrow.Table."""
        return read_table(self.directory)


@contextmanager
def open_session(
    experiment: ex.Experiment, out: Path, options: Options, seed: int
) -> Iterator[tuple[Store, Callable[[Settings, int], Task]]]:
    """The store in `out`, created if missing, and a function that makes the Task of a point and replicate.

    Raises ExperimentError for an invalid `keep`, StoreError for a store of another model or seed.
    """
    needed("pyarrow", "sweeps")
    if options.executor is None:
        needed("pebble", "sweeps")
    keep = options.task_spec.keep
    kept = ex.converted(experiment, keep) if not isinstance(keep, str) else keep
    if options.fresh:
        remove(out)
    elif (out / TABLE).exists():
        check_table(out)
        if not (out / DATABASE).exists():
            raise StoreError(
                f"{out}: has the table of a sweep whose {DATABASE} is gone; start over with --fresh, which removes the "
                "table, or give another directory"
            )
    with Store(out, create=True) as store:
        for remark in check_compatible(store, experiment, options.task_spec, seed, options.accept_changes):
            remarked(out, remark, options)
        yield store, task_maker(experiment, options.task_spec, kept, store, seed)


def remarked(out: Path, remark: str, options: Options) -> None:
    """Print a remark about a store to standard error."""
    if not options.silent:
        print(f"{out}: {remark}", file=sys.stderr)


def compute(
    store: Store,
    source: Source,
    kinds: Sequence[Task],
    n: int,
    progress: Progress,
    options: Options,
    most_ahead: int | None = None,
) -> None:
    """Compute all tasks of a source, at most n, and write the table.

    kinds: one task for each set of kernels that may be needed. most_ahead: max number of tasks queued for each worker.
    """
    if source.left:
        with interrupts() as seen, worker_pool(options.executor, options.workers, n) as pool:
            warm(kinds, pool, seen)
            if most_ahead is not None:
                pool.most_ahead = most_ahead
            run_tasks(store, pool, source, progress, seen)
    write_table(store)
    progress.show(last=True)


def remove(path: Path) -> None:
    """Remove a store; other files in the directory stay, also those in its folder of runs.

    Raises StoreError, before anything is removed, if one of its names belongs to a file that no sweep has written.
    """
    _check_database(path)
    if (path / TABLE).exists():
        check_table(path)
    try:
        for each in (DATABASE, f"{DATABASE}-journal", TABLE, f".{TABLE}.partial"):
            (path / each).unlink(missing_ok=True)
        for run in (path / RUNS).iterdir() if (path / RUNS).is_dir() else ():
            if _RUN.fullmatch(run.name):
                run.unlink()
        with suppress(OSError):
            (path / RUNS).rmdir()
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed: {error.strerror or error}") from error


def _check_database(path: Path) -> None:
    """Raise StoreError if there is a database that no sweep has written, damaged or not."""
    try:
        Store(path).close()
    except StoreError:
        database = path / DATABASE
        if database.is_file():
            with open(database, "rb") as file:
                if b"CREATE TABLE claims" not in file.read(4096):
                    raise
        elif database.exists():
            raise
