"""Run a sweep: compute what a store lacks, on any executor, and write the table."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from spikelearn import _jit
from spikelearn import experiment as ex
from spikelearn.errors import ExperimentError, StoreError
from spikelearn.network import versions
from spikelearn.sweep import design as points
from spikelearn.sweep.crew import Crew
from spikelearn.sweep.design import Design, Settings
from spikelearn.sweep.executors import LocalProcesses
from spikelearn.sweep.point import DONE, NAN, ModelChanged, Result, Task, compile_all, source_of
from spikelearn.sweep.progress import Best, Progress
from spikelearn.sweep.store import DATABASE, RUNS, TABLE, Store
from spikelearn.sweep.table import write_table

_LIFE_EVERY_S = 5.0
_COMPILE_S = 60.0
_MOST_WARMED = 16


@dataclass(frozen=True)
class Work:
    """How points are computed: what is the same for all of them.

    measure: function Run -> name -> number, instead of the model's metrics. keep: which runs are kept with their
    spikes: "none", "all", "first" (replicate 0), or what is set where they are kept, name -> value. time_limit:
    seconds for a point; memory_limit: MB of data for a worker.
    """

    model: str | Path
    quick: bool = False
    measure: Callable[..., Mapping[str, Any]] | None = None
    keep: str | Mapping[str, Any] = "none"
    time_limit: float | None = None
    memory_limit: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("time limit", self.time_limit), ("memory limit", self.memory_limit)):
            if value is not None and not value > 0:
                raise ExperimentError(f"{name}: expected more than 0, got {value!r}")
        if isinstance(self.keep, str) and self.keep not in ("none", "all", "first"):
            raise ExperimentError(f"keep: expected none, all, first or NAME=VALUE, got {self.keep!r}")


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
    Run -> name -> number, instead of the model's metrics. keep, time_limit (s), memory_limit (MB): see Work.
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
    work = Work(model, quick, metrics, keep, time_limit, memory_limit)
    experiment = ex.load_experiment(model)
    wanted = design or Design(grid or {}, sample, rows, replicates, seed)
    checked = wanted.checked(experiment, settings or {})
    kept = ex.converted(experiment, keep) if not isinstance(keep, str) else keep
    all_points = checked.points(experiment)
    ex.set_parameters(experiment, dict(all_points[0]), quick)
    if fresh:
        remove(out)
    with Store(out, create=True) as store:
        agree(store, experiment, work, checked.seed, accept_changes)
        if retry:
            store.forget(store.keys() - store.keys((DONE, NAN)))
        places = {
            points.key_of(settings, replicate, checked.seed): (settings, replicate)
            for settings in all_points
            for replicate in range(checked.replicates)
        }
        there = store.keys()
        missing = [key for key in places if key not in there]
        shown = Progress(len(places), len(places) - len(missing), best, progress, silent)
        if missing:
            task = task_maker(experiment, work, kept, store, checked.seed)
            tasks = Tasks(store, missing, lambda key: task(*places[key]))
            warm([task(*places[key]) for key in missing])
            with crew_of(executor, workers, len(missing)) as crew:
                drive(store, crew, tasks, shown)
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


def agree(store: Store, experiment: ex.Experiment, work: Work, seed: int, accept_changes: bool) -> None:
    """Raise StoreError unless the store holds points of this model, as its file is now, measured in this way."""
    text = experiment.path.read_text()
    now = {
        "model": experiment.name, "path": str(experiment.path), "source": source_of(experiment),
        "quick": str(work.quick), "measure": _fingerprint(work.measure), "seed": str(seed),
    }  # fmt: skip
    before = store.meta()
    if "model" in before and store.counts():
        if before["model"] != now["model"]:
            raise StoreError(
                f"{store.directory}: this store is of {before['model']}, not of {now['model']}; give another "
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
        if changed and not accept_changes:
            raise StoreError(
                f"{store.directory}: {' and '.join(changed)} changed since the {sum(store.counts().values()):,} points "
                "of this store were computed; start over with --fresh, keep them beside new ones with --accept-changes "
                "(the column model_source tells them apart), or give another directory"
            )
    units = {row.name: row.unit for row in ex.parameters_table(experiment, experiment.parameters())}
    store.describe({**now, "text": text, "units": json.dumps(units), "spikelearn": versions()["spikelearn"]})


def task_maker(
    experiment: ex.Experiment, work: Work, keep: str | Mapping[str, Any], store: Store, seed: int
) -> Callable[[Settings, int], Task]:
    """A function that makes the Task of a point and replicate."""
    common = Task(
        "", str(experiment.path), source_of(experiment), (), 0, 0, work.quick, _pickled(work.measure),
        time_limit=work.time_limit or 0.0, memory_limit=int((work.memory_limit or 0.0) * 2**20),
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


class Source(Protocol):
    """Where tasks come from. left: whether there may be more. done_elsewhere: points that others did since it was 0."""

    done_elsewhere: int

    @property
    def left(self) -> bool: ...

    def next(self, n: int) -> list[Task]:
        """At most n tasks, claimed in the store; none if there are none now."""
        ...

    def took(self, results: Sequence[Result]) -> None:
        """Called once for each time that results were written to the store."""
        ...


class Tasks:
    """The points that a store lacks, handed out one by one to the process that can have them.

    Those that another process is at work on are asked for again later: it may die.
    """

    def __init__(self, store: Store, missing: Sequence[str], task: Callable[[str], Task]) -> None:
        self._store, self._task = store, task
        self._open = list(reversed(missing))
        self._elsewhere: list[str] = []
        self._asked = 0.0
        self.done_elsewhere = 0

    def next(self, n: int) -> list[Task]:
        """At most n tasks; none if there are none now."""
        if not self._open and self._elsewhere and time.perf_counter() - self._asked > 1.0:
            self._open, self._elsewhere = self._elsewhere, []
            self._asked = time.perf_counter()
        found: list[Task] = []
        while self._open and len(found) < n:
            asked = [self._open.pop() for _ in range(min(n - len(found), len(self._open), 500))]
            own, done = self._store.claim(asked)
            self.done_elsewhere += len(done)
            self._elsewhere += [key for key in asked if key not in done and key not in own]
            found += [self._task(key) for key in own]
        return found

    def took(self, results: Sequence[Result]) -> None:
        """The points of a sweep do not depend on results."""

    @property
    def left(self) -> bool:
        """Whether points are missing that this process does not have."""
        return bool(self._open or self._elsewhere)


def drive(store: Store, crew: Crew, tasks: Source, progress: Progress) -> None:
    """Hand out tasks and write down results, until there are none."""
    store.begin()
    life = time.perf_counter()
    try:
        while tasks.left or crew.tasks:
            if crew.room > 0:
                for task in tasks.next(crew.room):
                    crew.give(task)
            if not crew.tasks:
                time.sleep(0.2)  # the rest is with other processes
            if results := crew.ended(1.0):
                store.add(results)
                tasks.took(results)
                for result in results:
                    progress.note(result)
            if tasks.done_elsewhere:
                progress.others(tasks.done_elsewhere)
                tasks.done_elsewhere = 0
            if time.perf_counter() - life > _LIFE_EVERY_S:
                life = time.perf_counter()
                store.sign_of_life()
                progress.show()
    except BaseException as error:
        if not isinstance(error, StoreError) and (results := crew.ended(0.0)):
            store.add(results)
        if isinstance(error, KeyboardInterrupt):
            write_table(store)
            progress.show(last=True)
            raise KeyboardInterrupt(
                f"{progress.there + progress.computed:,} of {progress.total:,} {progress.unit} are in "
                f"{store.directory}; the same command goes on with the rest"
            ) from None
        raise


def warm(tasks: Sequence[Task]) -> None:
    """Have compiled what the points need before the first is computed, in processes of this machine.

    What is compiled depends on names and switches, not on numbers: one point for each combination of these is enough.
    A model that waits for spikes waits for ever if no time passes, so each has a minute; what is then not compiled is
    compiled by the first point that needs it, while others that need it wait.
    """
    if _jit.JIT_DISABLED:
        return
    kinds = {tuple(pair for pair in task.settings if not isinstance(pair[1], int | float)): task for task in tasks}
    first = [
        replace(task, time_limit=_COMPILE_S, memory_limit=0, kept="") for task in list(kinds.values())[:_MOST_WARMED]
    ]
    with LocalProcesses(min(len(first), len(os.sched_getaffinity(0)))) as processes:
        futures = [processes.submit(compile_all, task) for task in first]
        try:
            for future in wait(futures).done:
                if isinstance(future.exception(), ModelChanged):
                    future.result()
        except BaseException:
            processes.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def crew_of(executor: Executor | None, workers: int | None, n_tasks: int) -> Iterator[Crew]:
    """A crew on an executor; on local processes if there is none, which end with it."""
    cores = len(os.sched_getaffinity(0))
    if workers is not None and workers < 1:
        raise ExperimentError(f"workers: expected at least 1, got {workers}")
    if executor is not None:
        crew = Crew(executor, workers or getattr(executor, "_max_workers", None) or cores)
        try:
            yield crew
        except BaseException:
            for future in crew.tasks:
                future.cancel()
            raise
        return
    local = LocalProcesses(min(workers or cores, n_tasks))
    try:
        yield Crew(local, local.workers)
    except BaseException:
        local.shutdown(wait=True, cancel_futures=True)
        raise
    local.shutdown(wait=True)


def _pickled(function: Any) -> bytes:
    if function is None:
        return b""
    import cloudpickle

    return bytes(cloudpickle.dumps(function))


def _fingerprint(function: Any) -> str:
    """Changes with the code of a metrics function."""
    if function is None:
        return ""
    from spikelearn.engine.identity import identity

    return hashlib.sha256(identity(function).encode()).hexdigest()[:16]


def _difference(before: str, now: str) -> str:
    """'3 lines added, 2 removed' between two texts, or ""."""
    if before == now:
        return ""
    import difflib

    found = [line[:1] for line in difflib.ndiff(before.splitlines(), now.splitlines())]
    added, removed = found.count("+"), found.count("-")
    words = [f"{n} line{'s' if n > 1 else ''} {what}" for n, what in ((added, "added"), (removed, "removed")) if n]
    return ", ".join(words) or "line ends"
