"""Lower a description to a Program: blocks of neurons, tables of synapses, and the Calls of a step in their order."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, import_line, kernel_of
from spikelearn.description.distributions import drawn, sample
from spikelearn.description.homeostasis import Homeostasis
from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Drive, Projection, Release
from spikelearn.description.recording import Recording
from spikelearn.description.trials import Callback
from spikelearn.engine.aligned_arrays import zeros
from spikelearn.engine.lowering.callbacks import step_calls
from spikelearn.engine.lowering.drives import drive_calls
from spikelearn.engine.lowering.event_rules import plastic_calls
from spikelearn.engine.lowering.graded_synapses import alike, graded_calls, table_without_synapses
from spikelearn.engine.lowering.homeostasis import homeostasis_calls
from spikelearn.engine.lowering.partition import partition
from spikelearn.engine.lowering.payloads import keep_calls, payload_variables
from spikelearn.engine.lowering.populations import advance_calls
from spikelearn.engine.lowering.procedural_synapses import procedural_call, table_of_procedural
from spikelearn.engine.lowering.recorders import recorder_calls
from spikelearn.engine.lowering.synapse_tables import BlockIndex, build, delays_of
from spikelearn.engine.plan import STAGES, Block, Call, Plan, PlasticState, Program, Ring, Share, Table
from spikelearn.engine.thread_tuner import default_shares
from spikelearn.errors import DescriptionError
from spikelearn.kernels import deliver, events, modulators
from spikelearn.kernels import neurons
from spikelearn.neurons import Neuron
from spikelearn.plasticity import Normalisation, Rewiring
from spikelearn.sources import Poisson

_LONGEST_INTERVAL = 16
"""Steps after which shares meet even if no delay is so short: event lists hold as many, and checkpoints hold these."""

_RUNS_LISTED = 256
"""Runs of synapses that are listed and fetched ahead at a time."""


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
    homeostases: Sequence[Homeostasis] = ()

    def weights_change(self, projection: Projection) -> bool:
        """Whether each synapse needs a weight of its own, because it learns, has a rule's form, or is regulated."""
        return projection.learns or projection.transmits or any(r.projection is projection for r in self.homeostases)


def lower(description: Description, n_shares: int = 1) -> Program:
    """Build everything that a run needs, for so many threads.

    Raises DescriptionError if something reads all neurons at once and so cannot be shared out.
    """
    d = description
    if n_shares > 1 and (whole := _indivisible(d)):
        raise DescriptionError(f"{whole[0]} reads all neurons in each step: the network runs on one thread, threads=1")
    blocks = _blocks(d)
    groups = _groups(d, blocks)
    partition(blocks, d.projections, d.dt, n_shares)
    with ThreadPoolExecutor(n_shares) as threads:
        each = dict(zip(d.projections, threads.map(lambda p: delays_of(p, d.seed, d.dt), d.projections), strict=True))
        delays = [np.unique(np.concatenate([each[projection] for projection in members])) for members in groups]
        tables = list(threads.map(lambda k: _tables(d, Share(k, n_shares), blocks, groups, delays), range(n_shares)))
    shortest = min([int(steps[0]) for steps in delays if len(steps)], default=_LONGEST_INTERVAL)
    interval = 1 if n_shares == 1 or d.callbacks else min(shortest, _LONGEST_INTERVAL)
    depth = max(
        [0, *(int(steps[-1]) for steps in delays if len(steps)), *(2 * p.dendritic_steps + 1 for p in d.projections)]
    )
    for block in blocks:
        _fill_block(d, block)
    rings = [_rings(d, block, depth + 1 + interval, n_shares) for block in blocks]
    controls = np.tile(np.array([0, -1, 0, 0], np.int64), (n_shares, 1))
    plans: list[Plan] = []
    for index in range(n_shares):
        own = [replace(block, rings=of[index]) for block, of in zip(blocks, rings, strict=True)]
        plans.append(_plan(d, Share(index, n_shares), own, tables[index], interval, controls[index]))
    program = Program(plans, interval, controls)
    step_calls(d.callbacks, program)
    return program


def shares_by_default(description: Description) -> int:
    """Into how many shares a network is lowered if nobody says."""
    if _indivisible(description):
        return 1
    return default_shares(sum(population.size for population in description.populations))


