"""Weights that become the first principal component of spiking inputs: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("oja_spiking")


def missed(metrics):
    return [name for name, published in MODEL.published.items() if published.agrees(metrics[name]) is False]


def test_in_the_short_form_weights_are_the_component_which_is_the_group(quick_form):
    outcome = quick_form[1]
    assert missed(outcome.metrics) == []
    component = np.abs(outcome.data["component"])
    assert sorted(component)[4] < 0.15 < 0.4 < sorted(component)[5]


def test_without_correlation_weights_are_not_those_of_the_group():
    parameters = set_parameters(MODEL, {"correlation": 0.0}, quick=True)
    assert run_experiment(MODEL, parameters, seed=1, progress=False).metrics["abs_cosine"] < 0.5


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_weights_of_each_neuron_are_the_component_with_length_one(seed):
    assert missed(run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics) == []
