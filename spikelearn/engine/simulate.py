"""Run a Program: step by step from Python, or in one compiled loop per thread. Both make the same calls in order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from spikelearn.codegen import jit
from spikelearn.codegen.interruptible import interrupts
from spikelearn.codegen.modules import plain_function
from spikelearn.codegen.raised import caught, described, in_python
from spikelearn.engine.loops import Loops, advance_in_python, calls_at_end, stop
from spikelearn.engine.lowering.recorders import discard, empty
from spikelearn.engine.plan import Added, Call, Program, made
from spikelearn.errors import SimulationError
from spikelearn.kernels.control import NEURON, POPULATION, STEP, STOP
from spikelearn.kernels.event_rule import LAST_STEP
from spikelearn.results.sink import Sink
from spikelearn.steps import times_of

_CHUNK_SECONDS = 0.1
_MOST_VALUES_IN_PYTHON = 1_000_000

_no_steps: ContextVar[bool] = ContextVar("no_steps", default=False)


@contextmanager
def only_compile() -> Iterator[None]:
    """Context in which runs of this thread's networks build and compile everything but take no steps."""
    token = _no_steps.set(True)
    try:
        yield
    finally:
        _no_steps.reset(token)


def steps_to_take(n_steps: int) -> int:
    """n_steps, or 0 within `only_compile`."""
    return 0 if _no_steps.get() else n_steps


class Pause(NamedTuple):
    """An action between two steps, whenever the number of steps since time 0 is a multiple of `every`.

    act: function(wall time of this run so far, in seconds) -> whether another Program is to go on from here.
    at_end: whether also at the end of the run.
    """

    every: int
    act: Callable[[float], bool | None]
    at_end: bool = False


