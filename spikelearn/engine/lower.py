"""Lower a description to a Plan: blocks of neurons, tables of synapses, and the Calls of a step in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.description.distributions import drawn, sample
from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Drive, Projection, Release
from spikelearn.description.recording import Recording
from spikelearn.description.trials import Callback
from spikelearn.engine.callbacks import step_call
from spikelearn.engine.drives import drive_calls
from spikelearn.engine.plan import STAGES, Block, Call, Plan, PlasticState, Ring, Table
from spikelearn.engine.plastic import plastic_calls
from spikelearn.engine.printing import Kernel, import_line, kernel_of
from spikelearn.engine.recorders import recorder_calls
from spikelearn.engine.tables import Places, build
from spikelearn.errors import DescriptionError
from spikelearn.kernels import deliver, events, modulators, printed, sources
from spikelearn.neurons import Neuron
from spikelearn.neurons.model import REPORTED
from spikelearn.sources import Poisson, SpikeList


@dataclass(frozen=True)
class Description:
    """All that a Network has gathered."""

    dt: float
    seed: int
    populations: Sequence[Population]
    projections: Sequence[Projection]
    modulators: Sequence[Modulator]
    drives: Sequence[Drive]
    releases: Sequence[Release]
    recordings: Sequence[Recording]
    callbacks: Sequence[Callback]


def lower(description: Description) -> Plan:
    """Build everything that a run needs."""
    d = description
    blocks: dict[Any, Block] = {}
    block_of: dict[Population, Block] = {}
    for population in d.populations:
        key = population.model.model if isinstance(population.model, Neuron) else type(population.model).__name__
        block = blocks.setdefault(key, Block(key))
        block.first[population] = block.n
        block.populations.append(population)
        block.n += population.size
        block_of[population] = block
    plan = Plan(
        d.dt, d.seed, blocks, {}, {}, {m: _modulator_arrays() for m in d.modulators}, {stage: [] for stage in STAGES},
        [], [], np.array([0, -1, 0, 0], np.int64), block_of,
    )  # fmt: skip
    places = Places(blocks, block_of)
    groups = _build_tables(d, plan, places)
    depth = 2 + max([int(t.delays.max()) for t, _ in groups if len(t.delays)], default=0)
    depth = max([depth, *(2 + p.dendritic_steps for p in d.projections)])
    for block in blocks.values():
        _fill_block(d, plan, block, depth)
    for table, members in groups:
        _deliver_calls(d, plan, places, table, members)
    _modulator_calls(d, plan)
    drive_calls(d.drives, plan)
    for block in blocks.values():
        _advance_calls(d, plan, block)
    recorder_calls(d.recordings, plan, places)
    plan.stages["end"] += [step_call(callback, plan) for callback in d.callbacks]
    return plan


def _modulator_arrays() -> dict[str, np.ndarray]:
    return {"n": np.zeros(1), "pending": np.zeros(1)}


def _build_tables(d: Description, plan: Plan, places: Places) -> list[tuple[Table, list[Projection]]]:
    groups: dict[Any, list[list[Projection]]] = {}
    for projection in d.projections:
        source = places.source(projection)[0]
        target = places.target(projection)[0]
        alone = projection.learns or projection.synapse is not None
        key = (
            id(source),
            id(target if target is not None else projection.target),
            projection.port,
            projection.on,
            projection.weight.constant,
            id(projection) if alone else None,
        )
        for members in groups.setdefault(key, []):
            if all(_compatible(projection, member) for member in members):
                members.append(projection)
                break
        else:
            groups[key].append([projection])
    built = []
    for members in (group for key in groups for group in groups[key]):
        own = members[0].synapse is not None or members[0].learns
        shared = members[0].weight.constant and not own
        table = build(members, places, d.seed, d.dt, shared, double=own)
        plan.tallies.append(table.tally)
        for projection in members:
            plan.tables[projection] = table
        built.append((table, members))
    return built


def _compatible(a: Projection, b: Projection) -> bool:
    """Whether two projections can lie in one table: slots with shared weights must agree."""
    if not a.weight.constant or a.weight.a == b.weight.a:
        return True
    apart = a.source is not b.source or (
        a.source_first + a.source_size <= b.source_first or b.source_first + b.source_size <= a.source_first
    )
    return apart


def _fill_block(d: Description, plan: Plan, block: Block, depth: int) -> None:
    kinds = block.populations[0].kinds
    for kind in kinds:
        block.rings[kind] = Ring(np.zeros((depth, block.n), np.int32), np.zeros(depth, np.int64))
        plan.stages["begin"].append(Call(f"clear {kind}", kernel_of(events.begin_row), block.rings[kind].counts))
    if not isinstance(block.populations[0].model, Neuron):
        return
    model = block.populations[0].model.model
    block.state = {name: np.zeros(block.n) for name in model.state}
    block.inputs = {port: np.zeros(block.n) for port in model.ports}
    block.currents = {name: np.zeros(block.n) for name in model.currents}
    for population in block.populations:
        start = {**model.initial(population.model.parameters), **population.initial}
        generator = np.random.default_rng([d.seed, population.thing])
        for name, value in start.items():
            values = drawn(value, model.state[name] if model.state[name] != "1" else "1", f"initial {name}")
            block.state[name][block.span(population)] = sample(values, population.size, generator)
    block.start = {name: values.copy() for name, values in block.state.items()}


def _deliver_calls(d: Description, plan: Plan, places: Places, table: Table, members: list[Projection]) -> None:
    projection = members[0]
    source, _ = places.source(projection)
    target, _ = places.target(projection)
    ring = source.rings[projection.on]
    inputs = (
        plan.modulators[projection.target]["pending"]
        if isinstance(projection.target, Modulator)
        else plan.block_of[projection.target].inputs[projection.port]
    )
    label = f"deliver {', '.join(p.name for p in members)}"
    common = (ring.rows, ring.counts, table.delays, table.index, table.targets)
    if projection.learns:
        plastic_calls(projection, d, plan, places, table, ring, inputs)
    elif projection.synapse is not None:
        model, parameters = projection.synapse.model, projection.synapse.parameters
        constants = model.constants(parameters, d.dt)
        n_slots = len(table.index) - 1
        state = {name: np.full(n_slots, model.initial(parameters)[name]) for name in model.state}
        line, injected = import_line(model.release, "release")
        kernel = Kernel(line + printed.print_dynamic(model.state, list(constants)), "function", injected)
        last = np.full(n_slots, -(1 << 40), np.int64)
        plan.stages["arrive"].append(
            Call(
                label,
                kernel,
                *common,
                table.weights,
                inputs,
                table.tally,
                last,
                d.dt,
                *state.values(),
                *(float(value) for value in constants.values()),
            )  # fmt: skip
        )
        plan.plastic[projection] = PlasticState({**state, "last_arrival": last}, kernel, np.ones(1, np.int64))
    elif len(table.slot_weight) or table.n_synapses == 0:
        kernel = kernel_of(deliver.deliver_shared)
        plan.stages["arrive"].append(Call(label, kernel, *common, table.slot_weight, inputs, table.tally))
    else:
        kernel = kernel_of(deliver.deliver_weighted)
        plan.stages["arrive"].append(Call(label, kernel, *common, table.weights, inputs, table.tally))


def _modulator_calls(d: Description, plan: Plan) -> None:
    for release in d.releases:
        plan.stages["modulate"].append(
            Call(
                f"release {release.modulator.name}",
                kernel_of(modulators.release_list),
                release.steps,
                release.amounts,
                np.zeros(1, np.int64),
                plan.modulators[release.modulator]["pending"],
            )  # fmt: skip
        )
    for modulator, arrays in plan.modulators.items():
        plan.stages["modulate"].append(
            Call(
                f"advance {modulator.name}",
                kernel_of(modulators.advance_modulator),
                arrays["n"],
                float(np.exp(-d.dt / modulator.tau_n)),
                arrays["pending"],
            )  # fmt: skip
        )


def _advance_calls(d: Description, plan: Plan, block: Block) -> None:
    for population in block.populations:
        first = block.first[population]
        model = population.model
        if isinstance(model, Neuron):
            _neuron_calls(d, plan, block, population, model)
            continue
        ring = block.rings["spike"]
        if isinstance(model, Poisson):
            rates = np.ascontiguousarray(np.broadcast_to(model.values, (len(model.values), population.size)))
            block.rates[population] = rates[0].copy()
            if rates.max() * d.dt * 1e-3 > 1.0:
                raise DescriptionError(
                    f"population {population.name!r}: a Poisson neuron fires at most once in a step of {d.dt} ms, "
                    f"rates go up to {1e3 / d.dt:g} Hz, got {rates.max():g} Hz"
                )
            if model.interval:
                every = max(1, round(model.interval / d.dt))
                timed = Call(
                    f"rates of {population.name}", kernel_of(sources.set_timed), rates, every, block.rates[population]
                )
                plan.stages["begin"].append(timed)
            call = Call(
                f"emit {population.name}", kernel_of(sources.emit_poisson), d.seed, population.thing * 4 + 3, first,
                block.rates[population], d.dt, ring.rows, ring.counts,
            )  # fmt: skip
        else:
            assert isinstance(model, SpikeList)
            steps = np.floor(model.times / d.dt + 0.5).astype(np.int64)
            order = np.lexsort((model.ids, steps))
            call = Call(
                f"emit {population.name}", kernel_of(sources.emit_spike_list), np.ascontiguousarray(steps[order]),
                np.ascontiguousarray(model.ids[order].astype(np.int64)), np.zeros(1, np.int64), first, ring.rows,
                ring.counts,
            )  # fmt: skip
        plan.stages["advance"].append(call)


def _neuron_calls(d: Description, plan: Plan, block: Block, population: Population, neuron: Neuron) -> None:
    model, span = neuron.model, block.span(population)
    constants = {}
    for name, value in model.constants(neuron.parameters, d.dt).items():
        array = np.asarray(value, dtype=np.float64)
        constants[name] = (
            float(array) if array.ndim == 0 else np.ascontiguousarray(np.broadcast_to(array, population.size))
        )
    varying = [name for name, value in constants.items() if isinstance(value, np.ndarray)]
    noisy = [name for name in model.currents if (population, name) in block.noise]
    kinds = [kind for kind in REPORTED if kind in model.kinds]
    line, injected = import_line(model.step, "advance")
    text = printed.print_neurons(
        list(model.state), list(model.ports), model.currents, noisy, list(constants), varying, kinds
    )
    rings = [array for kind in kinds for array in (block.rings[kind].rows, block.rings[kind].counts)]
    plan.stages["advance"].append(
        Call(
            f"advance {population.name}",
            Kernel(line + text, "function", injected),
            block.first[population],
            d.populations.index(population),
            np.zeros(population.size, np.uint8),
            plan.control,
            *rings,
            *(values[span] for values in block.state.values()),
            *(values[span] for values in block.inputs.values()),
            *(values[span] for values in block.currents.values()),
            *(block.noise[population, name] for name in noisy),
            *constants.values(),
        )  # fmt: skip
    )
    if "burst" in model.kinds and "event" in model.kinds:
        first = block.first[population]
        windows = np.atleast_1d(np.floor(np.asarray(neuron.parameters.burst_window) / d.dt + 0.5)).astype(np.int64)
        spike, event, burst = (block.rings[kind] for kind in ("spike", "event", "burst"))
        plan.stages["advance"].append(
            Call(
                f"classify {population.name}",
                kernel_of(events.classify_bursts),
                spike.rows,
                spike.counts,
                first,
                first + population.size,
                windows,
                np.full(population.size, -(1 << 40), np.int64),
                np.zeros(population.size, np.int64),
                event.rows,
                event.counts,
                burst.rows,
                burst.counts,
            )  # fmt: skip
        )
