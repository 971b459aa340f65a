"""Angles between what was learned and a gradient: per trial, of sums, and where there is none."""

import numpy as np
import pytest
from tolerances import STAT, ULP

from spikelearn.errors import DescriptionError
from spikelearn.learning.angles import angle_statistics, angles_per_trial


def test_angles_of_trials_are_those_of_vectors_in_a_plane():
    degrees = np.array([0.0, 1e-6, 30.0, 90.0, 179.999999, 180.0])
    turned = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)
    wanted = np.tile([2.0, 0.0], (6, 1))
    ULP(100, 180.0).check(angles_per_trial(3.0 * turned, wanted), degrees)


def test_where_an_update_or_a_gradient_is_zero_there_is_no_angle():
    updates, wanted = np.ones((4, 2, 3)), np.ones((4, 2, 3))
    updates[0], wanted[1], updates[2, 0, 0] = 0.0, 0.0, np.nan
    found = angles_per_trial(updates, wanted)
    assert np.isnan(found[:3]).all() and found[3] < 1e-5
    statistics = angle_statistics(updates[[0, 1, 3]], wanted[[0, 1, 3]])
    assert statistics.single < 1e-5 and np.isnan(statistics.error) and statistics.zero == 1 / 3
    nothing = angle_statistics(np.zeros((3, 2)), np.zeros((3, 2)))
    assert np.isnan([nothing.single, nothing.error, nothing.averaged]).all() and nothing.zero == 1.0


def test_noise_that_is_averaged_away_leaves_the_angle_of_the_sums():
    """Each update is the gradient with noise of equal size in each of n elements: at 45 degrees; its mean is not."""
    generator, n, trials = np.random.default_rng(1), 4000, 400
    wanted = np.ones((trials, n))
    found = angle_statistics(wanted + generator.normal(size=wanted.shape), wanted)
    STAT(trials, found.error * trials**0.5).check(found.single, 45.0)
    assert found.error < 0.1
    assert found.averaged < 2.0 * np.degrees(1.0 / trials**0.5)


@pytest.mark.parametrize("wrong", [np.ones(3), np.ones((3, 2))])
def test_arrays_of_different_shapes_are_refused(wrong):
    with pytest.raises(DescriptionError, match="expected two arrays of one shape"):
        angles_per_trial(np.ones((2, 2)) if wrong.ndim > 1 else wrong, wrong)
