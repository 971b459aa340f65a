"""A self-organising map of spiking neurons: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters
from spikelearn.models import som_spiking

MODEL = load_experiment("som_spiking")


def missed(metrics):
    return [name for name, published in MODEL.published.items() if published.agrees(metrics[name]) is False]


def test_in_the_short_form_a_map_forms_and_without_lateral_connections_none_does(quick_form):
    assert missed(quick_form[1].metrics) == []


def test_a_perfect_map_has_hardly_an_error_and_a_shuffled_one_has_that_of_chance():
    parameters, random = set_parameters(MODEL), np.random.default_rng(1)
    centres = (np.indices((8, 8)).reshape(2, -1).T + 0.5) / 8
    weights, points = som_spiking.rates_of(parameters, centres).T, random.random((2000, 2))
    assert som_spiking.topographic_error(parameters, weights, points) < 0.02
    shuffled = weights[:, random.permutation(64)]
    assert som_spiking.topographic_error(parameters, shuffled, points) > 0.7
    assert np.abs(som_spiking.preferred(parameters, weights, points) - centres).max() < 0.05


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_map_forms(seed):
    assert missed(run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics) == []
