"""Lowering of callbacks and trials to Calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.description.population import Population, Reference
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Trials
from spikelearn.engine.plan import STAGES, Call, Plan
from spikelearn.engine.plastic import reset_call
from spikelearn.engine.printing import Kernel, compiled, import_line, kernel_of
from spikelearn.errors import DescriptionError
from spikelearn.kernels import events, trials

# An exception cannot leave the compiled loop: it stops the run, and `simulate` raises another.
_PHASE_TEXT = """
from spikelearn._jit import kernel


@kernel
def function(step, control, raised, clock, phase_of_callback, {names}):
    if clock[5] == 1 and clock[2] == phase_of_callback:
        try:
            user(clock[1], clock[2], {names})
        except Exception:
            control[0] = 1
            raised[0] = step
"""

_STEP_TEXT = """
from spikelearn._jit import kernel


@kernel
def function(step, control, raised, {names}):
    try:
        user(step, {names})
    except Exception:
        control[0] = 1
        raised[0] = step
"""


def resolve(
    argument: Any, plan: Plan, counters: dict[Any, np.ndarray] | None = None, own: list[Call] | None = None
) -> Any:
    """The array that a reference stands for; other arguments as they are.

    counters: those of the trials that it is for. own: the Calls which those trials add to the end of stage "record".
    """
    if not isinstance(argument, Reference):
        if isinstance(argument, np.ndarray) and not argument.flags.c_contiguous:
            raise DescriptionError("arrays that are given to callbacks must be contiguous: numpy.ascontiguousarray")
        return argument
    if argument.what == "release":
        return plan.modulators[argument.owner]["pending"]
    population: Population = argument.owner
    block = plan.block_of[population]
    span = block.span(population)
    if argument.what == "current":
        return block.currents[argument.detail][span]
    if argument.what == "state":
        return block.state[argument.detail][span]
    if argument.what == "rates":
        return block.rates[population]
    if argument.what == "fired":
        return _fired(population, argument.detail, plan, own)
    if counters is None:
        raise DescriptionError(f"counts of {population.name!r}: counts are for callbacks of trials, not of every step")
    return counters.setdefault((population, argument.detail), np.zeros(population.size, np.int64))


def _fired(population: Population, kind: str, plan: Plan, own: list[Call] | None) -> np.ndarray:
    """The array of 0 and 1 that a Call of its own keeps up to date; one for each population and kind."""
    label = f"mark {kind}s of {population.name}"
    for call in [*plan.stages["record"], *(own or ())]:
        if call.label == label:
            return call.arguments[-1]
    block = plan.block_of[population]
    ring, fired = block.rings[kind], np.zeros(population.size, np.uint8)
    kernel = kernel_of(events.mark_events)
    calls = plan.stages["record"] if own is None else own
    calls.append(Call(label, kernel, ring.rows, ring.counts, block.first[population], fired))
    return fired


def step_call(callback: Callback, plan: Plan) -> Call:
    """A callback of every step."""
    arguments = [resolve(a, plan) for a in callback.arguments]
    return _user_call("every step", _STEP_TEXT, callback, plan.control, (), arguments)


def _user_call(
    label: str, text: str, callback: Callback, control: np.ndarray, own: tuple[Any, ...], arguments: list[Any]
) -> Call:
    function = compiled(callback.function)
    line, injected = import_line(function, "user")
    names = ", ".join(f"argument_{k}" for k in range(len(arguments)))
    name = getattr(callback.function, "__name__", "callback")
    try:
        kernel = Kernel(line + text.format(names=names), "function", injected)
        raised = np.zeros(1, np.int64)
        call = Call(f"{label}: {name}", kernel, control, raised, *own, *arguments)
        call.raised = raised
        return call
    except Exception as error:
        if type(error).__module__.startswith("numba"):
            raise DescriptionError(f"callback {name} cannot be compiled: {error}") from error
        raise


def trial_calls(schedule: Trials, plan: Plan) -> dict[str, list[Call]]:
    """The Calls that a schedule of trials adds to a run, by stage."""
    extra: dict[str, list[Call]] = {stage: [] for stage in STAGES}
    clock = np.array([plan.step + 1, 0, 0, 0, 0, 0], np.int64)
    extra["begin"].append(Call("clock of trials", kernel_of(trials.tick), clock, schedule.phase_steps(plan.dt)))
    counters: dict[Any, np.ndarray] = {}
    named_rates = {p for phase in schedule.phases for p in phase.rates}
    named_currents = {key for phase in schedule.phases for key in phase.currents}
    named_plastic = any(phase.plastic is not None for phase in schedule.phases)
    for k, phase in enumerate(schedule.phases):
        start = extra["start"]
        for what in phase.reset:
            start += _resets(what, plan, clock, k)
        for population in named_rates:
            rates = resolve(population.rates, plan)
            rows = schedule.rows(phase.rates.get(population, 0.0), population.size, "Hz", f"rates of phase {k}")
            if rows.min() < 0 or rows.max() * plan.dt * 1e-3 > 1:
                raise DescriptionError(
                    f"rates of phase {k}: expected 0 to {1e3 / plan.dt:g} Hz, got {rows.min()} to {rows.max()}"
                )
            start.append(_set(f"rates of {population.name}", clock, k, rows, rates))
        for population, port in named_currents:
            if any(c.label == f"drive {population.name}.{port}" for c in plan.stages["drive"]):
                raise DescriptionError(
                    f"current of phase {k}: {population.name}.{port} is driven by a StepCurrent already; "
                    "use one of them"
                )
            current = resolve(population.current(port), plan)
            value = phase.currents.get((population, port), 0.0)
            rows = schedule.rows(value, population.size, "pA", f"current of phase {k} into {population.name}.{port}")
            start.append(_set(f"current into {population.name}.{port}", clock, k, rows, current))
        for modulator, amount in phase.releases.items():
            rows = schedule.rows(amount, 1, "1", f"release of {modulator.name} in phase {k}")
            pending = plan.modulators[modulator]["pending"]
            start.append(Call(f"release {modulator.name}", kernel_of(trials.add_at_start), clock, k, rows, pending))
        if named_plastic:
            for projection, state in plan.plastic.items():
                if projection.plasticity is not None:
                    on = phase.plastic is None or projection in phase.plastic
                    values = np.array([int(on)], np.int64)
                    start.append(
                        Call("plastic window", kernel_of(trials.copy_at_start), clock, k, values, state.enabled)
                    )
        if phase.callback is not None:
            arguments = [resolve(a, plan, counters, extra["record"]) for a in phase.callback.arguments]
            extra["end"].append(
                _user_call(f"end of phase {k}", _PHASE_TEXT, phase.callback, plan.control, (clock, k), arguments)
            )
    for (population, kind), n_events in counters.items():
        block = plan.block_of[population]
        ring = block.rings[kind]
        extra["start"].append(Call("counts from 0", kernel_of(trials.clear_counts), clock, -1, n_events))
        extra["record"].append(
            Call(
                f"count {kind}s of {population.name}",
                kernel_of(events.count_events),
                ring.rows,
                ring.counts,
                block.first[population],
                n_events,
            )  # fmt: skip
        )
    return extra


def standing(schedule: Trials, plan: Plan) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rates and currents that a schedule will change, each with what it is now."""
    named = [resolve(population.rates, plan) for phase in schedule.phases for population in phase.rates]
    named += [
        resolve(population.current(port), plan) for phase in schedule.phases for population, port in phase.currents
    ]
    return [(array, array.copy()) for array in named]


def after_trials(found: list[tuple[np.ndarray, np.ndarray]], plan: Plan) -> None:
    """Leave the network as a schedule found it: rates and currents as they were before, all projections plastic."""
    for array, before in found:
        array[:] = before
    for state in plan.plastic.values():
        state.enabled[0] = 1


def _set(label: str, clock: np.ndarray, phase: int, rows: np.ndarray, target: np.ndarray) -> Call:
    return Call(label, kernel_of(trials.set_at_start), clock, phase, rows, target)


def _resets(what: Any, plan: Plan, clock: np.ndarray, phase: int) -> list[Call]:
    if isinstance(what, Projection):
        if what not in plan.plastic or what.plasticity is None:
            raise DescriptionError(f"reset of phase {phase}: projection {what.name!r} is not plastic")
        return [reset_call(what, plan, plan.dt, clock, phase)]
    if not isinstance(what, Population) or what not in plan.block_of:
        raise DescriptionError(f"reset of phase {phase}: expected populations and plastic projections, got {what!r}")
    block = plan.block_of[what]
    span = block.span(what)
    calls = [
        Call(f"reset {what.name}", kernel_of(trials.copy_at_start), clock, phase, block.start[name][span], values[span])
        for name, values in block.state.items()
    ]
    return calls
