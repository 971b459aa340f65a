"""Two groups decide between two directions of motion: short form always, full with -m slow."""

from __future__ import annotations

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("wang_2002")


def test_in_the_short_form_strong_motion_is_told_and_not_without_recurrence():
    outcome = run_experiment(MODEL, set_parameters(MODEL, quick=True), seed=1, progress=False)
    metrics = outcome.metrics
    assert set(MODEL.published) <= set(metrics) and metrics["correct_12_8"] is None
    assert metrics["correct_51_2"] == 1.0
    assert metrics["winner_hz"] > 15.0 > 5.0 > metrics["loser_hz"]
    assert metrics["no_recurrence_correct"] == 0.5 and metrics["no_recurrence_hz"] > 1.0
    assert 100.0 < metrics["decision_51_2_ms"] < 1000.0
    assert MODEL.figure(set_parameters(MODEL, quick=True), outcome).axes


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_more_coherent_motion_is_told_more_often_and_sooner(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]) is not False, name
    assert metrics["decision_51_2_ms"] < metrics["decision_12_8_ms"]
