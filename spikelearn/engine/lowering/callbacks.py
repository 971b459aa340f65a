"""Lowering of callbacks and trials to Calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from spikelearn.codegen.modules import compiled, kernel_for, kernel_of
from spikelearn.codegen.raised import in_python
from spikelearn.codegen.template import render
from spikelearn.description.population import Population, Reference, View, segment
from spikelearn.description.projection import Projection
from spikelearn.description.readout import Readout
from spikelearn.description.trials import Callback, Phase, Trials
from spikelearn.engine.lowering.finite import finite_or_stop
from spikelearn.engine.lowering.phase_starts import start_calls
from spikelearn.engine.lowering.readouts import readout_calls
from spikelearn.engine.lowering.weights import WeightArray, weight_array
from spikelearn.engine.plan import STAGES, Added, Call, Plan, Program, call_table
from spikelearn.errors import DescriptionError
from spikelearn.kernels import events, modulators, sources, trial_clock

_OF_MODULATOR = {"release": "pending", "level": "n"}
"""What a callback takes of a modulator -> the array of that."""
_NO_WEIGHTS: Mapping[Projection, WeightArray] = MappingProxyType({})


def resolve(
    argument: Any,
    program: Program,
    counters: dict[Any, np.ndarray] | None = None,
    added: Added | None = None,
    weights: Mapping[Projection, WeightArray] = _NO_WEIGHTS,
) -> Any:
    """The array that a reference stands for; other arguments unchanged.

    counters: those of the trials. added: collects the Calls that the trials need at the end of "record". weights: of
    all projections whose weights the callback takes.
    """
    if not isinstance(argument, Reference):
        if isinstance(argument, np.ndarray) and not argument.flags.c_contiguous:
            raise DescriptionError("arrays passed to callbacks must be contiguous: use numpy.ascontiguousarray")
        return argument
    if argument.what == "weights":
        return weights[argument.owner].argument
    plan = program.plans[0]
    if argument.what == "signal":
        return plan.signals[argument.owner][argument.detail]
    if argument.what in _OF_MODULATOR:
        return plan.modulators[argument.owner][_OF_MODULATOR[argument.what]]
    if isinstance(argument.owner, View):
        of_all = replace(argument, owner=argument.owner.population)
        first, size = segment(argument.owner, argument.what)
        return resolve(of_all, program, counters, added)[first : first + size]
    population: Population = argument.owner
    block = plan.block_of[population]
    span = block.span(population)
    if argument.what == "current":
        return block.currents[argument.detail][span]
    if argument.what == "state":
        return block.state[argument.detail][span]
    if argument.what == "rates":
        return block.rates[population]
    if argument.what == "parameter":
        return program.parameter(population, argument.detail)
    if argument.what == "fired":
        return _fired(population, argument.detail, program, added)
    assert counters is not None
    return counters.setdefault((population, argument.detail), np.zeros(population.size, np.int64))


def _fired(population: Population, kind: str, program: Program, added: Added | None) -> np.ndarray:
    """An array of 0 and 1 that dedicated Calls keep up to date, one per share."""
    label = f"mark {kind}s of {population.name}"
    for call in program.plans[0].calls(added):
        if call.label == label:
            return call.written["fired"]
    fired = np.zeros(population.size, np.uint8)
    for plan in program.plans:
        block = plan.block_of[population]
        ring = block.rings[kind]
        stages = plan.stages if added is None else added.stages[plan.share.index]
        stages["record"].append(
            Call(
                label,
                kernel_of(events.mark_events),
                rows=ring.rows,
                counts=ring.counts,
                first=block.first[population],
                fired=fired,
            )  # fmt: skip
        )
    return fired


def step_calls(callbacks: Sequence[Callback], readouts: Sequence[Readout], program: Program) -> None:
    """Add the callbacks of every step and the readouts to a Program, in the order in which they were added."""
    for position, callback in enumerate([*callbacks, None]):
        for readout in (each for each in readouts if each.position == position):
            readout_calls(readout, program)
        if callback is None:
            break
        weights, counters = _weights(callback, program), dict[Any, np.ndarray]()
        arguments = [resolve(a, program, counters, weights=weights) for a in callback.arguments]
        every, label = callback.every, f"weights for {callback.name}"
        read = [call for array in weights.values() for call in array.read]
        program.end += _at_times(read, every, label)
        program.end.append(_user_call("every step", callback, program.controls[0], {}, arguments))
        program.end += [*_handed_on(callback, program), *_checked_rates(callback, program)]
        for array in weights.values():
            program.end += _at_times([*array.compare, *array.write], every, f"changed {label}")
        for (population, kind), n_events in counters.items():
            for plan in program.plans:
                plan.stages["record"].append(counting(population, kind, n_events, plan, callback.name))
            clear = kernel_of(trial_clock.clear_at_times)
            program.end.append(Call(f"counts for {callback.name} from 0", clear, every=every, n_events=n_events))
            program.forgotten.append(n_events)


def counting(population: Population, kind: str, n_events: np.ndarray, plan: Plan, reader: str) -> Call:
    """The Call that counts events of a share's neurons. reader: the name of what reads the counts."""
    block = plan.block_of[population]
    ring = block.rings[kind]
    return Call(
        f"count {kind}s of {population.name} for {reader}", kernel_of(events.count_events), rows=ring.rows,
        counts=ring.counts, first=block.first[population], n_events=n_events,
    )  # fmt: skip


