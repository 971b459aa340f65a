"""All trials of a batch at once, forwards and backwards in time: sweeps over steps, and synapses.

Arrays have a row for each step, then the trials, then the neurons; row 0 is before the first step. `lags` are delays in
steps. A row before earliest[step] no longer arrives in that step: its events were discarded.
"""

from spikelearn.codegen.jit import Written, invoke, kernel
from spikelearn.kernels.random import normal, stream, uniform


@kernel
def sweep_forward(step, n_steps, addresses, arguments):
    """Make Calls in each step, from the first to the last."""
    for now in range(1, n_steps + 1):
        for call in range(len(addresses)):
            invoke(addresses[call], now, arguments[call])


@kernel
def sweep_backward(step, n_steps, addresses, arguments):
    """Make Calls in each step, from the last to the first."""
    for now in range(n_steps, 0, -1):
        for call in range(len(addresses)):
            invoke(addresses[call], now, arguments[call])


@kernel
def draw(step, seed, key, origin, normals, per_neuron, number, drawn: Written):
    """The random numbers that neurons get during a run whose first step is `origin`, trial after trial.

    number: which of the `per_neuron` numbers that each gets in a step. normals: whether it is a normal one.
    """
    n_rows, n_trials, n = drawn.shape
    for trial in range(n_trials):
        for row in range(1, n_rows):
            start, increment = stream(seed, key, origin + trial * (n_rows - 1) + row - 1)
            for i in range(n):
                if normals:
                    drawn[row, trial, i] = normal(start, increment, per_neuron * i + number)
                else:
                    drawn[row, trial, i] = uniform(start, increment, per_neuron * i + number)


@kernel
def deliver_pairs(step, lag, earliest, first_source, first_target, sent, weights, inputs: Written):
    """Add what arrives in a step through synapses between all pairs. weights: (sources, targets)."""
    row = step - lag
    if row < earliest[step]:
        return
    n_sources, n_targets = weights.shape
    for trial in range(sent.shape[1]):
        for i in range(n_sources):
            value = sent[row, trial, first_source + i]
            if value != 0.0:
                for j in range(n_targets):
                    inputs[step, trial, first_target + j] += value * weights[i, j]


@kernel
def return_pairs(step, lag, earliest, first_source, first_target, by_inputs, weights_back, by_sent: Written):
    """Its adjoint, for what was sent in a step. weights_back: (targets, sources)."""
    arrival = step + lag
    if arrival >= len(by_inputs) or step < earliest[arrival]:
        return
    n_targets, n_sources = weights_back.shape
    for trial in range(by_sent.shape[1]):
        for j in range(n_targets):
            value = by_inputs[arrival, trial, first_target + j]
            if value != 0.0:
                for i in range(n_sources):
                    by_sent[step, trial, first_source + i] += value * weights_back[j, i]


@kernel
def deliver_listed(step, lags, earliest, pre, post, sent, weights, inputs: Written):
    """The same through listed synapses, each with its own delay."""
    for k in range(len(pre)):
        row = step - lags[k]
        if row >= earliest[step]:
            for trial in range(sent.shape[1]):
                inputs[step, trial, post[k]] += weights[k] * sent[row, trial, pre[k]]


@kernel
def return_listed(step, lags, earliest, pre, post, by_inputs, weights, by_sent: Written):
    """Its adjoint, for what was sent in a step."""
    for k in range(len(pre)):
        arrival = step + lags[k]
        if arrival < len(by_inputs) and step >= earliest[arrival]:
            for trial in range(by_sent.shape[1]):
                by_sent[step, trial, pre[k]] += weights[k] * by_inputs[arrival, trial, post[k]]


@kernel
def add_listed(step, lags, earliest, pre, post, sent, by_inputs, by_weights: Written):
    """Add the derivatives by the weights of listed synapses, (trials, synapses), that are due to a step."""
    for k in range(len(pre)):
        row = step - lags[k]
        if row >= earliest[step]:
            for trial in range(sent.shape[1]):
                by_weights[trial, k] += sent[row, trial, pre[k]] * by_inputs[step, trial, post[k]]
