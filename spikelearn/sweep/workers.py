"""Tasks in the hands of an executor: each comes back as a Result, whatever became of the process that had it."""

from __future__ import annotations

import collections
import signal
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait

from spikelearn.errors import ExperimentError
from spikelearn.sweep import point
from spikelearn.sweep.executors import PoolLost, WorkerDied
from spikelearn.sweep.point import ModelChanged, Result, Task

TRIES = 3
"""How often a point is begun whose process dies: once may have been chance."""
_AHEAD_S = 0.5
_MOST_AHEAD = 32
"""So much work, in seconds and points, waits for each worker, that none waits for its next point."""


class WorkerPool:
    """An executor and the tasks that it has.

    workers: how many tasks it can work on at once. most_ahead: how many more may wait for each of them.
    """

    def __init__(self, executor: Executor, workers: int, most_ahead: int = _MOST_AHEAD) -> None:
        self.executor, self.workers, self.most_ahead = executor, workers, most_ahead
        self.tasks: dict[Future[Result], Task] = {}
        self._deaths: collections.Counter[str] = collections.Counter()
        self._mean_s = _AHEAD_S

    @property
    def room(self) -> int:
        """How many more tasks it should be given now."""
        ahead = min(self.most_ahead, max(1, round(_AHEAD_S / max(self._mean_s, 1e-4))))
        return self.workers * (1 + ahead) - len(self.tasks)

    @property
    def wants_more(self) -> bool:
        """Whether it should be given tasks now: where half of those that may wait for a worker have gone to one."""
        return len(self.tasks) <= max((self.room + len(self.tasks)) // 2, self.workers - 1)

    def give(self, task: Task) -> None:
        try:
            self.tasks[self.executor.submit(point.evaluate, task)] = task
        except (BrokenExecutor, RuntimeError) as error:
            raise ExperimentError(f"the executor takes no more tasks: {error}") from error

    def ended(self, timeout: float) -> list[Result]:
        """The results of the tasks that have ended, after so many seconds at the latest.

        Raises ExperimentError if the executor is of no more use, ModelChanged if workers find another model file.
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
        """What a future came to; None if its task was given out again."""
        try:
            return future.result()
        except (ModelChanged, KeyboardInterrupt):
            raise
        except PoolLost:
            self.give(task)
            return None
        except WorkerDied as error:
            if task.time_limit and error.signal == signal.SIGALRM:
                return point.ended(task, point.TIMEOUT, f"not done within {task.time_limit:g} s")
            self._deaths[task.key] += 1
            if self._deaths[task.key] < TRIES:
                self.give(task)
                return None
            times = f"{error}, {TRIES} times of {TRIES}"
            return point.ended(task, point.DIED, times + _reasons(task))
        except (BrokenExecutor, CancelledError) as error:
            raise ExperimentError(f"the executor is lost: {type(error).__name__}: {error}") from error
        except Exception as error:
            # Dask gives a task up when the workers that had it died; by then it has tried several.
            if type(error).__name__ == "KilledWorker":
                return point.ended(task, point.DIED, f"several workers died with it: {error}" + _reasons(task))
            return point.ended(task, point.FAILED, f"{type(error).__name__}: {error}")


def _reasons(task: Task) -> str:
    limit = f", more time than its {task.time_limit:g} s" if task.time_limit else ""
    return f"; usual reasons: more memory than there is{limit}, a crash in compiled code"