def _indivisible(d: Description) -> list[str]:
    """What reads all neurons at once and so cannot be shared out."""
    whole = [
        f"projection {p.name!r} ({p.plasticity.rule.name})"
        for p in d.projections
        if p.plasticity is not None and p.learns and p.plasticity.rule.mean_pre
    ]
    whole += [
        f"{type(r.rule).__name__} of projection {r.projection.name!r}"
        for r in d.homeostases
        if isinstance(r.rule, Rewiring) or (isinstance(r.rule, Normalisation) and r.rule.per == "source")
    ]
    return whole


def _blocks(d: Description) -> list[Block]:
    blocks: dict[Any, Block] = {}
    for population in d.populations:
        key = population.model.model if isinstance(population.model, Neuron) else type(population.model).__name__
        block = blocks.setdefault(key, Block(key))
        block.first[population] = block.n
        block.populations.append(population)
        block.n += population.size
    return list(blocks.values())


def _block_of(blocks: list[Block]) -> dict[Population, Block]:
    return {population: block for block in blocks for population in block.populations}


def _rings(d: Description, block: Block, depth: int, n_shares: int) -> list[dict[str, Ring]]:
    """For each share: kind of event -> Ring."""
    widest = max(np.diff(Share(k, n_shares).bounds(block))[0] for k in range(n_shares))
    rings: list[dict[str, Ring]] = [{} for _ in range(n_shares)]
    for kind in block.populations[0].kinds:
        rows, counts = np.zeros((n_shares, depth, widest), np.int32), np.zeros((n_shares, depth), np.int64)
        values = {v: np.zeros(rows.shape) for v in payload_variables(d.projections, block, kind)}
        for index, ring in enumerate(rings):
            own = {variable: every[index] for variable, every in values.items()}
            ring[kind] = Ring(rows[index], counts[index], rows, counts, own, values)
    return rings


def _plan(
    d: Description, share: Share, blocks: list[Block], tables: list[Table], interval: int, control: np.ndarray
) -> Plan:  # fmt: skip
    block_of = _block_of(blocks)
    plan = Plan(
        d.dt, d.seed, share, {block.key: block for block in blocks}, {}, {},
        {m: _modulator_arrays() for m in d.modulators}, {stage: [] for stage in STAGES},
        [], [], control, block_of,
    )  # fmt: skip
    for block in blocks:
        for kind, ring in block.rings.items():
            plan.stages["begin"].append(Call(f"clear {kind}", kernel_of(events.begin_row), ring.counts))
    block_index = BlockIndex(block_of, share)
    for table in tables:
        if share.index == 0 or not isinstance(table.projections[0].target, Modulator):
            plan.event_counts.append(table.event_count)
        for projection in table.projections:
            plan.tables[projection] = table
        _deliver_calls(d, plan, block_index, table)
    _modulator_calls(d, plan)
    drive_calls(d.drives, plan)
    for block in blocks:
        advance_calls(plan, block)
        keep_calls(plan, block)
    homeostasis_calls(d.homeostases, plan, block_index)
    recorder_calls(d.recordings, plan, block_index, interval)
    return plan


def _groups(d: Description, blocks: list[Block]) -> list[list[Projection]]:
    """Projections that lie in one table."""
    block_index = BlockIndex(_block_of(blocks), Share())
    groups: dict[Any, list[list[Projection]]] = {}
    for projection in d.projections:
        source = block_index.source(projection)[0]
        target = block_index.target(projection)[0]
        alone = d.weights_change(projection) or projection.synapse is not None or projection.procedural
        key = (
            id(source),
            id(target if target is not None else projection.target),
            projection.port,
            projection.on,
            projection.payload,
            projection.weight.constant,
            id(projection) if alone else None,
        )
        for members in groups.setdefault(key, []):
            if all(_compatible(projection, member) for member in members):
                members.append(projection)
                break
        else:
            groups[key].append([projection])
    return [group for key in groups for group in groups[key]]


def _tables(
    d: Description, share: Share, blocks: list[Block], groups: list[list[Projection]], delays: list[np.ndarray]
) -> list[Table]:
    """The tables of one share, one for each group of projections."""
    block_index = BlockIndex(_block_of(blocks), share)
    tables = []
    for members, steps in zip(groups, delays, strict=True):
        changes = d.weights_change(members[0])
        if members[0].procedural:
            tables.append(table_of_procedural(members[0], steps))
            continue
        if alike(members[0]) and not changes:
            tables.append(table_without_synapses(members[0], block_index, steps))
            continue
        own = members[0].synapse is not None or changes
        shared = members[0].weight.constant and not own
        local = not changes and not members[0].graded
        tables.append(build(members, block_index, steps, d.seed, d.dt, shared, double=own, local=local))
    return tables


