"""A sine learned from reward alone by a chaotic network: short form always, full with -m slow."""

from __future__ import annotations

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("hoerzer_2014")


def test_short_form_follows_the_target_but_not_with_reward_at_random():
    outcome = run_experiment(MODEL, set_parameters(MODEL, quick=True), seed=1, progress=False)
    assert set(outcome.metrics) >= set(MODEL.published)
    assert outcome.metrics["best_lag_correlation"] > 0.5 > outcome.metrics["shuffled_best_lag_correlation"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_sine_goes_on_by_itself(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]) is not False, (name, metrics[name])
