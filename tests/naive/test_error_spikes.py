"""Errors that are carried by spikes, and what they do to weights, step by step."""

import numpy as np
from tolerances import ULP

import spikelearn as sl
from spikelearn.learning.rules import learner_for

STEPS, SETTLING, QUANTUM = 16, 4, 1.3


def presented(rule, n=4, **parameters):
    """(learner, run) of one epoch of n examples, in which all that matters is recorded."""
    X, y = sl.tasks.yin_yang(n, 3)
    learner = learner_for(rule, hidden=(5,), bias=False, steps=STEPS, quantum=QUANTUM, **parameters).prepare(X, y)
    circuit, net = learner.circuit_, learner.circuit_.network
    net.record(circuit.output, "error")
    for variable in ("margin", "apical"):
        net.record(circuit.hidden[0], variable)
    net.record(circuit.input)
    net.record(circuit.hidden[0])
    for projection in circuit.forward:
        net.record(projection, "weight", every=1.0)
    before = learner.coefs_
    features, places = learner.examples(X, y)
    phases = learner.phases(circuit, features, places, np.zeros((n, 3)))
    return learner, before, net.run(trials=sl.Trials(phases, n=n), progress=False)


def test_error_spikes_times_their_quantum_add_up_to_the_errors():
    for rule, more in (("fa_spiking", {}), ("erbp", {"settling": SETTLING})):
        learner, _, run = presented(rule, **more)
        errors = run.trace(learner.circuit_.output, "error").values
        # An error arrives a step later, but for those of the last step of a presentation, which are discarded.
        arrived = np.delete(errors, np.arange(STEPS - 1, len(errors), STEPS), axis=0)
        for cells, sign in zip(learner.circuit_.parts["errors"], (1.0, -1.0), strict=True):
            sent = QUANTUM * np.bincount(run.spikes(cells).ids, minlength=3)
            assert sent.sum() > 0.0
            # Totals start at half a quantum, and what is left is at most one.
            assert np.all(np.abs(sent - np.maximum(sign * arrived, 0.0).sum(axis=0)) <= 0.5 * QUANTUM + 1e-12)


def test_synapses_of_erbp_change_at_spikes_of_their_source_alone():
    learner, before, run = presented("erbp", encoding="regular", learning_rate=(0.3, 0.1), settling=SETTLING)
    circuit = learner.circuit_
    hidden, output = circuit.hidden[0], circuit.output
    margin, apical = (run.trace(hidden, name).values for name in ("margin", "apical"))
    error = run.trace(output, "error").values
    kept, (low, high) = 0.9, learner.window
    fired = [np.zeros((len(error) + 2, layer.size), bool) for layer in (circuit.input, hidden)]
    for layer, array in zip((circuit.input, hidden), fired, strict=True):
        spikes = run.spikes(layer)
        array[np.rint(spikes.times).astype(int), spikes.ids] = True
    lower, upper = (each.copy() for each in before)
    T, recorded = np.zeros(hidden.size), [run.trace(p, "weight") for p in circuit.forward]
    for k in range(1, len(error) + 1):
        first = (k - 1) % STEPS == 0
        if first:
            T[:] = 0.0
        if (k - 1) % STEPS >= SETTLING:
            within = (margin[k - 1] > low) & (margin[k - 1] < high)
            lower -= 0.3 * fired[0][k - 1][:, None] * np.where(within, T, 0.0)
            upper -= 0.1 * fired[1][k - 1][:, None] * error[k - 1]
        T = kept * T + (1.0 - kept) * apical[k - 1]
    for weights, trace, projection, start in zip((lower, upper), recorded, circuit.forward, before, strict=True):
        synapses = run.synapses(projection)
        last = np.zeros_like(start)
        last[synapses.pre[trace.ids], synapses.post[trace.ids]] = trace.values[-1]
        assert np.any(last != start)
        ULP(10_000, 10.0).check(last, weights)
