"""Tasks submitted to an executor: each returns a Result, even if its process dies."""

from __future__ import annotations

import collections
import signal
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait

from spikelearn.errors import ExperimentError
from spikelearn.sweep import point
from spikelearn.sweep.executors import PoolLost, WorkerDied
from spikelearn.sweep.point import ModelChanged, Result, Task

TRIES = 3
"""How many times a point is tried if its process dies: once may have been chance."""
_AHEAD_S = 0.5
_MOST_AHEAD = 32
"""Work queued for each worker, in seconds and max points, so that none waits for its next point."""


class WorkerPool:
    """An executor and the tasks submitted to it.

    workers: how many tasks it runs at once. most_ahead: max number of further tasks queued for each worker.
    """

    def __init__(self, executor: Executor, workers: int, most_ahead: int = _MOST_AHEAD) -> None:
        self.executor, self.workers, self.most_ahead = executor, workers, most_ahead
        self.tasks: dict[Future[Result], Task] = {}
        self._deaths: collections.Counter[str] = collections.Counter()
        self._mean_s = _AHEAD_S

    @property
    def room(self) -> int:
        """How many more tasks it can take now."""
        ahead = min(self.most_ahead, max(1, round(_AHEAD_S / max(self._mean_s, 1e-4))))
        return self.workers * (1 + ahead) - len(self.tasks)

    @property
    def wants_more(self) -> bool:
        """Whether to submit tasks now: when half of those that may be queued have started."""
        return len(self.tasks) <= max((self.room + len(self.tasks)) // 2, self.workers - 1)

    def give(self, task: Task) -> None:
        try:
            self.tasks[self.executor.submit(point.evaluate, task)] = task
        except (BrokenExecutor, RuntimeError) as error:
            raise ExperimentError(f"the executor accepts no more tasks: {error}") from error

    def ended(self, timeout: float) -> list[Result]:
        """The results of the tasks that have ended, waiting at most `timeout` seconds for the first.

        Raises ExperimentError if the executor is broken, ModelChanged if the model file has changed.
        """
        found: list[Result] = []
        for future in wait(self.tasks, timeout, FIRST_COMPLETED).done:
            task = self.tasks.pop(future)
            result = self._result(future, task)
            if result is not None:
                found.append(result)
                if result.wall_s == result.wall_s:
                    self._mean_s += 0.1 * (result.wall_s - self._mean_s)
        return found

    def _result(self, future: Future[Result], task: Task) -> Result | None:
        """The result of a future; None if its task was submitted again."""
        try:
            return future.result()
        except (ModelChanged, KeyboardInterrupt):
            raise
        except PoolLost:
            self.give(task)
            return None
        except WorkerDied as error:
            if task.time_limit and error.signal == getattr(signal, "SIGALRM", None):
                return point.ended(task, point.TIMEOUT, f"not done within {task.time_limit:g} s")
            self._deaths[task.key] += 1
            if self._deaths[task.key] < TRIES:
                self.give(task)
                return None
            times = f"{error}, {TRIES} times out of {TRIES}"
            return point.ended(task, point.DIED, times + _reasons(task))
        except (BrokenExecutor, CancelledError) as error:
            raise ExperimentError(f"the executor broke: {type(error).__name__}: {error}") from error
        except Exception as error:
            # Dask gives up on a task after several workers died with it.
            if type(error).__name__ == "KilledWorker":
                return point.ended(task, point.DIED, f"several workers died with it: {error}" + _reasons(task))
            return point.ended(task, point.FAILED, f"{type(error).__name__}: {error}")


def _reasons(task: Task) -> str:
    limit = f", exceeding its {task.time_limit:g} s" if task.time_limit else ""
    return f"; usual reasons: running out of memory{limit}, a crash in compiled code"
