"""Parts of a sweep without its processes: tasks that are tried again, what is said of deaths and of progress."""

from __future__ import annotations

import signal
from concurrent.futures import Executor, Future
from types import SimpleNamespace

import pytest

from spikelearn.errors import ExperimentError
from spikelearn.sweep import executors, point
from spikelearn.sweep.executors import LocalProcesses, PoolLost, WorkerDied
from spikelearn.sweep.optuna_trials import Trial
from spikelearn.sweep.point import Result, Task
from spikelearn.sweep.progress import Progress
from spikelearn.sweep.task_spec import TaskSpec, task_maker
from spikelearn.sweep.workers import WorkerPool

TASK = Task("key", "model", "source", (("I", 1.0),), 0, 7)
DONE = Result("key", (("I", 1.0),), 0, 7, "source", point.DONE, {}, {"rate": 1.0})


class Ending(Executor):
    """Each task ends as the next of `ends` says: with a result, or an exception."""

    def __init__(self, *ends):
        self.ends, self.begun = list(ends), 0

    def submit(self, function, *arguments):
        future, end = Future(), self.ends[self.begun]
        self.begun += 1
        (future.set_exception if isinstance(end, Exception) else future.set_result)(end)
        return future


def results(*ends):
    """(results of a task that ends so, how often it was begun)"""
    executor = Ending(*ends)
    pool, found = WorkerPool(executor, 1), []
    pool.give(TASK)
    while pool.tasks:
        found += pool.ended(0.0)
    return found, executor.begun


def test_a_task_whose_process_died_is_tried_three_times():
    died = WorkerDied(-signal.SIGKILL)
    [found], begun = results(died, died, died, DONE)
    assert begun == 3 and found.status == point.DIED
    assert found.error.startswith("its process was killed by signal 9 (SIGKILL), 3 times out of 3")
    assert (found.key, found.settings, found.seed) == (TASK.key, TASK.settings, TASK.seed)
    assert results(died, died, DONE) == ([DONE], 3)


def test_processes_that_were_replaced_count_for_no_task():
    lost = PoolLost("all of them")
    assert results(*[lost] * 5, DONE) == ([DONE], 6)


def test_an_error_of_a_task_is_its_result_and_is_not_tried_again():
    [found], begun = results(ValueError("no"))
    assert begun == 1 and (found.status, found.error) == (point.FAILED, "ValueError: no")


@pytest.mark.parametrize(
    ("code", "text"),
    [(3, "its process exited with code 3"), (-9, "its process was killed by signal 9 (SIGKILL)"),
     (0, "its process exited with code 0")],
)  # fmt: skip
def test_a_death_is_told_by_its_exit_code_or_its_signal(code, text):
    assert str(WorkerDied(code)) == text


@pytest.mark.parametrize(("code", "known"), [(3, 3), (-11, -11), (None, 0)])
def test_the_exit_code_of_a_process_reaches_whoever_submitted_the_task(monkeypatch, code, known):
    class Expired(Exception):
        exitcode = code

    inner: Future = Future()
    inner.set_exception(Expired())
    pool = SimpleNamespace(schedule=lambda function, args, kwargs: inner)
    monkeypatch.setattr(executors, "needed", lambda *_: SimpleNamespace(ProcessExpired=Expired))
    monkeypatch.setattr(LocalProcesses, "_new_pool", lambda self: pool)
    error = LocalProcesses(1).submit(print).exception()
    assert isinstance(error, WorkerDied) and error.args == (known,)


def test_means_of_a_trial_go_up_to_the_first_replicate_that_is_missing():
    assert Trial((), values={0: 1.0, 1: 3.0, 2: 8.0, 4: 5.0}).means() == [1.0, 2.0, 4.0]
    assert Trial((), values={0: 2.0, 1: None, 2: 4.0}).means() == [2.0]


def test_a_line_of_progress_is_printed_every_ten_seconds_and_at_the_end(capsys, monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("spikelearn.sweep.progress.time.perf_counter", lambda: clock.now)
    progress, printed = Progress(20, 4, None, bar=False), []
    for clock.now in (101.0, 109.0, 110.5, 112.0, 119.0, 121.0):
        progress.record(DONE)
        printed.append(capsys.readouterr().err)
    assert [bool(text) for text in printed] == [False, False, True, False, False, True]
    assert "7 of 20 points, 0.286 per second, " in printed[2] and "10 of 20 points" in printed[5]
    progress.show()
    assert capsys.readouterr().err == ""
    progress.show(last=True)
    assert "10 of 20 points" in capsys.readouterr().err


@pytest.mark.parametrize("silent", [False, True])
def test_while_others_compute_who_does_is_printed_after_ten_seconds_and_then_each_minute(silent, capsys, monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("spikelearn.sweep.progress.time.perf_counter", lambda: clock.now)
    progress, printed = Progress(20, 4, None, bar=False, silent=silent), []
    for clock.now in (100.0, 109.0, 111.0, 112.0, 170.0, 172.0):
        progress.waiting(lambda: {"one": 1000, "two": 3})
        printed.append(capsys.readouterr().err)
    line = "waiting for points that other processes are computing: 1,000 on one, 3 on two\n"
    assert printed == ["", "", "" if silent else line, "", "", "" if silent else line]


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("none", []),
        ("all", [(1.0, 0), (1.0, 1), (2.0, 0), (2.0, 1)]),
        ("first", [(1.0, 0), (2.0, 0)]),
        ({"I": 2.0}, [(2.0, 0), (2.0, 1)]),
        ({"I": 2.0, "replicate": 1}, [(2.0, 1)]),
    ],
)
def test_runs_are_kept_that_have_all_settings_that_were_named(tmp_path, keep, kept):
    (tmp_path / "model.py").write_bytes(b"")
    made = SimpleNamespace(path=tmp_path / "model.py"), TaskSpec("model", keep=keep), keep
    make = task_maker(*made, SimpleNamespace(directory=tmp_path), 1)
    every = [(value, replicate) for value in (1.0, 2.0) for replicate in (0, 1)]
    assert [each for each in every if make((("I", each[0]),), each[1]).kept] == kept


def test_what_else_is_to_be_kept_is_refused():
    with pytest.raises(ExperimentError, match="keep: expected none, all, first or NAME=VALUE, got 'some'"):
        TaskSpec("model", keep="some")


def test_a_model_file_is_known_by_the_first_16_digits_of_its_hash(tmp_path):
    """Stores on record have keys that were made of it."""
    (tmp_path / "model.py").write_bytes(b"")
    assert point.source_of(SimpleNamespace(path=tmp_path / "model.py")) == "e3b0c44298fc1c14"
