"""Lowering of projections that learn at events: the arrays and Calls of a PlasticityRule's kernels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, kernel_for, kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.aligned_arrays import zeros
from spikelearn.engine.blocks import Ends, Ring
from spikelearn.engine.lowering.each_synapse import OF_RULE, by_synapse, in_table, of_each
from spikelearn.engine.lowering.learning_factor import factor_arrays, keep_calls
from spikelearn.engine.lowering.short_term_synapses import Release
from spikelearn.engine.lowering.synapse_tables import locate
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.kernels import event_rule, gathering, homeostasis, modulators, rewire
from spikelearn.kernels.event_rule import ALL, FEW, LAST_STEP, LONG_AGO, NEVER, WANTED
from spikelearn.kernels.traces import LEAST, decay_tables
from spikelearn.plasticity.rule import Plasticity
from spikelearn.steps import whole_steps

_REBASE_AFTER = 5.0
"""Time constants of the eligibility after which its exponential factor is re-based: exp(5) costs two digits at most."""

_SHIFT_AFTER = 5.0
"""Of the shortest of the traces of which arrivals see rows, after which the origin of these is moved."""

_EXTREMES = 1024
"""Maximum number of extremes of a modulator's integral not yet used by all synapses; a power of 2."""

_LONGEST_WAIT = 250.0
"""Time constants between sweeps for synapses that wait for as long: a wait of up to twice as many is exp(500)."""

_IN_A_LINE = 8
"""Float64s in a cache line, at which rows begin if a synapse needs more than a number of them."""

_OF_EACH = "synapse_"
"""Before the names of constants, and of states, that each synapse has for itself."""

_STEPS = 8192
"""Number of steps for which a modulator's integral is kept, for pending post events; a power of 2."""


