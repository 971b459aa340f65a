"""Neural sampling: short form always, all seeds with `-m slow`."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("neural_sampling")


@pytest.fixture(scope="module")
def quick(quick_form):
    return quick_form[1]


@pytest.mark.parametrize("name", MODEL.published)
def test_quick_form_meets_every_bar(quick, name):
    assert MODEL.published[name].agrees(quick.metrics[name])


def test_the_divergence_goes_on_falling_with_samples(quick):
    """It falls as one over their number: by 100 from 10,000 to a million, of which chance may take a factor of ten."""
    sampled, expected = quick.data["network"], quick.data["expected"]
    few = np.bincount(sampled.states[:10_000], minlength=32) / 10_000
    apart = [np.sum(q[q > 0] * np.log(q[q > 0] / expected[q > 0])) for q in (few, sampled.shares)]
    assert apart[1] < apart[0] / 10.0


def test_every_state_is_visited(quick):
    assert np.all(quick.data["network"].shares > 0.0)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_full_form_meets_every_bar(seed):
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False)
    assert all(row.agrees for row in metrics_table(MODEL, outcome.metrics) if row.published is not None)
