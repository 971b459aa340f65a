"""Lowering of synapses with short-term plasticity: what arrives is the weight times what is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spikelearn.codegen.modules import kernel_for
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.synapse_tables import build
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import neurons

_NEVER = -(1 << 40)
"""The step of the last arrival where there was none."""


def applies(projection: Projection) -> bool:
    return projection.synapse is not None and not projection.graded


def joins(projection: Projection) -> bool:
    return False


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    return build(projections, ends, delays, seed, dt, shared=False, double=True, local=not own_weights)


def deliver(table: Table, plan: Plan) -> None:
    [projection] = table.projections
    assert projection.synapse is not None
    ends, model, parameters = plan.ends[projection], projection.synapse.model, projection.synapse.parameters
    constants = model.constants(parameters, plan.dt)
    n_slots, start = len(table.index) - 1, model.initial(parameters)
    text = neurons.render_short_term(list(model.state), list(constants))
    kernel = kernel_for(f"Synapses of {model.name}", text, {"release": model.release})
    plan.stages["arrive"].append(
        Call(
            f"deliver {projection.name}", kernel, rows=ends.ring.all_rows, counts=ends.ring.all_counts,
            delays=table.delays, index=table.index, targets=table.targets, weights=table.weights,
            inputs=ends.inputs[table.first_target :], event_count=table.event_count,
            last_arrival=np.full(n_slots, _NEVER, np.int64), dt=plan.dt,
            **{f"all_{name}": np.full(n_slots, start[name]) for name in model.state},
            **{f"the_{name}": float(value) for name, value in constants.items()},
        )
    )  # fmt: skip
