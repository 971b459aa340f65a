"""The weights of a projection as one array: read from the tables of all shares, and written back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.recorders import synapse_call
from spikelearn.engine.lowering.synapse_tables import locate
from spikelearn.engine.plan import Call, Plan, Program
from spikelearn.errors import DescriptionError
from spikelearn.kernels import weights as kernels


@dataclass(frozen=True, eq=False)
class WeightArray:
    """The weights of all synapses of a projection, and the Calls that read and write them.

    values: (n,), in the order of Run.synapses. read: Calls that bring them up to date. compare: a Call that finds out
    whether they were changed, and stops the run if one may not be what it is. write: Calls that put them into the
    network if `due` is 1; none if its synapses have no weights of their own.
    """

    projection: Projection
    values: np.ndarray
    due: np.ndarray
    read: list[Call] = field(default_factory=list)
    compare: list[Call] = field(default_factory=list)
    write: list[Call] = field(default_factory=list)


def own_weights(projection: Projection, program: Program) -> bool:
    """Whether each synapse has a weight of its own, which can be changed."""
    return not projection.procedural and not any(len(plan.tables[projection].slot_weight) for plan in program.plans)


def weight_array(
    projection: Projection, program: Program, shape: tuple[int, ...] = (), every: bool = False
) -> WeightArray:
    """The weights of a projection.

    shape: (sources, targets) for an array in that order, of a projection that connects every pair; () for (n,).
    every: whether all weights are written, not only those that were changed. Raises DescriptionError for procedural
    synapses, which have none.
    """
    if projection.procedural:
        raise DescriptionError(
            f"weights of projection {projection.name!r}: its synapses are procedural, and so are not stored"
        )
    n = sum(plan.tables[projection].sizes[projection] for plan in program.plans if plan.ends[projection].counted)
    values, before, due = np.zeros(n), np.zeros(n), np.zeros(1, np.int64)
    found = WeightArray(projection, values, due)
    low, high = projection.limits
    common = {"weights": values, "before": before}
    if own_weights(projection, program):
        raised = np.zeros(1, np.int64)
        compare = Call(
            f"changed weights of {projection.name}", kernel_of(kernels.compare), W_min=low, W_max=high, due=due,
            control=program.controls[0], raised=raised, **common,
        )  # fmt: skip
        compare.raised = raised
        found.compare.append(compare)
    for plan in program.plans:
        located = locate(projection, plan)
        places = located["numbers"]
        if shape:
            places = located["pre"].astype(np.int64) * shape[1] + located["post"]
        own = {"positions": located["positions"], "places": np.ascontiguousarray(places), **common}
        found.read.extend(_reading(projection, plan, located, own))
        if found.compare:
            found.write.extend(_writing(projection, plan, own, due, every))
    return found


def _reading(projection: Projection, plan: Plan, located: dict[str, np.ndarray], own: dict[str, Any]) -> list[Call]:
    used, values = np.zeros(1, np.int64), np.zeros((1, len(located["positions"])))
    to = {"room": 0, "steps": np.zeros(1, np.int64), "values": values, "used": used, "control": np.zeros(4, np.int64)}
    gather = kernel_of(kernels.gather)
    return [
        synapse_call(projection, "weight", plan, located["slots"], located["positions"], every=1, start=0, to=to),
        Call(f"gather weights of {projection.name}", gather, found=values, used=used, **gather.choose(own)),
    ]


def _writing(projection: Projection, plan: Plan, own: dict[str, Any], due: np.ndarray, every: bool) -> list[Call]:
    learning, (low, high) = plan.learning.get(projection), projection.limits
    on_the_way = learning is not None and learning.waits_for_events and projection.dendritic_steps > 0
    own |= {
        "due": due, "unchanged": int(every), "relative": int(on_the_way), "W_min": low, "W_max": high,
        "stored": plan.tables[projection].weights, "kept": np.zeros(len(own["positions"])),
    }  # fmt: skip

    def call(label: str, kernel: Any, **more: Any) -> Call:
        chosen = kernel_of(kernel)
        return Call(f"{label} weights of {projection.name}", chosen, **chosen.choose(own | more))

    put = call("put", kernels.put)
    if learning is None:
        return [put]
    return [
        call("catch up with", kernels.catch_up, sweeps=learning.sweeps),
        *learning.sweep(),
        call("keep", kernels.keep),
        *learning.materialize(due),
        put,
        *learning.dematerialize(due),
        *([] if every else [call("put back", kernels.put_back)]),
    ]
