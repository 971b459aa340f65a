"""Submit tasks to an executor and write their results to a store until all are done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from spikelearn.codegen import jit
from spikelearn.errors import StoreError
from spikelearn.sweep.design import Settings
from spikelearn.sweep.executors import LocalProcesses
from spikelearn.sweep.point import ModelChanged, Result, Task, compile_all
from spikelearn.sweep.progress import Progress
from spikelearn.sweep.store import Store
from spikelearn.sweep.table import write_table
from spikelearn.sweep.workers import WorkerPool
from spikelearn.system import cores, has_time_limits
from spikelearn.values import whole_number

_LIFE_EVERY_S = 5.0
_WRITE_EVERY_S = 0.2
_COMPILE_S = 60.0
_MOST_KINDS = 16


class Source(Protocol):
    """Where tasks come from.

    left: whether there may be more. done_by_others: points computed by other processes since this was last set to 0.
    """

    done_by_others: int

    @property
    def left(self) -> bool: ...

    def next(self, n: int) -> list[Task]:
        """Return at most n tasks, claimed in the store; none if none are available now."""
        ...

    def on_results(self, results: Sequence[Result]) -> None:
        """Called each time results have been written to the store."""
        ...


class Tasks:
    """The points missing from a store, as tasks.

    Points that another process is computing are tried again later, as it may die.
    """

    def __init__(self, store: Store, missing: Sequence[str], task: Callable[[str], Task]) -> None:
        self._store, self._task = store, task
        self._open = list(reversed(missing))
        self._external: list[str] = []
        self._asked = 0.0
        self.done_by_others = 0

    def next(self, n: int) -> list[Task]:
        """Return at most n tasks; none if none are available now."""
        if not self._open and self._external and time.perf_counter() - self._asked > 1.0:
            self._open, self._external = self._external, []
            self._asked = time.perf_counter()
        found: list[Task] = []
        while self._open and len(found) < n:
            asked = [self._open.pop() for _ in range(min(n - len(found), len(self._open), 500))]
            own, done = self._store.claim(asked)
            self.done_by_others += len(done)
            self._external += [key for key in asked if key not in done and key not in own]
            found += [self._task(key) for key in own]
        return found

    def on_results(self, results: Sequence[Result]) -> None:
        """Do nothing: the points of a sweep do not depend on results."""

    @property
    def left(self) -> bool:
        """Whether there are missing points that this process has not claimed."""
        return bool(self._open or self._external)


def run_tasks(
    store: Store, pool: WorkerPool, tasks: Source, progress: Progress, interrupted: Sequence[int] = ()
) -> None:
    """Submit tasks and store their results until no tasks are left.

    Results of short points are written in batches, as each write takes some milliseconds. interrupted: not empty after
    Ctrl-C, which is a KeyboardInterrupt only here: raised at any line of a queue or future, it could leave a lock held
    or a thread asleep, and the processes would not end.
    """
    store.begin()
    written = life = time.perf_counter()
    ended: list[Result] = []

    def write() -> None:
        if ended:
            written, ended[:] = list(ended), []
            store.add(written)
            tasks.on_results(written)
            for result in written:
                progress.record(result)

    try:
        while tasks.left or pool.tasks or ended:
            if interrupted:
                raise KeyboardInterrupt
            if pool.wants_more:
                for task in tasks.next(pool.room):
                    pool.give(task)
            if not pool.tasks and not ended:
                progress.waiting(store.held_by_others)
                time.sleep(0.2)  # other processes have the rest
            ended += pool.ended(_WRITE_EVERY_S)
            now = time.perf_counter()
            if len(pool.tasks) < pool.workers or now - written > _WRITE_EVERY_S:
                write()
                written = now
            if tasks.done_by_others:
                progress.others(tasks.done_by_others)
                tasks.done_by_others = 0
            if now - life > _LIFE_EVERY_S:
                life = now
                store.sign_of_life()
                progress.show()
        if interrupted:
            raise KeyboardInterrupt
    except BaseException as error:
        if not isinstance(error, StoreError):
            if ended := [*ended, *pool.ended(0.0)]:
                store.add(ended)
            for result in ended:
                progress.record(result)
        if isinstance(error, KeyboardInterrupt):
            write_table(store)
            progress.show(last=True)
            raise KeyboardInterrupt(
                f"{progress.there + progress.computed:,} of {progress.total:,} {progress.unit} are in "
                f"{store.directory}; the same command resumes with the rest"
            ) from None
        raise


def kinds_of(places: Iterable[tuple[Settings, int]]) -> list[tuple[Settings, int]]:
    """One point, (settings, replicate), for each set of kernels that may be needed; at most 16.

    What is compiled depends on names and switches, not on numbers.
    """
    kinds: dict[Settings, tuple[Settings, int]] = {}
    for place in places:
        kinds.setdefault(tuple(pair for pair in place[0] if not isinstance(pair[1], int | float)), place)
        if len(kinds) == _MOST_KINDS:
            break
    return list(kinds.values())


def warm(tasks: Sequence[Task], pool: WorkerPool, interrupted: Sequence[int] = ()) -> None:
    """Compile what these points need before the first is computed, in local processes (the pool's if it has any).

    A model that waits for spikes waits forever if no time passes, so each compilation is limited to a minute; the rest
    is compiled by the first point that needs it, while others that need it wait.
    """
    if jit.JIT_DISABLED:
        return
    limit = _COMPILE_S if has_time_limits() else 0.0
    first = [replace(task, time_limit=limit, memory_limit=0, kept="") for task in tasks[:_MOST_KINDS]]
    if not isinstance(pool.executor, LocalProcesses):
        with worker_pool(None, None, len(first)) as own:
            warm(tasks, own, interrupted)
        return
    futures = [pool.executor.submit(compile_all, task) for task in first]
    while wait(futures, _WRITE_EVERY_S).not_done:
        if interrupted:
            raise KeyboardInterrupt
    for future in futures:
        if isinstance(future.exception(), ModelChanged):
            future.result()


def check_workers(workers: int | None) -> None:
    """ParameterError unless a number of workers is whole and at least 1, or None: one per core."""
    if workers is not None:
        whole_number(workers, "workers", least=1)


@contextmanager
def worker_pool(executor: Executor | None, workers: int | None, n_tasks: int) -> Iterator[WorkerPool]:
    """A pool on an executor, or on local processes that end with the block if executor is None."""
    check_workers(workers)
    if executor is not None:
        pool = WorkerPool(executor, workers or getattr(executor, "_max_workers", None) or cores())
        try:
            yield pool
        except BaseException:
            for future in pool.tasks:
                future.cancel()
            raise
        return
    local = LocalProcesses(min(workers or cores(), n_tasks))
    try:
        yield WorkerPool(local, local.workers)
    except BaseException:
        local.shutdown(wait=True, cancel_futures=True)
        raise
    local.shutdown(wait=True)
