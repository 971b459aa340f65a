"""Surrogate gradients of networks of integrate-and-fire neurons are those of automatic differentiation by jax."""

import numpy as np
import pytest
from oracles import jax_oracle
from tolerances import ULP
from unit.gradient_networks import layered, presented

from spikelearn.learning.gradient import gradient
from spikelearn.learning.losses import CrossEntropy
from spikelearn.learning.surrogates import fast_sigmoid

STEPS, TRIALS, WINDOW, GAIN, SLOPE = 20, 5, 4, 3.0, 2.0
CASES = {
    "one hidden layer": {"sizes": (4, 12, 3)},
    "two hidden layers": {"sizes": (4, 8, 6, 3), "delays": (2.0, 1.0, 4.0)},
    "recurrent, with feedback": {"sizes": (3, 7, 5, 3), "recurrent": True, "feedback": True, "seed": 1},
}
ROUNDING = 1_000
"""Twenty steps, each with sums over up to a dozen sources, and as many back."""


def described(sizes, **options):
    generator = np.random.default_rng(5)
    net, populations, projections = layered(sizes, **options)
    return net, populations, projections, generator.random((TRIALS, sizes[0])), generator.integers(0, 3, TRIALS)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    cases = []
    for options in CASES.values():
        _, _, projections, X, labels = described(**options)
        weights = {p.name: p.weight.values for p in projections}
        delays = np.array(options.get("delays", (1.0, 1.0, 1.0)))
        of_case = {"X": X, "labels": labels, "window": WINDOW, "gain": GAIN, "delays": delays, "slope": SLOPE}
        cases.append(of_case | weights | {"beta": 0.9, "theta": 1.0, "kappa": 0.8, "steps": STEPS})
    return dict(zip(CASES, jax_oracle.ask(cases, tmp_path_factory.mktemp("jax")), strict=True))


def found_by(options, **asked):
    net, populations, projections, X, labels = described(**options)
    loss = CrossEntropy(populations[-1], "u", labels, window=slice(WINDOW, None), gain=GAIN)
    asked = {"surrogate": fast_sigmoid(SLOPE)} | asked
    return projections, gradient(net, loss, presented(populations, X, STEPS), **asked)


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_by_all_weights_is_that_of_automatic_differentiation(name, answers):
    expected = answers[name]
    projections, found = found_by(CASES[name], per_trial=True)
    ULP(ROUNDING, 1.0).check(found.losses, expected["loss"])
    for p in projections:
        table = found.weights[p]
        assert table.shape == (TRIALS, *expected[p.name].shape)
        assert np.count_nonzero(expected[p.name]) > 0.5 * expected[p.name].size
        ULP(ROUNDING, np.abs(expected[p.name]).max()).check(table.sum(axis=0), expected[p.name], p.name)


def test_another_surrogate_gives_another_gradient(answers):
    """As a control: the last layer of weights has no spike behind it, so its gradient stays."""
    expected = answers["one hidden layer"]
    for other in (fast_sigmoid(1.1 * SLOPE), "boxcar", None):
        (lower, upper), found = found_by(CASES["one hidden layer"], surrogate=other)
        scale = np.abs(expected["up_0"]).max()
        assert np.abs(found.weights[lower] - expected["up_0"]).max() > 0.01 * scale
        ULP(ROUNDING, np.abs(expected["up_1"]).max()).check(found.weights[upper], expected["up_1"])
