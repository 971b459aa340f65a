"""Parts of a network that are switched off and on: the Calls that are then left out, or made in another form.

A Call that only delivers input, drives or records is left out. One that does more, such as learn, goes on and delivers
into an array that nobody reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.projection import Drive, Projection
from spikelearn.engine.plan import Call, Plan, Program
from spikelearn.errors import DescriptionError
from spikelearn.kernels import sources

_INPUT = {"inputs", "event_count", "due", "ring", "arriving"}
"""What a Call writes that does nothing but deliver."""


def mark_input(projection: Projection, calls: Iterable[Call]) -> None:
    """Mark those of the Calls of a projection that deliver its input."""
    for call in calls:
        written = call.written
        if "inputs" in written or "ring" in written:
            call.part = projection
            call.instead = _without_input


def _without_input(call: Call) -> list[Call]:
    written = call.written
    if written.keys() <= _INPUT:
        return []
    return [call.with_arrays({name: np.zeros_like(written[name]) for name in ("inputs", "event_count")})]


def mark_drive(drive: Drive, call: Call) -> Call:
    """Mark a Call of a drive. While it is off, states of noise and currents that change in steps go on."""
    call.part = drive
    call.instead = _without_drive
    return call


def _without_drive(call: Call) -> list[Call]:
    given = next((name for name in ("current", "noise") if name in call.written), None)
    if given is None:
        return []
    unread = call.with_arrays({given: np.zeros_like(call.written[given])})
    if given == "current" or not call.named.get("first_here"):
        return [unread]
    silent = {
        "every": 1,
        "decay": 0.0,
        "kick": 0.0,
        "flat": 0,
        "mean": 0.0,
        "state": np.zeros_like(call.written["state"]),
    }
    return [unread, Call(f"no {call.label}", kernel_of(sources.noise_current), **{**call.named, **silent})]


def switch(program: Program, part: Any, on: bool) -> None:
    """Switch a part off or on, between two steps. Raises DescriptionError, before anything changes."""
    if isinstance(part, Projection):
        _switch_projection(program, part, on)
    for plan in program.plans:
        for call in plan.stages["drive"] if isinstance(part, Drive) else ():
            if call.part is part and "previous" in call.written:
                call.written["current"][:] += call.written["previous"] if on else -call.written["previous"]
    (program.off.discard if on else program.off.add)(part)
    program.version += 1


def _switch_projection(program: Program, projection: Projection, on: bool) -> None:
    if program.within_trials and program.plans[0].factors.get(projection):
        raise DescriptionError(
            f"projection {projection.name!r}: what learns or is regulated is switched between runs, or in one without "
            "trials, whose phases say what is plastic"
        )
    for plan in program.plans:
        for factor in plan.factors.get(projection, ()):
            factor[0] = float(on and (projection.plastic or projection.plasticity is None))
        if projection in plan.tables and plan.tables[projection].ahead:
            ring = plan.ends[projection].neurons.ahead[projection.port]
            for array in ring.arrays:
                array[:] = 0
            ring.restart[0] = program.step + 1
        if not on and projection in plan.learning and _has_eligibility(projection):
            from spikelearn.kernels import trial_clock

            clock = np.zeros(trial_clock.N_PLACES, np.int64)
            clock[trial_clock.STARTS] = 1
            for call in plan.learning[projection].reset(clock, 0):
                call(program.step + 1)


def _has_eligibility(projection: Projection) -> bool:
    """Whether its weights change after the events from which they learn."""
    return projection.plasticity is not None and bool(projection.plasticity.rule.has_eligibility)


def is_apart(projection: Projection, program: Program) -> bool:
    """Whether a projection has a table of its own, so that it can be switched."""
    return len(program.plans[0].tables[projection].projections) == 1


def new_calls(plan: Plan, before: Mapping[str, int]) -> Sequence[Call]:
    """The Calls of a plan that were added since its stages had so many."""
    return [call for stage, calls in plan.stages.items() for call in calls[before[stage] :]]
