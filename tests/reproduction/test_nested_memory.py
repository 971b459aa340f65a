"""Two values stored at different times, and cells that adapt on two time scales: short form always, full with -m slow.

One element of a sequence is a tenth of the fast time constant, and a hundredth of the slow one.
"""

from __future__ import annotations

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("nested_memory")


def test_short_form_measures_all_networks_and_before_learning_none_knows_the_answer(quick_form):
    outcome = quick_form[1]
    assert set(MODEL.published) <= set(outcome.metrics)
    for course in outcome.data["courses"].values():
        assert course[0].accuracy < 0.5 and course[-1].samples == 100


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_adaptations_recall_both_values_and_so_does_one_of_the_right_time_constant_but_not_a_fast_one(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name in ("accuracy.two", "accuracy.200 ms", "accuracy.frozen", "accuracy.shuffled"):
        assert MODEL.published[name].agrees(metrics[name]) is not False, name
    assert metrics["accuracy.632 ms"] > 0.9
