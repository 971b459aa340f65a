"""Run a Plan: step by step from Python, or in one compiled loop. Both make the same calls in the same order."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from spikelearn import _jit
from spikelearn.engine.plan import Call, Plan
from spikelearn.engine.printing import callable_of
from spikelearn.engine.recorders import empty
from spikelearn.engine.sink import Sink
from spikelearn.errors import DescriptionError, SimulationError
from spikelearn.kernels.loop import run_steps

_CHUNK_SECONDS = 0.1
ENGINES = ("compiled", "stepper")


def simulate(
    plan: Plan, n_steps: int, sink: Sink, engine: str = "compiled", progress: bool | None = None,
    extra: dict[str, list[Call]] | None = None, names: Sequence[str] = (),
) -> tuple[bool, float]:  # fmt: skip
    """Run n_steps; returns whether it was interrupted, and the wall seconds that the steps took.

    progress: None shows a bar if standard error is a terminal. Ctrl-C stops after the current chunk of steps.
    Raises SimulationError when a state stops being finite or a callback raises; what was recorded until then is in the
    sink.
    """
    if engine not in ENGINES:
        raise DescriptionError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
    calls = list(plan.calls(extra))
    stepper = engine == "stepper" or _jit.JIT_DISABLED
    addresses = np.array([] if stepper else [call.address for call in calls], np.int64)
    arguments = np.array([call.packed.ctypes.data for call in calls], np.int64)
    run = callable_of(run_steps)
    last = plan.step + n_steps
    bar = _bar(n_steps * plan.dt, progress)
    chunk, wall = 1, 0.0
    plan.control[:2] = 0, -1
    with _interrupts() as interrupted:
        while plan.step < last and not interrupted:
            begun = time.perf_counter()
            before = plan.step
            until = min(last, plan.step + chunk)
            if stepper:
                _step(plan, calls, until)
            else:
                plan.step = int(run(plan.step + 1, until + 1, addresses, arguments, plan.control)) - 1
            spent = time.perf_counter() - begun
            wall += spent
            chunk = _next_chunk(chunk, spent)
            plan.control[0] = 0
            empty(plan, sink)
            if bar is not None:
                bar.update((plan.step - before) * plan.dt)
            for call in calls:
                if call.raised is not None and call.raised[0]:
                    at, call.raised[0] = call.raised[0] * plan.dt, 0
                    raise SimulationError(
                        f"callback ({call.label}) raised an exception at {at:g} ms; the run stopped there. "
                        "A test that calls it from Python, uncompiled, shows which"
                    )
            if plan.control[1] >= 0:
                _, population, neuron, step = (int(k) for k in plan.control)
                raise SimulationError(
                    f"population {names[population]!r}, neuron {neuron}: state is not finite (NaN or infinity) at "
                    f"{step * plan.dt:g} ms; the run stopped there"
                )
    if bar is not None:
        bar.close()
    return bool(interrupted), wall


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """A list that is empty until Ctrl-C. An exception in the middle of a chunk would lose the count of steps."""
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _step(plan: Plan, calls: Sequence[Call], until: int) -> None:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        while plan.step < until and plan.control[0] == 0:
            for call in calls:
                call(plan.step + 1)
            plan.step += 1


def _next_chunk(chunk: int, spent: float) -> int:
    """As many steps as take about a tenth of a second: short enough for Ctrl-C, long enough to cost nothing."""
    wanted = chunk * _CHUNK_SECONDS / max(spent, 1e-6)
    return int(max(1, min(wanted, 4 * chunk, 1 << 30)))


def _bar(duration: float, progress: bool | None) -> Any:
    if progress is False or (progress is None and not sys.stderr.isatty()):
        return None
    from tqdm import tqdm

    form = "{percentage:3.0f}%|{bar}| {n:,.0f} of {total:,.0f} ms [{elapsed}, {remaining} left, {rate_fmt}]"
    return tqdm(total=duration, unit=" ms", dynamic_ncols=True, leave=False, smoothing=0.1, bar_format=form)
