"""Lowering of projections that learn by a function of each synapse and step: the arrays and Calls of a StepRule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, kernel_for, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering import payload_synapses, short_term_synapses, static_synapses
from spikelearn.engine.lowering.learning_factor import factor_arrays
from spikelearn.engine.lowering.short_term_synapses import Release
from spikelearn.engine.lowering.synapse_tables import locate
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import record, rewire, step_rule
from spikelearn.kernels.random import noise_key
from spikelearn.steps import whole_steps

_SHORTEST_RUN = 8
"""The mean length of runs from which on a loop over runs is faster than one that looks up each synapse."""


@dataclass(frozen=True, eq=False)
class StepLearning:
    """How the synapses of one projection learn in every step, in one share. values: by the names that kernels use."""

    projection: Projection
    plan: Plan
    table: Table
    kernel: Kernel
    values: dict[str, Any]
    sweeps: np.ndarray
    release: Release | None

    @classmethod
    def of(cls, projection: Projection, plan: Plan, table: Table) -> StepLearning:
        assert projection.plasticity is not None
        rule, parameters, dt = projection.plasticity.rule, projection.plasticity.parameters, plan.dt
        constants = {name: float(value) for name, value in rule.constants(parameters, dt).items()}
        values = _arrays(projection, plan, table) | {f"constant_{name}": value for name, value in constants.items()}
        values |= {"W_min": parameters.W_min, "W_max": parameters.W_max, **factor_arrays(projection)}
        values |= {"event_count": table.event_count, "ms_per_step": float(dt)}
        if rule.every:
            what = f"{rule.every} of {rule.name}, projection {projection.name!r}"
            values["every"] = whole_steps(getattr(parameters, rule.every), dt, what, least=1)
        if rule.modulated:
            values |= {"concentration": plan.modulators[projection.plasticity.modulator]["n"]}
        release = Release.of(projection, table, plan) if projection.synapse is not None else None
        kernel = _kernel(projection, list(constants), "run_slot" in values)
        return cls(projection, plan, table, kernel, values, np.zeros(1, np.int64), release)

    @property
    def rule(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.rule

    @property
    def factor(self) -> np.ndarray:
        return self.values["learning_factor"]

    @property
    def waits_for_events(self) -> bool:
        return False

    def see_last_events(self) -> list[Call]:
        return []

    def deliver(self) -> None:
        """Weights are those of the table at all times, so synapses are delivered like those that do not learn."""
        stages, ring = self.plan.stages, self.plan.ends[self.projection].ring
        if self.release is not None:
            short_term_synapses.deliver_by(self.release, self.table, self.plan)
        elif self.projection.payload:
            payload_synapses.deliver(self.table, self.plan)
        else:
            static_synapses.deliver(self.table, self.plan)
        if self.rule.pre or self.rule.arriving:
            carried = {"values": ring.all_values[self.projection.payload]} if self.projection.payload else {}
            own = {"rows": ring.all_rows, "counts": ring.all_counts, "delays": self.table.delays, **carried}
            stages["arrive"].append(self._call("arrivals of", "arrivals", **own))
        stages["post"].append(self._call("learn", "function"))
        if self.rule.reads_before:
            stages["post"].append(self._call("remember for", "remember"))

    def sweep(self) -> list[Call]:
        return []

    def settle(self, step: int) -> None:
        pass

    def resume(self, step: int) -> None:
        pass

    @property
    def made_anew(self) -> tuple[str, ...]:
        return ()

    def reset(self, clock: np.ndarray, phase: int) -> list[Call]:
        learned = self._call("reset", "reset", clock=clock, phase=phase)
        return [learned, *(self.release.reset(self.projection.name, clock, phase) if self.release else [])]

    def read(
        self, variable: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray, to: Mapping[str, Any]
    ) -> Call:
        of_slot = variable in {trace.name for trace in self.rule.pre}
        name = "weights" if variable == "weight" else f"slot_{variable}" if of_slot else f"state_{variable}"
        return Call(
            f"record {variable} of {self.projection.name}", kernel_of(record.record_state), every=every, start=start,
            ids=slots if of_slot else positions, source=self.values[name], **to,
        )  # fmt: skip

    def materialize(self, due: np.ndarray) -> list[Call]:
        return []

    def dematerialize(self, due: np.ndarray) -> list[Call]:
        return []

    def forget(self, label: str, moved: np.ndarray, n_moved: np.ndarray) -> list[Call]:
        forget = kernel_of(rewire.forget)
        return [
            Call(
                f"{label}: {name}", forget, n_moved=n_moved, moved=moved, value=self.values[f"initial_{name}"],
                values=self.values[f"state_{name}"],
            )
            for name in self.rule.state
        ]  # fmt: skip

    def _call(self, label: str, function: str, **own: Any) -> Call:
        """A Call of one of the rule's kernels, with arguments from `values` and its own."""
        kernel = replace(self.kernel, name=function)
        return Call(f"{label} {self.projection.name}", kernel, **kernel.choose(self.values | own))


