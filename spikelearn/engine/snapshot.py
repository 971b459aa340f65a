"""Reading the synapses of a projection from a Program, and restoring them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.engine.listed_synapses import list_synapses
from spikelearn.engine.lowering.synapse_tables import count_alone, locate
from spikelearn.engine.lowering.weights import own_weights, weight_array
from spikelearn.engine.plan import Call, Plan, Program
from spikelearn.errors import DescriptionError
from spikelearn.kernels.weights import EVERY
from spikelearn.results.run import Synapses
from spikelearn.steps import times_of


def count_synapses(projection: Projection, program: Program) -> int:
    """The number of synapses of a projection."""
    if projection.procedural:
        return count_alone(projection, program.plans[0].seed)
    return sum(plan.tables[projection].sizes[projection] for plan in _plans_with(projection, program))


class UnreadSynapses:
    """The synapses of a projection, read when they are asked for.

    They are those of the step in which that is done, or in which `keep` was called.
    """

    def __init__(self, projection: Projection, program: Program) -> None:
        self._projection = projection
        self._plans = [] if projection.procedural else _plans_with(projection, program)
        self._seed, self._dt = program.plans[0].seed, program.plans[0].dt
        self._kept: list[_Kept] = []
        self._read: Synapses | None = None

    def keep(self) -> None:
        """Copy what they are read from, since the network is about to run on: less than reading them takes."""
        if any(plan.tables[self._projection].rewired for plan in self._plans):
            self._read = self()
        elif not self._kept:
            self._kept = [_kept(self._projection, plan) for plan in self._plans]

    def __call__(self) -> Synapses:
        if self._read is not None:
            return self._read
        if self._projection.procedural:
            return _made(self._projection, self._seed, self._dt)
        kept = self._kept or [_Kept(plan.step) for plan in self._plans]
        parts = [_synapses_of_share(self._projection, *each) for each in zip(self._plans, kept, strict=True)]
        if len(parts) == 1:
            return parts[0][1]
        order = np.argsort(np.concatenate([numbers for numbers, _ in parts]))
        return Synapses(*(np.concatenate(values)[order] for values in zip(*(part for _, part in parts), strict=True)))


class _Kept(NamedTuple):
    """Copies of arrays that runs change, by the name of an argument of the Call that reads weights, at a step."""

    step: int
    arrays: Mapping[str, np.ndarray] = MappingProxyType({})


def _kept(projection: Projection, plan: Plan) -> _Kept:
    table = plan.tables[projection]
    if not projection.learns:
        return _Kept(plan.step, {"weights": table.weights.copy()})
    of_none = np.zeros(0, np.int64)
    read = _reading(projection, plan, of_none, of_none, np.zeros((1, 0)))
    stay = {id(array) for array in (*table.fixed, *read.written.values(), of_none)}
    return _Kept(plan.step, {name: array.copy() for name, array in read.arrays.items() if id(array) not in stay})


def _reading(projection: Projection, plan: Plan, slots: np.ndarray, positions: np.ndarray, values: np.ndarray) -> Call:
    """A Call that writes the weights of synapses that learn into `values`, (1, n)."""
    to = {"room": 0, "values": values, "control": np.zeros(4, np.int64)}
    to |= {"steps": np.zeros(1, np.int64), "used": np.zeros(1, np.int64)}
    return plan.learning[projection].read("weight", 1, 0, slots, positions, to)


def _plans_with(projection: Projection, program: Program) -> list[Plan]:
    """The Plans that share the synapses of a projection."""
    return [plan for plan in program.plans if plan.ends[projection].counted]


def _made(projection: Projection, seed: int, dt: float) -> Synapses:
    """The synapses of a procedural projection, which are in no table."""
    found = list_synapses(replace(projection, dendritic_steps=0), seed, dt)
    steps = np.floor(found.delay / dt + 0.5).astype(np.int32) + np.int32(projection.dendritic_steps)
    return Synapses(found.pre, found.post, found.weight, times_of(np.maximum(1, steps), dt))


def _synapses_of_share(projection: Projection, plan: Plan, kept: _Kept) -> tuple[np.ndarray, Synapses]:
    """The synapses whose targets belong to a share, and their indices among all of the projection."""
    table = plan.tables[projection]
    found = locate(projection, plan)
    positions, slots = found["positions"], found["slots"]
    if projection.learns:
        values = np.zeros((1, len(positions)))
        _reading(projection, plan, slots, positions, values).with_arrays(kept.arrays)(kept.step)
        weight = values[0]
    elif len(table.weights):
        weight = kept.arrays.get("weights", table.weights)[positions].astype(np.float64)
    else:
        weight = table.slot_weight[slots]
    pre, post = found["pre"] + projection.source_first, found["post"] + projection.target_first
    delay = times_of(found["delay_steps"] - projection.lag, plan.dt)
    return found["numbers"], Synapses(pre.astype(np.int32), post.astype(np.int32), weight, delay)


def put_synapses(projection: Projection, program: Program, synapses: Synapses) -> None:
    """Set synapses that change, in a program that has not run yet, to the weights of a Run, and if they are rewired
    also to its targets."""
    for plan in program.plans:
        table = plan.tables[projection]
        found = locate(projection, plan)
        table.weights[found["positions"]] = synapses.weight[found["numbers"]]
        if table.rewired:
            first = plan.ends[projection].first_target - projection.target_first
            table.targets[found["positions"]] = first + synapses.post[found["numbers"]]


def put_weights(projection: Projection, program: Program, weights: np.ndarray) -> None:
    """Set the weights of all synapses, (n,), at the step that has been reached."""
    if not own_weights(projection, program):
        raise DescriptionError(
            f"weights of projection {projection.name!r}: its synapses share one weight, which is stored once, or none; "
            "expected one that was connected with an array or a distribution of weights, or with a plasticity rule"
        )
    array = weight_array(projection, program)
    for call in array.read:
        call(program.step)
    array.values[array.places] = weights
    array.due[0] = EVERY
    for call in array.write:
        call(program.step)
