"""Lowering of projections that learn at events: the arrays and Calls of a PlasticityRule's kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, kernel_for, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.short_term_synapses import Release
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import event_rule, homeostasis, modulators, rewire
from spikelearn.kernels.event_rule import LONG_AGO, NEVER
from spikelearn.kernels.traces import decay_tables

_REBASE_AFTER = 5.0
"""Time constants of the eligibility after which its exponential factor is re-based: exp(5) costs two digits at most."""

_RELEASES = 1024
"""Releases of a modulator that may wait for synapses to take them up; a power of 2."""

_STEPS = 8192
"""Steps of which a modulator's integral is kept, for post events that wait; a power of 2."""


@dataclass(frozen=True, eq=False)
class EventLearning:
    """How the synapses of one projection learn at events, in one share. arrays: by the names that the kernels use."""

    projection: Projection
    plan: Plan
    ends: Ends
    table: Table
    kernel: Kernel
    arrays: dict[str, Any]
    constants: dict[str, float]
    enabled: np.ndarray
    release: Release | None

    @classmethod
    def of(cls, projection: Projection, plan: Plan, table: Table) -> EventLearning:
        assert projection.plasticity is not None
        rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
        constants = {name: float(value) for name, value in rule.constants(parameters, plan.dt).items()}
        ends = plan.ends[projection]
        release = Release.of(projection, table, plan.dt) if projection.synapse is not None else None
        return cls(
            projection, plan, ends, table, _kernel(rule, list(constants), release),
            _arrays(projection, table, ends.n_targets, plan.dt), constants, np.full(1, projection.plastic, np.int64),
            release,
        )  # fmt: skip

    @property
    def rule(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.rule

    @property
    def parameters(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.parameters

    @property
    def sweeps(self) -> np.ndarray:
        return self.arrays["sweeps"]

    def deliver(self) -> None:
        stages, push = self.plan.stages, self._push()
        if self.rule.modulated:
            stages["integrate"] += self._follow_modulator()
        delayed = self.projection.dendritic_steps > 0
        stages["arrive"] += [*([push] if delayed else []), self._advance_post_traces(), self._deliver()]
        stages["post"] += [*([] if delayed else [push]), *self.sweep()]

    def sweep(self) -> list[Call]:
        return [
            self._call(
                "sweep", "sweep", self.sweeps, self.arrays["since_sweep"], self.projection.dendritic_steps,
                *self._modulator(), *self._everything(),
            )
        ]  # fmt: skip

    def reset(self, clock: np.ndarray, phase: int) -> list[Call]:
        learned = self._call(
            "reset", "reset", clock, phase, self.sweeps, self.arrays["since_sweep"], self.projection.dendritic_steps,
            *self.rule.initial_state(self.parameters).values(), *self._modulator(), *self._means(), *self._everything(),
        )  # fmt: skip
        return [learned, *(self.release.reset(self.projection.name, clock, phase) if self.release else [])]

    def read(self, variable: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray, *to: Any) -> Call:
        what = 1 if variable == "c" else 0
        return self._call(
            "read", "read", every, start, what, slots, positions, *to, *self._modulator(), *self._everything()
        )

    def materialize(self, due: np.ndarray) -> list[Call]:
        if not self.rule.modulated:
            return []
        kernel = kernel_of(homeostasis.materialize)
        return [Call(f"materialize {self.projection.name}", kernel, *self._kept(due), *self.projection.limits)]

    def dematerialize(self, due: np.ndarray) -> list[Call]:
        if not self.rule.modulated:
            return []
        kernel = kernel_of(homeostasis.dematerialize)
        return [Call(f"dematerialize {self.projection.name}", kernel, *self._kept(due))]

    def forget(self, label: str, moved: np.ndarray, n_moved: np.ndarray) -> list[Call]:
        arrays = self.arrays
        events = Call(
            f"{label}: events", kernel_of(rewire.move_to_histories), n_moved, moved, self.table.targets,
            arrays["due_end"], arrays["unread"],
        )  # fmt: skip
        start = {"eligibilities": 0.0} if self.rule.modulated else {}
        start |= {f"synapse_{name}": value for name, value in self.rule.initial_state(self.parameters).items()}
        forget = kernel_of(rewire.forget)
        return [
            events,
            *(Call(f"{label}: {name}", forget, n_moved, moved, float(v), arrays[name]) for name, v in start.items()),
        ]

    def _call(self, label: str, function: str, *arguments: Any) -> Call:
        return Call(f"{label} {self.projection.name}", replace(self.kernel, name=function), *arguments)

    def _follow_modulator(self) -> list[Call]:
        """Calls that integrate the modulator, note its releases, and re-base its exponential factor."""
        assert self.projection.plasticity is not None
        modulator, parameters, arrays = self.projection.plasticity.modulator, self.parameters, self.arrays
        found, name, dt = self.plan.modulators[modulator], self.projection.name, self.plan.dt
        integrate = Call(
            f"integrate {modulator.name} for {name}", kernel_of(modulators.integrate_modulator), found["n"],
            parameters.b, modulator.tau_n, parameters.tau_c, dt, arrays["base"], self.enabled, arrays["integrals"],
            arrays["scales"],
        )  # fmt: skip
        releases = Call(
            f"releases of {modulator.name} for {name}", kernel_of(modulators.note_release), found["releases"],
            arrays["integrals"], arrays["release_N"], arrays["release_counts"], arrays["swept"], self.sweeps,
        )  # fmt: skip
        every = max(1, round(_REBASE_AFTER * parameters.tau_c / dt))
        rebase = self._call(
            "rebase", "rebase", every, self.projection.dendritic_steps, self.sweeps, arrays["base"], parameters.tau_c,
            dt, arrays["integrals"], arrays["scales"], self.table.weights, arrays["eligibilities"],
            arrays["release_counts"], arrays["release_N"], arrays["swept"],
        )  # fmt: skip
        return [integrate, releases, rebase]

    def _push(self) -> Call:
        ring = self.ends.neurons.rings[self.projection.learns_from]
        return self._call(
            "post events of", "push", ring.rows, ring.counts, self.projection.dendritic_steps, self.sweeps,
            self.arrays["since_sweep"], self.enabled, *self._means(), *(ring.values[v] for v in self.rule.reads),
            *self._events(), *self._decays(self.rule.post),
        )  # fmt: skip

    def _advance_post_traces(self) -> Call:
        ring = self.ends.neurons.rings[self.projection.learns_from]
        return self._call(
            "past events of", "advance_post_traces", ring.rows, ring.counts, self.projection.dendritic_steps,
            *self._events(), *self._past(),
        )  # fmt: skip

    def _deliver(self) -> Call:
        ring, table = self.ends.ring, self.table
        return self._call(
            "deliver", "function", ring.all_rows, ring.all_counts, table.delays, self.ends.inputs, table.event_count,
            self.enabled, self.projection.dendritic_steps, *self._modulator(), *self._means(), *self._everything(),
            *(self.release.arguments if self.release else []),
        )  # fmt: skip

    def _kept(self, due: np.ndarray) -> list[Any]:
        """The arguments by which w is made of what is kept instead, w - c N (kernels/templates/event_rule.py)."""
        integrals, eligibilities = self.arrays["integrals"], self.arrays["eligibilities"]
        return [due, self.projection.dendritic_steps, integrals, self.table.weights, eligibilities]

    def _modulator(self) -> list[Any]:
        if not self.rule.modulated:
            return []
        arrays = self.arrays
        of_modulator = [arrays[name] for name in ("integrals", "scales", "release_counts", "base")]
        return [*of_modulator, self.parameters.tau_c, self.plan.dt]

    def _means(self) -> list[Any]:
        """Means of the traces of the source over all synapses."""
        if not self.rule.mean_pre:
            return []
        return [self.arrays[f"{part}_{t.name}"] for t in self.rule.pre for part in ("running", "decay")]

    def _everything(self) -> list[Any]:
        """The arguments that all functions of a rule end with."""
        rule, parameters, arrays, table = self.rule, self.parameters, self.arrays, self.table
        synapse = [table.weights, *([arrays["eligibilities"]] if rule.modulated else [])]
        synapse += [arrays[f"synapse_{name}"] for name in rule.state]
        releases = [arrays[name] for name in ("slot_releases", "release_N", "swept")] if rule.modulated else []
        return [
            table.index, table.targets, arrays["last_arrival"], arrays["consumed"], arrays["queue"], *synapse,
            arrays["unread"], *(arrays[f"slot_{t.name}"] for t in rule.pre), *releases, *self._events(), *self._past(),
            *self._decays(rule.pre + rule.post), parameters.W_min, parameters.W_max,
            *(value for name, value in self.constants.items() if name not in ("W_min", "W_max")),
            *([arrays["ms_per_step"]] if "since_pre" in (*rule.takes("on_pre"), *rule.takes("on_post")) else []),
        ]  # fmt: skip

    def _events(self) -> list[Any]:
        """The histories of the targets."""
        rule, arrays = self.rule, self.arrays
        result = [arrays[name] for name in ("event_end", "due_end", "event_step", "event_plastic", "frozen")]
        result += [arrays[f"event_{name}"] for name in (*(t.name for t in rule.post), *rule.reads)]
        if rule.mean_pre:
            result += [arrays[f"event_mean_{t.name}"] for t in rule.pre]
        return result

    def _past(self) -> list[Any]:
        """The newest event of each target that arrivals know."""
        of_traces = (self.arrays[f"past_{t.name}"] for t in self.rule.post)
        return [self.arrays["past_end"], self.arrays["past_step"], *of_traces]

    def _decays(self, traces: Any) -> list[Any]:
        return [self.arrays[f"{t.name}_{part}"] for t in traces for part in ("coarse", "fine")]


def _kernel(rule: Any, constants: list[str], release: Release | None) -> Kernel:
    text = event_rule.render_event_rule(
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
        release.names if release else None,
    )
    functions = {name: getattr(rule, name) for name in ("on_pre", "on_post", "transmits")}
    return kernel_for(f"Synapses of {rule.name}", text, {**functions, "release": release and release.model.release})


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
