"""Lowering of synapses whose events bring a value: what arrives is the weight times the value."""

from __future__ import annotations

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.static_synapses import joins, table
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels.deliver import deliver_values

__all__ = ["applies", "deliver", "joins", "table"]


def applies(projection: Projection) -> bool:
    return bool(projection.payload)


def deliver(table: Table, plan: Plan) -> None:
    projection = table.projections[0]
    ends = plan.ends[projection]
    plan.stages["arrive"].append(
        Call(
            f"deliver {', '.join(p.name for p in table.projections)}", kernel_of(deliver_values), ends.ring.all_rows,
            ends.ring.all_counts, ends.ring.all_values[projection.payload], table.delays, table.index, table.targets,
            table.slot_weight, table.weights, ends.inputs[table.first_target :], table.event_count,
        )
    )  # fmt: skip
