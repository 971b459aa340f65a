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
from spikelearn.engine.lowering.each_synapse import OF_SYNAPSE, by_synapse, in_table, of_each
from spikelearn.engine.lowering.synapse_tables import build, locate
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import neurons, trial_clock
from spikelearn.kernels.random import noise_key
from spikelearn.synapses import SynapseModel

_NEVER = -(1 << 40)
"""The step of the last arrival if there was none."""


@dataclass(frozen=True, eq=False)
class Release:
    """The release of a projection's synapses at an arrival. Synapses of a slot share one source, and one state; if they
    differ, or if it is random (`each`), each synapse has its own.

    last: (slots,), the step of the last arrival. state: variable -> (slots,), or (synapses,). start: initial values.
    constants: numbers, or (synapses,). random: what random numbers need: the seed, a key, and the number of each
    synapse among all of the projection.
    """

    model: SynapseModel
    last: np.ndarray
    state: Mapping[str, np.ndarray]
    start: Mapping[str, float | np.ndarray]
    constants: Mapping[str, float | np.ndarray]
    dt: float
    each: bool
    random: Mapping[str, Any]

    @classmethod
    def of(cls, projection: Projection, table: Table, plan: Plan) -> Release:
        assert projection.synapse is not None
        model, parameters = projection.synapse.model, projection.synapse.parameters
        n_slots, each = len(table.index) - 1, bool(projection.synapse.varying or model.random)
        start: Mapping[str, Any]
        constants: Mapping[str, Any]
        random: dict[str, Any] = {}
        if each:
            start, constants, numbers = _of_each(projection, table, plan)
            if model.random:
                random = {"release_seed": plan.seed, "release_key": noise_key(projection.uid)}
                random["release_number"] = numbers
        else:
            start = {name: float(value) for name, value in model.initial(parameters).items()}
            constants = {name: float(value) for name, value in model.constants(parameters, plan.dt).items()}
        made = cls(
            model=model,
            last=np.full(n_slots, _NEVER, np.int64),
            state={name: np.full(table.n_synapses if each else n_slots, start[name]) for name in model.state},
            start={name: start[name] for name in model.state},
            constants=constants,
            dt=plan.dt,
            each=each,
            random=random,
        )
        plan.releases[projection] = made
        return made

    def read(
        self, variable: str, label: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray,
        to: Mapping[str, Any],
    ) -> Call:  # fmt: skip
        """A Call that samples a state variable of synapses, as it is in each of these steps; see Learning.read."""
        text = neurons.render_release_state(*self.names, variable, self.each, self.varying)
        kernel = kernel_for(f"{variable} of {self.model.name}", text, {"between": self.model.between})
        own = {name: value for name, value in self.values.items() if name not in self.random}
        return Call(label, kernel, every=every, start=start, slots=slots, positions=positions, **own, **to)

    @property
    def names(self) -> tuple[list[str], list[str]]:
        """Names of the state and of the constants."""
        return list(self.state), list(self.constants)

    @property
    def varying(self) -> list[str]:
        """The constants that each synapse has for itself."""
        return [name for name, value in self.constants.items() if isinstance(value, np.ndarray)]

    @property
    def values(self) -> dict[str, Any]:
        """Values by the names that kernels use."""
        values = {"release_last": self.last, "release_dt": self.dt, **self.random}
        values |= {f"release_{name}": array for name, array in self.state.items()}
        return values | {f"release_of_{name}": value for name, value in self.constants.items()}

    def reset(self, name: str, clock: np.ndarray, phase: int) -> list[Call]:
        """Calls that reset the release at the start of a phase. name: of the projection."""
        fill, copy = kernel_of(trial_clock.fill_at_start), kernel_of(trial_clock.copy_at_start)
        label, when = f"reset release of {name}", {"clock": clock, "phase": phase}
        calls = [Call(label, fill, value=_NEVER, target=self.last, **when)]
        for variable, values in self.state.items():
            start = self.start[variable]
            if isinstance(start, float):
                calls.append(Call(label, fill, value=start, target=values, **when))
            else:
                calls.append(Call(label, copy, values=start, target=values, **when))
        return calls


def _of_each(projection: Projection, table: Table, plan: Plan) -> tuple[dict[str, Any], dict[str, Any], np.ndarray]:
    """Initial values and constants by name, numbers or, where they differ, (synapses,) in the order of the table; and
    the number of each synapse."""
    assert projection.synapse is not None
    model, synapse = projection.synapse.model, projection.synapse
    located = locate(projection, plan)
    every = of_each(model, synapse.parameters, synapse.varying, OF_SYNAPSE, projection, plan, located)
    start, constants = (
        {
            name: in_table(np.asarray(value, float), located, table.n_synapses) if np.ndim(value) else float(value)
            for name, value in made.items()
        }
        for made in (by_synapse(model.initial, every), by_synapse(model.constants, every, plan.dt))
    )
    return start, constants, in_table(located["numbers"], located, table.n_synapses)


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    return build(projections, ends, delays, seed, dt, shared=False, double=True, local=not own_weights)


def deliver(table: Table, plan: Plan) -> None:
    [projection] = table.projections
    release = Release.of(projection, table, plan)
    plan.resets.append(partial(release.reset, projection.name))
    deliver_by(release, table, plan)


def deliver_by(release: Release, table: Table, plan: Plan) -> None:
    """Add the Call that delivers the weights of a table times their release."""
    [projection] = table.projections
    ends = plan.ends[projection]
    text = neurons.render_short_term(*release.names, release.each, release.varying, len(release.model.random))
    kernel = kernel_for(f"Synapses of {release.model.name}", text, {"release": release.model.release})
    plan.stages[ends.stage].append(
        Call(
            f"deliver {projection.name}", kernel, rows=ends.ring.all_rows, counts=ends.ring.all_counts,
            delays=table.delays - projection.lag, index=table.index, targets=table.targets, weights=table.weights,
            inputs=ends.inputs[table.first_target :], event_count=table.event_count, **release.values,
        )
    )  # fmt: skip
