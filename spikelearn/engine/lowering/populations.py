"""Lowering of populations: the Calls that advance neurons, classify bursts and single spikes, and run sources."""

from __future__ import annotations

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
        offset, size = plan.share.part(block, block.first[population], population.size)
        if size == 0:
            continue
        first = block.first[population] + offset
        model = population.model
        if isinstance(model, Neuron):
            _neuron_calls(plan, block, population, model, slice(offset, offset + size))
            continue
        ring = block.rings["spike"]
        if isinstance(model, Poisson):
            rates = model.values
            if rates.shape[1] > 1:
                rates = np.ascontiguousarray(rates[:, offset : offset + size])
            now = block.rates[population][offset : offset + size]
            if rates.max() * plan.dt * 1e-3 > 1.0:
                raise DescriptionError(
                    f"population {population.name!r}: a Poisson neuron fires at most once per step of {plan.dt} ms, "
                    f"expected rates of at most {1e3 / plan.dt:g} Hz, got {rates.max():g} Hz"
                )
            if len(rates) > 1:
                timed = Call(
                    f"rates of {population.name}", kernel_of(sources.set_timed), values=rates,
                    starts=in_steps(model.starts, plan.dt), target=now,
                )  # fmt: skip
                plan.stages["begin"].append(timed)
            kernel, grouped = kernel_of(sources.emit_poisson), {}
            if isinstance(model, CorrelatedPoisson):
                kernel = kernel_of(sources.emit_correlated_poisson)
                group = np.ascontiguousarray(model.group_of_each(population.size)[offset : offset + size])
                copied = np.broadcast_to(np.sqrt(model.correlation), model.n_groups)[group]
                grouped = {"group": group, "copied": copied}
            call = Call(
                f"emit {population.name}", kernel, seed=plan.seed, key=noise_key(population.uid), first_id=offset,
                first=first, rates=now, **grouped, dt=plan.dt, rows=ring.rows, counts=ring.counts,
            )  # fmt: skip
        else:
            assert isinstance(model, SpikeList)
            here = (model.ids >= offset) & (model.ids < offset + size)
            steps = steps_of(model.times[here], plan.dt, f"population {population.name!r}", unreachable=True)
            ids = model.ids[here].astype(np.int64) - offset
            order = np.lexsort((ids, steps))
            _emit_at_start(ring, first + np.sort(ids[steps == 0]))
            call = Call(
                f"emit {population.name}", kernel_of(sources.emit_spike_list), steps=np.ascontiguousarray(steps[order]),
                ids=np.ascontiguousarray(ids[order]), cursor=np.zeros(1, np.int64), first=first, rows=ring.rows,
                counts=ring.counts,
            )  # fmt: skip
        plan.stages["advance"].append(call)


def _emit_at_start(ring: Ring, sources: np.ndarray) -> None:
    """Put the events of step 0, which is before the first step, into a ring."""
    before = int(ring.counts[0])
    ring.rows[0, before : before + len(sources)] = sources
    ring.counts[0] += len(sources)


def _neuron_calls(plan: Plan, block: Block, population: Population, neuron: Neuron, part: slice) -> None:
    """The Calls that advance the neurons `part` of a population."""
    model, first, size = neuron.model, block.first[population] + part.start, part.stop - part.start
    span = slice(first, first + size)
    constants = {}
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
        timed = Call(
            f"{name} of {population.name}", kernel_of(sources.set_timed), values=rows,
            starts=in_steps(starts, plan.dt), target=constants[name],
        )  # fmt: skip
        plan.stages["begin"].append(timed)
    given = [port for port in model.ports if port not in block.added_to]
    noisy = [name for name in model.currents if (population, name) in block.noise]
    random = ["uniform"] * len(model.random) + ["normal"] * len(model.normal)
    text = neurons.render_neurons(
        list(model.state), list(model.ports), given, model.currents, noisy, random, list(constants), varying,
        model.reported, model.at_event is not None, list(block.ahead), size >= _WIDE_FROM,
        model.reads,
    )  # fmt: skip
    values: dict[str, Any] = {
        "first": first, "population": population.uid, "emitted": np.zeros(size, np.uint8), "control": plan.control,
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
    values |= {f"all_{name}" if name in varying else f"the_{name}": value for name, value in constants.items()}
    kernel = kernel_for(f"Neurons of {model.name}", text, {"advance": model.step, "at_event": model.at_event})
    plan.stages["advance"].append(Call(f"advance {population.name}", kernel, **values))
    if model.tells_bursts:
        windows = np.atleast_1d(steps_of(neuron.parameters.burst_window, plan.dt, "burst_window"))
        windows = windows[part] if len(windows) > 1 else windows
        spike, event, burst = (block.rings[kind] for kind in ("spike", "event", "burst"))
        plan.stages["advance"].append(
            Call(
                f"classify {population.name}",
                kernel_of(events.classify_bursts),
                rows=spike.rows,
                counts=spike.counts,
                first=first,
                last=first + size,
                windows=windows,
                last_spike=np.full(size, -(1 << 40), np.int64),
                spikes_in_burst=np.zeros(size, np.int64),
                event_rows=event.rows,
                event_counts=event.counts,
                burst_rows=burst.rows,
                burst_counts=burst.counts,
            )
        )
