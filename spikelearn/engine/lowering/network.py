"""Lower a description to a Program: blocks of neurons, tables of synapses, and the ordered Calls of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.projection import Projection
from spikelearn.description.readout import Readout
from spikelearn.description.signal import Signal
from spikelearn.engine.blocks import Block, Ends, Ring, Share, ends_of, ring_name
from spikelearn.engine.lowering.block_arrays import fill_block
from spikelearn.engine.lowering.delivery import delivery_of, joins
from spikelearn.engine.lowering.drives import drive_calls
from spikelearn.engine.lowering.following import following_calls
from spikelearn.engine.lowering.partition import partition
from spikelearn.engine.lowering.payloads import keep_calls, payload_variables
from spikelearn.engine.lowering.populations import advance_calls
from spikelearn.engine.lowering.readouts import feed_calls, signal_arrays
from spikelearn.engine.lowering.recorders import recorder_calls, signal_recorder_calls, waits_for_all_shares
from spikelearn.engine.lowering.synapse_tables import delays_of, distinct
from spikelearn.engine.plan import STAGES, Call, Plan, Program, Table
from spikelearn.engine.switches import mark_input, new_calls, switch
from spikelearn.engine.thread_tuner import default_shares
from spikelearn.errors import DescriptionError
from spikelearn.kernels import events, modulators
from spikelearn.kernels.later_input import add_later_input
from spikelearn.neurons import Neuron
from spikelearn.plasticity import Rewiring
from spikelearn.system import total_memory

T = TypeVar("T")
U = TypeVar("U")

_LONGEST_INTERVAL = 16
"""Maximum steps between barriers, however long the delays: event lists, and thus checkpoints, hold as many."""


def weights_change(d: NetworkDescription, projection: Projection) -> bool:
    """Whether each synapse needs its own weight, because it learns, has a rule's form, or is regulated."""
    return projection.learns or projection.transmits or any(r.projection is projection for r in d.homeostases)


def lower(description: NetworkDescription, n_shares: int = 1, edges: Sequence[tuple[int, ...]] = ()) -> Program:
    """Build everything that a run needs, for a given number of threads.

    edges: how the first blocks are divided among them, see `partition`.
    Raises DescriptionError if something reads all neurons at once and so cannot be divided among threads.
    """
    d = description
    if n_shares > 1 and (whole := _indivisible(d)):
        raise DescriptionError(f"{whole[0]} reads all neurons in each step: the network runs on one thread, threads=1")
    blocks = _blocks(d)
    block_of = {population: block for block in blocks for population in block.populations}
    groups = _groups(d, block_of)
    partition(blocks, d.projections, d.dt, n_shares, edges)
    found = _each_on_threads(n_shares, lambda p: delays_of(p, d.seed, d.dt), d.projections)
    each = dict(zip(d.projections, found, strict=True))
    delays = [distinct(np.concatenate([each[projection] for projection in members])) for members in groups]
    found_first = [int(steps[0]) - p[0].lag for p, steps in zip(groups, delays, strict=True) if len(steps)]
    shortest = min(found_first, default=_LONGEST_INTERVAL)
    meet_often = (
        n_shares == 1
        or d.callbacks
        or _readouts(d)
        or any(waits_for_all_shares(recording) for recording in d.recordings)
        or any(projection.reads_ends for projection in d.projections)
    )
    interval = 1 if meet_often else min(shortest, _LONGEST_INTERVAL)
    depth = max(
        [0, *(int(steps[-1]) for steps in delays if len(steps)), *(2 * p.dendritic_steps + 1 for p in d.projections)]
        + [p.statements.longest(d.dt) for p in d.projections if p.statements is not None]
    )
    _check_memory(d, blocks, groups, delays, depth + 1 + interval, n_shares)
    for block in blocks:
        fill_block(d, block)
    kinds = [_kinds(d, block) for block in blocks]
    counts = np.zeros((sum(map(len, kinds)), n_shares, depth + 1 + interval), np.int64)
    of_blocks = np.split(counts, np.cumsum([len(each) for each in kinds])[:-1])
    rings = [_rings(d, block, each, own) for block, each, own in zip(blocks, kinds, of_blocks, strict=False)]
    controls = np.tile(np.array([0, -1, 0, 0], np.int64), (n_shares, 1))
    signals = {signal: signal_arrays(signal) for signal in d.signals}
    plans: list[Plan] = []
    off = set[Any]()
    for index in range(n_shares):
        own = [replace(block, rings=of[index], ahead={}) for block, of in zip(blocks, rings, strict=True)]
        plan = _empty_plan(d, Share(index, n_shares), own, signals, controls[index], off)
        clear = kernel_of(events.begin_rows)
        plan.stages["begin"].append(Call("clear events", clear, share=index, counts=counts))
        plans.append(plan)
    tables = _each_on_threads(n_shares, lambda plan: _tables(d, plan.ends, groups, delays), plans)
    at_end = [
        call
        for plan, tables_of_share in zip(plans, tables, strict=True)
        for call in _add_calls(d, plan, tables_of_share, interval)
    ]
    sent = [call for plan in plans for call in plan.sent]
    program = Program(plans, interval, controls, end=[*sent, *at_end])
    if d.callbacks or _readouts(d):
        from spikelearn.engine.lowering.callbacks import step_calls

        step_calls(d.callbacks, _readouts(d), program)
    following_calls(d.followings, program)
    if d.worlds:
        from spikelearn.engine.lowering.environments import interactions

        program.interactions += interactions(d.worlds, program)
    signal_recorder_calls(d.recordings, program)
    for part in d.off:
        switch(program, part, on=False)
    return program


