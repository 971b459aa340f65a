"""Orientation selectivity from the competition of ON and OFF inputs: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters
from spikelearn.models import orientation_maps

MODEL = load_experiment("orientation_maps")


def missed(metrics):
    return [name for name, published in MODEL.published.items() if published.agrees(metrics[name]) is False]


def test_in_the_short_form_cells_become_selective_but_not_from_white_noise(quick_form):
    metrics = quick_form[1].metrics
    assert metrics["median_selectivity"] > 0.25 and metrics["gain_in_selectivity"] > 0.1
    assert metrics["white_noise_median_selectivity"] < 0.2


def test_selectivity_and_the_difference_of_neighbours_are_those_of_hand_made_tuning():
    parameters = set_parameters(MODEL, {"side": 2})
    one, flat = np.eye(8)[0], np.ones(8)
    two_lobes = np.abs(np.cos(orientation_maps.ORIENTATIONS))
    tuned = orientation_maps.Tuned(None, np.array([one, flat, two_lobes, np.roll(one, 2)]))
    assert tuned.selectivity == pytest.approx([1.0, 0.0, 1 / 3, 1.0], abs=0.02)
    same = orientation_maps.Tuned(None, np.array([one, one, np.roll(one, 4), np.roll(one, 4)]))
    assert orientation_maps.neighbour_difference(parameters, same) == pytest.approx(45.0)  # 90 up, 0 beside


def test_noise_is_on_minus_off_and_has_most_of_the_wavelength_that_gratings_have():
    parameters = set_parameters(MODEL)
    rates = orientation_maps.noise_frames(parameters, np.random.default_rng(1), white=False)
    n = parameters.retina**2
    image = (rates[:, :n] - rates[:, n:]).reshape(-1, parameters.retina, parameters.retina)
    assert rates.min() == 0.0 and abs(image.mean()) < 1.0
    power = (np.abs(np.fft.fft2(image)) ** 2).mean(axis=0)[0, : parameters.retina // 2]
    assert parameters.retina / np.argmax(power) == pytest.approx(parameters.wavelength, rel=0.2)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_cells_become_selective_and_neighbours_alike(seed):
    assert missed(run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics) == []
