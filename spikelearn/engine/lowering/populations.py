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
from spikelearn.kernels.random import later_key, noise_key
from spikelearn.neurons import Neuron
from spikelearn.neurons.parameters_in_time import constants_in_time
from spikelearn.sources import SpikeList
from spikelearn.steps import in_steps, steps_of

_NUMBERS_OF_EACH = 42
"""Bits of the number of a random number of what is done regularly, before that of which of these it is."""
_WIDE_FROM = 128
"""Neurons from which on their loop takes vectors of 512 bits: what is left of 30, one by one, takes longer."""


def advance_calls(plan: Plan, block: Block) -> None:
    """Add the Calls that advance the neurons or sources of a block to the plan."""
    for population in block.populations:
        plan.stages["advance"] += plan.copies.get(population, [])
        made = calls_of(population, plan, block)
        for stage, calls in made.items():
            plan.stages[stage] += calls
        if isinstance(population.model, SpikeList) and made["advance"]:
            emit_at_start(block.rings["spike"], made["advance"], population.model.payloads)


def calls_of(population: Population, plan: Plan, block: Block, before: Sequence[Call] = ()) -> dict[str, list[Call]]:
    """The Calls of a share for a population by stage: "begin" has those that set what changes in time of it, "advance"
    those that advance it, "start" and "receive" those of models whose input comes late.

    before: those that advance it so far, if it has run, whose state these take over.
    """
    offset, size = plan.share.part(block, block.first[population], population.size)
    part = slice(offset, offset + size)
    if size == 0:
        return {"begin": [], "advance": []}
    if isinstance(population.model, Neuron):
        return _neuron_calls(plan, block, population, population.model, part, before)
    timed, emitting = source_calls(plan, block, population, part)
    return {"begin": timed, "advance": emitting}


def _neuron_calls(
    plan: Plan, block: Block, population: Population, neuron: Neuron, part: slice, before: Sequence[Call]
) -> dict[str, list[Call]]:
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
    made = {"begin": timed, "advance": calls}
    if neuron.model.late_input:
        made["start"] = _regular(plan, block, population, neuron, part, constants)
        made["receive"] = _settled(plan, block, population, neuron, part, constants, calls[0].arrays["emitted"])
    return made


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
    ports = [] if model.late_input else list(model.ports)
    given = [port for port in ports if port not in block.added_to]
    noisy = [name for name in model.currents if (population, name) in block.noise]
    random = ["uniform"] * len(model.random) + ["normal"] * len(model.normal)
    text = neurons.render_neurons(
        list(model.state), ports, given, model.currents, noisy, random,
        [name.partition("_")[2] for name in constants],
        [name.partition("_")[2] for name in constants if name.startswith("all_")],
        model.reported, model.at_event is not None and not model.late_input, list(block.ahead), size >= _WIDE_FROM,
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
    functions = {"advance": model.step, "at_event": None if model.late_input else model.at_event}
    kernel = kernel_for(f"Neurons of {model.name}", text, functions)
    return Call(f"advance {population.name}", kernel, **values, **constants)


def _settled(
    plan: Plan, block: Block, population: Population, neuron: Neuron, part: slice, constants: dict[str, Any],
    emitted: np.ndarray,
) -> list[Call]:  # fmt: skip
    """The Call that takes up what has arrived at neurons whose input comes late, and resets those that have fired."""
    model, span = neuron.model, _span(block, population, part)
    lost = tuple((port, model.added_to[port], held) for port, held in model.lost_while.items())
    if not lost and model.at_event is None:
        return []
    drawn = ["uniform"] * len(model.later_random) + ["normal"] * len(model.later_normal)
    drawn = drawn if model.at_event is not None else []
    values = _of_neurons(plan, block, population, part, drawn)
    values |= {f"all_in_{port}": block.inputs[port][span] for port, *_ in lost}
    varying = [name.partition("_")[2] for name in constants if name.startswith("all_")]
    text = neurons.render_later(
        "settled", list(model.state), drawn, [name.partition("_")[2] for name in constants], varying, model.reads,
        lost=lost, at_event=model.at_event is not None,
    )  # fmt: skip
    kernel = kernel_for(f"Input and resets of {model.name}", text, {"at_event": model.at_event})
    return [Call(f"settle {population.name}", kernel, **kernel.choose(values | {"emitted": emitted} | constants))]


def _regular(
    plan: Plan, block: Block, population: Population, neuron: Neuron, part: slice, constants: dict[str, Any]
) -> list[Call]:
    """The Calls of what is done to neurons at the start of steps."""
    model, calls = neuron.model, []
    for k, each in enumerate(model.regular):
        begin, end = (min(max(place, part.start), part.stop) - part.start for place in (each.first, each.last))
        values = _of_neurons(plan, block, population, part, each.drawn)
        values |= {"every": each.every, "begin": begin, "end": end, "number": (k + 1) << _NUMBERS_OF_EACH}
        text = neurons.render_later(
            "regular", list(model.state), each.drawn, [name.partition("_")[2] for name in constants],
            [name.partition("_")[2] for name in constants if name.startswith("all_")], model.reads,
        )  # fmt: skip
        kernel = kernel_for(f"Regular statements of {model.name}", text, {"regular": each.function})
        calls.append(Call(f"regular {k} of {population.name}", kernel, **kernel.choose(values | constants)))
    return calls


def _of_neurons(plan: Plan, block: Block, population: Population, part: slice, drawn: Sequence[str]) -> dict[str, Any]:
    """What loops over neurons take besides constants: state, numbers for random numbers, and what they read."""
    span = _span(block, population, part)
    values: dict[str, Any] = {f"all_{name}": array[span] for name, array in block.state.items()}
    values |= {"dt": plan.dt, "first_id": part.start, "population_size": float(population.size)}
    return values | ({"seed": plan.seed, "key": later_key(population.uid)} if drawn else {})


def _span(block: Block, population: Population, part: slice) -> slice:
    """The neurons `part` of a population in its block."""
    return slice(block.first[population] + part.start, block.first[population] + part.stop)


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
