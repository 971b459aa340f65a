"""Receptive fields (Clopath et al. 2010): short form always, full form with `-m slow`."""

import functools
import sys

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("clopath_receptive_fields")
MODULE = sys.modules[MODEL.simulate.__module__]


@functools.cache
def quick():
    parameters = set_parameters(MODEL, {"patches": 1000}, quick=True)
    return parameters, run_experiment(MODEL, parameters, seed=1, progress=False)


def test_fields_of_natural_images_are_local_and_those_of_the_controls_are_not():
    """A third of the patches; means over six neurons, whose localisation deviates by 0.1 (images, 0.05 controls)."""
    metrics = quick()[1].metrics
    assert metrics["localisation"] > 0.3
    assert max(metrics[f"control_localisation_{name}"] for name in ("shuffled", "frozen")) < 0.15
    assert metrics["orientation"] > 0.15


def test_on_and_off_weights_that_learn_keep_their_sums_and_frozen_ones_their_places():
    fields = quick()[1].data["fields"]
    assert np.abs(fields["images"]).max() > 2.0 * np.abs(fields["frozen"]).max()
    assert np.abs(fields["images"].sum(axis=(1, 2))).max() < 0.05 * 1.4 * 100
    assert np.abs(fields["frozen"]).max() <= 1.4


def grating(size, direction):
    y, x = np.mgrid[:size, :size]
    return np.cos(2 * np.pi * 0.2 * (x * np.cos(direction) + y * np.sin(direction)))


@pytest.mark.parametrize("direction", [0.0, 0.4, np.pi / 4, 2.0])
def test_orientation_is_that_of_a_grating_in_any_direction_and_not_that_of_noise(direction):
    assert MODULE.orientation(grating(12, direction)) > 0.8
    noise = np.random.default_rng(1).normal(size=(200, 12, 12))
    assert np.mean([MODULE.orientation(field) for field in noise]) < 0.15


def test_localisation_is_high_for_one_spot_or_two_and_none_for_noise():
    one, noise = np.zeros((12, 12)), np.random.default_rng(2).normal(size=(200, 12, 12))
    one[2:4, 7:9] = 1.0
    two = one - one[::-1, ::-1]
    assert MODULE.localisation(two) > 0.8
    assert abs(np.mean([MODULE.localisation(field) for field in noise])) < 0.02


def test_the_figure_draws(as_recorded):
    assert len(as_recorded(*quick()).axes) == 5 * 6 + 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_full_form_meets_the_bar(seed):
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False)
    assert not [row for row in metrics_table(MODEL, outcome.metrics) if row.agrees is False]
