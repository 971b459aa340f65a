"""Lowering of projections that learn from a signal of their target: the arrays and Calls of a SignalRule's kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, kernel_for
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.short_term_synapses import Release
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import signal_rule

_EPOCH = 8.0
"""Length of an epoch, in the shortest time constant: exp(8) costs three to four of 16 digits."""


@dataclass(frozen=True, eq=False)
class SignalLearning:
    """How the synapses of one projection learn from signals, in one share. arrays: by the names that kernels use."""

    projection: Projection
    plan: Plan
    ends: Ends
    table: Table
    kernel: Kernel
    arrays: dict[str, Any]
    enabled: np.ndarray
    sweeps: np.ndarray
    release: Release | None

    @classmethod
    def of(cls, projection: Projection, plan: Plan, table: Table) -> SignalLearning:
        release = Release.of(projection, table, plan.dt) if projection.synapse is not None else None
        return cls(
            projection, plan, plan.ends[projection], table, _kernel(projection, plan.dt, release),
            _arrays(projection, plan, table), np.ones(1, np.int64), np.zeros(1, np.int64), release,
        )  # fmt: skip

    @property
    def rule(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.rule

    @property
    def parameters(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.parameters

    def deliver(self) -> None:
        stages = self.plan.stages
        stages["integrate"].append(self._integrate())
        stages["arrive"].append(self._deliver())
        stages["post"].append(self._signals())

    def sweep(self) -> list[Call]:
        return []

    def reset(self, clock: np.ndarray, phase: int) -> list[Call]:
        starts = dict.fromkeys([*self.rule.state, *self.rule.delayed, *self.rule.seen])
        learned = self._call(
            "reset", "reset", clock, phase, *self.arrays["span"], *self._own_variables(),
            *(self.arrays[f"start_{v}"] for v in starts), *self._everything(),
        )  # fmt: skip
        return [learned, *(self.release.reset(self.projection.name, clock, phase) if self.release else [])]

    def read(self, variable: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray, *to: Any) -> Call:
        what = 1 if variable == "c" else 0
        return self._call("read", "read", every, start, what, slots, positions, *to, *self._everything())

    def materialize(self, due: np.ndarray) -> list[Call]:
        return [self._call("materialize", "materialize", due, *self._everything())]

    def dematerialize(self, due: np.ndarray) -> list[Call]:
        return [self._call("dematerialize", "dematerialize", due, *self._everything())]

    def forget(self, label: str, moved: np.ndarray, n_moved: np.ndarray) -> list[Call]:
        if not self.rule.has_eligibility:
            return []
        return [self._call("forget", "forget", n_moved, moved, *self._everything())]

    def _call(self, label: str, function: str, *arguments: Any) -> Call:
        return Call(f"{label} {self.projection.name}", replace(self.kernel, name=function), *arguments)

    def _integrate(self) -> Call:
        assert self.projection.plasticity is not None
        dt, modulator = self.plan.dt, self.projection.plasticity.modulator
        numbers: tuple[Any, ...] = ()
        if self.rule.modulated:
            numbers = self.plan.modulators[modulator]["n"], self.parameters.b, dt / modulator.tau_n, dt
        elif self.rule.low_pass:
            numbers = np.ones(1), 0.0, 0.0, dt
        return self._call(
            "integrate", "integrate", *self.arrays["span"], self.arrays["every"], self.enabled, *numbers,
            *self._of_targets(), *self._past(),
        )  # fmt: skip

    def _deliver(self) -> Call:
        projection, rule, arrays, table = self.projection, self.rule, self.arrays, self.table
        ring = self.ends.ring
        return self._call(
            "deliver", "function", ring.all_rows, ring.all_counts,
            *([ring.all_values[projection.payload]] if projection.payload else []), table.delays, self.ends.inputs,
            table.event_count, self.enabled, *(arrays[f"seen_{v}"] for v in rule.seen), *self._of_targets(),
            *self._past(), self.parameters.W_min, self.parameters.W_max,
            *(arrays[f"tau_rate_{t.name}"] for t in rule.pre), *arrays["constants"],
            *(self.release.arguments if self.release else []),
        )  # fmt: skip

    def _signals(self) -> Call:
        rule, arrays, target = self.rule, self.arrays, self.ends.neurons
        ring, also = target.rings[self.projection.learns_from], [target.rings[k] for k in rule.learns_also_from]
        return self._call(
            "signals of", "signals", ring.rows, ring.counts, *arrays["span"], self.enabled, arrays["event"],
            *(part for one in also for part in (one.rows, one.counts)),
            *(arrays[f"also_{kind}"] for kind in rule.learns_also_from), *(target.state[v] for v in rule.reads),
            *self._own_variables(), *self._of_targets(), *arrays["constants"],
        )  # fmt: skip

    def _everything(self) -> list[Any]:
        """The arguments that all functions end with which go through the synapses."""
        return [*self._of_targets(), *self._past(), self.parameters.W_min, self.parameters.W_max]

    def _past(self) -> list[Any]:
        """What was integrated until the ends of past epochs, and what synapses keep, which take it up."""
        rule, arrays, table = self.rule, self.arrays, self.table
        traces = [t.name for t in rule.pre]
        result = [arrays[f"end_H_{t}"] for t in traces]
        if rule.has_eligibility:
            result += [arrays["end_N"], *(arrays[f"end_M_{t}"] for t in traces)]
        result += [arrays[f"factor_{t}"] for t in traces]
        result += [arrays["c_factor"]] if rule.has_eligibility else []
        result += [table.index, table.targets, table.weights]
        result += [arrays["eligibilities"]] if rule.has_eligibility else []
        return [*result, arrays["slot_epoch"], *(arrays[f"slot_{t}"] for t in traces)]

    def _of_targets(self) -> list[Any]:
        """What is integrated for each target in the present epoch."""
        rule, arrays = self.rule, self.arrays
        traces = [t.name for t in rule.pre]
        result = [self.projection.dendritic_steps, arrays["clock"], arrays["gain"], *(arrays[f"H_{t}"] for t in traces)]
        if rule.has_eligibility:
            result += [arrays["N"], *(arrays[f"M_{t}"] for t in traces)]
        result += [arrays[f"rate_{t}"] for t in traces]
        return result + ([arrays["c_rate"], arrays["released"]] if rule.has_eligibility else [])

    def _own_variables(self) -> list[Any]:
        """The rule's own variables of each target, and those that it sees late."""
        rule, arrays = self.rule, self.arrays
        return [
            *(arrays[f"own_{v}"] for v in rule.state), *(arrays[f"delay_{v}"] for v in rule.delayed),
            *(arrays[f"seen_{v}"] for v in rule.seen),
        ]  # fmt: skip


def _kernel(projection: Projection, dt: float, release: Release | None) -> Kernel:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    text = signal_rule.render_signal_rule(
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
        release.names if release else None,
    )
    functions = {name: getattr(rule, name) for name in ("signal", "advance", "on_pre")}
    return kernel_for(f"Synapses of {rule.name}", text, {**functions, "release": release and release.model.release})


def _arrays(projection: Projection, plan: Plan, table: Table) -> dict[str, Any]:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    ends = plan.ends[projection]
    target, first = ends.neurons, ends.first_target
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
