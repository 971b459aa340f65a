"""A cell with inputs from both eyes comes to listen to one: short form always, full with -m slow."""

from __future__ import annotations

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("ocular_dominance")


def test_in_the_short_form_most_cells_choose_an_eye_and_none_does_where_groups_are_not_eyes(quick_form):
    outcome = quick_form[1]
    assert set(MODEL.published) <= set(outcome.metrics)
    assert outcome.metrics["share_above_09"] >= 0.5
    assert outcome.metrics["control_index"] < 0.2 and outcome.metrics["mixed_control_index"] < 0.2
    assert outcome.metrics["rate_uncorrelated_hz"] > 0.1


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_nearly_all_cells_choose_an_eye_and_either_eye_is_chosen(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]) is not False, name
