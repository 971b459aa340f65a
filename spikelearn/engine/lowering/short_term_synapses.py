"""Lowering of synapses with short-term plasticity: weight times release arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.synapse_tables import build
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import neurons, trial_clock
from spikelearn.synapses import SynapseModel

_NEVER = -(1 << 40)
"""The step of the last arrival if there was none."""


@dataclass(frozen=True, eq=False)
class Release:
    """The release of a projection's synapses at an arrival. Synapses of a slot share one source, and one state.

    last: (slots,), the step of the last arrival. state: variable -> (slots,). start: initial values.
    """

    model: SynapseModel
    last: np.ndarray
    state: Mapping[str, np.ndarray]
    start: Mapping[str, float]
    constants: Mapping[str, float]
    dt: float

    @classmethod
    def of(cls, projection: Projection, table: Table, dt: float) -> Release:
        assert projection.synapse is not None
        model, parameters = projection.synapse.model, projection.synapse.parameters
        n_slots, start = len(table.index) - 1, model.initial(parameters)
        return cls(
            model=model,
            last=np.full(n_slots, _NEVER, np.int64),
            state={name: np.full(n_slots, start[name]) for name in model.state},
            start={name: float(start[name]) for name in model.state},
            constants={name: float(value) for name, value in model.constants(parameters, dt).items()},
            dt=dt,
        )

    @property
    def names(self) -> tuple[list[str], list[str]]:
        """Names of the state and of the constants."""
        return list(self.state), list(self.constants)

    @property
    def values(self) -> dict[str, Any]:
        """Values by the names that kernels use."""
        values = {"release_last": self.last, "release_dt": self.dt}
        values |= {f"release_{name}": array for name, array in self.state.items()}
        return values | {f"release_of_{name}": value for name, value in self.constants.items()}

    def reset(self, name: str, clock: np.ndarray, phase: int) -> list[Call]:
        """Calls that reset the release at the start of a phase. name: of the projection."""
        kernel = kernel_of(trial_clock.fill_at_start)
        begins: list[tuple[np.ndarray, float]] = [(self.last, _NEVER)]
        begins += [(values, self.start[v]) for v, values in self.state.items()]
        return [
            Call(f"reset release of {name}", kernel, clock=clock, phase=phase, value=start, target=values)
            for values, start in begins
        ]


def joins(projection: Projection) -> bool:
    return False


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    return build(projections, ends, delays, seed, dt, shared=False, double=True, local=not own_weights)


def deliver(table: Table, plan: Plan) -> None:
    [projection] = table.projections
    release = Release.of(projection, table, plan.dt)
    plan.resets.append(partial(release.reset, projection.name))
    deliver_by(release, table, plan)


def deliver_by(release: Release, table: Table, plan: Plan) -> None:
    """Add the Call that delivers the weights of a table times their release."""
    [projection] = table.projections
    ends = plan.ends[projection]
    text = neurons.render_short_term(*release.names)
    kernel = kernel_for(f"Synapses of {release.model.name}", text, {"release": release.model.release})
    plan.stages["arrive"].append(
        Call(
            f"deliver {projection.name}", kernel, rows=ends.ring.all_rows, counts=ends.ring.all_counts,
            delays=table.delays, index=table.index, targets=table.targets, weights=table.weights,
            inputs=ends.inputs[table.first_target :], event_count=table.event_count, **release.values,
        )
    )  # fmt: skip
