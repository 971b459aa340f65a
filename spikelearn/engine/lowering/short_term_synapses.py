"""Lowering of synapses with short-term plasticity: what arrives is the weight times what is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, import_line, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.synapse_tables import build
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import trial_clock
from spikelearn.kernels.templates import neurons

_NEVER = -(1 << 40)
"""The step of the last arrival where there was none."""


@dataclass(frozen=True, eq=False)
class Release:
    """How much the synapses of one projection release at an arrival. All of a slot share one source, and one state.

    last: (slots,), the step of the last arrival. state: variable -> (slots,). start: what each begins with. text,
    injected: the line that imports the model's `release`.
    """

    last: np.ndarray
    state: Mapping[str, np.ndarray]
    start: Mapping[str, float]
    constants: Mapping[str, float]
    dt: float
    text: str
    injected: dict[str, Any]

    @classmethod
    def of(cls, projection: Projection, table: Table, dt: float) -> Release:
        assert projection.synapse is not None
        model, parameters = projection.synapse.model, projection.synapse.parameters
        n_slots, start = len(table.index) - 1, model.initial(parameters)
        return cls(
            np.full(n_slots, _NEVER, np.int64), {name: np.full(n_slots, start[name]) for name in model.state},
            {name: float(start[name]) for name in model.state},
            {name: float(value) for name, value in model.constants(parameters, dt).items()}, dt,
            *import_line(model.release, "release"),
        )  # fmt: skip

    @property
    def arguments(self) -> list[Any]:
        return [self.last, self.dt, *self.state.values(), *self.constants.values()]

    def reset(self, name: str, clock: np.ndarray, phase: int) -> list[Call]:
        """Calls that forget the past of the sources at the start of a phase. name: of the projection."""
        kernel = kernel_of(trial_clock.copy_at_start)
        begins = [(self.last, np.full_like(self.last, _NEVER))]
        begins += [(values, np.full_like(values, self.start[v])) for v, values in self.state.items()]
        return [Call(f"reset release of {name}", kernel, clock, phase, start, values) for values, start in begins]


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
    ends, release = plan.ends[projection], Release.of(projection, table, plan.dt)
    text = release.text + neurons.render_dynamic(list(release.state), list(release.constants))
    plan.stages["arrive"].append(
        Call(
            f"deliver {projection.name}", Kernel(text, "function", release.injected), ends.ring.all_rows,
            ends.ring.all_counts, table.delays, table.index, table.targets, table.weights,
            ends.inputs[table.first_target :], table.event_count, *release.arguments,
        )
    )  # fmt: skip