def _at_times(calls: list[Call], every: int, label: str) -> list[Call]:
    """Calls that are made in each `every`-th step only."""
    if every == 1 or not calls:
        return calls
    addresses, arguments = call_table(calls)
    kernel = kernel_of(trial_clock.call_at_times)
    return [_of_all(Call(label, kernel, every=every, addresses=addresses, arguments=arguments), calls)]


def _of_all(call: Call, calls: list[Call]) -> Call:
    """A Call that makes others, and says what stopped the run if one of them did."""
    call.calls = calls
    for each in calls:
        if each.raised is not None:
            call.raised, call.complaint = each.raised, each.complaint
    return call


def _weights(callback: Callback, program: Program) -> dict[Projection, WeightArray]:
    """The weights that a callback takes, by projection."""
    taken = [a.owner for a in callback.arguments if isinstance(a, Reference) and a.what == "weights"]
    return {projection: weight_array(projection, program) for projection in taken}


def _at_end(calls: list[Call], clock: np.ndarray, phase: int, label: str) -> list[Call]:
    """The Call that makes others at the end of a phase, and says what stopped the run if one of them did."""
    addresses, arguments = call_table(calls)
    call = Call(
        label, kernel_of(trial_clock.call_at_end), clock=clock, phase=phase, but_in=-1, ahead=0, addresses=addresses,
        arguments=arguments,
    )  # fmt: skip
    return [_of_all(call, calls)] if calls else []


def _handed_on(callback: Callback, program: Program) -> list[Call]:
    """Calls that copy what a callback wrote into the first share's modulator to those of all shares, once checked."""
    written = dict.fromkeys(a for a in callback.arguments if isinstance(a, Reference) and a.what in _OF_MODULATOR)
    calls = []
    for modulator, array in ((a.owner, _OF_MODULATOR[a.what]) for a in written):
        of_first = program.plans[0].modulators[modulator][array]
        what = "release" if array == "pending" else "level"
        complaint = f"callback {callback.name} wrote a {what} of {modulator.name!r} that is infinite or NaN"
        calls.append(finite_or_stop(f"{array} of {modulator.name}", of_first, program, complaint))
        for plan in program.plans[1:]:
            own = plan.modulators[modulator][array]
            calls.append(
                Call(f"hand on {modulator.name}", kernel_of(modulators.hand_on), values=own, of_first=of_first)
            )
    return calls


