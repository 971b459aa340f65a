"""What is read of synapses that learn from a signal, beside a reference in which each moves in every step."""

import numpy as np
import pytest
from cases.own_equations import followed
from tolerances import EXACT, ULP
from unit import every_model

from spikelearn.plasticity import RATE_RULES, SIGNAL_RULES

EVERY = 7
"""Steps between two samples in the networks of every_model."""

DENDRITIC = (0.1, 0.7, 10.0)
"""ms: 1, 7 and 100 steps. Through the last, some arrivals are always on their way."""

TOLERANCE = ULP(4_500_000, 1.0)
"""As in test_signals: the engine takes differences of integrals that are up to exp(8) = 3,000 times as large."""


def network_of(rule, threads):
    if rule in RATE_RULES:
        return every_model.rates(DENDRITIC, threads)
    return every_model.synapses_of(rule, dendritic=DENDRITIC, threads=threads)


@pytest.mark.parametrize("rules", [*zip(SIGNAL_RULES, strict=True), RATE_RULES], ids=lambda rules: rules[0].name)
def test_a_reading_is_the_state_of_one_time_with_all_events_that_have_reached_the_synapse(rules):
    on_two_threads = network_of(rules[0], 2).run(60.0)
    learned, moved = set(), 0.0
    for projection, start, run, reference in followed(network_of(rules[0], 1), EVERY):
        learned.add(projection.plasticity.rule)
        weights, eligibilities = (np.array(values) for values in zip(*reference.read, strict=True))
        expected = {"weight": weights} | ({"c": eligibilities} if rules[0].has_eligibility else {})
        for variable, values in expected.items():
            read = run.trace(projection, variable).values
            TOLERANCE.check(read, values, f"{variable} of {projection.name}")
            EXACT.check(on_two_threads.trace(projection.name, variable).values, read, "on two threads")
        TOLERANCE.check(run.weights(projection), reference.weights, projection.name)
        EXACT.check(on_two_threads.weights(projection.name), run.weights(projection), "on two threads")
        moved = max(moved, np.abs(weights / start - 1.0).max())
    assert learned == set(rules) and moved > 1e-8
