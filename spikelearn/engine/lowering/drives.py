"""Lowering of drives: Poisson input, stepped currents and noise, to Calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.population import Population
from spikelearn.description.projection import Drive
from spikelearn.engine.aligned_arrays import zeros
from spikelearn.engine.blocks import Block
from spikelearn.engine.lowering.sources import rate_call
from spikelearn.engine.plan import Call, Plan
from spikelearn.engine.switches import mark_drive
from spikelearn.errors import DescriptionError
from spikelearn.kernels import poisson_input, sources
from spikelearn.kernels.random import noise_key
from spikelearn.sources import NoiseCurrent, PoissonInput, StepCurrent
from spikelearn.steps import MOST_STEPS, NEVER, in_steps, steps_of, whole_steps
from spikelearn.timed import averaged

_TABLE_UP_TO = 30.0
"""Mean number of arrivals per step up to which Poisson numbers are drawn by table look-up."""
_MOST = 500.0
_RARE_UP_TO = 0.12
"""Mean number up to which neurons share a draw."""
_VALUES, _LEFT_OVER = 1 << 16, 0.005


def drive_calls(drives: Sequence[Drive], plan: Plan) -> set[tuple[Population, str]]:
    """Add the Calls of all drives to the plan. Returns the populations and ports whose noise is overwritten."""
    written: set[tuple[Population, str]] = set()
    for drive in drives:
        block = plan.block_of[drive.target]
        first = block.first[drive.target] + drive.first
        offset, size = plan.share.part(block, first, drive.size)
        if size == 0:
            continue
        part = slice(offset, offset + size)
        span = slice(first + offset, first + offset + size)
        label = f"drive {drive.target.name}.{drive.port}"
        if isinstance(drive.source, PoissonInput):
            _poisson_input(drive, drive.source, plan, block.inputs[drive.port][span], part, label)
        elif isinstance(drive.source, StepCurrent):
            _step_current(drive, drive.source, plan, block.currents[drive.port][span], part, label)
        else:
            _noise(drive, drive.source, plan, block, part, written, label)
    return written


def _poisson_input(drive: Drive, source: PoissonInput, plan: Plan, inputs: np.ndarray, part: slice, label: str) -> None:
    event_count = np.zeros(1, np.int64)
    plan.event_counts.append(event_count)
    own = {"seed": plan.seed, "key": noise_key(drive.uid), "first_id": part.start, "weight": drive.weight}
    own |= {"inputs": inputs, "event_count": event_count}
    rates = source.rates * source.n
    mean = float(rates.max()) * plan.dt * 1e-3
    if mean > _MOST:
        raise DescriptionError(
            f"{label}: expected at most {_MOST:g} arrivals per neuron and step of {plan.dt:g} ms, got {mean:g}; "
            "use a NoiseCurrent instead, or a smaller dt"
        )
    if rates.size == 1 and mean < _TABLE_UP_TO and source.function is None:
        rare = mean <= _RARE_UP_TO
        kernel = poisson_input.poisson_input_rare if rare else poisson_input.poisson_input
        thresholds, residual = poisson_table(poisson_input.GROUP * mean if rare else mean)
        words, numbers = np.zeros(poisson_input.AT_ONCE // 4, np.uint64), np.zeros(poisson_input.AT_ONCE, np.uint16)
        own |= {"words": words, "halves": words.view(np.uint16), "numbers": numbers}
        call = Call(label, kernel_of(kernel), thresholds=thresholds, residual=residual, **own)
    else:
        rates = rates if rates.shape[1] == 1 else np.ascontiguousarray(rates[:, part])
        now = np.broadcast_to(rates[0], part.stop - part.start).copy()
        if source.function is not None:
            how = {"first_id": drive.first + part.start, "size": drive.target.size, "factor": float(source.n)}
            how["most"] = _MOST * 1e3 / plan.dt
            _add(drive, plan, "begin", rate_call(source.function, plan, f"rates of {label}", label, how, now))
        elif len(rates) > 1:
            starts, timed = in_steps(source.starts, plan.dt), kernel_of(sources.set_timed)
            _add(drive, plan, "begin", Call(f"rates of {label}", timed, values=rates, starts=starts, target=now))
        call = Call(label, kernel_of(poisson_input.poisson_input_timed), rates=now, dt=plan.dt, **own)
    _add(drive, plan, plan.block_of[drive.target].stage(drive.port), mark_drive(drive, call))


def _add(drive: Drive, plan: Plan, stage: str, call: Call) -> None:
    """Add a Call of a drive, of which several may have one label."""
    call.uid = drive.uid
    plan.stages[stage].append(call)


def _step_current(drive: Drive, source: StepCurrent, plan: Plan, current: np.ndarray, part: slice, label: str) -> None:
    times, rows = source.times, source.values
    if source.averaged:
        found, rows = averaged(in_steps(times, plan.dt), rows)
        steps = np.where(found > MOST_STEPS, NEVER, found).astype(np.int64) + 1
    else:
        steps = steps_of(times, plan.dt, f"times of StepCurrent, {label}", unreachable=True) + 1
    cursor, previous = np.zeros(1, np.int64), np.zeros(len(current))
    values = np.ascontiguousarray(rows if rows.shape[1] == 1 else rows[:, part])
    kernel = kernel_of(sources.step_current)
    call = Call(
        label, kernel, steps=steps, rows=np.arange(len(steps)), cursor=cursor, values=values, previous=previous,
        current=current,
    )  # fmt: skip
    _add(drive, plan, "drive", mark_drive(drive, call))


def _noise(
    drive: Drive, source: NoiseCurrent, plan: Plan, block: Block, part: slice, written: set[tuple[Population, str]],
    label: str,
) -> None:  # fmt: skip
    """The first noise on a population's port writes, later ones add; one on a view follows a noise of zeros."""
    target, kernel = drive.target, kernel_of(sources.noise_current)
    noise = block.noise.setdefault((target, drive.port), zeros(target.size))
    first_here = (target, drive.port) not in written
    written.add((target, drive.port))
    own = {"seed": plan.seed, "key": noise_key(drive.uid), "first_id": part.start}
    among = source.among
    if (drive.size != target.size or among is not None) and first_here:
        offset, size = plan.share.part(block, block.first[target], target.size)
        nothing = Call(
            f"{label} noise", kernel, every=1, decay=0.0, kick=0.0, flat=0, mean=0.0, state=np.zeros(size),
            first_here=1, noise=noise[offset : offset + size], **own,
        )  # fmt: skip
        _add(drive, plan, "drive", nothing)
        first_here = False
    every = 1 if source.interval is None else whole_steps(source.interval, plan.dt, f"interval of {label}")
    decay = float(np.exp(-plan.dt / source.tau)) if source.tau > 0 else 0.0
    kick = source.std * float(np.sqrt(3.0 if source.uniform else 1.0 - decay**2))
    state = np.zeros(drive.size)
    if source.tau > 0:
        state[:] = np.random.default_rng([plan.seed, drive.uid]).normal(0.0, source.std, drive.size)
    state = state[part]
    here = noise[drive.first : drive.first + drive.size][part]
    into = here if among is None else np.zeros(len(here))
    call = Call(
        f"{label} noise", kernel, every=every, decay=decay, kick=kick, flat=int(source.uniform), mean=source.mean,
        state=state, first_here=int(first_here or among is not None), noise=into, **own,
    )  # fmt: skip
    if among is None:
        _add(drive, plan, "drive", mark_drive(drive, call))
        return
    ids = np.sort(among)
    ids = ids[(ids >= part.start) & (ids < part.stop)] - part.start
    some = Call(f"{label} noise of some", kernel_of(sources.add_among), ids=ids, added=into, noise=here)
    for each in (call, mark_drive(drive, some)):
        _add(drive, plan, "drive", each)


def poisson_table(mean: float) -> tuple[np.ndarray, np.ndarray]:
    """thresholds and residual of `poisson_input.draw_numbers`.

    Of 65,536 values of 16 random bits each number gets as many, rounded down, as its probability asks for; the values
    that are left over are divided exactly by `residual`. So are numbers that are rarer than 0.005 together.
    """
    terms = [np.exp(-mean)]
    while len(terms) < mean + 10 or terms[-1] > 1e-18:
        terms.append(terms[-1] * mean / len(terms))
    probabilities = np.array(terms)
    n = poisson_input.SIDE_BY_SIDE
    while probabilities[n:].sum() > _LEFT_OVER:
        n += poisson_input.SIDE_BY_SIDE
    values = np.floor(probabilities[:n] * (_VALUES - 1))
    probabilities[:n] -= values / _VALUES
    residual = np.cumsum(probabilities) / probabilities.sum()
    residual[-1] = 2.0
    return np.cumsum(values).astype(np.uint16), residual