def _checked_rates(callback: Callback, program: Program) -> list[Call]:
    """Calls that stop the run if a callback wrote a rate below 0, above one spike per step, or NaN."""
    written = {a.owner.of for a in callback.arguments if isinstance(a, Reference) and a.what == "rates"}
    calls = []
    for population in (p for p in program.plans[0].block_of if p in written):
        raised, most = np.zeros(1, np.int64), 1e3 / program.plans[0].dt
        call = Call(
            f"rates of {population.name}", kernel_of(sources.check_rates), rates=resolve(population.rates, program),
            most=most * (1 + 1e-12), control=program.controls[0], raised=raised,
        )  # fmt: skip
        call.raised = raised
        call.complaint = (
            f"callback {callback.name} wrote rates of {population.name!r} outside 0 to {most:g} Hz, which is one spike "
            "per step, or NaN"
        )
        calls.append(call)
    return calls


def _user_call(
    label: str, callback: Callback, control: np.ndarray, of_phase: dict[str, Any], arguments: list[Any]
) -> Call:
    function = compiled(callback.function)
    name = getattr(callback.function, "__name__", "callback")
    names = tuple(f"argument_{k}" for k in range(len(arguments)))
    fixed = tuple(
        name
        for name, argument in zip(names, arguments, strict=True)
        if isinstance(argument, np.ndarray) and not argument.flags.writeable
    )
    passed = tuple(f"{name}_fixed" if name in fixed else name for name in names)
    spaced = {} if of_phase or callback.every == 1 else {"every": callback.every}
    text = render(
        "callback", of_phase=bool(of_phase), spaced=bool(spaced), arguments=names, fixed=fixed, passed=passed
    )  # fmt: skip
    try:
        kernel = kernel_for(f"Callback {name}", text, {"user": function})
        raised = np.zeros(1, np.int64)
        own = dict(zip(names, arguments, strict=True)) | of_phase | spaced
        call = Call(f"{label}: {name}", kernel, control=control, raised=raised, **own)
        call.raised = raised
        clock = of_phase.get("clock")

        def repeated(step: int) -> Exception | None:
            first = (step,) if clock is None else (int(clock[trial_clock.TRIAL]), int(clock[trial_clock.PHASE]))
            return in_python(callback.function, (*first, *arguments))

        call.repeated = repeated
        return call
    except DescriptionError as error:
        if "Cannot modify readonly array" in str(error):
            given = ", ".join(str(names.index(each)) for each in fixed)
            raise DescriptionError(
                f"callback {name} writes to an array that was given as read-only; read-only are the arguments {given}, "
                "counted from 0"
            ) from error
        raise


