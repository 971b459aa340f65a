"""The loops that run a Program: compiled ones, kept from run to run with their threads, and one in Python."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from spikelearn.codegen.modules import bound
from spikelearn.codegen.raised import caught
from spikelearn.engine.plan import STAGES, Added, Call, Program, call_table, made
from spikelearn.kernels.control import STOP
from spikelearn.kernels.loop import run_steps

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


class Loops:
    """The compiled loops of a Program for the parts that are on, and the threads in which they run in parallel.

    Whoever runs the Program keeps them, not the Program itself: they refer to it, and its memory is to be free as soon
    as nobody uses it.
    """

    def __init__(self, threads: Threads | None = None) -> None:
        self._threads = Threads() if threads is None else threads
        self._advance: Callable[[int, bool], int] | None = None
        self._version = -1
        self._found: list[list[BaseException]] = []

    def of_one_run(self) -> Loops:
        """Others, for a run with Calls of its own, with the same threads."""
        return Loops(self._threads)

    def latest(self, program: Program, added: Added | None, found: list[BaseException]) -> Callable[[int, bool], int]:
        """A function that runs up to a step, the shares in parallel or in turn, and returns the step reached.

        found: collects what functions of models raise.
        """

        def advance(until: int, in_parallel: bool) -> int:
            if self._advance is None or self._version != program.version:
                self._advance, self._version = self._compiled(program, added), program.version
            return self._advance(until, in_parallel)

        self._found[:] = [found]
        return advance

    def _compiled(self, program: Program, added: Added | None) -> Callable[[int, bool], int]:
        n_shares, found, threads = len(program.plans), self._found, self._threads
        at_end = calls_at_end(program, added)
        end = call_table(at_end)
        phases = (0, np.zeros(0, np.int64)) if added is None else (added.origin, added.ends)
        stops, arrived = np.zeros(2, np.int64), np.zeros(1, np.int64)

        def loop(calls: list[Call], controls: np.ndarray, share: int, of: int) -> Callable[[int], int]:
            """A function that makes these Calls up to a step and returns the step reached. of: shares in parallel."""
            arguments = (*call_table(calls), *end, *phases, controls, stops, arrived, share, of, program.interval)
            run = bound(run_steps, (0, 0, *arguments))
            kept_alive = calls, at_end

            def up_to(until: int, kept_alive: object = kept_alive) -> int:
                with caught(found[0], partial(stop, program)):
                    return run(program.step + 1, until + 1) - 1

            return up_to

        own = [
            loop([*made(plan.calls(added), program.off)], program.controls[k : k + 1], k, n_shares)
            for k, plan in enumerate(program.plans)
        ]
        if n_shares == 1:
            return lambda until, in_parallel: own[0](until)
        all_in_turn = loop([call for calls in _in_turn(program, added) for call in calls], program.controls, 0, 1)

        def advance(until: int, in_parallel: bool) -> int:
            stops[:], arrived[:] = 0, 0
            return threads.run(own, until) if in_parallel else all_in_turn(until)

        return advance


class Threads:
    """Threads that wait for work until nobody refers to them. A process that was forked starts its own."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def run(self, functions: list[Callable[[int], int]], argument: int) -> int:
        """Run functions at the same time, the first of them in this thread; returns what that one does."""
        if self._pool is None or self._process != os.getpid():
            from concurrent.futures import ThreadPoolExecutor

            self._pool, self._process = ThreadPoolExecutor(len(functions) - 1), os.getpid()
        others = [self._pool.submit(each, argument) for each in functions[1:]]
        found = functions[0](argument)
        for other in others:
            other.result()
        return found


def stop(program: Program) -> None:
    """Request that all shares stop."""
    for plan in program.plans:
        plan.control[STOP] = 1


def calls_at_end(program: Program, added: Added | None) -> list[Call]:
    """The Calls of stage "end"."""
    own, last = list(made(program.end, program.off)), list(made(program.last, program.off))
    return [*own, *last] if added is None else [*own, *added.end, *last, *added.after]


def _in_turn(program: Program, added: Added | None) -> list[list[Call]]:
    """The Calls of all shares, stage by stage, for one thread."""
    stages = [plan.stages for plan in program.plans] + (added.stages if added is not None else [])
    return [[call for calls in stages for call in made(calls.get(stage, ()), program.off)] for stage in STAGES]


def advance_in_python(program: Program, added: Added | None, until: int, in_parallel: bool) -> int:
    """Run up to a step in Python, one call after the other, the shares always in turn; returns the step reached."""
    stages, step = [*_in_turn(program, added), calls_at_end(program, added)], program.step
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        while step < until and not any(plan.control[STOP] for plan in program.plans):
            step += 1
            for calls in stages:
                for call in calls:
                    call(step)
    return step