def _readouts(d: NetworkDescription) -> list[Readout]:
    return [signal for signal in d.signals if isinstance(signal, Readout)]


def _each_on_threads(n: int, function: Callable[[T], U], items: Sequence[T]) -> list[U]:
    """The function of each item, n of them at a time. For one thread, no pool is imported: it takes 5 ms."""
    if n == 1:
        return [function(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(n) as threads:
        return list(threads.map(function, items))


def shares_by_default(description: NetworkDescription) -> int:
    """The default number of shares of a network."""
    if _indivisible(description):
        return 1
    return default_shares(sum(population.size for population in description.populations))


def _indivisible(d: NetworkDescription) -> list[str]:
    """Parts that read all neurons at once and so cannot be divided among threads."""
    rules = [
        f"projection {p.name!r} ({p.plasticity.rule.name})"
        for p in d.projections
        if p.plasticity is not None and p.learns and p.plasticity.rule.mean_pre
    ]
    rules += [f"projection {p.name!r} (with delays of 0)" for p in d.projections if p.is_immediate(d.dt)]
    rules += [f"projection {p.name!r} ({p.statements.name})" for p in d.projections if p.statements is not None]
    return rules + [
        f"{type(r.rule).__name__} of projection {r.projection.name!r}" for r in d.homeostases if r.rule.indivisible
    ]


def _blocks(d: NetworkDescription) -> list[Block]:
    blocks: dict[Any, Block] = {}
    for population in d.populations:
        key = population.model.model if isinstance(population.model, Neuron) else type(population.model).__name__
        block = blocks.setdefault(key, Block(key))
        block.first[population] = block.n
        block.populations.append(population)
        block.n += population.size
    return list(blocks.values())


def _check_memory(
    d: NetworkDescription, blocks: list[Block], groups: list[list[Projection]], delays: list[np.ndarray], depth: int,
    n_shares: int,
) -> None:  # fmt: skip
    """Raise DescriptionError if what states or delays need is more than the memory of this machine.

    States and inputs of neurons take 8 bytes each, and states as much again, for resets.
    depth: of the rings, in steps. That is 4 bytes for each neuron, kind of event and step of the longest delay, 4 for
    each source and delay, and some 16 for each target and step of twice a dendritic delay of a rule.
    """
    for block in blocks:
        if isinstance(neuron := block.populations[0].model, Neuron):
            variables = 2 * len(neuron.model.state) + len(neuron.model.ports) + len(neuron.model.currents)
            if (needed := 8.0 * variables * block.n) > total_memory():
                raise DescriptionError(
                    f"{block.n:,} neurons of {neuron.model.name} need {needed / 1e9:,.1f} GB of memory, more than the "
                    f"{total_memory() / 1e9:,.1f} GB of this machine; expected fewer"
                )
    needed = sum(4.0 * depth * block.n * len(block.populations[0].kinds) for block in blocks)
    needed += sum(4.0 * p[0].source_size * len(steps) * n_shares for p, steps in zip(groups, delays, strict=True))
    needed += sum(32.0 * p.target_size * p.dendritic_steps for p in d.projections if p.learns)
    if needed > total_memory():
        raise DescriptionError(
            f"delays of up to {depth * d.dt:g} ms, {depth:,} steps, need {needed / 1e9:,.1f} GB of memory, more than "
            f"the {total_memory() / 1e9:,.1f} GB of this machine; expected shorter or fewer delays, or a larger dt"
        )


def _kinds(d: NetworkDescription, block: Block) -> list[tuple[str, int]]:
    """The rings of a block: kinds of event, and for projections that came later those since then, as (kind, since)."""
    later = []
    for projection, since in d.since.items():
        if projection.source in block.first:
            later.append((projection.on, since))
        if projection.plasticity is not None and projection.target in block.first:
            later.append((projection.learns_from, since))
    return list(dict.fromkeys([*((kind, 0) for kind in block.populations[0].kinds), *later]))


def _rings(
    d: NetworkDescription, block: Block, kinds: list[tuple[str, int]], counts: np.ndarray
) -> list[dict[str, Ring]]:
    """For each share: name -> Ring. counts: those of the block's rings, (rings, shares, depth)."""
    _, n_shares, depth = counts.shape
    widest = max(np.diff(Share(k, n_shares).bounds(block))[0] for k in range(n_shares))
    rings: list[dict[str, Ring]] = [{} for _ in range(n_shares)]
    for (kind, since), of_kind in zip(kinds, counts, strict=True):
        if since:
            for index, ring in enumerate(rings):
                ring[ring_name(kind, since)] = replace(ring[kind], counts=of_kind[index], all_counts=of_kind)
            continue
        rows = np.zeros((n_shares, depth, widest), np.int32)
        values = {v: np.zeros(rows.shape) for v in payload_variables(d.projections, block, kind)}
        for index, ring in enumerate(rings):
            own = {variable: every[index] for variable, every in values.items()}
            ring[kind] = Ring(rows[index], of_kind[index], rows, of_kind, own, values)
    return rings


def _keep_counts(d: NetworkDescription, plan: Plan, block: Block) -> None:
    """Add the Calls that write the counts of rings for projections that came later, after events have been emitted."""
    for kind, since in _kinds(d, block):
        if since:
            name, kernel = ring_name(kind, since), kernel_of(events.keep_count)
            plan.stages["advance"].append(
                Call(f"{name} of {block.populations[0].name}", kernel, counts=block.rings[kind].counts,
                     later=block.rings[name].counts)
            )  # fmt: skip


def _empty_plan(
    d: NetworkDescription, share: Share, blocks: list[Block], signals: dict[Signal, dict[str, np.ndarray]],
    control: np.ndarray, off: set[Any],
) -> Plan:  # fmt: skip
    """A Plan without tables and Calls. blocks: with the rings of the share. off: the set of all shares."""
    block_of = {population: block for block in blocks for population in block.populations}
    modulators = {m: {"n": np.full(1, m.initial), "pending": np.zeros(1)} for m in d.modulators}
    return Plan(
        dt=d.dt, seed=d.seed, share=share, blocks={block.key: block for block in blocks},
        ends={p: ends_of(p, block_of, modulators, share, d.since.get(p, 0)) for p in d.projections},
        tables={}, learning={}, modulators=modulators, signals=signals,
        stages={stage: [] for stage in STAGES}, recorders=[], event_counts=[], control=control, block_of=block_of,
        off=off,
    )  # fmt: skip


def _add_calls(d: NetworkDescription, plan: Plan, tables: list[Table], interval: int) -> list[Call]:
    """Add the Calls of all stages but "end"; returns those of that stage."""
    driven = drive_calls(d.drives, plan)
    for table in tables:
        for projection in table.projections:
            plan.tables[projection] = table
        table.rewired = any(r.projection in table.projections and r.rule.moves_synapses for r in d.homeostases)
        before = {stage: len(calls) for stage, calls in plan.stages.items()}
        delivery_of(table.projections[0]).deliver(table, plan)
        if len(table.projections) == 1:
            mark_input(table.projections[0], new_calls(plan, before))
        if plan.ends[table.projections[0]].counted:
            plan.event_counts.append(table.event_count)
    _modulator_calls(d, plan)
    feed_calls(d.feeds, plan, driven)
    for block in plan.blocks.values():
        advance_calls(plan, block)
        _keep_counts(d, plan, block)
        keep_calls(plan, block)
        for port, later in block.later.items():
            own = slice(*plan.share.bounds(block))
            label, variable = f"later input of {block.populations[0].name}.{port}", block.inputs[port][own]
            plan.stages["receive"].append(Call(label, kernel_of(add_later_input), later=later[own], variable=variable))
    if d.homeostases:
        from spikelearn.engine.lowering.homeostasis import homeostasis_calls

        homeostasis_calls(d.homeostases, plan)
    return recorder_calls(d.recordings, plan, interval)


def _groups(d: NetworkDescription, block_of: Mapping[Any, Block]) -> list[list[Projection]]:
    """Projections that share one table."""
    groups: dict[Any, list[list[Projection]]] = {}
    for projection in d.projections:
        alone = weights_change(d, projection) or projection in d.counted or projection in d.apart
        key = (
            id(block_of[projection.source]),
            id(block_of.get(projection.target, projection.target)),
            projection.port,
            projection.on,
            projection.payload,
            projection.weight.constant,
            d.since.get(projection, 0),
            id(projection) if alone or not joins(projection) else None,
        )
        for members in groups.setdefault(key, []):
            if all(_compatible(projection, member) for member in members):
                members.append(projection)
                break
        else:
            groups[key].append([projection])
    return [group for key in groups for group in groups[key]]


def _tables(
    d: NetworkDescription, ends: Mapping[Projection, Ends], groups: list[list[Projection]], delays: list[np.ndarray]
) -> list[Table]:
    """The tables of one share, one per group of projections."""
    tables = [
        delivery_of(members[0]).table(members, ends, steps, d.seed, d.dt, weights_change(d, members[0]))
        for members, steps in zip(groups, delays, strict=True)
    ]
    rewired = {h.projection for h in d.homeostases if isinstance(h.rule, Rewiring)}
    for table in tables:
        table.rewired = not rewired.isdisjoint(table.projections)
    return tables


def _compatible(a: Projection, b: Projection) -> bool:
    """Whether two projections can share a table: slots with shared weights must agree."""
    if not a.weight.constant or a.weight.a == b.weight.a:
        return True
    apart = a.source is not b.source or (
        a.source_first + a.source_size <= b.source_first or b.source_first + b.source_size <= a.source_first
    )
    return apart


def _modulator_calls(d: NetworkDescription, plan: Plan) -> None:
    for release in d.releases:
        plan.stages["modulate"].append(
            Call(
                f"release {release.modulator.name}",
                kernel_of(modulators.release_list),
                steps=release.steps,
                amounts=release.amounts,
                cursor=np.zeros(1, np.int64),
                pending=plan.modulators[release.modulator]["pending"],
            )  # fmt: skip
        )
    for modulator, arrays in plan.modulators.items():
        plan.stages["modulate"].append(
            Call(
                f"advance {modulator.name}",
                kernel_of(modulators.advance_modulator),
                concentration=arrays["n"],
                decay=modulator.decay(d.dt),
                pending=arrays["pending"],
            )  # fmt: skip
        )
