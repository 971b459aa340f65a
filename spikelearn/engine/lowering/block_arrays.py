"""The arrays of a block: state, inputs and currents of its neurons, rates of its sources."""

from __future__ import annotations

import numpy as np

from spikelearn.description.distributions import drawn, sample_each
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.engine.aligned_arrays import zeros
from spikelearn.engine.blocks import Block
from spikelearn.neurons import Neuron
from spikelearn.sources import Poisson

_EXACT_UP_TO = 1 << 24
"""All whole numbers up to it are exact in float32."""


def fill_block(d: NetworkDescription, block: Block) -> None:
    """Make the arrays of a block, with their initial values."""
    for population in block.populations:
        if isinstance(population.model, Poisson):
            block.rates[population] = np.broadcast_to(population.model.values[0], population.size).copy()
    if not isinstance(block.populations[0].model, Neuron):
        carried = [name for p in block.populations for name in getattr(p.model, "payloads", ())]
        block.state = {name: zeros(block.n) for name in dict.fromkeys(carried)}
        block.start = {name: values.copy() for name, values in block.state.items()}
        return
    model = block.populations[0].model.model
    block.state = {name: zeros(block.n) for name in model.state}
    for population in block.populations:
        for name, numbers in initial_values(population, d.seed).items():
            block.state[name][block.span(population)] = numbers
    if (
        model.countdown
        and are_exact(block.state[model.countdown])
        and all(counts_exactly(population, d.dt) for population in block.populations)
    ):
        short = zeros(block.n, np.float32)
        short[:] = block.state[model.countdown]
        block.state[model.countdown] = short
    block.start = {name: values.copy() for name, values in block.state.items()}
    learning = [p for p in d.projections if p.target in block.first and (p.learns or p.transmits)]
    from_start = {p.port for p in learning if p not in d.since}
    block.late = model.late_input
    apart = from_start | model.lost_while.keys()
    block.added_to = {port: variable for port, variable in model.added_to.items() if port not in apart}
    block.later = {port: zeros(block.n) for port in block.added_to if any(p.port == port for p in learning)}
    own = {port: block.state[variable] for port, variable in block.added_to.items()}
    block.inputs = {port: own[port] if port in own else zeros(block.n) for port in model.ports}
    block.currents = {name: zeros(block.n) for name in model.currents}


def initial_values(population: Population, seed: int) -> dict[str, np.ndarray]:
    """(size,) of each state variable of neurons that does not begin at 0. seed: of the network."""
    model = population.model.model
    start = {**model.initial(population.model.parameters), **population.initial}
    values = {name: drawn(value, model.state[name], f"initial {name}") for name, value in start.items()}
    return sample_each(values, population.size, (seed, population.uid))


def counts_exactly(population: Population, dt: float) -> bool:
    """Whether float32 holds all that a variable can be which counts down from the constant n_ref of a population."""
    return are_exact(np.asarray(population.model.model.constants(population.model.parameters, dt)["n_ref"]))


def are_exact(numbers: np.ndarray | float) -> bool:
    """Whether float32 holds these numbers, and all whole numbers between them and 0."""
    if isinstance(numbers, float):
        return numbers.is_integer() and abs(numbers) <= _EXACT_UP_TO
    return bool(np.all((np.abs(numbers) <= _EXACT_UP_TO) & (numbers == np.floor(numbers))))
