"""Lowering of graded synapses: gates per source, and one sum for all targets with identical synapses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.synapse_tables import build
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import graded


def joins(projection: Projection) -> bool:
    return False


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    """If all targets get the same sum, except for autapses, no list of N x N synapses is made."""
    [projection] = projections
    alike = projection.rule.every_pair and projection.weight.constant and projection.axonal.constant
    if alike and not own_weights:
        return _table_without_synapses(projection, ends[projection], delays)
    return build(projections, ends, delays, seed, dt, shared=False, double=True, local=False)


def deliver(table: Table, plan: Plan) -> None:
    """Gates first, then their output. Each share has all gates."""
    [projection] = table.projections
    assert projection.synapse is not None
    model, parameters = projection.synapse.model, projection.synapse.parameters
    constants = {name: float(value) for name, value in model.constants(parameters, plan.dt).items()}
    ends, n_delays = plan.ends[projection], len(table.delays)
    first, n_gates = ends.first_source, projection.source_size * n_delays
    start = model.initial(parameters)
    state = {name: np.full(n_gates, float(start.get(name, 0.0))) for name in model.state}
    output = np.zeros(n_gates)
    if len(table.slot_weight):
        fan_out = _fan_out(projection, ends)
    else:
        fan_out = np.diff(table.index)[first * n_delays : first * n_delays + n_gates]
    text = graded.render_gates(list(model.state), list(constants))
    kernel = kernel_for(f"Gates of {model.name}", text, {"advance": model.advance})
    plan.stages["arrive"].append(
        Call(
            f"gates of {projection.name}", kernel, rows=ends.ring.all_rows, counts=ends.ring.all_counts,
            delays=table.delays, first=first, fan_out=np.ascontiguousarray(fan_out), event_count=table.event_count,
            arrived=np.zeros(n_gates), output=output, **{f"all_{name}": array for name, array in state.items()},
            **constants,
        )
    )  # fmt: skip
    label, inputs = f"deliver {projection.name}", ends.inputs
    if len(table.slot_weight):
        begin, size = _targets(projection, ends)
        own = inputs[ends.first_target + begin : ends.first_target + begin + size]
        shift = begin - projection.autapse_shift
        call = Call(
            label, kernel_of(graded.broadcast), output=output, weight=projection.weight.a, shift=shift, inputs=own
        )
    else:
        call = Call(
            label, kernel_of(graded.deliver_graded), output=output, first_slot=first * n_delays, index=table.index,
            targets=table.targets, weights=table.weights, inputs=inputs,
        )  # fmt: skip
    plan.stages["arrive"].append(call)


def _table_without_synapses(projection: Projection, ends: Ends, delays: np.ndarray) -> Table:
    """A table with the weights of slots, and no list of targets."""
    n_sources, first = ends.source.n, ends.first_source
    delay_index = np.zeros(int(delays[-1]) + 1, np.int64)
    slot_weight = np.zeros(n_sources)
    slot_weight[first : first + projection.source_size] = projection.weight.a
    table = Table(
        [projection], delays, delay_index, np.zeros(n_sources + 1, np.int64),
        np.zeros(0, np.uint16), np.zeros(0), slot_weight, np.zeros(2, np.int64),
    )  # fmt: skip
    table.sizes[projection] = int(_fan_out(projection, ends).sum())
    return table


def _targets(projection: Projection, ends: Ends) -> tuple[int, int]:
    """The projection's targets in the share: the first, and their number."""
    return ends.share.part(ends.neurons, ends.first_target, projection.target_size)


def _fan_out(projection: Projection, ends: Ends) -> np.ndarray:
    """(sources,) number of targets in the share per source, for a projection with identical targets."""
    begin, size = _targets(projection, ends)
    own = np.arange(projection.source_size) + projection.autapse_shift
    left_out = (own >= begin) & (own < begin + size)
    return size - left_out.astype(np.int64)
