"""Lowering of projections that learn from a signal of their target: the arrays and Calls of a SignalRule's kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, import_line
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.synapse_tables import BlockIndex
from spikelearn.engine.plan import Call, Plan, PlasticState, Ring, Table
from spikelearn.kernels import signal_rule

_EPOCH = 8.0
"""Length of an epoch, in the shortest time constant: exp(8) costs three to four of 16 digits."""


def signal_calls(
    projection: Projection, plan: Plan, block_index: BlockIndex, table: Table, ring: Ring, inputs: np.ndarray
) -> None:
    """Add the Calls of one projection with a SignalRule to the plan."""
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    target, _ = block_index.target(projection)
    assert target is not None
    kernel = _kernel(projection, plan.dt)
    arrays = _arrays(projection, plan, block_index, table)
    enabled = np.ones(1, np.int64)
    plan.plastic[projection] = PlasticState(arrays, kernel, enabled)
    first, last = arrays["span"]
    name, post_ring = projection.name, target.rings[projection.learns_from]
    modulator: tuple[Any, ...] = ()
    if rule.modulated:
        of = projection.plasticity.modulator
        modulator = plan.modulators[of]["n"], parameters.b, plan.dt / of.tau_n, plan.dt
    elif rule.low_pass:
        modulator = np.ones(1), 0.0, 0.0, plan.dt
    past = (*_ends(rule, arrays), *_factors(rule, arrays), *_table(rule, table, arrays))
    plan.stages["integrate"].append(
        Call(
            f"integrate {name}",
            Kernel(kernel.text, "integrate", kernel.injected),
            first,
            last,
            arrays["every"],
            enabled,
            *modulator,
            *_target(projection, arrays),
            *past,
        )  # fmt: skip
    )
    plan.stages["arrive"].append(
        Call(
            f"deliver {name}",
            kernel,
            ring.all_rows,
            ring.all_counts,
            *([ring.all_values[projection.payload]] if projection.payload else []),
            table.delays,
            inputs,
            table.event_count,
            enabled,
            *(arrays[f"seen_{v}"] for v in rule.seen),
            *_target(projection, arrays),
            *past,
            parameters.W_min,
            parameters.W_max,
            *(arrays[f"tau_rate_{t.name}"] for t in rule.pre),
            *arrays["constants"],
        )  # fmt: skip
    )
    plan.stages["post"].append(
        Call(
            f"signals of {name}",
            Kernel(kernel.text, "signals", kernel.injected),
            post_ring.rows,
            post_ring.counts,
            first,
            last,
            enabled,
            arrays["event"],
            *(part for k in rule.learns_also_from for part in (target.rings[k].rows, target.rings[k].counts)),
            *(arrays[f"also_{kind}"] for kind in rule.learns_also_from),
            *(target.state[v] for v in rule.reads),
            *_rings(rule, arrays),
            *_target(projection, arrays),
            *arrays["constants"],
        )  # fmt: skip
    )


def signal_read_call(
    projection: Projection, plan: Plan, every: int, start: int, what: int, slots: np.ndarray, positions: np.ndarray,
    room: int, steps: np.ndarray, values: np.ndarray, used: np.ndarray, control: np.ndarray,
) -> Call:  # fmt: skip
    """A Call that writes weights or eligibilities, as they are now, into rows of `values`."""
    state = plan.plastic[projection]
    return Call(
        f"read {projection.name}", Kernel(state.kernel.text, "read", state.kernel.injected), every, start, what,
        slots, positions, room, steps, values, used, control, *_whole(projection, plan),
    )  # fmt: skip


def signal_reset_call(projection: Projection, plan: Plan, clock: np.ndarray, phase: int) -> Call:
    """A Call that forgets traces, eligibilities and the rule's own variables at the start of a phase."""
    assert projection.plasticity is not None
    state, rule = plan.plastic[projection], projection.plasticity.rule
    starts = dict.fromkeys([*rule.state, *rule.delayed, *rule.seen])
    first, last = state.arrays["span"]
    return Call(
        f"reset {projection.name}", Kernel(state.kernel.text, "reset", state.kernel.injected), clock, phase,
        first, last, *_rings(rule, state.arrays), *(state.arrays[f"start_{v}"] for v in starts),
        *_whole(projection, plan),
    )  # fmt: skip


def signal_materialize_call(projection: Projection, plan: Plan, which: str, *arguments: Any) -> Call:
    """A Call of "materialize" or "dematerialize" (given `due`), or of "forget" (given which synapses moved)."""
    kernel = plan.plastic[projection].kernel
    whole = _whole(projection, plan)
    return Call(f"{which} {projection.name}", Kernel(kernel.text, which, kernel.injected), *arguments, *whole)


def _whole(projection: Projection, plan: Plan) -> list[Any]:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    arrays = plan.plastic[projection].arrays
    return [
        *_target(projection, arrays), *_ends(rule, arrays), *_factors(rule, arrays),
        *_table(rule, plan.tables[projection], arrays), parameters.W_min, parameters.W_max,
    ]  # fmt: skip


