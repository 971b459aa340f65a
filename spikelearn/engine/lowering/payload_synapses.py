"""Lowering of synapses whose events carry a value: weight times value arrives."""

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
            f"deliver {', '.join(p.name for p in table.projections)}", kernel_of(deliver_values),
            rows=ends.ring.all_rows, counts=ends.ring.all_counts, values=ends.ring.all_values[projection.payload],
            delays=table.delays, index=table.index, targets=table.targets, slot_weight=table.slot_weight,
            weights=table.weights, inputs=ends.inputs[table.first_target :], event_count=table.event_count,
        )
    )  # fmt: skip
