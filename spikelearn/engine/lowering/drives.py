"""Lowering of drives: Poisson input, stepped currents and noise, to Calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.population import Population
from spikelearn.description.projection import Drive
from spikelearn.engine.aligned_arrays import zeros
from spikelearn.engine.blocks import Block
from spikelearn.engine.plan import Call, Plan
from spikelearn.errors import DescriptionError
from spikelearn.kernels import sources
from spikelearn.kernels.random import noise_key
from spikelearn.sources import NoiseCurrent, PoissonInput, StepCurrent

_TABLE_UP_TO = 30.0
"""Mean number of arrivals in a step up to which a Poisson number is looked up in a table."""
_MOST = 500.0
_RARE_UP_TO = 0.2
"""Mean number up to which neurons share one: three times as fast at .015, 2.5 times at .05, 1.7 times at .2."""


def drive_calls(drives: Sequence[Drive], plan: Plan) -> None:
    """Add the Calls of all drives to the plan."""
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
            _step_current(drive.source, plan, block.currents[drive.port][span], part, label)
        else:
            _noise(drive, drive.source, plan, block, part, written, label)


def _poisson_input(drive: Drive, source: PoissonInput, plan: Plan, inputs: np.ndarray, part: slice, label: str) -> None:
    event_count = np.zeros(1, np.int64)
    plan.event_counts.append(event_count)
    own = (plan.seed, noise_key(drive.uid), part.start, drive.weight)
    rates = source.rates * source.n
    mean = float(rates.max()) * plan.dt * 1e-3
    if mean > _MOST:
        raise DescriptionError(
            f"{label}: expected at most {_MOST:g} arrivals at a neuron in a step of {plan.dt:g} ms, got {mean:g}; "
            "use a NoiseCurrent for so many, or a smaller dt"
        )
    if rates.size == 1 and mean <= _RARE_UP_TO:
        guide, cumulative = _poisson_table(sources.GROUP * mean)
        call = Call(label, kernel_of(sources.poisson_input_rare), *own, guide, cumulative, inputs, event_count)
    elif rates.size == 1 and mean < _TABLE_UP_TO:
        guide, cumulative = _poisson_table(mean)
        call = Call(label, kernel_of(sources.poisson_input), *own, guide, cumulative, inputs, event_count)
    else:
        rates = np.ascontiguousarray(np.broadcast_to(rates, (len(rates), drive.size))[:, part])
        now = rates[0].copy()
        if source.interval:
            every = max(1, round(source.interval / plan.dt))
            plan.stages["begin"].append(Call(f"rates of {label}", kernel_of(sources.set_timed), rates, every, now))
        call = Call(label, kernel_of(sources.poisson_input_timed), *own, now, plan.dt, inputs, event_count)
    plan.stages["arrive"].append(call)


def _step_current(source: StepCurrent, plan: Plan, current: np.ndarray, part: slice, label: str) -> None:
    steps = np.floor(source.times / plan.dt + 0.5).astype(np.int64) + 1
    cursor, previous = np.zeros(1, np.int64), np.zeros(len(current))
    values = np.ascontiguousarray(source.values if source.values.shape[1] == 1 else source.values[:, part])
    kernel = kernel_of(sources.step_current)
    plan.stages["drive"].append(Call(label, kernel, steps, np.arange(len(steps)), cursor, values, previous, current))


def _noise(
    drive: Drive, source: NoiseCurrent, plan: Plan, block: Block, part: slice, written: set[tuple[Population, str]],
    label: str,
) -> None:  # fmt: skip
    """The first noise on a population's port writes, later ones add; one on a part of it follows one of nothing."""
    target, kernel = drive.target, kernel_of(sources.noise_current)
    noise = block.noise.setdefault((target, drive.port), zeros(target.size))
    first_here = (target, drive.port) not in written
    written.add((target, drive.port))
    own = (plan.seed, noise_key(drive.uid), part.start)
    if drive.size != target.size and first_here:
        offset, size = plan.share.part(block, block.first[target], target.size)
        nothing, here = np.zeros(size), noise[offset : offset + size]
        plan.stages["drive"].append(Call(f"{label} noise", kernel, *own, 1, 0.0, 0.0, 0, 0.0, nothing, 1, here))
        first_here = False
    every = 1 if source.interval is None else max(1, round(source.interval / plan.dt))
    decay = float(np.exp(-plan.dt / source.tau)) if source.tau > 0 else 0.0
    kick = source.std * float(np.sqrt(3.0 if source.uniform else 1.0 - decay**2))
    state = np.zeros(drive.size)
    if source.tau > 0:
        state[:] = np.random.default_rng([plan.seed, drive.uid]).normal(0.0, source.std, drive.size)
    state = state[part]
    here = noise[drive.first : drive.first + drive.size][part]
    numbers = (every, decay, kick, int(source.uniform), source.mean)
    plan.stages["drive"].append(Call(f"{label} noise", kernel, *own, *numbers, state, int(first_here), here))


def _poisson_table(mean: float) -> tuple[np.ndarray, np.ndarray]:
    terms = [np.exp(-mean)]
    while len(terms) < mean + 10 or terms[-1] > 1e-18:
        terms.append(terms[-1] * mean / len(terms))
    cumulative = np.cumsum(terms)
    cumulative[-1] = 2.0
    edges = np.searchsorted(cumulative, np.linspace(0.0, 1.0, (1 << sources.GUIDE_BITS) + 1), side="left")
    return np.where(edges[:-1] == edges[1:], edges[:-1], sources.UNDECIDED).astype(np.float32), cumulative
