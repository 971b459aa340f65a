"""Changes of a Program between two steps: other parameters of neurons and sources, and settled synapses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Drive, Projection
from spikelearn.engine.blocks import Block
from spikelearn.engine.lowering.block_arrays import are_exact
from spikelearn.engine.lowering.populations import calls_of
from spikelearn.engine.plan import Call, Plan, Program
from spikelearn.errors import DescriptionError
from spikelearn.neurons import Neuron
from spikelearn.sources import Poisson, StepCurrent
from spikelearn.steps import times_of


def go_on_with_model(population: Population, program: Program) -> None:
    """Let the next steps advance a population with the parameters that it has now.

    Raises DescriptionError before anything is changed.
    """
    block = program.plans[0].block_of[population]
    made = [
        calls_of(population, plan, plan.block_of[population], _advancing(population, plan)) for plan in program.plans
    ]
    if isinstance(population.model, Neuron) and population.model.model.countdown:
        for of_share in made:
            _check_countdown(population, block, of_share["advance"])
    if isinstance(population.model, Poisson):
        block.rates[population][:] = population.model.values[0]
    for plan, of_share in zip(program.plans, made, strict=True):
        timed = of_share.pop("begin")
        plan.stages["begin"] = [call for call in plan.stages["begin"] if call.uid != population.uid] + timed
        for stage, calls in of_share.items():
            new = {call.label: call for call in calls}
            plan.stages[stage] = [new.get(call.label, call) for call in plan.stages[stage]]
        for call in timed:
            _set_row(call, program.step)
    program.version += 1
    if isinstance(population.model, Neuron):
        program.refresh_parameters(population)
        start, span = population.model.model.initial(population.model.parameters), block.span(population)
        for name in start.keys() - population.initial.keys():
            block.start[name][span] = start[name]


def _advancing(population: Population, plan: Plan) -> list[Call]:
    labels = {f"{what} {population.name}" for what in ("advance", "classify", "emit")}
    labels |= {f"{name} of {population.name}" for name in getattr(population.model, "payloads", ())}
    return [call for call in plan.stages["advance"] if call.label in labels]


def _check_countdown(population: Population, block: Block, calls: Sequence[Call]) -> None:
    """Raise DescriptionError if what counts down in float32 would have to begin from more than that can hold."""
    names = list(calls[0].kernel.parameters) if calls else []
    n_ref = [calls[0].arguments[names.index(name)] for name in ("the_n_ref", "all_n_ref") if name in names]
    short = block.state[population.model.model.countdown].dtype == np.float32
    if short and not all(are_exact(values) for values in n_ref):
        raise DescriptionError(
            f"population {population.name!r}: this refractory period is too long to be set while the network runs; "
            "expected it when the population is made"
        )


def check_nothing_in_flight(projection: Projection, program: Program) -> None:
    """Raise DescriptionError if events are on their way through a projection."""
    step, first = program.step, projection.source_first
    for plan in program.plans:
        table, ring, ends = plan.tables[projection], plan.ends[projection].ring, plan.ends[projection]
        longest, depth = int(max(table.delays, default=0)) - projection.lag, ring.all_counts.shape[1]
        for k in range(max(0, step - longest + 1), step + 1):
            for share, n in enumerate(ring.all_counts[:, k % depth]):
                sources = ring.all_rows[share, k % depth, :n] - ends.first_source
                here = sources[(sources >= 0) & (sources < projection.source_size)]
                if len(here):
                    raise DescriptionError(
                        f"delay of projection {projection.name!r}: an event of neuron {first + here[0]} of "
                        f"{projection.source.name!r}, emitted at {times_of(k, plan.dt):g} ms, is on its way; its "
                        "delays can be changed when none is"
                    )


def made_anew(parts: Sequence[Any], program: Program, name: str) -> bool:
    """Whether an array of this name, as in Program.arrays, is not taken over by parts with other parameters."""
    of_call, _, argument = name.rpartition(", ")
    for part in parts:
        if isinstance(part, Drive) and f" #{part.uid}, " in name:
            return argument not in ("state", "event_count")
        if isinstance(part, Projection) and f" {part.name}, " in name:
            learning = program.plans[0].learning.get(part)
            if argument in (("pending", "arriving") if learning is None else learning.made_anew):
                return True
            if argument in _release_state(part) or _is_parameter(part, argument):
                return True
    return False


def is_of(removed: Sequence[Drive], name: str) -> bool:
    """Whether an array of this name belongs to drives that have been removed; that of noise is made in every step."""
    return any(f" #{drive.uid}, " in name for drive in removed) or (bool(removed) and ", noise into " in name)


def resume(parts: Sequence[Any], before: Program, after: Program) -> None:
    """Let parts of a Program that has taken over all state go on with their other parameters."""
    for old, new in zip(before.plans, after.plans, strict=True):
        for part in parts:
            if isinstance(part, Projection):
                _resume_release(part, old, new)
                if part in new.learning:
                    new.learning[part].resume(after.step)
            if isinstance(part, Drive):
                _resume_drive(part, old, new)


def _is_parameter(projection: Projection, argument: str) -> bool:
    """Whether an array has a parameter of the rule for each synapse, as opposed to its state."""
    of_synapse, plasticity = argument.removeprefix("synapse_"), projection.plasticity
    return plasticity is not None and of_synapse != argument and of_synapse not in plasticity.rule.state


def _release_state(projection: Projection) -> list[str]:
    """The names that kernels have for the state of its short-term plasticity."""
    synapse = projection.synapse
    return [] if synapse is None or projection.graded else [f"release_{name}" for name in synapse.model.state]


def _resume_release(projection: Projection, old: Plan, new: Plan) -> None:
    """What synapses of a slot had in common, each has if their parameters differ now."""
    label, table = f"deliver {projection.name}", old.tables[projection]
    before, after = ([call for call in plan.calls() if call.label == label] for plan in (old, new))
    for name in _release_state(projection):
        for source, target in zip(before, after, strict=True):
            values = source.arrays[name]
            if source.kernel.text != target.kernel.text and len(values) == len(table.index) - 1:
                values = np.repeat(values, np.diff(table.index))
            if len(values) != len(target.arrays[name]):
                raise DescriptionError(
                    f"projection {projection.name!r}: each synapse has its own {name.removeprefix('release_')}; "
                    "expected parameters that differ, as before"
                )
            target.arrays[name][:] = values


def _resume_drive(drive: Drive, old: Plan, new: Plan) -> None:
    """A current that it has made so far ends, and begins anew in the next step; a rate is that of now."""
    if isinstance(drive.source, StepCurrent) and drive not in new.off:
        pairs = zip(_calls(drive, "drive", old), _calls(drive, "drive", new), strict=True)
        for before, after in pairs:
            after.arrays["current"][:] -= before.arrays["previous"]
    for call in _calls(drive, "begin", new):
        _set_row(call, old.step)


def _set_row(call: Call, step: int) -> None:
    """Set what changes in time to what it is after a step."""
    arrays = call.arrays
    if "starts" not in arrays:  # computed in each step
        return
    arrays["target"][:] = arrays["values"][np.searchsorted(arrays["starts"], step, side="right") - 1]


def _calls(drive: Drive, stage: str, plan: Plan) -> list[Call]:
    return [call for call in plan.stages[stage] if call.uid == drive.uid]
