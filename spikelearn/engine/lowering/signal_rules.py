"""Lowering of projections that learn from a signal of their target: the arrays and Calls of a SignalRule's kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.modules import Kernel, kernel_for
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Ends
from spikelearn.engine.lowering.learning_factor import factor_arrays, keep_calls
from spikelearn.engine.lowering.short_term_synapses import Release
from spikelearn.engine.plan import Call, Plan, Table
from spikelearn.errors import ParameterError
from spikelearn.kernels import signal_rule
from spikelearn.steps import whole_steps

_EPOCH = 8.0
"""Length of an epoch, in the shortest time constant: exp(8) costs three to four of 16 digits."""


@dataclass(frozen=True, eq=False)
class SignalLearning:
    """How the synapses of one projection learn from signals, in one share. values: by the names that kernels use."""

    projection: Projection
    plan: Plan
    ends: Ends
    kernel: Kernel
    values: dict[str, Any]
    sweeps: np.ndarray
    release: Release | None

    @classmethod
    def of(cls, projection: Projection, plan: Plan, table: Table) -> SignalLearning:
        assert projection.plasticity is not None
        parameters, ends = projection.plasticity.parameters, plan.ends[projection]
        values = _arrays(projection, plan, table) | {
            "W_min": parameters.W_min, "W_max": parameters.W_max, "dendritic": projection.dendritic_steps,
            "index": table.index, "targets": table.targets, "weights": table.weights, "delays": table.delays,
            "event_count": table.event_count, "inputs": ends.inputs, **factor_arrays(projection),
        }  # fmt: skip
        release = Release.of(projection, table, plan) if projection.synapse is not None else None
        values |= release.values if release else {}
        kernel = _kernel(projection, plan.dt, release, table.dense)
        return cls(projection, plan, ends, kernel, values, np.zeros(1, np.int64), release)

    @property
    def rule(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.rule

    @property
    def rises(self) -> bool:
        """Whether the eligibility rises before it decays."""
        assert self.projection.plasticity is not None
        return self.projection.plasticity.eligibility_rises

    @property
    def factor(self) -> np.ndarray:
        return self.values["learning_factor"]

    @property
    def waits_for_events(self) -> bool:
        return False

    def see_last_events(self) -> list[Call]:
        return []

    def deliver(self) -> None:
        """What the targets do acts at the end of the step, or with a dendritic delay before a later step's arrivals."""
        stages, delayed = self.plan.stages, self.projection.dendritic_steps > 0
        stages["integrate"] += keep_calls(self.projection, self.values)
        stages["integrate"].append(self._call("epoch of", "begin"))
        if self.rule.modulated or self.rule.low_pass:
            stages["integrate"].append(self._third_factor("modulate", "modulate", **self._modulator()))
        stages["arrive"].append(self._deliver())
        stages["post"].append(self._signals())
        if self.rule.modulated_by:
            of_targets = self.ends.neurons.state[self.rule.modulated_by]
            stages["post"].append(self._third_factor("third factors of", "keep_third", of_targets=of_targets))
        acts = stages["integrate" if delayed else "post"]
        acts.append(self._call("take signals of", "take_signal"))
        if self.rule.modulated_by:
            acts.append(self._third_factor("teach", "teach"))

    def sweep(self) -> list[Call]:
        return []

    def settle(self, step: int) -> None:
        """All synapses are brought to the end of the last epoch; then an epoch ends now, and they are brought there."""
        clock, parameters = self.values["clock"], self.parameters
        length = max(step - self.projection.dendritic_steps, 0) - int(clock[signal_rule.BASE])
        self._call("settle", "settle")(step)
        taus = {f"factor_{trace.name}": getattr(parameters, trace.tau) for trace in self.rule.pre}
        taus |= {"c_factor": parameters.tau_c} if self.rule.has_eligibility else {}
        taus |= {"rise_factor": parameters.tau_rise} if self.rises else {}
        factors = {name: float(np.exp(-length * self.plan.dt / tau)) for name, tau in taus.items()}
        clock[signal_rule.SWEPT] = clock[signal_rule.EPOCH] + 1 - signal_rule.EPOCHS
        self._call("epoch of", "begin", every=length, **factors)(step + 1)
        if self.rule.limits != "sent" and not self.projection.dendritic_steps:
            weights = self.values["weights"]
            np.clip(weights, *self.projection.limits, out=weights)

    def resume(self, step: int) -> None:
        pass

    @property
    def made_anew(self) -> tuple[str, ...]:
        return ()

    @property
    def parameters(self) -> Any:
        assert self.projection.plasticity is not None
        return self.projection.plasticity.parameters

    def reset(self, clock: np.ndarray, phase: int) -> list[Call]:
        when = {"clock_of_trials": clock, "phase": phase}
        calls = [self._call("reset", "reset", **when)]
        if self.rule.modulated_by:
            calls.append(self._third_factor("reset third factors of", "forget_third", **when))
        return [*calls, *(self.release.reset(self.projection.name, clock, phase) if self.release else [])]

    def read(
        self, variable: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray, to: Mapping[str, Any]
    ) -> Call:
        what = 1 if variable == "c" else 0
        own = {"every": every, "start": start, "what": what, "slots": slots, "positions": positions, **to}
        ring, payload = self.ends.ring, self.projection.payload
        carried = {"carried": ring.all_values[payload]} if payload else {}
        return self._call("read", "read", rows=ring.all_rows, counts=ring.all_counts, **carried, **own)

    def materialize(self, due: np.ndarray) -> list[Call]:
        return [self._call("materialize", "materialize", due=due)]

    def dematerialize(self, due: np.ndarray) -> list[Call]:
        return [self._call("dematerialize", "dematerialize", due=due)]

    def forget(self, label: str, moved: np.ndarray, n_moved: np.ndarray) -> list[Call]:
        if not self.rule.has_eligibility:
            return []
        return [self._call("forget", "forget", n_moved=n_moved, moved=moved)]

    def _call(self, label: str, function: str, **own: Any) -> Call:
        """A Call of one of the rule's kernels, with arguments from `values` and its own."""
        kernel = replace(self.kernel, name=function)
        return Call(f"{label} {self.projection.name}", kernel, **kernel.choose(self.values | own))

    def _third_factor(self, label: str, function: str, **own: Any) -> Call:
        """A Call of one of the kernels that act on eligibilities."""
        text = signal_rule.render_third_factor([trace.name for trace in self.rule.pre], self.rises)
        kernel = replace(kernel_for(f"Third factor of {self.rule.name}", text, {}), name=function)
        return Call(f"{label} {self.projection.name}", kernel, **kernel.choose(self.values | own))

    def _modulator(self) -> dict[str, Any]:
        """The third factor that all eligibilities have in common; 1 for a rule that only low-passes its signal."""
        assert self.projection.plasticity is not None
        modulator, parameters = self.projection.plasticity.modulator, self.projection.plasticity.parameters
        if not self.rule.modulated:
            return {"concentration": np.ones(1), "b": 0.0, "n_rate": 0.0}
        concentration = self.plan.modulators[modulator]["n"]
        return {"concentration": concentration, "b": parameters.b, "n_rate": self.plan.dt / modulator.tau_n}

    def _deliver(self) -> Call:
        ring, payload = self.ends.ring, self.projection.payload
        values = {"values": ring.all_values[payload]} if payload else {}
        return self._call("deliver", "function", rows=ring.all_rows, counts=ring.all_counts, **values)

    def _signals(self) -> Call:
        rule, target = self.rule, self.ends.neurons
        ring = self.ends.learned
        assert ring is not None
        own = {"event_rows": ring.rows, "event_counts": ring.counts}
        own |= {f"also_{kind}_rows": target.rings[kind].rows for kind in rule.learns_also_from}
        own |= {f"also_{kind}_counts": target.rings[kind].counts for kind in rule.learns_also_from}
        own |= {f"post_{variable}": target.state[variable] for variable in rule.reads}
        return self._call("signals of", "signals", **own)


