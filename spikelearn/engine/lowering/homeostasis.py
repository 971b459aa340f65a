"""Lowering of homeostasis: Calls at the end of stage `post` of every so many steps, when all have learned and before
anything is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.homeostasis import Homeostasis
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.event_rules import sweep_call
from spikelearn.engine.lowering.signal_rules import signal_materialize_call
from spikelearn.engine.lowering.synapse_tables import BlockIndex
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import homeostasis, rewire
from spikelearn.kernels.random import noise_key
from spikelearn.plasticity import Normalisation, Rewiring, SignalRule, SynapticScaling


def homeostasis_calls(homeostases: Sequence[Homeostasis], plan: Plan, block_index: BlockIndex) -> None:
    """Add the Calls of all homeostases to the plan, in the order in which they were added to the network."""
    for mechanism in homeostases:
        projection = mechanism.projection
        table = plan.tables[projection]
        label = f"{type(mechanism.rule).__name__} of {projection.name}"
        table.regulated = True
        due = np.zeros(1, np.int64)
        arrays = plan.plastic[projection].arrays if projection.learns else {}
        enabled = plan.plastic[projection].enabled if projection.learns else np.ones(1, np.int64)
        sweeps = arrays.get("sweeps", np.zeros(1, np.int64))
        before, after = _materialization(projection, plan, table, arrays, due)
        stage = plan.stages["post"]
        stage.append(
            Call(f"{label}: begin", kernel_of(homeostasis.begin), mechanism.every, enabled, due, sweeps),
        )
        if projection.learns and not _by_signal(projection):
            stage.append(sweep_call(projection, plan))
        stage += before
        if isinstance(mechanism.rule, Normalisation):
            stage.append(_normalise(mechanism, mechanism.rule, table, block_index, due, label))
        elif isinstance(mechanism.rule, SynapticScaling):
            stage += _scale(mechanism, table, plan, block_index, due, label)
        else:
            stage += _rewire(mechanism, mechanism.rule, table, plan, block_index, arrays, due, label)
        stage += after


def _by_signal(projection: Projection) -> bool:
    return projection.plasticity is not None and isinstance(projection.plasticity.rule, SignalRule)


def _materialization(
    projection: Projection, plan: Plan, table: Table, arrays: dict[str, Any], due: np.ndarray
) -> tuple[list[Call], list[Call]]:
    """Calls that put weights as they are now into the table, and back what a rule keeps there instead."""
    if _by_signal(projection):
        materialize, dematerialize = (
            signal_materialize_call(projection, plan, which, due) for which in ("materialize", "dematerialize")
        )
        return [materialize], [dematerialize]
    if "eligibilities" not in arrays:
        return [], []
    shared = (due, projection.dendritic_steps, arrays["integrals"], table.weights, arrays["eligibilities"])
    name = projection.name
    return (
        [Call(f"materialize {name}", kernel_of(homeostasis.materialize), *shared, *projection.limits)],
        [Call(f"dematerialize {name}", kernel_of(homeostasis.dematerialize), *shared)],
    )


def _normalise(
    mechanism: Homeostasis, rule: Normalisation, table: Table, block_index: BlockIndex, due: np.ndarray, label: str
) -> Call:
    projection, subtractive = mechanism.projection, int(rule.subtractive)
    if rule.per == "source":
        first = block_index.source(projection)[1]
        return Call(
            label, kernel_of(homeostasis.normalise_sources), due, mechanism.values, subtractive, first,
            len(table.delays), table.index, table.weights, *projection.limits,
        )  # fmt: skip
    block, first = block_index.target(projection)
    assert block is not None
    totals = np.zeros(block.n)
    totals[first : first + projection.target_size] = mechanism.values
    scratch = np.zeros(block.n), np.zeros(block.n)
    return Call(
        label, kernel_of(homeostasis.normalise_targets), due, totals, subtractive, table.targets, table.weights,
        *projection.limits, *scratch,
    )  # fmt: skip


def _scale(
    mechanism: Homeostasis, table: Table, plan: Plan, block_index: BlockIndex, due: np.ndarray, label: str
) -> list[Call]:
    projection = mechanism.projection
    block, first = block_index.target(projection)
    assert block is not None
    ring, n = block.rings["spike"], projection.target_size
    tau, dt = mechanism.numbers["tau"], plan.dt
    rate, before = mechanism.values.copy(), mechanism.values.copy()
    at, spikes = np.zeros(n, np.int64), np.zeros(n)
    follow = Call(
        f"{label}: rates", kernel_of(homeostasis.follow_rates), ring.rows, ring.counts, first, tau, dt, rate, at, spikes
    )
    scale = Call(
        label, kernel_of(homeostasis.scale_targets), due, mechanism.every, first, mechanism.values,
        mechanism.numbers["beta"], tau, dt, rate, at, spikes, before, table.targets, table.weights,
        *projection.limits, np.ones(block.n),
    )  # fmt: skip
    return [follow, scale]


def _rewire(
    mechanism: Homeostasis, rule: Rewiring, table: Table, plan: Plan, block_index: BlockIndex, arrays: dict[str, Any],
    due: np.ndarray, label: str,
) -> list[Call]:  # fmt: skip
    projection, numbers = mechanism.projection, mechanism.numbers
    first, first_target = block_index.source(projection)[1], block_index.target(projection)[1]
    own = projection.autapse_shift
    moved, n_moved = np.zeros(table.n_synapses, np.int64), np.zeros(1, np.int64)
    table.rewired = True
    calls = [
        Call(
            label, kernel_of(rewire.rewire), due, plan.seed, noise_key(projection.uid), numbers["probability"],
            numbers["below"], numbers["weight"], int(rule.multapses), first, projection.source_size,
            len(table.delays), first_target, projection.target_size, own, table.index, table.targets, table.weights,
            moved, n_moved,
        )
    ]  # fmt: skip
    if _by_signal(projection):
        if "eligibilities" in arrays:
            calls.append(signal_materialize_call(projection, plan, "forget", n_moved, moved))
        return calls
    if projection.learns:
        move = kernel_of(rewire.move_to_histories)
        calls.append(Call(f"{label}: events", move, n_moved, moved, table.targets, arrays["due_end"], arrays["unread"]))
    start = {"eligibilities": 0.0} if "eligibilities" in arrays else {}
    if projection.plasticity is not None:
        plasticity = projection.plasticity
        start |= {f"synapse_{name}": v for name, v in plasticity.rule.initial_state(plasticity.parameters).items()}
    forget = kernel_of(rewire.forget)
    calls += [Call(f"{label}: {name}", forget, n_moved, moved, float(v), arrays[name]) for name, v in start.items()]
    return calls
