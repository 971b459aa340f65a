"""Lowering of plastic projections: the arrays and Calls of a rule's printed kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, import_line, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.signal_rules import signal_calls, signal_read_call, signal_reset_call
from spikelearn.engine.lowering.synapse_tables import BlockIndex
from spikelearn.engine.plan import Call, Plan, PlasticState, Ring, Table
from spikelearn.errors import ParameterError
from spikelearn.kernels import modulators
from spikelearn.kernels import event_rule
from spikelearn.kernels.event_rule import LONG_AGO, NEVER
from spikelearn.kernels.traces import decay_tables
from spikelearn.plasticity import SignalRule

_REBASE_AFTER = 5.0
"""Time constants of the eligibility after which its exponential factor is re-based: exp(5) costs two digits at most."""

_RELEASES = 1024
"""Releases of a modulator that may wait for synapses to take them up; a power of 2."""

_STEPS = 8192
"""Steps of which a modulator's integral is kept, for post events that wait; a power of 2."""


def plastic_calls(
    projection: Projection, d: Any, plan: Plan, block_index: BlockIndex, table: Table, ring: Ring, inputs: np.ndarray
) -> None:
    """Add the Calls of one plastic projection to the plan."""
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    low, high = (float(f(table.weights, initial=0.5 * (parameters.W_min + parameters.W_max))) for f in (np.min, np.max))
    if low < parameters.W_min or high > parameters.W_max:
        raise ParameterError(
            f"weight of projection {projection.name!r}: expected {parameters.W_min:g} to {parameters.W_max:g}, the "
            f"limits W_min and W_max of {rule.name}, drew {low:g} to {high:g}; a distribution takes low= and high="
        )
    if isinstance(rule, SignalRule):
        signal_calls(projection, plan, block_index, table, ring, inputs)
        return
    constants = {name: float(value) for name, value in rule.constants(parameters, d.dt).items()}
    kernel = _kernel(projection, list(constants))
    target, _ = block_index.target(projection)
    assert target is not None
    post_ring = target.rings[projection.learns_from]
    arrays = _arrays(projection, table, target.n, d.dt)
    enabled = np.full(1, projection.plastic, np.int64)
    plan.plastic[projection] = PlasticState(arrays, kernel, enabled)
    arrays |= {"constants": constants, "inputs": inputs}
    name, dendritic = projection.name, projection.dendritic_steps
    if rule.modulated:
        modulator = projection.plasticity.modulator
        plan.stages["integrate"].append(
            Call(
                f"integrate {modulator.name} for {name}",
                kernel_of(modulators.integrate_modulator),
                plan.modulators[modulator]["n"],
                parameters.b,
                modulator.tau_n,
                parameters.tau_c,
                d.dt,
                arrays["base"],
                enabled,
                arrays["integrals"],
                arrays["scales"],
            )  # fmt: skip
        )
        plan.stages["integrate"].append(
            Call(
                f"releases of {modulator.name} for {name}",
                kernel_of(modulators.note_release),
                plan.modulators[modulator]["releases"],
                arrays["integrals"],
                arrays["release_N"],
                arrays["release_counts"],
                arrays["swept"],
                arrays["sweeps"],
            )  # fmt: skip
        )
        every = max(1, round(_REBASE_AFTER * parameters.tau_c / d.dt))
        plan.stages["integrate"].append(
            Call(
                f"rebase {name}",
                Kernel(kernel.text, "rebase", kernel.injected),
                every,
                projection.dendritic_steps,
                arrays["sweeps"],
                arrays["base"],
                parameters.tau_c,
                d.dt,
                arrays["integrals"],
                arrays["scales"],
                table.weights,
                arrays["eligibilities"],
                arrays["release_counts"],
                arrays["release_N"],
                arrays["swept"],
            )  # fmt: skip
        )
    means = (
        [value for t in rule.pre for value in (arrays[f"running_{t.name}"], arrays[f"decay_{t.name}"])]
        if rule.mean_pre
        else []
    )
    push = Call(
        f"post events of {name}", Kernel(kernel.text, "push", kernel.injected), post_ring.rows, post_ring.counts,
        dendritic, arrays["sweeps"], arrays["since_sweep"], enabled, *means, *(post_ring.values[v] for v in rule.reads),
        *_events(projection, arrays), *_tables(arrays, rule.post),
    )  # fmt: skip
    advance = Call(
        f"past events of {name}", Kernel(kernel.text, "advance_post_traces", kernel.injected),
        post_ring.rows, post_ring.counts, dendritic, *_events(projection, arrays), *_past(projection, arrays),
    )  # fmt: skip
    if dendritic > 0:
        plan.stages["arrive"].append(push)
    plan.stages["arrive"].append(advance)
    plan.stages["arrive"].append(
        Call(
            f"deliver {name}",
            kernel,
            ring.all_rows,
            ring.all_counts,
            table.delays,
            inputs,
            table.event_count,
            enabled,
            dendritic,
            *modulator_arguments(projection, arrays, d.dt),
            *means,
            *everything(projection, table, arrays),
        )  # fmt: skip
    )
    if dendritic == 0:
        plan.stages["post"].append(push)
    plan.stages["post"].append(sweep_call(projection, plan))


