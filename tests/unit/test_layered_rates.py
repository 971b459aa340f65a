"""The gradient of layered rates, and how far what was learned is from it."""

import numpy as np
import pytest
from tolerances import METHOD, ULP

from spikelearn.analysis import logistic
from spikelearn.learning.angles import parts_with_batches, update_angles
from spikelearn.learning.layered_rates import backpropagate


@pytest.mark.parametrize("sizes", [(4, 5, 3), (4, 6, 5, 3)])
def test_backpropagation_is_minus_the_slope_of_the_loss(sizes):
    """Of the squared error of the last layer's potentials, beside central differences: an error of the step squared."""
    generator = np.random.default_rng(1)
    patterns, wanted = generator.normal(size=(20, sizes[0])), generator.normal(size=(20, sizes[-1]))
    weights = [generator.normal(size=pair) for pair in zip(sizes, sizes[1:], strict=False)]

    def forward(weights):
        inputs = [patterns]
        for each in weights[:-1]:
            inputs.append(logistic(inputs[-1] @ each))
        return inputs, inputs[-1] @ weights[-1]

    inputs, potentials = forward(weights)
    found = backpropagate(inputs, weights, [r * (1.0 - r) for r in inputs[1:]], wanted - potentials)
    assert [each.shape for each in found] == [each.shape for each in weights[:-1]]
    step = 1e-4
    for layer, table in enumerate(found):
        for place in ((0, 0), (3, 4)):
            losses = []
            for sign in (1.0, -1.0):
                changed = [each.copy() for each in weights]
                changed[layer][place] += sign * step
                losses.append(0.5 * np.sum((wanted - forward(changed)[1]) ** 2))
            slope = (losses[0] - losses[1]) / (2.0 * step)
            METHOD(2, step, 100.0 * np.abs(table).max()).check(table[place], -slope)


def test_the_angle_of_an_update_is_that_of_all_layers_together_and_shuffling_targets_turns_it():
    generator = np.random.default_rng(2)
    before = [generator.normal(size=(30, 40)), generator.normal(size=(40, 20))]
    wanted = [generator.normal(size=each.shape) for each in before]
    after = [old + 0.01 * each for old, each in zip(before, wanted, strict=True)]
    angle, shuffled = update_angles(before, after, wanted, generator)
    assert angle < 1e-6
    assert 80.0 < shuffled < 100.0  # 2,000 numbers: a standard error of 1.3 degrees
    opposite, _ = update_angles(after, before, wanted, generator)
    ULP(1e6, 180.0).check(opposite, 180.0)


def test_an_epoch_is_cut_into_parts_that_miss_no_pattern():
    for n, batches, size in ((100, 4, 10), (100, 0, 10), (7, 3, 10), (1437, 2, 400)):
        found = parts_with_batches(n, batches, size)
        assert [start for start, _, _ in found] + [n] == [0] + [stop for _, stop, _ in found]
        assert sum(is_batch for _, _, is_batch in found) == batches
        assert all(stop - start <= size for start, stop, is_batch in found if is_batch)
