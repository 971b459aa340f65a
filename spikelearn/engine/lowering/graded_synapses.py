"""Lowering of graded synapses: one gate for each source, and one sum for all targets with identical synapses.

Projections of one population share its gates if their synapses and delays are the same, and the sums of their outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Block, Ends
from spikelearn.engine.lowering.synapse_tables import build
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import graded, trial_clock
from spikelearn.synapses import GradedSynapse


def table(
    projections: Sequence[Projection], ends: Mapping[Projection, Ends], delays: np.ndarray, seed: int, dt: float,
    own_weights: bool,
) -> Table:  # fmt: skip
    """If all targets get the same sum, except for autapses, no list of N x N synapses is made."""
    [projection] = projections
    alike = projection.rule.every_pair and projection.weight.constant and projection.axonal.constant
    if alike and not own_weights and not projection.reads_ends:
        return _table_without_synapses(projection, ends[projection], delays)
    return build(projections, ends, delays, seed, dt, shared=False, double=True, local=False)


@dataclass(frozen=True, eq=False)
class Gates:
    """Gates that projections share: those of the same sources, kinds of event, synapses and delays.

    Sources are those from `first` on in their block. members: the projections. fan_out: (members, gates), synapses
    behind each gate. event_counts: (members, 2), as in Table. totals: (first, size) of sources -> (1,), the sum of
    their outputs.
    """

    first: int
    members: Sequence[Projection]
    model: GradedSynapse
    start: Mapping[str, float]
    state: Mapping[str, np.ndarray]
    output: np.ndarray
    fan_out: np.ndarray
    event_counts: np.ndarray
    totals: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, projection: Projection, delays: np.ndarray, plan: Plan) -> Gates:
        """The gates of a projection, made with the first that uses them, with the Call that advances them."""
        assert projection.synapse is not None
        key = _shared(projection, plan)
        if key in plan.gates:
            return plan.gates[key]
        members = [each for each in plan.ends if each.graded and _shared(each, plan) == key]
        model, parameters = projection.synapse.model, projection.synapse.parameters
        start = {name: float(value) for name, value in model.initial(parameters).items()}
        first = min(plan.ends[each].first_source for each in members)
        n_gates = max(plan.ends[each].first_source + each.source_size for each in members) - first
        n_gates *= len(delays)
        gates = cls(
            first, members, model, start, {name: np.full(n_gates, start.get(name, 0.0)) for name in model.state},
            np.zeros(n_gates), np.zeros((len(members), n_gates), np.int64), np.zeros((len(members), 2), np.int64),
        )  # fmt: skip
        constants = {name: float(value) for name, value in model.constants(parameters, plan.dt).items()}
        text = graded.render_gates(list(model.state), list(constants))
        kernel, ring = (
            kernel_for(f"Gates of {model.name}", text, {"advance": model.advance}),
            plan.ends[projection].ring,
        )
        plan.stages["arrive"].append(
            Call(
                f"gates of {projection.name}", kernel, rows=ring.all_rows, counts=ring.all_counts, delays=delays,
                first=first, fan_out=gates.fan_out, event_counts=gates.event_counts, arrived=np.zeros(n_gates),
                output=gates.output, **{f"all_{name}": array for name, array in gates.state.items()},
                **dict(zip(graded.fixed(list(constants)), constants.values(), strict=True)),
            )
        )  # fmt: skip
        plan.gates[key] = gates
        plan.resets.append(gates.reset)
        return gates

    def part(self, first: int, size: int, n_delays: int) -> slice:
        """The gates of `size` sources from `first` on."""
        return slice((first - self.first) * n_delays, (first - self.first + size) * n_delays)

    def total(self, first: int, size: int, plan: Plan) -> np.ndarray:
        """The sum of the outputs of these sources, which have one delay; with the Call that adds them up."""
        if (first, size) not in self.totals:
            total = self.totals[first, size] = np.zeros(1)
            output = self.output[self.part(first, size, 1)]
            label = f"sum of gates of {self.members[0].source.name}"
            plan.stages["arrive"].append(Call(label, kernel_of(graded.add_up), output=output, total=total))
        return self.totals[first, size]

    def reset(self, clock: np.ndarray, phase: int) -> list[Call]:
        """Calls that reset the gates at the start of a phase."""
        fill, what = kernel_of(trial_clock.fill_at_start), f"reset gates of {self.members[0].source.name}"
        starts = {name: self.start.get(name, 0.0) for name in self.state}
        return [
            Call(what, fill, clock=clock, phase=phase, value=starts[name], target=values)
            for name, values in self.state.items()
        ]


def _shared(projection: Projection, plan: Plan) -> Any:
    """What projections that share gates have in common. Those with different delays share none."""
    assert projection.synapse is not None
    delay = (projection.axonal.a, projection.dendritic_steps) if projection.axonal.constant else id(projection)
    synapse = id(projection.synapse.model), tuple(projection.synapse.parameters)
    return id(projection.source), projection.on, synapse, delay, plan.ends[projection].since


def deliver(table: Table, plan: Plan) -> None:
    """Gates first, then their output. Each share has all gates."""
    [projection] = table.projections
    ends, n_delays, size = plan.ends[projection], len(table.delays), projection.source_size
    if projection.reads_ends:
        _send(table, projection, plan)
        return
    gates, first = Gates.of(projection, table.delays, plan), ends.first_source
    if len(table.slot_weight):
        fan_out = _fan_out(projection, ends)
    else:
        fan_out = np.diff(table.index)[first * n_delays : (first + size) * n_delays]
    member, own_gates = gates.members.index(projection), gates.part(first, size, n_delays)
    gates.fan_out[member, own_gates] = fan_out
    table.event_count = gates.event_counts[member]
    label, inputs, output = f"deliver {projection.name}", ends.inputs, gates.output[own_gates]
    if len(table.slot_weight):
        total = gates.total(first, size, plan)
        begin, n_targets = _targets(projection, ends)
        own = inputs[ends.first_target + begin : ends.first_target + begin + n_targets]
        shift = begin - projection.autapse_shift
        call = Call(
            label, kernel_of(graded.broadcast), total=total, output=output, weight=projection.weight.a, shift=shift,
            inputs=own,
        )  # fmt: skip
    else:
        call = Call(
            label, kernel_of(graded.deliver_graded), output=output, first_slot=first * n_delays, index=table.index,
            targets=table.targets, weights=table.weights, inputs=inputs,
        )  # fmt: skip
    plan.stages["arrive"].append(call)


def _table_without_synapses(projection: Projection, ends: Ends, delays: np.ndarray) -> Table:
    """A table with the weights of slots, and no list of targets."""
    n_sources, first = ends.source.n, ends.first_source
    delay_index = np.zeros(int(delays[-1]) + 1, np.int64)
    slot_weight = np.zeros(n_sources)
    slot_weight[first : first + projection.source_size] = projection.weight.a
    table = Table(
        [projection], delays, delay_index, np.zeros(n_sources + 1, np.int64),
        np.zeros(0, np.uint16), np.zeros(0), slot_weight, np.zeros(2, np.int64),
    )  # fmt: skip
    table.sizes[projection] = int(_fan_out(projection, ends).sum())
    return table


def _targets(projection: Projection, ends: Ends) -> tuple[int, int]:
    """The projection's targets in the share: the first, and their number."""
    return ends.share.part(ends.neurons, ends.first_target, projection.target_size)


