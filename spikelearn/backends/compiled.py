"""The engines "compiled" and "stepper": one Program on the grid of dt, run by one compiled loop or call by call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from spikelearn.backends.backend import Backend, Choice, Shares
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Drive, Projection
from spikelearn.description.readout import Readout
from spikelearn.description.trials import Trials
from spikelearn.engine.loops import Loops
from spikelearn.engine.lowering.network import lower, shares_by_default
from spikelearn.engine.lowering.synapse_tables import locate
from spikelearn.engine.lowering.weights import own_weights
from spikelearn.engine.plan import Added, Program
from spikelearn.engine.simulate import Pause, simulate
from spikelearn.engine.snapshot import UnreadSynapses, count_synapses, put_synapses, put_weights
from spikelearn.engine.switches import is_apart, switch
from spikelearn.engine.thread_tuner import ThreadTuner
from spikelearn.results.run import Synapses, SynapticEvents
from spikelearn.results.sink import Sink


class LoweredTrials(NamedTuple):
    """A schedule for one run: the Calls that it adds, and the original values of the inputs that it changes."""

    added: Added
    inputs: list[tuple[np.ndarray, np.ndarray]]


class CompiledBackend(Backend):
    """A description lowered to a Program. It can switch between its two engines at any step."""

    supports = frozenset(
        {"trials", "checkpoints", "reset", "weights", "switches", "changes", "Brian2's order of steps"}
    )

    def __init__(self, description: NetworkDescription, program: Program, engine: str) -> None:
        self.description, self.program, self._engine, self._loops = description, program, engine, Loops()
        self.shares = tuple(block.edges for block in program.plans[0].blocks.values())

    @classmethod
    def begin(
        cls, description: NetworkDescription, choice: Choice, threads: int | None = None, shares: Shares | None = None
    ) -> CompiledBackend:
        n_shares = len(shares[0]) - 1 if shares else threads or shares_by_default(description)
        program = lower(description, n_shares, shares or ())
        if threads is None and n_shares > 1:
            program.thread_tuner = ThreadTuner()
        return cls(description, program, choice.engine)

    @property
    def step(self) -> int:
        return self.program.step

    @property
    def synaptic_events(self) -> int:
        return self.program.synaptic_events

    def events_of(self, projection: Projection) -> SynapticEvents:
        return self.program.events_of(projection)

    def advance(
        self,
        n_steps: int,
        sink: Sink,
        progress: bool | None = None,
        pauses: Sequence[Pause] = (),
        trials: LoweredTrials | None = None,
    ) -> tuple[bool, float]:
        added = None if trials is None else trials.added
        for call in added.before if added is not None and n_steps > 0 else ():
            call(self.program.step + 1)
        try:
            loops = None if self._engine == "stepper" else self._loops
            result = simulate(self.program, n_steps, sink, loops, progress, added, pauses)
            for act in self.program.at_stop if n_steps > 0 else ():
                act()
            return result
        finally:
            if trials is not None:
                from spikelearn.engine.lowering.phase_starts import restore_inputs

                restore_inputs(trials.inputs, self.program)

    def changed(
        self,
        description: NetworkDescription,
        parts: Sequence[Any] = (),
        located: Mapping[Projection, Any] | None = None,
    ) -> CompiledBackend:
        from spikelearn.engine.carry_over import carry_over
        from spikelearn.engine.changing import is_of, made_anew, resume

        program = lower(description, len(self.program.plans), self.shares or ())
        removed = [part for part in parts if isinstance(part, Drive) and part not in description.drives]
        kept = [part for part in parts if part not in removed]
        carry_over(
            self.program, program, located,
            lambda name: made_anew(kept, program, name) or is_of(removed, name),
        )  # fmt: skip
        resume(kept, self.program, program)
        return CompiledBackend(description, program, self._engine)

    def settle(self, projection: Projection) -> None:
        for plan in self.program.plans:
            if projection in plan.learning:
                plan.learning[projection].settle(self.step)

    def located(self, projection: Projection) -> list[dict[str, np.ndarray]]:
        from spikelearn.engine.changing import check_nothing_in_flight

        check_nothing_in_flight(projection, self.program)
        return [] if projection.procedural else [locate(projection, plan) for plan in self.program.plans]

    def go_on_with_model(self, population: Population) -> None:
        from spikelearn.engine.changing import go_on_with_model

        go_on_with_model(population, self.program)
        self.infos = None

    def values(self, part: Population | Modulator, variable: str) -> list[np.ndarray]:
        plans = self.program.plans
        if isinstance(part, Modulator):
            return [plan.modulators[part]["n"] for plan in plans]
        block = plans[0].block_of[part]
        return [block.rates[part] if variable == "rate" else block.state[variable][block.span(part)]]

    def synapse_values(self, projection: Projection, name: str) -> Any:
        return self.program.plans[0].statements[projection].get(name)

    def put_synapse_values(self, projection: Projection, name: str, values: Any) -> None:
        self.program.plans[0].statements[projection].put(name, values)

    def readout_weights(self, readout: Readout) -> np.ndarray:
        return self.program.plans[0].signals[readout]["weight"]

    def synapses(self, projection: Projection) -> UnreadSynapses:
        return UnreadSynapses(projection, self.program)

    def count(self, projection: Projection) -> int:
        return count_synapses(projection, self.program)

    def can_switch(self, part: Any) -> bool:
        return not isinstance(part, Projection) or is_apart(part, self.program)

    def switch(self, part: Any, on: bool) -> None:
        switch(self.program, part, on)

    def change_to(self, choice: Choice) -> bool:
        if choice.engine not in ("compiled", "stepper"):
            return False
        self._engine = choice.engine
        return True

    def lower_trials(self, trials: Trials) -> LoweredTrials:
        from spikelearn.engine.lowering.callbacks import trial_calls
        from spikelearn.engine.lowering.phase_starts import save_inputs

        return LoweredTrials(trial_calls(trials, self.program), save_inputs(trials, self.program))

    def state(self) -> dict[str, dict[str, np.ndarray]]:
        return {
            population.name: {
                name: values[block.span(population)].astype(np.float64) for name, values in block.state.items()
            }
            for population, block in self.program.plans[0].block_of.items()
            if block.state
        }

    def memory(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for plan in self.program.plans:
            for projection, table in plan.tables.items():
                of_table = [table.index, table.targets, table.weights, table.slot_weight]
                share = table.sizes.get(projection, 0) / max(1, table.n_synapses)
                values = getattr(plan.learning.get(projection), "values", {}).values()
                known = {id(array) for array in of_table}
                own = {id(array): array.nbytes for array in values if isinstance(array, np.ndarray)}
                n_bytes = share * sum(array.nbytes for array in of_table)
                n_bytes += sum(n for key, n in own.items() if key not in known)
                found[projection.name] = found.get(projection.name, 0.0) + n_bytes
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        return self.program.arrays()

    def restore(self, arrays: Mapping[str, np.ndarray], step: int, where: str) -> None:
        from spikelearn.engine.checkpoint import put_back

        put_back(self.program.arrays(), arrays, where)
        self.program.step = step

    def put_synapses(self, projection: Projection, synapses: Synapses) -> None:
        put_synapses(projection, self.program, synapses)

    def has_own_weights(self, projection: Projection) -> bool:
        return own_weights(projection, self.program)

    def put_weights(self, projection: Projection, weights: np.ndarray) -> None:
        put_weights(projection, self.program, weights)
