"""A map that forms by STDP alone: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters
from spikelearn.models import song_abbott_2001

MODEL = load_experiment("song_abbott_2001")


def missed(metrics):
    return [name for name, published in MODEL.published.items() if published.agrees(metrics[name]) is False]


def test_in_the_short_form_a_map_forms_and_without_recurrence_none_does(quick_form):
    assert missed(quick_form[1].metrics) == []


def test_a_circular_correlation_is_one_for_a_map_that_begins_anywhere_and_minus_one_for_its_mirror():
    place = np.arange(20) / 20
    assert song_abbott_2001.circular_correlation((place + 0.3) % 1.0, place) == pytest.approx(1.0)
    assert song_abbott_2001.circular_correlation(-place, place) == pytest.approx(-1.0)
    assert abs(song_abbott_2001.circular_correlation(2 * place % 1.0, place)) < 0.1
    assert song_abbott_2001.ring_distance(0.9, 0.2) == pytest.approx(0.3)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_map_forms(seed):
    assert missed(run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics) == []