def sweep_call(projection: Projection, plan: Plan) -> Call:
    """A Call that brings all synapses up to now, if a sweep is wanted."""
    state, table = plan.plastic[projection], plan.tables[projection]
    arrays = state.arrays
    return Call(
        f"sweep {projection.name}", Kernel(state.kernel.text, "sweep", state.kernel.injected), arrays["sweeps"],
        arrays["since_sweep"], projection.dendritic_steps, *modulator_arguments(projection, arrays, plan.dt),
        *everything(projection, table, arrays),
    )  # fmt: skip


def reset_call(projection: Projection, plan: Plan, dt: float, clock: np.ndarray, phase: int) -> Call:
    """A Call that forgets traces and eligibilities at the start of a phase."""
    state, table = plan.plastic[projection], plan.tables[projection]
    assert projection.plasticity is not None
    rule, arrays = projection.plasticity.rule, state.arrays
    if isinstance(rule, SignalRule):
        return signal_reset_call(projection, plan, clock, phase)
    means = (
        [v for t in rule.pre for v in (arrays[f"running_{t.name}"], arrays[f"decay_{t.name}"])] if rule.mean_pre else []
    )
    return Call(
        f"reset {projection.name}", Kernel(state.kernel.text, "reset", state.kernel.injected), clock, phase,
        arrays["sweeps"], arrays["since_sweep"], projection.dendritic_steps,
        *rule.initial_state(projection.plasticity.parameters).values(),
        *modulator_arguments(projection, arrays, dt), *means, *everything(projection, table, arrays),
    )  # fmt: skip


def read_call(
    projection: Projection, plan: Plan, dt: float, every: int, start: int, what: int, slots: np.ndarray,
    positions: np.ndarray, room: int, steps: np.ndarray, values: np.ndarray, used: np.ndarray, control: np.ndarray,
) -> Call:  # fmt: skip
    """A Call that writes weights or eligibilities, as they are now, into rows of `values`."""
    assert projection.plasticity is not None
    if isinstance(projection.plasticity.rule, SignalRule):
        return signal_read_call(
            projection, plan, every, start, what, slots, positions, room, steps, values, used, control
        )
    state, table = plan.plastic[projection], plan.tables[projection]
    return Call(
        f"read {projection.name}", Kernel(state.kernel.text, "read", state.kernel.injected), every, start, what,
        slots, positions, room, steps, values, used, control, *modulator_arguments(projection, state.arrays, dt),
        *everything(projection, table, state.arrays),
    )  # fmt: skip


def modulator_arguments(projection: Projection, arrays: dict[str, Any], dt: float) -> list[Any]:
    assert projection.plasticity is not None
    if not projection.plasticity.rule.modulated:
        return []
    tau_c = projection.plasticity.parameters.tau_c
    return [arrays["integrals"], arrays["scales"], arrays["release_counts"], arrays["base"], tau_c, dt]


def everything(projection: Projection, table: Table, arrays: dict[str, Any]) -> list[Any]:
    """The arguments that all functions of a printed rule end with."""
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    synapse = [table.weights, *([arrays["eligibilities"]] if rule.modulated else [])]
    synapse += [arrays[f"synapse_{name}"] for name in rule.state]
    releases = [arrays[name] for name in ("slot_releases", "release_N", "swept")] if rule.modulated else []
    return [
        table.index, table.targets, arrays["last_arrival"], arrays["consumed"], arrays["queue"], *synapse,
        arrays["unread"], *(arrays[f"slot_{t.name}"] for t in rule.pre), *releases, *_events(projection, arrays),
        *_past(projection, arrays),
        *_tables(arrays, rule.pre + rule.post), parameters.W_min, parameters.W_max,
        *(value for name, value in arrays["constants"].items() if name not in ("W_min", "W_max")),
        *([arrays["ms_per_step"]] if "since_pre" in (*rule.takes("on_pre"), *rule.takes("on_post")) else []),
    ]  # fmt: skip


