"""Lowering of populations that are sources: the Calls that emit their spikes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.codegen.template import render
from spikelearn.description.population import Population
from spikelearn.engine.blocks import Block, Ring
from spikelearn.engine.plan import Call, Plan
from spikelearn.errors import DescriptionError
from spikelearn.kernels import sources
from spikelearn.kernels.random import noise_key
from spikelearn.sources import CorrelatedPoisson, GammaProcess, Poisson, PoissonWithDeadTime, SpikeList
from spikelearn.sources.rate_function import RateFunction
from spikelearn.steps import in_steps, steps_of, whole_steps

_MARGIN = 1e-12
"""By which the largest rate may be exceeded, relative, for rounding."""


def source_calls(plan: Plan, block: Block, population: Population, part: slice) -> tuple[list[Call], list[Call]]:
    """The Calls that set what changes in time of the neurons `part` of a population of sources, and those that emit."""
    if isinstance(population.model, SpikeList):
        return [], _spike_list(plan, block, population, population.model, part)
    return _poisson(plan, block, population, population.model, part)


def timed_call(what: str, population: Population, starts: np.ndarray, rows: np.ndarray, target: np.ndarray) -> Call:
    """The Call that lets something of a population change in time."""
    kernel = kernel_of(sources.set_timed)
    call = Call(f"{what} of {population.name}", kernel, values=rows, starts=starts, target=target)
    call.uid = population.uid
    return call


def _poisson(
    plan: Plan, block: Block, population: Population, model: Poisson, part: slice
) -> tuple[list[Call], list[Call]]:
    rates, now, ring = model.values, block.rates[population][part], block.rings["spike"]
    apart = 1
    if isinstance(model, PoissonWithDeadTime):
        apart += whole_steps(model.dead_time, plan.dt, f"dead_time of population {population.name!r}")
    most, where = 1e3 / (plan.dt * apart), f"population {population.name!r}"
    if apart == 1:
        why = f"a {model.name} neuron fires at most once per step of {plan.dt} ms"
    else:
        why = f"its neurons fire at most once in {apart} steps of {plan.dt} ms, {apart - 1} of which are dead time"
    if rates.max() > most * (1 + _MARGIN):
        raise DescriptionError(f"{where}: {why}, expected rates of at most {most:g} Hz, got {rates.max():g} Hz")
    timed: list[Call] = []
    if model.function is not None:
        how = {"first_id": part.start, "size": population.size, "factor": 1.0, "most": most}
        timed.append(rate_call(model.function, plan, f"rates of {population.name}", where, how, now))
        timed[0].uid = population.uid
    elif len(rates) > 1:
        values = rates if rates.shape[1] == 1 else np.ascontiguousarray(rates[:, part])
        timed.append(timed_call("rates", population, in_steps(model.starts, plan.dt), values, now))
    kernel, own = kernel_of(sources.emit_poisson), {}
    if isinstance(model, CorrelatedPoisson):
        kernel = kernel_of(sources.emit_correlated_poisson)
        group = np.ascontiguousarray(model.group_of_each(population.size)[part])
        copied = np.broadcast_to(np.sqrt(model.correlation), model.n_groups)[group]
        own = {"group": group, "copied": copied}
    elif isinstance(model, PoissonWithDeadTime):
        kernel = kernel_of(sources.emit_after_dead_time)
        own = {"dead_steps": apart - 1, "left": _silent_at_start(plan, population, apart - 1)[part]}
    elif isinstance(model, GammaProcess):
        kernel, orders = kernel_of(sources.emit_gamma), np.broadcast_to(model.order, population.size).astype(np.int64)
        left = _left_at_start(plan, population, orders)[part]
        own = {"orders": orders[part], "stride": int(orders.max()), "left": left}
    call = Call(
        f"emit {population.name}", kernel, seed=plan.seed, key=noise_key(population.uid), first_id=part.start,
        first=block.first[population] + part.start, rates=now, **own, dt=plan.dt, rows=ring.rows, counts=ring.counts,
    )  # fmt: skip
    return timed, [call]


def rate_call(
    function: RateFunction, plan: Plan, label: str, where: str, how: dict[str, Any], rates: np.ndarray
) -> Call:
    """The Call that sets rates to a function of time in each step. how: first_id, size, factor and most of the kernel.

    A rate that is negative, above `most` or not a number stops the run, with an error that says so.
    """
    kernel = kernel_for("Rates", render("rates"), {"value": function.value})
    own = how | {"most": how["most"] * (1 + _MARGIN), "control": plan.control, "raised": np.zeros(1, np.int64)}
    n = len(rates) if function.of_each else min(1, len(rates))
    call = Call(label, kernel, dt=plan.dt, n=n, rates=rates, **own)
    call.raised = own["raised"]
    call.complaint = f"{where}: its rate, {function!r}, is not from 0 to {how['most']:g} Hz"
    return call


def _silent_at_start(plan: Plan, population: Population, dead_steps: int) -> np.ndarray:
    """(size,): the steps for which each neuron is still silent at 0 ms, as long after the start as ever.

    A neuron that fires with probability f in a step is in each of its silent steps with probability f.
    """
    model, size = population.model, population.size
    rates = model.values[0] if model.function is None else model.function.at_start(size)
    often = np.broadcast_to(rates, size) * plan.dt * 1e-3
    chance = np.random.default_rng([plan.seed, population.uid]).random(size)
    silent = chance < often * dead_steps
    steps = np.floor(np.divide(chance, often, out=np.zeros_like(chance), where=often > 0)) + 1
    return np.where(silent, np.minimum(steps, dead_steps), 0).astype(np.int64)


def _left_at_start(plan: Plan, population: Population, orders: np.ndarray) -> np.ndarray:
    """(size,): what is left at 0 ms of the interval of each neuron, 1 to `order` exponential times, as at any time."""
    generator = np.random.default_rng([plan.seed, population.uid])
    return generator.gamma(np.floor(generator.random(population.size) * orders) + 1.0)


def _spike_list(plan: Plan, block: Block, population: Population, model: SpikeList, part: slice) -> list[Call]:
    """The Call that emits spikes, and one for each value that they carry, which gives it to their neurons."""
    here, first = (model.ids >= part.start) & (model.ids < part.stop), block.first[population] + part.start
    steps = steps_of(model.times[here], plan.dt, f"population {population.name!r}", unreachable=True)
    ids = model.ids[here].astype(np.int64) - part.start
    order, ring = np.lexsort((ids, steps)), block.rings["spike"]
    steps, ids = np.ascontiguousarray(steps[order]), np.ascontiguousarray(ids[order])
    emit = Call(
        f"emit {population.name}", kernel_of(sources.emit_spike_list), steps=steps, ids=ids,
        cursor=np.zeros(1, np.int64), first=first, rows=ring.rows, counts=ring.counts,
    )  # fmt: skip
    calls = [emit]
    for name, given in model.payloads.items():
        values = block.state[name][first : first + part.stop - part.start]
        carried = np.ascontiguousarray(given[here][order])
        give = Call(
            f"{name} of {population.name}", kernel_of(sources.give_values), steps=steps, ids=ids,
            cursor=np.zeros(1, np.int64), given=carried, values=values,
        )  # fmt: skip
        calls.append(give)
    return calls


def emit_at_start(ring: Ring, calls: list[Call], names: Iterable[str]) -> None:
    """Put the events of step 0 of a list, which is before the first step, into a ring, with the values that they carry.

    calls: those of the list. names: of its values.
    """
    emit, *giving = calls
    steps, ids, first = (emit.named[name] for name in ("steps", "ids", "first"))
    n, before = int(np.searchsorted(steps, 0, side="right")), int(ring.counts[0])
    ring.rows[0, before : before + n] = first + ids[:n]
    for name, give in zip(names, giving, strict=True):
        if name in ring.values:
            ring.values[name][0, before : before + n] = give.named["given"][:n]
    ring.counts[0] += n
