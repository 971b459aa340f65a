"""The weights of a projection as one array: read from the tables of all shares, and written back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.recorders import synapse_call
from spikelearn.engine.lowering.synapse_tables import locate
from spikelearn.engine.plan import Call, Plan, Program
from spikelearn.kernels import weights as kernels


class WeightArray(NamedTuple):
    """The weights of all synapses of a projection, and the Calls that read and write them.

    argument: (sources, targets) or (n,), as Projection.weights says; read-only if they cannot be written. values: the
    same, flat. places: (n,), the index in `values` of each synapse. due: (1,), which of them `write` puts back, see
    kernels/weights.py. read: Calls that bring the array up to date. compare: a Call that sets `due`, and stops the run
    if a weight may not be what it is. write: Calls that put weights back. Both are empty if they cannot be written.
    """

    projection: Projection
    argument: np.ndarray
    values: np.ndarray
    places: np.ndarray
    due: np.ndarray
    read: list[Call]
    compare: list[Call]
    write: list[Call]


def own_weights(projection: Projection, program: Program) -> bool:
    """Whether each synapse has a weight of its own, which can be changed."""
    return not projection.procedural and not any(len(plan.tables[projection].slot_weight) for plan in program.plans)


def weight_array(projection: Projection, program: Program) -> WeightArray:
    """The weights of a projection whose synapses are stored."""
    n = sum(plan.tables[projection].sizes[projection] for plan in program.plans if plan.ends[projection].counted)
    shape = (projection.source_size, projection.target_size)
    dense = projection.rule.every_pair and n == shape[0] * shape[1] and not program.plans[0].tables[projection].rewired
    values, before = np.zeros(n), np.zeros(n)
    argument, writable = values.reshape(shape) if dense else values.view(), own_weights(projection, program)
    argument.flags.writeable = writable
    found = WeightArray(projection, argument, values, np.zeros(n, np.int64), np.zeros(1, np.int64), [], [], [])
    arrays = {"weights": values, "before": before, "due": found.due}
    if writable:
        found.compare.append(_comparison(projection, program, arrays))
    for plan in program.plans:
        located = locate(projection, plan)
        pairs = located["pre"].astype(np.int64) * shape[1] + located["post"]
        found.places[located["numbers"]] = own_places = pairs if dense else located["numbers"]
        own = {**arrays, "positions": located["positions"], "places": own_places}
        found.read.extend(_reading(projection, plan, located, own))
        if writable:
            found.write.extend(_writing(projection, plan, own))
    return found


def _comparison(projection: Projection, program: Program, arrays: dict[str, np.ndarray]) -> Call:
    raised, (low, high) = np.zeros(1, np.int64), projection.limits
    call = Call(
        f"compare weights of {projection.name}", kernel_of(kernels.compare), W_min=low, W_max=high, raised=raised,
        control=program.controls[0], **arrays,
    )  # fmt: skip
    call.raised = raised
    limits = "that are not finite"
    if projection.plasticity is not None:
        limits = f"outside {low:g} to {high:g}, the limits W_min and W_max of {projection.plasticity.rule.name}, or NaN"
    call.complaint = f"a callback wrote weights of projection {projection.name!r} {limits}"
    return call


def _reading(projection: Projection, plan: Plan, located: dict[str, np.ndarray], own: dict[str, Any]) -> list[Call]:
    used, values = np.zeros(1, np.int64), np.zeros((1, len(located["positions"])))
    to = {"room": 0, "steps": np.zeros(1, np.int64), "values": values, "used": used, "control": np.zeros(4, np.int64)}
    gather = kernel_of(kernels.gather)
    return [
        synapse_call(projection, "weight", plan, located["slots"], located["positions"], every=1, start=0, to=to),
        Call(f"gather weights of {projection.name}", gather, found=values, used=used, **gather.choose(own)),
    ]


def _writing(projection: Projection, plan: Plan, own: dict[str, Any]) -> list[Call]:
    learning, (low, high) = plan.learning.get(projection), projection.limits
    own |= {
        "stored": plan.tables[projection].weights, "kept": np.zeros(len(own["positions"])),
        "relative": int(learning is not None and projection.dendritic_steps > 0), "W_min": low, "W_max": high,
    }  # fmt: skip

    def call(label: str, kernel: Any, **more: Any) -> Call:
        chosen = kernel_of(kernel)
        return Call(f"{label} weights of {projection.name}", chosen, **chosen.choose(own | more))

    put = call("put", kernels.put)
    if learning is None:
        if not plan.tables[projection].ahead:
            return [put]
        ring = plan.ends[projection].neurons.ahead[projection.port]
        forget = [call("deliver again with new", kernels.forget, values=array.reshape(-1)) for array in ring.arrays]
        return [put, *forget, call("deliver again with new", kernels.deliver_again, restart=ring.restart)]
    return [
        call("catch up with", kernels.catch_up, sweeps=learning.sweeps),
        *learning.sweep(),
        call("keep", kernels.keep),
        *learning.materialize(own["due"]),
        put,
        *learning.dematerialize(own["due"]),
        call("put back", kernels.put_back),
    ]