def _kernel(projection: Projection, constants: list[str]) -> Kernel:
    assert projection.plasticity is not None
    rule = projection.plasticity.rule
    text = ""
    injected: dict[str, Any] = {}
    for handler in ("on_pre", "on_post", *(["transmits"] if rule.transmits is not None else [])):
        line, more = import_line(getattr(rule, handler), handler)
        text += line
        injected |= more
    text += event_rule.render_event_rule(
        [(t.name, t.jump) for t in rule.pre],
        [(t.name, t.jump) for t in rule.post],
        constants,
        rule.state,
        rule.state_goes_on,
        rule.takes("on_pre"),
        rule.takes("on_post"),
        rule.modulated,
        rule.mean_pre,
        rule.reads,
        rule.transmits is not None,
    )
    return Kernel(text, "function", injected)


def _arrays(projection: Projection, table: Table, n_targets: int, dt: float) -> dict[str, Any]:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    n_slots = len(table.index) - 1
    history = 16
    while history < 2 * projection.dendritic_steps + 16:
        history *= 2
    place = np.uint8 if history <= 256 else np.uint16
    arrays: dict[str, Any] = {
        "last_arrival": np.full(n_slots, NEVER, np.int64),
        "consumed": np.full(n_slots, NEVER, np.int64),
        "queue": np.zeros(int(np.max(np.diff(table.index), initial=0)) + 1, np.uint32),
        "unread": np.zeros(table.n_synapses, place),
        "event_end": np.zeros(n_targets, place),
        "event_step": np.full((n_targets, history), LONG_AGO, np.int32),
        "event_plastic": np.zeros((n_targets, history), np.uint8),
        "frozen": np.zeros(1, np.int64),
        "past_end": np.zeros(n_targets, place),
        "past_step": np.full(n_targets, LONG_AGO, np.int32),
        "sweeps": np.array([0, NEVER]),
        "since_sweep": np.zeros(n_targets, np.int64),
        "ms_per_step": float(dt),
    }
    arrays["due_end"] = np.zeros(n_targets, place) if projection.dendritic_steps else arrays["event_end"]
    for state, value in rule.initial_state(parameters).items():
        arrays[f"synapse_{state}"] = np.full(table.n_synapses, value)
    for trace in rule.pre:
        arrays[f"slot_{trace.name}"] = np.zeros(n_slots)
        if rule.mean_pre:
            arrays[f"event_mean_{trace.name}"] = np.zeros((n_targets, history))
            arrays[f"running_{trace.name}"] = np.zeros(1)
            arrays[f"decay_{trace.name}"] = float(np.exp(-dt / getattr(parameters, trace.tau)))
    for trace in rule.post:
        arrays[f"event_{trace.name}"] = np.zeros((n_targets, history))
        arrays[f"past_{trace.name}"] = np.zeros(n_targets)
    for variable in rule.reads:
        arrays[f"event_{variable}"] = np.zeros((n_targets, history))
    for trace in rule.pre + rule.post:
        arrays[f"{trace.name}_coarse"], arrays[f"{trace.name}_fine"] = decay_tables(getattr(parameters, trace.tau), dt)
    if rule.modulated:
        arrays["eligibilities"] = np.zeros(table.n_synapses)
        steps = _STEPS
        while steps < 8 * history:
            steps *= 2
        arrays["integrals"] = np.zeros(steps)
        arrays["scales"] = np.ones(steps)
        arrays["release_counts"] = np.zeros(steps, np.int64)
        arrays["release_N"] = np.zeros(max(_RELEASES, 2 * history))
        arrays["slot_releases"] = np.zeros(n_slots, np.int64)
        arrays["swept"] = np.zeros(1, np.int64)
        arrays["base"] = np.zeros(1, np.int64)
    return arrays


def _events(projection: Projection, arrays: dict[str, Any]) -> list[Any]:
    assert projection.plasticity is not None
    rule = projection.plasticity.rule
    result = [arrays[name] for name in ("event_end", "due_end", "event_step", "event_plastic", "frozen")]
    result += [arrays[f"event_{name}"] for name in (*(t.name for t in rule.post), *rule.reads)]
    if rule.mean_pre:
        result += [arrays[f"event_mean_{t.name}"] for t in rule.pre]
    return result


def _past(projection: Projection, arrays: dict[str, Any]) -> list[Any]:
    assert projection.plasticity is not None
    of_traces = (arrays[f"past_{t.name}"] for t in projection.plasticity.rule.post)
    return [arrays["past_end"], arrays["past_step"], *of_traces]


def _tables(arrays: dict[str, Any], traces: Any) -> list[Any]:
    return [arrays[f"{t.name}_{part}"] for t in traces for part in ("coarse", "fine")]
