"""A network in a thread of its own: in short pieces, or in one run of trials, between whose steps it can be changed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from spikelearn.description.trials import Trials
from spikelearn.errors import SpikelearnError
from spikelearn.network import Network
from spikelearn.results.sink import Sink
from spikelearn.steps import times_of

PIECE_S = 0.025
"""The wall time of a piece, s, also the longest that a change waits."""
PAUSE_S = 0.005
IN_TRIALS = 1.0
"""In trials, the network can be changed every so many ms, or every step if dt is longer."""
FASTEST = 1e6
MOST_WAITING = 256
"""Changes that wait to be done."""


class Stopped(Exception):
    """The thread of the network has ended."""


class Closed(Exception):
    """The page has gone, and a run in trials ends."""


class Running:
    """A network that runs: when, how fast, and what is done between two steps.

    trials: those that it runs first. sink: what makes the sink of a run.
    now: how far it has run, ms. since: where it began. paused, speed: what the page wants; speed is biological time
    over wall time. achieved: the speed it has had lately, 0 while it does not run. error: what ended it, or "".
    """

    def __init__(self, net: Network, trials: Trials | None, sink: Callable[[], Sink]) -> None:
        self.net, self.trials, self._sink = net, trials, sink
        self.now = self.since = net.time
        self.paused, self.speed, self.achieved, self.error = True, 1.0, 0.0, ""
        self.built, self.in_trials, self.steps_left = threading.Event(), False, 0
        self._unseen, self._restarted = True, False
        self._tasks: queue.Queue[Callable[[], None]] = queue.Queue(MOST_WAITING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="spikelearn view", daemon=True)
        self._paced = self._measured = time.perf_counter(), net.time
        self._steps_between = max(1, round(IN_TRIALS / net.dt))
        if trials is not None:
            net.every(times_of(self._steps_between, net.dt), self._between)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def seen(self) -> None:
        """Begin to run, as the first page is there to look at it."""
        if self._unseen:
            self._unseen, self.paused = False, False

    def step(self, duration: float) -> None:
        """Run for so many ms, then pause."""
        self.paused = True
        self.steps_left = max(1, round(duration / self.net.dt))

    def restart(self) -> None:
        """Go back to time 0, with the weights of the start and the values that were set last; only as a task."""
        if self.in_trials:
            raise ValueError("the network is within trials; it can be restarted after them")
        self.net.reset(keep_weights=False)
        self.now = self.since = self.net.time
        self.error, self._restarted, self.steps_left = "", True, 0

    def do(self, task: Callable[[], Any]) -> Any:
        """Let the thread of the network do something between two steps; returns what it returns, raises what it raises.

        Raises ValueError if too much is waiting, Stopped if the thread has ended.
        """
        done = threading.Event()
        results: list[Any] = []
        errors: list[Exception] = []

        def run() -> None:
            try:
                results.append(task())
            except Exception as error:
                errors.append(error)
            finally:
                done.set()

        try:
            self._tasks.put_nowait(run)
        except queue.Full:
            raise ValueError("too many changes are waiting") from None
        while not done.wait(0.1):
            if not self._thread.is_alive():
                raise Stopped("the network has stopped")
        if errors:
            raise errors[0]
        return results[0]

    def _work(self) -> None:
        try:
            self.net.build()
            self.built.set()
            while not self._closing.is_set():
                self._restarted = False
                if self.trials is not None:
                    self._run_trials(self.trials)
                self._run_in_pieces()
        except Closed:
            pass
        except SpikelearnError as error:
            self.error = str(error)
            while not self._closing.is_set():
                self._wait()

    def _run_in_pieces(self) -> None:
        """Run no faster than the page wants, in pieces of no more wall time than PIECE_S."""
        dt, rate = self.net.dt, 0.0
        due_since = time.perf_counter()
        while not self._closing.is_set() and not self._restarted:
            self._do_tasks()
            if self._stands or self.error:
                self._wait()
                due_since = time.perf_counter()
                continue
            begun = time.perf_counter()
            steps = max(1, int(rate * PIECE_S / dt))
            due = int(self.speed * (begun - due_since) * 1e3 / dt + 1e-6)
            steps = min(steps, self.steps_left if self.paused else due)
            if steps < 1:
                time.sleep(min(PAUSE_S, max(1e-4, dt * 1e-3 / self.speed)))
                continue
            self._run_piece(times_of(steps, dt))
            ended, ran = time.perf_counter(), steps * dt
            measured = ran / max(ended - begun, 1e-6)
            rate = 0.8 * rate + 0.2 * measured if measured < 4 * rate else 2 * rate + dt / PIECE_S
            # What is left over of a step is due; what a slow network is late by is not made up for.
            late = ended - due_since - ran * 1e-3 / self.speed
            due_since = ended - (late if 0 < late < PIECE_S else 0.0)
            self._took(steps)

    def _run_piece(self, duration: float) -> None:
        try:
            self.net.run(duration, sink=self._sink(), progress=False)
        except SpikelearnError as error:
            self.error, self.paused = str(error), True
        self.now = self.net.time

    def _run_trials(self, trials: Trials) -> None:
        """The trials in one run; `_between` is called between its steps."""
        self._wait_while_it_stands()
        self.in_trials = True
        try:
            self.net.run(trials=trials, sink=self._sink(), progress=False)
        except SpikelearnError as error:
            if self._closing.is_set():
                raise Closed from None
            self.error = str(error)
        self.in_trials, self.paused, self.now = False, True, self.net.time

    def _between(self, net: Network) -> None:
        """In trials: change the network, wait while it is paused, and keep to the speed that the page wants."""
        if not self.in_trials:
            return
        self.now = net.time
        self._do_tasks()
        self._wait_while_it_stands()
        if self._closing.is_set():
            raise Closed
        wall, before = self._paced
        ahead = (net.time - before) * 1e-3 / self.speed - (time.perf_counter() - wall)
        if ahead > 0:
            time.sleep(min(ahead, PIECE_S))
        elif ahead < -PIECE_S:
            self._paced = time.perf_counter(), net.time
        self._took(self._steps_between)

    @property
    def _stands(self) -> bool:
        return self.paused and self.steps_left <= 0

    def _wait_while_it_stands(self) -> None:
        while self._stands and not self._closing.is_set():
            self._wait()

    def _wait(self) -> None:
        """Wait for a task, or a little."""
        self.achieved = 0.0
        try:
            task = self._tasks.get(timeout=2 * PAUSE_S)
        except queue.Empty:
            pass
        else:
            task()
        self._paced = self._measured = time.perf_counter(), self.net.time

    def _do_tasks(self) -> None:
        while True:
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                return
            task()

    def _took(self, steps: int) -> None:
        """Note that the network has run for so many steps."""
        self.steps_left = max(0, self.steps_left - steps) if self.paused else 0
        wall, before = self._measured
        passed = time.perf_counter() - wall
        if passed > 0.3:
            self.achieved = (self.now - before) * 1e-3 / passed
            self._measured = time.perf_counter(), self.now
