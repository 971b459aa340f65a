"""Lowering of synapses with short-term plasticity: weight times release arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.description.distributions import drawn, sample
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.synapse_tables import build, count_alone, locate
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.errors import ParameterError
from spikelearn.kernels import neurons, trial_clock
from spikelearn.parameters import checked
from spikelearn.synapses import SynapseModel

_NEVER = -(1 << 40)
"""The step of the last arrival if there was none."""
_PARAMETERS = 2
"""Parameters of synapses are drawn from a generator seeded with (seed, uid, this, number of the parameter)."""


@dataclass(frozen=True, eq=False)
class Release:
    """The release of a projection's synapses at an arrival. Synapses of a slot share one source, and one state; if they
    differ (`each`), each synapse has its own.

    last: (slots,), the step of the last arrival. state: variable -> (slots,), or (synapses,). start: initial values.
    constants: numbers, or (synapses,).
    """

    model: SynapseModel
    last: np.ndarray
    state: Mapping[str, np.ndarray]
    start: Mapping[str, float | np.ndarray]
    constants: Mapping[str, float | np.ndarray]
    dt: float
    each: bool

    @classmethod
    def of(cls, projection: Projection, table: Table, plan: Plan) -> Release:
        assert projection.synapse is not None
        model, parameters = projection.synapse.model, projection.synapse.parameters
        n_slots, each = len(table.index) - 1, bool(projection.synapse.varying)
        start: Mapping[str, Any]
        constants: Mapping[str, Any]
        if each:
            start, constants = _of_each(projection, table, plan)
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
        )
        plan.releases[projection] = made
        return made

    def read(
        self, variable: str, label: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray,
        to: Mapping[str, Any],
    ) -> Call:  # fmt: skip
        """A Call that samples a state variable of synapses, as it is in each of these steps; see Learning.read."""
        text = neurons.render_release_state(*self.names, variable, self.each)
        kernel = kernel_for(f"{variable} of {self.model.name}", text, {"between": self.model.between})
        where = {"slots": slots, "positions": positions}
        return Call(label, kernel, every=every, start=start, **where, **self.values, **to)

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


def _of_each(projection: Projection, table: Table, plan: Plan) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Initial values and constants by name, (synapses,) each, in the order of the table.

    Distributions are drawn with NumPy for all synapses of all shares, in the order in which their rule made them.
    """
    assert projection.synapse is not None
    model, parameters = projection.synapse.model, projection.synapse.parameters
    located = locate(projection, plan)
    n_all = len(located["numbers"]) if plan.share.of == 1 else count_alone(projection, plan.seed)
    columns = {}
    for k, (name, given) in enumerate(parameters._asdict().items()):
        values = drawn(given, model.units[name], name)
        if values.values is not None and values.values.ndim == 2:
            columns[name] = values.values[located["pre"], located["post"]]
        else:
            generator = np.random.default_rng([plan.seed, projection.uid, _PARAMETERS, k])
            columns[name] = sample(values, n_all, generator)[located["numbers"]]
    every = model.Parameters(**columns)
    _check_each(every, projection)
    found = [
        {name: np.broadcast_to(values, located["numbers"].shape) for name, values in made.items()}
        for made in (_by_synapse(model.initial, every), _by_synapse(model.constants, every, plan.dt))
    ]
    placed = [{name: np.zeros(table.n_synapses) for name in made} for made in found]
    for made, by_position in zip(found, placed, strict=True):
        for name, column in made.items():
            by_position[name][located["positions"]] = column
    return placed[0], placed[1]


def _by_synapse(function: Callable[..., Mapping[str, Any]], every: Any, *more: Any) -> Mapping[str, Any]:
    """function(parameters, *more) of each synapse: at once, if it takes arrays, else one after the other."""
    try:
        return function(every, *more)
    except (TypeError, ValueError):
        rows = [function(type(every)(*map(float, row)), *more) for row in zip(*every, strict=True)]
        return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}


def _check_each(every: Any, projection: Projection) -> None:
    """Raise ParameterError for parameters of a synapse that its model does not accept."""
    assert projection.synapse is not None
    model, where = projection.synapse.model, f"projection {projection.name!r}"
    try:
        checked(model.Parameters, every._asdict(), model.name)
        for row in zip(*(values.tolist() for values in every), strict=True):
            if complaint := model.check(model.Parameters(*row)):
                raise ParameterError(f"{model.name}: {complaint}")
    except ParameterError as error:
        raise ParameterError(f"{where}: {error}; a distribution takes low= and high=") from None


def joins(projection: Projection) -> bool:
    return False


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
    text = neurons.render_short_term(*release.names, release.each)
    kernel = kernel_for(f"Synapses of {release.model.name}", text, {"release": release.model.release})
    plan.stages[ends.stage].append(
        Call(
            f"deliver {projection.name}", kernel, rows=ends.ring.all_rows, counts=ends.ring.all_counts,
            delays=table.delays, index=table.index, targets=table.targets, weights=table.weights,
            inputs=ends.inputs[table.first_target :], event_count=table.event_count, **release.values,
        )
    )  # fmt: skip
