"""Rules that are a function of each synapse and step, in loops over vectors, against one synapse at a time."""

import numpy as np
import pytest
from given_spikes import steps_of
from naive import scaled_learning
from naive.step_rules import READS, Cell, Everything, Given, Wander, learned
from tolerances import EXACT, ULP

import spikelearn as sl

# The hash of random numbers wraps; without Numba, NumPy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

DT, STEPS = 0.5, 120
TOLERANCE = ULP(10_000, 10.0)
"""In each of 120 steps the same few operations on the same numbers, summed in another order where inputs arrive."""


RULES = {rule.name: rule for rule in (sl.EProp, sl.Oja, Everything, Wander)}
PARAMETERS = {"EProp": {"eta": 0.1}, "Oja": {"eta": 0.2}}
WIRED = {
    "all to all": {},
    "recurrent, with values in every step": {"source": "cells", "on": "rate", "payload": "V"},
    "recurrent, with values at spikes": {"source": "cells", "payload": "y", "rule": sl.AllToAll(autapses=False)},
    "from a part to a part": {"parts": True},
    "with drawn delays and repeats": {"rule": sl.FixedInDegree(9), "delay": sl.Uniform(0.5, 3.0)},
    "one to one": {"source": "cells", "rule": sl.OneToOne()},
}


def network(name, threads=1, source="poisson", parts=False, **options):
    """A projection that learns, between cells that are in the middle of their blocks; all that a reference needs."""
    net = sl.Network(dt=DT, seed=7, threads=threads)
    dopamine = net.modulator("dopamine", tau=10.0)
    net.release(dopamine, [5.0, 31.0], 0.3)
    net.population(3, Cell(), name="first")
    net.population(2, sl.Poisson(90.0), name="others")
    ends = {"poisson": net.population(9, sl.Poisson(150.0), name="poisson"), "cells": net.population(21, Cell())}
    target = ends["cells"]
    net.drive(target, sl.StepCurrent([0.0], [np.linspace(0.0, 0.15, 21)]))
    learning = RULES[name](*([dopamine] if RULES[name].modulated else []), **PARAMETERS.get(name, {}))
    learned_by = net.connect(
        ends[source][2:8] if parts else ends[source], target[1:20] if parts else target, plasticity=learning,
        weight=sl.Uniform(-0.4, 0.7), name="learning", **{"delay": 1.0, **options},
    )  # fmt: skip
    net.record(learned_by, list(learning.rule.variables), every=DT, include_start=True)
    net.record(target, READS)
    net.record(dopamine, "n")
    net.record(ends[source], ["spikes"] if source == "poisson" else ["spikes", "rates"])
    return net, learned_by


def found(run, projection):
    """variable -> (steps, synapses), and what the targets received."""
    values = {name: run.trace(projection, name).values[1:] for name in projection.plasticity.rule.variables}
    return values | {"received": run.trace(projection.target, "received").values}


def expected(run, projection, factor=lambda step: 1.0, reset=()):
    rule, target = projection.plasticity.rule, projection.target
    reads = {name: run.trace(target, name).values for name in READS}
    spikes = run.spikes(projection.source, projection.on)
    sent = {}
    for step, i in zip(steps_of(spikes.times, DT).tolist(), spikes.ids.tolist(), strict=True):
        sent[step, i] = reads[projection.payload][step - 1, i] if projection.payload else 1.0
    start = {name: np.zeros(target.size) for name in READS}
    start |= {"V": np.full(target.size, 0.5), "y": np.full(target.size, 0.25)}
    given = Given(sent, reads, start, run.trace("dopamine", "n").values.ravel(), 7, factor, set(reset))
    weights = run.trace(projection, "weight").values
    values, inputs = learned(projection, run.synapses(projection), weights[0], DT, len(weights) - 1, given)
    assert all(np.ptp(values[name]) > 1e-3 for name in rule.variables)
    return values | {"received": inputs}


# By default one rule, which has everything, with values; each has kernels of its own with them.
CASES = [
    pytest.param(rule, wired, marks=pytest.mark.slow if "payload" in how and rule != "Everything" else [])
    for rule in RULES
    for wired, how in WIRED.items()
]


@pytest.mark.parametrize(("rule", "wired"), CASES)
def test_each_synapse_does_what_it_does_alone_on_any_number_of_threads(rule, wired):
    net, projection = network(rule, **WIRED[wired])
    run = net.run(STEPS * DT)
    reference, here = expected(run, projection), found(run, projection)
    for name, values in here.items():
        TOLERANCE.check(values, reference[name], name)
    net, projection = network(rule, threads=2, **WIRED[wired])
    for name, values in found(net.run(STEPS * DT), projection).items():
        EXACT.check(values, here[name], name)


def test_steps_in_which_it_is_not_plastic_keep_weights_and_a_reset_begins_anew():
    """Of EProp the state goes on, of Everything it does not."""
    for rule in ("EProp", "Everything"):
        net, projection = network(rule)
        phases = [sl.Phase(5.0), sl.Phase(4.0, plastic=()), sl.Phase(6.0, reset=[projection])]
        run = net.run(trials=sl.Trials(phases, n=4))
        steps = np.arange(1, STEPS + 1)
        within = (steps - 1) % 30
        off, reset = steps[(within >= 10) & (within < 18)], steps[within == 18]
        weights = run.trace(projection, "weight").values
        EXACT.check(weights[off], weights[off - 1])
        reference = expected(run, projection, lambda step, off=set(off): float(step not in off), reset)
        for name, values in found(run, projection).items():
            TOLERANCE.check(values, reference[name], f"{rule}, {name}")


@pytest.mark.parametrize("rule", ["EProp", "Everything"])
def test_a_factor_multiplies_what_a_step_changes_and_not_the_state(rule):
    net, projection = network(rule)
    run = net.run(trials=scaled_learning.trials(projection, DT, STEPS))
    reference = expected(run, projection, scaled_learning.factor)
    for name, values in found(run, projection).items():
        TOLERANCE.check(values, reference[name], name)