def _fan_out(projection: Projection, ends: Ends) -> np.ndarray:
    """(sources,) number of targets in the share per source, for a projection with identical targets."""
    begin, size = _targets(projection, ends)
    own = np.arange(projection.source_size) + projection.autapse_shift
    left_out = (own >= begin) & (own < begin + size)
    return size - left_out.astype(np.int64)


def _send(table: Table, projection: Projection, plan: Plan) -> None:
    """What depends on variables of source and target is added to the target's variable when all neurons of all shares
    have advanced, so that it holds the sum at the end of the step. It is summed anew before each stretch of steps, as
    state or weights may have been set, and for trials from the initial values, with which a fresh one begins.
    """
    assert projection.synapse is not None and projection.receiver is not None
    model, ends = projection.synapse.model, plan.ends[projection]
    block, variable = ends.neurons, projection.receiver.model.model.set_by(projection.port)
    first, size, n_delays = ends.first_source, projection.source_size, len(table.delays)
    n_gates, state = size * n_delays, {}
    if model.state:
        gates = Gates.of(projection, table.delays, plan)
        own, member = gates.part(first, size, n_delays), gates.members.index(projection)
        gates.fan_out[member, own] = np.diff(table.index)[first * n_delays : (first + size) * n_delays]
        table.event_count = gates.event_counts[member]
        state = {name: values[own] for name, values in gates.state.items()}
    constants = {n: float(value) for n, value in model.constants(projection.synapse.parameters, plan.dt).items()}
    text = graded.render_sent(list(model.state), list(model.pre), list(model.post), list(constants))
    kernel = kernel_for(f"Synapses of {model.name}", text, {"send": model.send})
    call = Call(
        f"deliver {projection.name}", kernel, first_slot=first * n_delays, n_delays=n_delays, n_gates=n_gates,
        index=table.index, targets=table.targets, weights=table.weights,
        summed=block.state[variable],
        **{f"all_{name}": values for name, values in state.items()},
        **{f"of_source_{name}": ends.source.state[name][first : first + size] for name in model.pre},
        **{f"of_target_{name}": block.state[name] for name in model.post},
        **dict(zip(graded.fixed(list(constants)), constants.values(), strict=True)),
    )  # fmt: skip
    at_first = {f"of_source_{name}": ends.source.start[name][first : first + size] for name in model.pre}
    at_first |= {f"of_target_{name}": block.start[name] for name in model.post}
    at_first |= {f"all_{name}": np.full(n_gates, gates.start.get(name, 0.0)) for name in state}
    afresh = call.with_arrays({**at_first, "summed": block.start[variable]})
    call.part = afresh.part = projection
    _keep(block, variable, plan)
    for calls, each in ((plan.sent, call), (plan.again, call), (plan.afresh, afresh)):
        calls.append(each)


def _keep(block: Block, variable: str, plan: Plan) -> None:
    """Keep what a variable is before something is added to it, so that it can be added anew."""
    label, kernel = f"keep {variable} of {block.populations[0].name}", kernel_of(graded.keep)
    own = slice(*plan.share.bounds(block))
    values = block.state[variable][own]
    kept = block.unsent.setdefault(variable, block.state[variable].copy())[own]
    if all(call.label != label for call in plan.sent):
        plan.sent.append(Call(label, kernel, values=values, kept=kept))
        plan.again.append(Call(label, kernel, values=kept, kept=values))
        first = block.start[variable][own]
        plan.afresh.append(Call(label, kernel, values=first.copy(), kept=first))
