"""Lowering of populations: the Calls that advance neurons, classify bursts and single spikes, and run sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.description.population import Population
from spikelearn.engine.blocks import Block
from spikelearn.engine.lowering.sources import emit_at_start, source_calls, timed_call
from spikelearn.engine.plan import Call, Plan
from spikelearn.kernels import events, neurons
from spikelearn.kernels.random import noise_key
from spikelearn.neurons import Neuron
from spikelearn.neurons.parameters_in_time import constants_in_time
from spikelearn.sources import SpikeList
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
            emit_at_start(block.rings["spike"], calls, population.model.payloads)


def calls_of(
    population: Population, plan: Plan, block: Block, before: Sequence[Call] = ()
) -> tuple[list[Call], list[Call]]:
    """The Calls of a share that set what changes in time of a population, and those that advance it.

    before: those that advance it so far, if it has run, whose state these take over.
    """
    offset, size = plan.share.part(block, block.first[population], population.size)
    part = slice(offset, offset + size)
    if size == 0:
        return [], []
    if isinstance(population.model, Neuron):
        return _neuron_calls(plan, block, population, population.model, part, before)
    return source_calls(plan, block, population, part)


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
        timed.append(timed_call(name, population, in_steps(starts, plan.dt), rows, constants[name]))
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