def _compatible(a: Projection, b: Projection) -> bool:
    """Whether two projections can lie in one table: slots with shared weights must agree."""
    if not a.weight.constant or a.weight.a == b.weight.a:
        return True
    apart = a.source is not b.source or (
        a.source_first + a.source_size <= b.source_first or b.source_first + b.source_size <= a.source_first
    )
    return apart


def _fill_block(d: Description, block: Block) -> None:
    for population in block.populations:
        if isinstance(population.model, Poisson):
            block.rates[population] = np.broadcast_to(population.model.values[0], population.size).copy()
    if not isinstance(block.populations[0].model, Neuron):
        return
    model = block.populations[0].model.model
    block.state = {name: zeros(block.n) for name in model.state}
    block.inputs = {port: zeros(block.n) for port in model.ports}
    block.currents = {name: zeros(block.n) for name in model.currents}
    for population in block.populations:
        start = {**model.initial(population.model.parameters), **population.initial}
        generator = np.random.default_rng([d.seed, population.uid])
        for name, value in start.items():
            values = drawn(value, model.state[name] if model.state[name] != "1" else "1", f"initial {name}")
            block.state[name][block.span(population)] = sample(values, population.size, generator)
    block.start = {name: values.copy() for name, values in block.state.items()}


def _deliver_calls(d: Description, plan: Plan, block_index: BlockIndex, table: Table) -> None:
    projection = table.projections[0]
    source, _ = block_index.source(projection)
    target, _ = block_index.target(projection)
    ring = source.rings[projection.on]
    inputs = (
        plan.modulators[projection.target]["pending"]
        if isinstance(projection.target, Modulator)
        else plan.block_of[projection.target].inputs[projection.port]
    )[table.first_target :]
    label = f"deliver {', '.join(p.name for p in table.projections)}"
    common = (ring.all_rows, ring.all_counts, table.delays, table.index, table.targets)
    if projection.procedural:
        procedural_call(projection, plan, block_index, table, ring, inputs)
    elif projection.learns or projection.transmits:
        plastic_calls(projection, d, plan, block_index, table, ring, inputs)
    elif projection.graded:
        graded_calls(projection, plan, block_index, table, ring, inputs)
    elif projection.synapse is not None:
        model, parameters = projection.synapse.model, projection.synapse.parameters
        constants = model.constants(parameters, d.dt)
        n_slots = len(table.index) - 1
        state = {name: np.full(n_slots, model.initial(parameters)[name]) for name in model.state}
        line, injected = import_line(model.release, "release")
        kernel = Kernel(line + neurons.render_short_term(model.state, list(constants)), "function", injected)
        last = np.full(n_slots, -(1 << 40), np.int64)
        plan.stages["arrive"].append(
            Call(
                label,
                kernel,
                *common,
                table.weights,
                inputs,
                table.event_count,
                last,
                d.dt,
                *state.values(),
                *(float(value) for value in constants.values()),
            )  # fmt: skip
        )
        plan.plastic[projection] = PlasticState({**state, "last_arrival": last}, kernel, np.ones(1, np.int64))
    elif projection.payload:
        call = Call(
            label, kernel_of(deliver.deliver_values), ring.all_rows, ring.all_counts,
            ring.all_values[projection.payload], *common[2:], table.slot_weight, table.weights, inputs,
            table.event_count,
        )  # fmt: skip
        plan.stages["arrive"].append(call)
    else:
        call = Call(
            label, kernel_of(deliver.deliver), *common, table.slot_weight, table.weights, inputs, table.event_count,
            np.zeros(_RUNS_LISTED, np.int64),
        )  # fmt: skip
        plan.stages["arrive"].append(call)


def _modulator_arrays() -> dict[str, np.ndarray]:
    return {"n": np.zeros(1), "pending": np.zeros(1), "releases": np.zeros(1, np.int64)}


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
                arrays["releases"],
            )  # fmt: skip
        )