def simulate(
    program: Program, n_steps: int, sink: Sink, loops: Loops | None, progress: bool | None = None,
    added: Added | None = None, pauses: Sequence[Pause] = (),
) -> tuple[bool, float]:  # fmt: skip
    """Run n_steps; returns whether it was interrupted, and its wall time in seconds, with all that it waited for.

    Each Plan of the program runs in its own thread, or all run in turn if program.thread_tuner finds that faster.
    loops: the compiled loops of the program; None: it is run call by call. progress: None shows a bar if standard error
    is a terminal. added: Calls of this run only. pauses: actions between steps, in order; parts that they switch are so
    from the next step on. Ctrl-C stops after the current chunk of steps. Raises SimulationError when a state stops
    being finite or a callback raises; what was recorded until then is in the sink.
    """
    plans, dt = program.plans, program.plans[0].dt
    intervals = [*(each.every for each in program.interactions), *(pause.every for pause in pauses)]
    last = program.step + n_steps
    if last > LAST_STEP and any(plan.learning for plan in plans):
        raise SimulationError(
            f"a network that learns can run for at most {LAST_STEP:,} steps, {LAST_STEP * dt / 3.6e6:.3g} hours; "
            f"this run would end at step {last:,}"
        )
    if program.failure and n_steps > 0:
        raise SimulationError(f"{program.failure}; reset the network to run it again")
    bar = progress_bar(n_steps * dt, progress)
    started = time.perf_counter()
    for plan in plans:
        plan.control[[STOP, POPULATION]] = 0, -1
    discard(program)
    found: list[BaseException] = []
    with _advancing(program, added, loops, found) as advance, interrupts() as interrupted:
        if _no_steps.get():
            advance(program.step, True)
        for interaction in program.interactions if n_steps > 0 else ():
            _with_environment(interaction.begin, interaction.name, program)
        while program.step < last and not interrupted:
            begun = time.perf_counter()
            before = program.step
            _send_again(program, added)
            if before == 0:
                _record_start(program)
            in_parallel, trial = program.thread_tuner.choose() if program.thread_tuner is not None else (True, False)
            until = min(last, before + (max(1, program.chunk // 4) if trial else program.chunk))
            for every in intervals:
                until = min(until, (before // every + 1) * every)
            after = advance(until, in_parallel)
            failure = _failure(program)
            if failure is not None:
                after = min(after, failure.step)
                _forget_after(program, after)
            program.step = after
            for plan in plans:
                plan.control[STOP] = 0
            spent = time.perf_counter() - begun
            if program.thread_tuner is not None:
                program.thread_tuner.record(in_parallel, after - before, spent)
            if not trial:
                program.chunk = next_chunk(after - before, spent)
            empty(program, sink)
            if bar is not None:
                bar.update((after - before) * dt)
            _check_kernels(found, program)
            in_steps = (call for plan in plans for call in plan.stages["begin"])
            check_raised([*calls_at_end(program, added), *in_steps], dt)
            if failure is not None:
                program.failure = failure.message
                raise SimulationError(failure.message)
            for interaction in program.interactions:
                if after % interaction.every == 0:
                    _with_environment(interaction.act, interaction.name, program)
            due = [p for p in pauses if after % p.every == 0 and (after < last or p.at_end) and after > before]
            if any([pause.act(time.perf_counter() - started) for pause in due]):
                break
    wall = time.perf_counter() - started
    if bar is not None:
        bar.close()
    return bool(interrupted), wall


@contextmanager
def _advancing(
    program: Program, added: Added | None, loops: Loops | None, found: list[BaseException]
) -> Iterator[Callable[[int, bool], int]]:
    """A function that runs up to a step, the shares in parallel or in turn, and returns the step reached.

    found: collects what functions of models raise.
    """
    program.within_trials = added is not None
    try:
        if loops is None or jit.JIT_DISABLED:
            with caught(found, partial(stop, program)):
                yield partial(advance_in_python, program, added)
        else:
            yield (loops if added is None else loops.of_one_run()).latest(program, added, found)
    finally:
        program.within_trials = False


def _send_again(program: Program, added: Added | None) -> None:
    """Sum anew what synapses send of the state of all neurons, as it or weights may have been set.

    With trials also of the initial state, with which a fresh one begins.
    """
    for plan in program.plans:
        for call in made([*plan.again, *(plan.afresh if added is not None else ())], program.off):
            call(program.step)


def _record_start(program: Program) -> None:
    """Record events and samples at 0 ms."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for plan in program.plans:
            for call in made(plan.at_start, plan.off):
                call(0)
            plan.control[STOP] = 0


def _with_environment(act: Callable[[], None], name: str, program: Program) -> None:
    """Let an environment in Python act. Raises SimulationError if it raises."""
    try:
        act()
    except Exception as error:
        at = times_of(program.step, program.plans[0].dt)
        raise SimulationError(
            f"environment {name!r} raised {described(error)} at {at:g} ms; the run stopped there"
        ) from error


def check_raised(calls: Sequence[Call], dt: float) -> None:
    """Raise SimulationError if one of these Calls has stopped the run."""
    raised = [(call, int(call.raised[0])) for call in calls if call.raised is not None and call.raised[0]]
    for call, _ in raised:
        assert call.raised is not None
        call.raised[0] = 0
    for call, step in raised:
        at = times_of(step, dt)
        if call.complaint:
            raise SimulationError(f"{call.complaint}, at {at:g} ms; the run stopped there")
        error = call.repeated(step)
        why = "it does not when it is called again from Python" if error is None else described(error)
        raise SimulationError(
            f"callback ({call.label}) raised an exception at {at:g} ms; the run stopped there: {why}"
        ) from error


def _check_kernels(found: Sequence[BaseException], program: Program) -> None:
    """Raise SimulationError if a function of a model raised an exception, which ended its kernel."""
    if found:
        calls = dict.fromkeys(call for plan in program.plans for call in plan.calls())
        own = [(call, plain) for call in calls for plain in call.kernel.functions_of_users()]
        users = dict.fromkeys(
            f"{plain.__qualname__} ({plain.__code__.co_filename}, line {plain.__code__.co_firstlineno})"
            for _, plain in own
        )
        error = _located(found[0], dict.fromkeys(call for call, _ in own), program.step)
        raise SimulationError(
            f"a function of a model raised {described(error)} before {program.step * program.plans[0].dt:g} ms; the "
            f"run stopped there; functions that are not of spikelearn: {', '.join(users) or 'none'}"
        ) from error


def _located(error: BaseException, calls: Iterable[Call], step: int) -> BaseException:
    """The same exception raised in Python, which knows the line, where one of these Calls raises it again.

    What raised it has changed nothing, so it mostly does. Calls with so many values that this takes long are left out.
    """
    for call in calls:
        if sum(array.size for array in call.arrays.values()) <= _MOST_VALUES_IN_PYTHON:
            again = in_python(plain_function(call.kernel), (step, *call.arguments), divisions=False)
            if type(again) is type(error):
                return again
    return error


class _Failure(NamedTuple):
    """A state that is no longer finite: the first step in which it is not, and what is said about it."""

    step: int
    message: str


def _failure(program: Program) -> _Failure | None:
    wrong = [plan for plan in program.plans if plan.control[POPULATION] >= 0]
    if not wrong:
        return None
    plan = min(wrong, key=lambda plan: int(plan.control[STEP]))
    number, neuron, step = (int(plan.control[k]) for k in (POPULATION, NEURON, STEP))
    population = next(p for p in plan.block_of if p.uid == number)
    return _Failure(
        step,
        f"population {population.name!r}, neuron {neuron - plan.block_of[population].first[population]}: state is not "
        f"finite (NaN or infinity) at {times_of(step, plan.dt):g} ms; the run stopped there",
    )


def _forget_after(program: Program, step: int) -> None:
    """Drop what was recorded after a step, when some shares had run on to their next meeting."""
    for plan in program.plans:
        for recorder in plan.recorders:
            n = int(recorder.used[0])
            recorder.used[0] = np.searchsorted(recorder.steps[:n], step, side="right")


def next_chunk(chunk: int, spent: float) -> int:
    """The number of steps that take about 0.1 s: short enough for Ctrl-C, long enough for negligible overhead."""
    wanted = chunk * _CHUNK_SECONDS / max(spent, 1e-6)
    return int(max(1, min(wanted, 4 * chunk, 1 << 30)))


def progress_bar(duration: float, progress: bool | None) -> Any:
    if progress is False or (progress is None and not sys.stderr.isatty()):
        return None
    from tqdm import tqdm

    form = "{percentage:3.0f}%|{bar}| {n:,.0f} of {total:,.0f} ms [{elapsed}, {remaining} left, {rate_fmt}]"
    return tqdm(total=duration, unit=" ms", dynamic_ncols=True, leave=False, smoothing=0.1, bar_format=form)
