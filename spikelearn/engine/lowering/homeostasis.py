"""Lowering of homeostasis: Calls at the end of stage `post` at regular intervals, after all synapses have learned and
before anything is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.homeostasis import Homeostasis
from spikelearn.engine.plan import Call, Learning, Plan
from spikelearn.kernels import homeostasis, rewire
from spikelearn.kernels.random import noise_key
from spikelearn.plasticity import Normalisation, Rewiring, SynapticScaling


@dataclass(frozen=True, eq=False)
class NoLearning:
    """The learning state that homeostasis needs for a projection without a plasticity rule."""

    factor: np.ndarray = field(default_factory=lambda: np.ones(1))
    sweeps: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))

    def sweep(self) -> list[Call]:
        return []

    def materialize(self, due: np.ndarray) -> list[Call]:
        return []

    def dematerialize(self, due: np.ndarray) -> list[Call]:
        return []

    def forget(self, label: str, moved: np.ndarray, n_moved: np.ndarray) -> list[Call]:
        return []


def homeostasis_calls(homeostases: Sequence[Homeostasis], plan: Plan) -> None:
    """Add the Calls of all homeostases to the plan, in the order in which they were added to the network."""
    for mechanism in homeostases:
        projection = mechanism.projection
        label = f"{type(mechanism.rule).__name__} of {projection.name}"
        plan.tables[projection].regulated = True
        due = np.zeros(1, np.int64)
        learning = plan.learning.get(projection) or NoLearning()
        if projection not in plan.learning:
            plan.factors.setdefault(projection, []).append(learning.factor)
        begin = kernel_of(homeostasis.begin)
        plan.stages["post"] += [
            Call(
                f"{label}: begin",
                begin,
                every=mechanism.every,
                learning_factor=learning.factor,
                due=due,
                sweeps=learning.sweeps,
            ),  # fmt: skip
            *learning.sweep(),
            *learning.materialize(due),
            *_ACTS[type(mechanism.rule)](mechanism, plan, learning, due, label),
            *learning.dematerialize(due),
        ]


def _normalise(
    mechanism: Homeostasis, plan: Plan, learning: Learning | NoLearning, due: np.ndarray, label: str
) -> list[Call]:
    projection, subtractive = mechanism.projection, int(mechanism.rule.subtractive)
    low, high = projection.limits
    ends, table = plan.ends[projection], plan.tables[projection]
    if mechanism.rule.per == "source":
        return [
            Call(
                label, kernel_of(homeostasis.normalise_sources), due=due, totals=mechanism.values,
                subtractive=subtractive, first=ends.first_source, n_delays=len(table.delays), index=table.index,
                weights=table.weights, W_min=low, W_max=high,
            )
        ]  # fmt: skip
    totals = np.zeros(ends.n_targets)
    totals[ends.first_target : ends.first_target + projection.target_size] = mechanism.values
    return [
        Call(
            label, kernel_of(homeostasis.normalise_targets), due=due, totals=totals, subtractive=subtractive,
            targets=table.targets, weights=table.weights, W_min=low, W_max=high, sums=np.zeros(ends.n_targets),
            sizes=np.zeros(ends.n_targets),
        )
    ]  # fmt: skip


def _scale(
    mechanism: Homeostasis, plan: Plan, learning: Learning | NoLearning, due: np.ndarray, label: str
) -> list[Call]:
    projection = mechanism.projection
    ends, table = plan.ends[projection], plan.tables[projection]
    ring, first, n = ends.neurons.rings["spike"], ends.first_target, projection.target_size
    tau, dt, (low, high) = mechanism.numbers["tau"], plan.dt, projection.limits
    rate, before = mechanism.values.copy(), mechanism.values.copy()
    at, spikes = np.zeros(n, np.int64), np.zeros(n)
    follow = Call(
        f"{label}: rates", kernel_of(homeostasis.follow_rates), rows=ring.rows, counts=ring.counts, first=first,
        tau=tau, dt=dt, rate=rate, at=at, spikes=spikes,
    )  # fmt: skip
    scale = Call(
        label, kernel_of(homeostasis.scale_targets), due=due, every=mechanism.every, first=first,
        goals=mechanism.values, beta=mechanism.numbers["beta"], tau=tau, dt=dt, rate=rate, at=at, spikes=spikes,
        before=before, targets=table.targets, weights=table.weights, W_min=low, W_max=high,
        factors=np.ones(ends.n_targets),
    )  # fmt: skip
    return [follow, scale]


def _rewire(
    mechanism: Homeostasis, plan: Plan, learning: Learning | NoLearning, due: np.ndarray, label: str
) -> list[Call]:
    projection, numbers = mechanism.projection, mechanism.numbers
    ends, table = plan.ends[projection], plan.tables[projection]
    moved, n_moved = np.zeros(table.n_synapses, np.int64), np.zeros(1, np.int64)
    move = Call(
        label, kernel_of(rewire.rewire), due=due, seed=plan.seed, key=noise_key(projection.uid),
        probability=numbers["probability"], below=numbers["below"], weight=numbers["weight"],
        multapses=int(mechanism.rule.multapses), first=ends.first_source, n_sources=projection.source_size,
        n_delays=len(table.delays), first_target=ends.first_target, n_targets=projection.target_size,
        own=projection.autapse_shift, index=table.index, targets=table.targets, weights=table.weights, moved=moved,
        n_moved=n_moved,
    )  # fmt: skip
    return [move, *learning.forget(label, moved, n_moved)]


_ACTS = {Normalisation: _normalise, SynapticScaling: _scale, Rewiring: _rewire}
"""Kind of homeostasis -> function that makes its Calls."""
