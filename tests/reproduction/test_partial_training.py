"""Sequences and a delayed association from synapses of which a part learns: short form always, full with -m slow."""

from __future__ import annotations

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("partial_training")


def test_short_form_learns_the_sequences(quick_form):
    metrics = quick_form[1].metrics
    assert set(metrics) >= set(MODEL.published)
    assert metrics["explained_variance"] > 0.5 > 0.2 > metrics["untrained_explained_variance"]


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sequences_and_choices(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]) is not False, (name, metrics[name])
