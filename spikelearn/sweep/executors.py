"""Where points are computed: processes on this machine or a Dask cluster, both with the concurrent.futures interface.

`run` accepts any other concurrent.futures.Executor that pickles what it sends to its workers.
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
from types import ModuleType
from typing import Any

from spikelearn.engine.thread_tuner import VARIABLE
from spikelearn.errors import ExperimentError
from spikelearn.extras import needed
from spikelearn.system import cores

_LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", VARIABLE)
"""Environment variables that set how many threads a library may use: the workers share the cores."""

_MOST_REPLACED = 20


_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""Workers are forked from a server with all imports done, so they start at once, without this process's threads; on
Windows, which forks nothing, each imports anew."""
_STANDARD: Any = multiprocessing.get_context(_METHOD)


class _Worker(_STANDARD.Process):
    """A process that does not execute the script that started it: its tasks are self-contained."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            return _STANDARD.Process._Popen(process_obj)
        finally:
            sys.modules["__main__"] = main


class _Context(type(_STANDARD)):  # type: ignore[misc]
    Process = _Worker


class WorkerDied(Exception):
    """The process that was computing a task has died. exit_code: its exit code; < 0 if a signal killed it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.signal = -exit_code if exit_code < 0 else 0

    def __str__(self) -> str:
        if not self.signal:
            return f"its process exited with code {self.args[0]}"
        return f"its process was killed by signal {self.signal} ({signal.Signals(self.signal).name})"


class PoolLost(Exception):
    """All processes had to be replaced, through no fault of the task: it can be submitted again."""


class LocalProcesses(Executor):
    """`workers` processes on this machine, each with a share of its cores.

    If one dies, its task raises WorkerDied, another process replaces it, and the others continue. If one dies between
    tasks, so that it is not known which, all are replaced and their tasks raise PoolLost.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pebble = needed("pebble", "sweeps")
        self._pool = self._new_pool()
        self._replaced = 0

    def _new_pool(self) -> Any:
        threads = max(1, cores() // self.workers)
        context = _Context()
        if _METHOD == "forkserver":
            from multiprocessing import forkserver

            context.set_forkserver_preload(["spikelearn.sweep.point"])
            with _environment(dict.fromkeys(_LIBRARIES, str(threads))):
                forkserver.ensure_running()
        return self._pebble.ProcessPool(self.workers, initializer=_begin_worker, initargs=(threads,), context=context)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in one of the processes. Raises ExperimentError if they keep dying on start-up."""
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
                    raise ExperimentError(f"the workers died on start-up {_MOST_REPLACED} times") from error
                time.sleep(0.05 * self._replaced)
                self._pool.stop()
                self._pool = self._new_pool()
        inner.add_done_callback(pass_on)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Close the pool. cancel_futures: stop running tasks at once."""
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

    address: of the scheduler; None for a local cluster of `workers` processes. Raises ExperimentError if no scheduler
    answers.

    >>> executor, workers, close = dask_cluster(None, workers=2)  # doctest: +SKIP
    >>> executor.submit(pow, 2, 3).result()  # doctest: +SKIP
    8
    >>> close()  # doctest: +SKIP
    """
    distributed = needed("distributed", "sweeps on Dask")
    cluster = None
    try:
        if address is None:
            cluster = distributed.LocalCluster(
                n_workers=workers or cores(), threads_per_worker=1, dashboard_address=None
            )
        client = distributed.Client(address if cluster is None else cluster, timeout=timeout_s)
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
    """Leave Ctrl-C to the parent process, and exit when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[VARIABLE] = str(threads)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
