"""The arrays of a block: state, inputs and currents of its neurons, rates of its sources."""

from __future__ import annotations

import numpy as np

from spikelearn.description.distributions import drawn, sample_each
from spikelearn.description.network_description import NetworkDescription
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
        return
    model = block.populations[0].model.model
    block.state = {name: zeros(block.n) for name in model.state}
    for population in block.populations:
        start = {**model.initial(population.model.parameters), **population.initial}
        values = {name: drawn(value, model.state[name], f"initial {name}") for name, value in start.items()}
        for name, numbers in sample_each(values, population.size, (d.seed, population.uid)).items():
            block.state[name][block.span(population)] = numbers
    if model.countdown and _counts_exactly(block, model.countdown, d.dt):
        short = zeros(block.n, np.float32)
        short[:] = block.state[model.countdown]
        block.state[model.countdown] = short
    block.start = {name: values.copy() for name, values in block.state.items()}
    learning = {p.port for p in d.projections if p.target in block.first and (p.learns or p.transmits)}
    block.added_to = {port: variable for port, variable in model.added_to.items() if port not in learning}
    own = {port: block.state[variable] for port, variable in block.added_to.items()}
    block.inputs = {port: own[port] if port in own else zeros(block.n) for port in model.ports}
    block.currents = {name: zeros(block.n) for name in model.currents}


def _counts_exactly(block: Block, variable: str, dt: float) -> bool:
    """Whether float32 holds all that a variable can be which counts down from its initial values and from n_ref."""
    numbers = [block.state[variable]]
    for population in block.populations:
        numbers.append(np.asarray(population.model.model.constants(population.model.parameters, dt)["n_ref"]))
    return all(bool(np.all((np.abs(n) <= _EXACT_UP_TO) & (n == np.floor(n)))) for n in numbers)
