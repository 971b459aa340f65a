"""Resonate-and-fire cells beside leaky ones: short form always, all seeds with `-m slow`."""

from __future__ import annotations

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("resonate_and_fire")
SEQUENCES = ("pixels", "frequency")
NETWORKS = ("LIF", "adaptive LIF", "resonators", "still")


@pytest.fixture(scope="module")
def quick(quick_form):
    return quick_form[1]


def test_resonators_learn_sequences_that_leaky_cells_and_cells_that_do_not_turn_do_not(quick):
    for task in SEQUENCES:
        accuracy = {name: quick.metrics[f"{name}.{task}"] for name in NETWORKS}
        for name in ("LIF", "adaptive LIF", "still"):
            assert accuracy["resonators"] > accuracy[name] + 0.1


def test_they_need_no_recurrent_network_for_that(quick):
    assert all(quick.metrics[f"gain_feed_forward.{task}"] > 0.1 for task in SEQUENCES)


def test_with_shuffled_labels_nothing_is_learned(quick):
    for task in SEQUENCES:
        assert MODEL.published[f"shuffled.{task}"].agrees(quick.metrics[f"shuffled.{task}"])


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_full_form_meets_the_bars_for_sequences_and_controls(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name in MODEL.published:
        if name != "gain.yin_yang":
            assert MODEL.published[name].agrees(metrics[name]) is not False, name
