"""The random draws passed to another simulator: the same ones that spikelearn's own engines make for the network.

The Calls that generate spikes, currents and arrivals are those of the Plan; here they run alone, before the simulator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Drive, Projection
from spikelearn.engine.lowering.network import lower
from spikelearn.engine.plan import Plan, Program
from spikelearn.engine.simulate import check_raised
from spikelearn.engine.snapshot import UnreadSynapses
from spikelearn.neurons import Neuron
from spikelearn.results.run import Synapses
from spikelearn.sources import PoissonInput


def _plan_of(description: NetworkDescription, **parts: Any) -> Plan:
    nothing: dict[str, Any] = {"projections": [], "drives": [], "releases": [], "recordings": [], "callbacks": []}
    nothing |= {"homeostases": [], "worlds": []}
    return lower(replace(description, **{**nothing, "modulators": [], **parts})).plans[0]


def synapses(description: NetworkDescription, projection: Projection) -> Synapses:
    """The initial synapses of a projection."""
    alone = projection.learns or projection.graded
    wanted = replace(projection, plasticity=None, synapse=None) if alone else projection
    ends = [p for p in description.populations if p is projection.source or p is projection.target]
    plan = _plan_of(
        description, populations=ends, projections=[wanted], modulators=description.modulators,
    )  # fmt: skip
    return UnreadSynapses(wanted, Program([plan], 1, plan.control[None]))()


def initial_state(description: NetworkDescription) -> dict[Population, dict[str, np.ndarray]]:
    """For each population of neurons: state variable -> (size,) initial values."""
    neurons = [p for p in description.populations if isinstance(p.model, Neuron)]
    plan = _plan_of(description, populations=neurons)
    return {
        p: {name: values[plan.block_of[p].span(p)].copy() for name, values in plan.block_of[p].state.items()}
        for p in neurons
    }


class SourceSpikes:
    """The spikes of all Poisson populations and SpikeLists, generated step by step."""

    def __init__(self, description: NetworkDescription, populations: Sequence[Population]) -> None:
        self.populations = populations
        self._plan = _plan_of(description, populations=self.populations)

    def until(self, step: int) -> dict[Population, tuple[np.ndarray, np.ndarray]]:
        """Population -> (steps, ids) of its spikes since the last call, up to this step."""
        plan = self._plan
        found: dict[Population, list[tuple[int, np.ndarray]]] = {p: [] for p in self.populations}
        while plan.step < step:
            plan.step += 1
            with np.errstate(over="ignore"):
                for call in plan.calls():
                    call(plan.step)
            check_raised(plan.stages["begin"], plan.dt)
            for population in self.populations:
                block = plan.block_of[population]
                ring = block.rings["spike"]
                row = plan.step % len(ring.counts)
                ids = ring.rows[row, : ring.counts[row]] - block.first[population]
                ids = ids[(ids >= 0) & (ids < population.size)]
                if len(ids):
                    found[population].append((plan.step, ids))
        return {
            population: (
                np.repeat([at for at, _ in chunks], [len(ids) for _, ids in chunks]).astype(np.int64),
                np.concatenate([np.zeros(0, np.int32), *(ids for _, ids in chunks)]).astype(np.int64),
            )
            for population, chunks in found.items()
        }


class Driven:
    """Input from drives to the neurons, step by step: arrivals at ports, and currents."""

    def __init__(self, description: NetworkDescription, drives: Sequence[Drive]) -> None:
        self.arrivals = list(dict.fromkeys((d.target, d.port) for d in drives if isinstance(d.source, PoissonInput)))
        self.currents = list(
            dict.fromkeys((d.target, d.port) for d in drives if not isinstance(d.source, PoissonInput))
        )
        driven = list(dict.fromkeys(drive.target for drive in drives))
        self._plan = _plan_of(description, populations=driven, drives=drives)

    @property
    def step(self) -> int:
        """The last step generated so far."""
        return self._plan.step

    @property
    def size(self) -> int:
        """How many numbers are generated per step."""
        return sum(population.size for population, _ in [*self.arrivals, *self.currents])

    def advance(self) -> None:
        """Generate the next step."""
        plan = self._plan
        plan.step += 1
        for block in plan.blocks.values():
            for inputs in block.inputs.values():
                inputs[:] = 0.0
        # Random numbers rely on integer overflow, about which NumPy warns if nothing is compiled.
        with np.errstate(over="ignore"):
            for stage in ("begin", "arrive", "drive", "receive"):
                for call in plan.stages[stage]:
                    call(plan.step)
        check_raised(plan.stages["begin"], plan.dt)

    def arriving(self, population: Population, port: str) -> np.ndarray:
        """(size,): sum of what arrives at a port at the end of this step, in its unit."""
        block = self._plan.block_of[population]
        return block.inputs[port][block.span(population)].copy()

    def current(self, population: Population, port: str) -> np.ndarray:
        """(size,): the current through a port in this step."""
        block = self._plan.block_of[population]
        noise = block.noise.get((population, port), 0.0)
        return block.currents[port][block.span(population)] + noise
