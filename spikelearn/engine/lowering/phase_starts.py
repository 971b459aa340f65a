"""What phases of trials do at their start: they reset, set rates, currents and learning, and release modulators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.population import Population, View
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Trials
from spikelearn.engine.plan import Call, Plan, Program
from spikelearn.errors import DescriptionError
from spikelearn.kernels import trial_clock

Given = list[tuple[Population | View, Any]]
"""What one phase gives to neurons of one population."""


def start_calls(schedule: Trials, plan: Plan, clock: np.ndarray) -> list[Call]:
    """The Calls of a share at the start of phases, for its own neurons and synapses."""
    calls: list[Call] = []
    rates = _by_population([phase.rates.items() for phase in schedule.phases])
    ports = dict.fromkeys(port for phase in schedule.phases for _, port in phase.currents)
    currents = {
        port: _by_population(
            [((who, v) for (who, into), v in phase.currents.items() if into == port) for phase in schedule.phases]
        )
        for port in ports
    }
    named_plastic = any(phase.plastic is not None for phase in schedule.phases)
    for k, phase in enumerate(schedule.phases):
        if phase.fresh:
            calls += _all_afresh(plan, clock, k)
        for what in phase.reset:
            calls += _resets(what, plan, clock, k)
        for population, given in rates.items():
            calls += _set_rates(population, given, schedule, plan, clock, k)
        for port, of_port in currents.items():
            for population, given in of_port.items():
                calls += _set_current(population, port, given, schedule, plan, clock, k)
        for modulator, amount in phase.releases.items():
            rows = schedule.rows(amount, 1, "1", f"release of {modulator.name} in phase {k}")
            pending = plan.modulators[modulator]["pending"]
            add = kernel_of(trial_clock.add_at_start)
            calls.append(Call(f"release {modulator.name}", add, clock=clock, phase=k, values=rows, target=pending))
        if named_plastic:
            for projection, learning in plan.learning.items():
                rows = _factors(projection, schedule, k)
                rows = np.zeros_like(rows) if projection in plan.off else rows
                start = kernel_of(trial_clock.set_at_start)
                calls.append(Call("plastic window", start, clock=clock, phase=k, values=rows, target=learning.factor))
    return calls


def save_inputs(schedule: Trials, program: Program) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rates and currents that a schedule will change, each with its current value."""
    block_of = program.plans[0].block_of
    rates = dict.fromkeys(who.of for phase in schedule.phases for who in phase.rates)
    currents = dict.fromkeys((who.of, port) for phase in schedule.phases for who, port in phase.currents)
    named = [block_of[population].rates[population] for population in rates]
    named += [block_of[p].currents[port][block_of[p].span(p)] for p, port in currents]
    return [(array, array.copy()) for array in named]


def restore_inputs(found: list[tuple[np.ndarray, np.ndarray]], program: Program) -> None:
    """Undo the changes of a schedule: restore rates and currents, and the plasticity of projections."""
    for array, before in found:
        array[:] = before
    for plan in program.plans:
        for projection, learning in plan.learning.items():
            learning.factor[0] = projection.plastic and projection not in plan.off


def _by_population(phases: list[Iterable[tuple[Population | View, Any]]]) -> dict[Population, list[Given]]:
    """Population -> what each phase gives to its neurons."""
    found: dict[Population, list[Given]] = {}
    for k, given in enumerate(phases):
        for who, value in given:
            found.setdefault(who.of, [[] for _ in phases])[k].append((who, value))
    return found


def _named(population: Population, given: list[Given]) -> np.ndarray | None:
    """The neurons that phases name, ascending; None if no phase names a part of the population."""
    if not any(isinstance(who, View) for of_phase in given for who, _ in of_phase):
        return None
    named = np.zeros(population.size, bool)
    for who, _ in (each for of_phase in given for each in of_phase):
        named[slice(None) if who.ids is None else who.ids] = True
    return np.flatnonzero(named)


def _rows(schedule: Trials, given: Given, population: Population, ids: np.ndarray | None, unit: str, what: str) -> Any:
    """(1 or trials, 1 or neurons): the values of one phase for these neurons."""
    if ids is None:
        return schedule.rows(given[0][1] if given else 0.0, population.size, unit, what)
    rows, taken = np.zeros((1, len(ids))), np.zeros(len(ids), np.int64)
    for who, value in given:
        columns = np.searchsorted(ids, np.arange(population.size) if who.ids is None else who.ids)
        np.add.at(taken, columns, 1)
        own = schedule.rows(value, len(columns), unit, what)
        if len(own) > len(rows):
            rows = np.repeat(rows, len(own), axis=0)
        rows[:, columns] = own
    if np.any(taken > 1):
        raise DescriptionError(
            f"{what}: expected one value for each neuron, got several for neuron {ids[np.argmax(taken > 1)]} of "
            f"{population.name!r}"
        )
    return rows


