"""Cells with two time constants learn waves: short form always, full with -m slow."""

from __future__ import annotations

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("errors_in_time")


def test_short_form_measures_everything_and_errors_as_they_arrive_point_the_wrong_way(quick_form):
    outcome = quick_form[1]
    assert set(MODEL.published) <= set(outcome.metrics)
    for name in ("angle.inverse", "angle.arriving", "missed.untrained"):
        assert MODEL.published[name].agrees(outcome.metrics[name]) is not False, name
    assert outcome.metrics["missed.inverse"] < outcome.metrics["missed.untrained"]


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_the_order_in_time_is_learned_with_memory_alone_and_waves_are_followed(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        if name not in ("angle.inverse", "missed.untrained"):
            assert published.agrees(metrics[name]) is not False, name
    assert metrics["missed.inverse"] < metrics["missed.arriving"]
