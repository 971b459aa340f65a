"""Lowering of synapses whose events carry a value: weight times value arrives."""

from __future__ import annotations

from spikelearn.codegen.modules import kernel_of
from spikelearn.engine.lowering.static_synapses import delivery, table
from spikelearn.engine.plan import Plan, Table
from spikelearn.kernels import deliver as kernels

__all__ = ["deliver", "table"]


def deliver(table: Table, plan: Plan) -> None:
    projection = table.projections[0]
    in_rows = table.dense and len(table.weights) > 0
    kernel = kernel_of(kernels.deliver_values_in_rows if in_rows else kernels.deliver_values)
    values = plan.ends[projection].ring.all_values[projection.payload]
    plan.stages[plan.ends[projection].stage].append(delivery(table, plan, kernel, values=values))
