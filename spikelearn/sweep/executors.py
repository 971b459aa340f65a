"""Where points are computed: processes of this machine, or a Dask cluster; both have concurrent.futures' interface.

Any other concurrent.futures.Executor will do for `run`, as long as what it sends to its workers may be pickled.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import ModuleType
from typing import Any

from spikelearn.engine.thread_tuner import VARIABLE
from spikelearn.errors import ExperimentError

_LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", VARIABLE)
"""Variables that say how many threads a library may use: the workers share the cores."""

_MOST_REPLACED = 20


class _Worker(ForkServerProcess):
    """A process that does not execute the script that started it: its tasks bring all that they need."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            return ForkServerProcess._Popen(process_obj)
        finally:
            sys.modules["__main__"] = main


class _Context(ForkServerContext):
    Process = _Worker


class WorkerDied(Exception):
    """The process that computed a task is gone. number: of the signal that ended it, or its exit code as it is < 0."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.signal = -exit_code if exit_code < 0 else 0

    def __str__(self) -> str:
        if not self.signal:
            return f"its process ended with exit code {self.args[0]}"
        return f"its process was ended by signal {self.signal} ({signal.Signals(self.signal).name})"


class PoolLost(Exception):
    """All processes had to be replaced, for no fault of the task: it can be given again."""


class LocalProcesses(Executor):
    """So many processes of this machine, each with a share of its cores.

    If one dies, the task that it had raises WorkerDied, and another takes its place: the others go on. If the processes
    can no longer be told apart, because one died between tasks, all are replaced, and their tasks raise PoolLost.
    """

    def __init__(self, workers: int) -> None:
        try:
            import pebble
        except ModuleNotFoundError as error:
            raise ExperimentError(
                "sweeps need pebble, which is not installed: pip install 'spikelearn[sweep]'"
            ) from error
        self.workers = workers
        self._pebble = pebble
        self._pool = self._new_pool()
        self._replaced = 0

    def _new_pool(self) -> Any:
        threads = max(1, len(os.sched_getaffinity(0)) // self.workers)
        # A server that has all imported forks each worker: it starts at once, and without this process's threads.
        context = _Context()
        context.set_forkserver_preload(["spikelearn.sweep.point"])
        with _environment(dict.fromkeys(_LIBRARIES, str(threads))):
            forkserver.ensure_running()
        return self._pebble.ProcessPool(self.workers, initializer=_begin_worker, initargs=(threads,), context=context)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a function called in one of the processes. Raises ExperimentError if they die as soon as they begin."""
        outer: Future[Any] = Future()

        def pass_on(inner: Future[Any]) -> None:
            if inner.cancelled():
                outer.cancel()
                outer.set_running_or_notify_cancel()
                return
            error = inner.exception()
            if isinstance(error, self._pebble.ProcessExpired):
                outer.set_exception(WorkerDied(error.exitcode or 0))
            elif isinstance(error, BrokenExecutor):
                outer.set_exception(PoolLost(str(error)))
            elif error is not None:
                outer.set_exception(error)
            else:
                self._replaced = 0
                outer.set_result(inner.result())

        while True:
            try:
                inner = self._pool.schedule(fn, args=args, kwargs=kwargs)
                break
            except (BrokenExecutor, RuntimeError) as error:
                self._replaced += 1
                if self._replaced > _MOST_REPLACED:
                    raise ExperimentError(f"the workers die as soon as they begin, {_MOST_REPLACED} times") from error
                time.sleep(0.05 * self._replaced)
                self._pool.stop()
                self._pool = self._new_pool()
        inner.add_done_callback(pass_on)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """With cancel_futures, tasks are stopped where they are."""
        if cancel_futures:
            self._pool.stop()
        else:
            self._pool.close()
        if wait:
            self._pool.join()


def dask_cluster(
    address: str | None, workers: int | None = None, timeout_s: float = 20.0
) -> tuple[Executor, int, Callable[[], None]]:
    """A Dask cluster as an executor: (executor, number of workers, function that closes what was opened here).

    address: of the scheduler; None for a cluster of so many processes on this machine. Raises ExperimentError if no
    scheduler answers.
    """
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise ExperimentError("Dask is not installed: pip install 'spikelearn[sweep]'") from error
    cluster = None
    try:
        if address is None:
            cluster = LocalCluster(
                n_workers=workers or len(os.sched_getaffinity(0)), threads_per_worker=1, dashboard_address=None
            )
        client = Client(address if cluster is None else cluster, timeout=timeout_s)
    except (OSError, ValueError, TimeoutError) as error:
        raise ExperimentError(f"--dask: no scheduler answers at {address!r}: {error}") from error

    def close() -> None:
        client.close()
        if cluster is not None:
            cluster.close()

    return client.get_executor(pure=False), max(1, sum(client.nthreads().values())), close


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin_worker(threads: int) -> None:
    """Ctrl-C is for the process that gave the tasks; when that one dies, so does this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[VARIABLE] = str(threads)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