def _kernel(projection: Projection, dt: float, release: Release | None, dense: bool) -> Kernel:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    functions = {name: getattr(rule, name) for name in ("signal", "advance", "on_pre")}
    text = signal_rule.render_signal_rule(
        [(t.name, t.jump, t.amplitude) for t in rule.pre],
        rule.reads,
        list(rule.state),
        list(rule.delayed),
        rule.seen,
        list(rule.constants(parameters, dt)),
        rule.has_eligibility,
        {name: arguments_of(function) for name, function in functions.items() if function is not None},
        bool(projection.payload),
        rule.limits == "sent",
        rule.learns_also_from,
        release.names if release else None,
        dense,
        bool(rule.modulated_by),
        projection.plasticity.eligibility_rises,
    )
    return kernel_for(f"Synapses of {rule.name}", text, {**functions, "release": release and release.model.release})


def _arrays(projection: Projection, plan: Plan, table: Table) -> dict[str, Any]:
    assert projection.plasticity is not None
    rule, parameters = projection.plasticity.rule, projection.plasticity.parameters
    ends = plan.ends[projection]
    target, first = ends.neurons, ends.first_target
    dt, n, back = plan.dt, target.n, projection.dendritic_steps
    offset, size = plan.share.part(target, first, projection.target_size)
    taus = {t.name: getattr(parameters, t.tau) for t in rule.pre}
    rises = projection.plasticity.eligibility_rises
    of_eligibility = [parameters.tau_c] if rule.has_eligibility else []
    shortest = min([*taus.values(), *of_eligibility, *([parameters.tau_rise] if rises else [])])
    every = max(1, round(_EPOCH * shortest / dt))
    n_slots = len(table.index) - 1
    arrays: dict[str, Any] = {
        **{f"constant_{name}": float(value) for name, value in rule.constants(parameters, dt).items()},
        "every": every,
        "ms_per_step": float(dt),
        "first": first + offset,
        "last": first + offset + size,
        "clock": np.zeros(3, np.int64),
        "gain": np.zeros((2 * back + 2, n)),
        "event": np.zeros(n),
        **{f"also_{kind}": np.zeros(n) for kind in rule.learns_also_from},
        "slot_epoch": np.zeros(n_slots, np.int64),
    }
    values = ["H", *(["M"] if rule.has_eligibility else []), *(["K"] if rises else [])]
    c_rate = rise_rate = 0.0
    if rule.has_eligibility:
        c_rate, by_target = dt / parameters.tau_c, bool(rule.modulated_by)
        arrays |= {
            "dt": dt,
            "eligibilities": np.zeros(table.n_synapses),
            "N": np.zeros(n if by_target else 1),
            "end_N": np.zeros((signal_rule.EPOCHS, n) if by_target else signal_rule.EPOCHS),
            "c_rate": c_rate,
            "c_factor": float(np.exp(-every * c_rate)),
            **({"third": np.zeros((2 * back + 2, n))} if by_target else {"released": np.zeros(back + 2)}),
        }
    if rises:
        if parameters.tau_rise < dt / _EPOCH:
            raise ParameterError(
                f"tau_rise of {rule.name}, projection {projection.name!r}: expected 0 or at least {dt / _EPOCH:g} ms, "
                f"an eighth of dt, got {parameters.tau_rise:g} ms"
            )
        rise_rate = dt / parameters.tau_rise
        arrays |= {
            "risings": np.zeros(table.n_synapses),
            "R": np.zeros_like(arrays["N"]),
            "end_R": np.zeros_like(arrays["end_N"]),
            "rise_rate": rise_rate,
            "rise_factor": float(np.exp(-every * rise_rate)),
            "rise_gain": parameters.tau_c / (parameters.tau_c - parameters.tau_rise),
            "released_rise": np.zeros(back + 2),
        }
    for trace, tau in taus.items():
        arrays |= {f"{v}_{trace}": np.zeros(n) for v in values}
        arrays |= {f"end_{v}_{trace}": np.zeros((signal_rule.EPOCHS, n)) for v in values}
        arrays |= {
            f"slot_{trace}": np.zeros(n_slots),
            f"tau_rate_{trace}": dt / tau,
            f"rate_{trace}": dt / tau - c_rate,
            f"rising_rate_{trace}": dt / tau - rise_rate,
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
        depth = 1 + whole_steps(getattr(parameters, parameter), dt, f"{parameter} of {rule.name}")
        arrays[f"delay_{variable}"] = np.tile(starts[variable], (depth, 1))
    for variable in rule.seen:
        arrays[f"seen_{variable}"] = np.tile(starts[variable], (2 * back + 2, 1))
    return arrays
