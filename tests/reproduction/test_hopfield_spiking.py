"""Attractor memory in spikes and in rates: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters
from spikelearn.models import hopfield_spiking

MODEL = load_experiment("hopfield_spiking")


def missed(metrics):
    return [name for name, published in MODEL.published.items() if published.agrees(metrics[name]) is False]


def test_in_the_short_form_half_of_a_pattern_recalls_it_and_shuffled_weights_do_not(quick_form):
    outcome = quick_form[1]
    assert missed(outcome.metrics) == []
    assert outcome.metrics["overlap_60"] < 0.5


def test_weights_are_never_negative_and_nothing_excites_itself():
    patterns = np.zeros((3, 20))
    for k in range(3):
        patterns[k, 2 * k : 2 * k + 4] = 1.0
    weights = hopfield_spiking.weights_of(patterns, 0.7)
    assert weights.min() == 0.0 and np.all(np.diagonal(weights) == 0.0)
    assert weights[0, 1] > weights[0, 19] and np.array_equal(weights, weights.T)


def test_energy_never_rises_on_the_way_to_an_attractor_and_each_stored_pattern_is_one():
    random = np.random.default_rng(1)
    patterns = random.choice([-1.0, 1.0], (5, 100))
    weights = hopfield_spiking.binary(patterns)
    assert np.array_equal(hopfield_spiking.settle(weights, patterns, random)[-1], patterns)
    ways = np.array(hopfield_spiking.settle(weights, random.choice([-1.0, 1.0], (20, 100)), random))
    energy = -0.5 * np.einsum("tsn,nm,tsm->ts", ways, weights, ways)
    assert np.all(np.diff(energy, axis=0) <= 1e-9) and np.any(np.diff(energy, axis=0) < 0)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_ten_and_twenty_patterns_are_recalled(seed):
    assert missed(run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics) == []
