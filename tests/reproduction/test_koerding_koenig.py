"""Two sites of integration: short form always, all seeds with `-m slow`."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("koerding_koenig")


@pytest.mark.parametrize("name", MODEL.published)
def test_quick_form_meets_every_bar(quick_form, name):
    assert MODEL.published[name].agrees(quick_form[1].metrics[name])


def test_random_top_down_weights_begin_as_any_and_end_near_backprop(quick_form):
    angles = quick_form[1].data["angles"]
    assert angles[:50].max() > 60.0
    assert angles[-1] < 60.0


def test_streams_agree_on_what_they_say_of_a_class(quick_form):
    found = quick_form[1].data["together"]
    assert np.mean(found.answers[0] == found.answers[1]) > 0.8
    assert set(np.unique(found.answers)) >= set(range(quick_form[0].K))


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_full_form_meets_every_bar(seed):
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False)
    assert all(row.agrees for row in metrics_table(MODEL, outcome.metrics) if row.published is not None)