def _set_rates(
    population: Population, given: list[Given], schedule: Trials, plan: Plan, clock: np.ndarray, k: int
) -> list[Call]:
    what, ids = f"rates of phase {k}", _named(population, given)
    rows = _rows(schedule, given[k], population, ids, "Hz", what)
    if rows.size and (rows.min() < 0 or rows.max() * plan.dt * 1e-3 > 1):
        raise DescriptionError(f"{what}: expected 0 to {1e3 / plan.dt:g} Hz, got {rows.min()} to {rows.max()}")
    rates = plan.block_of[population].rates[population]
    return _set(f"rates of {population.name}", clock, k, rows, rates, population, ids, plan)


def _set_current(
    population: Population, port: str, given: list[Given], schedule: Trials, plan: Plan, clock: np.ndarray, k: int
) -> list[Call]:
    if any(c.label == f"drive {population.name}.{port}" for c in plan.stages["drive"]):
        raise DescriptionError(
            f"current of phase {k}: {population.name}.{port} is already driven by a StepCurrent; use one of them"
        )
    block, ids = plan.block_of[population], _named(population, given)
    what = f"current of phase {k} into {population.name}.{port}"
    rows = _rows(schedule, given[k], population, ids, "pA", what)
    current = block.currents[port][block.span(population)]
    return _set(f"current into {population.name}.{port}", clock, k, rows, current, population, ids, plan)


def _factors(projection: Projection, schedule: Trials, k: int) -> np.ndarray:
    """(1 or trials, 1): the factors of what a projection learns in phase k."""
    found = schedule.phases[k].factor(projection)
    what = f"plastic of phase {k}: factor of projection {projection.name!r}"
    rows = schedule.rows(found if projection.plastic else 0.0, 1, "1", what)
    if rows.min() < 0:
        raise DescriptionError(f"{what}: expected at least 0, got {rows.min():g}")
    return rows


def _set(
    label: str, clock: np.ndarray, phase: int, rows: np.ndarray, target: np.ndarray, population: Population,
    ids: np.ndarray | None, plan: Plan,
) -> list[Call]:  # fmt: skip
    """A Call that sets the share's part of a population's array, (n,), to rows (1 or trials, 1 or n).

    ids: the neurons that are set, with a column of rows each; None: all.
    """
    block = plan.block_of[population]
    offset, size = plan.share.part(block, block.first[population], population.size)
    if ids is not None:
        here = (ids >= offset) & (ids < offset + size)
        own = np.ascontiguousarray(rows[:, here])
        some = kernel_of(trial_clock.set_some_at_start)
        call = Call(label, some, clock=clock, phase=phase, values=own, ids=ids[here], target=target)
        return [call] if here.any() else []
    if size == 0:
        return []
    part = slice(offset, offset + size)
    own = rows if rows.shape[1] == 1 else np.ascontiguousarray(rows[:, part])
    kernel = kernel_of(trial_clock.set_at_start)
    return [Call(label, kernel, clock=clock, phase=phase, values=own, target=target[part])]


def _all_afresh(plan: Plan, clock: np.ndarray, phase: int) -> list[Call]:
    """Calls that put everything but weights, and what regulates them, back to how it was at 0 ms."""
    calls = [call for population in plan.block_of for call in _reset_neurons(population, plan, clock, phase)]
    for learning in plan.learning.values():
        calls += learning.reset(clock, phase)
    for reset in plan.resets:
        calls += reset(clock, phase)
    zero, kernel = np.zeros(1), kernel_of(trial_clock.copy_at_start)
    followed = [call.written["concentration"] for call in plan.stages["begin"] if "concentration" in call.written]
    for modulator, arrays in plan.modulators.items():
        if any(arrays["n"] is level for level in followed):
            continue
        for name, values in (("n", np.full(1, modulator.initial)), ("pending", zero)):
            label = f"reset {name} of {modulator.name}"
            calls.append(Call(label, kernel, clock=clock, phase=phase, values=values, target=arrays[name]))
    return calls


def _resets(what: Any, plan: Plan, clock: np.ndarray, phase: int) -> list[Call]:
    if isinstance(what, Projection):
        if what not in plan.learning:
            raise DescriptionError(f"reset of phase {phase}: projection {what.name!r} is not plastic")
        return plan.learning[what].reset(clock, phase)
    if not isinstance(what, Population | View) or what.of not in plan.block_of:
        raise DescriptionError(f"reset of phase {phase}: expected populations and plastic projections, got {what!r}")
    return _reset_neurons(what, plan, clock, phase)


def _reset_neurons(what: Population | View, plan: Plan, clock: np.ndarray, phase: int) -> list[Call]:
    population = what.of
    block, label, when = plan.block_of[population], f"reset {population.name}", {"clock": clock, "phase": phase}
    first = block.first[population]
    offset, size = plan.share.part(block, first, population.size)
    if what.ids is not None:
        some = kernel_of(trial_clock.copy_some_at_start)
        ids = first + what.ids[(what.ids >= offset) & (what.ids < offset + size)]
        return [
            Call(label, some, ids=ids, values=block.start[name], target=values, **when)
            for name, values in block.state.items()
        ]
    span, kernel = slice(first + offset, first + offset + size), kernel_of(trial_clock.copy_at_start)
    return [
        Call(label, kernel, values=block.start[name][span], target=values[span], **when)
        for name, values in block.state.items()
    ]
