"""Lowering of synapses that run statements: their variables in the order of a table, and a Call for each action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, kernel_for
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Block, Ends
from spikelearn.engine.lowering.each_synapse import in_table
from spikelearn.engine.lowering.synapse_tables import build, locate
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.errors import DescriptionError
from spikelearn.kernels.random import noise_key
from spikelearn.kernels.statements import AHEAD, render_action
from spikelearn.synapses.statements import Action, StatementSynapse

_STAGES = {"sum": "drive", "before": "drive", "after": "receive", "pre": "receive", "post": "receive"}
"""Kind of an action -> the stage of a step in which it is taken."""
_NUMBERS_OF_EACH = 42
"""Bits of the number of a random number of an action, before that of the action."""


@dataclass(frozen=True, eq=False)
class Statements:
    """The variables of a projection's synapses in one share. values: those of a synapse lie together, in their order;
    synapses in the order of the table.

    numbers: the constants, in their order. positions: in the table, of each synapse in the order of its rule.
    """

    model: StatementSynapse
    values: np.ndarray
    numbers: np.ndarray
    positions: np.ndarray

    def get(self, name: str) -> Any:
        """A variable, (n,) in the order of the rule, or a constant."""
        if name in self.model.state:
            return self.values[self.places(name, self.positions)]
        return float(self.numbers[list(self.model.constants).index(name)])

    def put(self, name: str, values: Any) -> None:
        if name in self.model.state:
            self.values[self.places(name, self.positions)] = values
        else:
            self.numbers[list(self.model.constants).index(name)] = values

    def places(self, name: str, positions: np.ndarray) -> np.ndarray:
        """Where the variable of synapses in these places of the table lies in `values`."""
        return positions * len(self.model.state) + list(self.model.state).index(name)


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    return build(projections, ends, delays, seed, dt, shared=True, double=True, local=False)


def deliver(table: Table, plan: Plan) -> None:
    [projection] = table.projections
    model, found = projection.statements, locate(projection, plan)
    positions, n = found["positions"].astype(np.int64), table.n_synapses
    made = Statements(model, np.zeros(n * len(model.state)), np.array([*model.constants.values(), 0.0]), positions)
    for name, start in model.start.items():
        made.put(name, start)
    plan.statements[projection] = made
    sources = in_table(plan.ends[projection].first_source + found["pre"].astype(np.int32), found, n)
    for k, action in enumerate(model.actions):
        call = _call(k, action, projection, table, plan, made, sources)
        call.part = projection
        if action.kind == "copy":
            plan.copies.setdefault(projection.target, []).append(call)
        else:
            plan.stages[_STAGES[action.kind]].append(call)


def _call(
    k: int, action: Action, projection: Projection, table: Table, plan: Plan, made: Statements, sources: np.ndarray
) -> Call:
    """The Call of action number k."""
    ends, label = plan.ends[projection], f"{action.label or action.kind} of {projection.name}"
    source, target = ends.source, ends.target
    assert target is not None
    values: dict[str, Any] = {"sources": sources, "targets": table.targets, "numbers": made.numbers}
    values["own"] = made.values
    values |= {f"pre_{name}": _state(source, name, action, projection) for name in action.pre}
    values |= {f"post_{name}": _state(target, name, action, projection) for name in action.post}
    values |= {"dt": plan.dt, "first_source": ends.first_source, "first_target": ends.first_target}
    values |= {"N_pre": float(projection.source_size), "N_post": float(projection.target_size)}
    values |= {"seed": plan.seed, "key": noise_key(projection.uid), "number": (k + 1) << _NUMBERS_OF_EACH}
    values |= {"event_count": table.event_count}
    into = ""
    if action.into:
        name, _, end = action.into.rpartition("_")
        block, population = (target, projection.target) if end == "post" else (source, projection.source)
        first, size = (ends.first_target, projection.target_size)
        if end == "pre":
            first, size = (ends.first_source, projection.source_size)
        values |= {"into": _state(block, name, action, projection), "begin_into": first, "end_into": first + size}
        into = f"{action.kind}_{'target' if end == 'post' else 'source'}"
    listed = False
    if action.of_events:
        events, listed = _events(action, projection, table, plan, sources)
        values |= events
    text = render_action(
        (action.own, action.pre, action.post), _sets(action), list(made.model.state), action.drawn, action.more,
        [(name, list(made.model.constants).index(name)) for name in action.constants], action.of_events, listed, into,
    )  # fmt: skip
    kernel: Kernel = kernel_for(
        f"{action.label or action.kind} of {made.model.name}", text, {"action": action.function}
    )
    return Call(label, kernel, **kernel.choose(values))


def _sets(action: Action) -> tuple[list[str], list[str], list[str]]:
    """What it sets of the synapse, the source and the target."""
    pre, post = ([name for name in getattr(action, end) if f"{name}_{end}" in action.sets] for end in ("pre", "post"))
    return [name for name in action.own if name in action.sets], pre, post


def _state(block: Block, name: str, action: Action, projection: Projection) -> np.ndarray:
    if name not in block.state:
        raise DescriptionError(
            f"projection {projection.name!r}, {action.label!r}: {block.populations[0].name!r} has no variable "
            f"{name!r}; expected one of {', '.join(block.state) or 'none'}"
        )
    return block.state[name]


def _events(
    action: Action, projection: Projection, table: Table, plan: Plan, sources: np.ndarray
) -> tuple[dict[str, Any], bool]:
    """The events at which an action is taken, and their synapses; and whether these are listed."""
    ends = plan.ends[projection]
    ring = ends.ring if action.kind == "pre" else ends.learned
    assert ring is not None
    values = {"rows": ring.all_rows, "counts": ring.all_counts}
    if action.kind == "pre" and action.delays is None:
        return values | {"delays": table.delays - projection.lag, "index": table.index, "first": 0}, False
    neurons, first, size = sources, ends.first_source, projection.source_size
    if action.kind == "post":
        neurons, first, size = table.targets.astype(np.int64), ends.first_target, projection.target_size
    steps = _delays(action, projection, table, plan)
    delays, numbers = np.unique(steps, return_inverse=True)
    slots = (neurons.astype(np.int64) - first) * len(delays) + numbers.reshape(-1)
    index = np.zeros(size * max(1, len(delays)) + 1, np.int64)
    np.cumsum(np.bincount(slots, minlength=len(index) - 1), out=index[1:])
    members = _in_order(slots, plan.statements[projection].positions)
    return values | {"delays": delays.astype(np.int64), "index": index, "first": first, "members": members}, True


def _in_order(slots: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Synapses by slot, those of a slot in the order of their rule; then AHEAD that are only fetched."""
    number = np.empty(len(positions), np.int64)
    number[positions] = np.arange(len(positions))
    return np.append(np.lexsort((number, slots)), np.zeros(AHEAD, np.int64))


def _delays(action: Action, projection: Projection, table: Table, plan: Plan) -> np.ndarray:
    """(synapses,) in steps, in the order of the table."""
    if action.delays is None:
        found = locate(projection, plan)
        return in_table(found["delay_steps"].astype(np.int64) - projection.lag, found, table.n_synapses)
    delays = np.asarray(action.delays, np.float64)
    steps = np.floor(delays / plan.dt + 0.5).astype(np.int64)
    if not delays.ndim:
        return np.full(table.n_synapses, steps)
    return in_table(steps, {"positions": plan.statements[projection].positions}, table.n_synapses)
