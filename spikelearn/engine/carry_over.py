"""All state of a Program, carried over to the Program of the same network with something added or changed.

Arrays are matched by names that do not depend on other parts of the network (Program.arrays); those of neurons and of
sources grow at their ends, as populations do in a block. Rings of events may have other depths, tables other members:
these are matched step by step, and synapse by synapse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.description.shared_array import owner
from spikelearn.engine.blocks import Block, Ring
from spikelearn.engine.lowering.synapse_tables import locate
from spikelearn.engine.plan import Plan, Program, Table
from spikelearn.errors import DescriptionError

Located = Mapping[Projection, list[dict[str, np.ndarray]]]
"""Projection -> where its synapses are in the tables of each share, as `locate` says."""


def carry_over(
    before: Program, after: Program, located: Located | None = None,
    left_out: Callable[[str], bool] = lambda name: False,
) -> None:  # fmt: skip
    """Let `after`, which is at time 0, go on from where `before` is after its first steps, which stays as it is.

    located: of projections whose synapses lie elsewhere in `before` than their description says now. left_out: whether
    an array of that name is not taken over, as its part has been removed or makes it anew. Raises DescriptionError for
    state that has no place.
    """
    step = before.step
    done: set[int] = set()
    for old, new in zip(before.plans, after.plans, strict=True):
        for key, block in old.blocks.items():
            _check_neurons(block, new.blocks[key])
            _carry_rings(block, new.blocks[key], step, done)
            _carry_input(block, new.blocks[key], step, done)
            _carry_unsent(block, new.blocks[key], done)
        _carry_tables(old, new, located or {}, done)
        _carry_gates(old, new, done)
    _carry_by_name(before, after, left_out, done)
    for old, new in zip(before.plans, after.plans, strict=True):
        for key, block in old.blocks.items():
            for name in block.unsent.keys() - new.blocks[key].unsent.keys():
                new.blocks[key].state[name][: block.n] = block.unsent[name]
    after.step = step
    after.failure, after.chunk, after.thread_tuner = before.failure, before.chunk, before.thread_tuner


def _check_neurons(old: Block, new: Block) -> None:
    for population, first in old.first.items():
        if new.first.get(population) != first:
            raise DescriptionError(
                f"population {population.name!r} has state and cannot be removed; expected it to stay"
            )


def _carry_unsent(old: Block, new: Block, done: set[int]) -> None:
    """What variables are without what graded synapses send of the state of their ends, which is summed anew."""
    done |= {id(owner(values)) for values in old.unsent.values()}
    for name, values in new.unsent.items():
        values[: old.n] = old.unsent.get(name, old.state[name])


def _carry_rings(old: Block, new: Block, step: int, done: set[int]) -> None:
    """The events of the last steps, all that are still on their way. A ring that is new begins with this step."""
    for name, into in new.rings.items():
        into.all_counts[:] = 0
        if name in old.rings:
            _carry_ring(old.rings[name], into, step)
            done |= {id(owner(array)) for array in _arrays_of(old.rings[name])}


def _carry_ring(old: Ring, new: Ring, step: int) -> None:
    depths = old.all_counts.shape[1], new.all_counts.shape[1]
    width = old.all_rows.shape[2]
    for k in range(max(0, step + 1 - min(depths)), step + 1):
        source, target = k % depths[0], k % depths[1]
        new.all_counts[:, target] = old.all_counts[:, source]
        new.all_rows[:, target, :width] = old.all_rows[:, source]
        for variable in old.all_values.keys() & new.all_values.keys():
            new.all_values[variable][:, target, :width] = old.all_values[variable][:, source]


def _arrays_of(ring: Ring) -> list[np.ndarray]:
    return [ring.all_rows, ring.all_counts, *ring.all_values.values()]


def _carry_input(old: Block, new: Block, step: int, done: set[int]) -> None:
    """What has been delivered ahead; in a ring of another length it is delivered again, by the next step."""
    for port, ring in old.ahead.items():
        into = new.ahead[port]
        done |= {id(owner(array)) for array in (*ring.arrays, ring.restart)}
        if into.values.shape == ring.values.shape:
            into.values[:], into.restart[:] = ring.values, ring.restart
            for one, other in zip(into.arriving, ring.arriving, strict=False):
                one[:] = other
        else:
            into.restart[0] = step + 1


def _carry_tables(old: Plan, new: Plan, located: Located, done: set[int]) -> None:
    """Weights of synapses, targets of those that move, and counts of events, which the first projection takes along."""
    share = old.share.index
    scratch = [call.written.get("due") for call in old.calls() if call.label.startswith("deliver ")]
    done |= {id(owner(array)) for array in scratch if array is not None}
    for table in old.distinct_tables:
        done |= {id(owner(array)) for array in (table.weights, table.targets, table.event_count)}
        first = new.tables[table.projections[0]]
        first.event_count[:] += table.event_count
        same = first.projections == table.projections and not located.keys() & set(table.projections)
        if same and first.weights.shape == table.weights.shape:
            first.weights[:] = table.weights
            if table.rewired:
                first.targets[:] = table.targets
            continue
        for projection in table.projections if table.n_synapses else ():
            found = located[projection][share] if projection in located else locate(projection, old)
            _carry_synapses(projection, table, found, new)


def _carry_synapses(projection: Projection, table: Table, found: Mapping[str, np.ndarray], new: Plan) -> None:
    into = new.tables[projection]
    there = locate(projection, new)
    if len(into.weights):
        own = len(table.weights) > 0
        into.weights[there["positions"]] = (
            table.weights[found["positions"]] if own else table.slot_weight[found["slots"]]
        )
    elif len(table.weights) and len(found["positions"]):
        raise DescriptionError(
            f"projection {projection.name!r}: its synapses have weights of their own, which cannot become one"
        )
    if into.rewired:
        into.targets[there["positions"]] = new.ends[projection].first_target + found["post"]


def _carry_gates(old: Plan, new: Plan, done: set[int]) -> None:
    """Gates of graded synapses, which projections share that are alike, and may no longer be."""
    before = {member: gates for gates in old.gates.values() for member in gates.members}
    for gates in old.gates.values():
        done |= {id(owner(each)) for each in (*gates.state.values(), gates.output, *gates.totals.values())}
    for call in (call for call in old.stages["arrive"] if call.label.startswith("gates of ")):
        done.add(id(owner(call.arrays["arrived"])))  # which is 0 between two steps
    for gates in new.gates.values():
        for member in (each for each in gates.members if each in before):
            one, n_delays, size = before[member], len(new.tables[member].delays), member.source_size
            source = one.part(old.ends[member].first_source, size, n_delays)
            target = gates.part(new.ends[member].first_source, size, n_delays)
            gates.output[target] = one.output[source]
            for name, values in one.state.items():
                gates.state[name][target] = values[source]


def _carry_by_name(before: Program, after: Program, left_out: Callable[[str], bool], done: set[int]) -> None:
    places = after.arrays()
    for name, array in before.arrays().items():
        if id(array) in done or left_out(name):
            continue
        into = places.get(name)
        if into is None:
            raise DescriptionError(f"the state of a part has no place in the changed network: {name}")
        if into.ndim != array.ndim or any(n < m for n, m in zip(into.shape, array.shape, strict=True)):
            raise DescriptionError(
                f"the state of a part does not fit into the changed network: {name}, {array.shape} before and "
                f"{into.shape} after"
            )
        if into.flags.writeable:  # else an array that a user gave read-only, which no run changes
            into[tuple(slice(n) for n in array.shape)] = array
