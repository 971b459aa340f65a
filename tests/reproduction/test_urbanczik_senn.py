"""Dendritic prediction (Urbanczik & Senn 2014): short form always, full form with `-m slow`."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("urbanczik_senn")


@pytest.mark.parametrize("name", MODEL.published)
def test_the_short_form_of_fewer_cells_meets_the_bar_and_its_controls_do_not(quick_form, name):
    assert MODEL.published[name].agrees(quick_form[1].metrics[name]), quick_form[1].metrics[name]


def test_a_dendrite_that_was_taught_predicts_better_from_repeat_to_repeat_and_others_never(quick_form):
    found = quick_form[1].data["found"]
    corr = {name: each.corr.mean(axis=1) for name, each in found.items()}
    assert corr["taught"][0] < 0.4 < corr["taught"][4] < corr["taught"][-5:].mean()
    assert corr["unpaired"][-5:].mean() < 0.4
    assert np.ptp(corr["frozen"]) < 0.05
    errors = found["frozen"].rmse
    assert found["taught"].rmse[-1].max() < errors[-1].min()


def test_frozen_weights_stay_and_taught_ones_spread(quick_form):
    weights = quick_form[1].data["weights"]
    assert np.all(weights["frozen"] == 90.0)
    assert weights["taught"].min() == 0.0 and weights["taught"].max() > 180.0


def test_a_run_that_was_cut_short_is_measured_as_far_as_it_went_and_drawn(monkeypatch):
    whole = sl.Network.run
    monkeypatch.setattr(sl.Network, "run", lambda net, duration, **options: whole(net, 500.0, **options))
    parameters = MODEL.parameters(repeats=30, cells=1, untaught=0)
    outcome = run_experiment(MODEL, parameters, seed=1, progress=False)
    assert len(outcome.data["found"]["taught"].corr) == 2
    assert all(outcome.metrics[name] is None for name in MODEL.published)
    MODEL.figure(parameters, outcome).canvas.draw()


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_the_full_form_meets_the_bar(seed):
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False)
    assert not [row for row in metrics_table(MODEL, outcome.metrics) if row.agrees is False]
