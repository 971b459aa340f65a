"""Lowering of graded synapses: gates for each source, and one sum for all targets where their synapses are alike."""

from __future__ import annotations

import numpy as np

from spikelearn.codegen.modules import Kernel, import_line, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.synapse_tables import BlockIndex
from spikelearn.engine.plan import Call, Plan, PlasticState, Ring, Table
from spikelearn.kernels import graded


def alike(projection: Projection) -> bool:
    """Whether all targets of a graded projection are given one and the same sum, but for their autapses."""
    return (
        projection.graded and projection.rule.every_pair and projection.weight.constant and projection.axonal.constant
    )


def table_without_synapses(projection: Projection, block_index: BlockIndex, delays: np.ndarray) -> Table:
    """The Table of a projection whose targets are alike: weights of slots, and no list of N x N targets."""
    block, first = block_index.source(projection)
    delay_index = np.zeros(int(delays[-1]) + 1, np.int64)
    slot_weight = np.zeros(block.n)
    slot_weight[first : first + projection.source_size] = projection.weight.a
    table = Table(
        [projection], delays, delay_index, np.zeros(block.n + 1, np.int64),
        np.zeros(0, np.uint16), np.zeros(0), slot_weight, np.zeros(1, np.int64),
    )  # fmt: skip
    table.sizes[projection] = int(_fan_out(projection, block_index).sum())
    return table


def graded_calls(
    projection: Projection, plan: Plan, block_index: BlockIndex, table: Table, ring: Ring, inputs: np.ndarray
) -> None:
    """Add the Calls of one graded projection to the plan: gates first, then what they give. Each share has all gates.

    inputs: those of all neurons of the target's block through the port.
    """
    assert projection.synapse is not None
    model, parameters = projection.synapse.model, projection.synapse.parameters
    constants = {name: float(value) for name, value in model.constants(parameters, plan.dt).items()}
    first, n_delays = block_index.source(projection)[1], len(table.delays)
    n_gates = projection.source_size * n_delays
    start = model.initial(parameters)
    state = {name: np.full(n_gates, float(start.get(name, 0.0))) for name in model.state}
    output = np.zeros(n_gates)
    if len(table.slot_weight):
        fan_out = _fan_out(projection, block_index)
    else:
        fan_out = np.diff(table.index)[first * n_delays : first * n_delays + n_gates]
    line, injected = import_line(model.advance, "advance")
    kernel = Kernel(line + graded.render_gates(model.state, list(constants)), "function", injected)
    plan.stages["arrive"].append(
        Call(
            f"gates of {projection.name}",
            kernel,
            ring.all_rows,
            ring.all_counts,
            table.delays,
            first,
            np.ascontiguousarray(fan_out),
            table.event_count,
            np.zeros(n_gates),
            output,
            *state.values(),
            *constants.values(),
        )  # fmt: skip
    )
    plan.plastic[projection] = PlasticState({**state, "output": output}, kernel, np.ones(1, np.int64))
    label = f"deliver {projection.name}"
    if len(table.slot_weight):
        begin, size = _targets(projection, block_index)
        begin_in_block = block_index.target(projection)[1] + begin
        own = inputs[begin_in_block : begin_in_block + size]
        shift = begin - projection.autapse_shift
        call = Call(label, kernel_of(graded.broadcast), output, projection.weight.a, shift, own)
    else:
        call = Call(
            label, kernel_of(graded.deliver_graded), output, first * n_delays, table.index, table.targets,
            table.weights, inputs,
        )  # fmt: skip
    plan.stages["arrive"].append(call)


def _targets(projection: Projection, block_index: BlockIndex) -> tuple[int, int]:
    """Which of the projection's targets belong to the share: the first, and how many."""
    block, first = block_index.target(projection)
    assert block is not None
    return block_index.share.part(block, first, projection.target_size)


def _fan_out(projection: Projection, block_index: BlockIndex) -> np.ndarray:
    """(sources,) how many targets in the share each source of a projection has whose targets are alike."""
    begin, size = _targets(projection, block_index)
    own = np.arange(projection.source_size) + projection.autapse_shift
    left_out = (own >= begin) & (own < begin + size)
    return size - left_out.astype(np.int64)