def trial_calls(schedule: Trials, program: Program) -> Added:
    """The Calls that a schedule of trials adds to a run: those of each share, and at the end of steps."""
    phase_steps = schedule.phase_steps(program.plans[0].dt)
    stages: list[dict[str, list[Call]]] = [{stage: [] for stage in STAGES} for _ in program.plans]
    added = Added(stages, [], program.step + 1, np.cumsum(phase_steps))
    clocks = [np.zeros(trial_clock.N_PLACES, np.int64) for _ in program.plans]
    for plan, stages_of_plan, clock in zip(program.plans, stages, clocks, strict=True):
        clock[trial_clock.ORIGIN] = added.origin
        tick = Call("clock of trials", kernel_of(trial_clock.tick), clock=clock, phase_steps=phase_steps)
        stages_of_plan["begin"].append(tick)
        stages_of_plan["start"] += start_calls(schedule, plan, clock)
    counters: dict[Any, np.ndarray] = {}
    for k, phase in enumerate(schedule.phases):
        if phase.callback is not None:
            weights = _weights(phase.callback, program)
            arguments = [resolve(a, program, counters, added, weights) for a in phase.callback.arguments]
            of_phase, control = {"clock": clocks[0], "phase_of_callback": k}, program.controls[0]
            for array in weights.values():
                added.end += _at_end(array.read, clocks[0], k, f"weights of {array.projection.name}")
            added.end.append(_user_call(f"end of phase {k}", phase.callback, control, of_phase, arguments))
            added.end += [*_handed_on(phase.callback, program), *_checked_rates(phase.callback, program)]
            for array in weights.values():
                written = [*array.compare, *array.write]
                added.end += _at_end(written, clocks[0], k, f"changed weights of {array.projection.name}")
    for (population, kind), n_events in counters.items():
        for plan, stages_of_plan, clock in zip(program.plans, stages, clocks, strict=True):
            block = plan.block_of[population]
            offset, size = plan.share.part(block, block.first[population], population.size)
            own_counts = n_events[offset : offset + size]
            clear = kernel_of(trial_clock.clear_counts)
            stages_of_plan["start"].append(Call("counts from 0", clear, clock=clock, phase=-1, n_events=own_counts))
            stages_of_plan["record"].append(counting(population, kind, n_events, plan, "trials"))
    for stages_of_plan, clock in zip(stages, clocks, strict=True):
        stages_of_plan["start"] = _at_start(stages_of_plan["start"], clock)
    _discard_events(schedule, program, clocks[0], added)
    return added


def _at_start(calls: list[Call], clock: np.ndarray) -> list[Call]:
    """One Call that makes the others at the start of phases; in all other steps they would do nothing."""
    if not calls:
        return []
    addresses, arguments = call_table(calls)
    kernel = kernel_of(trial_clock.call_at_start)
    return [_of_all(Call("start of phases", kernel, clock=clock, addresses=addresses, arguments=arguments), calls)]


def _discard_events(schedule: Trials, program: Program, clock: np.ndarray, added: Added) -> None:
    """Add the Calls that empty all rings where a phase that discards events follows another, and before the first.

    They belong to the end of the phase before, when no share reads the rings.
    """
    n_phases = len(schedule.phases)
    for k in (k for k, phase in enumerate(schedule.phases) if phase.discards):
        calls = _emptying(schedule.phases[k], k, program, added)
        if k == 0:
            added.before += calls
        addresses, arguments = call_table(calls)
        discard = Call(
            f"discard events before phase {k}", kernel_of(trial_clock.call_at_end), clock=clock,
            phase=(k - 1) % n_phases, but_in=schedule.n - 1 if k == 0 else -1, ahead=1, addresses=addresses,
            arguments=arguments,
        )  # fmt: skip
        discard.calls = calls
        added.after.append(discard)


def _emptying(phase: Phase, k: int, program: Program, added: Added) -> list[Call]:
    """Calls that empty the rings of all shares, after the last events in them have entered the post traces."""
    traces: list[Call] = []
    for plan in program.plans:
        for projection, learning in plan.learning.items():
            reset = phase.fresh or projection in phase.reset
            if projection.dendritic_steps and learning.waits_for_events and not reset:
                raise DescriptionError(
                    f"discard_events of phase {k}: projection {projection.name!r} learns from events on their way back "
                    "through a dendritic delay; expected it among reset too"
                )
            traces += learning.see_last_events()
    rings = [ring.all_counts for block in program.plans[0].blocks.values() for ring in block.rings.values()]
    ahead = [
        array
        for plan in program.plans
        for block in plan.blocks.values()
        for ring in block.ahead.values()
        for array in ring.arrays
    ]
    fired = [
        call.written["fired"] for plan in program.plans for call in plan.calls(added) if call.label.startswith("mark ")
    ]
    empty = kernel_of(trial_clock.empty)
    forgotten = program.forgotten if phase.fresh else []
    cleared = [array.reshape(-1) for array in [*rings, *ahead, *fired, *forgotten]]
    return traces + [Call("discard events", empty, values=array) for array in cleared]