def _kernel(projection: Projection, constants: list[str], in_runs: bool) -> Kernel:
    assert projection.plasticity is not None
    rule = projection.plasticity.rule
    text = step_rule.render_step_rule(
        rule.takes,
        [(t.name, t.jump) for t in rule.pre],
        rule.arriving,
        rule.state,
        [*rule.read, *rule.reads_before],
        list(dict.fromkeys(rule.reads_before.values())),
        [*((name, "uniform") for name in rule.random), *((name, "normal") for name in rule.normal)],
        constants,
        bool(projection.payload),
        rule.modulated,
        rule.state_goes_on,
        in_runs,
        rule.timed,
        bool(rule.every),
    )
    return kernel_for(f"Synapses of {rule.name}", text, {"learn": rule.step})


def _arrays(projection: Projection, plan: Plan, table: Table) -> dict[str, Any]:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    ends: Ends = plan.ends[projection]
    target, n_slots = ends.neurons, len(table.index) - 1
    offset, size = plan.share.part(target, ends.first_target, projection.target_size)
    arrays: dict[str, Any] = {
        "weights": table.weights,
        "first": ends.first_target + offset,
        "last": ends.first_target + offset + size,
        "first_slot": ends.first_source * len(table.delays),
        "last_slot": (ends.first_source + projection.source_size) * len(table.delays),
    }
    for name in (*(t.name for t in rule.pre), *rule.arriving):
        arrays[f"slot_{name}"] = np.zeros(n_slots)
    arrays |= {f"decay_{t.name}": float(np.exp(-plan.dt / getattr(parameters, t.tau))) for t in rule.pre}
    for name, value in rule.initial_state(parameters).items():
        arrays |= {f"state_{name}": np.full(table.n_synapses, value), f"initial_{name}": value}
    arrays |= {f"read_{name}": target.state[variable] for name, variable in rule.read.items()}
    for variable in dict.fromkeys(rule.reads_before.values()):
        arrays[f"before_{variable}"] = target.start[variable].copy()
        arrays |= {f"start_{variable}": target.start[variable], f"post_{variable}": target.state[variable]}
    arrays |= {f"read_{name}": arrays[f"before_{variable}"] for name, variable in rule.reads_before.items()}
    return arrays | _places(projection, plan, table)


def _places(projection: Projection, plan: Plan, table: Table) -> dict[str, Any]:
    """Where each synapse, or each run of synapses, finds its source and its target, and its number if it needs one."""
    assert projection.plasticity is not None
    rule, lengths, found = projection.plasticity.rule, np.diff(table.index), {}
    slot_of = np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)
    breaks = (np.diff(slot_of) != 0) | (np.diff(table.targets.astype(np.int64)) != 1)
    if rule.random or rule.normal:
        located = locate(projection, plan)
        numbers = np.zeros(table.n_synapses, np.int64)
        numbers[located["positions"]] = located["numbers"]
        # Along a run they grow by 1 if synapses were made from their sources, else by the number of sources.
        apart = np.diff(numbers)
        stride = int(apart[~breaks][0]) if not breaks.all() else 1
        breaks |= apart != stride
        found = {"seed": plan.seed, "key": noise_key(projection.uid), "numbers": numbers, "stride": stride}
    begin = np.append(0, np.flatnonzero(breaks) + 1)[: max(1, table.n_synapses)]
    if table.rewired or table.n_synapses < _SHORTEST_RUN * len(begin):
        return found | {"slot_of": slot_of, "targets": table.targets}
    if found:
        found["numbers"] = numbers[begin]
    return found | {
        "run_slot": slot_of[begin].astype(np.int64),
        "run_begin": np.append(begin, table.n_synapses).astype(np.int64),
        "run_target": table.targets[begin].astype(np.int64),
    }
