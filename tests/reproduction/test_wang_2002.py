"""Two groups decide between two directions of motion: short form always, full with -m slow."""

from __future__ import annotations

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("wang_2002")


def test_in_the_short_form_strong_motion_is_seen_and_not_without_recurrence(quick_form):
    metrics = quick_form[1].metrics
    assert set(MODEL.published) <= set(metrics) and metrics["correct_12_8"] is None
    assert metrics["correct_51_2"] == 1.0
    assert metrics["winner_hz"] > 15.0 > 5.0 > metrics["loser_hz"]
    assert metrics["no_recurrence_correct"] == 0.5 and metrics["no_recurrence_hz"] > 1.0
    assert 100.0 < metrics["decision_51_2_ms"] < 1000.0


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_more_coherent_motion_is_seen_more_often_and_sooner(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]) is not False, name
    assert metrics["decision_51_2_ms"] < metrics["decision_12_8_ms"]