def _target(projection: Projection, arrays: dict[str, Any]) -> list[Any]:
    assert projection.plasticity is not None
    rule = projection.plasticity.rule
    traces = [t.name for t in rule.pre]
    result = [projection.dendritic_steps, arrays["clock"], arrays["gain"], *(arrays[f"H_{t}"] for t in traces)]
    if rule.has_eligibility:
        result += [arrays["N"], *(arrays[f"M_{t}"] for t in traces)]
    result += [arrays[f"rate_{t}"] for t in traces]
    return result + ([arrays["c_rate"], arrays["released"]] if rule.has_eligibility else [])


def _ends(rule: Any, arrays: dict[str, Any]) -> list[Any]:
    result = [arrays[f"end_H_{t.name}"] for t in rule.pre]
    if rule.has_eligibility:
        result += [arrays["end_N"], *(arrays[f"end_M_{t.name}"] for t in rule.pre)]
    return result


def _factors(rule: Any, arrays: dict[str, Any]) -> list[Any]:
    result = [arrays[f"factor_{t.name}"] for t in rule.pre]
    return result + ([arrays["c_factor"]] if rule.has_eligibility else [])


def _table(rule: Any, table: Table, arrays: dict[str, Any]) -> list[Any]:
    synapse = [table.weights, *([arrays["eligibilities"]] if rule.has_eligibility else [])]
    return [
        table.index, table.targets, *synapse, arrays["slot_epoch"], *(arrays[f"slot_{t.name}"] for t in rule.pre)
    ]  # fmt: skip


def _rings(rule: Any, arrays: dict[str, Any]) -> list[Any]:
    return [
        *(arrays[f"own_{v}"] for v in rule.state), *(arrays[f"delay_{v}"] for v in rule.delayed),
        *(arrays[f"seen_{v}"] for v in rule.seen),
    ]  # fmt: skip


def _kernel(projection: Projection, dt: float) -> Kernel:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    text = ""
    injected: dict[str, Any] = {}
    for handler in ("signal", "advance", "on_pre"):
        if getattr(rule, handler) is not None:
            line, more = import_line(getattr(rule, handler), handler)
            text += line
            injected |= more
    text += signal_rule.render_signal_rule(
        [(t.name, t.jump, t.amplitude) for t in rule.pre],
        rule.reads,
        list(rule.state),
        list(rule.delayed),
        rule.seen,
        list(rule.constants(parameters, dt)),
        rule.has_eligibility,
        rule.on_pre is not None,
        bool(projection.payload),
        rule.limits == "sent",
        rule.learns_also_from,
    )
    return Kernel(text, "function", injected)


def _arrays(projection: Projection, plan: Plan, block_index: BlockIndex, table: Table) -> dict[str, Any]:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    target, first = block_index.target(projection)
    assert target is not None
    dt, n, back = plan.dt, target.n, projection.dendritic_steps
    offset, size = plan.share.part(target, first, projection.target_size)
    taus = {t.name: getattr(parameters, t.tau) for t in rule.pre}
    shortest = min([*taus.values(), *([parameters.tau_c] if rule.has_eligibility else [])])
    every = max(1, round(_EPOCH * shortest / dt))
    n_slots = len(table.index) - 1
    arrays: dict[str, Any] = {
        "constants": [float(value) for value in rule.constants(parameters, dt).values()],
        "every": every,
        "span": (first + offset, first + offset + size),
        "clock": np.zeros(3, np.int64),
        "gain": np.zeros((2 * back + 2, n)),
        "event": np.zeros(n),
        **{f"also_{kind}": np.zeros(n) for kind in rule.learns_also_from},
        "slot_epoch": np.zeros(n_slots, np.int64),
    }
    values = ["H", "M"] if rule.has_eligibility else ["H"]
    c_rate = 0.0
    if rule.has_eligibility:
        c_rate = dt / parameters.tau_c
        arrays |= {
            "eligibilities": np.zeros(table.n_synapses),
            "N": np.zeros(1),
            "end_N": np.zeros(signal_rule.EPOCHS),
            "c_rate": c_rate,
            "c_factor": float(np.exp(-every * c_rate)),
            "released": np.zeros(back + 2),
        }
    for trace, tau in taus.items():
        arrays |= {f"{v}_{trace}": np.zeros(n) for v in values}
        arrays |= {f"end_{v}_{trace}": np.zeros((signal_rule.EPOCHS, n)) for v in values}
        arrays |= {
            f"slot_{trace}": np.zeros(n_slots),
            f"tau_rate_{trace}": dt / tau,
            f"rate_{trace}": dt / tau - c_rate,
            f"factor_{trace}": float(np.exp(-every * dt / tau)),
        }
    starts = {v: target.start[v] for v in rule.reads}
    for v, start in rule.state.items():
        starts[v] = starts[start] if start in rule.reads else np.full(n, getattr(parameters, start) if start else 0.0)
    for variable in rule.state:
        arrays[f"own_{variable}"] = starts[variable].copy()
    for variable in dict.fromkeys([*rule.state, *rule.delayed, *rule.seen]):
        arrays[f"start_{variable}"] = starts[variable]
    for variable, parameter in rule.delayed.items():
        depth = 1 + round(getattr(parameters, parameter) / dt)
        arrays[f"delay_{variable}"] = np.tile(starts[variable], (depth, 1))
    for variable in rule.seen:
        arrays[f"seen_{variable}"] = np.tile(starts[variable], (2 * back + 2, 1))
    return arrays