@dataclass(frozen=True, eq=False)
class EventLearning:
    """How the synapses of one projection learn at events, in one share. values: by the names that the kernels use."""

    projection: Projection
    plan: Plan
    ends: Ends
    kernel: Kernel
    values: dict[str, Any]
    release: Release | None

    @classmethod
    def of(cls, projection: Projection, plan: Plan, table: Table) -> EventLearning:
        assert projection.plasticity is not None
        rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
        names, constants, of_each = _constants(projection, table, plan)
        ends = plan.ends[projection]
        values = constants | of_each | _arrays(projection, table, ends.n_targets, plan.dt)
        values |= {f"initial_{name}": value for name, value in _initial(projection.plasticity).items()}
        values |= {
            "W_min": parameters.W_min, "W_max": parameters.W_max, "dendritic": projection.dendritic_steps,
            "index": table.index, "targets": table.targets, "weights": table.weights, "delays": table.delays,
            "event_count": table.event_count, "inputs": ends.inputs, **factor_arrays(projection),
        }  # fmt: skip
        if rule.modulated:
            values |= {"tau_c": parameters.tau_c, "dt": plan.dt, "tau_rise": getattr(parameters, "tau_rise", 0.0)}
        if every := projection.plasticity.every:
            what = f"every of {rule.name}, projection {projection.name!r}"
            values |= {"update_every": whole_steps(every, plan.dt, what, least=1), "due": np.zeros(1, np.int64)}
            values["gathered_changes"] = np.zeros(table.n_synapses)
        release = Release.of(projection, table, plan) if projection.synapse is not None else None
        values |= release.values if release else {}
        varying = [name.removeprefix(_OF_EACH) for name in of_each]
        kernel = _kernel(projection.plasticity, names, release, plan.dt, varying)
        return cls(projection, plan, ends, kernel, values, release)

    @property
    def rule(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.rule

    @property
    def parameters(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.parameters

    @property
    def rises(self) -> bool:
        """Whether the eligibility rises before it decays."""
        assert self.projection.plasticity is not None
        return self.projection.plasticity.eligibility_rises

    @property
    def gathers(self) -> bool:
        """Whether changes of weights are applied at multiples of a time only."""
        return "update_every" in self.values

    @property
    def factor(self) -> np.ndarray:
        return self.values["learning_factor"]

    @property
    def sweeps(self) -> np.ndarray:
        return self.values["sweeps"]

    @property
    def waits_for_events(self) -> bool:
        return True

    def see_last_events(self) -> list[Call]:
        return [] if self.projection.dendritic_steps else [self._advance_post_traces()]

    def deliver(self) -> None:
        stages, push = self.plan.stages, self._push()
        stages["integrate"] += keep_calls(self.projection, self.values)
        if self.rule.modulated:
            stages["integrate"] += self._follow_modulator()
        delayed = self.projection.dendritic_steps > 0
        stages["arrive"] += [*([push] if delayed else []), self._advance_post_traces(), self._deliver()]
        stages["post"] += [*([] if delayed else [push]), *self._update(self.sweep())]

    def sweep(self) -> list[Call]:
        return [self._call("sweep", "sweep")]

    def _update(self, sweep: list[Call]) -> list[Call]:
        """The sweep and, if changes are gathered, what requests it and applies them."""
        if not self.gathers:
            return sweep
        request, apply = kernel_of(gathering.request), kernel_of(gathering.apply)
        return [self._plain_call("request update of", request), *sweep, self._plain_call("update", apply)]

    def settle(self, step: int) -> None:
        self.sweeps[WANTED] = ALL
        for call in (*self.sweep(), *(self._rebase(0) if self.rule.modulated else ())):
            call(step)
        self.sweeps[WANTED] = 0
        if self.rule.modulated and not self.projection.dendritic_steps:
            # What eligibilities have made of weights is limited when it is read; other limits may follow.
            np.clip(self.values["weights"], *self.projection.limits, out=self.values["weights"])

    def resume(self, step: int) -> None:
        """Post traces decay from the last event on, with the time constants that there are now; sums begin anew."""
        values, at = self.values, step - self.projection.dendritic_steps
        history = values["event_step"].shape[1]
        last = (values["past_end"].astype(np.int64) - 1) % history
        rows = np.arange(len(last))
        steps = values["event_step"][rows, last].astype(np.int64)
        seen = steps != LONG_AGO
        values["origin"][0] = at
        values["past"][:] = 0.0
        for column, trace in enumerate(self.rule.post):
            before = values[f"event_{trace.name}"][rows, last] if trace.jump == "add" else 0.0
            tau = getattr(self.parameters, trace.tau)
            now = (before + 1.0) * np.exp(np.where(seen, steps - at, 0) * self.plan.dt / tau)
            values["past"][:, column] = np.where(seen & (now > LEAST), now, 0.0)

    @property
    def made_anew(self) -> tuple[str, ...]:
        of_each = [
            name for name in self.values if name.startswith(_OF_EACH) and name[len(_OF_EACH) :] not in self.rule.state
        ]
        return "past", "origin", "mixed", "any_mixed", "waited_since", *of_each

    def reset(self, clock: np.ndarray, phase: int) -> list[Call]:
        learned = self._call("reset", "reset", clock=clock, phase=phase)
        return [learned, *(self.release.reset(self.projection.name, clock, phase) if self.release else [])]

    def read(
        self, variable: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray, to: Mapping[str, Any]
    ) -> Call:
        what = self.rule.variables.index(variable)
        ring = self.ends.ring
        return self._call(
            "read", "read", every=every, start=start, what=what, slots=slots, positions=positions, rows=ring.all_rows,
            counts=ring.all_counts, **to,
        )  # fmt: skip

    def materialize(self, due: np.ndarray) -> list[Call]:
        if not self.rule.modulated:
            return []
        low, high = self.projection.limits
        limit = self._plain_call("limit", kernel_of(homeostasis.limit), due=due, W_min=low, W_max=high)
        return [*self._add_integrals(due, 1.0), limit]

    def dematerialize(self, due: np.ndarray) -> list[Call]:
        return self._add_integrals(due, -1.0) if self.rule.modulated else []

    def _add_integrals(self, due: np.ndarray, sign: float) -> list[Call]:
        """Calls that add sign times what the modulator has made of the eligibility, of both its parts if it rises."""
        add = kernel_of(homeostasis.add_integral)
        parts = [(sign, {}), *([(-sign, self._rising)] if self.rises else [])]
        return [self._plain_call("add integral of", add, due=due, sign=each, **arrays) for each, arrays in parts]

    @property
    def _rising(self) -> dict[str, Any]:
        """The arrays of the part of the eligibility that rises, by the names of those of the part that decays."""
        names = {"integrals": "integrals_rise", "scales": "scales_rise", "extreme_N": "extreme_R"}
        return {name: self.values[of_rise] for name, of_rise in (names | {"eligibilities": "risings"}).items()}

    def forget(self, label: str, moved: np.ndarray, n_moved: np.ndarray) -> list[Call]:
        events = Call(
            f"{label}: events", kernel_of(rewire.move_to_histories), n_moved=n_moved, moved=moved,
            targets=self.values["targets"], due_end=self.values["due_end"], unread=self.values["unread"],
        )  # fmt: skip
        start = ({"eligibilities": 0.0} if self.rule.modulated else {}) | ({"risings": 0.0} if self.rises else {})
        start |= {"gathered_changes": 0.0} if self.gathers else {}
        start |= {f"synapse_{name}": value for name, value in _initial(self.projection.plasticity).items()}
        forget = kernel_of(rewire.forget)
        return [
            events,
            *(
                Call(f"{label}: {name}", forget, n_moved=n_moved, moved=moved, value=float(v), values=self.values[name])
                for name, v in start.items()
            ),
        ]

    def _call(self, label: str, function: str, **own: Any) -> Call:
        """A Call of one of the rule's kernels, with arguments from `values` and its own."""
        return self._plain_call(label, replace(self.kernel, name=function), **own)

    def _plain_call(self, label: str, kernel: Kernel, **own: Any) -> Call:
        return Call(f"{label} {self.projection.name}", kernel, **kernel.choose(self.values | own))

    def _follow_modulator(self) -> list[Call]:
        """Calls that integrate the modulator, store the integral's extremes, and re-base its exponential factor."""
        assert self.projection.plasticity is not None
        modulator, parameters, values = self.projection.plasticity.modulator, self.parameters, {**self.values}
        name, tau_c = self.projection.name, parameters.tau_c
        integrate, store = kernel_of(modulators.integrate_modulator), kernel_of(modulators.note_extremes)
        gain = tau_c / (tau_c - parameters.tau_rise) if self.rises else 1.0
        values |= {"concentration": self.plan.modulators[modulator]["n"], "baseline": parameters.b, "gain": gain}
        values |= {"tau_n": modulator.tau_n, "decay_n": modulator.decay(self.plan.dt)}
        calls = [Call(f"integrate {modulator.name} for {name}", integrate, **integrate.choose(values))]
        if self.rises:
            label, with_rise = f"integrate {modulator.name} with rise for {name}", {"tau_c": parameters.tau_rise}
            calls.append(Call(label, integrate, **integrate.choose(values | with_rise | self._rising)))
        calls.append(Call(f"extremes of {modulator.name} for {name}", store, **store.choose(values)))
        if self.rises:
            rising = kernel_of(modulators.note_rising)
            calls.append(Call(f"extremes with rise of {modulator.name} for {name}", rising, **rising.choose(values)))
        every = max(1, round(_REBASE_AFTER * (parameters.tau_rise if self.rises else tau_c) / self.plan.dt))
        return [*calls, *self._rebase(every)]

    def _rebase(self, every: int) -> list[Call]:
        """Calls that re-base the exponential factor if it has not been for so many steps."""
        calls = []
        if self.rises:
            move, own = kernel_of(modulators.move_origin), {"tau": self.parameters.tau_rise, "sign": -1.0}
            calls.append(self._plain_call("move origin with rise of", move, every=every, **own, **self._rising))
        return [*calls, self._plain_call("rebase", kernel_of(modulators.rebase), every=every)]

    def _push(self) -> Call:
        ring = self._learned
        read = {f"values_{v}": ring.values[v] for v in self.rule.reads}
        return self._call("post events of", "push", rows=ring.rows, counts=ring.counts, **read)

    @property
    def _learned(self) -> Ring:
        assert self.ends.learned is not None
        return self.ends.learned

    def _advance_post_traces(self) -> Call:
        ring = self._learned
        return self._call("past events of", "advance_post_traces", rows=ring.rows, counts=ring.counts)

    def _deliver(self) -> Call:
        return self._call("deliver", "function", rows=self.ends.ring.all_rows, counts=self.ends.ring.all_counts)


def _initial(plasticity: Plasticity | None) -> Mapping[str, float]:
    """The state of every synapse at the start, which no parameter that differs among them changes."""
    assert plasticity is not None
    parameters = plasticity.parameters._replace(**dict.fromkeys(plasticity.varying, math.nan))
    found: Mapping[str, float] = plasticity.rule.initial_state(parameters)
    return found


def _steps(number: float) -> int:
    """At least one, and at most as many as there may be."""
    return max(1, round(min(number, LAST_STEP)))


def _summed(plasticity: Plasticity, dt: float) -> str:
    """The pre trace whose effect at post events is taken up at once; it must not decay to nothing within a step."""
    name = "" if plasticity.every else plasticity.summed
    return name if name and getattr(plasticity.parameters, _tau(plasticity.rule, name)) >= dt else ""


def _tau(rule: Any, name: str) -> str:
    """The parameter that is the time constant of a pre trace."""
    return next(trace.tau for trace in rule.pre if trace.name == name)


def _constants(
    projection: Projection, table: Table, plan: Plan
) -> tuple[list[str], dict[str, float], dict[str, np.ndarray]]:
    """The constants of a rule: their names, those that all synapses share, and those of each, (synapses,), as kernels
    name them."""
    plasticity = projection.plasticity
    assert plasticity is not None
    rule, parameters = plasticity.rule, plasticity.parameters
    if not plasticity.varying:
        shared = {name: float(value) for name, value in rule.constants(parameters, plan.dt).items()}
        return list(shared), shared, {}
    located = locate(projection, plan)
    every = of_each(rule, parameters, plasticity.varying, OF_RULE, projection, plan, located)
    found = {name: np.asarray(value, float) for name, value in by_synapse(rule.constants, every, plan.dt).items()}
    same = {name: float(value) for name, value in found.items() if value.ndim == 0}
    arrays = {name: value for name, value in found.items() if value.ndim > 0}
    return (
        list(found),
        same,
        {_OF_EACH + name: in_table(value, located, table.n_synapses) for name, value in arrays.items()},
    )


def _kernel(
    plasticity: Plasticity, constants: list[str], release: Release | None, dt: float, varying: list[str]
) -> Kernel:
    rule = plasticity.rule
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
        plasticity.eligibility_rises,
        bool(plasticity.every),
        _summed(plasticity, dt),
        varying,
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
        "event_factor": np.zeros((n_targets, history)),
        "any_scaled": np.zeros(1, np.int64),
        "past_end": np.zeros(n_targets, place),
        "origin": np.zeros(1, np.int64),
        "sweeps": np.array([0, NEVER]),
        "since_sweep": np.zeros(n_targets, np.int64),
        "ms_per_step": float(dt),
    }
    arrays["due_end"] = np.zeros(n_targets, place) if projection.dendritic_steps else arrays["event_end"]
    for state, value in _initial(projection.plasticity).items():
        arrays[f"synapse_{state}"] = np.full(table.n_synapses, value)
    for trace in rule.pre:
        arrays[f"slot_{trace.name}"] = np.zeros(n_slots)
        if rule.mean_pre:
            arrays[f"event_mean_{trace.name}"] = np.zeros((n_targets, history))
            arrays[f"running_{trace.name}"] = np.zeros(1)
            arrays[f"decay_{trace.name}"] = float(np.exp(-dt / getattr(parameters, trace.tau)))
    for trace in rule.post:
        arrays[f"event_{trace.name}"] = np.zeros((n_targets, history))
    for variable in rule.reads:
        arrays[f"event_{variable}"] = np.zeros((n_targets, history))
    summed = _summed(projection.plasticity, dt)
    columns = len(rule.post) + (FEW if summed else 0)
    # An odd number of cache lines: the first lines of the rows, which are needed most, then take turns in the cache.
    width = (-(-columns // _IN_A_LINE) | 1) * _IN_A_LINE if summed else columns
    arrays["past"] = zeros(n_targets * width).reshape(n_targets, width)
    if summed:
        arrays |= {
            "mixed": np.zeros(n_targets, np.uint8),
            "any_mixed": np.zeros(1, np.int64),
            "waited_since": np.zeros(1, np.int64),
        }
        arrays["longest_wait"] = _steps(_LONGEST_WAIT * getattr(parameters, _tau(rule, summed)) / dt)
    taus = [getattr(parameters, t.tau) for t in rule.pre + rule.post if t in rule.post or t.name == summed]
    arrays["moves_every"] = _steps(_SHIFT_AFTER * min(taus, default=math.inf) / dt)
    for trace in rule.pre + rule.post:
        arrays[f"{trace.name}_coarse"], arrays[f"{trace.name}_fine"] = decay_tables(getattr(parameters, trace.tau), dt)
    if rule.modulated:
        arrays["eligibilities"] = np.zeros(table.n_synapses)
        steps = _STEPS
        while steps < 8 * history:
            steps *= 2
        arrays["integrals"] = np.zeros(steps)
        arrays["scales"] = np.ones(steps)
        arrays["extreme_counts"] = np.zeros(steps, np.int64)
        arrays["extreme_N"] = np.zeros(max(_EXTREMES, 2 * history))
        arrays["slot_extremes"] = np.zeros(n_slots, np.int64)
        arrays["extreme_times"] = np.zeros(max(_EXTREMES, 2 * history))
        arrays["side"] = np.zeros(1)
        arrays["swept"] = np.zeros(1, np.int64)
        arrays["base"] = np.zeros(1, np.int64)
    if projection.plasticity.eligibility_rises:
        arrays["risings"] = np.zeros(table.n_synapses)
        arrays["integrals_rise"], arrays["scales_rise"] = np.zeros(steps), np.ones(steps)
        arrays["extreme_R"] = np.zeros(len(arrays["extreme_N"]))
    return arrays
