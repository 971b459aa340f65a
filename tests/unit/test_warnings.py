"""Warnings name the line of the program that called spikelearn, however deep inside they arise."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.errors import CoarseStepWarning, ScaleWarning, SignWarning
from spikelearn.learning.rules import learner_for


def positive_inhibition():
    net = sl.Network()
    cells = net.population(3, sl.LIF())
    net.connect(cells, cells, "inh", weight=5.0)


def coarse_step():
    net = sl.Network(dt=2.0)
    net.population(3, sl.LIF(tau_syn_exc=1.0))
    net.run(10.0)


def features_of_different_scales():
    X = np.random.default_rng(1).random((20, 6)) * [1000.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    learner_for("fa", hidden=(3,), epochs=1).fit(X, np.arange(20) % 2)


@pytest.mark.parametrize(
    ("program", "category"),
    [
        (positive_inhibition, SignWarning),
        (coarse_step, CoarseStepWarning),
        (features_of_different_scales, ScaleWarning),
    ],
)
def test_a_warning_shows_the_line_that_called(program, category):
    with pytest.warns(category) as issued:
        program()
    found = [each for each in issued if each.category is category]
    assert [each.filename for each in found] == [__file__]
    first = program.__code__.co_firstlineno
    assert found[0].lineno - first == {SignWarning: 3, CoarseStepWarning: 3, ScaleWarning: 2}[category]
