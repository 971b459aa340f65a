"""Lowering of populations: the Calls that advance neurons, classify bursts and single spikes, and run sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.description.population import Population
from spikelearn.engine.blocks import Block, Ring
from spikelearn.engine.plan import Call, Plan
from spikelearn.errors import DescriptionError
from spikelearn.kernels import events, neurons, sources
from spikelearn.kernels.random import noise_key
from spikelearn.neurons import Neuron
from spikelearn.neurons.parameters_in_time import constants_in_time
from spikelearn.sources import CorrelatedPoisson, Poisson, SpikeList
from spikelearn.steps import in_steps, steps_of

_WIDE_FROM = 128
"""Neurons from which on their loop takes vectors of 512 bits: what is left of 30, one by one, takes longer."""


def advance_calls(plan: Plan, block: Block) -> None:
    """Add the Calls that advance the neurons or sources of a block to the plan."""
    for population in block.populations:
        timed, calls = calls_of(population, plan, block)
        plan.stages["begin"] += timed
        plan.stages["advance"] += calls
        if isinstance(population.model, SpikeList) and calls:
            steps, ids, first = (calls[0].named[name] for name in ("steps", "ids", "first"))
            _emit_at_start(block.rings["spike"], first + np.sort(ids[steps == 0]))


def calls_of(
    population: Population, plan: Plan, block: Block, before: Sequence[Call] = ()
) -> tuple[list[Call], list[Call]]:
    """The Calls of a share that set what changes in time of a population, and those that advance it.

    before: those that advance it so far, if it has run, whose state these take over.
    """
    offset, size = plan.share.part(block, block.first[population], population.size)
    part, model = slice(offset, offset + size), population.model
    if size == 0:
        return [], []
    if isinstance(model, Neuron):
        return _neuron_calls(plan, block, population, model, part, before)
    if isinstance(model, Poisson):
        return _poisson_calls(plan, block, population, model, part)
    assert isinstance(model, SpikeList)
    return [], [_emit_listed(plan, block, population, model, part)]


def _poisson_calls(
    plan: Plan, block: Block, population: Population, model: Poisson, part: slice
) -> tuple[list[Call], list[Call]]:
    ring = block.rings["spike"]
    timed: list[Call] = []
    rates = model.values
    if rates.shape[1] > 1:
        rates = np.ascontiguousarray(rates[:, part])
    now = block.rates[population][part]
    if rates.max() * plan.dt * 1e-3 > 1.0:
        raise DescriptionError(
            f"population {population.name!r}: a Poisson neuron fires at most once per step of {plan.dt} ms, "
            f"expected rates of at most {1e3 / plan.dt:g} Hz, got {rates.max():g} Hz"
        )
    if len(rates) > 1:
        timed.append(_timed("rates", population, in_steps(model.starts, plan.dt), rates, now))
    kernel, grouped = kernel_of(sources.emit_poisson), {}
    if isinstance(model, CorrelatedPoisson):
        kernel = kernel_of(sources.emit_correlated_poisson)
        group = np.ascontiguousarray(model.group_of_each(population.size)[part])
        copied = np.broadcast_to(np.sqrt(model.correlation), model.n_groups)[group]
        grouped = {"group": group, "copied": copied}
    call = Call(
        f"emit {population.name}", kernel, seed=plan.seed, key=noise_key(population.uid), first_id=part.start,
        first=block.first[population] + part.start, rates=now, **grouped, dt=plan.dt, rows=ring.rows,
        counts=ring.counts,
    )  # fmt: skip
    return timed, [call]


def _timed(what: str, population: Population, starts: np.ndarray, rows: np.ndarray, target: np.ndarray) -> Call:
    """The Call that lets something of a population change in time."""
    kernel = kernel_of(sources.set_timed)
    call = Call(f"{what} of {population.name}", kernel, values=rows, starts=starts, target=target)
    call.uid = population.uid
    return call


def _emit_listed(plan: Plan, block: Block, population: Population, model: SpikeList, part: slice) -> Call:
    ring, here = block.rings["spike"], (model.ids >= part.start) & (model.ids < part.stop)
    steps = steps_of(model.times[here], plan.dt, f"population {population.name!r}", unreachable=True)
    ids = model.ids[here].astype(np.int64) - part.start
    order = np.lexsort((ids, steps))
    return Call(
        f"emit {population.name}", kernel_of(sources.emit_spike_list), steps=np.ascontiguousarray(steps[order]),
        ids=np.ascontiguousarray(ids[order]), cursor=np.zeros(1, np.int64),
        first=block.first[population] + part.start, rows=ring.rows, counts=ring.counts,
    )  # fmt: skip


def _emit_at_start(ring: Ring, sources: np.ndarray) -> None:
    """Put the events of step 0, which is before the first step, into a ring."""
    before = int(ring.counts[0])
    ring.rows[0, before : before + len(sources)] = sources
    ring.counts[0] += len(sources)


def _neuron_calls(
    plan: Plan, block: Block, population: Population, neuron: Neuron, part: slice, before: Sequence[Call]
) -> tuple[list[Call], list[Call]]:
    """The Calls of calls_of for the neurons `part` of a population."""
    constants, timed = _constants(plan, population, neuron, part)
    known = next((call for call in before if call.label == f"advance {population.name}"), None)
    if known is not None and constants.keys() <= known.kernel.parameters.keys():
        calls = [known.with_others(constants)]
    else:
        emitted = None if known is None else known.arrays["emitted"]
        calls = [_advance(plan, block, population, neuron, part, constants, emitted)]
    if neuron.model.tells_bursts:
        calls.append(_classify(plan, block, population, neuron, part, before[1] if before else None))
    return timed, calls


def _constants(plan: Plan, population: Population, neuron: Neuron, part: slice) -> tuple[dict[str, Any], list[Call]]:
    """The constants of the neurons `part` by the names that their loop has for them, numbers or arrays; and the Calls
    that change them in time."""
    constants: dict[str, Any] = {}
    timed: list[Call] = []
    fixed, in_time = constants_in_time(neuron, plan.dt, population.size)
    for name, value in fixed.items():
        array = np.asarray(value, dtype=np.float64)
        constants[name] = (
            float(array) if array.ndim == 0 else np.ascontiguousarray(np.broadcast_to(array, population.size)[part])
        )
    varying = [name for name, value in constants.items() if isinstance(value, np.ndarray)]
    for name, (starts, rows) in in_time.items():
        constants[name] = np.array(constants[name])
        rows = rows if rows.shape[1] == 1 else np.ascontiguousarray(rows[:, part])
        timed.append(_timed(name, population, in_steps(starts, plan.dt), rows, constants[name]))
    return {f"all_{name}" if name in varying else f"the_{name}": value for name, value in constants.items()}, timed


def _advance(
    plan: Plan, block: Block, population: Population, neuron: Neuron, part: slice, constants: dict[str, Any],
    emitted: np.ndarray | None,
) -> Call:  # fmt: skip
    model, first, size = neuron.model, block.first[population] + part.start, part.stop - part.start
    span = slice(first, first + size)
    given = [port for port in model.ports if port not in block.added_to]
    noisy = [name for name in model.currents if (population, name) in block.noise]
    random = ["uniform"] * len(model.random) + ["normal"] * len(model.normal)
    text = neurons.render_neurons(
        list(model.state), list(model.ports), given, model.currents, noisy, random,
        [name.partition("_")[2] for name in constants],
        [name.partition("_")[2] for name in constants if name.startswith("all_")],
        model.reported, model.at_event is not None, list(block.ahead), size >= _WIDE_FROM,
        model.reads,
    )  # fmt: skip
    values: dict[str, Any] = {
        "first": first, "population": population.uid, "control": plan.control,
        "emitted": np.zeros(size, np.uint8) if emitted is None else emitted,
    }  # fmt: skip
    if random:
        values |= {"seed": plan.seed, "key": noise_key(population.uid), "first_id": part.start}
    values |= {"dt": plan.dt} if "t" in model.reads else {}
    values |= {"first_id": part.start} if "i" in model.reads else {}
    values |= {"population_size": float(population.size)} if "N" in model.reads else {}
    for kind in model.reported:
        values |= {f"{kind}_rows": block.rings[kind].rows, f"{kind}_counts": block.rings[kind].counts}
    for prefix, arrays in (("all", block.state), ("all_I", block.currents)):
        values |= {f"{prefix}_{name}": array[span] for name, array in arrays.items()}
    values |= {f"all_in_{port}": block.inputs[port][span] for port in given}
    if block.ahead:
        values |= {f"ahead_{port}": ring.values for port, ring in block.ahead.items()}
        values["first_ahead"] = first - plan.share.bounds(block)[0]
    values |= {f"all_noise_{name}": block.noise[population, name][part] for name in noisy}
    kernel = kernel_for(f"Neurons of {model.name}", text, {"advance": model.step, "at_event": model.at_event})
    return Call(f"advance {population.name}", kernel, **values, **constants)


def _classify(
    plan: Plan, block: Block, population: Population, neuron: Neuron, part: slice, before: Call | None
) -> Call:
    """The Call that tells bursts from single spikes. before: one with other windows, whose state it takes over."""
    first, size = block.first[population] + part.start, part.stop - part.start
    windows = np.atleast_1d(steps_of(neuron.parameters.burst_window, plan.dt, "burst_window"))
    windows = windows[part] if len(windows) > 1 else windows
    if before is not None and before.arrays["windows"].shape == windows.shape:
        return before.with_others({"windows": windows})
    kept = {} if before is None else before.written
    spike, event, burst = (block.rings[kind] for kind in ("spike", "event", "burst"))
    return Call(
        f"classify {population.name}",
        kernel_of(events.classify_bursts),
        rows=spike.rows,
        counts=spike.counts,
        first=first,
        last=first + size,
        windows=windows,
        last_spike=kept.get("last_spike", np.full(size, -(1 << 40), np.int64)),
        spikes_in_burst=kept.get("spikes_in_burst", np.zeros(size, np.int64)),
        event_rows=event.rows,
        event_counts=event.counts,
        burst_rows=burst.rows,
        burst_counts=burst.counts,
    )
